/*
 * test_store_cancel.c - the contract of store/store.h, on every engine: recipients by their keys, CANCEL and
 * ABANDON.
 */
#include "tests/unit/test_store.h"

enum { MANY = 5000, CHUNK = 1000 };

static char many_keys[MANY][24];

/* A push to n, with keys "key-0" ..., in chunks. */
static int64_t
accept_keyed(struct fixture *f, const char *push_id, uint32_t n, bool chunks)
{
	struct store_accept all = accept_many("pi1", push_id, n), a;
	uint32_t at, i;

	for (i = 0; i < n; i++) {
		snprintf(many_keys[i], sizeof many_keys[i], "key-%u", i);
		((struct store_recipient *)(uintptr_t)all.recipients)[i].key = many_keys[i];
	}
	all.notify_url = "http://pi.example.net/result";
	if (!chunks) {
		assert_int_equal(run_accept(f, &all), OK);
		return all.push;
	}
	a = all;
	for (at = 0; at < n; at += CHUNK) {
		a.recipients = all.recipients + at;
		a.first_n = at;
		a.n_recipients = n - at < CHUNK ? n - at : CHUNK;
		a.more = at + CHUNK < n;
		if (at == 0)
			assert_int_equal(run_accept(f, &a), OK);
		else
			assert_int_equal(run_op(f, &a.op, STORE_MORE), OK);
	}
	return a.push;
}

static struct store_cancel
cancel_keys(const char *push_id, const char *const *keys, uint32_t n, struct store_cancelled *results)
{
	return (struct store_cancel){ .pi = "pi1", .push_id = push_id, .keys = keys, .n_keys = n,
		.event = EV_CANCEL, .at = NOW + 3, .code = 1000, .desc = "by its initiator", .results = results };
}

