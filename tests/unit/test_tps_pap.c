/* The initiator's side of PAP in tps: what it submits, and what it takes for a result notification. */
#include "tests/unit/test.h"

#include "contrib/tps/pap.h"

#define HEAD "<?xml version=\"1.0\"?><!DOCTYPE pap PUBLIC \"-//WAPFORUM//DTD PAP 2.0//EN\" \"x\"><pap>"
#define NOTE(attributes, more) HEAD "<resultnotification-message " attributes ">" more "</resultnotification-message></pap>"
#define GOOD "push-id=\"1@dm\" message-state=\"delivered\" code=\"1000\""
#define ADDRESS "<address address-value=\"WAPPUSH=+12025550123/TYPE=PLMN@ppg.example.net\"/>"

static void
accepted(void **state)
{
	static const char doc[] = NOTE(GOOD " event-time=\"2026-01-02T03:04:05Z\" desc=\"fine &amp; good\" sender-name=\"x\"",
	    ADDRESS "<quality-of-service delivery-method=\"unconfirmed\"/>");
	struct tps_push p;
	struct why why = { 0 };

	assert_int_equal(tps_pap_notification(span_str(doc), &p, &why), OK);
	assert_string_equal(p.push_id, "1@dm");
	assert_string_equal(p.address, "WAPPUSH=+12025550123/TYPE=PLMN@ppg.example.net");
	assert_string_equal(p.state, "delivered");
	assert_string_equal(p.desc, "fine & good");
	assert_int_equal(p.code, 1000);
	assert_int_equal(p.event_time, 1767323045);
	/* several addresses (some gateways): the first one counts */
	assert_int_equal(tps_pap_notification(span_str(NOTE(GOOD, ADDRESS "<address address-value=\"b\"/>")), &p, &why), OK);
	assert_string_equal(p.address, "WAPPUSH=+12025550123/TYPE=PLMN@ppg.example.net");
}

static void
rejected(void **state)
{
	static const struct {
		const char *doc, *why;
	} rows[] = {
		{ "", "" },
		{ "<pap", "" },
		{ HEAD "</pap>", "no PAP document with a resultnotification-message" },
		{ HEAD "<push-response push-id=\"1\"><response-result code=\"1001\"/></push-response></pap>", "no PAP document" },
		{ NOTE(GOOD, ""), "no address" },
		{ NOTE(GOOD, "<address/>"), "no address-value" },
		{ NOTE("message-state=\"delivered\" code=\"1000\"", ADDRESS), "no push-id" },
		{ NOTE("push-id=\"1\" code=\"1000\"", ADDRESS), "no message-state" },
		{ NOTE("push-id=\"1\" message-state=\"happy\" code=\"1000\"", ADDRESS), "message-state is none of PAP's" },
		{ NOTE("push-id=\"1\" message-state=\"delivered\"", ADDRESS), "has no code" },
		{ NOTE("push-id=\"1\" message-state=\"delivered\" code=\"999\"", ADDRESS), "has no code" },
		{ NOTE("push-id=\"1\" message-state=\"delivered\" code=\"6000\"", ADDRESS), "has no code" },
		{ NOTE("push-id=\"1\" message-state=\"delivered\" code=\"1000x\"", ADDRESS), "has no code" },
		{ NOTE(GOOD " event-time=\"2026-02-30T00:00:00Z\"", ADDRESS), "event-time is no time" },
		{ "<!DOCTYPE a [<!ENTITY b \"c\">]><pap/>", "entity" },
	};
	struct tps_push p;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct why why = { 0 };

		if (tps_pap_notification(span_str(rows[i].doc), &p, &why) == OK)
			fail_msg("row %zu is taken", i);
		if (strstr(why.text, rows[i].why) == NULL)
			fail_msg("row %zu: \"%s\" does not say \"%s\"", i, why.text, rows[i].why);
		assert_string_equal(p.push_id, "");
	}
}

