/* test_sign.c - documents that the gateway signs: keys, where the MAC goes, who may ask, and what is left of the PIN. */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ppg/admit_int.h"

#define CP "application/vnd.wap.connectivity-wbxml"
#define DM "application/vnd.syncml.dm+wbxml"
#define MAC40 "0123456789ABCDEF0123456789abcdef01234567"
#define IMSI "001010123456789"

static const uint8_t empty_doc[] = { 0x03, 0x0B, 0x6A, 0x00, 0x45, 0x01 };
static struct span body;

static int
group_setup(void **state)
{
	(void)state;
	body = span_of(empty_doc, sizeof empty_doc);
	return 0;
}

static void *
exactly(size_t n)
{
	void *p = malloc(n > 0 ? n : 1);

	assert_non_null(p);
	return p;
}

static struct subscriber
subscriber_of(const char *facts)
{
	json_t *json = json_read(span_str(facts), NULL);
	struct subscriber sub;

	assert_int_equal(subscriber_read_facts(json, &sub, NULL), OK);
	json_decref(json);
	return sub;
}

/* ---- MACs ------------------------------------------------------------------------------------------ */

static void
macs_of_all_methods(void **state)
{
	static const struct {
		const char *name;
		struct signature s;
		const char *facts, *pin, *mac;	/* mac NULL: there is none */
	} rows[] = {
		{ "NETWPIN", { .sec = PROV_SEC_NETWPIN }, "{\"imsi\":\"466923103145252\"}", NULL,
		  "1AF545FE2823DC9347064450F90FF1BBF957E146" },
		{ "NETWPIN", { .sec = PROV_SEC_NETWPIN }, "{\"imsi\":\"" IMSI "\"}", "", "DC2F6C9FBEBC5610A87291727F52643251FDACC4" },
		{ "NETWPIN", { .sec = PROV_SEC_NETWPIN }, "{\"network_key\":\"0910101032547698\"}", NULL,
		  "DC2F6C9FBEBC5610A87291727F52643251FDACC4" },
		{ "NETWPIN", { .sec = PROV_SEC_NETWPIN }, "{\"imsi\":\"466923103145252\",\"network_key\":\"09 10 10 10 32547698\"}", NULL,
		  "DC2F6C9FBEBC5610A87291727F52643251FDACC4" },
		{ "USERPIN", { .sec = PROV_SEC_USERPIN }, "{}", "1234", "6CD48BFD7FFC33183154734DF4434DA694E25E6A" },
		{ "USERNETWPIN", { .sec = PROV_SEC_USERNETWPIN }, "{\"imsi\":\"" IMSI "\"}", "1234",
		  "D69F9EF86F8B14D5B61716445EDD6EFF7B82D26F" },
		{ "NETWORKID", { .sec = PROV_SEC_NETWPIN, .dm = true }, "{\"imsi\":\"" IMSI "\"}", NULL,
		  "28930B4A8291BB8254C9E108C729B77834F7BDEA" },
		{ "NETWORKID", { .sec = PROV_SEC_NETWPIN, .dm = true, .ef_imsi = true }, "{\"imsi\":\"" IMSI "\"}", NULL,
		  "DC2F6C9FBEBC5610A87291727F52643251FDACC4" },
		{ "USERPIN", { .sec = PROV_SEC_USERPIN, .dm = true }, "{}", "1234", "6CD48BFD7FFC33183154734DF4434DA694E25E6A" },
		{ "USERPIN_NETWORKID", { .sec = PROV_SEC_USERNETWPIN, .dm = true }, "{\"imsi\":\"" IMSI "\"}", "1234",
		  "CC6F57ABF611F38390E92A91639DE55F2A3EC56A" },
		{ "NETWPIN", { .sec = PROV_SEC_NETWPIN }, "{\"tier\":\"gold\"}", NULL, NULL },
		{ "NETWPIN", { .sec = PROV_SEC_NETWPIN }, NULL, NULL, NULL },
		{ "USERNETWPIN", { .sec = PROV_SEC_USERNETWPIN }, NULL, "1234", NULL },
		{ "USERPIN", { .sec = PROV_SEC_USERPIN }, "{}", NULL, NULL },
		{ "USERPIN", { .sec = PROV_SEC_USERPIN }, "{}", "123", NULL },
		{ "USERPIN_NETWORKID", { .sec = PROV_SEC_USERNETWPIN, .dm = true }, NULL, "1234", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct subscriber sub = subscriber_of(rows[i].facts != NULL ? rows[i].facts : "{}");
		char mac[PROV_MAC_HEX + 1];
		struct why why = { 0 };
		int err = signature_make(&rows[i].s, rows[i].facts != NULL ? &sub : NULL, rows[i].pin, body, mac, &why);

		assert_string_equal(signature_name(&rows[i].s), rows[i].name);
		if (rows[i].mac == NULL) {
			assert_int_not_equal(err, OK);
			assert_string_equal(mac, "");
			assert_true(why.text[0] != '\0' && strstr(why.text, "1234") == NULL);
		} else {
			assert_int_equal(err, OK);
			assert_string_equal(mac, rows[i].mac);
		}
		subscriber_done(&sub);
	}
}

static void
network_keys_of_subscribers(void **state)
{
	static const char *const bad[] = {
		"{\"network_key\":\"\"}", "{\"network_key\":\"0\"}", "{\"network_key\":\"0g\"}", "{\"network_key\":12}",
		"{\"network_key\":\"00000000000000000000000000000000000000000000000000000000000000aa\"}",
	};
	struct subscriber sub = subscriber_of("{\"network_key\":\"00aaFF\"}");
	json_t *facts, *shown;
	struct why why;
	size_t i;

	assert_int_equal(sub.n_network_key, 3);
	assert_memory_equal(sub.network_key, "\x00\xAA\xFF", 3);
	subscriber_done(&sub);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		facts = json_read(span_str(bad[i]), NULL);
		assert_int_equal(subscriber_read_facts(facts, &sub, &why), ERR_SYNTAX);
		assert_null(strstr(why.text, "aa"));
		assert_int_equal(sub.n_network_key, 0);
		json_decref(facts);
	}
	facts = json_read(span_str("{\"network_key\":\"00aa\",\"esn\":\"12345678\"}"), NULL);
	shown = subscriber_facts_shown(facts);
	assert_true(json_is_true(json_object_get(shown, "network_key")) && json_is_true(json_object_get(shown, "esn")));
	json_decref(shown);
	json_decref(facts);
}

