/* http_server.c - threads, sockets and the library's callbacks; see http_server.h. */
#include "base/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/http_request.h"
#include "base/log.h"

enum {
	HEAD_MEMORY = 16 * 1024,	/* request line and headers of one connection */
	SWEEP_MS = 250,			/* how often slow peers are looked for */
	RATE_AFTER_MS = 10000,		/* from then on a body must come at ... */
	RATE_OCTETS_S = 1024,
	FLUSH_TURNS = 100,		/* of at most 10 ms: how long a stop waits for its last answers to leave */
	BACKLOG = 511,
	BODY_FIRST = 4096		/* first buffer of a chunked body */
};

/* ---- bodies --------------------------------------------------------------------------- */

/* Count n more octets of bodies as held; false when that would pass the limit. */
static bool
charge(struct http_server *server, size_t n)
{
	size_t held = atomic_load(&server->held);

	do {
		if (n > server->cf.max_held || held > server->cf.max_held - n)
			return false;
	} while (!atomic_compare_exchange_weak(&server->held, &held, held + n));
	return true;
}

static void
drop_body(struct http_request *rq)
{
	if (rq->body_cap > 0)
		atomic_fetch_sub(&rq->loop->server->held, rq->body_cap);
	free(rq->body);
	rq->body = NULL;
	rq->body_n = rq->body_cap = 0;
}

static bool
grow_body(struct http_request *rq, size_t cap)
{
	if (!charge(rq->loop->server, cap - rq->body_cap))
		return false;
	rq->body = realloc(rq->body, cap);
	if (rq->body == NULL)
		abort();
	rq->body_cap = cap;
	return true;
}

/* ---- answers --------------------------------------------------------------------------- */

static void
count_refusal(struct http_request *rq, const char *reason)
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

	if (rq->answer_close || rq->closing || rq->loop->is_quiet)
		MHD_add_response_header(rq->answer, MHD_HTTP_HEADER_CONNECTION, "close");
	rq->step = RQ_SENDING;
	rq->since_ms = clock_mono_ms();
	result = MHD_queue_response(rq->connection, rq->answer_status, rq->answer);
	MHD_destroy_response(rq->answer);
	rq->answer = NULL;
	return result;
}

/* Answer from inside the server; the connection closes afterwards. */
static enum MHD_Result
refuse(struct http_request *rq, unsigned status, const char *text, const char *header, const char *value)
{
	const struct http_answer a = { .status = status, .body = span_str(text),
		.extra = { { header, value } }, .close = true };

	atomic_store(&rq->open, false);
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

	rq->closing = true;
	if (send(rq->fd, out, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) == n)
		shutdown(rq->fd, SHUT_WR);
	return MHD_NO;
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
		count_refusal(rq, "memory");
		return refuse_busy(rq, "too many request bodies at once; try again");
	}
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
	if (rq->head.chunked || rq->head.length > 0) {
		rq->closing = true;
		return send_answer(rq);
	}
	return MHD_YES;
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
		count_refusal(rq, rq->head.reason);
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
			count_refusal(rq, "size");
			return refuse_body(rq, "413 Content Too Large", "", "the body is larger than accepted");
		}
		while (cap < rq->body_n + n)
			cap *= 2;
		if (cap > server->cf.max_body)
			cap = server->cf.max_body;
		if (!grow_body(rq, cap)) {
			count_refusal(rq, "memory");
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
static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
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
		return rq->answer != NULL ? send_answer(rq) : call_head(rq);
	case RQ_BODY:
		if (*data_n == 0)
			return call_body(rq);
		result = collect(rq, data, *data_n);
		*data_n = 0;
		return result;
	case RQ_DECIDED:
	case RQ_ASKED:
		return send_answer(rq);
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
static void *
on_line(void *arg, const char *uri, struct MHD_Connection *connection)
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
	if (rq->n_requests++ > 0)
		rq->since_ms = clock_mono_ms();
	return rq;
}

