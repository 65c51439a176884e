/*
 * content_service.c - the textual service documents: what they may hold, and their binary form.
 * Spec: WAP-167 (SI) 7 and 8, WAP-168 (SL) 7 and 9, WAP-175 (CO) 7 and 9, OMA-Push-EMN 1.0.
 *
 * Encoded here and not by libwbxml, which needs seconds for some documents of 200 KiB: its work
 * grows with the square of the elements, and of the tokens in a value. A test compares the two.
 */
#include <string.h>

#include "base/clock.h"
#include "base/xml.h"
#include "wap/content_int.h"
#include "wap/wbxml_encode.h"

enum value_kind { VALUE_TEXT, VALUE_DATE, VALUE_WORD };

struct attr_rule {
	const char *name;
	enum value_kind kind;
	bool required;
	const char *const *words;	/* NULL-terminated; of VALUE_WORD */
};

enum { UNBOUNDED = 100000, RULES_MAX = 4, ATTRS_MAX = 6 };

struct element_rule {
	uint8_t token;
	const char *name;
	int parent;			/* index of a rule; -1: the root */
	unsigned min, max;		/* occurrences in its parent */
	bool text;			/* trimmed, blanks inside collapsed */
	struct attr_rule attrs[ATTRS_MAX];
	int (*check)(const struct xml_attr *attrs, size_t n, struct why *why);
};

struct document_rule {
	const struct wbxml_table *table;
	bool ordered;			/* elements come in the order of the rules */
	size_t n;
	struct element_rule elements[RULES_MAX];
};

static const char *const si_actions[] = {
	"signal-none", "signal-low", "signal-medium", "signal-high", "delete", NULL
};
static const char *const sl_actions[] = { "execute-low", "execute-high", "cache", NULL };

/* WAP-167 6.2: what to delete must be named. */
static int
check_indication(const struct xml_attr *attrs, size_t n, struct why *why)
{
	const char *action = xml_attr_get(attrs, n, "action"), *id = xml_attr_get(attrs, n, "si-id");

	if (action != NULL && strcmp(action, "delete") == 0 && (id == NULL || id[0] == '\0'))
		return why_set(why, ERR_SYNTAX, "action delete needs an si-id");
	return OK;
}

static const struct document_rule si_rule = {
	&wbxml_si, true, 4, {
	{ 0x05, "si", -1, 1, 1, false, { { 0 } }, NULL },
	{ 0x06, "indication", 0, 1, 1, true, {
		{ "href", VALUE_TEXT, false, NULL },
		{ "si-id", VALUE_TEXT, false, NULL },
		{ "created", VALUE_DATE, false, NULL },
		{ "si-expires", VALUE_DATE, false, NULL },
		{ "action", VALUE_WORD, false, si_actions } }, check_indication },
	{ 0x07, "info", 0, 0, 1, false, { { 0 } }, NULL },
	{ 0x08, "item", 2, 1, UNBOUNDED, true, { { "class", VALUE_TEXT, true, NULL } }, NULL } }
};

static const struct document_rule sl_rule = {
	&wbxml_sl, true, 1, {
	{ 0x05, "sl", -1, 1, 1, false, {
		{ "href", VALUE_TEXT, true, NULL },
		{ "action", VALUE_WORD, false, sl_actions } }, NULL } }
};

/* min 0 for each kind; that there is one at all is checked at </co>. */
static const struct document_rule co_rule = {
	&wbxml_co, false, 3, {
	{ 0x05, "co", -1, 1, 1, false, { { 0 } }, NULL },
	{ 0x06, "invalidate-object", 0, 0, UNBOUNDED, false, { { "uri", VALUE_TEXT, true, NULL } }, NULL },
	{ 0x07, "invalidate-service", 0, 0, UNBOUNDED, false, { { "uri", VALUE_TEXT, true, NULL } }, NULL } }
};

static const struct document_rule emn_rule = {
	&wbxml_emn, true, 1, {
	{ 0x05, "emn", -1, 1, 1, false, {
		{ "mailbox", VALUE_TEXT, true, NULL },
		{ "timestamp", VALUE_DATE, false, NULL } }, NULL } }
};

/* ---- checked and encoded in one go ---------------------------------------------------------------- */

struct compiler {
	const struct document_rule *doc;
	struct wbxml_encoder enc;
	struct sbuf text;		/* of the open element */
	struct sbuf quoted;
	int at;				/* rule of the open element; -1 outside */
	int last[RULES_MAX];		/* last child that an element had */
	unsigned counts[RULES_MAX];	/* occurrences in the open parent */
	bool gap;			/* blanks wait for what follows them */
	bool written;			/* some of the element's text is in enc already */
};

