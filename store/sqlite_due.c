/*
 * sqlite_due.c - what waits for its time: TAKE (dispatch), TICK (deadlines, purging, receipts
 * that match nothing), and what a start has to clear up.
 *
 * A row of table due is a run of recipients, lo..hi, so a push to 100,000 addresses waits in one.
 */
#include "store/sqlite_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* A run may hold many that are no longer to be sent: a TAKE looks at this many more than it gives. */
enum { TAKE_SKIP = 5000 };
/* Ranges of one batch: a hole of more pushes than this starts another. */
enum { BATCH_HOLE = 64 };
enum { SLICE = 10000 };		/* rows of one transaction at start */

static const enum due_kind dispatch_kinds[STORE_PRIORITIES] = {
	[STORE_HIGH] = DUE_DISPATCH_HIGH, [STORE_MEDIUM] = DUE_DISPATCH, [STORE_LOW] = DUE_DISPATCH_LOW,
};

enum due_kind
due_dispatch(enum store_priority priority)
{
	return dispatch_kinds[priority];
}

void
due_unknown(struct db *db)
{
	memset(db->first, 0, sizeof db->first);
}

void
due_add(struct db *db, enum due_kind kind, int64_t at, int64_t lo, int64_t hi)
{
	sqlite3_stmt *q = sql_query(db, Q_DUE_ADD);

	if (db->first[kind].at == 0 || at < db->first[kind].at)
		db->first[kind].at = at;

	sql_int(q, 1, kind);
	sql_int(q, 2, at);
	sql_int(q, 3, lo);
	sql_int(q, 4, hi);
	sql_run(db, q);
}

void
due_forget(struct db *db, enum due_kind kind, int64_t at, int64_t lo, int64_t hi)
{
	sqlite3_stmt *q = sql_query(db, Q_DUE_FORGET);

	db->first[kind].known = false;
	sql_int(q, 1, kind);
	sql_int(q, 2, at);
	sql_int(q, 3, lo);
	sql_int(q, 4, hi);
	sql_run(db, q);
}

void
due_delete(struct db *db, enum due_kind kind, int64_t at, int64_t lo)
{
	sqlite3_stmt *q = sql_query(db, Q_DUE_DELETE);

	db->first[kind].known = false;
	sql_int(q, 1, kind);
	sql_int(q, 2, at);
	sql_int(q, 3, lo);
	sql_run(db, q);
}

struct due {
	int64_t at, lo, hi;
};

static bool
due_first(struct db *db, enum due_kind kind, struct due *out)
{
	sqlite3_stmt *q = sql_query(db, Q_DUE_FIRST);
	bool found;

	*out = (struct due){ 0 };
	sql_int(q, 1, kind);
	if ((found = sql_row(db, q)))
		*out = (struct due){ sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1),
			sqlite3_column_int64(q, 2) };
	sqlite3_reset(q);
	return found;
}

int64_t
due_next(struct db *db, enum due_kind kind)
{
	struct due d;

	if (db->first[kind].known)
		return db->first[kind].at;
	db->first[kind].at = due_first(db, kind, &d) ? d.at : 0;
	db->first[kind].known = db->err == OK;
	return db->first[kind].at;
}

static void
sooner(int64_t *next, int64_t at)
{
	if (at != 0 && (*next == 0 || at < *next))
		*next = at;
}

int64_t
due_oldest(struct db *db, int64_t now)
{
	int64_t oldest = 0;
	int p;

	for (p = 0; p < STORE_PRIORITIES; p++)
		sooner(&oldest, due_next(db, dispatch_kinds[p]));
	return oldest <= now ? oldest : 0;
}

/* ---- TAKE ------------------------------------------------------------------------------ */

struct taking {
	struct store_take *op;
	enum store_priority priority;		/* the class that is taken from, */
	uint32_t left;				/* and how many more of it */
	struct store_item **tail;
	int64_t push, pi, deadline_at;		/* whose body is held */
	struct store_body *body;
	int64_t batch, lo, hi;			/* the range of the batch that grows */
};

