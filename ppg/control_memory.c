/*
 * control_memory.c - see control.h: what was sent before, for E-07 (rates), E-08 (the two-message lure), E-16 (replay)
 * and E-20 (how many in an hour). In memory only and bounded: of each kind the oldest goes first, a restart forgets all.
 * Digits of texts are kept as they are (control_pin.c says why), and cleansed.
 */
#include "ppg/control_int.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"

enum kind { RATES, REPLAYS, TEXTS, DOCUMENTS, SENT, KINDS };
enum { BUCKETS = 4096, KEY_SIZE = 160, TIMES_MAX = 32, DAY_S = 86400, HOUR_S = 3600,
	SENT_S = 7 * DAY_S, FAILURES_USUAL = 3, DOCUMENTS_EACH = 8, DOCUMENT_OCTETS = 16 << 20 };

struct entry {
	struct entry *next, *newer, *older;
	char key[KEY_SIZE];
	int64_t until;			/* UTC s */
	int64_t times[TIMES_MAX];	/* of a rate */
	unsigned n;			/* times, or runs */
	char runs[PIN_RUNS_MAX][PIN_RUN_SIZE];	/* of a text */
	struct store_body *document;
	enum prov_sec sec;
	char mac[PROV_MAC_HEX + 1];
	char number[48];		/* of what was sent */
};

struct table {
	struct entry *buckets[BUCKETS], *newest, *oldest;
	size_t n, octets;		/* of documents, as if none were shared */
};

struct control_memory {
	pthread_mutex_t lock;
	size_t max;
	uint8_t key[16];		/* of the hash: nobody can aim at one bucket */
	struct table tables[KINDS];
	atomic_size_t documents;
};

struct control_marks {
	struct control_marks *next;
	struct control_memory *memory;
	enum kind kind;
	char key[KEY_SIZE];
	int64_t at;
};

struct control_memory *
control_memory_create(size_t max)
{
	struct control_memory *m = calloc(1, sizeof *m);

	if (m == NULL)
		abort();
	pthread_mutex_init(&m->lock, NULL);
	m->max = max > 0 ? max : 100000;
	if (getrandom(m->key, sizeof m->key, 0) != (ssize_t)sizeof m->key)
		abort();
	return m;
}

static struct entry **
bucket_of(struct control_memory *m, enum kind kind, const char *key)
{
	uint8_t text[sizeof m->key + KEY_SIZE];
	size_t n = strlen(key);

	memcpy(text, m->key, sizeof m->key);
	memcpy(text + sizeof m->key, key, n);
	return &m->tables[kind].buckets[text_hash64(span_of(text, sizeof m->key + n)) % BUCKETS];
}

static void
drop(struct control_memory *m, enum kind kind, struct entry *e)
{
	struct table *t = &m->tables[kind];
	struct entry **at = bucket_of(m, kind, e->key);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	*(e->newer != NULL ? &e->newer->older : &t->newest) = e->older;
	*(e->older != NULL ? &e->older->newer : &t->oldest) = e->newer;
	t->n--;
	if (kind == DOCUMENTS)
		atomic_fetch_sub(&m->documents, 1);
	if (e->document != NULL)
		t->octets -= e->document->body.n;
	store_body_unref(e->document);
	secret_cleanse(e, sizeof *e);
	free(e);
}

void
control_memory_destroy(struct control_memory **p)
{
	struct control_memory *m = *p;
	unsigned k;

	if (m == NULL)
		return;
	for (k = 0; k < KINDS; k++)
		while (m->tables[k].oldest != NULL)
			drop(m, k, m->tables[k].oldest);
	pthread_mutex_destroy(&m->lock);
	free(m);
	*p = NULL;
}

bool
control_memory_has_documents(const struct control_memory *m)
{
	return atomic_load(&m->documents) > 0;
}

/* NULL when there is none, or no longer. */
static struct entry *
find(struct control_memory *m, enum kind kind, const char *key)
{
	struct entry *e = *bucket_of(m, kind, key);

	while (e != NULL && strcmp(e->key, key) != 0)
		e = e->next;
	if (e != NULL && e->until <= (int64_t)clock_utc()) {
		drop(m, kind, e);
		return NULL;
	}
	return e;
}

