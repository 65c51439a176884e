/*
 * test_policy_invariants.c - what holds for every message on every device (device policies 3.10),
 * tried on random ones. The seed is fixed: a failure shows again.
 */
#include "tests/unit/policy_fixture.h"

enum { ROUNDS = 20000 };

static uint64_t seed;

static uint32_t
draw(uint32_t n)			/* 0 .. n - 1; xorshift64* */
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)((seed * 2685821657736338717u) >> 33) % n;
}

/* ---- a random device ------------------------------------------------------------------------ */

static const char *const families[] = { "wm5", "wm6x", "w10m" };
static const uint32_t mask_ids[] = { 4107, 4108, 4109, 4110, 4111, 4119, 4120, 4121, 4129, 4141, 4142,
	4143, 4144 };
static const struct { uint32_t id, n; } word_ids[] = { { 4104, 2 }, { 4105, 4 }, { 4113, 2 },
	{ 4124, 2 }, { 4132, 2 }, { 4147, 2 } };

/* Bits that this family takes in this mask; 0: not a mask there. */
static uint32_t
mask_bits(const struct policy_device *dev, uint32_t id)
{
	if (dev->family != FAMILY_W10M)
		return id == 4144 ? 0 : ROLE_ALL;
	if (id == 4108 || id == 4109 || id == 4144)
		return 256 | 4096;
	return id == 4111 || id >= 4141 ? 128 | 256 | 4096 : ROLE_ALL;
}

static void
set(struct policy_device *dev, uint32_t id, uint32_t value)
{
	assert_int_equal(policy_set(dev, id, value, NULL), OK);
}

/* Each mask: as shipped, nothing, one more bit, or anything. */
static void
random_mask(struct policy_device *dev, uint32_t id)
{
	uint32_t bits = mask_bits(dev, id);

	switch (bits == 0 ? 0 : draw(4)) {
	case 1:
		set(dev, id, 0);
		break;
	case 2:
		set(dev, id, (policy_get(dev, id, 0) | 1u << (1 + draw(12))) & bits);
		break;
	case 3:
		set(dev, id, draw(8192) & bits);
		break;
	default:
		break;
	}
}

static void
random_device(struct policy_device *dev, const char *family)
{
	size_t i;

	fixture(dev, family);
	for (i = 0; i < COUNT(mask_ids); i++)
		random_mask(dev, mask_ids[i]);
	for (i = 0; i < COUNT(word_ids); i++) {
		if (draw(4) == 0)
			set(dev, word_ids[i].id, draw(word_ids[i].n));
	}
	dev->tps_needs_content_trust = draw(2);
	for (i = 0; i < dev->n_proxies; i++) {
		dev->proxies[i].trust = draw(4) > 0;
		dev->proxies[i].push = draw(4) > 0;
	}
}

/* ---- a random message -------------------------------------------------------------------------- */

struct user {
	enum policy_try tries[4];
	bool consents;
	unsigned verified;		/* times a right PIN was given */
};

static enum policy_try
user_verify(void *arg, enum prov_sec sec, unsigned attempt)
{
	struct user *u = arg;
	enum policy_try t = u->tries[(attempt - 1) % 4];

	u->verified += t == POLICY_TRY_RIGHT;
	return t;
}

static bool
user_consent(void *arg)
{
	struct user *u = arg;

	return u->consents;
}

