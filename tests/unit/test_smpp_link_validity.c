/* test_smpp_link_validity.c - until when what a link sends is to be delivered, and what is not sent any more. */
#include "tests/unit/smpp_peer.h"

static void
submit_valid_for(size_t i, size_t n, int64_t s)
{
	datagram(i, n);
	t.dg[i].validity_at = (int64_t)clock_utc() + s;
	assert_int_equal(smsc_link_submit(t.link, &t.dg[i]), OK);
}

/* One time for all parts, however long after the first one they leave. */
static void
validity_of_every_part(void **state)
{
	static const struct { int64_t s, step_ms; const char *text; } rows[] = {
		{ 1, 300, "260102150501000+" },
		{ 59, 20000, "260102150559000+" },
		{ 24 * 3600, 20000, "260103150500000+" },
		{ 63 * 24 * 3600, 20000, "260306150500000+" },
	};
	size_t i;
	int part;

	t.cf.window = 1;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		link_up();
		submit_valid_for(i, 300, rows[i].s);
		for (part = 0; part < 3; part++) {
			expect(SMPP_SUBMIT_SM);
			assert_string_equal(t.pdu.validity, rows[i].text);
			assert_string_equal(t.pdu.schedule_time, "");
			advance(rows[i].step_ms);
			peer_respond(SMPP_OK, "a");
		}
		expect_answer(i, SMSC_ACCEPTED);
		smsc_link_destroy(&t.link);
		clock_fake(INT64_C(1767366300000));
	}
}

static void
nothing_leaves_too_late(void **state)
{
	static const int64_t late[] = { 0, -1, -24 * 3600 };
	size_t i;

	link_up();
	for (i = 0; i < sizeof late / sizeof late[0]; i++) {
		submit_valid_for(i, 300, late[i]);
		assert_int_equal(t.n_answers, 0);	/* never from inside */
		WAIT_FOR(t.n_answers == 1);
		assert_int_equal(t.answers[0].status, SMPP_RINVEXPIRY);
		expect_answer(i, SMSC_RETRY);
	}
	expect_nothing();
	assert_int_equal(smsc_link_stats(t.link)->submitted, 0);
	assert_int_equal(smsc_link_queued(t.link), 0);
	assert_true(smsc_link_room(t.link) > 0);
}

/* The time runs out between two parts, behind a full window, and in a pause. */
static void
time_runs_out_here(void **state)
{
	t.cf.window = 1;
	link_up();
	submit_valid_for(0, 300, 10);
	submit_valid_for(1, 10, 10);
	expect(SMPP_SUBMIT_SM);
	advance(10000);
	assert_int_equal(t.n_answers, 0);
	peer_respond(SMPP_OK, "a");
	WAIT_FOR(t.n_answers >= 2);
	assert_int_equal(t.answers[0].status, SMPP_RINVEXPIRY);
	expect_answer(0, SMSC_RETRY);
	assert_int_equal(t.answers[0].status, SMPP_RINVEXPIRY);
	expect_answer(1, SMSC_RETRY);
	submit_valid_for(2, 10, 60);
	expect(SMPP_SUBMIT_SM);
	assert_string_equal(t.pdu.dest, "12025550002");
	peer_respond(SMPP_OK, "b");
	expect_answer(2, SMSC_ACCEPTED);

	submit_valid_for(3, 10, 1);
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_RTHROTTLED, "");
	WAIT_FOR(smsc_link_window_used(t.link) == 0);
	expect_nothing();
	advance(1250);
	WAIT_FOR(t.n_answers == 1);
	assert_int_equal(t.answers[0].status, SMPP_RINVEXPIRY);
	expect_answer(3, SMSC_RETRY);
	expect_nothing();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(validity_of_every_part, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_leaves_too_late, setup, teardown),
		cmocka_unit_test_setup_teardown(time_runs_out_here, setup, teardown),
	};

	return cmocka_run_group_tests_name("smpp_link_validity", tests, NULL, NULL);
}
