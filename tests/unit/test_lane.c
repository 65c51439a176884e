/* test_lane.c - who waits for a link, and who goes next: order, fairness, routes, stranded ones. */
#include "tests/unit/test.h"

#include "base/clock.h"
#include "ppg/dispatch_int.h"

/* ---- links as dispatch sees them ------------------------------------------------------------------ */

struct smsc_link {
	unsigned room;
	bool up;
};

unsigned
smsc_link_room(const struct smsc_link *link)
{
	return link->up ? link->room : 0;
}

enum smsc_state
smsc_link_state(const struct smsc_link *link)
{
	return link->up ? SMSC_UP : SMSC_DOWN;
}

enum { LINKS = 3 };

static struct smsc_link smsc[LINKS];
static struct link links[LINKS], *link_list[LINKS];
static struct dispatch d;

static int
setup(void **state)
{
	size_t i;

	memset(&d, 0, sizeof d);
	memset(links, 0, sizeof links);
	for (i = 0; i < LINKS; i++) {
		smsc[i] = (struct smsc_link){ .room = 1000000, .up = true };
		links[i].smsc = &smsc[i];
		snprintf(links[i].cf.smsc.smsc_id, sizeof links[i].cf.smsc.smsc_id, "%c", (char)('A' + i));
		snprintf(links[i].cf.smsc.network, sizeof links[i].cf.smsc.network, "GSM");
		snprintf(links[i].cf.smsc.bearer, sizeof links[i].cf.smsc.bearer, "SMS");
		link_list[i] = &links[i];
	}
	d.links = link_list;
	d.n_links = LINKS;
	lanes_init(&d);
	return 0;
}

static void
free_items(struct store_item *item)
{
	while (item != NULL) {
		struct store_item *next = item->next;

		free(item->body);
		free(item);
		item = next;
	}
}

static int
teardown(void **state)
{
	free_items(lanes_stranded(&d, true));
	lanes_done(&d);
	return 0;
}

/* One recipient; wish NULL: none. Its body is its own here. */
static void
add(int64_t push, uint32_t n, enum store_priority priority, const struct route_wish *wish)
{
	struct store_item *item = calloc(1, sizeof *item);
	struct sbuf route = { 0 };

	assert_non_null(item);
	if (wish != NULL)
		route_wish_write(wish, &route);
	item->body = calloc(1, sizeof *item->body + route.n + 1);
	assert_non_null(item->body);
	if (route.n > 0)
		memcpy(item->body->octets, route.s, route.n);
	item->body->route = span_of(item->body->octets, route.n);
	sbuf_done(&route);
	item->push = push;
	item->n = n;
	item->priority = priority;
	lanes_add(&d, item);
}

/* The push that goes next and the index of its link; 0 when nobody can go. */
static int64_t
next(int *on)
{
	struct link *link = NULL;
	struct store_item *item = lanes_next(&d, &link);
	int64_t push = item != NULL ? item->push : 0;

	if (on != NULL)
		*on = link != NULL ? (int)(link - links) : -1;
	if (item != NULL) {
		assert_null(item->next);
		free_items(item);
	}
	return push;
}

static struct route_wish
only_links(const char *list)
{
	struct route_wish w = { 0 };

	snprintf(w.links, sizeof w.links, "%s", list);
	return w;
}

/* ---- order -------------------------------------------------------------------------------------------- */

static void
nobody_waits(void **state)
{
	struct link *link;

	assert_null(lanes_next(&d, &link));
	assert_null(lanes_stranded(&d, true));
}

static void
first_come_first_served_in_a_class(void **state)
{
	int64_t i;

	for (i = 1; i <= 100; i++)
		add(i, 0, STORE_MEDIUM, NULL);
	for (i = 1; i <= 100; i++)
		assert_int_equal(next(NULL), i);
	assert_int_equal(next(NULL), 0);
}

