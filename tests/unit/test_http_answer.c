/* test_http_answer.c - answers and receipts of aggregators: what is found in them, what it means, and what is nothing. */
#include "tests/unit/test.h"

#include "smsc/http_answer.h"
#include "smsc/http_receipt.h"

#define SPAN(text) span_of(text, sizeof(text) - 1)

/* An exact-size copy, so that one octet too far is seen. */
static struct span
exact(struct span s)
{
	return span_of(s.n > 0 ? memcpy(malloc(s.n), s.p, s.n) : NULL, s.n);
}

/* ---- sources --------------------------------------------------------------------------------- */

static void
sources(void **state)
{
	static const struct { const char *text; int answer, request; } rows[] = {
		{ "json:", OK, OK }, { "json:/a/0", OK, OK }, { "json:/a~0b~1c", OK, OK },
		{ "json:a", ERR_SYNTAX, ERR_SYNTAX }, { "json:/a~", ERR_SYNTAX, ERR_SYNTAX }, { "json:/~2", ERR_SYNTAX, ERR_SYNTAX },
		{ "header:X-Id", OK, ERR_SYNTAX }, { "header:", ERR_SYNTAX, ERR_SYNTAX }, { "body", OK, ERR_SYNTAX },
		{ "body:", ERR_SYNTAX, ERR_SYNTAX }, { "after:ID: ", OK, ERR_SYNTAX }, { "after:", ERR_SYNTAX, ERR_SYNTAX },
		{ "reference", OK, ERR_SYNTAX }, { "none", OK, ERR_SYNTAX }, { "query:id", ERR_SYNTAX, OK }, { "query:", ERR_SYNTAX, ERR_SYNTAX },
		{ "form:id", ERR_SYNTAX, OK }, { "", ERR_SYNTAX, ERR_SYNTAX }, { "xml:/a", ERR_SYNTAX, ERR_SYNTAX },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct http_source from;
		struct why why;

		assert_int_equal(http_source_parse_answer(rows[i].text, &from, &why), rows[i].answer);
		assert_int_equal(http_source_parse_request(rows[i].text, &from, &why), rows[i].request);
	}
}

/* The examples of RFC 6901, section 5, as far as they are values. */
static void
pointers(void **state)
{
	static const char text[] = "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,\"i\\\\j\":5,"
	    "\"k\\\"l\":6,\" \":7,\"m~n\":8,\"t\":true,\"f\":false,\"n\":null,\"r\":1.5,\"e\":\"\"}";
	static const struct { const char *pointer, *value; } rows[] = {
		{ "/foo/0", "bar" }, { "/foo/1", "baz" }, { "/", "0" }, { "/a~1b", "1" }, { "/c%d", "2" }, { "/e^f", "3" },
		{ "/g|h", "4" }, { "/i\\j", "5" }, { "/k\"l", "6" }, { "/ ", "7" }, { "/m~0n", "8" }, { "/t", "true" }, { "/f", "false" },
		{ "", NULL }, { "/foo", NULL }, { "/foo/2", NULL }, { "/foo/00", NULL }, { "/foo/-", NULL }, { "/foo/-1", NULL },
		{ "/foo/99999999999999999999", NULL }, { "/foo/0/x", NULL }, { "/n", NULL }, { "/r", NULL }, { "/e", NULL }, { "/x", NULL },
		{ "/~", NULL }, { "/~01", NULL },
	};
	json_t *doc = json_read(SPAN(text), NULL);
	char value[HTTP_FIELD_MAX + 1];
	size_t i;

	assert_non_null(doc);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int err = http_json_value(http_json_pointer(doc, rows[i].pointer), value);

		assert_int_equal(err, rows[i].value != NULL ? OK : ERR_NOT_FOUND);
		assert_string_equal(value, rows[i].value != NULL ? rows[i].value : "");
	}
	json_decref(doc);
}

