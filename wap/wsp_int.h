/*
 * wsp_int.h - what the files of the WSP codec share; nobody else includes it.
 * Spec: WAP-230-WSP-20010705-a 8.4.1 (field structure), 8.4.2 (value forms), appendix A (numbers).
 */
#ifndef WAP_WSP_INT_H
#define WAP_WSP_INT_H

#include "wap/wsp.h"

/* ---- tables (wsp_tables.c) ---------------------------------------------------------- */

/* The form of a header's value (8.4.2). */
enum wsp_kind {
	WSP_KIND_TEXT,		/* text-string */
	WSP_KIND_URI,		/* the same, US-ASCII */
	WSP_KIND_INTEGER,	/* integer-value, delta-seconds */
	WSP_KIND_DATE,
	WSP_KIND_TOD,		/* a date, or nothing */
	WSP_KIND_TEXT_OR_DATE,
	WSP_KIND_RETRY,		/* value-length, which of the two, date or seconds */
	WSP_KIND_FLAG,		/* Push-Flag */
	WSP_KIND_APP_ID,
	WSP_KIND_APP_LIST,	/* the same, and 80 for any */
	WSP_KIND_BEARER,
	WSP_KIND_TOKEN,		/* a code of the row's own table, or text */
	WSP_KIND_LANGUAGE,
	WSP_KIND_FIELD,		/* name of a header field */
	WSP_KIND_MD5,
	WSP_KIND_VERSION,
	WSP_KIND_CACHE,
	WSP_KIND_DISPOSITION,
	WSP_KIND_MEDIA,
	WSP_KIND_ACCEPT_CHARSET,
	WSP_KIND_ACCEPT_TOKEN,
	WSP_KIND_ACCEPT_LANGUAGE,
	WSP_KIND_RANGE,		/* Content-Range */
	WSP_KIND_WARNING,
	WSP_KIND_OPAQUE,	/* shown as hexadecimal, made as text */
	WSP_KINDS
};

struct wsp_token {
	uint8_t code;
	const char *name;	/* NULL ends a table */
};

struct wsp_field {
	uint8_t code;
	const char *name;
	enum wsp_kind kind;
	bool list;			/* "a, b" becomes two fields */
	const struct wsp_token *tokens;	/* WSP_KIND_TOKEN and its like */
};

enum {					/* field codes that the code itself names */
	WSP_HDR_CONTENT_LOCATION = 0x0E,
	WSP_HDR_CONTENT_TYPE = 0x11,
	WSP_HDR_APP_ID = 0x2F,
	WSP_HDR_CONTENT_URI = 0x30,
	WSP_HDR_INITIATOR_URI = 0x31,
	WSP_HDR_PUSH_FLAG = 0x34,
	WSP_HDR_CONTENT_ID = 0x40
};

enum {
	WSP_NAME_AS_TEXT = 0x38,	/* codes from here on are newer than encoding version 1.2 */
	WSP_FOREIGN_PAGE = 0x10000	/* wsp_header.code of other code pages: this + page * 256 + code */
};

const struct wsp_field *wsp_field_by_code(int code);		/* NULL */
const struct wsp_field *wsp_field_by_name(struct span name);	/* lowest code; NULL */

enum wsp_param_kind {
	WSP_PARAM_Q, WSP_PARAM_CHARSET, WSP_PARAM_VERSION, WSP_PARAM_INTEGER, WSP_PARAM_TEXT,
	WSP_PARAM_FIELD, WSP_PARAM_MEDIA, WSP_PARAM_NONE, WSP_PARAM_SEC, WSP_PARAM_DATE
};

struct wsp_param_row {
	uint8_t code;
	const char *name;
	enum wsp_param_kind kind;
	bool text_value;	/* WSP_PARAM_TEXT: text-value, else text-string */
	bool encode;		/* a sender uses the code: SEC, MAC, and what encoding version 1.2 has */
};

const struct wsp_param_row *wsp_param_by_code(uint64_t code);
const struct wsp_param_row *wsp_param_to_encode(struct span name);

extern const struct wsp_token wsp_sec_names[], wsp_cache_tokens[], wsp_disposition_tokens[];
const char *wsp_token_name(const struct wsp_token *table, uint64_t code);	/* NULL */
int wsp_token_code(const struct wsp_token *table, struct span name);		/* -1 */
const char *wsp_language_name(uint64_t code);			/* NULL */
int wsp_language_code(struct span name);			/* -1 */

