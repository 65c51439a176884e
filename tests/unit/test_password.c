/* test_password.c - scrypt hashes as they are stored, and verified logins. */
#include "tests/unit/test.h"

#include "base/password.h"

/* RFC 7914 section 12, third vector: N = 2^14, r = 8, p = 1. */
static const char rfc_vector[] = "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$"
    "cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw";

static void
the_vector_of_the_rfc(void **state)
{
	assert_true(password_is_hash(rfc_vector));
	assert_int_equal(password_check_hash(rfc_vector, NULL), OK);
	assert_true(password_verify(span_str("pleaseletmein"), rfc_vector));
	assert_false(password_verify(span_str("pleaseletmeim"), rfc_vector));
}

static void
fresh_hashes(void **state)
{
	char a[PASSWORD_HASH_SIZE], b[PASSWORD_HASH_SIZE];
	uint8_t big[PASSWORD_MAX + 1] = { 0 };
	uint8_t nul[] = { 'a', 0, 'b' };

	assert_int_equal(password_hash(span_of(nul, 3), a), OK);
	assert_int_equal(password_hash(span_of(nul, 3), b), OK);
	assert_memory_equal(a, "$scrypt$ln=15,r=8,p=3$", 22);
	assert_string_not_equal(a, b);		/* salted */
	assert_int_equal(password_check_hash(a, NULL), OK);
	assert_true(password_verify(span_of(nul, 3), a));
	assert_false(password_verify(span_of(nul, 1), a));
	assert_false(password_verify(span_of(NULL, 0), a));
	assert_int_equal(password_hash(span_of(NULL, 0), a), OK);
	assert_true(password_verify(span_of(NULL, 0), a));
	assert_int_equal(password_hash(span_of(big, sizeof big), a), ERR_LIMIT);
	assert_string_equal(a, "");
}

static void
stored_hashes_that_are_refused(void **state)
{
	static const struct {
		const char *stored;
		int err;
		const char *says;
	} rows[] = {
		{ "", ERR_SYNTAX, "does not start" },
		{ "$2b$12$abcdefghijklmnopqrstuv", ERR_SYNTAX, "does not start" },
		{ "$scrypt$ln=9,r=8,p=1$U29kaXVtQ2hs$U29kaXVtQ2hs", ERR_RANGE, "ln is not in 10..20" },
		{ "$scrypt$ln=21,r=8,p=1$U29kaXVtQ2hs$U29kaXVtQ2hs", ERR_RANGE, "ln is not in 10..20" },
		{ "$scrypt$ln=4294967306,r=8,p=1$U29kaXVtQ2hs$U29kaXVtQ2hs", ERR_RANGE, "ln is not in" },
		{ "$scrypt$ln=-10,r=8,p=1$U29kaXVtQ2hs$U29kaXVtQ2hs", ERR_SYNTAX, "ln=number" },
		{ "$scrypt$ln=010,r=8,p=1$U29kaXVtQ2hs$U29kaXVtQ2hs", ERR_SYNTAX, "ln=number" },
		{ "$scrypt$ln=10,r=33,p=1$U29kaXVtQ2hs$U29kaXVtQ2hs", ERR_RANGE, "r is not in 1..32" },
		{ "$scrypt$ln=10,r=0,p=1$U29kaXVtQ2hs$U29kaXVtQ2hs", ERR_SYNTAX, "r=number" },
		{ "$scrypt$ln=10,r=8,p=17$U29kaXVtQ2hs$U29kaXVtQ2hs", ERR_RANGE, "p is not in 1..16" },
		{ "$scrypt$ln=20,r=32,p=1$U29kaXVtQ2hs$U29kaXVtQ2hs", ERR_LIMIT, "1 GiB" },
		{ "$scrypt$r=8,ln=10,p=1$U29kaXVtQ2hs$U29kaXVtQ2hs", ERR_SYNTAX, "ln=number" },
		{ "$scrypt$ln=10,r=8,p=1", ERR_SYNTAX, "before the salt" },
		{ "$scrypt$ln=10,r=8,p=1$", ERR_SYNTAX, "salt" },
		{ "$scrypt$ln=10,r=8,p=1$U29kaXVt$U29kaXVtQ2hs", ERR_RANGE, "salt is not of 8 to 64" },
		{ "$scrypt$ln=10,r=8,p=1$U29kaXVtQ2hs", ERR_SYNTAX, "salt" },
		{ "$scrypt$ln=10,r=8,p=1$U29kaXVtQ2hs$", ERR_RANGE, "hash is not of" },
		{ "$scrypt$ln=10,r=8,p=1$U29kaXVtQ2hs$U29k", ERR_RANGE, "hash is not of" },
		{ "$scrypt$ln=10,r=8,p=1$U29kaXVtQ2hs$U29kaXVtQ2hsQ", ERR_SYNTAX, "base64" },
		{ "$scrypt$ln=10,r=8,p=1$U29kaXVtQ2hs$U29kaXVtQ2h=", ERR_SYNTAX, "base64" },
		{ "$scrypt$ln=10,r=8,p=1$U29kaXVtQ2hs$U29kaXVt Q2hs", ERR_SYNTAX, "base64" },
		{ "$scrypt$ln=10,r=8,p=1$U29kaXVtQ2hs$U29kaXVtQ2hs$", ERR_SYNTAX, "base64" },
	};
	struct why why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int err = password_check_hash(rows[i].stored, &why);

		if (err != rows[i].err || strstr(why.text, rows[i].says) == NULL)
			fail_msg("%s: %s, \"%s\"", rows[i].stored, err_name(err), why.text);
		if (password_is_hash(rows[i].stored))
			assert_false(password_verify(span_str(rows[i].stored), rows[i].stored));
	}
}

