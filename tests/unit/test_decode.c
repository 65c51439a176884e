/* test_decode.c - decode.h: messages as JSON, told apart without being told what they are. */
#include "tests/unit/test.h"

#include "tests/unit/vector.h"
#include "wap/decode.h"

enum { PARTS_MAX = 8 };

/* ---- vectors: one part a line -> one line of JSON --------------------------------------------------- */

static void
free_octets(struct span s)
{
	free((void *)(uintptr_t)s.p);
}

static void
check_json(const char *name, json_t *got, const char *want)
{
	struct sbuf text = { 0 };

	json_print(got, &text);
	sbuf_char(&text, '\n');
	if (strcmp(text.s, want) != 0)
		fail_msg("%s: got %s", name, text.s);
	sbuf_done(&text);
}

static void
one_vector(const char *name)
{
	char *hex = vector_read("decode", name, ".hex"), *want = vector_read("decode", name, ".txt");
	char *save, *line = strtok_r(hex, "\n", &save);
	struct span parts[PARTS_MAX], whole;
	struct why why = { 0 };
	json_t *json;
	size_t n = 0, k;

	for (; line != NULL; line = strtok_r(NULL, "\n", &save))
		parts[n++] = vector_octets(line);
	json = decode_parts(parts, n, DECODE_AUTO, &why);
	if (json == NULL)
		fail_msg("%s: %s", name, why.text);
	check_json(name, json, want);
	json_decref(json);

	/* Cut short it is refused with a reason, or a shorter message; never anything else. */
	whole = parts[n - 1];
	for (k = 0; k < whole.n; k++) {
		uint8_t *cut = vector_exact(whole, k);

		parts[n - 1] = span_of(cut, k);
		why = (struct why){ 0 };
		json = decode_parts(parts, n, DECODE_AUTO, &why);
		if (json == NULL && why.text[0] == '\0')
			fail_msg("%s: no reason when cut to %zu octets", name, k);
		json_decref(json);
		free(cut);
	}
	parts[n - 1] = whole;
	while (n > 0)
		free_octets(parts[--n]);
	free(hex);
	free(want);
}

static void
vectors(void **state)
{
	assert_true(vector_each("decode", one_vector) >= 15);
}

/* ---- what cannot be decoded --------------------------------------------------------------------------- */

static const struct {
	const char *hex;		/* parts separated by | */
	enum decode_as as;
	size_t offset;
	const char *text;
} bad[] = {
	{ "", DECODE_AUTO, 0, "TID: no octets" },				/* W-01 */
	{ "01", DECODE_AUTO, 1, "PDU type: missing" },
	{ "0106", DECODE_AUTO, 2, "HeadersLen: incomplete" },
	{ "01067FAE80", DECODE_AUTO, 2, "HeadersLen: 127" },			/* W-02 */
	{ "0106FFFFFFFFFF7FAE", DECODE_AUTO, 2, "HeadersLen: " },		/* W-03 */
	{ "01068FFFFFFF7FAE", DECODE_AUTO, 2, "HeadersLen: 4294967295" },	/* W-04 */
	{ "0106021EAE", DECODE_AUTO, 3, "Content-Type: " },			/* W-05 */
	{ "010605AEB4414243", DECODE_AUTO, 5, "Push-Flag: " },			/* W-06 */
	{ "010602AEB4", DECODE_AUTO, 5, "Push-Flag: " },			/* W-07 */
	{ "010501AE", DECODE_AUTO, 1, "PDU type: 05" },				/* W-08 */
	{ "02056A8FFFFFFF7F616263", DECODE_AUTO, 3, "offset 3: string table longer" },	/* B-01 */
	{ "02056A0045C38FFFFFFF7F6162", DECODE_AUTO, 6, "offset 6: OPAQUE longer" },	/* B-02 */
	{ "02056A0045", DECODE_AUTO, 5, "offset 5: END missing" },		/* B-03 */
	{ "02056A004502888080800001", DECODE_AUTO, 6, "offset 6: character entity" },	/* B-04 */
	{ "02056A0045C60C03616263", DECODE_AUTO, 8, "offset 8: string without" },	/* B-06 */
	{ "02056A0045C60AC301FF010361000101", DECODE_AUTO, 9, "offset 9: date octet FF" },	/* B-07 */
	/* the same inside a PDU, and inside an SMS: the offset counts from the start */
	{ "010601AE02056A0045", DECODE_AUTO, 9, "body: offset 5: END missing" },
	{ "0605040B8423F0010601AE02056A0045", DECODE_AUTO, 16, "body: offset 5: END missing" },
	{ "FF05040B8423F0", DECODE_AUTO, 0, "user data header: length 255" },	/* U-01 */
	{ "0605040B8423F0", DECODE_AUTO, 7, "TID: no octets" },
	{ "0B05040B8423F0000301 0201 010601AE", DECODE_AUTO, 0, "1 of 2 parts are here" },
	{ "0B05040B8423F00003010201 01|0B05040B8423F00003020202 01", DECODE_AUTO, 0, "part 2 belongs to" },
	{ "0B05040B8423F00003010201 01|0605040B8423F001", DECODE_AUTO, 0, "part 2 belongs to" },
	{ "010601AE|010601AE", DECODE_WSP, 0, "2 parts: only an SMS" },
	{ "02056A0005|02056A0005", DECODE_WBXML, 0, "2 parts: only an SMS" },
	{ "02056A0005", DECODE_WSP, 1, "PDU type: 05" },
	{ "010601AE", DECODE_WBXML, 2, "offset 2: charset number 1 " },
	{ "02036A0005", DECODE_WBXML, 1, "offset 1: no token tables for public id 0x03" },
	{ "010601BE8D90", DECODE_AUTO, 4, "body: X-Mms-Message-Type: not the first field" },
};

