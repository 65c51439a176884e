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

enum { OPEN_MAX = 64 };			/* recipients of one request that wait for their SMSC */

/* One cancel_sm on its way. */
struct recall {
	struct smsc_cancel smsc;	/* first: the link hands it back */
	struct dispatch_cancel *c;
	struct dispatch_cancel_item *item;
	struct link *link;
};

/* Something achieved, on its way to the disk. */
struct achievement {
	struct store_event event;
	struct loop_work work;
	struct dispatch_cancel *c;
	struct dispatch_cancel_item *item;
	struct store_item *held;	/* that waited in dispatch; NULL */
};

static void go_on(struct dispatch_cancel *c);

static void
item_settled(struct dispatch_cancel *c)
{
	c->open--;
	go_on(c);
}

static void
achievement_back(struct loop_work *work)
{
	struct achievement *a = (struct achievement *)((char *)work - offsetof(struct achievement, work));
	struct dispatch_cancel *c = a->c;
	struct dispatch *d = c->d;

	if (a->event.op.result == OK && !a->event.ignored) {
		a->item->cancelled = true;
		atomic_fetch_add(&d->cancelled, 1);
	} else {
		snprintf(a->item->why, sizeof a->item->why, "it has just come to its end");
	}
	if (a->held != NULL) {
		dispatch_leave(d, a->held->priority);
		store_item_free(a->held);
	}
	free(a);
	atomic_fetch_sub(&d->ops, 1);
	item_settled(c);
}

/* Writer thread. */
static void
achievement_stored(struct store_op *op)
{
	struct achievement *a = (struct achievement *)op;

	loop_post(a->c->d->loop, &a->work);
}

static void
store_achievement(struct dispatch_cancel *c, struct dispatch_cancel_item *item, struct store_item *held, int event,
    const char *desc)
{
	struct achievement *a = calloc(1, sizeof *a);

	if (a == NULL)
		abort();
	a->c = c;
	a->item = item;
	a->held = held;
	a->work.run = achievement_back;
	a->event = (struct store_event){
		.op = { .kind = STORE_EVENT, .done = achievement_stored },
		.push = c->push,
		.n = item->n,
		.batch = held != NULL ? held->batch : 0,
		.event = event,
		.at = (int64_t)clock_utc(),
		.code = PAP_OK,
		.desc = desc,
	};
	atomic_fetch_add(&c->d->ops, 1);
	if (store_submit(c->d->store, &a->event.op) != OK) {
		a->event.op.result = ERR_CLOSED;
		achievement_stored(&a->event.op);
	}
}

/* ---- at an SMSC ------------------------------------------------------------------------------------ */

/* Every part was answered. */
static void
recalled(struct dispatch_cancel *c, struct dispatch_cancel_item *item)
{
	if (item->assured)
		store_achievement(c, item, NULL, EV_CANCEL_SMSC, "cancelled at the SMSC");
	else
		item_settled(c);
}

void
dispatch_cancelled(void *app, struct smsc_link *smsc, struct smsc_cancel *sc, enum smsc_verdict v, uint32_t status)
{
	struct recall *r = (struct recall *)sc;
	struct dispatch_cancel *c = r->c;
	struct dispatch_cancel_item *item = r->item;
	struct link *link = r->link;
	const char *name = smpp_status_name(status);

	free(r);
	if (v == SMSC_ACCEPTED)
		item->assured = true;
	else if (v == SMSC_REFUSED || v == SMSC_RETRY)
		snprintf(item->why, sizeof item->why, "the SMSC refused to cancel it: %s",
		    name != NULL ? name : "unknown status");
	else
		snprintf(item->why, sizeof item->why, "the SMSC gave no answer to its cancellation");
	if (--item->open == 0)
		recalled(c, item);
	dispatch_link_release(link);
}

static bool
send_recall(struct dispatch_cancel *c, struct dispatch_cancel_item *item, struct link *link, const char *message_id)
{
	struct recall *r;

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
	snprintf(r->smsc.message_id, sizeof r->smsc.message_id, "%s", message_id);
	snprintf(r->smsc.to, sizeof r->smsc.to, "%s", item->to);
	if (smsc_link_cancel(link->smsc, &r->smsc) != OK) {
		free(r);
		snprintf(item->why, sizeof item->why, "the link to its SMSC is down or busy");
		return false;
	}
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
	size_t i;

	for (i = 0; i < c->n_items; i++)
		c->items[i].on_link = !c->items[i].submitted;
	while (held != NULL) {
		struct store_item *next = held->next;
		struct dispatch_cancel_item *item = find_item(c, held->n);

		held->next = NULL;
		item->on_link = false;
		c->open++;
		store_achievement(c, item, held, EV_CANCEL_HELD, "cancelled before it was sent");
		held = next;
	}
}

/* ---- all of it ------------------------------------------------------------------------------------------ */

static void
go_on(struct dispatch_cancel *c)
{
	while (c->next < c->n_items && c->open < OPEN_MAX) {
		struct dispatch_cancel_item *item = &c->items[c->next++];

		if (item->submitted && recall(c, item))
			c->open++;
	}
	if (c->next == c->n_items && c->open == 0 && c->started) {
		c->started = false;
		c->done(c);
	}
}

static void
run_cancel(struct loop_work *work)
{
	struct dispatch_cancel *c = (struct dispatch_cancel *)((char *)work - offsetof(struct dispatch_cancel, work));

	take_out_held(c);
	c->started = true;
	go_on(c);
}

void
dispatch_cancel(struct dispatch *d, struct dispatch_cancel *c)
{
	c->d = d;
	c->next = c->open = 0;
	c->started = false;
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
