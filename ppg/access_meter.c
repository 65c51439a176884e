/*
 * access_meter.c - how much an initiator pushed: submissions a second, recipients a day; see access.h.
 * Shares of submissions come in all the time, so many as pushes_per_s says (a token bucket). A day is one of UTC.
 */
#include "ppg/access.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

enum { DAY_S = 86400, MILLION = 1000000, BUCKETS = 256 };

/* What is known of one initiator, by its name: it outlives reloads. */
struct meter {
	struct meter *next;
	char name[64];
	int64_t day;			/* UTC s / 86400 that `used` counts */
	uint64_t used;
	uint64_t shares;		/* millionths of a submission that may come at once ... */
	int64_t filled_us;		/* ... as of then (monotonic) */
};

struct access_meters {
	struct store *store;
	pthread_mutex_t lock;
	struct meter *buckets[BUCKETS];	/* as many meters as the configuration ever had initiators */
};

struct access_meters *
access_meters_create(struct store *store)
{
	struct access_meters *m = calloc(1, sizeof *m);

	if (m == NULL)
		abort();
	m->store = store;
	pthread_mutex_init(&m->lock, NULL);
	return m;
}

void
access_meters_destroy(struct access_meters **p)
{
	struct access_meters *m = *p;
	struct meter *meter;
	size_t i;

	if (m == NULL)
		return;
	for (i = 0; i < BUCKETS; i++) {
		while ((meter = m->buckets[i]) != NULL) {
			m->buckets[i] = meter->next;
			free(meter);
		}
	}
	pthread_mutex_destroy(&m->lock);
	free(m);
	*p = NULL;
}

static struct meter *
find(struct access_meters *m, const char *name)
{
	struct meter **at, *meter;

	for (at = &m->buckets[text_hash64(span_str(name)) % BUCKETS]; (meter = *at) != NULL; at = &meter->next)
		if (strcmp(meter->name, name) == 0)
			return meter;
	meter = calloc(1, sizeof *meter);
	if (meter == NULL)
		abort();
	snprintf(meter->name, sizeof meter->name, "%s", name);
	meter->filled_us = INT64_MIN / 2;
	*at = meter;
	return meter;
}

/* The meter as it is today; the store knows what was used of a day that is new here, also after the clock was set back. */
static struct meter *
meter_of(struct access_meters *m, const struct initiator *who)
{
	int64_t today = clock_utc() / DAY_S;
	struct meter *meter = find(m, who->name);

	if (meter->day != today) {
		meter->day = today;
		meter->used = store_usage(m->store, who->name, today);
	}
	return meter;
}

/* The share of one submission, if there is one now; else *retry_s. A second's worth can be saved up. */
static bool
take_share(struct meter *meter, unsigned pushes_per_s, unsigned *retry_s)
{
	uint64_t full = (uint64_t)pushes_per_s * MILLION, missing;
	int64_t now = clock_mono_us(), rested = now - meter->filled_us;

	meter->shares = rested >= MILLION ? full : meter->shares + (uint64_t)rested * pushes_per_s;
	if (meter->shares > full)
		meter->shares = full;
	meter->filled_us = now;
	if (meter->shares < MILLION) {
		missing = MILLION - meter->shares;
		*retry_s = (unsigned)((missing + full - 1) / full);
		return false;
	}
	meter->shares -= MILLION;
	return true;
}

int
access_take(struct access_meters *m, const struct initiator *who, uint32_t recipients, unsigned *retry_s,
    struct why *why)
{
	struct meter *meter;
	int err = OK;

	*retry_s = 0;
	pthread_mutex_lock(&m->lock);
	meter = meter_of(m, who);
	if (who->recipients_per_day > 0 && (recipients > who->recipients_per_day ||
	    meter->used > who->recipients_per_day - recipients))
		err = why_set(why, ERR_LIMIT, "recipients-per-day of this account is %u, of which %llu are used",
		    who->recipients_per_day, (unsigned long long)meter->used);
	else if (who->pushes_per_s > 0 && !take_share(meter, who->pushes_per_s, retry_s))
		err = why_set(why, ERR_FULL, "more than %u pushes a second", who->pushes_per_s);
	else
		meter->used += recipients;
	pthread_mutex_unlock(&m->lock);
	return err;
}

void
access_give_back(struct access_meters *m, const struct initiator *who, uint32_t recipients)
{
	struct meter *meter;

	pthread_mutex_lock(&m->lock);
	meter = meter_of(m, who);
	meter->used -= recipients < meter->used ? recipients : meter->used;
	pthread_mutex_unlock(&m->lock);
}
