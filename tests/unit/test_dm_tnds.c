/* test_dm_tnds.c - serialised management objects become nodes. */
#include "tests/unit/test.h"

#include "router/dm_account.h"
#include "router/dm_tnds.h"

#define LEAF(name, format, value) "<Node><NodeName>" name "</NodeName><RTProperties><Format><" format "/></Format>" \
    "<Type><MIME>text/plain</MIME></Type></RTProperties><Value>" value "</Value></Node>"
#define INNER(name, inner) "<Node><NodeName>" name "</NodeName>" inner "</Node>"
#define TREE(inner) "<?xml version=\"1.0\"?><MgmtTree xmlns=\"syncml:dmddf1.2\"><VerDTD>1.2</VerDTD>" inner "</MgmtTree>"
#define TYPE(ddf) "<RTProperties><Format><node/></Format><Type><DDFName>" ddf "</DDFName></Type></RTProperties>"

static const char account[] =
    TREE("<Node><NodeName>acc</NodeName>" TYPE("org.openmobilealliance/1.0/w7")
    LEAF("AppID", "chr", "w7") LEAF("ServerID", "chr", "dm.example")
    INNER("AppAddr", INNER("1", LEAF("Addr", "chr", "https://dm.example/?a=1&amp;b=2")))
    INNER("AppAuth", INNER("1", LEAF("AAuthLevel", "chr", "SRVCRED") LEAF("AAuthSecret", "chr", " pw ")
    LEAF("AAuthData", "b64", "bm9uY2U="))) "</Node>");

static void
test_account(void **state)
{
	struct dm_tree *t = dm_tree_create();
	struct dm_account a;
	struct dm_value v;
	size_t cut;

	assert_int_equal(dm_tnds_apply(t, span_str(account), NULL), OK);
	assert_int_equal(dm_account_claim(t, NULL), OK);
	assert_int_equal(dm_account_find(t, "dm.example", &a, NULL), OK);
	assert_string_equal(a.node, "./DMAcc/acc");
	assert_string_equal(a.url, "https://dm.example/?a=1&b=2");
	assert_string_equal(a.server.password, " pw ");
	assert_true(span_eq_str(span_of(a.server.nonce.p, a.server.nonce.n), "nonce"));
	dm_account_done(&a);
	assert_int_equal(dm_tree_get(t, "dm.example", "./DMAcc/acc/ServerID", &v), 200);
	assert_string_equal(v.type, "text/plain");
	dm_value_done(&v);
	/* once more: the same values */
	assert_int_equal(dm_tnds_apply(t, span_str(account), NULL), OK);
	dm_tree_destroy(&t);
	for (cut = 0; cut < sizeof account - 1; cut++) {
		struct why why = { 0 };

		t = dm_tree_create();
		if (dm_tnds_apply(t, span_of(account, cut), &why) == OK || why.text[0] == '\0')
			fail_msg("%zu octets were taken", cut);
		dm_tree_destroy(&t);
	}
}

static void
test_paths(void **state)
{
	static const char doc[] =
	    TREE("<Node><NodeName>a</NodeName><Path>./Vendor/Example</Path><RTProperties><ACL>Get=*&amp;Replace=s</ACL>"
	    "</RTProperties>" LEAF("x", "int", "5") LEAF("y", "chr", "<![CDATA[<z/>]]>") "</Node>"
	    "<Node><NodeName>b</NodeName><Path>./Vendor</Path><RTProperties><Format><node/></Format></RTProperties></Node>");
	struct dm_tree *t = dm_tree_create();
	struct span value;

	assert_int_equal(dm_tnds_apply(t, span_str(doc), NULL), OK);
	assert_true(dm_tree_value(t, "./Vendor/Example/a/x", &value) && span_eq_str(value, "5"));
	assert_true(dm_tree_value(t, "./Vendor/Example/a/y", &value) && span_eq_str(value, "<z/>"));
	assert_string_equal(dm_tree_child(t, "./Vendor", 1), "b");
	assert_int_equal(dm_tree_replace(t, "s", "./Vendor/Example/a/x", "int", NULL, span_str("6")), 200);
	assert_int_equal(dm_tree_replace(t, "other", "./Vendor/Example/a/x", "int", NULL,
	    span_str("7")), 425);
	dm_tree_destroy(&t);
}

static void
test_refused(void **state)
{
	static const char *const rows[] = {
		"", "<a/>", TREE(INNER("x", "")), TREE("<Node><Path>./V</Path></Node>"),
		TREE("<Node><NodeName>a/b</NodeName><Path>./V</Path></Node>"),
		    TREE("<Node><NodeName>..</NodeName><Path>./V</Path></Node>"),
		TREE("<Node><NodeName>a</NodeName>" TYPE("com.example/1.0/other") "</Node>"),
		TREE("<Node><NodeName>Man</NodeName><Path>./DevInfo</Path>" LEAF("x", "chr", "") "</Node>"),
		TREE("<Node><NodeName>a</NodeName><Path>./V</Path><RTProperties><Format><nonsense/></Format></RTProperties></Node>"),
		TREE("<Node><NodeName>a</NodeName><Path>./V</Path><RTProperties><Format><what/></Format></RTProperties></Node>"),
		TREE("<Node><NodeName>a</NodeName><Path>./V</Path><RTProperties><ACL>what</ACL></RTProperties></Node>"),
		TREE("<Node><NodeName>a</NodeName><Path>./V</Path>" LEAF("x", "b64", "*") "</Node>"),
		TREE("<Node><NodeName>1</NodeName><Path>./V</Path>" INNER("2",
		    INNER("3", INNER("4", INNER("5", INNER("6", INNER("7", INNER("8",
		    INNER("9", INNER("10",
		    INNER("11", INNER("12", INNER("13", INNER("14", ""))))))))))))) "</Node>"),
		"<!DOCTYPE MgmtTree [<!ENTITY a \"b\">]>" TREE(""),
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct dm_tree *t = dm_tree_create();
		struct why why = { 0 };

		if (dm_tnds_apply(t, span_str(rows[i]), &why) == OK || why.text[0] == '\0')
			fail_msg("row %zu was taken", i);
		dm_tree_destroy(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_account),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
