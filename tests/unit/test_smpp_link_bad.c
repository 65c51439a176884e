/* test_smpp_link_bad.c - what an SMSC may do wrong, and what the link makes of it (S-01 to S-15). */
#include "tests/unit/smpp_peer.h"

#include "base/text.h"

static void
peer_hex(const char *hex)
{
	uint8_t out[2048];
	struct why why;
	size_t n;

	assert_int_equal(text_hex(span_str(hex), out, &n, &why), OK);
	peer_write(out, n);
}

static void
expect_up_still(void)
{
	submit(100, 10);
	expect(SMPP_SUBMIT_SM);
	assert_string_equal(t.pdu.dest, "12025550100");
	peer_respond(SMPP_OK, "100");
	expect_answer(100, SMSC_ACCEPTED);
}

/* S-01, S-02: no frame, so no session. */
static void
framing_lost(void **state)
{
	static const char *const rows[] = {
		"00000002", "0000000F", "7FFFFFFF", "00011171",		/* 70001 */
		"485454502F312E31203430302042616420526571756573740D0A",	/* HTTP/1.1 400 Bad Request */
		"0000001000000015000000000000000500000003",		/* behind a good one */
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		link_up();
		submit(0, 10);
		submit(1, 10);
		expect(SMPP_SUBMIT_SM);
		expect(SMPP_SUBMIT_SM);
		peer_hex(rows[i]);
		if (i == 5)
			expect(SMPP_RESP | SMPP_ENQUIRE_LINK);
		expect(SMPP_GENERIC_NACK);
		assert_int_equal(t.pdu.status, SMPP_RINVCMDLEN);
		WAIT_FOR(is_closed());
		expect_answer(0, SMSC_MAYBE_SENT);
		expect_answer(1, SMSC_MAYBE_SENT);
		assert_int_equal(smsc_link_state(t.link), SMSC_DOWN);
		assert_true(t.link->sessions[0]->conn.in_cap < 200000);
		advance(999);
		assert_true(is_listener_quiet());
		advance(252);			/* the first step with its jitter */
		bind_link();
		smsc_link_destroy(&t.link);
	}
}

/* S-02, before the bind: a web server on the port. */
static void
text_instead_of_a_bind_resp(void **state)
{
	link_start();
	peer_accept();
	expect(SMPP_BIND_TRANSCEIVER);
	peer_write("HTTP/1.1 400 Bad Request\r\n", 26);
	expect(SMPP_GENERIC_NACK);
	WAIT_FOR(is_closed());
}

/* S-03 */
static void
unknown_commands(void **state)
{
	link_up();
	peer_hex("00000010 00000999 00000000 00000042");
	expect(SMPP_GENERIC_NACK);
	assert_int_equal(t.pdu.status, SMPP_RINVCMDID);
	assert_int_equal(t.pdu.seq, 0x42);
	peer_hex("00000010 80000999 00000000 00000042");	/* no answer to an answer */
	expect_nothing();
	peer_hex("0000001F 00000003 00000000 00000043 374133463043313900050050504700");	/* query_sm is ours to ask */
	expect(SMPP_GENERIC_NACK);
	assert_int_equal(t.pdu.status, SMPP_RINVCMDID);
	assert_int_equal(t.pdu.seq, 0x43);
	assert_int_equal(smsc_link_stats(t.link)->ignored_responses, 1);
	assert_int_equal(smsc_link_stats(t.link)->bad_pdus, 2);
	expect_up_still();
}

/* S-04 */
static void
responses_to_nothing(void **state)
{
	uint32_t seq;

	link_up();
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	seq = t.pdu.seq;
	peer_respond(SMPP_OK, "x");
	expect_answer(0, SMSC_ACCEPTED);
	peer_respond(SMPP_OK, "x");
	t.pdu.seq = 0x12345;
	peer_respond(SMPP_OK, "x");
	t.pdu.seq = 0;
	peer_respond(SMPP_OK, "x");
	t.pdu.seq = seq + t.link->sessions[0]->send.mask + 1;	/* the same slot */
	peer_respond(SMPP_RTHROTTLED, "");
	t.pdu.id = SMPP_ENQUIRE_LINK;
	peer_respond(SMPP_OK, "");
	t.pdu.id = SMPP_UNBIND;
	peer_respond(SMPP_OK, "");
	t.pdu.id = SMPP_BIND_TRANSCEIVER;
	peer_respond(SMPP_RINVPASWD, "");
	t.pdu.id = SMPP_QUERY_SM;
	peer_respond(SMPP_OK, "x");
	some_turns();
	assert_int_equal(smsc_link_stats(t.link)->ignored_responses, 8);
	assert_int_equal(t.n_answers, 0);

	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	t.pdu.seq += t.link->sessions[0]->send.mask + 1;	/* and that slot is taken */
	peer_respond(SMPP_OK, "x");
	some_turns();
	assert_int_equal(t.n_answers, 0);
	t.pdu.seq -= t.link->sessions[0]->send.mask + 1;
	peer_respond(SMPP_OK, "x");
	expect_answer(0, SMSC_ACCEPTED);
	expect_up_still();
}

