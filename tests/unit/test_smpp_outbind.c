/* test_smpp_outbind.c - an SMSC that connects to us: who is let in, what is bound, and that it is a session like others. */
#include "tests/unit/smpp_peer.h"

static uint16_t
free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static int
try_connect(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(t.cf.outbind_port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool
has_connected(void)
{
	t.fd = try_connect();
	return t.fd >= 0;
}

/* The SMSC comes; what is spoken from now on is on this connection. */
static void
peer_comes(void)
{
	t.fd = -1;
	t.in_at = t.in_n = 0;
	WAIT_FOR(has_connected());
}

static void
say_outbind(const char *system_id, const char *password)
{
	struct smpp_pdu pdu = { .id = SMPP_OUTBIND, .seq = 1 };

	strcpy(pdu.system_id, system_id);
	strcpy(pdu.password, password);
	peer_put(&pdu);
}

static int
outbind_setup(void **state)
{
	if (setup(state) != 0)
		return -1;
	t.cf.host[0] = '\0';			/* it does not connect */
	t.cf.outbind_port = free_port();
	strcpy(t.cf.outbind_host, "127.0.0.1");
	strcpy(t.cf.outbind_allow, "127.0.0.0/8");
	strcpy(t.cf.outbind_id, "smsc1");
	strcpy(t.cf.outbind_password, "hello");
	return 0;
}

static void
come_and_bind(uint32_t bind)
{
	peer_comes();
	say_outbind("smsc1", "hello");
	expect(bind);
	assert_string_equal(t.pdu.system_id, "ppg01");
	assert_string_equal(t.pdu.password, "secret08");
	peer_respond(SMPP_OK, "");
}

static void
say_receipt(const char *message_id)
{
	struct smpp_pdu deliver = { .id = SMPP_DELIVER_SM, .seq = 7, .esm_class = SMPP_ESM_RECEIPT };
	char text[100];

	snprintf(text, sizeof text, "id:%s stat:DELIVRD err:000", message_id);
	deliver.short_message = span_str(text);
	peer_put(&deliver);
}

static void
a_receiver_brings_receipts(void **state)
{
	link_start();
	come_and_bind(SMPP_BIND_RECEIVER);
	WAIT_FOR(t.link->sessions[0]->state == SMSC_UP);
	assert_int_equal(smsc_link_state(t.link), SMSC_DOWN);	/* nothing can be sent */
	assert_int_equal(smsc_link_room(t.link), 0);
	assert_int_equal(smsc_link_submit(t.link, datagram(0, 10)), ERR_CLOSED);
	say_receipt("A1");
	WAIT_FOR(t.n_receipts == 1);
	assert_string_equal(t.receipts[0].r.message_id, "A1");
	smsc_link_receipt_done(t.link, t.receipts[0].token, true);
	expect(SMPP_RESP | SMPP_DELIVER_SM);
	assert_int_equal(t.pdu.status, SMPP_OK);
}

static void
a_transceiver_sends_as_well(void **state)
{
	t.cf.outbind_transceiver = true;
	link_start();
	come_and_bind(SMPP_BIND_TRANSCEIVER);
	WAIT_FOR(smsc_link_state(t.link) == SMSC_UP);
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_OK, "A1");
	expect_answer(0, SMSC_ACCEPTED);
}

/* Beside sessions that we open. */
static void
beside_our_own(void **state)
{
	int own;

	strcpy(t.cf.host, "127.0.0.1");
	link_up();
	own = t.fd;
	assert_int_equal(t.in_at, t.in_n);
	come_and_bind(SMPP_BIND_RECEIVER);
	WAIT_FOR(t.link->sessions[1]->state == SMSC_UP);
	say_receipt("A2");
	WAIT_FOR(t.n_receipts == 1);
	smsc_link_receipt_done(t.link, t.receipts[0].token, true);
	expect(SMPP_RESP | SMPP_DELIVER_SM);
	close(t.fd);
	t.fd = own;
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_OK, "A1");
	expect_answer(0, SMSC_ACCEPTED);
	WAIT_FOR(t.link->sessions[1]->state == SMSC_DOWN);
	assert_int_equal(smsc_link_state(t.link), SMSC_UP);
}

