/* test_smpp_link.c - the SMPP link and an SMSC that behaves: bind, window, segments, input, receipts. */
#include "tests/unit/smpp_peer.h"

#include <netdb.h>

#include "wap/udh.h"

/* ---- bind and unbind ------------------------------------------------------------------------ */

static void
binds_as_configured(void **state)
{
	strcpy(t.cf.system_type, "WAP");
	strcpy(t.cf.address_range, "^1202");
	link_start();
	assert_int_equal(smsc_link_state(t.link), SMSC_DOWN);
	assert_int_equal(smsc_link_submit(t.link, datagram(0, 10)), ERR_CLOSED);
	peer_accept();
	expect(SMPP_BIND_TRANSCEIVER);
	assert_string_equal(t.pdu.system_id, "ppg01");
	assert_string_equal(t.pdu.password, "secret08");
	assert_string_equal(t.pdu.system_type, "WAP");
	assert_string_equal(t.pdu.address_range, "^1202");
	assert_int_equal(t.pdu.interface_version, 0x34);
	assert_int_equal(t.pdu.seq, 1);
	assert_int_equal(smsc_link_state(t.link), SMSC_BINDING);
	assert_int_equal(smsc_link_room(t.link), 0);
	peer_respond(SMPP_OK, "");
	WAIT_FOR(smsc_link_state(t.link) == SMSC_UP);
	WAIT_FOR(t.rooms == 1);
	assert_string_equal(smsc_link_id(t.link), "test");

	smsc_link_stop(t.link, 1000);
	expect(SMPP_UNBIND);
	assert_int_equal(smsc_link_submit(t.link, datagram(0, 10)), ERR_CLOSED);
	peer_respond(SMPP_OK, "");
	WAIT_FOR(smsc_link_state(t.link) == SMSC_DOWN);
	WAIT_FOR(is_closed());
	assert_int_equal(t.n_states, 5);
	assert_int_equal(t.states[0], SMSC_CONNECTING);
	assert_int_equal(t.states[1], SMSC_BINDING);
	assert_int_equal(t.states[2], SMSC_UP);
	assert_int_equal(t.states[3], SMSC_UNBINDING);
	assert_int_equal(t.states[4], SMSC_DOWN);
	advance(200000);
	assert_true(is_listener_quiet());
	assert_int_equal(smsc_link_stats(t.link)->reconnects, 0);
}

static void
binds_as_transmitter(void **state)
{
	t.cf.transmitter_only = true;
	link_up();
}

static void
finds_the_host_by_name(void **state)
{
	struct addrinfo *found;

	if (getaddrinfo("localhost", NULL, NULL, &found) != 0)
		skip();			/* a machine without /etc/hosts */
	freeaddrinfo(found);
	strcpy(t.cf.host, "localhost");
	link_up();
}

static void
unknown_host_is_tried_again(void **state)
{
	memset(t.cf.host, 'a', 70);		/* longer than a label may be, so no server is asked */
	link_start();
	WAIT_FOR(smsc_link_stats(t.link)->reconnects == 1);
	assert_int_equal(smsc_link_state(t.link), SMSC_DOWN);
	advance(1300);
	WAIT_FOR(smsc_link_stats(t.link)->reconnects == 2);
}

static void
destroyed_while_looking_up(void **state)
{
	strcpy(t.cf.host, "localhost");
	link_start();
	loop_turn(t.loop, 0);
	smsc_link_destroy(&t.link);
	assert_null(t.link);
	some_turns();		/* the look-up may end now, or later */
}

/* ---- submit -------------------------------------------------------------------------------------- */

