/* test_admin_csv.c - the table of subscribers: addresses, rows, and every body cut short. */
#include "tests/unit/test.h"

#include "ppg/admin_csv.h"

/* ---- addresses ------------------------------------------------------------------------------- */

static void
addresses_become_keys(void **state)
{
	static const struct { const char *text, *key, *printed; } rows[] = {
		{ "+12025550100", "plmn:+12025550100", "plmn:+12025550100" },
		{ "+1-202.555-0100", "plmn:+12025550100", "plmn:+12025550100" },
		{ "PLMN:+12025550100", "plmn:+12025550100", "plmn:+12025550100" },
		{ "user:john.doe@example.net", "user:john.doe@example.net", "user:john.doe%40example.net" },
		{ "User:john%2edoe%40example.net", "user:john.doe@example.net", "user:john.doe%40example.net" },
		{ "user:John", "user:John", "user:John" },
		{ "user:a/b:c d\"'\xc3\xa9", "user:a/b:c d\"'\xc3\xa9", "user:a%2Fb:c%20d%22%27%C3%A9" },
		{ "user:%2525", "user:%25", "user:%2525" },
		{ "user:/TYPE=PLMN", "user:/TYPE=PLMN", "user:%2FTYPE%3DPLMN" },
		{ "ipv4:192.0.2.007", "ipv4:192.0.2.7", "ipv4:192.0.2.7" },
		{ "IPv6:2001:0DB8:0000:0000:0000:0000:0000:0001", NULL, NULL },
		{ "", NULL, NULL }, { ":", NULL, NULL }, { "user", NULL, NULL }, { "user:", NULL, NULL },
		{ "user:%", NULL, NULL }, { "user:%4", NULL, NULL }, { "user:%00", NULL, NULL }, { "+", NULL, NULL },
		{ "+1a", NULL, NULL }, { "a b:c", NULL, NULL }, { "nobody:x", NULL, NULL }, { "ipv4:1.2.3", NULL, NULL },
		{ "plmn:+123456789012345678901", NULL, NULL }, { "-x:y", NULL, NULL }, { "user/x:y", NULL, NULL },
		{ "+1@ppg.example.net", NULL, NULL },
	};
	char key[ADDRESS_KEY_SIZE], again[ADDRESS_KEY_SIZE];
	struct sbuf printed = { 0 };
	struct why why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int err = subscriber_key(rows[i].text, key, &why);

		if (rows[i].key == NULL && strncmp(rows[i].text, "IPv6", 4) != 0) {
			if (err == OK || why.text[0] == '\0')
				fail_msg("row %zu: %s was taken as %s", i, rows[i].text, key);
			continue;
		}
		if (err != OK)
			fail_msg("row %zu: %s: %s", i, rows[i].text, why.text);
		sbuf_clear(&printed);
		subscriber_print(key, &printed);
		assert_int_equal(subscriber_key(printed.s, again, &why), OK);
		assert_string_equal(again, key);
		if (rows[i].key != NULL) {
			assert_string_equal(key, rows[i].key);
			assert_string_equal(printed.s, rows[i].printed);
		}
	}
	sbuf_done(&printed);
}

/* The key is that of a push to the same address, whatever its gateway. */
static void
keys_are_those_of_pushes(void **state)
{
	static const char *const pairs[][2] = {
		{ "user:john.doe@example.net", "WAPPUSH=john.doe%40example.net/TYPE=USER@ppg.example.net" },
		{ "+12025550100", "/wappush=+1202-555-0100/type=plmn@other.example.net" },
		{ "ipv4:192.0.2.7", "WAPPUSH=192.0.2.7/TYPE=IPv4@x" },
	};
	char key[ADDRESS_KEY_SIZE], of_push[ADDRESS_KEY_SIZE];
	struct wappush address;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		assert_int_equal(subscriber_key(pairs[i][0], key, &why), OK);
		assert_int_equal(address_parse(pairs[i][1], &address, &why), OK);
		address_key(&address, false, of_push);
		assert_string_equal(key, of_push);
	}
}

static void
names_of_profiles(void **state)
{
	char longest[SUBSCRIBER_NAME_MAX + 2];

	memset(longest, 'a', sizeof longest);
	assert_true(profile_name_ok(span_of(longest, SUBSCRIBER_NAME_MAX)));
	assert_false(profile_name_ok(span_of(longest, SUBSCRIBER_NAME_MAX + 1)));
	assert_true(profile_name_ok(span_str("Az09._-+")));
	assert_false(profile_name_ok(span_str("")));
	assert_false(profile_name_ok(span_str("a b")));
	assert_false(profile_name_ok(span_str("a/b")));
	assert_false(profile_name_ok(span_str("a,b")));
	assert_false(profile_name_ok(span_of("a\0b", 3)));
	assert_false(profile_name_ok(span_str("\xc3\xa9")));
}

/* ---- tables ------------------------------------------------------------------------------------ */

struct seen {
	size_t n, lines[16];
	char first[WHY_MAX + 1];
};

static void
note(void *arg, size_t line, const char *why)
{
	struct seen *seen = arg;

	if (seen->n == 0)
		snprintf(seen->first, sizeof seen->first, "%s", why);
	if (seen->n < 16)
		seen->lines[seen->n] = line;
	seen->n++;
}

