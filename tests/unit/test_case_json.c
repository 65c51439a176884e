/* test_case_json.c - cases as JSON: what is none, profile files, forms of Push-Flag. */
#include "tests/unit/policy_fixture.h"

#include "policy/case_json.h"

static int
load_file(void *arg, const char *name, struct sbuf *out, struct why *why)
{
	const char *text = strcmp(name, "mine") == 0 ?
	    "{\"profile\":\"base\",\"policies\":{\"4109\":64}}" :
	    strcmp(name, "base") == 0 ? "{\"profile\":\"wm5\",\"policies\":{\"4108\":64,\"4109\":0}}" :
	    strcmp(name, "loop") == 0 ? "{\"profile\":\"loop\"}" : NULL;

	if (text == NULL)
		return profile_files()->read(profile_files()->arg, name, out, why);
	sbuf_str(out, text);
	return OK;
}

static const char *
case_error(const char *text, struct sbuf *out)
{
	const struct policy_files files = { load_file, NULL };
	struct why why;
	json_t *input = json_read(span_str(text), &why), *answer;
	const char *s;

	assert_non_null(input);
	answer = policy_case_decide(input, &files);
	s = json_text(answer, "error");
	sbuf_clear(out);
	sbuf_str(out, s ? s : "");
	json_decref(answer);
	json_decref(input);
	return out->s;
}

#define DEVICE "\"device\":{\"profile\":\"wm5\"}"
#define MESSAGE "\"message\":{\"bearer\":\"sms\",\"from\":\"+12025550199\",\"content_type\":\"text/vnd.wap.si\"}"
#define PUSH(x) "{" DEVICE ",\"message\":{\"bearer\":\"sms\",\"from\":\"1\",\"content_type\":\"a/b\"," x "}}"
#define DEV(x) "{\"device\":{\"profile\":\"wm5\"," x "}," MESSAGE "}"

static void
cases_that_are_none(void **state)
{
	static const struct { const char *text, *says; } rows[] = {
		{ "{" DEVICE "," MESSAGE "}", "" },
		{ "[]", "object" },
		{ "{}", "device" },
		{ "{" DEVICE "}", "message" },
		{ "{\"device\":7," MESSAGE "}", "device" },
		{ "{\"device\":{}," MESSAGE "}", "device: profile" },
		{ "{\"device\":{\"profile\":\"none\"}," MESSAGE "}", "none" },
		{ "{\"device\":{\"profile\":\"loop\"}," MESSAGE "}", "build on each other" },
		{ "{\"device\":{\"profile\":\"mine\"}," MESSAGE "}", "" },
		{ DEV("\"policies\":{\"4109\":-1}"), "0..4294967295" },
		{ DEV("\"policies\":{\"4109\":4294967296}"), "0..4294967295" },
		{ DEV("\"policies\":{\"4109\":\"0xZZ\"}"), "4109" },
		{ DEV("\"policies\":{\"4109\":\"12 34\"}"), "4109" },
		{ DEV("\"policies\":{\"4109\":\"0xC40\"}"), "" },
		{ DEV("\"policies\":{\"4109\":1.5}"), "4109" },
		{ DEV("\"policies\":{\"4109\":8193}"), "1, 8192" },
		{ DEV("\"policies\":{\"SI\":1}"), "SI" },
		{ DEV("\"policies\":[]"), "policies" },
		{ DEV("\"metabase\":{\"X\":\"a\"}"), "X" },
		{ DEV("\"metabase\":{\"X\":1}"), "no role: 1" },
		{ DEV("\"metabase\":7"), "metabase" },
		{ DEV("\"proxies\":{}"), "proxies" },
		{ DEV("\"proxies\":[{}]"), "proxies[0]: address" },
		{ DEV("\"proxies\":[{\"address\":\"1\"},{\"address\":\"1\",\"type\":\"X\"}]"), "proxies[1]: type" },
		{ DEV("\"proxies\":[{\"address\":\"1\",\"trust\":2}]"), "trust" },
		{ DEV("\"proxies\":[{\"address\":\"1111111111111111111111111111111111111111111111111111111111111111\"}]"), "address: at most 63" },
		{ DEV("\"clients\":\"none\""), "clients" },
		{ DEV("\"clients\":[{}]"), "clients[0]" },
		{ DEV("\"clients\":[{\"app_id\":\"a\"}]"), "" },
		{ DEV("\"country_code\":\"+1\""), "country_code" },
		{ DEV("\"country_code\":1"), "country_code" },
		{ DEV("\"provurl\":null"), "" },
		{ "{" DEVICE ",\"message\":7}", "message" },
		{ "{" DEVICE ",\"message\":{\"bearer\":\"sms\",\"from\":\"1\"}}", "content_type" },
		{ "{" DEVICE ",\"message\":{\"bearer\":\"sms\",\"content_type\":\"a/b\"}}", "from" },
		{ "{" DEVICE ",\"message\":{\"from\":\"1\",\"content_type\":\"a/b\"}}", "bearer" },
		{ PUSH("\"push_flag\":300"), "push_flag" },
		{ PUSH("\"push_flag\":-1"), "push_flag" },
		{ PUSH("\"push_flag\":true"), "push_flag" },
		{ PUSH("\"push_flag\":\"300\""), "" },		/* as somebody wrote it: counts as 0 */
		{ PUSH("\"push_flag\":[1,\"x\"]"), "" },
		{ PUSH("\"push_flag\":[1,128]"), "push_flag" },
		{ PUSH("\"sec\":\"pin\""), "message: sec" },
		{ PUSH("\"mac\":\"maybe\""), "mac" },
		{ PUSH("\"from_ton\":\"x\""), "from_ton" },
		{ PUSH("\"settings\":{}"), "settings" },
		{ PUSH("\"settings\":[{}]"), "settings[0]: path" },
		{ PUSH("\"settings\":[{\"path\":\"a\"},{\"path\":\"a\",\"parms\":{\"b\":1}}]"), "settings[1]: parms" },
		{ "{" DEVICE "," MESSAGE ",\"user\":{\"pins\":[\"1234\"]}}", "pins[0]" },
		{ "{" DEVICE "," MESSAGE ",\"user\":{\"consent\":\"maybe\"}}", "consent" },
		{ "{" DEVICE "," MESSAGE ",\"user\":[]}", "user" },
		{ "{" DEVICE ",\"source\":{}}", "source: kind" },
		{ "{" DEVICE ",\"source\":{\"kind\":\"x\"}}", "source: kind" },
		{ "{" DEVICE ",\"source\":{\"kind\":\"dm\"}}", "account_mask" },
		{ "{" DEVICE ",\"source\":{\"kind\":\"cpf\",\"signed\":true}}", "spc_mask" },
		{ "{" DEVICE ",\"steps\":7}", "list" },
		{ "{" DEVICE ",\"steps\":[{" MESSAGE "},{}]}", "steps[1]" },
	};
	struct sbuf text = { 0 };
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		const char *s = case_error(rows[i].text, &text);

		if (strstr(s, rows[i].says) == NULL || (rows[i].says[0] == '\0') != (s[0] == '\0'))
			fail_msg("%s: \"%s\"", rows[i].text, s);
	}
	sbuf_done(&text);
}

