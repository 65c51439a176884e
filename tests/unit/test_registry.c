/* test_registry.c - clients of a push router: who gets what, results of calls, messages that wait. */
#include "tests/unit/test.h"

#include "router/pushrouter.h"
#include "tests/unit/profile_files.h"

#define COUNT(a) (sizeof (a) / sizeof (a)[0])

static const struct router_path path = { "+12025550100", "+12025550123", TON_UNKNOWN, false };
static const char mms_app[] = "x-wap-application:mms.ua", other_app[] = "x-wap-application:wml.ua";
static const char plain[] = "text/plain", html[] = "text/html";

/* A router without clients of its own; unsigned messages of anybody pass. */
static struct router *
empty_router(void)
{
	struct router_device dev;

	assert_int_equal(router_device_init(&dev, "wm5", profile_files(), NULL), OK);
	dev.policy.n_clients = 0;
	return router_create(&dev, true);
}

/* A push of this type, for this application unless NULL. */
static struct policy_decision
give(struct router *r, const char *type, const char *app_id, const char *body)
{
	uint8_t head[512], pdu[1024];
	struct wbuf hw = wbuf_into(head, sizeof head), w = wbuf_into(pdu, sizeof pdu);
	struct router_result res;

	assert_int_equal(wsp_content_type_encode(&hw, span_str(type), NULL), OK);
	if (app_id)
		assert_int_equal(wsp_header_encode(&hw, span_str("X-Wap-Application-Id"),
		    span_str(app_id), NULL), OK);
	wsp_push_encode(&w, &(struct wsp_push){ 1, WSP_PDU_PUSH, wbuf_span(&hw), span_str(body) });
	assert_int_equal(w.err, OK);
	router_datagram(r, &path, wbuf_span(&w), &res);
	assert_true(res.is_push);
	return res.decision;
}

static void
count(void *arg, const struct router_path *from, const struct router_result *res)
{
	int *n = arg;

	assert_true(policy_accepted(&res->decision));
	assert_string_equal(from->from, path.from);
	(*n)++;
}

/* Exact pair, application id alone, content type alone: every set of registrations, every message. */
static void
precedence(void **state)
{
	static const struct { const char *type, *app_id; } entries[] = {
		{ "text/plain", "x-wap-application:mms.ua" }, { "", "x-wap-application:mms.ua" },
		{ "text/plain", "" },
	};
	/* which entry, by what is registered (bit i: entry i); -1: nobody */
	static const struct { const char *type, *app_id; int takes[8]; } rows[] = {
		{ "text/plain", "x-wap-application:mms.ua", { -1, 0, 1, 0, 2, 0, 1, 0 } },
		{ "text/plain", "x-wap-application:wml.ua", { -1, -1, -1, -1, 2, 2, 2, 2 } },
		{ "text/plain", NULL,                       { -1, -1, -1, -1, 2, 2, 2, 2 } },
		{ "text/html",  "x-wap-application:mms.ua", { -1, -1, 1, 1, -1, -1, 1, 1 } },
		{ "text/html",  NULL,                       { -1, -1, -1, -1, -1, -1, -1, -1 } },
	};
	size_t set, i, k;

	for (set = 0; set < 8; set++) {
		for (i = 0; i < COUNT(rows); i++) {
			struct router *r = empty_router();
			int got[3] = { 0, 0, 0 }, code;

			for (k = 0; k < 3; k++) {
				if (set & (1u << k))
					assert_int_equal(router_register(r, entries[k].type, entries[k].app_id,
					    count, &got[k]), ROUTER_OK);
			}
			code = give(r, rows[i].type, rows[i].app_id, "x").code;
			for (k = 0; k < 3; k++) {
				if (got[k] != (rows[i].takes[set] == (int)k))
					fail_msg("set %zu, row %zu: entry %zu got %d", set, i, k, got[k]);
			}
			assert_int_equal(code, rows[i].takes[set] < 0 ? 11 : 0);
			router_destroy(&r);
		}
	}
}

