/*
 * admit_int.h - what the files of the admission share.
 *
 *	admit.c			entities, PAP document, times, notification target; the order of all checks
 *	admit_address.c		addresses become recipients
 *	admit_route.c		quality of service, wanted links, priority
 *	admit_content.c		the content entity, its headers, the message as it goes on air
 *	admit_capabilities.c	what the initiator assumes of devices, against what is known of them
 *	admit_policy.c		what the devices will do with it
 */
#ifndef PPG_ADMIT_INT_H
#define PPG_ADMIT_INT_H

#include "base/json.h"
#include "ppg/admit.h"
#include "ppg/entities.h"

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
/* The recipients' devices against the capabilities entity and what is known of them; the content is ready. */
int admit_capabilities(const struct admit_config *cf, const struct admit_request *rq, struct admission *a,
    const struct entities *e);

/* Must the store be asked what is known of the recipients? */
bool admit_policy_reads(const struct admit_config *cf);
/* The recipients' devices and what they will do; the content is ready. */
int admit_policy(const struct admit_config *cf, const struct admit_request *rq, struct admission *a);
/* For the store: what was predicted for whom, into the push's meta. */
void admit_policy_meta(const struct admission *a, json_t *meta);
/* Recipient i will end undeliverable by itself. */
void admit_hold(struct admission *a, uint32_t i, int code, const char *text);
/* Recipient i waits for an operator. */
void admit_quarantine(struct admission *a, uint32_t i, const char *text);

#endif
