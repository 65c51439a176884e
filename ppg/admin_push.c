/* admin_push.c - see admin_int.h: pushes and their audit rows, as JSON. Reads only. */
#include "ppg/admin_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ppg/admit.h"
#include "ppg/life.h"
#include "ppg/report.h"

enum { RECIPIENTS_SHOWN = 1000, ROWS_MAX = 1000, ROWS_USUAL = 100 };

/* ---- one push ------------------------------------------------------------------------------------ */

/* What was said of the recipients of a push: the push's meta, or else the remark on the chunk that holds the last one asked for. */
struct said {
	struct admin *admin;
	int64_t push;
	json_t *meta, *chunk;		/* NULL: none */
	uint32_t first, n;		/* of the chunk; n 0: none was read */
	bool failed;
};

static json_t *
stored_prediction(json_t *said, size_t i)
{
	struct prediction p;

	return prediction_read(json_array_get(json_object_get(said, "predictions"), i), &p) ? prediction_json(&p) : NULL;
}

/* Of the n-th of those it speaks of; NULL: none. */
static json_t *
prediction_in(json_t *said, uint32_t n)
{
	const char *p = json_text(said, "predicted");
	char index[12];
	uint32_t count;
	int used;

	if (p == NULL)
		return stored_prediction(said, 0);
	while (sscanf(p, "%11[-?0-9]*%7u%n", index, &count, &used) == 2) {
		if (n < count && index[0] == '?')
			return json_pack("{s:n, s:n, s:s}", "outcome", "code", "reason", "looked up when it is due");
		if (n < count)
			return index[0] != '-' ? stored_prediction(said, strtoul(index, NULL, 10)) : NULL;
		n -= count;
		p += used;
		p += *p == ',';
	}
	return NULL;
}

/* It was looked up when it was due, or is yet to be. */
static json_t *
looked_up(struct said *s, uint32_t n)
{
	uint32_t first, chunk;
	char *text;
	json_t *said, *prediction;

	if (store_read_remark(s->admin->reader, s->push, n, &first, &chunk, &text) != OK)
		return NULL;
	said = json_read(span_str(text), NULL);
	prediction = json_text(said, "predicted") == NULL ? stored_prediction(said, 0) : NULL;
	json_decref(said);
	free(text);
	return prediction;
}

static json_t *
prediction_said(struct said *s, uint32_t n)
{
	char *text;

	if (s->meta != NULL && (json_object_get(s->meta, "predictions") != NULL ||
	    json_object_get(s->meta, "predicted") != NULL))
		return prediction_in(s->meta, n);
	if (!s->failed && n - s->first >= s->n) {
		json_decref(s->chunk);
		s->chunk = NULL;
		s->n = 0;
		s->failed = store_read_remark(s->admin->reader, s->push, n, &s->first, &s->n, &text) != OK;
		if (!s->failed)
			s->chunk = json_read(span_str(text), NULL);
		free(text);
	}
	return s->chunk != NULL ? prediction_in(s->chunk, n - s->first) : NULL;
}

static json_t *
prediction_of(struct said *s, uint32_t n)
{
	json_t *prediction = prediction_said(s, n), *later;

	if (prediction == NULL || !json_is_null(json_object_get(prediction, "outcome")) || (later = looked_up(s, n)) == NULL)
		return prediction;
	json_decref(prediction);
	return later;
}

static json_t *
recipient_json(const struct store_view_recipient *r, struct said *said)
{
	json_t *o = json_object(), *ids = json_array(), *prediction = prediction_of(said, r->n);
	unsigned i;

	for (i = 0; i < r->n_ids; i++)	/* a part that the SMSC gave no id has none to show (S-05) */
		if (r->message_ids[i][0] != '\0')
			json_array_append_new(ids, json_string(r->message_ids[i]));
	json_object_set_new(o, "address", json_span(span_str(r->address)));
	json_object_set_new(o, "n", json_integer(r->n));
	json_object_set_new(o, "state", json_string(life_message_state(r->state)));
	json_object_set_new(o, "step", json_string(life_step_name(r->state)));
	json_object_set_new(o, "code", json_integer(r->code != 0 ? r->code : PAP_OK));
	json_object_set_new(o, "desc", admin_text(r->desc));
	json_object_set_new(o, "event_time", admin_time(r->event_time));
	json_object_set_new(o, "segments", json_integer(r->segments));
	json_object_set_new(o, "smsc_id", admin_text(r->link));
	json_object_set_new(o, "message_ids", ids);
	json_object_set_new(o, "attempts", json_integer(r->attempts));
	json_object_set_new(o, "maybe_sent_twice", json_boolean(r->maybe_sent));
	json_object_set_new(o, "prediction", prediction != NULL ? prediction : json_null());
	return o;
}

