/* db.c - see db.h: the file, its schema, and how statements are run. */
#include "contrib/tps/db_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCHEMA = 1, BUSY_MS = 5000 };

static const char schema[] =
"CREATE TABLE device(id INTEGER PRIMARY KEY AUTOINCREMENT, device_id TEXT NOT NULL UNIQUE, msisdn TEXT UNIQUE,"
"  imsi TEXT, profile TEXT, auth INT NOT NULL, require INT NOT NULL, user TEXT NOT NULL, certificate TEXT,"
/* password_digest finds a second device with the same one, also when the password itself is gone. */
"  password TEXT, password_digest TEXT NOT NULL UNIQUE, hash_md5 TEXT NOT NULL, hash_sha256 TEXT NOT NULL,"
"  server_password TEXT NOT NULL, client_nonce BLOB NOT NULL, server_nonce BLOB NOT NULL,"
"  session_id INT NOT NULL DEFAULT 0, created INT NOT NULL, seen INT NOT NULL DEFAULT 0,"
"  server_stamp INT NOT NULL DEFAULT 0);"
"CREATE TABLE mac(device INT, mac TEXT, at INT NOT NULL, PRIMARY KEY(device, mac)) WITHOUT ROWID;"
"CREATE TABLE push(push_id TEXT PRIMARY KEY, device INT NOT NULL, submitted INT NOT NULL, what TEXT NOT NULL,"
"  address TEXT NOT NULL, code INT NOT NULL DEFAULT 0, state TEXT, description TEXT, event_time INT NOT NULL DEFAULT 0);"
"CREATE INDEX push_device ON push(device, submitted);"
"CREATE TABLE command(id INTEGER PRIMARY KEY AUTOINCREMENT, device INT NOT NULL, added INT NOT NULL, verb TEXT NOT NULL,"
"  uri TEXT NOT NULL, format TEXT, type TEXT, data BLOB, status INT NOT NULL DEFAULT 0, done INT NOT NULL DEFAULT 0);"
"CREATE INDEX command_waits ON command(device, id) WHERE status = 0;"
"CREATE INDEX command_device ON command(device, id);"
"CREATE TABLE result(device INT, uri TEXT, format TEXT, data BLOB, at INT NOT NULL, PRIMARY KEY(device, uri)) WITHOUT ROWID;"
"CREATE TABLE event(id INTEGER PRIMARY KEY AUTOINCREMENT, device INT NOT NULL, at INT NOT NULL, kind TEXT NOT NULL,"
"  text TEXT);"
"CREATE INDEX event_device ON event(device, id);";

/* ---- statements ---------------------------------------------------------------------------------- */

static void
bind_one(sqlite3_stmt *q, int at, char type, va_list *ap)
{
	struct span s;

	switch (type) {
	case 'i':
		sqlite3_bind_int64(q, at, va_arg(*ap, int64_t));
		break;
	case 't':
		sqlite3_bind_text(q, at, va_arg(*ap, const char *), -1, SQLITE_TRANSIENT);
		break;
	case 'b':
		s = va_arg(*ap, struct span);
		if (s.p == NULL)
			sqlite3_bind_null(q, at);
		else
			sqlite3_bind_blob64(q, at, s.p, s.n, SQLITE_TRANSIENT);
		break;
	}
}

sqlite3_stmt *
db_query(struct tps_db *db, const char *sql, const char *types, ...)
{
	sqlite3_stmt *q;
	va_list ap;
	int at;

	if (sqlite3_prepare_v2(db->sql, sql, -1, &q, NULL) != SQLITE_OK)
		return NULL;
	va_start(ap, types);
	for (at = 1; *types != '\0'; at++, types++)
		bind_one(q, at, *types, &ap);
	va_end(ap);
	return q;
}

bool
db_row(sqlite3_stmt *q)
{
	return q != NULL && sqlite3_step(q) == SQLITE_ROW;
}

int
db_end(struct tps_db *db, sqlite3_stmt *q, struct why *why)
{
	int rc = q != NULL ? sqlite3_finalize(q) : sqlite3_errcode(db->sql);

	if (rc == SQLITE_OK)
		return OK;
	if (rc == SQLITE_CONSTRAINT)
		return why_set(why, ERR_EXISTS, "another one has that already");
	return why_set(why, ERR_IO, "the database: %s", sqlite3_errstr(rc));
}

