/*
 * test_store_facts.c - the contract of store/store.h, on every engine: lists of pushes, recipients of a day,
 * SUBSCRIBERS and PROFILE, and messages as recipients get them.
 */
#include "tests/unit/test_store.h"

#include "base/clock.h"

enum { DAY_S = 86400, TODAY = NOW / DAY_S };

/* ---- recipients of a day ------------------------------------------------------------------ */

static void
recipients_are_counted_by_day(void **state)
{
	struct fixture *f = *state;
	struct store_accept a = accept_many("pi1", "id", 20), b = accept_one("pi2", "id"), m;
	struct store_event e;

	assert_int_equal(store_usage(f->store, "pi1", TODAY), 0);
	a.more = true;
	assert_int_equal(run_accept(f, &a), OK);
	assert_int_equal(store_usage(f->store, "pi1", TODAY), 0);	/* not submitted yet */
	m = a;
	m.first_n = 20;
	m.n_recipients = 5;
	m.more = false;
	assert_int_equal(run_op(f, &m.op, STORE_MORE), OK);
	assert_int_equal(store_usage(f->store, "pi1", TODAY), 25);
	assert_int_equal(run_accept(f, &b), OK);
	b = accept_one("pi2", "id");
	assert_int_equal(run_accept(f, &b), ERR_EXISTS);
	b = accept_one("pi2", "yesterday");
	b.received = NOW - DAY_S;
	assert_int_equal(run_accept(f, &b), OK);
	b = accept_one("pi2", "long ago");
	b.received = NOW - 2 * DAY_S;
	assert_int_equal(run_accept(f, &b), OK);
	fixture_crash(f);
	assert_int_equal(store_usage(f->store, "pi1", TODAY), 25);
	assert_int_equal(store_usage(f->store, "pi1", TODAY - 1), 0);
	assert_int_equal(store_usage(f->store, "pi2", TODAY), 1);
	assert_int_equal(store_usage(f->store, "pi2", TODAY - 1), 1);
	assert_int_equal(store_usage(f->store, "pi2", TODAY - 2), 0);
	assert_int_equal(store_usage(f->store, "pi3", TODAY), 0);

	/* What was submitted counts, whatever becomes of it. */
	e = event_of(a.push, 3, EV_CANCEL);
	assert_int_equal(run_event(f, &e), OK);
	assert_int_equal(store_usage(f->store, "pi1", TODAY), 25);

	clock_fake_advance((int64_t)DAY_S * 1000);
	b = accept_one("pi2", "next day");
	b.received = NOW + DAY_S;
	assert_int_equal(run_accept(f, &b), OK);
	assert_int_equal(store_usage(f->store, "pi2", TODAY + 1), 1);
	assert_int_equal(store_usage(f->store, "pi2", TODAY), 1);
	assert_int_equal(store_usage(f->store, "pi2", TODAY - 1), 0);
	fixture_reopen(f);
	assert_int_equal(store_usage(f->store, "pi1", TODAY), 25);
	assert_int_equal(store_usage(f->store, "pi2", TODAY), 1);
	assert_int_equal(store_usage(f->store, "pi2", TODAY - 1), 0);
}

/* ---- the newest pushes -------------------------------------------------------------------- */

