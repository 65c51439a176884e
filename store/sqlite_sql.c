/*
 * sqlite_sql.c - schema and statements of the SQLite engine, and the little that hides the
 * sqlite3_ calls. doc/store.md says why the tables are as they are.
 */
#include "store/sqlite_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* The first version, as old files have it; what came after it is added in order. */
static const char schema_1[] =
"CREATE TABLE state(id INTEGER PRIMARY KEY CHECK(id = 1), clean INT NOT NULL, next_push INT NOT NULL,"
"  next_id INT NOT NULL, pushes INT NOT NULL, recipients INT NOT NULL, live INT NOT NULL,"
"  hash_key INT NOT NULL);"
"INSERT INTO state VALUES(1, 1, 1, 1, 0, 0, 0, random());"
"CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT NOT NULL);"
/* n_recipients 0: many, and table progress knows how many. */
"CREATE TABLE push(id INTEGER PRIMARY KEY, n_recipients INT NOT NULL, pi INT NOT NULL,"
"  push_id TEXT NOT NULL, deadline_at INT NOT NULL, secret INT NOT NULL, notify_url TEXT,"
"  received INT NOT NULL, deliver_after INT NOT NULL, version TEXT, meta TEXT, content_type TEXT,"
"  headers BLOB, body BLOB);"
"CREATE TABLE progress(push INTEGER PRIMARY KEY, n_recipients INT NOT NULL, n_final INT NOT NULL,"
"  incoming INT NOT NULL);"
"CREATE INDEX progress_incoming ON progress(push) WHERE incoming = 1;"
/* id is push << 20 | n. */
"CREATE TABLE recipient(id INTEGER PRIMARY KEY, state INT NOT NULL, flags INT NOT NULL,"
"  batch INT NOT NULL, attempts INT NOT NULL, event_time INT, code INT, link INT, segments INT,"
"  done BLOB, ids BLOB, description TEXT, address TEXT NOT NULL, dial TEXT NOT NULL, overlay BLOB);"
"CREATE TABLE push_index(hash INT, push INT, PRIMARY KEY(hash, push)) WITHOUT ROWID;"
"CREATE TABLE message_index(hash INT, recipient INT, PRIMARY KEY(hash, recipient)) WITHOUT ROWID;"
/* What the two indexes have in memory only. */
"CREATE TABLE push_index_log(id INTEGER PRIMARY KEY, entries BLOB NOT NULL);"
"CREATE TABLE message_index_log(id INTEGER PRIMARY KEY, entries BLOB NOT NULL);"
"CREATE TABLE due(kind INT, at INT, lo INT, hi INT NOT NULL, PRIMARY KEY(kind, at, lo)) WITHOUT ROWID;"
"CREATE TABLE batch(id INT, lo INT, hi INT NOT NULL, PRIMARY KEY(id, lo)) WITHOUT ROWID;"
"CREATE TABLE note(id INTEGER PRIMARY KEY, due_at INT NOT NULL, recipient INT NOT NULL,"
"  attempts INT NOT NULL);"
"CREATE INDEX note_due ON note(due_at);"
"CREATE TABLE orphan(id INTEGER PRIMARY KEY, kept_at INT NOT NULL, hash INT NOT NULL,"
"  link TEXT NOT NULL, message_id TEXT NOT NULL, event INT NOT NULL, at INT NOT NULL,"
"  code INT NOT NULL, description TEXT);"
"CREATE INDEX orphan_hash ON orphan(hash);";

