/*
 * test_pg.c - what is PostgreSQL's own: servers and databases that are refused, and what becomes of a group when
 * the connection or the server is lost, at whatever moment. Run by test_store_pg.sh.
 */
#include "tests/unit/test_store.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "store/pg_int.h"

/* ---- what is refused ------------------------------------------------------------------------- */

static void
expect_refused(struct fixture *f, int err, const char *part)
{
	struct why why = { 0 };
	struct store *store;

	assert_int_equal(store_open(&f->cf, &store, &why), err);
	assert_null(store);
	if (strstr(why.text, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why.text, part);
}

static void
urls_that_are_refused(void **state)
{
	static const struct {
		const char *url;
		int err;
		const char *says;
	} rows[] = {
		{ "postgresql:", ERR_SYNTAX, "neither a URI nor" },
		{ "postgresql:ppg", ERR_SYNTAX, "neither a URI nor" },
		{ "postgresql:host=/nowhere password=top secret", ERR_SYNTAX, "neither a URI nor" },
		{ "postgresql:host=/nowhere nonsense=secret", ERR_SYNTAX, "neither a URI nor" },
		{ "postgresql://ppg:sec/ret@db.example.net/ppg", ERR_SYNTAX, "" },
		{ "postgresql:host=/nowhere\ndbname=x", ERR_SYNTAX, "neither a URI nor" },
		{ "postgresql:host=/nowhere dbname=secretless password=secret", ERR_IO, "host=/nowhere" },
		{ "postgresql://ppg:secret@%2Fnowhere/ppg", ERR_IO, "dbname=ppg" },
		{ "postgres://ppg:secret@db.example.net/ppg", ERR_UNSUPPORTED, "store postgres: unknown kind" },
	};
	struct fixture f = { .cf = { .rules = test_rules() } };
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct why why = { 0 };
		struct store *store;
		int err;

		f.cf.url = rows[i].url;
		err = store_open(&f.cf, &store, &why);
		if (err != rows[i].err || strstr(why.text, rows[i].says) == NULL)
			fail_msg("row %zu: %s: %s", i, err_name(err), why.text);
		if (strstr(why.text, "secret ") != NULL || strstr(why.text, "sec/") != NULL ||
		    strstr(why.text, "=secret\n") != NULL || strstr(why.text, ":secret@") != NULL)
			fail_msg("row %zu tells the password: %s", i, why.text);
	}
}

/* A reload takes a moment: ask new sessions until they have it. */
static void
wait_setting(const struct fixture *f, const char *name, const char *value)
{
	char sql[128];
	int i;

	snprintf(sql, sizeof sql, "SELECT (current_setting('%s') = '%s')::int", name, value);
	for (i = 0; pg_number(f->url, sql) != 1; i++) {
		assert_true(i < 600);
		poll(NULL, 0, 50);
	}
}

static void
servers_that_promise_nothing(void **state)
{
	static const char *const names[] = { "fsync", "full_page_writes", "synchronous_commit" };
	struct fixture *f = *state;
	char sql[128];
	size_t i;

	fixture_close(f);
	for (i = 0; i < 3; i++) {
		snprintf(sql, sizeof sql, "ALTER SYSTEM SET %s = off", names[i]);
		pg_exec(f->url, sql);
		pg_exec(f->url, "SELECT pg_reload_conf()");
		wait_setting(f, names[i], "off");
		snprintf(sql, sizeof sql, "%s is off", names[i]);
		expect_refused(f, ERR_UNSUPPORTED, sql);
		snprintf(sql, sizeof sql, "ALTER SYSTEM RESET %s", names[i]);
		pg_exec(f->url, sql);
		pg_exec(f->url, "SELECT pg_reload_conf()");
		wait_setting(f, names[i], "on");
	}
	snprintf(sql, sizeof sql, "ALTER DATABASE \"%s\" SET synchronous_commit = off", f->folder);
	pg_exec(f->url, sql);
	expect_refused(f, ERR_UNSUPPORTED, "set synchronous_commit = on (server, database and role)");
	snprintf(sql, sizeof sql, "ALTER DATABASE \"%s\" RESET synchronous_commit", f->folder);
	pg_exec(f->url, sql);
	snprintf(sql, sizeof sql, "ALTER ROLE ppg IN DATABASE \"%s\" SET synchronous_commit = off", f->folder);
	pg_exec(f->url, sql);
	expect_refused(f, ERR_UNSUPPORTED, "synchronous_commit is off");
	snprintf(sql, sizeof sql, "ALTER ROLE ppg IN DATABASE \"%s\" RESET synchronous_commit", f->folder);
	pg_exec(f->url, sql);
	fixture_open(f);
}

