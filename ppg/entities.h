/*
 * entities.h - the body of a PAP request as its entities: control, content, capabilities.
 * Spec: WAP-247-PAP 7; RFC 2387 (multipart/related).
 */
#ifndef PPG_ENTITIES_H
#define PPG_ENTITIES_H

#include "ppg/mime.h"
#include "ppg/pap.h"

struct entities {			/* borrowed from the request, but for heap */
	struct mime_part parts[MIME_PARTS_MAX];	/* control, content, capabilities */
	size_t n_parts;			/* 0: the body is the control entity alone */
	struct span control;
	char *heap;			/* the control entity when it had a transfer encoding: the caller frees it, last */
	char charset[40];		/* of the control entity as the MIME header has it, or "" */
	struct span fragment;		/* after a failure: what to show of it */
};

/* Take a body apart. Any failure (with *why) is a badmessage-response 2000. */
int entities_split(const char *content_type, struct span body, const struct pap_leniency *l, struct entities *e,
    struct why *why);

/*
 * The capabilities entity of a submission, its transfer encoding undone: *rdf empty when there is none. *heap, which
 * the caller frees, may hold it. ERR_SYNTAX, ERR_LIMIT, ERR_UNSUPPORTED with *why.
 */
int entities_capabilities(const struct entities *e, const struct pap_leniency *l, struct span *rdf, char **heap,
    struct why *why);

#endif