static size_t
parts_of(const char *hex, struct span *parts)
{
	char *copy = span_dup(span_str(hex)), *at = copy;
	size_t n = 0;

	for (;;) {
		char *bar = strchr(at, '|');

		if (bar != NULL)
			*bar = '\0';
		parts[n++] = vector_octets(at);
		if (bar == NULL)
			break;
		at = bar + 1;
	}
	free(copy);
	return n;
}

static void
refuses(void **state)
{
	struct span parts[PARTS_MAX];
	struct why why;
	size_t i, n;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		n = parts_of(bad[i].hex, parts);
		why = (struct why){ 0 };
		assert_null(decode_parts(parts, n, bad[i].as, &why));
		if (why.offset != bad[i].offset || strncmp(why.text, bad[i].text, strlen(bad[i].text)) != 0)
			fail_msg("row %zu: offset %zu, %s", i, why.offset, why.text);
		while (n > 0)
			free_octets(parts[--n]);
	}
	assert_null(decode_parts(parts, 0, DECODE_AUTO, &why));
}

/* ---- bodies ------------------------------------------------------------------------------------------- */

static const struct {
	const char *media, *hex, *json;	/* json NULL: refused with `text` */
	const char *text;
} bodies[] = {
	{ "application/vnd.wap.sic", "02056A0005", "{\"format\":\"xml\",\"value\":\"<si/>\"}", NULL },
	{ "application/vnd.wap.sic", "", "{\"format\":\"hex\",\"value\":\"\"}", NULL },
	{ "application/vnd.wap.mms-message", "", "{\"format\":\"hex\",\"value\":\"\"}", NULL },
	{ "text/vnd.wap.si", "3C73692F3E", "{\"format\":\"text\",\"value\":\"<si/>\"}", NULL },
	{ "text/plain", "C3A90A", "{\"format\":\"text\",\"value\":\"\xC3\xA9\\n\"}", NULL },
	{ "text/plain", "E90a", "{\"format\":\"hex\",\"value\":\"E90A\"}", NULL },
	{ "text/plain", "6100", "{\"format\":\"hex\",\"value\":\"6100\"}", NULL },
	{ "application/octet-stream", "61", "{\"format\":\"hex\",\"value\":\"61\"}", NULL },
	{ "application/vnd.syncml.dm.notification", "61", "{\"format\":\"hex\",\"value\":\"61\"}", NULL },
	{ "application/vnd.wap.sia", "61", "{\"format\":\"hex\",\"value\":\"61\"}", NULL },
	{ "application/vnd.syncml.dm+wbxml", "02A4016A002D",
	  "{\"format\":\"xml\",\"value\":\"<SyncML xmlns=\\\"SYNCML:SYNCML1.2\\\"/>\"}", NULL },
	{ "application/vnd.syncml.dm+wbxml", "03016A0045", "{\"format\":\"hex\",\"value\":\"03016A0045\"}", NULL },
	{ "application/vnd.syncml.dm+wbxml", "02A4016A006D", NULL, "offset 6: END missing" },
	{ "application/vnd.wap.connectivity-wbxml", "030B6A0009", NULL, "offset 4: tag 09 is not known" },
	/* MMS: forms of values */
	{ "application/vnd.wap.mms-message", "8C86 8D90 8B6D4000 972B312F545950453D504C4D4E00 85044B3D3B40 9581",
	  "{\"format\":\"fields\",\"value\":{\"X-Mms-Message-Type\":\"m-delivery-ind\",\"X-Mms-MMS-Version\":\"1.0\","
	  "\"Message-ID\":\"m@\",\"To\":\"+1/TYPE=PLMN\",\"Date\":1262304064,\"X-Mms-Status\":\"retrieved\"}}", NULL },
	{ "application/vnd.wap.mms-message", "8C82 8A6F7468657200 8F82 8680 890181 88068004 4B3D3B40 8E81",
	  "{\"format\":\"fields\",\"value\":{\"X-Mms-Message-Type\":\"m-notification-ind\",\"X-Mms-Message-Class\":\"other\","
	  "\"X-Mms-Priority\":\"high\",\"X-Mms-Delivery-Report\":\"yes\",\"From\":\"insert-address\","
	  "\"X-Mms-Expiry\":{\"absolute\":1262304064},\"X-Mms-Message-Size\":1}}", NULL },
	{ "application/vnd.wap.mms-message", "8CFE 9603 84E900 9620 00 BF0101 587800 7900 97610097620097 6300",
	  "{\"format\":\"fields\",\"value\":{\"X-Mms-Message-Type\":\"0xFE\",\"Subject\":[\"\xC3\xA9\",\" \"],"
	  "\"0xBF\":\"0101\",\"Xx\":\"y\",\"To\":[\"a\",\"b\",\"c\"]}}", NULL },
	{ "application/vnd.wap.mms-message", "8C84 8403 A3 8180 8101",
	  "{\"format\":\"fields\",\"value\":{\"X-Mms-Message-Type\":\"m-retrieve-conf\","
	  "\"Content-Type\":\"application/vnd.wap.multipart.mixed\"}}", NULL },	/* the parts are no fields */
	{ "application/vnd.wap.mms-message", "8D90", NULL, "X-Mms-Message-Type: not the first field" },
	{ "application/vnd.wap.mms-message", "8C82 8E1F8FFFFFFF7F01", NULL, "X-Mms-Message-Size: the message ends" },
	{ "application/vnd.wap.mms-message", "8C82 8E0901000000000000 0000", NULL, "X-Mms-Message-Size: not a value" },
	{ "application/vnd.wap.mms-message", "8C82 8E00", NULL, "X-Mms-Message-Size: not a value" },
	{ "application/vnd.wap.mms-message", "8C82 83687474", NULL, "X-Mms-Content-Location: the message ends" },
	{ "application/vnd.wap.mms-message", "8C82 8380", NULL, "X-Mms-Content-Location: not a value" },
	{ "application/vnd.wap.mms-message", "8C82 880482020102", NULL, "X-Mms-Expiry: not a value" },
	{ "application/vnd.wap.mms-message", "8C82 890380 6162", NULL, "From: not a value" },
	{ "application/vnd.wap.mms-message", "8C82 9603EA6162", NULL, "Subject: not a value" },
	{ "application/vnd.wap.mms-message", "8C82 4142", NULL, "MMS field with a textual name" },
	/* package 0 */
	{ "application/vnd.syncml.notification", "00112233445566778899AABBCCDDEEFF 0290000000 0000 00 7F",
	  "{\"format\":\"fields\",\"value\":{\"version\":\"1.0\",\"ui_mode\":1,\"initiator\":\"client\",\"session_id\":\"0\","
	  "\"server_id\":\"\",\"digest\":\"00112233445566778899AABBCCDDEEFF\",\"vendor\":\"7F\"}}", NULL },
	{ "application/vnd.syncml.notification", "00112233445566778899AABBCCDDEEFF 02F8000000 BEEF 02 6100",
	  "{\"format\":\"fields\",\"value\":{\"version\":\"1.1\",\"ui_mode\":3,\"initiator\":\"server\",\"session_id\":\"BEEF\","
	  "\"server_id\":\"a\\\\x00\",\"digest\":\"00112233445566778899AABBCCDDEEFF\",\"vendor\":\"\"}}", NULL },
	{ "application/vnd.syncml.notification", "00112233445566778899AABBCCDDEEFF 0290000000 00", NULL,
	  "DM notification of 22 octets" },
	{ "application/vnd.syncml.notification", "00112233445566778899AABBCCDDEEFF 0290000000 0001", NULL,
	  "server identifier: longer" },
	{ "application/vnd.syncml.notification", "00112233445566778899AABBCCDDEEFF 0290000000 0001 02 61", NULL,
	  "server identifier: longer" },
	/* SUPL INIT */
	{ "application/vnd.omaloc-supl-init", "0005020001", "{\"format\":\"fields\",\"value\":{\"length\":5,\"version\":\"2.0.1\"}}",
	  NULL },
	{ "application/vnd.omaloc-supl-init", "0006020001", NULL, "SUPL INIT says 6 octets, it has 5" },
	{ "application/vnd.omaloc-supl-init", "0005040001", NULL, "SUPL INIT version 4" },
	{ "application/vnd.omaloc-supl-init", "000401 00", NULL, "SUPL INIT of 4 octets" },
};

