/* test_wsp_tables.c - assigned numbers, both ways, and dates. */
#include "tests/unit/vector.h"

#include "wap/wsp_int.h"

static void
content_types_both_ways(void **state)
{
	int code, n = 0;

	for (code = 0; code <= 0xFFFF; code++) {
		const char *name = wsp_content_name(code);

		if (name == NULL)
			continue;
		n++;
		if (wsp_content_code(span_str(name)) != code)
			fail_msg("%s: %X and %X", name, code, wsp_content_code(span_str(name)));
	}
	assert_int_equal(n, 133);
	assert_int_equal(wsp_content_code(span_str("APPLICATION/VND.WAP.SIC")), 0x2E);
	assert_int_equal(wsp_content_code(span_str("application/vnd.wap.emn+wbxml")), 0x030A);
	assert_int_equal(wsp_content_code(span_str("application/vnd.syncml.dm.notification")), 0x58);
	assert_int_equal(wsp_content_code(span_str("application/octet-stream")), 0x5A);
	assert_int_equal(wsp_content_code(span_str("")), -1);
	assert_null(wsp_content_name(-1));
	assert_null(wsp_content_name(0x59));
}

static void
application_ids_both_ways(void **state)
{
	uint32_t code;
	int n = 0;

	for (code = 0; code <= 0xFFFF; code++) {
		const char *name = wsp_app_id_name(code);
		char other[128];

		if (name == NULL)
			continue;
		n++;
		if (code == 0x904B) {	/* registered twice: the lowest code */
			assert_int_equal(wsp_app_id_code(span_str(name)), 1);
			continue;
		}
		if (wsp_app_id_code(span_str(name)) != (int64_t)code)
			fail_msg("%s: %X", name, code);
		if (strncmp(name, "urn:", 4) == 0)
			snprintf(other, sizeof other, "%s", name + 4);
		else
			snprintf(other, sizeof other, "URN:%s", name);
		if (wsp_app_id_code(span_str(other)) != (int64_t)code)
			fail_msg("%s: %X", other, code);
	}
	assert_int_equal(n, 133);
	assert_string_equal(wsp_app_id_name(7), "x-wap-application:syncml.dm");
	assert_string_equal(wsp_app_id_name(0x9071), "x-wap-3gpp:gba.andsf");
	assert_int_equal(wsp_app_id_code(span_str("X-WAP-APPLICATION:mms.ua")), 4);
	assert_int_equal(wsp_app_id_code(span_str("x-wap-application:Mms.ua")), -1);
	assert_int_equal(wsp_app_id_code(span_str("x-wap-application:mms.uax")), -1);
	assert_int_equal(wsp_app_id_code(span_str("x-wap-application")), -1);
	assert_int_equal(wsp_app_id_code(span_str("cpm:ua")), -1);
	assert_int_equal(wsp_app_id_code(span_str("ulp.ua")), 0x10);
	assert_int_equal(wsp_app_id_code(span_str("cfgmgr.ua")), -1);	/* not a well-known one */
	assert_int_equal(wsp_app_id_code(span_str("urn:")), -1);
	assert_int_equal(wsp_app_id_code(span_str("")), -1);
	assert_null(wsp_app_id_name(0x0B));
	assert_null(wsp_app_id_name(UINT32_MAX));
}

static void
header_names(void **state)
{
	int code;

	/* Of names with several codes the lowest is the one that old receivers know. */
	for (code = 0; code <= 0x4A; code++) {
		const struct wsp_field *field = wsp_field_by_code(code);

		assert_non_null(field);
		assert_int_equal(field->code, code);
		assert_true(wsp_header_code(span_str(field->name)) <= code);
	}
	assert_null(wsp_field_by_code(0x4B));
	assert_null(wsp_field_by_code(-1));
	assert_int_equal(wsp_header_code(span_str("cache-control")), 0x08);
	assert_int_equal(wsp_header_code(span_str("Expect")), 0x38);
	assert_int_equal(wsp_header_code(span_str("X-WAP-APPLICATION-ID")), 0x2F);
	assert_int_equal(wsp_header_code(span_str("X-Wap-Loc-Delivery")), 0x4A);
	assert_int_equal(wsp_header_code(span_str("X-MS-Desc")), -1);
}

