/*
 * submission.c - see front_int.h. Stations: written to the store, 202 and push-response 1001, taken
 * recipients handed to dispatch. stored() runs on the store writer's thread.
 */
#include "ppg/front_int.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "ppg/life.h"

enum { CHUNK = 1000 };			/* recipients written in one store operation, at most */

/* A single-chunk push that was written as taken goes straight to dispatch. */
static void
hand_over(struct submission *s)
{
	struct store_item *first = NULL, **tail = &first;
	uint32_t i;

	for (i = 0; i < s->a.n_recipients; i++) {
		struct store_item *item = calloc(1, sizeof *item);

		if (item == NULL)
			abort();
		item->push = s->op.push;
		item->batch = s->op.batch;
		item->n = i;
		item->priority = s->a.priority;
		snprintf(item->to, sizeof item->to, "%s", s->a.recipients[i].to);
		snprintf(item->pi, sizeof item->pi, "%s", s->who->name);
		item->body = store_body_ref(s->a.body);
		if (s->a.recipients[i].overlay.n > 0)
			item->overlay = span_of(span_dup(s->a.recipients[i].overlay), s->a.recipients[i].overlay.n);
		item->deadline_at = s->a.deadline_at;
		*tail = item;
		tail = &item->next;
	}
	dispatch_hand(s->front->cf.dispatch, first);
}

static void stored(struct store_op *op);

/* What goes with the recipients of this chunk. */
static void
take_chunk(struct submission *s)
{
	struct admission *a = &s->a;

	free(a->memory);
	s->op.n_memory = (uint32_t)control_marks_rows(a->marks, s->op.first_n, s->op.n_recipients, &a->memory);
	s->op.memory = a->memory;
	free(a->remark);
	s->op.remark = a->remark = admit_policy_remark(a, s->op.first_n, s->op.n_recipients);
}

/* With what controls remember of each recipient there are fewer: no chunk holds the store for much longer than others. */
static uint32_t
chunk_size(const struct admission *a)
{
	if (a->n_recipients <= CHUNK)
		return a->n_recipients;
	return CHUNK / (1 + (uint32_t)(control_marks_count(a->marks) / a->n_recipients) / 2);
}

static int
submit_chunk(struct submission *s)
{
	uint32_t left = s->a.n_recipients - s->written, chunk = chunk_size(&s->a);

	s->op.op.kind = s->written == 0 ? STORE_ACCEPT : STORE_MORE;
	s->op.op.done = stored;
	s->op.recipients = s->a.recipients + s->written;
	s->op.first_n = s->written;
	s->op.n_recipients = left > chunk ? chunk : left;
	s->op.more = left > chunk;
	take_chunk(s);
	return store_submit(s->front->cf.store, &s->op.op);
}

static void
abandoned(struct store_op *op)
{
	free(op);
}

/* The rest of a push could not be written: what there is of it must go. The next start would do so, too. */
static void
abandon(struct submission *s)
{
	struct store_abandon *op;

	if (s->written == 0)
		return;
	op = calloc(1, sizeof *op);
	if (op == NULL)
		abort();
	op->op = (struct store_op){ .kind = STORE_ABANDON, .done = abandoned };
	op->push = s->op.push;
	if (store_submit(s->front->cf.store, &op->op) != OK)
		free(op);
}

/* What the store's answer means to the initiator. */
static void
answer_stored(struct submission *s, int result)
{
	static const struct {
		int result, code;
		const char *text;
	} rows[] = {
		{ ERR_EXISTS, PAP_DUPLICATE_PUSH_ID, "push-id was used before; that push is unchanged" },
		{ ERR_NOT_FOUND, PAP_PUSH_ID_NOT_FOUND, "replace-push-id: there is no such push" },
		{ ERR_BUSY, PAP_CANCEL_IMPOSSIBLE, "replace-push-id: none of its recipients can be replaced any more" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0] && rows[i].result != result; i++)
		;
	if (i < sizeof rows / sizeof rows[0]) {
		s->a.code = rows[i].code;
		why_set(&s->a.why, result, "%s", rows[i].text);
		front_answer_code(s);
	} else {
		front_answer_busy(s, result == ERR_FULL ? "the store's disk is full\n" :
		    "the store takes nothing more now\n");
	}
}

/* ---- recipients that do not fit their devices ------------------------------------------------ */

enum { UNFIT_SLICE = 1000 };

/* Ends them once the push is accepted; a crash before that leaves them to their deadline. */
struct unfit {
	struct store_cancel slice;	/* first: the store hands it back */
	struct store_cancelled results[UNFIT_SLICE];
	struct front *front;
	char *pi, *push_id;
};

static void unfit_ended(struct store_op *op);

static void
end_unfit(struct unfit *u, uint32_t first_n)
{
	struct front *f = u->front;

	u->slice = (struct store_cancel){
		.op = { .kind = STORE_CANCEL, .done = unfit_ended },
		.pi = u->pi,
		.push_id = u->push_id,
		.first_n = first_n,
		.max = UNFIT_SLICE,
		.event = EV_UNFIT,
		.at = (int64_t)clock_utc(),
		.results = u->results,
	};
	if (first_n != UINT32_MAX && store_submit(f->cf.store, &u->slice.op) == OK)
		return;
	free(u->pi);
	free(u->push_id);
	free(u);
	front_end(f);
}

