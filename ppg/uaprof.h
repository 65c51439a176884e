/*
 * uaprof.h - what a client can take as a push: the PushCharacteristics of its user agent profile.
 * Spec: WAP-248-UAProf 6.3 (vocabulary); WAP-247-PAP 10 (assumed capabilities), 8.10 (queries).
 *
 * A profile is RDF in XML. Namespace prefixes and schema versions differ, so names are matched by what stands behind
 * the colon, wherever they stand. A list is written as Bag, Seq or Alt, or as one value alone; a value as text or as
 * rdf:resource; any of them also as an attribute of an element. What stands inside "Defaults" gives way to what stands
 * elsewhere; else the last one of a name counts. An empty list says nothing. Entity declarations are refused, as in all
 * XML of strangers (base/xml.h).
 */
#ifndef PPG_UAPROF_H
#define PPG_UAPROF_H

#include <stdbool.h>

#include "base/buf.h"

enum { UAPROF_DOC_MAX = 128 * 1024, UAPROF_ITEMS_MAX = 128, UAPROF_ITEM_MAX = 255 };

enum uaprof_list_name {
	UAPROF_ACCEPT,			/* Push-Accept: media types */
	UAPROF_ACCEPT_CHARSET,
	UAPROF_ACCEPT_ENCODING,
	UAPROF_ACCEPT_LANGUAGE,		/* in order of preference */
	UAPROF_ACCEPT_APP_ID,		/* "*" is any */
	UAPROF_LISTS
};

struct uaprof_list {
	char **items;			/* heap */
	size_t n;			/* 0: not stated */
};

struct uaprof {
	struct uaprof_list lists[UAPROF_LISTS];
	bool has_msg_size, has_max_push_req;
	uint32_t msg_size;		/* Push-MsgSize: octets of the largest message */
	uint32_t max_push_req;		/* Push-MaxPushReq: outstanding pushes */
};

/*
 * Read a profile. charset as xml_parse. ERR_SYNTAX or ERR_LIMIT with *why. A profile without any push attribute is good
 * and says nothing. uaprof_done frees in every case.
 */
int uaprof_read(struct span rdf, const char *charset, struct uaprof *out, struct why *why);
void uaprof_done(struct uaprof *u);

/* A message as it goes on air. */
struct uaprof_facts {
	const char *content_type;	/* media type, without parameters */
	const char *text_type;		/* the one it had before it was compiled, which a client may list instead; or NULL */
	const char *app_id;		/* as a URI; NULL: the WML user agent, the one that is not written */
	const char *charset;		/* NULL: none, or known by the media type */
	size_t octets;			/* of header block and body */
};

/*
 * May this message go to this client? Four attributes matter, in this order: Push-Accept-AppID (the application), Push-Accept
 * (the media type; "text/...", "*" and parameters as in HTTP), Push-Accept-Charset (when the message names a charset),
 * Push-MsgSize (its octets). An attribute that a profile does not state allows everything. The first one by which
 * `actual` refuses the message decides:
 *	2005	`assumed` states the attribute and allows the message by it: the initiator was wrong about the client
 *	2006	else: the client cannot take it, and nobody thought that it could
 * Where `actual` allows all four the answer is 0, whatever was assumed: the message can be delivered. Languages are
 * a preference, encodings and the number of pushes under way are the bearer's business: they do not count.
 * assumed may be NULL. *why names the attribute.
 */
int uaprof_match(const struct uaprof *assumed, const struct uaprof *actual, const struct uaprof_facts *facts,
    struct why *why);

/*
 * Narrow a profile to one application, for a query that names it: Push-Accept-AppID, where it is stated, becomes that id.
 * False, and nothing changes, when the client does not take it.
 */
bool uaprof_filter(struct uaprof *u, const char *app_id);

/* A profile of its PushCharacteristics alone, as RDF. */
void uaprof_print(const struct uaprof *u, struct sbuf *out);

#endif
