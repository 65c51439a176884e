/*
 * pg_sql.c - schema and statements of the PostgreSQL engine, and how parameters go there and
 * results come back. doc/store.md says why the tables are as they are.
 *
 * Texts are bytea: whatever the encoding of the database, no octet that a peer chooses can make
 * a statement fail.
 */
#include "store/pg_int.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE " WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000)"

const char *const pg_schema[] = {
	"CREATE SCHEMA openppg",
	"SET LOCAL search_path = openppg",
	"CREATE TABLE meta(version int NOT NULL)",
	"CREATE TABLE state(id int PRIMARY KEY CHECK (id = 1), owner int8 NOT NULL, group_no int8 NOT NULL,"
	" next_push int8 NOT NULL, next_id int8 NOT NULL, pushes int8 NOT NULL, recipients int8 NOT NULL,"
	" live int8 NOT NULL, orphans int8 NOT NULL, hash_key int8 NOT NULL) WITH (fillfactor = 10)",
	"CREATE TABLE push(id int8 PRIMARY KEY, single bool NOT NULL, hash int8 NOT NULL, pi bytea NOT NULL,"
	" push_id bytea NOT NULL, deadline_at int8 NOT NULL, secret bool NOT NULL, priority int2 NOT NULL,"
	" received int8 NOT NULL, deliver_after int8 NOT NULL, notify_url bytea, version bytea, meta bytea,"
	" content_type bytea, headers bytea, body bytea, route bytea)",
	"CREATE INDEX push_hash ON push(hash)",
	/* Only of pushes to more than one. */
	"CREATE TABLE progress(push int8 PRIMARY KEY, n_recipients int8 NOT NULL, n_final int8 NOT NULL,"
	" incoming int2 NOT NULL) WITH (fillfactor = 50)",
	"CREATE INDEX progress_incoming ON progress(push) WHERE incoming = 1",
	/* id is push << 20 | n. Three versions of a row lie beside each other: changes touch no index. */
	"CREATE TABLE recipient(id int8 PRIMARY KEY, state int2 NOT NULL, flags int2 NOT NULL,"
	" attempts int4 NOT NULL, segments int4 NOT NULL, code int4 NOT NULL, batch int8 NOT NULL,"
	" event_time int8 NOT NULL, key int8 NOT NULL, link bytea, ids bytea, done bytea, description bytea,"
	" address bytea NOT NULL, dial bytea NOT NULL, overlay bytea) WITH (fillfactor = 50)",
	/* The first 32 of a push are found without. */
	"CREATE INDEX recipient_key ON recipient((id >> 20), key) WHERE (id & 1048575) >= 32",
	"CREATE TABLE message(hash int8, recipient int8, PRIMARY KEY(hash, recipient))" QUEUE,
	"CREATE TABLE due(kind int2, at int8, lo int8, hi int8 NOT NULL, PRIMARY KEY(kind, at, lo))" QUEUE,
	"CREATE TABLE batch(id int8, lo int8, hi int8 NOT NULL, PRIMARY KEY(id, lo))" QUEUE,
	"CREATE TABLE note(id int8 PRIMARY KEY, due_at int8 NOT NULL, recipient int8 NOT NULL,"
	" attempts int8 NOT NULL)" QUEUE,
	"CREATE INDEX note_due ON note(due_at, id)",
	"CREATE TABLE orphan(id int8 PRIMARY KEY, kept_at int8 NOT NULL, hash int8 NOT NULL, link bytea NOT NULL,"
	" message_id bytea NOT NULL, event int4 NOT NULL, at int8 NOT NULL, code int4 NOT NULL,"
	" description bytea)" QUEUE,
	"CREATE INDEX orphan_hash ON orphan(hash)",
	/* hash, pi and push_id are those of the row of the acceptance. */
	"CREATE TABLE audit(push int8, id int8, at int8 NOT NULL, lo int4 NOT NULL, hi int4 NOT NULL,"
	" event int2 NOT NULL, from_state int2 NOT NULL, to_state int2 NOT NULL, code int4 NOT NULL, link bytea,"
	" detail bytea, hash int8, pi bytea, push_id bytea, PRIMARY KEY(push, id))",
	"CREATE INDEX audit_hash ON audit(hash) WHERE hash IS NOT NULL",
	"CREATE TABLE usage(pi bytea, day int8, n int8 NOT NULL, PRIMARY KEY(pi, day)) WITH (fillfactor = 50)",
	"CREATE TABLE subscriber(key bytea PRIMARY KEY, number bytea, profile bytea, facts bytea)",
	"CREATE TABLE profile(name bytea PRIMARY KEY, content_type bytea, document bytea NOT NULL)",
	NULL
};