static void
unfit_ended(struct store_op *op)
{
	struct unfit *u = (struct unfit *)op;

	end_unfit(u, op->result == OK && u->slice.next_n != 0 ? u->slice.next_n : UINT32_MAX);
}

static void
begin_unfit(const struct submission *s)
{
	struct unfit *u = calloc(1, sizeof *u);

	if (u == NULL)
		abort();
	u->front = s->front;
	u->pi = span_dup(span_str(s->who->name));
	u->push_id = span_dup(span_str(s->a.control.push_id));
	if (front_begin(s->front)) {
		end_unfit(u, 0);
		return;
	}
	free(u->pi);
	free(u->push_id);
	free(u);
}

static void
answer_accepted(struct submission *s)
{
	if (s->a.control.progress_notes)
		admission_note(&s->a, "stored", "%u recipient%s on disk", s->a.n_recipients,
		    s->a.n_recipients == 1 ? "" : "s");
	front_answer_code(s);
}

/* Writer thread: a chunk is on disk, or was refused. */
static void
stored(struct store_op *op)
{
	struct submission *s = (struct submission *)op;
	struct front *f = s->front;
	int result = op->result;

	if (result == OK) {
		s->written += s->op.n_recipients;
		control_marks_stored(s->a.marks, s->op.push, s->written);	/* before the first one can fail */
		if (s->written < s->a.n_recipients) {
			result = submit_chunk(s);
			if (result == OK)
				return;
			result = ERR_CLOSED;
		}
	}
	if (result != OK && s->op.take)
		dispatch_release(f->cf.dispatch, s->a.priority, s->a.n_recipients);
	if (result != OK) {
		access_give_back(f->cf.meters, s->who, s->a.n_recipients);
		abandon(s);
		answer_stored(s, result);
	} else {
		control_marks_keep(&s->a.marks, s->op.push);
		if (s->a.first_use)
			control_note_first_use(f->cf.store, s->who->name, s->a.control.push_id);
		if (s->op.take)
			hand_over(s);
		else
			dispatch_wake(f->cf.dispatch);
		if (s->a.n_held > s->a.n_quarantined)
			begin_unfit(s);
		answer_accepted(s);
	}
	front_end(f);			/* the answer may have freed s already */
}

/* May it skip the store's queue? */
static bool
take_at_once(const struct submission *s)
{
	return s->op.deliver_after == 0 && s->op.replaces == NULL && s->a.n_recipients <= CHUNK &&
	    s->a.n_held == 0 && dispatch_reserve(s->front->cf.dispatch, s->a.priority, s->a.n_recipients);
}

/* May its initiator push so much? Answers when not. */
static bool
within_limits(struct submission *s)
{
	unsigned retry_s;
	int err = access_take(s->front->cf.meters, s->who, s->a.n_recipients, &retry_s, &s->a.why);

	if (err == OK)
		return true;
	if (err == ERR_FULL) {
		s->a.reason = ACCESS_RATE;
		front_answer_wait(s, retry_s, "this initiator pushes more often than it may\n");
	} else {
		s->a.reason = ACCESS_DAY_LIMIT;
		s->a.code = PAP_FORBIDDEN;
		front_answer_code(s);
	}
	return false;
}

void
submission_store(struct submission *s)
{
	struct front *f = s->front;
	struct admission *a = &s->a;

	if (!front_begin(f)) {
		front_answer_busy(s, "the gateway is stopping\n");
		return;
	}
	if (!within_limits(s)) {
		front_end(f);
		return;
	}
	pap_version_print(pap_reply_version(&a->control), s->version);
	s->op = (struct store_accept){
		.pi = s->who->name,
		.push_id = a->control.push_id,
		.received = a->received,
		.deliver_after = a->control.deliver_after > a->received ? a->control.deliver_after : 0,
		.deadline_at = a->deadline_at,
		.version = s->version,
		.notify_url = a->control.notify_url,
		.meta = a->meta,
		.content_type = a->content_type,
		.secret = a->secret,
		.body = a->body,
		.priority = a->priority,
		.replaces = a->control.replace_push_id,
		.replace = a->control.replace_push_id == NULL ? STORE_REPLACE_NONE :
		    a->control.replace_pending_only ? STORE_REPLACE_PENDING : STORE_REPLACE_ALL,
		.audit_detail = a->audit_detail,
	};
	s->op.take = take_at_once(s);
	s->later = true;
	if (submit_chunk(s) != OK) {
		if (s->op.take)
			dispatch_release(f->cf.dispatch, a->priority, a->n_recipients);
		access_give_back(f->cf.meters, s->who, a->n_recipients);
		front_answer_busy(s, "too many submissions wait for the store\n");
		front_end(f);
	}
}
