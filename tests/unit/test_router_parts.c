/*
 * test_router_parts.c - concatenated short messages at the router: any order, repetitions, references of
 * 8 and 16 bits, time, limits, memory.
 */
#include "tests/unit/test.h"

#include <malloc.h>
#include <stdio.h>

#include "router/pushrouter.h"
#include "tests/unit/profile_files.h"

#define COUNT(a) (sizeof (a) / sizeof (a)[0])

enum { PARTS = 12 };

static int64_t now = 1000;

static int64_t
fake_now(void *arg)
{
	return now;
}

static struct router *
make(size_t incomplete, int64_t ms)
{
	struct router_device dev;
	struct router *r;

	assert_int_equal(router_device_init(&dev, "wm5", profile_files(), NULL), OK);
	assert_int_equal(policy_add_client(&dev.policy, "text/plain", "", "own", NULL), OK);
	r = router_create(&dev, false);
	router_set_limits(r, &(struct router_limits){ .incomplete = incomplete, .incomplete_ms = ms,
	    .now_ms = fake_now });
	return r;
}

struct part { uint8_t octets[SMS_UD_MAX]; size_t n; };

/* Part i of n of a push whose body is n - 1 octets and more; 8-bit references below 256. */
static struct part
part_of(unsigned ref, bool wide, unsigned i, unsigned n)
{
	struct part p;
	struct wbuf w = wbuf_into(p.octets, sizeof p.octets);

	wbuf_u8(&w, wide ? 12 : 11);
	wbuf_put(&w, "\x05\x04\x0B\x84\x23\xF0", 6);
	wbuf_u8(&w, wide ? 0x08 : 0x00);
	wbuf_u8(&w, wide ? 4 : 3);
	if (wide)
		wbuf_u16(&w, (uint16_t)ref);
	else
		wbuf_u8(&w, (uint8_t)ref);
	wbuf_u8(&w, (uint8_t)n);
	wbuf_u8(&w, (uint8_t)(i + 1));
	if (i == 0)
		wbuf_put(&w, "\x01\x06\x01\x83", 4);		/* text/plain */
	wbuf_u8(&w, (uint8_t)('a' + i));
	assert_int_equal(w.err, OK);
	p.n = w.n;
	return p;
}

static int
give(struct router *r, const char *from, struct part p, struct router_result *res)
{
	struct router_path path = { from, "+12025550123", TON_UNKNOWN, false };
	struct why why;

	return router_sms(r, &path, span_of(p.octets, p.n), res, &why);
}

static unsigned
draw(unsigned n)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (unsigned)(x % n);
}

/* Property: whatever the order and however often parts come, the first full set is the message. */
static void
permutations_and_duplicates(void **state)
{
	struct router *r = make(0, 0);
	struct router_result res;
	int round;

	for (round = 0; round < 2000; round++) {
		unsigned n = 2 + draw(PARTS - 1), order[3 * PARTS], seen = 0, len = n, i;
		bool wide = draw(2), has[PARTS] = { false };
		unsigned ref = wide ? draw(65536) : draw(256);
		int done = 0;

		for (i = 0; i < n; i++)
			order[i] = i;
		for (i = draw(2 * n + 1); i > 0; i--)
			order[len++] = draw(n);
		for (i = len - 1; i > 0; i--) {
			unsigned k = draw(i + 1), t = order[i];

			order[i] = order[k];
			order[k] = t;
		}
		for (i = 0; i < len && !done; i++) {
			int err = give(r, "+12025550100", part_of(ref, wide, order[i], n), &res);

			seen += !has[order[i]];
			has[order[i]] = true;
			assert_int_equal(err, seen == n ? OK : ERR_BUSY);
			done = err == OK;
		}
		assert_true(done);
		assert_int_equal(res.segments, n);
		assert_int_equal(res.body.n, n);
		for (i = 0; i < n; i++)
			assert_int_equal(res.body.p[i], 'a' + i);
		assert_int_equal(res.decision.outcome, OUTCOME_DELIVER);
		assert_int_equal(router_waiting(r), 0);
	}
	assert_int_equal(router_stats(r)->messages, 2000);
	router_destroy(&r);
}

/* One reference with another number of parts, or of the other width, is another message. */
static void
references_do_not_mix(void **state)
{
	static const struct { bool wide; unsigned n; } kinds[] = { { false, 2 }, { false, 3 }, { true, 2 },
		{ true, 3 } };
	struct router *r = make(0, 0);
	struct router_result res;
	unsigned i, k;

	for (i = 0; i < COUNT(kinds); i++)
		assert_int_equal(give(r, "+1", part_of(7, kinds[i].wide, 0, kinds[i].n), &res), ERR_BUSY);
	assert_int_equal(router_waiting(r), COUNT(kinds));
	for (i = 0; i < COUNT(kinds); i++) {
		for (k = 1; k < kinds[i].n; k++)
			assert_int_equal(give(r, "+1", part_of(7, kinds[i].wide, k, kinds[i].n), &res),
			    k + 1 == kinds[i].n ? OK : ERR_BUSY);
		assert_int_equal(res.body.n, kinds[i].n);
	}
	assert_int_equal(router_waiting(r), 0);
	router_destroy(&r);
}

