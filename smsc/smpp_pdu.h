/*
 * smpp_pdu.h - SMPP 3.4 PDUs as tables of fields; decode, encode and print walk the same rows.
 * Spec: SMPP v3.4 issue 1.2, sections 3.2, 4, 5. Pure.
 */
#ifndef SMSC_SMPP_PDU_H
#define SMSC_SMPP_PDU_H

#include "base/buf.h"

enum smpp_id {
	SMPP_GENERIC_NACK = 0x80000000,
	SMPP_BIND_RECEIVER = 1, SMPP_BIND_TRANSMITTER = 2, SMPP_QUERY_SM = 3, SMPP_SUBMIT_SM = 4,
	SMPP_DELIVER_SM = 5, SMPP_UNBIND = 6, SMPP_REPLACE_SM = 7, SMPP_CANCEL_SM = 8,
	SMPP_BIND_TRANSCEIVER = 9, SMPP_OUTBIND = 0xB, SMPP_ENQUIRE_LINK = 0x15,
	SMPP_SUBMIT_MULTI = 0x21, SMPP_ALERT_NOTIFICATION = 0x102, SMPP_DATA_SM = 0x103
};
#define SMPP_RESP 0x80000000u		/* set in the id of a response */

enum smpp_status {
	SMPP_OK = 0, SMPP_RINVMSGLEN = 1, SMPP_RINVCMDLEN = 2, SMPP_RINVCMDID = 3, SMPP_RINVBNDSTS = 4,
	SMPP_RALYBND = 5, SMPP_RINVPRTFLG = 6, SMPP_RSYSERR = 8, SMPP_RINVSRCADR = 0xA, SMPP_RINVDSTADR = 0xB,
	SMPP_RINVMSGID = 0xC, SMPP_RBINDFAIL = 0xD, SMPP_RINVPASWD = 0xE, SMPP_RINVSYSID = 0xF,
	SMPP_RCANCELFAIL = 0x11, SMPP_RMSGQFUL = 0x14, SMPP_RINVESMCLASS = 0x43, SMPP_RSUBMITFAIL = 0x45,
	SMPP_RTHROTTLED = 0x58, SMPP_RINVEXPIRY = 0x62, SMPP_RX_T_APPN = 0x64, SMPP_RX_P_APPN = 0x65,
	SMPP_RX_R_APPN = 0x66, SMPP_RINVOPTPARSTREAM = 0xC0, SMPP_RUNKNOWNERR = 0xFF
};
const char *smpp_status_name(uint32_t status);	/* "RTHROTTLED"; NULL if unknown */
const char *smpp_id_name(uint32_t id);		/* "submit_sm_resp"; NULL if unknown */

enum { SMPP_HEADER = 16, SMPP_PDU_MAX = 70000, SMPP_TLVS_MAX = 32 };

enum { SMPP_ESM_UDHI = 0x40, SMPP_ESM_TYPE_MASK = 0x3C, SMPP_ESM_RECEIPT = 0x04, SMPP_ESM_INTERMEDIATE = 0x20 };

/* TLV tags used here. */
enum smpp_tag { SMPP_TAG_RECEIPTED_MESSAGE_ID = 0x001E, SMPP_TAG_SOURCE_PORT = 0x020A,
	SMPP_TAG_DESTINATION_PORT = 0x020B, SMPP_TAG_SAR_REF = 0x020C, SMPP_TAG_SAR_TOTAL = 0x020E,
	SMPP_TAG_SAR_SEQ = 0x020F, SMPP_TAG_SC_INTERFACE_VERSION = 0x0210,
	SMPP_TAG_NETWORK_ERROR_CODE = 0x0423, SMPP_TAG_MESSAGE_PAYLOAD = 0x0424, SMPP_TAG_MESSAGE_STATE = 0x0427,
	SMPP_TAG_CONGESTION_STATE = 0x0428 };

struct smpp_tlv { uint16_t tag; struct span value; };

/*
 * One PDU of any kind: the union of all fields. Strings are NUL-terminated copies, octet strings
 * borrow from the input. Fields that a PDU does not have stay zero.
 */
