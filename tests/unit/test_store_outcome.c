/*
 * test_store_outcome.c - the contract of store/store.h on every engine: receipts, notifications, deadlines,
 * purging.
 */
#include "tests/unit/test_store.h"

#include "base/clock.h"

/* ---- RECEIPT --------------------------------------------------------------------------- */

static void
receipts_find_their_message(void **state)
{
	static const struct {
		const char *stored, *link, *reported;
		int result;
	} rows[] = {
		{ "1A2B", "smsc1", "1a2b", OK },
		{ "1a2b", "smsc1", "1A2B", OK },
		{ "00012", "smsc1", "12", OK },
		{ "12", "smsc1", "00012", OK },
		{ "0", "smsc1", "000", OK },
		{ "12", "smsc2", "12", ERR_NOT_FOUND },
		{ "12", "smsc1", "120", ERR_NOT_FOUND },
		{ "12", "smsc1", "", ERR_NOT_FOUND },
		{ "", "smsc1", "", ERR_NOT_FOUND },
		{ "0123456789012345678901234567890123456789012345678901234567890123X", "smsc1",
		  "123456789012345678901234567890123456789012345678901234567890123x", OK },
	};
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct store_receipt r = receipt(rows[i].link, rows[i].reported, EV_RECEIPT_OK);
		struct store_item *item;
		char id[16];

		snprintf(id, sizeof id, "push%zu", i);
		item = take_one(f, id);
		assert_int_equal(submitted(f, item, "smsc1", rows[i].stored), ST_SUBMITTED);
		if (run_receipt(f, &r) != rows[i].result)
			fail_msg("row %zu: %s", i, err_name(r.op.result));
		assert_int_equal(look(f, "pi1", id, 0).state, r.op.result == OK ? ST_DELIVERED : ST_SUBMITTED);
		if (r.op.result == OK)
			assert_int_equal(r.push, item->push);
		else
			assert_int_equal(r.push, 0);
		/* Orphans of one row must not meet the next. */
		assert_int_equal(tick(f, NOW + 60, 10).purged, 0);
		store_item_free(item);
	}
}

static void
the_first_final_state_stands(void **state)
{
	struct fixture *f = *state;
	struct store_item *item = take_one(f, "id");
	struct store_receipt r;

	assert_int_equal(submitted(f, item, "smsc1", "m"), ST_SUBMITTED);
	r = receipt("smsc1", "m", EV_RECEIPT_FAILED);
	r.code = 2000;
	r.desc = "UNDELIV";
	assert_int_equal(run_receipt(f, &r), OK);
	assert_int_equal(r.to, ST_FAILED);
	assert_true(r.final);
	r = receipt("smsc1", "m", EV_RECEIPT_OK);
	run_receipt(f, &r);
	assert_int_equal(look(f, "pi1", "id", 0).state, ST_FAILED);
	assert_int_equal(look(f, "pi1", "id", 0).code, 2000);
	assert_int_equal(stats(f).live, 0);
	store_item_free(item);
}

static void
a_reused_message_id_means_the_youngest(void **state)
{
	struct fixture *f = *state;
	struct store_item *first = take_one(f, "id1"), *second;
	struct store_receipt r;

	assert_int_equal(submitted(f, first, "smsc1", "m"), ST_SUBMITTED);
	second = take_one(f, "id2");
	assert_int_equal(submitted(f, second, "smsc1", "m"), ST_SUBMITTED);
	r = receipt("smsc1", "m", EV_RECEIPT_OK);
	assert_int_equal(run_receipt(f, &r), OK);
	assert_int_equal(r.push, second->push);
	r = receipt("smsc1", "m", EV_RECEIPT_OK);
	assert_int_equal(run_receipt(f, &r), OK);
	assert_int_equal(r.push, first->push);
	store_item_free(first);
	store_item_free(second);
}

