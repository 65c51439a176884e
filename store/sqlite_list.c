/* sqlite_list.c - what readers list or look up beside one push: pushes, audit, subscribers, profiles. */
#include "store/sqlite_int.h"

#include <stdlib.h>
#include <string.h>

/* ---- the newest pushes ------------------------------------------------------------------ */

enum { LOOK_BACK = 100000 };		/* pushes of others that are passed over for those of one initiator */

static int64_t
name_id(struct reader *r, const char *text, int *err)
{
	sqlite3_stmt *q = r->q[R_NAME];
	int64_t id;

	sql_text(q, 1, text);
	id = read_row(q, err) ? sqlite3_column_int64(q, 0) : 0;
	sqlite3_reset(q);
	return id;
}

/* The columns of R_PUSHES. */
static int
push_row(struct reader *r, sqlite3_stmt *q, struct store_push_row *out)
{
	sqlite3_stmt *one = r->q[R_RECIPIENTS];
	int err = OK;

	*out = (struct store_push_row){ .push = sqlite3_column_int64(q, 0),
		.received = sqlite3_column_int64(q, 1), .pi = sql_get_text(q, 3),
		.push_id = sql_get_text(q, 4), .content_type = sql_get_text(q, 5),
		.n_recipients = (uint32_t)sqlite3_column_int64(q, 6) };
	if (out->n_recipients == 0) {
		out->n_recipients = (uint32_t)sqlite3_column_int64(q, 7);
		out->n_final = (uint32_t)sqlite3_column_int64(q, 8);
		return OK;
	}
	sql_int(one, 1, rid_of(out->push, 0));
	sql_int(one, 2, rid_of(out->push, 0));
	sql_int(one, 3, 1);
	if (read_row(one, &err))
		out->n_final = (sqlite3_column_int(one, 9) & RCPT_FINAL) != 0;
	sqlite3_reset(one);
	return err;
}

int
sqlite_read_pushes(void *reader, const char *pi, int64_t before, uint32_t max,
    struct store_push_row **rows, uint32_t *n)
{
	struct reader *r = reader;
	sqlite3_stmt *q = r->q[R_PUSHES];
	uint32_t seen = 0, cap = 0;
	int64_t id = 0;
	int err = OK;

	read_step(r->q[R_BEGIN], &err);
	if (pi != NULL && (id = name_id(r, pi, &err)) == 0)
		return read_end(r, err);
	sql_int(q, 1, before > 0 ? before : INT64_MAX);
	while (*n < max && seen++ < LOOK_BACK && read_row(q, &err)) {
		if ((id != 0 && sqlite3_column_int64(q, 2) != id) || sqlite3_column_int(q, 9) != 0)
			continue;
		if (*n == cap) {
			cap = cap > 0 ? cap * 2 : 16;
			if ((*rows = realloc(*rows, cap * sizeof **rows)) == NULL)
				abort();
		}
		err = push_row(r, q, &(*rows)[(*n)++]);
	}
	sqlite3_reset(q);
	if (err != OK) {
		store_push_rows_free(*rows, *n);
		*rows = NULL;
		*n = 0;
	}
	return read_end(r, err);
}

/* ---- audit -------------------------------------------------------------------------------- */

/* Whose push this is, when it has the push-id and is whole: heap, or NULL. */
static char *
owner_of(struct reader *r, int64_t push, const char *push_id, int *err)
{
	static const enum read_query from[] = { R_PUSH, R_HEAD };	/* the same two columns first */
	sqlite3_stmt *q = r->q[R_PROGRESS];
	char *pi = NULL;
	bool incoming;
	size_t i;

	sql_int(q, 1, push);
	incoming = read_row(q, err) && sqlite3_column_int(q, 2) != 0;
	sqlite3_reset(q);
	for (i = 0; i < sizeof from / sizeof from[0] && pi == NULL && !incoming; i++) {
		q = r->q[from[i]];
		sql_int(q, 1, push);
		if (read_row(q, err) && strcmp((const char *)sqlite3_column_text(q, 1), push_id) == 0)
			pi = sql_get_text(q, 0);
		sqlite3_reset(q);
	}
	return pi;
}

/* The newest push of the initiator that had the id; those before it may have been purged. */
static int
find_audited(struct reader *r, const char *pi, const char *push_id, int64_t *push)
{
	char *whose = NULL;
	int err = OK;
	size_t i;

	*push = 0;
	for (i = 0; i < r->found.n && err == OK; i++) {
		char *owner = owner_of(r, r->found.v[i], push_id, &err);

		if (owner == NULL || (pi != NULL && strcmp(owner, pi) != 0)) {
			free(owner);
			continue;
		}
		if (whose != NULL && strcmp(owner, whose) != 0)
			err = ERR_EXISTS;
		if (r->found.v[i] > *push)
			*push = r->found.v[i];
		free(whose);
		whose = owner;
	}
	free(whose);
	return err != OK ? err : *push != 0 ? OK : ERR_NOT_FOUND;
}

