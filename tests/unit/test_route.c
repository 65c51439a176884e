/* test_route.c - which links may carry a push, and which suits best. */
#include "tests/unit/test.h"

#include "ppg/pap.h"
#include "ppg/route.h"

/* ---- a link and a wish ------------------------------------------------------------------------------- */

struct link_row {
	const char *id, *allowed, *denied, *preferred, *network, *bearer;
};

static struct smsc_config
link_of(const struct link_row *row)
{
	struct smsc_config cf = { 0 };

	snprintf(cf.smsc_id, sizeof cf.smsc_id, "%s", row->id);
	snprintf(cf.allowed_smsc_id, sizeof cf.allowed_smsc_id, "%s", row->allowed != NULL ? row->allowed : "");
	snprintf(cf.denied_smsc_id, sizeof cf.denied_smsc_id, "%s", row->denied != NULL ? row->denied : "");
	snprintf(cf.preferred_smsc_id, sizeof cf.preferred_smsc_id, "%s", row->preferred != NULL ? row->preferred : "");
	snprintf(cf.network, sizeof cf.network, "%s", row->network != NULL ? row->network : "GSM");
	snprintf(cf.bearer, sizeof cf.bearer, "%s", row->bearer != NULL ? row->bearer : "SMS");
	return cf;
}

