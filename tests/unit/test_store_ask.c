/*
 * test_store_ask.c - the contract of store/store.h, on every engine: TICK hands out who is past the deadline and still
 * waits for a receipt.
 */
#include "base/clock.h"
#include "tests/unit/test_store.h"

enum { DEADLINE = NOW + 1000, MARGIN = 100 };	/* of accept_one, of the fixture */

static struct store_tick
ask(struct fixture *f, int64_t now, uint32_t max_overdue)
{
	struct store_tick t = { .now = now, .max = 100, .max_overdue = max_overdue };

	assert_int_equal(run_op(f, &t.op, STORE_TICK), OK);
	return t;
}

/* How many it handed out; they are freed. */
static uint32_t
drop(struct store_tick *t)
{
	struct store_overdue *next;
	uint32_t n = 0;

	for (; t->overdue != NULL; t->overdue = next, n++) {
		next = t->overdue->next;
		store_overdue_free(t->overdue);
	}
	assert_int_equal(n, t->n_overdue);
	return n;
}

static uint32_t
asked(struct fixture *f, int64_t now, uint32_t max_overdue)
{
	struct store_tick t = ask(f, now, max_overdue);

	return drop(&t);
}

static void
submit_parts(struct fixture *f, const struct store_item *item, const char *link, char (*ids)[66], unsigned n)
{
	struct store_event e = event_on(item, EV_SUBMITTED);

	e.link = link;
	e.message_ids = ids;
	e.n_ids = n;
	assert_int_equal(run_event(f, &e), OK);
	assert_int_equal(e.to, ST_SUBMITTED);
}

static void
overdue_are_handed_out(void **state)
{
	struct fixture *f = *state;
	struct store_item *item = take_one(f, "id");
	char ids[3][66] = { "m1", "", "m3" };
	struct store_receipt r = receipt("smsc1", "m1", EV_RECEIPT_OK);
	struct store_tick t;

	submit_parts(f, item, "smsc1", ids, 3);
	assert_int_equal(asked(f, DEADLINE - 1, 10), 0);
	assert_int_equal(run_receipt(f, &r), OK);
	t = ask(f, DEADLINE, 10);
	assert_int_equal(t.n_overdue, 1);
	assert_int_equal(t.overdue->push, item->push);
	assert_int_equal(t.overdue->n, 0);
	assert_string_equal(t.overdue->link, "smsc1");
	assert_int_equal(t.overdue->n_ids, 1);		/* one has its receipt, one cannot be named */
	assert_string_equal(t.overdue->message_ids[0], "m3");
	assert_int_equal(t.expired, 0);
	assert_int_equal(t.next_due, DEADLINE + MARGIN);
	assert_int_equal(drop(&t), 1);
	assert_int_equal(look(f, "pi1", "id", 0).state, ST_SUBMITTED);
	store_item_free(item);
}

/* Until somebody says that the SMSC was asked; over a restart as well. */
static void
they_come_again_until_asked(void **state)
{
	struct fixture *f = *state;
	struct store_item *item = take_one(f, "id");
	struct store_event e = event_of(item->push, 0, EV_ASK);
	uint64_t entered;

	assert_int_equal(submitted(f, item, "smsc1", "m"), ST_SUBMITTED);
	assert_int_equal(asked(f, DEADLINE, 0), 0);	/* nobody has room */
	assert_int_equal(asked(f, DEADLINE, 10), 1);
	assert_int_equal(asked(f, DEADLINE + STORE_ASK_AGAIN_S - 1, 10), 0);
	fixture_reopen(f);
	assert_int_equal(asked(f, DEADLINE + STORE_ASK_AGAIN_S, 10), 1);
	entered = stats(f).entered[ST_SUBMITTED];
	assert_int_equal(run_event(f, &e), OK);
	assert_false(e.ignored);
	assert_int_equal(e.to, ST_SUBMITTED);
	assert_int_equal(stats(f).entered[ST_SUBMITTED], entered);	/* it was there before */
	assert_int_equal(asked(f, DEADLINE + 2 * STORE_ASK_AGAIN_S, 10), 0);
	assert_int_equal(asked(f, DEADLINE + 3 * STORE_ASK_AGAIN_S, 10), 0);
	store_item_free(item);
}

