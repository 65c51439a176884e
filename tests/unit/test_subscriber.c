/* test_subscriber.c - facts of subscribers, the cache of look-ups, the device that they describe, and what is predicted. */
#include "tests/unit/test.h"

#include "base/clock.h"
#include "ppg/predict.h"
#include "ppg/subscriber.h"

#define PROFILES TOP_SRCDIR "/contrib/profiles"
#define NUMBER "+12025550143"

static struct subscribers *
make(size_t cache, const char *default_profile)
{
	return subscribers_create(&(struct subscriber_config){ .http = true, .url = "http://hlr.example.net/s/{number}?x=1",
		.cache_size = cache, .cache_s = 3600, .negative_s = 60, .timeout_ms = 1500,
		.default_profile = default_profile, .profiles = PROFILES });
}

/* ---- facts ----------------------------------------------------------------------------------------- */

static void
facts_that_are_right(void **state)
{
	static const char text[] = "{\"imsi\":\"001010123456789\",\"tier\":\"gold\",\"profile\":\"wm5\","
	    "\"dm_servers\":[\"a\",\"b c\"],\"device\":{\"profile\":\"wm5\"},\"more\":[1]}";
	json_t *facts = json_read(span_str(text), NULL), *empty = json_object();
	struct subscriber sub;

	assert_int_equal(subscriber_read_facts(facts, &sub, NULL), OK);
	assert_string_equal(sub.imsi, "001010123456789");
	assert_string_equal(sub.tier, "gold");
	assert_string_equal(sub.profile, "wm5");
	assert_string_equal(sub.dm_servers, "a;b c");
	assert_string_equal(sub.device, "{\"profile\":\"wm5\"}");
	subscriber_done(&sub);
	assert_int_equal(subscriber_read_facts(empty, &sub, NULL), OK);
	assert_string_equal(sub.imsi, "");
	assert_null(sub.dm_servers);
	subscriber_done(&sub);
	json_decref(facts);
	json_decref(empty);
}

