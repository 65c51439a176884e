/*
 * dm_client.h - one session of a handset's DM client: package 1, then messages of the server
 * until it has no more commands.
 * Spec: OMA-TS-DM_Protocol 1.2 (8.3 set-up, 8.4 management), OMA-TS-DM_Security 1.2 and 1.3,
 * OMA-TS-DM_Notification 1.2.
 *
 * Pure: messages in and out; whoever drives it carries them. Commands of a server that was not
 * authenticated are not executed. No secret, nonce or digest is in a reason or report.
 */
#ifndef ROUTER_DM_CLIENT_H
#define ROUTER_DM_CLIENT_H

#include "router/dm_account.h"

enum { DM_CLIENT_MESSAGES = 20, DM_CLIENT_OCTETS = 65536 };

struct dm_client_setup {
	struct dm_tree **tree;			/* stays the caller's; commands change it */
	const struct dm_account *account;	/* is copied */
	bool by_server;				/* a notification asked for it: Alert 1200, else 1201 */
	uint16_t session_id;
	struct span special;			/* the special nonce that the notification fitted; n 0: none */
	bool secure;				/* the transport authenticates the server */
	bool wbxml;
	bool consent;				/* what the user answers */
	unsigned (*guard)(void *arg, const char *uri, const struct span *value);	/* as in dm_command.h; may be NULL */
	void *guard_arg;
	unsigned messages;			/* of ours at most; 0: DM_CLIENT_MESSAGES */
	int64_t stamp;				/* dm_client_stamp of the session before; 0: there was none */
	int64_t (*now)(void *arg);		/* UTC s */
	void *now_arg;
};

struct dm_client;
/* ERR_AUTH: nothing would authenticate the server. *out is NULL then. */
int dm_client_create(const struct dm_client_setup *setup, struct dm_client **out, struct why *why);
void dm_client_destroy(struct dm_client **c);

/*
 * The next message to POST, after create and after each OK of dm_client_take. *hmac gets the
 * value of x-syncml-hmac, and stays empty without one. ERR_LIMIT: that would be too many.
 */
int dm_client_next(struct dm_client *c, struct sbuf *body, struct sbuf *hmac, struct why *why);
const char *dm_client_url(const struct dm_client *c);	/* where to; changes during a session */
const char *dm_client_media(const struct dm_client *c);
/*
 * The answer to it. hmac: its x-syncml-hmac header, NULL without. OK: dm_client_next;
 * ERR_CLOSED: the session is done; others: it failed. Nonces are in the tree as far as they may
 * be kept.
 */
int dm_client_take(struct dm_client *c, const char *media, struct span body, const char *hmac,
    struct why *why);

/*
 * UTC s of the last timestamp that was sent: a server may want later ones in the next session,
 * too.
 */
int64_t dm_client_stamp(const struct dm_client *c);
/*
 * {"server","session","messages","device_auth","server_auth","commands":[{"command","target","status"},...]}:
 * a new reference.
 */
json_t *dm_client_report(const struct dm_client *c);

#endif
