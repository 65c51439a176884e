/*
 * test_store.c - the contract of store/store.h, sentence by sentence, on every engine: the way of a
 * push in, to dispatch, and back.
 */
#include "tests/unit/test_store.h"

/* ---- ACCEPT, TAKE, EVENT, RECEIPT: the way of one push --------------------------------- */

static void
a_push_goes_its_way(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_one("pi1", "id-1");
	struct store_take t;
	struct store_view v;
	char ids[1][66] = { "00AbC" };

	assert_int_equal(run_accept(f, &a), OK);
	assert_true(a.push > 0);
	assert_int_equal(a.batch, 0);

	t = take(f, NOW, 10);
	assert_int_equal(t.n_items, 1);
	assert_int_equal(t.items->push, a.push);
	assert_int_equal(t.items->n, 0);
	assert_int_equal(t.items->attempts, 0);
	assert_false(t.items->maybe_sent);
	assert_string_equal(t.items->to, "+12025550100");
	assert_string_equal(t.items->pi, "pi1");
	assert_int_equal(t.items->deadline_at, NOW + 1000);
	assert_int_equal(t.items->overlay.n, 0);
	assert_true(span_eq_str(t.items->body->headers, "HDR"));
	assert_true(span_eq_str(t.items->body->body, "BODY"));
	assert_true(t.items->batch != 0);
	assert_int_equal(t.next_due, 0);

	struct store_event e = { .push = a.push, .batch = t.items->batch, .event = EV_SUBMITTED,
		.at = NOW + 1, .code = 1234, .desc = "on its way", .link = "smsc1", .message_ids = ids,
		.n_ids = 1 };
	assert_int_equal(run_event(f, &e), OK);
	assert_int_equal(e.from, ST_TAKEN);
	assert_int_equal(e.to, ST_SUBMITTED);
	assert_false(e.ignored || e.final);
	assert_int_equal(stats(f).live, 1);

	struct store_receipt r = receipt("smsc1", "ABC", EV_RECEIPT_OK);
	assert_int_equal(run_receipt(f, &r), OK);
	assert_int_equal(r.push, a.push);
	assert_int_equal(r.n, 0);
	assert_int_equal(r.from, ST_SUBMITTED);
	assert_int_equal(r.to, ST_DELIVERED);
	assert_true(r.final);

	assert_int_equal(store_read_push(f->reader, "pi1", "id-1", 0, 10, &v), OK);
	assert_int_equal(v.n_final, 1);
	assert_int_equal(v.n, 1);
	assert_int_equal(v.recipients[0].state, ST_DELIVERED);
	assert_int_equal(v.recipients[0].attempts, 1);
	assert_string_equal(v.recipients[0].link, "smsc1");
	store_view_done(&v);
	assert_int_equal(stats(f).live, 0);
	free_items(&t);
}

/* ---- ACCEPT ---------------------------------------------------------------------------- */

static void
push_ids_are_unique_for_an_initiator(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_one("pi1", "id"), again = accept_one("pi1", "id");
	struct store_accept other = accept_one("pi2", "id"), third = accept_one("pi3", "ID");
	struct store_view v;

	assert_int_equal(run_accept(f, &a), OK);
	assert_int_equal(run_accept(f, &again), ERR_EXISTS);
	assert_int_equal(again.push, 0);
	assert_int_equal(store_read_push(f->reader, NULL, "id", 0, 1, &v), OK);
	assert_int_equal(v.push, a.push);
	store_view_done(&v);
	assert_int_equal(run_accept(f, &other), OK);
	assert_int_equal(run_accept(f, &third), OK);	/* the case matters */

	assert_int_equal(store_read_push(f->reader, NULL, "id", 0, 1, &v), ERR_EXISTS);
	assert_null(v.push_id);
	assert_int_equal(store_read_push(f->reader, "pi2", "id", 0, 1, &v), OK);
	assert_int_equal(v.push, other.push);
	assert_string_equal(v.pi, "pi2");
	store_view_done(&v);
	assert_int_equal(store_read_push(f->reader, "pi3", "id", 0, 1, &v), ERR_NOT_FOUND);
	assert_int_equal(store_read_push(f->reader, "pi9", "id", 0, 1, &v), ERR_NOT_FOUND);
	assert_int_equal(store_read_push(f->reader, NULL, "no", 0, 1, &v), ERR_NOT_FOUND);
	assert_int_equal(stats(f).pushes, 3);

	fixture_reopen(f);
	assert_int_equal(run_accept(f, &again), ERR_EXISTS);
	fixture_crash(f);
	assert_int_equal(run_accept(f, &again), ERR_EXISTS);
}

