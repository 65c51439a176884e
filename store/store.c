/*
 * store.c - the queue, the writer thread and group commit; what every engine has in common.
 */
#include "store/store_int.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"

static const struct store_engine *const engines[] = { &store_sqlite, &store_postgres };

static const struct store_engine *
engine_of(const char *url, const char **where)
{
	size_t i;

	for (i = 0; i < sizeof engines / sizeof engines[0]; i++) {
		size_t n = strlen(engines[i]->scheme);

		if (strncmp(url, engines[i]->scheme, n) == 0 && url[n] == ':') {
			*where = url + n + 1;
			return engines[i];
		}
	}
	return NULL;
}

int64_t
store_mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
fill_defaults(struct store_config *cf)
{
	if (cf->max_queue == 0)
		cf->max_queue = 20000;
	if (cf->group_max == 0)
		cf->group_max = 2000;
	if (cf->retention_s == 0)
		cf->retention_s = 7 * 86400;
	if (cf->audit_retention_s == 0)
		cf->audit_retention_s = 30 * 86400;
	if (cf->audit_retention_s < cf->retention_s)
		cf->audit_retention_s = cf->retention_s;
	if (cf->receipt_margin_s == 0)
		cf->receipt_margin_s = 3600;
	if (cf->orphan_s == 0)
		cf->orphan_s = 60;
	if (cf->memory_max == 0)
		cf->memory_max = 500000;
	if (cf->cache_kib == 0)
		cf->cache_kib = 16 * 1024;
}

/* ---- writer thread --------------------------------------------------------------------- */

enum { KEPT_AGAIN_MS = 500 };		/* from one try to write kept events to the next */

static void
die(struct store *store, const struct why *why)
{
	store->dead = true;
	if (store->cf.fatal != NULL)
		store->cf.fatal(store->cf.arg, why->text);
}

static void
keep(struct store *store, struct store_op *op)
{
	op->result = OK;
	op->node.next = NULL;
	*store->kept_tail = &op->node;
	store->kept_tail = &op->node.next;
}

/* Nobody may look at an operation after its done(): its owner may have freed it. */
static void
finish(struct store *store, size_t n, int result)
{
	bool keeps = result == ERR_FULL && !store->closing;
	size_t i;

	for (i = 0; i < n; i++) {
		struct store_op *op = store->group[i];

		if (result != OK) {
			store_op_clear(op);
			op->result = result;
		}
		if (keeps && op->kind == STORE_EVENT)
			keep(store, op);
		else
			op->done(op);
	}
}

/* The first of the operations that wait, as the group that runs next. */
static size_t
take_group(struct store *store, struct qnode **all)
{
	size_t n = 0;

	while (*all != NULL && n < store->cf.group_max) {
		store->group[n++] = (struct store_op *)*all;
		*all = (*all)->next;
	}
	return n;
}

const uint32_t store_commit_sizes[STORE_SIZES] = { 1, 4, 16, 64, 256, 1024 };
const uint32_t store_commit_times_us[STORE_TIMES] = { 1000, 2500, 5000, 10000, 25000, 100000, 500000, 2500000 };

/* The first of n bounds that is not below value; n when there is none. */
static size_t
bucket(const uint32_t *bounds, size_t n, uint64_t value)
{
	size_t i;

	for (i = 0; i < n && value > bounds[i]; i++)
		;
	return i;
}

static void
show_stats(struct store *store, size_t n, int64_t us)
{
	store->next.commit_sizes[bucket(store_commit_sizes, STORE_SIZES, n)]++;
	store->next.commit_times[bucket(store_commit_times_us, STORE_TIMES, (uint64_t)us)]++;
	store->next.commits++;
	store->next.operations += n;
	store->next.commit_us_total += (uint64_t)us;
	if ((uint64_t)us > store->next.commit_us_max)
		store->next.commit_us_max = (uint64_t)us;
	pthread_mutex_lock(&store->stats_lock);
	store->stats = store->next;
	pthread_mutex_unlock(&store->stats_lock);
}

static void
run_group(struct store *store, size_t n)
{
	struct store_stats before = store->next;
	struct why why = { 0 };
	int64_t start = clock_mono_us();
	int err;

	store->notes_added = false;
	err = store->engine->group(store, store->group, n, &why);
	if (err != OK)
		store->next = before;
	else
		show_stats(store, n, clock_mono_us() - start);
	if (err == ERR_FULL && !store->refusing)
		log_error("store", "%s; operations are refused", why.text);
	else if (err == OK && store->refusing)
		log_info("store", "operations are taken again");
	else if (err != OK && err != ERR_FULL)
		die(store, &why);
	store->refusing = err == ERR_FULL;
	finish(store, n, err == OK || err == ERR_FULL ? err : ERR_CLOSED);
	if (err == OK && store->notes_added && store->cf.notes_due != NULL)
		store->cf.notes_due(store->cf.arg);
}

