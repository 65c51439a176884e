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
#include "ppg/tally.h"
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

enum { FRONT_TIMES = 8 };
extern const uint32_t front_times_us[FRONT_TIMES];	/* bounds of front_stats.answer_times, ascending */

struct front_stats {
	uint64_t accepted, recipients, operations, refused[REFUSALS];
	uint64_t answers_us_total, answers;	/* from the whole body to the answer */
	uint64_t answer_times[FRONT_TIMES + 1];	/* answers that took no longer than the bound; the last: longer */
};

int front_start(const struct front_config *cf, struct front **out, struct why *why);
/* No new connections, what is with the store is answered, then all ends. Before dispatch and store. */
void front_stop(struct front **front);
void front_stats(struct front *front, struct front_stats *out);
struct tally *front_tally(struct front *front);		/* what came of requests, as long as the front lives */
uint16_t front_port(const struct front *front);		/* 0: no plain HTTP */
uint16_t front_ssl_port(const struct front *front);	/* 0: no HTTPS */
/* Read the certificate again; see http_server_reload_tls. */
int front_reload_tls(struct front *front, struct why *why);

#endif
