/*
 * test_store.c - the contract of store/store.h, sentence by sentence, on every engine.
 *
 * The rules below are small ones of the test's own: the store must not know what states mean.
 */
#include "tests/unit/test_store.h"

#include <sched.h>

#include "base/clock.h"

static const struct engine {
	const char *name;
	const char *url;		/* %s is a new folder */
} engines[] = {
	{ "sqlite", "sqlite:%s/ppg.db" },
};

static int
setup(void **state)
{
	struct fixture *f = fixture_create(((const struct engine *)*state)->url);

	*state = f;
	fixture_open(f);
	return 0;
}

static int
teardown(void **state)
{
	fixture_destroy(*state);
	return 0;
}

/* ---- ACCEPT, TAKE, EVENT, RECEIPT: the way of one push ------------------------------------------- */

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

/* ---- ACCEPT ------------------------------------------------------------------------------------------ */

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
	struct store_recipient to = { .address = "a", .to = "+123456789012345678901234567890" };
	struct store_accept a = accept_one("pi", "id");
	char pi[65];

	memset(pi, 'p', 64);
	pi[64] = '\0';
	a.pi = pi;
	assert_int_equal(run_accept(f, &a), ERR_LIMIT);
	pi[63] = '\0';
	assert_int_equal(run_accept(f, &a), OK);
	a = accept_one("pi", "id");
	a.recipients = &to;
	assert_int_equal(run_accept(f, &a), OK);
	to.to = "+1234567890123456789012345678901";
	a = accept_one("pi", "id2");
	a.recipients = &to;
	assert_int_equal(run_accept(f, &a), ERR_LIMIT);
	a = accept_one("pi", "id2");
	a.n_recipients = 0;
	assert_int_equal(run_accept(f, &a), ERR_RANGE);
	a = accept_one("pi", "id2");
	a.n_recipients = 1u << 20;
	assert_int_equal(run_accept(f, &a), ERR_LIMIT);
	assert_int_equal(stats(f).pushes, 2);
}

/* ---- MORE ------------------------------------------------------------------------------------------------ */

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

/* ---- TAKE --------------------------------------------------------------------------------------------------- */

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

/* ---- ACCEPT with take, and batches -------------------------------------------------------------------------------- */

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

/* ---- EVENT ---------------------------------------------------------------------------------------------------------- */

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

/* ---- RECEIPT ------------------------------------------------------------------------------------------------------------ */

static struct store_item *
take_one(struct fixture *f, const char *push_id)
{
	struct store_accept a = accept_one("pi1", push_id);

	assert_int_equal(run_accept(f, &a), OK);
	return take(f, NOW, 1).items;
}

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

/* ---- NOTES, NOTE -------------------------------------------------------------------------------------------------------------- */

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

/* ---- TICK ------------------------------------------------------------------------------------------------------------------------ */

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

/* ---- the whole ---------------------------------------------------------------------------------------------------------------------- */

static struct {
	struct store_op *seen[300];
	size_t n;
} order;

static void
note_order(struct store_op *op)
{
	order.seen[order.n++] = op;
}

static void
a_group_is_one_commit_in_order(void **state)
{
	struct fixture *f = *state;
	struct store_accept a[200];
	struct group g = { 0 };
	char ids[200][8];
	uint64_t before;
	size_t i;

	for (i = 0; i < 200; i++) {
		snprintf(ids[i], sizeof ids[i], "%zu", i);
		a[i] = accept_one("pi1", ids[i]);
		a[i].body = f->body;
		group_add(&g, &a[i].op, STORE_ACCEPT);
		if (i < 199)
			a[i].op.done = note_order;
	}
	g.n_silent = 199;
	before = stats(f).commits;
	order.n = 0;
	run_group_ops(f, &g);
	assert_int_equal(stats(f).commits - before, 2);		/* and the one that held the writer */
	assert_int_equal(stats(f).operations, 201);
	assert_true(stats(f).commit_us_total >= stats(f).commit_us_max);
	for (i = 0; i < order.n; i++)
		assert_ptr_equal(order.seen[i], &a[i].op);
	assert_int_equal(order.n, 199);
}

