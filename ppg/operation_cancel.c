/*
 * operation_cancel.c - see operation_int.h. Cancel: the store ends those that wait in its queue; those
 * that have left it are looked up and taken back by dispatch, from its own queues or from their SMSC. Who is just
 * being submitted is asked again a few times. It is answered when every recipient is answered for, and
 * "cancelled" only when that is assured and on disk.
 */
#include "ppg/operation_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { SLICE = 1000, ROUNDS = 12, ROUND_MS = 250 };

struct cancel_row {			/* of one recipient */
	uint32_t n;
	bool open;			/* not answered for yet */
	bool maybe_sent;		/* an earlier try may be at the SMSC, under an id that nobody knows */
	int code;
	const char *desc;		/* static, or in `why` */
	char *why;			/* heap, or NULL */
	const char *address;
};

struct cancel {
	struct operation *op;
	struct store_cancel slice;
	struct store_cancelled results[SLICE];
	uint32_t done_keys;		/* of op->good */
	struct cancel_row *rows;	/* of op->good, or of all recipients in the order of n */
	size_t n_rows, cap;
	struct cancel_row **by_n;	/* the open ones, in the order of n */
	size_t n_by_n;
	struct dispatch_cancel links;
	struct dispatch_wait wait;
	unsigned round;
	struct store_view view;		/* keeps the addresses for the answer */
};

void
cancel_free(struct cancel *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n_rows; i++)
		free(c->rows[i].why);
	for (i = 0; i < c->links.n_items; i++)
		free(c->links.items[i].message_ids);
	free(c->links.items);
	free(c->rows);
	free(c->by_n);
	store_view_done(&c->view);
	free(c);
}

static bool
of_all(const struct cancel *c)
{
	return c->op->s->a.control.n_addresses == 0;
}

/* ---- the answer ------------------------------------------------------------------------------------ */

static void
write_answer(struct operation *op, struct operation_line *lines, size_t n, bool all)
{
	const struct front_config *cf = &op->s->front->cf;
	const struct pap_control *c = &op->s->a.control;
	struct operation_results results;
	struct sbuf doc = { 0 };

	operation_group(lines, n, &results);
	if (all && results.n == 1)
		results.rows[0].n_addresses = 0;	/* it holds for every recipient */
	pap_cancel_response(&doc, &cf->writer, pap_reply_version(c), c->above_10, c->push_id, results.rows, results.n);
	operation_results_done(&results);
	operation_answer(op, &doc);
	sbuf_done(&doc);
}

static void
answer(struct cancel *c)
{
	struct operation *op = c->op;
	const struct pap_control *control = &op->s->a.control;
	size_t n = of_all(c) ? c->n_rows : control->n_addresses, i;
	struct operation_line *lines = calloc(n + 1, sizeof *lines);

	if (lines == NULL)
		abort();
	for (i = 0; i < n && !of_all(c); i++)
		lines[i] = (struct operation_line){ .address = control->addresses[i], .desc = op->bad[i],
			.code = PAP_ADDRESS_ERROR, .order = i };
	for (i = 0; i < c->n_rows; i++) {
		size_t at = of_all(c) ? i : op->good_at[i];
		const struct cancel_row *row = &c->rows[i];

		lines[at].address = of_all(c) ? row->address : control->addresses[at];
		lines[at].code = row->code;
		lines[at].desc = row->why != NULL ? row->why : row->desc;
		lines[at].order = at;
	}
	write_answer(op, lines, n, of_all(c));
	free(lines);
}

static bool
all_alike(const struct cancel *c)
{
	size_t i;

	for (i = 1; i < c->n_rows; i++)
		if (c->rows[i].code != c->rows[0].code || c->rows[i].why != NULL || c->rows[0].why != NULL ||
		    c->rows[i].desc != c->rows[0].desc)
			return false;
	return true;
}

