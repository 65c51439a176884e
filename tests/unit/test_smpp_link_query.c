/* test_smpp_link_query.c - asking what became of a message, with the SMSC's end in the hands of the test. */
#include "tests/unit/smpp_peer.h"

static struct smsc_query queries[8];

static struct smsc_query *
query_of(size_t i, const char *message_id, const char *from)
{
	struct smsc_query *q = &queries[i];

	memset(q, 0, sizeof *q);
	snprintf(q->message_id, sizeof q->message_id, "%s", message_id);
	snprintf(q->from, sizeof q->from, "%s", from);
	return q;
}

static void
query(size_t i)
{
	char id[16];

	snprintf(id, sizeof id, "id%zu", i);
	assert_int_equal(smsc_link_query(t.link, query_of(i, id, "")), OK);
}

static struct query_answer
expect_queried(size_t i, enum smsc_verdict verdict, uint32_t status)
{
	struct query_answer a;

	WAIT_FOR(t.n_queries > 0);
	a = t.queries[0];
	assert_ptr_equal(a.query, &queries[i]);
	if (a.verdict != verdict)
		fail_msg("query %zu: verdict %d", i, a.verdict);
	assert_int_equal(a.status, status);
	assert_int_equal(a.known, verdict == SMSC_ACCEPTED);
	memmove(&t.queries[0], &t.queries[1], --t.n_queries * sizeof t.queries[0]);
	return a;
}

static void
answer_state(uint8_t message_state, uint8_t error_code)
{
	struct smpp_pdu resp = { .id = SMPP_RESP | SMPP_QUERY_SM, .seq = t.pdu.seq, .message_state = message_state,
		.error_code = error_code };

	strcpy(resp.message_id, t.pdu.message_id);
	peer_put(&resp);
}

static void
every_state(void **state)
{
	static const struct { uint8_t sent; enum receipt_state state; bool final; } rows[] = {
		{ 0, RECEIPT_ENROUTE, false }, { 1, RECEIPT_ENROUTE, false }, { 2, RECEIPT_DELIVERED, true },
		{ 3, RECEIPT_EXPIRED, true }, { 4, RECEIPT_DELETED, true }, { 5, RECEIPT_UNDELIVERABLE, true },
		{ 6, RECEIPT_ACCEPTED, false }, { 7, RECEIPT_UNKNOWN, false }, { 8, RECEIPT_REJECTED, true },
		{ 9, RECEIPT_UNDELIVERABLE, true }, { 10, RECEIPT_UNKNOWN, false }, { 255, RECEIPT_UNKNOWN, false },
	};
	size_t i, n = sizeof rows / sizeof rows[0];

	link_up();
	for (i = 0; i < n; i++) {
		struct query_answer a;

		query(0);
		expect(SMPP_QUERY_SM);
		assert_string_equal(t.pdu.message_id, "id0");
		assert_int_equal(smsc_link_window_used(t.link), 1);
		assert_int_equal(t.n_queries, 0);
		answer_state(rows[i].sent, 9);
		a = expect_queried(0, SMSC_ACCEPTED, SMPP_OK);
		assert_int_equal(a.state.state, rows[i].state);
		assert_int_equal(a.state.final, rows[i].final);
		assert_string_equal(a.state.message_id, "id0");
		assert_string_equal(a.state.err, "9");
		assert_string_equal(a.state.smsc_id, "test");
		assert_int_equal(smsc_link_window_used(t.link), 0);
	}
	assert_int_equal(smsc_link_stats(t.link)->queries, n);
	assert_int_equal(smsc_link_stats(t.link)->queried, n);
	assert_int_equal(smsc_link_stats(t.link)->cancels, 0);
}

static void
from_the_address_of_the_submission(void **state)
{
	link_up();
	assert_int_equal(smsc_link_query(t.link, query_of(0, "a", "+12025550199")), OK);
	expect(SMPP_QUERY_SM);
	assert_string_equal(t.pdu.source, "12025550199");
	assert_int_equal(t.pdu.source_ton, 1);
	answer_state(2, 0);
	expect_queried(0, SMSC_ACCEPTED, SMPP_OK);
	assert_int_equal(smsc_link_query(t.link, query_of(0, "a", "")), OK);
	expect(SMPP_QUERY_SM);
	assert_string_equal(t.pdu.source, "PPG");
	assert_int_equal(t.pdu.source_ton, 5);
}

static void
refused_by_the_smsc(void **state)
{
	link_up();
	query(0);
	expect(SMPP_QUERY_SM);
	peer_respond(0x67, "");			/* RQUERYFAIL */
	expect_queried(0, SMSC_REFUSED, 0x67);
	query(0);
	expect(SMPP_QUERY_SM);
	peer_put(&(struct smpp_pdu){ .id = SMPP_GENERIC_NACK, .status = SMPP_RINVCMDID, .seq = t.pdu.seq });
	expect_queried(0, SMSC_REFUSED, SMPP_RINVCMDID);
	query(0);
	expect(SMPP_QUERY_SM);
	peer_put(&(struct smpp_pdu){ .id = SMPP_GENERIC_NACK, .seq = t.pdu.seq });	/* not even with this status */
	expect_queried(0, SMSC_REFUSED, SMPP_OK);
	assert_int_equal(smsc_link_stats(t.link)->queried, 0);
	assert_int_equal(smsc_link_state(t.link), SMSC_UP);
}

