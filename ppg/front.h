/*
 * front.h - the HTTP front: POST to ppg-url, authentication, admission, the store, the PAP answer.
 * Spec: WAP-247-PAP 13.
 */
#ifndef PPG_FRONT_H
#define PPG_FRONT_H

#include "base/http_server.h"
#include "ppg/admit.h"
#include "ppg/dispatch.h"
#include "ppg/authenticator.h"
#include "ppg/pool.h"
#include "store/store.h"

struct front;

struct front_config {
	struct http_server_config http;	/* plain HTTP, unless no_http; its limits hold for both */
	bool no_http;
	struct http_server_config https;	/* HTTPS, when it names a certificate */
	const char *path;		/* ppg-url */
	bool query_login;		/* user name and password may stand in the query, as Kannel has them */
	struct admit_table *admit;	/* lives as long as the front */
	struct pap_writer writer;	/* strings live as long as the front */
	struct store *store;
	struct dispatch *dispatch;
	struct authenticator *auth;
	struct access_meters *meters;
	struct pool *pool;
};

enum front_refusal {			/* what refused requests are counted under */
	REFUSED_HTTP, REFUSED_AUTH, REFUSED_BADMESSAGE, REFUSED_PAP, REFUSED_BUSY, REFUSALS
};
const char *front_refusal_name(enum front_refusal r);

struct front_stats {
	uint64_t accepted, recipients, operations, refused[REFUSALS];
	uint64_t answers_us_total, answers;	/* from the whole body to the answer */
};

int front_start(const struct front_config *cf, struct front **out, struct why *why);
/* No new connections, what is with the store is answered, then all ends. Before dispatch and store. */
void front_stop(struct front **front);
void front_stats(struct front *front, struct front_stats *out);
uint16_t front_port(const struct front *front);		/* 0: no plain HTTP */
uint16_t front_ssl_port(const struct front *front);	/* 0: no HTTPS */
/* Read the certificate again; see http_server_reload_tls. */
int front_reload_tls(struct front *front, struct why *why);

#endif
