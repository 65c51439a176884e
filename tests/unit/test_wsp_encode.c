/* test_wsp_encode.c - content types and headers from text to octets. */
#include "tests/unit/vector.h"

#include "wap/wsp.h"

struct row {
	const char *in, *value;		/* name and value of a header; content types have no name */
	const char *want;		/* hexadecimal, text between quotes; NULL: ERR_SYNTAX */
};

/* "AE B4 'text' 00" as octets. */
static size_t
spelled(const char *s, uint8_t *out)
{
	size_t n = 0;

	while (*s != '\0') {
		unsigned octet;

		if (*s == ' ') {
			s++;
		} else if (*s == '\'') {
			for (s++; *s != '\''; s++)
				out[n++] = (uint8_t)*s;
			s++;
		} else {
			assert_int_equal(sscanf(s, "%2x", &octet), 1);
			out[n++] = (uint8_t)octet;
			s += 2;
		}
	}
	return n;
}

static void
check(const struct row *row)
{
	uint8_t want[512], got[512];
	size_t n = row->want != NULL ? spelled(row->want, want) : 0, room;
	struct wbuf w = wbuf_into(got, sizeof got);
	struct why why = { 0 };
	int err;

	err = row->in == NULL ? wsp_content_type_encode(&w, span_str(row->value), &why) :
	    wsp_header_encode(&w, span_str(row->in), span_str(row->value), &why);
	if (row->want == NULL) {
		if (err != ERR_SYNTAX || w.n != 0)
			fail_msg("%s: %s gives %d", row->in ? row->in : "type", row->value, err);
		if (why.text[0] == '\0' || strchr(why.text, ':') == NULL)
			fail_msg("%s: %s: no reason (%s)", row->in ? row->in : "type", row->value, why.text);
		return;
	}
	if (err || !span_eq(wbuf_span(&w), span_of(want, n))) {
		struct sbuf hex = { 0 };

		sbuf_hex(&hex, wbuf_span(&w));
		fail_msg("%s: %s gives %d %s, %s", row->in ? row->in : "type", row->value, err,
		    hex.n > 0 ? hex.s : "", why.text);
	}
	/* With less room it says so. */
	for (room = 0; room < n; room++) {
		uint8_t *small = vector_exact(span_of(want, n), room);

		w = wbuf_into(small, room);
		err = row->in == NULL ? wsp_content_type_encode(&w, span_str(row->value), &why) :
		    wsp_header_encode(&w, span_str(row->in), span_str(row->value), &why);
		assert_int_equal(err, ERR_FULL);
		assert_int_equal(w.err, ERR_FULL);
		free(small);
	}
}

