/*
 * dispatch_lane.c - see dispatch_int.h. Who waits for a link: one lane for all whom the same links suit alike, in it a
 * queue for each priority. A link that is down or full holds up only the lanes that need it.
 */
#include "ppg/dispatch_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/*
 * Of 16 turns 12 begin with high, 3 with medium and one with low; who begins is served first if there is
 * one, then the others by rank. So higher goes before lower, and nobody starves.
 */
enum { TURNS = 16, MEDIUM_TURN = 4 };

/* Which links, for one number (NULL: any); all that depends on it is in what it gives back. */
static const struct route_rule *
score(struct dispatch *d, const struct route_wish *wish, int priority, const char *number, int *scores)
{
	const struct route_rule *rule = NULL;
	size_t i;

	if (d->rules != NULL && d->rules->n > 0) {
		struct route_facts f = route_facts_of(wish, priority, number, clock_utc());

		rule = route_rules_find(d->rules, &f);
	}
	for (i = 0; i < d->n_links; i++)
		scores[i] = route_link_score(&d->links[i]->cf.smsc, rule, wish, number);
	return rule;
}

static struct lane *
make_lane(struct dispatch *d, const struct route_rule *rule, const int *scores, bool timed)
{
	struct lane *lane = calloc(1, sizeof *lane);
	unsigned p;
	size_t i;

	if (lane == NULL)
		abort();
	lane->timed = timed;
	lane->rule = rule;
	lane->scores = calloc(d->n_links + 1, sizeof lane->scores[0]);
	lane->places = calloc(d->n_links + 1, sizeof lane->places[0]);
	if (lane->scores == NULL || lane->places == NULL)
		abort();
	memcpy(lane->scores, scores, d->n_links * sizeof scores[0]);
	for (i = 0; rule != NULL && i < d->n_links; i++)
		lane->places[i] = route_rule_place(rule, d->links[i]->cf.smsc.smsc_id);
	for (p = 0; p < STORE_PRIORITIES; p++)
		lane->last[p] = &lane->first[p];
	return lane;
}

static bool
is_empty(const struct lane *lane)
{
	unsigned p;

	for (p = 0; p < STORE_PRIORITIES && lane->first[p] == NULL; p++)
		;
	return p == STORE_PRIORITIES;
}

static void
free_lane(struct lane *lane)
{
	free(lane->scores);
	free(lane->places);
	free(lane);
}

/* The lane without wishes stays; others go when they are empty. */
static void
drop_empty(struct dispatch *d)
{
	struct lane **at = &d->lanes->next, *lane;

	while ((lane = *at) != NULL) {
		if (is_empty(lane)) {
			*at = lane->next;
			free_lane(lane);
		} else {
			at = &lane->next;
		}
	}
}

void
lanes_init(struct dispatch *d)
{
	const struct route_wish none = { 0 };

	pick_init(d);
	/* by number or priority nothing can be said for all: its scores are those of links without such keys */
	memset(d->scratch, 0, d->n_links * sizeof d->scratch[0]);
	d->lanes = make_lane(d, score(d, &none, -1, NULL, d->scratch), d->scratch, false);
}

void
lanes_done(struct dispatch *d)
{
	while (d->lanes != NULL) {
		struct lane *lane = d->lanes;

		d->lanes = lane->next;
		free_lane(lane);
	}
	pick_done(d);
}

static bool
has_rules(const struct dispatch *d)
{
	return d->by_number || (d->rules != NULL && d->rules->n > 0);
}

static bool
is_alike(const struct dispatch *d, const struct lane *lane, const struct route_rule *rule, const int *scores, bool timed)
{
	return lane->rule == rule && lane->timed == timed &&
	    memcmp(lane->scores, scores, d->n_links * sizeof scores[0]) == 0;
}

/* Number and priority make a difference only where rules or links look at them. */
static struct lane *
lane_for(struct dispatch *d, const struct store_item *item)
{
	struct span route = item->body->route;
	const struct route_rule *rule;
	struct route_wish wish;
	struct lane *lane;

	if (route.n == 0 && !has_rules(d))
		return d->lanes;
	route_wish_read(route, &wish);
	rule = has_rules(d) ? score(d, &wish, (int)item->priority, item->to, d->scratch) :
	    score(d, &wish, -1, NULL, d->scratch);
	for (lane = d->lanes; lane != NULL; lane = lane->next)
		if (is_alike(d, lane, rule, d->scratch, wish.timed))
			return lane;
	drop_empty(d);
	lane = make_lane(d, rule, d->scratch, wish.timed);
	lane->next = d->lanes->next;
	return d->lanes->next = lane;
}

static int
by_turn(const void *a, const void *b)
{
	const struct store_item *x = *(const struct store_item *const *)a, *y = *(const struct store_item *const *)b;

	return x->turn < y->turn ? -1 : x->turn > y->turn;
}

/* Into the lanes that are now theirs, in the order in which they came. */
static void
sort_in(struct dispatch *d, struct store_item *items)
{
	struct store_item **list, *item;
	size_t n = 0, i;

	for (item = items; item != NULL; item = item->next)
		n++;
	list = calloc(n + 1, sizeof *list);
	if (list == NULL)
		abort();
	for (n = 0, item = items; item != NULL; item = item->next)
		list[n++] = item;
	qsort(list, n, sizeof *list, by_turn);
	for (i = 0; i < n; i++) {
		struct lane *lane = lane_for(d, list[i]);
		unsigned p = list[i]->priority;

		list[i]->next = NULL;
		*lane->last[p] = list[i];
		lane->last[p] = &list[i]->next;
	}
	free(list);
}