static void
facts_that_are_wrong(void **state)
{
	static const struct { const char *text, *word; } rows[] = {
		{ "[]", "object" }, { "{\"imsi\":\"12345\"}", "imsi" }, { "{\"imsi\":\"0010101234567890\"}", "imsi" },
		{ "{\"imsi\":\"00101x\"}", "imsi" }, { "{\"imsi\":1010101}", "imsi" }, { "{\"imsi\":\"\"}", "imsi" },
		{ "{\"tier\":\"\"}", "tier" }, { "{\"tier\":1}", "tier" }, { "{\"dm_servers\":\"a\"}", "dm_servers" },
		{ "{\"dm_servers\":[1]}", "dm_servers" }, { "{\"dm_servers\":[\"a;b\"]}", "dm_servers" },
		{ "{\"dm_servers\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\"]}",
		  "dm_servers" },
		{ "{\"device\":\"wm5\"}", "device" }, { "{\"device\":[]}", "device" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		json_t *facts = json_read(span_str(rows[i].text), NULL);
		struct subscriber sub;
		struct why why;

		if (subscriber_read_facts(facts, &sub, &why) != ERR_SYNTAX || strstr(why.text, rows[i].word) == NULL)
			fail_msg("row %zu", i);
		assert_null(strstr(why.text, "00101"));
		assert_string_equal(sub.imsi, "");
		json_decref(facts);
	}
	assert_int_equal(subscriber_read_facts(NULL, &(struct subscriber){ 0 }, NULL), ERR_SYNTAX);
}

static void
secrets_are_not_shown(void **state)
{
	static const char text[] = "{\"imsi\":\"001010123456789\",\"Pin\":null,\"device\":{\"pins\":[\"7391\"],"
	    "\"list\":[{\"network_key\":\"AB\",\"address\":\"x\"}]},\"tier\":\"gold\"}";
	json_t *facts = json_read(span_str(text), NULL), *shown = subscriber_facts_shown(facts);
	struct sbuf out = { 0 };

	json_print(shown, &out);
	assert_string_equal(out.s, "{\"imsi\":true,\"Pin\":false,\"device\":{\"pins\":true,\"list\":[{\"network_key\":true,"
	    "\"address\":\"x\"}]},\"tier\":\"gold\"}");
	assert_string_equal(json_text(facts, "imsi"), "001010123456789");
	sbuf_done(&out);
	json_decref(facts);
	json_decref(shown);
}

/* ---- the cache --------------------------------------------------------------------------------------- */

static enum subscriber_answer
ask(struct subscribers *s, const char *number, const char *tier)
{
	struct subscriber sub;
	enum subscriber_answer answer = subscribers_find(s, NULL, "plmn:x", number, &sub);

	assert_string_equal(sub.tier, tier);
	subscriber_done(&sub);
	return answer;
}

static bool
learn(struct subscribers *s, const char *number, const char *body)
{
	struct span span = span_str(body != NULL ? body : "");

	return subscribers_learn(s, number, body != NULL ? &span : NULL);
}

static void
answers_are_kept_for_their_time(void **state)
{
	struct subscribers *s = make(100, NULL);

	assert_true(subscribers_maybe(s));
	assert_int_equal(ask(s, NUMBER, ""), SUBSCRIBER_MISSED);
	assert_true(learn(s, NUMBER, "{\"tier\":\"gold\"}"));
	assert_true(learn(s, "+1", NULL));
	assert_false(learn(s, "+2", "[]"));
	assert_false(learn(s, "+2", "{\"tier\":"));
	assert_int_equal(ask(s, NUMBER, "gold"), SUBSCRIBER_FOUND);
	assert_int_equal(ask(s, "+1", ""), SUBSCRIBER_UNKNOWN);
	assert_int_equal(ask(s, "+2", ""), SUBSCRIBER_MISSED);
	clock_fake_advance(61 * 1000);
	assert_int_equal(ask(s, "+1", ""), SUBSCRIBER_MISSED);
	assert_true(learn(s, NUMBER, "{\"tier\":\"tin\"}"));
	assert_int_equal(ask(s, NUMBER, "tin"), SUBSCRIBER_FOUND);
	clock_fake_advance(3601 * 1000);
	assert_int_equal(ask(s, NUMBER, ""), SUBSCRIBER_MISSED);
	subscribers_destroy(&s);
}

static void
the_oldest_answer_makes_room(void **state)
{
	struct subscribers *s = make(2, NULL);

	assert_true(learn(s, "+1", "{\"tier\":\"a\"}"));
	assert_true(learn(s, "+2", "{\"tier\":\"b\"}"));
	assert_true(learn(s, "+3", "{\"tier\":\"c\"}"));
	assert_int_equal(ask(s, "+1", ""), SUBSCRIBER_MISSED);
	assert_int_equal(ask(s, "+2", "b"), SUBSCRIBER_FOUND);
	assert_int_equal(ask(s, "+3", "c"), SUBSCRIBER_FOUND);
	subscribers_set(s, &(struct subscriber_config){ .http = true, .url = "http://a/{number}", .cache_size = 2 });
	assert_int_equal(ask(s, "+3", ""), SUBSCRIBER_MISSED);	/* another source may say something else */
	subscribers_destroy(&s);
}

static void
urls(void **state)
{
	struct subscribers *s = make(1, NULL), *none = subscribers_create(&(struct subscriber_config){ 0 });
	struct sbuf url = { 0 };

	assert_int_equal(subscribers_url(s, NUMBER, &url), OK);
	assert_string_equal(url.s, "http://hlr.example.net/s/%2B12025550143?x=1");
	assert_int_equal(subscribers_url(none, NUMBER, &url), ERR_NOT_FOUND);
	assert_int_equal(ask(none, NUMBER, ""), SUBSCRIBER_UNKNOWN);
	sbuf_done(&url);
	subscribers_destroy(&s);
	subscribers_destroy(&none);
}

/* ---- devices --------------------------------------------------------------------------------------------- */

static void
devices(void **state)
{
	static const struct { const char *facts, *fallback, *profile; bool known; } rows[] = {
		{ NULL, NULL, "unknown", false },
		{ NULL, "w10m", "w10m", false },
		{ "{}", NULL, "unknown", false },
		{ "{\"profile\":\"wm5\"}", NULL, "wm5", true },
		{ "{\"profile\":\"not-there\"}", NULL, "unknown", false },
		{ "{\"profile\":\"../profiles/wm5\"}", NULL, "unknown", false },
		{ "{\"profile\":\"/etc/passwd\"}", "wm5", "wm5", false },
		{ "{\"profile\":\"wm5\",\"device\":{\"policies\":{\"4109\":3136}}}", NULL, "wm5", true },
		{ "{\"profile\":\"wm5\",\"device\":{\"policies\":{\"4109\":\"x\"}}}", NULL, "unknown", false },
		{ "{\"device\":{\"profile\":\"w10m\"}}", NULL, "w10m", true },
	};
	struct policy_device *dev = calloc(1, sizeof *dev);
	size_t i;

	assert_non_null(dev);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct subscribers *s = make(1, rows[i].fallback);
		json_t *facts = rows[i].facts != NULL ? json_read(span_str(rows[i].facts), NULL) : NULL;
		struct subscriber sub = { 0 };
		bool known;
		struct why why;

		if (facts != NULL)
			assert_int_equal(subscriber_read_facts(facts, &sub, NULL), OK);
		assert_int_equal(subscribers_device(s, NULL, facts != NULL ? &sub : NULL, dev, &known, &why), OK);
		if (strcmp(dev->profile, rows[i].profile) != 0 || known != rows[i].known)
			fail_msg("row %zu: %s", i, dev->profile);
		subscriber_done(&sub);
		json_decref(facts);
		subscribers_destroy(&s);
	}
	free(dev);
}

