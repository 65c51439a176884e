/*
 * http_exchange.c - a request step by step, and the connections it comes on: the library's
 * callbacks. All of it runs on the loop thread.
 */
#include "base/http_server_int.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/http_tls.h"
#include "base/log.h"
#include "base/secret.h"

enum {
	BODY_FIRST = 4096		/* first buffer of a chunked body */
};

/* ---- bodies --------------------------------------------------------------------------- */
/* They may hold secrets that were not meant to stay: what held one is overwritten when it is no longer needed. */

bool
http_charge(struct http_server *server, size_t n, size_t own)
{
	size_t held = atomic_load(server->held);

	do {
		if (held != own && (n > server->cf.max_held || held > server->cf.max_held - n))
			return false;
	} while (!atomic_compare_exchange_weak(server->held, &held, held + n));
	return true;
}

static void
drop_body(struct http_request *rq)
{
	if (rq->body_cap > 0)
		atomic_fetch_sub(rq->loop->server->held, rq->body_cap);
	secret_cleanse(rq->body, rq->body_n);
	free(rq->body);
	rq->body = NULL;
	rq->body_n = rq->body_cap = 0;
}

static bool
grow_body(struct http_request *rq, size_t cap)
{
	uint8_t *body;

	if (!http_charge(rq->loop->server, cap - rq->body_cap, SIZE_MAX))
		return false;
	body = malloc(cap);
	if (body == NULL)
		abort();
	if (rq->body_n > 0)
		memcpy(body, rq->body, rq->body_n);
	secret_cleanse(rq->body, rq->body_n);
	free(rq->body);
	rq->body = body;
	rq->body_cap = cap;
	return true;
}

/* ---- answers --------------------------------------------------------------------------- */

void
http_count_refusal(struct http_request *rq, const char *reason)
{
	struct http_server *server = rq->loop->server;

	if (server->app.refused != NULL)
		server->app.refused(server->app.app, rq->peer_text, reason);
	log_peer(server->cf.name, rq->peer_text, reason);
}

static enum MHD_Result
send_answer(struct http_request *rq)
{
	enum MHD_Result result;

	if (rq->no_room)
		http_count_refusal(rq, "memory");
	if (rq->answer_close || rq->unread || rq->loop->is_quiet)
		MHD_add_response_header(rq->answer, MHD_HTTP_HEADER_CONNECTION, "close");
	rq->step = RQ_SENDING;
	rq->since_ms = clock_mono_ms();
	result = MHD_queue_response(rq->connection, rq->answer_status, rq->answer);
	MHD_destroy_response(rq->answer);
	rq->answer = NULL;
	return result;
}

/* Answer from inside the server before a body was read; the connection closes afterwards. */
static enum MHD_Result
refuse(struct http_request *rq, unsigned status, const char *text, const char *header, const char *value)
{
	const struct http_answer a = { .status = status, .body = span_str(text),
		.extra = { { header, value } }, .close = true };

	atomic_store(&rq->open, false);
	rq->unread = true;
	http_answer_set(rq, &a);
	return send_answer(rq);
}

static enum MHD_Result
refuse_busy(struct http_request *rq, const char *text)
{
	return refuse(rq, MHD_HTTP_SERVICE_UNAVAILABLE, text, MHD_HTTP_HEADER_RETRY_AFTER, "1");
}

/*
 * In the middle of a body the library takes no answer, so this one goes past it. Nothing of
 * this request has been written yet, apart from a complete "100 Continue".
 */
static enum MHD_Result
refuse_body(struct http_request *rq, const char *status, const char *extra, const char *text)
{
	char out[512];
	int n = snprintf(out, sizeof out, "HTTP/1.1 %s\r\n%sContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n%s", status, extra, strlen(text), text);

	if (rq->tls != NULL ? !http_tls_send(rq, out, (size_t)n) :
	    send(rq->fd, out, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) != n)
		return MHD_NO;
	if (rq->tls != NULL)
		http_tls_bye(rq);
	shutdown(rq->fd, SHUT_WR);
	drop_body(rq);
	rq->step = RQ_DRAIN;
	rq->since_ms = clock_mono_ms();
	rq->drained = 0;
	return MHD_YES;
}

/* ---- a request, step by step ------------------------------------------------------------ */

static enum MHD_Result
hold(struct http_request *rq, enum rq_step step)
{
	rq->step = step;
	MHD_suspend_connection(rq->connection);
	return MHD_YES;
}

static enum MHD_Result
begin_body(struct http_request *rq)
{
	rq->step = RQ_BODY;
	rq->body_since_ms = clock_mono_ms();
	if (rq->head.has_length && rq->head.length > 0 && !grow_body(rq, (size_t)rq->head.length)) {
		http_count_refusal(rq, "memory");
		return refuse_busy(rq, "too many request bodies at once; try again");
	}
	return MHD_YES;
}

