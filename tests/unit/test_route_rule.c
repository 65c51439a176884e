/* test_route_rule.c - the rules of the groups route: what they fit, and how their keys are written. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "base/clock.h"
#include "ppg/pap.h"
#include "ppg/route.h"
#include "store/store.h"

/* ---- what fits ------------------------------------------------------------------------------------ */

static void
prefixes(void **state)
{
	static const struct { const char *list, *number; bool has; } rows[] = {
		{ "+12", "+12025550100", true },
		{ "+13", "+12025550100", false },
		{ "0012", "+12025550100", true },
		{ "0012", "0012", false },		/* a short number */
		{ "12", "+12025550100", true },
		{ "12", "1234", true },
		{ "+12", "1234", false },
		{ "+44; +1202", "+12025550100", true },
		{ "+44;;  ;1202 ", "+12025550100", true },
		{ "+12025550100", "+12025550100", true },
		{ "+120255501001", "+12025550100", false },
		{ "00", "+00", true }, { "", "+1", false }, { "+", "+1", true },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (route_prefix_has(rows[i].list, rows[i].number) != rows[i].has)
			fail_msg("row %zu: %s, %s", i, rows[i].list, rows[i].number);
}

static void
matches(void **state)
{
	static const struct route_facts facts = { "acme", "text/vnd.wap.si", "x-wap-application:wml.ua", STORE_HIGH,
		"+12025550100", 0 };
	static const struct { struct route_rule rule; enum route_miss miss; } rows[] = {
		{ { .name = "all" }, ROUTE_FITS },
		{ { .initiators = "acme" }, ROUTE_FITS }, { { .initiators = "other; ACME" }, ROUTE_FITS },
		{ { .initiators = "ac*" }, ROUTE_FITS }, { { .initiators = "acm" }, ROUTE_INITIATOR },
		{ { .initiators = "acme2" }, ROUTE_INITIATOR },
		{ { .types = "text/*" }, ROUTE_FITS }, { { .types = "text/vnd.wap.sl" }, ROUTE_TYPE },
		{ { .app_ids = "X-WAP-Application:wml.ua" }, ROUTE_FITS }, { { .app_ids = "x" }, ROUTE_APP_ID },
		{ { .priorities = 1u << STORE_HIGH }, ROUTE_FITS },
		{ { .priorities = 1u << STORE_LOW | 1u << STORE_MEDIUM }, ROUTE_PRIORITY },
		{ { .prefixes = "+1202" }, ROUTE_FITS }, { { .prefixes = "+49" }, ROUTE_PREFIX },
		{ { .prefixes = "+49", .initiators = "x" }, ROUTE_INITIATOR },	/* the first that does not fit is told */
	};
	struct route_facts any = facts;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (route_rule_match(&rows[i].rule, &facts) != rows[i].miss)
			fail_msg("row %zu: %s", i, route_miss_text(route_rule_match(&rows[i].rule, &facts)));
	any.number = NULL;
	any.priority = -1;
	assert_int_equal(route_rule_match(&(struct route_rule){ .prefixes = "+49", .priorities = 4 }, &any), ROUTE_FITS);
	any.initiator = "";
	assert_int_equal(route_rule_match(&(struct route_rule){ .initiators = "a" }, &any), ROUTE_INITIATOR);
}

static void
times(void **state)
{
	static const struct { const char *time, *zone, *at; bool fits; } rows[] = {
		{ "08:00-18:00", "utc", "2026-01-02T08:00:00Z", true },
		{ "08:00-18:00", "utc", "2026-01-02T07:59:59Z", false },
		{ "08:00-18:00", "utc", "2026-01-02T17:59:59Z", true },
		{ "08:00-18:00", "utc", "2026-01-02T18:00:00Z", false },
		{ "08:00-18:00", "+01:00", "2026-01-02T07:00:00Z", true },
		{ "08:00-18:00", "-05:30", "2026-01-02T13:30:00Z", true },
		{ "08:00-18:00", "-05:30", "2026-01-02T13:29:00Z", false },
		{ "fri 00:00-24:00", "utc", "2026-01-02T23:59:59Z", true },	/* a Friday */
		{ "fri 00:00-24:00", "utc", "2026-01-03T00:00:00Z", false },
		{ "mon-thu,SAT 00:00-24:00", "utc", "2026-01-02T12:00:00Z", false },
		{ "mon-thu,SAT 00:00-24:00", "utc", "2026-01-03T12:00:00Z", true },
		{ "sat-mon 10:00-11:00", "utc", "2026-01-04T10:30:00Z", true },	/* across the end of the week */
		{ "sat-mon 10:00-11:00", "utc", "2026-01-06T10:30:00Z", false },
		{ "fri 22:00-06:00", "utc", "2026-01-02T22:00:00Z", true },
		{ "fri 22:00-06:00", "utc", "2026-01-03T05:59:00Z", true },
		{ "fri 22:00-06:00", "utc", "2026-01-03T06:00:00Z", false },
		{ "fri 22:00-06:00", "utc", "2026-01-02T05:00:00Z", false },	/* that is Thursday's night */
		{ "sat 22:00-06:00", "utc", "2026-01-04T05:00:00Z", true },
		{ "mon 01:00-02:00; fri 08:00-09:00", "utc", "2026-01-02T08:30:00Z", true },
		{ "08:00-18:00", "local", "2026-07-02T07:00:00Z", true },		/* CEST, see main */
		{ "08:00-18:00", "local", "2026-07-02T05:59:00Z", false },
		{ "08:00-18:00", "local", "2026-01-02T07:00:00Z", true },		/* CET */
		{ "08:00-18:00", "local", "2026-01-02T06:59:00Z", false },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct route_rule rule = { 0 };
		struct route_facts f = { "", "", "", -1, NULL, 0 };
		struct why why;

		assert_int_equal(route_windows_read(rows[i].time, &rule, &why), OK);
		assert_int_equal(route_zone_read(rows[i].zone, &rule.zone_min, &why), OK);
		assert_int_equal(clock_parse_iso(rows[i].at, &f.at), OK);
		if ((route_rule_match(&rule, &f) == ROUTE_FITS) != rows[i].fits)
			fail_msg("row %zu: %s %s at %s", i, rows[i].time, rows[i].zone, rows[i].at);
	}
}

/* ---- as it is written ------------------------------------------------------------------------------- */

static void
bad_values(void **state)
{
	static const char *const windows[] = { "", ";", "8:00-18:00", "08:00", "08:00-08:00", "24:00-01:00", "08:60-09:00",
		"08:00-24:01", "mon", "mon08:00-18:00", "mo 08:00-18:00", "mon- 08:00-18:00", "-fri 08:00-18:00",
		"mon-fri-sun 08:00-18:00", ", 08:00-18:00", "08:00-18:00 mon", "08:00 - 18:00",
		"01:00-02:00;01:00-02:00;01:00-02:00;01:00-02:00;01:00-02:00;01:00-02:00;01:00-02:00;01:00-02:00;01:00-02:00" };
	static const char *const zones[] = { "", "cet", "+1", "+01", "01:00", "+1:00", "+15:00", "+01:60", "+01:000", "*01:00" };
	static const char *const places[] = { "a:0", "a;b;A", "a:0;b",
		"1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	static const char *const numbers[] = { "+", "12a", "++1", "1+2", "+1 2", "1;x", "12 34" };
	struct route_rule rule;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof windows / sizeof windows[0]; i++)
		if (route_windows_read(windows[i], &rule, &why) == OK)
			fail_msg("time %s", windows[i]);
	for (i = 0; i < sizeof zones / sizeof zones[0]; i++)
		if (route_zone_read(zones[i], &rule.zone_min, &why) == OK)
			fail_msg("zone %s", zones[i]);
	for (i = 0; i < sizeof places / sizeof places[0]; i++) {
		rule = (struct route_rule){ 0 };
		if (route_places_read(places[i], false, &rule, &why) == OK)
			fail_msg("links %s", places[i]);
	}
	for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (route_prefixes_check(numbers[i], &why) == OK)
			fail_msg("prefix %s", numbers[i]);
	assert_int_equal(route_priorities_read("high;highest", &rule, &why), ERR_SYNTAX);
}

static void
links_and_shares(void **state)
{
	struct route_rule rule = { 0 };
	struct why why;

	assert_int_equal(route_places_read("a:3; b ;h:2775;c :1000", false, &rule, &why), OK);
	assert_int_equal(route_places_read("d:9;", true, &rule, &why), OK);
	assert_int_equal(rule.n_places, 5);
	assert_true(rule.weighted);
	assert_int_equal(route_rule_place(&rule, "A")->weight, 3);
	assert_int_equal(route_rule_place(&rule, "b")->weight, 1);
	assert_int_equal(route_rule_place(&rule, "h:2775")->weight, 1);	/* the name of a link: host and port */
	assert_int_equal(route_rule_place(&rule, "c")->weight, 1000);
	assert_true(route_rule_place(&rule, "d:9")->fallback);
	assert_null(route_rule_place(&rule, "d"));
	rule = (struct route_rule){ 0 };
	assert_int_equal(route_places_read("a;b", false, &rule, &why), OK);
	assert_false(rule.weighted);
	assert_int_equal(route_priorities_read("Low; high", &rule, &why), OK);
	assert_int_equal(rule.priorities, 1u << STORE_LOW | 1u << STORE_HIGH);
}

/* ---- with links --------------------------------------------------------------------------------------- */

static struct routes *
links_and_rules(void)
{
	static const struct smsc_config a = { .smsc_id = "a", .source_addr = "1", .denied_prefix = "+44",
		.preferred_prefix = "+1", .bearer = "SMS" };
	static const struct smsc_config b = { .smsc_id = "b", .source_addr = "2", .allowed_prefix = "+12;+44", .bearer = "USSD" };
	static const struct smsc_config *const links[] = { &a, &b };
	static const struct route_rule rules[] = {
		{ .name = "acme", .initiators = "acme", .places = { { "b", 1, false } }, .n_places = 1, .source_addr = "99" },
		{ .name = "high", .priorities = 1u << STORE_HIGH, .places = { { "a", 1, false } }, .n_places = 1 },
	};
	struct route_rules *r = route_rules_create(rules, 2);
	struct routes *routes = routes_create_ruled(links, 2, r);

	route_rules_unref(r);
	return routes;
}

static void
one_recipient(void **state)
{
	static const struct {
		struct route_wish wish;
		int priority;
		const char *number, *rule;
		int code;
		const char *says;
	} rows[] = {
		{ { .initiator = "pi" }, STORE_MEDIUM, "+12025550100", NULL, 0, NULL },
		{ { .initiator = "pi" }, STORE_MEDIUM, "+442025550100", NULL, 0, NULL },
		{ { .initiator = "pi", .links = "a" }, STORE_MEDIUM, "+442025550100", NULL, PAP_ADDRESS_ERROR,
		  "no link takes such a number" },
		{ { .initiator = "pi", .links = "b" }, STORE_MEDIUM, "+492025550100", NULL, PAP_ADDRESS_ERROR,
		  "no link takes such a number" },
		{ { .initiator = "acme" }, STORE_MEDIUM, "+12025550100", "acme", 0, NULL },
		{ { .initiator = "acme" }, STORE_HIGH, "+492025550100", "acme", PAP_ADDRESS_ERROR,
		  "route acme: none of its links takes such a number" },
		{ { .initiator = "acme", .links = "a" }, STORE_HIGH, "+12025550100", "acme", PAP_FORBIDDEN,
		  "route acme: none of its links may carry this push" },
		{ { .initiator = "pi" }, STORE_HIGH, "+492025550100", "high", 0, NULL },
		{ { .initiator = "pi" }, STORE_HIGH, "+442025550100", "high", PAP_ADDRESS_ERROR,
		  "route high: none of its links takes such a number" },
	};
	struct routes *r = links_and_rules();
	size_t i;

	assert_true(routes_by_number(r));
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct route_facts f = route_facts_of(&rows[i].wish, rows[i].priority, rows[i].number, 0);
		const struct route_rule *rule;
		struct why why = { 0 };
		int code = routes_check_number(r, &rows[i].wish, &f, &rule, &why);

		if (code != rows[i].code || (code != 0 && strcmp(why.text, rows[i].says) != 0) ||
		    strcmp(rule != NULL ? rule->name : "-", rows[i].rule != NULL ? rows[i].rule : "-") != 0)
			fail_msg("row %zu: %d %s, rule %s", i, code, why.text, rule != NULL ? rule->name : "-");
		assert_true(routes_serve_number(r, &rows[i].wish, &f) == (code == 0));
	}
	routes_unref(r);
}