static void
time_runs_out(void **state)
{
	struct router *r = make(0, 5000);
	struct router_result res;

	assert_int_equal(give(r, "+1", part_of(1, false, 0, 2), &res), ERR_BUSY);
	now += 4999;
	router_expire(r);
	assert_int_equal(router_waiting(r), 1);
	now += 1;
	router_expire(r);
	assert_int_equal(router_waiting(r), 0);
	assert_int_equal(router_stats(r)->timed_out, 1);
	/* the late part begins anew, and completes with a repetition of the first */
	assert_int_equal(give(r, "+1", part_of(1, false, 1, 2), &res), ERR_BUSY);
	assert_int_equal(give(r, "+1", part_of(1, false, 0, 2), &res), OK);
	/* parts that come do the same as the timer */
	assert_int_equal(give(r, "+1", part_of(2, false, 0, 2), &res), ERR_BUSY);
	now += 5000;
	assert_int_equal(give(r, "+1", part_of(2, false, 1, 2), &res), ERR_BUSY);
	assert_int_equal(router_stats(r)->timed_out, 2);
	assert_int_equal(router_stats(r)->displaced, 0);
	router_destroy(&r);
}

/* Of the process, once free memory went back; under a sanitizer nothing goes back. */
static long
resident_pages(void)
{
	long size = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	malloc_trim(0);
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%ld %ld", &size, &resident), 2);
	fclose(f);
#ifdef __SANITIZE_ADDRESS__
	return 0;
#else
	return resident;
#endif
}

/* 10,000 senders of messages that never become whole: the oldest go, and the memory comes back. */
static void
floods_are_bounded(void **state)
{
	enum { SENDERS = 10000, LIMIT = 1000, MIB = 1 << 20, PAGE = 4096 };
	struct router *r = make(LIMIT, 60000);
	struct router_result res;
	size_t before, i, peak = 0;
	long pages;
	json_t *stats;

	assert_int_equal(give(r, "+1", part_of(1, false, 0, 2), &res), ERR_BUSY);	/* what is made once */
	before = mallinfo2().uordblks;
	pages = resident_pages();
	for (i = 0; i < SENDERS; i++) {
		char from[24];

		snprintf(from, sizeof from, "+1202555%04zu", i);
		assert_int_equal(give(r, from, part_of((unsigned)i & 255, false, 0, 255), &res), ERR_BUSY);
		if (mallinfo2().uordblks > peak && i % 100 == 0)
			peak = mallinfo2().uordblks;
		assert_true(router_waiting(r) <= LIMIT);
	}
	assert_int_equal(router_waiting(r), LIMIT);
	assert_int_equal(router_stats(r)->displaced, SENDERS + 1 - LIMIT);
	assert_true(peak <= before + MIB);
	/* the newest are still there */
	assert_int_equal(give(r, "+12025559999", part_of(9999 & 255, false, 0, 255), &res), ERR_BUSY);
	assert_int_equal(router_waiting(r), LIMIT);
	now += 60000;
	router_expire(r);
	assert_int_equal(router_waiting(r), 0);
	assert_int_equal(router_stats(r)->timed_out, LIMIT);
	assert_true(mallinfo2().uordblks <= before + MIB);
	assert_true(resident_pages() <= pages + MIB / PAGE);
	stats = router_stats_json(r);
	assert_int_equal(json_integer_value(json_object_get(stats, "displaced")), SENDERS + 1 - LIMIT);
	assert_int_equal(json_integer_value(json_object_get(stats, "timed_out")), LIMIT);
	assert_int_equal(json_integer_value(json_object_get(stats, "parts")), SENDERS + 2);
	json_decref(stats);
	router_destroy(&r);
}

static void
counters(void **state)
{
	static const struct router_path path = { "+12025550100", "", TON_UNKNOWN, false };
	struct router *r = make(0, 0);
	struct router_result res;
	struct sbuf text = { 0 };
	struct why why;
	json_t *stats;

	router_datagram(r, &path, span_of("\x01\x06\x01\x83x", 5), &res);	/* text/plain */
	router_datagram(r, &path, span_of("\x01\x06", 2), &res);
	router_datagram(r, &path, span_of("\x01\x06\x01\x82x", 5), &res);	/* nobody takes text/html */
	assert_int_equal(router_sms(r, &path, span_of("\x06\x05", 2), &res, &why), ERR_SHORT);
	assert_int_equal(router_sms(r, &path, span_of("\x06\x05\x04\xC3\x4F\xC0\x02x", 8), &res, &why), OK);
	assert_int_equal(give(r, "+1", part_of(1, false, 0, 2), &res), ERR_BUSY);
	stats = router_stats_json(r);
	json_print(stats, &text);
	assert_string_equal(text.s, "{\"parts\":3,\"bad_parts\":1,\"messages\":4,\"not_push\":1,"
	    "\"incomplete\":1,\"timed_out\":0,\"displaced\":0,\"handed\":0,\"lost\":0,"
	    "\"outcomes\":{\"DISCARD\":2,\"DELIVER\":1},\"reasons\":{\"P02\":1,\"P11\":1}}");
	sbuf_done(&text);
	json_decref(stats);
	router_destroy(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(permutations_and_duplicates),
		cmocka_unit_test(references_do_not_mix),
		cmocka_unit_test(time_runs_out),
		cmocka_unit_test(floods_are_bounded),
		cmocka_unit_test(counters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
