/*
 * syncml_parse.c - SyncML messages from XML and WBXML; see syncml.h.
 * Spec: OMA-SyncML-RepPro 1.2, 6 (elements); OMA-SyncML-MetaInfo 1.2, 5; OMA-TS-DM_RepPro 1.2, 6 (what of them DM has).
 *
 * Both readers call the same three functions. One table says which element may stand in which; the order inside
 * an element is not looked at, what is missing or stands there twice is.
 */
#include "wap/syncml_parser.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xml.h"
#include "wap/wbxml.h"

enum { NAME_MAX_SHOWN = 40 };

#define K(kind) (1u << (SYNCML_##kind))
enum {
	ANY = ~0u, STATUS = K(STATUS), REFS = K(STATUS) | K(RESULTS), DATA_OF = K(STATUS) | K(ALERT),
	SIMPLE = K(ADD) | K(COPY) | K(DELETE) | K(EXEC) | K(GET) | K(REPLACE) | K(RESULTS) | K(ALERT) | K(STATUS),
	WITH_META = ANY & ~STATUS
};

static const struct rule {
	enum syncml_place in;
	const char *name;
	enum syncml_place to;
	enum syncml_leaf leaf;
	unsigned kinds;			/* of command: where AT_COMMAND allows it */
	bool repeats;
} rules[] = {
	{ AT_START,	"SyncML",	AT_SYNCML,	LEAF_NONE,		ANY, false },
	{ AT_SYNCML,	"SyncHdr",	AT_HEADER,	LEAF_HEADER,		ANY, false },
	{ AT_SYNCML,	"SyncBody",	AT_BODY,	LEAF_BODY,		ANY, false },
	{ AT_HEADER,	"VerDTD",	AT_LEAF,	LEAF_VER_DTD,		ANY, false },
	{ AT_HEADER,	"VerProto",	AT_LEAF,	LEAF_VER_PROTO,		ANY, false },
	{ AT_HEADER,	"SessionID",	AT_LEAF,	LEAF_SESSION_ID,	ANY, false },
	{ AT_HEADER,	"MsgID",	AT_LEAF,	LEAF_MSG_ID,		ANY, false },
	{ AT_HEADER,	"Target",	AT_TARGET,	LEAF_TARGET,		ANY, false },
	{ AT_HEADER,	"Source",	AT_SOURCE,	LEAF_SOURCE,		ANY, false },
	{ AT_HEADER,	"RespURI",	AT_LEAF,	LEAF_RESP_URI,		ANY, false },
	{ AT_HEADER,	"NoResp",	AT_LEAF,	LEAF_NO_RESP,		ANY, false },
	{ AT_HEADER,	"Cred",		AT_CRED,	LEAF_CRED,		ANY, false },
	{ AT_HEADER,	"Meta",		AT_META,	LEAF_META,		ANY, false },
	{ AT_BODY,	"Final",	AT_LEAF,	LEAF_FINAL,		ANY, false },
	{ AT_COMMAND,	"CmdID",	AT_LEAF,	LEAF_CMD_ID,		ANY, false },
	{ AT_COMMAND,	"NoResp",	AT_LEAF,	LEAF_NO_RESP,		ANY & ~REFS, false },
	{ AT_COMMAND,	"NoResults",	AT_LEAF,	LEAF_SKIPPED,		ANY, true },
	{ AT_COMMAND,	"Lang",		AT_LEAF,	LEAF_SKIPPED,		ANY, true },
	{ AT_COMMAND,	"Archive",	AT_LEAF,	LEAF_SKIPPED,		K(DELETE), true },
	{ AT_COMMAND,	"SftDel",	AT_LEAF,	LEAF_SKIPPED,		K(DELETE), true },
	{ AT_COMMAND,	"MsgRef",	AT_LEAF,	LEAF_MSG_REF,		REFS, false },
	{ AT_COMMAND,	"CmdRef",	AT_LEAF,	LEAF_CMD_REF,		REFS, false },
	{ AT_COMMAND,	"Cmd",		AT_LEAF,	LEAF_CMD,		STATUS, false },
	{ AT_COMMAND,	"TargetRef",	AT_LEAF,	LEAF_TARGET_REF,	REFS, true },
	{ AT_COMMAND,	"SourceRef",	AT_LEAF,	LEAF_SOURCE_REF,	REFS, true },
	{ AT_COMMAND,	"Cred",		AT_CRED,	LEAF_CRED,		STATUS, false },
	{ AT_COMMAND,	"Cred",		AT_LEAF,	LEAF_SKIPPED,		ANY & ~STATUS, true },
	{ AT_COMMAND,	"Chal",		AT_CHAL,	LEAF_CHAL,		STATUS, false },
	{ AT_COMMAND,	"Data",		AT_LEAF,	LEAF_DATA,		DATA_OF, false },
	{ AT_COMMAND,	"Correlator",	AT_LEAF,	LEAF_CORRELATOR,	K(ALERT) | K(EXEC), false },
	{ AT_COMMAND,	"Meta",		AT_META,	LEAF_META,		WITH_META, false },
	{ AT_COMMAND,	"Item",		AT_ITEM,	LEAF_ITEM,		SIMPLE, true },
	{ AT_ITEM,	"Target",	AT_TARGET,	LEAF_TARGET,		ANY, false },
	{ AT_ITEM,	"Source",	AT_SOURCE,	LEAF_SOURCE,		ANY, false },
	{ AT_ITEM,	"SourceParent",	AT_LEAF,	LEAF_SKIPPED,		ANY, true },
	{ AT_ITEM,	"TargetParent",	AT_LEAF,	LEAF_SKIPPED,		ANY, true },
	{ AT_ITEM,	"Meta",		AT_META,	LEAF_META,		ANY, false },
	{ AT_ITEM,	"Data",		AT_LEAF,	LEAF_DATA,		ANY, false },
	{ AT_ITEM,	"MoreData",	AT_LEAF,	LEAF_MORE_DATA,		ANY, false },
	{ AT_CRED,	"Meta",		AT_META,	LEAF_META,		ANY, false },
	{ AT_CRED,	"Data",		AT_LEAF,	LEAF_DATA,		ANY, false },
	{ AT_CHAL,	"Meta",		AT_META,	LEAF_META,		ANY, false },
	{ AT_META,	"MetInf",	AT_META,	LEAF_META,		ANY, false },
	{ AT_META,	"Format",	AT_LEAF,	LEAF_FORMAT,		ANY, false },
	{ AT_META,	"Type",		AT_LEAF,	LEAF_TYPE,		ANY, false },
	{ AT_META,	"NextNonce",	AT_LEAF,	LEAF_NEXT_NONCE,	ANY, false },
	{ AT_META,	"MaxMsgSize",	AT_LEAF,	LEAF_MAX_MSG_SIZE,	ANY, false },
	{ AT_META,	"MaxObjSize",	AT_LEAF,	LEAF_MAX_OBJ_SIZE,	ANY, false },
	{ AT_META,	"Size",		AT_LEAF,	LEAF_SIZE,		ANY, false },
	{ AT_META,	NULL,		AT_LEAF,	LEAF_SKIPPED,		ANY, true },	/* of no use to us */
	{ AT_TARGET,	"LocURI",	AT_LEAF,	LEAF_LOC_URI,		ANY, false },
	{ AT_TARGET,	"LocName",	AT_LEAF,	LEAF_LOC_NAME,		ANY, false },
	{ AT_SOURCE,	"LocURI",	AT_LEAF,	LEAF_LOC_URI,		ANY, false },
	{ AT_SOURCE,	"LocName",	AT_LEAF,	LEAF_LOC_NAME,		ANY, false },
};
enum { N_RULES = sizeof rules / sizeof rules[0] };

