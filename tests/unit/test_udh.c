/* test_udh.c - user data headers, and the parts that a datagram is cut into. */
#include "tests/unit/vector.h"

#include "wap/udh.h"

static struct span
octets(const char *hex)
{
	return vector_octets(hex);
}

static void
drop(struct span s)
{
	free((void *)(uintptr_t)s.p);
}

static void
counts_of_parts(void **state)
{
	static const struct { size_t n; unsigned parts; } rows[] = {
		{ 0, 1 }, { 1, 1 }, { 133, 1 }, { 134, 2 }, { 254, 2 }, { 255, 3 }, { 256, 3 },
		{ 257, 3 }, { 381, 3 }, { 382, 4 }, { 255 * 127, 255 }, { 255 * 127 + 1, 0 },
		{ SIZE_MAX, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (sms_segments(rows[i].n) != rows[i].parts)
			fail_msg("%zu octets: %u parts", rows[i].n, sms_segments(rows[i].n));
}

/* Every length up to a few parts, and the longest: cut, taken apart, joined by hand. */
static void
check_length(size_t n)
{
	uint8_t *datagram = malloc(n + 1), *joined = malloc(n + 1), part[SMS_UD_MAX];
	unsigned i, total = sms_segments(n);
	size_t at = 0, k;

	for (k = 0; k < n; k++)
		datagram[k] = (uint8_t)(k * 7 + n);
	for (i = 0; i < total; i++) {
		size_t len = sms_segment(span_of(datagram, n), i, 9200, 2948, 0xBEEF, part);
		uint8_t *exact = vector_exact(span_of(part, len), len);
		struct udh udh;
		struct why why;

		assert_true(len <= SMS_UD_MAX);
		assert_int_equal(udh_decode(span_of(exact, len), &udh, &why), OK);
		assert_true(udh.has_ports);
		assert_int_equal(udh.src_port, 9200);
		assert_int_equal(udh.dst_port, 2948);
		assert_int_equal(udh.has_concat, total > 1);
		if (total > 1) {
			assert_true(udh.ref_16bit);
			assert_int_equal(udh.ref, 0xBEEF);
			assert_int_equal(udh.total, total);
			assert_int_equal(udh.seq, i + 1);
		}
		assert_true(udh.payload.n <= n - at);
		memcpy(joined + at, udh.payload.p, udh.payload.n);
		at += udh.payload.n;
		free(exact);
	}
	assert_int_equal(at, n);
	assert_memory_equal(joined, datagram, n);
	assert_int_equal(sms_segment(span_of(datagram, n), total, 1, 1, 1, part), 0);
	free(joined);
	free(datagram);
}

static void
cut_and_joined(void **state)
{
	size_t n;

	for (n = 0; n <= 520; n++)
		check_length(n);
	check_length(255 * 127);
}

static void
headers_taken_apart(void **state)
{
	static const struct {
		const char *hex;
		bool ports, concat, ref_16bit;
		uint16_t dst, src, ref;
		uint8_t total, seq;
		size_t payload;
	} rows[] = {
		{ "0605040B8423F0AA", true, false, false, 2948, 9200, 0, 0, 0, 1 },
		{ "0605040B8423F0", true, false, false, 2948, 9200, 0, 0, 0, 0 },
		{ "00AABB", false, false, false, 0, 0, 0, 0, 0, 2 },
		{ "00", false, false, false, 0, 0, 0, 0, 0, 0 },
		{ "0500037F0302AABBCC", false, true, false, 0, 0, 0x7F, 3, 2, 3 },
		{ "0608041234FF01AA", false, true, true, 0, 0, 0x1234, 255, 1, 1 },
		{ "040402F0E1AA", true, false, false, 0xF0, 0xE1, 0, 0, 0, 1 },
		/* both kinds of a thing: the last one counts */
		{ "0B00031102010804222203020A", false, true, true, 0, 0, 0x2222, 3, 2, 1 },
		{ "0B08042222030200031102010A", false, true, false, 0, 0, 0x11, 2, 1, 1 },
		{ "0A040201020504000300040A", true, false, false, 3, 4, 0, 0, 0, 1 },
		/* U-02: total 0, seq 0, seq above total; one that was good before stays */
		{ "050003010001AA", false, false, false, 0, 0, 0, 0, 0, 1 },
		{ "050003010200AA", false, false, false, 0, 0, 0, 0, 0, 1 },
		{ "050003010203AA", false, false, false, 0, 0, 0, 0, 0, 1 },
		{ "0A0003070201000309020 3AA", false, true, false, 0, 0, 7, 2, 1, 1 },
		/* past the header: nothing of the header counts, the payload is still behind it */
		{ "0B05040B8423F00004010201AA", false, false, false, 0, 0, 0, 0, 0, 1 },
		{ "0705040B8423F005AA", false, false, false, 0, 0, 0, 0, 0, 1 },
		/* a length that the kind does not have: skipped */
		{ "0505030B8423AA", false, false, false, 0, 0, 0, 0, 0, 1 },
		{ "060004010201FFAA", false, false, false, 0, 0, 0, 0, 0, 1 },
		/* unknown ones with and without octets */
		{ "0B700025010105040B8423F0AA", true, false, false, 2948, 9200, 0, 0, 0, 1 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span in = octets(rows[i].hex);
		struct udh u;
		struct why why;

		assert_int_equal(udh_decode(in, &u, &why), OK);
		if (u.has_ports != rows[i].ports || u.has_concat != rows[i].concat ||
		    u.ref_16bit != rows[i].ref_16bit || u.dst_port != rows[i].dst ||
		    u.src_port != rows[i].src || u.ref != rows[i].ref || u.total != rows[i].total ||
		    u.seq != rows[i].seq || u.payload.n != rows[i].payload)
			fail_msg("%s: ports %d %u %u, concat %d %d %04X %u/%u, payload %zu", rows[i].hex,
			    u.has_ports, u.dst_port, u.src_port, u.has_concat, u.ref_16bit, u.ref, u.seq,
			    u.total, u.payload.n);
		drop(in);
	}
}

static void
header_longer_than_the_data(void **state)
{
	static const char *const rows[] = { "", "01", "0605040B8423", "FF00", "0B05040B84" };
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span in = octets(rows[i]);
		struct udh u;
		struct why why;

		assert_int_equal(udh_decode(in, &u, &why), ERR_SHORT);
		assert_non_null(strstr(why.text, "header"));
		assert_false(u.has_ports);
		assert_int_equal(u.payload.n, 0);
		drop(in);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_of_parts),
		cmocka_unit_test(cut_and_joined),
		cmocka_unit_test(headers_taken_apart),
		cmocka_unit_test(header_longer_than_the_data),
	};

	return cmocka_run_group_tests_name("udh", tests, NULL, NULL);
}
