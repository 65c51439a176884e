/* test_dm_account.c - DM accounts out of provisioning documents and bootstrap messages. */
#include "tests/unit/test.h"

#include "router/dm_account.h"
#include "wap/content.h"

static const char TEXT[] = "text/vnd.wap.connectivity-xml";

/* An application w7 with what stands in its middle. */
static void
application(struct sbuf *xml, const char *id, const char *middle)
{
	sbuf_fmt(xml, "<characteristic type=\"APPLICATION\"><parm name=\"APPID\" value=\"w7\"/>"
	    "<parm name=\"PROVIDER-ID\" value=\"%s\"/><parm name=\"NAME\" value=\"Manager\"/>%s</characteristic>", id, middle);
}

static const char ADDRESS[] =
    "<characteristic type=\"APPADDR\"><parm name=\"ADDR\" value=\"https://dm.example.net/dm\"/>"
    "<characteristic type=\"PORT\"><parm name=\"PORTNBR\" value=\"8443\"/></characteristic></characteristic>";
static const char LOGINS[] =
    "<characteristic type=\"APPAUTH\"><parm name=\"AAUTHLEVEL\" value=\"APPSRV\"/>"
    "<parm name=\"AAUTHTYPE\" value=\"DIGEST\"/><parm name=\"AAUTHNAME\" value=\"dev1\"/><parm name=\"AAUTHSECRET\" value=\"pw\"/>"
    "<parm name=\"AAUTHDATA\" value=\"bm9uY2U=\"/></characteristic>"
    "<characteristic type=\"APPAUTH\"><parm name=\"AAUTHLEVEL\" value=\"CLIENT\"/><parm name=\"AAUTHTYPE\" value=\"DIGEST-SHA256\"/>"
    "<parm name=\"AAUTHSECRET\" value=\"srvpw\"/></characteristic>"
    "<characteristic type=\"APPAUTH\"><parm name=\"AAUTHLEVEL\" value=\"HTTP\"/><parm name=\"AAUTHNAME\" value=\"x\"/></characteristic>";

static int
install(struct dm_tree **t, const char *inner, struct dm_accounts *start, bool *changed,
    struct why *why)
{
	struct policy_setting settings[64] = { { 0 } };
	static struct policy_parm parms[64][16];
	struct sbuf xml = { 0 };
	struct prov_doc doc;
	size_t i, k;
	int err;

	sbuf_fmt(&xml, "<wap-provisioningdoc>%s</wap-provisioningdoc>", inner);
	assert_int_equal(prov_doc_parse(TEXT, sbuf_as_span(&xml), &doc, NULL), OK);
	assert_true(doc.n <= 64);
	for (i = 0; i < doc.n; i++) {
		assert_true(doc.settings[i].n_parms <= 16);
		for (k = 0; k < doc.settings[i].n_parms; k++)
			parms[i][k] = (struct policy_parm){ doc.settings[i].parms[k].name,
			    doc.settings[i].parms[k].value, doc.settings[i].parms[k].noparm };
		settings[i] = (struct policy_setting){ doc.settings[i].path, parms[i],
		    doc.settings[i].n_parms,
			doc.settings[i].remove };
	}
	err = dm_account_install(t, settings, doc.n, start, changed, why);
	prov_doc_done(&doc);
	sbuf_done(&xml);
	return err;
}

static int
install_one(struct dm_tree **t, const char *id, const char *a, const char *b, struct why *why)
{
	struct sbuf middle = { 0 }, xml = { 0 };
	struct dm_accounts start;
	int err;

	sbuf_fmt(&middle, "%s%s", a, b);
	application(&xml, id, middle.s);
	err = install(t, xml.s, &start, NULL, why);
	sbuf_done(&middle);
	sbuf_done(&xml);
	return err;
}