/* No prefix of a good one is taken, and none is read past its end. */
static void
truncated_hashes(void **state)
{
	size_t n;

	/* A hash may be shorter than this one's 64 octets, so only its first 7 octets are cut. */
	for (n = 0; n < sizeof rfc_vector - 1 - 76; n++) {
		char *cut = malloc(n + 1);

		memcpy(cut, rfc_vector, n);
		cut[n] = '\0';
		if (password_check_hash(cut, NULL) == OK)
			fail_msg("%s was taken", cut);
		free(cut);
	}
}

static void
plain_texts(void **state)
{
	uint8_t big[PASSWORD_MAX + 1];

	assert_true(password_verify(span_str("secret"), "secret"));
	assert_false(password_verify(span_str("secret"), "secret2"));
	assert_false(password_verify(span_str("secret"), "Secret"));
	assert_false(password_verify(span_str(""), "secret"));
	assert_true(password_verify(span_of(NULL, 0), ""));
	assert_false(password_is_hash("$scrypt"));
	memset(big, 'x', sizeof big);
	assert_false(password_verify(span_of(big, sizeof big), "x"));
}

static void
tokens(void **state)
{
	uint8_t a[32], b[32];

	password_token(span_str("user"), span_str("word"), a);
	password_token(span_str("user"), span_str("word"), b);
	assert_memory_equal(a, b, 32);
	password_token(span_str("userw"), span_str("ord"), b);
	assert_memory_not_equal(a, b, 32);
	password_token(span_str("user"), span_str("ward"), b);
	assert_memory_not_equal(a, b, 32);
	password_token(span_of(NULL, 0), span_of(NULL, 0), b);
	assert_memory_not_equal(a, b, 32);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vector_of_the_rfc),
		cmocka_unit_test(fresh_hashes),
		cmocka_unit_test(stored_hashes_that_are_refused),
		cmocka_unit_test(truncated_hashes),
		cmocka_unit_test(plain_texts),
		cmocka_unit_test(tokens),
	};

	return cmocka_run_group_tests_name("password", tests, NULL, NULL);
}
