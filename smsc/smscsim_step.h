/* smscsim_step.h - one step of a scenario: what it waits for, and what it does. */
#ifndef SMSC_SMSCSIM_STEP_H
#define SMSC_SMSCSIM_STEP_H

#include "base/json.h"
#include "smsc/smscsim_deliver.h"
#include "smsc/smscsim_listen.h"

enum { SIM_NOTE_SIZE = 121 };

struct sim_step {
	char note[SIM_NOTE_SIZE];
	/* all of them have to be */
	int64_t at_ms;			/* since the start; 0: at once */
	int64_t after_ms;		/* since the step before */
	uint64_t messages, binds;	/* since the step before, of those that fit */
	char dest[SIM_ADDRESS_SIZE];	/* digits; "" any */
	char system_id[SIM_SYSTEM_ID_SIZE];	/* "" any */
	unsigned times;			/* that it comes, one after the other; at least 1 */
	/* what it does, in this order */
	bool clear_faults;
	char clear_kind[24];		/* of this kind only; "" all */
	json_t *faults;			/* an array; NULL none */
	json_t *receipts;		/* as POST /receipts; NULL none */
	bool disconnect;
	char disconnect_id[SIM_SYSTEM_ID_SIZE];	/* sessions of this system_id; "" all */
	uint32_t stop_listening_ms;
	bool delivers, outbinds;
	struct sim_mo mo;
	struct sim_outbind outbind;
};

/* From its JSON object, all of it checked. ERR_SYNTAX, ERR_RANGE with a sentence: *out is empty. */
int sim_step_read(json_t *spec, struct sim_step *out, struct why *why);
void sim_step_done(struct sim_step *step);
/* Do it. Loop thread, under sim->lock. What cannot be done is logged. */
void sim_step_run(struct sim *sim, const struct sim_step *step);

#endif
