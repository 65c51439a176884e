/*
 * dispatch_take.c - see dispatch_int.h. Station: due.
 */
#include "ppg/dispatch_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* ---- from the store's queue ---------------------------------------------------------------------------- */

enum {
	AGAIN_S = 1,			/* after a TAKE that the store refused */
	STUCK_MS = 2000,		/* who waits so long for a link waits for a slow one */
	EXTRA = 200,			/* recipients that are taken for a link beside it, */
	EXTRA_MS = 200,			/* and how often */
	ASIDE_MAX_S = 15,
	TIMER_MAX_MS = 60000		/* the clock that recipients are due by may be set */
};

static void run_take_timer(void *arg);

static void
start_take_timer(struct dispatch *d)
{
	int64_t next = 0, ms;
	unsigned p;

	for (p = 0; p < STORE_PRIORITIES; p++)
		if (d->due_at[p] != 0 && (next == 0 || d->due_at[p] < next))
			next = d->due_at[p];
	if (next == 0 || d->stopping)
		return;
	ms = next * 1000 - clock_utc_ms();
	loop_timer_start(d->loop, &d->take_timer, ms < TIMER_MAX_MS ? ms : TIMER_MAX_MS, run_take_timer, d);
}

static void
run_take_timer(void *arg)
{
	struct dispatch *d = arg;
	int64_t now = (int64_t)clock_utc();
	unsigned p;

	for (p = 0; p < STORE_PRIORITIES; p++)
		if (d->due_at[p] != 0 && d->due_at[p] <= now) {
			d->due_at[p] = 0;
			atomic_store(&d->backlog[p], true);
		}
	start_take_timer(d);
	dispatch_look_for_more(d);
}

static void
post_wake(struct dispatch *d)
{
	if (!atomic_exchange(&d->wake_posted, true))
		loop_post(d->loop, &d->wake_work);
}

static void
count_items(const struct store_take *take, unsigned n[STORE_PRIORITIES])
{
	const struct store_item *item;

	for (item = take->items; item != NULL; item = item->next)
		n[item->priority]++;
}

/* Which pushes stay in the store: made on the links thread, asked by the store's writer. */
struct take_filter {
	struct routes *up;		/* the links that are up */
	struct routes *all;		/* and all, when somebody waits for a slow one */
	bool by_number;
	struct slow {			/* whom such a one suits, as struct lane has it; scores are heap */
		const struct route_rule *rule;
		int *scores;
	} *slow;
	size_t n_slow, n_links;
	int64_t oldest_ms;
};

static void
filter_free(struct take_filter **p)
{
	struct take_filter *f = *p;
	size_t i;

	if (f == NULL)
		return;
	for (i = 0; i < f->n_slow; i++)
		free(f->slow[i].scores);
	free(f->slow);
	routes_unref(f->up);
	routes_unref(f->all);
	free(f);
	*p = NULL;
}

/* number NULL and priority -1: where they make no difference. */
static bool
waits_for_slow(const struct take_filter *f, const struct route_wish *wish, const struct route_facts *facts)
{
	const struct route_rule *rule;
	size_t i, k;

	if (f->n_slow == 0)
		return false;
	rule = route_rules_find(routes_rules(f->all), facts);
	for (i = 0; i < f->n_slow; i++) {
		const struct slow *slow = &f->slow[i];

		if (slow->rule != rule)
			continue;
		for (k = 0; k < f->n_links && slow->scores[k] ==
		    route_link_score(routes_link(f->all, k), rule, wish, facts->number); k++)
			;
		if (k == f->n_links)
			return true;
	}
	return false;
}

static bool
may_go(void *arg, struct span route)
{
	const struct take_filter *f = arg;
	struct route_facts facts;
	struct route_wish wish;

	route_wish_read(route, &wish);
	facts = route_facts_of(&wish, -1, NULL, clock_utc());
	return routes_serve(f->up, &wish) && (f->by_number || !waits_for_slow(f, &wish, &facts));
}

