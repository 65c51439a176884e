/*
 * control_int.h - what the files of control.h share: strings of digits, and whether they are a document's PIN; entries of the
 * memory of what was sent before.
 */
#ifndef PPG_CONTROL_INT_H
#define PPG_CONTROL_INT_H

#include <pthread.h>
#include <stdarg.h>

#include "ppg/control.h"

enum { PIN_RUNS_MAX = 8, PIN_RUN_SIZE = 25 };

struct pin_runs {
	char text[PIN_RUNS_MAX][PIN_RUN_SIZE];
	unsigned n;
};

/* Does the user's PIN go into such a MAC? */
bool pin_method(enum prov_sec sec);
/* Adds the strings of digits in a text; single blanks, dots and hyphens between digits do not end one. */
void pin_runs_find(struct span text, struct pin_runs *out);
/* Is the PIN among them, or part of one? imsi NULL: unknown. */
bool pin_runs_hold(const struct pin_runs *runs, enum prov_sec sec, const char *mac, struct span body, const char *imsi);

/* ---- control_entries.c: what was sent before ----------------------------------------------------- */

enum memory_kind { MEMORY_RATES, MEMORY_REACHED, MEMORY_REPLAYS, MEMORY_SENT, MEMORY_TEXTS, MEMORY_DOCUMENTS, MEMORY_KINDS };
enum { MEMORY_TIMES = 32, DAY_S = 86400 };

struct memory_key { uint8_t octets[STORE_MEMORY_KEY]; };

/*
 * One push makes some for each of 100,000 recipients: they are as small as their kind allows, and refer to each other by
 * number (0: none). Times are UTC s.
 */
struct entry {
	struct memory_key key;
	uint32_t next;			/* in its bucket, or of those that are free */
	uint32_t newer, older;
	uint32_t until;
};

enum { TIMES_HERE = 2 };
struct rate_entry {
	struct entry e;
	union {
		uint32_t here[TIMES_HERE];
		uint32_t *more;		/* heap: when there is room for more than those */
	} times;
	uint16_t n, room;
};

struct reached_entry {			/* of one subscriber, or of how many there were */
	struct entry e;
	uint32_t n;
};

struct sent_entry {
	struct entry e;
	struct memory_key failures;	/* where its failure counts */
};

struct text_entry {
	struct entry e;
	char *runs;			/* heap: with a blank between two */
};

struct document_entry {
	struct entry e;
	struct store_body *document;
	uint8_t mac[PROV_MAC_HEX / 2];
	uint8_t sec;
	bool has_mac;
};

struct memory_table {
	uint32_t *buckets;		/* NULL: there was never an entry */
	uint8_t **blocks;		/* of entries, which stay where they are */
	uint32_t made, free;		/* how many there is room for in the blocks; the first that is free */
	uint32_t newest, oldest;
	size_t n, octets;		/* of documents, as if none were shared */
};

struct control_memory {
	pthread_mutex_t lock;		/* for all that begins with memory_, but memory_key */
	size_t max, n_buckets;
	uint8_t secret[STORE_MEMORY_KEY];	/* of the keys: nobody can aim at one bucket, or read them in the store */
	struct memory_table tables[MEMORY_KINDS];
	atomic_size_t documents;
	struct store *store;		/* NULL: nothing is written */
};

struct memory_key memory_key(const struct control_memory *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* NULL when there is none, or no longer. */
struct entry *memory_find(struct control_memory *m, enum memory_kind kind, const struct memory_key *key);
/* The number of one, for a while: memory_at gives it back as long as it is there. 0: there is none. */
uint32_t memory_slot(struct control_memory *m, enum memory_kind kind, const struct memory_key *key);
struct entry *memory_at(struct control_memory *m, enum memory_kind kind, uint32_t slot);
/* When there is no room, or the oldest is over, the oldest goes. */
struct entry *memory_make(struct control_memory *m, enum memory_kind kind, const struct memory_key *key, int64_t until);
void memory_drop(struct control_memory *m, enum memory_kind kind, struct entry *e);
void memory_add_time(struct control_memory *m, const struct memory_key *key, int64_t at, int64_t until);
const uint32_t *memory_times(const struct entry *e, unsigned *n);
void memory_forget_time(struct entry *e, uint32_t at);
/* `one` has been reached, once more of `all`. */
void memory_add_reached(struct control_memory *m, const struct memory_key *one, const struct memory_key *all, int64_t until);
unsigned memory_reached(const struct entry *all);
void memory_add_sent(struct control_memory *m, int64_t push, uint32_t n, const struct memory_key *failures, int64_t until);
struct memory_key memory_sent_key(int64_t push, uint32_t n);
uint32_t memory_time(int64_t at);

/* ---- control_marks.c ----------------------------------------------------------------------------- */

/* For the recipient at hand, of an entry that is there; other NULL: none. */
void memory_mark(struct control_case *c, enum memory_kind kind, const struct memory_key *key, const struct memory_key *other);

/* ---- control_memory.c: rows of the store, never changed -------------------------------------------- */

enum { STORED_KEY = 1, STORED_RATE, STORED_REACHED, STORED_REPLAY, STORED_SENT };
struct memory_key memory_failures_key(const struct control_memory *m, const char *number);
enum { SENT_S = 7 * DAY_S };

#endif