void
lanes_rescore(struct dispatch *d)
{
	struct store_item *items = lanes_stranded(d, true);

	lanes_done(d);
	lanes_init(d);
	sort_in(d, items);
}

void
lanes_minute(struct dispatch *d)
{
	int64_t minute = (int64_t)clock_utc() / 60;

	if (d->rules == NULL || !d->rules->by_time || minute == d->minute)
		return;
	d->minute = minute;
	sort_in(d, lanes_stranded(d, true));
	drop_empty(d);
}

void
lanes_add(struct dispatch *d, struct store_item *items)
{
	int64_t now_ms = clock_mono_ms();

	while (items != NULL) {
		struct store_item *item = items;
		struct lane *lane = lane_for(d, item);

		items = item->next;
		item->next = NULL;
		item->turn = d->arrivals++;
		item->arrived_ms = now_ms;
		*lane->last[item->priority] = item;
		lane->last[item->priority] = &item->next;
	}
}

static struct store_item *
take_first(struct lane *lane, unsigned p)
{
	struct store_item *item = lane->first[p];

	lane->first[p] = item->next;
	if (lane->first[p] == NULL)
		lane->last[p] = &lane->first[p];
	item->next = NULL;
	return item;
}

/* The one that came first, of those that have a link. */
static struct store_item *
next_of(struct dispatch *d, unsigned p, struct link **link)
{
	struct lane *lane, *oldest = NULL;
	struct link *l;

	for (lane = d->lanes; lane != NULL; lane = lane->next) {
		if (lane->first[p] == NULL || (oldest != NULL && oldest->first[p]->turn < lane->first[p]->turn))
			continue;
		l = pick_link(d, lane);
		if (l != NULL) {
			oldest = lane;
			*link = l;
		}
	}
	if (oldest == NULL)
		return NULL;
	pick_took(d, oldest, *link);
	return take_first(oldest, p);
}

struct store_item *
lanes_next(struct dispatch *d, struct link **link)
{
	unsigned begin = d->turn % TURNS == 0 ? STORE_LOW : d->turn % MEDIUM_TURN == 0 ? STORE_MEDIUM : STORE_HIGH;
	struct store_item *item = next_of(d, begin, link);
	unsigned p;

	for (p = 0; p < STORE_PRIORITIES && item == NULL; p++)
		if (p != begin)
			item = next_of(d, p, link);
	if (item != NULL)
		d->turn++;
	return item;
}

void
lanes_waiting(struct dispatch *d, unsigned p, int64_t since_ms,
    void (*each)(void *arg, const struct lane *lane, int64_t arrived_ms), void *arg)
{
	const struct lane *lane;

	for (lane = d->lanes; lane != NULL; lane = lane->next)
		if (lane->first[p] != NULL && lane->first[p]->arrived_ms <= since_ms)
			each(arg, lane, lane->first[p]->arrived_ms);
}

static bool
has_link(const struct dispatch *d, const struct lane *lane)
{
	size_t i;

	for (i = 0; i < d->n_links; i++)
		if (lane->scores[i] >= 0 && smsc_link_state(d->links[i]->smsc) == SMSC_UP)
			return true;
	return false;
}

struct store_item *
lanes_stranded(struct dispatch *d, bool any)
{
	struct store_item *out = NULL, **tail = &out;
	struct lane *lane;
	unsigned p;

	for (lane = d->lanes; lane != NULL; lane = lane->next) {
		if (is_empty(lane) || (!any && has_link(d, lane)))
			continue;
		for (p = 0; p < STORE_PRIORITIES; p++) {
			*tail = lane->first[p];
			if (*tail != NULL)
				tail = lane->last[p];
			lane->first[p] = NULL;
			lane->last[p] = &lane->first[p];
		}
	}
	*tail = NULL;
	drop_empty(d);
	return out;
}

static struct store_item *
take_out(struct dispatch *d, bool (*chosen)(const void *arg, const struct store_item *item), const void *arg)
{
	struct store_item *out = NULL, **tail = &out;
	struct lane *lane;
	unsigned p;

	for (lane = d->lanes; lane != NULL; lane = lane->next)
		for (p = 0; p < STORE_PRIORITIES; p++) {
			struct store_item **at = &lane->first[p], *item;

			while ((item = *at) != NULL) {
				if (!chosen(arg, item)) {
					at = &item->next;
					continue;
				}
				*at = item->next;
				item->next = NULL;
				*tail = item;
				tail = &item->next;
			}
			lane->last[p] = at;
		}
	return out;
}

struct removal {
	int64_t push;
	bool (*wanted)(void *arg, uint32_t n);
	void *arg;
};

static bool
is_removed(const void *arg, const struct store_item *item)
{
	const struct removal *r = arg;

	return item->push == r->push && r->wanted(r->arg, item->n);
}

struct store_item *
lanes_remove(struct dispatch *d, int64_t push, bool (*wanted)(void *arg, uint32_t n), void *arg)
{
	return take_out(d, is_removed, &(struct removal){ push, wanted, arg });
}

static bool
is_overdue(const void *arg, const struct store_item *item)
{
	return item->deadline_at != 0 && item->deadline_at <= *(const int64_t *)arg;
}

struct store_item *
lanes_overdue(struct dispatch *d, int64_t now)
{
	return take_out(d, is_overdue, &now);
}
