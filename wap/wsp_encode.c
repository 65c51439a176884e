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

enum { NO_BINARY = 1 };		/* of an encoder: this value has no binary form, send it as text */

void
wsp_push_encode(struct wbuf *w, const struct wsp_push *push)
{
	wbuf_u8(w, push->tid);
	wbuf_u8(w, push->type);
	wbuf_uintvar(w, (uint32_t)push->headers.n);
	wbuf_add(w, push->headers);
	wbuf_add(w, push->data);
}

/* ---- primitives ----------------------------------------------------------------------- */

static void
put_short(struct wbuf *w, unsigned code)
{
	wbuf_u8(w, (uint8_t)(0x80 | code));
}

static void
put_long(struct wbuf *w, uint64_t v)
{
	uint8_t octets[8];
	unsigned n = 0;

	do {
		octets[7 - n++] = (uint8_t)v;
		v >>= 8;
	} while (v > 0);
	wbuf_u8(w, (uint8_t)n);
	wbuf_put(w, octets + 8 - n, n);
}

static void
put_integer(struct wbuf *w, uint64_t v)
{
	if (v < 0x80)
		put_short(w, (unsigned)v);
	else
		put_long(w, v);
}

static void
put_text(struct wbuf *w, struct span text)
{
	if (text.n > 0 && text.p[0] >= 0x80)
		wbuf_u8(w, 0x7F);
	wbuf_add(w, text);
	wbuf_u8(w, 0);
}

static void
put_block(struct wbuf *w, struct span block)
{
	if (block.n > 30) {
		wbuf_u8(w, 31);
		wbuf_uintvar(w, (uint32_t)block.n);
	} else {
		wbuf_u8(w, (uint8_t)block.n);
	}
	wbuf_add(w, block);
}

/* Text-value: nothing, a token, or a quoted-string without its closing mark. */
static void
put_text_value(struct wbuf *w, struct span text)
{
	if (text.n > 0 && !wsp_is_token(text))
		wbuf_u8(w, '"');
	wbuf_add(w, text);
	wbuf_u8(w, 0);
}

static bool
has_control(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7F)
			return true;
	return false;
}

static int
parse_decimal(struct span s, uint64_t max, uint64_t *out)
{
	char digits[24];
	int64_t v;

	*out = 0;
	if (s.n == 0 || s.p[0] == '-' || span_to_cstr(s, digits, sizeof digits) ||
	    text_number(digits, 0, max > INT64_MAX ? INT64_MAX : (int64_t)max, &v))
		return ERR_SYNTAX;
	*out = (uint64_t)v;
	return OK;
}

/* ---- parameters in text ---------------------------------------------------------------------- */

/* One parameter of "; name=value; name="quoted value"". */
struct text_param {
	struct span name;
	char value[sizeof ((struct wsp_param *)0)->value];
	bool has_value;
};

static bool
put_value_char(struct text_param *param, size_t *n, uint8_t c)
{
	if (*n + 1 >= sizeof param->value)
		return false;
	param->value[(*n)++] = (char)c;
	param->value[*n] = '\0';
	return true;
}

static int
take_quoted(struct span *rest, struct text_param *param, struct why *why)
{
	size_t i, n = 0;

	for (i = 1; i < rest->n && rest->p[i] != '"'; i++) {
		if (rest->p[i] == '\\' && i + 1 < rest->n)
			i++;
		if (!put_value_char(param, &n, rest->p[i]))
			return why_set(why, ERR_LIMIT, "parameter %.*s: longer than %zu octets",
			    (int)param->name.n, (const char *)param->name.p, sizeof param->value - 1);
	}
	if (i >= rest->n)
		return why_set(why, ERR_SYNTAX, "parameter %.*s: no closing quotation mark",
		    (int)param->name.n, (const char *)param->name.p);
	*rest = span_of(rest->p + i + 1, rest->n - i - 1);
	return OK;
}

