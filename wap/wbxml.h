/*
 * wbxml.h - bounded, table-driven WBXML decoder for the documents a push carries.
 * Spec: WAP-192-WBXML-20010725-a; token tables of SI, SL, CO, EMN, provisioning, DRM rights, SyncML DM.
 *
 * It reads octets from outside; libwbxml, which aborts on some, only stands beside it in tests.
 * Encoding is in content.h.
 */
#ifndef WAP_WBXML_H
#define WAP_WBXML_H

#include "base/buf.h"

enum { WBXML_DEPTH_MAX = 32, WBXML_MAX = 256 * 1024 };

struct wbxml_attr {
	struct span name, value;	/* UTF-8; valid during the call */
	bool has_value;			/* false: a start token and nothing behind it; value is "" */
};

/*
 * A provisioning parm without value has no attribute "value"; an empty one has it with value "".
 * Elements of SyncML carry the attribute xmlns where the name space changes.
 */
struct wbxml_events {		/* each returns OK or an error that stops; any may be NULL */
	int (*start)(void *ctx, struct span name, const struct wbxml_attr *attrs, size_t n, struct why *why);
	int (*text)(void *ctx, struct span text, struct why *why);
	/* Data of a SyncML item. Dates arrive as text, keys of DRM rights as base64 text. */
	int (*opaque)(void *ctx, struct span octets, struct why *why);
	int (*end)(void *ctx, struct span name, struct why *why);
};

/*
 * Walk a document. `media` is the media type it came with (it decides the tables; where it is
 * NULL or has none, the public id does). All octets are checked: string table bounds, lengths, terminators, entities,
 * pages, nesting, balance, date octets, nothing after the end.
 * Errors carry the offset. Returns OK, ERR_SHORT, ERR_SYNTAX, ERR_LIMIT, ERR_UNSUPPORTED (no tables).
 */
int wbxml_walk(struct span in, const char *media, const struct wbxml_events *ev, void *ctx, struct why *why);
/*
 * Read the prologue alone. *media is the type that the public id stands for, NULL where that
 * leaves it open (SyncML). Errors as above: ERR_UNSUPPORTED when there are no tables for it.
 */
int wbxml_identify(struct span in, const char **media, struct why *why);
/* Check only. */
int wbxml_check(struct span in, const char *media, struct why *why);
/* The document as XML text (no declaration, no DOCTYPE, no white space added). */
int wbxml_to_xml(struct span in, const char *media, struct sbuf *out, struct why *why);

#endif
