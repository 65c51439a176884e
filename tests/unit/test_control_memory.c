/*
 * test_control_memory.c - what controls remember of pushes to many: octets for each recipient, the bound, chunks.
 */
#include "tests/unit/test.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ppg/control_int.h"

enum { MANY = 10000 };

#ifdef __SANITIZE_ADDRESS__
size_t __sanitizer_get_current_allocated_bytes(void);	/* Debian has its header with clang only */
#endif

static struct initiator who = { .name = "tps", .role = ROLE_TRUSTED_PI };
static struct control_rules *rules;
static struct control_memory *memory;
static struct push_facts facts;
static struct store_body *body;

static size_t
allocated(void)
{
#ifdef __SANITIZE_ADDRESS__
	return __sanitizer_get_current_allocated_bytes();
#else
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
#endif
}

/* One signed document to recipients from `first` on; how many of them pass. */
static uint32_t
check_many(enum prov_sec sec, uint32_t first, uint32_t n, struct control_marks **marks)
{
	struct control_case c = { .rules = rules, .who = &who, .authenticated = true, .facts = &facts, .memory = memory,
		.marks = marks, .class = CLASS_PLAIN, .shared = body };
	struct why why;
	char number[20];
	uint32_t passed = 0;

	facts.sec = sec;
	facts.mac = "0123456789ABCDEF0123456789ABCDEF01234567";
	facts.body = body->body;
	c.number = number;
	for (c.n = 0; c.n < n; c.n++) {
		snprintf(number, sizeof number, "+1202%07u", first + c.n);
		if (!control_replay(&c, &why) || !control_lure(&c, &why) || !control_rate(&c, &why))
			continue;
		passed++;
		if (control_pin_signed(&c))
			control_sent_mark(&c);
	}
	return passed;
}

/* Kept as well; octets for each of the recipients, marks included. */
static size_t
octets_each(enum prov_sec sec, uint32_t first)
{
	struct control_marks *marks = NULL;
	size_t before = allocated(), most, kept;

	assert_int_equal(check_many(sec, first, MANY, &marks), MANY);
	most = allocated() - before;
	control_marks_keep(&marks, 1 + first);
	kept = allocated() - before;
	return (most > kept ? most : kept) / MANY;
}

/*
 * Entries: 32 octets of a replay, 48 of a rate (two with a PIN), 64 of a document, 48 of what was sent. Marks: 20 for each.
 * Lists of marks may have half as much room again; buckets take 14 octets of each kind.
 */
enum { BUCKETS = 14, SLACK = 8 };

static void
octets_of_a_recipient(void **state)
{
	static const struct { enum prov_sec sec; size_t most; } rows[] = {
		{ PROV_SEC_NETWPIN, 32 + 48 + 2 * 20 * 3 / 2 + 2 * BUCKETS + SLACK },
		{ PROV_SEC_USERPIN, 32 + 2 * 48 + 64 + 48 + 5 * 20 * 3 / 2 + 4 * BUCKETS + SLACK },
	};
	size_t i, each;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		each = octets_each(rows[i].sec, (uint32_t)i * MANY);
		if (each > rows[i].most)
			fail_msg("%s: %zu octets for each recipient", prov_sec_name(rows[i].sec), each);
		assert_true(each > 50);
	}
}

static void
the_bound_holds(void **state)
{
	struct control_marks *marks = NULL;
	size_t before, k;
	uint32_t i;

	for (i = 0; i < 2; i++)			/* each makes two rates a recipient */
		assert_true(octets_each(PROV_SEC_USERPIN, i * MANY) > 0);
	for (k = 0; k < MEMORY_KINDS; k++)
		assert_true(memory->tables[k].n <= 2 * MANY);
	before = allocated();
	for (i = 2; i < 5; i++) {
		assert_int_equal(check_many(PROV_SEC_USERPIN, i * MANY, MANY, &marks), MANY);
		control_marks_keep(&marks, i);
	}
	if (allocated() > before + MANY)	/* not one octet for each */
		fail_msg("%zu octets more", allocated() - before);
	for (k = 0; k < MEMORY_KINDS; k++)
		assert_true(memory->tables[k].n <= 2 * MANY);
	assert_int_equal(memory->tables[MEMORY_REPLAYS].n, 2 * MANY);
}