/* Texts on a run of recipients, by the first, and on one, by its negative number; what recipients leave for longer than their push is kept. */
const char *const pg_schema_2[] = {
	"SET LOCAL search_path = openppg",
	"ALTER TABLE state ADD COLUMN held int8 NOT NULL DEFAULT 0",
	"CREATE TABLE remark(id int8 PRIMARY KEY, n int4 NOT NULL, text bytea NOT NULL)",
	"CREATE TABLE memory(id int8 PRIMARY KEY, recipient int8 NOT NULL, kind int2 NOT NULL, key bytea NOT NULL,"
	" other bytea NOT NULL, at int8 NOT NULL, until int8 NOT NULL)",
	"CREATE INDEX memory_recipient ON memory(recipient)",
	"CREATE INDEX memory_until ON memory(until)",
	NULL
};

#define RECIPIENT " r.id, r.state, r.flags, r.attempts, r.segments, r.code, r.batch, r.event_time, r.link, r.ids," \
	" r.done, r.description "
#define ORPHAN "SELECT o.id, o.hash, o.at, o.event, o.code, o.link, o.message_id, o.description"

const struct pg_sql pg_sql[PG_STATEMENTS] = {
	[A_PUSH_IDS] = { "I", "SELECT p.hash, p.id, p.pi, p.push_id FROM unnest($1::int8[]) u(hash)"
	    " JOIN push p ON p.hash = u.hash" },
	[A_PUSHES] = { "I", "SELECT p.id, p.single, p.deadline_at, p.secret, p.priority, p.notify_url IS NOT NULL,"
	    " g.n_recipients, g.n_final, g.incoming,"
	    " CASE WHEN p.deliver_after <> 0 THEN p.deliver_after ELSE p.received END"
	    " FROM unnest($1::int8[]) u(id) JOIN push p ON p.id = u.id"
	    " LEFT JOIN progress g ON g.push = p.id" },
	[A_RECIPIENTS] = { "I", "SELECT" RECIPIENT "FROM unnest($1::int8[]) u(id) JOIN recipient r ON r.id = u.id" },
	[A_RUNS] = { "II", "SELECT" RECIPIENT "FROM unnest($1::int8[], $2::int8[]) WITH ORDINALITY u(lo, hi, k)"
	    " JOIN recipient r ON r.id BETWEEN u.lo AND u.hi ORDER BY u.k, r.id" },
	[A_KEYS] = { "iI", "SELECT u.k," RECIPIENT "FROM unnest($2::int8[]) WITH ORDINALITY u(key, k),"
	    " LATERAL (SELECT * FROM recipient r WHERE r.id BETWEEN ($1 << 20) AND (($1 << 20) | 31)"
	    " AND r.key = u.key"
	    " UNION ALL SELECT * FROM recipient r WHERE r.id >> 20 = $1 AND (r.id & 1048575) >= 32 AND r.key = u.key"
	    ") r ORDER BY u.k, r.id" },
	[A_MESSAGES] = { "I", "SELECT m.hash, m.recipient FROM unnest($1::int8[]) u(hash)"
	    " JOIN message m ON m.hash = u.hash" },
	[A_ORPHANS] = { "I", ORPHAN " FROM unnest($1::int8[]) u(hash) JOIN orphan o ON o.hash = u.hash ORDER BY o.id" },
	[A_ORPHANS_OLD] = { "i", "SELECT id, kept_at FROM orphan ORDER BY id LIMIT $1" },
	[A_NOTES] = { "I", "SELECT n.id, n.attempts FROM unnest($1::int8[]) u(id) JOIN note n ON n.id = u.id" },
	[A_NOTES_DUE] = { "ii", "SELECT n.id, n.recipient, n.attempts, p.pi, p.push_id, p.version, p.notify_url, p.meta,"
	    " p.received, r.address, r.description, r.event_time, r.state, r.code, r.link"
	    " FROM (SELECT * FROM note WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2) n"
	    " LEFT JOIN push p ON p.id = n.recipient >> 20 LEFT JOIN recipient r ON r.id = n.recipient"
	    " ORDER BY n.due_at, n.id" },
	[A_NOTE_NEXT] = { "", "SELECT due_at FROM note ORDER BY due_at, id LIMIT 1" },
	[A_DUE] = { "iii", "SELECT at, lo, hi FROM due WHERE kind = $1 AND at <= $2 ORDER BY at, lo LIMIT $3" },
	[A_DUE_NEXT] = { "I", "SELECT (SELECT d.at FROM due d WHERE d.kind = u.kind ORDER BY d.at, d.lo LIMIT 1)"
	    " FROM unnest($1::int8[]) u(kind)" },
	[A_TO_SEND] = { "II", "SELECT" RECIPIENT ", r.dial, r.overlay"
	    " FROM unnest($1::int8[], $2::int8[]) WITH ORDINALITY u(lo, hi, k)"
	    " JOIN recipient r ON r.id BETWEEN u.lo AND u.hi ORDER BY u.k, r.id" },
	[A_BODIES] = { "I", "SELECT p.id, p.pi, p.deadline_at, p.priority, p.headers, p.body, p.route"
	    " FROM unnest($1::int8[]) WITH ORDINALITY u(id, k) JOIN push p ON p.id = u.id ORDER BY u.k" },
	/* Recipients of one push whose key another push has too. */
	[A_REPLACED] = { "iiii", "SELECT" RECIPIENT ", r.key FROM recipient r WHERE r.id BETWEEN $1 AND $2 AND r.key IN"
	    " (SELECT n.key FROM recipient n WHERE n.id BETWEEN $3 AND $4) ORDER BY r.id" },
	[A_KEYS_OF] = { "ii", "SELECT" RECIPIENT ", r.key FROM recipient r WHERE r.id BETWEEN $1 AND $2 ORDER BY r.id" },
	[A_BATCHES] = { "i", "SELECT lo, hi FROM batch WHERE id >= $1 ORDER BY lo" },
	[A_INCOMING] = { "", "SELECT push, n_recipients FROM progress WHERE incoming = 1 ORDER BY push" },
	[A_TAKEN] = { "iiii", "SELECT" RECIPIENT "FROM recipient r WHERE r.id BETWEEN $1 AND $2 AND r.state = $3"
	    " ORDER BY r.id LIMIT $4" },

	[W_PUSH] = { "IIIBBIIIIIBBBBBBB", "INSERT INTO push SELECT a, b <> 0, c, d, e, f, g <> 0, h, i, j, k, l, m, n, o, p,"
	    " q FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::bytea[], $5::bytea[], $6::int8[], $7::int8[],"
	    " $8::int8[], $9::int8[], $10::int8[], $11::bytea[], $12::bytea[], $13::bytea[], $14::bytea[],"
	    " $15::bytea[], $16::bytea[], $17::bytea[]) u(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q)" },
	[W_PROGRESS] = { "III", "INSERT INTO progress SELECT a, b, 0, c"
	    " FROM unnest($1::int8[], $2::int8[], $3::int8[]) u(a, b, c)" },
	[W_PROGRESS_SET] = { "IIII", "UPDATE progress g SET n_recipients = b, n_final = c, incoming = d"
	    " FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[]) u(a, b, c, d) WHERE g.push = a" },
	[W_ERASE] = { "I", "UPDATE push p SET body = NULL FROM unnest($1::int8[]) u(a) WHERE p.id = a" },
	[W_RECIPIENT] = { "IIIIIIBBBB", "INSERT INTO recipient(id, state, flags, attempts, segments, code, batch,"
	    " event_time, key, description, address, dial, overlay) SELECT a, b, 0, c, 0, d, e, 0, f, g, h, i, j"
	    " FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::bytea[],"
	    " $8::bytea[], $9::bytea[], $10::bytea[]) u(a, b, c, d, e, f, g, h, i, j)" },
	[W_RECIPIENT_SET] = { "IIIIIIIIBBBB", "UPDATE recipient r SET state = b, flags = c, attempts = d, segments = e,"
	    " code = f, batch = g, event_time = h, link = i, ids = j, done = k, description = l,"
	    " overlay = CASE WHEN c & 1 = 0 THEN overlay END"
	    " FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::int8[],"
	    " $8::int8[], $9::bytea[], $10::bytea[], $11::bytea[], $12::bytea[])"
	    " u(a, b, c, d, e, f, g, h, i, j, k, l) WHERE r.id = a" },
	[W_MESSAGE_DELETE] = { "II", "DELETE FROM message m USING unnest($1::int8[], $2::int8[]) u(a, b)"
	    " WHERE m.hash = a AND m.recipient = b" },
	[W_MESSAGE] = { "II", "INSERT INTO message SELECT a, b FROM unnest($1::int8[], $2::int8[]) u(a, b)"
	    " ON CONFLICT DO NOTHING" },
	[W_DUE_FORGET] = { "IIII", "DELETE FROM due d USING unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[])"
	    " u(a, b, c, e) WHERE d.kind = a AND d.at = b AND d.lo BETWEEN c AND e" },
	[W_DUE_DELETE] = { "III", "DELETE FROM due d USING unnest($1::int8[], $2::int8[], $3::int8[]) u(a, b, c)"
	    " WHERE d.kind = a AND d.at = b AND d.lo = c" },
	/* A recipient that is requeued while a run that begins with it waits too. */
	[W_DUE] = { "IIII", "INSERT INTO due SELECT a, b, c, max(d) FROM unnest($1::int8[], $2::int8[], $3::int8[],"
	    " $4::int8[]) u(a, b, c, d) GROUP BY a, b, c"
	    " ON CONFLICT (kind, at, lo) DO UPDATE SET hi = greatest(due.hi, excluded.hi)" },
	[W_BATCH] = { "III", "INSERT INTO batch SELECT a, b, c FROM unnest($1::int8[], $2::int8[], $3::int8[]) u(a, b, c)" },
	[W_BATCH_DELETE] = { "I", "DELETE FROM batch b USING unnest($1::int8[]) u(a) WHERE b.id = a" },
	[W_NOTE] = { "III", "INSERT INTO note SELECT a, b, c, 0"
	    " FROM unnest($1::int8[], $2::int8[], $3::int8[]) u(a, b, c)" },
	[W_NOTE_SET] = { "III", "UPDATE note n SET due_at = b, attempts = c"
	    " FROM unnest($1::int8[], $2::int8[], $3::int8[]) u(a, b, c) WHERE n.id = a" },
	[W_NOTE_DELETE] = { "I", "DELETE FROM note n USING unnest($1::int8[]) u(a) WHERE n.id = a" },
	[W_ORPHAN] = { "IIIBBIIIB", "INSERT INTO orphan SELECT a, b, c, d, e, f, g, h, i FROM unnest($1::int8[],"
	    " $2::int8[], $3::int8[], $4::bytea[], $5::bytea[], $6::int8[], $7::int8[], $8::int8[], $9::bytea[])"
	    " u(a, b, c, d, e, f, g, h, i)" },
	[W_ORPHAN_DELETE] = { "I", "DELETE FROM orphan o USING unnest($1::int8[]) u(a) WHERE o.id = a" },
	[W_AUDIT] = { "IIIIIIIIIBBIBB", "INSERT INTO audit SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, n"
	    " FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::int8[],"
	    " $8::int8[], $9::int8[], $10::bytea[], $11::bytea[], $12::int8[], $13::bytea[], $14::bytea[])"
	    " u(a, b, c, d, e, f, g, h, i, j, k, l, m, n)" },
	[W_USAGE] = { "BII", "INSERT INTO usage SELECT a, b, sum(c) FROM unnest($1::bytea[], $2::int8[], $3::int8[])"
	    " u(a, b, c) GROUP BY a, b ON CONFLICT (pi, day) DO UPDATE SET n = usage.n + excluded.n" },
	[W_SUBSCRIBER] = { "BBBB", "INSERT INTO subscriber SELECT DISTINCT ON (a) a, b, c, d FROM unnest($1::bytea[],"
	    " $2::bytea[], $3::bytea[], $4::bytea[]) WITH ORDINALITY u(a, b, c, d, k) ORDER BY a, k DESC"
	    " ON CONFLICT (key) DO UPDATE SET number = excluded.number, profile = excluded.profile,"
	    " facts = excluded.facts" },
	[W_SUBSCRIBER_DELETE] = { "B", "DELETE FROM subscriber s USING unnest($1::bytea[]) u(a) WHERE s.key = a" },
	[W_PROFILE] = { "bbb", "INSERT INTO profile VALUES($1::bytea, $2::bytea, $3::bytea)"
	    " ON CONFLICT (name) DO UPDATE SET content_type = excluded.content_type, document = excluded.document" },
	[W_PROFILE_DELETE] = { "b", "DELETE FROM profile WHERE name = $1::bytea" },
	[W_RECIPIENT_DELETE] = { "II", "DELETE FROM recipient r USING unnest($1::int8[], $2::int8[]) u(a, b)"
	    " WHERE r.id BETWEEN a AND b" },
	[A_HELD] = { "iii", "SELECT count(*) FROM recipient WHERE id BETWEEN $1 AND $2 AND state = $3" },
	[A_MEMORY_NEXT] = { "", "SELECT until FROM memory ORDER BY until LIMIT 1" },
	[W_REMARK] = { "IIB", "INSERT INTO remark SELECT a, b, c FROM unnest($1::int8[], $2::int8[], $3::bytea[])"
	    " u(a, b, c)" },
	/* Of one recipient: its own number, negative. */
	[W_REMARK_OWN] = { "ib", "INSERT INTO remark SELECT -$1::int8, 1, $2::bytea WHERE EXISTS"
	    " (SELECT 1 FROM recipient WHERE id = $1) ON CONFLICT (id) DO UPDATE SET text = excluded.text" },
	[W_MEMORY] = { "IIIBBII", "INSERT INTO memory SELECT a, b, c, d, e, f, g FROM unnest($1::int8[], $2::int8[],"
	    " $3::int8[], $4::bytea[], $5::bytea[], $6::int8[], $7::int8[]) u(a, b, c, d, e, f, g)" },
	[W_MEMORY_FORGET] = { "II", "DELETE FROM memory m USING unnest($1::int8[], $2::int8[]) u(a, b)"
	    " WHERE m.recipient BETWEEN a AND b" },
	[W_MEMORY_CUT] = { "ii", "DELETE FROM memory WHERE id IN"
	    " (SELECT id FROM memory WHERE until <= $1 ORDER BY until LIMIT $2)" },
	[W_PUSH_DELETE] = { "I", "WITH gone AS (DELETE FROM remark r USING unnest($1::int8[]) u(a)"
	    " WHERE r.id BETWEEN (a << 20) AND ((a << 20) | 1048575)), own AS (DELETE FROM remark r USING"
	    " unnest($1::int8[]) u(a) WHERE r.id BETWEEN -((a << 20) | 1048575) AND -(a << 20)) DELETE FROM push p USING unnest($1::int8[]) u(a) WHERE p.id = a" },
	[W_PROGRESS_DELETE] = { "I", "DELETE FROM progress g USING unnest($1::int8[]) u(a) WHERE g.push = a" },
	[W_AUDIT_DELETE] = { "Ii", "DELETE FROM audit t USING (SELECT r.push, r.id FROM unnest($1::int8[]) u(a)"
	    " JOIN audit r ON r.push = a LIMIT $2) x WHERE t.push = x.push AND t.id = x.id" },
	[W_USAGE_DELETE] = { "i", "DELETE FROM usage WHERE day < $1" },
	[W_STATE] = { "iiiiiiii", "UPDATE state SET group_no = $1, next_push = $2, next_id = $3, pushes = $4,"
	    " recipients = $5, live = $6, orphans = $7, held = $8" },
};

