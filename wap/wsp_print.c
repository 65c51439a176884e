/*
 * wsp_print.c - names and values of decoded headers as text.
 * Spec: WAP-230-WSP-20010705-a 8.4.2 (value of each field).
 */
#include "wap/wsp_int.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* ---- pieces ------------------------------------------------------------------------- */

int
wsp_print_text(struct span text, struct sbuf *out)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if ((text.p[i] < 0x20 && text.p[i] != '\t') || text.p[i] == 0x7F)
			return ERR_SYNTAX;
	if (text_is_utf8(text, NULL)) {
		sbuf_span(out, text);
		return OK;
	}
	for (i = 0; i < text.n; i++) {
		if (text.p[i] >= 0x80)
			sbuf_char(out, (char)(0xC0 | text.p[i] >> 6));
		sbuf_char(out, (char)(text.p[i] < 0x80 ? text.p[i] : 0x80 | (text.p[i] & 0x3F)));
	}
	return OK;
}

void
wsp_print_code(uint64_t v, struct sbuf *out)
{
	sbuf_fmt(out, "0x%02llX", (unsigned long long)v);
}

void
wsp_print_version(uint8_t code, struct sbuf *out)
{
	sbuf_fmt(out, "%u", code >> 4 & 7);
	if ((code & 0x0F) != 0x0F)
		sbuf_fmt(out, ".%u", code & 0x0F);
}

static void
print_octets(struct span octets, struct sbuf *out)
{
	sbuf_str(out, "0x");
	sbuf_hex(out, octets);
}

static void
print_number(uint64_t v, struct sbuf *out)
{
	sbuf_fmt(out, "%llu", (unsigned long long)v);
}

static void
print_app_id(uint64_t code, struct sbuf *out)
{
	const char *name = code <= UINT32_MAX ? wsp_app_id_name((uint32_t)code) : NULL;

	if (name != NULL)
		sbuf_str(out, name);
	else
		wsp_print_code(code, out);
}

static int
print_app_uri(struct span text, struct sbuf *out)
{
	int64_t registered = wsp_app_id_code(text);
	uint64_t code;

	if (text.n == 0)
		return ERR_SYNTAX;
	if (registered >= 0)
		print_app_id((uint64_t)registered, out);
	else if (wsp_app_id_hex(text, &code))
		print_app_id(code, out);
	else
		return wsp_print_text(text, out);
	return OK;
}

/* ---- one function for each kind of value, but for those in text --------------------- */

typedef int printer(const struct wsp_field *field, const struct wsp_value *v, struct rbuf *block,
    struct sbuf *out);

static int
print_integer(const struct wsp_field *field, const struct wsp_value *v, struct rbuf *block,
    struct sbuf *out)
{
	uint64_t n;
	int err = wsp_value_integer(v, &n);

	if (err == OK)
		print_number(n, out);
	return err;
}

static int
print_date(const struct wsp_field *field, const struct wsp_value *v, struct rbuf *block,
    struct sbuf *out)
{
	char date[WSP_DATE_SIZE];
	uint64_t n;
	int err;

	if (v->form == WSP_BLOCK && v->octets.n == 0 && field->kind == WSP_KIND_TOD)
		return OK;
	err = v->form == WSP_BLOCK ? wsp_value_integer(v, &n) : ERR_SYNTAX;
	if (err == OK)
		err = wsp_date_print(n, date);
	if (err == OK)
		sbuf_str(out, date);
	return err;
}

static int
print_retry(const struct wsp_field *field, const struct wsp_value *v, struct rbuf *block,
    struct sbuf *out)
{
	uint8_t which = rbuf_u8(block);
	struct wsp_value inner;

	if (v->form != WSP_BLOCK || (which != 0x80 && which != 0x81))
		return ERR_SYNTAX;
	wsp_value_take(block, &inner);
	if (block->err)
		return block->err;
	return which == 0x80 ? print_date(field, &inner, block, out) :
	    print_integer(field, &inner, block, out);
}

