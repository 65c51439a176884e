/*
 * admit.h - the admission of one submission: from the octets of a request to what the store writes,
 * or to the PAP answer that says why not. Runs on the HTTP thread; no I/O.
 * Facts: order of checks as WAP-247 and doc/guide.md have it; gateway controls (control.h).
 */
#ifndef PPG_ADMIT_H
#define PPG_ADMIT_H

#include <stdatomic.h>
#include <sys/socket.h>

#include "ppg/access.h"
#include "ppg/address.h"
#include "ppg/control.h"
#include "ppg/number.h"
#include "ppg/pap.h"
#include "ppg/predict.h"
#include "ppg/route.h"
#include "ppg/subscriber.h"
#include "store/store.h"

/* The rules. Immutable, counted references; a reload puts others in their place. */
struct admit_config {
	atomic_int refs;
	size_t max_control, max_content, max_addresses;	/* 12 MiB, 256 KiB, 100,000 */
	unsigned max_segments;		/* parts one message may take; at most 255 */
	int64_t max_age_s;		/* no push lives longer, whatever its deliver-before says */
	struct route_table *routes;
	char default_smsc[64];		/* wanted smsc-id of pushes that want none; "": none */
	struct netlist *notify_allow;
	const struct number_rules *numbers;	/* how a number is dialled */
	struct pap_leniency lenient;
	struct subscribers *subscribers;	/* NULL: nothing is known of anybody, nothing is predicted */
	struct control_rules *controls;	/* a reference */
	struct control_memory *memory;	/* lives longer; NULL: nothing is remembered */
	/* starts to look up who is not in the cache; any thread; NULL: nobody can be */
	void (*look_up)(void *arg, const char *number);
	void *look_up_arg;
	bool pin_over_http;		/* a user's PIN may come over plain HTTP from anywhere */
	bool dm_ef_imsi;		/* network ids of DM bootstraps are EF_IMSI octets instead of digits */
	bool default_app_id;		/* content without one gets that of its type */
};
/* A copy of the values; notify_allow and controls move in. What numbers and routes point to lives longer. */
struct admit_config *admit_config_create(const struct admit_config *values);
void admit_config_unref(struct admit_config *cf);

/* Where the rules in force are found. */
struct admit_table;
struct admit_table *admit_table_create(struct admit_config *cf);	/* the reference moves in */
void admit_table_destroy(struct admit_table **t);
void admit_table_replace(struct admit_table *t, struct admit_config *cf);
struct admit_config *admit_table_get(struct admit_table *t);	/* a new reference; any thread */

/* Where a request came from and what its HTTP headers say. */
struct admit_request {
	const char *content_type;	/* of the HTTP request */
	struct span body;
	const struct initiator *who;
	bool authenticated, tls;
	const struct sockaddr *peer;
	const char *peer_name;
	/* value of an outer X-Wap-* header, the fall-back of the part's; or NULL */
	const char *(*outer_header)(void *arg, const char *name);
	void *arg;
	struct store_reader *reader;	/* NULL: on a thread that must not read the store */
	time_t began;			/* when the request was here */
};

/* What an admission may end with beside PAP codes. */
enum {
	ADMIT_OPERATION = -1,		/* cancel, status query or capabilities query, well formed */
	ADMIT_READER = -2		/* the store must be asked: start again with a reader */
};
enum { ADMIT_NOT_PREDICTED = UINT32_MAX, ADMIT_LOOK_UP = UINT32_MAX - 1 /* when it is due */ };
enum { ADMIT_NOTES_MAX = 8 };

struct admission {
	struct pap_control control;
	int code;			/* PAP_ACCEPTED, ADMIT_..., or why not */
	enum access_reason reason;	/* the rule of its account that refused it; ACCESS_OK: none did */
	bool badmessage;		/* answer with badmessage-response */
	struct why why;
	struct span fragment;		/* of a badmessage; borrowed from the body */

	struct pap_note notes[ADMIT_NOTES_MAX];	/* stages, when the initiator wants to know them */
	char note_texts[ADMIT_NOTES_MAX][120];
	size_t n_notes;

	/* of an admitted push */
	struct store_recipient *recipients;	/* addresses point into control, numbers into `dials` */
	char (*dials)[48], **keys;
	uint32_t n_ip;			/* how many are IP addresses: none, or all */
	uint32_t n_recipients, n_held;	/* held: they begin in another state than the rest, */
	uint32_t n_quarantined;		/* of those: they wait for an operator; the others do not fit their device */
	bool privileged;		/* settings that E-20 looks at */
	bool first_use;			/* of such, and E-20 only warns: it has to be noted */
	enum store_priority priority;
	struct sbuf route;		/* route_wish as text */
	struct store_body *body;
	uint8_t *overlays;		/* heap behind the recipients' own header blocks; NULL: they have none */
	size_t mac_at;			/* where the MAC is in those; 0: no recipient has its own */
	uint32_t n_unsigned;		/* of the held: there is no key to sign theirs with */
	uint32_t n_unsigned_yet;	/* who is looked up, and signed for, when it is due */
	struct why unsigned_why;	/* of the first of them */
	const char *signed_with;	/* static: the method that the gateway signed with; NULL: it did not */
	bool weak_pin, pin_inside;	/* a PIN that the gateway signed with: easy to guess; in the message itself */
	char ota_pin[2 * PROV_PIN_MAX + 1];	/* what the user has to type (USERPINMAC), for the initiator alone; "" */
	char *content_type, *meta, *audit_detail;	/* heap */
	char *text_type, *app_id;	/* heap: media type as submitted; X-Wap-Application-Id, NULL without one */
	bool own_app_id;		/* the initiator named none: it is that of the content type */
	char *control_text;		/* heap: the control entity when it came in a transfer encoding */
	char **held_desc;		/* heap: why each of the held is held */
	char **predictions;		/* heap: the different ones of this push, as they are stored ... */
	size_t n_predictions;
	uint32_t *predicted;		/* heap: ... and which of them each recipient has; NULL: all the first, if there is one */
	struct control_findings findings;	/* what controls said of the whole push */
	struct control_marks *marks;	/* in the memory of controls; kept when the push is stored */
	struct store_memory *memory;	/* heap: the same for the store, of the chunk that is being stored */
	char *remark;			/* heap: of the chunk that is being stored */
	bool secret;			/* the content is a provisioning document or the like */
	unsigned segments;
	size_t pdu_octets;
	time_t received, deadline_at;
	char screen[8];			/* recipients are looked up when due, and refused or not; "": not */
};

/* Fills *a in every case; admission_done frees. */
void admit(const struct admit_config *cf, const struct admit_request *rq, struct admission *a);
void admission_done(struct admission *a);
/* An address-value, with the forms that this configuration takes; as address_parse. */
int admit_read_address(const struct admit_config *cf, const char *text, struct wappush *out, struct why *why);
/* For the store: what was predicted for the recipients of a chunk, where they differ; heap, or NULL. */
char *admit_policy_remark(const struct admission *a, uint32_t first, uint32_t n);
/* A stage of the work is done; kept only for an initiator that asked for progress notes. `stage` is static. */
void admission_note(struct admission *a, const char *stage, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