static struct store_cancel
cancel_slice(const char *push_id, uint32_t first_n, uint32_t max, struct store_cancelled *results)
{
	return (struct store_cancel){ .pi = "pi1", .push_id = push_id, .first_n = first_n, .max = max,
		.event = EV_CANCEL, .at = NOW + 3, .results = results };
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

/* ---- by keys ------------------------------------------------------------------------------ */

static void
check_recipients(struct fixture *f, uint32_t n)
{
	const char *keys[] = { many_keys[n - 1], "key-x", "key-1", many_keys[n / 2], "key-1", "KEY-1" };
	const uint32_t at[] = { n - 1, 0, 1, n / 2, 1, 0 };
	const bool found[] = { true, false, true, true, true, false };
	struct store_view v;
	size_t i;

	assert_int_equal(store_read_recipients(f->reader, "pi1", "id", keys, 6, &v), OK);
	assert_int_equal(v.n_recipients, n);
	assert_int_equal(v.n, 6);
	for (i = 0; i < 6; i++) {
		if (!found[i]) {
			assert_int_equal(v.recipients[i].state, 0);
			assert_null(v.recipients[i].address);
			assert_null(v.recipients[i].to);
			continue;
		}
		char to[32];

		snprintf(to, sizeof to, "+1202555%04u", at[i]);
		assert_int_equal(v.recipients[i].n, at[i]);
		assert_int_equal(v.recipients[i].state, ST_QUEUED);
		assert_string_equal(v.recipients[i].to, to);
		assert_non_null(strstr(v.recipients[i].address, to));
	}
	store_view_done(&v);
	assert_int_equal(store_read_recipients(f->reader, "pi2", "id", keys, 6, &v), ERR_NOT_FOUND);
	assert_int_equal(store_read_recipients(f->reader, NULL, "id", keys, 0, &v), OK);
	assert_int_equal(v.n, 0);
	store_view_done(&v);
}

static void
recipients_are_found_by_their_keys(void **state)
{
	struct fixture *f = *state;

	accept_keyed(f, "id", 10, false);
	check_recipients(f, 10);
	fixture_reopen(f);
	check_recipients(f, 10);
}

static void
recipients_of_a_large_push_are_found_by_their_keys(void **state)
{
	struct fixture *f = *state;

	accept_keyed(f, "id", MANY, true);
	check_recipients(f, MANY);
}

static void
recipients_of_one_large_chunk_are_found_by_their_keys(void **state)
{
	struct fixture *f = *state;

	accept_keyed(f, "id", MANY, false);
	check_recipients(f, MANY);
}

/* Long ones may differ in any place; without a key the address is one. */
static void
keys_are_compared_whole(void **state)
{
	static char keys[3][1200];
	struct fixture *f = *state;
	struct store_recipient to[3] = { { .address = "a", .key = keys[0], .to = "+1" },
		{ .address = "b", .key = keys[1], .to = "+2" }, { .address = "the address", .to = "+3" } };
	struct store_accept a = accept_one("pi1", "id");
	const char *ask[4] = { keys[1], keys[0], keys[2], "the address" };
	struct store_view v;
	size_t i;

	for (i = 0; i < 3; i++) {
		memset(keys[i], 'k', sizeof keys[i] - 1);
		keys[i][700] = (char)('x' + i);
	}
	a.recipients = to;
	a.n_recipients = 3;
	assert_int_equal(run_accept(f, &a), OK);
	assert_int_equal(store_read_recipients(f->reader, "pi1", "id", ask, 4, &v), OK);
	assert_string_equal(v.recipients[0].to, "+2");
	assert_string_equal(v.recipients[1].to, "+1");
	assert_int_equal(v.recipients[2].state, 0);
	assert_string_equal(v.recipients[3].to, "+3");
	store_view_done(&v);
}

/* ---- CANCEL ------------------------------------------------------------------------------- */

static void
cancel_by_keys(void **state)
{
	struct fixture *f = *state;
	const char *keys[] = { "key-4", "no", "key-0", "key-4", "key-1" };
	struct store_cancelled r[5];
	struct store_cancel c;
	struct store_take t;
	struct store_view v;
	int64_t push = accept_keyed(f, "id", 6, false);
	uint64_t live = stats(f).live;

	t = take(f, NOW, 2);
	assert_int_equal(submitted(f, t.items->next, "smsc1", "m1"), ST_SUBMITTED);
	struct store_event e = event_on(t.items, EV_SENT);
	assert_int_equal(run_event(f, &e), OK);
	c = cancel_keys("id", keys, 5, r);
	assert_int_equal(run_op(f, &c.op, STORE_CANCEL), OK);
	assert_int_equal(c.push, push);
	assert_int_equal(c.n_results, 5);
	assert_int_equal(c.next_n, 0);
	assert_true(r[0].found && !r[0].ignored);
	assert_int_equal(r[0].n, 4);
	assert_int_equal(r[0].from, ST_QUEUED);
	assert_int_equal(r[0].to, ST_CANCELLED);
	assert_false(r[1].found);
	assert_true(r[2].found && r[2].ignored);
	assert_int_equal(r[2].from, ST_DELIVERED);
	assert_int_equal(r[2].to, ST_DELIVERED);
	assert_int_equal(r[3].n, 4);		/* the same question has the same answer */
	assert_int_equal(r[3].to, ST_CANCELLED);
	assert_false(r[3].ignored);
	assert_int_equal(r[4].from, ST_SUBMITTED);
	assert_int_equal(r[4].to, ST_CANCELLED);
	assert_int_equal(stats(f).live, live - 3);
	assert_int_equal(look(f, "pi1", "id", 4).event_time, NOW + 3);
	assert_int_equal(look(f, "pi1", "id", 4).code, 1000);
	assert_int_equal(look(f, "pi1", "id", 3).state, ST_QUEUED);
	assert_int_equal(count_notes(f), 3);
	assert_int_equal(store_read_push(f->reader, NULL, "id", 4, 1, &v), OK);
	assert_int_equal(v.n_final, 3);
	assert_string_equal(v.recipients[0].desc, "by its initiator");
	store_view_done(&v);
	free_items(&t);

	struct store_receipt late = receipt("smsc1", "m1", EV_RECEIPT_OK);
	assert_int_equal(run_receipt(f, &late), ERR_NOT_FOUND);
	t = take(f, NOW, 10);			/* 2, 3 and 5 are left */
	assert_int_equal(t.n_items, 3);
	free_items(&t);
}

static void
cancel_in_slices(void **state)
{
	struct fixture *f = *state;
	struct store_cancelled r[1500];
	uint32_t first = 0, slices = 0, i;
	struct store_event e;
	int64_t push = accept_keyed(f, "id", 2500, true);
	struct store_cancel c;
	struct store_view v;

	e = event_of(push, 1700, EV_CANCEL);
	assert_int_equal(run_event(f, &e), OK);
	do {
		memset(r, 0x55, sizeof r);
		c = cancel_slice("id", first, 1500, r);		/* 1000 are all that a slice has */
		assert_int_equal(run_op(f, &c.op, STORE_CANCEL), OK);
		assert_int_equal(c.n_results, slices < 2 ? 1000 : 500);
		for (i = 0; i < c.n_results; i++) {
			assert_int_equal(r[i].n, first + i);
			assert_true(r[i].found);
			assert_int_equal(r[i].ignored, first + i == 1700);
			assert_int_equal(r[i].to, ST_CANCELLED);
		}
		first = c.next_n;
		slices++;
	} while (first != 0);
	assert_int_equal(slices, 3);
	assert_int_equal(stats(f).live, 0);
	assert_int_equal(store_read_push(f->reader, NULL, "id", 0, 1, &v), OK);
	assert_int_equal(v.n_final, 2500);
	store_view_done(&v);
	assert_int_equal(count_notes(f), 2500);
	assert_int_equal(stats(f).oldest_due, 0);
	assert_int_equal(take(f, NOW, 10).n_items, 0);
	assert_int_equal(tick(f, NOW + 499, 10000).purged, 0);
	assert_int_equal(tick(f, NOW + 500, 10000).purged, 1);

	c = cancel_slice("id", 0, 10, r);
	assert_int_equal(run_op(f, &c.op, STORE_CANCEL), ERR_NOT_FOUND);
	assert_int_equal(c.n_results, 0);
}

static void
cancels_that_are_refused(void **state)
{
	struct fixture *f = *state;
	struct store_accept incoming = accept_many("pi1", "incoming", 3);
	static const char *keys[1001];
	static struct store_cancelled r[1001];
	struct store_cancel c;
	uint32_t i;

	accept_keyed(f, "id", 3, false);
	for (i = 0; i < 1001; i++)
		keys[i] = "key-0";
	c = cancel_keys("id", keys, 1001, r);
	assert_int_equal(run_op(f, &c.op, STORE_CANCEL), ERR_LIMIT);
	c = cancel_slice("id", 0, 0, r);
	assert_int_equal(run_op(f, &c.op, STORE_CANCEL), ERR_RANGE);
	c = cancel_slice("no", 0, 10, r);
	assert_int_equal(run_op(f, &c.op, STORE_CANCEL), ERR_NOT_FOUND);
	c = cancel_slice("id", 0, 10, r);
	c.pi = "pi2";
	assert_int_equal(run_op(f, &c.op, STORE_CANCEL), ERR_NOT_FOUND);
	incoming.more = true;
	assert_int_equal(run_accept(f, &incoming), OK);
	c = cancel_slice("incoming", 0, 10, r);
	assert_int_equal(run_op(f, &c.op, STORE_CANCEL), ERR_NOT_FOUND);
	assert_int_equal(c.push, 0);
	c = cancel_slice("id", 3, 10, r);
	assert_int_equal(run_op(f, &c.op, STORE_CANCEL), OK);
	assert_int_equal(c.n_results, 0);
	assert_int_equal(c.next_n, 0);
	assert_int_equal(stats(f).live, 6);
	c = cancel_keys("id", keys, 1000, r);
	assert_int_equal(run_op(f, &c.op, STORE_CANCEL), OK);
	assert_int_equal(stats(f).live, 5);
}

/* ---- ABANDON ------------------------------------------------------------------------------ */

static void
abandoned_goes_in_slices(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "big", 2500), m, again = accept_one("pi1", "big");
	struct store_abandon gone;
	uint32_t rounds;

	accept_keyed(f, "other", 5, false);
	a = accept_many("pi1", "big", 2500);
	a.more = true;
	assert_int_equal(run_accept(f, &a), OK);
	m = a;
	m.first_n = 2500;
	assert_int_equal(run_op(f, &m.op, STORE_MORE), OK);
	gone = (struct store_abandon){ .push = a.push };
	assert_int_equal(run_op(f, &gone.op, STORE_ABANDON), OK);
	assert_int_equal(run_op(f, &gone.op, STORE_ABANDON), ERR_NOT_FOUND);
	m.first_n = 5000;
	assert_int_equal(run_op(f, &m.op, STORE_MORE), ERR_NOT_FOUND);
	assert_int_equal(run_accept(f, &again), OK);	/* the id is free at once */
	fixture_crash(f);
	for (rounds = 0; stats(f).recipients > 6; rounds++) {
		uint64_t before = stats(f).recipients;

		assert_true(rounds < 60);
		tick(f, NOW, 100);
		assert_true(before - stats(f).recipients <= 100);
	}
	assert_int_equal(stats(f).recipients, 6);
	assert_int_equal(stats(f).live, 6);
	assert_int_equal(stats(f).pushes, 2);
	assert_int_equal(stats(f).swept, 0);
	assert_int_equal(look(f, "pi1", "other", 4).state, ST_QUEUED);
	tick(f, NOW, 100);
	assert_int_equal(tick(f, NOW, 100).next_due, NOW + 1000);	/* the deadlines of the others */

	gone.push = again.push;				/* a whole one cannot be */
	assert_int_equal(run_op(f, &gone.op, STORE_ABANDON), ERR_NOT_FOUND);
	gone.push = 12345;
	assert_int_equal(run_op(f, &gone.op, STORE_ABANDON), ERR_NOT_FOUND);
}

