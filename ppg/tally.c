/* tally.c - see tally.h. */
#include "ppg/tally.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum {
	SLOTS_FIRST = 64,
	NAMES_MAX = 100000,		/* reloads bring new names; beyond this only the sum counts */
	CODES_PER_CLASS = 32
};

struct entry {
	char *name;			/* heap; NULL: free slot */
	struct tally_counts counts;
};

struct tally {
	pthread_mutex_t lock;
	struct entry *slots;		/* open addressing, never more than half full */
	size_t n_slots, n;
	struct tally_counts all;
	uint64_t codes[TALLY_CODES];
};

const char *
tally_reason_name(unsigned reason)
{
	static const char *const more[] = { "badmessage", "busy", "2xxx", "3xxx", "4xxx", "5xxx" };

	return reason < ACCESS_REASONS ? access_reason_name((enum access_reason)reason) : more[reason - ACCESS_REASONS];
}

unsigned
tally_reason(enum access_reason reason, bool badmessage, int code)
{
	int class = code / 1000;

	if (reason != ACCESS_OK)
		return reason;
	if (badmessage)
		return TALLY_BADMESSAGE;
	return class >= 2 && class <= 5 ? (unsigned)(TALLY_2XXX + class - 2) : TALLY_4XXX;
}

struct tally *
tally_create(void)
{
	struct tally *t = calloc(1, sizeof *t);

	if (t == NULL)
		abort();
	pthread_mutex_init(&t->lock, NULL);
	t->n_slots = SLOTS_FIRST;
	t->slots = calloc(t->n_slots, sizeof *t->slots);
	if (t->slots == NULL)
		abort();
	return t;
}

void
tally_destroy(struct tally **p)
{
	struct tally *t = *p;
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->n_slots; i++)
		free(t->slots[i].name);
	free(t->slots);
	pthread_mutex_destroy(&t->lock);
	free(t);
	*p = NULL;
}

/* The slot of a name, or the free one where it belongs. */
static struct entry *
find(struct entry *slots, size_t n_slots, const char *name)
{
	size_t i = text_hash64(span_str(name)) % n_slots;

	while (slots[i].name != NULL && strcmp(slots[i].name, name) != 0)
		i = (i + 1) % n_slots;
	return &slots[i];
}

static void
make_room(struct tally *t)
{
	size_t n = t->n_slots * 2, i;
	struct entry *slots;

	if (2 * (t->n + 1) <= t->n_slots)
		return;
	slots = calloc(n, sizeof *slots);
	if (slots == NULL)
		abort();
	for (i = 0; i < t->n_slots; i++)
		if (t->slots[i].name != NULL)
			*find(slots, n, t->slots[i].name) = t->slots[i];
	free(t->slots);
	t->slots = slots;
	t->n_slots = n;
}

/* Under the lock. NULL when it has no counters of its own. */
static struct tally_counts *
counts_of(struct tally *t, const char *pi)
{
	struct entry *e;

	if (pi == NULL)
		return NULL;
	e = find(t->slots, t->n_slots, pi);
	if (e->name == NULL) {
		if (t->n == NAMES_MAX)
			return NULL;
		make_room(t);
		e = find(t->slots, t->n_slots, pi);
		e->name = span_dup(span_str(pi));
		t->n++;
	}
	return &e->counts;
}

static void
add(struct tally_counts *c, uint64_t pushes, uint64_t recipients, uint64_t operations)
{
	if (c == NULL)
		return;
	c->pushes += pushes;
	c->recipients += recipients;
	c->operations += operations;
}

void
tally_accepted(struct tally *t, const char *pi, uint32_t recipients)
{
	pthread_mutex_lock(&t->lock);
	add(&t->all, 1, recipients, 0);
	add(counts_of(t, pi), 1, recipients, 0);
	pthread_mutex_unlock(&t->lock);
}

void
tally_operation(struct tally *t, const char *pi)
{
	pthread_mutex_lock(&t->lock);
	add(&t->all, 0, 0, 1);
	add(counts_of(t, pi), 0, 0, 1);
	pthread_mutex_unlock(&t->lock);
}

void
tally_refused(struct tally *t, const char *pi, unsigned reason)
{
	struct tally_counts *c;

	pthread_mutex_lock(&t->lock);
	t->all.refused[reason]++;
	c = counts_of(t, pi);
	if (c != NULL)
		c->refused[reason]++;
	pthread_mutex_unlock(&t->lock);
}

/* Index of a code's counter; the last of its class is for those that nobody defined. */
static size_t
code_at(int code)
{
	int class = code / 1000, rest = code % 1000;

	if (class < 1 || class > 5)
		return 4 * CODES_PER_CLASS - 1;
	return (size_t)(class - 1) * CODES_PER_CLASS + (size_t)(rest < CODES_PER_CLASS ? rest : CODES_PER_CLASS - 1);
}

void
tally_code(struct tally *t, int code)
{
	pthread_mutex_lock(&t->lock);
	t->codes[code_at(code)]++;
	pthread_mutex_unlock(&t->lock);
}

void
tally_get(struct tally *t, const char *pi, struct tally_counts *out)
{
	struct entry *e;

	pthread_mutex_lock(&t->lock);
	*out = t->all;
	if (pi != NULL) {
		e = find(t->slots, t->n_slots, pi);
		*out = e->name != NULL ? e->counts : (struct tally_counts){ 0 };
	}
	pthread_mutex_unlock(&t->lock);
}

uint64_t
tally_code_get(struct tally *t, int code)
{
	uint64_t n;

	pthread_mutex_lock(&t->lock);
	n = t->codes[code_at(code)];
	pthread_mutex_unlock(&t->lock);
	return n;
}
