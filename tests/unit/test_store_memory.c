/*
 * test_store_memory.c - the contract of store/store.h, on every engine: what recipients leave for their submitter
 * (MEMORY, remarks), and whom TICK brought to an end.
 */
#include "base/clock.h"
#include "tests/unit/test_store.h"

enum { DEADLINE = NOW + 1000, MARGIN = 100 };	/* of accept_one, of the fixture */

static struct store_memory
row(int kind, uint8_t key, int64_t until, uint32_t n)
{
	struct store_memory m = { .kind = kind, .at = NOW, .until = until, .n = n };

	memset(m.key, key, sizeof m.key);
	memset(m.other, key + 1, sizeof m.other);
	return m;
}

struct seen {
	struct store_memory rows[64];
	uint32_t n;
};

static void
see(void *arg, const struct store_memory *m)
{
	struct seen *s = arg;

	if (s->n < 64)
		s->rows[s->n] = *m;
	s->n++;
}

static struct seen
memory(struct fixture *f, int64_t now)
{
	struct seen s = { .n = 0 };

	assert_int_equal(store_read_memory(f->reader, now, see, &s), OK);
	return s;
}

static int
remember(struct fixture *f, const struct store_memory *rows, uint32_t n)
{
	struct store_memories m = { .rows = rows, .n = n };

	return run_op(f, &m.op, STORE_MEMORY);
}

static void
comes_with_its_push(void **state)
{
	struct fixture *f = *state;
	struct store_memory rows[] = { row(1, 10, NOW + 50, 0), row(2, 20, NOW + 60, 2), row(255, 30, INT64_MAX, 2) };
	struct store_accept a = accept_many("pi1", "p", 3), again = accept_many("pi1", "p", 3);
	struct seen s;

	a.memory = again.memory = rows;
	a.n_memory = again.n_memory = 3;
	assert_int_equal(run_accept(f, &a), OK);
	assert_int_equal(run_accept(f, &again), ERR_EXISTS);	/* leaves nothing */
	fixture_crash(f);
	s = memory(f, NOW);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.rows[0].kind, 1);
	assert_int_equal(s.rows[0].push, a.push);
	assert_int_equal(s.rows[0].n, 0);
	assert_memory_equal(s.rows[1].key, rows[1].key, sizeof rows[1].key);
	assert_memory_equal(s.rows[1].other, rows[1].other, sizeof rows[1].other);
	assert_int_equal(s.rows[1].at, NOW);
	assert_int_equal(s.rows[1].until, NOW + 60);
	assert_int_equal(s.rows[1].n, 2);
	assert_true(s.rows[2].until == INT64_MAX);
	assert_int_equal(s.rows[2].kind, 255);
	assert_int_equal(memory(f, NOW + 50).n, 2);
	assert_int_equal(memory(f, NOW + 60).n, 1);
}

static void
rows_that_are_refused(void **state)
{
	static struct store_memory many[1001];
	struct fixture *f = *state;
	struct store_memory bad[] = { row(0, 1, NOW + 50, 0), row(256, 1, NOW + 50, 0), row(1, 1, NOW + 50, 3) };
	struct store_accept a = accept_many("pi1", "p", 3);
	size_t i;

	for (i = 0; i < 3; i++) {
		a.memory = &bad[i];
		a.n_memory = 1;
		assert_int_equal(run_accept(f, &a), ERR_RANGE);
	}
	assert_int_equal(remember(f, bad, 1), ERR_RANGE);
	for (i = 0; i < 1001; i++)
		many[i] = row(1, (uint8_t)i, NOW + 50, 0);
	assert_int_equal(remember(f, many, 1001), ERR_LIMIT);
	assert_int_equal(memory(f, NOW).n, 0);
	assert_int_equal(stats(f).pushes, 0);
	assert_int_equal(remember(f, many, 1000), OK);
	assert_int_equal(memory(f, NOW).n, 1000);
	fixture_reopen(f);
	assert_int_equal(memory(f, NOW).n, 1000);
}

