/*
 * sqlite_life.c - an event meets a recipient: the caller's rules say what becomes of it, and
 * what follows from that is written: batches, message ids, notifications, the end of a push.
 * EVENT, RECEIPT and the receipts that came too early.
 */
#include "store/sqlite_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

struct row {			/* of a recipient, as it was */
	int64_t rid, batch, link;
	int state;
	unsigned flags, segments;
};

/* Its message ids go to db->ids_text, one NUL-terminated after the other. */
static bool
row_get(struct db *db, int64_t rid, struct row *out)
{
	sqlite3_stmt *q = sql_query(db, Q_RCPT_GET);
	bool found;

	*out = (struct row){ .rid = rid };
	sbuf_clear(&db->ids_text);
	sql_int(q, 1, rid);
	if ((found = sql_row(db, q))) {
		out->state = sqlite3_column_int(q, 0);
		out->flags = (unsigned)sqlite3_column_int(q, 1);
		out->batch = sqlite3_column_int64(q, 2);
		out->segments = (unsigned)sqlite3_column_int(q, 3);
		out->link = sqlite3_column_int64(q, 4);
		sbuf_span(&db->ids_text, sql_get_blob(q, 5));
	}
	sqlite3_reset(q);
	return found;
}

/* ---- message ids ----------------------------------------------------------------------- */

/* Add the ids in the packed text to the index, or take them out; each once. */
static void
index_ids(struct db *db, int64_t rid, const char *link, struct span packed, bool add)
{
	const char *p = (const char *)packed.p, *end = p + packed.n;

	db->found.n = 0;
	for (; link != NULL && p < end; p += strlen(p) + 1) {
		char normal[MESSAGE_ID_SIZE];
		int64_t hash;
		size_t i;

		/* An SMSC that names none cannot report either. */
		if (match_message_id(p, normal) == 0)
			continue;
		hash = (int64_t)match_hash_message(db->hash_key, link, normal);
		for (i = 0; i < db->found.n && db->found.v[i] != hash; i++)
			;
		if (i < db->found.n)
			continue;
		ids_add(&db->found, hash);
		if (add)
			index_add(db, INDEX_MESSAGE, (uint64_t)hash, rid);
		else
			index_remove(db, INDEX_MESSAGE, (uint64_t)hash, rid);
	}
}

/* Which segment of the recipient in *r has this id: its number, or -1. */
static int
segment_of(struct db *db, const struct row *r, const char *link, const char *normal)
{
	const char *name = names_text(db, r->link);
	const char *p = db->ids_text.s, *end = p + db->ids_text.n;
	int i;

	if (name == NULL || strcmp(name, link) != 0)
		return -1;
	for (i = 0; p < end; p += strlen(p) + 1, i++) {
		char own[MESSAGE_ID_SIZE];

		match_message_id(p, own);
		if (strcmp(own, normal) == 0)
			return i;
	}
	return -1;
}

/* ---- the end of a recipient and of its push -------------------------------------------- */

static void
push_final(struct db *db, const struct push_life *l)
{
	const struct store_config *cf = &db->store->cf;
	int64_t lo = rid_of(l->push, 0), hi = rid_of(l->push, N_MAX);
	sqlite3_stmt *q;

	due_forget(db, DUE_DEADLINE, l->deadline_at, lo, hi);
	if (sqlite3_changes(db->sql) == 0)
		due_forget(db, DUE_NO_RECEIPT, l->deadline_at + cf->receipt_margin_s, lo, hi);
	if (l->waits)
		due_forget(db, l->dispatch, l->due_at, lo, hi);
	due_add(db, DUE_PURGE, clock_utc() + cf->retention_s, lo, hi);
	if (l->secret) {
		q = sql_query(db, Q_PUSH_ERASE);
		sql_int(q, 1, l->push);
		sql_run(db, q);
	}
}

static bool
all_final(struct db *db, const struct push_life *l)
{
	sqlite3_stmt *q = sql_query(db, Q_PROGRESS_FINAL);
	bool all;

	if (l->single)
		return true;
	sql_int(q, 1, l->push);
	sql_int(q, 2, l->n_final);
	all = sql_row(db, q) && sqlite3_column_int(q, 0) != 0;
	sqlite3_reset(q);
	return all;
}

