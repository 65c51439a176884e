/* ppgctl_policy.h - a captured message and options as a policy case (ppgctl policy explain --hex). */
#ifndef PPG_PPGCTL_POLICY_H
#define PPG_PPGCTL_POLICY_H

#include "ppg/ppgctl.h"

struct wire_options {
	bool hex;
	const char *profile, *from, *from_ton, *bearer, *provurl;
	struct ctl_list proxies, policies;
	json_t *device;			/* made of them by wire_check */
};

/* ERR_SYNTAX and *why for options that say nothing. */
int wire_check(struct wire_options *o, struct why *why);
/* A case of a line of hexadecimal parts; NULL and *why. Keys and PINs fit, the user says yes. */
json_t *wire_case(const struct wire_options *o, struct span line, struct why *why);

#endif
