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

/* ---- control_memory.c: what was sent before ------------------------------------------------------ */

enum memory_kind { MEMORY_RATES, MEMORY_REACHED, MEMORY_REPLAYS, MEMORY_SENT, MEMORY_TEXTS, MEMORY_DOCUMENTS, MEMORY_KINDS };
enum { MEMORY_BUCKETS = 1 << 16, MEMORY_TIMES = 32, DAY_S = 86400 };

struct memory_key { uint8_t octets[STORE_MEMORY_KEY]; };

struct entry {
	struct entry *next, *newer, *older;
	struct memory_key key;
	int64_t until;			/* UTC s */
	int64_t times[MEMORY_TIMES];	/* of a rate */
	unsigned n;			/* times, runs, or how many were reached */
	char runs[PIN_RUNS_MAX][PIN_RUN_SIZE];	/* of a text */
	struct store_body *document;
	enum prov_sec sec;
	char mac[PROV_MAC_HEX + 1];
	struct memory_key other;	/* of what was sent: where its failure counts */
};

struct memory_table {
	struct entry *buckets[MEMORY_BUCKETS], *newest, *oldest;
	size_t n, octets;		/* of documents, as if none were shared */
};

struct control_memory {
	pthread_mutex_t lock;		/* for all that begins with memory_, but memory_key */
	size_t max;
	uint8_t secret[STORE_MEMORY_KEY];	/* of the keys: nobody can aim at one bucket, or read them in the store */
	struct memory_table tables[MEMORY_KINDS];
	atomic_size_t documents;
	struct store *store;		/* NULL: nothing is written */
};

struct memory_key memory_key(const struct control_memory *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* NULL when there is none, or no longer. */
struct entry *memory_find(struct control_memory *m, enum memory_kind kind, const struct memory_key *key);
struct entry *memory_make(struct control_memory *m, enum memory_kind kind, const struct memory_key *key, int64_t until);
void memory_drop(struct control_memory *m, enum memory_kind kind, struct entry *e);
void memory_add_time(struct control_memory *m, const struct memory_key *key, int64_t at, int64_t until);
void memory_add_reached(struct control_memory *m, const struct memory_key *one, const struct memory_key *all, int64_t until);
/* For the recipient at hand; other NULL: none. */
void memory_mark(struct control_case *c, enum memory_kind kind, const struct memory_key *key, const struct memory_key *other,
    int64_t until);

#endif
