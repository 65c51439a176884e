/*
 * life.h - the life of one recipient of a push: states, events, and the table of rules.
 * Spec: WAP-247-PAP 8.6, WAP-249-PPGService 5.1.
 */
#ifndef PPG_LIFE_H
#define PPG_LIFE_H

#include <stdbool.h>

#include "store/store.h"

/* Stored as numbers: never renumber. */
enum push_step {
	STEP_QUEUED = 1,	/* pending: waits for its time or a link */
	STEP_TAKEN = 2,		/* pending: in a dispatch batch, may be on the link */
	STEP_SUBMITTED = 3,	/* pending: the SMSC has it, a receipt is awaited */
	STEP_DELIVERED = 4,
	STEP_UNDELIVERABLE = 5,
	STEP_EXPIRED = 6,
	STEP_CANCELLED = 7,
	STEP_UNFIT = 8,		/* pending: known not to fit its device, undeliverable in a moment */
	STEP_QUARANTINED = 9	/* pending: a control holds it until an operator decides */
};

enum push_event {
	EV_TAKE = 1,		/* handed to a link */
	EV_SUBMITTED,		/* every part accepted; a receipt will follow */
	EV_SENT,		/* every part accepted; the link counts that as delivered */
	EV_REFUSED,		/* the SMSC refused it for good */
	EV_RETRY,		/* temporary: back to the queue */
	EV_RECOVER,		/* found taken at start */
	EV_RECEIPT_OK,		/* delivered to the device */
	EV_RECEIPT_FAILED,	/* undeliverable, rejected, deleted */
	EV_RECEIPT_EXPIRED,
	EV_DEADLINE,
	EV_NO_RECEIPT,
	EV_CANCEL,		/* by cancel-message, still in the queue */
	EV_CANCEL_SMSC,		/* the SMSC assured that it will not deliver (cancel_sm) */
	EV_REPLACED,		/* a newer push took its place */
	EV_NOT_REPLACED,	/* replacement `pending-only`, and the older push could not be cancelled */
	EV_ACCEPT,		/* came into being: audit only */
	EV_CANCEL_HELD,		/* cancelled while dispatch still held it, before any link had it */
	EV_TOO_LATE,		/* its deadline passed before a link had it */
	EV_UNFIT,		/* the end of an unfit one */
	EV_RELEASE,		/* an operator lets a held one go */
	EV_REJECT,		/* or does not */
	EV_ASK			/* its receipt is late: its SMSC is asked what became of it */
};

int life_apply(int step, int event, struct store_change *out);
void life_rules(struct store_rules *out);
const char *life_step_name(int step);		/* "queued" ... for logs and the API's detail */
const char *life_message_state(int step);	/* PAP message-state: "pending", "delivered" ... */
const char *life_event_name(int event);

#endif
