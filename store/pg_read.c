/*
 * pg_read.c - readers: read-only connections of their own, one snapshot for each look-up. A connection that
 * broke is made again with the next look-up.
 */
#include "store/pg_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum read_query {
	R_PUSH_IDS, R_RECIPIENTS, R_KEYS, R_MESSAGE, R_PUSHES, R_AUDITED, R_AUDIT, R_SUBSCRIBER, R_ANY_SUBSCRIBER,
	R_PROFILES, R_PROFILE, R_REMARK, R_MEMORY, READ_QUERIES
};
enum { LOOK_BACK = 100000 };	/* pushes of others that are passed over for those of one initiator */

#define VIEW " r.id, r.address, r.dial, r.link, r.description, r.state, r.code, r.event_time, r.segments, r.attempts," \
	" r.flags, r.ids "
#define FINAL "CASE WHEN p.single THEN (SELECT f.flags & 1 FROM recipient f WHERE f.id = p.id << 20) ELSE g.n_final END"

static const struct pg_sql queries[READ_QUERIES] = {
	[R_PUSH_IDS] = { "ibb", "SELECT p.id, p.pi, p.push_id, p.version, p.notify_url, p.meta, p.content_type, p.received,"
	    " p.deliver_after, p.deadline_at, length(p.headers), length(p.body), p.single, g.n_recipients, " FINAL
	    " FROM push p LEFT JOIN progress g ON g.push = p.id WHERE p.hash = $1 AND p.push_id = $2"
	    " AND ($3::bytea IS NULL OR p.pi = $3) AND coalesce(g.incoming, 0) = 0" },
	[R_RECIPIENTS] = { "iii", "SELECT" VIEW "FROM recipient r WHERE r.id BETWEEN $1 AND $2 ORDER BY r.id LIMIT $3" },
	[R_KEYS] = { "iI", "SELECT" VIEW ", u.k FROM unnest($2::int8[]) WITH ORDINALITY u(key, k), LATERAL (SELECT * FROM ("
	    "SELECT * FROM recipient r WHERE r.id BETWEEN ($1 << 20) AND (($1 << 20) | 31) AND r.key = u.key"
	    " UNION ALL SELECT * FROM recipient r WHERE r.id >> 20 = $1 AND (r.id & 1048575) >= 32 AND r.key = u.key"
	    ") a ORDER BY a.id LIMIT 1) r ORDER BY u.k" },
	[R_MESSAGE] = { "ii", "SELECT p.headers, p.body, p.route, p.secret AND p.body IS NULL, r.overlay FROM push p"
	    " LEFT JOIN recipient r ON r.id = $2 WHERE p.id = $1" },
	[R_PUSHES] = { "ibii", "SELECT p.id, p.received, p.pi, p.push_id, p.content_type, p.single, g.n_recipients, " FINAL
	    " FROM (SELECT * FROM push WHERE id < $1 ORDER BY id DESC LIMIT $4) p LEFT JOIN progress g ON g.push = p.id"
	    " WHERE ($2::bytea IS NULL OR p.pi = $2) AND coalesce(g.incoming, 0) = 0 ORDER BY p.id DESC LIMIT $3" },
	[R_AUDITED] = { "ibb", "SELECT a.pi, max(a.push) FROM audit a WHERE a.hash = $1 AND a.push_id = $2"
	    " AND ($3::bytea IS NULL OR a.pi = $3) GROUP BY a.pi" },
	[R_AUDIT] = { "iii", "SELECT id, at, lo, hi, event, from_state, to_state, code, link, detail FROM audit"
	    " WHERE push = $1 AND id > $2 ORDER BY id LIMIT $3" },
	[R_SUBSCRIBER] = { "b", "SELECT number, profile, facts FROM subscriber WHERE key = $1" },
	[R_ANY_SUBSCRIBER] = { "", "SELECT 1 FROM subscriber LIMIT 1" },
	[R_PROFILES] = { "bi", "SELECT name, content_type, length(document) FROM profile WHERE name > $1 ORDER BY name"
	    " LIMIT $2" },
	[R_PROFILE] = { "b", "SELECT document, content_type FROM profile WHERE name = $1" },
	[R_REMARK] = { "ii", "(SELECT id, n, text FROM remark WHERE id = -$2::int8) UNION ALL (SELECT id, n, text FROM remark"
	    " WHERE id BETWEEN $1 AND $2 ORDER BY id DESC LIMIT 1) ORDER BY id LIMIT 1" },
	[R_MEMORY] = { "iii", "SELECT id, recipient, kind, key, other, at, until FROM memory WHERE id > $1 AND until > $2"
	    " ORDER BY id LIMIT $3" },
};

