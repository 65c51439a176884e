/*
 * fuzz_decode.c - whatever comes over the air, as JSON. The first octet says how to take the rest:
 * one message, or parts behind an octet of length each.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wap/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { PARTS_MAX = 16 };

static void
decode(const struct span *parts, size_t n, enum decode_as as)
{
	struct why why = { 0 };
	struct sbuf text = { 0 };
	json_t *json = decode_parts(parts, n, as, &why);

	if (json == NULL && why.text[0] == '\0')
		abort();
	if (json != NULL) {
		json_t *again;

		json_print(json, &text);
		again = json_read(sbuf_as_span(&text), &why);
		if (again == NULL || !json_equal(json, again))
			abort();
		json_decref(again);
	}
	json_decref(json);
	sbuf_done(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rbuf r = rbuf_from(span_of(data, n));
	struct span parts[PARTS_MAX];
	uint8_t how = rbuf_u8(&r);
	size_t count = 0;

	if (how < 4) {
		parts[0] = rbuf_rest(&r);
		decode(parts, 1, (enum decode_as)how);
		return 0;
	}
	while (rbuf_left(&r) > 0 && count < PARTS_MAX) {
		size_t len = rbuf_u8(&r);

		parts[count++] = rbuf_span(&r, len < rbuf_left(&r) ? len : rbuf_left(&r));
	}
	decode(parts, count, DECODE_AUTO);
	return 0;
}