static void
forms(void **state)
{
	static const struct { const char *form, *name, *value; } rows[] = {
		{ "id=1", "id", "1" }, { "a=b&id=1", "id", "1" }, { "id=1&id=2", "id", "1" }, { "i%64=%31+2", "id", "1 2" },
		{ "id=a=b", "id", "a=b" }, { "&&id=1", "id", "1" }, { "", "id", NULL }, { "id", "id", NULL }, { "id=", "id", NULL },
		{ "idx=1", "id", NULL }, { "ID=1", "id", NULL }, { "id=%", "id", NULL }, { "id=%0", "id", NULL }, { "id=%zz", "id", NULL },
		{ "id=%00", "id", NULL }, { "=1", "id", NULL }, { "x=%&id=1", "id", "1" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span form = exact(span_str(rows[i].form));
		char value[HTTP_FIELD_MAX + 1];

		assert_int_equal(http_form_value(form, rows[i].name, value), rows[i].value != NULL ? OK : ERR_NOT_FOUND);
		assert_string_equal(value, rows[i].value != NULL ? rows[i].value : "");
		free((void *)(uintptr_t)form.p);
	}
}

static void
message_ids(void **state)
{
	char text[301], id[66], other[66];

	assert_int_equal(http_message_id("", id), ERR_SYNTAX);
	assert_int_equal(http_message_id("a b", id), ERR_SYNTAX);
	assert_int_equal(http_message_id("a\n", id), ERR_SYNTAX);
	assert_int_equal(http_message_id("\xC3\xA9", id), ERR_SYNTAX);
	memset(text, 'x', 300);
	text[65] = '\0';
	assert_int_equal(http_message_id(text, id), OK);
	assert_string_equal(id, text);
	text[65] = 'x';
	text[300] = '\0';
	assert_int_equal(http_message_id(text, id), OK);
	assert_int_equal(strlen(id), 65);
	text[299] = 'y';
	assert_int_equal(http_message_id(text, other), OK);
	assert_string_not_equal(id, other);
}

/* ---- answers ------------------------------------------------------------------------------------ */

static struct http_result
answer(unsigned status, const char *head, const char *body)
{
	return (struct http_result){ .transport_ok = true, .status = status, .head = span_str(head), .body = span_str(body) };
}

static void
judged(void **state)
{
	static const struct { unsigned status; enum smsc_verdict verdict; bool throttled, us; } rows[] = {
		{ 200, SMSC_ACCEPTED, false, false }, { 201, SMSC_ACCEPTED, false, false }, { 202, SMSC_ACCEPTED, false, false },
		{ 299, SMSC_ACCEPTED, false, false }, { 300, SMSC_RETRY, false, true }, { 302, SMSC_RETRY, false, true },
		{ 400, SMSC_REFUSED, false, false }, { 401, SMSC_RETRY, false, true }, { 403, SMSC_REFUSED, false, false },
		{ 404, SMSC_REFUSED, false, false }, { 407, SMSC_RETRY, false, true }, { 408, SMSC_RETRY, false, false },
		{ 422, SMSC_REFUSED, false, false }, { 425, SMSC_RETRY, false, false }, { 429, SMSC_RETRY, true, false },
		{ 500, SMSC_RETRY, false, false }, { 502, SMSC_MAYBE_SENT, false, false }, { 503, SMSC_RETRY, true, false },
		{ 504, SMSC_MAYBE_SENT, false, false }, { 599, SMSC_RETRY, false, false },
		{ 410, SMSC_REFUSED, false, false }, { 411, SMSC_RETRY, false, false }, { 412, SMSC_RETRY, true, false },	/* error-map */
	};
	const struct http_source none = { HTTP_FROM_NOWHERE, "" };
	struct smsc_config cf;
	struct http_outcome o;
	struct http_result lost = { .error = "x", .unsent = true };
	struct why why;
	size_t i;

	smsc_config_defaults(&cf);
	assert_int_equal(smsc_errors_parse("410:5000, 411:retry, 412:throttle, 200:retry", &cf, &why), OK);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct http_result res = answer(rows[i].status, "", "");

		http_judge(&cf, &none, &res, "R", &o);
		assert_int_equal(o.verdict, rows[i].verdict);
		assert_int_equal(o.throttled, rows[i].throttled);
		assert_int_equal(o.us, rows[i].us);
		assert_int_equal(o.status, rows[i].status);
	}
	http_judge(&cf, &none, &lost, "R", &o);
	assert_int_equal(o.verdict, SMSC_UNSENT);
	lost.unsent = false;
	http_judge(&cf, &none, &lost, "R", &o);
	assert_int_equal(o.verdict, SMSC_MAYBE_SENT);
	snprintf(cf.http.success, sizeof cf.http.success, "OK:");
	for (i = 0; i < 2; i++) {
		struct http_result res = answer(i == 0 ? 200 : 201, "", "ERR: OK");

		http_judge(&cf, &none, &res, "R", &o);
		assert_int_equal(o.verdict, i == 0 ? SMSC_RETRY : SMSC_REFUSED);
		res.body = SPAN("OK: 1");
		http_judge(&cf, &none, &res, "R", &o);
		assert_int_equal(o.verdict, SMSC_ACCEPTED);
	}
}