/* What must be there when an element ends, and what is told when it is not. */
static const struct { enum syncml_place at; unsigned kinds; enum syncml_leaf leaf; const char *name; } musts[] = {
	{ AT_SYNCML, ANY, LEAF_HEADER, "SyncHdr" }, { AT_SYNCML, ANY, LEAF_BODY, "SyncBody" },
	{ AT_HEADER, ANY, LEAF_VER_DTD, "VerDTD" }, { AT_HEADER, ANY, LEAF_VER_PROTO, "VerProto" },
	{ AT_HEADER, ANY, LEAF_SESSION_ID, "SessionID" }, { AT_HEADER, ANY, LEAF_MSG_ID, "MsgID" },
	{ AT_HEADER, ANY, LEAF_TARGET, "Target" }, { AT_HEADER, ANY, LEAF_SOURCE, "Source" },
	{ AT_TARGET, ANY, LEAF_LOC_URI, "LocURI" }, { AT_SOURCE, ANY, LEAF_LOC_URI, "LocURI" },
	{ AT_CRED, ANY, LEAF_DATA, "Data" }, { AT_CRED, ANY, LEAF_TYPE, "Type" }, { AT_CHAL, ANY, LEAF_TYPE, "Type" },
	{ AT_COMMAND, ANY, LEAF_CMD_ID, "CmdID" },
	{ AT_COMMAND, STATUS, LEAF_MSG_REF, "MsgRef" }, { AT_COMMAND, STATUS, LEAF_CMD_REF, "CmdRef" },
	{ AT_COMMAND, STATUS, LEAF_CMD, "Cmd" }, { AT_COMMAND, STATUS, LEAF_DATA, "Data" },
	{ AT_COMMAND, K(RESULTS), LEAF_CMD_REF, "CmdRef" },
	{ AT_COMMAND, SIMPLE & ~DATA_OF, LEAF_ITEM, "Item" },
	{ AT_COMMAND, K(ATOMIC) | K(SEQUENCE), LEAF_INNER, "a command" },
};

