/*
 * control_entries.c - see control_int.h: what was sent before, in memory and bounded: of each kind the oldest goes first.
 *
 * Keys are keyed hashes. Entries live in blocks that stay until the end, so what a kind takes is never more than its bound.
 */
#include "ppg/control_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/secret.h"

enum { KEY_TEXT_SIZE = 256, BLOCK = 1024, ENTRIES_USUAL = 100000 };

static const size_t sizes[] = {
	[MEMORY_RATES] = sizeof(struct rate_entry),
	[MEMORY_REACHED] = sizeof(struct reached_entry),
	[MEMORY_REPLAYS] = sizeof(struct entry),
	[MEMORY_SENT] = sizeof(struct sent_entry),
	[MEMORY_TEXTS] = sizeof(struct text_entry),
	[MEMORY_DOCUMENTS] = sizeof(struct document_entry),
};

static void *
fresh(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		abort();
	return p;
}

struct control_memory *
control_memory_create(size_t max)
{
	struct control_memory *m = fresh(1, sizeof *m);

	pthread_mutex_init(&m->lock, NULL);
	m->max = max > 0 ? max : ENTRIES_USUAL;
	for (m->n_buckets = 16; m->n_buckets < m->max; m->n_buckets *= 2)
		;
	if (getrandom(m->secret, sizeof m->secret, 0) != (ssize_t)sizeof m->secret)
		abort();
	return m;
}

bool
control_memory_has_documents(const struct control_memory *m)
{
	return atomic_load(&m->documents) > 0;
}

/* ---- keys -------------------------------------------------------------------------------------------------- */

struct memory_key
memory_key(const struct control_memory *m, const char *fmt, ...)
{
	char text[KEY_TEXT_SIZE];
	struct memory_key key;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	secret_hash(span_of(m->secret, sizeof m->secret), span_str(text), key.octets);
	secret_cleanse(text, sizeof text);
	return key;
}

/* The gateway's own numbers tell nothing: they need no hash. */
struct memory_key
memory_sent_key(int64_t push, uint32_t n)
{
	struct memory_key key = { { 0 } };

	memcpy(key.octets, &push, sizeof push);
	memcpy(key.octets + sizeof push, &n, sizeof n);
	return key;
}

static bool
same_key(const struct memory_key *a, const struct memory_key *b)
{
	return memcmp(a->octets, b->octets, sizeof a->octets) == 0;
}

static uint32_t *
bucket_of(struct control_memory *m, enum memory_kind kind, const struct memory_key *key)
{
	const uint64_t odd = 0x9E3779B97F4A7C15u;	/* spreads numbers that follow each other */
	uint64_t a, b;

	memcpy(&a, key->octets, sizeof a);
	memcpy(&b, key->octets + sizeof a, sizeof b);
	return &m->tables[kind].buckets[((a + b * odd) * odd >> 32) & (m->n_buckets - 1)];
}

uint32_t
memory_time(int64_t at)
{
	return at < 0 ? 0 : at < UINT32_MAX ? (uint32_t)at : UINT32_MAX;
}

/* ---- entries: under the lock ------------------------------------------------------------------------------- */

struct entry *
memory_at(struct control_memory *m, enum memory_kind kind, uint32_t slot)
{
	return (struct entry *)(void *)(m->tables[kind].blocks[(slot - 1) / BLOCK] + (slot - 1) % BLOCK * sizes[kind]);
}

/* A place for one more; what is in it is zero. */
static uint32_t
take_slot(struct control_memory *m, enum memory_kind kind)
{
	struct memory_table *t = &m->tables[kind];
	uint32_t slot = t->free;

	if (t->buckets == NULL) {
		t->buckets = fresh(m->n_buckets, sizeof *t->buckets);
		t->blocks = fresh(m->max / BLOCK + 1, sizeof *t->blocks);
	}
	if (slot != 0) {
		t->free = memory_at(m, kind, slot)->next;
		return slot;
	}
	if (t->made % BLOCK == 0)
		t->blocks[t->made / BLOCK] = fresh(m->max < BLOCK ? m->max : BLOCK, sizes[kind]);
	return ++t->made;
}

