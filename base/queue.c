/* queue.c - see queue.h. */
#include "base/queue.h"

#include <time.h>

#include "base/err.h"

void
queue_init(struct queue *q, size_t limit, void (*wake)(void *), void *wake_arg)
{
	pthread_condattr_t attr;

	*q = (struct queue){ .limit = limit, .wake = wake, .wake_arg = wake_arg };
	q->tail = &q->head;
	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q->filled, &attr);
	pthread_condattr_destroy(&attr);
}

void
queue_done(struct queue *q)
{
	pthread_cond_destroy(&q->filled);
	pthread_mutex_destroy(&q->lock);
}

static int
put(struct queue *q, struct qnode *item, size_t limit)
{
	bool was_empty;

	pthread_mutex_lock(&q->lock);
	if (q->closed || (limit > 0 && q->n >= limit)) {
		int err = q->closed ? ERR_CLOSED : ERR_FULL;

		pthread_mutex_unlock(&q->lock);
		return err;
	}
	was_empty = q->head == NULL;
	item->next = NULL;
	*q->tail = item;
	q->tail = &item->next;
	q->n++;
	if (was_empty && q->wake == NULL)
		pthread_cond_signal(&q->filled);
	pthread_mutex_unlock(&q->lock);
	if (was_empty && q->wake != NULL)
		q->wake(q->wake_arg);
	return OK;
}

int
queue_put(struct queue *q, struct qnode *item)
{
	return put(q, item, q->limit);
}

int
queue_put_always(struct queue *q, struct qnode *item)
{
	return put(q, item, 0);
}

size_t
queue_length(struct queue *q)
{
	size_t n;

	pthread_mutex_lock(&q->lock);
	n = q->n;
	pthread_mutex_unlock(&q->lock);
	return n;
}

bool
queue_is_closed(struct queue *q)
{
	bool closed;

	pthread_mutex_lock(&q->lock);
	closed = q->closed;
	pthread_mutex_unlock(&q->lock);
	return closed;
}

struct qnode *
queue_take(struct queue *q, int wait_ms)
{
	struct timespec until;
	struct qnode *all;

	if (wait_ms > 0) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += wait_ms / 1000;
		until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000;
		}
	}
	pthread_mutex_lock(&q->lock);
	while (q->head == NULL && !q->closed && wait_ms != 0) {
		if (wait_ms < 0)
			pthread_cond_wait(&q->filled, &q->lock);
		else if (pthread_cond_timedwait(&q->filled, &q->lock, &until) != 0)
			break;
	}
	all = q->head;
	q->head = NULL;
	q->tail = &q->head;
	q->n = 0;
	pthread_mutex_unlock(&q->lock);
	return all;
}

void
queue_close(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->filled);
	pthread_mutex_unlock(&q->lock);
	if (q->wake != NULL)
		q->wake(q->wake_arg);
}
