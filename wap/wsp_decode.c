/*
 * wsp_decode.c - the push PDU, its header block and content types, from octets.
 * Spec: WAP-230-WSP-20010705-a 8.2.4.1 (PDU), 8.4.1 (fields, code pages), 8.4.2.24 (Content-Type).
 */
#include "wap/wsp_int.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* ---- PDU ---------------------------------------------------------------------------- */

static const char *
pdu_name(uint8_t type)
{
	static const struct wsp_token names[] = {
		{ 0x01, "Connect" }, { 0x02, "ConnectReply" }, { 0x03, "Redirect" }, { 0x04, "Reply" },
		{ 0x05, "Disconnect" }, { 0x08, "Suspend" }, { 0x09, "Resume" }, { 0x40, "Get" },
		{ 0x41, "Options" }, { 0x42, "Head" }, { 0x43, "Delete" }, { 0x44, "Trace" },
		{ 0x60, "Post" }, { 0x61, "Put" }, { 0, NULL }
	};
	const char *name = wsp_token_name(names, type);

	return name != NULL ? name : "unknown";
}

int
wsp_push_decode(struct span in, struct wsp_push *out, struct why *why)
{
	struct rbuf r = rbuf_from(in);
	struct wsp_push push;
	uint32_t len;
	size_t at;

	*out = (struct wsp_push){ 0 };
	push.tid = rbuf_u8(&r);
	if (r.err)
		return why_at(why, r.err, 0, "TID: no octets");
	push.type = rbuf_u8(&r);
	if (r.err)
		return why_at(why, r.err, 1, "PDU type: missing");
	if (push.type != WSP_PDU_PUSH && push.type != WSP_PDU_CONFIRMED_PUSH)
		return why_at(why, ERR_SYNTAX, 1, "PDU type: %02X (%s) is not a push", push.type,
		    pdu_name(push.type));
	at = rbuf_pos(&r);
	len = rbuf_uintvar(&r);
	if (r.err)
		return why_at(why, r.err, at, r.err == ERR_SHORT ? "HeadersLen: incomplete" :
		    "HeadersLen: more than 5 octets or 32 bits");
	if (len > rbuf_left(&r))
		return why_at(why, ERR_SHORT, at, "HeadersLen: %u, only %zu octets follow", len,
		    rbuf_left(&r));
	if (len == 0)
		return why_at(why, ERR_SYNTAX, at, "HeadersLen: 0, but a Content-Type is required");
	if (len > WSP_HEADERS_MAX)
		return why_at(why, ERR_LIMIT, at, "HeadersLen: %u, at most %d are taken", len,
		    WSP_HEADERS_MAX);
	push.headers = rbuf_span(&r, len);
	push.data = rbuf_rest(&r);
	*out = push;
	return OK;
}

/* ---- values ------------------------------------------------------------------------- */

void
wsp_value_take(struct rbuf *r, struct wsp_value *v)
{
	uint8_t first = rbuf_peek(r);

	*v = (struct wsp_value){ .form = WSP_BLOCK };
	if (r->err)
		return;
	if (first >= 0x80) {
		v->form = WSP_SHORT;
		v->code = rbuf_u8(r) & 0x7F;
	} else if (first >= 0x20) {
		v->form = WSP_TEXT;
		v->octets = rbuf_cstr(r);
		if (first == 0x7F && r->err == OK)
			v->octets = span_of(v->octets.p + 1, v->octets.n - 1);
	} else {
		uint32_t len = rbuf_u8(r);

		if (len == 31)
			len = rbuf_uintvar(r);
		v->octets = rbuf_span(r, len);
	}
}

int
wsp_value_integer(const struct wsp_value *v, uint64_t *out)
{
	size_t i;

	*out = v->code;
	if (v->form == WSP_SHORT)
		return OK;
	*out = 0;
	if (v->form != WSP_BLOCK || v->octets.n == 0 || v->octets.n > 30)
		return ERR_SYNTAX;
	for (i = 0; i < v->octets.n; i++) {
		if (*out > UINT64_MAX >> 8) {
			*out = 0;
			return ERR_RANGE;
		}
		*out = *out << 8 | v->octets.p[i];
	}
	return OK;
}