/* In the pool: outcomes differ, so the answer must name who they belong to. */
static void
name_all(struct pool_job *job, struct store_reader *reader)
{
	struct operation *op = (struct operation *)((char *)job - offsetof(struct operation, job));
	struct cancel *c = op->cancel;
	size_t i, k;

	if (store_read_push(reader, op->s->who->name, op->s->a.control.push_id, 0, (uint32_t)c->n_rows, &c->view) !=
	    OK) {
		operation_refuse(op, PAP_INTERNAL_ERROR, "cancelled, but the store could not be read for the answer");
		return;
	}
	for (i = 0, k = 0; i < c->n_rows; i++) {
		while (k < c->view.n && c->view.recipients[k].n < c->rows[i].n)
			k++;
		c->rows[i].address = k < c->view.n ? c->view.recipients[k].address : "";
	}
	answer(c);
}

/* The same for many that the writer should not wait for. */
static void
answer_many(struct pool_job *job, struct store_reader *reader)
{
	struct operation *op = (struct operation *)((char *)job - offsetof(struct operation, job));

	answer(op->cancel);
}

static void
to_pool(struct cancel *c, void (*run)(struct pool_job *, struct store_reader *))
{
	struct operation *op = c->op;

	op->job.run = run;
	if (pool_submit(op->s->front->cf.pool, &op->job) != OK)
		operation_busy(op, "too many requests wait to be looked at; ask for the status\n");
}

static void
finish(struct cancel *c)
{
	size_t i;

	for (i = 0; i < c->n_rows; i++)
		if (c->rows[i].open) {
			c->rows[i].code = PAP_CANCEL_IMPOSSIBLE;
			c->rows[i].desc = "it is just being submitted";
		}
	c->op->s->many = c->op->s->many || c->n_rows >= MANY_ADDRESSES;
	if (of_all(c) && !all_alike(c))
		to_pool(c, name_all);
	else if (c->op->s->many)
		to_pool(c, answer_many);
	else
		answer(c);
}

/* ---- those that have left the store's queue --------------------------------------------------------- */

static void next_slice(struct cancel *c);
static void first_slice(struct cancel *c);

static int
compare_rows(const void *x, const void *y)
{
	const struct cancel_row *a = *(struct cancel_row *const *)x, *b = *(struct cancel_row *const *)y;

	return a->n < b->n ? -1 : a->n > b->n;
}

static void
index_open(struct cancel *c)
{
	size_t i;

	free(c->by_n);
	c->by_n = calloc(c->n_rows + 1, sizeof *c->by_n);
	if (c->by_n == NULL)
		abort();
	c->n_by_n = 0;
	for (i = 0; i < c->n_rows; i++)
		if (c->rows[i].open)
			c->by_n[c->n_by_n++] = &c->rows[i];
	qsort(c->by_n, c->n_by_n, sizeof c->by_n[0], compare_rows);
}

/* Where the rows of a recipient begin: those that were open when the index was made. */
static size_t
first_of(const struct cancel *c, uint32_t n)
{
	size_t lo = 0, hi = c->n_by_n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->by_n[mid]->n < n)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Has it any? An address may be named twice. */
static bool
is_open(const struct cancel *c, uint32_t n)
{
	size_t i = first_of(c, n);

	return i < c->n_by_n && c->by_n[i]->n == n;
}

static void
again(struct dispatch_wait *w)
{
	struct cancel *c = (struct cancel *)((char *)w - offsetof(struct cancel, wait));

	first_slice(c);
}

/* No more goes out; but what may have gone out before nobody can take back. */
static void
row_cancelled(struct cancel_row *row)
{
	row->code = row->maybe_sent ? PAP_CANCEL_IMPOSSIBLE : PAP_OK;
	row->desc = row->maybe_sent ? "it is not sent again, but may have reached the SMSC before its link was lost" : NULL;
}

/* All rows of this recipient: an address may be named twice. */
static void
settle(struct cancel *c, const struct dispatch_cancel_item *item)
{
	size_t i;

	for (i = first_of(c, item->n); i < c->n_by_n && c->by_n[i]->n == item->n; i++) {
		struct cancel_row *row = c->by_n[i];

		row->open = false;
		if (item->cancelled) {
			row_cancelled(row);
		} else {
			row->code = PAP_CANCEL_IMPOSSIBLE;
			row->why = span_dup(span_str(item->why));
		}
	}
}

