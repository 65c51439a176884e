/* store_pg.c - databases for the tests of the store on PostgreSQL; see test_store.h. */
#include "tests/unit/test_store.h"

#include <libpq-fe.h>

const char *
pg_server(void)
{
	return getenv("OPENPPG_TEST_STORE");
}

/* Run one statement in the database that the url names. */
void
pg_exec(const char *url, const char *sql)
{
	PGconn *conn = PQconnectdb(strchr(url, ':') + 1);
	PGresult *r;

	if (PQstatus(conn) != CONNECTION_OK)
		fail_msg("%s", PQerrorMessage(conn));
	r = PQexec(conn, sql);
	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(conn));
	PQclear(r);
	PQfinish(conn);
}

/* The first field of the first row. */
int64_t
pg_number(const char *url, const char *sql)
{
	PGconn *conn = PQconnectdb(strchr(url, ':') + 1);
	PGresult *r = PQexec(conn, sql);
	int64_t v;

	if (PQresultStatus(r) != PGRES_TUPLES_OK || PQntuples(r) == 0)
		fail_msg("%s: %s", sql, PQerrorMessage(conn));
	v = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
	PQclear(r);
	PQfinish(conn);
	return v;
}

void
pg_create(const char *database)
{
	char sql[128];

	snprintf(sql, sizeof sql, "CREATE DATABASE \"%s\"", database);
	pg_exec(pg_server(), sql);
}

void
pg_drop(const char *database)
{
	char sql[128];

	snprintf(sql, sizeof sql, "DROP DATABASE \"%s\" WITH (FORCE)", database);
	pg_exec(pg_server(), sql);
}