static void
duplicates_in_one_group(void **state)
{
	struct fixture *f = *state;
	struct store_accept a[3];
	struct group g = { 0 };
	size_t i;

	for (i = 0; i < 3; i++) {
		a[i] = accept_one("pi1", i < 2 ? "same" : "other");
		a[i].body = f->body;
		group_add(&g, &a[i].op, STORE_ACCEPT);
	}
	run_group_ops(f, &g);
	assert_int_equal(a[0].op.result, OK);
	assert_int_equal(a[1].op.result, ERR_EXISTS);
	assert_int_equal(a[2].op.result, OK);
}

static void
everything_comes_back(void **state)
{
	static const uint8_t overlay[] = { 1, 0, 2 };
	struct fixture *f = *state;
	struct store_recipient to[2] = {
		{ .address = "WAPPUSH=+12025550101/TYPE=PLMN@x", .to = "+12025550101",
		  .overlay = { overlay, sizeof overlay } },
		{ .address = "\xC3\xA4'; DROP TABLE push;--", .to = "+12025550102" },
	};
	struct store_accept a = {
		.pi = "pi1", .push_id = "x'; DROP TABLE push;--\xE2\x82\xAC", .received = NOW - 5,
		.deliver_after = NOW + 50, .deadline_at = NOW + 500, .version = "1.0",
		.notify_url = "http://pi.example.net/r?a=1&b=2", .meta = "{\"profile\":\"x\"}",
		.content_type = "application/octet-stream", .recipients = to, .n_recipients = 2,
	};
	struct store_view v;

	assert_int_equal(run_accept(f, &a), OK);
	assert_int_equal(store_read_push(f->reader, "pi1", a.push_id, 0, 10, &v), OK);
	assert_string_equal(v.pi, "pi1");
	assert_string_equal(v.push_id, a.push_id);
	assert_string_equal(v.version, "1.0");
	assert_string_equal(v.notify_url, a.notify_url);
	assert_string_equal(v.meta, a.meta);
	assert_string_equal(v.content_type, a.content_type);
	assert_int_equal(v.push, a.push);
	assert_int_equal(v.received, NOW - 5);
	assert_int_equal(v.deliver_after, NOW + 50);
	assert_int_equal(v.deadline_at, NOW + 500);
	assert_int_equal(v.n_recipients, 2);
	assert_int_equal(v.n_final, 0);
	assert_int_equal(v.headers_n, 3);
	assert_int_equal(v.body_n, 4);
	assert_int_equal(v.n, 2);
	assert_string_equal(v.recipients[0].address, to[0].address);
	assert_string_equal(v.recipients[1].address, to[1].address);
	assert_int_equal(v.recipients[1].n, 1);
	assert_int_equal(v.recipients[1].state, ST_QUEUED);
	assert_int_equal(v.recipients[1].attempts, 0);
	assert_int_equal(v.recipients[1].n_ids, 0);
	assert_null(v.recipients[1].link);
	assert_null(v.recipients[1].desc);
	store_view_done(&v);
	assert_int_equal(store_read_push(f->reader, "pi1", a.push_id, 1, 10, &v), OK);
	assert_int_equal(v.n, 1);
	assert_int_equal(v.recipients[0].n, 1);
	store_view_done(&v);
	assert_int_equal(store_read_push(f->reader, "pi1", a.push_id, 0, 0, &v), OK);
	assert_int_equal(v.n, 0);
	store_view_done(&v);

	struct store_take t = take(f, NOW + 50, 10);
	assert_int_equal(t.n_items, 2);
	assert_true(span_eq(t.items->overlay, to[0].overlay));
	assert_int_equal(t.items->next->overlay.n, 0);
	assert_ptr_equal(t.items->body, t.items->next->body);
	free_items(&t);

	/* And what was not given is not there. */
	struct store_accept bare = { .pi = "pi1", .push_id = "bare", .received = NOW, .deadline_at = NOW + 1,
		.recipients = to, .n_recipients = 1 };
	assert_int_equal(run_accept(f, &bare), OK);
	assert_int_equal(store_read_push(f->reader, "pi1", "bare", 0, 1, &v), OK);
	assert_null(v.version);
	assert_null(v.notify_url);
	assert_null(v.meta);
	assert_null(v.content_type);
	store_view_done(&v);
}

