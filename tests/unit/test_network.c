/* test_network.c - names of networks and bearers. */
#include "tests/unit/test.h"

#include "ppg/address.h"
#include "ppg/network.h"

static void
the_table_is_by_number(void **state)
{
	size_t n, i;
	const struct network_row *table = network_table(&n);

	assert_int_equal(n, 0x1E);
	for (i = 0; i < n; i++) {
		assert_int_equal(table[i].number, i);
		assert_ptr_equal(network_row((uint8_t)i), &table[i]);
		assert_true(network_known(table[i].network));
		assert_true(bearer_known(table[i].network, table[i].bearer));
		assert_true(bearer_known("any", table[i].bearer));
	}
	assert_null(network_row(0x1E));
	assert_null(network_row(0xFF));
}

static void
names(void **state)
{
	static const struct { const char *network, *bearer; bool network_ok, both_ok; } rows[] = {
		{ "GSM", "SMS", true, true }, { "gsm", "sms", true, true }, { "GSM", "GPRS", true, true },
		{ "IS-95 cdma", "packet data", true, true }, { "ansi-136", "guts/r-data", true, true },
		{ "ANY", "Any", true, true }, { NULL, NULL, true, true }, { "", "", true, true },
		{ "any", "SMS", true, true }, { NULL, "FLEX", true, true }, { "GSM", "any", true, true },
		{ "GSM", "FLEX", true, false }, { "TETRA", "SMS", true, false }, { "any", "Pigeon", true, false },
		{ "LTE", "SMS", false, false }, { "LTE", "any", false, false }, { "GSM ", "SMS", false, false },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(network_known(rows[i].network), rows[i].network_ok);
		if (bearer_known(rows[i].network, rows[i].bearer) != rows[i].both_ok)
			fail_msg("row %zu", i);
	}
}

/* An address may be written with each address type of the assignments. */
static void
address_types_are_known(void **state)
{
	size_t n, i;
	const struct network_row *table = network_table(&n);

	for (i = 0; i < n; i++) {
		const char *type = table[i].address_type;
		const char *value = strcmp(type, "IPv4") == 0 ? "192.0.2.1" : strcmp(type, "IPv6") == 0 ?
		    "2001:0DB8:0000:0000:0000:0000:0000:0001" : "12345678";
		struct wappush a;
		struct why why = { 0 };
		char text[200];

		if (strcmp(type, "any") == 0)
			continue;
		snprintf(text, sizeof text, "WAPPUSH=%s/TYPE=%s@p", value, type);
		if (address_parse_lenient(text, NULL, &a, &why) != OK)
			fail_msg("%s: %s", text, why.text);
		assert_int_equal(address_number(&a) != NULL, strstr(type, "MSISDN") != NULL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_by_number),
		cmocka_unit_test(names),
		cmocka_unit_test(address_types_are_known),
	};

	return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
