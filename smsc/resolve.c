/* resolve.c - see resolve.h. */
#include "smsc/resolve.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/*
 * The thread posts `work` unless the owner gave up meanwhile (loop NULL under the lock); then it frees itself. An
 * address needs no thread: the next turn of the loop tells it.
 */
struct resolve {
	struct loop_work work;
	struct loop_timer turn;
	pthread_mutex_t lock;
	struct loop *loop;
	void (*done)(void *arg, const char *error, const struct addrinfo *found);	/* NULL: given up */
	void *arg;
	char host[256], port[8];
	struct addrinfo *found;
	int err;
};

static void
resolve_free(struct resolve *r)
{
	if (r->found != NULL)
		freeaddrinfo(r->found);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static int
look_up(struct resolve *r, int flags)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags };

	return r->err = getaddrinfo(r->host, r->port, &hints, &r->found);
}

static void *
run(void *arg)
{
	struct resolve *r = arg;
	bool wanted;

	look_up(r, AI_ADDRCONFIG);
	pthread_mutex_lock(&r->lock);
	wanted = r->loop != NULL;
	if (wanted)
		loop_post(r->loop, &r->work);
	pthread_mutex_unlock(&r->lock);
	if (!wanted)
		resolve_free(r);
	return NULL;
}

static void
finish(struct loop_work *work)
{
	struct resolve *r = (struct resolve *)work;

	pthread_mutex_lock(&r->lock);	/* the thread may still be inside */
	pthread_mutex_unlock(&r->lock);
	if (r->done != NULL)
		r->done(r->arg, r->err != 0 ? gai_strerror(r->err) : NULL, r->found);
	resolve_free(r);
}

static void
on_turn(void *arg)
{
	struct resolve *r = arg;

	finish(&r->work);
}

struct resolve *
resolve_start(struct loop *loop, const char *host, unsigned port,
    void (*done)(void *arg, const char *error, const struct addrinfo *found), void *arg)
{
	struct resolve *r = calloc(1, sizeof *r);
	sigset_t all, old;
	pthread_t thread;
	int err;

	if (r == NULL)
		return NULL;
	pthread_mutex_init(&r->lock, NULL);
	r->work.run = finish;
	r->loop = loop;
	r->done = done;
	r->arg = arg;
	snprintf(r->host, sizeof r->host, "%s", host);
	snprintf(r->port, sizeof r->port, "%u", port);
	if (look_up(r, AI_NUMERICHOST) == 0) {
		loop_timer_start(loop, &r->turn, 0, on_turn, r);
		return r;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);	/* signals are for the main thread */
	err = pthread_create(&thread, NULL, run, r);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err != 0) {
		resolve_free(r);
		return NULL;
	}
	pthread_detach(thread);
	return r;
}

void
resolve_abandon(struct resolve **at)
{
	struct resolve *r = *at;

	*at = NULL;
	if (r == NULL)
		return;
	if (r->turn.slot != 0) {
		loop_timer_stop(r->loop, &r->turn);
		resolve_free(r);
		return;
	}
	pthread_mutex_lock(&r->lock);
	r->done = NULL;
	r->loop = NULL;
	pthread_mutex_unlock(&r->lock);
}
