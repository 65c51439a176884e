/*
 * dispatch_link.c - see dispatch_int.h: the links, their news, their replacement, and what is shown of them.
 */
#include "ppg/dispatch_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void on_state(void *app, struct smsc_link *smsc, enum smsc_state state);
static void on_room(void *app, struct smsc_link *smsc);

static const struct smsc_events events = {
	.state = on_state, .room = on_room, .answered = dispatch_answered, .receipt = dispatch_receipt,
	.cancelled = dispatch_cancelled, .queried = dispatch_queried
};

static struct link *
make_link(struct dispatch *d, const struct dispatch_link *cf)
{
	struct link *link = calloc(1, sizeof *link);

	if (link == NULL)
		abort();
	link->d = d;
	link->cf = *cf;
	return link;
}

static void
start_link(struct link *link)
{
	link->smsc = smsc_link_create(link->d->loop, &link->cf.smsc, &events, link);
}

void
dispatch_links_init(struct dispatch *d, const struct dispatch_link *links, size_t n)
{
	size_t i;

	d->links = calloc(n + 1, sizeof *d->links);
	if (d->links == NULL)
		abort();
	d->n_links = n;
	for (i = 0; i < n; i++)
		d->links[i] = make_link(d, &links[i]);
}

void
dispatch_links_start(struct dispatch *d)
{
	size_t i;

	for (i = 0; i < d->n_links; i++)
		start_link(d->links[i]);
}

static void
free_link(struct link *link)
{
	smsc_link_destroy(&link->smsc);
	free(link);
}

void
dispatch_links_close(struct dispatch *d)
{
	struct link *link;
	size_t i;

	for (i = 0; i < d->n_links; i++) {
		d->links[i]->next_leaving = d->leaving;
		d->leaving = d->links[i];
	}
	free(d->links);
	d->links = NULL;
	d->n_links = 0;
	for (link = d->leaving; link != NULL; link = link->next_leaving) {
		link->leaving = false;		/* nobody ends it before dispatch_links_done */
		smsc_link_destroy(&link->smsc);
	}
}

void
dispatch_links_done(struct dispatch *d)
{
	struct link *link;

	while ((link = d->leaving) != NULL) {
		d->leaving = link->next_leaving;
		free_link(link);
	}
}

struct link *
dispatch_link_find(struct dispatch *d, const char *smsc_id)
{
	struct link *link;
	size_t i;

	for (i = 0; i < d->n_links; i++)
		if (strcmp(smsc_link_id(d->links[i]->smsc), smsc_id) == 0)
			return d->links[i];
	for (link = d->leaving; link != NULL; link = link->next_leaving)
		if (strcmp(link->cf.smsc.smsc_id, smsc_id) == 0)
			return link;
	return NULL;
}

/* ---- news ---------------------------------------------------------------------------------------- */

static void
count_up(struct dispatch *d)
{
	unsigned up = 0;
	size_t i;

	for (i = 0; i < d->n_links; i++)
		if (d->links[i]->smsc != NULL && smsc_link_state(d->links[i]->smsc) == SMSC_UP)
			up++;
	atomic_store(&d->links_up, up);
}

/* A link of an older configuration ends when it is down and nothing names it any more. */
static void
end_leaving(struct dispatch *d)
{
	struct link **at = &d->leaving, *link;

	while ((link = *at) != NULL) {
		if (!link->leaving || link->users > 0 || smsc_link_state(link->smsc) != SMSC_DOWN) {
			at = &link->next_leaving;
			continue;
		}
		*at = link->next_leaving;
		free_link(link);
	}
}

void
dispatch_link_release(struct link *link)
{
	struct dispatch *d = link->d;

	if (--link->users == 0 && link->leaving)
		end_leaving(d);
}

struct end_job {
	struct loop_work work;
	struct dispatch *d;
};

static void
run_end(struct loop_work *work)
{
	struct end_job *job = (struct end_job *)work;

	end_leaving(job->d);
	atomic_fetch_sub(&job->d->ops, 1);
	free(job);
}

/* Not from inside an event of the link itself. */
static void
end_leaving_soon(struct dispatch *d)
{
	struct end_job *job = calloc(1, sizeof *job);

	if (job == NULL)
		abort();
	job->d = d;
	job->work.run = run_end;
	atomic_fetch_add(&d->ops, 1);
	loop_post(d->loop, &job->work);
}

static void
on_state(void *app, struct smsc_link *smsc, enum smsc_state state)
{
	struct link *link = app;
	struct dispatch *d = link->d;

	log_info("link", "%s: %s", link->cf.smsc.smsc_id, smsc_state_name(state));
	if (link->leaving) {
		if (state == SMSC_DOWN)
			end_leaving_soon(d);
		return;
	}
	count_up(d);
	if (state == SMSC_UP)
		dispatch_wake(d);
	else if (state == SMSC_DOWN || atomic_load(&d->links_up) == 0)
		dispatch_return_stranded(d);
}