static void
ok_needs_every_segment(void **state)
{
	struct fixture *f = *state;
	char ids[20][66];
	struct store_item *item = take_one(f, "id");
	struct store_event e = event_on(item, EV_SUBMITTED);
	struct store_receipt r;
	unsigned i;

	for (i = 0; i < 20; i++)
		snprintf(ids[i], sizeof ids[i], "seg%u", i);
	e.link = "smsc1";
	e.message_ids = ids;
	e.n_ids = 20;
	assert_int_equal(run_event(f, &e), OK);
	for (i = 0; i < 19; i++) {
		r = receipt("smsc1", ids[i], EV_RECEIPT_OK);
		assert_int_equal(run_receipt(f, &r), OK);
		assert_int_equal(r.from, ST_SUBMITTED);
		assert_int_equal(r.to, ST_SUBMITTED);
		assert_false(r.final);
	}
	r = receipt("smsc1", ids[3], EV_RECEIPT_OK);	/* once more: counts once */
	assert_int_equal(run_receipt(f, &r), OK);
	assert_int_equal(r.to, ST_SUBMITTED);
	fixture_crash(f);
	r = receipt("smsc1", ids[19], EV_RECEIPT_OK);
	assert_int_equal(run_receipt(f, &r), OK);
	assert_int_equal(r.to, ST_DELIVERED);
	assert_true(r.final);
	store_item_free(item);
}

static void
failure_of_one_segment_is_enough(void **state)
{
	struct fixture *f = *state;
	char ids[2][66] = { "a", "b" };
	struct store_item *item = take_one(f, "id");
	struct store_event e = event_on(item, EV_SUBMITTED);
	struct store_receipt r;

	e.link = "smsc1";
	e.message_ids = ids;
	e.n_ids = 2;
	assert_int_equal(run_event(f, &e), OK);
	r = receipt("smsc1", "b", EV_RECEIPT_FAILED);
	assert_int_equal(run_receipt(f, &r), OK);
	assert_int_equal(r.to, ST_FAILED);
	r = receipt("smsc1", "a", EV_RECEIPT_OK);	/* its message ids were dropped */
	assert_int_equal(run_receipt(f, &r), ERR_NOT_FOUND);
	store_item_free(item);
}

static void
receipts_may_overtake_the_response(void **state)
{
	struct fixture *f = *state;
	struct store_item *item = take_one(f, "id"), *other;
	struct store_event e;
	char ids[2][66] = { "M1", "M2" };
	struct store_receipt r;

	r = receipt("smsc1", "m1", EV_RECEIPT_OK);
	assert_int_equal(run_receipt(f, &r), ERR_NOT_FOUND);
	r = receipt("smsc1", "0m2", EV_RECEIPT_OK);
	r.code = 1000;
	r.desc = "DELIVRD";
	r.at = NOW + 33;
	assert_int_equal(run_receipt(f, &r), ERR_NOT_FOUND);
	r = receipt("smsc1", "m3", EV_RECEIPT_FAILED);
	assert_int_equal(run_receipt(f, &r), ERR_NOT_FOUND);
	assert_int_equal(stats(f).receipts_unknown, 3);
	fixture_crash(f);

	store_item_free(item);			/* it was recovered: take it again */
	item = take(f, NOW, 1).items;
	e = event_on(item, EV_SUBMITTED);
	e.link = "smsc1";
	e.message_ids = ids;
	e.n_ids = 2;
	assert_int_equal(run_event(f, &e), OK);
	assert_int_equal(e.from, ST_TAKEN);
	assert_int_equal(e.to, ST_DELIVERED);
	assert_true(e.final);
	assert_int_equal(look(f, "pi1", "id", 0).state, ST_DELIVERED);
	assert_int_equal(look(f, "pi1", "id", 0).code, 1000);
	assert_int_equal(look(f, "pi1", "id", 0).event_time, NOW + 33);
	assert_int_equal(stats(f).live, 0);

	/* The one that is left over matches nothing in its time. */
	assert_int_equal(tick(f, NOW + 59, 10).next_due, NOW + 60);
	assert_int_equal(stats(f).orphans_dropped, 0);
	tick(f, NOW + 60, 10);
	assert_int_equal(stats(f).orphans_dropped, 1);
	other = take_one(f, "id2");
	assert_int_equal(submitted(f, other, "smsc1", "m3"), ST_SUBMITTED);
	assert_int_equal(look(f, "pi1", "id2", 0).state, ST_SUBMITTED);
	store_item_free(item);
	store_item_free(other);
}

