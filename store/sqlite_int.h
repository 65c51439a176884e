/*
 * sqlite_int.h - the SQLite engine: connection, prepared statements, and the steps that
 * operations share. All on the writer thread; sqlite_read.c has connections of its own.
 *
 * An SQLite error is remembered in db->err and the group ends with it, so the steps return
 * nothing that has to be looked at: after an error they do nothing more.
 */
#ifndef STORE_SQLITE_INT_H
#define STORE_SQLITE_INT_H

#include <sqlite3.h>

#include "store/store_int.h"

/*
 * A recipient's row id is its push's row and its number in one: ordered by (push, n), so any
 * run of recipients is two numbers.
 */
enum { N_BITS = 20, N_MAX = (1 << N_BITS) - 1 };

static inline int64_t rid_of(int64_t push, uint32_t n) { return push << N_BITS | n; }
static inline int64_t rid_push(int64_t rid) { return rid >> N_BITS; }
static inline uint32_t rid_n(int64_t rid) { return (uint32_t)(rid & N_MAX); }

enum due_kind { DUE_DISPATCH = 1, DUE_DEADLINE, DUE_NO_RECEIPT, DUE_PURGE };
/* RCPT_IDS: its message ids are in the index. */
enum recipient_flag { RCPT_FINAL = 1, RCPT_MAYBE_SENT = 2, RCPT_IDS = 4 };

enum query {
	Q_BEGIN, Q_COMMIT, Q_ROLLBACK, Q_SAVE,
	Q_PUSH_ADD, Q_PUSH_TEXT, Q_PUSH_LIFE, Q_PUSH_BODY, Q_PUSH_ERASE, Q_PUSH_DELETE,
	Q_PROGRESS_ADD, Q_PROGRESS_GET, Q_PROGRESS_SHOW, Q_PROGRESS_FINAL, Q_PROGRESS_DELETE,
	Q_RCPT_ADD, Q_RCPT_GET, Q_RCPT_SET, Q_RCPT_SENT, Q_RCPT_TAKE, Q_RCPT_RANGE, Q_RCPT_LIVE,
	Q_RCPT_SEGMENT, Q_RCPT_DELETE,
	Q_DUE_ADD, Q_DUE_FIRST, Q_DUE_DELETE, Q_DUE_FORGET,
	Q_BATCH_ADD, Q_BATCH_DELETE,
	Q_NOTE_ADD, Q_NOTE_DUE, Q_NOTE_GET, Q_NOTE_LATER, Q_NOTE_DELETE, Q_NOTE_NEXT,
	Q_ORPHAN_ADD, Q_ORPHAN_FIND, Q_ORPHAN_FIRST, Q_ORPHAN_DELETE,
	Q_NAME_ADD,
	Q_PUSH_INDEX_ADD, Q_PUSH_INDEX_FIND, Q_PUSH_INDEX_REMOVE, Q_PUSH_LOG_ADD, Q_PUSH_LOG_CUT,
	Q_MSG_INDEX_ADD, Q_MSG_INDEX_FIND, Q_MSG_INDEX_REMOVE, Q_MSG_LOG_ADD, Q_MSG_LOG_CUT,
	QUERIES
};

struct ids {			/* numbers that a look-up found */
	int64_t *v;
	size_t n, cap;
};

/* Names that repeat (initiators, links) are stored as numbers. */
struct names {
	char **by_id;		/* [id - 1] */
	size_t n, cap;
	uint32_t *order;	/* ids in the order of their texts */
};

/* ---- from a hash to rows: sqlite_index.c ----------------------------------------------- */

enum index_kind { INDEX_PUSH, INDEX_MESSAGE, INDEXES };

struct index_entry {
	uint64_t hash;
	uint64_t id_mark;	/* id << 2 | mark */
};

struct lazy_index {
	pthread_mutex_t lock;	/* for readers: the writer takes it to change, not to look */
	struct young { struct index_entry *slots; size_t cap, n; } young;
	struct old { struct index_entry *v; size_t n, at; } old;
	struct sbuf log;	/* changes of the group that runs */
	/* Rows of the log: the youngest; up to where they are old, merged, deleted. */
	int64_t last_log, old_log, dead_log, cut_log;
};

/* What is kept in the one row of table state, written with every group that changes it. */
struct counts {
	int64_t next_push, next_id;	/* never given out twice */
	int64_t pushes, recipients, live;
};

struct db {
	struct store *store;
	sqlite3 *sql;
	sqlite3_stmt *q[QUERIES];
	char *path, *lock_path;
	int lock_fd;
	bool created;		/* the file is new: goes again when open fails */
	int err;		/* OK, ERR_FULL or ERR_IO: the group is lost */
	struct why why;
	struct counts now, saved;
	uint64_t hash_key;	/* random, of this file: nobody can make ids that share a chain */
	struct lazy_index index[INDEXES];
	size_t young_max;	/* entries of a generation */
	size_t names_saved;
	int64_t orphans, orphans_saved, orphans_max;
	struct names names;
	struct batches batches;
	int64_t batch, batch_lo, batch_hi;	/* the one that taken ACCEPTs of a group share */
	int wal_pages;
	struct ids found, slice;
	struct sbuf ids_text, new_ids;
};

