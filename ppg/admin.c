/*
 * admin.c - see admin.h and admin_int.h: server, token, routes. The server's thread reads the store through a
 * connection of its own, so that nobody's PAP answer waits behind an operator's question.
 */
#include "ppg/admin_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/password.h"
#include "base/secret.h"
#include "base/text.h"
#include "ppg/metrics.h"

enum {
	BODY_USUAL = 65536, BODY_TABLE = 8 << 20, BODY_PROFILE = 1 << 20,
	BODY_MAX = 16 << 20,		/* beyond this the server itself says no, in plain text */
	HELD_MAX = 24 << 20
};

/* ---- answers -------------------------------------------------------------------------------- */

static void
print_json(unsigned status, json_t *value, struct sbuf *text, struct http_answer *answer)
{
	json_print(value, text);
	sbuf_char(text, '\n');
	json_decref(value);
	*answer = (struct http_answer){ .status = status, .content_type = "application/json",
		.body = sbuf_as_span(text) };
}

void
admin_json(struct http_request *rq, unsigned status, json_t *value)
{
	struct http_answer answer;
	struct sbuf text = { 0 };

	print_json(status, value, &text, &answer);
	http_answer(rq, &answer);
	sbuf_done(&text);
}

void
admin_json_later(struct http_request *rq, unsigned status, json_t *value)
{
	struct http_answer answer;
	struct sbuf text = { 0 };

	print_json(status, value, &text, &answer);
	http_answer_later(rq, &answer);
	sbuf_done(&text);
}

void
admin_error(struct http_request *rq, unsigned status, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	admin_json(rq, status, json_pack("{s:o}", "error", json_span(span_str(text))));
}

json_t *
admin_time(int64_t t)
{
	char iso[CLOCK_ISO_SIZE];

	if (t == 0)
		return json_null();
	clock_iso((time_t)t, iso);
	return json_string(iso);
}

json_t *
admin_text(const char *text)
{
	return text != NULL ? json_span(span_str(text)) : json_null();
}

bool
admin_number(struct http_request *rq, const char *name, int64_t min, int64_t max, int64_t def, int64_t *out)
{
	char *text = http_request_param(rq, name);
	bool good = text == NULL || text_number(text, min, max, out) == OK;

	if (text == NULL)
		*out = def;
	free(text);
	if (!good)
		admin_error(rq, 400, "%s is a number from %lld to %lld", name, (long long)min, (long long)max);
	return good;
}

/* ---- writes ----------------------------------------------------------------------------------- */

bool
admin_begin(struct admin *admin)
{
	bool go;

	pthread_mutex_lock(&admin->lock);
	go = !admin->stopping;
	admin->writes += go;
	pthread_mutex_unlock(&admin->lock);
	return go;
}

void
admin_end(struct admin *admin)
{
	pthread_mutex_lock(&admin->lock);
	if (--admin->writes == 0)
		pthread_cond_signal(&admin->idle);
	pthread_mutex_unlock(&admin->lock);
}

/* ---- routes ---------------------------------------------------------------------------------------- */

static void
show_health(struct admin *admin, struct http_request *rq, const char *rest)
{
	http_answer_text(rq, 200, "ok\n");
}

static void
show_ready(struct admin *admin, struct http_request *rq, const char *rest)
{
	bool ready = admin->cf.ready(admin->cf.arg);

	http_answer_text(rq, ready ? 200 : 503, ready ? "ready\n" : "not ready\n");
}

static void
show_metrics(struct admin *admin, struct http_request *rq, const char *rest)
{
	struct sbuf text = { 0 };
	struct http_answer answer = { .status = 200, .content_type = "text/plain; version=0.0.4" };
	struct metrics_sources from = { admin->cf.store, admin->cf.dispatch, admin->cf.front, admin->cf.notifier,
		admin->cf.auth, admin->cf.pool,
		admin->refused_http, admin->refused_auth };

	metrics_print(&from, &text);
	answer.body = sbuf_as_span(&text);
	http_answer(rq, &answer);
	sbuf_done(&text);
}

static void
show_links(struct admin *admin, struct http_request *rq, const char *rest)
{
	admin_json(rq, 200, dispatch_links_json(admin->cf.dispatch));
}

