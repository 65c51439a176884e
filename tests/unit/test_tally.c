/* test_tally.c - counts by initiator, reason and code; from several threads. */
#include "tests/unit/test.h"

#include <pthread.h>

#include "ppg/pap.h"
#include "ppg/tally.h"

enum { THREADS = 4, ROUNDS = 2000, NAMES = 300 };

static void
refusals_have_a_reason(void **state)
{
	static const struct { enum access_reason reason; bool bad; int code; const char *name; } rows[] = {
		{ ACCESS_RATE, false, 0, "rate" }, { ACCESS_PREFIX, false, PAP_FORBIDDEN, "prefix" },
		{ ACCESS_OK, true, PAP_BAD_REQUEST, "badmessage" }, { ACCESS_OK, false, 2002, "2xxx" },
		{ ACCESS_OK, false, 3010, "3xxx" }, { ACCESS_OK, false, 4001, "4xxx" }, { ACCESS_OK, false, 5120, "5xxx" },
		{ ACCESS_OK, false, 0, "4xxx" }, { ACCESS_OK, false, 9999, "4xxx" },
	};
	size_t i, k;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(tally_reason_name(tally_reason(rows[i].reason, rows[i].bad, rows[i].code)), rows[i].name);
	assert_string_equal(tally_reason_name(TALLY_BUSY), "busy");
	for (i = 0; i < TALLY_REASONS; i++)
		for (k = 0; k < i; k++)
			assert_string_not_equal(tally_reason_name((unsigned)i), tally_reason_name((unsigned)k));
}

static void
codes_are_kept_apart(void **state)
{
	static const int codes[] = { 1000, 1001, 2000, 2008, 3011, 4006, 5003 };
	struct tally *t = tally_create();
	size_t i, k;

	for (i = 0; i < sizeof codes / sizeof codes[0]; i++)
		for (k = 0; k <= i; k++)
			tally_code(t, codes[i]);
	tally_code(t, 0);
	tally_code(t, 99999);
	tally_code(t, -1);
	for (i = 0; i < sizeof codes / sizeof codes[0]; i++)
		assert_int_equal(tally_code_get(t, codes[i]), i + 1);
	assert_int_equal(tally_code_get(t, 1002), 0);
	tally_destroy(&t);
	assert_null(t);
	tally_destroy(&t);
}

static void
initiators_are_kept_apart(void **state)
{
	struct tally *t = tally_create();
	struct tally_counts c;

	tally_accepted(t, "a", 3);
	tally_accepted(t, "a", 4);
	tally_accepted(t, "b", 1);
	tally_operation(t, "b");
	tally_refused(t, "b", ACCESS_RATE);
	tally_refused(t, NULL, ACCESS_AUTH);
	tally_get(t, "a", &c);
	assert_int_equal(c.pushes, 2);
	assert_int_equal(c.recipients, 7);
	assert_int_equal(c.operations + c.refused[ACCESS_RATE], 0);
	tally_get(t, "b", &c);
	assert_int_equal(c.pushes, 1);
	assert_int_equal(c.operations, 1);
	assert_int_equal(c.refused[ACCESS_RATE], 1);
	assert_int_equal(c.refused[ACCESS_AUTH], 0);
	tally_get(t, "stranger", &c);
	assert_memory_equal(&c, &(struct tally_counts){ 0 }, sizeof c);
	tally_get(t, NULL, &c);
	assert_int_equal(c.pushes, 3);
	assert_int_equal(c.recipients, 8);
	assert_int_equal(c.refused[ACCESS_AUTH], 1);
	tally_destroy(&t);
}

static void *
count(void *arg)
{
	struct tally *t = arg;
	char name[16];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		snprintf(name, sizeof name, "pi-%d", i % NAMES);
		tally_accepted(t, name, 2);
		tally_refused(t, name, TALLY_BUSY);
	}
	return NULL;
}

static void
many_names_from_many_threads(void **state)
{
	struct tally *t = tally_create();
	pthread_t threads[THREADS];
	struct tally_counts c;
	uint64_t pushes = 0;
	char name[16];
	int i;

	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count, t), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < NAMES; i++) {
		snprintf(name, sizeof name, "pi-%d", i);
		tally_get(t, name, &c);
		assert_int_equal(c.pushes, THREADS * (ROUNDS / NAMES + (i < ROUNDS % NAMES)));
		assert_int_equal(c.recipients, 2 * c.pushes);
		assert_int_equal(c.refused[TALLY_BUSY], c.pushes);
		pushes += c.pushes;
	}
	tally_get(t, NULL, &c);
	assert_int_equal(c.pushes, THREADS * ROUNDS);
	assert_int_equal(pushes, THREADS * ROUNDS);
	tally_destroy(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_have_a_reason),
		cmocka_unit_test(codes_are_kept_apart),
		cmocka_unit_test(initiators_are_kept_apart),
		cmocka_unit_test(many_names_from_many_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
