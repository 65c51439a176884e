/*
 * test_store_class.c - the contract of store/store.h, on every engine: dispatch classes, what dispatch is given of
 * a push, and the figures of it.
 */
#include "tests/unit/test_store.h"

static int64_t
accept_class(struct fixture *f, const char *push_id, enum store_priority priority, int64_t received)
{
	struct store_accept a = accept_one("pi1", push_id);

	a.priority = priority;
	a.received = received;
	assert_int_equal(run_accept(f, &a), OK);
	return a.push;
}

static struct store_take
take_classes(struct fixture *f, int64_t now, uint32_t high, uint32_t medium, uint32_t low)
{
	struct store_take t = { .now = now, .max = { high, medium, low } };

	assert_int_equal(run_op(f, &t.op, STORE_TAKE), OK);
	return t;
}

static void
classes_are_independent(void **state)
{
	struct fixture *f = *state;
	int64_t low = accept_class(f, "low", STORE_LOW, NOW - 30), m1 = accept_class(f, "m1", STORE_MEDIUM, NOW - 10);
	int64_t m2 = accept_class(f, "m2", STORE_MEDIUM, NOW - 20), h1 = accept_class(f, "h1", STORE_HIGH, NOW - 4);
	int64_t h2 = accept_class(f, "h2", STORE_HIGH, NOW - 5), h3 = accept_class(f, "h3", STORE_HIGH, NOW + 5);
	struct store_take t;

	t = take_classes(f, NOW, 0, 0, 0);
	assert_int_equal(t.n_items, 0);
	assert_int_equal(t.next_due, 0);
	t = take_classes(f, NOW, 1, 0, 0);
	assert_int_equal(t.n_items, 1);
	assert_int_equal(t.items->push, h2);
	assert_int_equal(t.items->priority, STORE_HIGH);
	assert_int_equal(t.next_due, NOW - 4);		/* low waits longer, and is not asked for */
	free_items(&t);
	t = take_classes(f, NOW, 5, 1, 0);
	assert_int_equal(t.n_items, 2);
	assert_int_equal(t.items->push, h1);
	assert_int_equal(t.items->next->push, m2);
	assert_int_equal(t.items->next->priority, STORE_MEDIUM);
	assert_int_equal(t.items->batch, t.items->next->batch);
	assert_int_equal(t.next_due, NOW - 10);
	free_items(&t);
	t = take_classes(f, NOW, 1, 0, 1);
	assert_int_equal(t.n_items, 1);
	assert_int_equal(t.items->push, low);
	assert_int_equal(t.items->priority, STORE_LOW);
	assert_int_equal(t.next_due, NOW + 5);
	free_items(&t);
	t = take_classes(f, NOW + 5, 9, 9, 9);
	assert_int_equal(t.n_items, 2);
	assert_int_equal(t.items->push, h3);
	assert_int_equal(t.items->next->push, m1);
	assert_int_equal(t.next_due, 0);
	free_items(&t);
}

/* Whatever brings a recipient back to the queue, it waits in its class. */
static void
requeued_in_its_class(void **state)
{
	static const enum store_priority classes[] = { STORE_LOW, STORE_HIGH, STORE_MEDIUM };
	struct fixture *f = *state;
	struct store_event e;
	struct store_take t;
	size_t i;

	for (i = 0; i < 3; i++) {
		struct store_accept a = accept_many("pi1", i == 0 ? "a" : i == 1 ? "b" : "c", 3), last;

		a.priority = classes[i];
		a.n_recipients = 2;
		a.more = true;
		assert_int_equal(run_accept(f, &a), OK);
		last = a;
		last.recipients += 2;
		last.first_n = 2;
		last.n_recipients = 1;
		last.more = false;
		assert_int_equal(run_op(f, &last.op, STORE_MORE), OK);
		t = take_classes(f, NOW, classes[i] == STORE_HIGH ? 2 : 0, classes[i] == STORE_MEDIUM ? 2 : 0,
		    classes[i] == STORE_LOW ? 2 : 0);
		assert_int_equal(t.n_items, 2);
		e = event_on(t.items, EV_RETRY);
		e.due_at = NOW + 60;
		assert_int_equal(run_event(f, &e), OK);
		free_items(&t);
		fixture_crash(f);		/* the second one was on a link */
		t = take_classes(f, NOW + 60, classes[i] == STORE_HIGH ? 9 : 0, classes[i] == STORE_MEDIUM ? 9 : 0,
		    classes[i] == STORE_LOW ? 9 : 0);
		assert_int_equal(t.n_items, 3);
		assert_int_equal(t.items->priority, classes[i]);
		assert_int_equal(t.items->next->next->priority, classes[i]);
		assert_int_equal(t.next_due, 0);
		for (struct store_item *item = t.items; item != NULL; item = item->next) {
			e = event_on(item, EV_SENT);
			assert_int_equal(run_event(f, &e), OK);
		}
		free_items(&t);
	}
}

