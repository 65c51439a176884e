/* wbxml_encode.c - see wbxml_encode.h. Spec: WAP-192-WBXML-20010725-a, 5; WAP-167 8.2.2 (dates). */
#include "wap/wbxml_encode.h"

#include <string.h>

void
wbxml_encode_octet(struct wbxml_encoder *e, uint8_t octet)
{
	sbuf_char(&e->out, (char)octet);
}

void
wbxml_encode_string(struct wbxml_encoder *e, struct span s)
{
	wbxml_encode_octet(e, WBXML_STR_I);
	sbuf_span(&e->out, s);
	wbxml_encode_octet(e, 0);
}

void
wbxml_encoder_start(struct wbxml_encoder *e, const struct wbxml_table *t, uint8_t version)
{
	unsigned k;

	e->t = t;
	e->version = version;
	for (k = WBXML_VALUE_MIN; t->n_attrs > 0 && k < 0x100 && e->n_values < WBXML_ENCODER_VALUES; k++)
		if (t->attrs[0].values[k - WBXML_VALUE_MIN] != NULL)
			e->values[e->n_values++] = (uint8_t)k;
	sbuf_reserve(&e->out, 256);
}

/* mb_u_int32 has the form of WSP's uintvar. */
static void
put_number(struct sbuf *out, size_t n)
{
	uint8_t octets[5];
	struct wbuf w = wbuf_into(octets, sizeof octets);

	wbuf_uintvar(&w, (uint32_t)n);
	sbuf_span(out, wbuf_span(&w));
}

void
wbxml_encoder_finish(struct wbxml_encoder *e)
{
	struct sbuf whole = { 0 };

	sbuf_reserve(&whole, 13 + e->strings.n + e->out.n);
	sbuf_char(&whole, (char)e->version);
	put_number(&whole, e->t->public_id);
	sbuf_char(&whole, WBXML_MIB_UTF8);
	put_number(&whole, e->strings.n);
	sbuf_span(&whole, sbuf_as_span(&e->strings));
	sbuf_span(&whole, sbuf_as_span(&e->out));
	sbuf_done(&e->out);
	e->out = whole;
}

void
wbxml_encoder_done(struct wbxml_encoder *e)
{
	sbuf_done(&e->out);
	sbuf_done(&e->strings);
	*e = (struct wbxml_encoder){ 0 };
}

/* What is open has content after all. */
static void
content_starts(struct wbxml_encoder *e)
{
	if (e->open)
		e->out.s[e->tag] |= WBXML_HAS_CONTENT;
	e->open = false;
}

void
wbxml_encode_tag(struct wbxml_encoder *e, uint8_t token, bool attrs)
{
	content_starts(e);
	e->tag = e->out.n;
	e->open = true;
	wbxml_encode_octet(e, (uint8_t)(token | (attrs ? WBXML_HAS_ATTRS : 0)));
}

void
wbxml_encode_tag_of(struct wbxml_encoder *e, uint8_t page, uint8_t token)
{
	if (page != e->page) {
		content_starts(e);
		wbxml_encode_octet(e, WBXML_SWITCH_PAGE);
		wbxml_encode_octet(e, page);
		e->page = page;
	}
	wbxml_encode_tag(e, token, false);
}

void
wbxml_encode_attrs_end(struct wbxml_encoder *e)
{
	wbxml_encode_octet(e, WBXML_END);
}

void
wbxml_encode_text(struct wbxml_encoder *e, struct span text)
{
	if (text.n == 0)
		return;
	content_starts(e);
	wbxml_encode_string(e, text);
}

void
wbxml_encode_opaque(struct wbxml_encoder *e, struct span octets)
{
	content_starts(e);
	wbxml_encode_octet(e, WBXML_OPAQUE);
	put_number(&e->out, octets.n);
	sbuf_span(&e->out, octets);
}

void
wbxml_encode_end(struct wbxml_encoder *e)
{
	if (!e->open)
		wbxml_encode_octet(e, WBXML_END);
	e->open = false;
}

void
wbxml_encode_instruction(struct wbxml_encoder *e, const char *target, struct span data)
{
	content_starts(e);
	wbxml_encode_octet(e, WBXML_PI);
	wbxml_encode_octet(e, WBXML_LITERAL);
	put_number(&e->out, e->strings.n);
	sbuf_put(&e->strings, target, strlen(target) + 1);
	if (data.n > 0)
		wbxml_encode_string(e, data);
	wbxml_encode_octet(e, WBXML_END);
}

/* ---- names ---------------------------------------------------------------------------------- */

