/* test_config_tls.c - HTTPS in the configuration of ppgd: which ports there are, whose files, and wrong ones. */
#include "tests/unit/test.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include "ppg/config.h"

static char folder[] = "/tmp/test_config_tls.XXXXXX";
static struct sbuf errors, notices;

static const char *
path_of(const char *name)
{
	static char paths[4][128];
	static unsigned next;
	char *out = paths[next++ % 4];

	snprintf(out, sizeof paths[0], "%s/%s", folder, name);
	return out;
}

/* A certificate that signed itself. */
static void
make_pair(const char *cert_name, const char *key_name)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	FILE *f;

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -86400);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)"localhost",
	    -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	X509_set_pubkey(cert, key);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	f = fopen(path_of(cert_name), "w");
	assert_int_equal(PEM_write_X509(f, cert), 1);
	fclose(f);
	f = fopen(path_of(key_name), "w");
	assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static int
make_files(void **state)
{
	assert_non_null(mkdtemp(folder));
	make_pair("c.pem", "k.pem");
	make_pair("c2.pem", "k2.pem");
	return 0;
}

static int
remove_files(void **state)
{
	static const char *const names[] = { "c.pem", "k.pem", "c2.pem", "k2.pem", "conf" };
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		unlink(path_of(names[i]));
	sbuf_done(&errors);
	sbuf_done(&notices);
	return rmdir(folder);
}

/* The folder is called D. */
static void
collect(void *arg, int level, const char *line)
{
	struct sbuf *to = level == 2 ? &errors : &notices;
	const char *at;

	while ((at = strstr(line, folder)) != NULL) {
		sbuf_put(to, line, (size_t)(at - line));
		sbuf_char(to, 'D');
		line = at + strlen(folder);
	}
	sbuf_fmt(to, "%s\n", line);
}

static int
load(const char *text, struct ppg_config **out)
{
	const char *path = path_of("conf");
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
	sbuf_clear(&errors);
	sbuf_clear(&notices);
	sbuf_str(&errors, "");
	sbuf_str(&notices, "");
	return ppg_config_load(path, collect, NULL, out);
}

static struct ppg_config *
good(const char *text)
{
	struct ppg_config *c;

	if (load(text, &c) != OK)
		fail_msg("refused: %s", errors.s);
	return c;
}

#define CORE "group = core\n"
#define PPG "group = ppg\ntrusted-pi = true\n"
#define SMSC "group = smsc\nsmsc = smpp\nhost = h\nport = 1\nsmsc-username = u\n"
#define ADMIN "group = admin\nport = 9000\ntoken = t\n"
#define FILES "ssl-server-cert-file = c.pem\nssl-server-key-file = k.pem\n"

static void
which_ports_there_are(void **state)
{
	static const struct { const char *text; uint16_t port, ssl_port; } rows[] = {
		{ PPG SMSC, 8080, 0 },
		{ PPG "ppg-port = 81\n" SMSC, 81, 0 },
		{ PPG "ppg-ssl-port = 443\n" FILES SMSC, 0, 443 },
		{ PPG "ppg-port = 0\nppg-ssl-port = 443\n" FILES SMSC, 0, 443 },
		{ PPG "ppg-port = 8080\nppg-ssl-port = 443\n" FILES SMSC, 8080, 443 },
		{ CORE FILES PPG SMSC, 8080, 0 },		/* Kannel uses them for more than the PPG */
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ppg_config *c = good(rows[i].text);

		assert_int_equal(c->port, rows[i].port);
		assert_int_equal(c->ssl_port, rows[i].ssl_port);
		assert_int_equal(c->tls.cert_file != NULL, c->ssl_port != 0);
		assert_null(c->admin_tls.cert_file);
		assert_string_equal(notices.s, "");
		ppg_config_free(&c);
	}
}

static void
whose_files(void **state)
{
	struct ppg_config *c = good(CORE FILES PPG "ppg-ssl-port = 443\n" SMSC);

	assert_string_equal(c->tls.cert_file, path_of("c.pem"));
	assert_string_equal(c->tls.key_file, path_of("k.pem"));
	assert_false(c->tls.ask_client);
	assert_null(c->tls.client_ca_file);
	assert_null(c->trusted_ca_file);
	ppg_config_free(&c);

	/* Those of group ppg go before. */
	c = good(CORE FILES "ssl-trusted-ca-file = c2.pem\n" PPG "ppg-ssl-port = 443\n"
	    "ssl-server-cert-file = c2.pem\nssl-server-key-file = k2.pem\nssl-client-certs = ask\n"
	    "ssl-client-ca-file = c.pem\n" SMSC ADMIN "ssl-cert-file = c.pem\nssl-key-file = k.pem\n");
	assert_string_equal(c->tls.cert_file, path_of("c2.pem"));
	assert_string_equal(c->tls.key_file, path_of("k2.pem"));
	assert_true(c->tls.ask_client);
	assert_string_equal(c->tls.client_ca_file, path_of("c.pem"));
	assert_string_equal(c->trusted_ca_file, path_of("c2.pem"));
	assert_string_equal(c->admin_tls.cert_file, path_of("c.pem"));
	assert_string_equal(c->admin_tls.key_file, path_of("k.pem"));
	assert_false(c->admin_tls.ask_client);
	ppg_config_free(&c);
}

