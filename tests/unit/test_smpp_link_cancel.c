/* test_smpp_link_cancel.c - messages that are taken back, with the SMSC's end in the hands of the test. */
#include "tests/unit/smpp_peer.h"

static struct smsc_cancel cancels[LINK_ASKS_MAX + 1];

static struct smsc_cancel *
cancel_of(size_t i, const char *message_id, const char *to, const char *from)
{
	struct smsc_cancel *c = &cancels[i];

	memset(c, 0, sizeof *c);
	snprintf(c->message_id, sizeof c->message_id, "%s", message_id);
	snprintf(c->to, sizeof c->to, "%s", to);
	snprintf(c->from, sizeof c->from, "%s", from);
	return c;
}

static void
cancel(size_t i)
{
	char id[16];

	snprintf(id, sizeof id, "id%zu", i);
	assert_int_equal(smsc_link_cancel(t.link, cancel_of(i, id, "+12025550101", "")), OK);
}

static void
expect_cancelled(size_t i, enum smsc_verdict verdict, uint32_t status)
{
	WAIT_FOR(t.n_cancels > 0);
	assert_ptr_equal(t.cancels[0].cancel, &cancels[i]);
	if (t.cancels[0].verdict != verdict)
		fail_msg("cancel %zu: verdict %d", i, t.cancels[0].verdict);
	assert_int_equal(t.cancels[0].status, status);
	memmove(&t.cancels[0], &t.cancels[1], --t.n_cancels * sizeof t.cancels[0]);
}

/* ---- what goes out, and ahead of what ----------------------------------------------------------- */

static void
the_addresses_of_the_submission(void **state)
{
	static const struct { const char *to, *from; } rows[] = {
		{ "+12025550101", "" }, { "12025550101", "" }, { "12345", "PPG" }, { "+12025550101", "+12025550199" },
		{ "12025550101", "1234" }, { "+12345678901234567890", "12345678901234567890" },
	};
	struct smpp_pdu submitted;
	size_t i;

	strcpy(t.cf.service_type, "WAP");
	link_up();
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		datagram(i, 10);
		strcpy(t.dg[i].to, rows[i].to);
		strcpy(t.dg[i].from, rows[i].from);
		assert_int_equal(smsc_link_submit(t.link, &t.dg[i]), OK);
		expect(SMPP_SUBMIT_SM);
		submitted = t.pdu;
		peer_respond(SMPP_OK, "7A3F0C19");
		expect_answer(i, SMSC_ACCEPTED);

		assert_int_equal(smsc_link_cancel(t.link,
		    cancel_of(i, "7A3F0C19", rows[i].to, rows[i].from)), OK);
		expect(SMPP_CANCEL_SM);
		assert_int_equal(smsc_link_window_used(t.link), 1);
		assert_string_equal(t.pdu.service_type, "");	/* that is for groups of messages */
		assert_string_equal(t.pdu.message_id, "7A3F0C19");
		assert_string_equal(t.pdu.source, submitted.source);
		assert_int_equal(t.pdu.source_ton, submitted.source_ton);
		assert_int_equal(t.pdu.source_npi, submitted.source_npi);
		assert_string_equal(t.pdu.dest, submitted.dest);
		assert_int_equal(t.pdu.dest_ton, submitted.dest_ton);
		assert_int_equal(t.pdu.dest_npi, submitted.dest_npi);
		assert_int_equal(t.n_cancels, 0);
		peer_respond(SMPP_OK, "");
		expect_cancelled(i, SMSC_ACCEPTED, SMPP_OK);
		assert_int_equal(smsc_link_window_used(t.link), 0);
	}
	assert_int_equal(smsc_link_stats(t.link)->cancels, 6);
	assert_int_equal(smsc_link_stats(t.link)->cancelled, 6);
	assert_int_equal(smsc_link_stats(t.link)->submitted, 6);
	assert_int_equal(smsc_link_stats(t.link)->accepted, 6);
}