/* Pending while one recipient is; else their common state, or that of the first that differs. */
static const char *
push_state(const struct store_view *v)
{
	size_t i;

	if (v->n_final < v->n_recipients)
		return "pending";
	for (i = 0; i < v->n; i++)
		if (v->recipients[i].state != STEP_DELIVERED)
			return life_message_state(v->recipients[i].state);
	return "delivered";
}

static json_t *
priority_json(json_t *meta)
{
	const char *priority = json_text(meta, "qos");

	return json_string(priority != NULL && priority[0] != '\0' ? priority : "medium");
}

static json_t *
push_json(struct admin *admin, const struct store_view *v)
{
	json_t *meta = v->meta != NULL ? json_read(span_str(v->meta), NULL) : NULL;
	struct said said = { .admin = admin, .push = v->push, .meta = meta, .failed = v->n_recipients == 1 };
	json_t *o = json_object(), *list = json_array();
	size_t i;

	for (i = 0; i < v->n; i++)
		json_array_append_new(list, recipient_json(&v->recipients[i], &said));
	json_decref(said.chunk);
	json_object_set_new(o, "push_id", json_span(span_str(v->push_id)));
	json_object_set_new(o, "initiator", json_string(v->pi));
	json_object_set_new(o, "state", json_string(push_state(v)));
	json_object_set_new(o, "received", admin_time(v->received));
	json_object_set_new(o, "deliver_after", admin_time(v->deliver_after));
	json_object_set_new(o, "deadline", admin_time(v->deadline_at));
	json_object_set_new(o, "priority", priority_json(meta));
	json_object_set_new(o, "pap_version", json_string(v->version));
	json_object_set_new(o, "content_type", admin_text(v->content_type));
	json_object_set_new(o, "header_octets", json_integer((json_int_t)v->headers_n));
	json_object_set_new(o, "body_octets", json_integer((json_int_t)v->body_n));
	json_object_set_new(o, "n_recipients", json_integer(v->n_recipients));
	json_object_set_new(o, "n_final", json_integer(v->n_final));
	json_object_set_new(o, "recipients", list);
	json_decref(meta);
	return o;
}

void
admin_read_failed(struct http_request *rq, int err, const char *missing)
{
	if (err == ERR_NOT_FOUND)
		admin_error(rq, 404, "%s", missing);
	else if (err == ERR_EXISTS)
		admin_error(rq, 409, "several initiators used this push-id: name one with &initiator=");
	else
		admin_error(rq, 500, "the store could not be read");
}

/* One recipient, looked for by its address as it was submitted. */
static int
read_recipient(struct admin *admin, const char *pi, const char *push_id, const char *address,
    struct store_view *view, struct why *why)
{
	char key[ADDRESS_KEY_SIZE];
	const char *keys[1] = { key };
	struct wappush a;
	int err = address_parse(address, &a, why);

	if (err != OK && err != ERR_UNSUPPORTED)
		return ERR_SYNTAX;
	address_key(&a, true, key);
	err = store_read_recipients(admin->reader, pi, push_id, keys, 1, view);
	if (err == OK && view->n > 0 && view->recipients[0].state == 0) {
		store_view_done(view);
		err = why_set(why, ERR_SHORT, "no recipient of this push has that address");
	}
	return err;
}

static void
show_push(struct admin *admin, struct http_request *rq, const char *push_id, const char *pi)
{
	char *address = http_request_param(rq, "address");
	struct store_view view;
	struct why why;
	int64_t first;
	int err;

	if (!admin_number(rq, "first", 0, UINT32_MAX, 0, &first)) {
		free(address);
		return;
	}
	err = address != NULL ? read_recipient(admin, pi, push_id, address, &view, &why) :
	    store_read_push(admin->reader, pi, push_id, (uint32_t)first, RECIPIENTS_SHOWN, &view);
	if (err == OK) {
		admin_json(rq, 200, push_json(admin, &view));
		store_view_done(&view);
	} else if (err == ERR_SYNTAX) {
		admin_error(rq, 400, "address: %s", why.text);
	} else if (err == ERR_SHORT) {
		admin_error(rq, 404, "%s", why.text);
	} else {
		admin_read_failed(rq, err, "no such push");
	}
	free(address);
}

/* ---- the newest -------------------------------------------------------------------------------------- */

