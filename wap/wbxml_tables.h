/*
 * wbxml_tables.h - what the token numbers of each document type mean. For the files of the decoder,
 * and for the encoder of provisioning documents; nobody else includes this.
 *
 * Tag tokens run from 05 to 3F, attribute starts from 05 to 7F (40..44 are global), attribute
 * values from 80 to FF (80..84 and C0..C4 are global). Pages are indexed by token.
 */
#ifndef WAP_WBXML_TABLES_H
#define WAP_WBXML_TABLES_H

#include "base/buf.h"

enum wbxml_global {
	WBXML_SWITCH_PAGE = 0x00, WBXML_END = 0x01, WBXML_ENTITY = 0x02, WBXML_STR_I = 0x03,
	WBXML_LITERAL = 0x04, WBXML_EXT_I = 0x40, WBXML_PI = 0x43, WBXML_EXT_T = 0x80, WBXML_STR_T = 0x83, WBXML_OPAQUE = 0xC3
};
enum { WBXML_12 = 0x02, WBXML_13 = 0x03 };		/* version octets */
enum {
	WBXML_HAS_ATTRS = 0x80, WBXML_HAS_CONTENT = 0x40, WBXML_TAG_MASK = 0x3F,
	WBXML_TOKEN_MIN = 0x05, WBXML_VALUE_MIN = 0x80, WBXML_MIB_UTF8 = 106
};

#define V(token) [(token) - WBXML_VALUE_MIN]	/* place of an attribute value in its table */

struct wbxml_start {
	const char *name;
	const char *prefix;		/* how the value starts; NULL: nothing known of it */
};

struct wbxml_tag_page {
	const char *const *names;	/* [0x40] */
	const char *xmlns;		/* name space that its elements imply, or NULL */
};

struct wbxml_attr_page {
	const struct wbxml_start *starts;	/* [0x80] */
	const char *const *values;		/* [0x80], first is token 80 */
};

enum wbxml_opaque { OPAQUE_NONE, OPAQUE_BASE64, OPAQUE_DATA };

struct wbxml_table {
	const char *media;		/* binary form; NULL: not to be found by type */
	const char *text_media;
	const char *public_name;
	uint32_t public_id;
	const char *root;
	const struct wbxml_tag_page *tags;
	size_t n_tags;
	const struct wbxml_attr_page *attrs;
	size_t n_attrs;
	const char *dates[2];		/* attributes that carry a date as OPAQUE */
	enum wbxml_opaque opaque;	/* in content: refused, base64, or data of any kind */
	const char *opaque_tag;		/* of OPAQUE_BASE64: the element whose base64 text travels so */
	bool variables;			/* $(name) in text and values has tokens; $$ is a dollar */
};

extern const struct wbxml_table wbxml_si, wbxml_sl, wbxml_co, wbxml_emn, wbxml_drm_rights,
    wbxml_prov, wbxml_syncml_10, wbxml_syncml_11, wbxml_syncml_12, wbxml_wml, wbxml_wml_11, wbxml_wml_12;

/* Does UTF-8 text hold U+FFFE or U+FFFF? *at: the first. */
bool wbxml_has_noncharacter(struct span s, size_t *at);

/* NULL when there is none. */
const struct wbxml_table *wbxml_table_for_media(const char *media);
const struct wbxml_table *wbxml_table_for_id(uint32_t public_id);
const struct wbxml_table *wbxml_table_for_name(struct span public_name);

#endif
