/* operation_status.c - see operation_int.h. Status and capabilities queries. */
#include "ppg/operation_int.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ppg/address.h"
#include "ppg/report.h"
#include "ppg/uaprof.h"

/* ---- status query (5.4) -------------------------------------------------------------------------- */

static struct operation_line
line_of(const struct store_view_recipient *r, const char *address, size_t order)
{
	if (r->state == 0)
		return (struct operation_line){ address, "no recipient of this push has this address", NULL, 0,
		    PAP_ADDRESS_NOT_FOUND, 0, order };
	return (struct operation_line){ address, r->desc, r->link, r->state, report_code(r->state, r->code),
	    r->event_time, order };
}

static void
write_status(struct operation *op, const struct store_view *view, struct operation_line *lines, size_t n)
{
	const struct front_config *cf = &op->s->front->cf;
	const struct pap_control *c = &op->s->a.control;
	struct pap_qos_used *used = calloc(n + 1, sizeof *used);
	json_t *meta = view->meta != NULL ? json_read(span_str(view->meta), NULL) : NULL;
	struct routes *routes = route_table_get(op->s->rules->routes);
	struct operation_results results;
	struct sbuf doc = { 0 };
	size_t i;

	if (used == NULL)
		abort();
	operation_group(lines, n, &results);
	for (i = 0; i < results.n; i++) {
		const struct operation_line *line = results.lines[i];
		struct pap_outcome *r = &results.rows[i];

		r->state = life_message_state(line->state);
		r->event_time = (time_t)line->event_time;
		r->qos = line->state != 0 ? report_qos(meta, line->link, routes, &used[i]) : NULL;
	}
	pap_statusquery_response(&doc, &cf->writer, pap_reply_version(c), c->above_10, c->push_id, results.rows,
	    results.n);
	operation_results_done(&results);
	routes_unref(routes);
	json_decref(meta);
	free(used);
	operation_answer(op, &doc);
	sbuf_done(&doc);
}

static void
report(struct operation *op, const struct store_view *view)
{
	const struct pap_control *c = &op->s->a.control;
	size_t n = c->n_addresses > 0 ? c->n_addresses : view->n, i;
	struct operation_line *lines = calloc(n + 1, sizeof *lines);

	if (lines == NULL)
		abort();
	if (c->n_addresses == 0) {
		for (i = 0; i < n; i++)
			lines[i] = line_of(&view->recipients[i], view->recipients[i].address, i);
	} else {
		for (i = 0; i < n; i++)
			lines[i] = (struct operation_line){ c->addresses[i], op->bad[i], NULL, 0, PAP_ADDRESS_ERROR, 0, i };
		for (i = 0; i < op->n_good; i++)
			lines[op->good_at[i]] = line_of(&view->recipients[i], c->addresses[op->good_at[i]],
			    op->good_at[i]);
	}
	write_status(op, view, lines, n);
	free(lines);
}

void
operation_status(struct operation *op, struct store_reader *reader)
{
	const struct pap_control *c = &op->s->a.control;
	const char *pi = op->s->who->name;
	struct store_view view;
	int err = c->n_addresses > 0 ?
	    store_read_recipients(reader, pi, c->push_id, op->good, op->n_good, &view) :
	    store_read_push(reader, pi, c->push_id, 0, UINT32_MAX, &view);

	if (err == ERR_NOT_FOUND) {
		operation_refuse(op, PAP_PUSH_ID_NOT_FOUND, "there is no such push");
	} else if (err) {
		operation_refuse(op, PAP_INTERNAL_ERROR, "the store could not be read");
	} else {
		bool many = view.n >= MANY_ADDRESSES;

		report(op, &view);
		store_view_done(&view);
		if (many)
			malloc_trim(0);
	}
}

/* ---- capabilities query (5.5) ------------------------------------------------------------------------ */

/* ccq-response and the profile, as multipart/related. */
static void
answer_profile(struct operation *op, const struct sbuf *profile, const char *content_type)
{
	const struct front_config *cf = &op->s->front->cf;
	const struct pap_control *c = &op->s->a.control;
	struct front *f = op->s->front;
	struct sbuf doc = { 0 }, type = { 0 };
	char boundary[40];		/* of this document: nobody can have put it inside */

	snprintf(boundary, sizeof boundary, "openppg-%016llx",
	    (unsigned long long)text_hash64(sbuf_as_span(profile)));

	sbuf_fmt(&type, "multipart/related; boundary=\"%s\"; type=\"application/xml\"", boundary);
	sbuf_fmt(&doc, "--%s\r\nContent-Type: application/xml\r\n\r\n", boundary);
	pap_ccq_response(&doc, &cf->writer, pap_reply_version(c), c->above_10, c->query_id, c->addresses[0], PAP_OK,
	    NULL);
	sbuf_fmt(&doc, "\r\n--%s\r\nContent-Type: %s\r\n\r\n", boundary, content_type);
	sbuf_span(&doc, sbuf_as_span(profile));
	sbuf_fmt(&doc, "\r\n--%s--\r\n", boundary);
	front_count_operation(op->s);
	front_answer_document(op->s, type.s, &doc);
	sbuf_done(&doc);
	sbuf_done(&type);
	front_end(f);
}

/* A query that names an application gets what concerns it. */
static bool
narrow(struct sbuf *document, const char *app_id)
{
	struct uaprof profile;
	bool takes = true;

	if (uaprof_read(sbuf_as_span(document), NULL, &profile, NULL) == OK) {
		takes = uaprof_filter(&profile, app_id);
		if (takes) {
			sbuf_clear(document);
			uaprof_print(&profile, document);
		}
	}
	uaprof_done(&profile);
	return takes;
}

static int
read_profile(struct store_reader *reader, const struct wappush *address, struct sbuf *profile, char **type)
{
	char key[ADDRESS_KEY_SIZE];
	struct store_subscriber_view sub;
	int err;

	address_key(address, false, key);
	err = store_read_subscriber(reader, key, &sub);
	if (err)
		return err;
	err = sub.profile != NULL ? store_read_profile(reader, sub.profile, profile, type) : ERR_NOT_FOUND;
	store_subscriber_done(&sub);
	return err;
}

void
operation_ccq(struct operation *op, struct store_reader *reader)
{
	const struct pap_control *c = &op->s->a.control;
	struct sbuf profile = { 0 };
	struct wappush address;
	char *type = NULL;
	struct why why;
	int err;

	if (c->n_addresses != 1 ||
	    admit_read_address(op->s->rules, c->addresses[0], &address, &why) != OK) {
		operation_refuse(op, PAP_ADDRESS_ERROR, c->n_addresses == 1 ? why.text : "one address is needed");
		return;
	}
	err = read_profile(reader, &address, &profile, &type);
	if (err == ERR_NOT_FOUND)
		operation_refuse(op, PAP_CAPABILITIES_UNAVAILABLE, "no profile of this device is known");
	else if (err)
		operation_refuse(op, PAP_INTERNAL_ERROR, "the store could not be read");
	else if (c->app_id != NULL && !narrow(&profile, c->app_id))
		operation_refuse(op, PAP_CAPABILITIES_UNAVAILABLE, "this device takes nothing for that application");
	else
		answer_profile(op, &profile, type);
	free(type);
	sbuf_done(&profile);
}
