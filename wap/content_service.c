/*
 * content_service.c - the textual service documents: what they may hold, and how they are written
 * again for the encoder.
 * Spec: WAP-167 (SI) 7, WAP-168 (SL) 7, WAP-175 (CO) 7, OMA-Push-EMN 1.0.
 *
 * Our parser reads the document of the initiator; the encoder only sees what is written here.
 */
#include <string.h>

#include "base/clock.h"
#include "base/xml.h"
#include "wap/content_int.h"
#include "wap/wbxml_tables.h"

enum value_kind { VALUE_TEXT, VALUE_URI, VALUE_DATE, VALUE_WORD };

struct attr_rule {
	const char *name;
	enum value_kind kind;
	bool required;
	const char *const *words;	/* NULL-terminated; of VALUE_WORD */
};

enum { UNBOUNDED = 100000, RULES_MAX = 4, ATTRS_MAX = 6 };

struct element_rule {
	const char *name;
	int parent;			/* index of a rule; -1: the root */
	unsigned min, max;		/* occurrences in its parent */
	bool text;			/* trimmed, blanks inside collapsed */
	struct attr_rule attrs[ATTRS_MAX];
	int (*check)(const struct xml_attr *attrs, size_t n, struct why *why);
};

struct document_rule {
	const char *system_id;
	bool ordered;			/* elements come in the order of the rules */
	size_t n;
	struct element_rule elements[RULES_MAX];
};

static const char *const si_actions[] = {
	"signal-none", "signal-low", "signal-medium", "signal-high", "delete", NULL
};
static const char *const sl_actions[] = { "execute-low", "execute-high", "cache", NULL };

static const char *
attr_value(const struct xml_attr *attrs, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(attrs[i].name, name) == 0)
			return attrs[i].value;
	return NULL;
}

/* WAP-167 6.2: what to delete must be named. */
static int
check_indication(const struct xml_attr *attrs, size_t n, struct why *why)
{
	const char *action = attr_value(attrs, n, "action"), *id = attr_value(attrs, n, "si-id");

	if (action != NULL && strcmp(action, "delete") == 0 && (id == NULL || id[0] == '\0'))
		return why_set(why, ERR_SYNTAX, "action delete needs an si-id");
	return OK;
}

static const struct document_rule si_rule = {
	"http://www.wapforum.org/DTD/si.dtd", true, 4, {
	{ "si", -1, 1, 1, false, { { 0 } }, NULL },
	{ "indication", 0, 1, 1, true, {
		{ "href", VALUE_URI, false, NULL },
		{ "si-id", VALUE_TEXT, false, NULL },
		{ "created", VALUE_DATE, false, NULL },
		{ "si-expires", VALUE_DATE, false, NULL },
		{ "action", VALUE_WORD, false, si_actions } }, check_indication },
	{ "info", 0, 0, 1, false, { { 0 } }, NULL },
	{ "item", 2, 1, UNBOUNDED, true, { { "class", VALUE_TEXT, true, NULL } }, NULL } }
};

static const struct document_rule sl_rule = {
	"http://www.wapforum.org/DTD/sl.dtd", true, 1, {
	{ "sl", -1, 1, 1, false, {
		{ "href", VALUE_URI, true, NULL },
		{ "action", VALUE_WORD, false, sl_actions } }, NULL } }
};

/* min 0 for each kind; that there is one at all is checked at </co>. */
static const struct document_rule co_rule = {
	"http://www.wapforum.org/DTD/co_1.0.dtd", false, 3, {
	{ "co", -1, 1, 1, false, { { 0 } }, NULL },
	{ "invalidate-object", 0, 0, UNBOUNDED, false, { { "uri", VALUE_URI, true, NULL } }, NULL },
	{ "invalidate-service", 0, 0, UNBOUNDED, false, { { "uri", VALUE_URI, true, NULL } }, NULL } }
};

static const struct document_rule emn_rule = {
	"http://www.wapforum.org/DTD/emn.dtd", true, 1, {
	{ "emn", -1, 1, 1, false, {
		{ "mailbox", VALUE_URI, true, NULL },
		{ "timestamp", VALUE_DATE, false, NULL } }, NULL } }
};

/* ---- reading and writing again ---------------------------------------------------------------- */

