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

/* Everyone who binds with one system_id; receipts go to any receiver among them. */
struct sim_account {
	struct sim_account *next;
	char system_id[17];
	struct sim_session *receivers;			/* the next one to use first */
	struct sim_receipt *first, **last;		/* due or held, oldest first */
};

struct sim_receipts;

struct sim_receipts *sim_receipts_create(struct sim *sim);
void sim_receipts_destroy(struct sim_receipts **receipts);	/* after the sessions */

/* The account of a system_id, made when it is new; NULL when there are too many. */
struct sim_account *sim_account_get(struct sim_receipts *receipts, const char *system_id);

void sim_receipts_bind(struct sim_receipts *receipts, struct sim_session *s);	/* as receiver */
void sim_receipts_unbind(struct sim_receipts *receipts, struct sim_session *s);	/* repeats its window */
/* A part was accepted and answered: its outcome is due. */
void sim_receipts_submitted(struct sim_receipts *receipts, struct sim_part *part,
    const struct sim_misdeed *misdeed);
/* deliver_sm_resp or generic_nack; false: there is no such deliver_sm in the window. */
bool sim_receipts_answered(struct sim_receipts *receipts, struct sim_session *s, uint32_t seq,
    uint32_t status);
/* Send what the sessions have room for. */
void sim_receipts_pump(struct sim_receipts *receipts);

/*
 * Change the settings that the JSON object names, the others stay. ERR_SYNTAX or ERR_RANGE with a
 * sentence, and nothing is changed. Needs sim_kick afterwards.
 */
int sim_receipts_set(struct sim_receipts *receipts, json_t *spec, struct why *why);
json_t *sim_receipts_get(const struct sim_receipts *receipts);	/* new reference */
size_t sim_receipts_waiting(const struct sim_receipts *receipts);

#endif
