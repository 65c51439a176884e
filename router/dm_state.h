/*
 * dm_state.h - what a handset keeps for device management: its tree, and which sessions it has
 * held. As JSON it is member "dm" of a handset:
 * {"nodes":{...},"sessions":{"dm.example.net":["1","BEEF"]},"stamp":1800000000}; "dm_info"
 * beside it has what the maker gave.
 */
#ifndef ROUTER_DM_STATE_H
#define ROUTER_DM_STATE_H

#include "router/dm_account.h"

struct dm_state {
	struct dm_tree *tree;
	json_t *sessions;		/* by server, the last ones as hexadecimal text */
	int64_t stamp;			/* UTC s of the last timestamp of an HMAC; 0: none yet */
};

/*
 * number: of the handset, for a DevId where dm_info gives none. Both objects may be NULL.
 * ERR_SYNTAX, ERR_LIMIT.
 */
int dm_state_read(json_t *dm, json_t *info, const char *number, struct dm_state *out,
    struct why *why);
json_t *dm_state_json(const struct dm_state *s);	/* a new reference; NULL: there is nothing to keep */
void dm_state_done(struct dm_state *s);

/* Was a session of this number held with the server? It is from now on. */
bool dm_state_held(struct dm_state *s, const char *server_id, uint16_t session_id);
void dm_state_hold(struct dm_state *s, const char *server_id, uint16_t session_id);

/* Passwords and nonces in such an object become true. */
void dm_state_hide(json_t *dm);

#endif