static void
reload(struct admin *admin, struct http_request *rq, const char *rest)
{
	struct why why = { 0 };

	if (admin->cf.reload(admin->cf.arg, &why) == OK)
		admin_json(rq, 200, json_pack("{s:b}", "reloaded", 1));
	else
		admin_error(rq, 409, "%s", why.text);
}

static const struct route {
	const char *method, *path;	/* a path that ends in '/' is the beginning of many */
	bool open;			/* served without the token */
	size_t max_body;
	void (*serve)(struct admin *, struct http_request *, const char *rest);
} routes[] = {
	{ "GET",    "/healthz",            true,  BODY_USUAL,   show_health },
	{ "GET",    "/readyz",             true,  BODY_USUAL,   show_ready },
	{ "GET",    "/metrics",            true,  BODY_USUAL,   show_metrics },
	{ "GET",    "/api/v1/pushes",      false, BODY_USUAL,   admin_pushes },
	{ "GET",    "/api/v1/case",        false, BODY_USUAL,   admin_case },
	{ "POST",   "/api/v1/pushes/release", false, BODY_USUAL, admin_release },
	{ "POST",   "/api/v1/pushes/reject", false, BODY_USUAL, admin_reject },
	{ "GET",    "/api/v1/quarantine",  false, BODY_USUAL,   admin_quarantine },
	{ "GET",    "/api/v1/audit",       false, BODY_USUAL,   admin_audit },
	{ "GET",    "/api/v1/subscribers", false, BODY_USUAL,   admin_get_subscriber },
	{ "PUT",    "/api/v1/subscribers", false, BODY_TABLE,   admin_put_subscribers },
	{ "DELETE", "/api/v1/subscribers", false, BODY_USUAL,   admin_delete_subscriber },
	{ "GET",    "/api/v1/profiles",    false, BODY_USUAL,   admin_list_profiles },
	{ "GET",    "/api/v1/profiles/",   false, BODY_USUAL,   admin_get_profile },
	{ "PUT",    "/api/v1/profiles/",   false, BODY_PROFILE, admin_put_profile },
	{ "DELETE", "/api/v1/profiles/",   false, BODY_USUAL,   admin_delete_profile },
	{ "GET",    "/api/v1/links",       false, BODY_USUAL,   show_links },
	{ "GET",    "/api/v1/route",       false, BODY_USUAL,   admin_route },
	{ "POST",   "/api/v1/reload",      false, BODY_USUAL,   reload },
};
enum { ROUTES = sizeof routes / sizeof routes[0] };

/* Does the path fit? *rest is what follows that of a route that has many. */
static bool
fits(const struct route *r, const char *path, const char **rest)
{
	size_t n = strlen(r->path);
	bool many = r->path[n - 1] == '/';

	if (strncmp(path, r->path, n) != 0 || (!many && path[n] != '\0') || (many && path[n] == '\0'))
		return false;
	*rest = path + n;
	return true;
}

/* The route of a request; NULL when there is none, `allowed` then has the methods of its path. */
static const struct route *
find_route(const struct http_request *rq, const char **rest, struct sbuf *allowed)
{
	size_t i;

	for (i = 0; i < ROUTES; i++) {
		if (!fits(&routes[i], http_request_path(rq), rest))
			continue;
		if (strcmp(routes[i].method, http_request_method(rq)) == 0)
			return &routes[i];
		sbuf_fmt(allowed, "%s%s", allowed->n > 0 ? ", " : "", routes[i].method);
	}
	return NULL;
}

static void
refuse_route(struct http_request *rq, const struct sbuf *allowed)
{
	struct http_answer answer = { .status = 405, .content_type = "application/json",
		.extra = { { "Allow", allowed->s } },
		.body = span_str("{\"error\":\"this path takes another method\"}\n") };

	if (allowed->n > 0)
		http_answer(rq, &answer);
	else
		admin_error(rq, 404, "no such path");
}

static bool
authorized(struct admin *admin, struct http_request *rq)
{
	const char *header = http_request_header(rq, "Authorization");
	uint8_t given[32];
	bool right;

	if (header == NULL || !span_starts_nocase(span_str(header), "Bearer "))
		return false;
	password_token(span_str("admin"), span_trim(span_str(header + 7)), given);
	pthread_mutex_lock(&admin->lock);
	right = admin->has_token && secret_equal(given, admin->token, sizeof given);
	pthread_mutex_unlock(&admin->lock);
	return right;
}

