/* sqlite_facts.c - what is known of initiators (recipients a day) and of devices: SUBSCRIBERS, PROFILE. */
#include "store/sqlite_int.h"

#include <stdlib.h>

#include "base/clock.h"

enum { ROWS_MAX = 1000 };		/* of one SUBSCRIBERS */
enum { DAY_S = 86400 };

/* ---- recipients that an initiator submitted on a day ------------------------------------- */

/* Summed up over the group: one row of each initiator is touched once. */
void
used_add(struct db *db, int64_t pi, int64_t received, uint64_t n)
{
	int64_t day = received / DAY_S;
	size_t i;

	if (day < clock_utc() / DAY_S - 1)
		return;
	for (i = 0; i < db->n_used; i++)
		if (db->used[i].pi == pi && db->used[i].day == day) {
			db->used[i].n += n;
			return;
		}
	if (db->n_used == db->cap_used) {
		db->cap_used = db->cap_used > 0 ? db->cap_used * 2 : 16;
		if ((db->used = realloc(db->used, db->cap_used * sizeof db->used[0])) == NULL)
			abort();
	}
	db->used[db->n_used++] = (struct used){ pi, day, n };
}

void
used_write(struct db *db)
{
	int64_t today = clock_utc() / DAY_S;
	sqlite3_stmt *q;
	size_t i;

	if (db->n_used == 0)
		return;
	for (i = 0; i < db->n_used; i++) {
		q = sql_query(db, Q_USED_ADD);
		sql_int(q, 1, db->used[i].pi);
		sql_int(q, 2, db->used[i].day);
		sql_int(q, 3, (int64_t)db->used[i].n);
		sql_run(db, q);
	}
	if (today > db->used_day) {
		q = sql_query(db, Q_USED_CUT);
		sql_int(q, 1, today - 1);
		sql_run(db, q);
	}
}

void
used_settle(struct db *db, bool committed)
{
	size_t i;

	for (i = 0; committed && i < db->n_used; i++)
		usage_add(&db->usage, names_text(db, db->used[i].pi), db->used[i].day, db->used[i].n);
	if (committed && db->n_used > 0)
		db->used_day = clock_utc() / DAY_S;
	db->n_used = 0;
}

void
used_load(struct db *db)
{
	static const char sql[] = "SELECT pi, day, n FROM used";
	sqlite3_stmt *q;
	int rc;

	if ((rc = sqlite3_prepare_v2(db->sql, sql, -1, &q, NULL)) != SQLITE_OK) {
		sql_failed(db, rc, sql);
		return;
	}
	while (sql_row(db, q)) {
		const char *pi = names_text(db, sqlite3_column_int64(q, 0));

		if (pi != NULL)
			usage_add(&db->usage, pi, sqlite3_column_int64(q, 1),
			    (uint64_t)sqlite3_column_int64(q, 2));
	}
	sqlite3_finalize(q);
}

uint64_t
sqlite_usage(struct store *store, const char *pi, int64_t day)
{
	struct db *db = store->db;

	return day < clock_utc() / DAY_S - 1 ? 0 : usage_get(&db->usage, pi, day);
}

/* ---- SUBSCRIBERS ------------------------------------------------------------------------- */

void
op_subscribers(struct db *db, struct store_subscribers *s)
{
	sqlite3_stmt *q = sql_query(db, s->remove ? Q_SUBSCRIBER_DELETE : Q_SUBSCRIBER_PUT);
	uint32_t i;

	if (s->n > ROWS_MAX) {
		s->op.result = ERR_LIMIT;
		return;
	}
	for (i = 0; i < s->n && db->err == OK; i++) {
		sql_text(q, 1, s->rows[i].key);
		if (!s->remove) {
			sql_text(q, 2, s->rows[i].number);
			sql_text(q, 3, s->rows[i].profile);
			sql_text(q, 4, s->rows[i].facts);
		}
		sql_run(db, q);
		s->changed += (uint32_t)sqlite3_changes(db->sql);
	}
}

/* ---- PROFILE ----------------------------------------------------------------------------- */

void
op_profile(struct db *db, struct store_profile *p)
{
	sqlite3_stmt *q = sql_query(db, p->document.n > 0 ? Q_PROFILE_PUT : Q_PROFILE_DELETE);

	sql_text(q, 1, p->name);
	if (p->document.n > 0) {
		sql_text(q, 2, p->content_type);
		sql_blob(q, 3, p->document);
	}
	sql_run(db, q);
	if (sqlite3_changes(db->sql) == 0)
		p->op.result = ERR_NOT_FOUND;
}
