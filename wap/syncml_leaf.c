/*
 * syncml_leaf.c - the values in a SyncML message: numbers, names, credentials, data; see syncml_parser.h.
 * Spec: OMA-SyncML-RepPro 1.2, 6; OMA-SyncML-MetaInfo 1.2, 5.
 */
#include "wap/syncml_parser.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { TEXT_MAX = 4096 };		/* of anything but data */

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

struct span
syncml_trim(struct span s)
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
take_nonce(struct syncml_parser *p, struct span s, char **out, struct why *why)
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
static struct syncml_frame *
owner_of_meta(struct syncml_parser *p)
{
	size_t i = p->n - 1;

	while (i > 0 && (p->stack[i].place == AT_META || p->stack[i].place == AT_LEAF))
		i--;
	return &p->stack[i];
}

static int
take_meta(struct syncml_parser *p, enum syncml_leaf leaf, struct span s, struct why *why)
{
	struct syncml_frame *holder = owner_of_meta(p);
	enum syncml_place owner = holder->place;
	char **format = NULL, **type = NULL;

	if (owner == AT_COMMAND)
		format = &syncml_command(p)->format, type = &syncml_command(p)->type;
	else if (owner == AT_ITEM)
		format = &p->item->format, type = &p->item->type;
	else if (owner == AT_CRED || owner == AT_CHAL)
		format = &p->cred->format, type = &p->cred->type;
	holder->seen |= SYNCML_BIT(leaf);		/* Type of a credential is looked for there */

	if (leaf == LEAF_FORMAT)
		return format != NULL && *format == NULL ? take_text(s, format, "Format", why) : OK;
	if (leaf == LEAF_TYPE)
		return type != NULL && *type == NULL ? take_text(s, type, "Type", why) : OK;
	if (leaf == LEAF_NEXT_NONCE)
		return owner == AT_CHAL && p->cred->next_nonce == NULL ? take_nonce(p, s, &p->cred->next_nonce, why) : OK;
	if (leaf == LEAF_MAX_MSG_SIZE)
		return owner == AT_HEADER ? take_size(s, &p->m->max_msg_size, "MaxMsgSize", why) : OK;
	if (leaf == LEAF_MAX_OBJ_SIZE)
		return owner == AT_HEADER ? take_size(s, &p->m->max_obj_size, "MaxObjSize", why) : OK;
	return owner == AT_ITEM ? take_size(s, &p->item->size, "Size", why) : OK;
}

/* LocURI and LocName of whatever this Target or Source belongs to. */
static int
take_place(struct syncml_parser *p, enum syncml_leaf leaf, struct span s, struct why *why)
{
	enum syncml_leaf end = p->stack[p->n - 2].leaf;
	enum syncml_place owner = p->stack[p->n - 3].place;
	char **to = NULL;

	if (leaf == LEAF_LOC_NAME)
		to = owner == AT_HEADER && end == LEAF_SOURCE ? &p->m->source_name : NULL;
	else if (owner == AT_HEADER)
		to = end == LEAF_TARGET ? &p->m->target : &p->m->source;
	else
		to = end == LEAF_TARGET ? &p->item->target : &p->item->source;
	return to != NULL ? take_text(s, to, leaf == LEAF_LOC_URI ? "LocURI" : "LocName", why) : OK;
}

/* Data: of an item and a credential octets as they stand, of a command a number. */
static int
take_data(struct syncml_parser *p, struct span s, struct why *why)
{
	enum syncml_place owner = p->stack[p->n - 2].place;
	struct syncml_data *data;
	struct syncml_command *c;

	if (owner == AT_COMMAND) {
		c = syncml_command(p);
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

int
syncml_leaf_take(struct syncml_parser *p, enum syncml_leaf leaf, struct why *why)
{
	struct syncml_command *c = p->n_open > 0 ? syncml_command(p) : NULL;
	struct span s = syncml_trim(sbuf_as_span(&p->text));
	struct syncml_message *m = p->m;
	char *ignored = NULL;
	int err;

	switch (leaf) {
	case LEAF_VER_DTD:		return take_some(s, &m->ver_dtd, "VerDTD", why);
	case LEAF_VER_PROTO:		return take_some(s, &m->ver_proto, "VerProto", why);
	case LEAF_SESSION_ID:		return take_some(s, &m->session_id, "SessionID", why);
	case LEAF_MSG_ID:		return number(s, 0, &m->msg_id, "MsgID", why);
	case LEAF_RESP_URI:		return take_text(s, &m->resp_uri, "RespURI", why);
	case LEAF_CMD_ID:		return number(s, 1, &c->cmd_id, "CmdID", why);
	case LEAF_MSG_REF:		return number(s, 0, &c->msg_ref, "MsgRef", why);
	case LEAF_CMD_REF:		return number(s, 0, &c->cmd_ref, "CmdRef", why);
	case LEAF_CMD:			return take_some(s, &c->cmd, "Cmd", why);
	case LEAF_CORRELATOR:		return take_text(s, &c->correlator, "Correlator", why);
	case LEAF_DATA:			return take_data(p, s, why);
	case LEAF_LOC_URI:
	case LEAF_LOC_NAME:		return take_place(p, leaf, s, why);
	case LEAF_FORMAT:
	case LEAF_TYPE:
	case LEAF_NEXT_NONCE:
	case LEAF_MAX_MSG_SIZE:
	case LEAF_MAX_OBJ_SIZE:
	case LEAF_SIZE:			return take_meta(p, leaf, s, why);
	case LEAF_TARGET_REF:
	case LEAF_SOURCE_REF:
		err = take_text(s, leaf == LEAF_TARGET_REF && c->target_ref == NULL ? &c->target_ref :
		    leaf == LEAF_SOURCE_REF && c->source_ref == NULL ? &c->source_ref : &ignored,
		    leaf == LEAF_TARGET_REF ? "TargetRef" : "SourceRef", why);
		free(ignored);
		return err;
	case LEAF_NO_RESP:
		*(c != NULL ? &c->no_resp : &m->no_resp) = true;
		return OK;
	case LEAF_FINAL:
		m->final = true;
		return OK;
	case LEAF_MORE_DATA:
		p->item->more = true;
		return OK;
	case LEAF_NONE: case LEAF_HEADER: case LEAF_BODY: case LEAF_ITEM: case LEAF_CRED: case LEAF_CHAL: case LEAF_META: case LEAF_TARGET: case LEAF_SOURCE: case LEAF_INNER:
	case LEAF_SKIPPED:		return OK;
	}
	return OK;
}
