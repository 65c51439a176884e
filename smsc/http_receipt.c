/* http_receipt.c - see http_receipt.h. */
#include "smsc/http_receipt.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/http_client.h"
#include "base/http_server.h"
#include "base/log.h"
#include "base/secret.h"
#include "smsc/http_fields.h"

enum {
	CONNECTIONS_MAX = 200,
	HELD_MAX = 4 * 1024 * 1024
};

struct http_call {
	struct http_call *next, **link;	/* in `fresh`, or in `open` */
	struct http_request *rq;
	unsigned n_left, n_bad;
	bool failed, abandoned;
	unsigned n;
	struct smsc_receipt receipts[];
};

struct http_receipts {
	struct loop *loop;
	struct smsc_config cf;
	struct http_receipt_events ev;
	void *arg;
	struct netlist *allow;		/* NULL: whoever has the token */
	bool has_token;
	char token[SECRET_DIGEST_SIZE];
	bool wants_json, wants_form;
	struct http_server *server;

	pthread_mutex_t lock;
	struct http_call *fresh, **fresh_tail;	/* from the server's thread to the loop's */
	struct http_call *open, *taking;	/* handed on, and just being so; the loop's alone */
	int wake_fd;
	struct loop_fd wake;
};

/* ---- on the server's thread ----------------------------------------------------------------------- */

static bool
is_token(const struct http_receipts *rs, struct span given)
{
	char digest[SECRET_DIGEST_SIZE];

	secret_digest(given, digest);
	return secret_equal(digest, rs->token, sizeof digest);
}

/* "Authorization: Bearer TOKEN", or token=TOKEN in the URL for those that can send no headers. */
static bool
shows_token(const struct http_receipts *rs, const struct http_request *rq)
{
	const char *header = http_request_header(rq, "Authorization");
	char *given;
	bool good;

	if (header != NULL && span_starts_nocase(span_str(header), "Bearer "))
		return is_token(rs, span_trim(span_str(header + 7)));
	given = http_request_param(rq, "token");
	good = given != NULL && is_token(rs, span_str(given));
	if (given != NULL)
		secret_cleanse(given, strlen(given));
	free(given);
	return good;
}

static bool
has_type(const struct http_request *rq, const char *type)
{
	const char *given = http_request_header(rq, "Content-Type");
	size_t n = given != NULL ? strcspn(given, ";") : 0;
	struct span s = span_trim(span_of(given, n));

	if (span_eq_nocase(s, type))
		return true;
	return strcmp(type, "application/json") == 0 && s.n > 5 && span_eq_nocase(span_of(s.p + s.n - 5, 5), "+json");
}

static enum http_next
refuse(struct http_request *rq, unsigned status, const char *text)
{
	struct http_answer a = { .status = status, .body = span_str(text) };

	if (status == 401) {
		a.extra[0][0] = "WWW-Authenticate";
		a.extra[0][1] = "Bearer";
	} else if (status == 405) {
		a.extra[0][0] = "Allow";
		a.extra[0][1] = "POST";
	}
	http_answer(rq, &a);
	return HTTP_ANSWERED;
}

static enum http_next
on_head(void *app, struct http_request *rq)
{
	const struct http_receipts *rs = app;

	if (strcmp(http_request_path(rq), rs->cf.http.receipt_path) != 0)
		return refuse(rq, 404, "there is nothing here\n");
	if (rs->allow != NULL && !netlist_has(rs->allow, http_request_sockaddr(rq))) {
		log_peer("smsc", http_request_peer(rq), "may not send receipts");
		return refuse(rq, 403, "not from this address\n");
	}
	if (rs->has_token && !shows_token(rs, rq)) {
		log_peer("smsc", http_request_peer(rq), "sends receipts without the right token");
		return refuse(rq, 401, "the token is missing or wrong\n");
	}
	if ((rs->wants_json || rs->wants_form) && strcmp(http_request_method(rq), "POST") != 0)
		return refuse(rq, 405, "POST a receipt here\n");
	if (rs->wants_json && !has_type(rq, "application/json"))
		return refuse(rq, 415, "a receipt is application/json here\n");
	if (rs->wants_form && !has_type(rq, "application/x-www-form-urlencoded"))
		return refuse(rq, 415, "a receipt is application/x-www-form-urlencoded here\n");
	return HTTP_READ_BODY;
}