/* A name from the table opens no file elsewhere, whatever stands in it. */
static void
names_are_no_paths(void **state)
{
	static const char path[] = PROFILES "/wm5.profile";
	struct policy_device *dev = calloc(1, sizeof *dev);
	struct subscribers *s = make(1, NULL);
	struct subscriber sub = { 0 };
	struct why why;
	bool known;

	assert_non_null(dev);
	if (sizeof path <= sizeof sub.profile) {
		memcpy(sub.profile, path, sizeof path);
		assert_int_equal(subscribers_device(s, NULL, &sub, dev, &known, &why), OK);
		assert_false(known);
		assert_string_equal(dev->profile, "unknown");
	}
	free(dev);
	subscribers_destroy(&s);
}

/* ---- predictions ------------------------------------------------------------------------------------------- */

/* What is stored is all there is to know. */
static void
comes_back(const struct prediction *p, const json_t *shown)
{
	struct prediction read;
	struct sbuf text = { 0 };
	json_t *list, *again;

	prediction_write(p, &text);
	list = json_read(sbuf_as_span(&text), NULL);
	assert_true(prediction_read(list, &read));
	again = prediction_json(&read);
	assert_true(json_equal(shown, again));
	json_decref(again);
	json_decref(list);
	sbuf_done(&text);
}

/* Names from a table may hold anything; what is not one of ours is none. */
static void
stored_predictions(void **state)
{
	static const char *const none[] = { "{}", "[]", "[\"unknown\"]", "[\"unknown\",\"PERHAPS\"]", "[1,2,3]", "\"x\"" };
	struct prediction p = { .profile = "a\"b\\c\n\xFF", .outcome = OUTCOME_REJECT_DOC, .code = 15, .path = "A/\"B", .risks = 17,
		.device_known = true, .advice = "needs \"x\"" }, read;
	struct sbuf text = { 0 };
	json_t *list;
	size_t i;

	prediction_write(&p, &text);
	list = json_read(sbuf_as_span(&text), NULL);
	assert_true(prediction_read(list, &read));
	assert_string_equal(read.path, p.path);
	assert_string_equal(read.advice, p.advice);
	assert_int_equal(read.code, 15);
	assert_int_equal(read.risks, 17);
	assert_true(read.device_known);
	json_decref(list);
	sbuf_clear(&text);
	prediction_write(&(struct prediction){ .profile = "unknown", .outcome = OUTCOME_DELIVER }, &text);
	assert_string_equal(text.s, "[\"unknown\",\"DELIVER\"]");
	for (i = 0; i < sizeof none / sizeof none[0]; i++) {
		list = json_read(span_str(none[i]), NULL);
		assert_false(prediction_read(list, &read));
		json_decref(list);
	}
	assert_false(prediction_read(NULL, &read));
	sbuf_done(&text);
}

