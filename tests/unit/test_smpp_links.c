/*
 * test_smpp_links.c - several links on one loop, which come and go while others run; one after the other
 * with the same smsc_id.
 */
#include "tests/unit/smpp_peer.h"

/* A link and the SMSC's end of it; only one of them is in t at a time. */
struct side {
	struct smsc_link *link;
	int fd;
};

static void
take_up(struct side *s)
{
	t.link = s->link;
	t.fd = s->fd;
	t.in_at = t.in_n = 0;
}

static void
put_down(struct side *s)
{
	assert_int_equal(t.in_at, t.in_n);	/* nothing half-read is left behind */
	s->link = t.link;
	s->fd = t.fd;
	t.link = NULL;
	t.fd = -1;
}

static struct side
new_side(const char *id)
{
	struct side s;

	strcpy(t.cf.smsc_id, id);
	link_up();
	assert_string_equal(smsc_link_id(t.link), id);
	put_down(&s);
	return s;
}

static void
end_side(struct side *s)
{
	smsc_link_destroy(&s->link);
	close(s->fd);
}

static void
one_datagram_passes(struct side *s, size_t i)
{
	take_up(s);
	submit(i, 10);
	expect(SMPP_SUBMIT_SM);
	peer_respond(SMPP_OK, "a");
	expect_answer(i, SMSC_ACCEPTED);
	put_down(s);
}

/* Stop: what is begun is finished, the rest comes back, and the other link notices nothing. */
static void
one_stops_and_others_run(void **state)
{
	struct side a, b, again;
	uint32_t first_of_b;

	t.cf.window = 2;
	a = new_side("a");
	b = new_side("b");

	take_up(&b);
	submit(50, 10);
	expect(SMPP_SUBMIT_SM);
	first_of_b = t.pdu.seq;
	put_down(&b);

	take_up(&a);
	submit(0, 10);
	submit(1, 10);
	submit(2, 10);
	submit(3, 10);
	expect(SMPP_SUBMIT_SM);
	expect(SMPP_SUBMIT_SM);
	smsc_link_stop(a.link, 5000);
	assert_int_equal(smsc_link_submit(a.link, datagram(4, 10)), ERR_CLOSED);
	expect_answer(2, SMSC_UNSENT);
	expect_answer(3, SMSC_UNSENT);
	assert_int_equal(smsc_link_state(a.link), SMSC_UNBINDING);
	put_down(&a);

	one_datagram_passes(&b, 51);		/* while the other is half gone */
	take_up(&a);
	peer_respond(SMPP_OK, "late");		/* to the last one of the two */
	expect_answer(1, SMSC_ACCEPTED);
	expect_nothing();
	assert_int_equal(t.n_answers, 0);
	advance(5000);				/* the first one gets no answer */
	expect(SMPP_UNBIND);
	peer_respond(SMPP_OK, "");
	expect_answer(0, SMSC_MAYBE_SENT);
	assert_int_equal(smsc_link_state(a.link), SMSC_DOWN);
	assert_int_equal(smsc_link_window_used(a.link), 0);
	assert_int_equal(smsc_link_queued(a.link), 0);
	put_down(&a);
	close(a.fd);

	one_datagram_passes(&b, 52);
	smsc_link_destroy(&a.link);
	assert_null(a.link);
	one_datagram_passes(&b, 53);

	again = new_side("a");			/* the same name is free again */
	one_datagram_passes(&again, 5);
	assert_int_equal(smsc_link_stats(again.link)->submitted, 1);
	assert_int_equal(smsc_link_stats(b.link)->reconnects, 0);

	take_up(&b);				/* what it had under way all the time */
	t.pdu = (struct smpp_pdu){ .id = SMPP_SUBMIT_SM, .seq = first_of_b };
	peer_respond(SMPP_OK, "b");
	expect_answer(50, SMSC_ACCEPTED);
	put_down(&b);
	end_side(&again);
	end_side(&b);
}

