/*
 * syncml_parse.c - SyncML messages from XML and WBXML; see syncml.h.
 * Spec: OMA-SyncML-RepPro 1.2, 6 (elements); OMA-SyncML-MetaInfo 1.2, 5; OMA-TS-DM_RepPro 1.2, 6 (what of them DM has).
 *
 * Both readers call the same three functions. One table says which element may stand in which; the order inside
 * an element is not looked at, what is missing or stands there twice is.
 */
#include "wap/syncml_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xml.h"
#include "wap/wbxml.h"

enum {
	FRAMES_MAX = SYNCML_DEPTH_MAX + 16,
	TEXT_MAX = 4096,		/* of anything but data */
	NAME_MAX_SHOWN = 40
};

/* Where we are: an element with elements in it. */
enum place { AT_START, AT_SYNCML, AT_HEADER, AT_BODY, AT_COMMAND, AT_ITEM, AT_CRED, AT_CHAL, AT_META, AT_TARGET, AT_SOURCE, AT_LEAF };

/* An element with text in it, or none. */
enum leaf {
	IS_NONE, VER_DTD, VER_PROTO, SESSION_ID, MSG_ID, RESP_URI, NO_RESP, LOC_URI, LOC_NAME, FORMAT, TYPE, NEXT_NONCE,
	MAX_MSG_SIZE, MAX_OBJ_SIZE, SIZE, CMD_ID, MSG_REF, CMD_REF, CMD, TARGET_REF, SOURCE_REF, DATA, CORRELATOR, FINAL, MORE_DATA,
	HEADER, BODY, ITEM, CRED, CHAL, META, TARGET, SOURCE, INNER,	/* these hold elements; here to be counted */
	SKIPPED
};
#define BIT(leaf) (1ull << (leaf))

#define K(kind) (1u << (SYNCML_##kind))
enum {
	ANY = ~0u, STATUS = K(STATUS), REFS = K(STATUS) | K(RESULTS), DATA_OF = K(STATUS) | K(ALERT),
	SIMPLE = K(ADD) | K(COPY) | K(DELETE) | K(EXEC) | K(GET) | K(REPLACE) | K(RESULTS) | K(ALERT) | K(STATUS),
	WITH_META = ANY & ~STATUS
};

