/* pool.c - see pool.h. */
#include "ppg/pool.h"

#include <pthread.h>
#include <stdlib.h>

enum { THREADS = 2, QUEUE = 1000, THREADS_MAX = 16 };

struct pool_thread {
	struct pool *pool;
	pthread_t thread;
	struct store_reader *reader;
};

struct pool {
	pthread_mutex_t lock;		/* guards all below but the threads */
	pthread_cond_t filled;
	struct qnode *first, **last;
	size_t n, max_queue;
	bool stopping;
	struct pool_thread threads[THREADS_MAX];
	unsigned n_threads;
};

static struct pool_job *
next_job(struct pool *pool)
{
	struct qnode *node;

	pthread_mutex_lock(&pool->lock);
	while (pool->first == NULL && !pool->stopping)
		pthread_cond_wait(&pool->filled, &pool->lock);
	node = pool->first;
	if (node != NULL) {
		pool->first = node->next;
		if (pool->first == NULL)
			pool->last = &pool->first;
		pool->n--;
	}
	pthread_mutex_unlock(&pool->lock);
	return (struct pool_job *)node;
}

static void *
run_thread(void *arg)
{
	struct pool_thread *t = arg;
	struct pool_job *job;

	while ((job = next_job(t->pool)) != NULL)
		job->run(job, t->reader);
	return NULL;
}

int
pool_start(struct store *store, unsigned threads, size_t max_queue, struct pool **out, struct why *why)
{
	struct pool *pool = calloc(1, sizeof *pool);
	unsigned i;

	if (pool == NULL)
		abort();
	*out = NULL;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->filled, NULL);
	pool->last = &pool->first;
	pool->max_queue = max_queue > 0 ? max_queue : QUEUE;
	threads = threads == 0 ? THREADS : threads > THREADS_MAX ? THREADS_MAX : threads;
	for (i = 0; i < threads; i++) {
		struct pool_thread *t = &pool->threads[i];
		int err = store_reader_open(store, &t->reader, why);

		if (err) {
			pool_stop(&pool);
			return err;
		}
		t->pool = pool;
		if (pthread_create(&t->thread, NULL, run_thread, t) != 0)
			abort();
		pthread_setname_np(t->thread, "pool");
		pool->n_threads++;
	}
	*out = pool;
	return OK;
}

void
pool_stop(struct pool **p)
{
	struct pool *pool = *p;
	unsigned i;

	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	pthread_cond_broadcast(&pool->filled);
	pthread_mutex_unlock(&pool->lock);
	for (i = 0; i < pool->n_threads; i++) {
		pthread_join(pool->threads[i].thread, NULL);
		store_reader_close(&pool->threads[i].reader);
	}
	pthread_cond_destroy(&pool->filled);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
	*p = NULL;
}

int
pool_submit(struct pool *pool, struct pool_job *job)
{
	int err = OK;

	pthread_mutex_lock(&pool->lock);
	if (pool->stopping) {
		err = ERR_CLOSED;
	} else if (pool->n >= pool->max_queue) {
		err = ERR_FULL;
	} else {
		job->node.next = NULL;
		*pool->last = &job->node;
		pool->last = &job->node.next;
		pool->n++;
		pthread_cond_signal(&pool->filled);
	}
	pthread_mutex_unlock(&pool->lock);
	return err;
}

size_t
pool_waiting(struct pool *pool)
{
	size_t n;

	pthread_mutex_lock(&pool->lock);
	n = pool->n;
	pthread_mutex_unlock(&pool->lock);
	return n;
}
