/* test_pap_request.c - requests as we write them are read again as what was meant. */
#include "tests/unit/test.h"

#include "ppg/pap.h"

static struct pap_control
reread(struct sbuf *doc)
{
	struct pap_control c;
	struct why why = { 0 };

	if (pap_parse(sbuf_as_span(doc), NULL, 100, NULL, &c, &why) != OK || c.invalid)
		fail_msg("%s%s\n%s", why.text, c.invalid ? c.invalid_why.text : "", doc->s);
	sbuf_done(doc);
	return c;
}

static const char *const addresses[] = { "WAPPUSH=+12025550100/TYPE=PLMN@ppg.example.net",
	"WAPPUSH=a%40b/TYPE=USER/x=\"<&>@ppg.example.net" };

static void
a_push_with_everything(void **state)
{
	const struct pap_submit s = {
		.push_id = "id & <\"'>", .notify_url = "http://pi.example.net/?a=1&b=2",
		.deliver_before = "2036-01-02T15:04:05Z", .deliver_after = "2035-01-02T15:04:05Z",
		.addresses = addresses, .n_addresses = 2, .source_reference = "who & why", .replace_push_id = "older",
		.replace_pending_only = true, .progress_notes = true, .priority = "high", .delivery_method = "unconfirmed",
		.network = "GSM", .bearer = "SMS", .network_required = true, .bearer_required = true,
	};
	struct sbuf doc = { 0 };
	struct pap_control c;

	pap_push_message(&doc, &s);
	c = reread(&doc);
	assert_int_equal(c.message, PAP_PUSH);
	assert_int_equal(c.version.major * 10 + c.version.minor, 20);
	assert_string_equal(c.push_id, s.push_id);
	assert_string_equal(c.notify_url, s.notify_url);
	assert_int_equal(c.deliver_before, 2082899045);
	assert_int_equal(c.n_addresses, 2);
	assert_string_equal(c.addresses[1], addresses[1]);
	assert_string_equal(c.source_reference, s.source_reference);
	assert_string_equal(c.replace_push_id, "older");
	assert_true(c.replace_pending_only && c.progress_notes);
	assert_true(c.qos.present && c.qos.network_required && c.qos.bearer_required);
	assert_string_equal(c.qos.priority, "high");
	assert_string_equal(c.qos.delivery_method, "unconfirmed");
	assert_string_equal(c.qos.network, "GSM");
	assert_string_equal(c.qos.bearer, "SMS");
	pap_control_done(&c);
}

static void
a_push_with_nothing(void **state)
{
	const struct pap_submit s = { .push_id = "id", .addresses = addresses, .n_addresses = 1, .version = "1.0" };
	struct sbuf doc = { 0 };
	struct pap_control c;

	pap_push_message(&doc, &s);
	c = reread(&doc);
	assert_int_equal(c.version.major * 10 + c.version.minor, 10);
	assert_false(c.qos.present || c.progress_notes || c.replace_pending_only);
	assert_null(c.replace_push_id);
	assert_null(c.notify_url);
	assert_null(c.source_reference);
	pap_control_done(&c);
}

static void
operations(void **state)
{
	static const struct { enum pap_message message; size_t n; const char *version; } rows[] = {
		{ PAP_CANCEL, 0, NULL }, { PAP_CANCEL, 2, "2.1" }, { PAP_STATUSQUERY, 0, "1.0" }, { PAP_STATUSQUERY, 1, "2.0" },
	};
	struct sbuf doc = { 0 };
	struct pap_control c;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		pap_operation_message(&doc, rows[i].version, rows[i].message, "i<d", addresses, rows[i].n);
		c = reread(&doc);
		assert_int_equal(c.message, rows[i].message);
		assert_string_equal(c.push_id, "i<d");
		assert_int_equal(c.n_addresses, rows[i].n);
		pap_control_done(&c);
	}
}

static void
capabilities_query(void **state)
{
	struct sbuf doc = { 0 };
	struct pap_control c;

	pap_ccq_message(&doc, NULL, "q&1", "x-wap-application:*", addresses[0]);
	c = reread(&doc);
	assert_int_equal(c.message, PAP_CCQ);
	assert_string_equal(c.query_id, "q&1");
	assert_string_equal(c.app_id, "x-wap-application:*");
	assert_int_equal(c.n_addresses, 1);
	pap_control_done(&c);
	pap_ccq_message(&doc, NULL, NULL, NULL, addresses[0]);
	c = reread(&doc);
	assert_null(c.query_id);
	assert_null(c.app_id);
	pap_control_done(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_push_with_everything),
		cmocka_unit_test(a_push_with_nothing),
		cmocka_unit_test(operations),
		cmocka_unit_test(capabilities_query),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
