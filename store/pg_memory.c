/*
 * pg_memory.c - what recipients leave beside their rows: remarks of the caller, which go with the push, and what it wants
 * to know again after a restart, which goes when it is over.
 */
#include "store/pg_int.h"

#include <stdlib.h>

static void
add_row(struct pg *pg, const struct store_memory *m, int64_t rid)
{
	pg_int(pg, W_MEMORY, pg->now.next_id++);
	pg_int(pg, W_MEMORY, rid);
	pg_int(pg, W_MEMORY, m->kind);
	pg_blob(pg, W_MEMORY, span_of(m->key, sizeof m->key));
	pg_blob(pg, W_MEMORY, span_of(m->other, sizeof m->other));
	pg_int(pg, W_MEMORY, m->at);
	pg_int(pg, W_MEMORY, m->until);
	pg->memory++;
	if (m->until < pg->memory_next)
		pg->memory_next = m->until;
}

void
pg_memory_add(struct pg *pg, const struct store_accept *a)
{
	uint32_t i;

	for (i = 0; i < a->n_memory; i++)
		add_row(pg, &a->memory[i], rid_of(a->push, a->memory[i].n));
	if (a->remark == NULL || a->n_recipients == 0 || (a->first_n == 0 && a->n_recipients == 1 && !a->more))
		return;
	pg_int(pg, W_REMARK, rid_of(a->push, a->first_n));
	pg_int(pg, W_REMARK, a->n_recipients);
	pg_text(pg, W_REMARK, a->remark);
}

void
pg_op_memory(struct pg *pg, struct store_memories *m)
{
	uint32_t i;

	if ((m->op.result = memory_check(NULL, m->rows, m->n)) != OK)
		return;
	for (i = 0; i < m->n; i++)
		add_row(pg, &m->rows[i], m->rows[i].push != 0 ? rid_of(m->rows[i].push, m->rows[i].n) : 0);
}

void
pg_op_remark(struct pg *pg, struct store_remark *r)
{
	size_t place;

	if (r->n > N_MAX) {
		r->op.result = ERR_RANGE;
		return;
	}
	pg_flush(pg);			/* its push may have come with this group */
	pg_int(pg, W_REMARK_OWN, rid_of(r->push, r->n));
	pg_text(pg, W_REMARK_OWN, r->text);
	place = pg_send(pg, W_REMARK_OWN);
	pg_sync(pg);
	if (pg->err == OK && pg_changed(pg_result(pg, place)) == 0)
		r->op.result = ERR_NOT_FOUND;
}

void
pg_memory_forget(struct pg *pg, int64_t lo, int64_t hi)
{
	size_t place;

	if (pg->memory == 0)
		return;
	pg_int(pg, W_MEMORY_FORGET, lo);
	pg_int(pg, W_MEMORY_FORGET, hi);
	place = pg_send(pg, W_MEMORY_FORGET);
	pg_sync(pg);
	pg->memory -= pg_changed(pg_result(pg, place));
}

static uint32_t
cut(struct pg *pg, int64_t until, int64_t most)
{
	size_t place;
	int64_t n;

	pg_int(pg, W_MEMORY_CUT, until);
	pg_int(pg, W_MEMORY_CUT, most);
	place = pg_send(pg, W_MEMORY_CUT);
	pg_sync(pg);
	n = pg_changed(pg_result(pg, place));
	pg->memory -= n;
	return (uint32_t)n;
}

bool
pg_memory_waits(const struct pg *pg, int64_t now)
{
	return pg->memory_next <= now || pg->memory > (int64_t)pg->store->cf.memory_max;
}

uint32_t
pg_memory_purge(struct pg *pg, int64_t now, uint32_t most)
{
	const PGresult *r;
	int64_t excess;
	uint32_t n = 0;
	size_t place;

	if (!pg_memory_waits(pg, now))
		return 0;
	pg_flush(pg);			/* some may have come with this group */
	if (pg->memory_next <= now)
		n = cut(pg, now, most);
	excess = pg->memory - (int64_t)pg->store->cf.memory_max;
	if (excess > 0 && n < most)
		n += cut(pg, INT64_MAX - 1, excess < most - n ? excess : most - n);
	place = pg_send(pg, A_MEMORY_NEXT);
	pg_sync(pg);
	r = pg_result(pg, place);
	pg->memory_next = pg_rows(r) > 0 ? pg_get_int(r, 0, 0) : INT64_MAX;
	return n;
}

int
pg_memory_load(struct pg *pg, struct why *why)
{
	char *n = pg_ask_text(pg->conn, "SELECT count(*) FROM openppg.memory");

	if (n == NULL)
		return pg_conn_why(pg, why, ERR_IO, PQerrorMessage(pg->conn));
	pg->memory = pg->memory_saved = strtoll(n, NULL, 10);
	free(n);
	return OK;
}
