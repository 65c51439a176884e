/* test_smpp_link_time.c - the SMPP link over time: enquiries, back-off, throttling, and how it ends. */
#include "tests/unit/smpp_peer.h"

/* ---- time -------------------------------------------------------------------------------------------- */

static void
enquires_when_idle(void **state)
{
	int i;

	link_up();
	advance(29999);
	expect_nothing();
	for (i = 0; i < 3; i++) {
		advance(30001);
		expect(SMPP_ENQUIRE_LINK);
		if (i == 0) {
			peer_respond(SMPP_OK, "");
		} else if (i == 1) {		/* some answer with another number */
			t.pdu.seq += 1000;
			peer_respond(SMPP_OK, "");
		} else {			/* or do not know it */
			struct smpp_pdu nack = { .id = SMPP_GENERIC_NACK, .status = SMPP_RINVCMDID, .seq = t.pdu.seq };

			peer_put(&nack);
		}
		some_turns();
		assert_int_equal(t.link->sessions[0]->enquire_at, 0);
	}
	advance(30000);
	expect(SMPP_ENQUIRE_LINK);
	advance(59000);
	assert_int_equal(smsc_link_state(t.link), SMSC_UP);
	advance(1001);
	WAIT_FOR(is_closed());
	assert_int_equal(smsc_link_state(t.link), SMSC_DOWN);
}

static void
traffic_needs_no_enquiry(void **state)
{
	int i;

	link_up();
	for (i = 0; i < 10; i++) {
		advance(20000);
		peer_put(&(struct smpp_pdu){ .id = SMPP_ENQUIRE_LINK, .seq = 3 });
		expect(SMPP_RESP | SMPP_ENQUIRE_LINK);
	}
}

static void
reconnects_with_back_off(void **state)
{
	static const int least[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };
	size_t i;

	link_start();
	peer_accept();
	for (i = 0; i < sizeof least / sizeof least[0]; i++) {
		expect(SMPP_BIND_TRANSCEIVER);
		close(t.fd);
		t.fd = -1;
		WAIT_FOR(smsc_link_state(t.link) == SMSC_DOWN);
		assert_int_equal(smsc_link_stats(t.link)->reconnects, i + 1);
		advance(least[i] - 1);
		assert_true(is_listener_quiet());
		advance(least[i] / 4 + 1);
		peer_accept();
	}
	/* a session that worked starts from the first step again */
	expect(SMPP_BIND_TRANSCEIVER);
	peer_respond(SMPP_OK, "");
	WAIT_FOR(smsc_link_state(t.link) == SMSC_UP);
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_OK, "1");
	expect_answer(0, SMSC_ACCEPTED);
	close(t.fd);
	t.fd = -1;
	WAIT_FOR(smsc_link_state(t.link) == SMSC_DOWN);
	advance(1251);
	bind_link();

	/* one that ends at once does not */
	for (i = 0; i < 2; i++) {
		close(t.fd);
		t.fd = -1;
		WAIT_FOR(smsc_link_state(t.link) == SMSC_DOWN);
		advance(i == 0 ? 1999 : 3999);
		assert_true(is_listener_quiet());
		advance(i == 0 ? 502 : 1002);
		bind_link();
	}
	/* unless it held for a while */
	advance(10000);
	close(t.fd);
	t.fd = -1;
	WAIT_FOR(smsc_link_state(t.link) == SMSC_DOWN);
	advance(1251);
	bind_link();
}

static void
nobody_listens(void **state)
{
	close(t.listener);
	link_start();
	WAIT_FOR(smsc_link_stats(t.link)->reconnects == 1);
	assert_int_equal(smsc_link_state(t.link), SMSC_DOWN);
	advance(1300);
	WAIT_FOR(smsc_link_stats(t.link)->reconnects == 2);
	t.listener = socket(AF_INET, SOCK_STREAM, 0);
}

static void
bind_without_answer(void **state)
{
	link_start();
	peer_accept();
	expect(SMPP_BIND_TRANSCEIVER);
	advance(59999);
	assert_int_equal(smsc_link_state(t.link), SMSC_BINDING);
	advance(2);
	WAIT_FOR(is_closed());
	assert_int_equal(smsc_link_stats(t.link)->reconnects, 1);
}