static void
unlink_age(struct control_memory *m, enum memory_kind kind, const struct entry *e)
{
	struct memory_table *t = &m->tables[kind];

	*(e->newer != 0 ? &memory_at(m, kind, e->newer)->older : &t->newest) = e->older;
	*(e->older != 0 ? &memory_at(m, kind, e->older)->newer : &t->oldest) = e->newer;
}

static void
make_newest(struct control_memory *m, enum memory_kind kind, struct entry *e, uint32_t slot)
{
	struct memory_table *t = &m->tables[kind];

	e->older = t->newest;
	e->newer = 0;
	*(t->newest != 0 ? &memory_at(m, kind, t->newest)->newer : &t->oldest) = slot;
	t->newest = slot;
}

static void
empty(struct control_memory *m, enum memory_kind kind, struct entry *e)
{
	switch (kind) {
	case MEMORY_RATES:
		if (((struct rate_entry *)e)->room > TIMES_HERE)
			free(((struct rate_entry *)e)->times.more);
		break;
	case MEMORY_TEXTS: {
		char *runs = ((struct text_entry *)e)->runs;

		if (runs != NULL)
			secret_cleanse(runs, strlen(runs));
		free(runs);
		break;
	}
	case MEMORY_DOCUMENTS: {
		struct store_body *document = ((struct document_entry *)e)->document;

		atomic_fetch_sub(&m->documents, 1);
		if (document != NULL)
			m->tables[kind].octets -= document->body.n;
		store_body_unref(document);
		break;
	}
	case MEMORY_REACHED:
	case MEMORY_REPLAYS:
	case MEMORY_SENT:
	case MEMORY_KINDS:
		break;
	}
	secret_cleanse(e, sizes[kind]);
}

void
memory_drop(struct control_memory *m, enum memory_kind kind, struct entry *e)
{
	struct memory_table *t = &m->tables[kind];
	uint32_t *at = bucket_of(m, kind, &e->key), slot;

	while (memory_at(m, kind, *at) != e)
		at = &memory_at(m, kind, *at)->next;
	slot = *at;
	*at = e->next;
	unlink_age(m, kind, e);
	empty(m, kind, e);
	e->next = t->free;
	t->free = slot;
	t->n--;
}

void
control_memory_destroy(struct control_memory **p)
{
	struct control_memory *m = *p;
	unsigned k, i;

	if (m == NULL)
		return;
	for (k = 0; k < MEMORY_KINDS; k++) {
		struct memory_table *t = &m->tables[k];

		while (t->oldest != 0)
			memory_drop(m, k, memory_at(m, k, t->oldest));
		for (i = 0; i * BLOCK < t->made; i++)
			free(t->blocks[i]);
		free(t->blocks);
		free(t->buckets);
	}
	pthread_mutex_destroy(&m->lock);
	secret_cleanse(m, sizeof *m);
	free(m);
	*p = NULL;
}

uint32_t
memory_slot(struct control_memory *m, enum memory_kind kind, const struct memory_key *key)
{
	uint32_t slot = m->tables[kind].buckets != NULL ? *bucket_of(m, kind, key) : 0;

	while (slot != 0 && !same_key(&memory_at(m, kind, slot)->key, key))
		slot = memory_at(m, kind, slot)->next;
	return slot;
}

static bool
is_over(const struct entry *e)
{
	return (int64_t)e->until <= (int64_t)clock_utc();
}

struct entry *
memory_find(struct control_memory *m, enum memory_kind kind, const struct memory_key *key)
{
	uint32_t slot = memory_slot(m, kind, key);
	struct entry *e = slot != 0 ? memory_at(m, kind, slot) : NULL;

	if (e != NULL && is_over(e)) {
		memory_drop(m, kind, e);
		return NULL;
	}
	return e;
}

