/* uaprof.c - see uaprof.h: the reader, and profiles in memory. uaprof_match.c holds the rules. */
#include "ppg/uaprof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xml.h"

/* Lists first, in the order of enum uaprof_list_name. */
enum { ATTR_MSG_SIZE = UAPROF_LISTS, ATTR_MAX_PUSH_REQ, N_ATTRS, NO_ATTR = -1 };

static const struct { const char *name, *container; } attributes[N_ATTRS] = {
	[UAPROF_ACCEPT]          = { "Push-Accept",          "Bag" },
	[UAPROF_ACCEPT_CHARSET]  = { "Push-Accept-Charset",  "Bag" },
	[UAPROF_ACCEPT_ENCODING] = { "Push-Accept-Encoding", "Bag" },
	[UAPROF_ACCEPT_LANGUAGE] = { "Push-Accept-Language", "Seq" },
	[UAPROF_ACCEPT_APP_ID]   = { "Push-Accept-AppID",    "Bag" },
	[ATTR_MSG_SIZE]          = { "Push-MsgSize",         NULL },
	[ATTR_MAX_PUSH_REQ]      = { "Push-MaxPushReq",      NULL },
};

enum standing { NOT_STATED, BY_DEFAULT, STATED };

struct reader {
	struct uaprof *out;
	enum standing standing[N_ATTRS];
	unsigned depth, defaults_depth, attr_depth, item_depth;	/* 0: not inside */
	int attr;			/* the one that is open, or NO_ATTR */
	bool passed_over;		/* it gives way to what was stated elsewhere */
	bool has_value;			/* it has had an item or a number */
	char text[UAPROF_ITEM_MAX + 1];
	size_t n_text;
};

/* ---- values -------------------------------------------------------------------------------- */

static void
clear_list(struct uaprof_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct uaprof_list){ 0 };
}

static int
add_item(struct uaprof_list *list, const char *name, struct span text, struct why *why)
{
	if (list->n == UAPROF_ITEMS_MAX)
		return why_set(why, ERR_LIMIT, "%s: more than %d values", name, UAPROF_ITEMS_MAX);
	if (list->items == NULL)
		list->items = calloc(UAPROF_ITEMS_MAX, sizeof *list->items);
	if (list->items == NULL)
		abort();
	list->items[list->n++] = span_dup(text);
	return OK;
}

static int
set_number(struct uaprof *out, int attr, struct span text, struct why *why)
{
	char digits[24];
	int64_t n;

	if (span_to_cstr(text, digits, sizeof digits) != OK || text_number(digits, 0, UINT32_MAX, &n) != OK)
		return why_set(why, ERR_SYNTAX, "%s: not a number of 32 bits", attributes[attr].name);
	if (attr == ATTR_MSG_SIZE) {
		out->has_msg_size = true;
		out->msg_size = (uint32_t)n;
	} else {
		out->has_max_push_req = true;
		out->max_push_req = (uint32_t)n;
	}
	return OK;
}

static struct span
trim(struct span s)
{
	while (s.n > 0 && strchr(" \t\r\n", s.p[0]) != NULL)
		s.p++, s.n--;
	while (s.n > 0 && strchr(" \t\r\n", s.p[s.n - 1]) != NULL)
		s.n--;
	return s;
}

static int
add_value(struct reader *r, const char *value, struct why *why)
{
	struct span text = trim(span_str(value));

	if (text.n == 0 || r->passed_over)
		return OK;
	if (text.n > UAPROF_ITEM_MAX)
		return why_set(why, ERR_LIMIT, "%s: a value has more than %d octets", attributes[r->attr].name,
		    UAPROF_ITEM_MAX);
	r->has_value = true;
	if (r->attr >= UAPROF_LISTS)
		return set_number(r->out, r->attr, text, why);
	return add_item(&r->out->lists[r->attr], attributes[r->attr].name, text, why);
}

/* ---- elements --------------------------------------------------------------------------------- */

static const char *
local_name(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon != NULL ? colon + 1 : name;
}

static int
find_attribute(const char *name)
{
	int i;

	for (i = 0; i < N_ATTRS; i++)
		if (strcmp(attributes[i].name, name) == 0)
			return i;
	return NO_ATTR;
}

/* What is stated anew replaces what was there; a default never does. */
static void
open_attribute(struct reader *r, int attr)
{
	enum standing standing = r->defaults_depth > 0 ? BY_DEFAULT : STATED;

	r->attr = attr;
	r->has_value = false;
	r->n_text = 0;
	r->passed_over = r->standing[attr] > standing;
	if (r->passed_over)
		return;
	r->standing[attr] = standing;
	if (attr < UAPROF_LISTS)
		clear_list(&r->out->lists[attr]);
	else if (attr == ATTR_MSG_SIZE)
		r->out->has_msg_size = false;
	else
		r->out->has_max_push_req = false;
}

static const char *
resource(const struct xml_attr *attrs, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(local_name(attrs[i].name), "resource") == 0)
			return attrs[i].value;
	return NULL;
}

/* <rdf:Description prf:Push-MsgSize="1400">: the short form of RDF. */
static int
read_short_form(struct reader *r, const struct xml_attr *attrs, size_t n, struct why *why)
{
	size_t i;
	int err = OK;

	for (i = 0; i < n && err == OK; i++) {
		int attr = find_attribute(local_name(attrs[i].name));

		if (attr == NO_ATTR)
			continue;
		open_attribute(r, attr);
		err = add_value(r, attrs[i].value, why);
	}
	r->attr = NO_ATTR;
	return err;
}

/* rdf:li, or rdf:_1 and so on */
static bool
is_item(const char *name)
{
	return strcmp(name, "li") == 0 || (name[0] == '_' && name[1] >= '0' && name[1] <= '9');
}