static void
ids_of_answers(void **state)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nX-Other: 1\r\nx-message-id:  H-1 \r\nX-Message-Id: H-2\r\nRetry-After: 7\r\n\r\n";
	static const struct { const char *from, *body, *id; } rows[] = {
		{ "none", "x", "" }, { "reference", "x", "R-1" }, { "header:X-Message-Id", "", "H-1" }, { "header:X-None", "", NULL },
		{ "body", " 4711\r\n", "4711" }, { "body", "", NULL }, { "body", "two words", NULL }, { "body", " \n", NULL },
		{ "after:ID:", "OK ID: abc-1\r\nmore", "abc-1" }, { "after:ID:", "OK ID:abc", "abc" }, { "after:ID:", "OK", NULL },
		{ "after:ID:", "ID:", NULL }, { "after:<id>", "<r><id>17</id></r>", "17" }, { "json:/a/0/id", "{\"a\":[{\"id\":17}]}", "17" },
		{ "json:/id", "{\"id\":\"17", NULL }, { "json:/id", "", NULL }, { "json:/id", "[]", NULL }, { "json:/id", "{\"id\":{}}", NULL },
		{ "json:/id", "{\"id\":\"a\\u0000b\"}", NULL }, { "json:", "\"17\"", NULL },
	};
	struct smsc_config cf;
	size_t i;

	smsc_config_defaults(&cf);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct http_result res = answer(200, head, rows[i].body);
		struct http_source from;
		struct http_outcome o;
		struct why why;

		assert_int_equal(http_source_parse_answer(rows[i].from, &from, &why), OK);
		http_judge(&cf, &from, &res, "R-1", &o);
		assert_int_equal(o.verdict, SMSC_ACCEPTED);
		assert_int_equal(o.no_id, rows[i].id == NULL);
		assert_string_equal(o.message_id, rows[i].id != NULL ? rows[i].id : "");
	}
}

static void
retry_after(void **state)
{
	static const struct { const char *head; unsigned s; } rows[] = {
		{ "Retry-After: 7\r\n", 7 }, { "retry-after:7", 7 }, { "Retry-After: 0\r\n", 0 }, { "Retry-After: -1\r\n", 0 },
		{ "Retry-After: 86400\r\n", 600 }, { "Retry-After: 99999999999\r\n", 0 }, { "Retry-After: soon\r\n", 0 },
		{ "Retry-After: Fri, 02 Jan 2026 15:04:05 GMT\r\n", 0 }, { "", 0 }, { "Retry-After", 0 },
	};
	const struct http_source none = { HTTP_FROM_NOWHERE, "" };
	struct smsc_config cf;
	size_t i;

	smsc_config_defaults(&cf);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct http_result res = answer(429, "", "");
		struct http_outcome o;

		res.head = exact(span_str(rows[i].head));
		http_judge(&cf, &none, &res, "R", &o);
		assert_int_equal(o.retry_after_s, rows[i].s);
		free((void *)(uintptr_t)res.head.p);
	}
}

/* ---- receipts --------------------------------------------------------------------------------------- */

static void
states(void **state)
{
	static const struct { const char *list; int err; } lists[] = {
		{ "", OK }, { "delivered:DELIVRD", OK }, { "a:b:UNDELIV, *:unknown", OK }, { "delivered", ERR_SYNTAX }, { ":DELIVRD", ERR_SYNTAX },
		{ " :DELIVRD", ERR_SYNTAX }, { "a:", ERR_SYNTAX }, { "a:gone", ERR_SYNTAX }, { "a:DELIVRD,,b:EXPIRED", ERR_SYNTAX },
	};
	static const struct { const char *list, *word; int err; enum receipt_state state; } rows[] = {
		{ "", "DELIVRD", OK, RECEIPT_DELIVERED }, { "", "undeliv", OK, RECEIPT_UNDELIVERABLE }, { "", "x", ERR_NOT_FOUND, RECEIPT_UNKNOWN },
		{ "ok:DELIVRD,bad:REJECTD", "OK", OK, RECEIPT_DELIVERED }, { "ok:DELIVRD,bad:REJECTD", "bad", OK, RECEIPT_REJECTED },
		{ "ok:DELIVRD", "DELIVRD", ERR_NOT_FOUND, RECEIPT_UNKNOWN }, { "*:EXPIRED, ok:DELIVRD", "ok", OK, RECEIPT_DELIVERED },
		{ "*:EXPIRED, ok:DELIVRD", "else", OK, RECEIPT_EXPIRED }, { "a:b:UNDELIV", "a:b", OK, RECEIPT_UNDELIVERABLE },
	};
	enum receipt_state got;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof lists / sizeof lists[0]; i++)
		assert_int_equal(http_states_check(lists[i].list, &why), lists[i].err);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(http_state_find(rows[i].list, rows[i].word, &got), rows[i].err);
		assert_int_equal(got, rows[i].state);
	}
}

