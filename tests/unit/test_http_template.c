/* test_http_template.c - templates of the link over HTTP: places, escaping, what is refused; every text cut short. */
#include "tests/unit/test.h"

#include "base/json.h"
#include "base/xml.h"
#include "smsc/http_template.h"

static const uint8_t udh[] = { 6, 5, 4, 0x0B, 0x84, 0x23, 0xF0 };
static const uint8_t data[] = { 1, 6, 0, 0xFF, '&', '%', ' ', 'a' };

static const struct http_values values = {
	.to = "+12025550123", .from = "A\"<&>\\' 1", .reference = "0123ABCD", .receipt_url = "http://h/r?a=1&b=2",
	.udh = { udh, sizeof udh }, .data = { data, sizeof data }, .part = 2, .parts = 3, .ref = 65535, .src_port = 9200,
	.dst_port = 2948, .data_coding = 245, .priority = 1, .validity_minutes = 1440, .want_receipt = true,
};

static void
filled(void **state)
{
	static const struct { const char *text; enum http_escape how; const char *expected; } rows[] = {
		{ "", HTTP_PLAIN, "" },
		{ "no place", HTTP_JSON, "no place" },
		{ "%", HTTP_URL, "%" }, { "100%", HTTP_URL, "100%" }, { "%d %s %%", HTTP_URL, "%d %s %%" },
		{ "%%{to}", HTTP_URL, "%{to}" }, { "%%%{to}", HTTP_PLAIN, "%%{to}" },
		{ "%{to}", HTTP_PLAIN, "+12025550123" }, { "%{to}", HTTP_URL, "%2B12025550123" },
		{ "%{to-digits}%{to-digits}", HTTP_URL, "1202555012312025550123" },
		{ "%{from}", HTTP_PLAIN, "A\"<&>\\' 1" },
		{ "%{from}", HTTP_JSON, "A\\\"<&>\\\\' 1" },
		{ "%{from}", HTTP_URL, "A%22%3C%26%3E%5C%27%201" },
		{ "<a b='%{from}'/>", HTTP_XML, "<a b='A&quot;&lt;&amp;&gt;\\&apos; 1'/>" },
		{ "%{from-digits}", HTTP_PLAIN, "A\"<&>\\' 1" },
		{ "%{udh-hex}", HTTP_JSON, "0605040B8423F0" }, { "%{data-hex}", HTTP_JSON, "010600FF26252061" },
		{ "%{full-hex}", HTTP_JSON, "0605040B8423F0010600FF26252061" },
		{ "%{udh-base64}", HTTP_JSON, "BgUEC4Qj8A==" }, { "%{udh-base64}", HTTP_URL, "BgUEC4Qj8A%3D%3D" },
		{ "%{data-base64}", HTTP_PLAIN, "AQYA/yYlIGE=" },
		{ "%{full-base64}", HTTP_PLAIN, "BgUEC4Qj8AEGAP8mJSBh" },
		{ "%{udh-octets}&%{data-octets}", HTTP_URL, "%06%05%04%0B%84%23%F0&%01%06%00%FF%26%25%20a" },
		{ "%{receipt-url}", HTTP_URL, "http%3A%2F%2Fh%2Fr%3Fa%3D1%26b%3D2" },
		{ "%{receipt-url}", HTTP_XML, "http://h/r?a=1&amp;b=2" },
		{ "%{receipt} %{receipt-01} %{message-ref}", HTTP_PLAIN, "true 1 0123ABCD" },
		{ "%{part}/%{parts} %{ref} %{src-port} %{dst-port} %{data-coding} %{priority}", HTTP_PLAIN, "2/3 65535 9200 2948 245 1" },
		{ "%{validity-minutes} %{validity-seconds}", HTTP_PLAIN, "1440 86400" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sbuf out = { 0 };
		struct why why = { 0 };

		assert_int_equal(http_template_check(rows[i].text, rows[i].how, &why), OK);
		http_template_fill(rows[i].text, rows[i].how, &values, &out);
		assert_string_equal(out.s, rows[i].expected);
		sbuf_done(&out);
	}
}

/* Whatever the sender's name holds, the document stays one, and a header value one line. */
static void
never_another_document(void **state)
{
	char name[3] = "?!";
	int c;

	for (c = 1; c < 0x80; c++) {
		struct http_values v = values;
		struct sbuf json = { 0 }, xml = { 0 }, plain = { 0 }, url = { 0 };
		const struct xml_events none = { NULL };
		json_t *doc;

		name[0] = (char)c;
		v.from = name;
		http_template_fill("{\"a\":\"%{from}\"}", HTTP_JSON, &v, &json);
		doc = json_read(sbuf_as_span(&json), NULL);
		assert_non_null(doc);
		assert_string_equal(json_text(doc, "a"), name);
		assert_int_equal(json_object_size(doc), 1);
		json_decref(doc);
		http_template_fill("<a b=\"%{from}\">%{from}</a>", HTTP_XML, &v, &xml);
		assert_int_equal(xml_parse(sbuf_as_span(&xml), NULL, NULL, &none, NULL, NULL), OK);
		http_template_fill("%{from}", HTTP_PLAIN, &v, &plain);
		assert_null(strpbrk(plain.s, "\r\n"));
		http_template_fill("%{from}", HTTP_URL, &v, &url);
		assert_null(strpbrk(url.s, "&=?#/ \r\n"));
		sbuf_done(&json);
		sbuf_done(&xml);
		sbuf_done(&plain);
		sbuf_done(&url);
	}
}

static void
refused(void **state)
{
	static const struct { const char *text; enum http_escape how; } rows[] = {
		{ "%{", HTTP_URL }, { "%{}", HTTP_URL }, { "%{t}", HTTP_URL }, { "%{to", HTTP_URL }, { "%{to }", HTTP_URL },
		{ "%{too}", HTTP_URL }, { "%{To}", HTTP_URL }, { "%{udh}", HTTP_URL }, { "%{to}%{", HTTP_URL },
		{ "%{to%{to}", HTTP_URL }, { "%{data-octets}", HTTP_JSON }, { "%{udh-octets}", HTTP_XML },
		{ "%{udh-octets}", HTTP_PLAIN },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct why why = { 0 };

		assert_int_equal(http_template_check(rows[i].text, rows[i].how, &why), ERR_SYNTAX);
		assert_true(why.text[0] != '\0');
	}
}

static void
cut_short(void **state)
{
	static const char text[] = "a %{to} %%{ %{full-base64} %{validity-minutes} %{udh-octets}%{";
	size_t n;

	for (n = 0; n < sizeof text; n++) {
		char *cut = malloc(n + 1);
		struct sbuf out = { 0 };
		struct why why;

		memcpy(cut, text, n);
		cut[n] = '\0';
		http_template_check(cut, HTTP_URL, &why);
		http_template_fill(cut, HTTP_URL, &values, &out);
		sbuf_done(&out);
		free(cut);
	}
}

static void
media_types(void **state)
{
	static const struct { const char *type; int err; enum http_escape how; } rows[] = {
		{ "application/json", OK, HTTP_JSON }, { "Application/JSON; charset=utf-8", OK, HTTP_JSON },
		{ "application/vnd.x+json", OK, HTTP_JSON }, { "text/xml", OK, HTTP_XML }, { "application/soap+xml;a=b", OK, HTTP_XML },
		{ "application/x-www-form-urlencoded", OK, HTTP_URL }, { "text/plain", OK, HTTP_PLAIN },
		{ "", ERR_UNSUPPORTED, HTTP_PLAIN }, { "+json", ERR_UNSUPPORTED, HTTP_PLAIN }, { "text/html", ERR_UNSUPPORTED, HTTP_PLAIN },
		{ "multipart/form-data", ERR_UNSUPPORTED, HTTP_PLAIN }, { "json", ERR_UNSUPPORTED, HTTP_PLAIN },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum http_escape how;
		struct why why;

		assert_int_equal(http_escape_of(rows[i].type, &how, &why), rows[i].err);
		assert_int_equal(how, rows[i].how);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filled), cmocka_unit_test(never_another_document), cmocka_unit_test(refused),
		cmocka_unit_test(cut_short), cmocka_unit_test(media_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
