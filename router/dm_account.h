/*
 * dm_account.h - accounts of DM servers in the management tree of a handset: ./DMAcc/<id>, and
 * how provisioning documents and bootstrap messages make them.
 * Spec: OMA-TS-DM_StdObj 1.2 (DMAcc), OMA-TS-DM_Bootstrap 1.2 (w7 to DMAcc, 5.4), provisioning
 * content 1.1.
 */
#ifndef ROUTER_DM_ACCOUNT_H
#define ROUTER_DM_ACCOUNT_H

#include "policy/dm.h"
#include "policy/policy.h"
#include "router/dm_tree.h"

/* Name, password and nonce of one direction. */
struct dm_login {
	bool has;
	enum dm_auth auth;
	char name[DM_NAME_MAX], password[DM_PASSWORD_MAX];
	struct dm_octets nonce;
	char node[DM_TREE_URI + 1];	/* "./DMAcc/x/AppAuth/1" */
};

struct dm_account {
	char node[DM_TREE_URI + 1];	/* "./DMAcc/x" */
	char server_id[DM_NAME_MAX];
	char url[2048];
	struct dm_login device;		/* shown to the server: AAuthLevel CLCRED, w7 APPSRV */
	struct dm_login server;		/* what it has to show: SRVCRED, w7 CLIENT */
};

/* ERR_NOT_FOUND: no such server; ERR_SYNTAX: without an address, or with what cannot be a login. */
int dm_account_find(const struct dm_tree *t, const char *server_id, struct dm_account *out,
    struct why *why);
void dm_account_done(struct dm_account *a);		/* cleanses */
/* The nonce that counts from now on. */
void dm_account_keep_nonce(struct dm_tree *t, const struct dm_login *login, struct span nonce);

enum { DM_ACCOUNTS = 8 };
struct dm_accounts { char ids[DM_ACCOUNTS][DM_NAME_MAX]; size_t n; };
/*
 * Applications w7 of an accepted document become accounts, or go where it says so; others are
 * passed over. *start: servers that want a session at once (INIT). All of it or, with ERR_LIMIT
 * or ERR_SYNTAX in *why, nothing. *changed (may be NULL): there was one.
 */
int dm_account_install(struct dm_tree **t, const struct policy_setting *settings, size_t n,
    struct dm_accounts *start, bool *changed, struct why *why);
/*
 * After a bootstrap: each account without an ACL gets one for its server: Get, Replace and
 * Delete. ERR_SYNTAX: an account that names no server, or one that no ACL could name.
 */
int dm_account_claim(struct dm_tree *t, struct why *why);

#endif
