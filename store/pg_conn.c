/*
 * pg_conn.c - the way to the server: connection, the settings without which a COMMIT is no promise, and
 * the lock that keeps a second gateway out. What a user may read here holds no password.
 */
#include "store/pg_int.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { VERSION_MIN = 150000 };
enum { LOCK_TRIES = 50, LOCK_WAIT_MS = 100 };	/* the server process of a killed gateway ends soon */
#define LOCK_KEY "341188831059"		/* the octets of "OppgS" */

/* ---- what the url says ----------------------------------------------------------------------- */

static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ')
			return true;
	return false;
}

/* libpq quotes what it cannot parse, and that may be the password: its words are not used. */
int
pg_conn_parse(struct pg *pg, const char *where, struct why *why)
{
	static const char *const shown[] = { "service", "host", "hostaddr", "port", "dbname" };
	struct sbuf text = { 0 }, name = { 0 };
	PQconninfoOption *options, *o;
	bool port_ok = true;
	size_t i;

	sbuf_fmt(&text, "%s%s", where[0] == '/' && where[1] == '/' ? "postgresql:" : "", where);
	pg->conninfo = sbuf_take(&text);
	options = where[0] == '\0' || has_control(where) ? NULL : PQconninfoParse(pg->conninfo, NULL);
	if (options == NULL)
		return why_set(why, ERR_SYNTAX, "postgresql: neither a URI nor \"name=value ...\" as libpq takes it");
	sbuf_str(&name, "postgresql");
	for (i = 0; i < sizeof shown / sizeof shown[0]; i++)
		for (o = options; o->keyword != NULL; o++)
			if (strcmp(o->keyword, shown[i]) == 0 && o->val != NULL && o->val[0] != '\0') {
				sbuf_fmt(&name, "%s%s=%.60s", i == 0 || strchr(name.s, '=') == NULL ? ":" : " ",
				    o->keyword, o->val);
				if (strcmp(o->keyword, "port") == 0 && o->val[strspn(o->val, "0123456789,")] != '\0')
					port_ok = false;
			}
	for (o = options; o->keyword != NULL; o++)
		if (strcmp(o->keyword, "password") == 0 && o->val != NULL && o->val[0] != '\0' &&
		    (pg->password = strdup(o->val)) == NULL)
			abort();
	PQconninfoFree(options);
	pg->name = sbuf_take(&name);
	if (!port_ok)		/* "user:pass/word@host": what seems to be a port is none */
		return why_set(why, ERR_SYNTAX, "postgresql: the port is no number");
	return OK;
}

