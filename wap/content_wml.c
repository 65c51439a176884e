/*
 * content_wml.c - a textual WML deck as WBXML. Names and tokens are checked, the order of elements is not: the browser
 * does that.
 * Spec: WAP-191-WML 1.3: 10.3 (variables), 11.8 (white space), 14.3 (tokens).
 */
#include <ctype.h>
#include <string.h>

#include "base/xml.h"
#include "wap/content_int.h"
#include "wap/wbxml_encode.h"

enum { DEPTH_MAX = 16 };

struct deck {
	struct wbxml_encoder enc;
	struct { bool text, pre; } open[DEPTH_MAX];	/* may it hold text; is its white space as it stands */
	unsigned depth;
	struct sbuf text;		/* since the last tag */
	bool gap;			/* white space was there, and has not been written */
	bool written;			/* text in front of it in this block */
};

/* Elements that hold elements alone: blanks between them are layout. */
static const char *const containers[] = {
	"wml", "head", "card", "template", "table", "tr", "select", "optgroup", "onevent", "do", "go", "prev", "refresh", "noop",
};

static bool
holds_text(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof containers / sizeof containers[0]; i++)
		if (strcmp(name, containers[i]) == 0)
			return false;
	return true;
}

/* A variable in an address is escaped unless the deck says otherwise (WAP-191 10.3.2). */
static bool
holds_url(const char *attribute)
{
	static const char *const names[] = { "href", "src", "onpick", "onenterbackward", "onenterforward", "ontimer" };
	size_t i;

	for (i = 0; attribute != NULL && i < sizeof names / sizeof names[0]; i++)
		if (strcmp(attribute, names[i]) == 0)
			return true;
	return false;
}

/* "$name", "$(name)", "$(name:how)": octets that it takes, 0 when it is none of them; *how stays without a word. */
static size_t
variable(struct span s, struct span *name, int *how)
{
	static const struct { const char *word; int how; } words[] = {
		{ ":e", 0 }, { ":escape", 0 }, { ":u", 1 }, { ":unesc", 1 }, { ":n", 2 }, { ":noesc", 2 },
	};
	bool paren = s.n > 1 && s.p[1] == '(';
	size_t i = paren ? 2 : 1, from = i, k;
	struct span rest;

	while (i < s.n && (isalpha(s.p[i]) || s.p[i] == '_' || (i > from && isdigit(s.p[i]))))
		i++;
	*name = span_of(s.p + from, i - from);
	if (i == from)
		return 0;
	if (!paren)
		return i;
	for (from = i; i < s.n && s.p[i] != ')'; i++)
		;
	rest = span_of(s.p + from, i - from);
	if (i < s.n && rest.n == 0)
		return i + 1;
	for (k = 0; k < sizeof words / sizeof words[0]; k++) {
		if (i < s.n && span_eq_nocase(rest, words[k].word)) {
			*how = words[k].how;
			return i + 1;
		}
	}
	return 0;
}

/* attribute NULL: text of the innermost element */
static int
put_text(struct deck *d, struct span s, const char *attribute, struct why *why)
{
	struct sbuf plain = { 0 };
	struct span name;
	size_t i, used;
	int how, err = OK;

	if (attribute != NULL)
		wbxml_encode_attr_start(&d->enc, attribute, &s);
	for (i = 0; i < s.n && err == OK; i += used) {
		used = 1;
		if (s.p[i] != '$') {
			sbuf_char(&plain, (char)s.p[i]);
			continue;
		}
		if (i + 1 < s.n && s.p[i + 1] == '$') {
			sbuf_char(&plain, '$');
			used = 2;
			continue;
		}
		how = holds_url(attribute) ? 0 : 2;
		used = variable(span_of(s.p + i, s.n - i), &name, &how);
		if (used == 0) {
			err = why_set(why, ERR_SYNTAX, "a dollar that is neither $$ nor starts a variable");
			break;
		}
		wbxml_encode_piece(&d->enc, sbuf_as_span(&plain), attribute != NULL);
		sbuf_clear(&plain);
		wbxml_encode_variable(&d->enc, name, how, attribute != NULL);
	}
	if (err == OK)
		wbxml_encode_piece(&d->enc, sbuf_as_span(&plain), attribute != NULL);
	sbuf_done(&plain);
	return err;
}