static enum http_next
refuse_token(struct admin *admin, struct http_request *rq)
{
	static const struct http_answer unauthorized = { .status = 401,
		.extra = { { "WWW-Authenticate", "Bearer" } },
		.content_type = "application/json", .close = true };
	struct http_answer answer = unauthorized;

	atomic_fetch_add(&admin->refused_auth, 1);
	log_peer("admin", http_request_peer(rq), "token missing or wrong");
	answer.body = span_str("{\"error\":\"token needed\"}\n");
	http_answer(rq, &answer);
	return HTTP_ANSWERED;
}

/* A length that was announced; what comes in chunks is looked at when it is here. */
static bool
too_large(const struct route *route, struct http_request *rq)
{
	const char *length = http_request_header(rq, "Content-Length");
	int64_t n;

	return length != NULL && text_number(length, 0, INT64_MAX, &n) == OK && (uint64_t)n > route->max_body;
}

static void
refuse_size(const struct route *route, struct http_request *rq, bool close)
{
	struct http_answer answer = { .status = 413, .content_type = "application/json", .close = close };
	struct sbuf text = { 0 };

	sbuf_fmt(&text, "{\"error\":\"at most %zu octets are taken\"}\n", route->max_body);
	answer.body = sbuf_as_span(&text);
	http_answer(rq, &answer);
	sbuf_done(&text);
}

static enum http_next
on_head(void *app, struct http_request *rq)
{
	struct admin *admin = app;
	struct sbuf allowed = { 0 };
	const struct route *route;
	const char *rest;

	if (strncmp(http_request_path(rq), "/api/", 5) == 0 && !authorized(admin, rq))
		return refuse_token(admin, rq);
	route = find_route(rq, &rest, &allowed);
	sbuf_done(&allowed);
	if (route == NULL || !too_large(route, rq))
		return HTTP_READ_BODY;
	refuse_size(route, rq, true);
	return HTTP_ANSWERED;
}

static void
on_body(void *app, struct http_request *rq)
{
	struct admin *admin = app;
	struct sbuf allowed = { 0 };
	const char *rest;
	const struct route *route = find_route(rq, &rest, &allowed);

	if (route == NULL)
		refuse_route(rq, &allowed);
	else if (http_request_body(rq).n > route->max_body)
		refuse_size(route, rq, false);
	else
		route->serve(admin, rq, rest);
	sbuf_done(&allowed);
}

static void
on_gone(void *app, struct http_request *rq)
{
	admin_write_free(http_request_data(rq));
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
	struct http_app app = { admin, on_head, on_body, on_gone, on_refused };
	int err;

	if (admin == NULL)
		abort();
	*out = NULL;
	admin->cf = *cf;
	admin->cf.http.methods = "GET, POST, PUT, DELETE, PATCH, HEAD, OPTIONS";	/* the routes say no in JSON */
	admin->cf.http.max_body = BODY_MAX;
	admin->cf.http.no_length_is_empty = true;	/* "curl -X POST" says none */
	admin->cf.http.max_held = HELD_MAX;
	admin->cf.token = NULL;
	pthread_mutex_init(&admin->lock, NULL);
	pthread_cond_init(&admin->idle, NULL);
	admin_set_token(admin, cf->token);
	err = store_reader_open(cf->store, &admin->reader, why);
	if (err == OK)
		err = http_server_start(&admin->cf.http, &app, &admin->server, why);
	if (err)
		admin_stop(&admin);
	*out = admin;
	return err;
}

void
admin_stop(struct admin **p)
{
	struct admin *admin = *p;

	if (admin == NULL)
		return;
	if (admin->server != NULL)
		http_server_quiesce(admin->server);
	pthread_mutex_lock(&admin->lock);
	admin->stopping = true;
	while (admin->writes > 0)
		pthread_cond_wait(&admin->idle, &admin->lock);
	pthread_mutex_unlock(&admin->lock);
	http_server_stop(&admin->server);
	store_reader_close(&admin->reader);
	pthread_cond_destroy(&admin->idle);
	pthread_mutex_destroy(&admin->lock);
	free(admin);
	*p = NULL;
}

void
admin_set_token(struct admin *admin, const char *token)
{
	pthread_mutex_lock(&admin->lock);
	admin->has_token = token != NULL;
	if (token != NULL)
		password_token(span_str("admin"), span_str(token), admin->token);
	pthread_mutex_unlock(&admin->lock);
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
