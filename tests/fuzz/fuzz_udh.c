/*
 * fuzz_udh.c - user data of SMS parts, through the header and the reassembly.
 * The input is a row of parts, each behind one octet that says how long it is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wap/udh.h"

enum { WAITING_MAX = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rbuf r = rbuf_from(span_of(data, n));
	struct reasm *reasm = reasm_create(WAITING_MAX, 10);
	int64_t now = 0;

	while (rbuf_left(&r) > 0) {
		size_t len = rbuf_u8(&r);
		uint8_t *part;
		struct udh head;
		struct span whole;
		struct why why;
		unsigned parts;

		if (len > rbuf_left(&r))
			len = rbuf_left(&r);
		/* A block of its own, so that reading past one part is seen. */
		part = malloc(len > 0 ? len : 1);
		if (part == NULL)
			abort();
		memcpy(part, rbuf_span(&r, len).p, len);
		if (udh_decode(span_of(part, len), &head, &why) == OK &&
		    (head.payload.n > len || (head.has_concat && head.seq > head.total)))
			abort();
		if (reasm_add(reasm, now++, "a", "b", span_of(part, len), &head, &whole, &parts,
		    &why) == OK && (parts == 0 || (parts > 1 && parts != head.total)))
			abort();
		if (reasm_waiting(reasm) > WAITING_MAX)
			abort();
		free(part);
	}
	reasm_destroy(&reasm);
	return 0;
}
