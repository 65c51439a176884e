/* db_int.h - the little that hides the sqlite3_ calls from the files of the device database. */
#ifndef CONTRIB_TPS_DB_INT_H
#define CONTRIB_TPS_DB_INT_H

#include <sqlite3.h>

#include "contrib/tps/db.h"

struct tps_db {
	sqlite3 *sql;
	bool whole;			/* between tps_db_begin and tps_db_end */
};

/*
 * A statement with its values: 'i' int64_t, 't' const char * (NULL: null), 'b' struct span. NULL after a failure, of which db_end
 * then speaks.
 */
sqlite3_stmt *db_query(struct tps_db *db, const char *sql, const char *types, ...);
bool db_row(sqlite3_stmt *q);			/* is there (another) one? */
/* Ends a statement: OK, ERR_EXISTS for what must be unique, ERR_IO. */
int db_end(struct tps_db *db, sqlite3_stmt *q, struct why *why);
/* A statement without rows. */
#define db_do(db, why, sql, ...) db_run(db, db_query(db, sql, __VA_ARGS__), why)
int db_run(struct tps_db *db, sqlite3_stmt *q, struct why *why);
/* A transaction, or a part of the one between tps_db_begin and tps_db_end. */
int db_begin(struct tps_db *db, struct why *why);
int db_commit(struct tps_db *db, int err, struct why *why);	/* rolls back unless err is OK; returns err */

void db_text(sqlite3_stmt *q, int column, char *out, size_t size);
struct span db_blob(sqlite3_stmt *q, int column);	/* until the next row */

#endif
