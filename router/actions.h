/*
 * actions.h - what handsets do beyond deciding: sessions of device management, fetching, and
 * commands on standard input that begin such things. For the modes of pushrouter that stay.
 */
#ifndef ROUTER_ACTIONS_H
#define ROUTER_ACTIONS_H

#include "router/dm_agent.h"
#include "router/service.h"

struct actions;
/*
 * As the options of s say. store keeps the handsets; its `event` is called for all events, to
 * be shown with actions_event_print. ERR_SYNTAX: --fetch-allow is no list of addresses.
 */
int actions_create(struct service *s, const struct dm_store *store, struct actions **out,
    struct why *why);
void actions_stop(struct actions *a);	/* what runs ends without an event; counters stay readable */
void actions_destroy(struct actions **a);	/* the loop is not needed any more after actions_stop */

/*
 * A message that a handset got: members for its answer ({"dm":...}, {"fetch":...}), a new
 * reference, or NULL.
 */
json_t *actions_take(struct actions *a, const char *number, const struct router_device *dev,
    const struct router_result *res);
/* A session that the handset begins; as dm_agent_start. */
int actions_session(struct actions *a, const char *number, const char *server_id, struct why *why);
bool actions_busy(const struct actions *a);	/* something has not come to its end */

/* Members "dm" and "fetch" of the counters, where such things are on. a may be NULL: none. */
void actions_stats(const struct actions *a, json_t *stats);

/* An event as a line, with its end. */
void actions_event_print(const struct options *o, json_t *event, struct sbuf *out);

#endif
