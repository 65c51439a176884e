/* test_secret.c - keyed hashes: the vectors of RFC 4231, section 4, with keys that change, in several threads. */
#include "tests/unit/test.h"

#include <pthread.h>

#include "base/secret.h"
#include "base/text.h"

static const struct {
	char key_octet;
	size_t n_key;
	const char *key, *data, *expected;
} rows[] = {
	{ 0x0b, 20, NULL, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b" },
	{ 0, 4, "Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c7" },
	{ 0x0c, 20, NULL, "Test With Truncation", "a3b6167473100ee06e0c796c2955552b" },
	{ (char)0xaa, 131, NULL, "Test Using Larger Than Block-Size Key - Hash Key First", "60e431591ee0b67f0d8a26aacbf5b77f" },
};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

static bool
hashes_right(size_t i)
{
	uint8_t expected[SECRET_HASH_SIZE], found[SECRET_HASH_SIZE];
	char key[131];
	size_t n;

	memset(key, rows[i].key_octet, sizeof key);
	if (rows[i].key != NULL)
		memcpy(key, rows[i].key, rows[i].n_key);
	secret_hash(span_of(key, rows[i].n_key), span_str(rows[i].data), found);
	return text_hex(span_str(rows[i].expected), expected, &n, NULL) == OK && n == sizeof expected &&
	    secret_equal(expected, found, n);
}

/* Each after each other one, itself as well. NULL: all of them are right. */
static void *
all_in_turns(void *wrong)
{
	size_t i, k;

	for (i = 0; i < N_ROWS; i++)
		for (k = 0; k < N_ROWS; k++)
			if (!hashes_right(i) || !hashes_right(k) || !hashes_right(k))
				return wrong;
	return NULL;
}

static void
keyed_hashes(void **state)
{
	pthread_t threads[4];
	void *wrong;
	size_t i;

	assert_null(all_in_turns(threads));
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, all_in_turns, threads), 0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
}

static void
digests(void **state)
{
	char text[SECRET_DIGEST_SIZE];

	secret_digest(span_str("abc"), text);
	assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(keyed_hashes), cmocka_unit_test(digests) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
