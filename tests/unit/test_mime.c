/* test_mime.c - multipart/related bodies; rows M-.. of doc/bad-input.md. */
#include "tests/unit/test.h"

#include "ppg/mime.h"
#include "ppg/pap.h"

static int
split(const char *body, const char *boundary, struct mime_part *parts, size_t *n, struct why *why)
{
	return mime_split(span_str(body), span_str(boundary), &pap_leniency_usual.mime, parts, MIME_PARTS_MAX, n, why);
}

static void
two_parts_in_every_line_style(void **state)
{
	static const char *const bodies[] = {
		"--b\r\nA: 1\r\n\r\none\r\n--b\r\nB: 2\r\n\r\ntwo\r\n--b--\r\n",
		"--b\nA: 1\n\none\n--b\nB: 2\n\ntwo\n--b--",
		"preamble\r\n--b  \r\nA: 1\r\n\r\none\r\n--b\t\r\nB: 2\r\n\r\ntwo\r\n--b--\r\nepilogue",
		"\r\n\r\n--b\r\nA: 1\r\n\r\none\r\n--b\r\nB: 2\r\n\r\ntwo\r\n--b-- \r\n\r\n",
	};
	struct mime_part parts[MIME_PARTS_MAX];
	struct why why;
	size_t i, n;

	for (i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		assert_int_equal(split(bodies[i], "b", parts, &n, &why), OK);
		assert_int_equal(n, 2);
		assert_true(span_eq_str(parts[0].body, "one"));
		assert_true(span_eq_str(parts[1].body, "two"));
	}
}

/* M-08 */
static void
lines_that_look_like_the_boundary(void **state)
{
	struct mime_part parts[MIME_PARTS_MAX];
	struct why why;
	size_t n;

	assert_int_equal(split("--abc\r\n\r\n--abcd\r\nx--abc\r\n --abc\r\n--abc--\r\n", "abc", parts, &n, &why), OK);
	assert_int_equal(n, 1);
	assert_true(span_eq_str(parts[0].body, "--abcd\r\nx--abc\r\n --abc"));
}

static void
what_is_no_multipart(void **state)
{
	static const struct { const char *body, *boundary, *says; } rows[] = {
		{ "--x\r\n\r\n--x--", "b", "does not occur" },			/* M-02 */
		{ "--b\r\n\r\none\r\n", "b", "closing delimiter missing" },	/* M-03 */
		{ "--b\r\n\r\none\r\n--b", "b", "closing delimiter missing" },
		{ "--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b\r\n\r\n3\r\n--b\r\n\r\n4\r\n--b--", "b", "more than" },
		{ "", "b", "does not occur" },
		{ "--b--", "", "boundary" },
	};
	struct mime_part parts[MIME_PARTS_MAX];
	struct why why;
	size_t i, n;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_not_equal(split(rows[i].body, rows[i].boundary, parts, &n, &why), OK);
		if (strstr(why.text, rows[i].says) == NULL)
			fail_msg("row %zu: %s", i, why.text);
	}
}

static void
empty_bodies_and_parts_without_headers(void **state)
{
	struct mime_part parts[MIME_PARTS_MAX];
	struct why why;
	size_t n;

	assert_int_equal(split("--b\r\n\r\n\r\n--b\r\nA: b\r\n--b--", "b", parts, &n, &why), OK);
	assert_int_equal(n, 2);
	assert_int_equal(parts[0].head.n, 0);
	assert_int_equal(parts[0].body.n, 0);
	assert_true(span_eq_str(parts[1].head, "A: b"));
	assert_int_equal(parts[1].body.n, 0);
}

static void
header_lines(void **state)
{
	struct mime_header h[MIME_HEADERS_MAX];
	struct why why;
	size_t n;

	assert_int_equal(mime_headers(span_str("Content-Type: a/b;\r\n x=y\r\nB:\t c \nD:"), &pap_leniency_usual.mime, h, &n, &why), OK);
	assert_int_equal(n, 3);
	assert_true(span_eq_str(mime_header(h, n, "content-type"), "a/b;\r\n x=y"));
	assert_true(span_eq_str(mime_header(h, n, "b"), "c"));
	assert_int_equal(mime_header(h, n, "E").n, 0);
}

/* M-07, E-15 */
static void
header_injection_is_refused(void **state)
{
	static const struct { const char *head; size_t n; } rows[] = {
		{ "A: b\rC: d\r\n", 11 }, { "A: b\n c", 7 }, { "A: b\0c\r\n", 8 }, { "A b\r\n", 5 },
		{ ": b\r\n", 5 }, { "A : b\r\n", 7 }, { "A: \x01\r\n", 6 }, { " A: b", 5 }, { "A\xFF: b", 5 },
	};
	struct mime_header h[MIME_HEADERS_MAX];
	struct why why;
	size_t i, n;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (mime_headers(span_of(rows[i].head, rows[i].n), &pap_leniency_usual.mime, h, &n, &why) != ERR_SYNTAX)
			fail_msg("row %zu was taken", i);
}

