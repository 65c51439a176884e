/* test_content.c - content.h: what is compiled, what is refused, what a policy learns of it. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <time.h>

#include <wbxml/wbxml.h>
#include <wbxml/wbxml_conv.h>

#include "tests/unit/vector.h"
#include "wap/content.h"
#include "wap/decode.h"
#include "wap/wbxml.h"

#define SI "text/vnd.wap.si"
#define SL "text/vnd.wap.sl"
#define CO "text/vnd.wap.co"
#define EMN "text/vnd.wap.emn+xml"
#define PROV "text/vnd.wap.connectivity-xml"
#define WML "text/vnd.wap.wml"
#define RIGHTS "application/vnd.oma.drm.rights+xml"
#define MMS "application/vnd.wap.mms-message"
#define MMS_FIRST "8C82 98747800 8D92 "
#define NOTIFICATION "application/vnd.syncml.notification"
#define NOTIFICATION_FIELDS "{\"session_id\":\"1\",\"server_id\":\"a\",\"digest\":\"00112233445566778899AABBCCDDEEFF\"}"

/* Prepare a copy that ends where its heap block ends. */
static int
prepare(const char *type, struct span body, bool no_transform, struct content *out, struct why *why)
{
	uint8_t *exact = vector_exact(body, body.n);
	int err;

	*why = (struct why){ 0 };
	err = content_prepare(span_str(type), span_of(exact, body.n), no_transform, out, why);
	free(exact);
	return err;
}

/* ---- vectors: <case>.txt is the type and the document, <case>.hex what it becomes ---------------- */

static void
one_vector(const char *name)
{
	char *text = vector_read("content", name, ".txt"), *hex = vector_read("content", name, ".hex");
	char *doc = strchr(text, '\n');
	struct span want = vector_octets(hex);
	struct content c;
	struct why why;
	size_t n, end;

	*doc++ = '\0';
	if (prepare(text, span_str(doc), false, &c, &why) != OK)
		fail_msg("%s: %s", name, why.text);
	assert_true(c.compiled);
	if (!span_eq(sbuf_as_span(&c.body), want)) {
		struct sbuf got = { 0 };

		sbuf_hex(&got, sbuf_as_span(&c.body));
		fail_msg("%s: got %s", name, got.s);
	}
	assert_null(strstr(c.type, "charset"));
	content_done(&c);

	/* Cut short it is refused, with a place; nothing is left half filled. */
	for (end = strlen(doc); doc[end - 1] != '>' && doc[end - 1] != '}'; end--)
		;
	for (n = 0; n < end; n++) {
		if (prepare(text, span_of(doc, n), false, &c, &why) == OK)
			fail_msg("%s: accepted when cut to %zu octets", name, n);
		assert_null(c.type);
		assert_int_equal(c.body.n, 0);
		assert_int_equal(strncmp(why.text, "line ", 5), 0);
	}
	free((void *)(uintptr_t)want.p);
	free(text);
	free(hex);
}

/* What was compiled from fields decodes to these fields. */
static void
fields_and_back(void **state)
{
	static const struct { const char *name, *media; } rows[] = {
		{ "mms-notification", MMS }, { "dm-notification", NOTIFICATION },
	};
	struct sbuf json = { 0 };
	struct why why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *hex = vector_read("content", rows[i].name, ".hex");
		struct span octets = vector_octets(hex);
		struct content c;
		char type[64];
		json_t *body = decode_body(rows[i].media, octets, &why);

		assert_non_null(body);
		assert_string_equal(json_text(body, "format"), "fields");
		sbuf_clear(&json);
		json_print(json_object_get(body, "value"), &json);
		snprintf(type, sizeof type, "%s+json", rows[i].media);
		assert_int_equal(prepare(type, sbuf_as_span(&json), false, &c, &why), OK);
		assert_true(span_eq(sbuf_as_span(&c.body), octets));
		content_done(&c);
		json_decref(body);
		free((void *)(uintptr_t)octets.p);
		free(hex);
	}
	sbuf_done(&json);
}

static void
vectors(void **state)
{
	assert_true(vector_each("content", one_vector) >= 25);
}

#define MMS_FIELDS(rest) "{\"X-Mms-Message-Type\":\"m-notification-ind\",\"X-Mms-Transaction-ID\":\"t\"," \
	"\"X-Mms-MMS-Version\":\"1.2\",\"X-Mms-Message-Class\":\"auto\",\"X-Mms-Message-Size\":1," \
	"\"X-Mms-Content-Location\":\"u\"," rest "}"

/* ---- refused ------------------------------------------------------------------------------------- */

#define WRAP(parms) "<wap-provisioningdoc><characteristic type=\"A\">" parms "</characteristic></wap-provisioningdoc>"

