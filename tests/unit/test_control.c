/*
 * test_control.c - the gateway controls: for each a table of messages that pass and messages that do not. The messages
 * are made as admission makes them, so that the controls see what goes on air.
 */
#include "tests/unit/test.h"

#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "ppg/control.h"
#include "ppg/life.h"
#include "ppg/pap.h"

#define DOC(inner) "<?xml version=\"1.0\"?><wap-provisioningdoc version=\"1.1\">" inner "</wap-provisioningdoc>"
#define SETTING(type, parms) "<characteristic type=\"" type "\">" parms "</characteristic>"
#define PARM(name, value) "<parm name=\"" name "\" value=\"" value "\"/>"
#define CP "text/vnd.wap.connectivity-xml"
#define TPS "https://tps.example.net/cp"
#define PRIVILEGED DOC(SETTING("SecurityPolicy", PARM("4107", "3200")))
#define REDIRECTING DOC(SETTING("NAPDEF", PARM("NAPID", "n")))
#define PLAIN DOC(SETTING("BrowserFavorite", PARM("URL", "https://www.example.net/")))
#define SL(href) "<?xml version=\"1.0\"?><sl href=\"" href "\"/>"
#define SI(text) "<?xml version=\"1.0\"?><si><indication href=\"http://m.example.net\">" text "</indication></si>"
#define MAC40 "0123456789ABCDEF0123456789ABCDEF01234567"

enum who { TRUSTED, PLAIN_PI, RIGHTS, WHOS };

/* What a row says; 0 and NULL are the usual. */
struct row {
	const char *type;		/* with parameters */
	const char *body;
	size_t n;			/* of a binary one */
	enum who who;
	const char *app;
	const char *number;
	const struct subscriber *sub;
	const struct prediction *prediction;
	const char *device;		/* profile that is known */
	const char *from;
	const char *pin;		/* makes the MAC; SEC=USERPIN is then added */
	const char *netpin;		/* the same with SEC=NETWPIN: an IMSI */
	bool released;			/* settings of the account were, before */
	unsigned control;		/* it runs into; 0: passes */
	int code;
	bool held;			/* not refused */
	const char *word;		/* of the sentence */
};

static struct initiator whos[WHOS];
static struct control_rules *rules;
static struct control_memory *memory;

static const struct policy_device *
device_of(const char *name)
{
	static struct policy_device dev;
	static const char wm[] = "family = wm5\npolicy 4107 = 3200\npolicy 4119 = 128\npolicy 2 = 0\npolicy 4097 = 2\n";
	static const char other[] = "family = other\nmode sl = prompt\n";
	const char *text = strcmp(name, "wm") == 0 ? wm : other;

	assert_int_equal(policy_profile_parse(name, span_str(text), NULL, &dev, NULL), OK);
	return &dev;
}

/* "TYPE; SEC=..; MAC=.." for the octets as they are. */
static void
type_of(const struct row *row, struct span body, struct sbuf *out)
{
	uint8_t key[PROV_KEY_MAX], network[PROV_KEY_MAX];
	char mac[PROV_MAC_HEX + 1];
	enum prov_sec sec = row->pin != NULL ? PROV_SEC_USERPIN : PROV_SEC_NETWPIN;
	size_t n, n_network = 0;

	sbuf_str(out, row->type);
	if (row->pin == NULL && row->netpin == NULL)
		return;
	if (row->netpin != NULL)
		assert_int_equal(prov_network_key(row->netpin, network, &n_network, NULL), OK);
	if (row->pin != NULL && strlen(row->pin) < 4) {
		n = strlen(row->pin);
		memcpy(key, row->pin, n);
	} else {
		assert_int_equal(prov_key(sec, span_of(network, n_network), row->pin, key, &n, NULL), OK);
	}
	prov_mac(span_of(key, n), body, mac);
	sbuf_fmt(out, "; SEC=%s; MAC=%s", prov_sec_name(sec), mac);
}

struct message {
	struct store_body *body;
	struct push_facts *facts;
	char *text_type;
};

static void
make_message(const struct row *row, struct message *m)
{
	uint8_t block[WSP_HEADERS_MAX];
	struct wbuf w = wbuf_into(block, sizeof block);
	const struct initiator *who = &whos[row->who];
	struct span octets = row->n > 0 ? span_of(row->body, row->n) : span_str(row->body);
	struct content content = { 0 };
	struct sbuf type = { 0 };
	struct why why;

	assert_int_equal(content_prepare(span_str(row->type), octets, row->pin != NULL || row->netpin != NULL, &content,
	    &why), OK);
	if (row->pin != NULL || row->netpin != NULL)
		type_of(row, sbuf_as_span(&content.body), &type);
	else
		sbuf_str(&type, content.type);
	assert_int_equal(wsp_content_type_encode(&w, sbuf_as_span(&type), &why), OK);
	if (row->app != NULL)
		assert_int_equal(wsp_header_encode(&w, span_str("X-Wap-Application-Id"), span_str(row->app), &why), OK);
	if (who->role == ROLE_TRUSTED_PI) {
		assert_int_equal(wsp_header_encode(&w, span_str("X-Wap-Initiator-URI"), span_str(TPS), &why), OK);
		assert_int_equal(wsp_header_encode(&w, span_str("Push-Flag"), span_str("3"), &why), OK);
	}
	m->body = store_body_create(wbuf_span(&w), sbuf_as_span(&content.body), span_of("", 0));
	m->facts = push_facts_read(m->body->headers, m->body->body);
	m->text_type = span_dup(span_of(row->type, strcspn(row->type, ";")));
	content_done(&content);
	sbuf_done(&type);
}

