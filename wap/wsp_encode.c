/*
 * wsp_encode.c - the push PDU, content types and headers, from text to octets.
 * Spec: WAP-230-WSP-20010705-a 8.2.4.1, 8.4.1, 8.4.2; PPG service 5.1.2.1.2 (application ids).
 *
 * The encoding version of a receiver is not known, so at most 1.2: newer header and parameter
 * names go as text, SEC and MAC excepted. Content types go by code, as all senders do.
 */
#include "wap/wsp_int.h"

#include <string.h>

#include "base/text.h"

void
wsp_push_encode(struct wbuf *w, const struct wsp_push *push)
{
	wbuf_u8(w, push->tid);
	wbuf_u8(w, push->type);
	wbuf_uintvar(w, (uint32_t)push->headers.n);
	wbuf_add(w, push->headers);
	wbuf_add(w, push->data);
}

/* ---- one function for each kind of value -------------------------------------------- */

typedef int encoder(struct wbuf *w, const struct wsp_field *field, struct span value,
    struct why *why);

static int
encode_text(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	wsp_put_text(w, value);
	return OK;
}

static int
encode_uri(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	size_t i;

	for (i = 0; i < value.n; i++)
		if (value.p[i] <= 0x20 || value.p[i] > 0x7E)
			return why_at(why, ERR_SYNTAX, i, "octet %02X in a URI", value.p[i]);
	if (value.n == 0)
		return why_set(why, ERR_SYNTAX, "empty");
	wsp_put_text(w, value);
	return OK;
}

static int
encode_integer(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	uint64_t n;

	if (wsp_decimal(value, UINT64_MAX, &n))
		return why_set(why, ERR_SYNTAX, "not a decimal number");
	wsp_put_integer(w, n);
	return OK;
}

static int
encode_date(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	uint64_t seconds;

	if (wsp_date_parse(value, &seconds)) {
		if (field->kind != WSP_KIND_TEXT_OR_DATE)
			return why_set(why, ERR_SYNTAX,
			    "not a date like \"Fri, 02 Jan 2026 15:05:05 GMT\"");
		wsp_put_text(w, value);
		return OK;
	}
	wsp_put_long(w, seconds);
	return OK;
}

static int
encode_retry(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	uint8_t octets[16];
	struct wbuf block = wbuf_into(octets, sizeof octets);
	uint64_t n;

	if (wsp_date_parse(value, &n) == OK) {
		wbuf_u8(&block, 0x80);
		wsp_put_long(&block, n);
	} else if (wsp_decimal(value, UINT64_MAX, &n) == OK) {
		wbuf_u8(&block, 0x81);
		wsp_put_integer(&block, n);
	} else {
		return why_set(why, ERR_SYNTAX, "neither a date nor a number of seconds");
	}
	wsp_put_block(w, wbuf_span(&block));
	return OK;
}

static int
encode_flag(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	uint64_t n;

	if (wsp_decimal(value, 127, &n))
		return why_set(why, ERR_SYNTAX, "not a decimal number from 0 to 127");
	wsp_put_short(w, (unsigned)n);
	return OK;
}

static int
encode_app_id(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	const uint8_t *semicolon = value.n > 0 ? memchr(value.p, ';', value.n) : NULL;
	size_t uri_n = semicolon != NULL ? (size_t)(semicolon - value.p) : value.n;
	struct span uri = span_trim(span_of(value.p, uri_n));
	struct span rest = span_of(value.p + uri_n, value.n - uri_n);
	struct wsp_text_param param;
	uint64_t supplied = 0;
	bool has_code = false;
	int64_t code;
	int err = OK;

	while (err == OK) {
		err = wsp_text_param_take(&rest, &param, why);
		if (err || param.name.n == 0)
			break;
		if (!span_eq_nocase(param.name, "app-encoding") || has_code ||
		    !wsp_app_id_hex(span_str(param.value), &supplied))
			return why_set(why, ERR_SYNTAX,
			    "only app-encoding with 1 to 8 hexadecimal digits may follow the URI");
		has_code = true;
	}
	if (err)
		return err;
	code = wsp_app_id_code(uri);
	if (code >= 0)
		wsp_put_integer(w, (uint64_t)code);
	else if (!has_code && wsp_app_id_hex(uri, &supplied))
		wsp_put_integer(w, supplied);
	else if (uri.n == 0 || memchr(uri.p, ':', uri.n) == NULL)
		return why_set(why, ERR_SYNTAX,
		    "neither a URI, nor a registered name, nor 1 to 8 hexadecimal digits");
	else if (has_code)
		wsp_put_integer(w, supplied);
	else
		return encode_uri(w, field, uri, why);
	return OK;
}

static int
encode_app_list(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	if (span_eq_str(value, "*")) {
		wsp_put_short(w, 0);
		return OK;
	}
	return encode_app_id(w, field, value, why);
}