/* ---- parameters ------------------------------------------------------------------------------ */

enum { ARRAY_HEAD = 20 };
/* Of pg_type.h, and fixed for ever: they are on the wire. */
enum { OID_BYTEA = 17, OID_INT8 = 20 };

static void
put32(struct sbuf *b, uint32_t v)
{
	uint32_t be = htonl(v);

	sbuf_put(b, &be, sizeof be);
}

static struct column *
next_column(struct pg *pg, enum pg_statement s, char *kind)
{
	struct pg_args *a = &pg->args[s];
	struct column *c = &a->col[a->at];

	*kind = pg_sql[s].kinds[a->at];
	if (a->at == 0)
		a->rows++;
	if (pg_sql[s].kinds[++a->at] == '\0')
		a->at = 0;
	if (s >= W_FIRST)
		pg->written = true;
	if (*kind >= 'a') {
		sbuf_clear(&c->b);
		c->null = false;
	} else if (c->b.n == 0) {
		static const char zeros[ARRAY_HEAD];

		sbuf_put(&c->b, zeros, sizeof zeros);
	}
	return c;
}

void
pg_int(struct pg *pg, enum pg_statement s, int64_t v)
{
	char kind;
	struct column *c = next_column(pg, s, &kind);

	if (kind == 'I')
		put32(&c->b, 8);
	put32(&c->b, (uint32_t)((uint64_t)v >> 32));
	put32(&c->b, (uint32_t)v);
}

