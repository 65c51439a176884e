/* test_pap.c - PAP control entities in and documents out; rows X-.. of doc/bad-input.md. */
#include "tests/unit/test.h"

#include <time.h>

#include "ppg/pap.h"

#define DOCTYPE(v) "<?xml version=\"1.0\"?><!DOCTYPE pap PUBLIC \"-//WAPFORUM//DTD PAP " v \
	"//EN\" \"http://www.wapforum.org/DTD/pap.dtd\">"
#define ADDRESS "<address address-value=\"WAPPUSH=+12025550143/TYPE=PLMN@ppg.example.net\"/>"
#define PUSH(attrs, children) "<pap><push-message push-id=\"1@pi\"" attrs ">" children "</push-message></pap>"

static int
parse(const char *doc, struct pap_control *c, struct why *why)
{
	return pap_parse(span_str(doc), NULL, 100, &pap_leniency_usual, c, why);
}

static void
a_whole_push_message(void **state)
{
	struct pap_control c;
	struct why why;

	assert_int_equal(parse(DOCTYPE("2.0") "<pap product-name=\"pi\"><push-message push-id=\"a&amp;b\" "
	    "deliver-before-timestamp=\"2026-12-01T00:00:00Z\" deliver-after-timestamp=\"2026-11-30T00:00:00Z\" "
	    "ppg-notify-requested-to=\"http://pi.example.net/n\" source-reference=\"ref\" "
	    "progress-notes-requested=\"true\">" ADDRESS
	    "<address address-value=\"WAPPUSH=+12025550144/TYPE=PLMN@ppg.example.net\"></address>"
	    "<quality-of-service priority=\"high\" delivery-method=\"unconfirmed\" network=\"gsm\" "
	    "network-required=\"true\" bearer=\"sms\"/></push-message></pap>", &c, &why), OK);
	assert_false(c.invalid);
	assert_int_equal(c.message, PAP_PUSH);
	assert_string_equal(c.push_id, "a&b");
	assert_int_equal(c.n_addresses, 2);
	assert_string_equal(c.addresses[1], "WAPPUSH=+12025550144/TYPE=PLMN@ppg.example.net");
	assert_true(c.deliver_before - c.deliver_after == 86400);
	assert_string_equal(c.notify_url, "http://pi.example.net/n");
	assert_true(c.progress_notes);
	assert_true(c.qos.present && c.qos.network_required && !c.qos.bearer_required);
	assert_string_equal(c.qos.priority, "high");
	assert_true(c.above_10);
	pap_control_done(&c);
}