static void
what_is_over_goes_in_slices(void **state)
{
	struct fixture *f = *state;
	struct store_memory rows[20];
	struct store_tick t;
	size_t i;

	for (i = 0; i < 20; i++)
		rows[i] = row(1, (uint8_t)i, i < 19 ? NOW + 50 + (int64_t)i : INT64_MAX, 0);
	assert_int_equal(remember(f, rows, 20), OK);
	t = tick(f, NOW, 5);
	assert_int_equal(t.next_due, NOW + 50);
	assert_int_equal(memory(f, NOW).n, 20);
	tick(f, NOW + 100, 5);
	assert_int_equal(memory(f, NOW).n, 15);
	fixture_reopen(f);
	tick(f, NOW + 100, 10);
	assert_int_equal(memory(f, NOW).n, 5);
	t = tick(f, NOW + 100, 100);
	assert_int_equal(memory(f, NOW).n, 1);
	assert_int_equal(t.next_due, 0);
	tick(f, (int64_t)NOW * 2, 100);
	assert_int_equal(memory(f, NOW).n, 1);
}

/* Rows that are over, and deadlines: neither waits for the end of the other. */
static void
nobody_waits_for_it(void **state)
{
	struct fixture *f = *state;
	static struct store_memory rows[60];
	struct store_accept a = accept_many("pi1", "p", 60);
	struct store_tick t;
	size_t i;

	for (i = 0; i < 60; i++)
		rows[i] = row(1, (uint8_t)i, NOW + 50, 0);
	assert_int_equal(remember(f, rows, 60), OK);
	assert_int_equal(run_accept(f, &a), OK);
	t = tick(f, DEADLINE, 20);
	assert_in_range(t.expired, 10, 15);
	assert_int_equal(t.forgotten, 20 - t.expired);
	assert_int_equal(memory(f, NOW).n, 60 - t.forgotten);
	for (i = 0; i < 11; i++)	/* what ends, goes: that takes rows, too */
		t = tick(f, DEADLINE, 20);
	assert_int_equal(memory(f, NOW).n, 0);
	assert_int_equal(tick(f, DEADLINE, 20).forgotten, 0);
}

static void
it_outlives_its_push(void **state)
{
	struct fixture *f = *state;
	struct store_memory one = row(1, 1, NOW + 100000, 0);
	struct store_accept a = accept_one("pi1", "p");
	struct store_event e;

	f->cf.retention_s = 500;
	fixture_reopen(f);
	a.memory = &one;
	a.n_memory = 1;
	assert_int_equal(run_accept(f, &a), OK);
	e = event_of(a.push, 0, EV_CANCEL);
	assert_int_equal(run_event(f, &e), OK);
	tick(f, NOW + 1000, 100);
	assert_int_equal(stats(f).recipients, 0);
	assert_int_equal(memory(f, NOW).n, 1);
}

static struct store_accept
first_chunk(struct fixture *f, const char *push_id, const struct store_memory *rows, uint32_t n)
{
	struct store_accept a = accept_many("pi1", push_id, 4);

	a.more = true;
	a.memory = rows;
	a.n_memory = n;
	a.remark = "first";
	assert_int_equal(run_accept(f, &a), OK);
	return a;
}

/* What never became visible leaves nothing; of its neighbours nothing is lost. */
static void
abandoned_and_swept(void **state)
{
	struct fixture *f = *state;
	struct store_memory rows[] = { row(1, 1, NOW + 100000, 0), row(1, 2, NOW + 100000, 3) };
	struct store_accept a = first_chunk(f, "a", rows, 2), b = accept_many("pi1", "b", 4);
	struct store_abandon gone = { .push = a.push };
	uint32_t first, n;
	char *text;

	b.memory = rows;
	b.n_memory = 2;
	assert_int_equal(run_accept(f, &b), OK);
	assert_int_equal(run_op(f, &gone.op, STORE_ABANDON), OK);
	while (stats(f).recipients > 4)
		tick(f, clock_utc() + 1, 3);
	assert_int_equal(memory(f, NOW).n, 2);
	assert_int_equal(memory(f, NOW).rows[0].push, b.push);
	a = first_chunk(f, "c", rows, 2);
	assert_int_equal(memory(f, NOW).n, 4);
	fixture_crash(f);
	assert_int_equal(stats(f).swept, 1);
	assert_int_equal(memory(f, NOW).n, 2);
	assert_int_equal(store_read_remark(f->reader, a.push, 0, &first, &n, &text), ERR_NOT_FOUND);
}