static void
in_turn_with_what_waits(void **state)
{
	t.cf.window = 1;
	link_up();
	submit(0, 300);			/* three parts */
	submit(1, 10);
	expect(SMPP_SUBMIT_SM);
	cancel(0);
	cancel(1);
	expect_nothing();		/* the window holds for all */
	peer_respond(SMPP_OK, "a");
	expect(SMPP_CANCEL_SM);
	assert_string_equal(t.pdu.message_id, "id0");
	expect_nothing();
	peer_respond(SMPP_OK, "");
	expect(SMPP_SUBMIT_SM);		/* who cancels much does not hold up what others push */
	assert_string_equal(t.pdu.dest, "12025550000");
	peer_respond(SMPP_OK, "b");
	expect(SMPP_CANCEL_SM);
	assert_string_equal(t.pdu.message_id, "id1");
	peer_respond(SMPP_OK, "");
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_OK, "c");
	expect(SMPP_SUBMIT_SM);
	assert_string_equal(t.pdu.dest, "12025550001");
	peer_respond(SMPP_OK, "d");
	expect_answer(0, SMSC_ACCEPTED);
	expect_answer(1, SMSC_ACCEPTED);
	expect_cancelled(0, SMSC_ACCEPTED, SMPP_OK);
	expect_cancelled(1, SMSC_ACCEPTED, SMPP_OK);
}

static void
at_the_throughput_of_the_link(void **state)
{
	size_t i;

	t.cf.throughput = 1;
	link_up();
	advance(1250);
	for (i = 0; i < 3; i++)
		cancel(i);
	for (i = 0; i < 3; i++) {
		expect(SMPP_CANCEL_SM);
		expect_nothing();
		advance(1250);
	}
}

static void
so_many_may_wait(void **state)
{
	size_t i;

	t.cf.window = 1;
	link_up();
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	for (i = 0; i < LINK_ASKS_MAX; i++)
		cancel(i);
	assert_int_equal(smsc_link_cancel(t.link, cancel_of(i, "x", "12345", "")), ERR_FULL);
	peer_respond(SMPP_OK, "a");
	for (i = 0; i < LINK_ASKS_MAX; i++) {
		expect(SMPP_CANCEL_SM);
		peer_respond(SMPP_OK, "");
		expect_cancelled(i, SMSC_ACCEPTED, SMPP_OK);
	}
	cancel(0);
	expect(SMPP_CANCEL_SM);
}

static void
what_no_smsc_can_take(void **state)
{
	static const struct { const char *id, *to, *from; uint32_t status; } rows[] = {
		{ "", "12025550101", "", SMPP_RINVMSGID },
		{ "12345678901234567890123456789012345678901234567890123456789012345", "12345", "",
		    SMPP_RINVMSGID },
		{ "a", "", "", SMPP_RINVDSTADR },
		{ "a", "123456789012345678901", "", SMPP_RINVDSTADR },
		{ "a", "12025550101", "123456789012345678901", SMPP_RINVSRCADR },
	};
	size_t i;

	link_up();
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(smsc_link_cancel(t.link,
		    cancel_of(i, rows[i].id, rows[i].to, rows[i].from)), OK);
		assert_int_equal(t.n_cancels, 0);	/* never from inside */
		expect_cancelled(i, SMSC_REFUSED, rows[i].status);
	}
	expect_nothing();
	assert_int_equal(smsc_link_cancel(t.link, cancel_of(0,
	    "1234567890123456789012345678901234567890123456789012345678901234", "12345", "")), OK);
	expect(SMPP_CANCEL_SM);
	assert_int_equal(strlen(t.pdu.message_id), 64);
}

/* ---- what the SMSC says --------------------------------------------------------------------------- */