/*
 * Kept events go again before all that waits, in groups of their own: what makes others fail is not in their way. Those
 * that are refused once more stay, in their order, for the next time.
 */
static void
run_kept(struct store *store)
{
	while (store->kept != NULL) {
		struct qnode *rest = store->kept, **end = store->kept_tail;
		size_t n = take_group(store, &rest);
		bool refused;

		store->kept = NULL;
		store->kept_tail = &store->kept;
		if (store->dead)
			finish(store, n, ERR_CLOSED);
		else
			run_group(store, n);
		refused = store->kept != NULL;
		if (rest != NULL) {
			*store->kept_tail = rest;
			store->kept_tail = end;
		}
		if (refused) {
			store->kept_again_ms = store_mono_ms() + KEPT_AGAIN_MS;
			return;
		}
	}
	store->kept_again_ms = 0;
}

/* What waits now, oldest first. *over: nothing will come any more. */
static struct qnode *
wait_for_some(struct store *store, bool *over)
{
	int64_t ms = store->kept_again_ms - store_mono_ms();
	struct qnode *all = queue_take(&store->queue, store->kept == NULL ? -1 : ms > 0 ? (int)ms : 0);

	*over = all == NULL && (store->kept == NULL || queue_is_closed(&store->queue)) &&
	    (all = queue_take(&store->queue, 0)) == NULL;
	return all;
}

static void
run_all(struct store *store, struct qnode *all)
{
	struct why why = { 0 };

	while (all != NULL) {
		size_t n;

		if (store->closing)
			run_kept(store);
		n = take_group(store, &all);
		if (store->dead) {
			finish(store, n, ERR_CLOSED);
			continue;
		}
		if (store->kept != NULL) {	/* these would be refused as well, and be in the way */
			finish(store, n, ERR_FULL);
			continue;
		}
		run_group(store, n);
		run_kept(store);
		if (!store->dead && store->engine->rest(store, all != NULL || queue_length(&store->queue) > 0, &why) != OK)
			die(store, &why);
	}
}

static void *
writer(void *arg)
{
	struct store *store = arg;
	bool over = false;

	while (!over) {
		struct qnode *all = wait_for_some(store, &over);

		if (store->kept != NULL && store_mono_ms() >= store->kept_again_ms)
			run_kept(store);
		run_all(store, all);
	}
	store->closing = true;
	run_kept(store);		/* one more try */
	return NULL;
}

/* An engine says "path: reason"; who starts a gateway is told what the path is. */
static void
say_store(struct why *why)
{
	struct why said;

	if (why == NULL)
		return;
	said = *why;
	why_set(why, OK, "store %s", said.text);
}

/* ---- API ------------------------------------------------------------------------------- */

int
store_open(const struct store_config *cf, struct store **out, struct why *why)
{
	const struct store_engine *engine;
	const char *where;
	struct store *store;
	int err;

	*out = NULL;
	if ((engine = engine_of(cf->url, &where)) == NULL)
		return why_set(why, ERR_UNSUPPORTED, "store %.*s: unknown kind, \"sqlite:path\" or"
		    " \"postgresql:...\" expected", (int)(strcspn(cf->url, ":") < 32 ? strcspn(cf->url, ":") : 32),
		    cf->url);		/* what follows may hold a password */
	if ((store = calloc(1, sizeof *store)) == NULL)
		abort();
	store->engine = engine;
	store->kept_tail = &store->kept;
	store->cf = *cf;
	fill_defaults(&store->cf);
	store->cf.url = NULL;		/* the caller's */
	if ((store->group = calloc((size_t)store->cf.group_max + 1, sizeof store->group[0])) == NULL)
		abort();
	pthread_mutex_init(&store->stats_lock, NULL);
	queue_init(&store->queue, store->cf.max_queue, NULL, NULL);
	err = engine->open(store, where, why);
	store->stats = store->next;
	if (err == OK && pthread_create(&store->writer, NULL, writer, store) != 0) {
		engine->close(store);
		err = why_set(why, ERR_IO, "cannot start a thread");
	}
	if (err != OK) {
		say_store(why);
		queue_done(&store->queue);
		pthread_mutex_destroy(&store->stats_lock);
		free(store->group);
		free(store);
		return err;
	}
	*out = store;
	return OK;
}

void
store_hurry(struct store *store)
{
	store->closing = true;
}

