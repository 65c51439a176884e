/* test_smsc_config.c - what a link's configuration starts with, and when two of them are the same. */
#include "tests/unit/test.h"

#include "smsc/link.h"

static void
test_defaults(void **state)
{
	struct smsc_config cf;

	memset(&cf, 'x', sizeof cf);
	smsc_config_defaults(&cf);
	assert_int_equal(cf.window, 10);
	assert_string_equal(cf.network, "GSM");
	assert_string_equal(cf.bearer, "SMS");
	assert_string_equal(cf.allowed_smsc_id, "");
	assert_string_equal(cf.denied_smsc_id, "");
	assert_string_equal(cf.preferred_smsc_id, "");
}

static void
test_the_same(void **state)
{
	struct smsc_config a, b;

	memset(&a, 0, sizeof a);
	memset(&b, 'x', sizeof b);
	smsc_config_defaults(&a);
	smsc_config_defaults(&b);
	assert_true(smsc_config_equal(&a, &b));
	strcpy(a.host, "smsc.example.net");
	assert_false(smsc_config_equal(&a, &b));
	strcpy(b.host, "another-smsc.example.net");
	assert_false(smsc_config_equal(&a, &b));
	strcpy(b.host, "smsc.example.net");		/* what is behind its end does not count */
	assert_true(smsc_config_equal(&a, &b));
}

/* Each octet in turn: all count but the few that no member owns. */
static void
test_every_member_counts(void **state)
{
	struct smsc_config a, b;
	size_t i, ignored = 0, run = 0;

	memset(&a, 'a', sizeof a);
	memset(&b, 'a', sizeof b);
	assert_true(smsc_config_equal(&a, &b));
	for (i = 0; i < sizeof a; i++) {
		((char *)&b)[i] = 'b';
		run = smsc_config_equal(&a, &b) ? run + 1 : 0;
		ignored += run > 0;
		if (run > 4)
			fail_msg("the octets up to %zu belong to no member that is compared", i);
		((char *)&b)[i] = 'a';
	}
	assert_true(ignored <= 6);
	b.transmitter_only = !(a.transmitter_only = true);
	assert_false(smsc_config_equal(&a, &b));
	b.transmitter_only = true;
	assert_true(smsc_config_equal(&a, &b));
}

static void
test_errors(void **state)
{
	static const char *const bad[] = { "x", "1", "1:", ":2000", "0:2000", "1:1000", "1:6000", "1:200", "1:20000",
		"1:again", "-1:2000", "0x100000000:2000", "1:2000,,2:2000", "1:2000,0x1:retry", "1 2:2000" };
	struct smsc_config cf;
	struct why why;
	char many[1000] = "";
	size_t i, n = 0;

	smsc_config_defaults(&cf);
	assert_int_equal(smsc_errors_parse(" 0x0B:2002 ,69:retry,0x401:throttle", &cf, &why), OK);
	assert_int_equal(cf.n_errors, 3);
	assert_int_equal(smsc_error_find(&cf, SMPP_RINVDSTADR)->code, 2002);
	assert_int_equal(smsc_error_find(&cf, SMPP_RINVDSTADR)->meaning, SMSC_ENDS);
	assert_int_equal(smsc_error_find(&cf, SMPP_RSUBMITFAIL)->meaning, SMSC_TRY_AGAIN);
	assert_int_equal(smsc_error_find(&cf, 0x401)->meaning, SMSC_THROTTLES);
	assert_null(smsc_error_find(&cf, SMPP_RTHROTTLED));
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (smsc_errors_parse(bad[i], &cf, &why) == OK)
			fail_msg("\"%s\" was taken", bad[i]);
	for (i = 1; i <= SMSC_ERRORS_MAX; i++)
		n += (size_t)snprintf(many + n, sizeof many - n, "%zu:2000,", i);
	assert_int_equal(smsc_errors_parse(many, &cf, &why), OK);
	snprintf(many + n, sizeof many - n, "99:2000");
	assert_int_equal(smsc_errors_parse(many, &cf, &why), ERR_LIMIT);
}

static void
test_receipt_ids(void **state)
{
	static const struct { enum smsc_receipt_ids how; const char *id, *expected; } rows[] = {
		{ SMSC_IDS_ALIKE, "10", "10" },
		{ SMSC_IDS_DECIMAL, "10", "A" },
		{ SMSC_IDS_DECIMAL, "0", "0" },
		{ SMSC_IDS_DECIMAL, "007", "7" },
		{ SMSC_IDS_DECIMAL, "1000000000", "3B9ACA00" },
		{ SMSC_IDS_DECIMAL, "18446744073709551615", "FFFFFFFFFFFFFFFF" },
		{ SMSC_IDS_DECIMAL, "18446744073709551616", "18446744073709551616" },
		{ SMSC_IDS_HEX, "A", "10" },
		{ SMSC_IDS_HEX, "3b9aca00", "1000000000" },
		{ SMSC_IDS_HEX, "10", "16" },
		{ SMSC_IDS_HEX, "FFFFFFFFFFFFFFFF", "18446744073709551615" },
		{ SMSC_IDS_HEX, "10000000000000000", "10000000000000000" },
		/* no numbers of that base */
		{ SMSC_IDS_DECIMAL, "1A", "1A" },
		{ SMSC_IDS_DECIMAL, "-1", "-1" },
		{ SMSC_IDS_DECIMAL, "+1", "+1" },
		{ SMSC_IDS_DECIMAL, " 1", " 1" },
		{ SMSC_IDS_DECIMAL, "1 ", "1 " },
		{ SMSC_IDS_DECIMAL, "", "" },
		{ SMSC_IDS_HEX, "0x1F", "0x1F" },
		{ SMSC_IDS_HEX, "1G", "1G" },
		{ SMSC_IDS_HEX, "f81d4fae-7dec-11d0", "f81d4fae-7dec-11d0" },
	};
	char id[66];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		strcpy(id, rows[i].id);
		smsc_receipt_id(rows[i].how, id);
		if (strcmp(id, rows[i].expected) != 0)
			fail_msg("row %zu: %s", i, id);
	}
	memset(id, '9', 65);
	id[65] = '\0';
	smsc_receipt_id(SMSC_IDS_HEX, id);
	assert_int_equal(strlen(id), 65);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_the_same),
		cmocka_unit_test(test_every_member_counts),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_receipt_ids),
	};

	return cmocka_run_group_tests_name("smsc_config", tests, NULL, NULL);
}