static void
on_done(void *arg, struct MHD_Connection *connection, void **request,
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
		count_refusal(rq, "malformed");		/* the library answered it */
	atomic_store(&rq->open, false);
	if (rq->head_called && app->gone != NULL)
		app->gone(app->app, rq);
	drop_body(rq);
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
}

static void
request_free(struct http_request *rq)
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
	if (loop->stopping) {	/* another thread may be in the middle of a late answer */
		rq->next = loop->graves;
		loop->graves = rq;
	} else {
		request_free(rq);
	}
}

static void
on_connection(void *arg, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	switch (code) {
	case MHD_CONNECTION_NOTIFY_STARTED:
		connection_open(arg, connection, context);
		break;
	case MHD_CONNECTION_NOTIFY_CLOSED:
		connection_close(arg, *context);
		*context = NULL;
		break;
	}
}

/* ---- the sweeper: the library's own timeout starts anew with every octet ------------------ */

static const char *
overdue(const struct http_request *rq, int64_t now)
{
	const struct http_server_config *cf = &rq->loop->server->cf;
	int64_t head_ms = cf->head_timeout_s * INT64_C(1000);
	int64_t age = now - rq->since_ms;
	int64_t body_age = now - rq->body_since_ms;

	switch (rq->step) {
	case RQ_IDLE:
		/* Of a later request nothing is known until its first line is complete. */
		if (rq->n_requests > 0)
			head_ms += cf->idle_timeout_s * INT64_C(1000);
		return age > head_ms ? "slow head" : NULL;
	case RQ_LINE:
		return age > head_ms ? "slow head" : NULL;
	case RQ_BODY:
		if (age > cf->request_timeout_s * INT64_C(1000) || (body_age > RATE_AFTER_MS &&
		    (int64_t)rq->body_n < body_age / 1000 * RATE_OCTETS_S))
			return "slow body";
		return NULL;
	case RQ_SENDING:
		return age > cf->request_timeout_s * INT64_C(1000) ? "slow reader" : NULL;
	case RQ_HELD:
	case RQ_DECIDED:
	case RQ_ASKED:
		break;
	}
	return NULL;
}

static void
sweep(struct http_loop *loop)
{
	int64_t now = clock_mono_ms();
	struct http_request *rq;

	if (now < loop->sweep_at_ms)
		return;
	loop->sweep_at_ms = now + SWEEP_MS;
	for (rq = loop->connections; rq != NULL; rq = rq->next) {
		const char *reason = rq->cut ? NULL : overdue(rq, now);

		if (reason == NULL)
			continue;
		rq->cut = true;
		if (rq->n_requests > 0 || rq->step != RQ_IDLE)
			count_refusal(rq, reason);
		shutdown(rq->fd, SHUT_RDWR);
	}
}

/* ---- the loop thread ------------------------------------------------------------------------ */

static void
wake(struct http_loop *loop)
{
	uint64_t one = 1;

	if (write(loop->wake_fd, &one, sizeof one) < 0) {
		/* full: the loop is awake anyway */
	}
}

void
http_loop_hand_over(struct http_request *rq)
{
	struct http_loop *loop = rq->loop;

	pthread_mutex_lock(&loop->lock);
	rq->queued = NULL;
	*loop->queue_tail = rq;
	if (loop->queue_tail == &loop->queue)
		wake(loop);
	loop->queue_tail = &rq->queued;
	pthread_mutex_unlock(&loop->lock);
}

/* Stop listening; idle connections are closed, the others with their next answer. */
static void
quiesce(struct http_loop *loop)
{
	struct http_request *rq;
	int fd;

	if (loop->is_quiet)
		return;
	fd = MHD_quiesce_daemon(loop->daemon);
	if (fd >= 0)
		close(fd);
	loop->listen_fd = -1;
	for (rq = loop->connections; rq != NULL; rq = rq->next) {
		if (rq->step == RQ_IDLE && rq->n_requests > 0 && !rq->cut) {
			rq->cut = true;
			shutdown(rq->fd, SHUT_RDWR);
		}
	}
	pthread_mutex_lock(&loop->lock);
	loop->is_quiet = true;
	pthread_cond_broadcast(&loop->quiesced);
	pthread_mutex_unlock(&loop->lock);
}

