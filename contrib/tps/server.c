/*
 * server.c - see server.h.
 * Spec: WAP-247-PAP 5.2, 13 (result notifications); OMA-TS-DM_Protocol 1.2 over HTTP.
 */
#include "contrib/tps/server.h"

#include <stdlib.h>
#include <string.h>

#include "base/http_server.h"
#include "base/log.h"
#include "contrib/tps/db.h"
#include "contrib/tps/pap.h"
#include "contrib/tps/session.h"

enum {
	NOTIFICATION_MAX = 32 * 1024, NOTIFY_HELD_MAX = 4 << 20, DM_HELD_MAX = 64 << 20, CONNECTIONS = 1000
};

struct tps_server {
	const struct tps_config *cf;
	struct http_server *notify, *dm_http;
	struct tps_db *notify_db, *dm_db;
	struct tps_dm *dm;		/* of the thread of dm_http */
};

/* ---- result notifications ------------------------------------------------------------------------- */

static enum http_next
refuse(struct http_request *rq, unsigned status, const char *text)
{
	http_answer_text(rq, status, text);
	return HTTP_ANSWERED;
}

static enum http_next
notify_head(void *app, struct http_request *rq)
{
	struct tps_server *s = app;

	if (s->cf->notify_allow != NULL && !netlist_has(s->cf->notify_allow, http_request_sockaddr(rq))) {
		log_peer("notify", http_request_peer(rq), "address not in notify-allow-ip");
		return refuse(rq, 403, "This address may not send notifications.\n");
	}
	if (strcmp(http_request_path(rq), s->cf->notify_path) != 0)
		return refuse(rq, 404, "There is nothing at this path.\n");
	return HTTP_READ_BODY;
}

static void
answer_pap(struct http_request *rq, const struct sbuf *body)
{
	const struct http_answer a = { .status = 202, .content_type = "application/xml", .body = sbuf_as_span(body) };

	http_answer(rq, &a);
}

/* Only who was told the push id, which nobody guesses, can say something of the push. */
static void
notify_body(void *app, struct http_request *rq)
{
	struct tps_server *s = app;
	struct sbuf answer = { 0 };
	struct tps_push p;
	struct why why;
	int err = tps_pap_notification(http_request_body(rq), &p, &why);

	if (err != OK) {
		log_peer("notify", http_request_peer(rq), "no result notification");
		tps_pap_badmessage(why.text, &answer);
	} else if ((err = tps_push_result(s->notify_db, &p, &why)) == OK) {
		log_info("notify", "push %s: %s, code %d", p.push_id, p.state, p.code);
		tps_pap_notification_response(&p, 1000, "OK", &answer);
	} else if (err == ERR_NOT_FOUND) {
		log_peer("notify", http_request_peer(rq), "notification of a push that is not known");
		tps_pap_notification_response(&p, 2000, why.text, &answer);
	} else {
		const struct http_answer later = { .status = 503, .extra = { { "Retry-After", "30" } } };

		log_error("notify", "%s", why.text);
		http_answer(rq, &later);
		return;
	}
	answer_pap(rq, &answer);
	sbuf_done(&answer);
}

static int
start_notify(struct tps_server *s, struct why *why)
{
	const struct http_server_config cf = { .name = "notify", .host = s->cf->notify_host, .port = s->cf->notify_port,
		.methods = "POST", .max_body = NOTIFICATION_MAX, .max_held = NOTIFY_HELD_MAX, .max_connections = CONNECTIONS };
	const struct http_app app = { .app = s, .head = notify_head, .body = notify_body };
	int err = tps_db_open(s->cf->database, &s->notify_db, why);

	return err != OK ? err : http_server_start(&cf, &app, &s->notify, why);
}

/* ---- the DM endpoint --------------------------------------------------------------------------------- */

static enum http_next
dm_head(void *app, struct http_request *rq)
{
	const struct tps_server *s = app;

	if (strcmp(http_request_path(rq), s->cf->dm_path) != 0)
		return refuse(rq, 404, "There is nothing at this path.\n");
	return HTTP_READ_BODY;
}

