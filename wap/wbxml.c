/*
 * wbxml.c - see wbxml.h. Spec: WAP-192-WBXML-20010725-a, section 5 (grammar) and 7 (tokens).
 *
 * One pass without recursion. The two code pages, tags and attributes, are separate states, and
 * a page stays in force until the next switch.
 */
#include "wap/wbxml_int.h"

#include <string.h>

#include "base/text.h"

enum {
	VERSION_10 = 0x00,		/* has no charset field */
	VERSION_MAX = 0x03,
	ATTRS_MAX = 32
};

/* The result of a call-back. */
static int
take(struct wbxml_walker *w, int err, size_t at)
{
	if (err != OK) {
		why_prefix(w->why, "offset %zu", at);
		if (w->why != NULL)
			w->why->offset = at;
		w->err = err;
	}
	return w->err;
}

/* ---- attributes ------------------------------------------------------------------------- */

static int
switch_page(struct wbxml_walker *w, bool tag_space)
{
	size_t at = rbuf_pos(&w->r);
	uint8_t page = rbuf_u8(&w->r);

	if (w->r.err)
		return wbxml_cut(w, "SWITCH_PAGE");
	if (page >= (tag_space ? w->t->n_tags : w->t->n_attrs))
		return wbxml_fail(w, ERR_UNSUPPORTED, at, "no %s page %u", tag_space ? "tag" : "attribute", page);
	if (tag_space)
		w->tags = &w->t->tags[page];
	else
		w->attrs = &w->t->attrs[page];
	return OK;
}

static size_t
tag_page(const struct wbxml_walker *w)
{
	return (size_t)(w->tags - w->t->tags);
}

static size_t
attr_page(const struct wbxml_walker *w)
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
is_date(const struct wbxml_walker *w, struct span name)
{
	size_t i;

	for (i = 0; i < 2; i++)
		if (w->t->dates[i] != NULL && span_eq_str(name, w->t->dates[i]))
			return true;
	return false;
}

static bool
is_variable(const struct wbxml_walker *w, uint8_t token)
{
	return w->t->variables && ((token >= WBXML_EXT_I && token <= WBXML_EXT_I + 2) ||
	    (token >= WBXML_EXT_T && token <= WBXML_EXT_T + 2));
}

/* In a document with variables a dollar is written twice. */
static void
put_string(const struct wbxml_walker *w, struct span s, struct sbuf *out)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		sbuf_char(out, (char)s.p[i]);
		if (s.p[i] == '$' && w->t->variables)
			sbuf_char(out, '$');
	}
}

/* One piece of a value, its token read. `whole`: nothing stands in front of it. */
static int
value_piece(struct wbxml_walker *w, uint8_t token, struct span name, bool whole)
{
	const char *known = NULL;
	size_t n, at = rbuf_pos(&w->r) - 1;
	struct span s = { 0 };
	uint8_t utf8[4];

	if (token >= WBXML_VALUE_MIN && (token != WBXML_STR_T || w->strings.n == 0))
		known = w->attrs != NULL ? w->attrs->values[token - WBXML_VALUE_MIN] : NULL;
	if (known != NULL) {
		sbuf_str(&w->values, known);
		return wbxml_count(w, strlen(known), at);
	}
	if (is_variable(w, token))
		return wbxml_variable(w, token, &w->values);
	switch (token) {
	case WBXML_ENTITY:
		n = wbxml_entity(w, utf8);
		sbuf_put(&w->values, utf8, n);
		return w->err;
	case WBXML_STR_I:
		wbxml_inline_string(w, &s);
		break;
	case WBXML_STR_T:
		wbxml_table_string(w, &s, "a string reference");
		break;
	case WBXML_OPAQUE:
		if (wbxml_opaque_octets(w, &s) != OK)
			return w->err;
		if (!is_date(w, name) || !whole)
			return wbxml_fail(w, ERR_SYNTAX, at, "OPAQUE in the value of %.*s", (int)(name.n > 40 ? 40 : name.n),
			    (const char *)name.p);
		return wbxml_date(w, s, (size_t)(s.p - w->r.start));
	default:
		return wbxml_fail(w, ERR_UNSUPPORTED, at, "attribute value %02X is not known on page %zu", token,
		    w->attrs != NULL ? attr_page(w) : 0);
	}
	if (w->err == OK)
		put_string(w, s, &w->values);
	return w->err;
}

/* Name of the attribute whose start token was read, and what the token says of its value. */
static int
attr_start(struct wbxml_walker *w, uint8_t token, struct span *name, const char **prefix)
{
	size_t at = rbuf_pos(&w->r) - 1;
	const struct wbxml_start *start;

	*prefix = NULL;
	if (token == WBXML_LITERAL)
		return wbxml_literal_name(w, name);
	if (token >= WBXML_VALUE_MIN || token < WBXML_TOKEN_MIN || (token >= 0x40 && token <= 0x44))
		return wbxml_fail(w, ERR_SYNTAX, at, "%02X does not start an attribute", token);
	start = w->attrs != NULL ? &w->attrs->starts[token] : NULL;
	if (start == NULL || start->name == NULL)
		return wbxml_fail(w, ERR_UNSUPPORTED, at, "attribute %02X is not known on page %zu", token,
		    w->attrs != NULL ? attr_page(w) : 0);
	*name = span_str(start->name);
	*prefix = start->prefix;
	return OK;
}