void
pg_blob(struct pg *pg, enum pg_statement s, struct span v)
{
	char kind;
	struct column *c = next_column(pg, s, &kind);

	if (v.p == NULL)
		c->null = true;
	if (kind < 'a')
		put32(&c->b, v.p == NULL ? UINT32_MAX : (uint32_t)v.n);
	if (v.n > 0)
		sbuf_put(&c->b, v.p, v.n);
}

void
pg_text(struct pg *pg, enum pg_statement s, const char *v)
{
	pg_blob(pg, s, v != NULL ? span_str(v) : span_of(NULL, 0));
}

size_t
pg_octets(const struct pg *pg, enum pg_statement s)
{
	size_t n = 0, i;

	for (i = 0; pg_sql[s].kinds[i] != '\0'; i++)
		n += pg->args[s].col[i].b.n;
	return n;
}

static void
clear(struct pg_args *a, const char *kinds)
{
	unsigned i;

	for (i = 0; kinds[i] != '\0'; i++) {
		sbuf_clear(&a->col[i].b);
		a->col[i].null = false;
	}
	a->at = 0;
	a->rows = 0;
}

void
pg_args_clear(struct pg *pg)
{
	size_t s;

	for (s = 0; s < PG_STATEMENTS; s++)
		if (pg->args[s].rows > 0)
			clear(&pg->args[s], pg_sql[s].kinds);
	pg->written = false;
}

