/*
 * smpp_link_send.c - datagrams on their way out: the queue, the window of submit_sm, what the SMSC
 * answers. Spec: SMPP v3.4 issue 1.2, 2.9 (window), 4.4 (submit_sm),
 * 5.1.3 (command_status).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "smsc/smpp_link.h"

enum {
	FULL_WAIT_MS = 1000,		/* a part refused with RMSGQFUL goes again after this */
	FULL_TIMES = 10,		/* after so many the datagram goes back */
	FULL_PAUSE = 5,			/* so many in a row mean the whole account */
	ADDRESS_MAX = 20,
	PRIORITY_MAX = 3
};

/* ---- what a status means --------------------------------------------------------------------- */

enum action { TAKEN, SLOW_DOWN, WAIT, TRY_LATER, REBIND, REFUSE };

static const struct { uint32_t status; enum action action; } actions[] = {
	{ SMPP_OK,		TAKEN },
	{ SMPP_RTHROTTLED,	SLOW_DOWN },
	{ SMPP_RMSGQFUL,	WAIT },
	{ SMPP_RSYSERR,		TRY_LATER },
	{ SMPP_RX_T_APPN,	TRY_LATER },
	{ SMPP_RUNKNOWNERR,	TRY_LATER },
	{ 0x102,		TRY_LATER },	/* RSERTYPUNAVAIL */
	{ SMPP_RINVBNDSTS,	REBIND },
};

static enum action
action_of(const struct smsc_config *cf, uint32_t status)
{
	const struct smsc_error *e = smsc_error_find(cf, status);
	size_t i;

	if (e != NULL)
		return e->meaning == SMSC_THROTTLES ? SLOW_DOWN : e->meaning == SMSC_TRY_AGAIN ? TRY_LATER : REFUSE;

	for (i = 0; i < sizeof actions / sizeof actions[0]; i++)
		if (actions[i].status == status)
			return actions[i].action;
	return REFUSE;
}

/* ---- datagrams held ---------------------------------------------------------------------------- */

static void
append(struct link_send *s, struct smsc_datagram *dg)
{
	dg->next = NULL;
	dg->prev = s->last;
	if (s->last != NULL)
		s->last->next = dg;
	else
		s->first = dg;
	s->last = dg;
	if (s->next == NULL)
		s->next = dg;
	s->n_queued++;
}

/* No more parts of it are to be sent. It is s->next. */
static void
leave_queue(struct link_send *s)
{
	s->next = s->next->next;
	s->n_queued--;
}

static void
take_out(struct link_send *s, struct smsc_datagram *dg)
{
	if (dg == s->next)
		leave_queue(s);
	if (dg->prev != NULL)
		dg->prev->next = dg->next;
	else
		s->first = dg->next;
	if (dg->next != NULL)
		dg->next->prev = dg->prev;
	else
		s->last = dg->prev;
	dg->next = dg->prev = NULL;
}

/* Back to the application; it may free dg, or destroy the link. */
static void
give_back(struct smpp_link *link, struct smsc_datagram *dg, enum smsc_verdict verdict)
{
	char (*ids)[66] = dg->message_ids;

	link->ev.answered(link->app, link->owner, dg, verdict);
	free(ids);
}

/* Every part that was sent has its answer, and no more are to come. */
static void
finish_if_done(struct smpp_link *link, struct smsc_datagram *dg)
{
	if (dg->answered < dg->sent || (dg->failed == 0 && dg->sent < dg->n_segments))
		return;
	take_out(&link->send, dg);
	give_back(link, dg, dg->failed > 0 ? dg->verdict : SMSC_ACCEPTED);
}

/* A part has its final answer, and it is no. The first reason stands, but a permanent one comes first. */
static void
fail_part(struct smpp_link *link, struct smsc_datagram *dg, enum smsc_verdict verdict, uint32_t status)
{
	if (dg == link->send.next)
		leave_queue(&link->send);	/* its other parts need not be sent */
	dg->answered++;
	if (dg->failed++ == 0 || (verdict == SMSC_REFUSED && dg->verdict != SMSC_REFUSED)) {
		dg->verdict = verdict;
		dg->status = status;
	}
	finish_if_done(link, dg);
}

