/* dispatch.c - see dispatch.h. Stations: due -> link -> submit_sm_resp stored -> receipt stored. */
#include "ppg/dispatch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "ppg/life.h"
#include "ppg/pap.h"
#include "wap/udh.h"
#include "wap/wsp.h"

enum {
	IN_HAND_DEFAULT = 4000,
	TICK_MS = 1000,
	TICK_ROWS = 500,
	RETRY_MIN_S = 15,
	RETRY_MAX_S = 900,
	PDU_OVERHEAD = 16		/* TID, type, HeadersLen */
};

struct link {
	struct dispatch *d;
	struct smsc_link *smsc;
	struct dispatch_link cf;
	uint64_t receipts;
};

struct dispatch {
	struct store *store;
	struct loop *loop;
	pthread_t thread;
	struct link *links;
	size_t n_links;
	unsigned in_hand_max, retry_min_s, retry_max_s;

	atomic_uint in_hand;		/* reserved, queued here or on a link, or answer not stored yet */
	atomic_uint links_up;
	atomic_bool backlog;		/* the store may hold due recipients */
	atomic_bool wake_posted, hand_posted;

	pthread_mutex_t lock;		/* guards handed, handed_tail */
	struct store_item *handed, **handed_tail;
	struct loop_work hand_work, wake_work;

	/* links thread only */
	struct store_item *ready, **ready_tail;
	struct store_take take;
	struct store_tick tick;
	bool take_running, tick_running, stopping;
	struct loop_work take_work, tick_work;
	struct loop_timer take_timer, tick_timer;

	atomic_ullong submitted, refused, retried, maybe_sent, delivered, failed, receipts,
	    receipts_unknown;
	atomic_uint ops;		/* store operations under way, for an orderly stop */
};

/* A recipient on a link. */
struct flight {
	struct smsc_datagram dg;
	struct store_event event;	/* what became of it; lives until it is stored */
	struct dispatch *d;
	struct store_item *item;
	const char *link_id;
	char (*ids)[66], one_id[1][66];	/* message ids; of a single part without a heap block */
	char desc[WHY_MAX + 1];
	uint8_t pdu[];
};

/* A receipt on its way to the store and back to the link. */
struct receipt_job {
	struct store_receipt op;
	struct loop_work work;
	struct dispatch *d;
	struct link *link;
	uint64_t token;
	char message_id[66], desc[64];
};

static void feed(struct dispatch *d);
static void look_for_more(struct dispatch *d);

/* ---- outcome of a flight ----------------------------------------------------------------------- */

/* Writer thread: the outcome is on disk. */
static void
event_stored(struct store_op *op)
{
	struct store_event *ev = (struct store_event *)op;
	struct flight *f = (struct flight *)((char *)ev - offsetof(struct flight, event));
	struct dispatch *d = f->d;

	if (op->result != OK && op->result != ERR_CLOSED)
		log_error("dispatch", "push row %lld recipient %u: outcome not stored: %s",
		    (long long)ev->push, ev->n, err_name(op->result));
	if (ev->event == EV_RETRY)
		atomic_store(&d->backlog, true);
	if (f->ids != f->one_id)
		free(f->ids);
	store_item_free(f->item);
	free(f);
	atomic_fetch_sub(&d->ops, 1);
	if (atomic_fetch_sub(&d->in_hand, 1) - 1 <= d->in_hand_max / 2 && atomic_load(&d->backlog))
		dispatch_wake(d);
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
		/* The queue is sized for all that can be in hand, so it can only be closed. */
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

static void
describe_status(struct flight *f, const char *what)
{
	const char *name = smpp_status_name(f->dg.status);

	if (name != NULL)
		snprintf(f->desc, sizeof f->desc, "%s: %s", what, name);
	else
		snprintf(f->desc, sizeof f->desc, "%s: command_status 0x%08X", what, f->dg.status);
}

static void
on_answered(void *app, struct smsc_link *smsc, struct smsc_datagram *dg, enum smsc_verdict v)
{
	struct link *link = app;
	struct dispatch *d = link->d;
	struct flight *f = (struct flight *)dg;

	f->link_id = smsc_link_id(smsc);
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
		describe_status(f, "refused by the SMSC");
		store_outcome(f, EV_REFUSED,
		    dg->status == SMPP_RINVDSTADR ? PAP_ADDRESS_ERROR : PAP_SERVICE_FAILURE, 0, false);
		break;
	case SMSC_RETRY:
		atomic_fetch_add(&d->retried, 1);
		describe_status(f, "will be tried again");
		store_outcome(f, EV_RETRY, 0, retry_delay(d, f->item->attempts), false);
		break;
	case SMSC_UNSENT:
		store_outcome(f, EV_RETRY, 0, 0, false);
		break;
	case SMSC_MAYBE_SENT:
		atomic_fetch_add(&d->maybe_sent, 1);
		store_outcome(f, EV_RETRY, 0, 0, true);
		break;
	}
}