static void
the_route_comes_back(void **state)
{
	static const uint8_t route[] = { 0, 1, 255, 0 };
	struct fixture *f = *state;
	struct store_body *b = store_body_create(span_str("H"), span_str("B"), span_of(route, sizeof route));
	struct store_body *none = store_body_create(span_str("H"), span_of(NULL, 0), span_of(NULL, 0));
	struct store_accept a = accept_one("pi1", "with"), c = accept_one("pi1", "without");
	struct store_take t;

	a.body = b;
	c.body = none;
	c.received = NOW + 1;
	assert_int_equal(run_accept(f, &a), OK);
	assert_int_equal(run_accept(f, &c), OK);
	store_body_unref(b);
	store_body_unref(none);
	fixture_reopen(f);
	t = take(f, NOW + 1, 9);
	assert_int_equal(t.n_items, 2);
	assert_true(span_eq(t.items->body->route, span_of(route, sizeof route)));
	assert_true(span_eq_str(t.items->body->body, "B"));
	assert_int_equal(t.items->next->body->route.n, 0);
	assert_int_equal(t.items->next->body->body.n, 0);
	assert_true(span_eq_str(t.items->next->body->headers, "H"));
	free_items(&t);
}

/* ---- figures ------------------------------------------------------------------------------ */

static void
entered_counts_what_came_into_a_state(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "many", 5), b = accept_one("pi1", "now");
	struct store_event e;
	struct store_take t;

	assert_int_equal(run_accept(f, &a), OK);
	b.take = true;
	assert_int_equal(run_accept(f, &b), OK);
	assert_int_equal(stats(f).entered[ST_QUEUED], 5);
	assert_int_equal(stats(f).entered[ST_TAKEN], 1);
	t = take(f, NOW, 3);
	assert_int_equal(stats(f).entered[ST_TAKEN], 4);
	e = event_on(t.items, EV_RETRY);
	e.due_at = NOW;
	assert_int_equal(run_event(f, &e), OK);
	assert_int_equal(stats(f).entered[ST_QUEUED], 6);
	e = event_on(t.items, EV_SENT);		/* means nothing now */
	assert_int_equal(run_event(f, &e), OK);
	assert_int_equal(stats(f).entered[ST_DELIVERED], 0);
	submitted(f, t.items->next, "smsc1", "m1");
	assert_int_equal(stats(f).entered[ST_SUBMITTED], 1);
	assert_int_equal(tick(f, NOW + 1000, 100).expired, 3);
	assert_int_equal(stats(f).entered[ST_EXPIRED], 3);
	free_items(&t);
}

static void
the_oldest_that_waits(void **state)
{
	struct fixture *f = *state;
	struct store_event e;
	struct store_take t;
	int64_t low;

	assert_int_equal(stats(f).oldest_due, 0);
	accept_class(f, "later", STORE_HIGH, NOW + 50);
	assert_int_equal(stats(f).oldest_due, 0);
	accept_class(f, "medium", STORE_MEDIUM, NOW - 5);
	assert_int_equal(stats(f).oldest_due, NOW - 5);
	low = accept_class(f, "low", STORE_LOW, NOW - 9);
	assert_int_equal(stats(f).oldest_due, NOW - 9);
	fixture_reopen(f);
	assert_int_equal(stats(f).oldest_due, NOW - 9);
	e = event_of(low, 0, EV_CANCEL);		/* it waits no more, and nobody took it */
	assert_int_equal(run_event(f, &e), OK);
	assert_int_equal(stats(f).oldest_due, NOW - 5);
	t = take(f, NOW, 9);
	assert_int_equal(t.n_items, 1);
	free_items(&t);
	assert_int_equal(stats(f).oldest_due, 0);
}

/* ---- what cannot go now ------------------------------------------------------------------- */

static bool
not_by_b(void *arg, struct span route)
{
	++*(unsigned *)arg;
	return !span_eq_str(route, "by b");
}