static const struct {
	const char *type, *doc, *text;
} bad[] = {
	{ SI, "", "line 1, column 1: the document is empty" },
	{ SI, "<si>\n <indication>x</si>", "line 2, column 17: mismatched tag" },
	{ SI, "<sl/>", "line 1, column 1: the root is sl, not si" },
	{ SI, "<si/>", "line 1, column 6: si has no indication" },
	{ SI, "<si><info/></si>", "line 1, column 12: info has no item" },
	{ SI, "<si><info><item class='x'/></info></si>", "line 1, column 35: si has no indication" },
	{ SI, "<si><info><item class='x'/></info><indication/></si>",
	  "line 1, column 35: indication behind info" },
	{ SI, "<si><indication/><indication/></si>", "line 1, column 18: more than 1 indication" },
	{ SI, "<si>\n\n  <indication action='delete' href='http://a/'/></si>",
	  "line 3, column 3: action delete needs an si-id" },
	{ SI, "<si><indication action='delete' si-id=''/></si>", "line 1, column 5: action delete" },
	{ SI, "<si><indication action='signal'/></si>", "line 1, column 5: action is signal, not signal-none" },
	{ SI, "<si><indication action=''/></si>", "line 1, column 5: action is , not" },
	{ SI, "<si><indication created='2026-02-30T10:00:00Z'/></si>",
	  "line 1, column 5: created is 2026-02-30T10:00:00Z, not a date" },
	{ SI, "<si><indication si-expires='2026-02-03'/></si>", "line 1, column 5: si-expires is 2026-02-03" },
	{ SI, "<si><indication created=''/></si>", "line 1, column 5: created is " },
	{ SI, "<si><indication url='x'/></si>", "line 1, column 5: unknown attribute url of indication" },
	{ SI, "<si version='1'><indication/></si>", "line 1, column 1: unknown attribute version of si" },
	{ SI, "<si><b/></si>", "line 1, column 5: unknown element b in si" },
	{ SI, "<si><item class='x'/></si>", "line 1, column 5: misplaced element item in si" },
	{ SI, "<si><indication><indication/></indication></si>", "line 1, column 17: misplaced element" },
	{ SI, "<si>hello<indication/></si>", "line 1, column 5: text in si" },
	{ SI, "<si><indication/><info><item>x</item></info></si>", "line 1, column 24: item has no class" },
	{ SI, "<si><indication/><info><item class=' '/></info></si>", "line 1, column 24: class of item is empty" },
	{ SI, "<!DOCTYPE si [<!ENTITY x 'y'>]><si><indication>&x;</indication></si>",
	  "line 1, column 15: entity declarations are not accepted" },
	{ SI, "<si><indication>\xE9</indication></si>", "line 1, column 17: octet that is not UTF-8" },
	{ SI "; charset=koi8-r", "<si/>", "line 1, column 1: charset koi8-r is not one of" },
	{ RIGHTS, "<o-ex:right/>", "line 1, column 1: the root is o-ex:right, not o-ex:rights" },
	{ RIGHTS, "<o-ex:rights><x/></o-ex:rights>", "line 1, column 14: unknown element x" },
	{ RIGHTS, "<o-ex:rights a='1'/>", "line 1, column 1: unknown attribute a" },
	{ RIGHTS, "<o-ex:rights>x<o-ex:asset/></o-ex:rights>", "line 1, column 15: text beside elements" },
	{ RIGHTS, "<o-ex:rights><ds:KeyValue>a</ds:KeyValue></o-ex:rights>", "line 1, column 28: ds:KeyValue is not base64" },
	{ MMS "+json", "[]", "line 1, column 1: not an object" },
	{ MMS "+json", "{\"a\":1,\n\"a\":2}", "line 2, column 3: duplicate" },
	{ MMS "+json", "{}", "X-Mms-Message-Type: m-notification-ind" },
	{ MMS "+json", "{\"X-Mms-Message-Type\":\"m-send-req\"}", "X-Mms-Message-Type: m-notification-ind" },
	{ MMS "+json", "{\"X-Mms-Message-Type\":\"m-notification-ind\"}", "m-notification-ind without X-Mms-Transaction-ID" },
	{ MMS "+json", MMS_FIELDS("\"X-Mms-Expiry\":5"), "X-Mms-Expiry: neither" },
	{ MMS "+json", MMS_FIELDS("\"X-Mms-Expiry\":{\"relative\":-5}"), "X-Mms-Expiry: not a number" },
	{ MMS "+json", MMS_FIELDS("\"X-Mms-Expiry\":{\"relative\":5,\"absolute\":5}"), "X-Mms-Expiry: neither" },
	{ MMS "+json", MMS_FIELDS("\"X-Mms-Expiry\":{\"relative\":5},\"Sender\":\"x\""), "no MMS field is called Sender" },
	{ MMS "+json", MMS_FIELDS("\"X-Mms-Expiry\":{\"relative\":5},\"Subject\":\"a\\nb\""), "Subject: a control" },
	{ MMS "+json", MMS_FIELDS("\"X-Mms-Expiry\":{\"relative\":5},\"X-Mms-Priority\":\"urgent\""), "X-Mms-Priority: not a word" },
	{ MMS "+json", MMS_FIELDS("\"X-Mms-Expiry\":{\"relative\":5},\"Content-Type\":\"text/plain\""), "Content-Type: only" },
	{ NOTIFICATION "+json", "{\"session_id\":\"0\"}", "session_id: 1 to FFFF" },
	{ NOTIFICATION "+json", "{\"session_id\":\"10000\"}", "session_id: 1 to FFFF" },
	{ NOTIFICATION "+json", "{\"session_id\":\"1\",\"digest\":\"00\"}", "digest: 16 octets" },
	{ NOTIFICATION "+json", "{\"ui_mode\":4}", "ui_mode: 0 to 3" },
	{ NOTIFICATION "+json", "{\"version\":\"1.2\"}", "version: " },
	{ NOTIFICATION "+json", "{\"initiator\":\"me\"}", "initiator: " },
	{ NOTIFICATION "+json", "{\"vendor\":\"0\"}", "vendor: " },
	{ NOTIFICATION "+json", "{\"nonce\":\"0\"}", "no field is called nonce" },
	{ NOTIFICATION "+json", "{\"session_id\":\"1\",\"digest\":\"00112233445566778899AABBCCDDEEFF\"}", "server_id: 1 to" },
	{ WML, "<card/>", "line 1, column 1: the root is not wml but card" },
	{ WML, "<wml><card><p>$</p></card></wml>", "line 1, column 16: a dollar" },
	{ WML, "<wml><card><p>$(a</p></card></wml>", "line 1, column 18: a dollar" },
	{ WML, "<wml><card><p>$(a:x)</p></card></wml>", "line 1, column 21: a dollar" },
	{ WML, "<wml><card title='$(9)'/></wml>", "line 1, column 6: a dollar" },
	{ WML, "<wml>x<card/></wml>", "line 1, column 7: text where only elements" },
	{ WML, "<wml><h1/></wml>", "line 1, column 6: unknown element h1" },
	{ WML, "<wml><card style='x'/></wml>", "line 1, column 6: unknown attribute style" },
	{ SL, "<sl/>", "line 1, column 1: sl has no href" },
	{ SL, "<sl href=''/>", "line 1, column 1: href of sl is empty" },
	{ SL, "<sl href='x' action='signal-low'/>", "line 1, column 1: action is signal-low" },
	{ SL, "<sl href='x'>text</sl>", "line 1, column 14: text in sl" },
	{ CO, "<co/>", "line 1, column 6: co names nothing" },
	{ CO, "<co><invalidate-object/></co>", "line 1, column 5: invalidate-object has no uri" },
	{ EMN, "<emn timestamp='2026-01-02T15:04:00Z'/>", "line 1, column 1: emn has no mailbox" },
	{ EMN, "<emn mailbox='mailat:a@example.net' timestamp='now'/>", "line 1, column 1: timestamp is now" },
	{ PROV, "<si/>", "line 1, column 1: the root is si, not wap-provisioningdoc" },
	{ PROV, "<wap-provisioningdoc version='2.0'/>", "line 1, column 1: version is 2.0" },
	{ PROV, "<wap-provisioningdoc name='x'/>", "line 1, column 1: unknown attribute name" },
	{ PROV, "<wap-provisioningdoc><parm name='x'/></wap-provisioningdoc>",
	  "line 1, column 22: parm outside a characteristic" },
	{ PROV, "<wap-provisioningdoc><characteristic/></wap-provisioningdoc>",
	  "line 1, column 22: characteristic has no type" },
	{ PROV, WRAP("<parm value='1'/>"), "line 1, column 47: parm has no name" },
	{ PROV, WRAP("<parm name='1' type='x'/>"), "line 1, column 47: unknown attribute type of parm" },
	{ PROV, WRAP("<noparm name='1'/>"), "line 1, column 47: unknown element noparm" },
	{ PROV, WRAP("<parm name='1'><parm name='2'/></parm>"), "line 1, column 62: element parm in parm" },
	{ PROV, WRAP("text"), "line 1, column 47: text in a provisioning document" },
	/* Content-Type */
	{ "", "x", "Content-Type is not type/subtype" },
	{ "text", "x", "Content-Type is not type/subtype" },
	{ "text/", "x", "Content-Type is not type/subtype" },
	{ "te xt/plain", "x", "Content-Type is not type/subtype" },
	{ "text/plain\r\nX-Other: 1", "x", "control character in the Content-Type" },
};