struct span
wsp_unquote(struct span s)
{
	if (s.n > 0 && s.p[0] == '"') {
		s.p++, s.n--;
		if (s.n > 0 && s.p[s.n - 1] == '"')
			s.n--;
	}
	return s;
}

bool
wsp_is_token_char(uint8_t c)
{
	return c > 0x20 && c < 0x7F && strchr("()<>@,;:\\\"/[]?={}", c) == NULL;
}

bool
wsp_is_token(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!wsp_is_token_char(s.p[i]))
			return false;
	return s.n > 0;
}

/* ---- walking a header block --------------------------------------------------------- */

/* What an error says about a field: its name, its text, or its number. */
static void
field_label(const struct wsp_header *h, char *out, size_t size)
{
	const struct wsp_field *field = wsp_field_by_code(h->code);

	if (h->code < 0)
		snprintf(out, size, "%.*s", (int)(h->raw_name.n < 64 ? h->raw_name.n : 64),
		    (const char *)h->raw_name.p);
	else if (field != NULL)
		snprintf(out, size, "%s", field->name);
	else
		snprintf(out, size, "header 0x%02X", (unsigned)h->code % WSP_FOREIGN_PAGE);
}

static bool
walk_fail(struct wsp_walk *walk, int err, size_t at, const char *field, const char *what)
{
	walk->err = why_at(&walk->why, err, at, "%s: %s", field, what);
	rbuf_fail(&walk->r, err);
	return false;
}

static const char *
value_problem(int err)
{
	return err == ERR_SHORT ? "the value runs past the end of the headers" :
	    "the length of the value is no number of 32 bits";
}

void
wsp_walk_start(struct wsp_walk *walk, struct span headers)
{
	struct wsp_value v;

	*walk = (struct wsp_walk){ .r = rbuf_from(headers), .page = 1 };
	if (headers.n == 0) {
		walk_fail(walk, ERR_SHORT, 0, "Content-Type", "missing");
		return;
	}
	wsp_value_take(&walk->r, &v);
	if (walk->r.err) {
		walk_fail(walk, walk->r.err, 0, "Content-Type", value_problem(walk->r.err));
		return;
	}
	if (v.form == WSP_BLOCK && v.octets.n == 0) {
		walk_fail(walk, ERR_SYNTAX, 0, "Content-Type", "empty");
		return;
	}
	walk->content_type = span_of(headers.p, rbuf_pos(&walk->r));
}

/* Shifts of the code page in front of a name; true when a name follows. */
static bool
take_shifts(struct wsp_walk *walk)
{
	while (rbuf_left(&walk->r) > 0) {
		size_t at = rbuf_pos(&walk->r);
		uint8_t c = rbuf_peek(&walk->r);

		if (c >= 0x20 && c != 0x7F)
			return true;
		if (c == 0)
			return walk_fail(walk, ERR_SYNTAX, at, "header name", "empty");
		rbuf_u8(&walk->r);
		walk->page = c == 0x7F ? rbuf_u8(&walk->r) : c;
		if (walk->r.err)
			return walk_fail(walk, ERR_SHORT, at, "code page shift", "no page number");
	}
	return false;
}