/* ---- header blocks ----------------------------------------------------------------------------------- */

static size_t
encoded(const char *type, uint8_t block[512])
{
	struct wbuf w = wbuf_into(block, 512);

	assert_int_equal(wsp_content_type_encode(&w, span_str(type), NULL), OK);
	assert_int_equal(wsp_header_encode(&w, span_str("Push-Flag"), span_str("3"), NULL), OK);
	return w.n;
}

/* The block with the MAC is what the encoder makes of the type with the MAC. */
static void
the_mac_goes_behind_sec(void **state)
{
	static const struct { const char *without, *with; } rows[] = {
		{ CP "; SEC=0", CP "; SEC=0; MAC=" MAC40 },
		{ CP "; SEC=2; charset=utf-8", CP "; SEC=2; MAC=" MAC40 "; charset=utf-8" },
		{ DM "; SEC=1; a=b; c=\"d;e\"", DM "; SEC=1; MAC=" MAC40 "; a=b; c=\"d;e\"" },
		{ CP "; SEC=1; a=0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123",
		  CP "; SEC=1; MAC=" MAC40
		  "; a=0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123" },
	};
	size_t i, k;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t without[512], with[512];
		size_t n = encoded(rows[i].without, without), n_with = encoded(rows[i].with, with), mac_at;
		uint8_t *out = exactly(n + SIGNATURE_MORE), *cut;
		struct wbuf w = wbuf_into(out, n + SIGNATURE_MORE);

		assert_int_not_equal(signature_wanted(span_of(without, n)).sec, PROV_SEC_NONE);
		assert_int_equal(signature_wanted(span_of(with, n_with)).sec, PROV_SEC_NONE);
		assert_int_equal(signature_insert(span_of(without, n), MAC40, &w, &mac_at), OK);
		assert_int_equal(w.n, n_with);
		assert_memory_equal(out, with, n_with);
		assert_memory_equal(out + mac_at, MAC40, PROV_MAC_HEX);
		w = wbuf_into(out, n_with - 1);
		assert_int_equal(signature_insert(span_of(without, n), MAC40, &w, &mac_at), ERR_FULL);
		free(out);
		for (k = 0; k < n - 2; k++) {		/* what is cut off in the type; Push-Flag has two octets */
			uint8_t room[1024];

			cut = exactly(k);
			memcpy(cut, without, k);
			w = wbuf_into(room, sizeof room);
			assert_int_equal(signature_insert(span_of(cut, k), MAC40, &w, &mac_at), ERR_SYNTAX);
			assert_int_equal(signature_wanted(span_of(cut, k)).sec, PROV_SEC_NONE);
			free(cut);
		}
	}
}