void
life_flush(struct db *db)
{
	struct push_life *l = &db->life;

	if (l->push != 0 && l->n_final > 0 && db->err == OK && all_final(db, l))
		push_final(db, l);
	*l = (struct push_life){ 0 };
}

/* What the push is, read once for all of its recipients that an operation ends. */
static bool
hold_push(struct db *db, int64_t push)
{
	sqlite3_stmt *q = sql_query(db, Q_PUSH_LIFE);
	struct push_life *l = &db->life;
	int flags;

	if (l->push == push)
		return true;
	life_flush(db);
	sql_int(q, 1, push);
	if (sql_row(db, q)) {
		flags = sqlite3_column_int(q, 2);
		*l = (struct push_life){ .push = push, .single = sqlite3_column_int(q, 0) == 1,
			.deadline_at = sqlite3_column_int64(q, 1), .secret = (flags & PUSH_SECRET) != 0,
			.dispatch = due_dispatch(flags & PUSH_HIGH ? STORE_HIGH : flags & PUSH_LOW ?
			    STORE_LOW : STORE_MEDIUM),
			.notify = sqlite3_column_int(q, 3) != 0,
			.due_at = sqlite3_column_int64(q, sqlite3_column_int64(q, 5) != 0 ? 5 : 4) };
	}
	sqlite3_reset(q);
	return l->push == push;
}

static void
recipient_final(struct db *db, int64_t rid, bool waited)
{
	sqlite3_stmt *q;

	db->now.live--;
	if (!hold_push(db, rid_push(rid)))
		return;
	db->life.n_final++;
	db->life.waits |= waited;
	if (db->life.notify) {
		q = sql_query(db, Q_NOTE_ADD);
		sql_int(q, 1, db->now.next_id++);
		sql_int(q, 2, clock_utc());
		sql_int(q, 3, rid);
		sql_run(db, q);
		db->store->notes_added = true;
	}
}

/* ---- one event ------------------------------------------------------------------------- */

/* One NUL-terminated after the other, into db->new_ids. */
static void
pack_ids(struct db *db, const struct happening *h)
{
	unsigned i;

	sbuf_clear(&db->new_ids);
	for (i = 0; i < h->n_ids; i++) {
		sbuf_put(&db->new_ids, h->message_ids[i], strnlen(h->message_ids[i], MESSAGE_ID_SIZE - 1));
		sbuf_char(&db->new_ids, '\0');
	}
}

static void
row_set(struct db *db, const struct row *r, const struct happening *h)
{
	bool sent = h->n_ids > 0;
	sqlite3_stmt *q = sql_query(db, sent ? Q_RCPT_SENT : Q_RCPT_SET);

	sql_int(q, 1, r->rid);
	sql_int(q, 2, r->state);
	sql_int(q, 3, r->flags);
	sql_int(q, 4, r->batch);
	sql_int(q, 5, h->at);
	if (h->code != 0)
		sql_int(q, 6, h->code);
	else
		sqlite3_bind_null(q, 6);
	sqlite3_bind_text(q, 7, h->desc, h->desc != NULL ? (int)strnlen(h->desc, DESC_MAX) : 0, SQLITE_STATIC);
	if (sent) {
		sql_int(q, 8, names_id(db, h->link));
		sql_blob(q, 9, sbuf_as_span(&db->new_ids));
		sql_int(q, 10, h->n_ids);
	}
	sql_run(db, q);
}

int
life_state(struct db *db, int64_t rid)
{
	struct row r;

	return row_get(db, rid, &r) ? r.state : 0;
}

