/* usage.c - see store_int.h. */
#include "store/store_int.h"

#include <stdlib.h>
#include <string.h>

void
usage_init(struct usage *u)
{
	*u = (struct usage){ 0 };
	pthread_mutex_init(&u->lock, NULL);
}

void
usage_done(struct usage *u)
{
	while (u->n > 0)
		free(u->rows[--u->n].pi);
	free(u->rows);
	pthread_mutex_destroy(&u->lock);
}

/* Where the initiator is, or belongs. */
static size_t
place_of(const struct usage *u, const char *pi, bool *found)
{
	size_t lo = 0, hi = u->n;

	*found = false;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(pi, u->rows[mid].pi);

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

static struct usage_row *
row_of(struct usage *u, const char *pi)
{
	bool found;
	size_t i = place_of(u, pi, &found);

	if (found)
		return &u->rows[i];
	if (u->n == u->cap) {
		u->cap = u->cap > 0 ? u->cap * 2 : 16;
		if ((u->rows = realloc(u->rows, u->cap * sizeof u->rows[0])) == NULL)
			abort();
	}
	memmove(u->rows + i + 1, u->rows + i, (u->n++ - i) * sizeof u->rows[0]);
	u->rows[i] = (struct usage_row){ .pi = strdup(pi) };
	if (u->rows[i].pi == NULL)
		abort();
	return &u->rows[i];
}

/* The older of the two days makes room; what is older than both adds nothing. */
void
usage_add(struct usage *u, const char *pi, int64_t day, uint64_t n)
{
	struct usage_row *r;
	size_t i;

	pthread_mutex_lock(&u->lock);
	r = row_of(u, pi);
	i = r->day[0] == day ? 0 : r->day[1] == day ? 1 : r->day[0] < r->day[1] ? 0 : 1;
	if (r->day[i] < day) {
		r->day[i] = day;
		r->n[i] = 0;
	}
	if (r->day[i] == day)
		r->n[i] += n;
	pthread_mutex_unlock(&u->lock);
}

uint64_t
usage_get(struct usage *u, const char *pi, int64_t day)
{
	uint64_t n = 0;
	bool found;
	size_t i;

	pthread_mutex_lock(&u->lock);
	i = place_of(u, pi, &found);
	if (found && u->rows[i].day[0] == day)
		n = u->rows[i].n[0];
	else if (found && u->rows[i].day[1] == day)
		n = u->rows[i].n[1];
	pthread_mutex_unlock(&u->lock);
	return n;
}