static void
what_does_not_fit_is_refused(void **state)
{
	struct fixture *f = *state;
	char dial[sizeof ((struct store_item *)0)->to + 1], pi[65];
	struct store_recipient to = { .address = "a", .to = dial };
	struct store_accept a = accept_one("pi", "id");

	memset(dial, '1', sizeof dial);
	dial[sizeof dial - 1] = '\0';		/* one octet too long */
	memset(pi, 'p', 64);
	pi[64] = '\0';
	a.pi = pi;
	assert_int_equal(run_accept(f, &a), ERR_LIMIT);
	pi[63] = '\0';
	assert_int_equal(run_accept(f, &a), OK);
	a = accept_one("pi", "id");
	a.recipients = &to;
	assert_int_equal(run_accept(f, &a), ERR_LIMIT);
	dial[sizeof dial - 2] = '\0';
	assert_int_equal(run_accept(f, &a), OK);
	a = accept_one("pi", "id2");
	a.n_recipients = 0;
	assert_int_equal(run_accept(f, &a), ERR_RANGE);
	a = accept_one("pi", "id2");
	a.n_recipients = 1u << 20;
	assert_int_equal(run_accept(f, &a), ERR_LIMIT);
	assert_int_equal(stats(f).pushes, 2);
}

/* ---- MORE ------------------------------------------------------------------------------ */

static struct store_accept
more(const struct store_accept *first, uint32_t first_n, uint32_t n, bool further)
{
	struct store_accept a = accept_many(first->pi, first->push_id, n);

	a.push = first->push;
	a.first_n = first_n;
	a.more = further;
	return a;
}

static void
chunks_become_visible_with_the_last(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "big", 100), m, again = accept_one("pi1", "big");
	struct store_take t;
	struct store_view v;

	a.more = true;
	a.take = true;		/* only a single chunk can be taken at once */
	assert_int_equal(run_accept(f, &a), OK);
	assert_int_equal(a.batch, 0);
	m = more(&a, 100, 50, true);
	assert_int_equal(run_op(f, &m.op, STORE_MORE), OK);
	assert_int_equal(m.push, a.push);

	assert_int_equal(store_read_push(f->reader, "pi1", "big", 0, 1, &v), ERR_NOT_FOUND);
	assert_int_equal(run_accept(f, &again), ERR_EXISTS);
	t = take(f, NOW + 9999, 10);
	assert_int_equal(t.n_items, 0);
	assert_int_equal(tick(f, NOW + 99999, 10).next_due, 0);

	/* Not in order, twice, or to nobody: refused, and nothing is written. */
	m = more(&a, 100, 50, true);
	assert_int_equal(run_op(f, &m.op, STORE_MORE), ERR_RANGE);
	m = more(&a, 151, 50, true);
	assert_int_equal(run_op(f, &m.op, STORE_MORE), ERR_RANGE);
	m = more(&a, 150, 50, false);
	assert_int_equal(run_op(f, &m.op, STORE_MORE), OK);
	m = more(&a, 200, 1, false);
	assert_int_equal(run_op(f, &m.op, STORE_MORE), ERR_NOT_FOUND);
	m.push = 12345;
	assert_int_equal(run_op(f, &m.op, STORE_MORE), ERR_NOT_FOUND);

	assert_int_equal(store_read_push(f->reader, "pi1", "big", 150, 1000, &v), OK);
	assert_int_equal(v.n_recipients, 200);
	assert_int_equal(v.n, 50);
	assert_int_equal(v.recipients[0].n, 150);
	store_view_done(&v);
	t = take(f, NOW, 1000);
	assert_int_equal(t.n_items, 200);
	free_items(&t);
	assert_int_equal(stats(f).pushes, 1);
	assert_int_equal(stats(f).recipients, 200);
}