/* The control that refuses it; only that one and what it needs are on. */
static const struct control_finding *
judge_with(const struct row *row, unsigned control, unsigned also, struct control_findings *out,
    struct control_marks **marks)
{
	struct control_case c = { .rules = rules, .who = &whos[row->who], .authenticated = true,
		.number = row->number != NULL ? row->number : "+12025550143", .sub = row->sub,
		.prediction = row->prediction, .from = row->from != NULL ? row->from : "+12025550100",
		.memory = memory, .marks = marks, .released_before = row->released };
	const struct control_finding *refusal;
	struct message m;
	unsigned i;

	for (i = 1; i <= CONTROLS; i++)
		rules->modes[i] = i == control || i == also ? CONTROL_ENFORCE : CONTROL_OFF;
	make_message(row, &m);
	c.facts = m.facts;
	c.shared = m.body;
	c.text_type = m.text_type;
	c.dev = row->device != NULL ? device_of(row->device) : NULL;
	out->n = 0;
	refusal = control_check_push(&c, out);
	if (refusal == NULL)
		refusal = control_check_recipient(&c, out);
	push_facts_free(&m.facts);
	store_body_unref(m.body);
	free(m.text_type);
	return refusal;
}

static const struct control_finding *
judge(const struct row *row, unsigned control, struct control_findings *out, struct control_marks **marks)
{
	return judge_with(row, control, control, out, marks);
}

static void
check_rows(const struct row *rows, size_t n, unsigned control)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct control_findings found;
		struct control_marks *marks = NULL;
		const struct control_finding *f = judge(&rows[i], control, &found, &marks);

		control_marks_keep(&marks, 1);
		if ((f != NULL) != (rows[i].control != 0))
			fail_msg("E-%02u row %zu: %s", control, i, f != NULL ? f->text : "passes");
		if (f == NULL)
			continue;
		assert_int_equal(f->control, rows[i].control);
		assert_int_equal(f->held, rows[i].held);
		assert_int_equal(f->refused, !rows[i].held);
		assert_int_equal(f->code, rows[i].held ? PAP_ACCEPTED : rows[i].code != 0 ? rows[i].code : PAP_FORBIDDEN);
		if (rows[i].word != NULL && strstr(f->text, rows[i].word) == NULL)
			fail_msg("E-%02u row %zu: %s", control, i, f->text);
	}
}

#define CHECK(rows, control) check_rows(rows, sizeof rows / sizeof rows[0], control)

/* ---- what the message holds -------------------------------------------------------------------------------- */

static void
e03_types_that_need_an_entry(void **state)
{
	static const struct row rows[] = {
		{ .type = "text/vnd.wap.si", .body = SI("x"), .who = PLAIN_PI },
		{ .type = "text/plain", .body = "x", .who = PLAIN_PI },
		{ .type = "text/vnd.wap.sl", .body = SL("https://a/"), .who = PLAIN_PI, .control = 3, .word = "text/vnd.wap.sl" },
		{ .type = CP, .body = PLAIN, .who = PLAIN_PI, .control = 3 },
		{ .type = CP, .body = PLAIN, .who = RIGHTS },
		{ .type = "text/vnd.wap.sl", .body = SL("https://a/"), .who = RIGHTS },
		{ .type = "application/vnd.oma.drm.rights+xml", .body = "<o-ex:rights/>", .who = PLAIN_PI, .control = 3 },
		{ .type = "application/vnd.oma.drm.rights+xml", .body = "<o-ex:rights/>", .who = RIGHTS, .control = 3 },	/* "application/ *" is no entry */
	};

	CHECK(rows, 3);
}

static void
e04_applications_that_need_an_entry(void **state)
{
	static const struct row rows[] = {
		{ .type = "text/plain", .body = "x", .who = PLAIN_PI },
		{ .type = "text/plain", .body = "x", .who = PLAIN_PI, .app = "x-wap-application:mms.ua" },
		{ .type = "text/plain", .body = "x", .who = PLAIN_PI, .app = "x-wap-application:syncml.dm", .control = 4 },
		{ .type = "text/plain", .body = "x", .who = PLAIN_PI, .app = "7", .control = 4, .word = "syncml.dm" },
		{ .type = "text/plain", .body = "x", .who = PLAIN_PI, .app = "x-wap-microsoft:cfgmgr.ua", .control = 4 },
		{ .type = "text/plain", .body = "x", .who = RIGHTS, .app = "x-wap-application:syncml.dm" },
		{ .type = "text/plain", .body = "x", .who = RIGHTS, .app = "7" },
		{ .type = "text/plain", .body = "x", .who = RIGHTS, .app = "x-motorola:otaprov.ua", .control = 4 },
	};

	CHECK(rows, 4);
}

