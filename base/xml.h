/*
 * xml.h - reads one whole XML document of strangers with expat and calls back for its parts.
 *
 * No entity, element, attribute list or notation declaration, no parameter entity, nothing is
 * fetched. The internal subset may hold processing instructions, comments and blanks.
 */
#ifndef BASE_XML_H
#define BASE_XML_H

#include "base/buf.h"

struct xml_attr {
	const char *name, *value;	/* UTF-8, entities resolved */
};

/* Value of the attribute of that name; NULL: there is none. */
const char *xml_attr_get(const struct xml_attr *attrs, size_t n, const char *name);

struct xml_limits {
	unsigned depth;			/* 0 = 16 */
	unsigned attributes;		/* 0 = 32 */
	size_t start_tag;		/* octets of one start tag; 0 = 8 KiB */
};

struct xml_events {
	/*
	 * Each returns OK, or an error that stops the parser; then it must have filled *why
	 * (never NULL here). Absent identifiers of a DOCTYPE are NULL.
	 */
	int (*doctype)(void *ctx, const char *name, const char *public_id, const char *system_id,
	    struct why *why);
	/* data may be "". in_doctype: inside the internal subset. */
	int (*instruction)(void *ctx, const char *target, const char *data, bool in_doctype,
	    struct why *why);
	int (*start)(void *ctx, const char *name, const struct xml_attr *attrs, size_t n,
	    struct why *why);
	int (*text)(void *ctx, struct span text, struct why *why);	/* CDATA too; may come in pieces */
	int (*end)(void *ctx, const char *name, struct why *why);
};						/* any may be NULL */

/*
 * Parse `doc` completely. charset: the transport's charset parameter, or NULL; it beats the
 * declaration; only utf-8, us-ascii, iso-8859-1 and utf-16 are read.
 * Returns OK, ERR_SYNTAX or ERR_LIMIT with "line L, column C: ..." in *why and its offset, or
 * what a callback returned (its sentence prefixed with line and column).
 * Work is linear; no call-back is made for a start tag over a limit.
 */
int xml_parse(struct span doc, const char *charset, const struct xml_limits *limits,
    const struct xml_events *events, void *ctx, struct why *why);

#endif
