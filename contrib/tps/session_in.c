/* session_in.c - what a device says in a message: statuses, results, alerts; see session.h. */
#include "contrib/tps/session_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

enum {
	ALERT_SERVER = 1200, ALERT_CLIENT = 1201, ALERT_NEXT = 1222, ALERT_NO_END = 1223, ALERT_SESSION_ABORT = 1224,
	ALERT_GENERIC = 1226, SHOWN_MAX = 200
};

static void
verdict(struct exchange *x, const struct syncml_command *c, unsigned code)
{
	if ((x->n_verdicts & (x->n_verdicts - 1)) == 0) {	/* 0 or a power of two */
		x->verdicts = realloc(x->verdicts, (x->n_verdicts > 0 ? 2 * x->n_verdicts : 1) * sizeof *x->verdicts);
		if (x->verdicts == NULL)
			abort();
	}
	x->verdicts[x->n_verdicts++] = (struct verdict){ c, code };
}

void
session_refuse_commands(struct exchange *x)
{
	const struct syncml_command *c;

	for (c = x->in->commands; c != NULL; c = c->next)
		if (c->kind != SYNCML_STATUS && !c->no_resp)
			verdict(x, c, x->header_code >= 300 ? x->header_code : 412);
}

/* ---- statuses ------------------------------------------------------------------------------------- */

static void
take_status(struct exchange *x, const struct syncml_command *c)
{
	struct session *s = x->s;
	struct why why;
	size_t i;

	for (i = 0; i < s->n_sent; i++) {
		struct sent *sent = &s->sent[i];

		if (sent->msg_id != c->msg_ref || sent->cmd_id != c->cmd_ref || sent->answered)
			continue;
		if (c->data == 213)		/* a chunk was taken */
			return;
		sent->answered = true;
		s->commands++;
		if (sent->command != 0 && tps_command_finish(x->dm->db, sent->command, (int)c->data, &why) != OK)
			session_db_failed(&why);
		return;
	}
}

/* ---- values of nodes ---------------------------------------------------------------------------------- */

static unsigned
keep(struct exchange *x, const char *uri, const char *format, struct span data)
{
	struct why why;
	int err = tps_result_set(x->dm->db, x->s->d.id, uri, format, data, x->dm->cf->results, &why);

	if (err == ERR_FULL) {
		log_warning("dm", "device %s: %s", x->s->device_id, why.text);
		return 420;
	}
	if (err != OK)
		session_db_failed(&why);
	return err == OK ? 200 : 500;
}

static void
forget_object(struct exchange *x)
{
	sbuf_done(&x->s->object.data);
	memset(&x->s->object, 0, sizeof x->s->object);
}

/* A piece of a large result, or the whole of a usual one. */
static unsigned
take_piece(struct exchange *x, const char *uri, const char *format, const struct syncml_item *item)
{
	struct session *s = x->s;
	struct span data = sbuf_as_span(&item->data.octets);
	unsigned code;

	if (s->object.on && strcmp(s->object.uri, uri) != 0) {
		x->lost_object = true;
		forget_object(x);
	}
	if (!s->object.on && !item->more)
		return data.n > x->dm->cf->object_size ? 413 : keep(x, uri, format, data);
	if (!s->object.on) {
		s->object.on = true;
		snprintf(s->object.uri, sizeof s->object.uri, "%s", uri);
		snprintf(s->object.format, sizeof s->object.format, "%s", format != NULL ? format : "");
		s->object.too_large = item->size > x->dm->cf->object_size;
	}
	if (data.n > x->dm->cf->object_size - s->object.data.n)
		s->object.too_large = true;
	if (s->object.too_large)
		sbuf_done(&s->object.data);
	else
		sbuf_span(&s->object.data, data);
	if (item->more)
		return s->object.too_large ? 413 : 213;
	code = s->object.too_large ? 413 : keep(x, uri, s->object.format, sbuf_as_span(&s->object.data));
	forget_object(x);
	return code;
}