static void
verdicts_by_status(void **state)
{
	static const uint32_t refused[] = { SMPP_RCANCELFAIL, SMPP_RINVMSGID, SMPP_RSYSERR, SMPP_RX_T_APPN,
		SMPP_RMSGQFUL, SMPP_RINVCMDID, 0x400 };
	size_t i, n = sizeof refused / sizeof refused[0];

	link_up();
	for (i = 0; i < n; i++) {
		cancel(i);
		expect(SMPP_CANCEL_SM);
		peer_respond(refused[i], "");
		expect_cancelled(i, SMSC_REFUSED, refused[i]);
	}
	for (i = 0; i < n; i++) {		/* some have no cancel_sm, and say it so */
		struct smpp_pdu nack = { .id = SMPP_GENERIC_NACK, .status = refused[i] };

		cancel(i);
		expect(SMPP_CANCEL_SM);
		nack.seq = t.pdu.seq;
		peer_put(&nack);
		expect_cancelled(i, SMSC_REFUSED, refused[i]);
	}
	assert_int_equal(smsc_link_stats(t.link)->cancels, 2 * n);
	assert_int_equal(smsc_link_stats(t.link)->cancelled, 0);
	assert_int_equal(smsc_link_state(t.link), SMSC_UP);
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
}

static void
a_response_of_another_kind(void **state)
{
	struct smpp_pdu resp = { .id = SMPP_RESP | SMPP_SUBMIT_SM };

	link_up();
	cancel(0);
	expect(SMPP_CANCEL_SM);
	resp.seq = t.pdu.seq;
	peer_put(&resp);
	WAIT_FOR(smsc_link_stats(t.link)->ignored_responses == 1);
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	resp.id = SMPP_RESP | SMPP_CANCEL_SM;
	resp.seq = t.pdu.seq;
	peer_put(&resp);
	WAIT_FOR(smsc_link_stats(t.link)->ignored_responses == 2);
	resp.seq = 77;
	peer_put(&resp);
	WAIT_FOR(smsc_link_stats(t.link)->ignored_responses == 3);
	assert_int_equal(t.n_cancels, 0);
	assert_int_equal(t.n_answers, 0);
	assert_int_equal(smsc_link_window_used(t.link), 2);
}

static void
throttled_it_goes_again(void **state)
{
	uint32_t seq;

	link_up();
	cancel(0);
	expect(SMPP_CANCEL_SM);
	seq = t.pdu.seq;
	cancel(1);
	expect(SMPP_CANCEL_SM);
	peer_respond(SMPP_OK, "");
	expect_cancelled(1, SMSC_ACCEPTED, SMPP_OK);
	t.pdu.seq = seq;
	peer_respond(SMPP_RTHROTTLED, "");
	WAIT_FOR(smsc_link_window_used(t.link) == 0);
	cancel(2);
	expect_nothing();		/* a pause */
	advance(1250);
	expect(SMPP_CANCEL_SM);
	assert_string_equal(t.pdu.message_id, "id0");
	assert_true(t.pdu.seq != seq);
	peer_respond(SMPP_OK, "");
	expect_cancelled(0, SMSC_ACCEPTED, SMPP_OK);
	expect(SMPP_CANCEL_SM);
	assert_string_equal(t.pdu.message_id, "id2");
}

/* After a pause the window opens with each one that is done, as it does for datagrams. */
static void
faster_again(void **state)
{
	size_t i;

	t.cf.window = 4;
	link_up();
	cancel(0);
	expect(SMPP_CANCEL_SM);
	peer_respond(SMPP_RTHROTTLED, "");
	WAIT_FOR(smsc_link_window_used(t.link) == 0);
	for (i = 1; i < 8; i++)
		cancel(i);
	advance(1250);
	expect(SMPP_CANCEL_SM);
	expect_nothing();
	assert_int_equal(smsc_link_window_used(t.link), 1);
	peer_respond(SMPP_OK, "");
	expect_cancelled(0, SMSC_ACCEPTED, SMPP_OK);
	expect(SMPP_CANCEL_SM);
	expect(SMPP_CANCEL_SM);
	expect_nothing();
	assert_int_equal(smsc_link_window_used(t.link), 2);
}

/* ---- no answer -------------------------------------------------------------------------------------- */

