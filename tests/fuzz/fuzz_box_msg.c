/*
 * fuzz_box_msg.c - one message of Kannel's boxes, as it is inside a frame. What decodes must encode to a frame that
 * decodes and encodes to the same octets; its texts lie inside the input.
 */
#include <stdlib.h>

#include "smsc/box_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { INPUT_MAX = 8192 };

/* The message inside the frame that w holds. */
static struct span
inside(const struct wbuf *w)
{
	struct rbuf r = rbuf_from(wbuf_span(w));

	if (w->err || rbuf_u32(&r) != rbuf_left(&r))
		abort();
	return rbuf_rest(&r);
}

static void
is_within(struct span text, const uint8_t *data, size_t n)
{
	if (text.p != NULL && (text.p < data || text.p > data + n || text.n > (size_t)(data + n - text.p)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t first[2 * INPUT_MAX], second[2 * INPUT_MAX];
	struct wbuf w = wbuf_into(first, sizeof first), again = wbuf_into(second, sizeof second);
	struct box_msg m, back;

	if (n > INPUT_MAX || box_msg_decode(span_of(data, n), &m) != OK)
		return 0;
	is_within(m.boxc_id, data, n);
	is_within(m.msgdata, data, n);
	is_within(m.udhdata, data, n);
	is_within(m.meta_data, data, n);
	box_msg_encode(&w, &m);
	if (box_msg_decode(inside(&w), &back) != OK)
		abort();
	box_msg_encode(&again, &back);
	if (!span_eq(inside(&w), inside(&again)))
		abort();
	return 0;
}