/* Body and life of the push; false when it is gone. */
static bool
hold_push(struct db *db, struct taking *t, int64_t push)
{
	sqlite3_stmt *q;

	if (t->push == push)
		return t->body != NULL;
	store_body_unref(t->body);
	t->body = NULL;
	t->push = push;
	q = sql_query(db, Q_PUSH_BODY);
	sql_int(q, 1, push);
	if (sql_row(db, q)) {
		t->pi = sqlite3_column_int64(q, 0);
		t->deadline_at = sqlite3_column_int64(q, 1);
		t->body = store_body_create(sql_get_blob(q, 2), sql_get_blob(q, 3), sql_get_blob(q, 4));
	}
	sqlite3_reset(q);
	return t->body != NULL;
}

static void
write_range(struct db *db, const struct taking *t)
{
	sqlite3_stmt *q = sql_query(db, Q_BATCH_ADD);

	if (t->lo == 0)
		return;
	sql_int(q, 1, t->batch);
	sql_int(q, 2, t->lo);
	sql_int(q, 3, t->hi);
	sql_run(db, q);
}

static void
join_range(struct db *db, struct taking *t, int64_t rid)
{
	if (t->batch == 0)
		t->batch = db->now.next_id++;
	if (t->lo == 0 || rid < t->hi || rid_push(rid) - rid_push(t->hi) > BATCH_HOLE) {
		write_range(db, t);
		t->lo = rid;
	}
	t->hi = rid;
	batches_add(&db->batches, t->batch, 1);
}

/* The columns of Q_RCPT_RANGE. */
static struct store_item *
new_item(struct db *db, sqlite3_stmt *q, struct taking *t, int64_t rid)
{
	struct store_item *item = calloc(1, sizeof *item);
	struct span overlay = sql_get_blob(q, 5);
	const char *pi;

	if (item == NULL)
		abort();
	item->push = rid_push(rid);
	item->n = rid_n(rid);
	item->maybe_sent = (sqlite3_column_int(q, 2) & RCPT_MAYBE_SENT) != 0;
	item->attempts = (unsigned)sqlite3_column_int(q, 3);
	strncpy(item->to, (const char *)sqlite3_column_text(q, 4), sizeof item->to - 1);
	if ((pi = names_text(db, t->pi)) != NULL)
		strncpy(item->pi, pi, sizeof item->pi - 1);
	if (overlay.n > 0)
		item->overlay = span_of(span_dup(overlay), overlay.n);
	item->body = store_body_ref(t->body);
	item->deadline_at = t->deadline_at;
	item->priority = t->priority;
	return item;
}

/* The rest of its push, within the run, waits for another time. Returns what follows it. */
static int64_t
set_aside(struct db *db, const struct taking *t, const struct due *d, int64_t rid)
{
	int64_t hi = rid_of(rid_push(rid), N_MAX);

	if (hi > d->hi)
		hi = d->hi;
	due_add(db, dispatch_kinds[t->priority], t->op->now + t->op->aside_s, rid, hi);
	return hi + 1;
}

/*
 * Items of a run, at most *budget recipients looked at. Returns where the rest of the run
 * begins, past its end when there is none.
 */
static int64_t
collect(struct db *db, struct taking *t, const struct due *d, uint32_t *budget)
{
	const struct store_rules *rules = &db->store->cf.rules;
	sqlite3_stmt *q = sql_query(db, Q_RCPT_RANGE);
	int64_t rest = d->lo;
	bool more = true;

	sql_int(q, 1, d->lo);
	sql_int(q, 2, d->hi);
	while (t->left > 0 && *budget > 0 && (more = sql_row(db, q))) {
		struct store_change c = { 0 };
		struct store_item *item;
		int64_t rid = sqlite3_column_int64(q, 0);

		rest = rid + 1;
		--*budget;
		if (rules->apply(sqlite3_column_int(q, 1), rules->ev_take, &c) != OK ||
		    !hold_push(db, t, rid_push(rid)))
			continue;
		if (t->op->wanted != NULL && !t->op->wanted(t->op->arg, t->body->route)) {
			rest = set_aside(db, t, d, rid);
			break;
		}
		item = new_item(db, q, t, rid);
		*t->tail = item;
		t->tail = &item->next;
		t->op->n_items++;
		t->left--;
	}
	sqlite3_reset(q);
	return more ? rest : d->hi + 1;
}

