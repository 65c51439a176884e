/* test_access_meter.c - submissions a second, recipients a day. */
#include "tests/unit/test.h"

#include "base/clock.h"
#include "ppg/access.h"

enum { DAY_MS = 86400 * 1000 };

/* The store's part, which has tests of its own: what was used on which day. */
static struct { int64_t day; uint64_t used; unsigned asked; } written;

uint64_t
store_usage(struct store *store, const char *pi, int64_t day)
{
	assert_string_equal(pi, "a");
	written.asked++;
	return day == written.day ? written.used : 0;
}

static struct access_meters *
start(uint64_t used)
{
	clock_fake(1700000000000);	/* 22:13:20 */
	written.day = clock_utc() / 86400;
	written.used = used;
	written.asked = 0;
	return access_meters_create(NULL);
}

static void
stop(struct access_meters *m)
{
	access_meters_destroy(&m);
	assert_null(m);
	clock_real();
}

static void
no_limits(void **state)
{
	const struct initiator who = { .name = "a" };
	struct access_meters *m = start(0);
	unsigned retry_s, i;

	for (i = 0; i < 10000; i++)
		assert_int_equal(access_take(m, &who, 100000, &retry_s, NULL), OK);
	stop(m);
}

static void
pushes_a_second(void **state)
{
	static const unsigned rates[] = { 1, 2, 3, 7, 100, 99999 };
	size_t i;

	for (i = 0; i < sizeof rates / sizeof rates[0]; i++) {
		const struct initiator who = { .name = "a", .pushes_per_s = rates[i] };
		struct access_meters *m = start(0);
		unsigned retry_s, n, s;
		struct why why;

		for (n = 0; n < rates[i]; n++)
			assert_int_equal(access_take(m, &who, 1, &retry_s, &why), OK);
		assert_int_equal(access_take(m, &who, 1, &retry_s, &why), ERR_FULL);
		assert_int_equal(retry_s, 1);
		assert_non_null(strstr(why.text, "pushes a second"));
		/* what was refused does not count: over ten seconds, so many as there are seconds' worth */
		for (n = 0, s = 0; s < 10; s++) {
			clock_fake_advance(1000);
			while (access_take(m, &who, 1, &retry_s, &why) == OK)
				n++;
		}
		assert_in_range(n, 10 * rates[i] - 1, 10 * rates[i] + 1);
		/* a long rest saves no more than a second's worth */
		clock_fake_advance(3600 * 1000);
		for (n = 0; access_take(m, &who, 1, &retry_s, &why) == OK; n++)
			;
		assert_int_equal(n, rates[i]);
		/* nor do two short ones */
		clock_fake_advance(900);
		access_take(m, &who, 1, &retry_s, &why);
		clock_fake_advance(900);
		for (n = 0; access_take(m, &who, 1, &retry_s, &why) == OK; n++)
			;
		assert_in_range(n, 1, rates[i]);
		stop(m);
	}
}

static void
recipients_a_day(void **state)
{
	const struct initiator who = { .name = "a", .recipients_per_day = 10 };
	struct access_meters *m = start(0);
	unsigned retry_s;
	struct why why;

	assert_int_equal(access_take(m, &who, 11, &retry_s, &why), ERR_LIMIT);
	assert_string_equal(why.text, "recipients-per-day of this account is 10, of which 0 are used");
	assert_int_equal(access_take(m, &who, 7, &retry_s, &why), OK);
	assert_int_equal(access_take(m, &who, 4, &retry_s, &why), ERR_LIMIT);
	assert_string_equal(why.text, "recipients-per-day of this account is 10, of which 7 are used");
	assert_int_equal(access_take(m, &who, 3, &retry_s, &why), OK);
	assert_int_equal(access_take(m, &who, 1, &retry_s, &why), ERR_LIMIT);
	access_give_back(m, &who, 3);
	assert_int_equal(access_take(m, &who, 4, &retry_s, &why), ERR_LIMIT);
	assert_int_equal(access_take(m, &who, 3, &retry_s, &why), OK);
	assert_int_equal(access_take(m, &who, UINT32_MAX, &retry_s, &why), ERR_LIMIT);
	assert_int_equal(written.asked, 1);
	/* the next day */
	clock_fake_advance(DAY_MS / 8);
	assert_int_equal(access_take(m, &who, 10, &retry_s, &why), OK);
	assert_int_equal(access_take(m, &who, 1, &retry_s, &why), ERR_LIMIT);
	stop(m);
}

static void
the_day_goes_on_after_a_restart(void **state)
{
	const struct initiator who = { .name = "a", .recipients_per_day = 10 };
	struct access_meters *m = start(9);
	unsigned retry_s;
	struct why why;

	assert_int_equal(access_take(m, &who, 2, &retry_s, &why), ERR_LIMIT);
	assert_int_equal(access_take(m, &who, 1, &retry_s, &why), OK);
	assert_int_equal(access_take(m, &who, 1, &retry_s, &why), ERR_LIMIT);
	written.used = 10;
	clock_fake_advance(DAY_MS);
	assert_int_equal(access_take(m, &who, 5, &retry_s, &why), OK);
	clock_fake_advance(-DAY_MS);	/* the clock was wrong */
	assert_int_equal(access_take(m, &who, 1, &retry_s, &why), ERR_LIMIT);
	stop(m);
	/* more than the limit, which was higher before */
	m = start(UINT64_MAX);
	assert_int_equal(access_take(m, &who, 1, &retry_s, &why), ERR_LIMIT);
	stop(m);
}

/* A reload changes the limits, not what was used. A push over the day's limit does not use up the second's. */
static void
limits_change(void **state)
{
	struct initiator who = { .name = "a", .recipients_per_day = 10, .pushes_per_s = 1 };
	struct access_meters *m = start(0);
	unsigned retry_s;
	struct why why;

	assert_int_equal(access_take(m, &who, 11, &retry_s, &why), ERR_LIMIT);
	assert_int_equal(access_take(m, &who, 8, &retry_s, &why), OK);
	assert_int_equal(access_take(m, &who, 1, &retry_s, &why), ERR_FULL);
	who.pushes_per_s = 0;
	who.recipients_per_day = 5;
	assert_int_equal(access_take(m, &who, 1, &retry_s, &why), ERR_LIMIT);
	who.recipients_per_day = 9;
	assert_int_equal(access_take(m, &who, 1, &retry_s, &why), OK);
	who.recipients_per_day = 0;
	assert_int_equal(access_take(m, &who, 100, &retry_s, &why), OK);
	access_give_back(m, &who, 1000);	/* never below nothing */
	who.recipients_per_day = 9;
	assert_int_equal(access_take(m, &who, 9, &retry_s, &why), OK);
	assert_int_equal(access_take(m, &who, 1, &retry_s, &why), ERR_LIMIT);
	stop(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_limits),
		cmocka_unit_test(pushes_a_second),
		cmocka_unit_test(recipients_a_day),
		cmocka_unit_test(the_day_goes_on_after_a_restart),
		cmocka_unit_test(limits_change),
	};

	return cmocka_run_group_tests_name("access_meter", tests, NULL, NULL);
}