/* secret is a set of push_flag now. An unknown key of a recipient is its address. */
static const char schema_2[] =
"ALTER TABLE state ADD COLUMN opened TEXT;"
"ALTER TABLE push RENAME COLUMN secret TO flags;"
"ALTER TABLE push ADD COLUMN route BLOB;"
"ALTER TABLE recipient ADD COLUMN key INT;"
/* Hashes of the keys of a large push, a run of recipients a row; id is that of the first. */
"CREATE TABLE key_run(id INTEGER PRIMARY KEY, hashes BLOB NOT NULL);"
/* hi NULL: lo. */
"CREATE TABLE audit(push INT, id INT, at INT NOT NULL, event INT NOT NULL, lo INT NOT NULL, hi INT,"
"  before INT NOT NULL, after INT NOT NULL, code INT, link INT, detail TEXT, PRIMARY KEY(push, id))"
"  WITHOUT ROWID;"
/* Whose push it was, when only the audit is left. */
"CREATE TABLE audit_head(push INTEGER PRIMARY KEY, pi INT NOT NULL, push_id TEXT NOT NULL,"
"  until INT NOT NULL);"
"CREATE TABLE used(pi INT, day INT, n INT NOT NULL, PRIMARY KEY(pi, day)) WITHOUT ROWID;"
"CREATE TABLE subscriber(key TEXT PRIMARY KEY, number TEXT, profile TEXT, facts TEXT) WITHOUT ROWID;"
"CREATE TABLE profile(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, content_type TEXT,"
"  document BLOB NOT NULL);";

/* Texts on a run of recipients, by the first, and on one, by its negative number; what recipients leave for longer than their push is kept. */
static const char schema_3[] =
"ALTER TABLE state ADD COLUMN held INT NOT NULL DEFAULT 0;"
"CREATE TABLE remark(id INTEGER PRIMARY KEY, n INT NOT NULL, text TEXT NOT NULL);"
"CREATE TABLE memory(id INTEGER PRIMARY KEY, recipient INT NOT NULL, kind INT NOT NULL, key BLOB NOT NULL,"
"  other BLOB NOT NULL, at INT NOT NULL, until INT NOT NULL);"
"CREATE INDEX memory_recipient ON memory(recipient);"
"CREATE INDEX memory_until ON memory(until);";

const char *const sql_schemas[SCHEMA_VERSION] = { schema_1, schema_2, schema_3 };

