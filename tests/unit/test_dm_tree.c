/*
 * test_dm_tree.c - the management tree of a handset: commands, rights, limits, and that it
 * comes back from JSON.
 */
#include "tests/unit/test.h"

#include "router/dm_tree.h"

static const char S[] = "dm.example", OTHER[] = "dm.other.example";
static const char ACCOUNT[] = "Delete=dm.example&Get=dm.example&Replace=dm.example";

/* A tree with an account of S and a folder where everybody may add. */
static struct dm_tree *
a_tree(void)
{
	struct dm_tree *t = dm_tree_create();

	assert_int_equal(dm_tree_set(t, "./DMAcc/one/Name", "", span_str("One"), NULL), OK);
	assert_int_equal(dm_tree_set(t, "./DMAcc/one/AppAuth/1/AAuthSecret", "", span_str("hush"), NULL), OK);
	assert_int_equal(dm_tree_set_acl(t, "./DMAcc/one", ACCOUNT, NULL), OK);
	assert_int_equal(dm_tree_set(t, "./Open/x", "int", span_str("1"), NULL), OK);
	assert_int_equal(dm_tree_set_acl(t, "./Open", "Add=*&Get=*", NULL), OK);
	return t;
}

/* ---- Get --------------------------------------------------------------------------------- */

static void
test_get(void **state)
{
	static const struct { const char *server, *uri; unsigned status; const char *data,
	    *format; } rows[] = {
		{ S,     "./DevInfo/DmV",             200, "1.2", "chr" },
		{ OTHER, "./DevInfo/DmV",             200, "1.2", "chr" },
		{ S,     "./DevInfo",                 200, "DevId/Man/Mod/DmV/Lang", "node" },
		{ S,     ".",                         200, "DevInfo/DevDetail/DMAcc/Inbox/Open", "node" },
		{ S,     "./Inbox",                   200, "", "node" },
		{ S,     "./Open/x",                  200, "1", "int" },
		{ S,     "./DMAcc/one/Name",          200, "One", "chr" },
		{ OTHER, "./DMAcc/one/Name",          425, "", "" },
		{ OTHER, "./DMAcc/one",               425, "", "" },
		{ S,     "./DMAcc/one/AppAuth/1",     200, "AAuthSecret", "node" },
		{ S,     "./DMAcc/one/AppAuth/1/AAuthSecret", 405, "", "" },
		{ NULL,  "./DMAcc/one/AppAuth/1/AAuthSecret", 405, "", "" },
		{ OTHER, "./DMAcc/one/AppAuth/1/AAuthSecret", 425, "", "" },
		{ S,     "./DMAcc/one?prop=ACL",      200, "Delete=dm.example&Get=dm.example&Replace=dm.example", "chr" },
		{ S,     "./DMAcc/one/Name?prop=ACL", 200, "", "chr" },
		{ S,     ".?prop=ACL",                200, "Get=*", "chr" },
		{ S,     "./Open/x?prop=Format",      200, "int", "chr" },
		{ S,     "./Open/x?prop=Name",        200, "x", "chr" },
		{ S,     "./Open/x?prop=Size",        200, "1", "chr" },
		{ S,     "./Open/x?prop=Type",        200, "", "chr" },
		{ S,     "./Open?prop=Size",          406, "", "" },
		{ S,     "./DMAcc/one/AppAuth/1/AAuthSecret?prop=Size", 406, "", "" },
		{ S,     "./Open/x?prop=TStamp",      406, "", "" },
		{ S,     "./Open?list=Struct",        406, "", "" },
		{ S,     "./Open?list=StructData",    406, "", "" },
		{ S,     "./DevInfo/Nothing",         404, "", "" },
		{ S,     "./DevInfo/DmV/x",           404, "", "" },
		{ S,     "DevInfo",                   404, "", "" },
		{ S,     "/DevInfo",                  404, "", "" },
		{ S,     "./",                        404, "", "" },
		{ S,     "./DevInfo/",                404, "", "" },
		{ S,     ".//DevInfo",                404, "", "" },
		{ S,     "./DevInfo/../DMAcc",        404, "", "" },
		{ S,     "./DevInfo/./DmV",           404, "", "" },
		{ S,     "",                          404, "", "" },
		{ S,     NULL,                        404, "", "" },
		{ S,     "./1/2/3/4/5/6/7/8/9/a/b/c", 404, "", "" },
		{ S,     "./1/2/3/4/5/6/7/8/9/a/b/c/d", 414, "", "" },
	};
	struct dm_tree *t = a_tree();
	struct dm_value v;
	char longest[DM_TREE_URI + 2];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		unsigned status = dm_tree_get(t, rows[i].server, rows[i].uri, &v);

		if (status != rows[i].status)
			fail_msg("row %zu: status %u", i, status);
		if (!span_eq_str(sbuf_as_span(&v.data), rows[i].data) ||
		    strcmp(v.format, rows[i].format) != 0)
			fail_msg("row %zu: %s %s", i, v.format, v.data.s);
		dm_value_done(&v);
	}
	memset(longest, 'a', sizeof longest);
	longest[0] = '.';
	longest[1] = '/';
	longest[DM_TREE_URI] = '\0';
	assert_int_equal(dm_tree_get(t, S, longest, &v), 404);
	longest[DM_TREE_URI] = 'a';
	longest[DM_TREE_URI + 1] = '\0';
	assert_int_equal(dm_tree_get(t, S, longest, &v), 414);
	dm_tree_destroy(&t);
}