bool
wsp_walk_next(struct wsp_walk *walk, struct wsp_header *h)
{
	struct wsp_value v;
	char label[80];
	size_t at;

	*h = (struct wsp_header){ .code = -1 };
	if (walk->err || !take_shifts(walk))
		return false;

	h->offset = rbuf_pos(&walk->r);
	if (rbuf_peek(&walk->r) >= 0x80) {
		h->code = rbuf_u8(&walk->r) & 0x7F;
		if (walk->page != 1)
			h->code += WSP_FOREIGN_PAGE + walk->page * 256;
	} else {
		h->raw_name = rbuf_cstr(&walk->r);
		if (walk->r.err)
			return walk_fail(walk, ERR_SHORT, h->offset, "header name", "no NUL behind it");
		if (!wsp_is_token(h->raw_name))
			return walk_fail(walk, ERR_SYNTAX, h->offset, "header name", "not a token");
	}

	at = rbuf_pos(&walk->r);
	field_label(h, label, sizeof label);
	if (rbuf_left(&walk->r) == 0)
		return walk_fail(walk, ERR_SHORT, at, label, "no value");
	wsp_value_take(&walk->r, &v);
	if (walk->r.err)
		return walk_fail(walk, walk->r.err, at, label, value_problem(walk->r.err));
	/* Behind a name in text stands text; a lone 00 is the empty one. */
	if (h->code < 0 && v.form != WSP_TEXT && (v.form != WSP_BLOCK || v.octets.n > 0))
		return walk_fail(walk, ERR_SYNTAX, at, label, "the value of a textual name is no text");
	h->raw = span_of(walk->r.start + at, rbuf_pos(&walk->r) - at);
	return true;
}

/* ---- parameters --------------------------------------------------------------------- */

static int
print_param_date(const struct wsp_value *v, struct sbuf *out)
{
	char date[WSP_DATE_SIZE];
	uint64_t n;

	if (v->form != WSP_BLOCK || wsp_value_integer(v, &n) || wsp_date_print(n, date))
		return ERR_SYNTAX;
	sbuf_str(out, date);
	return OK;
}

/* A number by the name that `name` gives it, or as a code. */
static void
print_named(uint64_t n, const char *name, struct sbuf *out)
{
	if (name != NULL)
		sbuf_str(out, name);
	else
		wsp_print_code(n, out);
}

static int
print_param_number(const struct wsp_param_row *row, uint64_t n, struct sbuf *out)
{
	const struct wsp_field *field;

	switch (row != NULL ? row->kind : WSP_PARAM_INTEGER) {
	case WSP_PARAM_CHARSET:
		print_named(n, n == 0 ? "*" : n > UINT32_MAX ? NULL : wsp_charset_name((uint32_t)n), out);
		return OK;
	case WSP_PARAM_SEC:
		print_named(n, wsp_token_name(wsp_sec_names, n), out);
		return OK;
	case WSP_PARAM_MEDIA:
		print_named(n, n > INT32_MAX ? NULL : wsp_content_name((int)n), out);
		return OK;
	case WSP_PARAM_FIELD:
		field = n > 0x7F ? NULL : wsp_field_by_code((int)n);
		print_named(n, field != NULL ? field->name : NULL, out);
		return OK;
	case WSP_PARAM_VERSION:
		if (n > 0x7F)
			return ERR_SYNTAX;
		wsp_print_version((uint8_t)n, out);
		return OK;
	case WSP_PARAM_INTEGER:
	case WSP_PARAM_TEXT:
		sbuf_fmt(out, "%llu", (unsigned long long)n);
		return OK;
	case WSP_PARAM_Q:
	case WSP_PARAM_NONE:
	case WSP_PARAM_DATE:
		break;
	}
	return ERR_SYNTAX;
}

/* Two or three decimals in a uintvar (8.4.2.3, q-value). */
static int
print_q(uint32_t q, struct sbuf *out)
{
	unsigned n, scale;
	char digits[8];

	if (q == 0 || q > 1099)
		return ERR_SYNTAX;
	scale = q <= 100 ? 2 : 3;
	n = q <= 100 ? q - 1 : q - 100;
	snprintf(digits, sizeof digits, "%0*u", (int)scale, n);
	while (scale > 0 && digits[scale - 1] == '0')
		digits[--scale] = '\0';
	sbuf_fmt(out, scale > 0 ? "0.%s" : "0", digits);
	return OK;
}