static void
refuses(void **state)
{
	struct content c;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		int err = prepare(bad[i].type, span_str(bad[i].doc), false, &c, &why);

		if (err == OK || strncmp(why.text, bad[i].text, strlen(bad[i].text)) != 0)
			fail_msg("row %zu: %d, %s", i, err, why.text);
		assert_null(c.type);
	}
}

/* The values of a provisioning document are secrets: no sentence repeats one. */
static void
secrets_stay_secret(void **state)
{
	static const char *const docs[] = {
		WRAP("<parm name='AUTHSECRET' value='hunter2' type='hunter2'/>"),
		WRAP("<parm name='AUTHSECRET' value='hunter2'><b/></parm>"),
		WRAP("<parm name='AUTHSECRET' value='hunter2'>hunter2</parm>"),
		WRAP("<parm name='AUTHSECRET' value='hunter2"),
		WRAP("<parm value='hunter2'/>"),
	};
	struct content c;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof docs / sizeof docs[0]; i++) {
		assert_int_not_equal(prepare(PROV, span_str(docs[i]), false, &c, &why), OK);
		assert_null(strstr(why.text, "hunter2"));
	}
}

/* ---- types ----------------------------------------------------------------------------------------- */

static void
types(void **state)
{
	static const struct {
		const char *type, *body;
		bool no_transform, compiled;
		const char *type_out;
		enum content_kind kind;
	} rows[] = {
		{ SI, "<si><indication/></si>", false, true, "application/vnd.wap.sic", CONTENT_SI },
		{ "Text/VND.wap.SI;charset=UTF-8", "<si><indication/></si>", false, true,
		  "application/vnd.wap.sic", CONTENT_SI },
		{ SI " ; a=1 ; Charset = \"us-ascii\" ;; b=\"x;y\"", "<si><indication/></si>", false, true,
		  "application/vnd.wap.sic; a=1; b=\"x;y\"", CONTENT_SI },
		{ SI "; charset=utf-8", "<si><indication/></si>", true, false, SI "; charset=utf-8", CONTENT_SI },
		{ SL, "<sl href='x'/>", false, true, "application/vnd.wap.slc", CONTENT_SL },
		{ CO, "<co><invalidate-object uri='x'/></co>", false, true, "application/vnd.wap.coc", CONTENT_CO },
		{ EMN, "<emn mailbox='x'/>", false, true, "application/vnd.wap.emn+wbxml", CONTENT_EMN },
		{ PROV "; SEC=USERPIN; MAC=AB", "<wap-provisioningdoc/>", false, true,
		  "application/vnd.wap.connectivity-wbxml; SEC=USERPIN; MAC=AB", CONTENT_PROV },
		{ PROV, "<wap-provisioningdoc/>", true, false, PROV, CONTENT_PROV },
		{ "text/plain; charset=koi8-r", "<si", false, false, "text/plain; charset=koi8-r", CONTENT_OTHER },
		{ "application/vnd.syncml.dm.notification", "x", false, false, "application/vnd.syncml.dm.notification",
		  CONTENT_DM_NOTIFICATION },
		{ "application/vnd.oma.drm.rights+xml", "<o-ex:rights/>", false, true,
		  "application/vnd.oma.drm.rights+wbxml", CONTENT_DRM },
		{ "application/vnd.oma.drm.rights+xml", "<o-ex:rights/>", true, false,
		  "application/vnd.oma.drm.rights+xml", CONTENT_DRM },
		{ "application/vnd.oma.drm.roap-trigger+xml", "x", false, false,
		  "application/vnd.oma.drm.roap-trigger+xml", CONTENT_DRM },
		{ NOTIFICATION "+json", NOTIFICATION_FIELDS, false, true, NOTIFICATION, CONTENT_DM_NOTIFICATION },
		{ NOTIFICATION "+json", NOTIFICATION_FIELDS, true, false, NOTIFICATION "+json", CONTENT_DM_NOTIFICATION },
	};
	struct content c;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (prepare(rows[i].type, span_str(rows[i].body), rows[i].no_transform, &c, &why) != OK)
			fail_msg("row %zu: %s", i, why.text);
		assert_string_equal(c.type, rows[i].type_out);
		assert_int_equal(c.kind, rows[i].kind);
		assert_int_equal(c.compiled, rows[i].compiled);
		if (!rows[i].compiled)
			assert_true(span_eq_str(sbuf_as_span(&c.body), rows[i].body));
		content_done(&c);
	}
	/* no-transform does not excuse from being right */
	assert_int_equal(prepare(SI, span_str("<si/>"), true, &c, &why), ERR_SYNTAX);
}

