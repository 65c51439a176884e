/*
 * pg_due.c - what waits for its time, and TAKE, which hands it to dispatch.
 *
 * A row of table due is a run of recipients, lo..hi, so a push to 100,000 addresses waits in one.
 */
#include "store/pg_int.h"

#include <stdlib.h>
#include <string.h>

/* A run may hold many that are no longer to be sent: a TAKE looks at this many more than it gives. */
enum { TAKE_SKIP = 5000 };
/* Ranges of one batch: a hole of more pushes than this starts another. */
enum { BATCH_HOLE = 64 };

void
pg_due_add(struct pg *pg, int kind, int64_t at, int64_t lo, int64_t hi)
{
	pg_int(pg, W_DUE, kind);
	pg_int(pg, W_DUE, at);
	pg_int(pg, W_DUE, lo);
	pg_int(pg, W_DUE, hi);
}

void
pg_due_delete(struct pg *pg, int kind, int64_t at, int64_t lo)
{
	pg_int(pg, W_DUE_DELETE, kind);
	pg_int(pg, W_DUE_DELETE, at);
	pg_int(pg, W_DUE_DELETE, lo);
}

int64_t
pg_due_next(struct pg *pg, const int *kinds, size_t n)
{
	int64_t next = 0;
	const PGresult *r;
	size_t i, place;

	if (n == 0)
		return 0;
	pg_flush(pg);
	for (i = 0; i < n; i++)
		pg_int(pg, A_DUE_NEXT, kinds[i]);
	place = pg_send(pg, A_DUE_NEXT);
	pg_sync(pg);
	r = pg_result(pg, place);
	for (i = 0; i < (size_t)pg_rows(r); i++) {
		int64_t at = pg_get_int(r, (int)i, 0);

		if (at != 0 && (next == 0 || at < next))
			next = at;
	}
	return next;
}

struct dues
pg_due_find(struct pg *pg, int kind, int64_t now, uint32_t most)
{
	struct dues out = { 0 };
	const PGresult *r;
	size_t place;
	int row, n;

	pg_flush(pg);
	pg_int(pg, A_DUE, kind);
	pg_int(pg, A_DUE, now);
	pg_int(pg, A_DUE, most);
	place = pg_send(pg, A_DUE);
	pg_sync(pg);
	r = pg_result(pg, place);
	n = pg_rows(r);
	out.v = pg_alloc(pg, (size_t)n * sizeof out.v[0]);
	for (row = 0; row < n && most > 0; row++) {
		struct due *d = &out.v[out.n++];
		int64_t size;

		*d = (struct due){ pg_get_int(r, row, 0), pg_get_int(r, row, 1), pg_get_int(r, row, 2), 0 };
		size = d->hi - d->lo + 1;
		if (size > most)
			size = most;
		d->end = d->lo + size - 1;
		most -= (uint32_t)size;
	}
	return out;
}

void
pg_due_done(struct pg *pg, int kind, const struct due *d)
{
	pg_due_delete(pg, kind, d->at, d->lo);
	if (d->end < d->hi)
		pg_due_add(pg, kind, d->at, d->end + 1, d->hi);
}

/* ---- TAKE ------------------------------------------------------------------------------------ */

struct taking {
	struct store_take *op;
	struct store_item **tail;
	enum store_priority priority;
	struct store_body *body;		/* of the push that was looked at last */
	int64_t body_push;
	int64_t batch, lo, hi;			/* the range of the batch that grows */
};

static void
write_range(struct pg *pg, const struct taking *t)
{
	if (t->lo == 0)
		return;
	pg_int(pg, W_BATCH, t->batch);
	pg_int(pg, W_BATCH, t->lo);
	pg_int(pg, W_BATCH, t->hi);
}

static void
join_range(struct pg *pg, struct taking *t, int64_t rid)
{
	if (t->batch == 0)
		t->batch = pg->now.next_id++;
	if (t->lo == 0 || rid < t->hi || rid_push(rid) - rid_push(t->hi) > BATCH_HOLE) {
		write_range(pg, t);
		t->lo = rid;
	}
	t->hi = rid;
	batches_add(&pg->batches, t->batch, 1);
}