static void
what_never_became_whole_is_swept(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "big", 3000), m, whole = accept_many("pi1", "whole", 3);
	struct store_view v;

	a.more = true;
	assert_int_equal(run_accept(f, &a), OK);
	m = more(&a, 3000, 5000, true);
	assert_int_equal(run_op(f, &m.op, STORE_MORE), OK);
	m = more(&a, 8000, 5000, true);
	assert_int_equal(run_op(f, &m.op, STORE_MORE), OK);
	assert_int_equal(run_accept(f, &whole), OK);
	fixture_crash(f);
	assert_int_equal(stats(f).swept, 1);
	assert_int_equal(stats(f).pushes, 1);
	assert_int_equal(stats(f).recipients, 3);
	assert_int_equal(stats(f).live, 3);
	assert_int_equal(store_read_push(f->reader, "pi1", "whole", 0, 10, &v), OK);
	assert_int_equal(v.n, 3);
	store_view_done(&v);
	a = accept_one("pi1", "big");		/* the id is free again */
	assert_int_equal(run_accept(f, &a), OK);
	fixture_reopen(f);
	assert_int_equal(stats(f).swept, 0);
	assert_int_equal(stats(f).pushes, 2);
}

/* ---- TAKE ------------------------------------------------------------------------------ */

static void
the_oldest_due_are_taken_first(void **state)
{
	static const int64_t after[] = { 30, 0, 10, 20, 0 };	/* pushes 0..4 */
	static const size_t order[] = { 1, 4, 2, 3, 0 };
	struct fixture *f = *state;
	struct store_accept a[5];
	struct store_item *item;
	struct store_take t;
	char id[8];
	size_t i;

	for (i = 0; i < 5; i++) {
		snprintf(id, sizeof id, "id%zu", i);
		a[i] = accept_one("pi1", id);
		a[i].received = NOW - 1;
		a[i].deliver_after = after[i] != 0 ? NOW + after[i] : 0;
		assert_int_equal(run_accept(f, &a[i]), OK);
	}
	t = take(f, NOW - 2, 10);
	assert_int_equal(t.n_items, 0);
	assert_int_equal(t.next_due, NOW - 1);
	t = take(f, NOW, 1);
	assert_int_equal(t.n_items, 1);
	assert_int_equal(t.items->push, a[1].push);
	assert_int_equal(t.next_due, NOW - 1);
	free_items(&t);
	t = take(f, NOW + 19, 10);
	assert_int_equal(t.n_items, 2);
	assert_int_equal(t.next_due, NOW + 20);
	free_items(&t);
	t = take(f, NOW + 100, 10);
	assert_int_equal(t.n_items, 2);
	for (i = 3, item = t.items; item != NULL; item = item->next)
		assert_int_equal(item->push, a[order[i++]].push);
	assert_int_equal(t.next_due, 0);
	free_items(&t);
}

static void
a_big_push_is_taken_in_slices(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "big", 1000);
	uint32_t next = 0, rounds;
	struct store_take t;
	struct store_item *item;
	int64_t batch = 0;

	assert_int_equal(run_accept(f, &a), OK);
	for (rounds = 0; rounds < 4; rounds++) {
		t = take(f, NOW, 300);
		assert_int_equal(t.n_items, rounds < 3 ? 300 : 100);
		assert_int_equal(t.next_due, rounds < 3 ? NOW : 0);
		assert_int_not_equal(t.items->batch, batch);
		batch = t.items->batch;
		for (item = t.items; item != NULL; item = item->next, next++) {
			assert_int_equal(item->n, next);
			assert_int_equal(item->batch, batch);
			assert_ptr_equal(item->body, t.items->body);
		}
		free_items(&t);
	}
	assert_int_equal(take(f, NOW, 300).n_items, 0);
	assert_int_equal(look(f, "pi1", "big", 999).state, ST_TAKEN);
	assert_int_equal(look(f, "pi1", "big", 999).attempts, 1);
}