static void
kinds(void **state)
{
	assert_int_equal(content_kind_of(span_str("application/vnd.wap.SIC")), CONTENT_SI);
	assert_int_equal(content_kind_of(span_str("application/vnd.omaloc-supl-init")), CONTENT_SUPL);
	assert_int_equal(content_kind_of(span_str("application/vnd.wap.sia")), CONTENT_SIA);
	assert_int_equal(content_kind_of(span_str("application/vnd.syncml.dm+wbxml")), CONTENT_DM);
	assert_int_equal(content_kind_of(span_str("application/vnd.wap.si")), CONTENT_OTHER);
	assert_int_equal(content_kind_of(span_str("")), CONTENT_OTHER);
	assert_string_equal(content_kind_name(CONTENT_SI), "SI");
	assert_string_equal(content_kind_name(CONTENT_PROV), "provisioning");
	assert_string_equal(content_kind_name(CONTENT_SIA), "SIA");
}

static void
limits(void **state)
{
	struct sbuf body = { 0 };
	struct content c;
	struct why why;
	char type[1200];
	int i;

	for (i = 0; i < CONTENT_MAX; i++)
		sbuf_char(&body, 'x');
	assert_int_equal(prepare("text/plain", sbuf_as_span(&body), false, &c, &why), OK);
	content_done(&c);
	sbuf_char(&body, 'x');
	assert_int_equal(prepare("text/plain", sbuf_as_span(&body), false, &c, &why), ERR_LIMIT);
	snprintf(type, sizeof type, "text/plain; x=%01100d", 1);
	assert_int_equal(prepare(type, span_str("x"), false, &c, &why), ERR_LIMIT);
	snprintf(type, sizeof type, "text/plain; charset=%0100d", 1);
	assert_int_equal(prepare(type, span_str("x"), false, &c, &why), ERR_LIMIT);
	sbuf_done(&body);
}

/* ---- binary forms ------------------------------------------------------------------------------------ */

static void
binary_forms(void **state)
{
	static const struct { const char *type, *hex; int err; } rows[] = {
		{ "application/vnd.wap.sic", "02056A0045460361000101", OK },
		{ "application/vnd.wap.sic", "02056A0005", OK },
		{ "application/vnd.wap.slc", "02066A00850A0361000 1", OK },
		{ "application/vnd.wap.connectivity-wbxml; SEC=USERPIN", "030B6A004501", OK },
		{ "application/vnd.wap.sic", "3C73692F3E", ERR_UNSUPPORTED },		/* text under a binary type */
		{ "application/vnd.wap.sic", "", ERR_SHORT },
		{ "application/vnd.wap.sic", "02056A8FFFFFFF7F616263", ERR_SHORT },	/* B-01 */
		{ "application/vnd.wap.sic", "02056A0045C38FFFFFFF7F6162", ERR_SHORT },	/* B-02 */
		{ "application/vnd.wap.sic", "02056A0045", ERR_SHORT },			/* B-03 */
		{ "application/vnd.wap.sic", "02056A004502888080800001", ERR_SYNTAX },	/* B-04 */
		{ "application/vnd.wap.sic", "02056A0045C60C03616263", ERR_SHORT },	/* B-06 */
		{ "application/vnd.wap.sic", "02056A0045C60AC301FF010361000101", ERR_SYNTAX },	/* B-07 */
		{ "application/vnd.wap.sic", "02056A004509 01", ERR_UNSUPPORTED },
		{ "application/vnd.syncml.dm+wbxml", "02A4016A006D01", OK },
		{ "application/vnd.syncml.dm+wbxml", "02A4016A006D3E01", OK },	/* tokens we do not know */
		{ "application/vnd.syncml.dm+wbxml", "03896A6A006D01", OK },	/* nor the public id */
		{ "application/vnd.syncml.dm+wbxml", "02A4016A006D", ERR_SHORT },
		{ "application/vnd.wap.wmlc", "030A6A007F E7 5503610001 60 40 7800 01 01 01", OK },	/* $(x:escape) */
		{ "application/vnd.wap.wmlc", "030A6A007F E7 5503610001 60 80 00 01 01 01", ERR_SYNTAX },	/* no string table */
		{ "application/vnd.wap.wmlc", "030A6A007F E7 5503610001 60 41 3100 01 01 01", ERR_SYNTAX },	/* "1" is no name */
		{ "application/vnd.wap.wmlc", "030A6A007F E7 55036100", ERR_SHORT },
		{ "application/vnd.oma.drm.rights+wbxml", "030E6A004501", OK },
		{ "application/vnd.oma.drm.rights+wbxml", "030E6A00454C", ERR_SHORT },
		{ "application/vnd.wap.mms-message", MMS_FIRST "837500", OK },
		{ "application/vnd.wap.mms-message", "8C86 8B6D00 9581", OK },
		{ "application/vnd.wap.mms-message", "8C82", ERR_SYNTAX },
		{ "application/vnd.wap.mms-message", MMS_FIRST, ERR_SYNTAX },
		{ "application/vnd.wap.mms-message", MMS_FIRST "8375", ERR_SYNTAX },
		{ "application/vnd.wap.mms-message", "8C80 98747800 8D92", ERR_UNSUPPORTED },	/* m-send-req */
		{ "application/vnd.wap.mms-message", "98747800", ERR_SYNTAX },
		{ "application/vnd.wap.mms-message", "78", ERR_SYNTAX },
		{ NOTIFICATION, "00000000000000000000000000000000 02D8000000 0001 0161", OK },
		{ NOTIFICATION, "00000000000000000000000000000000 02D8000000 0001 0161 FF", OK },
		{ NOTIFICATION, "00000000000000000000000000000000 02D8000000 0000 0161", ERR_RANGE },
		{ NOTIFICATION, "00000000000000000000000000000000 02D8000000 0001 00", ERR_SYNTAX },
		{ NOTIFICATION, "00000000000000000000000000000000 02D8000000 0001 02 61", ERR_SYNTAX },
		{ NOTIFICATION, "00000000000000000000000000000000 02D80000", ERR_SYNTAX },
		{ "application/vnd.omaloc-supl-init", "0005 010000", OK },
		{ "application/vnd.omaloc-supl-init", "0006 010000", ERR_SYNTAX },
		{ "application/vnd.omaloc-supl-init", "0005 090000", ERR_SYNTAX },
		{ "application/vnd.omaloc-supl-init", "", ERR_SYNTAX },
	};
	uint8_t in[64];
	struct content c;
	struct why why;
	size_t i, n;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int err;

		assert_int_equal(text_hex(span_str(rows[i].hex), in, &n, &why), OK);
		err = prepare(rows[i].type, span_of(in, n), false, &c, &why);
		if (err != rows[i].err)
			fail_msg("row %zu: %d %s", i, err, why.text);
		if (err == OK) {
			assert_false(c.compiled);
			assert_true(span_eq(sbuf_as_span(&c.body), span_of(in, n)));
			assert_string_equal(c.type, rows[i].type);
		}
		content_done(&c);
	}
}

