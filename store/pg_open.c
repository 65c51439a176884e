/* pg_open.c - the checks of a start, the schema, and what is known of the database at a reconnection. */
#include "store/pg_int.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"

enum { ORPHANS_MAX = 100000 };
enum { PATIENCE_MS = 30000 };

static int
exec(struct pg *pg, const char *sql, struct why *why)
{
	PGresult *r = PQexec(pg->conn, sql);
	ExecStatusType status = PQresultStatus(r);
	const char *said = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	int err = OK;

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		err = pg_conn_why(pg, why, ERR_IO, said != NULL ? said : PQerrorMessage(pg->conn));
	PQclear(r);
	return err;
}

static int64_t
random_number(void)
{
	int64_t v;

	if (getrandom(&v, sizeof v, 0) != sizeof v)
		abort();
	return v;
}

/* A first start that was cut short leaves nothing. */
static int
create_schema(struct pg *pg, struct why *why)
{
	char sql[400];
	int err = exec(pg, "BEGIN", why);
	size_t i;

	for (i = 0; pg_schema[i] != NULL && err == OK; i++)
		err = exec(pg, pg_schema[i], why);
	for (i = 0; pg_schema_2[i] != NULL && err == OK; i++)
		err = exec(pg, pg_schema_2[i], why);
	snprintf(sql, sizeof sql, "INSERT INTO state VALUES(1, 0, 0, 1, 1, 0, 0, 0, 0, %lld);"
	    " INSERT INTO meta VALUES(%d)", (long long)random_number(), PG_SCHEMA_VERSION);
	if (err == OK)
		err = exec(pg, sql, why);
	if (err == OK)
		return exec(pg, "COMMIT", why);
	exec(pg, "ROLLBACK", NULL);
	return err;
}

/* All of it or nothing. */
static int
upgrade_schema(struct pg *pg, long version, struct why *why)
{
	int err = exec(pg, "BEGIN", why);
	char held[120];
	size_t i;

	log_info("store", "%s: schema version %ld becomes %d", pg->name, version, PG_SCHEMA_VERSION);
	for (i = 0; pg_schema_2[i] != NULL && err == OK; i++)
		err = exec(pg, pg_schema_2[i], why);
	snprintf(held, sizeof held, "UPDATE state SET held = (SELECT count(*) FROM recipient WHERE state = %d)",
	    pg->store->cf.rules.held);
	if (err == OK)
		err = exec(pg, held, why);
	if (err == OK)
		err = exec(pg, "UPDATE meta SET version = 2", why);
	if (err == OK)
		return exec(pg, "COMMIT", why);
	exec(pg, "ROLLBACK", NULL);
	return err;
}

static int
check_schema(struct pg *pg, struct why *why)
{
	char *schema = pg_ask_text(pg->conn, "SELECT count(*) FROM pg_namespace WHERE nspname = 'openppg'");
	char *version;
	int err = OK;

	if (schema == NULL)
		return pg_conn_why(pg, why, ERR_IO, PQerrorMessage(pg->conn));
	if (strcmp(schema, "0") == 0) {
		free(schema);
		return create_schema(pg, why);
	}
	free(schema);
	version = pg_ask_text(pg->conn, "SELECT version FROM openppg.meta");
	if (version == NULL)
		err = why_set(why, ERR_SYNTAX, "%s: its schema openppg is not one of this program", pg->name);
	else if (strcmp(version, "1") == 0)
		err = upgrade_schema(pg, 1, why);
	else if (strtol(version, NULL, 10) != PG_SCHEMA_VERSION)
		err = why_set(why, ERR_UNSUPPORTED, "%s: schema version %.10s, this program knows up to %d", pg->name, version,
		    PG_SCHEMA_VERSION);
	free(version);
	return err;
}

