/*
 * mime.h - the multipart/related body of a PAP request taken apart.
 * Spec: RFC 2046 5.1, RFC 2387; WAP-247-PAP 7.
 */
#ifndef PPG_MIME_H
#define PPG_MIME_H

#include <stdbool.h>

#include "base/buf.h"

enum {
	MIME_PARTS_MAX = 3,		/* of a request: control, content, capabilities */
	MIME_HEADERS_MAX = 64,		/* lines of one part's header block */
	MIME_HEADER_BLOCK_MAX = 8192,	/* its octets */
	MIME_BOUNDARY_MAX = 70
};

struct mime_header {
	struct span name, value;	/* value without outer blanks; folded lines stay as they are */
};

struct mime_part {
	struct span head, body;		/* borrowed; body as transferred */
};

/* Forms beyond the letter of RFC 2046, or beyond what HTTP needs, that deployed initiators send. */
struct mime_leniency {
	bool line_ends;		/* LF alone ends a line */
	bool preamble;		/* text in front of the first and behind the last delimiter */
	bool boundary;		/* no quotes around a boundary whose characters need them */
	bool no_closing;	/* the last part ends with the body */
	bool transfer_encoding;	/* base64 and quoted-printable */
};						/* a NULL pointer below: none of them */

/*
 * The boundary parameter of a multipart Content-Type. ERR_NOT_FOUND, ERR_SYNTAX, ERR_LIMIT with *why.
 */
int mime_boundary(struct span content_type, const struct mime_leniency *l, char out[MIME_BOUNDARY_MAX + 1],
    struct why *why);

/*
 * Cut `body` at its boundary lines, into `max` parts at most. Returns OK, or ERR_SYNTAX /
 * ERR_LIMIT with *why ("boundary does not occur", "closing delimiter missing").
 */
int mime_split(struct span body, struct span boundary, const struct mime_leniency *l,
    struct mime_part *parts, size_t max, size_t *n_parts, struct why *why);

/*
 * Header lines of a part. Bare CR, LF followed by a blank, NUL and other control characters in a
 * value are ERR_SYNTAX (header injection), as are names that are no tokens.
 */
int mime_headers(struct span head, const struct mime_leniency *l, struct mime_header out[MIME_HEADERS_MAX],
    size_t *n, struct why *why);
/* First value of a header by name in any case; n 0 spans when absent. */
struct span mime_header(const struct mime_header *headers, size_t n, const char *name);

/*
 * Undo a Content-Transfer-Encoding: "" 7bit 8bit binary (borrowed as it is), base64,
 * quoted-printable (into *heap, which the caller frees). ERR_SYNTAX with the offset; ERR_UNSUPPORTED.
 */
int mime_decode(struct span encoding, const struct mime_leniency *l, struct span body, struct span *out,
    char **heap, struct why *why);

/* "type/subtype" of a Content-Type value, without parameters and outer blanks. */
struct span mime_media(struct span content_type);
/* Are type and subtype there, and tokens? */
bool mime_media_ok(struct span media);
/* A parameter's value (unquoted) copied to out; ERR_NOT_FOUND, ERR_SYNTAX, ERR_LIMIT. */
int mime_param(struct span content_type, const char *name, char *out, size_t size);

#endif
