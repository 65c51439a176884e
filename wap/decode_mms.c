/*
 * decode_mms.c - the header fields of an MMS PDU: notification, delivery and read reports.
 * Spec: OMA-TS-MMS-ENC-V1_3, 7.2 (values) and 7.3 (fields).
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "wap/decode_int.h"
#include "wap/mms.h"
#include "wap/wsp.h"

enum { MIB_LATIN1 = 4 };

/* A value as it stands in the message, before its field says what it means. */
struct value {
	enum { VALUE_OCTET, VALUE_TEXT, VALUE_DATA } shape;
	uint8_t octet;			/* VALUE_OCTET */
	struct span s;			/* VALUE_TEXT without NUL and quote; VALUE_DATA */
	struct span raw;		/* all of it */
};

static struct span
text_string(struct rbuf *r)
{
	struct span s = rbuf_cstr(r);

	if (s.n > 0 && s.p[0] == MMS_TEXT_QUOTE)
		s.p++, s.n--;
	return s;
}

static struct value
value_read(struct rbuf *r)
{
	const uint8_t *from = r->p;
	uint8_t first = rbuf_peek(r);
	struct value v = { 0 };

	if (first >= 0x80) {
		v.shape = VALUE_OCTET;
		v.octet = rbuf_u8(r);
	} else if (first <= 31) {
		rbuf_u8(r);
		v.shape = VALUE_DATA;
		v.s = rbuf_span(r, first == 31 ? rbuf_uintvar(r) : first);
	} else {
		v.shape = VALUE_TEXT;
		v.s = text_string(r);
	}
	v.raw = span_of(from, (size_t)(r->p - from));
	return v;
}

/* ---- forms of values: a new reference, or NULL when it is not of the form ------------------------- */

static json_t *
octet_number(uint8_t octet)
{
	char text[8];

	snprintf(text, sizeof text, "0x%02X", octet);
	return json_string(text);
}

static json_t *
word_json(const struct value *v, const char *const *words)
{
	unsigned i, n = 0;

	if (v->shape == VALUE_TEXT)
		return json_span(v->s);
	if (v->shape != VALUE_OCTET)
		return NULL;
	while (words[n] != NULL)
		n++;
	i = v->octet & 0x7Fu;
	return i < n ? json_string(words[i]) : octet_number(v->octet);
}

static json_t *
text_json(struct span s, uint32_t mib)
{
	struct sbuf utf8 = { 0 };
	json_t *json;
	size_t i;

	if (mib != MIB_LATIN1)
		return json_span(s);
	for (i = 0; i < s.n; i++) {
		if (s.p[i] >= 0x80)
			sbuf_char(&utf8, (char)(0xC0 | s.p[i] >> 6));
		sbuf_char(&utf8, (char)(s.p[i] < 0x80 ? s.p[i] : 0x80 | (s.p[i] & 0x3F)));
	}
	json = json_span(sbuf_as_span(&utf8));
	sbuf_done(&utf8);
	return json;
}

/* Text, or length, charset and text; r holds nothing else. */
static json_t *
encoded_json(struct rbuf *r)
{
	struct value v = value_read(r);
	struct rbuf in;
	uint32_t mib;
	uint8_t c;

	if (r->err || rbuf_left(r) > 0 || v.shape == VALUE_OCTET)
		return NULL;
	if (v.shape == VALUE_TEXT)
		return json_span(v.s);
	in = rbuf_from(v.s);
	c = rbuf_u8(&in);
	mib = c >= 0x80 ? c & 0x7Fu : c >= 1 && c <= 4 ? rbuf_uint(&in, c) : 0;
	v.s = text_string(&in);
	return in.err || rbuf_left(&in) > 0 ? NULL : text_json(v.s, mib);
}

static json_t *
from_json(const struct value *v)
{
	struct rbuf r = rbuf_from(v->s);
	uint8_t token;

	if (v->shape == VALUE_TEXT)
		return json_span(v->s);
	token = rbuf_u8(&r);
	if (v->shape != VALUE_DATA || r.err)
		return NULL;
	if (token == 0x81 && rbuf_left(&r) == 0)
		return json_string("insert-address");
	return token == 0x80 ? encoded_json(&r) : NULL;
}

/* A long integer of octets; NULL when it has none or does not fit. */
static json_t *
long_json(struct span s)
{
	uint64_t n = 0;
	size_t i;

	if (s.n == 0 || s.n > 30)
		return NULL;
	for (i = 0; i < s.n; i++) {
		if (n > INT64_MAX >> 8)
			return NULL;
		n = n << 8 | s.p[i];
	}
	return json_integer((json_int_t)n);
}

static json_t *
number_json(const struct value *v)
{
	if (v->shape == VALUE_OCTET)
		return json_integer(v->octet & 0x7F);
	return v->shape == VALUE_DATA ? long_json(v->s) : NULL;
}

