/*
 * pg_recover.c - what a start has to clear up: pushes that never became whole, and recipients that were handed to
 * dispatch when the process ended. In slices, each a transaction of its own.
 */
#include "store/pg_int.h"

#include <stdlib.h>

#include "base/clock.h"

enum { SLICE = 5000 };

struct runs {
	int64_t *v;		/* pairs, on the heap */
	int n;
};

/* First two columns of all rows. */
static struct runs
list(struct pg *pg, enum pg_statement s)
{
	struct runs out = { 0 };
	const PGresult *r;
	size_t place = pg_send(pg, s);
	int row;

	pg_sync(pg);
	r = pg_result(pg, place);
	out.n = pg_rows(r);
	if ((out.v = calloc((size_t)out.n * 2 + 1, sizeof out.v[0])) == NULL)
		abort();
	for (row = 0; row < out.n; row++) {
		out.v[2 * row] = pg_get_int(r, row, 0);
		out.v[2 * row + 1] = pg_get_int(r, row, 1);
	}
	return out;
}

/* Recipients of one slice that are taken go back to the queue; where the next slice begins. */
static int64_t
requeue_slice(struct pg *pg, int64_t lo, int64_t hi, bool maybe_sent)
{
	const struct store_rules *rules = &pg->store->cf.rules;
	int64_t now = clock_utc(), rids[SLICE];
	const PGresult *r;
	size_t place;
	int row, n;

	pg_begin(pg);
	pg_int(pg, A_TAKEN, lo);
	pg_int(pg, A_TAKEN, hi);
	pg_int(pg, A_TAKEN, rules->taken);
	pg_int(pg, A_TAKEN, SLICE);
	place = pg_send(pg, A_TAKEN);
	pg_sync(pg);
	r = pg_result(pg, place);
	n = pg_rows(r);
	for (row = 0; row < n; row++) {
		rids[row] = rows_load_recipient(pg, r, row, 0)->node.key;
		if (row == 0 || rid_push(rids[row]) != rid_push(rids[row - 1]))
			pg_int(pg, A_PUSHES, rid_push(rids[row]));
	}
	rows_ask_pushes(pg);
	for (row = 0; row < n && pg->err == OK; row++) {
		struct happening h = { .event = rules->ev_recover, .at = now, .due_at = now, .maybe_sent = maybe_sent };

		pg_happen(pg, rids[row], &h);
		if (maybe_sent)
			pg->store->next.recovered += !h.ignored;
	}
	if (pg_commit(pg) == OK)
		pg_settle(pg, true);
	return n == SLICE ? rids[n - 1] + 1 : hi + 1;
}

int
pg_recover_batches(struct pg *pg, int64_t first_id, bool maybe_sent)
{
	struct runs runs;
	int i;

	pg_begin(pg);
	pg_int(pg, A_BATCHES, first_id);
	runs = list(pg, A_BATCHES);
	if (pg->err == OK)
		pg_commit(pg);
	if (pg->err == OK)
		pg_settle(pg, true);
	for (i = 0; i < runs.n && pg->err == OK; i++) {
		int64_t lo = runs.v[2 * i], hi = runs.v[2 * i + 1];

		while (lo <= hi && pg->err == OK)
			lo = requeue_slice(pg, lo, hi, maybe_sent);
	}
	free(runs.v);
	if (pg->err != OK)
		pg_settle(pg, false);
	return pg->err;
}

static void
sweep_push(struct pg *pg, int64_t push, int64_t n_recipients)
{
	int64_t lo = rid_of(push, 0), hi = lo + n_recipients - 1;
	size_t place;

	do {
		pg_begin(pg);
		if (lo <= hi) {
			pg_int(pg, W_RECIPIENT_DELETE, lo);
			pg_int(pg, W_RECIPIENT_DELETE, hi - lo < SLICE ? hi : lo + SLICE - 1);
			pg_memory_forget(pg, lo, hi - lo < SLICE ? hi : lo + SLICE - 1);
			pg_held_gone(pg, lo, hi - lo < SLICE ? hi : lo + SLICE - 1);
			place = pg_send(pg, W_RECIPIENT_DELETE);
			pg_sync(pg);
			pg->now.recipients -= pg_changed(pg_result(pg, place));
			pg->now.live -= pg_changed(pg_result(pg, place));
		}
		lo += SLICE;
		if (lo > hi) {
			pg_int(pg, W_PUSH_DELETE, push);
			pg_int(pg, W_PROGRESS_DELETE, push);
			pg->now.pushes--;
		}
		if (pg_commit(pg) == OK)
			pg_settle(pg, true);
	} while (lo <= hi && pg->err == OK);
}

/* Batches whose recipients are all somewhere else by now have nothing to requeue, and go as well. */
static int
forget_batches(struct pg *pg)
{
	pg_begin(pg);
	pg_send_text(pg, "DELETE FROM batch");
	if (pg_commit(pg) == OK)
		pg_settle(pg, true);
	return pg->err;
}

int
pg_recover_start(struct pg *pg)
{
	struct runs incoming;
	int i;

	pg_begin(pg);
	incoming = list(pg, A_INCOMING);
	if (pg->err == OK && pg_commit(pg) == OK)
		pg_settle(pg, true);
	for (i = 0; i < incoming.n && pg->err == OK; i++) {
		sweep_push(pg, incoming.v[2 * i], incoming.v[2 * i + 1]);
		pg->store->next.swept++;
	}
	free(incoming.v);
	if (pg->err != OK || pg_recover_batches(pg, 0, true) != OK)
		return pg->err;
	return forget_batches(pg);
}