static int
print_app(const struct wsp_field *field, const struct wsp_value *v, struct rbuf *block,
    struct sbuf *out)
{
	uint64_t n;
	int err = wsp_value_integer(v, &n);

	if (err)
		return err;
	if (field->kind == WSP_KIND_APP_LIST && n == 0)
		sbuf_char(out, '*');
	else
		print_app_id(n, out);
	return OK;
}

static int
print_bearer(const struct wsp_field *field, const struct wsp_value *v, struct rbuf *block,
    struct sbuf *out)
{
	uint64_t n;
	int err = wsp_value_integer(v, &n);

	if (err == OK && n > 0xFF)
		err = ERR_RANGE;
	if (err == OK)
		sbuf_fmt(out, "%02X", (unsigned)n);
	return err;
}

static int
print_token(const struct wsp_field *field, const struct wsp_value *v, struct rbuf *block,
    struct sbuf *out)
{
	const char *name;

	if (v->form == WSP_BLOCK) {
		print_octets(v->octets, out);
		return OK;
	}
	name = wsp_token_name(field->tokens, v->code);
	if (name != NULL)
		sbuf_str(out, name);
	else
		wsp_print_code(v->code, out);
	return OK;
}

static int
print_language(const struct wsp_field *field, const struct wsp_value *v, struct rbuf *block,
    struct sbuf *out)
{
	const char *name;
	uint64_t n;
	int err = wsp_value_integer(v, &n);

	if (err)
		return err;
	name = wsp_language_name(n);
	if (name != NULL)
		sbuf_str(out, name);
	else
		wsp_print_code(n, out);
	return OK;
}

static int
print_charset(const struct wsp_field *field, const struct wsp_value *v, struct rbuf *block,
    struct sbuf *out)
{
	const char *name;
	uint64_t n;
	int err = wsp_value_integer(v, &n);

	if (err)
		return err;
	name = n == 0 ? "*" : n > UINT32_MAX ? NULL : wsp_charset_name((uint32_t)n);
	if (name != NULL)
		sbuf_str(out, name);
	else
		wsp_print_code(n, out);
	return OK;
}

static int
print_field_name(const struct wsp_field *field, const struct wsp_value *v, struct rbuf *block,
    struct sbuf *out)
{
	const struct wsp_field *named = wsp_field_by_code(v->code);

	if (v->form != WSP_SHORT)
		return ERR_SYNTAX;
	if (named != NULL)
		sbuf_str(out, named->name);
	else
		wsp_print_code(v->code, out);
	return OK;
}

static int
print_md5(const struct wsp_field *field, const struct wsp_value *v, struct rbuf *block,
    struct sbuf *out)
{
	if (v->form != WSP_BLOCK || v->octets.n != 16)
		return ERR_SYNTAX;
	text_base64_encode(v->octets, out);
	return OK;
}

static int
print_version(const struct wsp_field *field, const struct wsp_value *v, struct rbuf *block,
    struct sbuf *out)
{
	struct wsp_value inner;

	if (v->form == WSP_SHORT) {
		wsp_print_version(v->code, out);
		return OK;
	}
	/* The version that a code page needs. */
	wsp_value_take(block, &inner);
	if (block->err || inner.form != WSP_SHORT)
		return ERR_SYNTAX;
	sbuf_fmt(out, "page %u", inner.code);
	if (rbuf_left(block) == 0)
		return OK;
	sbuf_char(out, ' ');
	wsp_value_take(block, &inner);
	if (block->err || inner.form == WSP_BLOCK)
		return ERR_SYNTAX;
	if (inner.form == WSP_TEXT)
		return wsp_print_text(inner.octets, out);
	wsp_print_version(inner.code, out);
	return OK;
}

static int
print_params(struct rbuf *block, struct sbuf *out)
{
	while (rbuf_left(block) > 0) {
		struct wsp_param param;
		int err = wsp_param_take(block, &param, NULL);

		if (err)
			return err;
		sbuf_fmt(out, "; %s", param.name);
		if (param.value[0] == '\0')
			continue;
		if (wsp_is_token(span_str(param.value)))
			sbuf_fmt(out, "=%s", param.value);
		else
			sbuf_fmt(out, "=\"%s\"", param.value);
	}
	return OK;
}

