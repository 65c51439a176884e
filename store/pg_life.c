/*
 * pg_life.c - an event meets a recipient: the caller's rules say what becomes of it, and what
 * follows from that is noted for writing: batches, message ids, notifications, audit rows, the end
 * of a push. EVENT, RECEIPT and the receipts that came too early.
 */
#include "store/pg_int.h"

#include <string.h>

#include "base/clock.h"

enum { DESC_MAX = 200 };

/* ---- audit ----------------------------------------------------------------------------------- */

void
pg_audit_end(struct pg *pg)
{
	const struct pg_audit *a = &pg->audit;

	if (!a->open)
		return;
	pg->audit.open = false;
	pg_int(pg, W_AUDIT, a->push);
	pg_int(pg, W_AUDIT, pg->now.next_id++);
	pg_int(pg, W_AUDIT, a->at);
	pg_int(pg, W_AUDIT, a->lo);
	pg_int(pg, W_AUDIT, a->hi);
	pg_int(pg, W_AUDIT, a->event);
	pg_int(pg, W_AUDIT, a->from);
	pg_int(pg, W_AUDIT, a->to);
	pg_int(pg, W_AUDIT, a->code);
	pg_text(pg, W_AUDIT, a->link);
	pg_blob(pg, W_AUDIT, a->detail != NULL ? span_of(a->detail, strnlen(a->detail, DESC_MAX)) : span_of(NULL, 0));
	pg_blob(pg, W_AUDIT, span_of(NULL, 0));
	pg_blob(pg, W_AUDIT, span_of(NULL, 0));
	pg_blob(pg, W_AUDIT, span_of(NULL, 0));
}

void
pg_audit_add(struct pg *pg, int64_t push, uint32_t n, const struct happening *h)
{
	struct pg_audit *a = &pg->audit;

	if (a->open && a->push == push && a->hi + 1 == n && a->at == h->at && a->event == h->event &&
	    a->from == h->from && a->to == h->to && a->code == h->code && a->link == h->link && a->detail == h->desc) {
		a->hi = n;
		return;
	}
	pg_audit_end(pg);
	*a = (struct pg_audit){ .open = true, .push = push, .at = h->at, .lo = n, .hi = n, .event = h->event,
		.from = h->from, .to = h->to, .code = h->code, .link = h->link, .detail = h->desc };
}

/* ---- message ids ----------------------------------------------------------------------------- */

/* Add the ids in the packed text to table message, or take them out. */
static void
index_ids(struct pg *pg, int64_t rid, const char *link, struct span packed, bool in)
{
	const char *p = (const char *)packed.p, *end = p + packed.n;

	for (; link != NULL && p < end; p += strlen(p) + 1) {
		char normal[MESSAGE_ID_SIZE];
		int64_t hash;

		/* An SMSC that names none cannot report either. */
		if (match_message_id(p, normal) == 0)
			continue;
		hash = (int64_t)match_hash_message((uint64_t)pg->hash_key, link, normal);
		if (in)
			rows_message_add(pg, hash, rid);
		else
			rows_message_remove(pg, hash, rid);
	}
}

/* Which segment of the recipient has this id: its number, or -1. */
static int
segment_of(const struct pg_recipient *r, const char *link, const char *normal)
{
	const char *p = (const char *)r->ids.p, *end = p + r->ids.n;
	int i;

	if (r->link == NULL || strcmp(r->link, link) != 0)
		return -1;
	for (i = 0; p < end; p += strlen(p) + 1, i++) {
		char own[MESSAGE_ID_SIZE];

		match_message_id(p, own);
		if (strcmp(own, normal) == 0)
			return i;
	}
	return -1;
}

/* One NUL-terminated after the other, in the group's memory. */
static struct span
pack_ids(struct pg *pg, const struct happening *h)
{
	size_t n = 0;
	unsigned i;
	char *p;

	if (h->n_ids == 0)
		return span_of(NULL, 0);
	p = pg_alloc(pg, (size_t)h->n_ids * MESSAGE_ID_SIZE);
	for (i = 0; i < h->n_ids; i++) {
		size_t length = strnlen(h->message_ids[i], MESSAGE_ID_SIZE - 1);

		memcpy(p + n, h->message_ids[i], length);
		n += length + 1;
	}
	return span_of(p, n);
}

/* ---- the end of a recipient and of its push -------------------------------------------------- */

static void
forget_due(struct pg *pg, int kind, int64_t at, int64_t push)
{
	pg_int(pg, W_DUE_FORGET, kind);
	pg_int(pg, W_DUE_FORGET, at);
	pg_int(pg, W_DUE_FORGET, rid_of(push, 0));
	pg_int(pg, W_DUE_FORGET, rid_of(push, N_MAX));
}

static void
push_final(struct pg *pg, struct pg_push *p, bool waited)
{
	const struct store_config *cf = &pg->store->cf;
	int64_t push = p->node.key;

	forget_due(pg, DUE_DEADLINE, p->deadline_at, push);
	forget_due(pg, DUE_NO_RECEIPT, p->deadline_at + cf->receipt_margin_s, push);
	if (waited)
		forget_due(pg, DUE_DISPATCH + p->priority, p->due_at, push);
	pg_due_add(pg, DUE_PURGE, clock_utc() + cf->retention_s, rid_of(push, 0),
	    rid_of(push, (uint32_t)p->n_recipients - 1));
	if (p->secret)
		pg_int(pg, W_ERASE, push);
}

