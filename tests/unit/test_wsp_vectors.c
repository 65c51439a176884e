/* test_wsp_vectors.c - the push PDUs of tests/vectors/wsp, decoded, encoded, and cut short. */
#include "tests/unit/vector.h"

#include "wap/wsp.h"

static void
describe_type(const struct wsp_content_type *type, struct sbuf *out)
{
	size_t i;

	sbuf_fmt(out, "content-type %s", type->media);
	for (i = 0; i < type->n_params; i++)
		sbuf_fmt(out, "; %s=%s", type->params[i].name, type->params[i].value);
	sbuf_char(out, '\n');
}

static void
describe_info(const struct wsp_push_info *info, struct sbuf *out)
{
	if (info->n_app_ids > 0)
		sbuf_fmt(out, "app-id %s\n", info->app_id);
	if (info->push_flag >= 0)
		sbuf_fmt(out, "push-flag %d\n", info->push_flag);
	if (info->initiator_uri[0] != '\0')
		sbuf_fmt(out, "initiator-uri %s\n", info->initiator_uri);
	if (info->content_uri[0] != '\0')
		sbuf_fmt(out, "content-uri %s\n", info->content_uri);
	if (info->content_location[0] != '\0')
		sbuf_fmt(out, "content-location %s\n", info->content_location);
	if (info->ms_desc[0] != '\0')
		sbuf_fmt(out, "ms-desc %s\n", info->ms_desc);
}

/* All that can be said of a PDU, in the form of the .txt files. */
static int
describe(struct span pdu, struct sbuf *out, struct why *why)
{
	struct wsp_push_info info;
	struct wsp_push push;
	struct wsp_walk walk;
	struct wsp_header h;
	int err = wsp_push_decode(pdu, &push, why);

	if (err == OK)
		err = wsp_push_info(push.headers, &info, why);
	if (err)
		return err;
	sbuf_fmt(out, "tid %02X\npdu %02X\n", push.tid, push.type);
	describe_type(&info.type, out);
	wsp_walk_start(&walk, push.headers);
	while (wsp_walk_next(&walk, &h)) {
		sbuf_str(out, "header ");
		wsp_header_name(&h, out);
		sbuf_str(out, ": ");
		assert_int_equal(wsp_header_value(&h, out, why), OK);
		sbuf_char(out, '\n');
	}
	assert_int_equal(walk.err, OK);
	describe_info(&info, out);
	sbuf_str(out, push.data.n > 0 ? "body " : "body");
	sbuf_hex(out, push.data);
	sbuf_char(out, '\n');
	return OK;
}

/* The octets that our encoder makes of a description. */
static void
encode(char *text, struct wbuf *w)
{
	uint8_t octets[WSP_HEADERS_MAX];
	struct wbuf headers = wbuf_into(octets, sizeof octets);
	struct wsp_push push = { 0 };
	struct why why = { 0 };
	char *line, *save = NULL;

	for (line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		char *value = strchr(line, ' ');
		int err = OK;

		if (value != NULL)
			*value++ = '\0';
		if (strcmp(line, "tid") == 0) {
			push.tid = (uint8_t)strtoul(value, NULL, 16);
		} else if (strcmp(line, "pdu") == 0) {
			push.type = (uint8_t)strtoul(value, NULL, 16);
		} else if (strcmp(line, "content-type") == 0) {
			err = wsp_content_type_encode(&headers, span_str(value), &why);
		} else if (strcmp(line, "header") == 0) {
			char *colon = strstr(value, ": ");

			*colon = '\0';
			err = wsp_header_encode(&headers, span_str(value), span_str(colon + 2), &why);
		} else if (strcmp(line, "body") == 0 && value != NULL) {
			push.data = vector_octets(value);
		}
		if (err)
			fail_msg("%s: %s", value, why.text);
	}
	push.headers = wbuf_span(&headers);
	wsp_push_encode(w, &push);
	free((void *)(uintptr_t)push.data.p);
}

static void
check(const char *name)
{
	char *hex = vector_read("wsp", name, ".hex"), *text = vector_read("wsp", name, ".txt");
	struct span pdu = vector_octets(hex);
	char *mark = strstr(text, "encodes yes\n");
	struct sbuf got = { 0 };
	struct why why;
	size_t n;
	int err;

	if (mark != NULL)
		*mark = '\0';
	err = describe(pdu, &got, &why);
	if (err)
		fail_msg("%s: %s at %zu", name, why.text, why.offset);
	if (strcmp(got.s, text) != 0)
		fail_msg("%s: expected\n%sgot\n%s", name, text, got.s);
	if (mark != NULL) {
		uint8_t octets[16384];
		struct wbuf w = wbuf_into(octets, sizeof octets);

		encode(text, &w);
		assert_int_equal(w.err, OK);
		if (!span_eq(wbuf_span(&w), pdu)) {
			sbuf_clear(&got);
			sbuf_hex(&got, wbuf_span(&w));
			fail_msg("%s: encoded as %s", name, got.s);
		}
	}
	for (n = 0; n < pdu.n; n++) {
		uint8_t *cut = vector_exact(pdu, n);
		struct wsp_push push;

		sbuf_clear(&got);
		err = describe(span_of(cut, n), &got, &why);
		/* Only the body may be shorter: all else is promised by HeadersLen. */
		if (err == OK) {
			assert_int_equal(wsp_push_decode(pdu, &push, &why), OK);
			assert_true(n >= (size_t)(push.data.p - pdu.p));
		} else {
			assert_true(why.offset <= n);
			assert_true(why.text[0] != '\0');
		}
		free(cut);
	}
	sbuf_done(&got);
	free((void *)(uintptr_t)pdu.p);
	free(text);
	free(hex);
}

static void
vectors_read_and_written(void **state)
{
	assert_true(vector_each("wsp", check) >= 16);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_read_and_written),
	};

	return cmocka_run_group_tests_name("wsp_vectors", tests, NULL, NULL);
}