static void
pushes_are_listed_newest_first(void **state)
{
	struct fixture *f = *state;
	struct store_accept incoming, many;
	struct store_push_row *rows;
	int64_t pushes[10];
	char id[8];
	uint32_t n, i;

	assert_int_equal(store_read_pushes(f->reader, NULL, 0, 10, &rows, &n), OK);
	assert_int_equal(n, 0);
	for (i = 0; i < 10; i++) {
		struct store_accept a;

		snprintf(id, sizeof id, "id%u", i);
		a = accept_one(i % 3 == 0 ? "pi2" : "pi1", id);
		a.received = NOW + i;
		assert_int_equal(run_accept(f, &a), OK);
		pushes[i] = a.push;
	}
	struct store_event e = event_of(pushes[9], 0, EV_CANCEL);
	assert_int_equal(run_event(f, &e), OK);
	incoming = accept_many("pi1", "incoming", 5);
	incoming.more = true;
	assert_int_equal(run_accept(f, &incoming), OK);
	many = accept_many("pi1", "many", 5);
	many.content_type = NULL;
	assert_int_equal(run_accept(f, &many), OK);
	e = event_of(many.push, 2, EV_CANCEL);
	assert_int_equal(run_event(f, &e), OK);

	assert_int_equal(store_read_pushes(f->reader, NULL, 0, 3, &rows, &n), OK);
	assert_int_equal(n, 3);
	assert_string_equal(rows[0].push_id, "many");
	assert_null(rows[0].content_type);
	assert_int_equal(rows[0].n_recipients, 5);
	assert_int_equal(rows[0].n_final, 1);
	assert_int_equal(rows[1].push, pushes[9]);
	assert_int_equal(rows[1].received, NOW + 9);
	assert_string_equal(rows[1].pi, "pi2");
	assert_string_equal(rows[1].content_type, "text/vnd.wap.si");
	assert_int_equal(rows[1].n_recipients, 1);
	assert_int_equal(rows[1].n_final, 1);
	assert_int_equal(rows[2].push, pushes[8]);
	assert_int_equal(rows[2].n_final, 0);
	store_push_rows_free(rows, n);

	assert_int_equal(store_read_pushes(f->reader, NULL, pushes[8], 100, &rows, &n), OK);
	assert_int_equal(n, 8);
	for (i = 0; i < n; i++)
		assert_int_equal(rows[i].push, pushes[7 - i]);
	store_push_rows_free(rows, n);

	assert_int_equal(store_read_pushes(f->reader, "pi2", pushes[9], 2, &rows, &n), OK);
	assert_int_equal(n, 2);
	assert_int_equal(rows[0].push, pushes[6]);
	assert_int_equal(rows[1].push, pushes[3]);
	store_push_rows_free(rows, n);
	assert_int_equal(store_read_pushes(f->reader, "pi3", 0, 2, &rows, &n), OK);
	assert_int_equal(n, 0);
	assert_null(rows);
}

/* ---- SUBSCRIBERS -------------------------------------------------------------------------- */

static void
expect_subscriber(struct fixture *f, const char *key, const char *number, const char *profile, const char *facts)
{
	struct store_subscriber_view v;

	assert_int_equal(store_read_subscriber(f->reader, key, &v), OK);
	if (number != NULL)
		assert_string_equal(v.number, number);
	else
		assert_null(v.number);
	if (profile != NULL)
		assert_string_equal(v.profile, profile);
	else
		assert_null(v.profile);
	if (facts != NULL)
		assert_string_equal(v.facts, facts);
	else
		assert_null(v.facts);
	store_subscriber_done(&v);
	assert_null(v.number);
}

static void
subscribers_are_put_and_removed(void **state)
{
	struct fixture *f = *state;
	struct store_subscriber rows[] = {
		{ "plmn:+12025550100", NULL, "phone-x", "{\"a\":1}" },
		{ "user:joe@example.net", "+12025550101", NULL, NULL },
		{ "user:';--", "+12025550102", "\xC3\xA4", NULL },
	};
	struct store_subscribers s = { .rows = rows, .n = 3 };
	struct store_subscriber_view v;
	bool any = true;

	assert_int_equal(store_read_any_subscriber(f->reader, &any), OK);
	assert_false(any);
	assert_int_equal(run_op(f, &s.op, STORE_SUBSCRIBERS), OK);
	assert_int_equal(s.changed, 3);
	expect_subscriber(f, "plmn:+12025550100", NULL, "phone-x", "{\"a\":1}");
	expect_subscriber(f, "user:joe@example.net", "+12025550101", NULL, NULL);
	expect_subscriber(f, "user:';--", "+12025550102", "\xC3\xA4", NULL);
	assert_int_equal(store_read_any_subscriber(f->reader, &any), OK);
	assert_true(any);
	assert_int_equal(store_read_subscriber(f->reader, "user:JOE@example.net", &v), ERR_NOT_FOUND);
	assert_null(v.number);

	rows[0] = (struct store_subscriber){ "plmn:+12025550100", "+12025550103", NULL, NULL };
	s.n = 1;
	assert_int_equal(run_op(f, &s.op, STORE_SUBSCRIBERS), OK);
	assert_int_equal(s.changed, 1);
	fixture_crash(f);
	expect_subscriber(f, "plmn:+12025550100", "+12025550103", NULL, NULL);

	rows[1].key = "nobody";
	s.n = 3;
	s.remove = true;
	assert_int_equal(run_op(f, &s.op, STORE_SUBSCRIBERS), OK);
	assert_int_equal(s.changed, 2);
	assert_int_equal(store_read_subscriber(f->reader, "plmn:+12025550100", &v), ERR_NOT_FOUND);
	expect_subscriber(f, "user:joe@example.net", "+12025550101", NULL, NULL);
	s.n = 1001;
	assert_int_equal(run_op(f, &s.op, STORE_SUBSCRIBERS), ERR_LIMIT);
	assert_int_equal(s.changed, 0);
}

