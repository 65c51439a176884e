/* test_smpp_sessions.c - links of several sessions: transceivers side by side, a transmitter and a receiver. */
#include "tests/unit/smpp_peer.h"

enum { SESSIONS_MAX = 4 };

static int fds[SESSIONS_MAX];

/* The test speaks on another connection now; nothing half read is left on the old one. */
static void
speak_on(int k)
{
	assert_int_equal(t.in_at, t.in_n);
	t.fd = fds[k];
}

/* The next connection is fds[k]; what its bind is comes back. */
static uint32_t
accept_one(int k)
{
	t.fd = -1;
	peer_accept();
	fds[k] = t.fd;
	WAIT_FOR(has_pdu());
	take_pdu();
	return t.pdu.id;
}

static int
sessions_setup(void **state)
{
	memset(fds, -1, sizeof fds);
	return setup(state);
}

static int
sessions_teardown(void **state)
{
	int k, kept = t.fd;

	for (k = 0; k < SESSIONS_MAX; k++)
		if (fds[k] >= 0 && fds[k] != kept)
			close(fds[k]);
	return teardown(state);
}

static void
two_up(void)
{
	int k;

	t.cf.instances = 2;
	link_start();
	for (k = 0; k < 2; k++) {
		assert_int_equal(accept_one(k), SMPP_BIND_TRANSCEIVER);
		peer_respond(SMPP_OK, "");
		WAIT_FOR(t.link->sessions[k]->state == SMSC_UP || t.link->sessions[1 - k]->state == SMSC_UP);
	}
	WAIT_FOR(t.link->sessions[0]->state == SMSC_UP && t.link->sessions[1]->state == SMSC_UP);
}

/* Datagrams spread over both; each has its own window; what one loses the other does not. */
static void
two_transceivers(void **state)
{
	size_t i, n[2] = { 0, 0 };
	int k;

	t.cf.window = 3;
	two_up();
	assert_int_equal(smsc_link_state(t.link), SMSC_UP);
	assert_int_equal(smsc_link_room(t.link), 12);
	t.fd = -1;			/* nobody reads yet */
	for (i = 0; i < 8; i++)
		submit(i, 10);
	WAIT_FOR(smsc_link_window_used(t.link) == 6);
	assert_int_equal(smsc_link_queued(t.link), 2);
	for (k = 0; k < 2; k++) {
		speak_on(k);
		for (n[k] = 0; n[k] < 3; n[k]++)
			expect(SMPP_SUBMIT_SM);
		expect_nothing();
	}
	/* fds[1] is torn: its three may have been sent, a fourth was not */
	close(fds[1]);
	fds[1] = t.fd = -1;
	WAIT_FOR(t.n_answers == 4);
	for (i = 0, n[0] = 0; i < 4; i++)
		n[0] += t.answers[i].verdict == SMSC_MAYBE_SENT;
	assert_int_equal(n[0], 3);
	assert_int_equal(smsc_link_state(t.link), SMSC_UP);
	assert_int_equal(smsc_link_stats(t.link)->reconnects, 1);
	assert_int_equal(smsc_link_window_used(t.link), 3);
	t.n_answers = 0;
	speak_on(0);
	t.pdu.id = SMPP_SUBMIT_SM;
	for (i = 1; i <= 3; i++) {
		t.pdu.seq = (uint32_t)i + 1;
		peer_respond(SMPP_OK, "A");
	}
	WAIT_FOR(t.n_answers == 3);
	expect(SMPP_SUBMIT_SM);
	/* and it comes back */
	advance(1300);
	assert_int_equal(accept_one(1), SMPP_BIND_TRANSCEIVER);
	peer_respond(SMPP_OK, "");
	WAIT_FOR(t.link->sessions[0]->state == SMSC_UP && t.link->sessions[1]->state == SMSC_UP);
}

/* All parts of one datagram take the same way. */
static void
parts_stay_together(void **state)
{
	int k;
	unsigned on[2];

	two_up();
	t.fd = -1;
	submit(0, 127 * 5);
	WAIT_FOR(smsc_link_window_used(t.link) == 5);
	for (k = 0; k < 2; k++) {
		speak_on(k);
		some_turns();
		for (on[k] = 0; has_pdu(); on[k]++)
			take_pdu();
	}
	assert_true((on[0] == 5 && on[1] == 0) || (on[0] == 0 && on[1] == 5));
}

/* The limit is that of the link: ten a second over both, and no burst beyond it. */
static void
throughput_is_shared(void **state)
{
	size_t i;

	t.cf.throughput = 10;
	two_up();
	for (i = 0; i < 20; i++)
		submit(i, 10);
	some_turns();
	assert_int_equal(smsc_link_stats(t.link)->submitted, 1);
	for (i = 0; i < 10; i++)
		advance(100);
	assert_int_equal(smsc_link_stats(t.link)->submitted, 11);
}

