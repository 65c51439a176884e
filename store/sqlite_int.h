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

enum { SCHEMA_VERSION = 3 };

/* Stored, as all that follows. Schema 1 had one class, which is the middle one. */
enum due_kind { DUE_DISPATCH = 1, DUE_DEADLINE, DUE_NO_RECEIPT, DUE_PURGE, DUE_DISPATCH_HIGH,
	DUE_DISPATCH_LOW, DUE_ABANDONED, DUE_AUDIT, DUE_ASK, DUE_KINDS };
/* RCPT_IDS: its message ids are in the index. Neither HIGH nor LOW: the middle class. RCPT_ASKED: ev_ask was applied. */
enum recipient_flag { RCPT_FINAL = 1, RCPT_MAYBE_SENT = 2, RCPT_IDS = 4, RCPT_HIGH = 8, RCPT_LOW = 16,
	RCPT_ASKED = 32 };
enum push_flag { PUSH_SECRET = 1, PUSH_HIGH = 2, PUSH_LOW = 4 };

enum { DESC_MAX = 200 };

enum query {
	Q_BEGIN, Q_COMMIT, Q_ROLLBACK, Q_SAVE,
	Q_PUSH_ADD, Q_PUSH_TEXT, Q_PUSH_LIFE, Q_PUSH_BODY, Q_PUSH_ERASE, Q_PUSH_DELETE,
	Q_PROGRESS_ADD, Q_PROGRESS_GET, Q_PROGRESS_SHOW, Q_PROGRESS_FINAL, Q_PROGRESS_DELETE,
	Q_RCPT_ADD, Q_RCPT_GET, Q_RCPT_SET, Q_RCPT_SENT, Q_RCPT_TAKE, Q_RCPT_RANGE, Q_RCPT_LIVE,
	Q_RCPT_SEGMENT, Q_RCPT_ASK, Q_RCPT_KEYS, Q_RCPT_HELD, Q_RCPT_DELETE,
	Q_KEY_ADD, Q_KEY_RUNS, Q_KEY_DELETE,
	Q_DUE_ADD, Q_DUE_FIRST, Q_DUE_DELETE, Q_DUE_FORGET,
	Q_BATCH_ADD, Q_BATCH_DELETE,
	Q_NOTE_ADD, Q_NOTE_DUE, Q_NOTE_GET, Q_NOTE_LATER, Q_NOTE_DELETE, Q_NOTE_NEXT,
	Q_ORPHAN_ADD, Q_ORPHAN_FIND, Q_ORPHAN_FIRST, Q_ORPHAN_DELETE,
	Q_AUDIT_ADD, Q_AUDIT_CUT, Q_AUDIT_CUT_RUN,
	Q_HEAD_ADD, Q_HEAD_GET, Q_HEAD_DELETE, Q_HEAD_RUN, Q_HEAD_CUT_RUN,
	Q_USED_ADD, Q_USED_CUT,
	Q_SUBSCRIBER_PUT, Q_SUBSCRIBER_DELETE, Q_PROFILE_PUT, Q_PROFILE_DELETE,
	Q_MEMORY_ADD, Q_MEMORY_FORGET, Q_MEMORY_CUT, Q_MEMORY_NEXT, Q_REMARK_ADD, Q_REMARK_OWN, Q_REMARK_DELETE,
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
	int64_t pushes, recipients, live, held;
};

/* What ends with its last recipient; of the push that the running operation is about. */
struct push_life {
	int64_t push;		/* 0: none held */
	bool single, secret, notify;
	bool waits;		/* one of them may be in the run that waits for dispatch */
	int64_t deadline_at, due_at;
	enum due_kind dispatch;
	uint32_t n_final;	/* not written yet */
};

/* An audit row that may still grow by the next recipient. */
struct audit_run {
	int64_t id;		/* 0: none */
	int64_t push, at, link;
	uint32_t lo, hi;
	int event, from, to, code;
	char detail[DESC_MAX + 1];
};

struct used {			/* recipients submitted by the group that runs */
	int64_t pi, day;
	uint64_t n;
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
	int64_t memory, memory_saved;	/* rows */
	bool remarks;		/* there may be some */
	struct names names;
	struct batches batches;
	int64_t batch, batch_lo, batch_hi;	/* the one that taken ACCEPTs of a group share */
	int wal_pages;
	struct push_life life;
	struct audit_run audit;
	struct { int64_t at, lo, hi; } purged;	/* pushes to one whose audit will go together; hi 0: none */
	struct usage usage;
	struct used *used;
	size_t n_used, cap_used;
	int64_t used_day;	/* older ones than the day before it are gone */
	struct { bool known; int64_t at; } first[DUE_KINDS];	/* of the rows of a kind; 0 = none */
	struct ids found, slice;
	struct sbuf ids_text, new_ids;
};