static void
take_orders(struct http_loop *loop, bool *stop)
{
	struct http_request *rq, *next;
	bool quiet;

	pthread_mutex_lock(&loop->lock);
	rq = loop->queue;
	loop->queue = NULL;
	loop->queue_tail = &loop->queue;
	quiet = loop->quiesce;
	*stop = loop->stop;
	pthread_mutex_unlock(&loop->lock);
	for (; rq != NULL; rq = next) {
		next = rq->queued;
		MHD_resume_connection(rq->connection);
	}
	if (quiet)
		quiesce(loop);
}

static void
turn(struct http_loop *loop, int wait, bool *stop)
{
	struct pollfd fds[] = {
		{ .fd = loop->epoll_fd, .events = POLLIN },
		{ .fd = loop->wake_fd, .events = POLLIN },
	};
	MHD_UNSIGNED_LONG_LONG library_wait;
	uint64_t count;

	if (loop->connections != NULL && (wait < 0 || wait > SWEEP_MS))
		wait = SWEEP_MS;
	if (MHD_get_timeout(loop->daemon, &library_wait) == MHD_YES &&
	    (wait < 0 || library_wait < (unsigned)wait))
		wait = (int)library_wait;
	if (poll(fds, sizeof fds / sizeof fds[0], wait) < 0 && errno != EINTR)
		abort();
	if (fds[1].revents != 0 && read(loop->wake_fd, &count, sizeof count) < 0) {
		/* another turn emptied it */
	}
	take_orders(loop, stop);
	MHD_run(loop->daemon);
	sweep(loop);
}

/* Every request that waits for an answer gets one; the library must hold none suspended. */
static void
answer_all(struct http_loop *loop)
{
	const struct http_answer a = { .status = MHD_HTTP_SERVICE_UNAVAILABLE, .close = true,
		.extra = { { MHD_HTTP_HEADER_RETRY_AFTER, "1" } }, .body = span_str("shutting down") };
	struct http_request *rq;

	for (rq = loop->connections; rq != NULL; rq = rq->next)
		if (rq->step == RQ_HELD || rq->step == RQ_ASKED)
			http_answer_later(rq, &a);
}

static bool
any_in(const struct http_loop *loop, enum rq_step step)
{
	const struct http_request *rq;

	for (rq = loop->connections; rq != NULL && rq->step != step; rq = rq->next)
		;
	return rq != NULL;
}

static void *
run_loop(void *arg)
{
	struct http_loop *loop = arg;
	unsigned turns = 0;
	bool stop = false;

	prctl(PR_SET_NAME, loop->server->cf.name);
	while (!stop)
		turn(loop, -1, &stop);
	loop->stopping = true;
	quiesce(loop);
	answer_all(loop);
	/* Who is inside http_answer_later now hands over in no time, and must be waited for. */
	while (any_in(loop, RQ_HELD) || any_in(loop, RQ_ASKED) ||
	    (any_in(loop, RQ_SENDING) && turns++ < FLUSH_TURNS))
		turn(loop, 10, &stop);
	MHD_stop_daemon(loop->daemon);
	loop->daemon = NULL;
	return NULL;
}

/* ---- start and stop ----------------------------------------------------------------------- */

static const char *
errno_text(int e)
{
	switch (e) {
	case EADDRINUSE:
		return "address already in use";
	case EADDRNOTAVAIL:
		return "no such address on this machine";
	case EACCES:
		return "permission denied";
	}
	return strerror(e);
}

static int
bind_address(const char *host, uint16_t port, struct sockaddr_storage *addr, socklen_t *n)
{
	struct sockaddr_in *four = (void *)addr;
	struct sockaddr_in6 *six = (void *)addr;

	memset(addr, 0, sizeof *addr);
	if (host != NULL && inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		*n = sizeof *four;
		return OK;
	}
	if (host == NULL || inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		*n = sizeof *six;
		return OK;
	}
	return ERR_SYNTAX;
}

