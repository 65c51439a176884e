/*
 * control_marks.c - see control.h: marks, taken at the check and kept when the push is stored.
 *
 * A push to 100,000 has up to five for each recipient, so one names its entry by number and holds no more of it than what
 * tells whether that is there still: what made room for others since is neither taken back nor stored.
 */
#include "ppg/control_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { OTHERS_MAX = 8 };		/* two controls count subscribers, by the hour */

struct mark {
	uint32_t slot, check;		/* its entry: number, beginning of its key */
	uint32_t at;			/* UTC s */
	uint32_t n;			/* recipient */
	uint8_t kind, other;		/* 1 is others[0]; 0: none */
};

struct sent_mark {
	struct memory_key failures;
	uint32_t n;
};

struct control_marks {
	struct control_memory *memory;
	struct mark *list;
	struct sent_mark *sent;
	size_t n, room, n_sent, sent_room;
	size_t n_kept;			/* of those that were sent: they are in the memory */
	int64_t push;			/* theirs */
	struct memory_key others[OTHERS_MAX];
	unsigned n_others;
};

static struct control_marks *
marks_of(struct control_case *c)
{
	if (*c->marks == NULL) {
		*c->marks = calloc(1, sizeof **c->marks);
		if (*c->marks == NULL)
			abort();
		(*c->marks)->memory = c->memory;
	}
	return *c->marks;
}

static void *
grow(void *list, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return list;
	*room += *room / 2 + 4;
	list = realloc(list, *room * size);
	if (list == NULL)
		abort();
	return list;
}

static uint8_t
other_of(struct control_marks *k, const struct memory_key *other)
{
	unsigned i;

	for (i = 0; i < k->n_others; i++)
		if (memcmp(&k->others[i], other, sizeof *other) == 0)
			return (uint8_t)(i + 1);
	if (k->n_others == OTHERS_MAX)	/* nobody checks a push for hours */
		return 0;
	k->others[k->n_others++] = *other;
	return (uint8_t)k->n_others;
}

static uint32_t
check_of(const struct memory_key *key)
{
	uint32_t check;

	memcpy(&check, key->octets, sizeof check);
	return check;
}

void
memory_mark(struct control_case *c, enum memory_kind kind, const struct memory_key *key, const struct memory_key *other)
{
	struct control_marks *k;

	if (c->marks == NULL)
		return;
	k = marks_of(c);
	k->list = grow(k->list, k->n, &k->room, sizeof *k->list);
	k->list[k->n++] = (struct mark){ .slot = memory_slot(c->memory, kind, key), .check = check_of(key),
		.at = memory_time((int64_t)clock_utc()), .n = c->n, .kind = (uint8_t)kind,
		.other = other != NULL ? other_of(k, other) : 0 };
}

void
control_sent_mark(struct control_case *c)
{
	struct control_marks *k;

	if (c->memory == NULL || c->marks == NULL)
		return;
	k = marks_of(c);
	k->sent = grow(k->sent, k->n_sent, &k->sent_room, sizeof *k->sent);
	k->sent[k->n_sent++] = (struct sent_mark){ .failures = memory_failures_key(c->memory, c->number), .n = c->n };
}

/* Under the lock. NULL: it is gone. */
static struct entry *
entry_of(const struct control_marks *k, const struct mark *mark)
{
	struct entry *e = mark->slot != 0 ? memory_at(k->memory, mark->kind, mark->slot) : NULL;

	return e != NULL && check_of(&e->key) == mark->check ? e : NULL;
}

/* ---- kept, or taken back ------------------------------------------------------------------------------------------ */

static void
free_marks(struct control_marks **marks)
{
	free((*marks)->list);
	free((*marks)->sent);
	free(*marks);
	*marks = NULL;
}

void
control_marks_stored(struct control_marks *k, int64_t push, uint32_t end)
{
	int64_t until = (int64_t)clock_utc() + SENT_S;

	if (k == NULL || k->n_kept == k->n_sent)
		return;
	pthread_mutex_lock(&k->memory->lock);
	for (k->push = push; k->n_kept < k->n_sent && k->sent[k->n_kept].n < end; k->n_kept++)
		memory_add_sent(k->memory, push, k->sent[k->n_kept].n, &k->sent[k->n_kept].failures, until);
	pthread_mutex_unlock(&k->memory->lock);
}

void
control_marks_keep(struct control_marks **marks, int64_t push)
{
	if (*marks == NULL)
		return;
	control_marks_stored(*marks, push, UINT32_MAX);
	free_marks(marks);
}

