/*
 * pap.h - PAP documents: the control entity of a request in, responses and notifications out.
 * Spec: WAP-247-PAP-20010429-a (2.0) with SIN 100; PAP 1.0 and 2.1 differences as doc/guide.md lists them.
 */
#ifndef PPG_PAP_H
#define PPG_PAP_H

#include <stdbool.h>
#include <time.h>

#include "base/buf.h"
#include "ppg/address.h"
#include "ppg/mime.h"

/* PAP status codes (8.13, table 1). */
enum pap_status {
	PAP_OK = 1000, PAP_ACCEPTED = 1001,
	PAP_BAD_REQUEST = 2000, PAP_FORBIDDEN = 2001, PAP_ADDRESS_ERROR = 2002,
	PAP_ADDRESS_NOT_FOUND = 2003, PAP_PUSH_ID_NOT_FOUND = 2004, PAP_CAPABILITIES_MISMATCH = 2005,
	PAP_CAPABILITIES_UNSUPPORTED = 2006, PAP_DUPLICATE_PUSH_ID = 2007, PAP_CANCEL_IMPOSSIBLE = 2008,
	PAP_INTERNAL_ERROR = 3000, PAP_NOT_IMPLEMENTED = 3001, PAP_VERSION_UNSUPPORTED = 3002,
	PAP_NOT_POSSIBLE = 3003, PAP_CAPABILITY_MATCH_UNSUPPORTED = 3004,
	PAP_MULTIPLE_ADDRESSES_UNSUPPORTED = 3005, PAP_TRANSFORMATION_FAILURE = 3006,
	PAP_DELIVERY_METHOD_IMPOSSIBLE = 3007, PAP_CAPABILITIES_UNAVAILABLE = 3008,
	PAP_NETWORK_UNAVAILABLE = 3009, PAP_BEARER_UNAVAILABLE = 3010,
	PAP_REPLACEMENT_UNSUPPORTED = 3011, PAP_SERVICE_FAILURE = 4000, PAP_SERVICE_UNAVAILABLE = 4001
};
const char *pap_status_name(int code);		/* "Duplicate push ID"; NULL if unknown */
/* A code as it is to be understood (8.13): itself, x000 of its class if unknown, 0 when it is no code. */
int pap_status_effective(int code);

/* ---- versions (chapters 9 and 11) ------------------------------------------------------ */

struct pap_version { uint8_t major, minor; };

enum { PAP_VERSIONS_MAX = 16, PAP_MINOR_ANY = 255, PAP_VERSION_SIZE = 8 };

bool pap_version_served(struct pap_version v);	/* 1.x and 2.x */
void pap_versions_served(struct sbuf *out);		/* the same as wap-pap-ver lists it: "2.*,1.*" */
struct pap_version pap_version_newest(void);		/* the one that a request without DOCTYPE is taken for */
/* May it have elements and attributes that no text here knows? They are ignored then (9.3). */
bool pap_version_extended(struct pap_version v);
void pap_version_print(struct pap_version v, char out[PAP_VERSION_SIZE]);
/* "2.0" as stored with a push; an unreadable text gives 1.0. */
struct pap_version pap_version_parse(const char *text);

/* ---- what initiators get wrong ----------------------------------------------------------- */