uint8_t
wbxml_tag_token(const struct wbxml_table *t, const char *name)
{
	uint8_t k;

	for (k = WBXML_TOKEN_MIN; k <= WBXML_TAG_MASK; k++)
		if (t->tags[0].names[k] != NULL && strcmp(t->tags[0].names[k], name) == 0)
			return k;
	return 0;
}

bool
wbxml_attr_known(const struct wbxml_table *t, const char *name)
{
	uint8_t k;

	for (k = WBXML_TOKEN_MIN; k < WBXML_VALUE_MIN; k++)
		if (t->attrs[0].starts[k].name != NULL && strcmp(t->attrs[0].starts[k].name, name) == 0)
			return true;
	return false;
}

/* ---- values --------------------------------------------------------------------------------- */

static bool
starts_with(struct span s, const char *prefix, size_t n)
{
	return n <= s.n && memcmp(s.p, prefix, n) == 0;
}

/* The start token that says most of the value; *used: how much. */
static uint8_t
longest_start(const struct wbxml_encoder *e, const char *name, struct span value, size_t *used)
{
	const struct wbxml_start *starts = e->t->attrs[0].starts;
	uint8_t k, best = 0;

	*used = 0;
	for (k = WBXML_TOKEN_MIN; k < 0x80; k++) {
		size_t n;

		if (starts[k].name == NULL || strcmp(starts[k].name, name) != 0)
			continue;
		n = starts[k].prefix != NULL ? strlen(starts[k].prefix) : 0;
		if ((best == 0 || n > *used) && (n == 0 || starts_with(value, starts[k].prefix, n))) {
			best = k;
			*used = n;
		}
	}
	return best;
}

/* The value token that stands at the front of s, or 0. */
static uint8_t
value_token(const struct wbxml_encoder *e, struct span s, size_t *used)
{
	size_t i;

	for (i = 0; i < e->n_values; i++) {
		const char *text = e->t->attrs[0].values[e->values[i] - WBXML_VALUE_MIN];

		if (s.p[0] == (uint8_t)text[0] && starts_with(s, text, strlen(text))) {
			*used = strlen(text);
			return e->values[i];
		}
	}
	return 0;
}

static void
put_value(struct wbxml_encoder *e, struct span value)
{
	size_t i, used, from;

	for (i = from = 0; i < value.n; ) {
		uint8_t token = value_token(e, span_of(value.p + i, value.n - i), &used);

		if (token == 0) {
			i++;
			continue;
		}
		if (i > from)
			wbxml_encode_string(e, span_of(value.p + from, i - from));
		wbxml_encode_octet(e, token);
		from = i += used;
	}
	if (i > from)
		wbxml_encode_string(e, span_of(value.p + from, i - from));
}

void
wbxml_encode_attr_start(struct wbxml_encoder *e, const char *name, struct span *value)
{
	size_t used;

	wbxml_encode_octet(e, longest_start(e, name, *value, &used));
	*value = span_of(value->p + used, value->n - used);
}

void
wbxml_encode_attr(struct wbxml_encoder *e, const char *name, struct span value)
{
	wbxml_encode_attr_start(e, name, &value);
	put_value(e, value);
}

void
wbxml_encode_piece(struct wbxml_encoder *e, struct span s, bool attribute)
{
	if (attribute)
		put_value(e, s);
	else
		wbxml_encode_text(e, s);
}

void
wbxml_encode_variable(struct wbxml_encoder *e, struct span name, int how, bool attribute)
{
	if (!attribute)
		content_starts(e);
	wbxml_encode_octet(e, (uint8_t)(WBXML_EXT_I + how));
	sbuf_span(&e->out, name);
	wbxml_encode_octet(e, 0);
}

void
wbxml_encode_date(struct wbxml_encoder *e, const char *name, const char *iso)
{
	uint8_t octets[7] = { 0 };
	size_t used, i, n = 0;

	for (i = 0; iso[i] != '\0' && n < 14; i++) {
		if (iso[i] < '0' || iso[i] > '9')
			continue;
		octets[n / 2] = (uint8_t)(octets[n / 2] << 4 | (iso[i] - '0'));
		n++;
	}
	for (n = sizeof octets; n > 1 && octets[n - 1] == 0; n--)
		;
	wbxml_encode_octet(e, longest_start(e, name, span_of(NULL, 0), &used));
	wbxml_encode_octet(e, WBXML_OPAQUE);
	wbxml_encode_octet(e, (uint8_t)n);
	sbuf_put(&e->out, octets, n);
}
