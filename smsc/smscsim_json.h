/* smscsim_json.h - a complete message as GET /messages shows it. */
#ifndef SMSC_SMSCSIM_JSON_H
#define SMSC_SMSCSIM_JSON_H

#include "base/json.h"
#include "smsc/smscsim_store.h"

/*
 * A new reference. Any thread that holds a reference to the message; its state was asked for under
 * sim->lock.
 */
json_t *sim_message_json(const struct sim_message *m, enum receipt_state state);

#endif
