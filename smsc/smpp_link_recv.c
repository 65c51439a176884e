/*
 * smpp_link_recv.c - what comes in on an SMPP link: each PDU to its place, receipts up to the application,
 * and an answer to what is broken. Spec: SMPP v3.4 issue 1.2, 2.8 (errors), 4.6 (deliver_sm), 4.7 (data_sm).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "smsc/smpp_link.h"

/* ---- answers --------------------------------------------------------------------------------- */

static void
answer(struct smpp_link *link, uint32_t id, uint32_t seq, uint32_t status)
{
	struct smpp_pdu resp = { .id = id, .status = status, .seq = seq };

	link_conn_put(link, &resp);
}

static void
respond(struct smpp_link *link, const struct smpp_pdu *pdu, uint32_t status)
{
	answer(link, SMPP_RESP | pdu->id, pdu->seq, status);
}

/* ---- receipts ---------------------------------------------------------------------------------- */

/* 0 when too many are not yet done. */
static uint64_t
token_take(struct link_recv *r, const struct smpp_pdu *pdu)
{
	uint16_t i;

	if (r->n_free == 0)
		return 0;
	i = r->free[--r->n_free];
	r->tokens[i] = (struct link_token){ ++r->serial * LINK_RECEIPTS_MAX + i, pdu->id, pdu->seq };
	return r->tokens[i].token;
}

void
smpp_link_receipt_done(struct smpp_link *link, uint64_t token, bool ok)
{
	struct link_recv *r = &link->recv;
	uint16_t i = (uint16_t)(token % LINK_RECEIPTS_MAX);
	struct link_token *t = &r->tokens[i];

	if (token == 0 || t->token != token)
		return;
	answer(link, SMPP_RESP | t->id, t->seq, ok ? SMPP_OK : SMPP_RX_T_APPN);
	t->token = 0;
	r->free[r->n_free++] = i;
}

static void
on_deliver(struct smpp_link *link, const struct smpp_pdu *pdu)
{
	struct smsc_receipt news = { .smsc_id = link->cf.smsc_id };
	struct smpp_receipt receipt;
	struct why why = { 0 };
	uint64_t token;
	int err;

	if (link->state == SMSC_BINDING) {
		respond(link, pdu, SMPP_RINVBNDSTS);
		return;
	}
	err = smpp_receipt_parse(pdu, &receipt, &why);
	if (err == ERR_NOT_FOUND) {
		link->stats->messages++;
		log_debug("smsc", "%s: a message that is no receipt is dropped", link->cf.smsc_id);
		respond(link, pdu, SMPP_OK);
		return;
	}
	if (err) {
		link->stats->bad_receipts++;
		log_peer("smsc", link->cf.smsc_id, why.text);
		respond(link, pdu, SMPP_OK);	/* again it would be no better */
		return;
	}
	if (link->ev.receipt == NULL) {
		respond(link, pdu, SMPP_OK);
		return;
	}
	token = token_take(&link->recv, pdu);
	if (token == 0) {
		respond(link, pdu, SMPP_RMSGQFUL);
		return;
	}
	link->stats->receipts++;
	memcpy(news.message_id, receipt.message_id, sizeof news.message_id);
	smsc_receipt_id(link->cf.receipt_ids, news.message_id);
	memcpy(news.err, receipt.err, sizeof news.err);
	news.state = receipt.state;
	news.final = receipt.final;
	link->ev.receipt(link->app, link->owner, &news, token * LINK_SESSIONS_MAX + link->index);
}

/* ---- the session --------------------------------------------------------------------------------- */

static void
on_enquire(struct smpp_link *link, const struct smpp_pdu *pdu)
{
	respond(link, pdu, SMPP_OK);
}

/* Some answer with a sequence number of their own, some with a generic_nack: either is a sign of life. */
static void
on_enquire_resp(struct smpp_link *link, const struct smpp_pdu *pdu)
{
	if (link->enquire_at == 0)
		link->stats->ignored_responses++;
	link->enquire_at = 0;
}

