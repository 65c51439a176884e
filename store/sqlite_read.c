/*
 * sqlite_read.c - readers: read-only connections of their own, one snapshot for each look-up. Pushes and
 * their recipients.
 */
#include "store/sqlite_int.h"

#include <stdlib.h>
#include <string.h>

static const char *const texts[READ_QUERIES] = {
	[R_BEGIN] = "BEGIN",
	[R_END] = "COMMIT",
	[R_INDEX] = "SELECT push FROM push_index WHERE hash = ?1",
	[R_PUSH] = "SELECT (SELECT text FROM name WHERE id = pi), push_id, version, notify_url, meta,"
	    " content_type, received, deliver_after, deadline_at, length(headers), length(body),"
	    " n_recipients FROM push WHERE id = ?1",
	[R_PROGRESS] = "SELECT n_recipients, n_final, incoming FROM progress WHERE push = ?1",
	[R_RECIPIENTS] = "SELECT id, address, (SELECT text FROM name WHERE id = link), description, state,"
	    " code, event_time, segments, attempts, flags, ids, dial FROM recipient"
	    " WHERE id BETWEEN ?1 AND ?2 LIMIT ?3",
	[R_MESSAGE] = "SELECT p.headers, p.body, p.route, p.flags, p.body IS NULL, r.overlay FROM push p"
	    " LEFT JOIN recipient r ON r.id = ?2 WHERE p.id = ?1",
	[R_KEY_RUNS] = SQL_KEY_RUNS,
	[R_KEYS] = SQL_RCPT_KEYS,
	[R_NAME] = "SELECT id FROM name WHERE text = ?1",
	[R_HEAD] = "SELECT (SELECT text FROM name WHERE id = pi), push_id FROM audit_head WHERE push = ?1",
	[R_AUDIT] = "SELECT id, at, lo, hi, event, before, after, code, (SELECT text FROM name WHERE id = link),"
	    " detail FROM audit WHERE push = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
	/* n_recipients 0 and incoming: not to be seen */
	[R_PUSHES] = "SELECT p.id, p.received, p.pi, (SELECT text FROM name WHERE id = p.pi), p.push_id,"
	    " p.content_type, p.n_recipients, g.n_recipients, g.n_final, g.incoming FROM push p"
	    " LEFT JOIN progress g ON g.push = p.id AND p.n_recipients = 0 WHERE p.id < ?1 ORDER BY p.id DESC",
	[R_SUBSCRIBER] = "SELECT number, profile, facts FROM subscriber WHERE key = ?1",
	[R_ANY_SUBSCRIBER] = "SELECT 1 FROM subscriber LIMIT 1",
	[R_PROFILES] = "SELECT name, content_type, length(document) FROM profile WHERE name > ?1 ORDER BY name LIMIT ?2",
	[R_PROFILE] = "SELECT document, content_type FROM profile WHERE name = ?1",
	[R_REMARK] = "SELECT id, n, text FROM remark WHERE id = -?2 OR id = (SELECT max(id) FROM remark"
	    " WHERE id BETWEEN ?1 AND ?2) ORDER BY id LIMIT 1",
	[R_MEMORY] = "SELECT recipient, kind, key, other, at, until FROM memory WHERE until > ?1 ORDER BY id",
};