static void
a_full_queue_takes_no_more(void **state)
{
	struct fixture *f = *state;
	struct store_accept a[4];
	struct group g = { 0 };
	char ids[4][8];
	size_t i;

	fixture_close(f);
	f->cf.max_queue = 3;
	f->cf.group_max = 2;
	fixture_open(f);
	for (i = 0; i < 4; i++) {
		snprintf(ids[i], sizeof ids[i], "%zu", i);
		a[i] = accept_one("pi1", ids[i]);
		a[i].body = f->body;
		group_add(&g, &a[i].op, STORE_ACCEPT);
	}
	g.n_refused = 1;
	run_group_ops(f, &g);
	assert_int_equal(stats(f).pushes, 3);
	assert_int_equal(stats(f).commits, 3);		/* the hold, and 2 + 1 */
	assert_int_equal(run_accept(f, &a[3]), OK);
}

static void
close_finishes_what_waits(void **state)
{
	struct fixture *f = *state;
	struct store_accept a[100];
	struct store_view v;
	char ids[100][8];
	size_t i;

	order.n = 0;
	for (i = 0; i < 100; i++) {
		snprintf(ids[i], sizeof ids[i], "%zu", i);
		a[i] = accept_one("pi1", ids[i]);
		a[i].body = f->body;
		a[i].op.kind = STORE_ACCEPT;
		a[i].op.done = note_order;
		assert_int_equal(store_submit(f->store, &a[i].op), OK);
	}
	fixture_close(f);
	assert_int_equal(order.n, 100);
	fixture_open(f);
	for (i = 0; i < 100; i++) {
		assert_int_equal(a[i].op.result, OK);
		assert_int_equal(store_read_push(f->reader, "pi1", ids[i], 0, 1, &v), OK);
		store_view_done(&v);
	}
}

static void
stats_survive(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "id", 7);
	struct store_event e;
	int round;

	assert_int_equal(run_accept(f, &a), OK);
	e = event_of(a.push, 2, EV_CANCEL);
	assert_int_equal(run_event(f, &e), OK);
	for (round = 0; round < 3; round++) {
		assert_int_equal(stats(f).pushes, 1);
		assert_int_equal(stats(f).recipients, 7);
		assert_int_equal(stats(f).live, 6);
		if (round == 0)
			fixture_reopen(f);
		else
			fixture_crash(f);
	}
}

/* Look up what others write meanwhile: what is acknowledged is found, whatever level it lies on. */
struct looker {
	struct fixture *f;
	_Atomic uint32_t known;		/* pushes acknowledged */
	_Atomic bool stop;
	unsigned looked, missing;
};

static void
push_name(char out[24], uint32_t i)
{
	snprintf(out, 24, "push-%u", i * 2654435761u);
}

static void *
look_all_the_time(void *arg)
{
	struct looker *l = arg;
	struct store_reader *reader;
	struct why why;
	uint32_t seed = 1;

	if (store_reader_open(l->f->store, &reader, &why) != OK) {
		l->missing++;
		return NULL;
	}
	while (!l->stop) {
		uint32_t known = l->known;
		struct store_view v;
		char id[24];

		if (known == 0)
			continue;
		seed = seed * 1664525 + 1013904223;
		push_name(id, l->looked % 2 == 0 ? known - 1 : (seed >> 8) % known);
		if (store_read_push(reader, "pi1", id, 0, 1, &v) != OK || v.n != 1)
			l->missing++;
		store_view_done(&v);
		l->looked++;
	}
	store_reader_close(&reader);
	return NULL;
}

