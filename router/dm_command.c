/* dm_command.c - see dm_command.h. */
#include "router/dm_command.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "router/dm_tnds.h"

enum {
	ALERT_DISPLAY = 1100, ALERT_CONFIRM = 1101, ALERT_NEXT = 1222, ALERT_ABORT = 1223,
	STATUS_NOT_EXECUTED = 215, STATUS_ROLLED_BACK = 216, STATUS_NOT_MODIFIED = 304, STATUS_BAD = 400,
	STATUS_ATOMIC_FAILED = 507,
	STATUS_OCTETS = 250		/* about what a Status takes beside its URI */
};

static char *
dup_text(const char *s)
{
	char *copy = s != NULL && s[0] != '\0' ? strdup(s) : NULL;

	if (copy == NULL && s != NULL && s[0] != '\0')
		abort();
	return copy;
}

bool
dm_command_any(const struct syncml_message *m)
{
	const struct syncml_command *c;

	for (c = m->commands; c != NULL; c = c->next) {
		if (c->kind != SYNCML_STATUS && c->kind != SYNCML_RESULTS)
			return true;
	}
	return false;
}

/* ---- one command, one item --------------------------------------------------------------- */

static const char *
either(const char *own, const char *of_command)
{
	return own != NULL && own[0] != '\0' ? own : of_command;
}

/* A bootstrap's management object: its nodes are meant, not a leaf of the inbox. */
static bool
is_object(const struct syncml_item *item, const char *type)
{
	return type != NULL && strcasecmp(type, DM_TNDS_XML) == 0 && item->target != NULL &&
	    strncmp(item->target, "./Inbox", 7) == 0;
}

static unsigned
guarded(const struct dm_run *run, const char *uri, const struct span *value)
{
	return run->guard != NULL && uri != NULL ? run->guard(run->guard_arg, uri, value) : DM_STATUS_OK;
}

/*
 * Add and Replace: the data as octets. A large object that comes in pieces is more than this
 * device takes.
 */
static unsigned
write_item(struct dm_run *run, const struct syncml_command *c, const struct syncml_item *item)
{
	const char *format = either(item->format, c->format), *type = either(item->type, c->type);
	struct span data = item->data.has ? sbuf_as_span(&item->data.octets) : (struct span){ 0 };
	unsigned status;

	if (item->more)
		return DM_STATUS_TOO_LARGE;
	if (run->server == NULL && is_object(item, type))
		return dm_tnds_apply(*run->tree, data, NULL) == OK ? DM_STATUS_OK : DM_STATUS_FAILED;
	if (c->kind == SYNCML_ADD)
		return dm_tree_add(*run->tree, run->server, item->target, format, type, data);
	status = guarded(run, item->target, &data);
	return status != DM_STATUS_OK ? status :
	    dm_tree_replace(*run->tree, run->server, item->target, format, type, data);
}

static unsigned
alert(const struct dm_run *run, unsigned number)
{
	switch (number) {
	case ALERT_DISPLAY:
	case ALERT_NEXT:
	case ALERT_ABORT:
		return DM_STATUS_OK;
	case ALERT_CONFIRM:
		return run->consent ? DM_STATUS_OK : STATUS_NOT_MODIFIED;
	default:
		return DM_STATUS_NO_FEATURE;
	}
}

/* item NULL: the command has none. */
static unsigned
run_item(struct dm_run *run, const struct syncml_command *c, const struct syncml_item *item,
    struct dm_value *value)
{
	unsigned status;

	if (c->kind == SYNCML_ALERT)
		return alert(run, c->data);
	if (c->kind == SYNCML_COPY)
		return DM_STATUS_NO_FEATURE;
	if (item == NULL)
		return STATUS_BAD;
	switch (c->kind) {
	case SYNCML_ADD:
	case SYNCML_REPLACE:
		return write_item(run, c, item);
	case SYNCML_DELETE:
		return dm_tree_delete(*run->tree, run->server, item->target);
	case SYNCML_EXEC:
		return dm_tree_exec(*run->tree, run->server, item->target);
	case SYNCML_GET:
		status = guarded(run, item->target, NULL);
		return status != DM_STATUS_OK ? status :
		    dm_tree_get(*run->tree, run->server, item->target, value);
	case SYNCML_ALERT:
	case SYNCML_ATOMIC:
	case SYNCML_COPY:
	case SYNCML_RESULTS:
	case SYNCML_SEQUENCE:
	case SYNCML_STATUS:
		break;
	}
	return DM_STATUS_NO_FEATURE;
}

/* ---- telling ----------------------------------------------------------------------------- */

static bool
take_room(struct dm_run *run, size_t octets)
{
	if (octets > run->room)
		return false;
	run->room -= octets;
	return true;
}

static void
tell_status(struct dm_run *run, const struct syncml_message *m, const struct syncml_command *c,
    const struct syncml_item *item, unsigned status, struct syncml_message *reply)
{
	const char *target = item && item->target ? item->target : "";
	struct syncml_command *st;

	if (run->note != NULL)
		run->note(run->note_arg, syncml_kind_name(c->kind), target, status);
	if (reply == NULL || c->no_resp || m->no_resp)
		return;
	if (!take_room(run, STATUS_OCTETS + strlen(target)))
		run->room = 0;
	st = syncml_add_status(reply, m, c, status);
	if (st->target_ref == NULL)
		st->target_ref = dup_text(target);
}

static void
tell_results(const struct syncml_message *m, const struct syncml_command *c,
    const struct syncml_item *item, const struct dm_value *value, struct syncml_message *reply)
{
	struct syncml_command *results = syncml_add(reply, SYNCML_RESULTS);
	struct syncml_item *out;
	struct span data = sbuf_as_span(&value->data);

	results->msg_ref = m->msg_id;
	results->cmd_ref = c->cmd_id;
	out = syncml_add_item(results, NULL, item->target, value->format, data.p ? data : span_str(""));
	out->type = dup_text(value->type);
}

