/*
 * initiator.h - push initiators: who they are, what they may claim, and whether this is one.
 *
 * HTTP Basic against scrypt hashes. Hashing costs 0.3 s, so one verifier thread does it; a verified
 * login is remembered as an HMAC under a random process key and never waits again. A set of
 * initiators is immutable; a reload puts a new one in its place.
 */
#ifndef PPG_INITIATOR_H
#define PPG_INITIATOR_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/http_client.h"

enum push_role { ROLE_NONE_PI, ROLE_AUTH_PI, ROLE_TRUSTED_PI };

enum { INITIATOR_URIS_MAX = 8 };
struct http_client_cert;

struct initiator {
	char name[64];			/* wap-push-user */
	char username[64];
	char password[256];		/* scrypt hash, or plain text as Kannel has it */
	char uris[INITIATOR_URIS_MAX][512];	/* X-Wap-Initiator-URI values it may claim; first = default */
	size_t n_uris;
	enum push_role role;
	struct netlist *notify_allow;	/* NULL: the gateway's list */
	char country[8];		/* digits of its country-prefix; "": the gateway's country-code */
	/* lists of words separated by ';', heap; NULL: no such rule */
	char *allowed_prefix, *denied_prefix;		/* numbers, as Kannel has them; denied ones go first */
	char *content_types, *application_ids;		/* media types ("application/vnd.wap.*" too); ids as text */
	char *links;					/* smsc-ids that may carry its pushes */
	char *bearers;					/* such as "SMS" */
	char *certificates;	/* "subject:...", "dns:...", "uri:...", "email:...", "ip:...", "sha256:..." of its TLS client certificate */
	char default_smsc[64], forced_smsc[64];		/* "": none */
	struct netlist *allow_ip, *deny_ip;		/* where it may come from; NULL: anywhere */
	unsigned pushes_per_s, recipients_per_day;	/* 0: no limit */
};

struct initiators;			/* a set, counted references */

/* Takes copies. `trusted`: everyone is the initiator "trusted" and nobody is authenticated. */
struct initiators *initiators_create(const struct initiator *list, size_t n, bool trusted);
struct initiators *initiators_ref(struct initiators *set);
void initiators_unref(struct initiators *set);
const struct initiator *initiators_find(const struct initiators *set, const char *name);

/* ---- authentication ------------------------------------------------------------------------ */

struct authenticator;

enum auth_result {
	AUTH_OK,		/* *who is set; authenticated tells whether by a password */
	AUTH_WAIT,		/* the verifier has it; ask again when done() was called */
	AUTH_REFUSED,		/* 401 */
	AUTH_FORBIDDEN,		/* the initiator may not come from there: 403 */
	AUTH_SLOW_DOWN,		/* too many wrong passwords for this account from this address: 429 */
	AUTH_BUSY		/* the verifier's queue is full: 503 */
};

struct authenticator *authenticator_start(struct initiators *set);
void authenticator_stop(struct authenticator **auth);
/* A new set (its reference moves in); verified logins are forgotten. Any thread. */
void authenticator_replace(struct authenticator *auth, struct initiators *set);

/* The set in force, with a reference for the caller. Any thread. */
struct initiators *authenticator_initiators(struct authenticator *auth);

/*
 * Who asks? A client certificate that an initiator names goes first, then a password. On AUTH_OK the caller holds a reference to
 * *set, in which *who lives. On AUTH_WAIT done(arg) is called once, on the verifier's thread; the
 * same call again then answers. Any thread.
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
