/*
 * smscsim_settings.h - how the simulator treats receipts: what POST /receipts sets.
 * Spec: SMPP v3.4 issue 1.2, 5.2.28 (message_state), appendix B (names of states).
 */
#ifndef SMSC_SMSCSIM_SETTINGS_H
#define SMSC_SMSCSIM_SETTINGS_H

#include "base/json.h"
#include "smsc/smpp_pdu.h"

enum sim_mode { SIM_MODE_AUTO, SIM_MODE_HOLD, SIM_MODE_NONE, SIM_MODES };

enum { SIM_RECEIPT_TEXT_MAX = 254 };	/* octets of a short_message */

struct sim_settings {
	enum sim_mode mode;
	enum receipt_state state;	/* of messages that were not cancelled */
	uint32_t delay_ms;
	bool hex;			/* message ids in hexadecimal */
	bool tlvs;			/* receipted_message_id and message_state beside the text */
	char text[SIM_RECEIPT_TEXT_MAX + 1];	/* instead of appendix B's, {id} in it; "" none */
};

struct sim_settings sim_settings_default(void);
/* Take over what the object names. ERR_SYNTAX or ERR_RANGE with a sentence: nothing is changed. */
int sim_settings_read(struct sim_settings *set, json_t *spec, struct why *why);
json_t *sim_settings_json(const struct sim_settings *set);	/* new reference */

const char *sim_state_name(enum receipt_state state);		/* "DELIVRD" */
const char *sim_state_err(enum receipt_state state);		/* "000": err: of a receipt */

#endif