static json_t *
row_json(const struct store_push_row *r)
{
	json_t *o = json_object();

	json_object_set_new(o, "row", json_integer(r->push));
	json_object_set_new(o, "push_id", json_span(span_str(r->push_id)));
	json_object_set_new(o, "initiator", json_string(r->pi));
	json_object_set_new(o, "received", admin_time(r->received));
	json_object_set_new(o, "content_type", admin_text(r->content_type));
	json_object_set_new(o, "n_recipients", json_integer(r->n_recipients));
	json_object_set_new(o, "n_final", json_integer(r->n_final));
	return o;
}

static void
list_pushes(struct admin *admin, struct http_request *rq, const char *pi)
{
	json_t *list = json_array(), *o = json_object();
	int64_t before, limit;
	struct store_push_row *rows = NULL;
	uint32_t n = 0, i;
	int err;

	if (!admin_number(rq, "before", 0, INT64_MAX, 0, &before) ||
	    !admin_number(rq, "limit", 1, ROWS_MAX, ROWS_USUAL, &limit)) {
		json_decref(list);
		json_decref(o);
		return;
	}
	err = store_read_pushes(admin->reader, pi, before, (uint32_t)limit, &rows, &n);
	for (i = 0; err == OK && i < n; i++)
		json_array_append_new(list, row_json(&rows[i]));
	json_object_set_new(o, "pushes", list);
	json_object_set_new(o, "next_before", n == (uint32_t)limit ? json_integer(rows[n - 1].push) : json_null());
	store_push_rows_free(rows, n);
	if (err == OK) {
		admin_json(rq, 200, o);
	} else {
		json_decref(o);
		admin_read_failed(rq, err, "no such initiator");
	}
}

void
admin_pushes(struct admin *admin, struct http_request *rq, const char *rest)
{
	char *push_id = http_request_param(rq, "push-id"), *pi = http_request_param(rq, "initiator");

	if (push_id != NULL && push_id[0] == '\0')
		admin_error(rq, 400, "push-id is empty");
	else if (push_id != NULL)
		show_push(admin, rq, push_id, pi);
	else
		list_pushes(admin, rq, pi);
	free(push_id);
	free(pi);
}

/* ---- audit -------------------------------------------------------------------------------------------- */

static json_t *
audit_json(const struct store_audit_row *r)
{
	json_t *o = json_object();

	json_object_set_new(o, "row", json_integer(r->id));
	json_object_set_new(o, "time", admin_time(r->at));
	json_object_set_new(o, "first", json_integer(r->lo));
	json_object_set_new(o, "last", json_integer(r->hi));
	json_object_set_new(o, "event", admin_text(life_event_name(r->event)));
	json_object_set_new(o, "from", r->from != 0 ? json_string(life_step_name(r->from)) : json_null());
	json_object_set_new(o, "to", r->to != 0 ? json_string(life_step_name(r->to)) : json_null());
	json_object_set_new(o, "code", r->code != 0 ? json_integer(r->code) : json_null());
	json_object_set_new(o, "smsc_id", admin_text(r->link));
	json_object_set_new(o, "detail", admin_text(r->detail));
	return o;
}

static void
show_audit(struct admin *admin, struct http_request *rq, const char *push_id, const char *pi)
{
	json_t *list, *o;
	struct store_audit_row *rows = NULL;
	uint32_t n = 0, i;
	int64_t after, limit;
	int err;

	if (!admin_number(rq, "after", 0, INT64_MAX, 0, &after) ||
	    !admin_number(rq, "limit", 1, ROWS_MAX, ROWS_MAX, &limit))
		return;
	err = store_read_audit(admin->reader, pi, push_id, after, (uint32_t)limit, &rows, &n);
	if (err != OK) {
		admin_read_failed(rq, err, "nothing is known of such a push");
		return;
	}
	list = json_array();
	o = json_object();
	for (i = 0; i < n; i++)
		json_array_append_new(list, audit_json(&rows[i]));
	json_object_set_new(o, "push_id", json_span(span_str(push_id)));
	json_object_set_new(o, "rows", list);
	json_object_set_new(o, "next_after", n == (uint32_t)limit ? json_integer(rows[n - 1].id) : json_null());
	store_audit_rows_free(rows, n);
	admin_json(rq, 200, o);
}

void
admin_audit(struct admin *admin, struct http_request *rq, const char *rest)
{
	char *push_id = http_request_param(rq, "push-id"), *pi = http_request_param(rq, "initiator");

	if (push_id == NULL || push_id[0] == '\0')
		admin_error(rq, 400, "push-id is needed: /api/v1/audit?push-id=ID");
	else
		show_audit(admin, rq, push_id, pi);
	free(push_id);
	free(pi);
}