static void
submits_one_part(void **state)
{
	struct udh udh;
	struct why why;

	strcpy(t.cf.service_type, "WAP");
	t.cf.data_coding = 0xF5;
	t.cf.esm_mode = 3;
	link_up();
	submit(0, 100);
	expect(SMPP_SUBMIT_SM);
	assert_string_equal(t.pdu.service_type, "WAP");
	assert_int_equal(t.pdu.source_ton, 5);
	assert_int_equal(t.pdu.source_npi, 0);
	assert_string_equal(t.pdu.source, "PPG");
	assert_int_equal(t.pdu.dest_ton, 1);
	assert_int_equal(t.pdu.dest_npi, 1);
	assert_string_equal(t.pdu.dest, "12025550000");
	assert_int_equal(t.pdu.esm_class, 0x43);
	assert_int_equal(t.pdu.data_coding, 0xF5);
	assert_int_equal(t.pdu.registered_delivery, 1);
	assert_int_equal(t.pdu.priority, 0);
	assert_string_equal(t.pdu.validity, "260103150500000+");
	assert_int_equal(t.pdu.n_tlvs, 0);
	assert_int_equal(udh_decode(t.pdu.short_message, &udh, &why), OK);
	assert_true(udh.has_ports && !udh.has_concat);
	assert_int_equal(udh.dst_port, 2948);
	assert_int_equal(udh.payload.n, 100);
	assert_int_equal(smsc_link_window_used(t.link), 1);
	peer_respond(SMPP_OK, "7A3F0C19");
	WAIT_FOR(t.n_answers == 1);
	assert_string_equal(t.answers[0].ids[0], "7A3F0C19");
	expect_answer(0, SMSC_ACCEPTED);
	assert_int_equal(smsc_link_window_used(t.link), 0);

	datagram(1, 10);
	strcpy(t.dg[1].from, "12025550199");
	strcpy(t.dg[1].to, "12345");
	t.dg[1].validity_at = 1767366360;
	t.dg[1].want_receipt = false;
	t.dg[1].priority = 3;
	assert_int_equal(smsc_link_submit(t.link, &t.dg[1]), OK);
	expect(SMPP_SUBMIT_SM);
	assert_string_equal(t.pdu.source, "12025550199");
	assert_int_equal(t.pdu.source_ton, 0);
	assert_int_equal(t.pdu.dest_ton, 3);
	assert_int_equal(t.pdu.registered_delivery, 0);
	assert_int_equal(t.pdu.priority, 3);
	assert_string_equal(t.pdu.validity, "260102150600000+");

	submit(2, 10);			/* the link's own source and validity again */
	expect(SMPP_SUBMIT_SM);
	assert_string_equal(t.pdu.source, "PPG");
	assert_string_equal(t.pdu.validity, "260103150500000+");
	assert_int_equal(smsc_link_stats(t.link)->submitted, 3);
	assert_int_equal(smsc_link_stats(t.link)->accepted, 1);
}

static void
submits_parts_in_order(void **state)
{
	struct smpp_pdu resp[3];
	struct why why;
	unsigned i;

	link_up();
	submit(0, 300);
	for (i = 0; i < 3; i++) {
		struct udh udh;

		expect(SMPP_SUBMIT_SM);
		assert_int_equal(udh_decode(t.pdu.short_message, &udh, &why), OK);
		assert_true(udh.has_ports && udh.has_concat && udh.ref_16bit);
		assert_int_equal(udh.ref, 0x1234);
		assert_int_equal(udh.total, 3);
		assert_int_equal(udh.seq, i + 1);
		resp[i] = (struct smpp_pdu){ .id = SMPP_RESP | SMPP_SUBMIT_SM, .seq = t.pdu.seq };
		snprintf(resp[i].message_id, sizeof resp[i].message_id, "id-%u", i);
	}
	peer_put(&resp[2]);
	peer_put(&resp[0]);
	some_turns();
	assert_int_equal(t.n_answers, 0);
	peer_put(&resp[1]);
	WAIT_FOR(t.n_answers == 1);
	for (i = 0; i < 3; i++)
		assert_string_equal(t.answers[0].ids[i], resp[i].message_id);
	expect_answer(0, SMSC_ACCEPTED);
}

static void
keeps_to_the_window(void **state)
{
	unsigned rooms;

	t.cf.window = 2;
	link_up();
	WAIT_FOR(t.rooms == 1);
	assert_int_equal(smsc_link_room(t.link), 4);
	submit(0, 300);			/* three parts */
	submit(1, 10);
	submit(2, 10);
	submit(3, 10);
	assert_int_equal(smsc_link_room(t.link), 0);
	assert_int_equal(smsc_link_submit(t.link, datagram(4, 10)), ERR_FULL);
	expect(SMPP_SUBMIT_SM);
	expect(SMPP_SUBMIT_SM);
	expect_nothing();
	assert_int_equal(smsc_link_window_used(t.link), 2);
	assert_int_equal(smsc_link_queued(t.link), 4);
	rooms = t.rooms;
	peer_respond(SMPP_OK, "b");	/* the second part */
	expect(SMPP_SUBMIT_SM);		/* the third */
	expect_nothing();
	assert_int_equal(smsc_link_queued(t.link), 3);
	assert_int_equal(smsc_link_room(t.link), 1);
	assert_int_equal(t.rooms, rooms + 1);
	peer_respond(SMPP_OK, "c");
	expect(SMPP_SUBMIT_SM);
	assert_string_equal(t.pdu.dest, "12025550001");
	assert_int_equal(t.rooms, rooms + 1);	/* there was room already */
}