/* Names of fields up to the end of a directive: no-cache="Age, Server". */
static int
print_field_names(struct rbuf *block, struct sbuf *out)
{
	const char *between = "=\"";

	while (rbuf_left(block) > 0) {
		struct wsp_value v;
		int err;

		wsp_value_take(block, &v);
		if (block->err)
			return block->err;
		sbuf_str(out, between);
		between = ", ";
		err = v.form == WSP_TEXT ? wsp_print_text(v.octets, out) :
		    print_field_name(NULL, &v, block, out);
		if (err)
			return err;
	}
	if (between[0] == ',')
		sbuf_char(out, '"');
	return OK;
}

static int
print_cache(const struct wsp_field *field, const struct wsp_value *v, struct rbuf *block,
    struct sbuf *out)
{
	struct wsp_value name, arg;
	bool names_fields;
	int err;

	if (v->form == WSP_SHORT)
		return print_token(field, v, block, out);
	wsp_value_take(block, &name);
	if (block->err || name.form == WSP_BLOCK)
		return ERR_SYNTAX;
	err = name.form == WSP_TEXT ? wsp_print_text(name.octets, out) :
	    print_token(field, &name, block, out);
	if (err || rbuf_left(block) == 0)
		return err;
	names_fields = name.form == WSP_SHORT && (name.code == 0 || name.code == 7);
	if (names_fields)
		return print_field_names(block, out);
	wsp_value_take(block, &arg);
	if (block->err)
		return block->err;
	sbuf_char(out, '=');
	return arg.form == WSP_TEXT ? wsp_print_text(wsp_unquote(arg.octets), out) :
	    print_integer(field, &arg, block, out);
}

static int
print_disposition(const struct wsp_field *field, const struct wsp_value *v, struct rbuf *block,
    struct sbuf *out)
{
	struct wsp_value name;
	int err;

	if (v->form == WSP_SHORT)
		return print_token(field, v, block, out);
	wsp_value_take(block, &name);
	if (block->err || name.form == WSP_BLOCK)
		return ERR_SYNTAX;
	err = name.form == WSP_TEXT ? wsp_print_text(name.octets, out) :
	    print_token(field, &name, block, out);
	return err ? err : print_params(block, out);
}

static int
print_media(const struct wsp_field *field, const struct wsp_value *v, struct rbuf *block,
    struct sbuf *out)
{
	struct wsp_value media;
	uint64_t code;
	int err;

	if (v->form == WSP_BLOCK) {
		wsp_value_take(block, &media);
		if (block->err)
			return block->err;
	} else {
		media = *v;
	}
	if (media.form == WSP_TEXT) {
		err = wsp_print_text(media.octets, out);
	} else {
		const char *name = NULL;

		err = wsp_value_integer(&media, &code);
		if (err == OK && code <= INT32_MAX)
			name = wsp_content_name((int)code);
		if (name != NULL)
			sbuf_str(out, name);
		else if (err == OK)
			wsp_print_code(code, out);
	}
	return err ? err : print_params(block, out);
}

/* Accept-Charset, -Encoding, -Language: a code or text, and in a block perhaps its quality. */
static int
print_accept(const struct wsp_field *field, const struct wsp_value *v, struct rbuf *block,
    struct sbuf *out)
{
	static const uint8_t q_name = 0x80;
	struct wsp_value item = *v;
	struct wsp_param param;
	uint8_t q[6] = { q_name };
	struct rbuf r;
	size_t n;
	int err;