/* ---- onto a link ----------------------------------------------------------------------------------- */

static struct link *
pick_link(struct dispatch *d)
{
	struct link *best = NULL;
	unsigned room, most = 0;
	size_t i;

	for (i = 0; i < d->n_links; i++) {
		room = smsc_link_room(d->links[i].smsc);
		if (room > most) {
			most = room;
			best = &d->links[i];
		}
	}
	return best;
}

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
	f->dg.validity_at = item->deadline_at;
	f->dg.want_receipt = !link->cf.delivered_on_submit;
	memcpy(f->dg.to, item->to, sizeof f->dg.to);
	return f;
}

/* Give the links what they have room for. */
static void
feed(struct dispatch *d)
{
	struct link *link;

	while (d->ready != NULL && (link = pick_link(d)) != NULL) {
		struct store_item *item = d->ready;
		struct flight *f = make_flight(d, item, link);

		if (smsc_link_submit(link->smsc, &f->dg) != OK) {
			free(f);
			break;
		}
		d->ready = item->next;
		if (d->ready == NULL)
			d->ready_tail = &d->ready;
		item->next = NULL;
	}
}

static void
append_ready(struct dispatch *d, struct store_item *items)
{
	*d->ready_tail = items;
	while (*d->ready_tail != NULL)
		d->ready_tail = &(*d->ready_tail)->next;
}

/* What waits here for a link goes back to the store's queue. */
static void
return_ready(struct dispatch *d)
{
	while (d->ready != NULL) {
		struct store_item *item = d->ready;
		struct flight *f = calloc(1, sizeof *f);

		if (f == NULL)
			abort();
		d->ready = item->next;
		item->next = NULL;
		f->d = d;
		f->item = item;
		store_outcome(f, EV_RETRY, 0, 0, item->maybe_sent);
	}
	d->ready_tail = &d->ready;
}

/* ---- from the store's queue ---------------------------------------------------------------------------- */

static void
run_take_timer(void *arg)
{
	struct dispatch *d = arg;

	atomic_store(&d->backlog, true);
	look_for_more(d);
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
	dispatch_release(d, take->max - take->n_items);
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
	feed(d);
	look_for_more(d);
}

static void
take_done(struct store_op *op)
{
	struct dispatch *d = (struct dispatch *)((char *)op - offsetof(struct dispatch, take.op));

	loop_post(d->loop, &d->take_work);
}

static void
look_for_more(struct dispatch *d)
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
		.max = want,
	};
	d->take_running = true;
	d->take_work.run = take_back;
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
	look_for_more(d);
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
		return_ready(d);
	feed(d);
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

/* ---- receipts -------------------------------------------------------------------------------------------- */

static void
receipt_back(struct loop_work *work)
{
	struct receipt_job *job = (struct receipt_job *)((char *)work - offsetof(struct receipt_job, work));

	smsc_link_receipt_done(job->link->smsc, job->token,
	    job->op.op.result == OK || job->op.op.result == ERR_NOT_FOUND);
	atomic_fetch_sub(&job->d->ops, 1);
	free(job);
}