/* ---- parts that go again ------------------------------------------------------------------------ */

static struct link_again *
again_at(const struct link_send *s, size_t i)
{
	return &s->again[(s->again_at + i) % s->again_cap];
}

/* What is due at the same time goes in the order of submission. */
static bool
is_before(const struct link_again *a, const struct link_again *b)
{
	if (a->due_ms != b->due_ms)
		return a->due_ms < b->due_ms;
	if (a->dg != b->dg)
		return a->dg->order < b->dg->order;
	return a->part < b->part;
}

static bool
put_off(struct link_send *s, struct smsc_datagram *dg, unsigned part, int64_t due_ms)
{
	struct link_again a = { dg, part, due_ms };
	size_t i;

	if (s->n_again == s->again_cap)
		return false;
	/* nearly always the last: answers come in the order of submission */
	for (i = s->n_again; i > 0 && is_before(&a, again_at(s, i - 1)); i--)
		*again_at(s, i) = *again_at(s, i - 1);
	*again_at(s, i) = a;
	s->n_again++;
	dg->waiting++;
	return true;
}

static struct link_again
take_again(struct link_send *s)
{
	struct link_again a = s->again[s->again_at];

	s->again_at = (s->again_at + 1) % s->again_cap;
	s->n_again--;
	a.dg->waiting--;
	return a;
}

/* ---- the window --------------------------------------------------------------------------------- */

/* Takes the next sequence number whose slot is free; with twice as many slots as PDUs there is one. */
uint32_t
link_slot_take(struct smpp_link *link, struct link_slot filled)
{
	struct link_send *s = &link->send;
	uint32_t i;

	do {
		filled.seq = smpp_link_seq(link);
		i = filled.seq & s->mask;
	} while (s->slots[i].seq != 0);
	filled.older = s->newest;
	filled.newer = NO_SLOT;
	s->slots[i] = filled;
	if (s->newest != NO_SLOT)
		s->slots[s->newest].newer = i;
	else
		s->oldest = i;
	s->newest = i;
	s->outstanding++;
	return filled.seq;
}

bool
link_slot_is_ask(const struct link_send *s, uint32_t seq)
{
	const struct link_slot *slot = &s->slots[seq & s->mask];

	return slot->seq != 0 && slot->seq == seq && slot->part == ASK_SLOT;
}

void
link_slot_free(struct link_send *s, struct link_slot *slot)
{
	if (slot->older != NO_SLOT)
		s->slots[slot->older].newer = slot->newer;
	else
		s->oldest = slot->newer;
	if (slot->newer != NO_SLOT)
		s->slots[slot->newer].older = slot->older;
	else
		s->newest = slot->older;
	slot->seq = 0;
	s->outstanding--;
}

/* ---- sending -------------------------------------------------------------------------------------- */

static void
set_validity(struct smpp_link *link, int64_t at, int64_t utc)
{
	struct link_send *s = &link->send;

	if (at == 0 && link->cf.validity_s > 0)
		at = utc + link->cf.validity_s;
	if (at == s->validity_at)
		return;
	s->validity_at = at;
	s->pdu.validity[0] = '\0';
	if (at != 0)
		smpp_time(at, s->pdu.validity);
}

static void
set_source(struct smpp_link *link, const char *from)
{
	struct smpp_pdu *pdu = &link->send.pdu;

	smpp_address(from[0] != '\0' ? from : link->cf.source_addr, &pdu->source_ton, &pdu->source_npi,
	    pdu->source);
}