static const char *const texts[QUERIES] = {
	[Q_BEGIN] = "BEGIN IMMEDIATE",
	[Q_COMMIT] = "COMMIT",
	[Q_ROLLBACK] = "ROLLBACK",
	[Q_SAVE] = "UPDATE state SET next_push = ?1, next_id = ?2, pushes = ?3, recipients = ?4, live = ?5, held = ?6",

	[Q_PUSH_ADD] = "INSERT INTO push VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
	    " ?14, ?15)",
	[Q_PUSH_TEXT] = "SELECT pi, push_id, n_recipients FROM push WHERE id = ?1",
	[Q_PUSH_LIFE] = "SELECT n_recipients, deadline_at, flags, notify_url IS NOT NULL,"
	    " received, deliver_after FROM push WHERE id = ?1",
	[Q_PUSH_BODY] = "SELECT pi, deadline_at, headers, body, route FROM push WHERE id = ?1",
	[Q_PUSH_ERASE] = "UPDATE push SET body = NULL WHERE id = ?1",
	[Q_PUSH_DELETE] = "DELETE FROM push WHERE id = ?1",

	[Q_PROGRESS_ADD] = "INSERT INTO progress VALUES(?1, ?2, 0, ?3)",
	[Q_PROGRESS_GET] = "SELECT n_recipients, n_final, incoming FROM progress WHERE push = ?1",
	[Q_PROGRESS_SHOW] = "UPDATE progress SET n_recipients = ?2, incoming = ?3 WHERE push = ?1",
	[Q_PROGRESS_FINAL] = "UPDATE progress SET n_final = n_final + ?2 WHERE push = ?1"
	    " RETURNING n_recipients = n_final",
	[Q_PROGRESS_DELETE] = "DELETE FROM progress WHERE push = ?1",

	[Q_RCPT_ADD] = "INSERT INTO recipient(id, state, flags, batch, attempts, address, dial, overlay,"
	    " key, code, description) VALUES(?1, ?2, ?8, ?3, ?4, ?5, ?6, ?7, ?9, ?10, ?11)",
	[Q_RCPT_GET] = "SELECT state, flags, batch, segments, link, ids, done FROM recipient WHERE id = ?1",
	[Q_RCPT_SET] = "UPDATE recipient SET state = ?2, flags = ?3, batch = ?4, event_time = ?5,"
	    " code = ifnull(?6, code), description = ifnull(?7, description),"
	    " overlay = CASE WHEN ?3 & 1 THEN NULL ELSE overlay END WHERE id = ?1",
	[Q_RCPT_SENT] = "UPDATE recipient SET state = ?2, flags = ?3, batch = ?4, event_time = ?5,"
	    " code = ifnull(?6, code), description = ifnull(?7, description),"
	    " overlay = CASE WHEN ?3 & 1 THEN NULL ELSE overlay END,"
	    " link = ?8, ids = ?9, segments = ?10, done = NULL WHERE id = ?1",
	[Q_RCPT_TAKE] = "UPDATE recipient SET state = ?2, batch = ?3, attempts = attempts + 1 WHERE id = ?1",
	[Q_RCPT_RANGE] = "SELECT id, state, flags, attempts, dial, overlay FROM recipient"
	    " WHERE id BETWEEN ?1 AND ?2",
	[Q_RCPT_LIVE] = "SELECT id, state, flags FROM recipient WHERE id BETWEEN ?1 AND ?2 LIMIT ?3",
	[Q_RCPT_SEGMENT] = "UPDATE recipient SET done = ?2 WHERE id = ?1",
	[Q_RCPT_ASK] = "SELECT id, state, flags, link, ids, done FROM recipient"
	    " WHERE id BETWEEN ?1 AND ?2 LIMIT ?3",
	[Q_RCPT_KEYS] = SQL_RCPT_KEYS,
	[Q_RCPT_HELD] = "SELECT count(*) FROM recipient WHERE id BETWEEN ?1 AND ?2 AND state = ?3",
	[Q_RCPT_DELETE] = "DELETE FROM recipient WHERE id BETWEEN ?1 AND ?2",

	[Q_KEY_ADD] = "INSERT INTO key_run VALUES(?1, ?2)",
	[Q_KEY_RUNS] = SQL_KEY_RUNS,
	[Q_KEY_DELETE] = "DELETE FROM key_run WHERE id BETWEEN ?1 AND ?2",

	/* A recipient that is requeued while a run that begins with it waits too. */
	[Q_DUE_ADD] = "INSERT INTO due VALUES(?1, ?2, ?3, ?4)"
	    " ON CONFLICT DO UPDATE SET hi = max(hi, excluded.hi)",
	[Q_DUE_FIRST] = "SELECT at, lo, hi FROM due WHERE kind = ?1 ORDER BY at, lo LIMIT 1",
	[Q_DUE_DELETE] = "DELETE FROM due WHERE kind = ?1 AND at = ?2 AND lo = ?3",
	[Q_DUE_FORGET] = "DELETE FROM due WHERE kind = ?1 AND at = ?2 AND lo BETWEEN ?3 AND ?4",

	[Q_BATCH_ADD] = "INSERT INTO batch VALUES(?1, ?2, ?3)",
	[Q_BATCH_DELETE] = "DELETE FROM batch WHERE id = ?1",

	[Q_NOTE_ADD] = "INSERT INTO note VALUES(?1, ?2, ?3, 0)",
	[Q_NOTE_DUE] = "SELECT id FROM note WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2",
	[Q_NOTE_GET] = "SELECT n.recipient, n.attempts, (SELECT text FROM name WHERE id = p.pi),"
	    " p.push_id, p.version, p.notify_url, p.meta, p.received, r.address, r.description,"
	    " r.event_time, r.state, r.code, (SELECT text FROM name WHERE id = r.link)"
	    " FROM note n JOIN push p ON p.id = n.recipient >> 20 JOIN recipient r ON r.id = n.recipient"
	    " WHERE n.id = ?1",
	[Q_NOTE_LATER] = "UPDATE note SET due_at = ?2, attempts = attempts + ?3 WHERE id = ?1",
	[Q_NOTE_DELETE] = "DELETE FROM note WHERE id = ?1",
	[Q_NOTE_NEXT] = "SELECT min(due_at) FROM note",

	[Q_ORPHAN_ADD] = "INSERT INTO orphan VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[Q_ORPHAN_FIND] = "SELECT id, link, message_id, event, at, code, description FROM orphan"
	    " WHERE hash = ?1 ORDER BY id",
	[Q_ORPHAN_FIRST] = "SELECT id, kept_at FROM orphan ORDER BY id LIMIT 1",
	[Q_ORPHAN_DELETE] = "DELETE FROM orphan WHERE id = ?1",

	[Q_AUDIT_ADD] = "INSERT INTO audit VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
	[Q_AUDIT_CUT] = "DELETE FROM audit WHERE push = ?1 AND id < ifnull((SELECT id FROM audit"
	    " WHERE push = ?1 ORDER BY id LIMIT 1 OFFSET ?2), 9223372036854775807)",
	[Q_AUDIT_CUT_RUN] = "DELETE FROM audit WHERE push IN (SELECT push FROM audit_head"
	    " WHERE push BETWEEN ?1 AND ?2 AND until <= ?3)",
	[Q_HEAD_ADD] = "INSERT INTO audit_head VALUES(?1, ?2, ?3, ?4)",
	[Q_HEAD_GET] = "SELECT push_id FROM audit_head WHERE push = ?1",
	[Q_HEAD_DELETE] = "DELETE FROM audit_head WHERE push = ?1",
	[Q_HEAD_RUN] = "SELECT push, push_id FROM audit_head WHERE push BETWEEN ?1 AND ?2 AND until <= ?3"
	    " LIMIT ?4",
	[Q_HEAD_CUT_RUN] = "DELETE FROM audit_head WHERE push BETWEEN ?1 AND ?2 AND until <= ?3",

	[Q_USED_ADD] = "INSERT INTO used VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET n = n + ?3",
	[Q_USED_CUT] = "DELETE FROM used WHERE day < ?1",

	[Q_SUBSCRIBER_PUT] = "INSERT OR REPLACE INTO subscriber VALUES(?1, ?2, ?3, ?4)",
	[Q_SUBSCRIBER_DELETE] = "DELETE FROM subscriber WHERE key = ?1",
	[Q_PROFILE_PUT] = "INSERT INTO profile(name, content_type, document) VALUES(?1, ?2, ?3)"
	    " ON CONFLICT DO UPDATE SET content_type = ?2, document = ?3",
	[Q_PROFILE_DELETE] = "DELETE FROM profile WHERE name = ?1",

	[Q_MEMORY_ADD] = "INSERT INTO memory(recipient, kind, key, other, at, until) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
	[Q_MEMORY_FORGET] = "DELETE FROM memory WHERE recipient BETWEEN ?1 AND ?2",
	[Q_MEMORY_CUT] = "DELETE FROM memory WHERE id IN (SELECT id FROM memory WHERE until <= ?1 ORDER BY until LIMIT ?2)",
	[Q_MEMORY_NEXT] = "SELECT min(until) FROM memory WHERE until < 9223372036854775807",
	[Q_REMARK_ADD] = "INSERT INTO remark VALUES(?1, ?2, ?3)",
	/* Of one recipient: its own number, negative. */
	[Q_REMARK_OWN] = "INSERT OR REPLACE INTO remark SELECT -?1, 1, ?2 WHERE EXISTS"
	    " (SELECT 1 FROM recipient WHERE id = ?1)",
	[Q_REMARK_DELETE] = "DELETE FROM remark WHERE id BETWEEN ?1 AND ?2 OR id BETWEEN -?2 AND -?1",

	[Q_NAME_ADD] = "INSERT INTO name VALUES(?1, ?2)",

	[Q_PUSH_INDEX_ADD] = "INSERT OR IGNORE INTO push_index VALUES(?1, ?2)",
	[Q_PUSH_INDEX_FIND] = "SELECT push FROM push_index WHERE hash = ?1",
	[Q_PUSH_INDEX_REMOVE] = "DELETE FROM push_index WHERE hash = ?1 AND push = ?2",
	[Q_PUSH_LOG_ADD] = "INSERT INTO push_index_log VALUES(?1, ?2)",
	[Q_PUSH_LOG_CUT] = "DELETE FROM push_index_log WHERE id IN"
	    " (SELECT id FROM push_index_log WHERE id <= ?1 ORDER BY id LIMIT ?2)",
	[Q_MSG_INDEX_ADD] = "INSERT OR IGNORE INTO message_index VALUES(?1, ?2)",
	[Q_MSG_INDEX_FIND] = "SELECT recipient FROM message_index WHERE hash = ?1",
	[Q_MSG_INDEX_REMOVE] = "DELETE FROM message_index WHERE hash = ?1 AND recipient = ?2",
	[Q_MSG_LOG_ADD] = "INSERT INTO message_index_log VALUES(?1, ?2)",
	[Q_MSG_LOG_CUT] = "DELETE FROM message_index_log WHERE id IN"
	    " (SELECT id FROM message_index_log WHERE id <= ?1 ORDER BY id LIMIT ?2)",
};