/* S-05, S-06 */
static void
responses_without_body(void **state)
{
	link_up();
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	peer_hex("00000010 80000004 00000000 00000002");
	WAIT_FOR(t.n_answers == 1);
	assert_string_equal(t.answers[0].ids[0], "");
	expect_answer(0, SMSC_ACCEPTED);
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	peer_hex("00000011 80000004 00000000 00000003 00");
	WAIT_FOR(t.n_answers == 1);
	assert_string_equal(t.answers[0].ids[0], "");
	expect_answer(0, SMSC_ACCEPTED);
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	peer_hex("00000010 80000004 0000000B 00000004");
	WAIT_FOR(t.n_answers == 1);
	assert_int_equal(t.answers[0].status, SMPP_RINVDSTADR);
	expect_answer(0, SMSC_REFUSED);
	expect_nothing();
}

/* S-07, S-08 */
#define ZEROS_16 "00000000000000000000000000000000"	/* all before sm_length */

static void
broken_deliver_sm(void **state)
{
	static const struct { const char *body; uint32_t status; } rows[] = {
		{ ZEROS_16 "0541", SMPP_RINVMSGLEN },
		{ ZEROS_16 "000427000541", SMPP_RINVOPTPARSTREAM },
		{ ZEROS_16 "00042700", SMPP_RINVOPTPARSTREAM },
		{ "00", SMPP_RINVCMDLEN },
	};
	size_t i;
	uint32_t k;

	link_up();
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (k = 1; k <= 7; k++) {
			char hex[256];

			snprintf(hex, sizeof hex, "%08zX0000000500000000%08X%s", 16 + strlen(rows[i].body) / 2,
			    (unsigned)k, rows[i].body);	/* a number of its own each time */
			peer_hex(hex);
			expect(SMPP_RESP | SMPP_DELIVER_SM);
			assert_int_equal(t.pdu.seq, k);
			if (t.pdu.status != (k == 6 ? SMPP_OK : rows[i].status))
				fail_msg("row %zu, time %u: %X", i, (unsigned)k, (unsigned)t.pdu.status);
		}
	assert_int_equal(smsc_link_stats(t.link)->bad_pdus, 28);
	assert_int_equal(t.n_receipts, 0);
	expect_up_still();
}

static void
other_broken_requests(void **state)
{
	link_up();
	peer_hex("00000011 00000015 00000000 00000007 41");
	expect(SMPP_RESP | SMPP_ENQUIRE_LINK);
	assert_int_equal(t.pdu.status, SMPP_RINVOPTPARSTREAM);
	peer_hex("00000011 0000000B 00000000 00000008 41");	/* outbind has no response */
	expect(SMPP_GENERIC_NACK);
	assert_int_equal(t.pdu.seq, 8);
	peer_hex("00000011 80000003 00000000 00000009 41");
	expect_nothing();
	expect_up_still();
}

/* S-09 */
static void
unreadable_receipts(void **state)
{
	static const char *const rows[] = {
		"stat:DELIVRD err:000", "id:1 stat:BANANA", "id:1 submit date:123 done date:456 stat:DELIVRD", "",
	};
	size_t i;

	link_up();
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct smpp_pdu pdu = { .id = SMPP_DELIVER_SM, .seq = 3, .esm_class = SMPP_ESM_RECEIPT,
		    .short_message = span_str(rows[i]) };

		peer_put(&pdu);
		expect(SMPP_RESP | SMPP_DELIVER_SM);
		assert_int_equal(t.pdu.status, SMPP_OK);
	}
	assert_int_equal(t.n_receipts, 0);
	assert_int_equal(smsc_link_stats(t.link)->bad_receipts, 4);
}

