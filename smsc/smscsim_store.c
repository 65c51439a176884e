/* smscsim_store.c - see smscsim_store.h. */
#include "smsc/smscsim_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "smsc/smscsim.h"
#include "wap/udh.h"

enum {
	BUCKETS = 1 << 14,		/* of assemblies and of destinations */
	SEEN_MIN = 1 << 14, SEEN_MAX = 1 << 20,	/* fingerprints of a generation; half are used */
	EXTRAS_MAX = 255,		/* repeats that one assembly remembers the id of */
	ASSEMBLY_MS = 600000		/* an incomplete message is given up */
};
#define FIRST_NUMBER 1000000000u	/* 10 digits, or 8 hexadecimal ones: no number is both */

/* Parts of one message that is not complete. */
struct assembly {
	struct assembly *chain;			/* same bucket */
	struct assembly *older, *newer;		/* by age */
	uint64_t hash;
	int64_t started_ms;
	uint16_t ref;
	bool ref_16bit;
	unsigned total, have, n_extras;
	struct sim_part *extras;		/* repeats, newest first */
	struct sim_part *parts[];		/* total of them */
};

/* Fingerprints of the last parts, in two generations: the older one is dropped when the newer is full. */
struct seen {
	uint64_t *slots[2];
	size_t size;			/* of each, a power of two */
	size_t n;			/* in slots[0] */
};

struct sim_store {
	size_t size;			/* of both rings */
	struct sim_message **ring;	/* [seq % size] */
	uint64_t newest;		/* seq; 0 none */
	struct sim_part **by_number;	/* [number % size] */
	uint32_t next_number;
	uint64_t by_dest[BUCKETS];	/* newest seq */
	struct assembly *assemblies[BUCKETS];
	struct assembly *oldest, *youngest;
	struct seen seen;
	struct sim_store_stats stats;
};

struct sim_store *
sim_store_create(unsigned max_messages, uint64_t seed)
{
	struct sim_store *store = sim_alloc(sizeof *store);

	store->size = max_messages;
	store->ring = sim_alloc(store->size * sizeof(struct sim_message *));
	store->by_number = sim_alloc(store->size * sizeof(struct sim_part *));
	store->seen.size = SEEN_MIN;
	while (store->seen.size < SEEN_MAX && store->seen.size < 4 * store->size)
		store->seen.size *= 2;
	store->seen.slots[0] = sim_alloc(store->seen.size * sizeof(uint64_t));
	store->seen.slots[1] = sim_alloc(store->seen.size * sizeof(uint64_t));
	store->next_number = FIRST_NUMBER + (uint32_t)(seed % (UINT32_MAX - FIRST_NUMBER));
	return store;
}

static void assembly_free(struct sim_store *store, struct assembly *a);

void
sim_store_destroy(struct sim_store **p)
{
	struct sim_store *store = *p;
	size_t i;

	*p = NULL;
	if (store == NULL)
		return;
	while (store->oldest != NULL)
		assembly_free(store, store->oldest);
	for (i = 0; i < store->size; i++) {
		sim_message_unref(&store->ring[i]);
		sim_part_unref(&store->by_number[i]);
	}
	free(store->seen.slots[0]);
	free(store->seen.slots[1]);
	free(store->by_number);
	free(store->ring);
	free(store);
}

uint32_t
sim_store_number(struct sim_store *store)
{
	uint32_t number = store->next_number;

	store->next_number = number == UINT32_MAX ? FIRST_NUMBER : number + 1;
	return number;
}

/* ---- repeats ----------------------------------------------------------------------- */

static bool
seen_in(const struct seen *seen, unsigned generation, uint64_t print, size_t *at)
{
	const uint64_t *slots = seen->slots[generation];
	size_t i = print & (seen->size - 1);

	while (slots[i] != 0 && slots[i] != print)
		i = (i + 1) & (seen->size - 1);
	*at = i;
	return slots[i] == print;
}

/* Whether it was there already; from now on it is. */
static bool
seen_before(struct seen *seen, uint64_t print)
{
	uint64_t *oldest = seen->slots[1];
	size_t at;

	print |= 1;			/* 0 is an empty slot */
	if (seen_in(seen, 0, print, &at))
		return true;
	if (seen->n == seen->size / 2) {
		memset(oldest, 0, seen->size * sizeof(uint64_t));
		seen->slots[1] = seen->slots[0];
		seen->slots[0] = oldest;
		seen->n = 0;
		seen_in(seen, 0, print, &at);
	}
	seen->slots[0][at] = print;
	seen->n++;
	return seen_in(seen, 1, print, &at);
}