static void
e05_privileged_settings(void **state)
{
	static const struct row rows[] = {
		{ .type = CP, .body = PLAIN, .who = PLAIN_PI },
		{ .type = CP, .body = REDIRECTING, .who = PLAIN_PI },
		{ .type = CP, .body = PRIVILEGED, .who = PLAIN_PI, .control = 5, .word = "SecurityPolicy" },
		{ .type = CP, .body = PRIVILEGED, .who = TRUSTED },
		{ .type = CP, .body = PRIVILEGED, .who = RIGHTS },
		{ .type = CP, .body = DOC(SETTING("BOOTSTRAP", PARM("PROVURL", TPS))), .who = PLAIN_PI, .control = 5 },
		{ .type = CP, .body = DOC(SETTING("CertificateStore", "")), .who = PLAIN_PI, .control = 5 },
		{ .type = CP, .body = DOC(SETTING("Registry", "")), .who = PLAIN_PI, .control = 5 },
		{ .type = CP, .body = DOC(SETTING("NobodyKnows", "")), .who = PLAIN_PI, .control = 5 },
		{ .type = CP, .body = DOC(SETTING("PXLOGICAL", PARM("PROXY-ID", "p"))), .who = PLAIN_PI },
		{ .type = CP, .body = DOC(SETTING("PXLOGICAL", PARM("TRUST", "1"))), .who = PLAIN_PI, .control = 5 },
		{ .type = CP, .body = DOC(SETTING("PXLOGICAL", PARM("TRUST", "0"))), .who = PLAIN_PI, .control = 5 },
		{ .type = CP, .body = DOC(SETTING("PXLOGICAL", PARM("PUSHENABLED", "1"))), .who = PLAIN_PI, .control = 5 },
		{ .type = CP, .body = DOC(SETTING("PXLOGICAL", PARM("PUSHENABLED", "0"))), .who = PLAIN_PI },
		{ .type = CP, .body = DOC(SETTING("PXLOGICAL", SETTING("PXPHYSICAL", PARM("PUSHENABLED", "1")))), .who = PLAIN_PI,
		  .control = 5, .word = "PXPHYSICAL" },
		{ .type = CP, .body = DOC(SETTING("APPLICATION", PARM("APPID", "w2"))), .who = PLAIN_PI },
		{ .type = CP, .body = DOC(SETTING("APPLICATION", PARM("APPID", "w7"))), .who = PLAIN_PI, .control = 5 },
		{ .type = CP, .body = DOC(SETTING("BrowserFavorite", "") SETTING("Metabase", "")), .who = PLAIN_PI, .control = 5,
		  .word = "Metabase" },
		{ .type = CP "; SEC=USERPIN; MAC=12", .body = PLAIN, .who = TRUSTED, .control = 5, .code = PAP_BAD_REQUEST },
	};

	CHECK(rows, 5);
}

static void
e06_signatures(void **state)
{
	static const struct prediction silent = { .device_known = true, .outcome = OUTCOME_APPLY },
	    asks = { .device_known = true, .outcome = OUTCOME_APPLY_AFTER_PROMPT },
	    guess = { .device_known = false, .outcome = OUTCOME_APPLY };
	static const struct row rows[] = {
		{ .type = CP "; SEC=NETWPIN; MAC=" MAC40, .body = PRIVILEGED },
		{ .type = CP "; SEC=USERNETWPIN; MAC=" MAC40, .body = PRIVILEGED },
		{ .type = CP "; SEC=USERPIN; MAC=" MAC40, .body = PRIVILEGED, .control = 6, .word = "USERPIN" },
		{ .type = CP "; SEC=USERPINMAC", .body = PRIVILEGED, .control = 6, .word = "USERPINMAC" },
		{ .type = CP "; SEC=USERPIN; MAC=" MAC40, .body = REDIRECTING, .who = PLAIN_PI },
		{ .type = CP "; SEC=USERPINMAC", .body = REDIRECTING, .who = PLAIN_PI },
		{ .type = CP, .body = PLAIN, .who = PLAIN_PI, .control = 6, .word = "unsigned" },
		{ .type = CP, .body = PRIVILEGED, .prediction = &silent },
		{ .type = CP, .body = PLAIN, .prediction = &asks, .control = 6 },
		{ .type = CP, .body = PLAIN, .prediction = &guess, .control = 6 },
		{ .type = CP, .body = PLAIN, .control = 6 },
	};

	CHECK(rows, 6);
}

static void
e11_senders_that_devices_trust(void **state)
{
	static const struct row rows[] = {
		{ .type = "text/vnd.wap.si", .body = SI("x"), .who = PLAIN_PI },
		{ .type = "text/vnd.wap.si", .body = SI("x"), .who = PLAIN_PI, .from = "+12025550177", .control = 11 },
		{ .type = "text/vnd.wap.si", .body = SI("x"), .who = TRUSTED, .from = "+12025550177" },
	};

	CHECK(rows, 11);
}

static void
e12_service_loading(void **state)
{
	static const struct prediction delivers = { .device_known = true, .outcome = OUTCOME_DELIVER };
	static const struct row rows[] = {
		{ .type = "text/vnd.wap.sl", .body = SL("https://load.example.net/x"), .who = PLAIN_PI },
		{ .type = "text/vnd.wap.sl", .body = SL("https://sub.load.example.net:8443/x"), .who = PLAIN_PI },
		{ .type = "text/vnd.wap.sl", .body = SL("wsps://load.example.net"), .who = PLAIN_PI },
		{ .type = "text/vnd.wap.sl", .body = SL("http://load.example.net/x"), .who = TRUSTED, .control = 12, .word = "https" },
		{ .type = "text/vnd.wap.sl", .body = SL("https://other.example/x"), .control = 12, .word = "other.example" },
		{ .type = "text/vnd.wap.sl", .body = SL("https://load.example.net@other.example/"), .control = 12 },
		{ .type = "text/vnd.wap.sl", .body = SL("https://other.example?load.example.net"), .control = 12 },
		{ .type = "text/vnd.wap.sl", .body = SL("https://xload.example.net/"), .control = 12 },
		{ .type = "text/vnd.wap.sl", .body = SL("mailto:a"), .control = 12 },
		{ .type = "text/vnd.wap.sl", .body = SL("https://load.example.net/"), .who = PLAIN_PI, .prediction = &delivers,
		  .device = "wm", .control = 12, .word = "without a question" },
		{ .type = "text/vnd.wap.sl", .body = SL("https://load.example.net/"), .who = TRUSTED, .prediction = &delivers,
		  .device = "wm" },
		{ .type = "text/vnd.wap.sl", .body = SL("https://load.example.net/"), .who = PLAIN_PI, .prediction = &delivers,
		  .device = "other" },
	};

	CHECK(rows, 12);
}

#define DIGEST "\x11\x22\x33\x44\x55\x66\x77\x88\x99\xAA\xBB\xCC\xDD\xEE\xFF\x01"
#define ZERO "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define NIA "application/vnd.syncml.notification"