static void
receipt_for(const char *id, uint32_t seq)
{
	char text[128];
	struct smpp_pdu pdu = { .id = SMPP_DELIVER_SM, .seq = seq, .esm_class = SMPP_ESM_RECEIPT };

	snprintf(text, sizeof text, "id:%s sub:001 dlvrd:001 stat:DELIVRD err:000 text:", id);
	pdu.short_message = span_str(text);
	peer_put(&pdu);
}

/* Messages out on the one, receipts in on the other, and each answered where it came from. */
static void
transmitter_and_receiver(void **state)
{
	uint32_t first, second;
	int tx, rx;

	t.cf.transmitter_only = true;
	t.cf.receive_port = t.cf.port;
	link_start();
	first = accept_one(0);
	tx = first == SMPP_BIND_TRANSMITTER ? 0 : 1;
	rx = 1 - tx;
	if (tx == 0) {
		peer_respond(SMPP_OK, "");
		WAIT_FOR(smsc_link_state(t.link) == SMSC_UP);	/* it sends already */
	}
	second = accept_one(1);
	assert_int_equal(tx == 0 ? first : second, SMPP_BIND_TRANSMITTER);
	assert_int_equal(tx == 0 ? second : first, SMPP_BIND_RECEIVER);
	peer_respond(SMPP_OK, "");
	if (tx == 1) {
		speak_on(0);
		t.pdu.id = first;
		t.pdu.seq = 1;
		peer_respond(SMPP_OK, "");
	}
	WAIT_FOR(t.link->sessions[0]->state == SMSC_UP && t.link->sessions[1]->state == SMSC_UP);
	assert_int_equal(smsc_link_room(t.link), 2 * t.cf.window);

	speak_on(tx);
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_OK, "77");
	expect_answer(0, SMSC_ACCEPTED);
	speak_on(rx);
	receipt_for("77", 9);
	WAIT_FOR(t.n_receipts == 1);
	assert_string_equal(t.receipts[0].r.message_id, "77");
	smsc_link_receipt_done(t.link, t.receipts[0].token, true);
	expect(SMPP_RESP | SMPP_DELIVER_SM);
	assert_int_equal(t.pdu.seq, 9);

	/* without the receiver it still sends; without the transmitter it is down */
	close(fds[rx]);
	fds[rx] = t.fd = -1;
	WAIT_FOR(t.link->sessions[1]->state == SMSC_DOWN);
	assert_int_equal(smsc_link_state(t.link), SMSC_UP);
	close(fds[tx]);
	fds[tx] = -1;
	WAIT_FOR(smsc_link_state(t.link) != SMSC_UP);
	assert_int_equal(smsc_link_room(t.link), 0);
	assert_int_equal(smsc_link_submit(t.link, datagram(1, 10)), ERR_CLOSED);
}

/* A stop is over when the last session is, and is told once. */
static void
stop_ends_all(void **state)
{
	size_t i, downs = 0;
	int k;

	two_up();
	t.n_states = 0;
	smsc_link_stop(t.link, 5000);
	for (k = 0; k < 2; k++) {
		speak_on(k);
		expect(SMPP_UNBIND);
		assert_int_not_equal(smsc_link_state(t.link), SMSC_DOWN);
		peer_respond(SMPP_OK, "");
		WAIT_FOR(is_closed());
	}
	WAIT_FOR(smsc_link_state(t.link) == SMSC_DOWN);
	for (i = 0; i < t.n_states; i++)
		downs += t.states[i] == SMSC_DOWN;
	assert_int_equal(downs, 1);
}

static void
destroy_it(void)
{
	smsc_link_destroy(&t.link);
}

/* What was on its way comes back, from all sessions, when an event destroys the link. */
static void
destroyed_by_an_event(void **state)
{
	size_t i;

	two_up();
	t.fd = -1;
	for (i = 0; i < 6; i++)
		submit(i, 10);
	WAIT_FOR(smsc_link_window_used(t.link) == 6);
	t.on_answer = destroy_it;
	speak_on(0);
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_OK, "1");
	WAIT_FOR(t.n_answers == 6);
	assert_null(t.link);
	some_turns();
}

static void
over_ipv6(void **state)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	socklen_t size = sizeof a;
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0) {
		if (fd >= 0)
			close(fd);
		skip();			/* this machine has no IPv6 */
	}
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	close(t.listener);
	t.listener = fd;
	strcpy(t.cf.host, "::1");
	t.cf.port = ntohs(a.sin6_port);
	link_up();
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_OK, "1");
	expect_answer(0, SMSC_ACCEPTED);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, sessions_setup, sessions_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(two_transceivers),
		CASE(parts_stay_together),
		CASE(throughput_is_shared),
		CASE(transmitter_and_receiver),
		CASE(stop_ends_all),
		CASE(destroyed_by_an_event),
		CASE(over_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