/* Version 2 only has two tables more. */
static void
version_1_is_taken_over(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_one("pi1", "old");
	struct store_recipient held = { .address = "a", .to = "+1", .state = ST_HELD };
	struct store_memory row = { .kind = 1, .until = NOW + 100 };
	struct store_memories m = { .rows = &row, .n = 1 };
	struct store_view v;

	a.recipients = &held;
	assert_int_equal(run_accept(f, &a), OK);
	fixture_close(f);
	pg_exec(f->url, "DROP TABLE openppg.remark, openppg.memory; ALTER TABLE openppg.state DROP COLUMN held; UPDATE openppg.meta SET version = 1");
	fixture_open(f);
	assert_int_equal(pg_number(f->url, "SELECT version FROM openppg.meta"), 2);
	assert_int_equal(store_read_push(f->reader, "pi1", "old", 0, 1, &v), OK);
	store_view_done(&v);
	assert_int_equal(run_op(f, &m.op, STORE_MEMORY), OK);
	fixture_reopen(f);
	assert_int_equal(pg_number(f->url, "SELECT count(*) FROM openppg.memory"), 1);
	assert_int_equal(stats(f).held, 1);
}

static void
schemas_that_are_not_ours(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_one("pi1", "id");

	assert_int_equal(run_accept(f, &a), OK);
	fixture_close(f);
	pg_exec(f->url, "UPDATE openppg.meta SET version = 99");
	expect_refused(f, ERR_UNSUPPORTED, "schema version 99, this program knows up to 2");
	assert_int_equal(pg_number(f->url, "SELECT version FROM openppg.meta"), 99);
	assert_int_equal(pg_number(f->url, "SELECT count(*) FROM openppg.push"), 1);
	pg_exec(f->url, "SET client_min_messages = error; DROP SCHEMA openppg CASCADE; CREATE SCHEMA openppg;"
	    " CREATE TABLE openppg.mine(a int)");
	expect_refused(f, ERR_SYNTAX, "is not one of this program");
	assert_int_equal(pg_number(f->url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'openppg'"), 1);
	pg_exec(f->url, "SET client_min_messages = error; DROP SCHEMA openppg CASCADE");
	fixture_open(f);
}

static void
a_second_process_stays_out(void **state)
{
	struct fixture *f = *state;

	expect_refused(f, ERR_BUSY, "in use by another process");
}

/* ---- something between us and the server that can be cut -------------------------------------- */

enum cut { CUT_NOT, CUT_BEFORE_COMMIT, CUT_AFTER_COMMIT };

struct wire {
	struct sockaddr_un here, server;	/* in the folder of the server: socket names are short */
	int listener, client, upstream;
	pthread_t thread;
	pthread_mutex_t lock;
	enum cut cut;			/* what is to happen with the next COMMIT, once */
	bool closed;			/* new connections are refused */
	bool stop;
	unsigned cuts;
};

static struct sockaddr_un
address_of(int port)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	assert_in_range(snprintf(a.sun_path, sizeof a.sun_path, "%s/.s.PGSQL.%d", getenv("OPENPPG_TEST_PG"), port), 1,
	    sizeof a.sun_path - 1);
	return a;
}

static void
hang_up(struct wire *w)
{
	if (w->client >= 0)
		close(w->client);
	if (w->upstream >= 0)
		close(w->upstream);
	w->client = w->upstream = -1;
}

static void
answer_call(struct wire *w)
{
	int fd = accept(w->listener, NULL, NULL);
	bool closed;

	pthread_mutex_lock(&w->lock);
	closed = w->closed;
	pthread_mutex_unlock(&w->lock);
	if (closed) {
		close(fd);
		return;
	}
	hang_up(w);
	w->client = fd;
	w->upstream = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(w->upstream, (struct sockaddr *)&w->server, sizeof w->server) != 0)
		hang_up(w);
}

static void
put_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k <= 0)
			return;
		p += k;
		n -= (size_t)k;
	}
}

