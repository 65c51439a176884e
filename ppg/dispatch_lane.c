/*
 * dispatch_lane.c - see dispatch_int.h. Who waits for a link: one lane for each set of wishes, in it a queue
 * for each priority. A link that is down or full holds up only the lanes that need it.
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

static void
score(struct dispatch *d, struct lane *lane)
{
	size_t i;

	free(lane->scores);
	lane->scores = calloc(d->n_links + 1, sizeof lane->scores[0]);
	if (lane->scores == NULL)
		abort();
	for (i = 0; i < d->n_links; i++)
		lane->scores[i] = route_score(&d->links[i]->cf.smsc, &lane->wish);
}

static struct lane *
make_lane(struct dispatch *d, struct span route)
{
	struct lane *lane = calloc(1, sizeof *lane + route.n);
	unsigned p;

	if (lane == NULL)
		abort();
	if (route.n > 0)
		memcpy(lane->route, route.p, route.n);
	lane->n_route = route.n;
	route_wish_read(route, &lane->wish);
	score(d, lane);
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
	d->lanes = make_lane(d, span_of(NULL, 0));
}

void
lanes_done(struct dispatch *d)
{
	while (d->lanes != NULL) {
		struct lane *lane = d->lanes;

		d->lanes = lane->next;
		free_lane(lane);
	}
}

void
lanes_rescore(struct dispatch *d)
{
	struct lane *lane;

	for (lane = d->lanes; lane != NULL; lane = lane->next)
		score(d, lane);
}

static struct lane *
find_lane(struct dispatch *d, struct span route)
{
	struct lane *lane;

	for (lane = d->lanes; lane != NULL; lane = lane->next)
		if (lane->n_route == route.n && (route.n == 0 || memcmp(lane->route, route.p, route.n) == 0))
			return lane;
	drop_empty(d);
	lane = make_lane(d, route);
	lane->next = d->lanes->next;
	return d->lanes->next = lane;
}

void
lanes_add(struct dispatch *d, struct store_item *items)
{
	int64_t now_ms = clock_mono_ms();

	while (items != NULL) {
		struct store_item *item = items;
		struct lane *lane = find_lane(d, item->body->route);

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

/* The link that suits best; of equals the one with most room. */
static struct link *
pick_link(struct dispatch *d, const struct lane *lane)
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
	return oldest != NULL ? take_first(oldest, p) : NULL;
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
    void (*each)(void *arg, struct span route, int64_t arrived_ms), void *arg)
{
	const struct lane *lane;

	for (lane = d->lanes; lane != NULL; lane = lane->next)
		if (lane->first[p] != NULL && lane->first[p]->arrived_ms <= since_ms)
			each(arg, span_of(lane->route, lane->n_route), lane->first[p]->arrived_ms);
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