/* Links thread: every item is answered for, as far as can be. */
static void
links_done(struct dispatch_cancel *d)
{
	struct cancel *c = (struct cancel *)((char *)d - offsetof(struct cancel, links));
	bool on_link = false;
	size_t i;

	for (i = 0; i < d->n_items; i++) {
		const struct dispatch_cancel_item *item = &d->items[i];

		if (item->on_link)
			on_link = true;
		else
			settle(c, item);
	}
	if (on_link && ++c->round < ROUNDS) {
		c->wait.run = again;
		dispatch_later(c->op->s->front->cf.dispatch, ROUND_MS, &c->wait);
	} else {
		finish(c);
	}
}

static void
add_item(struct cancel *c, struct store_view_recipient *r)
{
	struct dispatch_cancel_item *item = &c->links.items[c->links.n_items++];

	*item = (struct dispatch_cancel_item){ .n = r->n, .submitted = r->state == STEP_SUBMITTED };
	snprintf(item->to, sizeof item->to, "%s", r->to != NULL ? r->to : "");
	snprintf(item->link, sizeof item->link, "%s", r->link != NULL ? r->link : "");
	item->message_ids = r->message_ids;		/* ownership moves */
	item->n_ids = r->n_ids;
	r->message_ids = NULL;
	r->n_ids = 0;
}

/* Items in the order of n: each recipient once. */
static void
drop_repeated(struct dispatch_cancel *l)
{
	size_t i, kept = 0;

	for (i = 0; i < l->n_items; i++)
		if (kept > 0 && l->items[i].n == l->items[kept - 1].n)
			free(l->items[i].message_ids);
		else
			l->items[kept++] = l->items[i];
	l->n_items = kept;
}

static int
compare_items(const void *x, const void *y)
{
	const struct dispatch_cancel_item *a = x, *b = y;

	return a->n < b->n ? -1 : a->n > b->n;
}

static void
mark_maybe_sent(struct cancel *c, const struct store_view_recipient *r)
{
	size_t i;

	if (!r->maybe_sent)
		return;
	for (i = first_of(c, r->n); i < c->n_by_n && c->by_n[i]->n == r->n && !c->by_n[i]->maybe_sent; i++)
		c->by_n[i]->maybe_sent = true;
}

/* Whoever is open now is looked up: it may have moved on since. */
static void
collect(struct cancel *c, struct store_view *view)
{
	size_t i;

	index_open(c);
	for (i = 0; i < c->links.n_items; i++)
		free(c->links.items[i].message_ids);
	free(c->links.items);
	c->links = (struct dispatch_cancel){ .push = view->push, .done = links_done };
	c->links.items = calloc(view->n + 1, sizeof *c->links.items);
	if (c->links.items == NULL)
		abort();
	for (i = 0; i < view->n; i++) {
		struct store_view_recipient *r = &view->recipients[i];

		if (r->state == 0 || !is_open(c, r->n))
			continue;
		mark_maybe_sent(c, r);
		if (r->state == STEP_TAKEN || r->state == STEP_SUBMITTED)
			add_item(c, r);
	}
	qsort(c->links.items, c->links.n_items, sizeof c->links.items[0], compare_items);
	drop_repeated(&c->links);
}

static void
look_up(struct pool_job *job, struct store_reader *reader)
{
	struct operation *op = (struct operation *)((char *)job - offsetof(struct operation, job));
	struct cancel *c = op->cancel;
	const char *pi = op->s->who->name, *push_id = op->s->a.control.push_id;
	struct store_view view;
	int err = of_all(c) ? store_read_push(reader, pi, push_id, 0, (uint32_t)c->n_rows, &view) :
	    store_read_recipients(reader, pi, push_id, op->good, op->n_good, &view);

	if (err) {
		operation_refuse(op, PAP_INTERNAL_ERROR, "the store could not be read");
		return;
	}
	collect(c, &view);
	store_view_done(&view);
	dispatch_cancel(op->s->front->cf.dispatch, &c->links);
}

/* ---- the store's queue ----------------------------------------------------------------------------------- */

static struct cancel_row *
add_row(struct cancel *c, uint32_t n)
{
	if (c->n_rows == c->cap) {
		c->cap = c->cap > 0 ? 2 * c->cap : 16;
		c->rows = realloc(c->rows, c->cap * sizeof c->rows[0]);
		if (c->rows == NULL)
			abort();
	}
	c->rows[c->n_rows] = (struct cancel_row){ .n = n, .open = true };
	return &c->rows[c->n_rows++];
}

