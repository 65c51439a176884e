/*
 * sqlite_due.c - what waits for its time, and TAKE, which hands to dispatch what is due.
 *
 * A row of table due is a run of recipients, lo..hi, so a push to 100,000 addresses waits in one.
 */
#include "store/sqlite_int.h"

#include <stdlib.h>
#include <string.h>

/* A run may hold many that are no longer to be sent: a TAKE looks at this many more than it gives. */
enum { TAKE_SKIP = 5000 };
/* Ranges of one batch: a hole of more pushes than this starts another. */
enum { BATCH_HOLE = 64 };

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

bool
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

void
due_sooner(int64_t *next, int64_t at)
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
		due_sooner(&oldest, due_next(db, dispatch_kinds[p]));
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

/* Recipients in a row that wait for another time, each by itself. */
struct aside {
	int64_t lo, hi;			/* lo 0: nobody */
};

static void
put_aside(struct db *db, const struct taking *t, struct aside *a)
{
	if (a->lo != 0)
		due_add(db, dispatch_kinds[t->priority], t->op->now + t->op->aside_s, a->lo, a->hi);
	*a = (struct aside){ 0 };
}

/* True when this one has to wait. The columns of Q_RCPT_RANGE. */
static bool
waits_by_number(struct db *db, sqlite3_stmt *q, const struct taking *t, struct aside *a, int64_t rid)
{
	const char *to = (const char *)sqlite3_column_text(q, 4);

	if (t->op->wanted_number == NULL ||
	    t->op->wanted_number(t->op->arg, t->body->route, t->priority, to != NULL ? to : ""))
		return false;
	if (a->lo == 0 || rid != a->hi + 1) {
		put_aside(db, t, a);
		a->lo = rid;
	}
	a->hi = rid;
	return true;
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
	struct aside aside = { 0 };
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
		if (waits_by_number(db, q, t, &aside, rid))
			continue;
		item = new_item(db, q, t, rid);
		*t->tail = item;
		t->tail = &item->next;
		t->op->n_items++;
		t->left--;
	}
	sqlite3_reset(q);
	put_aside(db, t, &aside);
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
			due_sooner(&op->next_due, due_next(db, dispatch_kinds[p]));
}
