/*
 * fuzz_wsp.c - push PDUs from octets to text, and headers from text to octets.
 * The whole input is a PDU; then it is lines: a content type first, "name: value" after it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wap/wsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(int ok)
{
	if (!ok)
		abort();
}

/* Every header by name and value; text that comes out is UTF-8, errors say where. */
static size_t
read_headers(struct span headers)
{
	struct sbuf out = { 0 };
	struct wsp_walk walk;
	struct wsp_header h;
	struct why why = { 0 };
	size_t count = 0;

	wsp_walk_start(&walk, headers);
	while (wsp_walk_next(&walk, &h)) {
		must(h.raw.n > 0 && h.offset < headers.n);
		must(h.raw.p >= headers.p && h.raw.p + h.raw.n <= headers.p + headers.n);
		sbuf_clear(&out);
		wsp_header_name(&h, &out);
		must(out.n > 0);
		if (wsp_header_value(&h, &out, &why))
			must(why.text[0] != '\0' && why.offset <= headers.n);
		must(text_is_utf8(sbuf_as_span(&out), NULL));
		count++;
	}
	must(walk.err == OK || walk.why.offset <= headers.n);
	sbuf_done(&out);
	return count;
}

static void
read_pdu(struct span in)
{
	static struct wsp_push_info info;
	struct wsp_push push;
	struct why why = { 0 };

	if (wsp_push_decode(in, &push, &why)) {
		must(why.text[0] != '\0' && why.offset <= in.n);
		return;
	}
	must(push.headers.n + push.data.n < in.n);
	read_headers(push.headers);
	if (wsp_push_info(push.headers, &info, &why))
		must(why.text[0] != '\0' && why.offset <= push.headers.n);
	else
		must(info.push_flag >= -1 && info.push_flag <= 127);
}

static struct span
take_line(struct span *rest)
{
	const uint8_t *end = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;
	size_t n = end != NULL ? (size_t)(end - rest->p) : rest->n;
	struct span line = span_of(rest->p, n);

	if (end != NULL)
		n++;
	*rest = span_of(rest->p + n, rest->n - n);
	return line;
}

/* What the encoder makes, the decoder takes. */
static void
write_headers(struct span in)
{
	static uint8_t octets[WSP_HEADERS_MAX];
	static struct wsp_push_info info;
	struct wbuf w = wbuf_into(octets, sizeof octets);
	struct wsp_content_type type;
	struct why why;

	if (wsp_content_type_encode(&w, take_line(&in), &why) == OK) {
		int err = wsp_content_type_decode(wbuf_span(&w), &type, &why);

		/* Octets that are not UTF-8 need two each when they come back. */
		must(err == OK || err == ERR_LIMIT);
	} else if (w.err == OK) {
		must(w.n == 0 && why.text[0] != '\0');
	}
	if (w.err || w.n == 0) {
		w = wbuf_into(octets, sizeof octets);
		wbuf_u8(&w, 0xAE);
	}
	while (in.n > 0) {
		struct span line = take_line(&in);
		const uint8_t *colon = line.n > 0 ? memchr(line.p, ':', line.n) : NULL;
		size_t before = w.n, name_n = colon != NULL ? (size_t)(colon - line.p) : line.n;

		if (colon == NULL)
			continue;
		if (wsp_header_encode(&w, span_of(line.p, name_n),
		    span_of(colon + 1, line.n - name_n - 1), &why) == OK) {
			must(w.n > before + 1);
			must(read_headers(wbuf_span(&w)) > 0);
		} else if (w.err) {
			w.n = before;
			w.err = OK;
			break;
		} else {
			must(w.n == before && why.text[0] != '\0');
		}
	}
	/* An application id or a description may be longer than a receiver here cares for. */
	must(wsp_push_info(wbuf_span(&w), &info, &why) != ERR_SHORT);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	read_pdu(span_of(data, n));
	write_headers(span_of(data, n));
	return 0;
}
