/* test_store_replace.c - the contract of store/store.h, on every engine: a push that takes the place of an older one. */
#include "tests/unit/test_store.h"

/* Recipients lo..hi by number; keys are the addresses of accept_many(). */
static struct store_accept
accept_run(const char *push_id, uint32_t lo, uint32_t hi)
{
	struct store_accept a = accept_many("pi1", push_id, hi + 1);

	a.recipients += lo;
	a.n_recipients = hi + 1 - lo;
	a.notify_url = "http://pi.example.net/result";
	return a;
}

static struct store_accept
replacing(const char *push_id, uint32_t lo, uint32_t hi, enum store_replace how)
{
	struct store_accept a = accept_run(push_id, lo, hi);

	a.replaces = "old";
	a.replace = how;
	a.received = NOW + 7;
	return a;
}

static void
expect_states(struct fixture *f, const char *push_id, const int *states, uint32_t n)
{
	uint32_t i, final = 0;
	struct store_view v;

	assert_int_equal(store_read_push(f->reader, "pi1", push_id, 0, n + 1, &v), OK);
	assert_int_equal(v.n, n);
	for (i = 0; i < n; i++) {
		if (v.recipients[i].state != states[i])
			fail_msg("%s, recipient %u: state %d instead of %d", push_id, i, v.recipients[i].state, states[i]);
		final += states[i] >= ST_DELIVERED;
	}
	assert_int_equal(v.n_final, final);
	store_view_done(&v);
}

/* old: 0..5, of which 0 was sent and 1 is on a link; the new one is to 1..7. */
static void
old_push(struct fixture *f)
{
	struct store_accept a = accept_run("old", 0, 5);
	struct store_event e;
	struct store_take t;

	assert_int_equal(run_accept(f, &a), OK);
	t = take(f, NOW, 2);
	e = event_on(t.items, EV_SENT);
	assert_int_equal(run_event(f, &e), OK);
	free_items(&t);
}

static void
replace_all(void **state)
{
	static const int old[] = { ST_DELIVERED, ST_TAKEN, ST_CANCELLED, ST_CANCELLED, ST_CANCELLED, ST_QUEUED };
	static const int new[] = { ST_QUEUED, ST_QUEUED, ST_QUEUED, ST_QUEUED };
	struct fixture *f = *state;
	struct store_accept a = replacing("new", 1, 4, STORE_REPLACE_ALL);
	struct store_notes s;
	struct store_note *note;
	struct store_take t;
	unsigned replaced = 0;

	old_push(f);
	a = replacing("new", 1, 4, STORE_REPLACE_ALL);
	a.take = true;			/* not for these */
	assert_int_equal(run_accept(f, &a), OK);
	assert_int_equal(a.replaced, 3);
	assert_int_equal(a.batch, 0);
	expect_states(f, "old", old, 6);
	expect_states(f, "new", new, 4);
	assert_int_equal(look(f, "pi1", "old", 3).code, CODE_REPLACED);
	assert_int_equal(look(f, "pi1", "old", 3).event_time, NOW + 7);
	assert_int_equal(stats(f).live, 2 + 4);
	s = notes(f, NOW, 100);
	for (note = s.notes; note != NULL; note = note->next) {
		assert_string_equal(note->push_id, "old");
		if (note->n == 0)
			continue;
		assert_int_equal(note->code, CODE_REPLACED);
		assert_int_equal(note->state, ST_CANCELLED);
		replaced++;
	}
	assert_int_equal(replaced, 3);
	free_notes(&s);
	t = take(f, NOW + 7, 100);		/* 5 of the old one, and all of the new one */
	assert_int_equal(t.n_items, 5);
	free_items(&t);
}

static void
replace_all_needs_no_older_push(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = replacing("new", 0, 2, STORE_REPLACE_ALL);

	assert_int_equal(run_accept(f, &a), OK);
	assert_int_equal(a.replaced, 0);
	assert_int_equal(stats(f).live, 3);
}

static void
replace_pending(void **state)
{
	static const int old[] = { ST_DELIVERED, ST_TAKEN, ST_CANCELLED, ST_CANCELLED, ST_CANCELLED, ST_CANCELLED };
	static const int new[] = { ST_FAILED, ST_QUEUED, ST_QUEUED, ST_QUEUED, ST_QUEUED, ST_FAILED, ST_FAILED };
	struct fixture *f = *state;
	struct store_accept a;
	struct store_notes s;
	struct store_note *note;
	struct store_take t;
	unsigned refused = 0;

	old_push(f);
	a = replacing("new", 1, 7, STORE_REPLACE_PENDING);
	assert_int_equal(run_accept(f, &a), OK);
	assert_int_equal(a.replaced, 4);
	expect_states(f, "old", old, 6);
	expect_states(f, "new", new, 7);
	assert_int_equal(look(f, "pi1", "new", 0).code, CODE_NOT_REPLACED);
	assert_int_equal(stats(f).live, 1 + 4);
	s = notes(f, NOW, 100);
	for (note = s.notes; note != NULL; note = note->next)
		if (strcmp(note->push_id, "new") == 0) {
			assert_int_equal(note->code, CODE_NOT_REPLACED);
			assert_int_equal(note->state, ST_FAILED);
			refused++;
		}
	assert_int_equal(refused, 3);
	free_notes(&s);
	t = take(f, NOW + 7, 100);
	assert_int_equal(t.n_items, 4);
	assert_int_equal(t.items->push, a.push);
	free_items(&t);
}

