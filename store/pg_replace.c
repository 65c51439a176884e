/* pg_replace.c - CANCEL, and a new push that takes the place of an older one. */
#include "store/pg_int.h"

#include <stdlib.h>
#include <string.h>

enum { CANCEL_MAX = 1000, SLICE = 20000 };

int64_t
pg_key_hash(const struct pg *pg, const char *key)
{
	return (int64_t)match_hash_key((uint64_t)pg->hash_key, key);
}

/* A push that may be seen: its row, or 0. */
static int64_t
whole_push(struct pg *pg, const char *pi, const char *push_id)
{
	int64_t push = rows_push_by_id(pg, pi, push_id);
	const struct pg_push *p = push != 0 ? rows_push(pg, push) : NULL;

	return p != NULL && !p->incoming ? push : 0;
}

/* ---- CANCEL ---------------------------------------------------------------------------------- */

static void
cancel_one(struct pg *pg, const struct store_cancel *c, int64_t rid, struct store_cancelled *out)
{
	struct happening h = { .event = c->event, .at = c->at, .code = c->code, .desc = c->desc,
		.due_at = c->due_at };

	*out = (struct store_cancelled){ .n = rid_n(rid), .found = true };
	pg_happen(pg, rid, &h);
	out->ignored = h.ignored;
	out->from = h.from;
	out->to = h.to;
	out->maybe_sent = h.was_maybe_sent;
}

/*
 * Result rows of A_KEYS: the key's place from 1 on, and the recipient. A key that is named twice has the result
 * of the first.
 */
static void
cancel_keys(struct pg *pg, struct store_cancel *c)
{
	int64_t *rids, *hashes = pg_alloc(pg, c->n_keys * sizeof hashes[0]);
	const PGresult *r;
	uint32_t i, k, *keys;
	size_t place;
	int row, n;

	c->n_results = c->n_keys;
	if (c->n_keys == 0)
		return;
	for (i = 0; i < c->n_keys; i++) {
		c->results[i] = (struct store_cancelled){ 0 };
		pg_int(pg, A_KEYS, c->push);
		pg_int(pg, A_KEYS, hashes[i] = pg_key_hash(pg, c->keys[i]));
	}
	pg_flush(pg);
	place = pg_send(pg, A_KEYS);
	pg_sync(pg);
	r = pg_result(pg, place);
	n = pg_rows(r);
	rids = pg_alloc(pg, (size_t)n * sizeof rids[0]);
	keys = pg_alloc(pg, (size_t)n * sizeof keys[0]);
	for (row = 0; row < n; row++) {
		keys[row] = (uint32_t)pg_get_int(r, row, 0) - 1;
		rids[row] = rows_load_recipient(pg, r, row, 1)->node.key;
	}
	for (row = 0; row < n && pg->err == OK; row++) {
		struct store_cancelled result;

		for (k = 0; hashes[k] != hashes[keys[row]]; k++)
			;
		if (k < keys[row])	/* named before: its recipients had the event */
			continue;
		cancel_one(pg, c, rids[row], &result);
		if (!c->results[k].found)
			c->results[k] = result;
	}
	for (i = 0; i < c->n_keys; i++) {
		for (k = 0; hashes[k] != hashes[i]; k++)
			;
		c->results[i] = c->results[k];
	}
}

static void
cancel_numbers(struct pg *pg, struct store_cancel *c, const struct pg_push *p)
{
	uint32_t max = c->max < CANCEL_MAX ? c->max : CANCEL_MAX, total = (uint32_t)p->n_recipients;
	const PGresult *r;
	int64_t *rids;
	size_t place;
	int row, n;

	if (c->first_n >= total)
		return;
	if (max > total - c->first_n)
		max = total - c->first_n;
	pg_flush(pg);
	pg_int(pg, A_RUNS, rid_of(c->push, c->first_n));
	pg_int(pg, A_RUNS, rid_of(c->push, c->first_n + max - 1));
	place = pg_send(pg, A_RUNS);
	pg_sync(pg);
	r = pg_result(pg, place);
	n = pg_rows(r);
	rids = pg_alloc(pg, (size_t)n * sizeof rids[0]);
	for (row = 0; row < n; row++)
		rids[row] = rows_load_recipient(pg, r, row, 0)->node.key;
	for (row = 0; row < n; row++)
		cancel_one(pg, c, rids[row], &c->results[c->n_results++]);
	if (c->first_n + max < total)
		c->next_n = c->first_n + max;
}

void
pg_op_cancel(struct pg *pg, struct store_cancel *c)
{
	const struct pg_push *p;

	c->n_results = c->next_n = 0;
	if (c->keys != NULL ? c->n_keys > CANCEL_MAX : c->max == 0) {
		c->op.result = c->keys != NULL ? ERR_LIMIT : ERR_RANGE;
		return;
	}
	if ((c->push = whole_push(pg, c->pi, c->push_id)) == 0 || (p = rows_push(pg, c->push)) == NULL) {
		c->push = 0;
		c->op.result = ERR_NOT_FOUND;
		return;
	}
	if (c->keys != NULL)
		cancel_keys(pg, c);
	else
		cancel_numbers(pg, c, p);
}

/* ---- replacing ------------------------------------------------------------------------------- */