/* Of 16 turns high gets 12, medium 3 and low 1 while all of them wait. */
static void
shares(void **state)
{
	unsigned n[STORE_PRIORITIES] = { 0 }, i;

	for (i = 0; i < 1600; i++) {
		add(1, i, STORE_HIGH, NULL);
		add(2, i, STORE_MEDIUM, NULL);
		add(3, i, STORE_LOW, NULL);
	}
	for (i = 0; i < 1600; i++)
		n[next(NULL) - 1]++;
	assert_int_equal(n[STORE_HIGH], 1200);
	assert_int_equal(n[STORE_MEDIUM], 300);
	assert_int_equal(n[STORE_LOW], 100);
}

/* Nobody waits for more turns than its share says, whatever came before. */
static void
longest_wait(void **state)
{
	static const unsigned most[STORE_PRIORITIES] = { 2, 8, 16 };
	unsigned start, i;

	for (start = 0; start < 16; start++) {
		unsigned since[STORE_PRIORITIES] = { 0 };

		d.turn = start;
		for (i = 0; i < 200; i++) {
			add(1, i, STORE_HIGH, NULL);
			add(2, i, STORE_MEDIUM, NULL);
			add(3, i, STORE_LOW, NULL);
		}
		for (i = 0; i < 160; i++) {
			int64_t p = next(NULL) - 1;
			unsigned c;

			for (c = 0; c < STORE_PRIORITIES; c++)
				since[c] = c == (unsigned)p ? 0 : since[c] + 1;
			for (c = 0; c < STORE_PRIORITIES; c++)
				assert_true(since[c] < most[c]);
		}
		free_items(lanes_stranded(&d, true));
	}
}

static void
a_turn_nobody_wants_goes_to_the_next(void **state)
{
	int i;

	for (i = 0; i < 40; i++)
		add(3, (uint32_t)i, STORE_LOW, NULL);
	for (i = 0; i < 20; i++)
		assert_int_equal(next(NULL), 3);
	d.turn = 1;			/* high begins */
	add(2, 0, STORE_MEDIUM, NULL);
	assert_int_equal(next(NULL), 2);
	d.turn = 16;			/* low begins */
	add(1, 0, STORE_HIGH, NULL);
	assert_int_equal(next(NULL), 3);
	assert_int_equal(next(NULL), 1);
}

/* Also over lanes: wishes move nobody to the front or to the back. */
static void
first_come_first_served_over_lanes(void **state)
{
	struct route_wish a = only_links("A;B"), b = only_links("B");
	int64_t i;

	for (i = 1; i <= 90; i += 3) {
		add(i, 0, STORE_MEDIUM, &a);
		add(i + 1, 0, STORE_MEDIUM, &b);
		add(i + 2, 0, STORE_MEDIUM, NULL);
	}
	for (i = 1; i <= 90; i++)
		assert_int_equal(next(NULL), i);
}

/* ---- links -------------------------------------------------------------------------------------------- */

static void
most_room_of_equals(void **state)
{
	int on;

	smsc[1].room = 2000000;
	add(1, 0, STORE_MEDIUM, NULL);
	add(2, 0, STORE_MEDIUM, NULL);
	assert_int_equal(next(&on), 1);
	assert_int_equal(on, 1);
	smsc[1].room = 1;
	smsc[0].room = 2;
	smsc[2].room = 3;
	assert_int_equal(next(&on), 2);
	assert_int_equal(on, 2);
}

static void
the_wanted_link_before_others(void **state)
{
	struct route_wish w = { .smsc = "C" };
	int on;

	smsc[2].room = 1;
	add(1, 0, STORE_MEDIUM, &w);
	assert_int_equal(next(&on), 1);
	assert_int_equal(on, 2);
	smsc[2].room = 0;		/* it is full: another that may carry it does */
	add(2, 0, STORE_MEDIUM, &w);
	assert_int_equal(next(&on), 2);
	assert_int_not_equal(on, 2);
}

static void
a_full_link_holds_up_only_its_own(void **state)
{
	struct route_wish a = only_links("A"), b = only_links("B");
	int on;

	smsc[0].room = 0;
	add(1, 0, STORE_HIGH, &a);
	add(2, 0, STORE_LOW, &b);
	assert_int_equal(next(&on), 2);
	assert_int_equal(on, 1);
	assert_int_equal(next(NULL), 0);
	smsc[0].room = 1;
	assert_int_equal(next(&on), 1);
	assert_int_equal(on, 0);
}