static void
on_nack(struct smpp_link *link, const struct smpp_pdu *pdu)
{
	char why[80];
	const char *name = smpp_status_name(pdu->status);

	link->stats->nacks++;
	link->enquire_at = 0;
	snprintf(why, sizeof why, "generic_nack %s (0x%X)", name != NULL ? name : "", (unsigned)pdu->status);
	log_peer("smsc", link->cf.smsc_id, why);
	if (link->state != SMSC_BINDING) {
		if (link_slot_is_ask(&link->send, pdu->seq))
			link_ask_response(link, pdu);
		else
			link_send_response(link, pdu);
	} else if (pdu->seq == link->bind_seq || pdu->seq == 0) {
		struct smpp_pdu resp = { .seq = link->bind_seq };

		resp.status = pdu->status != SMPP_OK ? pdu->status : SMPP_RBINDFAIL;
		smpp_link_bound(link, &resp);
	}
}

static void
on_unbind(struct smpp_link *link, const struct smpp_pdu *pdu)
{
	smpp_link_peer_unbinds(link, pdu->seq);
}

static void
on_unbind_resp(struct smpp_link *link, const struct smpp_pdu *pdu)
{
	smpp_link_unbound(link);
}

static void
on_nothing(struct smpp_link *link, const struct smpp_pdu *pdu)
{
	log_debug("smsc", "%s: %s is ignored", link->cf.smsc_id, smpp_id_name(pdu->id));
}

/* ---- dispatch -------------------------------------------------------------------------------------- */

static const struct {
	uint32_t id;
	void (*take)(struct smpp_link *link, const struct smpp_pdu *pdu);
} handlers[] = {
	{ SMPP_RESP | SMPP_SUBMIT_SM,		link_send_response },
	{ SMPP_DELIVER_SM,			on_deliver },
	{ SMPP_RESP | SMPP_CANCEL_SM,		link_ask_response },
	{ SMPP_RESP | SMPP_QUERY_SM,		link_ask_response },
	{ SMPP_DATA_SM,				on_deliver },
	{ SMPP_ENQUIRE_LINK,			on_enquire },
	{ SMPP_RESP | SMPP_ENQUIRE_LINK,	on_enquire_resp },
	{ SMPP_GENERIC_NACK,			on_nack },
	{ SMPP_RESP | SMPP_BIND_TRANSCEIVER,	smpp_link_bound },
	{ SMPP_RESP | SMPP_BIND_TRANSMITTER,	smpp_link_bound },
	{ SMPP_RESP | SMPP_BIND_RECEIVER,	smpp_link_bound },
	{ SMPP_UNBIND,				on_unbind },
	{ SMPP_RESP | SMPP_UNBIND,		on_unbind_resp },
	{ SMPP_ALERT_NOTIFICATION,		on_nothing },
	{ SMPP_OUTBIND,				on_nothing },
};

/* No request that an SMSC sends, or a response to none of ours. */
static void
unexpected(struct smpp_link *link, const struct smpp_pdu *pdu)
{
	char why[64];

	if (pdu->id & SMPP_RESP) {
		link->stats->ignored_responses++;
		return;
	}
	snprintf(why, sizeof why, "unexpected command_id %08X", (unsigned)pdu->id);
	log_peer("smsc", link->cf.smsc_id, why);
	link->stats->bad_pdus++;
	answer(link, SMPP_GENERIC_NACK, pdu->seq, SMPP_RINVCMDID);
}

/*
 * How often these octets were refused already. The sequence number (octets 12 to 15) differs from one
 * repetition to the next and is left out.
 */
static bool
refused_often(struct link_recv *r, struct span octets)
{
	uint64_t hash = text_hash64(span_of(octets.p + SMPP_HEADER, octets.n - SMPP_HEADER)) * 31 +
	    text_hash64(span_of(octets.p, 12));
	size_t i = hash % LINK_BAD_SLOTS;

	if (r->bad[i].hash != hash) {
		r->bad[i].hash = hash;
		r->bad[i].times = 0;
	}
	if (r->bad[i].times++ < LINK_BAD_TIMES)
		return false;
	r->bad[i].times = 0;
	return true;
}