static int
on_start(void *ctx, const char *qname, const struct xml_attr *attrs, size_t n, struct why *why)
{
	struct reader *r = ctx;
	const char *name = local_name(qname), *value = resource(attrs, n);

	r->depth++;
	if (r->depth == 1 && strcmp(name, "RDF") != 0)
		return why_set(why, ERR_SYNTAX, "root element is %.40s, not RDF", name);
	if (r->attr != NO_ATTR) {
		if (r->item_depth != 0 || !is_item(name))
			return OK;
		r->item_depth = r->depth;
		r->n_text = 0;
		return value != NULL ? add_value(r, value, why) : OK;
	}
	if (r->defaults_depth == 0 && (strcmp(name, "Defaults") == 0 || strcmp(name, "defaults") == 0))
		r->defaults_depth = r->depth;
	if (find_attribute(name) == NO_ATTR)
		return read_short_form(r, attrs, n, why);
	open_attribute(r, find_attribute(name));
	r->attr_depth = r->depth;
	return value != NULL ? add_value(r, value, why) : OK;
}

/* Text counts inside an item, or right inside the attribute when that has no items. */
static int
on_text(void *ctx, struct span text, struct why *why)
{
	struct reader *r = ctx;

	if (r->attr == NO_ATTR || (r->item_depth != r->depth && r->attr_depth != r->depth))
		return OK;
	if (r->n_text == 0)
		while (text.n > 0 && strchr(" \t\r\n", text.p[0]) != NULL)
			text.p++, text.n--;
	if (text.n > UAPROF_ITEM_MAX - r->n_text && trim(text).n > UAPROF_ITEM_MAX - r->n_text)
		return why_set(why, ERR_LIMIT, "%s: a value has more than %d octets", attributes[r->attr].name,
		    UAPROF_ITEM_MAX);
	if (text.n > UAPROF_ITEM_MAX - r->n_text)
		text.n = UAPROF_ITEM_MAX - r->n_text;
	memcpy(r->text + r->n_text, text.p, text.n);
	r->n_text += text.n;
	return OK;
}

static int
on_end(void *ctx, const char *qname, struct why *why)
{
	struct reader *r = ctx;
	int err = OK;

	if (r->item_depth == r->depth || (r->attr_depth == r->depth && !r->has_value)) {
		r->text[r->n_text] = '\0';
		err = add_value(r, r->text, why);
		r->n_text = 0;
	}
	if (r->item_depth == r->depth)
		r->item_depth = 0;
	if (r->attr_depth == r->depth) {
		r->attr_depth = 0;
		r->attr = NO_ATTR;
	}
	if (r->defaults_depth == r->depth)
		r->defaults_depth = 0;
	r->depth--;
	return err;
}

int
uaprof_read(struct span rdf, const char *charset, struct uaprof *out, struct why *why)
{
	static const struct xml_events events = { .start = on_start, .text = on_text, .end = on_end };
	struct reader r = { .out = out, .attr = NO_ATTR };
	int err;

	*out = (struct uaprof){ 0 };
	if (rdf.n > UAPROF_DOC_MAX)
		return why_set(why, ERR_LIMIT, "profile of %zu octets, at most %d are taken", rdf.n, UAPROF_DOC_MAX);
	err = xml_parse(rdf, charset, NULL, &events, &r, why);
	if (err)
		uaprof_done(out);
	return err;
}

void
uaprof_done(struct uaprof *u)
{
	size_t i;

	for (i = 0; i < UAPROF_LISTS; i++)
		clear_list(&u->lists[i]);
	*u = (struct uaprof){ 0 };
}

/* ---- writing -------------------------------------------------------------------------------------- */

static void
put_element(struct sbuf *out, const char *indent, const char *name, const char *text)
{
	sbuf_fmt(out, "%s<%s>", indent, name);
	sbuf_xml(out, span_str(text));
	sbuf_fmt(out, "</%s>\n", name);
}

static void
put_list(struct sbuf *out, size_t attr, const struct uaprof_list *list)
{
	const char *name = attributes[attr].name, *container = attributes[attr].container;
	size_t i;

	if (list->n == 0)
		return;
	sbuf_fmt(out, "\t\t<prf:%s><rdf:%s>\n", name, container);
	for (i = 0; i < list->n; i++)
		put_element(out, "\t\t\t", "rdf:li", list->items[i]);
	sbuf_fmt(out, "\t\t</rdf:%s></prf:%s>\n", container, name);
}

void
uaprof_print(const struct uaprof *u, struct sbuf *out)
{
	size_t i;

	sbuf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"\n"
	    "\txmlns:prf=\"http://www.openmobilealliance.org/tech/profiles/UAPROF/ccppschema-20021212#\">\n"
	    "<rdf:Description rdf:ID=\"Profile\">\n\t<prf:component><rdf:Description rdf:ID=\"PushCharacteristics\">\n"
	    "\t\t<rdf:type rdf:resource=\"http://www.openmobilealliance.org/tech/profiles/UAPROF/"
	    "ccppschema-20021212#PushCharacteristics\"/>\n");
	for (i = 0; i < UAPROF_LISTS; i++)
		put_list(out, i, &u->lists[i]);
	if (u->has_msg_size)
		sbuf_fmt(out, "\t\t<prf:Push-MsgSize>%u</prf:Push-MsgSize>\n", u->msg_size);
	if (u->has_max_push_req)
		sbuf_fmt(out, "\t\t<prf:Push-MaxPushReq>%u</prf:Push-MaxPushReq>\n", u->max_push_req);
	sbuf_str(out, "\t</rdf:Description></prf:component>\n</rdf:Description>\n</rdf:RDF>\n");
}