/* ---- slower ---------------------------------------------------------------------------------------------- */

static void
throttled_parts_go_again(void **state)
{
	link_up();
	submit(0, 10);
	submit(1, 10);
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_RTHROTTLED, "");
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_RTHROTTLED, "");
	some_turns();
	assert_int_equal(smsc_link_room(t.link), 0);
	assert_int_equal(smsc_link_submit(t.link, datagram(2, 10)), ERR_FULL);
	advance(999);
	expect_nothing();
	advance(251);				/* up to a quarter more */
	expect(SMPP_SUBMIT_SM);			/* one only, to see */
	assert_string_equal(t.pdu.dest, "12025550000");
	expect_nothing();
	peer_respond(SMPP_RTHROTTLED, "");
	some_turns();
	advance(1999);
	expect_nothing();
	advance(501);
	expect(SMPP_SUBMIT_SM);			/* the order stays */
	assert_string_equal(t.pdu.dest, "12025550000");
	peer_respond(SMPP_OK, "0");
	expect_answer(0, SMSC_ACCEPTED);
	expect(SMPP_SUBMIT_SM);
	assert_string_equal(t.pdu.dest, "12025550001");
	peer_respond(SMPP_OK, "1");
	expect_answer(1, SMSC_ACCEPTED);
	assert_int_equal(smsc_link_stats(t.link)->refused, 0);
	assert_int_equal(smsc_link_stats(t.link)->retried, 3);
	assert_true(smsc_link_room(t.link) > 0);
}

/* Answers in any order: what was throttled goes again as it was submitted. */
static void
order_survives_throttling(void **state)
{
	uint32_t seqs[6];
	size_t i;

	link_up();
	for (i = 0; i < 6; i++)
		submit(i, 10);
	for (i = 0; i < 6; i++) {
		expect(SMPP_SUBMIT_SM);
		seqs[i] = t.pdu.seq;
	}
	for (i = 0; i < 6; i++) {
		t.pdu.seq = seqs[(i * 5 + 3) % 6];
		peer_respond(SMPP_RTHROTTLED, "");
	}
	some_turns();
	advance(1251);
	for (i = 0; i < 6; i++) {
		char to[16];

		expect(SMPP_SUBMIT_SM);
		snprintf(to, sizeof to, "1202555%04zu", i);
		assert_string_equal(t.pdu.dest, to);
		peer_respond(SMPP_OK, "1");
		expect_answer(i, SMSC_ACCEPTED);
	}
}

static void
respond_with_load(uint8_t load)
{
	struct smpp_pdu resp = { .id = SMPP_RESP | SMPP_SUBMIT_SM, .seq = t.pdu.seq, .message_id = "1", .n_tlvs = 1 };

	resp.tlvs[0] = (struct smpp_tlv){ SMPP_TAG_CONGESTION_STATE, span_of(&load, 1) };
	peer_put(&resp);
}

/* An SMSC of version 5.0 says how busy it is: the window follows. */
static void
congestion_is_heeded(void **state)
{
	static const struct { uint8_t load; unsigned allowed; } rows[] = {
		{ 0, 10 }, { 89, 10 }, { 90, 9 }, { 99, 8 }, { 80, 8 }, { 79, 9 }, { 95, 8 }, { 50, 9 }, { 0, 10 },
	};
	size_t i;

	t.cf.interface_version = 0x50;
	link_start();
	peer_accept();
	expect(SMPP_BIND_TRANSCEIVER);
	assert_int_equal(t.pdu.interface_version, 0x50);
	peer_respond(SMPP_OK, "");
	WAIT_FOR(smsc_link_state(t.link) == SMSC_UP);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		submit(i, 10);
		expect(SMPP_SUBMIT_SM);
		respond_with_load(rows[i].load);
		expect_answer(i, SMSC_ACCEPTED);
		assert_int_equal(t.link->sessions[0]->send.allowed, rows[i].allowed);
	}
	submit(i, 10);
	expect(SMPP_SUBMIT_SM);
	respond_with_load(100);
	expect_answer(i, SMSC_ACCEPTED);
	assert_int_equal(smsc_link_room(t.link), 0);
	advance(1251);
	assert_true(smsc_link_room(t.link) > 0);
}

