/* test_store_audit.c - the contract of store/store.h, on every engine: every change of a state leaves a row. */
#include "tests/unit/test_store.h"

#include "base/clock.h"

struct expected {
	uint32_t lo, hi;
	int event, from, to, code;
	int64_t at;
	const char *link, *detail;
};

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* All rows of the push, and the same rows one at a time. */
static void
expect_rows(struct fixture *f, const char *pi, const char *push_id, int64_t push, const struct expected *e,
    uint32_t n)
{
	struct store_audit_row *rows, *one;
	int64_t after = 0;
	uint32_t i, k;

	assert_int_equal(store_read_audit(f->reader, pi, push_id, 0, 1000, &rows, &k), OK);
	for (i = 0; i < n && i < k; i++)
		if (rows[i].lo != e[i].lo || rows[i].hi != e[i].hi || rows[i].event != e[i].event ||
		    rows[i].from != e[i].from || rows[i].to != e[i].to || rows[i].code != e[i].code ||
		    rows[i].at != e[i].at || rows[i].push != push || !same_text(rows[i].link, e[i].link) ||
		    !same_text(rows[i].detail, e[i].detail))
			fail_msg("row %u: %u..%u event %d %d -> %d code %d at %d link %s detail %s", i, rows[i].lo,
			    rows[i].hi, rows[i].event, rows[i].from, rows[i].to, rows[i].code,
			    (int)(rows[i].at - NOW), rows[i].link, rows[i].detail);
	assert_int_equal(k, n);
	for (i = 0; i < n; i++) {
		assert_int_equal(store_read_audit(f->reader, pi, push_id, after, 1, &one, &k), OK);
		assert_int_equal(k, 1);
		assert_true(one->id > after);
		assert_int_equal(one->id, rows[i].id);
		after = one->id;
		store_audit_rows_free(one, k);
	}
	assert_int_equal(store_read_audit(f->reader, pi, push_id, after, 1, &one, &k), OK);
	assert_int_equal(k, 0);
	store_audit_rows_free(rows, n);
}

static void
the_life_of_one(void **state)
{
	static const struct expected rows[] = {
		{ 0, 0, EV_ACCEPT, 0, ST_QUEUED, 0, NOW, NULL, "{\"from\":\"192.0.2.1\"}" },
		{ 0, 0, EV_TAKE, ST_QUEUED, ST_TAKEN, 0, NOW + 1, NULL, NULL },
		{ 0, 0, EV_RETRY, ST_TAKEN, ST_QUEUED, 4000, NOW + 2, "smsc1", "throttled" },
		{ 0, 0, EV_TAKE, ST_QUEUED, ST_TAKEN, 0, NOW + 3, NULL, NULL },
		{ 0, 0, EV_SUBMITTED, ST_TAKEN, ST_SUBMITTED, 0, NOW + 1, "smsc2", NULL },
		{ 0, 0, EV_RECEIPT_OK, ST_SUBMITTED, ST_DELIVERED, 1000, NOW + 5, "smsc2", "stat:DELIVRD" },
	};
	struct fixture *f = *state;
	struct store_accept a = accept_one("pi1", "id");
	struct store_audit_row *none;
	struct store_receipt r;
	struct store_event e;
	struct store_take t;
	uint32_t n;

	a.audit_detail = "{\"from\":\"192.0.2.1\"}";
	assert_int_equal(run_accept(f, &a), OK);
	t = take(f, NOW + 1, 1);
	e = event_on(t.items, EV_RETRY);
	e.at = NOW + 2;
	e.code = 4000;
	e.desc = "throttled";
	e.link = "smsc1";
	e.due_at = NOW + 3;
	assert_int_equal(run_event(f, &e), OK);
	free_items(&t);
	t = take(f, NOW + 3, 1);
	submitted(f, t.items, "smsc2", "m1");
	r = receipt("smsc2", "m1", EV_RECEIPT_OK);
	r.at = NOW + 5;
	r.code = 1000;
	r.desc = "stat:DELIVRD";
	assert_int_equal(run_receipt(f, &r), OK);
	e = event_on(t.items, EV_SENT);		/* means nothing now: no row */
	assert_int_equal(run_event(f, &e), OK);
	assert_true(e.ignored);
	free_items(&t);
	expect_rows(f, "pi1", "id", a.push, rows, 6);
	expect_rows(f, NULL, "id", a.push, rows, 6);
	fixture_crash(f);
	expect_rows(f, "pi1", "id", a.push, rows, 6);
	assert_int_equal(store_read_audit(f->reader, "pi2", "id", 0, 9, &none, &n), ERR_NOT_FOUND);
	assert_null(none);
	assert_int_equal(store_read_audit(f->reader, "pi1", "di", 0, 9, &none, &n), ERR_NOT_FOUND);
}