int
sqlite_reader_open(struct store *store, void **out, struct why *why)
{
	struct db *db = store->db;
	struct reader *r = calloc(1, sizeof *r);
	int i, rc;

	if (r == NULL)
		abort();
	rc = sqlite3_open_v2(db->path, &r->sql,
	    SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(r->sql, "PRAGMA query_only=1; PRAGMA wal_autocheckpoint=0;"
		    " PRAGMA mmap_size=0; PRAGMA trusted_schema=0; PRAGMA cell_size_check=1;"
		    " PRAGMA cache_size=-1024", NULL, NULL, NULL);
	for (i = 0; i < READ_QUERIES && rc == SQLITE_OK; i++)
		rc = sqlite3_prepare_v3(r->sql, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &r->q[i], NULL);
	if (rc != SQLITE_OK) {
		why_set(why, ERR_IO, "%s: %s", db->path, sqlite3_errmsg(r->sql));
		sqlite_reader_close(r);
		return ERR_IO;
	}
	r->db = db;
	*out = r;
	return OK;
}

void
sqlite_reader_close(void *reader)
{
	struct reader *r = reader;
	int i;

	for (i = 0; i < READ_QUERIES; i++)
		sqlite3_finalize(r->q[i]);
	sqlite3_close(r->sql);
	free(r->found.v);
	free(r);
}

bool
read_row(sqlite3_stmt *q, int *err)
{
	int rc = *err == OK ? sqlite3_step(q) : SQLITE_DONE;

	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		*err = ERR_IO;
	return rc == SQLITE_ROW;
}

void
read_step(sqlite3_stmt *q, int *err)
{
	read_row(q, err);
	sqlite3_reset(q);
}

/* The push row, when push-id and initiator are those asked for and it is whole. */
static int
push_get(struct reader *r, int64_t push, const char *pi, const char *push_id, struct store_view *out)
{
	sqlite3_stmt *q = r->q[R_PUSH];
	bool incoming = false;
	int err = OK;

	sql_int(q, 1, push);
	if (!read_row(q, &err) || strcmp((const char *)sqlite3_column_text(q, 1), push_id) != 0 ||
	    (pi != NULL && strcmp((const char *)sqlite3_column_text(q, 0), pi) != 0)) {
		sqlite3_reset(q);
		return err == OK ? ERR_NOT_FOUND : err;
	}
	*out = (struct store_view){
		.pi = sql_get_text(q, 0), .push_id = sql_get_text(q, 1), .version = sql_get_text(q, 2),
		.notify_url = sql_get_text(q, 3), .meta = sql_get_text(q, 4),
		.content_type = sql_get_text(q, 5), .push = push,
		.received = sqlite3_column_int64(q, 6), .deliver_after = sqlite3_column_int64(q, 7),
		.deadline_at = sqlite3_column_int64(q, 8),
		.headers_n = (size_t)sqlite3_column_int64(q, 9),
		.body_n = (size_t)sqlite3_column_int64(q, 10),
		.n_recipients = (uint32_t)sqlite3_column_int64(q, 11),
	};
	sqlite3_reset(q);
	if (out->n_recipients != 0)
		return OK;
	q = r->q[R_PROGRESS];
	sql_int(q, 1, push);
	if (read_row(q, &err)) {
		out->n_recipients = (uint32_t)sqlite3_column_int64(q, 0);
		out->n_final = (uint32_t)sqlite3_column_int64(q, 1);
		incoming = sqlite3_column_int(q, 2) != 0;
	}
	sqlite3_reset(q);
	if (err != OK || incoming) {
		store_view_done(out);
		return err != OK ? err : ERR_NOT_FOUND;
	}
	return OK;
}

/* "a\0b\0" as rows of their own. */
static void
ids_get(struct span packed, struct store_view_recipient *out)
{
	const char *p = (const char *)packed.p, *end = p + packed.n;
	unsigned n = 0;

	if (packed.n == 0)
		return;
	for (; p < end; p += strlen(p) + 1)
		n++;
	if ((out->message_ids = calloc(n, sizeof out->message_ids[0])) == NULL)
		abort();
	for (p = (const char *)packed.p; p < end; p += strlen(p) + 1)
		strncpy(out->message_ids[out->n_ids++], p, sizeof out->message_ids[0] - 1);
}

/* The columns of R_RECIPIENTS. */
static void
recipient_get(sqlite3_stmt *q, struct store_view_recipient *v)
{
	*v = (struct store_view_recipient){
		.n = rid_n(sqlite3_column_int64(q, 0)), .address = sql_get_text(q, 1),
		.link = sql_get_text(q, 2), .desc = sql_get_text(q, 3),
		.state = sqlite3_column_int(q, 4), .code = sqlite3_column_int(q, 5),
		.event_time = sqlite3_column_int64(q, 6),
		.segments = (uint32_t)sqlite3_column_int64(q, 7),
		.attempts = (uint32_t)sqlite3_column_int64(q, 8),
		.maybe_sent = (sqlite3_column_int(q, 9) & RCPT_MAYBE_SENT) != 0,
		.to = sql_get_text(q, 11),
	};
	ids_get(sql_get_blob(q, 10), v);
}

static int
recipients_get(struct reader *r, uint32_t first, uint32_t max, struct store_view *out)
{
	sqlite3_stmt *q = r->q[R_RECIPIENTS];
	size_t cap = 0;
	int err = OK;

	if (first > N_MAX)
		return OK;
	sql_int(q, 1, rid_of(out->push, first));
	sql_int(q, 2, rid_of(out->push, N_MAX));
	sql_int(q, 3, max);
	while (read_row(q, &err)) {
		if (out->n == cap) {
			cap = cap > 0 ? cap * 2 : 4;
			out->recipients = realloc(out->recipients, cap * sizeof out->recipients[0]);
			if (out->recipients == NULL)
				abort();
		}
		recipient_get(q, &out->recipients[out->n++]);
	}
	sqlite3_reset(q);
	return err;
}

/* A push to one has no row of progress: its only recipient says whether it is final. */
static int
final_get(struct reader *r, struct store_view *out)
{
	sqlite3_stmt *q = r->q[R_RECIPIENTS];
	int err = OK;

	if (out->n_recipients != 1 || out->n_final != 0)
		return OK;
	sql_int(q, 1, rid_of(out->push, 0));
	sql_int(q, 2, rid_of(out->push, 0));
	sql_int(q, 3, 1);
	if (read_row(q, &err))
		out->n_final = (sqlite3_column_int(q, 9) & RCPT_FINAL) != 0;
	sqlite3_reset(q);
	return err;
}

static int
find(struct reader *r, const char *pi, const char *push_id, struct store_view *out)
{
	int found = ERR_NOT_FOUND;
	struct store_view view;
	size_t i;

	for (i = 0; i < r->found.n; i++) {
		int got = push_get(r, r->found.v[i], pi, push_id, &view);

		if (got == ERR_NOT_FOUND)
			continue;
		if (got != OK)
			return got;
		if (found == OK) {
			store_view_done(&view);
			return ERR_EXISTS;
		}
		found = OK;
		*out = view;
	}
	return found == OK ? final_get(r, out) : found;
}

int
read_candidates(struct reader *r, const char *push_id)
{
	uint64_t hash = match_hash_push(r->db->hash_key, push_id);
	sqlite3_stmt *q = r->q[R_INDEX];
	int err = OK;
	size_t i;

	/* Before the snapshot begins: see index_find_shared. */
	r->found.n = 0;
	index_find_shared(r->db, INDEX_PUSH, hash, &r->found);
	read_step(r->q[R_BEGIN], &err);
	sql_int(q, 1, (int64_t)hash);
	while (read_row(q, &err)) {
		int64_t id = sqlite3_column_int64(q, 0);

		for (i = 0; i < r->found.n && r->found.v[i] != id; i++)
			;
		if (i == r->found.n)
			ids_add(&r->found, id);
	}
	sqlite3_reset(q);
	return err;
}

int
read_end(struct reader *r, int result)
{
	int err = OK;

	if (!sqlite3_get_autocommit(r->sql))
		read_step(r->q[R_END], &err);
	return result != OK ? result : err;
}

int
sqlite_read_push(void *reader, const char *pi, const char *push_id, uint32_t first, uint32_t max,
    struct store_view *out)
{
	struct reader *r = reader;
	int result = read_candidates(r, push_id);

	if (result == OK && (result = find(r, pi, push_id, out)) == OK)
		result = recipients_get(r, first, max, out);
	return read_end(r, result);
}

/* ---- some recipients, by their keys --------------------------------------------------------- */

struct match {
	const struct keyset *set;
	uint32_t *n;			/* by slot: the first recipient that has this key */
};

static void
match_one(void *arg, uint32_t n, uint64_t hash)
{
	struct match *m = arg;
	struct key_slot *slot = keyset_find(m->set, hash);

	if (slot == NULL || slot->marked)
		return;
	slot->marked = true;
	m->n[slot - m->set->slots] = n;
}

static int
match_get(struct reader *r, int64_t push, uint32_t n, struct store_view_recipient *v)
{
	sqlite3_stmt *q = r->q[R_RECIPIENTS];
	int err = OK;

	sql_int(q, 1, rid_of(push, n));
	sql_int(q, 2, rid_of(push, n));
	sql_int(q, 3, 1);
	if (read_row(q, &err))
		recipient_get(q, v);
	sqlite3_reset(q);
	return err;
}

static int
matches_get(struct reader *r, const char *const *keys, uint32_t n_keys, struct store_view *out)
{
	uint64_t hash_key = r->db->hash_key;
	struct keyset set;
	struct match m = { .set = &set };
	int err = OK;
	uint32_t k;

	keyset_init(&set, n_keys);
	m.n = calloc(set.cap, sizeof m.n[0]);
	out->recipients = calloc(n_keys + (n_keys == 0), sizeof out->recipients[0]);
	if (m.n == NULL || out->recipients == NULL)
		abort();
	out->n = n_keys;
	for (k = 0; k < n_keys; k++)
		keyset_put(&set, match_hash_key(hash_key, keys[k]), k);
	if (keys_walk(r->q[R_KEY_RUNS], r->q[R_KEYS], hash_key, out->push, match_one, &m) != SQLITE_OK)
		err = ERR_IO;
	for (k = 0; k < n_keys && err == OK; k++) {
		const struct key_slot *slot = keyset_find(&set, match_hash_key(hash_key, keys[k]));

		if (slot->marked)
			err = match_get(r, out->push, m.n[slot - set.slots], &out->recipients[k]);
	}
	free(m.n);
	keyset_done(&set);
	return err;
}

int
sqlite_read_recipients(void *reader, const char *pi, const char *push_id, const char *const *keys,
    uint32_t n_keys, struct store_view *out)
{
	struct reader *r = reader;
	int result = read_candidates(r, push_id);

	if (result == OK && (result = find(r, pi, push_id, out)) == OK)
		result = matches_get(r, keys, n_keys, out);
	return read_end(r, result);
}

/* ---- what one recipient gets ------------------------------------------------------------------- */

static int
octets_get(struct reader *r, struct store_message *out)
{
	sqlite3_stmt *q = r->q[R_MESSAGE];
	struct span own;
	int err = OK;

	sql_int(q, 1, out->push.push);
	sql_int(q, 2, rid_of(out->push.push, out->push.n > 0 ? out->push.recipients[0].n : 0));
	if (read_row(q, &err)) {
		own = sql_get_blob(q, 5);
		sbuf_span(&out->headers, own.n > 0 ? own : sql_get_blob(q, 0));
		sbuf_span(&out->body, sql_get_blob(q, 1));
		sbuf_span(&out->route, sql_get_blob(q, 2));
		out->erased = (sqlite3_column_int(q, 3) & PUSH_SECRET) != 0 && sqlite3_column_int(q, 4) != 0;
	}
	sqlite3_reset(q);
	return err;
}

int
sqlite_read_message(void *reader, const char *pi, const char *push_id, const char *key, struct store_message *out)
{
	struct reader *r = reader;
	int result = read_candidates(r, push_id);

	if (result == OK && (result = find(r, pi, push_id, &out->push)) == OK)
		result = key != NULL ? matches_get(r, &key, 1, &out->push) : recipients_get(r, 0, 1, &out->push);
	if (result == OK)
		result = octets_get(r, out);
	return read_end(r, result);
}
