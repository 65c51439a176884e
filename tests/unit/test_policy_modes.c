/* test_policy_modes.c - handsets without roles (8.3), residual risks (8.5), explanations and advice. */
#include "tests/unit/policy_fixture.h"

#define PROV "application/vnd.wap.connectivity-wbxml"
#define SI "text/vnd.wap.si"
#define SL "application/vnd.wap.slc"

struct answers { enum policy_try pin; bool yes; };

static enum policy_try
give_pin(void *arg, enum prov_sec sec, unsigned attempt)
{
	return ((struct answers *)arg)->pin;
}

static bool
give_yes(void *arg)
{
	return ((struct answers *)arg)->yes;
}

static struct policy_decision
ask(const struct policy_device *dev, const struct policy_message *m, enum policy_try pin, bool yes)
{
	struct answers a = { pin, yes };
	struct policy_user user = { give_pin, give_yes, &a };
	struct policy_decision d;

	policy_decide(dev, m, &user, &d);
	return d;
}

static void
profiles_decide(void **state)
{
	enum { NO = PROV_SEC_NONE, NET = PROV_SEC_NETWPIN, USER = PROV_SEC_USERPIN, BOTH = PROV_SEC_USERNETWPIN,
		MAC = PROV_SEC_USERPINMAC };
	static const struct {
		const char *profile, *type;
		int sec;
		enum policy_outcome outcome;
		int code, wrong, no;		/* wrong PIN or MAC; user says no: their codes */
	} rows[] = {
		{ "android-aosp",        SI,   NO,   OUTCOME_DISCARD, 11, 11, 11 },
		{ "android-aosp",        PROV, USER, OUTCOME_DISCARD, 11, 11, 11 },
		{ "android-aosp",        "application/vnd.wap.mms-message", NO, OUTCOME_DELIVER, 0, 0, 0 },
		{ "android-samsung-old", SI,   NO,   OUTCOME_DELIVER, 0, 0, 0 },
		{ "android-samsung-old", SL,   NO,   OUTCOME_DELIVER, 0, 0, 9 },
		{ "android-samsung-old", PROV, NO,   OUTCOME_APPLY_AFTER_PROMPT, 0, 0, 9 },
		{ "android-samsung-old", PROV, NET,  OUTCOME_APPLY_AFTER_PROMPT, 0, 8, 9 },
		{ "android-samsung-old", PROV, USER, OUTCOME_APPLY_AFTER_PIN, 0, 10, 0 },
		{ "android-samsung-new", PROV, NO,   OUTCOME_DISCARD, 3, 3, 3 },
		{ "android-samsung-new", PROV, BOTH, OUTCOME_APPLY_AFTER_PIN, 0, 10, 0 },
		{ "android-oem",         PROV, NO,   OUTCOME_DISCARD, 3, 3, 3 },
		{ "nokia-s40",           PROV, NET,  OUTCOME_APPLY, 0, 8, 0 },
		{ "nokia-s40",           SL,   NO,   OUTCOME_DELIVER, 0, 0, 0 },
		{ "siemens-s75",         SI,   NO,   OUTCOME_DELIVER, 0, 0, 9 },	/* unknown sender: asks */
		{ "blackberry-legacy",   SI,   NO,   OUTCOME_DELIVER, 0, 0, 0 },
		{ "blackberry-legacy",   PROV, USER, OUTCOME_DISCARD, 11, 11, 11 },
		{ "ios",                 SL,   NO,   OUTCOME_DISCARD, 11, 11, 11 },
		{ "oma-push-mo",         SI,   NO,   OUTCOME_DISCARD, 13, 13, 13 },
		{ "oma-push-mo",         SL,   NO,   OUTCOME_DISCARD, 12, 12, 12 },
		{ "oma-push-mo",         PROV, USER, OUTCOME_DISCARD, 6, 6, 6 },
		{ "other-2003",          PROV, USER, OUTCOME_APPLY_AFTER_PIN, 0, 10, 0 },
		{ "other-2003",          PROV, NET,  OUTCOME_DISCARD, 5, 5, 5 },
		{ "unknown",             SI,   NO,   OUTCOME_DELIVER, 0, 0, 9 },
		{ "unknown",             SL,   NO,   OUTCOME_DISCARD, 12, 12, 12 },
		{ "unknown",             PROV, NO,   OUTCOME_DISCARD, 3, 3, 3 },
		{ "unknown",             PROV, USER, OUTCOME_DISCARD, 6, 6, 6 },
		{ "unknown",             PROV, NET,  OUTCOME_DISCARD, 5, 5, 5 },
		{ "unknown",             PROV, MAC,  OUTCOME_DISCARD, 6, 6, 6 },
		{ "unknown",             PROV, BOTH, OUTCOME_APPLY_AFTER_PIN, 0, 10, 0 },
		{ "unknown",             "text/plain", NO, OUTCOME_DISCARD, 3, 3, 3 },
	};
	struct policy_device dev;
	struct policy_decision d;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct policy_message m = message("+12025550199", -1, rows[i].type);
		int wrong, no;

		assert_int_equal(policy_device_init(&dev, rows[i].profile, profile_files(), NULL), OK);
		m.sec = (enum prov_sec)rows[i].sec;
		m.mac = rows[i].sec == NO || rows[i].sec == MAC ? MAC_ABSENT : MAC_PRESENT;
		d = ask(&dev, &m, POLICY_TRY_RIGHT, true);
		wrong = ask(&dev, &m, POLICY_TRY_WRONG, true).code;
		no = ask(&dev, &m, POLICY_TRY_RIGHT, false).code;
		if (d.outcome != rows[i].outcome || d.code != rows[i].code || wrong != rows[i].wrong ||
		    no != rows[i].no)
			fail_msg("row %zu: %s P%02d, wrong P%02d, no P%02d", i, policy_outcome_name(d.outcome),
			    d.code, wrong, no);
		assert_true(!d.has_effective && d.n_stages > 0);
		assert_int_equal(policy_accepted(&d), d.client[0] != '\0');
		m.mac = m.mac == MAC_PRESENT ? MAC_ABSENT : MAC_PRESENT;
		if (strcmp(rows[i].type, PROV) == 0)	/* SEC and MAC that do not fit */
			assert_int_equal(decide(&dev, &m).code, 2);
	}
}

