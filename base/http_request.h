/*
 * http_request.h - one connection of the HTTP server and the request that is on it; shared by
 * http_server.c (threads, sockets, the library's callbacks) and http_request.c (what the
 * application asks and answers). Nothing else includes this.
 */
#ifndef BASE_HTTP_REQUEST_H
#define BASE_HTTP_REQUEST_H

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/http_guard.h"
#include "base/http_server.h"

/*
 * Where the exchange stands. Only the loop thread reads and writes it.
 *
 * IDLE -> LINE -> (HELD ->)* BODY -> ASKED -> SENDING -> IDLE; a refusal goes from LINE to
 * SENDING, an answer given by head() to a request without a body waits in DECIDED for the
 * library's last call, because an answer given earlier would cost the connection.
 */
enum rq_step {
	RQ_IDLE,		/* nothing of a request was seen yet */
	RQ_LINE,		/* the request line is here, the head is not */
	RQ_HELD,		/* head() said HTTP_WAIT; suspended */
	RQ_BODY,		/* the body is being collected */
	RQ_DECIDED,		/* answered by head(), not yet handed over */
	RQ_ASKED,		/* body() was called and has not answered; suspended */
	RQ_SENDING		/* the answer was handed to the library */
};

/* A connection; its request parts are reset between the requests that it carries. */
struct http_request {
	struct http_loop *loop;
	struct MHD_Connection *connection;
	struct http_request *next, **link;	/* in loop->connections */
	int fd;
	struct sockaddr_storage peer;		/* never a v4-mapped address */
	char peer_text[INET6_ADDRSTRLEN];	/* "" until somebody asks */
	unsigned n_requests;			/* begun on this connection */
	bool cut;				/* shut down by the sweeper */

	enum rq_step step;
	int64_t since_ms;			/* when this step's clock started to run */
	int64_t body_since_ms;
	bool head_called;
	bool closing;				/* nothing more is served on this connection */
	char *target;				/* raw; the '?' replaced by a NUL */
	size_t target_cap;
	const char *query;			/* into target */
	const char *method;			/* borrowed from the library */
	struct http_head head;
	uint8_t *body;
	size_t body_n, body_cap;		/* body_cap octets are charged to server->held */
	void *data;

	/*
	 * True while somebody may still answer (or proceed); whoever flips it may put the
	 * request into the loop's queue, so that it is there at most once.
	 */
	atomic_bool open;
	struct http_request *queued;		/* next in the queue of answered requests */
	struct MHD_Response *answer;
	unsigned answer_status;
	bool answer_close;
};

struct http_loop {
	struct http_server *server;
	struct MHD_Daemon *daemon;
	pthread_t thread;
	int epoll_fd, wake_fd, listen_fd;
	struct http_request *connections;
	struct http_request *graves;		/* freed only after the threads are gone */
	int64_t sweep_at_ms;

	pthread_mutex_t lock;
	pthread_cond_t quiesced;
	struct http_request *queue, **queue_tail;
	bool stop, quiesce, is_quiet;		/* asked for, asked for, done */
	bool stopping;				/* loop thread: answer 503 from now on */
};

struct http_server {
	struct http_server_config cf;		/* zeros replaced, strings owned */
	struct http_app app;
	struct http_guard guard;
	atomic_size_t held;			/* octets of request bodies */
	uint16_t port;
	unsigned n_loops, n_running;
	struct http_loop *loops;
};

/* Put an answered or released request before its loop thread; any thread. */
void http_loop_hand_over(struct http_request *rq);

/* Build the library's form of an answer into rq; any thread, but only who flipped rq->open. */
void http_answer_set(struct http_request *rq, const struct http_answer *a);

#endif
