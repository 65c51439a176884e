/* loop.c - see loop.h. */
#include "base/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"

enum { EVENTS_A_TURN = 64 };

struct loop {
	int epoll, wake;
	atomic_bool stop;
	struct loop_timer **heap;	/* binary heap by at_ms; heap[0] is the next due */
	size_t n_timers, cap_timers;
	pthread_mutex_t lock;		/* guards posted and posted_tail */
	struct loop_work *posted, **posted_tail;
	struct epoll_event ready[EVENTS_A_TURN];
	int n_ready, at_ready;		/* what of ready[] is still to be called */
};

static void
die(const char *what)
{
	perror(what);
	abort();
}

struct loop *
loop_create(void)
{
	struct loop *loop = calloc(1, sizeof *loop);
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };

	if (loop == NULL)
		die("loop");
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->epoll < 0 || loop->wake < 0 ||
	    epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->wake, &ev) < 0)
		die("loop");
	pthread_mutex_init(&loop->lock, NULL);
	loop->posted_tail = &loop->posted;
	return loop;
}

void
loop_destroy(struct loop **p)
{
	struct loop *loop = *p;

	if (loop == NULL)
		return;
	pthread_mutex_lock(&loop->lock);	/* whoever is in loop_post leaves it first */
	pthread_mutex_unlock(&loop->lock);
	close(loop->epoll);
	close(loop->wake);
	pthread_mutex_destroy(&loop->lock);
	free(loop->heap);
	free(loop);
	*p = NULL;
}

static void
wake(struct loop *loop)
{
	uint64_t one = 1;

	if (write(loop->wake, &one, sizeof one) < 0) {
		/* full: the loop is awake anyway */
	}
}

void
loop_stop(struct loop *loop)
{
	loop->stop = true;
	wake(loop);
}

int
loop_watch(struct loop *loop, struct loop_fd *w, int fd, int events,
    void (*ready)(void *arg, int events), void *arg)
{
	bool known = w->ready != NULL && w->fd == fd;
	struct epoll_event ev = { .data.ptr = w };

	ev.events = (events & LOOP_READ ? EPOLLIN : 0u) | (events & LOOP_WRITE ? EPOLLOUT : 0u);
	if (known && w->events == events) {
		w->ready = ready;
		w->arg = arg;
		return OK;
	}
	if (epoll_ctl(loop->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev) < 0)
		return ERR_IO;
	*w = (struct loop_fd){ fd, events, ready, arg };
	return OK;
}

void
loop_unwatch(struct loop *loop, struct loop_fd *w)
{
	int i;

	if (w->ready == NULL)
		return;
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	for (i = loop->at_ready; i < loop->n_ready; i++)
		if (loop->ready[i].data.ptr == w)
			loop->ready[i].events = 0;
	*w = (struct loop_fd){ .fd = -1 };
}

/* ---- timers -------------------------------------------------------------------------- */

static void
heap_put(struct loop *loop, size_t i, struct loop_timer *t)
{
	loop->heap[i] = t;
	t->slot = i + 1;
}

static void
heap_up(struct loop *loop, size_t i)
{
	struct loop_timer *t = loop->heap[i];

	while (i > 0 && loop->heap[(i - 1) / 2]->at_ms > t->at_ms) {
		heap_put(loop, i, loop->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_put(loop, i, t);
}

static void
heap_down(struct loop *loop, size_t i)
{
	struct loop_timer *t = loop->heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= loop->n_timers)
			break;
		if (child + 1 < loop->n_timers &&
		    loop->heap[child + 1]->at_ms < loop->heap[child]->at_ms)
			child++;
		if (loop->heap[child]->at_ms >= t->at_ms)
			break;
		heap_put(loop, i, loop->heap[child]);
		i = child;
	}
	heap_put(loop, i, t);
}