static json_t *
version_json(const struct value *v)
{
	char text[16];

	if (v->shape != VALUE_OCTET)
		return v->shape == VALUE_TEXT ? json_span(v->s) : NULL;
	if ((v->octet & 15) == 15)
		snprintf(text, sizeof text, "%u", v->octet >> 4 & 7);
	else
		snprintf(text, sizeof text, "%u.%u", v->octet >> 4 & 7, v->octet & 15);
	return json_string(text);
}

static json_t *
time_json(const struct value *v)
{
	struct rbuf r = rbuf_from(v->s);
	uint8_t token = rbuf_u8(&r);
	struct value inner = value_read(&r);
	json_t *number;

	if (v->shape != VALUE_DATA || r.err || rbuf_left(&r) > 0 || (token != 0x80 && token != 0x81))
		return NULL;
	number = number_json(&inner);
	if (number == NULL)
		return NULL;
	return json_pack("{s:o}", token == 0x80 ? "absolute" : "relative", number);
}

static json_t *
type_json(const struct value *v)
{
	struct wsp_content_type type;

	if (wsp_content_type_decode(v->raw, &type, NULL) != OK)
		return NULL;
	return json_string(type.media);
}

static json_t *
field_json(const struct mms_field *f, const struct value *v)
{
	struct rbuf r;

	switch (f->form) {
	case MMS_WORD:
		return word_json(v, f->words);
	case MMS_TEXT:
		return v->shape == VALUE_TEXT ? json_span(v->s) : NULL;
	case MMS_ENCODED:
		r = rbuf_from(v->raw);
		return encoded_json(&r);
	case MMS_FROM:
		return from_json(v);
	case MMS_NUMBER:
		return number_json(v);
	case MMS_VERSION:
		return version_json(v);
	case MMS_TIME:
		return time_json(v);
	case MMS_TYPE:
		return type_json(v);
	}
	return NULL;
}

/* ---- the PDU ------------------------------------------------------------------------------------ */

/* A field that comes again makes a list of it. */
static void
add(json_t *out, const char *name, json_t *value)
{
	json_t *old = json_object_get(out, name);

	if (old == NULL) {
		json_object_set_new(out, name, value);
	} else if (json_is_array(old)) {
		json_array_append_new(old, value);
	} else {
		json_t *list = json_array();

		json_array_append(list, old);
		json_array_append_new(list, value);
		json_object_set_new(out, name, list);
	}
}

/* A field with a textual name, of applications. */
static int
named_field(struct rbuf *r, json_t *out, struct why *why)
{
	size_t at = rbuf_pos(r);
	struct span name = text_string(r), text = text_string(r);
	char key[65];

	if (r->err)
		return why_at(why, ERR_SHORT, at, "MMS field with a textual name: it has no end");
	if (span_to_cstr(name, key, sizeof key) != OK || !text_is_utf8(name, NULL))
		return why_at(why, ERR_SYNTAX, at, "MMS field with a textual name: name of %zu octets", name.n);
	add(out, key, json_span(text));
	return OK;
}

static int
one_field(struct rbuf *r, json_t *out, struct why *why)
{
	size_t at = rbuf_pos(r);
	uint8_t code = rbuf_peek(r);
	const struct mms_field *f = mms_field_find(code);
	json_t *json;
	struct value v;
	char name[8];

	if (code < 0x80)
		return named_field(r, out, why);
	rbuf_u8(r);
	v = value_read(r);
	snprintf(name, sizeof name, "0x%02X", code);
	if (r->err)
		return why_at(why, ERR_SHORT, at, "%s: the message ends inside it", f != NULL ? f->name : name);
	if (f != NULL) {
		json = field_json(f, &v);
		if (json == NULL)
			return why_at(why, ERR_SYNTAX, at, "%s: not a value of this field", f->name);
		add(out, f->name, json);
	} else {
		struct sbuf hex = { 0 };

		sbuf_hex(&hex, v.raw);
		add(out, name, json_span(sbuf_as_span(&hex)));
		sbuf_done(&hex);
	}
	if (code == MMS_CONTENT_TYPE)
		rbuf_rest(r);			/* the parts of the message, not its header */
	return OK;
}

json_t *
decode_mms(struct span body, struct why *why)
{
	struct rbuf r = rbuf_from(body);
	json_t *out;

	if (rbuf_peek(&r) != MMS_MESSAGE_TYPE) {
		why_at(why, body.n == 0 ? ERR_SHORT : ERR_SYNTAX, 0,
		    "X-Mms-Message-Type: not the first field");
		return NULL;
	}
	out = json_object();
	while (rbuf_left(&r) > 0) {
		if (one_field(&r, out, why) != OK) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}