static void
submit_once_more(void)
{
	/* an application may submit again from an event */
	if (t.n_answers == 1)
		submit(7, 10);
}

static void
submits_from_an_event(void **state)
{
	link_up();
	t.on_answer = submit_once_more;
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_OK, "1");
	expect(SMPP_SUBMIT_SM);
	assert_string_equal(t.pdu.dest, "12025550007");
}

static void
refuses_what_no_smsc_can_take(void **state)
{
	static const struct { const char *to, *from; size_t n; uint8_t priority; uint32_t status; } rows[] = {
		{ "", "", 10, 0, SMPP_RINVDSTADR },
		{ "123456789012345678901", "", 10, 0, SMPP_RINVDSTADR },
		{ "12025550101", "123456789012345678901", 10, 0, SMPP_RINVSRCADR },
		{ "12025550101", "", 33000, 0, SMPP_RINVMSGLEN },
		{ "12025550101", "", 10, 4, SMPP_RINVPRTFLG },
	};
	size_t i;

	link_up();
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		datagram(i, rows[i].n);
		strcpy(t.dg[i].to, rows[i].to);
		strcpy(t.dg[i].from, rows[i].from);
		t.dg[i].priority = rows[i].priority;
		assert_int_equal(smsc_link_submit(t.link, &t.dg[i]), OK);
		assert_int_equal(t.n_answers, 0);	/* never from inside */
		WAIT_FOR(t.n_answers == 1);
		assert_int_equal(t.answers[0].status, rows[i].status);
		expect_answer(i, SMSC_REFUSED);
	}
	datagram(9, 10);
	strcpy(t.dg[9].to, "+12345678901234567890");
	assert_int_equal(smsc_link_submit(t.link, &t.dg[9]), OK);
	expect(SMPP_SUBMIT_SM);
	assert_string_equal(t.pdu.dest, "12345678901234567890");
}

static void
verdicts_by_status(void **state)
{
	static const struct { uint32_t status; enum smsc_verdict verdict; } rows[] = {
		{ SMPP_OK, SMSC_ACCEPTED }, { SMPP_RSYSERR, SMSC_RETRY }, { SMPP_RX_T_APPN, SMSC_RETRY },
		{ SMPP_RUNKNOWNERR, SMSC_RETRY }, { 0x102, SMSC_RETRY },
		{ SMPP_RINVDSTADR, SMSC_REFUSED }, { SMPP_RSUBMITFAIL, SMSC_REFUSED }, { SMPP_RX_P_APPN, SMSC_REFUSED },
		{ 0x401, SMSC_REFUSED }, { SMPP_RINVMSGLEN, SMSC_REFUSED },
	};
	size_t i;

	link_up();
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		submit(i, 10);
		expect(SMPP_SUBMIT_SM);
		peer_respond(rows[i].status, "x");
		WAIT_FOR(t.n_answers == 1);
		assert_int_equal(t.answers[0].status, rows[i].status);
		expect_answer(i, rows[i].verdict);
	}
	assert_int_equal(smsc_link_stats(t.link)->refused, 5);
	assert_int_equal(smsc_link_stats(t.link)->accepted, 1);
}

/* When a part is refused the rest is not sent, and the permanent reason is the one that is told. */
static void
one_part_decides_for_all(void **state)
{
	t.cf.window = 2;
	link_up();
	submit(0, 1000);
	submit(1, 10);
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_RSYSERR, "");
	expect(SMPP_SUBMIT_SM);			/* the second part was on its way */
	assert_string_equal(t.pdu.dest, "12025550000");
	some_turns();
	assert_int_equal(t.n_answers, 0);
	peer_respond(SMPP_RINVDSTADR, "");
	WAIT_FOR(t.n_answers == 1);
	assert_int_equal(t.answers[0].status, SMPP_RINVDSTADR);
	expect_answer(0, SMSC_REFUSED);
	expect(SMPP_SUBMIT_SM);
	assert_string_equal(t.pdu.dest, "12025550001");
	expect_nothing();
}

