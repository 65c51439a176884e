/*
 * admit_int.h - what the files of the admission share.
 *
 *	admit.c			entities, PAP document, times, notification target; the order of all checks
 *	admit_address.c		addresses become recipients
 *	admit_route.c		quality of service, wanted links, priority
 *	admit_content.c		the content entity, its headers, the message as it goes on air
 *	admit_multipart.c	content of several parts
 *	admit_sign.c		the MACs of a document that the gateway signs
 *	admit_capabilities.c	what the initiator assumes of devices, against what is known of them
 *	admit_device.c		what the devices will do with it
 *	admit_policy.c		what controls say, and what follows from both
 *	admit_predicted.c	the same for the store
 */
#ifndef PPG_ADMIT_INT_H
#define PPG_ADMIT_INT_H

#include "base/json.h"
#include "ppg/admit.h"
#include "ppg/entities.h"
#include "ppg/signature.h"
#include "wap/content.h"

struct content_part {
	struct mime_header headers[MIME_HEADERS_MAX];
	size_t n_headers;
	struct span type, body;
	char *decoded;			/* heap behind body, or NULL */
};

/* A check's answer: 0 = go on, else the PAP code, with the sentence in a->why. */
int admit_refuse(struct admission *a, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

int admit_addresses(const struct admit_config *cf, const struct admit_request *rq, struct admission *a);
/* Wishes of the push into *wish; are there links for it? */
int admit_route(const struct admit_config *cf, const struct admit_request *rq, struct admission *a);
/* With groups route: what their rules ask for, into the wishes; before the body is made. */
void admit_route_facts(const struct admit_config *cf, const struct admit_request *rq, struct admission *a);
/* Is there a link for each recipient's number? The content is ready. */
int admit_carriers(const struct admit_config *cf, struct admission *a);
int admit_content(const struct admit_config *cf, const struct admit_request *rq, struct admission *a,
    const struct entities *e);
/* content_prepare, and textual multiparts as well. */
int admit_prepare(struct span type, struct span body, const struct mime_leniency *l, bool no_transform, struct content *out,
    struct why *why);
/* The recipients' devices against the capabilities entity and what is known of them; the content is ready. */
int admit_capabilities(const struct admit_config *cf, const struct admit_request *rq, struct admission *a,
    const struct entities *e);

/* What the gateway signs, while the message is made. */
struct signing {
	struct signature how;		/* sec PROV_SEC_NONE: it signs nothing */
	char pin[PROV_PIN_MAX + 1];	/* of the user; "" */
	struct sbuf type;		/* the content type for the header block, without the MAC to be made */
	uint8_t *block;			/* heap: the header block with a MAC */
	size_t block_n, mac_at;
};
/* Is it to be signed, and may it be? Fills sg->type in any case of 0. ADMIT_READER: the network's keys are in the store. */
int admit_sign_begin(const struct admit_config *cf, const struct admit_request *rq, struct admission *a,
    const struct content_part *part, const struct content *content, struct signing *sg);
/*
 * Makes the MACs over `body`: into the recipients' overlays, or into the shared block, which *headers then is (it lives in
 * sg). air_n: octets of a header block on air.
 */
int admit_sign(const struct admit_config *cf, const struct admit_request *rq, struct admission *a, struct signing *sg,
    struct span body, struct span *headers, size_t *air_n);
void admit_sign_done(struct signing *sg);		/* cleanses */
/* Overwrites the user's PIN in the request. */
void admit_sign_forget(const struct content_part *part);
/* What the facts of a message say of recipient i: its own MAC, kept in `mac`. Facts of other messages stay as they are. */
void admit_sign_facts(const struct admission *a, uint32_t i, struct push_facts *f, char mac[PROV_MAC_HEX + 1]);

/* A control refuses the push before its content is ready: as a log line and an answer that name it. */
int admit_control_refuse(const struct admit_request *rq, struct admission *a, unsigned control, int code, const char *text);
enum { DEVICES_MAX = 32 };		/* different devices of one push that are held at once */

/* What was decided for a device; `text` is what tells devices apart. */
struct decided {
	char *text;			/* heap; may hold an IMSI */
	struct policy_device *own;	/* heap; NULL: it is the one of all that nobody knows */
	const struct policy_device *dev;
	uint32_t index;			/* of its prediction */
	struct prediction p;
};

/* Those of one push. The caller fills the first members and keeps what they point to. */
struct decisions {
	struct subscribers *subscribers;
	struct store_reader *reader;
	struct admission *a;
	const struct policy_device *unknown;	/* NULL: nothing is predicted for devices that nobody knows */
	struct push_facts *facts;
	const char *from;
	struct sbuf first;		/* the first few predictions, for the audit row */
	enum policy_outcome outcome;	/* of the first */
	struct decided list[DEVICES_MAX];
	size_t n;
};
/* sub NULL: nobody knows it. Valid until the next; NULL: nothing can be said. A new prediction goes into the admission. */
const struct decided *admit_decide(struct decisions *all, const struct subscriber *sub);
void admit_decisions_done(struct decisions *all);
/* Its place among the different ones of the push; one that comes again after many others may get a second place. */
uint32_t admit_keep_prediction(struct admission *a, const struct prediction *p);

/* Must the store be asked what is known of the recipients? */
bool admit_policy_reads(const struct admit_config *cf);
/* The recipients' devices and what they will do; the content is ready. */
int admit_policy(const struct admit_config *cf, const struct admit_request *rq, struct admission *a);
/* For the store: the prediction that all recipients have, into the push's meta, which is a JSON object or empty. */
void admit_policy_meta(const struct admission *a, struct sbuf *meta);
/* Recipient i will end undeliverable by itself. */
void admit_hold(struct admission *a, uint32_t i, int code, const char *text);
/* Recipient i waits for an operator. */
void admit_quarantine(struct admission *a, uint32_t i, const char *text);

#endif