static void
send_part(struct smpp_link *link, struct smsc_datagram *dg, unsigned part, int64_t now, int64_t utc)
{
	struct smpp_pdu *pdu = &link->send.pdu;
	uint8_t octets[LINK_CUT_MAX];

	set_validity(link, dg->validity_at, utc);
	set_source(link, dg->from);
	smpp_address(dg->to, &pdu->dest_ton, &pdu->dest_npi, pdu->dest);
	pdu->priority = dg->priority;
	pdu->registered_delivery = dg->want_receipt;
	link_cut(&link->cf, dg, part, pdu, octets);
	pdu->seq = link_slot_take(link, (struct link_slot){ .part = part, .sent_ms = now, .dg = dg });
	link_conn_put(link, pdu);
	link->stats->submitted++;
}

/* The part to send now; NULL when there is none, or none whose time has come. */
static struct smsc_datagram *
next_part(struct smpp_link *link, int64_t now, unsigned *part)
{
	struct link_send *s = &link->send;

	while (s->n_again > 0) {
		struct link_again a = s->again[s->again_at];

		if (a.due_ms > now) {
			link_pace_resume_at(link, a.due_ms);
			break;
		}
		take_again(s);
		if (a.dg->failed > 0) {		/* another part decided for all */
			a.dg->answered++;
			finish_if_done(link, a.dg);
			continue;
		}
		link->stats->retried++;
		*part = a.part;
		return a.dg;
	}
	if (s->next == NULL)
		return NULL;
	*part = s->next->sent++;
	if (s->next->sent == s->next->n_segments) {
		struct smsc_datagram *dg = s->next;

		leave_queue(s);
		return dg;
	}
	return s->next;
}

bool
link_send_pump(struct smpp_link *link)
{
	struct link_send *s = &link->send;
	int64_t now = clock_mono_ms(), utc = (int64_t)clock_utc();
	bool any = false;

	if (now < s->paused_until) {
		link_pace_resume_at(link, s->paused_until);
		return false;
	}
	while (link->state == SMSC_UP || (link->state == SMSC_UNBINDING && !link->unbind_sent)) {
		struct smsc_datagram *dg;
		unsigned part;

		if (s->outstanding >= s->allowed || link_conn_unsent(link) >= LINK_OUT_HIGH ||
		    (s->asks == NULL && s->n_again == 0 && s->next == NULL) || !link_pace_has_token(link, now))
			break;
		/* requests about messages go first, but take only every other turn of those who wait */
		dg = s->asks == NULL || s->sent_ask ? next_part(link, now, &part) : NULL;
		s->sent_ask = dg == NULL && s->asks != NULL;
		if (s->sent_ask) {
			link->bucket->tokens -= 1000;
			link_ask_send(link, now);
			any = true;
			continue;
		}
		if (dg == NULL)
			break;
		if (dg->validity_at != 0 && dg->validity_at <= utc) {
			fail_part(link, dg, SMSC_RETRY, SMPP_RINVEXPIRY);	/* in vain now */
			any = true;		/* there may be room now */
			continue;
		}
		link->bucket->tokens -= 1000;
		send_part(link, dg, part, now, utc);
		any = true;
	}
	if (any)
		smpp_link_watch_answers(link);
	return any;
}

/* ---- answers ---------------------------------------------------------------------------------------- */

static void
queue_full(struct smpp_link *link, struct smsc_datagram *dg, unsigned part)
{
	struct link_send *s = &link->send;

	if (++dg->queue_full > FULL_TIMES || !put_off(s, dg, part, clock_mono_ms() + FULL_WAIT_MS)) {
		fail_part(link, dg, SMSC_RETRY, SMPP_RMSGQFUL);
		return;
	}
	if (++s->full_in_a_row >= FULL_PAUSE)
		link_pace_slow_down(link);
}

static void
part_taken(struct smpp_link *link, struct smsc_datagram *dg, unsigned part, const char *message_id)
{
	link->stats->accepted++;
	link_pace_went_well(link);
	memcpy(dg->message_ids[part], message_id, sizeof dg->message_ids[part]);
	dg->answered++;
	finish_if_done(link, dg);
}

