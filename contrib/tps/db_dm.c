/* db_dm.c - see db.h: commands that wait for a device, what it said of its nodes, and what happened. */
#include "contrib/tps/db_int.h"

#include <string.h>

#include "base/clock.h"

enum { EVENTS_KEPT = 100, COMMANDS_KEPT = 1000, RESULT_OCTETS_MAX = 4 << 20 };

/* ---- commands ------------------------------------------------------------------------------------ */

#define COMMAND_COLUMNS "id, device, added, done, verb, uri, format, type, data, status"

void
tps_command_done(struct tps_command *c)
{
	sbuf_done(&c->data);
}

static int64_t
count(struct tps_db *db, const char *sql, int64_t device)
{
	sqlite3_stmt *q = db_query(db, sql, "i", device);
	int64_t n = db_row(q) ? sqlite3_column_int64(q, 0) : 0;

	db_end(db, q, NULL);
	return n;
}

int
tps_command_add(struct tps_db *db, struct tps_command *c, unsigned most, struct why *why)
{
	struct span none = { NULL, 0 };
	int err = db_begin(db, why);

	if (err != OK)
		return err;
	if (count(db, "SELECT count(*) FROM command WHERE device = ?1 AND status = 0", c->device) >= (int64_t)most)
		err = why_set(why, ERR_FULL, "%u commands wait for this device already (commands-max)", most);
	if (err == OK)
		err = db_do(db, why, "INSERT INTO command(device, added, verb, uri, format, type, data)"
		    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)", "iittttb", c->device, (int64_t)clock_utc(), c->verb, c->uri,
		    c->format[0] != '\0' ? c->format : NULL, c->type[0] != '\0' ? c->type : NULL,
		    c->has_data ? span_of(c->data.s != NULL ? c->data.s : "", c->data.n) : none);
	if (err == OK)
		c->id = sqlite3_last_insert_rowid(db->sql);
	if (err == OK)
		err = db_do(db, why, "DELETE FROM command WHERE device = ?1 AND status <> 0 AND id <= (SELECT id FROM command"
		    " WHERE device = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)", "ii", c->device, (int64_t)COMMANDS_KEPT);
	return db_commit(db, err, why);
}

static void
read_command(sqlite3_stmt *q, struct tps_command *c)
{
	*c = (struct tps_command){ .id = sqlite3_column_int64(q, 0), .device = sqlite3_column_int64(q, 1),
		.added = sqlite3_column_int64(q, 2), .done = sqlite3_column_int64(q, 3), .status = sqlite3_column_int(q, 9),
		.has_data = sqlite3_column_type(q, 8) != SQLITE_NULL };
	db_text(q, 4, c->verb, sizeof c->verb);
	db_text(q, 5, c->uri, sizeof c->uri);
	db_text(q, 6, c->format, sizeof c->format);
	db_text(q, 7, c->type, sizeof c->type);
	sbuf_span(&c->data, db_blob(q, 8));
}

int
tps_command_next(struct tps_db *db, int64_t device, int64_t after, struct tps_command *out, struct why *why)
{
	sqlite3_stmt *q = db_query(db, "SELECT " COMMAND_COLUMNS " FROM command WHERE device = ?1 AND id > ?2 AND status = 0"
	    " ORDER BY id LIMIT 1", "ii", device, after);
	bool found = db_row(q);
	int err;

	*out = (struct tps_command){ .id = 0 };
	if (found)
		read_command(q, out);
	err = db_end(db, q, why);
	return err != OK || found ? err : why_set(why, ERR_NOT_FOUND, "no command waits");
}

/* What it carried is no longer needed, and may be a secret. */
int
tps_command_finish(struct tps_db *db, int64_t id, int status, struct why *why)
{
	return db_do(db, why, "UPDATE command SET status = ?2, done = ?3, data = NULL WHERE id = ?1", "iii", id,
	    (int64_t)status, (int64_t)clock_utc());
}

int
tps_command_clear(struct tps_db *db, int64_t device, unsigned *n, struct why *why)
{
	int err = db_do(db, why, "DELETE FROM command WHERE device = ?1 AND status = 0", "i", device);

	*n = err == OK ? (unsigned)sqlite3_changes(db->sql) : 0;
	return err;
}