/* One attribute; its start token was read. The value stands at the end of w->values. */
static int
attribute(struct wbxml_walker *w, uint8_t token, struct wbxml_attr *a)
{
	size_t from = w->values.n;
	const char *prefix;

	if (attr_start(w, token, &a->name, &prefix) != OK)
		return w->err;
	a->has_value = prefix != NULL;
	if (prefix != NULL) {
		sbuf_str(&w->values, prefix);
		if (wbxml_count(w, strlen(prefix), rbuf_pos(&w->r) - 1) != OK)
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
attributes(struct wbxml_walker *w, struct wbxml_attr *attrs, size_t *n)
{
	size_t i, at, from = 0;
	uint8_t token;

	sbuf_clear(&w->values);
	for (;;) {
		at = rbuf_pos(&w->r);
		token = rbuf_u8(&w->r);
		if (w->r.err)
			return wbxml_fail(w, ERR_SHORT, at, "END of the attributes missing");
		if (token == WBXML_END)
			break;
		if (token == WBXML_SWITCH_PAGE) {
			if (switch_page(w, false) != OK)
				return w->err;
			continue;
		}
		if (*n == ATTRS_MAX)
			return wbxml_fail(w, ERR_LIMIT, at, "more than %d attributes", ATTRS_MAX);
		if (attribute(w, token, &attrs[*n]) != OK)
			return w->err;
		for (i = 0; i < *n; i++)
			if (span_eq(attrs[i].name, attrs[*n].name))
				return wbxml_fail(w, ERR_SYNTAX, at, "attribute %.*s twice",
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
processing_instruction(struct wbxml_walker *w)
{
	struct wbxml_attr attrs[ATTRS_MAX];
	size_t n = 0;

	return attributes(w, attrs, &n);	/* checked, and dropped */
}

static int
tag_name(struct wbxml_walker *w, uint8_t token, size_t at, struct span *name)
{
	uint8_t id = token & WBXML_TAG_MASK;
	const char *known;

	if (id == WBXML_LITERAL)
		return wbxml_literal_name(w, name);
	if (id < WBXML_TOKEN_MIN)
		return wbxml_fail(w, ERR_UNSUPPORTED, at, "token %02X is not used here", token);
	known = w->tags->names[id];
	if (known == NULL)
		return wbxml_fail(w, ERR_UNSUPPORTED, at, "tag %02X is not known on page %zu", id, tag_page(w));
	*name = span_str(known);
	return OK;
}

static int
element(struct wbxml_walker *w, uint8_t token, size_t at)
{
	struct wbxml_attr attrs[ATTRS_MAX + 1];
	const char *xmlns = w->tags->xmlns;
	struct span name = { 0 };
	size_t n = 0, extra = 0;

	if (tag_name(w, token, at, &name) != OK)
		return w->err;
	if (w->depth == 0 && !span_eq_str(name, w->t->root))
		return wbxml_fail(w, ERR_SYNTAX, at, "the root is not %s", w->t->root);
	if (w->depth == WBXML_DEPTH_MAX)
		return wbxml_fail(w, ERR_LIMIT, at, "nesting of more than %d elements", WBXML_DEPTH_MAX);
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
		w->stack[w->depth++] = (struct wbxml_frame){ name, xmlns };
	else if (w->ev->end != NULL)
		take(w, w->ev->end(w->ctx, name, w->why), at);
	return w->err;
}

static int
text(struct wbxml_walker *w, struct span s, size_t at)
{
	if (w->err == OK && s.n > 0 && w->ev->text != NULL)
		take(w, w->ev->text(w->ctx, s, w->why), at);
	return w->err;
}

static int
opaque_content(struct wbxml_walker *w, struct span s, size_t at)
{
	switch (w->t->opaque) {
	case OPAQUE_NONE:
		return wbxml_fail(w, ERR_SYNTAX, at, "OPAQUE in the content of %s", w->t->root);
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

/* Text of a document with variables: a piece that has to be written otherwise than it came. */
static void
variable_text(struct wbxml_walker *w, uint8_t token, struct span s, size_t at)
{
	struct sbuf out = { 0 };

	if (token != WBXML_STR_I && token != WBXML_STR_T)
		wbxml_variable(w, token, &out);
	else
		put_string(w, s, &out);
	text(w, sbuf_as_span(&out), at);
	sbuf_done(&out);
}

static void
string_text(struct wbxml_walker *w, uint8_t token, struct span s, size_t at)
{
	if (w->err == OK && w->t->variables)
		variable_text(w, token, s, at);
	else
		text(w, s, at);
}

/* What stands between the tags of an element; false: `token` is a tag. */
static bool
content(struct wbxml_walker *w, uint8_t token, size_t at)
{
	struct span s = { 0 };
	uint8_t utf8[4];

	if (is_variable(w, token)) {
		variable_text(w, token, s, at);
		return true;
	}

	switch (token) {
	case WBXML_END:
		w->depth--;
		if (w->ev->end != NULL)
			take(w, w->ev->end(w->ctx, w->stack[w->depth].name, w->why), at);
		return true;
	case WBXML_ENTITY:
		s = span_of(utf8, wbxml_entity(w, utf8));
		text(w, s, at);
		return true;
	case WBXML_STR_I:
		wbxml_inline_string(w, &s);
		string_text(w, token, s, at);
		return true;
	case WBXML_STR_T:
		wbxml_table_string(w, &s, "a string reference");
		string_text(w, token, s, at);
		return true;
	case WBXML_OPAQUE:
		if (wbxml_opaque_octets(w, &s) != OK)
			return true;
		opaque_content(w, s, at);
		return true;
	default:
		return false;
	}
}

static int
body(struct wbxml_walker *w)
{
	bool seen = false;

	while (!seen || w->depth > 0) {
		size_t at = rbuf_pos(&w->r);
		uint8_t token = rbuf_u8(&w->r);

		if (w->r.err)
			return wbxml_fail(w, ERR_SHORT, at, seen ? "END missing" : "no root element");
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
		return wbxml_fail(w, ERR_SYNTAX, rbuf_pos(&w->r), "%zu octets behind the end", rbuf_left(&w->r));
	return OK;
}

/* ---- prologue ------------------------------------------------------------------------------- */

static int
find_table(struct wbxml_walker *w, const char *media, uint32_t public_id, size_t id_at)
{
	struct span name = { 0 };

	if (media != NULL)
		w->t = wbxml_table_for_media(media);
	if (w->t == NULL && public_id != 0)
		w->t = wbxml_table_for_id(public_id);
	if (w->t == NULL && public_id == 0) {
		struct sbuf quoted = { 0 };

		w->r.p = w->r.start + id_at;		/* the index stood before the table */
		if (wbxml_table_string(w, &name, "the public id") != OK)
			return w->err;
		w->t = wbxml_table_for_name(name);
		w->r.p = w->strings.p + w->strings.n;
		if (w->t == NULL) {
			sbuf_quote(&quoted, name);
			wbxml_fail(w, ERR_UNSUPPORTED, id_at, "no token tables for public id %s",
			    quoted.s != NULL ? quoted.s : "\"\"");
			sbuf_done(&quoted);
			return w->err;
		}
	}
	if (w->t == NULL)
		return wbxml_fail(w, ERR_UNSUPPORTED, 1, "no token tables for public id 0x%02X", public_id);
	w->tags = &w->t->tags[0];
	w->attrs = w->t->n_attrs > 0 ? &w->t->attrs[0] : NULL;
	return OK;
}

static int
prologue(struct wbxml_walker *w, const char *media)
{
	uint8_t version = rbuf_u8(&w->r);
	size_t id_at = 1, at;
	uint32_t public_id, n;

	if (w->r.err)
		return wbxml_cut(w, "the version");
	if (version > VERSION_MAX)
		return wbxml_fail(w, ERR_UNSUPPORTED, 0, "WBXML version octet %02X is not 00 to 03", version);
	public_id = rbuf_uintvar(&w->r);
	if (w->r.err)
		return wbxml_cut(w, "the public id");
	if (public_id == 0) {
		id_at = rbuf_pos(&w->r);
		rbuf_uintvar(&w->r);
		if (w->r.err)
			return wbxml_cut(w, "the public id");
	}
	at = rbuf_pos(&w->r);
	w->mib = version == VERSION_10 ? WBXML_MIB_UTF8 : rbuf_uintvar(&w->r);
	if (w->r.err)
		return wbxml_cut(w, "the charset");
	if (w->mib != WBXML_MIB_UTF8 && w->mib != MIB_ASCII && w->mib != MIB_LATIN1 && w->mib != 0)
		return wbxml_fail(w, ERR_UNSUPPORTED, at, "charset number %u is not utf-8, us-ascii or iso-8859-1",
		    w->mib);
	at = rbuf_pos(&w->r);
	n = rbuf_uintvar(&w->r);
	if (w->r.err)
		return wbxml_cut(w, "the length of the string table");
	w->strings = rbuf_span(&w->r, n);
	if (w->r.err)
		return wbxml_fail(w, ERR_SHORT, at, "string table longer than the message");
	return find_table(w, media, public_id, id_at);
}

int
wbxml_walk(struct span in, const char *media, const struct wbxml_events *ev, void *ctx, struct why *why)
{
	struct wbxml_walker w = {
		.r = rbuf_from(in), .ev = ev, .ctx = ctx, .why = why, .text_left = WBXML_TEXT_MAX,
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
	struct wbxml_walker w = { .r = rbuf_from(in), .why = why, .text_left = WBXML_TEXT_MAX };

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