static void
recipient_final(struct pg *pg, int64_t rid, bool waited)
{
	struct pg_push *p = rows_push(pg, rid_push(rid));

	pg->now.live--;
	if (p == NULL)
		return;
	if (p->notify) {
		pg_int(pg, W_NOTE, pg->now.next_id++);
		pg_int(pg, W_NOTE, clock_utc());
		pg_int(pg, W_NOTE, rid);
		pg->store->notes_added = true;
	}
	p->n_final++;
	if (!p->single)
		rows_changed(pg, &p->changed);
	if (p->n_final == p->n_recipients)
		push_final(pg, p, waited);
}

/* ---- one event ------------------------------------------------------------------------------- */

static void
requeue(struct pg *pg, int64_t rid, int64_t due_at)
{
	const struct pg_push *p = rows_push(pg, rid_push(rid));

	if (p != NULL)
		pg_due_add(pg, DUE_DISPATCH + p->priority, due_at, rid, rid);
}

int
pg_happen(struct pg *pg, int64_t rid, struct happening *h)
{
	const struct store_rules *rules = &pg->store->cf.rules;
	struct pg_recipient *r = rows_recipient(pg, rid);
	struct store_change c = { 0 };
	bool was_final;

	if (r == NULL)
		return ERR_NOT_FOUND;
	h->from = h->to = r->state;
	h->final = was_final = (r->flags & RCPT_FINAL) != 0;
	h->was_maybe_sent = (r->flags & RCPT_MAYBE_SENT) != 0;
	if (rules->apply(r->state, h->event, &c) != OK) {
		h->ignored = true;
		return OK;
	}
	rows_changed(pg, &r->changed);
	h->to = r->state = c.state;
	h->final = was_final || c.final;
	if (rules->held != 0)
		pg->now.held += (h->to == rules->held) - (h->from == rules->held);
	if (h->from == rules->taken && c.state != rules->taken) {
		batches_add(&pg->batches, r->batch, -1);
		r->batch = 0;
	}
	if (h->maybe_sent)
		r->flags |= RCPT_MAYBE_SENT;
	if (h->event == rules->ev_ask)
		r->flags |= RCPT_ASKED;
	if (c.final)
		r->flags |= RCPT_FINAL;
	/* Ids are looked up only while a receipt can change something; the row shows them for ever. */
	if ((c.final || h->n_ids > 0) && (r->flags & RCPT_IDS) != 0) {
		index_ids(pg, rid, r->link, r->ids, false);
		r->flags &= ~(unsigned)RCPT_IDS;
	}
	r->event_time = h->at;
	if (h->code != 0)
		r->code = h->code;
	if (h->desc != NULL)
		r->desc = (const char *)pg_keep_span(pg, span_of(h->desc, strnlen(h->desc, DESC_MAX))).p;
	if (h->n_ids > 0) {
		r->link = pg_keep(pg, h->link);
		r->ids = pack_ids(pg, h);
		r->segments = h->n_ids;
		r->done = span_of(NULL, 0);
	}
	if (h->n_ids > 0 && c.keep_ids && !c.final) {
		index_ids(pg, rid, r->link, r->ids, true);
		r->flags |= RCPT_IDS;
	}
	if (h->to != h->from)
		pg_entered(pg, c.state, 1);
	pg_audit_add(pg, rid_push(rid), rid_n(rid), h);
	if (c.requeue && !c.final)
		requeue(pg, rid, h->due_at);
	if (c.final && !was_final)
		recipient_final(pg, rid, h->from == rules->queued);
	return OK;
}

/* ---- RECEIPT --------------------------------------------------------------------------------- */

/* Note that a segment has arrived; true when that was the last one. */
static bool
segment_done(struct pg *pg, struct pg_recipient *r, unsigned segment)
{
	size_t n = (r->segments + 7) / 8;
	uint8_t *bits;
	unsigned i;

	if (r->segments <= 1)
		return true;
	bits = pg_alloc(pg, n);
	if (r->done.n == n)
		memcpy(bits, r->done.p, n);
	bits[segment / 8] |= (uint8_t)(1 << segment % 8);
	r->done = span_of(bits, n);
	rows_changed(pg, &r->changed);
	for (i = 0; i < r->segments; i++)
		if ((bits[i / 8] & 1 << i % 8) == 0)
			return false;
	return true;
}