/* A part that waits to be sent again is not, once another one was refused for good. */
static void
refusal_ends_waiting(void **state)
{
	link_up();
	submit(0, 300);
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_RTHROTTLED, "");
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_RINVDSTADR, "");
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_RTHROTTLED, "");	/* no use in trying this one again */
	some_turns();
	assert_int_equal(t.link->sessions[0]->send.n_again, 1);
	advance(1250);
	WAIT_FOR(t.n_answers == 1);
	assert_int_equal(t.answers[0].status, SMPP_RINVDSTADR);
	expect_answer(0, SMSC_REFUSED);
	expect_nothing();

	submit(0, 300);				/* the other way round */
	expect(SMPP_SUBMIT_SM);			/* one, as after every pause */
	peer_respond(SMPP_RINVDSTADR, "");
	expect_answer(0, SMSC_REFUSED);
	expect_nothing();
}

/* Sequence numbers wrap to 1, and the one slot that stays taken does not get in the way of the others. */
static void
sequence_numbers_wrap(void **state)
{
	uint32_t first, last = 0;
	int i;

	t.cf.window = 3;
	link_up();
	t.link->sessions[0]->next_seq = LINK_SEQ_MAX - 5;
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	first = t.pdu.seq;
	assert_int_equal(first, LINK_SEQ_MAX - 5);
	for (i = 1; i < 60; i++) {
		submit((size_t)i, 10);
		expect(SMPP_SUBMIT_SM);
		last = t.pdu.seq;
		assert_true(last >= 1 && last <= LINK_SEQ_MAX);
		peer_respond(SMPP_OK, "x");
		expect_answer((size_t)i, SMSC_ACCEPTED);
	}
	assert_true(last < 100);
	t.pdu.seq = first;
	peer_respond(SMPP_OK, "y");
	expect_answer(0, SMSC_ACCEPTED);
	assert_int_equal(smsc_link_window_used(t.link), 0);
}

static void
throughput_is_limited(void **state)
{
	unsigned i, n = 0;

	t.cf.window = 1000;
	t.cf.throughput = 50;
	link_up();
	for (i = 0; i < 500; i++)
		submit(i, 10);
	for (i = 0; i < 200; i++) {		/* two seconds */
		advance(10);
		while (has_pdu()) {
			take_pdu();
			n++;
		}
	}
	assert_in_range(n, 95, 110);
}

/* ---- input in any pieces ---------------------------------------------------------------------- */

static const char receipt_text[] = "id:7A3F0C19 stat:DELIVRD err:000 text:";

static struct smpp_pdu
receipt_pdu(uint32_t seq)
{
	struct smpp_pdu pdu = { .id = SMPP_DELIVER_SM, .seq = seq, .esm_class = SMPP_ESM_RECEIPT,
	    .short_message = span_str(receipt_text) };

	return pdu;
}

/* What an SMSC sends while two datagrams are outstanding; returns its length. */
static size_t
stream(uint8_t *out, size_t size, uint32_t first_seq)
{
	struct smpp_pdu pdus[] = {
		{ .id = SMPP_ENQUIRE_LINK, .seq = 77 },
		{ .id = SMPP_RESP | SMPP_SUBMIT_SM, .seq = first_seq + 1, .message_id = "two" },
		receipt_pdu(first_seq),
		{ .id = SMPP_RESP | SMPP_SUBMIT_SM, .seq = first_seq, .message_id = "one" },
		{ .id = SMPP_ENQUIRE_LINK, .seq = 78 },
	};
	size_t i, n = 0;

	for (i = 0; i < sizeof pdus / sizeof pdus[0]; i++)
		n += encode(&pdus[i], out + n, size - n);
	return n;
}

