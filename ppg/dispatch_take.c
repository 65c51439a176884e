/*
 * dispatch_take.c - see dispatch_int.h. Station: due.
 */
#include "ppg/dispatch_int.h"

#include "base/clock.h"

/* ---- from the store's queue ---------------------------------------------------------------------------- */

static void
run_take_timer(void *arg)
{
	struct dispatch *d = arg;

	atomic_store(&d->backlog, true);
	dispatch_look_for_more(d);
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

/* When some links are down, pushes that only these serve stay in the store and out of the others' way. */
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
	if (n < d->n_links) {
		d->take_routes = routes_create(up, n);
		d->take.wanted = has_link_now;
		d->take.arg = d->take_routes;
		d->take.aside_s = d->retry_min_s;
	}
	free(up);
}

static void
take_back(struct loop_work *work)
{
	struct dispatch *d = (struct dispatch *)((char *)work - offsetof(struct dispatch, take_work));
	struct store_take *take = &d->take;
	unsigned n[STORE_PRIORITIES] = { 0 }, p;
	int64_t now = (int64_t)clock_utc();
	bool all = true;

	d->take_running = false;
	routes_unref(d->take_routes);
	d->take_routes = NULL;
	if (take->op.result != OK)
		take->items = NULL;
	count_items(take, n);
	for (p = 0; p < STORE_PRIORITIES; p++) {
		dispatch_release(d, p, take->max[p] - n[p]);
		all = all && take->max[p] > 0;
	}
	lanes_add(d, take->items);
	take->items = NULL;
	dispatch_return_stranded(d);
	if (take->op.result != OK || !all || (take->next_due != 0 && take->next_due <= now))
		atomic_store(&d->backlog, true);
	else if (take->next_due > now && !d->stopping)
		loop_timer_start(d->loop, &d->take_timer, take->next_due * 1000 - clock_utc_ms(), run_take_timer, d);
	dispatch_feed(d);
	dispatch_look_for_more(d);
}

static void
take_done(struct store_op *op)
{
	struct dispatch *d = (struct dispatch *)((char *)op - offsetof(struct dispatch, take.op));

	loop_post(d->loop, &d->take_work);
}

/* Each class has a window of its own, refilled when half of it is empty. */
static uint32_t
reserve_for_take(struct dispatch *d, enum store_priority p)
{
	unsigned in_hand = atomic_load(&d->in_hand[p]);

	if (in_hand > d->room[p] / 2 || in_hand >= d->room[p])
		return 0;
	atomic_fetch_add(&d->in_hand[p], d->room[p] - in_hand);
	return d->room[p] - in_hand;
}

void
dispatch_look_for_more(struct dispatch *d)
{
	uint32_t all = 0;
	unsigned p;

	if (d->take_running || d->stopping || atomic_load(&d->links_up) == 0 || !atomic_load(&d->backlog))
		return;
	d->take = (struct store_take){
		.op = { .kind = STORE_TAKE, .done = take_done },
		.now = (int64_t)clock_utc(),
	};
	for (p = 0; p < STORE_PRIORITIES; p++)
		all += d->take.max[p] = reserve_for_take(d, p);
	if (all == 0)
		return;
	/* cleared before looking: who adds to the queue from now on sets it again */
	atomic_store(&d->backlog, false);
	d->take_running = true;
	leave_out_links_down(d);
	if (store_submit(d->store, &d->take.op) != OK) {
		d->take_running = false;
		routes_unref(d->take_routes);
		d->take_routes = NULL;
		for (p = 0; p < STORE_PRIORITIES; p++)
			dispatch_release(d, p, d->take.max[p]);
		atomic_store(&d->backlog, true);
	}
}

void
dispatch_leave(struct dispatch *d, enum store_priority p)
{
	if (atomic_fetch_sub(&d->in_hand[p], 1) - 1 <= d->room[p] / 2 && atomic_load(&d->backlog))
		dispatch_wake(d);
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
	atomic_store(&d->backlog, true);
	if (!atomic_exchange(&d->wake_posted, true))
		loop_post(d->loop, &d->wake_work);
}

/* ---- past the store's queue ------------------------------------------------------------------------------ */

bool
dispatch_reserve(struct dispatch *d, enum store_priority p, unsigned n)
{
	unsigned had;

	if (atomic_load(&d->links_up) == 0 || atomic_load(&d->backlog))
		return false;
	had = atomic_fetch_add(&d->in_hand[p], n);
	if (had + n <= d->room[p])
		return true;
	atomic_fetch_sub(&d->in_hand[p], n);
	return false;
}

void
dispatch_release(struct dispatch *d, enum store_priority p, unsigned n)
{
	atomic_fetch_sub(&d->in_hand[p], n);
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
