/* smscsim_receipt.c - see smscsim_receipt.h. */
#include "smsc/smscsim_receipt.h"

#include <stdlib.h>

#include "base/clock.h"
#include "smsc/smscsim_account.h"
#include "smsc/smscsim_store.h"

enum {
	RETRY_MS = 500,			/* after a temporary error */
	SEQ_MAX = 0x7FFFFFFF,
	INTERMEDIATE = 0x10		/* registered_delivery: intermediate notification wanted */
};

/* What sim_hash is asked for. */
enum { CHANCE_STATE = 1, CHANCE_JITTER };

/* A receipt, or a message of a handset. */
struct sim_receipt {
	struct sim_receipt *next;	/* in its account's queue */
	struct sim_account *account;
	struct sim_mo *mo;		/* NULL: a receipt */
	struct sim_part *part;		/* a reference; NULL of a message of a handset */
	enum receipt_state state;	/* 0: not decided yet */
	int64_t due_ms;			/* clock_mono_ms, while in the heap */
	uint64_t order;			/* among those due at the same time */
	uint32_t more;			/* times it comes again */
	bool unknown_id;
};

struct sim_receipts {
	struct sim *sim;
	struct sim_receipt **heap;	/* not due yet; heap[0] is the next */
	size_t n_heap, cap_heap;
	size_t n;			/* in the heap, the queues and the windows */
	uint64_t order;
	struct loop_timer timer;
};

struct sim_receipts *
sim_receipts_create(struct sim *sim)
{
	struct sim_receipts *all = sim_alloc(sizeof *all);

	all->sim = sim;
	return all;
}

static void
receipt_free(struct sim_receipts *all, struct sim_receipt *r)
{
	all->n--;
	if (r->part != NULL && r->part->waits) {		/* no outcome will come for it any more */
		r->part->waits = false;
		all->sim->outcomes++;
	}
	sim_part_unref(&r->part);
	free(r->mo);
	free(r);
}

static void
queue_clear(struct sim_receipts *all, struct sim_queue *queue)
{
	struct sim_receipt *r;

	while ((r = queue->first) != NULL) {
		queue->first = r->next;
		receipt_free(all, r);
	}
	queue->last = &queue->first;
}

void
sim_receipts_destroy(struct sim_receipts **p)
{
	struct sim_receipts *all = *p;
	struct sim_account *account;

	if (all == NULL)
		return;
	loop_timer_stop(all->sim->loop, &all->timer);
	while (all->n_heap > 0)
		receipt_free(all, all->heap[--all->n_heap]);
	for (account = sim_accounts_first(all->sim->accounts); account != NULL; account = account->next) {
		queue_clear(all, &account->receipts);
		queue_clear(all, &account->mos);
	}
	free(all->heap);
	free(all);
	*p = NULL;
}

/* ---- heap of those that are not due ------------------------------------------------ */

static bool
before(const struct sim_receipt *a, const struct sim_receipt *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void
heap_add(struct sim_receipts *all, struct sim_receipt *r)
{
	size_t i = all->n_heap++;

	if (i == all->cap_heap) {
		all->cap_heap = all->cap_heap ? all->cap_heap * 2 : 256;
		all->heap = realloc(all->heap, all->cap_heap * sizeof(struct sim_receipt *));
		if (all->heap == NULL)
			abort();
	}
	for (; i > 0 && before(r, all->heap[(i - 1) / 2]); i = (i - 1) / 2)
		all->heap[i] = all->heap[(i - 1) / 2];
	all->heap[i] = r;
}

static struct sim_receipt *
heap_take(struct sim_receipts *all)
{
	struct sim_receipt *first = all->heap[0], *last = all->heap[--all->n_heap];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < all->n_heap) {
		if (child + 1 < all->n_heap && before(all->heap[child + 1], all->heap[child]))
			child++;
		if (!before(all->heap[child], last))
			break;
		all->heap[i] = all->heap[child];
		i = child;
	}
	all->heap[i] = last;
	return first;
}

/* ---- outcome and queue ------------------------------------------------------------- */

static void
decide_part(struct sim_receipts *all, struct sim_part *part)
{
	enum receipt_state state = sim_settings_state(&part->account->set,
	    sim_hash(all->sim->cf.seed, CHANCE_STATE, part->number));

	part->waits = false;
	all->sim->outcomes++;
	if (part->state != RECEIPT_ENROUTE || state == RECEIPT_ENROUTE)
		return;
	part->state = state;
	part->done_ms = clock_utc_ms();
}

