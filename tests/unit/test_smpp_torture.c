/*
 * test_smpp_torture.c - the link torn down a thousand times at random octets under load: nothing is lost, what may
 * be a repeat was said to be one, and there is never more of it than a window for each time.
 */
#include "tests/unit/smpp_peer.h"

#include <stdlib.h>

enum { TEARS = 1000, MESSAGES = 400, PARTS = 3, WINDOW = 8, OCTETS_MOST = 1500, ROUNDS_MOST = 400 };

static struct message {
	unsigned lives;				/* times it was given to the link as something new */
	unsigned maybe;				/* times it came back as possibly sent */
	unsigned parts, got[PARTS];		/* of it, as the SMSC saw them */
	bool waits, ended;
} messages[MESSAGES];

static struct {
	uint64_t random;
	bool ending;				/* nothing new any more */
	size_t in_left, out_left;		/* octets until the connection is torn */
	unsigned maybe_of_this, accepted;
} torture;

static unsigned
any(unsigned below)
{
	torture.random = torture.random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(torture.random >> 33) % below;
}

/* ---- who sends ------------------------------------------------------------------------------- */

static void
feed(void)
{
	size_t i, from = any(MESSAGES);

	for (i = 0; i < MESSAGES && smsc_link_room(t.link) > 0; i++) {
		struct message *m = &messages[(from + i) % MESSAGES];

		if (!m->waits)
			continue;
		m->waits = false;
		submit((from + i) % MESSAGES, m->parts * 120);
	}
}

/* What was answered: the end of it, and the beginning of its next life; or it goes again. */
static void
look_at_answers(void)
{
	size_t i;

	for (i = 0; i < t.n_answers; i++) {
		struct message *m = &messages[t.answers[i].dg - t.dg];

		assert_false(m->waits || m->ended);
		switch (t.answers[i].verdict) {
		case SMSC_ACCEPTED:
			torture.accepted++;
			m->ended = torture.ending;
			m->lives += !torture.ending;
			m->waits = !torture.ending;
			break;
		case SMSC_MAYBE_SENT:
			m->maybe++;
			torture.maybe_of_this++;
			m->waits = true;
			break;
		case SMSC_UNSENT:
			m->waits = true;
			break;
		case SMSC_REFUSED:
		case SMSC_RETRY:
			fail_msg("a verdict that nobody gave");
		}
	}
	t.n_answers = 0;
}

/* ---- the SMSC -------------------------------------------------------------------------------- */

static bool
take_within_limits(void)
{
	size_t before = t.in_at;

	if (!has_pdu())
		return false;
	take_pdu();
	if (t.in_at - before > torture.in_left) {
		torture.in_left = 0;		/* its end never arrived */
		return false;
	}
	torture.in_left -= t.in_at - before;
	return true;
}

static void
respond_within_limits(void)
{
	struct smpp_pdu resp = { .id = SMPP_RESP | t.pdu.id, .seq = t.pdu.seq };
	uint8_t octets[256];
	size_t n;

	if (t.pdu.id == SMPP_SUBMIT_SM)
		snprintf(resp.message_id, sizeof resp.message_id, "%X", t.pdu.seq);
	n = encode(&resp, octets, sizeof octets);
	if (n > torture.out_left)
		n = torture.out_left;
	torture.out_left -= n;
	if (n > 0)
		peer_write(octets, n);
}

static void
note_part(void)
{
	struct message *m = &messages[strtoul(t.pdu.dest + 7, NULL, 10)];
	size_t n = t.pdu.short_message.n;
	unsigned part = m->parts > 1 && n > 6 ? t.pdu.short_message.p[6] - 1U : 0;

	assert_true(part < m->parts);
	m->got[part]++;
}

/* Until the octets of this connection are used up. */
static void
serve(bool for_ever)
{
	int rounds;
	bool all = false;

	for (rounds = 0; rounds < ROUNDS_MOST || (for_ever && !all); rounds++) {
		size_t i;

		assert_true(rounds < TURNS_MAX);
		turn(0);
		while (torture.in_left > 0 && torture.out_left > 0 && take_within_limits()) {
			if (t.pdu.id == SMPP_SUBMIT_SM)
				note_part();
			respond_within_limits();
		}
		if (torture.in_left == 0 || torture.out_left == 0)
			return;
		if (smsc_link_state(t.link) == SMSC_UP)
			feed();
		look_at_answers();
		for (i = 0, all = true; i < MESSAGES; i++)
			all = all && messages[i].ended;
		if (for_ever && all)
			return;
	}
}

static void
tear(void)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };

	if (any(2) == 0)
		setsockopt(t.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	close(t.fd);
	t.fd = -1;
	torture.maybe_of_this = 0;
	WAIT_FOR(smsc_link_state(t.link) == SMSC_DOWN);
	look_at_answers();
	assert_true(torture.maybe_of_this <= WINDOW);
	clock_fake_advance(2);
}

static void
a_thousand_times(void **state)
{
	unsigned i, k, maybe = 0, again = 0, up = 0;

	torture.random = 20260102;
	t.cf.window = WINDOW;
	t.cf.reconnect_min_ms = t.cf.reconnect_max_ms = 1;
	for (i = 0; i < MESSAGES; i++)
		messages[i] = (struct message){ .lives = 1, .waits = true, .parts = 1 + any(PARTS) };
	link_start();
	for (i = 0; i < TEARS; i++) {
		peer_accept();
		torture.in_left = 1 + any(OCTETS_MOST);
		torture.out_left = 1 + any(OCTETS_MOST);
		serve(false);
		up += smsc_link_state(t.link) == SMSC_UP;
		tear();
	}
	assert_int_equal(smsc_link_stats(t.link)->reconnects, TEARS);
	assert_true(up > TEARS / 2);		/* it was torn under load, not at the bind */

	torture.ending = true;
	for (i = 0; i < MESSAGES; i++)		/* those that are on their way count as new */
		assert_true(messages[i].waits);
	torture.in_left = torture.out_left = SIZE_MAX;
	peer_accept();
	serve(true);
	for (i = 0; i < MESSAGES; i++) {
		struct message *m = &messages[i];

		maybe += m->maybe;
		for (k = 0; k < m->parts; k++) {
			if (m->got[k] < m->lives)
				fail_msg("message %u, part %u: lost", i, k);
			if (m->got[k] > m->lives + m->maybe)
				fail_msg("message %u, part %u: repeated without a word", i, k);
			again += m->got[k] - m->lives;
		}
	}
	assert_true(again > 0 && again <= maybe * PARTS);
	assert_true(maybe <= TEARS * WINDOW);
	assert_true(torture.accepted > TEARS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_thousand_times, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