static void
transfer_encodings(void **state)
{
	struct span out;
	struct why why;
	char *heap;

	assert_int_equal(mime_decode(span_str("BASE64"), &pap_leniency_usual.mime, span_str("aGVs\r\nbG8=\r\n"), &out, &heap, &why), OK);
	assert_true(span_eq_str(out, "hello"));
	free(heap);
	assert_int_equal(mime_decode(span_str("quoted-printable"), &pap_leniency_usual.mime, span_str("a=3Db=\r\nc=\nd"), &out, &heap, &why), OK);
	assert_true(span_eq_str(out, "a=bcd"));
	free(heap);
	assert_int_equal(mime_decode(span_str("8bit"), &pap_leniency_usual.mime, span_str("x"), &out, &heap, &why), OK);
	assert_null(heap);
	/* M-06 */
	assert_int_equal(mime_decode(span_str("base64"), &pap_leniency_usual.mime, span_str("aGV*"), &out, &heap, &why), ERR_SYNTAX);
	assert_int_equal(why.offset, 3);
	free(heap);
	assert_int_equal(mime_decode(span_str("base64"), &pap_leniency_usual.mime, span_str("A==="), &out, &heap, &why), ERR_SYNTAX);
	free(heap);
	assert_int_equal(mime_decode(span_str("quoted-printable"), &pap_leniency_usual.mime, span_str("a=3"), &out, &heap, &why), ERR_SYNTAX);
	free(heap);
	assert_int_equal(mime_decode(span_str("gzip"), &pap_leniency_usual.mime, span_str("a"), &out, &heap, &why), ERR_UNSUPPORTED);
}

static void
content_type_parameters(void **state)
{
	char out[32];
	struct span ct = span_str("multipart/related ; BOUNDARY=\"a;\\\"b\"; type=\"application/xml\";x; y=z");
	static const struct { const char *media; bool ok; } types[] = {
		{ "text/plain", true }, { "a/b", true }, { "application/vnd.wap.si+xml", true }, { "", false }, { "text", false },
		{ "text/", false }, { "/plain", false }, { "/", false }, { "te xt/plain", false }, { "text/pl(ain", false },
		{ "text/plain/x", false }, { "text/plain x", false }, { "text/pl\xC3\xA4in", false }, { "*/*", true },
	};
	size_t i;

	for (i = 0; i < sizeof types / sizeof types[0]; i++)
		if (mime_media_ok(span_str(types[i].media)) != types[i].ok)
			fail_msg("%s", types[i].media);
	assert_true(span_eq_str(mime_media(ct), "multipart/related"));
	assert_int_equal(mime_param(ct, "boundary", out, sizeof out), OK);
	assert_string_equal(out, "a;\"b");
	assert_int_equal(mime_param(ct, "y", out, sizeof out), OK);
	assert_string_equal(out, "z");
	assert_int_equal(mime_param(ct, "charset", out, sizeof out), ERR_NOT_FOUND);
	assert_int_equal(mime_param(ct, "type", out, 4), ERR_LIMIT);
	assert_int_equal(mime_param(span_str("a/b; c=\"d"), "c", out, sizeof out), ERR_SYNTAX);
	assert_int_equal(mime_param(span_str(""), "c", out, sizeof out), ERR_NOT_FOUND);
}

static void
every_truncation_in_its_own_block(void **state)
{
	static const char body[] = "--b\r\nA: 1\r\n\r\none\r\n--b\r\nB: 2\r\n\r\ntwo\r\n--b--";
	struct mime_part parts[MIME_PARTS_MAX];
	struct mime_header h[MIME_HEADERS_MAX];
	struct why why;
	size_t cut, n, k;

	for (cut = 0; cut < sizeof body - 1; cut++) {
		char *exact = malloc(cut ? cut : 1);

		memcpy(exact, body, cut);
		assert_int_not_equal(mime_split(span_of(exact, cut), span_str("b"), &pap_leniency_usual.mime, parts, MIME_PARTS_MAX, &n, &why), OK);
		mime_headers(span_of(exact, cut), &pap_leniency_usual.mime, h, &k, &why);
		free(exact);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_parts_in_every_line_style),
		cmocka_unit_test(lines_that_look_like_the_boundary),
		cmocka_unit_test(what_is_no_multipart),
		cmocka_unit_test(empty_bodies_and_parts_without_headers),
		cmocka_unit_test(header_lines),
		cmocka_unit_test(header_injection_is_refused),
		cmocka_unit_test(transfer_encodings),
		cmocka_unit_test(content_type_parameters),
		cmocka_unit_test(every_truncation_in_its_own_block),
	};

	return cmocka_run_group_tests_name("mime", tests, NULL, NULL);
}