/* With rules, or prefixes of links: may this one of its recipients? */
static bool
number_may_go(void *arg, struct span route, enum store_priority priority, const char *to)
{
	const struct take_filter *f = arg;
	struct route_wish wish;
	struct route_facts facts;

	route_wish_read(route, &wish);
	facts = route_facts_of(&wish, (int)priority, to, clock_utc());
	return routes_serve_number(f->up, &wish, &facts) && !waits_for_slow(f, &wish, &facts);
}

static void
add_slow(void *arg, const struct lane *lane, int64_t arrived_ms)
{
	struct take_filter *f = arg;
	struct slow *slow;

	f->slow = realloc(f->slow, (f->n_slow + 1) * sizeof f->slow[0]);
	if (f->slow == NULL)
		abort();
	slow = &f->slow[f->n_slow++];
	slow->rule = lane->rule;
	slow->scores = malloc((f->n_links + 1) * sizeof slow->scores[0]);
	if (slow->scores == NULL)
		abort();
	memcpy(slow->scores, lane->scores, f->n_links * sizeof slow->scores[0]);
	if (f->oldest_ms == 0 || arrived_ms < f->oldest_ms)
		f->oldest_ms = arrived_ms;
}

static struct routes *
links_of(struct dispatch *d, bool only_up)
{
	const struct smsc_config **some = calloc(d->n_links + 1, sizeof *some);
	struct routes *routes;
	size_t n = 0, i;

	if (some == NULL)
		abort();
	for (i = 0; i < d->n_links; i++)
		if (!only_up || smsc_link_state(d->links[i]->smsc) == SMSC_UP)
			some[n++] = &d->links[i]->cf.smsc;
	routes = d->rules != NULL ? routes_create_ruled(some, n, d->rules) : routes_create(some, n);
	free(some);
	return routes;
}

/*
 * Pushes that only links serve which are down, or gone, stay in the store and out of the others' way. In an extra look so
 * do those who would wait for a slow link; they come back before that link has done half of what is here.
 */
static void
set_filter(struct dispatch *d, bool extra)
{
	struct take_filter *f = calloc(1, sizeof *f);
	int64_t now_ms = clock_mono_ms(), aside_s = d->retry_min_s;
	unsigned p;

	if (f == NULL)
		abort();
	f->up = links_of(d, true);
	f->n_links = d->n_links;
	f->by_number = d->by_number || (d->rules != NULL && d->rules->n > 0);
	for (p = 0; p < STORE_PRIORITIES && extra; p++)
		if (d->take.max[p] > 0)
			lanes_waiting(d, p, now_ms - STUCK_MS, add_slow, f);
	if (f->n_slow > 0) {
		f->all = links_of(d, false);
		aside_s = (now_ms - f->oldest_ms) / 2000;
		aside_s = aside_s < 1 ? 1 : aside_s > ASIDE_MAX_S ? ASIDE_MAX_S : aside_s;
	}
	d->filter = f;
	d->take.wanted = may_go;
	d->take.wanted_number = f->by_number ? number_may_go : NULL;
	d->take.arg = f;
	d->take.aside_s = aside_s;
}

/* To the lanes, but for those that the screen keeps for a while. */
static void
add_due(struct dispatch *d, struct store_item *items)
{
	struct store_item *kept = NULL, **tail = &kept;

	if (d->screen == NULL) {
		lanes_add(d, items);
		return;
	}
	while (items != NULL) {
		struct store_item *item = items;

		items = item->next;
		item->next = NULL;
		if (d->screen(d->screen_arg, item))
			continue;
		*tail = item;
		tail = &item->next;
	}
	lanes_add(d, kept);
}

