/*
 * dispatch_receipt.c - see dispatch_int.h. Station: delivery receipt stored, then answered to the SMSC.
 */
#include "ppg/dispatch_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ppg/life.h"
#include "ppg/pap.h"

/* A receipt on its way to the store and back to the link. */
struct receipt_job {
	struct store_receipt op;
	struct loop_work work;
	struct dispatch *d;
	struct link *link;
	uint64_t token;
	char message_id[66], desc[64];
};

static void
receipt_back(struct loop_work *work)
{
	struct receipt_job *job = (struct receipt_job *)((char *)work - offsetof(struct receipt_job, work));

	if (job->link->smsc != NULL)
		smsc_link_receipt_done(job->link->smsc, job->token,
		    job->op.op.result == OK || job->op.op.result == ERR_NOT_FOUND);
	atomic_fetch_sub(&job->d->ops, 1);
	dispatch_link_release(job->link);
	free(job);
}

static void
receipt_stored(struct store_op *op)
{
	struct receipt_job *job = (struct receipt_job *)op;
	struct dispatch *d = job->d;

	if (op->result == ERR_NOT_FOUND && !job->op.asked)
		atomic_fetch_add(&d->receipts_unknown, 1);
	else if (op->result == OK && !job->op.ignored && job->op.final)
		atomic_fetch_add(job->op.to == STEP_DELIVERED ? &d->delivered : &d->failed, 1);
	if (op->result == OK && !job->op.ignored && job->op.final && job->op.to != STEP_DELIVERED && d->on_failed != NULL)
		d->on_failed(d->failed_arg, job->op.push, job->op.n);
	loop_post(d->loop, &job->work);
}

static int
receipt_event(enum receipt_state state)
{
	switch (state) {
	case RECEIPT_DELIVERED:
		return EV_RECEIPT_OK;
	case RECEIPT_EXPIRED:
		return EV_RECEIPT_EXPIRED;
	case RECEIPT_DELETED:
	case RECEIPT_UNDELIVERABLE:
	case RECEIPT_REJECTED:
		return EV_RECEIPT_FAILED;
	case RECEIPT_ENROUTE:
	case RECEIPT_ACCEPTED:
	case RECEIPT_UNKNOWN:
		break;
	}
	return 0;
}

/* token 0: nobody waits at the link. ERR_FULL, ERR_CLOSED: the store does not take it. */
static int
store_receipt(struct link *link, const struct smsc_receipt *r, int event, uint64_t token)
{
	struct receipt_job *job = calloc(1, sizeof *job);
	struct dispatch *d = link->d;
	int err;

	if (job == NULL)
		abort();
	job->d = d;
	job->link = link;
	job->token = token;
	job->work.run = receipt_back;
	memcpy(job->message_id, r->message_id, sizeof job->message_id);
	if (event != EV_RECEIPT_OK)
		snprintf(job->desc, sizeof job->desc, "%s: state %d, error %s", token != 0 ? "receipt" : "asked",
		    (int)r->state, r->err);
	job->op = (struct store_receipt){
		.op = { .kind = STORE_RECEIPT, .done = receipt_stored },
		.link = link->cf.smsc.smsc_id,
		.message_id = job->message_id,
		.event = event,
		.at = (int64_t)clock_utc(),
		.code = event == EV_RECEIPT_OK ? PAP_OK : PAP_SERVICE_FAILURE,
		.desc = job->desc[0] != '\0' ? job->desc : NULL,
		.asked = token == 0,
	};
	atomic_fetch_add(&d->ops, 1);
	link->users++;
	if ((err = store_submit(d->store, &job->op.op)) != OK) {
		atomic_fetch_sub(&d->ops, 1);
		link->users--;
		free(job);
	}
	return err;
}

void
dispatch_receipt(void *app, struct smsc_link *smsc, const struct smsc_receipt *r, uint64_t token)
{
	struct link *link = app;
	int event = r->final ? receipt_event(r->state) : 0;

	atomic_fetch_add(&link->d->receipts, 1);
	/* enroute, accepted, unknown: another may follow, or the wait for it ends */
	if (event == 0)
		smsc_link_receipt_done(smsc, token, true);
	else if (store_receipt(link, r, event, token) != OK)
		smsc_link_receipt_done(smsc, token, false);	/* the SMSC repeats it */
}

bool
dispatch_receipt_asked(struct link *link, const struct smsc_receipt *r)
{
	int event = r->final ? receipt_event(r->state) : 0;

	return event != 0 && store_receipt(link, r, event, 0) == OK;
}
