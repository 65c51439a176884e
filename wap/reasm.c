/*
 * reasm.c - joins the parts of concatenated short messages.
 * Spec: 3GPP TS 23.040 9.2.3.24.1 and .8; WAP-259-WDP 6.3.
 *
 * Incomplete messages stand in a list by age and in a hash table by key. Parts are kept sorted,
 * one block each, so that memory follows what was received, not what a header promises.
 */
#include "wap/udh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/text.h"

enum {
	PART_MAX = 254,			/* octets; SMPP's short_message holds no more */
	WHOLE_MAX = 65535,		/* octets of an unsegmented message */
	ADDRESS_MAX = 128,
	DEFAULT_MESSAGES = 1000,
	DEFAULT_TIMEOUT_MS = 10 * 60 * 1000
};

struct part {
	struct part *next;		/* ascending by seq */
	uint8_t seq, n;
	uint8_t octets[];
};

struct message {
	TAILQ_ENTRY(message) by_age;
	LIST_ENTRY(message) by_key;
	int64_t started_ms;
	struct part *parts;
	struct udh head;		/* of the first part, ports of the first that had them */
	unsigned n_parts;
	size_t n_octets;
	uint64_t hash;
	size_t from_n;
	char addresses[];		/* from, NUL, to, NUL */
};

TAILQ_HEAD(age_list, message);
LIST_HEAD(key_list, message);

struct reasm {
	size_t max_messages, n_messages, n_buckets;
	int64_t timeout_ms;
	uint64_t dropped;
	struct age_list by_age;
	struct key_list *buckets;
	uint8_t *joined;
	size_t joined_cap;
};