/* Many times of one rate take room of their own, which goes with it. */
static void
many_times(void **state)
{
	struct memory_key key = memory_key(memory, "x");
	int64_t now = (int64_t)clock_utc();
	const uint32_t *times;
	unsigned n, i;

	pthread_mutex_lock(&memory->lock);
	memory_add_time(memory, &key, now - 1, now + 100);
	for (i = 0; i < 50; i++) {
		memory_add_time(memory, &key, now + i, now + 100);
		times = memory_times(memory_find(memory, MEMORY_RATES, &key), &n);
		assert_int_equal(n, i < MEMORY_TIMES - 1 ? i + 2 : MEMORY_TIMES);
		assert_int_equal(times[n - 1], now + i);
	}
	times = memory_times(memory_find(memory, MEMORY_RATES, &key), &n);
	for (i = 0; i < n; i++)
		assert_int_equal(times[i], now + 50 - MEMORY_TIMES + i);
	memory_forget_time(memory_find(memory, MEMORY_RATES, &key), memory_time(now + 30));
	memory_times(memory_find(memory, MEMORY_RATES, &key), &n);
	assert_int_equal(n, MEMORY_TIMES - 1);
	memory_drop(memory, MEMORY_RATES, memory_find(memory, MEMORY_RATES, &key));
	pthread_mutex_unlock(&memory->lock);
}

/* Whoever was counted goes before what counts them. */
static void
subscribers_of_an_hour(void **state)
{
	struct control_marks *marks = NULL;

	control_memory_destroy(&memory);
	memory = control_memory_create(1000);
	rules->subscribers_per_hour = 5000;
	assert_int_equal(check_many(PROV_SEC_NETWPIN, 0, 7000, &marks), 5000);
	control_marks_keep(&marks, 1);
	assert_int_equal(check_many(PROV_SEC_NETWPIN, 8000, 1000, &marks), 0);
	control_marks_undo(&marks);
	rules->subscribers_per_hour = 6000;
	assert_int_equal(check_many(PROV_SEC_NETWPIN, 10000, 500, &marks), 500);
	control_marks_undo(&marks);		/* it was not stored */
	assert_int_equal(check_many(PROV_SEC_NETWPIN, 20000, 1500, &marks), 1000);
	control_marks_keep(&marks, 2);
}

/* All rows of a recipient come with its chunk, and each once. */
static void
rows_in_chunks(void **state)
{
	enum { N = 2500, CHUNK = 1000, EACH = 4 /* replay, two rates, sent */ };
	static unsigned seen[N];
	struct control_marks *marks = NULL;
	struct store_memory *rows;
	struct memory_key key;
	uint32_t first, last = 0;
	size_t n, i;

	assert_int_equal(check_many(PROV_SEC_USERPIN, 0, N, &marks), N);
	for (first = 0; first < N; first += CHUNK) {
		n = control_marks_rows(marks, first, CHUNK, &rows);
		assert_int_equal(n, EACH * (first + CHUNK < N ? CHUNK : N - first));
		for (i = 0; i < n; i++) {
			assert_in_range(rows[i].n, last, first + CHUNK - 1);
			assert_true(rows[i].until > (int64_t)clock_utc());
			last = rows[i].n;
			seen[rows[i].n]++;
		}
		free(rows);
		control_marks_stored(marks, 17, first + CHUNK);
		key = memory_sent_key(17, first);
		assert_non_null(memory_find(memory, MEMORY_SENT, &key));
		key = memory_sent_key(17, first + CHUNK);
		assert_null(memory_find(memory, MEMORY_SENT, &key));
	}
	for (i = 0; i < N; i++)
		assert_int_equal(seen[i], EACH);
	assert_int_equal(control_marks_rows(marks, N, CHUNK, &rows), 0);
	assert_null(rows);
	control_marks_undo(&marks);		/* the last chunk was refused */
	for (i = 0; i < MEMORY_KINDS; i++)
		if (i != MEMORY_RATES)		/* those are there without a time */
			assert_int_equal(memory->tables[i].n, 0);
	assert_int_equal(check_many(PROV_SEC_USERPIN, 0, N, &marks), N);
	control_marks_undo(&marks);
}

