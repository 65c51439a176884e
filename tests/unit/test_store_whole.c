/*
 * test_store_whole.c - the contract of store/store.h on every engine: groups, the queue, statistics,
 * readers beside the writer.
 */
#include "tests/unit/test_store.h"

#include <sched.h>

/* ---- the whole ------------------------------------------------------------------------- */

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
	struct store_event e = event_of(99, 0, EV_CANCEL);
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
		if (i == 3)
			group_add(&g, &e.op, STORE_EVENT);	/* what has happened is taken all the same */
		group_add(&g, &a[i].op, STORE_ACCEPT);
	}
	g.n_refused = 1;
	run_group_ops(f, &g);
	assert_int_equal(e.op.result, ERR_NOT_FOUND);
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

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		CONTRACT_TEST(a_group_is_one_commit_in_order),
		CONTRACT_TEST(a_full_queue_takes_no_more),
		CONTRACT_TEST(close_finishes_what_waits),
		CONTRACT_TEST(stats_survive),
		CONTRACT_TEST(readers_see_what_was_acknowledged),
	};

	return contract_run(tests, sizeof tests / sizeof tests[0]);
}
