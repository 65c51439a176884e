/* test_tls.c - TLS over a socket that does not block: who is believed, who is not, and octets both ways. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/tls.h"

enum { ROUNDS_MAX = 20000, BIG = 300000 };

/* ---- certificates, made here and now -------------------------------------------------------- */

struct identity {
	EVP_PKEY *key;
	X509 *cert;
	char path[64];
};

static char folder[] = "test_tls.XXXXXX";
static struct identity authority, stranger, server_id, client_id;

static void
extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

/* Certificate and key in one file; issuer NULL: an authority. */
static void
make(struct identity *id, const char *cn, const struct identity *issuer, const char *names)
{
	static long serial;
	FILE *f;

	*id = (struct identity){ EVP_EC_gen("P-256"), X509_new(), "" };
	if (issuer == NULL)
		issuer = id;
	X509_set_version(id->cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(id->cert), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(id->cert), -86400);
	X509_gmtime_adj(X509_getm_notAfter(id->cert), 86400);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(id->cert), "CN", MBSTRING_ASC,
	    (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(id->cert, X509_get_subject_name(issuer->cert));
	X509_set_pubkey(id->cert, id->key);
	extend(id->cert, issuer->cert, NID_basic_constraints, issuer == id ? "critical,CA:TRUE" : "CA:FALSE");
	if (names != NULL)
		extend(id->cert, issuer->cert, NID_subject_alt_name, names);
	assert_true(X509_sign(id->cert, issuer->key, EVP_sha256()) > 0);
	snprintf(id->path, sizeof id->path, "%s/%s.pem", folder, cn);
	f = fopen(id->path, "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, id->cert), 1);
	assert_int_equal(PEM_write_PrivateKey(f, id->key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
}

static void
drop(struct identity *id)
{
	unlink(id->path);
	EVP_PKEY_free(id->key);
	X509_free(id->cert);
}

static int
setup(void **state)
{
	if (mkdtemp(folder) == NULL)
		return -1;
	make(&authority, "authority", NULL, NULL);
	make(&stranger, "stranger", NULL, NULL);
	make(&server_id, "server", &authority, "DNS:smsc.example.net,IP:127.0.0.1,IP:::1");
	make(&client_id, "client", &authority, NULL);
	return 0;
}

static int
teardown(void **state)
{
	drop(&authority);
	drop(&stranger);
	drop(&server_id);
	drop(&client_id);
	return rmdir(folder);
}

/* ---- two ends -------------------------------------------------------------------------------- */

static struct {
	int fd[2];			/* client, server */
	struct tls *client, *server;
	int client_err, server_err;
	struct why client_why, server_why;
} ends;

static void
end(void)
{
	tls_close(&ends.client);
	tls_close(&ends.server);
	close(ends.fd[0]);
	close(ends.fd[1]);
}

/* Both handshakes until each is over. The files are not needed any more then. */
static void
meet(const struct tls_config *client, const struct tls_config *server)
{
	struct tls_context *cc, *sc;
	struct why why = { 0 };
	int i, small = 4096;

	if (tls_context_create(client, &cc, &why) != OK || tls_context_create(server, &sc, &why) != OK)
		fail_msg("%s", why.text);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.fd), 0);
	setsockopt(ends.fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	ends.client = tls_open(cc, ends.fd[0]);
	ends.server = tls_open(sc, ends.fd[1]);
	assert_non_null(ends.client);
	assert_non_null(ends.server);
	tls_context_destroy(&cc);
	tls_context_destroy(&sc);
	ends.client_err = ends.server_err = ERR_BUSY;
	ends.client_why = ends.server_why = (struct why){ 0 };
	for (i = 0; i < ROUNDS_MAX && (ends.client_err == ERR_BUSY || ends.server_err == ERR_BUSY); i++) {
		if (ends.client_err == ERR_BUSY)
			ends.client_err = tls_handshake(ends.client, &ends.client_why);
		if (ends.server_err == ERR_BUSY)
			ends.server_err = tls_handshake(ends.server, &ends.server_why);
		if (ends.client_err != OK && ends.client_err != ERR_BUSY)
			break;
	}
}

static void
digest_of(const struct identity *id, uint8_t pin[TLS_PIN_SIZE])
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(id->key, &der);

	assert_true(n > 0);
	assert_int_equal(EVP_Digest(der, (size_t)n, pin, NULL, EVP_sha256(), NULL), 1);
	OPENSSL_free(der);
}

/* ---- whom to believe --------------------------------------------------------------------------- */

static void
names_and_authorities(void **state)
{
	const struct { const char *name, *ca; int err; const char *why; } rows[] = {
		{ "smsc.example.net", authority.path, OK, "" },
		{ "SMSC.example.net", authority.path, OK, "" },
		{ "127.0.0.1", authority.path, OK, "" },
		{ "::1", authority.path, OK, "" },
		{ "other.example.net", authority.path, ERR_AUTH, "TLS: the peer's certificate: hostname mismatch" },
		{ "example.net", authority.path, ERR_AUTH, "TLS: the peer's certificate: hostname mismatch" },
		{ "127.0.0.2", authority.path, ERR_AUTH, "TLS: the peer's certificate: IP address mismatch" },
		{ "smsc.example.net", stranger.path, ERR_AUTH,
		  "TLS: the peer's certificate: unable to get local issuer certificate" },
		{ "smsc.example.net", "", ERR_AUTH,
		  "TLS: the peer's certificate: unable to get local issuer certificate" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		meet(&(struct tls_config){ .name = rows[i].name, .ca_file = rows[i].ca },
		    &(struct tls_config){ .server = true, .certkey_file = server_id.path });
		assert_int_equal(ends.client_err, rows[i].err);
		assert_string_equal(ends.client_why.text, rows[i].why);
		if (rows[i].err == OK)
			assert_string_equal(tls_version(ends.client), "TLSv1.3");
		end();
	}
}

static void
pinned_key(void **state)
{
	struct tls_config client = { .name = "elsewhere.example.net", .has_pin = true },
	    server = { .server = true, .certkey_file = server_id.path };

	digest_of(&server_id, client.pin);
	meet(&client, &server);			/* neither name nor authority matters */
	assert_int_equal(ends.client_err, OK);
	assert_int_equal(ends.server_err, OK);
	end();

	client.pin[31] ^= 1;
	meet(&client, &server);
	assert_int_equal(ends.client_err, ERR_AUTH);
	assert_string_equal(ends.client_why.text, "TLS: the peer's key is not the pinned one");
	end();

	digest_of(&server_id, client.pin);	/* a certificate of the authority does not help */
	server.certkey_file = client_id.path;
	client.ca_file = authority.path;
	meet(&client, &server);
	assert_int_equal(ends.client_err, ERR_AUTH);
	end();
}

static void
client_certificates(void **state)
{
	struct tls_config client = { .name = "smsc.example.net", .ca_file = authority.path },
	    server = { .server = true, .certkey_file = server_id.path, .ca_file = authority.path };
	char octet;

	meet(&client, &server);
	assert_int_equal(ends.server_err, ERR_IO);
	assert_int_equal(tls_read(ends.client, &octet, 1, &ends.client_why), ERR_IO);	/* TLS 1.3: it learns later */
	end();
	client.certkey_file = stranger.path;
	meet(&client, &server);
	assert_int_equal(ends.server_err, ERR_AUTH);
	end();
	client.certkey_file = client_id.path;
	meet(&client, &server);
	assert_int_equal(ends.server_err, OK);
	end();
}

/* A peer that knows nothing newer than TLS 1.1 gets no session; one with 1.2 does. */
static void
versions(void **state)
{
	static const struct { int most; bool good; } rows[] = { { TLS1_1_VERSION, false }, { TLS1_2_VERSION, true } };
	size_t i;

	for (i = 0; i < 2; i++) {
		struct tls_config cf = { .server = true, .certkey_file = server_id.path };
		SSL_CTX *old = SSL_CTX_new(TLS_client_method());
		struct tls_context *ctx;
		struct tls *server;
		struct why why = { 0 };
		int fd[2], k, err = ERR_BUSY, done = 0;
		SSL *ssl;

		SSL_CTX_set_security_level(old, 0);
		SSL_CTX_set_max_proto_version(old, rows[i].most);
		ssl = SSL_new(old);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
		SSL_set_fd(ssl, fd[0]);
		assert_int_equal(tls_context_create(&cf, &ctx, &why), OK);
		server = tls_open(ctx, fd[1]);
		for (k = 0; k < 100 && (err == ERR_BUSY || done != 1); k++) {
			done = SSL_connect(ssl);
			if (err == ERR_BUSY)
				err = tls_handshake(server, &why);
			if (err != OK && err != ERR_BUSY)
				break;
		}
		assert_int_equal(err == OK, rows[i].good);
		tls_close(&server);
		tls_context_destroy(&ctx);
		SSL_free(ssl);
		SSL_CTX_free(old);
		close(fd[0]);
		close(fd[1]);
	}
}

/* ---- octets -------------------------------------------------------------------------------------- */

static void
more_than_fits(void **state)
{
	static uint8_t out[BIG], in[BIG];
	size_t sent = 0, got = 0;
	bool was_full = false;
	struct why why = { 0 };
	int i;

	for (i = 0; i < BIG; i++)
		out[i] = (uint8_t)(i * 7 + (i >> 8));
	meet(&(struct tls_config){ .name = "smsc.example.net", .ca_file = authority.path },
	    &(struct tls_config){ .server = true, .certkey_file = server_id.path });
	assert_int_equal(ends.server_err, OK);
	for (i = 0; i < ROUNDS_MAX && got < BIG; i++) {
		long n;

		while (sent < BIG && (n = tls_write(ends.client, out + sent, BIG - sent, &why)) != ERR_BUSY) {
			assert_true(n > 0);
			sent += (size_t)n;
		}
		if (sent < BIG && tls_wants_write(ends.client))
			was_full = true;
		n = tls_read(ends.server, in + got, 1000, &why);	/* less than a record: the rest is pending */
		if (n > 0)
			got += (size_t)n;
		else
			assert_int_equal(n, ERR_BUSY);
	}
	assert_int_equal(got, BIG);
	assert_memory_equal(in, out, BIG);
	assert_true(was_full);
	assert_false(tls_pending(ends.server));

	tls_close(&ends.client);
	assert_int_equal(tls_read(ends.server, in, 10, &why), 0);
	end();
}

/* The connection ends without a good-bye: that is an error, and no signal. */
static void
torn_connection(void **state)
{
	struct why why = { 0 };
	char octet = 0;
	int i;
	long n = 1;

	meet(&(struct tls_config){ .name = "smsc.example.net", .ca_file = authority.path },
	    &(struct tls_config){ .server = true, .certkey_file = server_id.path });
	assert_int_equal(ends.server_err, OK);
	close(ends.fd[1]);
	ends.fd[1] = dup(ends.fd[0]);
	for (i = 0; i < 10 && n > 0; i++)
		n = tls_write(ends.client, &octet, 1, &why);
	assert_int_equal(n, ERR_IO);
	assert_string_equal(why.text, "TLS: Broken pipe");
	end();
}

/* ---- files and digests ------------------------------------------------------------------------------ */

static void
bad_files(void **state)
{
	struct tls_context *ctx;
	struct why why = { 0 };
	char path[64];
	FILE *f;

	snprintf(path, sizeof path, "%s/junk.pem", folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("junk\n", f);
	fclose(f);
	assert_int_equal(tls_context_create(&(struct tls_config){ .certkey_file = path }, &ctx, &why), ERR_IO);
	assert_non_null(strstr(why.text, "junk.pem: no certificate can be read: "));
	assert_null(ctx);
	assert_int_equal(tls_context_create(&(struct tls_config){ .ca_file = path }, &ctx, &why), ERR_IO);
	assert_int_equal(tls_context_create(&(struct tls_config){ .certkey_file = server_id.path,
	    .key_file = client_id.path }, &ctx, &why), ERR_IO);
	assert_int_equal(tls_context_create(&(struct tls_config){ .server = true }, &ctx, &why), ERR_IO);
	unlink(path);
}

static void
changed_files(void **state)
{
	struct identity other;
	struct tls_context *ctx;
	struct why why = { 0 };

	make(&other, "other", &authority, NULL);
	assert_int_equal(tls_context_create(&(struct tls_config){ .certkey_file = other.path }, &ctx, &why), OK);
	assert_false(tls_context_is_stale(ctx));
	drop(&other);
	assert_true(tls_context_is_stale(ctx));
	make(&other, "other", &authority, "DNS:longer.example.net");
	assert_true(tls_context_is_stale(ctx));
	tls_context_destroy(&ctx);
	drop(&other);
}

static void
digests(void **state)
{
	static const struct { const char *text; int err; } rows[] = {
		{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1E1F", OK },
		{ "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13:14:15:16:17:18:19:1a:1b:1c:1d:1e:1f", OK },
		{ "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", OK },
		{ "", ERR_SYNTAX },
		{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1E1", ERR_SYNTAX },
		{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1E1G", ERR_SYNTAX },
		{ "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", ERR_SYNTAX },
		{ "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ==", ERR_SYNTAX },
		{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1E1F"
		  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1E1F", ERR_SYNTAX },
	};
	size_t i, k;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t pin[TLS_PIN_SIZE] = { 0 };

		assert_int_equal(tls_pin_parse(span_str(rows[i].text), pin), rows[i].err);
		for (k = 0; k < TLS_PIN_SIZE && rows[i].err == OK; k++)
			assert_int_equal(pin[k], k);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_authorities),
		cmocka_unit_test(pinned_key),
		cmocka_unit_test(client_certificates),
		cmocka_unit_test(versions),
		cmocka_unit_test(more_than_fits),
		cmocka_unit_test(torn_connection),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(changed_files),
		cmocka_unit_test(digests),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
