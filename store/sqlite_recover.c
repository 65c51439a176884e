/* sqlite_recover.c - what a start has to clear up: open batches, and pushes that never became whole. */
#include "store/sqlite_int.h"

#include <stdlib.h>

#include "base/clock.h"

enum { SLICE = 10000 };		/* rows of one transaction at start */

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
			n = push_delete_recipients(db, lo, hi, SLICE);
			memory_forget(db, lo, lo + SLICE - 1);
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