/* ---- PROFILE ------------------------------------------------------------------------------ */

static void
profiles_are_put_and_removed(void **state)
{
	struct fixture *f = *state;
	struct store_profile p = { .name = "phone-x", .content_type = "application/xml",
		.document = span_str("<profile/>") };
	struct sbuf document = { 0 };
	char *type;

	assert_int_equal(store_read_profile(f->reader, "phone-x", &document, &type), ERR_NOT_FOUND);
	assert_null(type);
	assert_int_equal(run_op(f, &p.op, STORE_PROFILE), OK);
	fixture_crash(f);
	sbuf_str(&document, "before");
	assert_int_equal(store_read_profile(f->reader, "phone-x", &document, &type), OK);
	assert_string_equal(type, "application/xml");
	assert_true(span_eq_str(sbuf_as_span(&document), "before<profile/>"));
	free(type);

	p.document = span_of((const uint8_t *)"\0\1", 2);
	p.content_type = NULL;
	assert_int_equal(run_op(f, &p.op, STORE_PROFILE), OK);
	sbuf_clear(&document);
	assert_int_equal(store_read_profile(f->reader, "phone-x", &document, &type), OK);
	assert_null(type);
	assert_int_equal(document.n, 2);

	p.document.n = 0;
	assert_int_equal(run_op(f, &p.op, STORE_PROFILE), OK);
	assert_int_equal(run_op(f, &p.op, STORE_PROFILE), ERR_NOT_FOUND);
	sbuf_clear(&document);
	assert_int_equal(store_read_profile(f->reader, "phone-x", &document, &type), ERR_NOT_FOUND);
	assert_int_equal(document.n, 0);
	sbuf_done(&document);
}

/* The names of a page, with a blank behind each. */
static uint32_t
list_profiles(struct fixture *f, const char *after, uint32_t max, struct sbuf *names)
{
	struct store_profile_row *rows;
	uint32_t n, i;

	assert_int_equal(store_read_profiles(f->reader, after, max, &rows, &n), OK);
	sbuf_clear(names);
	for (i = 0; i < n; i++) {
		sbuf_fmt(names, "%s ", rows[i].name);
		assert_int_equal(rows[i].octets, strlen(rows[i].name));
		if (rows[i].name[0] == 'A')
			assert_null(rows[i].content_type);
		else
			assert_string_equal(rows[i].content_type, "text/plain");
	}
	store_profile_rows_free(rows, n);
	return n;
}

static void
profiles_are_listed(void **state)
{
	static const char *const given[] = { "b", "a+b", "A", "a", "b-2", "a.b" };
	static const struct { const char *after; uint32_t max; const char *names; } rows[] = {
		{ NULL, 1000, "A a a+b a.b b b-2 " },	{ "", 1000, "A a a+b a.b b b-2 " },
		{ NULL, 2, "A a " },	{ "a", 2, "a+b a.b " },		{ "a.b", 2, "b b-2 " },		{ "b-2", 2, "" },
		{ "a*", 1, "a+b " },	{ "z", 10, "" },		{ "B", 1, "a " },
	};
	struct fixture *f = *state;
	struct sbuf names = { 0 };
	size_t i;

	assert_int_equal(list_profiles(f, NULL, 10, &names), 0);
	for (i = 0; i < sizeof given / sizeof given[0]; i++) {
		struct store_profile p = { .name = given[i], .content_type = given[i][0] == 'A' ? NULL : "text/plain",
			.document = span_str(given[i]) };

		assert_int_equal(run_op(f, &p.op, STORE_PROFILE), OK);
	}
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (list_profiles(f, rows[i].after, rows[i].max, &names) > 0)
			assert_string_equal(names.s, rows[i].names);
		else
			assert_string_equal("", rows[i].names);
	}
	sbuf_done(&names);
}

/* ---- what one recipient gets --------------------------------------------------------------- */

#define OF(text) span_of((const uint8_t *)text, sizeof text - 1)

static void
check_octets(const struct sbuf *got, const char *want)
{
	assert_int_equal(got->n, strlen(want));
	if (got->n > 0)
		assert_memory_equal(got->s, want, got->n);
}

