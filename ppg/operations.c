/*
 * operations.c - see front_int.h and operation_int.h: cancel, status query, capabilities query.
 * Spec: WAP-247-PAP 5.3 to 5.5.
 */
#include "ppg/operation_int.h"

#include <stdlib.h>
#include <string.h>

#include "ppg/address.h"

/* ---- how one ends --------------------------------------------------------------------------- */

void
operation_answer(struct operation *op, const struct sbuf *doc)
{
	struct submission *s = op->s;
	struct front *f = s->front;

	atomic_fetch_add(&f->operations, 1);
	front_answer_document(s, "application/xml", doc);
	front_end(f);
}

void
operation_refuse(struct operation *op, int code, const char *text)
{
	struct front *f = op->s->front;

	op->s->a.code = code;
	why_set(&op->s->a.why, ERR_NOT_FOUND, "%s", text);
	front_answer_code(op->s);
	front_end(f);
}

void
operation_busy(struct operation *op, const char *text)
{
	struct front *f = op->s->front;

	front_answer_busy(op->s, text);
	front_end(f);
}

void
operation_free(struct operation *op)
{
	size_t i;

	if (op == NULL)
		return;
	for (i = 0; op->keys != NULL && i < op->s->a.control.n_addresses; i++)
		free(op->keys[i]);
	free(op->keys);
	free(op->bad);
	free(op->good);
	free(op->good_at);
	cancel_free(op->cancel);
	free(op);
}

/* ---- addresses of the query ------------------------------------------------------------------------ */

static void
read_addresses(struct operation *op)
{
	const struct pap_control *c = &op->s->a.control;
	char key[ADDRESS_KEY_SIZE];
	size_t i, n = c->n_addresses;

	op->keys = calloc(n + 1, sizeof *op->keys);
	op->bad = calloc(n + 1, sizeof *op->bad);
	op->good = calloc(n + 1, sizeof *op->good);
	op->good_at = calloc(n + 1, sizeof *op->good_at);
	if (op->keys == NULL || op->bad == NULL || op->good == NULL || op->good_at == NULL)
		abort();
	for (i = 0; i < n; i++) {
		struct wappush address;
		struct why why;

		if (admit_read_address(op->s->rules, c->addresses[i], &address, &why) != OK) {
			memcpy(op->bad[i], why.text, sizeof op->bad[i]);
			continue;
		}
		address_key(&address, true, key);
		op->keys[i] = span_dup(span_str(key));
		op->good_at[op->n_good] = i;
		op->good[op->n_good++] = op->keys[i];
	}
}

static void
run(struct pool_job *job, struct store_reader *reader)
{
	struct operation *op = (struct operation *)((char *)job - offsetof(struct operation, job));

	read_addresses(op);
	switch (op->s->a.control.message) {
	case PAP_STATUSQUERY:
		operation_status(op, reader);
		return;
	case PAP_CCQ:
		operation_ccq(op, reader);
		return;
	case PAP_CANCEL:
		operation_cancel(op);
		return;
	case PAP_NONE:
	case PAP_PUSH:
	case PAP_NOTIFICATION:
	case PAP_NOTIFICATION_RESPONSE:
	case PAP_OTHER:
		break;
	}
	operation_refuse(op, PAP_NOT_IMPLEMENTED, "not an operation");
}

void
operation_start(struct submission *s)
{
	struct operation *op = calloc(1, sizeof *op);

	if (op == NULL)
		abort();
	op->s = s;
	s->operation = op;
	if (!front_begin(s->front)) {
		front_answer_busy(s, "the gateway is stopping\n");
		return;
	}
	s->later = true;
	op->job.run = run;
	if (pool_submit(s->front->cf.pool, &op->job) != OK)
		operation_busy(op, "too many requests wait to be looked at\n");
}
