/* test_wsp_decode.c - what a receiver of pushes takes and what it refuses. */
#include "tests/unit/vector.h"

#include "wap/wsp.h"

static void
drop(struct span s)
{
	free((void *)(uintptr_t)s.p);
}

/* PDU, content type, every header: the first error, or OK. Offsets are those of the PDU. */
static int
read_all(struct span pdu, struct why *why)
{
	struct wsp_push_info info;
	struct wsp_push push;
	int err = wsp_push_decode(pdu, &push, why);

	if (err)
		return err;
	err = wsp_push_info(push.headers, &info, why);
	if (err)
		why->offset += (size_t)(push.headers.p - pdu.p);
	return err;
}

static void
bad_pdus_name_field_and_offset(void **state)
{
	static const struct { const char *id, *hex; int err; size_t offset; const char *field; } rows[] = {
		{ "W-01", "", ERR_SHORT, 0, "TID" },
		{ "W-01", "01", ERR_SHORT, 1, "PDU type" },
		{ "W-01", "0106", ERR_SHORT, 2, "HeadersLen" },
		{ "W-02", "01067FAE80", ERR_SHORT, 2, "HeadersLen" },
		{ "W-03", "0106FFFFFFFFFF7FAE", ERR_SYNTAX, 2, "HeadersLen" },
		{ "W-04", "01068FFFFFFF7FAE", ERR_SHORT, 2, "HeadersLen" },
		{ "W-05", "0106021EAE", ERR_SHORT, 3, "Content-Type" },
		{ "W-06", "010605AEB4414243", ERR_SHORT, 5, "Push-Flag" },
		{ "W-07", "010602AEB4", ERR_SHORT, 5, "Push-Flag: no value" },
		{ "W-08", "010501AE", ERR_SYNTAX, 1, "PDU type" },
		{ "Android", "01068FFFFFFF7FFFFFFFFFFF", ERR_SHORT, 2, "HeadersLen" },
		{ "uintvar cut", "01068F", ERR_SHORT, 2, "HeadersLen" },
		{ "no headers", "010600AE", ERR_SYNTAX, 2, "HeadersLen" },
		{ "empty type", "01060100", ERR_SYNTAX, 3, "Content-Type" },
		{ "empty type", "0106021F00", ERR_SYNTAX, 3, "Content-Type" },
		{ "long length cut", "0106031F8180", ERR_SHORT, 3, "Content-Type" },
		{ "long length too long", "0106081FFFFFFFFFFF7FAE", ERR_SYNTAX, 3, "Content-Type" },
		{ "type without NUL", "010604612F6262", ERR_SHORT, 3, "Content-Type" },
		{ "parameter past value-length", "01060402AE8191", ERR_SHORT, 6, "charset" },
		{ "parameter text past it", "01060604AE92303100", ERR_SHORT, 6, "MAC" },
		{ "parameter name only", "01060302AE80", ERR_SHORT, 6, "parameter q" },
		{ "parameter name no token", "01060504AE206200", ERR_SYNTAX, 5, "parameter name" },
		{ "q of nothing", "01060403AE8000", ERR_SYNTAX, 6, "parameter q" },
		{ "SEC of nothing", "01060403AE9100", ERR_SYNTAX, 6, "SEC" },
		{ "media of nothing", "0106030200AF", ERR_SYNTAX, 4, "Content-Type" },
		{ "media code too large", "01060807060102030405AE", ERR_SYNTAX, 4, "Content-Type" },
		{ "empty name", "010603AE0080", ERR_SYNTAX, 4, "header name" },
		{ "name without NUL", "010604AE584D53", ERR_SHORT, 4, "header name" },
		{ "name at the end", "010604AE582D00", ERR_SHORT, 7, "X-" },
		{ "name no token", "010606AE5820590061", ERR_SYNTAX, 4, "header name" },
		{ "number behind textual name", "010604AE580085", ERR_SYNTAX, 6, "X" },
		{ "block behind textual name", "010605AE58000101", ERR_SYNTAX, 6, "X" },
		{ "shift without page", "010602AE7F", ERR_SHORT, 4, "code page" },
		{ "value past the block", "010604AE8D0501", ERR_SHORT, 5, "Content-Length" },
		{ "value length past the block", "010606AE8D1F8FFF7F", ERR_SHORT, 5, "Content-Length" },
		{ "date in a short integer", "010603AE9280", ERR_SYNTAX, 5, "Date" },
		{ "date after 9999", "010609AE92063FFFFFFFFFFF", ERR_RANGE, 5, "Date" },
		{ "number above 64 bits", "01060CAE8D09010000000000000000", ERR_RANGE, 5, "Content-Length" },
		{ "number of no octets", "010603AE8D00", ERR_SYNTAX, 5, "Content-Length" },
		{ "application id empty", "010603AEAF00", ERR_SYNTAX, 5, "X-Wap-Application-Id" },
		{ "digest of 2 octets", "010605AE8F020102", ERR_SYNTAX, 5, "Content-MD5" },
		{ "control character in text", "010605AEB1410A00", ERR_SYNTAX, 5, "X-Wap-Initiator-URI" },
		{ "number for a URI", "010603AEB181", ERR_SYNTAX, 5, "X-Wap-Initiator-URI" },
		{ "octets behind the value in a block", "010607AEC70482810102", ERR_SYNTAX, 5, "Cache-Control" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span pdu = vector_octets(rows[i].hex);
		struct why why = { 0 };
		int err = read_all(pdu, &why);

		if (err != rows[i].err || why.offset != rows[i].offset ||
		    strstr(why.text, rows[i].field) == NULL)
			fail_msg("%s (%s): %d at %zu: %s", rows[i].id, rows[i].hex, err, why.offset,
			    why.text);
		drop(pdu);
	}
}

static void
other_pdus_are_named(void **state)
{
	struct wsp_push push;
	struct why why;

	assert_int_equal(wsp_push_decode(span_of("\x01\x05\x01\xAE", 4), &push, &why), ERR_SYNTAX);
	assert_non_null(strstr(why.text, "Disconnect"));
	assert_int_equal(wsp_push_decode(span_of("\x01\x40\x01\xAE", 4), &push, &why), ERR_SYNTAX);
	assert_non_null(strstr(why.text, "Get"));
	assert_null(push.headers.p);
}

static void
headers_have_a_limit(void **state)
{
	static uint8_t pdu[WSP_HEADERS_MAX + 16];
	struct wbuf w = wbuf_into(pdu, sizeof pdu);
	struct wsp_push push;
	struct why why;

	wbuf_u8(&w, 1);
	wbuf_u8(&w, 6);
	wbuf_uintvar(&w, WSP_HEADERS_MAX);
	assert_int_equal(wsp_push_decode(span_of(pdu, w.n + WSP_HEADERS_MAX), &push, &why), OK);
	w.n = 2;
	wbuf_uintvar(&w, WSP_HEADERS_MAX + 1);
	assert_int_equal(wsp_push_decode(span_of(pdu, w.n + WSP_HEADERS_MAX + 1),
	    &push, &why), ERR_LIMIT);
}

/* ---- values of headers -------------------------------------------------------------- */

static void
values_as_text(void **state)
{
	static const struct { const char *hex, *name, *value; } rows[] = {
		{ "8502 2328", "Age", "9000" },
		{ "85 85", "Age", "5" },
		{ "8D 0100", "Content-Length", "0" },
		{ "8D 1F0128", "Content-Length", "40" },
		{ "8D 34300 0", "Content-Length", "40" },
		{ "8D 08FFFFFFFFFFFFFFFF", "Content-Length", "18446744073709551615" },
		{ "8D 0A0000FFFFFFFFFFFFFFFF", "Content-Length", "18446744073709551615" },
		{ "92 046957DEA1", "Date", "Fri, 02 Jan 2026 15:05:05 GMT" },
		{ "92 0100", "Date", "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ "9D 05003C8A5E80", "Last-Modified", "Sat, 09 Mar 2002 19:12:00 GMT" },
		{ "94 466F6F00", "Expires", "Foo" },
		{ "9A 046957DEA1", "If-Range", "Fri, 02 Jan 2026 15:05:05 GMT" },
		{ "9A 226122 00", "If-Range", "\"a\"" },
		{ "A5 03810202", "Retry-After", NULL },
		{ "A5 04810202 58", "Retry-After", "600" },
		{ "A5 06 80046957DEA1", "Retry-After", "Fri, 02 Jan 2026 15:05:05 GMT" },
		{ "BF 00", "X-Wap-Tod", "" },
		{ "BF 046957DEA1", "X-Wap-Tod", "Fri, 02 Jan 2026 15:05:05 GMT" },
		{ "93 2261 2200", "Etag", "\"a\"" },
		{ "93 7F 8000", "Etag", "\xC2\x80" },
		{ "93 7F7F6100", "Etag", NULL },
		{ "93 7FC3A900", "Etag", "\xC3\xA9" },
		{ "93 61E900", "Etag", "a\xC3\xA9" },
		{ "93 00", "Etag", "" },
		{ "8E 687474703A2F2F6100", "Content-Location", "http://a" },
		{ "AF 84", "X-Wap-Application-Id", "x-wap-application:mms.ua" },
		{ "AF 80", "X-Wap-Application-Id", "x-wap-application:*" },
		{ "AF 90", "X-Wap-Application-Id", "x-oma-application:ulp.ua" },
		{ "AF 029044", "X-Wap-Application-Id", "x-wap-microsoft:cfgmgr.ua" },
		{ "AF 0400009044", "X-Wap-Application-Id", "x-wap-microsoft:cfgmgr.ua" },
		{ "AF 021234", "X-Wap-Application-Id", "0x1234" },
		{ "AF 8B", "X-Wap-Application-Id", "0x0B" },
		{ "AF 0104", "X-Wap-Application-Id", "x-wap-application:mms.ua" },
		{ "AF 6D6D732E756100", "X-Wap-Application-Id", "x-wap-application:mms.ua" },
		{ "AF 3930343400", "X-Wap-Application-Id", "x-wap-microsoft:cfgmgr.ua" },
		{ "AF 783A7900", "X-Wap-Application-Id", "x:y" },
		{ "B2 80", "Accept-Application", "*" },
		{ "B2 84", "Accept-Application", "x-wap-application:mms.ua" },
		{ "B3 83", "Bearer-Indication", "03" },
		{ "B3 020100", "Bearer-Indication", NULL },
		{ "B4 80", "Push-Flag", "0" },
		{ "B4 87", "Push-Flag", "7" },
		{ "B4 0103", "Push-Flag", "3" },
		{ "B4 020100", "Push-Flag", "256" },
		{ "B4 00", "Push-Flag", "0x00" },
		{ "B4 610A00", "Push-Flag", "0x610A00" },
		{ "84 81", "Accept-Ranges", "bytes" },
		{ "8B 80", "Content-Encoding", "gzip" },
		{ "8B 82", "Content-Encoding", "deflate" },
		{ "8B 85", "Content-Encoding", "0x05" },
		{ "8B 627200", "Content-Encoding", "br" },
		{ "86 C0", "Allow", "GET" },
		{ "86 E0", "Allow", "POST" },
		{ "8C 80", "Content-Language", "*" },
		{ "8C 99", "Content-Language", "en" },
		{ "8C 0182", "Content-Language", "fo" },
		{ "8C 01FF", "Content-Language", "0xFF" },
		{ "8C 656E2D555300", "Content-Language", "en-US" },
		{ "AA 8B", "Vary", "Content-Encoding" },
		{ "AA FF", "Vary", "0x7F" },
		{ "8F 1000112233445566778899AABBCCDDEEFF", "Content-MD5", "ABEiM0RVZneImaq7zN3u/w==" },
		{ "C3 92", "Encoding-Version", "1.2" },
		{ "C3 95", "Encoding-Version", "1.5" },
		{ "C3 9F", "Encoding-Version", "1" },
		{ "C3 312E3300", "Encoding-Version", "1.3" },
		{ "C3 028294", "Encoding-Version", "page 2 1.4" },
		{ "C0 223C6140623E00", "Content-ID", "<a@b>" },
		{ "88 80", "Cache-Control", "no-cache" },
		{ "C7 88", "Cache-Control", "no-transform" },
		{ "C7 03820 23C", "Cache-Control", NULL },
		{ "C7 0382013C", "Cache-Control", "max-age=60" },
		{ "BD 028285", "Cache-Control", "max-age=5" },
		{ "C7 0380858B", "Cache-Control", "no-cache=\"Age, Content-Encoding\"" },
		{ "C7 056D790061 00", "Cache-Control", "my=a" },
		{ "C7 666F6F00", "Cache-Control", "foo" },
		{ "AE 81", "Content-Disposition", "attachment" },
		{ "C5 06818661 2E6200", "Content-Disposition", "attachment; filename=a.b" },
		{ "C5 05828622 6100", "Content-Disposition", "inline; filename=a" },
		{ "81 EA", "Accept-Charset", "utf-8" },
		{ "81 80", "Accept-Charset", "*" },
		{ "BB 03 0203E8", "Accept-Charset", "iso-10646-ucs-2" },
		{ "BB 02 EA0B", "Accept-Charset", "utf-8;q=0.1" },
		{ "BB 03 EA8331", "Accept-Charset", "utf-8;q=0.333" },
		{ "83 99", "Accept-Language", "en" },
		{ "83 03 656E00", "Accept-Language", "en" },
		{ "82 80", "Accept-Encoding", "gzip" },
		{ "80 AE", "Accept", "application/vnd.wap.sic" },
		{ "80 03AE81EA", "Accept", "application/vnd.wap.sic; charset=utf-8" },
		{ "91 AE", "Content-Type", "application/vnd.wap.sic" },
		{ "90 03 01 8148", "Content-Range", "bytes 1-/200" },
		{ "90 02 0180", "Content-Range", "bytes 1-/*" },
		{ "AC 8A", "Warning", "110" },
		{ "AC 058E610062 00", "Warning", "214 a \"b\"" },
		{ "87 0180", "Authorization", "0x0180" },
		{ "C1 02AABB", "Set-Cookie", "0x02AABB" },
		{ "CB 85", "0x4B", "0x85" },
		{ "FF 03010203", "0x7F", "0x03010203" },
		{ "F0 6100", "0x70", "a" },
		{ "582D4100 6200", "X-A", "b" },
		{ "582D4100 7F8000", "X-A", "\xC2\x80" },
		{ "582D4100 00", "X-A", "" },
		{ "507573682D466C616700 3700", "Push-Flag", "7" },
		{ "02 85 81", "0x0205", "0x81" },
		{ "7F0A 85 81", "0x0A05", "0x81" },
		{ "7F00 85 81", "0x0005", "0x81" },
		{ "7F02 01 85 81", "Age", "1" },
	};
	size_t i, n;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char hex[200];
		struct sbuf out = { 0 };
		struct wsp_walk walk;
		struct wsp_header h;
		struct why why = { 0 };
		struct span block;
		int err;

		snprintf(hex, sizeof hex, "AE%s", rows[i].hex);
		block = vector_octets(hex);
		wsp_walk_start(&walk, block);
		if (!wsp_walk_next(&walk, &h))
			fail_msg("%s: %s", hex, walk.why.text);
		wsp_header_name(&h, &out);
		assert_string_equal(out.s, rows[i].name);
		sbuf_str(&out, "=");
		n = out.n;
		err = wsp_header_value(&h, &out, &why);
		if (rows[i].value == NULL) {
			if (err == OK)
				fail_msg("%s was taken as %s", hex, out.s);
			assert_int_equal(out.n, n);
			assert_non_null(strstr(why.text, rows[i].name));
		} else if (err || strcmp(out.s + n, rows[i].value) != 0) {
			fail_msg("%s: %d %s, %s", hex, err, out.s, why.text);
		}
		if (wsp_walk_next(&walk, &h) || walk.err)
			fail_msg("%s: more than one header, %s", hex, walk.why.text);
		sbuf_done(&out);
		/* Cut short it is an error or an earlier end, never more. */
		for (n = 1; n < block.n; n++) {
			uint8_t *cut = vector_exact(block, n);
			struct wsp_push_info info;

			wsp_push_info(span_of(cut, n), &info, &why);
			free(cut);
		}
		drop(block);
	}
}

static void
content_types_taken_apart(void **state)
{
	static const struct { const char *hex, *want; } rows[] = {
		{ "AE", "46 application/vnd.wap.sic" },
		{ "01C4", "68 application/vnd.syncml.notification" },
		{ "1F01C4", "68 application/vnd.syncml.notification" },
		{ "03020312", "786 application/vnd.omaloc-supl-init" },
		{ "03020999", "2457 0x999" },
		{ "F0", "112 0x70" },
		{ "03AE81EA", "46 application/vnd.wap.sic charset=utf-8" },
		{ "05AE810203E8", "46 application/vnd.wap.sic charset=iso-10646-ucs-2" },
		{ "05AE81020FFF", "46 application/vnd.wap.sic charset=0xFFF" },
		{ "03AE8180", "46 application/vnd.wap.sic charset=*" },
		{ "612F4200", "-1 a/b" },
		{ "746578742F782D766361726400", "-1 text/x-vCard" },
		{ "87", "7 text/x-vCard" },
		{ "06612F42008 1EA", "-1 a/b charset=utf-8" },
		{ "05B69181 9200", "54 application/vnd.wap.connectivity-wbxml SEC=USERPIN MAC=" },
		{ "03B69185", "54 application/vnd.wap.connectivity-wbxml SEC=0x05" },
		{ "04B6910102", "54 application/vnd.wap.connectivity-wbxml SEC=USERNETWPIN" },
		{ "06B6736563 0080", "54 application/vnd.wap.connectivity-wbxml SEC=NETWPIN" },
		{ "07B6922241423 200", "54 application/vnd.wap.connectivity-wbxml MAC=AB2" },
		{ "0CA6 8A223C613E00 89B3 8561 00", "38 application/vnd.wap.multipart.alternative "
		    "start=<a> type=application/vnd.wap.multipart.related name=a" },
		{ "03838033", "3 text/plain q=0.5" },
		{ "03838001", "3 text/plain q=0" },
		{ "0483808A00", NULL },
		{ "038380 64", "3 text/plain q=0.99" },
		{ "0483808331", "3 text/plain q=0.333" },
		{ "03838292", "3 text/plain level=1.2" },
		{ "03838290", "3 text/plain level=1.0" },
		{ "0383AAAB", "3 text/plain 0x2A=0x2B" },
		{ "0783AA03010203", NULL },
		{ "0683AA03010203", "3 text/plain 0x2A=0x010203" },
		{ "0583610005", NULL },
		{ "0483610085", "3 text/plain a=5" },
		{ "05836100 0105", "3 text/plain a=5" },
		{ "08839304 6957DEA181", NULL },
		{ "07839304 6957DEA1", "3 text/plain creation-date=Fri, 02 Jan 2026 15:05:05 GMT" },
		{ "0383 9000", "3 text/plain secure=" },
		{ "1183 8100 8100 8100 8100 8100 8100 8100 8100", NULL },
		{ "1183 9000 9000 9000 9000 9000 9000 9000 9000", "3 text/plain secure= secure= secure= "
		    "secure= secure= secure= secure= secure=" },
		{ "1383 9000 9000 9000 9000 9000 9000 9000 9000 9000", NULL },
		{ "AEAE", NULL },
		{ "", NULL },
		{ "00", NULL },
		{ "7F00", NULL },
		{ "0100", NULL },
	};
	size_t i, n;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span raw = vector_octets(rows[i].hex);
		struct wsp_content_type ct;
		struct sbuf got = { 0 };
		struct why why = { 0 };
		int err = wsp_content_type_decode(raw, &ct, &why);

		sbuf_fmt(&got, "%d %s", ct.code, ct.media);
		for (n = 0; n < ct.n_params; n++)
			sbuf_fmt(&got, " %s=%s", ct.params[n].name, ct.params[n].value);
		if (rows[i].want == NULL ? err == OK || ct.media[0] != '\0' :
		    err != OK || strcmp(got.s, rows[i].want) != 0)
			fail_msg("%s: %d %s, %s", rows[i].hex, err, got.s, why.text);
		if (err)
			assert_non_null(strstr(why.text, "Content-Type"));
		sbuf_done(&got);
		for (n = 0; rows[i].want != NULL && n < raw.n; n++) {
			uint8_t *cut = vector_exact(raw, n);

			assert_int_not_equal(wsp_content_type_decode(span_of(cut, n), &ct, &why), OK);
			free(cut);
		}
		drop(raw);
	}
}

