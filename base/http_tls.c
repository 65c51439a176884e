/* http_tls.c - certificate, key and authorities of the HTTPS server; see http_tls.h. */
#include "base/http_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/http_tls_int.h"
#include "base/log.h"
#include "base/secret.h"

enum {
	FILE_MAX = 1 << 20,		/* octets of one file; a bundle of all public authorities has 200 KiB */
	CHAIN_MAX = 16			/* certificates of ours that are sent */
};

/* ---- files ------------------------------------------------------------------------------ */

struct file {
	const char *path;
	gnutls_datum_t octets;
	mode_t mode;
};

static void
file_done(struct file *f)
{
	if (f->octets.data != NULL)
		secret_cleanse(f->octets.data, f->octets.size);
	free(f->octets.data);
	f->octets = (gnutls_datum_t){ 0 };
}

static int
read_whole(int fd, struct file *f, size_t size)
{
	size_t n = 0;
	ssize_t got = 1;

	f->octets.data = malloc(size + 1);
	if (f->octets.data == NULL)
		abort();
	f->octets.size = (unsigned)size;
	while (n < size && (got = read(fd, f->octets.data + n, size - n)) > 0)
		n += (size_t)got;
	if (got < 0)
		return errno;
	f->octets.size = (unsigned)n;
	f->octets.data[n] = '\0';
	return 0;
}

/* "FILE: No such file or directory" */
static int
file_read(const char *path, struct file *f, struct why *why)
{
	struct stat st;
	int e = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);	/* links are usual for renewed certificates */

	*f = (struct file){ .path = path };
	if (fd < 0)
		return why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0)
		e = errno;
	else if (!S_ISREG(st.st_mode))
		why_set(why, ERR_IO, "%s: not a regular file", path);
	else if (st.st_size > FILE_MAX)
		why_set(why, ERR_IO, "%s: more than %d octets", path, FILE_MAX);
	else if ((e = read_whole(fd, f, (size_t)st.st_size)) == 0) {
		f->mode = st.st_mode;
		close(fd);
		return OK;
	}
	if (e != 0)
		why_set(why, ERR_IO, "%s: %s", path, strerror(e));
	close(fd);
	file_done(f);
	return ERR_IO;
}

/* ---- what they say ------------------------------------------------------------------------ */

static int
check_cert(const char *name, const struct file *f, struct why *why)
{
	gnutls_x509_crt_t *list = NULL;
	unsigned n = 0, i;
	time_t until;
	int e = gnutls_x509_crt_list_import2(&list, &n, &f->octets, GNUTLS_X509_FMT_PEM, 0);

	if (e < 0)
		return why_set(why, ERR_IO, "%s: no certificate in PEM form (%s)", f->path, gnutls_strerror(e));
	until = gnutls_x509_crt_get_expiration_time(list[0]);
	if (until != (time_t)-1 && until < time(NULL))
		log_warning(name, "%s: the certificate has expired", f->path);
	for (i = 0; i < n; i++)
		gnutls_x509_crt_deinit(list[i]);
	gnutls_free(list);
	if (n > CHAIN_MAX)
		return why_set(why, ERR_IO, "%s: %u certificates in one file", f->path, n);
	return OK;
}