static void
hand_over(struct http_receipts *rs, struct http_call *call)
{
	uint64_t one = 1;

	pthread_mutex_lock(&rs->lock);
	call->next = NULL;
	*rs->fresh_tail = call;
	rs->fresh_tail = &call->next;
	pthread_mutex_unlock(&rs->lock);
	if (write(rs->wake_fd, &one, sizeof one) != sizeof one)
		log_debug("smsc", "%s: the loop is awake", rs->cf.smsc_id);
}

static void
on_body(void *app, struct http_request *rq)
{
	struct http_receipts *rs = app;
	struct smsc_receipt *r = calloc(HTTP_RECEIPTS_MAX, sizeof *r);
	struct http_call *call;
	struct why why = { 0 };
	unsigned n, bad;
	int err;

	if (r == NULL)
		abort();
	err = http_receipts_read(&rs->cf, span_str(http_request_query(rq)), http_request_body(rq), r, &n, &bad, &why);
	if (err == OK && n == 0) {
		http_answer_text(rq, 200, "no receipt in it");
		free(r);
		return;
	}
	if (err != OK) {
		http_answer_text(rq, err == ERR_LIMIT ? 413 : 400, why.text);
		bad = bad > 0 ? bad : 1;
		n = 0;
	}
	call = calloc(1, sizeof *call + n * sizeof *r);
	if (call == NULL)
		abort();
	call->rq = err == OK ? rq : NULL;	/* an answered one is counted, no more */
	call->n = n;
	call->n_bad = bad;
	memcpy(call->receipts, r, n * sizeof *r);
	free(r);
	hand_over(rs, call);
}

static void
on_refused(void *app, const char *peer, const char *reason)
{
	log_peer("smsc", peer, reason);
}

/* ---- on the loop's thread --------------------------------------------------------------------------- */

static void
open_remove(struct http_call *call)
{
	*call->link = call->next;
	if (call->next != NULL)
		call->next->link = call->link;
}

static void
answer(struct http_call *call)
{
	struct http_answer a = { .status = call->failed ? 503 : 200,
		.body = span_str(call->failed ? "not stored: send it again\n" : "stored\n") };

	if (call->failed) {
		a.extra[0][0] = "Retry-After";
		a.extra[0][1] = "10";
	}
	open_remove(call);
	http_answer_later(call->rq, &a);
	free(call);
}

void
http_receipts_done(struct http_receipts *rs, struct http_call *call, bool ok)
{
	call->failed = call->failed || !ok;
	if (--call->n_left == 0)
		answer(call);
}

static void
take(struct http_receipts *rs, struct http_call *call)
{
	unsigned i, n = call->n;

	for (i = 0; i < call->n_bad; i++)
		rs->ev.bad(rs->arg, "a receipt without message id or state, or no receipt at all");
	if (call->rq == NULL) {
		free(call);
		return;
	}
	call->next = rs->open;
	call->link = &rs->open;
	if (rs->open != NULL)
		rs->open->link = &call->next;
	rs->open = call;
	call->n_left = n + 1;		/* ours is the last: the call outlives the loop below */
	rs->taking = call;
	for (i = 0; i < n && !call->abandoned; i++)
		if (!rs->ev.receipt(rs->arg, &call->receipts[i], call))
			http_receipts_done(rs, call, false);
	rs->taking = NULL;
	if (call->abandoned)
		call->n_left = 1;
	http_receipts_done(rs, call, !call->abandoned);
}

