/*
 * http_server_int.h - the inside of the HTTP server, for its own files alone:
 *
 *	http_server.c	sockets, configuration, start and stop
 *	http_loop.c	the loop thread and the peers that are too slow
 *	http_exchange.c	a request step by step: the library's callbacks
 *	http_request.c	what a request says, and answering it
 *	http_guard.c	which heads are taken
 *	http_tls.c	HTTPS: certificate, key, authorities
 *	http_handshake.c	HTTPS: a connection and its client's certificate
 */
#ifndef BASE_HTTP_SERVER_INT_H
#define BASE_HTTP_SERVER_INT_H

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/http_guard.h"
#include "base/http_server.h"

/*
 * Where the exchange stands. Only the loop thread reads and writes it.
 *
 * IDLE -> LINE -> (HELD ->)* BODY -> ASKED -> SENDING -> IDLE; a refusal goes from LINE to
 * SENDING, an answer given by head() to a request without a body waits in DECIDED for the
 * library's last call, because an answer given earlier would cost the connection. A refusal in
 * the middle of a body goes from BODY to DRAIN.
 */
enum rq_step {
	RQ_IDLE,		/* nothing of a request was seen yet */
	RQ_LINE,		/* the request line is here, the head is not */
	RQ_HELD,		/* head() said HTTP_WAIT; suspended */
	RQ_BODY,		/* the body is being collected */
	RQ_DECIDED,		/* answered by head(), not yet handed over */
	RQ_ASKED,		/* body() was called and has not answered; suspended */
	RQ_SENDING,		/* the answer was handed to the library */
	RQ_DRAIN		/* answered past the library; the rest of the body is thrown away */
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

	struct http_tls *tls;			/* NULL: plain HTTP */
	unsigned n_finished;			/* Finished messages of the handshake, ours and the peer's */
	bool watched, parked;			/* by loop->tls_fd; suspended until that reports it */
	bool spoke, not_tls;			/* something came; not a handshake */
	struct http_request *shaking_next, **shaking_link;	/* in loop->shaking */
	bool looked;				/* for a client's certificate */
	struct http_client_cert *client;
	time_t client_until;			/* its last second */

	enum rq_step step;
	int64_t since_ms;			/* when this step's clock started to run */
	int64_t body_since_ms;
	bool head_called;
	bool unread;				/* answered before the announced body was read */
	char *target;				/* raw; the '?' replaced by a NUL */
	size_t target_cap;
	const char *query;			/* into target */
	const char *method;			/* borrowed from the library */
	struct http_head head;
	uint8_t *body;
	size_t body_n, body_cap;		/* body_cap octets are charged to server->held */
	size_t drained;
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
	bool no_room;				/* it is the 503 instead of one that has no room */
	size_t answer_n;			/* octets of it that are charged to server->held */
};

/*
 * A socket that was answered before its peer had sent everything. Closed at once, the kernel
 * would reset it and the peer could lose the answer; so its octets are thrown away for a while.
 */
struct http_linger {
	int fd;
	int64_t until_ms;
	size_t left;			/* octets it may still send */
};

enum { HTTP_LINGERS = 64, HTTP_LINGER_MS = 2000 };

struct http_loop {
	struct http_server *server;
	struct MHD_Daemon *daemon;
	pthread_t thread;
	int epoll_fd, wake_fd, listen_fd;
	int tls_fd;				/* epoll of handshakes; -1: plain HTTP */
	struct http_request *connections;
	struct http_request *shaking;		/* handshakes that the library was given for this turn */
	struct http_request *graves;		/* freed only after the threads are gone */
	int64_t sweep_at_ms;
	struct http_linger lingers[HTTP_LINGERS];
	unsigned n_lingers;

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
	atomic_size_t own_held, *held;		/* octets of bodies and answers; maybe with other servers */
	pthread_mutex_t tls_lock;
	struct http_tls *tls;			/* in force; NULL: plain HTTP */
	uint16_t port;
	unsigned n_loops, n_running;
	struct http_loop *loops;
};

/* ---- http_loop.c ---- */

void *http_loop_run(void *loop);		/* the thread; stops the daemon at its end */
void http_loop_wake(struct http_loop *loop);	/* any thread */
void http_loop_quiesce(struct http_loop *loop);	/* loop thread */
/* Put an answered or released request before its loop thread; any thread. */
void http_loop_hand_over(struct http_request *rq);
/* Throw away what comes on a copy of fd, for a while. */
void http_loop_linger(struct http_loop *loop, int fd);

/* ---- http_exchange.c: callbacks of the library, arg = loop ---- */

void http_on_connection(void *arg, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code);
void *http_on_line(void *arg, const char *uri, struct MHD_Connection *connection);
enum MHD_Result http_on_request(void *arg, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *data, size_t *data_n, void **request);
void http_on_done(void *arg, struct MHD_Connection *connection, void **request,
    enum MHD_RequestTerminationCode code);

void http_count_refusal(struct http_request *rq, const char *reason);
/*
 * Count n more octets as held, unless that would pass the limit; false then. So much of what is held already (a
 * request's own body) stands in nobody's way. Any thread.
 */
bool http_charge(struct http_server *server, size_t n, size_t own);
void http_request_free(struct http_request *rq);

/* ---- http_request.c ---- */

/* Build the library's form of an answer into rq; any thread, but only who flipped rq->open. */
void http_answer_set(struct http_request *rq, const struct http_answer *a);

#endif