static struct smsc_config
receiving(const char *list, const char *id, const char *state, const char *error)
{
	struct smsc_config cf;

	smsc_config_defaults(&cf);
	snprintf(cf.http.receipt_list, sizeof cf.http.receipt_list, "%s", list);
	snprintf(cf.http.receipt_id, sizeof cf.http.receipt_id, "%s", id);
	snprintf(cf.http.receipt_state, sizeof cf.http.receipt_state, "%s", state);
	snprintf(cf.http.receipt_error, sizeof cf.http.receipt_error, "%s", error);
	return cf;
}

static void
receipts(void **state)
{
	static const char many[] = "{\"r\":[{\"id\":\"1\",\"s\":\"DELIVRD\"},{\"id\":2,\"s\":\"UNDELIV\",\"e\":34},{\"id\":3},4]}";
	struct smsc_receipt r[HTTP_RECEIPTS_MAX];
	struct smsc_config cf = receiving("json:/r", "json:/id", "json:/s", "json:/e");
	struct span text;
	struct why why;
	unsigned n, bad;
	size_t i;

	assert_int_equal(http_receipts_read(&cf, span_str(""), SPAN(many), r, &n, &bad, &why), OK);
	assert_int_equal(n, 2);
	assert_int_equal(bad, 2);
	assert_string_equal(r[0].message_id, "1");
	assert_int_equal(r[0].state, RECEIPT_DELIVERED);
	assert_true(r[0].final);
	assert_string_equal(r[1].message_id, "2");
	assert_string_equal(r[1].err, "34");
	for (i = 0; i < sizeof many - 1; i++) {
		text = exact(span_of(many, i));
		assert_int_equal(http_receipts_read(&cf, span_str(""), text, r, &n, &bad, &why), ERR_SYNTAX);
		free((void *)(uintptr_t)text.p);
	}
	assert_int_equal(http_receipts_read(&cf, span_str(""), SPAN("{\"r\":{}}"), r, &n, &bad, &why), ERR_SYNTAX);
	assert_int_equal(http_receipts_read(&cf, span_str(""), SPAN("{\"r\":[]}"), r, &n, &bad, &why), OK);
	assert_int_equal(n + bad, 0);

	cf = receiving("", "query:id", "form:state", "form:e");
	assert_int_equal(http_receipts_read(&cf, SPAN("id=a%2Db"), SPAN("state=ENROUTE&e=%C3%A9%07%20long-long-long"), r, &n, &bad, &why), OK);
	assert_int_equal(n, 1);
	assert_string_equal(r[0].message_id, "a-b");
	assert_false(r[0].final);
	assert_string_equal(r[0].err, "??? long-long-l");
	assert_int_equal(http_receipts_read(&cf, SPAN("id=1"), SPAN(""), r, &n, &bad, &why), ERR_SYNTAX);
	assert_int_equal(bad, 1);
	assert_int_equal(http_receipts_read(&cf, SPAN(""), SPAN("state=DELIVRD"), r, &n, &bad, &why), ERR_SYNTAX);
}

static void
too_many_receipts(void **state)
{
	struct smsc_receipt r[HTTP_RECEIPTS_MAX];
	struct smsc_config cf = receiving("json:", "json:/0", "json:/1", "");
	struct sbuf text = { 0 };
	struct why why;
	unsigned n, bad, i;

	sbuf_char(&text, '[');
	for (i = 0; i < HTTP_RECEIPTS_MAX; i++)
		sbuf_fmt(&text, "%s[%u,\"DELIVRD\"]", i > 0 ? "," : "", i);
	sbuf_str(&text, "]");
	assert_int_equal(http_receipts_read(&cf, span_str(""), sbuf_as_span(&text), r, &n, &bad, &why), OK);
	assert_int_equal(n, HTTP_RECEIPTS_MAX);
	text.s[text.n - 1] = ',';
	sbuf_str(&text, "[1,\"DELIVRD\"]]");
	assert_int_equal(http_receipts_read(&cf, span_str(""), sbuf_as_span(&text), r, &n, &bad, &why), ERR_LIMIT);
	sbuf_done(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources), cmocka_unit_test(pointers), cmocka_unit_test(forms), cmocka_unit_test(message_ids),
		cmocka_unit_test(judged), cmocka_unit_test(ids_of_answers), cmocka_unit_test(retry_after), cmocka_unit_test(states),
		cmocka_unit_test(receipts), cmocka_unit_test(too_many_receipts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
