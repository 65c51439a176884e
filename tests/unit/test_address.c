/* test_address.c - WAPPUSH addresses; rows P-01, P-02 of doc/bad-input.md. */
#include "tests/unit/test.h"

#include "ppg/address.h"

static void
addresses_that_are_taken(void **state)
{
	static const struct { const char *text; enum address_type type; const char *value, *ppg; } rows[] = {
		/* the specification's examples (WAP-249 6.2) */
		{ "WAPPUSH=john.doe%40wapforum.org/TYPE=USER@ppg.carrier.com", ADDRESS_USER, "john.doe@wapforum.org", "ppg.carrier.com" },
		{ "wappush=47397547589/type=user@carrier.com", ADDRESS_USER, "47397547589", "carrier.com" },
		{ "WAPPUSH=+155519990730/TYPE=USER@ppg.carrier.com", ADDRESS_USER, "+155519990730", "ppg.carrier.com" },
		{ "WAPPUSH=+155519990730/TYPE=PLMN@ppg.carrier.com", ADDRESS_PLMN, "+155519990730", "ppg.carrier.com" },
		{ "WAPPUSH=195.153.199.30/TYPE=IPv4@ppg.carrier.com", ADDRESS_IPV4, "195.153.199.30", "ppg.carrier.com" },
		{ "WAPPUSH=FEDC:BA98:7654:3210:FEDC:BA98:7654:3210/TYPE=IPv6@carrier.com", ADDRESS_IPV6,
		  "fedc:ba98:7654:3210:fedc:ba98:7654:3210", "carrier.com" },
		{ "WAPPUSH=12345678/TYPE=MAN@ppg.carrier.com", ADDRESS_MAN, "12345678", "ppg.carrier.com" },
		/* deployed forms */
		{ "/WAPPUSH=+1-202.5550143/TYPE=PLMN/@ppg.example.net", ADDRESS_PLMN, "+12025550143", "ppg.example.net" },
		{ "WAPPUSH=+12025550143/TYPE=PLMN", ADDRESS_PLMN, "+12025550143", "" },
		{ "WAPPUSH=12025550143/TYPE=PLMN@p", ADDRESS_PLMN, "+12025550143", "p" },
		{ "WAPPUSH=+12025550143/EXT=a@b/TYPE=PLMN@p", ADDRESS_PLMN, "+12025550143", "p" },
		{ "WAPPUSH=%24IT/TYPE=USER@p", ADDRESS_USER, "$IT", "p" },
		{ "WAPPUSH=1/TYPE=TETRA_ITSI@p", ADDRESS_OTHER, "1", "p" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct wappush a;
		struct why why = { 0 };

		if (address_parse(rows[i].text, &a, &why) != OK)
			fail_msg("%s: %s", rows[i].text, why.text);
		assert_int_equal(a.type, rows[i].type);
		assert_string_equal(a.value, rows[i].value);
		assert_string_equal(a.ppg, rows[i].ppg);
	}
}

static void
addresses_that_are_not(void **state)
{
	static const char *const rows[] = {
		"", "push_all", "2820ecc9", "WAPPUSH=", "WAPPUSH=+12025550143", "WAPPUSH=+12025550143@ppg",	/* P-01 */
		"WAPPUSH=+35840abc/TYPE=PLMN@p", "WAPPUSH=a%4/TYPE=USER@p", "WAPPUSH=a%zz/TYPE=USER@p",	/* P-02 */
		"WAPPUSH=a%00b/TYPE=USER@p", "WAPPUSH=a b/TYPE=USER@p", "WAPPUSH=/TYPE=USER@p",
		"WAPPUSH=+/TYPE=PLMN@p", "WAPPUSH=-/TYPE=PLMN@p",
		"WAPPUSH=+123456789012345678901/TYPE=PLMN@p", "WAPPUSH=1.2.3/TYPE=IPv4@p", "WAPPUSH=::g/TYPE=IPv6@p",
		"WAPPUSH=1234567/TYPE=MAN@p", "WAPPUSH=+12025550143/TYPE=@p", "WAPPUSH=+12025550143/TYPE=PLMN@",
		"WAPPUSH=+12025550143/TYPE=PLMN@a_b", "WAPPUSH=+12025550143/TYPE=PLMN/X=1@p", "WAPPUSH=+12025550143/X/TYPE=PLMN@p",
		"APPUSH=+12025550143/TYPE=PLMN@p", "WAPPUSH +12025550143/TYPE=PLMN@p",
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct wappush a;
		struct why why = { 0 };

		if (address_parse(rows[i], &a, &why) == OK)
			fail_msg("%s was taken", rows[i]);
		assert_true(why.text[0] != '\0');
		assert_int_equal(a.value[0], '\0');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_that_are_taken),
		cmocka_unit_test(addresses_that_are_not),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
