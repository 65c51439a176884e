/*
 * dispatch_send.c - see dispatch_int.h. Stations: link picked, PDU made, submit_sm, response stored.
 */
#include "ppg/dispatch_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ppg/life.h"
#include "ppg/pap.h"
#include "wap/udh.h"
#include "wap/wsp.h"

enum { PDU_OVERHEAD = 16 };		/* TID, type, HeadersLen */

/* A recipient on a link. */
struct flight {
	struct smsc_datagram dg;
	struct store_event event;	/* what became of it; lives until it is stored */
	struct dispatch *d;
	struct store_item *item;
	char link_id[64];		/* the link may be gone when the outcome is stored */
	char (*ids)[66], one_id[1][66];	/* message ids; of a single part without a heap block */
	char desc[WHY_MAX + 1];
	uint8_t pdu[];
};

/* ---- outcome of a flight ----------------------------------------------------------------------- */

/* Writer thread: the outcome is on disk. */
static void
event_stored(struct store_op *op)
{
	struct store_event *ev = (struct store_event *)op;
	struct flight *f = (struct flight *)((char *)ev - offsetof(struct flight, event));
	struct dispatch *d = f->d;
	enum store_priority priority = f->item->priority;

	if (op->result != OK && op->result != ERR_CLOSED)
		log_error("dispatch", "push row %lld recipient %u: outcome not stored: %s",
		    (long long)ev->push, ev->n, err_name(op->result));
	/* its receipt was there before */
	if (op->result == OK && ev->event == EV_SUBMITTED && !ev->ignored && ev->final)
		atomic_fetch_add(ev->to == STEP_DELIVERED ? &d->delivered : &d->failed, 1);
	if (op->result == OK && (ev->event == EV_REFUSED || ev->event == EV_SUBMITTED) && !ev->ignored && ev->final &&
	    ev->to != STEP_DELIVERED && d->on_failed != NULL)
		d->on_failed(d->failed_arg, ev->push, ev->n);
	if (ev->event == EV_RETRY)
		atomic_store(&d->backlog[priority], true);
	if (f->ids != f->one_id)
		free(f->ids);
	store_item_free(f->item);
	free(f);
	dispatch_leave(d, priority);
	atomic_fetch_sub(&d->ops, 1);
}

static void
store_outcome(struct flight *f, int event, int code, int64_t due_in_s, bool maybe_sent)
{
	struct store_event *ev = &f->event;
	int64_t now = (int64_t)clock_utc();

	*ev = (struct store_event){
		.op = { .kind = STORE_EVENT, .done = event_stored },
		.push = f->item->push,
		.n = f->item->n,
		.batch = f->item->batch,
		.event = event,
		.at = now,
		.code = code,
		.desc = f->desc[0] != '\0' ? f->desc : NULL,
		.due_at = now + due_in_s,
		.maybe_sent = maybe_sent,
	};
	if (event == EV_SUBMITTED || event == EV_SENT) {
		ev->link = f->link_id;
		ev->message_ids = f->ids;
		ev->n_ids = f->dg.n_segments;
	}
	atomic_fetch_add(&f->d->ops, 1);
	if (store_submit(f->d->store, &ev->op) != OK) {
		ev->op.result = ERR_CLOSED;
		event_stored(&ev->op);
	}
}

static int64_t
retry_delay(const struct dispatch *d, unsigned attempts)
{
	int64_t s = d->retry_min_s;

	while (attempts-- > 0 && s < d->retry_max_s)
		s *= 2;
	return s < d->retry_max_s ? s : d->retry_max_s;
}

/* The link's ids are gone when answered() returns. */
static void
keep_message_ids(struct flight *f)
{
	size_t n = f->dg.n_segments;

	f->ids = n == 1 ? f->one_id : calloc(n, sizeof f->ids[0]);
	if (f->ids == NULL)
		abort();
	memcpy(f->ids, f->dg.message_ids, n * sizeof f->ids[0]);
}

static bool
has_message_ids(const struct smsc_datagram *dg)
{
	unsigned i;

	for (i = 0; i < dg->n_segments; i++)
		if (dg->message_ids[i][0] == '\0')
			return false;
	return true;
}

