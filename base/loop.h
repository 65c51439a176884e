/*
 * loop.h - one thread's event loop: descriptors (epoll), timers, and work posted by others.
 *
 * Everything but loop_post and loop_stop belongs to the thread that runs the loop (or to the
 * one that prepares it before it runs).
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 };	/* HANGUP is only ever reported */

/* A watched descriptor; embedded in its owner, zero before loop_watch. */
struct loop_fd {
	int fd;
	int events;
	void (*ready)(void *arg, int events);
	void *arg;
};

/* A timer; embedded in its owner, zero before its first start. */
struct loop_timer {
	int64_t at_ms;			/* clock_mono_ms it is due at */
	size_t slot;			/* place in the heap + 1; 0 = not running */
	void (*fire)(void *arg);
	void *arg;
};

/* Work for the loop thread; embedded in its owner, free again when run() is called. */
struct loop_work {
	struct loop_work *next;
	void (*run)(struct loop_work *work);
};

struct loop *loop_create(void);			/* aborts without descriptors */
void loop_destroy(struct loop **loop);

/* Runs until loop_stop; then returns. */
void loop_run(struct loop *loop);
/* One turn: waits at most wait_ms for something to do and does it. For tests and programs of one turn. */
void loop_turn(struct loop *loop, int wait_ms);
void loop_stop(struct loop *loop);		/* any thread, and signal handlers */

/* Watch fd for events; call again to change them. OK or ERR_IO. */
int loop_watch(struct loop *loop, struct loop_fd *w, int fd, int events,
    void (*ready)(void *arg, int events), void *arg);
void loop_unwatch(struct loop *loop, struct loop_fd *w);	/* before the fd is closed */

/* (Re)start: fires once, delay_ms from now. */
void loop_timer_start(struct loop *loop, struct loop_timer *t, int64_t delay_ms,
    void (*fire)(void *arg), void *arg);
void loop_timer_stop(struct loop *loop, struct loop_timer *t);

/* Any thread: run(work) is called on the loop thread, in the order of posting. */
void loop_post(struct loop *loop, struct loop_work *work);

#endif
