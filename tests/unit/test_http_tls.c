/*
 * test_http_tls.c - the HTTP server over TLS: versions, client certificates, files, reload,
 * handshakes that stand still, and the guard behind it. The peer is OpenSSL.
 */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/http_server.h"
#include "base/log.h"
#include "base/queue.h"

enum { DEADLINE_S = 30, BIG = 1 << 20 };

/* ---- certificates, made here and now ------------------------------------------------------ */

struct identity {
	EVP_PKEY *key;
	X509 *cert;
};

struct wish {
	const char *cn;
	const struct identity *issuer;	/* NULL: itself */
	const char *usage;		/* extended key usage */
	const char *names;		/* subject alternative names */
	int from_days, until_days;	/* both 0: a day around now */
	int until_s;			/* instead, when not 0 */
	bool ca, rsa;
};

static char folder[] = "test_http_tls.XXXXXX";
static struct identity authority, other_authority, server_id, server_new, client_id;

static void
extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	if (value == NULL)
		return;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

static struct identity
make(const struct wish *w)
{
	static long serial;
	struct identity id = { w->rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"), X509_new() };
	const struct identity *issuer = w->issuer != NULL ? w->issuer : &id;
	bool dated = w->from_days != 0 || w->until_days != 0;
	X509_NAME *name = X509_get_subject_name(id.cert);

	X509_set_version(id.cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(id.cert), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(id.cert), dated ? w->from_days * 86400L : -86400);
	X509_gmtime_adj(X509_getm_notAfter(id.cert), w->until_s != 0 ? w->until_s :
	    dated ? w->until_days * 86400L : 86400);
	X509_NAME_add_entry_by_txt(name, "C", MBSTRING_ASC, (const unsigned char *)"US", -1, -1, 0);
	X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)"Example, Inc.", -1, -1, 0);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)w->cn, -1, -1, 0);
	X509_set_issuer_name(id.cert, X509_get_subject_name(issuer->cert));
	X509_set_pubkey(id.cert, id.key);
	extend(id.cert, issuer->cert, NID_basic_constraints, w->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	extend(id.cert, issuer->cert, NID_ext_key_usage, w->usage);
	extend(id.cert, issuer->cert, NID_subject_alt_name, w->names);
	assert_true(X509_sign(id.cert, issuer->key, EVP_sha256()) > 0);
	return id;
}

static void
drop(struct identity *id)
{
	EVP_PKEY_free(id->key);
	X509_free(id->cert);
	*id = (struct identity){ 0 };
}

static const char *
path_of(const char *name)
{
	static char paths[8][512];
	static unsigned next;
	char *out = paths[next++ % 8];

	snprintf(out, sizeof paths[0], "%s/%s", folder, name);
	return out;
}

/* Either may be NULL; passphrase NULL: the key is written in clear. */
static void
save(const char *name, X509 *cert, EVP_PKEY *key, const char *passphrase)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	fchmod(fileno(f), 0600);
	if (cert != NULL)
		assert_int_equal(PEM_write_X509(f, cert), 1);
	if (key != NULL)
		assert_int_equal(PEM_write_PKCS8PrivateKey(f, key, passphrase != NULL ? EVP_aes_128_cbc() : NULL,
		    passphrase, passphrase != NULL ? (int)strlen(passphrase) : 0, NULL, NULL), 1);
	fclose(f);
}