/* Refused beforehand: never due, and it ends with the code it began with. */
static void
recipients_may_begin_in_another_state(void **state)
{
	struct fixture *f = *state;
	struct store_recipient rows[2] = {
		{ .address = "WAPPUSH=+1/TYPE=PLMN", .to = "+1", .key = "a" },
		{ .address = "WAPPUSH=+2/TYPE=PLMN", .to = "+2", .key = "b", .state = ST_HELD, .code = 2006,
		  .desc = "too large for it" },
	};
	struct store_accept a = accept_one("pi1", "held");
	struct store_cancelled results[2];
	struct store_cancel end = cancel_slice("held", 0, 2, results);
	struct store_take t;

	a.recipients = rows;
	a.n_recipients = 2;
	a.notify_url = "http://pi.example.net/result";
	assert_int_equal(run_accept(f, &a), OK);
	t = take(f, NOW, 10);
	assert_int_equal(t.n_items, 1);
	assert_string_equal(t.items->to, "+1");
	store_item_free(t.items);
	assert_int_equal(look(f, "pi1", "held", 1).state, ST_HELD);
	assert_int_equal(look(f, "pi1", "held", 1).code, 2006);
	assert_int_equal(stats(f).entered[ST_HELD], 1);
	assert_int_equal(stats(f).entered[ST_QUEUED], 1);

	end.event = EV_CANCEL;
	assert_int_equal(run_op(f, &end.op, STORE_CANCEL), OK);
	assert_int_equal(results[1].from, ST_HELD);
	assert_int_equal(results[1].to, ST_FAILED);
	assert_int_equal(look(f, "pi1", "held", 1).state, ST_FAILED);
	assert_int_equal(look(f, "pi1", "held", 1).code, 2006);
	assert_true(count_notes(f) >= 1);
}