static void
nothing_is_assured_without_an_answer(void **state)
{
	t.cf.window = 2;
	link_up();
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_OK, "a");
	expect_answer(0, SMSC_ACCEPTED);
	cancel(0);
	cancel(1);
	cancel(2);
	expect(SMPP_CANCEL_SM);
	expect(SMPP_CANCEL_SM);
	advance(59999);
	assert_int_equal(t.n_cancels, 0);
	advance(1);
	expect_cancelled(0, SMSC_MAYBE_SENT, SMPP_OK);
	expect_cancelled(1, SMSC_MAYBE_SENT, SMPP_OK);
	assert_int_equal(smsc_link_state(t.link), SMSC_UP);	/* others' messages go on */
	expect(SMPP_ENQUIRE_LINK);
	expect(SMPP_CANCEL_SM);					/* the window is free for the third */
	assert_int_equal(smsc_link_window_used(t.link), 1);
	shutdown(t.fd, SHUT_RDWR);				/* now the link is really lost */
	WAIT_FOR(smsc_link_state(t.link) != SMSC_UP);
	expect_cancelled(2, SMSC_MAYBE_SENT, SMPP_OK);
	assert_int_equal(smsc_link_cancel(t.link, cancel_of(0, "id0", "12345", "")), ERR_CLOSED);
	advance(2500);
	bind_link();			/* nothing of it is left in the next session */
	expect_nothing();
	assert_int_equal(smsc_link_window_used(t.link), 0);
	cancel(0);
	expect(SMPP_CANCEL_SM);
	peer_respond(SMPP_OK, "");
	expect_cancelled(0, SMSC_ACCEPTED, SMPP_OK);
}

static void
the_answer_cut_at_every_octet(void **state)
{
	struct smpp_pdu resp = { .id = SMPP_RESP | SMPP_CANCEL_SM };
	uint8_t octets[SMPP_HEADER];
	size_t n;

	t.cf.reconnect_min_ms = t.cf.reconnect_max_ms = 1000;
	link_start();
	for (n = 0; n <= sizeof octets; n++) {
		bind_link();
		cancel(n);
		expect(SMPP_CANCEL_SM);
		resp.seq = t.pdu.seq;
		assert_int_equal(encode(&resp, octets, sizeof octets), sizeof octets);
		peer_write(octets, n);
		some_turns();
		if (n < sizeof octets)
			assert_int_equal(t.n_cancels, 0);
		close(t.fd);
		t.fd = -1;
		expect_cancelled(n, n < sizeof octets ? SMSC_MAYBE_SENT : SMSC_ACCEPTED, SMPP_OK);
		WAIT_FOR(smsc_link_state(t.link) == SMSC_DOWN);
		advance(2500);
	}
	bind_link();
	for (n = 1; n < sizeof octets; n++) {	/* in two pieces it is as good as in one */
		cancel(n);
		expect(SMPP_CANCEL_SM);
		resp.seq = t.pdu.seq;
		encode(&resp, octets, sizeof octets);
		peer_write(octets, n);
		some_turns();
		assert_int_equal(t.n_cancels, 0);
		peer_write(octets + n, sizeof octets - n);
		expect_cancelled(n, SMSC_ACCEPTED, SMPP_OK);
	}
}

static void
not_bound_any_more(void **state)
{
	link_up();
	cancel(0);
	expect(SMPP_CANCEL_SM);
	peer_respond(SMPP_RINVBNDSTS, "");
	expect_cancelled(0, SMSC_UNSENT, SMPP_OK);
	assert_int_equal(smsc_link_state(t.link), SMSC_DOWN);
}

static void
a_link_that_stops(void **state)
{
	t.cf.window = 1;
	link_up();
	cancel(0);
	cancel(1);
	expect(SMPP_CANCEL_SM);
	smsc_link_stop(t.link, 5000);
	assert_int_equal(smsc_link_cancel(t.link, cancel_of(2, "x", "12345", "")), ERR_CLOSED);
	expect_cancelled(1, SMSC_UNSENT, SMPP_OK);
	expect_nothing();		/* the answer is waited for */
	peer_respond(SMPP_OK, "");
	expect(SMPP_UNBIND);
	expect_cancelled(0, SMSC_ACCEPTED, SMPP_OK);
	peer_respond(SMPP_OK, "");
	WAIT_FOR(is_closed());
	advance(300000);
	assert_true(is_listener_quiet());
}

