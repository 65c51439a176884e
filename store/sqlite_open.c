/* sqlite_open.c - the checks of a start, the file, its settings and its schema. */
#include "store/sqlite_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

enum { APPLICATION_ID = 0x4F505047 };		/* "OPPG" */
enum { PAGE_SIZE = 4096 };		/* larger ones cost more with small groups */
enum { ORPHANS_MAX = 100000 };
enum { HELD_SINCE = 3 };	/* the version from which held recipients are counted */

/* ---- before SQLite may touch the file -------------------------------------------------- */

/* Locks and shared memory do not work, or not well enough, over a network. */
static int
check_file_system(const char *dir, const char *path, struct why *why)
{
	static const struct {
		unsigned long type;
		const char *name;
	} remote[] = {
		{ 0x6969, "NFS" }, { 0x517B, "SMB" }, { 0xFF534D42, "CIFS" }, { 0xFE534D42, "SMB2" },
		{ 0x00C36400, "Ceph" }, { 0x5346414F, "AFS" }, { 0x73757245, "Coda" },
		{ 0x0BD00BD0, "Lustre" }, { 0x01021997, "9P" }, { 0x7461636F, "OCFS2" },
		{ 0x01161970, "GFS2" }, { 0x564C, "NCP" },
	};
	struct statfs st;
	size_t i;

	if (statfs(dir, &st) != 0)
		return why_set(why, ERR_IO, "%s: %s: %s", path, dir, strerror(errno));
	for (i = 0; i < sizeof remote / sizeof remote[0]; i++)
		if (((unsigned long)st.f_type & 0xFFFFFFFF) == remote[i].type)
			return why_set(why, ERR_UNSUPPORTED, "%s: lies on a network file system (%s)",
			    path, remote[i].name);
	return OK;
}