static void
test_document(void **state)
{
	struct dm_tree *t = dm_tree_create();
	struct dm_value v;
	struct dm_account a;
	struct span port;

	assert_int_equal(install_one(&t, "dm.example", ADDRESS, LOGINS, NULL), OK);
	assert_int_equal(dm_account_find(t, "dm.example", &a, NULL), OK);
	assert_string_equal(a.node, "./DMAcc/dm.example");
	assert_string_equal(a.url, "https://dm.example.net:8443/dm");
	assert_true(a.device.has && a.server.has);
	assert_int_equal(a.device.auth, DM_AUTH_MD5);
	assert_string_equal(a.device.name, "dev1");
	assert_string_equal(a.device.password, "pw");
	assert_true(span_eq_str(span_of(a.device.nonce.p, a.device.nonce.n), "nonce"));
	assert_int_equal(a.server.auth, DM_AUTH_SHA256);
	assert_string_equal(a.server.name, "dm.example");
	assert_string_equal(a.server.password, "srvpw");
	assert_int_equal(a.server.nonce.n, 0);
	assert_true(dm_tree_value(t, "./DMAcc/dm.example/AppAddr/1/Port/1/PortNbr", &port));

	/* its server may read and change it, others not; nobody reads its secrets */
	assert_int_equal(dm_tree_get(t, "dm.example", "./DMAcc/dm.example/Name", &v), 200);
	dm_value_done(&v);
	assert_int_equal(dm_tree_get(t, "other", "./DMAcc/dm.example/Name", &v), 425);
	assert_int_equal(dm_tree_get(t, "dm.example", "./DMAcc/dm.example/AppAuth/1/AAuthSecret", &v), 405);
	assert_int_equal(dm_tree_replace(t, "dm.example",
	    "./DMAcc/dm.example/AppAuth/1/AAuthData", "b64", NULL, span_str("bmV3")), 200);
	dm_account_keep_nonce(t, &a.server, span_str("theirs"));
	dm_account_done(&a);
	assert_int_equal(dm_account_find(t, "dm.example", &a, NULL), OK);
	assert_true(span_eq_str(span_of(a.device.nonce.p, a.device.nonce.n), "new"));
	assert_true(span_eq_str(span_of(a.server.nonce.p, a.server.nonce.n), "theirs"));
	dm_account_done(&a);
	assert_int_equal(dm_account_find(t, "dm.example.org", &a, NULL), ERR_NOT_FOUND);
	assert_int_equal(dm_account_find(t, "", &a, NULL), ERR_NOT_FOUND);
	dm_tree_destroy(&t);
}

static void
test_again_and_away(void **state)
{
	static const char other[] = "<parm name=\"ADDR\" value=\"http://127.0.0.1/x\"/>";
	struct dm_tree *t = dm_tree_create();
	struct dm_accounts start;
	struct dm_account a;
	bool changed;

	assert_int_equal(install_one(&t, "dm.example", ADDRESS, LOGINS, NULL), OK);
	assert_int_equal(install_one(&t, "dm.example", other, "", NULL), OK);
	assert_null(dm_tree_child(t, "./DMAcc", 1));
	assert_int_equal(dm_account_find(t, "dm.example", &a, NULL), OK);
	assert_string_equal(a.url, "http://127.0.0.1/x");
	assert_false(a.device.has || a.server.has);
	dm_account_done(&a);
	/* names that are none for a node */
	assert_int_equal(install_one(&t, "dm/ex?1", other, "", NULL), OK);
	assert_int_equal(dm_account_find(t, "dm/ex?1", &a, NULL), OK);
	dm_account_done(&a);
	assert_int_equal(install(&t, "<nocharacteristic type=\"APPLICATION\"/>", &start, &changed, NULL), OK);
	assert_false(changed);
	assert_int_equal(install(&t,
	    "<characteristic type=\"NAPDEF\"><parm name=\"NAPID\" value=\"w7\"/></characteristic>", &start,
	    &changed, NULL), OK);
	assert_false(changed);
	dm_tree_destroy(&t);
}

static void
test_init(void **state)
{
	struct sbuf xml = { 0 };
	struct dm_accounts start;
	struct dm_tree *t = dm_tree_create();
	bool changed;

	application(&xml, "one", "<parm name=\"INIT\"/>");
	application(&xml, "two", "<parm name=\"INIT\" value=\"0\"/>");
	application(&xml, "three", "<parm name=\"INIT\" value=\"1\"/>");
	application(&xml, "four", "");
	assert_int_equal(install(&t, xml.s, &start, &changed, NULL), OK);
	assert_true(changed);
	assert_int_equal(start.n, 2);
	assert_string_equal(start.ids[0], "one");
	assert_string_equal(start.ids[1], "three");
	sbuf_done(&xml);
	dm_tree_destroy(&t);
}

