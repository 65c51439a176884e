/* multipart.c - see multipart.h. */
#include "wap/multipart.h"

#define BINARY "application/vnd.wap.multipart."

void
multipart_walk_start(struct multipart_walk *walk, struct span body)
{
	*walk = (struct multipart_walk){ .r = rbuf_from(body) };
	walk->n = walk->left = rbuf_uintvar(&walk->r);
	if (walk->r.err)
		walk->err = why_at(&walk->why, walk->r.err, 0, "the number of parts cannot be read");
	else if (walk->n > MULTIPART_PARTS_MAX)
		walk->err = why_at(&walk->why, ERR_LIMIT, 0, "%u parts, at most %d are taken", walk->n,
		    MULTIPART_PARTS_MAX);
}

bool
multipart_walk_next(struct multipart_walk *walk, struct multipart_part *part)
{
	size_t headers, data;

	if (walk->err)
		return false;
	if (walk->left == 0) {
		if (rbuf_left(&walk->r) > 0)
			walk->err = why_at(&walk->why, ERR_SYNTAX, rbuf_pos(&walk->r), "%zu octets behind the last part",
			    rbuf_left(&walk->r));
		return false;
	}
	part->offset = rbuf_pos(&walk->r);
	headers = rbuf_uintvar(&walk->r);
	data = rbuf_uintvar(&walk->r);
	part->headers = rbuf_span(&walk->r, headers);
	part->data = rbuf_span(&walk->r, data);
	if (walk->r.err) {
		walk->err = why_at(&walk->why, walk->r.err, part->offset, "part %u is longer than the message",
		    walk->n - walk->left + 1);
		return false;
	}
	walk->left--;
	return true;
}

static void
put_number(struct sbuf *out, size_t n)
{
	uint8_t octets[5];
	struct wbuf w = wbuf_into(octets, sizeof octets);

	wbuf_uintvar(&w, (uint32_t)n);
	sbuf_span(out, wbuf_span(&w));
}

void
multipart_begin(struct sbuf *out, uint32_t n)
{
	put_number(out, n);
}

void
multipart_add(struct sbuf *out, struct span headers, struct span data)
{
	put_number(out, headers.n);
	put_number(out, data.n);
	sbuf_span(out, headers);
	sbuf_span(out, data);
}

const char *
multipart_binary_type(struct span media)
{
	static const char *const rows[][2] = {
		{ "multipart/mixed",		BINARY "mixed" },
		{ "multipart/form-data",	BINARY "form-data" },
		{ "multipart/byteranges",	BINARY "byteranges" },
		{ "multipart/alternative",	BINARY "alternative" },
		{ "multipart/related",		BINARY "related" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (span_eq_nocase(media, rows[i][0]))
			return rows[i][1];
	return span_starts_nocase(media, "multipart/") ? BINARY "*" : NULL;
}
