/*
 * multipart.h - WSP's binary multiparts: parts with encoded headers behind one another.
 * Spec: WAP-230-WSP-20010705-a, 8.5.
 */
#ifndef WAP_MULTIPART_H
#define WAP_MULTIPART_H

#include "base/buf.h"

enum { MULTIPART_PARTS_MAX = 64, MULTIPART_DEPTH_MAX = 4 };

struct multipart_part {
	struct span headers;		/* content type first, as of a push; borrowed */
	struct span data;
	size_t offset;			/* of the part in the body */
};

/*
 *	multipart_walk_start(&walk, body);
 *	while (multipart_walk_next(&walk, &part)) ...
 *	if (walk.err) ... walk.why
 * ERR_SHORT, ERR_SYNTAX (octets behind the last part), ERR_LIMIT (more than MULTIPART_PARTS_MAX).
 */
struct multipart_walk {
	struct rbuf r;
	uint32_t n, left;		/* parts: in all, not yet read */
	int err;
	struct why why;
};
void multipart_walk_start(struct multipart_walk *walk, struct span body);
bool multipart_walk_next(struct multipart_walk *walk, struct multipart_part *part);

/* Writing: the number of parts, then each. */
void multipart_begin(struct sbuf *out, uint32_t n);
void multipart_add(struct sbuf *out, struct span headers, struct span data);

/* "application/vnd.wap.multipart.mixed" of "multipart/mixed"; NULL when the type is no textual multipart. */
const char *multipart_binary_type(struct span media);

#endif