static unsigned
take_item(struct exchange *x, const struct syncml_command *c, const struct syncml_item *item, const char *below)
{
	const char *uri = item->source != NULL ? item->source : item->target, *format = item->format != NULL ? item->format :
	    c->format;

	if (uri == NULL || strlen(uri) >= sizeof x->s->object.uri || text_has_control(span_str(uri)))
		return 400;
	if (below != NULL && strncmp(uri, below, strlen(below)) != 0)
		return 405;
	if (item->more)
		x->ask_more = true;
	return take_piece(x, uri, format, item);
}

/* The worst of its items. */
static unsigned
take_items(struct exchange *x, const struct syncml_command *c, const char *below)
{
	const struct syncml_item *item;
	unsigned worst = 200, code;

	for (item = c->items; item != NULL; item = item->next) {
		code = take_item(x, c, item, below);
		if (code > worst)
			worst = code;
	}
	return worst;
}

/* ---- alerts ----------------------------------------------------------------------------------------------- */

static void
show(struct span data, struct sbuf *out)
{
	if (data.n > SHOWN_MAX)
		data.n = SHOWN_MAX;
	sbuf_quote(out, data);
}

/* A generic alert: what an application of the device has to say, such as the end of an Exec. */
static void
keep_alert(struct exchange *x, const struct syncml_command *c)
{
	const struct syncml_item *item;
	struct sbuf text = { 0 };

	sbuf_str(&text, "1226");
	if (c->correlator != NULL) {
		sbuf_str(&text, " correlator ");
		show(span_str(c->correlator), &text);
	}
	for (item = c->items; item != NULL && text.n < 4 * SHOWN_MAX; item = item->next) {
		const char *of[] = { item->source, item->type };
		size_t i;

		for (i = 0; i < 2; i++) {
			sbuf_char(&text, ' ');
			show(span_str(of[i] != NULL ? of[i] : "-"), &text);
		}
		if (item->data.has) {
			sbuf_char(&text, ' ');
			show(sbuf_as_span(&item->data.octets), &text);
		}
	}
	session_event(x, "alert", "%s", text.s);
	sbuf_done(&text);
}

static unsigned
take_alert(struct exchange *x, const struct syncml_command *c)
{
	switch (c->data) {
	case ALERT_SERVER:
	case ALERT_CLIENT:
		x->s->started_by = c->data;
		return 200;
	case ALERT_NEXT:
		return 200;
	case ALERT_NO_END:
		forget_object(x);
		return 200;
	case ALERT_SESSION_ABORT:
		session_event(x, "session", "%s: the device ended it", x->s->id);
		x->s->over = true;
		x->stop = true;
		return 200;
	case ALERT_GENERIC:
		keep_alert(x, c);
		return 200;
	}
	return 406;
}

/* ---- all of it ------------------------------------------------------------------------------------------------ */

void
session_take_commands(struct exchange *x)
{
	const struct syncml_command *c;
	unsigned code;

	for (c = x->in->commands; c != NULL; c = c->next) {
		code = 405;		/* a device does not command a server */
		switch (c->kind) {
		case SYNCML_STATUS:
			take_status(x, c);
			continue;
		case SYNCML_RESULTS:
			code = take_items(x, c, NULL);
			break;
		case SYNCML_REPLACE:
			code = take_items(x, c, "./DevInfo/");
			break;
		case SYNCML_ALERT:
			code = take_alert(x, c);
			break;
		case SYNCML_ADD: case SYNCML_ATOMIC: case SYNCML_COPY: case SYNCML_DELETE: case SYNCML_EXEC:
		case SYNCML_GET: case SYNCML_SEQUENCE:
			break;
		}
		if (!c->no_resp)
			verdict(x, c, code);
	}
	if (!x->in->final)
		x->ask_more = true;
}