static int
print_param_value(const struct wsp_param_row *row, bool typed, struct rbuf *r, struct sbuf *out)
{
	struct wsp_value v;
	uint64_t n;

	if (typed && row != NULL && row->kind == WSP_PARAM_Q) {
		uint32_t q = rbuf_uintvar(r);

		return r->err ? r->err : print_q(q, out);
	}
	wsp_value_take(r, &v);
	if (r->err)
		return r->err;
	if (v.form == WSP_TEXT)
		return wsp_print_text(wsp_unquote(v.octets), out);
	if (v.form == WSP_BLOCK && v.octets.n == 0)
		return row == NULL || row->kind == WSP_PARAM_TEXT || row->kind == WSP_PARAM_NONE ?
		    OK : ERR_SYNTAX;
	if (row != NULL && row->kind == WSP_PARAM_DATE)
		return print_param_date(&v, out);
	if (typed && row == NULL) {
		if (v.form == WSP_SHORT)
			wsp_print_code(v.code, out);
		else {
			sbuf_str(out, "0x");
			sbuf_hex(out, v.octets);
		}
		return OK;
	}
	if (wsp_value_integer(&v, &n))
		return ERR_SYNTAX;
	return print_param_number(row, n, out);
}

/* Known names in the table's spelling, so that "sec" and 91 are found alike. */
static int
take_param_name(struct rbuf *r, const struct wsp_param_row **row, bool *typed, struct sbuf *name)
{
	struct wsp_value v;
	uint64_t code;

	wsp_value_take(r, &v);
	if (r->err)
		return r->err;
	*typed = v.form != WSP_TEXT;
	if (*typed) {
		if (wsp_value_integer(&v, &code))
			return ERR_SYNTAX;
		*row = wsp_param_by_code(code);
		print_named(code, *row != NULL ? (*row)->name : NULL, name);
		return OK;
	}
	*row = wsp_param_to_encode(v.octets);
	if (*row != NULL) {
		sbuf_str(name, (*row)->name);
		/* A number behind a name in text means something for these two only. */
		if ((*row)->kind != WSP_PARAM_SEC && (*row)->kind != WSP_PARAM_CHARSET)
			*row = NULL;
		return OK;
	}
	if (!wsp_is_token(v.octets))
		return ERR_SYNTAX;
	sbuf_span(name, v.octets);
	return OK;
}

int
wsp_param_take(struct rbuf *r, struct wsp_param *out, struct why *why)
{
	const struct wsp_param_row *row = NULL;
	struct sbuf text = { 0 };
	size_t at = rbuf_pos(r);
	bool typed = false;
	int err;

	*out = (struct wsp_param){ 0 };
	err = take_param_name(r, &row, &typed, &text);
	if (err) {
		why_at(why, err, at, "parameter name: %s", err == ERR_SHORT ?
		    "it runs past the end of the value" : "neither a number nor a token");
		goto out;
	}
	err = span_to_cstr(sbuf_as_span(&text), out->name, sizeof out->name);
	if (err) {
		why_at(why, err, at, "parameter name: longer than %zu octets", sizeof out->name - 1);
		goto out;
	}
	sbuf_clear(&text);
	at = rbuf_pos(r);
	err = print_param_value(row, typed, r, &text);
	if (err) {
		why_at(why, err, at, "parameter %s: %s", out->name, err == ERR_SHORT ?
		    "the value runs past the end" : "a value that this parameter cannot have");
		goto out;
	}
	err = span_to_cstr(sbuf_as_span(&text), out->value, sizeof out->value);
	if (err)
		why_at(why, err, at, "parameter %s: longer than %zu octets", out->name,
		    sizeof out->value - 1);
out:
	if (err)
		*out = (struct wsp_param){ 0 };
	sbuf_done(&text);
	return err;
}

/* ---- Content-Type ------------------------------------------------------------------- */