/* The clients of the device take part: what goes to one of them goes to no registration. */
static void
beside_own_clients(void **state)
{
	struct router_device dev;
	struct router *r;
	int by_type = 0, by_pair = 0;

	assert_int_equal(router_device_init(&dev, "wm5", profile_files(), NULL), OK);
	dev.policy.n_clients = 0;
	assert_int_equal(policy_add_client(&dev.policy, "", mms_app, "own", NULL), OK);
	r = router_create(&dev, false);
	assert_int_equal(router_register(r, plain, "", count, &by_type), ROUTER_OK);
	assert_string_equal(give(r, plain, mms_app, "x").client, "own");
	assert_int_equal(by_type, 0);
	/* the same pair as the device's own takes its place */
	assert_int_equal(router_register(r, "", mms_app, count, &by_pair), ROUTER_OK);
	assert_int_equal(give(r, plain, mms_app, "x").code, 0);
	assert_int_equal(by_pair, 1);
	assert_int_equal(give(r, plain, other_app, "x").code, 0);
	assert_int_equal(by_type, 1);
	/* a device with clients of its own keeps them when the registrations are gone */
	assert_int_equal(router_unregister(r, "", mms_app), ROUTER_OK);
	assert_string_equal(give(r, plain, mms_app, "x").client, "own");
	assert_int_equal(by_pair, 1);
	assert_int_equal(router_device_policy(r)->n_clients, 1);
	router_destroy(&r);
}

/* No client sees what was not accepted. */
static void
only_after_the_decision(void **state)
{
	static const char si[] = "<si><indication href=\"http://www.example.com/\">x</indication></si>";
	struct router *r = empty_router();
	int n = 0;

	assert_int_equal(router_register(r, "text/vnd.wap.si", "", count, &n), ROUTER_OK);
	assert_int_equal(router_register(r, "application/vnd.wap.mms-message", "", count, &n), ROUTER_OK);
	assert_int_equal(give(r, "text/vnd.wap.si", NULL, si).code, 13);
	assert_int_equal(give(r, "application/vnd.wap.mms-message", NULL, "\x8C").code, 2);
	assert_int_equal(n, 0);
	assert_int_equal(router_stats(r)->handed, 0);
	router_destroy(&r);
}

