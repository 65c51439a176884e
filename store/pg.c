/*
 * pg.c - the PostgreSQL engine at work: group commit, and what happens when the server is lost.
 *
 * Every group writes its number with its rows. When the connection breaks while COMMIT is under way,
 * the number that the next connection finds tells whether the group was written. Until then nobody
 * is answered; the lock of pg_conn_lock makes sure that the old session has ended before it is read.
 */
#include "store/pg_int.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"

enum { TRIES = 5 };			/* of one group: what fails so often is refused */
enum { DELAY_FIRST_MS = 50, DELAY_MAX_MS = 5000 };

/* ---- one transaction ------------------------------------------------------------------------- */

void
pg_entered(struct pg *pg, int state, uint32_t n)
{
	if (state >= 0 && state < STORE_STATES_MAX)
		pg->store->next.entered[state] += n;
}

void
pg_held_gone(struct pg *pg, int64_t lo, int64_t hi)
{
	size_t place;

	if (pg->now.held == 0)
		return;
	pg_int(pg, A_HELD, lo);
	pg_int(pg, A_HELD, hi);
	pg_int(pg, A_HELD, pg->store->cf.rules.held);
	place = pg_send(pg, A_HELD);
	pg_sync(pg);
	pg->now.held -= pg_rows(pg_result(pg, place)) > 0 ? pg_get_int(pg_result(pg, place), 0, 0) : 0;
}

void
pg_begin(struct pg *pg)
{
	pg->err = OK;
	pg->lost = pg->committing = false;
	pg->n_sent = 0;
	pg->batch = 0;
	pg->now.group = pg->saved.group + 1;
	pg->audit.open = false;
	pg_args_clear(pg);
	rows_clear(pg);
	pg_send_text(pg, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
}

static void
delete_batch(void *arg, int64_t id)
{
	pg_int(arg, W_BATCH_DELETE, id);
}

static void
write_state(struct pg *pg)
{
	pg_int(pg, W_STATE, pg->now.group);
	pg_int(pg, W_STATE, pg->now.next_push);
	pg_int(pg, W_STATE, pg->now.next_id);
	pg_int(pg, W_STATE, pg->now.pushes);
	pg_int(pg, W_STATE, pg->now.recipients);
	pg_int(pg, W_STATE, pg->now.live);
	pg_int(pg, W_STATE, pg->now.orphans);
	pg_int(pg, W_STATE, pg->now.held);
	pg_send(pg, W_STATE);
}

static void
read_oldest_due(struct pg *pg, size_t place)
{
	const PGresult *r = pg_result(pg, place);
	int row, n = pg_rows(r);

	pg->oldest_due = 0;
	for (row = 0; row < n; row++) {
		int64_t at = pg_get_int(r, row, 0);

		if (at != 0 && at <= clock_utc() && (pg->oldest_due == 0 || at < pg->oldest_due))
			pg->oldest_due = at;
	}
}

int
pg_commit(struct pg *pg)
{
	const PGresult *r;
	size_t place, due;
	int i;

	if (pg->batch != 0) {
		pg_int(pg, W_BATCH, pg->batch);
		pg_int(pg, W_BATCH, pg->batch_lo);
		pg_int(pg, W_BATCH, pg->batch_hi);
	}
	pg_audit_end(pg);
	pg_used_write(pg);
	pg_flush(pg);		/* batches of this group may end with it: they come before they go */
	batches_emptied(&pg->batches, delete_batch, pg);
	pg_flush(pg);
	for (i = 0; i < STORE_PRIORITIES; i++)
		pg_int(pg, A_DUE_NEXT, DUE_DISPATCH + i);
	due = pg_send(pg, A_DUE_NEXT);
	write_state(pg);
	pg->committing = pg->err == OK;
	place = pg_send_text(pg, "COMMIT");
	pg_sync(pg);
	r = pg_result(pg, place);
	/* What COMMIT says of a transaction that had failed. */
	if (r != NULL && strcmp(PQcmdStatus((PGresult *)(uintptr_t)r), "COMMIT") != 0)
		pg->err = why_set(&pg->why, ERR_BUSY, "%s: the transaction was rolled back", pg->name);
	if (pg->err == OK)
		read_oldest_due(pg, due);
	return pg->err;
}

static void
roll_back(struct pg *pg)
{
	struct why why = pg->why;
	int err = pg->err;

	pg->err = OK;
	pg->n_sent = 0;
	pg_args_clear(pg);
	pg_send_text(pg, "ROLLBACK");
	pg_sync(pg);
	if (!pg->lost) {
		pg->err = err;
		pg->why = why;
	}
}

/* ---- a group is over, one way or the other --------------------------------------------------- */

static void
show_counts(struct pg *pg)
{
	pg->store->next.pushes = (uint64_t)pg->now.pushes;
	pg->store->next.recipients = (uint64_t)pg->now.recipients;
	pg->store->next.live = (uint64_t)pg->now.live;
	pg->store->next.held = (uint64_t)pg->now.held;
	pg->store->next.oldest_due = pg->oldest_due;
}

void
pg_settle(struct pg *pg, bool committed)
{
	batches_settle(&pg->batches, committed);
	pg_used_settle(pg, committed);
	if (committed) {
		pg->saved = pg->now;
		pg->memory_saved = pg->memory;
	} else {
		pg->now = pg->saved;
		pg->memory = pg->memory_saved;
		pg->memory_next = 0;
	}
	if (committed)
		show_counts(pg);
	pg_args_clear(pg);
	rows_clear(pg);
}

/* ---- the server is away ---------------------------------------------------------------------- */

static void
wait_ms(int64_t ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) != 0)
		;
}

