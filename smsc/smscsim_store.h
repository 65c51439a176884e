/*
 * smscsim_store.h - what was submitted: by message id, as parts that wait for the others of their
 * message, and as complete messages in a ring. Everything under sim->lock.
 */
#ifndef SMSC_SMSCSIM_STORE_H
#define SMSC_SMSCSIM_STORE_H

#include "smsc/smscsim_part.h"

/* One complete message. */
struct sim_message {
	unsigned refs;			/* under sim->lock */
	uint64_t seq;			/* from 1 */
	uint64_t older;			/* seq of the one before in its bucket of destinations */
	int64_t at_ms;			/* UTC, when its last part came */
	unsigned n_parts;		/* in order of their place in the message */
	unsigned n_ids;			/* n_parts, and repeats of parts behind them */
	struct sim_part *parts[];
};

struct sim_store;

/*
 * max_messages complete ones are kept and as many parts that wait or can be asked for by message id; the
 * first message id derives from seed.
 */
struct sim_store *sim_store_create(unsigned max_messages, uint64_t seed);
void sim_store_destroy(struct sim_store **store);

/* A number for the next part: 10 decimal digits. */
uint32_t sim_store_number(struct sim_store *store);
/* Keep an accepted part (a reference of its own). now_ms: clock_mono_ms. */
void sim_store_add(struct sim_store *store, struct sim_part *part, int64_t now_ms);

/* By message id in any spelling that submit_sm_resp may have; borrowed, NULL when unknown or forgotten. */
struct sim_part *sim_store_find(struct sim_store *store, const char *message_id);
/* Every part that is remembered by id, oldest first. */
void sim_store_each(struct sim_store *store, void (*each)(void *arg, struct sim_part *part), void *arg);

/*
 * Up to max messages with a greater seq, oldest first, into out; the caller gives each back with
 * sim_message_unref. dest NULL: all; otherwise the destination's digits. delivered: only what a handset has got,
 * and nothing behind the first one that may still come, so that `since` leaves none out.
 */
size_t sim_store_take(struct sim_store *store, uint64_t since, const char *dest, bool delivered,
    struct sim_message **out, size_t max);
bool sim_store_has(struct sim_store *store, uint64_t since, const char *dest, bool delivered);
void sim_message_unref(struct sim_message **message);
/* DELETED when a part was cancelled, ENROUTE while one has no outcome, else the outcome of the last. */
enum receipt_state sim_message_state(const struct sim_message *message);

struct sim_store_stats {
	uint64_t messages;		/* completed in all: the seq of the newest */
	uint64_t duplicates;		/* parts seen before, by octets or by reference and place */
	uint64_t forgotten_parts;	/* given up before their message was complete */
	size_t waiting_parts, waiting_messages;
};
struct sim_store_stats sim_store_stats(const struct sim_store *store);

#endif
