/*
 * wsp_encode_type.c - values, parameters and content types, from text to octets.
 * Spec: WAP-230-WSP-20010705-a 8.4.2.1 to 8.4.2.4 (value forms, parameters), 8.4.2.24 (Content-Type).
 */
#include "wap/wsp_int.h"

#include <string.h>

#include "base/text.h"

/* ---- primitives --------------------------------------------------------------------- */

void
wsp_put_short(struct wbuf *w, unsigned code)
{
	wbuf_u8(w, (uint8_t)(0x80 | code));
}

void
wsp_put_long(struct wbuf *w, uint64_t v)
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

void
wsp_put_integer(struct wbuf *w, uint64_t v)
{
	if (v < 0x80)
		wsp_put_short(w, (unsigned)v);
	else
		wsp_put_long(w, v);
}

void
wsp_put_text(struct wbuf *w, struct span text)
{
	if (text.n > 0 && text.p[0] >= 0x80)
		wbuf_u8(w, 0x7F);
	wbuf_add(w, text);
	wbuf_u8(w, 0);
}

void
wsp_put_block(struct wbuf *w, struct span block)
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
void
wsp_put_text_value(struct wbuf *w, struct span text)
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

int
wsp_decimal(struct span s, uint64_t max, uint64_t *out)
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

/* ---- parameters in text ------------------------------------------------------------- */

static bool
put_value_char(struct wsp_text_param *param, size_t *n, uint8_t c)
{
	if (*n + 1 >= sizeof param->value)
		return false;
	param->value[(*n)++] = (char)c;
	param->value[*n] = '\0';
	return true;
}

static int
take_quoted(struct span *rest, struct wsp_text_param *param, struct why *why)
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
take_unquoted(struct span *rest, struct wsp_text_param *param, struct why *why)
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

int
wsp_text_param_take(struct span *rest, struct wsp_text_param *param, struct why *why)
{
	size_t n = 0;
	int err = OK;

	*param = (struct wsp_text_param){ 0 };
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

/* ---- parameters in octets ----------------------------------------------------------- */

static int
put_q(struct wbuf *w, struct span s)
{
	unsigned q = 0, scale = 0;
	size_t i;

	/* "0.5", up to three decimals; 1 is the default and has no code. */
	if (s.n < 1 || s.n > 5 || s.p[0] != '0' || (s.n > 1 && s.p[1] != '.'))
		return WSP_NO_BINARY;
	for (i = 2; i < s.n; i++, scale++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return WSP_NO_BINARY;
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
		return WSP_NO_BINARY;
	major = s.p[0] - '0';
	if (s.n > 1) {
		uint64_t v;

		if (s.p[1] != '.' || wsp_decimal(span_of(s.p + 2, s.n - 2), 14, &v))
			return WSP_NO_BINARY;
		minor = (unsigned)v;
	}
	wsp_put_short(w, major << 4 | minor);
	return OK;
}

static int
put_sec(struct wbuf *w, struct span s)
{
	int code = wsp_token_code(wsp_sec_names, s);
	uint64_t n;

	if (code < 0 && (wsp_decimal(s, 3, &n) || s.n != 1))
		return ERR_SYNTAX;
	wsp_put_short(w, code >= 0 ? (unsigned)code : (unsigned)n);
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
			return WSP_NO_BINARY;
		wsp_put_integer(w, (uint64_t)code);
		return OK;
	case WSP_PARAM_VERSION:
		return put_version(w, value);
	case WSP_PARAM_INTEGER:
		if (wsp_decimal(value, 127, &n))
			return WSP_NO_BINARY;
		wsp_put_short(w, (unsigned)n);
		return OK;
	case WSP_PARAM_FIELD:
		code = wsp_header_code(value);
		if (code < 0 || code >= WSP_NAME_AS_TEXT)
			return WSP_NO_BINARY;
		wsp_put_short(w, (unsigned)code);
		return OK;
	case WSP_PARAM_MEDIA:
		code = wsp_content_code(value);
		if (code >= 0 && code < 0x80)
			wsp_put_short(w, (unsigned)code);
		else if (value.n > 0)
			wsp_put_text(w, value);
		else
			return WSP_NO_BINARY;
		return OK;
	case WSP_PARAM_SEC:
		return put_sec(w, value);
	case WSP_PARAM_TEXT:
		if (row->text_value)
			wsp_put_text_value(w, value);
		else
			wsp_put_text(w, value);
		return OK;
	case WSP_PARAM_NONE:
	case WSP_PARAM_DATE:
		break;
	}
	return WSP_NO_BINARY;
}

static int
put_param(struct wbuf *w, const struct wsp_text_param *param, struct why *why)
{
	const struct wsp_param_row *row = wsp_param_to_encode(param->name);
	struct span value = span_str(param->value);
	size_t before = w->n;
	int err = WSP_NO_BINARY;

	if (row != NULL && value.n == 0 && (row->kind == WSP_PARAM_SEC || row->text_value ||
	    row->kind == WSP_PARAM_CHARSET))
		return why_set(why, ERR_SYNTAX, "parameter %s: no value", row->name);
	if (row != NULL && param->has_value) {
		wsp_put_short(w, row->code);
		err = put_coded_value(w, row, value);
	}
	if (err == ERR_SYNTAX)
		return why_set(why, err, "parameter %s: none of NETWPIN, USERPIN, USERNETWPIN, USERPINMAC",
		    row->name);
	if (err == WSP_NO_BINARY) {
		w->n = before;
		wbuf_add(w, param->name);
		wbuf_u8(w, 0);
		wsp_put_text_value(w, value);
	}
	return OK;
}

int
wsp_put_params(struct wbuf *w, struct span text, size_t max, struct why *why)
{
	size_t n;

	for (n = 0;; n++) {
		struct wsp_text_param param;
		int err = wsp_text_param_take(&text, &param, why);

		if (err || param.name.n == 0)
			return err;
		if (n == max)
			return why_set(why, ERR_LIMIT, "more than %zu parameters", max);
		err = put_param(w, &param, why);
		if (err)
			return err;
	}
}

/* ---- Content-Type ------------------------------------------------------------------- */

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
	struct wsp_text_param param;
	struct span after = *rest;
	int code;

	if (wsp_text_param_take(&after, &param, NULL) || param.name.n == 0)
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

int
wsp_put_media(struct wbuf *w, struct span value, struct why *why)
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
		wsp_put_integer(&block, (unsigned)code);
	else
		wsp_put_text(&block, media);
	err = wsp_put_params(&block, params, WSP_PARAMS_MAX, why);
	if (err)
		return err;
	if (block.err)
		return why_set(why, ERR_LIMIT, "longer than %d octets", WSP_VALUE_MAX);
	/* The constrained form: a code below 80 or a text, and nothing else. */
	if (code < 0x80 && block.n == (code < 0 ? media.n + 1 : 1))
		wbuf_add(w, wbuf_span(&block));
	else
		wsp_put_block(w, wbuf_span(&block));
	return OK;
}

int
wsp_encode_finish(struct wbuf *w, size_t before, int err, struct span name, struct why *why)
{
	int n = (int)(name.n < 64 ? name.n : 64);

	if (err == OK && w->err)
		return why_set(why, w->err, "%.*s: no room left for it", n, (const char *)name.p);
	if (err) {
		w->n = before;
		why_prefix(why, "%.*s", n, (const char *)name.p);
	}
	return err;
}

int
wsp_content_type_encode(struct wbuf *w, struct span value, struct why *why)
{
	size_t before = w->n;
	int err = wsp_put_media(w, value, why);

	return wsp_encode_finish(w, before, err, span_str("Content-Type"), why);
}