static void
e13_dm_notifications(void **state)
{
	static const char good[] = DIGEST "\x02\xC8\0\0\0\0\x01\x05" "srv-1";
	static const char foreign[] = DIGEST "\x02\xC8\0\0\0\0\x01\x05" "srv-2";
	static const char zero[] = ZERO "\x02\xC8\0\0\0\0\x01\x05" "srv-1";
	static char large[600];
	const struct row rows[] = {
		{ .type = NIA, .body = good, .n = sizeof good - 1, .who = RIGHTS },
		{ .type = NIA, .body = good, .n = sizeof good - 1, .who = TRUSTED, .control = 13, .word = "dm-servers" },
		{ .type = NIA, .body = foreign, .n = sizeof foreign - 1, .who = RIGHTS, .control = 13 },
		{ .type = NIA, .body = zero, .n = sizeof zero - 1, .who = RIGHTS, .control = 13, .word = "digest" },
		{ .type = NIA, .body = large, .n = sizeof large, .who = RIGHTS, .control = 13, .word = "600 octets" },
	};

	memcpy(large, good, sizeof good);
	CHECK(rows, 13);
}

static void
e15_a_repeated_sec(void **state)
{
	static const struct row rows[] = {
		{ .type = CP "; SEC=USERPIN; MAC=" MAC40, .body = PLAIN },
		{ .type = CP "; SEC=USERPIN; MAC=" MAC40 "; SEC=NETWPIN", .body = PLAIN, .control = 15, .code = PAP_BAD_REQUEST,
		  .word = "SEC" },
		{ .type = CP "; SEC=USERPIN; MAC=" MAC40 "; MAC=" MAC40, .body = PLAIN, .control = 15, .code = PAP_BAD_REQUEST,
		  .word = "MAC" },
	};

	CHECK(rows, 15);
}

#define W7(more) DOC(SETTING("APPLICATION", PARM("APPID", "w7") more))

static void
e17_servers_and_policies(void **state)
{
	static char one[] = "srv-1";
	static const struct subscriber managed = { .dm_servers = one };
	static const struct row rows[] = {
		{ .type = CP, .body = DOC(SETTING("BOOTSTRAP", PARM("PROVURL", TPS))) },
		{ .type = CP, .body = DOC(SETTING("BOOTSTRAP", PARM("PROVURL", "https://rogue.example/cp"))), .control = 17,
		  .word = "rogue" },
		{ .type = CP, .body = W7(PARM("ADDR", "https://dm.example.net/") PARM("ROLE", "4")), .who = RIGHTS },
		{ .type = CP, .body = W7(PARM("ADDR", "https://dm.example.net/") PARM("ROLE", "8")), .who = RIGHTS, .control = 17,
		  .word = "grant-roles" },
		{ .type = CP, .body = W7(PARM("ADDR", "https://dm.example.net/")), .who = RIGHTS, .control = 17, .word = "ROLE" },
		{ .type = CP, .body = W7(PARM("ADDR", "http://dm.example.net/") PARM("ROLE", "4")), .who = RIGHTS, .control = 17,
		  .word = "https" },
		{ .type = CP, .body = W7(PARM("ADDR", "https://rogue.example/") PARM("ROLE", "4")), .who = RIGHTS, .control = 17 },
		{ .type = CP, .body = W7(PARM("ROLE", "4")), .who = RIGHTS, .control = 17, .word = "without an address" },
		{ .type = CP, .body = W7(PARM("ROLE", "4") SETTING("APPADDR", PARM("ADDR", "https://dm.example.net/"))),
		  .who = RIGHTS },
		{ .type = CP, .body = W7(PARM("ADDR", "https://dm.example.net/") PARM("ROLE", "4") PARM("PROVIDER-ID", "srv-1")),
		  .who = RIGHTS, .sub = &managed },
		{ .type = CP, .body = W7(PARM("ADDR", "https://dm.example.net/") PARM("ROLE", "4") PARM("PROVIDER-ID", "srv-2")),
		  .who = RIGHTS, .sub = &managed, .control = 17, .word = "dm_servers" },
		/* the device has 4107 = 3200, 4119 = 128, 2 = 0, 4097 = 2 */
		{ .type = CP, .body = DOC(SETTING("SecurityPolicy", PARM("4107", "3200"))), .device = "wm" },
		{ .type = CP, .body = DOC(SETTING("SecurityPolicy", PARM("4107", "128"))), .device = "wm" },
		{ .type = CP, .body = DOC(SETTING("SecurityPolicy", PARM("4107", "3204"))), .device = "wm", .control = 17,
		  .word = "open-device" },
		{ .type = CP, .body = DOC(SETTING("SecurityPolicy", PARM("4119", "132"))), .device = "wm", .control = 17 },
		{ .type = CP, .body = DOC(SETTING("SecurityPolicy", PARM("2", "1"))), .device = "wm" },
		{ .type = CP, .body = DOC(SETTING("SecurityPolicy", PARM("4097", "0"))), .device = "wm" },
		{ .type = CP, .body = DOC(SETTING("SecurityPolicy", PARM("4097", "1"))), .device = "wm", .control = 17 },
		{ .type = CP, .body = DOC(SETTING("SecurityPolicy", PARM("4107", "much"))), .device = "wm", .control = 17 },
		{ .type = CP, .body = DOC(SETTING("SecurityPolicy", PARM("4107", "3204"))), .device = "wm", .who = RIGHTS },
		{ .type = CP, .body = DOC(SETTING("SecurityPolicy", PARM("4107", "128"))), .control = 17, .word = "not known" },
	};

	CHECK(rows, 17);
}

