/*
 * pg_rows.c - the rows that a group works on: asked for in a few queries before its operations run,
 * changed in memory, written together. A row that was not foreseen is asked for when it is needed,
 * after what the group changed so far was sent: what the server says always counts.
 */
#include "store/pg_int.h"

#include <stdlib.h>
#include <string.h>

/* ---- memory until the end of the group ------------------------------------------------------- */

struct chunk {
	struct chunk *next;
	size_t n, cap;
	_Alignas(16) char octets[];
};

enum { CHUNK = 256 << 10 };

void *
pg_alloc(struct pg *pg, size_t n)
{
	struct chunk *c = pg->arena;

	n = (n + 15) & ~(size_t)15;
	if (c == NULL || n > c->cap - c->n) {
		size_t cap = n > CHUNK ? n : CHUNK;

		if ((c = malloc(sizeof *c + cap)) == NULL)
			abort();
		*c = (struct chunk){ .next = pg->arena, .cap = cap };
		pg->arena = c;
	}
	c->n += n;
	return memset(c->octets + c->n - n, 0, n);
}

static void
drop_chunks(struct pg *pg, size_t keep)
{
	while (pg->arena != NULL && (keep == 0 || pg->arena->next != NULL)) {
		struct chunk *next = pg->arena->next;

		free(pg->arena);
		pg->arena = next;
	}
	if (pg->arena != NULL)
		pg->arena->n = 0;
}

struct span
pg_keep_span(struct pg *pg, struct span s)
{
	uint8_t *p;

	if (s.p == NULL)
		return s;
	p = pg_alloc(pg, s.n + 1);
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return span_of(p, s.n);
}

