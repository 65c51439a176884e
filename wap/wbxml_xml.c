/*
 * wbxml_xml.c - a WBXML document as XML text.
 *
 * OPAQUE data of a SyncML item is text where it is printable UTF-8, else base64.
 */
#include "wap/wbxml.h"

#include "base/text.h"
#include "wap/wbxml_tables.h"

enum { XML_MAX = 2 * 1024 * 1024 };

struct printer {
	struct sbuf *out;
	size_t from;		/* octets that were there before */
	bool open;		/* a start tag waits for its '>' */
};

static void
close_tag(struct printer *p)
{
	if (p->open)
		sbuf_char(p->out, '>');
	p->open = false;
}

static int
limit(const struct printer *p, struct why *why)
{
	if (p->out->n - p->from > XML_MAX)
		return why_set(why, ERR_LIMIT, "expands to more than %d octets of XML", XML_MAX);
	return OK;
}

static int
on_start(void *ctx, struct span name, const struct wbxml_attr *attrs, size_t n, struct why *why)
{
	struct printer *p = ctx;
	size_t i;

	close_tag(p);
	sbuf_char(p->out, '<');
	sbuf_span(p->out, name);
	for (i = 0; i < n; i++) {
		sbuf_char(p->out, ' ');
		sbuf_span(p->out, attrs[i].name);
		sbuf_str(p->out, "=\"");
		sbuf_xml(p->out, attrs[i].value);
		sbuf_char(p->out, '"');
	}
	p->open = true;
	return limit(p, why);
}

static int
on_text(void *ctx, struct span text, struct why *why)
{
	struct printer *p = ctx;

	close_tag(p);
	sbuf_xml(p->out, text);
	return limit(p, why);
}

static bool
printable(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 && s.p[i] != '\t' && s.p[i] != '\n' && s.p[i] != '\r')
			return false;
	return text_is_utf8(s, NULL) && !wbxml_has_noncharacter(s, &i);
}

static int
on_opaque(void *ctx, struct span octets, struct why *why)
{
	struct printer *p = ctx;

	close_tag(p);
	if (printable(octets))
		sbuf_xml(p->out, octets);
	else
		text_base64_encode(octets, p->out);
	return limit(p, why);
}

static int
on_end(void *ctx, struct span name, struct why *why)
{
	struct printer *p = ctx;

	if (p->open) {
		sbuf_str(p->out, "/>");
		p->open = false;
	} else {
		sbuf_str(p->out, "</");
		sbuf_span(p->out, name);
		sbuf_char(p->out, '>');
	}
	return limit(p, why);
}

int
wbxml_to_xml(struct span in, const char *media, struct sbuf *out, struct why *why)
{
	static const struct wbxml_events events = { on_start, on_text, on_opaque, on_end };
	struct printer p = { out, out->n, false };
	int err = wbxml_walk(in, media, &events, &p, why);

	if (err != OK && out->s != NULL) {
		out->n = p.from;
		out->s[out->n] = '\0';
	}
	return err;
}