static void
content_types(void **state)
{
	static const struct row rows[] = {
		{ NULL, "application/vnd.wap.sic", "AE" },
		{ NULL, " Application/VND.wap.SIC ", "AE" },
		{ NULL, "application/vnd.wap.sic;", "AE" },
		{ NULL, "application/vnd.wap.mms-message", "BE" },
		{ NULL, "application/vnd.syncml.notification", "C4" },
		{ NULL, "application/vnd.wap.sic; charset=utf-8", "03 AE 81 EA" },
		{ NULL, "application/vnd.wap.sic;charset=\"UTF-8\"", "03 AE 81 EA" },
		{ NULL, "text/plain; charset=iso-10646-ucs-2", "05 83 81 02 03 E8" },
		{ NULL, "text/plain; charset=klingon", "11 83 'charset' 00 'klingon' 00" },
		{ NULL, "application/vnd.omaloc-supl-init", "03 02 03 12" },
		{ NULL, "application/vnd.omaloc-supl-init; charset=utf-8", "05 02 03 12 81 EA" },
		{ NULL, "application/x-own", "'application/x-own' 00" },
		{ NULL, "a/b; charset=us-ascii", "06 'a/b' 00 81 83" },
		{ NULL, "application/vnd.wap.connectivity-wbxml; SEC=USERPIN; MAC=AB", "07 B6 91 81 92 'AB' 00" },
		{ NULL, "application/vnd.wap.connectivity-wbxml; sec=userpin; mac=\"AB\"", "07 B6 91 81 92 'AB' 00" },
		{ NULL, "application/vnd.wap.connectivity-wbxml; MAC=AB; SEC=0", "07 B6 92 'AB' 00 91 80" },
		{ NULL, "application/vnd.wap.connectivity-wbxml; SEC=3", "03 B6 91 83" },
		{ NULL, "application/vnd.wap.connectivity-wbxml; SEC=USERNETWPIN", "03 B6 91 82" },
		{ NULL, "application/vnd.wap.connectivity-wbxml; SEC=1; MAC=0123456789012345678901234567890123456789",
		    "1F 2D B6 91 81 92 '0123456789012345678901234567890123456789' 00" },
		{ NULL, "text/directory; profile=vCard", "03 02 03 09" },
		{ NULL, "text/directory; profile=vCard; charset=utf-8", "05 02 03 09 81 EA" },
		{ NULL, "application/vnd.wap.multipart.related; type=application/smil; start=\"<a b>\"",
		    "1A B3 89 'application/smil' 00 8A '<a b>' 00" },
		{ NULL, "multipart/mixed; type=text/plain", "03 8C 89 83" },
		{ NULL, "text/plain; q=0.5", "03 83 80 33" },
		{ NULL, "text/plain; q=0.333", "04 83 80 83 31" },
		{ NULL, "text/plain; q=1", "05 83 'q' 00 '1' 00" },
		{ NULL, "text/html; level=1.2", "03 82 82 92" },
		{ NULL, "text/html; level=1", "03 82 82 9F" },
		{ NULL, "text/plain; name=\"a\\\"b\"", "06 83 85 'a\"b' 00" },
		{ NULL, "text/plain; name=\xC3\xA9", "06 83 85 7F C3 A9 00" },
		{ NULL, "text/plain; comment=hi", "0C 83 'comment' 00 'hi' 00" },
		{ NULL, "text/plain; x=\"a b\"", "08 83 'x' 00 22 'a b' 00" },
		{ NULL, "text/plain; x=\"\"", "04 83 'x' 00 00" },
		{ NULL, "text/plain; x", "04 83 'x' 00 00" },
		/* the longest value-length of one octet, and the shortest of two */
		{ NULL, "text/plain; x=abcdefghijklmnopqrstuvwxyz", "1E 83 'x' 00 'abcdefghijklmnopqrstuvwxyz' 00" },
		{ NULL, "text/plain; x=abcdefghijklmnopqrstuvwxyz0",
		    "1F 1F 83 'x' 00 'abcdefghijklmnopqrstuvwxyz0' 00" },
		{ NULL, "*/*", "80" },
		{ NULL, "", NULL },
		{ NULL, "text", NULL },
		{ NULL, "text/", NULL },
		{ NULL, "te xt/plain", NULL },
		{ NULL, "text/plain x=y", NULL },
		{ NULL, "text/plain; =y", NULL },
		{ NULL, "text/plain; x=\"y", NULL },
		{ NULL, "text/plain; x=a\"y\"", NULL },
		{ NULL, "text/plain; x=y z", NULL },
		{ NULL, "text/plain; x=\"a\nb\"", NULL },
		{ NULL, "text/plain; SEC=4", NULL },
		{ NULL, "text/plain; SEC=01", NULL },
		{ NULL, "text/plain; SEC=PIN", NULL },
		{ NULL, "text/plain; SEC", NULL },
		{ NULL, "text/plain; SEC=", NULL },
		{ NULL, "text/plain; MAC=", NULL },
		{ NULL, "text/plain; charset", NULL },
		{ NULL, "text/plain; charset=\"\"", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check(&rows[i]);
}

static void
headers(void **state)
{
	static const struct row rows[] = {
		/* application ids: PPG service 5.1.2.1.2 */
		{ "X-Wap-Application-Id", "x-wap-application:mms.ua", "AF 84" },
		{ "x-wap-application-id", " x-wap-application:mms.ua ", "AF 84" },
		{ "X-Wap-Application-Id", "urn:x-wap-application:mms.ua", "AF 84" },
		{ "X-Wap-Application-Id", "URN:X-Wap-Application:mms.ua", "AF 84" },
		{ "X-Wap-Application-Id", "mms.ua", "AF 84" },
		{ "X-Wap-Application-Id", "*", "AF 80" },
		{ "X-Wap-Application-Id", "x-wap-application:*", "AF 80" },
		{ "X-Wap-Application-Id", "x-wap-application:push.sia", "AF 81" },
		{ "X-Wap-Application-Id", "x-oma-application:ulp.ua", "AF 90" },
		{ "X-Wap-Application-Id", "x-wap-docomo:imode.mail.ua", "AF 02 80 02" },
		{ "X-Wap-Application-Id", "x-wap-microsoft:cfgmgr.ua", "AF 02 90 44" },
		{ "X-Wap-Application-Id", "urn:oma:drms:org-LGE:L650V", "AF 02 90 40" },
		{ "X-Wap-Application-Id", "oma:drms:org-LGE:L650V", "AF 02 90 40" },
		{ "X-Wap-Application-Id", "x-wap-application:MMS.UA", "AF 'x-wap-application:MMS.UA' 00" },
		{ "X-Wap-Application-Id", "x-own:a", "AF 'x-own:a' 00" },
		{ "X-Wap-Application-Id", "x-own:a;app-encoding=9051", "AF 02 90 51" },
		{ "X-Wap-Application-Id", "x-own:a; App-Encoding=7f", "AF FF" },
		{ "X-Wap-Application-Id", "x-wap-application:mms.ua;app-encoding=99", "AF 84" },
		{ "X-Wap-Application-Id", "4", "AF 84" },
		{ "X-Wap-Application-Id", "10", "AF 90" },
		{ "X-Wap-Application-Id", "00009044", "AF 02 90 44" },
		{ "X-Wap-Application-Id", "fFfFfFfF", "AF 04 FF FF FF FF" },
		{ "X-Wap-Application-Id", "", NULL },
		{ "X-Wap-Application-Id", "123456789", NULL },
		{ "X-Wap-Application-Id", "foo.ua", NULL },
		{ "X-Wap-Application-Id", "x-own:a b", NULL },
		{ "X-Wap-Application-Id", "x-own:a;app-encoding=", NULL },
		{ "X-Wap-Application-Id", "x-own:a;app-encoding=xyz", NULL },
		{ "X-Wap-Application-Id", "x-own:a;app-encoding=1;app-encoding=2", NULL },
		{ "X-Wap-Application-Id", "x-own:a;code=1", NULL },
		{ "X-Wap-Application-Id", ";app-encoding=1", NULL },
		{ "X-Wap-Application-Id", "4;app-encoding=5", NULL },
		{ "Accept-Application", "*", "B2 80" },
		{ "Accept-Application", "x-wap-application:mms.ua, 5", "B2 84 B2 85" },
		/* Push-Flag */
		{ "Push-Flag", "0", "B4 80" },
		{ "push-flag", "7", "B4 87" },
		{ "Push-Flag", "127", "B4 FF" },
		{ "Push-Flag", "128", NULL },
		{ "Push-Flag", "-1", NULL },
		{ "Push-Flag", "", NULL },
		{ "Push-Flag", "x", NULL },
		/* dates */
		{ "Date", "Fri, 02 Jan 2026 15:05:05 GMT", "92 04 69 57 DE A1" },
		{ "Expires", "Saturday, 03-Jan-26 15:05:05 GMT", "94 04 69 59 30 21" },
		{ "Last-Modified", "Thu Jan  1 00:00:00 1970", "9D 01 00" },
		{ "Expires", "0", NULL },
		{ "Date", "", NULL },
		{ "If-Range", "Fri, 02 Jan 2026 15:05:05 GMT", "9A 04 69 57 DE A1" },
		{ "If-Range", "\"abc\"", "9A '\"abc\"' 00" },
		{ "Retry-After", "600", "A5 04 81 02 02 58" },
		{ "Retry-After", "Fri, 02 Jan 2026 15:05:05 GMT", "A5 06 80 04 69 57 DE A1" },
		{ "Retry-After", "soon", NULL },
		/* numbers */
		{ "Content-Length", "0", "8D 80" },
		{ "Content-Length", "127", "8D FF" },
		{ "Content-Length", "128", "8D 01 80" },
		{ "Content-Length", "40", "8D A8" },
		{ "Age", "9000", "85 02 23 28" },
		{ "Content-Length", "9223372036854775807", "8D 08 7F FF FF FF FF FF FF FF" },
		{ "Content-Length", "99999999999999999999", NULL },
		{ "Content-Length", "4x", NULL },
		{ "Bearer-Indication", "03", "B3 83" },
		{ "Bearer-Indication", "103", NULL },
		/* text and URIs */
		{ "Content-Location", "http://ppg.example/msg/1", "8E 'http://ppg.example/msg/1' 00" },
		{ "X-Wap-Content-URI", "http://a", "B0 'http://a' 00" },
		{ "X-Wap-Initiator-URI", "https://tps.example/p", "B1 'https://tps.example/p' 00" },
		{ "X-Wap-Initiator-URI", "https://tps.example/ p", NULL },
		{ "X-Wap-Initiator-URI", "https://tps.example/\xC3\xA9", NULL },
		{ "X-Wap-Initiator-URI", "", NULL },
		{ "Etag", "\"x\"", "93 '\"x\"' 00" },
		{ "From", "\xC3\xA9", "95 7F C3 A9 00" },
		{ "From", "a\rb", NULL },
		{ "From", "a\x7F", NULL },
		/* tokens, lists */
		{ "Content-Encoding", "gzip", "8B 80" },
		{ "Content-Encoding", "GZIP, deflate,, br", "8B 80 8B 82 8B 'br' 00" },
		{ "Content-Encoding", ",", NULL },
		{ "Content-Encoding", "", NULL },
		{ "Content-Encoding", "a b", "'Content-Encoding' 00 'a b' 00" },
		{ "Transfer-Encoding", "chunked", "A7 80" },
		{ "Accept-Ranges", "bytes", "84 81" },
		{ "Allow", "GET, PUT", "86 C0 86 E1" },
		{ "Vary", "Content-Encoding, Foo, TE", "AA 8B AA 'Foo' 00 AA 'TE' 00" },
		{ "Vary", "a b", NULL },
		{ "Content-Language", "en", "8C 99" },
		{ "Content-Language", "fo", "8C 01 82" },
		{ "Content-Language", "en-US, cs", "8C 'en-US' 00 8C 93" },
		{ "Content-Language", "*", "8C 80" },
		{ "Accept-Language", "de", "83 96" },
		{ "Accept-Language", "de;q=0.5", "'Accept-Language' 00 'de;q=0.5' 00" },
		{ "Accept-Charset", "utf-8", "81 EA" },
		{ "Accept-Charset", "*", "81 80" },
		{ "Accept-Charset", "big5", "'Accept-Charset' 00 'big5' 00" },
		{ "Accept", "application/vnd.wap.sic, text/plain;q=0.5", "80 AE 80 03 83 80 33" },
		{ "Content-MD5", "ABEiM0RVZneImaq7zN3u/w==", "8F 10 00112233445566778899AABBCCDDEEFF" },
		{ "Content-MD5", "AAAA", NULL },
		{ "Content-MD5", "?", NULL },
		{ "Content-Disposition", "attachment; filename=\"a b\"", "AE 06 81 86 'a b' 00" },
		{ "Content-Disposition", "other", "AE 06 'other' 00" },
		{ "Content-Disposition", "", NULL },
		{ "Cache-Control", "no-cache", "88 80" },
		{ "Cache-Control", "no-transform, max-age=60", "88 88 88 02 82 BC" },
		{ "Cache-Control", "max-age=3600", "88 04 82 02 0E 10" },
		{ "Cache-Control", "s-maxage=5", "88 0B 's-maxage' 00 '5' 00" },
		{ "Cache-Control", "private=\"Age, X-Y\"", "88 06 87 85 'X-Y' 00" },
		{ "Cache-Control", "community=\"UCI x\"", "88 11 'community' 00 22 'UCI x' 00" },
		{ "Cache-Control", "max-age=soon", NULL },
		{ "Cache-Control", "max age", NULL },
		{ "Pragma", "no-cache", "9F 80" },
		{ "Connection", "close", "89 80" },
		/* names that are sent as text: newer than 1.2, without a binary form, unknown */
		{ "Content-ID", "<a@b>", "'Content-ID' 00 '<a@b>' 00" },
		{ "Encoding-Version", "1.4", "'Encoding-Version' 00 '1.4' 00" },
		{ "X-WAP-Security", "close-subordinate", "'X-WAP-Security' 00 'close-subordinate' 00" },
		{ "Content-Range", "bytes 0-1/2", "'Content-Range' 00 'bytes 0-1/2' 00" },
		{ "Warning", "110 a \"b\"", "'Warning' 00 '110 a \"b\"' 00" },
		{ "X-MS-Desc", "Hello", "'X-MS-Desc' 00 'Hello' 00" },
		{ "X-MS-Desc", "", "'X-MS-Desc' 00 00" },
		{ "X-MS-Desc", "\xC3\xA9t\xC3\xA9", "'X-MS-Desc' 00 7F C3 A9 't' C3 A9 00" },
		{ "X-MS-Desc", "a\nX-Wap-Initiator-URI: b", NULL },
		{ "X Y", "a", NULL },
		{ "X:Y", "a", NULL },
		{ "", "a", NULL },
		{ "Content-Type", "text/plain", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check(&rows[i]);
}

static void
limits(void **state)
{
	static char text[4096];
	static uint8_t octets[8192];
	struct wbuf w = wbuf_into(octets, sizeof octets);
	struct why why;

	memset(text, 'a', WSP_VALUE_MAX + 1);
	wbuf_u8(&w, 0xAE);
	assert_int_equal(wsp_header_encode(&w, span_str("X-A"), span_str(text), &why), ERR_LIMIT);
	assert_int_equal(w.n, 1);
	assert_string_equal(why.text, "X-A: longer than 2100 octets");
	text[WSP_VALUE_MAX] = '\0';
	assert_int_equal(wsp_header_encode(&w, span_str("X-A"), span_str(text), &why), OK);
	assert_int_equal(w.n, 1 + 4 + WSP_VALUE_MAX + 1);
	/* A NUL inside a value would end it on the wire. */
	assert_int_equal(wsp_header_encode(&w, span_str("X-A"), span_of("a\0b", 3),
	    &why), ERR_SYNTAX);
	assert_int_equal(wsp_header_encode(&w, span_of("X\0A", 3), span_str("b"),
	    &why), ERR_SYNTAX);

	assert_int_equal(wsp_content_type_encode(&w, span_str("a/b;1=1;2=2;3=3;4=4;5=5;6=6;7=7;8=8"),
	    &why), OK);
	assert_int_equal(wsp_content_type_encode(&w, span_str("a/b;1=1;2=2;3=3;4=4;5=5;6=6;7=7;8=8;9=9"),
	    &why), ERR_LIMIT);
	memcpy(text, "a/b;x=", 6);
	text[6 + 255] = '\0';
	assert_int_equal(wsp_content_type_encode(&w, span_str(text), &why), OK);
	text[6 + 255] = 'a';
	text[6 + 256] = '\0';
	assert_int_equal(wsp_content_type_encode(&w, span_str(text), &why), ERR_LIMIT);
	text[1] = 'a', text[3] = '/', text[5] = 'a';
	text[255] = '\0';
	assert_int_equal(wsp_content_type_encode(&w, span_str(text), &why), OK);
	text[255] = 'a';
	text[256] = '\0';
	assert_int_equal(wsp_content_type_encode(&w, span_str(text), &why), ERR_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(content_types),
		cmocka_unit_test(headers),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests_name("wsp_encode", tests, NULL, NULL);
}