static void
dm_body(void *app, struct http_request *rq)
{
	struct tps_server *s = app;
	const char *type = http_request_header(rq, "Content-Type");
	char *token = http_request_param(rq, "s");
	const struct tps_dm_request in = { .type = type != NULL ? type : "", .body = http_request_body(rq),
		.hmac = http_request_header(rq, "x-syncml-hmac"), .token = token, .peer = http_request_peer(rq),
		.tls = http_request_tls(rq), .cert = http_request_client_cert(rq) };
	struct http_answer out = { .status = 200 };
	struct tps_dm_answer a;

	tps_dm_take(s->dm, &in, &a);
	out.status = a.status;
	out.body = a.status == 200 ? sbuf_as_span(&a.body) : span_str(a.refusal != NULL ? a.refusal : "");
	out.content_type = a.status == 200 ? a.type : NULL;
	out.extra[0][0] = "Cache-Control";
	out.extra[0][1] = "private";
	if (a.hmac.n > 0 || a.status == 503) {
		out.extra[1][0] = a.status == 503 ? "Retry-After" : "x-syncml-hmac";
		out.extra[1][1] = a.status == 503 ? "30" : a.hmac.s;
	}
	http_answer(rq, &out);
	tps_dm_answer_done(&a);
	free(token);
}

static int
start_dm(struct tps_server *s, struct why *why)
{
	const struct http_server_config cf = { .name = "dm", .host = s->cf->dm_host, .port = s->cf->dm_port, .methods = "POST",
		.max_body = s->cf->message_size, .max_held = DM_HELD_MAX, .max_connections = s->cf->connections,
		.max_per_address = s->cf->connections_per_address,
		.tls_cert_file = s->cf->cert, .tls_key_file = s->cf->key, .tls_client_certs = s->cf->cert != NULL,
		.tls_client_ca_file = s->cf->client_ca };
	const struct http_app app = { .app = s, .head = dm_head, .body = dm_body };
	int err = tps_db_open(s->cf->database, &s->dm_db, why);

	if (err != OK)
		return err;
	s->dm = tps_dm_create(s->cf, s->dm_db);
	return http_server_start(&cf, &app, &s->dm_http, why);
}

/* ---- the whole ---------------------------------------------------------------------------------------- */

int
tps_server_start(const struct tps_config *cf, struct tps_server **out, struct why *why)
{
	struct tps_server *s = calloc(1, sizeof *s);
	int err;

	if (s == NULL)
		abort();
	s->cf = cf;
	*out = s;
	err = start_notify(s, why);
	if (err == OK)
		err = start_dm(s, why);
	if (err != OK)
		tps_server_stop(out);
	return err;
}

int
tps_server_reload_tls(struct tps_server *s, struct why *why)
{
	return s->cf->cert != NULL ? http_server_reload_tls(s->dm_http, why) : OK;
}

void
tps_server_describe(const struct tps_server *s, struct sbuf *out)
{
	sbuf_fmt(out, "DM on %s://%s:%u%s, ", s->cf->cert != NULL ? "https" : "http", s->cf->dm_host != NULL ? s->cf->dm_host : "*",
	    http_server_port(s->dm_http), s->cf->dm_path);
	sbuf_fmt(out, "notifications on http://%s:%u%s", s->cf->notify_host, http_server_port(s->notify), s->cf->notify_path);
}

void
tps_server_stop(struct tps_server **server)
{
	struct tps_server *s = *server;

	if (s == NULL)
		return;
	if (s->dm_http != NULL)
		http_server_stop(&s->dm_http);
	if (s->notify != NULL)
		http_server_stop(&s->notify);
	tps_dm_destroy(&s->dm);
	tps_db_close(&s->dm_db);
	tps_db_close(&s->notify_db);
	free(s);
	*server = NULL;
}