static void
mark_taken(struct db *db, struct taking *t, struct store_item *item)
{
	const struct store_rules *rules = &db->store->cf.rules;
	struct happening h = { .event = rules->ev_take, .at = t->op->now, .from = rules->queued,
		.to = rules->taken };

	for (; item != NULL; item = item->next) {
		int64_t rid = rid_of(item->push, item->n);
		sqlite3_stmt *q = sql_query(db, Q_RCPT_TAKE);

		join_range(db, t, rid);
		item->batch = t->batch;
		sql_int(q, 1, rid);
		sql_int(q, 2, rules->taken);
		sql_int(q, 3, t->batch);
		sql_run(db, q);
		db->store->next.entered[rules->taken % STORE_STATES_MAX]++;
		audit_add(db, rid, &h);
	}
}

static void
take_class(struct db *db, struct taking *t, enum store_priority priority)
{
	enum due_kind kind = dispatch_kinds[priority];
	uint32_t budget = t->op->max[priority] + TAKE_SKIP;
	struct due d;

	t->priority = priority;
	t->left = t->op->max[priority];
	while (t->left > 0 && budget > 0 && due_first(db, kind, &d) && d.at <= t->op->now) {
		struct store_item **slice = t->tail;
		int64_t rest = collect(db, t, &d, &budget);

		if (db->err != OK)
			break;
		due_delete(db, kind, d.at, d.lo);
		if (rest <= d.hi)
			due_add(db, kind, d.at, rest, d.hi);
		mark_taken(db, t, *slice);
		budget -= budget > 0;		/* an empty run is work too */
	}
}

void
op_take(struct db *db, struct store_take *op)
{
	struct taking t = { .op = op, .tail = &op->items };
	int p;

	for (p = 0; p < STORE_PRIORITIES; p++)
		if (op->max[p] > 0)
			take_class(db, &t, (enum store_priority)p);
	write_range(db, &t);
	store_body_unref(t.body);
	for (p = 0; p < STORE_PRIORITIES; p++)
		if (op->max[p] > 0)
			sooner(&op->next_due, due_next(db, dispatch_kinds[p]));
}

/* ---- TICK ------------------------------------------------------------------------------ */

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
			op->expired += !h.ignored;
			if (!h.ignored)
				continue;
			h = (struct happening){ .event = cf->rules.ev_deadline, .at = op->now };
		}
		life_happen(db, db->slice.v[i], &h);
		op->expired += !h.ignored;
	}
	life_flush(db);
	if (seen < most && push_is_live(db, push))
		due_add(db, DUE_NO_RECEIPT, again, rid_of(push, 0), rid_of(push, N_MAX));
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

/* Recipient numbers have no holes: a slice that deletes fewer than it could was the last. */
static uint32_t
delete_recipients(struct db *db, int64_t lo, int64_t hi, uint32_t most)
{
	sqlite3_stmt *q = sql_query(db, Q_RCPT_DELETE);
	uint32_t n;

	if (hi - lo >= most)
		hi = lo + most - 1;
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
	uint32_t n = delete_recipients(db, d->lo, d->hi, most);

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
	uint32_t left = op->max > 0 ? op->max : 1, used;
	int64_t id, kept_at;
	struct due d;
	size_t i;

	left -= tick_orphans(db, op->now, left);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		while (left > 0 && due_first(db, rows[i].kind, &d) && d.at <= op->now) {
			used = rows[i].slice(db, op, &d, left);
			left -= used < left ? used : left;
		}
		audit_keep_flush(db);
	}
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		sooner(&op->next_due, due_next(db, rows[i].kind));
	if (oldest_orphan(db, &id, &kept_at))
		sooner(&op->next_due, kept_at + db->store->cf.orphan_s);
}