/* ---- commands that change ---------------------------------------------------------------- */

enum verb { ADD, REPLACE, DELETE, EXEC };

struct row {
	enum verb verb;
	const char *server, *uri, *format, *data;
	unsigned status;
};

static unsigned
run(struct dm_tree *t, const struct row *r)
{
	struct span data = r->data ? span_str(r->data) : (struct span){ 0 };

	switch (r->verb) {
	case ADD:
		return dm_tree_add(t, r->server, r->uri, r->format, NULL, data);
	case REPLACE:
		return dm_tree_replace(t, r->server, r->uri, r->format, NULL, data);
	case DELETE:
		return dm_tree_delete(t, r->server, r->uri);
	case EXEC:
		return dm_tree_exec(t, r->server, r->uri);
	}
	return 0;
}

static void
run_all(struct dm_tree *t, const struct row *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned status = run(t, &rows[i]);

		if (status != rows[i].status)
			fail_msg("row %zu, %s: status %u, not %u", i, rows[i].uri, status, rows[i].status);
	}
}

static void
value_is(const struct dm_tree *t, const char *uri, const char *expected)
{
	struct span value;
	bool there = dm_tree_value(t, uri, &value);

	if (there != (expected != NULL) || (there && !span_eq_str(value, expected)))
		fail_msg("%s is %.*s", uri, (int)value.n, (const char *)value.p);
}

static void
test_commands(void **state)
{
	static const struct row rows[] = {
		{ REPLACE, S,     "./DMAcc/one/Name",     "chr",  "New",  200 },
		{ REPLACE, OTHER, "./DMAcc/one/Name",     "chr",  "Evil", 425 },
		{ REPLACE, S,     "./DMAcc/one/AppAuth/1/AAuthSecret", "", "psst", 200 },
		{ REPLACE, S,     "./DMAcc/one/Nothing",  "chr",  "x",    404 },
		{ REPLACE, S,     "./DMAcc/one/AppAuth",  "chr",  "x",    405 },
		{ REPLACE, S,     "./DMAcc/one/Name",     "node", "",     405 },
		{ REPLACE, S,     "./DMAcc/one/Name",     "what", "x",    415 },
		{ REPLACE, S,     "./DMAcc/one/Name",     "b64",  "no*",  415 },
		{ REPLACE, S,     "./DevInfo/Man",        "chr",  "x",    425 },
		{ REPLACE, NULL,  "./DevInfo/Man",        "chr",  "x",    405 },
		{ REPLACE, S,     "./Open/x",             "int",  "2",    425 },
		{ ADD,     S,     "./DMAcc/one/More",     "chr",  "x",    425 },
		{ ADD,     S,     "./Open/y",             "chr",  "y",    200 },
		{ ADD,     S,     "./Open/y",             "chr",  "z",    418 },
		{ ADD,     S,     "./Open/x/z",           "chr",  "z",    405 },
		{ ADD,     S,     "./Open/no/z",          "chr",  "z",    404 },
		{ ADD,     S,     "./Open/z?prop=ACL",    "chr",  "z",    405 },
		{ ADD,     S,     ".",                    "node", NULL,   418 },
		{ ADD,     S,     "./New",                "node", NULL,   425 },
		{ ADD,     S,     "./DevInfo/Ext",        "node", NULL,   425 },
		/* no right to replace in ./Open: the folder gets a list for its maker */
		{ ADD,     S,     "./Open/mine",          "node", NULL,   200 },
		{ ADD,     S,     "./Open/mine/a",        "bool", "true", 200 },
		{ ADD,     OTHER, "./Open/mine/b",        "chr",  "b",    425 },
		{ REPLACE, S,     "./Open/mine/a",        NULL,   "false", 200 },
		{ DELETE,  OTHER, "./Open/mine",          NULL,   NULL,   425 },
		{ EXEC,    S,     "./Open/mine",          NULL,   NULL,   425 },
		{ EXEC,    NULL,  "./Open/mine",          NULL,   NULL,   405 },
		{ EXEC,    S,     "./Open/nothing",       NULL,   NULL,   404 },
		{ DELETE,  S,     "./Open/mine",          NULL,   NULL,   200 },
		{ DELETE,  S,     "./Open/mine",          NULL,   NULL,   404 },
		{ DELETE,  S,     "./Open/y",             NULL,   NULL,   425 },
		{ DELETE,  NULL,  "./DevInfo",            NULL,   NULL,   405 },
		{ DELETE,  NULL,  ".",                    NULL,   NULL,   405 },
		{ DELETE,  S,     "./DMAcc/one?prop=ACL", NULL,   NULL,   405 },
	};
	struct dm_tree *t = a_tree();

	run_all(t, rows, sizeof rows / sizeof rows[0]);
	value_is(t, "./DMAcc/one/Name", "New");
	value_is(t, "./DMAcc/one/AppAuth/1/AAuthSecret", "psst");
	value_is(t, "./DevInfo/Man", "OpenPPG");
	value_is(t, "./Open/x", "1");
	value_is(t, "./Open/mine/a", NULL);
	dm_tree_destroy(&t);
}