void
link_send_response(struct smpp_link *link, const struct smpp_pdu *resp)
{
	struct link_send *s = &link->send;
	struct link_slot *slot = &s->slots[resp->seq & s->mask];
	struct smsc_datagram *dg = slot->dg;
	unsigned part = slot->part;
	enum action action = action_of(&link->cf, resp->status);

	if (slot->seq == 0 || slot->seq != resp->seq || part == ASK_SLOT) {
		link->stats->ignored_responses++;
		return;
	}
	link_slot_free(s, slot);
	smpp_link_kick(link);
	if (resp->id == SMPP_GENERIC_NACK && action == TAKEN)
		action = REFUSE;
	switch (action) {
	case TAKEN:
		part_taken(link, dg, part, resp->message_id);
		return;
	case SLOW_DOWN:
		link_pace_slow_down(link);
		if (dg->failed > 0 || !put_off(s, dg, part, 0))
			fail_part(link, dg, SMSC_RETRY, resp->status);
		return;
	case WAIT:
		if (dg->failed > 0)
			fail_part(link, dg, SMSC_RETRY, resp->status);
		else
			queue_full(link, dg, part);
		return;
	case TRY_LATER:
		fail_part(link, dg, SMSC_RETRY, resp->status);
		return;
	case REBIND:
		fail_part(link, dg, SMSC_RETRY, resp->status);
		smpp_link_lost(link, "the SMSC says that this link is not bound");
		return;
	case REFUSE:
		link->stats->refused++;
		fail_part(link, dg, SMSC_REFUSED, resp->status);
		return;
	}
}

/* ---- giving back -------------------------------------------------------------------------------------- */

/* A list that the link has let go of already, because the application may do anything when it is told. */
static void
give_back_list(struct smpp_link *link, struct smsc_datagram *first)
{
	struct smsc_datagram *dg;

	while ((dg = first) != NULL) {
		first = dg->next;
		dg->next = dg->prev = NULL;
		give_back(link, dg, dg->failed > 0 ? dg->verdict :
		    dg->sent == dg->waiting ? SMSC_UNSENT : SMSC_MAYBE_SENT);
	}
}

void
link_send_give_back_unsent(struct smpp_link *link)
{
	struct link_send *s = &link->send;
	struct smsc_datagram *first = s->next, *begun = NULL;

	if (first != NULL && first->sent > 0) {
		begun = first;			/* it is finished first */
		first = first->next;
	}
	if (first == NULL)
		return;
	s->last = first->prev;
	if (s->last != NULL)
		s->last->next = NULL;
	else
		s->first = NULL;
	s->next = begun;
	s->n_queued = begun != NULL;
	give_back_list(link, first);
}

void
link_send_give_back_all(struct smpp_link *link)
{
	struct link_send *s = &link->send;
	struct smsc_datagram *first = s->first;
	struct smsc_ask *asks = link_ask_take_all(link);

	s->first = s->last = s->next = NULL;
	s->n_queued = 0;
	link_send_reset(link);
	give_back_list(link, first);
	link_ask_give_back_list(link, asks);
}

void
link_send_answer_refused(struct smpp_link *link)
{
	struct smsc_datagram *dg;

	while ((dg = link->send.refused) != NULL) {
		link->send.refused = dg->next;
		dg->next = NULL;
		link->stats->refused++;
		give_back(link, dg, SMSC_REFUSED);
	}
}

bool
link_send_is_empty(const struct smpp_link *link)
{
	return link->send.first == NULL && link->send.asks == NULL && link->send.outstanding == 0;
}

/* ---- life ----------------------------------------------------------------------------------------------- */

