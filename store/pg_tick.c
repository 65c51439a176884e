/* pg_tick.c - TICK: deadlines, purging, receipts that match nothing; a slice at a time. */
#include "store/pg_int.h"

#include "base/clock.h"

/* ---- deadlines ------------------------------------------------------------------------------- */

/* The push of the run's recipients still has some that are not final. */
static bool
is_live(struct pg *pg, const struct pg_push *p)
{
	const struct pg_recipient *r;

	if (!p->single)
		return p->n_final < p->n_recipients;
	r = rows_recipient(pg, rid_of(p->node.key, 0));
	return r != NULL && (r->flags & RCPT_FINAL) == 0;
}

static void
expire(struct pg *pg, struct store_tick *op, enum due_kind kind, int64_t rid)
{
	const struct store_rules *rules = &pg->store->cf.rules;
	struct happening h = { .event = kind == DUE_NO_RECEIPT ? rules->ev_no_receipt : rules->ev_deadline, .at = op->now };

	pg_happen(pg, rid, &h);
	if (h.ignored && kind == DUE_NO_RECEIPT) {
		h = (struct happening){ .event = rules->ev_deadline, .at = op->now };
		pg_happen(pg, rid, &h);
	}
	op->expired += !h.ignored;
	if (!h.ignored && h.final)
		tick_ended(op, rid_push(rid), rid_n(rid), h.from, h.to);
}

/*
 * Who is not final after its time is looked at again and again: it may have been on a link just
 * then, and every recipient must come to an end.
 */
static void
look_again(struct pg *pg, int64_t now, enum due_kind kind, const struct due *d)
{
	int64_t margin = pg->store->cf.receipt_margin_s, again = d->at + margin;
	const struct pg_push *p;

	pg_due_done(pg, kind, d);
	if (d->end < d->hi || (p = rows_push(pg, rid_push(d->lo))) == NULL || !is_live(pg, p))
		return;
	if (again <= now && kind == DUE_NO_RECEIPT)
		again = now + margin;
	pg_due_add(pg, DUE_NO_RECEIPT, again, rid_of(p->node.key, 0), rid_of(p->node.key, (uint32_t)p->n_recipients - 1));
	if (kind == DUE_DEADLINE && pg->store->cf.rules.ev_ask != 0)
		pg_due_add(pg, DUE_ASK, now, rid_of(p->node.key, 0), rid_of(p->node.key, (uint32_t)p->n_recipients - 1));
}

/* How much of `most` it took; 0 when nothing is due. */
static uint32_t
tick_runs(struct pg *pg, struct store_tick *op, enum due_kind kind, uint32_t most)
{
	struct dues dues = pg_due_find(pg, kind, op->now, most);
	uint32_t used = 0;
	const PGresult *r;
	size_t i, place;
	int row, n;
	int64_t *rids;

	for (i = 0; i < dues.n; i++) {
		pg_int(pg, A_RUNS, dues.v[i].lo);
		pg_int(pg, A_RUNS, dues.v[i].end);
		used += (uint32_t)(dues.v[i].end - dues.v[i].lo + 1);
		if (i == 0 || rid_push(dues.v[i].lo) != rid_push(dues.v[i - 1].lo))
			pg_int(pg, A_PUSHES, rid_push(dues.v[i].lo));
	}
	if (used == 0)
		return 0;
	place = pg_send(pg, A_RUNS);
	rows_ask_pushes(pg);
	r = pg_result(pg, place);
	n = pg_rows(r);
	rids = pg_alloc(pg, (size_t)n * sizeof rids[0]);
	for (row = 0; row < n; row++)
		rids[row] = rows_load_recipient(pg, r, row, 0)->node.key;
	for (row = 0; row < n && pg->err == OK; row++)
		expire(pg, op, kind, rids[row]);
	for (i = 0; i < dues.n && pg->err == OK; i++)
		look_again(pg, op->now, kind, &dues.v[i]);
	return used;
}

/* ---- purging --------------------------------------------------------------------------------- */

/*
 * A push goes with its first slice. Its audit rows stay a while longer: their row of table due
 * comes from here, so that a push has one only after its end.
 */
static uint32_t
tick_purge(struct pg *pg, struct store_tick *op, uint32_t most)
{
	const struct store_config *cf = &pg->store->cf;
	struct dues dues = pg_due_find(pg, DUE_PURGE, op->now, most);
	size_t i, recipients, pushes = 0;
	uint32_t used = 0;

	for (i = 0; i < dues.n; i++) {
		const struct due *d = &dues.v[i];
		int64_t push = rid_push(d->lo);

		used += (uint32_t)(d->end - d->lo + 1);
		pg_due_done(pg, DUE_PURGE, d);
		pg_int(pg, W_RECIPIENT_DELETE, d->lo);
		pg_int(pg, W_RECIPIENT_DELETE, d->end);
		if (rid_n(d->lo) != 0)
			continue;
		pg_int(pg, W_PUSH_DELETE, push);
		pg_int(pg, W_PROGRESS_DELETE, push);
		pg_due_add(pg, DUE_AUDIT, d->at + cf->audit_retention_s - cf->retention_s, rid_of(push, 0), rid_of(push, 0));
		pushes++;
	}
	if (used == 0)
		return 0;
	recipients = pg_send(pg, W_RECIPIENT_DELETE);
	if (pushes > 0) {
		pushes = pg_send(pg, W_PUSH_DELETE);
		pg_send(pg, W_PROGRESS_DELETE);
		pg_flush(pg);
		pg_sync(pg);
		op->purged += (uint32_t)pg_changed(pg_result(pg, pushes));
		pg->now.pushes -= pg_changed(pg_result(pg, pushes));
	} else {
		pg_flush(pg);
		pg_sync(pg);
	}
	pg->now.recipients -= pg_changed(pg_result(pg, recipients));
	return used;
}