static const char *const place_names[] = {
	"the document", "SyncML", "SyncHdr", "SyncBody", "a command", "Item", "Cred", "Chal", "Meta", "Target", "Source", "text"
};

/* ---- start tags --------------------------------------------------------------------------------------- */

static int
push(struct syncml_parser *p, enum syncml_place place, enum syncml_leaf leaf, struct why *why)
{
	if (p->n == SYNCML_FRAMES_MAX)
		return why_set(why, ERR_LIMIT, "elements nested deeper than %d", SYNCML_FRAMES_MAX);
	p->stack[p->n++] = (struct syncml_frame){ place, leaf, 0 };
	sbuf_clear(&p->text);
	p->binary = false;
	return OK;
}

static int
open_command(struct syncml_parser *p, enum syncml_kind kind, struct why *why)
{
	bool inner = syncml_top(p)->place == AT_COMMAND;
	struct syncml_command **list = inner ? &syncml_command(p)->inner : &p->m->commands;

	if (inner && (kind == SYNCML_STATUS || kind == SYNCML_RESULTS))
		return why_set(why, ERR_SYNTAX, "%s inside a command", syncml_kind_name(kind));
	if (p->n_open == SYNCML_DEPTH_MAX)
		return why_set(why, ERR_LIMIT, "commands nested deeper than %d", SYNCML_DEPTH_MAX);
	if (p->commands == SYNCML_COMMANDS_MAX)
		return why_set(why, ERR_LIMIT, "more than %d commands", SYNCML_COMMANDS_MAX);
	p->commands++;
	syncml_top(p)->seen |= SYNCML_BIT(LEAF_INNER);
	p->open[p->n_open] = syncml_append_command(list, kind);
	p->n_open++;
	return push(p, AT_COMMAND, LEAF_NONE, why);
}

static struct syncml_cred *
new_cred(struct syncml_cred **to)
{
	*to = calloc(1, sizeof **to);
	if (*to == NULL)
		abort();
	return *to;
}

/* An element that holds others: what is filled from now on. */
static int
enter(struct syncml_parser *p, enum syncml_leaf leaf, struct why *why)
{
	if (leaf == LEAF_BODY && !(syncml_top(p)->seen & SYNCML_BIT(LEAF_HEADER)))
		return why_set(why, ERR_SYNTAX, "SyncBody before SyncHdr");
	if (leaf == LEAF_ITEM) {
		if (p->items++ == SYNCML_ITEMS_MAX)
			return why_set(why, ERR_LIMIT, "more than %d items", SYNCML_ITEMS_MAX);
		p->item = syncml_append_item(syncml_command(p));
	} else if (leaf == LEAF_CRED) {
		p->cred = new_cred(syncml_top(p)->place == AT_HEADER ? &p->m->cred : &syncml_command(p)->cred);
	} else if (leaf == LEAF_CHAL) {
		p->cred = new_cred(&syncml_command(p)->chal);
	}
	return OK;
}