/* -1 with errno; shared: several sockets of ours on one port. */
static int
listen_on(const struct sockaddr_storage *addr, socklen_t n, bool both, bool shared)
{
	int on = 1, off = 0, e;
	int fd = socket(addr->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if ((addr->ss_family != AF_INET6 ||
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, both ? &off : &on, sizeof on) == 0) &&
	    (!shared || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) &&
	    bind(fd, (const struct sockaddr *)addr, n) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	e = errno;
	close(fd);
	errno = e;
	return -1;
}

static int
open_listeners(struct http_server *server, struct why *why)
{
	const struct http_server_config *cf = &server->cf;
	struct sockaddr_storage addr;
	socklen_t n;
	unsigned i;
	int fd;

	if (bind_address(cf->host, cf->port, &addr, &n) != OK)
		return why_set(why, ERR_IO, "port %u: \"%s\" is not a numeric address", cf->port, cf->host);
	/*
	 * A shared port would silently be shared with a second process as well: a socket that
	 * does not share finds out whether somebody is there.
	 */
	fd = listen_on(&addr, n, cf->host == NULL, false);
	if (fd < 0 && errno == EAFNOSUPPORT && cf->host == NULL) {
		bind_address("0.0.0.0", cf->port, &addr, &n);
		fd = listen_on(&addr, n, false, false);
	}
	if (fd < 0)
		return why_set(why, ERR_IO, "port %u: %s", cf->port, errno_text(errno));
	if (server->n_loops == 1) {
		server->loops[0].listen_fd = fd;
	} else {
		close(fd);
		for (i = 0; i < server->n_loops; i++) {
			fd = listen_on(&addr, n, cf->host == NULL, true);
			if (fd < 0)
				return why_set(why, ERR_IO, "port %u: %s", cf->port, errno_text(errno));
			server->loops[i].listen_fd = fd;
			getsockname(fd, (struct sockaddr *)&addr, &n);	/* port 0: all on the first one's */
		}
	}
	getsockname(fd, (struct sockaddr *)&addr, &n);
	server->port = ntohs(addr.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&addr)->sin6_port :
	    ((struct sockaddr_in *)&addr)->sin_port);
	return OK;
}

static unsigned
share(unsigned total, unsigned loops)
{
	return total / loops > 0 ? total / loops : 1;
}

static int
start_loop(struct http_loop *loop, struct why *why)
{
	const struct http_server_config *cf = &loop->server->cf;
	const union MHD_DaemonInfo *info;
	sigset_t all, before;
	int e;

	loop->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
	    on_request, loop,
	    MHD_OPTION_LISTEN_SOCKET, loop->listen_fd,
	    MHD_OPTION_URI_LOG_CALLBACK, on_line, loop,
	    MHD_OPTION_NOTIFY_COMPLETED, on_done, loop,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, loop,
	    MHD_OPTION_STRICT_FOR_CLIENT, 0,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MEMORY,
	    MHD_OPTION_CONNECTION_LIMIT, share(cf->max_connections, cf->loops),
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT, share(cf->max_per_address, cf->loops),
	    MHD_OPTION_CONNECTION_TIMEOUT, cf->idle_timeout_s,
	    MHD_OPTION_END);
	info = loop->daemon != NULL ? MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (info == NULL)
		return why_set(why, ERR_IO, "port %u: the HTTP library did not start", cf->port);
	loop->epoll_fd = info->epoll_fd;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	e = pthread_create(&loop->thread, NULL, run_loop, loop);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (e != 0) {
		MHD_stop_daemon(loop->daemon);
		loop->daemon = NULL;
		loop->listen_fd = -1;
		return why_set(why, ERR_IO, "port %u: no thread: %s", cf->port, strerror(e));
	}
	loop->server->n_running++;
	return OK;
}

static char *
copy(const char *s)
{
	return s != NULL ? span_dup(span_str(s)) : NULL;
}

