/* smscsim_part.c - see smscsim_part.h. */
#include "smsc/smscsim_part.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "smsc/smscsim.h"
#include "wap/udh.h"

/* What the TLVs of a submission say about ports and segments. */
struct wdp {
	bool has_ports, has_sar;
	uint16_t src_port, dst_port, ref;
	uint8_t total, seq;
};

/* False when the TLV is there with another length. */
static bool
tlv_number(const struct smpp_pdu *pdu, uint16_t tag, unsigned octets, bool *found,
    uint16_t *value)
{
	const struct smpp_tlv *tlv = smpp_tlv_find(pdu, tag);
	struct rbuf r;

	*found = tlv != NULL;
	*value = 0;
	if (tlv == NULL)
		return true;
	if (tlv->value.n != octets)
		return false;
	r = rbuf_from(tlv->value);
	*value = (uint16_t)rbuf_uint(&r, octets);
	return true;
}

static uint32_t
read_tlvs(const struct smpp_pdu *pdu, struct wdp *out)
{
	bool src, dst, ref, total, seq;
	uint16_t n_total, n_seq;

	*out = (struct wdp){ 0 };
	if (!tlv_number(pdu, SMPP_TAG_SOURCE_PORT, 2, &src, &out->src_port) ||
	    !tlv_number(pdu, SMPP_TAG_DESTINATION_PORT, 2, &dst, &out->dst_port) ||
	    !tlv_number(pdu, SMPP_TAG_SAR_REF, 2, &ref, &out->ref) ||
	    !tlv_number(pdu, SMPP_TAG_SAR_TOTAL, 1, &total, &n_total) ||
	    !tlv_number(pdu, SMPP_TAG_SAR_SEQ, 1, &seq, &n_seq))
		return SIM_RINVPARLEN;
	if (ref != total || total != seq)
		return SIM_RMISSINGOPTPARAM;
	if (ref && (n_total == 0 || n_seq == 0 || n_seq > n_total))
		return SIM_RINVOPTPARAMVAL;
	out->has_ports = dst;
	out->has_sar = ref;
	out->total = (uint8_t)n_total;
	out->seq = (uint8_t)n_seq;
	if (src && !dst)
		return SIM_RMISSINGOPTPARAM;
	if ((dst || ref) && (pdu->esm_class & SMPP_ESM_UDHI))
		return SIM_ROPTPARNOTALLWD;	/* two user data headers */
	return SMPP_OK;
}

/* What an SMSC sends octet for octet: data_coding 2, 4, UCS2, GSM classes with the 8-bit bit. */
static bool
is_octets(uint8_t data_coding)
{
	if (data_coding == 2 || data_coding == 4 || data_coding == 8)
		return true;
	return (data_coding & 0xF4) == 0xF4 || (data_coding & 0xFC) == 0x14;
}

static uint32_t
check_addresses(const struct smpp_pdu *pdu)
{
	const char *digits = pdu->dest + (pdu->dest[0] == '+');

	if (digits[0] == '\0' || strlen(pdu->dest) >= SIM_ADDRESS_SIZE)
		return SMPP_RINVDSTADR;
	if (strspn(digits, "0123456789") != strlen(digits))
		return SMPP_RINVDSTADR;
	if (strlen(pdu->source) >= SIM_ADDRESS_SIZE)
		return SMPP_RINVSRCADR;
	return SMPP_OK;
}

static uint32_t
check(const struct smpp_pdu *pdu, const struct wdp *wdp, struct span data)
{
	uint32_t status = check_addresses(pdu);
	size_t room;

	if (status != SMPP_OK)
		return status;
	if ((pdu->esm_class & SMPP_ESM_TYPE_MASK & ~0x18) != 0)
		return SMPP_RINVESMCLASS;	/* receipts and notifications go the other way */
	if (pdu->short_message.n > 0 && smpp_tlv_find(pdu, SMPP_TAG_MESSAGE_PAYLOAD) != NULL)
		return SIM_ROPTPARNOTALLWD;
	if (pdu->id == SMPP_DATA_SM && smpp_tlv_find(pdu, SMPP_TAG_MESSAGE_PAYLOAD) == NULL)
		return SIM_RMISSINGOPTPARAM;
	room = SIM_TEXT_MAX;
	if (is_octets(pdu->data_coding) || (pdu->esm_class & SMPP_ESM_UDHI))
		room = SIM_UD_MAX;
	if (wdp->has_sar)
		room = SIM_UD_MAX - (wdp->has_ports ? 13 : 7);
	else if (wdp->has_ports)
		return sms_segments(data.n) == 0 ? (uint32_t)SMPP_RINVMSGLEN : (uint32_t)SMPP_OK;
	return data.n > room ? (uint32_t)SMPP_RINVMSGLEN : (uint32_t)SMPP_OK;
}

