/*
 * bench_policy.c - what one decision costs, by message and device, and whether it takes memory.
 *
 *	bench_policy [ROUNDS]
 *
 * Prints nanoseconds a decision; status 1 when one allocates or needs 5 microseconds or more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/unit/profile_files.h"

enum { LIMIT_NS = 5000 };

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

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int
main(int argc, char **argv)
{
	static const struct policy_parm parms[] = { { "4119", "128", false }, { "4107", "3200", false } };
	static const struct policy_setting doc[] = { { "BOOTSTRAP", NULL, 0, false },
		{ "PXLOGICAL", NULL, 0, false }, { "SecurityPolicy", parms, 2, false } };
	static const struct { const char *title, *profile, *from, *type; int flag; enum prov_sec sec; } rows[] = {
		{ "SI from a stranger", "wm5", "+12025550199", "text/vnd.wap.si", -1, PROV_SEC_NONE },
		{ "SI from a trusted proxy", "wm5", "+12025550115", "text/vnd.wap.si", 1, PROV_SEC_NONE },
		{ "document of the provisioning server", "wm5", "+12025550115", "text/vnd.wap.connectivity-xml", 3, PROV_SEC_NONE },
		{ "signed document, opened device", "wm5-opened", "+12025550199", "text/vnd.wap.connectivity-xml", -1, PROV_SEC_USERNETWPIN },
		{ "signed document", "w10m", "+12025550115", "text/vnd.wap.connectivity-xml", -1, PROV_SEC_USERPIN },
		{ "document to a handset with modes", "unknown", "+12025550199", "text/vnd.wap.connectivity-xml", -1, PROV_SEC_USERNETWPIN },
	};
	static struct policy_device dev;
	static struct policy_decision d;
	long rounds = argc > 1 ? atol(argv[1]) : 300000, k;
	double worst = 0;
	size_t i, n;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct policy_message m = { .from = rows[i].from, .push_flag = rows[i].flag,
			.content_type = rows[i].type, .initiator_uri = "https://tps.example.net/cp", .sec = rows[i].sec,
			.mac = rows[i].sec == PROV_SEC_NONE ? MAC_ABSENT : MAC_PRESENT, .settings = doc, .n_settings = 3 };
		unsigned long before;
		double start, ns;

		if (policy_device_init(&dev, rows[i].profile, profile_files(), NULL) != OK)
			return 1;
		for (n = 0; n < POLICY_PROXIES_MAX; n++) {	/* as many as there may be, the sender last */
			dev.proxies[n] = (struct policy_proxy){ .trust = true, .push = true };
			snprintf(dev.proxies[n].address, sizeof dev.proxies[n].address, "+120255501%02zu", n);
		}
		dev.n_proxies = POLICY_PROXIES_MAX;
		snprintf(dev.provurl, sizeof dev.provurl, "https://tps.example.net/cp");
		before = allocations;
		start = now_ns();
		for (k = 0; k < rounds; k++)
			policy_decide(&dev, &m, NULL, &d);
		ns = (now_ns() - start) / (double)rounds;
		if (ns > worst)
			worst = ns;
		printf("%-38s %6.0f ns  %2zu stages  %s\n", rows[i].title, ns, d.n_stages,
		    policy_outcome_name(d.outcome));
		if (allocations != before) {
			printf("%lu allocations\n", allocations - before);
			return 1;
		}
	}
	printf("no allocation in %zu decisions\n", (size_t)rounds * i);
	return worst >= LIMIT_NS;
}
