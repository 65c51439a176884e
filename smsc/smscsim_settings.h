/*
 * smscsim_settings.h - how the simulator treats receipts: what POST /receipts sets.
 * Spec: SMPP v3.4 issue 1.2, 5.2.28 (message_state), appendix B (names of states).
 */
#ifndef SMSC_SMSCSIM_SETTINGS_H
#define SMSC_SMSCSIM_SETTINGS_H

#include "base/json.h"
#include "smsc/smpp_pdu.h"

enum sim_mode { SIM_MODE_AUTO, SIM_MODE_HOLD, SIM_MODE_NONE, SIM_MODES };

/* How a message id is written. */
enum sim_id_format { SIM_ID_DEC, SIM_ID_HEX, SIM_ID_HEX_LOWER, SIM_ID_PADDED, SIM_ID_FORMATS };

enum { SIM_RECEIPT_TEXT_MAX = 254, SIM_ID_SIZE = 24 };	/* octets of a short_message; of a message id */

struct sim_settings {
	enum sim_mode mode;
	enum receipt_state state;	/* of messages that were not cancelled */
	uint32_t weights[RECEIPT_REJECTED + 1];	/* by state, instead of it; all 0: none */
	uint32_t delay_ms, jitter_ms;
	enum sim_id_format id_format;	/* in receipts */
	enum sim_id_format submit_id_format;	/* in submit_sm_resp */
	bool tlvs;			/* receipted_message_id and message_state beside the text */
	char text[SIM_RECEIPT_TEXT_MAX + 1];	/* instead of appendix B's, {id} in it; "" none */
};

struct sim_settings sim_settings_default(void);
/* Take over what the object names. ERR_SYNTAX or ERR_RANGE with a sentence: nothing is changed. */
int sim_settings_read(struct sim_settings *set, json_t *spec, struct why *why);
json_t *sim_settings_json(const struct sim_settings *set);	/* new reference */

/* By chance, as the weights have it; the same for the same `chance`. */
enum receipt_state sim_settings_state(const struct sim_settings *set, uint64_t chance);
void sim_id_print(enum sim_id_format format, uint64_t number, char out[SIM_ID_SIZE]);

const char *sim_state_name(enum receipt_state state);		/* "DELIVRD" */
const char *sim_state_err(enum receipt_state state);		/* "000": err: of a receipt */

#endif