/* ---- sqlite_sql.c: statements ---------------------------------------------------------- */

extern const char *const sql_schemas[SCHEMA_VERSION];
#define SQL_RCPT_KEYS "SELECT id, key, CASE WHEN key IS NULL THEN address END FROM recipient" \
	" WHERE id BETWEEN ?1 AND ?2"
#define SQL_KEY_RUNS "SELECT id, hashes FROM key_run WHERE id BETWEEN ?1 AND ?2"
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
int64_t names_find(struct db *db, const char *text);	/* 0: none; nothing is added */
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

/* ---- sqlite_keys.c: recipients by the keys of their addresses ------------------------------------ */

struct key_slot {
	uint64_t hash;
	uint32_t value;
	bool used, marked;
};

struct keyset {
	struct key_slot *slots;
	size_t cap;
};

void keyset_init(struct keyset *s, size_t n);		/* room for n */
void keyset_done(struct keyset *s);
struct key_slot *keyset_put(struct keyset *s, uint64_t hash, uint32_t value);	/* the first value stays */
struct key_slot *keyset_find(const struct keyset *s, uint64_t hash);	/* or NULL */

/* Those of one ACCEPT or MORE, whose rows do not have them. */
bool keys_in_rows(const struct store_accept *a);
void keys_add(struct db *db, const struct store_accept *a);
/*
 * Call each() for every recipient of the push, in order of n. `runs` and `rows` are statements made of
 * SQL_KEY_RUNS and SQL_RCPT_KEYS, of any connection. SQLITE_OK or an error of it.
 */
int keys_walk(sqlite3_stmt *runs, sqlite3_stmt *rows, uint64_t hash_key, int64_t push,
    void (*each)(void *arg, uint32_t n, uint64_t hash), void *arg);

/* ---- sqlite_audit.c ------------------------------------------------------------------------------ */

struct happening;

void audit_accept(struct db *db, const struct store_accept *a, uint32_t n_recipients, int state);
void audit_add(struct db *db, int64_t rid, const struct happening *h);
void audit_flush(struct db *db);
/* The push is purged: its audit stays until then. Times come in order; audit_keep_flush() ends them. */
void audit_keep(struct db *db, int64_t push, int64_t pi, const char *push_id, bool single, int64_t until);
void audit_keep_flush(struct db *db);
/* A slice of a run of DUE_AUDIT: how much was deleted, and where the rest begins, past hi when there is none. */
uint32_t audit_purge(struct db *db, int64_t lo, int64_t hi, int64_t now, uint32_t most, int64_t *rest);

/* ---- sqlite_facts.c: what is known of initiators and devices --------------------------------------- */

void used_add(struct db *db, int64_t pi, int64_t received, uint64_t n);
void used_write(struct db *db);		/* into the group */
void used_settle(struct db *db, bool committed);
void used_load(struct db *db);
uint64_t sqlite_usage(struct store *store, const char *pi, int64_t day);

/* ---- sqlite_memory.c: what recipients leave beside their rows ---------------------------------------- */

void memory_add(struct db *db, const struct store_accept *a);	/* and the remark */
void memory_forget(struct db *db, int64_t lo, int64_t hi);	/* of recipients that never became visible */
bool memory_waits(struct db *db, int64_t now);	/* is there something to purge? */
uint32_t memory_purge(struct db *db, int64_t now, uint32_t most);
int64_t memory_next(struct db *db);	/* when there is something to purge; 0: never */
void remark_delete(struct db *db, int64_t push);

/* ---- operations: db->err tells of failure ---------------------------------------------- */

void op_accept(struct db *db, struct store_accept *a);
void op_more(struct db *db, struct store_accept *a);
void op_abandon(struct db *db, struct store_abandon *a);
void op_take(struct db *db, struct store_take *t);
void op_event(struct db *db, struct store_event *e);
void op_cancel(struct db *db, struct store_cancel *c);
void op_receipt(struct db *db, struct store_receipt *r);
void op_notes(struct db *db, struct store_notes *s);
void op_note(struct db *db, struct store_note_result *r);
void op_tick(struct db *db, struct store_tick *t);
void tick_ask(struct db *db, struct store_tick *t, uint32_t most);	/* touches at most `most` runs */
void op_subscribers(struct db *db, struct store_subscribers *s);
void op_profile(struct db *db, struct store_profile *p);
void op_memory(struct db *db, struct store_memories *m);
void op_remark(struct db *db, struct store_remark *r);

/* ---- sqlite_accept.c ---------------------------------------------------------------------------- */

/* A push that is whole; 0: this initiator has none. */
int64_t push_find(struct db *db, int64_t pi, const char *push_id, uint32_t *n_recipients);

