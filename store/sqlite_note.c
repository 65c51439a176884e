/* sqlite_note.c - NOTES and NOTE: result notifications that wait for their receiver. */
#include "store/sqlite_int.h"

#include <stdlib.h>
#include <string.h>

/* NULL when its push was purged meanwhile. */
static struct store_note *
note_get(struct db *db, int64_t id)
{
	sqlite3_stmt *q = sql_query(db, Q_NOTE_GET);
	struct store_note *note = NULL;

	sql_int(q, 1, id);
	if (sql_row(db, q)) {
		int64_t rid = sqlite3_column_int64(q, 0);

		if ((note = calloc(1, sizeof *note)) == NULL)
			abort();
		note->id = id;
		note->push = rid_push(rid);
		note->n = rid_n(rid);
		note->attempts = (uint32_t)sqlite3_column_int64(q, 1);
		note->pi = sql_get_text(q, 2);
		note->push_id = sql_get_text(q, 3);
		note->version = sql_get_text(q, 4);
		note->url = sql_get_text(q, 5);
		note->meta = sql_get_text(q, 6);
		note->received = sqlite3_column_int64(q, 7);
		note->address = sql_get_text(q, 8);
		note->desc = sql_get_text(q, 9);
		note->event_time = sqlite3_column_int64(q, 10);
		note->state = sqlite3_column_int(q, 11);
		note->code = sqlite3_column_int(q, 12);
		note->link = sql_get_text(q, 13);
	}
	sqlite3_reset(q);
	return note;
}

static void
note_later(struct db *db, int64_t id, int64_t due_at, int tries)
{
	sqlite3_stmt *q = sql_query(db, Q_NOTE_LATER);

	sql_int(q, 1, id);
	sql_int(q, 2, due_at);
	sql_int(q, 3, tries);
	sql_run(db, q);
}

static void
note_delete(struct db *db, int64_t id)
{
	sqlite3_stmt *q = sql_query(db, Q_NOTE_DELETE);

	sql_int(q, 1, id);
	sql_run(db, q);
}

void
op_notes(struct db *db, struct store_notes *s)
{
	struct store_note **tail = &s->notes;
	sqlite3_stmt *q = sql_query(db, Q_NOTE_DUE);
	size_t i;

	db->found.n = 0;
	sql_int(q, 1, s->now);
	sql_int(q, 2, s->max);
	while (sql_row(db, q))
		ids_add(&db->found, sqlite3_column_int64(q, 0));
	sqlite3_reset(q);
	for (i = 0; i < db->found.n; i++) {
		if ((*tail = note_get(db, db->found.v[i])) == NULL) {
			note_delete(db, db->found.v[i]);
			continue;
		}
		tail = &(*tail)->next;
		note_later(db, db->found.v[i], s->now + s->lease_s, 0);
	}
	q = sql_query(db, Q_NOTE_NEXT);
	if (sql_row(db, q))
		s->next_due = sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
}

void
op_note(struct db *db, struct store_note_result *r)
{
	if (r->finished)
		note_delete(db, r->id);
	else
		note_later(db, r->id, r->due_at, r->untried ? 0 : 1);
	if (sqlite3_changes(db->sql) == 0)
		r->op.result = ERR_NOT_FOUND;
}