/* Lost, it is the SMSC's to come again. */
static void
it_comes_again(void **state)
{
	int i;

	link_start();
	for (i = 0; i < 3; i++) {
		come_and_bind(SMPP_BIND_RECEIVER);
		WAIT_FOR(t.link->sessions[0]->state == SMSC_UP);
		close(t.fd);
		t.fd = -1;
		WAIT_FOR(t.link->sessions[0]->state == SMSC_DOWN);
		advance(100000);
		assert_int_equal(t.link->sessions[0]->state, SMSC_DOWN);
	}
	/* and so it is when it refuses our bind, or does not answer it */
	peer_comes();
	say_outbind("smsc1", "hello");
	expect(SMPP_BIND_RECEIVER);
	peer_respond(SMPP_RINVPASWD, "");
	WAIT_FOR(is_closed());
	peer_comes();
	say_outbind("smsc1", "hello");
	expect(SMPP_BIND_RECEIVER);
	advance(t.cf.response_timeout_s * 1000 + 1000);
	WAIT_FOR(is_closed());
	come_and_bind(SMPP_BIND_RECEIVER);
	WAIT_FOR(t.link->sessions[0]->state == SMSC_UP);
}

static void
strangers_are_sent_away(void **state)
{
	static const struct { const char *system_id, *password; } rows[] = {
		{ "smsc1", "hellp" }, { "smsc1", "" }, { "smsc1", "hello2" }, { "smsc1", "hell" }, { "smsc2", "hello" },
		{ "", "hello" }, { "", "" }, { "smsc11", "hello" }, { "SMSC1", "hello" },
	};
	size_t i;

	link_start();
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		peer_comes();
		say_outbind(rows[i].system_id, rows[i].password);
		WAIT_FOR(is_closed());
		assert_int_equal(t.in_n, 0);
		assert_int_equal(t.link->sessions[0]->state, SMSC_DOWN);
		close(t.fd);
	}
	come_and_bind(SMPP_BIND_RECEIVER);	/* and nothing is left of them */
}

static void
any_name_when_none_is_written(void **state)
{
	t.cf.outbind_id[0] = '\0';
	link_start();
	peer_comes();
	say_outbind("whoever", "hello");
	expect(SMPP_BIND_RECEIVER);
}

static void
other_networks_are_sent_away(void **state)
{
	strcpy(t.cf.outbind_allow, "192.0.2.0/24");
	link_start();
	peer_comes();
	WAIT_FOR(is_closed());
}

static void
what_is_no_outbind(void **state)
{
	static const struct { const char *what; uint8_t octets[20]; size_t n; } rows[] = {
		{ "bind_transceiver", { 0, 0, 0, 0x20, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1 }, 16 },
		{ "enquire_link", { 0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 1 }, 16 },
		{ "too long", { 0, 0, 0, 65, 0, 0, 0, 0xB, 0, 0, 0, 0, 0, 0, 0, 1 }, 16 },
		{ "much too long", { 0x7F, 0, 0, 0, 0, 0, 0, 0xB, 0, 0, 0, 0, 0, 0, 0, 1 }, 16 },
		{ "too short", { 0, 0, 0, 15, 0, 0, 0, 0xB, 0, 0, 0, 0, 0, 0, 0, 1 }, 16 },
		{ "no fields", { 0, 0, 0, 16, 0, 0, 0, 0xB, 0, 0, 0, 0, 0, 0, 0, 1 }, 16 },
		{ "half a field", { 0, 0, 0, 18, 0, 0, 0, 0xB, 0, 0, 0, 0, 0, 0, 0, 1, 'a', 'b' }, 18 },
		{ "text", { "GET / HTTP/1.1\r\n\r\n" }, 18 },
	};
	size_t i;

	link_start();
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		peer_comes();
		peer_write(rows[i].octets, rows[i].n);
		WAIT_FOR(is_closed());
		close(t.fd);
	}
	come_and_bind(SMPP_BIND_RECEIVER);
}

/* In any pieces; what follows it is the session's. */
static void
an_outbind_in_pieces(void **state)
{
	struct smpp_pdu pdu = { .id = SMPP_OUTBIND, .seq = 1, .system_id = "smsc1", .password = "hello" };
	uint8_t out[200];
	size_t i, n = encode(&pdu, out, sizeof out);

	link_start();
	peer_comes();
	for (i = 0; i < n; i++) {
		peer_write(out + i, 1);
		some_turns();
	}
	expect(SMPP_BIND_RECEIVER);
	close(t.fd);
	WAIT_FOR(t.link->sessions[0]->state == SMSC_DOWN);
	peer_comes();
	pdu = (struct smpp_pdu){ .id = SMPP_RESP | SMPP_BIND_RECEIVER, .seq = 1 };	/* before it was asked for */
	n += encode(&pdu, out + n, sizeof out - n);
	peer_write(out, n);
	WAIT_FOR(t.link->sessions[0]->state == SMSC_UP);
}