static void
what_wants_no_mac(void **state)
{
	static const char *const types[] = { CP, CP "; SEC=3", "text/plain; SEC=1", CP "; charset=utf-8", CP "; MAC=" MAC40,
		"text/vnd.wap.connectivity-xml; SEC=0" };
	uint8_t block[512], room[1024];
	size_t i, mac_at;

	for (i = 0; i < sizeof types / sizeof types[0]; i++) {
		size_t n = encoded(types[i], block);

		assert_int_equal(signature_wanted(span_of(block, n)).sec, PROV_SEC_NONE);
	}
	for (i = 0; i < 4; i++) {		/* no parameter, text forms, another one first */
		static const char *const other[] = { CP, "text/plain; SEC=1", CP "; charset=utf-8; SEC=1", "text/x-a; SEC=1" };
		size_t n = encoded(other[i], block);
		struct wbuf w = wbuf_into(room, sizeof room);

		if (i == 1)
			continue;		/* that would do; nobody asks for it */
		assert_int_equal(signature_insert(span_of(block, n), MAC40, &w, &mac_at), ERR_SYNTAX);
	}
}

static void
signed_when_due(void **state)
{
	struct subscriber sub = subscriber_of("{\"imsi\":\"" IMSI "\"}");
	uint8_t block[512];
	size_t n = encoded(CP "; SEC=0", block);
	struct push_facts *f;
	struct span out;
	struct why why;

	assert_int_equal(signature_complete(span_of(block, n), body, false, &sub, &out, &why), OK);
	f = push_facts_read(out, body);
	assert_string_equal(f->mac, "DC2F6C9FBEBC5610A87291727F52643251FDACC4");
	assert_true(signature_fits(f, false, &sub));
	subscriber_done(&sub);
	sub = subscriber_of("{\"imsi\":\"466923103145252\"}");
	assert_false(signature_fits(f, false, &sub));
	assert_true(signature_fits(f, false, NULL));
	push_facts_free(&f);
	free((void *)(uintptr_t)out.p);
	assert_int_equal(signature_complete(span_of(block, n), body, false, NULL, &out, &why), ERR_NOT_FOUND);
	assert_int_equal(out.n, 0);
	assert_string_equal(why.text, "NETWPIN: the subscriber's IMSI is not known");
	n = encoded(CP "; SEC=2", block);	/* nobody has the PIN */
	assert_int_equal(signature_complete(span_of(block, n), body, false, &sub, &out, &why), OK);
	assert_int_equal(out.n, 0);
	n = encoded(DM "; SEC=0; MAC=28930B4A8291BB8254C9E108C729B77834F7BDEA", block);
	f = push_facts_read(span_of(block, n), body);
	assert_false(signature_fits(f, false, &sub));
	subscriber_done(&sub);
	sub = subscriber_of("{\"imsi\":\"" IMSI "\"}");
	assert_true(signature_fits(f, false, &sub));
	assert_false(signature_fits(f, true, &sub));
	subscriber_done(&sub);
	push_facts_free(&f);
}

/* ---- who asks for what ----------------------------------------------------------------------------------- */

enum { HERE, THERE, TLS };		/* where a request comes from */

