/* pg_note.c - NOTES and NOTE: result notifications that wait for their receiver. */
#include "store/pg_int.h"

#include <stdlib.h>

static struct store_note *
note_of(const PGresult *r, int row)
{
	struct store_note *note = calloc(1, sizeof *note);
	int64_t rid = pg_get_int(r, row, 1);

	if (note == NULL)
		abort();
	note->id = pg_get_int(r, row, 0);
	note->push = rid_push(rid);
	note->n = rid_n(rid);
	note->attempts = (uint32_t)pg_get_int(r, row, 2);
	note->pi = pg_get_text(r, row, 3);
	note->push_id = pg_get_text(r, row, 4);
	note->version = pg_get_text(r, row, 5);
	note->url = pg_get_text(r, row, 6);
	note->meta = pg_get_text(r, row, 7);
	note->received = pg_get_int(r, row, 8);
	note->address = pg_get_text(r, row, 9);
	note->desc = pg_get_text(r, row, 10);
	note->event_time = pg_get_int(r, row, 11);
	note->state = (int)pg_get_int(r, row, 12);
	note->code = (int)pg_get_int(r, row, 13);
	note->link = pg_get_text(r, row, 14);
	return note;
}

static void
note_set(struct pg *pg, int64_t id, int64_t due_at, int64_t attempts)
{
	pg_int(pg, W_NOTE_SET, id);
	pg_int(pg, W_NOTE_SET, due_at);
	pg_int(pg, W_NOTE_SET, attempts);
}

void
pg_op_notes(struct pg *pg, struct store_notes *s)
{
	struct store_note **tail = &s->notes;
	const PGresult *r;
	size_t place;
	int row, n;

	pg_flush(pg);
	pg_int(pg, A_NOTES_DUE, s->now);
	pg_int(pg, A_NOTES_DUE, s->max);
	place = pg_send(pg, A_NOTES_DUE);
	pg_sync(pg);
	r = pg_result(pg, place);
	n = pg_rows(r);
	for (row = 0; row < n; row++) {
		int64_t id = pg_get_int(r, row, 0);

		if (PQgetisnull(r, row, 4) || PQgetisnull(r, row, 9)) {	/* its push was purged */
			pg_int(pg, W_NOTE_DELETE, id);
			continue;
		}
		*tail = note_of(r, row);
		tail = &(*tail)->next;
		note_set(pg, id, s->now + s->lease_s, pg_get_int(r, row, 2));
	}
	pg_flush(pg);
	place = pg_send(pg, A_NOTE_NEXT);
	pg_sync(pg);
	r = pg_result(pg, place);
	s->next_due = pg_rows(r) > 0 ? pg_get_int(r, 0, 0) : 0;
}

void
pg_op_note(struct pg *pg, struct store_note_result *r)
{
	struct pg_note *note = rows_note(pg, r->id);

	if (note == NULL) {
		r->op.result = ERR_NOT_FOUND;
		return;
	}
	if (r->finished) {
		note->found = false;
	} else {
		note->attempts += r->untried ? 0 : 1;
		note->due_at = r->due_at;
	}
	rows_changed(pg, &note->changed);
}
