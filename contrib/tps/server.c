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

enum {
	NOTIFICATION_MAX = 32 * 1024, NOTIFY_HELD_MAX = 4 << 20,
	CONNECTIONS = 1000, RETRY_S = 30
};

struct tps_server {
	const struct tps_config *cf;
	struct http_server *notify;
	struct tps_db *notify_db;
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
	if (err != OK)
		tps_server_stop(out);
	return err;
}

int
tps_server_reload_tls(struct tps_server *s, struct why *why)
{
	return OK;
}

void
tps_server_describe(const struct tps_server *s, struct sbuf *out)
{
	sbuf_fmt(out, "notifications on http://%s:%u%s", s->cf->notify_host, http_server_port(s->notify), s->cf->notify_path);
}

void
tps_server_stop(struct tps_server **server)
{
	struct tps_server *s = *server;

	if (s == NULL)
		return;
	if (s->notify != NULL)
		http_server_stop(&s->notify);
	tps_db_close(&s->notify_db);
	free(s);
	*server = NULL;
}