static struct policy_message
random_message(struct user *u)
{
	static const char *const senders[] = { "+12025550100", "+12025550101", "+12025550102",
		"+12025550199", "192.0.2.10", "Operator" };
	static const char *const types[] = { "text/vnd.wap.si", "application/vnd.wap.slc",
		"application/vnd.wap.connectivity-wbxml", "text/vnd.wap.connectivity-xml",
		"application/vnd.syncml.notification", "application/vnd.wap.mms-message",
		"application/vnd.oma.drm.rights+wbxml", "text/plain" };
	static const char *const hrefs[] = { "https://www.example.com/", "http://www.example.com/",
		NULL };
	static const char *const uris[] = { NULL, "https://tps.example.net/cp",
		"https://tps.example.net/other" };
	static const struct policy_parm trust = { "TRUST", NULL, false };
	static const struct policy_parm dm[] = { { "APPID", "w7", false }, { "ROLE", "8", false } };
	static const struct policy_setting settings[] = { { "BOOTSTRAP", NULL, 0, false },
		{ "CM_GPRSEntries", NULL, 0, false }, { "PXLOGICAL", &trust, 1, false },
		{ "APPLICATION", dm, 2, false }, { "SecurityPolicy", NULL, 0, false } };
	static const struct policy_setting *const start = settings;
	struct policy_message m = message(senders[draw(6)], (int)draw(9) - 1, types[draw(8)]);
	size_t i, first = draw(5);

	m.ip_bearer = draw(5) == 0;
	m.from_ton = draw(2) ? TON_INTERNATIONAL : TON_UNKNOWN;
	m.initiator_uri = uris[draw(3)];
	m.href = hrefs[draw(3)];
	m.sec = (enum prov_sec)((int)draw(5) - 1);
	m.mac = draw(8) == 0 ? (enum policy_mac)draw(2) :
	    m.sec == PROV_SEC_NONE || m.sec == PROV_SEC_USERPINMAC ? MAC_ABSENT : MAC_PRESENT;
	m.malformed = draw(50) == 0;
	m.settings = start + first;
	m.n_settings = draw((uint32_t)(6 - first));
	for (i = 0; i < 4; i++)
		u->tries[i] = (enum policy_try)draw(3);
	u->consents = draw(4) > 0;
	u->verified = 0;
	return m;
}

static struct policy_decision
run(const struct policy_device *dev, const struct policy_message *m, struct user *u)
{
	struct policy_user user = { user_verify, user_consent, u };
	struct policy_decision d;

	u->verified = 0;
	policy_decide(dev, m, &user, &d);
	return d;
}

/* Every family in turn; `accepted` counts, so that a test over nothing but refusals shows. */
#define EACH(dev, m, u) \
	for (i = 0, seed = 0x9E3779B97F4A7C15u; i < ROUNDS && \
	    (random_device(&(dev), families[i % 3]), (m) = random_message(&(u)), true); i++)

/* ---- the invariants ------------------------------------------------------------------------------- */

static bool
passed(const struct policy_decision *d, const char *stage)
{
	size_t i;

	for (i = 0; i < d->n_stages; i++) {
		if (strcmp(d->stages[i].stage, stage) == 0 && d->stages[i].pass)
			return true;
	}
	return false;
}

static bool
implies(uint32_t mask, uint32_t bits, uint32_t others)
{
	return (mask & bits) == 0 || (mask & others) == others;
}

static void
masks_are_consistent(void **state)	/* I1 to I4 */
{
	struct policy_device dev;
	struct policy_message m;
	struct policy_decision d;
	struct user u;
	size_t i, accepted = 0, final = 0, verified = 0;

	EACH(dev, m, u) {
		d = run(&dev, &m, &u);
		accepted += policy_accepted(&d);
		assert_int_equal(d.mask == 0, !passed(&d, "3"));
		if (d.mask == 0)
			continue;
		assert_true(d.mask & ROLE_ANY_PUSH_SOURCE);				/* I1 */
		assert_true(implies(d.mask, 128, 512 | 1024));				/* I2 */
		assert_true(implies(d.mask, 1024 | 2048, 512));
		assert_true(implies(d.mask, 512, 256));
		assert_true((d.mask & 64) == 0 || (d.mask & (4 | 16)) == 0);		/* I3 */
		assert_int_equal(d.mask & (8 | 2 | 32), 0);
		if (!passed(&d, "7"))
			continue;
		final++;
		verified += u.verified;
		assert_int_equal((d.mask & (4 | 16)) != 0, u.verified == 1);		/* I4 */
	}
	assert_true(accepted > 500 && final > 1000 && verified > 100);
}