static int
refusal_code(const struct smsc_config *cf, uint32_t status)
{
	const struct smsc_error *e = smsc_error_find(cf, status);

	if (e != NULL && e->code != 0)
		return e->code;
	return status == SMPP_RINVDSTADR ? PAP_ADDRESS_ERROR : PAP_SERVICE_FAILURE;
}

static void
describe_status(struct flight *f, enum smsc_kind kind, const char *what)
{
	const char *name = smpp_status_name(f->dg.status);

	if (kind == SMSC_HTTP && f->dg.status >= 200 && f->dg.status < 600)
		snprintf(f->desc, sizeof f->desc, "%s: HTTP status %u", what, f->dg.status);
	else if (name != NULL)
		snprintf(f->desc, sizeof f->desc, "%s: %s", what, name);
	else
		snprintf(f->desc, sizeof f->desc, "%s: command_status 0x%08X", what, f->dg.status);
}

static bool
is_late(const struct store_item *item)
{
	return item->deadline_at != 0 && item->deadline_at <= (int64_t)clock_utc();
}

static void
end_too_late(struct flight *f)
{
	snprintf(f->desc, sizeof f->desc, "deadline passed before it could be sent");
	store_outcome(f, EV_TOO_LATE, PAP_SERVICE_FAILURE, 0, false);
}

/* Back to the store's queue, unless its time is over: nobody would look at it again soon when all links are down. */
static void
put_back(struct flight *f, int64_t due_in_s, bool maybe_sent)
{
	if (is_late(f->item))
		end_too_late(f);
	else
		store_outcome(f, EV_RETRY, 0, due_in_s, maybe_sent);
}

void
dispatch_answered(void *app, struct smsc_link *smsc, struct smsc_datagram *dg, enum smsc_verdict v)
{
	struct link *link = app;
	struct dispatch *d = link->d;
	struct flight *f = (struct flight *)dg;

	snprintf(f->link_id, sizeof f->link_id, "%s", smsc_link_id(smsc));
	switch (v) {
	case SMSC_ACCEPTED:
		atomic_fetch_add(&d->submitted, 1);
		keep_message_ids(f);
		if (link->cf.delivered_on_submit) {
			store_outcome(f, EV_SENT, PAP_OK, 0, false);
		} else {
			if (!has_message_ids(dg))
				snprintf(f->desc, sizeof f->desc,
				    "the SMSC gave no message id: no delivery receipt can be matched");
			store_outcome(f, EV_SUBMITTED, PAP_OK, 0, false);
		}
		break;
	case SMSC_REFUSED:
		atomic_fetch_add(&d->refused, 1);
		describe_status(f, link->cf.smsc.kind, "refused by the SMSC");
		store_outcome(f, EV_REFUSED, refusal_code(&link->cf.smsc, dg->status), 0, false);
		break;
	case SMSC_RETRY:
		/* its validity was over before the link had room; that the SMSC was given may be shorter than the push's */
		if (dg->status == SMPP_RINVEXPIRY && is_late(f->item)) {
			end_too_late(f);
			break;
		}
		atomic_fetch_add(&d->retried, 1);
		describe_status(f, link->cf.smsc.kind, "will be tried again");
		put_back(f, retry_delay(d, f->item->attempts), false);
		break;
	case SMSC_UNSENT:
		put_back(f, 0, false);
		break;
	case SMSC_MAYBE_SENT:
		atomic_fetch_add(&d->maybe_sent, 1);
		put_back(f, 0, true);
		break;
	}
}

/*
 * How long the SMSC may try: until the push's own time, or as long as the route or the link says, but not beyond the
 * time that the gateway gives every push.
 */
static int64_t
validity_of(const struct dispatch *d, const struct store_item *item, const struct link *link)
{
	uint32_t s = d->sent_by != NULL && d->sent_by->validity_s != 0 ? d->sent_by->validity_s : link->cf.smsc.validity_s;
	int64_t at = (int64_t)clock_utc() + s;

	return d->sent_timed || s == 0 || (item->deadline_at != 0 && item->deadline_at < at) ? item->deadline_at : at;
}

/* ---- onto a link ----------------------------------------------------------------------------------- */

