/*
 * sqlite_keys.c - recipients of a push by the keys of their addresses, of which only keyed hashes are kept.
 *
 * A push to few has them in the rows of its recipients. One to many has them in runs, 8 octets each, so that
 * all of 100,000 recipients are looked through without reading their rows.
 */
#include "store/sqlite_int.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 64 };		/* more recipients than that have their hashes in runs */
enum { RUN_MAX = 4096 };	/* hashes of one run */
enum { HASH_OCTETS = 8 };

/* ---- a set of hashes ------------------------------------------------------------------- */

void
keyset_init(struct keyset *s, size_t n)
{
	*s = (struct keyset){ .cap = 16 };
	while (s->cap < n * 2)
		s->cap *= 2;
	if ((s->slots = calloc(s->cap, sizeof s->slots[0])) == NULL)
		abort();
}

void
keyset_done(struct keyset *s)
{
	free(s->slots);
	*s = (struct keyset){ 0 };
}

/* Its own slot, or the empty one where it belongs. */
static struct key_slot *
slot_of(const struct keyset *s, uint64_t hash)
{
	size_t i = (size_t)(hash * 0x9E3779B97F4A7C15u >> 32) & (s->cap - 1);

	while (s->slots[i].used && s->slots[i].hash != hash)
		i = (i + 1) & (s->cap - 1);
	return &s->slots[i];
}

struct key_slot *
keyset_put(struct keyset *s, uint64_t hash, uint32_t value)
{
	struct key_slot *slot = slot_of(s, hash);

	if (!slot->used)
		*slot = (struct key_slot){ .hash = hash, .value = value, .used = true };
	return slot;
}

struct key_slot *
keyset_find(const struct keyset *s, uint64_t hash)
{
	struct key_slot *slot = slot_of(s, hash);

	return slot->used ? slot : NULL;
}

/* ---- in the tables --------------------------------------------------------------------- */

bool
keys_in_rows(const struct store_accept *a)
{
	return a->op.kind == STORE_ACCEPT && !a->more && a->n_recipients <= ROWS_MAX;
}

void
keys_add(struct db *db, const struct store_accept *a)
{
	sqlite3_stmt *q = sql_query(db, Q_KEY_ADD);
	struct sbuf run = { 0 };
	uint32_t i;
	int k;

	for (i = 0; i < a->n_recipients; i++) {
		const struct store_recipient *r = &a->recipients[i];
		uint64_t hash = match_hash_key(db->hash_key, r->key != NULL ? r->key : r->address);
		uint8_t octets[HASH_OCTETS];

		for (k = 0; k < HASH_OCTETS; k++)
			octets[k] = (uint8_t)(hash >> (56 - 8 * k));
		sbuf_put(&run, octets, sizeof octets);
		if (i + 1 < a->n_recipients && (i + 1) % RUN_MAX != 0)
			continue;
		sql_int(q, 1, rid_of(a->push, a->first_n + i / RUN_MAX * RUN_MAX));
		sql_blob(q, 2, sbuf_as_span(&run));
		sql_run(db, q);
		sbuf_clear(&run);
	}
	sbuf_done(&run);
}

static int
walk_runs(sqlite3_stmt *q, void (*each)(void *arg, uint32_t n, uint64_t hash), void *arg, bool *any)
{
	int rc;

	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		uint32_t n = rid_n(sqlite3_column_int64(q, 0));
		struct span run = sql_get_blob(q, 1);
		size_t i;
		int k;

		*any = true;
		for (i = 0; i + HASH_OCTETS <= run.n; i += HASH_OCTETS) {
			uint64_t hash = 0;

			for (k = 0; k < HASH_OCTETS; k++)
				hash = hash << 8 | run.p[i + (size_t)k];
			each(arg, n++, hash);
		}
	}
	sqlite3_reset(q);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int
walk_rows(sqlite3_stmt *q, uint64_t hash_key, void (*each)(void *arg, uint32_t n, uint64_t hash), void *arg)
{
	int rc;

	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		const char *address = (const char *)sqlite3_column_text(q, 2);

		each(arg, rid_n(sqlite3_column_int64(q, 0)), address != NULL ?
		    match_hash_key(hash_key, address) : (uint64_t)sqlite3_column_int64(q, 1));
	}
	sqlite3_reset(q);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int
keys_walk(sqlite3_stmt *runs, sqlite3_stmt *rows, uint64_t hash_key, int64_t push,
    void (*each)(void *arg, uint32_t n, uint64_t hash), void *arg)
{
	bool any = false;
	int rc;

	sql_int(runs, 1, rid_of(push, 0));
	sql_int(runs, 2, rid_of(push, N_MAX));
	rc = walk_runs(runs, each, arg, &any);
	if (rc != SQLITE_OK || any)
		return rc;
	sql_int(rows, 1, rid_of(push, 0));
	sql_int(rows, 2, rid_of(push, N_MAX));
	return walk_rows(rows, hash_key, each, arg);
}