struct smpp_pdu {
	uint32_t id, status, seq;
	char system_id[17], password[10], system_type[14], address_range[42];
	uint8_t interface_version, addr_ton, addr_npi;
	char service_type[7];
	uint8_t source_ton, source_npi, dest_ton, dest_npi;
	char source[66], dest[66];
	uint8_t esm_class, protocol_id, priority, registered_delivery, replace_if_present, data_coding,
	    default_msg_id;
	char schedule_time[18], validity[18], final_date[18];
	char message_id[66];
	uint8_t message_state, error_code;
	struct span short_message;
	uint8_t n_list;			/* items in list */
	struct span list;		/* submit_multi: destinations; its response: refused ones; smpp_dest_next reads it */
	struct smpp_tlv tlvs[SMPP_TLVS_MAX];
	size_t n_tlvs;
};

/* One destination of a submit_multi, or of its response with the status it was refused with. */
struct smpp_dest {
	uint8_t flag;			/* 1 an address, 2 the name of a distribution list */
	uint8_t ton, npi;
	char addr[22];
	uint32_t status;
};
/* The next item of pdu->list from *pos on (0 at first); false at its end. */
bool smpp_dest_next(const struct smpp_pdu *pdu, size_t *pos, struct smpp_dest *out);

/*
 * Look at the octets that have come: 0 = need more, n > 0 = a PDU of n octets starts here,
 * ERR_SYNTAX / ERR_LIMIT = framing lost (command_length below 16 or above max). *text is set when
 * the first octets are printable, so that the log can say that the peer speaks text.
 */
long smpp_frame(struct span in, size_t max, bool *text);

/*
 * Decode one whole PDU. OK; ERR_UNSUPPORTED: unknown command_id (header fields are set);
 * ERR_SHORT/ERR_SYNTAX: *status is the command_status to answer with (RINVMSGLEN, RINVOPTPARSTREAM,
 * RINVCMDLEN) and *why names the field and offset. On failure only the header fields are set.
 * A response with an error status may have no body, or any; a submit_sm_resp without message_id
 * decodes with an empty one; an over-long message_id is cut at 65; TLVs of a response that are broken
 * are left out. TLVs above SMPP_TLVS_MAX are left out, too.
 */
int smpp_decode(struct span in, struct smpp_pdu *out, uint32_t *status, struct why *why);
/*
 * Append to w; command_length is filled in. A PDU that has no room leaves w->n as it was and sets w->err:
 * ERR_FULL, or ERR_LIMIT for a field longer than SMPP allows, ERR_UNSUPPORTED for an unknown id.
 */
void smpp_encode(struct wbuf *w, const struct smpp_pdu *pdu);
const struct smpp_tlv *smpp_tlv_find(const struct smpp_pdu *pdu, uint16_t tag);	/* or NULL */
/* "submit_sm seq=2 dest=+155..01 ..." for the debug log; numbers masked, no password, no body. */
void smpp_print(const struct smpp_pdu *pdu, struct sbuf *out);

/* The user data: short_message, or message_payload when sm_length is 0. */
struct span smpp_user_data(const struct smpp_pdu *pdu);

/* "+4915..." -> digits, TON 1 NPI 1; 3-6 digits -> TON 3 NPI 0; letters -> TON 5 NPI 0; else TON 0 NPI 1. */
void smpp_address(const char *number, uint8_t *ton, uint8_t *npi, char digits[21]);
/* Absolute "YYMMDDhhmmss000+" of a time. */
void smpp_time(int64_t utc, char out[17]);

/* A delivery receipt, from TLVs first, text second (SMPP 3.4 appendix B and what the field sends). */
enum receipt_state { RECEIPT_ENROUTE = 1, RECEIPT_DELIVERED, RECEIPT_EXPIRED, RECEIPT_DELETED,
	RECEIPT_UNDELIVERABLE, RECEIPT_ACCEPTED, RECEIPT_UNKNOWN, RECEIPT_REJECTED };
bool smpp_state_is_final(enum receipt_state state);
enum receipt_state smpp_state(uint8_t message_state);	/* of the field or TLV; RECEIPT_UNKNOWN for what SMPP does not have */
/*
 * err: network_error_code as "type:code", else the err of the text, as the SMSC writes it. final: no other
 * receipt is to follow; false for ENROUTE, and for ACCEPTED and UNKNOWN, which the caller's own wait ends.
 */
struct smpp_receipt { char message_id[66]; enum receipt_state state; char err[16]; bool final; };
/* OK; ERR_NOT_FOUND: no receipt; ERR_SYNTAX: one that cannot be read (S-09). */
int smpp_receipt_parse(const struct smpp_pdu *deliver, struct smpp_receipt *out, struct why *why);
/* The stat of a receipt's text, such as DELIVRD; ERR_NOT_FOUND. */
int smpp_receipt_state(struct span name, enum receipt_state *state);

#endif
