/* smscsim_smpp.c - see smscsim_smpp.h. */
#include "smsc/smscsim_smpp.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "smsc/smpp_pdu.h"
#include "smsc/smscsim_account.h"
#include "smsc/smscsim_fault.h"
#include "smsc/smscsim_receipt.h"
#include "smsc/smscsim_scenario.h"
#include "smsc/smscsim_store.h"

enum { ANSWER_MAX = 256, INTERFACE_VERSION = 0x34 };

/* ---- answers ----------------------------------------------------------------------- */

static const struct sim_misdeed no_misdeed = { .kind = SIM_FAULT_NONE };

static void
send_garbage(struct sim_session *s, size_t n)
{
	uint8_t octets[64];
	size_t i, k;

	for (; n > 0; n -= k) {
		k = n < sizeof octets ? n : sizeof octets;
		for (i = 0; i < k; i++)
			octets[i] = (uint8_t)(sim_random(s->sim) >> 32);
		sim_session_write(s, span_of(octets, k));
	}
}

/* Sequence numbers have 31 bits and begin with 1. */
static void
put_sequence(uint8_t *octets, uint32_t seq)
{
	struct wbuf w = wbuf_into(octets + SMPP_HEADER - 4, 4);

	seq &= 0x7FFFFFFF;
	wbuf_u32(&w, seq > 0 ? seq : 1);
}

static const char *
system_id(const struct sim_session *s)
{
	return s->account != NULL ? s->account->system_id : "";
}

static void
answer_with(struct sim_session *s, const struct smpp_pdu *resp, struct sim_misdeed misdeed)
{
	uint8_t octets[ANSWER_MAX];
	struct wbuf w = wbuf_into(octets, sizeof octets);
	struct span whole;

	smpp_encode(&w, resp);
	whole = wbuf_span(&w);
	if (misdeed.any)
		s->sim->count.faults_applied++;
	if (misdeed.seq_off > 0)
		put_sequence(octets, resp->seq + misdeed.seq_off);
	if (misdeed.read_rate > 0)
		sim_session_slow(s, misdeed.read_rate);

	switch (misdeed.kind) {
	case SIM_FAULT_KINDS:
	case SIM_FAULT_DELAY:
	case SIM_FAULT_THROTTLE:
	case SIM_FAULT_QUEUE_FULL:
	case SIM_FAULT_REJECT:
	case SIM_FAULT_SLOW_READER:
	case SIM_FAULT_WRONG_SEQUENCE:
	case SIM_FAULT_DUPLICATE_RECEIPT:
	case SIM_FAULT_RECEIPT_FIRST:
	case SIM_FAULT_UNKNOWN_ID:
		sim_session_write_late(s, whole, misdeed.delay_ms);
		break;
	case SIM_FAULT_DROP_RESPONSE:
		break;
	case SIM_FAULT_DISCONNECT:
		if (whole.n > misdeed.value)
			whole.n = misdeed.value;
		sim_session_write(s, whole);
		sim_session_end(s);
		break;
	case SIM_FAULT_GARBAGE:
		send_garbage(s, misdeed.value);
		break;
	case SIM_FAULT_HALF_OPEN:
		sim_session_sleep(s);
		break;
	}
}

static void
answer(struct sim_session *s, const struct smpp_pdu *pdu, uint32_t status)
{
	struct smpp_pdu resp = { .id = pdu->id | SMPP_RESP, .status = status, .seq = pdu->seq };

	if (status != SMPP_OK)
		s->sim->count.errors++;
	answer_with(s, &resp, no_misdeed);
}

static void
nack(struct sim_session *s, uint32_t seq, uint32_t status)
{
	struct smpp_pdu resp = { .id = SMPP_GENERIC_NACK, .status = status, .seq = seq };

	s->sim->count.errors++;
	answer_with(s, &resp, no_misdeed);
}

/* The status that a fault answers with; SMPP_OK when it does not refuse. */
static uint32_t
refusal(struct sim_misdeed misdeed)
{
	switch (misdeed.kind) {
	case SIM_FAULT_THROTTLE:
		return SMPP_RTHROTTLED;
	case SIM_FAULT_QUEUE_FULL:
		return SMPP_RMSGQFUL;
	case SIM_FAULT_REJECT:
		return misdeed.value;
	case SIM_FAULT_DELAY:
	case SIM_FAULT_DROP_RESPONSE:
	case SIM_FAULT_DISCONNECT:
	case SIM_FAULT_GARBAGE:
	case SIM_FAULT_HALF_OPEN:
	case SIM_FAULT_SLOW_READER:
	case SIM_FAULT_WRONG_SEQUENCE:
	case SIM_FAULT_DUPLICATE_RECEIPT:
	case SIM_FAULT_RECEIPT_FIRST:
	case SIM_FAULT_UNKNOWN_ID:
	case SIM_FAULT_KINDS:
		break;
	}
	return SMPP_OK;
}