static struct entry *
make(struct control_memory *m, enum kind kind, const char *key, int64_t until)
{
	struct table *t = &m->tables[kind];
	struct entry **bucket = bucket_of(m, kind, key), *e;

	while (t->oldest != NULL && (t->n >= m->max || t->oldest->until <= (int64_t)clock_utc()))
		drop(m, kind, t->oldest);
	e = calloc(1, sizeof *e);
	if (e == NULL)
		abort();
	snprintf(e->key, sizeof e->key, "%s", key);
	e->until = until;
	e->next = *bucket;
	*bucket = e;
	e->older = t->newest;
	*(t->newest != NULL ? &t->newest->newer : &t->oldest) = e;
	t->newest = e;
	t->n++;
	if (kind == DOCUMENTS)
		atomic_fetch_add(&m->documents, 1);
	return e;
}

/* ---- marks: taken at the check, kept when the push is stored --------------------------------------------- */

static void
mark(struct control_case *c, enum kind kind, const char *key, int64_t at)
{
	struct control_marks *k;

	if (c->marks == NULL)
		return;
	k = calloc(1, sizeof *k);
	if (k == NULL)
		abort();
	k->memory = c->memory;
	k->kind = kind;
	k->at = at;
	snprintf(k->key, sizeof k->key, "%s", key);
	k->next = *c->marks;
	*c->marks = k;
}

void
control_marks_keep(struct control_marks **marks)
{
	while (*marks != NULL) {
		struct control_marks *k = *marks;

		*marks = k->next;
		free(k);
	}
}

void
control_marks_add(struct control_marks **to, struct control_marks *more)
{
	struct control_marks **last = &more;

	while (*last != NULL)
		last = &(*last)->next;
	*last = *to;
	*to = more;
}

static void
forget_time(struct entry *e, int64_t at)
{
	unsigned i;

	for (i = e->n; i > 0; i--)
		if (e->times[i - 1] == at) {
			e->times[i - 1] = e->times[--e->n];
			return;
		}
}

void
control_marks_undo(struct control_marks **marks)
{
	struct control_marks *k;

	for (k = *marks; k != NULL; k = k->next) {
		struct control_memory *m = k->memory;
		struct entry *e;

		pthread_mutex_lock(&m->lock);
		e = find(m, k->kind, k->key);
		if (e != NULL && k->kind == RATES)
			forget_time(e, k->at);
		else if (e != NULL)
			drop(m, k->kind, e);
		pthread_mutex_unlock(&m->lock);
	}
	control_marks_keep(marks);
}

/* ---- rates ----------------------------------------------------------------------------------------------------- */

/* Under the lock: how many within the window? */
static unsigned
count(struct control_memory *m, const char *key, int64_t window_s)
{
	int64_t now = (int64_t)clock_utc();
	struct entry *e = find(m, RATES, key);
	unsigned i, n = 0;

	for (i = 0; e != NULL && i < e->n; i++)
		n += e->times[i] > now - window_s;
	return n;
}

static void
add_time(struct control_memory *m, const char *key, int64_t window_s)
{
	int64_t now = (int64_t)clock_utc();
	struct entry *e = find(m, RATES, key);
	unsigned i;

	if (e == NULL)
		e = make(m, RATES, key, now + window_s);
	if (e->n == TIMES_MAX) {	/* the oldest makes room */
		for (i = 1; i < e->n; i++)
			e->times[i - 1] = e->times[i];
		e->n--;
	}
	e->until = now + window_s;
	e->times[e->n++] = now;
}

static void
add(struct control_case *c, const char *key, int64_t window_s)
{
	add_time(c->memory, key, window_s);
	mark(c, RATES, key, (int64_t)clock_utc());
}

/* ---- documents that did not arrive ------------------------------------------------------------------------------ */

bool
control_pin_signed(const struct control_case *c)
{
	return c->class != CLASS_NONE && pin_method(c->facts->sec);
}

static void
sent_key(int64_t push, uint32_t n, char key[KEY_SIZE])
{
	snprintf(key, KEY_SIZE, "%lld|%u", (long long)push, n);
}

void
control_memory_sent(struct control_memory *m, int64_t push, uint32_t n, const char *number)
{
	char key[KEY_SIZE];
	struct entry *e;

	sent_key(push, n, key);
	pthread_mutex_lock(&m->lock);
	e = make(m, SENT, key, (int64_t)clock_utc() + SENT_S);
	snprintf(e->number, sizeof e->number, "%s", number);
	pthread_mutex_unlock(&m->lock);
}