static int
rule_find(struct compiler *c, const char *name, struct why *why)
{
	const char *quoted;
	bool known = false;
	size_t i;

	for (i = 0; i < c->doc->n; i++) {
		if (strcmp(c->doc->elements[i].name, name) != 0)
			continue;
		if (c->doc->elements[i].parent == c->at)
			return (int)i;
		known = true;
	}
	quoted = content_quote(&c->quoted, span_str(name));
	if (c->at < 0)
		return why_set(why, ERR_SYNTAX, "the root is %s, not %s", quoted, c->doc->elements[0].name);
	return why_set(why, ERR_SYNTAX, "%s %s in %s", known ? "misplaced element" : "unknown element",
	    quoted, c->doc->elements[c->at].name);
}

static struct span
trimmed(const char *value)
{
	struct span s = span_str(value);

	while (s.n > 0 && content_is_blank(span_of(s.p, 1)))
		s.p++, s.n--;
	while (s.n > 0 && content_is_blank(span_of(s.p + s.n - 1, 1)))
		s.n--;
	return s;
}

static int
put_date(struct compiler *c, const struct attr_rule *rule, struct span value, struct why *why)
{
	char text[32], iso[CLOCK_ISO_SIZE];
	time_t t;

	if (span_to_cstr(value, text, sizeof text) != OK || clock_parse_iso(text, &t) != OK)
		return why_set(why, ERR_SYNTAX, "%s is %s, not a date such as 2026-01-31T23:59:59Z",
		    rule->name, content_quote(&c->quoted, value));
	clock_iso(t, iso);
	wbxml_encode_date(&c->enc, rule->name, iso);
	return OK;
}

static int
put_word(struct compiler *c, const struct attr_rule *rule, struct span value, struct why *why)
{
	size_t i;

	for (i = 0; rule->words[i] != NULL; i++) {
		if (span_eq_str(value, rule->words[i])) {
			wbxml_encode_attr(&c->enc, rule->name, value);
			return OK;
		}
	}
	return why_set(why, ERR_SYNTAX, "%s is %s, not %s ... %s", rule->name,
	    content_quote(&c->quoted, value), rule->words[0], rule->words[i - 1]);
}

static int
put_attr(struct compiler *c, const struct element_rule *el, const struct xml_attr *a, struct why *why)
{
	const struct attr_rule *rule = el->attrs;
	struct span value = trimmed(a->value);

	while (rule < el->attrs + ATTRS_MAX && rule->name != NULL && strcmp(rule->name, a->name) != 0)
		rule++;
	if (rule == el->attrs + ATTRS_MAX || rule->name == NULL)
		return why_set(why, ERR_SYNTAX, "unknown attribute %s of %s",
		    content_quote(&c->quoted, span_str(a->name)), el->name);
	if (rule->required && value.n == 0)
		return why_set(why, ERR_SYNTAX, "%s of %s is empty", rule->name, el->name);
	switch (rule->kind) {
	case VALUE_TEXT:
		wbxml_encode_attr(&c->enc, rule->name, value);
		return OK;
	case VALUE_DATE:
		return put_date(c, rule, value, why);
	case VALUE_WORD:
		return put_word(c, rule, value, why);
	}
	return OK;
}

/* Its place among the other children of its parent. */
static int
check_place(struct compiler *c, int rule, struct why *why)
{
	const struct element_rule *el = &c->doc->elements[rule];

	if (++c->counts[rule] > el->max)
		return why_set(why, ERR_SYNTAX, "more than %u %s", el->max, el->name);
	if (el->parent >= 0) {
		if (c->doc->ordered && rule < c->last[el->parent])
			return why_set(why, ERR_SYNTAX, "%s behind %s", el->name,
			    c->doc->elements[c->last[el->parent]].name);
		c->last[el->parent] = rule;
	}
	return OK;
}

