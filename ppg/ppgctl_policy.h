/*
 * ppgctl_policy.h - messages and options as policy cases: a captured one (ppgctl policy explain --hex), one that the
 * gateway keeps (--push-id).
 */
#ifndef PPG_PPGCTL_POLICY_H
#define PPG_PPGCTL_POLICY_H

#include "policy/policy.h"
#include "ppg/ppgctl.h"

struct wire_options {
	bool hex, stored;
	const char *profile, *from, *from_ton, *bearer, *provurl;
	struct ctl_list proxies, policies;
	json_t *device;			/* made of them by wire_check, with hex */
};

/* ERR_SYNTAX and *why for options that say nothing. */
int wire_check(struct wire_options *o, struct why *why);
/* What they say of the device, but for the profile, into a device object. */
int wire_device(const struct wire_options *o, json_t *device, struct why *why);
/* A case of a line of hexadecimal parts; NULL and *why. Keys and PINs fit, the user says yes. */
json_t *wire_case(const struct wire_options *o, struct span line, struct why *why);

/* ---- ppgctl_policy_push.c ------------------------------------------------------------------------ */

struct push_options {
	const char *push_id, *initiator, *to;
	struct ctl_admin admin;
};

/* Asks the gateway and explains; the wire options go before what it says of device and sender. */
enum ctl_exit push_explain(const struct ctl_verb *verb, const struct push_options *push,
    const struct wire_options *wire, const struct policy_files *files);

#endif