/* Whether one of the recipients of the older push that have the keys of this chunk would let itself be cancelled. */
static bool
some_may_go(struct pg *pg, const struct store_accept *a, int64_t old)
{
	const struct store_rules *rules = &pg->store->cf.rules;
	bool some = false;
	const PGresult *r;
	size_t place;
	uint32_t i;
	int row, n;

	for (i = 0; i < a->n_recipients; i++) {
		const struct store_recipient *to = &a->recipients[i];

		pg_int(pg, A_KEYS, old);
		pg_int(pg, A_KEYS, pg_key_hash(pg, to->key != NULL ? to->key : to->address));
	}
	pg_flush(pg);
	place = pg_send(pg, A_KEYS);
	pg_sync(pg);
	r = pg_result(pg, place);
	n = pg_rows(r);
	for (row = 0; row < n && !some; row++) {
		struct store_change c = { 0 };

		some = rules->apply((int)pg_get_int(r, row, 2), rules->ev_replace, &c) == OK;
	}
	return some;
}

int
pg_replace_check(struct pg *pg, const struct store_accept *a, int64_t *old)
{
	if (a->replace == STORE_REPLACE_NONE)
		return OK;
	*old = whole_push(pg, a->pi, a->replaces);
	if (a->replace != STORE_REPLACE_PENDING)
		return OK;
	if (*old == 0)
		return ERR_NOT_FOUND;
	if (a->first_n == 0 && !a->more && !some_may_go(pg, a, *old))
		return ERR_BUSY;
	return OK;
}

struct keys {
	int64_t *v;
	size_t n, cap;
};

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void
keys_add(struct keys *k, int64_t key)
{
	if (k->n == k->cap) {
		k->cap = k->cap > 0 ? k->cap * 2 : 64;
		if ((k->v = realloc(k->v, k->cap * sizeof k->v[0])) == NULL)
			abort();
	}
	k->v[k->n++] = key;
}

/* What A_REPLACED or A_KEYS_OF gives for one slice, in memory that lasts until rows_clear. */
struct slice {
	int64_t *rids, *keys;
	int n;
};

static struct slice
slice_of(struct pg *pg, enum pg_statement s, int64_t lo, int64_t hi, int64_t other_lo, int64_t other_hi)
{
	struct slice out = { 0 };
	const PGresult *r;
	size_t place;
	int row;

	pg_flush(pg);
	rows_clear(pg);
	pg_int(pg, s, lo);
	pg_int(pg, s, hi);
	if (s == A_REPLACED) {
		pg_int(pg, s, other_lo);
		pg_int(pg, s, other_hi);
		pg_send_text(pg, "SET LOCAL enable_hashjoin = on");
	}
	place = pg_send(pg, s);
	if (s == A_REPLACED)
		pg_send_text(pg, "SET LOCAL enable_hashjoin = off");
	pg_sync(pg);
	r = pg_result(pg, place);
	out.n = pg_rows(r);
	out.rids = pg_alloc(pg, (size_t)out.n * sizeof out.rids[0]);
	out.keys = pg_alloc(pg, (size_t)out.n * sizeof out.keys[0]);
	for (row = 0; row < out.n; row++) {
		out.rids[row] = rows_load_recipient(pg, r, row, 0)->node.key;
		out.keys[row] = pg_get_int(r, row, PG_RECIPIENT_COLUMNS_N);
	}
	return out;
}

static int64_t
min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The older push's recipients go, as far as they let themselves be cancelled; their keys into *gone. */
static void
cancel_older(struct pg *pg, struct store_accept *a, int64_t old, int64_t lo, int64_t hi, struct keys *gone)
{
	const struct store_rules *rules = &pg->store->cf.rules;
	const struct pg_push *p = rows_push(pg, old);
	int64_t at, last = p != NULL ? rid_of(old, (uint32_t)p->n_recipients - 1) : 0;
	int i;

	for (at = rid_of(old, 0); at <= last && pg->err == OK; at += SLICE) {
		struct slice s = slice_of(pg, A_REPLACED, at, min64(at + SLICE - 1, last), lo, hi);

		for (i = 0; i < s.n; i++) {
			struct happening h = { .event = rules->ev_replace, .at = a->received,
				.code = rules->code_replaced };

			pg_happen(pg, s.rids[i], &h);
			if (h.ignored)
				continue;
			a->replaced++;
			keys_add(gone, s.keys[i]);
		}
	}
}

/* New recipients whose older one was not cancelled: theirs is not sent. */
static void
give_up_others(struct pg *pg, const struct store_accept *a, int64_t lo, int64_t hi, struct keys *gone)
{
	const struct store_rules *rules = &pg->store->cf.rules;
	int64_t at;
	int i;

	if (gone->n > 0)
		qsort(gone->v, gone->n, sizeof gone->v[0], compare);
	for (at = lo; at <= hi && pg->err == OK; at += SLICE) {
		struct slice s = slice_of(pg, A_KEYS_OF, at, min64(at + SLICE - 1, hi), 0, 0);

		for (i = 0; i < s.n; i++) {
			struct happening h = { .event = rules->ev_not_replaced, .at = a->received,
				.code = rules->code_not_replaced };

			if (gone->n == 0 || bsearch(&s.keys[i], gone->v, gone->n, sizeof gone->v[0], compare) == NULL)
				pg_happen(pg, s.rids[i], &h);
		}
	}
}

void
pg_replace_run(struct pg *pg, struct store_accept *a, int64_t old, uint32_t n_recipients)
{
	int64_t lo = rid_of(a->push, 0), hi = rid_of(a->push, n_recipients - 1);
	struct keys gone = { 0 };

	if (old != 0)
		cancel_older(pg, a, old, lo, hi, &gone);
	if (a->replace == STORE_REPLACE_PENDING)
		give_up_others(pg, a, lo, hi, &gone);
	free(gone.v);
	pg_flush(pg);
	rows_clear(pg);
}