static int
on_start(void *ctx, const char *name, const struct xml_attr *attrs, size_t n, struct why *why)
{
	struct compiler *c = ctx;
	int err, rule = rule_find(c, name, why);
	const struct element_rule *el;
	size_t i;

	if (rule < 0)
		return rule;
	el = &c->doc->elements[rule];
	if ((err = check_place(c, rule, why)) != OK)
		return err;
	wbxml_encode_tag(&c->enc, el->token, n > 0);
	for (i = 0; i < n; i++)
		if ((err = put_attr(c, el, &attrs[i], why)) != OK)
			return err;
	if (n > 0)
		wbxml_encode_attrs_end(&c->enc);
	for (i = 0; i < ATTRS_MAX && el->attrs[i].name != NULL; i++)
		if (el->attrs[i].required && xml_attr_get(attrs, n, el->attrs[i].name) == NULL)
			return why_set(why, ERR_SYNTAX, "%s has no %s", el->name, el->attrs[i].name);
	if (el->check != NULL && (err = el->check(attrs, n, why)) != OK)
		return err;
	for (i = 0; i < c->doc->n; i++)
		if (c->doc->elements[i].parent == rule)
			c->counts[i] = 0;
	c->last[rule] = 0;
	c->at = rule;
	c->gap = c->written = false;
	sbuf_clear(&c->text);
	return OK;
}

static int
on_text(void *ctx, struct span text, struct why *why)
{
	struct compiler *c = ctx;
	size_t i, end;

	if (!c->doc->elements[c->at].text) {
		if (!content_is_blank(text))
			return why_set(why, ERR_SYNTAX, "text in %s", c->doc->elements[c->at].name);
		return OK;
	}
	for (i = 0; i < text.n; i = end) {
		for (end = i; end < text.n && !content_is_blank(span_of(text.p + end, 1)); end++)
			;
		if (end == i) {
			c->gap = true;
			end++;
			continue;
		}
		if (c->gap && (c->text.n > 0 || c->written))
			sbuf_char(&c->text, ' ');
		c->gap = false;
		sbuf_put(&c->text, text.p + i, end - i);
	}
	return OK;
}

/* Instructions for others stay where they were; those of the document type go with it (WAP-192, S-012). */
static int
on_instruction(void *ctx, const char *target, const char *data, bool in_doctype, struct why *why)
{
	struct compiler *c = ctx;

	if (in_doctype)
		return OK;
	if (c->at >= 0 && c->text.n > 0) {
		wbxml_encode_text(&c->enc, sbuf_as_span(&c->text));
		sbuf_clear(&c->text);
		c->written = true;
	}
	wbxml_encode_instruction(&c->enc, target, span_str(data));
	return OK;
}

static int
on_end(void *ctx, const char *name, struct why *why)
{
	struct compiler *c = ctx;
	const struct element_rule *el = &c->doc->elements[c->at];
	size_t i;

	for (i = 0; i < c->doc->n; i++)
		if (c->doc->elements[i].parent == c->at && c->counts[i] < c->doc->elements[i].min)
			return why_set(why, ERR_SYNTAX, "%s has no %s", el->name, c->doc->elements[i].name);
	if (c->doc == &co_rule && c->at == 0 && c->last[0] == 0)
		return why_set(why, ERR_SYNTAX, "co names nothing to invalidate");
	if (el->text)
		wbxml_encode_text(&c->enc, sbuf_as_span(&c->text));
	sbuf_clear(&c->text);
	wbxml_encode_end(&c->enc);
	c->at = el->parent;
	return OK;
}

static const struct document_rule *
rule_of(enum content_kind kind)
{
	static const struct document_rule *const rules[] = {
		[CONTENT_SI] = &si_rule, [CONTENT_SL] = &sl_rule, [CONTENT_CO] = &co_rule,
		[CONTENT_EMN] = &emn_rule,
	};

	return kind < sizeof rules / sizeof rules[0] ? rules[kind] : NULL;
}

int
content_service_encode(enum content_kind kind, struct span body, const char *charset, struct sbuf *out,
    struct why *why)
{
	static const struct xml_events events = {
		.instruction = on_instruction, .start = on_start, .text = on_text, .end = on_end
	};
	struct compiler c = { .doc = rule_of(kind), .at = -1 };
	int err;

	if (c.doc == NULL)
		return why_set(why, ERR_UNSUPPORTED, "%s is not a service document", content_kind_name(kind));
	wbxml_encoder_start(&c.enc, c.doc->table, WBXML_12);
	err = xml_parse(body, charset, NULL, &events, &c, why);
	wbxml_encoder_finish(&c.enc);
	if (err == OK)
		err = wbxml_check(sbuf_as_span(&c.enc.out), c.doc->table->media, why);
	if (err == OK)
		sbuf_span(out, sbuf_as_span(&c.enc.out));
	wbxml_encoder_done(&c.enc);
	sbuf_done(&c.text);
	sbuf_done(&c.quoted);
	return err;
}
