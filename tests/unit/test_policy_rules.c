/* test_policy_rules.c - who sent it, and what a device may hold: rules row by row. */
#include "tests/unit/policy_fixture.h"

/* ---- origin ------------------------------------------------------------------------------- */

static void
origin_masks(void **state)
{
	static const struct {
		const char *from;
		bool tps;		/* initiator is the PROVURL */
		uint32_t mask[4];	/* by Push-Flag */
	} rows[] = {
		{ "+12025550199", true,  { 4096, 4096, 4096, 4096 } },	/* unknown */
		{ "+12025550102", true,  { 4096, 4096, 4096, 4096 } },	/* push disabled */
		{ "+12025550101", true,  { 4352, 4352, 4352, 4352 } },	/* known */
		{ "+12025550100", false, { 4864, 5888, 6912, 7936 } },	/* trusted */
		{ "+12025550100", true,  { 4864, 6016, 6912, 8064 } },
	};
	struct policy_device dev;
	size_t i;
	int flag;

	fixture(&dev, "wm5");
	for (i = 0; i < COUNT(rows); i++) {
		for (flag = -2; flag <= 130; flag++) {
			struct policy_message m = message(rows[i].from, flag, "text/vnd.wap.si");
			int counts = flag >= 0 && flag <= 127 ? flag & 3 : 0;

			m.initiator_uri = rows[i].tps ? "https://tps.example.net/cp" :
			    "https://other.example.net/";
			assert_int_equal(policy_origin_roles(&dev, &m), rows[i].mask[counts]);
			m.initiator_uri = NULL;
			if (rows[i].mask[counts] & ROLE_OPERATOR_TPS)
				assert_int_equal(policy_origin_roles(&dev, &m), rows[i].mask[counts] - 128);
		}
	}
	policy_set(&dev, 4104, 0, NULL);
	{
		struct policy_message m = message("+12025550100", 3, "text/vnd.wap.si");

		m.initiator_uri = "https://tps.example.net/cp";
		assert_int_equal(policy_origin_roles(&dev, &m), 7936);
		policy_set(&dev, 4104, 1, NULL);
		assert_int_equal(policy_origin_roles(&dev, &m), 8064);
		dev.tps_needs_content_trust = true;
		assert_int_equal(policy_origin_roles(&dev, &m), 8064);
		m.push_flag = 1;
		assert_int_equal(policy_origin_roles(&dev, &m), 5888);
		dev.provurl[0] = '\0';
		m.initiator_uri = "";
		m.push_flag = 3;
		assert_int_equal(policy_origin_roles(&dev, &m), 7936);
	}
}

static void
bearers_do_not_mix(void **state)
{
	struct policy_message m = message("192.0.2.10", 3, "text/vnd.wap.si");
	struct policy_device dev;

	fixture(&dev, "wm5");
	assert_int_equal(policy_origin_roles(&dev, &m), 4096);	/* an SMS sender of that name */
	m.ip_bearer = true;
	assert_int_equal(policy_origin_roles(&dev, &m), 7936);
	m.from = "192.0.2.11";
	assert_int_equal(policy_origin_roles(&dev, &m), 4096);
	m.from = "+12025550100";
	assert_int_equal(policy_origin_roles(&dev, &m), 4096);
	m.from = NULL;
	assert_int_equal(policy_origin_roles(&dev, &m), 4096);
}