struct ask {
	const char *type, *pin;		/* pin NULL: no header */
	enum may_sign may;
	bool nobody;			/* not authenticated */
	int from;
	bool allowed;			/* user-pin-over-http */
	int code;
	const char *word;		/* of the answer; of code 0: the content type that goes on */
};

static const char *
pin_of_request(void *arg, const char *name)
{
	return strcmp(name, "X-OpenPPG-User-PIN") == 0 ? arg : NULL;
}

/* The address as the answers to one request go. */
static struct sockaddr_storage
peer_of(int from, bool six)
{
	struct sockaddr_storage s = { 0 };
	struct sockaddr_in *v4 = (void *)&s;
	struct sockaddr_in6 *v6 = (void *)&s;

	s.ss_family = six ? AF_INET6 : AF_INET;
	if (six)
		inet_pton(AF_INET6, from == HERE ? "::1" : "2001:db8::1", &v6->sin6_addr);
	else
		inet_pton(AF_INET, from == HERE ? "127.3.2.1" : "192.0.2.1", &v4->sin_addr);
	return s;
}

static int
begin(const struct ask *k, char *pin, bool six, struct signing *sg, struct admission *a)
{
	struct initiator who = { .may_sign = k->may };
	struct sockaddr_storage peer = peer_of(k->from, six);
	struct admit_config cf = { .pin_over_http = k->allowed };
	struct admit_request rq = { .who = &who, .authenticated = !k->nobody, .tls = k->from == TLS,
		.peer = (struct sockaddr *)&peer };
	struct content content = { 0 };
	struct content_part part = { .n_headers = 1 };
	int code;

	assert_int_equal(content_prepare(span_str(k->type), span_starts_nocase(span_str(k->type), "application/") ? body :
	    span_str("<wap-provisioningdoc/>"), false, &content, NULL), OK);
	part.headers[0] = (struct mime_header){ span_str("x-openppg-user-pin"), span_str(pin != NULL ? pin : "") };
	part.n_headers = pin != NULL;
	code = admit_sign_begin(&cf, &rq, a, &part, &content, sg);
	admit_sign_forget(&part);
	content_done(&content);
	return code;
}

