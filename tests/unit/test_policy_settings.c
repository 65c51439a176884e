/* test_policy_settings.c - who may change which setting, and what a document leaves behind. */
#include "tests/unit/policy_fixture.h"

/* ---- settings ----------------------------------------------------------------------------- */

#define PARMS(...) (const struct policy_parm[]){ __VA_ARGS__ }, \
	COUNT(((const struct policy_parm[]){ __VA_ARGS__ }))
#define NO_PARMS NULL, 0

static void
settings_are_guarded(void **state)
{
	const struct {
		uint32_t mask;			/* what a local caller brings */
		struct policy_setting s;
		int code;
	} rows[] = {
		{ 16,  { "Clock", NO_PARMS, false }, 0 },
		{ 64,  { "Clock", NO_PARMS, false }, 15 },
		{ 64,  { "HomeScreen", NO_PARMS, false }, 0 },
		{ 8,   { "Whatever", NO_PARMS, false }, 0 },
		{ 4,   { "Whatever", NO_PARMS, false }, 15 },
		{ 4,   { "DevDetail", NO_PARMS, false }, 15 },
		{ 8,   { "DevDetail", NO_PARMS, false }, 0 },	/* nothing is closed to MANAGER */
		{ 4,   { "Deep/Open/Here", NO_PARMS, false }, 0 },
		{ 16,  { "Deep/Open/Here", NO_PARMS, false }, 15 },
		{ 16,  { "Deep/Else", NO_PARMS, false }, 0 },
		{ 4,   { "APPLICATION", NO_PARMS, false }, 0 },
		{ 4,   { "APPLICATION/APPADDR/PORT", NO_PARMS, false }, 0 },
		{ 4,   { "APPLICATIONS", NO_PARMS, false }, 15 },
		{ 4,   { "application", NO_PARMS, false }, 15 },
		{ 4,   { "APP", NO_PARMS, false }, 15 },
		{ 4,   { "", NO_PARMS, false }, 15 },
		{ 4,   { "Registry/HKLM\\Open\\Here", NO_PARMS, false }, 0 },
		{ 4,   { "Registry/HKLM\\Opened", NO_PARMS, false }, 15 },
		{ 4,   { "Registry/HKLM\\Open", NO_PARMS, true }, 0 },
		/* TRUST: 4121 is 140 without OPERATOR here */
		{ 4,   { "PXLOGICAL", PARMS({ "PROXY-ID", "new", false }), false }, 0 },
		{ 4,   { "PXLOGICAL", PARMS({ "TRUST", NULL, false }), false }, 16 },
		{ 4,   { "PXLOGICAL", PARMS({ "TRUST", "0", false }), false }, 16 },
		{ 4,   { "PXLOGICAL", PARMS({ "TRUST", NULL, true }), false }, 16 },
		{ 128, { "PXLOGICAL", PARMS({ "TRUST", NULL, false }), false }, 0 },
		{ 8,   { "PXLOGICAL", PARMS({ "TRUST", NULL, false }), false }, 0 },
		{ 4,   { "PXLOGICAL", PARMS({ "PROXY-ID", "P1", false }), false }, 16 },
		{ 4,   { "PXLOGICAL", PARMS({ "PROXY-ID", "P1", false }), true }, 16 },
		{ 4,   { "PXLOGICAL", PARMS({ "PROXY-ID", "P2", false }, { "PROXY-ID", "P1", false }), false }, 16 },
		{ 4,   { "PXLOGICAL", PARMS({ "PROXY-ID", "P2", false }), true }, 0 },
		{ 4,   { "PXLOGICAL", NO_PARMS, true }, 16 },
		{ 4,   { "PXLOGICAL", NO_PARMS, false }, 0 },
		{ 4,   { "PXLOGICAL/PXPHYSICAL", PARMS({ "TRUST", NULL, false }), false }, 0 },
		{ 16,  { "PXLOGICAL", PARMS({ "TRUST", NULL, false }), false }, 15 },
		/* ROLE of a DM account */
		{ 12,  { "APPLICATION", PARMS({ "APPID", "w7", false }, { "ROLE", "8", false }), false }, 0 },
		{ 12,  { "APPLICATION", PARMS({ "APPID", "w7", false }, { "ROLE", "12", false }), false }, 0 },
		{ 12,  { "APPLICATION", PARMS({ "APPID", "w7", false }, { "ROLE", "32", false }), false }, 20 },
		{ 4,   { "APPLICATION", PARMS({ "APPID", "w7", false }, { "ROLE", "8", false }), false }, 20 },
		{ 4,   { "APPLICATION", PARMS({ "ROLE", "8", false }, { "APPID", "w7", false }), false }, 20 },
		{ 4,   { "APPLICATION", PARMS({ "APPID", "w7", false }, { "ROLE", "0", false }), false }, 0 },
		{ 4,   { "APPLICATION", PARMS({ "APPID", "w7", false }, { "ROLE", "x", false }), false }, 20 },
		{ 4,   { "APPLICATION", PARMS({ "APPID", "w7", false }, { "ROLE", "-4", false }), false }, 20 },
		{ 4,   { "APPLICATION", PARMS({ "APPID", "w7", false }, { "ROLE", "4294967300", false }), false }, 20 },
		{ 4,   { "APPLICATION", PARMS({ "APPID", "w7", false }, { "ROLE", "4", false }, { "ROLE", "8", false }), false }, 20 },
		{ 4,   { "APPLICATION", PARMS({ "APPID", "w7", false }, { "ROLE", NULL, true }), false }, 0 },
		{ 4,   { "APPLICATION", PARMS({ "APPID", "w2", false }, { "ROLE", "8", false }), false }, 0 },
	};
	struct policy_device dev;
	struct policy_decision d;
	size_t i;

	fixture(&dev, "wm5");
	policy_set(&dev, 4119, 0, NULL);
	policy_set(&dev, 4120, 0, NULL);
	policy_set(&dev, 4121, 136, NULL);
	assert_int_equal(policy_set_access(&dev, "Registry/HKLM\\Open", 12, NULL), OK);
	assert_int_equal(policy_set_access(&dev, "Deep/Open", 12, NULL), OK);	/* narrow one first */
	assert_int_equal(policy_set_access(&dev, "Deep", 24, NULL), OK);
	for (i = 0; i < COUNT(rows); i++) {
		struct policy_source src = { .kind = SOURCE_DM, .account_mask = rows[i].mask,
			.settings = &rows[i].s, .n_settings = 1 };

		policy_decide_source(&dev, &src, &d);
		if (d.code != rows[i].code ||
		    strcmp(d.path, rows[i].code ? rows[i].s.path : "") != 0)
			fail_msg("row %zu: P%02d at %s", i, d.code, d.path);
		assert_int_equal(d.outcome, d.code ? OUTCOME_REJECT_DOC : OUTCOME_APPLY);
	}
}