/* Taken with its acceptance: that is one row. */
static void
taken_at_once(void **state)
{
	static const struct expected rows[] = {
		{ 0, 0, EV_ACCEPT, 0, ST_TAKEN, 0, NOW, NULL, NULL },
		{ 0, 0, EV_RECOVER, ST_TAKEN, ST_QUEUED, 0, NOW, NULL, NULL },
	};
	struct fixture *f = *state;
	struct store_accept a = accept_one("pi1", "id");

	a.take = true;
	assert_int_equal(run_accept(f, &a), OK);
	expect_rows(f, "pi1", "id", a.push, rows, 1);
	fixture_crash(f);
	expect_rows(f, "pi1", "id", a.push, rows, 2);
}

static void
neighbours_share_a_row(void **state)
{
	static const struct expected rows[] = {
		{ 0, 2999, EV_ACCEPT, 0, ST_QUEUED, 0, NOW, NULL, "x" },
		{ 0, 99, EV_TAKE, ST_QUEUED, ST_TAKEN, 0, NOW, NULL, NULL },
		{ 0, 0, EV_SENT, ST_TAKEN, ST_DELIVERED, 0, NOW + 1, NULL, NULL },
		{ 1, 99, EV_CANCEL, ST_TAKEN, ST_CANCELLED, 1000, NOW + 3, NULL, "gone" },
		{ 100, 999, EV_CANCEL, ST_QUEUED, ST_CANCELLED, 1000, NOW + 3, NULL, "gone" },
		{ 1000, 2999, EV_DEADLINE, ST_QUEUED, ST_EXPIRED, 0, NOW + 1000, NULL, NULL },
	};
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "id", 2000), m;
	static struct store_cancelled results[1000];
	struct store_cancel c = { .pi = "pi1", .push_id = "id", .max = 1000, .event = EV_CANCEL, .at = NOW + 3,
		.code = 1000, .desc = "gone", .results = results };
	struct store_audit_row *none;
	struct store_event e;
	struct store_take t;
	uint32_t n;

	a.more = true;
	a.audit_detail = "x";
	assert_int_equal(run_accept(f, &a), OK);
	assert_int_equal(store_read_audit(f->reader, "pi1", "id", 0, 9, &none, &n), ERR_NOT_FOUND);
	m = a;
	m.first_n = 2000;
	m.n_recipients = 1000;
	m.more = false;
	assert_int_equal(run_op(f, &m.op, STORE_MORE), OK);
	t = take(f, NOW, 100);
	e = event_on(t.items, EV_SENT);
	assert_int_equal(run_event(f, &e), OK);
	free_items(&t);
	assert_int_equal(run_op(f, &c.op, STORE_CANCEL), OK);
	assert_int_equal(tick(f, NOW + 1000, 5000).expired, 2000);
	expect_rows(f, "pi1", "id", a.push, rows, 6);
}