static int
encode_bearer(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	uint64_t n;

	if (value.n > 2 || !wsp_app_id_hex(value, &n))
		return why_set(why, ERR_SYNTAX, "not a bearer number of two hexadecimal digits");
	wsp_put_integer(w, n);
	return OK;
}

static int
encode_token(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	int code = wsp_token_code(field->tokens, value);

	if (code < 0 && !wsp_is_token(value))
		return WSP_NO_BINARY;
	if (code >= 0)
		wsp_put_short(w, (unsigned)code);
	else
		wsp_put_text(w, value);
	return OK;
}

static int
encode_language(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	int code = wsp_language_code(value);

	if (code < 0 && !wsp_is_token(value))
		return WSP_NO_BINARY;
	if (code >= 0x80 && field->kind == WSP_KIND_ACCEPT_LANGUAGE)
		return WSP_NO_BINARY;
	if (code >= 0)
		wsp_put_integer(w, (unsigned)code);
	else
		wsp_put_text(w, value);
	return OK;
}

static int
encode_charset(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	int code = span_eq_str(value, "*") ? 0 : wsp_charset_mib(value);

	if (code >= 0x80 || (code < 0 && !wsp_is_token(value)))
		return WSP_NO_BINARY;
	if (code >= 0)
		wsp_put_short(w, (unsigned)code);
	else
		wsp_put_text(w, value);
	return OK;
}

static int
encode_field_name(struct wbuf *w, const struct wsp_field *field, struct span value,
    struct why *why)
{
	int code = wsp_header_code(value);

	if (!wsp_is_token(value))
		return why_set(why, ERR_SYNTAX, "not the name of a header");
	if (code >= 0 && code < WSP_NAME_AS_TEXT)
		wsp_put_short(w, (unsigned)code);
	else
		wsp_put_text(w, value);
	return OK;
}

static int
encode_md5(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	uint8_t octets[32];
	size_t n;

	if (value.n > 24 || text_base64(value, octets, &n, NULL) || n != 16)
		return why_set(why, ERR_SYNTAX, "not the base64 of 16 octets");
	wsp_put_block(w, span_of(octets, n));
	return OK;
}

static int
encode_media(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	return wsp_put_media(w, value, why);
}

/* Header names in quotes: no-cache="Age, Server". */
static int
put_cache_fields(struct wbuf *w, struct span names, struct why *why)
{
	while (names.n > 0) {
		const uint8_t *comma = memchr(names.p, ',', names.n);
		size_t n = comma != NULL ? (size_t)(comma - names.p) : names.n;
		int err = encode_field_name(w, NULL, span_trim(span_of(names.p, n)), why);

		if (err)
			return err;
		if (comma != NULL)
			n++;
		names = span_of(names.p + n, names.n - n);
	}
	return OK;
}

static int
encode_cache(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	enum { NO_CACHE = 0, PRIVATE = 7, S_MAXAGE = 11 };
	const uint8_t *equals = value.n > 0 ? memchr(value.p, '=', value.n) : NULL;
	struct span name = value, arg = { 0 };
	uint8_t octets[WSP_VALUE_MAX];
	struct wbuf block = wbuf_into(octets, sizeof octets);
	uint64_t seconds;
	int code, err;

	if (equals != NULL) {
		name = span_trim(span_of(value.p, (size_t)(equals - value.p)));
		arg = span_trim(span_of(equals + 1, value.n - (size_t)(equals - value.p) - 1));
	}
	if (!wsp_is_token(name))
		return why_set(why, ERR_SYNTAX, "a directive is no token");
	code = wsp_token_code(wsp_cache_tokens, name);
	if (code == S_MAXAGE)		/* newer than the code of the header's name */
		code = -1;
	if (equals == NULL) {
		if (code >= 0)
			wsp_put_short(w, (unsigned)code);
		else
			wsp_put_text(w, name);
		return OK;
	}
	arg = wsp_unquote(arg);
	if (code == NO_CACHE || code == PRIVATE) {
		wsp_put_short(&block, (unsigned)code);
		err = put_cache_fields(&block, arg, why);
		if (err)
			return err;
	} else if (code >= 0) {
		if (wsp_decimal(arg, UINT64_MAX, &seconds))
			return why_set(why, ERR_SYNTAX, "not a number of seconds");
		wsp_put_short(&block, (unsigned)code);
		wsp_put_integer(&block, seconds);
	} else {
		wsp_put_text(&block, name);
		wsp_put_text_value(&block, arg);
	}
	if (block.err)
		return why_set(why, ERR_LIMIT, "longer than %d octets", WSP_VALUE_MAX);
	wsp_put_block(w, wbuf_span(&block));
	return OK;
}

static int
encode_disposition(struct wbuf *w, const struct wsp_field *field, struct span value,
    struct why *why)
{
	const uint8_t *semicolon = value.n > 0 ? memchr(value.p, ';', value.n) : NULL;
	size_t n = semicolon != NULL ? (size_t)(semicolon - value.p) : value.n;
	struct span name = span_trim(span_of(value.p, n));
	uint8_t octets[WSP_VALUE_MAX];
	struct wbuf block = wbuf_into(octets, sizeof octets);
	int code = wsp_token_code(field->tokens, name), err;

