/*
 * syncml_print.c - SyncML messages to XML and WBXML; see syncml.h.
 * Spec: OMA-SyncML-RepPro 1.2, 6 (elements in the order of the DTD), 8 (tokens); meta information is on code page 1.
 */
#include "wap/syncml_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wap/wbxml_encode.h"

enum { PAGE_SYNCML, PAGE_META };

struct printer {
	bool wbxml;
	struct sbuf xml;
	struct wbxml_encoder binary;
	bool old;		/* SyncML 1.1 */
	unsigned depth;
	int err;
	struct why *why;
};

static void
fail(struct printer *p, const char *in, const char *what)
{
	if (p->err == OK)
		p->err = why_set(p->why, ERR_SYNTAX, "%s %s", in, what);
}

/* ---- elements ------------------------------------------------------------------------------------------- */

static uint8_t
token(uint8_t page, const char *name)
{
	const char *const *names = wbxml_syncml_12.tags[page].names;
	uint8_t i;

	for (i = WBXML_TOKEN_MIN; i < 0x40; i++)
		if (names[i] != NULL && strcmp(names[i], name) == 0)
			return i;
	abort();		/* all our names have one */
}

static void
open_of(struct printer *p, uint8_t page, const char *name)
{
	if (p->wbxml) {
		wbxml_encode_tag_of(&p->binary, page, token(page, name));
		return;
	}
	sbuf_char(&p->xml, '<');
	sbuf_str(&p->xml, name);
	if (page == PAGE_META)
		sbuf_str(&p->xml, " xmlns=\"syncml:metinf\"");
	sbuf_char(&p->xml, '>');
}

static void
open_tag(struct printer *p, const char *name)
{
	open_of(p, PAGE_SYNCML, name);
}

static void
close_tag(struct printer *p, const char *name)
{
	if (p->wbxml) {
		wbxml_encode_end(&p->binary);
		return;
	}
	sbuf_str(&p->xml, "</");
	sbuf_str(&p->xml, name);
	sbuf_char(&p->xml, '>');
}

static void
flag(struct printer *p, const char *name, bool is)
{
	if (!is)
		return;
	if (p->wbxml) {
		open_tag(p, name);
		close_tag(p, name);
		return;
	}
	sbuf_char(&p->xml, '<');
	sbuf_str(&p->xml, name);
	sbuf_str(&p->xml, "/>");
}

/* A carriage return would come back as a line feed if it stood there as it is. */
static void
xml_text(struct sbuf *out, struct span s)
{
	size_t i, from = 0;

	for (i = 0; i <= s.n; i++) {
		if (i < s.n && s.p[i] != '\r')
			continue;
		sbuf_xml(out, span_of(s.p + from, i - from));
		if (i < s.n)
			sbuf_str(out, "&#13;");
		from = i + 1;
	}
}

static void
text_of(struct printer *p, struct span s)
{
	if (s.n == 0)
		return;
	if (p->wbxml)
		wbxml_encode_text(&p->binary, s);
	else
		xml_text(&p->xml, s);
}

static void
leaf_of(struct printer *p, uint8_t page, const char *name, const char *text)
{
	if (text == NULL)
		return;
	if (!syncml_is_text(span_str(text)) || text_has_control(span_str(text)))
		fail(p, name, "has control characters or is not UTF-8");
	open_of(p, page, name);
	text_of(p, span_str(text));
	close_tag(p, name);
}

static void
leaf(struct printer *p, const char *name, const char *text)
{
	leaf_of(p, PAGE_SYNCML, name, text);
}

static void
must(struct printer *p, const char *in, const char *name, const char *text)
{
	if (text == NULL || text[0] == '\0')
		fail(p, in, "lacks what it must have");
	leaf(p, name, text);
}

static void
number_of(struct printer *p, uint8_t page, const char *name, size_t v)
{
	char text[24];

	snprintf(text, sizeof text, "%zu", v);
	leaf_of(p, page, name, text);
}

static void
number(struct printer *p, const char *name, size_t v)
{
	number_of(p, PAGE_SYNCML, name, v);
}

static void
place(struct printer *p, const char *name, const char *uri, const char *loc_name)
{
	if (uri == NULL)
		return;
	open_tag(p, name);
	leaf(p, "LocURI", uri);
	leaf(p, "LocName", loc_name);
	close_tag(p, name);
}

/* ---- data and meta ------------------------------------------------------------------------------------------ */

enum form { TEXT, OCTETS, BASE64 };