	if (v->form == WSP_BLOCK) {
		wsp_value_take(block, &item);
		if (block->err)
			return block->err;
	}
	if (item.form == WSP_TEXT)
		err = wsp_print_text(item.octets, out);
	else if (field->kind == WSP_KIND_ACCEPT_CHARSET)
		err = print_charset(field, &item, block, out);
	else if (field->kind == WSP_KIND_ACCEPT_LANGUAGE)
		err = print_language(field, &item, block, out);
	else
		err = print_token(field, &item, block, out);
	n = rbuf_left(block);
	if (err || n == 0)
		return err;
	if (n > sizeof q - 1)
		return ERR_SYNTAX;
	/* The quality is a parameter without its name. */
	memcpy(q + 1, rbuf_span(block, n).p, n);
	r = rbuf_from(span_of(q, n + 1));
	err = wsp_param_take(&r, &param, NULL);
	if (err == OK && rbuf_left(&r) > 0)
		err = ERR_SYNTAX;
	if (err == OK)
		sbuf_fmt(out, ";q=%s", param.value);
	return err;
}

static int
print_range(const struct wsp_field *field, const struct wsp_value *v, struct rbuf *block,
    struct sbuf *out)
{
	uint32_t first = rbuf_uintvar(block);
	uint64_t length;

	if (v->form != WSP_BLOCK || block->err)
		return ERR_SYNTAX;
	/* Where the part ends is not said: the body does. */
	sbuf_fmt(out, "bytes %u-/", first);
	if (rbuf_left(block) == 1 && rbuf_peek(block) == 0x80) {
		rbuf_u8(block);
		sbuf_char(out, '*');
		return OK;
	}
	length = rbuf_uintvar(block);
	if (block->err)
		return ERR_SYNTAX;
	print_number(length, out);
	return OK;
}

static void
print_warning_code(uint8_t code, struct sbuf *out)
{
	static const struct { uint8_t code; unsigned http; } codes[] = {
		{ 10, 110 }, { 11, 111 }, { 12, 112 }, { 13, 113 }, { 14, 214 }, { 99, 199 }
	};
	size_t i;

	for (i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i].code == code) {
			sbuf_fmt(out, "%u", codes[i].http);
			return;
		}
	wsp_print_code(code, out);
}

static int
print_warning(const struct wsp_field *field, const struct wsp_value *v, struct rbuf *block,
    struct sbuf *out)
{
	struct wsp_value code, agent, text;
	int err;

	if (v->form == WSP_SHORT) {
		print_warning_code(v->code, out);
		return OK;
	}
	wsp_value_take(block, &code);
	wsp_value_take(block, &agent);
	wsp_value_take(block, &text);
	if (block->err || code.form != WSP_SHORT || agent.form != WSP_TEXT || text.form != WSP_TEXT)
		return ERR_SYNTAX;
	print_warning_code(code.code, out);
	sbuf_char(out, ' ');
	err = wsp_print_text(agent.octets, out);
	if (err)
		return err;
	sbuf_str(out, " \"");
	err = wsp_print_text(wsp_unquote(text.octets), out);
	sbuf_char(out, '"');
	return err;
}

/* NULL: no other form than text, or (OPAQUE) none that is shown. */
static printer *const printers[WSP_KINDS] = {
	[WSP_KIND_INTEGER] = print_integer,
	[WSP_KIND_DATE] = print_date,
	[WSP_KIND_TOD] = print_date,
	[WSP_KIND_TEXT_OR_DATE] = print_date,
	[WSP_KIND_RETRY] = print_retry,
	[WSP_KIND_FLAG] = print_integer,
	[WSP_KIND_APP_ID] = print_app,
	[WSP_KIND_APP_LIST] = print_app,
	[WSP_KIND_BEARER] = print_bearer,
	[WSP_KIND_TOKEN] = print_token,
	[WSP_KIND_LANGUAGE] = print_language,
	[WSP_KIND_FIELD] = print_field_name,
	[WSP_KIND_MD5] = print_md5,
	[WSP_KIND_VERSION] = print_version,
	[WSP_KIND_CACHE] = print_cache,
	[WSP_KIND_DISPOSITION] = print_disposition,
	[WSP_KIND_MEDIA] = print_media,
	[WSP_KIND_ACCEPT_CHARSET] = print_accept,
	[WSP_KIND_ACCEPT_TOKEN] = print_accept,
	[WSP_KIND_ACCEPT_LANGUAGE] = print_accept,
	[WSP_KIND_RANGE] = print_range,
	[WSP_KIND_WARNING] = print_warning,
};