static void
lists_of_senders(void **state)
{
	static const char text[] = "family = other\nmode si = list\nmode sl = list\nunknown-sender = refuse\n"
	    "signature userpin = list\n"
	    "accept = +12025550100\naccept = 192.0.2.10 x-wap-application:wml.ua text/vnd.wap.si\n"
	    "accept = * app.id\nreject = +12025550102\naccept = +12025550102\n";
	static const struct { bool ip; const char *from, *app, *type; bool taken; } rows[] = {
		{ false, "+12025550100", NULL, SI, true },
		{ false, "12025550100", NULL, SI, false },		/* not international */
		{ false, "+12025550101", NULL, SI, false },
		{ false, "+12025550101", "app.id", SI, true },
		{ false, "+12025550101", "APP.ID", SL, true },
		{ false, "+12025550102", NULL, SI, false },		/* rejects win */
		{ false, "+12025550102", "app.id", SI, false },
		{ true,  "192.0.2.10", NULL, SI, false },
		{ true,  "192.0.2.10", "x-wap-application:wml.ua", SI, true },
		{ true,  "192.0.2.10", "x-wap-application:wml.ua", SL, false },
		{ false, "192.0.2.10", "x-wap-application:wml.ua", SI, false },
		{ false, NULL, NULL, SI, false },
	};
	struct policy_device dev;
	size_t i;

	assert_int_equal(policy_profile_parse("lists", span_str(text), NULL, &dev, NULL), OK);
	for (i = 0; i < COUNT(rows); i++) {
		struct policy_message m = message(rows[i].from, -1, rows[i].type);
		struct policy_decision d;

		m.from_ton = TON_UNKNOWN;
		m.ip_bearer = rows[i].ip;
		m.app_id = rows[i].app;
		d = decide(&dev, &m);
		if (policy_accepted(&d) != rows[i].taken)
			fail_msg("row %zu: P%02d", i, d.code);
		m.content_type = PROV;
		m.sec = PROV_SEC_USERPIN;
		m.mac = MAC_PRESENT;
		d = decide(&dev, &m);
		assert_int_equal(d.code, rows[i].taken && !rows[i].ip ? 0 : 6);
	}
}

/* An application that registered takes what the handset itself ignores. */
static void
applications_register(void **state)
{
	struct policy_message m = message("+12025550199", -1, "application/octet-stream");
	struct policy_device dev;

	assert_int_equal(policy_device_init(&dev, "ios", profile_files(), NULL), OK);
	m.app_id = "my.app";
	assert_int_equal(decide(&dev, &m).code, 11);
	assert_int_equal(policy_add_client(&dev, "", "my.app", "my application", NULL), OK);
	assert_string_equal(decide(&dev, &m).client, "my application");
}