static void
message_ids_of_an_earlier_try_are_replaced(void **state)
{
	struct fixture *f = *state;
	struct store_item *item = take_one(f, "id");
	struct store_event e;
	struct store_receipt r;
	char ids[1][66] = { "old" };

	/* A retry that already had an id: what counts is what was submitted last. */
	e = event_on(item, EV_RETRY);
	e.due_at = NOW;
	e.link = "smsc1";
	e.message_ids = ids;
	e.n_ids = 1;
	assert_int_equal(run_event(f, &e), OK);
	store_item_free(item);
	item = take(f, NOW, 1).items;
	assert_int_equal(submitted(f, item, "smsc2", "new"), ST_SUBMITTED);
	r = receipt("smsc1", "old", EV_RECEIPT_OK);
	assert_int_equal(run_receipt(f, &r), ERR_NOT_FOUND);
	r = receipt("smsc2", "new", EV_RECEIPT_OK);
	assert_int_equal(run_receipt(f, &r), OK);
	store_item_free(item);
}

/* ---- NOTES, NOTE ----------------------------------------------------------------------- */

static void
notes_are_leased(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "id", 3), quiet = accept_one("pi1", "quiet");
	struct store_note_result done = { .finished = true };
	struct store_event e;
	struct store_notes s;
	uint32_t n;

	a.notify_url = "http://pi.example.net/result";
	a.meta = "{\"m\":1}";
	assert_int_equal(run_accept(f, &a), OK);
	assert_int_equal(run_accept(f, &quiet), OK);
	e = event_of(quiet.push, 0, EV_CANCEL);
	assert_int_equal(run_event(f, &e), OK);
	for (n = 0; n < 3; n++) {
		e = event_of(a.push, n, EV_CANCEL);
		e.code = 2000 + (int)n;
		e.desc = n == 1 ? NULL : "text";
		assert_int_equal(run_event(f, &e), OK);
	}
	wait_notes_due(f, 3);
	s = notes(f, NOW - 1, 10);
	assert_null(s.notes);
	assert_int_equal(s.next_due, NOW);
	s = notes(f, NOW, 2);
	assert_non_null(s.notes);
	assert_non_null(s.notes->next);
	assert_null(s.notes->next->next);
	assert_int_equal(s.notes->n, 0);
	assert_int_equal(s.notes->push, a.push);
	assert_int_equal(s.notes->attempts, 0);
	assert_string_equal(s.notes->pi, "pi1");
	assert_string_equal(s.notes->push_id, "id");
	assert_string_equal(s.notes->version, "2.0");
	assert_string_equal(s.notes->url, a.notify_url);
	assert_string_equal(s.notes->meta, a.meta);
	assert_string_equal(s.notes->address, a.recipients[0].address);
	assert_string_equal(s.notes->desc, "text");
	assert_null(s.notes->next->desc);
	assert_int_equal(s.notes->received, NOW);
	assert_int_equal(s.notes->event_time, NOW + 1);
	assert_int_equal(s.notes->state, ST_CANCELLED);
	assert_int_equal(s.notes->next->code, 2001);
	assert_int_equal(s.next_due, NOW);
	done.id = s.notes->id;
	assert_int_equal(run_op(f, &done.op, STORE_NOTE), OK);
	assert_int_equal(run_op(f, &done.op, STORE_NOTE), ERR_NOT_FOUND);
	struct store_note_result later = { .id = s.notes->next->id, .due_at = NOW + 500 };
	assert_int_equal(run_op(f, &later.op, STORE_NOTE), OK);
	free_notes(&s);

	s = notes(f, NOW, 10);
	assert_int_equal(s.notes->n, 2);
	assert_null(s.notes->next);
	assert_int_equal(s.next_due, NOW + 30);		/* the lease of this one */
	free_notes(&s);
	s = notes(f, NOW + 29, 10);
	assert_null(s.notes);
	fixture_crash(f);
	s = notes(f, NOW + 30, 10);
	assert_int_equal(s.notes->n, 2);
	assert_int_equal(s.notes->attempts, 0);		/* a lease that ran out was no try */
	assert_null(s.notes->next);
	free_notes(&s);
	s = notes(f, NOW + 500, 10);
	assert_int_equal(s.notes->n, 2);
	assert_int_equal(s.notes->next->n, 1);
	assert_int_equal(s.notes->next->attempts, 1);
	later.id = s.notes->next->id;
	later.due_at = NOW + 501;
	later.untried = true;
	free_notes(&s);
	assert_int_equal(run_op(f, &later.op, STORE_NOTE), OK);
	s = notes(f, NOW + 501, 10);
	assert_int_equal(s.notes->n, 1);
	assert_int_equal(s.notes->attempts, 1);
	free_notes(&s);
}