/* S-12 */
static void
bind_refused(void **state)
{
	static const struct { uint32_t status; int64_t wait_ms; } rows[] = {
		{ SMPP_RINVPASWD, 60000 }, { SMPP_RINVSYSID, 60000 }, { SMPP_RALYBND, 1000 },
		{ SMPP_RBINDFAIL, 1000 }, { SMPP_RSYSERR, 1000 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		link_start();
		peer_accept();
		expect(SMPP_BIND_TRANSCEIVER);
		peer_respond(rows[i].status, "");
		WAIT_FOR(is_closed());
		assert_int_equal(smsc_link_state(t.link), SMSC_DOWN);
		assert_int_equal(smsc_link_stats(t.link)->reconnects, 1);
		advance(rows[i].wait_ms - 1);
		assert_true(is_listener_quiet());
		advance(252);
		bind_link();
		smsc_link_destroy(&t.link);
	}
}

static void
bind_answered_oddly(void **state)
{
	link_start();
	peer_accept();
	expect(SMPP_BIND_TRANSCEIVER);
	t.pdu.seq = 99;			/* not ours */
	peer_respond(SMPP_OK, "");
	some_turns();
	assert_int_equal(smsc_link_state(t.link), SMSC_BINDING);
	peer_put(&(struct smpp_pdu){ .id = SMPP_GENERIC_NACK, .status = SMPP_RINVCMDID, .seq = 1 });
	WAIT_FOR(is_closed());
	assert_int_equal(smsc_link_stats(t.link)->nacks, 1);
	advance(1251);

	peer_accept();
	expect(SMPP_BIND_TRANSCEIVER);
	peer_put(&(struct smpp_pdu){ .id = SMPP_UNBIND, .seq = 1 });
	expect(SMPP_RESP | SMPP_UNBIND);
	WAIT_FOR(is_closed());
}

/* S-14 */
static void
responses_stop(void **state)
{
	size_t i;

	t.cf.enquire_link_s = 0;
	link_up();
	for (i = 0; i < 15; i++)
		submit(i, 10);
	for (i = 0; i < 10; i++)
		expect(SMPP_SUBMIT_SM);
	advance(30000);
	peer_respond(SMPP_OK, "ten");		/* one comes late, then no more */
	expect_answer(9, SMSC_ACCEPTED);
	expect(SMPP_SUBMIT_SM);
	for (i = 0; i < 3; i++) {
		advance(9900);
		peer_put(&(struct smpp_pdu){ .id = SMPP_ENQUIRE_LINK, .seq = 3 });	/* it lives */
		expect(SMPP_RESP | SMPP_ENQUIRE_LINK);
	}
	assert_int_equal(smsc_link_state(t.link), SMSC_UP);
	advance(301);
	WAIT_FOR(is_closed());
	WAIT_FOR(t.n_answers == 14);
	for (i = 0; i < 14; i++) {
		size_t k = i < 9 ? i : i + 1;

		expect_answer(k, k < 11 ? SMSC_MAYBE_SENT : SMSC_UNSENT);
	}
}

/* S-15 */
static void
deliver_sm_out_of_turn(void **state)
{
	struct smpp_pdu pdu = { .id = SMPP_DELIVER_SM, .esm_class = SMPP_ESM_RECEIPT,
	    .short_message = span_str("id:1 stat:DELIVRD") };

	link_start();
	peer_accept();
	expect(SMPP_BIND_TRANSCEIVER);
	pdu.seq = t.pdu.seq;
	peer_put(&pdu);
	expect(SMPP_RESP | SMPP_DELIVER_SM);
	assert_int_equal(t.pdu.status, SMPP_RINVBNDSTS);
	assert_int_equal(smsc_link_state(t.link), SMSC_BINDING);
	peer_hex("00000011 00000005 00000000 00000007 41");	/* broken as well */
	expect(SMPP_RESP | SMPP_DELIVER_SM);
	assert_int_equal(t.pdu.status, SMPP_RINVBNDSTS);
	peer_put(&(struct smpp_pdu){ .id = SMPP_RESP | SMPP_BIND_TRANSCEIVER, .seq = 1 });
	WAIT_FOR(smsc_link_state(t.link) == SMSC_UP);

	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	pdu.seq = t.pdu.seq;			/* their number 2 is not our number 2 */
	peer_put(&pdu);
	WAIT_FOR(t.n_receipts == 1);
	assert_int_equal(smsc_link_window_used(t.link), 1);
	peer_respond(SMPP_OK, "x");
	expect_answer(0, SMSC_ACCEPTED);
	smsc_link_receipt_done(t.link, t.receipts[0].token, true);
	expect(SMPP_RESP | SMPP_DELIVER_SM);
	assert_int_equal(t.pdu.seq, pdu.seq);
}

static void
nacks_for_what_was_sent(void **state)
{
	link_up();
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
	peer_put(&(struct smpp_pdu){ .id = SMPP_GENERIC_NACK, .status = SMPP_RINVCMDLEN, .seq = t.pdu.seq });
	WAIT_FOR(t.n_answers == 1);
	assert_int_equal(t.answers[0].status, SMPP_RINVCMDLEN);
	expect_answer(0, SMSC_REFUSED);
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);			/* a nack that says OK is no acceptance */
	peer_put(&(struct smpp_pdu){ .id = SMPP_GENERIC_NACK, .seq = t.pdu.seq });
	expect_answer(0, SMSC_REFUSED);
	assert_int_equal(smsc_link_stats(t.link)->nacks, 2);
}

static void
not_bound_any_more(void **state)
{
	link_up();
	submit(0, 10);
	submit(1, 10);
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_RINVBNDSTS, "");
	WAIT_FOR(t.n_answers == 2);
	expect_answer(0, SMSC_RETRY);
	expect_answer(1, SMSC_MAYBE_SENT);
	assert_int_equal(smsc_link_state(t.link), SMSC_DOWN);
	advance(1251);
	bind_link();
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(framing_lost),
		TEST(text_instead_of_a_bind_resp),
		TEST(unknown_commands),
		TEST(responses_to_nothing),
		TEST(responses_without_body),
		TEST(broken_deliver_sm),
		TEST(other_broken_requests),
		TEST(unreadable_receipts),
		TEST(bind_refused),
		TEST(bind_answered_oddly),
		TEST(responses_stop),
		TEST(deliver_sm_out_of_turn),
		TEST(nacks_for_what_was_sent),
		TEST(not_bound_any_more),
	};

	return cmocka_run_group_tests_name("smpp_link_bad", tests, NULL, NULL);
}