void
pg_args_done(struct pg *pg)
{
	size_t s, i;

	for (s = 0; s < PG_STATEMENTS; s++)
		for (i = 0; i < PG_COLUMNS; i++)
			sbuf_done(&pg->args[s].col[i].b);
}

/* The head of a one-dimensional array. */
static void
fill_head(struct column *c, char kind, uint32_t rows)
{
	uint32_t head[] = { htonl(1), htonl(c->null), htonl(kind == 'I' ? OID_INT8 : OID_BYTEA), htonl(rows),
		htonl(1) };

	memcpy(c->b.s, head, sizeof head);
}

/* ---- sending --------------------------------------------------------------------------------- */

static const struct {
	const char *state;
	int err;
	bool lost;
} errors[] = {				/* what an SQLSTATE begins with */
	{ "53100", ERR_FULL, false },	/* disk full */
	{ "53", ERR_BUSY, false },	/* resources */
	{ "40", ERR_BUSY, false },	/* serialization, deadlock */
	{ "55P03", ERR_BUSY, false },	/* lock not available */
	{ "57014", ERR_BUSY, false },	/* cancelled by an operator */
	{ "57", ERR_BUSY, true },	/* the server stops, or starts */
	{ "08", ERR_BUSY, true },	/* connection */
	{ "25006", ERR_BUSY, true },	/* this server became a standby */
};

