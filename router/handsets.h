/*
 * handsets.h - simulated handsets: those of one make, or those of a file that keeps what becomes of them.
 *
 * Of a handset only what differs from its profile is held, as the JSON of the file; the record that
 * decides is made for the message at hand. So 10,000 of them take a few MiB.
 */
#ifndef ROUTER_HANDSETS_H
#define ROUTER_HANDSETS_H

#include "router/pushrouter.h"

struct handsets;

/* Each number is a handset like `make`; the last 1024 that got a message are remembered. */
struct handsets *handsets_of_make(const struct router_device *make);
/*
 * {"handsets":[{"number", and the members of a device object},...],"defaults":{...}}. Every handset is
 * checked. clients: how many registrations have to fit beside the handset's own. changes: it will be
 * saved, and nobody else may have it open for that. path and files must live as long. ERR_SYNTAX,
 * ERR_RANGE, ERR_LIMIT, ERR_NOT_FOUND, ERR_EXISTS, ERR_IO, ERR_BUSY.
 */
int handsets_open(const char *path, const struct policy_files *files, size_t clients, bool changes,
    struct handsets **out, struct why *why);
void handsets_destroy(struct handsets **h);
size_t handsets_number(const struct handsets *h);

/* The handset of this number as it is now, for router_set_device; ERR_NOT_FOUND: there is none. */
int handsets_get(struct handsets *h, const char *number, struct router_device *dev, struct why *why);
/* What it became: `res` was decided (NULL: what came was no message), `r` holds the device after it. */
void handsets_put(struct handsets *h, const char *number, const struct router *r,
    const struct router_result *res);

/*
 * For device management (dm_agent.h): members "dm" and "dm_info", new references or NULL, and "dm_cert", "" none. ERR_NOT_FOUND: there
 * is no such handset; ERR_SYNTAX.
 */
int handsets_dm(struct handsets *h, const char *number, json_t **dm, json_t **info, char cert[256], struct why *why);
void handsets_put_dm(struct handsets *h, const char *number, json_t *dm);	/* dm NULL: there is nothing to keep */

/* Settings that a DM server made become the device's (policies alone, see dm_policies.h). */
void handsets_apply(struct handsets *h, const char *number, const struct policy_setting *settings, size_t n);

/* Messages of this simulator that were taken already, as the file says; 0: none. */
int64_t handsets_since(const struct handsets *h, const char *url);
/*
 * Writes the file when something changed, so that it is whole after any crash: a new file, fsync,
 * rename. url NULL: no message was taken. ERR_IO.
 */
int handsets_save(struct handsets *h, const char *url, int64_t since, struct why *why);

/* One handset without its keys, PINs and passwords; NULL: there is none. */
json_t *handsets_state(struct handsets *h, const char *number, struct why *why);

#endif