static int
take_unquoted(struct span *rest, struct text_param *param, struct why *why)
{
	size_t i, n = 0;

	for (i = 0; i < rest->n && rest->p[i] != ';' && rest->p[i] != ' ' && rest->p[i] != '\t'; i++) {
		if (rest->p[i] == '"')
			return why_set(why, ERR_SYNTAX, "parameter %.*s: a quotation mark inside",
			    (int)param->name.n, (const char *)param->name.p);
		if (!put_value_char(param, &n, rest->p[i]))
			return why_set(why, ERR_LIMIT, "parameter %.*s: longer than %zu octets",
			    (int)param->name.n, (const char *)param->name.p, sizeof param->value - 1);
	}
	*rest = span_of(rest->p + i, rest->n - i);
	return OK;
}

/*
 * Take the next parameter off *rest, which starts behind the value or the parameter before.
 * OK with an empty name at the end.
 */
static int
take_text_param(struct span *rest, struct text_param *param, struct why *why)
{
	size_t n = 0;
	int err = OK;

	*param = (struct text_param){ 0 };
	*rest = span_trim(*rest);
	while (rest->n > 0 && rest->p[0] == ';')
		*rest = span_trim(span_of(rest->p + 1, rest->n - 1)), n++;
	if (rest->n == 0)
		return OK;
	if (n == 0)
		return why_set(why, ERR_SYNTAX, "a semicolon is missing in front of a parameter");
	for (n = 0; n < rest->n && wsp_is_token_char(rest->p[n]); n++)
		;
	param->name = span_of(rest->p, n);
	if (n == 0 || n >= sizeof ((struct wsp_param *)0)->name)
		return why_set(why, ERR_SYNTAX, "a parameter name that is empty, too long or no token");
	*rest = span_trim(span_of(rest->p + n, rest->n - n));
	if (rest->n == 0 || rest->p[0] != '=')
		return OK;
	param->has_value = true;
	*rest = span_trim(span_of(rest->p + 1, rest->n - 1));
	err = rest->n > 0 && rest->p[0] == '"' ? take_quoted(rest, param, why) :
	    take_unquoted(rest, param, why);
	if (err)
		return err;
	if (has_control(span_str(param->value)))
		return why_set(why, ERR_SYNTAX, "parameter %.*s: a control character",
		    (int)param->name.n, (const char *)param->name.p);
	return OK;
}

/* ---- parameters in octets ---------------------------------------------------------------------- */

static int
put_q(struct wbuf *w, struct span s)
{
	unsigned q = 0, scale = 0;
	size_t i;

	/* "0.5", up to three decimals; 1 is the default and has no code. */
	if (s.n < 1 || s.n > 5 || s.p[0] != '0' || (s.n > 1 && s.p[1] != '.'))
		return NO_BINARY;
	for (i = 2; i < s.n; i++, scale++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return NO_BINARY;
		q = q * 10 + (s.p[i] - '0');
	}
	for (; scale < 2; scale++)
		q *= 10;
	if (scale == 3 && q % 10 == 0)
		q /= 10, scale = 2;
	wbuf_uintvar(w, scale == 2 ? q + 1 : q + 100);
	return OK;
}

static int
put_version(struct wbuf *w, struct span s)
{
	unsigned major, minor = 0x0F;

	if ((s.n != 1 && s.n != 3 && s.n != 4) || s.p[0] < '1' || s.p[0] > '7')
		return NO_BINARY;
	major = s.p[0] - '0';
	if (s.n > 1) {
		uint64_t v;

		if (s.p[1] != '.' || parse_decimal(span_of(s.p + 2, s.n - 2), 14, &v))
			return NO_BINARY;
		minor = (unsigned)v;
	}
	put_short(w, major << 4 | minor);
	return OK;
}

static int
put_sec(struct wbuf *w, struct span s)
{
	int code = wsp_token_code(wsp_sec_names, s);
	uint64_t n;

	if (code < 0 && (parse_decimal(s, 3, &n) || s.n != 1))
		return ERR_SYNTAX;
	put_short(w, code >= 0 ? (unsigned)code : (unsigned)n);
	return OK;
}