static void
decide(struct sim_receipts *all, struct sim_receipt *r)
{
	if (r->state != 0 || r->part == NULL)
		return;
	decide_part(all, r->part);
	r->state = r->part->state;
}

/* Whether registered_delivery asks for a receipt with this state. */
static bool
is_wanted(const struct sim_receipt *r)
{
	unsigned asked = r->part->registered_delivery;

	if (r->state == RECEIPT_ENROUTE)
		return (asked & (INTERMEDIATE | 3)) != 0;
	switch (asked & 3) {
	case 1:
		return true;
	case 2:
		return r->state != RECEIPT_DELIVERED;
	case 3:
		return r->state == RECEIPT_DELIVERED;
	}
	return false;
}

static struct sim_queue *
queue_of(const struct sim_receipt *r)
{
	return r->mo != NULL ? &r->account->mos : &r->account->receipts;
}

static void
queue_last(struct sim_receipt *r)
{
	struct sim_queue *queue = queue_of(r);

	r->next = NULL;
	*queue->last = r;
	queue->last = &r->next;
}

static void
queue_first(struct sim_receipt *r)
{
	struct sim_queue *queue = queue_of(r);

	r->next = queue->first;
	queue->first = r;
	if (r->next == NULL)
		queue->last = &r->next;
}

static void
queue_take(struct sim_receipt *r)
{
	struct sim_queue *queue = queue_of(r);

	queue->first = r->next;
	if (queue->first == NULL)
		queue->last = &queue->first;
}

/* ---- sending ----------------------------------------------------------------------- */

static void
send_receipt(struct sim_receipts *all, struct sim_session *s, const struct sim_receipt *r,
    uint32_t seq)
{
	struct sim_told told = { r->part, r->state, r->unknown_id };
	uint8_t octets[SIM_DELIVER_MAX];
	struct wbuf w = wbuf_into(octets, sizeof octets);

	if (r->mo != NULL) {
		sim_mo_encode(&w, r->mo, seq);
		all->sim->count.mo_sent++;
	} else {
		sim_told_encode(&w, &told, &r->account->set, seq);
		all->sim->count.receipts_sent++;
	}
	sim_session_write(s, wbuf_span(&w));
}

/* A receiver with room, which goes behind the others; NULL when there is none. */
static struct sim_session *
pick_receiver(struct sim_account *account)
{
	struct sim_session **p, **end, *s;

	for (p = &account->receivers; (s = *p) != NULL; p = &s->next_receiver)
		if (s->n_window < SIM_DELIVER_WINDOW && sim_session_takes(s))
			break;
	if (s == NULL)
		return NULL;
	*p = s->next_receiver;
	s->next_receiver = NULL;
	for (end = &account->receivers; *end != NULL; end = &(*end)->next_receiver)
		;
	*end = s;
	return s;
}

static void
put_in_window(struct sim_session *s, struct sim_receipt *r, uint32_t seq)
{
	unsigned i = 0;

	while (s->window[i].receipt != NULL)
		i++;		/* the caller has seen that there is room */
	s->window[i].receipt = r;
	s->window[i].seq = seq;
	s->n_window++;
}

/* Another one like it, which comes next. */
static void
repeat(struct sim_receipts *all, struct sim_receipt *r)
{
	struct sim_receipt *again = sim_alloc(sizeof *again);

	*again = (struct sim_receipt){ .account = r->account, .part = r->part, .state = r->state,
		.more = r->more - 1, .unknown_id = r->unknown_id };
	r->more = 0;
	sim_part_ref(r->part);
	all->n++;
	queue_first(again);
}

/* The first of a queue leaves; false: no receiver has room for it. */
static bool
send_first(struct sim_receipts *all, struct sim_receipt *r)
{
	struct sim_session *s = pick_receiver(r->account);

	if (s == NULL)
		return false;
	queue_take(r);
	if (r->more > 0)
		repeat(all, r);
	s->deliver_seq = s->deliver_seq == SEQ_MAX ? 1 : s->deliver_seq + 1;
	put_in_window(s, r, s->deliver_seq);
	send_receipt(all, s, r, s->deliver_seq);
	return true;
}