static uint64_t
mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9E3779B97F4A7C15u;
	return h ^ h >> 29;
}

/* Octet strings are long: eight at a time, not text_hash64. */
static uint64_t
hash_octets(uint64_t h, struct span s)
{
	uint64_t v;

	h = mix(h, s.n);
	for (; s.n >= 8; s.p += 8, s.n -= 8) {
		memcpy(&v, s.p, 8);
		h = mix(h, v);
	}
	for (v = 0; s.n > 0; s.n--)
		v = v << 8 | s.p[s.n - 1];
	return mix(h, v);
}

static uint64_t
hash_pair(const struct sim_part *part)
{
	return hash_octets(hash_octets(0, span_str(part->source)), span_str(part->dest));
}

static uint64_t
hash_concat(const struct sim_part *part, const struct udh *udh)
{
	return mix(hash_pair(part),
	    (uint64_t)udh->ref << 16 | (uint64_t)udh->ref_16bit << 8 | udh->total);
}

/* ---- complete messages ------------------------------------------------------------- */

static size_t
dest_bucket(const char *digits)
{
	return hash_octets(0, span_str(digits)) % BUCKETS;
}

static bool
is_kept(const struct sim_store *store, uint64_t seq)
{
	return seq > 0 && seq <= store->newest && store->newest - seq < store->size;
}

static void
message_put(struct sim_store *store, struct sim_message *m)
{
	struct sim_message **slot;
	char digits[SIM_ADDRESS_SIZE];
	uint64_t *newest;

	sim_digits(m->parts[0]->dest, digits);
	newest = &store->by_dest[dest_bucket(digits)];
	m->refs = 1;
	m->seq = ++store->newest;
	m->older = *newest;
	*newest = m->seq;
	m->at_ms = m->parts[m->n_parts - 1]->at_ms;
	slot = &store->ring[m->seq % store->size];
	sim_message_unref(slot);
	*slot = m;
	store->stats.messages = store->newest;
}

static void
complete_single(struct sim_store *store, struct sim_part *part)
{
	struct sim_message *m = sim_alloc(sizeof *m + sizeof(struct sim_part *));

	m->n_parts = m->n_ids = 1;
	m->parts[0] = part;
	sim_part_ref(part);
	message_put(store, m);
}

void
sim_message_unref(struct sim_message **p)
{
	struct sim_message *m = *p;
	unsigned i;

	*p = NULL;
	if (m == NULL || --m->refs > 0)
		return;
	for (i = 0; i < m->n_ids; i++)
		sim_part_unref(&m->parts[i]);
	free(m);
}

enum receipt_state
sim_message_state(const struct sim_message *m)
{
	enum receipt_state state = RECEIPT_ENROUTE;
	bool waits = false;
	unsigned i;

	for (i = 0; i < m->n_parts; i++) {
		state = m->parts[i]->state;
		if (state == RECEIPT_DELETED)
			return state;
		waits = waits || state == RECEIPT_ENROUTE;
	}
	return waits ? RECEIPT_ENROUTE : state;
}

/* ---- assemblies -------------------------------------------------------------------- */

static struct assembly **
assembly_find(struct sim_store *store, const struct sim_part *part, const struct udh *udh,
    uint64_t hash)
{
	struct assembly **p, *a;
	unsigned i;

	for (p = &store->assemblies[hash % BUCKETS]; (a = *p) != NULL; p = &a->chain) {
		if (a->hash != hash || a->ref != udh->ref || a->ref_16bit != udh->ref_16bit ||
		    a->total != udh->total)
			continue;
		for (i = 0; a->parts[i] == NULL; i++)
			;		/* an assembly has at least one part */
		if (strcmp(a->parts[i]->source, part->source) == 0 &&
		    strcmp(a->parts[i]->dest, part->dest) == 0)
			break;
	}
	return p;
}

static struct assembly *
assembly_create(struct sim_store *store, struct assembly **p, const struct udh *udh, uint64_t hash,
    int64_t now_ms)
{
	struct assembly *a = sim_alloc(sizeof *a + udh->total * sizeof(struct sim_part *));

	a->hash = hash;
	a->ref = udh->ref;
	a->ref_16bit = udh->ref_16bit;
	a->total = udh->total;
	a->started_ms = now_ms;
	*p = a;
	a->older = store->youngest;
	*(a->older != NULL ? &a->older->newer : &store->oldest) = a;
	store->youngest = a;
	store->stats.waiting_messages++;
	return a;
}

