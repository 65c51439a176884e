/*
 * sqlite_cancel.c - CANCEL, and the end of a push when a newer one takes its place. Recipients are matched by
 * hash sets, so both are linear in the number of recipients.
 */
#include "store/sqlite_int.h"

#include <stdlib.h>

enum { SLICE_MAX = 1000 };

/* ---- keys of one push against a set of keys ------------------------------------------------- */

struct match {
	const struct keyset *set;
	struct ids found;		/* n, slot, n, slot ... of this push */
};

static void
match_one(void *arg, uint32_t n, uint64_t hash)
{
	struct match *m = arg;
	struct key_slot *slot = keyset_find(m->set, hash);

	if (slot == NULL)
		return;
	ids_add(&m->found, n);
	ids_add(&m->found, slot - m->set->slots);
}

static void
walk(struct db *db, int64_t push, void (*each)(void *arg, uint32_t n, uint64_t hash), void *arg)
{
	int rc;

	if (db->err != OK)
		return;
	rc = keys_walk(sql_query(db, Q_KEY_RUNS), sql_query(db, Q_RCPT_KEYS), db->hash_key, push, each, arg);
	if (rc != SQLITE_OK)
		sql_failed(db, rc, SQL_KEY_RUNS);
}

/* ---- CANCEL --------------------------------------------------------------------------------- */

static struct store_cancelled
cancel_one(struct db *db, const struct store_cancel *c, uint32_t n)
{
	struct happening h = { .event = c->event, .at = c->at, .code = c->code, .desc = c->desc,
		.due_at = c->due_at };

	if (life_happen(db, rid_of(c->push, n), &h) != OK)
		return (struct store_cancelled){ .n = n };
	return (struct store_cancelled){ .n = n, .found = true, .ignored = h.ignored, .from = h.from,
		.to = h.to, .maybe_sent = h.was_maybe_sent };
}

static void
cancel_keys(struct db *db, struct store_cancel *c)
{
	struct keyset set;
	struct match m = { .set = &set };
	uint32_t k;
	size_t i;

	keyset_init(&set, c->n_keys);
	for (k = 0; k < c->n_keys; k++) {
		keyset_put(&set, match_hash_key(db->hash_key, c->keys[k]), k);
		c->results[k] = (struct store_cancelled){ 0 };
	}
	walk(db, c->push, match_one, &m);
	for (i = 0; i < m.found.n && db->err == OK; i += 2) {
		struct store_cancelled r = cancel_one(db, c, (uint32_t)m.found.v[i]);
		struct store_cancelled *first = &c->results[set.slots[m.found.v[i + 1]].value];

		if (!first->found)
			*first = r;
	}
	for (k = 0; k < c->n_keys; k++)		/* a key that is named twice */
		c->results[k] = c->results[keyset_find(&set, match_hash_key(db->hash_key, c->keys[k]))->value];
	c->n_results = c->n_keys;
	free(m.found.v);
	keyset_done(&set);
}

static void
cancel_slice(struct db *db, struct store_cancel *c, uint32_t total)
{
	uint32_t max = c->max < SLICE_MAX ? c->max : SLICE_MAX, n = c->first_n;

	for (; n < total && c->n_results < max && db->err == OK; n++)
		c->results[c->n_results++] = cancel_one(db, c, n);
	c->next_n = n < total ? n : 0;
}

void
op_cancel(struct db *db, struct store_cancel *c)
{
	int64_t pi = names_find(db, c->pi);
	uint32_t total = 0;

	if (c->keys != NULL ? c->n_keys > SLICE_MAX : c->max == 0) {
		c->op.result = c->keys != NULL ? ERR_LIMIT : ERR_RANGE;
		return;
	}
	if (pi == 0 || (c->push = push_find(db, pi, c->push_id, &total)) == 0) {
		c->op.result = ERR_NOT_FOUND;
		return;
	}
	if (c->keys != NULL)
		cancel_keys(db, c);
	else
		cancel_slice(db, c, total);
}

/* ---- the place of an older push ------------------------------------------------------------- */

bool
replace_possible(struct db *db, const struct store_accept *a, int64_t old)
{
	const struct store_rules *rules = &db->store->cf.rules;
	struct store_change change;
	struct keyset set;
	struct match m = { .set = &set };
	bool possible = false;
	uint32_t k;
	size_t i;

	keyset_init(&set, a->n_recipients);
	for (k = 0; k < a->n_recipients; k++) {
		const struct store_recipient *r = &a->recipients[k];

		keyset_put(&set, match_hash_key(db->hash_key, r->key != NULL ? r->key : r->address), k);
	}
	walk(db, old, match_one, &m);
	for (i = 0; i < m.found.n && !possible && db->err == OK; i += 2)
		possible = rules->apply(life_state(db, rid_of(old, (uint32_t)m.found.v[i])),
		    rules->ev_replace, &change) == OK;
	free(m.found.v);
	keyset_done(&set);
	return possible;
}

static void
list_one(void *arg, uint32_t n, uint64_t hash)
{
	ids_add(arg, (int64_t)hash);
}

static void
end_old(struct db *db, struct store_accept *a, int64_t old, struct keyset *set)
{
	const struct store_rules *rules = &db->store->cf.rules;
	struct match m = { .set = set };
	size_t i;

	walk(db, old, match_one, &m);
	for (i = 0; i < m.found.n && db->err == OK; i += 2) {
		struct happening h = { .event = rules->ev_replace, .at = a->received,
			.code = rules->code_replaced };

		if (life_happen(db, rid_of(old, (uint32_t)m.found.v[i]), &h) != OK || h.ignored)
			continue;
		set->slots[m.found.v[i + 1]].marked = true;
		a->replaced++;
	}
	free(m.found.v);
}

void
replace_old(struct db *db, struct store_accept *a, int64_t old)
{
	const struct store_rules *rules = &db->store->cf.rules;
	struct ids keys = { 0 };		/* hashes of the new push, by n */
	struct keyset set;
	size_t i;

	walk(db, a->push, list_one, &keys);
	keyset_init(&set, keys.n);
	for (i = 0; i < keys.n; i++)
		keyset_put(&set, (uint64_t)keys.v[i], 0);
	if (old != 0)
		end_old(db, a, old, &set);
	for (i = 0; i < keys.n && a->replace == STORE_REPLACE_PENDING && db->err == OK; i++) {
		struct happening h = { .event = rules->ev_not_replaced, .at = a->received,
			.code = rules->code_not_replaced };

		if (!keyset_find(&set, (uint64_t)keys.v[i])->marked)
			life_happen(db, rid_of(a->push, (uint32_t)i), &h);
	}
	keyset_done(&set);
	free(keys.v);
}
