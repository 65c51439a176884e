/* test_policy.c - decisions against worked cases, and the stages one by one. */
#include "tests/unit/policy_fixture.h"

#include "policy/case_json.h"

/* ---- worked cases ------------------------------------------------------------------------- */

static void
compare_tests(const char *name, json_t *want, json_t *answer)
{
	json_t *stages = json_object_get(answer, "stages"), *st, *v;
	const char *id;
	size_t i, seen = 0;

	json_array_foreach(stages, i, st) {
		if (json_text(st, "test") == NULL)
			continue;
		seen++;
		v = json_object_get(want, json_text(st, "test"));
		if (v == NULL || !json_equal(v, json_object_get(st, "result")))
			fail_msg("%s: test %s ran, result %lld", name, json_text(st, "test"),
			    (long long)json_integer_value(json_object_get(st, "result")));
	}
	if (seen != json_object_size(want)) {
		json_object_foreach(want, id, v)
			print_message("%s: wanted test %s\n", name, id);
		fail_msg("%s: %zu tests ran", name, seen);
	}
}

static void
compare(const char *name, json_t *want, json_t *answer)
{
	const char *key;
	json_t *v;

	json_object_foreach(want, key, v) {
		struct sbuf got = { 0 };

		if (strcmp(key, "tests") == 0) {
			compare_tests(name, v, answer);
			continue;
		}
		json_print(answer, &got);
		if (json_object_get(answer, key) == NULL || !json_equal(v, json_object_get(answer, key)))
			fail_msg("%s: %s differs in %s", name, key, got.s);
		sbuf_done(&got);
	}
}

static void
cases_of(const char *path, size_t rows)
{
	char *line = NULL;
	size_t size = 0, n = 0, i;
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	while (getline(&line, &size, f) > 0) {
		struct why why;
		json_t *row = json_read(span_str(line), &why), *answer, *want, *v;
		const char *name;

		assert_non_null(row);
		name = json_text(row, "name");
		answer = policy_case_decide(json_object_get(row, "input"), profile_files());
		want = json_object_get(row, "expect");
		if (json_is_array(want)) {
			assert_int_equal(json_array_size(want), json_array_size(answer));
			json_array_foreach(want, i, v)
				compare(name, v, json_array_get(answer, i));
		} else {
			compare(name, want, answer);
		}
		json_decref(answer);
		json_decref(row);
		n++;
	}
	free(line);
	fclose(f);
	assert_int_equal(n, rows);
}

static void
worked_cases(void **state)
{
	cases_of(TOP_SRCDIR "/tests/vectors/policy/worked.jsonl", 42);
}

static void
handsets(void **state)
{
	cases_of(TOP_SRCDIR "/tests/vectors/policy/handsets.jsonl", 28);
}

/* ---- stages one by one -------------------------------------------------------------------- */

