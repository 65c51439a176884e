/* sqlite_index.c - from the hash of a push-id or message id to the rows that may have it. */
#include "store/sqlite_int.h"

static const struct {
	enum query add, remove, find;
} queries[] = {
	[INDEX_PUSH] = { Q_PUSH_INDEX_ADD, Q_PUSH_INDEX_REMOVE, Q_PUSH_INDEX_FIND },
	[INDEX_MESSAGE] = { Q_MSG_INDEX_ADD, Q_MSG_INDEX_REMOVE, Q_MSG_INDEX_FIND },
};

static void
write_one(struct db *db, enum query which, uint64_t hash, int64_t id)
{
	sqlite3_stmt *q = sql_query(db, which);

	sql_int(q, 1, (int64_t)hash);
	sql_int(q, 2, id);
	sql_run(db, q);
}

void
index_add(struct db *db, enum index_kind k, uint64_t hash, int64_t id)
{
	write_one(db, queries[k].add, hash, id);
}

void
index_remove(struct db *db, enum index_kind k, uint64_t hash, int64_t id)
{
	write_one(db, queries[k].remove, hash, id);
}

void
index_find(struct db *db, enum index_kind k, uint64_t hash, struct ids *out)
{
	sqlite3_stmt *q = sql_query(db, queries[k].find);

	out->n = 0;
	sql_int(q, 1, (int64_t)hash);
	while (sql_row(db, q))
		ids_add(out, sqlite3_column_int64(q, 0));
	sqlite3_reset(q);
}
