/*
 * fuzz_router.c - whatever arrives on the push port: first octet even: a datagram, odd: user data;
 * with its second bit, several of them, each behind an octet of length. A device that is wide open decides, and the
 * answer prints; its clients get what was accepted. One that is shut accepts nothing.
 */
#include <stdlib.h>

#include "router/pushrouter.h"
#include "tests/unit/profile_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct router_path path = { "+12025550100", "+12025550123", TON_UNKNOWN, false };

static void
take_push(void *arg, const struct router_path *from, const struct router_result *res)
{
	if (!policy_accepted(&res->decision))
		abort();
	json_decref(router_client_json(from, res));
}

/* SI go to a function, documents and what asks for this application wait. */
static void
register_clients(struct router *r)
{
	if (router_register(r, "application/vnd.wap.sic", "", take_push, NULL) != ROUTER_OK ||
	    router_register(r, "application/vnd.wap.connectivity-wbxml", "", NULL, NULL) != ROUTER_OK ||
	    router_register(r, "", "x-wap-application:mms.ua", NULL, NULL) != ROUTER_OK)
		abort();
}

static void
read_clients(struct router *r)
{
	struct router_client *c;
	struct router_push *push;

	if (router_open(r, "application/vnd.wap.connectivity-wbxml", "", NULL, NULL, &c) != ROUTER_OK)
		abort();
	while (router_get_message(c, &push) == ROUTER_OK)
		router_free_message(&push);
	router_close(&c);
}

/* Read once: the profile is a file. */
static void
make_device(struct router_device *dev, bool open)
{
	static const uint32_t masks[] = { 4107, 4108, 4109, 4110, 4111, 4119, 4129 };
	size_t i;

	if (router_device_init(dev, "wm5", profile_files(), NULL) != OK)
		abort();
	for (i = 0; i < sizeof masks / sizeof masks[0]; i++)
		policy_set(&dev->policy, masks[i], open ? ROLE_ALL : 0, NULL);
	policy_set(&dev->policy, 4124, 1, NULL);
	router_device_add_pin(dev, "1234", NULL);
	router_device_set_imsi(dev, "001010123456789", NULL);
}

static struct router *
device(bool open)
{
	static struct router_device devices[2];

	if (devices[open].policy.n_policies == 0)
		make_device(&devices[open], open);
	return router_create(&devices[open], open);
}

static void
take(struct router *r, struct span octets, bool is_sms, bool open)
{
	struct router_result res;
	struct sbuf text = { 0 };
	struct why why;

	if (is_sms) {
		if (router_sms(r, &path, octets, &res, &why) != OK)
			return;
	} else {
		router_datagram(r, &path, octets, &res);
	}
	if (!open && res.is_push && policy_accepted(&res.decision))
		abort();
	json_decref(router_result_json(&res));
	router_result_print(&res, &path, &text);
	sbuf_done(&text);
}

static void
take_several(struct router *r, struct span octets, bool is_sms, bool open)
{
	struct rbuf in = rbuf_from(octets);
	size_t n;

	while (rbuf_left(&in) > 0) {
		n = rbuf_u8(&in);
		take(r, rbuf_span(&in, n < rbuf_left(&in) ? n : rbuf_left(&in)), is_sms, open);
		if (router_waiting(r) > 3)
			abort();
	}
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
		router_set_limits(r, &(struct router_limits){ .incomplete = 3, .queue = 2 });
		register_clients(r);
		if (data[0] & 2)
			take_several(r, span_of(data + 1, n - 1), data[0] & 1, open);
		else
			take(r, span_of(data + 1, n - 1), data[0] & 1, open);
		read_clients(r);
		json_decref(router_stats_json(r));
		router_destroy(&r);
	}
	return 0;
}
