/*
 * smpp_pdu.c - SMPP PDUs to and from octets, by walking the rows of smpp_tables.c.
 * Spec: SMPP v3.4 issue 1.2, sections 3.2 (framing), 4 (PDUs), 5.3 (TLVs), 7.1.1 (time).
 */
#include "smsc/smpp_pdu.h"

#include <string.h>
#include <time.h>

#include "base/text.h"
#include "smsc/smpp_tables.h"

enum { DEST_ADDRESS = 1, DEST_LIST = 2, LOOKS_LIKE_TEXT = 16 };

/* ---- framing --------------------------------------------------------------------------- */

static bool
is_text(struct span in)
{
	size_t i, n = in.n < LOOKS_LIKE_TEXT ? in.n : LOOKS_LIKE_TEXT;

	for (i = 0; i < n; i++)
		if ((in.p[i] < 0x20 || in.p[i] > 0x7E) && in.p[i] != '\r' && in.p[i] != '\n' &&
		    in.p[i] != '\t')
			return false;
	return true;
}

long
smpp_frame(struct span in, size_t max, bool *text)
{
	struct rbuf r = rbuf_from(in);
	uint32_t length;

	*text = false;
	if (in.n < 4)
		return 0;
	length = rbuf_u32(&r);
	if (length < SMPP_HEADER || length > max) {
		*text = is_text(in);
		return length < SMPP_HEADER ? ERR_SYNTAX : ERR_LIMIT;
	}
	return in.n < length ? 0 : (long)length;
}

/* ---- decode ---------------------------------------------------------------------------- */

static void *
at(struct smpp_pdu *pdu, const struct smpp_field *f)
{
	return (char *)pdu + f->offset;
}

static void
decode_cstr(struct rbuf *r, size_t max, char *out)
{
	struct span s = rbuf_cstr(r);

	if (r->err == OK && s.n >= max) {
		r->p = s.p;		/* the error is at the field, not behind it */
		rbuf_fail(r, ERR_SYNTAX);
	}
	if (r->err == OK)
		memcpy(out, s.p, s.n);	/* out was cleared */
}

static void
decode_loose(struct rbuf *r, size_t max, char *out)
{
	size_t left = rbuf_left(r), n;
	struct span s;

	if (left == 0)
		return;
	n = strnlen((const char *)r->p, left);
	s = rbuf_span(r, n);
	if (n < left)
		rbuf_u8(r);
	memcpy(out, s.p, s.n < max ? s.n : max);
}

/* One item of a list of submit_multi (`failed` false) or of its response. */
static void
decode_dest(struct rbuf *r, bool failed, struct smpp_dest *out)
{
	*out = (struct smpp_dest){ .flag = DEST_ADDRESS };
	if (!failed)
		out->flag = rbuf_u8(r);
	if (out->flag == DEST_ADDRESS) {
		out->ton = rbuf_u8(r);
		out->npi = rbuf_u8(r);
	} else if (out->flag != DEST_LIST) {
		rbuf_fail(r, ERR_SYNTAX);
	}
	decode_cstr(r, 21, out->addr);
	if (failed)
		out->status = rbuf_u32(r);
}

static void
decode_list(struct rbuf *r, bool failed, struct smpp_pdu *out)
{
	unsigned i, n = rbuf_u8(r);
	const uint8_t *start = r->p;
	struct smpp_dest item;

	for (i = 0; i < n && r->err == OK; i++)
		decode_dest(r, failed, &item);
	if (n == 0 && !failed)
		rbuf_fail(r, ERR_SYNTAX);
	if (r->err == OK) {
		out->n_list = (uint8_t)n;
		out->list = span_of(start, (size_t)(r->p - start));
	}
}

bool
smpp_dest_next(const struct smpp_pdu *pdu, size_t *pos, struct smpp_dest *out)
{
	struct rbuf r = rbuf_from(pdu->list);

	*out = (struct smpp_dest){ 0 };
	rbuf_span(&r, *pos);
	if (rbuf_left(&r) == 0)
		return false;
	decode_dest(&r, (pdu->id & SMPP_RESP) != 0, out);
	*pos = rbuf_pos(&r);
	return r.err == OK;
}