static const struct rule {
	enum place in;
	const char *name;
	enum place to;
	enum leaf leaf;
	unsigned kinds;			/* of command: where AT_COMMAND allows it */
	bool repeats;
} rules[] = {
	{ AT_START,	"SyncML",	AT_SYNCML,	IS_NONE,	ANY, false },
	{ AT_SYNCML,	"SyncHdr",	AT_HEADER,	HEADER,		ANY, false },
	{ AT_SYNCML,	"SyncBody",	AT_BODY,	BODY,		ANY, false },
	{ AT_HEADER,	"VerDTD",	AT_LEAF,	VER_DTD,	ANY, false },
	{ AT_HEADER,	"VerProto",	AT_LEAF,	VER_PROTO,	ANY, false },
	{ AT_HEADER,	"SessionID",	AT_LEAF,	SESSION_ID,	ANY, false },
	{ AT_HEADER,	"MsgID",	AT_LEAF,	MSG_ID,		ANY, false },
	{ AT_HEADER,	"Target",	AT_TARGET,	TARGET,		ANY, false },
	{ AT_HEADER,	"Source",	AT_SOURCE,	SOURCE,		ANY, false },
	{ AT_HEADER,	"RespURI",	AT_LEAF,	RESP_URI,	ANY, false },
	{ AT_HEADER,	"NoResp",	AT_LEAF,	NO_RESP,	ANY, false },
	{ AT_HEADER,	"Cred",		AT_CRED,	CRED,		ANY, false },
	{ AT_HEADER,	"Meta",		AT_META,	META,		ANY, false },
	{ AT_BODY,	"Final",	AT_LEAF,	FINAL,		ANY, false },
	{ AT_COMMAND,	"CmdID",	AT_LEAF,	CMD_ID,		ANY, false },
	{ AT_COMMAND,	"NoResp",	AT_LEAF,	NO_RESP,	ANY & ~REFS, false },
	{ AT_COMMAND,	"NoResults",	AT_LEAF,	SKIPPED,	ANY, true },
	{ AT_COMMAND,	"Lang",		AT_LEAF,	SKIPPED,	ANY, true },
	{ AT_COMMAND,	"Archive",	AT_LEAF,	SKIPPED,	K(DELETE), true },
	{ AT_COMMAND,	"SftDel",	AT_LEAF,	SKIPPED,	K(DELETE), true },
	{ AT_COMMAND,	"MsgRef",	AT_LEAF,	MSG_REF,	REFS, false },
	{ AT_COMMAND,	"CmdRef",	AT_LEAF,	CMD_REF,	REFS, false },
	{ AT_COMMAND,	"Cmd",		AT_LEAF,	CMD,		STATUS, false },
	{ AT_COMMAND,	"TargetRef",	AT_LEAF,	TARGET_REF,	REFS, true },
	{ AT_COMMAND,	"SourceRef",	AT_LEAF,	SOURCE_REF,	REFS, true },
	{ AT_COMMAND,	"Cred",		AT_CRED,	CRED,		STATUS, false },
	{ AT_COMMAND,	"Cred",		AT_LEAF,	SKIPPED,	ANY & ~STATUS, true },
	{ AT_COMMAND,	"Chal",		AT_CHAL,	CHAL,		STATUS, false },
	{ AT_COMMAND,	"Data",		AT_LEAF,	DATA,		DATA_OF, false },
	{ AT_COMMAND,	"Correlator",	AT_LEAF,	CORRELATOR,	K(ALERT) | K(EXEC), false },
	{ AT_COMMAND,	"Meta",		AT_META,	META,		WITH_META, false },
	{ AT_COMMAND,	"Item",		AT_ITEM,	ITEM,		SIMPLE, true },
	{ AT_ITEM,	"Target",	AT_TARGET,	TARGET,		ANY, false },
	{ AT_ITEM,	"Source",	AT_SOURCE,	SOURCE,		ANY, false },
	{ AT_ITEM,	"SourceParent",	AT_LEAF,	SKIPPED,	ANY, true },
	{ AT_ITEM,	"TargetParent",	AT_LEAF,	SKIPPED,	ANY, true },
	{ AT_ITEM,	"Meta",		AT_META,	META,		ANY, false },
	{ AT_ITEM,	"Data",		AT_LEAF,	DATA,		ANY, false },
	{ AT_ITEM,	"MoreData",	AT_LEAF,	MORE_DATA,	ANY, false },
	{ AT_CRED,	"Meta",		AT_META,	META,		ANY, false },
	{ AT_CRED,	"Data",		AT_LEAF,	DATA,		ANY, false },
	{ AT_CHAL,	"Meta",		AT_META,	META,		ANY, false },
	{ AT_META,	"MetInf",	AT_META,	META,		ANY, false },
	{ AT_META,	"Format",	AT_LEAF,	FORMAT,		ANY, false },
	{ AT_META,	"Type",		AT_LEAF,	TYPE,		ANY, false },
	{ AT_META,	"NextNonce",	AT_LEAF,	NEXT_NONCE,	ANY, false },
	{ AT_META,	"MaxMsgSize",	AT_LEAF,	MAX_MSG_SIZE,	ANY, false },
	{ AT_META,	"MaxObjSize",	AT_LEAF,	MAX_OBJ_SIZE,	ANY, false },
	{ AT_META,	"Size",		AT_LEAF,	SIZE,		ANY, false },
	{ AT_META,	NULL,		AT_LEAF,	SKIPPED,	ANY, true },	/* of no use to us */
	{ AT_TARGET,	"LocURI",	AT_LEAF,	LOC_URI,	ANY, false },
	{ AT_TARGET,	"LocName",	AT_LEAF,	LOC_NAME,	ANY, false },
	{ AT_SOURCE,	"LocURI",	AT_LEAF,	LOC_URI,	ANY, false },
	{ AT_SOURCE,	"LocName",	AT_LEAF,	LOC_NAME,	ANY, false },
};
enum { N_RULES = sizeof rules / sizeof rules[0] };

