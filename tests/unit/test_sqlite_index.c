/*
 * test_sqlite_index.c - the three levels of an index against a plain table of what should be in it,
 * through commits, lost groups and restarts.
 */
#include "tests/unit/test_store.h"

#include "store/sqlite_int.h"

enum { HASHES = 300, IDS = 4 };		/* few, so that chains and repeats are common */

struct model {
	bool now[HASHES][IDS], committed[HASHES][IDS];
	uint64_t hash[HASHES];
	struct counts counts;		/* before the group */
};

static uint32_t seed;

static uint32_t
below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(seed >> 4) * n >> 28);
}

static int
setup(void **state)
{
	struct fixture *f = fixture_create("sqlite:%s/ppg.db");

	f->cf.cache_kib = 32;		/* generations of 64 entries */
	fixture_open(f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	fixture_destroy(*state);
	return 0;
}

/* The writer waits all the time: this thread plays it. */
static void
check(struct fixture *f, const struct model *m)
{
	struct db *db = f->store->db;
	struct ids found = { 0 };
	unsigned h, i, k;

	for (h = 0; h < HASHES; h++) {
		unsigned want = 0;

		index_find(db, INDEX_PUSH, m->hash[h], &found);
		for (i = 0; i < IDS; i++) {
			unsigned times = 0;

			for (k = 0; k < found.n; k++)
				times += found.v[k] == (int64_t)i + 1;
			if (times != m->now[h][i])
				fail_msg("hash %u, id %u: found %u times", h, i + 1, times);
			want += times;
		}
		assert_int_equal(found.n, want);
		/* A reader gets at least what is not in the tree. */
		found.n = 0;
		index_find_shared(db, INDEX_PUSH, m->hash[h], &found);
		for (k = 0; k < found.n; k++)
			assert_in_range(found.v[k], 1, IDS);
	}
	free(found.v);
	assert_int_equal(db->err, OK);
}

static void
begin_group(struct fixture *f, struct model *m)
{
	struct db *db = f->store->db;

	m->counts = db->now;
	assert_int_equal(sql_exec(db, "BEGIN IMMEDIATE"), OK);
}

static void
change_some(struct fixture *f, struct model *m, unsigned n)
{
	struct db *db = f->store->db;

	while (n-- > 0) {
		unsigned h = below(HASHES), i = below(IDS);
		bool add = !m->now[h][i];

		m->now[h][i] = add;
		if (add)
			index_add(db, INDEX_PUSH, m->hash[h], (int64_t)i + 1);
		else
			index_remove(db, INDEX_PUSH, m->hash[h], (int64_t)i + 1);
	}
}

static void
end_group(struct fixture *f, struct model *m, bool commit)
{
	struct db *db = f->store->db;

	index_write(db);
	counts_save(db);
	assert_int_equal(sql_exec(db, commit ? "COMMIT" : "ROLLBACK"), OK);
	if (commit) {
		index_settle(db);
		memcpy(m->committed, m->now, sizeof m->now);
	} else {
		memcpy(m->now, m->committed, sizeof m->now);
		db->now = db->saved = m->counts;
		index_load(db);
	}
}

static void
levels_agree_with_the_model(void **state)
{
	struct fixture *f = *state;
	struct model m = { 0 };
	unsigned round, h;

	seed = 4711;
	for (h = 0; h < HASHES; h++)	/* spread over the whole range, signed and unsigned */
		m.hash[h] = (uint64_t)(h + 1) * 0x9E3779B97F4A7C15u;
	for (round = 0; round < 600; round++) {
		unsigned kind = below(20);

		begin_group(f, &m);
		change_some(f, &m, below(60));
		if (kind == 0)
			check(f, &m);
		end_group(f, &m, kind != 1);
		if (kind == 2)
			fixture_reopen(f);
		if (kind == 3)
			fixture_crash(f);
		if (kind <= 4)
			check(f, &m);
	}
	/* The log does not grow with the groups: what was merged has left it. */
	assert_in_range(sql_number(f->store->db, "SELECT count(*) FROM push_index_log"), 0, 20);
	assert_in_range(sql_number(f->store->db, "SELECT count(*) FROM push_index"), 1, HASHES * IDS);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(levels_agree_with_the_model, setup, teardown),
	};

	return cmocka_run_group_tests_name("store, index", tests, NULL, NULL);
}