static void
refused_by_the_link(void **state)
{
	static const struct { const char *id, *from; uint32_t status; } rows[] = {
		{ "", "", SMPP_RINVMSGID },
		{ "12345678901234567890123456789012345678901234567890123456789012345", "", SMPP_RINVMSGID },
		{ "a", "123456789012345678901", SMPP_RINVSRCADR },
	};
	size_t i;

	link_up();
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(smsc_link_query(t.link, query_of(0, rows[i].id, rows[i].from)), OK);
		assert_int_equal(t.n_queries, 0);	/* never from inside */
		expect_queried(0, SMSC_REFUSED, rows[i].status);
	}
	expect_nothing();
}

/* The response of another request says nothing about this one. */
static void
each_has_its_own_response(void **state)
{
	struct smsc_cancel c = { .message_id = "a", .to = "+12025550101" };

	link_up();
	query(0);
	expect(SMPP_QUERY_SM);
	peer_put(&(struct smpp_pdu){ .id = SMPP_RESP | SMPP_CANCEL_SM, .seq = t.pdu.seq });
	WAIT_FOR(smsc_link_stats(t.link)->ignored_responses == 1);
	peer_put(&(struct smpp_pdu){ .id = SMPP_RESP | SMPP_SUBMIT_SM, .seq = t.pdu.seq });
	WAIT_FOR(smsc_link_stats(t.link)->ignored_responses == 2);
	assert_int_equal(t.n_queries, 0);
	answer_state(2, 0);
	expect_queried(0, SMSC_ACCEPTED, SMPP_OK);
	answer_state(2, 0);			/* twice */
	WAIT_FOR(smsc_link_stats(t.link)->ignored_responses == 3);

	assert_int_equal(smsc_link_cancel(t.link, &c), OK);
	expect(SMPP_CANCEL_SM);
	answer_state(2, 0);
	WAIT_FOR(smsc_link_stats(t.link)->ignored_responses == 4);
	assert_int_equal(t.n_cancels, 0);
	peer_respond(SMPP_OK, "");
	WAIT_FOR(t.n_cancels == 1);
	assert_int_equal(t.cancels[0].verdict, SMSC_ACCEPTED);
}

static void
throttled_ones_go_again(void **state)
{
	link_up();
	query(0);
	expect(SMPP_QUERY_SM);
	peer_respond(SMPP_RTHROTTLED, "");
	some_turns();
	assert_int_equal(t.n_queries, 0);
	advance(1500);
	expect(SMPP_QUERY_SM);
	answer_state(3, 0);
	expect_queried(0, SMSC_ACCEPTED, SMPP_OK);
}

static void
no_answer_is_no_loss_of_the_link(void **state)
{
	t.cf.enquire_link_s = 0;
	link_up();
	query(0);
	query(1);
	expect(SMPP_QUERY_SM);
	expect(SMPP_QUERY_SM);
	advance(t.cf.response_timeout_s * 1000 + 1000);
	expect_queried(0, SMSC_MAYBE_SENT, SMPP_OK);
	expect_queried(1, SMSC_MAYBE_SENT, SMPP_OK);
	assert_int_equal(smsc_link_state(t.link), SMSC_UP);
}

static void
given_back_when_the_link_is_lost(void **state)
{
	t.cf.window = 1;
	link_up();
	query(0);
	query(1);
	expect(SMPP_QUERY_SM);
	close(t.fd);
	t.fd = -1;
	expect_queried(0, SMSC_MAYBE_SENT, SMPP_OK);
	expect_queried(1, SMSC_UNSENT, SMPP_OK);
	assert_int_equal(smsc_link_query(t.link, query_of(2, "a", "")), ERR_CLOSED);
}

static void
only_where_it_is_wanted(void **state)
{
	t.cf.query_receipts = false;
	link_up();
	assert_int_equal(smsc_link_query(t.link, query_of(0, "a", "")), ERR_UNSUPPORTED);
	expect_nothing();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_state, setup, teardown),
		cmocka_unit_test_setup_teardown(from_the_address_of_the_submission, setup, teardown),
		cmocka_unit_test_setup_teardown(refused_by_the_smsc, setup, teardown),
		cmocka_unit_test_setup_teardown(refused_by_the_link, setup, teardown),
		cmocka_unit_test_setup_teardown(each_has_its_own_response, setup, teardown),
		cmocka_unit_test_setup_teardown(throttled_ones_go_again, setup, teardown),
		cmocka_unit_test_setup_teardown(no_answer_is_no_loss_of_the_link, setup, teardown),
		cmocka_unit_test_setup_teardown(given_back_when_the_link_is_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(only_where_it_is_wanted, setup, teardown),
	};

	return cmocka_run_group_tests_name("smpp_link_query", tests, NULL, NULL);
}
