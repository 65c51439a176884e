/*
 * admin.c - see admin.h. Its server thread reads the store through a connection of its own, so that
 * nobody's PAP answer waits behind an operator's question.
 */
#include "ppg/admin.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/password.h"
#include "base/secret.h"
#include "base/text.h"
#include "ppg/life.h"
#include "ppg/metrics.h"

enum { RECIPIENTS_SHOWN = 1000, BODY_MAX = 65536 };

struct admin {
	struct admin_config cf;
	struct http_server *server;
	struct store_reader *reader;
	uint8_t token[32];		/* digest of the token, compared in constant time */
	atomic_ullong refused_http, refused_auth;
};

/* ---- answers -------------------------------------------------------------------------------- */

static void
answer_json(struct http_request *rq, unsigned status, json_t *value)
{
	struct sbuf text = { 0 };
	struct http_answer answer = { .status = status, .content_type = "application/json" };

	json_print(value, &text);
	sbuf_char(&text, '\n');
	answer.body = sbuf_as_span(&text);
	http_answer(rq, &answer);
	sbuf_done(&text);
	json_decref(value);
}

static void
answer_error(struct http_request *rq, unsigned status, const char *text)
{
	answer_json(rq, status, json_pack("{s:s}", "error", text));
}

/* ---- a push ------------------------------------------------------------------------------------ */

static json_t *
time_json(int64_t t)
{
	char iso[CLOCK_ISO_SIZE];

	if (t == 0)
		return json_null();
	clock_iso((time_t)t, iso);
	return json_string(iso);
}

