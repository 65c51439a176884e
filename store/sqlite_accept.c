/* sqlite_accept.c - ACCEPT, MORE and ABANDON: a push and its recipients come in. */
#include "store/sqlite_int.h"

#include <string.h>

#include "base/clock.h"

static int
check_recipients(const struct store_accept *a)
{
	uint32_t i;

	if (a->n_recipients > N_MAX || a->first_n > N_MAX - a->n_recipients)
		return ERR_LIMIT;
	for (i = 0; i < a->n_recipients; i++)
		if (strlen(a->recipients[i].to) >= sizeof ((struct store_item *)0)->to)
			return ERR_LIMIT;
	return memory_check(a, a->memory, a->n_memory);
}

static int
check_accept(const struct store_accept *a)
{
	if (a->first_n != 0 || (a->n_recipients == 0 && !a->more))
		return ERR_RANGE;
	if (a->pi[0] == '\0' || strlen(a->pi) >= sizeof ((struct store_item *)0)->pi)
		return ERR_LIMIT;
	return check_recipients(a);
}

/* The push of this initiator that has the id, whole or not; 0: none. */
static int64_t
find_id(struct db *db, int64_t pi, const char *push_id, uint64_t hash)
{
	size_t i;

	index_find(db, INDEX_PUSH, hash, &db->found);
	for (i = 0; i < db->found.n; i++) {
		sqlite3_stmt *q = sql_query(db, Q_PUSH_TEXT);
		bool same;

		sql_int(q, 1, db->found.v[i]);
		same = sql_row(db, q) && sqlite3_column_int64(q, 0) == pi &&
		    strcmp((const char *)sqlite3_column_text(q, 1), push_id) == 0;
		sqlite3_reset(q);
		if (same)
			return db->found.v[i];
	}
	return 0;
}

int64_t
push_find(struct db *db, int64_t pi, const char *push_id, uint32_t *n_recipients)
{
	int64_t push = find_id(db, pi, push_id, match_hash_push(db->hash_key, push_id));
	sqlite3_stmt *q = sql_query(db, Q_PROGRESS_GET);
	bool whole = true;

	*n_recipients = 1;
	if (push == 0)
		return 0;
	sql_int(q, 1, push);
	if (sql_row(db, q)) {
		*n_recipients = (uint32_t)sqlite3_column_int64(q, 0);
		whole = sqlite3_column_int(q, 2) == 0;
	}
	sqlite3_reset(q);
	return whole ? push : 0;
}

static int64_t
push_to_replace(struct db *db, const struct store_accept *a, int64_t pi)
{
	uint32_t n;

	return a->replaces != NULL && a->replace != STORE_REPLACE_NONE ? push_find(db, pi, a->replaces, &n) : 0;
}

static void
add_push(struct db *db, const struct store_accept *a, int64_t pi)
{
	sqlite3_stmt *q = sql_query(db, Q_PUSH_ADD);

	sql_int(q, 1, a->push);
	sql_int(q, 2, a->n_recipients == 1 && !a->more ? 1 : 0);
	sql_int(q, 3, pi);
	sql_text(q, 4, a->push_id);
	sql_int(q, 5, a->deadline_at);
	sql_int(q, 6, (a->secret ? PUSH_SECRET : 0) | (a->priority == STORE_HIGH ? PUSH_HIGH :
	    a->priority == STORE_LOW ? PUSH_LOW : 0));
	sql_text(q, 7, a->notify_url);
	sql_int(q, 8, a->received);
	sql_int(q, 9, a->deliver_after);
	sql_text(q, 10, a->version);
	sql_text(q, 11, a->meta);
	sql_text(q, 12, a->content_type);
	sql_blob(q, 13, a->body->headers);
	sql_blob(q, 14, a->body->body);
	sql_blob(q, 15, a->body->route);
	sql_run(db, q);
	if (a->n_recipients == 1 && !a->more)
		return;
	q = sql_query(db, Q_PROGRESS_ADD);
	sql_int(q, 1, a->push);
	sql_int(q, 2, a->n_recipients);
	sql_int(q, 3, a->more);
	sql_run(db, q);
}

static void
add_recipients(struct db *db, const struct store_accept *a, int state)
{
	sqlite3_stmt *q = sql_query(db, Q_RCPT_ADD);
	bool rows = keys_in_rows(a);
	uint32_t i;

	sql_int(q, 3, a->batch);
	sql_int(q, 4, a->batch != 0);
	sql_int(q, 8, a->priority == STORE_HIGH ? RCPT_HIGH : a->priority == STORE_LOW ? RCPT_LOW : 0);
	for (i = 0; i < a->n_recipients; i++) {
		const struct store_recipient *r = &a->recipients[i];

		sql_int(q, 1, rid_of(a->push, a->first_n + i));
		sql_int(q, 2, r->state != 0 ? r->state : state);
		db->store->next.entered[(r->state != 0 ? r->state : state) % STORE_STATES_MAX]++;
		db->now.held += r->state != 0 && r->state == db->store->cf.rules.held;
		sql_text(q, 5, r->address);
		sql_text(q, 6, r->to);
		sql_blob(q, 7, r->overlay);
		sqlite3_bind_null(q, 9);
		if (rows && r->key != NULL)
			sql_int(q, 9, (int64_t)match_hash_key(db->hash_key, r->key));
		sqlite3_bind_null(q, 10);
		if (r->code != 0)
			sql_int(q, 10, r->code);
		sql_text(q, 11, r->desc);
		sql_run(db, q);
	}
	if (!rows)
		keys_add(db, a);
	memory_add(db, a);
	db->now.recipients += a->n_recipients;
	db->now.live += a->n_recipients;
}

