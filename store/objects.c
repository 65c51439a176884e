/* objects.c - bodies, items, notes and views: what the store hands out and how it is freed. */
#include "store/store_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct store_body *
store_body_create(struct span headers, struct span body, struct span route)
{
	struct store_body *b = malloc(sizeof *b + headers.n + body.n + route.n);

	if (b == NULL)
		abort();
	atomic_init(&b->refs, 1);
	if (headers.n > 0)
		memcpy(b->octets, headers.p, headers.n);
	if (body.n > 0)
		memcpy(b->octets + headers.n, body.p, body.n);
	if (route.n > 0)
		memcpy(b->octets + headers.n + body.n, route.p, route.n);
	b->headers = span_of(b->octets, headers.n);
	b->body = span_of(b->octets + headers.n, body.n);
	b->route = span_of(b->octets + headers.n + body.n, route.n);
	return b;
}

struct store_body *
store_body_ref(struct store_body *b)
{
	atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
	return b;
}

void
store_body_unref(struct store_body *b)
{
	if (b != NULL && atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) == 1)
		free(b);
}

void
tick_ended(struct store_tick *t, int64_t push, uint32_t n, int from, int to)
{
	if (t->ended != NULL && t->n_ended < t->max)
		t->ended[t->n_ended++] = (struct store_ended){ push, n, from, to };
}

int
memory_check(const struct store_accept *a, const struct store_memory *rows, uint32_t n)
{
	uint32_t i;

	if (a == NULL && n > MEMORY_SLICE)
		return ERR_LIMIT;
	for (i = 0; i < n; i++)
		if (rows[i].kind < 1 || rows[i].kind > 255 ||
		    (a != NULL && (rows[i].n < a->first_n || rows[i].n - a->first_n >= a->n_recipients)))
			return ERR_RANGE;
	return OK;
}

void
store_item_free(struct store_item *item)
{
	if (item == NULL)
		return;
	store_body_unref(item->body);
	free((void *)(uintptr_t)item->overlay.p);
	free(item);
}

void
store_note_free(struct store_note *note)
{
	if (note == NULL)
		return;
	free(note->pi);
	free(note->push_id);
	free(note->version);
	free(note->url);
	free(note->meta);
	free(note->address);
	free(note->desc);
	free(note->link);
	free(note);
}

void
store_view_done(struct store_view *view)
{
	size_t i;

	for (i = 0; i < view->n; i++) {
		free(view->recipients[i].address);
		free(view->recipients[i].to);
		free(view->recipients[i].link);
		free(view->recipients[i].desc);
		free(view->recipients[i].message_ids);
	}
	free(view->recipients);
	free(view->pi);
	free(view->push_id);
	free(view->version);
	free(view->notify_url);
	free(view->meta);
	free(view->content_type);
	*view = (struct store_view){ 0 };
}

void
store_message_done(struct store_message *m)
{
	store_view_done(&m->push);
	if (m->headers.s != NULL)
		explicit_bzero(m->headers.s, m->headers.n);
	if (m->body.s != NULL)
		explicit_bzero(m->body.s, m->body.n);
	sbuf_done(&m->headers);
	sbuf_done(&m->body);
	sbuf_done(&m->route);
	m->erased = false;
}

static void
clear_accept(struct store_op *op)
{
	struct store_accept *a = (struct store_accept *)op;

	if (op->kind == STORE_ACCEPT)
		a->push = 0;
	a->batch = 0;
	a->replaced = 0;
}

static void
clear_cancel(struct store_op *op)
{
	struct store_cancel *c = (struct store_cancel *)op;

	c->push = 0;
	c->n_results = c->next_n = 0;
}

static void
clear_take(struct store_op *op)
{
	struct store_take *t = (struct store_take *)op;
	struct store_item *next;

	for (; t->items != NULL; t->items = next) {
		next = t->items->next;
		store_item_free(t->items);
	}
	t->n_items = 0;
	t->next_due = 0;
}

static void
clear_event(struct store_op *op)
{
	struct store_event *e = (struct store_event *)op;

	e->from = e->to = 0;
	e->ignored = e->final = false;
}