static void
readers_see_what_was_acknowledged(void **state)
{
	enum { ROUNDS = 60, GROUP = 100 };
	struct fixture *f = *state;
	struct looker l = { .f = f };
	static struct store_accept a[GROUP];
	static char ids[GROUP][24];
	struct store_view v;
	pthread_t thread;
	uint32_t i, k;

	fixture_close(f);
	f->cf.cache_kib = 256;		/* small: the index goes through its levels again and again */
	fixture_open(f);
	assert_int_equal(pthread_create(&thread, NULL, look_all_the_time, &l), 0);
	for (k = 0; k < ROUNDS; k++) {
		struct group g = { 0 };

		for (i = 0; i < GROUP; i++) {
			push_name(ids[i], k * GROUP + i);
			a[i] = accept_one("pi1", ids[i]);
			a[i].body = f->body;
			group_add(&g, &a[i].op, STORE_ACCEPT);
		}
		run_group_ops(f, &g);
		l.known = (k + 1) * GROUP;
		if (k == ROUNDS / 2) {
			for (i = 0; i < GROUP; i++)	/* all of this group are known already */
				run_accept(f, &a[i]), assert_int_equal(a[i].op.result, ERR_EXISTS);
		}
	}
	while (l.looked < 200 && l.missing == 0)
		sched_yield();
	l.stop = true;
	pthread_join(thread, NULL);
	assert_int_equal(l.missing, 0);
	for (k = 0; k < 2; k++) {
		for (i = 0; i < ROUNDS * GROUP; i += 7) {
			push_name(ids[0], i);
			assert_int_equal(store_read_push(f->reader, "pi1", ids[0], 0, 1, &v), OK);
			store_view_done(&v);
			a[0] = accept_one("pi1", ids[0]);
			assert_int_equal(run_accept(f, &a[0]), ERR_EXISTS);
		}
		fixture_crash(f);
	}
	while (tick(f, NOW + 1000, 5000).expired > 0)
		;
	while (tick(f, NOW + 2000, 5000).purged > 0)
		;
	for (i = 0; i < ROUNDS * GROUP; i += 7) {
		push_name(ids[0], i);
		assert_int_equal(store_read_push(f->reader, "pi1", ids[0], 0, 1, &v), ERR_NOT_FOUND);
	}
	assert_int_equal(stats(f).recipients, 0);
}

#define STORE_TEST(f) { #f, f, setup, teardown, NULL }

static const struct CMUnitTest contract[] = {
	STORE_TEST(a_push_goes_its_way),
	STORE_TEST(push_ids_are_unique_for_an_initiator),
	STORE_TEST(duplicates_in_one_group),
	STORE_TEST(everything_comes_back),
	STORE_TEST(what_does_not_fit_is_refused),
	STORE_TEST(chunks_become_visible_with_the_last),
	STORE_TEST(what_never_became_whole_is_swept),
	STORE_TEST(the_oldest_due_are_taken_first),
	STORE_TEST(a_big_push_is_taken_in_slices),
	STORE_TEST(requeued_waits_for_its_time),
	STORE_TEST(cancelled_are_not_taken),
	STORE_TEST(taken_at_once),
	STORE_TEST(open_batches_are_recovered),
	STORE_TEST(a_batch_ends_with_its_last_event),
	STORE_TEST(events_change_what_they_name),
	STORE_TEST(final_is_counted_once),
	STORE_TEST(secrets_are_erased_at_the_end),
	STORE_TEST(receipts_find_their_message),
	STORE_TEST(the_first_final_state_stands),
	STORE_TEST(a_reused_message_id_means_the_youngest),
	STORE_TEST(ok_needs_every_segment),
	STORE_TEST(failure_of_one_segment_is_enough),
	STORE_TEST(receipts_may_overtake_the_response),
	STORE_TEST(message_ids_of_an_earlier_try_are_replaced),
	STORE_TEST(notes_are_leased),
	STORE_TEST(notes_of_a_purged_push_go_with_it),
	STORE_TEST(deadlines_pass),
	STORE_TEST(nobody_stays_for_ever),
	STORE_TEST(deadlines_and_purging_go_in_slices),
	STORE_TEST(a_group_is_one_commit_in_order),
	STORE_TEST(a_full_queue_takes_no_more),
	STORE_TEST(close_finishes_what_waits),
	STORE_TEST(stats_survive),
	STORE_TEST(readers_see_what_was_acknowledged),
};

int
main(void)
{
	int failed = 0;
	size_t i, k;

	for (i = 0; i < sizeof engines / sizeof engines[0]; i++) {
		struct CMUnitTest tests[sizeof contract / sizeof contract[0]];

		memcpy(tests, contract, sizeof contract);
		for (k = 0; k < sizeof tests / sizeof tests[0]; k++)
			tests[k].initial_state = (void *)(uintptr_t)&engines[i];
		failed += _cmocka_run_group_tests(engines[i].name, tests, sizeof tests / sizeof tests[0],
		    NULL, NULL);
	}
	return failed;
}
