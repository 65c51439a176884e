/* sqlite_names.c - initiators and links are stored as small numbers; all names are in memory. */
#include "store/sqlite_int.h"

#include <stdlib.h>
#include <string.h>

/* Where text is, or belongs, in the order. */
static size_t
place_of(const struct names *names, const char *text, bool *found)
{
	size_t lo = 0, hi = names->n;

	*found = false;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(text, names->by_id[names->order[mid] - 1]);

		if (c == 0) {
			*found = true;
			return mid;
		}
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static void
add(struct names *names, size_t place, const char *text)
{
	if (names->n == names->cap) {
		names->cap = names->cap > 0 ? names->cap * 2 : 32;
		names->by_id = realloc(names->by_id, names->cap * sizeof names->by_id[0]);
		names->order = realloc(names->order, names->cap * sizeof names->order[0]);
		if (names->by_id == NULL || names->order == NULL)
			abort();
	}
	memmove(names->order + place + 1, names->order + place,
	    (names->n - place) * sizeof names->order[0]);
	if ((names->by_id[names->n] = strdup(text)) == NULL)
		abort();
	names->order[place] = (uint32_t)++names->n;
}

int64_t
names_find(struct db *db, const char *text)
{
	size_t place;
	bool found;

	place = place_of(&db->names, text, &found);
	return found ? db->names.order[place] : 0;
}

int64_t
names_id(struct db *db, const char *text)
{
	struct names *names = &db->names;
	sqlite3_stmt *q;
	size_t place;
	bool found;

	if (text == NULL)
		return 0;
	place = place_of(names, text, &found);
	if (found)
		return names->order[place];
	add(names, place, text);
	q = sql_query(db, Q_NAME_ADD);
	sql_int(q, 1, (int64_t)names->n);
	sql_text(q, 2, text);
	sql_run(db, q);
	return (int64_t)names->n;
}

const char *
names_text(struct db *db, int64_t id)
{
	if (id < 1 || (size_t)id > db->names.n)
		return NULL;
	return db->names.by_id[id - 1];
}

void
names_load(struct db *db)
{
	sqlite3_stmt *q;
	bool found;
	int rc;

	if ((rc = sqlite3_prepare_v2(db->sql, "SELECT text FROM name ORDER BY id", -1, &q, NULL)) != SQLITE_OK) {
		sql_failed(db, rc, "names");
		return;
	}
	while (sql_row(db, q)) {
		char *text = sql_get_text(q, 0);

		add(&db->names, place_of(&db->names, text, &found), text);
		free(text);
	}
	sqlite3_finalize(q);
}

void
names_cut(struct db *db, size_t n)
{
	struct names *names = &db->names;
	size_t i, k = 0;

	for (i = 0; i < names->n; i++)
		if (names->order[i] <= n)
			names->order[k++] = names->order[i];
	while (names->n > n)
		free(names->by_id[--names->n]);
}

void
names_done(struct db *db)
{
	names_cut(db, 0);
	free(db->names.by_id);
	free(db->names.order);
	db->names = (struct names){ 0 };
}
