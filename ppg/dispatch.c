/* dispatch.c - see dispatch.h and dispatch_int.h: the thread, its links and ticks, its end. */
#include "ppg/dispatch_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum {
	IN_HAND_DEFAULT = 4000,
	TICK_MS = 1000,
	TICK_ROWS = 500,
	RETRY_MIN_S = 15,
	RETRY_MAX_S = 900
};

/* ---- links, ticks, thread ----------------------------------------------------------------------------------- */

static void
on_state(void *app, struct smsc_link *smsc, enum smsc_state state)
{
	struct link *link = app;
	struct dispatch *d = link->d;
	unsigned up = 0;
	size_t i;

	for (i = 0; i < d->n_links; i++)
		if (d->links[i].smsc != NULL && smsc_link_state(d->links[i].smsc) == SMSC_UP)
			up++;
	atomic_store(&d->links_up, up);
	log_info("link", "%s: %s", link->cf.smsc.smsc_id, smsc_state_name(state));
	if (up == 0) {
		dispatch_return_ready(d);
	} else if (state == SMSC_UP) {
		atomic_store(&d->backlog, true);
		dispatch_look_for_more(d);
	}
}

static void
on_room(void *app, struct smsc_link *smsc)
{
	struct link *link = app;

	dispatch_feed(link->d);
	dispatch_look_for_more(link->d);
}

static void run_tick(void *arg);

static void
tick_back(struct loop_work *work)
{
	struct dispatch *d = (struct dispatch *)((char *)work - offsetof(struct dispatch, tick_work));
	bool more = d->tick.op.result == OK && d->tick.expired + d->tick.purged >= TICK_ROWS;

	d->tick_running = false;
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

	d->tick = (struct store_tick){
		.op = { .kind = STORE_TICK, .done = tick_done },
		.now = (int64_t)clock_utc(),
		.max = TICK_ROWS,
	};
	d->tick_running = true;
	d->tick_work.run = tick_back;
	if (store_submit(d->store, &d->tick.op) != OK) {
		d->tick_running = false;
		loop_timer_start(d->loop, &d->tick_timer, TICK_MS, run_tick, d);
	}
}

static const struct smsc_events link_events = {
	.state = on_state, .room = on_room, .answered = dispatch_answered, .receipt = dispatch_receipt
};

static void
start_links(struct dispatch *d)
{
	size_t i;

	for (i = 0; i < d->n_links; i++)
		d->links[i].smsc = smsc_link_create(d->loop, &d->links[i].cf.smsc, &link_events,
		    &d->links[i]);
	loop_timer_start(d->loop, &d->tick_timer, TICK_MS, run_tick, d);
}

static void *
run_thread(void *arg)
{
	struct dispatch *d = arg;

	start_links(d);
	loop_run(d->loop);
	return NULL;
}

struct dispatch *
dispatch_start(struct store *store, const struct dispatch_config *cf)
{
	struct dispatch *d = calloc(1, sizeof *d);
	size_t i;

	if (d == NULL)
		abort();
	d->store = store;
	d->in_hand_max = cf->in_hand_max ? cf->in_hand_max : IN_HAND_DEFAULT;
	d->retry_min_s = cf->retry_min_s ? cf->retry_min_s : RETRY_MIN_S;
	d->retry_max_s = cf->retry_max_s ? cf->retry_max_s : RETRY_MAX_S;
	d->loop = loop_create();
	dispatch_take_init(d);
	d->n_links = cf->n_links;
	d->links = calloc(cf->n_links, sizeof *d->links);
	if (d->links == NULL)
		abort();
	for (i = 0; i < cf->n_links; i++) {
		d->links[i].d = d;
		d->links[i].cf = cf->links[i];
	}
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
	bool late = clock_mono_ms() > job->until_ms, busy = atomic_load(&d->ops) > 0 || d->take_running ||
	    d->tick_running;
	size_t i;

	for (i = 0; i < d->n_links; i++)
		if (smsc_link_state(d->links[i].smsc) != SMSC_DOWN)
			busy = true;
	if (busy && !late) {
		loop_timer_start(d->loop, &job->timer, 20, check_stopped, job);
		return;
	}
	for (i = 0; i < d->n_links; i++)
		smsc_link_destroy(&d->links[i].smsc);
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
	dispatch_return_ready(d);
	for (i = 0; i < d->n_links; i++)
		smsc_link_stop(d->links[i].smsc, job->wait_ms);
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
	loop_destroy(&d->loop);
	pthread_mutex_destroy(&d->lock);
	free(d->links);
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
		.in_hand = d->in_hand, .links_up = d->links_up,
	};
}

struct links_job {
	struct loop_work work;
	struct dispatch *d;
	json_t *out;
	pthread_mutex_t lock;
	pthread_cond_t ready;
};

static void
run_links(struct loop_work *work)
{
	struct links_job *job = (struct links_job *)work;
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < job->d->n_links; i++) {
		const struct link *l = &job->d->links[i];
		const struct smsc_stats *st = smsc_link_stats(l->smsc);

		json_array_append_new(out, json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		    "smsc_id", smsc_link_id(l->smsc), "kind", "smpp",
		    "state", smsc_state_name(smsc_link_state(l->smsc)),
		    "queued", (json_int_t)smsc_link_queued(l->smsc),
		    "window_used", (json_int_t)smsc_link_window_used(l->smsc),
		    "submitted", (json_int_t)st->submitted,
		    "receipts", (json_int_t)st->receipts,
		    "refused", (json_int_t)st->refused,
		    "reconnects", (json_int_t)st->reconnects,
		    "bad_pdus", (json_int_t)st->bad_pdus,
		    "bad_receipts", (json_int_t)st->bad_receipts,
		    "ignored_responses", (json_int_t)st->ignored_responses));
	}
	pthread_mutex_lock(&job->lock);
	job->out = out;
	pthread_cond_signal(&job->ready);
	pthread_mutex_unlock(&job->lock);
}

json_t *
dispatch_links_json(struct dispatch *d)
{
	struct links_job job = { .work.run = run_links, .d = d, .lock = PTHREAD_MUTEX_INITIALIZER,
		.ready = PTHREAD_COND_INITIALIZER };

	pthread_mutex_lock(&job.lock);
	loop_post(d->loop, &job.work);
	while (job.out == NULL)
		pthread_cond_wait(&job.ready, &job.lock);
	pthread_mutex_unlock(&job.lock);
	return job.out;
}