/* What must be there when an element ends, and what is told when it is not. */
static const struct { enum place at; unsigned kinds; enum leaf leaf; const char *name; } musts[] = {
	{ AT_SYNCML, ANY, HEADER, "SyncHdr" }, { AT_SYNCML, ANY, BODY, "SyncBody" },
	{ AT_HEADER, ANY, VER_DTD, "VerDTD" }, { AT_HEADER, ANY, VER_PROTO, "VerProto" },
	{ AT_HEADER, ANY, SESSION_ID, "SessionID" }, { AT_HEADER, ANY, MSG_ID, "MsgID" },
	{ AT_HEADER, ANY, TARGET, "Target" }, { AT_HEADER, ANY, SOURCE, "Source" },
	{ AT_TARGET, ANY, LOC_URI, "LocURI" }, { AT_SOURCE, ANY, LOC_URI, "LocURI" },
	{ AT_CRED, ANY, DATA, "Data" }, { AT_CRED, ANY, TYPE, "Type" }, { AT_CHAL, ANY, TYPE, "Type" },
	{ AT_COMMAND, ANY, CMD_ID, "CmdID" },
	{ AT_COMMAND, STATUS, MSG_REF, "MsgRef" }, { AT_COMMAND, STATUS, CMD_REF, "CmdRef" },
	{ AT_COMMAND, STATUS, CMD, "Cmd" }, { AT_COMMAND, STATUS, DATA, "Data" },
	{ AT_COMMAND, K(RESULTS), CMD_REF, "CmdRef" },
	{ AT_COMMAND, SIMPLE & ~DATA_OF, ITEM, "Item" },
	{ AT_COMMAND, K(ATOMIC) | K(SEQUENCE), INNER, "a command" },
};

struct frame {
	enum place place;
	enum leaf leaf;
	uint64_t seen;
};

struct parser {
	struct syncml_message *m;
	struct frame stack[FRAMES_MAX];
	size_t n;
	struct syncml_command *open[SYNCML_DEPTH_MAX + 1];	/* the last one is being read */
	size_t n_open;
	struct syncml_item *item;
	struct syncml_cred *cred;
	struct sbuf text;
	bool binary;			/* part of it came as OPAQUE */
	unsigned inside;		/* elements that are open in a leaf: markup of data, or skipped */
	bool tag_open;			/* the last of them waits for its '>' */
	unsigned commands, items;
};

static const char *const place_names[] = {
	"the document", "SyncML", "SyncHdr", "SyncBody", "a command", "Item", "Cred", "Chal", "Meta", "Target", "Source", "text"
};

static struct frame *
top(struct parser *p)
{
	return &p->stack[p->n - 1];
}

static struct syncml_command *
command(struct parser *p)
{
	return p->open[p->n_open - 1];
}

/* ---- start tags --------------------------------------------------------------------------------------- */

static int
push(struct parser *p, enum place place, enum leaf leaf, struct why *why)
{
	if (p->n == FRAMES_MAX)
		return why_set(why, ERR_LIMIT, "elements nested deeper than %d", FRAMES_MAX);
	p->stack[p->n++] = (struct frame){ place, leaf, 0 };
	sbuf_clear(&p->text);
	p->binary = false;
	return OK;
}

static int
open_command(struct parser *p, enum syncml_kind kind, struct why *why)
{
	bool inner = top(p)->place == AT_COMMAND;
	struct syncml_command **list = inner ? &command(p)->inner : &p->m->commands;

	if (inner && (kind == SYNCML_STATUS || kind == SYNCML_RESULTS))
		return why_set(why, ERR_SYNTAX, "%s inside a command", syncml_kind_name(kind));
	if (p->n_open == SYNCML_DEPTH_MAX)
		return why_set(why, ERR_LIMIT, "commands nested deeper than %d", SYNCML_DEPTH_MAX);
	if (p->commands == SYNCML_COMMANDS_MAX)
		return why_set(why, ERR_LIMIT, "more than %d commands", SYNCML_COMMANDS_MAX);
	p->commands++;
	top(p)->seen |= BIT(INNER);
	p->open[p->n_open] = syncml_append_command(list, kind);
	p->n_open++;
	return push(p, AT_COMMAND, IS_NONE, why);
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
enter(struct parser *p, enum leaf leaf, struct why *why)
{
	if (leaf == BODY && !(top(p)->seen & BIT(HEADER)))
		return why_set(why, ERR_SYNTAX, "SyncBody before SyncHdr");
	if (leaf == ITEM) {
		if (p->items++ == SYNCML_ITEMS_MAX)
			return why_set(why, ERR_LIMIT, "more than %d items", SYNCML_ITEMS_MAX);
		p->item = syncml_append_item(command(p));
	} else if (leaf == CRED) {
		p->cred = new_cred(top(p)->place == AT_HEADER ? &p->m->cred : &command(p)->cred);
	} else if (leaf == CHAL) {
		p->cred = new_cred(&command(p)->chal);
	}
	return OK;
}

static const struct rule *
find_rule(const struct parser *p, struct span name)
{
	enum place in = p->stack[p->n - 1].place;
	unsigned kinds = in == AT_COMMAND ? 1u << p->open[p->n_open - 1]->kind : ANY;
	size_t i;

	for (i = 0; i < N_RULES; i++)
		if (rules[i].in == in && (rules[i].kinds & kinds) &&
		    (rules[i].name == NULL || span_eq_str(name, rules[i].name)))
			return &rules[i];
	return NULL;
}

static bool
holds_commands(const struct parser *p)
{
	enum place at = p->stack[p->n - 1].place;

	return at == AT_BODY || (at == AT_COMMAND && syncml_holds_commands(p->open[p->n_open - 1]->kind));
}

static int
start(struct parser *p, struct span name, struct why *why)
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
		    (int)name.n, (const char *)name.p, place_names[top(p)->place]);
	if (!rule->repeats && (top(p)->seen & BIT(rule->leaf)))
		return why_set(why, ERR_SYNTAX, "%s twice", rule->name);
	top(p)->seen |= BIT(rule->leaf);
	if (rule->to != AT_LEAF)
		err = enter(p, rule->leaf, why);
	return err != OK ? err : push(p, rule->to, rule->leaf, why);
}