/* One turn from the client. Its writes are small here: COMMIT and its NUL are never split. */
static void
pass(struct wire *w)
{
	static char buf[1 << 20];
	ssize_t n = read(w->client, buf, sizeof buf);
	char answer[4096];
	enum cut cut;

	if (n <= 0) {
		hang_up(w);
		return;
	}
	pthread_mutex_lock(&w->lock);
	cut = memmem(buf, (size_t)n, "COMMIT", 7) != NULL ? w->cut : CUT_NOT;
	if (cut != CUT_NOT) {
		w->cut = CUT_NOT;
		w->cuts++;
	}
	pthread_mutex_unlock(&w->lock);
	if (cut != CUT_BEFORE_COMMIT)
		put_all(w->upstream, buf, (size_t)n);
	if (cut == CUT_AFTER_COMMIT)	/* it is written when the answer is there, which nobody gets */
		n = read(w->upstream, answer, sizeof answer);
	if (cut != CUT_NOT)
		hang_up(w);
}

static void *
run_wire(void *arg)
{
	struct wire *w = arg;

	for (;;) {
		struct pollfd p[] = { { .fd = w->listener, .events = POLLIN }, { .fd = w->client, .events = POLLIN },
			{ .fd = w->upstream, .events = POLLIN } };
		char buf[65536];
		ssize_t n;

		poll(p, 3, 50);
		pthread_mutex_lock(&w->lock);
		if (w->stop) {
			pthread_mutex_unlock(&w->lock);
			hang_up(w);
			return NULL;
		}
		pthread_mutex_unlock(&w->lock);
		if (p[2].revents != 0 && w->upstream >= 0) {
			n = read(w->upstream, buf, sizeof buf);
			if (n <= 0)
				hang_up(w);
			else
				put_all(w->client, buf, (size_t)n);
		}
		if (p[1].revents != 0 && w->client >= 0)
			pass(w);
		if (p[0].revents != 0)
			answer_call(w);
	}
}

static void
wire_set(struct wire *w, enum cut cut, bool closed)
{
	pthread_mutex_lock(&w->lock);
	w->cut = cut;
	w->closed = closed;
	pthread_mutex_unlock(&w->lock);
}

/* The fixture's store opens again, its connection through the wire. */
static struct wire *
wire_start(struct fixture *f)
{
	static char url[700];
	struct wire *w = calloc(1, sizeof *w);
	struct why why;

	assert_non_null(w);
	w->here = address_of(6000);
	w->server = address_of(5432);
	unlink(w->here.sun_path);
	w->client = w->upstream = -1;
	w->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(w->listener, (struct sockaddr *)&w->here, sizeof w->here), 0);
	assert_int_equal(listen(w->listener, 5), 0);
	pthread_mutex_init(&w->lock, NULL);
	assert_int_equal(pthread_create(&w->thread, NULL, run_wire, w), 0);
	fixture_close(f);
	snprintf(url, sizeof url, "%s port=6000", f->url);
	f->cf.url = url;
	if (store_open(&f->cf, &f->store, &why) != OK)
		fail_msg("%s", why.text);
	f->cf.url = f->url;
	return w;
}

static void
wire_stop(struct fixture *f, struct wire *w)
{
	store_close(&f->store);
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	close(w->listener);
	unlink(w->here.sun_path);
	pthread_mutex_destroy(&w->lock);
	free(w);
	fixture_open(f);
}

/* ---- the connection breaks -------------------------------------------------------------------- */

/* Whether COMMIT got through or not: the group is done once, and its operations do not notice. */
static void
a_cut_at_commit(void **state)
{
	static const enum cut cuts[] = { CUT_AFTER_COMMIT, CUT_BEFORE_COMMIT };
	struct fixture *f = *state;
	struct wire *w = wire_start(f);
	size_t i;

	for (i = 0; i < 2; i++) {
		struct store_accept a = accept_one("pi1", i == 0 ? "after" : "before");
		struct store_receipt r = receipt("smsc1", i == 0 ? "m0" : "m1", EV_RECEIPT_OK);
		struct store_event e;
		struct store_take t;
		struct group g = { 0 };
		char ids[1][66];

		wire_set(w, cuts[i], false);
		assert_int_equal(run_accept(f, &a), OK);
		assert_int_equal(w->cuts, i * 4 + 1);
		wire_set(w, cuts[i], false);
		t = take(f, NOW, 10);
		assert_int_equal(t.n_items, 1);
		assert_int_equal(t.items->push, a.push);
		e = event_on(t.items, EV_SUBMITTED);
		snprintf(ids[0], sizeof ids[0], "m%zu", i);
		e.link = "smsc1";
		e.message_ids = ids;
		e.n_ids = 1;
		wire_set(w, cuts[i], false);
		assert_int_equal(run_event(f, &e), OK);
		assert_int_equal(e.from, ST_TAKEN);
		assert_int_equal(e.to, ST_SUBMITTED);
		wire_set(w, cuts[i], false);
		group_add(&g, &r.op, STORE_RECEIPT);
		run_group_ops(f, &g);		/* the one that holds the writer is cut */
		assert_int_equal(r.op.result, OK);
		assert_int_equal(r.to, ST_DELIVERED);
		assert_int_equal(w->cuts, i * 4 + 4);
		free_items(&t);
	}
	assert_int_equal(stats(f).pushes, 2);
	assert_int_equal(stats(f).live, 0);
	assert_int_equal(f->fatal, 0);
	wire_stop(f, w);
	assert_int_equal(stats(f).recovered, 0);
	assert_int_equal(stats(f).pushes, 2);
	assert_int_equal(stats(f).recipients, 2);
	assert_int_equal(pg_number(f->url, "SELECT count(*) FROM openppg.audit"), 8);
}