static void
a_link_that_stops_in_vain(void **state)
{
	link_up();
	cancel(0);
	expect(SMPP_CANCEL_SM);
	smsc_link_stop(t.link, 5000);
	expect_nothing();
	advance(5000);
	expect(SMPP_UNBIND);
	assert_int_equal(t.n_cancels, 0);
	peer_respond(SMPP_OK, "");
	expect_cancelled(0, SMSC_MAYBE_SENT, SMPP_OK);
}

/* ---- the application may do anything ------------------------------------------------------------------ */

static void
destroy_link(void)
{
	smsc_link_destroy(&t.link);
}

static void
destroyed_from_the_event(void **state)
{
	link_up();
	cancel(0);
	cancel(1);
	cancel_of(2, "", "12345", "");
	assert_int_equal(smsc_link_cancel(t.link, &cancels[2]), OK);	/* to be refused */
	t.on_cancelled = destroy_link;
	WAIT_FOR(t.n_cancels == 3);
	assert_null(t.link);
}

static void
destroyed_with_some_under_way(void **state)
{
	t.cf.window = 1;
	link_up();
	cancel(0);
	cancel(1);
	expect(SMPP_CANCEL_SM);
	cancel_of(2, "", "12345", "");
	assert_int_equal(smsc_link_cancel(t.link, &cancels[2]), OK);
	smsc_link_destroy(&t.link);
	assert_int_equal(t.n_cancels, 3);
	expect_cancelled(0, SMSC_MAYBE_SENT, SMPP_OK);
	expect_cancelled(1, SMSC_UNSENT, SMPP_OK);
	expect_cancelled(2, SMSC_REFUSED, SMPP_RINVMSGID);
}

static void
nobody_wants_to_know(void **state)
{
	struct smsc_events deaf = events;

	deaf.cancelled = NULL;
	t.link = smsc_link_create(t.loop, &t.cf, &deaf, &t);
	bind_link();
	cancel(0);
	expect(SMPP_CANCEL_SM);
	peer_respond(SMPP_OK, "");
	WAIT_FOR(smsc_link_stats(t.link)->cancelled == 1);
	cancel(1);
	expect(SMPP_CANCEL_SM);
	assert_int_equal(t.n_cancels, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_addresses_of_the_submission, setup, teardown),
		cmocka_unit_test_setup_teardown(in_turn_with_what_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(at_the_throughput_of_the_link, setup, teardown),
		cmocka_unit_test_setup_teardown(so_many_may_wait, setup, teardown),
		cmocka_unit_test_setup_teardown(what_no_smsc_can_take, setup, teardown),
		cmocka_unit_test_setup_teardown(verdicts_by_status, setup, teardown),
		cmocka_unit_test_setup_teardown(a_response_of_another_kind, setup, teardown),
		cmocka_unit_test_setup_teardown(throttled_it_goes_again, setup, teardown),
		cmocka_unit_test_setup_teardown(faster_again, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_assured_without_an_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(the_answer_cut_at_every_octet, setup, teardown),
		cmocka_unit_test_setup_teardown(not_bound_any_more, setup, teardown),
		cmocka_unit_test_setup_teardown(a_link_that_stops, setup, teardown),
		cmocka_unit_test_setup_teardown(a_link_that_stops_in_vain, setup, teardown),
		cmocka_unit_test_setup_teardown(destroyed_from_the_event, setup, teardown),
		cmocka_unit_test_setup_teardown(destroyed_with_some_under_way, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_wants_to_know, setup, teardown),
	};

	return cmocka_run_group_tests_name("smpp_link_cancel", tests, NULL, NULL);
}
