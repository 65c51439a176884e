/*
 * wbxml.c - see wbxml.h. Spec: WAP-192-WBXML-20010725-a, section 5 (grammar) and 7 (tokens).
 *
 * One pass without recursion. The two code pages, tags and attributes, are separate states, and
 * a page stays in force until the next switch. What string table references add up to has a
 * limit, because a reference of two octets can name a string of any length.
 */
#include "wap/wbxml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "wap/wbxml_tables.h"

enum {
	VERSION_10 = 0x00,		/* has no charset field */
	VERSION_MAX = 0x03,
	MIB_ASCII = 3, MIB_LATIN1 = 4,
	ATTRS_MAX = 32,
	TEXT_MAX = 1024 * 1024,		/* octets that one document may expand to */
	DATE_OCTETS = 7
};

struct frame {
	struct span name;
	const char *xmlns;
};

struct walker {
	struct rbuf r;
	const struct wbxml_table *t;
	const struct wbxml_events *ev;
	void *ctx;
	struct why *why;
	int err;
	uint32_t mib;
	struct span strings;		/* the string table */
	const struct wbxml_tag_page *tags;
	const struct wbxml_attr_page *attrs;
	size_t text_left;
	struct sbuf values;		/* attribute values of one start tag, joined */
	struct sbuf scratch;		/* one string converted */
	unsigned depth;
	struct frame stack[WBXML_DEPTH_MAX];
};