static json_t *
recipient_json(const struct store_view_recipient *r)
{
	json_t *o = json_object(), *ids = json_array();
	unsigned i;

	for (i = 0; i < r->n_ids; i++)	/* a part that the SMSC gave no id has none to show (S-05) */
		if (r->message_ids[i][0] != '\0')
			json_array_append_new(ids, json_string(r->message_ids[i]));
	json_object_set_new(o, "address", json_span(span_str(r->address)));
	json_object_set_new(o, "state", json_string(life_message_state(r->state)));
	json_object_set_new(o, "step", json_string(life_step_name(r->state)));
	json_object_set_new(o, "code", json_integer(r->code != 0 ? r->code : PAP_OK));
	json_object_set_new(o, "desc", r->desc != NULL ? json_span(span_str(r->desc)) : json_null());
	json_object_set_new(o, "event_time", time_json(r->event_time));
	json_object_set_new(o, "segments", json_integer(r->segments));
	json_object_set_new(o, "smsc_id", r->link != NULL ? json_string(r->link) : json_null());
	json_object_set_new(o, "message_ids", ids);
	json_object_set_new(o, "attempts", json_integer(r->attempts));
	json_object_set_new(o, "maybe_sent_twice", json_boolean(r->maybe_sent));
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
push_json(const struct store_view *v)
{
	json_t *o = json_object(), *list = json_array();
	size_t i;

	for (i = 0; i < v->n; i++)
		json_array_append_new(list, recipient_json(&v->recipients[i]));
	json_object_set_new(o, "push_id", json_span(span_str(v->push_id)));
	json_object_set_new(o, "initiator", json_string(v->pi));
	json_object_set_new(o, "state", json_string(push_state(v)));
	json_object_set_new(o, "received", time_json(v->received));
	json_object_set_new(o, "deliver_after", time_json(v->deliver_after));
	json_object_set_new(o, "deadline", time_json(v->deadline_at));
	json_object_set_new(o, "content_type", json_string(v->content_type));
	json_object_set_new(o, "header_octets", json_integer((json_int_t)v->headers_n));
	json_object_set_new(o, "body_octets", json_integer((json_int_t)v->body_n));
	json_object_set_new(o, "n_recipients", json_integer(v->n_recipients));
	json_object_set_new(o, "n_final", json_integer(v->n_final));
	json_object_set_new(o, "recipients", list);
	return o;
}

static void
show_push(struct admin *admin, struct http_request *rq)
{
	char *push_id = http_request_param(rq, "push-id"), *pi = http_request_param(rq, "initiator");
	char *first = http_request_param(rq, "first");
	struct store_view view;
	int64_t from = 0;
	int err;

	if (push_id == NULL || push_id[0] == '\0') {
		answer_error(rq, 400, "push-id is needed: /api/v1/pushes?push-id=ID");
	} else if (first != NULL && text_number(first, 0, UINT32_MAX, &from) != OK) {
		answer_error(rq, 400, "first is not a recipient number");
	} else {
		err = store_read_push(admin->reader, pi, push_id, (uint32_t)from, RECIPIENTS_SHOWN, &view);
		if (err == OK) {
			answer_json(rq, 200, push_json(&view));
			store_view_done(&view);
		} else if (err == ERR_NOT_FOUND) {
			answer_error(rq, 404, "no such push");
		} else if (err == ERR_EXISTS) {
			answer_error(rq, 409, "several initiators used this push-id: name one with &initiator=");
		} else {
			answer_error(rq, 500, "the store could not be read");
		}
	}
	free(push_id);
	free(pi);
	free(first);
}

/* ---- routes ---------------------------------------------------------------------------------------- */

static void
show_health(struct admin *admin, struct http_request *rq)
{
	http_answer_text(rq, 200, "ok\n");
}

static void
show_ready(struct admin *admin, struct http_request *rq)
{
	bool ready = admin->cf.ready(admin->cf.arg);

	http_answer_text(rq, ready ? 200 : 503, ready ? "ready\n" : "not ready\n");
}

static void
show_metrics(struct admin *admin, struct http_request *rq)
{
	struct sbuf text = { 0 };
	struct http_answer answer = { .status = 200, .content_type = "text/plain; version=0.0.4" };
	struct metrics_sources from = { admin->cf.store, admin->cf.dispatch, admin->cf.front, admin->cf.notifier,
		admin->refused_http, admin->refused_auth };

	metrics_print(&from, &text);
	answer.body = sbuf_as_span(&text);
	http_answer(rq, &answer);
	sbuf_done(&text);
}

static void
show_links(struct admin *admin, struct http_request *rq)
{
	answer_json(rq, 200, dispatch_links_json(admin->cf.dispatch));
}

static void
reload(struct admin *admin, struct http_request *rq)
{
	struct why why = { 0 };

	if (admin->cf.reload(admin->cf.arg, &why) == OK)
		answer_json(rq, 200, json_pack("{s:b}", "reloaded", 1));
	else
		answer_error(rq, 409, why.text);
}

static const struct route {
	const char *method, *path;
	bool open;			/* served without the token */
	void (*serve)(struct admin *, struct http_request *);
} routes[] = {
	{ "GET",  "/healthz",       true,  show_health  },
	{ "GET",  "/readyz",        true,  show_ready   },
	{ "GET",  "/metrics",       true,  show_metrics },
	{ "GET",  "/api/v1/pushes", false, show_push    },
	{ "GET",  "/api/v1/links",  false, show_links   },
	{ "POST", "/api/v1/reload", false, reload       },
};

static bool
authorized(const struct admin *admin, struct http_request *rq)
{
	const char *header = http_request_header(rq, "Authorization");
	uint8_t given[32];

	if (header == NULL || !span_starts_nocase(span_str(header), "Bearer "))
		return false;
	password_token(span_str("admin"), span_trim(span_str(header + 7)), given);
	return admin->cf.token != NULL && secret_equal(given, admin->token, sizeof given);
}

static enum http_next
on_head(void *app, struct http_request *rq)
{
	static const struct http_answer unauthorized = { .status = 401,
		.extra = { { "WWW-Authenticate", "Bearer" } },
		.content_type = "application/json", .close = true };
	struct admin *admin = app;
	struct http_answer answer = unauthorized;

	if (strncmp(http_request_path(rq), "/api/", 5) != 0 || authorized(admin, rq))
		return HTTP_READ_BODY;
	atomic_fetch_add(&admin->refused_auth, 1);
	log_peer("admin", http_request_peer(rq), "token missing or wrong");
	answer.body = span_str("{\"error\":\"token needed\"}\n");
	http_answer(rq, &answer);
	return HTTP_ANSWERED;
}

static void
on_body(void *app, struct http_request *rq)
{
	struct admin *admin = app;
	bool path_known = false;
	size_t i;

	for (i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		if (strcmp(routes[i].path, http_request_path(rq)) != 0)
			continue;
		path_known = true;
		if (strcmp(routes[i].method, http_request_method(rq)) == 0) {
			routes[i].serve(admin, rq);
			return;
		}
	}
	if (path_known)
		answer_error(rq, 405, "this path takes another method");
	else
		answer_error(rq, 404, "no such path");
}

static void
on_refused(void *app, const char *peer, const char *reason)
{
	struct admin *admin = app;

	atomic_fetch_add(&admin->refused_http, 1);
	log_peer("admin", peer, reason);
}

int
admin_start(const struct admin_config *cf, struct admin **out, struct why *why)
{
	struct admin *admin = calloc(1, sizeof *admin);
	struct http_app app = { admin, on_head, on_body, NULL, on_refused };
	int err;

	if (admin == NULL)
		abort();
	*out = NULL;
	admin->cf = *cf;
	admin->cf.http.methods = "GET, POST";
	admin->cf.http.max_body = BODY_MAX;
	if (cf->token != NULL)
		password_token(span_str("admin"), span_str(cf->token), admin->token);
	err = store_reader_open(cf->store, &admin->reader, why);
	if (err == OK)
		err = http_server_start(&admin->cf.http, &app, &admin->server, why);
	if (err) {
		store_reader_close(&admin->reader);
		free(admin);
		return err;
	}
	*out = admin;
	return OK;
}

void
admin_stop(struct admin **p)
{
	struct admin *admin = *p;

	if (admin == NULL)
		return;
	http_server_stop(&admin->server);
	store_reader_close(&admin->reader);
	free(admin);
	*p = NULL;
}

uint16_t
admin_port(const struct admin *admin)
{
	return http_server_port(admin->server);
}

int
admin_reload_tls(struct admin *admin, struct why *why)
{
	return http_server_reload_tls(admin->server, why);
}