/* Takes it out of the lists; its parts stay with it. */
static void
assembly_unlink(struct sim_store *store, struct assembly *a)
{
	struct assembly **p = &store->assemblies[a->hash % BUCKETS];

	while (*p != a)
		p = &(*p)->chain;
	*p = a->chain;
	*(a->older != NULL ? &a->older->newer : &store->oldest) = a->newer;
	*(a->newer != NULL ? &a->newer->older : &store->youngest) = a->older;
	store->stats.waiting_messages--;
	store->stats.waiting_parts -= a->have + a->n_extras;
}

static void
assembly_free(struct sim_store *store, struct assembly *a)
{
	struct sim_part *part;
	unsigned i;

	assembly_unlink(store, a);
	store->stats.forgotten_parts += a->have;
	for (i = 0; i < a->total; i++)
		sim_part_unref(&a->parts[i]);
	while ((part = a->extras) != NULL) {
		a->extras = part->next;
		sim_part_unref(&part);
	}
	free(a);
}

static void
complete_assembly(struct sim_store *store, struct assembly *a)
{
	unsigned i, n = a->total + a->n_extras;
	struct sim_message *m = sim_alloc(sizeof *m + n * sizeof(struct sim_part *));

	assembly_unlink(store, a);
	m->n_parts = a->total;
	m->n_ids = n;
	memcpy(m->parts, a->parts, a->total * sizeof(struct sim_part *));
	for (i = m->n_ids; i > a->total; a->extras = a->extras->next)
		m->parts[--i] = a->extras;
	message_put(store, m);
	free(a);
}

static void
assembly_add(struct sim_store *store, struct sim_part *part, const struct udh *udh,
    int64_t now_ms)
{
	uint64_t hash = hash_concat(part, udh);
	struct assembly **p = assembly_find(store, part, udh, hash), *a = *p;

	if (a == NULL)
		a = assembly_create(store, p, udh, hash, now_ms);
	if (a->parts[udh->seq - 1] == NULL) {
		a->parts[udh->seq - 1] = part;
		a->have++;
	} else if (a->n_extras < EXTRAS_MAX) {
		part->next = a->extras;
		a->extras = part;
		a->n_extras++;
	} else {
		return;
	}
	sim_part_ref(part);
	store->stats.waiting_parts++;
	if (a->have == a->total)
		complete_assembly(store, a);
}

static void
forget_assemblies(struct sim_store *store, int64_t now_ms)
{
	while (store->oldest != NULL && (store->stats.waiting_parts > store->size ||
	    now_ms - store->oldest->started_ms > ASSEMBLY_MS))
		assembly_free(store, store->oldest);
}

/* ---- adding and finding ------------------------------------------------------------ */

void
sim_store_add(struct sim_store *store, struct sim_part *part, int64_t now_ms)
{
	struct sim_part **slot = &store->by_number[part->number % store->size];
	struct span octets = span_of(part->octets, part->n);
	struct udh udh = { 0 };
	bool again;

	sim_part_ref(part);
	sim_part_unref(slot);
	*slot = part;

	if (part->n_segments == 1 && sim_part_has_udh(part) && udh_decode(octets, &udh, NULL) != OK)
		udh.has_concat = false;
	if (udh.has_concat)
		again = seen_before(&store->seen, mix(hash_concat(part, &udh), udh.seq));
	else
		again = seen_before(&store->seen, hash_octets(hash_pair(part), octets));
	store->stats.duplicates += again;

	if (udh.has_concat && udh.total > 1)
		assembly_add(store, part, &udh, now_ms);
	else
		complete_single(store, part);
	forget_assemblies(store, now_ms);
}

struct sim_part *
sim_store_find(struct sim_store *store, const char *message_id)
{
	struct sim_part *part;
	uint8_t octets[4];
	int64_t number;
	size_t n;

	if (strlen(message_id) == 8 && text_hex(span_str(message_id), octets, &n, NULL) == OK && n == 4)
		number = (int64_t)octets[0] << 24 | octets[1] << 16 | octets[2] << 8 | octets[3];
	else if (text_number(message_id, 0, UINT32_MAX, &number) != OK)
		return NULL;
	part = store->by_number[(size_t)number % store->size];
	return part != NULL && part->number == (uint32_t)number ? part : NULL;
}

