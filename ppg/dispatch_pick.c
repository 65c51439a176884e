/*
 * dispatch_pick.c - see dispatch_int.h. Which link carries the next one of a lane: the one that suits best; with a rule one
 * of its links, by their shares if it has any, and a fallback while none of them can. A link that is down, or has had no
 * room for a while (it is throttled, or slower than its share), is passed over; one that is only full just now is not.
 */
#include "ppg/dispatch_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum {
	STALLED_MS = 1000,
	PASS_ONE = 1 << 20,		/* way of a link with weight 1; the one that has come least far goes next */
	PDU = 1000,			/* tokens */
	BURST_MS = 100			/* that a rule may have saved up */
};

void
pick_init(struct dispatch *d)
{
	size_t n = d->rules != NULL ? d->rules->n : 0, i;

	d->states = calloc(n + 1, sizeof d->states[0]);
	d->passes = calloc(n * d->n_links + 1, sizeof d->passes[0]);
	d->scratch = calloc(d->n_links + 1, sizeof d->scratch[0]);
	if (d->states == NULL || d->passes == NULL || d->scratch == NULL)
		abort();
	for (i = 0; i < n; i++)
		d->states[i] = (struct pick_state){ PDU, clock_mono_ms() };
	d->by_number = d->rules != NULL && d->rules->by_number;
	for (i = 0; i < d->n_links; i++) {
		const struct smsc_config *cf = &d->links[i]->cf.smsc;

		d->by_number |= cf->allowed_prefix[0] != '\0' || cf->denied_prefix[0] != '\0' ||
		    cf->preferred_prefix[0] != '\0';
	}
	d->sent_by = NULL;
}

void
pick_done(struct dispatch *d)
{
	free(d->states);
	free(d->passes);
	free(d->scratch);
	d->states = NULL;
	d->passes = NULL;
	d->scratch = NULL;
}

static size_t
index_of(const struct dispatch *d, const struct route_rule *rule)
{
	return (size_t)(rule - d->rules->rules);
}

/* ---- throughput --------------------------------------------------------------------------------- */

static bool
may_send(struct dispatch *d, const struct route_rule *rule)
{
	struct pick_state *st = &d->states[index_of(d, rule)];
	int64_t now = clock_mono_ms(), rate = rule->throughput, most = rate * BURST_MS > PDU ? rate * BURST_MS : PDU;
	int64_t again;

	if (rate == 0)
		return true;
	st->tokens += (now - st->tokens_at) * rate;
	st->tokens_at = now;
	if (st->tokens > most)
		st->tokens = most;
	if (st->tokens >= PDU)
		return true;
	again = now + (PDU - st->tokens + rate - 1) / rate;
	if (d->feed_ms == 0 || again < d->feed_ms)
		d->feed_ms = again;
	return false;
}

void
pick_spent(struct dispatch *d, const struct route_rule *rule, unsigned pdus)
{
	if (rule != NULL && rule->throughput > 0)
		d->states[index_of(d, rule)].tokens -= (int64_t)pdus * PDU;
}

/* ---- without a rule --------------------------------------------------------------------------------- */

/* The link that suits best; of equals the one with most room. */
static struct link *
pick_best(struct dispatch *d, const struct lane *lane)
{
	struct link *best = NULL;
	unsigned most = 0;
	int best_score = -1;
	size_t i;

	for (i = 0; i < d->n_links; i++) {
		unsigned room;

		if (lane->scores[i] < best_score || lane->scores[i] < 0)
			continue;
		room = smsc_link_room(d->links[i]->smsc);
		if (room > 0 && (lane->scores[i] > best_score || room > most)) {
			best = d->links[i];
			best_score = lane->scores[i];
			most = room;
		}
	}
	return best;
}

/* ---- with one ------------------------------------------------------------------------------------------ */

/* Up, and not without room for long. */
static bool
is_usable(struct link *link, unsigned *room)
{
	int64_t now;

	if (smsc_link_state(link->smsc) != SMSC_UP)
		return false;
	*room = smsc_link_room(link->smsc);
	if (*room > 0) {
		link->full_since = 0;
		return true;
	}
	now = clock_mono_ms();
	if (link->full_since == 0)
		link->full_since = now;
	return now - link->full_since < STALLED_MS;
}

/* Of the rule's own links, or of its fallbacks. *serves: one of them can, now or soon. */
static struct link *
pick_of(struct dispatch *d, const struct lane *lane, bool fallback, bool *serves)
{
	const int64_t *passes = d->passes + index_of(d, lane->rule) * d->n_links;
	bool shares = lane->rule->weighted && !fallback;
	unsigned room, best_room = 0;
	size_t i, best = SIZE_MAX;

	for (i = 0; i < d->n_links; i++) {
		if (lane->scores[i] < 0 || lane->places[i]->fallback != fallback || !is_usable(d->links[i], &room))
			continue;
		*serves = true;
		if (best != SIZE_MAX && (shares ? passes[i] >= passes[best] :
		    lane->scores[i] < lane->scores[best] || (lane->scores[i] == lane->scores[best] && room <= best_room)))
			continue;
		if (!shares && room == 0)
			continue;
		best = i;
		best_room = room;
	}
	return best != SIZE_MAX && best_room > 0 ? d->links[best] : NULL;
}

struct link *
pick_link(struct dispatch *d, const struct lane *lane)
{
	bool serves = false;
	struct link *link;

	if (lane->rule == NULL)
		return pick_best(d, lane);
	if (!may_send(d, lane->rule))
		return NULL;
	link = pick_of(d, lane, false, &serves);
	return serves ? link : pick_of(d, lane, true, &serves);
}

void
pick_took(struct dispatch *d, const struct lane *lane, const struct link *link)
{
	int64_t *passes, here;
	size_t i, at = 0;

	d->sent_by = lane->rule;
	d->sent_timed = lane->timed;
	if (lane->rule == NULL)
		return;
	pick_spent(d, lane->rule, 1);
	while (d->links[at] != link)
		at++;
	if (!lane->rule->weighted || lane->places[at]->fallback)
		return;
	passes = d->passes + index_of(d, lane->rule) * d->n_links;
	here = passes[at];
	passes[at] += PASS_ONE / (int64_t)lane->places[at]->weight;
	/* who could not go does not catch up later */
	for (i = 0; i < d->n_links; i++)
		if (passes[i] < here)
			passes[i] = here;
}
