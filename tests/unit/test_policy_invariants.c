/*
 * test_policy_invariants.c - what holds for every message on every device (device policies 3.10),
 * tried on random ones. The seed is fixed: a failure shows again.
 */
#include "tests/unit/policy_fixture.h"

enum { ROUNDS = 200000, FEW = 20000 };

static uint64_t seed;

static uint32_t
draw(uint32_t n)			/* 0 .. n - 1; xorshift64* */
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)((seed * 2685821657736338717u) >> 33) % n;
}

/* ---- memory: the linker sends the calls of our code here ------------------------------------- */

static unsigned long allocations;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

void *
__wrap_malloc(size_t n)
{
	allocations++;
	return __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t n)
{
	allocations++;
	return __real_realloc(p, n);
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

/* One of three that are made once: a record is large, and only these parts of it vary. */
static struct policy_device *
random_device(size_t family)
{
	static struct policy_device made[COUNT(families)], fresh[COUNT(families)];
	struct policy_device *dev = &made[family];
	size_t i;

	if (fresh[family].profile[0] == '\0') {
		fixture(&fresh[family], families[family]);
		made[family] = fresh[family];
	}
	memcpy(dev->policies, fresh[family].policies, sizeof dev->policies);
	dev->n_policies = fresh[family].n_policies;
	memcpy(dev->proxies, fresh[family].proxies, sizeof dev->proxies);
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
	return dev;
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
#define EACH(rounds, dev, m, u) \
	for (i = 0, seed = 0x9E3779B97F4A7C15u; i < (rounds) && \
	    ((dev) = random_device(i % COUNT(families)), (m) = random_message(&(u)), true); i++)

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
	struct policy_device *dev;
	struct policy_message m;
	struct policy_decision d;
	struct user u;
	size_t i, accepted = 0, final = 0, verified = 0;

	EACH(ROUNDS, dev, m, u) {
		d = run(dev, &m, &u);
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
	struct policy_device *dev;
	struct policy_message m;
	struct policy_decision d;
	struct user u;
	size_t i, k, accepted = 0;

	EACH(ROUNDS, dev, m, u) {
		if (!policy_accepted((d = run(dev, &m, &u), &d)))
			continue;
		accepted++;
		for (k = 0; k <= COUNT(mask_ids); k++) {
			uint32_t id = k == COUNT(mask_ids) ? 4104 : mask_ids[k], before = policy_get(dev, id, 0);
			size_t n = dev->n_policies;

			if (id == 4104)
				set(dev, id, 1);
			else if (mask_bits(dev, id) != 0)
				set(dev, id, (before | draw(8192)) & mask_bits(dev, id));
			d = run(dev, &m, &u);
			if (!policy_accepted(&d))
				fail_msg("round %zu: P%02d after change %zu", i, d.code, k);
			if (dev->n_policies == n && mask_bits(dev, id) != 0)
				set(dev, id, before);
			dev->n_policies = n;		/* one that was not there is gone again */
		}
	}
	assert_true(accepted > 500);
}

static void
closed_devices_accept_nothing(void **state)	/* I6 */
{
	struct policy_device *dev;
	struct policy_message m;
	struct policy_decision d;
	struct user u;
	size_t i, k, notifications = 0;

	EACH(ROUNDS, dev, m, u) {
		bool no_policy;

		for (k = 0; k < COUNT(mask_ids); k++) {
			if (mask_bits(dev, mask_ids[k]) != 0)
				set(dev, mask_ids[k], 0);
		}
		d = run(dev, &m, &u);
		no_policy = dev->family == FAMILY_W10M &&
		    (strstr(m.content_type, "syncml") || strstr(m.content_type, "drm"));
		notifications += policy_accepted(&d);
		if (policy_accepted(&d) && !no_policy)
			fail_msg("round %zu: %s accepted", i, m.content_type);
		if (no_policy && policy_get(dev, 4113, 0) == 1 && !m.malformed)
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

/* Said of the record, not by the code under test: all these numbers are written alike. */
static bool
is_trusted(const struct policy_device *dev, const struct policy_message *m)
{
	size_t i;

	for (i = 0; i < dev->n_proxies; i++) {
		const struct policy_proxy *p = &dev->proxies[i];

		if (p->trust && p->push && p->ipv4 == m->ip_bearer && strcmp(p->address, m->from) == 0)
			return true;
	}
	return false;
}

static void
strangers_cannot_promote_themselves(void **state)	/* I7 */
{
	struct policy_device *dev;
	struct policy_message m;
	struct policy_decision a, b;
	struct user u;
	size_t i, strangers = 0;

	EACH(ROUNDS, dev, m, u) {
		if (is_trusted(dev, &m))
			continue;
		assert_int_equal(policy_origin_roles(dev, &m) & ROLE_TRUSTED_PPG, 0);
		strangers++;
		a = run(dev, &m, &u);
		m.push_flag = 3;
		m.initiator_uri = dev->provurl;
		b = run(dev, &m, &u);
		assert_true(same(&a, &b));
	}
	assert_true(strangers > 1000);
}

static void
order_of_proxies_does_not_matter(void **state)	/* I8 */
{
	struct policy_device *dev;
	struct policy_message m;
	struct policy_decision a, b;
	struct user u;
	size_t i, k;

	EACH(ROUNDS, dev, m, u) {
		a = run(dev, &m, &u);
		for (k = dev->n_proxies; k > 1; k--) {
			size_t with = draw((uint32_t)k);
			struct policy_proxy p = dev->proxies[k - 1];

			dev->proxies[k - 1] = dev->proxies[with];
			dev->proxies[with] = p;
		}
		b = run(dev, &m, &u);
		assert_true(same(&a, &b));
	}
}

static void
decisions_change_nothing_and_take_no_memory(void **state)
{
	static struct policy_device before;
	struct policy_device *dev;
	struct policy_message m;
	struct policy_decision d;
	struct user u;
	size_t i;

	EACH(FEW, dev, m, u) {
		unsigned long so_far = allocations;

		memcpy(&before, dev, sizeof before);
		d = run(dev, &m, &u);
		assert_int_equal(allocations, so_far);
		assert_memory_equal(&before, dev, sizeof before);
		assert_in_range(d.n_stages, 1, POLICY_STAGES_MAX);
		assert_true(d.n_stages == 0 || d.stages[d.n_stages - 1].pass == policy_accepted(&d));
		assert_int_equal(d.code != 0, !policy_accepted(&d));
	}
	assert_true(allocations > 0);		/* of the profiles: they are counted */
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
		cmocka_unit_test(decisions_change_nothing_and_take_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
