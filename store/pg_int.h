/*
 * pg_int.h - the PostgreSQL engine: one connection that writes, statements whose parameters are
 * whole columns, and the rows that a group works on. All on the writer thread; pg_read.c has
 * connections of its own.
 *
 * A group asks for what its operations need in a few set-based queries, decides in memory, and
 * writes what changed in as many statements as tables were touched. An error is remembered in
 * pg->err and the group ends with it: after that the steps do nothing more.
 */
#ifndef STORE_PG_INT_H
#define STORE_PG_INT_H

#include <libpq-fe.h>

#include "store/store_int.h"

/* A recipient's row id is its push's row and its number in one: any run of recipients is two numbers. */
enum { N_BITS = 20, N_MAX = (1 << N_BITS) - 1 };

static inline int64_t rid_of(int64_t push, uint32_t n) { return push << N_BITS | n; }
static inline int64_t rid_push(int64_t rid) { return rid >> N_BITS; }
static inline uint32_t rid_n(int64_t rid) { return (uint32_t)(rid & N_MAX); }

/* Stored as numbers. DUE_DISPATCH and the priority make one kind for each class. */
enum due_kind { DUE_DEADLINE = 1, DUE_NO_RECEIPT, DUE_PURGE, DUE_ABANDONED, DUE_AUDIT, DUE_ASK, DUE_DISPATCH = 8 };
/* RCPT_IDS: its message ids are in table message. RCPT_ASKED: ev_ask was applied. */
enum recipient_flag { RCPT_FINAL = 1, RCPT_MAYBE_SENT = 2, RCPT_IDS = 4, RCPT_ASKED = 8 };
enum pg_statement {
	/* what a group asks */
	A_PUSH_IDS, A_PUSHES, A_RECIPIENTS, A_RUNS, A_KEYS, A_MESSAGES, A_ORPHANS, A_ORPHANS_OLD, A_NOTES,
	A_NOTES_DUE, A_NOTE_NEXT, A_DUE, A_DUE_NEXT, A_TO_SEND, A_BODIES, A_REPLACED, A_KEYS_OF, A_BATCHES,
	A_INCOMING, A_TAKEN, A_MEMORY_NEXT, A_HELD,
	/* what it writes, in this order */
	W_PUSH, W_FIRST = W_PUSH, W_PROGRESS, W_PROGRESS_SET, W_ERASE, W_RECIPIENT, W_RECIPIENT_SET, W_MESSAGE_DELETE,
	W_MESSAGE,
	W_DUE_FORGET, W_DUE_DELETE, W_DUE, W_BATCH, W_BATCH_DELETE, W_NOTE, W_NOTE_SET, W_NOTE_DELETE,
	W_ORPHAN, W_ORPHAN_DELETE, W_AUDIT, W_USAGE, W_SUBSCRIBER, W_SUBSCRIBER_DELETE, W_PROFILE,
	W_PROFILE_DELETE, W_REMARK, W_REMARK_OWN, W_MEMORY, W_MEMORY_FORGET, W_MEMORY_CUT, W_RECIPIENT_DELETE, W_PUSH_DELETE, W_PROGRESS_DELETE, W_AUDIT_DELETE, W_USAGE_DELETE,
	W_STATE,
	PG_STATEMENTS
};
enum { PG_COLUMNS = 20 };

struct pg_sql {
	const char *kinds;	/* a letter a parameter: i bigint, b bytea; I and B arrays of them */
	const char *text;
};
extern const struct pg_sql pg_sql[PG_STATEMENTS];
extern const char *const pg_schema[];		/* statements, NULL at the end */
extern const char *const pg_schema_2[];		/* from version 1 to 2 */
enum { PG_SCHEMA_VERSION = 2 };

/* Parameters of one statement as they grow, in libpq's binary form. */
struct pg_args {
	struct column {
		struct sbuf b;
		bool null;	/* of a scalar; of arrays: some are */
	} col[PG_COLUMNS];
	unsigned at;		/* column of the next value */
	uint32_t rows;
};

/* ---- what a group has in memory of its rows ---------------------------------------------- */

struct pg_node {
	struct pg_node *next;
	int64_t key;
};

struct pg_table {
	struct pg_node **slots;
	size_t n, cap;
};

struct pg_push {
	struct pg_node node;	/* key: row */
	bool found, changed;
	bool single, secret, notify, incoming, gone;
	int64_t deadline_at, due_at;
	int priority;
	int64_t n_recipients, n_final;	/* n_final of those with more than one */
};

struct pg_recipient {
	struct pg_node node;	/* key: row */
	bool found, changed;
	int state, code;
	unsigned flags, segments, attempts;
	int64_t batch, event_time;
	const char *link, *desc;	/* NULL: none */
	struct span ids, done;	/* message ids, one NUL-terminated after the other; segments with a receipt */
};

