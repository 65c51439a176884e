/*
 * fuzz_mime.c - multipart bodies: the first line is the Content-Type, the rest the body.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ppg/mime.h"
#include "ppg/pap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
take_part(const struct mime_part *part)
{
	struct mime_header headers[MIME_HEADERS_MAX];
	struct span body;
	struct why why;
	size_t n;
	char *heap, value[64];

	if (mime_headers(part->head, &pap_leniency_usual.mime, headers, &n, &why) != OK)
		return;
	mime_param(mime_header(headers, n, "Content-Type"), "charset", value, sizeof value);
	mime_decode(mime_header(headers, n, "Content-Transfer-Encoding"), &pap_leniency_usual.mime, part->body, &body, &heap, &why);
	free(heap);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *nl = n > 0 ? memchr(data, '\n', n) : NULL;
	struct mime_part parts[MIME_PARTS_MAX];
	char boundary[MIME_BOUNDARY_MAX + 1];
	struct why why;
	size_t i, k;

	if (nl == NULL || mime_boundary(span_of(data, (size_t)(nl - data)), &pap_leniency_usual.mime, boundary, &why) != OK)
		return 0;
	if (mime_split(span_of(nl + 1, n - (size_t)(nl + 1 - data)), span_str(boundary), &pap_leniency_usual.mime, parts, MIME_PARTS_MAX, &k, &why) != OK)
		return 0;
	for (i = 0; i < k; i++)
		take_part(&parts[i]);
	return 0;
}