static void
wrong_ones_have_their_sentence(void **state)
{
	static const struct { const char *text, *errors; } rows[] = {
		{ PPG "ppg-port = 0\n" SMSC, "D/conf:3: group ppg, ppg-port: 0 is no port, and there is no ppg-ssl-port\n" },
		{ PPG "ppg-ssl-port = 443\n" SMSC,
		  "D/conf:3: group ppg, ppg-ssl-port: needs ssl-server-cert-file\n"
		  "D/conf:3: group ppg, ppg-ssl-port: needs ssl-server-key-file\n" },
		{ PPG "ppg-ssl-port = 443\nssl-server-cert-file = c.pem\n" SMSC,
		  "D/conf:3: group ppg, ppg-ssl-port: needs ssl-server-key-file\n" },
		{ PPG "ppg-port = 443\nppg-ssl-port = 443\n" FILES SMSC,
		  "D/conf:4: group ppg, ppg-ssl-port: 443 is ppg-port already\n" },
		{ PPG "ppg-ssl-port = 443\nssl-server-cert-file = none.pem\nssl-server-key-file = k.pem\n" SMSC,
		  "D/conf:4: group ppg, ssl-server-cert-file: D/none.pem: No such file or directory\n" },
		{ PPG "ppg-ssl-port = 443\nssl-server-cert-file = c.pem\nssl-server-key-file = k2.pem\n" SMSC,
		  "D/conf:5: group ppg, ssl-server-key-file: D/k2.pem: not the key of the certificate in D/c.pem\n" },
		{ CORE "ssl-server-cert-file = none.pem\n" PPG "ppg-ssl-port = 443\nssl-server-key-file = k.pem\n" SMSC,
		  "D/conf:2: group core, ssl-server-cert-file: D/none.pem: No such file or directory\n" },
		{ PPG "ppg-ssl-port = 443\n" FILES "ssl-client-certs = ask\nssl-client-ca-file = none.pem\n" SMSC,
		  "D/conf:7: group ppg, ssl-client-ca-file: D/none.pem: No such file or directory\n" },
		{ PPG "ssl-client-certs = need\n" SMSC, "D/conf:3: group ppg, ssl-client-certs: need is not no or ask\n" },
		{ CORE "ssl-trusted-ca-file = none.pem\n" PPG SMSC,
		  "D/conf:2: group core, ssl-trusted-ca-file: D/none.pem: No such file or directory\n" },
		{ PPG SMSC ADMIN "ssl-cert-file = c.pem\n", "D/conf:11: group admin, ssl-cert-file: needs ssl-key-file\n" },
		{ PPG SMSC ADMIN "ssl-key-file = k.pem\n", "D/conf:11: group admin, ssl-key-file: needs ssl-cert-file\n" },
		{ PPG SMSC ADMIN "ssl-cert-file = c.pem\nssl-key-file = none.pem\n",
		  "D/conf:12: group admin, ssl-key-file: D/none.pem: No such file or directory\n" },
		{ PPG "ppg-ssl-port = 9000\n" FILES SMSC ADMIN,
		  "D/conf:12: group admin, port: 9000 is ppg-ssl-port at D/conf:3 already\n" },
	};
	struct ppg_config *c;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(load(rows[i].text, &c), ERR_SYNTAX);
		assert_null(c);
		assert_string_equal(errors.s, rows[i].errors);
	}
	assert_int_equal(load(CORE "ssl-trusted-ca-file = k.pem\n" PPG SMSC, &c), ERR_SYNTAX);
	assert_non_null(strstr(errors.s, "D/conf:2: group core, ssl-trusted-ca-file: D/k.pem: no certificate in PEM form"));
}

static void
what_is_not_used_is_told(void **state)
{
	struct ppg_config *c = good(PPG FILES SMSC);

	assert_string_equal(notices.s, "D/conf:3: group ppg, ssl-server-cert-file: not used without ppg-ssl-port\n"
	    "D/conf:4: group ppg, ssl-server-key-file: not used without ppg-ssl-port\n");
	ppg_config_free(&c);
	c = good(PPG "ppg-ssl-port = 443\n" FILES "ssl-client-ca-file = none.pem\n" SMSC);
	assert_string_equal(notices.s,
	    "D/conf:6: group ppg, ssl-client-ca-file: not used without ssl-client-certs = ask\n");
	ppg_config_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_ports_there_are),
		cmocka_unit_test(whose_files),
		cmocka_unit_test(wrong_ones_have_their_sentence),
		cmocka_unit_test(what_is_not_used_is_told),
	};

	log_open(LOG_LEVEL_NONE, NULL);
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