/* A row of table push that may have an id, or a row of table message. */
struct pg_hashed {
	struct pg_node node;	/* key: hash */
	int64_t row;		/* 0: stands for "this hash was looked up" */
	bool stored, gone, changed;	/* message: in its table; taken out; one of both by this group */
	const char *pi, *push_id;
};

struct pg_note {
	struct pg_node node;	/* key: id */
	bool found, changed;	/* changed, and not found any more: it goes */
	int64_t attempts, due_at;
};

struct pg_orphan {
	struct pg_node node;	/* key: hash */
	int64_t id, at;		/* id 0: stands for "this hash was looked up" */
	int event, code;
	const char *link, *message_id, *desc;
	bool gone;
};

/* In the one row of table state, written with every group. */
struct pg_counts {
	int64_t group;		/* number of the last group: tells whether a COMMIT got through */
	int64_t next_push, next_id;
	int64_t pushes, recipients, live, orphans, held;
};

struct pg_audit {		/* a row that may still grow */
	bool open;
	int64_t push, at;
	uint32_t lo, hi;
	int event, from, to, code;
	const char *link, *detail;
};

struct pg {
	struct store *store;
	char *conninfo;		/* may hold a password */
	char *name;		/* what errors and logs call it; holds none */
	char *password;		/* to keep it out of them; NULL: none */
	int64_t owner;		/* random: tells that nobody else wrote meanwhile */
	int64_t hash_key;
	PGconn *conn;
	int backend;		/* process id of its server process */
	PGresult **results;
	size_t n_sent, n_results, cap_results;
	int err;		/* OK, or the group is lost: ERR_FULL, ERR_BUSY (worth another try), ERR_IO */
	bool lost;		/* the connection broke */
	bool committing;	/* COMMIT may have reached the server */
	struct why why;
	/* an outage */
	int64_t patience_ms;	/* a group waits so long for the server */
	int64_t lost_at, next_try_at, delay_ms;
	bool away;		/* groups are refused until it is back */
	int64_t recover_from;	/* batches from this id on have yet to be requeued; 0: none */
	bool limbo;		/* the last group was refused, and yet may have been written */
	struct pg_counts on_server;	/* as a new connection found them */

	struct pg_args args[PG_STATEMENTS];
	bool written;		/* some W_ has rows */
	bool dirty;		/* some row is changed and not among them yet */
	bool warm;		/* the rows of the operations to come were asked for */
	struct pg_table pushes, recipients, push_ids, messages, notes, orphans;
	int64_t orphans_max;
	int64_t memory, memory_saved;	/* rows of table memory */
	int64_t memory_next;		/* none of them is over before that; 0: not known */
	struct chunk *arena;
	struct pg_audit audit;
	struct batches batches;
	struct pg_counts now, saved;
	struct usage usage;
	struct usage used;	/* of the group that runs */
	int64_t used_day;	/* days before the one before it were removed */
	int64_t batch, batch_lo, batch_hi;	/* the one that taken ACCEPTs of a group share */
	int64_t oldest_due;
};

/* ---- pg_conn.c: the server --------------------------------------------------------------- */

/* Fill conninfo, name and password; ERR_SYNTAX. */
int pg_conn_parse(struct pg *pg, const char *where, struct why *why);
/* A new connection that has been looked over; NULL with *why and *err (ERR_IO, ERR_UNSUPPORTED ...). */
PGconn *pg_conn_open(const struct pg *pg, bool reader, int *err, struct why *why);
int pg_conn_lock(struct pg *pg, struct why *why);	/* no other process writes; ERR_BUSY */
int pg_conn_prepare(struct pg *pg, struct why *why);	/* statements; pipeline mode from here on */
void pg_conn_close(struct pg *pg);
/* "name: what the server said", never with the password. */
int pg_conn_why(const struct pg *pg, struct why *why, int err, const char *said);

/* ---- pg_sql.c: parameters, sending, results ------------------------------------------------ */