static void
profile_files_build_on_each_other(void **state)
{
	const struct policy_files files = { load_file, NULL };
	json_t *obj = json_pack("{s:s}", "profile", "mine");
	struct policy_device dev;
	struct why why;

	assert_int_equal(policy_device_from_json(obj, &files, &dev, &why), OK);
	assert_int_equal(policy_get(&dev, 4108, 0), 64);
	assert_int_equal(policy_get(&dev, 4109, 0), 64);
	assert_int_equal(policy_get(&dev, 4107, 0), 3200);
	assert_int_equal(policy_device_from_json(obj, NULL, &dev, &why), ERR_NOT_FOUND);
	json_decref(obj);
}

/* Push-Flag in all its forms, seen in the mask of a message from a trusted proxy. */
static void
push_flags(void **state)
{
	static const struct { const char *flag; int mask; } rows[] = {
		{ "null", 4864 }, { "0", 4864 }, { "1", 5888 }, { "3", 7936 }, { "7", 7936 },
		{ "127", 7936 }, { "\"3\"", 7936 }, { "\"128\"", 4864 }, { "\"x\"", 4864 },
		{ "\"\"", 4864 }, { "[3]", 7936 }, { "[3,1]", 5888 }, { "[1,2]", 4864 },
		{ "[3,\"x\"]", 4864 }, { "[]", 4864 },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		char text[512];
		struct why why;
		json_t *input, *answer;

		snprintf(text, sizeof text, "{\"device\":{\"profile\":\"wm5\",\"proxies\":[{\"address\":"
		    "\"+12025550100\",\"trust\":true,\"push\":true}]},\"message\":{\"bearer\":\"sms\","
		    "\"from\":\"+12025550100\",\"content_type\":\"text/plain\",\"push_flag\":%s}}",
		    rows[i].flag);
		input = json_read(span_str(text), &why);
		assert_non_null(input);
		answer = policy_case_decide(input, profile_files());
		if (json_integer_value(json_object_get(answer, "mask")) != rows[i].mask + 64)
			fail_msg("%s: %lld", rows[i].flag,
			    (long long)json_integer_value(json_object_get(answer, "mask")));
		assert_string_equal(json_text(answer, "code"), "P11");
		json_decref(answer);
		json_decref(input);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases_that_are_none),
		cmocka_unit_test(profile_files_build_on_each_other),
		cmocka_unit_test(push_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