/* Binary multiparts: every part is looked at. */
static void
parts(void **state)
{
#define SIC "02056A0045460361000101"
#define PROV_UPPER "4150504C49434154494F4E2F564E442E5741502E434F4E4E45435449564954592D5742584D4C"
	static const struct { const char *hex; int err; const char *text; } rows[] = {
		{ "00", OK, NULL },
		{ "01 01 01 83 78", OK, NULL },					/* text/plain, "x" */
		{ "02 01 01 83 78 01 0B AE " SIC, OK, NULL },
		{ "01 01 06 A3 01 01 02 83 78 79", OK, NULL },			/* a mixed in it */
		{ "", ERR_SHORT, "the number of parts" },
		{ "02 01 01 83 78", ERR_SHORT, "part 2 is longer" },
		{ "01 01 02 83 78", ERR_SHORT, "part 1 is longer" },
		{ "01 01 01 83 78 00", ERR_SYNTAX, "1 octets behind" },
		{ "41", ERR_LIMIT, "65 parts" },
		{ "01 00 01 78", ERR_SHORT, "part 1: " },			/* no content type */
		{ "01 01 0A AE 02056A00454603610001", ERR_SHORT, "part 1: offset" },
		{ "01 01 06 B6 030B6A004501", ERR_UNSUPPORTED, "part 1: provisioning goes on its own" },
		{ "01 01 05 B0 02066A0005", ERR_UNSUPPORTED, "part 1: SL goes on its own" },
		{ "01 01 0A A3 01 01 06 B6 030B6A004501", ERR_UNSUPPORTED, "part 1: part 1: provisioning" },
		/* the same content under types written otherwise */
		{ "01 03 06 020136 030B6A004501", ERR_UNSUPPORTED, "part 1: provisioning goes on its own" },
		{ "01 04 06 03020036 030B6A004501", ERR_UNSUPPORTED, "part 1: provisioning goes on its own" },
		{ "01 27 06 " PROV_UPPER "00 030B6A004501", ERR_UNSUPPORTED, "part 1: provisioning goes on its own" },
		{ "01 29 06 1F27 " PROV_UPPER "00 030B6A004501", ERR_UNSUPPORTED, "part 1: provisioning goes on its own" },
		{ "01 2B 06 " PROV_UPPER "3B613D6200 030B6A004501", ERR_SYNTAX, "part 1: more than a type" },
		{ "01 28 06 " PROV_UPPER "2000 030B6A004501", ERR_SYNTAX, "part 1: more than a type" },
		{ "01 29 06 22" PROV_UPPER "2200 030B6A004501", ERR_SYNTAX, "part 1: " },
		{ "01 03 06 83 91 B6 030B6A004501", ERR_SYNTAX, "part 1: a second Content-Type" },
		{ "01 10 01 83 636F6E74656E742D5479506500 7800 78", ERR_SYNTAX, "part 1: a second Content-Type" },
		/* application/vnd.wap.multipart.foo, multipart/mixed, multipart/any */
		{ "01 22 0A 6170706C69636174696F6E2F766E642E7761702E6D756C7469706172742E666F6F00 01 01 06 B6 030B6A004501",
		  ERR_UNSUPPORTED, "part 1: part 1: provisioning" },
		{ "01 01 01 8C 78", ERR_UNSUPPORTED, "part 1: a textual multipart" },
		{ "01 01 01 8B 78", ERR_UNSUPPORTED, "part 1: a textual multipart" },
		{ "01 01 0F A3 01 01 0B A3 01 01 07 A3 01 01 03 A3 01 01 83", ERR_LIMIT, "part 1: part 1: part 1: part 1: " },
	};
	uint8_t in[64];
	struct content c;
	struct why why;
	size_t i, n;

	assert_int_equal(content_kind_of(span_str("application/vnd.wap.multipart.Foo")), CONTENT_MULTIPART);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int err;

		assert_int_equal(text_hex(span_str(rows[i].hex), in, &n, &why), OK);
		err = prepare("application/vnd.wap.multipart.mixed", span_of(in, n), false, &c, &why);
		if (err != rows[i].err || (err != OK && strncmp(why.text, rows[i].text, strlen(rows[i].text)) != 0))
			fail_msg("row %zu: %d %s", i, err, why.text);
		content_done(&c);
	}
}

/* ---- Kannel's own test files ---------------------------------------------------------------------------- */

static size_t
kannel_file(const char *name, char *out, size_t size)
{
	char path[256];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "/usr/lib/kannel/test/%s", name);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	n = fread(out, 1, size, f);
	fclose(f);
	return n;
}

static void
kannel_documents(void **state)
{
	static const struct { const char *name, *type; bool compiled; } rows[] = {
		{ "si.txt", SI, true }, { "sl.txt", SL, true },
		{ "settings4.txt", "application/x-wap-prov.browser-settings", false },
		{ "bookmark.txt", "application/x-wap-prov.browser-bookmarks", false },
	};
	char text[8192];
	struct content c;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t n = kannel_file(rows[i].name, text, sizeof text);

		if (n == 0) {
			skip();		/* kannel-extras is not installed */
		}
		if (prepare(rows[i].type, span_of(text, n), false, &c, &why) != OK)
			fail_msg("%s: %s", rows[i].name, why.text);
		assert_int_equal(c.compiled, rows[i].compiled);
		assert_int_equal(c.kind == CONTENT_OTHER, !rows[i].compiled);
		content_done(&c);
	}
}