/* The next value of a statement, column by column, row by row. */
void pg_int(struct pg *pg, enum pg_statement s, int64_t v);
void pg_blob(struct pg *pg, enum pg_statement s, struct span v);	/* NULL when p is NULL */
void pg_text(struct pg *pg, enum pg_statement s, const char *v);	/* NULL allowed */
size_t pg_octets(const struct pg *pg, enum pg_statement s);	/* that wait to be sent */
/* Send with the rows it has; the place of its result, valid after pg_sync until the next one begins. */
size_t pg_send(struct pg *pg, enum pg_statement s);
size_t pg_send_text(struct pg *pg, const char *sql);
void pg_sync(struct pg *pg);		/* wait for all results */
void pg_flush(struct pg *pg);		/* send what was changed; no waiting */
void pg_args_clear(struct pg *pg);
void pg_args_done(struct pg *pg);
const PGresult *pg_result(const struct pg *pg, size_t place);	/* NULL after an error */
int pg_rows(const PGresult *r);		/* 0 for NULL */
int64_t pg_changed(const PGresult *r);	/* rows that the statement wrote */
int64_t pg_get_int(const PGresult *r, int row, int column);	/* 0 for NULL */
struct span pg_get_blob(const PGresult *r, int row, int column);	/* borrowed */
char *pg_get_text(const PGresult *r, int row, int column);	/* heap, or NULL */
/* First column of the first row of a plain query outside of pipeline mode, as text; heap or NULL. */
char *pg_ask_text(PGconn *conn, const char *sql);

/* ---- pg_rows.c: rows of the group ---------------------------------------------------------- */

void rows_warm(struct pg *pg, struct store_op **ops, size_t n);	/* ask for what they will need */
void rows_clear(struct pg *pg);		/* before rows change behind their back; and after a group */
void rows_done(struct pg *pg);
void rows_changed(struct pg *pg, bool *row);	/* its member `changed` */
void rows_write(struct pg *pg);		/* changed ones become parameters of the W_ statements */
void rows_ask_pushes(struct pg *pg);	/* those that A_PUSHES names, with what else was sent */
void rows_push_gone(struct pg *pg, int64_t push);	/* it and its push-id: within this group already */
struct pg_push *rows_push(struct pg *pg, int64_t push);			/* NULL: no such row */
struct pg_recipient *rows_recipient(struct pg *pg, int64_t rid);
struct pg_note *rows_note(struct pg *pg, int64_t id);
/* The push of that id: its row, or 0. */
int64_t rows_push_by_id(struct pg *pg, const char *pi, const char *push_id);
void rows_push_id_add(struct pg *pg, int64_t push, const char *pi, const char *push_id);
/* Recipients that may have this message id, the youngest first: next after `after` (NULL: first), or NULL. */
struct pg_hashed *rows_message(struct pg *pg, int64_t hash, struct pg_hashed *after);
void rows_message_add(struct pg *pg, int64_t hash, int64_t rid);
void rows_message_remove(struct pg *pg, int64_t hash, int64_t rid);
/* The oldest receipt that was kept for this id. */
struct pg_orphan *rows_orphan(struct pg *pg, int64_t hash, const char *link, const char *message_id);
struct pg_orphan *rows_orphan_add(struct pg *pg, int64_t hash);
/* Take over the columns of PG_RECIPIENT_COLUMNS from `column` on. */
struct pg_recipient *rows_load_recipient(struct pg *pg, const PGresult *r, int row, int column);
enum { PG_RECIPIENT_COLUMNS_N = 12 };
void *pg_alloc(struct pg *pg, size_t n);	/* zeroed, until rows_clear */
char *pg_keep(struct pg *pg, const char *text);
struct span pg_keep_span(struct pg *pg, struct span s);

/* ---- pg.c ---------------------------------------------------------------------------------- */

/* A transaction beside the groups: at start, and after an outage. */
void pg_begin(struct pg *pg);
int pg_commit(struct pg *pg);		/* OK, or pg->err */
void pg_settle(struct pg *pg, bool committed);	/* what is in memory follows */
void pg_entered(struct pg *pg, int state, uint32_t n);
/* These recipients of a push that never became whole are going to be deleted; some of them may be held. */
void pg_held_gone(struct pg *pg, int64_t lo, int64_t hi);

/* ---- pg_open.c ----------------------------------------------------------------------------- */

int pg_open(struct store *store, const char *where, struct why *why);
void pg_free(struct pg *pg);
/* After an outage: the same database, and nobody else was there. Fills on_server. */
int pg_look_again(struct pg *pg, struct why *why);

/* ---- operations ---------------------------------------------------------------------------- */