static void
receipt_stored(struct store_op *op)
{
	struct receipt_job *job = (struct receipt_job *)op;
	struct dispatch *d = job->d;

	if (op->result == ERR_NOT_FOUND)
		atomic_fetch_add(&d->receipts_unknown, 1);
	else if (op->result == OK && !job->op.ignored && job->op.final)
		atomic_fetch_add(job->op.to == STEP_DELIVERED ? &d->delivered : &d->failed, 1);
	loop_post(d->loop, &job->work);
}

static int
receipt_event(enum receipt_state state)
{
	switch (state) {
	case RECEIPT_DELIVERED:
		return EV_RECEIPT_OK;
	case RECEIPT_EXPIRED:
		return EV_RECEIPT_EXPIRED;
	case RECEIPT_DELETED:
	case RECEIPT_UNDELIVERABLE:
	case RECEIPT_UNKNOWN:
	case RECEIPT_REJECTED:
		return EV_RECEIPT_FAILED;
	case RECEIPT_ENROUTE:
	case RECEIPT_ACCEPTED:
		break;
	}
	return 0;
}

static void
on_receipt(void *app, struct smsc_link *smsc, const struct smsc_receipt *r, uint64_t token)
{
	struct link *link = app;
	struct dispatch *d = link->d;
	int event = receipt_event(r->state);
	struct receipt_job *job;

	link->receipts++;
	atomic_fetch_add(&d->receipts, 1);
	if (event == 0) {		/* enroute, accepted: nothing has become final */
		smsc_link_receipt_done(smsc, token, true);
		return;
	}
	job = calloc(1, sizeof *job);
	if (job == NULL)
		abort();
	job->d = d;
	job->link = link;
	job->token = token;
	job->work.run = receipt_back;
	memcpy(job->message_id, r->message_id, sizeof job->message_id);
	if (event != EV_RECEIPT_OK)
		snprintf(job->desc, sizeof job->desc, "receipt: state %d, error %s", (int)r->state, r->err);
	job->op = (struct store_receipt){
		.op = { .kind = STORE_RECEIPT, .done = receipt_stored },
		.link = smsc_link_id(smsc),
		.message_id = job->message_id,
		.event = event,
		.at = (int64_t)clock_utc(),
		.code = event == EV_RECEIPT_OK ? PAP_OK : PAP_SERVICE_FAILURE,
		.desc = job->desc[0] != '\0' ? job->desc : NULL,
	};
	atomic_fetch_add(&d->ops, 1);
	if (store_submit(d->store, &job->op.op) != OK) {
		atomic_fetch_sub(&d->ops, 1);
		free(job);
		smsc_link_receipt_done(smsc, token, false);	/* the SMSC repeats it */
	}
}

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
		return_ready(d);
	} else if (state == SMSC_UP) {
		atomic_store(&d->backlog, true);
		look_for_more(d);
	}
}

static void
on_room(void *app, struct smsc_link *smsc)
{
	struct link *link = app;

	feed(link->d);
	look_for_more(link->d);
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

static const struct smsc_events link_events = { on_state, on_room, on_answered, on_receipt };

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
	pthread_mutex_init(&d->lock, NULL);
	d->handed_tail = &d->handed;
	d->ready_tail = &d->ready;
	d->hand_work.run = run_handed;
	d->wake_work.run = run_wake;
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
	return_ready(d);
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

		json_array_append_new(out, json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}",
		    "smsc_id", smsc_link_id(l->smsc), "kind", "smpp",
		    "state", smsc_state_name(smsc_link_state(l->smsc)),
		    "queued", (json_int_t)smsc_link_queued(l->smsc),
		    "window_used", (json_int_t)smsc_link_window_used(l->smsc),
		    "submitted", (json_int_t)st->submitted,
		    "receipts", (json_int_t)st->receipts,
		    "refused", (json_int_t)st->refused,
		    "reconnects", (json_int_t)st->reconnects));
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