static void
check_stream_was_served(void)
{
	expect(SMPP_RESP | SMPP_ENQUIRE_LINK);
	assert_int_equal(t.pdu.seq, 77);
	expect(SMPP_RESP | SMPP_ENQUIRE_LINK);
	assert_int_equal(t.pdu.seq, 78);
	WAIT_FOR(t.n_answers == 2);
	assert_string_equal(t.answers[0].ids[0], "two");
	expect_answer(1, SMSC_ACCEPTED);
	assert_string_equal(t.answers[0].ids[0], "one");
	expect_answer(0, SMSC_ACCEPTED);
	assert_int_equal(t.n_receipts, 1);
	assert_string_equal(t.receipts[0].r.message_id, "7A3F0C19");
	smsc_link_receipt_done(t.link, t.receipts[0].token, true);
	expect(SMPP_RESP | SMPP_DELIVER_SM);
	assert_int_equal(t.pdu.status, SMPP_OK);
	t.n_receipts = 0;
}

static uint32_t
two_outstanding(void)
{
	uint32_t seq;

	submit(0, 10);
	submit(1, 10);
	expect(SMPP_SUBMIT_SM);
	seq = t.pdu.seq;
	expect(SMPP_SUBMIT_SM);
	assert_int_equal(t.pdu.seq, seq + 1);
	return seq;
}

static void
input_in_single_octets(void **state)
{
	uint8_t octets[1024];
	size_t i, n;

	link_up();
	n = stream(octets, sizeof octets, two_outstanding());
	for (i = 0; i < n; i++) {
		peer_write(octets + i, 1);
		turn(0);
	}
	check_stream_was_served();
}

static void
input_cut_everywhere(void **state)
{
	uint8_t octets[1024];
	size_t cut, n;

	link_up();
	n = stream(octets, sizeof octets, two_outstanding());
	for (cut = 0;; cut++) {
		peer_write(octets, cut);
		some_turns();
		peer_write(octets + cut, n - cut);
		check_stream_was_served();
		if (cut == n)
			break;
		assert_int_equal(stream(octets, sizeof octets, two_outstanding()), n);
	}
	assert_int_equal(smsc_link_stats(t.link)->bad_pdus, 0);
	assert_int_equal(smsc_link_stats(t.link)->ignored_responses, 0);
}

static void
many_pdus_in_one_write(void **state)
{
	enum { MANY = 20000 };
	static uint8_t octets[MANY * 16];
	size_t i, n = 0;

	link_up();
	for (i = 0; i < MANY; i++) {
		struct smpp_pdu pdu = { .id = SMPP_ENQUIRE_LINK, .seq = (uint32_t)i + 1 };

		n += encode(&pdu, octets + n, sizeof octets - n);
	}
	peer_write(octets, n);
	for (i = 0; i < MANY; i++) {
		expect(SMPP_RESP | SMPP_ENQUIRE_LINK);
		assert_int_equal(t.pdu.seq, i + 1);
	}
}

