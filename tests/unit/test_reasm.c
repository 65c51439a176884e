/* test_reasm.c - short messages in parts: vectors, order, repetition, limits, time. */
#include "tests/unit/vector.h"

#include <malloc.h>

#include "wap/udh.h"

static const int64_t MINUTE = 60000;

static void
drop(struct span s)
{
	free((void *)(uintptr_t)s.p);
}

/* ---- vectors ------------------------------------------------------------------------ */

static void
describe(const struct udh *head, struct span payload, unsigned parts, struct sbuf *out)
{
	if (head->has_ports)
		sbuf_fmt(out, "ports %u %u\n", head->src_port, head->dst_port);
	if (head->has_concat)
		sbuf_fmt(out, head->ref_16bit ? "ref %04X\n" : "ref %02X\n", head->ref);
	sbuf_fmt(out, "parts %u\npayload ", parts);
	sbuf_hex(out, payload);
	sbuf_char(out, '\n');
}

/* Our own segmentation makes the same octets. */
static void
check_segments(const char *name, char *hex, struct span payload, const struct udh *head)
{
	unsigned i = 0;
	char *line, *save = NULL;

	for (line = strtok_r(hex, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		struct span want = vector_octets(line);
		uint8_t part[SMS_UD_MAX];
		size_t n = sms_segment(payload, i++, head->src_port, head->dst_port, head->ref, part);

		if (!span_eq(span_of(part, n), want))
			fail_msg("%s: part %u differs", name, i);
		drop(want);
	}
	assert_int_equal(i, sms_segments(payload.n));
}

static void
check_vector(const char *name)
{
	char *hex = vector_read("sms", name, ".hex"), *text = vector_read("sms", name, ".txt");
	char *copy = strdup(hex), *line, *save = NULL, *mark = strstr(text, "segments yes\n");
	struct reasm *r = reasm_create(0, 0);
	struct sbuf got = { 0 };
	struct udh head = { 0 };
	struct span payload = { 0 };
	unsigned parts = 0;
	struct why why;
	int err = ERR_BUSY;

	if (mark != NULL)
		*mark = '\0';
	for (line = strtok_r(copy, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		struct span part = vector_octets(line);
		size_t n;

		/* First every truncation, each for itself. */
		for (n = 0; n < part.n; n++) {
			uint8_t *cut = vector_exact(part, n);
			struct reasm *other = reasm_create(0, 0);

			err = reasm_add(other, 0, "a", "b", span_of(cut, n), &head, &payload, &parts, &why);
			assert_true(err == OK || err == ERR_BUSY || err == ERR_SHORT);
			reasm_destroy(&other);
			assert_null(other);
			free(cut);
		}
		err = reasm_add(r, 0, "+12025550101", "+12025550100", part, &head, &payload, &parts, &why);
		drop(part);
		if (err && err != ERR_BUSY)
			fail_msg("%s: %s", name, why.text);
	}
	assert_int_equal(err, OK);
	assert_int_equal(reasm_waiting(r), 0);
	describe(&head, payload, parts, &got);
	if (strcmp(got.s, text) != 0)
		fail_msg("%s: expected\n%sgot\n%s", name, text, got.s);
	if (mark != NULL)
		check_segments(name, hex, payload, &head);
	sbuf_done(&got);
	reasm_destroy(&r);
	free(copy);
	free(text);
	free(hex);
}

static void
vectors_joined(void **state)
{
	assert_true(vector_each("sms", check_vector) >= 10);
}

/* ---- behaviour ---------------------------------------------------------------------- */

/* Part seq of total, reference ref, one octet of payload; returns what reasm_add did. */
static int
add(struct reasm *r, int64_t now, const char *from, const char *to, unsigned ref, unsigned total,
    unsigned seq, char payload, struct span *out)
{
	uint8_t octets[] = { 11, 5, 4, 0x0B, 0x84, 0x23, 0xF0, 0, 3, (uint8_t)ref, (uint8_t)total,
		(uint8_t)seq, (uint8_t)payload };
	struct udh head;
	unsigned parts;
	struct why why;
	int err = reasm_add(r, now, from, to, span_of(octets, sizeof octets), &head, out, &parts, &why);

	assert_int_equal(parts, err == OK ? total : 0);
	return err;
}

static void
any_order_and_repetition(void **state)
{
	struct reasm *r = reasm_create(0, 0);
	struct span out;

	assert_int_equal(add(r, 0, "a", "b", 1, 3, 3, 'c', &out), ERR_BUSY);
	assert_int_equal(add(r, 0, "a", "b", 1, 3, 1, 'a', &out), ERR_BUSY);
	assert_int_equal(add(r, 0, "a", "b", 1, 3, 1, 'a', &out), ERR_BUSY);
	assert_int_equal(add(r, 0, "a", "b", 1, 3, 3, 'X', &out), ERR_BUSY);	/* the first stays */
	assert_int_equal(reasm_waiting(r), 1);
	assert_int_equal(add(r, 0, "a", "b", 1, 3, 2, 'b', &out), OK);
	assert_true(span_eq_str(out, "abc"));
	assert_int_equal(reasm_waiting(r), 0);
	assert_int_equal(reasm_dropped(r), 0);
	/* The reference is free again. */
	assert_int_equal(add(r, 0, "a", "b", 1, 2, 1, 'd', &out), ERR_BUSY);
	assert_int_equal(add(r, 0, "a", "b", 1, 2, 2, 'e', &out), OK);
	assert_true(span_eq_str(out, "de"));
	reasm_destroy(&r);
}

static void
every_part_of_the_key_counts(void **state)
{
	struct reasm *r = reasm_create(0, 0);
	uint8_t sixteen[] = { 6, 8, 4, 0, 1, 2, 2, 'z' };
	struct udh head;
	struct span out;
	unsigned parts;

	assert_int_equal(add(r, 0, "a", "b", 1, 2, 1, 'a', &out), ERR_BUSY);
	assert_int_equal(add(r, 0, "A", "b", 1, 2, 2, 'a', &out), ERR_BUSY);	/* from */
	assert_int_equal(add(r, 0, "a", "c", 1, 2, 2, 'a', &out), ERR_BUSY);	/* to */
	assert_int_equal(add(r, 0, "ab", "", 1, 2, 2, 'a', &out), ERR_BUSY);	/* the two apart */
	assert_int_equal(add(r, 0, "a", "b", 2, 2, 2, 'a', &out), ERR_BUSY);	/* reference */
	assert_int_equal(add(r, 0, "a", "b", 1, 3, 2, 'a', &out), ERR_BUSY);	/* total */
	assert_int_equal(reasm_add(r, 0, "a", "b", span_of(sixteen, sizeof sixteen), &head, &out,
	    &parts, NULL), ERR_BUSY);						/* size of it */
	assert_int_equal(reasm_waiting(r), 7);
	assert_int_equal(add(r, 0, "a", "b", 1, 2, 2, 'b', &out), OK);
	assert_true(span_eq_str(out, "ab"));
	reasm_destroy(&r);
}

static void
old_ones_are_given_up(void **state)
{
	struct reasm *r = reasm_create(0, 10 * MINUTE);
	struct span out;

	assert_int_equal(add(r, 0, "a", "b", 1, 2, 1, 'a', &out), ERR_BUSY);
	assert_int_equal(add(r, 5 * MINUTE, "a", "b", 2, 2, 1, 'c', &out), ERR_BUSY);
	/* A repetition does not make it younger. */
	assert_int_equal(add(r, 10 * MINUTE - 1, "a", "b", 1, 2, 1, 'a', &out), ERR_BUSY);
	assert_int_equal(reasm_waiting(r), 2);
	/* Too late: this second part begins a message of its own. */
	assert_int_equal(add(r, 10 * MINUTE, "a", "b", 1, 2, 2, 'b', &out), ERR_BUSY);
	assert_int_equal(reasm_waiting(r), 2);
	assert_int_equal(reasm_dropped(r), 1);
	assert_int_equal(add(r, 15 * MINUTE - 1, "a", "b", 2, 2, 2, 'd', &out), OK);
	assert_true(span_eq_str(out, "cd"));
	reasm_expire(r, 20 * MINUTE - 1);
	assert_int_equal(reasm_waiting(r), 1);
	reasm_expire(r, 20 * MINUTE);
	assert_int_equal(reasm_waiting(r), 0);
	assert_int_equal(reasm_dropped(r), 2);
	reasm_destroy(&r);
}

/* U-03: first parts from 10,000 senders, the rest never arrives. */
static void
memory_is_bounded(void **state)
{
	struct reasm *r = reasm_create(1000, 10 * MINUTE);
	size_t before = mallinfo2().uordblks, most = 0;
	struct span out;
	int i;

	for (i = 0; i < 10000; i++) {
		char from[32];

		snprintf(from, sizeof from, "+1202555%04d", i);
		assert_int_equal(add(r, i, from, "b", 1, 3, 1, 'a', &out), ERR_BUSY);
		assert_true(reasm_waiting(r) <= 1000);
		if (mallinfo2().uordblks > most)
			most = mallinfo2().uordblks;
	}
	assert_int_equal(reasm_waiting(r), 1000);
	assert_int_equal(reasm_dropped(r), 9000);
	assert_true(most - before < 1024 * 1024);
	/* The youngest are the ones that stayed. */
	assert_int_equal(add(r, 10000, "+12025559000", "b", 1, 3, 2, 'a', &out), ERR_BUSY);
	assert_int_equal(add(r, 10000, "+12025559000", "b", 1, 3, 3, 'a', &out), OK);
	reasm_expire(r, 10000 + 10 * MINUTE);
	assert_int_equal(reasm_waiting(r), 0);
	assert_int_equal(reasm_dropped(r), 9999);
	assert_true(mallinfo2().uordblks - before < 4096);	/* the joined message is still held */
	reasm_destroy(&r);
}

static void
bad_headers_and_sizes(void **state)
{
	static uint8_t octets[70000];
	struct reasm *r = reasm_create(0, 0);
	char address[200];
	struct udh head;
	struct span out;
	struct why why;
	unsigned parts;

	/* U-01 */
	octets[0] = 9;
	assert_int_equal(reasm_add(r, 0, "a", "b", span_of(octets, 9),
	    &head, &out, &parts, &why), ERR_SHORT);
	/* A part that no bearer carries; the same octets unsegmented are fine up to 65535. */
	memcpy(octets, "\x05\x00\x03\x01\x02\x01", 6);
	assert_int_equal(reasm_add(r, 0, "a", "b", span_of(octets, 6 + 254),
	    &head, &out, &parts, &why), ERR_BUSY);
	assert_int_equal(reasm_add(r, 0, "a", "b", span_of(octets, 6 + 255),
	    &head, &out, &parts, &why), ERR_LIMIT);
	octets[0] = 0;
	assert_int_equal(reasm_add(r, 0, "a", "b", span_of(octets, 1 + 65535),
	    &head, &out, &parts, &why), OK);
	assert_int_equal(out.n, 65535);
	assert_int_equal(reasm_add(r, 0, "a", "b", span_of(octets, 1 + 65536),
	    &head, &out, &parts, &why), ERR_LIMIT);
	assert_int_equal(out.n, 0);
	octets[0] = 5;
	memset(address, '1', sizeof address - 1);
	address[sizeof address - 1] = '\0';
	assert_int_equal(reasm_add(r, 0, address, "b", span_of(octets, 20),
	    &head, &out, &parts, &why), ERR_LIMIT);
	assert_int_equal(reasm_waiting(r), 1);
	reasm_destroy(&r);
	reasm_destroy(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_joined),
		cmocka_unit_test(any_order_and_repetition),
		cmocka_unit_test(every_part_of_the_key_counts),
		cmocka_unit_test(old_ones_are_given_up),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(bad_headers_and_sizes),
	};

	return cmocka_run_group_tests_name("reasm", tests, NULL, NULL);
}