static void
bodies_by_type(void **state)
{
	size_t i;

	for (i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		struct span in = vector_octets(bodies[i].hex);
		struct sbuf text = { 0 };
		struct why why = { 0 };
		json_t *json = decode_body(bodies[i].media, in, &why);

		if (bodies[i].json == NULL) {
			if (json != NULL || strncmp(why.text, bodies[i].text, strlen(bodies[i].text)) != 0)
				fail_msg("row %zu: %s", i, why.text);
		} else {
			if (json == NULL)
				fail_msg("row %zu: %s", i, why.text);
			json_print(json, &text);
			if (strcmp(text.s, bodies[i].json) != 0)
				fail_msg("row %zu: got %s", i, text.s);
		}
		json_decref(json);
		sbuf_done(&text);
		free_octets(in);
	}
}

/* ---- told apart ----------------------------------------------------------------------------------------- */

static void
kinds(void **state)
{
	static const struct { const char *hex, *kind; enum decode_as as; } rows[] = {
		{ "010601AE02056A0005", "wsp", DECODE_AUTO },
		{ "060601AE02056A0005", "wsp", DECODE_AUTO },	/* a tid that could be a header length */
		{ "010701AE02056A0005", "wsp", DECODE_AUTO },
		{ "020603BEAF84", "wsp", DECODE_AUTO },		/* tid 2, push: not version 1.3 and the table of SL */
		{ "02066A0005", "wbxml", DECODE_AUTO },
		{ "02066A0005", NULL, DECODE_WSP },
		{ "03076A0005", "wbxml", DECODE_AUTO },
		{ "0300006A1C2D2F2F574150464F52554D2F2F4454442053492 0312E302F2F454E00 05", "wbxml", DECODE_AUTO },
		{ "0605040B8423F0010601AE", "sms", DECODE_AUTO },
		{ "0B0003FF010105040B8423F0010601AE", "sms", DECODE_AUTO },
		{ "050003FF0101010601AE", "sms", DECODE_AUTO },	/* concatenation alone */
		{ "0A0804FFFF010105 02F0F0010601AE", "sms", DECODE_AUTO },
		{ "0605040B8423F0010601AE", NULL, DECODE_WSP },
		{ "010601AE", NULL, DECODE_SMS },
	};
	struct why why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span in = vector_octets(rows[i].hex);
		json_t *json = decode_parts(&in, 1, rows[i].as, &why);

		if ((json == NULL) != (rows[i].kind == NULL))
			fail_msg("row %zu: %s", i, json != NULL ? json_text(json, "kind") : why.text);
		if (json != NULL)
			assert_string_equal(json_text(json, "kind"), rows[i].kind);
		json_decref(json);
		free_octets(in);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(refuses),
		cmocka_unit_test(bodies_by_type),
		cmocka_unit_test(kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