static unsigned
count(struct store_item *items)
{
	unsigned n = 0;
	struct store_item *item;

	for (item = items; item != NULL; item = item->next)
		n++;
	free_items(items);
	return n;
}

static void
stranded(void **state)
{
	struct route_wish a = only_links("A"), ab = only_links("A;B");
	int i;

	for (i = 0; i < 5; i++) {
		add(1, (uint32_t)i, STORE_HIGH, &a);
		add(1, (uint32_t)(10 + i), STORE_LOW, &a);
		add(2, (uint32_t)i, STORE_MEDIUM, &ab);
		add(3, (uint32_t)i, STORE_MEDIUM, NULL);
	}
	assert_int_equal(count(lanes_stranded(&d, false)), 0);
	smsc[0].room = 0;		/* full is not down */
	assert_int_equal(count(lanes_stranded(&d, false)), 0);
	smsc[0].up = false;
	assert_int_equal(count(lanes_stranded(&d, false)), 10);
	assert_int_equal(count(lanes_stranded(&d, false)), 0);
	smsc[1].up = false;
	assert_int_equal(count(lanes_stranded(&d, false)), 5);
	add(1, 20, STORE_HIGH, &a);	/* the lane can be used again */
	assert_int_equal(count(lanes_stranded(&d, true)), 6);
	assert_int_equal(next(NULL), 0);
}

static void
new_links_are_scored(void **state)
{
	struct route_wish a = only_links("A");
	int on;

	add(1, 0, STORE_MEDIUM, &a);
	snprintf(links[0].cf.smsc.smsc_id, sizeof links[0].cf.smsc.smsc_id, "Z");
	snprintf(links[2].cf.smsc.smsc_id, sizeof links[2].cf.smsc.smsc_id, "A");
	lanes_rescore(&d);
	assert_int_equal(next(&on), 1);
	assert_int_equal(on, 2);
	d.n_links = 0;
	lanes_rescore(&d);
	add(2, 0, STORE_MEDIUM, &a);
	assert_int_equal(next(NULL), 0);
	d.n_links = LINKS;
	lanes_rescore(&d);
	assert_int_equal(next(NULL), 2);
}

/* ---- taken out ------------------------------------------------------------------------------------------ */

static bool
is_even(void *arg, uint32_t n)
{
	(*(int *)arg)++;
	return n % 2 == 0;
}

static void
removed(void **state)
{
	struct route_wish b = only_links("B");
	struct store_item *out, *item;
	uint32_t expected = 0;
	int asked = 0, i;

	for (i = 0; i < 10; i++) {
		add(7, (uint32_t)i, STORE_MEDIUM, NULL);
		add(8, (uint32_t)i, STORE_MEDIUM, NULL);
	}
	for (i = 10; i < 20; i++)
		add(7, (uint32_t)i, STORE_MEDIUM, &b);
	out = lanes_remove(&d, 7, is_even, &asked);
	assert_int_equal(asked, 20);		/* nobody is asked of other pushes */
	for (item = out; item != NULL; item = item->next, expected += 2) {
		assert_int_equal(item->push, 7);
		assert_int_equal(item->n, expected);
	}
	assert_int_equal(expected, 20);
	free_items(out);
	add(9, 0, STORE_MEDIUM, NULL);		/* the ends of the queues are right again */
	add(9, 1, STORE_MEDIUM, &b);
	for (i = 0; i < 15; i++)
		assert_int_equal(next(NULL), i % 3 == 1 ? 7 : 8);	/* 8, 7, 8 of each four that came */
	for (i = 0; i < 5; i++)
		assert_int_equal(next(NULL), 7);
	assert_int_equal(next(NULL), 9);
	assert_int_equal(next(NULL), 9);
	assert_int_equal(next(NULL), 0);
}

