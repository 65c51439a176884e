/*
 * fuzz_router.c - whatever arrives on the push port: first octet even: a datagram, odd: user data.
 * A device that is wide open decides, and the answer prints; one that is shut accepts nothing.
 */
#include <stdlib.h>

#include "router/pushrouter.h"
#include "tests/unit/profile_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct router_path path = { "+12025550100", "+12025550123", TON_UNKNOWN, false };

static struct router *
device(bool open)
{
	static const uint32_t masks[] = { 4107, 4108, 4109, 4110, 4111, 4119, 4129 };
	struct router_device dev;
	size_t i;

	if (router_device_init(&dev, "wm5", profile_files(), NULL) != OK)
		abort();
	for (i = 0; i < sizeof masks / sizeof masks[0]; i++)
		policy_set(&dev.policy, masks[i], open ? ROLE_ALL : 0, NULL);
	policy_set(&dev.policy, 4124, 1, NULL);
	router_device_add_pin(&dev, "1234", NULL);
	router_device_set_imsi(&dev, "001010123456789", NULL);
	return router_create(&dev, open);
}

static void
take(struct router *r, const uint8_t *data, size_t n, bool open)
{
	struct router_result res;
	struct sbuf text = { 0 };
	struct why why;

	if (data[0] & 1) {
		if (router_sms(r, &path, span_of(data + 1, n - 1), &res, &why) != OK)
			return;
	} else {
		router_datagram(r, &path, span_of(data + 1, n - 1), &res);
	}
	if (!open && res.is_push && policy_accepted(&res.decision))
		abort();
	json_decref(router_result_json(&res));
	router_result_print(&res, &path, &text);
	sbuf_done(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct router *r;
	int open;

	if (n == 0)
		return 0;
	for (open = 0; open < 2; open++) {
		r = device(open);
		take(r, data, n, open);
		router_destroy(&r);
	}
	return 0;
}