static void
charsets(void **state)
{
	static const struct { const char *name; int mib; } rows[] = {
		{ "us-ascii", 3 }, { "iso-8859-1", 4 }, { "iso-8859-9", 12 }, { "Shift_JIS", 17 },
		{ "euc-kr", 38 }, { "iso-2022-jp", 39 }, { "UTF-8", 106 }, { "gb18030", 114 },
		{ "iso-10646-ucs-2", 1000 }, { "utf-16", 1015 }, { "gb2312", 2025 }, { "big5", 2026 },
		{ "koi8-r", 2084 }, { "windows-1251", 2251 }, { "latin1", 4 }, { "x-none", -1 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(wsp_charset_mib(span_str(rows[i].name)), rows[i].mib);
	assert_string_equal(wsp_charset_name(106), "utf-8");
	assert_string_equal(wsp_charset_name(3), "us-ascii");
	assert_string_equal(wsp_charset_name(1000), "iso-10646-ucs-2");
	assert_null(wsp_charset_name(1));
}

static void
languages(void **state)
{
	int code, n = 0;

	for (code = 0; code <= 0x100; code++) {
		const char *name = wsp_language_name((uint64_t)code);

		if (name == NULL)
			continue;
		n++;
		assert_int_equal(wsp_language_code(span_str(name)), code);
	}
	assert_int_equal(n, 1 + 127 + 12);
	assert_string_equal(wsp_language_name(0x19), "en");
	assert_string_equal(wsp_language_name(0x58), "pl");
	assert_int_equal(wsp_language_code(span_str("")), -1);
}

static void
dates(void **state)
{
	static const char *const good[][2] = {
		{ "Fri, 02 Jan 2026 15:05:05 GMT", "Fri, 02 Jan 2026 15:05:05 GMT" },
		{ "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT" },
		{ "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT" },
		{ "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 GMT" },
		{ "Sun Nov 16 08:49:37 1994", "Wed, 16 Nov 1994 08:49:37 GMT" },
		{ "Thu, 29 Feb 2024 23:59:59 GMT", "Thu, 29 Feb 2024 23:59:59 GMT" },
		{ "Tue, 19 Jan 2038 03:14:08 GMT", "Tue, 19 Jan 2038 03:14:08 GMT" },
		{ "Friday, 01-Jan-69 00:00:00 GMT", "Tue, 01 Jan 2069 00:00:00 GMT" },
		{ "Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:59 GMT" },
	};
	static const char *const bad[] = { "", " ", "Fri", "Fri, 02 Jan 2026 15:05:05",
		"Fri, 02 Jan 2026 15:05:05 UTC", "Fri, 02 Jan 2026 15:05:05 GMT ",
		"Fri, 2 Jan 2026 15:05:05 GMT", "fri, 02 Jan 2026 15:05:05 GMT",
		"Fri, 02 jan 2026 15:05:05 GMT", "Fri 02 Jan 2026 15:05:05 GMT",
		"Fri, 32 Jan 2026 15:05:05 GMT", "Fri, 00 Jan 2026 15:05:05 GMT",
		"Mon, 30 Feb 2026 15:05:05 GMT", "Wed, 29 Feb 2023 15:05:05 GMT",
		"Fri, 02 Jan 2026 24:05:05 GMT", "Fri, 02 Jan 2026 15:60:05 GMT",
		"Fri, 02 Jan 2026 15:05:60 GMT", "Wed, 31 Dec 1969 23:59:59 GMT",
		"Fri, 02-Jan-2026 15:05:05 GMT", "Sun Nov 6 08:49:37 1994",
		"Fri, 02 Jan 26 15:05:05 GMT", "1767366305" };
	char out[WSP_DATE_SIZE];
	uint64_t t;
	size_t i;

	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(wsp_date_parse(span_str(good[i][0]), &t), OK);
		assert_int_equal(wsp_date_print(t, out), OK);
		assert_string_equal(out, good[i][1]);
	}
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (wsp_date_parse(span_str(bad[i]), &t) != ERR_SYNTAX || t != 0)
			fail_msg("%s was taken", bad[i]);
	assert_int_equal(wsp_date_print(253402300799, out), OK);
	assert_string_equal(out, "Fri, 31 Dec 9999 23:59:59 GMT");
	assert_int_equal(wsp_date_print(253402300800, out), ERR_RANGE);
	assert_int_equal(wsp_date_print(UINT64_MAX, out), ERR_RANGE);
}

/* Every day of a century forth and back. */
static void
dates_round_trip(void **state)
{
	char out[WSP_DATE_SIZE];
	uint64_t t, back;

	for (t = 3661; t < (uint64_t)110 * 366 * 86400; t += 86400) {
		assert_int_equal(wsp_date_print(t, out), OK);
		assert_int_equal(wsp_date_parse(span_str(out), &back), OK);
		assert_true(back == t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(content_types_both_ways),
		cmocka_unit_test(application_ids_both_ways),
		cmocka_unit_test(header_names),
		cmocka_unit_test(charsets),
		cmocka_unit_test(languages),
		cmocka_unit_test(dates),
		cmocka_unit_test(dates_round_trip),
	};

	return cmocka_run_group_tests_name("wsp_tables", tests, NULL, NULL);
}