static int
read_state(struct pg *pg, struct why *why)
{
	PGresult *r = PQexecParams(pg->conn, "SELECT owner, group_no, next_push, next_id, pushes, recipients, live,"
	    " orphans, hash_key, held FROM openppg.state", 0, NULL, NULL, NULL, NULL, 1);
	int err = OK;

	if (PQresultStatus(r) != PGRES_TUPLES_OK || PQntuples(r) != 1)
		err = pg_conn_why(pg, why, PQstatus(pg->conn) == CONNECTION_OK ? ERR_IO : ERR_BUSY,
		    PQresultStatus(r) == PGRES_TUPLES_OK ? "table openppg.state has no row" : PQerrorMessage(pg->conn));
	else if (pg->hash_key == 0)
		pg->hash_key = pg_get_int(r, 0, 8);
	if (err == OK) {
		pg->on_server = (struct pg_counts){ .group = pg_get_int(r, 0, 1), .next_push = pg_get_int(r, 0, 2),
			.next_id = pg_get_int(r, 0, 3), .pushes = pg_get_int(r, 0, 4),
			.recipients = pg_get_int(r, 0, 5), .live = pg_get_int(r, 0, 6), .orphans = pg_get_int(r, 0, 7),
			.held = pg_get_int(r, 0, 9) };
		if (pg->owner != 0 && pg_get_int(r, 0, 0) != pg->owner)
			err = why_set(why, ERR_IO, "%s: another process used it meanwhile", pg->name);
	}
	PQclear(r);
	return err;
}

int
pg_look_again(struct pg *pg, struct why *why)
{
	bool unsure = pg->limbo || pg->committing;
	int err = read_state(pg, why);

	if (err != OK || pg->on_server.group == pg->saved.group || (unsure && pg->on_server.group == pg->now.group))
		return err;
	return why_set(why, ERR_IO, "%s: it is not as it was left (group %lld, not %lld)", pg->name,
	    (long long)pg->on_server.group, (long long)pg->saved.group);
}

static int
load_usage(struct pg *pg, struct why *why)
{
	PGresult *r = PQexecParams(pg->conn, "SELECT pi, day, n FROM openppg.usage", 0, NULL, NULL, NULL, NULL, 1);
	int row, n = PQntuples(r), err = OK;

	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		err = pg_conn_why(pg, why, ERR_IO, PQerrorMessage(pg->conn));
	for (row = 0; row < n; row++) {
		char *pi = pg_get_text(r, row, 0);

		usage_add(&pg->usage, pi, pg_get_int(r, row, 1), (uint64_t)pg_get_int(r, row, 2));
		free(pi);
	}
	PQclear(r);
	return err;
}

/* From here on a reconnection can tell whether another process was there. */
static int
own(struct pg *pg, struct why *why)
{
	char sql[100];
	int64_t owner = random_number();

	snprintf(sql, sizeof sql, "UPDATE openppg.state SET owner = %lld", (long long)owner);
	if (exec(pg, sql, why) != OK)
		return ERR_IO;
	pg->owner = owner;
	return OK;
}

static int
start(struct pg *pg, struct why *why)
{
	int err;

	if ((pg->conn = pg_conn_open(pg, false, &err, why)) == NULL)
		return err == ERR_BUSY ? ERR_IO : err;
	if ((err = pg_conn_lock(pg, why)) != OK || (err = check_schema(pg, why)) != OK ||
	    (err = read_state(pg, why)) != OK || (err = load_usage(pg, why)) != OK || (err = pg_memory_load(pg, why)) != OK ||
	    (err = own(pg, why)) != OK ||
	    (err = pg_conn_prepare(pg, why)) != OK)
		return err;
	pg->now = pg->saved = pg->on_server;
	if ((err = pg_recover_start(pg)) != OK && why != NULL)
		*why = pg->why;
	return err;
}

void
pg_free(struct pg *pg)
{
	pg->err = ERR_CLOSED;
	pg->n_sent = 0;
	pg_sync(pg);			/* frees results */
	PQfinish(pg->conn);
	pg_args_done(pg);
	rows_done(pg);
	batches_done(&pg->batches);
	usage_done(&pg->usage);
	usage_done(&pg->used);
	free(pg->results);
	free(pg->conninfo);
	free(pg->password);
	free(pg->name);
	free(pg);
}

int
pg_open(struct store *store, const char *where, struct why *why)
{
	struct pg *pg = calloc(1, sizeof *pg);
	int err;

	if (pg == NULL)
		abort();
	pg->store = store;
	pg->orphans_max = ORPHANS_MAX;
	pg->patience_ms = PATIENCE_MS;
	usage_init(&pg->usage);
	usage_init(&pg->used);
	if ((err = pg_conn_parse(pg, where, why)) != OK || (err = start(pg, why)) != OK) {
		pg_free(pg);
		return err;
	}
	store->db = pg;
	return OK;
}