static void
failed(struct pg *pg, const PGresult *r)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *said = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	size_t i;

	if (pg->err != OK)
		return;
	pg->err = ERR_IO;
	for (i = 0; state != NULL && i < sizeof errors / sizeof errors[0]; i++)
		if (strncmp(state, errors[i].state, strlen(errors[i].state)) == 0) {
			pg->err = errors[i].err;
			pg->lost = errors[i].lost;
			break;
		}
	if (state == NULL || PQstatus(pg->conn) != CONNECTION_OK) {
		pg->err = ERR_BUSY;
		pg->lost = true;
	}
	pg_conn_why(pg, &pg->why, pg->err, said != NULL ? said : PQerrorMessage(pg->conn));
}

static void
broken(struct pg *pg)
{
	if (pg->err != OK)
		return;
	pg->err = ERR_BUSY;
	pg->lost = true;
	pg_conn_why(pg, &pg->why, pg->err, pg->conn != NULL ? PQerrorMessage(pg->conn) : "no connection");
}

size_t
pg_send(struct pg *pg, enum pg_statement s)
{
	struct pg_args *a = &pg->args[s];
	const char *kinds = pg_sql[s].kinds, *values[PG_COLUMNS];
	int lengths[PG_COLUMNS], formats[PG_COLUMNS];
	char name[16];
	int i;

	for (i = 0; kinds[i] != '\0'; i++) {
		struct column *c = &a->col[i];

		if (kinds[i] < 'a')
			fill_head(c, kinds[i], a->rows);
		values[i] = kinds[i] == 'b' && c->null ? NULL : c->b.n > 0 ? c->b.s : "";
		lengths[i] = (int)c->b.n;
		formats[i] = 1;
	}
	snprintf(name, sizeof name, "s%d", (int)s);
	if (pg->err == OK && !PQsendQueryPrepared(pg->conn, name, i, values, lengths, formats, 1))
		broken(pg);
	clear(a, kinds);
	return pg->n_sent++;
}