static void
e18_secrets_in_clear(void **state)
{
	static const struct row rows[] = {
		{ .type = CP, .body = REDIRECTING },
		{ .type = CP, .body = DOC(SETTING("APPLICATION", SETTING("APPAUTH", PARM("AAUTHNAME", "n")))) },
		{ .type = CP, .body = DOC(SETTING("APPLICATION", SETTING("APPAUTH", PARM("AAUTHSECRET", "top")))), .control = 18,
		  .word = "AAUTHSECRET" },
		{ .type = CP, .body = DOC(SETTING("APPLICATION", SETTING("APPAUTH", PARM("AAUTHDATA", "top")))), .control = 18 },
		{ .type = CP, .body = DOC(SETTING("CM_GPRSEntries", PARM("Password", "top"))), .control = 18 },
		{ .type = CP, .body = DOC(SETTING("APPLICATION", SETTING("APPAUTH", PARM("AAUTHSECRET", "top")))), .who = RIGHTS },
		{ .type = CP, .body = DOC(SETTING("APPLICATION", SETTING("APPAUTH", PARM("AAUTHSECRET", "")))) },
	};
	struct control_findings found;
	const struct control_finding *f = judge(&rows[2], 18, &found, NULL);

	assert_non_null(f);
	assert_null(strstr(f->text, "top"));
	CHECK(rows, 18);
}

/* ---- who gets it --------------------------------------------------------------------------------------------- */

static void
e09_tiers(void **state)
{
	static const struct subscriber gold = { .tier = "gold" }, tin = { .tier = "tin" }, none;
	static const struct row rows[] = {
		{ .type = "text/plain", .body = "x", .sub = &tin },
		{ .type = "text/vnd.wap.sl", .body = SL("https://a/"), .sub = &gold },
		{ .type = "text/vnd.wap.sl", .body = SL("https://a/"), .sub = &tin, .control = 9, .word = "tier" },
		{ .type = "text/vnd.wap.sl", .body = SL("https://a/"), .sub = &none, .control = 9 },
		{ .type = "text/vnd.wap.sl", .body = SL("https://a/"), .control = 9 },
	};

	CHECK(rows, 9);
}

static void
e10_macs_of_the_network(void **state)
{
	static const struct subscriber known = { .imsi = "001010123456789" }, other = { .imsi = "001010123456780" }, none;
	static const struct row rows[] = {
		{ .type = CP, .body = PLAIN, .netpin = "001010123456789", .sub = &known },
		{ .type = CP, .body = PLAIN, .netpin = "001010123456789", .sub = &other, .control = 10 },
		{ .type = CP, .body = PLAIN, .netpin = "001010123456789", .sub = &none },
		{ .type = CP, .body = PLAIN, .netpin = "001010123456789" },
		{ .type = CP, .body = PLAIN, .pin = "7391", .sub = &other },
	};
	struct control_findings found;
	const struct control_finding *f = judge(&rows[1], 10, &found, NULL);

	assert_non_null(f);
	assert_null(strstr(f->text, "00101"));
	CHECK(rows, 10);
}

/* ---- what was sent before ------------------------------------------------------------------------------------ */

static void
e07_rates(void **state)
{
	static const struct row one = { .type = CP, .body = PLAIN, .pin = "7391" };
	static const struct row two = { .type = CP, .body = PLAIN, .pin = "7391", .who = RIGHTS };
	static const struct row net = { .type = CP, .body = PLAIN, .netpin = "001010123456789" };
	static const struct row si = { .type = "text/vnd.wap.si", .body = SI("x") };
	struct row refused = one, far = one;
	struct control_findings found;
	struct control_marks *marks = NULL;

	assert_null(judge(&one, 7, &found, &marks));
	control_marks_undo(&marks);		/* it could not be stored */
	refused.control = 7;
	far.number = "+12025550144";
	check_rows(&one, 1, 7);
	check_rows(&one, 1, 7);
	check_rows(&one, 1, 7);
	check_rows(&refused, 1, 7);		/* 3 of one account */
	check_rows(&far, 1, 7);
	check_rows(&si, 1, 7);
	check_rows(&two, 1, 7);
	check_rows(&two, 1, 7);
	refused = two;
	refused.control = 7;
	check_rows(&refused, 1, 7);		/* 5 of all */
	clock_fake_advance(86400 * 1000LL + 1000);
	check_rows(&one, 1, 7);
	check_rows(&net, 1, 7);
	refused = net;
	refused.control = 7;
	refused.word = "NETWPIN";
	check_rows(&refused, 1, 7);
	clock_fake_advance(3601 * 1000LL);
	check_rows(&net, 1, 7);
}

static void
e07_failures(void **state)
{
	struct row doc = { .type = CP, .body = PLAIN, .pin = "7391" };
	uint32_t n;

	rules->pin_per_initiator = rules->pin_per_day = 0;
	for (n = 0; n < 4; n++)
		control_memory_sent(memory, 17, n, "+12025550143");
	control_failed(memory, 17, 0);
	control_failed(memory, 17, 0);		/* the same one again, */
	control_failed(memory, 17, 9);		/* and one that was no document */
	control_failed(memory, 17, 1);
	check_rows(&doc, 1, 7);
	clock_fake_advance(3600 * 1000LL);
	control_failed(memory, 17, 2);
	doc.control = 7;
	doc.word = "failed too often";
	check_rows(&doc, 1, 7);
	clock_fake_advance(86399 * 1000LL);
	check_rows(&doc, 1, 7);
	clock_fake_advance(1000LL);
	doc.control = 0;
	check_rows(&doc, 1, 7);
	control_failed(memory, 17, 3);
	check_rows(&doc, 1, 7);
}

/* ---- over a restart ------------------------------------------------------------------------------------------ */

struct waiter {
	struct store_memories op;
	sem_t done;
};

static void
written(struct store_op *op)
{
	sem_post(&((struct waiter *)op)->done);
}