static void
messages_are_read_as_they_go_on_air(void **state)
{
	static struct store_recipient to[40];
	static char numbers[40][20], keys[40][24];
	struct fixture *f = *state;
	struct store_accept a = accept_one("pi1", "id"), b = accept_one("pi1", "open");
	struct store_event e;
	struct store_message m;
	unsigned i;

	for (i = 0; i < 40; i++) {
		snprintf(numbers[i], sizeof numbers[i], "+1202555%04u", i);
		snprintf(keys[i], sizeof keys[i], "key%u", i);
		to[i] = (struct store_recipient){ .address = numbers[i], .key = keys[i], .to = numbers[i],
			.overlay = i == 1 || i == 39 ? OF("own headers") : OF("") };
	}
	a.recipients = to;
	a.n_recipients = 40;
	a.secret = true;
	a.body = store_body_create(OF("headers"), OF("a \0 body"), OF("route"));
	b.body = store_body_create(OF("h2"), OF(""), OF(""));
	assert_int_equal(store_read_message(f->reader, NULL, "id", NULL, &m), ERR_NOT_FOUND);
	assert_int_equal(run_accept(f, &a), OK);
	assert_int_equal(run_accept(f, &b), OK);

	/* the first, one with headers of its own, the last, and one that there is not */
	assert_int_equal(store_read_message(f->reader, NULL, "id", NULL, &m), OK);
	check_octets(&m.headers, "headers");
	assert_int_equal(m.body.n, 8);
	assert_memory_equal(m.body.s, "a \0 body", 8);
	check_octets(&m.route, "route");
	assert_false(m.erased);
	assert_string_equal(m.push.pi, "pi1");
	assert_int_equal(m.push.n_recipients, 40);
	assert_int_equal(m.push.n, 1);
	assert_string_equal(m.push.recipients[0].address, numbers[0]);
	store_message_done(&m);
	assert_int_equal(store_read_message(f->reader, "pi1", "id", "key1", &m), OK);
	check_octets(&m.headers, "own headers");
	assert_int_equal(m.push.recipients[0].n, 1);
	store_message_done(&m);
	assert_int_equal(store_read_message(f->reader, "pi1", "id", "key39", &m), OK);
	check_octets(&m.headers, "own headers");
	assert_string_equal(m.push.recipients[0].to, numbers[39]);
	store_message_done(&m);
	assert_int_equal(store_read_message(f->reader, "pi1", "id", "nobody", &m), OK);
	assert_int_equal(m.push.recipients[0].state, 0);
	store_message_done(&m);
	assert_int_equal(store_read_message(f->reader, "pi2", "id", NULL, &m), ERR_NOT_FOUND);

	/* an empty body was not erased; nor is one before the last recipient has ended */
	assert_int_equal(store_read_message(f->reader, NULL, "open", NULL, &m), OK);
	check_octets(&m.headers, "h2");
	assert_int_equal(m.body.n, 0);
	assert_false(m.erased);
	store_message_done(&m);
	for (i = 0; i < 40; i++) {
		assert_int_equal(store_read_message(f->reader, NULL, "id", NULL, &m), OK);
		assert_false(m.erased);
		assert_int_equal(m.body.n, 8);
		store_message_done(&m);
		e = event_of(a.push, i, EV_CANCEL);
		assert_int_equal(run_event(f, &e), OK);
	}
	assert_int_equal(store_read_message(f->reader, NULL, "id", "key1", &m), OK);
	assert_true(m.erased);
	assert_int_equal(m.body.n, 0);
	check_octets(&m.headers, "headers");
	store_message_done(&m);

	store_body_unref(a.body);
	store_body_unref(b.body);
	a = accept_one("pi2", "id");
	assert_int_equal(run_accept(f, &a), OK);
	assert_int_equal(store_read_message(f->reader, NULL, "id", NULL, &m), ERR_EXISTS);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		CONTRACT_TEST(recipients_are_counted_by_day),
		CONTRACT_TEST(pushes_are_listed_newest_first),
		CONTRACT_TEST(subscribers_are_put_and_removed),
		CONTRACT_TEST(profiles_are_put_and_removed),
		CONTRACT_TEST(profiles_are_listed),
		CONTRACT_TEST(messages_are_read_as_they_go_on_air),
	};

	return contract_run(tests, sizeof tests / sizeof tests[0]);
}