/* ---- binding ----------------------------------------------------------------------- */

static enum sim_bound
bound_by(uint32_t id)
{
	return id == SMPP_BIND_TRANSMITTER ? SIM_BOUND_TX :
	    id == SMPP_BIND_RECEIVER ? SIM_BOUND_RX : SIM_BOUND_TRX;
}

static bool
is_silent(enum sim_fault_kind kind)
{
	return kind == SIM_FAULT_DROP_RESPONSE || kind == SIM_FAULT_DISCONNECT ||
	    kind == SIM_FAULT_GARBAGE || kind == SIM_FAULT_HALF_OPEN;
}

static void
take_bind(struct sim_session *s, const struct smpp_pdu *pdu)
{
	static const uint8_t version[] = { INTERFACE_VERSION };
	struct smpp_pdu resp = { .id = pdu->id | SMPP_RESP, .seq = pdu->seq,
		.system_id = "smscsim" };
	struct sim_misdeed misdeed;

	if (s->bound != SIM_OPEN) {
		answer(s, pdu, SMPP_RALYBND);
		return;
	}
	misdeed = sim_faults_apply(s->sim->faults, SIM_ON_BIND, pdu->system_id, NULL);
	resp.status = refusal(misdeed);
	if (resp.status == SMPP_OK && !is_silent(misdeed.kind))
		s->account = sim_account_bind(s->sim->accounts, s, pdu, bound_by(pdu->id), &resp.status);
	s->sim->count.errors += resp.status != SMPP_OK && misdeed.kind == SIM_FAULT_NONE;
	if (resp.status == SMPP_OK) {
		resp.tlvs[0] = (struct smpp_tlv){ SMPP_TAG_SC_INTERFACE_VERSION, span_of(version, 1) };
		resp.n_tlvs = 1;
	}
	answer_with(s, &resp, misdeed);
	if (s->account == NULL)
		return;
	s->bound = bound_by(pdu->id);
	s->sim->count.binds++;
	log_info("smscsim", "session %u: bound as %s (%s)", s->number, s->account->system_id,
	    s->bound == SIM_BOUND_TX ? "transmitter" :
	    s->bound == SIM_BOUND_RX ? "receiver" : "transceiver");
	if (s->bound != SIM_BOUND_TX)
		sim_receipts_bind(s->sim->receipts, s);
	sim_scenario_bind(s->sim->scenario, s->account->system_id);
}

static void
take_unbind(struct sim_session *s, const struct smpp_pdu *pdu)
{
	answer(s, pdu, SMPP_OK);
	sim_session_end(s);
}

static void
take_enquire_link(struct sim_session *s, const struct smpp_pdu *pdu)
{
	struct sim_misdeed misdeed = sim_faults_apply(s->sim->faults, SIM_ON_ENQUIRE_LINK, system_id(s),
	    NULL);
	struct smpp_pdu resp = { .id = pdu->id | SMPP_RESP, .status = refusal(misdeed),
		.seq = pdu->seq };

	answer_with(s, &resp, misdeed);
}

/* ---- messages ---------------------------------------------------------------------- */

static void
accept_or_refuse(struct sim_session *s, const struct smpp_pdu *pdu)
{
	struct sim *sim = s->sim;
	struct smpp_pdu resp = { .id = pdu->id | SMPP_RESP, .seq = pdu->seq };
	struct sim_misdeed misdeed = no_misdeed;
	struct sim_part *part;
	int64_t now_ms = clock_mono_ms();
	uint32_t number = sim_store_number(sim->store);

	sim->count.submit_sm++;
	s->account->submit_sm++;
	sim_rate_add(&sim->rate, now_ms, 1);
	part = sim_part_create(pdu, (uint16_t)number, &resp.status);
	if (part != NULL) {
		misdeed = sim_faults_apply(sim->faults, SIM_ON_SUBMIT, system_id(s), pdu->dest);
		resp.status = refusal(misdeed);
	} else {
		sim->count.errors++;
	}
	if (resp.status != SMPP_OK || misdeed.kind == SIM_FAULT_HALF_OPEN) {
		sim->count.refused++;
		answer_with(s, &resp, misdeed);
		sim_part_unref(&part);
		return;
	}
	part->account = s->account;
	part->number = number;
	sim_id_print(s->account->set.submit_id_format, number, resp.message_id);
	sim->count.accepted++;
	sim_store_add(sim->store, part, now_ms);
	if (misdeed.receipt_first)
		sim_receipts_submitted(sim->receipts, part, &misdeed);
	answer_with(s, &resp, misdeed);
	if (!misdeed.receipt_first)
		sim_receipts_submitted(sim->receipts, part, &misdeed);
	sim_part_unref(&part);
}