/* The last one goes, and another comes. */
static void
removed_to_the_end(void **state)
{
	int asked = 0;

	add(7, 1, STORE_LOW, NULL);
	add(7, 2, STORE_LOW, NULL);
	free_items(lanes_remove(&d, 7, is_even, &asked));
	add(8, 0, STORE_LOW, NULL);
	assert_int_equal(next(NULL), 7);
	assert_int_equal(next(NULL), 8);
	assert_int_equal(next(NULL), 0);
}

static void
overdue(void **state)
{
	static const int64_t deadlines[] = { 100, 0, 99, 101, 50 };
	struct route_wish b = only_links("B");
	struct lane *lane;
	unsigned i, p;

	for (i = 0; i < 5; i++)
		add(i + 1, 0, STORE_MEDIUM, i == 4 ? &b : NULL);
	for (lane = d.lanes; lane != NULL; lane = lane->next)
		for (p = 0; p < STORE_PRIORITIES; p++) {
			struct store_item *item;

			for (item = lane->first[p]; item != NULL; item = item->next)
				item->deadline_at = deadlines[item->push - 1];
		}
	assert_int_equal(count(lanes_overdue(&d, 49)), 0);
	assert_int_equal(count(lanes_overdue(&d, 100)), 3);
	assert_int_equal(next(NULL), 2);	/* it has none */
	assert_int_equal(next(NULL), 4);
	assert_int_equal(next(NULL), 0);
}

static unsigned
count_lanes(void)
{
	const struct lane *lane;
	unsigned n = 0;

	for (lane = d.lanes; lane != NULL; lane = lane->next)
		n++;
	return n;
}

/* Whoever pushes may wish for thousands of things; the lanes are as many as the links tell apart. */
static void
wishes_make_no_lanes(void **state)
{
	enum { MANY = 4000 };
	int64_t i;

	for (i = 0; i < MANY; i++) {
		struct route_wish w = { .initiator = "x", .timed = i % 2 };

		snprintf(w.smsc, sizeof w.smsc, "wish-%d", (int)i);
		if (i % 5 == 0)
			strcpy(w.smsc, "B");
		if (i % 7 == 0)
			strcpy(w.links, i % 2 ? "A" : "A;B");
		add(i + 1, 0, STORE_HIGH, &w);
	}
	assert_true(count_lanes() <= 2 * 6);
	for (i = 0; i < MANY; i++)
		assert_int_equal(next(NULL), i + 1);
	assert_int_equal(next(NULL), 0);
}

/* Lanes that are empty do not pile up. */
static void
empty_lanes_go(void **state)
{
	struct route_wish a = only_links("A"), b = only_links("B"), c = only_links("C");

	add(1, 0, STORE_HIGH, NULL);
	add(2, 0, STORE_HIGH, &a);
	assert_int_equal(count_lanes(), 2);
	assert_int_equal(next(NULL), 1);
	assert_int_equal(next(NULL), 2);
	add(3, 0, STORE_HIGH, &b);
	add(4, 0, STORE_HIGH, &c);
	assert_int_equal(count_lanes(), 3);
	assert_int_equal(next(NULL), 3);
	assert_int_equal(next(NULL), 4);
}

/* Who has a time of its own is told from who has none. */
static void
times_are_kept_apart(void **state)
{
	struct route_wish timed = { .timed = true };

	add(1, 0, STORE_HIGH, NULL);
	add(2, 0, STORE_HIGH, &timed);
	add(3, 0, STORE_HIGH, NULL);
	assert_int_equal(next(NULL), 1);
	assert_false(d.sent_timed);
	assert_int_equal(next(NULL), 2);
	assert_true(d.sent_timed);
	assert_int_equal(next(NULL), 3);
	assert_false(d.sent_timed);
}

static void
rule_by(const struct route_rule *rule)
{
	d.rules = route_rules_create(rule, 1);
	lanes_rescore(&d);
}

static void
rules_end(void)
{
	struct route_rules *rules = d.rules;

	free_items(lanes_stranded(&d, true));
	d.rules = NULL;
	lanes_rescore(&d);
	route_rules_unref(rules);
	clock_real();
}

