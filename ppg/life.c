/* life.c - see life.h. The table is the whole of it; tests/unit/test_life.c walks state x event. */
#include "ppg/life.h"

#include "base/err.h"
#include "ppg/pap.h"

enum { FINAL = 1, REQUEUE = 2, KEEP_IDS = 4 };

static const struct push_rule {
	enum push_step from;
	enum push_event on;
	enum push_step to;
	unsigned then;
} rules[] = {
	{ STEP_QUEUED,    EV_TAKE,            STEP_TAKEN,         0        },
	{ STEP_QUEUED,    EV_DEADLINE,        STEP_EXPIRED,       FINAL    },
	{ STEP_QUEUED,    EV_NO_RECEIPT,      STEP_EXPIRED,       FINAL    },
	{ STEP_QUEUED,    EV_CANCEL,          STEP_CANCELLED,     FINAL    },
	{ STEP_QUEUED,    EV_REPLACED,        STEP_CANCELLED,     FINAL    },
	{ STEP_QUEUED,    EV_NOT_REPLACED,    STEP_UNDELIVERABLE, FINAL    },

	{ STEP_TAKEN,     EV_SUBMITTED,       STEP_SUBMITTED,     KEEP_IDS },
	{ STEP_TAKEN,     EV_SENT,            STEP_DELIVERED,     FINAL    },
	{ STEP_TAKEN,     EV_REFUSED,         STEP_UNDELIVERABLE, FINAL    },
	{ STEP_TAKEN,     EV_RETRY,           STEP_QUEUED,        REQUEUE  },
	{ STEP_TAKEN,     EV_RECOVER,         STEP_QUEUED,        REQUEUE  },
	{ STEP_TAKEN,     EV_CANCEL_HELD,     STEP_CANCELLED,     FINAL    },
	{ STEP_TAKEN,     EV_TOO_LATE,        STEP_EXPIRED,       FINAL    },
	/* the deadline lets what is on the link alone: the SMSC was given the same time */
	{ STEP_TAKEN,     EV_NO_RECEIPT,      STEP_EXPIRED,       FINAL    },

	{ STEP_SUBMITTED, EV_RECEIPT_OK,      STEP_DELIVERED,     FINAL    },
	{ STEP_SUBMITTED, EV_RECEIPT_FAILED,  STEP_UNDELIVERABLE, FINAL    },
	{ STEP_SUBMITTED, EV_RECEIPT_EXPIRED, STEP_EXPIRED,       FINAL    },
	{ STEP_SUBMITTED, EV_NO_RECEIPT,      STEP_UNDELIVERABLE, FINAL    },
	{ STEP_SUBMITTED, EV_CANCEL_SMSC,     STEP_CANCELLED,     FINAL    },
	{ STEP_SUBMITTED, EV_ASK,             STEP_SUBMITTED,     0        },

	{ STEP_UNFIT,     EV_UNFIT,           STEP_UNDELIVERABLE, FINAL    },
	{ STEP_UNFIT,     EV_DEADLINE,        STEP_UNDELIVERABLE, FINAL    },

	{ STEP_QUARANTINED, EV_RELEASE,       STEP_QUEUED,        REQUEUE  },
	{ STEP_QUARANTINED, EV_REJECT,        STEP_UNDELIVERABLE, FINAL    },
	{ STEP_QUARANTINED, EV_DEADLINE,      STEP_EXPIRED,       FINAL    },
	{ STEP_QUARANTINED, EV_CANCEL,        STEP_CANCELLED,     FINAL    },
	{ STEP_QUARANTINED, EV_REPLACED,      STEP_CANCELLED,     FINAL    },
	{ STEP_QUARANTINED, EV_NOT_REPLACED,  STEP_UNDELIVERABLE, FINAL    },
};

int
life_apply(int step, int event, struct store_change *out)
{
	size_t i;

	*out = (struct store_change){ .state = step };
	for (i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		const struct push_rule *r = &rules[i];

		if ((int)r->from != step || (int)r->on != event)
			continue;
		*out = (struct store_change){
			.state = r->to,
			.final = (r->then & FINAL) != 0,
			.requeue = (r->then & REQUEUE) != 0,
			.keep_ids = (r->then & KEEP_IDS) != 0,
		};
		return OK;
	}
	return ERR_NOT_FOUND;
}

void
life_rules(struct store_rules *out)
{
	*out = (struct store_rules){
		.apply = life_apply,
		.queued = STEP_QUEUED,
		.taken = STEP_TAKEN,
		.held = STEP_QUARANTINED,
		.ev_take = EV_TAKE,
		.ev_recover = EV_RECOVER,
		.ev_deadline = EV_DEADLINE,
		.ev_no_receipt = EV_NO_RECEIPT,
		.ev_ask = EV_ASK,
		.ev_receipt_ok = EV_RECEIPT_OK,
		.ev_accept = EV_ACCEPT,
		.ev_replace = EV_REPLACED,
		.ev_not_replaced = EV_NOT_REPLACED,
		.code_replaced = PAP_OK,
		.code_not_replaced = PAP_CANCEL_IMPOSSIBLE,
	};
}

const char *
life_step_name(int step)
{
	switch ((enum push_step)step) {
	case STEP_QUEUED: return "queued";
	case STEP_TAKEN: return "taken";
	case STEP_SUBMITTED: return "submitted";
	case STEP_DELIVERED: return "delivered";
	case STEP_UNDELIVERABLE: return "undeliverable";
	case STEP_EXPIRED: return "expired";
	case STEP_CANCELLED: return "cancelled";
	case STEP_UNFIT: return "unfit";
	case STEP_QUARANTINED: return "quarantined";
	}
	return "unknown";
}

const char *
life_message_state(int step)
{
	switch ((enum push_step)step) {
	case STEP_QUEUED:
	case STEP_TAKEN:
	case STEP_SUBMITTED:
	case STEP_UNFIT:
	case STEP_QUARANTINED:
		return "pending";
	case STEP_DELIVERED:
	case STEP_UNDELIVERABLE:
	case STEP_EXPIRED:
	case STEP_CANCELLED:
		return life_step_name(step);
	}
	return "unknown";
}

const char *
life_event_name(int event)
{
	switch ((enum push_event)event) {
	case EV_TAKE: return "take";
	case EV_SUBMITTED: return "submitted";
	case EV_SENT: return "sent";
	case EV_REFUSED: return "refused";
	case EV_RETRY: return "retry";
	case EV_RECOVER: return "recover";
	case EV_RECEIPT_OK: return "receipt delivered";
	case EV_RECEIPT_FAILED: return "receipt failed";
	case EV_RECEIPT_EXPIRED: return "receipt expired";
	case EV_DEADLINE: return "deadline";
	case EV_NO_RECEIPT: return "no receipt";
	case EV_CANCEL: return "cancel";
	case EV_CANCEL_SMSC: return "cancelled at the SMSC";
	case EV_REPLACED: return "replaced";
	case EV_NOT_REPLACED: return "not replaced";
	case EV_ACCEPT: return "accept";
	case EV_CANCEL_HELD: return "cancel before sending";
	case EV_TOO_LATE: return "deadline before sending";
	case EV_UNFIT: return "unfit";
	case EV_RELEASE: return "release";
	case EV_REJECT: return "reject";
	case EV_ASK: return "state asked for";
	}
	return "unknown";
}