/* ---- lists of commands ------------------------------------------------------------------- */

static void run_list(struct dm_run *run, const struct syncml_message *m,
    const struct syncml_command *list, struct syncml_message *reply);

static void
run_one_item(struct dm_run *run, const struct syncml_message *m, const struct syncml_command *c,
    const struct syncml_item *item, struct syncml_message *reply)
{
	struct dm_value value = { .format = "" };
	unsigned status = run_item(run, c, item, &value);
	bool results = status == DM_STATUS_OK && c->kind == SYNCML_GET && reply != NULL;

	/* base64 and escapes make data longer */
	if (results && !take_room(run, STATUS_OCTETS + strlen(item->target) + value.data.n * 2)) {
		status = DM_STATUS_TOO_LARGE;
		results = false;
	}
	tell_status(run, m, c, item, status, reply);
	if (results)
		tell_results(m, c, item, &value, reply);
	dm_value_done(&value);
}

/* Statuses of what stands in an Atomic, before any is told. */
struct outcome {
	const struct syncml_command *c;
	const struct syncml_item *item;
	unsigned status;
};
struct outcomes {
	struct outcome *p;
	size_t n;
};

static void
add_outcome(struct outcomes *all, const struct syncml_command *c, const struct syncml_item *item)
{
	all->p = realloc(all->p, (all->n + 1) * sizeof *all->p);
	if (all->p == NULL)
		abort();
	all->p[all->n++] = (struct outcome){ c, item, STATUS_NOT_EXECUTED };
}

/* A Get or another list inside an Atomic is not to be (RepPro 1.2, 6.6.2). */
static unsigned
run_in_atomic(struct dm_run *run, const struct outcome *o)
{
	struct dm_value value = { .format = "" };
	unsigned status;

	if (o->c->kind == SYNCML_GET || o->c->kind == SYNCML_ATOMIC || o->c->kind == SYNCML_SEQUENCE)
		return DM_STATUS_NO_FEATURE;
	status = run_item(run, o->c, o->item, &value);
	dm_value_done(&value);
	return status;
}

/* All of it or nothing. */
static void
run_atomic(struct dm_run *run, const struct syncml_message *m, const struct syncml_command *c,
    struct syncml_message *reply)
{
	struct dm_tree *before = dm_tree_dup(*run->tree);
	const struct syncml_command *inner;
	const struct syncml_item *item;
	struct outcomes all = { 0 };
	bool good = true;
	size_t i;

	for (inner = c->inner; inner != NULL; inner = inner->next) {
		if (inner->items == NULL)
			add_outcome(&all, inner, NULL);
		for (item = inner->items; item != NULL; item = item->next)
			add_outcome(&all, inner, item);
	}
	for (i = 0; i < all.n && good; i++) {
		all.p[i].status = run_in_atomic(run, &all.p[i]);
		good = all.p[i].status == DM_STATUS_OK;
	}
	if (!good) {
		struct dm_tree *failed = *run->tree;

		*run->tree = before;
		before = failed;
		while (i-- > 0) {
			if (all.p[i].status == DM_STATUS_OK)
				all.p[i].status = STATUS_ROLLED_BACK;
		}
	}
	tell_status(run, m, c, NULL, good ? DM_STATUS_OK : STATUS_ATOMIC_FAILED, reply);
	for (i = 0; i < all.n; i++)
		tell_status(run, m, all.p[i].c, all.p[i].item, all.p[i].status, reply);
	dm_tree_destroy(&before);
	free(all.p);
}

static void
run_command(struct dm_run *run, const struct syncml_message *m, const struct syncml_command *c,
    struct syncml_message *reply)
{
	const struct syncml_item *item;

	switch (c->kind) {
	case SYNCML_STATUS:
	case SYNCML_RESULTS:
		return;
	case SYNCML_ATOMIC:
		run_atomic(run, m, c, reply);
		return;
	case SYNCML_SEQUENCE:
		tell_status(run, m, c, NULL, DM_STATUS_OK, reply);
		run_list(run, m, c->inner, reply);
		return;
	case SYNCML_ALERT:
	case SYNCML_COPY:
		run_one_item(run, m, c, NULL, reply);
		return;
	case SYNCML_ADD:
	case SYNCML_DELETE:
	case SYNCML_EXEC:
	case SYNCML_GET:
	case SYNCML_REPLACE:
		break;
	}
	if (c->items == NULL)
		run_one_item(run, m, c, NULL, reply);
	for (item = c->items; item != NULL; item = item->next)
		run_one_item(run, m, c, item, reply);
}

/* Lists nest no deeper than a message may. */
static void
run_list(struct dm_run *run, const struct syncml_message *m, const struct syncml_command *list,
    struct syncml_message *reply)
{
	const struct syncml_command *c;

	for (c = list; c != NULL; c = c->next)
		run_command(run, m, c, reply);
}

void
dm_command_run(struct dm_run *run, const struct syncml_message *m, struct syncml_message *reply)
{
	run_list(run, m, m->commands, reply);
}

void
dm_command_refuse(struct dm_run *run, const struct syncml_message *m, unsigned status,
    struct syncml_message *reply)
{
	const struct syncml_command *c;

	for (c = m->commands; c != NULL; c = c->next) {
		if (c->kind != SYNCML_STATUS && c->kind != SYNCML_RESULTS)
			tell_status(run, m, c, c->items && !c->items->next ? c->items : NULL, status, reply);
	}
}
