/*
 * smpp_link_cancel.c - taking messages back: cancel_sm goes out in turn with datagrams, in the same window.
 * Spec: SMPP v3.4 issue 1.2, 4.9 (cancel_sm), 5.1.3 (command_status).
 */
#include <string.h>

#include "smsc/smpp_link.h"

enum { MESSAGE_ID_MAX = 64 };

/* ---- those that wait to be sent -------------------------------------------------------------- */

static void
append(struct link_send *s, struct smsc_cancel *c)
{
	c->next = NULL;
	*s->cancels_end = c;
	s->cancels_end = &c->next;
	s->n_cancels++;
}

/* The SMSC did not do it and wants it later: it is the next one again. */
static void
put_first(struct link_send *s, struct smsc_cancel *c)
{
	c->seq = 0;
	c->next = s->cancels;
	s->cancels = c;
	if (c->next == NULL)
		s->cancels_end = &c->next;
	s->n_cancels++;
}

static struct smsc_cancel *
take_first(struct link_send *s)
{
	struct smsc_cancel *c = s->cancels;

	s->cancels = c->next;
	if (s->cancels == NULL)
		s->cancels_end = &s->cancels;
	s->n_cancels--;
	c->next = NULL;
	return c;
}

static struct smsc_cancel *
take_unsent(struct link_send *s)
{
	struct smsc_cancel *first = s->cancels;

	s->cancels = NULL;
	s->cancels_end = &s->cancels;
	s->n_cancels = 0;
	return first;
}

/* ---- sending, and what comes back ------------------------------------------------------------ */

/* Back to the application; it may free c, or destroy the link. */
static void
give_back(struct smpp_link *link, struct smsc_cancel *c, enum smsc_verdict verdict, uint32_t status)
{
	if (link->ev.cancelled != NULL)
		link->ev.cancelled(link->app, link->owner, c, verdict, status);
}

static const char *
source_of(const struct smpp_link *link, const struct smsc_cancel *c)
{
	return c->from[0] != '\0' ? c->from : link->cf.source_addr;
}

void
link_cancel_send(struct smpp_link *link, int64_t now)
{
	struct smsc_cancel *c = take_first(&link->send);
	struct smpp_pdu pdu = { .id = SMPP_CANCEL_SM };	/* service_type is for groups of messages */

	c->sent_ms = now;
	c->seq = link_slot_take(link, (struct link_slot){ .part = CANCEL_SLOT, .sent_ms = now, .cancel = c });
	pdu.seq = c->seq;
	memcpy(pdu.message_id, c->message_id, sizeof c->message_id);
	smpp_address(source_of(link, c), &pdu.source_ton, &pdu.source_npi, pdu.source);
	smpp_address(c->to, &pdu.dest_ton, &pdu.dest_npi, pdu.dest);
	link_conn_put(link, &pdu);
	link->stats->cancels++;
}

/* Also a generic_nack, for instance of an SMSC that has no cancel_sm. */
void
link_cancel_response(struct smpp_link *link, const struct smpp_pdu *resp)
{
	struct link_send *s = &link->send;
	struct link_slot *slot = &s->slots[resp->seq & s->mask];
	struct smsc_cancel *c = slot->cancel;

	if (!link_slot_is_cancel(s, resp->seq)) {
		link->stats->ignored_responses++;
		return;
	}
	link_slot_free(s, slot);
	smpp_link_kick(link);
	if (resp->id != SMPP_GENERIC_NACK && resp->status == SMPP_OK) {
		link->stats->cancelled++;
		link_pace_went_well(link);
		give_back(link, c, SMSC_ACCEPTED, SMPP_OK);
	} else if (resp->status == SMPP_RTHROTTLED) {
		link_pace_slow_down(link);
		put_first(s, c);
	} else if (resp->status == SMPP_RINVBNDSTS) {
		put_first(s, c);
		smpp_link_lost(link, "the SMSC says that this link is not bound");
	} else {
		give_back(link, c, SMSC_REFUSED, resp->status);
	}
}

/* ---- giving back ------------------------------------------------------------------------------ */

struct smsc_cancel *
link_cancel_take_all(struct smpp_link *link)
{
	struct link_send *s = &link->send;
	struct smsc_cancel *unsent = take_unsent(s), *first = NULL, **end = &first;
	uint32_t i;

	for (i = s->oldest; i != NO_SLOT; i = s->slots[i].newer)
		if (s->slots[i].part == CANCEL_SLOT) {
			*end = s->slots[i].cancel;
			end = &(*end)->next;
		}
	*end = unsent;
	return first;
}

void
link_cancel_give_back_list(struct smpp_link *link, struct smsc_cancel *first)
{
	struct smsc_cancel *c;

	while ((c = first) != NULL) {
		first = c->next;
		c->next = NULL;
		give_back(link, c, c->seq != 0 ? SMSC_MAYBE_SENT : SMSC_UNSENT, SMPP_OK);
	}
}

void
link_cancel_give_back_unsent(struct smpp_link *link)
{
	link_cancel_give_back_list(link, take_unsent(&link->send));
}

/* An SMSC that does not answer cancel_sm is no reason to lose a link that carries messages. */
void
link_cancel_give_up_late(struct smpp_link *link, int64_t now)
{
	struct link_send *s = &link->send;
	int64_t sent_before = now - link->cf.response_timeout_s * INT64_C(1000);

	while (s->oldest != NO_SLOT && s->slots[s->oldest].part == CANCEL_SLOT &&
	    s->slots[s->oldest].sent_ms <= sent_before) {
		struct smsc_cancel *c = s->slots[s->oldest].cancel;

		link_slot_free(s, &s->slots[s->oldest]);
		smpp_link_kick(link);
		give_back(link, c, SMSC_MAYBE_SENT, SMPP_OK);
	}
}

/* What this link can never send; the status that an SMSC would give. */
static uint32_t
refusal(const struct smpp_link *link, const struct smsc_cancel *c)
{
	size_t id = strnlen(c->message_id, sizeof c->message_id);

	/* without an id it would take back all that went from one address to the other */
	if (id == 0 || id > MESSAGE_ID_MAX)
		return SMPP_RINVMSGID;
	return smpp_link_check_addresses(c->to, sizeof c->to, source_of(link, c));
}

void
link_cancel_answer_refused(struct smpp_link *link)
{
	struct smsc_cancel *c;

	while ((c = link->send.cancels_refused) != NULL) {
		link->send.cancels_refused = c->next;
		c->next = NULL;
		give_back(link, c, SMSC_REFUSED, refusal(link, c));
	}
}

/* ---- what its link asks of it -------------------------------------------------------------------- */

int
smpp_link_cancel(struct smpp_link *link, struct smsc_cancel *c)
{
	struct link_send *s = &link->send;

	if (link->state != SMSC_UP || link->stopping)
		return ERR_CLOSED;
	if (s->n_cancels >= LINK_CANCELS_MAX)
		return ERR_FULL;
	c->seq = 0;
	c->sent_ms = 0;
	if (refusal(link, c) != SMPP_OK) {
		c->next = s->cancels_refused;
		s->cancels_refused = c;
	} else {
		append(s, c);
	}
	smpp_link_kick(link);
	return OK;
}
