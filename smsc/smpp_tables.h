/*
 * smpp_tables.h - the rows that decode, encode, print and the tests walk. Private to smsc/ and its tests.
 * Spec: SMPP v3.4 issue 1.2, section 4 (PDUs), 5.1.3 (status), 5.3.2 (TLVs).
 */
#ifndef SMSC_SMPP_TABLES_H
#define SMSC_SMPP_TABLES_H

#include "smsc/smpp_pdu.h"

enum smpp_field_kind {
	SMPP_U8,
	SMPP_CSTR,		/* at most max octets with its NUL */
	SMPP_LOOSE,		/* of a response: may be absent, lack its NUL, or be longer: cut at max characters */
	SMPP_OCTETS,		/* a length octet, then as many octets */
	SMPP_DESTS,		/* number_of_dests and dest_address(es) */
	SMPP_FAILED		/* no_unsuccess and unsuccess_sme(s) */
};

enum smpp_show { SMPP_SHOW, SMPP_MASK, SMPP_HIDE };

struct smpp_field {
	enum smpp_field_kind kind;
	size_t max, offset;	/* offset into struct smpp_pdu */
	const char *name;	/* as in the specification */
	enum smpp_show show;
};

struct smpp_kind {
	uint32_t id;
	const char *name;
	const struct smpp_field *fields;
	size_t n_fields;
	bool body_if_ok;	/* a response that leaves its body out when its status is an error */
};

enum smpp_tlv_form { SMPP_TLV_INT, SMPP_TLV_TEXT, SMPP_TLV_OCTETS };

struct smpp_tlv_kind {
	uint16_t tag;
	const char *name;
	enum smpp_tlv_form form;
};

extern const struct smpp_kind smpp_kinds[];
extern const size_t smpp_n_kinds;

const struct smpp_kind *smpp_kind_find(uint32_t id);		/* or NULL */
const struct smpp_tlv_kind *smpp_tlv_kind_find(uint16_t tag);	/* or NULL */

#endif