struct rewriter {
	const struct document_rule *doc;
	struct sbuf *xml;
	struct sbuf quoted;
	int at;				/* rule of the open element; -1 outside */
	int last[RULES_MAX];		/* last child that an element had */
	unsigned counts[RULES_MAX];	/* occurrences in the open parent */
	bool open;			/* a start tag waits for its '>' */
	bool gap, any;			/* blanks wait; text was written */
};

static void
close_tag(struct rewriter *rw)
{
	if (rw->open)
		sbuf_char(rw->xml, '>');
	rw->open = false;
}

static int
rule_find(struct rewriter *rw, const char *name, struct why *why)
{
	const char *quoted;
	bool known = false;
	size_t i;

	for (i = 0; i < rw->doc->n; i++) {
		if (strcmp(rw->doc->elements[i].name, name) != 0)
			continue;
		if (rw->doc->elements[i].parent == rw->at)
			return (int)i;
		known = true;
	}
	quoted = content_quote(&rw->quoted, span_str(name));
	if (rw->at < 0)
		return why_set(why, ERR_SYNTAX, "the root is %s, not %s", quoted, rw->doc->elements[0].name);
	return why_set(why, ERR_SYNTAX, "%s %s in %s", known ? "misplaced element" : "unknown element",
	    quoted, rw->doc->elements[rw->at].name);
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
put_date(struct rewriter *rw, const struct attr_rule *rule, struct span value, struct why *why)
{
	char text[32], iso[CLOCK_ISO_SIZE];
	time_t t;

	if (span_to_cstr(value, text, sizeof text) != OK || clock_parse_iso(text, &t) != OK)
		return why_set(why, ERR_SYNTAX, "%s is %s, not a date such as 2026-01-31T23:59:59Z",
		    rule->name, content_quote(&rw->quoted, value));
	clock_iso(t, iso);
	sbuf_str(rw->xml, iso);
	return OK;
}

static int
put_word(struct rewriter *rw, const struct attr_rule *rule, struct span value, struct why *why)
{
	size_t i;

	for (i = 0; rule->words[i] != NULL; i++) {
		if (span_eq_str(value, rule->words[i])) {
			sbuf_str(rw->xml, rule->words[i]);
			return OK;
		}
	}
	return why_set(why, ERR_SYNTAX, "%s is %s, not %s ... %s", rule->name,
	    content_quote(&rw->quoted, value), rule->words[0], rule->words[i - 1]);
}

static int
put_attr(struct rewriter *rw, const struct element_rule *el, const struct xml_attr *a, struct why *why)
{
	const struct attr_rule *rule = el->attrs;
	struct span value = trimmed(a->value);
	int err = OK;

	while (rule < el->attrs + ATTRS_MAX && rule->name != NULL && strcmp(rule->name, a->name) != 0)
		rule++;
	if (rule == el->attrs + ATTRS_MAX || rule->name == NULL)
		return why_set(why, ERR_SYNTAX, "unknown attribute %s of %s",
		    content_quote(&rw->quoted, span_str(a->name)), el->name);
	if (rule->required && value.n == 0)
		return why_set(why, ERR_SYNTAX, "%s of %s is empty", rule->name, el->name);
	sbuf_fmt(rw->xml, " %s=\"", rule->name);
	switch (rule->kind) {
	case VALUE_TEXT:
	case VALUE_URI:
		sbuf_xml(rw->xml, value);
		break;
	case VALUE_DATE:
		err = put_date(rw, rule, value, why);
		break;
	case VALUE_WORD:
		err = put_word(rw, rule, value, why);
		break;
	}
	sbuf_char(rw->xml, '"');
	return err;
}

/* Its place among the other children of its parent. */
static int
check_place(struct rewriter *rw, int rule, struct why *why)
{
	const struct element_rule *el = &rw->doc->elements[rule];

	if (++rw->counts[rule] > el->max)
		return why_set(why, ERR_SYNTAX, "more than %u %s", el->max, el->name);
	if (el->parent >= 0) {
		if (rw->doc->ordered && rule < rw->last[el->parent])
			return why_set(why, ERR_SYNTAX, "%s behind %s", el->name,
			    rw->doc->elements[rw->last[el->parent]].name);
		rw->last[el->parent] = rule;
	}
	return OK;
}

static int
on_start(void *ctx, const char *name, const struct xml_attr *attrs, size_t n, struct why *why)
{
	struct rewriter *rw = ctx;
	int err, rule = rule_find(rw, name, why);
	const struct element_rule *el;
	size_t i;

	if (rule < 0)
		return rule;
	el = &rw->doc->elements[rule];
	if ((err = check_place(rw, rule, why)) != OK)
		return err;
	close_tag(rw);
	sbuf_fmt(rw->xml, "<%s", el->name);
	for (i = 0; i < n; i++)
		if ((err = put_attr(rw, el, &attrs[i], why)) != OK)
			return err;
	for (i = 0; i < ATTRS_MAX && el->attrs[i].name != NULL; i++)
		if (el->attrs[i].required && attr_value(attrs, n, el->attrs[i].name) == NULL)
			return why_set(why, ERR_SYNTAX, "%s has no %s", el->name, el->attrs[i].name);
	if (el->check != NULL && (err = el->check(attrs, n, why)) != OK)
		return err;
	for (i = 0; i < rw->doc->n; i++)
		if (rw->doc->elements[i].parent == rule)
			rw->counts[i] = 0;
	rw->last[rule] = 0;
	rw->at = rule;
	rw->open = true;
	rw->gap = rw->any = false;
	return OK;
}

static int
on_text(void *ctx, struct span text, struct why *why)
{
	struct rewriter *rw = ctx;
	size_t i, from;

	if (!rw->doc->elements[rw->at].text) {
		if (!content_is_blank(text))
			return why_set(why, ERR_SYNTAX, "text in %s", rw->doc->elements[rw->at].name);
		return OK;
	}
	for (i = 0; i < text.n; i = from) {
		for (from = i; from < text.n && !content_is_blank(span_of(text.p + from, 1)); from++)
			;
		if (from > i) {
			close_tag(rw);
			if (rw->gap && rw->any)
				sbuf_char(rw->xml, ' ');
			rw->gap = false;
			rw->any = true;
			sbuf_xml(rw->xml, span_of(text.p + i, from - i));
		} else {
			rw->gap = true;
			from++;
		}
	}
	return OK;
}

static int
on_end(void *ctx, const char *name, struct why *why)
{
	struct rewriter *rw = ctx;
	const struct element_rule *el = &rw->doc->elements[rw->at];
	size_t i;

	for (i = 0; i < rw->doc->n; i++)
		if (rw->doc->elements[i].parent == rw->at && rw->counts[i] < rw->doc->elements[i].min)
			return why_set(why, ERR_SYNTAX, "%s has no %s", el->name, rw->doc->elements[i].name);
	if (rw->doc == &co_rule && rw->at == 0 && rw->last[0] == 0)
		return why_set(why, ERR_SYNTAX, "co names nothing to invalidate");
	if (rw->open) {
		sbuf_str(rw->xml, "/>");
		rw->open = false;
	} else {
		sbuf_fmt(rw->xml, "</%s>", el->name);
	}
	rw->at = el->parent;
	return OK;
}

static const struct wbxml_table *
table_of(enum content_kind kind, const struct document_rule **rule)
{
	switch (kind) {
	case CONTENT_SI:
		*rule = &si_rule;
		return &wbxml_si;
	case CONTENT_SL:
		*rule = &sl_rule;
		return &wbxml_sl;
	case CONTENT_CO:
		*rule = &co_rule;
		return &wbxml_co;
	case CONTENT_EMN:
		*rule = &emn_rule;
		return &wbxml_emn;
	case CONTENT_OTHER:
	case CONTENT_PROV:
	case CONTENT_DM:
	case CONTENT_DM_NOTIFICATION:
	case CONTENT_MMS:
	case CONTENT_DRM:
	case CONTENT_SUPL:
	case CONTENT_SIA:
		break;
	}
	return NULL;
}

int
content_service_rewrite(enum content_kind kind, struct span body, const char *charset,
    struct sbuf *xml, struct why *why)
{
	static const struct xml_events events = { .start = on_start, .text = on_text, .end = on_end };
	struct rewriter rw = { .xml = xml, .at = -1 };
	const struct wbxml_table *table = table_of(kind, &rw.doc);
	int err;

	if (table == NULL)
		return why_set(why, ERR_UNSUPPORTED, "%s is not a service document", content_kind_name(kind));
	sbuf_reserve(xml, 512 + body.n);
	sbuf_fmt(xml, "<?xml version=\"1.0\"?><!DOCTYPE %s PUBLIC \"%s\" \"%s\">", table->root,
	    table->public_name, rw.doc->system_id);
	err = xml_parse(body, charset, NULL, &events, &rw, why);
	sbuf_done(&rw.quoted);
	return err;
}
