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

/* Walk a document in textual or binary form with the call-backs of wbxml.h. */
int content_walk(const char *media, struct span body, const struct wbxml_events *ev, void *ctx,
    struct why *why);

/* A name of the document for a sentence; what is in *buf is freed by the caller. */
const char *content_quote(struct sbuf *buf, struct span name);
bool content_is_blank(struct span text);

#endif
