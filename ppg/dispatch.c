/* dispatch.c - see dispatch.h and dispatch_int.h: the thread, its ticks, its end. */
#include "ppg/dispatch_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ppg/life.h"

enum {
	IN_HAND_DEFAULT = 4000,
	TICK_MS = 1000,
	RETRY_MIN_S = 15,
	RETRY_MAX_S = 900
};

/* ---- ticks, thread ----------------------------------------------------------------------------------- */

static void run_tick(void *arg);

/* Who came to an end with no word of a link. What waited for an operator never had its try. */
static void
tell_failed(struct dispatch *d)
{
	uint32_t i;

	for (i = 0; d->tick.op.result == OK && d->on_failed != NULL && i < d->tick.n_ended; i++)
		if (d->ended[i].to != STEP_DELIVERED && d->ended[i].from != STEP_QUARANTINED)
			d->on_failed(d->failed_arg, d->ended[i].push, d->ended[i].n);
}

static void
tick_back(struct loop_work *work)
{
	struct dispatch *d = (struct dispatch *)((char *)work - offsetof(struct dispatch, tick_work));
	bool more = d->tick.op.result == OK && (d->tick.expired + d->tick.purged >= TICK_ROWS - TICK_ROWS / 4 ||
	    d->tick.forgotten >= TICK_ROWS / 4);

	d->tick_running = false;
	tell_failed(d);
	dispatch_query_overdue(d, d->tick.overdue);
	d->tick.overdue = NULL;
	if (!d->stopping)
		loop_timer_start(d->loop, &d->tick_timer, more ? 0 : TICK_MS, run_tick, d);
}

static void
tick_done(struct store_op *op)
{
	struct dispatch *d = (struct dispatch *)((char *)op - offsetof(struct dispatch, tick.op));

	loop_post(d->loop, &d->tick_work);
}

static void
run_tick(void *arg)
{
	struct dispatch *d = arg;

	dispatch_expire(d);
	lanes_minute(d);
	dispatch_return_stranded(d);
	dispatch_feed(d);
	dispatch_look_for_more(d);
	d->tick = (struct store_tick){
		.op = { .kind = STORE_TICK, .done = tick_done },
		.now = (int64_t)clock_utc(),
		.max = TICK_ROWS,
		.ended = d->ended,
		.max_overdue = dispatch_query_room(d),
	};
	d->tick_running = true;
	d->tick_work.run = tick_back;
	if (store_submit(d->store, &d->tick.op) != OK) {
		d->tick_running = false;
		if (!d->stopping)
			loop_timer_start(d->loop, &d->tick_timer, TICK_MS, run_tick, d);
	}
}

/* Something of ours is with the store, or on its way to where it goes there. */
static bool
is_with_store(struct dispatch *d)
{
	return atomic_load(&d->ops) > 0 || d->take_running || d->tick_running || atomic_load(&d->screened_posted) ||
	    atomic_load(&d->hand_posted);
}

/* The store may keep events until its server is back: there is no time for that, and a start recovers them. */
static void
come_back(struct dispatch *d)
{
	store_hurry(d->store);
	while (is_with_store(d)) {
		if (!d->tick_running)
			run_tick(d);		/* a group in which it finds that out */
		loop_turn(d->loop, 20);
	}
}

static void *
run_thread(void *arg)
{
	struct dispatch *d = arg;

	dispatch_links_start(d);
	loop_timer_start(d->loop, &d->tick_timer, TICK_MS, run_tick, d);
	loop_run(d->loop);
	return NULL;
}

