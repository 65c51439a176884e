/*
 * pg_ask.c - TICK: who is past the deadline and still waits for a receipt is handed out, so that the SMSC can be
 * asked what became of the message. See struct store_overdue.
 */
#include "store/pg_int.h"

/* A row of A_TO_SEND. Whether it is worth another look. */
static bool
ask_one(struct pg *pg, struct store_tick *op, const PGresult *r, int row, struct store_overdue ***tail)
{
	const struct store_rules *rules = &pg->store->cf.rules;
	const struct pg_recipient *x = rows_load_recipient(pg, r, row, 0);
	struct store_change c = { 0 };
	struct store_overdue *o;

	if ((x->flags & (RCPT_FINAL | RCPT_ASKED)) != 0)
		return false;
	if (rules->apply(x->state, rules->ev_ask, &c) != OK)
		return true;			/* it may be on a link just now */
	o = store_overdue_create(rid_push(x->node.key), rid_n(x->node.key), x->link, x->ids, x->done);
	if (o == NULL)
		return false;
	**tail = o;
	*tail = &o->next;
	op->n_overdue++;
	return true;
}

/* Those whose margin is over have come to their end: nobody asks for them any more. */
static void
forget_old(struct pg *pg, int64_t before, uint32_t most)
{
	struct dues dues = pg_due_find(pg, DUE_ASK, before, most);
	size_t i;

	for (i = 0; i < dues.n; i++)
		pg_due_delete(pg, DUE_ASK, dues.v[i].at, dues.v[i].lo);
}

void
pg_tick_ask(struct pg *pg, struct store_tick *op, uint32_t most)
{
	struct store_overdue **tail = &op->overdue;
	const PGresult *r;
	struct dues dues;
	size_t i, place;
	int row = 0, n;

	if (most == 0)
		return;
	forget_old(pg, op->now - pg->store->cf.receipt_margin_s, most);
	dues = pg_due_find(pg, DUE_ASK, op->now, op->max_overdue);
	if (op->max_overdue == 0 || dues.n == 0)
		return;
	for (i = 0; i < dues.n; i++) {
		pg_int(pg, A_TO_SEND, dues.v[i].lo);
		pg_int(pg, A_TO_SEND, dues.v[i].end);
	}
	place = pg_send(pg, A_TO_SEND);
	pg_sync(pg);
	r = pg_result(pg, place);
	n = pg_rows(r);
	for (i = 0; i < dues.n; i++) {
		const struct due *d = &dues.v[i];
		bool again = false;

		for (; row < n && pg_get_int(r, row, 0) <= d->end && pg_get_int(r, row, 0) >= d->lo; row++)
			again |= ask_one(pg, op, r, row, &tail);
		pg_due_done(pg, DUE_ASK, d);
		if (again)
			pg_due_add(pg, DUE_ASK, op->now + STORE_ASK_AGAIN_S, d->lo, d->end);
	}
}
