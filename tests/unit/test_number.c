/* test_number.c - numbers as initiators write them, and as they are dialled. */
#include "tests/unit/test.h"

#include "base/buf.h"
#include "ppg/number.h"

static const struct number_settings
	plain = { .international_prefix = "00" },
	germany = { .country_code = "49", .national_prefix = "0", .international_prefix = "00" },
	america = { .country_code = "+1", .national_prefix = "1", .international_prefix = "011" },
	denmark = { .country_code = "0045", .national_prefix = "", .international_prefix = "00" },
	finland = { .unified_prefix = "+358,00358,0;+,00" },
	spaces = { .unified_prefix = " +358 , 00358,0 ; +,00;" },
	bare = { .unified_prefix = "358,+358,00358", .short_numbers = true },
	shorts = { .international_prefix = "00", .short_numbers = true },
	nothing = { 0 };

static const struct {
	const struct number_settings *settings;
	const char *country, *in, *out;		/* out NULL: refused */
} rows[] = {
	{ &plain, NULL, "+12025550143", "+12025550143" },
	{ &plain, NULL, "+1 (202) 555-01.43", "+12025550143" },
	{ &plain, NULL, "0012025550143", "+12025550143" },
	{ &plain, NULL, "0079161234567", "+79161234567" },
	{ &plain, NULL, "12025550143", "+12025550143" },
	{ &plain, NULL, "02025550143", NULL },
	{ &plain, "49", "01715550143", NULL },		/* no national prefix is set */
	{ &plain, NULL, "+1234567", "+1234567" },
	{ &plain, NULL, "+123456", NULL },
	{ &plain, NULL, "123456", NULL },
	{ &plain, NULL, "00123456", NULL },
	{ &plain, NULL, "+12345678901234567890", "+12345678901234567890" },
	{ &plain, NULL, "+123456789012345678901", NULL },
	{ &plain, NULL, "123456789012345678901234567890123456789012345678901234567890", NULL },
	{ &plain, NULL, "", NULL }, { &plain, NULL, "+", NULL }, { &plain, NULL, "--", NULL }, { &plain, NULL, "00", NULL },
	{ &plain, NULL, "1202555+0143", NULL }, { &plain, NULL, "++12025550143", NULL },
	{ &plain, NULL, "1202555x0143", NULL }, { &plain, NULL, "+1202555\n0143", NULL },
	{ &nothing, NULL, "12025550143", "+12025550143" },
	{ &nothing, NULL, "0012025550143", NULL },
	{ &germany, NULL, "01715550143", "+491715550143" },
	{ &germany, NULL, "0171-555.0143", "+491715550143" },
	{ &germany, NULL, "00491715550143", "+491715550143" },
	{ &germany, NULL, "491715550143", "+491715550143" },
	{ &germany, NULL, "+491715550143", "+491715550143" },
	{ &germany, NULL, "+01715550143", "+01715550143" },
	{ &germany, "44", "07915550143", "+447915550143" },
	{ &germany, "", "01715550143", "+491715550143" },
	{ &germany, "44", "00491715550143", "+491715550143" },
	{ &germany, NULL, "0171", NULL }, { &germany, NULL, "110", NULL },
	{ &america, NULL, "12025550143", "+12025550143" },
	{ &america, NULL, "011491715550143", "+491715550143" },
	{ &denmark, NULL, "20255501", "+4520255501" },
	{ &denmark, NULL, "0012025550143", "+12025550143" },
	{ &denmark, NULL, "+12025550143", "+12025550143" },
	{ &denmark, "46", "02025550143", "+4602025550143" },
	{ &finland, NULL, "+358401234567", "+358401234567" },
	{ &finland, NULL, "00358401234567", "+358401234567" },
	{ &finland, NULL, "0401234567", "+358401234567" },
	{ &finland, NULL, "0079161234567", "+79161234567" },	/* "00" is longer than "0" */
	{ &finland, NULL, "+79161234567", "+79161234567" },
	{ &finland, NULL, "79161234567", "+79161234567" },
	{ &spaces, NULL, "0401234567", "+358401234567" },
	{ &spaces, NULL, "+12025550143", "+12025550143" },
	{ &bare, NULL, "+358401234567", "+358401234567" },
	{ &bare, NULL, "00358401", "358401" },
	{ &shorts, NULL, "112", "112" }, { &shorts, NULL, "+4930", "+4930" }, { &shorts, NULL, "004930", "+4930" },
	{ &shorts, NULL, "0", "0" }, { &shorts, NULL, "00", NULL }, { &shorts, NULL, "1234567", "+1234567" },
};

static void
numbers_as_they_are_dialled(void **state)
{
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct why why = { 0 };
		struct number_rules *rules = number_rules_read(rows[i].settings, NULL, &why);
		char out[NUMBER_SIZE];
		int err;

		if (rules == NULL)
			fail_msg("row %zu: %s", i, why.text);
		err = number_normalise(rules, rows[i].country, rows[i].in, out, &why);
		if (rows[i].out == NULL) {
			if (err == OK || out[0] != '\0' || why.text[0] == '\0')
				fail_msg("\"%s\" became \"%s\", \"%s\"", rows[i].in, out, why.text);
		} else if (err != OK || strcmp(out, rows[i].out) != 0) {
			fail_msg("\"%s\" became \"%s\" (%s), not \"%s\"", rows[i].in, out, why.text, rows[i].out);
		}
		number_rules_destroy(&rules);
	}
}

static void
settings_that_cannot_be_read(void **state)
{
	static const struct { struct number_settings s; const char *key; } bad[] = {
		{ { .unified_prefix = "+358,,0" }, "unified-prefix" },
		{ { .unified_prefix = "+358,a" }, "unified-prefix" },
		{ { .unified_prefix = "+358,0+" }, "unified-prefix" },
		{ { .unified_prefix = ";+358" }, "unified-prefix" },
		{ { .unified_prefix = "+12345678901234567890123456789" }, "unified-prefix" },
		{ { .country_code = "" }, "country-code" }, { { .country_code = "00" }, "country-code" },
		{ { .country_code = "12345" }, "country-code" }, { { .country_code = "de" }, "country-code" },
		{ { .country_code = "049" }, "country-code" },
		{ { .national_prefix = "+0" }, "national-prefix" },
		{ { .international_prefix = "0x0" }, "international-prefix" },
	};
	struct sbuf many = { 0 };
	const char *key;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		why = (struct why){ 0 };
		assert_null(number_rules_read(&bad[i].s, &key, &why));
		if (strcmp(key, bad[i].key) != 0 || why.text[0] == '\0')
			fail_msg("row %zu: %s: %s", i, key, why.text);
	}
	for (i = 0; i < 129; i++)
		sbuf_fmt(&many, "%s%zu", i ? "," : "", i);
	assert_null(number_rules_read(&(struct number_settings){ .unified_prefix = many.s }, NULL, &why));
	sbuf_done(&many);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_as_they_are_dialled),
		cmocka_unit_test(settings_that_cannot_be_read),
	};

	return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