/* ---- what goes in comes out: encoder against decoder ------------------------------------------------------ */

static unsigned random_state;

static unsigned
random_below(unsigned n)
{
	random_state = random_state * 1103515245u + 12345u;
	return (random_state >> 16) % n;
}

/* Pieces that encoders split at, markup, and characters of every length; no blank at either end. */
static void
random_text(struct sbuf *out)
{
	static const char *const pieces[] = {
		"http://", "https://", "www.", "http://www.", ".com", ".com/", ".net/", "/", "a", "Z9", "&", "<", ">",
		"\"", "'", "]]>", "x y", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "mailat:", "pop://", "%20", "&#65;",
		"&amp;", "PAP", "GSM-GPRS", "-", "--", "?a=b&c=d", ",", "HTTP-",
	};
	unsigned n = random_below(8);

	while (n-- > 0)
		sbuf_str(out, pieces[random_below(sizeof pieces / sizeof pieces[0])]);
	sbuf_put(out, "", 0);
}

static void
random_attr(struct sbuf *doc, const char *name)
{
	struct sbuf value = { 0 };

	random_text(&value);
	sbuf_fmt(doc, " %s=\"", name);
	sbuf_xml(doc, sbuf_as_span(&value));
	if (value.n == 0)
		sbuf_char(doc, 'v');
	sbuf_char(doc, '"');
	sbuf_done(&value);
}

static void
random_content(struct sbuf *doc, const char *tag)
{
	struct sbuf text = { 0 };

	random_text(&text);
	if (text.n == 0) {
		sbuf_str(doc, "/>");
	} else {
		sbuf_char(doc, '>');
		sbuf_xml(doc, sbuf_as_span(&text));
		sbuf_fmt(doc, "</%s>", tag);
	}
	sbuf_done(&text);
}

static const char *
random_document(struct sbuf *doc)
{
	static const char *const parms[] = { "NAME", "ADDR", "BEARER", "AAUTHTYPE", "URI", "STARTPAGE", "X" };
	static const char *const kinds_of[] = { "NAPDEF", "APPLICATION", "PORT", "RESOURCE", "my", "PXLOGICAL" };
	unsigned n, k;

	sbuf_clear(doc);
	switch (random_below(5)) {
	case 0:
		sbuf_str(doc, "<si><indication");
		random_attr(doc, "href");
		random_attr(doc, "si-id");
		random_content(doc, "indication");
		sbuf_str(doc, "<info><item");
		random_attr(doc, "class");
		random_content(doc, "item");
		sbuf_str(doc, "</info></si>");
		return SI;
	case 1:
		sbuf_str(doc, "<sl");
		random_attr(doc, "href");
		sbuf_str(doc, " action=\"cache\"/>");
		return SL;
	case 2:
		sbuf_str(doc, "<co>");
		for (n = 1 + random_below(3); n > 0; n--) {
			sbuf_str(doc, random_below(2) ? "<invalidate-object" : "<invalidate-service");
			random_attr(doc, "uri");
			sbuf_str(doc, "/>");
		}
		sbuf_str(doc, "</co>");
		return CO;
	case 3:
		sbuf_str(doc, "<emn");
		random_attr(doc, "mailbox");
		sbuf_fmt(doc, " timestamp=\"20%02u-1%u-%02uT%02u:%02u:%02uZ\"/>", random_below(90), random_below(3),
		    1 + random_below(30), random_below(24), random_below(60), random_below(60));
		return EMN;
	default:
		sbuf_str(doc, "<wap-provisioningdoc>");
		for (n = 1 + random_below(3); n > 0; n--) {
			sbuf_fmt(doc, "<characteristic type=\"%s\"", kinds_of[random_below(6)]);
			k = random_below(4);
			sbuf_str(doc, k > 0 ? ">" : "/>");
			for (; k > 0; k--) {
				sbuf_fmt(doc, "<parm name=\"%s\"", parms[random_below(7)]);
				if (random_below(4) > 0)
					random_attr(doc, "value");
				sbuf_str(doc, k == 1 ? "/></characteristic>" : "/>");
			}
		}
		sbuf_str(doc, "</wap-provisioningdoc>");
		return PROV;
	}
}

static void
decoded_again(void **state)
{
	struct sbuf doc = { 0 }, got = { 0 };
	struct content c;
	struct why why;
	int i;

	random_state = 7;
	for (i = 0; i < 3000; i++) {
		const char *type = random_document(&doc);

		if (prepare(type, sbuf_as_span(&doc), false, &c, &why) != OK)
			fail_msg("%s: %s", doc.s, why.text);
		sbuf_clear(&got);
		if (wbxml_to_xml(sbuf_as_span(&c.body), c.type, &got, &why) != OK)
			fail_msg("%s: %s", doc.s, why.text);
		if (strcmp(got.s, doc.s) != 0)
			fail_msg("%s\nbecame %s", doc.s, got.s);
		content_done(&c);
	}
	sbuf_done(&doc);
	sbuf_done(&got);
}

/* libwbxml's octets for a good document. */
static void
other_encoder(const char *root, const char *public_id, const char *doc, struct sbuf *out)
{
	WBXMLConvXML2WBXML *conv = NULL;
	struct sbuf xml = { 0 };
	WB_UTINY *octets = NULL;
	WB_ULONG n = 0;

	sbuf_fmt(&xml, "<?xml version=\"1.0\"?><!DOCTYPE %s PUBLIC \"%s\" \"http://www.wapforum.org/DTD/%s.dtd\">%s",
	    root, public_id, root, doc);
	assert_int_equal(wbxml_conv_xml2wbxml_create(&conv), WBXML_OK);
	wbxml_conv_xml2wbxml_set_version(conv, WBXML_VERSION_12);
	wbxml_conv_xml2wbxml_disable_string_table(conv);
	if (wbxml_conv_xml2wbxml_run(conv, (WB_UTINY *)xml.s, (WB_ULONG)xml.n, &octets, &n) != WBXML_OK)
		fail_msg("libwbxml refuses %s", xml.s);
	wbxml_conv_xml2wbxml_destroy(conv);
	sbuf_clear(out);
	sbuf_put(out, octets, n);
	free(octets);
	sbuf_done(&xml);
}

