/*
 * dm_inbox.h - what a push brings to the DM client of a handset: accounts in provisioning
 * documents, bootstrap messages, notifications (package 0).
 * Spec: OMA-TS-DM_Bootstrap 1.2 (5.4, 5.7), OMA-TS-DM_Notification 1.2 (6), OMA-TS-DM_Security
 * 1.2.
 */
#ifndef ROUTER_DM_INBOX_H
#define ROUTER_DM_INBOX_H

#include "router/dm_state.h"
#include "router/pushrouter.h"

struct dm_inbox_start {
	char server_id[DM_NAME_MAX];
	bool by_server;
	uint16_t session_id;		/* by_server */
	struct dm_octets special;	/* the special nonce that the notification fitted; n 0: none */
};

struct dm_inbox_result {
	json_t *told;			/* what became of it, for the answer; NULL: nothing of ours. A reference of the caller's */
	bool changed;			/* the state is another now */
	struct dm_inbox_start start[DM_ACCOUNTS];	/* sessions that are to begin */
	size_t n_start;
};

/* Does this message concern device management at all? An accepted one with info. */
bool dm_inbox_wants(const struct router_result *res);
/*
 * A message that was accepted. Who begins a session of a notification notes it with
 * dm_state_hold. dev: keys, PINs, and what the user answers. Told is one of {"accounts":true},
 * {"bootstrap":true}, {"notification":"SERVER","session":"BEEF","ui":...}, each with "refused"
 * and a reason when it came to nothing.
 */
void dm_inbox_take(struct dm_state *s, const struct router_device *dev,
    const struct router_result *res, struct dm_inbox_result *out);

#endif