static void
signature_forms(void **state)
{
	static const struct {
		const char *profile;
		enum prov_sec sec;
		enum policy_mac mac;
		const char *type;
		int code;		/* with 4107, 4111, 4141-4143 wide open */
	} rows[] = {
		{ "wm5",  PROV_SEC_NONE,        MAC_ABSENT,  "text/vnd.wap.connectivity-xml", 0 },
		{ "wm5",  PROV_SEC_NONE,        MAC_PRESENT, "text/vnd.wap.connectivity-xml", 2 },
		{ "wm5",  PROV_SEC_NETWPIN,     MAC_PRESENT, "text/vnd.wap.connectivity-xml", 0 },
		{ "wm5",  PROV_SEC_NETWPIN,     MAC_ABSENT,  "text/vnd.wap.connectivity-xml", 2 },
		{ "wm5",  PROV_SEC_USERPIN,     MAC_PRESENT, "text/vnd.wap.connectivity-xml", 0 },
		{ "wm5",  PROV_SEC_USERPIN,     MAC_ABSENT,  "text/vnd.wap.connectivity-xml", 2 },
		{ "wm5",  PROV_SEC_USERNETWPIN, MAC_PRESENT, "text/vnd.wap.connectivity-xml", 0 },
		{ "wm5",  PROV_SEC_USERNETWPIN, MAC_ABSENT,  "text/vnd.wap.connectivity-xml", 2 },
		{ "wm5",  PROV_SEC_USERPINMAC,  MAC_ABSENT,  "text/vnd.wap.connectivity-xml", 22 },
		{ "wm6x", PROV_SEC_USERPINMAC,  MAC_ABSENT,  "text/vnd.wap.connectivity-xml", 0 },
		{ "w10m", PROV_SEC_USERPINMAC,  MAC_ABSENT,  "text/vnd.wap.connectivity-xml", 0 },
		{ "wm6x", PROV_SEC_USERPINMAC,  MAC_PRESENT, "text/vnd.wap.connectivity-xml", 2 },
		{ "wm5",  (enum prov_sec)7,     MAC_PRESENT, "text/vnd.wap.connectivity-xml", 2 },
		/* SEC means nothing on other types */
		{ "wm5",  PROV_SEC_USERPIN,     MAC_ABSENT,  "application/vnd.wap.sic", 0 },
		{ "wm5",  PROV_SEC_USERPIN,     MAC_PRESENT, "application/vnd.wap.sic", 0 },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		static const uint32_t open[] = { 4107, 4111, 4141, 4142, 4143 };
		struct policy_message m = message("+12025550100", 1, rows[i].type);
		struct policy_device dev;
		struct policy_decision d;
		size_t k;

		fixture(&dev, rows[i].profile);
		for (k = 0; k < COUNT(open); k++)
			policy_set(&dev, open[k], 4096, NULL);
		m.sec = rows[i].sec;
		m.mac = rows[i].mac;
		d = decide(&dev, &m);
		if (d.code != rows[i].code || policy_accepted(&d) != (rows[i].code == 0))
			fail_msg("row %zu: P%02d", i, d.code);
		if (rows[i].code == 2)
			assert_int_equal(d.mask, 0);
		if (rows[i].code == 22)
			assert_int_equal(d.mask, 5888);		/* origin alone */
	}
}

struct answers {
	enum policy_try tries[4];
	unsigned asked, consents;
	bool consent;
};

static enum policy_try
answer_pin(void *arg, enum prov_sec sec, unsigned attempt)
{
	struct answers *a = arg;

	a->asked++;
	assert_int_equal(attempt, a->asked);
	return a->tries[attempt - 1 < 3 ? attempt - 1 : 3];
}

static bool
answer_consent(void *arg)
{
	struct answers *a = arg;

	a->consents++;
	return a->consent;
}