struct reader {
	struct pg *pg;		/* what does not change after its start */
	PGconn *conn;
	PGresult *result;	/* of the last query */
	bool prepared[READ_QUERIES];
	/* Parameters of the next query, in libpq's binary form. */
	uint8_t numbers[4][8];
	const char *values[4];
	int lengths[4], n;
	struct sbuf array;
};

/* ---- one query ------------------------------------------------------------------------------- */

static void
put64(uint8_t out[8], int64_t v)
{
	struct wbuf w = wbuf_into(out, 8);

	wbuf_u32(&w, (uint32_t)((uint64_t)v >> 32));
	wbuf_u32(&w, (uint32_t)v);
}

static void
give_int(struct reader *r, int64_t v)
{
	put64(r->numbers[r->n], v);
	r->values[r->n] = (const char *)r->numbers[r->n];
	r->lengths[r->n++] = 8;
}

static void
give_text(struct reader *r, const char *v)	/* borrowed; NULL allowed */
{
	r->values[r->n] = v;
	r->lengths[r->n++] = v != NULL ? (int)strlen(v) : 0;
}

/* "{1,2,3}", the one parameter that goes as text: it is short and its digits are ours. */
static void
give_numbers(struct reader *r, const int64_t *v, uint32_t n)
{
	uint32_t i;

	sbuf_clear(&r->array);
	sbuf_char(&r->array, '{');
	for (i = 0; i < n; i++)
		sbuf_fmt(&r->array, i > 0 ? ",%lld" : "%lld", (long long)v[i]);
	sbuf_char(&r->array, '}');
	r->values[r->n] = r->array.s;
	r->lengths[r->n++] = -1;
}

static int
connect_reader(struct reader *r, struct why *why)
{
	int err;

	if (r->conn != NULL && PQstatus(r->conn) == CONNECTION_OK)
		return OK;
	PQfinish(r->conn);
	memset(r->prepared, 0, sizeof r->prepared);
	r->conn = pg_conn_open(r->pg, true, &err, why);
	return r->conn != NULL ? OK : ERR_IO;
}

static int
prepare(struct reader *r, enum read_query q)
{
	static const Oid types[] = { ['i'] = 20, ['b'] = 17, ['I'] = 1016 };
	char name[16];
	Oid oids[4];
	PGresult *made;
	int i;

	snprintf(name, sizeof name, "r%d", (int)q);
	for (i = 0; queries[q].kinds[i] != '\0'; i++)
		oids[i] = types[(unsigned char)queries[q].kinds[i]];
	made = PQprepare(r->conn, name, queries[q].text, i, oids);
	r->prepared[q] = PQresultStatus(made) == PGRES_COMMAND_OK;
	if (!r->prepared[q])
		log_error("store", "%s: a reader: %s", r->pg->name, PQerrorMessage(r->conn));
	PQclear(made);
	return r->prepared[q] ? OK : ERR_IO;
}

/* With the parameters that were given; the rows are in r->result. */
static int
ask(struct reader *r, enum read_query q)
{
	int formats[4], i;
	char name[16];

	PQclear(r->result);
	r->result = NULL;
	for (i = 0; i < r->n; i++)
		formats[i] = r->lengths[i] >= 0;
	r->n = 0;
	if (!r->prepared[q] && prepare(r, q) != OK)
		return ERR_IO;
	snprintf(name, sizeof name, "r%d", (int)q);
	r->result = PQexecPrepared(r->conn, name, i, r->values, r->lengths, formats, 1);
	return PQresultStatus(r->result) == PGRES_TUPLES_OK ? OK : ERR_IO;
}

static int
plain(struct reader *r, const char *sql)
{
	PGresult *done = PQexec(r->conn, sql);
	int err = PQresultStatus(done) == PGRES_COMMAND_OK ? OK : ERR_IO;

	PQclear(done);
	return err;
}

/*
 * Run look() in one snapshot. A connection that turns out to be broken says nothing of the server,
 * which may have been started again: one more try.
 */