static void
encoded_like_libwbxml(void **state)
{
	static const struct { const char *type, *root, *public_id; } rows[] = {
		{ SI, "si", "-//WAPFORUM//DTD SI 1.0//EN" }, { SL, "sl", "-//WAPFORUM//DTD SL 1.0//EN" },
		{ CO, "co", "-//WAPFORUM//DTD CO 1.0//EN" }, { EMN, "emn", "-//WAPFORUM//DTD EMN 1.0//EN" },
	};
	struct sbuf doc = { 0 }, want = { 0 };
	struct content c;
	struct why why;
	unsigned compared = 0;
	size_t i;

	random_state = 99;
	while (compared < 1000) {
		const char *type = random_document(&doc);

		for (i = 0; i < 4; i++) {
			if (strcmp(type, rows[i].type) != 0)
				continue;
			assert_int_equal(prepare(type, sbuf_as_span(&doc), false, &c, &why), OK);
			other_encoder(rows[i].root, rows[i].public_id, doc.s, &want);
			if (!span_eq(sbuf_as_span(&c.body), sbuf_as_span(&want)))
				fail_msg("%s encodes otherwise", doc.s);
			content_done(&c);
			compared++;
		}
	}
	sbuf_done(&doc);
	sbuf_done(&want);
}

/* Documents whose encoding could take the square of their size. */
static double
cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void
large_documents(void **state)
{
	static const struct { const char *type, *head, *open, *each, *close, *tail; int times, rows; } docs[] = {
		{ CO, "<co>", "<invalidate-object uri='", ".com/", "'/>", "</co>", 1600, 31 },
		{ CO, "<co>", "", "<invalidate-service uri='a'/>", "", "</co>", 9000, 1 },
		{ SI, "<si><indication/><info>", "", "<item class='a'/>", "", "</info></si>", 15000, 1 },
		{ SI, "<si><indication>", "", "a ", "", "</indication></si>", 130000, 1 },
		{ SI, "<si><indication>", "", "&amp;", "", "</indication></si>", 50000, 1 },
		{ PROV, "<wap-provisioningdoc>", "<characteristic type='X'>", "<parm name='PORTNBR' value='PAP'/>",
		  "</characteristic>", "</wap-provisioningdoc>", 3, 1500 },
	};
	struct sbuf doc = { 0 };
	struct content c;
	struct why why;
	size_t i;
	int k, row;

	for (i = 0; i < sizeof docs / sizeof docs[0]; i++) {
		double from;

		sbuf_clear(&doc);
		sbuf_str(&doc, docs[i].head);
		for (row = 0; row < docs[i].rows; row++) {
			sbuf_str(&doc, docs[i].open);
			for (k = 0; k < docs[i].times; k++)
				sbuf_str(&doc, docs[i].each);
			sbuf_str(&doc, docs[i].close);
		}
		sbuf_str(&doc, docs[i].tail);
		from = cpu_ms();
		if (prepare(docs[i].type, sbuf_as_span(&doc), false, &c, &why) != OK)
			fail_msg("row %zu: %s", i, why.text);
		if (cpu_ms() - from > 400)		/* slow with a sanitizer, 20 ms without */
			fail_msg("row %zu: %.0f ms", i, cpu_ms() - from);
		content_done(&c);
	}
	sbuf_done(&doc);
}

static void *
compile_often(void *arg)
{
	static const char doc[] = "<si><indication href=\"http://www.example.com/\">x</indication></si>";
	static const uint8_t want[] = "\x02\x05\x6A\x00\x45\xC6\x0D\x03" "example\0\x85\x01\x03x\0\x01\x01";
	int i, *wrong = arg;

	for (i = 0; i < 300; i++) {
		struct content c;
		struct why why;

		if (content_prepare(span_str(SI), span_str(doc), false, &c, &why) != OK ||
		    !span_eq(sbuf_as_span(&c.body), span_of(want, sizeof want - 1)))
			++*wrong;
		content_done(&c);
	}
	return NULL;
}

static void
threads_compile_at_once(void **state)
{
	pthread_t threads[4];
	int wrong[4] = { 0 };
	size_t i;

	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, compile_often, &wrong[i]), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(wrong[i], 0);
	}
}

/* ---- facts --------------------------------------------------------------------------------------------------- */

static void
check_facts(const char *media, struct span body, const char *href, const char *action, const char *text)
{
	struct content_facts f;
	struct why why = { 0 };

	if (content_facts(media, body, &f, &why) != OK)
		fail_msg("%s", why.text);
	assert_string_equal(f.href, href);
	assert_string_equal(f.action, action);
	assert_string_equal(f.text, text);
	assert_int_equal(f.kind, content_kind_of(span_str(media)));
}

static void
facts(void **state)
{
	static const struct { const char *type, *doc, *href, *action, *text; } rows[] = {
		{ SI, "<si><indication href='http://www.example.com/x' action='signal-high'> two\n words "
		  "</indication><info><item class='a'>no</item></info></si>", "http://www.example.com/x", "signal-high",
		  "two words" },
		{ SI, "<si><indication/></si>", "", "signal-medium", "" },
		{ SL, "<sl href='http://example.net/'/>", "http://example.net/", "execute-low", "" },
		{ SL, "<sl action='cache' href='x'/>", "x", "cache", "" },
		{ CO, "<co><invalidate-object uri='x'/></co>", "", "", "" },
	};
	struct sbuf doc = { 0 };
	struct content_facts f;
	struct content c;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		check_facts(rows[i].type, span_str(rows[i].doc), rows[i].href, rows[i].action, rows[i].text);
		assert_int_equal(prepare(rows[i].type, span_str(rows[i].doc), false, &c, &why), OK);
		check_facts(c.type, sbuf_as_span(&c.body), rows[i].href, rows[i].action, rows[i].text);
		content_done(&c);
	}
	check_facts("application/x-other", span_str("\xFF"), "", "", "");

	/* text is cut in whole characters, an address never */
	sbuf_str(&doc, "<si><indication>");
	for (i = 0; i < 200; i++)
		sbuf_str(&doc, "\xE2\x82\xAC");
	sbuf_str(&doc, "</indication></si>");
	assert_int_equal(content_facts(SI, sbuf_as_span(&doc), &f, &why), OK);
	assert_int_equal(strlen(f.text), 510);
	assert_true(text_is_utf8(span_str(f.text), NULL));
	sbuf_clear(&doc);
	sbuf_str(&doc, "<sl href='");
	for (i = 0; i < 2048; i++)
		sbuf_char(&doc, 'x');
	sbuf_str(&doc, "'/>");
	assert_int_equal(content_facts(SL, sbuf_as_span(&doc), &f, &why), ERR_LIMIT);
	assert_int_equal(f.href[0], '\0');
	assert_int_equal(content_facts(SL, span_str("<sl"), &f, &why), ERR_SYNTAX);
	assert_int_equal(content_facts("application/vnd.wap.sic", span_of("\2\5j", 3), &f, &why), ERR_SHORT);
	sbuf_done(&doc);
}