void
loop_timer_stop(struct loop *loop, struct loop_timer *t)
{
	size_t i = t->slot;
	struct loop_timer *last;

	if (i == 0)
		return;
	i--;
	last = loop->heap[--loop->n_timers];
	if (last != t) {
		heap_put(loop, i, last);
		heap_up(loop, i);
		heap_down(loop, last->slot - 1);
	}
	t->slot = 0;
}

void
loop_timer_start(struct loop *loop, struct loop_timer *t, int64_t delay_ms,
    void (*fire)(void *arg), void *arg)
{
	loop_timer_stop(loop, t);
	t->at_ms = clock_mono_ms() + (delay_ms > 0 ? delay_ms : 0);
	t->fire = fire;
	t->arg = arg;
	if (loop->n_timers == loop->cap_timers) {
		loop->cap_timers = loop->cap_timers ? loop->cap_timers * 2 : 32;
		loop->heap = realloc(loop->heap, loop->cap_timers * sizeof(struct loop_timer *));
		if (loop->heap == NULL)
			die("loop timers");
	}
	heap_put(loop, loop->n_timers++, t);
	heap_up(loop, loop->n_timers - 1);
}

static void
fire_timers(struct loop *loop)
{
	int64_t now = clock_mono_ms();

	while (loop->n_timers > 0 && loop->heap[0]->at_ms <= now && !loop->stop) {
		struct loop_timer *t = loop->heap[0];

		loop_timer_stop(loop, t);
		t->fire(t->arg);
	}
}

/* ---- posted work, turns --------------------------------------------------------------- */

void
loop_post(struct loop *loop, struct loop_work *work)
{
	bool was_empty;

	work->next = NULL;
	pthread_mutex_lock(&loop->lock);
	was_empty = loop->posted == NULL;
	*loop->posted_tail = work;
	loop->posted_tail = &work->next;
	if (was_empty)
		wake(loop);		/* under the lock: once it runs, the work may end the loop */
	pthread_mutex_unlock(&loop->lock);
}

static void
run_posted(struct loop *loop)
{
	struct loop_work *work, *next;

	pthread_mutex_lock(&loop->lock);
	work = loop->posted;
	loop->posted = NULL;
	loop->posted_tail = &loop->posted;
	pthread_mutex_unlock(&loop->lock);
	for (; work != NULL; work = next) {
		next = work->next;
		work->run(work);
	}
}

static int
wait_time(struct loop *loop, int wait_ms)
{
	int64_t left;

	if (loop->n_timers == 0)
		return wait_ms;
	left = loop->heap[0]->at_ms - clock_mono_ms();
	if (left < 0)
		left = 0;
	if (wait_ms >= 0 && wait_ms < left)
		return wait_ms;
	return left > 3600000 ? 3600000 : (int)left;
}

static void
call_ready(const struct epoll_event *ev, struct loop_fd *w)
{
	int events = 0;

	if (ev->events & EPOLLIN)
		events |= LOOP_READ;
	if (ev->events & EPOLLOUT)
		events |= LOOP_WRITE;
	if (ev->events & (EPOLLHUP | EPOLLERR))
		events |= LOOP_HANGUP;
	if (events != 0)
		w->ready(w->arg, events);
}

void
loop_turn(struct loop *loop, int wait_ms)
{
	int n = epoll_wait(loop->epoll, loop->ready, EVENTS_A_TURN, wait_time(loop, wait_ms));

	if (n < 0 && errno != EINTR)
		die("epoll_wait");
	loop->n_ready = n > 0 ? n : 0;
	for (loop->at_ready = 0; loop->at_ready < loop->n_ready;) {
		struct epoll_event *ev = &loop->ready[loop->at_ready++];

		if (ev->data.ptr == NULL) {
			uint64_t count;

			if (read(loop->wake, &count, sizeof count) < 0) {
				/* another turn emptied it */
			}
		} else if (ev->events != 0) {
			call_ready(ev, ev->data.ptr);
		}
	}
	loop->n_ready = 0;
	run_posted(loop);
	fire_timers(loop);
}

void
loop_run(struct loop *loop)
{
	while (!loop->stop)
		loop_turn(loop, -1);
	loop->stop = false;
}
