/* tls.c - see tls.h. */
#include "base/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/secret.h"
#include "base/text.h"

enum { FILES = 3 };

struct stamp {
	char *path;
	struct stat st;
};

struct tls_context {
	SSL_CTX *ssl;
	struct stamp files[FILES];
	char *name;
	bool server;
};

struct tls {
	SSL *ssl;
	bool wants_write, established, broken;
};

/* ---- the socket, without SIGPIPE ------------------------------------------------------------ */

static int
moved(BIO *bio, ssize_t n)
{
	BIO_clear_retry_flags(bio);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return -1;
	return n < 0 ? -2 : (int)n;
}

static int
socket_read(BIO *bio, char *p, int n)
{
	int fd = (int)(intptr_t)BIO_get_data(bio);
	int k = moved(bio, recv(fd, p, (size_t)n, 0));

	if (k == -1)
		BIO_set_retry_read(bio);
	return k < 0 ? -1 : k;
}

static int
socket_write(BIO *bio, const char *p, int n)
{
	int fd = (int)(intptr_t)BIO_get_data(bio);
	int k = moved(bio, send(fd, p, (size_t)n, MSG_NOSIGNAL));

	if (k == -1)
		BIO_set_retry_write(bio);
	return k < 0 ? -1 : k;
}

static long
socket_control(BIO *bio, int command, long n, void *p)
{
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *method;

static void
make_method(void)
{
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without signals");
	if (method == NULL || !BIO_meth_set_read(method, socket_read) ||
	    !BIO_meth_set_write(method, socket_write) || !BIO_meth_set_ctrl(method, socket_control)) {
		fputs("out of memory\n", stderr);
		abort();
	}
}

static BIO *
socket_bio(int fd)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	BIO *bio;

	pthread_once(&once, make_method);
	bio = BIO_new(method);
	if (bio == NULL)
		return NULL;
	BIO_set_data(bio, (void *)(intptr_t)fd);
	BIO_set_init(bio, 1);
	return bio;
}

/* ---- the peer's key --------------------------------------------------------------------------- */

int
tls_pin_parse(struct span text, uint8_t pin[TLS_PIN_SIZE])
{
	char plain[3 * TLS_PIN_SIZE];
	uint8_t out[3 * TLS_PIN_SIZE];
	size_t i, n = 0, octets = 0;
	int err;

	if (text.n >= sizeof plain)
		return ERR_SYNTAX;
	for (i = 0; i < text.n; i++)
		if (text.p[i] != ':')
			plain[n++] = (char)text.p[i];
	if (n == 2 * TLS_PIN_SIZE)
		err = text_hex(span_of(plain, n), out, &octets, NULL);
	else
		err = text_base64(text, out, &octets, NULL);
	if (err || octets != TLS_PIN_SIZE)
		return ERR_SYNTAX;
	memcpy(pin, out, TLS_PIN_SIZE);
	return OK;
}

/* The digest of a certificate's key; false without one. */
static bool
key_digest(const X509 *cert, uint8_t pin[TLS_PIN_SIZE])
{
	unsigned char *der = NULL, digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	int size = cert != NULL ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der) : -1;
	bool done = size > 0 && EVP_Digest(der, (size_t)size, digest, &n, EVP_sha256(), NULL) == 1 &&
	    n == TLS_PIN_SIZE;

	OPENSSL_free(der);
	memset(pin, 0, TLS_PIN_SIZE);
	if (done)
		memcpy(pin, digest, TLS_PIN_SIZE);
	return done;
}

bool
tls_peer_pin(const struct tls *tls, uint8_t pin[TLS_PIN_SIZE])
{
	return key_digest(SSL_get0_peer_certificate(tls->ssl), pin);
}

/* In place of the chain and the name: the digest of the key that the peer proved to have. */
static int
check_pin(X509_STORE_CTX *store, void *arg)
{
	const uint8_t *pin = arg;
	uint8_t digest[TLS_PIN_SIZE];
	bool same = key_digest(X509_STORE_CTX_get0_cert(store), digest) &&
	    secret_equal(digest, pin, TLS_PIN_SIZE);

	if (!same)
		X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return same;
}

/* ---- files --------------------------------------------------------------------------------------- */

/* Why OpenSSL's last call failed; the queue is empty afterwards. */
static const char *
reason(void)
{
	unsigned long first = ERR_peek_error(), e = ERR_SYSTEM_ERROR(first) ? first : ERR_peek_last_error();
	const char *text = NULL;

	if (e != 0 && !ERR_SYSTEM_ERROR(e))
		text = ERR_reason_error_string(e);
	else if (e != 0)
		text = strerror(ERR_GET_REASON(e));
	ERR_clear_error();
	return text != NULL ? text : "unknown error";
}

