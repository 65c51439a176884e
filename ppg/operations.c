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

	front_count_operation(s);
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

/* ---- results ------------------------------------------------------------------------------------- */

static int
compare_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

/* 0: one result speaks for both. */
static int
compare_outcome(const struct operation_line *a, const struct operation_line *b)
{
	int diff;

	if (a->state != b->state)
		return a->state < b->state ? -1 : 1;
	if (a->code != b->code)
		return a->code < b->code ? -1 : 1;
	if (a->event_time != b->event_time)
		return a->event_time < b->event_time ? -1 : 1;
	diff = compare_text(a->desc, b->desc);
	return diff != 0 ? diff : compare_text(a->link, b->link);
}

static int
compare_lines(const void *x, const void *y)
{
	const struct operation_line *a = x, *b = y;
	int diff = compare_outcome(a, b);

	return diff != 0 ? diff : a->order < b->order ? -1 : 1;
}

void
operation_group(struct operation_line *lines, size_t n, struct operation_results *out)
{
	size_t i;

	*out = (struct operation_results){ 0 };
	out->rows = calloc(n + 1, sizeof *out->rows);
	out->lines = calloc(n + 1, sizeof *out->lines);
	out->addresses = calloc(n + 1, sizeof *out->addresses);
	if (out->rows == NULL || out->lines == NULL || out->addresses == NULL)
		abort();
	qsort(lines, n, sizeof lines[0], compare_lines);
	for (i = 0; i < n; i++) {
		out->addresses[i] = lines[i].address;
		if (i > 0 && compare_outcome(&lines[i], &lines[i - 1]) == 0) {
			out->rows[out->n - 1].n_addresses++;
			continue;
		}
		out->lines[out->n] = &lines[i];
		out->rows[out->n++] = (struct pap_outcome){ .addresses = &out->addresses[i], .n_addresses = 1,
			.code = lines[i].code, .desc = lines[i].desc };
	}
}

void
operation_results_done(struct operation_results *r)
{
	free(r->rows);
	free(r->lines);
	free(r->addresses);
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