static uint32_t
tick_abandoned(struct pg *pg, struct store_tick *op, uint32_t most)
{
	struct dues dues = pg_due_find(pg, DUE_ABANDONED, op->now, most);
	uint32_t used = 0;
	size_t i, place;

	for (i = 0; i < dues.n; i++) {
		used += (uint32_t)(dues.v[i].end - dues.v[i].lo + 1);
		pg_int(pg, W_RECIPIENT_DELETE, dues.v[i].lo);
		pg_int(pg, W_RECIPIENT_DELETE, dues.v[i].end);
		pg_memory_forget(pg, dues.v[i].lo, dues.v[i].end);
		pg_held_gone(pg, dues.v[i].lo, dues.v[i].end);
		pg_due_done(pg, DUE_ABANDONED, &dues.v[i]);
	}
	if (used == 0)
		return 0;
	place = pg_send(pg, W_RECIPIENT_DELETE);
	pg_sync(pg);
	pg->now.recipients -= pg_changed(pg_result(pg, place));
	pg->now.live -= pg_changed(pg_result(pg, place));
	return used;
}

/* A push may have many rows: none of these is done before the slice had room for all of them. */
static uint32_t
tick_audit(struct pg *pg, struct store_tick *op, uint32_t most)
{
	struct dues dues = pg_due_find(pg, DUE_AUDIT, op->now, most);
	size_t i, place;
	int64_t n;

	for (i = 0; i < dues.n; i++) {
		pg_int(pg, W_AUDIT_DELETE, rid_push(dues.v[i].lo));
		pg_int(pg, W_AUDIT_DELETE, most);
	}
	if (dues.n == 0)
		return 0;
	place = pg_send(pg, W_AUDIT_DELETE);
	pg_sync(pg);
	n = pg_changed(pg_result(pg, place));
	for (i = 0; n < most && i < dues.n; i++)
		pg_due_done(pg, DUE_AUDIT, &dues.v[i]);
	return (uint32_t)n + 1;
}

static uint32_t
tick_deadline(struct pg *pg, struct store_tick *op, uint32_t most)
{
	return tick_runs(pg, op, DUE_DEADLINE, most);
}

static uint32_t
tick_no_receipt(struct pg *pg, struct store_tick *op, uint32_t most)
{
	return tick_runs(pg, op, DUE_NO_RECEIPT, most);
}

/* ---- receipts that match nothing ------------------------------------------------------------- */

/* *next is when the oldest that stays is to go. */
static uint32_t
tick_orphans(struct pg *pg, int64_t now, uint32_t most, int64_t *next)
{
	int64_t keep_s = pg->store->cf.orphan_s;
	const PGresult *r;
	uint32_t gone = 0;
	size_t place;
	int row, n;

	*next = 0;
	if (pg->now.orphans == 0)
		return 0;
	pg_flush(pg);
	pg_int(pg, A_ORPHANS_OLD, (int64_t)most + 1);
	place = pg_send(pg, A_ORPHANS_OLD);
	pg_sync(pg);
	r = pg_result(pg, place);
	n = pg_rows(r);
	for (row = 0; row < n && gone < most && pg_get_int(r, row, 1) + keep_s <= now; row++, gone++)
		pg_int(pg, W_ORPHAN_DELETE, pg_get_int(r, row, 0));
	if (row < n)
		*next = pg_get_int(r, row, 1) + keep_s;
	pg->now.orphans -= gone;
	pg->store->next.orphans_dropped += gone;
	return gone;
}

void
pg_op_tick(struct pg *pg, struct store_tick *op)
{
	static uint32_t (*const slices[])(struct pg *pg, struct store_tick *op, uint32_t most) = {
		tick_deadline, tick_no_receipt, tick_purge, tick_abandoned, tick_audit
	};
	static const int kinds[] = { DUE_DEADLINE, DUE_NO_RECEIPT, DUE_PURGE, DUE_ABANDONED, DUE_AUDIT };
	uint32_t left = op->max > 0 ? op->max : 1, used, reserved = pg->memory > 0 && pg_memory_waits(pg, op->now) ? left / 4 : 0;
	int64_t orphans, due;
	size_t i;

	left -= reserved;		/* a lot of it must not keep deadlines waiting, nor they it */
	left -= tick_orphans(pg, op->now, left, &orphans);
	for (i = 0; i < sizeof slices / sizeof slices[0]; i++)
		do {
			used = left > 0 ? slices[i](pg, op, left) : 0;
			left -= used < left ? used : left;
			/* Rows changed behind those in memory, or they are many: begin anew. */
			pg_flush(pg);
			rows_clear(pg);
		} while (used > 0 && pg->err == OK);
	if (pg->store->cf.rules.ev_ask != 0)
		pg_tick_ask(pg, op, left);
	op->forgotten = pg_memory_purge(pg, op->now, left + reserved);
	due = pg_due_next(pg, kinds, sizeof kinds / sizeof kinds[0]);
	op->next_due = due == 0 || (orphans != 0 && orphans < due) ? orphans : due;
	if (pg->memory_next != INT64_MAX && (op->next_due == 0 || pg->memory_next < op->next_due))
		op->next_due = pg->memory_next;
}
