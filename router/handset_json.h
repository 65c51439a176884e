/* handset_json.h - what a simulated handset keeps as JSON: changes of its device, installed settings. */
#ifndef ROUTER_HANDSET_JSON_H
#define ROUTER_HANDSET_JSON_H

#include "router/pushrouter.h"

/* What differs between two states of a device, written into the device object. */
void handset_json_device(json_t *obj, const struct policy_device *before,
    const struct policy_device *after);
/*
 * Settings of an accepted document into "settings", by path and name. False: there is no room for
 * them, and the object is as it was.
 */
bool handset_json_install(json_t *obj, const struct router_result *res);
/* Members that are no device's: "counters", "settings". */
int handset_json_check(json_t *obj, struct why *why);
/* Adds 1 to a counter. */
void handset_json_count(json_t *obj, const char *name);
/* Keys, PINs and passwords are replaced: "pins" by their number, others by true. */
void handset_json_hide(json_t *obj);

#endif