/* Who may change lists: of a leaf those who may replace its parent. */
static void
test_lists(void **state)
{
	static const struct row rows[] = {
		{ REPLACE, OTHER, "./DMAcc/one?prop=ACL",      "chr", "Get=*", 425 },
		{ REPLACE, S,     "./DMAcc/one?prop=ACL",      "chr", "Add=dm.example&Delete=dm.example&Get=*&Replace=dm.example", 200 },
		{ ADD,     S,     "./DMAcc/one/More",          "chr", "x",     200 },
		{ REPLACE, S,     "./DMAcc/one/More?prop=ACL", "chr", "Replace=*", 200 },
		{ REPLACE, OTHER, "./DMAcc/one/More",          "chr", "theirs", 200 },
		{ REPLACE, OTHER, "./DMAcc/one/More?prop=ACL", "chr", "Get=*", 425 },
		{ DELETE,  OTHER, "./DMAcc/one/More",          NULL,  NULL,    425 },
		/* the whole list counts: no Delete in it, none is inherited */
		{ DELETE,  S,     "./DMAcc/one/More",          NULL,  NULL,    425 },
		{ REPLACE, S,     "./DMAcc/one/More?prop=ACL", "chr", "Get=dm", 200 },
		{ REPLACE, S,     "./DMAcc/one/More",          "chr", "mine",  425 },
		{ REPLACE, S,     "./DMAcc/one/More?prop=ACL", "chr", "",      200 },
		{ REPLACE, S,     "./DMAcc/one/More",          "chr", "mine",  200 },
		{ REPLACE, S,     "./DMAcc/one?prop=ACL",      "chr", "nonsense", 500 },
		{ REPLACE, S,     "./DMAcc/one?prop=Name",     "chr", "two",   406 },
		{ REPLACE, S,     ".?prop=ACL",                "chr", "Get=*&Replace=*", 425 },
		{ REPLACE, NULL,  ".?prop=ACL",                "chr", "",      500 },
		{ REPLACE, S,     "./DMAcc/none?prop=ACL",     "chr", "Get=*", 404 },
		{ REPLACE, NULL,  "./DMAcc/none?prop=ACL",     "chr", "Get=*", 404 },
		{ DELETE,  S,     "./DMAcc/one",               NULL,  NULL,    200 },
	};
	struct dm_tree *t = a_tree();

	run_all(t, rows, sizeof rows / sizeof rows[0]);
	assert_null(dm_tree_child(t, "./DMAcc", 0));
	dm_tree_destroy(&t);
}