static void
notes_of_a_purged_push_go_with_it(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_one("pi1", "id");
	struct store_event e;
	struct store_notes s;

	a.notify_url = "http://pi.example.net/result";
	assert_int_equal(run_accept(f, &a), OK);
	e = event_of(a.push, 0, EV_CANCEL);
	assert_int_equal(run_event(f, &e), OK);
	assert_int_equal(tick(f, NOW + 500, 100).purged, 1);
	s = notes(f, NOW + 500, 10);
	assert_null(s.notes);
	assert_int_equal(s.next_due, 0);
}

/* ---- TICK ------------------------------------------------------------------------------ */

static void
deadlines_pass(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "id", 4);
	struct store_take t;
	struct store_event e;
	struct store_tick k;

	assert_int_equal(run_accept(f, &a), OK);
	t = take(f, NOW, 2);
	assert_int_equal(submitted(f, t.items, "smsc1", "m"), ST_SUBMITTED);
	e = event_of(a.push, 3, EV_CANCEL);
	assert_int_equal(run_event(f, &e), OK);

	clock_fake_advance(1000 * 1000);
	k = tick(f, NOW + 999, 100);
	assert_int_equal(k.expired, 0);
	assert_int_equal(k.next_due, NOW + 1000);
	k = tick(f, NOW + 1000, 100);
	assert_int_equal(k.expired, 1);			/* the one that waits */
	assert_int_equal(look(f, "pi1", "id", 0).state, ST_SUBMITTED);
	assert_int_equal(look(f, "pi1", "id", 1).state, ST_TAKEN);
	assert_int_equal(look(f, "pi1", "id", 2).state, ST_EXPIRED);
	assert_int_equal(look(f, "pi1", "id", 2).event_time, NOW + 1000);
	assert_int_equal(look(f, "pi1", "id", 3).state, ST_CANCELLED);
	assert_int_equal(k.next_due, NOW + 1100);
	fixture_reopen(f);				/* the taken one comes back */
	k = tick(f, NOW + 1099, 100);
	assert_int_equal(k.expired, 0);
	k = tick(f, NOW + 1100, 100);
	assert_int_equal(k.expired, 2);			/* no receipt; and the deadline of the other */
	assert_int_equal(look(f, "pi1", "id", 0).state, ST_FAILED);
	assert_int_equal(look(f, "pi1", "id", 1).state, ST_EXPIRED);
	assert_int_equal(stats(f).live, 0);
	assert_int_equal(k.next_due, NOW + 1500);	/* retention, by the clock */
	free_items(&t);
}