static void
data(struct printer *p, const struct syncml_data *d, enum form form)
{
	struct span s = sbuf_as_span(&d->octets);
	struct sbuf text = { 0 };

	if (!d->has)
		return;
	open_tag(p, "Data");
	if (form == BASE64) {
		text_base64_encode(s, &text);
		text_of(p, sbuf_as_span(&text));
		sbuf_done(&text);
	} else if (form == OCTETS && s.n > 0) {
		wbxml_encode_opaque(&p->binary, s);
	} else {
		text_of(p, s);
	}
	close_tag(p, "Data");
}

static void
meta(struct printer *p, const char *format, const char *type, const char *next_nonce, size_t size)
{
	if (format == NULL && type == NULL && next_nonce == NULL && size == 0)
		return;
	open_tag(p, "Meta");
	leaf_of(p, PAGE_META, "Format", format);
	leaf_of(p, PAGE_META, "Type", type);
	leaf_of(p, PAGE_META, "NextNonce", next_nonce);
	if (size > 0)
		number_of(p, PAGE_META, "Size", size);
	close_tag(p, "Meta");
}

static bool
is(const char *text, const char *what)
{
	return text != NULL && strcmp(text, what) == 0;
}

/* How data is written, and the format that says so. */
static enum form
form_of(const struct printer *p, const struct syncml_data *d, const char **format)
{
	bool raw = d->has && (is(*format, "bin") || !syncml_is_text(sbuf_as_span(&d->octets)));

	if (!raw)
		return TEXT;
	if (p->wbxml)
		return OCTETS;
	*format = "b64";
	return BASE64;
}

static void
cred(struct printer *p, const char *name, const struct syncml_cred *c)
{
	const char *format;
	enum form form = TEXT;
	struct span s;

	if (c == NULL)
		return;
	format = c->format;
	s = sbuf_as_span(&c->data.octets);
	if (c->type == NULL)
		fail(p, name, "has no Type");
	if (strcmp(name, "Cred") == 0 && !c->data.has)
		fail(p, name, "has no Data");
	if (c->data.has && ((is(c->type, "syncml:auth-md5") && s.n == 16) ||
	    (is(c->type, "syncml:auth-sha256") && s.n == 32) || !syncml_is_text(s))) {
		form = p->wbxml ? OCTETS : BASE64;
		format = !p->wbxml ? "b64" : is(format, "b64") ? NULL : format;
	}
	open_tag(p, name);
	meta(p, format, c->type, c->next_nonce, 0);
	if (strcmp(name, "Cred") == 0)
		data(p, &c->data, form);
	close_tag(p, name);
}

static void
item(struct printer *p, const struct syncml_command *c, const struct syncml_item *i)
{
	const char *effective = i->format != NULL ? i->format : c->format, *format = i->format;
	enum form form = form_of(p, &i->data, &effective);

	if (form == BASE64)
		format = effective;
	open_tag(p, "Item");
	place(p, "Target", i->target, NULL);
	place(p, "Source", i->source, NULL);
	meta(p, format, i->type, NULL, i->size);
	data(p, &i->data, form);
	flag(p, "MoreData", i->more);
	close_tag(p, "Item");
}

/* ---- commands ------------------------------------------------------------------------------------------------- */

static void
status(struct printer *p, const struct syncml_command *c)
{
	number(p, "MsgRef", c->msg_ref);
	number(p, "CmdRef", c->cmd_ref);
	must(p, "Status", "Cmd", c->cmd);
	leaf(p, "TargetRef", c->target_ref);
	leaf(p, "SourceRef", c->source_ref);
	cred(p, "Cred", c->cred);
	cred(p, "Chal", c->chal);
	if (c->data < 100 || c->data > 999)
		fail(p, "Status", "has no code of three digits");
	number(p, "Data", c->data);
}

static void command(struct printer *p, const struct syncml_command *c);

static void
inner_commands(struct printer *p, const struct syncml_command *c)
{
	const char *name = syncml_kind_name(c->kind);
	const struct syncml_command *inner;

	if (!syncml_holds_commands(c->kind)) {
		if (c->inner != NULL)
			fail(p, name, "cannot hold commands");
		return;
	}
	if (c->inner == NULL || c->items != NULL)
		fail(p, name, "holds commands, and nothing else");
	if (p->depth >= SYNCML_DEPTH_MAX) {
		fail(p, name, "is nested too deep");
		return;
	}
	for (inner = c->inner; inner != NULL; inner = inner->next) {
		if (inner->kind == SYNCML_STATUS || inner->kind == SYNCML_RESULTS)
			fail(p, name, "cannot hold Status or Results");
		command(p, inner);
	}
}