void
sim_store_each(struct sim_store *store, void (*each)(void *arg, struct sim_part *part), void *arg)
{
	size_t i, at;

	for (i = 0; i < store->size; i++) {
		at = (store->next_number + i) % store->size;
		if (store->by_number[at] != NULL)
			each(arg, store->by_number[at]);
	}
}

/* ---- what a handset has got ---------------------------------------------------------- */

enum handset { HANDSET_GOT, HANDSET_WAITS, HANDSET_NEVER };

static enum handset
handset(const struct sim_message *m)
{
	enum handset has = HANDSET_GOT;
	unsigned i;

	for (i = 0; i < m->n_parts; i++)
		switch (m->parts[i]->state) {
		case RECEIPT_EXPIRED:
		case RECEIPT_DELETED:
		case RECEIPT_UNDELIVERABLE:
		case RECEIPT_REJECTED:
			return HANDSET_NEVER;
		case RECEIPT_ENROUTE:
		case RECEIPT_DELIVERED:
		case RECEIPT_ACCEPTED:
		case RECEIPT_UNKNOWN:
			if (m->parts[i]->waits)
				has = HANDSET_WAITS;
		}
	return has;
}

/* ---- lists of messages ---------------------------------------------------------------- */

/* The next older message to this destination, from seq on, that is newer than since; or NULL. */
static struct sim_message *
dest_walk(struct sim_store *store, uint64_t seq, uint64_t since, const char *dest)
{
	struct sim_message *m;
	char digits[SIM_ADDRESS_SIZE];

	while (seq > since && is_kept(store, seq)) {
		m = store->ring[seq % store->size];
		sim_digits(m->parts[0]->dest, digits);
		if (strcmp(digits, dest) == 0)
			return m;
		seq = m->older;
	}
	return NULL;
}

/* Those to one destination, newest first as they are chained; out NULL: only whether there are any. */
static size_t
take_dest(struct sim_store *store, uint64_t since, const char *dest, bool delivered,
    struct sim_message **out, size_t max)
{
	uint64_t newest = store->by_dest[dest_bucket(dest)], end = UINT64_MAX;
	struct sim_message *m;
	size_t n = 0, left;

	for (m = dest_walk(store, newest, since, dest); m != NULL;
	    m = dest_walk(store, m->older, since, dest)) {
		if (delivered && handset(m) == HANDSET_WAITS) {
			end = m->seq;
			n = 0;
		} else if (!delivered || handset(m) == HANDSET_GOT) {
			n++;
			if (out == NULL && !delivered)
				break;
		}
	}
	left = n;
	for (m = dest_walk(store, newest, since, dest); out != NULL && m != NULL;
	    m = dest_walk(store, m->older, since, dest)) {
		if (m->seq > end || (delivered && handset(m) != HANDSET_GOT))
			continue;
		if (--left < max) {
			out[left] = m;
			m->refs++;
		}
	}
	return n < max ? n : max;
}

/* Those to any destination; out NULL: only whether there are any. */
static size_t
take_all(struct sim_store *store, uint64_t since, bool delivered, struct sim_message **out, size_t max)
{
	uint64_t seq = since + 1;
	size_t n = 0;

	if (since >= store->newest)
		return 0;
	if (!is_kept(store, seq))
		seq = store->newest - store->size + 1;
	for (; seq <= store->newest && n < max; seq++) {
		struct sim_message *m = store->ring[seq % store->size];
		enum handset has = delivered ? handset(m) : HANDSET_GOT;

		if (has == HANDSET_WAITS)
			break;
		if (has == HANDSET_NEVER)
			continue;
		if (out != NULL) {
			out[n] = m;
			m->refs++;
		}
		n++;
	}
	return n;
}

size_t
sim_store_take(struct sim_store *store, uint64_t since, const char *dest, bool delivered,
    struct sim_message **out, size_t max)
{
	if (dest != NULL)
		return take_dest(store, since, dest, delivered, out, max);
	return take_all(store, since, delivered, out, max);
}

bool
sim_store_has(struct sim_store *store, uint64_t since, const char *dest, bool delivered)
{
	return sim_store_take(store, since, dest, delivered, NULL, 1) > 0;
}

struct sim_store_stats
sim_store_stats(const struct sim_store *store)
{
	return store->stats;
}