/* What made room for others is neither stored nor taken back. */
static void
marks_of_what_is_gone(void **state)
{
	struct control_marks *marks = NULL, *more = NULL;
	struct store_memory *rows;

	control_memory_destroy(&memory);
	memory = control_memory_create(100);
	assert_int_equal(check_many(PROV_SEC_NETWPIN, 0, 150, &marks), 150);
	assert_int_equal(control_marks_rows(marks, 0, 50, &rows), 0);
	assert_null(rows);
	assert_int_equal(control_marks_rows(marks, 0, 150, &rows), 200);
	free(rows);
	assert_int_equal(check_many(PROV_SEC_NETWPIN, 1000, 80, &more), 80);
	control_marks_undo(&marks);
	assert_int_equal(memory->tables[MEMORY_REPLAYS].n, 80);
	control_marks_keep(&more, 1);
	assert_int_equal(check_many(PROV_SEC_NETWPIN, 1000, 80, &marks), 0);
	control_marks_undo(&marks);
}

/* One of many got a text with the PIN: it alone waits, wherever it is among them. */
static void
a_pin_among_many(void **state)
{
	static const char pin[] = "72950418", text[] = "your code is 72950418", other[] = "your code is 31415926";
	struct control_case c = { .rules = rules, .who = &who, .authenticated = true, .facts = &facts, .memory = memory };
	char number[20], mac[PROV_MAC_HEX + 1];
	struct why why;
	unsigned i;

	rules->configured = true;
	c.number = number;
	for (i = 0; i < 9; i++) {
		facts.sec = PROV_SEC_NONE;
		facts.body = span_str(i % 3 == 1 ? text : other);
		snprintf(number, sizeof number, "+1202555%04u", i);
		assert_true(control_lure(&c, &why));
	}
	prov_mac(span_str(pin), body->body, mac);
	c.class = CLASS_PLAIN;
	c.shared = body;
	facts.sec = PROV_SEC_USERPIN;
	facts.mac = mac;
	facts.body = body->body;
	for (i = 0; i < 9; i++) {
		snprintf(number, sizeof number, "+1202555%04u", i);
		assert_int_equal(control_lure(&c, &why), i % 3 != 1);
	}
	mac[0] = mac[0] == '0' ? '1' : '0';	/* of another PIN: the same digits are asked about again */
	for (i = 0; i < 9; i++) {
		snprintf(number, sizeof number, "+1202555%04u", i);
		assert_true(control_lure(&c, &why));
	}
	c.class = CLASS_NONE;			/* the other way round */
	facts.sec = PROV_SEC_NONE;
	for (i = 0; i < 18; i++) {
		facts.body = span_str(i % 2 == 0 ? text : other);
		snprintf(number, sizeof number, "+1202555%04u", i / 2);
		assert_int_equal(control_lure(&c, &why), i % 2 != 0);
	}
}

static int
setup(void **state)
{
	rules = control_rules_create();
	body = store_body_create(span_str("h"), span_str("a document"), span_of("", 0));
	memory = control_memory_create(2 * MANY);
	memory_key(memory, "what the first hash of a process allocates");
	return 0;
}

static int
teardown(void **state)
{
	control_memory_destroy(&memory);
	control_rules_unref(rules);
	store_body_unref(body);
	return 0;
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(octets_of_a_recipient), TEST(the_bound_holds), TEST(many_times), TEST(subscribers_of_an_hour),
		TEST(rows_in_chunks), TEST(marks_of_what_is_gone), TEST(a_pin_among_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
