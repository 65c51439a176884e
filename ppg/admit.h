/*
 * admit.h - the admission of one submission: from the octets of a request to what the store writes,
 * or to the PAP answer that says why not. Runs on the HTTP thread; no I/O.
 * Facts: order of checks as WAP-247 and doc/guide.md have it; gateway controls E-01, E-02, E-15.
 */
#ifndef PPG_ADMIT_H
#define PPG_ADMIT_H

#include <sys/socket.h>

#include "ppg/access.h"
#include "ppg/number.h"
#include "ppg/pap.h"
#include "store/store.h"

struct admit_config {
	size_t max_control, max_content, max_addresses;	/* 12 MiB, 256 KiB, 100,000 */
	unsigned max_segments;		/* parts one message may take; at most 255 */
	int64_t max_age_s;		/* a push without deliver-before ends after this */
	const struct netlist *notify_allow;
	const struct number_rules *numbers;	/* how a number is dialled */
};

/* Where a request came from and what its HTTP headers say. */
struct admit_request {
	const char *content_type;	/* of the HTTP request */
	struct span body;
	const struct initiator *who;
	bool authenticated;
	const struct sockaddr *peer;
	const char *peer_name;
	/* value of an outer X-Wap-* header, the fall-back of the part's; or NULL */
	const char *(*outer_header)(void *arg, const char *name);
	void *arg;
};

struct admission {
	struct pap_control control;
	int code;			/* PAP_ACCEPTED, or why not */
	enum access_reason reason;	/* the rule of its account that refused it; ACCESS_OK: none did */
	bool badmessage;		/* answer with badmessage-response */
	struct why why;
	struct span fragment;		/* of a badmessage; borrowed from the body */

	/* of an admitted push */
	struct store_recipient *recipients;	/* addresses point into control, numbers into `dials` */
	char (*dials)[32];
	uint32_t n_recipients;
	struct store_body *body;
	char *content_type, *meta;	/* heap */
	bool secret;			/* the content is a provisioning document or the like */
	unsigned segments;
	size_t pdu_octets;
	time_t received, deadline_at;
};

/* Fills *a in every case; admission_done frees. */
void admit(const struct admit_config *cf, const struct admit_request *rq, struct admission *a);
void admission_done(struct admission *a);

#endif