static void
replacement_leaves_rows(void **state)
{
	static const struct expected old[] = {
		{ 0, 3, EV_ACCEPT, 0, ST_QUEUED, 0, NOW, NULL, NULL },
		{ 2, 3, EV_REPLACED, ST_QUEUED, ST_CANCELLED, CODE_REPLACED, NOW + 1, NULL, NULL },
	};
	static const struct expected new[] = {
		{ 0, 3, EV_ACCEPT, 0, ST_QUEUED, 0, NOW + 1, NULL, NULL },
		{ 2, 3, EV_NOT_REPLACED, ST_QUEUED, ST_FAILED, CODE_NOT_REPLACED, NOW + 1, NULL, NULL },
	};
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "old", 4), b;

	assert_int_equal(run_accept(f, &a), OK);
	b = accept_many("pi1", "new", 6);
	b.recipients += 2;
	b.n_recipients = 4;
	b.received = NOW + 1;
	b.replaces = "old";
	b.replace = STORE_REPLACE_PENDING;
	assert_int_equal(run_accept(f, &b), OK);
	expect_rows(f, "pi1", "old", a.push, old, 2);
	expect_rows(f, "pi1", "new", b.push, new, 2);
}

/* Nothing of a push that never became whole. */
static void
what_was_swept_leaves_none(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "id", 100);
	struct store_audit_row *none;
	uint32_t n;

	a.more = true;
	assert_int_equal(run_accept(f, &a), OK);
	fixture_crash(f);
	assert_int_equal(stats(f).swept, 1);
	assert_int_equal(store_read_audit(f->reader, NULL, "id", 0, 9, &none, &n), ERR_NOT_FOUND);
}

/* ---- longer than the push ----------------------------------------------------------------- */

static int64_t
end_push(struct fixture *f, const char *pi, const char *push_id, int64_t now)
{
	struct store_accept a = accept_one(pi, push_id);
	struct store_event e;

	a.received = now;
	a.deadline_at = now + 1000;
	assert_int_equal(run_accept(f, &a), OK);
	e = event_of(a.push, 0, EV_CANCEL);
	assert_int_equal(run_event(f, &e), OK);
	return a.push;
}

static void
audit_outlives_the_push(void **state)
{
	static const struct expected rows[] = {
		{ 0, 0, EV_ACCEPT, 0, ST_QUEUED, 0, NOW, NULL, NULL },
		{ 0, 0, EV_CANCEL, ST_QUEUED, ST_CANCELLED, 0, NOW + 1, NULL, NULL },
	};
	static const struct expected again[] = {
		{ 0, 0, EV_ACCEPT, 0, ST_QUEUED, 0, NOW + 700, NULL, NULL },
		{ 0, 0, EV_CANCEL, ST_QUEUED, ST_CANCELLED, 0, NOW + 1, NULL, NULL },
	};
	struct fixture *f = *state;
	struct store_audit_row *none;
	struct store_view v;
	int64_t push, second;
	struct store_tick k;
	uint32_t n;

	fixture_close(f);
	f->cf.audit_retention_s = 2000;
	fixture_open(f);
	push = end_push(f, "pi1", "id", NOW);
	end_push(f, "pi2", "id", NOW);
	k = tick(f, NOW + 500, 100);
	assert_int_equal(k.purged, 2);
	assert_int_equal(k.next_due, NOW + 2000);
	assert_int_equal(stats(f).recipients, 0);
	assert_int_equal(store_read_push(f->reader, "pi1", "id", 0, 1, &v), ERR_NOT_FOUND);
	expect_rows(f, "pi1", "id", push, rows, 2);
	assert_int_equal(store_read_audit(f->reader, NULL, "id", 0, 9, &none, &n), ERR_EXISTS);
	fixture_crash(f);
	expect_rows(f, "pi1", "id", push, rows, 2);

	/* The id is free again; the newest that had it is meant. */
	clock_fake_advance(700 * 1000);
	second = end_push(f, "pi1", "id", NOW + 700);
	expect_rows(f, "pi1", "id", second, again, 2);
	assert_int_equal(store_read_push(f->reader, NULL, "id", 0, 1, &v), OK);
	store_view_done(&v);
	assert_int_equal(tick(f, NOW + 1999, 100).purged, 1);
	expect_rows(f, "pi1", "id", second, again, 2);

	/* In slices, and then nothing is left of the first two. */
	for (n = 0; n < 10; n++)
		k = tick(f, NOW + 2000, 1);
	assert_int_equal(k.next_due, NOW + 2700);
	assert_int_equal(store_read_audit(f->reader, "pi2", "id", 0, 9, &none, &n), ERR_NOT_FOUND);
	expect_rows(f, "pi1", "id", second, again, 2);
	k = tick(f, NOW + 2700, 100);
	assert_int_equal(k.next_due, 0);
	assert_int_equal(store_read_audit(f->reader, NULL, "id", 0, 9, &none, &n), ERR_NOT_FOUND);
}