static bool
given(const char *s)
{
	return s != NULL && s[0] != '\0';
}

static char *
copy(const char *s)
{
	char *c = given(s) ? strdup(s) : NULL;

	if (given(s) && c == NULL) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return c;
}

static void
stamp(struct stamp *s, const char *path)
{
	s->path = copy(path);
	if (s->path != NULL && stat(s->path, &s->st) != 0)
		s->st = (struct stat){ 0 };
}

static bool
is_other(const struct stamp *s)
{
	struct stat now;

	if (s->path == NULL)
		return false;
	return stat(s->path, &now) != 0 || now.st_ino != s->st.st_ino || now.st_dev != s->st.st_dev ||
	    now.st_size != s->st.st_size || now.st_mtim.tv_sec != s->st.st_mtim.tv_sec ||
	    now.st_mtim.tv_nsec != s->st.st_mtim.tv_nsec;
}

bool
tls_context_is_stale(const struct tls_context *ctx)
{
	return is_other(&ctx->files[0]) || is_other(&ctx->files[1]) || is_other(&ctx->files[2]);
}

/* A key with a passphrase: there is nobody to ask. */
static int
no_passphrase(char *buf, int size, int writing, void *arg)
{
	return 0;
}

static int
load_own(SSL_CTX *ssl, const struct tls_config *cf, struct why *why)
{
	const char *key = given(cf->key_file) ? cf->key_file : cf->certkey_file;

	if (!given(cf->certkey_file))
		return cf->server ? why_set(why, ERR_IO, "a server needs a certificate") : OK;
	if (SSL_CTX_use_certificate_chain_file(ssl, cf->certkey_file) != 1)
		return why_set(why, ERR_IO, "%s: no certificate can be read: %s", cf->certkey_file, reason());
	if (SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1)
		return why_set(why, ERR_IO, "%s: no private key can be read: %s", key, reason());
	if (SSL_CTX_check_private_key(ssl) != 1)
		return why_set(why, ERR_SYNTAX, "%s: the private key is not the certificate's", key);
	return OK;
}

static int
load_authorities(SSL_CTX *ssl, const struct tls_config *cf, uint8_t *pin, struct why *why)
{
	if (cf->has_pin) {
		memcpy(pin, cf->pin, TLS_PIN_SIZE);
		SSL_CTX_set_cert_verify_callback(ssl, check_pin, pin);
		SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
		return OK;
	}
	if (given(cf->ca_file)) {
		if (SSL_CTX_load_verify_file(ssl, cf->ca_file) != 1)
			return why_set(why, ERR_IO, "%s: no certificate can be read: %s", cf->ca_file, reason());
	} else if (cf->server) {
		return OK;
	} else if (SSL_CTX_set_default_verify_paths(ssl) != 1) {
		return why_set(why, ERR_IO, "the system's authorities cannot be read: %s", reason());
	}
	SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	if (cf->server && given(cf->ca_file))
		SSL_CTX_set_client_CA_list(ssl, SSL_load_client_CA_file(cf->ca_file));
	return OK;
}

/* The pin lives as long as the SSL_CTX, which connections keep. */
static void
free_pin(void *parent, void *p, CRYPTO_EX_DATA *ad, int index, long argl, void *argp)
{
	OPENSSL_free(p);
}

static int pin_index;

static void
make_pin_index(void)
{
	pin_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_pin);
}

static uint8_t *
room_for_pin(SSL_CTX *ssl)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	uint8_t *pin = OPENSSL_zalloc(TLS_PIN_SIZE);

	pthread_once(&once, make_pin_index);
	if (pin == NULL || SSL_CTX_set_ex_data(ssl, pin_index, pin) != 1) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return pin;
}

int
tls_context_create(const struct tls_config *cf, struct tls_context **out, struct why *why)
{
	SSL_CTX *ssl;
	struct tls_context *ctx;
	int err;

	*out = NULL;
	ERR_clear_error();
	ssl = SSL_CTX_new(cf->server ? TLS_server_method() : TLS_client_method());
	ctx = calloc(1, sizeof *ctx);
	if (ssl == NULL || ctx == NULL) {
		fputs("out of memory\n", stderr);
		abort();
	}
	ctx->ssl = ssl;
	ctx->server = cf->server;
	ctx->name = copy(cf->name);
	stamp(&ctx->files[0], cf->certkey_file);
	stamp(&ctx->files[1], cf->key_file);
	stamp(&ctx->files[2], cf->ca_file);
	SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
	SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	    SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_default_passwd_cb(ssl, no_passphrase);
	err = load_own(ssl, cf, why);
	if (err == OK)
		err = load_authorities(ssl, cf, cf->has_pin ? room_for_pin(ssl) : NULL, why);
	if (err == OK)
		*out = ctx;
	else
		tls_context_destroy(&ctx);
	return err;
}