static void *
must(void *p)
{
	if (p == NULL) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

struct reasm *
reasm_create(size_t max_messages, int64_t timeout_ms)
{
	struct reasm *r = must(calloc(1, sizeof *r));

	r->max_messages = max_messages > 0 ? max_messages : DEFAULT_MESSAGES;
	r->timeout_ms = timeout_ms > 0 ? timeout_ms : DEFAULT_TIMEOUT_MS;
	r->n_buckets = 64;
	while (r->n_buckets < r->max_messages && r->n_buckets < 65536)
		r->n_buckets *= 2;
	r->buckets = must(calloc(r->n_buckets, sizeof r->buckets[0]));
	TAILQ_INIT(&r->by_age);
	return r;
}

static void
forget(struct reasm *r, struct message *m)
{
	struct part *part = m->parts, *next;

	TAILQ_REMOVE(&r->by_age, m, by_age);
	LIST_REMOVE(m, by_key);
	r->n_messages--;
	for (; part != NULL; part = next) {
		next = part->next;
		free(part);
	}
	free(m);
}

void
reasm_destroy(struct reasm **rp)
{
	struct reasm *r = *rp;

	if (r == NULL)
		return;
	while (!TAILQ_EMPTY(&r->by_age))
		forget(r, TAILQ_FIRST(&r->by_age));
	free(r->buckets);
	free(r->joined);
	free(r);
	*rp = NULL;
}

static void
give_up_oldest(struct reasm *r)
{
	forget(r, TAILQ_FIRST(&r->by_age));
	r->dropped++;
}

void
reasm_expire(struct reasm *r, int64_t now_ms)
{
	while (!TAILQ_EMPTY(&r->by_age) &&
	    now_ms - TAILQ_FIRST(&r->by_age)->started_ms >= r->timeout_ms)
		give_up_oldest(r);
}

/* ---- looking up --------------------------------------------------------------------- */

static uint64_t
hash_key(const char *from, const char *to, const struct udh *head)
{
	uint8_t tail[4] = { (uint8_t)(head->ref >> 8), (uint8_t)head->ref, head->ref_16bit,
		head->total };

	return text_hash64(span_str(from)) * 31 + text_hash64(span_str(to)) * 7 +
	    text_hash64(span_of(tail, sizeof tail));
}

static struct message *
find(struct reasm *r, uint64_t hash, const char *from, const char *to, const struct udh *head)
{
	struct message *m;

	LIST_FOREACH(m, &r->buckets[hash % r->n_buckets], by_key)
		if (m->hash == hash && m->head.ref == head->ref && m->head.total == head->total &&
		    m->head.ref_16bit == head->ref_16bit && strcmp(m->addresses, from) == 0 &&
		    strcmp(m->addresses + m->from_n + 1, to) == 0)
			return m;
	return NULL;
}

static struct message *
begin(struct reasm *r, int64_t now_ms, uint64_t hash, const char *from, const char *to,
    const struct udh *head)
{
	size_t from_n = strlen(from), to_n = strlen(to);
	struct message *m;

	if (r->n_messages >= r->max_messages)
		give_up_oldest(r);
	m = must(calloc(1, sizeof *m + from_n + to_n + 2));
	m->started_ms = now_ms;
	m->head = *head;
	m->head.payload = (struct span){ 0 };
	m->hash = hash;
	m->from_n = from_n;
	memcpy(m->addresses, from, from_n);
	memcpy(m->addresses + from_n + 1, to, to_n);
	TAILQ_INSERT_TAIL(&r->by_age, m, by_age);
	LIST_INSERT_HEAD(&r->buckets[hash % r->n_buckets], m, by_key);
	r->n_messages++;
	return m;
}

/* ---- parts -------------------------------------------------------------------------- */

/* The first part of a number stays; a second one is a repetition. */
static void
keep(struct message *m, const struct udh *head)
{
	struct part **at = &m->parts, *part;

	while (*at != NULL && (*at)->seq < head->seq)
		at = &(*at)->next;
	if (*at != NULL && (*at)->seq == head->seq)
		return;
	part = must(malloc(sizeof *part + head->payload.n));
	part->seq = head->seq;
	part->n = (uint8_t)head->payload.n;
	if (head->payload.n > 0)
		memcpy(part->octets, head->payload.p, head->payload.n);
	part->next = *at;
	*at = part;
	m->n_parts++;
	m->n_octets += head->payload.n;
	if (head->has_ports && !m->head.has_ports) {
		m->head.has_ports = true;
		m->head.src_port = head->src_port;
		m->head.dst_port = head->dst_port;
	}
}

static uint8_t *
room(struct reasm *r, size_t n)
{
	if (r->joined_cap < n || r->joined == NULL) {
		r->joined_cap = n > 512 ? n : 512;
		r->joined = must(realloc(r->joined, r->joined_cap));
	}
	return r->joined;
}

static struct span
join(struct reasm *r, const struct message *m)
{
	uint8_t *p = room(r, m->n_octets);
	const struct part *part;
	size_t n = 0;

	for (part = m->parts; part != NULL; part = part->next) {
		memcpy(p + n, part->octets, part->n);
		n += part->n;
	}
	return span_of(p, n);
}

static int
whole(struct reasm *r, const struct udh *head, struct span *out, unsigned *parts, struct why *why)
{
	if (head->payload.n > WHOLE_MAX)
		return why_set(why, ERR_LIMIT, "short message: %zu octets, at most %d are taken",
		    head->payload.n, WHOLE_MAX);
	*out = span_of(room(r, head->payload.n), head->payload.n);
	if (head->payload.n > 0)
		memcpy(r->joined, head->payload.p, head->payload.n);
	*parts = 1;
	return OK;
}

int
reasm_add(struct reasm *r, int64_t now_ms, const char *from, const char *to,
    struct span user_data, struct udh *head, struct span *out, unsigned *parts, struct why *why)
{
	struct message *m;
	uint64_t hash;
	int err;

	*out = (struct span){ 0 };
	*parts = 0;
	reasm_expire(r, now_ms);
	err = udh_decode(user_data, head, why);
	if (err)
		return err;
	if (!head->has_concat || head->total == 1)
		return whole(r, head, out, parts, why);
	if (head->payload.n > PART_MAX)
		return why_set(why, ERR_LIMIT, "part of a short message: %zu octets, at most %d are taken",
		    head->payload.n, PART_MAX);
	if (strlen(from) > ADDRESS_MAX || strlen(to) > ADDRESS_MAX)
		return why_set(why, ERR_LIMIT, "address of a short message: longer than %d characters",
		    ADDRESS_MAX);

	hash = hash_key(from, to, head);
	m = find(r, hash, from, to, head);
	if (m == NULL)
		m = begin(r, now_ms, hash, from, to, head);
	keep(m, head);
	if (m->n_parts < head->total)
		return ERR_BUSY;
	*out = join(r, m);
	*parts = m->n_parts;
	/* Gateways exist that send the ports in the first part only. */
	if (!head->has_ports) {
		head->has_ports = m->head.has_ports;
		head->src_port = m->head.src_port;
		head->dst_port = m->head.dst_port;
	}
	forget(r, m);
	return OK;
}

size_t
reasm_waiting(const struct reasm *r)
{
	return r->n_messages;
}

uint64_t
reasm_dropped(const struct reasm *r)
{
	return r->dropped;
}
