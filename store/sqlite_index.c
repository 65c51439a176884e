/*
 * sqlite_index.c - from the hash of a push-id or message id to the rows that may have it.
 *
 * Hashes are random, so a row put straight into its b-tree dirties a page of its own, and with a
 * million pushes stored that page is most of what a push costs. So an index has three levels:
 *
 *	young	a table in memory; every group appends its changes to a log in the file
 *	old	a young one that grew full, sorted; goes into the b-tree a slice with each group
 *	b-tree	in the file
 *
 * Sorted, neighbours share a page. An id that is removed while it is young (a receipt comes
 * within seconds) never reaches the b-tree. At start the log is read into memory again.
 */
#include "store/sqlite_int.h"

#include <stdlib.h>
#include <string.h>

enum { LOG_OCTETS = 16 };		/* of an entry: hash, id and mark, big endian */
enum { LOG_ROWS_DELETED = 4 };		/* with each group, of a generation that is merged */

/* What an entry means for the levels below it. */
enum mark {
	MARK_NONE,		/* nothing: was added and removed again */
	MARK_ADD,		/* not there below */
	MARK_ADD_AGAIN,		/* may be there below */
	MARK_REMOVE		/* not, whatever is below */
};

static const struct {
	enum query add, remove, find, log_add, log_cut;
	const char *load;
} queries[INDEXES] = {
	[INDEX_PUSH] = { Q_PUSH_INDEX_ADD, Q_PUSH_INDEX_REMOVE, Q_PUSH_INDEX_FIND, Q_PUSH_LOG_ADD,
		Q_PUSH_LOG_CUT, "SELECT id, entries FROM push_index_log ORDER BY id" },
	[INDEX_MESSAGE] = { Q_MSG_INDEX_ADD, Q_MSG_INDEX_REMOVE, Q_MSG_INDEX_FIND, Q_MSG_LOG_ADD,
		Q_MSG_LOG_CUT, "SELECT id, entries FROM message_index_log ORDER BY id" },
};

static enum mark
mark_of(const struct index_entry *e)
{
	return (enum mark)(e->id_mark & 3);
}

static int64_t
id_of(const struct index_entry *e)
{
	return (int64_t)(e->id_mark >> 2);
}

static void
set_mark(struct index_entry *e, enum mark m)
{
	e->id_mark = (e->id_mark & ~(uint64_t)3) | m;
}

/* ---- young: open addressing; an empty slot has id_mark 0 ------------------------------- */

static size_t
home(const struct young *y, uint64_t hash)
{
	return (size_t)(hash * 0x9E3779B97F4A7C15u >> 32) & (y->cap - 1);
}

static struct index_entry *
young_find(const struct young *y, uint64_t hash, int64_t id)
{
	size_t i;

	if (y->cap == 0)
		return NULL;
	for (i = home(y, hash); y->slots[i].id_mark != 0; i = (i + 1) & (y->cap - 1))
		if (y->slots[i].hash == hash && id_of(&y->slots[i]) == id)
			return &y->slots[i];
	return NULL;
}

static void young_put(struct young *y, uint64_t hash, int64_t id, enum mark m);

static void
young_grow(struct young *y)
{
	struct young bigger = { .cap = y->cap > 0 ? y->cap * 2 : 512 };
	size_t i;

	if ((bigger.slots = calloc(bigger.cap, sizeof bigger.slots[0])) == NULL)
		abort();
	for (i = 0; i < y->cap; i++)
		if (y->slots[i].id_mark != 0)
			young_put(&bigger, y->slots[i].hash, id_of(&y->slots[i]), mark_of(&y->slots[i]));
	free(y->slots);
	*y = bigger;
}

static void
young_put(struct young *y, uint64_t hash, int64_t id, enum mark m)
{
	size_t i;

	if (y->n >= y->cap / 4 * 3)
		young_grow(y);
	for (i = home(y, hash); y->slots[i].id_mark != 0; i = (i + 1) & (y->cap - 1))
		;
	y->slots[i] = (struct index_entry){ hash, (uint64_t)id << 2 | m };
	y->n++;
}