static atomic_uint stored;

static void
note_stored(struct store_op *op)
{
	atomic_fetch_add(&stored, 1);
}

/*
 * The server stays away longer than a group waits: refused, and the process goes on. What had been written all
 * the same is found when it is back, and nobody waits for it for ever.
 */
static void
refused_while_the_server_is_away(void **state)
{
	struct fixture *f = *state;
	struct wire *w = wire_start(f);
	struct pg *pg = f->store->db;
	struct store_accept a = accept_one("pi1", "written"), b = accept_one("pi1", "not"), c = accept_one("pi1", "later");
	struct store_item *item = take_one(f, "sent");
	struct store_event e = event_on(item, EV_SENT);
	struct store_take t;
	int i;

	pg->patience_ms = 200;
	a.take = true;
	wire_set(w, CUT_AFTER_COMMIT, true);
	assert_int_equal(run_accept(f, &a), ERR_FULL);
	assert_int_equal(a.push, 0);
	assert_int_equal(a.batch, 0);
	assert_int_equal(run_accept(f, &b), ERR_FULL);
	/* What has happened already is not refused: it waits. */
	e.op.kind = STORE_EVENT;
	e.op.done = note_stored;
	assert_int_equal(store_submit(f->store, &e.op), OK);
	assert_int_equal(run_accept(f, &b), ERR_FULL);
	assert_int_equal(run_accept(f, &b), ERR_FULL);
	assert_int_equal(atomic_load(&stored), 0);
	assert_int_equal(f->fatal, 0);
	wire_set(w, CUT_NOT, false);
	for (i = 0; run_accept(f, &c) == ERR_FULL; i++) {
		assert_true(i < 1200);
		poll(NULL, 0, 50);
	}
	assert_int_equal(c.op.result, OK);
	assert_int_equal(atomic_load(&stored), 1);
	assert_int_equal(e.op.result, OK);
	assert_int_equal(e.to, ST_DELIVERED);
	store_item_free(item);
	assert_int_equal(stats(f).pushes, 3);
	t = take(f, NOW, 10);			/* the batch that nobody got has been requeued */
	assert_int_equal(t.n_items, 2);
	assert_false(t.items->maybe_sent);
	free_items(&t);
	assert_int_equal(run_accept(f, &a), ERR_EXISTS);
	assert_int_equal(run_accept(f, &b), OK);

	/* Whoever closes the store then does not wait for it, either. */
	item = take_one(f, "last");
	e = event_on(item, EV_SENT);
	e.op.kind = STORE_EVENT;
	e.op.done = note_stored;
	wire_set(w, CUT_BEFORE_COMMIT, true);
	assert_int_equal(store_submit(f->store, &e.op), OK);
	assert_int_equal(run_accept(f, &a), ERR_FULL);
	assert_int_equal(atomic_load(&stored), 1);
	store_item_free(item);
	wire_stop(f, w);
	assert_int_equal(atomic_load(&stored), 2);
	assert_int_equal(e.op.result, ERR_FULL);
	assert_int_equal(look(f, "pi1", "last", 0).state, ST_QUEUED);
}

static void
sessions_that_an_operator_ends(void **state)
{
	struct fixture *f = *state;
	struct store_view v;
	int i;

	for (i = 0; i < 10; i++) {
		struct store_accept a;
		char id[16];

		snprintf(id, sizeof id, "id%d", i);
		a = accept_one("pi1", id);
		pg_exec(f->url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'ppgd%'"
		    " AND datname = current_database()");
		assert_int_equal(run_accept(f, &a), OK);
		assert_int_equal(store_read_push(f->reader, "pi1", id, 0, 1, &v), OK);
		assert_int_equal(v.n, 1);
		store_view_done(&v);
	}
	assert_int_equal(stats(f).pushes, 10);
	assert_int_equal(f->fatal, 0);
}