static void
on_wake(void *arg, int events)
{
	struct http_receipts *rs = arg;
	struct http_call *call, *next;
	uint64_t count;

	if (read(rs->wake_fd, &count, sizeof count) != sizeof count)
		return;
	pthread_mutex_lock(&rs->lock);
	call = rs->fresh;
	rs->fresh = NULL;
	rs->fresh_tail = &rs->fresh;
	pthread_mutex_unlock(&rs->lock);
	rs->ev.enter(rs->arg);
	for (; call != NULL; call = next) {
		next = call->next;
		take(rs, call);
	}
	rs->ev.leave(rs->arg);		/* rs may be gone */
}

void
http_receipts_abandon(struct http_receipts *rs)
{
	struct http_call *call, *next;

	for (call = rs->open; call != NULL; call = next) {
		next = call->next;
		call->failed = call->abandoned = true;
		if (call != rs->taking)
			answer(call);
	}
}

/* ---- open, close -------------------------------------------------------------------------------------- */

static bool
is_of(const struct smsc_http_config *cf, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(cf->receipt_id, prefix, n) == 0 || strncmp(cf->receipt_state, prefix, n) == 0 ||
	    strncmp(cf->receipt_error, prefix, n) == 0 || strncmp(cf->receipt_list, prefix, n) == 0;
}

int
http_receipts_open(struct loop *loop, const struct smsc_config *cf, const struct http_receipt_events *ev, void *arg,
    struct http_receipts **out, struct why *why)
{
	struct http_receipts *rs = calloc(1, sizeof *rs);
	struct http_server_config server = {
		.name = "smsc", .port = cf->http.receipt_port, .methods = "POST, GET",
		.host = cf->http.receipt_interface[0] != '\0' ? cf->http.receipt_interface : NULL,
		.max_body = HTTP_RECEIPT_BODY_MAX, .max_held = HELD_MAX, .max_connections = CONNECTIONS_MAX,
		.tls_cert_file = cf->http.receipt_cert[0] != '\0' ? cf->http.receipt_cert : NULL,
		.tls_key_file = cf->http.receipt_key[0] != '\0' ? cf->http.receipt_key : NULL,
	};
	struct http_app app = { .app = rs, .head = on_head, .body = on_body, .refused = on_refused };
	int err = OK;

	if (rs == NULL)
		abort();
	*out = NULL;
	rs->loop = loop;
	rs->cf = *cf;
	rs->ev = *ev;
	rs->arg = arg;
	rs->fresh_tail = &rs->fresh;
	rs->wants_json = is_of(&cf->http, "json:");
	rs->wants_form = is_of(&cf->http, "form:");
	rs->has_token = cf->http.receipt_token[0] != '\0';
	if (rs->has_token)
		secret_digest(span_str(cf->http.receipt_token), rs->token);
	pthread_mutex_init(&rs->lock, NULL);
	rs->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (rs->wake_fd < 0 || loop_watch(loop, &rs->wake, rs->wake_fd, LOOP_READ, on_wake, rs) != OK)
		abort();
	if (cf->http.receipt_allow[0] != '\0')
		err = netlist_parse(cf->http.receipt_allow, &rs->allow, why);
	if (err == OK)
		err = http_server_start(&server, &app, &rs->server, why);
	if (err != OK)
		http_receipts_close(&rs);
	*out = rs;
	return err;
}

/* Whoever still waits is answered with 503 by the server's own end. */
void
http_receipts_close(struct http_receipts **p)
{
	struct http_receipts *rs = *p;
	struct http_call *call;

	if (rs == NULL)
		return;
	*p = NULL;
	if (rs->server != NULL)
		http_server_stop(&rs->server);
	loop_unwatch(rs->loop, &rs->wake);
	close(rs->wake_fd);
	while ((call = rs->fresh) != NULL) {
		rs->fresh = call->next;
		free(call);
	}
	while ((call = rs->open) != NULL) {
		open_remove(call);
		free(call);
	}
	netlist_destroy(&rs->allow);
	pthread_mutex_destroy(&rs->lock);
	secret_cleanse(rs->token, sizeof rs->token);
	free(rs);
}
