/* pg_device.c - what is known of initiators (recipients a day) and of devices: SUBSCRIBERS, PROFILE. */
#include "store/pg_int.h"

#include <string.h>

#include "base/clock.h"

enum { SUBSCRIBERS_MAX = 1000 };
enum { KEY_MAX = 1000 };	/* a row of an index has little room */
enum { DAY_S = 86400 };

/* ---- recipients that an initiator submitted on a day ----------------------------------------- */

void
pg_used_add(struct pg *pg, const struct store_accept *a, uint32_t n_recipients)
{
	if (a->received / DAY_S >= clock_utc() / DAY_S - 1)
		usage_add(&pg->used, a->pi, a->received / DAY_S, n_recipients);
}

void
pg_used_write(struct pg *pg)
{
	int64_t today = clock_utc() / DAY_S;
	size_t i, k;

	for (i = 0; i < pg->used.n; i++)
		for (k = 0; k < 2; k++)
			if (pg->used.rows[i].n[k] > 0) {
				pg_text(pg, W_USAGE, pg->used.rows[i].pi);
				pg_int(pg, W_USAGE, pg->used.rows[i].day[k]);
				pg_int(pg, W_USAGE, (int64_t)pg->used.rows[i].n[k]);
			}
	if (pg->used.n > 0 && today > pg->used_day)
		pg_int(pg, W_USAGE_DELETE, today - 1);
}

void
pg_used_settle(struct pg *pg, bool committed)
{
	size_t i, k;

	if (committed && pg->used.n > 0)
		pg->used_day = clock_utc() / DAY_S;
	for (i = 0; committed && i < pg->used.n; i++)
		for (k = 0; k < 2; k++)
			if (pg->used.rows[i].n[k] > 0)
				usage_add(&pg->usage, pg->used.rows[i].pi, pg->used.rows[i].day[k], pg->used.rows[i].n[k]);
	if (pg->used.n > 0) {
		usage_done(&pg->used);
		usage_init(&pg->used);
	}
}

uint64_t
pg_usage(struct store *store, const char *pi, int64_t day)
{
	return day < clock_utc() / DAY_S - 1 ? 0 : usage_get(&((struct pg *)store->db)->usage, pi, day);
}

/* ---- devices --------------------------------------------------------------------------------- */

void
pg_op_subscribers(struct pg *pg, struct store_subscribers *s)
{
	enum pg_statement w = s->remove ? W_SUBSCRIBER_DELETE : W_SUBSCRIBER;
	size_t place;
	uint32_t i;

	s->changed = 0;
	if (s->n > SUBSCRIBERS_MAX) {
		s->op.result = ERR_LIMIT;
		return;
	}
	for (i = 0; i < s->n; i++)
		if (strlen(s->rows[i].key) > KEY_MAX) {
			s->op.result = ERR_LIMIT;
			return;
		}
	if (s->n == 0)
		return;
	pg_flush(pg);
	for (i = 0; i < s->n; i++) {
		pg_text(pg, w, s->rows[i].key);
		if (s->remove)
			continue;
		pg_text(pg, w, s->rows[i].number);
		pg_text(pg, w, s->rows[i].profile);
		pg_text(pg, w, s->rows[i].facts);
	}
	place = pg_send(pg, w);
	pg_sync(pg);
	s->changed = (uint32_t)pg_changed(pg_result(pg, place));
}

void
pg_op_profile(struct pg *pg, struct store_profile *p)
{
	size_t place;

	if (strlen(p->name) > KEY_MAX) {
		p->op.result = ERR_LIMIT;
		return;
	}
	pg_flush(pg);
	if (p->document.n > 0) {
		pg_text(pg, W_PROFILE, p->name);
		pg_text(pg, W_PROFILE, p->content_type);
		pg_blob(pg, W_PROFILE, p->document);
		place = pg_send(pg, W_PROFILE);
	} else {
		pg_text(pg, W_PROFILE_DELETE, p->name);
		place = pg_send(pg, W_PROFILE_DELETE);
	}
	pg_sync(pg);
	if (p->document.n == 0 && pg->err == OK && pg_changed(pg_result(pg, place)) == 0)
		p->op.result = ERR_NOT_FOUND;
}