/* ---- at start -------------------------------------------------------------------------- */

/* The transactions of a start are no groups; they only have to be small. */
static void
begin(struct db *db)
{
	sql_exec(db, "BEGIN IMMEDIATE");
}

static void
commit(struct db *db)
{
	life_flush(db);
	audit_flush(db);
	index_write(db);
	counts_save(db);
	sql_exec(db, "COMMIT");
	if (db->err == OK)
		index_settle(db);
}

/* First columns of all rows, `columns` of each, one after the other. */
static void
load(struct db *db, const char *sql, int columns, struct ids *out)
{
	sqlite3_stmt *q;
	int i, rc;

	out->n = 0;
	if ((rc = sqlite3_prepare_v2(db->sql, sql, -1, &q, NULL)) != SQLITE_OK) {
		sql_failed(db, rc, sql);
		return;
	}
	while (sql_row(db, q))
		for (i = 0; i < columns; i++)
			ids_add(out, sqlite3_column_int64(q, i));
	sqlite3_finalize(q);
}

/* Recipients of one slice that were taken go back to the queue; returns where the next slice begins. */
static int64_t
recover_slice(struct db *db, int64_t lo, int64_t hi)
{
	const struct store_rules *rules = &db->store->cf.rules;
	sqlite3_stmt *q = sql_query(db, Q_RCPT_LIVE);
	int64_t now = clock_utc(), last = 0;
	int seen = 0;
	size_t i;

	db->slice.n = 0;
	sql_int(q, 1, lo);
	sql_int(q, 2, hi);
	sql_int(q, 3, SLICE);
	while (sql_row(db, q)) {
		last = sqlite3_column_int64(q, 0);
		if (sqlite3_column_int(q, 1) == rules->taken)
			ids_add(&db->slice, last);
		seen++;
	}
	sqlite3_reset(q);
	for (i = 0; i < db->slice.n; i++) {
		struct happening h = { .event = rules->ev_recover, .at = now, .due_at = now,
			.maybe_sent = true };

		life_happen(db, db->slice.v[i], &h);
		db->store->next.recovered += !h.ignored;
	}
	return seen < SLICE ? hi + 1 : last + 1;
}

static void
recover_batches(struct db *db)
{
	struct ids ranges = { 0 };
	size_t i;

	load(db, "SELECT lo, hi FROM batch", 2, &ranges);
	for (i = 0; i + 1 < ranges.n && db->err == OK; i += 2) {
		int64_t lo = ranges.v[i], hi = ranges.v[i + 1];

		while (lo <= hi && db->err == OK) {
			begin(db);
			lo = recover_slice(db, lo, hi);
			commit(db);
		}
	}
	if (ranges.n > 0)
		sql_exec(db, "DELETE FROM batch");
	free(ranges.v);
}

static void
sweep(struct db *db)
{
	struct ids pushes = { 0 };
	size_t i;

	load(db, "SELECT push FROM progress WHERE incoming = 1", 1, &pushes);
	for (i = 0; i < pushes.n && db->err == OK; i++) {
		int64_t lo = rid_of(pushes.v[i], 0), hi = rid_of(pushes.v[i], N_MAX);
		uint32_t n;

		do {
			begin(db);
			n = delete_recipients(db, lo, hi, SLICE);
			db->now.live -= n;
			lo += n;
			if (n < SLICE)
				push_delete(db, pushes.v[i], 0);
			commit(db);
		} while (n == SLICE && db->err == OK);
		db->store->next.swept++;
	}
	free(pushes.v);
}

void
due_recover(struct db *db)
{
	sweep(db);
	recover_batches(db);
}
