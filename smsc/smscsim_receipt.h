/*
 * smscsim_receipt.h - outcomes of messages, and the delivery receipts that tell them.
 * Spec: SMPP v3.4 issue 1.2, 5.2.12 (esm_class), 5.2.17 (registered_delivery), appendix B (text).
 * Everything under sim->lock.
 */
#ifndef SMSC_SMSCSIM_RECEIPT_H
#define SMSC_SMSCSIM_RECEIPT_H

#include "base/json.h"
#include "smsc/smscsim_fault.h"
#include "smsc/smscsim_part.h"
#include "smsc/smscsim_session.h"

struct sim_mo;
struct sim_receipts;

struct sim_receipts *sim_receipts_create(struct sim *sim);
void sim_receipts_destroy(struct sim_receipts **receipts);	/* after the sessions, before the accounts */

void sim_receipts_bind(struct sim_receipts *receipts, struct sim_session *s);	/* as receiver */
void sim_receipts_unbind(struct sim_receipts *receipts, struct sim_session *s);	/* repeats its window */
/* A part was accepted and answered: its outcome is due. */
void sim_receipts_submitted(struct sim_receipts *receipts, struct sim_part *part,
    const struct sim_misdeed *misdeed);
/* A message of a handset, as soon as a receiver has room; it is copied. ERR_LIMIT. Needs sim_receipts_pump. */
int sim_receipts_deliver(struct sim_receipts *receipts, const struct sim_mo *mo, struct why *why);
/* deliver_sm_resp or generic_nack; false: there is no such deliver_sm in the window. */
bool sim_receipts_answered(struct sim_receipts *receipts, struct sim_session *s, uint32_t seq,
    uint32_t status);
/* Send what the sessions have room for. */
void sim_receipts_pump(struct sim_receipts *receipts);

/*
 * Change settings as sim_accounts_set does, and let what waits follow them. Needs sim_receipts_pump or
 * sim_kick afterwards.
 */
int sim_receipts_set(struct sim_receipts *receipts, json_t *spec, struct why *why);
json_t *sim_receipts_get(const struct sim_receipts *receipts);	/* new reference */
size_t sim_receipts_waiting(const struct sim_receipts *receipts);

#endif