static void
who_may_ask(void **state)
{
	static const struct ask rows[] = {
		{ .type = CP "; SEC=USERPIN", .pin = "739105", .word = CP "; SEC=1" },
		{ .type = CP "; SEC=netwpin", .word = CP "; SEC=0" },
		{ .type = CP "; a=b; SEC=\"2\"; c=d", .pin = "739105", .word = CP "; SEC=2; a=b; c=d" },
		{ .type = CP "; SEC=3", .pin = "739105", .word = CP "; SEC=3" },
		{ .type = DM "; SEC=USERPIN_NETWORKID", .pin = "739105", .word = DM "; SEC=2" },
		{ .type = DM "; SEC=NETWORKID; MAC=" MAC40, .word = DM "; SEC=0; MAC=" MAC40 },
		{ .type = DM "; MAC=" MAC40 "; SEC=USERPIN", .word = DM "; SEC=1; MAC=" MAC40 },
		/* what passes untouched */
		{ .type = CP, .word = CP }, { .type = CP "; SEC=3", .word = CP "; SEC=3" },
		{ .type = CP "; SEC=USERPIN; MAC=" MAC40, .word = CP "; SEC=USERPIN; MAC=" MAC40 },
		{ .type = CP "; MAC=12; x=1", .word = CP "; MAC=12; x=1" },
		{ .type = "text/plain; SEC=1", .word = "text/plain; SEC=1" },
		/* PINs */
		{ .type = CP "; SEC=1", .code = 2000, .word = "missing" },
		{ .type = CP "; SEC=1", .pin = "", .code = 2000, .word = "0 characters" },
		{ .type = CP "; SEC=1", .pin = "739", .code = 2000, .word = "3 characters" },
		{ .type = CP "; SEC=1", .pin = "7391a5", .code = 2000, .word = "only decimal digits" },
		{ .type = CP "; SEC=1", .pin = "-73910", .code = 2000, .word = "only decimal digits" },
		{ .type = CP "; SEC=1", .pin = "7391057391057391057391057391057391", .code = 2000, .word = "at most 32" },
		{ .type = CP "; SEC=3", .pin = "7391", .code = 2000, .word = "5 to 20" },
		{ .type = CP "; SEC=0", .pin = "739105", .code = 2000, .word = "needs no PIN" },
		{ .type = CP "; SEC=1; MAC=" MAC40, .pin = "739105", .code = 2000, .word = "beside MAC" },
		{ .type = CP, .pin = "739105", .code = 2000, .word = "goes with" },
		{ .type = "text/plain; SEC=1", .pin = "739105", .code = 2000, .word = "goes with" },
		{ .type = CP "; SEC=1; SEC=1", .pin = "739105", .code = 2000, .word = "E-15" },
		{ .type = CP "; SEC=0; SEC=1", .code = 2000, .word = "E-15" },
		{ .type = CP "; SEC=9", .pin = "739105", .code = 2000, .word = "no method" },
		{ .type = DM "; SEC=3", .pin = "739105", .code = 2000, .word = "no method" },
		{ .type = DM "; SEC=3GPP_GBA", .pin = "739105", .code = 2000, .word = "no method" },
		/* rights */
		{ .type = CP "; SEC=1", .pin = "739105", .may = MAY_SIGN_PIN, .word = CP "; SEC=1" },
		{ .type = CP "; SEC=1", .pin = "739105", .may = MAY_SIGN_NONE, .code = 2001, .word = "may-sign" },
		{ .type = CP "; SEC=2", .pin = "739105", .may = MAY_SIGN_PIN, .code = 2001, .word = "may-sign" },
		{ .type = CP "; SEC=0", .may = MAY_SIGN_PIN, .code = 2001, .word = "may-sign" },
		{ .type = DM "; SEC=NETWORKID", .may = MAY_SIGN_PIN, .code = 2001, .word = "NETWORKID" },
		{ .type = CP "; SEC=0", .nobody = true, .code = 2001, .word = "logged in" },
		{ .type = CP "; SEC=1", .pin = "739105", .nobody = true, .word = CP "; SEC=1" },
		{ .type = CP "; SEC=1; MAC=" MAC40, .may = MAY_SIGN_NONE, .word = CP "; SEC=1; MAC=" MAC40 },
		{ .type = CP "; SEC=3", .may = MAY_SIGN_NONE, .word = CP "; SEC=3" },
		/* the way there */
		{ .type = CP "; SEC=1", .pin = "739105", .from = THERE, .code = 2001, .word = "user-pin-over-http" },
		{ .type = CP "; SEC=1", .pin = "739105", .from = THERE, .allowed = true, .word = CP "; SEC=1" },
		{ .type = CP "; SEC=1", .pin = "739105", .from = TLS, .word = CP "; SEC=1" },
		{ .type = CP "; SEC=0", .from = THERE, .word = CP "; SEC=0" },
	};
	struct ask compiled = { .type = "text/vnd.wap.connectivity-xml; SEC=USERPIN; charset=utf-8", .pin = "739105",
		.word = CP "; SEC=1" };
	size_t i;
	int six;

	for (i = 0; i <= sizeof rows / sizeof rows[0]; i++)
		for (six = 0; six < 2; six++) {
			const struct ask *k = i < sizeof rows / sizeof rows[0] ? &rows[i] : &compiled;
			char *pin = k->pin != NULL ? span_dup(span_str(k->pin)) : NULL;
			struct admission a = { 0 };
			struct signing sg;
			size_t n;

			if (begin(k, pin, six, &sg, &a) != k->code)
				fail_msg("row %zu: %s", i, a.why.text);
			if (k->code != 0) {
				assert_non_null(strstr(a.why.text, k->word));
				assert_null(strstr(a.why.text, "7391"));
			} else {
				assert_string_equal(sg.type.s, k->word);
				assert_string_equal(sg.pin, pin != NULL ? k->pin : "");
			}
			for (n = 0; k->pin != NULL && n < strlen(k->pin); n++)	/* the request no longer has it */
				assert_int_equal(pin[n], 0);
			admit_sign_done(&sg);
			for (n = 0; n < sizeof sg; n++)
				assert_int_equal(((const uint8_t *)&sg)[n], 0);
			free(pin);
		}
}

