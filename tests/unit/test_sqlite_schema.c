/*
 * test_sqlite_schema.c - files of older versions open, and keep what they have. SQLite engine.
 *
 * The schema of each version is written out here as that version made it: what a program does with old files
 * must not change with the program.
 */
#include "tests/unit/test_store.h"

#include <sqlite3.h>

#include "store/sqlite_int.h"
#include "tests/unit/fault_vfs.h"

static int
setup(void **state)
{
	*state = fixture_create("sqlite:%s/ppg.db");
	return 0;
}

static int
teardown(void **state)
{
	fixture_destroy(*state);
	return 0;
}

static const char version_1[] =
"PRAGMA page_size=4096; PRAGMA journal_mode=WAL;"
"CREATE TABLE state(id INTEGER PRIMARY KEY CHECK(id = 1), clean INT NOT NULL, next_push INT NOT NULL,"
"  next_id INT NOT NULL, pushes INT NOT NULL, recipients INT NOT NULL, live INT NOT NULL,"
"  hash_key INT NOT NULL);"
"CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT NOT NULL);"
"CREATE TABLE push(id INTEGER PRIMARY KEY, n_recipients INT NOT NULL, pi INT NOT NULL,"
"  push_id TEXT NOT NULL, deadline_at INT NOT NULL, secret INT NOT NULL, notify_url TEXT,"
"  received INT NOT NULL, deliver_after INT NOT NULL, version TEXT, meta TEXT, content_type TEXT,"
"  headers BLOB, body BLOB);"
"CREATE TABLE progress(push INTEGER PRIMARY KEY, n_recipients INT NOT NULL, n_final INT NOT NULL,"
"  incoming INT NOT NULL);"
"CREATE INDEX progress_incoming ON progress(push) WHERE incoming = 1;"
"CREATE TABLE recipient(id INTEGER PRIMARY KEY, state INT NOT NULL, flags INT NOT NULL,"
"  batch INT NOT NULL, attempts INT NOT NULL, event_time INT, code INT, link INT, segments INT,"
"  done BLOB, ids BLOB, description TEXT, address TEXT NOT NULL, dial TEXT NOT NULL, overlay BLOB);"
"CREATE TABLE push_index(hash INT, push INT, PRIMARY KEY(hash, push)) WITHOUT ROWID;"
"CREATE TABLE message_index(hash INT, recipient INT, PRIMARY KEY(hash, recipient)) WITHOUT ROWID;"
"CREATE TABLE push_index_log(id INTEGER PRIMARY KEY, entries BLOB NOT NULL);"
"CREATE TABLE message_index_log(id INTEGER PRIMARY KEY, entries BLOB NOT NULL);"
"CREATE TABLE due(kind INT, at INT, lo INT, hi INT NOT NULL, PRIMARY KEY(kind, at, lo)) WITHOUT ROWID;"
"CREATE TABLE batch(id INT, lo INT, hi INT NOT NULL, PRIMARY KEY(id, lo)) WITHOUT ROWID;"
"CREATE TABLE note(id INTEGER PRIMARY KEY, due_at INT NOT NULL, recipient INT NOT NULL,"
"  attempts INT NOT NULL);"
"CREATE INDEX note_due ON note(due_at);"
"CREATE TABLE orphan(id INTEGER PRIMARY KEY, kept_at INT NOT NULL, hash INT NOT NULL,"
"  link TEXT NOT NULL, message_id TEXT NOT NULL, event INT NOT NULL, at INT NOT NULL,"
"  code INT NOT NULL, description TEXT);"
"CREATE INDEX orphan_hash ON orphan(hash);"
"PRAGMA application_id=1330663495; PRAGMA user_version=1;"
/* Push 1 to one, secret, waiting; push 2 to 80, of which 0 was sent and 1 is on a link. */
"INSERT INTO state VALUES(1, 1, 3, 10, 2, 81, 80, 7);"
"INSERT INTO name VALUES(1, 'pi1');"
"INSERT INTO push VALUES(1, 1, 1, 'one', 1700001000, 1, NULL, 1700000000, 0, '2.0', NULL, NULL, X'48', X'42');"
"INSERT INTO push VALUES(2, 0, 1, 'many', 1700001000, 0, NULL, 1700000000, 0, '2.0', NULL, NULL, X'48', X'42');"
"INSERT INTO progress VALUES(2, 80, 1, 0);"
"INSERT INTO recipient(id, state, flags, batch, attempts, address, dial) VALUES(1 << 20, 1, 0, 0, 0, 'a', '+1');"
"WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 79)"
"  INSERT INTO recipient(id, state, flags, batch, attempts, address, dial)"
"  SELECT 2 << 20 | n, CASE n WHEN 0 THEN 4 WHEN 1 THEN 2 ELSE 1 END, n = 0, CASE n WHEN 1 THEN 5 ELSE 0 END,"
"  n < 2, 'address ' || n, '+1202555' || n FROM c;"
"INSERT INTO due VALUES(1, 1700000000, 1 << 20, 1 << 20), (1, 1700000000, 2 << 20 | 2, 2 << 20 | 79),"
"  (2, 1700001000, 1 << 20, 1 << 20 | 1048575), (2, 1700001000, 2 << 20, 2 << 20 | 1048575);"
"INSERT INTO batch VALUES(5, 2 << 20, 2 << 20 | 1);";