/* A new link with the name of one that still says good-bye, as a reload with another window makes it. */
static void
the_new_one_before_the_old_one_is_gone(void **state)
{
	struct side old, new;

	t.cf.window = 1;
	old = new_side("a");
	take_up(&old);
	submit(0, 10);
	submit(1, 10);
	expect(SMPP_SUBMIT_SM);
	smsc_link_stop(old.link, 5000);
	expect_answer(1, SMSC_UNSENT);
	put_down(&old);

	t.cf.window = 3;
	new = new_side("a");
	one_datagram_passes(&new, 1);		/* what came back goes over the new one */

	take_up(&old);
	peer_respond(SMPP_OK, "x");
	expect_answer(0, SMSC_ACCEPTED);
	expect(SMPP_UNBIND);
	peer_respond(SMPP_OK, "");
	WAIT_FOR(smsc_link_state(old.link) == SMSC_DOWN);
	WAIT_FOR(is_closed());
	put_down(&old);
	end_side(&old);

	advance(120000);			/* no timer of the old one is left */
	assert_true(is_listener_quiet());
	end_side(&new);
}

/* Destroyed at once, in each state that a link can be in. */
static void
destroyed_in_any_state(void **state)
{
	struct side b;
	size_t i;

	b = new_side("b");
	strcpy(t.cf.smsc_id, "a");
	link_start();
	smsc_link_destroy(&t.link);		/* before its first turn */
	some_turns();
	assert_true(is_listener_quiet());

	link_start();
	peer_accept();
	expect(SMPP_BIND_TRANSCEIVER);
	assert_int_equal(smsc_link_state(t.link), SMSC_BINDING);
	smsc_link_destroy(&t.link);
	WAIT_FOR(is_closed());

	link_up();
	submit(0, 10);
	submit(1, 10);
	expect(SMPP_SUBMIT_SM);
	smsc_link_destroy(&t.link);
	assert_int_equal(t.n_answers, 2);
	expect_answer(0, SMSC_MAYBE_SENT);
	expect_answer(1, SMSC_MAYBE_SENT);
	expect(SMPP_SUBMIT_SM);
	WAIT_FOR(is_closed());

	link_up();
	smsc_link_stop(t.link, 1000);
	expect(SMPP_UNBIND);
	smsc_link_destroy(&t.link);
	WAIT_FOR(is_closed());

	link_up();
	close(t.fd);
	t.fd = -1;
	WAIT_FOR(smsc_link_state(t.link) == SMSC_DOWN);
	smsc_link_destroy(&t.link);		/* with its back-off running */
	advance(120000);
	assert_true(is_listener_quiet());

	for (i = 0; i < 20; i++) {		/* on, off */
		link_up();
		submit(i, 10);
		smsc_link_stop(t.link, 0);
		some_turns();
		smsc_link_destroy(&t.link);
		assert_int_equal(t.n_answers, 1);
		t.n_answers = 0;
	}
	close(t.fd);
	t.fd = -1;
	take_up(&b);
	expect(SMPP_ENQUIRE_LINK);		/* the two minutes above */
	t.link = NULL;
	end_side(&b);
}

/* A stop that finds the link down, or about to connect, is over at once, and says so. */
static void
stopped_while_down(void **state)
{
	size_t n;

	link_start();
	smsc_link_stop(t.link, 5000);
	WAIT_FOR(t.n_states > 0 && t.states[t.n_states - 1] == SMSC_DOWN);
	n = t.n_states;
	advance(120000);
	assert_true(is_listener_quiet());
	assert_int_equal(t.n_states, n);
	smsc_link_destroy(&t.link);
	link_up();
	submit(0, 10);
	expect(SMPP_SUBMIT_SM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_stops_and_others_run, setup, teardown),
		cmocka_unit_test_setup_teardown(the_new_one_before_the_old_one_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(destroyed_in_any_state, setup, teardown),
		cmocka_unit_test_setup_teardown(stopped_while_down, setup, teardown),
	};

	return cmocka_run_group_tests_name("smpp_links", tests, NULL, NULL);
}
