/* smscsim_receipt.c - see smscsim_receipt.h. */
#include "smsc/smscsim_receipt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "smsc/smscsim_settings.h"
#include "smsc/smscsim_store.h"

enum {
	RETRY_MS = 500,			/* after a temporary error */
	DELIVER_MAX = 600,		/* octets of a deliver_sm with a receipt */
	SEQ_MAX = 0x7FFFFFFF,
	INTERMEDIATE = 0x10		/* registered_delivery: intermediate notification wanted */
};

struct sim_receipt {
	struct sim_receipt *next;	/* in its account's queue */
	struct sim_part *part;		/* a reference */
	enum receipt_state state;	/* 0: not decided yet */
	int64_t due_ms;			/* clock_mono_ms, while in the heap */
	uint64_t order;			/* among those due at the same time */
	uint32_t more;			/* times it comes again */
	bool unknown_id;
};

struct sim_receipts {
	struct sim *sim;
	struct sim_settings set;
	struct sim_account *accounts;
	unsigned n_accounts;
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
	all->set = sim_settings_default();
	return all;
}

static void
receipt_free(struct sim_receipts *all, struct sim_receipt *r)
{
	all->n--;
	if (r->part->waits) {		/* no outcome will come for it any more */
		r->part->waits = false;
		all->sim->outcomes++;
	}
	sim_part_unref(&r->part);
	free(r);
}

/* Forget what was not sent. */
static void
forget(struct sim_receipts *all)
{
	struct sim_account *account;
	struct sim_receipt *r;

	while (all->n_heap > 0)
		receipt_free(all, all->heap[--all->n_heap]);
	for (account = all->accounts; account != NULL; account = account->next) {
		while ((r = account->first) != NULL) {
			account->first = r->next;
			receipt_free(all, r);
		}
		account->last = &account->first;
	}
}

void
sim_receipts_destroy(struct sim_receipts **p)
{
	struct sim_receipts *all = *p;
	struct sim_account *account;

	if (all == NULL)
		return;
	loop_timer_stop(all->sim->loop, &all->timer);
	forget(all);
	while ((account = all->accounts) != NULL) {
		all->accounts = account->next;
		free(account);
	}
	free(all->heap);
	free(all);
	*p = NULL;
}

struct sim_account *
sim_account_get(struct sim_receipts *all, const char *system_id)
{
	struct sim_account *account;

	for (account = all->accounts; account != NULL; account = account->next)
		if (strcmp(account->system_id, system_id) == 0)
			return account;
	if (all->n_accounts == SIM_ACCOUNTS_MAX)
		return NULL;
	account = sim_alloc(sizeof *account);
	snprintf(account->system_id, sizeof account->system_id, "%s", system_id);
	account->last = &account->first;
	account->next = all->accounts;
	all->accounts = account;
	all->n_accounts++;
	return account;
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
	part->waits = false;
	all->sim->outcomes++;
	if (part->state != RECEIPT_ENROUTE || all->set.state == RECEIPT_ENROUTE)
		return;
	part->state = all->set.state;
	part->done_ms = clock_utc_ms();
}