static const struct rule *
find_rule(const struct syncml_parser *p, struct span name)
{
	enum syncml_place in = p->stack[p->n - 1].place;
	unsigned kinds = in == AT_COMMAND ? 1u << p->open[p->n_open - 1]->kind : ANY;
	size_t i;

	for (i = 0; i < N_RULES; i++)
		if (rules[i].in == in && (rules[i].kinds & kinds) &&
		    (rules[i].name == NULL || span_eq_str(name, rules[i].name)))
			return &rules[i];
	return NULL;
}

static bool
holds_commands(const struct syncml_parser *p)
{
	enum syncml_place at = p->stack[p->n - 1].place;

	return at == AT_BODY || (at == AT_COMMAND && syncml_holds_commands(p->open[p->n_open - 1]->kind));
}

static int
start(struct syncml_parser *p, struct span name, struct why *why)
{
	static const char *const sync_commands[] = { "Put", "Search", "Sync", "Map", "Move" };
	const struct rule *rule = find_rule(p, name);
	enum syncml_kind kind;
	int err = OK;
	size_t i;

	if (rule == NULL && holds_commands(p)) {
		if (syncml_kind_parse(name, &kind))
			return open_command(p, kind, why);
		for (i = 0; i < sizeof sync_commands / sizeof sync_commands[0]; i++)
			if (span_eq_str(name, sync_commands[i]))
				return why_set(why, ERR_UNSUPPORTED, "%s is no command of device management",
				    sync_commands[i]);
	}
	if (rule == NULL)
		return why_set(why, ERR_SYNTAX, "%.*s does not belong into %s", name.n > NAME_MAX_SHOWN ? NAME_MAX_SHOWN :
		    (int)name.n, (const char *)name.p, place_names[syncml_top(p)->place]);
	if (!rule->repeats && (syncml_top(p)->seen & SYNCML_BIT(rule->leaf)))
		return why_set(why, ERR_SYNTAX, "%s twice", rule->name);
	syncml_top(p)->seen |= SYNCML_BIT(rule->leaf);
	if (rule->to != AT_LEAF)
		err = enter(p, rule->leaf, why);
	return err != OK ? err : push(p, rule->to, rule->leaf, why);
}

/* ---- end tags ------------------------------------------------------------------------------------------ */

static int
end(struct syncml_parser *p, struct why *why)
{
	const struct syncml_frame *f = syncml_top(p);
	unsigned kinds = f->place == AT_COMMAND ? 1u << syncml_command(p)->kind : ANY;
	size_t i;
	int err;

	if (f->place == AT_LEAF) {
		err = syncml_leaf_take(p, f->leaf, why);
		p->n--;
		sbuf_clear(&p->text);
		return err;
	}
	for (i = 0; i < sizeof musts / sizeof musts[0]; i++)
		if (musts[i].at == f->place && (musts[i].kinds & kinds) && !(f->seen & SYNCML_BIT(musts[i].leaf)))
			return why_set(why, ERR_SYNTAX, "%s without %s", f->place == AT_COMMAND ?
			    syncml_kind_name(syncml_command(p)->kind) : place_names[f->place], musts[i].name);
	if (f->place == AT_COMMAND)
		p->n_open--;
	p->n--;
	return OK;
}

/* ---- what both readers call ------------------------------------------------------------------------------ */

/* Markup in the data of an item (XML in XML) is data, too. */
static bool
keeps_markup(const struct syncml_parser *p)
{
	const struct syncml_frame *f = &p->stack[p->n - 1];

	return f->leaf == LEAF_DATA && p->stack[p->n - 2].place == AT_ITEM;
}

static void
close_tag(struct syncml_parser *p)
{
	if (p->tag_open)
		sbuf_char(&p->text, '>');
	p->tag_open = false;
}

static int
check_size(const struct syncml_parser *p, struct why *why)
{
	if (p->text.n > SYNCML_MAX)
		return why_set(why, ERR_LIMIT, "text of more than %d octets", SYNCML_MAX);
	return OK;
}