/* An answer before the body: with one announced it is not read and the connection closes. */
static enum MHD_Result
send_early_answer(struct http_request *rq)
{
	if (rq->head.chunked || rq->head.length > 0) {
		rq->unread = true;
		return send_answer(rq);
	}
	rq->step = RQ_DECIDED;
	return MHD_YES;
}

static enum MHD_Result
call_head(struct http_request *rq)
{
	struct http_app *app = &rq->loop->server->app;

	if (rq->loop->stopping)
		return refuse_busy(rq, "shutting down");
	rq->head_called = true;
	atomic_store(&rq->open, true);
	switch (app->head(app->app, rq)) {
	case HTTP_READ_BODY:
		atomic_store(&rq->open, false);
		return begin_body(rq);
	case HTTP_WAIT:
		return hold(rq, RQ_HELD);
	case HTTP_ANSWERED:
		break;
	}
	if (rq->step != RQ_DECIDED)
		abort();	/* head() promised an answer */
	return send_early_answer(rq);
}

static enum MHD_Result
begin(struct http_request *rq, const char *method, const char *version)
{
	struct http_server *server = rq->loop->server;
	bool no_method;

	rq->method = method;
	http_guard_check(&server->guard, rq->connection, method, rq->target, version, &rq->head);
	if (rq->head.status != 0) {
		no_method = rq->head.status == MHD_HTTP_METHOD_NOT_ALLOWED;
		http_count_refusal(rq, rq->head.reason);
		return refuse(rq, rq->head.status, rq->head.why.text,
		    no_method ? MHD_HTTP_HEADER_ALLOW : NULL, no_method ? server->cf.methods : NULL);
	}
	rq->query = "";
	if (strchr(rq->target, '?') != NULL) {
		char *mark = strchr(rq->target, '?');

		*mark = '\0';
		rq->query = mark + 1;
	}
	return call_head(rq);
}

static enum MHD_Result
collect(struct http_request *rq, const char *data, size_t n)
{
	struct http_server *server = rq->loop->server;

	if (n > rq->body_cap - rq->body_n) {
		size_t cap = rq->body_cap > 0 ? rq->body_cap : BODY_FIRST;

		if (n > server->cf.max_body - rq->body_n) {
			http_count_refusal(rq, "size");
			return refuse_body(rq, "413 Content Too Large", "", "the body is larger than accepted");
		}
		while (cap < rq->body_n + n)
			cap *= 2;
		if (cap > server->cf.max_body)
			cap = server->cf.max_body;
		if (!grow_body(rq, cap)) {
			http_count_refusal(rq, "memory");
			return refuse_body(rq, "503 Service Unavailable", "Retry-After: 1\r\n",
			    "too many request bodies at once; try again");
		}
	}
	memcpy(rq->body + rq->body_n, data, n);
	rq->body_n += n;
	return MHD_YES;
}

static enum MHD_Result
call_body(struct http_request *rq)
{
	struct http_app *app = &rq->loop->server->app;

	if (rq->loop->stopping)
		return refuse_busy(rq, "shutting down");
	rq->step = RQ_ASKED;
	atomic_store(&rq->open, true);
	app->body(app->app, rq);
	/* rq->answer may be another thread's by now; only http_answer makes this step. */
	if (rq->step == RQ_DECIDED)
		return send_answer(rq);
	return hold(rq, RQ_ASKED);
}

/*
 * Called by the library when the head is complete, for each piece of the body, when the body
 * is complete, and again after each resume.
 */
enum MHD_Result
http_on_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *data, size_t *data_n, void **request)
{
	struct http_request *rq = *request;
	enum MHD_Result result;

	(void)arg;
	(void)connection;
	(void)url;
	switch (rq->step) {
	case RQ_LINE:
		return begin(rq, method, version);
	case RQ_HELD:
		rq->since_ms = clock_mono_ms();
		return rq->answer != NULL ? send_early_answer(rq) : call_head(rq);
	case RQ_BODY:
		if (*data_n == 0)
			return call_body(rq);
		result = collect(rq, data, *data_n);
		/* the library's buffer: it moves the octets that it has told of out of the way, and keeps them */
		secret_cleanse((void *)(uintptr_t)data, *data_n);
		*data_n = 0;
		return result;
	case RQ_DECIDED:
	case RQ_ASKED:
		return send_answer(rq);
	case RQ_DRAIN:
		rq->drained += *data_n;
		if (*data_n == 0 || rq->drained > rq->loop->server->cf.max_body)
			return MHD_NO;
		*data_n = 0;
		return MHD_YES;
	case RQ_IDLE:
	case RQ_SENDING:
		break;
	}
	return MHD_NO;
}