static void
residual_risks(void **state)
{
	static const struct { const char *profile; uint32_t id, value; unsigned risks; } rows[] = {
		{ "wm5",  4105, 3,    0 },
		{ "wm5",  4109, 64,   POLICY_RISK_OPEN_SI },
		{ "wm5",  4109, 4096, POLICY_RISK_OPEN_SI },
		{ "wm5",  4108, 2112, POLICY_RISK_OPEN_SL },
		{ "wm5",  4111, 64,   POLICY_RISK_OPEN_CP_UNSIGNED },
		{ "wm5",  4107, 3204, POLICY_RISK_NETWPIN_SILENT },
		{ "wm5",  4107, 4096, POLICY_RISK_NETWPIN_SILENT },
		{ "wm5-opened", 4105, 3, POLICY_RISK_NETWPIN_SILENT | POLICY_RISK_BOOTSTRAP_OPEN },
		{ "wm5-opened", 4111, 128, 0 },
		{ "wm65-opened", 4105, 3, POLICY_RISK_OPEN_CP_UNSIGNED | POLICY_RISK_BOOTSTRAP_OPEN },
		{ "wm5-rapi-opened", 4105, 3, 0 },
		{ "wm6x", 4141, 4096, 0 },			/* it asks */
		{ "w10m", 4111, 4096, 0 },			/* unsigned: TPS only */
		{ "w10m-open", 4119, 132, POLICY_RISK_BOOTSTRAP_OPEN },
		{ "w10m-open", 4132, 1, POLICY_RISK_NETWPIN_SILENT },
		{ "android-samsung-old", 4105, 3, POLICY_RISK_OPEN_CP_UNSIGNED },
		{ "unknown", 4105, 3, 0 },
	};
	struct policy_device dev;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		assert_int_equal(policy_device_init(&dev, rows[i].profile, profile_files(), NULL), OK);
		assert_int_equal(policy_set(&dev, rows[i].id, rows[i].value, NULL), OK);
		if (policy_risks(&dev) != rows[i].risks)
			fail_msg("row %zu: %u", i, policy_risks(&dev));
	}
	assert_string_equal(policy_risk_name(POLICY_RISK_BOOTSTRAP_OPEN), "bootstrap_open");
	assert_null(policy_risk_name(3));
}

/* ---- what to change: the check list of section 7 --------------------------------------------------- */

static void
advice(void **state)
{
	static const struct policy_setting apn = { "CM_GPRSEntries", NULL, 0, false };
	static const struct policy_setting policy = { "SecurityPolicy", NULL, 0, false };
	static const struct {
		const char *profile, *from, *type, *href;
		int sec;
		const struct policy_setting *setting;
		const char *says[4];		/* all of these */
		const char *not;
	} rows[] = {
		{ "wm5",  "+12025550199", SI, NULL, -1, NULL, { "address: +12025550100, the trusted", "Push-Flag: 1" }, "signature" },
		{ "wm5",  "+12025550100", SI, NULL, -1, NULL, { "Push-Flag: 1" }, "address" },
		{ "wm6x", "+12025550199", SL, "https://a/", -1, NULL, { "address: +12025550100", "Push-Flag: 2" }, "href" },
		{ "wm5",  "+12025550100", SL, "http://a/", -1, NULL, { "Push-Flag: 2", "href: an https" }, "source" },
		{ "w10m", "+12025550199", SI, NULL, -1, NULL, { "address: " }, "Push-Flag" },
		{ "wm5",  "+12025550199", PROV, NULL, 1, &apn, { "address: +12025550100", "Push-Flag: 1" }, "Initiator" },
		{ "wm5",  "+12025550100", PROV, NULL, -1, &policy, { "Push-Flag: 1", "X-WAP-Initiator-URI: https://tps.example.net/cp" }, "signature" },
		{ "w10m", "+12025550100", PROV, NULL, -1, &apn, { "signature: USERPIN" }, "address" },
		{ "unknown", "+12025550199", PROV, NULL, 1, &apn, { "signature: USERNETWPIN" }, "address" },
		{ "unknown", "+12025550199", SL, "https://a/", -1, NULL, { "the sender alone cannot" }, "address" },
		{ "wm5",  "+12025550100", "text/unheard-of", NULL, -1, NULL, { "nothing on the device takes" }, "address" },
	};
	struct policy_device dev;
	size_t i, k;

	for (i = 0; i < COUNT(rows); i++) {
		struct policy_message m = message(rows[i].from, -1, rows[i].type);
		struct policy_decision d;
		struct sbuf text = { 0 };

		fixture(&dev, rows[i].profile);
		m.href = rows[i].href;
		m.sec = (enum prov_sec)rows[i].sec;
		m.mac = rows[i].sec >= 0 ? MAC_PRESENT : MAC_ABSENT;
		m.settings = rows[i].setting;
		m.n_settings = rows[i].setting != NULL;
		d = decide(&dev, &m);
		assert_false(policy_accepted(&d));
		policy_explain(&dev, &m, &d, &text);
		for (k = 0; k < 4 && rows[i].says[k]; k++) {
			if (strstr(text.s, rows[i].says[k]) == NULL)
				fail_msg("row %zu: %s", i, text.s);
		}
		if (strstr(strstr(text.s, "to be accepted"), rows[i].not) != NULL)
			fail_msg("row %zu: %s", i, text.s);
		sbuf_done(&text);
	}
}