int
db_run(struct tps_db *db, sqlite3_stmt *q, struct why *why)
{
	while (db_row(q))
		;
	return db_end(db, q, why);
}

int
db_begin(struct tps_db *db, struct why *why)
{
	return db_do(db, why, db->whole ? "SAVEPOINT part" : "BEGIN IMMEDIATE", "");
}

int
db_commit(struct tps_db *db, int err, struct why *why)
{
	if (err == OK)
		err = db_do(db, why, db->whole ? "RELEASE part" : "COMMIT", "");
	if (err != OK && db->whole)
		db_do(db, NULL, "ROLLBACK TO part", "");
	else if (err != OK && !sqlite3_get_autocommit(db->sql))
		db_do(db, NULL, "ROLLBACK", "");
	if (err != OK && db->whole)
		db_do(db, NULL, "RELEASE part", "");
	return err;
}

int
tps_db_begin(struct tps_db *db, struct why *why)
{
	int err = db_begin(db, why);

	db->whole = err == OK;
	return err;
}

int
tps_db_end(struct tps_db *db, struct why *why)
{
	if (!db->whole)
		return OK;
	db->whole = false;
	return db_commit(db, OK, why);
}

void
db_text(sqlite3_stmt *q, int column, char *out, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(q, column);

	out[0] = '\0';
	if (text != NULL)
		strncat(out, text, size - 1);
}

struct span
db_blob(sqlite3_stmt *q, int column)
{
	const void *p = sqlite3_column_blob(q, column);

	return span_of(p, p != NULL ? (size_t)sqlite3_column_bytes(q, column) : 0);
}

/* ---- the file ------------------------------------------------------------------------------------- */

/*
 * Nobody else may read it, whatever the umask says, and from its first octet on. A file that is there is not opened here:
 * closing it again would take the locks away that other handles of this process have.
 */
static int
make_private(const char *path, struct why *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	else if (errno != EEXIST)
		return why_set(why, ERR_IO, "database %.120s: %s", path, strerror(errno));
	if (chmod(path, 0600) != 0)
		return why_set(why, ERR_IO, "database %.120s: %s", path, strerror(errno));
	return OK;
}

static int
run_script(struct tps_db *db, const char *sql, struct why *why)
{
	int rc = sqlite3_exec(db->sql, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? OK : why_set(why, ERR_IO, "the database: %s", sqlite3_errstr(rc));
}

static int
version(struct tps_db *db, int64_t *out, struct why *why)
{
	sqlite3_stmt *q = db_query(db, "PRAGMA user_version", "");

	*out = db_row(q) ? sqlite3_column_int64(q, 0) : 0;
	return db_end(db, q, why);
}

/* Two programs may open a new file at the same time: who comes second finds the schema. */
static int
make_schema(struct tps_db *db, struct why *why)
{
	int64_t has;
	int err = db_begin(db, why);

	if (err != OK)
		return err;
	err = version(db, &has, why);
	if (err == OK && has == 0) {
		err = run_script(db, schema, why);
		if (err == OK)
			err = run_script(db, "PRAGMA user_version = 1", why);
	} else if (err == OK && has != SCHEMA) {
		err = why_set(why, ERR_UNSUPPORTED, "the database is of version %lld, this program knows %d",
		    (long long)has, SCHEMA);
	}
	return db_commit(db, err, why);
}

int
tps_db_open(const char *path, struct tps_db **out, struct why *why)
{
	bool in_memory = strcmp(path, ":memory:") == 0;
	struct tps_db *db;
	int err = in_memory ? OK : make_private(path, why);

	*out = NULL;
	if (err != OK)
		return err;
	db = calloc(1, sizeof *db);
	if (db == NULL)
		abort();
	if (sqlite3_open_v2(path, &db->sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		err = why_set(why, ERR_IO, "database %.120s: %s", path, sqlite3_errmsg(db->sql));
		tps_db_close(&db);
		return err;
	}
	sqlite3_busy_timeout(db->sql, BUSY_MS);
	/* secure_delete: what is erased (passwords, nonces) is overwritten. */
	err = run_script(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
	    "PRAGMA trusted_schema = OFF", why);
	if (err == OK)
		err = make_schema(db, why);
	if (err != OK)
		tps_db_close(&db);
	else
		*out = db;
	return err;
}

void
tps_db_close(struct tps_db **db)
{
	if (*db == NULL)
		return;
	sqlite3_close((*db)->sql);
	free(*db);
	*db = NULL;
}