/* An application id as code: one to eight hexadecimal digits (PPG service 5.1.2.1.2). */
bool wsp_app_id_hex(struct span s, uint64_t *code);

/* ---- dates (wsp_date.c) ------------------------------------------------------------- */

enum { WSP_DATE_SIZE = 30 };
/* "Fri, 02 Jan 2026 15:05:05 GMT"; ERR_RANGE after the year 9999. */
int wsp_date_print(uint64_t seconds, char out[WSP_DATE_SIZE]);
/* That form, and the two older ones of RFC 2616 3.3.1; not before 1970. ERR_SYNTAX. */
int wsp_date_parse(struct span s, uint64_t *seconds);

/* ---- values ------------------------------------------------------------------------- */

/* An encoded value, told apart by its first octet (8.4.1.2). */
enum wsp_form {
	WSP_SHORT,		/* 80..FF: `code` */
	WSP_TEXT,		/* 20..7F: `octets` without NUL and quote octet 7F */
	WSP_BLOCK		/* 00..1F: `octets` behind the length */
};
struct wsp_value {
	enum wsp_form form;
	uint8_t code;
	struct span octets;
};
/* Take one value; the reader remembers what was wrong. */
void wsp_value_take(struct rbuf *r, struct wsp_value *v);
/* Integer-value: short, or a block of 1 to 30 octets; ERR_SYNTAX, ERR_RANGE above 64 bits. */
int wsp_value_integer(const struct wsp_value *v, uint64_t *out);
/* Text without the opening (and a closing) quotation mark. */
struct span wsp_unquote(struct span text);

bool wsp_is_token(struct span s);		/* HTTP token, not empty */
bool wsp_is_token_char(uint8_t c);

/*
 * One parameter (8.4.2.4) of a value that r stands in; both name and value become text.
 * Offsets in *why count from the start of r.
 */
int wsp_param_take(struct rbuf *r, struct wsp_param *out, struct why *why);

/* ---- writing (wsp_encode_type.c) ---------------------------------------------------- */

enum { WSP_NO_BINARY = 1 };	/* of an encoder: no binary form for this value, send it as text */

void wsp_put_short(struct wbuf *w, unsigned code);
void wsp_put_long(struct wbuf *w, uint64_t v);			/* shortest form */
void wsp_put_integer(struct wbuf *w, uint64_t v);
void wsp_put_text(struct wbuf *w, struct span text);		/* text-string, quote octet if need be */
void wsp_put_text_value(struct wbuf *w, struct span text);	/* nothing, token or quoted-string */
void wsp_put_block(struct wbuf *w, struct span block);		/* with its value-length */
int wsp_decimal(struct span s, uint64_t max, uint64_t *out);	/* digits only; ERR_SYNTAX */

/* One parameter of "; name=value; name=\"quoted value\"". */
struct wsp_text_param {
	struct span name;
	char value[sizeof ((struct wsp_param *)0)->value];
	bool has_value;
};
/*
 * Take the next parameter off *rest, which starts behind the value or the parameter before.
 * OK with an empty name at the end.
 */
int wsp_text_param_take(struct span *rest, struct wsp_text_param *param, struct why *why);
int wsp_put_params(struct wbuf *w, struct span text, size_t max, struct why *why);
int wsp_put_media(struct wbuf *w, struct span value, struct why *why);
/* The end of an encoder: undo what was written (w->n was `before`), name the field. */
int wsp_encode_finish(struct wbuf *w, size_t before, int err, struct span name, struct why *why);

/* ---- text of values (wsp_print.c) --------------------------------------------------- */

/* Text as UTF-8: what is not UTF-8 is read as ISO 8859-1. ERR_SYNTAX for control characters. */
int wsp_print_text(struct span text, struct sbuf *out);
void wsp_print_code(uint64_t v, struct sbuf *out);		/* "0x" and at least two digits */
void wsp_print_version(uint8_t code, struct sbuf *out);
/* Push-Flag: 0..127, anything else counts as 0. */
int wsp_flag_value(struct span raw);

#endif