static void
decode_field(struct rbuf *r, const struct smpp_field *f, struct smpp_pdu *out, uint32_t *status)
{
	switch (f->kind) {
	case SMPP_U8:
		*(uint8_t *)at(out, f) = rbuf_u8(r);
		break;
	case SMPP_CSTR:
		decode_cstr(r, f->max, at(out, f));
		break;
	case SMPP_LOOSE:
		decode_loose(r, f->max, at(out, f));
		break;
	case SMPP_OCTETS: {
		uint8_t n = rbuf_u8(r);

		if (n > rbuf_left(r) && r->err == OK)
			*status = SMPP_RINVMSGLEN;
		*(struct span *)at(out, f) = rbuf_span(r, n);
		break;
	}
	case SMPP_DESTS:
		decode_list(r, false, out);
		break;
	case SMPP_FAILED:
		decode_list(r, true, out);
		break;
	}
}

static void
decode_tlvs(struct rbuf *r, struct smpp_pdu *out)
{
	while (rbuf_left(r) > 0) {
		struct smpp_tlv tlv = { 0 };
		size_t n;

		tlv.tag = rbuf_u16(r);
		n = rbuf_u16(r);
		tlv.value = rbuf_span(r, n);
		if (r->err == OK && out->n_tlvs < SMPP_TLVS_MAX)
			out->tlvs[out->n_tlvs++] = tlv;
	}
}

/* A failed PDU keeps what an answer needs. */
static int
refuse(struct smpp_pdu *out, int err)
{
	*out = (struct smpp_pdu){ .id = out->id, .status = out->status, .seq = out->seq };
	return err;
}

static int
decode_body(const struct smpp_kind *kind, struct rbuf *r, struct smpp_pdu *out, uint32_t *status,
    struct why *why)
{
	size_t i;

	*status = SMPP_RINVCMDLEN;
	for (i = 0; i < kind->n_fields; i++) {
		decode_field(r, &kind->fields[i], out, status);
		if (r->err)
			return why_at(why, r->err, r->err_at, "%s: %s %s", kind->name,
			    kind->fields[i].name,
			    *status == SMPP_RINVMSGLEN ? "runs past the PDU" :
			    r->err == ERR_SHORT ? "is cut off" : "is not allowed");
	}
	decode_tlvs(r, out);
	if (r->err == OK || (kind->id & SMPP_RESP))
		return OK;
	*status = SMPP_RINVOPTPARSTREAM;
	return why_at(why, r->err, r->err_at, "%s: optional parameter runs past the PDU", kind->name);
}

int
smpp_decode(struct span in, struct smpp_pdu *out, uint32_t *status, struct why *why)
{
	struct rbuf r = rbuf_from(in);
	const struct smpp_kind *kind;
	uint32_t length;
	int err;

	*out = (struct smpp_pdu){ 0 };
	*status = SMPP_RINVCMDLEN;
	length = rbuf_u32(&r);
	out->id = rbuf_u32(&r);
	out->status = rbuf_u32(&r);
	out->seq = rbuf_u32(&r);
	if (r.err || length != in.n)
		return refuse(out, why_set(why, r.err || length > in.n ? ERR_SHORT : ERR_SYNTAX,
		    "command_length %u, but %zu octets", (unsigned)length, in.n));

	kind = smpp_kind_find(out->id);
	if (kind == NULL) {
		*status = SMPP_RINVCMDID;
		return why_at(why, ERR_UNSUPPORTED, 4, "unknown command_id %08X", (unsigned)out->id);
	}
	err = decode_body(kind, &r, out, status, why);
	if (err && (out->id & SMPP_RESP) && out->status != SMPP_OK)
		err = refuse(out, OK);	/* what it answers is known, the rest may be anything */
	if (err)
		return refuse(out, err);
	*status = SMPP_OK;
	return OK;
}

