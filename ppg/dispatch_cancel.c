/*
 * dispatch_cancel.c - see dispatch.h and dispatch_int.h. Taking back what has left the store's queue.
 */
#include "ppg/dispatch_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ppg/life.h"
#include "ppg/pap.h"

enum {
	OPEN_MAX = 64,			/* recipients of one request that wait for their SMSC */
	WAIT_MS = 120000		/* an SMSC may be slow, or many parts wait for their turn */
};

/* One cancel_sm on its way. */
struct dispatch_recall {
	struct smsc_cancel smsc;	/* first: the link hands it back */
	struct dispatch_cancel *c;	/* NULL: it was given up, nobody waits */
	struct dispatch_cancel_item *item;
	struct link *link;
	struct source_try source;	/* tried next, when the SMSC refuses */
	int64_t push;
	uint32_t n;
	struct dispatch_recall *next, **at;
};

/* Something achieved, on its way to the disk. */
struct dispatch_achievement {
	struct store_event event;
	struct loop_work work;
	struct dispatch *d;
	struct dispatch_cancel *c;	/* NULL: it was given up, nobody waits */
	struct dispatch_cancel_item *item;
	struct store_item *held;	/* that waited in dispatch; NULL */
	struct dispatch_achievement *next, **at;
};

static void go_on(struct dispatch_cancel *c);

static void
item_settled(struct dispatch_cancel *c)
{
	c->open--;
	go_on(c);
}

static void
achievement_forget(struct dispatch_achievement *a)
{
	if (a->c == NULL)
		return;
	*a->at = a->next;
	if (a->next != NULL)
		a->next->at = a->at;
	a->c = NULL;
}

/* Who was taken out of the lanes: gone, or to be sent after all when the store could not take it. */
static void
let_go(struct dispatch *d, struct store_item *held, bool stored)
{
	if (stored) {
		dispatch_leave(d, held->priority);
		store_item_free(held);
	} else {
		lanes_add(d, held);
		dispatch_return_stranded(d);
		dispatch_feed(d);
	}
}

static void
achievement_back(struct loop_work *work)
{
	struct dispatch_achievement *a =
	    (struct dispatch_achievement *)((char *)work - offsetof(struct dispatch_achievement, work));
	struct dispatch_cancel *c = a->c;
	struct dispatch *d = a->d;
	bool stored = a->event.op.result == OK, cancelled = stored && !a->event.ignored;

	if (cancelled)
		atomic_fetch_add(&d->cancelled, 1);
	if (c != NULL) {
		a->item->cancelled = cancelled;
		if (!cancelled)
			snprintf(a->item->why, sizeof a->item->why, "%s", stored ? "it has just come to its end" :
			    "the store takes nothing more now");
	}
	if (a->held != NULL)
		let_go(d, a->held, stored);
	achievement_forget(a);
	free(a);
	if (c != NULL)
		item_settled(c);
	atomic_fetch_sub(&d->ops, 1);
}

/* Writer thread. */
static void
achievement_stored(struct store_op *op)
{
	struct dispatch_achievement *a = (struct dispatch_achievement *)op;

	loop_post(a->d->loop, &a->work);
}

/* c and item NULL: nobody waits for it. */
static void
store_achievement(struct dispatch *d, struct dispatch_cancel *c, struct dispatch_cancel_item *item,
    struct store_event event, struct store_item *held)
{
	struct dispatch_achievement *a = calloc(1, sizeof *a);

	if (a == NULL)
		abort();
	a->d = d;
	a->c = c;
	a->item = item;
	a->held = held;
	a->work.run = achievement_back;
	a->event = event;
	a->event.op = (struct store_op){ .kind = STORE_EVENT, .done = achievement_stored };
	a->event.at = (int64_t)clock_utc();
	a->event.code = PAP_OK;
	if (c != NULL) {
		a->next = c->achievements;
		if (a->next != NULL)
			a->next->at = &a->next;
		a->at = &c->achievements;
		c->achievements = a;
	}
	atomic_fetch_add(&d->ops, 1);
	if (store_submit(d->store, &a->event.op) != OK) {
		a->event.op.result = ERR_CLOSED;
		achievement_stored(&a->event.op);
	}
}

/* ---- at an SMSC ------------------------------------------------------------------------------------ */