/* Recipients that leave with this commit belong to a batch that all ACCEPTs of the group share. */
static void
join_batch(struct db *db, struct store_accept *a)
{
	if (db->batch == 0) {
		db->batch = db->now.next_id++;
		db->batch_lo = rid_of(a->push, 0);
	}
	db->batch_hi = rid_of(a->push, a->n_recipients - 1);
	a->batch = db->batch;
	batches_add(&db->batches, db->batch, a->n_recipients);
}

/* The push is whole: it may be seen, its deadline runs, it is due unless it was taken, and its older push ends. */
static void
show(struct db *db, struct store_accept *a, uint32_t n_recipients, int64_t pi, int64_t old)
{
	const struct store_rules *rules = &db->store->cf.rules;
	int64_t due_at = a->deliver_after != 0 ? a->deliver_after : a->received;

	due_add(db, DUE_DEADLINE, a->deadline_at, rid_of(a->push, 0), rid_of(a->push, N_MAX));
	if (a->batch == 0)
		due_add(db, due_dispatch(a->priority), due_at, rid_of(a->push, 0),
		    rid_of(a->push, n_recipients - 1));
	audit_accept(db, a, n_recipients, a->batch != 0 ? rules->taken : rules->queued);
	used_add(db, pi, a->received, n_recipients);
	if (a->replaces != NULL && a->replace != STORE_REPLACE_NONE)
		replace_old(db, a, old);
}

/* Whether a replacement makes sense, before anything is written. */
static int
check_replace(struct db *db, const struct store_accept *a, int64_t old)
{
	if (a->replaces == NULL || a->replace != STORE_REPLACE_PENDING)
		return OK;
	if (old == 0)
		return ERR_NOT_FOUND;
	return a->more || replace_possible(db, a, old) ? OK : ERR_BUSY;
}

void
op_accept(struct db *db, struct store_accept *a)
{
	const struct store_rules *rules = &db->store->cf.rules;
	uint64_t hash = match_hash_push(db->hash_key, a->push_id);
	int64_t pi, old;

	if ((a->op.result = check_accept(a)) != OK)
		return;
	pi = names_find(db, a->pi);
	if (find_id(db, pi, a->push_id, hash) != 0) {
		a->op.result = ERR_EXISTS;
		return;
	}
	old = push_to_replace(db, a, pi);
	if ((a->op.result = check_replace(db, a, old)) != OK)
		return;
	pi = names_id(db, a->pi);
	a->push = db->now.next_push++;
	if (a->take && !a->more && a->replaces == NULL)
		join_batch(db, a);
	add_push(db, a, pi);
	index_add(db, INDEX_PUSH, hash, a->push);
	add_recipients(db, a, a->batch != 0 ? rules->taken : rules->queued);
	if (!a->more)
		show(db, a, a->n_recipients, pi, old);
	db->now.pushes++;
}

void
op_more(struct db *db, struct store_accept *a)
{
	sqlite3_stmt *q;
	uint32_t total;
	bool incoming;

	if ((a->op.result = check_recipients(a)) != OK)
		return;
	q = sql_query(db, Q_PROGRESS_GET);
	sql_int(q, 1, a->push);
	incoming = sql_row(db, q) && sqlite3_column_int(q, 2) != 0;
	total = incoming ? (uint32_t)sqlite3_column_int64(q, 0) : 0;
	sqlite3_reset(q);
	if (!incoming) {
		a->op.result = ERR_NOT_FOUND;
		return;
	}
	/* Chunks come in order: numbers have no holes, and none comes twice. */
	if (a->first_n != total || (!a->more && total + a->n_recipients == 0)) {
		a->op.result = ERR_RANGE;
		return;
	}
	add_recipients(db, a, db->store->cf.rules.queued);
	total += a->n_recipients;
	q = sql_query(db, Q_PROGRESS_SHOW);
	sql_int(q, 1, a->push);
	sql_int(q, 2, total);
	sql_int(q, 3, a->more);
	sql_run(db, q);
	if (!a->more) {
		int64_t pi = names_id(db, a->pi);

		show(db, a, total, pi, push_to_replace(db, a, pi));
	}
}

/* Its id is free at once; its recipients go in slices. */
void
op_abandon(struct db *db, struct store_abandon *a)
{
	sqlite3_stmt *q = sql_query(db, Q_PROGRESS_GET);
	bool incoming;

	sql_int(q, 1, a->push);
	incoming = sql_row(db, q) && sqlite3_column_int(q, 2) != 0;
	sqlite3_reset(q);
	if (!incoming) {
		a->op.result = ERR_NOT_FOUND;
		return;
	}
	push_delete(db, a->push, 0);
	due_add(db, DUE_ABANDONED, clock_utc(), rid_of(a->push, 0), rid_of(a->push, N_MAX));
}
