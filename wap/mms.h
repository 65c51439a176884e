/*
 * mms.h - header fields of MMS PDUs that are pushed: their codes and names, and JSON fields -> octets. Between the
 * files of decode.h and content.h.
 * Spec: OMA-TS-MMS-ENC-V1_3, 6 (which fields a PDU has), 7.2 (values), 7.3 (fields).
 */
#ifndef WAP_MMS_H
#define WAP_MMS_H

#include "base/json.h"

enum {
	MMS_MESSAGE_TYPE = 0x8C, MMS_CONTENT_TYPE = 0x84,
	MMS_TEXT_QUOTE = 0x7F		/* in front of a text that starts with an octet above 7F */
};

enum mms_form {
	MMS_WORD,			/* one octet of a table, or a token in text */
	MMS_TEXT,
	MMS_ENCODED,			/* text, or length, charset, text */
	MMS_FROM,
	MMS_NUMBER,
	MMS_VERSION,
	MMS_TIME,			/* absolute or relative */
	MMS_TYPE			/* Content-Type: the body follows */
};

struct mms_field {
	uint8_t code;
	enum mms_form form;
	const char *name;
	const char *const *words;	/* of MMS_WORD: names of the octets from 80 on, then NULL */
	bool token;			/* a word that is not of the table may stand there as text */
};
/* NULL when there is none. */
const struct mms_field *mms_field_find(uint8_t code);
const struct mms_field *mms_field_named(const char *name);	/* in any case */

/*
 * What a pushed PDU must have: its fields as decode_mms names them. Its type is m-notification-ind, m-delivery-ind or
 * m-read-orig-ind. whole: all that the specification demands of it; else what no client can do without, since MMS
 * centres leave out the rest now and then. ERR_SYNTAX, ERR_UNSUPPORTED.
 */
int mms_check(const json_t *fields, bool whole, struct why *why);
/* Adds the PDU: type, transaction and version first, the others in their order, Content-Location last. */
int mms_encode(const json_t *fields, struct sbuf *out, struct why *why);

#endif