/* As the acceptance of a push does. */
static void
write_rows(struct store *store, const struct store_memory *rows, size_t n)
{
	struct waiter w = { .op = { .op = { .kind = STORE_MEMORY, .done = written }, .rows = rows, .n = (uint32_t)n } };

	sem_init(&w.done, 0, 0);
	assert_int_equal(store_submit(store, &w.op.op), OK);
	while (sem_wait(&w.done) != 0)
		;
	sem_destroy(&w.done);
	assert_int_equal(w.op.op.result, OK);
}

static struct store *
open_again(const char *url, struct store *store)
{
	struct store_config cf = { .url = url };
	struct why why;

	store_close(&store);
	life_rules(&cf.rules);
	assert_int_equal(store_open(&cf, &store, &why), OK);
	control_memory_destroy(&memory);
	memory = control_memory_create(1000);
	assert_int_equal(control_memory_open(memory, store, &why), OK);
	return store;
}

/* Checked, stored as recipient n of push 17, or not stored. */
static void
pass(const struct row *row, unsigned control, uint32_t n, struct store *store)
{
	struct control_findings found;
	struct control_marks *marks = NULL;
	struct store_memory *rows;
	size_t n_rows, i;

	assert_null(judge(row, control, &found, &marks));
	if (store == NULL) {
		control_marks_undo(&marks);
		return;
	}
	n_rows = control_marks_rows(marks, 0, UINT32_MAX, &rows);
	assert_true(n_rows > 0);
	for (i = 0; i < n_rows; i++) {
		assert_true(rows[i].until > clock_utc());
		rows[i].push = 17;
		rows[i].n = n;
	}
	write_rows(store, rows, n_rows);
	free(rows);
	control_marks_keep(&marks, 17);
}

static void
what_outlives_a_restart(void **state)
{
	static const struct row doc = { .type = CP, .body = PLAIN, .pin = "7391" };
	char folder[] = "/tmp/openppg-control-XXXXXX", url[80], path[80];
	struct row refused = doc, row = doc;
	struct store_memory *none;
	struct store *store;
	uint32_t n;

	assert_non_null(mkdtemp(folder));
	snprintf(url, sizeof url, "sqlite:%s/ppg.db", folder);
	store = open_again(url, NULL);
	rules->subscribers_per_hour = 2;
	refused.control = 7;
	for (n = 0; n < 3; n++)
		pass(&doc, 7, n, store);
	row.number = "+12025550150";
	pass(&row, 7, 3, NULL);				/* was not stored: neither a rate nor reached */
	store = open_again(url, store);
	refused.word = "3 PIN-signed documents of this account";
	check_rows(&refused, 1, 7);
	pass(&row, 7, 4, store);
	store = open_again(url, store);
	refused.number = "+12025550151";
	refused.word = "more than 2 subscribers";
	check_rows(&refused, 1, 7);
	/* the same MAC again */
	row = doc;
	row.number = "+12025550152";
	pass(&row, 16, 5, store);
	store = open_again(url, store);
	row.control = 16;
	check_rows(&row, 1, 16);
	row.control = 0;
	row.number = "+12025550153";
	check_rows(&row, 1, 16);
	/* failures, and what was sent and may fail yet */
	rules->subscribers_per_hour = rules->pin_per_initiator = rules->pin_per_day = 0;
	row.number = "+12025550154";
	for (n = 0; n < 3; n++) {
		struct control_marks *marks = NULL;
		struct store_memory *rows;
		struct control_case c = { .memory = memory, .marks = &marks, .number = row.number, .n = 10 + n };

		control_sent_mark(&c);
		assert_int_equal(control_marks_rows(marks, 0, UINT32_MAX, &rows), 1);
		rows[0].push = 17;
		write_rows(store, rows, 1);
		free(rows);
		control_marks_keep(&marks, 17);
	}
	control_failed(memory, 17, 10);
	store = open_again(url, store);
	control_failed(memory, 17, 11);
	check_rows(&row, 1, 7);
	control_failed(memory, 17, 12);
	store = open_again(url, store);
	row.control = 7;
	row.word = "failed too often";
	check_rows(&row, 1, 7);
	clock_fake_advance(8 * 86400 * 1000LL);
	row = doc;
	check_rows(&row, 1, 7);
	assert_int_equal(control_marks_rows(NULL, 0, 1, &none), 0);
	assert_null(none);
	store_close(&store);
	snprintf(path, sizeof path, "%s/ppg.db", folder);
	unlink(path);
	snprintf(path, sizeof path, "%s/ppg.db.lock", folder);
	unlink(path);
	rmdir(folder);
}

static void
e07_subscribers_of_an_hour(void **state)
{
	struct row row = { .type = CP, .body = PLAIN, .pin = "7391" };

	rules->subscribers_per_hour = 2;
	row.number = "+12025550150";
	check_rows(&row, 1, 7);
	row.number = "+12025550151";
	check_rows(&row, 1, 7);
	check_rows(&row, 1, 7);			/* not another one */
	row.number = "+12025550152";
	row.control = 7;
	row.word = "more than 2";
	check_rows(&row, 1, 7);
	row.who = RIGHTS;
	row.control = 0;
	check_rows(&row, 1, 7);
}

static void
e08_pins_that_are_guessed(void **state)
{
	static const struct row rows[] = {
		{ .type = CP, .body = PLAIN, .pin = "7391" },
		{ .type = CP, .body = PLAIN, .pin = "1111", .control = 8, .word = "try first" },
		{ .type = CP, .body = PLAIN, .pin = "00000000", .control = 8 },
		{ .type = CP, .body = PLAIN, .pin = "1234", .control = 8 },
		{ .type = CP, .body = PLAIN, .pin = "87654", .control = 8 },
		{ .type = CP, .body = PLAIN, .pin = "7", .control = 8 },
		{ .type = CP, .body = PLAIN, .pin = "739", .control = 8 },
		{ .type = CP, .body = DOC(SETTING("BrowserFavorite", PARM("NAME", "Enter 7391!"))), .pin = "7391", .control = 8,
		  .word = "travels with it" },
		{ .type = CP, .body = DOC(SETTING("BrowserFavorite", PARM("NAME", "Enter 7391!"))), .pin = "7392" },
	};

	CHECK(rows, 8);
}

