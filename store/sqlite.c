/* sqlite.c - the SQLite engine at work: group commit, checkpoints between groups, closing. */
#include "store/sqlite_int.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* The log is copied into the file at these sizes: when nothing waits, and in any case. */
enum { WAL_PAGES_IDLE = 1024, WAL_PAGES_MAX = 4096 };

void
counts_save(struct db *db)
{
	sqlite3_stmt *q;

	if (memcmp(&db->now, &db->saved, sizeof db->now) == 0)
		return;
	q = sql_query(db, Q_SAVE);
	sql_int(q, 1, db->now.next_push);
	sql_int(q, 2, db->now.next_id);
	sql_int(q, 3, db->now.pushes);
	sql_int(q, 4, db->now.recipients);
	sql_int(q, 5, db->now.live);
	sql_int(q, 6, db->now.held);
	sql_run(db, q);
	db->saved = db->now;
}

void
counts_show(struct db *db)
{
	db->store->next.pushes = (uint64_t)db->now.pushes;
	db->store->next.recipients = (uint64_t)db->now.recipients;
	db->store->next.live = (uint64_t)db->now.live;
	db->store->next.held = (uint64_t)db->now.held;
}


/* ---- one group ------------------------------------------------------------------------- */

static void
run(struct db *db, struct store_op *op)
{
	switch (op->kind) {
	case STORE_ACCEPT: op_accept(db, (struct store_accept *)op); break;
	case STORE_MORE: op_more(db, (struct store_accept *)op); break;
	case STORE_ABANDON: op_abandon(db, (struct store_abandon *)op); break;
	case STORE_CANCEL: op_cancel(db, (struct store_cancel *)op); break;
	case STORE_SUBSCRIBERS: op_subscribers(db, (struct store_subscribers *)op); break;
	case STORE_PROFILE: op_profile(db, (struct store_profile *)op); break;
	case STORE_MEMORY: op_memory(db, (struct store_memories *)op); break;
	case STORE_REMARK: op_remark(db, (struct store_remark *)op); break;
	case STORE_TAKE: op_take(db, (struct store_take *)op); break;
	case STORE_EVENT: op_event(db, (struct store_event *)op); break;
	case STORE_RECEIPT: op_receipt(db, (struct store_receipt *)op); break;
	case STORE_NOTES: op_notes(db, (struct store_notes *)op); break;
	case STORE_NOTE: op_note(db, (struct store_note_result *)op); break;
	case STORE_TICK: op_tick(db, (struct store_tick *)op); break;
	}
	life_flush(db);
}

static void
delete_batch(void *arg, int64_t id)
{
	struct db *db = arg;
	sqlite3_stmt *q = sql_query(db, Q_BATCH_DELETE);

	sql_int(q, 1, id);
	sql_run(db, q);
}

static void
write_shared_batch(struct db *db)
{
	sqlite3_stmt *q = sql_query(db, Q_BATCH_ADD);

	if (db->batch == 0)
		return;
	sql_int(q, 1, db->batch);
	sql_int(q, 2, db->batch_lo);
	sql_int(q, 3, db->batch_hi);
	sql_run(db, q);
}

/* As if the group had never been. */
static void
undo(struct db *db)
{
	int err = db->err;

	db->err = OK;
	if (!sqlite3_get_autocommit(db->sql))
		sql_run(db, sql_query(db, Q_ROLLBACK));
	batches_settle(&db->batches, false);
	names_cut(db, db->names_saved);
	db->now = db->saved;
	db->orphans = db->orphans_saved;
	db->memory = db->memory_saved;
	db->audit.id = 0;
	used_settle(db, false);
	due_unknown(db);
	index_load(db);
	db->err = db->err == OK ? err : ERR_IO;
}

static int
sqlite_group(struct store *store, struct store_op **ops, size_t n, struct why *why)
{
	struct db *db = store->db;
	struct counts before = db->saved;
	size_t i;

	db->err = OK;
	db->batch = 0;
	db->names_saved = db->names.n;
	db->orphans_saved = db->orphans;
	db->memory_saved = db->memory;
	sql_run(db, sql_query(db, Q_BEGIN));
	for (i = 0; i < n && db->err == OK; i++)
		run(db, ops[i]);
	audit_flush(db);
	used_write(db);
	write_shared_batch(db);
	batches_emptied(&db->batches, delete_batch, db);
	index_write(db);
	counts_save(db);
	store->next.oldest_due = due_oldest(db, clock_utc());
	sql_run(db, sql_query(db, Q_COMMIT));
	if (db->err != OK) {
		db->saved = before;
		undo(db);
		*why = db->why;
		return db->err;
	}
	batches_settle(&db->batches, true);
	index_settle(db);
	used_settle(db, true);
	counts_show(db);
	return OK;
}

/* ---- between groups -------------------------------------------------------------------- */

static int
log_grew(void *arg, sqlite3 *sql, const char *name, int pages)
{
	struct db *db = arg;

	db->wal_pages = pages;
	return SQLITE_OK;
}

static int
sqlite_rest(struct store *store, bool busy, struct why *why)
{
	struct db *db = store->db;
	int rc;

	if (db->wal_pages < (busy ? WAL_PAGES_MAX : WAL_PAGES_IDLE))
		return OK;
	rc = sqlite3_wal_checkpoint_v2(db->sql, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	db->wal_pages = 0;
	/* A full disk or a reader in the way: the log grows on, and it is tried again. */
	if (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_FULL)
		return OK;
	db->err = OK;
	sql_failed(db, rc, "checkpoint");
	*why = db->why;
	return ERR_IO;
}

void
sqlite_free(struct db *db)
{
	sql_finish(db);
	sqlite3_close(db->sql);
	if (db->lock_fd >= 0)
		close(db->lock_fd);
	names_done(db);
	index_done(db);
	batches_done(&db->batches);
	usage_done(&db->usage);
	free(db->used);
	free(db->found.v);
	free(db->slice.v);
	sbuf_done(&db->ids_text);
	sbuf_done(&db->new_ids);
	free(db->path);
	free(db->lock_path);
	free(db);
}

static void
sqlite_close(struct store *store)
{
	struct db *db = store->db;

	if (store->dead) {	/* the log is all that can be trusted: the next start reads it */
		sqlite3_db_config(db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	} else {
		db->err = OK;
		sql_exec(db, "UPDATE state SET clean = 1");
		sql_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)");
	}
	sqlite_free(db);
}

static int
sqlite_open_hooked(struct store *store, const char *path, struct why *why)
{
	int err = sqlite_open(store, path, why);

	if (err == OK)
		sqlite3_wal_hook(((struct db *)store->db)->sql, log_grew, store->db);
	return err;
}

const struct store_engine store_sqlite = {
	.scheme = "sqlite",
	.open = sqlite_open_hooked,
	.close = sqlite_close,
	.group = sqlite_group,
	.rest = sqlite_rest,
	.usage = sqlite_usage,
	.reader_open = sqlite_reader_open,
	.reader_close = sqlite_reader_close,
	.read_push = sqlite_read_push,
	.read_recipients = sqlite_read_recipients,
	.read_message = sqlite_read_message,
	.read_pushes = sqlite_read_pushes,
	.read_audit = sqlite_read_audit,
	.read_any_subscriber = sqlite_read_any_subscriber,
	.read_subscriber = sqlite_read_subscriber,
	.read_profiles = sqlite_read_profiles,
	.read_profile = sqlite_read_profile,
	.read_remark = sqlite_read_remark,
	.read_memory = sqlite_read_memory,
};