int
sql_prepare(struct db *db)
{
	int i, rc;

	for (i = 0; i < QUERIES; i++) {
		rc = sqlite3_prepare_v3(db->sql, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &db->q[i], NULL);
		if (rc != SQLITE_OK) {
			sql_failed(db, rc, texts[i]);
			return db->err;
		}
	}
	return OK;
}

void
sql_finish(struct db *db)
{
	int i;

	for (i = 0; i < QUERIES; i++) {
		sqlite3_finalize(db->q[i]);
		db->q[i] = NULL;
	}
}

void
sql_failed(struct db *db, int rc, const char *doing)
{
	int err = ERR_IO;

	switch (rc & 0xFF) {
	case SQLITE_NOMEM:
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
		log_error("store", "%s: %s: %s", db->path, doing, sqlite3_errmsg(db->sql));
		abort();
	case SQLITE_FULL:
		err = ERR_FULL;
		break;
	}
	if (db->err != OK)
		return;
	db->err = err;
	why_set(&db->why, err, "%s: %s (%s)", db->path, sqlite3_errstr(rc),
	    (rc & 0xFF) == SQLITE_IOERR && sqlite3_system_errno(db->sql) != 0 ?
	    strerror(sqlite3_system_errno(db->sql)) : sqlite3_errmsg(db->sql));
}