static void
save_text(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int
make_all(void **state)
{
	assert_non_null(mkdtemp(folder));
	authority = make(&(struct wish){ .cn = "authority", .ca = true });
	other_authority = make(&(struct wish){ .cn = "other authority", .ca = true });
	server_id = make(&(struct wish){ .cn = "server", .issuer = &authority, .usage = "serverAuth",
		.names = "DNS:localhost" });
	server_new = make(&(struct wish){ .cn = "renewed", .issuer = &authority, .usage = "serverAuth",
		.names = "DNS:localhost" });
	client_id = make(&(struct wish){ .cn = "client", .issuer = &authority, .usage = "clientAuth" });
	save("ca.pem", authority.cert, NULL, NULL);
	save("cert.pem", server_id.cert, NULL, NULL);
	save("key.pem", NULL, server_id.key, NULL);
	return 0;
}

static int
remove_all(void **state)
{
	DIR *d = opendir(folder);
	struct dirent *e;

	while ((e = readdir(d)) != NULL)
		unlink(path_of(e->d_name));
	closedir(d);
	rmdir(folder);
	drop(&authority);
	drop(&other_authority);
	drop(&server_id);
	drop(&server_new);
	drop(&client_id);
	return 0;
}

/* ---- an application ----------------------------------------------------------------------- */

struct note {
	struct qnode node;
	struct http_request *rq;
	bool waited, proceed;
};

static struct app {
	struct http_server *server;
	struct queue queue;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned requests, gones, refusals, held;
	char last_reason[32];
	bool tls, has_cert;		/* of the last request */
	struct http_client_cert cert;
} app;

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static enum http_next
app_head(void *arg, struct http_request *rq)
{
	const struct http_client_cert *cert = http_request_client_cert(rq);
	struct note *n = http_request_data(rq);

	if (n == NULL) {
		n = calloc(1, sizeof *n);
		n->rq = rq;
		http_request_set_data(rq, n);
		pthread_mutex_lock(&app.lock);
		app.requests++;
		app.tls = http_request_tls(rq);
		app.has_cert = cert != NULL;
		app.cert = cert != NULL ? *cert : (struct http_client_cert){ 0 };
		pthread_mutex_unlock(&app.lock);
	}
	if (strcmp(http_request_path(rq), "/wait") == 0 && !n->waited) {
		n->waited = n->proceed = true;
		queue_put(&app.queue, &n->node);
		return HTTP_WAIT;
	}
	if (strcmp(http_request_path(rq), "/deny") == 0) {
		http_answer_text(rq, 403, "no");
		return HTTP_ANSWERED;
	}
	return HTTP_READ_BODY;
}

static void
app_body(void *arg, struct http_request *rq)
{
	struct note *n = http_request_data(rq);
	char text[64];

	if (strcmp(http_request_path(rq), "/later") == 0) {
		n->proceed = false;
		queue_put(&app.queue, &n->node);
	} else if (strcmp(http_request_path(rq), "/hold") == 0) {
		pthread_mutex_lock(&app.lock);
		app.held++;
		pthread_cond_broadcast(&app.changed);
		pthread_mutex_unlock(&app.lock);
	} else if (strcmp(http_request_path(rq), "/big") == 0) {
		uint8_t *big = malloc(BIG);

		memset(big, 'b', BIG);
		http_answer(rq, &(struct http_answer){ .status = 200, .body = span_of(big, BIG) });
		free(big);
	} else {
		snprintf(text, sizeof text, "%s %zu", http_request_path(rq), http_request_body(rq).n);
		http_answer_text(rq, 200, text);
	}
}

static void
app_gone(void *arg, struct http_request *rq)
{
	free(http_request_data(rq));
	pthread_mutex_lock(&app.lock);
	app.gones++;
	pthread_mutex_unlock(&app.lock);
}

static void
app_refused(void *arg, const char *peer, const char *reason)
{
	must(strcmp(peer, "127.0.0.1") == 0);
	pthread_mutex_lock(&app.lock);
	snprintf(app.last_reason, sizeof app.last_reason, "%s", reason);
	app.refusals++;
	pthread_cond_broadcast(&app.changed);
	pthread_mutex_unlock(&app.lock);
}

static void *
answer_others(void *arg)
{
	const struct http_answer a = { .status = 202, .body = span_str("later") };
	struct qnode *q, *next;

	while ((q = queue_take(&app.queue, -1)) != NULL) {
		for (; q != NULL; q = next) {
			struct note *n = (struct note *)q;

			next = q->next;
			if (n->proceed)
				http_request_proceed(n->rq);
			else
				http_answer_later(n->rq, &a);
		}
	}
	return NULL;
}

static struct http_server_config
config(void)
{
	return (struct http_server_config){ .name = "test", .host = "127.0.0.1", .methods = "GET, POST",
		.max_body = 1 << 20, .max_held = 4 << 20, .max_per_address = 500,
		.head_timeout_s = 60, .idle_timeout_s = 60,	/* a machine may stand still */
		.tls_cert_file = path_of("cert.pem"), .tls_key_file = path_of("key.pem") };
}

static void
serve(const struct http_server_config *cf)
{
	static const struct http_app calls = { &app, app_head, app_body, app_gone, app_refused };
	struct why why;

	app = (struct app){ 0 };
	pthread_mutex_init(&app.lock, NULL);
	pthread_cond_init(&app.changed, NULL);
	queue_init(&app.queue, 0, NULL, NULL);
	assert_int_equal(pthread_create(&app.thread, NULL, answer_others, NULL), 0);
	if (http_server_start(cf, &calls, &app.server, &why) != OK)
		fail_msg("%s", why.text);
}

static void
unserve(void)
{
	http_server_stop(&app.server);
	assert_int_equal(app.gones, app.requests);
	queue_close(&app.queue);
	pthread_join(app.thread, NULL);
	queue_done(&app.queue);
	pthread_cond_destroy(&app.changed);
	pthread_mutex_destroy(&app.lock);
}

static int
set_up(void **state)
{
	struct http_server_config cf = config();

	serve(&cf);
	return 0;
}

static int
set_up_asking(void **state)
{
	struct http_server_config cf = config();

	cf.tls_client_certs = true;
	cf.tls_client_ca_file = path_of("ca.pem");
	serve(&cf);
	return 0;
}

/* Short time-outs. */
static int
set_up_hasty(void **state)
{
	struct http_server_config cf = config();

	cf.head_timeout_s = 1;
	serve(&cf);
	return 0;
}

static int
tear_down(void **state)
{
	unserve();
	return 0;
}

static void
await(const unsigned *counter, unsigned n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += DEADLINE_S;
	pthread_mutex_lock(&app.lock);
	while (*counter < n)
		if (pthread_cond_timedwait(&app.changed, &app.lock, &until) != 0)
			fail_msg("waited in vain: %u of %u", *counter, n);
	pthread_mutex_unlock(&app.lock);
}

static void
await_refusal(const char *reason)
{
	await(&app.refusals, 1);
	assert_string_equal(app.last_reason, reason);
}

/* ---- a peer --------------------------------------------------------------------------------- */

struct peer {
	int fd;
	SSL_CTX *ctx;
	SSL *ssl;
};

static int
dial(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(http_server_port(app.server)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval deadline = { DEADLINE_S, 0 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
	return fd;
}

/* Ready for SSL_connect; version 0: any. */
static struct peer
prepare(const struct identity *id, int version)
{
	struct peer p = { dial(), SSL_CTX_new(TLS_client_method()), NULL };

	SSL_CTX_set_security_level(p.ctx, 0);
	if (version != 0) {
		SSL_CTX_set_min_proto_version(p.ctx, version);
		SSL_CTX_set_max_proto_version(p.ctx, version);
	}
	if (id != NULL) {
		assert_int_equal(SSL_CTX_use_certificate(p.ctx, id->cert), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(p.ctx, id->key), 1);
	}
	X509_STORE_add_cert(SSL_CTX_get_cert_store(p.ctx), authority.cert);
	SSL_CTX_set_verify(p.ctx, SSL_VERIFY_PEER, NULL);
	p.ssl = SSL_new(p.ctx);
	SSL_set1_host(p.ssl, "localhost");
	SSL_set_fd(p.ssl, p.fd);
	return p;
}

static struct peer
meet(const struct identity *id, int version)
{
	struct peer p = prepare(id, version);

	if (SSL_connect(p.ssl) != 1)
		fail_msg("handshake: %s", ERR_reason_error_string(ERR_peek_last_error()));
	return p;
}

static void
leave(struct peer *p)
{
	SSL_free(p->ssl);
	SSL_CTX_free(p->ctx);
	close(p->fd);
	ERR_clear_error();
}

static void
say_n(struct peer *p, const void *s, size_t n)
{
	assert_int_equal(SSL_write(p->ssl, s, (int)n), n);
}

static void
say(struct peer *p, const char *s)
{
	say_n(p, s, strlen(s));
}

/* Octets, or 0: the peer said that this is the end. */
static size_t
hear_some(struct peer *p, char *out, size_t size)
{
	int n = SSL_read(p->ssl, out, (int)size), e;

	if (n > 0)
		return (size_t)n;
	e = SSL_get_error(p->ssl, n);
	if (e != SSL_ERROR_ZERO_RETURN)
		fail_msg("no answer and no proper end: %d %s, errno %d", e,
		    ERR_reason_error_string(ERR_peek_last_error()), errno);
	return 0;
}

static unsigned
hear(struct peer *p, char *body, size_t size)
{
	char head[2048];
	const char *mark;
	size_t n = 0, length;

	do {
		assert_true(n + 1 < sizeof head);
		if (hear_some(p, head + n, 1) == 0)
			return 0;
		head[++n] = '\0';
	} while (n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0);
	mark = strstr(head, "Content-Length: ");
	assert_non_null(mark);
	length = (size_t)atoi(mark + 16);
	assert_true(length < size);
	for (n = 0; n < length;) {
		size_t some = hear_some(p, body + n, length - n);

		assert_true(some > 0);
		n += some;
	}
	body[n] = '\0';
	return (unsigned)atoi(head + 9);
}

static void
expect(struct peer *p, unsigned status, const char *body)
{
	char text[1024];
	unsigned got = hear(p, text, sizeof text);

	if (got != status)
		fail_msg("status %u instead of %u: %s", got, status, text);
	if (body != NULL)
		assert_string_equal(text, body);
}

static void
expect_end(struct peer *p)
{
	char octet;

	assert_int_equal(hear_some(p, &octet, 1), 0);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

/* ---- tests ------------------------------------------------------------------------------------ */

static void
versions(void **state)
{
	static const struct { int version; const char *name; } good[] = {
		{ TLS1_2_VERSION, "TLSv1.2" }, { TLS1_3_VERSION, "TLSv1.3" }, { 0, "TLSv1.3" },
	}, bad[] = { { TLS1_VERSION, "" }, { TLS1_1_VERSION, "" } };
	struct peer p;
	size_t i;

	for (i = 0; i < 3; i++) {
		p = meet(NULL, good[i].version);
		assert_string_equal(SSL_get_version(p.ssl), good[i].name);
		say(&p, GET("/x"));
		expect(&p, 200, "/x 0");
		assert_true(app.tls);
		assert_false(app.has_cert);
		leave(&p);
	}
	for (i = 0; i < 2; i++) {
		p = prepare(NULL, bad[i].version);
		assert_int_not_equal(SSL_connect(p.ssl), 1);
		leave(&p);
		await(&app.refusals, (unsigned)i + 1);
		assert_string_equal(app.last_reason, "handshake");
	}
}

static void
keys_without_forward_secrecy_are_refused(void **state)
{
	struct identity rsa = make(&(struct wish){ .cn = "rsa", .issuer = &authority, .rsa = true,
		.names = "DNS:localhost" });
	struct why why;
	struct peer p;

	save("cert.pem", rsa.cert, NULL, NULL);
	save("key.pem", NULL, rsa.key, NULL);
	assert_int_equal(http_server_reload_tls(app.server, &why), OK);
	p = prepare(NULL, TLS1_2_VERSION);
	assert_int_equal(SSL_set_cipher_list(p.ssl, "ECDHE-RSA-AES128-GCM-SHA256"), 1);
	assert_int_equal(SSL_connect(p.ssl), 1);
	leave(&p);
	p = prepare(NULL, TLS1_2_VERSION);
	assert_int_equal(SSL_set_cipher_list(p.ssl, "AES128-GCM-SHA256:AES128-SHA"), 1);
	assert_int_not_equal(SSL_connect(p.ssl), 1);
	leave(&p);
	save("cert.pem", server_id.cert, NULL, NULL);
	save("key.pem", NULL, server_id.key, NULL);
	drop(&rsa);
}

static void
renegotiation_is_refused(void **state)
{
	struct peer p = meet(NULL, TLS1_2_VERSION);
	char octet;

	say(&p, GET("/x"));
	expect(&p, 200, "/x 0");
	assert_int_equal(SSL_renegotiate(p.ssl), 1);
	SSL_do_handshake(p.ssl);
	assert_true(SSL_read(p.ssl, &octet, 1) <= 0);
	leave(&p);
}

static void
fingerprint_of(const struct identity *id, char out[65])
{
	unsigned char digest[32];
	unsigned i, n;

	X509_digest(id->cert, EVP_sha256(), digest, &n);
	for (i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static void
client_certificates(void **state)
{
	const struct {
		struct wish wish;
		bool verified;
	} rows[] = {
		{ { .cn = "right", .issuer = &authority, .usage = "clientAuth" }, true },
		{ { .cn = "both uses", .issuer = &authority, .usage = "serverAuth,clientAuth" }, true },
		{ { .cn = "any use", .issuer = &authority }, true },
		{ { .cn = "rsa", .issuer = &authority, .usage = "clientAuth", .rsa = true }, true },
		{ { .cn = "server's", .issuer = &authority, .usage = "serverAuth" }, false },
		{ { .cn = "another's", .issuer = &other_authority, .usage = "clientAuth" }, false },
		{ { .cn = "its own", .usage = "clientAuth" }, false },
		{ { .cn = "expired", .issuer = &authority, .usage = "clientAuth", .from_days = -10,
		    .until_days = -1 }, false },
		{ { .cn = "too early", .issuer = &authority, .usage = "clientAuth", .from_days = 1,
		    .until_days = 10 }, false },
		{ { .cn = "issued by no authority", .issuer = &client_id, .usage = "clientAuth" }, false },
	};
	static const int tls_versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	char fingerprint[65], subject[128];
	struct peer p;
	size_t i, k;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct identity id = make(&rows[i].wish);

		fingerprint_of(&id, fingerprint);
		snprintf(subject, sizeof subject, "CN=%s,O=Example\\, Inc.,C=US", rows[i].wish.cn);
		for (k = 0; k < 2; k++) {
			p = meet(&id, tls_versions[k]);
			say(&p, GET("/x"));
			expect(&p, 200, "/x 0");
			assert_true(app.has_cert);
			assert_string_equal(app.cert.subject, subject);
			assert_string_equal(app.cert.fingerprint, fingerprint);
			assert_int_equal(app.cert.n_names, 0);
			if (app.cert.verified != rows[i].verified)
				fail_msg("%s: verified %d", rows[i].wish.cn, app.cert.verified);
			say(&p, GET("/again"));		/* the same for every request of the connection */
			expect(&p, 200, "/again 0");
			assert_int_equal(app.cert.verified, rows[i].verified);
			leave(&p);
		}
		drop(&id);
	}
	p = meet(NULL, 0);
	assert_int_equal(sk_X509_NAME_num(SSL_get0_peer_CA_list(p.ssl)), -1);	/* all are welcome */
	say(&p, GET("/x"));
	expect(&p, 200, "/x 0");
	assert_false(app.has_cert);
	leave(&p);
}

static void
names_of_client_certificates(void **state)
{
	char many[2048] = "DNS:n0.example.net", longest[600] = "URI:http://example.net/";
	size_t i;
	const struct {
		const char *names;
		const char *expected[4];
	} rows[] = {
		{ "DNS:pi.example.net,URI:https://pi.example.net/a?b=c,email:ops@example.net,IP:192.0.2.7",
		  { "dns:pi.example.net", "uri:https://pi.example.net/a?b=c", "email:ops@example.net", "ip:192.0.2.7" } },
		{ "IP:2001:db8::1", { "ip:2001:db8::1" } },
		{ "RID:1.2.3.4,DNS:a.example", { "dns:a.example" } },		/* other kinds are left out */
		{ "DNS:with blank.example,DNS:b.example", { "dns:b.example" } },
		{ longest, { "dns:after.example" } },
	};
	struct identity id;
	struct peer p;

	for (i = strlen(longest); i < 500; i++)
		longest[i] = 'x';
	strcpy(longest + 500, ",DNS:after.example");
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t k;

		id = make(&(struct wish){ .cn = "named", .issuer = &authority, .names = rows[i].names });
		p = meet(&id, 0);
		say(&p, GET("/x"));
		expect(&p, 200, NULL);
		for (k = 0; k < 4 && rows[i].expected[k] != NULL; k++) {
			assert_true(k < app.cert.n_names);
			assert_string_equal(app.cert.names[k], rows[i].expected[k]);
		}
		assert_int_equal(app.cert.n_names, k);
		leave(&p);
		drop(&id);
	}
	for (i = 1; i < 40; i++)
		snprintf(many + strlen(many), sizeof many - strlen(many), ",DNS:n%zu.example.net", i);
	id = make(&(struct wish){ .cn = "many", .issuer = &authority, .names = many });
	p = meet(&id, 0);
	say(&p, GET("/x"));
	expect(&p, 200, NULL);
	assert_int_equal(app.cert.n_names, HTTP_CERT_NAMES_MAX);
	assert_string_equal(app.cert.names[15], "dns:n15.example.net");
	leave(&p);
	drop(&id);
}

/* A connection may outlive what its client was trusted for. */
static void
a_certificate_that_expires_meanwhile(void **state)
{
	struct identity id = make(&(struct wish){ .cn = "short", .issuer = &authority, .until_s = 3 });
	struct timespec pause = { 0, 100000000 };
	time_t until = time(NULL) + 2, given_up = until + DEADLINE_S;
	struct peer p = meet(&id, 0);

	say(&p, GET("/x"));
	expect(&p, 200, NULL);
	assert_true(app.cert.verified || time(NULL) >= until);
	do {
		nanosleep(&pause, NULL);
		say(&p, GET("/x"));
		expect(&p, 200, NULL);
		assert_true(app.has_cert);
	} while (app.cert.verified && time(NULL) < given_up);
	assert_false(app.cert.verified);
	leave(&p);
	drop(&id);
}

/* Of us and of the client: certificates in between travel with the own one. */
static void
authorities_below_authorities(void **state)
{
	struct identity middle = make(&(struct wish){ .cn = "middle", .issuer = &authority, .ca = true });
	struct identity id = make(&(struct wish){ .cn = "client", .issuer = &middle, .usage = "clientAuth" });
	struct identity server = make(&(struct wish){ .cn = "server", .issuer = &middle, .names = "DNS:localhost" });
	struct why why;
	struct peer p;
	FILE *f;

	save("cert.pem", server.cert, NULL, NULL);
	save("key.pem", NULL, server.key, NULL);
	f = fopen(path_of("cert.pem"), "a");
	assert_int_equal(PEM_write_X509(f, middle.cert), 1);
	fclose(f);
	assert_int_equal(http_server_reload_tls(app.server, &why), OK);
	p = prepare(&id, 0);
	assert_int_equal(SSL_add1_chain_cert(p.ssl, middle.cert), 1);
	assert_int_equal(SSL_connect(p.ssl), 1);
	say(&p, GET("/x"));
	expect(&p, 200, NULL);
	assert_true(app.cert.verified);
	leave(&p);
	p = meet(&id, 0);
	say(&p, GET("/x"));
	expect(&p, 200, NULL);
	assert_false(app.cert.verified);		/* nothing leads to the authority */
	leave(&p);
	save("cert.pem", server_id.cert, NULL, NULL);
	save("key.pem", NULL, server_id.key, NULL);
	drop(&middle);
	drop(&id);
	drop(&server);
}

static void
without_authorities_none_is_verified(void **state)
{
	struct http_server_config cf = config();
	char fingerprint[65];
	struct peer p;

	cf.tls_client_certs = true;
	serve(&cf);
	p = meet(&client_id, 0);
	say(&p, GET("/x"));
	expect(&p, 200, NULL);
	fingerprint_of(&client_id, fingerprint);
	assert_true(app.has_cert);
	assert_false(app.cert.verified);
	assert_string_equal(app.cert.fingerprint, fingerprint);
	leave(&p);
	unserve();
}

static void
nobody_is_asked_unless_wanted(void **state)
{
	struct peer p = meet(&client_id, 0);

	say(&p, GET("/x"));
	expect(&p, 200, NULL);
	assert_true(app.tls);
	assert_false(app.has_cert);
	leave(&p);
}

static void
wrong_files(void **state)
{
	static const struct {
		const char *cert, *key, *ca;
		enum http_tls_file which;
		const char *says;
	} rows[] = {
		{ "none.pem", "key.pem", NULL, HTTP_TLS_CERT, "none.pem: No such file or directory" },
		{ "cert.pem", "none.pem", NULL, HTTP_TLS_KEY, "none.pem: No such file or directory" },
		{ "cert.pem", "key.pem", "none.pem", HTTP_TLS_CLIENT_CA, "none.pem: No such file or directory" },
		{ "garbage.pem", "key.pem", NULL, HTTP_TLS_CERT, "garbage.pem: no certificate in PEM form" },
		{ "empty.pem", "key.pem", NULL, HTTP_TLS_CERT, "empty.pem: no certificate in PEM form" },
		{ "key.pem", "key.pem", NULL, HTTP_TLS_CERT, "key.pem: no certificate in PEM form" },
		{ "cert.pem", "garbage.pem", NULL, HTTP_TLS_KEY, "garbage.pem: no private key in PEM form" },
		{ "cert.pem", "cert.pem", NULL, HTTP_TLS_KEY, "cert.pem: no private key in PEM form" },
		{ "cert.pem", "empty.pem", NULL, HTTP_TLS_KEY, "empty.pem: no private key in PEM form" },
		{ "cert.pem", "other.pem", NULL, HTTP_TLS_KEY, "other.pem: not the key of the certificate in" },
		{ "cert.pem", "locked.pem", NULL, HTTP_TLS_KEY, "locked.pem: the key has a passphrase" },
		{ "cert.pem", "", NULL, HTTP_TLS_KEY, "not a regular file" },
		{ "cert.pem", "key.pem", "garbage.pem", HTTP_TLS_CLIENT_CA, "garbage.pem: no certificate in PEM form" },
		{ "cert.pem", "key.pem", "empty.pem", HTTP_TLS_CLIENT_CA, "empty.pem: no certificate in PEM form" },
		{ "cert.pem", NULL, NULL, HTTP_TLS_KEY, "cert.pem: HTTPS needs a certificate and its key" },
		{ NULL, "key.pem", NULL, HTTP_TLS_CERT, "key.pem: HTTPS needs a certificate and its key" },
	};
	static const struct http_app calls = { &app, app_head, app_body, app_gone, app_refused };
	struct http_server *server;
	struct why why;
	size_t i;

	save_text("garbage.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
	    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
	save_text("empty.pem", "");
	save("other.pem", NULL, client_id.key, NULL);
	save("locked.pem", NULL, server_id.key, "passphrase");
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct http_server_config cf = config();
		enum http_tls_file which = 99;

		cf.tls_cert_file = rows[i].cert != NULL ? path_of(rows[i].cert) : NULL;
		cf.tls_key_file = rows[i].key != NULL ? path_of(rows[i].key) : NULL;
		cf.tls_client_certs = true;
		cf.tls_client_ca_file = rows[i].ca != NULL ? path_of(rows[i].ca) : NULL;
		assert_int_equal(http_server_start(&cf, &calls, &server, &why), ERR_IO);
		assert_null(server);
		if (strstr(why.text, rows[i].says) == NULL)
			fail_msg("row %zu: %s", i, why.text);
		assert_int_equal(http_server_probe(&cf, &why), ERR_IO);
		assert_int_equal(http_server_check_tls(&cf, &which, &why), ERR_IO);
		assert_int_equal(which, rows[i].which);
		assert_non_null(strstr(why.text, rows[i].says));
	}
}

static void
a_key_that_all_can_read_is_told(void **state)
{
	struct http_server_config cf = config();
	char text[4096];
	struct why why;
	FILE *f;
	int pass;

	for (pass = 0; pass < 2; pass++) {
		assert_int_equal(chmod(path_of("key.pem"), pass == 0 ? 0640 : 0644), 0);
		assert_int_equal(log_open(LOG_LEVEL_WARNING, path_of("log")), OK);
		assert_int_equal(http_server_check_tls(&cf, NULL, &why), OK);
		log_open(LOG_LEVEL_NONE, NULL);
		f = fopen(path_of("log"), "r");
		text[fread(text, 1, sizeof text - 1, f)] = '\0';
		fclose(f);
		assert_int_equal(strstr(text, "everybody on this machine can read") != NULL, pass == 1);
		assert_null(strstr(text, "BEGIN"));
	}
	chmod(path_of("key.pem"), 0600);
}

static void
expect_server(struct peer *p, const struct identity *id)
{
	X509 *cert = SSL_get1_peer_certificate(p->ssl);

	assert_int_equal(X509_cmp(cert, id->cert), 0);
	X509_free(cert);
}

static void
reload(void **state)
{
	struct peer before = meet(&client_id, 0), after, half = prepare(NULL, 0);
	struct why why;

	say(&before, GET("/x"));
	expect(&before, 200, NULL);
	assert_true(app.cert.verified);

	/* Half a renewal: the certificate is new, the key is not. */
	save("cert.pem", server_new.cert, NULL, NULL);
	assert_int_equal(http_server_reload_tls(app.server, &why), ERR_IO);
	assert_non_null(strstr(why.text, "not the key of the certificate"));
	after = meet(NULL, 0);
	expect_server(&after, &server_id);
	leave(&after);

	save("key.pem", NULL, server_new.key, NULL);
	save("ca.pem", other_authority.cert, NULL, NULL);
	assert_int_equal(http_server_reload_tls(app.server, &why), OK);
	after = meet(&client_id, 0);
	expect_server(&after, &server_new);
	say(&after, GET("/x"));
	expect(&after, 200, NULL);
	assert_true(app.has_cert);
	assert_false(app.cert.verified);		/* its authority is out */
	leave(&after);

	say(&before, GET("/still"));
	expect(&before, 200, "/still 0");
	assert_true(app.cert.verified);
	leave(&before);
	assert_int_equal(SSL_connect(half.ssl), 1);	/* accepted before the reload or after: both do */
	leave(&half);
	save("cert.pem", server_id.cert, NULL, NULL);
	save("key.pem", NULL, server_id.key, NULL);
	save("ca.pem", authority.cert, NULL, NULL);
}

/* Does the socket end without a reset? */
static bool
ends_cleanly(int fd)
{
	char octets[4096];
	ssize_t n;

	while ((n = recv(fd, octets, sizeof octets, 0)) > 0)
		;
	return n == 0;
}

static void
expect_clean_end(int fd)
{
	if (!ends_cleanly(fd))
		fail_msg("not closed, but %s", strerror(errno));
}

/* The first octets of a handshake, into out. */
static size_t
first_flight(unsigned char *out, size_t size)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	BIO *to = BIO_new(BIO_s_mem());
	int n;

	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), to);
	SSL_set_connect_state(ssl);
	SSL_do_handshake(ssl);
	n = BIO_read(to, out, (int)size);
	assert_true(n > 100);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return (size_t)n;
}

/* Again when the machine stood still for so long that the server was quicker than this peer. */
static void
handshakes_that_stand_still_are_cut(void **state)
{
	unsigned char hello[2048];
	size_t n = first_flight(hello, sizeof hello);
	const size_t sent[] = { 0, 1, 5, 6, n - 1, n };
	bool clean = false;
	int fds[6], tries;
	size_t i;

	for (tries = 0; tries < 10 && !clean; tries++) {
		clean = true;
		for (i = 0; i < 6; i++) {
			fds[i] = dial();
			clean &= send(fds[i], hello, sent[i], MSG_NOSIGNAL) == (ssize_t)sent[i];
		}
		for (i = 0; i < 6; i++) {
			clean &= ends_cleanly(fds[i]);
			close(fds[i]);
		}
	}
	assert_true(clean);
	await(&app.refusals, 5);	/* who said nothing is not counted */
	assert_string_equal(app.last_reason, "handshake");
}

static void
heads_that_stand_still_are_cut(void **state)
{
	char octet;
	int tries;

	for (tries = 0; tries < 10 && strcmp(app.last_reason, "slow head") != 0; tries++) {
		struct peer p = prepare(NULL, 0);

		if (SSL_connect(p.ssl) == 1) {
			SSL_write(p.ssl, "GET /x HTTP/1.1\r\nHost:", 22);
			SSL_read(p.ssl, &octet, 1);
		}
		leave(&p);
	}
	assert_string_equal(app.last_reason, "slow head");
}

static void
hellos_in_pieces(void **state)
{
	struct peer p = prepare(NULL, 0);
	BIO *to = BIO_new(BIO_s_mem()), *from = BIO_new(BIO_s_mem());
	bool ready = false;
	char octets[4096];
	int turns, i, n;

	SSL_set_bio(p.ssl, from, to);
	for (turns = 0; turns < 20 && !ready; turns++) {
		ready = SSL_connect(p.ssl) == 1;
		n = BIO_read(to, octets, sizeof octets);
		for (i = 0; i < n; i++) {
			assert_int_equal(send(p.fd, octets + i, 1, MSG_NOSIGNAL), 1);
			sched_yield();
		}
		if (!ready) {
			n = (int)recv(p.fd, octets, sizeof octets, 0);
			assert_true(n > 0);
			BIO_write(from, octets, n);
		}
	}
	assert_true(ready);
	SSL_set_fd(p.ssl, p.fd);
	say(&p, GET("/x"));
	expect(&p, 200, "/x 0");
	leave(&p);
}

static void
plain_http_is_closed_cleanly(void **state)
{
	static char many[40000];
	int fd = dial();

	memset(many, 'x', sizeof many);
	memcpy(many, GET("/x"), strlen(GET("/x")));
	assert_int_equal(send(fd, many, sizeof many, MSG_NOSIGNAL), sizeof many);
	expect_clean_end(fd);
	await_refusal("not TLS");
	/* What was under way is taken, not answered by a reset. */
	assert_int_equal(send(fd, many, 1, MSG_NOSIGNAL), 1);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	expect_clean_end(fd);
	close(fd);
	assert_int_equal(app.requests, 0);
}

static double
cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
who_waits_costs_nothing(void **state)
{
	enum { EACH = 25 };
	unsigned char hello[2048];
	size_t n = first_flight(hello, sizeof hello);
	struct peer idle[EACH], half[EACH], p;
	int silent[EACH], stuck[EACH];
	struct timespec second = { 1, 0 };
	double before;
	size_t i;

	for (i = 0; i < EACH; i++) {
		idle[i] = meet(NULL, i % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION);
		half[i] = meet(NULL, i % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION);
		say(&half[i], "GET /x HTTP/1.1\r\nHo");
		silent[i] = dial();
		stuck[i] = dial();
		assert_int_equal(send(stuck[i], hello, n - i, MSG_NOSIGNAL), n - i);
	}
	p = meet(NULL, 0);
	say(&p, GET("/later"));		/* by now the others have been seen */
	expect(&p, 202, "later");
	before = cpu_s();
	nanosleep(&second, NULL);
	assert_true(cpu_s() - before < 0.5);	/* a loop that does not sleep takes all of it */
	for (i = 0; i < EACH; i++) {
		say(&idle[i], GET("/late"));
		expect(&idle[i], 200, "/late 0");
		say(&half[i], "st: h\r\n\r\n");
		expect(&half[i], 200, "/x 0");
		if (i % 2 == 0) {
			leave(&idle[i]);
			close(stuck[i]);
			close(silent[i]);
		}
	}
	unserve();			/* with the rest in place */
	for (i = 0; i < EACH; i++) {
		leave(&half[i]);
		if (i % 2 == 0)
			continue;
		leave(&idle[i]);
		close(stuck[i]);
		close(silent[i]);
	}
	leave(&p);
}

static void
the_guard_stands_behind_tls(void **state)
{
	static const struct {
		const char *octets;
		unsigned status;
	} rows[] = {
		{ "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd", 400 },
		{ "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
		{ "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501 },
		{ "POST /x HTTP/1.1\r\nHost: h\r\nHost: i\r\nContent-Length: 0\r\n\r\n", 400 },
		{ "POST /x HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400 },
		{ "POST /x HTTP/1.1\r\nHost: h\r\n\r\n", 411 },
		{ "DELETE /x HTTP/1.1\r\nHost: h\r\n\r\n", 405 },
		{ "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\n\r\n", 413 },
		{ "POST /deny HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n", 403 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct peer p = meet(NULL, i % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION);

		say(&p, rows[i].octets);
		say(&p, GET("/smuggled"));
		expect(&p, rows[i].status, NULL);
		expect_end(&p);
		leave(&p);
	}
	assert_int_equal(app.requests, 1);		/* /deny */
}

/* Refused while the body comes: the answer is heard, however much was under way. */
static void
bodies_that_grow_too_large(void **state)
{
	static char chunk[8 + 16384 + 2 + 1];
	struct peer p = meet(NULL, 0);
	size_t i;

	snprintf(chunk, sizeof chunk, "4000\r\n");
	memset(chunk + 6, 'x', 16384);
	memcpy(chunk + 6 + 16384, "\r\n", 2);
	say(&p, "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (i = 0; i < 80; i++)		/* 1.25 MiB of 1 MiB */
		say_n(&p, chunk, 6 + 16384 + 2);
	expect(&p, 413, "the body is larger than accepted");
	expect_end(&p);
	leave(&p);
	await_refusal("size");
}

static void
bodies_and_answers_of_many_records(void **state)
{
	struct peer p = meet(NULL, 0);
	char *octets = malloc(BIG + 1);
	size_t i;

	memset(octets, 'x', BIG);
	say(&p, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1048576\r\n\r\n");
	say_n(&p, octets, BIG);
	expect(&p, 200, "/x 1048576");
	for (i = 0; i < 3; i++) {
		say(&p, GET("/big"));
		assert_int_equal(hear(&p, octets, BIG + 1), 200);
		assert_int_equal(strspn(octets, "b"), BIG);
	}
	leave(&p);
	free(octets);
}

static void
pipelined_requests(void **state)
{
	struct peer p = meet(NULL, 0);
	char all[4096] = "";
	size_t i, k;

	for (i = 0; i < 50; i++)
		strcat(all, i % 5 == 0 ? GET("/later") : i % 5 == 1 ? GET("/wait") : GET("/now"));
	say(&p, all);
	for (k = 0; k < strlen(all); k += 7)		/* and again, in small records */
		say_n(&p, all + k, strlen(all + k) < 7 ? strlen(all + k) : 7);
	for (i = 0; i < 100; i++)
		expect(&p, i % 5 == 0 ? 202 : 200, i % 5 == 0 ? "later" : i % 5 == 1 ? "/wait 0" : "/now 0");
	leave(&p);
}

static void
answers_that_come_later(void **state)
{
	struct peer p[20];
	size_t i, round;

	for (i = 0; i < 20; i++)
		p[i] = meet(NULL, i % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION);
	for (round = 0; round < 5; round++) {
		for (i = 0; i < 20; i++)
			say(&p[i], i % 3 == 0 ? "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" :
			    "POST /wait HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
		for (i = 0; i < 20; i++)
			expect(&p[i], i % 3 == 0 ? 202 : 200, i % 3 == 0 ? "later" : "/wait 3");
	}
	for (i = 0; i < 20; i++)
		leave(&p[i]);
}

static void
a_stop_answers_who_waits(void **state)
{
	struct http_server_config cf = config();
	struct peer held, idle, half = { 0 };

	serve(&cf);
	held = meet(NULL, 0);
	idle = meet(NULL, 0);
	half = prepare(NULL, 0);
	say(&idle, GET("/x"));
	expect(&idle, 200, "/x 0");
	say(&held, GET("/hold"));
	await(&app.held, 1);
	http_server_quiesce(app.server);
	expect_end(&idle);
	unserve();
	expect(&held, 503, "shutting down");
	expect_end(&held);
	leave(&held);
	leave(&idle);
	leave(&half);
}

static void
connections_of_one_address(void **state)
{
	struct http_server_config cf = config();
	struct peer a, b, c;

	cf.max_per_address = 2;
	serve(&cf);
	a = meet(NULL, 0);
	b = prepare(NULL, 0);			/* counts although nothing was said */
	c = prepare(NULL, 0);
	assert_int_not_equal(SSL_connect(c.ssl), 1);
	assert_int_equal(SSL_connect(b.ssl), 1);
	say(&a, GET("/x"));
	expect(&a, 200, "/x 0");
	leave(&a);
	leave(&b);
	leave(&c);
	unserve();
}

/* Plain HTTP and HTTPS beside each other hold no more than one of them. */
static void
bodies_are_counted_with_other_servers(void **state)
{
	struct http_server_config cf = config();
	atomic_size_t held = 999;		/* of the other one */
	struct peer p;

	cf.max_held = 1000;
	cf.held = &held;
	serve(&cf);
	p = meet(NULL, 0);
	say(&p, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na");
	expect(&p, 200, "/x 1");
	say(&p, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n");
	expect(&p, 503, NULL);
	leave(&p);
	unserve();
	assert_int_equal(held, 999);
}

static void
several_loops(void **state)
{
	struct http_server_config cf = config();
	struct peer p[16];
	size_t i;

	cf.loops = 3;
	cf.tls_client_certs = true;
	cf.tls_client_ca_file = path_of("ca.pem");
	serve(&cf);
	for (i = 0; i < 16; i++) {
		p[i] = meet(&client_id, 0);
		say(&p[i], GET("/x"));
		expect(&p[i], 200, "/x 0");
		assert_true(app.cert.verified);
	}
	for (i = 0; i < 16; i++)
		leave(&p[i]);
	unserve();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(versions, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keys_without_forward_secrecy_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(renegotiation_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(client_certificates, set_up_asking, tear_down),
		cmocka_unit_test_setup_teardown(names_of_client_certificates, set_up_asking, tear_down),
		cmocka_unit_test_setup_teardown(a_certificate_that_expires_meanwhile, set_up_asking, tear_down),
		cmocka_unit_test_setup_teardown(authorities_below_authorities, set_up_asking, tear_down),
		cmocka_unit_test(without_authorities_none_is_verified),
		cmocka_unit_test_setup_teardown(nobody_is_asked_unless_wanted, set_up, tear_down),
		cmocka_unit_test(wrong_files),
		cmocka_unit_test(a_key_that_all_can_read_is_told),
		cmocka_unit_test_setup_teardown(reload, set_up_asking, tear_down),
		cmocka_unit_test_setup_teardown(handshakes_that_stand_still_are_cut, set_up_hasty, tear_down),
		cmocka_unit_test_setup_teardown(heads_that_stand_still_are_cut, set_up_hasty, tear_down),
		cmocka_unit_test_setup_teardown(hellos_in_pieces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(plain_http_is_closed_cleanly, set_up, tear_down),
		cmocka_unit_test_setup(who_waits_costs_nothing, set_up),
		cmocka_unit_test_setup_teardown(the_guard_stands_behind_tls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bodies_that_grow_too_large, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bodies_and_answers_of_many_records, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pipelined_requests, set_up, tear_down),
		cmocka_unit_test_setup_teardown(answers_that_come_later, set_up, tear_down),
		cmocka_unit_test(a_stop_answers_who_waits),
		cmocka_unit_test(connections_of_one_address),
		cmocka_unit_test(bodies_are_counted_with_other_servers),
		cmocka_unit_test(several_loops),
	};

	signal(SIGPIPE, SIG_IGN);
	log_open(LOG_LEVEL_NONE, NULL);
	return cmocka_run_group_tests(tests, make_all, remove_all);
}