/* A peer that sends and never reads fills no memory: the link stops reading and goes on later. */
static void
deaf_peer_is_not_read(void **state)
{
	enum { MANY = 64 };
	static uint8_t octets[65536];
	size_t i, n = 0, sent = 0, gathered = 0;
	uint32_t seq;

	link_up();
	while (n + 16 <= sizeof octets) {
		struct smpp_pdu pdu = { .id = SMPP_ENQUIRE_LINK, .seq = 5 };

		n += encode(&pdu, octets + n, sizeof octets - n);
	}
	for (i = 0; i < 4 * MANY; i++) {
		ssize_t k = send(t.fd, octets, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (k > 0)
			sent += (size_t)k;
		loop_turn(t.loop, 0);
		if (link_conn_unsent(t.link->sessions[0]) > gathered)
			gathered = link_conn_unsent(t.link->sessions[0]);
		if (t.link->sessions[0]->conn.hold_input && k < 0)
			break;
	}
	assert_true(t.link->sessions[0]->conn.hold_input);
	assert_true(gathered < 2 * LINK_OUT_HIGH);
	for (seq = 0; seq < sent / 16; seq++)
		expect(SMPP_RESP | SMPP_ENQUIRE_LINK);
	assert_false(t.link->sessions[0]->conn.hold_input);
	assert_int_equal(smsc_link_state(t.link), SMSC_UP);
}

/* ---- receipts --------------------------------------------------------------------------------------- */

static void
receipts_wait_for_the_application(void **state)
{
	struct smpp_pdu pdu;

	link_up();
	pdu = receipt_pdu(9);
	peer_put(&pdu);
	WAIT_FOR(t.n_receipts == 1);
	assert_string_equal(t.receipts[0].r.smsc_id, "test");
	assert_string_equal(t.receipts[0].r.message_id, "7A3F0C19");
	assert_string_equal(t.receipts[0].r.err, "000");
	assert_int_equal(t.receipts[0].r.state, RECEIPT_DELIVERED);
	assert_true(t.receipts[0].r.final);
	expect_nothing();
	smsc_link_receipt_done(t.link, t.receipts[0].token + 1, true);
	smsc_link_receipt_done(t.link, 0, true);
	expect_nothing();
	smsc_link_receipt_done(t.link, t.receipts[0].token, true);
	expect(SMPP_RESP | SMPP_DELIVER_SM);
	assert_int_equal(t.pdu.seq, 9);
	assert_int_equal(t.pdu.status, SMPP_OK);
	smsc_link_receipt_done(t.link, t.receipts[0].token, true);	/* once only */
	expect_nothing();

	pdu.esm_class = SMPP_ESM_INTERMEDIATE;
	peer_put(&pdu);
	WAIT_FOR(t.n_receipts == 2);
	assert_false(t.receipts[1].r.final);
	smsc_link_receipt_done(t.link, t.receipts[1].token, false);
	expect(SMPP_RESP | SMPP_DELIVER_SM);
	assert_int_equal(t.pdu.status, SMPP_RX_T_APPN);

	pdu = (struct smpp_pdu){ .id = SMPP_DATA_SM, .seq = 10, .esm_class = SMPP_ESM_RECEIPT, .n_tlvs = 1 };
	pdu.tlvs[0] = (struct smpp_tlv){ SMPP_TAG_MESSAGE_PAYLOAD, span_str(receipt_text) };
	peer_put(&pdu);
	WAIT_FOR(t.n_receipts == 3);
	smsc_link_receipt_done(t.link, t.receipts[2].token, true);
	expect(SMPP_RESP | SMPP_DATA_SM);
	assert_int_equal(smsc_link_stats(t.link)->receipts, 3);
}

static void
other_messages_are_dropped(void **state)
{
	struct smpp_pdu pdu = { .id = SMPP_DELIVER_SM, .seq = 4, .short_message = span_str("id:1 stat:DELIVRD") };

	link_up();
	peer_put(&pdu);
	expect(SMPP_RESP | SMPP_DELIVER_SM);
	assert_int_equal(t.pdu.status, SMPP_OK);
	assert_int_equal(t.n_receipts, 0);
	assert_int_equal(smsc_link_stats(t.link)->messages, 1);
	pdu = (struct smpp_pdu){ .id = SMPP_ALERT_NOTIFICATION, .seq = 5 };
	peer_put(&pdu);
	expect_nothing();
}

static void
receipts_are_bounded(void **state)
{
	size_t i;

	link_up();
	for (i = 0; i < LINK_RECEIPTS_MAX; i++) {
		struct smpp_pdu pdu = receipt_pdu((uint32_t)i + 1);

		peer_put(&pdu);
	}
	WAIT_FOR(t.n_receipts == LINK_RECEIPTS_MAX);
	peer_put(&(struct smpp_pdu){ .id = SMPP_DELIVER_SM, .seq = 9999, .esm_class = SMPP_ESM_RECEIPT,
	    .short_message = span_str(receipt_text) });
	expect(SMPP_RESP | SMPP_DELIVER_SM);
	assert_int_equal(t.pdu.seq, 9999);
	assert_int_equal(t.pdu.status, SMPP_RMSGQFUL);
	smsc_link_receipt_done(t.link, t.receipts[17].token, true);
	expect(SMPP_RESP | SMPP_DELIVER_SM);
	assert_int_equal(t.pdu.seq, 18);
	peer_put(&(struct smpp_pdu){ .id = SMPP_DELIVER_SM, .seq = 9999, .esm_class = SMPP_ESM_RECEIPT,
	    .short_message = span_str(receipt_text) });
	WAIT_FOR(t.n_receipts == LINK_RECEIPTS_MAX + 1);
}

static void
tokens_end_with_their_connection(void **state)
{
	struct smpp_pdu pdu = receipt_pdu(9);

	link_up();
	peer_put(&pdu);
	WAIT_FOR(t.n_receipts == 1);
	close(t.fd);
	t.fd = -1;
	WAIT_FOR(smsc_link_state(t.link) == SMSC_DOWN);
	smsc_link_receipt_done(t.link, t.receipts[0].token, true);
	advance(1300);
	bind_link();
	smsc_link_receipt_done(t.link, t.receipts[0].token, true);
	expect_nothing();
	peer_put(&pdu);
	WAIT_FOR(t.n_receipts == 2);
	assert_true(t.receipts[1].token != t.receipts[0].token);
}

static uint16_t
tlv_value(uint16_t tag)
{
	const struct smpp_tlv *tlv = smpp_tlv_find(&t.pdu, tag);
	struct rbuf r;

	if (tlv == NULL)
		fail_msg("no TLV %04X", tag);
	r = rbuf_from(tlv->value);
	return (uint16_t)rbuf_uint(&r, (unsigned)tlv->value.n);
}

/* One datagram, cut in each way; put together again it is the same. */
static void
ways_to_cut(void **state)
{
	static const struct { enum smsc_segmentation how; size_t n; unsigned parts, last; } rows[] = {
		{ SMSC_UDH16, 133, 1, 140 }, { SMSC_UDH16, 256, 3, 15 },
		{ SMSC_UDH8, 0, 1, 7 }, { SMSC_UDH8, 133, 1, 140 }, { SMSC_UDH8, 134, 2, 18 }, { SMSC_UDH8, 256, 2, 140 },
		{ SMSC_UDH8, 257, 3, 13 }, { SMSC_UDH8, 32640, 255, 140 }, { SMSC_UDH8, 32641, 0, 0 },
		{ SMSC_SAR, 0, 1, 0 }, { SMSC_SAR, 133, 1, 133 }, { SMSC_SAR, 134, 2, 7 }, { SMSC_SAR, 32385, 255, 127 },
		{ SMSC_SAR, 32386, 0, 0 },
		{ SMSC_PAYLOAD, 1, 1, 1 }, { SMSC_PAYLOAD, 300, 1, 300 }, { SMSC_PAYLOAD, 32385, 1, 32385 },
		{ SMSC_PAYLOAD, 32386, 0, 0 },
	};
	static uint8_t joined[40000];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool by_udh = rows[i].how == SMSC_UDH16 || rows[i].how == SMSC_UDH8;
		struct wbuf w = wbuf_into(joined, sizeof joined);
		unsigned k;

		t.cf.segmentation = rows[i].how;
		t.cf.esm_mode = 3;
		t.cf.window = 300;
		link_up();
		submit(i, rows[i].n);
		for (k = 0; k < rows[i].parts; k++) {
			struct udh udh;
			struct why why;

			expect(SMPP_SUBMIT_SM);
			assert_int_equal(t.pdu.esm_class, by_udh ? 0x43 : 3);
			if (k + 1 == rows[i].parts)
				assert_int_equal(smpp_user_data(&t.pdu).n, rows[i].last);
			if (by_udh) {
				assert_int_equal(udh_decode(t.pdu.short_message, &udh, &why), OK);
				assert_int_equal(udh.dst_port, 2948);
				assert_int_equal(udh.has_concat, rows[i].parts > 1);
				if (udh.has_concat) {
					assert_int_equal(udh.ref, rows[i].how == SMSC_UDH8 ? 0x34 : 0x1234);
					assert_int_equal(udh.total, rows[i].parts);
					assert_int_equal(udh.seq, k + 1);
				}
				assert_int_equal(t.pdu.n_tlvs, 0);
				wbuf_add(&w, udh.payload);
			} else {
				assert_int_equal(tlv_value(SMPP_TAG_SOURCE_PORT), 9200);
				assert_int_equal(tlv_value(SMPP_TAG_DESTINATION_PORT), 2948);
				if (rows[i].parts > 1) {
					assert_int_equal(tlv_value(SMPP_TAG_SAR_REF), 0x1234);
					assert_int_equal(tlv_value(SMPP_TAG_SAR_TOTAL), rows[i].parts);
					assert_int_equal(tlv_value(SMPP_TAG_SAR_SEQ), k + 1);
				}
				assert_int_equal(t.pdu.n_tlvs, rows[i].parts > 1 ? 5 : rows[i].how == SMSC_PAYLOAD ? 3 : 2);
				wbuf_add(&w, smpp_user_data(&t.pdu));
			}
			peer_respond(SMPP_OK, "1");
		}
		expect_answer(i, rows[i].parts > 0 ? SMSC_ACCEPTED : SMSC_REFUSED);
		expect_nothing();
		assert_int_equal(w.n, rows[i].parts > 0 ? rows[i].n : 0);
		assert_memory_equal(joined, datagram(i, rows[i].n)->pdu.p, w.n);
		smsc_link_destroy(&t.link);
	}
}