static int
audit_rows(struct reader *r, int64_t push, int64_t after, uint32_t max, struct store_audit_row **rows,
    uint32_t *n)
{
	sqlite3_stmt *q = r->q[R_AUDIT];
	uint32_t cap = 0;
	int err = OK;

	sql_int(q, 1, push);
	sql_int(q, 2, after);
	sql_int(q, 3, max);
	while (read_row(q, &err)) {
		struct store_audit_row *row;

		if (*n == cap) {
			cap = cap > 0 ? cap * 2 : 16;
			if ((*rows = realloc(*rows, cap * sizeof **rows)) == NULL)
				abort();
		}
		row = &(*rows)[(*n)++];
		*row = (struct store_audit_row){ .id = sqlite3_column_int64(q, 0),
			.at = sqlite3_column_int64(q, 1), .push = push,
			.lo = (uint32_t)sqlite3_column_int64(q, 2), .event = sqlite3_column_int(q, 4),
			.from = sqlite3_column_int(q, 5), .to = sqlite3_column_int(q, 6),
			.code = sqlite3_column_int(q, 7), .link = sql_get_text(q, 8),
			.detail = sql_get_text(q, 9) };
		row->hi = sqlite3_column_type(q, 3) == SQLITE_NULL ? row->lo : (uint32_t)sqlite3_column_int64(q, 3);
	}
	sqlite3_reset(q);
	return err;
}

int
sqlite_read_audit(void *reader, const char *pi, const char *push_id, int64_t after, uint32_t max,
    struct store_audit_row **rows, uint32_t *n)
{
	struct reader *r = reader;
	int result = read_candidates(r, push_id);
	int64_t push;

	if (result == OK && (result = find_audited(r, pi, push_id, &push)) == OK)
		result = audit_rows(r, push, after, max, rows, n);
	if ((result = read_end(r, result)) != OK) {
		store_audit_rows_free(*rows, *n);
		*rows = NULL;
		*n = 0;
	}
	return result;
}

/* ---- devices ------------------------------------------------------------------------------ */

int
sqlite_read_subscriber(void *reader, const char *key, struct store_subscriber_view *out)
{
	struct reader *r = reader;
	sqlite3_stmt *q = r->q[R_SUBSCRIBER];
	int err = OK, result = ERR_NOT_FOUND;

	sql_text(q, 1, key);
	if (read_row(q, &err)) {
		*out = (struct store_subscriber_view){ .number = sql_get_text(q, 0),
			.profile = sql_get_text(q, 1), .facts = sql_get_text(q, 2) };
		result = OK;
	}
	sqlite3_reset(q);
	return err != OK ? err : result;
}

int
sqlite_read_any_subscriber(void *reader, bool *any)
{
	struct reader *r = reader;
	sqlite3_stmt *q = r->q[R_ANY_SUBSCRIBER];
	int err = OK;

	*any = read_row(q, &err);
	sqlite3_reset(q);
	return err;
}

int
sqlite_read_profiles(void *reader, const char *after, uint32_t max, struct store_profile_row **rows, uint32_t *n)
{
	struct reader *r = reader;
	sqlite3_stmt *q = r->q[R_PROFILES];
	uint32_t cap = 0;
	int err = OK;

	sql_text(q, 1, after);
	sql_int(q, 2, max);
	while (read_row(q, &err)) {
		if (*n == cap) {
			cap = cap > 0 ? cap * 2 : 16;
			if ((*rows = realloc(*rows, cap * sizeof **rows)) == NULL)
				abort();
		}
		(*rows)[(*n)++] = (struct store_profile_row){ .name = sql_get_text(q, 0), .content_type = sql_get_text(q, 1),
			.octets = (uint64_t)sqlite3_column_int64(q, 2) };
	}
	sqlite3_reset(q);
	if (err != OK) {
		store_profile_rows_free(*rows, *n);
		*rows = NULL;
		*n = 0;
	}
	return err;
}

int
sqlite_read_profile(void *reader, const char *name, struct sbuf *document, char **content_type)
{
	struct reader *r = reader;
	sqlite3_stmt *q = r->q[R_PROFILE];
	int err = OK, result = ERR_NOT_FOUND;

	sql_text(q, 1, name);
	if (read_row(q, &err)) {
		sbuf_span(document, sql_get_blob(q, 0));
		*content_type = sql_get_text(q, 1);
		result = OK;
	}
	sqlite3_reset(q);
	return err != OK ? err : result;
}