static int
connect_once(struct pg *pg, struct why *why)
{
	int err;

	if ((pg->conn = pg_conn_open(pg, false, &err, why)) == NULL)
		return err;
	if ((err = pg_conn_lock(pg, why)) != OK || (err = pg_look_again(pg, why)) != OK ||
	    (err = pg_conn_prepare(pg, why)) != OK)
		pg_conn_close(pg);
	return err;
}

/*
 * Try until the server is back or patience ends; once patience has ended, one try when its time has
 * come. OK, ERR_BUSY (still away), or ERR_IO: it is back and not what it was.
 */
static int
come_back(struct pg *pg)
{
	struct why why = { 0 };
	int err;

	if (pg->conn != NULL) {
		log_warning("store", "%s; connecting again", pg->why.text);
		pg_conn_close(pg);
		pg->lost_at = store_mono_ms();
		pg->delay_ms = DELAY_FIRST_MS;
		pg->next_try_at = 0;
	}
	for (;;) {
		int64_t now = store_mono_ms();

		if (pg->away && now < pg->next_try_at)
			return ERR_BUSY;
		if (now < pg->next_try_at)
			wait_ms(pg->next_try_at - now);
		if ((err = connect_once(pg, &why)) == OK) {
			log_info("store", "%s: connected again", pg->name);
			pg->away = false;
			return OK;
		}
		if (err == ERR_IO) {
			pg->err = err;
			pg->why = why;
			return ERR_IO;
		}
		pg->next_try_at = store_mono_ms() + pg->delay_ms;
		pg->delay_ms = pg->delay_ms * 2 < DELAY_MAX_MS ? pg->delay_ms * 2 : DELAY_MAX_MS;
		if (!pg->away && store_mono_ms() - pg->lost_at < pg->patience_ms)
			log_info("store", "%s", why.text);
		else if (!pg->away)
			log_warning("store", "%s; not waiting any longer", why.text);
		if (pg->away || store_mono_ms() - pg->lost_at >= pg->patience_ms) {
			pg->away = true;
			pg->err = ERR_BUSY;
			pg->why = why;
			return ERR_BUSY;
		}
	}
}

/*
 * The connection is new: was the last group written? Nobody was told of it when it was refused
 * meanwhile, so what it took for dispatch goes back.
 */
static void
resolve_limbo(struct pg *pg)
{
	bool written = pg->on_server.group == pg->now.group;

	pg->limbo = false;
	if (written) {
		log_warning("store", "%s: a group whose operations were refused had been written", pg->name);
		pg->recover_from = pg->saved.next_id;
	}
	pg_settle(pg, written);
}

static int
refuse(struct pg *pg, struct why *why)
{
	why_set(why, ERR_FULL, "%s", pg->why.text);
	return ERR_FULL;
}

/* A connection, and certainty about the group before; OK, ERR_FULL or ERR_IO. */
static int
be_ready(struct pg *pg, struct why *why)
{
	int err = OK;

	while (err == OK && (pg->conn == NULL || pg->limbo || pg->recover_from != 0)) {
		if (pg->conn == NULL && (err = come_back(pg)) != OK)
			break;
		if (pg->limbo)
			resolve_limbo(pg);
		if (pg->recover_from == 0)
			break;
		err = pg_recover_batches(pg, pg->recover_from, false);
		if (err == OK)
			pg->recover_from = 0;
		else if (pg->lost)
			err = come_back(pg);
	}
	if (err == OK)
		return OK;
	if (err == ERR_BUSY)
		return refuse(pg, why);
	*why = pg->why;
	return err;
}