char *
pg_keep(struct pg *pg, const char *text)
{
	return text != NULL ? (char *)(uintptr_t)pg_keep_span(pg, span_str(text)).p : NULL;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static struct pg_node **
slot_of(const struct pg_table *t, int64_t key)
{
	uint64_t h = (uint64_t)key * 0x9E3779B97F4A7C15u;

	return &t->slots[h >> 32 & (t->cap - 1)];
}

static void
grow(struct pg_table *t)
{
	struct pg_table old = *t;
	size_t i;

	t->cap = old.cap > 0 ? old.cap * 4 : 256;
	if ((t->slots = calloc(t->cap, sizeof t->slots[0])) == NULL)
		abort();
	for (i = 0; i < old.cap; i++) {
		struct pg_node *node = old.slots[i], *next, **tail;

		for (; node != NULL; node = next) {
			next = node->next;
			node->next = NULL;
			/* Those with one key keep their order. */
			for (tail = slot_of(t, node->key); *tail != NULL; tail = &(*tail)->next)
				;
			*tail = node;
		}
	}
	free(old.slots);
}

/* The first with this key, or NULL. */
static void *
find(const struct pg_table *t, int64_t key)
{
	struct pg_node *node;

	if (t->cap == 0)
		return NULL;
	for (node = *slot_of(t, key); node != NULL && node->key != key; node = node->next)
		;
	return node;
}

static void *
find_next(const void *after)
{
	const struct pg_node *was = after;
	struct pg_node *node;

	for (node = was->next; node != NULL && node->key != was->key; node = node->next)
		;
	return node;
}

/* Behind those with the same key. */
static void *
add(struct pg *pg, struct pg_table *t, int64_t key, size_t size)
{
	struct pg_node *node = pg_alloc(pg, size), **tail;

	if (t->n >= t->cap)
		grow(t);
	node->key = key;
	for (tail = slot_of(t, key); *tail != NULL; tail = &(*tail)->next)
		;
	*tail = node;
	t->n++;
	return node;
}

static void
empty(struct pg_table *t)
{
	if (t->n > 0)
		memset(t->slots, 0, t->cap * sizeof t->slots[0]);
	t->n = 0;
}

enum { TABLES = 6 };

static void
tables_of(struct pg *pg, struct pg_table *out[TABLES])
{
	out[0] = &pg->pushes;
	out[1] = &pg->recipients;
	out[2] = &pg->push_ids;
	out[3] = &pg->messages;
	out[4] = &pg->notes;
	out[5] = &pg->orphans;
}

void
rows_clear(struct pg *pg)
{
	struct pg_table *tables[TABLES];
	size_t i;

	tables_of(pg, tables);
	for (i = 0; i < TABLES; i++)
		empty(tables[i]);
	pg->warm = false;
	drop_chunks(pg, 1);
}

void
rows_done(struct pg *pg)
{
	struct pg_table *tables[TABLES];
	size_t i;

	tables_of(pg, tables);
	for (i = 0; i < TABLES; i++)
		free(tables[i]->slots);
	drop_chunks(pg, 0);
}

/* ---- from results ---------------------------------------------------------------------------- */

static const char *
text_of(struct pg *pg, const PGresult *r, int row, int column)
{
	return (const char *)pg_keep_span(pg, pg_get_blob(r, row, column)).p;
}

struct pg_recipient *
rows_load_recipient(struct pg *pg, const PGresult *r, int row, int column)
{
	int64_t id = pg_get_int(r, row, column);
	struct pg_recipient *x = find(&pg->recipients, id);

	if (x != NULL && x->found)
		return x;
	if (x == NULL)
		x = add(pg, &pg->recipients, id, sizeof *x);
	x->found = true;
	x->state = (int)pg_get_int(r, row, column + 1);
	x->flags = (unsigned)pg_get_int(r, row, column + 2);
	x->attempts = (unsigned)pg_get_int(r, row, column + 3);
	x->segments = (unsigned)pg_get_int(r, row, column + 4);
	x->code = (int)pg_get_int(r, row, column + 5);
	x->batch = pg_get_int(r, row, column + 6);
	x->event_time = pg_get_int(r, row, column + 7);
	x->link = text_of(pg, r, row, column + 8);
	x->ids = pg_keep_span(pg, pg_get_blob(r, row, column + 9));
	x->done = pg_keep_span(pg, pg_get_blob(r, row, column + 10));
	x->desc = text_of(pg, r, row, column + 11);
	return x;
}

static void
load_push(struct pg *pg, const PGresult *r, int row)
{
	int64_t id = pg_get_int(r, row, 0);
	struct pg_push *p = find(&pg->pushes, id);

	if (p == NULL)
		p = add(pg, &pg->pushes, id, sizeof *p);
	p->found = true;
	p->single = pg_get_int(r, row, 1) != 0;
	p->deadline_at = pg_get_int(r, row, 2);
	p->secret = pg_get_int(r, row, 3) != 0;
	p->priority = (int)pg_get_int(r, row, 4);
	p->notify = pg_get_int(r, row, 5) != 0;
	p->n_recipients = p->single ? 1 : pg_get_int(r, row, 6);
	p->n_final = pg_get_int(r, row, 7);
	p->incoming = pg_get_int(r, row, 8) != 0;
	p->due_at = pg_get_int(r, row, 9);
}

static void
load_push_id(struct pg *pg, const PGresult *r, int row)
{
	struct pg_hashed *h = add(pg, &pg->push_ids, pg_get_int(r, row, 0), sizeof *h);

	h->row = pg_get_int(r, row, 1);
	h->pi = text_of(pg, r, row, 2);
	h->push_id = text_of(pg, r, row, 3);
}

static void
load_orphan(struct pg *pg, const PGresult *r, int row)
{
	int64_t id = pg_get_int(r, row, 0), hash = pg_get_int(r, row, 1);
	struct pg_orphan *o;

	for (o = find(&pg->orphans, hash); o != NULL; o = find_next(o))
		if (o->id == id)
			return;
	o = add(pg, &pg->orphans, hash, sizeof *o);
	o->id = id;
	o->at = pg_get_int(r, row, 2);
	o->event = (int)pg_get_int(r, row, 3);
	o->code = (int)pg_get_int(r, row, 4);
	o->link = text_of(pg, r, row, 5);
	o->message_id = text_of(pg, r, row, 6);
	o->desc = text_of(pg, r, row, 7);
}

/* Added or taken out by this group already: what it says of it counts. */
static void
load_message(struct pg *pg, const PGresult *r, int row)
{
	int64_t hash = pg_get_int(r, row, 0), rid = pg_get_int(r, row, 1);
	struct pg_hashed *h;

	for (h = find(&pg->messages, hash); h != NULL; h = find_next(h))
		if (h->row == rid)
			return;
	h = add(pg, &pg->messages, hash, sizeof *h);
	h->row = rid;
	h->stored = true;
}

/* ---- what the operations will need ----------------------------------------------------------- */

static bool
wanted_once(struct pg *pg, struct pg_table *t, int64_t key, size_t size)
{
	if (find(t, key) != NULL)
		return false;
	add(pg, t, key, size);
	return true;
}

/* Rows found by a hash may have come otherwise: one without a row says that the hash was looked up. */
static bool
hash_wanted(struct pg *pg, struct pg_table *t, int64_t hash)
{
	struct pg_hashed *h;

	for (h = find(t, hash); h != NULL; h = find_next(h))
		if (h->row == 0)
			return false;
	add(pg, t, hash, sizeof *h);
	return true;
}

static bool
orphans_wanted(struct pg *pg, int64_t hash)
{
	struct pg_orphan *o;

	for (o = find(&pg->orphans, hash); o != NULL; o = find_next(o))
		if (o->id == 0)
			return false;
	add(pg, &pg->orphans, hash, sizeof *o);
	return true;
}

static void
want_push_id(struct pg *pg, const char *push_id)
{
	int64_t hash = (int64_t)match_hash_push((uint64_t)pg->hash_key, push_id);

	if (hash_wanted(pg, &pg->push_ids, hash))
		pg_int(pg, A_PUSH_IDS, hash);
}

static void
want_recipient(struct pg *pg, int64_t rid)
{
	if (wanted_once(pg, &pg->recipients, rid, sizeof(struct pg_recipient)))
		pg_int(pg, A_RECIPIENTS, rid);
	if (wanted_once(pg, &pg->pushes, rid_push(rid), sizeof(struct pg_push)))
		pg_int(pg, A_PUSHES, rid_push(rid));
}

static void
want_message(struct pg *pg, const char *link, const char *message_id)
{
	char normal[MESSAGE_ID_SIZE];
	int64_t hash;

	if (match_message_id(message_id, normal) == 0)
		return;
	hash = (int64_t)match_hash_message((uint64_t)pg->hash_key, link, normal);
	if (hash_wanted(pg, &pg->messages, hash))
		pg_int(pg, A_MESSAGES, hash);
}

static void
want_orphans(struct pg *pg, const struct store_event *e)
{
	char normal[MESSAGE_ID_SIZE];
	unsigned i;

	for (i = 0; i < e->n_ids; i++) {
		int64_t hash;

		if (match_message_id(e->message_ids[i], normal) == 0)
			continue;
		hash = (int64_t)match_hash_message((uint64_t)pg->hash_key, e->link, normal);
		if (orphans_wanted(pg, hash))
			pg_int(pg, A_ORPHANS, hash);
	}
}

static void
want(struct pg *pg, const struct store_op *op)
{
	const struct store_event *e;

	switch (op->kind) {
	case STORE_ACCEPT:
		want_push_id(pg, ((const struct store_accept *)op)->push_id);
		if (((const struct store_accept *)op)->replaces != NULL)
			want_push_id(pg, ((const struct store_accept *)op)->replaces);
		break;
	case STORE_MORE:
	case STORE_ABANDON:
		break;
	case STORE_EVENT:
		e = (const struct store_event *)op;
		if (e->n > N_MAX)
			break;
		want_recipient(pg, rid_of(e->push, e->n));
		if (pg->now.orphans > 0)
			want_orphans(pg, e);
		break;
	case STORE_CANCEL:
		want_push_id(pg, ((const struct store_cancel *)op)->push_id);
		break;
	case STORE_RECEIPT:
		want_message(pg, ((const struct store_receipt *)op)->link, ((const struct store_receipt *)op)->message_id);
		break;
	case STORE_NOTE:
		if (wanted_once(pg, &pg->notes, ((const struct store_note_result *)op)->id, sizeof(struct pg_note)))
			pg_int(pg, A_NOTES, ((const struct store_note_result *)op)->id);
		break;
	case STORE_TAKE:
	case STORE_NOTES:
	case STORE_TICK:
	case STORE_SUBSCRIBERS:
	case STORE_PROFILE:
	case STORE_MEMORY:
	case STORE_REMARK:
		break;
	}
}

static void
load(struct pg *pg, enum pg_statement s, const PGresult *r)
{
	int row, n = pg_rows(r);

	for (row = 0; row < n; row++)
		if (s == A_PUSH_IDS) {
			load_push_id(pg, r, row);
		} else if (s == A_PUSHES) {
			load_push(pg, r, row);
		} else if (s == A_RECIPIENTS) {
			rows_load_recipient(pg, r, row, 0);
		} else if (s == A_MESSAGES) {
			load_message(pg, r, row);
		} else if (s == A_ORPHANS) {
			load_orphan(pg, r, row);
		} else {
			struct pg_note *note = find(&pg->notes, pg_get_int(r, row, 0));

			if (note == NULL)
				note = add(pg, &pg->notes, pg_get_int(r, row, 0), sizeof *note);
			note->found = true;
			note->attempts = pg_get_int(r, row, 1);
		}
}

/* Send those of the queries that have rows, and take over what they find. */
static void
ask(struct pg *pg, const enum pg_statement *which, size_t n)
{
	size_t i, places[8];
	bool asked[8], any = false;

	for (i = 0; i < n; i++)
		if ((asked[i] = pg->args[which[i]].rows > 0)) {
			places[i] = pg_send(pg, which[i]);
			any = true;
		}
	if (!any)
		return;
	pg_sync(pg);
	for (i = 0; i < n; i++)
		if (asked[i])
			load(pg, which[i], pg_result(pg, places[i]));
}

/* The recipients that the message ids of receipts lead to, and their pushes. */
static void
want_found(struct pg *pg)
{
	struct pg_node *node;
	size_t i;

	for (i = 0; i < pg->messages.cap && pg->messages.n > 0; i++)
		for (node = pg->messages.slots[i]; node != NULL; node = node->next)
			if (((struct pg_hashed *)node)->row != 0)
				want_recipient(pg, ((struct pg_hashed *)node)->row);
}

void
rows_warm(struct pg *pg, struct store_op **ops, size_t n)
{
	static const enum pg_statement first[] = { A_PUSH_IDS, A_RECIPIENTS, A_PUSHES, A_MESSAGES, A_ORPHANS, A_NOTES };
	static const enum pg_statement then[] = { A_RECIPIENTS, A_PUSHES };
	size_t i;

	pg_flush(pg);
	for (i = 0; i < n; i++)
		want(pg, ops[i]);
	ask(pg, first, sizeof first / sizeof first[0]);
	want_found(pg);
	ask(pg, then, sizeof then / sizeof then[0]);
	pg->warm = true;
}

/* ---- one row --------------------------------------------------------------------------------- */

static void
ask_one(struct pg *pg, enum pg_statement s)
{
	pg_flush(pg);
	ask(pg, &s, 1);
}

void
rows_ask_pushes(struct pg *pg)
{
	static const enum pg_statement s[] = { A_PUSHES };

	ask(pg, s, 1);
}

struct pg_push *
rows_push(struct pg *pg, int64_t push)
{
	struct pg_push *p = find(&pg->pushes, push);

	if (p == NULL) {
		p = add(pg, &pg->pushes, push, sizeof *p);
		pg_int(pg, A_PUSHES, push);
		ask_one(pg, A_PUSHES);
	}
	return p->found && pg->err == OK ? p : NULL;
}

void
rows_push_gone(struct pg *pg, int64_t push)
{
	struct pg_push *p = find(&pg->pushes, push);
	struct pg_node *node;
	size_t i;

	if (p != NULL)
		p->found = p->changed = false;
	for (i = 0; i < pg->push_ids.cap && pg->push_ids.n > 0; i++)
		for (node = pg->push_ids.slots[i]; node != NULL; node = node->next)
			if (((struct pg_hashed *)node)->row == push)
				((struct pg_hashed *)node)->gone = true;
}

struct pg_recipient *
rows_recipient(struct pg *pg, int64_t rid)
{
	struct pg_recipient *r = find(&pg->recipients, rid);

	if (r == NULL) {
		r = add(pg, &pg->recipients, rid, sizeof *r);
		pg_int(pg, A_RECIPIENTS, rid);
		ask_one(pg, A_RECIPIENTS);
	}
	return r->found && pg->err == OK ? r : NULL;
}

struct pg_note *
rows_note(struct pg *pg, int64_t id)
{
	struct pg_note *note = find(&pg->notes, id);

	if (note == NULL) {
		note = add(pg, &pg->notes, id, sizeof *note);
		pg_int(pg, A_NOTES, id);
		ask_one(pg, A_NOTES);
	}
	return note->found && pg->err == OK ? note : NULL;
}

int64_t
rows_push_by_id(struct pg *pg, const char *pi, const char *push_id)
{
	int64_t hash = (int64_t)match_hash_push((uint64_t)pg->hash_key, push_id);
	struct pg_hashed *h;

	if (hash_wanted(pg, &pg->push_ids, hash)) {
		pg_int(pg, A_PUSH_IDS, hash);
		ask_one(pg, A_PUSH_IDS);
	}
	for (h = find(&pg->push_ids, hash); h != NULL; h = find_next(h))
		if (h->row != 0 && !h->gone && strcmp(h->pi, pi) == 0 && strcmp(h->push_id, push_id) == 0)
			return h->row;
	return 0;
}

void
rows_push_id_add(struct pg *pg, int64_t push, const char *pi, const char *push_id)
{
	struct pg_hashed *h = add(pg, &pg->push_ids, (int64_t)match_hash_push((uint64_t)pg->hash_key, push_id), sizeof *h);

	h->row = push;
	h->pi = pg_keep(pg, pi);
	h->push_id = pg_keep(pg, push_id);
}

struct pg_hashed *
rows_message(struct pg *pg, int64_t hash, struct pg_hashed *after)
{
	struct pg_hashed *h, *best = NULL;

	if (hash_wanted(pg, &pg->messages, hash)) {
		pg_int(pg, A_MESSAGES, hash);
		ask_one(pg, A_MESSAGES);
	}
	for (h = find(&pg->messages, hash); h != NULL; h = find_next(h))
		if (h->row != 0 && !h->gone && (after == NULL || h->row < after->row) &&
		    (best == NULL || h->row > best->row))
			best = h;
	return best;
}

static struct pg_hashed *
message(struct pg *pg, int64_t hash, int64_t rid)
{
	struct pg_hashed *h;

	for (h = find(&pg->messages, hash); h != NULL; h = find_next(h))
		if (h->row == rid)
			return h;
	h = add(pg, &pg->messages, hash, sizeof *h);
	h->row = rid;
	return h;
}

void
rows_message_add(struct pg *pg, int64_t hash, int64_t rid)
{
	struct pg_hashed *h = message(pg, hash, rid);

	h->gone = false;
	rows_changed(pg, &h->changed);
}

void
rows_message_remove(struct pg *pg, int64_t hash, int64_t rid)
{
	struct pg_hashed *h = message(pg, hash, rid);

	h->gone = true;
	rows_changed(pg, &h->changed);
}

struct pg_orphan *
rows_orphan(struct pg *pg, int64_t hash, const char *link, const char *message_id)
{
	struct pg_orphan *o;

	if (pg->now.orphans == 0)
		return NULL;
	if (orphans_wanted(pg, hash)) {
		pg_int(pg, A_ORPHANS, hash);
		ask_one(pg, A_ORPHANS);
	}
	for (o = find(&pg->orphans, hash); o != NULL; o = find_next(o))
		if (o->id != 0 && !o->gone && strcmp(o->link, link) == 0 && strcmp(o->message_id, message_id) == 0)
			return o;
	return NULL;
}

struct pg_orphan *
rows_orphan_add(struct pg *pg, int64_t hash)
{
	return add(pg, &pg->orphans, hash, sizeof(struct pg_orphan));
}

void
rows_changed(struct pg *pg, bool *row)
{
	*row = true;
	pg->dirty = true;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void
write_push(struct pg *pg, struct pg_push *p)
{
	p->changed = false;
	pg_int(pg, W_PROGRESS_SET, p->node.key);
	pg_int(pg, W_PROGRESS_SET, p->n_recipients);
	pg_int(pg, W_PROGRESS_SET, p->n_final);
	pg_int(pg, W_PROGRESS_SET, p->incoming);
}

static void
write_recipient(struct pg *pg, struct pg_recipient *r)
{
	r->changed = false;
	pg_int(pg, W_RECIPIENT_SET, r->node.key);
	pg_int(pg, W_RECIPIENT_SET, r->state);
	pg_int(pg, W_RECIPIENT_SET, r->flags);
	pg_int(pg, W_RECIPIENT_SET, r->attempts);
	pg_int(pg, W_RECIPIENT_SET, r->segments);
	pg_int(pg, W_RECIPIENT_SET, r->code);
	pg_int(pg, W_RECIPIENT_SET, r->batch);
	pg_int(pg, W_RECIPIENT_SET, r->event_time);
	pg_text(pg, W_RECIPIENT_SET, r->link);
	pg_blob(pg, W_RECIPIENT_SET, r->ids);
	pg_blob(pg, W_RECIPIENT_SET, r->done);
	pg_text(pg, W_RECIPIENT_SET, r->desc);
}

static void
write_message(struct pg *pg, struct pg_hashed *h)
{
	h->changed = false;
	if (h->gone) {
		pg_int(pg, W_MESSAGE_DELETE, h->node.key);
		pg_int(pg, W_MESSAGE_DELETE, h->row);
		h->stored = false;
	} else if (!h->stored) {
		pg_int(pg, W_MESSAGE, h->node.key);
		pg_int(pg, W_MESSAGE, h->row);
		h->stored = true;
	}
}

static void
write_note(struct pg *pg, struct pg_note *note)
{
	note->changed = false;
	if (!note->found) {
		pg_int(pg, W_NOTE_DELETE, note->node.key);
		return;
	}
	pg_int(pg, W_NOTE_SET, note->node.key);
	pg_int(pg, W_NOTE_SET, note->due_at);
	pg_int(pg, W_NOTE_SET, note->attempts);
}

void
rows_write(struct pg *pg)
{
	struct pg_node *node;
	size_t i;

	if (!pg->dirty)
		return;
	pg->dirty = false;
	for (i = 0; i < pg->pushes.cap && pg->pushes.n > 0; i++)
		for (node = pg->pushes.slots[i]; node != NULL; node = node->next)
			if (((struct pg_push *)node)->changed)
				write_push(pg, (struct pg_push *)node);
	for (i = 0; i < pg->messages.cap && pg->messages.n > 0; i++)
		for (node = pg->messages.slots[i]; node != NULL; node = node->next)
			if (((struct pg_hashed *)node)->changed)
				write_message(pg, (struct pg_hashed *)node);
	for (i = 0; i < pg->recipients.cap && pg->recipients.n > 0; i++)
		for (node = pg->recipients.slots[i]; node != NULL; node = node->next)
			if (((struct pg_recipient *)node)->changed)
				write_recipient(pg, (struct pg_recipient *)node);
	for (i = 0; i < pg->notes.cap && pg->notes.n > 0; i++)
		for (node = pg->notes.slots[i]; node != NULL; node = node->next)
			if (((struct pg_note *)node)->changed)
				write_note(pg, (struct pg_note *)node);
}