struct dispatch *
dispatch_start(struct store *store, const struct dispatch_config *cf)
{
	struct dispatch *d = calloc(1, sizeof *d);
	unsigned window = cf->in_hand_max ? cf->in_hand_max : IN_HAND_DEFAULT, small = window / 8 + 1;

	if (d == NULL)
		abort();
	d->store = store;
	d->room[STORE_HIGH] = d->room[STORE_LOW] = small;
	d->room[STORE_MEDIUM] = window > 2 * small ? window - 2 * small : 1;
	d->screen = cf->screen;
	d->screen_arg = cf->screen_arg;
	d->on_failed = cf->on_failed;
	d->failed_arg = cf->failed_arg;
	d->retry_min_s = cf->retry_min_s ? cf->retry_min_s : RETRY_MIN_S;
	d->retry_max_s = cf->retry_max_s ? cf->retry_max_s : RETRY_MAX_S;
	d->loop = loop_create();
	dispatch_take_init(d);
	dispatch_cancel_init(d);
	dispatch_links_init(d, cf->links, cf->n_links);
	d->rules = cf->rules != NULL ? route_rules_ref(cf->rules) : NULL;
	lanes_init(d);
	if (pthread_create(&d->thread, NULL, run_thread, d) != 0)
		abort();
	pthread_setname_np(d->thread, "links");
	return d;
}

/* ---- stop ---------------------------------------------------------------------------------------------------- */

struct stop_job {
	struct loop_work work;
	struct dispatch *d;
	unsigned wait_ms;
	int64_t until_ms;
	struct loop_timer timer;
};

/* Until the links are down and everything they gave back is stored. */
static void
check_stopped(void *arg)
{
	struct stop_job *job = arg;
	struct dispatch *d = job->d;
	bool late = clock_mono_ms() > job->until_ms, busy = is_with_store(d);
	size_t i;

	for (i = 0; i < d->n_links; i++)
		if (smsc_link_state(d->links[i]->smsc) != SMSC_DOWN)
			busy = true;
	busy = busy || d->leaving != NULL;
	if (busy && !late) {
		loop_timer_start(d->loop, &job->timer, 20, check_stopped, job);
		return;
	}
	dispatch_links_close(d);
	loop_stop(d->loop);
}

static void
run_stop(struct loop_work *work)
{
	struct stop_job *job = (struct stop_job *)work;
	struct dispatch *d = job->d;
	size_t i;

	d->stopping = true;
	loop_timer_stop(d->loop, &d->tick_timer);
	loop_timer_stop(d->loop, &d->take_timer);
	loop_timer_stop(d->loop, &d->extra_timer);
	loop_timer_stop(d->loop, &d->feed_timer);
	dispatch_return(d, lanes_stranded(d, true), 0);
	for (i = 0; i < d->n_links; i++)
		smsc_link_stop(d->links[i]->smsc, job->wait_ms);
	check_stopped(job);
}

void
dispatch_stop(struct dispatch **p, unsigned wait_ms)
{
	struct dispatch *d = *p;
	struct stop_job job = { .work.run = run_stop, .d = d, .wait_ms = wait_ms };

	if (d == NULL)
		return;
	job.until_ms = clock_mono_ms() + wait_ms + 5000;
	loop_post(d->loop, &job.work);
	pthread_join(d->thread, NULL);
	come_back(d);
	dispatch_links_done(d);
	loop_destroy(&d->loop);
	pthread_mutex_destroy(&d->lock);
	lanes_done(d);
	route_rules_unref(d->rules);
	free(d);
	*p = NULL;
}

/* ---- what the admin API asks ------------------------------------------------------------------------------------ */

void
dispatch_stats(struct dispatch *d, struct dispatch_stats *out)
{
	*out = (struct dispatch_stats){
		.submitted = d->submitted, .refused = d->refused, .retried = d->retried,
		.maybe_sent = d->maybe_sent, .delivered = d->delivered, .failed = d->failed,
		.receipts = d->receipts, .receipts_unknown = d->receipts_unknown,
		.cancelled = d->cancelled, .asked = d->asked,
		.in_hand = d->in_hand[STORE_HIGH] + d->in_hand[STORE_MEDIUM] + d->in_hand[STORE_LOW], .links_up = d->links_up,
	};
}