static void
test_addresses(void **state)
{
	static const struct { const char *addr, *port, *url; } rows[] = {
		{ "https://h/p",        NULL,    "https://h/p" },
		{ "https://h:1/p",      NULL,    "https://h:1/p" },
		{ "https://h:1/p?a:2",  "443",   "https://h:443/p?a:2" },
		{ "https://h?x",        "443",   "https://h:443?x" },
		{ "https://[::1]/p",    "99",    "https://[::1]:99/p" },
		{ "https://[::1]:5/p",  "99",    "https://[::1]:99/p" },
		{ "https://h",          "1",     "https://h:1" },
		{ "https://h/p",        "0",     NULL },
		{ "https://h/p",        "65536", NULL },
		{ "https://h/p",        "x",     NULL },
		{ "h/p",                NULL,    NULL },
		{ "",                   NULL,    NULL },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct dm_tree *t = dm_tree_create();
		struct dm_account a;
		int err;

		dm_tree_set(t, "./DMAcc/x/ServerID", "", span_str("s"), NULL);
		dm_tree_set(t, "./DMAcc/x/AppAddr/a/Addr", "", span_str(rows[i].addr), NULL);
		if (rows[i].port != NULL)
			dm_tree_set(t, "./DMAcc/x/AppAddr/a/Port/b/PortNbr", "",
			    span_str(rows[i].port), NULL);
		err = dm_account_find(t, "s", &a, NULL);
		if (err != (rows[i].url ? OK : ERR_SYNTAX) ||
		    strcmp(a.url, rows[i].url ? rows[i].url : "") != 0)
			fail_msg("row %zu: %d %s", i, err, a.url);
		dm_account_done(&a);
		dm_tree_destroy(&t);
	}
}