static void
results_of_calls(void **state)
{
	char long_name[200];
	struct router *r = empty_router();
	struct router_client *c, *second;
	struct router_push *push;
	int n = 0, i;

	memset(long_name, 'a', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	assert_int_equal((uint32_t)ROUTER_E_ALREADY_OPENED, 0x80530001u);
	assert_int_equal((uint32_t)ROUTER_S_NO_MESSAGES_PENDING, 0x00530002u);
	assert_int_equal((uint32_t)ROUTER_E_ALREADY_REGISTERED, 0x80530003u);
	assert_int_equal((uint32_t)ROUTER_E_NOT_FOUND, 0x80530004u);
	assert_int_equal((uint32_t)ROUTER_E_EXCEPTION, 0x80530005u);
	assert_string_equal(router_code_name(ROUTER_E_NOT_FOUND), "PUSHRTR_E_NOTFOUND");

	assert_int_equal(router_register(r, plain, mms_app, NULL, NULL), ROUTER_OK);
	assert_int_equal(router_register(r, "TEXT/Plain", mms_app, count, &n), ROUTER_E_ALREADY_REGISTERED);
	assert_int_equal(router_register(r, plain, "", count, &n), ROUTER_OK);
	assert_int_equal(router_register(r, "", "", count, &n), ROUTER_E_EXCEPTION);
	assert_int_equal(router_register(r, long_name, "", count, &n), ROUTER_E_EXCEPTION);
	assert_int_equal(router_register(r, "text/a\nb", "", count, &n), ROUTER_E_EXCEPTION);
	assert_int_equal(router_unregister(r, html, ""), ROUTER_E_NOT_FOUND);
	assert_int_equal(router_unregister(r, "", mms_app), ROUTER_E_NOT_FOUND);

	assert_int_equal(router_open(r, html, "", NULL, NULL, &c), ROUTER_E_NOT_FOUND);
	assert_int_equal(router_open(r, plain, "", NULL, NULL, &c), ROUTER_E_NOT_FOUND);	/* has `take` */
	assert_int_equal(router_open(r, plain, mms_app, NULL, NULL, &c), ROUTER_OK);
	assert_int_equal(router_open(r, plain, mms_app, NULL, NULL, &second), ROUTER_E_ALREADY_OPENED);
	assert_null(second);
	assert_int_equal(router_get_message(c, &push), ROUTER_S_NO_MESSAGES_PENDING);
	router_close(&c);
	assert_null(c);
	assert_int_equal(router_open(r, plain, mms_app, NULL, NULL, &c), ROUTER_OK);
	assert_int_equal(router_unregister(r, plain, mms_app), ROUTER_OK);
	assert_int_equal(router_get_message(c, &push), ROUTER_E_NOT_FOUND);
	router_close(&c);

	for (i = 1; i < ROUTER_REGISTRATIONS_MAX; i++) {
		char type[32];

		snprintf(type, sizeof type, "text/x-%d", i);
		assert_int_equal(router_register(r, type, "", count, &n), ROUTER_OK);
	}
	assert_int_equal(router_register(r, html, "", count, &n), ROUTER_E_EXCEPTION);
	router_destroy(&r);
}

static void
wake(void *arg)
{
	(*(int *)arg)++;
}

static void
messages_wait(void **state)
{
	struct router *r = empty_router();
	struct router_client *c;
	struct router_push *push;
	int woken = 0, i;

	router_set_limits(r, &(struct router_limits){ .queue = 3 });
	assert_int_equal(router_register(r, plain, "", NULL, NULL), ROUTER_OK);
	for (i = 0; i < 5; i++) {
		char body[8];

		snprintf(body, sizeof body, "n%d", i);
		give(r, "text/plain; charset=utf-8", mms_app, body);
	}
	assert_int_equal(router_stats(r)->handed, 3);
	assert_int_equal(router_stats(r)->lost, 2);
	assert_int_equal(router_open(r, plain, "", wake, &woken, &c), ROUTER_OK);
	for (i = 0; i < 3; i++) {
		assert_int_equal(router_get_message(c, &push), ROUTER_OK);
		assert_int_equal(push->n_body, 2);
		assert_int_equal(push->body[1], '0' + i);
		assert_int_equal(push->roles, 4096 | 64);
		assert_string_equal(push->from, path.from);
		assert_string_equal(push->headers, "Content-Type: text/plain; charset=utf-8\r\n"
		    "X-Wap-Application-Id: x-wap-application:mms.ua\r\n");
		router_free_message(&push);
		assert_null(push);
	}
	assert_int_equal(router_get_message(c, &push), ROUTER_S_NO_MESSAGES_PENDING);
	assert_null(push);
	assert_int_equal(woken, 0);
	give(r, plain, NULL, "");
	assert_int_equal(woken, 1);
	/* closing leaves what waits; destroying frees it */
	router_close(&c);
	assert_int_equal(router_open(r, plain, "", NULL, NULL, &c), ROUTER_OK);
	assert_int_equal(router_get_message(c, &push), ROUTER_OK);
	assert_int_equal(push->n_body, 0);
	router_free_message(&push);
	give(r, plain, NULL, "left");
	router_destroy(&r);
	assert_int_equal(router_get_message(c, &push), ROUTER_E_NOT_FOUND);
	router_close(&c);
}

/* A document's MAC and body would tell a short PIN. */
static void
check_no_mac(void *arg, const struct router_path *from, const struct router_result *res)
{
	json_t *obj = router_client_json(from, res), *params = json_object_get(obj, "params");
	int *n = arg;

	assert_string_equal(json_text(params, "SEC"), "USERPIN");
	assert_int_equal(json_object_size(params), 1);
	assert_string_equal(json_text(obj, "outcome"), "APPLY_AFTER_PIN");
	assert_int_equal(json_string_length(json_object_get(obj, "octets")), 2 * res->body.n);
	json_decref(obj);
	(*n)++;
}

static void
macs_stay_inside(void **state)
{
	static const char doc[] = "<wap-provisioningdoc><characteristic type=\"Clock\"/></wap-provisioningdoc>";
	static const uint32_t open[] = { 4107, 4111, 4119 };
	char mac[PROV_MAC_HEX + 1], type[160];
	struct router_device dev;
	struct router *r;
	struct router_client *c;
	struct router_push *push;
	size_t i;
	int n = 0;

	prov_mac(span_str("1234"), span_str(doc), mac);
	snprintf(type, sizeof type, "text/vnd.wap.connectivity-xml; SEC=USERPIN; MAC=%s", mac);
	assert_int_equal(router_device_init(&dev, "wm5", profile_files(), NULL), OK);
	assert_int_equal(router_device_add_pin(&dev, "1234", NULL), OK);
	for (i = 0; i < COUNT(open); i++)
		assert_int_equal(policy_set(&dev.policy, open[i], 4096, NULL), OK);
	dev.policy.n_clients = 0;
	r = router_create(&dev, false);
	assert_int_equal(router_register(r, "text/vnd.wap.connectivity-xml", "", check_no_mac, &n), ROUTER_OK);
	assert_int_equal(give(r, type, NULL, doc).outcome, OUTCOME_APPLY_AFTER_PIN);
	assert_int_equal(n, 1);
	assert_int_equal(router_unregister(r, "text/vnd.wap.connectivity-xml", ""), ROUTER_OK);
	assert_int_equal(router_register(r, "text/vnd.wap.connectivity-xml", "", NULL, NULL), ROUTER_OK);
	assert_int_equal(router_open(r, "text/vnd.wap.connectivity-xml", "", NULL, NULL, &c), ROUTER_OK);
	assert_int_equal(give(r, type, NULL, doc).outcome, OUTCOME_APPLY_AFTER_PIN);
	assert_int_equal(router_get_message(c, &push), ROUTER_OK);
	assert_string_equal(push->headers, "Content-Type: text/vnd.wap.connectivity-xml; SEC=USERPIN\r\n");
	assert_int_equal(push->roles, 4096 | 16 | 8);
	router_free_message(&push);
	router_close(&c);
	router_destroy(&r);
}

static void
many_devices(void **state)
{
	struct router_device dev;
	struct router *r = empty_router();
	struct why why = { 0 };
	int n = 0, i;

	assert_int_equal(router_register(r, plain, "", count, &n), ROUTER_OK);
	assert_int_equal(router_device_init(&dev, "wm5", profile_files(), NULL), OK);
	policy_set(&dev.policy, 4110, 0, NULL);
	assert_int_equal(router_set_device(r, &dev, &why), OK);
	assert_int_equal(give(r, plain, NULL, "x").code, 3);
	policy_set(&dev.policy, 4110, 64, NULL);
	assert_int_equal(router_set_device(r, &dev, &why), OK);
	assert_int_equal(give(r, plain, NULL, "x").code, 0);
	assert_int_equal(n, 1);
	for (i = (int)dev.policy.n_clients; i < POLICY_CLIENTS_MAX; i++) {
		char type[32];

		snprintf(type, sizeof type, "text/x-%d", i);
		assert_int_equal(policy_add_client(&dev.policy, type, "", "own", NULL), OK);
	}
	assert_int_equal(router_set_device(r, &dev, &why), ERR_LIMIT);
	assert_non_null(strstr(why.text, "clients"));
	router_destroy(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(precedence),
		cmocka_unit_test(beside_own_clients),
		cmocka_unit_test(only_after_the_decision),
		cmocka_unit_test(results_of_calls),
		cmocka_unit_test(messages_wait),
		cmocka_unit_test(macs_stay_inside),
		cmocka_unit_test(many_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
