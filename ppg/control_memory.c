/*
 * control_memory.c - see control.h: what was sent before, in memory and bounded: of each kind the oldest goes first.
 *
 * Keys are keyed hashes. What E-07, E-16 and E-20 look at is written with the acceptance of its push as well, by
 * those hashes, and read again at a start. What E-08 looks at never leaves this process: digits of texts may be a PIN, and
 * they are kept as they are (control_pin.c says why), and cleansed.
 */
#include "ppg/control_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"

enum { KEY_TEXT_SIZE = 256, SENT_S = 7 * DAY_S };
/* Of rows in the store: never changed. */
enum { STORED_KEY = 1, STORED_RATE, STORED_REACHED, STORED_REPLAY, STORED_SENT };

struct control_marks {
	struct control_marks *next;
	struct control_memory *memory;
	enum memory_kind kind;
	struct memory_key key, other;
	int64_t at, until;
	uint32_t n;			/* recipient */
};

struct control_memory *
control_memory_create(size_t max)
{
	struct control_memory *m = calloc(1, sizeof *m);

	if (m == NULL)
		abort();
	pthread_mutex_init(&m->lock, NULL);
	m->max = max > 0 ? max : 100000;
	if (getrandom(m->secret, sizeof m->secret, 0) != (ssize_t)sizeof m->secret)
		abort();
	return m;
}

/* ---- entries: under the lock ------------------------------------------------------------------------------- */

struct memory_key
memory_key(const struct control_memory *m, const char *fmt, ...)
{
	char text[KEY_TEXT_SIZE];
	struct memory_key key;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	secret_hash(span_of(m->secret, sizeof m->secret), span_str(text), key.octets);
	secret_cleanse(text, sizeof text);
	return key;
}

static bool
same_key(const struct memory_key *a, const struct memory_key *b)
{
	return memcmp(a->octets, b->octets, sizeof a->octets) == 0;
}

static struct entry **
bucket_of(struct control_memory *m, enum memory_kind kind, const struct memory_key *key)
{
	return &m->tables[kind].buckets[((unsigned)key->octets[0] << 8 | key->octets[1]) % MEMORY_BUCKETS];
}

void
memory_drop(struct control_memory *m, enum memory_kind kind, struct entry *e)
{
	struct memory_table *t = &m->tables[kind];
	struct entry **at = bucket_of(m, kind, &e->key);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	*(e->newer != NULL ? &e->newer->older : &t->newest) = e->older;
	*(e->older != NULL ? &e->older->newer : &t->oldest) = e->newer;
	t->n--;
	if (kind == MEMORY_DOCUMENTS)
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
	for (k = 0; k < MEMORY_KINDS; k++)
		while (m->tables[k].oldest != NULL)
			memory_drop(m, k, m->tables[k].oldest);
	pthread_mutex_destroy(&m->lock);
	secret_cleanse(m, sizeof *m);
	free(m);
	*p = NULL;
}

bool
control_memory_has_documents(const struct control_memory *m)
{
	return atomic_load(&m->documents) > 0;
}

struct entry *
memory_find(struct control_memory *m, enum memory_kind kind, const struct memory_key *key)
{
	struct entry *e = *bucket_of(m, kind, key);

	while (e != NULL && !same_key(&e->key, key))
		e = e->next;
	if (e != NULL && e->until <= (int64_t)clock_utc()) {
		memory_drop(m, kind, e);
		return NULL;
	}
	return e;
}

struct entry *
memory_make(struct control_memory *m, enum memory_kind kind, const struct memory_key *key, int64_t until)
{
	struct memory_table *t = &m->tables[kind];
	struct entry **bucket = bucket_of(m, kind, key), *e;

	while (t->oldest != NULL && (t->n >= m->max || t->oldest->until <= (int64_t)clock_utc()))
		memory_drop(m, kind, t->oldest);
	e = calloc(1, sizeof *e);
	if (e == NULL)
		abort();
	e->key = *key;
	e->until = until;
	e->next = *bucket;
	*bucket = e;
	e->older = t->newest;
	*(t->newest != NULL ? &t->newest->newer : &t->oldest) = e;
	t->newest = e;
	t->n++;
	if (kind == MEMORY_DOCUMENTS)
		atomic_fetch_add(&m->documents, 1);
	return e;
}

void
memory_add_time(struct control_memory *m, const struct memory_key *key, int64_t at, int64_t until)
{
	struct entry *e = memory_find(m, MEMORY_RATES, key);
	unsigned i;

	if (e == NULL)
		e = memory_make(m, MEMORY_RATES, key, until);
	if (e->n == MEMORY_TIMES) {	/* the oldest makes room */
		for (i = 1; i < e->n; i++)
			e->times[i - 1] = e->times[i];
		e->n--;
	}
	if (until > e->until)
		e->until = until;
	e->times[e->n++] = at;
}