/* ---- end tags ------------------------------------------------------------------------------------------ */

static int
number(struct span s, unsigned least, unsigned *out, const char *what, struct why *why)
{
	unsigned v = 0;
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || v > (UINT32_MAX - 9) / 10)
			return why_set(why, ERR_SYNTAX, "%s is no number of 32 bits", what);
		v = v * 10 + (unsigned)(s.p[i] - '0');
	}
	if (s.n == 0 || v < least)
		return why_set(why, ERR_SYNTAX, "%s is %s", what, s.n == 0 ? "empty" : "too small");
	*out = v;
	return OK;
}

static int
take_size(struct span s, size_t *out, const char *what, struct why *why)
{
	unsigned v = 0;
	int err = number(s, 0, &v, what, why);

	*out = v;
	return err;
}

static struct span
trim(struct span s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\r' || s.p[0] == '\n'))
		s = span_of(s.p + 1, s.n - 1);
	while (s.n > 0 && strchr(" \t\r\n", s.p[s.n - 1]) != NULL && s.p[s.n - 1] != '\0')
		s.n--;
	return s;
}

/* A text that is needed later; blanks around it are the layout of the document. */
static int
take_text(struct span s, char **out, const char *what, struct why *why)
{
	if (s.n > TEXT_MAX)
		return why_set(why, ERR_LIMIT, "%s of more than %d octets", what, TEXT_MAX);
	if (text_has_control(s) || !syncml_is_text(s))
		return why_set(why, ERR_SYNTAX, "%s has control characters or is not UTF-8", what);
	*out = span_dup(s);
	return OK;
}

static int
take_some(struct span s, char **out, const char *what, struct why *why)
{
	return s.n > 0 ? take_text(s, out, what, why) : why_set(why, ERR_SYNTAX, "%s is empty", what);
}

/* The nonce itself where WBXML has it as octets. */
static int
take_nonce(struct parser *p, struct span s, char **out, struct why *why)
{
	struct sbuf text = { 0 };
	int err;

	if (!p->binary || (syncml_is_text(s) && !text_has_control(s)))
		return take_text(s, out, "NextNonce", why);
	text_base64_encode(sbuf_as_span(&p->text), &text);
	err = take_text(sbuf_as_span(&text), out, "NextNonce", why);
	sbuf_done(&text);
	return err;
}

/* The element that holds this Meta, past a MetInf. */
static struct frame *
owner_of_meta(struct parser *p)
{
	size_t i = p->n - 1;

	while (i > 0 && (p->stack[i].place == AT_META || p->stack[i].place == AT_LEAF))
		i--;
	return &p->stack[i];
}