/* Who is on a link at both times is looked at until it is final. */
static void
nobody_stays_for_ever(void **state)
{
	struct fixture *f = *state;
	struct store_item *item = take_one(f, "id");
	struct store_event e;
	struct store_tick k;

	clock_fake_advance(5000 * 1000);
	assert_int_equal(tick(f, NOW + 1000, 100).expired, 0);
	k = tick(f, NOW + 1100, 100);
	assert_int_equal(k.expired, 0);
	assert_int_equal(k.next_due, NOW + 1200);
	k = tick(f, NOW + 5000, 100);
	assert_int_equal(k.expired, 0);
	assert_int_equal(k.next_due, NOW + 5100);
	e = event_on(item, EV_RETRY);
	e.due_at = NOW + 9000;
	assert_int_equal(run_event(f, &e), OK);
	assert_int_equal(tick(f, NOW + 5100, 100).expired, 1);
	assert_int_equal(look(f, "pi1", "id", 0).state, ST_EXPIRED);
	assert_int_equal(take(f, NOW + 9000, 10).n_items, 0);
	store_item_free(item);
}

static void
deadlines_and_purging_go_in_slices(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "big", 1000), b = accept_one("pi1", "id"), again;
	uint32_t rounds, expired = 0, purged = 0;
	struct store_view v;
	struct store_tick k;

	a.deadline_at = NOW + 10;
	b.deadline_at = NOW + 11;
	assert_int_equal(run_accept(f, &a), OK);
	assert_int_equal(run_accept(f, &b), OK);
	for (rounds = 0; expired < 1001; rounds++) {
		k = tick(f, NOW + 20, 150);
		assert_true(k.expired <= 150);
		expired += k.expired;
		assert_true(rounds < 20);
		if (expired < 1001)
			assert_int_equal(k.next_due, NOW + (expired < 1000 ? 10 : 11));
	}
	assert_int_equal(stats(f).live, 0);
	assert_int_equal(k.next_due, NOW + 500);
	assert_int_equal(tick(f, NOW + 499, 150).purged, 0);
	assert_int_equal(stats(f).pushes, 2);
	for (rounds = 0; stats(f).recipients > 0; rounds++) {
		uint64_t before = stats(f).recipients;

		k = tick(f, NOW + 500, 150);
		purged += k.purged;
		assert_true(before - stats(f).recipients <= 150);
		assert_int_equal(store_read_push(f->reader, NULL, "big", 0, 1, &v), ERR_NOT_FOUND);
		assert_true(rounds < 20);
	}
	assert_int_equal(purged, 2);
	assert_int_equal(stats(f).pushes, 0);
	assert_int_equal(tick(f, NOW + 500, 150).next_due, 0);
	again = accept_one("pi1", "id");		/* the id is free again */
	assert_int_equal(run_accept(f, &again), OK);
	assert_true(again.push > b.push);
	fixture_crash(f);
	assert_int_equal(stats(f).pushes, 1);
	assert_int_equal(stats(f).live, 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		CONTRACT_TEST(receipts_find_their_message),
		CONTRACT_TEST(the_first_final_state_stands),
		CONTRACT_TEST(a_reused_message_id_means_the_youngest),
		CONTRACT_TEST(ok_needs_every_segment),
		CONTRACT_TEST(failure_of_one_segment_is_enough),
		CONTRACT_TEST(receipts_may_overtake_the_response),
		CONTRACT_TEST(message_ids_of_an_earlier_try_are_replaced),
		CONTRACT_TEST(notes_are_leased),
		CONTRACT_TEST(notes_of_a_purged_push_go_with_it),
		CONTRACT_TEST(deadlines_pass),
		CONTRACT_TEST(nobody_stays_for_ever),
		CONTRACT_TEST(deadlines_and_purging_go_in_slices),
	};

	return contract_run(tests, sizeof tests / sizeof tests[0]);
}