static void
pump(struct sim_receipts *all, struct sim_account *account)
{
	struct sim_receipt *r;

	while (account->mos.first != NULL)
		if (!send_first(all, account->mos.first))
			return;
	while (account->set.mode != SIM_MODE_HOLD && (r = account->receipts.first) != NULL) {
		decide(all, r);
		if (account->set.mode == SIM_MODE_NONE || !is_wanted(r)) {
			queue_take(r);
			receipt_free(all, r);
		} else if (!send_first(all, r)) {
			return;
		}
	}
}

void
sim_receipts_pump(struct sim_receipts *all)
{
	struct sim_account *account;

	for (account = sim_accounts_first(all->sim->accounts); account != NULL; account = account->next)
		pump(all, account);
}

/* ---- time -------------------------------------------------------------------------- */

static void start_timer(struct sim_receipts *all);

static void
some_are_due(void *arg)
{
	struct sim_receipts *all = arg;
	int64_t now_ms = clock_mono_ms();
	struct sim_receipt *r;

	sim_enter(all->sim);
	while (all->n_heap > 0 && all->heap[0]->due_ms <= now_ms) {
		r = heap_take(all);
		if (r->account->set.mode != SIM_MODE_HOLD)
			decide(all, r);
		queue_last(r);
	}
	sim_receipts_pump(all);
	start_timer(all);
	sim_leave(all->sim);
}

static void
start_timer(struct sim_receipts *all)
{
	int64_t wait_ms;

	if (all->n_heap == 0)
		return;
	wait_ms = all->heap[0]->due_ms - clock_mono_ms();
	if (all->timer.slot == 0 || all->timer.at_ms > all->heap[0]->due_ms)
		loop_timer_start(all->sim->loop, &all->timer, wait_ms, some_are_due, all);
}

static void
due_later(struct sim_receipts *all, struct sim_receipt *r, uint32_t delay_ms)
{
	r->due_ms = clock_mono_ms() + delay_ms;
	r->order = ++all->order;
	heap_add(all, r);
	start_timer(all);
}

/* How long after the submission the outcome is. */
static uint32_t
outcome_ms(const struct sim_receipts *all, const struct sim_part *part)
{
	const struct sim_settings *set = &part->account->set;

	if (set->jitter_ms == 0)
		return set->delay_ms;
	return set->delay_ms + (uint32_t)(sim_hash(all->sim->cf.seed, CHANCE_JITTER, part->number) %
	    (set->jitter_ms + 1u));
}

void
sim_receipts_submitted(struct sim_receipts *all, struct sim_part *part, const struct sim_misdeed *misdeed)
{
	enum sim_mode mode = part->account->set.mode;
	uint32_t delay_ms = misdeed->receipt_first ? 0 : outcome_ms(all, part);
	bool now = mode != SIM_MODE_HOLD && delay_ms == 0;
	struct sim_receipt *r;

	if (now && (mode == SIM_MODE_NONE || part->registered_delivery == 0)) {
		decide_part(all, part);
		return;
	}
	if (all->n == SIM_RECEIPTS_MAX) {
		all->sim->count.receipts_dropped++;
		return;
	}
	r = sim_alloc(sizeof *r);
	r->account = part->account;
	r->part = part;
	part->waits = !now;
	r->more = misdeed->receipts_more;
	r->unknown_id = misdeed->unknown_id;
	sim_part_ref(part);
	all->n++;
	if (mode != SIM_MODE_HOLD && !now) {
		due_later(all, r, delay_ms);
		return;
	}
	if (now)
		decide(all, r);
	queue_last(r);
	pump(all, part->account);
}

int
sim_receipts_deliver(struct sim_receipts *all, const struct sim_mo *mo, struct why *why)
{
	struct sim_account *account = sim_account_get(all->sim->accounts, mo->system_id);
	struct sim_receipt *r;

	if (account == NULL)
		return why_set(why, ERR_LIMIT, "there are %d accounts already", SIM_ACCOUNTS_MAX);
	if (all->n == SIM_RECEIPTS_MAX)
		return why_set(why, ERR_LIMIT, "%d messages and receipts wait already", SIM_RECEIPTS_MAX);
	r = sim_alloc(sizeof *r);
	r->account = account;
	r->mo = sim_alloc(sizeof *mo);
	*r->mo = *mo;
	all->n++;
	queue_last(r);
	return OK;
}