static void
no_more_than_the_bound(void **state)
{
	struct fixture *f = *state;
	struct store_memory rows[20];
	struct seen s;
	size_t i;

	f->cf.memory_max = 8;
	fixture_reopen(f);
	for (i = 0; i < 20; i++)
		rows[i] = row(1, (uint8_t)i, i == 0 ? INT64_MAX : NOW + 1000 - (int64_t)i, 0);
	assert_int_equal(remember(f, rows, 20), OK);
	tick(f, NOW, 100);
	s = memory(f, NOW);
	assert_int_equal(s.n, 8);
	for (i = 0; i < 8; i++)		/* the first to expire went */
		assert_int_equal(s.rows[i].key[0], i);
	fixture_reopen(f);
	assert_int_equal(remember(f, rows + 10, 2), OK);
	tick(f, NOW, 100);
	assert_int_equal(memory(f, NOW).n, 8);
	assert_int_equal(memory(f, NOW).rows[7].key[0], 7);
}

static void
remarks(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = first_chunk(f, "many", NULL, 0), b = accept_many("pi1", "many", 3), one = accept_one("pi1", "one");
	struct store_event e;
	uint32_t first = 0, n = 0, i;
	char *text;

	b.push = a.push;
	b.first_n = 4;
	b.remark = "second \xC3\xA9";
	assert_int_equal(run_op(f, &b.op, STORE_MORE), OK);
	one.remark = "of one";
	assert_int_equal(run_accept(f, &one), OK);
	fixture_reopen(f);
	for (i = 0; i < 7; i++) {
		assert_int_equal(store_read_remark(f->reader, a.push, i, &first, &n, &text), OK);
		assert_string_equal(text, i < 4 ? "first" : "second \xC3\xA9");
		assert_int_equal(first, i < 4 ? 0 : 4);
		assert_int_equal(n, i < 4 ? 4 : 3);
		free(text);
	}
	assert_int_equal(store_read_remark(f->reader, a.push, 7, &first, &n, &text), ERR_NOT_FOUND);
	assert_null(text);
	assert_int_equal(store_read_remark(f->reader, one.push, 0, &first, &n, &text), ERR_NOT_FOUND);
	assert_int_equal(store_read_remark(f->reader, a.push + 100, 0, &first, &n, &text), ERR_NOT_FOUND);
	for (i = 0; i < 7; i++) {
		e = event_of(a.push, i, EV_CANCEL);
		assert_int_equal(run_event(f, &e), OK);
	}
	tick(f, NOW + 10000000, 1000);
	assert_int_equal(store_read_remark(f->reader, a.push, 0, &first, &n, &text), ERR_NOT_FOUND);
}

static int
remark(struct fixture *f, int64_t push, uint32_t n, const char *text)
{
	struct store_remark r = { .push = push, .n = n, .text = text };

	return run_op(f, &r.op, STORE_REMARK);
}

static void
expect_remark(struct fixture *f, int64_t push, uint32_t n, const char *text)
{
	uint32_t first, chunk;
	char *found;

	if (text == NULL) {
		assert_int_equal(store_read_remark(f->reader, push, n, &first, &chunk, &found), ERR_NOT_FOUND);
		return;
	}
	assert_int_equal(store_read_remark(f->reader, push, n, &first, &chunk, &found), OK);
	assert_string_equal(found, text);
	assert_in_range(n, first, first + chunk - 1);
	free(found);
}

static void
remarks_on_one(void **state)
{
	struct fixture *f = *state;
	struct store_accept many = accept_many("pi1", "many", 3), one = accept_one("pi1", "one");
	struct store_event e;
	uint32_t i;

	many.remark = "all";
	assert_int_equal(run_accept(f, &many), OK);
	assert_int_equal(run_accept(f, &one), OK);
	assert_int_equal(remark(f, many.push, 0, "zero"), OK);
	assert_int_equal(remark(f, many.push, 1, "once"), OK);
	assert_int_equal(remark(f, many.push, 1, "again"), OK);
	assert_int_equal(remark(f, one.push, 0, "alone"), OK);
	assert_int_equal(remark(f, many.push, 3, "nobody"), ERR_NOT_FOUND);
	assert_int_equal(remark(f, one.push + 7, 0, "nothing"), ERR_NOT_FOUND);
	fixture_reopen(f);
	expect_remark(f, many.push, 0, "zero");
	expect_remark(f, many.push, 1, "again");
	expect_remark(f, many.push, 2, "all");
	expect_remark(f, one.push, 0, "alone");
	for (i = 0; i < 3; i++) {
		e = event_of(many.push, i, EV_CANCEL);
		assert_int_equal(run_event(f, &e), OK);
	}
	e = event_of(one.push, 0, EV_CANCEL);
	assert_int_equal(run_event(f, &e), OK);
	tick(f, NOW + 10000000, 1000);
	for (i = 0; i < 3; i++)
		expect_remark(f, many.push, i, NULL);
	expect_remark(f, one.push, 0, NULL);
}