size_t
pg_send_text(struct pg *pg, const char *sql)
{
	if (pg->err == OK && !PQsendQueryParams(pg->conn, sql, 0, NULL, NULL, NULL, NULL, 1))
		broken(pg);
	return pg->n_sent++;
}

void
pg_flush(struct pg *pg)
{
	size_t s;

	rows_write(pg);
	for (s = W_FIRST; pg->written && s < W_STATE; s++)
		if (pg->args[s].rows > 0)
			pg_send(pg, s);
	pg->written = false;
}

static void
forget_results(struct pg *pg)
{
	size_t i;

	for (i = 0; i < pg->n_results; i++) {
		PQclear(pg->results[i]);
		pg->results[i] = NULL;
	}
	pg->n_results = 0;
}

static void
collect(struct pg *pg)
{
	PGresult *r = PQgetResult(pg->conn), *more;

	pg->results[pg->n_results++] = r;
	if (r == NULL) {
		broken(pg);
		return;
	}
	switch (PQresultStatus(r)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
		break;
	case PGRES_PIPELINE_ABORTED:
	case PGRES_EMPTY_QUERY:
	case PGRES_BAD_RESPONSE:
	case PGRES_NONFATAL_ERROR:
	case PGRES_FATAL_ERROR:
	case PGRES_COPY_OUT:
	case PGRES_COPY_IN:
	case PGRES_COPY_BOTH:
	case PGRES_SINGLE_TUPLE:
	case PGRES_PIPELINE_SYNC:
		failed(pg, r);
		break;
	}
	while (!pg->lost && (more = PQgetResult(pg->conn)) != NULL)
		PQclear(more);
}

