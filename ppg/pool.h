/*
 * pool.h - a few threads for what would hold an event loop up: reading the store, parsing large documents.
 * Each has a reader of its own. Jobs wait in one bounded queue and run in its order.
 */
#ifndef PPG_POOL_H
#define PPG_POOL_H

#include "base/queue.h"
#include "store/store.h"

struct pool;

struct pool_job {
	struct qnode node;
	void (*run)(struct pool_job *job, struct store_reader *reader);	/* on a thread of the pool */
};

/* threads 0 = 2, max_queue 0 = 1000. ERR_IO and *why when the store cannot be read. */
int pool_start(struct store *store, unsigned threads, size_t max_queue, struct pool **out, struct why *why);
/* What waits is run, then the threads end. Before the store is closed. */
void pool_stop(struct pool **pool);

/* Any thread. The caller keeps job until it runs. OK, ERR_FULL, ERR_CLOSED (it is not run). */
int pool_submit(struct pool *pool, struct pool_job *job);
size_t pool_waiting(struct pool *pool);

#endif
