/*
 * fuzz_smpp.c - one SMPP PDU: framed as it comes, decoded with its length put right, printed, read as a
 * receipt. What decodes must encode to something that decodes and encodes to the same octets.
 */
#include <stdlib.h>
#include <string.h>

#include "smsc/smpp_pdu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { INPUT_MAX = 4096 };

static void
both_ways(const struct smpp_pdu *pdu)
{
	static uint8_t first[2 * INPUT_MAX], second[2 * INPUT_MAX];
	struct wbuf w = wbuf_into(first, sizeof first), again = wbuf_into(second, sizeof second);
	struct smpp_pdu back;
	uint32_t status;

	smpp_encode(&w, pdu);
	if (w.err || smpp_decode(wbuf_span(&w), &back, &status, NULL) != OK)
		abort();
	smpp_encode(&again, &back);
	if (!span_eq(wbuf_span(&w), wbuf_span(&again)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct smpp_receipt receipt;
	struct sbuf text = { 0 };
	struct smpp_dest dest;
	struct smpp_pdu pdu;
	uint32_t status;
	struct why why;
	size_t pos = 0;
	unsigned items = 0;
	uint8_t *copy;
	bool is_text;

	if (n > INPUT_MAX)
		return 0;
	if (smpp_frame(span_of(data, n), INPUT_MAX, &is_text) > (long)n)
		abort();
	copy = malloc(n > 0 ? n : 1);
	if (copy == NULL)
		abort();
	memcpy(copy, data, n);
	if (n >= SMPP_HEADER) {
		copy[0] = copy[1] = 0;
		copy[2] = (uint8_t)(n >> 8);
		copy[3] = (uint8_t)n;
	}
	if (smpp_decode(span_of(copy, n), &pdu, &status, &why) == OK) {
		while (smpp_dest_next(&pdu, &pos, &dest))
			items++;
		if (items != pdu.n_list || smpp_user_data(&pdu).n > n)
			abort();
		smpp_receipt_parse(&pdu, &receipt, &why);
		both_ways(&pdu);
	} else if (status == SMPP_OK) {
		abort();
	}
	smpp_print(&pdu, &text);
	sbuf_done(&text);
	free(copy);
	return 0;
}
