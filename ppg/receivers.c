/* receivers.c - see receivers.h. */
#include "ppg/receivers.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ORIGIN_SIZE = 280 };

struct receiver {
	struct receiver *next;
	char origin[ORIGIN_SIZE];
	unsigned under_way, waiting;
	struct receiver_item *first, **last;	/* those that wait */
	int64_t moved_ms;		/* its last answer, or when its first request went out */
	int64_t took_ms;		/* of its last answer */
	bool slow;
	unsigned postponed;		/* in this minute */
	int64_t minute_ms;		/* when it began */
};

struct receivers {
	struct receiver *first;
	unsigned connections;
};

struct receivers *
receivers_create(unsigned connections)
{
	struct receivers *rs = calloc(1, sizeof *rs);

	if (rs == NULL)
		abort();
	rs->connections = connections > 0 ? connections : 4;
	return rs;
}

void
receivers_destroy(struct receivers **p)
{
	struct receivers *rs = *p;

	while (rs != NULL && rs->first != NULL) {
		struct receiver *r = rs->first;

		rs->first = r->next;
		free(r);
	}
	free(rs);
	*p = NULL;
}

void
receivers_origin(const char *url, char *out, unsigned size)
{
	const char *host = strstr(url, "://");
	size_t n = host != NULL ? (size_t)(host + 3 - url) : 0;

	n += strcspn(url + n, "/?#");
	if (n >= size)
		n = size - 1;
	memcpy(out, url, n);
	out[n] = '\0';
}

static struct receiver *
find(struct receivers *rs, const char *url, int64_t now_ms)
{
	char origin[ORIGIN_SIZE];
	struct receiver *r;

	receivers_origin(url, origin, sizeof origin);
	for (r = rs->first; r != NULL; r = r->next)
		if (strcasecmp(r->origin, origin) == 0)
			return r;
	r = calloc(1, sizeof *r);
	if (r == NULL)
		abort();
	strcpy(r->origin, origin);
	r->last = &r->first;
	r->moved_ms = r->minute_ms = now_ms;
	r->next = rs->first;
	rs->first = r;
	return r;
}

static void
count_postponed(struct receiver *r, int64_t now_ms)
{
	if (now_ms - r->minute_ms >= RECEIVER_POSTPONED_S * 1000) {
		r->minute_ms = now_ms;
		r->postponed = 0;
	}
	r->postponed++;
}

enum receiver_turn
receivers_offer(struct receivers *rs, const char *url, struct receiver_item *item, int64_t now_ms)
{
	struct receiver *r = find(rs, url, now_ms);

	item->next = NULL;
	item->receiver = r;
	if (r->under_way < rs->connections) {
		if (r->under_way++ == 0)
			r->moved_ms = now_ms;
		return RECEIVER_SEND;
	}
	if (r->slow && r->waiting >= RECEIVER_SLOW_WAITING) {
		count_postponed(r, now_ms);
		return RECEIVER_POSTPONE;
	}
	*r->last = item;
	r->last = &item->next;
	r->waiting++;
	return RECEIVER_WAIT;
}

static struct receiver_item *
take_waiting(struct receiver *r)
{
	struct receiver_item *item = r->first;

	if (item != NULL) {
		r->first = item->next;
		if (r->first == NULL)
			r->last = &r->first;
		r->waiting--;
		item->next = NULL;
	}
	return item;
}

struct receiver_item *
receivers_answered(struct receivers *rs, struct receiver_item *item, int64_t took_ms, int64_t now_ms)
{
	struct receiver *r = item->receiver;
	struct receiver_item *next = take_waiting(r);

	r->moved_ms = now_ms;
	r->took_ms = took_ms;
	r->slow = took_ms > RECEIVER_SLOW_MS;
	if (next == NULL)
		r->under_way--;
	return next;
}

/* Those beyond the few that may wait for a slow one, the last first. */
static void
cut_queue(struct receiver *r, struct receiver_item **out, int64_t now_ms)
{
	struct receiver_item *item, **at = &r->first;
	unsigned i;

	for (i = 0; i < RECEIVER_SLOW_WAITING && *at != NULL; i++)
		at = &(*at)->next;
	while ((item = *at) != NULL) {
		*at = item->next;
		item->next = *out;
		*out = item;
		r->waiting--;
		count_postponed(r, now_ms);
	}
	r->last = at;
}

struct receiver_item *
receivers_sweep(struct receivers *rs, int64_t now_ms)
{
	struct receiver **at = &rs->first, *r;
	struct receiver_item *out = NULL;

	while ((r = *at) != NULL) {
		int64_t silent_ms = now_ms - r->moved_ms;

		if (r->under_way == 0 && (!r->slow || silent_ms >= RECEIVER_POSTPONED_S * 1000)) {
			*at = r->next;
			free(r);
			continue;
		}
		if (r->under_way > 0 && silent_ms > RECEIVER_SLOW_MS) {
			r->slow = true;
			if (r->took_ms < silent_ms)
				r->took_ms = silent_ms;
		}
		if (r->slow)
			cut_queue(r, &out, now_ms);
		at = &r->next;
	}
	return out;
}

struct receiver_item *
receivers_drain(struct receivers *rs)
{
	struct receiver_item *out = NULL, *item;
	struct receiver *r;

	for (r = rs->first; r != NULL; r = r->next)
		while ((item = take_waiting(r)) != NULL) {
			item->next = out;
			out = item;
		}
	return out;
}

int64_t
receivers_delay_s(const struct receivers *rs, struct receiver_item *item)
{
	const struct receiver *r = item->receiver;
	int64_t s = 1 + r->postponed * r->took_ms / (1000 * (int64_t)rs->connections);

	return s < RECEIVER_POSTPONED_S ? s : RECEIVER_POSTPONED_S;
}

unsigned
receivers_quick(const struct receivers *rs)
{
	const struct receiver *r;
	unsigned n = 0;

	for (r = rs->first; r != NULL; r = r->next)
		if (!r->slow)
			n += r->under_way + r->waiting;
	return n;
}

bool
receivers_waiting(const struct receivers *rs)
{
	const struct receiver *r;

	for (r = rs->first; r != NULL; r = r->next)
		if (r->waiting > 0)
			return true;
	return false;
}
