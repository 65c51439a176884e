/*
 * session.h - DM sessions: one message of a device in, one of ours out.
 * Spec: OMA-TS-DM_Protocol 1.2, 8 (packages), 6.3 (large objects), 8.7 (generic alerts); OMA-TS-DM_Security 1.2 and 1.3, 5.
 *
 * The device is authenticated in each message or for the session, by its TLS certificate, by credentials or HMAC, as it is
 * registered; the server shows its own credentials until the device has accepted them. All of it belongs to
 * one thread; every size is limited by the configuration.
 */
#ifndef CONTRIB_TPS_SESSION_H
#define CONTRIB_TPS_SESSION_H

#include "base/http_server.h"
#include "contrib/tps/config.h"
#include "contrib/tps/db.h"

struct tps_dm;
struct tps_dm *tps_dm_create(const struct tps_config *cf, struct tps_db *db);
void tps_dm_destroy(struct tps_dm **dm);
unsigned tps_dm_sessions(const struct tps_dm *dm);

struct tps_dm_request {
	const char *type;		/* Content-Type */
	struct span body;
	const char *hmac;		/* x-syncml-hmac, or NULL */
	const char *token;		/* of our RespURI, or NULL */
	const char *peer;		/* for the log */
	bool tls;
	const struct http_client_cert *cert;	/* or NULL */
};
struct tps_dm_answer {
	unsigned status;		/* of HTTP; 200: body is a SyncML message */
	const char *type;
	struct sbuf body, hmac;		/* hmac: value of x-syncml-hmac; n 0: none */
	const char *refusal;		/* status not 200: a sentence */
};
void tps_dm_take(struct tps_dm *dm, const struct tps_dm_request *rq, struct tps_dm_answer *a);
void tps_dm_answer_done(struct tps_dm_answer *a);

#endif