static int
take_lock(struct db *db, struct why *why)
{
	db->lock_fd = open(db->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (db->lock_fd < 0)
		return why_set(why, ERR_IO, "%s: %s", db->lock_path, strerror(errno));
	if (flock(db->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return why_set(why, ERR_BUSY, "%s: %s", db->path,
		    errno == EWOULDBLOCK ? "in use by another process" : strerror(errno));
	return OK;
}

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int
wrong_version(const struct db *db, int64_t version, struct why *why)
{
	return why_set(why, ERR_UNSUPPORTED, "%s: schema version %lld, this program knows up to %d",
	    db->path, (long long)version, SCHEMA_VERSION);
}

/*
 * Look at the header of the file ourselves: SQLite may change a file it opens (C-07). Creates
 * an empty file when there is none. No lock is held yet that closing the descriptor could drop.
 */
static int
check_file(struct db *db, struct why *why)
{
	uint8_t head[100];
	struct stat st;
	ssize_t n;
	int fd;

	fd = open(db->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0) {
		db->created = true;
		close(fd);
		return OK;
	}
	if (errno == EEXIST)
		fd = open(db->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return why_set(why, ERR_IO, "%s: %s", db->path, strerror(errno));
	n = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? pread(fd, head, sizeof head, 0) : -1;
	close(fd);
	if (n < 0)
		return why_set(why, ERR_IO, "%s: not a file that can be read", db->path);
	if (n == 0)
		return OK;	/* a first start that was cut short */
	if (n < (ssize_t)sizeof head || memcmp(head, "SQLite format 3", 16) != 0 ||
	    be32(head + 68) != APPLICATION_ID)
		return why_set(why, ERR_SYNTAX, "%s: not a database of this program", db->path);
	if (be32(head + 60) > SCHEMA_VERSION)
		return wrong_version(db, be32(head + 60), why);
	return OK;
}

/* ---- opening --------------------------------------------------------------------------- */

/* Settings that must hold: set, then read back. */
static void
set_pragmas(struct db *db)
{
	struct {
		const char *name;
		int64_t value;
	} rows[] = {
		{ "mmap_size", 0 }, { "trusted_schema", 0 }, { "cell_size_check", 1 },
		{ "foreign_keys", 1 }, { "synchronous", 2 }, { "wal_autocheckpoint", 0 },
		{ "secure_delete", 1 }, { "temp_store", 2 },
		{ "cache_size", -(int64_t)db->store->cf.cache_kib },
	};
	char sql[100];
	size_t i;

	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	snprintf(sql, sizeof sql, "PRAGMA page_size=%d; PRAGMA journal_mode=WAL", PAGE_SIZE);
	sql_exec(db, sql);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(sql, sizeof sql, "PRAGMA %s=%lld", rows[i].name, (long long)rows[i].value);
		sql_exec(db, sql);
		snprintf(sql, sizeof sql, "PRAGMA %s", rows[i].name);
		if (sql_number(db, sql) != rows[i].value && db->err == OK)
			db->err = why_set(&db->why, ERR_UNSUPPORTED, "%s: %s cannot be set to %lld",
			    db->path, rows[i].name, (long long)rows[i].value);
	}
	if (sql_number(db, "SELECT journal_mode = 'wal' FROM pragma_journal_mode") != 1 && db->err == OK)
		db->err = why_set(&db->why, ERR_UNSUPPORTED, "%s: no write-ahead log here", db->path);
}

/*
 * From the version that the file has (0: it is new) to ours, in one transaction. The marks go into the main
 * file at once: later starts recognise it without its log.
 */
static void
migrate(struct db *db, int64_t version)
{
	char marks[100], held[100];
	int64_t old = version;

	if (version > 0 && version < SCHEMA_VERSION)
		log_info("store", "%s: schema version %lld becomes %d", db->path, (long long)version,
		    SCHEMA_VERSION);
	snprintf(marks, sizeof marks, "PRAGMA application_id=%d; PRAGMA user_version=%d", APPLICATION_ID,
	    SCHEMA_VERSION);
	sql_exec(db, "BEGIN IMMEDIATE");
	for (; version < SCHEMA_VERSION; version++)
		sql_exec(db, sql_schemas[version]);
	if (old > 0 && old < HELD_SINCE) {
		snprintf(held, sizeof held, "UPDATE state SET held = (SELECT count(*) FROM recipient WHERE state = %d)",
		    db->store->cf.rules.held);
		sql_exec(db, held);
	}
	sql_exec(db, marks);
	sql_exec(db, "COMMIT");
	sql_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)");
}

static void
quick_check(struct db *db)
{
	sqlite3_stmt *q;
	int rc;

	log_info("store", "%s: not closed cleanly, and the machine was off or the file moved: checking", db->path);
	if ((rc = sqlite3_prepare_v2(db->sql, "PRAGMA quick_check(1)", -1, &q, NULL)) != SQLITE_OK) {
		sql_failed(db, rc, "quick_check");
		return;
	}
	if (sql_row(db, q) && strcmp((const char *)sqlite3_column_text(q, 0), "ok") != 0) {
		char *found = sql_get_text(q, 0), *nl;

		while ((nl = strchr(found, '\n')) != NULL)
			*nl = ' ';
		db->err = why_set(&db->why, ERR_IO, "%s: damaged: %s", db->path, found);
		free(found);
	}
	sqlite3_finalize(q);
}

static void
read_counts(struct db *db)
{
	static const char sql[] = "SELECT next_push, next_id, pushes, recipients, live, hash_key, held FROM state";
	sqlite3_stmt *q;
	int rc;

	if ((rc = sqlite3_prepare_v2(db->sql, sql, -1, &q, NULL)) != SQLITE_OK) {
		sql_failed(db, rc, sql);
		return;
	}
	if (sql_row(db, q)) {
		db->now = (struct counts){
			.next_push = sqlite3_column_int64(q, 0), .next_id = sqlite3_column_int64(q, 1),
			.pushes = sqlite3_column_int64(q, 2), .recipients = sqlite3_column_int64(q, 3),
			.live = sqlite3_column_int64(q, 4), .held = sqlite3_column_int64(q, 6),
		};
		db->hash_key = (uint64_t)sqlite3_column_int64(q, 5);
	}
	sqlite3_finalize(q);
	db->saved = db->now;
}

/*
 * This run of the machine and this file, "boot-id device inode"; empty when it cannot be told. While it stays the
 * same nothing that a process wrote can be lost, however the process ended.
 */
static void
where_we_are(const struct db *db, char *out, size_t size)
{
	char boot[40] = "";
	struct stat st;
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	out[0] = '\0';
	if (f == NULL)
		return;
	if (fscanf(f, "%39s", boot) == 1 && stat(db->path, &st) == 0)
		snprintf(out, size, "%s %llu %llu", boot, (unsigned long long)st.st_dev,
		    (unsigned long long)st.st_ino);
	fclose(f);
}

/* A file that was not closed is checked when it is another one or the machine was off meanwhile. */
static void
check_and_mark(struct db *db)
{
	static const char sql[] = "SELECT clean, opened FROM state", mark[] = "UPDATE state SET clean = 0, opened = ?1";
	bool clean = false, same = false;
	sqlite3_stmt *q = NULL;
	char here[100];
	int rc;

	where_we_are(db, here, sizeof here);
	if ((rc = sqlite3_prepare_v2(db->sql, sql, -1, &q, NULL)) == SQLITE_OK && sql_row(db, q)) {
		const char *opened = (const char *)sqlite3_column_text(q, 1);

		clean = sqlite3_column_int(q, 0) != 0;
		same = here[0] != '\0' && opened != NULL && strcmp(opened, here) == 0;
	}
	sqlite3_finalize(q);
	if (rc == SQLITE_OK && db->err == OK && !clean && !same)
		quick_check(db);
	else if (!clean)
		log_info("store", "%s: not closed cleanly", db->path);
	if (db->err == OK && rc == SQLITE_OK && (rc = sqlite3_prepare_v2(db->sql, mark, -1, &q, NULL)) == SQLITE_OK) {
		sql_text(q, 1, here[0] != '\0' ? here : NULL);
		sql_run(db, q);
		sqlite3_finalize(q);
	}
	if (rc != SQLITE_OK)
		sql_failed(db, rc, sql);
}

static void
load_state(struct db *db)
{
	check_and_mark(db);
	if (db->err != OK)
		return;
	read_counts(db);
	db->orphans = sql_number(db, "SELECT count(*) FROM orphan");
	db->memory = sql_number(db, "SELECT count(*) FROM memory");
	db->remarks = sql_number(db, "SELECT EXISTS(SELECT 1 FROM remark)") != 0;
	names_load(db);
	used_load(db);
	index_load(db);
}

static bool
is_empty(struct db *db)
{
	return sql_number(db, "PRAGMA user_version") == 0 &&
	    sql_number(db, "SELECT count(*) FROM sqlite_master") == 0;
}

/* The header may be older than the log beside it: ask SQLite as well before anything is changed. */
static void
check_schema(struct db *db)
{
	int64_t version = sql_number(db, "PRAGMA user_version");

	if (db->err == OK && sql_number(db, "PRAGMA application_id") != APPLICATION_ID && db->err == OK)
		db->err = why_set(&db->why, ERR_SYNTAX, "%s: not a database of this program", db->path);
	else if (db->err == OK && (version < 1 || version > SCHEMA_VERSION))
		db->err = wrong_version(db, version, &db->why);
}

static void
start(struct db *db)
{
	bool empty = is_empty(db);
	int64_t version;

	if (!empty)
		check_schema(db);
	if (db->err == OK && sqlite3_db_readonly(db->sql, "main") == 1)
		db->err = why_set(&db->why, ERR_IO, "%s: cannot be written", db->path);
	if (db->err != OK)
		return;
	set_pragmas(db);
	if ((version = sql_number(db, "PRAGMA user_version")) < SCHEMA_VERSION && db->err == OK)
		migrate(db, version);
	load_state(db);
	if (db->err == OK && sql_prepare(db) == OK)
		due_recover(db);
}

static int
open_file(struct db *db, struct why *why)
{
	const char *slash = strrchr(db->path, '/');
	char *dir = slash == NULL ? strdup(".") : strndup(db->path, (size_t)(slash - db->path) + 1);
	int err, rc;

	if (dir == NULL)
		abort();
	err = check_file_system(dir, db->path, why);
	free(dir);
	if (err != OK || (err = take_lock(db, why)) != OK || (err = check_file(db, why)) != OK)
		return err;
	rc = sqlite3_open_v2(db->path, &db->sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
	    SQLITE_OPEN_EXRESCODE, NULL);
	/* Nobody else should write; an operator with a shell may hold the lock for a moment. */
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(db->sql, 2000);
	if (rc != SQLITE_OK)
		sql_failed(db, rc, "open");
	else
		start(db);
	if (db->err != OK && why != NULL)
		*why = db->why;
	return db->err;
}

/* A file that a failed start made is taken away again. */
static void
remove_files(const struct db *db)
{
	static const char *const ends[] = { "", "-wal", "-shm", ".lock" };
	size_t i;

	for (i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		struct sbuf name = { 0 };

		sbuf_fmt(&name, "%s%s", db->path, ends[i]);
		unlink(name.s);
		sbuf_done(&name);
	}
}

int
sqlite_open(struct store *store, const char *path, struct why *why)
{
	struct sbuf lock = { 0 };
	struct db *db;
	int err;

	if (path[0] == '\0')
		return why_set(why, ERR_SYNTAX, "sqlite: no path");
	if ((db = calloc(1, sizeof *db)) == NULL || (db->path = strdup(path)) == NULL)
		abort();
	sbuf_fmt(&lock, "%s.lock", path);
	db->lock_path = sbuf_take(&lock);
	db->lock_fd = -1;
	index_init(db);
	usage_init(&db->usage);
	db->store = store;
	db->orphans_max = ORPHANS_MAX;
	db->young_max = store->cf.cache_kib * 2;	/* 48 octets each with the old ones, two indexes */
	if ((err = open_file(db, why)) != OK) {
		if (db->sql != NULL)
			sqlite3_db_config(db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		if (db->created)
			remove_files(db);
		sqlite_free(db);
		return err;
	}
	counts_show(db);
	store->next.oldest_due = due_oldest(db, clock_utc());
	store->db = db;
	return OK;
}