static void
take_submit(struct sim_session *s, const struct smpp_pdu *pdu)
{
	accept_or_refuse(s, pdu);
	sim_scenario_message(s->sim->scenario, s->account->system_id, pdu->dest);
}

static bool
is_source(const struct sim_part *part, const struct smpp_pdu *pdu)
{
	return part->source_ton == pdu->source_ton && part->source_npi == pdu->source_npi &&
	    strcmp(part->source, pdu->source) == 0;
}

static bool
is_dest(const struct sim_part *part, const struct smpp_pdu *pdu)
{
	return part->dest_ton == pdu->dest_ton && part->dest_npi == pdu->dest_npi &&
	    strcmp(part->dest, pdu->dest) == 0;
}

/* The message that query_sm or cancel_sm names; NULL: *status says why not. */
static struct sim_part *
find_part(struct sim_session *s, const struct smpp_pdu *pdu, uint32_t unknown, uint32_t mismatch,
    uint32_t *status)
{
	struct sim_part *part = sim_store_find(s->sim->store, pdu->message_id);

	*status = SMPP_OK;
	if (part == NULL || part->account != s->account)
		*status = unknown;
	else if (!is_source(part, pdu))
		*status = mismatch;
	return *status == SMPP_OK ? part : NULL;
}

static void
take_query(struct sim_session *s, const struct smpp_pdu *pdu)
{
	struct smpp_pdu resp = { .id = pdu->id | SMPP_RESP, .seq = pdu->seq };
	struct sim_part *part = find_part(s, pdu, SIM_RQUERYFAIL, SIM_RQUERYFAIL, &resp.status);

	if (part == NULL) {
		answer(s, pdu, resp.status);
		return;
	}
	memcpy(resp.message_id, pdu->message_id, sizeof resp.message_id);
	resp.message_state = (uint8_t)part->state;
	if (part->done_ms > 0) {
		smpp_time(part->done_ms / 1000, resp.final_date);
		resp.error_code = (uint8_t)atoi(sim_state_err(part->state));
	}
	answer_with(s, &resp, no_misdeed);
}

/* Its receipt, when it has one, says so at its time. */
static void
delete(struct sim *sim, struct sim_part *part)
{
	part->state = RECEIPT_DELETED;
	part->done_ms = clock_utc_ms();
	sim->count.cancelled++;
	sim->outcomes++;
}

/* cancel_sm without a message id. */
struct sweep {
	struct sim *sim;
	const struct smpp_pdu *pdu;
	const struct sim_account *account;
	unsigned n;
};

static void
sweep_one(void *arg, struct sim_part *part)
{
	struct sweep *sweep = arg;

	if (part->state != RECEIPT_ENROUTE || part->account != sweep->account ||
	    !is_source(part, sweep->pdu) || !is_dest(part, sweep->pdu) ||
	    (sweep->pdu->service_type[0] != '\0' &&
	    strcmp(part->service_type, sweep->pdu->service_type) != 0))
		return;
	delete(sweep->sim, part);
	sweep->n++;
}

/* Does it; the status to answer with. */
static uint32_t
cancel(struct sim_session *s, const struct smpp_pdu *pdu)
{
	struct sweep sweep = { s->sim, pdu, s->account, 0 };
	struct sim_part *part;
	uint32_t status;

	if (pdu->message_id[0] == '\0') {
		sim_store_each(s->sim->store, sweep_one, &sweep);
		return sweep.n > 0 ? (uint32_t)SMPP_OK : (uint32_t)SIM_RCANCELFAIL;
	}
	part = find_part(s, pdu, SIM_RINVMSGID, SIM_RCANCELFAIL, &status);
	if (part == NULL)
		return status;
	if (part->state != RECEIPT_ENROUTE || (pdu->dest[0] != '\0' && !is_dest(part, pdu)))
		return SIM_RCANCELFAIL;
	delete(s->sim, part);
	return SMPP_OK;
}