/* ---- connections ------------------------------------------------------------------------ */

static struct http_request *
of_connection(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* The request line is here; uri is the target as sent, which the library decodes afterwards. */
void *
http_on_line(void *arg, const char *uri, struct MHD_Connection *connection)
{
	struct http_request *rq = of_connection(connection);
	const char *scheme_end = uri[0] == '/' ? NULL : strstr(uri, "://");
	size_t n;

	(void)arg;
	if (scheme_end != NULL) {	/* absolute form, RFC 9112 3.2.2 */
		uri = scheme_end + 3 + strcspn(scheme_end + 3, "/?");
	}
	n = strlen(uri);
	if (n + 1 > rq->target_cap) {
		free(rq->target);
		rq->target_cap = n < 128 ? 128 : n + 1;
		rq->target = malloc(rq->target_cap);
		if (rq->target == NULL)
			abort();
	}
	memcpy(rq->target, uri, n + 1);
	rq->step = RQ_LINE;
	if (rq->tls != NULL)
		http_tls_look_at_client(rq);
	if (rq->n_requests++ > 0)
		rq->since_ms = clock_mono_ms();
	return rq;
}

void
http_on_done(void *arg, struct MHD_Connection *connection, void **request,
    enum MHD_RequestTerminationCode code)
{
	struct http_request *rq = *request;
	struct http_app *app;

	(void)arg;
	(void)connection;
	if (rq == NULL)
		return;
	app = &rq->loop->server->app;
	if (rq->step == RQ_LINE && code == MHD_REQUEST_TERMINATED_COMPLETED_OK)
		http_count_refusal(rq, "malformed");		/* the library answered it */
	atomic_store(&rq->open, false);
	if (rq->head_called && app->gone != NULL)
		app->gone(app->app, rq);
	drop_body(rq);
	atomic_fetch_sub(rq->loop->server->held, rq->answer_n);
	rq->answer_n = 0;
	rq->no_room = false;
	if (rq->answer != NULL)
		MHD_destroy_response(rq->answer);
	rq->answer = NULL;
	rq->data = NULL;
	rq->method = NULL;
	rq->query = "";
	rq->head_called = false;
	rq->step = RQ_IDLE;
	rq->since_ms = clock_mono_ms();
	*request = NULL;
}

static void
set_peer(struct http_request *rq, const struct sockaddr *addr)
{
	const struct sockaddr_in6 *six = (const void *)addr;
	struct sockaddr_in *four = (void *)&rq->peer;
	const void *octets = &four->sin_addr;

	if (addr == NULL)
		return;
	if (addr->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
		four->sin_family = AF_INET;
		four->sin_port = six->sin6_port;
		memcpy(&four->sin_addr, &six->sin6_addr.s6_addr[12], 4);
	} else if (addr->sa_family == AF_INET6) {
		memcpy(&rq->peer, six, sizeof *six);
		octets = &((struct sockaddr_in6 *)&rq->peer)->sin6_addr;
	} else {
		memcpy(&rq->peer, addr, sizeof *four);
	}
	inet_ntop(rq->peer.ss_family, octets, rq->peer_text, sizeof rq->peer_text);
}

static void
connection_open(struct http_loop *loop, struct MHD_Connection *connection, void **context)
{
	struct http_request *rq = calloc(1, sizeof *rq);

	if (rq == NULL)
		abort();
	rq->loop = loop;
	rq->connection = connection;
	rq->query = "";
	rq->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	set_peer(rq, MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
	rq->since_ms = clock_mono_ms();
	rq->next = loop->connections;
	if (rq->next != NULL)
		rq->next->link = &rq->next;
	rq->link = &loop->connections;
	loop->connections = rq;
	*context = rq;
	if (loop->tls_fd >= 0)
		http_tls_begin(rq);
}

void
http_request_free(struct http_request *rq)
{
	free(rq->target);
	free(rq);
}

static void
connection_close(struct http_loop *loop, struct http_request *rq)
{
	*rq->link = rq->next;
	if (rq->next != NULL)
		rq->next->link = rq->link;
	http_tls_end(rq);
	if (rq->unread && !rq->cut && !loop->stopping)
		http_loop_linger(loop, rq->fd);
	if (loop->stopping) {	/* another thread may be in the middle of a late answer */
		rq->next = loop->graves;
		loop->graves = rq;
	} else {
		http_request_free(rq);
	}
}

void
http_on_connection(void *arg, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	switch (code) {
	case MHD_CONNECTION_NOTIFY_STARTED:
		connection_open(arg, connection, context);
		break;
	case MHD_CONNECTION_NOTIFY_CLOSED:
		if (*context != NULL)
			connection_close(arg, *context);
		*context = NULL;
		break;
	}
}