/* Runs of blanks are one; at the edges of a block they are none. */
static int
flush_text(struct deck *d, bool block_ends, struct why *why)
{
	struct span s = sbuf_as_span(&d->text);
	struct sbuf out = { 0 };
	size_t i;
	int err;

	if (s.n == 0)
		return OK;
	if (!d->open[d->depth - 1].text) {
		err = content_is_blank(s) ? OK : why_set(why, ERR_SYNTAX, "text where only elements may stand");
		sbuf_clear(&d->text);
		return err;
	}
	for (i = 0; i < s.n && !d->open[d->depth - 1].pre; i++) {
		if (content_is_blank(span_of(s.p + i, 1))) {
			d->gap = true;
			continue;
		}
		if (d->gap && d->written)
			sbuf_char(&out, ' ');
		d->gap = false;
		d->written = true;
		sbuf_char(&out, (char)s.p[i]);
	}
	if (!block_ends && d->gap && d->written && !d->open[d->depth - 1].pre) {
		sbuf_char(&out, ' ');
		d->gap = d->written = false;	/* what follows starts without another */
	}
	err = put_text(d, d->open[d->depth - 1].pre ? s : sbuf_as_span(&out), NULL, why);
	sbuf_done(&out);
	sbuf_clear(&d->text);
	return err;
}

static int
refuse(const char *what, const char *name, struct why *why)
{
	struct sbuf quoted = { 0 };

	why_set(why, ERR_SYNTAX, "%s %s", what, content_quote(&quoted, span_str(name)));
	sbuf_done(&quoted);
	return ERR_SYNTAX;
}

static int
on_start(void *ctx, const char *name, const struct xml_attr *attrs, size_t n, struct why *why)
{
	struct deck *d = ctx;
	uint8_t token = wbxml_tag_token(&wbxml_wml, name);
	size_t i;
	int err;

	if (d->depth == 0 && strcmp(name, "wml") != 0)
		return refuse("the root is not wml but", name, why);
	if (token == 0)
		return refuse("unknown element", name, why);
	if (d->depth > 0 && (err = flush_text(d, false, why)) != OK)
		return err;
	wbxml_encode_tag(&d->enc, token, n > 0);
	for (i = 0; i < n; i++) {
		if (!wbxml_attr_known(&wbxml_wml, attrs[i].name))
			return refuse("unknown attribute", attrs[i].name, why);
		if ((err = put_text(d, span_str(attrs[i].value), attrs[i].name, why)) != OK)
			return err;
	}
	if (n > 0)
		wbxml_encode_attrs_end(&d->enc);
	d->open[d->depth].text = holds_text(name);
	d->open[d->depth].pre = strcmp(name, "pre") == 0 || (d->depth > 0 && d->open[d->depth - 1].pre);
	if (d->open[d->depth].text != (d->depth > 0 && d->open[d->depth - 1].text))
		d->gap = d->written = false;
	if (strcmp(name, "br") == 0)
		d->gap = d->written = false;
	d->depth++;
	return OK;
}

static int
on_text(void *ctx, struct span text, struct why *why)
{
	struct deck *d = ctx;

	(void)why;
	sbuf_span(&d->text, text);
	return OK;
}

static int
on_end(void *ctx, const char *name, struct why *why)
{
	struct deck *d = ctx;
	bool block = d->depth < 2 || !d->open[d->depth - 2].text;
	int err = flush_text(d, block, why);

	(void)name;
	wbxml_encode_end(&d->enc);
	d->depth--;
	if (block)
		d->gap = d->written = false;
	return err;
}

int
content_wml_encode(struct span body, const char *charset, struct sbuf *out, struct why *why)
{
	static const struct xml_events events = { .start = on_start, .text = on_text, .end = on_end };
	static const struct xml_limits limits = { .depth = DEPTH_MAX };
	struct deck d = { .depth = 0 };
	int err;

	wbxml_encoder_start(&d.enc, &wbxml_wml, WBXML_13);
	err = xml_parse(body, charset, &limits, &events, &d, why);
	wbxml_encoder_finish(&d.enc);
	if (err == OK)
		err = wbxml_check(sbuf_as_span(&d.enc.out), wbxml_wml.media, why);
	if (err == OK)
		sbuf_span(out, sbuf_as_span(&d.enc.out));
	wbxml_encoder_done(&d.enc);
	sbuf_done(&d.text);
	return err;
}