/* ---- encode ---------------------------------------------------------------------------- */

static void
encode_field(struct wbuf *w, const struct smpp_field *f, const struct smpp_pdu *pdu)
{
	const void *p = (const char *)pdu + f->offset;
	const struct span *s = p;
	size_t n;

	switch (f->kind) {
	case SMPP_U8:
		wbuf_u8(w, *(const uint8_t *)p);
		return;
	case SMPP_CSTR:
	case SMPP_LOOSE:
		n = strnlen(p, f->max + 1);
		if (n >= f->max + (f->kind == SMPP_LOOSE)) {
			w->err = w->err ? w->err : ERR_LIMIT;
			return;
		}
		wbuf_put(w, p, n);
		wbuf_u8(w, 0);
		return;
	case SMPP_OCTETS:
		if (s->n > f->max && w->err == OK)
			w->err = ERR_LIMIT;
		wbuf_u8(w, (uint8_t)s->n);
		wbuf_add(w, *s);
		return;
	case SMPP_DESTS:
	case SMPP_FAILED:
		wbuf_u8(w, pdu->n_list);
		wbuf_add(w, *s);
		return;
	}
}

static void
encode_body(struct wbuf *w, const struct smpp_kind *kind, const struct smpp_pdu *pdu)
{
	size_t i;

	for (i = 0; i < kind->n_fields; i++)
		encode_field(w, &kind->fields[i], pdu);
	for (i = 0; i < pdu->n_tlvs; i++) {
		if (pdu->tlvs[i].value.n > UINT16_MAX && w->err == OK)
			w->err = ERR_LIMIT;
		wbuf_u16(w, pdu->tlvs[i].tag);
		wbuf_u16(w, (uint16_t)pdu->tlvs[i].value.n);
		wbuf_add(w, pdu->tlvs[i].value);
	}
}

void
smpp_encode(struct wbuf *w, const struct smpp_pdu *pdu)
{
	const struct smpp_kind *kind = smpp_kind_find(pdu->id);
	size_t start = w->n;
	struct wbuf length;

	if (w->err)
		return;
	if (kind == NULL) {
		w->err = ERR_UNSUPPORTED;
		return;
	}
	wbuf_u32(w, 0);
	wbuf_u32(w, pdu->id);
	wbuf_u32(w, pdu->status);
	wbuf_u32(w, pdu->seq);
	if (!kind->body_if_ok || pdu->status == SMPP_OK || pdu->n_tlvs > 0)
		encode_body(w, kind, pdu);
	if (w->err) {
		w->n = start;
		return;
	}
	length = wbuf_into(w->p + start, 4);
	wbuf_u32(&length, (uint32_t)(w->n - start));
}

/* ---- print ----------------------------------------------------------------------------- */

static void
print_field(const struct smpp_field *f, const struct smpp_pdu *pdu, struct sbuf *out)
{
	const void *p = (const char *)pdu + f->offset;
	char masked[32];

	switch (f->kind) {
	case SMPP_U8:
		if (*(const uint8_t *)p != 0)
			sbuf_fmt(out, *(const uint8_t *)p < 10 ? " %s=%u" : " %s=0x%02X", f->name,
			    *(const uint8_t *)p);
		return;
	case SMPP_CSTR:
	case SMPP_LOOSE:
		if (f->show == SMPP_HIDE || *(const char *)p == '\0')
			return;
		sbuf_fmt(out, " %s=", f->name);
		if (f->show == SMPP_MASK) {
			text_mask_number(p, masked, sizeof masked);
			sbuf_quote(out, span_str(masked));
		} else {
			sbuf_quote(out, span_str(p));
		}
		return;
	case SMPP_OCTETS:
		sbuf_fmt(out, " sm_length=%zu", ((const struct span *)p)->n);
		return;
	case SMPP_DESTS:
	case SMPP_FAILED:
		sbuf_fmt(out, " %s=%ux", f->name, pdu->n_list);
		return;
	}
}

