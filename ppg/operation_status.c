/* operation_status.c - see operation_int.h. Status and capabilities queries. */
#include "ppg/operation_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ppg/address.h"
#include "ppg/report.h"
#include "ppg/uaprof.h"

/* ---- status query (5.4) -------------------------------------------------------------------------- */

/* A recipient of the answer; those that compare equal share a statusquery-result. */
struct row {
	const char *address, *desc, *link;
	int state, code;
	int64_t event_time;
	size_t order;
};

static int
compare_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

/* 0: one result speaks for both. */
static int
compare_outcome(const struct row *a, const struct row *b)
{
	int diff;

	if (a->state != b->state)
		return a->state < b->state ? -1 : 1;
	if (a->code != b->code)
		return a->code < b->code ? -1 : 1;
	if (a->event_time != b->event_time)
		return a->event_time < b->event_time ? -1 : 1;
	diff = compare_text(a->desc, b->desc);
	return diff != 0 ? diff : compare_text(a->link, b->link);
}

static int
compare_rows(const void *x, const void *y)
{
	const struct row *a = x, *b = y;
	int diff = compare_outcome(a, b);

	return diff != 0 ? diff : a->order < b->order ? -1 : 1;
}

static struct row
row_of(const struct store_view_recipient *r, const char *address, size_t order)
{
	if (r->state == 0)
		return (struct row){ address, "no recipient of this push has this address", NULL, 0,
		    PAP_ADDRESS_NOT_FOUND, 0, order };
	return (struct row){ address, r->desc, r->link, r->state, report_code(r->state, r->code),
	    r->event_time, order };
}

static void
write_status(struct operation *op, const struct store_view *view, struct row *rows, size_t n)
{
	const struct front_config *cf = &op->s->front->cf;
	const struct pap_control *c = &op->s->a.control;
	struct pap_outcome *results = calloc(n + 1, sizeof *results);
	struct pap_qos_used *used = calloc(n + 1, sizeof *used);
	const char **addresses = calloc(n + 1, sizeof *addresses);
	json_t *meta = view->meta != NULL ? json_read(span_str(view->meta), NULL) : NULL;
	struct routes *routes = route_table_get(op->s->rules->routes);
	struct sbuf doc = { 0 };
	size_t i, n_results = 0;

	if (results == NULL || used == NULL || addresses == NULL)
		abort();
	qsort(rows, n, sizeof rows[0], compare_rows);
	for (i = 0; i < n; i++) {
		struct pap_outcome *r = &results[n_results];

		addresses[i] = rows[i].address;
		if (i > 0 && compare_outcome(&rows[i], &rows[i - 1]) == 0) {
			results[n_results - 1].n_addresses++;
			continue;
		}
		*r = (struct pap_outcome){
			.addresses = &addresses[i],
			.n_addresses = 1,
			.code = rows[i].code,
			.desc = rows[i].desc,
			.state = life_message_state(rows[i].state),
			.event_time = (time_t)rows[i].event_time,
			.qos = rows[i].state != 0 ? report_qos(meta, rows[i].link, routes, &used[n_results]) : NULL,
		};
		n_results++;
	}
	pap_statusquery_response(&doc, &cf->writer, pap_reply_version(c), c->above_10, c->push_id, results, n_results);
	routes_unref(routes);
	json_decref(meta);
	free(results);
	free(used);
	free(addresses);
	operation_answer(op, &doc);
	sbuf_done(&doc);
}

static void
report(struct operation *op, const struct store_view *view)
{
	const struct pap_control *c = &op->s->a.control;
	size_t n = c->n_addresses > 0 ? c->n_addresses : view->n, i;
	struct row *rows = calloc(n + 1, sizeof *rows);

	if (rows == NULL)
		abort();
	if (c->n_addresses == 0) {
		for (i = 0; i < n; i++)
			rows[i] = row_of(&view->recipients[i], view->recipients[i].address, i);
	} else {
		for (i = 0; i < n; i++)
			rows[i] = (struct row){ c->addresses[i], op->bad[i], NULL, 0, PAP_ADDRESS_ERROR, 0, i };
		for (i = 0; i < op->n_good; i++)
			rows[op->good_at[i]] = row_of(&view->recipients[i], c->addresses[op->good_at[i]],
			    op->good_at[i]);
	}
	write_status(op, view, rows, n);
	free(rows);
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
		report(op, &view);
		store_view_done(&view);
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
	atomic_fetch_add(&f->operations, 1);
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