/* A message id is still found after ev_ask: what the SMSC answers is as good as a receipt. */
static void
the_answer_counts(void **state)
{
	struct fixture *f = *state;
	struct store_item *item = take_one(f, "id");
	struct store_event e = event_of(item->push, 0, EV_ASK);
	struct store_receipt r = receipt("smsc1", "m", EV_RECEIPT_OK);

	assert_int_equal(submitted(f, item, "smsc1", "m"), ST_SUBMITTED);
	assert_int_equal(asked(f, DEADLINE, 10), 1);
	assert_int_equal(run_event(f, &e), OK);
	r.asked = true;
	assert_int_equal(run_receipt(f, &r), OK);
	assert_int_equal(r.to, ST_DELIVERED);
	assert_int_equal(look(f, "pi1", "id", 0).state, ST_DELIVERED);
	/* and one that comes too late is not kept */
	r = receipt("smsc1", "m", EV_RECEIPT_OK);
	r.asked = true;
	assert_int_equal(run_receipt(f, &r), ERR_NOT_FOUND);
	assert_int_equal(stats(f).receipts_unknown, 0);
	store_item_free(item);
}

/* Who is on a link at the deadline is handed out when the SMSC has it. */
static void
who_is_on_a_link_comes_later(void **state)
{
	struct fixture *f = *state;
	struct store_item *item = take_one(f, "id");

	assert_int_equal(asked(f, DEADLINE, 10), 0);
	assert_int_equal(submitted(f, item, "smsc1", "m"), ST_SUBMITTED);
	assert_int_equal(asked(f, DEADLINE + STORE_ASK_AGAIN_S, 10), 1);
	store_item_free(item);
}

static void
final_ones_do_not(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "id", 3);
	struct store_receipt r = receipt("smsc1", "m0", EV_RECEIPT_OK);
	struct store_take t;
	struct store_tick k;

	assert_int_equal(run_accept(f, &a), OK);
	t = take(f, NOW, 2);
	submitted(f, t.items, "smsc1", "m0");
	submitted(f, t.items->next, "smsc1", "m1");
	assert_int_equal(run_receipt(f, &r), OK);
	clock_fake_advance(1000 * 1000);		/* nothing is purged below */
	k = ask(f, DEADLINE, 10);
	assert_int_equal(k.expired, 1);			/* it waited for dispatch */
	assert_int_equal(k.n_overdue, 1);
	assert_int_equal(k.overdue->n, 1);
	drop(&k);
	k = ask(f, DEADLINE + MARGIN, 10);		/* the end comes before the question */
	assert_int_equal(k.expired, 1);
	assert_int_equal(drop(&k), 0);
	assert_int_equal(look(f, "pi1", "id", 1).state, ST_FAILED);
	assert_int_equal(asked(f, DEADLINE + 3 * MARGIN, 10), 0);
	free_items(&t);
}

/* No more than there is room for at a time, everybody once, and nothing else waits for them. */
static void
a_backlog_goes_in_slices(void **state)
{
	enum { MANY = 95, SLICE = 10 };
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "id", MANY);
	struct store_take t;
	struct store_item *item;
	bool seen[MANY] = { false };
	uint32_t n = 0, rounds, i;
	char id[16];

	assert_int_equal(run_accept(f, &a), OK);
	t = take(f, NOW, MANY);
	assert_int_equal(t.n_items, MANY);
	for (item = t.items; item != NULL; item = item->next) {
		snprintf(id, sizeof id, "m%u", item->n);
		submitted(f, item, "smsc1", id);
	}
	for (rounds = 0; rounds < MANY / SLICE + 1; rounds++) {
		struct store_tick k = ask(f, DEADLINE, SLICE);
		const struct store_overdue *o;

		assert_true(k.n_overdue <= SLICE);
		for (o = k.overdue; o != NULL; o = o->next) {
			assert_false(seen[o->n]);
			seen[o->n] = true;
		}
		n += drop(&k);
	}
	assert_int_equal(n, MANY);
	assert_int_equal(asked(f, DEADLINE, SLICE), 0);
	for (n = 0, i = 0; i < MANY / SLICE + 1; i++)	/* and again, as nobody asked */
		n += asked(f, DEADLINE + STORE_ASK_AGAIN_S, SLICE);
	assert_int_equal(n, MANY);
	free_items(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONTRACT_TEST(overdue_are_handed_out),
		CONTRACT_TEST(they_come_again_until_asked),
		CONTRACT_TEST(the_answer_counts),
		CONTRACT_TEST(who_is_on_a_link_comes_later),
		CONTRACT_TEST(final_ones_do_not),
		CONTRACT_TEST(a_backlog_goes_in_slices),
	};

	return contract_run(tests, sizeof tests / sizeof tests[0]);
}
