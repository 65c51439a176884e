/* content_int.h - between the files of content.h; nobody else includes this. */
#ifndef WAP_CONTENT_INT_H
#define WAP_CONTENT_INT_H

#include "wap/content.h"
#include "wap/wbxml.h"

/* A parameter of a Content-Type text; value is "" when there is none. */
struct type_text {
	struct span media;		/* trimmed */
	struct span rest;		/* parameters, from the first ';' */
	char charset[64];		/* "" without one */
};
int content_type_parse(struct span type, struct type_text *out, struct why *why);

/* Check a textual SI, SL, CO or EMN document and add its binary form, WBXML 1.2, to *out. */
int content_service_encode(enum content_kind kind, struct span body, const char *charset,
    struct sbuf *out, struct why *why);
/* The same for a provisioning document, WBXML 1.3. */
int content_prov_encode(struct span body, const char *charset, struct sbuf *out, struct why *why);

/* The same for a document whose names all have tokens in the tables of `media`. */
int content_tree_encode(const char *media, struct span body, const char *charset, struct sbuf *out, struct why *why);
/* A WML deck. */
int content_wml_encode(struct span body, const char *charset, struct sbuf *out, struct why *why);
/* JSON of the fields of an MMS PDU or a DM notification -> its octets. */
int content_fields_encode(enum content_kind kind, struct span body, struct sbuf *out, struct why *why);
/* Octets of an MMS PDU, a DM notification or SUPL INIT: of the form they should have? */
int content_fields_check(enum content_kind kind, struct span body, struct why *why);

/* Is a binary multipart well formed, in all its parts? */
int content_parts_check(struct span body, unsigned depth, struct why *why);

/* Walk a document in textual or binary form with the call-backs of wbxml.h. */
int content_walk(const char *media, struct span body, const struct wbxml_events *ev, void *ctx,
    struct why *why);

/* A name of the document for a sentence; what is in *buf is freed by the caller. */
const char *content_quote(struct sbuf *buf, struct span name);
bool content_is_blank(struct span text);
struct span content_trim(struct span text);	/* XML's white space at both ends */

#endif