static void
take_one(struct pg *pg, struct taking *t, const PGresult *r, int row)
{
	const struct store_rules *rules = &pg->store->cf.rules;
	struct pg_recipient *x = rows_load_recipient(pg, r, row, 0);
	struct happening h = { .event = rules->ev_take, .at = t->op->now, .from = x->state, .to = rules->taken };
	struct span overlay = pg_get_blob(r, row, PG_RECIPIENT_COLUMNS_N + 1);
	struct store_change c = { 0 };
	struct store_item *item;

	if (rules->apply(x->state, rules->ev_take, &c) != OK)
		return;
	if ((item = calloc(1, sizeof *item)) == NULL)
		abort();
	join_range(pg, t, x->node.key);
	item->push = rid_push(x->node.key);
	item->n = rid_n(x->node.key);
	item->batch = t->batch;
	item->maybe_sent = (x->flags & RCPT_MAYBE_SENT) != 0;
	item->attempts = x->attempts;
	item->priority = t->priority;
	if (span_to_cstr(pg_get_blob(r, row, PG_RECIPIENT_COLUMNS_N), item->to, sizeof item->to) != OK)
		item->to[0] = '\0';
	if (overlay.n > 0)
		item->overlay = span_of(span_dup(overlay), overlay.n);
	x->state = rules->taken;
	x->batch = t->batch;
	x->attempts++;
	rows_changed(pg, &x->changed);
	pg_entered(pg, rules->taken, 1);
	pg_audit_add(pg, item->push, item->n, &h);
	*t->tail = item;
	t->tail = &item->next;
	t->op->n_items++;
}

/* Bodies are in the order in which their pushes were asked for, from `from` on; -1: this push is gone. */
static int
find_body(const PGresult *bodies, int from, int64_t push)
{
	int row, n = pg_rows(bodies);

	for (row = from; row < n; row++)
		if (pg_get_int(bodies, row, 0) == push)
			return row;
	return -1;
}

static void
put_aside(struct pg *pg, const struct taking *t, struct due *aside)
{
	if (aside->lo != 0)
		pg_due_add(pg, DUE_DISPATCH + (int)t->priority, t->op->now + t->op->aside_s, aside->lo, aside->hi);
	*aside = (struct due){ 0 };
}

/* True when this recipient has to wait by itself, for its number; those in a row become one run. */
static bool
waits_by_number(struct pg *pg, const struct taking *t, const PGresult *r, int row, struct due *aside)
{
	const struct store_rules *rules = &pg->store->cf.rules;
	struct store_change c = { 0 };
	int64_t rid = pg_get_int(r, row, 0);
	char to[32];

	if (t->op->wanted_number == NULL || rules->apply((int)pg_get_int(r, row, 1), rules->ev_take, &c) != OK)
		return false;
	if (span_to_cstr(pg_get_blob(r, row, PG_RECIPIENT_COLUMNS_N), to, sizeof to) != OK)
		to[0] = '\0';
	if (t->op->wanted_number(t->op->arg, t->body->route, t->priority, to))
		return false;
	if (aside->lo == 0 || rid != aside->hi + 1) {
		put_aside(pg, t, aside);
		aside->lo = rid;
	}
	aside->hi = rid;
	return true;
}

/* Those of one run, rows [row, end) of r, that may go now. */
static void
take_run(struct pg *pg, struct taking *t, const PGresult *r, int row, int end, const PGresult *bodies, int body)
{
	int64_t push = pg_get_int(bodies, body, 0);
	struct span pi = pg_get_blob(bodies, body, 1);
	struct store_item **first = t->tail, *item;
	struct due aside = { 0 };

	if (t->body == NULL || t->body_push != push) {
		store_body_unref(t->body);
		t->body = store_body_create(pg_get_blob(bodies, body, 4), pg_get_blob(bodies, body, 5),
		    pg_get_blob(bodies, body, 6));
		t->body_push = push;
	}
	for (; row < end; row++)
		if (!waits_by_number(pg, t, r, row, &aside))
			take_one(pg, t, r, row);
	put_aside(pg, t, &aside);
	for (item = *first; item != NULL; item = item->next) {
		if (span_to_cstr(pi, item->pi, sizeof item->pi) != OK)
			item->pi[0] = '\0';
		item->deadline_at = pg_get_int(bodies, body, 2);
		item->body = store_body_ref(t->body);
	}
}