int
pg_conn_why(const struct pg *pg, struct why *why, int err, const char *said)
{
	struct sbuf b = { 0 };
	const char *at;
	size_t n = pg->password != NULL ? strlen(pg->password) : 0;
	char *p;

	while (n > 0 && (at = strstr(said, pg->password)) != NULL) {
		sbuf_put(&b, said, (size_t)(at - said));
		sbuf_str(&b, "***");
		said = at + n;
	}
	sbuf_str(&b, said);
	for (p = b.s; *p != '\0'; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	while (p > b.s && p[-1] == ' ')
		*--p = '\0';
	why_set(why, err, "%s: %s", pg->name, b.s);
	sbuf_done(&b);
	return err;
}

/* ---- a connection ---------------------------------------------------------------------------- */

/* What makes a COMMIT that was acknowledged last; each must not be off. */
static const struct {
	const char *name, *without;
} promises[] = {
	{ "fsync", "a power cut loses accepted pushes" },
	{ "full_page_writes", "a power cut may damage the database" },
	{ "synchronous_commit", "COMMIT does not wait for the disk" },
};

static int
check_server(const struct pg *pg, PGconn *conn, struct why *why)
{
	int version = PQserverVersion(conn), err = OK;
	size_t i;

	if (version < VERSION_MIN)
		return why_set(why, ERR_UNSUPPORTED, "%s: the server is version %d, at least 15 is needed", pg->name,
		    version / 10000);
	for (i = 0; i < sizeof promises / sizeof promises[0] && err == OK; i++) {
		char sql[60], *value;

		snprintf(sql, sizeof sql, "SHOW %s", promises[i].name);
		value = pg_ask_text(conn, sql);
		if (value == NULL)
			err = pg_conn_why(pg, why, ERR_BUSY, PQerrorMessage(conn));
		else if (strcmp(value, "off") == 0)
			err = why_set(why, ERR_UNSUPPORTED, "%s: %s is off: %s; set %s = on (server, database and role)",
			    pg->name, promises[i].name, promises[i].without, promises[i].name);
		free(value);
	}
	return err;
}

/* One row of one column, read back by name: what sessions of ours need, whatever role or database set. */
static const char settings[] =
    "SET search_path = openppg; SET statement_timeout = 0; SET lock_timeout = 0;"
    " SET idle_in_transaction_session_timeout = 0; SET idle_session_timeout = 0;"
    " SET default_transaction_isolation = 'read committed'; SET default_transaction_deferrable = off;"
    " SET client_min_messages = warning; SET jit = off; SET max_parallel_workers_per_gather = 0;"
    /* Every statement finds its rows by their keys; no statistics, old or missing, shall say otherwise. */
    " SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off;"
    " SET enable_mergejoin = off; SET enable_bitmapscan = off; SET enable_material = off; SET enable_memoize = off";

static void
no_notice(void *arg, const PGresult *r)
{
}

PGconn *
pg_conn_open(const struct pg *pg, bool reader, int *err, struct why *why)
{
	static const char *const keywords[] = { "connect_timeout", "keepalives_idle", "keepalives_interval",
		"keepalives_count", "tcp_user_timeout", "fallback_application_name", "target_session_attrs", "dbname",
		NULL };
	/* What comes before dbname gives way to what the url says. */
	const char *const values[] = { "5", "10", "5", "3", "30000", reader ? "ppgd reader" : "ppgd",
		reader ? "any" : "read-write", pg->conninfo, NULL };
	PGconn *conn = PQconnectdbParams(keywords, values, 1);
	PGresult *r;

	if (PQstatus(conn) != CONNECTION_OK) {
		*err = pg_conn_why(pg, why, ERR_BUSY, PQerrorMessage(conn));
		PQfinish(conn);
		return NULL;
	}
	PQsetNoticeReceiver(conn, no_notice, NULL);
	*err = check_server(pg, conn, why);
	if (*err == OK) {
		r = PQexec(conn, settings);
		if (PQresultStatus(r) != PGRES_COMMAND_OK)
			*err = pg_conn_why(pg, why, ERR_BUSY, PQerrorMessage(conn));
		PQclear(r);
	}
	if (*err == OK && reader) {
		r = PQexec(conn, "SET default_transaction_read_only = on");
		PQclear(r);
	}
	if (*err != OK) {
		PQfinish(conn);
		return NULL;
	}
	return conn;
}

/*
 * The lock lasts as long as the server process of this session: who has it knows that every
 * transaction of the session that had it before was written or was not. One of ours whose
 * connection broke may not have noticed yet, and is told to end.
 */
int
pg_conn_lock(struct pg *pg, struct why *why)
{
	char end[200];
	int i;

	snprintf(end, sizeof end, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
	    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid = %d", pg->backend);
	for (i = 0; i < LOCK_TRIES; i++) {
		struct timespec wait = { .tv_nsec = LOCK_WAIT_MS * 1000000L };
		char *got = pg_ask_text(pg->conn, "SELECT pg_try_advisory_lock(" LOCK_KEY ")");
		bool ours = got != NULL && strcmp(got, "t") == 0;

		if (got == NULL)
			return pg_conn_why(pg, why, ERR_BUSY, PQerrorMessage(pg->conn));
		free(got);
		if (ours) {
			pg->backend = PQbackendPID(pg->conn);
			return OK;
		}
		if (pg->backend != 0)
			free(pg_ask_text(pg->conn, end));
		nanosleep(&wait, NULL);
	}
	return why_set(why, ERR_BUSY, "%s: in use by another process", pg->name);
}

int
pg_conn_prepare(struct pg *pg, struct why *why)
{
	static const Oid types[] = { ['i'] = 20, ['b'] = 17, ['I'] = 1016, ['B'] = 1001 };
	size_t s;
	int i;

	if (!PQenterPipelineMode(pg->conn))
		return pg_conn_why(pg, why, ERR_BUSY, PQerrorMessage(pg->conn));
	pg->err = OK;
	pg->lost = false;
	pg->n_sent = 0;
	for (s = 0; s < PG_STATEMENTS && pg->err == OK; s++) {
		Oid kinds[PG_COLUMNS];
		char name[16];

		for (i = 0; pg_sql[s].kinds[i] != '\0'; i++)
			kinds[i] = types[(unsigned char)pg_sql[s].kinds[i]];
		snprintf(name, sizeof name, "s%zu", s);
		if (!PQsendPrepare(pg->conn, name, pg_sql[s].text, i, kinds))
			return pg_conn_why(pg, why, ERR_BUSY, PQerrorMessage(pg->conn));
		pg->n_sent++;
	}
	pg_sync(pg);
	if (pg->err != OK)
		*why = pg->why;
	return pg->err;
}

void
pg_conn_close(struct pg *pg)
{
	PQfinish(pg->conn);
	pg->conn = NULL;
}