static struct flight *
make_flight(struct dispatch *d, struct store_item *item, const struct link *link)
{
	struct span headers = item->overlay.n > 0 ? item->overlay : item->body->headers;
	size_t cap = PDU_OVERHEAD + headers.n + item->body->body.n;
	struct flight *f = calloc(1, sizeof *f + cap);
	struct wbuf w;

	if (f == NULL)
		abort();
	w = wbuf_into(f->pdu, cap);
	wsp_push_encode(&w, &(struct wsp_push){
		.tid = (uint8_t)item->push,
		.type = WSP_PDU_PUSH,
		.headers = headers,
		.data = item->body->body,
	});
	f->d = d;
	f->item = item;
	f->dg.pdu = wbuf_span(&w);
	f->dg.src_port = WDP_PORT_WSP;
	f->dg.dst_port = WDP_PORT_PUSH;
	/* derived from stored data: a repeat after a crash carries the same reference */
	f->dg.ref = (uint16_t)(item->push + item->n);
	f->dg.validity_at = validity_of(d, item, link);
	f->dg.priority = item->priority == STORE_HIGH;
	f->dg.want_receipt = !link->cf.delivered_on_submit;
	memcpy(f->dg.to, item->to, sizeof f->dg.to);
	if (d->sent_by != NULL) {
		memcpy(f->dg.from, d->sent_by->source_addr, sizeof f->dg.from);
		f->dg.segmentation = (uint8_t)d->sent_by->segmentation;
	}
	if (link->cf.smsc.kind == SMSC_BEARERBOX) {
		struct route_wish wish;

		route_wish_read(item->body->route, &wish);
		memcpy(f->dg.wanted_smsc, wish.smsc, sizeof f->dg.wanted_smsc);
	}
	return f;
}

/* A recipient that is on no link. */
static struct flight *
make_landed(struct dispatch *d, struct store_item *item)
{
	struct flight *f = calloc(1, sizeof *f);

	if (f == NULL)
		abort();
	f->d = d;
	f->item = item;
	return f;
}

void
dispatch_refuse(struct dispatch *d, struct store_item *item, int code, const char *desc)
{
	struct flight *f = make_landed(d, item);

	snprintf(f->desc, sizeof f->desc, "%s", desc);
	atomic_fetch_add(&d->refused, 1);
	store_outcome(f, EV_REFUSED, code, 0, false);
}

static void
run_feed_timer(void *arg)
{
	dispatch_feed(arg);
}

/* Somebody may go when a rule's throughput allows it. */
static void
feed_later(struct dispatch *d)
{
	int64_t ms = d->feed_ms - clock_mono_ms();

	if (d->feed_ms != 0 && !d->stopping)
		loop_timer_start(d->loop, &d->feed_timer, ms > 0 ? ms : 0, run_feed_timer, d);
}

/* Give the links what they have room for. */
void
dispatch_feed(struct dispatch *d)
{
	struct store_item *item;
	struct link *link;

	d->feed_ms = 0;
	while ((item = lanes_next(d, &link)) != NULL) {
		struct flight *f;

		if (is_late(item)) {
			end_too_late(make_landed(d, item));
			continue;
		}
		f = make_flight(d, item, link);
		if (smsc_link_submit(link->smsc, &f->dg) != OK) {
			free(f);
			dispatch_return(d, item, 0);
			break;
		}
		if (f->dg.n_segments > 1)
			pick_spent(d, d->sent_by, f->dg.n_segments - 1);
	}
	feed_later(d);
}

void
dispatch_return_stranded(struct dispatch *d)
{
	bool all = d->stopping || atomic_load(&d->links_up) == 0;

	dispatch_return(d, lanes_stranded(d, all), all ? 0 : d->retry_min_s);
}

void
dispatch_expire(struct dispatch *d)
{
	struct store_item *items = lanes_overdue(d, (int64_t)clock_utc());

	while (items != NULL) {
		struct store_item *item = items;

		items = item->next;
		item->next = NULL;
		end_too_late(make_landed(d, item));
	}
}

void
dispatch_return(struct dispatch *d, struct store_item *items, int64_t due_in_s)
{
	while (items != NULL) {
		struct store_item *item = items;

		items = item->next;
		item->next = NULL;
		put_back(make_landed(d, item), due_in_s, item->maybe_sent);
	}
}