static void
widening_never_refuses(void **state)	/* I5 */
{
	struct policy_device dev;
	struct policy_message m;
	struct policy_decision d;
	struct user u;
	size_t i, k, accepted = 0;

	EACH(dev, m, u) {
		if (!policy_accepted((d = run(&dev, &m, &u), &d)))
			continue;
		accepted++;
		for (k = 0; k <= COUNT(mask_ids); k++) {
			struct policy_device wider = dev;

			if (k == COUNT(mask_ids))
				set(&wider, 4104, 1);
			else if (mask_bits(&dev, mask_ids[k]) != 0)
				set(&wider, mask_ids[k], (policy_get(&dev, mask_ids[k], 0) | draw(8192)) &
				    mask_bits(&dev, mask_ids[k]));
			d = run(&wider, &m, &u);
			if (!policy_accepted(&d))
				fail_msg("round %zu: P%02d after change %zu", i, d.code, k);
		}
	}
	assert_true(accepted > 500);
}

static void
closed_devices_accept_nothing(void **state)	/* I6 */
{
	struct policy_device dev;
	struct policy_message m;
	struct policy_decision d;
	struct user u;
	size_t i, k, notifications = 0;

	EACH(dev, m, u) {
		bool no_policy;

		for (k = 0; k < COUNT(mask_ids); k++) {
			if (mask_bits(&dev, mask_ids[k]) != 0)
				set(&dev, mask_ids[k], 0);
		}
		d = run(&dev, &m, &u);
		no_policy = dev.family == FAMILY_W10M &&
		    (strstr(m.content_type, "syncml") || strstr(m.content_type, "drm"));
		notifications += policy_accepted(&d);
		if (policy_accepted(&d) && !no_policy)
			fail_msg("round %zu: %s accepted", i, m.content_type);
		if (no_policy && policy_get(&dev, 4113, 0) == 1 && !m.malformed)
			assert_int_equal(d.outcome, OUTCOME_DELIVER);
	}
	assert_true(notifications > 200);
}

static bool
same(const struct policy_decision *a, const struct policy_decision *b)
{
	return a->outcome == b->outcome && a->code == b->code && a->mask == b->mask &&
	    a->effective == b->effective && strcmp(a->path, b->path) == 0;
}

static void
strangers_cannot_promote_themselves(void **state)	/* I7 */
{
	struct policy_device dev;
	struct policy_message m;
	struct policy_decision a, b;
	struct user u;
	size_t i, strangers = 0;

	EACH(dev, m, u) {
		if (policy_origin_roles(&dev, &m) & ROLE_TRUSTED_PPG)
			continue;
		strangers++;
		a = run(&dev, &m, &u);
		m.push_flag = 3;
		m.initiator_uri = dev.provurl;
		b = run(&dev, &m, &u);
		assert_true(same(&a, &b));
	}
	assert_true(strangers > 1000);
}

static void
order_of_proxies_does_not_matter(void **state)	/* I8 */
{
	struct policy_device dev, other;
	struct policy_message m;
	struct policy_decision a, b;
	struct user u;
	size_t i, k;

	EACH(dev, m, u) {
		other = dev;
		for (k = other.n_proxies; k > 1; k--) {
			size_t with = draw((uint32_t)k);
			struct policy_proxy p = other.proxies[k - 1];

			other.proxies[k - 1] = other.proxies[with];
			other.proxies[with] = p;
		}
		a = run(&dev, &m, &u);
		b = run(&other, &m, &u);
		assert_true(same(&a, &b));
	}
}

static void
decisions_do_not_change_the_device(void **state)
{
	struct policy_device dev, before;
	struct policy_message m;
	struct policy_decision d;
	struct user u;
	size_t i;

	EACH(dev, m, u) {
		memcpy(&before, &dev, sizeof dev);
		d = run(&dev, &m, &u);
		assert_memory_equal(&before, &dev, sizeof dev);
		assert_in_range(d.n_stages, 1, POLICY_STAGES_MAX);
		assert_true(d.n_stages == 0 || d.stages[d.n_stages - 1].pass == policy_accepted(&d));
		assert_int_equal(d.code != 0, !policy_accepted(&d));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_are_consistent),
		cmocka_unit_test(widening_never_refuses),
		cmocka_unit_test(closed_devices_accept_nothing),
		cmocka_unit_test(strangers_cannot_promote_themselves),
		cmocka_unit_test(order_of_proxies_does_not_matter),
		cmocka_unit_test(decisions_do_not_change_the_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
