/*
 * smpp_receipt.c - delivery receipts: the TLVs where they are, else the text.
 * Spec: SMPP v3.4 issue 1.2, 5.2.12 (esm_class), 5.2.28 (message_state), appendix B (text), and the variants
 * that message centres send.
 */
#include <stdio.h>
#include <string.h>

#include "smsc/smpp_pdu.h"

enum key { KEY_ID, KEY_SUB, KEY_DLVRD, KEY_SUBMIT_DATE, KEY_DONE_DATE, KEY_STAT, KEY_ERR, KEY_TEXT, KEYS };

static const char *const keys[KEYS] = {
	"id:", "sub:", "dlvrd:", "submit date:", "done date:", "stat:", "err:", "text:",
};

static const struct { const char *name; enum receipt_state state; } stats[] = {
	{ "DELIVRD", RECEIPT_DELIVERED },	{ "DELIVERED", RECEIPT_DELIVERED },
	{ "EXPIRED", RECEIPT_EXPIRED },
	{ "DELETED", RECEIPT_DELETED },
	{ "UNDELIV", RECEIPT_UNDELIVERABLE },	{ "UNDELIVERABLE", RECEIPT_UNDELIVERABLE },
	{ "UNDELIVERED", RECEIPT_UNDELIVERABLE },
	{ "FAILED", RECEIPT_UNDELIVERABLE },	{ "SKIPPED", RECEIPT_UNDELIVERABLE },
	{ "ACCEPTD", RECEIPT_ACCEPTED },	{ "ACCEPTED", RECEIPT_ACCEPTED },
	{ "ACKED", RECEIPT_ACCEPTED },
	{ "UNKNOWN", RECEIPT_UNKNOWN },
	{ "REJECTD", RECEIPT_REJECTED },	{ "REJECTED", RECEIPT_REJECTED },
	{ "DND_REJECTED", RECEIPT_REJECTED },
	{ "ENROUTE", RECEIPT_ENROUTE },		{ "BUFFRED", RECEIPT_ENROUTE },
	{ "BUFFERD", RECEIPT_ENROUTE },		{ "BUFFERED", RECEIPT_ENROUTE },
	{ "SCHEDULED", RECEIPT_ENROUTE },
};

/* message_state by its value; 0 and 9 are of SMPP 5.0. */
static const enum receipt_state states[] = {
	RECEIPT_ENROUTE, RECEIPT_ENROUTE, RECEIPT_DELIVERED, RECEIPT_EXPIRED, RECEIPT_DELETED,
	RECEIPT_UNDELIVERABLE, RECEIPT_ACCEPTED, RECEIPT_UNKNOWN, RECEIPT_REJECTED, RECEIPT_UNDELIVERABLE,
};

/* ---- text ------------------------------------------------------------------------------- */

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int
key_at(struct span s)
{
	int k;

	for (k = 0; k < KEYS; k++)
		if (span_starts_nocase(s, keys[k]))
			return k;
	return -1;
}

static struct span
skip(struct span s, size_t n)
{
	return span_of(s.p + n, s.n - n);
}

static struct span
skip_blanks(struct span s)
{
	while (s.n > 0 && is_blank(s.p[0]))
		s = skip(s, 1);
	return s;
}

static struct span
word(struct span s)
{
	size_t n = 0;

	while (n < s.n && !is_blank(s.p[n]))
		n++;
	return span_of(s.p, n);
}

/* The first value of each key in any order; what follows "text:" is the message, not ours to read. */
static void
read_text(struct span s, struct span values[KEYS])
{
	s.n = s.n > 0 ? strnlen((const char *)s.p, s.n) : 0;
	for (s = skip_blanks(s); s.n > 0; s = skip_blanks(s)) {
		int k = key_at(s);

		if (k == KEY_TEXT)
			return;
		if (k >= 0) {
			struct span v = skip_blanks(skip(s, strlen(keys[k])));

			s = v;
			if (v.n == 0 || key_at(v) >= 0)
				continue;	/* no value: the next key follows */
			if (values[k].n == 0)
				values[k] = word(v);
		}
		s = skip(s, word(s).n);
	}
}

