/*
 * admit_multipart.c - see admit_int.h. A content entity that is a textual multipart (RFC 2046) becomes WSP's binary one, each
 * part of it compiled as if it had come alone; parts in parts, too.
 * Spec: WAP-230 8.5; WAP-251 6 (which headers pass).
 */
#include "ppg/admit_int.h"

#include <stdlib.h>
#include <string.h>

#include "wap/multipart.h"
#include "wap/wsp.h"

enum { PARTS_MAX = MULTIPART_PARTS_MAX };

static const char *const part_headers[] = {
	"Content-Location", "Content-ID", "Content-Language", "Content-Disposition", "Content-MD5", "Date", "Expires",
	"Last-Modified", "Etag",
};

static int compile(struct span type, struct span body, const struct mime_leniency *l, unsigned depth,
    struct content *out, struct why *why);

static int
put_headers(const struct mime_header *headers, size_t n, const char *type, bool compiled, struct wbuf *w,
    struct why *why)
{
	size_t i;
	int err = wsp_content_type_encode(w, span_str(type), why);

	for (i = 0; i < sizeof part_headers / sizeof part_headers[0] && err == OK; i++) {
		struct span value = mime_header(headers, n, part_headers[i]);

		if (compiled && strcmp(part_headers[i], "Content-MD5") == 0)
			continue;
		if (value.n > 0)
			err = wsp_header_encode(w, span_str(part_headers[i]), value, why);
	}
	return err;
}

static int
add_part(const struct mime_part *part, const struct mime_leniency *l, unsigned depth, struct sbuf *out, struct why *why)
{
	struct mime_header headers[MIME_HEADERS_MAX];
	uint8_t block[WSP_HEADERS_MAX];
	struct wbuf w = wbuf_into(block, sizeof block);
	struct content content = { 0 };
	struct span body, type;
	char *heap = NULL;
	size_t n;
	int err = mime_headers(part->head, l, headers, &n, why);

	if (err == OK)
		err = mime_decode(mime_header(headers, n, "Content-Transfer-Encoding"), l, part->body, &body, &heap, why);
	if (err != OK)
		return err;
	type = mime_header(headers, n, "Content-Type");
	err = compile(type.n > 0 ? type : span_str("text/plain"), body, l, depth + 1, &content, why);
	if (err == OK)
		err = content_may_be_part(content.kind, why);
	if (err == OK)
		err = put_headers(headers, n, content.type, content.compiled, &w, why);
	if (err == OK)
		multipart_add(out, wbuf_span(&w), sbuf_as_span(&content.body));
	content_done(&content);
	free(heap);
	return err;
}

/* The type of the binary form: parameters but for the boundary. */
static char *
binary_type(const char *media, struct span type)
{
	char value[256];
	struct sbuf out = { 0 };
	static const char *const kept[] = { "type", "start", "start-info" };
	size_t i;

	sbuf_str(&out, media);
	for (i = 0; i < sizeof kept / sizeof kept[0]; i++)
		if (mime_param(type, kept[i], value, sizeof value) == OK && strpbrk(value, "\"\\") == NULL)
			sbuf_fmt(&out, "; %s=\"%s\"", kept[i], value);
	return sbuf_take(&out);
}

static int
compile_multipart(const char *media, struct span type, struct span body, const struct mime_leniency *l, unsigned depth,
    struct content *out, struct why *why)
{
	struct mime_part *parts;
	char boundary[MIME_BOUNDARY_MAX + 1];
	size_t i, n = 0;
	int err;

	if (depth == MULTIPART_DEPTH_MAX)
		return why_set(why, ERR_LIMIT, "multiparts more than %d deep", MULTIPART_DEPTH_MAX);
	if ((err = mime_boundary(type, l, boundary, why)) != OK)
		return err;
	parts = calloc(PARTS_MAX, sizeof *parts);
	if (parts == NULL)
		abort();
	err = mime_split(body, span_str(boundary), l, parts, PARTS_MAX, &n, why);
	if (err == OK)
		multipart_begin(&out->body, (uint32_t)n);
	for (i = 0; i < n && err == OK; i++) {
		err = add_part(&parts[i], l, depth, &out->body, why);
		if (err != OK)
			why_prefix(why, "part %zu", i + 1);
	}
	free(parts);
	if (err != OK) {
		content_done(out);
		return err;
	}
	out->kind = CONTENT_MULTIPART;
	out->compiled = true;
	out->type = binary_type(media, type);
	return OK;
}

static int
compile(struct span type, struct span body, const struct mime_leniency *l, unsigned depth, struct content *out,
    struct why *why)
{
	const char *media = multipart_binary_type(mime_media(type));

	if (media == NULL)
		return content_prepare(type, body, false, out, why);
	return compile_multipart(media, type, body, l, depth, out, why);
}

int
admit_prepare(struct span type, struct span body, const struct mime_leniency *l, bool no_transform, struct content *out,
    struct why *why)
{
	int err;

	*out = (struct content){ 0 };
	err = compile(type, body, l, 0, out, why);
	if (err != OK || !no_transform || !out->compiled)
		return err;
	content_done(out);		/* it was checked all the same */
	return content_prepare(type, body, true, out, why);
}
