/* pg_accept.c - ACCEPT, MORE and ABANDON: a push and its recipients come in, or go before they were whole. */
#include "store/pg_int.h"

#include <string.h>

#include "base/clock.h"

enum { FLUSH_OCTETS = 16 << 20 };	/* a statement has a limit, and memory has others */

static int
check_recipients(const struct store_accept *a)
{
	uint32_t i;

	if (a->n_recipients > N_MAX || a->first_n > N_MAX - a->n_recipients)
		return ERR_LIMIT;
	for (i = 0; i < a->n_recipients; i++)
		if (strlen(a->recipients[i].to) >= sizeof ((struct store_item *)0)->to)
			return ERR_LIMIT;
	return memory_check(a, a->memory, a->n_memory);
}

static int
check_accept(const struct store_accept *a)
{
	if (a->first_n != 0 || (a->n_recipients == 0 && !a->more) || (unsigned)a->priority >= STORE_PRIORITIES)
		return ERR_RANGE;
	if (a->pi[0] == '\0' || strlen(a->pi) >= sizeof ((struct store_item *)0)->pi)
		return ERR_LIMIT;
	return check_recipients(a);
}

static void
add_push(struct pg *pg, const struct store_accept *a)
{
	bool single = a->n_recipients == 1 && !a->more;

	pg_int(pg, W_PUSH, a->push);
	pg_int(pg, W_PUSH, single);
	pg_int(pg, W_PUSH, (int64_t)match_hash_push((uint64_t)pg->hash_key, a->push_id));
	pg_text(pg, W_PUSH, a->pi);
	pg_text(pg, W_PUSH, a->push_id);
	pg_int(pg, W_PUSH, a->deadline_at);
	pg_int(pg, W_PUSH, a->secret);
	pg_int(pg, W_PUSH, a->priority);
	pg_int(pg, W_PUSH, a->received);
	pg_int(pg, W_PUSH, a->deliver_after);
	pg_text(pg, W_PUSH, a->notify_url);
	pg_text(pg, W_PUSH, a->version);
	pg_text(pg, W_PUSH, a->meta);
	pg_text(pg, W_PUSH, a->content_type);
	pg_blob(pg, W_PUSH, a->body->headers);
	pg_blob(pg, W_PUSH, a->body->body);
	pg_blob(pg, W_PUSH, a->body->route);
	if (single)
		return;
	pg_int(pg, W_PROGRESS, a->push);
	pg_int(pg, W_PROGRESS, a->n_recipients);
	pg_int(pg, W_PROGRESS, a->more);
}

static void
add_recipients(struct pg *pg, const struct store_accept *a, int state)
{
	uint32_t i;

	for (i = 0; i < a->n_recipients; i++) {
		const struct store_recipient *r = &a->recipients[i];

		pg_int(pg, W_RECIPIENT, rid_of(a->push, a->first_n + i));
		pg_int(pg, W_RECIPIENT, r->state != 0 ? r->state : state);
		pg_int(pg, W_RECIPIENT, a->batch != 0);
		pg_int(pg, W_RECIPIENT, r->code);
		pg_int(pg, W_RECIPIENT, a->batch);
		pg_int(pg, W_RECIPIENT, pg_key_hash(pg, r->key != NULL ? r->key : r->address));
		pg_text(pg, W_RECIPIENT, r->desc);
		pg_text(pg, W_RECIPIENT, r->address);
		pg_text(pg, W_RECIPIENT, r->to);
		pg_blob(pg, W_RECIPIENT, r->overlay.n > 0 ? r->overlay : span_of(NULL, 0));
		pg_entered(pg, r->state != 0 ? r->state : state, 1);
		pg->now.held += r->state != 0 && r->state == pg->store->cf.rules.held;
	}
	pg_memory_add(pg, a);
	pg->now.recipients += a->n_recipients;
	pg->now.live += a->n_recipients;
}

/* The row that audit rows of a purged push are found by. */
static void
audit_accept(struct pg *pg, const struct store_accept *a, uint32_t n_recipients, int state)
{
	pg_int(pg, W_AUDIT, a->push);
	pg_int(pg, W_AUDIT, pg->now.next_id++);
	pg_int(pg, W_AUDIT, a->received);
	pg_int(pg, W_AUDIT, 0);
	pg_int(pg, W_AUDIT, (int64_t)n_recipients - 1);
	pg_int(pg, W_AUDIT, pg->store->cf.rules.ev_accept);
	pg_int(pg, W_AUDIT, 0);
	pg_int(pg, W_AUDIT, state);
	pg_int(pg, W_AUDIT, 0);
	pg_text(pg, W_AUDIT, NULL);
	pg_text(pg, W_AUDIT, a->audit_detail);
	pg_int(pg, W_AUDIT, (int64_t)match_hash_push((uint64_t)pg->hash_key, a->push_id));
	pg_text(pg, W_AUDIT, a->pi);
	pg_text(pg, W_AUDIT, a->push_id);
}