static void
long_content_types(void **state)
{
	char text[400];
	struct wsp_content_type ct;
	struct why why;

	memset(text, 'a', sizeof text);
	text[4] = '/';
	text[255] = '\0';
	assert_int_equal(wsp_content_type_decode(span_of(text, 256), &ct, &why), OK);
	assert_int_equal(strlen(ct.media), 255);
	text[255] = 'a';
	text[256] = '\0';
	assert_int_equal(wsp_content_type_decode(span_of(text, 257), &ct, &why), ERR_LIMIT);
	assert_non_null(strstr(why.text, "255"));
}

static void
parameters_are_found(void **state)
{
	struct wsp_content_type ct;
	struct span raw = vector_octets("07B69181923131 00");
	struct why why;

	assert_int_equal(wsp_content_type_decode(raw, &ct, &why), OK);
	assert_string_equal(wsp_content_type_param(&ct, "sec"), "USERPIN");
	assert_string_equal(wsp_content_type_param(&ct, "MAC"), "11");
	assert_null(wsp_content_type_param(&ct, "charset"));
	drop(raw);
}

/* ---- what a receiver wants to know -------------------------------------------------- */

static void
push_flags_are_anded(void **state)
{
	static const struct { const char *hex; int flag; } rows[] = {
		{ "AE", -1 },
		{ "AE B487", 7 },
		{ "AE B487 B483", 3 },
		{ "AE B487 B400", 0 },
		{ "AE B487 B4020100", 0 },		/* above 127 */
		{ "AE B4 017F", 127 },
		{ "AE B4 6100", 0 },
		{ "AE B4 3300", 3 },
		{ "AE B4 31323800", 0 },
		{ "AE B4 2D3100", 0 },
		{ "AE B487 507573682D666C616700 3200", 2 },
		{ "AE B487 02 B480", 7 },		/* the code on another page is not this header */
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span headers = vector_octets(rows[i].hex);
		struct wsp_push_info info;
		struct why why = { 0 };

		if (wsp_push_info(headers, &info, &why) || info.push_flag != rows[i].flag)
			fail_msg("%s: %d, %s", rows[i].hex, info.push_flag, why.text);
		drop(headers);
	}
}