/* Each is a boolean key of group ppg: its name, field, default and what it means when it is true. */
#define PAP_LENIENCY(X) \
	X("lenient-no-doctype", no_doctype, true, \
	  "take a PAP document without a public identifier for the newest version") \
	X("lenient-public-id", public_id, true, \
	  "take public identifiers that are not written as in the specification") \
	X("lenient-no-version", no_version, true, "take a public identifier without a version for PAP 1.0") \
	X("lenient-system-id", system_id, true, "take any system identifier") \
	X("lenient-version-place", version_place, true, "read wap-pap-ver outside of the DOCTYPE, too") \
	X("lenient-word-case", word_case, false, "take words of the DTD in any case, such as UNCONFIRMED") \
	X("lenient-time-case", time_case, true, "take times with a small t or z") \
	X("lenient-response-address", response_address, true, \
	  "take answers to notifications with none or several addresses") \
	X("lenient-line-ends", mime.line_ends, true, "take a bare line feed as line end of a multipart body") \
	X("lenient-preamble", mime.preamble, true, "take text before the first and behind the last boundary") \
	X("lenient-boundary", mime.boundary, true, "take a boundary without the quotes that its characters need") \
	X("lenient-no-closing", mime.no_closing, false, "take a body without the closing boundary") \
	X("lenient-transfer-encoding", mime.transfer_encoding, true, \
	  "take parts in base64 and quoted-printable, which HTTP does not need") \
	X("lenient-charset", charset, true, "take a charset parameter other than utf-8 on the control entity") \
	X("lenient-start", start, true, "take a start parameter that names the first part") \
	X("lenient-no-type", no_type, true, "take multipart/related without type=\"application/xml\"") \
	X("lenient-text-xml", text_xml, true, "take a control entity of type text/xml") \
	X("lenient-rdf-xml", rdf_xml, true, "take a capabilities entity of type application/rdf+xml") \
	X("lenient-outer-headers", outer_headers, true, \
	  "take X-Wap headers of the HTTP request where the content entity has none") \
	X("lenient-no-gateway", address.no_ppg, true, "take addresses without @ and the name of a gateway") \
	X("lenient-no-plus", address.no_plus, true, "take numbers without +, as the number rules understand them") \
	X("lenient-short-ipv6", address.short_ipv6, false, "take IPv6 addresses in shorter forms")

/* All false: the bare specification. */
struct pap_leniency {
	bool no_doctype, public_id, no_version, system_id, version_place;
	bool word_case, time_case, response_address;
	bool charset, start, no_type, text_xml, rdf_xml, outer_headers;
	struct mime_leniency mime;
	struct address_leniency address;
};

struct pap_leniency_key {
	const char *name;
	size_t offset;		/* of its bool in struct pap_leniency */
	bool def;
	const char *help;
};

extern const struct pap_leniency_key pap_leniency_keys[];	/* ended by a NULL name */
extern const struct pap_leniency pap_leniency_usual;		/* the defaults */
bool *pap_leniency_switch(struct pap_leniency *l, const struct pap_leniency_key *key);

/* ---- a request --------------------------------------------------------------------------- */

enum pap_message {
	PAP_NONE, PAP_PUSH, PAP_CANCEL, PAP_STATUSQUERY, PAP_CCQ,
	PAP_NOTIFICATION, PAP_NOTIFICATION_RESPONSE,
	PAP_OTHER		/* another response or badmessage-response */
};

enum {
	PAP_PUSH_ID_MAX = 256, PAP_ADDRESS_MAX = 512, PAP_URL_MAX = 2048, PAP_TEXT_MAX = 256
};

struct pap_qos {
	bool present;
	char priority[8], delivery_method[16], network[40], bearer[40];
	bool network_required, bearer_required;
};

struct pap_control {
	struct pap_version version;		/* of the DOCTYPE; the newest without one; 0.0 before either is known */
	struct pap_version known[PAP_VERSIONS_MAX];	/* wap-pap-ver, preferred first; minor may be ANY */
	size_t n_known;
	bool above_10;				/* the sender is known to support more than 1.0 */
	enum pap_message message;
	char name[32];				/* element name of the message */
	char *push_id;				/* heap; "" when absent */
	char **addresses;			/* address-value strings as written; heap */
	size_t n_addresses;
	char *notify_url, *source_reference, *query_id, *app_id, *replace_push_id;	/* heap or NULL */
	bool replace_pending_only;	/* replace-method */
	bool progress_notes;
	time_t deliver_before, deliver_after;	/* 0 absent */
	struct pap_qos qos;
	int response_code;			/* of a resultnotification-response or badmessage-response */
	/* DTD or value error: first sentence; the code is PAP_BAD_REQUEST */
	bool invalid;
	struct why invalid_why;
};

/*
 * Parse one control entity. Returns OK (look at c->invalid next), or
 *	ERR_SYNTAX, ERR_LIMIT	no PAP document: badmessage-response 2000 with *why
 *	ERR_UNSUPPORTED		a version we do not serve: badmessage-response 3002, see pap_reply_version
 * max_addresses bounds the addresses; l may be NULL: the bare specification. pap_control_done frees in every case.
 * A badmessage-response is ERR_SYNTAX as any document that is no request, with its response_code in *c.
 */
