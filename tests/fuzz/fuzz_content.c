/*
 * fuzz_content.c - content entities of initiators: the first line is the Content-Type, the rest the body. What was
 * compiled must be read again by the decoder of the device's end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wap/content.h"
#include "wap/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
read_again(const struct content *c)
{
	struct why why = { 0 };
	char media[128];
	json_t *body;
	size_t len = strcspn(c->type, ";");

	if (len >= sizeof media)
		abort();
	memcpy(media, c->type, len);
	media[len] = '\0';
	body = decode_body(media, sbuf_as_span(&c->body), &why);
	if (body == NULL)
		abort();
	json_decref(body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *end = n > 0 ? memchr(data, '\n', n) : NULL;
	size_t head = end != NULL ? (size_t)(end - data) : n, rest = head < n ? n - head - 1 : 0;
	struct span type = span_of(data, head), body = span_of(rest > 0 ? data + head + 1 : (const uint8_t *)"", rest);
	struct why why = { 0 };
	struct content c;

	if (content_prepare(type, body, false, &c, &why) != OK) {
		if (why.text[0] == '\0')
			abort();
		return 0;
	}
	if (c.compiled)
		read_again(&c);
	content_done(&c);
	return 0;
}
