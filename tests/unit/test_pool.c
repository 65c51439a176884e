/* test_pool.c - jobs run once, on threads that can read the store; a full queue refuses; a stop runs what waits. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "ppg/life.h"
#include "ppg/pool.h"

enum { JOBS = 500, ROOM = 4 };

struct count_job {
	struct pool_job job;
	int err;		/* of a look-up that finds nothing */
	atomic_int *runs;
};

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void
count(struct pool_job *job, struct store_reader *reader)
{
	struct count_job *c = (struct count_job *)job;
	struct store_view view;

	c->err = store_read_push(reader, "pi", "nothing", 0, 1, &view);
	atomic_fetch_add(c->runs, 1);
}

static void
wait_at_gate(struct pool_job *job, struct store_reader *reader)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	count(job, reader);
}

static struct store *
open_store(char dir[])
{
	struct store_config cf = { 0 };
	struct store *store;
	struct why why;
	char url[200];

	assert_non_null(mkdtemp(dir));
	snprintf(url, sizeof url, "sqlite:%s/x.db", dir);
	cf.url = url;
	life_rules(&cf.rules);
	if (store_open(&cf, &store, &why) != OK)
		fail_msg("%s", why.text);
	return store;
}

static void
close_store(struct store **store, const char *dir)
{
	static const char *const files[] = { "x.db", "x.db-wal", "x.db-shm", "x.db.lock" };
	char path[200];
	size_t i;

	store_close(store);
	for (i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
}

static void
every_job_runs_once(void **state)
{
	char dir[] = "/tmp/openppg-pool-XXXXXX";
	struct store *store = open_store(dir);
	struct count_job *jobs = calloc(JOBS, sizeof *jobs);
	atomic_int runs = 0;
	struct pool *pool;
	struct why why;
	int i;

	assert_int_equal(pool_start(store, 3, JOBS, &pool, &why), OK);
	for (i = 0; i < JOBS; i++) {
		jobs[i] = (struct count_job){ .job.run = count, .runs = &runs };
		assert_int_equal(pool_submit(pool, &jobs[i].job), OK);
	}
	pool_stop(&pool);
	assert_null(pool);
	assert_int_equal(runs, JOBS);
	for (i = 0; i < JOBS; i++)
		assert_int_equal(jobs[i].err, ERR_NOT_FOUND);
	free(jobs);
	close_store(&store, dir);
}

static void
a_full_queue_refuses(void **state)
{
	char dir[] = "/tmp/openppg-pool-XXXXXX";
	struct store *store = open_store(dir);
	struct count_job jobs[ROOM + 2];
	atomic_int runs = 0;
	struct pool *pool;
	struct why why;
	int i, taken = 0;

	assert_int_equal(pool_start(store, 1, ROOM, &pool, &why), OK);
	pthread_mutex_lock(&gate);
	for (i = 0; i < ROOM + 2; i++)
		jobs[i] = (struct count_job){ .job.run = wait_at_gate, .runs = &runs };
	for (i = 0; i < ROOM + 2; i++)
		taken += pool_submit(pool, &jobs[i].job) == OK;
	assert_in_range(taken, ROOM, ROOM + 1);		/* one may be with the thread already */
	assert_in_range(pool_waiting(pool), ROOM - 1, ROOM);
	assert_int_equal(runs, 0);
	pthread_mutex_unlock(&gate);
	pool_stop(&pool);
	assert_int_equal(runs, taken);
	close_store(&store, dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_job_runs_once),
		cmocka_unit_test(a_full_queue_refuses),
	};

	return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