static void
command(struct printer *p, const struct syncml_command *c)
{
	const char *name = syncml_kind_name(c->kind);
	const struct syncml_item *i;

	p->depth++;
	open_tag(p, name);
	if (c->cmd_id == 0)
		fail(p, name, "has no CmdID");
	number(p, "CmdID", c->cmd_id);
	switch (c->kind) {
	case SYNCML_STATUS:
		status(p, c);
		break;
	case SYNCML_RESULTS:
		if (c->msg_ref > 0)
			number(p, "MsgRef", c->msg_ref);
		number(p, "CmdRef", c->cmd_ref);
		meta(p, c->format, c->type, NULL, 0);
		leaf(p, "TargetRef", c->target_ref);
		leaf(p, "SourceRef", c->source_ref);
		break;
	case SYNCML_ALERT:
		flag(p, "NoResp", c->no_resp);
		if (c->data > 0)
			number(p, "Data", c->data);
		leaf(p, "Correlator", c->correlator);
		break;
	case SYNCML_ADD: case SYNCML_ATOMIC: case SYNCML_COPY: case SYNCML_DELETE: case SYNCML_EXEC:
	case SYNCML_GET: case SYNCML_REPLACE: case SYNCML_SEQUENCE:
		flag(p, "NoResp", c->no_resp);
		meta(p, c->format, c->type, NULL, 0);
		leaf(p, "Correlator", c->kind == SYNCML_EXEC ? c->correlator : NULL);
		break;
	}
	if (c->items == NULL && c->kind != SYNCML_STATUS && c->kind != SYNCML_ALERT && !syncml_holds_commands(c->kind))
		fail(p, name, "has no Item");
	for (i = c->items; i != NULL; i = i->next)
		item(p, c, i);
	inner_commands(p, c);
	close_tag(p, name);
	p->depth--;
}

static void
header(struct printer *p, const struct syncml_message *m)
{
	open_tag(p, "SyncHdr");
	must(p, "SyncHdr", "VerDTD", m->ver_dtd);
	must(p, "SyncHdr", "VerProto", m->ver_proto);
	must(p, "SyncHdr", "SessionID", m->session_id);
	number(p, "MsgID", m->msg_id);
	if (m->target == NULL || m->source == NULL)
		fail(p, "SyncHdr", "has no Target or no Source");
	place(p, "Target", m->target, NULL);
	place(p, "Source", m->source, m->source_name);
	leaf(p, "RespURI", m->resp_uri);
	flag(p, "NoResp", m->no_resp);
	cred(p, "Cred", m->cred);
	if (m->max_msg_size > 0 || m->max_obj_size > 0) {
		open_tag(p, "Meta");
		if (m->max_msg_size > 0)
			number_of(p, PAGE_META, "MaxMsgSize", m->max_msg_size);
		if (m->max_obj_size > 0)
			number_of(p, PAGE_META, "MaxObjSize", m->max_obj_size);
		close_tag(p, "Meta");
	}
	close_tag(p, "SyncHdr");
}

int
syncml_print(const struct syncml_message *m, bool wbxml, struct sbuf *out, struct why *why)
{
	struct printer p = { .wbxml = wbxml, .old = is(m->ver_dtd, "1.1"), .why = why };
	const struct syncml_command *c;

	if (wbxml) {
		wbxml_encoder_start(&p.binary, p.old ? &wbxml_syncml_11 : &wbxml_syncml_12, WBXML_12);
		open_tag(&p, "SyncML");
	} else {
		sbuf_str(&p.xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<SyncML xmlns=\"SYNCML:SYNCML");
		sbuf_str(&p.xml, p.old ? "1.1\">" : "1.2\">");
	}
	header(&p, m);
	open_tag(&p, "SyncBody");
	for (c = m->commands; c != NULL; c = c->next)
		command(&p, c);
	flag(&p, "Final", m->final);
	close_tag(&p, "SyncBody");
	close_tag(&p, "SyncML");
	if (wbxml)
		wbxml_encoder_finish(&p.binary);
	if (p.err == OK)
		sbuf_span(out, sbuf_as_span(wbxml ? &p.binary.out : &p.xml));
	wbxml_encoder_done(&p.binary);
	sbuf_done(&p.xml);
	return p.err;
}
