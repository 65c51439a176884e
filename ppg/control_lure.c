/*
 * control_lure.c - see control.h: E-08, a document and a text with its PIN. In memory only; control_memory.c says why.
 */
#include "ppg/control_int.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"

enum { DOCUMENTS_EACH = 8, DOCUMENT_OCTETS = 16 << 20 };

/* Of a subscriber the last few documents are kept, each in a place of its own. */
static struct memory_key
document_key(const struct control_case *c, unsigned place)
{
	return memory_key(c->memory, "d|%s|%u", c->number, place);
}

/* A text after a document: is the PIN in it? */
static bool
text_after_document(struct control_case *c, const struct pin_runs *runs)
{
	const char *imsi = c->sub != NULL ? c->sub->imsi : NULL;
	struct memory_key key;
	struct entry *e;
	unsigned i;

	for (i = 0; i < DOCUMENTS_EACH; i++) {
		key = document_key(c, i);
		e = memory_find(c->memory, MEMORY_DOCUMENTS, &key);
		if (e != NULL && pin_runs_hold(runs, e->sec, e->mac, e->document->body, imsi))
			return true;
	}
	return false;
}

static void
remember_text(struct control_case *c, const struct pin_runs *runs)
{
	int64_t until = (int64_t)clock_utc() + c->rules->lure_s;
	struct memory_key key;
	struct entry *e;
	unsigned i;

	key = memory_key(c->memory, "t|%s", c->number);
	e = memory_find(c->memory, MEMORY_TEXTS, &key);
	if (e == NULL)
		e = memory_make(c->memory, MEMORY_TEXTS, &key, until);
	e->until = until;
	for (i = 0; i < runs->n; i++)
		memcpy(e->runs[e->n++ % PIN_RUNS_MAX], runs->text[i], PIN_RUN_SIZE);
	if (e->n >= 2 * PIN_RUNS_MAX)	/* all places are taken; where the next one goes stays the same */
		e->n -= PIN_RUNS_MAX;
}

static bool
document_after_text(struct control_case *c)
{
	const struct push_facts *f = c->facts;
	struct pin_runs runs = { .n = 0 };
	struct memory_key key;
	struct entry *e;
	bool found;

	key = memory_key(c->memory, "t|%s", c->number);
	e = memory_find(c->memory, MEMORY_TEXTS, &key);
	if (e == NULL)
		return false;
	runs.n = e->n < PIN_RUNS_MAX ? e->n : PIN_RUNS_MAX;
	memcpy(runs.text, e->runs, sizeof runs.text);
	found = pin_runs_hold(&runs, f->sec, f->mac != NULL ? f->mac : "", f->body, c->sub != NULL ? c->sub->imsi : NULL);
	secret_cleanse(&runs, sizeof runs);
	return found;
}

static void
remember_document(struct control_case *c)
{
	struct memory_table *t = &c->memory->tables[MEMORY_DOCUMENTS];
	int64_t now = (int64_t)clock_utc();
	struct entry *e, *oldest = NULL;
	struct memory_key key;
	unsigned i;

	if (c->shared == NULL)
		return;
	for (i = 0; i < DOCUMENTS_EACH; i++) {
		key = document_key(c, i);
		e = memory_find(c->memory, MEMORY_DOCUMENTS, &key);
		if (e == NULL)
			break;
		if (oldest == NULL || e->until < oldest->until)
			oldest = e;
	}
	if (i == DOCUMENTS_EACH) {
		key = oldest->key;
		memory_drop(c->memory, MEMORY_DOCUMENTS, oldest);
	}
	while (t->oldest != NULL && t->octets + c->shared->body.n > DOCUMENT_OCTETS)
		memory_drop(c->memory, MEMORY_DOCUMENTS, t->oldest);
	e = memory_make(c->memory, MEMORY_DOCUMENTS, &key, now + c->rules->lure_s);
	e->document = store_body_ref(c->shared);
	t->octets += c->shared->body.n;
	e->sec = c->facts->sec;
	snprintf(e->mac, sizeof e->mac, "%s", c->facts->mac != NULL ? c->facts->mac : "");
	memory_mark(c, MEMORY_DOCUMENTS, &key, NULL, now + c->rules->lure_s);
}

bool
control_lure(struct control_case *c, struct why *why)
{
	struct pin_runs runs = { .n = 0 };
	bool passes = true;

	if (c->memory == NULL)
		return true;
	if (c->class != CLASS_NONE) {
		if (!pin_method(c->facts->sec))
			return true;
		pthread_mutex_lock(&c->memory->lock);
		passes = !document_after_text(c);
		remember_document(c);		/* it may be released */
		pthread_mutex_unlock(&c->memory->lock);
		if (!passes)
			why_set(why, 0, "the document's PIN was in a text that the subscriber got shortly before");
		return passes;
	}
	pin_runs_find(c->facts->body, &runs);
	if (runs.n > 0) {
		pthread_mutex_lock(&c->memory->lock);
		passes = !text_after_document(c, &runs);
		if (c->rules->configured)
			remember_text(c, &runs);
		pthread_mutex_unlock(&c->memory->lock);
		secret_cleanse(&runs, sizeof runs);
	}
	if (!passes)
		why_set(why, 0, "the text holds the PIN of a document that the subscriber got shortly before");
	return passes;
}