static void
take_cancel(struct sim_session *s, const struct smpp_pdu *pdu)
{
	struct smpp_pdu resp = { .id = pdu->id | SMPP_RESP, .seq = pdu->seq };
	struct sim_misdeed misdeed = sim_faults_apply(s->sim->faults, SIM_ON_CANCEL, system_id(s),
	    pdu->dest);

	resp.status = refusal(misdeed);
	if (resp.status == SMPP_OK && misdeed.kind != SIM_FAULT_HALF_OPEN) {
		resp.status = cancel(s, pdu);
		s->sim->count.errors += resp.status != SMPP_OK;
	}
	answer_with(s, &resp, misdeed);
}

static void
refuse_replace(struct sim_session *s, const struct smpp_pdu *pdu)
{
	answer(s, pdu, SIM_RREPLACEFAIL);	/* what was submitted may be with the handset */
}

static void
refuse_command(struct sim_session *s, const struct smpp_pdu *pdu)
{
	nack(s, pdu->seq, SMPP_RINVCMDID);
}

/* ---- one PDU ----------------------------------------------------------------------- */

enum { WHEN_TX = 1 << SIM_BOUND_TX | 1 << SIM_BOUND_TRX, WHEN_BOUND = WHEN_TX | 1 << SIM_BOUND_RX,
	WHEN_ANY = WHEN_BOUND | 1 << SIM_OPEN };

static const struct {
	uint32_t id;
	unsigned when;
	bool metered;			/* counts for the rate of its account */
	void (*take)(struct sim_session *s, const struct smpp_pdu *pdu);
} requests[] = {
	{ SMPP_SUBMIT_SM,          WHEN_TX,    true,  take_submit },
	{ SMPP_DATA_SM,            WHEN_TX,    true,  take_submit },
	{ SMPP_ENQUIRE_LINK,       WHEN_ANY,   false, take_enquire_link },
	{ SMPP_BIND_TRANSCEIVER,   WHEN_ANY,   false, take_bind },
	{ SMPP_BIND_TRANSMITTER,   WHEN_ANY,   false, take_bind },
	{ SMPP_BIND_RECEIVER,      WHEN_ANY,   false, take_bind },
	{ SMPP_UNBIND,             WHEN_BOUND, false, take_unbind },
	{ SMPP_QUERY_SM,           WHEN_TX,    true,  take_query },
	{ SMPP_CANCEL_SM,          WHEN_TX,    true,  take_cancel },
	{ SMPP_REPLACE_SM,         WHEN_TX,    true,  refuse_replace },
	{ SMPP_SUBMIT_MULTI,       WHEN_TX,    true,  refuse_command },
};

static void
throttle(struct sim_session *s, const struct smpp_pdu *pdu)
{
	struct smpp_pdu resp = { .id = pdu->id | SMPP_RESP, .status = SMPP_RTHROTTLED, .seq = pdu->seq };

	s->sim->count.throttled++;
	answer_with(s, &resp, no_misdeed);
}

static void
take_request(struct sim_session *s, const struct smpp_pdu *pdu)
{
	size_t i;

	for (i = 0; i < sizeof requests / sizeof requests[0]; i++)
		if (requests[i].id == pdu->id) {
			if (!(requests[i].when & 1u << s->bound))
				answer(s, pdu, SMPP_RINVBNDSTS);
			else if (requests[i].metered && !sim_account_takes(s->account, clock_mono_ms()))
				throttle(s, pdu);
			else
				requests[i].take(s, pdu);
			return;
		}
	refuse_command(s, pdu);		/* what only an SMSC sends */
}

static void
take_response(struct sim_session *s, const struct smpp_pdu *pdu)
{
	bool to_deliver = pdu->id == (SMPP_DELIVER_SM | SMPP_RESP) || pdu->id == SMPP_GENERIC_NACK;

	if (!to_deliver || !sim_receipts_answered(s->sim->receipts, s, pdu->seq, pdu->status))
		s->sim->count.ignored_responses++;
}

void
sim_smpp_take(struct sim_session *s, struct span octets)
{
	struct smpp_pdu pdu;
	struct why why = { 0 };
	uint32_t status;
	int err = smpp_decode(octets, &pdu, &status, &why);

	if (err != OK) {
		log_peer("smscsim", s->peer, why.text);
		if (pdu.id & SMPP_RESP)
			s->sim->count.errors++;
		else if (err == ERR_UNSUPPORTED)
			nack(s, pdu.seq, status);
		else
			answer(s, &pdu, status);
	} else if (pdu.id & SMPP_RESP) {
		take_response(s, &pdu);
	} else {
		take_request(s, &pdu);
	}
}

void
sim_smpp_lost(struct sim_session *s, bool text)
{
	log_peer("smscsim", s->peer, text ? "the peer speaks text, not SMPP" :
	    "command_length is below 16 or too large");
	nack(s, 0, SMPP_RINVCMDLEN);
	sim_session_end(s);
}