static void
make_version_1(struct fixture *f)
{
	sqlite3_stmt *q;
	sqlite3 *sql;
	char *why = NULL;
	int64_t push;

	assert_int_equal(sqlite3_open(f->path, &sql), SQLITE_OK);
	if (sqlite3_exec(sql, version_1, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s", why);
	assert_int_equal(sqlite3_prepare_v2(sql, "INSERT INTO push_index VALUES(?1, ?2)", -1, &q, NULL), SQLITE_OK);
	for (push = 1; push <= 2; push++) {
		sqlite3_bind_int64(q, 1, (int64_t)match_hash_push(7, push == 1 ? "one" : "many"));
		sqlite3_bind_int64(q, 2, push);
		assert_int_equal(sqlite3_step(q), SQLITE_DONE);
		sqlite3_reset(q);
	}
	sqlite3_finalize(q);
	sqlite3_close(sql);
}

static void
check_version_1(struct fixture *f)
{
	const char *keys[] = { "address 79", "address 0", "nobody" };
	struct store_cancelled r[3];
	struct store_cancel c = { .pi = "pi1", .push_id = "many", .keys = keys, .n_keys = 3, .event = EV_CANCEL,
		.at = NOW, .results = r };
	struct store_accept again = accept_one("pi1", "one");
	struct store_audit_row *rows;
	struct store_event e;
	struct store_view v;
	struct store_take t;
	uint32_t n;

	assert_int_equal(sql_number(f->store->db, "PRAGMA user_version"), 3);
	assert_int_equal(stats(f).pushes, 2);
	assert_int_equal(stats(f).recipients, 81);
	assert_int_equal(stats(f).live, 80);
	assert_int_equal(stats(f).recovered, 1);
	assert_int_equal(stats(f).oldest_due, NOW);
	assert_int_equal(run_accept(f, &again), ERR_EXISTS);
	assert_int_equal(store_read_recipients(f->reader, "pi1", "many", keys, 3, &v), OK);
	assert_int_equal(v.recipients[0].n, 79);
	assert_string_equal(v.recipients[0].to, "+120255579");
	assert_int_equal(v.recipients[1].state, ST_DELIVERED);
	assert_int_equal(v.recipients[2].state, 0);
	store_view_done(&v);
	assert_int_equal(run_op(f, &c.op, STORE_CANCEL), OK);
	assert_int_equal(r[0].to, ST_CANCELLED);
	assert_true(r[1].ignored);
	assert_false(r[2].found);
	t = take(f, NOW, 100);
	assert_int_equal(t.n_items, 79);
	assert_int_equal(t.items->priority, STORE_MEDIUM);
	assert_int_equal(t.items->body->route.n, 0);
	e = event_of(1, 0, EV_SENT);
	assert_int_equal(run_event(f, &e), OK);
	free_items(&t);
	assert_int_equal(store_read_push(f->reader, "pi1", "one", 0, 1, &v), OK);
	assert_int_equal(v.body_n, 0);			/* it was secret */
	store_view_done(&v);
	assert_int_equal(store_read_audit(f->reader, "pi1", "one", 0, 9, &rows, &n), OK);
	assert_int_equal(n, 2);				/* what happened since */
	store_audit_rows_free(rows, n);
	assert_int_equal(tick(f, NOW + 500, 100).purged, 1);
	fixture_crash(f);
	assert_int_equal(stats(f).pushes, 1);
}

static void
version_1_is_taken_over(void **state)
{
	struct fixture *f = *state;

	make_version_1(f);
	fixture_open(f);
	check_version_1(f);
}

/* Version 3 only has two tables more. */
static void
version_2_is_taken_over(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_one("pi1", "old");
	struct store_recipient held = { .address = "a", .to = "+1", .state = ST_HELD };
	struct store_memory row = { .kind = 1, .until = NOW + 100 };
	struct store_memories m = { .rows = &row, .n = 1 };
	struct store_view v;
	sqlite3 *sql;

	fixture_open(f);
	a.recipients = &held;
	assert_int_equal(run_accept(f, &a), OK);
	fixture_close(f);
	assert_int_equal(sqlite3_open(f->path, &sql), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sql, "DROP TABLE remark; DROP TABLE memory; ALTER TABLE state DROP COLUMN held;"
	    "PRAGMA user_version=2", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(sql);
	fixture_open(f);
	assert_int_equal(sql_number(f->store->db, "PRAGMA user_version"), 3);
	assert_int_equal(store_read_push(f->reader, "pi1", "old", 0, 1, &v), OK);
	store_view_done(&v);
	assert_int_equal(run_op(f, &m.op, STORE_MEMORY), OK);
	assert_int_equal(sql_number(f->store->db, "SELECT count(*) FROM memory"), 1);
	assert_int_equal(stats(f).held, 1);
}

/* A start that is cut short leaves the old file, and the next one takes it over. */
static void
a_takeover_that_fails_is_done_again(void **state)
{
	struct fixture *f = *state;
	struct why why;
	unsigned k, failed = 0;

	fault_on();
	for (k = 1; k < 40; k++) {
		snprintf(f->path, sizeof f->path, "%s/f%u.db", f->folder, k);
		snprintf(f->url, sizeof f->url, "sqlite:%s", f->path);
		make_version_1(f);
		fault_arm(FAULT_WRITE, k, SQLITE_FULL);
		if (store_open(&f->cf, &f->store, &why) == OK)
			store_close(&f->store);
		else
			failed++;
		fault_arm(0, 0, 0);
		fixture_open(f);
		assert_int_equal(sql_number(f->store->db, "PRAGMA user_version"), 3);
		assert_int_equal(sql_number(f->store->db, "SELECT count(*) FROM audit WHERE event <> 5"), 0);
		assert_int_equal(stats(f).recipients, 81);
		fixture_close(f);
	}
	assert_in_range(failed, 5, 39);
	fault_off();
}

#define STORE_TEST(f) { #f, f, setup, teardown, NULL }

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		STORE_TEST(version_1_is_taken_over), STORE_TEST(version_2_is_taken_over),
		STORE_TEST(a_takeover_that_fails_is_done_again),
	};

	return cmocka_run_group_tests_name("store, schemas", tests, NULL, NULL);
}