static int
media_from_code(uint64_t code, struct wsp_content_type *ct)
{
	const char *name;

	if (code > INT32_MAX)
		return ERR_RANGE;
	ct->code = (int)code;
	name = wsp_content_name(ct->code);
	if (name != NULL)
		snprintf(ct->media, sizeof ct->media, "%s", name);
	else
		snprintf(ct->media, sizeof ct->media, "0x%02X", (unsigned)code);
	return OK;
}

static int
media_from_text(struct span text, struct wsp_content_type *ct)
{
	int code = wsp_content_code(text);
	struct sbuf b = { 0 };
	char *c;
	int err;

	if (code >= 0) {
		snprintf(ct->media, sizeof ct->media, "%s", wsp_content_name(code));
		return OK;
	}
	err = text.n == 0 ? ERR_SYNTAX : wsp_print_text(text, &b);
	if (err == OK)
		err = span_to_cstr(sbuf_as_span(&b), ct->media, sizeof ct->media);
	for (c = ct->media; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	sbuf_done(&b);
	return err;
}

static int
take_media(struct rbuf *r, struct wsp_content_type *ct, struct wsp_value *v, struct why *why)
{
	size_t at = rbuf_pos(r);
	uint64_t code;
	int err;

	wsp_value_take(r, v);
	err = r->err;
	if (err == OK && v->form == WSP_TEXT)
		err = media_from_text(v->octets, ct);
	else if (err == OK) {
		err = wsp_value_integer(v, &code);
		if (err == OK)
			err = media_from_code(code, ct);
	}
	switch (err) {
	case OK:
		return OK;
	case ERR_SHORT:
		return why_at(why, err, at, "Content-Type: the media type runs past its end");
	case ERR_LIMIT:
		return why_at(why, err, at, "Content-Type: a media type of more than %d octets",
		    WSP_MEDIA_MAX - 1);
	}
	return why_at(why, ERR_SYNTAX, at, "Content-Type: the media type is neither a code nor a text");
}

static int
take_content_type(struct span raw, struct wsp_content_type *ct, struct why *why)
{
	struct rbuf r = rbuf_from(raw), inner;
	struct wsp_value v;
	int err;

	wsp_value_take(&r, &v);
	if (r.err)
		return why_at(why, r.err, 0, "Content-Type: %s", raw.n == 0 ? "missing" :
		    "the value runs past its end");
	if (rbuf_left(&r) > 0)
		return why_at(why, ERR_SYNTAX, rbuf_pos(&r), "Content-Type: octets behind the value");
	if (v.form != WSP_BLOCK) {
		r = rbuf_from(raw);
		return take_media(&r, ct, &v, why);
	}
	if (v.octets.n == 0)
		return why_at(why, ERR_SYNTAX, 0, "Content-Type: empty");

	/* The general form. Its reader keeps the start, so that offsets stay those of raw. */
	inner = (struct rbuf){ r.start, v.octets.p, v.octets.p + v.octets.n, OK, 0 };
	err = take_media(&inner, ct, &v, why);
	while (err == OK && rbuf_left(&inner) > 0) {
		if (ct->n_params == WSP_PARAMS_MAX)
			return why_at(why, ERR_LIMIT, rbuf_pos(&inner),
			    "Content-Type: more than %d parameters", WSP_PARAMS_MAX);
		err = wsp_param_take(&inner, &ct->params[ct->n_params], why);
		if (err)
			why_prefix(why, "Content-Type");
		else
			ct->n_params++;
	}
	return err;
}

int
wsp_content_type_decode(struct span raw, struct wsp_content_type *out, struct why *why)
{
	int err;

	*out = (struct wsp_content_type){ .code = -1 };
	err = take_content_type(raw, out, why);
	if (err)
		*out = (struct wsp_content_type){ .code = -1 };
	return err;
}

const char *
wsp_content_type_param(const struct wsp_content_type *ct, const char *name)
{
	size_t i;

	for (i = 0; i < ct->n_params; i++)
		if (span_eq_nocase(span_str(ct->params[i].name), name))
			return ct->params[i].value;
	return NULL;
}