static int
put_coded_value(struct wbuf *w, const struct wsp_param_row *row, struct span value)
{
	uint64_t n;
	int code;

	switch (row->kind) {
	case WSP_PARAM_Q:
		return put_q(w, value);
	case WSP_PARAM_CHARSET:
		code = wsp_charset_mib(value);
		if (code < 0)
			return NO_BINARY;
		put_integer(w, (uint64_t)code);
		return OK;
	case WSP_PARAM_VERSION:
		return put_version(w, value);
	case WSP_PARAM_INTEGER:
		if (parse_decimal(value, 127, &n))
			return NO_BINARY;
		put_short(w, (unsigned)n);
		return OK;
	case WSP_PARAM_FIELD:
		code = wsp_header_code(value);
		if (code < 0 || code >= WSP_NAME_AS_TEXT)
			return NO_BINARY;
		put_short(w, (unsigned)code);
		return OK;
	case WSP_PARAM_MEDIA:
		code = wsp_content_code(value);
		if (code >= 0 && code < 0x80)
			put_short(w, (unsigned)code);
		else if (value.n > 0)
			put_text(w, value);
		else
			return NO_BINARY;
		return OK;
	case WSP_PARAM_SEC:
		return put_sec(w, value);
	case WSP_PARAM_TEXT:
		if (row->text_value)
			put_text_value(w, value);
		else
			put_text(w, value);
		return OK;
	case WSP_PARAM_NONE:
	case WSP_PARAM_DATE:
		break;
	}
	return NO_BINARY;
}

static int
put_param(struct wbuf *w, const struct text_param *param, struct why *why)
{
	const struct wsp_param_row *row = wsp_param_to_encode(param->name);
	struct span value = span_str(param->value);
	size_t before = w->n;
	int err = NO_BINARY;

	if (row != NULL && value.n == 0 && (row->kind == WSP_PARAM_SEC || row->text_value ||
	    row->kind == WSP_PARAM_CHARSET))
		return why_set(why, ERR_SYNTAX, "parameter %s: no value", row->name);
	if (row != NULL && param->has_value) {
		put_short(w, row->code);
		err = put_coded_value(w, row, value);
	}
	if (err == ERR_SYNTAX)
		return why_set(why, err, "parameter %s: none of NETWPIN, USERPIN, USERNETWPIN, USERPINMAC",
		    row->name);
	if (err == NO_BINARY) {
		w->n = before;
		wbuf_add(w, param->name);
		wbuf_u8(w, 0);
		put_text_value(w, value);
	}
	return OK;
}

static int
put_params(struct wbuf *w, struct span text, size_t max, struct why *why)
{
	size_t n;

	for (n = 0;; n++) {
		struct text_param param;
		int err = take_text_param(&text, &param, why);

		if (err || param.name.n == 0)
			return err;
		if (n == max)
			return why_set(why, ERR_LIMIT, "more than %zu parameters", max);
		err = put_param(w, &param, why);
		if (err)
			return err;
	}
}

/* ---- Content-Type ------------------------------------------------------------------------------ */

static bool
is_media(struct span s)
{
	const uint8_t *slash = s.n > 0 ? memchr(s.p, '/', s.n) : NULL;

	return slash != NULL && wsp_is_token(span_of(s.p, (size_t)(slash - s.p))) &&
	    wsp_is_token(span_of(slash + 1, s.n - (size_t)(slash - s.p) - 1));
}

/* One type is registered with its first parameter: text/directory;profile=vCard. */
static int
code_with_param(struct span media, struct span *rest)
{
	char joined[WSP_MEDIA_MAX];
	struct wbuf w = wbuf_into(joined, sizeof joined);
	struct text_param param;
	struct span after = *rest;
	int code;

	if (take_text_param(&after, &param, NULL) || param.name.n == 0)
		return -1;
	wbuf_add(&w, media);
	wbuf_u8(&w, ';');
	wbuf_add(&w, param.name);
	wbuf_u8(&w, '=');
	wbuf_add(&w, span_str(param.value));
	code = w.err ? -1 : wsp_content_code(wbuf_span(&w));
	if (code >= 0)
		*rest = after;
	return code;
}

