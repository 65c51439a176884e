/*
 * wsp.h - connectionless WSP Push PDU and its headers, our own table-driven codec.
 * Spec: WAP-230-WSP-20010705-a 8.2.4.1 (PDU), 8.4 (headers); WAP-235-PushOTA 6 and 7.
 *
 * Pure: no I/O; only text in a struct sbuf is allocated. Every function may be called from any
 * thread. Offsets in a struct why count from the start of the span that was given, for headers from
 * the start of the header block.
 */
#ifndef WAP_WSP_H
#define WAP_WSP_H

#include "base/buf.h"

enum {
	WSP_PDU_PUSH = 0x06,
	WSP_PDU_CONFIRMED_PUSH = 0x07,
	WSP_HEADERS_MAX = 8192,		/* octets of an encoded header block we make or take */
	WSP_VALUE_MAX = 2100		/* octets of one textual header value */
};

/* ---- the PDU -------------------------------------------------------------------------- */

struct wsp_push {
	uint8_t tid;		/* transaction id chosen by the server */
	uint8_t type;		/* WSP_PDU_PUSH or WSP_PDU_CONFIRMED_PUSH */
	struct span headers;	/* content type first, then headers; borrowed */
	struct span data;	/* body octets; borrowed */
};

/*
 * Decode one PDU (starting at the TID), PDU level only: use wsp_headers_* for the rest.
 * *why names field and offset. Returns OK, ERR_SHORT, ERR_SYNTAX, ERR_LIMIT (WSP_HEADERS_MAX).
 */
int wsp_push_decode(struct span in, struct wsp_push *out, struct why *why);
/* TID, type, HeadersLen, headers, data. ERR_FULL through w->err. */
void wsp_push_encode(struct wbuf *w, const struct wsp_push *push);

/* ---- headers, as text <-> octets -------------------------------------------------------- */

/*
 * Encode a Content-Type given as text ("application/vnd.wap.connectivity-wbxml; SEC=USERPIN;
 * MAC=..", parameters in order, quoted or not) in its shortest form: constrained when there are
 * no parameters and the code is short, general form else; text for types without a code.
 * SEC takes its name or number and becomes 91 8x, MAC 92 text. ERR_SYNTAX/ERR_LIMIT with *why;
 * ERR_FULL (also in w->err) when there is no room. After any other error w is as it was before.
 */
int wsp_content_type_encode(struct wbuf *w, struct span value, struct why *why);
/*
 * Encode one header field from its textual name and value: by its code and binary value form
 * where the table has one with a code below 38 hex, else as text. Values that cannot be put
 * into the binary form (an unparsable date, say) are ERR_SYNTAX with *why.
 * X-Wap-Application-Id follows ppg-service.md 2.1 (registered ids numerically; "uri;app-encoding=HEX";
 * 1-8 hex digits); Push-Flag takes a decimal number 0..127. The members of a list ("gzip, deflate")
 * become fields of their own. Errors as above.
 */
int wsp_header_encode(struct wbuf *w, struct span name, struct span value, struct why *why);

/* One decoded header (or content type, or its parameter). */
struct wsp_header {
	int code;		/* well-known code of page 1 (other pages: above FFFF), -1: textual name */
	struct span raw_name;	/* of a textual name; borrowed */
	struct span raw;	/* encoded value; borrowed */
	size_t offset;		/* of the field in the header block */
};

/*
 * Walk an encoded header block: first the content type, then every field.
 *	struct wsp_walk walk;
 *	wsp_walk_start(&walk, push.headers);
 *	while (wsp_walk_next(&walk, &h)) ...
 *	if (walk.err) ... walk.why
 */
struct wsp_walk {
	struct rbuf r;
	struct span content_type;	/* encoded Content-Type value */
	unsigned page;			/* code page of the names that follow */
	int err;
	struct why why;
};
void wsp_walk_start(struct wsp_walk *walk, struct span headers);
bool wsp_walk_next(struct wsp_walk *walk, struct wsp_header *h);

/* Name of a header, e.g. "X-Wap-Application-Id"; "0xNN" for an unknown code. Into out. */
void wsp_header_name(const struct wsp_header *h, struct sbuf *out);
/*
 * Its value in textual form, UTF-8 (dates as HTTP dates, ids by name, unknown values as "0x" and
 * hex), added to out. ERR_SYNTAX/ERR_RANGE, out unchanged, for a value that the field cannot have.
 */
int wsp_header_value(const struct wsp_header *h, struct sbuf *out, struct why *why);

/* A content type taken apart. Spans and strings live in the struct or point into the input. */
enum { WSP_PARAMS_MAX = 8, WSP_MEDIA_MAX = 256 };
struct wsp_param {
	char name[64];		/* "charset", "SEC", "MAC", or as written */
	char value[256];	/* as text: "utf-8", "USERPIN", hex digits */
};
struct wsp_content_type {
	char media[WSP_MEDIA_MAX];	/* as registered, else lower case; unknown codes as "0xNN" */
	int code;			/* -1 when it was text */
	struct wsp_param params[WSP_PARAMS_MAX];
	size_t n_params;
};
int wsp_content_type_decode(struct span raw, struct wsp_content_type *out, struct why *why);
/* Value of a parameter by name in any case, or NULL. */
const char *wsp_content_type_param(const struct wsp_content_type *ct, const char *name);

/* ---- what every receiver of a push wants to know ------------------------------------------ */

struct wsp_push_info {
	struct wsp_content_type type;
	char app_id[300];	/* textual id ("x-wap-application:mms.ua", "0x1234" if unknown); "" absent */
	int n_app_ids;
	int push_flag;		/* bitwise AND of all; -1 absent; an unparsable one counts as 0 (R-FLAG) */
	char initiator_uri[WSP_VALUE_MAX]; /* first; "" absent */
	char content_uri[WSP_VALUE_MAX], content_location[WSP_VALUE_MAX], ms_desc[WSP_MEDIA_MAX];
};
/* Decode content type and all headers; every field must parse. */
int wsp_push_info(struct span headers, struct wsp_push_info *out, struct why *why);

/* ---- tables --------------------------------------------------------------------------------- */

int wsp_content_code(struct span media);		/* media type in any case; -1 */
const char *wsp_content_name(int code);			/* NULL */
/* Lowest code of a registered application id, textual forms normalised; -1. */
int64_t wsp_app_id_code(struct span uri);
const char *wsp_app_id_name(uint32_t code);		/* NULL */
int wsp_header_code(struct span name);			/* -1 */
int wsp_charset_mib(struct span name);			/* IANA MIBenum; -1 */
const char *wsp_charset_name(uint32_t mib);		/* NULL */

#endif