/* A bootstrap is bound by no list, makes what is missing above, and may replace what is not there. */
static void
test_bootstrap(void **state)
{
	static const struct row rows[] = {
		{ ADD,     NULL, "./DMAcc/two/AppAddr/1/Addr", "chr", "https://dm.example/", 200 },
		{ ADD,     NULL, "./DMAcc/two/AppAddr/1",      "node", NULL, 418 },
		{ REPLACE, NULL, "./DMAcc/two/Name",           "chr", "Two", 200 },
		{ REPLACE, NULL, "./DMAcc/one/Name",           "chr", "1",   200 },
		{ DELETE,  NULL, "./DMAcc/one",                NULL,  NULL,  200 },
		{ ADD,     NULL, "./DevInfo/Man/x",            "chr", "x",   500 },
	};
	struct dm_tree *t = a_tree();

	run_all(t, rows, sizeof rows / sizeof rows[0]);
	value_is(t, "./DMAcc/two/AppAddr/1/Addr", "https://dm.example/");
	dm_tree_destroy(&t);
}

/* ---- limits ------------------------------------------------------------------------------ */

static void
test_limits(void **state)
{
	static char octets[DM_TREE_VALUE * 2 + 2];
	struct dm_tree *t = dm_tree_create();
	char uri[64];
	unsigned status = 200;
	size_t i;

	memset(octets, 'x', sizeof octets);
	assert_int_equal(dm_tree_add(t, NULL, "./a", "chr", NULL, span_of(octets, DM_TREE_VALUE)), 200);
	assert_int_equal(dm_tree_replace(t, NULL, "./a", "chr", NULL,
	    span_of(octets, DM_TREE_VALUE + 1)), 413);
	assert_int_equal(dm_tree_replace(t, NULL, "./a", "b64", NULL, span_of(octets, sizeof octets)), 413);
	assert_int_equal(dm_tree_add(t, NULL, "./b", "chr", NULL, span_of(octets, DM_TREE_VALUE + 1)), 413);
	assert_int_equal(dm_tree_get(t, NULL, "./b", &(struct dm_value){ .format = "" }), 404);
	for (i = 0; i < 10 && status == 200; i++) {
		snprintf(uri, sizeof uri, "./c%zu", i);
		status = dm_tree_add(t, NULL, uri, "chr", NULL, span_of(octets, DM_TREE_VALUE));
	}
	assert_int_equal(status, 420);
	assert_true(i >= 3 && i <= 4);
	/* the same room again and again */
	for (i = 0; i < 20; i++)
		assert_int_equal(dm_tree_replace(t, NULL, "./a", "chr", NULL,
		    span_of(octets, DM_TREE_VALUE - i)), 200);
	dm_tree_destroy(&t);

	t = dm_tree_create();
	for (i = 0, status = 200; i <= DM_TREE_NODES && status == 200; i++) {
		snprintf(uri, sizeof uri, "./n%zu", i);
		status = dm_tree_add(t, NULL, uri, "node", NULL, (struct span){ 0 });
	}
	assert_int_equal(status, 420);
	assert_true(i > DM_TREE_NODES - 30 && i < DM_TREE_NODES);
	dm_tree_delete(t, NULL, "./n0");
	assert_int_equal(dm_tree_add(t, NULL, "./again", "node", NULL, (struct span){ 0 }), 200);
	assert_int_equal(dm_tree_set(t, "./one/more", "", span_str("x"), NULL), ERR_LIMIT);
	dm_tree_destroy(&t);
}

/* ---- kept -------------------------------------------------------------------------------- */

static void
test_json(void **state)
{
	struct dm_tree *t = a_tree(), *again = dm_tree_create(), *copy;
	struct dm_value v;
	json_t *obj, *back;

	assert_int_equal(dm_tree_replace(t, NULL, "./DMAcc/one/AppAuth/1/AAuthData", "b64", "",
	    span_str("AAEC/w==")), 200);
	assert_int_equal(dm_tree_add(t, NULL, "./Open/t", "xml", "text/xml", span_str("<a/>")), 200);
	assert_int_equal(dm_tree_set_acl(t, ".", "Add=*&Get=*", NULL), OK);
	assert_int_equal(dm_tree_set_acl(t, "./DevInfo/Lang", "Replace=*", NULL), OK);
	obj = dm_tree_json(t);
	assert_string_equal(json_text(json_object_get(obj, "./DMAcc/one/AppAuth/1/AAuthData"),
	    "base64"), "AAEC/w==");
	assert_null(json_object_get(obj, "./DevInfo/Man"));
	assert_int_equal(dm_tree_read(again, obj, NULL), OK);
	back = dm_tree_json(again);
	assert_true(json_equal(obj, back));
	assert_int_equal(dm_tree_get(again, S, "./Open/t", &v), 200);
	assert_string_equal(v.type, "text/xml");
	assert_string_equal(v.format, "xml");
	dm_value_done(&v);
	json_decref(back);

	copy = dm_tree_dup(again);
	back = dm_tree_json(copy);
	assert_true(json_equal(obj, back));
	assert_int_equal(dm_tree_delete(copy, NULL, "./Open"), 200);
	value_is(again, "./Open/x", "1");
	json_decref(back);
	json_decref(obj);
	dm_tree_destroy(&copy);
	dm_tree_destroy(&again);
	dm_tree_destroy(&t);

	t = dm_tree_create();
	obj = dm_tree_json(t);
	assert_int_equal(json_object_size(obj), 0);
	json_decref(obj);
	dm_tree_destroy(&t);
}