static int fail(struct walker *w, int err, size_t at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static int
fail(struct walker *w, int err, size_t at, const char *fmt, ...)
{
	char text[WHY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	w->err = why_at(w->why, err, at, "offset %zu: %s", at, text);
	return w->err;
}

/* The reader failed: what was it reading? */
static int
cut(struct walker *w, const char *what)
{
	if (w->r.err == ERR_SHORT)
		return fail(w, ERR_SHORT, w->r.err_at, "the message ends inside %s", what);
	return fail(w, w->r.err, w->r.err_at, "%s is a number of more than 32 bits", what);
}

/* The result of a call-back. */
static int
take(struct walker *w, int err, size_t at)
{
	if (err != OK) {
		why_prefix(w->why, "offset %zu", at);
		if (w->why != NULL)
			w->why->offset = at;
		w->err = err;
	}
	return w->err;
}

/* ---- strings ---------------------------------------------------------------------------- */

/* Octets that a document may still expand to shrink by those of s. */
static int
count(struct walker *w, size_t n, size_t at)
{
	if (n > w->text_left)
		return fail(w, ERR_LIMIT, at, "expands to more than %d octets", TEXT_MAX);
	w->text_left -= n;
	return OK;
}

/* U+FFFE and U+FFFF are well-formed UTF-8, but XML has no such characters. */
bool
wbxml_has_noncharacter(struct span s, size_t *at)
{
	size_t i;

	for (i = 0; i + 2 < s.n; i++) {
		if (s.p[i] == 0xEF && s.p[i + 1] == 0xBF && s.p[i + 2] >= 0xBE) {
			*at = i;
			return true;
		}
	}
	return false;
}

/* A string that came from outside: right characters only; latin-1 becomes UTF-8. */
static int
check_string(struct walker *w, struct span *s, size_t at)
{
	size_t i, bad;
	bool ascii = true;

	if (count(w, s->n, at) != OK)
		return w->err;
	for (i = 0; i < s->n; i++) {
		uint8_t c = s->p[i];

		if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
			return fail(w, ERR_SYNTAX, at + i, "control character %02X", c);
		if (c >= 0x80)
			ascii = false;
	}
	if (ascii)
		return OK;
	if (w->mib == MIB_ASCII)
		return fail(w, ERR_SYNTAX, at, "string holds more than us-ascii");
	if (w->mib != MIB_LATIN1) {
		if (!text_is_utf8(*s, &bad))
			return fail(w, ERR_SYNTAX, at + bad, "octet %02X is not UTF-8", s->p[bad]);
		if (wbxml_has_noncharacter(*s, &bad))
			return fail(w, ERR_SYNTAX, at + bad, "U+FFFE or U+FFFF is no character");
		return OK;
	}
	sbuf_clear(&w->scratch);
	for (i = 0; i < s->n; i++) {
		if (s->p[i] >= 0x80)
			sbuf_char(&w->scratch, (char)(0xC0 | s->p[i] >> 6));
		sbuf_char(&w->scratch, (char)(s->p[i] < 0x80 ? s->p[i] : 0x80 | (s->p[i] & 0x3F)));
	}
	*s = sbuf_as_span(&w->scratch);
	return OK;
}

static int
inline_string(struct walker *w, struct span *s)
{
	size_t at = rbuf_pos(&w->r);

	*s = rbuf_cstr(&w->r);
	if (w->r.err)
		return fail(w, ERR_SHORT, at, "string without NUL");
	return check_string(w, s, at);
}

static int
table_string(struct walker *w, struct span *s, const char *what)
{
	size_t at = rbuf_pos(&w->r);
	uint32_t index = rbuf_uintvar(&w->r);
	const uint8_t *p, *nul;

	if (w->r.err)
		return cut(w, what);
	if (index >= w->strings.n)
		return fail(w, ERR_SYNTAX, at, "string table has %zu octets, no index %u", w->strings.n, index);
	p = w->strings.p + index;
	nul = memchr(p, 0, w->strings.n - index);
	if (nul == NULL)
		return fail(w, ERR_SYNTAX, at, "string %u of the string table has no NUL", index);
	*s = span_of(p, (size_t)(nul - p));
	return check_string(w, s, (size_t)(p - w->r.start));
}

/* A name that the tables do not have; it must be one in XML too. */
static int
literal_name(struct walker *w, struct span *s)
{
	static const char others[] = "_:.-0123456789";
	size_t i, at = rbuf_pos(&w->r);

	if (table_string(w, s, "a literal name") != OK)
		return w->err;
	for (i = 0; i < s->n; i++) {
		uint8_t c = s->p[i], letter = c | 0x20;

		if ((letter >= 'a' && letter <= 'z') || (strchr(others, c) != NULL && (i > 0 || c == '_')))
			continue;
		break;
	}
	if (s->n == 0 || i < s->n)
		return fail(w, ERR_SYNTAX, at, "literal name is not a name");
	return OK;
}

/* A character entity as UTF-8 in out[4]; its length, or 0 after an error. */
static size_t
entity(struct walker *w, uint8_t out[4])
{
	size_t at = rbuf_pos(&w->r), n = 0;
	uint32_t c = rbuf_uintvar(&w->r);

	if (w->r.err) {
		cut(w, "a character entity");
		return 0;
	}
	if (c > 0x10FFFF) {
		fail(w, ERR_SYNTAX, at, "character entity above 10FFFF");
		return 0;
	}
	if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || (c >= 0xD800 && c < 0xE000) ||
	    c == 0xFFFE || c == 0xFFFF) {
		fail(w, ERR_SYNTAX, at, "character entity %X is no character", c);
		return 0;
	}
	if (c < 0x80) {
		out[n++] = (uint8_t)c;
	} else if (c < 0x800) {
		out[n++] = (uint8_t)(0xC0 | c >> 6);
	} else if (c < 0x10000) {
		out[n++] = (uint8_t)(0xE0 | c >> 12);
		out[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
	} else {
		out[n++] = (uint8_t)(0xF0 | c >> 18);
		out[n++] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
		out[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
	}
	if (c >= 0x80)
		out[n++] = (uint8_t)(0x80 | (c & 0x3F));
	return count(w, n, at) == OK ? n : 0;
}

static int
opaque(struct walker *w, struct span *s)
{
	size_t at = rbuf_pos(&w->r);
	uint32_t n = rbuf_uintvar(&w->r);

	if (w->r.err)
		return cut(w, "the length of an OPAQUE");
	*s = rbuf_span(&w->r, n);
	if (w->r.err)
		return fail(w, ERR_SHORT, at, "OPAQUE longer than the message");
	return count(w, n, at);
}

/* Binary coded decimal date, octets of 00 dropped at its end -> ISO text behind the values. */
static int
date_value(struct walker *w, struct span s, size_t at)
{
	uint8_t d[DATE_OCTETS] = { 0 };
	char iso[CLOCK_ISO_SIZE];
	time_t t;
	size_t i;

	if (s.n == 0 || s.n > DATE_OCTETS)
		return fail(w, ERR_SYNTAX, at, "date of %zu octets, not 1 to 7", s.n);
	for (i = 0; i < s.n; i++) {
		d[i] = s.p[i];
		if (d[i] >> 4 > 9 || (d[i] & 15) > 9)
			return fail(w, ERR_SYNTAX, at + i, "date octet %02X is not two digits", d[i]);
	}
	snprintf(iso, sizeof iso, "%02X%02X-%02X-%02XT%02X:%02X:%02XZ", d[0], d[1], d[2], d[3], d[4],
	    d[5], d[6]);
	if (clock_parse_iso(iso, &t) != OK)
		return fail(w, ERR_SYNTAX, at, "no such date: %s", iso);
	sbuf_str(&w->values, iso);
	return OK;
}

/* ---- attributes ------------------------------------------------------------------------- */

static int
switch_page(struct walker *w, bool tag_space)
{
	size_t at = rbuf_pos(&w->r);
	uint8_t page = rbuf_u8(&w->r);

	if (w->r.err)
		return cut(w, "SWITCH_PAGE");
	if (page >= (tag_space ? w->t->n_tags : w->t->n_attrs))
		return fail(w, ERR_UNSUPPORTED, at, "no %s page %u", tag_space ? "tag" : "attribute", page);
	if (tag_space)
		w->tags = &w->t->tags[page];
	else
		w->attrs = &w->t->attrs[page];
	return OK;
}

static size_t
tag_page(const struct walker *w)
{
	return (size_t)(w->tags - w->t->tags);
}

static size_t
attr_page(const struct walker *w)
{
	return (size_t)(w->attrs - w->t->attrs);
}

/* Does this octet go on with the value of an attribute? */
static bool
is_value(uint8_t token)
{
	return token >= WBXML_VALUE_MIN || token == WBXML_SWITCH_PAGE || token == WBXML_ENTITY ||
	    token == WBXML_STR_I || (token >= 0x40 && token <= 0x42);
}

static bool
is_date(const struct walker *w, struct span name)
{
	size_t i;

	for (i = 0; i < 2; i++)
		if (w->t->dates[i] != NULL && span_eq_str(name, w->t->dates[i]))
			return true;
	return false;
}

/* One piece of a value, its token read. `whole`: nothing stands in front of it. */
static int
value_piece(struct walker *w, uint8_t token, struct span name, bool whole)
{
	const char *known = NULL;
	size_t n, at = rbuf_pos(&w->r) - 1;
	struct span s = { 0 };
	uint8_t utf8[4];

	if (token >= WBXML_VALUE_MIN && (token != WBXML_STR_T || w->strings.n == 0))
		known = w->attrs != NULL ? w->attrs->values[token - WBXML_VALUE_MIN] : NULL;
	if (known != NULL) {
		sbuf_str(&w->values, known);
		return count(w, strlen(known), at);
	}
	switch (token) {
	case WBXML_ENTITY:
		n = entity(w, utf8);
		sbuf_put(&w->values, utf8, n);
		return w->err;
	case WBXML_STR_I:
		inline_string(w, &s);
		break;
	case WBXML_STR_T:
		table_string(w, &s, "a string reference");
		break;
	case WBXML_OPAQUE:
		if (opaque(w, &s) != OK)
			return w->err;
		if (!is_date(w, name) || !whole)
			return fail(w, ERR_SYNTAX, at, "OPAQUE in the value of %.*s", (int)(name.n > 40 ? 40 : name.n),
			    (const char *)name.p);
		return date_value(w, s, (size_t)(s.p - w->r.start));
	default:
		return fail(w, ERR_UNSUPPORTED, at, "attribute value %02X is not known on page %zu", token,
		    w->attrs != NULL ? attr_page(w) : 0);
	}
	if (w->err == OK)
		sbuf_span(&w->values, s);
	return w->err;
}

/* Name of the attribute whose start token was read, and what the token says of its value. */
static int
attr_start(struct walker *w, uint8_t token, struct span *name, const char **prefix)
{
	size_t at = rbuf_pos(&w->r) - 1;
	const struct wbxml_start *start;

	*prefix = NULL;
	if (token == WBXML_LITERAL)
		return literal_name(w, name);
	if (token >= WBXML_VALUE_MIN || token < WBXML_TOKEN_MIN || (token >= 0x40 && token <= 0x44))
		return fail(w, ERR_SYNTAX, at, "%02X does not start an attribute", token);
	start = w->attrs != NULL ? &w->attrs->starts[token] : NULL;
	if (start == NULL || start->name == NULL)
		return fail(w, ERR_UNSUPPORTED, at, "attribute %02X is not known on page %zu", token,
		    w->attrs != NULL ? attr_page(w) : 0);
	*name = span_str(start->name);
	*prefix = start->prefix;
	return OK;
}

/* One attribute; its start token was read. The value stands at the end of w->values. */
static int
attribute(struct walker *w, uint8_t token, struct wbxml_attr *a)
{
	size_t from = w->values.n;
	const char *prefix;

	if (attr_start(w, token, &a->name, &prefix) != OK)
		return w->err;
	a->has_value = prefix != NULL;
	if (prefix != NULL) {
		sbuf_str(&w->values, prefix);
		if (count(w, strlen(prefix), rbuf_pos(&w->r) - 1) != OK)
			return w->err;
	}
	while (rbuf_left(&w->r) > 0 && is_value(rbuf_peek(&w->r))) {
		token = rbuf_u8(&w->r);
		if (token == WBXML_SWITCH_PAGE)
			switch_page(w, false);
		else
			value_piece(w, token, a->name, !a->has_value);
		if (w->err)
			return w->err;
		if (token != WBXML_SWITCH_PAGE)
			a->has_value = true;
	}
	a->value = span_of(NULL, w->values.n - from);
	return OK;
}

/* The attribute list behind a start tag, with its END. */
static int
attributes(struct walker *w, struct wbxml_attr *attrs, size_t *n)
{
	size_t i, at, from = 0;
	uint8_t token;

	sbuf_clear(&w->values);
	for (;;) {
		at = rbuf_pos(&w->r);
		token = rbuf_u8(&w->r);
		if (w->r.err)
			return fail(w, ERR_SHORT, at, "END of the attributes missing");
		if (token == WBXML_END)
			break;
		if (token == WBXML_SWITCH_PAGE) {
			if (switch_page(w, false) != OK)
				return w->err;
			continue;
		}
		if (*n == ATTRS_MAX)
			return fail(w, ERR_LIMIT, at, "more than %d attributes", ATTRS_MAX);
		if (attribute(w, token, &attrs[*n]) != OK)
			return w->err;
		for (i = 0; i < *n; i++)
			if (span_eq(attrs[i].name, attrs[*n].name))
				return fail(w, ERR_SYNTAX, at, "attribute %.*s twice",
				    (int)(attrs[i].name.n > 40 ? 40 : attrs[i].name.n),
				    (const char *)attrs[i].name.p);
		++*n;
	}
	for (i = 0; i < *n; i++) {		/* the buffer no longer moves */
		attrs[i].value.p = (const uint8_t *)(w->values.s != NULL ? w->values.s : "") + from;
		from += attrs[i].value.n;
	}
	return OK;
}

/* ---- elements ----------------------------------------------------------------------------- */

static int
processing_instruction(struct walker *w)
{
	struct wbxml_attr attrs[ATTRS_MAX];
	size_t n = 0;

	return attributes(w, attrs, &n);	/* checked, and dropped */
}

static int
tag_name(struct walker *w, uint8_t token, size_t at, struct span *name)
{
	uint8_t id = token & WBXML_TAG_MASK;
	const char *known;

	if (id == WBXML_LITERAL)
		return literal_name(w, name);
	if (id < WBXML_TOKEN_MIN)
		return fail(w, ERR_UNSUPPORTED, at, "token %02X is not used here", token);
	known = w->tags->names[id];
	if (known == NULL)
		return fail(w, ERR_UNSUPPORTED, at, "tag %02X is not known on page %zu", id, tag_page(w));
	*name = span_str(known);
	return OK;
}

static int
element(struct walker *w, uint8_t token, size_t at)
{
	struct wbxml_attr attrs[ATTRS_MAX + 1];
	const char *xmlns = w->tags->xmlns;
	struct span name = { 0 };
	size_t n = 0, extra = 0;

	if (tag_name(w, token, at, &name) != OK)
		return w->err;
	if (w->depth == 0 && !span_eq_str(name, w->t->root))
		return fail(w, ERR_SYNTAX, at, "the root is not %s", w->t->root);
	if (w->depth == WBXML_DEPTH_MAX)
		return fail(w, ERR_LIMIT, at, "nesting of more than %d elements", WBXML_DEPTH_MAX);
	if (xmlns != NULL && (w->depth == 0 || w->stack[w->depth - 1].xmlns != xmlns))
		extra = 1;
	if ((token & WBXML_HAS_ATTRS) && attributes(w, attrs + extra, &n) != OK)
		return w->err;
	if (extra)
		attrs[0] = (struct wbxml_attr){ span_str("xmlns"), span_str(xmlns), true };
	if (w->ev->start != NULL &&
	    take(w, w->ev->start(w->ctx, name, attrs, n + extra, w->why), at) != OK)
		return w->err;
	if (token & WBXML_HAS_CONTENT)
		w->stack[w->depth++] = (struct frame){ name, xmlns };
	else if (w->ev->end != NULL)
		take(w, w->ev->end(w->ctx, name, w->why), at);
	return w->err;
}

static int
text(struct walker *w, struct span s, size_t at)
{
	if (w->err == OK && s.n > 0 && w->ev->text != NULL)
		take(w, w->ev->text(w->ctx, s, w->why), at);
	return w->err;
}

static int
opaque_content(struct walker *w, struct span s, size_t at)
{
	switch (w->t->opaque) {
	case OPAQUE_NONE:
		return fail(w, ERR_SYNTAX, at, "OPAQUE in the content of %s", w->t->root);
	case OPAQUE_BASE64:
		sbuf_clear(&w->scratch);
		text_base64_encode(s, &w->scratch);
		return text(w, sbuf_as_span(&w->scratch), at);
	case OPAQUE_DATA:
		if (w->ev->opaque != NULL)
			take(w, w->ev->opaque(w->ctx, s, w->why), at);
		return w->err;
	}
	return w->err;
}

/* What stands between the tags of an element; false: `token` is a tag. */
static bool
content(struct walker *w, uint8_t token, size_t at)
{
	struct span s = { 0 };
	uint8_t utf8[4];

	switch (token) {
	case WBXML_END:
		w->depth--;
		if (w->ev->end != NULL)
			take(w, w->ev->end(w->ctx, w->stack[w->depth].name, w->why), at);
		return true;
	case WBXML_ENTITY:
		s = span_of(utf8, entity(w, utf8));
		text(w, s, at);
		return true;
	case WBXML_STR_I:
		inline_string(w, &s);
		text(w, s, at);
		return true;
	case WBXML_STR_T:
		table_string(w, &s, "a string reference");
		text(w, s, at);
		return true;
	case WBXML_OPAQUE:
		if (opaque(w, &s) != OK)
			return true;
		opaque_content(w, s, at);
		return true;
	default:
		return false;
	}
}

static int
body(struct walker *w)
{
	bool seen = false;

	while (!seen || w->depth > 0) {
		size_t at = rbuf_pos(&w->r);
		uint8_t token = rbuf_u8(&w->r);

		if (w->r.err)
			return fail(w, ERR_SHORT, at, seen ? "END missing" : "no root element");
		if (token == WBXML_SWITCH_PAGE) {
			switch_page(w, true);
		} else if (token == WBXML_PI) {
			processing_instruction(w);
		} else if (w->depth == 0 || !content(w, token, at)) {
			element(w, token, at);
			seen = true;
		}
		if (w->err)
			return w->err;
	}
	while (rbuf_left(&w->r) > 0 && rbuf_peek(&w->r) == WBXML_PI) {
		rbuf_u8(&w->r);
		if (processing_instruction(w) != OK)
			return w->err;
	}
	if (rbuf_left(&w->r) > 0)
		return fail(w, ERR_SYNTAX, rbuf_pos(&w->r), "%zu octets behind the end", rbuf_left(&w->r));
	return OK;
}

/* ---- prologue ------------------------------------------------------------------------------- */

static int
find_table(struct walker *w, const char *media, uint32_t public_id, size_t id_at)
{
	struct span name = { 0 };

	if (media != NULL)
		w->t = wbxml_table_for_media(media);
	if (w->t == NULL && public_id != 0)
		w->t = wbxml_table_for_id(public_id);
	if (w->t == NULL && public_id == 0) {
		struct sbuf quoted = { 0 };

		w->r.p = w->r.start + id_at;		/* the index stood before the table */
		if (table_string(w, &name, "the public id") != OK)
			return w->err;
		w->t = wbxml_table_for_name(name);
		w->r.p = w->strings.p + w->strings.n;
		if (w->t == NULL) {
			sbuf_quote(&quoted, name);
			fail(w, ERR_UNSUPPORTED, id_at, "no token tables for public id %s",
			    quoted.s != NULL ? quoted.s : "\"\"");
			sbuf_done(&quoted);
			return w->err;
		}
	}
	if (w->t == NULL)
		return fail(w, ERR_UNSUPPORTED, 1, "no token tables for public id 0x%02X", public_id);
	w->tags = &w->t->tags[0];
	w->attrs = w->t->n_attrs > 0 ? &w->t->attrs[0] : NULL;
	return OK;
}

static int
prologue(struct walker *w, const char *media)
{
	uint8_t version = rbuf_u8(&w->r);
	size_t id_at = 1, at;
	uint32_t public_id, n;

	if (w->r.err)
		return cut(w, "the version");
	if (version > VERSION_MAX)
		return fail(w, ERR_UNSUPPORTED, 0, "WBXML version octet %02X is not 00 to 03", version);
	public_id = rbuf_uintvar(&w->r);
	if (w->r.err)
		return cut(w, "the public id");
	if (public_id == 0) {
		id_at = rbuf_pos(&w->r);
		rbuf_uintvar(&w->r);
		if (w->r.err)
			return cut(w, "the public id");
	}
	at = rbuf_pos(&w->r);
	w->mib = version == VERSION_10 ? WBXML_MIB_UTF8 : rbuf_uintvar(&w->r);
	if (w->r.err)
		return cut(w, "the charset");
	if (w->mib != WBXML_MIB_UTF8 && w->mib != MIB_ASCII && w->mib != MIB_LATIN1 && w->mib != 0)
		return fail(w, ERR_UNSUPPORTED, at, "charset number %u is not utf-8, us-ascii or iso-8859-1",
		    w->mib);
	at = rbuf_pos(&w->r);
	n = rbuf_uintvar(&w->r);
	if (w->r.err)
		return cut(w, "the length of the string table");
	w->strings = rbuf_span(&w->r, n);
	if (w->r.err)
		return fail(w, ERR_SHORT, at, "string table longer than the message");
	return find_table(w, media, public_id, id_at);
}

int
wbxml_walk(struct span in, const char *media, const struct wbxml_events *ev, void *ctx, struct why *why)
{
	struct walker w = {
		.r = rbuf_from(in), .ev = ev, .ctx = ctx, .why = why, .text_left = TEXT_MAX,
	};

	if (in.n > WBXML_MAX)
		return why_at(why, ERR_LIMIT, 0, "offset 0: document of more than %d octets", WBXML_MAX);
	if (prologue(&w, media) == OK)
		body(&w);
	sbuf_done(&w.values);
	sbuf_done(&w.scratch);
	return w.err;
}

int
wbxml_identify(struct span in, const char **media, struct why *why)
{
	struct walker w = { .r = rbuf_from(in), .why = why, .text_left = TEXT_MAX };

	prologue(&w, NULL);
	*media = w.err == OK ? w.t->media : NULL;
	sbuf_done(&w.scratch);
	return w.err;
}

int
wbxml_check(struct span in, const char *media, struct why *why)
{
	static const struct wbxml_events none;

	return wbxml_walk(in, media, &none, NULL, why);
}