static void
addresses(void **state)
{
	static const struct {
		const char *a;
		enum policy_ton ton;
		const char *b, *country;
		bool equal;
	} rows[] = {
		{ "+12025550100",        TON_UNKNOWN,       "+12025550100",      "",   true },
		{ "+1 (202) 555-0100",   TON_UNKNOWN,       "+12025550100",      "",   true },
		{ "0012025550100",       TON_UNKNOWN,       "+12025550100",      "",   true },
		{ "12025550100",         TON_INTERNATIONAL, "+12025550100",      "",   true },
		{ "+12025550100",        TON_INTERNATIONAL, "0012025550100",     "",   true },
		{ "12025550100",         TON_UNKNOWN,       "+12025550100",      "",   false },
		{ "12025550100",         TON_NATIONAL,      "+12025550100",      "",   false },
		{ "+12025550100",        TON_UNKNOWN,       "+12025550101",      "",   false },
		{ "+12025550100",        TON_UNKNOWN,       "+1202555010",       "",   false },
		{ "2025550100",          TON_NATIONAL,      "+12025550100",      "1",  true },
		{ "2025550100",          TON_UNKNOWN,       "+12025550100",      "",   false },
		{ "02025550100",         TON_NATIONAL,      "+12025550100",      "1",  false },
		{ "2025550100",          TON_UNKNOWN,       "202-555-0100",      "",   true },
		{ "2025550100",          TON_INTERNATIONAL, "2025550100",        "",   false },
		{ "12345",               TON_UNKNOWN,       "12345",             "",   true },
		{ "00123",               TON_UNKNOWN,       "+123",              "",   false },
		{ "00123",               TON_UNKNOWN,       "00123",             "",   true },
		{ "00123456",            TON_UNKNOWN,       "+123456",           "",   false },
		{ "0012345678",          TON_UNKNOWN,       "+12345678",         "",   true },
		{ "12345",               TON_ALPHANUMERIC,  "12345",             "",   false },
		{ "Operator",            TON_ALPHANUMERIC,  "Operator",          "",   false },
		{ "Operator",            TON_UNKNOWN,       "Operator",          "",   false },
		{ "",                    TON_UNKNOWN,       "",                  "",   false },
		{ "+",                   TON_UNKNOWN,       "+",                 "",   false },
		{ "++12025550100",       TON_UNKNOWN,       "+12025550100",      "",   false },
		{ "+1202555010x",        TON_UNKNOWN,       "+1202555010x",      "",   false },
		{ "11111111111111111111111111111111111111111111111111111111111111111111",
		                         TON_UNKNOWN,       "+12025550100",      "",   false },
	};
	static const struct { const char *a, *b; bool equal; } ip[] = {
		{ "192.0.2.10",      "192.0.2.10",       true },
		{ "192.0.2.10",      "192.000.002.010",  true },
		{ "192.0.2.10",      "192.0.2.1",        false },
		{ "192.0.2.10",      "192.0.2.10.",      false },
		{ "192.0.2",         "192.0.2",          false },
		{ "192.0.2.256",     "192.0.2.256",      false },
		{ "192.0..10",       "192.0..10",        false },
		{ "192.0.2.0010",    "192.0.2.10",       false },
		{ "3221225994",      "192.0.2.10",       false },
		{ "",                "",                 false },
	};
	struct policy_device dev;
	size_t i;

	fixture(&dev, "wm5");
	for (i = 0; i < COUNT(rows); i++) {
		strcpy(dev.country_code, rows[i].country);
		if (policy_address_equal(&dev, rows[i].a, rows[i].ton, rows[i].b, false) != rows[i].equal)
			fail_msg("row %zu: %s and %s", i, rows[i].a, rows[i].b);
	}
	for (i = 0; i < COUNT(ip); i++) {
		if (policy_address_equal(&dev, ip[i].a, TON_UNKNOWN, ip[i].b, true) != ip[i].equal)
			fail_msg("%s and %s", ip[i].a, ip[i].b);
	}
}