static void
take_back(struct loop_work *work)
{
	struct dispatch *d = (struct dispatch *)((char *)work - offsetof(struct dispatch, take_work));
	struct store_take *take = &d->take;
	unsigned n[STORE_PRIORITIES] = { 0 }, p;
	int64_t now = (int64_t)clock_utc();

	d->take_running = false;
	filter_free(&d->filter);
	if (take->op.result != OK)
		take->items = NULL;
	count_items(take, n);
	for (p = 0; p < STORE_PRIORITIES; p++) {
		if (take->max[p] == 0)
			continue;		/* it was not asked for, and nothing is known of it */
		dispatch_release(d, p, take->max[p] - n[p]);
		d->due_at[p] = take->op.result == OK ? take->next_due : now + AGAIN_S;
		if (d->due_at[p] != 0 && d->due_at[p] <= now) {
			d->due_at[p] = 0;
			atomic_store(&d->backlog[p], true);
		}
	}
	start_take_timer(d);
	add_due(d, take->items);
	take->items = NULL;
	dispatch_return_stranded(d);
	dispatch_feed(d);
	dispatch_look_for_more(d);
}

static void
take_done(struct store_op *op)
{
	struct dispatch *d = (struct dispatch *)((char *)op - offsetof(struct dispatch, take.op));

	loop_post(d->loop, &d->take_work);
}

/*
 * Each class has a window of its own, refilled when half of it is empty. Of a class that is not asked for, or
 * has no room, nothing is heard: asking for the others again and again would not help it.
 */
static uint32_t
reserve_for_take(struct dispatch *d, enum store_priority p)
{
	unsigned in_hand = atomic_load(&d->in_hand[p]);

	if (!atomic_load(&d->backlog[p]) || in_hand > d->room[p] / 2 || in_hand >= d->room[p])
		return 0;
	/* cleared before looking: who adds to the queue from now on sets it again */
	atomic_store(&d->backlog[p], false);
	atomic_fetch_add(&d->in_hand[p], d->room[p] - in_hand);
	return d->room[p] - in_hand;
}

static void
run_extra_timer(void *arg)
{
	dispatch_look_for_more(arg);
}

static void
note_waiting(void *arg, const struct lane *lane, int64_t arrived_ms)
{
	*(bool *)arg = true;
}

/* The window of a class is full of those that wait for a slow link, and another link has nothing to do. */
static bool
has_idle_link(struct dispatch *d, unsigned p)
{
	bool waiting = false;
	size_t i;

	for (i = 0; i < d->n_links && smsc_link_room(d->links[i]->smsc) == 0; i++)
		;
	if (d->n_links < 2 || i == d->n_links)
		return false;
	lanes_waiting(d, p, clock_mono_ms() - STUCK_MS, note_waiting, &waiting);
	return waiting;
}

/* A few more than the window has, for that link; at most twice the window in all. */
static uint32_t
reserve_extra(struct dispatch *d)
{
	int64_t now_ms = clock_mono_ms();
	uint32_t all = 0;
	unsigned p;

	for (p = 0; p < STORE_PRIORITIES; p++) {
		if (!atomic_load(&d->backlog[p]) || atomic_load(&d->in_hand[p]) >= 2 * d->room[p] || !has_idle_link(d, p))
			continue;
		if (now_ms < d->extra_ms + EXTRA_MS) {
			loop_timer_start(d->loop, &d->extra_timer, d->extra_ms + EXTRA_MS - now_ms, run_extra_timer, d);
			return all;
		}
		atomic_store(&d->backlog[p], false);
		atomic_fetch_add(&d->in_hand[p], EXTRA);
		all += d->take.max[p] = EXTRA;
	}
	if (all > 0)
		d->extra_ms = now_ms;
	return all;
}

void
dispatch_look_for_more(struct dispatch *d)
{
	uint32_t all = 0;
	bool extra = false;
	unsigned p;

	if (d->take_running || d->stopping || atomic_load(&d->links_up) == 0)
		return;
	d->take = (struct store_take){
		.op = { .kind = STORE_TAKE, .done = take_done },
		.now = (int64_t)clock_utc(),
	};
	for (p = 0; p < STORE_PRIORITIES; p++)
		all += d->take.max[p] = reserve_for_take(d, p);
	if (all == 0) {
		extra = true;
		all = reserve_extra(d);
	}
	if (all == 0)
		return;
	d->take_running = true;
	set_filter(d, extra);
	if (store_submit(d->store, &d->take.op) != OK) {
		d->take.op.result = ERR_CLOSED;
		take_back(&d->take_work);
	}
}