static void
requeued_waits_for_its_time(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "id", 3);
	struct store_take t;
	struct store_event e;

	assert_int_equal(run_accept(f, &a), OK);
	t = take(f, NOW, 2);
	e = event_on(t.items, EV_RETRY);
	e.due_at = NOW + 60;
	e.maybe_sent = true;
	e.code = 4000;
	assert_int_equal(run_event(f, &e), OK);
	assert_int_equal(e.to, ST_QUEUED);
	e = event_on(t.items->next, EV_RETRY);
	e.due_at = NOW;		/* the time of the run that still waits */
	assert_int_equal(run_event(f, &e), OK);
	free_items(&t);
	t = take(f, NOW, 10);
	assert_int_equal(t.n_items, 2);
	assert_int_equal(t.items->n, 1);
	assert_int_equal(t.items->attempts, 1);
	assert_false(t.items->maybe_sent);
	assert_int_equal(t.items->next->n, 2);
	assert_int_equal(t.items->next->attempts, 0);
	assert_int_equal(t.next_due, NOW + 60);
	free_items(&t);
	t = take(f, NOW + 60, 10);
	assert_int_equal(t.n_items, 1);
	assert_int_equal(t.items->n, 0);
	assert_int_equal(t.items->attempts, 1);
	assert_true(t.items->maybe_sent);
	free_items(&t);
	assert_int_equal(look(f, "pi1", "id", 0).attempts, 2);
	assert_true(look(f, "pi1", "id", 0).maybe_sent);
}

static void
cancelled_are_not_taken(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "id", 4), b = accept_one("pi1", "id2");
	struct store_event e;
	struct store_take t;
	uint32_t n;

	assert_int_equal(run_accept(f, &a), OK);
	assert_int_equal(run_accept(f, &b), OK);
	for (n = 0; n < 4; n += 2) {
		e = event_of(a.push, n, EV_CANCEL);
		assert_int_equal(run_event(f, &e), OK);
		assert_true(e.final);
	}
	e = event_of(b.push, 0, EV_CANCEL);
	assert_int_equal(run_event(f, &e), OK);
	t = take(f, NOW, 10);
	assert_int_equal(t.n_items, 2);
	assert_int_equal(t.items->n, 1);
	assert_int_equal(t.items->next->n, 3);
	assert_int_equal(t.next_due, 0);
	free_items(&t);
}

/* ---- ACCEPT with take, and batches ----------------------------------------------------- */

static void
taken_at_once(void **state)
{
	struct fixture *f = *state;
	struct store_accept a[4];
	struct group g = { 0 };
	char ids[4][8];
	size_t i;

	for (i = 0; i < 4; i++) {
		snprintf(ids[i], sizeof ids[i], "id%zu", i);
		a[i] = accept_one("pi1", ids[i]);
		a[i].body = f->body;
		a[i].take = i != 2;
		group_add(&g, &a[i].op, STORE_ACCEPT);
	}
	run_group_ops(f, &g);
	assert_int_equal(a[2].batch, 0);
	assert_true(a[0].batch != 0);
	assert_int_equal(a[0].batch, a[1].batch);
	assert_int_equal(a[0].batch, a[3].batch);
	assert_int_equal(look(f, "pi1", "id0", 0).state, ST_TAKEN);
	assert_int_equal(look(f, "pi1", "id0", 0).attempts, 1);
	assert_int_equal(look(f, "pi1", "id2", 0).state, ST_QUEUED);

	struct store_take t = take(f, NOW, 10);
	assert_int_equal(t.n_items, 1);
	assert_int_equal(t.items->push, a[2].push);
	assert_int_not_equal(t.items->batch, a[0].batch);
	free_items(&t);
}

/* All recipients of a batch that had no event come back, and only those. */
static void
open_batches_are_recovered(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "many", 10), b = accept_one("pi1", "one");
	struct store_accept c = accept_one("pi1", "quiet");
	struct store_item *item;
	struct store_take t;
	struct store_event e;
	uint32_t seen = 0;

	assert_int_equal(run_accept(f, &a), OK);
	b.take = true;
	assert_int_equal(run_accept(f, &b), OK);
	t = take(f, NOW, 6);
	assert_int_equal(run_accept(f, &c), OK);
	assert_int_equal(submitted(f, t.items, "smsc1", "m0"), ST_SUBMITTED);
	e = event_on(t.items->next, EV_SENT);
	assert_int_equal(run_event(f, &e), OK);
	free_items(&t);

	fixture_crash(f);
	assert_int_equal(stats(f).recovered, 5);		/* 4 of the batch, and the one taken at once */
	assert_int_equal(look(f, "pi1", "many", 0).state, ST_SUBMITTED);
	assert_int_equal(look(f, "pi1", "many", 1).state, ST_DELIVERED);
	assert_int_equal(look(f, "pi1", "many", 2).state, ST_QUEUED);
	assert_true(look(f, "pi1", "many", 2).maybe_sent);
	assert_int_equal(look(f, "pi1", "many", 2).attempts, 1);
	assert_false(look(f, "pi1", "many", 6).maybe_sent);
	assert_true(look(f, "pi1", "one", 0).maybe_sent);
	assert_false(look(f, "pi1", "quiet", 0).maybe_sent);

	t = take(f, NOW, 100);
	assert_int_equal(t.n_items, 10);
	for (item = t.items; item != NULL; item = item->next)
		seen += item->maybe_sent;
	assert_int_equal(seen, 5);
	for (item = t.items; item != NULL; item = item->next)
		assert_int_equal(submitted(f, item, "smsc1", ""), ST_SUBMITTED);
	free_items(&t);

	/* Every batch has ended: nothing to recover. */
	fixture_crash(f);
	assert_int_equal(stats(f).recovered, 0);
}