static void
store_recalled(struct dispatch *d, struct dispatch_cancel *c, struct dispatch_cancel_item *item, int64_t push,
    uint32_t n)
{
	store_achievement(d, c, item, (struct store_event){ .push = push, .n = n, .event = EV_CANCEL_SMSC,
		.desc = "cancelled at the SMSC" }, NULL);
}

static void
recall_forget(struct dispatch_recall *r)
{
	if (r->c == NULL)
		return;
	*r->at = r->next;
	if (r->next != NULL)
		r->next->at = r->at;
	r->c = NULL;
}

static void
item_answered(struct dispatch_cancel *c, struct dispatch_cancel_item *item, enum smsc_verdict v, uint32_t status)
{
	const char *name = smpp_status_name(status);

	if (v == SMSC_ACCEPTED)
		item->assured = true;
	else if (v == SMSC_REFUSED || v == SMSC_RETRY)
		snprintf(item->why, sizeof item->why, "the SMSC refused to cancel it: %s",
		    name != NULL ? name : "unknown status");
	else
		snprintf(item->why, sizeof item->why, "the SMSC gave no answer to its cancellation");
	if (--item->open > 0)
		return;
	if (item->assured)
		store_recalled(c->d, c, item, c->push, item->n);
	else
		item_settled(c);
}

void
dispatch_cancelled(void *app, struct smsc_link *smsc, struct smsc_cancel *sc, enum smsc_verdict v, uint32_t status)
{
	struct dispatch_recall *r = (struct dispatch_recall *)sc;
	struct dispatch_cancel *c = r->c;
	struct dispatch_cancel_item *item = r->item;
	struct link *link = r->link;

	if (v == SMSC_REFUSED && c != NULL && dispatch_next_source(link, &r->source, r->smsc.from) &&
	    smsc_link_cancel(link->smsc, &r->smsc) == OK)
		return;
	recall_forget(r);
	if (c != NULL)
		item_answered(c, item, v, status);
	else if (v == SMSC_ACCEPTED)
		store_recalled(link->d, NULL, NULL, r->push, r->n);
	free(r);
	dispatch_link_release(link);
}

static bool
send_recall(struct dispatch_cancel *c, struct dispatch_cancel_item *item, struct link *link, const char *message_id)
{
	struct dispatch_recall *r;

	if (message_id[0] == '\0') {
		snprintf(item->why, sizeof item->why, "the SMSC gave no message id to cancel it by");
		return false;
	}
	r = calloc(1, sizeof *r);
	if (r == NULL)
		abort();
	r->c = c;
	r->item = item;
	r->link = link;
	r->push = c->push;
	r->n = item->n;
	snprintf(r->smsc.message_id, sizeof r->smsc.message_id, "%s", message_id);
	snprintf(r->smsc.to, sizeof r->smsc.to, "%s", item->to);
	if (smsc_link_cancel(link->smsc, &r->smsc) != OK) {
		free(r);
		snprintf(item->why, sizeof item->why, "the link to its SMSC is down or busy");
		return false;
	}
	r->next = c->recalls;
	if (r->next != NULL)
		r->next->at = &r->next;
	r->at = &c->recalls;
	c->recalls = r;
	link->users++;
	return true;
}

/* Returns whether something is under way. */
static bool
recall(struct dispatch_cancel *c, struct dispatch_cancel_item *item)
{
	struct link *link = dispatch_link_find(c->d, item->link);
	unsigned i;

	if (link == NULL) {
		snprintf(item->why, sizeof item->why, "the link that carried it is gone");
		return false;
	}
	for (i = 0; i < item->n_ids; i++)
		item->open += send_recall(c, item, link, item->message_ids[i]);
	return item->open > 0;
}

/* ---- waiting here -------------------------------------------------------------------------------------- */

static struct dispatch_cancel_item *
find_item(const struct dispatch_cancel *c, uint32_t n)
{
	size_t lo = 0, hi = c->n_items;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->items[mid].n < n)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < c->n_items && c->items[lo].n == n ? &c->items[lo] : NULL;
}

static bool
is_wanted(void *arg, uint32_t n)
{
	struct dispatch_cancel_item *item = find_item(arg, n);

	return item != NULL && !item->submitted;
}