static void
print_tlv(const struct smpp_tlv *tlv, struct sbuf *out)
{
	const struct smpp_tlv_kind *kind = smpp_tlv_kind_find(tlv->tag);
	enum smpp_tlv_form form = kind != NULL ? kind->form : SMPP_TLV_OCTETS;
	struct rbuf r = rbuf_from(tlv->value);

	if (kind != NULL)
		sbuf_fmt(out, " %s", kind->name);
	else
		sbuf_fmt(out, " tlv_%04X", tlv->tag);
	if (form == SMPP_TLV_INT && tlv->value.n >= 1 && tlv->value.n <= 4) {
		sbuf_fmt(out, "=%u", (unsigned)rbuf_uint(&r, (unsigned)tlv->value.n));
	} else if (form == SMPP_TLV_TEXT && tlv->value.n > 0) {
		sbuf_char(out, '=');
		sbuf_quote(out, span_of(tlv->value.p, strnlen((const char *)tlv->value.p, tlv->value.n)));
	} else {
		sbuf_fmt(out, "[%zu]", tlv->value.n);
	}
}

void
smpp_print(const struct smpp_pdu *pdu, struct sbuf *out)
{
	const struct smpp_kind *kind = smpp_kind_find(pdu->id);
	const char *status = smpp_status_name(pdu->status);
	size_t i;

	if (kind == NULL)
		sbuf_fmt(out, "command_%08X", (unsigned)pdu->id);
	else
		sbuf_str(out, kind->name);
	sbuf_fmt(out, " seq=%u", (unsigned)pdu->seq);
	if (status == NULL)
		sbuf_fmt(out, " status=0x%X", (unsigned)pdu->status);
	else if ((pdu->id & SMPP_RESP) || pdu->status != SMPP_OK)
		sbuf_fmt(out, " status=%s", status);
	for (i = 0; kind != NULL && i < kind->n_fields; i++)
		print_field(&kind->fields[i], pdu, out);
	for (i = 0; i < pdu->n_tlvs; i++)
		print_tlv(&pdu->tlvs[i], out);
}

/* ---- small helpers ---------------------------------------------------------------------- */

const struct smpp_tlv *
smpp_tlv_find(const struct smpp_pdu *pdu, uint16_t tag)
{
	size_t i;

	for (i = 0; i < pdu->n_tlvs; i++)
		if (pdu->tlvs[i].tag == tag)
			return &pdu->tlvs[i];
	return NULL;
}

struct span
smpp_user_data(const struct smpp_pdu *pdu)
{
	const struct smpp_tlv *payload;

	if (pdu->short_message.n > 0)
		return pdu->short_message;
	payload = smpp_tlv_find(pdu, SMPP_TAG_MESSAGE_PAYLOAD);
	return payload != NULL ? payload->value : pdu->short_message;
}

void
smpp_address(const char *number, uint8_t *ton, uint8_t *npi, char digits[21])
{
	bool plus = number[0] == '+';
	const char *s = number + plus;
	size_t n = strlen(s);

	if (n == 0 || strspn(s, "0123456789") != n)
		*ton = 5, *npi = 0, s = number;
	else if (plus)
		*ton = 1, *npi = 1;
	else if (n >= 3 && n <= 6)
		*ton = 3, *npi = 0;
	else
		*ton = 0, *npi = 1;
	n = strnlen(s, 20);
	memcpy(digits, s, n);
	digits[n] = '\0';
	if (n == 0)
		*ton = 0;
}

void
smpp_time(int64_t utc, char out[17])
{
	time_t t = (time_t)utc;
	struct wbuf w = wbuf_into(out, 17);
	struct tm tm;
	size_t i;

	out[0] = '\0';
	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < 0)
		return;
	const int parts[] = { tm.tm_year % 100, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec };
	for (i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		wbuf_u8(&w, (uint8_t)('0' + parts[i] / 10));
		wbuf_u8(&w, (uint8_t)('0' + parts[i] % 10));
	}
	wbuf_cstr(&w, "000+");
}