/* The header that an SMSC writes for sar_* TLVs, with ports when there are some. */
static void
write_sar(struct wbuf *w, const struct wdp *wdp, struct span data)
{
	wbuf_u8(w, wdp->has_ports ? 12 : 6);
	wbuf_u8(w, 0x08);
	wbuf_u8(w, 4);
	wbuf_u16(w, wdp->ref);
	wbuf_u8(w, wdp->total);
	wbuf_u8(w, wdp->seq);
	if (wdp->has_ports) {
		wbuf_u8(w, 0x05);
		wbuf_u8(w, 4);
		wbuf_u16(w, wdp->dst_port);
		wbuf_u16(w, wdp->src_port);
	}
	wbuf_add(w, data);
}

static void
copy_fields(struct sim_part *part, const struct smpp_pdu *pdu)
{
	part->refs = 1;
	part->state = RECEIPT_ENROUTE;
	part->at_ms = clock_utc_ms();
	memcpy(part->source, pdu->source, strlen(pdu->source));
	memcpy(part->dest, pdu->dest, strlen(pdu->dest));
	memcpy(part->service_type, pdu->service_type, sizeof part->service_type);
	memcpy(part->schedule, pdu->schedule_time, sizeof part->schedule);
	memcpy(part->validity, pdu->validity, sizeof part->validity);
	part->source_ton = pdu->source_ton;
	part->source_npi = pdu->source_npi;
	part->dest_ton = pdu->dest_ton;
	part->dest_npi = pdu->dest_npi;
	part->esm_class = pdu->esm_class;
	part->protocol_id = pdu->protocol_id;
	part->priority = pdu->priority;
	part->data_coding = pdu->data_coding;
	part->registered_delivery = pdu->registered_delivery;
}

struct sim_part *
sim_part_create(const struct smpp_pdu *pdu, uint16_t ref, uint32_t *status)
{
	struct span data = smpp_user_data(pdu);
	struct sim_part *part;
	struct wdp wdp;
	struct wbuf w;
	size_t room;
	unsigned i;

	*status = read_tlvs(pdu, &wdp);
	if (*status == SMPP_OK)
		*status = check(pdu, &wdp, data);
	if (*status != SMPP_OK)
		return NULL;

	room = data.n;
	if (wdp.has_sar)
		room = SIM_UD_MAX;
	else if (wdp.has_ports)
		room = (size_t)sms_segments(data.n) * SIM_UD_MAX;
	part = sim_alloc(sizeof *part + room);
	copy_fields(part, pdu);
	part->n_segments = 1;
	part->ports_in_tlv = wdp.has_ports || wdp.has_sar;

	w = wbuf_into(part->octets, room);
	if (wdp.has_sar) {
		write_sar(&w, &wdp, data);
	} else if (wdp.has_ports) {
		part->n_segments = sms_segments(data.n);
		for (i = 0; i < part->n_segments; i++)
			w.n += sms_segment(data, i, wdp.src_port, wdp.dst_port, ref, w.p + w.n);
	} else {
		wbuf_add(&w, data);
	}
	part->n = w.n;
	return part;
}

void
sim_part_ref(struct sim_part *part)
{
	part->refs++;
}

void
sim_part_unref(struct sim_part **p)
{
	struct sim_part *part = *p;

	*p = NULL;
	if (part != NULL && --part->refs == 0)
		free(part);
}

struct span
sim_part_segment(const struct sim_part *part, unsigned i)
{
	size_t from = (size_t)i * SIM_UD_MAX, left;

	if (part->n_segments == 1)
		return span_of(part->octets, part->n);
	left = part->n - from;
	return span_of(part->octets + from, left < SIM_UD_MAX ? left : SIM_UD_MAX);
}

bool
sim_part_has_udh(const struct sim_part *part)
{
	return part->ports_in_tlv || (part->esm_class & SMPP_ESM_UDHI) != 0;
}

void
sim_digits(const char *address, char out[SIM_ADDRESS_SIZE])
{
	size_t n = 0;

	for (; *address != '\0' && n < SIM_ADDRESS_SIZE - 1; address++)
		if (*address != '+' && *address != ' ')
			out[n++] = *address;
	out[n] = '\0';
}
