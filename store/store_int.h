/*
 * store_int.h - what the parts of the store share: the engine behind the API, open batches,
 * and how ids are compared.
 */
#ifndef STORE_STORE_INT_H
#define STORE_STORE_INT_H

#include <pthread.h>

#include "store/store.h"

/*
 * A database behind the API. The calls run on the writer thread, or before it starts and after
 * it ended; the reader's run on the reader's thread.
 */
struct store_engine {
	const char *scheme;		/* what a url starts with, up to the colon */
	int (*open)(struct store *store, const char *where, struct why *why);
	void (*close)(struct store *store);
	/*
	 * Run the operations in order as one transaction and set their results. OK; ERR_FULL: the
	 * disk is full, nothing was written, results do not count; ERR_IO: the store cannot go on.
	 */
	int (*group)(struct store *store, struct store_op **ops, size_t n, struct why *why);
	/* Between groups; `busy`: operations wait. OK or ERR_IO. */
	int (*rest)(struct store *store, bool busy, struct why *why);
	/* See store_usage(): any thread. */
	uint64_t (*usage)(struct store *store, const char *pi, int64_t day);
	int (*reader_open)(struct store *store, void **out, struct why *why);
	void (*reader_close)(void *reader);
	int (*read_push)(void *reader, const char *pi, const char *push_id, uint32_t first,
	    uint32_t max, struct store_view *out);
	int (*read_recipients)(void *reader, const char *pi, const char *push_id, const char *const *keys,
	    uint32_t n_keys, struct store_view *out);
	int (*read_message)(void *reader, const char *pi, const char *push_id, const char *key,
	    struct store_message *out);
	int (*read_pushes)(void *reader, const char *pi, int64_t before, uint32_t max,
	    struct store_push_row **rows, uint32_t *n);
	int (*read_audit)(void *reader, const char *pi, const char *push_id, int64_t after, uint32_t max,
	    struct store_audit_row **rows, uint32_t *n);
	int (*read_any_subscriber)(void *reader, bool *any);
	int (*read_subscriber)(void *reader, const char *key, struct store_subscriber_view *out);
	int (*read_remark)(void *reader, int64_t push, uint32_t n, uint32_t *first_n, uint32_t *n_chunk, char **text);
	int (*read_memory)(void *reader, int64_t now, void (*each)(void *arg, const struct store_memory *row), void *arg);
	int (*read_profiles)(void *reader, const char *after, uint32_t max, struct store_profile_row **rows, uint32_t *n);
	int (*read_profile)(void *reader, const char *name, struct sbuf *document, char **content_type);
};

extern const struct store_engine store_sqlite, store_postgres;

struct store {
	const struct store_engine *engine;
	void *db;			/* the engine's */
	struct store_config cf;		/* defaults filled in */
	struct queue queue;
	pthread_t writer;
	struct store_op **group;	/* room for group_max and one */
	/*
	 * Writer thread: EVENTs of refused groups (ERR_FULL), oldest first. They say what has happened already, so they
	 * are not refused but run again, then and at intervals; until they are written all else is refused.
	 */
	struct qnode *kept, **kept_tail;
	int64_t kept_again_ms;		/* monotonic */
	atomic_bool closing;		/* nothing is kept any more */
	bool refusing;			/* the last group was refused: said once */
	bool dead;			/* writer thread: a disk error was reported */
	bool notes_added;		/* by the group that runs */
	pthread_mutex_t stats_lock;
	struct store_stats stats;
	struct store_stats next;	/* writer thread: shown after the commit */
};

int64_t store_mono_ms(void);	/* not the clock that tests may hold */
void store_op_init(struct store_op *op);	/* out-members of a new operation, whatever they hold */
/* Give back what an operation holds for its caller, as it must be after a failure. */
void store_op_clear(struct store_op *op);
/* The ids as they are stored, one NUL-terminated after the other; bits of those that have a receipt. NULL: none to ask for. */
struct store_overdue *store_overdue_create(int64_t push, uint32_t n, const char *link, struct span ids, struct span done);

/* ---- batch.c: how many recipients of each open dispatch batch still wait for an event -- */

struct batch {
	struct batch *next, *next_touched;
	int64_t id;
	int64_t left, change;		/* committed; of the group that runs */
	bool touched;
};

struct batches {
	struct batch *slots[1024];
	struct batch *touched;
};

void batches_done(struct batches *b);
/* The group adds n recipients to the batch (which may be new), or takes -n away. */
void batches_add(struct batches *b, int64_t id, int64_t n);
/* Call gone() for every batch that the group emptied: its row must go with the same commit. */
void batches_emptied(struct batches *b, void (*gone)(void *arg, int64_t id), void *arg);
void batches_settle(struct batches *b, bool committed);

/* ---- usage.c: recipients that initiators submitted, today and yesterday; any thread ------------ */

struct usage {
	pthread_mutex_t lock;
	struct usage_row {
		char *pi;
		int64_t day[2];
		uint64_t n[2];
	} *rows;			/* in the order of their names */
	size_t n, cap;
};

void usage_init(struct usage *u);
void usage_done(struct usage *u);
void usage_add(struct usage *u, const char *pi, int64_t day, uint64_t n);
uint64_t usage_get(struct usage *u, const char *pi, int64_t day);

/* ---- match.c: ids as they are compared ------------------------------------------------- */

enum { MESSAGE_ID_SIZE = 66 };

/* Lower case, without leading zeros; `out` has room for MESSAGE_ID_SIZE. "000" becomes "0". */
size_t match_message_id(const char *id, char *out);
/* `key` is a random number of the store: who does not know it cannot make ids with one hash. */
uint64_t match_hash_message(uint64_t key, const char *link, const char *normal_id);
uint64_t match_hash_push(uint64_t key, const char *push_id);
/* Of the key of a recipient's address, which is not kept: the hash is all there is to compare. */
uint64_t match_hash_key(uint64_t key, const char *recipient_key);

/* TICK brought a recipient to an end. */
void tick_ended(struct store_tick *t, int64_t push, uint32_t n, int from, int to);

/* ---- memory: what both engines do alike -------------------------------------------------------- */

enum { MEMORY_SLICE = 1000 };
/* Are they well formed, and of this chunk (or, a NULL, of no chunk)? */
int memory_check(const struct store_accept *a, const struct store_memory *rows, uint32_t n);

#endif