static void
e08_text_first(void **state)
{
	static const struct {
		const char *text;
		bool told;
	} rows[] = {
		{ "Your PIN is 7391", true }, { "Your PIN is 7 3 9 1.", true }, { "Code: 73-91", true }, { "ref 00739100", true },
		{ "Your PIN is 7392", false }, { "739 1", true }, { "739, 1", false }, { "no digits", false },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char number[20];
		struct row text = { .type = "text/plain", .body = rows[i].text, .number = number };
		struct row doc = { .type = CP, .body = PLAIN, .pin = "7391", .number = number };

		snprintf(number, sizeof number, "+1202555%04zu", i);
		check_rows(&text, 1, 8);
		doc.control = rows[i].told ? 8 : 0;
		doc.held = rows[i].told;
		check_rows(&doc, 1, 8);
	}
}

static void
e08_document_first(void **state)
{
	static const struct row doc = { .type = CP, .body = PLAIN, .pin = "7391" };
	struct row text = { .type = "text/vnd.wap.si", .body = SI("Dial 7391 now"), .who = PLAIN_PI, .control = 8, .held = true };

	check_rows(&doc, 1, 8);
	check_rows(&text, 1, 8);
	text.number = "+12025550144";
	text.control = 0;
	text.held = false;
	check_rows(&text, 1, 8);		/* somebody else's */
	text.number = NULL;
	clock_fake_advance(3601 * 1000LL);
	check_rows(&text, 1, 8);		/* an hour later */
}

static void
e08_decoys_do_not_help(void **state)
{
	struct row doc = { .type = CP, .body = PLAIN, .pin = "7391" };
	const struct row text = { .type = "text/plain", .body = "7391", .control = 8, .held = true };

	check_rows(&doc, 1, 8);
	doc.pin = "5550";
	check_rows(&doc, 1, 8);
	doc.pin = "9042";
	check_rows(&doc, 1, 8);
	check_rows(&text, 1, 8);
}

static void
e16_the_same_document_again(void **state)
{
	static const struct row doc = { .type = CP, .body = PLAIN, .pin = "7391" };
	static const struct row unsigned_doc = { .type = CP, .body = PLAIN };
	struct row again = doc, other = doc;
	struct control_findings found;
	struct control_marks *marks = NULL;

	assert_null(judge(&doc, 16, &found, &marks));
	control_marks_undo(&marks);		/* it could not be stored */
	check_rows(&doc, 1, 16);
	again.control = 16;
	check_rows(&again, 1, 16);
	other.pin = "7392";
	check_rows(&other, 1, 16);
	other = doc;
	other.number = "+12025550144";
	check_rows(&other, 1, 16);
	check_rows(&unsigned_doc, 1, 16);
	check_rows(&unsigned_doc, 1, 16);
	clock_fake_advance(7 * 86400 * 1000LL + 1000);
	check_rows(&doc, 1, 16);
}

/* Told, and not refused: a server may ask once more. */
static void
e16_the_same_notification_again(void **state)
{
	static const char first[] = DIGEST "\x02\xC8\0\0\0\0\x01\x05" "srv-1";
	static const char second[] = ZERO "\x02\xC8\0\0\0\0\x02\x05" "srv-1";
	const struct row rows[] = {
		{ .type = NIA, .body = first, .n = sizeof first - 1, .who = RIGHTS },
		{ .type = NIA, .body = second, .n = sizeof second - 1, .who = RIGHTS },
		{ .type = NIA, .body = first, .n = sizeof first - 1, .who = RIGHTS, .number = "+12025550144" },
		{ .type = NIA, .body = first, .n = sizeof first - 1, .who = RIGHTS },
	};
	struct control_findings found;
	struct control_marks *marks = NULL;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_null(judge(&rows[i], 16, &found, &marks));
		control_marks_keep(&marks, 1);
		assert_int_equal(found.n, i == 3 ? 1 : 0);
	}
	assert_int_equal(found.list[0].control, 16);
	assert_false(found.list[0].refused);
	assert_non_null(strstr(found.list[0].text, "notification was sent"));
}

static void
e20_office_hours_and_crowds(void **state)
{
	struct row doc = { .type = CP, .body = PRIVILEGED, .released = true }, plain = { .type = CP, .body = PLAIN };

	rules->from_minute = 8 * 60;
	rules->to_minute = 18 * 60;
	clock_fake((1767225600LL + 12 * 3600) * 1000);	/* noon */
	check_rows(&doc, 1, 20);
	clock_fake((1767225600LL + 18 * 3600) * 1000);
	check_rows(&plain, 1, 20);
	doc.control = 20;
	doc.held = true;
	doc.word = "08:00";
	check_rows(&doc, 1, 20);
	rules->from_minute = 18 * 60;
	rules->to_minute = 8 * 60;
	doc.control = 0;
	doc.held = false;
	check_rows(&doc, 1, 20);
	rules->privileged_per_hour = 1;
	check_rows(&doc, 1, 20);
	doc.number = "+12025550144";
	doc.control = 20;
	doc.held = true;
	doc.word = "more than 1";
	check_rows(&doc, 1, 20);
}