/* What is kept elsewhere is not kept with the tree; a list of its own above it is. */
static void
test_shown(void **state)
{
	struct dm_tree *t = dm_tree_create();
	struct dm_value v;
	json_t *kept;

	assert_int_equal(dm_tree_set(t, "./Vendor/own", "", span_str("1"), NULL), OK);
	assert_int_equal(dm_tree_set_acl(t, "./Vendor", "Add=*&Get=*", NULL), OK);
	dm_tree_show(t, "./Vendor/Maker/Policy/1", "int", "7", "Get=*&Replace=*");
	dm_tree_show(t, "./Vendor/Maker/Policy/2", "int", "8", "Get=*&Replace=*");
	assert_int_equal(dm_tree_replace(t, S, "./Vendor/Maker/Policy/1", "int", NULL, span_str("9")), 200);
	assert_int_equal(dm_tree_delete(t, NULL, "./Vendor/Maker/Policy/1"), 405);
	assert_int_equal(dm_tree_delete(t, NULL, "./Vendor"), 405);
	assert_int_equal(dm_tree_add(t, S, "./Vendor/Maker/Policy/3", "int", NULL, span_str("1")), 425);
	assert_int_equal(dm_tree_get(t, S, "./Vendor/Maker/Policy", &v), 200);
	assert_string_equal(v.data.s, "1/2");
	dm_value_done(&v);
	kept = dm_tree_json(t);
	assert_int_equal(json_object_size(kept), 2);
	assert_non_null(json_object_get(kept, "./Vendor"));
	assert_non_null(json_object_get(kept, "./Vendor/own"));
	json_decref(kept);
	dm_tree_destroy(&t);
}

static void
test_json_refused(void **state)
{
	static const char *const rows[] = {
		"[]", "{\"./a\":1}", "{\"./a\":{}}", "{\"a\":{\"value\":\"x\"}}", "{\"./a\":{\"value\":1}}",
		"{\"./a\":{\"base64\":\"*\"}}", "{\"./a\":{\"value\":\"x\",\"acl\":\"Nonsense\"}}", "{\".\":{\"acl\":\"\"}}",
		"{\"./DevInfo/Man\":{\"value\":\"x\"}}", "{\"./a\":{\"value\":\"x\",\"format\":\"what\"}}",
		"{\"./DevInfo\":{\"value\":\"x\"}}", "{\"./a\":{\"value\":\"x\"},\"./a/b\":{\"value\":\"x\"}}",
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		json_t *obj = json_read(span_str(rows[i]), NULL);
		struct dm_tree *t = dm_tree_create();
		struct why why = { 0 };

		if (dm_tree_read(t, obj, &why) == OK || why.text[0] == '\0')
			fail_msg("row %zu was taken", i);
		json_decref(obj);
		dm_tree_destroy(&t);
	}
}

static void
test_info(void **state)
{
	json_t *good = json_pack("{s:s,s:s}", "DevId", "IMEI:004999010640000", "SwV", "2.0");
	json_t *bad = json_pack("{s:s}", "Serial", "1"), *kept;
	struct dm_tree *t = dm_tree_create();

	assert_int_equal(dm_tree_set_info(t, good, NULL), OK);
	assert_int_equal(dm_tree_set_info(t, NULL, NULL), OK);
	assert_int_equal(dm_tree_set_info(t, bad, NULL), ERR_SYNTAX);
	value_is(t, "./DevInfo/DevId", "IMEI:004999010640000");
	value_is(t, "./DevDetail/SwV", "2.0");
	kept = dm_tree_json(t);
	assert_int_equal(json_object_size(kept), 0);
	json_decref(kept);
	json_decref(good);
	json_decref(bad);
	dm_tree_destroy(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_bootstrap),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_json_refused),
		cmocka_unit_test(test_info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