/* With allowed and denied prefixes, what is on neither list is taken; a preferred one suits better. */
static void
prefixes_of_a_link(void **state)
{
	static const struct { const char *allowed, *denied, *preferred; int score; } rows[] = {
		{ "", "", "", 0 }, { "+12", "", "", 0 }, { "+13", "", "", -1 }, { "", "+12", "", -1 }, { "", "+13", "", 0 },
		{ "+12", "+1", "", 0 }, { "+13", "+12", "", -1 }, { "+13", "+14", "", 0 },
		{ "", "", "+1", 4 }, { "", "", "+2", 0 }, { "", "+1", "+1", -1 },
	};
	const struct route_wish none = { 0 };
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct smsc_config cf = { .smsc_id = "a" };

		strcpy(cf.allowed_prefix, rows[i].allowed);
		strcpy(cf.denied_prefix, rows[i].denied);
		strcpy(cf.preferred_prefix, rows[i].preferred);
		if (route_link_score(&cf, NULL, &none, "+12025550100") != rows[i].score)
			fail_msg("row %zu", i);
		assert_int_equal(route_link_score(&cf, NULL, &none, NULL), 0);
	}
}

/* What the store is asked while it does not know the number: is there any for whom it works? */
static void
any_number(void **state)
{
	static const struct { struct route_wish wish; bool serves; } rows[] = {
		{ { .initiator = "acme" }, true }, { { .initiator = "acme", .links = "a" }, false },
		{ { .initiator = "pi", .links = "b" }, true },	/* the rule for high ones has none, the others go */
	};
	struct routes *r = links_and_rules();
	char sender[32];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (routes_serve(r, &rows[i].wish) != rows[i].serves)
			fail_msg("row %zu", i);
	routes_sender(r, &rows[0].wish, sender, sizeof sender);
	assert_string_equal(sender, "99");
	routes_unref(r);
}

static void
facts_are_kept(void **state)
{
	const struct route_wish wish = { .initiator = "acme", .type = "text/vnd.wap.si", .app_id = "x:y", .smsc = "b" };
	struct sbuf text = { 0 };
	struct route_wish back;

	route_wish_write(&wish, &text);
	route_wish_read(sbuf_as_span(&text), &back);
	assert_string_equal(back.smsc, "b");
	assert_string_equal(back.screen, "");
	assert_string_equal(back.initiator, "acme");
	assert_string_equal(back.type, "text/vnd.wap.si");
	assert_string_equal(back.app_id, "x:y");
	sbuf_done(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes), cmocka_unit_test(matches), cmocka_unit_test(times), cmocka_unit_test(bad_values),
		cmocka_unit_test(links_and_shares), cmocka_unit_test(one_recipient), cmocka_unit_test(prefixes_of_a_link),
		cmocka_unit_test(any_number), cmocka_unit_test(facts_are_kept),
	};

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