/* Types that were cut off anywhere: the encoder refuses most of them later; nothing is read behind their end. */
static void
every_truncation_of_a_type(void **state)
{
	static const char type[] = CP "; SEC=\"1\"; a=\"b;\\\"c\"; d; =e ;; MAC=\"" MAC40 "\"; f=g";
	struct initiator who = { 0 };
	struct admit_config cf = { 0 };
	struct admit_request rq = { .who = &who, .authenticated = true };
	size_t n;

	for (n = 0; n < sizeof type; n++) {
		struct content content = { .kind = CONTENT_PROV, .type = exactly(n + 1) };
		struct content_part part = { 0 };
		struct admission a = { 0 };
		struct signing sg;
		int code;

		memcpy(content.type, type, n);
		content.type[n] = '\0';
		code = admit_sign_begin(&cf, &rq, &a, &part, &content, &sg);
		assert_true(code == 0 || code == PAP_BAD_REQUEST);
		if (n == sizeof type - 1)
			assert_string_equal(sg.type.s, type);
		admit_sign_done(&sg);
		content_done(&content);
	}
}

static void
a_pin_in_the_wrong_place(void **state)
{
	struct initiator who = { 0 };
	char pin[] = "739105";
	struct admit_config cf = { 0 };
	struct admit_request rq = { .who = &who, .authenticated = true, .outer_header = pin_of_request, .arg = pin };
	struct content content = { 0 };
	struct content_part part = { 0 };
	struct admission a = { 0 };
	struct signing sg;

	assert_int_equal(content_prepare(span_str(CP "; SEC=1"), body, false, &content, NULL), OK);
	assert_int_equal(admit_sign_begin(&cf, &rq, &a, &part, &content, &sg), PAP_BAD_REQUEST);
	assert_non_null(strstr(a.why.text, "belongs to the headers of part 2"));
	admit_sign_done(&sg);
	rq.outer_header = NULL;
	part.n_headers = 2;
	part.headers[0] = part.headers[1] = (struct mime_header){ span_str("X-OpenPPG-User-PIN"), span_str(pin) };
	assert_int_equal(admit_sign_begin(&cf, &rq, &a, &part, &content, &sg), PAP_BAD_REQUEST);
	admit_sign_done(&sg);
	admit_sign_forget(&part);
	assert_memory_equal(pin, "\0\0\0\0\0\0", sizeof pin);
	content_done(&content);
}

/* ---- the message -------------------------------------------------------------------------------------------- */

static int
sign(const char *type, const char *pin, struct admission *a, struct signing *sg, struct span *headers, uint8_t block[512])
{
	struct ask k = { .type = type };
	char *copy = pin != NULL ? span_dup(span_str(pin)) : NULL;
	struct admit_config cf = { 0 };
	struct admit_request rq = { 0 };
	struct wbuf w = wbuf_into(block, 512);
	size_t air_n;
	int code;

	assert_int_equal(begin(&k, copy, false, sg, a), 0);
	assert_int_equal(wsp_content_type_encode(&w, sbuf_as_span(&sg->type), NULL), OK);
	*headers = wbuf_span(&w);
	code = admit_sign(&cf, &rq, a, sg, body, headers, &air_n);
	if (code == 0)
		assert_int_equal(air_n, headers->n);
	free(copy);
	return code;
}

static void
one_mac_for_all(void **state)
{
	struct store_recipient to[3] = { { .to = "+12025550101" }, { .to = "+12025550102" }, { .to = "+12025550103" } };
	static const struct { const char *pin; bool weak, inside; } rows[] = {
		{ "739105", false, false }, { "1111", true, false }, { "2345", true, false }, { "9876", true, false },
		{ "9012", true, false }, { "2109", true, false }, { "1357", false, false }, { "1233", false, false },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct admission a = { .recipients = to, .n_recipients = 3 };
		char mac[PROV_MAC_HEX + 1];
		struct push_facts *f;
		struct signing sg;
		struct span headers;
		uint8_t block[512];

		assert_int_equal(sign(CP "; SEC=1", rows[i].pin, &a, &sg, &headers, block), 0);
		prov_mac(span_str(rows[i].pin), body, mac);
		f = push_facts_read(headers, body);
		assert_string_equal(f->mac, mac);
		admit_sign_facts(&a, 1, f, mac);
		assert_string_equal(f->mac, mac);
		push_facts_free(&f);
		assert_int_equal(a.weak_pin, rows[i].weak);
		assert_false(a.pin_inside);
		assert_null(a.overlays);
		admit_sign_done(&sg);
	}
}