/* Section 3.8: who is manager, by 4119; and 4119 and 4120 do not feed each other. */
static void
grant_manager(void **state)
{
	static const struct { uint32_t grant_manager, grant_user, mask, effective; } rows[] = {
		{ 0,    0,   16,  16 },
		{ 8,    0,   16,  16 },
		{ 8,    0,   8,   8 },
		{ 16,   0,   16,  24 },
		{ 16,   0,   4,   4 },
		{ 128,  0,   128, 136 },
		{ 128,  0,   16,  16 },
		{ 132,  0,   4,   12 },
		{ 160,  0,   32,  40 },
		{ 16,   32,  32,  48 },		/* becomes USER_AUTH, not manager by way of it */
		{ 32,   8,   32,  40 },		/* and not the other way round */
		{ 0,    16,  64,  64 },
		{ 2048, 0,   2048, 2056 },
	};
	struct policy_device dev;
	struct policy_decision d;
	size_t i;

	fixture(&dev, "wm5");
	for (i = 0; i < COUNT(rows); i++) {
		struct policy_source src = { .kind = SOURCE_DM, .account_mask = rows[i].mask };

		policy_set(&dev, 4119, rows[i].grant_manager, NULL);
		policy_set(&dev, 4120, rows[i].grant_user, NULL);
		policy_decide_source(&dev, &src, &d);
		assert_true(d.has_effective);
		if (d.effective != rows[i].effective)
			fail_msg("row %zu: %u", i, d.effective);
	}
}

static void
the_whole_document_falls(void **state)
{
	static const struct policy_parm parm = { "4109", "64", false };
	static const struct policy_setting doc[] = { { "BOOTSTRAP", NULL, 0, false },
		{ "SecurityPolicy", &parm, 1, false }, { "CM_Mappings", NULL, 0, false } };
	struct policy_source src = { .kind = SOURCE_DM, .account_mask = ROLE_OPERATOR, .settings = doc,
		.n_settings = 3 };
	struct policy_device dev;
	struct policy_decision d;

	fixture(&dev, "wm5");
	policy_decide_source(&dev, &src, &d);
	assert_int_equal(d.outcome, OUTCOME_REJECT_DOC);
	assert_string_equal(d.path, "SecurityPolicy");		/* the first that fails */
	assert_int_equal(policy_get(&dev, 4109, 0), 3072);
}