/* ---- sqlite_sql.c: statements ---------------------------------------------------------- */

extern const char *const sql_schema;
int sql_prepare(struct db *db);
void sql_finish(struct db *db);
/* Remember the error `rc` of the connection; a broken rule of the schema is our bug and aborts. */
void sql_failed(struct db *db, int rc, const char *doing);
sqlite3_stmt *sql_query(struct db *db, enum query q);
bool sql_row(struct db *db, sqlite3_stmt *q);	/* false at the end, and after an error */
void sql_run(struct db *db, sqlite3_stmt *q);	/* to the end, and reset */
void sql_int(sqlite3_stmt *q, int at, int64_t v);
void sql_text(sqlite3_stmt *q, int at, const char *s);	/* borrowed until run; NULL allowed */
void sql_blob(sqlite3_stmt *q, int at, struct span s);	/* NULL when empty */
char *sql_get_text(sqlite3_stmt *q, int column);	/* heap copy or NULL */
struct span sql_get_blob(sqlite3_stmt *q, int column);	/* borrowed */
int sql_exec(struct db *db, const char *sql);		/* OK or db->err */
int64_t sql_number(struct db *db, const char *sql);	/* first column of the first row, or 0 */
void ids_add(struct ids *ids, int64_t v);

/* ---- sqlite.c -------------------------------------------------------------------------- */

void counts_save(struct db *db);	/* into the transaction that runs, if they changed */
void counts_show(struct db *db);	/* to store_stats */
void sqlite_free(struct db *db);

/* ---- sqlite_open.c --------------------------------------------------------------------- */

int sqlite_open(struct store *store, const char *path, struct why *why);

/* ---- sqlite_names.c -------------------------------------------------------------------- */

int64_t names_id(struct db *db, const char *text);	/* NULL: 0 */
const char *names_text(struct db *db, int64_t id);	/* NULL for 0 */
void names_load(struct db *db);
void names_cut(struct db *db, size_t n);		/* forget what came after the first n */
void names_done(struct db *db);

/* ---- sqlite_index.c: which rows may have this hash ------------------------------------- */

void index_add(struct db *db, enum index_kind k, uint64_t hash, int64_t id);
void index_remove(struct db *db, enum index_kind k, uint64_t hash, int64_t id);
void index_find(struct db *db, enum index_kind k, uint64_t hash, struct ids *out);
/* Any thread: adds those that are not in the b-tree yet; what it gives may also be in there, or gone. */
void index_find_shared(struct db *db, enum index_kind k, uint64_t hash, struct ids *out);
void index_write(struct db *db);	/* into the group, before its counts are saved */
void index_settle(struct db *db);	/* after its commit */
void index_init(struct db *db);
void index_load(struct db *db);		/* at start, and after a group that was lost */
void index_done(struct db *db);

/* ---- operations: db->err tells of failure ---------------------------------------------- */

void op_accept(struct db *db, struct store_accept *a);
void op_more(struct db *db, struct store_accept *a);
void op_take(struct db *db, struct store_take *t);
void op_event(struct db *db, struct store_event *e);
void op_receipt(struct db *db, struct store_receipt *r);
void op_notes(struct db *db, struct store_notes *s);
void op_note(struct db *db, struct store_note_result *r);
void op_tick(struct db *db, struct store_tick *t);

/* ---- sqlite_life.c: an event meets a recipient ----------------------------------------- */

struct happening {
	int event;
	int64_t at;
	int code;
	const char *desc;
	int64_t due_at;
	bool maybe_sent;
	const char *link;
	char (*message_ids)[MESSAGE_ID_SIZE];
	unsigned n_ids;
	/* out */
	int from, to;
	bool ignored, final;
};

int life_happen(struct db *db, int64_t rid, struct happening *h);	/* OK or ERR_NOT_FOUND */

/* ---- sqlite_due.c ---------------------------------------------------------------------- */

void due_add(struct db *db, enum due_kind kind, int64_t at, int64_t lo, int64_t hi);
void due_delete(struct db *db, enum due_kind kind, int64_t at, int64_t lo);
int64_t due_next(struct db *db, enum due_kind kind);	/* 0 = none */
/* Requeue what open batches hold, remove pushes that never became whole; before the writer starts. */
void due_recover(struct db *db);
void push_delete(struct db *db, int64_t push);		/* all but its recipients */

/* ---- sqlite_read.c --------------------------------------------------------------------- */

int sqlite_reader_open(struct store *store, void **out, struct why *why);
void sqlite_reader_close(void *reader);
int sqlite_read_push(void *reader, const char *pi, const char *push_id, uint32_t first, uint32_t max,
    struct store_view *out);

#endif