/* What a status means can be told per link. */
static void
mapped_errors(void **state)
{
	struct why why;

	assert_int_equal(smsc_errors_parse("0x0B:retry,0x401:throttle,8:4001", &t.cf, &why), OK);
	link_up();
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_RINVDSTADR, "");
	expect_answer(0, SMSC_RETRY);
	submit(1, 10);
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_RSYSERR, "");
	expect_answer(1, SMSC_REFUSED);
	submit(2, 10);
	expect(SMPP_SUBMIT_SM);
	peer_respond(0x401, "");
	some_turns();
	assert_int_equal(smsc_link_room(t.link), 0);
	advance(1251);
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_OK, "1");
	expect_answer(2, SMSC_ACCEPTED);
}

static void
full_queue_of_one_destination(void **state)
{
	int i;

	link_up();
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	for (i = 0; i < 10; i++) {
		peer_respond(SMPP_RMSGQFUL, "");
		some_turns();
		submit(1, 10);			/* the others go on */
		expect(SMPP_SUBMIT_SM);
		assert_string_equal(t.pdu.dest, "12025550001");
		peer_respond(SMPP_OK, "1");
		expect_answer(1, SMSC_ACCEPTED);
		advance(999);
		expect_nothing();
		advance(1);
		expect(SMPP_SUBMIT_SM);
		assert_string_equal(t.pdu.dest, "12025550000");
	}
	peer_respond(SMPP_RMSGQFUL, "");
	WAIT_FOR(t.n_answers == 1);
	assert_int_equal(t.answers[0].status, SMPP_RMSGQFUL);
	expect_answer(0, SMSC_RETRY);
}

static void
full_queue_of_the_account(void **state)
{
	size_t i;

	link_up();
	for (i = 0; i < 10; i++)
		submit(i, 10);
	for (i = 0; i < 10; i++) {
		expect(SMPP_SUBMIT_SM);
		peer_respond(SMPP_RMSGQFUL, "");
	}
	some_turns();
	assert_int_equal(smsc_link_room(t.link), 0);
	advance(1250);
	expect(SMPP_SUBMIT_SM);
	expect_nothing();
	peer_respond(SMPP_OK, "x");
	for (i = 1; i < 10; i++) {
		expect(SMPP_SUBMIT_SM);
		peer_respond(SMPP_OK, "x");
	}
	WAIT_FOR(t.n_answers == 10);
	for (i = 0; i < 10; i++)
		expect_answer(i, SMSC_ACCEPTED);
}

/* Serves what comes for ms milliseconds of 10; `bad` of two are refused. Returns what was taken. */
static unsigned
serve(unsigned ms, uint32_t bad, unsigned *sent)
{
	static unsigned turn_of;
	unsigned taken = 0, i;

	for (i = 0; i < ms; i += 10) {
		clock_fake_advance(10);
		turn(0);
		turn(0);
		while (has_pdu()) {
			take_pdu();
			if (t.pdu.id == SMPP_ENQUIRE_LINK) {
				peer_respond(SMPP_OK, "");
				continue;
			}
			++*sent;
			if (bad != 0 && turn_of++ % 2 == 0) {
				peer_respond(bad, "");
			} else {
				taken++;
				peer_respond(SMPP_OK, "x");
			}
		}
	}
	return taken;
}

static bool held[DATAGRAMS];		/* by the link */

static void
fill(void)
{
	static size_t i;

	while (smsc_link_room(t.link) > 0) {
		while (held[i])
			i = (i + 1) % DATAGRAMS;
		held[i] = true;
		submit(i, 10);
	}
}

static unsigned n_retries;

static void
count_accepted(void)
{
	if (t.answers[0].verdict == SMSC_RETRY)
		n_retries++;
	else if (t.answers[0].verdict != SMSC_ACCEPTED)
		fail_msg("verdict %d", t.answers[0].verdict);
	held[t.answers[0].dg - t.dg] = false;
	t.n_answers = 0;
}

