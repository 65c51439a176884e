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

void
audit_keep(struct db *db, int64_t push, int64_t until)
{
	sqlite3_stmt *q = sql_query(db, Q_HEAD_ADD);

	sql_int(q, 1, push);
	sql_run(db, q);
	due_add(db, DUE_AUDIT, until, rid_of(push, 0), rid_of(push, N_MAX));
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

uint32_t
audit_purge(struct db *db, int64_t push, uint32_t most, bool *finished)
{
	sqlite3_stmt *q = sql_query(db, Q_AUDIT_CUT);
	uint32_t n;

	sql_int(q, 1, push);
	sql_int(q, 2, most);
	sql_run(db, q);
	n = (uint32_t)sqlite3_changes(db->sql);
	*finished = n < most;
	if (*finished)
		drop_head(db, push);
	return n;
}