void pg_op_accept(struct pg *pg, struct store_accept *a);
void pg_op_more(struct pg *pg, struct store_accept *a);
void pg_op_abandon(struct pg *pg, struct store_abandon *a);
void pg_op_cancel(struct pg *pg, struct store_cancel *c);
void pg_op_take(struct pg *pg, struct store_take *t);
void pg_op_event(struct pg *pg, struct store_event *e);
void pg_op_receipt(struct pg *pg, struct store_receipt *r);
void pg_op_notes(struct pg *pg, struct store_notes *s);
void pg_op_note(struct pg *pg, struct store_note_result *r);
void pg_op_tick(struct pg *pg, struct store_tick *t);
void pg_op_subscribers(struct pg *pg, struct store_subscribers *s);
void pg_used_add(struct pg *pg, const struct store_accept *a, uint32_t n_recipients);
void pg_used_write(struct pg *pg);
void pg_used_settle(struct pg *pg, bool committed);
uint64_t pg_usage(struct store *store, const char *pi, int64_t day);
void pg_op_profile(struct pg *pg, struct store_profile *p);
/* pg_memory.c */
void pg_op_memory(struct pg *pg, struct store_memories *m);
void pg_op_remark(struct pg *pg, struct store_remark *r);
void pg_memory_add(struct pg *pg, const struct store_accept *a);	/* and the remark */
void pg_memory_forget(struct pg *pg, int64_t lo, int64_t hi);	/* of recipients that never became visible */
bool pg_memory_waits(const struct pg *pg, int64_t now);	/* is there something to purge? */
uint32_t pg_memory_purge(struct pg *pg, int64_t now, uint32_t most);
int pg_memory_load(struct pg *pg, struct why *why);

/* ---- pg_life.c: an event meets a recipient ------------------------------------------------- */

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

int pg_happen(struct pg *pg, int64_t rid, struct happening *h);	/* OK or ERR_NOT_FOUND */
/* One row for neighbours to whom the same happened at once. */
void pg_audit_add(struct pg *pg, int64_t push, uint32_t n, const struct happening *h);
void pg_audit_end(struct pg *pg);		/* the operation is over: what comes is another row */

/* ---- pg_replace.c -------------------------------------------------------------------------- */

int64_t pg_key_hash(const struct pg *pg, const char *key);
/* Before a push is written: ERR_NOT_FOUND, ERR_BUSY; *old is the push that goes, or 0. */
int pg_replace_check(struct pg *pg, const struct store_accept *a, int64_t *old);
void pg_replace_run(struct pg *pg, struct store_accept *a, int64_t old, uint32_t n_recipients);

/* ---- pg_due.c, pg_tick.c ------------------------------------------------------------------- */

void pg_due_add(struct pg *pg, int kind, int64_t at, int64_t lo, int64_t hi);
void pg_due_delete(struct pg *pg, int kind, int64_t at, int64_t lo);
int64_t pg_due_next(struct pg *pg, const int *kinds, size_t n);	/* the first of all; 0 = none */

struct due {
	int64_t at, lo, hi;	/* as stored */
	int64_t end;		/* the part to look at: lo..end */
};
struct dues {
	struct due *v;		/* in the group's arena */
	size_t n;
};
/* Runs that are due, oldest first, with at most `most` recipients in all; the last one may be cut. */
struct dues pg_due_find(struct pg *pg, int kind, int64_t now, uint32_t most);
void pg_due_done(struct pg *pg, int kind, const struct due *d);	/* lo..end is over, the rest stays due */
/* pg_ask.c: who is to be handed out; touches at most `most` rows beside */
void pg_tick_ask(struct pg *pg, struct store_tick *op, uint32_t most);

/* ---- pg_recover.c -------------------------------------------------------------------------- */

/* Before the writer starts: sweep `incoming` pushes, requeue what open batches hold. */
int pg_recover_start(struct pg *pg);
/* The batches from this id on were written and nobody got them. */
int pg_recover_batches(struct pg *pg, int64_t first_id, bool maybe_sent);

/* ---- pg_read.c ----------------------------------------------------------------------------- */

int pg_reader_open(struct store *store, void **out, struct why *why);
void pg_reader_close(void *reader);
int pg_read_push(void *reader, const char *pi, const char *push_id, uint32_t first, uint32_t max,
    struct store_view *out);
int pg_read_recipients(void *reader, const char *pi, const char *push_id, const char *const *keys,
    uint32_t n_keys, struct store_view *out);
int pg_read_message(void *reader, const char *pi, const char *push_id, const char *key,
    struct store_message *out);
int pg_read_pushes(void *reader, const char *pi, int64_t before, uint32_t max, struct store_push_row **rows,
    uint32_t *n);
int pg_read_audit(void *reader, const char *pi, const char *push_id, int64_t after, uint32_t max,
    struct store_audit_row **rows, uint32_t *n);
int pg_read_remark(void *reader, int64_t push, uint32_t n, uint32_t *first_n, uint32_t *n_chunk, char **text);
int pg_read_memory(void *reader, int64_t now, void (*each)(void *arg, const struct store_memory *row), void *arg);
int pg_read_any_subscriber(void *reader, bool *any);
int pg_read_subscriber(void *reader, const char *key, struct store_subscriber_view *out);
int pg_read_profiles(void *reader, const char *after, uint32_t max, struct store_profile_row **rows, uint32_t *n);
int pg_read_profile(void *reader, const char *name, struct sbuf *document, char **content_type);

#endif