/* S-13: every second submit_sm is refused for 60 s. */
static void
half_is_refused_for_a_minute(void **state)
{
	static const uint32_t statuses[] = { SMPP_RTHROTTLED, SMPP_RMSGQFUL };
	unsigned before, during, after, sent = 0, sent_during = 0, i, k, n_held;

	link_up();
	n_retries = 0;
	t.on_room = fill;
	t.on_answer = count_accepted;
	fill();
	for (i = 0; i < 2; i++) {
		before = serve(1000, 0, &sent);
		assert_true(before >= 500);
		during = serve(60000, statuses[i], &sent_during) / 60;
		assert_true(during > 0 && during < before * 3 / 4);
		serve(29000, 0, &sent);
		after = serve(1000, 0, &sent);
		assert_true(after * 10 >= before * 9);
		/* RMSGQFUL eleven times for one datagram is rare, and no failure either */
		assert_true(i == 0 ? n_retries == 0 : n_retries < sent_during / 20);
		/* nothing is lost */
		for (k = n_held = 0; k < DATAGRAMS; k++)
			n_held += held[k];
		assert_int_equal(n_held, smsc_link_queued(t.link) + smsc_link_window_used(t.link) +
		    t.link->sessions[0]->send.n_again);
	}
	assert_int_equal(smsc_link_stats(t.link)->refused, 0);
	memset(held, 0, sizeof held);
}

/* ---- the end ---------------------------------------------------------------------------------------------- */

static void
lost_connection_gives_all_back(void **state)
{
	t.cf.window = 2;
	link_up();
	submit(0, 10);
	submit(1, 300);			/* one part in the window, two not sent */
	submit(2, 10);
	expect(SMPP_SUBMIT_SM);
	expect(SMPP_SUBMIT_SM);
	close(t.fd);
	t.fd = -1;
	WAIT_FOR(t.n_answers == 3);
	assert_int_equal(smsc_link_state(t.link), SMSC_DOWN);
	assert_int_equal(smsc_link_queued(t.link), 0);
	assert_int_equal(smsc_link_window_used(t.link), 0);
	expect_answer(0, SMSC_MAYBE_SENT);
	expect_answer(1, SMSC_MAYBE_SENT);
	expect_answer(2, SMSC_UNSENT);
}

/* A part that the SMSC refused for now is not sent: nobody gets it twice. */
static void
refused_for_now_is_unsent(void **state)
{
	link_up();
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_RTHROTTLED, "");
	some_turns();
	close(t.fd);
	t.fd = -1;
	expect_answer(0, SMSC_UNSENT);
}

static void
stop_waits_for_answers(void **state)
{
	t.cf.window = 2;
	link_up();
	submit(0, 300);
	submit(1, 10);
	expect(SMPP_SUBMIT_SM);
	smsc_link_stop(t.link, 5000);
	expect_answer(1, SMSC_UNSENT);
	peer_respond(SMPP_OK, "a");
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_OK, "b");
	expect(SMPP_SUBMIT_SM);			/* what was begun is finished */
	expect_nothing();
	assert_int_equal(smsc_link_state(t.link), SMSC_UNBINDING);
	peer_respond(SMPP_OK, "c");
	expect(SMPP_UNBIND);
	expect_answer(0, SMSC_ACCEPTED);
	peer_put(&(struct smpp_pdu){ .id = SMPP_ENQUIRE_LINK, .seq = 3 });
	expect(SMPP_RESP | SMPP_ENQUIRE_LINK);
	advance(5001);				/* no unbind_resp */
	assert_int_equal(smsc_link_state(t.link), SMSC_DOWN);
	WAIT_FOR(is_closed());
	advance(100000);
	assert_true(is_listener_quiet());
}

static void
stop_does_not_wait_for_ever(void **state)
{
	link_up();
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	smsc_link_stop(t.link, 5000);
	smsc_link_stop(t.link, 1);		/* the first one counts */
	some_turns();
	advance(4999);
	expect_nothing();
	advance(1);
	expect(SMPP_UNBIND);
	assert_int_equal(t.n_answers, 0);
	peer_respond(SMPP_OK, "");
	expect_answer(0, SMSC_MAYBE_SENT);
	assert_int_equal(smsc_link_state(t.link), SMSC_DOWN);
}