	if (!wsp_is_token(name))
		return why_set(why, ERR_SYNTAX, "no disposition");
	if (code >= 0)
		wsp_put_short(&block, (unsigned)code);
	else
		wsp_put_text(&block, name);
	err = wsp_put_params(&block, span_of(value.p + n, value.n - n), WSP_PARAMS_MAX, why);
	if (err)
		return err;
	if (block.err)
		return why_set(why, ERR_LIMIT, "longer than %d octets", WSP_VALUE_MAX);
	wsp_put_block(w, wbuf_span(&block));
	return OK;
}

/* NULL: sent as text. */
static encoder *const encoders[WSP_KINDS] = {
	[WSP_KIND_TEXT] = encode_text,
	[WSP_KIND_URI] = encode_uri,
	[WSP_KIND_INTEGER] = encode_integer,
	[WSP_KIND_DATE] = encode_date,
	[WSP_KIND_TEXT_OR_DATE] = encode_date,
	[WSP_KIND_RETRY] = encode_retry,
	[WSP_KIND_FLAG] = encode_flag,
	[WSP_KIND_APP_ID] = encode_app_id,
	[WSP_KIND_APP_LIST] = encode_app_list,
	[WSP_KIND_BEARER] = encode_bearer,
	[WSP_KIND_TOKEN] = encode_token,
	[WSP_KIND_LANGUAGE] = encode_language,
	[WSP_KIND_FIELD] = encode_field_name,
	[WSP_KIND_MD5] = encode_md5,
	[WSP_KIND_CACHE] = encode_cache,
	[WSP_KIND_DISPOSITION] = encode_disposition,
	[WSP_KIND_MEDIA] = encode_media,
	[WSP_KIND_ACCEPT_CHARSET] = encode_charset,
	[WSP_KIND_ACCEPT_TOKEN] = encode_token,
	[WSP_KIND_ACCEPT_LANGUAGE] = encode_language,
};

/* ---- headers ------------------------------------------------------------------------ */

/* The next member of a list, quoted commas kept; empty ones are skipped. */
static struct span
take_member(struct span *rest)
{
	while (rest->n > 0) {
		bool quoted = false;
		struct span member;
		size_t i;

		for (i = 0; i < rest->n && (quoted || rest->p[i] != ','); i++)
			if (rest->p[i] == '"')
				quoted = !quoted;
		member = span_trim(span_of(rest->p, i));
		if (i < rest->n)
			i++;
		*rest = span_of(rest->p + i, rest->n - i);
		if (member.n > 0)
			return member;
	}
	return (struct span){ 0 };
}

static int
put_field(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	encoder *encode = encoders[field->kind];
	struct span rest = value, member;
	int err;

	if (field->code >= WSP_NAME_AS_TEXT || encode == NULL)
		return WSP_NO_BINARY;
	if (!field->list) {
		wsp_put_short(w, field->code);
		return encode(w, field, value, why);
	}
	member = take_member(&rest);
	if (member.n == 0)
		return why_set(why, ERR_SYNTAX, "no value");
	for (; member.n > 0; member = take_member(&rest)) {
		wsp_put_short(w, field->code);
		err = encode(w, field, member, why);
		if (err)
			return err;
	}
	return OK;
}

static int
put_header(struct wbuf *w, struct span name, struct span value, struct why *why)
{
	const struct wsp_field *field = wsp_field_by_name(name);
	size_t before = w->n, i;
	int err = WSP_NO_BINARY;

	for (i = 0; i < value.n; i++)
		if ((value.p[i] < 0x20 && value.p[i] != '\t') || value.p[i] == 0x7F)
			return why_at(why, ERR_SYNTAX, i, "control character %02X", value.p[i]);
	if (value.n > WSP_VALUE_MAX)
		return why_set(why, ERR_LIMIT, "longer than %d octets", WSP_VALUE_MAX);
	if (field != NULL && field->code == WSP_HDR_CONTENT_TYPE)
		return why_set(why, ERR_SYNTAX, "it stands in front of the headers, not among them");
	if (field != NULL)
		err = put_field(w, field, value, why);
	if (err != WSP_NO_BINARY)
		return err;
	w->n = before;
	wbuf_add(w, name);
	wbuf_u8(w, 0);
	wsp_put_text(w, value);
	return OK;
}

int
wsp_header_encode(struct wbuf *w, struct span name, struct span value, struct why *why)
{
	size_t before = w->n;
	int err;

	name = span_trim(name);
	if (!wsp_is_token(name) || name.n >= 128)
		return why_set(why, ERR_SYNTAX, "header name: empty, too long or no token");
	err = put_header(w, name, span_trim(value), why);
	return wsp_encode_finish(w, before, err, name, why);
}