static void
pins_and_questions(void **state)
{
#define R POLICY_TRY_RIGHT
#define W POLICY_TRY_WRONG
#define C POLICY_TRY_CANCEL
	static const struct {
		const char *profile, *from;
		enum prov_sec sec;
		uint32_t tries;		/* 4105 */
		struct answers user;
		enum policy_outcome outcome;
		int code;
		uint32_t mask;
		unsigned asked, consents;
	} rows[] = {
		{ "wm5", "+12025550100", PROV_SEC_USERPIN, 3, { { R }, .consent = true },
		    OUTCOME_APPLY_AFTER_PIN, 0, 5904, 1, 0 },
		{ "wm5", "+12025550100", PROV_SEC_USERPIN, 3, { { W, W, R }, .consent = true },
		    OUTCOME_APPLY_AFTER_PIN, 0, 5904, 3, 0 },
		{ "wm5", "+12025550100", PROV_SEC_USERPIN, 3, { { W, W, W, R }, .consent = true },
		    OUTCOME_DISCARD, 10, 5888, 3, 0 },
		{ "wm5", "+12025550100", PROV_SEC_USERPIN, 3, { { W, C }, .consent = true },
		    OUTCOME_DISCARD, 9, 5888, 2, 0 },
		{ "wm5", "+12025550100", PROV_SEC_USERPIN, 0, { { R }, .consent = true },
		    OUTCOME_DISCARD, 10, 5888, 0, 0 },
		{ "wm5", "+12025550100", PROV_SEC_USERPIN, 256, { { W, W, W, W }, .consent = true },
		    OUTCOME_DISCARD, 10, 5888, 256, 0 },
		/* the network PIN has one try, whatever 4105 says */
		{ "wm5", "+12025550100", PROV_SEC_NETWPIN, 0, { { R }, .consent = false },
		    OUTCOME_APPLY, 0, 5892, 1, 0 },
		{ "wm5", "+12025550100", PROV_SEC_NETWPIN, 3, { { W, R }, .consent = true },
		    OUTCOME_DISCARD, 8, 5888, 1, 0 },
		{ "wm5", "+12025550100", PROV_SEC_USERNETWPIN, 3, { { W, R }, .consent = false },
		    OUTCOME_APPLY_AFTER_PIN, 0, 5908, 2, 0 },
		/* nobody is asked for a PIN when the gate is shut */
		{ "wm5", "+12025550199", PROV_SEC_USERPIN, 3, { { R }, .consent = true },
		    OUTCOME_DISCARD, 4, 4112, 0, 0 },
		{ "wm6x", "+12025550199", PROV_SEC_USERPIN, 3, { { R }, .consent = true },
		    OUTCOME_DISCARD, 6, 4096, 0, 0 },
		{ "wm6x", "+12025550199", PROV_SEC_USERNETWPIN, 3, { { R }, .consent = true },
		    OUTCOME_DISCARD, 7, 4096, 0, 0 },
		{ "wm6x", "+12025550100", PROV_SEC_NETWPIN, 3, { { R }, .consent = true },
		    OUTCOME_DISCARD, 5, 5888, 0, 0 },
		/* unsigned documents are asked about, those of the TPS aside */
		{ "wm5", "+12025550100", PROV_SEC_NONE, 3, { { R }, .consent = true },
		    OUTCOME_APPLY_AFTER_PROMPT, 0, 5952, 0, 1 },
		{ "wm5", "+12025550100", PROV_SEC_NONE, 3, { { R }, .consent = false },
		    OUTCOME_DISCARD, 9, 5952, 0, 1 },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct answers answers = rows[i].user;
		struct policy_user user = { answer_pin, answer_consent, &answers };
		struct policy_message m = message(rows[i].from, 1, "text/vnd.wap.connectivity-xml");
		struct policy_device dev;
		struct policy_decision d;

		fixture(&dev, rows[i].profile);
		policy_set(&dev, 4105, rows[i].tries, NULL);
		m.sec = rows[i].sec;
		m.mac = m.sec == PROV_SEC_NONE ? MAC_ABSENT : MAC_PRESENT;
		policy_decide(&dev, &m, &user, &d);
		if (d.outcome != rows[i].outcome || d.code != rows[i].code || d.mask != rows[i].mask ||
		    answers.asked != rows[i].asked || answers.consents != rows[i].consents)
			fail_msg("row %zu: %s P%02d mask %u, asked %u and %u times", i,
			    policy_outcome_name(d.outcome), d.code, d.mask, answers.asked,
			    answers.consents);
	}
}

/* 4132: asked for the network PIN alone, where the policy exists and is 0. */
static void
network_pin_prompt(void **state)
{
	static const struct { const char *profile; uint32_t prompt; unsigned consents; } rows[] = {
		{ "wm6x", 0, 1 }, { "wm6x", 1, 0 }, { "w10m", 0, 1 }, { "w10m", 1, 0 }, { "wm5", 0, 0 },
	};
	size_t i;
	int consent;

	for (i = 0; i < COUNT(rows); i++) {
		for (consent = 0; consent < 2; consent++) {
			struct answers answers = { { POLICY_TRY_RIGHT }, .consent = consent };
			struct policy_user user = { answer_pin, answer_consent, &answers };
			struct policy_message m = message("+12025550100", 1,
			    "text/vnd.wap.connectivity-xml");
			struct policy_device dev;
			struct policy_decision d;

			fixture(&dev, rows[i].profile);
			policy_set(&dev, 4132, rows[i].prompt, NULL);
			policy_set(&dev, 4141, 4096, NULL);
			policy_set(&dev, 4111, 4096, NULL);
			m.sec = PROV_SEC_NETWPIN;
			m.mac = MAC_PRESENT;
			policy_decide(&dev, &m, &user, &d);
			assert_int_equal(answers.consents, rows[i].consents);
			assert_int_equal(d.code, rows[i].consents && !consent ? 9 : 0);
			assert_int_equal(d.outcome, d.code ? OUTCOME_DISCARD :
			    rows[i].consents ? OUTCOME_APPLY_AFTER_PROMPT : OUTCOME_APPLY);
			assert_int_equal(d.mask, d.code ? 5888 : 5892);
		}
	}
}