/* ---- groups ---------------------------------------------------------------------------------- */

static void
run(struct pg *pg, struct store_op *op)
{
	switch (op->kind) {
	case STORE_ACCEPT: pg_op_accept(pg, (struct store_accept *)op); break;
	case STORE_MORE: pg_op_more(pg, (struct store_accept *)op); break;
	case STORE_ABANDON: pg_op_abandon(pg, (struct store_abandon *)op); break;
	case STORE_TAKE: pg_op_take(pg, (struct store_take *)op); break;
	case STORE_EVENT: pg_op_event(pg, (struct store_event *)op); break;
	case STORE_CANCEL: pg_op_cancel(pg, (struct store_cancel *)op); break;
	case STORE_RECEIPT: pg_op_receipt(pg, (struct store_receipt *)op); break;
	case STORE_NOTES: pg_op_notes(pg, (struct store_notes *)op); break;
	case STORE_NOTE: pg_op_note(pg, (struct store_note_result *)op); break;
	case STORE_TICK: pg_op_tick(pg, (struct store_tick *)op); break;
	case STORE_SUBSCRIBERS: pg_op_subscribers(pg, (struct store_subscribers *)op); break;
	case STORE_PROFILE: pg_op_profile(pg, (struct store_profile *)op); break;
	case STORE_MEMORY: pg_op_memory(pg, (struct store_memories *)op); break;
	case STORE_REMARK: pg_op_remark(pg, (struct store_remark *)op); break;
	}
	pg_audit_end(pg);
}

static int
try_group(struct pg *pg, struct store_op **ops, size_t n)
{
	size_t i;

	pg_begin(pg);
	for (i = 0; i < n && pg->err == OK; i++) {
		if (!pg->warm)
			rows_warm(pg, ops + i, n - i);
		run(pg, ops[i]);
	}
	return pg_commit(pg);
}

/* As before the first try. */
static void
reset_ops(struct store_op **ops, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		store_op_clear(ops[i]);
		ops[i]->result = OK;
	}
}

/* The connection broke: connect again, and find out. OK: written; ERR_BUSY: not written, worth another try. */
static int
find_out(struct pg *pg, struct why *why)
{
	bool unsure = pg->committing;
	int err = come_back(pg);

	if (err == ERR_BUSY) {
		pg->limbo = unsure;
		if (!unsure)
			pg_settle(pg, false);
		return refuse(pg, why);
	}
	if (err != OK) {
		*why = pg->why;
		return err;
	}
	if (unsure && pg->on_server.group == pg->now.group)
		return OK;
	pg_settle(pg, false);
	return ERR_BUSY;
}

static int
pg_group(struct store *store, struct store_op **ops, size_t n, struct why *why)
{
	struct pg *pg = store->db;
	struct store_stats before;
	int tries, err, back;

	if ((err = be_ready(pg, why)) != OK)
		return err;
	before = store->next;
	for (tries = 0; tries < TRIES; tries++) {
		err = try_group(pg, ops, n);
		if (err != OK && pg->lost) {
			if ((err = find_out(pg, why)) == ERR_FULL || err == ERR_IO)
				return err;
		} else if (err != OK) {
			roll_back(pg);
			pg_settle(pg, false);
			if (pg->lost && (back = come_back(pg)) != OK) {
				*why = pg->why;
				return back == ERR_BUSY ? refuse(pg, why) : back;
			}
		}
		if (err == OK) {
			pg_settle(pg, true);
			return OK;
		}
		*why = pg->why;
		if (err != ERR_BUSY)
			return err;
		log_warning("store", "%s: a group is run again", pg->name);
		reset_ops(ops, n);
		store->next = before;
		store->notes_added = false;
	}
	return ERR_FULL;
}

static int
pg_rest(struct store *store, bool busy, struct why *why)
{
	return OK;
}

static void
pg_close(struct store *store)
{
	pg_free(store->db);
}

const struct store_engine store_postgres = {
	.scheme = "postgresql",
	.open = pg_open,
	.close = pg_close,
	.group = pg_group,
	.rest = pg_rest,
	.usage = pg_usage,
	.reader_open = pg_reader_open,
	.reader_close = pg_reader_close,
	.read_push = pg_read_push,
	.read_recipients = pg_read_recipients,
	.read_message = pg_read_message,
	.read_pushes = pg_read_pushes,
	.read_audit = pg_read_audit,
	.read_any_subscriber = pg_read_any_subscriber,
	.read_subscriber = pg_read_subscriber,
	.read_profiles = pg_read_profiles,
	.read_profile = pg_read_profile,
	.read_remark = pg_read_remark,
	.read_memory = pg_read_memory,
};