void
control_failed(void *memory, int64_t push, uint32_t n)
{
	struct control_memory *m = memory;
	char key[KEY_SIZE], failures[KEY_SIZE];
	struct entry *e;

	sent_key(push, n, key);
	pthread_mutex_lock(&m->lock);
	e = find(m, SENT, key);
	if (e != NULL) {
		snprintf(failures, sizeof failures, "f|%s", e->number);
		drop(m, SENT, e);
		add_time(m, failures, DAY_S);
	}
	pthread_mutex_unlock(&m->lock);
}

/* As many failures, each within a day of the one before, as the device takes wrong PINs; for a day after the last. */
static bool
has_failed(struct control_case *c)
{
	uint32_t tries = c->dev != NULL ? policy_get(c->dev, 4105, FAILURES_USUAL) : FAILURES_USUAL;
	char key[KEY_SIZE];
	struct entry *e;

	snprintf(key, sizeof key, "f|%s", c->number);
	e = find(c->memory, RATES, key);
	return e != NULL && e->n >= (tries == 0 ? 1 : tries < TIMES_MAX ? tries : TIMES_MAX);
}

/* Subscribers that an initiator reached within this hour of the clock: n of "TAG|pi|hour", each counted once. */
static bool
reach(struct control_case *c, const char *tag, unsigned limit)
{
	int64_t now = (int64_t)clock_utc(), hour = now / HOUR_S;
	char all[KEY_SIZE], one[KEY_SIZE];
	struct entry *e;

	snprintf(one, sizeof one, "%s|%s|%s|%lld", tag, c->who->name, c->number, (long long)hour);
	snprintf(all, sizeof all, "%s|%s|%lld", tag, c->who->name, (long long)hour);
	if (limit == 0 || find(c->memory, RATES, one) != NULL)
		return true;
	e = find(c->memory, RATES, all);
	if (e == NULL)
		e = make(c->memory, RATES, all, now + HOUR_S);
	if (e->times[0] >= (int64_t)limit)
		return false;
	e->times[0]++;			/* n stays 0: this one is a number, not a list of times */
	make(c->memory, RATES, one, now + HOUR_S);
	return true;
}

static bool
within_rates(struct control_case *c, struct why *why)
{
	const struct control_rules *r = c->rules;
	char own[KEY_SIZE], all[KEY_SIZE], net[KEY_SIZE];

	snprintf(own, sizeof own, "p|%s|%s", c->number, c->who->name);
	snprintf(all, sizeof all, "P|%s", c->number);
	snprintf(net, sizeof net, "n|%s|%s", c->number, c->who->name);
	if (pin_method(c->facts->sec)) {
		if (has_failed(c)) {
			why_set(why, 0, "PIN-signed documents to the subscriber failed too often within 24 hours");
			return false;
		}
		if (r->pin_per_initiator != 0 && count(c->memory, own, DAY_S) >= r->pin_per_initiator) {
			why_set(why, 0, "%u PIN-signed documents of this account to the subscriber within 24 hours",
			    r->pin_per_initiator);
			return false;
		}
		if (r->pin_per_day != 0 && count(c->memory, all, DAY_S) >= r->pin_per_day) {
			why_set(why, 0, "%u PIN-signed documents to the subscriber within 24 hours", r->pin_per_day);
			return false;
		}
	} else if (r->netwpin_per_hour != 0 && count(c->memory, net, HOUR_S) >= r->netwpin_per_hour) {
		why_set(why, 0, "%u NETWPIN documents of this account to the subscriber within an hour", r->netwpin_per_hour);
		return false;
	}
	if (!reach(c, "s", r->subscribers_per_hour)) {
		why_set(why, 0, "signed documents to more than %u subscribers within an hour", r->subscribers_per_hour);
		return false;
	}
	if (pin_method(c->facts->sec)) {
		add(c, own, DAY_S);
		add(c, all, DAY_S);
	} else {
		add(c, net, HOUR_S);
	}
	return true;
}

bool
control_rate(struct control_case *c, struct why *why)
{
	bool passes;

	if (c->memory == NULL || c->class == CLASS_NONE || c->facts->sec == PROV_SEC_NONE)
		return true;
	pthread_mutex_lock(&c->memory->lock);
	passes = within_rates(c, why);
	pthread_mutex_unlock(&c->memory->lock);
	return passes;
}