static void
versions_are_read_as_meant(void **state)
{
	static const struct { const char *doctype; int major, minor; } rows[] = {
		{ DOCTYPE("1.0"), 1, 0 }, { DOCTYPE("2.0"), 2, 0 }, { DOCTYPE("2.1"), 2, 1 },
		{ DOCTYPE("2.10"), 2, 10 }, { "", 2, 1 },
		{ "<!DOCTYPE pap PUBLIC \"-//WAPFORUM//DTD PAP//EN\" \"x\">", 1, 0 },
		{ "<!DOCTYPE pap PUBLIC \"//WAPFORUM//DTD PAP 2.0//EN\" \"x\">", 2, 0 },
		{ "<!DOCTYPE pap PUBLIC \"-//OMA//DTD PAP 2.1//EN\" \"x\">", 2, 1 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sbuf doc = { 0 };
		struct pap_control c;
		struct why why;

		sbuf_str(&doc, rows[i].doctype);
		sbuf_str(&doc, PUSH("", ADDRESS));
		assert_int_equal(parse(doc.s, &c, &why), OK);
		assert_int_equal(c.version.major, rows[i].major);
		assert_int_equal(c.version.minor, rows[i].minor);
		pap_control_done(&c);
		sbuf_done(&doc);
	}
}

/* X-09 and pap.md 4.2 */
static void
version_of_the_answer(void **state)
{
	static const struct { const char *subset; int major, minor; bool above; } rows[] = {
		{ "", 1, 0, true },
		{ "[<?wap-pap-ver supported-versions=\"3.0,2.0,1.*\"?>]", 2, 0, true },
		{ "[<?wap-pap-ver supported-versions=\"3.*,2.*\"?>]", 2, 1, true },
		{ "[<?wap-pap-ver supported-versions=\"3.0,1.*\"?>]", 1, 0, true },
		{ "[<?wap-pap-ver supported-versions=\"4.0\"?>]", 1, 0, true },
		{ "[<?wap-pap-ver supported-versions='2.3,2.0'?>]", 2, 3, true },
		{ "[<?wap-pap-ver supported-versions = \"3.300,1.0,2.0\" more='x'?>]", 1, 0, true },
		{ "[<?wap-pap-ver supported-versions=\"2\"?>]", 1, 0, true },
		{ "[<?wap-pap-ver supported-versions=2.0?>]", 1, 0, true },
		{ "[<?other supported-versions=\"2.0\"?>]", 1, 0, true },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sbuf doc = { 0 };
		struct pap_control c;
		struct why why;
		struct pap_version v;

		sbuf_fmt(&doc, "<!DOCTYPE pap PUBLIC \"-//WAPFORUM//DTD PAP 3.0//EN\" \"x\" %s>%s", rows[i].subset,
		    PUSH("", ADDRESS));
		assert_int_equal(parse(doc.s, &c, &why), ERR_UNSUPPORTED);
		v = pap_reply_version(&c);
		assert_int_equal(v.major, rows[i].major);
		assert_int_equal(v.minor, rows[i].minor);
		assert_int_equal(c.above_10, rows[i].above);
		pap_control_done(&c);
		sbuf_done(&doc);
	}
}

/* No PAP document at all: badmessage. */
static void
what_is_no_pap_document(void **state)
{
	static const struct { const char *doc, *says; } rows[] = {
		{ "<pap><push-message push-id=\"1\">" ADDRESS "</pap>", "line 1" },		/* */
		{ PUSH("", ADDRESS) "<pap/>", "line 1" },
		{ PUSH("", ADDRESS) "text", "line 1" },
		{ "<!DOCTYPE pap [<!ENTITY x \"y\">]>" PUSH("", ADDRESS), "entity" },		/* */
		{ "<!DOCTYPE pap [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><pap>&x;</pap>", "entity" },
		{ "<html/>", "html" },								/* */
		{ "<pap><push-response push-id=\"1\"/></pap>", "push-response" },
		{ "<pap/>", "no message" },
		{ "<pap>" "<push-message push-id=\"1\">" ADDRESS "</push-message>"
		  "<push-message push-id=\"2\">" ADDRESS "</push-message></pap>", "more than one" },
		{ "<pap><push-message push-id=\"\xFF\">" ADDRESS "</push-message></pap>", "" },	/* */
		{ "", "" },
		{ "<!DOCTYPE html PUBLIC \"x\" \"y\"><pap/>", "html" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pap_control c;
		struct why why = { 0 };
		int err = parse(rows[i].doc, &c, &why);

		if (err != ERR_SYNTAX && err != ERR_LIMIT)
			fail_msg("row %zu: %d", i, err);
		if (strstr(why.text, rows[i].says) == NULL || why.text[0] == '\0')
			fail_msg("row %zu: \"%s\" does not say \"%s\"", i, why.text, rows[i].says);
		pap_control_done(&c);
	}
}

/* A document whose meaning is wrong: push-response 2000 naming the place. */
static void
what_the_dtd_forbids(void **state)
{
	static const struct { const char *doc, *says; } rows[] = {
		{ DOCTYPE("2.0") PUSH(" wrong=\"1\"", ADDRESS), "wrong" },
		{ DOCTYPE("2.0") PUSH("", ADDRESS "<xi:include href=\"/etc/passwd\"/>"), "xi:include" },	/* */
		{ DOCTYPE("2.0") PUSH("", ""), "no address" },
		{ DOCTYPE("2.0") PUSH("", "<address/>"), "address-value" },
		{ DOCTYPE("2.0") PUSH("", "<quality-of-service/>" ADDRESS), "address after" },
		{ DOCTYPE("2.0") PUSH("", ADDRESS "<quality-of-service delivery-method=\"UNCONFIRMED\"/>"), "UNCONFIRMED" },
		{ DOCTYPE("2.0") PUSH(" deliver-before-timestamp=\"2026-02-30T10:00:00Z\"", ADDRESS), "deliver-before" },
		{ DOCTYPE("2.0") PUSH(" deliver-after-timestamp=\"2026-02-20T10:00:00\"", ADDRESS), "deliver-after" },
		{ DOCTYPE("2.0") PUSH("", ADDRESS "text"), "text" },
		{ DOCTYPE("2.0") "<pap><push-message>" ADDRESS "</push-message></pap>", "push-id" },	/* */
		{ DOCTYPE("2.0") "<pap><push-message push-id=\"a&#9;b\">" ADDRESS "</push-message></pap>", "control" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pap_control c;
		struct why why = { 0 };

		assert_int_equal(parse(rows[i].doc, &c, &why), OK);
		if (!c.invalid || strstr(c.invalid_why.text, rows[i].says) == NULL)
			fail_msg("row %zu: \"%s\" does not say \"%s\"", i, c.invalid_why.text, rows[i].says);
		pap_control_done(&c);
	}
}

static void
newer_minor_versions_may_add(void **state)
{
	struct pap_control c;
	struct why why;

	assert_int_equal(parse(DOCTYPE("2.2") PUSH(" new=\"1\"", ADDRESS "<new><er/></new>"), &c, &why), OK);
	assert_false(c.invalid);
	assert_int_equal(c.n_addresses, 1);
	pap_control_done(&c);
}

/* Only the form of a document of another major version is looked at, but that is. */
static void
form_goes_before_version(void **state)
{
	static const struct { const char *doc; int err; } rows[] = {
		{ DOCTYPE("3.0") "<pap><new-message/></pap>", ERR_UNSUPPORTED },
		{ DOCTYPE("3.0") "<push/>", ERR_UNSUPPORTED },
		{ DOCTYPE("0.9") PUSH("", ADDRESS), ERR_UNSUPPORTED }, { DOCTYPE("0.0") PUSH("", ADDRESS), ERR_UNSUPPORTED },
		{ DOCTYPE("3.0") "<pap><push-message></pap>", ERR_SYNTAX },
		{ DOCTYPE("3.0"), ERR_SYNTAX },
		{ DOCTYPE("1.1") PUSH(" new=\"1\" replace-push-id=\"0\"", ADDRESS "<new/>"), OK },
		{ DOCTYPE("2.99999999999") PUSH(" new=\"1\"", ADDRESS), OK },
	};
	struct pap_control c;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (parse(rows[i].doc, &c, &why) != rows[i].err)
			fail_msg("row %zu: %s", i, why.text);
		assert_false(c.invalid);
		assert_null(c.replace_push_id);
		pap_control_done(&c);
	}
	/* nothing is known of whoever sent this, so the answer is one that everybody reads */
	assert_int_equal(parse("<pap", &c, &why), ERR_SYNTAX);
	assert_int_equal(pap_reply_version(&c).major, 1);
	assert_false(c.above_10);
	pap_control_done(&c);
	assert_int_equal(parse(DOCTYPE("0.9") PUSH("", ADDRESS), &c, &why), ERR_UNSUPPORTED);
	assert_false(c.above_10);
	pap_control_done(&c);
	/* a receiver of notifications that could not read one */
	assert_int_equal(parse("<pap><badmessage-response code=\"3002\"/></pap>", &c, &why), ERR_SYNTAX);
	assert_int_equal(c.response_code, 3002);
	pap_control_done(&c);
	assert_int_equal(parse("<pap><ccq-message>" ADDRESS ADDRESS "</ccq-message></pap>", &c, &why), OK);
	assert_true(c.invalid);
	pap_control_done(&c);
}

/* The list in our answers says no more and no less than what is served. */
static void
the_list_is_true(void **state)
{
	struct sbuf list = { 0 };
	struct pap_version v;
	unsigned major;
	char want[8];

	pap_versions_served(&list);
	for (major = 0; major < 256; major++) {
		snprintf(want, sizeof want, "%u.*", major);
		v = (struct pap_version){ (uint8_t)major, 0 };
		assert_int_equal(pap_version_served(v), strstr(list.s, want) != NULL && major < 10);
	}
	sbuf_done(&list);
}

static void
limits_hold(void **state)
{
	struct sbuf doc = { 0 };
	struct pap_control c;
	struct why why;
	int i;

	sbuf_str(&doc, "<pap><push-message push-id=\"1\">");
	for (i = 0; i < 101; i++)
		sbuf_str(&doc, ADDRESS);
	sbuf_str(&doc, "</push-message></pap>");
	assert_int_equal(parse(doc.s, &c, &why), ERR_LIMIT);
	pap_control_done(&c);
	sbuf_clear(&doc);
	sbuf_str(&doc, "<pap><push-message push-id=\"");
	for (i = 0; i < PAP_PUSH_ID_MAX + 1; i++)
		sbuf_char(&doc, 'x');
	sbuf_str(&doc, "\">" ADDRESS "</push-message></pap>");
	assert_int_equal(parse(doc.s, &c, &why), OK);
	assert_true(c.invalid);			/* P-09 */
	pap_control_done(&c);
	sbuf_done(&doc);
}

static void
answers_are_escaped_and_versioned(void **state)
{
	const struct pap_writer w = { "p", "http://ppg.example.net/", "n" };
	struct sbuf out = { 0 };

	pap_push_response(&out, &w, (struct pap_version){ 2, 0 }, true, "<b>'\"&", 1001, NULL, 0, NULL, 0);
	assert_non_null(strstr(out.s, "DTD PAP 2.0//EN"));
	assert_non_null(strstr(out.s, "<?wap-pap-ver supported-versions="));
	assert_non_null(strstr(out.s, "push-id=\"&lt;b&gt;&apos;&quot;&amp;\""));
	assert_non_null(strstr(out.s, "desc=\"Accepted for processing\""));
	sbuf_clear(&out);
	pap_badmessage_response(&out, &w, (struct pap_version){ 1, 0 }, false, 2000, "no", span_str("<x"));
	assert_non_null(strstr(out.s, "DTD PAP 1.0//EN"));
	assert_null(strstr(out.s, "wap-pap-ver"));
	assert_non_null(strstr(out.s, "bad-message-fragment=\"&lt;x\""));
	sbuf_done(&out);
}

/* What we write is what we read. */
static void
our_own_submission_parses(void **state)
{
	static const char *const addresses[] = { "WAPPUSH=+12025550143/TYPE=PLMN@ppg.example.net" };
	struct pap_submit s = { .push_id = "id<1>", .notify_url = "http://127.0.0.1/n", .version = "2.0",
		.addresses = addresses, .n_addresses = 1 };
	struct sbuf out = { 0 };
	struct pap_control c;
	struct why why;

	pap_push_message(&out, &s);
	assert_int_equal(parse(out.s, &c, &why), OK);
	assert_false(c.invalid);
	assert_string_equal(c.push_id, "id<1>");
	assert_int_equal(c.version.minor, 0);
	pap_control_done(&c);
	sbuf_done(&out);
}

static void
notification_and_its_response(void **state)
{
	const struct pap_writer w = { "p", "a", "n" };
	const struct pap_qos_used qos = { .delivery_method = "unconfirmed" };
	struct pap_result r = { "1", "WAPPUSH=x/TYPE=USER@y", "delivered", NULL, 1000, 1, 2, &qos };
	struct sbuf out = { 0 };
	struct pap_control c;
	struct why why;

	pap_resultnotification(&out, &w, (struct pap_version){ 2, 0 }, true, &r);
	assert_non_null(strstr(out.s, "message-state=\"delivered\" code=\"1000\""));
	assert_non_null(strstr(out.s, "delivery-method=\"unconfirmed\""));
	sbuf_done(&out);
	assert_int_equal(parse("<pap><resultnotification-response push-id=\"1\" code=\"1000\"/></pap>", &c, &why), OK);
	assert_int_equal(c.message, PAP_NOTIFICATION_RESPONSE);
	assert_int_equal(c.response_code, 1000);
	pap_control_done(&c);
}

/* The document type and pap element in front of an answer, for comparisons of what follows. */
static const char *
message_of(const struct sbuf *out)
{
	const char *pap = strstr(out->s, "<pap"), *end = strstr(out->s, "</pap>");

	assert_non_null(pap);
	assert_non_null(end);
	assert_string_equal(end, "</pap>\n");
	return strchr(pap, '\n') + 1;
}

static void
answers_to_operations(void **state)
{
	static const char *const one[] = { "WAPPUSH=+12025550143/TYPE=PLMN@p" };
	static const char *const two[] = { "WAPPUSH=a%26b/TYPE=USER@p", "WAPPUSH=<x>/TYPE=USER@p" };
	const struct pap_writer w = { NULL, "a", "n" };
	const struct pap_qos_used qos = { .delivery_method = "unconfirmed", .bearer = "SMS" };
	const struct pap_outcome outcomes[] = {
		{ .addresses = one, .n_addresses = 1, .code = 1000, .state = "delivered", .event_time = 86400, .qos = &qos },
		{ .addresses = two, .n_addresses = 2, .code = 2008, .desc = "under way", .state = "pending" },
	};
	const struct pap_version v20 = { 2, 0 }, v10 = { 1, 0 };
	struct sbuf out = { 0 };

	pap_cancel_response(&out, &w, v20, true, "id&", outcomes, 2);
	assert_string_equal(message_of(&out),
	    "<cancel-response push-id=\"id&amp;\">\n"
	    "<cancel-result code=\"1000\" desc=\"OK\">\n"
	    "<address address-value=\"WAPPUSH=+12025550143/TYPE=PLMN@p\"/>\n</cancel-result>\n"
	    "<cancel-result code=\"2008\" desc=\"under way\">\n"
	    "<address address-value=\"WAPPUSH=a%26b/TYPE=USER@p\"/>\n"
	    "<address address-value=\"WAPPUSH=&lt;x&gt;/TYPE=USER@p\"/>\n</cancel-result>\n"
	    "</cancel-response>\n</pap>\n");
	sbuf_clear(&out);
	pap_statusquery_response(&out, &w, v20, true, "id", outcomes, 2);
	assert_string_equal(message_of(&out),
	    "<statusquery-response push-id=\"id\">\n"
	    "<statusquery-result event-time=\"1970-01-02T00:00:00Z\" message-state=\"delivered\" code=\"1000\" desc=\"OK\">\n"
	    "<address address-value=\"WAPPUSH=+12025550143/TYPE=PLMN@p\"/>\n"
	    "<quality-of-service delivery-method=\"unconfirmed\" bearer=\"SMS\"/>\n</statusquery-result>\n"
	    "<statusquery-result message-state=\"pending\" code=\"2008\" desc=\"under way\">\n"
	    "<address address-value=\"WAPPUSH=a%26b/TYPE=USER@p\"/>\n"
	    "<address address-value=\"WAPPUSH=&lt;x&gt;/TYPE=USER@p\"/>\n</statusquery-result>\n"
	    "</statusquery-response>\n</pap>\n");
	sbuf_clear(&out);
	pap_ccq_response(&out, &w, v20, true, "q", one[0], 3008, NULL);
	assert_string_equal(message_of(&out),
	    "<ccq-response query-id=\"q\" code=\"3008\" desc=\"Capabilities not available\">\n"
	    "<address address-value=\"WAPPUSH=+12025550143/TYPE=PLMN@p\"/>\n</ccq-response>\n</pap>\n");
	sbuf_clear(&out);
	pap_ccq_response(&out, &w, v10, false, NULL, one[0], 1000, NULL);
	assert_null(strstr(out.s, "query-id"));
	sbuf_done(&out);
}

static void
codes_of_a_version(void **state)
{
	static const struct { unsigned major; enum pap_message to; int code, written; } rows[] = {
		{ 1, PAP_CANCEL, 2008, 3003 }, { 2, PAP_CANCEL, 2008, 2008 },
		{ 1, PAP_NONE, 2008, 2000 }, { 1, PAP_PUSH, 2008, 2000 }, { 2, PAP_PUSH, 2008, 2008 },
		{ 1, PAP_PUSH, 3011, 3000 }, { 2, PAP_PUSH, 3011, 3011 },
		{ 1, PAP_PUSH, 1001, 1001 }, { 1, PAP_CANCEL, 2004, 2004 }, { 1, PAP_NONE, 5234, 5234 },
	};
	static const struct { int code, means; } unknown[] = {
		{ 1000, 1000 }, { 1999, 1000 }, { 2008, 2008 }, { 2009, 2000 }, { 3555, 3000 }, { 4002, 4000 },
		{ 5234, 5234 }, { 5999, 5000 }, { 5000, 5000 }, { 999, 0 }, { 6000, 0 }, { 0, 0 }, { -1000, 0 },
	};
	const struct pap_writer w = { NULL, "a", "n" };
	const struct pap_outcome late = { .code = PAP_CANCEL_IMPOSSIBLE };
	struct sbuf out = { 0 };
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(pap_status_for((struct pap_version){ (uint8_t)rows[i].major, 0 }, rows[i].to,
		    rows[i].code), rows[i].written);
	for (i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
		assert_int_equal(pap_status_effective(unknown[i].code), unknown[i].means);
	pap_cancel_response(&out, &w, (struct pap_version){ 1, 0 }, false, "1", &late, 1);
	assert_non_null(strstr(out.s, "code=\"3003\" desc=\"Not possible\""));
	/* a private code goes out as it is, with the name of its class */
	sbuf_clear(&out);
	pap_push_response(&out, &w, (struct pap_version){ 2, 0 }, false, "1", 2777, NULL, 0, NULL, 0);
	assert_non_null(strstr(out.s, "code=\"2777\" desc=\"Bad request\""));
	sbuf_clear(&out);
	pap_push_response(&out, &w, (struct pap_version){ 2, 0 }, false, "1", 5238, NULL, 0, NULL, 0);
	assert_non_null(strstr(out.s, "code=\"5238\" desc=\"Mobile client aborted\""));
	sbuf_done(&out);
}

static void
replacement_and_queries_are_read(void **state)
{
	static const struct { const char *attrs; bool pending_only; } rows[] = {
		{ " replace-push-id=\"0@pi\"", false }, { " replace-push-id=\"0@pi\" replace-method=\"all\"", false },
		{ " replace-push-id=\"0@pi\" replace-method=\"pending-only\"", true },
	};
	struct pap_control c;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sbuf doc = { 0 };

		sbuf_fmt(&doc, DOCTYPE("2.0") "<pap><push-message push-id=\"1\"%s>" ADDRESS "</push-message></pap>", rows[i].attrs);
		assert_int_equal(parse(doc.s, &c, &why), OK);
		assert_false(c.invalid);
		assert_string_equal(c.replace_push_id, "0@pi");
		assert_int_equal(c.replace_pending_only, rows[i].pending_only);
		pap_control_done(&c);
		sbuf_done(&doc);
	}
	assert_int_equal(parse(DOCTYPE("2.0") "<pap><ccq-message query-id=\"q\" app-id=\"x-wap-application:mms.ua\">" ADDRESS
	    "</ccq-message></pap>", &c, &why), OK);
	assert_false(c.invalid);
	assert_string_equal(c.query_id, "q");
	assert_string_equal(c.app_id, "x-wap-application:mms.ua");
	pap_control_done(&c);
}

static void
every_truncation_is_refused(void **state)
{
	const char *doc = DOCTYPE("2.0") PUSH("", ADDRESS);
	size_t n, all = strlen(doc);

	for (n = 0; n < all; n++) {
		char *exact = malloc(n ? n : 1);
		struct pap_control c;
		struct why why;

		memcpy(exact, doc, n);
		assert_int_not_equal(pap_parse(span_of(exact, n), NULL, 100, &pap_leniency_usual, &c, &why), OK);
		pap_control_done(&c);
		free(exact);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_push_message),
		cmocka_unit_test(versions_are_read_as_meant),
		cmocka_unit_test(version_of_the_answer),
		cmocka_unit_test(what_is_no_pap_document),
		cmocka_unit_test(what_the_dtd_forbids),
		cmocka_unit_test(newer_minor_versions_may_add),
		cmocka_unit_test(form_goes_before_version),
		cmocka_unit_test(the_list_is_true),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(answers_are_escaped_and_versioned),
		cmocka_unit_test(our_own_submission_parses),
		cmocka_unit_test(notification_and_its_response),
		cmocka_unit_test(answers_to_operations),
		cmocka_unit_test(codes_of_a_version),
		cmocka_unit_test(replacement_and_queries_are_read),
		cmocka_unit_test(every_truncation_is_refused),
	};

	return cmocka_run_group_tests_name("pap", tests, NULL, NULL);
}