static void
e20_first_use(void **state)
{
	static const struct row rows[] = {
		{ .type = CP, .body = PRIVILEGED, .control = 20, .held = true, .word = "released before" },
		{ .type = CP, .body = PRIVILEGED, .released = true },
		{ .type = CP, .body = PLAIN },
		{ .type = "text/plain", .body = "x" },
	};

	CHECK(rows, 20);
}

/* Who refuses goes before who holds, whichever is asked first. */
static void
a_refusal_goes_before_a_hold(void **state)
{
	static const struct row text = { .type = "text/plain", .body = "7391" };
	static const struct row doc = { .type = CP, .body = PLAIN, .pin = "7391" };
	struct control_findings found;
	struct control_marks *marks = NULL;
	const struct control_finding *f;

	check_rows(&text, 1, 8);
	rules->pin_per_day = 1;
	judge(&doc, 7, &found, &marks);
	f = judge_with(&doc, 8, 7, &found, &marks);
	assert_non_null(f);
	assert_int_equal(f->control, 7);
	assert_true(f->refused);
	assert_int_equal(found.n, 2);
	assert_true(found.list[0].held);
	control_marks_keep(&marks, 1);
}

static void
memory_is_bounded(void **state)
{
	struct row doc = { .type = CP, .body = PLAIN, .pin = "7391" };
	char number[20];
	unsigned i;

	control_memory_destroy(&memory);
	memory = control_memory_create(10);
	for (i = 0; i < 25; i++) {
		snprintf(number, sizeof number, "+1202555%04u", i);
		doc.number = number;
		check_rows(&doc, 1, 16);
	}
	doc.number = "+12025550000";
	check_rows(&doc, 1, 16);		/* forgotten */
	doc.number = "+12025550024";
	doc.control = 16;
	check_rows(&doc, 1, 16);
}

/* ---- switches ---------------------------------------------------------------------------------------------------- */

static void
modes(void **state)
{
	static const struct row row = { .type = CP, .body = PRIVILEGED, .who = PLAIN_PI };
	struct control_rules *bare = control_rules_create();
	struct control_findings found = { .n = 0 };
	struct control_case c = { .rules = bare, .who = &whos[PLAIN_PI], .authenticated = true, .from = "", .number = "+1" };
	struct message m;
	unsigned i;

	for (i = 1; i <= CONTROLS; i++) {
		enum control_mode mode = i == 1 || i == 2 || i == 15 ? CONTROL_ENFORCE : i == 20 ? CONTROL_OFF : CONTROL_WARN;

		assert_int_equal(bare->modes[i], mode);
		assert_int_equal(control_default(i), i == 14 ? CONTROL_WARN : i == 20 ? CONTROL_OFF : CONTROL_ENFORCE);
	}
	make_message(&row, &m);
	c.facts = m.facts;
	c.text_type = m.text_type;
	assert_null(control_check_push(&c, &found));	/* warnings only */
	assert_int_equal(found.n, 3);
	assert_int_equal(found.list[0].control, 3);
	assert_int_equal(found.list[1].control, 5);
	assert_int_equal(found.list[2].control, 6);
	assert_false(control_concerns(bare, NULL, CONTENT_SI));
	assert_true(control_concerns(bare, NULL, CONTENT_PROV));
	assert_true(control_concerns(rules, NULL, CONTENT_SI));
	push_facts_free(&m.facts);
	store_body_unref(m.body);
	free(m.text_type);
	control_rules_unref(bare);
}

static int
setup(void **state)
{
	static char rights_types[] = "text/vnd.wap.sl;" CP ";application/*", apps[] = "x-wap-application:syncml.dm",
	    servers[] = "srv-1;srv-9";

	clock_fake((1767225600LL) * 1000);
	whos[TRUSTED] = (struct initiator){ .name = "tps", .role = ROLE_TRUSTED_PI };
	whos[PLAIN_PI] = (struct initiator){ .name = "plain", .role = ROLE_AUTH_PI };
	whos[RIGHTS] = (struct initiator){ .name = "rights", .role = ROLE_AUTH_PI, .content_types = rights_types,
		.application_ids = apps, .dm_servers = servers, .grant_roles = 4,
		.rights = RIGHT_PRIVILEGED | RIGHT_SECRETS | RIGHT_OPEN_DEVICE };
	rules = control_rules_create();
	rules->configured = true;
	rules->subscribers_per_hour = 1000;
	rules->tiers = span_dup(span_str("text/vnd.wap.sl=gold,platinum; image/png=tin"));
	rules->senders = span_dup(span_str("+12025550177"));
	rules->sl_hosts = span_dup(span_str("load.example.net"));
	rules->dm_hosts = span_dup(span_str("dm.example.net"));
	rules->tps_urls = span_dup(span_str(TPS));
	memory = control_memory_create(0);
	return 0;
}

static int
teardown(void **state)
{
	control_rules_unref(rules);
	control_memory_destroy(&memory);
	return 0;
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(e03_types_that_need_an_entry), TEST(e04_applications_that_need_an_entry), TEST(e05_privileged_settings),
		TEST(e06_signatures), TEST(e07_rates), TEST(e07_failures), TEST(e07_subscribers_of_an_hour), TEST(e08_pins_that_are_guessed),
		TEST(e08_text_first), TEST(e08_document_first), TEST(e08_decoys_do_not_help), TEST(e09_tiers),
		TEST(e10_macs_of_the_network), TEST(e11_senders_that_devices_trust), TEST(e12_service_loading),
		TEST(e13_dm_notifications), TEST(e15_a_repeated_sec), TEST(e16_the_same_document_again), TEST(e16_the_same_notification_again),
		TEST(e17_servers_and_policies), TEST(e18_secrets_in_clear), TEST(e20_office_hours_and_crowds), TEST(e20_first_use),
		TEST(a_refusal_goes_before_a_hold),
		TEST(memory_is_bounded), TEST(what_outlives_a_restart), TEST(modes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
