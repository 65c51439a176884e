/*
 * smpp_link_cut.c - how a datagram with its ports goes into submit_sm PDUs: user data headers, TLVs for ports and
 * segments, or all of it in one. Spec: SMPP v3.4 issue 1.2, 5.3.2.20 to 5.3.2.25, 5.3.2.32; 3GPP TS 23.040 9.2.3.24.
 */
#include "smsc/smpp_link.h"

#include "wap/udh.h"

enum { HAS_TLVS = 0x34 };		/* version of SMPP */

/* As the datagram wants it, where the session can. */
static enum smsc_segmentation
how_of(const struct smsc_config *cf, const struct smsc_datagram *dg)
{
	enum smsc_segmentation how = cf->segmentation;

	if (dg->segmentation != 0)
		how = (enum smsc_segmentation)(dg->segmentation - 1);
	if ((how == SMSC_SAR || how == SMSC_PAYLOAD) && cf->interface_version < HAS_TLVS)
		how = cf->segmentation;
	return how;
}

unsigned
link_cut_parts(const struct smsc_config *cf, const struct smsc_datagram *dg)
{
	size_t n = dg->pdu.n;

	switch (how_of(cf, dg)) {
	case SMSC_UDH8:
		return sms_segments8(n);
	case SMSC_PAYLOAD:
		return sms_segments(n) != 0;	/* the SMSC has to cut it, too */
	case SMSC_UDH16:
	case SMSC_SAR:
		break;
	}
	return sms_segments(n);
}

static void
add_number(struct smpp_pdu *pdu, struct wbuf *w, uint16_t tag, unsigned octets, uint16_t value)
{
	size_t from = w->n;

	if (octets == 2)
		wbuf_u16(w, value);
	else
		wbuf_u8(w, (uint8_t)value);
	pdu->tlvs[pdu->n_tlvs++] = (struct smpp_tlv){ tag, span_of(w->p + from, octets) };
}

void
link_cut(const struct smsc_config *cf, const struct smsc_datagram *dg, unsigned part, struct smpp_pdu *pdu,
    uint8_t octets[LINK_CUT_MAX])
{
	enum smsc_segmentation how = how_of(cf, dg);
	struct wbuf w = wbuf_into(octets, LINK_CUT_MAX);
	size_t n;

	pdu->n_tlvs = 0;
	pdu->short_message = span_of(NULL, 0);
	pdu->esm_class = cf->esm_mode;
	switch (how) {
	case SMSC_UDH16:
	case SMSC_UDH8:
		pdu->esm_class |= SMPP_ESM_UDHI;
		n = how == SMSC_UDH8 ?
		    sms_segment8(dg->pdu, part, dg->src_port, dg->dst_port, (uint8_t)dg->ref, octets) :
		    sms_segment(dg->pdu, part, dg->src_port, dg->dst_port, dg->ref, octets);
		pdu->short_message = span_of(octets, n);
		return;
	case SMSC_SAR:
	case SMSC_PAYLOAD:
		break;
	}
	add_number(pdu, &w, SMPP_TAG_SOURCE_PORT, 2, dg->src_port);
	add_number(pdu, &w, SMPP_TAG_DESTINATION_PORT, 2, dg->dst_port);
	if (how == SMSC_PAYLOAD) {
		pdu->tlvs[pdu->n_tlvs++] = (struct smpp_tlv){ SMPP_TAG_MESSAGE_PAYLOAD, dg->pdu };
		return;
	}
	if (dg->n_segments > 1) {
		add_number(pdu, &w, SMPP_TAG_SAR_REF, 2, dg->ref);
		add_number(pdu, &w, SMPP_TAG_SAR_TOTAL, 1, (uint16_t)dg->n_segments);
		add_number(pdu, &w, SMPP_TAG_SAR_SEQ, 1, (uint16_t)(part + 1));
	}
	/* as much as fits beside the header that the SMSC writes for these */
	pdu->short_message = sms_slice(dg->pdu, part, SMS_SEGMENT_MAX);
}