static void
decide(struct sim_receipts *all, struct sim_receipt *r)
{
	if (r->state != 0)
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

static void
queue_last(struct sim_receipt *r)
{
	struct sim_account *account = r->part->account;

	r->next = NULL;
	*account->last = r;
	account->last = &r->next;
}

static void
queue_first(struct sim_receipt *r)
{
	struct sim_account *account = r->part->account;

	r->next = account->first;
	account->first = r;
	if (r->next == NULL)
		account->last = &r->next;
}

static struct sim_receipt *
queue_take(struct sim_account *account)
{
	struct sim_receipt *r = account->first;

	account->first = r->next;
	if (account->first == NULL)
		account->last = &account->first;
	return r;
}

/* ---- sending ----------------------------------------------------------------------- */

/* YYMMDDhhmm */
static void
write_date(struct sbuf *out, int64_t utc_ms)
{
	time_t t = (time_t)(utc_ms / 1000);
	struct tm tm;

	gmtime_r(&t, &tm);
	sbuf_fmt(out, "%02d%02d%02d%02d%02d", tm.tm_year % 100, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	    tm.tm_min);
}

static void
write_text(const struct sim_receipts *all, const struct sim_receipt *r, const char *id,
    struct sbuf *out)
{
	const char *state = sim_state_name(r->state), *err = sim_state_err(r->state);
	const char *text = all->set.text, *mark = strstr(text, "{id}");

	if (text[0] != '\0') {
		sbuf_put(out, text, mark != NULL ? (size_t)(mark - text) : strlen(text));
		if (mark != NULL)
			sbuf_fmt(out, "%s%s", id, mark + strlen("{id}"));
		return;
	}
	sbuf_fmt(out, "id:%s sub:001 dlvrd:%s submit date:", id,
	    r->state == RECEIPT_DELIVERED ? "001" : "000");
	write_date(out, r->part->at_ms);
	sbuf_str(out, " done date:");
	write_date(out, r->part->done_ms > 0 ? r->part->done_ms : clock_utc_ms());
	sbuf_fmt(out, " stat:%s err:%s text:", state, err);
}

/* Ten digits that no message of ours has: they are more than 32 bits. */
#define UNKNOWN_FROM 5000000000u

static uint64_t
told_number(const struct sim_receipt *r)
{
	return r->unknown_id ? UNKNOWN_FROM + r->part->number : r->part->number;
}

static void
send_receipt(struct sim_receipts *all, struct sim_session *s, const struct sim_receipt *r,
    uint32_t seq)
{
	const struct sim_part *part = r->part;
	struct smpp_pdu pdu = { .id = SMPP_DELIVER_SM, .seq = seq };
	uint8_t octets[DELIVER_MAX], state = (uint8_t)r->state;
	struct wbuf w = wbuf_into(octets, sizeof octets);
	struct sbuf text = { 0 };
	char id[16];

	snprintf(id, sizeof id, all->set.hex ? "%llX" : "%llu", (unsigned long long)told_number(r));
	write_text(all, r, id, &text);
	memcpy(pdu.service_type, part->service_type, sizeof pdu.service_type);
	pdu.source_ton = part->dest_ton;
	pdu.source_npi = part->dest_npi;
	pdu.dest_ton = part->source_ton;
	pdu.dest_npi = part->source_npi;
	memcpy(pdu.source, part->dest, sizeof part->dest);
	memcpy(pdu.dest, part->source, sizeof part->source);
	pdu.esm_class = r->state == RECEIPT_ENROUTE ? SMPP_ESM_INTERMEDIATE : SMPP_ESM_RECEIPT;
	pdu.short_message = span_of(text.s,
	    text.n < SIM_RECEIPT_TEXT_MAX ? text.n : SIM_RECEIPT_TEXT_MAX);
	if (all->set.tlvs && all->set.text[0] == '\0') {
		pdu.tlvs[0] = (struct smpp_tlv){ SMPP_TAG_RECEIPTED_MESSAGE_ID,
		    span_of(id, strlen(id) + 1) };
		pdu.tlvs[1] = (struct smpp_tlv){ SMPP_TAG_MESSAGE_STATE, span_of(&state, 1) };
		pdu.n_tlvs = 2;
	}
	smpp_encode(&w, &pdu);
	sim_session_write(s, wbuf_span(&w));
	sbuf_done(&text);
	all->sim->count.receipts_sent++;
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

	*again = (struct sim_receipt){ .part = r->part, .state = r->state, .more = r->more - 1,
		.unknown_id = r->unknown_id };
	r->more = 0;
	sim_part_ref(r->part);
	all->n++;
	queue_first(again);
}

static void
pump(struct sim_receipts *all, struct sim_account *account)
{
	struct sim_session *s;
	struct sim_receipt *r;

	if (all->set.mode != SIM_MODE_AUTO)
		return;
	while ((r = account->first) != NULL) {
		decide(all, r);
		if (!is_wanted(r)) {
			receipt_free(all, queue_take(account));
			continue;
		}
		s = pick_receiver(account);
		if (s == NULL)
			return;
		queue_take(account);
		if (r->more > 0)
			repeat(all, r);
		s->deliver_seq = s->deliver_seq == SEQ_MAX ? 1 : s->deliver_seq + 1;
		put_in_window(s, r, s->deliver_seq);
		send_receipt(all, s, r, s->deliver_seq);
	}
}

void
sim_receipts_pump(struct sim_receipts *all)
{
	struct sim_account *account;

	for (account = all->accounts; account != NULL; account = account->next)
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
		if (all->set.mode == SIM_MODE_AUTO)
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

void
sim_receipts_submitted(struct sim_receipts *all, struct sim_part *part, const struct sim_misdeed *misdeed)
{
	bool now = all->set.mode == SIM_MODE_AUTO && (all->set.delay_ms == 0 || misdeed->receipt_first);
	struct sim_receipt *r;

	if (all->set.mode == SIM_MODE_NONE)
		return;
	if (now && part->registered_delivery == 0) {
		decide_part(all, part);
		return;
	}
	if (all->n == SIM_RECEIPTS_MAX) {
		all->sim->count.receipts_dropped++;
		return;
	}
	r = sim_alloc(sizeof *r);
	r->part = part;
	part->waits = !now;
	r->more = misdeed->receipts_more;
	r->unknown_id = misdeed->unknown_id;
	sim_part_ref(part);
	all->n++;
	if (all->set.mode == SIM_MODE_AUTO && !now) {
		due_later(all, r, all->set.delay_ms);
		return;
	}
	if (now)
		decide(all, r);
	queue_last(r);
	pump(all, part->account);
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
		if (status == SMPP_OK)
			all->sim->count.receipts_acknowledged++;
		else
			all->sim->count.receipts_refused++;
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

int
sim_receipts_set(struct sim_receipts *all, json_t *spec, struct why *why)
{
	struct sim_account *account;
	struct sim_receipt *r;
	int err = sim_settings_read(&all->set, spec, why);

	if (err)
		return err;
	if (all->set.mode == SIM_MODE_NONE)
		forget(all);
	if (all->set.mode == SIM_MODE_AUTO)
		for (account = all->accounts; account != NULL; account = account->next)
			for (r = account->first; r != NULL; r = r->next)
				decide(all, r);
	return OK;
}

json_t *
sim_receipts_get(const struct sim_receipts *all)
{
	json_t *o = sim_settings_json(&all->set);

	json_object_set_new(o, "waiting", json_integer((json_int_t)all->n));
	return o;
}