static int
put_media(struct wbuf *w, struct span value, struct why *why)
{
	uint8_t octets[WSP_VALUE_MAX];
	struct wbuf block = wbuf_into(octets, sizeof octets);
	const uint8_t *semicolon;
	struct span media, params = { 0 };
	int code, err;

	value = span_trim(value);
	semicolon = value.n > 0 ? memchr(value.p, ';', value.n) : NULL;
	media = value;
	if (semicolon != NULL) {
		media = span_trim(span_of(value.p, (size_t)(semicolon - value.p)));
		params = span_of(semicolon, value.n - (size_t)(semicolon - value.p));
	}
	if (!is_media(media))
		return why_set(why, ERR_SYNTAX, "not of the form type/subtype");
	if (media.n >= WSP_MEDIA_MAX)
		return why_set(why, ERR_LIMIT, "a media type of more than %d octets", WSP_MEDIA_MAX - 1);
	code = code_with_param(media, &params);
	if (code < 0)
		code = wsp_content_code(media);
	if (code >= 0)
		put_integer(&block, (unsigned)code);
	else
		put_text(&block, media);
	err = put_params(&block, params, WSP_PARAMS_MAX, why);
	if (err)
		return err;
	if (block.err)
		return why_set(why, ERR_LIMIT, "longer than %d octets", WSP_VALUE_MAX);
	/* The constrained form: a code below 80 or a text, and nothing else. */
	if (code < 0x80 && block.n == (code < 0 ? media.n + 1 : 1))
		wbuf_add(w, wbuf_span(&block));
	else
		put_block(w, wbuf_span(&block));
	return OK;
}

static int
finish(struct wbuf *w, size_t before, int err, const char *name, size_t name_n, struct why *why)
{
	if (err == OK && w->err)
		return why_set(why, w->err, "%.*s: no room left for it", (int)name_n, name);
	if (err) {
		w->n = before;
		why_prefix(why, "%.*s", (int)name_n, name);
	}
	return err;
}

int
wsp_content_type_encode(struct wbuf *w, struct span value, struct why *why)
{
	size_t before = w->n;

	return finish(w, before, put_media(w, value, why), "Content-Type", 12, why);
}

/* ---- one function for each kind of value ----------------------------------------------------------- */

typedef int encoder(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why);

static int
encode_text(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	put_text(w, value);
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
	put_text(w, value);
	return OK;
}

static int
encode_integer(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	uint64_t n;

	if (parse_decimal(value, UINT64_MAX, &n))
		return why_set(why, ERR_SYNTAX, "not a decimal number");
	put_integer(w, n);
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
		put_text(w, value);
		return OK;
	}
	put_long(w, seconds);
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
		put_long(&block, n);
	} else if (parse_decimal(value, UINT64_MAX, &n) == OK) {
		wbuf_u8(&block, 0x81);
		put_integer(&block, n);
	} else {
		return why_set(why, ERR_SYNTAX, "neither a date nor a number of seconds");
	}
	put_block(w, wbuf_span(&block));
	return OK;
}

static int
encode_flag(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	uint64_t n;

	if (parse_decimal(value, 127, &n))
		return why_set(why, ERR_SYNTAX, "not a decimal number from 0 to 127");
	put_short(w, (unsigned)n);
	return OK;
}