static int
take_meta(struct parser *p, enum leaf leaf, struct span s, struct why *why)
{
	struct frame *holder = owner_of_meta(p);
	enum place owner = holder->place;
	char **format = NULL, **type = NULL;

	if (owner == AT_COMMAND)
		format = &command(p)->format, type = &command(p)->type;
	else if (owner == AT_ITEM)
		format = &p->item->format, type = &p->item->type;
	else if (owner == AT_CRED || owner == AT_CHAL)
		format = &p->cred->format, type = &p->cred->type;
	holder->seen |= BIT(leaf);		/* Type of a credential is looked for there */

	if (leaf == FORMAT)
		return format != NULL && *format == NULL ? take_text(s, format, "Format", why) : OK;
	if (leaf == TYPE)
		return type != NULL && *type == NULL ? take_text(s, type, "Type", why) : OK;
	if (leaf == NEXT_NONCE)
		return owner == AT_CHAL && p->cred->next_nonce == NULL ? take_nonce(p, s, &p->cred->next_nonce, why) : OK;
	if (leaf == MAX_MSG_SIZE)
		return owner == AT_HEADER ? take_size(s, &p->m->max_msg_size, "MaxMsgSize", why) : OK;
	if (leaf == MAX_OBJ_SIZE)
		return owner == AT_HEADER ? take_size(s, &p->m->max_obj_size, "MaxObjSize", why) : OK;
	return owner == AT_ITEM ? take_size(s, &p->item->size, "Size", why) : OK;
}

/* LocURI and LocName of whatever this Target or Source belongs to. */
static int
take_place(struct parser *p, enum leaf leaf, struct span s, struct why *why)
{
	enum leaf end = p->stack[p->n - 2].leaf;
	enum place owner = p->stack[p->n - 3].place;
	char **to = NULL;

	if (leaf == LOC_NAME)
		to = owner == AT_HEADER && end == SOURCE ? &p->m->source_name : NULL;
	else if (owner == AT_HEADER)
		to = end == TARGET ? &p->m->target : &p->m->source;
	else
		to = end == TARGET ? &p->item->target : &p->item->source;
	return to != NULL ? take_text(s, to, leaf == LOC_URI ? "LocURI" : "LocName", why) : OK;
}

/* Data: of an item and a credential octets as they stand, of a command a number. */
static int
take_data(struct parser *p, struct span s, struct why *why)
{
	enum place owner = p->stack[p->n - 2].place;
	struct syncml_data *data;
	struct syncml_command *c;

	if (owner == AT_COMMAND) {
		c = command(p);
		if (c->kind == SYNCML_ALERT)
			return number(s, 0, &c->data, "Data of Alert", why);
		if (number(s, 100, &c->data, "Data of Status", why) != OK || c->data > 999)
			return why_set(why, ERR_SYNTAX, "Data of Status is no number of three digits");
		return OK;
	}
	data = owner == AT_ITEM ? &p->item->data : &p->cred->data;
	data->has = true;
	sbuf_span(&data->octets, owner == AT_ITEM ? sbuf_as_span(&p->text) : p->binary ? sbuf_as_span(&p->text) : s);
	return OK;
}

static int
take_leaf(struct parser *p, enum leaf leaf, struct why *why)
{
	struct syncml_command *c = p->n_open > 0 ? command(p) : NULL;
	struct span s = trim(sbuf_as_span(&p->text));
	struct syncml_message *m = p->m;
	char *ignored = NULL;
	int err;

	switch (leaf) {
	case VER_DTD:		return take_some(s, &m->ver_dtd, "VerDTD", why);
	case VER_PROTO:		return take_some(s, &m->ver_proto, "VerProto", why);
	case SESSION_ID:	return take_some(s, &m->session_id, "SessionID", why);
	case MSG_ID:		return number(s, 0, &m->msg_id, "MsgID", why);
	case RESP_URI:		return take_text(s, &m->resp_uri, "RespURI", why);
	case CMD_ID:		return number(s, 1, &c->cmd_id, "CmdID", why);
	case MSG_REF:		return number(s, 0, &c->msg_ref, "MsgRef", why);
	case CMD_REF:		return number(s, 0, &c->cmd_ref, "CmdRef", why);
	case CMD:		return take_some(s, &c->cmd, "Cmd", why);
	case CORRELATOR:	return take_text(s, &c->correlator, "Correlator", why);
	case DATA:		return take_data(p, s, why);
	case LOC_URI:
	case LOC_NAME:		return take_place(p, leaf, s, why);
	case FORMAT:
	case TYPE:
	case NEXT_NONCE:
	case MAX_MSG_SIZE:
	case MAX_OBJ_SIZE:
	case SIZE:		return take_meta(p, leaf, s, why);
	case TARGET_REF:
	case SOURCE_REF:
		err = take_text(s, leaf == TARGET_REF && c->target_ref == NULL ? &c->target_ref :
		    leaf == SOURCE_REF && c->source_ref == NULL ? &c->source_ref : &ignored,
		    leaf == TARGET_REF ? "TargetRef" : "SourceRef", why);
		free(ignored);
		return err;
	case NO_RESP:
		*(c != NULL ? &c->no_resp : &m->no_resp) = true;
		return OK;
	case FINAL:
		m->final = true;
		return OK;
	case MORE_DATA:
		p->item->more = true;
		return OK;
	case IS_NONE: case HEADER: case BODY: case ITEM: case CRED: case CHAL: case META: case TARGET: case SOURCE: case INNER:
	case SKIPPED:
		return OK;
	}
	return OK;
}

