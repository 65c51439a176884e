/*
 * control_memory.c - see control.h: what was sent before, in the store, and what became of it.
 *
 * What E-07, E-16 and E-20 look at is written with the acceptance of its push, by keyed hashes, and read again at a start.
 * What E-08 looks at never leaves this process: digits of texts may be a PIN, and they are kept as they are
 * (control_pin.c says why), and cleansed.
 */
#include "ppg/control_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"

/* ---- in the store -------------------------------------------------------------------------------------------- */

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
		memory_add_sent(m, row->push, row->n, &other, row->until);
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

struct memory_key
memory_failures_key(const struct control_memory *m, const char *number)
{
	return memory_key(m, "f|%s", number);
}

void
control_memory_sent(struct control_memory *m, int64_t push, uint32_t n, const char *number)
{
	struct memory_key failures = memory_failures_key(m, number);

	pthread_mutex_lock(&m->lock);
	memory_add_sent(m, push, n, &failures, (int64_t)clock_utc() + SENT_S);
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
	struct memory_key key = memory_sent_key(push, n), failures = { 0 };
	int64_t now = (int64_t)clock_utc();
	struct entry *e;
	bool found;

	pthread_mutex_lock(&m->lock);
	e = memory_find(m, MEMORY_SENT, &key);
	found = e != NULL;
	if (found) {
		failures = ((struct sent_entry *)e)->failures;
		memory_drop(m, MEMORY_SENT, e);
		memory_add_time(m, &failures, now, now + DAY_S);
	}
	pthread_mutex_unlock(&m->lock);
	if (found && m->store != NULL)
		store_failure(m->store, push, n, &failures, now);
}
