/*
 * dispatch_take.c - see dispatch_int.h. Station: due.
 */
#include "ppg/dispatch_int.h"

#include "base/clock.h"

static void
append_ready(struct dispatch *d, struct store_item *items)
{
	*d->ready_tail = items;
	while (*d->ready_tail != NULL)
		d->ready_tail = &(*d->ready_tail)->next;
}

/* ---- from the store's queue ---------------------------------------------------------------------------- */

static void
run_take_timer(void *arg)
{
	struct dispatch *d = arg;

	atomic_store(&d->backlog, true);
	dispatch_look_for_more(d);
}

static void
take_back(struct loop_work *work)
{
	struct dispatch *d = (struct dispatch *)((char *)work - offsetof(struct dispatch, take_work));
	struct store_take *take = &d->take;
	int64_t now = (int64_t)clock_utc();

	d->take_running = false;
	if (take->op.result != OK)
		take->n_items = 0;
	dispatch_release(d, take->max[STORE_MEDIUM] - take->n_items);
	if (take->n_items > 0)
		append_ready(d, take->items);
	take->items = NULL;
	if (take->op.result == OK && (take->next_due == 0 || take->next_due > now)) {
		if (take->next_due > now && !d->stopping)
			loop_timer_start(d->loop, &d->take_timer, (take->next_due - now) * 1000,
			    run_take_timer, d);
	} else {
		atomic_store(&d->backlog, true);
	}
	dispatch_feed(d);
	dispatch_look_for_more(d);
}

static void
take_done(struct store_op *op)
{
	struct dispatch *d = (struct dispatch *)((char *)op - offsetof(struct dispatch, take.op));

	loop_post(d->loop, &d->take_work);
}

void
dispatch_look_for_more(struct dispatch *d)
{
	unsigned in_hand, want;

	if (d->take_running || d->stopping || atomic_load(&d->links_up) == 0 ||
	    !atomic_load(&d->backlog))
		return;
	in_hand = atomic_load(&d->in_hand);
	if (in_hand > d->in_hand_max / 2)
		return;
	want = d->in_hand_max - in_hand;
	atomic_fetch_add(&d->in_hand, want);
	/* cleared before looking: who adds to the queue from now on sets it again */
	atomic_store(&d->backlog, false);
	d->take = (struct store_take){
		.op = { .kind = STORE_TAKE, .done = take_done },
		.now = (int64_t)clock_utc(),
		.max = { [STORE_MEDIUM] = want },
	};
	d->take_running = true;
	if (store_submit(d->store, &d->take.op) != OK) {
		d->take_running = false;
		dispatch_release(d, want);
		atomic_store(&d->backlog, true);
	}
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
dispatch_reserve(struct dispatch *d, unsigned n)
{
	unsigned had;

	if (atomic_load(&d->links_up) == 0 || atomic_load(&d->backlog))
		return false;
	had = atomic_fetch_add(&d->in_hand, n);
	if (had + n <= d->in_hand_max)
		return true;
	atomic_fetch_sub(&d->in_hand, n);
	return false;
}

void
dispatch_release(struct dispatch *d, unsigned n)
{
	atomic_fetch_sub(&d->in_hand, n);
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
	append_ready(d, items);
	if (d->stopping || atomic_load(&d->links_up) == 0)
		dispatch_return_ready(d);
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
	d->ready_tail = &d->ready;
	d->hand_work.run = run_handed;
	d->wake_work.run = run_wake;
	d->take_work.run = take_back;
}
