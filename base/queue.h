/*
 * queue.h - bounded queue between threads: any number put, one takes everything at once.
 *
 * Items are intrusive (struct qnode as their first member). The taker either waits in
 * queue_take, or gives a wake function that is called (from the putting thread) when the queue
 * stops being empty, and then takes without waiting.
 */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct qnode {
	struct qnode *next;
};

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct qnode *head, **tail;
	size_t n, limit;
	bool closed;
	void (*wake)(void *arg);
	void *wake_arg;
};

/* limit 0: none (only where something else bounds the number of items). wake may be NULL. */
void queue_init(struct queue *q, size_t limit, void (*wake)(void *), void *wake_arg);
void queue_done(struct queue *q);

int queue_put(struct queue *q, struct qnode *item);	/* OK, ERR_FULL, ERR_CLOSED */
int queue_put_always(struct queue *q, struct qnode *item);	/* past the limit; OK, ERR_CLOSED */
size_t queue_length(struct queue *q);
bool queue_is_closed(struct queue *q);
/*
 * Everything that waits, oldest first, linked by next; NULL when there is nothing.
 * wait_ms < 0 waits until an item comes or the queue is closed, 0 does not wait.
 */
struct qnode *queue_take(struct queue *q, int wait_ms);
void queue_close(struct queue *q);			/* later puts fail, waiters wake */

#endif