static int
check_key(const char *name, const struct file *f, struct why *why)
{
	gnutls_x509_privkey_t key;
	int e;

	if (gnutls_x509_privkey_init(&key) != 0)
		abort();
	e = gnutls_x509_privkey_import2(key, &f->octets, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_x509_privkey_deinit(key);
	if (e == GNUTLS_E_DECRYPTION_FAILED)
		return why_set(why, ERR_IO, "%s: the key has a passphrase; one without is needed", f->path);
	if (e < 0)
		return why_set(why, ERR_IO, "%s: no private key in PEM form (%s)", f->path, gnutls_strerror(e));
	if ((f->mode & S_IROTH) != 0)
		log_warning(name, "%s: everybody on this machine can read this private key", f->path);
	return OK;
}

static int
load_own(struct http_tls *tls, const struct http_server_config *cf, enum http_tls_file *which, struct why *why)
{
	struct file cert = { 0 }, key = { 0 };
	int e, err;

	*which = HTTP_TLS_CERT;
	err = file_read(cf->tls_cert_file, &cert, why);
	if (err == OK)
		err = check_cert(cf->name, &cert, why);
	if (err == OK) {
		*which = HTTP_TLS_KEY;
		err = file_read(cf->tls_key_file, &key, why);
	}
	if (err == OK)
		err = check_key(cf->name, &key, why);
	if (err == OK) {
		e = gnutls_certificate_set_x509_key_mem2(tls->credentials, &cert.octets, &key.octets,
		    GNUTLS_X509_FMT_PEM, NULL, 0);
		if (e == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
			err = why_set(why, ERR_IO, "%s: not the key of the certificate in %s", key.path, cert.path);
		else if (e < 0)
			err = why_set(why, ERR_IO, "%s: %s", key.path, gnutls_strerror(e));
	}
	file_done(&cert);
	file_done(&key);
	return err;
}

static int
load_authorities(struct http_tls *tls, const char *path, struct why *why)
{
	struct file f;
	int err = file_read(path, &f, why);
	int n;

	if (err != OK)
		return err;
	n = gnutls_certificate_set_x509_trust_mem(tls->credentials, &f.octets, GNUTLS_X509_FMT_PEM);
	file_done(&f);
	if (n <= 0)
		return why_set(why, ERR_IO, "%s: no certificate in PEM form (%s)", path,
		    n < 0 ? gnutls_strerror(n) : "empty");
	return OK;
}

int
http_tls_load(const struct http_server_config *cf, struct http_tls **out, enum http_tls_file *which,
    struct why *why)
{
	enum http_tls_file wrong = HTTP_TLS_CERT;
	struct http_tls *tls = calloc(1, sizeof *tls);
	int err;

	*out = NULL;
	if (tls == NULL || gnutls_certificate_allocate_credentials(&tls->credentials) != 0)
		abort();
	atomic_init(&tls->users, 1);
	tls->ask = cf->tls_client_certs;
	if (cf->tls_cert_file == NULL || cf->tls_key_file == NULL) {
		wrong = cf->tls_cert_file == NULL ? HTTP_TLS_CERT : HTTP_TLS_KEY;
		err = why_set(why, ERR_IO, "%s: HTTPS needs a certificate and its key; this one has no %s",
		    cf->tls_cert_file != NULL ? cf->tls_cert_file : cf->tls_key_file,
		    cf->tls_cert_file != NULL ? "key" : "certificate");
	} else {
		err = load_own(tls, cf, &wrong, why);
	}
	if (err == OK && cf->tls_client_certs && cf->tls_client_ca_file != NULL) {
		wrong = HTTP_TLS_CLIENT_CA;
		err = load_authorities(tls, cf->tls_client_ca_file, why);
	}
	if (err != OK) {
		if (which != NULL)
			*which = wrong;
		http_tls_put(tls);
		return err;
	}
	*out = tls;
	return OK;
}

void
http_tls_put(struct http_tls *tls)
{
	if (tls == NULL || atomic_fetch_sub(&tls->users, 1) != 1)
		return;
	gnutls_certificate_free_credentials(tls->credentials);
	free(tls);
}

struct http_tls *
http_tls_get(struct http_server *server)
{
	struct http_tls *tls;

	pthread_mutex_lock(&server->tls_lock);
	tls = server->tls;
	if (tls != NULL)
		atomic_fetch_add(&tls->users, 1);
	pthread_mutex_unlock(&server->tls_lock);
	return tls;
}

/*
 * The library wants a certificate of its own, which no connection uses: http_tls_begin gives each
 * one ours. This is where it would ask for one.
 */
static int
no_certificate(gnutls_session_t session, const gnutls_datum_t *authorities, int n_authorities,
    const gnutls_pk_algorithm_t *algorithms, int n_algorithms, gnutls_pcert_st **certificate,
    unsigned *n, gnutls_privkey_t *key)
{
	(void)session;
	(void)authorities;
	(void)n_authorities;
	(void)algorithms;
	(void)n_algorithms;
	(void)certificate;
	(void)n;
	(void)key;
	return -1;
}

/* TLS 1.3 and 1.2, keys that nobody can find out later. The library refuses renegotiation. */
const struct MHD_OptionItem *
http_tls_options(void)
{
	static char priorities[] = "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:%SERVER_PRECEDENCE";
	static const struct MHD_OptionItem options[] = {
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, priorities },
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)no_certificate },
		{ MHD_OPTION_END, 0, NULL },
	};

	return options;
}

int
http_server_check_tls(const struct http_server_config *cf, enum http_tls_file *which, struct why *why)
{
	struct http_tls *tls;
	int err = http_tls_load(cf, &tls, which, why);

	http_tls_put(tls);
	return err;
}

int
http_check_ca_file(const char *path, struct why *why)
{
	struct http_tls tls;
	int err;

	if (gnutls_certificate_allocate_credentials(&tls.credentials) != 0)
		abort();
	err = load_authorities(&tls, path, why);
	gnutls_certificate_free_credentials(tls.credentials);
	return err;
}

int
http_server_reload_tls(struct http_server *server, struct why *why)
{
	struct http_tls *fresh, *old;
	int err;

	if (server->cf.tls_cert_file == NULL)
		return OK;		/* plain HTTP */
	err = http_tls_load(&server->cf, &fresh, NULL, why);
	if (err != OK)
		return err;
	pthread_mutex_lock(&server->tls_lock);
	old = server->tls;
	server->tls = fresh;
	pthread_mutex_unlock(&server->tls_lock);
	http_tls_put(old);
	return OK;
}