/* ---- sqlite_cancel.c: also one push takes the place of another ------------------------------------ */

/* Before anything of the push is written. */
bool replace_possible(struct db *db, const struct store_accept *a, int64_t old);
/* The push is whole and in the tables; old 0: there is none (any more). */
void replace_old(struct db *db, struct store_accept *a, int64_t old);

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
	bool ignored, final, was_maybe_sent;
};

int life_happen(struct db *db, int64_t rid, struct happening *h);	/* OK or ERR_NOT_FOUND */
int life_state(struct db *db, int64_t rid);	/* 0: no such recipient */
/* Write what the ends of recipients add up to: with every operation, before progress is looked at. */
void life_flush(struct db *db);

/* ---- sqlite_due.c ---------------------------------------------------------------------- */

struct due {
	int64_t at, lo, hi;
};

enum due_kind due_dispatch(enum store_priority priority);
bool due_first(struct db *db, enum due_kind kind, struct due *out);
void due_sooner(int64_t *next, int64_t at);		/* at 0: never */
void due_add(struct db *db, enum due_kind kind, int64_t at, int64_t lo, int64_t hi);
void due_delete(struct db *db, enum due_kind kind, int64_t at, int64_t lo);
void due_forget(struct db *db, enum due_kind kind, int64_t at, int64_t lo, int64_t hi);
int64_t due_next(struct db *db, enum due_kind kind);	/* 0 = none */
int64_t due_oldest(struct db *db, int64_t now);		/* dispatch that is due; 0 = none */
void due_unknown(struct db *db);			/* the group was lost */

/* ---- sqlite_recover.c ------------------------------------------------------------------ */

/* Requeue what open batches hold, remove pushes that never became whole; before the writer starts. */
void due_recover(struct db *db);

/* ---- sqlite_tick.c --------------------------------------------------------------------- */

/* All but its recipients; its audit stays until then. 0: it has none, or nothing leads to it any more. */
void push_delete(struct db *db, int64_t push, int64_t audit_until);
/* At most so many of the run, from its begin; how many there were. */
uint32_t push_delete_recipients(struct db *db, int64_t lo, int64_t hi, uint32_t most);

/* ---- sqlite_read.c, sqlite_list.c: readers ----------------------------------------------------------- */

enum read_query { R_BEGIN, R_END, R_INDEX, R_PUSH, R_PROGRESS, R_RECIPIENTS, R_MESSAGE, R_KEY_RUNS, R_KEYS, R_NAME, R_HEAD,
	R_AUDIT, R_PUSHES, R_SUBSCRIBER, R_ANY_SUBSCRIBER, R_PROFILES, R_PROFILE, R_REMARK, R_MEMORY, READ_QUERIES };

struct reader {
	struct db *db;
	sqlite3 *sql;
	sqlite3_stmt *q[READ_QUERIES];
	struct ids found;
};

/* A row: true; else *err is OK at the end and ERR_IO after a failure. */
bool read_row(sqlite3_stmt *q, int *err);
void read_step(sqlite3_stmt *q, int *err);	/* to the first row, and reset */
/* Rows that may have this push-id, into r->found; begins the snapshot, which R_END ends. */
int read_candidates(struct reader *r, const char *push_id);
int read_end(struct reader *r, int result);

int sqlite_reader_open(struct store *store, void **out, struct why *why);
void sqlite_reader_close(void *reader);
int sqlite_read_push(void *reader, const char *pi, const char *push_id, uint32_t first, uint32_t max,
    struct store_view *out);
int sqlite_read_recipients(void *reader, const char *pi, const char *push_id, const char *const *keys,
    uint32_t n_keys, struct store_view *out);
int sqlite_read_message(void *reader, const char *pi, const char *push_id, const char *key,
    struct store_message *out);
int sqlite_read_pushes(void *reader, const char *pi, int64_t before, uint32_t max,
    struct store_push_row **rows, uint32_t *n);
int sqlite_read_audit(void *reader, const char *pi, const char *push_id, int64_t after, uint32_t max,
    struct store_audit_row **rows, uint32_t *n);
int sqlite_read_remark(void *reader, int64_t push, uint32_t n, uint32_t *first_n, uint32_t *n_chunk, char **text);
int sqlite_read_memory(void *reader, int64_t now, void (*each)(void *arg, const struct store_memory *row), void *arg);
int sqlite_read_any_subscriber(void *reader, bool *any);
int sqlite_read_subscriber(void *reader, const char *key, struct store_subscriber_view *out);
int sqlite_read_profiles(void *reader, const char *after, uint32_t max, struct store_profile_row **rows, uint32_t *n);
int sqlite_read_profile(void *reader, const char *name, struct sbuf *document, char **content_type);

#endif