static void
broken(struct smpp_link *link, const struct smpp_pdu *pdu, struct span octets, uint32_t status,
    const char *why)
{
	link->stats->bad_pdus++;
	log_peer("smsc", link->cf.smsc_id, why);
	if (pdu->id & SMPP_RESP)
		return;
	if (link->state == SMSC_BINDING)
		status = SMPP_RINVBNDSTS;
	else if (refused_often(&link->recv, octets))
		status = SMPP_OK;		/* dropped, or the SMSC would repeat it for days */
	if (smpp_id_name(SMPP_RESP | pdu->id) != NULL)
		respond(link, pdu, status);
	else
		answer(link, SMPP_GENERIC_NACK, pdu->seq, status);
}

static void
log_pdu(const struct smpp_link *link, const struct smpp_pdu *pdu)
{
	struct sbuf text = { 0 };

	smpp_print(pdu, &text);
	log_debug("smsc", "%s <- %s", link->cf.smsc_id, text.s);
	sbuf_done(&text);
}

void
link_recv_pdu(struct smpp_link *link, struct span octets)
{
	struct why why = { 0 };
	struct smpp_pdu pdu;
	uint32_t status;
	int err = smpp_decode(octets, &pdu, &status, &why);
	size_t i;

	if (log_wanted(LOG_LEVEL_DEBUG))
		log_pdu(link, &pdu);
	if (err == ERR_UNSUPPORTED) {
		unexpected(link, &pdu);
		return;
	}
	if (err) {
		broken(link, &pdu, octets, status, why.text);
		return;
	}
	if (pdu.id & SMPP_RESP && link->state != SMSC_BINDING)
		link_pace_congestion(link, &pdu);
	for (i = 0; i < sizeof handlers / sizeof handlers[0]; i++)
		if (handlers[i].id == pdu.id) {
			handlers[i].take(link, &pdu);
			return;
		}
	unexpected(link, &pdu);
}

void
link_recv_framing_lost(struct smpp_link *link, struct span octets, bool text)
{
	char why[128];
	struct sbuf quoted = { 0 };

	link->stats->bad_pdus++;
	sbuf_quote(&quoted, span_of(octets.p, octets.n < 20 ? octets.n : 20));
	if (text)
		snprintf(why, sizeof why, "speaks text, not SMPP: \"%s\"", quoted.s);
	else
		snprintf(why, sizeof why, "framing lost: command_length %02X%02X%02X%02X", octets.p[0],
		    octets.p[1], octets.p[2], octets.p[3]);
	sbuf_done(&quoted);
	answer(link, SMPP_GENERIC_NACK, 0, SMPP_RINVCMDLEN);
	link_conn_flush(link);
	if (link->conn.fd >= 0)
		smpp_link_lost(link, why);
}

/* ---- life ------------------------------------------------------------------------------------------ */

/* Receipts handed out belong to the connection they came on: their tokens are void now. */
void
link_recv_reset(struct smpp_link *link)
{
	struct link_recv *r = &link->recv;
	unsigned i;

	for (i = 0; i < LINK_RECEIPTS_MAX; i++) {
		r->tokens[i].token = 0;
		r->free[i] = (uint16_t)(LINK_RECEIPTS_MAX - 1 - i);
	}
	r->n_free = LINK_RECEIPTS_MAX;
}

void
link_recv_init(struct smpp_link *link)
{
	link->recv.tokens = calloc(LINK_RECEIPTS_MAX, sizeof link->recv.tokens[0]);
	link->recv.free = calloc(LINK_RECEIPTS_MAX, sizeof link->recv.free[0]);
	if (link->recv.tokens == NULL || link->recv.free == NULL) {
		fputs("out of memory\n", stderr);
		abort();
	}
	link_recv_reset(link);
}

void
link_recv_done(struct smpp_link *link)
{
	free(link->recv.tokens);
	free(link->recv.free);
}