/* Recipients that leave with this commit belong to a batch that all ACCEPTs of the group share. */
static void
join_batch(struct pg *pg, struct store_accept *a)
{
	if (pg->batch == 0) {
		pg->batch = pg->now.next_id++;
		pg->batch_lo = rid_of(a->push, 0);
	}
	pg->batch_hi = rid_of(a->push, a->n_recipients - 1);
	a->batch = pg->batch;
	batches_add(&pg->batches, pg->batch, a->n_recipients);
}

/* The push is whole: it may be seen, its deadline runs, and it is due unless it was taken. */
static void
show(struct pg *pg, struct store_accept *a, uint32_t n_recipients, int state, int64_t replaces)
{
	int64_t due_at = a->deliver_after != 0 ? a->deliver_after : a->received;
	int64_t lo = rid_of(a->push, 0), hi = rid_of(a->push, n_recipients - 1);

	pg_due_add(pg, DUE_DEADLINE, a->deadline_at, lo, hi);
	if (a->batch == 0)
		pg_due_add(pg, DUE_DISPATCH + (int)a->priority, due_at, lo, hi);
	audit_accept(pg, a, n_recipients, state);
	pg_used_add(pg, a, n_recipients);
	if (a->replaces != NULL && a->replace != STORE_REPLACE_NONE)
		pg_replace_run(pg, a, replaces, n_recipients);
}

void
pg_op_accept(struct pg *pg, struct store_accept *a)
{
	const struct store_rules *rules = &pg->store->cf.rules;
	int64_t old = 0;
	int state;

	if ((a->op.result = check_accept(a)) != OK)
		return;
	if (pg_octets(pg, W_PUSH) > FLUSH_OCTETS)
		pg_flush(pg);
	if (rows_push_by_id(pg, a->pi, a->push_id) != 0) {
		a->op.result = ERR_EXISTS;
		return;
	}
	if (a->replaces != NULL && (a->op.result = pg_replace_check(pg, a, &old)) != OK)
		return;
	a->push = pg->now.next_push++;
	if (a->take && !a->more && a->replaces == NULL)
		join_batch(pg, a);
	state = a->batch != 0 ? rules->taken : rules->queued;
	add_push(pg, a);
	rows_push_id_add(pg, a->push, a->pi, a->push_id);
	add_recipients(pg, a, state);
	pg->now.pushes++;
	if (!a->more)
		show(pg, a, a->n_recipients, state, old);
}

void
pg_op_more(struct pg *pg, struct store_accept *a)
{
	struct pg_push *p;
	int64_t old = 0;

	if ((a->op.result = check_recipients(a)) != OK)
		return;
	p = rows_push(pg, a->push);
	if (p == NULL || !p->incoming) {
		a->op.result = ERR_NOT_FOUND;
		return;
	}
	/* Chunks come in order: numbers have no holes, and none comes twice. */
	if (a->first_n != p->n_recipients || (!a->more && p->n_recipients + a->n_recipients == 0)) {
		a->op.result = ERR_RANGE;
		return;
	}
	if (a->replaces != NULL && !a->more && (a->op.result = pg_replace_check(pg, a, &old)) != OK &&
	    a->op.result != ERR_NOT_FOUND)
		return;
	a->op.result = OK;
	add_recipients(pg, a, pg->store->cf.rules.queued);
	p->n_recipients += a->n_recipients;
	if (!a->more)
		p->incoming = false;
	rows_changed(pg, &p->changed);
	if (!a->more)
		show(pg, a, (uint32_t)p->n_recipients, pg->store->cf.rules.queued, old);
}

void
pg_op_abandon(struct pg *pg, struct store_abandon *a)
{
	const struct pg_push *p = rows_push(pg, a->push);

	if (p == NULL || !p->incoming) {
		a->op.result = ERR_NOT_FOUND;
		return;
	}
	if (p->n_recipients > 0)
		pg_due_add(pg, DUE_ABANDONED, clock_utc(), rid_of(a->push, 0),
		    rid_of(a->push, (uint32_t)p->n_recipients - 1));
	pg_flush(pg);			/* it may have come with this group */
	pg_int(pg, W_PUSH_DELETE, a->push);
	pg_int(pg, W_PROGRESS_DELETE, a->push);
	rows_push_gone(pg, a->push);
	pg->now.pushes--;
}