static void
routing(void **state)
{
	static const struct { const char *type, *app_id, *client; } rows[] = {
		{ "text/vnd.wap.si",                       NULL,                          "SI client" },
		{ "TEXT/VND.WAP.SI",                       NULL,                          "SI client" },
		{ "application/vnd.wap.slc",               "",                            "SL client" },
		{ "application/vnd.wap.mms-message",       "x-wap-application:mms.ua",    "MMS client" },
		{ "application/vnd.syncml.notification",   "x-wap-application:syncml.dm", "DM client" },
		{ "text/vnd.wap.connectivity-xml",         NULL,              "configuration manager" },
		{ "application/vnd.wap.connectivity-wbxml", "x-wap-microsoft:cfgmgr.ua",
		    "configuration manager" },
		{ "text/plain",                            "x-wap-microsoft:cfgmgr.ua",
		    "configuration manager" },
		{ "text/plain",                            NULL,                          NULL },
		{ "text/plain",                            "x-wap-application:wml.ua",    NULL },
		{ "application/vnd.syncml.dm+wbxml",       NULL,                          NULL },
		{ "application/vnd.wap.coc",               NULL,                          NULL },
	};
	static const struct { const char *type, *app_id, *client; } own[] = {
		{ "text/plain",      "x:a",  "pair" },
		{ "text/plain",      "x:b",  "app" },
		{ "text/vnd.wap.si", "x:a",  "type" },
		{ "text/vnd.wap.si", "x:b",  "app" },
		{ "text/vnd.wap.si", NULL,   "type" },
		{ "text/plain",      "x:c",  NULL },
		{ "text/plain",      NULL,   NULL },
	};
	struct policy_device dev;
	struct policy_decision d;
	size_t i;

	fixture(&dev, "wm5");
	policy_set(&dev, 4108, 8190, NULL);
	for (i = 0; i < COUNT(rows); i++) {
		struct policy_message m = message("+12025550100", 3, rows[i].type);

		m.app_id = rows[i].app_id;
		m.href = "https://www.example.com/";
		d = decide(&dev, &m);
		if (strcmp(d.client, rows[i].client ? rows[i].client : "") != 0 ||
		    d.code != (rows[i].client ? 0 : 11))
			fail_msg("row %zu: %s, P%02d", i, d.client, d.code);
	}
	dev.n_clients = 0;
	assert_int_equal(policy_add_client(&dev, "text/plain", "x:a", "pair", NULL), OK);
	assert_int_equal(policy_add_client(&dev, "", "x:b", "app", NULL), OK);
	assert_int_equal(policy_add_client(&dev, "text/vnd.wap.si", "", "type", NULL), OK);
	assert_int_equal(policy_add_client(&dev, "", "", "all", NULL), ERR_SYNTAX);
	for (i = 0; i < COUNT(own); i++) {
		struct policy_message m = message("+12025550100", 3, own[i].type);

		m.app_id = own[i].app_id;
		d = decide(&dev, &m);
		if (strcmp(d.client, own[i].client ? own[i].client : "") != 0)
			fail_msg("own row %zu: %s", i, d.client);
	}
	while (dev.n_clients < POLICY_CLIENTS_MAX)
		assert_int_equal(policy_add_client(&dev, "", "x:d", "d", NULL), OK);
	assert_int_equal(policy_add_client(&dev, "", "x:d", "d", NULL), ERR_LIMIT);
}