/* A sender who could sign otherwise or come from elsewhere is told the lesser change. */
static void
the_least_change(void **state)
{
	static const struct policy_setting policy = { "SecurityPolicy", NULL, 0, false };
	struct policy_message m = message("+12025550199", 3, PROV);
	struct policy_advice a;
	struct policy_device dev;

	fixture(&dev, "wm5-opened");
	m.initiator_uri = dev.provurl;
	m.sec = PROV_SEC_USERPIN;
	m.mac = MAC_PRESENT;
	m.settings = &policy;
	m.n_settings = 1;
	policy_advise(&dev, &m, &a);
	assert_true(a.possible && !a.user && !a.resign && a.push_flag == -1 && !a.provurl);
	assert_ptr_equal(a.proxy, &dev.proxies[0]);
	m.from = "+12025550100";
	policy_advise(&dev, &m, &a);		/* nothing to change but the user's answers */
	assert_true(a.possible && a.user && a.proxy == NULL);
	dev.n_proxies = 0;
	policy_advise(&dev, &m, &a);
	assert_true(a.possible && a.resign && a.sec == PROV_SEC_USERNETWPIN);
}

/* No stage without a line, and no line that only a programmer reads. */
static void
every_stage_has_a_line(void **state)
{
	static const char *const profiles[] = { "wm5", "wm6x", "w10m", "nokia-s60", "oma-push-mo" };
	static const char *const types[] = { SI, SL, PROV, "application/vnd.wap.mms-message", "x/y" };
	static const struct policy_setting setting = { "APPLICATION", NULL, 0, false };
	struct policy_device dev;
	size_t i;
	int sec;

	for (i = 0; i < COUNT(profiles) * COUNT(types); i++) {
		for (sec = -1; sec < 4; sec++) {
			struct policy_message m = message("+12025550100", 3, types[i % COUNT(types)]);
			struct policy_decision d;
			struct sbuf text = { 0 };
			size_t lines = 0, k;

			fixture(&dev, profiles[i / COUNT(types)]);
			m.sec = (enum prov_sec)sec;
			m.mac = sec >= 0 && sec < 3 ? MAC_PRESENT : MAC_ABSENT;
			m.settings = &setting;
			m.n_settings = 1;
			d = decide(&dev, &m);
			policy_explain(&dev, &m, &d, &text);
			for (k = 0; k < text.n; k++)
				lines += text.s[k] == '\n';
			assert_true(lines >= d.n_stages + 1);
			assert_int_equal(strstr(text.s, "stops here") != NULL, !policy_accepted(&d));
			assert_int_equal(strstr(text.s, "to be accepted") != NULL, !policy_accepted(&d));
			sbuf_done(&text);
		}
	}
}

static void
malformed_is_explained(void **state)
{
	struct policy_message m = message(NULL, -1, NULL);
	struct policy_device dev;
	struct policy_decision d;
	struct sbuf text = { 0 };

	fixture(&dev, "wm5");
	d = decide(&dev, &m);
	policy_explain(&dev, &m, &d, &text);
	assert_non_null(strstr(text.s, "no Content-Type"));
	assert_non_null(strstr(text.s, "well formed"));
	sbuf_done(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(profiles_decide),
		cmocka_unit_test(lists_of_senders),
		cmocka_unit_test(applications_register),
		cmocka_unit_test(residual_risks),
		cmocka_unit_test(advice),
		cmocka_unit_test(the_least_change),
		cmocka_unit_test(every_stage_has_a_line),
		cmocka_unit_test(malformed_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
