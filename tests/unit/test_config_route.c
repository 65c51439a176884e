/* test_config_route.c - the groups route of a configuration, and the prefixes of links. */
#include "tests/unit/config_fixture.h"

#define LINK "smsc-id = x\n"				/* line 11 */
#define ROUTE "group = route\nname = r\n"		/* lines 12, 13 */

static void
what_is_made_of_them(void **state)
{
	struct ppg_config *c = good(MINIMAL LINK "allowed-prefix = \"+1;0044\"\n" ROUTE
	    "prefix = +1\ninitiator = a\ncontent-type = \"text/*\"\napplication-id = \"x\"\npriority = high\n"
	    "time = \"mon-fri 08:00-18:00\"\nzone = utc\nlinks = \"x:2\"\nsource-addr = +12025550100\nthroughput = 5\n"
	    "segmentation = sar\nvalidityperiod = 90\n"
	    "group = route\nname = rest\nlinks = x\n");
	const struct route_rule *rule = &c->routes->rules[0];

	assert_string_equal(notices.s, "");
	assert_int_equal(c->routes->n, 2);
	assert_true(c->routes->by_number && c->routes->by_time);
	assert_string_equal(c->links[0].smsc.allowed_prefix, "+1;0044");
	assert_string_equal(rule->name, "r");
	assert_string_equal(rule->source_addr, "+12025550100");
	assert_int_equal(rule->throughput, 5);
	assert_int_equal(rule->segmentation, SMSC_SAR + 1);
	assert_int_equal(rule->validity_s, 90 * 60);
	assert_int_equal(c->routes->rules[1].segmentation, 0);
	assert_int_equal(c->routes->rules[1].validity_s, 0);
	assert_int_equal(rule->priorities, 1);
	assert_int_equal(rule->zone_min, 0);
	assert_int_equal(rule->places[0].weight, 2);
	assert_int_equal(c->routes->rules[1].zone_min, ROUTE_ZONE_LOCAL);
	ppg_config_free(&c);
	c = good(MINIMAL);
	assert_int_equal(c->routes->n, 0);
	ppg_config_free(&c);
}

static void
mistakes_of_routes(void **state)
{
	static const struct { const char *text, *errors; } rows[] = {
		{ MINIMAL LINK "group = route\n", "X:12: group route, name: this key is required and missing\n"
		  "X:12: group route, links: this key is required and missing\n" },
		{ MINIMAL LINK ROUTE "links = y;x;z:4\n", "X:14: group route, links: y is not the smsc-id of a group smsc\n"
		  "X:14: group route, links: z is not the smsc-id of a group smsc\n" },
		{ MINIMAL LINK ROUTE "links = x\nfallback = y\n",
		  "X:15: group route, fallback: y is not the smsc-id of a group smsc\n" },
		{ MINIMAL LINK ROUTE "links = x\nfallback = x\n", "X:15: group route, fallback: x stands there twice\n" },
		{ MINIMAL LINK ROUTE "links = \";\"\n", "X:14: group route, links: no link at all\n" },
		{ MINIMAL LINK ROUTE "links = x\n" ROUTE "links = x\n", NULL },
		{ MINIMAL LINK ROUTE "links = x\ninitiator = \"a;b*;nobody\"\n",
		  "X:15: group route, initiator: nobody is not the name of a wap-push-user\n" },
		{ MINIMAL LINK ROUTE "links = x\nprefix = +1x\n",
		  "X:15: group route, prefix: +1x is not the beginning of a number\n" },
		{ MINIMAL LINK ROUTE "links = x\npriority = urgent\n",
		  "X:15: group route, priority: urgent is none of high, medium and low\n" },
		{ MINIMAL LINK ROUTE "links = x\ntime = always\n",
		  "X:15: group route, time: always is not a time such as \"mon-fri 08:00-18:00\"\n" },
		{ MINIMAL LINK ROUTE "links = x\nzone = cet\n",
		  "X:15: group route, zone: cet is none of local, utc and an offset such as +01:00\n" },
		{ MINIMAL LINK "interface-version = 33\n" ROUTE "links = x\nsegmentation = payload\n",
		  "X:16: group route, segmentation: link x speaks SMPP 3.3, which has no TLVs\n" },
		{ MINIMAL LINK "denied-prefix = x\n",
		  "X:12: group smsc, denied-prefix: x is not the beginning of a number\n" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ppg_config *c;

		assert_int_equal(load(rows[i].text, &c), ERR_SYNTAX);
		if (rows[i].errors == NULL)
			assert_non_null(strstr(errors.s, "X:16: group route, name: \"r\""));
		else if (strcmp(errors.s, rows[i].errors) != 0)
			fail_msg("row %zu: %s", i, errors.s);
	}
}

static void
one_that_is_never_used(void **state)
{
	struct ppg_config *c = good(MINIMAL LINK ROUTE "links = x\ngroup = route\nname = late\nlinks = x\nprefix = +1\n");

	assert_string_equal(notices.s, "X:16: group route, name: never used: route r before it is for everything\n");
	ppg_config_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_made_of_them), cmocka_unit_test(mistakes_of_routes),
		cmocka_unit_test(one_that_is_never_used),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