static void
on_room(void *app, struct smsc_link *smsc)
{
	struct link *link = app;

	dispatch_feed(link->d);
	dispatch_look_for_more(link->d);
}

/* ---- a new configuration ----------------------------------------------------------------------------- */

struct reload_job {
	struct loop_work work;
	struct dispatch *d;
	const struct dispatch_link *links;
	size_t n;
	struct route_rules *rules;
	unsigned wait_ms;
	bool done;
	pthread_mutex_t lock;
	pthread_cond_t ready;
};

static bool
same_link(const struct dispatch_link *a, const struct dispatch_link *b)
{
	return a->delivered_on_submit == b->delivered_on_submit && smsc_config_equal(&a->smsc, &b->smsc);
}

/* The running link with this very configuration, taken out of the old ones; or NULL. */
static struct link *
keep(struct link **old, size_t n, const struct dispatch_link *cf)
{
	struct link *link;
	size_t i;

	for (i = 0; i < n; i++)
		if (old[i] != NULL && same_link(&old[i]->cf, cf)) {
			link = old[i];
			old[i] = NULL;
			return link;
		}
	return NULL;
}

static void
let_go(struct dispatch *d, struct link *link, unsigned wait_ms)
{
	link->leaving = true;
	link->next_leaving = d->leaving;
	d->leaving = link;
	log_info("link", "%s: leaves, the configuration has changed", link->cf.smsc.smsc_id);
	smsc_link_stop(link->smsc, wait_ms);
}

static void
run_reload(struct loop_work *work)
{
	struct reload_job *job = (struct reload_job *)work;
	struct dispatch *d = job->d;
	struct link **old = d->links;
	size_t n_old = d->n_links, i;
	struct route_rules *old_rules = d->rules;

	d->links = calloc(job->n + 1, sizeof *d->links);
	if (d->links == NULL)
		abort();
	d->n_links = 0;
	for (i = 0; i < job->n && !d->stopping; i++) {
		struct link *link = keep(old, n_old, &job->links[i]);

		d->links[d->n_links++] = link != NULL ? link : make_link(d, &job->links[i]);
	}
	for (i = 0; i < d->n_links; i++)
		if (d->links[i]->smsc == NULL)
			start_link(d->links[i]);
	d->rules = job->rules != NULL ? route_rules_ref(job->rules) : NULL;
	lanes_rescore(d);
	route_rules_unref(old_rules);
	count_up(d);
	for (i = 0; i < n_old; i++)
		if (old[i] != NULL)
			let_go(d, old[i], job->wait_ms);
	free(old);
	end_leaving_soon(d);
	dispatch_return_stranded(d);
	dispatch_feed(d);
	pthread_mutex_lock(&job->lock);
	job->done = true;
	pthread_cond_signal(&job->ready);
	pthread_mutex_unlock(&job->lock);
}

void
dispatch_reload(struct dispatch *d, const struct dispatch_link *links, size_t n, struct route_rules *rules,
    unsigned wait_ms)
{
	struct reload_job job = { .work.run = run_reload, .d = d, .links = links, .n = n, .rules = rules, .wait_ms = wait_ms,
		.lock = PTHREAD_MUTEX_INITIALIZER, .ready = PTHREAD_COND_INITIALIZER };

	pthread_mutex_lock(&job.lock);
	loop_post(d->loop, &job.work);
	while (!job.done)
		pthread_cond_wait(&job.ready, &job.lock);
	pthread_mutex_unlock(&job.lock);
}

/* ---- what the admin API asks ------------------------------------------------------------------------------------ */

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
		const struct link *l = job->d->links[i];
		const struct smsc_stats *st = smsc_link_stats(l->smsc);

		json_array_append_new(out, json_pack(
		    "{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		    "smsc_id", smsc_link_id(l->smsc), "kind", smsc_kind_name(l->cf.smsc.kind),
		    "state", smsc_state_name(smsc_link_state(l->smsc)),
		    "queued", (json_int_t)smsc_link_queued(l->smsc),
		    "window_used", (json_int_t)smsc_link_window_used(l->smsc),
		    "window", (json_int_t)l->cf.smsc.window * l->cf.smsc.instances,
		    "submitted", (json_int_t)st->submitted,
		    "accepted", (json_int_t)st->accepted,
		    "retried", (json_int_t)st->retried,
		    "cancels", (json_int_t)st->cancels,
		    "cancelled", (json_int_t)st->cancelled,
		    "queries", (json_int_t)st->queries,
		    "queried", (json_int_t)st->queried,
		    "messages", (json_int_t)st->messages,
		    "nacks", (json_int_t)st->nacks,
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