static void
test_schemes(void **state)
{
	static const struct { const char *type; bool nonce; enum dm_auth auth; } rows[] = {
		{ "BASIC", false, DM_AUTH_BASIC }, { "DIGEST", true, DM_AUTH_MD5 }, { "digest", true, DM_AUTH_MD5 },
		{ "DIGEST-SHA256", true, DM_AUTH_SHA256 }, { "HMAC", true, DM_AUTH_HMAC_MD5 },
		{ "HMAC", false, DM_AUTH_HMAC_SHA256 }, { "HMAC-SHA256", true, DM_AUTH_HMAC_SHA256 },
		{ "HMAC-MD5", false, DM_AUTH_HMAC_MD5 }, { "X509, BASIC,DIGEST", true, DM_AUTH_BASIC },
		{ "X509", true, DM_AUTH_MD5 }, { "", true, DM_AUTH_MD5 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct dm_tree *t = dm_tree_create();
		struct dm_account a;

		dm_tree_set(t, "./DMAcc/x/ServerID", "", span_str("s"), NULL);
		dm_tree_set(t, "./DMAcc/x/AppAddr/a/Addr", "", span_str("https://h/"), NULL);
		dm_tree_set(t, "./DMAcc/x/AppAuth/1/AAuthLevel", "", span_str("CLCRED"), NULL);
		dm_tree_set(t, "./DMAcc/x/AppAuth/1/AAuthType", "", span_str(rows[i].type), NULL);
		if (rows[i].nonce)
			dm_tree_set(t, "./DMAcc/x/AppAuth/1/AAuthData", "bin", span_str("n"), NULL);
		assert_int_equal(dm_account_find(t, "s", &a, NULL), OK);
		if (a.device.auth != rows[i].auth)
			fail_msg("row %zu: %d", i, a.device.auth);
		dm_account_done(&a);
		dm_tree_destroy(&t);
	}
}

/* What cannot become an account leaves the tree as it was, and no secret in the reason. */
static void
test_refused(void **state)
{
	static char longest[300];
	struct dm_tree *t = dm_tree_create();
	struct sbuf middle = { 0 };
	struct why why = { 0 };
	json_t *before, *after;
	char id[16];
	int i;

	assert_int_equal(install_one(&t, "dm.example", ADDRESS, LOGINS, NULL), OK);
	before = dm_tree_json(t);
	assert_int_equal(install_one(&t, "a+*", ADDRESS, LOGINS, &why), ERR_SYNTAX);
	assert_int_equal(install_one(&t, "x&amp;Add=*", ADDRESS, LOGINS, &why), ERR_SYNTAX);
	assert_int_equal(install_one(&t, "*", ADDRESS, LOGINS, &why), ERR_SYNTAX);
	assert_int_equal(install_one(&t, "a b", ADDRESS, LOGINS, &why), ERR_SYNTAX);
	assert_int_equal(install_one(&t, "", ADDRESS, LOGINS, &why), ERR_SYNTAX);
	memset(longest, 's', sizeof longest - 1);
	sbuf_fmt(&middle, "<characteristic type=\"APPAUTH\"><parm name=\"AAUTHLEVEL\" value=\"APPSRV\"/>"
	    "<parm name=\"AAUTHSECRET\" value=\"%s\"/></characteristic>", longest);
	assert_int_equal(install_one(&t, "dm.example", middle.s, "", &why), ERR_LIMIT);
	assert_null(strstr(why.text, "sss"));
	sbuf_clear(&middle);
	sbuf_fmt(&middle, "<characteristic type=\"APPAUTH\"><parm name=\"AAUTHLEVEL\" value=\"CLIENT\"/>"
	    "<parm name=\"AAUTHDATA\" value=\"%.260s\"/></characteristic>", longest);
	assert_int_equal(install_one(&t, "dm.example", middle.s, "", &why), ERR_LIMIT);
	after = dm_tree_json(t);
	assert_true(json_equal(before, after));
	json_decref(before);
	json_decref(after);
	for (i = 1; i < DM_ACCOUNTS; i++) {
		snprintf(id, sizeof id, "s%d", i);
		assert_int_equal(install_one(&t, id, ADDRESS, "", NULL), OK);
	}
	assert_int_equal(install_one(&t, "one.more", ADDRESS, "", &why), ERR_LIMIT);
	assert_int_equal(install_one(&t, "s1", ADDRESS, LOGINS, &why), OK);
	sbuf_done(&middle);
	dm_tree_destroy(&t);
}

static void
test_claim(void **state)
{
	struct dm_tree *t = dm_tree_create();
	struct dm_value v;

	assert_int_equal(dm_tree_add(t, NULL, "./DMAcc/x/ServerID", "chr", NULL,
	    span_str("dm.example")), 200);
	assert_int_equal(dm_account_claim(t, NULL), OK);
	assert_int_equal(dm_tree_get(t, "dm.example", "./DMAcc/x?prop=ACL", &v), 200);
	assert_true(span_eq_str(sbuf_as_span(&v.data),
	    "Delete=dm.example&Get=dm.example&Replace=dm.example"));
	dm_value_done(&v);
	/* a list that the bootstrap gave stays */
	assert_int_equal(dm_tree_set_acl(t, "./DMAcc/x", "Get=*", NULL), OK);
	assert_int_equal(dm_account_claim(t, NULL), OK);
	assert_int_equal(dm_tree_replace(t, "dm.example", "./DMAcc/x/ServerID", "chr", NULL,
	    span_str("y")), 425);
	assert_int_equal(dm_tree_add(t, NULL, "./DMAcc/y/ServerID", "chr", NULL, span_str("a+*")), 200);
	assert_int_equal(dm_account_claim(t, NULL), ERR_SYNTAX);
	dm_tree_drop(t, "./DMAcc/y");
	assert_int_equal(dm_tree_add(t, NULL, "./DMAcc/z/Name", "chr", NULL, span_str("a")), 200);
	assert_int_equal(dm_account_claim(t, NULL), ERR_SYNTAX);
	dm_tree_destroy(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_again_and_away),
		cmocka_unit_test(test_init),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_schemes),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_claim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