void
tls_context_destroy(struct tls_context **p)
{
	struct tls_context *ctx = *p;
	size_t i;

	*p = NULL;
	if (ctx == NULL)
		return;
	SSL_CTX_free(ctx->ssl);
	for (i = 0; i < FILES; i++)
		free(ctx->files[i].path);
	free(ctx->name);
	free(ctx);
}

/* ---- one connection -------------------------------------------------------------------------------- */

static bool
is_address(const char *name)
{
	uint8_t a[16];

	return inet_pton(AF_INET, name, a) == 1 || inet_pton(AF_INET6, name, a) == 1;
}

static bool
expect_name(SSL *ssl, const char *name)
{
	if (is_address(name))
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

struct tls *
tls_open(const struct tls_context *ctx, int fd)
{
	struct tls *tls = calloc(1, sizeof *tls);
	BIO *bio = socket_bio(fd);

	if (tls != NULL)
		tls->ssl = SSL_new(ctx->ssl);
	if (tls == NULL || bio == NULL || tls->ssl == NULL ||
	    (!ctx->server && ctx->name != NULL && !expect_name(tls->ssl, ctx->name))) {
		if (tls != NULL)
			SSL_free(tls->ssl);
		BIO_free(bio);
		free(tls);
		return NULL;
	}
	SSL_set_bio(tls->ssl, bio, bio);
	if (ctx->server)
		SSL_set_accept_state(tls->ssl);
	else
		SSL_set_connect_state(tls->ssl);
	return tls;
}

void
tls_close(struct tls **p)
{
	struct tls *tls = *p;

	*p = NULL;
	if (tls == NULL)
		return;
	ERR_clear_error();
	if (tls->established && !tls->broken)
		SSL_shutdown(tls->ssl);
	ERR_clear_error();
	SSL_free(tls->ssl);
	free(tls);
}

/* What a call of OpenSSL that moved nothing means: 0 for the end of the peer's octets. */
static long
outcome(struct tls *tls, int result, struct why *why)
{
	int saved = errno;
	long verify;

	switch (SSL_get_error(tls->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return ERR_BUSY;
	case SSL_ERROR_WANT_WRITE:
		tls->wants_write = true;
		return ERR_BUSY;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		tls->broken = true;
		return why_set(why, ERR_IO, "TLS: %s", saved != 0 ? strerror(saved) : "closed by the peer");
	}
	tls->broken = true;
	verify = SSL_get_verify_result(tls->ssl);
	if (verify == X509_V_ERR_APPLICATION_VERIFICATION) {
		ERR_clear_error();
		return why_set(why, ERR_AUTH, "TLS: the peer's key is not the pinned one");
	}
	if (verify != X509_V_OK) {
		ERR_clear_error();
		return why_set(why, ERR_AUTH, "TLS: the peer's certificate: %s",
		    X509_verify_cert_error_string(verify));
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
		ERR_clear_error();
		return why_set(why, ERR_IO, "TLS: closed by the peer");
	}
	return why_set(why, ERR_IO, "TLS: %s", reason());
}

static int
octets(size_t n)
{
	return n > INT_MAX ? INT_MAX : (int)n;
}

int
tls_handshake(struct tls *tls, struct why *why)
{
	int result;
	long err;

	tls->wants_write = false;
	errno = 0;
	ERR_clear_error();
	result = SSL_do_handshake(tls->ssl);
	if (result == 1) {
		tls->established = true;
		return OK;
	}
	err = outcome(tls, result, why);
	return err == 0 ? why_set(why, ERR_IO, "TLS: closed by the peer") : (int)err;
}

long
tls_read(struct tls *tls, void *p, size_t n, struct why *why)
{
	int result;

	tls->wants_write = false;
	if (n == 0)
		return 0;
	errno = 0;
	ERR_clear_error();
	result = SSL_read(tls->ssl, p, octets(n));
	return result > 0 ? result : outcome(tls, result, why);
}

long
tls_write(struct tls *tls, const void *p, size_t n, struct why *why)
{
	int result;

	tls->wants_write = false;
	if (n == 0)
		return 0;
	errno = 0;
	ERR_clear_error();
	result = SSL_write(tls->ssl, p, octets(n));
	return result > 0 ? result : outcome(tls, result, why);
}

bool
tls_pending(const struct tls *tls)
{
	return SSL_has_pending(tls->ssl) && SSL_pending(tls->ssl) > 0;
}

bool
tls_wants_write(const struct tls *tls)
{
	return tls->wants_write;
}

const char *
tls_version(const struct tls *tls)
{
	return SSL_get_version(tls->ssl);
}
