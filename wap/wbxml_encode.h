/*
 * wbxml_encode.h - writes WBXML with the tables of the decoder: elements, attributes, text, dates.
 * For the compilers of content.h; nobody else includes this.
 *
 *	wbxml_encoder_start(&e, &wbxml_sl, 0x02);
 *	wbxml_encode_tag(&e, 0x05, true);
 *	wbxml_encode_attr(&e, "href", span_str("http://www.example.com/"));
 *	wbxml_encode_attrs_end(&e);
 *	wbxml_encode_end(&e);
 *	wbxml_encoder_finish(&e);
 *	... e.out ...
 *	wbxml_encoder_done(&e);
 *
 * Only the targets of processing instructions go into a string table, so that a document always gives
 * the same octets. Work is linear.
 */
#ifndef WAP_WBXML_ENCODE_H
#define WAP_WBXML_ENCODE_H

#include "wap/wbxml_tables.h"

enum { WBXML_ENCODER_VALUES = 32 };

struct wbxml_encoder {
	struct sbuf out;		/* the document from its root on; once finished, all of it */
	struct sbuf strings;		/* the string table */
	const struct wbxml_table *t;
	uint8_t version;
	uint8_t page;			/* of tags, in force */
	size_t tag;			/* place of the tag octet that may yet get content */
	bool open;			/* nothing came since that tag */
	uint8_t values[WBXML_ENCODER_VALUES];	/* value tokens that are looked for inside strings */
	size_t n_values;
};

/* Takes `e` zeroed. */
void wbxml_encoder_start(struct wbxml_encoder *e, const struct wbxml_table *t, uint8_t version);
/* Puts the prologue in front: version octet, public id, UTF-8, string table. */
void wbxml_encoder_finish(struct wbxml_encoder *e);
void wbxml_encoder_done(struct wbxml_encoder *e);

void wbxml_encode_tag(struct wbxml_encoder *e, uint8_t token, bool attrs);
/* A tag of another page, without attributes; the page is switched where it has to be, and stays. */
void wbxml_encode_tag_of(struct wbxml_encoder *e, uint8_t page, uint8_t token);
/*
 * An attribute of page 0: the start token with the longest fitting prefix, value tokens where
 * they occur, strings between them. The name must be one of the table.
 */
void wbxml_encode_attr(struct wbxml_encoder *e, const char *name, struct span value);
/* The same with "YYYY-MM-DDThh:mm:ssZ" as OPAQUE: two digits an octet, octets of 00 dropped at the end. */
void wbxml_encode_date(struct wbxml_encoder *e, const char *name, const char *iso);
void wbxml_encode_attrs_end(struct wbxml_encoder *e);
void wbxml_encode_text(struct wbxml_encoder *e, struct span text);	/* no NUL; "" writes nothing */
void wbxml_encode_opaque(struct wbxml_encoder *e, struct span octets);	/* in content */
void wbxml_encode_end(struct wbxml_encoder *e);			/* of the element */
/* Also in front of the root and behind it. */
void wbxml_encode_instruction(struct wbxml_encoder *e, const char *target, struct span data);

/* Tokens of names; 0, false: there is none. Page 0. */
uint8_t wbxml_tag_token(const struct wbxml_table *t, const char *name);
bool wbxml_attr_known(const struct wbxml_table *t, const char *name);

/*
 * An attribute whose value comes in pieces: the start token with the longest prefix of *value, which is taken off *value;
 * then strings (with value tokens inside, when they are of an attribute) and variables.
 */
void wbxml_encode_attr_start(struct wbxml_encoder *e, const char *name, struct span *value);
void wbxml_encode_piece(struct wbxml_encoder *e, struct span s, bool attribute);
void wbxml_encode_variable(struct wbxml_encoder *e, struct span name, int how, bool attribute);	/* 0 escape, 1 unesc, 2 noesc */

void wbxml_encode_octet(struct wbxml_encoder *e, uint8_t octet);
void wbxml_encode_string(struct wbxml_encoder *e, struct span s);	/* STR_I, also of "" */

#endif