/* Set aside for a while, whole, in the state that they had; those behind them go. */
static void
what_is_not_wanted_waits(void **state)
{
	static const char *const routes[] = { "by b", "by a", "by b", "by a" };
	struct fixture *f = *state;
	struct store_accept a[4];
	struct store_event e;
	unsigned asked = 0;
	char ids[4][8];
	size_t i;

	for (i = 0; i < 4; i++) {
		struct store_body *b = store_body_create(span_str("H"), span_str("B"), span_str(routes[i]));

		snprintf(ids[i], sizeof ids[i], "id%zu", i);
		a[i] = accept_many("pi1", ids[i], i == 0 ? 50 : 2);
		a[i].body = b;
		assert_int_equal(run_accept(f, &a[i]), OK);
		store_body_unref(b);
	}
	for (i = 0; i < 2; i++) {		/* nobody of this one is left to send: it waits for nothing */
		e = event_of(a[2].push, (uint32_t)i, EV_CANCEL);
		assert_int_equal(run_event(f, &e), OK);
	}
	struct store_take t = { .now = NOW, .max = { 3, 0, 0 }, .wanted = not_by_b, .arg = &asked, .aside_s = 30 };
	assert_int_equal(run_op(f, &t.op, STORE_TAKE), OK);
	assert_int_equal(t.n_items, 3);
	assert_int_equal(t.items->push, a[1].push);
	assert_int_equal(t.items->next->next->push, a[3].push);
	assert_true(asked >= 2);
	assert_int_equal(t.next_due, NOW);
	free_items(&t);
	t = (struct store_take){ .now = NOW, .max = { 3, 0, 0 }, .wanted = not_by_b, .arg = &asked, .aside_s = 30 };
	assert_int_equal(run_op(f, &t.op, STORE_TAKE), OK);
	assert_int_equal(t.n_items, 1);
	assert_int_equal(t.items->push, a[3].push);
	assert_int_equal(t.next_due, NOW + 30);
	free_items(&t);
	assert_int_equal(look(f, "pi1", "id0", 0).state, ST_QUEUED);
	assert_int_equal(look(f, "pi1", "id0", 0).attempts, 0);
	t = take(f, NOW + 29, 100);
	assert_int_equal(t.n_items, 0);
	t = take(f, NOW + 30, 100);		/* the link is back */
	assert_int_equal(t.n_items, 50);
	assert_int_equal(t.items->push, a[0].push);
	assert_int_equal(t.items->n, 0);
	assert_int_equal(t.next_due, 0);
	free_items(&t);
}

static bool
even_ones(void *arg, struct span route, enum store_priority priority, const char *to)
{
	unsigned *asked = arg;

	assert_true(span_eq_str(route, "by a"));
	assert_int_equal(priority, STORE_HIGH);
	++*asked;
	return to[strlen(to) - 1] % 2 == 0;
}

/* Recipients of one push, each by its number. */
static void
whose_number_waits(void **state)
{
	struct store_body *b = store_body_create(span_str("H"), span_str("B"), span_str("by a"));
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "id", 10);
	struct store_take t;
	struct store_item *item;
	unsigned asked = 0, n = 0, odd = 0;

	a.body = b;
	assert_int_equal(run_accept(f, &a), OK);
	store_body_unref(b);
	t = (struct store_take){ .now = NOW, .max = { 100, 0, 0 }, .wanted_number = even_ones, .arg = &asked, .aside_s = 30 };
	assert_int_equal(run_op(f, &t.op, STORE_TAKE), OK);
	assert_int_equal(asked, 10);
	for (item = t.items; item != NULL; item = item->next, n++)
		odd += item->to[strlen(item->to) - 1] % 2;
	assert_int_equal(n, 5);
	assert_int_equal(odd, 0);
	assert_int_equal(t.next_due, NOW + 30);
	free_items(&t);
	t = take(f, NOW + 29, 100);
	assert_int_equal(t.n_items, 0);
	t = take(f, NOW + 30, 100);		/* now anybody may */
	assert_int_equal(t.n_items, 5);
	for (item = t.items; item != NULL; item = item->next) {
		assert_int_equal(item->to[strlen(item->to) - 1] % 2, 1);
		assert_int_equal(item->attempts, 0);
	}
	assert_int_equal(t.next_due, 0);
	free_items(&t);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		CONTRACT_TEST(classes_are_independent),
		CONTRACT_TEST(requeued_in_its_class),
		CONTRACT_TEST(the_route_comes_back),
		CONTRACT_TEST(what_is_not_wanted_waits),
		CONTRACT_TEST(whose_number_waits),
		CONTRACT_TEST(entered_counts_what_came_into_a_state),
		CONTRACT_TEST(the_oldest_that_waits),
	};

	return contract_run(tests, sizeof tests / sizeof tests[0]);
}