int
life_happen(struct db *db, int64_t rid, struct happening *h)
{
	const struct store_rules *rules = &db->store->cf.rules;
	struct store_change c = { 0 };
	struct row r;
	bool was_final;

	if (!row_get(db, rid, &r))
		return ERR_NOT_FOUND;
	h->from = h->to = r.state;
	was_final = (r.flags & RCPT_FINAL) != 0;
	h->final = was_final;
	h->was_maybe_sent = (r.flags & RCPT_MAYBE_SENT) != 0;
	if (rules->apply(r.state, h->event, &c) != OK) {
		h->ignored = true;
		return OK;
	}
	h->to = r.state = c.state;
	h->final = was_final || c.final;
	if (rules->held != 0)
		db->now.held += (h->to == rules->held) - (h->from == rules->held);
	if (h->from == rules->taken && c.state != rules->taken) {
		batches_add(&db->batches, r.batch, -1);
		r.batch = 0;
	}
	if (h->maybe_sent)
		r.flags |= RCPT_MAYBE_SENT;
	if (h->event == rules->ev_ask)
		r.flags |= RCPT_ASKED;
	if (c.final)
		r.flags |= RCPT_FINAL;
	/* Ids are looked up only while a receipt can change something; the row shows them for ever. */
	if ((c.final || h->n_ids > 0) && (r.flags & RCPT_IDS) != 0) {
		index_ids(db, rid, names_text(db, r.link), sbuf_as_span(&db->ids_text), false);
		r.flags &= ~(unsigned)RCPT_IDS;
	}
	pack_ids(db, h);
	if (h->n_ids > 0 && c.keep_ids && !c.final) {
		index_ids(db, rid, h->link, sbuf_as_span(&db->new_ids), true);
		r.flags |= RCPT_IDS;
	}
	row_set(db, &r, h);
	if (h->to != h->from)
		db->store->next.entered[c.state % STORE_STATES_MAX]++;
	audit_add(db, rid, h);
	if (c.requeue && !c.final)
		due_add(db, due_dispatch(r.flags & RCPT_HIGH ? STORE_HIGH : r.flags & RCPT_LOW ? STORE_LOW :
		    STORE_MEDIUM), h->due_at, rid, rid);
	if (c.final && !was_final)
		recipient_final(db, rid, h->from == rules->queued);
	return OK;
}

/* ---- RECEIPT --------------------------------------------------------------------------- */

/* Note that a segment has arrived; true when that was the last one. */
static bool
segment_done(struct db *db, const struct row *r, unsigned segment)
{
	uint8_t bits[64] = { 0 };
	size_t n = (r->segments + 7) / 8;
	sqlite3_stmt *q = sql_query(db, Q_RCPT_GET);
	struct span done;
	unsigned i;

	if (r->segments <= 1 || n > sizeof bits)
		return true;
	sql_int(q, 1, r->rid);
	if (sql_row(db, q) && (done = sql_get_blob(q, 6)).n == n)
		memcpy(bits, done.p, n);
	sqlite3_reset(q);
	bits[segment / 8] |= (uint8_t)(1 << segment % 8);
	q = sql_query(db, Q_RCPT_SEGMENT);
	sql_int(q, 1, r->rid);
	sql_blob(q, 2, span_of(bits, n));
	sql_run(db, q);
	for (i = 0; i < r->segments; i++)
		if ((bits[i / 8] & 1 << i % 8) == 0)
			return false;
	return true;
}

/* Apply a receipt to the recipient of its message id: OK, or ERR_NOT_FOUND. */
static int
match_receipt(struct db *db, const char *link, const char *normal, struct happening *h, int64_t *rid)
{
	const struct store_rules *rules = &db->store->cf.rules;
	struct store_change c;
	struct row r;
	int segment = -1;
	size_t i;

	index_find(db, INDEX_MESSAGE, match_hash_message(db->hash_key, link, normal), &db->found);
	/* An SMSC may use an id again: the youngest recipient is meant. */
	for (i = db->found.n; i > 0 && segment < 0; i--)
		if (row_get(db, *rid = db->found.v[i - 1], &r))
			segment = segment_of(db, &r, link, normal);
	if (segment < 0)
		return ERR_NOT_FOUND;
	if (h->event == rules->ev_receipt_ok && rules->apply(r.state, h->event, &c) == OK &&
	    !segment_done(db, &r, (unsigned)segment)) {
		h->from = h->to = r.state;
		return OK;
	}
	return life_happen(db, *rid, h);
}

static void
drop_orphan(struct db *db, int64_t id)
{
	sqlite3_stmt *q = sql_query(db, Q_ORPHAN_DELETE);

	sql_int(q, 1, id);
	sql_run(db, q);
	db->orphans--;
}