static int
encode_app_id(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	const uint8_t *semicolon = value.n > 0 ? memchr(value.p, ';', value.n) : NULL;
	size_t uri_n = semicolon != NULL ? (size_t)(semicolon - value.p) : value.n;
	struct span uri = span_trim(span_of(value.p, uri_n));
	struct span rest = span_of(value.p + uri_n, value.n - uri_n);
	struct text_param param;
	uint64_t supplied = 0;
	bool has_code = false;
	int64_t code;
	int err = OK;

	while (err == OK) {
		err = take_text_param(&rest, &param, why);
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
		put_integer(w, (uint64_t)code);
	else if (!has_code && wsp_app_id_hex(uri, &supplied))
		put_integer(w, supplied);
	else if (uri.n == 0 || memchr(uri.p, ':', uri.n) == NULL)
		return why_set(why, ERR_SYNTAX,
		    "neither a URI, nor a registered name, nor 1 to 8 hexadecimal digits");
	else if (has_code)
		put_integer(w, supplied);
	else
		return encode_uri(w, field, uri, why);
	return OK;
}

static int
encode_app_list(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	if (span_eq_str(value, "*")) {
		put_short(w, 0);
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
	put_integer(w, n);
	return OK;
}

static int
encode_token(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	int code = wsp_token_code(field->tokens, value);

	if (code < 0 && !wsp_is_token(value))
		return NO_BINARY;
	if (code >= 0)
		put_short(w, (unsigned)code);
	else
		put_text(w, value);
	return OK;
}

static int
encode_language(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	int code = wsp_language_code(value);

	if (code < 0 && !wsp_is_token(value))
		return NO_BINARY;
	if (code >= 0x80 && field->kind == WSP_KIND_ACCEPT_LANGUAGE)
		return NO_BINARY;
	if (code >= 0)
		put_integer(w, (unsigned)code);
	else
		put_text(w, value);
	return OK;
}

static int
encode_charset(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	int code = span_eq_str(value, "*") ? 0 : wsp_charset_mib(value);

	if (code >= 0x80 || (code < 0 && !wsp_is_token(value)))
		return NO_BINARY;
	if (code >= 0)
		put_short(w, (unsigned)code);
	else
		put_text(w, value);
	return OK;
}

static int
encode_field_name(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	int code = wsp_header_code(value);

	if (!wsp_is_token(value))
		return why_set(why, ERR_SYNTAX, "not the name of a header");
	if (code >= 0 && code < WSP_NAME_AS_TEXT)
		put_short(w, (unsigned)code);
	else
		put_text(w, value);
	return OK;
}

static int
encode_md5(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	uint8_t octets[32];
	size_t n;

	if (value.n > 24 || text_base64(value, octets, &n, NULL) || n != 16)
		return why_set(why, ERR_SYNTAX, "not the base64 of 16 octets");
	put_block(w, span_of(octets, n));
	return OK;
}

static int
encode_media(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
{
	return put_media(w, value, why);
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
			put_short(w, (unsigned)code);
		else
			put_text(w, name);
		return OK;
	}
	arg = wsp_unquote(arg);
	if (code == NO_CACHE || code == PRIVATE) {
		put_short(&block, (unsigned)code);
		err = put_cache_fields(&block, arg, why);
		if (err)
			return err;
	} else if (code >= 0) {
		if (parse_decimal(arg, UINT64_MAX, &seconds))
			return why_set(why, ERR_SYNTAX, "not a number of seconds");
		put_short(&block, (unsigned)code);
		put_integer(&block, seconds);
	} else {
		put_text(&block, name);
		put_text_value(&block, arg);
	}
	if (block.err)
		return why_set(why, ERR_LIMIT, "longer than %d octets", WSP_VALUE_MAX);
	put_block(w, wbuf_span(&block));
	return OK;
}

static int
encode_disposition(struct wbuf *w, const struct wsp_field *field, struct span value, struct why *why)
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
		put_short(&block, (unsigned)code);
	else
		put_text(&block, name);
	err = put_params(&block, span_of(value.p + n, value.n - n), WSP_PARAMS_MAX, why);
	if (err)
		return err;
	if (block.err)
		return why_set(why, ERR_LIMIT, "longer than %d octets", WSP_VALUE_MAX);
	put_block(w, wbuf_span(&block));
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

/* ---- headers ----------------------------------------------------------------------------------------- */

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
		return NO_BINARY;
	if (!field->list) {
		put_short(w, field->code);
		return encode(w, field, value, why);
	}
	member = take_member(&rest);
	if (member.n == 0)
		return why_set(why, ERR_SYNTAX, "no value");
	for (; member.n > 0; member = take_member(&rest)) {
		put_short(w, field->code);
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
	int err = NO_BINARY;

	for (i = 0; i < value.n; i++)
		if ((value.p[i] < 0x20 && value.p[i] != '\t') || value.p[i] == 0x7F)
			return why_at(why, ERR_SYNTAX, i, "control character %02X", value.p[i]);
	if (value.n > WSP_VALUE_MAX)
		return why_set(why, ERR_LIMIT, "longer than %d octets", WSP_VALUE_MAX);
	if (field != NULL && field->code == WSP_HDR_CONTENT_TYPE)
		return why_set(why, ERR_SYNTAX, "it stands in front of the headers, not among them");
	if (field != NULL)
		err = put_field(w, field, value, why);
	if (err != NO_BINARY)
		return err;
	w->n = before;
	wbuf_add(w, name);
	wbuf_u8(w, 0);
	put_text(w, value);
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
	return finish(w, before, err, (const char *)name.p, name.n < 64 ? name.n : 64, why);
}
