/*
 * smpp_link_ask.c - requests about messages that the SMSC has: cancel_sm takes one back, query_sm asks what became of
 * it. They go out in turn with datagrams, in the same window.
 * Spec: SMPP v3.4 issue 1.2, 4.8 (query_sm), 4.9 (cancel_sm), 5.1.3 (command_status), 5.2.28 (message_state).
 */
#include <stdio.h>
#include <string.h>

#include "smsc/smpp_link.h"

enum { MESSAGE_ID_MAX = 64 };

/* ---- those that wait to be sent -------------------------------------------------------------- */

static void
append(struct link_send *s, struct smsc_ask *a)
{
	a->next = NULL;
	*s->asks_end = a;
	s->asks_end = &a->next;
	s->n_asks++;
}

/* The SMSC did not do it and wants it later: it is the next one again. */
static void
put_first(struct link_send *s, struct smsc_ask *a)
{
	a->seq = 0;
	a->next = s->asks;
	s->asks = a;
	if (a->next == NULL)
		s->asks_end = &a->next;
	s->n_asks++;
}

static struct smsc_ask *
take_first(struct link_send *s)
{
	struct smsc_ask *a = s->asks;

	s->asks = a->next;
	if (s->asks == NULL)
		s->asks_end = &s->asks;
	s->n_asks--;
	a->next = NULL;
	return a;
}

static struct smsc_ask *
take_unsent(struct link_send *s)
{
	struct smsc_ask *first = s->asks;

	s->asks = NULL;
	s->asks_end = &s->asks;
	s->n_asks = 0;
	return first;
}

/* ---- sending, and what comes back ------------------------------------------------------------ */

static struct smsc_cancel *
as_cancel(struct smsc_ask *a)
{
	return (struct smsc_cancel *)a;
}

static struct smsc_query *
as_query(struct smsc_ask *a)
{
	return (struct smsc_query *)a;
}

/* Back to the application; it may free a, or destroy the link. */
static void
give_back(struct smpp_link *link, struct smsc_ask *a, enum smsc_verdict verdict, uint32_t status)
{
	if (a->query) {
		if (link->ev.queried != NULL)
			link->ev.queried(link->app, link->owner, as_query(a), verdict, status, NULL);
	} else if (link->ev.cancelled != NULL) {
		link->ev.cancelled(link->app, link->owner, as_cancel(a), verdict, status);
	}
}

static const char *
source_of(const struct smpp_link *link, struct smsc_ask *a)
{
	const char *from = a->query ? as_query(a)->from : as_cancel(a)->from;

	return from[0] != '\0' ? from : link->cf.source_addr;
}

static const char *
message_id_of(struct smsc_ask *a)
{
	return a->query ? as_query(a)->message_id : as_cancel(a)->message_id;
}

void
link_ask_send(struct smpp_link *link, int64_t now)
{
	struct smsc_ask *a = take_first(&link->send);
	struct smpp_pdu pdu = { .id = a->query ? SMPP_QUERY_SM : SMPP_CANCEL_SM };

	a->sent_ms = now;
	a->seq = link_slot_take(link, (struct link_slot){ .part = ASK_SLOT, .sent_ms = now, .ask = a });
	pdu.seq = a->seq;
	snprintf(pdu.message_id, sizeof pdu.message_id, "%s", message_id_of(a));
	smpp_address(source_of(link, a), &pdu.source_ton, &pdu.source_npi, pdu.source);
	if (a->query) {
		link->stats->queries++;
	} else {				/* service_type is for groups of messages */
		smpp_address(as_cancel(a)->to, &pdu.dest_ton, &pdu.dest_npi, pdu.dest);
		link->stats->cancels++;
	}
	link_conn_put(link, &pdu);
}

static void
was_done(struct smpp_link *link, struct smsc_ask *a, const struct smpp_pdu *resp)
{
	struct smsc_receipt state = { .smsc_id = link->cf.smsc_id };

	link_pace_went_well(link);
	if (!a->query) {
		link->stats->cancelled++;
		give_back(link, a, SMSC_ACCEPTED, SMPP_OK);
		return;
	}
	link->stats->queried++;
	if (link->ev.queried == NULL)
		return;
	/* as it was asked for: some answer with another form of it */
	snprintf(state.message_id, sizeof state.message_id, "%s", message_id_of(a));
	state.state = smpp_state(resp->message_state);
	state.final = smpp_state_is_final(state.state);
	snprintf(state.err, sizeof state.err, "%u", resp->error_code);
	link->ev.queried(link->app, link->owner, as_query(a), SMSC_ACCEPTED, SMPP_OK, &state);
}

