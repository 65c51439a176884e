/* batch.c - see store_int.h. */
#include "store/store_int.h"

#include <stdlib.h>

static struct batch **
find(struct batches *b, int64_t id)
{
	struct batch **p = &b->slots[(uint64_t)id % (sizeof b->slots / sizeof b->slots[0])];

	while (*p != NULL && (*p)->id != id)
		p = &(*p)->next;
	return p;
}

static void
drop(struct batches *b, int64_t id)
{
	struct batch **p = find(b, id), *gone = *p;

	if (gone == NULL)
		return;
	*p = gone->next;
	free(gone);
}

void
batches_done(struct batches *b)
{
	size_t i;

	for (i = 0; i < sizeof b->slots / sizeof b->slots[0]; i++)
		while (b->slots[i] != NULL) {
			struct batch *next = b->slots[i]->next;

			free(b->slots[i]);
			b->slots[i] = next;
		}
	b->touched = NULL;
}

void
batches_add(struct batches *b, int64_t id, int64_t n)
{
	struct batch **p = find(b, id);

	if (*p == NULL) {
		if (n < 0)
			return;		/* closed already */
		if ((*p = calloc(1, sizeof **p)) == NULL)
			abort();
		(*p)->id = id;
	}
	(*p)->change += n;
	if (!(*p)->touched) {
		(*p)->touched = true;
		(*p)->next_touched = b->touched;
		b->touched = *p;
	}
}

void
batches_emptied(struct batches *b, void (*gone)(void *arg, int64_t id), void *arg)
{
	struct batch *t;

	for (t = b->touched; t != NULL; t = t->next_touched)
		if (t->left + t->change <= 0)
			gone(arg, t->id);
}

void
batches_settle(struct batches *b, bool committed)
{
	struct batch *t, *next;

	for (t = b->touched; t != NULL; t = next) {
		next = t->next_touched;
		if (committed)
			t->left += t->change;
		t->change = 0;
		t->touched = false;
		if (t->left <= 0)
			drop(b, t->id);
	}
	b->touched = NULL;
}