/* Attributes that do not fit are refused, not cut; a description may be. */
static void
lengths(void **state)
{
	static const struct {
		const char *head, *tail;
		size_t fits;		/* octets of the value */
		bool cut;
	} rows[] = {
		{ HEAD "<resultnotification-message message-state=\"delivered\" code=\"1000\" push-id=\"", "\">" ADDRESS, 127, false },
		{ HEAD "<resultnotification-message " GOOD "><address address-value=\"", "\"/>", 299, false },
		{ HEAD "<resultnotification-message " GOOD " desc=\"", "\">" ADDRESS, 199, true },
	};
	size_t i, extra;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (extra = 0; extra < 2; extra++) {
			struct sbuf doc = { 0 };
			struct tps_push p;
			struct why why;
			size_t k;
			int err;

			sbuf_str(&doc, rows[i].head);
			for (k = 0; k < rows[i].fits + extra; k++)
				sbuf_char(&doc, 'a');
			sbuf_str(&doc, rows[i].tail);
			sbuf_str(&doc, "</resultnotification-message></pap>");
			err = tps_pap_notification(sbuf_as_span(&doc), &p, &why);
			assert_int_equal(err, extra == 0 || rows[i].cut ? OK : ERR_LIMIT);
			sbuf_done(&doc);
		}
	}
}

static void
cut_short(void **state)
{
	static const char doc[] = NOTE(GOOD, ADDRESS);
	size_t n;

	for (n = 0; n < sizeof doc - 1; n++) {
		char *copy = malloc(n > 0 ? n : 1);
		struct tps_push p;
		struct why why;

		memcpy(copy, doc, n);
		assert_int_not_equal(tps_pap_notification(span_of(copy, n), &p, &why), OK);
		free(copy);
	}
}

static void
addresses(void **state)
{
	static const struct {
		const char *url, *name, *expected;
	} rows[] = {
		{ "http://ppg.example.net:8080/wappush", NULL, "WAPPUSH=+12025550123/TYPE=PLMN@ppg.example.net" },
		{ "https://ppg.example.net", NULL, "WAPPUSH=+12025550123/TYPE=PLMN@ppg.example.net" },
		{ "http://127.0.0.1/x", NULL, "WAPPUSH=+12025550123/TYPE=PLMN@127.0.0.1" },
		{ "http://[::1]:8080/x", NULL, "WAPPUSH=+12025550123/TYPE=PLMN@localhost" },
		{ "http://127.0.0.1/x", "ppg.example.net", "WAPPUSH=+12025550123/TYPE=PLMN@ppg.example.net" },
	};
	char out[300];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct tps_config cf = { .gateway_url = rows[i].url, .gateway_name = rows[i].name };

		tps_client_address(&cf, "+12025550123", out, sizeof out);
		assert_string_equal(out, rows[i].expected);
	}
}

/* Two entities; the PIN is a header of the second one; the boundary of the type is that of the body. */
static void
composed(void **state)
{
	const struct tps_config cf = { .gateway_url = "http://ppg.example.net/", .server_id = "dm", .notify_url = "http://n.example.net/?a=1&b=2" };
	const struct tps_submission s = { .push_id = "<1>@dm", .msisdn = "+12025550123", .type = "text/x; SEC=USERPIN",
		.app_id = "x-wap-application:syncml.dm", .user_pin = "1234", .body = { (const uint8_t *)"a\0b", 3 } };
	struct sbuf body = { 0 }, type = { 0 };
	char boundary[64] = "";

	tps_pap_compose(&cf, &s, &body, &type);
	assert_int_equal(sscanf(type.s, "multipart/related; boundary=\"%63[^\"]\"; type=\"application/xml\"", boundary), 1);
	assert_int_equal(strncmp(body.s, "--", 2), 0);
	assert_int_equal(strncmp(body.s + 2, boundary, strlen(boundary)), 0);
	assert_non_null(strstr(body.s, "push-id=\"&lt;1&gt;@dm\""));
	assert_non_null(strstr(body.s, "ppg-notify-requested-to=\"http://n.example.net/?a=1&amp;b=2\""));
	assert_non_null(strstr(body.s, "\r\nContent-Type: text/x; SEC=USERPIN\r\nX-Wap-Application-Id: x-wap-application:syncml.dm\r\n"
	    "X-OpenPPG-User-PIN: 1234\r\nContent-Transfer-Encoding: binary\r\n\r\na"));
	assert_non_null(memmem(body.s, body.n, "\r\n\r\na\0b\r\n--", 11));
	sbuf_done(&body);
	sbuf_done(&type);
}

static void
push_ids(void **state)
{
	const struct tps_config cf = { .server_id = "dm.example" };
	char a[128], b[128];

	tps_push_id(&cf, a, sizeof a);
	tps_push_id(&cf, b, sizeof b);
	assert_string_not_equal(a, b);
	assert_string_equal(a + 32, "@dm.example");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted), cmocka_unit_test(rejected), cmocka_unit_test(lengths), cmocka_unit_test(cut_short),
		cmocka_unit_test(addresses), cmocka_unit_test(composed), cmocka_unit_test(push_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