/* Also a generic_nack, for instance of an SMSC that has no cancel_sm. */
void
link_ask_response(struct smpp_link *link, const struct smpp_pdu *resp)
{
	struct link_send *s = &link->send;
	struct link_slot *slot = &s->slots[resp->seq & s->mask];
	struct smsc_ask *a = slot->ask;

	if (!link_slot_is_ask(s, resp->seq) || (resp->id != SMPP_GENERIC_NACK &&
	    resp->id != (SMPP_RESP | (a->query ? SMPP_QUERY_SM : SMPP_CANCEL_SM)))) {
		link->stats->ignored_responses++;
		return;
	}
	link_slot_free(s, slot);
	smpp_link_kick(link);
	if (resp->id != SMPP_GENERIC_NACK && resp->status == SMPP_OK) {
		was_done(link, a, resp);
	} else if (resp->status == SMPP_RTHROTTLED) {
		link_pace_slow_down(link);
		put_first(s, a);
	} else if (resp->status == SMPP_RINVBNDSTS) {
		put_first(s, a);
		smpp_link_lost(link, "the SMSC says that this link is not bound");
	} else {
		give_back(link, a, SMSC_REFUSED, resp->status);
	}
}

/* ---- giving back ------------------------------------------------------------------------------ */

struct smsc_ask *
link_ask_take_all(struct smpp_link *link)
{
	struct link_send *s = &link->send;
	struct smsc_ask *unsent = take_unsent(s), *first = NULL, **end = &first;
	uint32_t i;

	for (i = s->oldest; i != NO_SLOT; i = s->slots[i].newer)
		if (s->slots[i].part == ASK_SLOT) {
			*end = s->slots[i].ask;
			end = &(*end)->next;
		}
	*end = unsent;
	return first;
}

void
link_ask_give_back_list(struct smpp_link *link, struct smsc_ask *first)
{
	struct smsc_ask *a;

	while ((a = first) != NULL) {
		first = a->next;
		a->next = NULL;
		give_back(link, a, a->seq != 0 ? SMSC_MAYBE_SENT : SMSC_UNSENT, SMPP_OK);
	}
}

void
link_ask_give_back_unsent(struct smpp_link *link)
{
	link_ask_give_back_list(link, take_unsent(&link->send));
}

/* An SMSC that does not answer these is no reason to lose a link that carries messages. */
void
link_ask_give_up_late(struct smpp_link *link, int64_t now)
{
	struct link_send *s = &link->send;
	int64_t sent_before = now - link->cf.response_timeout_s * INT64_C(1000);

	while (s->oldest != NO_SLOT && s->slots[s->oldest].part == ASK_SLOT &&
	    s->slots[s->oldest].sent_ms <= sent_before) {
		struct smsc_ask *a = s->slots[s->oldest].ask;

		link_slot_free(s, &s->slots[s->oldest]);
		smpp_link_kick(link);
		give_back(link, a, SMSC_MAYBE_SENT, SMPP_OK);
	}
}

/* What this link can never send; the status that an SMSC would give. */
static uint32_t
refusal(const struct smpp_link *link, struct smsc_ask *a)
{
	size_t id = strnlen(message_id_of(a), MESSAGE_ID_MAX + 1);

	/* without an id a cancel_sm would take back all that went from one address to the other */
	if (id == 0 || id > MESSAGE_ID_MAX)
		return SMPP_RINVMSGID;
	if (a->query)
		return smpp_link_check_source(source_of(link, a));
	return smpp_link_check_addresses(as_cancel(a)->to, sizeof as_cancel(a)->to, source_of(link, a));
}

void
link_ask_answer_refused(struct smpp_link *link)
{
	struct smsc_ask *a;

	while ((a = link->send.asks_refused) != NULL) {
		link->send.asks_refused = a->next;
		a->next = NULL;
		give_back(link, a, SMSC_REFUSED, refusal(link, a));
	}
}

/* ---- what its link asks of it -------------------------------------------------------------------- */

static int
put(struct smpp_link *link, struct smsc_ask *a, bool query)
{
	struct link_send *s = &link->send;

	if (link->state != SMSC_UP || link->stopping)
		return ERR_CLOSED;
	if (s->n_asks >= LINK_ASKS_MAX)
		return ERR_FULL;
	*a = (struct smsc_ask){ .query = query };
	if (refusal(link, a) != SMPP_OK) {
		a->next = s->asks_refused;
		s->asks_refused = a;
	} else {
		append(s, a);
	}
	smpp_link_kick(link);
	return OK;
}

int
smpp_link_cancel(struct smpp_link *link, struct smsc_cancel *c)
{
	return put(link, &c->ask, false);
}

int
smpp_link_query(struct smpp_link *link, struct smsc_query *q)
{
	return put(link, &q->ask, true);
}
