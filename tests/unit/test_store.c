/*
 * test_store.c - the contract of store/store.h, sentence by sentence, on every engine.
 *
 * The rules below are small ones of the test's own: the store must not know what states mean.
 */
#include "tests/unit/test_store.h"

static const struct engine {
	const char *name;
	const char *url;		/* %s is a new folder */
} engines[] = {
	{ "sqlite", "sqlite:%s/ppg.db" },
};

static int
setup(void **state)
{
	struct fixture *f = fixture_create(((const struct engine *)*state)->url);

	*state = f;
	fixture_open(f);
	return 0;
}

static int
teardown(void **state)
{
	fixture_destroy(*state);
	return 0;
}

/* ---- ACCEPT, TAKE, EVENT, RECEIPT: the way of one push ------------------------------------------- */

static void
a_push_goes_its_way(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_one("pi1", "id-1");
	struct store_take t;
	struct store_view v;
	char ids[1][66] = { "00AbC" };

	assert_int_equal(run_accept(f, &a), OK);
	assert_true(a.push > 0);
	assert_int_equal(a.batch, 0);

	t = take(f, NOW, 10);
	assert_int_equal(t.n_items, 1);
	assert_int_equal(t.items->push, a.push);
	assert_int_equal(t.items->n, 0);
	assert_int_equal(t.items->attempts, 0);
	assert_false(t.items->maybe_sent);
	assert_string_equal(t.items->to, "+12025550100");
	assert_string_equal(t.items->pi, "pi1");
	assert_int_equal(t.items->deadline_at, NOW + 1000);
	assert_int_equal(t.items->overlay.n, 0);
	assert_true(span_eq_str(t.items->body->headers, "HDR"));
	assert_true(span_eq_str(t.items->body->body, "BODY"));
	assert_true(t.items->batch != 0);
	assert_int_equal(t.next_due, 0);

	struct store_event e = { .push = a.push, .batch = t.items->batch, .event = EV_SUBMITTED,
		.at = NOW + 1, .code = 1234, .desc = "on its way", .link = "smsc1", .message_ids = ids,
		.n_ids = 1 };
	assert_int_equal(run_event(f, &e), OK);
	assert_int_equal(e.from, ST_TAKEN);
	assert_int_equal(e.to, ST_SUBMITTED);
	assert_false(e.ignored || e.final);
	assert_int_equal(stats(f).live, 1);

	struct store_receipt r = receipt("smsc1", "ABC", EV_RECEIPT_OK);
	assert_int_equal(run_receipt(f, &r), OK);
	assert_int_equal(r.push, a.push);
	assert_int_equal(r.n, 0);
	assert_int_equal(r.from, ST_SUBMITTED);
	assert_int_equal(r.to, ST_DELIVERED);
	assert_true(r.final);

	assert_int_equal(store_read_push(f->reader, "pi1", "id-1", 0, 10, &v), OK);
	assert_int_equal(v.n_final, 1);
	assert_int_equal(v.n, 1);
	assert_int_equal(v.recipients[0].state, ST_DELIVERED);
	assert_int_equal(v.recipients[0].attempts, 1);
	assert_string_equal(v.recipients[0].link, "smsc1");
	store_view_done(&v);
	assert_int_equal(stats(f).live, 0);
	free_items(&t);
}

#define STORE_TEST(f) { #f, f, setup, teardown, NULL }

static const struct CMUnitTest contract[] = {
	STORE_TEST(a_push_goes_its_way),
};

int
main(void)
{
	int failed = 0;
	size_t i, k;

	for (i = 0; i < sizeof engines / sizeof engines[0]; i++) {
		struct CMUnitTest tests[sizeof contract / sizeof contract[0]];

		memcpy(tests, contract, sizeof contract);
		for (k = 0; k < sizeof tests / sizeof tests[0]; k++)
			tests[k].initial_state = (void *)(uintptr_t)&engines[i];
		failed += _cmocka_run_group_tests(engines[i].name, tests, sizeof tests / sizeof tests[0],
		    NULL, NULL);
	}
	return failed;
}