/* To which links the next n go. */
static void
count_links(unsigned n, unsigned counts[LINKS])
{
	int on;

	memset(counts, 0, LINKS * sizeof counts[0]);
	for (; n > 0; n--) {
		assert_int_not_equal(next(&on), 0);
		counts[on]++;
	}
}

static void
fill(unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		add(1, i, STORE_MEDIUM, NULL);
}

static void
shares_of_a_rule(void **state)
{
	const struct route_rule rule = { .name = "r", .places = { { "A", 3, false }, { "C", 1, false }, { "B", 9, true } },
		.n_places = 3, .weighted = true };
	unsigned counts[LINKS], i;
	int on;

	clock_fake(1700000000000);
	rule_by(&rule);
	fill(400);
	for (i = 0; i < 10; i++) {
		count_links(8, counts);
		assert_int_equal(counts[0], 6);
		assert_int_equal(counts[2], 2);
	}
	/* A is only full: what is its share waits for it, for a while */
	smsc[0].room = 0;
	while (next(&on) != 0)
		assert_int_equal(on, 2);
	clock_fake_advance(1500);
	count_links(20, counts);
	assert_int_equal(counts[2], 20);
	/* it does not catch up */
	smsc[0].room = 1000000;
	count_links(8, counts);
	assert_true(counts[0] >= 5 && counts[0] <= 7);
	/* the fallback goes only when neither can */
	smsc[0].up = false;
	count_links(8, counts);
	assert_int_equal(counts[2], 8);
	smsc[2].up = false;
	count_links(8, counts);
	assert_int_equal(counts[1], 8);
	smsc[1].up = false;
	assert_int_equal(next(NULL), 0);
	rules_end();
}

static void
throughput_of_a_rule(void **state)
{
	const struct route_rule rule = { .name = "r", .places = { { "A", 1, false } }, .n_places = 1, .throughput = 50 };
	unsigned i, n = 0;

	clock_fake(1700000000000);
	rule_by(&rule);
	fill(400);
	for (i = 0; i < 4000; i++) {
		d.feed_ms = 0;
		while (next(NULL) != 0)
			n++;
		assert_true(d.feed_ms > clock_mono_ms());
		clock_fake_advance(1);
	}
	assert_true(n >= 199 && n <= 206);
	rules_end();
}

/* Numbers of one push that go different ways; the order of each is kept when a rule comes. */
static void
lanes_by_number(void **state)
{
	const struct route_rule rule = { .name = "r", .prefixes = "+34", .places = { { "B", 1, false } }, .n_places = 1 };
	unsigned i, last_b = 0, last = 0;
	int on;

	for (i = 0; i < 20; i++) {
		struct store_item *item = calloc(1, sizeof *item);

		assert_non_null(item);
		item->body = calloc(1, sizeof *item->body);
		item->push = (int64_t)i + 1;
		item->priority = STORE_MEDIUM;
		snprintf(item->to, sizeof item->to, "%s2025550%03u", i % 2 ? "+34" : "+1", i);
		lanes_add(&d, item);
	}
	rule_by(&rule);
	smsc[0].room = smsc[2].room = 0;
	for (i = 0; i < 10; i++) {
		unsigned push = (unsigned)next(&on);

		assert_int_equal(on, 1);
		assert_true(push > last_b);
		last_b = push;
	}
	smsc[1].up = false;
	smsc[2].room = 1000000;
	while ((i = (unsigned)next(&on)) != 0) {
		assert_int_equal(on, 2);
		assert_int_equal(i % 2, 1);
		assert_true(i > last);
		last = i;
	}
	rules_end();
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(nobody_waits), T(first_come_first_served_in_a_class), T(shares), T(longest_wait),
		T(a_turn_nobody_wants_goes_to_the_next), T(first_come_first_served_over_lanes), T(most_room_of_equals),
		T(the_wanted_link_before_others), T(a_full_link_holds_up_only_its_own), T(stranded), T(new_links_are_scored),
		T(removed), T(removed_to_the_end), T(overdue), T(wishes_make_no_lanes), T(empty_lanes_go),
		T(times_are_kept_apart), T(shares_of_a_rule),
		T(throughput_of_a_rule), T(lanes_by_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