/* ---- headers ------------------------------------------------------------------------ */

void
wsp_header_name(const struct wsp_header *h, struct sbuf *out)
{
	const struct wsp_field *field = wsp_field_by_code(h->code);

	if (h->code < 0)
		sbuf_span(out, h->raw_name);
	else if (field != NULL)
		sbuf_str(out, field->name);
	else if (h->code >= WSP_FOREIGN_PAGE)
		sbuf_fmt(out, "0x%04X", (unsigned)h->code - WSP_FOREIGN_PAGE);
	else
		wsp_print_code((uint64_t)h->code, out);
}

int
wsp_flag_value(struct span raw)
{
	struct rbuf r = rbuf_from(raw);
	struct wsp_value v;
	uint64_t n = 0;

	wsp_value_take(&r, &v);
	if (r.err)
		return 0;
	if (v.form == WSP_TEXT) {
		char digits[8];
		int64_t number;

		if (span_to_cstr(v.octets, digits, sizeof digits) ||
		    text_number(digits, 0, 127, &number))
			return 0;
		return (int)number;
	}
	return wsp_value_integer(&v, &n) == OK && n <= 127 ? (int)n : 0;
}

/* A value whose first octet says that it is text, whatever the field would rather have. */
static int
print_textual(const struct wsp_field *field, const struct wsp_value *v, struct sbuf *out)
{
	if (field != NULL && (field->kind == WSP_KIND_APP_ID || field->kind == WSP_KIND_APP_LIST))
		return print_app_uri(v->octets, out);
	/* An entity tag keeps its quotation marks; Content-ID is a quoted-string. */
	if (field != NULL && field->code == WSP_HDR_CONTENT_ID)
		return wsp_print_text(wsp_unquote(v->octets), out);
	return wsp_print_text(v->octets, out);
}

static int
print_value(const struct wsp_header *h, const struct wsp_field *field, struct sbuf *out)
{
	struct rbuf r = rbuf_from(h->raw), block;
	struct wsp_value v;
	int err;

	wsp_value_take(&r, &v);
	if (r.err)
		return r.err;
	if (rbuf_left(&r) > 0)
		return ERR_SYNTAX;
	if (h->code < 0 && v.form == WSP_BLOCK && v.octets.n == 0)
		return OK;
	if (v.form == WSP_TEXT)
		return print_textual(field, &v, out);
	if (field == NULL || field->kind == WSP_KIND_OPAQUE) {
		print_octets(h->raw, out);
		return OK;
	}
	if (printers[field->kind] == NULL)	/* text is missing: only an empty one may look so */
		return v.form == WSP_BLOCK && v.octets.n == 0 ? OK : ERR_SYNTAX;
	block = rbuf_from(v.octets);
	err = printers[field->kind](field, &v, &block, out);
	/* Lists inside a block end with it; what else it holds is not ours to guess. */
	if (err == OK && block.p != block.start && rbuf_left(&block) > 0)
		err = ERR_SYNTAX;
	return err;
}

int
wsp_header_value(const struct wsp_header *h, struct sbuf *out, struct why *why)
{
	const struct wsp_field *field = h->code < 0 ? wsp_field_by_name(h->raw_name) :
	    wsp_field_by_code(h->code);
	size_t before = out->n;
	struct sbuf name = { 0 };
	int err = print_value(h, field, out);

	if (err == OK)
		return OK;
	out->n = before;
	if (out->s != NULL)
		out->s[before] = '\0';
	/* What cannot be read grants nothing and breaks nothing. */
	if (field != NULL && field->kind == WSP_KIND_FLAG) {
		print_octets(h->raw, out);
		return OK;
	}
	wsp_header_name(h, &name);
	why_at(why, err, h->offset + (h->code < 0 ? h->raw_name.n : 0) + 1, "%.64s: %s", name.s,
	    err == ERR_RANGE ? "a number that is too large" :
	    err == ERR_SHORT ? "the value runs past its length" : "a value that this field cannot have");
	sbuf_done(&name);
	return err;
}