static void
uris(void **state)
{
	static const struct { const char *a, *b; bool equal; } rows[] = {
		{ "https://tps.example.net/cp",   "https://tps.example.net/cp",      true },
		{ "HTTPS://TPS.Example.NET/cp",   "https://tps.example.net/cp",      true },
		{ "https://tps.example.net:443/cp", "https://tps.example.net/cp",    true },
		{ "http://tps.example.net:80/cp", "http://tps.example.net/cp",       true },
		{ "https://tps.example.net:80/cp", "https://tps.example.net/cp",     false },
		{ "http://tps.example.net:443/cp", "http://tps.example.net/cp",      false },
		{ "wsps://tps.example.net:443/cp", "wsps://tps.example.net/cp",      false },
		{ "https://tps.example.net:8443/", "https://tps.example.net:8443",   true },
		{ "https://tps.example.net/cp/",  "https://tps.example.net/cp",      true },
		{ "https://tps.example.net/cp//", "https://tps.example.net/cp",      false },
		{ "https://tps.example.net/",     "https://tps.example.net",         true },
		{ "https://tps.example.net/CP",   "https://tps.example.net/cp",      false },
		{ "https://tps.example.net/cp?a", "https://tps.example.net/cp?a",    true },
		{ "https://tps.example.net/cp/?a", "https://tps.example.net/cp?a",   true },
		{ "https://tps.example.net/cp?a", "https://tps.example.net/cp?A",    false },
		{ "https://tps.example.net/cp?a/", "https://tps.example.net/cp?a",   false },
		{ "https://tps.example.net/cp#a", "https://tps.example.net/cp#b",    false },
		{ "https://tps.example.net/cp",   "https://tps.example.net/cp?",     false },
		{ "https://tps.example.net/cp",   "http://tps.example.net/cp",       false },
		{ "wsp://tps.example.net/cp",     "wsps://tps.example.net/cp",       false },
		{ "https://u@tps.example.net/cp", "https://tps.example.net/cp",      false },
		{ "https://u@tps.example.net/cp", "https://U@tps.example.net/cp",    false },
		{ "https://[2001:db8::1]:443/",   "https://[2001:DB8::1]",           true },
		{ "https://tps.example.net.evil.example/cp", "https://tps.example.net/cp", false },
		{ "https://tps.example.net/cpx",  "https://tps.example.net/cp",      false },
		{ "https://tps.example.ne",       "https://tps.example.net",         false },
		{ "tps.example.net/cp",           "tps.example.net/cp",              false },
		{ "https:tps",                    "https:tps",                       false },
		{ "https:///cp",                  "https:///cp",                     false },
		{ "://x",                         "://x",                            false },
		{ "",                             "",                                false },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		if (policy_uri_equal(rows[i].a, rows[i].b) != rows[i].equal ||
		    policy_uri_equal(rows[i].b, rows[i].a) != rows[i].equal)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
}

/* ---- profiles and values ------------------------------------------------------------------ */

static void
profiles_exist(void **state)
{
	static const char *const names[] = { "wm5", "wm5-ppc-phone", "wm5-sp", "wm-htc-2008", "wm6x", "wm65-pro",
		"wm65-std", "w10m", "w10m-trusted", "w10m-open", "wm2003-ppc", "wm2003-sp", "wm5-ppc" };
	struct policy_device dev;
	struct why why;
	size_t i;

	for (i = 0; i < COUNT(names); i++) {
		assert_int_equal(policy_device_init(&dev, names[i], profile_files(), &why), OK);
		assert_string_equal(dev.profile, names[i]);
		assert_int_equal(policy_get(&dev, 4113, 7), 1);
	}
	assert_int_equal(policy_device_init(&dev, "wm7", profile_files(), &why), ERR_NOT_FOUND);
	assert_non_null(strstr(why.text, "wm7"));
	assert_int_equal(dev.n_policies, 0);

	policy_device_init(&dev, "wm5", profile_files(), NULL);
	assert_int_equal(policy_get(&dev, 4107, 0), 3200);
	assert_int_equal(policy_get(&dev, 4132, 99), 99);
	policy_device_init(&dev, "w10m-open", profile_files(), NULL);
	assert_int_equal(policy_get(&dev, 4111, 0), 4480);
	assert_int_equal(policy_get(&dev, 4110, 99), 99);
	policy_device_init(&dev, "wm-htc-2008", profile_files(), NULL);
	assert_int_equal(policy_get(&dev, 4109, 0), 3136);
}

static void
values_have_ranges(void **state)
{
	static const struct {
		const char *profile;
		uint32_t id, value;
		int err;
		const char *says;
	} rows[] = {
		{ "wm5",  4109, 3136,       OK,        "" },
		{ "wm5",  4109, 0,          OK,        "" },
		{ "wm5",  4109, 8190,       OK,        "" },
		{ "wm5",  4109, 1,          ERR_RANGE, "no role: 1" },
		{ "wm5",  4109, 8193,       ERR_RANGE, "no role: 1, 8192" },
		{ "wm5",  4119, 4294967295, ERR_RANGE, "8192" },
		{ "wm5",  4104, 2,          ERR_RANGE, "0..1" },
		{ "wm5",  4105, 256,        OK,        "" },
		{ "wm5",  4105, 257,        ERR_RANGE, "0..256" },
		{ "wm5",  4097, 3,          ERR_RANGE, "0..2" },
		{ "wm5",  4144, 1,          OK,        "" },	/* S/MIME there */
		{ "wm5",  9999, 4294967295, OK,        "" },	/* unknown: kept */
		{ "w10m", 4109, 4352,       OK,        "" },
		{ "w10m", 4109, 384,        ERR_RANGE, "256, 4096" },
		{ "w10m", 4111, 4480,       OK,        "" },
		{ "w10m", 4111, 512,        ERR_RANGE, "not 512" },
		{ "w10m", 4143, 16,         ERR_RANGE, "not 16" },
		{ "w10m", 4144, 128,        ERR_RANGE, "not 128" },
		{ "w10m", 4119, 132,        OK,        "" },
	};
	static const struct { uint32_t id; const char *text; int err; uint32_t value; } texts[] = {
		{ 4109, "3136",         OK,         3136 },
		{ 4109, "0xC40",        OK,         3136 },
		{ 4109, "-1",           ERR_SYNTAX, 0 },
		{ 4109, "4294967295",   OK,         4294967295 },
		{ 4109, "4294967296",   ERR_RANGE,  0 },
		{ 4109, "0xZZ",         ERR_SYNTAX, 0 },
		{ 4109, "12 34",        ERR_SYNTAX, 0 },
		{ 4109, "",             ERR_SYNTAX, 0 },
		{ 4109, "0x",           ERR_SYNTAX, 0 },
		{ 4109, "99999999999999999999999", ERR_SYNTAX, 0 },
		{ 4105, "256",          OK,         256 },
		{ 4105, "257",          ERR_RANGE,  0 },
	};
	struct policy_device dev;
	struct why why;
	uint32_t value;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		policy_device_init(&dev, rows[i].profile, profile_files(), NULL);
		why.text[0] = '\0';
		if (policy_set(&dev, rows[i].id, rows[i].value, &why) != rows[i].err ||
		    strstr(why.text, rows[i].says) == NULL)
			fail_msg("row %zu: %s", i, why.text);
		assert_true((policy_get(&dev, rows[i].id, 77777) == rows[i].value) == (rows[i].err == OK));
	}
	for (i = 0; i < COUNT(texts); i++) {
		if (policy_value_parse(texts[i].id, texts[i].text, &value, &why) != texts[i].err ||
		    value != texts[i].value)
			fail_msg("%u: %s", texts[i].id, texts[i].text);
		if (texts[i].err != OK)
			assert_non_null(strstr(why.text, texts[i].id == 4105 ? "0..256" : "0..4294967295"));
	}
	policy_device_init(&dev, "wm5", profile_files(), NULL);
	for (i = 0; policy_set(&dev, (uint32_t)(10000 + i), 1, &why) == OK; i++)
		assert_in_range(i, 0, POLICY_IDS_MAX);
	assert_int_equal(dev.n_policies, POLICY_IDS_MAX);
	assert_int_equal(policy_set(&dev, 4109, 64, &why), OK);		/* a known one still changes */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(origin_masks),
		cmocka_unit_test(bearers_do_not_mix),
		cmocka_unit_test(addresses),
		cmocka_unit_test(uris),
		cmocka_unit_test(profiles_exist),
		cmocka_unit_test(values_have_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