void
pg_sync(struct pg *pg)
{
	size_t i, sent = pg->n_sent;
	PGresult *r;

	forget_results(pg);
	pg->n_sent = 0;
	if (pg->err != OK)
		return;
	if (sent > pg->cap_results) {
		pg->cap_results = sent + 64;
		if ((pg->results = realloc(pg->results, pg->cap_results * sizeof pg->results[0])) == NULL)
			abort();
	}
	if (!PQpipelineSync(pg->conn))
		broken(pg);
	for (i = 0; i < sent && !pg->lost; i++)
		collect(pg);
	if (pg->lost)
		return;
	r = PQgetResult(pg->conn);
	if (r == NULL || PQresultStatus(r) != PGRES_PIPELINE_SYNC)
		broken(pg);
	PQclear(r);
}

/* ---- results --------------------------------------------------------------------------------- */

const PGresult *
pg_result(const struct pg *pg, size_t place)
{
	return pg->err == OK && place < pg->n_results ? pg->results[place] : NULL;
}

int
pg_rows(const PGresult *r)
{
	return r != NULL ? PQntuples(r) : 0;
}

int64_t
pg_changed(const PGresult *r)
{
	return r != NULL ? strtoll(PQcmdTuples((PGresult *)(uintptr_t)r), NULL, 10) : 0;
}

int64_t
pg_get_int(const PGresult *r, int row, int column)
{
	struct rbuf b = rbuf_from(pg_get_blob(r, row, column));
	uint64_t high;

	switch (rbuf_left(&b)) {
	case 1: return (int8_t)rbuf_u8(&b);
	case 2: return (int16_t)rbuf_u16(&b);
	case 4: return (int32_t)rbuf_u32(&b);
	case 8:
		high = rbuf_u32(&b);
		return (int64_t)(high << 32 | rbuf_u32(&b));
	}
	return 0;
}

struct span
pg_get_blob(const PGresult *r, int row, int column)
{
	if (PQgetisnull(r, row, column))
		return span_of(NULL, 0);
	return span_of(PQgetvalue(r, row, column), (size_t)PQgetlength(r, row, column));
}

char *
pg_get_text(const PGresult *r, int row, int column)
{
	struct span s = pg_get_blob(r, row, column);

	return s.p != NULL ? span_dup(s) : NULL;
}

char *
pg_ask_text(PGconn *conn, const char *sql)
{
	PGresult *r = PQexec(conn, sql);
	char *text = NULL;

	if (PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) > 0 && !PQgetisnull(r, 0, 0) &&
	    (text = strdup(PQgetvalue(r, 0, 0))) == NULL)
		abort();
	PQclear(r);
	return text;
}
