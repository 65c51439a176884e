/* wbxml_int.h - between the files of the decoder; nobody else includes this. */
#ifndef WAP_WBXML_INT_H
#define WAP_WBXML_INT_H

#include "wap/wbxml.h"
#include "wap/wbxml_tables.h"

enum { WBXML_TEXT_MAX = 1024 * 1024 };	/* octets that one document may expand to */
enum { MIB_ASCII = 3, MIB_LATIN1 = 4 };		/* charsets we read beside UTF-8 */

struct wbxml_frame {
	struct span name;
	const char *xmlns;
};

struct wbxml_walker {
	struct rbuf r;
	const struct wbxml_table *t;
	const struct wbxml_events *ev;
	void *ctx;
	struct why *why;
	int err;
	uint32_t mib;
	struct span strings;		/* the string table */
	const struct wbxml_tag_page *tags;
	const struct wbxml_attr_page *attrs;
	size_t text_left;
	struct sbuf values;		/* attribute values of one start tag, joined */
	struct sbuf scratch;		/* one string converted */
	unsigned depth;
	struct wbxml_frame stack[WBXML_DEPTH_MAX];
};

/* Set w->err and *why, the sentence behind "offset N: "; returns err. */
int wbxml_fail(struct wbxml_walker *w, int err, size_t at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int wbxml_cut(struct wbxml_walker *w, const char *what);	/* the reader failed: reading what? */

/*
 * The next string, number or octets of the document, checked; spans are good until the next call.
 * All return w->err. What a string table reference adds counts towards WBXML_TEXT_MAX, because
 * two octets can name a string of any length.
 */
int wbxml_count(struct wbxml_walker *w, size_t n, size_t at);
int wbxml_inline_string(struct wbxml_walker *w, struct span *s);
int wbxml_table_string(struct wbxml_walker *w, struct span *s, const char *what);
/* A variable of WML behind its token, as "$(name)", added to *out. */
int wbxml_variable(struct wbxml_walker *w, uint8_t token, struct sbuf *out);
int wbxml_literal_name(struct wbxml_walker *w, struct span *s);
int wbxml_opaque_octets(struct wbxml_walker *w, struct span *s);
size_t wbxml_entity(struct wbxml_walker *w, uint8_t out[4]);	/* its length; 0 after an error */
/* Binary coded decimal date, octets of 00 dropped at its end -> ISO text behind w->values. */
int wbxml_date(struct wbxml_walker *w, struct span s, size_t at);

#endif