static void
type_policies(void **state)
{
	static const struct {
		const char *profile, *type, *href;
		uint32_t id, value;	/* one policy changed; 0: none */
		bool ip;
		int code;
	} rows[] = {
		{ "wm5",  "application/vnd.wap.mms-message",     NULL, 0, 0, false, 0 },
		{ "wm6x", "application/vnd.wap.mms-message",     NULL, 4144, 0, false, 0 },
		{ "w10m", "application/vnd.wap.mms-message",     NULL, 0, 0, false, 0 },
		{ "w10m", "application/vnd.wap.mms-message",     NULL, 4144, 0, false, 18 },
		{ "wm5",  "application/vnd.oma.drm.rights+xml",  NULL, 0, 0, false, 0 },
		{ "wm5",  "application/vnd.oma.drm.rights+wbxml", NULL, 4129, 64, false, 0 },
		{ "wm6x", "application/vnd.oma.drm.rights+wbxml", NULL, 4129, 256 | 128, false, 0 },
		{ "wm6x", "application/vnd.oma.drm.rights+wbxml", NULL, 4129, 128, false, 19 },
		{ "w10m", "application/vnd.oma.drm.rights+wbxml", NULL, 4129, 0, false, 0 },
		{ "wm5",  "text/vnd.wap.si",                     NULL, 4113, 0, false, 1 },
		{ "wm5",  "text/vnd.wap.si",                     NULL, 4147, 0, false, 0 },
		{ "wm6x", "text/vnd.wap.si",                     NULL, 4147, 0, false, 21 },
		{ "wm6x", "text/vnd.wap.si",                     NULL, 4147, 0, true, 0 },
		{ "w10m", "text/vnd.wap.si",                     NULL, 4147, 0, false, 0 },
		{ "w10m", "text/vnd.wap.si",                     NULL, 4110, 0, false, 0 },
		{ "wm6x", "text/vnd.wap.si",                     NULL, 4110, 0, false, 3 },
		{ "wm5",  "text/vnd.wap.sl", "https://www.example.com/", 4124, 0, false, 0 },
		{ "wm5",  "text/vnd.wap.sl", "WSPS://www.example.com/",  4124, 0, false, 0 },
		{ "wm5",  "text/vnd.wap.sl", "http://www.example.com/",  4124, 0, false, 17 },
		{ "wm5",  "text/vnd.wap.sl", "wsp://www.example.com/",   4124, 0, false, 17 },
		{ "wm5",  "text/vnd.wap.sl", "http://www.example.com/",  4124, 1, false, 0 },
		{ "wm5",  "text/vnd.wap.sl", "wsp://www.example.com/",   4124, 1, false, 0 },
		{ "wm5",  "text/vnd.wap.sl", "ftp://www.example.com/",   4124, 1, false, 17 },
		{ "wm5",  "text/vnd.wap.sl", "httpsx://www.example.com/", 4124, 1, false, 17 },
		{ "wm5",  "text/vnd.wap.sl", "",                         4124, 1, false, 17 },
		{ "wm5",  "text/vnd.wap.sl", NULL,                       4124, 1, false, 17 },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct policy_message m = message(rows[i].ip ? "192.0.2.10" : "+12025550100", 3,
		    rows[i].type);
		struct policy_device dev;
		struct policy_decision d;

		fixture(&dev, rows[i].profile);
		m.href = rows[i].href;
		m.ip_bearer = rows[i].ip;
		if (rows[i].id)
			assert_int_equal(policy_set(&dev, rows[i].id, rows[i].value, NULL), OK);
		d = decide(&dev, &m);
		if (d.code != rows[i].code)
			fail_msg("row %zu: P%02d", i, d.code);
		assert_int_equal(d.outcome, d.code ? OUTCOME_DISCARD : OUTCOME_DELIVER);
		assert_false(d.has_effective);
	}
}

/* ---- the body is opened late -------------------------------------------------------------- */

struct opener {
	unsigned opened;
	bool good;
	const char *href;
	const struct policy_setting *settings;
	size_t n;
};

static bool
open_body(void *arg, struct policy_body *body)
{
	struct opener *o = arg;

	o->opened++;
	*body = (struct policy_body){ o->href, o->settings, o->n };
	return o->good;
}

