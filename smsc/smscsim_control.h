/* smscsim_control.h - what the JSON interface has beside the messages: a table of calls. */
#ifndef SMSC_SMSCSIM_CONTROL_H
#define SMSC_SMSCSIM_CONTROL_H

#include "base/json.h"
#include "smsc/smscsim.h"

enum { SIM_METHODS_SIZE = 32 };

struct sim_control {
	const char *method, *path;
	bool takes_body;
	/*
	 * Under sim->lock. spec: the body, or NULL. OK: *answer is a new reference; otherwise a sentence in *why.
	 * NULL: /messages, which smscsim_http serves.
	 */
	int (*call)(struct sim *sim, json_t *spec, json_t **answer, struct why *why);
};

/* NULL: *allowed has the methods of the path, "" when there is no such path. */
const struct sim_control *sim_control_find(const char *method, const char *path, char allowed[SIM_METHODS_SIZE]);
extern const char sim_control_paths[];		/* a sentence */

#endif