static void
take_config(struct http_server *server, const struct http_server_config *cf)
{
	server->cf = *cf;
	server->cf.name = copy(cf->name != NULL ? cf->name : "http");
	server->cf.host = copy(cf->host);
	server->cf.methods = copy(cf->methods);
	server->cf.loops = cf->loops > 0 ? cf->loops : 1;
	server->cf.max_connections = cf->max_connections > 0 ? cf->max_connections : 1000;
	server->cf.max_per_address = cf->max_per_address > 0 ? cf->max_per_address : 64;
	server->cf.head_timeout_s = cf->head_timeout_s > 0 ? cf->head_timeout_s : 10;
	server->cf.request_timeout_s = cf->request_timeout_s > 0 ? cf->request_timeout_s : 60;
	server->cf.idle_timeout_s = cf->idle_timeout_s > 0 ? cf->idle_timeout_s : 30;
	server->guard = (struct http_guard){ server->cf.methods, server->cf.max_body };
}

int
http_server_start(const struct http_server_config *cf, const struct http_app *app,
    struct http_server **out, struct why *why)
{
	struct http_server *server = calloc(1, sizeof *server);
	unsigned i;
	int err;

	*out = NULL;
	if (server == NULL)
		abort();
	take_config(server, cf);
	server->app = *app;
	server->n_loops = server->cf.loops;
	server->loops = calloc(server->n_loops, sizeof *server->loops);
	if (server->loops == NULL)
		abort();
	for (i = 0; i < server->n_loops; i++) {
		struct http_loop *loop = &server->loops[i];

		loop->server = server;
		loop->listen_fd = -1;
		loop->queue_tail = &loop->queue;
		pthread_mutex_init(&loop->lock, NULL);
		pthread_cond_init(&loop->quiesced, NULL);
		loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (loop->wake_fd < 0)
			abort();
	}
	err = open_listeners(server, why);
	for (i = 0; i < server->n_loops && err == OK; i++)
		err = start_loop(&server->loops[i], why);
	if (err != OK)
		http_server_stop(&server);
	*out = server;
	return err;
}

void
http_server_quiesce(struct http_server *server)
{
	unsigned i;

	for (i = 0; i < server->n_running; i++) {
		struct http_loop *loop = &server->loops[i];

		if (pthread_equal(pthread_self(), loop->thread)) {
			quiesce(loop);
			continue;
		}
		pthread_mutex_lock(&loop->lock);
		loop->quiesce = true;
		wake(loop);
		while (!loop->is_quiet)
			pthread_cond_wait(&loop->quiesced, &loop->lock);
		pthread_mutex_unlock(&loop->lock);
	}
}

void
http_server_stop(struct http_server **p)
{
	struct http_server *server = *p;
	struct http_request *rq;
	unsigned i;

	if (server == NULL)
		return;
	for (i = 0; i < server->n_running; i++) {
		struct http_loop *loop = &server->loops[i];

		pthread_mutex_lock(&loop->lock);
		loop->stop = true;
		wake(loop);
		pthread_mutex_unlock(&loop->lock);
	}
	for (i = 0; i < server->n_running; i++)
		pthread_join(server->loops[i].thread, NULL);
	for (i = 0; i < server->n_loops; i++) {
		struct http_loop *loop = &server->loops[i];

		if (loop->listen_fd >= 0)
			close(loop->listen_fd);
		pthread_mutex_lock(&loop->lock);	/* whoever is in hand_over leaves it first */
		pthread_mutex_unlock(&loop->lock);
		close(loop->wake_fd);
		pthread_cond_destroy(&loop->quiesced);
		pthread_mutex_destroy(&loop->lock);
		while ((rq = loop->graves) != NULL) {
			loop->graves = rq->next;
			request_free(rq);
		}
	}
	free((char *)(uintptr_t)server->cf.name);
	free((char *)(uintptr_t)server->cf.host);
	free((char *)(uintptr_t)server->cf.methods);
	free(server->loops);
	free(server);
	*p = NULL;
}

uint16_t
http_server_port(const struct http_server *server)
{
	return server->port;
}