static void
local_sources(void **state)
{
	static const struct {
		struct policy_source src;
		uint32_t id, value;
		enum policy_outcome outcome;
		uint32_t mask;
	} rows[] = {
		{ { .kind = SOURCE_RAPI }, 4097, 0, OUTCOME_BLOCKED, 0 },
		{ { .kind = SOURCE_RAPI }, 4097, 1, OUTCOME_APPLY, 8 },
		{ { .kind = SOURCE_RAPI }, 4097, 2, OUTCOME_APPLY, 16 },
		{ { .kind = SOURCE_DMPROCESSCONFIGXML }, 4123, 1, OUTCOME_APPLY, 8 },
		{ { .kind = SOURCE_DMPROCESSCONFIGXML }, 4123, 0, OUTCOME_APPLY, 16 },
		{ { .kind = SOURCE_DMPROCESSCONFIGXML, .tier = TIER_TWO }, 4123, 1, OUTCOME_APPLY, 16 },
		{ { .kind = SOURCE_DMPROCESSCONFIGXML, .tier = TIER_ONE }, 4123, 0, OUTCOME_APPLY, 8 },
		{ { .kind = SOURCE_DMPROCESSCONFIGXML, .tier = TIER_TWO, .caller = CALLER_PRIVILEGED },
		    4123, 1, OUTCOME_APPLY, 8 },
		{ { .kind = SOURCE_DMPROCESSCONFIGXML, .tier = TIER_TWO, .caller = CALLER_USER_UNAUTH },
		    4123, 1, OUTCOME_APPLY, 64 },
		{ { .kind = SOURCE_CAB, .is_signed = true, .spc_mask = 222 }, 4101, 0, OUTCOME_APPLY, 222 },
		{ { .kind = SOURCE_CAB }, 4101, 16, OUTCOME_APPLY, 16 },
		{ { .kind = SOURCE_CAB }, 4101, 0, OUTCOME_BLOCKED, 0 },
		{ { .kind = SOURCE_CPF, .is_signed = true, .spc_mask = 16 }, 4101, 0, OUTCOME_APPLY, 16 },
		{ { .kind = SOURCE_CPF }, 4101, 16, OUTCOME_BLOCKED, 0 },
		{ { .kind = SOURCE_PROVXML }, 4097, 0, OUTCOME_APPLY, 8 },
		{ { .kind = SOURCE_DM, .account_mask = 4 }, 4097, 0, OUTCOME_APPLY, 4 },
		{ { .kind = SOURCE_EXCHANGE }, 4097, 0, OUTCOME_APPLY, 32 },
		{ { .kind = SOURCE_UI }, 4097, 0, OUTCOME_APPLY, 0 },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct policy_device dev;
		struct policy_decision d;

		fixture(&dev, "wm5");
		policy_set(&dev, rows[i].id, rows[i].value, NULL);
		policy_decide_source(&dev, &rows[i].src, &d);
		if (d.outcome != rows[i].outcome || d.mask != rows[i].mask)
			fail_msg("row %zu: %s, %u", i, policy_outcome_name(d.outcome), d.mask);
		assert_int_equal(d.no_mask, rows[i].src.kind == SOURCE_UI);
	}
}

/* ---- what an applied document leaves behind ----------------------------------------------- */

static bool
comes_from_proxy(const struct policy_device *dev, const char *from, uint32_t roles)
{
	struct policy_message m = message(from, 0, "text/vnd.wap.si");

	return policy_origin_roles(dev, &m) == (ROLE_ANY_PUSH_SOURCE | roles);
}