static void
a_pin_that_travels_along(void **state)
{
	struct store_recipient to = { .to = "+12025550101" };
	struct admission a = { .recipients = &to, .n_recipients = 1 };
	struct signing sg;
	struct span headers;
	uint8_t block[512];

	assert_int_equal(sign(CP "; SEC=1; x=07391051", "739105", &a, &sg, &headers, block), 0);
	assert_true(a.pin_inside);
	admit_sign_done(&sg);
}

static void
an_ota_pin_stays_off_the_air(void **state)
{
	struct store_recipient to = { .to = "+12025550101" };
	struct admission a = { .recipients = &to, .n_recipients = 1 };
	struct signing sg;
	struct span headers;
	uint8_t block[512];

	assert_int_equal(sign(CP "; SEC=3", "12345", &a, &sg, &headers, block), 0);
	assert_string_equal(a.ota_pin, "1234528080");
	assert_int_equal(headers.n, 4);
	assert_memory_equal(headers.p, "\x03\xB6\x91\x83", 4);
	admit_sign_done(&sg);
}

static void
nobody_is_known(void **state)
{
	struct store_recipient to = { .to = "+12025550101" };
	struct admission a = { .recipients = &to, .n_recipients = 1 };
	struct signing sg;
	struct span headers;
	uint8_t block[512];

	assert_int_equal(sign(CP "; SEC=2", "739105", &a, &sg, &headers, block), PAP_FORBIDDEN);
	assert_string_equal(a.why.text, "USERNETWPIN: the subscriber's IMSI is not known");
	admit_sign_done(&sg);
}

/* Header blocks of their own cost memory and disk: all of them together have a limit. */
static void
large_headers_for_many(void **state)
{
	enum { MANY = 100000 };
	static const struct { size_t more; int code; const char *word; } rows[] = {
		{ 200, PAP_FORBIDDEN, "IMSI is not known" }, { 230, PAP_BAD_REQUEST, "at most 335 are taken" },
	};
	struct store_recipient *to = calloc(MANY, sizeof *to);
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct admission a = { .recipients = to, .n_recipients = MANY };
		struct sbuf type = { 0 };
		struct signing sg;
		struct span headers;
		uint8_t block[512];
		uint32_t k;

		sbuf_fmt(&type, CP "; SEC=0; x=%0*d; y=%064d", (int)rows[i].more, 0, 0);
		assert_int_equal(sign(type.s, NULL, &a, &sg, &headers, block), rows[i].code);
		assert_non_null(strstr(a.why.text, rows[i].word));
		for (k = 0; a.held_desc != NULL && k < MANY; k++)
			free(a.held_desc[k]);
		free(a.held_desc);
		free(a.overlays);
		memset(to, 0, MANY * sizeof *to);
		admit_sign_done(&sg);
		sbuf_done(&type);
	}
	free(to);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(macs_of_all_methods),
		cmocka_unit_test(network_keys_of_subscribers),
		cmocka_unit_test(the_mac_goes_behind_sec),
		cmocka_unit_test(what_wants_no_mac),
		cmocka_unit_test(signed_when_due),
		cmocka_unit_test(who_may_ask),
		cmocka_unit_test(every_truncation_of_a_type),
		cmocka_unit_test(a_pin_in_the_wrong_place),
		cmocka_unit_test(one_mac_for_all),
		cmocka_unit_test(a_pin_that_travels_along),
		cmocka_unit_test(an_ota_pin_stays_off_the_air),
		cmocka_unit_test(nobody_is_known),
		cmocka_unit_test(large_headers_for_many),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
