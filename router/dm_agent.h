/*
 * dm_agent.h - device management of all handsets of the program: what pushes bring to it, and
 * sessions over HTTP(S).
 * Spec: OMA-TS-DM_Protocol 1.2 (8), OMA-SyncML-HTTPBinding 1.2; see dm_inbox.h and dm_client.h.
 *
 * All of it belongs to the loop's thread. One session of a handset at a time; those that cannot
 * begin now wait, bounded.
 */
#ifndef ROUTER_DM_AGENT_H
#define ROUTER_DM_AGENT_H

#include "base/loop.h"
#include "router/pushrouter.h"

/* Where handsets are kept. number is "" where there is only one. */
struct dm_store {
	/*
	 * number has no +. Members "dm" and "dm_info" (new references or NULL), and the path of
	 * a client certificate ("" none); ERR_NOT_FOUND.
	 */
	int (*load)(void *arg, const char *number, json_t **dm, json_t **info, char cert[256],
	    struct why *why);
	void (*save)(void *arg, const char *number, json_t *dm);	/* dm NULL: nothing is kept */
	/*
	 * Settings that a server made, which its roles allow, become the device's; saved with
	 * the rest.
	 */
	void (*apply)(void *arg, const char *number, const struct policy_setting *settings, size_t n);
	/*
	 * All that was saved is on disk; false: it cannot be, nothing more shall be said to
	 * anybody.
	 */
	bool (*sync)(void *arg);
	/* The device as it is now, to be wiped after use; ERR_NOT_FOUND. */
	int (*device)(void *arg, const char *number, struct router_device *dev, struct why *why);
	/*
	 * An event to be shown once what was saved is on disk: {"handset","dm":{...}}. Takes
	 * the reference.
	 */
	void (*event)(void *arg, json_t *event);
	void *arg;
};

struct dm_agent_config {
	bool sessions;			/* false: accounts are kept, no session is held */
	bool plain_http;		/* to others than the machine itself, too */
	bool wbxml;
	const char *ca_file;		/* NULL: the system's */
	const char *cert_file;		/* PEM with key; of handsets that have none of their own; NULL */
};

struct dm_agent;
struct dm_agent *dm_agent_create(struct loop *loop, const struct dm_agent_config *cf,
    const struct dm_store *store);
void dm_agent_destroy(struct dm_agent **a);	/* running sessions end without an event */

/*
 * A message that a handset accepted. What it brought, a new reference, or NULL: nothing of
 * device management.
 */
json_t *dm_agent_take(struct dm_agent *a, const char *number, const struct router_device *dev,
    const struct router_result *res);
/*
 * A session that the handset begins; server_id NULL: with its first account. ERR_NOT_FOUND,
 * ERR_FULL, ERR_UNSUPPORTED (they are off).
 */
int dm_agent_start(struct dm_agent *a, const char *number, const char *server_id, struct why *why);
/* {"running","waiting","done","failed"}: a new reference. */
json_t *dm_agent_stats(const struct dm_agent *a);
bool dm_agent_busy(const struct dm_agent *a);	/* sessions run or wait */

/* {"handset","dm":{...}} as a line for people, without an end. */
void dm_agent_print(json_t *event, struct sbuf *out);

#endif