struct entry *
memory_make(struct control_memory *m, enum memory_kind kind, const struct memory_key *key, int64_t until)
{
	struct memory_table *t = &m->tables[kind];
	uint32_t *bucket, slot;
	struct entry *e;

	while (t->oldest != 0 && (t->n >= m->max || is_over(memory_at(m, kind, t->oldest))))
		memory_drop(m, kind, memory_at(m, kind, t->oldest));
	slot = take_slot(m, kind);
	e = memory_at(m, kind, slot);
	bucket = bucket_of(m, kind, key);
	e->key = *key;
	e->until = memory_time(until);
	e->next = *bucket;
	*bucket = slot;
	make_newest(m, kind, e, slot);
	t->n++;
	if (kind == MEMORY_DOCUMENTS)
		atomic_fetch_add(&m->documents, 1);
	return e;
}

/* ---- rates --------------------------------------------------------------------------------------------------- */

static uint32_t *
times_of(struct rate_entry *r)
{
	return r->room > TIMES_HERE ? r->times.more : r->times.here;
}

const uint32_t *
memory_times(const struct entry *e, unsigned *n)
{
	const struct rate_entry *r = (const struct rate_entry *)e;

	*n = r->n;
	return r->room > TIMES_HERE ? r->times.more : r->times.here;
}

static void
make_room(struct rate_entry *r)
{
	uint16_t room = r->room > TIMES_HERE ? 2 * r->room : 2 * TIMES_HERE;
	uint32_t *more = fresh(room, sizeof *more);

	memcpy(more, times_of(r), r->n * sizeof *more);
	if (r->room > TIMES_HERE)
		free(r->times.more);
	r->times.more = more;
	r->room = room;
}

void
memory_add_time(struct control_memory *m, const struct memory_key *key, int64_t at, int64_t until)
{
	struct entry *e = memory_find(m, MEMORY_RATES, key);
	struct rate_entry *r;
	uint32_t *times;

	if (e == NULL)
		e = memory_make(m, MEMORY_RATES, key, until);
	r = (struct rate_entry *)e;
	if (r->n == MEMORY_TIMES) {	/* the oldest makes room */
		times = times_of(r);
		memmove(times, times + 1, (MEMORY_TIMES - 1) * sizeof *times);
		r->n--;
	} else if (r->n >= TIMES_HERE && r->n >= r->room) {
		make_room(r);
	}
	if (memory_time(until) > e->until)
		e->until = memory_time(until);
	times_of(r)[r->n++] = memory_time(at);
}

void
memory_forget_time(struct entry *e, uint32_t at)
{
	struct rate_entry *r = (struct rate_entry *)e;
	uint32_t *times = times_of(r);
	unsigned i;

	for (i = r->n; i > 0; i--)
		if (times[i - 1] == at) {
			times[i - 1] = times[--r->n];
			return;
		}
}

/* ---- how many were reached, what was sent ---------------------------------------------------------------------- */

void
memory_add_reached(struct control_memory *m, const struct memory_key *one, const struct memory_key *all, int64_t until)
{
	struct entry *e = memory_find(m, MEMORY_REACHED, all);

	if (e == NULL) {
		e = memory_make(m, MEMORY_REACHED, all, until);
	} else {			/* it must not go before those that it counts */
		unlink_age(m, MEMORY_REACHED, e);
		make_newest(m, MEMORY_REACHED, e, memory_slot(m, MEMORY_REACHED, all));
	}
	((struct reached_entry *)e)->n++;
	memory_make(m, MEMORY_REACHED, one, until);
}

unsigned
memory_reached(const struct entry *all)
{
	return ((const struct reached_entry *)all)->n;
}

void
memory_add_sent(struct control_memory *m, int64_t push, uint32_t n, const struct memory_key *failures, int64_t until)
{
	struct memory_key key = memory_sent_key(push, n);

	((struct sent_entry *)memory_make(m, MEMORY_SENT, &key, until))->failures = *failures;
}