static bool
is_date(struct span s)
{
	size_t i;

	if (s.n == 0 || s.p[0] < '0' || s.p[0] > '9')
		return true;		/* none, or a word such as NULL in its place */
	for (i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n == 10 || s.n == 12 || s.n == 14;
}

/* Copies what fits of a printable, not empty string. */
static bool
copy_word(struct span s, char *out, size_t size)
{
	size_t i, n = s.n < size - 1 ? s.n : size - 1;

	for (i = 0; i < n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7F)
			return false;
	memcpy(out, s.p, n);
	out[n] = '\0';
	return n > 0;
}

int
smpp_receipt_state(struct span name, enum receipt_state *state)
{
	size_t i;

	for (i = 0; i < sizeof stats / sizeof stats[0]; i++)
		if (span_eq_nocase(name, stats[i].name)) {
			*state = stats[i].state;
			return OK;
		}
	return ERR_NOT_FOUND;
}

static int
add_text(struct span text, struct smpp_receipt *out, struct why *why)
{
	struct span values[KEYS] = { 0 };

	read_text(text, values);
	if (!is_date(values[KEY_SUBMIT_DATE]) || !is_date(values[KEY_DONE_DATE]))
		return why_set(why, ERR_SYNTAX, "receipt: a date has not 10, 12 or 14 digits");
	if (out->message_id[0] == '\0' &&
	    (values[KEY_ID].n == 0 || !copy_word(values[KEY_ID], out->message_id, sizeof out->message_id)))
		return why_set(why, ERR_SYNTAX, "receipt: no message id");
	if (out->state == 0 && smpp_receipt_state(values[KEY_STAT], &out->state) != OK)
		return why_set(why, ERR_SYNTAX, "receipt: stat is missing or unknown");
	if (out->err[0] == '\0' && values[KEY_ERR].n > 0 &&
	    !copy_word(values[KEY_ERR], out->err, sizeof out->err))
		out->err[0] = '\0';
	return OK;
}

enum receipt_state
smpp_state(uint8_t message_state)
{
	return message_state < sizeof states / sizeof states[0] ? states[message_state] : RECEIPT_UNKNOWN;
}

/* ---- TLVs ------------------------------------------------------------------------------- */

static void
add_tlvs(const struct smpp_pdu *pdu, struct smpp_receipt *out)
{
	const struct smpp_tlv *id = smpp_tlv_find(pdu, SMPP_TAG_RECEIPTED_MESSAGE_ID),
	    *state = smpp_tlv_find(pdu, SMPP_TAG_MESSAGE_STATE),
	    *error = smpp_tlv_find(pdu, SMPP_TAG_NETWORK_ERROR_CODE);

	if (id != NULL && id->value.n > 0) {
		struct span s = span_of(id->value.p, strnlen((const char *)id->value.p, id->value.n));

		if (s.n == 0 || !copy_word(s, out->message_id, sizeof out->message_id))
			out->message_id[0] = '\0';
	}
	if (state != NULL && state->value.n == 1 &&
	    state->value.p[0] < sizeof states / sizeof states[0])
		out->state = states[state->value.p[0]];
	if (error != NULL && error->value.n == 3)
		snprintf(out->err, sizeof out->err, "%u:%u", error->value.p[0],
		    (unsigned)error->value.p[1] << 8 | error->value.p[2]);
}

bool
smpp_state_is_final(enum receipt_state state)
{
	switch (state) {
	case RECEIPT_DELIVERED:
	case RECEIPT_EXPIRED:
	case RECEIPT_DELETED:
	case RECEIPT_UNDELIVERABLE:
	case RECEIPT_REJECTED:
		return true;
	case RECEIPT_ENROUTE:
	case RECEIPT_ACCEPTED:
	case RECEIPT_UNKNOWN:
		return false;
	}
	return false;
}

int
smpp_receipt_parse(const struct smpp_pdu *deliver, struct smpp_receipt *out, struct why *why)
{
	unsigned type = deliver->esm_class & SMPP_ESM_TYPE_MASK;
	bool by_tlvs, flagged = type == SMPP_ESM_RECEIPT || type == SMPP_ESM_INTERMEDIATE;
	int err = OK;

	*out = (struct smpp_receipt){ 0 };
	add_tlvs(deliver, out);
	by_tlvs = out->message_id[0] != '\0' && out->state != 0;
	/* Both TLVs together mean nothing else, even where a message centre forgets to set the type. */
	if (!flagged && !(type == 0 && by_tlvs)) {
		*out = (struct smpp_receipt){ 0 };
		return why_set(why, ERR_NOT_FOUND, "esm_class %02X: no receipt", deliver->esm_class);
	}
	if (!by_tlvs)
		err = add_text(smpp_user_data(deliver), out, why);
	if (err)
		*out = (struct smpp_receipt){ 0 };
	else
		out->final = type != SMPP_ESM_INTERMEDIATE && smpp_state_is_final(out->state);
	return err;
}