static void *
must(void *p)
{
	if (p == NULL) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

void
link_send_reset(struct smpp_link *link)
{
	struct link_send *s = &link->send;

	memset(s->slots, 0, ((size_t)s->mask + 1) * sizeof s->slots[0]);
	s->oldest = s->newest = NO_SLOT;
	s->outstanding = 0;
	s->allowed = link->cf.window;
	s->again_at = s->n_again = 0;
	s->paused_until = s->backoff_ms = 0;
	s->good = s->full_in_a_row = s->congestion = 0;
	s->had_no_room = true;
}

void
link_send_init(struct smpp_link *link)
{
	struct link_send *s = &link->send;
	size_t n = 4;

	while (n < 2 * (size_t)link->cf.window)
		n *= 2;
	s->mask = (uint32_t)(n - 1);
	s->slots = must(calloc(n, sizeof s->slots[0]));
	s->again_cap = link->cf.window + LINK_AGAIN_MORE;
	s->again = must(calloc(s->again_cap, sizeof s->again[0]));
	s->pdu = (struct smpp_pdu){
		.id = SMPP_SUBMIT_SM,
		.data_coding = link->cf.data_coding,
	};
	s->asks_end = &s->asks;
	memcpy(s->pdu.service_type, link->cf.service_type, sizeof link->cf.service_type);
	s->pdu.service_type[sizeof link->cf.service_type - 1] = '\0';
	link_send_reset(link);
}

void
link_send_done(struct smpp_link *link)
{
	free(link->send.slots);
	free(link->send.again);
}

/* ---- what its link asks of it ------------------------------------------------------------------------------ */

unsigned
smpp_link_window_used(const struct smpp_link *link)
{
	return link->send.outstanding;
}

size_t
smpp_link_queued(const struct smpp_link *link)
{
	return link->send.n_queued;
}

unsigned
smpp_link_room(const struct smpp_link *link)
{
	size_t most = 2 * (size_t)link->cf.window;

	if (link->state != SMSC_UP || link->stopping || clock_mono_ms() < link->send.paused_until ||
	    link->send.n_queued >= most)
		return 0;
	return (unsigned)(most - link->send.n_queued);
}

void
link_send_tell_room(struct smpp_link *link)
{
	if (smpp_link_room(link) == 0 || link->role == LINK_RECEIVER) {
		link->send.had_no_room = true;
	} else if (link->send.had_no_room) {
		link->send.had_no_room = false;
		if (link->ev.room != NULL)
			link->ev.room(link->app, link->owner);
	}
}

uint32_t
smpp_link_check_source(const char *from)
{
	return strlen(from) - (from[0] == '+') > ADDRESS_MAX ? SMPP_RINVSRCADR : SMPP_OK;
}

uint32_t
smpp_link_check_addresses(const char *to, size_t to_size, const char *from)
{
	size_t n = strnlen(to, to_size);

	if (n == to_size || n == 0 || n - (to[0] == '+') > ADDRESS_MAX)
		return SMPP_RINVDSTADR;
	return smpp_link_check_source(from);
}

/* What this link can never send; the status that an SMSC would give. */
static uint32_t
refusal(const struct smpp_link *link, const struct smsc_datagram *dg)
{
	if (dg->n_segments == 0)
		return SMPP_RINVMSGLEN;
	if (dg->priority > PRIORITY_MAX)
		return SMPP_RINVPRTFLG;
	return smpp_link_check_addresses(dg->to, sizeof dg->to,
	    dg->from[0] != '\0' ? dg->from : link->cf.source_addr);
}

int
smpp_link_submit(struct smpp_link *link, struct smsc_datagram *dg)
{
	if (link->state != SMSC_UP || link->stopping)
		return ERR_CLOSED;
	if (smpp_link_room(link) == 0)
		return ERR_FULL;
	dg->n_segments = link_cut_parts(&link->cf, dg);
	dg->sent = dg->answered = dg->failed = dg->waiting = dg->queue_full = 0;
	dg->message_ids = NULL;
	dg->order = ++link->send.order;
	dg->status = refusal(link, dg);
	if (dg->status != SMPP_OK) {
		dg->next = link->send.refused;
		link->send.refused = dg;
	} else {
		dg->message_ids = must(calloc(dg->n_segments, sizeof dg->message_ids[0]));
		append(&link->send, dg);
	}
	smpp_link_kick(link);
	if (smpp_link_room(link) == 0)
		link->send.had_no_room = true;
	return OK;
}