static void
judge(struct cancel_row *row, const struct store_cancelled *res)
{
	if (!row->open)
		return;
	row->n = res->n;
	row->open = false;
	if (!res->found) {
		row->code = PAP_ADDRESS_NOT_FOUND;
		row->desc = "no recipient of this push has this address";
	} else if (!res->ignored) {
		row->maybe_sent = res->maybe_sent;
		row_cancelled(row);
	} else if (res->from == STEP_TAKEN || res->from == STEP_SUBMITTED) {
		row->open = true;
	} else {
		row->code = PAP_NOT_POSSIBLE;
		row->desc = res->from == STEP_DELIVERED ? "it was delivered" :
		    res->from == STEP_CANCELLED ? "it was cancelled before" :
		    res->from == STEP_EXPIRED ? "it has expired" : "it could not be delivered";
	}
}

/* Writer thread: a slice is on disk. */
static void
slice_done(struct store_op *sop)
{
	struct cancel *c = (struct cancel *)((char *)sop - offsetof(struct cancel, slice));
	struct operation *op = c->op;
	size_t i;

	if (sop->result == ERR_NOT_FOUND) {
		operation_refuse(op, PAP_PUSH_ID_NOT_FOUND, "there is no such push");
		return;
	}
	if (sop->result != OK) {
		operation_busy(op, "the store takes nothing more now\n");
		return;
	}
	for (i = 0; i < c->slice.n_results; i++) {
		size_t at = of_all(c) ? c->slice.first_n + i : c->done_keys + i;

		judge(at < c->n_rows ? &c->rows[at] : add_row(c, c->results[i].n), &c->results[i]);
	}
	c->done_keys += of_all(c) ? 0 : c->slice.n_results;
	next_slice(c);
}

static void
submit_slice(struct cancel *c)
{
	if (store_submit(c->op->s->front->cf.store, &c->slice.op) != OK)
		operation_busy(c->op, "the store takes nothing more now\n");
}

static void
slices_done(struct cancel *c)
{
	size_t i;

	for (i = 0; i < c->n_rows && !c->rows[i].open; i++)
		;
	if (i < c->n_rows)
		to_pool(c, look_up);
	else
		finish(c);
}

static void
prepare_slice(struct cancel *c, uint32_t first_n)
{
	struct operation *op = c->op;
	uint32_t left = op->n_good - c->done_keys;

	c->slice = (struct store_cancel){
		.op = { .kind = STORE_CANCEL, .done = slice_done },
		.pi = op->s->who->name,
		.push_id = op->s->a.control.push_id,
		.keys = of_all(c) ? NULL : op->good + c->done_keys,
		.n_keys = left < SLICE ? left : SLICE,
		.first_n = first_n,
		.max = SLICE,
		.event = EV_CANCEL,
		.at = (int64_t)clock_utc(),
		.code = PAP_OK,
		.desc = "cancelled by its initiator",
		.results = c->results,
	};
}

/* From the second round on: where the next one is that is not answered for. */
static uint32_t
next_open(const struct cancel *c, uint32_t at)
{
	while (at < c->n_rows && !c->rows[at].open)
		at++;
	return at;
}

static void
next_slice(struct cancel *c)
{
	uint32_t at = next_open(c, of_all(c) ? c->slice.next_n : c->done_keys);
	bool more = of_all(c) ? c->slice.next_n != 0 && (c->round == 0 || at < c->n_rows) : at < c->op->n_good;

	if (!more) {
		slices_done(c);
		return;
	}
	c->done_keys = of_all(c) ? 0 : at;
	prepare_slice(c, of_all(c) ? at : 0);
	submit_slice(c);
}

static void
first_slice(struct cancel *c)
{
	uint32_t at = next_open(c, 0);

	c->done_keys = of_all(c) ? 0 : at;
	prepare_slice(c, of_all(c) ? at : 0);
	submit_slice(c);
}

void
operation_cancel(struct operation *op)
{
	struct cancel *c = calloc(1, sizeof *c);

	if (c == NULL)
		abort();
	c->op = op;
	op->cancel = c;
	first_slice(c);
}