static void
whom_a_tick_ended(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "waits", 3);
	struct store_item *item = take_one(f, "sent");
	struct store_ended ended[10];
	struct store_tick t = { .now = DEADLINE, .max = 10, .ended = ended };
	struct store_event e;
	uint32_t i;

	assert_int_equal(run_accept(f, &a), OK);
	assert_int_equal(submitted(f, item, "smsc1", "m1"), ST_SUBMITTED);
	e = event_of(a.push, 1, EV_CANCEL);
	assert_int_equal(run_event(f, &e), OK);
	assert_int_equal(run_op(f, &t.op, STORE_TICK), OK);
	assert_int_equal(t.n_ended, 2);		/* not the one that was cancelled, nor the one that waits for its receipt */
	for (i = 0; i < 2; i++) {
		assert_int_equal(ended[i].push, a.push);
		assert_int_equal(ended[i].n, i * 2);
		assert_int_equal(ended[i].from, ST_QUEUED);
		assert_int_equal(ended[i].to, ST_EXPIRED);
	}
	t = (struct store_tick){ .now = DEADLINE + MARGIN, .max = 10, .ended = ended };
	assert_int_equal(run_op(f, &t.op, STORE_TICK), OK);
	assert_int_equal(t.n_ended, 1);
	assert_int_equal(ended[0].push, item->push);
	assert_int_equal(ended[0].from, ST_SUBMITTED);
	t = (struct store_tick){ .now = DEADLINE + MARGIN, .max = 10, .ended = ended };
	assert_int_equal(run_op(f, &t.op, STORE_TICK), OK);
	assert_int_equal(t.n_ended, 0);
	store_item_free(item);
}

/* How many are held is exact after a crash, and when they never became visible. */
static void
held_ones_are_counted(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "held", 4), b = accept_many("pi1", "incoming", 4);
	struct store_recipient rows[4];
	struct store_abandon gone = { .push = 0 };
	struct store_event e;
	uint32_t i;

	memcpy(rows, a.recipients, sizeof rows);
	for (i = 1; i < 4; i++)
		rows[i].state = ST_HELD;
	a.recipients = b.recipients = rows;
	assert_int_equal(stats(f).held, 0);
	assert_int_equal(run_accept(f, &a), OK);
	assert_int_equal(stats(f).held, 3);
	e = event_of(a.push, 1, EV_RELEASE);
	assert_int_equal(run_event(f, &e), OK);
	assert_int_equal(stats(f).held, 2);
	fixture_crash(f);
	assert_int_equal(stats(f).held, 2);
	b.more = true;
	assert_int_equal(run_accept(f, &b), OK);
	assert_int_equal(stats(f).held, 5);
	gone.push = b.push;
	assert_int_equal(run_op(f, &gone.op, STORE_ABANDON), OK);
	while (stats(f).recipients > 4)
		tick(f, clock_utc() + 1, 3);
	assert_int_equal(stats(f).held, 2);
	assert_int_equal(run_accept(f, &b), OK);
	assert_int_equal(stats(f).held, 5);
	fixture_crash(f);
	assert_int_equal(stats(f).swept, 1);
	assert_int_equal(stats(f).held, 2);
	e = event_of(a.push, 2, EV_CANCEL);
	assert_int_equal(run_event(f, &e), OK);
	assert_int_equal(stats(f).held, 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		CONTRACT_TEST(comes_with_its_push), CONTRACT_TEST(rows_that_are_refused),
		CONTRACT_TEST(what_is_over_goes_in_slices), CONTRACT_TEST(nobody_waits_for_it), CONTRACT_TEST(it_outlives_its_push),
		CONTRACT_TEST(abandoned_and_swept), CONTRACT_TEST(no_more_than_the_bound), CONTRACT_TEST(remarks), CONTRACT_TEST(remarks_on_one),
		CONTRACT_TEST(whom_a_tick_ended), CONTRACT_TEST(held_ones_are_counted),
	};

	return contract_run(tests, sizeof tests / sizeof tests[0]);
}