/* `one` has been reached, once more of `all`. */
void
memory_add_reached(struct control_memory *m, const struct memory_key *one, const struct memory_key *all, int64_t until)
{
	struct entry *e = memory_find(m, MEMORY_REACHED, all);

	if (e == NULL)
		e = memory_make(m, MEMORY_REACHED, all, until);
	e->n++;
	memory_make(m, MEMORY_REACHED, one, until);
}

/* ---- marks: taken at the check, kept when the push is stored --------------------------------------------- */

void
memory_mark(struct control_case *c, enum memory_kind kind, const struct memory_key *key, const struct memory_key *other,
    int64_t until)
{
	struct control_marks *k;

	if (c->marks == NULL)
		return;
	k = calloc(1, sizeof *k);
	if (k == NULL)
		abort();
	k->memory = c->memory;
	k->kind = kind;
	k->key = *key;
	if (other != NULL)
		k->other = *other;
	k->at = (int64_t)clock_utc();
	k->until = until;
	k->n = c->n;
	k->next = *c->marks;
	*c->marks = k;
}

static struct memory_key
failures_key(const struct control_memory *m, const char *number)
{
	return memory_key(m, "f|%s", number);
}

void
control_sent_mark(struct control_case *c)
{
	static const struct memory_key none;
	struct memory_key failures;

	if (c->memory == NULL)
		return;
	failures = failures_key(c->memory, c->number);
	memory_mark(c, MEMORY_SENT, &none, &failures, (int64_t)clock_utc() + SENT_S);
}

static struct memory_key
sent_key(const struct control_memory *m, int64_t push, uint32_t n)
{
	return memory_key(m, "S|%lld|%u", (long long)push, n);
}

static void
add_sent(struct control_memory *m, int64_t push, uint32_t n, const struct memory_key *failures, int64_t until)
{
	struct memory_key key = sent_key(m, push, n);
	struct entry *e = memory_make(m, MEMORY_SENT, &key, until);

	e->other = *failures;
}

static void
free_marks(struct control_marks **marks)
{
	while (*marks != NULL) {
		struct control_marks *k = *marks;

		*marks = k->next;
		free(k);
	}
}