static void
first_header_counts(void **state)
{
	/* X-Wap-Initiator-URI, -Content-URI, Content-Location, X-MS-Desc, ids: each twice. */
	struct span headers = vector_octets("AE B16100B16200 B06300B06400 8E65008E6600"
	    "582D4D532D44657363006700 782D6D732D64657363006800 AF8AAF84");
	struct wsp_push_info info;
	struct why why;

	assert_int_equal(wsp_push_info(headers, &info, &why), OK);
	assert_string_equal(info.initiator_uri, "a");
	assert_string_equal(info.content_uri, "c");
	assert_string_equal(info.content_location, "e");
	assert_string_equal(info.ms_desc, "g");
	assert_string_equal(info.app_id, "x-wap-application:wv.ua");
	assert_int_equal(info.n_app_ids, 2);
	assert_int_equal(info.push_flag, -1);
	assert_int_equal(info.type.code, 0x2E);
	drop(headers);
}

static void
long_values(void **state)
{
	static uint8_t octets[3000];
	struct wbuf w = wbuf_into(octets, sizeof octets);
	struct wsp_push_info info;
	struct why why;
	size_t i;

	/* A description is cut between characters; a URI is not cut but refused. */
	wbuf_u8(&w, 0xAE);
	wbuf_cstr(&w, "X-MS-Desc");
	wbuf_u8(&w, 0x7F);
	for (i = 0; i < 200; i++)
		wbuf_put(&w, "\xC3\xA9", 2);
	wbuf_u8(&w, 0);
	assert_int_equal(wsp_push_info(wbuf_span(&w), &info, &why), OK);
	assert_int_equal(strlen(info.ms_desc), 254);
	assert_true(text_is_utf8(span_str(info.ms_desc), NULL));

	w.n = 1;
	wbuf_u8(&w, 0xB1);
	for (i = 0; i < WSP_VALUE_MAX - 1; i++)
		wbuf_u8(&w, 'u');
	wbuf_u8(&w, 0);
	assert_int_equal(wsp_push_info(wbuf_span(&w), &info, &why), OK);
	assert_int_equal(strlen(info.initiator_uri), WSP_VALUE_MAX - 1);
	octets[w.n - 1] = 'u';
	wbuf_u8(&w, 0);
	assert_int_equal(wsp_push_info(wbuf_span(&w), &info, &why), ERR_LIMIT);
	assert_int_equal(why.offset, 1);
	assert_string_equal(info.initiator_uri, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_pdus_name_field_and_offset),
		cmocka_unit_test(other_pdus_are_named),
		cmocka_unit_test(headers_have_a_limit),
		cmocka_unit_test(values_as_text),
		cmocka_unit_test(content_types_taken_apart),
		cmocka_unit_test(long_content_types),
		cmocka_unit_test(parameters_are_found),
		cmocka_unit_test(push_flags_are_anded),
		cmocka_unit_test(first_header_counts),
		cmocka_unit_test(long_values),
	};

	return cmocka_run_group_tests_name("wsp_decode", tests, NULL, NULL);
}
