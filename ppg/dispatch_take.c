/*
 * dispatch_take.c - see dispatch_int.h. Station: due.
 */
#include "ppg/dispatch_int.h"

#include "base/clock.h"

/* ---- from the store's queue ---------------------------------------------------------------------------- */

enum {
	AGAIN_S = 1,			/* after a TAKE that the store refused */
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

/* Writer thread. */
static bool
has_link_now(void *arg, struct span route)
{
	struct route_wish wish;

	route_wish_read(route, &wish);
	return routes_serve(arg, &wish);
}

/* Pushes that only links serve which are down, or gone, stay in the store and out of the others' way. */
static void
leave_out_links_down(struct dispatch *d)
{
	const struct smsc_config **up = calloc(d->n_links + 1, sizeof *up);
	size_t n = 0, i;

	if (up == NULL)
		abort();
	for (i = 0; i < d->n_links; i++)
		if (smsc_link_state(d->links[i]->smsc) == SMSC_UP)
			up[n++] = &d->links[i]->cf.smsc;
	d->take_routes = routes_create(up, n);
	d->take.wanted = has_link_now;
	d->take.arg = d->take_routes;
	d->take.aside_s = d->retry_min_s;
	free(up);
}

static void
take_back(struct loop_work *work)
{
	struct dispatch *d = (struct dispatch *)((char *)work - offsetof(struct dispatch, take_work));
	struct store_take *take = &d->take;
	unsigned n[STORE_PRIORITIES] = { 0 }, p;
	int64_t now = (int64_t)clock_utc();

	d->take_running = false;
	routes_unref(d->take_routes);
	d->take_routes = NULL;
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
	lanes_add(d, take->items);
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

void
dispatch_look_for_more(struct dispatch *d)
{
	uint32_t all = 0;
	unsigned p;

	if (d->take_running || d->stopping || atomic_load(&d->links_up) == 0)
		return;
	d->take = (struct store_take){
		.op = { .kind = STORE_TAKE, .done = take_done },
		.now = (int64_t)clock_utc(),
	};
	for (p = 0; p < STORE_PRIORITIES; p++)
		all += d->take.max[p] = reserve_for_take(d, p);
	if (all == 0)
		return;
	d->take_running = true;
	leave_out_links_down(d);
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
	lanes_add(d, items);
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

void
dispatch_take_init(struct dispatch *d)
{
	pthread_mutex_init(&d->lock, NULL);
	d->handed_tail = &d->handed;
	d->hand_work.run = run_handed;
	d->wake_work.run = run_wake;
	d->take_work.run = take_back;
}