static void
documents_change_the_device(void **state)
{
	static const struct policy_parm logical[] = { { "PROXY-ID", "N", false },
		{ "TRUST", NULL, false }, { "PUSHENABLED", "1", false } };
	static const struct policy_parm first[] = { { "PHYSICAL-PROXY-ID", "n1", false },
		{ "PXADDR", "+12025550110", false }, { "PXADDRTYPE", "E164", false } };
	static const struct policy_parm second[] = { { "PHYSICAL-PROXY-ID", "n2", false },
		{ "PXADDR", "+12025550111", false }, { "PXADDRTYPE", "E164", false },
		{ "PUSHENABLED", "0", false } };
	static const struct policy_parm third[] = { { "PHYSICAL-PROXY-ID", "n3", false },
		{ "PXADDR", "+12025550113", false }, { "PXADDRTYPE", "E164", false } };
	static const struct policy_parm moved[] = { { "PHYSICAL-PROXY-ID", "n1", false },
		{ "PXADDR", "+12025550112", false }, { "PXADDRTYPE", "E164", false } };
	static const struct policy_parm quiet[] = { { "PROXY-ID", "N", false },
		{ "TRUST", "0", false }, { "PUSHENABLED", "0", false } };
	static const struct policy_parm name[] = { { "PROXY-ID", "N", false } };
	static const struct policy_setting add[] = { { "PXLOGICAL", logical, 3, false },
		{ "PXLOGICAL/PXPHYSICAL", first, 3, false }, { "PXLOGICAL/PXPHYSICAL", second, 4, false },
		{ "PXLOGICAL/PXPHYSICAL", third, 3, false } };
	static const struct policy_setting move[] = { { "PXLOGICAL", name, 1, false },
		{ "PXLOGICAL/PXPHYSICAL", moved, 3, false } };
	static const struct policy_setting hush[] = { { "PXLOGICAL", quiet, 3, false } };
	static const struct policy_setting drop_one[] = { { "PXLOGICAL", name, 1, false },
		{ "PXLOGICAL/PXPHYSICAL", first, 1, true } };
	static const struct policy_setting drop[] = { { "PXLOGICAL", name, 1, true } };
	static const struct policy_setting drop_all[] = { { "PXLOGICAL", NULL, 0, true } };
	enum { TRUSTED = ROLE_KNOWN_PPG | ROLE_TRUSTED_PPG };
	struct policy_device dev;

	fixture(&dev, "wm5");
	policy_apply(&dev, ROLE_MANAGER, add, 4, NULL);
	assert_true(comes_from_proxy(&dev, "+12025550113", TRUSTED));
	assert_true(comes_from_proxy(&dev, "+12025550110", TRUSTED));
	assert_true(comes_from_proxy(&dev, "+12025550111", 0));		/* physical PUSHENABLED wins */
	assert_true(comes_from_proxy(&dev, "+12025550100", TRUSTED));	/* P1 as before */
	policy_apply(&dev, ROLE_MANAGER, move, 2, NULL);
	assert_true(comes_from_proxy(&dev, "+12025550110", 0));
	assert_true(comes_from_proxy(&dev, "+12025550112", TRUSTED));
	policy_apply(&dev, ROLE_MANAGER, hush, 1, NULL);
	assert_true(comes_from_proxy(&dev, "+12025550112", 0));
	policy_apply(&dev, ROLE_MANAGER, add, 1, NULL);
	assert_true(comes_from_proxy(&dev, "+12025550112", TRUSTED));
	assert_int_equal(dev.n_proxies, 7);
	policy_apply(&dev, ROLE_MANAGER, drop_one, 2, NULL);
	assert_true(comes_from_proxy(&dev, "+12025550112", 0));
	assert_int_equal(dev.n_proxies, 6);
	policy_apply(&dev, ROLE_MANAGER, drop, 1, NULL);
	assert_int_equal(dev.n_proxies, 4);
	policy_apply(&dev, ROLE_MANAGER, drop_all, 1, NULL);
	assert_int_equal(dev.n_proxies, 0);
}

static void
more_proxies_than_fit(void **state)
{
	char id[16], address[24];
	struct policy_parm logical[] = { { "PROXY-ID", id, false } };
	struct policy_parm physical[] = { { "PHYSICAL-PROXY-ID", "x", false },
		{ "PXADDR", address, false } };
	struct policy_setting doc[] = { { "PXLOGICAL", logical, 1, false },
		{ "PXLOGICAL/PXPHYSICAL", physical, 2, false } };
	struct policy_device dev;
	size_t i;

	fixture(&dev, "wm5");
	for (i = 0; i < 40; i++) {
		snprintf(id, sizeof id, "p%zu", i);
		snprintf(address, sizeof address, "192.0.2.%zu", 100 + i);
		policy_apply(&dev, ROLE_MANAGER, doc, 2, NULL);
	}
	assert_int_equal(dev.n_proxies, POLICY_PROXIES_MAX);
}

static void
policies_change(void **state)
{
	static const struct policy_parm parms[] = { { "4107", "3204", false }, { "4119", NULL, true },
		{ "9999", "7", false } };
	static const struct policy_parm server[] = { { "PROVURL", "https://new.example.net/", false } };
	static const struct policy_setting doc[] = { { "SecurityPolicy", parms, 3, false },
		{ "BOOTSTRAP", server, 1, false } };
	char url[400] = "https://example.net/";
	struct policy_parm endless = { "PROVURL", url, false };
	struct policy_setting too_long = { "BOOTSTRAP", &endless, 1, false };
	struct policy_device dev;

	fixture(&dev, "wm5");
	policy_apply(&dev, ROLE_MANAGER, doc, 2, NULL);
	assert_int_equal(policy_get(&dev, 4107, 1), 3204);
	assert_int_equal(policy_get(&dev, 4119, 1), 0);		/* noparm */
	assert_int_equal(policy_get(&dev, 9999, 1), 7);
	assert_string_equal(dev.provurl, "https://new.example.net/");
	memset(url + 20, 'a', 300);
	policy_apply(&dev, ROLE_MANAGER, &too_long, 1, NULL);
	assert_string_equal(dev.provurl, "https://new.example.net/");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_guarded),
		cmocka_unit_test(grant_manager),
		cmocka_unit_test(the_whole_document_falls),
		cmocka_unit_test(local_sources),
		cmocka_unit_test(documents_change_the_device),
		cmocka_unit_test(more_proxies_than_fit),
		cmocka_unit_test(policies_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