/* Some of these rows are in a state that lets them go. */
static bool
some_can_go(struct pg *pg, const PGresult *r, int row, int end)
{
	const struct store_rules *rules = &pg->store->cf.rules;
	struct store_change c = { 0 };

	while (row < end && rules->apply((int)pg_get_int(r, row, 1), rules->ev_take, &c) != OK)
		row++;
	return row < end;
}

/* Up to `most` recipients that are due; how many were looked at, and 0 when there are no more. */
static uint32_t
take_some(struct pg *pg, struct taking *t, uint32_t most)
{
	int kind = DUE_DISPATCH + (int)t->priority, row = 0, end, n, body = 0, found;
	struct dues dues = pg_due_find(pg, kind, t->op->now, most);
	const PGresult *r, *bodies;
	size_t i, place, body_place;
	uint32_t looked = 0;
	int64_t push = 0;

	for (i = 0; i < dues.n; i++) {
		pg_int(pg, A_TO_SEND, dues.v[i].lo);
		pg_int(pg, A_TO_SEND, dues.v[i].end);
		looked += (uint32_t)(dues.v[i].end - dues.v[i].lo + 1);
		if (rid_push(dues.v[i].lo) != push)
			pg_int(pg, A_BODIES, push = rid_push(dues.v[i].lo));
	}
	if (looked == 0)
		return 0;
	place = pg_send(pg, A_TO_SEND);
	body_place = pg_send(pg, A_BODIES);
	pg_sync(pg);
	r = pg_result(pg, place);
	bodies = pg_result(pg, body_place);
	n = pg_rows(r);
	for (i = 0; i < dues.n; i++, row = end) {
		const struct due *d = &dues.v[i];

		for (end = row; end < n && pg_get_int(r, end, 0) >= d->lo && pg_get_int(r, end, 0) <= d->end; )
			end++;
		if (end == row || (found = find_body(bodies, body, rid_push(d->lo))) < 0) {
			pg_due_done(pg, kind, d);
			continue;
		}
		body = found;
		if (t->op->wanted != NULL && !t->op->wanted(t->op->arg, pg_get_blob(bodies, body, 6)) &&
		    some_can_go(pg, r, row, end)) {
			pg_due_delete(pg, kind, d->at, d->lo);
			pg_due_add(pg, kind, t->op->now + t->op->aside_s, d->lo, d->hi);
		} else {
			pg_due_done(pg, kind, d);
			take_run(pg, t, r, row, end, bodies, body);
		}
	}
	return looked;
}

static void
take_class(struct pg *pg, struct taking *t, enum store_priority priority)
{
	uint32_t wanted = t->op->n_items + t->op->max[priority];
	uint32_t budget = t->op->max[priority] + TAKE_SKIP, looked;

	t->priority = priority;
	while (t->op->n_items < wanted && budget > 0 && pg->err == OK) {
		uint32_t most = wanted - t->op->n_items;

		if ((looked = take_some(pg, t, most < budget ? most : budget)) == 0)
			break;
		budget -= looked < budget ? looked : budget;
	}
}

void
pg_op_take(struct pg *pg, struct store_take *op)
{
	struct taking t = { .op = op, .tail = &op->items };
	int priority, kinds[STORE_PRIORITIES];
	size_t n = 0;

	for (priority = STORE_HIGH; priority < STORE_PRIORITIES; priority++)
		if (op->max[priority] > 0) {
			kinds[n++] = DUE_DISPATCH + priority;
			take_class(pg, &t, (enum store_priority)priority);
		}
	write_range(pg, &t);
	store_body_unref(t.body);
	op->next_due = pg_due_next(pg, kinds, n);
}
