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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_the_same),
		cmocka_unit_test(test_every_member_counts),
	};

	return cmocka_run_group_tests_name("smsc_config", tests, NULL, NULL);
}