static void
bodies_open_late(void **state)
{
	static const struct policy_setting policies = { "SecurityPolicy", NULL, 0, false };
	static const struct {
		const char *from, *type;
		enum prov_sec sec;
		enum policy_try pin;
		bool good;
		int code;
		unsigned opened;
	} rows[] = {
		{ "+12025550199", "text/vnd.wap.si", PROV_SEC_NONE, POLICY_TRY_RIGHT, true, 13, 0 },
		{ "+12025550100", "text/vnd.wap.si", PROV_SEC_NONE, POLICY_TRY_RIGHT, true, 0, 1 },
		{ "+12025550100", "text/vnd.wap.si", PROV_SEC_NONE, POLICY_TRY_RIGHT, false, 2, 1 },
		{ "+12025550100", "text/vnd.wap.sl", PROV_SEC_NONE, POLICY_TRY_RIGHT, true, 0, 1 },
		{ "+12025550100", "text/vnd.wap.connectivity-xml", PROV_SEC_USERPIN, POLICY_TRY_CANCEL,
		    true, 9, 0 },
		{ "+12025550100", "text/vnd.wap.connectivity-xml", PROV_SEC_USERPIN, POLICY_TRY_RIGHT,
		    true, 15, 1 },
		{ "+12025550100", "text/vnd.wap.connectivity-xml", PROV_SEC_USERPIN, POLICY_TRY_RIGHT,
		    false, 2, 1 },
		{ "+12025550100", "application/vnd.wap.mms-message", PROV_SEC_NONE, POLICY_TRY_RIGHT,
		    false, 2, 1 },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct answers answers = { { rows[i].pin }, .consent = true };
		struct policy_user user = { answer_pin, answer_consent, &answers };
		struct opener opener = { 0, rows[i].good, "https://www.example.com/", &policies, 1 };
		struct policy_message m = message(rows[i].from, 3, rows[i].type);
		struct policy_device dev;
		struct policy_decision d;

		fixture(&dev, "wm5");
		m.sec = rows[i].sec;
		m.mac = m.sec == PROV_SEC_NONE ? MAC_ABSENT : MAC_PRESENT;
		m.open = open_body;
		m.open_arg = &opener;
		policy_decide(&dev, &m, &user, &d);
		if (d.code != rows[i].code || opener.opened != rows[i].opened)
			fail_msg("row %zu: P%02d, opened %u times", i, d.code, opener.opened);
	}
}

/* ---- words -------------------------------------------------------------------------------- */

static void
words(void **state)
{
	struct policy_message m = message("+12025550199", -1, "application/vnd.wap.sic");
	struct policy_device dev;
	struct policy_decision d;
	struct sbuf b = { 0 };
	int code;

	policy_roles_print(4160, &b);
	assert_string_equal(b.s, "USER_UNAUTH|ANY_PUSH_SOURCE");
	sbuf_clear(&b);
	policy_roles_print(0, &b);
	assert_string_equal(b.s, "NONE");
	sbuf_clear(&b);
	policy_roles_print(0x2004, &b);
	assert_string_equal(b.s, "OPERATOR|0x2000");
	assert_null(policy_role_name(1));
	assert_string_equal(policy_role_name(8), "MANAGER");
	assert_string_equal(policy_id_name(4109), "SECPOLICY_SI_MESSAGE");
	assert_null(policy_id_name(4100));
	for (code = 1; code <= 22; code++)
		assert_true(policy_reason_text(code)[0] != '\0');
	assert_string_equal(policy_reason_text(0), "");
	assert_string_equal(policy_reason_text(23), "");
	assert_string_equal(policy_reason_text(-1), "");

	fixture(&dev, "wm5");
	d = decide(&dev, &m);
	sbuf_clear(&b);
	policy_decision_print(&d, &b);
	assert_string_equal(b.s, "DISCARD P13 SI role mismatch (4109), roles USER_UNAUTH|ANY_PUSH_SOURCE");
	sbuf_done(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worked_cases),
		cmocka_unit_test(handsets),
		cmocka_unit_test(signature_forms),
		cmocka_unit_test(pins_and_questions),
		cmocka_unit_test(network_pin_prompt),
		cmocka_unit_test(routing),
		cmocka_unit_test(type_policies),
		cmocka_unit_test(bodies_open_late),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