int pap_parse(struct span doc, const char *charset, size_t max_addresses, const struct pap_leniency *l,
    struct pap_control *c, struct why *why);
void pap_control_done(struct pap_control *c);
/* The version an answer is written in (9.4): the request's, or the best common one, or 1.0. */
struct pap_version pap_reply_version(const struct pap_control *c);

/* ---- answers and notifications ------------------------------------------------------------- */

/*
 * The code to write in version v to the sender of `answer_to` (PAP_NONE: in a notification). Codes that
 * came with PAP 2.0 have a substitute in 1.0. All functions below call it themselves.
 */
int pap_status_for(struct pap_version v, enum pap_message answer_to, int code);

struct pap_writer {			/* what all documents of one gateway share */
	const char *product, *sender_address, *sender_name;
};

/* above_10: write the wap-pap-ver instruction. */
struct pap_note {			/* a progress-note of a push-response */
	const char *stage, *note;	/* note: NULL or its outcome */
	time_t time;
};
void pap_push_response(struct sbuf *out, const struct pap_writer *w, struct pap_version v, bool above_10,
    const char *push_id, int code, const char *desc, time_t reply_time, const struct pap_note *notes, size_t n_notes);
void pap_badmessage_response(struct sbuf *out, const struct pap_writer *w, struct pap_version v,
    bool above_10, int code, const char *desc, struct span fragment);
/* Quality of service as it was, for what goes to the initiator. */
struct pap_qos_used {
	const char *priority, *delivery_method, *network, *bearer;	/* NULL: left out */
};
/* One cancel-result or statusquery-result; several recipients may share it. */
struct pap_outcome {
	const char *const *addresses;	/* as submitted in the query */
	size_t n_addresses;		/* 0: it holds for every recipient */
	int code;
	const char *desc;		/* NULL: none */
	const char *state;		/* statusquery only */
	time_t event_time;		/* statusquery only; 0: none */
	const struct pap_qos_used *qos;	/* statusquery only; NULL: none */
};
/* n is at least 1. */
void pap_cancel_response(struct sbuf *out, const struct pap_writer *w, struct pap_version v, bool above_10,
    const char *push_id, const struct pap_outcome *results, size_t n);
void pap_statusquery_response(struct sbuf *out, const struct pap_writer *w, struct pap_version v, bool above_10,
    const char *push_id, const struct pap_outcome *results, size_t n);
/* address and query_id as in the query; query_id may be NULL. The capabilities entity is the caller's. */
void pap_ccq_response(struct sbuf *out, const struct pap_writer *w, struct pap_version v, bool above_10,
    const char *query_id, const char *address, int code, const char *desc);
/* cancel-, statusquery- and ccq-response of an operation that is refused as a whole. */
void pap_refuse_operation(struct sbuf *out, const struct pap_writer *w, struct pap_version v,
    const struct pap_control *c, int code, const char *desc);

struct pap_result {
	const char *push_id, *address, *state, *desc;
	int code;
	time_t received, event_time;
	const struct pap_qos_used *qos;	/* NULL: the submission had no quality-of-service element */
};
void pap_resultnotification(struct sbuf *out, const struct pap_writer *w, struct pap_version v,
    bool above_10, const struct pap_result *r);

/* ---- requests, for ppgctl and the benchmark: control entities alone ------------------------- */

struct pap_submit {			/* NULL: left out; version NULL: "2.0" */
	const char *push_id, *notify_url, *deliver_before, *deliver_after, *version;
	const char *const *addresses;
	size_t n_addresses;
	const char *source_reference, *replace_push_id;
	bool replace_pending_only, progress_notes;
	const char *priority, *delivery_method, *network, *bearer;	/* quality of service */
	bool network_required, bearer_required;
};
void pap_push_message(struct sbuf *out, const struct pap_submit *s);
/* message: PAP_CANCEL or PAP_STATUSQUERY; without addresses it is about all recipients. */
void pap_operation_message(struct sbuf *out, const char *version, enum pap_message message, const char *push_id,
    const char *const *addresses, size_t n);
void pap_ccq_message(struct sbuf *out, const char *version, const char *query_id, const char *app_id,
    const char *address);

#endif