/* What ends at about the same time goes together; what lies between it stays. */
static void
audit_of_neighbours_stays(void **state)
{
	static const char *const ids[] = { "a", "live", "many", "b", "later", "c" };
	struct fixture *f = *state;
	struct store_audit_row *rows;
	struct store_tick k;
	struct store_event e;
	uint32_t n, i, m;
	char id[16];

	fixture_close(f);
	f->cf.audit_retention_s = 2000;
	fixture_open(f);
	for (i = 0; i < 6; i++) {
		struct store_accept a = i == 2 ? accept_many("pi1", ids[i], 100) : accept_one("pi1", ids[i]);

		a.deadline_at = NOW + 100000;
		assert_int_equal(run_accept(f, &a), OK);
		for (m = 0; m < a.n_recipients && i != 1 && i != 4; m++) {
			e = event_of(a.push, m, EV_CANCEL);
			e.at = NOW + (m & 1);		/* no neighbours: 101 rows */
			assert_int_equal(run_event(f, &e), OK);
		}
		if (i == 4) {
			clock_fake_advance(300 * 1000);
			e = event_of(a.push, 0, EV_CANCEL);
			assert_int_equal(run_event(f, &e), OK);
			clock_fake_advance(-300 * 1000);
		}
	}
	for (i = 0; i < 70; i++) {
		snprintf(id, sizeof id, "gap%u", i);
		end_push(f, "pi1", id, NOW);
	}
	for (i = 0; i < 20; i++)
		tick(f, NOW + 800, 100);
	assert_int_equal(stats(f).pushes, 1);
	for (i = 0; i < 6; i++) {
		assert_int_equal(store_read_audit(f->reader, "pi1", ids[i], 0, 1000, &rows, &n), OK);
		assert_int_equal(n, i == 1 ? 1 : i == 2 ? 101 : 2);
		store_audit_rows_free(rows, n);
	}
	for (i = 0; i < 100; i++)
		k = tick(f, NOW + 2000, 10);
	assert_int_equal(k.next_due, NOW + 2300);
	for (i = 0; i < 6; i++) {
		assert_int_equal(store_read_audit(f->reader, "pi1", ids[i], 0, 1000, &rows, &n),
		    i == 1 || i == 4 ? OK : ERR_NOT_FOUND);
		assert_int_equal(n, i == 1 ? 1 : i == 4 ? 2 : 0);
		store_audit_rows_free(rows, n);
	}
	assert_int_equal(store_read_audit(f->reader, "pi1", "gap69", 0, 9, &rows, &n), ERR_NOT_FOUND);
	assert_int_equal(tick(f, NOW + 2300, 100).next_due, NOW + 100000);
	assert_int_equal(store_read_audit(f->reader, "pi1", "live", 0, 9, &rows, &n), OK);
	assert_int_equal(n, 1);
	store_audit_rows_free(rows, n);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		CONTRACT_TEST(the_life_of_one),
		CONTRACT_TEST(taken_at_once),
		CONTRACT_TEST(neighbours_share_a_row),
		CONTRACT_TEST(replacement_leaves_rows),
		CONTRACT_TEST(what_was_swept_leaves_none),
		CONTRACT_TEST(audit_outlives_the_push),
		CONTRACT_TEST(audit_of_neighbours_stays),
	};

	return contract_run(tests, sizeof tests / sizeof tests[0]);
}
