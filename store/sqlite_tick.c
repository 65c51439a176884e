/* sqlite_tick.c - TICK: deadlines, purging, and receipts that match nothing, in slices. */
#include "store/sqlite_int.h"

/* A slice of the run's recipients that are not final, into db->slice; what is left of the run stays due. */
static uint32_t
slice_run(struct db *db, enum due_kind kind, const struct due *d, uint32_t most)
{
	sqlite3_stmt *q = sql_query(db, Q_RCPT_LIVE);
	int64_t last = 0;
	uint32_t seen = 0;

	db->slice.n = 0;
	sql_int(q, 1, d->lo);
	sql_int(q, 2, d->hi);
	sql_int(q, 3, most);
	while (sql_row(db, q)) {
		last = sqlite3_column_int64(q, 0);
		if ((sqlite3_column_int(q, 2) & RCPT_FINAL) == 0)
			ids_add(&db->slice, last);
		seen++;
	}
	sqlite3_reset(q);
	due_delete(db, kind, d->at, d->lo);
	if (seen == most && last < d->hi)
		due_add(db, kind, d->at, last + 1, d->hi);
	return seen;
}

static bool
push_is_live(struct db *db, int64_t push)
{
	sqlite3_stmt *q = sql_query(db, Q_PROGRESS_GET);
	bool live;

	sql_int(q, 1, push);
	if (sql_row(db, q)) {
		live = sqlite3_column_int64(q, 1) < sqlite3_column_int64(q, 0);
		sqlite3_reset(q);
		return live;
	}
	sqlite3_reset(q);
	q = sql_query(db, Q_RCPT_LIVE);
	sql_int(q, 1, rid_of(push, 0));
	sql_int(q, 2, rid_of(push, 0));
	sql_int(q, 3, 1);
	live = sql_row(db, q) && (sqlite3_column_int(q, 2) & RCPT_FINAL) == 0;
	sqlite3_reset(q);
	return live;
}

/*
 * A deadline, or a receipt that did not come. Who is not final after that is looked at again
 * and again: it may have been on a link just then, and every recipient must come to an end.
 */
static uint32_t
tick_run(struct db *db, struct store_tick *op, enum due_kind kind, const struct due *d, uint32_t most)
{
	const struct store_config *cf = &db->store->cf;
	int64_t push = rid_push(d->lo), again = d->at + cf->receipt_margin_s;
	uint32_t seen = slice_run(db, kind, d, most);
	size_t i;

	if (again <= op->now && kind == DUE_NO_RECEIPT)
		again = op->now + cf->receipt_margin_s;
	for (i = 0; i < db->slice.n && db->err == OK; i++) {
		struct happening h = { .event = cf->rules.ev_deadline, .at = op->now };

		if (kind == DUE_NO_RECEIPT) {
			h.event = cf->rules.ev_no_receipt;
			life_happen(db, db->slice.v[i], &h);
			if (h.ignored)
				h = (struct happening){ .event = cf->rules.ev_deadline, .at = op->now };
		}
		if (h.from == 0)
			life_happen(db, db->slice.v[i], &h);
		op->expired += !h.ignored;
		if (!h.ignored && h.final)
			tick_ended(op, push, rid_n(db->slice.v[i]), h.from, h.to);
	}
	life_flush(db);
	if (seen < most && push_is_live(db, push)) {
		due_add(db, DUE_NO_RECEIPT, again, rid_of(push, 0), rid_of(push, N_MAX));
		if (kind == DUE_DEADLINE && cf->rules.ev_ask != 0)
			due_add(db, DUE_ASK, op->now, rid_of(push, 0), rid_of(push, N_MAX));
	}
	return seen + 1;
}

void
push_delete(struct db *db, int64_t push, int64_t audit_until)
{
	sqlite3_stmt *q = sql_query(db, Q_PUSH_TEXT);
	const char *push_id;
	bool single;

	sql_int(q, 1, push);
	if (!sql_row(db, q)) {
		sqlite3_reset(q);
		return;
	}
	push_id = (const char *)sqlite3_column_text(q, 1);
	single = sqlite3_column_int(q, 2) == 1;
	if (audit_until != 0)
		audit_keep(db, push, sqlite3_column_int64(q, 0), push_id, single, audit_until);
	else
		index_remove(db, INDEX_PUSH, match_hash_push(db->hash_key, push_id), push);
	sqlite3_reset(q);
	q = sql_query(db, Q_PUSH_DELETE);
	sql_int(q, 1, push);
	sql_run(db, q);
	db->now.pushes--;
	if (db->remarks)
		remark_delete(db, push);
	if (single)
		return;
	q = sql_query(db, Q_PROGRESS_DELETE);
	sql_int(q, 1, push);
	sql_run(db, q);
	q = sql_query(db, Q_KEY_DELETE);
	sql_int(q, 1, rid_of(push, 0));
	sql_int(q, 2, rid_of(push, N_MAX));
	sql_run(db, q);
}

/* Of a push that never became whole some may be held. */
static int64_t
count_held(struct db *db, int64_t lo, int64_t hi)
{
	sqlite3_stmt *q = sql_query(db, Q_RCPT_HELD);
	int64_t n;

	sql_int(q, 1, lo);
	sql_int(q, 2, hi);
	sql_int(q, 3, db->store->cf.rules.held);
	n = sql_row(db, q) ? sqlite3_column_int64(q, 0) : 0;
	sqlite3_reset(q);
	return n;
}

