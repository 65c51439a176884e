/*
 * test_store_crash.c - what an accepted push survives: kill -9, power cuts, a full or broken disk.
 * SQLite engine.
 */
#include "tests/unit/test_store.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/sqlite_int.h"
#include "tests/unit/fault_vfs.h"

static int
setup(void **state)
{
	struct fixture *f = fixture_create("sqlite:%s/ppg.db");

	f->cf.cache_kib = 128;		/* indexes of 256 entries: they merge all the time */
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	fixture_destroy(*state);
	return 0;
}

static void
check_integrity(struct fixture *f)
{
	sqlite3_stmt *q;
	sqlite3 *sql;

	assert_int_equal(sqlite3_open(f->path, &sql), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(sql, "PRAGMA integrity_check", -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(q, 0), "ok");
	sqlite3_finalize(q);
	sqlite3_close(sql);
}

/* ---- a workload, and what of it was acknowledged --------------------------------------- */

/*
 * Each push lives through the stages of its number: all are accepted (every third with take),
 * two of three are submitted, every third of all gets its receipt, the fifth of each ten is final
 * by cancelling. What was acknowledged is noted; what comes back later must be at least that.
 */
enum { PUSHES = 3000, STAGES = 3 };
enum stage { ACCEPTED = 1, SUBMITTED, RECEIVED };

struct ledger {
	uint8_t acked[PUSHES];		/* enum stage */
	uint8_t tried[PUSHES];
};

static void
name_push(char out[24], unsigned i)
{
	snprintf(out, 24, "push-%u", i * 2654435761u);
}

static void
name_message(char out[66], unsigned i)
{
	snprintf(out, 66, "%08X", i * 2246822519u);
}

struct work {
	struct store_accept accept;
	struct store_event event;
	struct store_receipt receipt;
	unsigned i;
	char id[24], message_id[1][66];
};

enum { WIDTH = 20 };			/* pushes of a group */
enum { ROUNDS = PUSHES / WIDTH };

/* The operations of round k: accept group k, submit k - 1, receipts for k - 2. */
static void
plan(struct fixture *f, struct work *w, unsigned k, struct group *g)
{
	unsigned i;

	for (i = 0; i < WIDTH && k < ROUNDS; i++) {
		struct work *in = &w[k % 3 * WIDTH + i];

		in->i = k * WIDTH + i;
		name_push(in->id, in->i);
		name_message(in->message_id[0], in->i);
		in->accept = accept_one("pi1", in->id);
		in->accept.body = f->body;
		in->accept.take = true;
		group_add(g, &in->accept.op, STORE_ACCEPT);
	}
	for (i = 0; i < WIDTH && k >= 1 && k <= ROUNDS; i++) {
		struct work *s = &w[(k + 2) % 3 * WIDTH + i];

		if (s->accept.op.result != OK || s->i % 3 == 0)
			continue;
		s->event = event_of(s->accept.push, 0, EV_SUBMITTED);
		s->event.batch = s->accept.batch;
		s->event.link = "smsc1";
		s->event.message_ids = s->message_id;
		s->event.n_ids = 1;
		group_add(g, &s->event.op, STORE_EVENT);
	}
	for (i = 0; i < WIDTH && k >= 2; i++) {
		struct work *r = &w[(k + 1) % 3 * WIDTH + i];

		if (r->accept.op.result != OK || r->i % 3 != 1 || r->event.op.result != OK)
			continue;
		r->receipt = receipt("smsc1", r->message_id[0], EV_RECEIPT_OK);
		group_add(g, &r->receipt.op, STORE_RECEIPT);
	}
}

static const struct work *
work_of(const struct work *w, const struct store_op *op, enum stage *stage)
{
	size_t i;

	for (i = 0; i < 3 * WIDTH; i++) {
		*stage = op == &w[i].accept.op ? ACCEPTED : op == &w[i].event.op ? SUBMITTED :
		    op == &w[i].receipt.op ? RECEIVED : 0;
		if (*stage != 0)
			return &w[i];
	}
	fail();
	return NULL;
}

/* Every acknowledged push is there, as far as it was acknowledged; nothing is taken; all that waits is due. */
static void
check_ledger(struct fixture *f, const struct ledger *l)
{
	unsigned i, queued = 0, found = 0;
	struct store_view v;
	struct store_take t;

	for (i = 0; i < PUSHES; i++) {
		char id[24];
		int err, state;

		name_push(id, i);
		err = store_read_push(f->reader, "pi1", id, 0, 1, &v);
		if (err == ERR_NOT_FOUND && l->acked[i] < ACCEPTED)
			continue;
		if (err != OK)
			fail_msg("push %u: acknowledged, and now: %s", i, err_name(err));
		assert_true(l->tried[i] >= ACCEPTED);
		found++;
		state = v.recipients[0].state;
		if (state == ST_TAKEN)
			fail_msg("push %u: in no batch, and taken", i);
		if ((l->acked[i] >= SUBMITTED && state == ST_QUEUED) ||
		    (l->acked[i] >= RECEIVED && state != ST_DELIVERED))
			fail_msg("push %u: acknowledged stage %d, state %d", i, l->acked[i], state);
		if (l->tried[i] < RECEIVED && state == ST_DELIVERED)
			fail_msg("push %u: delivered by nobody", i);
		if (state == ST_QUEUED) {
			queued++;
			assert_true(v.recipients[0].maybe_sent);
		}
		store_view_done(&v);
	}
	assert_int_equal(stats(f).pushes, found);
	assert_int_equal(stats(f).recovered, queued);
	t = take(f, NOW, PUSHES);
	assert_int_equal(t.n_items, queued);
	free_items(&t);
}

/* ---- kill -9 --------------------------------------------------------------------------- */

static int ack_pipe[2];

struct ack {
	uint32_t i;
	uint8_t stage, acked;
};

static void
tell(unsigned i, enum stage stage, bool acked)
{
	struct ack a = { .i = i, .stage = (uint8_t)stage, .acked = acked };

	if (write(ack_pipe[1], &a, sizeof a) != sizeof a)
		_exit(3);
}

static struct work *child_work;

static void
tell_done(struct store_op *op)
{
	enum stage stage;
	const struct work *w = work_of(child_work, op, &stage);

	if (op->result == OK)
		tell(w->i, stage, true);
}

/* Works until it is killed. */
static void
child(struct fixture *f)
{
	static struct work w[3 * WIDTH];
	struct store_take last = { .op = { .kind = STORE_TAKE } };
	struct why why;
	unsigned k;
	size_t i;

	child_work = w;
	if (store_open(&f->cf, &f->store, &why) != OK)
		_exit(2);
	for (k = 0; k < ROUNDS + 2; k++) {
		struct group g = { 0 };

		plan(f, w, k, &g);
		for (i = 0; i < g.n; i++) {
			enum stage stage;
			const struct work *o = work_of(w, g.ops[i], &stage);

			tell(o->i, stage, false);
			g.ops[i]->done = tell_done;
			if (store_submit(f->store, g.ops[i]) != OK)
				_exit(4);
		}
		run_op(f, &last.op, STORE_TAKE);	/* max 0: only waits */
	}
	for (;;)
		pause();
}

static void
killed_at_any_moment(void **state)
{
	struct fixture *f = *state;
	uint32_t seed = 12345;
	int round;

	for (round = 0; round < 8; round++) {
		static struct ledger l;
		unsigned until, n = 0;
		struct ack a;
		pid_t pid;
		int status;

		memset(&l, 0, sizeof l);
		unlink(f->path);
		seed = seed * 1664525 + 1013904223;
		until = (seed >> 8) % (PUSHES * 4);
		assert_int_equal(pipe(ack_pipe), 0);
		assert_true((pid = fork()) >= 0);
		if (pid == 0) {
			close(ack_pipe[0]);
			child(f);
		}
		close(ack_pipe[1]);
		while (read(ack_pipe[0], &a, sizeof a) == sizeof a) {
			if (a.acked)
				l.acked[a.i] = a.stage;
			else
				l.tried[a.i] = a.stage;
			if (n++ == until)
				kill(pid, SIGKILL);
		}
		close(ack_pipe[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		fixture_open(f);
		check_ledger(f, &l);
		fixture_close(f);
		check_integrity(f);
	}
}

/* ---- power cuts and faults, in this process -------------------------------------------- */

/* Runs the rounds; false when the store died. */
static bool
run_rounds(struct fixture *f, struct ledger *l, unsigned from, unsigned to)
{
	static struct work w[3 * WIDTH];
	bool alive = true;
	unsigned k;
	size_t i;

	for (k = from; k < to; k++) {
		struct group g = { 0 };

		plan(f, w, k, &g);
		run_group_ops(f, &g);
		for (i = 0; i < g.n; i++) {
			enum stage stage;
			const struct work *o = work_of(w, g.ops[i], &stage);

			/* A full disk says that nothing was written; a broken one can not say. */
			if (g.ops[i]->result != ERR_FULL)
				l->tried[o->i] = (uint8_t)stage;
			if (g.ops[i]->result == OK)
				l->acked[o->i] = (uint8_t)stage;
			else if (g.ops[i]->result == ERR_CLOSED)
				alive = false;
			else if (g.ops[i]->result != ERR_FULL)
				fail_msg("%s", err_name(g.ops[i]->result));
		}
		if (!alive)
			return false;
	}
	return true;
}

static void
power_is_cut(void **state)
{
	struct fixture *f = *state;
	uint32_t seed;
	char name[500];

	fault_on();
	for (seed = 1; seed <= 8; seed++) {
		struct ledger l = { 0 };

		snprintf(f->path, sizeof f->path, "%s/cut%u.db", f->folder, seed);
		snprintf(f->url, sizeof f->url, "sqlite:%s", f->path);
		fixture_open(f);
		assert_true(run_rounds(f, &l, 0, 3 + seed * 17));
		snprintf(name, sizeof name, "%s/after%u.db", f->folder, seed);
		fault_cut(f->path, name, seed);
		snprintf(name, sizeof name, "%s-wal", f->path);
		snprintf(f->path, sizeof f->path, "%s/after%u.db-wal", f->folder, seed);
		fault_cut(name, f->path, seed * 77);
		fixture_close(f);
		f->path[strlen(f->path) - 4] = '\0';
		snprintf(f->url, sizeof f->url, "sqlite:%s", f->path);
		fixture_open(f);
		check_ledger(f, &l);
		fixture_close(f);
		check_integrity(f);
	}
	fault_off();
}

static const struct {
	unsigned what;
	int rc;
	bool lives;
} faults[] = {
	{ FAULT_WRITE, SQLITE_FULL, true },
	{ FAULT_WRITE, SQLITE_IOERR_WRITE, false },
	{ FAULT_SYNC, SQLITE_IOERR_FSYNC, false },
};

/* Each write and sync of some rounds fails once. */
static void
the_disk_fails_anywhere(void **state)
{
	struct fixture *f = *state;
	unsigned i, k, n = 0;

	fault_on();
	for (i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		for (k = 1; k < 400; k += k < 20 ? 1 : 41) {
			struct ledger l = { 0 };
			bool lived, hit;

			snprintf(f->path, sizeof f->path, "%s/f%u.db", f->folder, n++);
			snprintf(f->url, sizeof f->url, "sqlite:%s", f->path);
			f->fatal = 0;
			fixture_open(f);
			assert_true(run_rounds(f, &l, 0, 10));
			fault_arm(faults[i].what, k, faults[i].rc);
			lived = run_rounds(f, &l, 10, 30);
			hit = fault_seen() >= k;
			fault_arm(0, 0, 0);
			if (faults[i].lives) {
				assert_true(lived);
				assert_int_equal(f->fatal, 0);
			} else if (!lived) {
				struct store_accept a = accept_one("pi1", "later");

				assert_int_equal(f->fatal, 1);
				assert_non_null(strstr(f->fatal_why, f->path));
				assert_int_equal(run_accept(f, &a), ERR_CLOSED);
			} else if (hit && faults[i].what == FAULT_WRITE) {
				fail_msg("write %u failed, and nobody was told", k);
			}
			fixture_close(f);
			fixture_open(f);
			check_ledger(f, &l);
			fixture_close(f);
			check_integrity(f);
			unlink(f->path);
		}
	}
	fault_off();
}

/* ---- what changes many rows at once: all or nothing ------------------------------------------ */

enum { OLD = 300, SAME = 200 };		/* recipients of the old push; those of them that the new one has */

/* Recipients that audit rows of this event speak of. */
static unsigned
audited(struct fixture *f, const char *push_id, int event)
{
	struct store_audit_row *rows;
	unsigned sum = 0;
	uint32_t n, i;

	if (store_read_audit(f->reader, "pi1", push_id, 0, 1000, &rows, &n) != OK)
		return 0;
	for (i = 0; i < n; i++)
		if (rows[i].event == event)
			sum += rows[i].hi - rows[i].lo + 1;
	store_audit_rows_free(rows, n);
	return sum;
}

static unsigned
count_notes(struct fixture *f)
{
	struct store_notes s = notes(f, NOW, 10000);
	struct store_note *note;
	unsigned n = 0;

	for (note = s.notes; note != NULL; note = note->next)
		n++;
	free_notes(&s);
	return n;
}

/* States, audit, counts and notifications say the same, and no less than was acknowledged. */
static void
check_replaced(struct fixture *f, int replaced, int cancelled)
{
	unsigned by_new = audited(f, "old", EV_REPLACED), by_pi = audited(f, "old", EV_CANCEL), i, ended = 0, codes = 0;
	struct store_view v;

	assert_true(by_new == 0 || by_new == SAME);
	assert_true(by_pi == 0 || by_pi == OLD - by_new);
	assert_true(replaced != OK || by_new == SAME);
	assert_true(cancelled != OK || by_pi == OLD - by_new);
	assert_true(replaced != ERR_FULL || by_new == 0);
	assert_true(cancelled != ERR_FULL || by_pi == 0);
	assert_int_equal(audited(f, "old", EV_ACCEPT), OLD);
	assert_int_equal(audited(f, "new", EV_ACCEPT), by_new);
	assert_int_equal(store_read_push(f->reader, "pi1", "new", 0, 1000, &v), by_new > 0 ? OK : ERR_NOT_FOUND);
	assert_int_equal(v.n, by_new);
	store_view_done(&v);
	assert_int_equal(store_read_push(f->reader, "pi1", "old", 0, 1000, &v), OK);
	for (i = 0; i < v.n; i++) {
		ended += v.recipients[i].state == ST_CANCELLED;
		codes += v.recipients[i].code == CODE_REPLACED;
	}
	assert_int_equal(ended, by_new + by_pi);
	assert_int_equal(v.n_final, ended);
	assert_int_equal(codes, by_new);
	store_view_done(&v);
	assert_int_equal(stats(f).live, OLD - ended + by_new);
	assert_int_equal(store_usage(f->store, "pi1", NOW / 86400), OLD + by_new);
	assert_int_equal(count_notes(f), ended);
}

static void
many_rows_or_none(void **state)
{
	struct fixture *f = *state;
	static struct store_cancelled results[1000];
	unsigned i, k, n = 0;
	bool hit;

	fault_on();
	for (i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		for (k = 1, hit = true; hit; k += k < 12 ? 1 : 23) {
			struct store_accept old = accept_many("pi1", "old", OLD), new;
			struct store_cancel c = { .pi = "pi1", .push_id = "old", .max = 1000, .event = EV_CANCEL,
				.at = NOW, .results = results };
			int replaced, cancelled;

			snprintf(f->path, sizeof f->path, "%s/m%u.db", f->folder, n++);
			snprintf(f->url, sizeof f->url, "sqlite:%s", f->path);
			fixture_open(f);
			old.notify_url = "http://pi.example.net/result";
			assert_int_equal(run_accept(f, &old), OK);
			new = accept_many("pi1", "new", OLD);
			new.recipients += OLD - SAME;
			new.n_recipients = SAME;
			new.replaces = "old";
			new.replace = STORE_REPLACE_PENDING;
			fault_arm(faults[i].what, k, faults[i].rc);
			replaced = run_accept(f, &new);
			cancelled = run_op(f, &c.op, STORE_CANCEL);
			hit = fault_seen() >= k;
			fault_arm(0, 0, 0);
			assert_true(!hit || !faults[i].lives || replaced == OK || cancelled == OK);
			if (faults[i].lives)
				assert_int_equal(store_usage(f->store, "pi1", NOW / 86400),
				    OLD + (replaced == OK ? SAME : 0));
			fixture_close(f);
			fixture_open(f);
			check_replaced(f, replaced, cancelled);
			fixture_close(f);
			check_integrity(f);
			unlink(f->path);
		}
		assert_true(k > 5);
	}
	fault_off();
}

/* Rows, indexes, batches and names of a group that did not fit are as if it had never been. */
static void
a_full_disk_is_survived(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "first", 2), big, m;
	struct store_event e;
	struct store_view v;
	char sql[60];
	int round;

	fixture_open(f);
	a.take = true;
	assert_int_equal(run_accept(f, &a), OK);
	big = accept_many("new-pi", "big", 4000);
	/* The writer waits: its connection may be used. */
	snprintf(sql, sizeof sql, "PRAGMA max_page_count=%d",
	    (int)sql_number(f->store->db, "PRAGMA page_count") + 20);
	assert_int_equal(sql_exec(f->store->db, sql), OK);
	for (round = 0; round < 2; round++) {
		struct store_accept small = accept_one("new-pi", "small");
		struct group g = { 0 };

		small.body = big.body = f->body;
		e = event_of(a.push, 0, EV_SENT);
		e.batch = a.batch;
		group_add(&g, &e.op, STORE_EVENT);
		group_add(&g, &small.op, STORE_ACCEPT);
		group_add(&g, &big.op, STORE_ACCEPT);
		run_group_ops(f, &g);
		assert_int_equal(e.op.result, OK);	/* again, and alone */
		assert_int_equal(e.from, round == 0 ? ST_TAKEN : ST_DELIVERED);
		assert_int_equal(e.to, ST_DELIVERED);
		assert_int_equal(small.op.result, ERR_FULL);
		assert_int_equal(big.op.result, ERR_FULL);
		assert_int_equal(big.push, 0);
		assert_int_equal(store_read_push(f->reader, NULL, "small", 0, 1, &v), ERR_NOT_FOUND);
		assert_int_equal(stats(f).pushes, 1);
		assert_int_equal(stats(f).recipients, 2);
	}
	/* The store goes on, and what was there is untouched: the batch still has the other. */
	m = accept_one("pi2", "second");
	assert_int_equal(run_accept(f, &m), OK);
	assert_int_equal(sql_exec(f->store->db, "PRAGMA max_page_count=1000000"), OK);
	assert_int_equal(run_accept(f, &big), OK);
	assert_int_equal(store_read_push(f->reader, "new-pi", "big", 3999, 1, &v), OK);
	assert_int_equal(v.n, 1);
	store_view_done(&v);
	assert_int_equal(f->fatal, 0);
	fixture_crash(f);
	assert_int_equal(stats(f).recovered, 1);
	assert_int_equal(stats(f).pushes, 3);
	assert_int_equal(store_read_push(f->reader, "pi2", "second", 0, 1, &v), OK);
	store_view_done(&v);
	fixture_close(f);
	check_integrity(f);
}

static atomic_uint written;

static void
note_written(struct store_op *op)
{
	if (op->result == OK)
		atomic_fetch_add(&written, 1);
}

/* What has happened is kept while the disk is full, in its order, and written as soon as it is not; all else is refused. */
static void
outcomes_outlast_a_full_disk(void **state)
{
	enum { N = 5, GROUP = 2 };
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "first", N), b = accept_one("pi1", "second");
	static struct store_event e[N], twice;
	struct store_view v;
	unsigned i, tries;

	f->cf.group_max = GROUP;
	fault_on();
	fixture_open(f);
	a.take = true;
	assert_int_equal(run_accept(f, &a), OK);
	fault_arm(FAULT_WRITE, FAULT_EACH, SQLITE_FULL);
	atomic_store(&written, 0);
	for (i = 0; i < N; i++) {
		e[i] = event_of(a.push, i, EV_SENT);
		e[i].batch = a.batch;
		e[i].op.kind = STORE_EVENT;
		e[i].op.done = note_written;
		assert_int_equal(store_submit(f->store, &e[i].op), OK);
	}
	twice = e[0];
	assert_int_equal(store_submit(f->store, &twice.op), OK);
	for (i = 0; i < 1000; i++)
		assert_int_equal(run_accept(f, &b), ERR_FULL);
	tries = fault_seen();
	assert_int_equal(atomic_load(&written), 0);
	assert_int_equal(look(f, "pi1", "first", 0).state, ST_TAKEN);
	while (fault_seen() == tries)		/* it is tried again, */
		poll(NULL, 0, 10);
	assert_in_range(fault_seen(), 1, 500);	/* but not with every push that comes by */

	fault_arm(0, 0, 0);			/* nobody comes by: it is looked after */
	for (i = 0; atomic_load(&written) < N + 1; i++) {
		assert_true(i < 1200);
		poll(NULL, 0, 50);
	}
	for (i = 0; i < N; i++) {
		assert_int_equal(e[i].from, ST_TAKEN);
		assert_int_equal(e[i].to, ST_DELIVERED);
	}
	assert_true(twice.ignored);
	assert_int_equal(run_accept(f, &b), OK);
	fixture_crash(f);
	assert_int_equal(stats(f).recovered, 0);
	assert_int_equal(store_read_push(f->reader, "pi1", "first", 0, N, &v), OK);
	assert_int_equal(v.n_final, N);
	store_view_done(&v);

	/* Whoever closes the store does not wait for it. */
	a = accept_one("pi1", "last");
	a.take = true;
	assert_int_equal(run_accept(f, &a), OK);
	e[0] = event_of(a.push, 0, EV_SENT);
	e[0].batch = a.batch;
	fault_arm(FAULT_WRITE, FAULT_EACH, SQLITE_FULL);
	store_hurry(f->store);
	assert_int_equal(run_event(f, &e[0]), ERR_FULL);
	fault_arm(0, 0, 0);
	fixture_close(f);
	fault_off();
	check_integrity(f);
}

/* ---- what is left behind --------------------------------------------------------------- */

/* When all pushes of a workload are final, noted and purged, the tables are empty. */
static void
nothing_is_left_behind(void **state)
{
	static const char *const tables[] = { "push", "progress", "recipient", "push_index", "message_index",
		"due", "batch", "note", "orphan", "key_run", "audit", "audit_head" };
	struct fixture *f = *state;
	struct store_accept many = accept_many("pi1", "many", 50);
	struct ledger l = { 0 };
	struct store_notes s;
	struct store_item *item;
	struct store_take t;
	struct store_event e;
	struct store_receipt r;
	char sql[60];
	size_t i;
	int k;

	fixture_open(f);
	many.notify_url = "http://pi.example.net/result";
	many.deadline_at = NOW + 2000;
	assert_int_equal(run_accept(f, &many), OK);
	t = take(f, NOW, 40);
	for (item = t.items; item != NULL; item = item->next)
		if (item->n % 3 == 0) {
			char id[66];

			name_message(id, 9000 + item->n);
			submitted(f, item, "smsc1", id);
		} else {
			e = event_on(item, EV_RETRY);
			e.due_at = NOW + 3;
			assert_int_equal(run_event(f, &e), OK);
		}
	free_items(&t);
	assert_true(run_rounds(f, &l, 0, ROUNDS + 2));
	r = receipt("smsc1", "nobody", EV_RECEIPT_OK);
	assert_int_equal(run_receipt(f, &r), ERR_NOT_FOUND);
	for (k = 0; k < 200; k++) {		/* what is still taken has lost its link */
		for (i = 0; i < 20; i++) {
			char id[24];
			struct store_view v;

			name_push(id, (unsigned)(k * 20 + (int)i) % PUSHES);
			assert_int_equal(store_read_push(f->reader, NULL, id, 0, 1, &v), OK);
			if (v.recipients[0].state == ST_TAKEN) {
				e = event_of(v.push, 0, EV_SENT);
				assert_int_equal(run_event(f, &e), OK);
			}
			store_view_done(&v);
		}
	}
	assert_int_equal(sql_number(f->store->db, "SELECT count(*) FROM batch"), 0);
	for (k = 1; k < 100; k++) {
		clock_fake_advance(1000 * 1000);
		while (tick(f, NOW + k * 1000, 1000).next_due != 0 && stats(f).recipients > 0 &&
		    tick(f, NOW + k * 1000, 1000).next_due <= NOW + k * 1000)
			;
		s = notes(f, NOW + k * 1000, 1000);
		while (s.notes != NULL) {
			struct store_note_result done = { .id = s.notes->id, .finished = true };
			struct store_note *next = s.notes->next;

			assert_int_equal(run_op(f, &done.op, STORE_NOTE), OK);
			store_note_free(s.notes);
			s.notes = next;
		}
		t = take(f, NOW + k * 1000, 1000);
		for (item = t.items; item != NULL; item = item->next) {
			e = event_on(item, EV_SENT);
			assert_int_equal(run_event(f, &e), OK);
		}
		free_items(&t);
		if (stats(f).recipients == 0)
			break;
	}
	for (i = 0; i < 1000 && tick(f, NOW + k * 1000, 1000).next_due != 0; i++)
		;
	assert_int_equal(stats(f).live, 0);
	assert_int_equal(stats(f).pushes, 0);
	for (i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", tables[i]);
		if (strstr(tables[i], "index") != NULL)	/* generations that are not full keep their removals */
			assert_in_range(sql_number(f->store->db, sql), 0, 600);
		else if (sql_number(f->store->db, sql) != 0)
			fail_msg("%s: %d rows", tables[i], (int)sql_number(f->store->db, sql));
	}
}

/* Receipts for nobody cannot fill the disk: the oldest makes room. */
static void
orphans_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_one("pi1", "id");
	struct store_receipt r;
	struct store_take t;
	char id[66];
	int i;

	fixture_open(f);
	((struct db *)f->store->db)->orphans_max = 10;
	for (i = 0; i < 15; i++) {
		snprintf(id, sizeof id, "m%d", i);
		r = receipt("smsc1", id, EV_RECEIPT_OK);
		assert_int_equal(run_receipt(f, &r), ERR_NOT_FOUND);
	}
	assert_int_equal(stats(f).receipts_unknown, 15);
	assert_int_equal(stats(f).orphans_dropped, 5);
	assert_int_equal(sql_number(f->store->db, "SELECT count(*) FROM orphan"), 10);
	for (i = 4; i < 6; i++) {
		snprintf(id, sizeof id, "m%d", i);
		a = accept_one("pi1", id);
		assert_int_equal(run_accept(f, &a), OK);
		t = take(f, NOW, 1);
		submitted(f, t.items, "smsc1", id);
		assert_int_equal(look(f, "pi1", id, 0).state, i == 4 ? ST_SUBMITTED : ST_DELIVERED);
		free_items(&t);
	}
}

#define STORE_TEST(f) { #f, f, setup, teardown, NULL }

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		STORE_TEST(killed_at_any_moment),
		STORE_TEST(power_is_cut),
		STORE_TEST(the_disk_fails_anywhere),
		STORE_TEST(many_rows_or_none),
		STORE_TEST(a_full_disk_is_survived),
		STORE_TEST(outcomes_outlast_a_full_disk),
		STORE_TEST(nothing_is_left_behind),
		STORE_TEST(orphans_are_bounded),
	};

	return cmocka_run_group_tests_name("store, crashes", tests, NULL, NULL);
}