void
control_marks_keep(struct control_marks **marks, int64_t push)
{
	struct control_marks *k;

	for (k = *marks; k != NULL; k = k->next)
		if (k->kind == MEMORY_SENT) {
			pthread_mutex_lock(&k->memory->lock);
			add_sent(k->memory, push, k->n, &k->other, k->until);
			pthread_mutex_unlock(&k->memory->lock);
		}
	free_marks(marks);
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

static void
undo(struct control_memory *m, const struct control_marks *k)
{
	struct entry *e = k->kind != MEMORY_SENT ? memory_find(m, k->kind, &k->key) : NULL, *all;

	if (e == NULL)
		return;
	if (k->kind == MEMORY_RATES) {
		forget_time(e, k->at);
		return;
	}
	memory_drop(m, k->kind, e);
	if (k->kind == MEMORY_REACHED && (all = memory_find(m, k->kind, &k->other)) != NULL && all->n > 0)
		all->n--;
}

void
control_marks_undo(struct control_marks **marks)
{
	struct control_marks *k;

	for (k = *marks; k != NULL; k = k->next) {
		pthread_mutex_lock(&k->memory->lock);
		undo(k->memory, k);
		pthread_mutex_unlock(&k->memory->lock);
	}
	free_marks(marks);
}

/* ---- in the store -------------------------------------------------------------------------------------------- */

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

size_t
control_marks_rows(const struct control_marks *marks, struct store_memory **rows)
{
	const struct control_marks *k;
	size_t n = 0, i;

	for (k = marks; k != NULL; k = k->next)
		n += stored_kind(k->kind) != 0;
	*rows = NULL;
	if (n == 0)
		return 0;
	*rows = calloc(n, sizeof **rows);
	if (*rows == NULL)
		abort();
	for (k = marks, i = n; k != NULL; k = k->next) {	/* the last one is the first in the list */
		struct store_memory *row;

		if (stored_kind(k->kind) == 0)
			continue;
		row = &(*rows)[--i];
		*row = (struct store_memory){ .kind = stored_kind(k->kind), .at = k->at, .until = k->until, .n = k->n };
		memcpy(row->key, k->key.octets, sizeof row->key);
		memcpy(row->other, k->other.octets, sizeof row->other);
	}
	return n;
}

struct loading_memory {
	struct control_memory *m;
	bool has_key;
	size_t n;
};

static void
take_row(void *arg, const struct store_memory *row)
{
	struct loading_memory *l = arg;
	struct control_memory *m = l->m;
	struct memory_key key, other;

	memcpy(key.octets, row->key, sizeof key.octets);
	memcpy(other.octets, row->other, sizeof other.octets);
	l->n++;
	switch (row->kind) {
	case STORED_KEY:
		memcpy(m->secret, row->key, sizeof m->secret);
		l->has_key = true;
		break;
	case STORED_RATE:
		memory_add_time(m, &key, row->at, row->until);
		break;
	case STORED_REACHED:
		memory_add_reached(m, &key, &other, row->until);
		break;
	case STORED_REPLAY:
		memory_make(m, MEMORY_REPLAYS, &key, row->until);
		break;
	case STORED_SENT:		/* the key is the first row of all */
		add_sent(m, row->push, row->n, &other, row->until);
		break;
	}
}

/* One operation, waited for. */
struct key_op {
	struct store_memories op;
	struct store_memory row;
	pthread_mutex_t lock;
	pthread_cond_t over;
	bool done;
};

static void
key_written(struct store_op *op)
{
	struct key_op *k = (struct key_op *)op;

	pthread_mutex_lock(&k->lock);
	k->done = true;
	pthread_cond_signal(&k->over);
	pthread_mutex_unlock(&k->lock);
}

static int
write_key(struct control_memory *m, struct store *store)
{
	struct key_op k = { .op = { .op = { .kind = STORE_MEMORY, .done = key_written }, .n = 1 },
		.row = { .kind = STORED_KEY, .at = (int64_t)clock_utc(), .until = INT64_MAX } };
	int err;

	memcpy(k.row.key, m->secret, sizeof m->secret);
	k.op.rows = &k.row;
	pthread_mutex_init(&k.lock, NULL);
	pthread_cond_init(&k.over, NULL);
	err = store_submit(store, &k.op.op);
	pthread_mutex_lock(&k.lock);
	while (err == OK && !k.done)
		pthread_cond_wait(&k.over, &k.lock);
	pthread_mutex_unlock(&k.lock);
	pthread_cond_destroy(&k.over);
	pthread_mutex_destroy(&k.lock);
	secret_cleanse(&k.row, sizeof k.row);
	return err != OK ? err : k.op.op.result;
}

int
control_memory_open(struct control_memory *m, struct store *store, struct why *why)
{
	struct loading_memory l = { .m = m };
	struct store_reader *reader;
	int err = store_reader_open(store, &reader, why);

	if (err != OK)
		return err;
	err = store_read_memory(reader, (int64_t)clock_utc(), take_row, &l);
	store_reader_close(&reader);
	if (err == OK && !l.has_key)
		err = write_key(m, store);
	if (err != OK)
		return why_set(why, err, "store: what controls remember cannot be read or written");
	if (l.n > 1)
		log_info("policy", "controls E-07, E-16 and E-20 remember %zu things from before this start", l.n - 1);
	m->store = store;
	return OK;
}

/* ---- documents that did not arrive ------------------------------------------------------------------------------ */

void
control_memory_sent(struct control_memory *m, int64_t push, uint32_t n, const char *number)
{
	struct memory_key failures = failures_key(m, number);

	pthread_mutex_lock(&m->lock);
	add_sent(m, push, n, &failures, (int64_t)clock_utc() + SENT_S);
	pthread_mutex_unlock(&m->lock);
}

struct failure_op {
	struct store_memories op;
	struct store_memory row;
};

static void
failure_written(struct store_op *op)
{
	if (op->result != OK)
		log_warning("policy", "E-07: a failure could not be stored, a restart would forget it");
	free(op);
}

static void
store_failure(struct store *store, int64_t push, uint32_t n, const struct memory_key *key, int64_t at)
{
	struct failure_op *f = calloc(1, sizeof *f);

	if (f == NULL)
		abort();
	f->row = (struct store_memory){ .kind = STORED_RATE, .at = at, .until = at + DAY_S, .push = push, .n = n };
	memcpy(f->row.key, key->octets, sizeof f->row.key);
	f->op = (struct store_memories){ .op = { .kind = STORE_MEMORY, .done = failure_written }, .rows = &f->row, .n = 1 };
	if (store_submit(store, &f->op.op) != OK) {
		f->op.op.result = ERR_FULL;
		failure_written(&f->op.op);
	}
}

void
control_failed(void *memory, int64_t push, uint32_t n)
{
	struct control_memory *m = memory;
	struct memory_key key = sent_key(m, push, n), failures = { 0 };
	int64_t now = (int64_t)clock_utc();
	struct entry *e;
	bool found;

	pthread_mutex_lock(&m->lock);
	e = memory_find(m, MEMORY_SENT, &key);
	found = e != NULL;
	if (found) {
		failures = e->other;
		memory_drop(m, MEMORY_SENT, e);
		memory_add_time(m, &failures, now, now + DAY_S);
	}
	pthread_mutex_unlock(&m->lock);
	if (found && m->store != NULL)
		store_failure(m->store, push, n, &failures, now);
}
