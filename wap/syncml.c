/* syncml.c - SyncML messages as a structure: building and freeing; see syncml.h. */
#include "wap/syncml_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wap/wbxml_tables.h"

static const char *const kinds[] = {
	[SYNCML_ADD] = "Add", [SYNCML_ALERT] = "Alert", [SYNCML_ATOMIC] = "Atomic", [SYNCML_COPY] = "Copy",
	[SYNCML_DELETE] = "Delete", [SYNCML_EXEC] = "Exec", [SYNCML_GET] = "Get", [SYNCML_REPLACE] = "Replace",
	[SYNCML_RESULTS] = "Results", [SYNCML_SEQUENCE] = "Sequence", [SYNCML_STATUS] = "Status",
};
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

const char *
syncml_kind_name(enum syncml_kind kind)
{
	return kinds[kind];
}

bool
syncml_kind_parse(struct span name, enum syncml_kind *out)
{
	int i;

	for (i = 0; i < N_KINDS; i++) {
		if (span_eq_str(name, kinds[i])) {
			*out = (enum syncml_kind)i;
			return true;
		}
	}
	return false;
}

bool
syncml_holds_commands(enum syncml_kind kind)
{
	return kind == SYNCML_ATOMIC || kind == SYNCML_SEQUENCE;
}

bool
syncml_is_text(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 && s.p[i] != '\t' && s.p[i] != '\n' && s.p[i] != '\r')
			return false;
	return text_is_utf8(s, NULL) && !wbxml_has_noncharacter(s, &i);
}

int
syncml_octets(const char *format, const struct syncml_data *data, struct sbuf *out)
{
	struct span in = sbuf_as_span(&data->octets);
	size_t n = 0;
	int err;

	if (format == NULL || strcmp(format, "b64") != 0) {
		sbuf_span(out, in);
		return OK;
	}
	sbuf_reserve(out, in.n / 4 * 3 + 4);
	err = text_base64(in, (uint8_t *)out->s + out->n, &n, NULL);
	if (err == OK)
		out->n += n;
	out->s[out->n] = '\0';
	return err;
}

/* ---- memory ------------------------------------------------------------------------------------------ */

static void *
zeroed(size_t size)
{
	void *p = calloc(1, size);

	if (p == NULL)
		abort();
	return p;
}

void
syncml_cred_free(struct syncml_cred **cred)
{
	if (*cred == NULL)
		return;
	free((*cred)->format);
	free((*cred)->type);
	free((*cred)->next_nonce);
	sbuf_done(&(*cred)->data.octets);
	free(*cred);
	*cred = NULL;
}

static void
items_free(struct syncml_item *i)
{
	while (i != NULL) {
		struct syncml_item *next = i->next;

		free(i->target);
		free(i->source);
		free(i->format);
		free(i->type);
		sbuf_done(&i->data.octets);
		free(i);
		i = next;
	}
}

/* Nesting is bounded by whoever builds: SYNCML_DEPTH_MAX where a message is parsed. */
static void
commands_free(struct syncml_command *c)
{
	while (c != NULL) {
		struct syncml_command *next = c->next;

		free(c->cmd);
		free(c->target_ref);
		free(c->source_ref);
		free(c->correlator);
		free(c->format);
		free(c->type);
		syncml_cred_free(&c->chal);
		syncml_cred_free(&c->cred);
		items_free(c->items);
		commands_free(c->inner);
		free(c);
		c = next;
	}
}

void
syncml_done(struct syncml_message *m)
{
	free(m->ver_dtd);
	free(m->ver_proto);
	free(m->session_id);
	free(m->target);
	free(m->source);
	free(m->source_name);
	free(m->resp_uri);
	syncml_cred_free(&m->cred);
	commands_free(m->commands);
	*m = (struct syncml_message){ 0 };
}

/* ---- building ---------------------------------------------------------------------------------------- */

struct syncml_command *
syncml_append_command(struct syncml_command **list, enum syncml_kind kind)
{
	while (*list != NULL)
		list = &(*list)->next;
	*list = zeroed(sizeof **list);
	(*list)->kind = kind;
	return *list;
}

struct syncml_item *
syncml_append_item(struct syncml_command *c)
{
	struct syncml_item **list = &c->items;

	while (*list != NULL)
		list = &(*list)->next;
	*list = zeroed(sizeof **list);
	return *list;
}

struct syncml_command *
syncml_add(struct syncml_message *m, enum syncml_kind kind)
{
	struct syncml_command *c = syncml_append_command(&m->commands, kind);

	c->cmd_id = ++m->last_cmd_id;
	return c;
}

struct syncml_command *
syncml_add_inner(struct syncml_message *m, struct syncml_command *outer, enum syncml_kind kind)
{
	struct syncml_command *c = syncml_append_command(&outer->inner, kind);

	c->cmd_id = ++m->last_cmd_id;
	return c;
}

static char *
dup_text(const char *text)
{
	return text != NULL ? span_dup(span_str(text)) : NULL;
}

struct syncml_item *
syncml_add_item(struct syncml_command *c, const char *target, const char *source, const char *format, struct span data)
{
	struct syncml_item *i = syncml_append_item(c);

	i->target = dup_text(target);
	i->source = dup_text(source);
	i->format = dup_text(format);
	if (data.p != NULL) {
		i->data.has = true;
		sbuf_span(&i->data.octets, data);
	}
	return i;
}

struct syncml_command *
syncml_add_status(struct syncml_message *m, const struct syncml_message *of, const struct syncml_command *command,
    unsigned code)
{
	struct syncml_command *c = syncml_add(m, SYNCML_STATUS);

	c->msg_ref = of->msg_id;
	c->data = code;
	if (command == NULL) {
		c->cmd = dup_text("SyncHdr");
		c->target_ref = dup_text(of->target);
		c->source_ref = dup_text(of->source);
		return c;
	}
	c->cmd_ref = command->cmd_id;
	c->cmd = dup_text(syncml_kind_name(command->kind));
	if (command->items != NULL && command->items->next == NULL) {	/* one item: the Status names it */
		c->target_ref = dup_text(command->items->target);
		c->source_ref = dup_text(command->items->source);
	}
	return c;
}