static void
a_batch_ends_with_its_last_event(void **state)
{
	/* Whatever ends a share: an event with its batch, one without, a deadline. */
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "id", 3);
	struct store_event e;
	struct store_take t;

	assert_int_equal(run_accept(f, &a), OK);
	t = take(f, NOW, 3);
	e = event_on(t.items, EV_RETRY);
	e.due_at = NOW + 5;
	assert_int_equal(run_event(f, &e), OK);
	e = event_of(a.push, 1, EV_CANCEL);
	assert_int_equal(run_event(f, &e), OK);
	e = event_on(t.items->next, EV_SUBMITTED);	/* too late */
	assert_int_equal(run_event(f, &e), OK);
	assert_true(e.ignored);
	assert_int_equal(e.from, ST_CANCELLED);
	assert_int_equal(e.to, ST_CANCELLED);
	assert_int_equal(submitted(f, t.items->next->next, "smsc1", "x"), ST_SUBMITTED);
	free_items(&t);
	fixture_crash(f);
	assert_int_equal(stats(f).recovered, 0);
	/* The first was requeued: it is in no batch, and still due. */
	t = take(f, NOW + 5, 10);
	assert_int_equal(t.n_items, 1);
	assert_int_equal(t.items->n, 0);
	free_items(&t);
	fixture_reopen(f);			/* a clean stop leaves it taken: it comes back all the same */
	assert_int_equal(stats(f).recovered, 1);
}

/* ---- EVENT ----------------------------------------------------------------------------- */

static void
events_change_what_they_name(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_one("pi1", "id");
	char ids[2][66] = { "m1", "0000" };
	char long_desc[300];
	struct store_event e;
	struct store_view v;
	struct store_take t;

	assert_int_equal(run_accept(f, &a), OK);
	e = event_of(a.push, 1, EV_CANCEL);
	assert_int_equal(run_event(f, &e), ERR_NOT_FOUND);
	e = event_of(a.push + 1, 0, EV_CANCEL);
	assert_int_equal(run_event(f, &e), ERR_NOT_FOUND);
	e = event_of(a.push, 0, EV_SUBMITTED);
	e.code = 1;
	assert_int_equal(run_event(f, &e), OK);
	assert_true(e.ignored);
	assert_int_equal(look(f, "pi1", "id", 0).code, 0);

	t = take(f, NOW, 1);
	e = event_on(t.items, EV_SUBMITTED);
	memset(long_desc, 'd', sizeof long_desc);
	long_desc[sizeof long_desc - 1] = '\0';
	e.code = 1000;
	e.desc = long_desc;
	e.link = "smsc1";
	e.message_ids = ids;
	e.n_ids = 2;
	e.at = NOW + 7;
	assert_int_equal(run_event(f, &e), OK);
	assert_int_equal(store_read_push(f->reader, NULL, "id", 0, 1, &v), OK);
	assert_int_equal(v.recipients[0].code, 1000);
	assert_int_equal(strlen(v.recipients[0].desc), 200);
	assert_string_equal(v.recipients[0].link, "smsc1");
	assert_int_equal(v.recipients[0].segments, 2);
	assert_int_equal(v.recipients[0].n_ids, 2);
	assert_string_equal(v.recipients[0].message_ids[0], "m1");
	assert_string_equal(v.recipients[0].message_ids[1], "0000");
	assert_int_equal(v.recipients[0].event_time, NOW + 7);
	store_view_done(&v);

	e = event_of(a.push, 0, EV_CANCEL);		/* no code, no text: they stay */
	assert_int_equal(run_event(f, &e), OK);
	assert_true(e.final);
	assert_int_equal(store_read_push(f->reader, NULL, "id", 0, 1, &v), OK);
	assert_int_equal(v.recipients[0].code, 1000);
	assert_int_equal(strlen(v.recipients[0].desc), 200);
	assert_int_equal(v.recipients[0].event_time, NOW + 1);
	assert_int_equal(v.recipients[0].state, ST_CANCELLED);
	assert_int_equal(v.n_final, 1);
	store_view_done(&v);
	free_items(&t);
}