/* A requeue through CANCEL: due when it says, and not before. */
static void
cancel_may_requeue(void **state)
{
	struct fixture *f = *state;
	struct store_recipient rows[3] = {
		{ .address = "WAPPUSH=+1/TYPE=PLMN", .to = "+1", .key = "a", .state = ST_HELD, .desc = "held" },
		{ .address = "WAPPUSH=+2/TYPE=PLMN", .to = "+2", .key = "b", .state = ST_HELD, .desc = "held" },
		{ .address = "WAPPUSH=+3/TYPE=PLMN", .to = "+3", .key = "c", .state = ST_HELD, .desc = "held" },
	};
	const char *const second[] = { "b" };
	struct store_accept a = accept_one("pi1", "id");
	struct store_cancelled results[3];
	struct store_cancel one = cancel_keys("id", second, 1, results), rest = cancel_slice("id", 0, 3, results);
	struct store_take t;

	a.recipients = rows;
	a.n_recipients = 3;
	assert_int_equal(run_accept(f, &a), OK);
	t = take(f, NOW, 10);
	assert_int_equal(t.n_items, 0);

	one.event = rest.event = EV_RELEASE;
	one.code = 0;
	one.desc = "released";
	one.due_at = NOW;
	assert_int_equal(run_op(f, &one.op, STORE_CANCEL), OK);
	assert_true(results[0].found && !results[0].ignored);
	assert_int_equal(results[0].to, ST_QUEUED);
	t = take(f, NOW, 10);
	assert_int_equal(t.n_items, 1);
	assert_string_equal(t.items->to, "+2");
	store_item_free(t.items);

	rest.due_at = NOW + 50;
	assert_int_equal(run_op(f, &rest.op, STORE_CANCEL), OK);
	assert_true(!results[0].ignored && results[1].ignored && !results[2].ignored);
	t = take(f, NOW + 49, 10);
	assert_int_equal(t.n_items, 0);
	assert_int_equal(t.next_due, NOW + 50);
	t = take(f, NOW + 50, 10);
	assert_int_equal(t.n_items, 2);
	free_items(&t);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		CONTRACT_TEST(recipients_are_found_by_their_keys),
		CONTRACT_TEST(recipients_of_a_large_push_are_found_by_their_keys),
		CONTRACT_TEST(recipients_of_one_large_chunk_are_found_by_their_keys),
		CONTRACT_TEST(keys_are_compared_whole),
		CONTRACT_TEST(cancel_by_keys),
		CONTRACT_TEST(cancel_in_slices),
		CONTRACT_TEST(cancels_that_are_refused),
		CONTRACT_TEST(abandoned_goes_in_slices),
		CONTRACT_TEST(recipients_may_begin_in_another_state),
		CONTRACT_TEST(cancel_may_requeue),
	};

	return contract_run(tests, sizeof tests / sizeof tests[0]);
}