static int
end(struct parser *p, struct why *why)
{
	const struct frame *f = top(p);
	unsigned kinds = f->place == AT_COMMAND ? 1u << command(p)->kind : ANY;
	size_t i;
	int err;

	if (f->place == AT_LEAF) {
		err = take_leaf(p, f->leaf, why);
		p->n--;
		sbuf_clear(&p->text);
		return err;
	}
	for (i = 0; i < sizeof musts / sizeof musts[0]; i++)
		if (musts[i].at == f->place && (musts[i].kinds & kinds) && !(f->seen & BIT(musts[i].leaf)))
			return why_set(why, ERR_SYNTAX, "%s without %s", f->place == AT_COMMAND ?
			    syncml_kind_name(command(p)->kind) : place_names[f->place], musts[i].name);
	if (f->place == AT_COMMAND)
		p->n_open--;
	p->n--;
	return OK;
}

/* ---- what both readers call ------------------------------------------------------------------------------ */

/* Markup in the data of an item (XML in XML) is data, too. */
static bool
keeps_markup(const struct parser *p)
{
	const struct frame *f = &p->stack[p->n - 1];

	return f->leaf == DATA && p->stack[p->n - 2].place == AT_ITEM;
}

static void
close_tag(struct parser *p)
{
	if (p->tag_open)
		sbuf_char(&p->text, '>');
	p->tag_open = false;
}

static int
check_size(const struct parser *p, struct why *why)
{
	if (p->text.n > SYNCML_MAX)
		return why_set(why, ERR_LIMIT, "text of more than %d octets", SYNCML_MAX);
	return OK;
}

static int
on_start(struct parser *p, struct span name, const struct xml_attr *attrs, size_t n, struct why *why)
{
	const uint8_t *colon = memchr(name.p, ':', name.n);
	size_t i;

	if (top(p)->place != AT_LEAF) {
		if (colon != NULL)		/* a prefix instead of a default name space */
			name = span_of(colon + 1, name.n - (size_t)(colon + 1 - name.p));
		return start(p, name, why);
	}
	if (top(p)->leaf != SKIPPED && !keeps_markup(p))
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
on_text(struct parser *p, struct span text, struct why *why)
{
	if (top(p)->place != AT_LEAF)
		return trim(text).n == 0 ? OK : why_set(why, ERR_SYNTAX, "text in %s", place_names[top(p)->place]);
	if (top(p)->leaf == SKIPPED)
		return OK;
	close_tag(p);
	if (p->inside > 0)
		sbuf_xml(&p->text, text);
	else
		sbuf_span(&p->text, text);
	return check_size(p, why);
}

static int
on_end(struct parser *p, struct span name, struct why *why)
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
	struct parser *p = ctx;

	p->binary = true;
	return on_text(p, octets, why);
}

static int
wbxml_end(void *ctx, struct span name, struct why *why)
{
	return on_end(ctx, name, why);
}

static int
parse_xml(struct parser *p, struct span body, struct why *why)
{
	static const struct xml_events events = { .start = xml_start, .text = xml_text, .end = xml_end };
	static const struct xml_limits limits = { .depth = FRAMES_MAX + 16 };

	return xml_parse(body, NULL, &limits, &events, p, why);
}

static int
parse_wbxml(struct parser *p, struct span body, struct why *why)
{
	static const struct wbxml_events events = { wbxml_start, wbxml_text, wbxml_opaque, wbxml_end };

	return wbxml_walk(body, NULL, &events, p, why);
}

int
syncml_parse(const char *media, struct span body, struct syncml_message *out, struct why *why)
{
	struct parser p = { .m = out, .stack = { { AT_START, IS_NONE, 0 } }, .n = 1 };
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