static void
keep_orphan(struct db *db, const struct store_receipt *r, const char *normal)
{
	sqlite3_stmt *q;

	if (db->orphans >= db->orphans_max) {
		q = sql_query(db, Q_ORPHAN_FIRST);
		if (sql_row(db, q)) {
			int64_t oldest = sqlite3_column_int64(q, 0);

			sqlite3_reset(q);
			drop_orphan(db, oldest);
			db->store->next.orphans_dropped++;
		} else {
			sqlite3_reset(q);
		}
	}
	q = sql_query(db, Q_ORPHAN_ADD);
	sql_int(q, 1, db->now.next_id++);
	sql_int(q, 2, clock_utc());
	sql_int(q, 3, (int64_t)match_hash_message(db->hash_key, r->link, normal));
	sql_text(q, 4, r->link);
	sql_text(q, 5, normal);
	sql_int(q, 6, r->event);
	sql_int(q, 7, r->at);
	sql_int(q, 8, r->code);
	sql_text(q, 9, r->desc);
	sql_run(db, q);
	db->orphans++;
	db->store->next.receipts_unknown++;
}

void
op_receipt(struct db *db, struct store_receipt *r)
{
	struct happening h = { .event = r->event, .at = r->at, .code = r->code, .desc = r->desc,
		.link = r->link };
	char normal[MESSAGE_ID_SIZE];
	int64_t rid = 0;

	match_message_id(r->message_id, normal);
	r->op.result = match_receipt(db, r->link, normal, &h, &rid);
	if (r->op.result != OK) {
		if (!r->asked)
			keep_orphan(db, r, normal);
		return;
	}
	r->push = rid_push(rid);
	r->n = rid_n(rid);
	r->from = h.from;
	r->to = h.to;
	r->ignored = h.ignored;
	r->final = h.final;
}

/* ---- EVENT ----------------------------------------------------------------------------- */

struct orphan {
	int64_t id;
	struct happening h;
	char *desc;
};

/* The oldest kept receipt for this id. */
static bool
find_orphan(struct db *db, const char *link, const char *normal, struct orphan *out)
{
	sqlite3_stmt *q = sql_query(db, Q_ORPHAN_FIND);
	bool found = false;

	sql_int(q, 1, (int64_t)match_hash_message(db->hash_key, link, normal));
	while (!found && sql_row(db, q))
		if (strcmp((const char *)sqlite3_column_text(q, 1), link) == 0 &&
		    strcmp((const char *)sqlite3_column_text(q, 2), normal) == 0) {
			found = true;
			*out = (struct orphan){ .id = sqlite3_column_int64(q, 0),
				.desc = sql_get_text(q, 6) };
			out->h = (struct happening){ .event = sqlite3_column_int(q, 3),
				.at = sqlite3_column_int64(q, 4),
				.code = sqlite3_column_int(q, 5), .desc = out->desc };
		}
	sqlite3_reset(q);
	return found;
}

/* Receipts that overtook the response whose message ids this event brought. */
static void
match_orphans(struct db *db, struct store_event *e)
{
	unsigned i;

	for (i = 0; i < e->n_ids; i++) {
		char normal[MESSAGE_ID_SIZE];
		struct orphan o;

		if (match_message_id(e->message_ids[i], normal) == 0)
			continue;
		while (db->orphans > 0 && find_orphan(db, e->link, normal, &o)) {
			int64_t rid;

			o.h.link = e->link;
			if (match_receipt(db, e->link, normal, &o.h, &rid) == OK && !o.h.ignored) {
				e->to = o.h.to;
				e->final = o.h.final;
			}
			drop_orphan(db, o.id);
			free(o.desc);
		}
	}
}

void
op_event(struct db *db, struct store_event *e)
{
	struct happening h = { .event = e->event, .at = e->at, .code = e->code, .desc = e->desc,
		.due_at = e->due_at, .maybe_sent = e->maybe_sent, .link = e->link,
		.message_ids = e->message_ids, .n_ids = e->n_ids };

	e->op.result = life_happen(db, rid_of(e->push, e->n), &h);
	if (e->op.result != OK)
		return;
	e->from = h.from;
	e->to = h.to;
	e->ignored = h.ignored;
	e->final = h.final;
	if (!h.ignored && !h.final && e->n_ids > 0 && db->orphans > 0)
		match_orphans(db, e);
}