/* Close the gap, so that no search ends at it too early. */
static void
young_drop(struct young *y, struct index_entry *e)
{
	size_t gap = (size_t)(e - y->slots), i = gap;

	for (;;) {
		i = (i + 1) & (y->cap - 1);
		if (y->slots[i].id_mark == 0)
			break;
		if (((i - home(y, y->slots[i].hash)) & (y->cap - 1)) >= ((i - gap) & (y->cap - 1))) {
			y->slots[gap] = y->slots[i];
			gap = i;
		}
	}
	y->slots[gap] = (struct index_entry){ 0 };
	y->n--;
}

/* ---- old: sorted, [at..n) still to be merged ------------------------------------------- */

/* The first entry of this hash or a higher one. */
static size_t
old_place(const struct old *o, uint64_t hash)
{
	size_t lo = 0, hi = o->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (o->v[mid].hash < hash)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Only what is not merged yet. */
static struct index_entry *
old_find(const struct old *o, uint64_t hash, int64_t id)
{
	size_t i = old_place(o, hash);

	for (i = i < o->at ? o->at : i; i < o->n && o->v[i].hash == hash; i++)
		if (id_of(&o->v[i]) == id && mark_of(&o->v[i]) != MARK_NONE)
			return &o->v[i];
	return NULL;
}

static int
by_hash(const void *a, const void *b)
{
	const struct index_entry *x = a, *y = b;

	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

/* The young table becomes the old one. */
static void
age(struct lazy_index *x)
{
	size_t i, k = 0;

	free(x->old.v);
	x->old = (struct old){ .n = x->young.n };
	if ((x->old.v = malloc((x->young.n + 1) * sizeof x->old.v[0])) == NULL)
		abort();
	for (i = 0; i < x->young.cap; i++)
		if (x->young.slots[i].id_mark != 0)
			x->old.v[k++] = x->young.slots[i];
	qsort(x->old.v, x->old.n, sizeof x->old.v[0], by_hash);
	if (x->young.cap > 0)
		memset(x->young.slots, 0, x->young.cap * sizeof x->young.slots[0]);
	x->young.n = 0;
}

/* ---- one change ------------------------------------------------------------------------ */

/* `fresh`: what an entry that is new here means. */
static void
change(struct lazy_index *x, uint64_t hash, int64_t id, bool add, enum mark fresh)
{
	struct index_entry *e = young_find(&x->young, hash, id);

	if (e == NULL && (e = old_find(&x->old, hash, id)) == NULL) {
		young_put(&x->young, hash, id, fresh);
		return;
	}
	switch (mark_of(e)) {
	case MARK_NONE:
		break;			/* not found so */
	case MARK_ADD:
		if (add)
			break;
		if (e >= x->old.v && e < x->old.v + x->old.n)
			set_mark(e, MARK_NONE);
		else
			young_drop(&x->young, e);
		break;
	case MARK_ADD_AGAIN:
		if (!add)
			set_mark(e, MARK_REMOVE);
		break;
	case MARK_REMOVE:
		if (add)
			set_mark(e, MARK_ADD_AGAIN);
		break;
	}
}

static void
log_change(struct lazy_index *x, uint64_t hash, int64_t id, bool add)
{
	uint64_t word = (uint64_t)id << 2 | (add ? MARK_ADD : MARK_REMOVE);
	uint8_t entry[LOG_OCTETS];
	int i;

	for (i = 0; i < 8; i++) {
		entry[i] = (uint8_t)(hash >> (56 - 8 * i));
		entry[8 + i] = (uint8_t)(word >> (56 - 8 * i));
	}
	sbuf_put(&x->log, entry, sizeof entry);
}

static void
write_change(struct db *db, enum index_kind k, uint64_t hash, int64_t id, bool add)
{
	struct lazy_index *x = &db->index[k];

	pthread_mutex_lock(&x->lock);
	change(x, hash, id, add, add ? MARK_ADD : MARK_REMOVE);
	pthread_mutex_unlock(&x->lock);
	log_change(x, hash, id, add);
}

void
index_add(struct db *db, enum index_kind k, uint64_t hash, int64_t id)
{
	write_change(db, k, hash, id, true);
}

void
index_remove(struct db *db, enum index_kind k, uint64_t hash, int64_t id)
{
	write_change(db, k, hash, id, false);
}

/* ---- look-up --------------------------------------------------------------------------- */

static void
find_in_tree(struct db *db, enum index_kind k, uint64_t hash, struct ids *out)
{
	sqlite3_stmt *q = sql_query(db, queries[k].find);

	sql_int(q, 1, (int64_t)hash);
	while (sql_row(db, q)) {
		int64_t id = sqlite3_column_int64(q, 0);
		const struct index_entry *e = young_find(&db->index[k].young, hash, id);

		if (e == NULL)
			e = old_find(&db->index[k].old, hash, id);
		/* What is above is added from there, or was removed there. */
		if (e == NULL)
			ids_add(out, id);
	}
	sqlite3_reset(q);
}

static void
find_above(const struct lazy_index *x, uint64_t hash, size_t from, struct ids *out)
{
	size_t i;

	for (i = old_place(&x->old, hash); i < x->old.n && x->old.v[i].hash == hash; i++)
		if (i >= from && (mark_of(&x->old.v[i]) == MARK_ADD || mark_of(&x->old.v[i]) == MARK_ADD_AGAIN))
			ids_add(out, id_of(&x->old.v[i]));
	if (x->young.cap == 0)
		return;
	for (i = home(&x->young, hash); x->young.slots[i].id_mark != 0; i = (i + 1) & (x->young.cap - 1))
		if (x->young.slots[i].hash == hash && mark_of(&x->young.slots[i]) != MARK_REMOVE)
			ids_add(out, id_of(&x->young.slots[i]));
}

void
index_find(struct db *db, enum index_kind k, uint64_t hash, struct ids *out)
{
	out->n = 0;
	find_in_tree(db, k, hash, out);
	find_above(&db->index[k], hash, db->index[k].old.at, out);
}

/*
 * A reader looks here first and at the b-tree after that: what leaves memory between the two
 * was committed to the b-tree before. What a group that runs has merged is still given.
 */
void
index_find_shared(struct db *db, enum index_kind k, uint64_t hash, struct ids *out)
{
	struct lazy_index *x = &db->index[k];

	pthread_mutex_lock(&x->lock);
	find_above(x, hash, 0, out);
	pthread_mutex_unlock(&x->lock);
}

/* ---- with each group ------------------------------------------------------------------- */

static void
write_tree(struct db *db, enum index_kind k, const struct index_entry *e)
{
	sqlite3_stmt *q;

	if (mark_of(e) == MARK_NONE)
		return;
	q = sql_query(db, mark_of(e) == MARK_REMOVE ? queries[k].remove : queries[k].add);
	sql_int(q, 1, (int64_t)e->hash);
	sql_int(q, 2, id_of(e));
	sql_run(db, q);
}

/* As many entries as the group added, twice: the old table is through before the young one is full. */
static void
merge(struct db *db, enum index_kind k)
{
	struct lazy_index *x = &db->index[k];
	size_t steps = 2 * (x->log.n / LOG_OCTETS) + 8, at = x->old.at;

	if (x->old.n == 0)
		return;
	while (at < x->old.n && (steps > 0 || x->old.v[at].hash == x->old.v[at - 1].hash)) {
		write_tree(db, k, &x->old.v[at++]);
		steps -= steps > 0;
	}
	pthread_mutex_lock(&x->lock);
	x->old.at = at;
	pthread_mutex_unlock(&x->lock);
	if (at == x->old.n)
		x->dead_log = x->old_log;
}

static void
write_log(struct db *db, enum index_kind k)
{
	struct lazy_index *x = &db->index[k];
	sqlite3_stmt *q;

	if (x->log.n > 0) {
		x->last_log = db->now.next_id++;
		q = sql_query(db, queries[k].log_add);
		sql_int(q, 1, x->last_log);
		sql_blob(q, 2, sbuf_as_span(&x->log));
		sql_run(db, q);
		sbuf_clear(&x->log);
	}
	if (x->cut_log < x->dead_log) {
		q = sql_query(db, queries[k].log_cut);
		sql_int(q, 1, x->dead_log);
		sql_int(q, 2, LOG_ROWS_DELETED);
		sql_run(db, q);
		if (sqlite3_changes(db->sql) < LOG_ROWS_DELETED)
			x->cut_log = x->dead_log;
	}
}

void
index_write(struct db *db)
{
	int k;

	for (k = 0; k < INDEXES; k++) {
		merge(db, (enum index_kind)k);
		write_log(db, (enum index_kind)k);
	}
}

/* After a commit: what was merged leaves memory, and a full table ages. */
void
index_settle(struct db *db)
{
	int k;

	for (k = 0; k < INDEXES; k++) {
		struct lazy_index *x = &db->index[k];
		bool merged = x->old.n > 0 && x->old.at == x->old.n;
		bool full = x->young.n >= db->young_max && (x->old.n == 0 || merged);

		if (!merged && !full)
			continue;
		pthread_mutex_lock(&x->lock);
		if (full) {
			age(x);
		} else {
			free(x->old.v);
			x->old = (struct old){ 0 };
		}
		pthread_mutex_unlock(&x->lock);
		if (full)
			x->old_log = x->last_log;
	}
}

/* ---- at start, and after a group that was lost ----------------------------------------- */

/*
 * All that the log has becomes young again, also what is in the b-tree already: the last change
 * of an id says what is true, and merging it twice does no harm.
 */
static void
replay(struct lazy_index *x, struct span entries)
{
	const uint8_t *p = entries.p, *end = p + entries.n / LOG_OCTETS * LOG_OCTETS;

	for (; p < end; p += LOG_OCTETS) {
		uint64_t hash = 0, word = 0;
		bool add;
		int i;

		for (i = 0; i < 8; i++) {
			hash = hash << 8 | p[i];
			word = word << 8 | p[8 + i];
		}
		add = (word & 3) == MARK_ADD;
		change(x, hash, (int64_t)(word >> 2), add, add ? MARK_ADD_AGAIN : MARK_REMOVE);
	}
}

static void
load(struct db *db, enum index_kind k)
{
	struct lazy_index *x = &db->index[k];
	sqlite3_stmt *q;
	int rc;

	if ((rc = sqlite3_prepare_v2(db->sql, queries[k].load, -1, &q, NULL)) != SQLITE_OK) {
		sql_failed(db, rc, queries[k].load);
		return;
	}
	while (sql_row(db, q)) {
		x->last_log = sqlite3_column_int64(q, 0);
		replay(x, sql_get_blob(q, 1));
	}
	sqlite3_finalize(q);
}

static void
clear(struct lazy_index *x)
{
	free(x->young.slots);
	free(x->old.v);
	x->young = (struct young){ 0 };
	x->old = (struct old){ 0 };
	x->last_log = x->old_log = x->dead_log = x->cut_log = 0;
	sbuf_clear(&x->log);
}

void
index_load(struct db *db)
{
	int k;

	for (k = 0; k < INDEXES; k++) {
		pthread_mutex_lock(&db->index[k].lock);
		clear(&db->index[k]);
		load(db, (enum index_kind)k);
		pthread_mutex_unlock(&db->index[k].lock);
	}
}

void
index_init(struct db *db)
{
	int k;

	for (k = 0; k < INDEXES; k++)
		pthread_mutex_init(&db->index[k].lock, NULL);
}

void
index_done(struct db *db)
{
	int k;

	for (k = 0; k < INDEXES; k++) {
		clear(&db->index[k]);
		sbuf_done(&db->index[k].log);
		pthread_mutex_destroy(&db->index[k].lock);
	}
}