static void
who_says_nothing(void **state)
{
	link_start();
	peer_comes();
	some_turns();
	advance(9000);
	assert_false(is_closed());
	advance(2000);
	WAIT_FOR(is_closed());
}

/* So many may wait; one more is sent away, and their places come free. */
static void
a_crowd(void **state)
{
	enum { MOST = 8 };
	int fds[MOST], i;

	link_start();
	for (i = 0; i < MOST; i++) {
		peer_comes();
		some_turns();
		fds[i] = t.fd;
	}
	peer_comes();
	WAIT_FOR(is_closed());
	close(t.fd);
	for (i = 0; i < MOST; i++) {
		t.fd = fds[i];
		assert_false(is_closed());
	}
	close(fds[3]);
	t.fd = -1;
	some_turns();
	come_and_bind(SMPP_BIND_RECEIVER);
	WAIT_FOR(t.link->sessions[0]->state == SMSC_UP);
	for (i = 0; i < MOST; i++)
		if (i != 3)
			close(fds[i]);
}

static void
no_more_than_there_are_sessions(void **state)
{
	int first;

	link_start();
	come_and_bind(SMPP_BIND_RECEIVER);
	WAIT_FOR(t.link->sessions[0]->state == SMSC_UP);
	first = t.fd;
	peer_comes();
	say_outbind("smsc1", "hello");
	WAIT_FOR(is_closed());
	close(t.fd);
	t.fd = first;
	say_receipt("A1");
	WAIT_FOR(t.n_receipts == 1);
}

/* The port is waited for: a link of the older configuration may still have it. */
static void
a_port_that_is_taken(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(t.cf.outbind_port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 1), 0);
	link_start();
	some_turns();
	close(fd);
	advance(1100);
	come_and_bind(SMPP_BIND_RECEIVER);
}

static void
orderly_end(void **state)
{
	link_start();
	come_and_bind(SMPP_BIND_RECEIVER);
	WAIT_FOR(t.link->sessions[0]->state == SMSC_UP);
	smsc_link_stop(t.link, 1000);
	expect(SMPP_UNBIND);
	assert_int_equal(try_connect(), -1);	/* nobody is let in any more */
	peer_respond(SMPP_OK, "");
	WAIT_FOR(is_closed());
	WAIT_FOR(t.n_states > 0 && t.states[t.n_states - 1] == SMSC_DOWN);
}

/* A link to which nobody has come ends at once. */
static void
an_end_without_anybody(void **state)
{
	link_start();
	peer_comes();
	some_turns();
	smsc_link_stop(t.link, 1000);
	WAIT_FOR(t.n_states > 0 && t.states[t.n_states - 1] == SMSC_DOWN);
	WAIT_FOR(is_closed());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_receiver_brings_receipts, outbind_setup, teardown),
		cmocka_unit_test_setup_teardown(a_transceiver_sends_as_well, outbind_setup, teardown),
		cmocka_unit_test_setup_teardown(beside_our_own, outbind_setup, teardown),
		cmocka_unit_test_setup_teardown(it_comes_again, outbind_setup, teardown),
		cmocka_unit_test_setup_teardown(strangers_are_sent_away, outbind_setup, teardown),
		cmocka_unit_test_setup_teardown(any_name_when_none_is_written, outbind_setup, teardown),
		cmocka_unit_test_setup_teardown(other_networks_are_sent_away, outbind_setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_outbind, outbind_setup, teardown),
		cmocka_unit_test_setup_teardown(an_outbind_in_pieces, outbind_setup, teardown),
		cmocka_unit_test_setup_teardown(who_says_nothing, outbind_setup, teardown),
		cmocka_unit_test_setup_teardown(a_crowd, outbind_setup, teardown),
		cmocka_unit_test_setup_teardown(no_more_than_there_are_sessions, outbind_setup, teardown),
		cmocka_unit_test_setup_teardown(a_port_that_is_taken, outbind_setup, teardown),
		cmocka_unit_test_setup_teardown(orderly_end, outbind_setup, teardown),
		cmocka_unit_test_setup_teardown(an_end_without_anybody, outbind_setup, teardown),
	};

	return cmocka_run_group_tests_name("smpp_outbind", tests, NULL, NULL);
}