/* Who has lost the lock for a moment must not write over what another has done. */
static void
another_process_was_there_meanwhile(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_one("pi1", "id");

	pg_exec(f->url, "UPDATE openppg.state SET owner = owner + 1");
	pg_exec(f->url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ppgd'"
	    " AND datname = current_database()");
	assert_int_equal(run_accept(f, &a), ERR_CLOSED);
	assert_int_equal(f->fatal, 1);
	assert_non_null(strstr(f->fatal_why, "another process used it meanwhile"));
	assert_int_equal(pg_number(f->url, "SELECT count(*) FROM openppg.push"), 0);
}

/* ---- the server dies -------------------------------------------------------------------------- */

enum { LIVES = 4, WIDTH = 50 };

struct feeder {
	struct fixture *f;
	atomic_bool stop;
	atomic_uint accepted;
	unsigned others;		/* results that are neither OK nor a refusal for now */
};

static void
name_push(char out[24], unsigned i)
{
	snprintf(out, 24, "push-%u", i);
}

/* Groups of ACCEPT one after the other; push i was acknowledged when i < accepted. */
static void *
feed(void *arg)
{
	static struct store_accept a[WIDTH];
	static char ids[WIDTH][24];
	struct feeder *d = arg;
	unsigned i;

	while (!atomic_load(&d->stop)) {
		struct group g = { 0 };

		for (i = 0; i < WIDTH; i++) {
			name_push(ids[i], atomic_load(&d->accepted) + i);
			a[i] = accept_one("pi1", ids[i]);
			a[i].body = d->f->body;
			a[i].take = i % 2 == 0;
			group_add(&g, &a[i].op, STORE_ACCEPT);
		}
		run_group_ops(d->f, &g);
		for (i = 0; i < WIDTH; i++)
			d->others += a[i].op.result != OK;
		atomic_fetch_add(&d->accepted, WIDTH);
	}
	return NULL;
}

static void
server(const char *what)
{
	char command[600];

	snprintf(command, sizeof command, "bash %s/tests/unit/pg_cluster.sh %s %s", TOP_SRCDIR, what,
	    getenv("OPENPPG_TEST_PG"));
	assert_int_equal(system(command), 0);
}

static void
the_server_is_killed_under_load(void **state)
{
	struct fixture *f = *state;
	struct feeder d = { .f = f };
	struct store_view v;
	pthread_t thread;
	unsigned i, seen;
	char id[24];

	assert_int_equal(pthread_create(&thread, NULL, feed, &d), 0);
	for (i = 0; i < LIVES; i++) {
		for (seen = atomic_load(&d.accepted); atomic_load(&d.accepted) < seen + 5 * WIDTH; )
			poll(NULL, 0, 1);
		server("kill");
		server("again");
	}
	for (seen = atomic_load(&d.accepted); atomic_load(&d.accepted) < seen + 5 * WIDTH; )
		poll(NULL, 0, 1);
	atomic_store(&d.stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(d.others, 0);
	assert_int_equal(f->fatal, 0);
	assert_int_equal(stats(f).pushes, d.accepted);
	assert_int_equal(pg_number(f->url, "SELECT count(*) FROM openppg.push"), d.accepted);
	for (i = 0; i < d.accepted; i++) {
		name_push(id, i);
		if (store_read_push(f->reader, "pi1", id, 0, 1, &v) != OK)
			fail_msg("%s was acknowledged and is lost", id);
		assert_int_equal(v.recipients[0].state, i % 2 == 0 ? ST_TAKEN : ST_QUEUED);
		store_view_done(&v);
	}
	fixture_reopen(f);
	assert_int_equal(stats(f).recovered, d.accepted / 2);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_that_are_refused),
		CONTRACT_TEST(servers_that_promise_nothing),
		CONTRACT_TEST(schemas_that_are_not_ours),
		CONTRACT_TEST(version_1_is_taken_over),
		CONTRACT_TEST(a_second_process_stays_out),
		CONTRACT_TEST(a_cut_at_commit),
		CONTRACT_TEST(refused_while_the_server_is_away),
		CONTRACT_TEST(sessions_that_an_operator_ends),
		CONTRACT_TEST(another_process_was_there_meanwhile),
		CONTRACT_TEST(the_server_is_killed_under_load),
	};

	if (pg_server() == NULL) {
		printf("1..0 # SKIP test_store_pg.sh starts the server\n");
		return 0;
	}
	return contract_run(tests, sizeof tests / sizeof tests[0]);
}
