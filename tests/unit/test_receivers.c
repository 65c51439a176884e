/* test_receivers.c - whose turn it is: quick receivers, slow ones, silent ones, and those that come back. */
#include "tests/unit/test.h"

#include <string.h>

#include "ppg/receivers.h"

enum { MANY = 200 };

static struct receivers *rs;
static struct receiver_item items[MANY];

static int
set_up(void **state)
{
	memset(items, 0, sizeof items);
	rs = receivers_create(4);
	return 0;
}

static int
tear_down(void **state)
{
	receivers_drain(rs);
	receivers_destroy(&rs);
	assert_null(rs);
	return 0;
}

static enum receiver_turn
offer(const char *url, unsigned i, int64_t now_ms)
{
	return receivers_offer(rs, url, &items[i], now_ms);
}

static unsigned
length(const struct receiver_item *item)
{
	unsigned n = 0;

	for (; item != NULL; item = item->next)
		n++;
	return n;
}

static void
four_at_a_time_in_order(void **state)
{
	unsigned i;

	for (i = 0; i < 100; i++)
		assert_int_equal(offer("http://a/x?1", i, 0), i < 4 ? RECEIVER_SEND : RECEIVER_WAIT);
	assert_int_equal(receivers_quick(rs), 100);
	assert_true(receivers_waiting(rs));
	for (i = 0; i < 100; i++)
		assert_ptr_equal(receivers_answered(rs, &items[i], 5, 5), i + 4 < 100 ? &items[i + 4] : NULL);
	assert_int_equal(receivers_quick(rs), 0);
	assert_false(receivers_waiting(rs));
	assert_null(receivers_sweep(rs, 5));
	assert_int_equal(offer("http://a/x?1", 0, 6), RECEIVER_SEND);
	assert_null(receivers_answered(rs, &items[0], 5, 11));
}

static void
receivers_are_scheme_host_and_port(void **state)
{
	static const char *const same[] = { "http://a.example:80/x", "http://A.EXAMPLE:80", "HTTP://a.example:80?q",
		"http://a.example:80#f" };
	static const char *const others[] = { "https://a.example:80/", "http://a.example/", "http://a.example:81/",
		"http://b.example:80/" };
	char text[20];
	unsigned i;

	for (i = 0; i < 4; i++)
		assert_int_equal(offer(same[i], i, 0), RECEIVER_SEND);
	assert_int_equal(offer(same[0], 4, 0), RECEIVER_WAIT);
	for (i = 0; i < 4; i++)
		assert_int_equal(offer(others[i], 5 + i, 0), RECEIVER_SEND);
	receivers_origin("https://h.example:1/secret?token=1", text, sizeof text);
	assert_string_equal(text, "https://h.example:1");
	receivers_origin("https://h.example:12/", text, sizeof text);
	assert_string_equal(text, "https://h.example:1");	/* cut */
}

/* Nobody else's turn depends on it: what is too much for it goes back, soon and then later. */
static void
a_silent_one_keeps_a_few(void **state)
{
	struct receiver_item *back;
	int64_t delay_s, last_s = 0;
	unsigned i;

	for (i = 0; i < 60; i++)
		assert_int_equal(offer("http://a/", i, 1000), i < 4 ? RECEIVER_SEND : RECEIVER_WAIT);
	assert_null(receivers_sweep(rs, 1000 + RECEIVER_SLOW_MS));
	assert_int_equal(receivers_quick(rs), 60);
	back = receivers_sweep(rs, 1001 + RECEIVER_SLOW_MS);
	assert_int_equal(length(back), 60 - 4 - RECEIVER_SLOW_WAITING);
	assert_int_equal(receivers_quick(rs), 0);
	assert_null(receivers_sweep(rs, 1002 + RECEIVER_SLOW_MS));
	receivers_sweep(rs, 9000);
	for (i = 60; i < 160; i++) {
		assert_int_equal(offer("http://a/", i, 9000), RECEIVER_POSTPONE);
		delay_s = receivers_delay_s(rs, &items[i]);
		assert_true(delay_s >= last_s && delay_s >= 1 && delay_s <= RECEIVER_POSTPONED_S);
		last_s = delay_s;
	}
	assert_int_equal(last_s, RECEIVER_POSTPONED_S);
	assert_int_equal(offer("http://b/", 160, 9000), RECEIVER_SEND);
	/* The queue goes on behind it, in order, and takes others again. */
	assert_ptr_equal(receivers_answered(rs, &items[0], 10000, 11000), &items[4]);
	assert_int_equal(offer("http://a/", 161, 11000), RECEIVER_WAIT);
	assert_int_equal(offer("http://a/", 162, 11000), RECEIVER_POSTPONE);
	assert_ptr_equal(receivers_answered(rs, &items[1], 10, 11000), &items[5]);
	assert_int_equal(offer("http://a/", 162, 11000), RECEIVER_WAIT);
	assert_int_equal(receivers_quick(rs), 4 + 16 + 1);
	assert_int_equal(length(receivers_drain(rs)), 16);
	assert_false(receivers_waiting(rs));
	assert_null(receivers_answered(rs, &items[2], 10, 11000));
}

static void
a_slow_one_is_remembered_for_a_minute(void **state)
{
	unsigned i;

	assert_int_equal(offer("http://a/", 0, 0), RECEIVER_SEND);
	assert_null(receivers_answered(rs, &items[0], 5000, 5000));
	assert_null(receivers_sweep(rs, 64000));
	for (i = 0; i < 30; i++)
		assert_int_equal(offer("http://a/", i, 64000), i < 4 ? RECEIVER_SEND :
		    i < 4 + RECEIVER_SLOW_WAITING ? RECEIVER_WAIT : RECEIVER_POSTPONE);
	receivers_drain(rs);
	for (i = 0; i < 4; i++)
		assert_null(receivers_answered(rs, &items[i], 5000, 70000));
	assert_null(receivers_sweep(rs, 70000 + 1000 * RECEIVER_POSTPONED_S));
	for (i = 0; i < 30; i++)
		assert_int_equal(offer("http://a/", i, 200000), i < 4 ? RECEIVER_SEND : RECEIVER_WAIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(four_at_a_time_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(receivers_are_scheme_host_and_port, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_silent_one_keeps_a_few, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_slow_one_is_remembered_for_a_minute, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("receivers", tests, NULL, NULL);
}