int
tps_command_each(struct tps_db *db, int64_t device, unsigned most,
    void (*each)(void *arg, const struct tps_command *c), void *arg, struct why *why)
{
	sqlite3_stmt *q = db_query(db, "SELECT * FROM (SELECT " COMMAND_COLUMNS " FROM command WHERE device = ?1"
	    " ORDER BY id DESC LIMIT ?2) ORDER BY id", "ii", device, (int64_t)most);

	while (db_row(q)) {
		struct tps_command c;

		read_command(q, &c);
		each(arg, &c);
		tps_command_done(&c);
	}
	return db_end(db, q, why);
}

/* ---- results --------------------------------------------------------------------------------------- */

int
tps_result_set(struct tps_db *db, int64_t device, const char *uri, const char *format, struct span data,
    unsigned most, struct why *why)
{
	sqlite3_stmt *q = db_query(db, "SELECT 1 FROM result WHERE device = ?1 AND uri = ?2", "it", device, uri);
	bool known = db_row(q);
	int err = db_end(db, q, why);

	if (err == OK && !known && count(db, "SELECT count(*) FROM result WHERE device = ?1", device) >= (int64_t)most)
		err = why_set(why, ERR_FULL, "%u nodes of this device are remembered already (results-max)", most);
	if (err == OK && count(db, "SELECT total(length(data)) FROM result WHERE device = ?1", device) + (int64_t)data.n >
	    RESULT_OCTETS_MAX)
		err = why_set(why, ERR_FULL, "what this device said has %d octets already", RESULT_OCTETS_MAX);
	if (err != OK)
		return err;
	return db_do(db, why, "INSERT INTO result VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET format = ?3, data = ?4,"
	    " at = ?5", "ittbi", device, uri, format != NULL && format[0] != '\0' ? format : NULL,
	    span_of(data.p != NULL ? data.p : (const void *)"", data.n), (int64_t)clock_utc());
}

int
tps_result_each(struct tps_db *db, int64_t device,
    void (*each)(void *arg, const char *uri, const char *format, struct span data, int64_t at), void *arg, struct why *why)
{
	sqlite3_stmt *q = db_query(db, "SELECT uri, format, data, at FROM result WHERE device = ?1 ORDER BY uri", "i", device);

	while (db_row(q)) {
		char format[32];

		db_text(q, 1, format, sizeof format);
		each(arg, (const char *)sqlite3_column_text(q, 0), format, db_blob(q, 2), sqlite3_column_int64(q, 3));
	}
	return db_end(db, q, why);
}

/* ---- events ------------------------------------------------------------------------------------------ */

int
tps_event_add(struct tps_db *db, int64_t device, const char *kind, const char *text, struct why *why)
{
	int err = db_begin(db, why);

	if (err != OK)
		return err;
	err = db_do(db, why, "INSERT INTO event(device, at, kind, text) VALUES(?1, ?2, ?3, ?4)", "iitt", device,
	    (int64_t)clock_utc(), kind, text);
	if (err == OK)
		err = db_do(db, why, "DELETE FROM event WHERE device = ?1 AND id <= (SELECT id FROM event WHERE device = ?1"
		    " ORDER BY id DESC LIMIT 1 OFFSET ?2)", "ii", device, (int64_t)EVENTS_KEPT);
	return db_commit(db, err, why);
}

int
tps_event_each(struct tps_db *db, int64_t device, unsigned most,
    void (*each)(void *arg, int64_t at, const char *kind, const char *text), void *arg, struct why *why)
{
	sqlite3_stmt *q = db_query(db, "SELECT at, kind, text FROM (SELECT id, at, kind, text FROM event WHERE device = ?1"
	    " ORDER BY id DESC LIMIT ?2) ORDER BY id", "ii", device, (int64_t)most);

	while (db_row(q)) {
		const char *text = (const char *)sqlite3_column_text(q, 2);

		each(arg, sqlite3_column_int64(q, 0), (const char *)sqlite3_column_text(q, 1), text != NULL ? text : "");
	}
	return db_end(db, q, why);
}