static void
take_out_held(struct dispatch_cancel *c)
{
	struct store_item *held = lanes_remove(c->d, c->push, is_wanted, c);

	while (held != NULL) {
		struct store_item *next = held->next;
		struct dispatch_cancel_item *item = find_item(c, held->n);

		held->next = NULL;
		item->on_link = false;
		c->open++;
		store_achievement(c->d, c, item, (struct store_event){ .push = c->push, .n = held->n,
			.batch = held->batch, .event = EV_CANCEL_HELD, .desc = "cancelled before it was sent" }, held);
		held = next;
	}
}

/* ---- all of it ------------------------------------------------------------------------------------------ */

static void
finish(struct dispatch_cancel *c)
{
	loop_timer_stop(c->d->loop, &c->timer);
	*c->at = c->later;
	if (c->later != NULL)
		c->later->at = c->at;
	c->started = false;
	c->done(c);
}

static void
go_on(struct dispatch_cancel *c)
{
	while (c->next < c->n_items && c->open < OPEN_MAX) {
		struct dispatch_cancel_item *item = &c->items[c->next++];

		if (item->submitted && recall(c, item))
			c->open++;
	}
	if (c->next == c->n_items && c->open == 0 && c->started)
		finish(c);
}

/* Nobody waits any longer for what is under way; what is not begun is left. */
static void
give_up(struct dispatch_cancel *c, const char *why)
{
	size_t i;

	for (i = 0; i < c->n_items; i++) {
		struct dispatch_cancel_item *item = &c->items[i];

		if (item->on_link || (item->submitted && (i >= c->next || item->open > 0)))
			snprintf(item->why, sizeof item->why, "%s", why);
		item->on_link = false;
	}
	while (c->recalls != NULL)
		recall_forget(c->recalls);
	while (c->achievements != NULL) {
		snprintf(c->achievements->item->why, sizeof c->achievements->item->why, "%s", why);
		achievement_forget(c->achievements);
	}
	c->next = c->n_items;
	c->open = 0;
	finish(c);
}

static void
too_long(void *arg)
{
	give_up(arg, "the SMSC has not answered in time");
}

static void
run_give_up(struct loop_work *work)
{
	struct dispatch *d = (struct dispatch *)((char *)work - offsetof(struct dispatch, give_up_work));

	d->giving_up = true;
	while (d->cancels != NULL)
		give_up(d->cancels, "the gateway is stopping");
}

void
dispatch_give_up(struct dispatch *d)
{
	loop_post(d->loop, &d->give_up_work);
}

void
dispatch_cancel_init(struct dispatch *d)
{
	d->give_up_work.run = run_give_up;
}

static void
run_cancel(struct loop_work *work)
{
	struct dispatch_cancel *c = (struct dispatch_cancel *)((char *)work - offsetof(struct dispatch_cancel, work));
	struct dispatch *d = c->d;
	size_t i;

	c->later = d->cancels;
	if (c->later != NULL)
		c->later->at = &c->later;
	c->at = &d->cancels;
	d->cancels = c;
	loop_timer_start(d->loop, &c->timer, WAIT_MS, too_long, c);
	c->started = true;
	for (i = 0; i < c->n_items; i++)
		c->items[i].on_link = !c->items[i].submitted;
	if (d->giving_up) {
		give_up(c, "the gateway is stopping");
		return;
	}
	take_out_held(c);
	go_on(c);
}

void
dispatch_cancel(struct dispatch *d, struct dispatch_cancel *c)
{
	c->d = d;
	c->next = c->open = 0;
	c->started = false;
	c->recalls = NULL;
	c->achievements = NULL;
	c->timer = (struct loop_timer){ 0 };
	c->work.run = run_cancel;
	loop_post(d->loop, &c->work);
}

static void
wait_over(void *arg)
{
	struct dispatch_wait *w = arg;

	w->run(w);
}

static void
begin_wait(struct loop_work *work)
{
	struct dispatch_wait *w = (struct dispatch_wait *)work;

	loop_timer_start(w->d->loop, &w->timer, w->ms, wait_over, w);
}

void
dispatch_later(struct dispatch *d, unsigned ms, struct dispatch_wait *w)
{
	w->d = d;
	w->ms = ms;
	w->work.run = begin_wait;
	loop_post(d->loop, &w->work);
}