bool
control_crowd(struct control_case *c, struct why *why)
{
	bool passes;

	if (c->memory == NULL || c->class < CLASS_PRIVILEGED)
		return true;
	pthread_mutex_lock(&c->memory->lock);
	passes = reach(c, "q", c->rules->privileged_per_hour);
	pthread_mutex_unlock(&c->memory->lock);
	if (!passes)
		why_set(why, 0, "privileged settings for more than %u subscribers within an hour", c->rules->privileged_per_hour);
	return passes;
}

/* ---- replay ---------------------------------------------------------------------------------------------------- */

bool
control_replay(struct control_case *c, struct why *why)
{
	int64_t now = (int64_t)clock_utc();
	char key[KEY_SIZE];
	bool seen;

	if (c->memory == NULL || c->facts->mac == NULL)
		return true;
	snprintf(key, sizeof key, "m|%s|%.40s", c->number, c->facts->mac);
	pthread_mutex_lock(&c->memory->lock);
	seen = find(c->memory, REPLAYS, key) != NULL;
	if (!seen) {
		make(c->memory, REPLAYS, key, now + c->rules->replay_s);
		mark(c, REPLAYS, key, now);
	}
	pthread_mutex_unlock(&c->memory->lock);
	if (seen)
		why_set(why, 0, "a document with this MAC was sent to the subscriber already");
	return !seen;
}

/* ---- the two-message lure ----------------------------------------------------------------------------------------- */

/* Of a subscriber the last few documents are kept, each in a place of its own. */
static void
document_key(const struct control_case *c, unsigned place, char key[KEY_SIZE])
{
	snprintf(key, KEY_SIZE, "d|%s|%u", c->number, place);
}

/* A text after a document: is the PIN in it? */
static bool
text_after_document(struct control_case *c, const struct pin_runs *runs)
{
	const char *imsi = c->sub != NULL ? c->sub->imsi : NULL;
	char key[KEY_SIZE];
	struct entry *e;
	unsigned i;

	for (i = 0; i < DOCUMENTS_EACH; i++) {
		document_key(c, i, key);
		e = find(c->memory, DOCUMENTS, key);
		if (e != NULL && pin_runs_hold(runs, e->sec, e->mac, e->document->body, imsi))
			return true;
	}
	return false;
}

static void
remember_text(struct control_case *c, const struct pin_runs *runs)
{
	int64_t until = (int64_t)clock_utc() + c->rules->lure_s;
	char key[KEY_SIZE];
	struct entry *e;
	unsigned i;

	snprintf(key, sizeof key, "t|%s", c->number);
	e = find(c->memory, TEXTS, key);
	if (e == NULL)
		e = make(c->memory, TEXTS, key, until);
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
	char key[KEY_SIZE];
	struct entry *e;
	bool found;

	snprintf(key, sizeof key, "t|%s", c->number);
	e = find(c->memory, TEXTS, key);
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
	struct table *t = &c->memory->tables[DOCUMENTS];
	int64_t now = (int64_t)clock_utc();
	struct entry *e, *oldest = NULL;
	char key[KEY_SIZE];
	unsigned i;

	if (c->shared == NULL)
		return;
	for (i = 0; i < DOCUMENTS_EACH; i++) {
		document_key(c, i, key);
		e = find(c->memory, DOCUMENTS, key);
		if (e == NULL)
			break;
		if (oldest == NULL || e->until < oldest->until)
			oldest = e;
	}
	if (i == DOCUMENTS_EACH) {
		snprintf(key, sizeof key, "%s", oldest->key);
		drop(c->memory, DOCUMENTS, oldest);
	}
	while (t->oldest != NULL && t->octets + c->shared->body.n > DOCUMENT_OCTETS)
		drop(c->memory, DOCUMENTS, t->oldest);
	e = make(c->memory, DOCUMENTS, key, now + c->rules->lure_s);
	e->document = store_body_ref(c->shared);
	t->octets += c->shared->body.n;
	e->sec = c->facts->sec;
	snprintf(e->mac, sizeof e->mac, "%s", c->facts->mac != NULL ? c->facts->mac : "");
	mark(c, DOCUMENTS, key, now);
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