/* Recipient numbers have no holes: a slice that deletes fewer than it could was the last. */
uint32_t
push_delete_recipients(struct db *db, int64_t lo, int64_t hi, uint32_t most)
{
	sqlite3_stmt *q = sql_query(db, Q_RCPT_DELETE);
	uint32_t n;

	if (hi - lo >= most)
		hi = lo + most - 1;
	if (db->now.held > 0)
		db->now.held -= count_held(db, lo, hi);
	sql_int(q, 1, lo);
	sql_int(q, 2, hi);
	sql_run(db, q);
	n = (uint32_t)sqlite3_changes(db->sql);
	db->now.recipients -= n;
	return n;
}

/* The same; what is left of the run stays due. */
static uint32_t
delete_slice(struct db *db, enum due_kind kind, const struct due *d, uint32_t most)
{
	uint32_t n = push_delete_recipients(db, d->lo, d->hi, most);

	due_delete(db, kind, d->at, d->lo);
	if (n == most)
		due_add(db, kind, d->at, d->lo + n, d->hi);
	return n;
}

static uint32_t
tick_purge(struct db *db, struct store_tick *op, const struct due *d, uint32_t most)
{
	const struct store_config *cf = &db->store->cf;

	if (rid_n(d->lo) == 0) {
		push_delete(db, rid_push(d->lo), d->at - cf->retention_s + cf->audit_retention_s);
		op->purged++;
	}
	return delete_slice(db, DUE_PURGE, d, most) + 1;
}

static uint32_t
tick_abandoned(struct db *db, struct store_tick *op, const struct due *d, uint32_t most)
{
	uint32_t n = delete_slice(db, DUE_ABANDONED, d, most);

	memory_forget(db, d->lo, n < most ? d->hi : d->lo + n - 1);
	db->now.live -= n;
	return n + 1;
}

static uint32_t
tick_audit(struct db *db, struct store_tick *op, const struct due *d, uint32_t most)
{
	int64_t rest;
	uint32_t n = audit_purge(db, d->lo, d->hi, op->now, most, &rest);

	due_delete(db, DUE_AUDIT, d->at, d->lo);
	if (rest <= d->hi)
		due_add(db, DUE_AUDIT, d->at, rest, d->hi);
	return n + 1;
}

static bool
oldest_orphan(struct db *db, int64_t *id, int64_t *kept_at)
{
	sqlite3_stmt *q = sql_query(db, Q_ORPHAN_FIRST);
	bool found = db->orphans > 0 && sql_row(db, q);

	if (found) {
		*id = sqlite3_column_int64(q, 0);
		*kept_at = sqlite3_column_int64(q, 1);
	}
	sqlite3_reset(q);
	return found;
}

static uint32_t
tick_orphans(struct db *db, int64_t now, uint32_t most)
{
	int64_t id, kept_at;
	uint32_t n;

	for (n = 0; n < most && oldest_orphan(db, &id, &kept_at) &&
	    kept_at + db->store->cf.orphan_s <= now; n++) {
		sqlite3_stmt *q = sql_query(db, Q_ORPHAN_DELETE);

		sql_int(q, 1, id);
		sql_run(db, q);
		db->orphans--;
		db->store->next.orphans_dropped++;
	}
	return n;
}

static uint32_t
tick_deadline(struct db *db, struct store_tick *op, const struct due *d, uint32_t most)
{
	return tick_run(db, op, DUE_DEADLINE, d, most);
}

static uint32_t
tick_no_receipt(struct db *db, struct store_tick *op, const struct due *d, uint32_t most)
{
	return tick_run(db, op, DUE_NO_RECEIPT, d, most);
}

void
op_tick(struct db *db, struct store_tick *op)
{
	static const struct {
		enum due_kind kind;
		uint32_t (*slice)(struct db *db, struct store_tick *op, const struct due *d, uint32_t most);
	} rows[] = {
		{ DUE_DEADLINE, tick_deadline },
		{ DUE_NO_RECEIPT, tick_no_receipt },
		{ DUE_PURGE, tick_purge },
		{ DUE_ABANDONED, tick_abandoned },
		{ DUE_AUDIT, tick_audit },
	};
	uint32_t left = op->max > 0 ? op->max : 1, used, reserved = memory_waits(db, op->now) ? left / 4 : 0;
	int64_t id, kept_at;
	struct due d;
	size_t i;

	left -= reserved;		/* a lot of it must not keep deadlines waiting, nor they it */
	left -= tick_orphans(db, op->now, left);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		while (left > 0 && due_first(db, rows[i].kind, &d) && d.at <= op->now) {
			used = rows[i].slice(db, op, &d, left);
			left -= used < left ? used : left;
		}
		audit_keep_flush(db);
	}
	if (db->store->cf.rules.ev_ask != 0)
		tick_ask(db, op, left);
	op->forgotten = memory_purge(db, op->now, left + reserved);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		due_sooner(&op->next_due, due_next(db, rows[i].kind));
	due_sooner(&op->next_due, memory_next(db));
	if (oldest_orphan(db, &id, &kept_at))
		due_sooner(&op->next_due, kept_at + db->store->cf.orphan_s);
}