static void
scores(void **state)
{
	static const struct {
		struct link_row link;
		struct route_wish wish;
		int score;
	} rows[] = {
		/* nothing is wanted */
		{ { .id = "a" }, { .smsc = "" }, 0 },
		{ { .id = "a", .allowed = "x" }, { .smsc = "" }, -1 },	/* it takes only those that want x */
		{ { .id = "a", .denied = "x" }, { .smsc = "" }, 0 },
		{ { .id = "a", .preferred = "x" }, { .smsc = "" }, 0 },
		/* a wanted smsc-id */
		{ { .id = "a" }, { .smsc = "a" }, 4 },
		{ { .id = "a" }, { .smsc = "A" }, 4 },
		{ { .id = "a" }, { .smsc = "b" }, 0 },		/* any other may carry it, too */
		{ { .id = "a", .allowed = "b" }, { .smsc = "b" }, 0 },
		{ { .id = "a", .allowed = "c;b" }, { .smsc = "b" }, 0 },
		{ { .id = "a", .allowed = "c; B " }, { .smsc = "b" }, 0 },
		{ { .id = "a", .allowed = "bb" }, { .smsc = "b" }, -1 },
		{ { .id = "a", .allowed = "b" }, { .smsc = "bb" }, -1 },
		{ { .id = "a", .allowed = "b" }, { .smsc = "a" }, -1 },	/* its own name is not on its list */
		{ { .id = "a", .denied = "b" }, { .smsc = "b" }, -1 },
		{ { .id = "a", .denied = "b;a" }, { .smsc = "a" }, -1 },
		{ { .id = "a", .allowed = "b", .denied = "b" }, { .smsc = "b" }, 0 },	/* allowed alone counts */
		{ { .id = "a", .preferred = "b" }, { .smsc = "b" }, 4 },
		{ { .id = "a", .allowed = "b", .preferred = "b" }, { .smsc = "b" }, 4 },
		/* network and bearer */
		{ { .id = "a" }, { .network = "GSM" }, 2 },
		{ { .id = "a" }, { .network = "gsm", .bearer = "sms" }, 3 },
		{ { .id = "a" }, { .bearer = "SMS" }, 1 },
		{ { .id = "a" }, { .network = "PDC" }, 0 },
		{ { .id = "a" }, { .network = "PDC", .network_required = true }, -1 },
		{ { .id = "a" }, { .network = "GSM", .network_required = true }, 2 },
		{ { .id = "a" }, { .network = "any", .network_required = true }, 0 },
		{ { .id = "a" }, { .bearer = "CSD", .bearer_required = true }, -1 },
		{ { .id = "a" }, { .bearer = "ANY", .bearer_required = true }, 0 },
		{ { .id = "a", .network = "PDC", .bearer = "CSD" }, { .network = "PDC", .network_required = true,
		    .bearer = "CSD", .bearer_required = true }, 3 },
		{ { .id = "a", .preferred = "b" }, { .smsc = "b", .network = "GSM", .bearer = "SMS" }, 7 },
		/* what the initiator is limited to */
		{ { .id = "a" }, { .links = "a" }, 0 },
		{ { .id = "a" }, { .links = "b;A" }, 0 },
		{ { .id = "a" }, { .links = "b" }, -1 },
		{ { .id = "a" }, { .links = "b", .smsc = "a" }, -1 },
		{ { .id = "a" }, { .bearers = "sms" }, 0 },
		{ { .id = "a" }, { .bearers = "GPRS;CSD" }, -1 },
		{ { .id = "a", .allowed = "x" }, { .links = "a" }, -1 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct smsc_config cf = link_of(&rows[i].link);

		if (route_score(&cf, &rows[i].wish) != rows[i].score)
			fail_msg("row %zu: %d instead of %d", i, route_score(&cf, &rows[i].wish), rows[i].score);
	}
}

/* Links over UDP serve IP addresses and nothing else does. */
static void
ip_addresses(void **state)
{
	static const struct { const char *address; bool served; } rows[] = {
		{ "10.1.2.3", true }, { "11.1.2.3", false }, { "fd00::1", true }, { "fd01::1", false }, { "::1", false },
		{ "+12025550123", false }, { "", false }, { "10.1.2", false }, { "192.0.2.7", true },
	};
	struct smsc_config smpp, udp, other;
	const struct smsc_config *links[] = { &smpp, &udp, &other };
	struct routes *r;
	struct why why;
	size_t i;

	smsc_config_defaults(&smpp);
	smsc_config_defaults(&udp);
	udp.kind = SMSC_UDP;
	udp.max_datagram = 500;
	strcpy(udp.allow, "10.0.0.0/8;fd00::/16");
	other = udp;
	other.max_datagram = 900;
	strcpy(other.allow, "192.0.2.7");
	assert_int_equal(route_score(&smpp, &(struct route_wish){ 0 }), 0);
	assert_int_equal(route_score(&smpp, &(struct route_wish){ .ip = true }), -1);
	assert_int_equal(route_score(&udp, &(struct route_wish){ 0 }), -1);
	assert_int_equal(route_score(&udp, &(struct route_wish){ .ip = true }), 0);
	r = routes_create(links + 1, 1);
	assert_int_equal(routes_check(r, &(struct route_wish){ .ip = true }, &why), 0);
	assert_int_equal(routes_check(r, &(struct route_wish){ 0 }, &why), PAP_ADDRESS_ERROR);
	assert_string_equal(why.text, "no link serves telephone numbers");
	routes_unref(r);
	r = routes_create(links, 1);
	assert_int_equal(routes_check(r, &(struct route_wish){ .ip = true }, &why), PAP_ADDRESS_ERROR);
	assert_false(routes_have_ip(r));
	assert_false(routes_serve_ip(r, "10.1.2.3"));
	routes_unref(r);
	r = routes_create(links, 3);
	assert_true(routes_have_ip(r));
	assert_int_equal(routes_largest_ip(r), 900);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (routes_serve_ip(r, rows[i].address) != rows[i].served)
			fail_msg("%s", rows[i].address);
	routes_unref(r);
}

static void
lists(void **state)
{
	static const struct { const char *list, *word; bool has; } rows[] = {
		{ "", "a", false }, { "a", "a", true }, { "a", "", false }, { "", "", false }, { "a;b", "b", true },
		{ "a;b", "a", true }, { "a;b", "a;b", false }, { " a ;\tb\t", "b", true }, { "ab", "a", false },
		{ "a", "ab", false }, { ";;a;;", "a", true }, { ";;", "", false }, { "Ab", "aB", true }, { "a b", "a b", true },
		{ "a b", "b", false },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (route_list_has(rows[i].list, rows[i].word) != rows[i].has)
			fail_msg("row %zu: \"%s\" in \"%s\"", i, rows[i].word, rows[i].list);
}

/* ---- wishes as text ------------------------------------------------------------------------------------ */

static void
wishes_are_kept(void **state)
{
	static const struct route_wish rows[] = {
		{ .smsc = "a" }, { .network = "GSM" }, { .network = "GSM", .network_required = true },
		{ .bearer = "SMS", .bearer_required = true }, { .links = "a;b;c" }, { .bearers = "SMS" }, { .ip = true },
		{ .ip = true, .screen = "x", .initiator = "a", .app_id = "b" }, { .screen = "x" }, { .type = "t" },
		{ .timed = true }, { .ip = true, .timed = true }, { .smsc = "a", .timed = true, .app_id = "b" },
		{ .smsc = "a b", .network = "IS-95 CDMA", .bearer = "Packet Data", .network_required = true,
		  .bearer_required = true, .links = "x;y", .bearers = "SMS;CSD" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sbuf text = { 0 };
		struct route_wish back;

		route_wish_write(&rows[i], &text);
		assert_true(text.n > 0);
		route_wish_read(sbuf_as_span(&text), &back);
		assert_int_equal(route_wish_screened(sbuf_as_span(&text)), rows[i].screen[0] != '\0');
		if (memcmp(&back, &rows[i], sizeof back) != 0)
			fail_msg("row %zu", i);
		sbuf_done(&text);
	}
}

/* A push names its network itself: what its initiator is limited to stays what it was. */
static void
names_with_line_ends(void **state)
{
	static const struct route_wish rows[] = {
		{ .network = "x\n\n\n", .links = "a", .bearers = "SMS" },
		{ .network = "GSM", .bearer = "\n\n", .links = "a", .bearers = "SMS" },
		{ .smsc = "\n\n\n\n", .links = "a", .bearers = "SMS" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sbuf text = { 0 };
		struct route_wish back;

		route_wish_write(&rows[i], &text);
		route_wish_read(sbuf_as_span(&text), &back);
		assert_string_equal(back.links, "a");
		assert_string_equal(back.bearers, "SMS");
		sbuf_done(&text);
	}
}

static void
no_wish_is_no_text(void **state)
{
	struct sbuf text = { 0 };
	struct route_wish none = { 0 }, back;

	memset(&back, 'x', sizeof back);
	route_wish_write(&none, &text);
	assert_int_equal(text.n, 0);
	route_wish_read(span_of(NULL, 0), &back);
	assert_memory_equal(&back, &none, sizeof back);
	sbuf_done(&text);
}

/* What was cut short, or is longer than ever, is read within its bounds. */
static void
broken_texts(void **state)
{
	struct route_wish full = { .smsc = "a", .network = "GSM", .bearer = "SMS", .links = "x;y", .bearers = "SMS" }, w;
	struct sbuf text = { 0 };
	char big[5000];
	size_t n;

	route_wish_write(&full, &text);
	for (n = 0; n <= text.n; n++) {
		char *part = malloc(n > 0 ? n : 1);

		assert_non_null(part);
		memcpy(part, text.s, n);
		route_wish_read(span_of(part, n), &w);
		assert_int_equal(route_wish_screened(span_of(part, n)), w.screen[0] != '\0');
		assert_true(strncmp(w.smsc, "a", 1) == 0 || n == 0);
		free(part);
	}
	sbuf_done(&text);
	memset(big, 'z', sizeof big);
	route_wish_read(span_of(big, sizeof big), &w);
	assert_int_equal(strlen(w.smsc), sizeof w.smsc - 1);
	assert_string_equal(w.network, "");
	memset(big, '\n', sizeof big);
	route_wish_read(span_of(big, sizeof big), &w);
	assert_string_equal(w.links, "");
}

/* ---- all links ---------------------------------------------------------------------------------------------- */

static struct routes *
two_links(void)
{
	static const struct link_row rows[] = {
		{ .id = "a", .denied = "special" }, { .id = "b", .allowed = "special", .network = "PDC", .bearer = "CSD" },
	};
	struct smsc_config cf[2] = { link_of(&rows[0]), link_of(&rows[1]) };
	const struct smsc_config *list[2] = { &cf[0], &cf[1] };

	return routes_create(list, 2);
}

static void
why_no_link_suits(void **state)
{
	static const struct { struct route_wish wish; int code; const char *says; } rows[] = {
		{ { .smsc = "" }, 0, NULL },
		{ { .smsc = "special" }, 0, NULL },
		{ { .smsc = "unknown" }, 0, NULL },
		{ { .links = "c" }, PAP_FORBIDDEN, "initiator" },
		{ { .bearers = "GPRS" }, PAP_FORBIDDEN, "initiator" },
		{ { .network = "CDPD", .network_required = true }, PAP_NETWORK_UNAVAILABLE, "CDPD" },
		{ { .network = "CDPD" }, 0, NULL },
		{ { .bearer = "GPRS", .bearer_required = true }, PAP_BEARER_UNAVAILABLE, "GPRS" },
		{ { .network = "GSM", .network_required = true, .bearer = "CSD", .bearer_required = true },
		  PAP_BEARER_UNAVAILABLE, "CSD" },
		{ { .network = "PDC", .network_required = true }, PAP_FORBIDDEN, "smsc-id" },	/* only b, which wants more */
		{ { .smsc = "special", .network = "PDC", .network_required = true }, 0, NULL },
		{ { .smsc = "special", .links = "a" }, PAP_FORBIDDEN, "special" },
	};
	struct routes *r = two_links();
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct why why = { 0 };
		int code = routes_check(r, &rows[i].wish, &why);

		if (code != rows[i].code || (rows[i].says != NULL && strstr(why.text, rows[i].says) == NULL))
			fail_msg("row %zu: %d \"%s\"", i, code, why.text);
		assert_true(routes_serve(r, &rows[i].wish) == (code == 0));
	}
	routes_unref(r);
}

static void
no_links_at_all(void **state)
{
	struct routes *r = routes_create(NULL, 0);
	struct route_wish none = { 0 };
	struct why why;

	assert_false(routes_serve(r, &none));
	assert_int_equal(routes_check(r, &none, &why), PAP_FORBIDDEN);
	assert_null(routes_find(r, "a"));
	routes_unref(r);
}

/* A set that somebody holds outlives its replacement. */
static void
replaced(void **state)
{
	struct route_table *t = route_table_create(two_links());
	struct routes *held = route_table_get(t), *now;

	route_table_replace(t, routes_create(NULL, 0));
	assert_string_equal(routes_find(held, "b")->network, "PDC");
	assert_null(routes_find(held, "B"));
	now = route_table_get(t);
	assert_null(routes_find(now, "b"));
	route_table_destroy(&t);
	assert_null(t);
	assert_string_equal(routes_find(held, "a")->smsc_id, "a");
	routes_unref(held);
	routes_unref(now);
	route_table_destroy(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ip_addresses),
		cmocka_unit_test(scores), cmocka_unit_test(lists), cmocka_unit_test(wishes_are_kept),
		cmocka_unit_test(no_wish_is_no_text), cmocka_unit_test(broken_texts), cmocka_unit_test(why_no_link_suits),
		cmocka_unit_test(no_links_at_all), cmocka_unit_test(replaced), cmocka_unit_test(names_with_line_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
