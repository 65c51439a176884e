/*
 * control_lure.c - see control.h: E-08, a document and a text with its PIN. In memory only; control_memory.c says why.
 */
#include "ppg/control_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"

enum { DOCUMENTS_EACH = 8, DOCUMENT_OCTETS = 16 << 20, QUESTION_SIZE = 128 + PIN_RUNS_MAX * (PIN_RUN_SIZE + 1) };

/* Of a subscriber the last few documents are kept, each in a place of its own. */
static struct memory_key
document_key(const struct control_case *c)
{
	return memory_key(c->memory, "d|%s", c->number);
}

static struct document_entry *
document_at(struct control_case *c, const struct memory_key *first, unsigned place, struct memory_key *key)
{
	*key = *first;
	key->octets[0] ^= (uint8_t)place;
	return (struct document_entry *)memory_find(c->memory, MEMORY_DOCUMENTS, key);
}

/* As pin_runs_hold; but for the IMSI, most recipients of a push have the same question. */
static bool
holds_pin(struct control_case *c, const struct pin_runs *runs, enum prov_sec sec, const char *mac, struct span body)
{
	const char *imsi = c->sub != NULL ? c->sub->imsi : NULL;
	char text[QUESTION_SIZE];
	struct control_answer *a;
	struct memory_key key;
	size_t n;
	unsigned i;

	if (sec == PROV_SEC_USERNETWPIN || mac[0] == '\0')
		return pin_runs_hold(runs, sec, mac, body, imsi);
	n = (size_t)snprintf(text, sizeof text, "%d|%.40s|%p|%zu", (int)sec, mac, (const void *)body.p, body.n);
	for (i = 0; i < runs->n; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "|%s", runs->text[i]);
	secret_hash(span_of(c->memory->secret, sizeof c->memory->secret), span_of(text, n), key.octets);
	secret_cleanse(text, sizeof text);
	a = &c->answers[key.octets[0] % CONTROL_ANSWERS];
	if (!a->known || memcmp(a->question, key.octets, sizeof a->question) != 0) {
		a->known = true;
		a->holds = pin_runs_hold(runs, sec, mac, body, imsi);
		memcpy(a->question, key.octets, sizeof a->question);
	}
	return a->holds;
}

static const char *
mac_of(const struct document_entry *d, char out[PROV_MAC_HEX + 1])
{
	size_t i;

	out[0] = '\0';
	for (i = 0; d->has_mac && i < sizeof d->mac; i++)
		snprintf(out + 2 * i, 3, "%02X", d->mac[i]);
	return out;
}

/* A text after a document: is the PIN in it? */
static bool
text_after_document(struct control_case *c, const struct pin_runs *runs)
{
	struct memory_key first = document_key(c), key;
	char mac[PROV_MAC_HEX + 1];
	unsigned i;

	for (i = 0; i < DOCUMENTS_EACH; i++) {
		const struct document_entry *d = document_at(c, &first, i, &key);

		if (d != NULL && holds_pin(c, runs, d->sec, mac_of(d, mac), d->document->body))
			return true;
	}
	return false;
}

/* What was written by join_runs. */
static void
split_runs(const char *text, struct pin_runs *out)
{
	while (*text != '\0' && out->n < PIN_RUNS_MAX) {
		size_t n = strcspn(text, " ");

		memcpy(out->text[out->n], text, n);
		out->text[out->n++][n] = '\0';
		text += n + (text[n] == ' ');
	}
}

/* The last few of the old ones and the new ones; heap. */
static char *
join_runs(const struct pin_runs *old, const struct pin_runs *more)
{
	unsigned skipped = old->n + more->n > PIN_RUNS_MAX ? old->n + more->n - PIN_RUNS_MAX : 0, i;
	char text[PIN_RUNS_MAX * PIN_RUN_SIZE + 1], *joined;
	size_t n = 0;

	for (i = skipped; i < old->n + more->n; i++) {
		const char *run = i < old->n ? old->text[i] : more->text[i - old->n];

		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", n > 0 ? " " : "", run);
	}
	joined = span_dup(span_of(text, n));
	secret_cleanse(text, sizeof text);
	return joined;
}

static void
remember_text(struct control_case *c, const struct pin_runs *runs)
{
	int64_t until = (int64_t)clock_utc() + c->rules->lure_s;
	struct pin_runs old = { .n = 0 };
	struct text_entry *t;
	struct memory_key key;
	struct entry *e;

	key = memory_key(c->memory, "t|%s", c->number);
	e = memory_find(c->memory, MEMORY_TEXTS, &key);
	if (e == NULL)
		e = memory_make(c->memory, MEMORY_TEXTS, &key, until);
	e->until = memory_time(until);
	t = (struct text_entry *)e;
	if (t->runs != NULL) {
		split_runs(t->runs, &old);
		secret_cleanse(t->runs, strlen(t->runs));
		free(t->runs);
	}
	t->runs = join_runs(&old, runs);
	secret_cleanse(&old, sizeof old);
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
	split_runs(((struct text_entry *)e)->runs, &runs);
	found = holds_pin(c, &runs, f->sec, f->mac != NULL ? f->mac : "", f->body);
	secret_cleanse(&runs, sizeof runs);
	return found;
}

static void
note_mac(struct document_entry *d, const char *mac)
{
	size_t n = 0;

	d->has_mac = mac != NULL && strlen(mac) == PROV_MAC_HEX && text_hex(span_str(mac), d->mac, &n, NULL) == OK &&
	    n == sizeof d->mac;
}

static void
remember_document(struct control_case *c)
{
	struct memory_table *t = &c->memory->tables[MEMORY_DOCUMENTS];
	int64_t now = (int64_t)clock_utc();
	struct memory_key first = document_key(c), key;
	struct document_entry *d, *oldest = NULL;
	unsigned i;

	if (c->shared == NULL)
		return;
	for (i = 0; i < DOCUMENTS_EACH; i++) {
		d = document_at(c, &first, i, &key);
		if (d == NULL)
			break;
		if (oldest == NULL || d->e.until < oldest->e.until)
			oldest = d;
	}
	if (i == DOCUMENTS_EACH) {
		key = oldest->e.key;
		memory_drop(c->memory, MEMORY_DOCUMENTS, &oldest->e);
	}
	while (t->oldest != 0 && t->octets + c->shared->body.n > DOCUMENT_OCTETS)
		memory_drop(c->memory, MEMORY_DOCUMENTS, memory_at(c->memory, MEMORY_DOCUMENTS, t->oldest));
	d = (struct document_entry *)memory_make(c->memory, MEMORY_DOCUMENTS, &key, now + c->rules->lure_s);
	d->document = store_body_ref(c->shared);
	t->octets += c->shared->body.n;
	d->sec = (uint8_t)c->facts->sec;
	note_mac(d, c->facts->mac);
	memory_mark(c, MEMORY_DOCUMENTS, &key, NULL);
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
