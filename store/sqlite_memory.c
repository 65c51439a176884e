/*
 * sqlite_memory.c - what recipients leave beside their rows: remarks of the caller, which go with the push, and what it
 * wants to know again after a restart, which goes when it is over.
 */
#include "store/sqlite_int.h"

#include <string.h>

static void
add_row(struct db *db, const struct store_memory *m, int64_t rid)
{
	sqlite3_stmt *q = sql_query(db, Q_MEMORY_ADD);

	sql_int(q, 1, rid);
	sql_int(q, 2, m->kind);
	sql_blob(q, 3, span_of(m->key, sizeof m->key));
	sql_blob(q, 4, span_of(m->other, sizeof m->other));
	sql_int(q, 5, m->at);
	sql_int(q, 6, m->until);
	sql_run(db, q);
	db->memory++;
}

void
memory_add(struct db *db, const struct store_accept *a)
{
	sqlite3_stmt *q = sql_query(db, Q_REMARK_ADD);
	uint32_t i;

	for (i = 0; i < a->n_memory; i++)
		add_row(db, &a->memory[i], rid_of(a->push, a->memory[i].n));
	if (a->remark == NULL || a->n_recipients == 0 || (a->first_n == 0 && a->n_recipients == 1 && !a->more))
		return;
	sql_int(q, 1, rid_of(a->push, a->first_n));
	sql_int(q, 2, a->n_recipients);
	sql_text(q, 3, a->remark);
	sql_run(db, q);
	db->remarks = true;
}

void
op_memory(struct db *db, struct store_memories *m)
{
	uint32_t i;

	if ((m->op.result = memory_check(NULL, m->rows, m->n)) != OK)
		return;
	for (i = 0; i < m->n; i++)
		add_row(db, &m->rows[i], m->rows[i].push != 0 ? rid_of(m->rows[i].push, m->rows[i].n) : 0);
}

void
op_remark(struct db *db, struct store_remark *r)
{
	sqlite3_stmt *q = sql_query(db, Q_REMARK_OWN);

	if (r->n > N_MAX) {
		r->op.result = ERR_RANGE;
		return;
	}
	sql_int(q, 1, rid_of(r->push, r->n));
	sql_text(q, 2, r->text);
	sql_run(db, q);
	if (sqlite3_changes(db->sql) == 0)
		r->op.result = ERR_NOT_FOUND;
	db->remarks = true;
}

void
remark_delete(struct db *db, int64_t push)
{
	sqlite3_stmt *q = sql_query(db, Q_REMARK_DELETE);

	sql_int(q, 1, rid_of(push, 0));
	sql_int(q, 2, rid_of(push, N_MAX));
	sql_run(db, q);
}

void
memory_forget(struct db *db, int64_t lo, int64_t hi)
{
	sqlite3_stmt *q = sql_query(db, Q_MEMORY_FORGET);

	sql_int(q, 1, lo);
	sql_int(q, 2, hi);
	sql_run(db, q);
	db->memory -= sqlite3_changes(db->sql);
}

static uint32_t
cut(struct db *db, int64_t until, int64_t most)
{
	sqlite3_stmt *q = sql_query(db, Q_MEMORY_CUT);
	uint32_t n;

	sql_int(q, 1, until);
	sql_int(q, 2, most);
	sql_run(db, q);
	n = (uint32_t)sqlite3_changes(db->sql);
	db->memory -= n;
	return n;
}

bool
memory_waits(struct db *db, int64_t now)
{
	int64_t next = memory_next(db);

	return (next != 0 && next <= now) || db->memory > (int64_t)db->store->cf.memory_max;
}

uint32_t
memory_purge(struct db *db, int64_t now, uint32_t most)
{
	uint32_t n = cut(db, now, most);
	int64_t excess = db->memory - (int64_t)db->store->cf.memory_max;

	if (excess > 0 && n < most)
		n += cut(db, INT64_MAX - 1, excess < most - n ? excess : most - n);
	return n;
}

int64_t
memory_next(struct db *db)
{
	sqlite3_stmt *q = sql_query(db, Q_MEMORY_NEXT);
	int64_t at = sql_row(db, q) ? sqlite3_column_int64(q, 0) : 0;

	sqlite3_reset(q);
	return at;
}

/* ---- readers ------------------------------------------------------------------------------------- */

int
sqlite_read_remark(void *reader, int64_t push, uint32_t n, uint32_t *first_n, uint32_t *n_chunk, char **text)
{
	struct reader *r = reader;
	sqlite3_stmt *q = r->q[R_REMARK];
	int err = OK, result = ERR_NOT_FOUND;

	sql_int(q, 1, rid_of(push, 0));
	sql_int(q, 2, rid_of(push, n));
	if (read_row(q, &err)) {
		*first_n = sqlite3_column_int64(q, 0) < 0 ? n : rid_n(sqlite3_column_int64(q, 0));
		*n_chunk = (uint32_t)sqlite3_column_int64(q, 1);
		if (n - *first_n < *n_chunk) {
			*text = sql_get_text(q, 2);
			result = OK;
		}
	}
	sqlite3_reset(q);
	return err != OK ? err : result;
}

static void
take_key(sqlite3_stmt *q, int column, uint8_t out[STORE_MEMORY_KEY])
{
	struct span s = sql_get_blob(q, column);

	memset(out, 0, STORE_MEMORY_KEY);
	if (s.n == STORE_MEMORY_KEY)
		memcpy(out, s.p, s.n);
}

int
sqlite_read_memory(void *reader, int64_t now, void (*each)(void *arg, const struct store_memory *row), void *arg)
{
	struct reader *r = reader;
	sqlite3_stmt *q = r->q[R_MEMORY];
	int err = OK;

	sql_int(q, 1, now);
	while (read_row(q, &err)) {
		int64_t rid = sqlite3_column_int64(q, 0);
		struct store_memory m = { .kind = sqlite3_column_int(q, 1), .at = sqlite3_column_int64(q, 4),
			.until = sqlite3_column_int64(q, 5), .push = rid_push(rid), .n = rid_n(rid) };

		take_key(q, 2, m.key);
		take_key(q, 3, m.other);
		each(arg, &m);
	}
	sqlite3_reset(q);
	return err;
}