/* Apply a receipt to the recipient of its message id: OK, or ERR_NOT_FOUND. */
static int
match_receipt(struct pg *pg, const char *link, const char *normal, struct happening *h, int64_t *rid)
{
	const struct store_rules *rules = &pg->store->cf.rules;
	int64_t hash = (int64_t)match_hash_message((uint64_t)pg->hash_key, link, normal);
	struct pg_hashed *m = NULL;
	struct pg_recipient *r = NULL;
	struct store_change c;
	int segment = -1;

	if (normal[0] == '\0')
		return ERR_NOT_FOUND;
	/* An SMSC may use an id again: the youngest recipient is meant. */
	while (segment < 0 && (m = rows_message(pg, hash, m)) != NULL)
		if ((r = rows_recipient(pg, *rid = m->row)) != NULL)
			segment = segment_of(r, link, normal);
	if (segment < 0)
		return ERR_NOT_FOUND;
	if (h->event == rules->ev_receipt_ok && rules->apply(r->state, h->event, &c) == OK &&
	    !segment_done(pg, r, (unsigned)segment)) {
		h->from = h->to = r->state;
		return OK;
	}
	return pg_happen(pg, *rid, h);
}

static void
drop_orphan(struct pg *pg, int64_t id)
{
	pg_int(pg, W_ORPHAN_DELETE, id);
	pg->now.orphans--;
}

/* The oldest makes room. */
static void
make_room(struct pg *pg)
{
	const PGresult *r;
	size_t place;

	pg_flush(pg);
	pg_int(pg, A_ORPHANS_OLD, 1);
	place = pg_send(pg, A_ORPHANS_OLD);
	pg_sync(pg);
	r = pg_result(pg, place);
	if (pg_rows(r) == 0)
		return;
	drop_orphan(pg, pg_get_int(r, 0, 0));
	pg->store->next.orphans_dropped++;
	pg_flush(pg);
	rows_clear(pg);			/* it may have been among them */
}

static void
keep_orphan(struct pg *pg, const struct store_receipt *r, const char *normal)
{
	int64_t hash = (int64_t)match_hash_message((uint64_t)pg->hash_key, r->link, normal);
	struct pg_orphan *o;

	if (pg->now.orphans >= pg->orphans_max)
		make_room(pg);
	o = rows_orphan_add(pg, hash);
	o->id = pg->now.next_id++;
	o->at = r->at;
	o->event = r->event;
	o->code = r->code;
	o->link = pg_keep(pg, r->link);
	o->message_id = pg_keep(pg, normal);
	o->desc = pg_keep(pg, r->desc);
	pg_int(pg, W_ORPHAN, o->id);
	pg_int(pg, W_ORPHAN, clock_utc());
	pg_int(pg, W_ORPHAN, hash);
	pg_text(pg, W_ORPHAN, r->link);
	pg_text(pg, W_ORPHAN, normal);
	pg_int(pg, W_ORPHAN, r->event);
	pg_int(pg, W_ORPHAN, r->at);
	pg_int(pg, W_ORPHAN, r->code);
	pg_text(pg, W_ORPHAN, r->desc);
	pg->now.orphans++;
	pg->store->next.receipts_unknown++;
}

void
pg_op_receipt(struct pg *pg, struct store_receipt *r)
{
	struct happening h = { .event = r->event, .at = r->at, .code = r->code, .desc = r->desc, .link = r->link };
	char normal[MESSAGE_ID_SIZE];
	int64_t rid = 0;

	match_message_id(r->message_id, normal);
	r->op.result = match_receipt(pg, r->link, normal, &h, &rid);
	if (r->op.result != OK) {
		if (!r->asked)
			keep_orphan(pg, r, normal);
		return;
	}
	r->push = rid_push(rid);
	r->n = rid_n(rid);
	r->from = h.from;
	r->to = h.to;
	r->ignored = h.ignored;
	r->final = h.final;
}

/* ---- EVENT ----------------------------------------------------------------------------------- */

/* Receipts that overtook the response whose message ids this event brought. */
static void
match_orphans(struct pg *pg, struct store_event *e)
{
	unsigned i;

	for (i = 0; i < e->n_ids; i++) {
		char normal[MESSAGE_ID_SIZE];
		struct pg_orphan *o;
		int64_t hash, rid;

		if (match_message_id(e->message_ids[i], normal) == 0)
			continue;
		hash = (int64_t)match_hash_message((uint64_t)pg->hash_key, e->link, normal);
		while ((o = rows_orphan(pg, hash, e->link, normal)) != NULL) {
			struct happening h = { .event = o->event, .at = o->at, .code = o->code, .desc = o->desc,
				.link = e->link };

			if (match_receipt(pg, e->link, normal, &h, &rid) == OK && !h.ignored) {
				e->to = h.to;
				e->final = h.final;
			}
			o->gone = true;
			drop_orphan(pg, o->id);
		}
	}
}

void
pg_op_event(struct pg *pg, struct store_event *e)
{
	struct happening h = { .event = e->event, .at = e->at, .code = e->code, .desc = e->desc,
		.due_at = e->due_at, .maybe_sent = e->maybe_sent, .link = e->link,
		.message_ids = e->message_ids, .n_ids = e->n_ids };

	e->op.result = e->n > N_MAX ? ERR_NOT_FOUND : pg_happen(pg, rid_of(e->push, e->n), &h);
	if (e->op.result != OK)
		return;
	e->from = h.from;
	e->to = h.to;
	e->ignored = h.ignored;
	e->final = h.final;
	if (!h.ignored && !h.final && e->n_ids > 0)
		match_orphans(pg, e);
}