static void
check_settings(const struct prov_doc *d)
{
	assert_int_equal(d->n, 4);
	assert_string_equal(d->settings[0].path, "PXLOGICAL");
	assert_int_equal(d->settings[0].n_parms, 2);
	assert_string_equal(d->settings[0].parms[0].name, "PROXY-ID");
	assert_string_equal(d->settings[0].parms[0].value, "P1");
	assert_string_equal(d->settings[0].parms[1].name, "TRUST");
	assert_null(d->settings[0].parms[1].value);
	assert_string_equal(d->settings[1].path, "PXLOGICAL/PXPHYSICAL");
	assert_string_equal(d->settings[2].path, "PXLOGICAL/PXPHYSICAL/PORT");
	assert_int_equal(d->settings[2].n_parms, 1);
	assert_string_equal(d->settings[2].parms[0].value, "");
	assert_string_equal(d->settings[3].path, "NAPDEF");
	assert_int_equal(d->settings[3].n_parms, 0);
}

static void
settings(void **state)
{
	static const char doc[] = "<wap-provisioningdoc><characteristic type='PXLOGICAL'><parm name='PROXY-ID' value='P1'/>"
	    "<characteristic type='PXPHYSICAL'><characteristic type='PORT'><parm name='PORTNBR' value=''/></characteristic>"
	    "</characteristic><parm name='TRUST'/></characteristic><characteristic type='NAPDEF'/></wap-provisioningdoc>";
	struct prov_doc d;
	struct content c;
	struct why why;

	assert_int_equal(prov_doc_parse(PROV, span_str(doc), &d, &why), OK);
	check_settings(&d);
	prov_doc_done(&d);
	assert_int_equal(prepare(PROV, span_str(doc), false, &c, &why), OK);
	assert_int_equal(prov_doc_parse(c.type, sbuf_as_span(&c.body), &d, &why), OK);
	check_settings(&d);
	prov_doc_done(&d);
	content_done(&c);

	assert_int_equal(prov_doc_parse(PROV, span_of(doc, sizeof doc - 5), &d, &why), ERR_SYNTAX);
	assert_int_equal(d.n, 0);
	assert_null(d.settings);
	assert_int_equal(prov_doc_parse(PROV, span_str(WRAP("<x/><parm name='a'/>")), &d, &why), OK);
	assert_int_equal(d.settings[0].n_parms, 1);	/* what is unknown is passed over */
	prov_doc_done(&d);
	assert_int_equal(prov_doc_parse(PROV, span_str("<wap-provisioningdoc>"
	    "<nocharacteristic type='NAPDEF'><parm name='NAPID' value='n'/></nocharacteristic>"
	    "<characteristic type='A'><noparm name='x'/><noparm name='y' value='1'/></characteristic>"
	    "</wap-provisioningdoc>"), &d, &why), OK);
	assert_int_equal(d.n, 2);
	assert_true(d.settings[0].remove && !d.settings[0].parms[0].noparm);
	assert_string_equal(d.settings[1].path, "A");
	assert_true(!d.settings[1].remove && d.settings[1].parms[0].noparm && d.settings[1].parms[1].noparm);
	assert_null(d.settings[1].parms[1].value);
	prov_doc_done(&d);
	assert_int_equal(prov_doc_parse(PROV, span_str("<characteristic type='A'/>"), &d, &why), ERR_SYNTAX);
	assert_int_equal(prov_doc_parse(PROV, span_str("<doc><characteristic type='A'/></doc>"), &d, &why),
	    ERR_SYNTAX);
}

static void
settings_limits(void **state)
{
	static const struct { const char *open, *each, *close; int times, err; } rows[] = {
		{ "", "<characteristic type='a'/>", "", 1000, OK },
		{ "", "<characteristic type='a'/>", "", 1001, ERR_LIMIT },
		{ "<characteristic type='a'>", "<parm name='b'/>", "</characteristic>", 4000, OK },
		{ "<characteristic type='a'>", "<parm name='b'/>", "</characteristic>", 4001, ERR_LIMIT },
		{ "", "<characteristic type='a'>", "", 1000, ERR_LIMIT },	/* nested */
		{ "<characteristic type='", "x", "'/>", 254, OK },
		{ "<characteristic type='", "x", "'/>", 255, ERR_LIMIT },
	};
	struct sbuf doc = { 0 };
	struct prov_doc d;
	struct why why;
	size_t i;
	int k;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		sbuf_clear(&doc);
		sbuf_fmt(&doc, "<wap-provisioningdoc>%s", rows[i].open);
		for (k = 0; k < rows[i].times; k++)
			sbuf_str(&doc, rows[i].each);
		sbuf_fmt(&doc, "%s</wap-provisioningdoc>", rows[i].close);
		assert_int_equal(prov_doc_parse(PROV, sbuf_as_span(&doc), &d, &why), rows[i].err);
		prov_doc_done(&d);
	}
	sbuf_done(&doc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(fields_and_back),
		cmocka_unit_test(refuses),
		cmocka_unit_test(secrets_stay_secret),
		cmocka_unit_test(types),
		cmocka_unit_test(kinds),
		cmocka_unit_test(limits),
		cmocka_unit_test(binary_forms),
		cmocka_unit_test(parts),
		cmocka_unit_test(kannel_documents),
		cmocka_unit_test(decoded_again),
		cmocka_unit_test(encoded_like_libwbxml),
		cmocka_unit_test(large_documents),
		cmocka_unit_test(threads_compile_at_once),
		cmocka_unit_test(facts),
		cmocka_unit_test(settings),
		cmocka_unit_test(settings_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