static void
pending_replacements_that_are_refused(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = replacing("new", 0, 2, STORE_REPLACE_PENDING), b, incoming;
	struct store_stats before;
	struct store_view v;

	/* Nobody's, another's, one that is not whole. */
	assert_int_equal(run_accept(f, &a), ERR_NOT_FOUND);
	b = accept_run("old", 0, 5);
	b.pi = "pi2";
	b.received = NOW + 1;
	assert_int_equal(run_accept(f, &b), OK);
	a = replacing("new", 0, 2, STORE_REPLACE_PENDING);
	a.more = true;
	assert_int_equal(run_accept(f, &a), ERR_NOT_FOUND);
	incoming = accept_run("coming", 0, 2);
	incoming.more = true;
	assert_int_equal(run_accept(f, &incoming), OK);
	a = replacing("new", 0, 2, STORE_REPLACE_PENDING);
	a.replaces = "coming";
	assert_int_equal(run_accept(f, &a), ERR_NOT_FOUND);

	/* 0 was sent and 1 is on a link: nothing can be cancelled, nothing is written. */
	old_push(f);
	before = stats(f);
	a = replacing("new", 0, 1, STORE_REPLACE_PENDING);
	assert_int_equal(run_accept(f, &a), ERR_BUSY);
	assert_int_equal(a.push, 0);
	a = replacing("new", 6, 9, STORE_REPLACE_PENDING);	/* strangers */
	assert_int_equal(run_accept(f, &a), ERR_BUSY);
	assert_int_equal(store_read_push(f->reader, NULL, "new", 0, 1, &v), ERR_NOT_FOUND);
	assert_int_equal(stats(f).recipients, before.recipients);
	assert_int_equal(stats(f).live, before.live);
	a = replacing("old", 0, 5, STORE_REPLACE_PENDING);	/* its own id is taken */
	assert_int_equal(run_accept(f, &a), ERR_EXISTS);
}

/* In chunks: the last one replaces, and nothing is ERR_BUSY then. */
static void
a_large_replacement(void **state)
{
	struct fixture *f = *state;
	struct store_accept old, a, m;
	uint32_t at;
	int round;

	for (round = 0; round < 2; round++) {
		const char *id = round == 0 ? "new" : "newer";

		if (round == 0) {
			old = accept_run("old", 0, 4999);
			assert_int_equal(run_accept(f, &old), OK);
		}
		a = replacing(id, 1000, 1999, STORE_REPLACE_PENDING);
		a.more = true;
		assert_int_equal(run_accept(f, &a), OK);
		for (at = 2000; at < 5000; at += 1000) {
			m = replacing(id, at, at + 999, STORE_REPLACE_PENDING);
			m.push = a.push;
			m.first_n = at - 1000;
			m.more = at < 4000;
			assert_int_equal(look(f, "pi1", "old", 2500).state, round == 0 ? ST_QUEUED : ST_CANCELLED);
			assert_int_equal(run_op(f, &m.op, STORE_MORE), OK);
			assert_int_equal(m.replaced, at < 4000 || round == 1 ? 0 : 4000);
		}
		assert_int_equal(look(f, "pi1", "old", 999).state, ST_QUEUED);
		assert_int_equal(look(f, "pi1", "old", 1000).state, ST_CANCELLED);
		assert_int_equal(look(f, "pi1", "old", 4999).state, ST_CANCELLED);
		assert_int_equal(look(f, "pi1", id, 0).state, round == 0 ? ST_QUEUED : ST_FAILED);
		assert_int_equal(look(f, "pi1", id, 3999).state, round == 0 ? ST_QUEUED : ST_FAILED);
	}
	assert_int_equal(stats(f).live, 5000);
	fixture_crash(f);
	assert_int_equal(stats(f).live, 5000);
	assert_int_equal(take(f, NOW, 0).n_items, 0);
}

/* A group has the old push, its replacement and a TAKE: each sees what was before it. */
static void
in_one_group(void **state)
{
	struct fixture *f = *state;
	struct store_accept old = accept_run("old", 0, 0), new = replacing("new", 0, 0, STORE_REPLACE_PENDING);
	struct store_take t = { .now = NOW + 10, .max = { 9, 9, 9 } };
	struct group g = { 0 };

	old.body = new.body = f->body;
	group_add(&g, &old.op, STORE_ACCEPT);
	group_add(&g, &new.op, STORE_ACCEPT);
	group_add(&g, &t.op, STORE_TAKE);
	run_group_ops(f, &g);
	assert_int_equal(old.op.result, OK);
	assert_int_equal(new.op.result, OK);
	assert_int_equal(new.replaced, 1);
	assert_int_equal(t.n_items, 1);
	assert_int_equal(t.items->push, new.push);
	free_items(&t);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		CONTRACT_TEST(replace_all),
		CONTRACT_TEST(replace_all_needs_no_older_push),
		CONTRACT_TEST(replace_pending),
		CONTRACT_TEST(pending_replacements_that_are_refused),
		CONTRACT_TEST(a_large_replacement),
		CONTRACT_TEST(in_one_group),
	};

	return contract_run(tests, sizeof tests / sizeof tests[0]);
}