/* A datagram may want another way than the link's, and gets it where the session can. */
static void
a_way_of_its_own(void **state)
{
	static const struct { enum smsc_segmentation link, own, used; unsigned version; } rows[] = {
		{ SMSC_UDH16, SMSC_SAR, SMSC_SAR, 0x34 }, { SMSC_SAR, SMSC_UDH16, SMSC_UDH16, 0x34 },
		{ SMSC_SAR, SMSC_UDH8, SMSC_UDH8, 0x50 }, { SMSC_UDH8, SMSC_PAYLOAD, SMSC_PAYLOAD, 0x34 },
		{ SMSC_PAYLOAD, SMSC_UDH16, SMSC_UDH16, 0x34 }, { SMSC_UDH8, SMSC_SAR, SMSC_UDH8, 0x33 },
		{ SMSC_UDH16, SMSC_PAYLOAD, SMSC_UDH16, 0x33 }, { SMSC_UDH16, SMSC_UDH8, SMSC_UDH8, 0x33 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		unsigned parts = rows[i].used == SMSC_PAYLOAD ? 1 : 2, k;
		bool by_udh = rows[i].used == SMSC_UDH16 || rows[i].used == SMSC_UDH8;

		t.cf.segmentation = rows[i].link;
		t.cf.interface_version = rows[i].version;
		link_up();
		datagram(i, 200)->segmentation = (uint8_t)(rows[i].own + 1);
		assert_int_equal(smsc_link_submit(t.link, &t.dg[i]), OK);
		for (k = 0; k < parts; k++) {
			expect(SMPP_SUBMIT_SM);
			assert_int_equal((t.pdu.esm_class & SMPP_ESM_UDHI) != 0, by_udh);
			assert_int_equal(smpp_tlv_find(&t.pdu, SMPP_TAG_MESSAGE_PAYLOAD) != NULL, rows[i].used == SMSC_PAYLOAD);
			assert_int_equal(smpp_tlv_find(&t.pdu, SMPP_TAG_SAR_REF) != NULL, rows[i].used == SMSC_SAR);
			if (by_udh)
				assert_int_equal(t.pdu.short_message.p[0], rows[i].used == SMSC_UDH8 ? 0x0B : 0x0C);
			peer_respond(SMPP_OK, "1");
		}
		expect_answer(i, SMSC_ACCEPTED);
		expect_nothing();
		smsc_link_destroy(&t.link);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(binds_as_configured),
		TEST(ways_to_cut),
		TEST(a_way_of_its_own),
		TEST(binds_as_transmitter),
		TEST(finds_the_host_by_name),
		TEST(unknown_host_is_tried_again),
		TEST(destroyed_while_looking_up),
		TEST(submits_one_part),
		TEST(submits_parts_in_order),
		TEST(keeps_to_the_window),
		TEST(submits_from_an_event),
		TEST(refuses_what_no_smsc_can_take),
		TEST(verdicts_by_status),
		TEST(one_part_decides_for_all),
		TEST(refusal_ends_waiting),
		TEST(sequence_numbers_wrap),
		TEST(throughput_is_limited),
		TEST(input_in_single_octets),
		TEST(input_cut_everywhere),
		TEST(many_pdus_in_one_write),
		TEST(deaf_peer_is_not_read),
		TEST(receipts_wait_for_the_application),
		TEST(other_messages_are_dropped),
		TEST(receipts_are_bounded),
		TEST(tokens_end_with_their_connection),
	};

	return cmocka_run_group_tests_name("smpp_link", tests, NULL, NULL);
}
