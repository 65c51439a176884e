/* test_http_receipt.c - the server for receipts: answered when all of a request are done, and with what. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/http_client.h"
#include "smsc/http_receipt.h"

enum { DEADLINE_MS = 60000, CALLS_MAX = 8 };

enum fate { LATER, AT_ONCE, NOT_AT_ALL };

static struct {
	struct loop *loop;
	struct http_receipts *receipts;
	enum fate fate;
	struct http_call *calls[CALLS_MAX];
	char ids[CALLS_MAX][66];
	unsigned n, bad;
	int inside;
	unsigned port;
} at;

static void
enter(void *arg)
{
	at.inside++;
}

static void
leave(void *arg)
{
	at.inside--;
}

static bool
receipt(void *arg, const struct smsc_receipt *r, struct http_call *call)
{
	assert_int_equal(at.inside, 1);
	assert_true(at.n < CALLS_MAX);
	snprintf(at.ids[at.n], sizeof at.ids[0], "%s", r->message_id);
	at.calls[at.n++] = call;
	if (at.fate == AT_ONCE)
		http_receipts_done(at.receipts, call, true);
	return at.fate != NOT_AT_ALL;
}

static void
bad(void *arg, const char *why)
{
	at.bad++;
}

static int
set_up(void **state)
{
	static const struct http_receipt_events events = { enter, leave, receipt, bad };
	struct smsc_config cf;
	struct why why;
	unsigned port;

	memset(&at, 0, sizeof at);
	at.loop = loop_create();
	smsc_config_defaults(&cf);
	snprintf(cf.http.receipt_interface, sizeof cf.http.receipt_interface, "127.0.0.1");
	snprintf(cf.http.receipt_path, sizeof cf.http.receipt_path, "/r");
	snprintf(cf.http.receipt_list, sizeof cf.http.receipt_list, "json:");
	snprintf(cf.http.receipt_id, sizeof cf.http.receipt_id, "json:/id");
	snprintf(cf.http.receipt_state, sizeof cf.http.receipt_state, "json:/s");
	for (port = 10000 + (unsigned)(clock_mono_ms() % 15000); port < 32000 && at.receipts == NULL; port++) {
		cf.http.receipt_port = (uint16_t)port;
		if (http_receipts_open(at.loop, &cf, &events, NULL, &at.receipts, &why) == OK)
			at.port = port;
	}
	assert_non_null(at.receipts);
	return 0;
}

static int
tear_down(void **state)
{
	http_receipts_close(&at.receipts);
	loop_destroy(&at.loop);
	return 0;
}

struct post {
	pthread_t thread;
	const char *body;
	unsigned status;
	atomic_bool done;
};

static void *
run(void *arg)
{
	static const char *const headers[] = { "Content-Type", "application/json", NULL };
	struct post *p = arg;
	struct sbuf answer = { 0 };
	char url[64];
	struct why why;

	snprintf(url, sizeof url, "http://127.0.0.1:%u/r", at.port);
	http_fetch("POST", url, headers, span_str(p->body), DEADLINE_MS, &p->status, &answer, &why);
	sbuf_done(&answer);
	p->done = true;
	return NULL;
}

static void
begin(struct post *p, const char *body, unsigned n)
{
	int64_t until = clock_mono_ms() + DEADLINE_MS;

	*p = (struct post){ .body = body };
	pthread_create(&p->thread, NULL, run, p);
	while (at.n < n && clock_mono_ms() < until)
		loop_turn(at.loop, 20);
	assert_int_equal(at.n, n);
}

static void
assert_status(struct post *p, unsigned status)
{
	int64_t until = clock_mono_ms() + DEADLINE_MS;

	while (!p->done && clock_mono_ms() < until)
		loop_turn(at.loop, 20);
	pthread_join(p->thread, NULL);
	assert_int_equal(p->status, status);
	at.n = 0;
}

#define ONE "[{\"id\":\"1\",\"s\":\"DELIVRD\"}]"
#define TWO "[{\"id\":\"1\",\"s\":\"DELIVRD\"},{\"id\":\"2\",\"s\":\"EXPIRED\"},{}]"

static void
answered_when_all_are_done(void **state)
{
	static const struct { bool first, second; unsigned status; } rows[] = {
		{ true, true, 200 }, { false, true, 503 }, { true, false, 503 }, { false, false, 503 },
	};
	struct post p;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		begin(&p, TWO, 2);
		assert_string_equal(at.ids[1], "2");
		http_receipts_done(at.receipts, at.calls[0], rows[i].first);
		loop_turn(at.loop, 20);
		assert_false(p.done);
		http_receipts_done(at.receipts, at.calls[1], rows[i].second);
		assert_status(&p, rows[i].status);
	}
	assert_int_equal(at.bad, 4);
	at.fate = AT_ONCE;
	begin(&p, TWO, 2);
	assert_status(&p, 200);
	at.fate = NOT_AT_ALL;
	begin(&p, TWO, 2);
	assert_status(&p, 503);
}

static void
abandoned(void **state)
{
	struct post p, other;

	begin(&p, TWO, 2);
	begin(&other, ONE, 3);
	http_receipts_done(at.receipts, at.calls[0], true);
	http_receipts_abandon(at.receipts);
	assert_status(&p, 503);
	assert_status(&other, 503);
	begin(&p, ONE, 1);		/* it goes on */
	http_receipts_done(at.receipts, at.calls[0], true);
	assert_status(&p, 200);
}

static void
closed(void **state)
{
	struct post p;

	begin(&p, TWO, 2);
	http_receipts_close(&at.receipts);
	assert_status(&p, 503);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answered_when_all_are_done, set_up, tear_down),
		cmocka_unit_test_setup_teardown(abandoned, set_up, tear_down),
		cmocka_unit_test_setup_teardown(closed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
