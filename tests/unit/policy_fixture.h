/* policy_fixture.h - a device and messages for the tests of policy/ (fixture F-A of the worked cases). */
#ifndef TESTS_UNIT_POLICY_FIXTURE_H
#define TESTS_UNIT_POLICY_FIXTURE_H

#include "tests/unit/test.h"

#include "policy/policy.h"
#include "tests/unit/profile_files.h"

#define COUNT(a) (sizeof (a) / sizeof (a)[0])

static inline void
fixture(struct policy_device *dev, const char *profile)
{
	static const struct policy_proxy proxies[] = {
		{ .id = "P1", .address = "+12025550100", .trust = true, .push = true },
		{ .id = "P2", .address = "+12025550101", .push = true },
		{ .id = "P3", .address = "+12025550102", .trust = true },
		{ .id = "P4", .address = "192.0.2.10", .ipv4 = true, .trust = true, .push = true },
	};

	assert_int_equal(policy_device_init(dev, profile, profile_files(), NULL), OK);
	memcpy(dev->proxies, proxies, sizeof proxies);
	dev->n_proxies = COUNT(proxies);
	strcpy(dev->provurl, "https://tps.example.net/cp");
}

static inline struct policy_message
message(const char *from, int flag, const char *content_type)
{
	return (struct policy_message){ .from = from, .from_ton = TON_INTERNATIONAL, .push_flag = flag,
		.content_type = content_type, .sec = PROV_SEC_NONE, .mac = MAC_ABSENT };
}

static inline struct policy_decision
decide(const struct policy_device *dev, const struct policy_message *msg)
{
	struct policy_decision d;

	policy_decide(dev, msg, NULL, &d);
	return d;
}

#endif