static void
clear_receipt(struct store_op *op)
{
	struct store_receipt *r = (struct store_receipt *)op;

	r->push = 0;
	r->n = 0;
	r->from = r->to = 0;
	r->ignored = r->final = false;
}

static void
clear_notes(struct store_op *op)
{
	struct store_notes *s = (struct store_notes *)op;
	struct store_note *next;

	for (; s->notes != NULL; s->notes = next) {
		next = s->notes->next;
		store_note_free(s->notes);
	}
	s->next_due = 0;
}

void
store_overdue_free(struct store_overdue *o)
{
	free(o->message_ids);
	free(o);
}

static bool
is_done(struct span done, unsigned part)
{
	return part / 8 < done.n && (done.p[part / 8] & 1 << part % 8) != 0;
}

struct store_overdue *
store_overdue_create(int64_t push, uint32_t n, const char *link, struct span ids, struct span done)
{
	struct store_overdue *o;
	unsigned part = 0, parts = 0;
	size_t i;

	for (i = 0; i < ids.n; i++)
		parts += ids.p[i] == '\0';
	if (link == NULL || parts == 0)
		return NULL;
	if ((o = calloc(1, sizeof *o)) == NULL || (o->message_ids = calloc(parts, sizeof o->message_ids[0])) == NULL)
		abort();
	o->push = push;
	o->n = n;
	snprintf(o->link, sizeof o->link, "%s", link);
	for (i = 0; i < ids.n; i += strlen((const char *)ids.p + i) + 1, part++)
		if (ids.p[i] != '\0' && !is_done(done, part))
			snprintf(o->message_ids[o->n_ids++], sizeof o->message_ids[0], "%s", (const char *)ids.p + i);
	if (o->n_ids == 0) {
		store_overdue_free(o);
		return NULL;
	}
	return o;
}

static void
clear_tick(struct store_op *op)
{
	((struct store_tick *)op)->n_ended = 0;
	struct store_tick *t = (struct store_tick *)op;
	struct store_overdue *next;

	for (; t->overdue != NULL; t->overdue = next) {
		next = t->overdue->next;
		store_overdue_free(t->overdue);
	}
	t->n_overdue = 0;

	t->expired = t->purged = 0;
	t->next_due = 0;
}

void
store_push_rows_free(struct store_push_row *rows, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		free(rows[i].pi);
		free(rows[i].push_id);
		free(rows[i].content_type);
	}
	free(rows);
}

void
store_profile_rows_free(struct store_profile_row *rows, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		free(rows[i].name);
		free(rows[i].content_type);
	}
	free(rows);
}

void
store_audit_rows_free(struct store_audit_row *rows, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		free(rows[i].link);
		free(rows[i].detail);
	}
	free(rows);
}

void
store_subscriber_done(struct store_subscriber_view *v)
{
	free(v->number);
	free(v->profile);
	free(v->facts);
	*v = (struct store_subscriber_view){ 0 };
}

void
store_op_init(struct store_op *op)
{
	if (op->kind == STORE_TAKE)
		((struct store_take *)op)->items = NULL;
	if (op->kind == STORE_NOTES)
		((struct store_notes *)op)->notes = NULL;
	if (op->kind == STORE_TICK)
		((struct store_tick *)op)->overdue = NULL;
	store_op_clear(op);
	op->result = OK;
}

void
store_op_clear(struct store_op *op)
{
	switch (op->kind) {
	case STORE_ACCEPT:
	case STORE_MORE: clear_accept(op); break;
	case STORE_CANCEL: clear_cancel(op); break;
	case STORE_SUBSCRIBERS: ((struct store_subscribers *)op)->changed = 0; break;
	case STORE_ABANDON:
	case STORE_PROFILE:
	case STORE_MEMORY:
	case STORE_REMARK: break;
	case STORE_TAKE: clear_take(op); break;
	case STORE_EVENT: clear_event(op); break;
	case STORE_RECEIPT: clear_receipt(op); break;
	case STORE_NOTES: clear_notes(op); break;
	case STORE_NOTE: break;
	case STORE_TICK: clear_tick(op); break;
	}
}