static void
predictions(void **state)
{
	static const char si[] = "<?xml version=\"1.0\"?><si><indication href=\"http://m.example.net\">x</indication></si>";
	static const struct {
		const char *facts, *from, *flag, *said, *code;
		bool refuses;
	} rows[] = {
		{ "{\"profile\":\"wm5\"}", "+12025550100", "3",
		  "predicted discard P13: SI role mismatch (4109); needs a trusted proxy as sender (the device knows none) (profile wm5)",
		  "P13", true },
		{ "{\"profile\":\"wm5\",\"device\":{\"proxies\":[{\"id\":\"p\",\"address\":\"+12025550100\",\"type\":\"E164\","
		  "\"trust\":1,\"push\":1}]}}", "+12025550100", "1", "predicted deliver", NULL, false },
		{ "{\"profile\":\"wm5\",\"device\":{\"proxies\":[{\"id\":\"p\",\"address\":\"+12025550100\",\"type\":\"E164\","
		  "\"trust\":1,\"push\":1}]}}", "+12025550101", "1",
		  "predicted discard P13: SI role mismatch (4109); needs a trusted proxy as sender (profile wm5)", "P13", true },
		{ "{\"profile\":\"wm-htc-2008\"}", "x", NULL, "predicted deliver", NULL, false },
		{ "{\"profile\":\"wm5\",\"device\":{\"proxies\":[{\"id\":\"p\",\"address\":\"+12025550100\",\"type\":\"E164\","
		  "\"trust\":1,\"push\":1}]}}", "+12025550100", NULL,
		  "predicted discard P13: SI role mismatch (4109); needs Push-Flag 1 (profile wm5)", "P13", true },
		{ "{\"profile\":\"wm5\",\"device\":{\"proxies\":[{\"id\":\"p\",\"address\":\"+12025550100\",\"type\":\"E164\","
		  "\"trust\":0,\"push\":1}]}}", "+12025550100", NULL, "predicted discard P13: SI role mismatch (4109); needs a "
		  "trusted proxy as sender (the device knows no such), Push-Flag 1 (profile wm5)", "P13", true },
		{ "{\"profile\":\"w10m\"}", "+12025550100", "1", "predicted discard P13: SI role mismatch (4109); needs a known "
		  "proxy as sender (the device knows none) (profile w10m)", "P13", true },
		{ "{\"profile\":\"ios\"}", "x", NULL, NULL, NULL, true },
	};
	struct subscribers *s = make(1, NULL);
	struct policy_device *dev = calloc(1, sizeof *dev);
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		json_t *facts = json_read(span_str(rows[i].facts), NULL), *json;
		uint8_t block[200];
		struct wbuf w = wbuf_into(block, sizeof block);
		struct push_facts *f;
		struct prediction p;
		struct subscriber sub;
		struct sbuf text = { 0 };
		struct why why;
		bool known;

		assert_int_equal(subscriber_read_facts(facts, &sub, NULL), OK);
		assert_int_equal(subscribers_device(s, NULL, &sub, dev, &known, &why), OK);
		assert_int_equal(wsp_content_type_encode(&w, span_str("text/vnd.wap.si"), NULL), OK);
		if (rows[i].flag != NULL)
			assert_int_equal(wsp_header_encode(&w, span_str("Push-Flag"), span_str(rows[i].flag), NULL), OK);
		f = push_facts_read(wbuf_span(&w), span_str(si));
		predict(dev, f, rows[i].from, NULL, &p);
		prediction_print(&p, &text);
		json = prediction_json(&p);
		assert_int_equal(prediction_refuses(&p), rows[i].refuses);
		if (rows[i].said != NULL)
			assert_string_equal(text.s, rows[i].said);
		assert_true(text.n <= 200);
		comes_back(&p, json);
		if (rows[i].code == NULL && rows[i].refuses)
			assert_non_null(json_text(json, "code"));
		else if (rows[i].code != NULL)
			assert_string_equal(json_text(json, "code"), rows[i].code);
		else
			assert_true(json_is_null(json_object_get(json, "code")));
		if (i == 3) {
			assert_true((p.risks & POLICY_RISK_OPEN_SI) != 0);
			assert_string_equal(json_string_value(json_array_get(json_object_get(json, "risks"), 0)), "open_si");
		}
		json_decref(json);
		json_decref(facts);
		push_facts_free(&f);
		subscriber_done(&sub);
		sbuf_done(&text);
	}
	free(dev);
	subscribers_destroy(&s);
}

/* What cannot be read is malformed, whatever it is. */
static void
cut_messages(void **state)
{
	static const uint8_t headers[] = { 0x03, 0xAE, 0xB4, 0x83 };	/* text/plain, Push-Flag 3 */
	size_t n;

	for (n = 0; n <= sizeof headers; n++) {
		uint8_t *exact = malloc(n > 0 ? n : 1);
		struct push_facts *f;

		memcpy(exact, headers, n);
		f = push_facts_read(span_of(exact, n), span_of("", 0));
		if (n == 0)
			assert_true(f->malformed);
		push_facts_free(&f);
		assert_null(f);
		free(exact);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_that_are_right), cmocka_unit_test(facts_that_are_wrong),
		cmocka_unit_test(secrets_are_not_shown), cmocka_unit_test(answers_are_kept_for_their_time),
		cmocka_unit_test(the_oldest_answer_makes_room), cmocka_unit_test(urls), cmocka_unit_test(devices), cmocka_unit_test(names_are_no_paths),
		cmocka_unit_test(predictions), cmocka_unit_test(stored_predictions), cmocka_unit_test(cut_messages),
	};

	clock_fake(1767225600LL * 1000);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
