/*
 * smscsim_scenario.h - a list of steps that is gone through while the simulator runs: each waits for messages, binds or
 * time, and then changes how the simulator behaves. Loop thread, under sim->lock.
 */
#ifndef SMSC_SMSCSIM_SCENARIO_H
#define SMSC_SMSCSIM_SCENARIO_H

#include "base/json.h"
#include "smsc/smscsim.h"

enum { SIM_STEPS_MAX = 1000 };

struct sim_scenario;

struct sim_scenario *sim_scenario_create(struct sim *sim);		/* without steps */
void sim_scenario_destroy(struct sim_scenario **scenario);
/* All steps of the file. Any error: *why names file, line and step. */
int sim_scenario_load(struct sim_scenario *scenario, const char *path, struct why *why);
/* From now on time passes; steps that wait for nothing are done. */
void sim_scenario_start(struct sim_scenario *scenario);

/* One more submission has come, and was answered; one more bind was. */
void sim_scenario_message(struct sim_scenario *scenario, const char *system_id, const char *dest);
void sim_scenario_bind(struct sim_scenario *scenario, const char *system_id);

json_t *sim_scenario_json(const struct sim_scenario *scenario);	/* where it is; new reference */

#endif
