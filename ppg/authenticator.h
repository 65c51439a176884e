/*
 * authenticator.h - who asks: a TLS client certificate, HTTP Basic, or Kannel's query parameters.
 *
 * Passwords are scrypt hashes. Hashing costs 0.3 s, so one verifier thread does it; a verified login is remembered as an
 * HMAC under a random process key and never waits again, also over a reload that leaves its user name and
 * password as they were. Wrong passwords slow down their source only: nobody else's login waits for them.
 * Facts: RFC 7617 (Basic).
 */
#ifndef PPG_AUTHENTICATOR_H
#define PPG_AUTHENTICATOR_H

#include "ppg/initiator.h"

struct authenticator;

enum auth_result {
	AUTH_OK,		/* *who is set; authenticated tells whether by a password or certificate */
	AUTH_WAIT,		/* the verifier has it; ask again when done() was called */
	AUTH_REFUSED,		/* 401 */
	AUTH_FORBIDDEN,		/* nobody, or not this initiator, may push from there: 403 */
	AUTH_SLOW_DOWN,		/* too many wrong passwords from this address: 429 */
	AUTH_BUSY		/* too many logins of this address, or at all, wait for the verifier: 503 */
};

enum {
	AUTH_FAILURES_MAX = 20,		/* wrong passwords for one user name from one source ... */
	AUTH_SOURCE_FAILURES_MAX = 100,	/* ... and for all of them, in a minute */
	AUTH_SOURCE_WAITING_MAX = 32	/* logins of one source that the verifier has */
};

struct authenticator *authenticator_start(struct initiators *set);
/* The gateway stops: logins that wait for the verifier are not checked any more, done() tells at once. Any thread. */
void authenticator_give_up(struct authenticator *auth);
void authenticator_stop(struct authenticator **auth);
/* A new set (its reference moves in). Verified logins that it has unchanged stay. Any thread. */
void authenticator_replace(struct authenticator *auth, struct initiators *set);

/* The set in force, with a reference for the caller. Any thread. */
struct initiators *authenticator_initiators(struct authenticator *auth);

/*
 * Who asks? A client certificate that an initiator names goes first; a login that comes beside it must be the same
 * initiator's. On AUTH_OK the caller holds a reference to *set, in which *who lives. On AUTH_WAIT done(arg) is
 * called once, on the verifier's thread; the same call again then answers. Any thread.
 */
struct auth_request {
	const char *authorization;		/* header, or NULL */
	const char *query_user, *query_password;	/* Kannel's form, where that is switched on; or NULL */
	const struct http_client_cert *cert;	/* TLS client certificate, or NULL */
	const char *peer;			/* numeric address */
	const struct sockaddr *peer_addr;
};
enum auth_result authenticator_check(struct authenticator *auth, const struct auth_request *rq,
    struct initiators **set, const struct initiator **who, bool *authenticated, void (*done)(void *arg), void *arg);

#endif
