/* xml_int.h - between the files of xml.h; nobody else includes this. */
#ifndef BASE_XML_INT_H
#define BASE_XML_INT_H

#include "base/buf.h"

enum xml_charset { CS_UNKNOWN, CS_UTF8, CS_ASCII, CS_LATIN1, CS_UTF16, CS_UTF16BE, CS_UTF16LE };

/* A document as it came, and as UTF-8. */
struct xml_source {
	struct span doc;
	enum xml_charset cs;
	size_t skip;		/* octets of a byte order mark */
	struct span utf8;	/* without it */
	uint8_t *heap;		/* memory of utf8 when it was converted */
	struct why *why;	/* never NULL */
};

/* Find the character set and convert. src->why is set; xml_source_done in any case. */
int xml_source_open(struct xml_source *src, struct span doc, const char *charset);
void xml_source_done(struct xml_source *src);

/* `at` counts in src->utf8, why->offset in the octets as they came. */
void xml_source_place(const struct xml_source *src, size_t at);	/* in front of the sentence in why */
int xml_source_fail(const struct xml_source *src, int err, size_t at, const char *text);

/*
 * What must not reach the parser: declarations, entities, start tags longer than tag_max,
 * control characters. Linear.
 */
int xml_scan(const struct xml_source *src, size_t tag_max);

#endif
