/* test_text.c - hexadecimal, base64, UTF-8, numbers and times. */
#include "tests/unit/test.h"

#include "base/clock.h"
#include "base/text.h"

static void
hex_is_strict(void **state)
{
	uint8_t out[16];
	struct why why;
	size_t n;

	assert_int_equal(text_hex(span_str("01 aF\tff"), out, &n, &why), OK);
	assert_int_equal(n, 3);
	assert_memory_equal(out, "\x01\xAF\xFF", 3);
	assert_int_equal(text_hex(span_str("010"), out, &n, &why), ERR_SYNTAX);
	assert_int_equal(text_hex(span_str("01g0"), out, &n, &why), ERR_SYNTAX);
	assert_int_equal(why.offset, 2);
	assert_int_equal(n, 0);
}

static void
base64_is_strict(void **state)
{
	static const char *const bad[] = { "A", "AA", "AAA", "AA=", "AA===", "A===", "=AAA", "AAAA=",
		"AA=A", "A*AA", "AAAA====" };
	uint8_t out[32];
	struct why why;
	size_t i, n;

	assert_int_equal(text_base64(span_str("aGVs\r\nbG8="), out, &n, &why), OK);
	assert_int_equal(n, 5);
	assert_memory_equal(out, "hello", 5);
	assert_int_equal(text_base64(span_str(""), out, &n, &why), OK);
	assert_int_equal(n, 0);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (text_base64(span_str(bad[i]), out, &n, &why) != ERR_SYNTAX)
			fail_msg("%s was taken", bad[i]);
	}
}

static void
base64_round_trip(void **state)
{
	const char *const rows[][2] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" } };
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sbuf b = { 0 };

		sbuf_str(&b, "");
		text_base64_encode(span_str(rows[i][0]), &b);
		assert_string_equal(b.s, rows[i][1]);
		sbuf_done(&b);
	}
}

static void
utf8_finds_the_first_bad_octet(void **state)
{
	size_t bad;

	assert_true(text_is_utf8(span_str("Zkou\xC5\xA1ka \xF0\x9F\x93\xB1"), NULL));
	assert_false(text_is_utf8(span_str("ab\xC0\x80"), &bad));
	assert_int_equal(bad, 2);
	assert_false(text_is_utf8(span_str("\xED\xA0\x80"), NULL));	/* surrogate */
	assert_false(text_is_utf8(span_str("\xE2\x82"), NULL));
	assert_false(text_is_utf8(span_str("\xF4\x90\x80\x80"), NULL));	/* above 10FFFF */
}

static void
numbers_have_ranges(void **state)
{
	int64_t v;

	assert_int_equal(text_number("65535", 0, 65535, &v), OK);
	assert_int_equal(v, 65535);
	assert_int_equal(text_number("65536", 0, 65535, &v), ERR_RANGE);
	assert_int_equal(text_number("-1", 0, 65535, &v), ERR_RANGE);
	assert_int_equal(text_number("80a", 0, 65535, &v), ERR_SYNTAX);
	assert_int_equal(text_number("", 0, 65535, &v), ERR_SYNTAX);
	assert_int_equal(text_number(" 1", 0, 65535, &v), ERR_SYNTAX);
	assert_int_equal(text_number("99999999999999999999", 0, INT64_MAX, &v), ERR_RANGE);
}

static void
times_that_do_not_exist(void **state)
{
	static const char *const bad[] = { "2026-02-30T10:00:00Z", "2008-09-31T13:30:00Z",
		"2026-13-01T00:00:00Z", "2026-01-01T00:00:0Z", "2026-01-01T24:00:00Z",
		"2026-01-01 00:00:00Z", "2026-01-01T00:00:00+", "2025-02-29T00:00:00Z", "",
		"2026-01-01T00:00:60Z", "2026-01-01T00:00:00.5Z", "+026-01-01T00:00:00Z" };
	char iso[CLOCK_ISO_SIZE];
	time_t t;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (clock_parse_iso(bad[i], &t) != ERR_SYNTAX)
			fail_msg("%s was taken", bad[i]);
	assert_int_equal(clock_parse_iso("2024-02-29t23:59:59z", &t), OK);
	clock_iso(t, iso);
	assert_string_equal(iso, "2024-02-29T23:59:59Z");
	assert_int_equal(clock_parse_iso("2026-01-02T15:05:05Z", &t), OK);
	assert_int_equal(t, 0x6957DEA1);
}

static void
numbers_are_masked(void **state)
{
	char out[32];

	text_mask_number("+12025550100", out, sizeof out);
	assert_string_equal(out, "+120..00");
	text_mask_number("1234", out, sizeof out);
	assert_string_equal(out, "12..");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_is_strict),
		cmocka_unit_test(base64_is_strict),
		cmocka_unit_test(base64_round_trip),
		cmocka_unit_test(utf8_finds_the_first_bad_octet),
		cmocka_unit_test(numbers_have_ranges),
		cmocka_unit_test(times_that_do_not_exist),
		cmocka_unit_test(numbers_are_masked),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
