/* test_buf.c - reader, writer and growing string of base/buf. */
#include "tests/unit/test.h"

#include "base/buf.h"

static void
reader_stops_at_its_end(void **state)
{
	static const uint8_t in[] = { 1, 2, 3, 4, 5 };
	struct rbuf r = rbuf_from(span_of(in, sizeof in));

	assert_int_equal(rbuf_u8(&r), 1);
	assert_int_equal(rbuf_u16(&r), 0x0203);
	assert_int_equal(rbuf_u32(&r), 0);
	assert_int_equal(r.err, ERR_SHORT);
	assert_int_equal(r.err_at, 3);
	assert_int_equal(rbuf_u8(&r), 0);	/* the error sticks */
	assert_int_equal(rbuf_left(&r), 0);
}

static void
uintvar_both_ways(void **state)
{
	static const struct {
		uint32_t v;
		const char *octets;
		size_t n;
	} rows[] = {
		{ 0, "\x00", 1 }, { 127, "\x7F", 1 }, { 128, "\x81\x00", 2 },
		{ 0x87A5, "\x82\x8F\x25", 3 }, { UINT32_MAX, "\x8F\xFF\xFF\xFF\x7F", 5 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t out[8];
		struct wbuf w = wbuf_into(out, sizeof out);
		struct rbuf r;

		wbuf_uintvar(&w, rows[i].v);
		assert_int_equal(w.n, rows[i].n);
		assert_memory_equal(out, rows[i].octets, rows[i].n);
		r = rbuf_from(wbuf_span(&w));
		assert_int_equal(rbuf_uintvar(&r), rows[i].v);
		assert_int_equal(r.err, OK);
	}
}

static void
uintvar_refuses_too_much(void **state)
{
	static const struct { const char *octets; size_t n; int err; } rows[] = {
		{ "\xFF\xFF\xFF\xFF\xFF\x7F", 6, ERR_SYNTAX },
		{ "\x9F\xFF\xFF\xFF\x7F", 5, ERR_SYNTAX },
		{ "\x80\x80\x80\x80\x80", 5, ERR_SYNTAX },
		{ "\x81", 1, ERR_SHORT },
		{ "", 0, ERR_SHORT },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rbuf r = rbuf_from(span_of(rows[i].octets, rows[i].n));

		assert_int_equal(rbuf_uintvar(&r), 0);
		assert_int_equal(r.err, rows[i].err);
	}
}

static void
writer_stops_at_its_end(void **state)
{
	uint8_t out[3];
	struct wbuf w = wbuf_into(out, sizeof out);

	wbuf_u16(&w, 0x0102);
	wbuf_u16(&w, 0x0304);
	wbuf_u8(&w, 5);
	assert_int_equal(w.err, ERR_FULL);
	assert_int_equal(w.n, 2);
	assert_int_equal(wbuf_span(&w).n, 0);
}

static void
cstr_needs_its_nul(void **state)
{
	struct rbuf r = rbuf_from(span_of("ab\0cd", 5));

	assert_true(span_eq_str(rbuf_cstr(&r), "ab"));
	assert_int_equal(rbuf_cstr(&r).n, 0);
	assert_int_equal(r.err, ERR_SHORT);
}

static void
strings_grow_and_escape(void **state)
{
	struct sbuf b = { 0 };
	char *s;
	int i;

	for (i = 0; i < 1000; i++)
		sbuf_fmt(&b, "%d,", i);
	assert_int_equal(strlen(b.s), b.n);
	sbuf_clear(&b);
	sbuf_xml(&b, span_str("<a b=\"c\">&'\n"));
	assert_string_equal(b.s, "&lt;a b=&quot;c&quot;&gt;&amp;&apos;&#10;");
	sbuf_clear(&b);
	sbuf_quote(&b, span_of("a\0\xFF\\", 4));
	assert_string_equal(b.s, "a\\x00\\xFF\\x5C");
	s = sbuf_take(&b);
	assert_null(b.s);
	free(s);
}

static void
why_is_cut_between_characters(void **state)
{
	struct why why;
	char text[300];
	size_t n;

	memset(text, 'a', sizeof text);
	memcpy(text + WHY_MAX - 1, "\xC3\xA9", 2);	/* e-acute across the limit */
	text[sizeof text - 1] = '\0';
	assert_int_equal(why_set(&why, ERR_LIMIT, "%s", text), ERR_LIMIT);
	n = strlen(why.text);
	assert_int_equal(n, WHY_MAX - 1);
	assert_int_equal(why.text[n - 1], 'a');
	why_set(&why, ERR_SYNTAX, "no value");
	why_prefix(&why, "line %d", 3);
	assert_string_equal(why.text, "line 3: no value");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reader_stops_at_its_end),
		cmocka_unit_test(uintvar_both_ways),
		cmocka_unit_test(uintvar_refuses_too_much),
		cmocka_unit_test(writer_stops_at_its_end),
		cmocka_unit_test(cstr_needs_its_nul),
		cmocka_unit_test(strings_grow_and_escape),
		cmocka_unit_test(why_is_cut_between_characters),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