static int
look_up(struct reader *r, int (*look)(struct reader *r, void *arg), void *arg)
{
	struct why why;
	int tries, err = ERR_IO;

	for (tries = 0; tries < 2; tries++) {
		r->n = 0;
		if (connect_reader(r, &why) != OK) {
			log_warning("store", "%s", why.text);
			return ERR_IO;
		}
		err = plain(r, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
		if (err == OK) {
			err = look(r, arg);
			plain(r, err == ERR_IO ? "ROLLBACK" : "COMMIT");
		}
		if (err != ERR_IO || PQstatus(r->conn) == CONNECTION_OK)
			break;
	}
	return err;
}

int
pg_reader_open(struct store *store, void **out, struct why *why)
{
	struct reader *r = calloc(1, sizeof *r);
	int err;

	if (r == NULL)
		abort();
	r->pg = store->db;
	if ((err = connect_reader(r, why)) != OK) {
		pg_reader_close(r);
		return err;
	}
	*out = r;
	return OK;
}

void
pg_reader_close(void *reader)
{
	struct reader *r = reader;

	PQclear(r->result);
	PQfinish(r->conn);
	sbuf_done(&r->array);
	free(r);
}

/* ---- one push -------------------------------------------------------------------------------- */

struct search {
	const char *pi, *push_id;
	uint32_t first, max;
	const char *const *keys;
	uint32_t n_keys;
	struct store_view *out;
	struct store_message *message;
};

static int
find(struct reader *r, const struct search *s)
{
	const PGresult *x;
	int err;

	give_int(r, (int64_t)match_hash_push((uint64_t)r->pg->hash_key, s->push_id));
	give_text(r, s->push_id);
	give_text(r, s->pi);
	if ((err = ask(r, R_PUSH_IDS)) != OK)
		return err;
	x = r->result;
	if (pg_rows(x) != 1)
		return pg_rows(x) == 0 ? ERR_NOT_FOUND : ERR_EXISTS;
	*s->out = (struct store_view){
		.push = pg_get_int(x, 0, 0), .pi = pg_get_text(x, 0, 1), .push_id = pg_get_text(x, 0, 2),
		.version = pg_get_text(x, 0, 3), .notify_url = pg_get_text(x, 0, 4), .meta = pg_get_text(x, 0, 5),
		.content_type = pg_get_text(x, 0, 6), .received = pg_get_int(x, 0, 7),
		.deliver_after = pg_get_int(x, 0, 8), .deadline_at = pg_get_int(x, 0, 9),
		.headers_n = (size_t)pg_get_int(x, 0, 10), .body_n = (size_t)pg_get_int(x, 0, 11),
		.n_recipients = pg_get_int(x, 0, 12) != 0 ? 1 : (uint32_t)pg_get_int(x, 0, 13),
		.n_final = (uint32_t)pg_get_int(x, 0, 14),
	};
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

static struct store_view_recipient
recipient_of(const PGresult *x, int row)
{
	struct store_view_recipient v = {
		.n = rid_n(pg_get_int(x, row, 0)), .address = pg_get_text(x, row, 1), .to = pg_get_text(x, row, 2),
		.link = pg_get_text(x, row, 3), .desc = pg_get_text(x, row, 4), .state = (int)pg_get_int(x, row, 5),
		.code = (int)pg_get_int(x, row, 6), .event_time = pg_get_int(x, row, 7),
		.segments = (uint32_t)pg_get_int(x, row, 8), .attempts = (uint32_t)pg_get_int(x, row, 9),
		.maybe_sent = (pg_get_int(x, row, 10) & RCPT_MAYBE_SENT) != 0,
	};

	ids_get(pg_get_blob(x, row, 11), &v);
	return v;
}

static struct store_view_recipient *
make_recipients(struct store_view *out, size_t n)
{
	if (n > 0 && (out->recipients = calloc(n, sizeof out->recipients[0])) == NULL)
		abort();
	return out->recipients;
}

static int
look_push(struct reader *r, void *arg)
{
	const struct search *s = arg;
	int err = find(r, s), row, n;

	if (err != OK || s->first > N_MAX)
		return err;
	give_int(r, rid_of(s->out->push, s->first));
	give_int(r, rid_of(s->out->push, N_MAX));
	give_int(r, s->max);
	if ((err = ask(r, R_RECIPIENTS)) != OK)
		goto out;
	n = pg_rows(r->result);
	make_recipients(s->out, (size_t)n);
	for (row = 0; row < n; row++)
		s->out->recipients[s->out->n++] = recipient_of(r->result, row);
out:
	if (err != OK)
		store_view_done(s->out);
	return err;
}

static int
look_recipients(struct reader *r, void *arg)
{
	const struct search *s = arg;
	int err = find(r, s), row, n;
	int64_t *hashes;
	uint32_t i;

	if (err != OK || s->n_keys == 0)
		return err;
	if ((hashes = calloc(s->n_keys, sizeof hashes[0])) == NULL)
		abort();
	for (i = 0; i < s->n_keys; i++)
		hashes[i] = pg_key_hash(r->pg, s->keys[i]);
	give_int(r, s->out->push);
	give_numbers(r, hashes, s->n_keys);
	free(hashes);
	if ((err = ask(r, R_KEYS)) != OK) {
		store_view_done(s->out);
		return err;
	}
	n = pg_rows(r->result);
	make_recipients(s->out, s->n_keys);
	s->out->n = s->n_keys;
	for (row = 0; row < n; row++)
		s->out->recipients[pg_get_int(r->result, row, 12) - 1] = recipient_of(r->result, row);
	return OK;
}

int
pg_read_push(void *reader, const char *pi, const char *push_id, uint32_t first, uint32_t max,
    struct store_view *out)
{
	struct search s = { .pi = pi, .push_id = push_id, .first = first, .max = max, .out = out };

	return look_up(reader, look_push, &s);
}

int
pg_read_recipients(void *reader, const char *pi, const char *push_id, const char *const *keys, uint32_t n_keys,
    struct store_view *out)
{
	struct search s = { .pi = pi, .push_id = push_id, .keys = keys, .n_keys = n_keys, .out = out };

	return look_up(reader, look_recipients, &s);
}

static int
look_message(struct reader *r, void *arg)
{
	const struct search *s = arg;
	struct store_message *out = s->message;
	int err = s->n_keys > 0 ? look_recipients(r, arg) : look_push(r, arg);
	struct span own;

	if (err != OK)
		return err;
	give_int(r, out->push.push);
	give_int(r, rid_of(out->push.push, out->push.n > 0 ? out->push.recipients[0].n : 0));
	if ((err = ask(r, R_MESSAGE)) != OK) {
		store_view_done(&out->push);
		return err;
	}
	if (pg_rows(r->result) != 1)
		return OK;
	own = pg_get_blob(r->result, 0, 4);
	sbuf_span(&out->headers, own.n > 0 ? own : pg_get_blob(r->result, 0, 0));
	sbuf_span(&out->body, pg_get_blob(r->result, 0, 1));
	sbuf_span(&out->route, pg_get_blob(r->result, 0, 2));
	out->erased = pg_get_int(r->result, 0, 3) != 0;
	return OK;
}

int
pg_read_message(void *reader, const char *pi, const char *push_id, const char *key, struct store_message *out)
{
	struct search s = { .pi = pi, .push_id = push_id, .max = 1, .keys = &key, .n_keys = key != NULL,
		.out = &out->push, .message = out };

	return look_up(reader, look_message, &s);
}

/* ---- the newest pushes ----------------------------------------------------------------------- */

struct listing {
	const char *pi, *push_id, *after;
	int64_t from;
	uint32_t max;
	void *rows;		/* out: heap */
	uint32_t n;
};

static int
look_pushes(struct reader *r, void *arg)
{
	struct listing *l = arg;
	struct store_push_row *rows;
	int err, row, n;

	give_int(r, l->from > 0 ? l->from : INT64_MAX);
	give_text(r, l->pi);
	give_int(r, l->max);
	give_int(r, LOOK_BACK);
	if ((err = ask(r, R_PUSHES)) != OK || (n = pg_rows(r->result)) == 0)
		return err;
	if ((rows = calloc((size_t)n, sizeof rows[0])) == NULL)
		abort();
	for (row = 0; row < n; row++)
		rows[row] = (struct store_push_row){
			.push = pg_get_int(r->result, row, 0), .received = pg_get_int(r->result, row, 1),
			.pi = pg_get_text(r->result, row, 2), .push_id = pg_get_text(r->result, row, 3),
			.content_type = pg_get_text(r->result, row, 4),
			.n_recipients = pg_get_int(r->result, row, 5) != 0 ? 1 : (uint32_t)pg_get_int(r->result, row, 6),
			.n_final = (uint32_t)pg_get_int(r->result, row, 7),
		};
	l->rows = rows;
	l->n = (uint32_t)n;
	return OK;
}

int
pg_read_pushes(void *reader, const char *pi, int64_t before, uint32_t max, struct store_push_row **rows, uint32_t *n)
{
	struct listing l = { .pi = pi, .from = before, .max = max };
	int err = look_up(reader, look_pushes, &l);

	*rows = l.rows;
	*n = l.n;
	return err;
}

/* ---- audit ----------------------------------------------------------------------------------- */

static int
look_audit(struct reader *r, void *arg)
{
	struct listing *l = arg;
	struct store_audit_row *rows;
	int64_t push;
	int err, row, n;

	give_int(r, (int64_t)match_hash_push((uint64_t)r->pg->hash_key, l->push_id));
	give_text(r, l->push_id);
	give_text(r, l->pi);
	if ((err = ask(r, R_AUDITED)) != OK)
		return err;
	if (pg_rows(r->result) != 1)
		return pg_rows(r->result) == 0 ? ERR_NOT_FOUND : ERR_EXISTS;
	push = pg_get_int(r->result, 0, 1);
	give_int(r, push);
	give_int(r, l->from);
	give_int(r, l->max);
	if ((err = ask(r, R_AUDIT)) != OK || (n = pg_rows(r->result)) == 0)
		return err;
	if ((rows = calloc((size_t)n, sizeof rows[0])) == NULL)
		abort();
	for (row = 0; row < n; row++)
		rows[row] = (struct store_audit_row){
			.id = pg_get_int(r->result, row, 0), .at = pg_get_int(r->result, row, 1), .push = push,
			.lo = (uint32_t)pg_get_int(r->result, row, 2), .hi = (uint32_t)pg_get_int(r->result, row, 3),
			.event = (int)pg_get_int(r->result, row, 4), .from = (int)pg_get_int(r->result, row, 5),
			.to = (int)pg_get_int(r->result, row, 6), .code = (int)pg_get_int(r->result, row, 7),
			.link = pg_get_text(r->result, row, 8), .detail = pg_get_text(r->result, row, 9),
		};
	l->rows = rows;
	l->n = (uint32_t)n;
	return OK;
}

int
pg_read_audit(void *reader, const char *pi, const char *push_id, int64_t after, uint32_t max,
    struct store_audit_row **rows, uint32_t *n)
{
	struct listing l = { .pi = pi, .push_id = push_id, .from = after, .max = max };
	int err = look_up(reader, look_audit, &l);

	*rows = l.rows;
	*n = l.n;
	return err;
}

/* ---- devices --------------------------------------------------------------------------------- */

struct fact {
	const char *key;
	struct store_subscriber_view *subscriber;
	struct sbuf *document;
	char **content_type;
};

static int
look_subscriber(struct reader *r, void *arg)
{
	const struct fact *f = arg;
	int err;

	give_text(r, f->key);
	if ((err = ask(r, R_SUBSCRIBER)) != OK)
		return err;
	if (pg_rows(r->result) == 0)
		return ERR_NOT_FOUND;
	*f->subscriber = (struct store_subscriber_view){ .number = pg_get_text(r->result, 0, 0),
		.profile = pg_get_text(r->result, 0, 1), .facts = pg_get_text(r->result, 0, 2) };
	return OK;
}

static int
look_any_subscriber(struct reader *r, void *arg)
{
	bool *any = arg;
	int err = ask(r, R_ANY_SUBSCRIBER);

	if (err == OK)
		*any = pg_rows(r->result) > 0;
	return err;
}

static int
look_profile(struct reader *r, void *arg)
{
	const struct fact *f = arg;
	int err;

	give_text(r, f->key);
	if ((err = ask(r, R_PROFILE)) != OK)
		return err;
	if (pg_rows(r->result) == 0)
		return ERR_NOT_FOUND;
	sbuf_span(f->document, pg_get_blob(r->result, 0, 0));
	*f->content_type = pg_get_text(r->result, 0, 1);
	return OK;
}

int
pg_read_subscriber(void *reader, const char *key, struct store_subscriber_view *out)
{
	struct fact f = { .key = key, .subscriber = out };

	return look_up(reader, look_subscriber, &f);
}

int
pg_read_any_subscriber(void *reader, bool *any)
{
	return look_up(reader, look_any_subscriber, any);
}

static int
look_profiles(struct reader *r, void *arg)
{
	struct listing *l = arg;
	struct store_profile_row *rows;
	int err, row, n;

	give_text(r, l->after);
	give_int(r, l->max);
	if ((err = ask(r, R_PROFILES)) != OK || (n = pg_rows(r->result)) == 0)
		return err;
	if ((rows = calloc((size_t)n, sizeof rows[0])) == NULL)
		abort();
	for (row = 0; row < n; row++)
		rows[row] = (struct store_profile_row){ .name = pg_get_text(r->result, row, 0),
			.content_type = pg_get_text(r->result, row, 1), .octets = (uint64_t)pg_get_int(r->result, row, 2) };
	l->rows = rows;
	l->n = (uint32_t)n;
	return OK;
}

int
pg_read_profiles(void *reader, const char *after, uint32_t max, struct store_profile_row **rows, uint32_t *n)
{
	struct listing l = { .after = after, .max = max };
	int err = look_up(reader, look_profiles, &l);

	*rows = l.rows;
	*n = l.n;
	return err;
}

int
pg_read_profile(void *reader, const char *name, struct sbuf *document, char **content_type)
{
	struct fact f = { .key = name, .document = document, .content_type = content_type };

	return look_up(reader, look_profile, &f);
}

/* ---- remarks, memory ------------------------------------------------------------------------- */

struct remark {
	int64_t push;
	uint32_t n;
	uint32_t *first_n, *n_chunk;
	char **text;
};

static int
look_remark(struct reader *r, void *arg)
{
	const struct remark *m = arg;
	int err;

	give_int(r, rid_of(m->push, 0));
	give_int(r, rid_of(m->push, m->n));
	if ((err = ask(r, R_REMARK)) != OK)
		return err;
	if (pg_rows(r->result) == 0)
		return ERR_NOT_FOUND;
	*m->first_n = pg_get_int(r->result, 0, 0) < 0 ? m->n : rid_n(pg_get_int(r->result, 0, 0));
	*m->n_chunk = (uint32_t)pg_get_int(r->result, 0, 1);
	if (m->n - *m->first_n >= *m->n_chunk)
		return ERR_NOT_FOUND;
	*m->text = pg_get_text(r->result, 0, 2);
	return OK;
}

int
pg_read_remark(void *reader, int64_t push, uint32_t n, uint32_t *first_n, uint32_t *n_chunk, char **text)
{
	struct remark m = { push, n, first_n, n_chunk, text };

	return look_up(reader, look_remark, &m);
}

enum { MEMORY_PAGE = 10000 };

struct memories {
	int64_t now, after;
	int n;			/* of the page */
	void (*each)(void *arg, const struct store_memory *row);
	void *arg;
};

static void
take_key(const PGresult *x, int row, int column, uint8_t out[STORE_MEMORY_KEY])
{
	struct span s = pg_get_blob(x, row, column);

	memset(out, 0, STORE_MEMORY_KEY);
	if (s.n == STORE_MEMORY_KEY)
		memcpy(out, s.p, s.n);
}

static int
look_memory(struct reader *r, void *arg)
{
	struct memories *m = arg;
	int err, row;

	give_int(r, m->after);
	give_int(r, m->now);
	give_int(r, MEMORY_PAGE);
	if ((err = ask(r, R_MEMORY)) != OK)
		return err;
	m->n = pg_rows(r->result);
	for (row = 0; row < m->n; row++) {
		int64_t rid = pg_get_int(r->result, row, 1);
		struct store_memory one = { .kind = (int)pg_get_int(r->result, row, 2), .at = pg_get_int(r->result, row, 5),
			.until = pg_get_int(r->result, row, 6), .push = rid_push(rid), .n = rid_n(rid) };

		take_key(r->result, row, 3, one.key);
		take_key(r->result, row, 4, one.other);
		m->each(m->arg, &one);
		m->after = pg_get_int(r->result, row, 0);
	}
	return OK;
}

int
pg_read_memory(void *reader, int64_t now, void (*each)(void *arg, const struct store_memory *row), void *arg)
{
	struct memories m = { .now = now, .each = each, .arg = arg };
	int err;

	do
		err = look_up(reader, look_memory, &m);
	while (err == OK && m.n == MEMORY_PAGE);
	return err;
}