static void
stop_in_other_states(void **state)
{
	link_start();			/* not begun */
	smsc_link_stop(t.link, 1000);
	WAIT_FOR(t.n_states > 0 && t.states[t.n_states - 1] == SMSC_DOWN);
	smsc_link_destroy(&t.link);

	t.n_states = 0;
	link_start();			/* binding */
	peer_accept();
	expect(SMPP_BIND_TRANSCEIVER);
	smsc_link_stop(t.link, 1000);
	WAIT_FOR(smsc_link_state(t.link) == SMSC_DOWN);
	assert_int_equal(t.states[t.n_states - 1], SMSC_DOWN);
	WAIT_FOR(is_closed());
	smsc_link_destroy(&t.link);

	t.n_states = 0;
	link_start();			/* between two attempts */
	peer_accept();
	close(t.fd);
	t.fd = -1;
	WAIT_FOR(t.n_states > 0 && t.states[t.n_states - 1] == SMSC_DOWN);
	t.n_states = 0;
	smsc_link_stop(t.link, 1000);
	WAIT_FOR(t.n_states == 1);
	assert_int_equal(t.states[0], SMSC_DOWN);
	advance(100000);
	assert_true(is_listener_quiet());
}

static void
peer_unbinds(void **state)
{
	link_up();
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	peer_put(&(struct smpp_pdu){ .id = SMPP_UNBIND, .seq = 55 });
	WAIT_FOR(smsc_link_state(t.link) == SMSC_UNBINDING);
	expect_nothing();
	peer_respond(SMPP_OK, "x");
	expect(SMPP_RESP | SMPP_UNBIND);
	assert_int_equal(t.pdu.seq, 55);
	expect_answer(0, SMSC_ACCEPTED);
	WAIT_FOR(is_closed());
	assert_int_equal(smsc_link_state(t.link), SMSC_DOWN);
	advance(1300);
	bind_link();

	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	peer_put(&(struct smpp_pdu){ .id = SMPP_UNBIND, .seq = 56 });
	some_turns();
	advance(2000);			/* and never answers */
	expect(SMPP_RESP | SMPP_UNBIND);
	expect_answer(0, SMSC_MAYBE_SENT);
}

static void
destroy_now(void)
{
	smsc_link_destroy(&t.link);
}

static void
destroy_when_down(enum smsc_state s)
{
	if (s == SMSC_DOWN)
		destroy_now();
}

static void
destroyed_from_an_event(void **state)
{
	t.cf.window = 2;
	link_up();
	submit(0, 10);
	submit(1, 10);
	submit(2, 10);
	expect(SMPP_SUBMIT_SM);
	t.on_answer = destroy_now;
	peer_respond(SMPP_OK, "x");
	WAIT_FOR(t.n_answers == 3);
	assert_null(t.link);
	expect_answer(0, SMSC_ACCEPTED);
	expect_answer(1, SMSC_MAYBE_SENT);
	expect_answer(2, SMSC_UNSENT);
	t.on_answer = NULL;

	link_up();
	submit(0, 10);
	submit(1, 10);
	submit(2, 10);
	t.on_answer = destroy_now;
	smsc_link_stop(t.link, 100);		/* gives what is unsent back, the first time destroys it */
	WAIT_FOR(t.n_answers == 3);
	t.n_answers = 0;
	t.on_answer = NULL;

	link_up();
	t.on_state = destroy_when_down;
	close(t.fd);
	t.fd = -1;
	WAIT_FOR(t.link == NULL);
	t.on_state = NULL;
	some_turns();
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(enquires_when_idle),
		TEST(traffic_needs_no_enquiry),
		TEST(reconnects_with_back_off),
		TEST(nobody_listens),
		TEST(bind_without_answer),
		TEST(throttled_parts_go_again),
		TEST(order_survives_throttling),
		TEST(congestion_is_heeded),
		TEST(mapped_errors),
		TEST(full_queue_of_one_destination),
		TEST(full_queue_of_the_account),
		TEST(half_is_refused_for_a_minute),
		TEST(lost_connection_gives_all_back),
		TEST(refused_for_now_is_unsent),
		TEST(stop_waits_for_answers),
		TEST(stop_does_not_wait_for_ever),
		TEST(stop_in_other_states),
		TEST(peer_unbinds),
		TEST(destroyed_from_an_event),
	};

	return cmocka_run_group_tests_name("smpp_link_time", tests, NULL, NULL);
}