sqlite3_stmt *
sql_query(struct db *db, enum query q)
{
	return db->q[q];
}

bool
sql_row(struct db *db, sqlite3_stmt *q)
{
	int rc;

	if (db->err != OK)
		return false;
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		sql_failed(db, rc, sqlite3_sql(q));
	return false;
}

void
sql_run(struct db *db, sqlite3_stmt *q)
{
	while (sql_row(db, q))
		;
	sqlite3_reset(q);
}

void
sql_int(sqlite3_stmt *q, int at, int64_t v)
{
	sqlite3_bind_int64(q, at, v);
}

void
sql_text(sqlite3_stmt *q, int at, const char *s)
{
	sqlite3_bind_text(q, at, s, s != NULL ? (int)strlen(s) : 0, SQLITE_STATIC);
}

void
sql_blob(sqlite3_stmt *q, int at, struct span s)
{
	sqlite3_bind_blob64(q, at, s.n > 0 ? s.p : NULL, s.n, SQLITE_STATIC);
}

char *
sql_get_text(sqlite3_stmt *q, int column)
{
	const void *p = sqlite3_column_text(q, column);

	return p != NULL ? span_dup(span_of(p, (size_t)sqlite3_column_bytes(q, column))) : NULL;
}

struct span
sql_get_blob(sqlite3_stmt *q, int column)
{
	const void *p = sqlite3_column_blob(q, column);

	return span_of(p, (size_t)sqlite3_column_bytes(q, column));
}

int
sql_exec(struct db *db, const char *sql)
{
	int rc;

	if (db->err != OK)
		return db->err;
	if ((rc = sqlite3_exec(db->sql, sql, NULL, NULL, NULL)) != SQLITE_OK)
		sql_failed(db, rc, sql);
	return db->err;
}

int64_t
sql_number(struct db *db, const char *sql)
{
	sqlite3_stmt *q;
	int64_t v = 0;
	int rc;

	if (db->err != OK)
		return 0;
	if ((rc = sqlite3_prepare_v2(db->sql, sql, -1, &q, NULL)) != SQLITE_OK) {
		sql_failed(db, rc, sql);
		return 0;
	}
	if (sql_row(db, q))
		v = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return v;
}

void
ids_add(struct ids *ids, int64_t v)
{
	if (ids->n == ids->cap) {
		ids->cap = ids->cap > 0 ? ids->cap * 2 : 64;
		if ((ids->v = realloc(ids->v, ids->cap * sizeof ids->v[0])) == NULL)
			abort();
	}
	ids->v[ids->n++] = v;
}