/* In a block of exactly its size, so that one octet too far is found. */
static int
read_exactly(const char *text, size_t n, struct subscriber_table *t, struct seen *seen)
{
	char *block = malloc(n > 0 ? n : 1);
	int err;

	memcpy(block, text, n);
	*seen = (struct seen){ 0 };
	err = subscriber_table_read(span_of(block, n), t, note, seen);
	free(block);		/* the table keeps nothing of it */
	return err;
}

static const char whole[] = "\xEF\xBB\xBF" "address,number,profile,facts\r\n"
    "user:jane@example.net,+12025550100,phone-1,\"{\"\"a\"\":\"\",\"\"}\"\r\n"
    "\r\n"
    "\"+12025550101\",,\"phone-2\",\n"
    "\"user:two\nlines\",+12025550102,,\n"
    "ipv4:192.0.2.7,+12025550103,,";

static void
a_table_is_read(void **state)
{
	struct subscriber_table t;
	struct seen seen;

	assert_int_equal(read_exactly(whole, sizeof whole - 1, &t, &seen), OK);
	assert_int_equal(seen.n, 0);
	assert_int_equal(t.n, 4);
	assert_int_equal(t.lines, 4);
	assert_string_equal(t.rows[0].key, "user:jane@example.net");
	assert_string_equal(t.rows[0].number, "+12025550100");
	assert_string_equal(t.rows[0].profile, "phone-1");
	assert_string_equal(t.rows[0].facts, "{\"a\":\",\"}");
	assert_string_equal(t.rows[1].key, "plmn:+12025550101");
	assert_null(t.rows[1].number);
	assert_string_equal(t.rows[1].profile, "phone-2");
	assert_null(t.rows[1].facts);
	assert_string_equal(t.rows[2].key, "user:two\nlines");
	assert_string_equal(t.rows[3].number, "+12025550103");
	subscriber_table_done(&t);
}

/* Whatever is missing at the end: an answer, the rows before it as they were, and nothing behind the end is read. */
static void
every_truncation(void **state)
{
	struct subscriber_table t;
	struct seen seen;
	size_t n;

	for (n = 0; n < sizeof whole - 1; n++) {
		int err = read_exactly(whole, n, &t, &seen);

		assert_int_equal(err == OK, seen.n == 0);
		assert_int_equal(t.n_bad, seen.n);
		assert_true(t.n <= 4 && t.n + seen.n <= 5);
		if (t.n > 0)
			assert_string_equal(t.rows[0].key, "user:jane@example.net");
		subscriber_table_done(&t);
	}
}

static void
bad_lines_have_their_numbers(void **state)
{
#define HEAD "address,number,profile\n"
	static const struct { const char *text; size_t good, bad, first; } rows[] = {
		{ "", 0, 1, 1 }, { "\n", 0, 1, 1 }, { "address,number\nuser:a,+1202,\n", 0, 1, 1 },
		{ "address,number,profile,facts,more\n", 0, 1, 1 }, { "\"address,number,profile\n", 0, 1, 1 },
		{ "Address,number,profile\n", 0, 1, 1 }, { "address, number,profile\n", 0, 1, 1 },
		{ HEAD, 0, 0, 0 }, { HEAD "\n\r\n\n", 0, 0, 0 }, { HEAD "user:a,+1202,", 1, 0, 0 },
		{ HEAD "user:a,+1202,\nx\nuser:b,+1202,\ny\n", 2, 2, 3 },
		{ HEAD "\n\nx\n", 0, 1, 4 }, { HEAD "\"user:a\nb\",+1202,\nx\n", 1, 1, 4 },
		{ HEAD "user:a,+1202,,\n", 0, 1, 2 }, { HEAD "user:a,+1202\n", 0, 1, 2 },
		{ HEAD "user:a,+1202,\"p\nuser:b,+1202,\n", 0, 1, 2 },
		{ HEAD "user:a,+12\"02,\nuser:b,+1202,\n", 1, 1, 2 }, { HEAD "\"user:a\" ,+1202,\nuser:b,+1202,\n", 1, 1, 2 },
		{ HEAD "user:a,+1202,\ruser:b,+1202,\n", 0, 1, 2 }, { HEAD "user:a,+1202,\r", 1, 0, 0 },
		{ HEAD ",+1202,p\n", 0, 1, 2 }, { HEAD "user:a,,\n", 0, 1, 2 }, { HEAD ",,\n", 0, 1, 2 },
		{ HEAD "user:a,+12025550100 ,\n", 0, 1, 2 }, { HEAD "user:a,++1202,\n", 0, 1, 2 },
	};
	struct subscriber_table t;
	struct seen seen;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int err = read_exactly(rows[i].text, strlen(rows[i].text), &t, &seen);

		if ((err == OK) != (rows[i].bad == 0) || t.n != rows[i].good || seen.n != rows[i].bad ||
		    seen.lines[0] != rows[i].first)
			fail_msg("row %zu: %d, %zu good, %zu bad from line %zu (%s)", i, err, t.n, seen.n, seen.lines[0],
			    seen.first);
		subscriber_table_done(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_become_keys),
		cmocka_unit_test(keys_are_those_of_pushes),
		cmocka_unit_test(names_of_profiles),
		cmocka_unit_test(a_table_is_read),
		cmocka_unit_test(every_truncation),
		cmocka_unit_test(bad_lines_have_their_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