static void
undo(struct control_marks *k, const struct mark *mark)
{
	struct control_memory *m = k->memory;
	struct entry *e = entry_of(k, mark), *all;

	if (e == NULL)
		return;
	if (mark->kind == MEMORY_RATES) {
		memory_forget_time(e, mark->at);
		return;
	}
	memory_drop(m, mark->kind, e);
	if (mark->other != 0 && (all = memory_find(m, mark->kind, &k->others[mark->other - 1])) != NULL &&
	    ((struct reached_entry *)all)->n > 0)
		((struct reached_entry *)all)->n--;
}

size_t
control_marks_count(const struct control_marks *k)
{
	return k != NULL ? k->n : 0;
}

void
control_marks_undo_from(struct control_marks *k, size_t from)
{
	if (k == NULL || k->n <= from)
		return;
	pthread_mutex_lock(&k->memory->lock);
	while (k->n > from)
		undo(k, &k->list[--k->n]);
	pthread_mutex_unlock(&k->memory->lock);
}

enum { UNDO_SLICE = 1000 };		/* others do not wait for all of 100,000 */

void
control_marks_undo(struct control_marks **marks)
{
	struct control_marks *k = *marks;
	struct memory_key key;
	struct entry *e;

	if (k == NULL)
		return;
	while (k->n > 0)
		control_marks_undo_from(k, k->n > UNDO_SLICE ? k->n - UNDO_SLICE : 0);
	while (k->n_kept > 0) {
		key = memory_sent_key(k->push, k->sent[--k->n_kept].n);
		pthread_mutex_lock(&k->memory->lock);
		if ((e = memory_find(k->memory, MEMORY_SENT, &key)) != NULL)
			memory_drop(k->memory, MEMORY_SENT, e);
		pthread_mutex_unlock(&k->memory->lock);
	}
	free_marks(marks);
}

/* ---- for the store ------------------------------------------------------------------------------------------------- */

static int
stored_kind(enum memory_kind kind)
{
	switch (kind) {
	case MEMORY_RATES: return STORED_RATE;
	case MEMORY_REACHED: return STORED_REACHED;
	case MEMORY_REPLAYS: return STORED_REPLAY;
	case MEMORY_SENT: return STORED_SENT;
	case MEMORY_TEXTS:
	case MEMORY_DOCUMENTS:
	case MEMORY_KINDS:
		break;
	}
	return 0;
}

/* The first mark of a recipient from n on. */
static size_t
first_mark(const struct control_marks *k, uint32_t n)
{
	size_t low = 0, high = k->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (k->list[middle].n < n)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static size_t
first_sent(const struct control_marks *k, uint32_t n)
{
	size_t low = 0, high = k->n_sent;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (k->sent[middle].n < n)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
mark_row(const struct control_marks *k, const struct mark *mark, struct store_memory *row)
{
	const struct entry *e = stored_kind(mark->kind) != 0 ? entry_of(k, mark) : NULL;

	if (e == NULL)
		return false;
	*row = (struct store_memory){ .kind = stored_kind(mark->kind), .at = mark->at, .until = e->until, .n = mark->n };
	memcpy(row->key, e->key.octets, sizeof row->key);
	if (mark->other != 0)
		memcpy(row->other, k->others[mark->other - 1].octets, sizeof row->other);
	return true;
}

static void
sent_row(const struct sent_mark *sent, int64_t now, struct store_memory *row)
{
	*row = (struct store_memory){ .kind = STORED_SENT, .at = now, .until = now + SENT_S, .n = sent->n };
	memcpy(row->other, sent->failures.octets, sizeof row->other);
}

size_t
control_marks_rows(const struct control_marks *k, uint32_t first_n, uint32_t n, struct store_memory **rows)
{
	uint64_t end = (uint64_t)first_n + n;
	int64_t now = (int64_t)clock_utc();
	size_t i, from, sent, to_sent, made = 0;

	*rows = NULL;
	if (k == NULL)
		return 0;
	for (i = from = first_mark(k, first_n); i < k->n && k->list[i].n < end; i++)
		;
	for (to_sent = sent = first_sent(k, first_n); to_sent < k->n_sent && k->sent[to_sent].n < end; to_sent++)
		;
	if (i - from + to_sent - sent == 0)
		return 0;
	*rows = calloc(i - from + to_sent - sent, sizeof **rows);
	if (*rows == NULL)
		abort();
	pthread_mutex_lock(&k->memory->lock);
	for (; from < i; from++) {
		while (sent < to_sent && k->sent[sent].n < k->list[from].n)
			sent_row(&k->sent[sent++], now, &(*rows)[made++]);
		made += mark_row(k, &k->list[from], &(*rows)[made]);
	}
	pthread_mutex_unlock(&k->memory->lock);
	while (sent < to_sent)
		sent_row(&k->sent[sent++], now, &(*rows)[made++]);
	if (made == 0) {
		free(*rows);
		*rows = NULL;
	}
	return made;
}
