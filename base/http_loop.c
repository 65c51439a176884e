/*
 * http_loop.c - the loop thread of the HTTP server: it waits for the library's descriptors and
 * for answers from other threads, and looks for peers that are too slow.
 */
#include "base/http_server_int.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/http_tls.h"

enum {
	SWEEP_MS = 250,			/* how often slow peers are looked for */
	RATE_AFTER_MS = 10000,		/* from then on a body must come at ... */
	RATE_OCTETS_S = 1024,
	OURS = 3,			/* descriptors of a turn besides those that linger */
	FLUSH_TURNS = 100		/* of at most 10 ms: how long a stop waits for its last answers */
};

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
	case RQ_DRAIN:
		return age > HTTP_LINGER_MS ? "slow body" : NULL;
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
			http_count_refusal(rq, reason);
		shutdown(rq->fd, SHUT_RDWR);
	}
}

/* ---- answered before everything was read --------------------------------------------------- */

void
http_loop_linger(struct http_loop *loop, int fd)
{
	size_t left = loop->server->cf.max_body;

	if (loop->n_lingers == HTTP_LINGERS)
		return;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return;
	shutdown(fd, SHUT_WR);
	loop->lingers[loop->n_lingers++] = (struct http_linger){ fd, clock_mono_ms() + HTTP_LINGER_MS, left };
}

/* Some octets away; false when this socket is done with. */
static bool
throw_away(struct http_linger *l)
{
	char octets[16384];
	ssize_t n = recv(l->fd, octets, sizeof octets, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0 || (size_t)n > l->left)
		return false;
	l->left -= (size_t)n;
	return true;
}

static void
drain(struct http_loop *loop, const struct pollfd *fds)
{
	int64_t now = loop->n_lingers > 0 ? clock_mono_ms() : 0;
	unsigned i, kept = 0;

	for (i = 0; i < loop->n_lingers; i++) {
		struct http_linger *l = &loop->lingers[i];

		if (now < l->until_ms && (fds[i].revents == 0 || throw_away(l)))
			loop->lingers[kept++] = *l;
		else
			close(l->fd);
	}
	loop->n_lingers = kept;
}

/* ---- the loop thread ------------------------------------------------------------------------ */

void
http_loop_wake(struct http_loop *loop)
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
		http_loop_wake(loop);
	loop->queue_tail = &rq->queued;
	pthread_mutex_unlock(&loop->lock);
}

/* Stop listening; idle connections are closed, the others with their next answer. */
void
http_loop_quiesce(struct http_loop *loop)
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
			if (rq->tls != NULL)
				http_tls_bye(rq);
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
		http_loop_quiesce(loop);
}

static void
turn(struct http_loop *loop, int wait, bool *stop)
{
	struct pollfd fds[OURS + HTTP_LINGERS] = {
		{ .fd = loop->epoll_fd, .events = POLLIN },
		{ .fd = loop->wake_fd, .events = POLLIN },
		{ .fd = loop->tls_fd, .events = POLLIN },	/* -1 is passed over */
	};
	MHD_UNSIGNED_LONG_LONG library_wait;
	uint64_t count;
	unsigned i;

	for (i = 0; i < loop->n_lingers; i++)
		fds[OURS + i] = (struct pollfd){ .fd = loop->lingers[i].fd, .events = POLLIN };
	if ((loop->connections != NULL || loop->n_lingers > 0) && (wait < 0 || wait > SWEEP_MS))
		wait = SWEEP_MS;
	if (MHD_get_timeout(loop->daemon, &library_wait) == MHD_YES &&
	    (wait < 0 || library_wait < (unsigned)wait))
		wait = (int)library_wait;
	if (poll(fds, OURS + loop->n_lingers, wait) < 0 && errno != EINTR)
		abort();
	if (fds[1].revents != 0 && read(loop->wake_fd, &count, sizeof count) < 0) {
		/* another turn emptied it */
	}
	drain(loop, fds + OURS);
	take_orders(loop, stop);
	if (fds[2].revents != 0)
		http_tls_wake(loop);
	MHD_run(loop->daemon);
	http_tls_park(loop);
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

void *
http_loop_run(void *arg)
{
	struct http_loop *loop = arg;
	unsigned turns = 0;
	bool stop = false;

	prctl(PR_SET_NAME, loop->server->cf.name);
	while (!stop)
		turn(loop, -1, &stop);
	loop->stopping = true;
	http_loop_quiesce(loop);
	answer_all(loop);
	/* Who is inside http_answer_later now hands over in no time, and must be waited for. */
	while (any_in(loop, RQ_HELD) || any_in(loop, RQ_ASKED) ||
	    (any_in(loop, RQ_SENDING) && turns++ < FLUSH_TURNS))
		turn(loop, 10, &stop);
	http_tls_unpark_all(loop);
	MHD_stop_daemon(loop->daemon);
	while (loop->n_lingers > 0)
		close(loop->lingers[--loop->n_lingers].fd);
	loop->daemon = NULL;
	return NULL;
}
