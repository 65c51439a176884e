/*
 * sqlite_ask.c - TICK: who is past the deadline and still waits for a receipt is handed out, so that the SMSC can be
 * asked what became of the message. See struct store_overdue.
 */
#include "store/sqlite_int.h"

/* The columns of Q_RCPT_ASK. Whether it is worth another look. */
static bool
ask_one(struct db *db, struct store_tick *op, sqlite3_stmt *q, struct store_overdue ***tail)
{
	unsigned flags = (unsigned)sqlite3_column_int(q, 2);
	const struct store_rules *rules = &db->store->cf.rules;
	struct store_change c = { 0 };
	int64_t rid = sqlite3_column_int64(q, 0);
	struct store_overdue *o;

	if ((flags & (RCPT_FINAL | RCPT_ASKED)) != 0)
		return false;
	if (rules->apply(sqlite3_column_int(q, 1), rules->ev_ask, &c) != OK)
		return true;			/* it may be on a link just now */
	o = store_overdue_create(rid_push(rid), rid_n(rid), names_text(db, sqlite3_column_int64(q, 3)),
	    sql_get_blob(q, 4), sql_get_blob(q, 5));
	if (o == NULL)
		return false;
	**tail = o;
	*tail = &o->next;
	op->n_overdue++;
	return true;
}

/* How many were looked at. */
static uint32_t
ask_slice(struct db *db, struct store_tick *op, const struct due *d, uint32_t most, struct store_overdue ***tail)
{
	sqlite3_stmt *q = sql_query(db, Q_RCPT_ASK);
	int64_t last = d->lo;
	uint32_t seen = 0;
	bool again = false;

	sql_int(q, 1, d->lo);
	sql_int(q, 2, d->hi);
	sql_int(q, 3, most);
	while (sql_row(db, q)) {
		last = sqlite3_column_int64(q, 0);
		again |= ask_one(db, op, q, tail);
		seen++;
	}
	sqlite3_reset(q);
	due_delete(db, DUE_ASK, d->at, d->lo);
	if (seen == most && last < d->hi)
		due_add(db, DUE_ASK, d->at, last + 1, d->hi);
	else
		last = d->hi;
	if (again)
		due_add(db, DUE_ASK, op->now + STORE_ASK_AGAIN_S, d->lo, last);
	return seen;
}

void
tick_ask(struct db *db, struct store_tick *op, uint32_t most)
{
	int64_t margin = db->store->cf.receipt_margin_s;
	struct store_overdue **tail = &op->overdue;
	uint32_t left = op->max_overdue, used;
	struct due d;

	for (; most > 0 && due_first(db, DUE_ASK, &d) && d.at <= op->now; most--) {
		if (d.at + margin <= op->now) {		/* they have come to their end */
			due_delete(db, DUE_ASK, d.at, d.lo);
			continue;
		}
		if (left == 0)
			break;
		used = ask_slice(db, op, &d, left, &tail);
		left -= used < left ? used : left;
	}
}
