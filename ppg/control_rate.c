/* control_rate.c - see control.h: how often, to how many, and what was there already: E-07, E-16 and E-20. */
#include "ppg/control_int.h"

#include <stdio.h>

#include "base/clock.h"

enum { HOUR_S = 3600, FAILURES_USUAL = 3, NOTIFICATION_DIGEST = 16 };

bool
control_pin_signed(const struct control_case *c)
{
	return c->class != CLASS_NONE && pin_method(c->facts->sec);
}

/* Under the lock: how many within the window? */
static unsigned
count(struct control_memory *m, const struct memory_key *key, int64_t window_s)
{
	int64_t now = (int64_t)clock_utc();
	struct entry *e = memory_find(m, MEMORY_RATES, key);
	unsigned i, n_times = 0, n = 0;
	const uint32_t *times = e != NULL ? memory_times(e, &n_times) : NULL;

	for (i = 0; i < n_times; i++)
		n += (int64_t)times[i] > now - window_s;
	return n;
}

static void
add(struct control_case *c, const struct memory_key *key, int64_t window_s)
{
	int64_t now = (int64_t)clock_utc();

	memory_add_time(c->memory, key, now, now + window_s);
	memory_mark(c, MEMORY_RATES, key, NULL);
}

/* As many failures, each within a day of the one before, as the device takes wrong PINs; for a day after the last. */
static bool
has_failed(struct control_case *c)
{
	uint32_t tries = c->dev != NULL ? policy_get(c->dev, 4105, FAILURES_USUAL) : FAILURES_USUAL;
	struct memory_key key = memory_key(c->memory, "f|%s", c->number);
	struct entry *e = memory_find(c->memory, MEMORY_RATES, &key);
	unsigned n = 0;

	if (e != NULL)
		memory_times(e, &n);
	return n >= (tries == 0 ? 1 : tries < MEMORY_TIMES ? tries : MEMORY_TIMES);
}

/* Subscribers that an initiator reached within this hour of the clock, each counted once. */
static bool
reach(struct control_case *c, const char *tag, unsigned limit)
{
	int64_t now = (int64_t)clock_utc(), hour = now / HOUR_S;
	struct memory_key one, all;
	struct entry *e;

	if (limit == 0)
		return true;
	one = memory_key(c->memory, "%s|%s|%s|%lld", tag, c->who->name, c->number, (long long)hour);
	if (memory_find(c->memory, MEMORY_REACHED, &one) != NULL)
		return true;
	all = memory_key(c->memory, "%s|%s|%lld", tag, c->who->name, (long long)hour);
	e = memory_find(c->memory, MEMORY_REACHED, &all);
	if (e != NULL && memory_reached(e) >= limit)
		return false;
	memory_add_reached(c->memory, &one, &all, now + HOUR_S);
	memory_mark(c, MEMORY_REACHED, &one, &all);
	return true;
}

static bool
within_pin_rates(struct control_case *c, const struct memory_key *own, const struct memory_key *all, struct why *why)
{
	const struct control_rules *r = c->rules;

	if (has_failed(c)) {
		why_set(why, 0, "PIN-signed documents to the subscriber failed too often within 24 hours");
		return false;
	}
	if (r->pin_per_initiator != 0 && count(c->memory, own, DAY_S) >= r->pin_per_initiator) {
		why_set(why, 0, "%u PIN-signed documents of this account to the subscriber within 24 hours",
		    r->pin_per_initiator);
		return false;
	}
	if (r->pin_per_day != 0 && count(c->memory, all, DAY_S) >= r->pin_per_day) {
		why_set(why, 0, "%u PIN-signed documents to the subscriber within 24 hours", r->pin_per_day);
		return false;
	}
	return true;
}

static bool
within_rates(struct control_case *c, struct why *why)
{
	const struct control_rules *r = c->rules;
	bool pin = pin_method(c->facts->sec);
	struct memory_key own = memory_key(c->memory, "%s|%s|%s", pin ? "p" : "n", c->number, c->who->name), all = { { 0 } };

	if (pin) {
		all = memory_key(c->memory, "P|%s", c->number);
		if (!within_pin_rates(c, &own, &all, why))
			return false;
	} else if (r->netwpin_per_hour != 0 && count(c->memory, &own, HOUR_S) >= r->netwpin_per_hour) {
		why_set(why, 0, "%u NETWPIN documents of this account to the subscriber within an hour", r->netwpin_per_hour);
		return false;
	}
	if (!reach(c, "s", r->subscribers_per_hour)) {
		why_set(why, 0, "signed documents to more than %u subscribers within an hour", r->subscribers_per_hour);
		return false;
	}
	add(c, &own, pin ? DAY_S : HOUR_S);
	if (pin)
		add(c, &all, DAY_S);
	return true;
}

bool
control_rate(struct control_case *c, struct why *why)
{
	bool passes;

	if (c->memory == NULL || c->class == CLASS_NONE || c->facts->sec == PROV_SEC_NONE)
		return true;
	pthread_mutex_lock(&c->memory->lock);
	passes = within_rates(c, why);
	pthread_mutex_unlock(&c->memory->lock);
	return passes;
}

bool
control_crowd(struct control_case *c, struct why *why)
{
	bool passes;

	if (c->memory == NULL || c->class < CLASS_PRIVILEGED)
		return true;
	pthread_mutex_lock(&c->memory->lock);
	passes = reach(c, "q", c->rules->privileged_per_hour);
	pthread_mutex_unlock(&c->memory->lock);
	if (!passes)
		why_set(why, 0, "privileged settings for more than %u subscribers within an hour", c->rules->privileged_per_hour);
	return passes;
}

/* The digest of a DM notification; "" of other messages. */
static void
notification_digest(const struct push_facts *f, char out[2 * NOTIFICATION_DIGEST + 1])
{
	size_t i;

	out[0] = '\0';
	if (f->kind != CONTENT_DM_NOTIFICATION || f->body.n < NOTIFICATION_DIGEST)
		return;
	for (i = 0; i < NOTIFICATION_DIGEST; i++)
		snprintf(out + 2 * i, 3, "%02x", f->body.p[i]);
}

/*
 * A server may send the same notification once more when it hears nothing of the device, so that one is told and not
 * refused: its nonce serves once, and a device that took the first will not take it.
 */
bool
control_replay(struct control_case *c, struct why *why)
{
	int64_t now = (int64_t)clock_utc();
	char digest[2 * NOTIFICATION_DIGEST + 1];
	const char *mac = c->facts->mac;
	struct memory_key key;
	bool seen;

	notification_digest(c->facts, digest);
	if (digest[0] != '\0')
		mac = digest;
	if (c->memory == NULL || mac == NULL)
		return true;
	key = memory_key(c->memory, "m|%s|%.40s", c->number, mac);
	pthread_mutex_lock(&c->memory->lock);
	seen = memory_find(c->memory, MEMORY_REPLAYS, &key) != NULL;
	if (!seen) {
		memory_make(c->memory, MEMORY_REPLAYS, &key, now + c->rules->replay_s);
		memory_mark(c, MEMORY_REPLAYS, &key, NULL);
	}
	pthread_mutex_unlock(&c->memory->lock);
	if (seen && mac == digest)
		why_at(why, 0, CONTROL_TELLS,
		    "this notification was sent to the subscriber already: a device that took it refuses it now");
	else if (seen)
		why_set(why, 0, "a document with this MAC was sent to the subscriber already");
	return !seen;
}