void
store_close(struct store **pp)
{
	struct store *store = *pp;

	if (store == NULL)
		return;
	*pp = NULL;
	queue_close(&store->queue);
	pthread_join(store->writer, NULL);
	store->engine->close(store);
	queue_done(&store->queue);
	pthread_mutex_destroy(&store->stats_lock);
	free(store->group);
	free(store);
}

int
store_submit(struct store *store, struct store_op *op)
{
	store_op_init(op);
	/* what has happened cannot be refused; who has it in hand is bounded */
	if (op->kind == STORE_EVENT)
		return queue_put_always(&store->queue, &op->node);
	return queue_put(&store->queue, &op->node);
}

void
store_stats(struct store *store, struct store_stats *out)
{
	pthread_mutex_lock(&store->stats_lock);
	*out = store->stats;
	pthread_mutex_unlock(&store->stats_lock);
}

uint64_t
store_usage(struct store *store, const char *pi, int64_t day)
{
	return store->engine->usage(store, pi, day);
}

struct store_reader {
	const struct store_engine *engine;
	void *db;
};

int
store_reader_open(struct store *store, struct store_reader **out, struct why *why)
{
	struct store_reader *r;
	void *db;
	int err;

	*out = NULL;
	if ((err = store->engine->reader_open(store, &db, why)) != OK)
		return err;
	if ((r = malloc(sizeof *r)) == NULL)
		abort();
	*r = (struct store_reader){ .engine = store->engine, .db = db };
	*out = r;
	return OK;
}

void
store_reader_close(struct store_reader **pp)
{
	if (*pp == NULL)
		return;
	(*pp)->engine->reader_close((*pp)->db);
	free(*pp);
	*pp = NULL;
}

int
store_read_push(struct store_reader *reader, const char *pi, const char *push_id, uint32_t first,
    uint32_t max, struct store_view *out)
{
	int err;

	*out = (struct store_view){ 0 };
	err = reader->engine->read_push(reader->db, pi, push_id, first, max, out);
	if (err != OK)
		store_view_done(out);
	return err;
}

int
store_read_recipients(struct store_reader *reader, const char *pi, const char *push_id, const char *const *keys,
    uint32_t n_keys, struct store_view *out)
{
	int err;

	*out = (struct store_view){ 0 };
	err = reader->engine->read_recipients(reader->db, pi, push_id, keys, n_keys, out);
	if (err)
		store_view_done(out);
	return err;
}

int
store_read_message(struct store_reader *reader, const char *pi, const char *push_id, const char *key,
    struct store_message *out)
{
	int err;

	*out = (struct store_message){ .erased = false };
	err = reader->engine->read_message(reader->db, pi, push_id, key, out);
	if (err)
		store_message_done(out);
	return err;
}

int
store_read_pushes(struct store_reader *reader, const char *pi, int64_t before, uint32_t max,
    struct store_push_row **rows, uint32_t *n)
{
	*rows = NULL;
	*n = 0;
	return reader->engine->read_pushes(reader->db, pi, before, max, rows, n);
}

int
store_read_audit(struct store_reader *reader, const char *pi, const char *push_id, int64_t after, uint32_t max,
    struct store_audit_row **rows, uint32_t *n)
{
	*rows = NULL;
	*n = 0;
	return reader->engine->read_audit(reader->db, pi, push_id, after, max, rows, n);
}

int
store_read_subscriber(struct store_reader *reader, const char *key, struct store_subscriber_view *out)
{
	*out = (struct store_subscriber_view){ 0 };
	return reader->engine->read_subscriber(reader->db, key, out);
}

int
store_read_any_subscriber(struct store_reader *reader, bool *any)
{
	*any = false;
	return reader->engine->read_any_subscriber(reader->db, any);
}

int
store_read_remark(struct store_reader *reader, int64_t push, uint32_t n, uint32_t *first_n, uint32_t *n_chunk,
    char **text)
{
	*text = NULL;
	return reader->engine->read_remark(reader->db, push, n, first_n, n_chunk, text);
}

int
store_read_memory(struct store_reader *reader, int64_t now, void (*each)(void *arg, const struct store_memory *row),
    void *arg)
{
	return reader->engine->read_memory(reader->db, now, each, arg);
}

int
store_read_profiles(struct store_reader *reader, const char *after, uint32_t max, struct store_profile_row **rows,
    uint32_t *n)
{
	*rows = NULL;
	*n = 0;
	return reader->engine->read_profiles(reader->db, after != NULL ? after : "", max, rows, n);
}

int
store_read_profile(struct store_reader *reader, const char *name, struct sbuf *document, char **content_type)
{
	*content_type = NULL;
	return reader->engine->read_profile(reader->db, name, document, content_type);
}