static int
on_start(struct syncml_parser *p, struct span name, const struct xml_attr *attrs, size_t n, struct why *why)
{
	const uint8_t *colon = memchr(name.p, ':', name.n);
	size_t i;

	if (syncml_top(p)->place != AT_LEAF) {
		if (colon != NULL)		/* a prefix instead of a default name space */
			name = span_of(colon + 1, name.n - (size_t)(colon + 1 - name.p));
		return start(p, name, why);
	}
	if (syncml_top(p)->leaf != LEAF_SKIPPED && !keeps_markup(p))
		return why_set(why, ERR_SYNTAX, "an element where text stands");
	p->inside++;
	if (!keeps_markup(p))
		return OK;
	close_tag(p);
	sbuf_char(&p->text, '<');
	sbuf_span(&p->text, name);
	for (i = 0; i < n; i++) {
		sbuf_char(&p->text, ' ');
		sbuf_str(&p->text, attrs[i].name);
		sbuf_str(&p->text, "=\"");
		sbuf_xml(&p->text, span_str(attrs[i].value));
		sbuf_char(&p->text, '"');
	}
	p->tag_open = true;
	return check_size(p, why);
}

static int
on_text(struct syncml_parser *p, struct span text, struct why *why)
{
	if (syncml_top(p)->place != AT_LEAF)
		return syncml_trim(text).n == 0 ? OK : why_set(why, ERR_SYNTAX, "text in %s", place_names[syncml_top(p)->place]);
	if (syncml_top(p)->leaf == LEAF_SKIPPED)
		return OK;
	close_tag(p);
	if (p->inside > 0)
		sbuf_xml(&p->text, text);
	else
		sbuf_span(&p->text, text);
	return check_size(p, why);
}

static int
on_end(struct syncml_parser *p, struct span name, struct why *why)
{
	if (p->inside == 0)
		return end(p, why);
	p->inside--;
	if (!keeps_markup(p))
		return OK;
	if (p->tag_open) {
		sbuf_str(&p->text, "/>");
		p->tag_open = false;
		return OK;
	}
	sbuf_str(&p->text, "</");
	sbuf_span(&p->text, name);
	sbuf_char(&p->text, '>');
	return check_size(p, why);
}

static int
xml_start(void *ctx, const char *name, const struct xml_attr *attrs, size_t n, struct why *why)
{
	return on_start(ctx, span_str(name), attrs, n, why);
}

static int
xml_text(void *ctx, struct span text, struct why *why)
{
	return on_text(ctx, text, why);
}

static int
xml_end(void *ctx, const char *name, struct why *why)
{
	return on_end(ctx, span_str(name), why);
}

static int
wbxml_start(void *ctx, struct span name, const struct wbxml_attr *attrs, size_t n, struct why *why)
{
	return on_start(ctx, name, NULL, 0, why);
}

static int
wbxml_text(void *ctx, struct span text, struct why *why)
{
	return on_text(ctx, text, why);
}

static int
wbxml_opaque(void *ctx, struct span octets, struct why *why)
{
	struct syncml_parser *p = ctx;

	p->binary = true;
	return on_text(p, octets, why);
}

static int
wbxml_end(void *ctx, struct span name, struct why *why)
{
	return on_end(ctx, name, why);
}

static int
parse_xml(struct syncml_parser *p, struct span body, struct why *why)
{
	static const struct xml_events events = { .start = xml_start, .text = xml_text, .end = xml_end };
	static const struct xml_limits limits = { .depth = SYNCML_FRAMES_MAX + 16 };

	return xml_parse(body, NULL, &limits, &events, p, why);
}

static int
parse_wbxml(struct syncml_parser *p, struct span body, struct why *why)
{
	static const struct wbxml_events events = { wbxml_start, wbxml_text, wbxml_opaque, wbxml_end };

	return wbxml_walk(body, NULL, &events, p, why);
}

int
syncml_parse(const char *media, struct span body, struct syncml_message *out, struct why *why)
{
	struct syncml_parser p = { .m = out, .stack = { { AT_START, LEAF_NONE, 0 } }, .n = 1 };
	struct why unread;
	struct span type = span_str(media);
	int err;

	if (why == NULL)
		why = &unread;
	*out = (struct syncml_message){ 0 };
	type.n = strcspn(media, "; \t");
	if (body.n > SYNCML_MAX)
		return why_set(why, ERR_LIMIT, "message of more than %d octets", SYNCML_MAX);
	if (span_eq_nocase(type, SYNCML_WBXML))
		err = parse_wbxml(&p, body, why);
	else if (span_eq_nocase(type, SYNCML_XML))
		err = parse_xml(&p, body, why);
	else
		err = why_set(why, ERR_UNSUPPORTED, "the content type is neither " SYNCML_XML " nor its WBXML");
	sbuf_done(&p.text);
	if (err != OK)
		syncml_done(out);
	return err;
}
