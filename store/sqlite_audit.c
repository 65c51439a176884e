/*
 * sqlite_audit.c - what happened to recipients, for later. Rows lie in the order of their pushes, so those of
 * one are found at once and new ones come near the end. One row covers neighbours to which the same happened
 * in the same second.
 */
#include "store/sqlite_int.h"

#include <string.h>

static void
int_or_null(sqlite3_stmt *q, int at, int64_t v)
{
	if (v != 0)
		sql_int(q, at, v);
	else
		sqlite3_bind_null(q, at);
}

static void
write_row(struct db *db, const struct audit_run *r, const char *detail)
{
	sqlite3_stmt *q = sql_query(db, Q_AUDIT_ADD);

	sql_int(q, 1, r->push);
	sql_int(q, 2, r->id);
	sql_int(q, 3, r->at);
	sql_int(q, 4, r->event);
	sql_int(q, 5, r->lo);
	int_or_null(q, 6, r->hi != r->lo ? r->hi : 0);
	sql_int(q, 7, r->from);
	sql_int(q, 8, r->to);
	int_or_null(q, 9, r->code);
	int_or_null(q, 10, r->link);
	sql_text(q, 11, detail);
	sql_run(db, q);
}

void
audit_flush(struct db *db)
{
	struct audit_run *r = &db->audit;

	if (r->id != 0 && db->err == OK)
		write_row(db, r, r->detail[0] != '\0' ? r->detail : NULL);
	r->id = 0;
}

/* One row for all recipients, with the last chunk: a push that does not become whole leaves none. */
void
audit_accept(struct db *db, const struct store_accept *a, uint32_t n_recipients, int state)
{
	struct audit_run r = { .id = db->now.next_id++, .push = a->push, .at = a->received,
		.hi = n_recipients - 1, .event = db->store->cf.rules.ev_accept, .to = state };

	write_row(db, &r, a->audit_detail);
}

static bool
same(const struct audit_run *r, int64_t rid, const struct happening *h, int64_t link, const char *detail)
{
	return r->id != 0 && r->push == rid_push(rid) && r->hi + 1 == rid_n(rid) && r->at == h->at &&
	    r->event == h->event && r->from == h->from && r->to == h->to && r->code == h->code &&
	    r->link == link && strncmp(r->detail, detail, DESC_MAX) == 0;
}

void
audit_add(struct db *db, int64_t rid, const struct happening *h)
{
	const char *detail = h->desc != NULL ? h->desc : "";
	int64_t link = names_id(db, h->link);
	struct audit_run *r = &db->audit;
	size_t n;

	if (same(r, rid, h, link, detail)) {
		r->hi++;
		return;
	}
	audit_flush(db);
	r->id = db->now.next_id++;
	r->push = rid_push(rid);
	r->lo = r->hi = rid_n(rid);
	r->at = h->at;
	r->link = link;
	r->event = h->event;
	r->from = h->from;
	r->to = h->to;
	r->code = h->code;
	n = strnlen(detail, DESC_MAX);
	memcpy(r->detail, detail, n);
	r->detail[n] = '\0';
}

/* ---- when the push is purged -------------------------------------------------------------- */

/* Pushes to one whose rows go at about the same time wait in one run: holes and times that it may have. */
enum { RUN_HOLE = 64, RUN_S = 3600 };
enum { ROWS_OF_ONE = 4 };		/* that such a push has, about */

void
audit_keep_flush(struct db *db)
{
	if (db->purged.hi != 0)
		due_add(db, DUE_AUDIT, db->purged.at, rid_of(db->purged.lo, 0), rid_of(db->purged.hi, 0));
	db->purged.hi = 0;
}

void
audit_keep(struct db *db, int64_t push, int64_t pi, const char *push_id, bool single, int64_t until)
{
	sqlite3_stmt *q = sql_query(db, Q_HEAD_ADD);

	sql_int(q, 1, push);
	sql_int(q, 2, pi);
	sql_text(q, 3, push_id);
	sql_int(q, 4, single ? until : INT64_MAX);	/* one to many goes alone, in slices */
	sql_run(db, q);
	if (!single) {
		due_add(db, DUE_AUDIT, until, rid_of(push, 0), rid_of(push, N_MAX));
		return;
	}
	if (db->purged.hi == 0 || push <= db->purged.hi || push - db->purged.hi > RUN_HOLE ||
	    until - db->purged.at > RUN_S) {
		audit_keep_flush(db);
		db->purged.lo = push;
	}
	db->purged.hi = push;
	db->purged.at = until;
}

/* The push-id, which led to these rows as well, goes with the last of them. */
static void
drop_head(struct db *db, int64_t push)
{
	sqlite3_stmt *q = sql_query(db, Q_HEAD_GET);

	sql_int(q, 1, push);
	if (sql_row(db, q))
		index_remove(db, INDEX_PUSH, match_hash_push(db->hash_key,
		    (const char *)sqlite3_column_text(q, 0)), push);
	sqlite3_reset(q);
	q = sql_query(db, Q_HEAD_DELETE);
	sql_int(q, 1, push);
	sql_run(db, q);
}

static uint32_t
purge_one(struct db *db, int64_t lo, int64_t hi, uint32_t most, int64_t *rest)
{
	sqlite3_stmt *q = sql_query(db, Q_AUDIT_CUT);
	uint32_t n;

	sql_int(q, 1, rid_push(lo));
	sql_int(q, 2, most);
	sql_run(db, q);
	n = (uint32_t)sqlite3_changes(db->sql);
	*rest = n < most ? hi + 1 : lo;
	if (n < most)
		drop_head(db, rid_push(lo));
	return n;
}

static void
bind_run(sqlite3_stmt *q, int64_t first, int64_t last, int64_t now)
{
	sql_int(q, 1, first);
	sql_int(q, 2, last);
	sql_int(q, 3, now);
}

static uint32_t
purge_run(struct db *db, int64_t lo, int64_t hi, int64_t now, uint32_t most, int64_t *rest)
{
	sqlite3_stmt *q = sql_query(db, Q_HEAD_RUN);
	int64_t first = rid_push(lo), last = rid_push(hi), seen = 0;
	uint32_t n = 0, limit = most / ROWS_OF_ONE + 1;

	bind_run(q, first, last, now);
	sql_int(q, 4, limit);
	for (; sql_row(db, q); n++) {
		seen = sqlite3_column_int64(q, 0);
		index_remove(db, INDEX_PUSH, match_hash_push(db->hash_key,
		    (const char *)sqlite3_column_text(q, 1)), seen);
	}
	sqlite3_reset(q);
	if (n == limit)
		last = seen;
	bind_run(sql_query(db, Q_AUDIT_CUT_RUN), first, last, now);
	sql_run(db, sql_query(db, Q_AUDIT_CUT_RUN));
	bind_run(sql_query(db, Q_HEAD_CUT_RUN), first, last, now);
	sql_run(db, sql_query(db, Q_HEAD_CUT_RUN));
	*rest = n == limit ? rid_of(last + 1, 0) : hi + 1;
	return n * ROWS_OF_ONE;
}

uint32_t
audit_purge(struct db *db, int64_t lo, int64_t hi, int64_t now, uint32_t most, int64_t *rest)
{
	if (rid_n(hi) == N_MAX)
		return purge_one(db, lo, hi, most, rest);
	return purge_run(db, lo, hi, now, most, rest);
}