/* The rules may let a final recipient change: it is final once. */
static void
final_is_counted_once(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "id", 2);
	struct store_event e;
	struct store_notes s;
	struct store_take t;
	struct store_view v;

	a.notify_url = "http://pi.example.net/result";
	assert_int_equal(run_accept(f, &a), OK);
	t = take(f, NOW, 1);
	e = event_on(t.items, EV_CANCEL);
	assert_int_equal(run_event(f, &e), OK);
	e = event_on(t.items, EV_SENT);		/* it was on its way already */
	assert_int_equal(run_event(f, &e), OK);
	assert_int_equal(e.from, ST_CANCELLED);
	assert_int_equal(e.to, ST_DELIVERED);
	assert_true(e.final);
	assert_int_equal(stats(f).live, 1);
	assert_int_equal(store_read_push(f->reader, "pi1", "id", 0, 1, &v), OK);
	assert_int_equal(v.n_final, 1);
	assert_int_equal(v.recipients[0].state, ST_DELIVERED);
	store_view_done(&v);
	s = notes(f, NOW, 10);
	assert_non_null(s.notes);
	assert_null(s.notes->next);
	assert_int_equal(s.notes->state, ST_DELIVERED);
	free_notes(&s);
	free_items(&t);
}

static void
secrets_are_erased_at_the_end(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "secret", 2), b = accept_one("pi1", "plain");
	struct store_event e;
	struct store_view v;
	uint32_t n;

	a.secret = true;
	assert_int_equal(run_accept(f, &a), OK);
	assert_int_equal(run_accept(f, &b), OK);
	for (n = 0; n < 2; n++) {
		assert_int_equal(store_read_push(f->reader, NULL, "secret", 0, 1, &v), OK);
		assert_int_equal(v.n_final, n);
		assert_int_equal(v.body_n, 4);
		store_view_done(&v);
		e = event_of(a.push, n, EV_CANCEL);
		assert_int_equal(run_event(f, &e), OK);
	}
	e = event_of(b.push, 0, EV_CANCEL);
	assert_int_equal(run_event(f, &e), OK);
	assert_int_equal(store_read_push(f->reader, NULL, "secret", 0, 1, &v), OK);
	assert_int_equal(v.n_final, 2);
	assert_int_equal(v.body_n, 0);
	store_view_done(&v);
	assert_int_equal(store_read_push(f->reader, NULL, "plain", 0, 1, &v), OK);
	assert_int_equal(v.body_n, 4);
	store_view_done(&v);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		CONTRACT_TEST(a_push_goes_its_way),
		CONTRACT_TEST(push_ids_are_unique_for_an_initiator),
		CONTRACT_TEST(duplicates_in_one_group),
		CONTRACT_TEST(everything_comes_back),
		CONTRACT_TEST(what_does_not_fit_is_refused),
		CONTRACT_TEST(chunks_become_visible_with_the_last),
		CONTRACT_TEST(what_never_became_whole_is_swept),
		CONTRACT_TEST(the_oldest_due_are_taken_first),
		CONTRACT_TEST(a_big_push_is_taken_in_slices),
		CONTRACT_TEST(requeued_waits_for_its_time),
		CONTRACT_TEST(cancelled_are_not_taken),
		CONTRACT_TEST(taken_at_once),
		CONTRACT_TEST(open_batches_are_recovered),
		CONTRACT_TEST(a_batch_ends_with_its_last_event),
		CONTRACT_TEST(events_change_what_they_name),
		CONTRACT_TEST(final_is_counted_once),
		CONTRACT_TEST(secrets_are_erased_at_the_end),
	};

	return contract_run(tests, sizeof tests / sizeof tests[0]);
}