/* ---- sessions ---------------------------------------------------------------------- */

void
sim_receipts_bind(struct sim_receipts *all, struct sim_session *s)
{
	s->next_receiver = s->account->receivers;
	s->account->receivers = s;
	pump(all, s->account);
}

/* Puts the youngest of the window before the queue; false when the window is empty. */
static bool
requeue_one(struct sim_session *s)
{
	unsigned i, best = SIM_DELIVER_WINDOW;

	for (i = 0; i < SIM_DELIVER_WINDOW; i++)
		if (s->window[i].receipt != NULL &&
		    (best == SIM_DELIVER_WINDOW || s->window[i].seq > s->window[best].seq))
			best = i;
	if (best == SIM_DELIVER_WINDOW)
		return false;
	queue_first(s->window[best].receipt);
	s->window[best].receipt = NULL;
	s->n_window--;
	return true;
}

void
sim_receipts_unbind(struct sim_receipts *all, struct sim_session *s)
{
	struct sim_session **p;

	if (s->account == NULL || s->bound == SIM_BOUND_TX)
		return;
	for (p = &s->account->receivers; *p != NULL && *p != s; p = &(*p)->next_receiver)
		;
	if (*p == s)
		*p = s->next_receiver;
	while (requeue_one(s))
		;
	pump(all, s->account);
}

static bool
is_temporary(uint32_t status)
{
	return status == SMPP_RX_T_APPN || status == SMPP_RMSGQFUL || status == SMPP_RTHROTTLED ||
	    status == SMPP_RSYSERR;
}

static void
count_answer(struct sim_counters *count, const struct sim_receipt *r, uint32_t status)
{
	if (r->mo != NULL)
		*(status == SMPP_OK ? &count->mo_acknowledged : &count->mo_refused) += 1;
	else
		*(status == SMPP_OK ? &count->receipts_acknowledged : &count->receipts_refused) += 1;
}

bool
sim_receipts_answered(struct sim_receipts *all, struct sim_session *s, uint32_t seq,
    uint32_t status)
{
	struct sim_receipt *r;
	unsigned i = 0;

	while (i < SIM_DELIVER_WINDOW && (s->window[i].receipt == NULL || s->window[i].seq != seq))
		i++;
	if (i == SIM_DELIVER_WINDOW)
		return false;
	r = s->window[i].receipt;
	s->window[i].receipt = NULL;
	s->n_window--;
	if (is_temporary(status)) {
		due_later(all, r, RETRY_MS);
	} else {
		count_answer(&all->sim->count, r, status);
		receipt_free(all, r);
	}
	pump(all, s->account);
	return true;
}

size_t
sim_receipts_waiting(const struct sim_receipts *all)
{
	return all->n;
}

/* ---- settings ---------------------------------------------------------------------- */

/* What is late has its outcome at once where there are to be no receipts any more. */
static void
drop_late(struct sim_receipts *all)
{
	struct sim_receipt *r;
	size_t i, n = all->n_heap;

	all->n_heap = 0;
	for (i = 0; i < n; i++) {
		r = all->heap[i];
		if (r->part == NULL || r->account->set.mode != SIM_MODE_NONE) {
			heap_add(all, r);
		} else {
			decide(all, r);
			receipt_free(all, r);
		}
	}
}

int
sim_receipts_set(struct sim_receipts *all, json_t *spec, struct why *why)
{
	struct sim_account *account;
	struct sim_receipt *r;
	int err = sim_accounts_set(all->sim->accounts, spec, why);

	if (err)
		return err;
	drop_late(all);
	for (account = sim_accounts_first(all->sim->accounts); account != NULL; account = account->next) {
		if (account->set.mode != SIM_MODE_HOLD)
			for (r = account->receipts.first; r != NULL; r = r->next)
				decide(all, r);
		if (account->set.mode == SIM_MODE_NONE)
			queue_clear(all, &account->receipts);
	}
	return OK;
}

json_t *
sim_receipts_get(const struct sim_receipts *all)
{
	json_t *o = sim_accounts_settings(all->sim->accounts);

	json_object_set_new(o, "waiting", json_integer((json_int_t)all->n));
	return o;
}
