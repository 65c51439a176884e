/*
 * pap.h - the initiator's side of PAP: a submission to one device, its answer, and result notifications.
 * Spec: WAP-247-PAP 5.1, 5.2, 7, 8; RFC 2387 (multipart/related), RFC 7617 (Basic).
 */
#ifndef CONTRIB_TPS_PAP_H
#define CONTRIB_TPS_PAP_H

#include "contrib/tps/config.h"
#include "contrib/tps/db.h"

struct tps_submission {
	const char *push_id, *msisdn;
	const char *type;		/* of the content, with its parameters */
	const char *app_id;		/* X-Wap-Application-Id; NULL: none */
	const char *user_pin;		/* for a gateway that signs; NULL: none */
	struct span body;
};
/* A push id that nobody can guess, at this server. */
void tps_push_id(const struct tps_config *cf, char *out, size_t size);
/* "WAPPUSH=+.../TYPE=PLMN@ppg.example.net" */
void tps_client_address(const struct tps_config *cf, const char *msisdn, char *out, size_t size);
/* The body, and its Content-Type. Cleanse the body: it may hold a PIN. */
void tps_pap_compose(const struct tps_config *cf, const struct tps_submission *s, struct sbuf *body, struct sbuf *type);
/* Posts it. OK: *code and desc of the response-result; else *why. */
int tps_pap_submit(const struct tps_config *cf, const struct tps_submission *s, int *code, char *desc, size_t size,
    struct why *why);

/* A resultnotification-message into push_id, address, code, state, desc, event_time. ERR_SYNTAX. */
int tps_pap_notification(struct span doc, struct tps_push *out, struct why *why);
void tps_pap_notification_response(const struct tps_push *p, int code, const char *desc, struct sbuf *out);
void tps_pap_badmessage(const char *desc, struct sbuf *out);

#endif