void
dispatch_leave(struct dispatch *d, enum store_priority p)
{
	dispatch_release(d, p, 1);
}

static void
run_wake(struct loop_work *work)
{
	struct dispatch *d = (struct dispatch *)((char *)work - offsetof(struct dispatch, wake_work));

	atomic_store(&d->wake_posted, false);
	dispatch_look_for_more(d);
}

void
dispatch_wake(struct dispatch *d)
{
	unsigned p;

	for (p = 0; p < STORE_PRIORITIES; p++)
		atomic_store(&d->backlog[p], true);
	post_wake(d);
}

/* ---- past the store's queue ------------------------------------------------------------------------------ */

bool
dispatch_reserve(struct dispatch *d, enum store_priority p, unsigned n)
{
	unsigned had;

	if (atomic_load(&d->links_up) == 0 || atomic_load(&d->backlog[p]))
		return false;
	had = atomic_fetch_add(&d->in_hand[p], n);
	if (had + n <= d->room[p])
		return true;
	dispatch_release(d, p, n);
	return false;
}

void
dispatch_release(struct dispatch *d, enum store_priority p, unsigned n)
{
	if (atomic_fetch_sub(&d->in_hand[p], n) - n <= d->room[p] / 2 && atomic_load(&d->backlog[p]))
		post_wake(d);
}

static void
run_handed(struct loop_work *work)
{
	struct dispatch *d = (struct dispatch *)((char *)work - offsetof(struct dispatch, hand_work));
	struct store_item *items;

	atomic_store(&d->hand_posted, false);
	pthread_mutex_lock(&d->lock);
	items = d->handed;
	d->handed = NULL;
	d->handed_tail = &d->handed;
	pthread_mutex_unlock(&d->lock);
	add_due(d, items);
	dispatch_return_stranded(d);
	dispatch_feed(d);
}

void
dispatch_hand(struct dispatch *d, struct store_item *items)
{
	pthread_mutex_lock(&d->lock);
	*d->handed_tail = items;
	while (*d->handed_tail != NULL)
		d->handed_tail = &(*d->handed_tail)->next;
	pthread_mutex_unlock(&d->lock);
	if (!atomic_exchange(&d->hand_posted, true))
		loop_post(d->loop, &d->hand_work);
}

/* What the screen says of a recipient. */
struct screened {
	struct screened *next;
	struct store_item *item;
	int code;
	char desc[WHY_MAX + 1];
};

static void
run_screened(struct loop_work *work)
{
	struct dispatch *d = (struct dispatch *)((char *)work - offsetof(struct dispatch, screened_work));
	struct screened *list, *s;

	atomic_store(&d->screened_posted, false);
	pthread_mutex_lock(&d->lock);
	list = d->screened;
	d->screened = NULL;
	pthread_mutex_unlock(&d->lock);
	while ((s = list) != NULL) {
		list = s->next;
		if (s->code == 0)
			lanes_add(d, s->item);
		else if (s->code < 0)
			dispatch_return(d, s->item, 0);
		else
			dispatch_refuse(d, s->item, s->code, s->desc);
		free(s);
	}
	dispatch_return_stranded(d);
	dispatch_feed(d);
}

void
dispatch_screened(struct dispatch *d, struct store_item *item, int code, const char *desc)
{
	struct screened *s = calloc(1, sizeof *s);
	struct why text = { 0 };

	if (s == NULL)
		abort();
	s->item = item;
	s->code = code;
	why_set(&text, code, "%s", desc != NULL ? desc : "");
	memcpy(s->desc, text.text, sizeof s->desc);
	pthread_mutex_lock(&d->lock);
	s->next = d->screened;
	d->screened = s;
	pthread_mutex_unlock(&d->lock);
	if (!atomic_exchange(&d->screened_posted, true))
		loop_post(d->loop, &d->screened_work);
}

void
dispatch_take_init(struct dispatch *d)
{
	pthread_mutex_init(&d->lock, NULL);
	d->handed_tail = &d->handed;
	d->hand_work.run = run_handed;
	d->wake_work.run = run_wake;
	d->screened_work.run = run_screened;
	d->take_work.run = take_back;
}
