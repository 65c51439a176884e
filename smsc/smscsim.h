/*
 * smscsim.h - the SMSC simulator: what its parts share.
 *
 * An SMPP 3.4 server that takes every message, shows them decoded as JSON over HTTP, sends delivery
 * receipts, and misbehaves when it is told to. Two threads: the loop thread runs the SMPP sessions,
 * timers and receipts; the HTTP server has one of its own. Everything below is guarded by sim->lock,
 * which the loop thread holds from sim_enter to sim_leave, once for all PDUs that one read brought.
 *
 *	smscsim_main      options, start and stop
 *	smscsim           this struct, lock, counters, random numbers
 *	smscsim_listen    connections: the port, and outbind
 *	smscsim_session   octets in and out, framing, late answers, the end
 *	smscsim_smpp      what each PDU is answered with
 *	smscsim_part      one accepted submission: checks, and its user data as a handset gets it
 *	smscsim_store     submissions by message id, reassembly, complete messages, repeats
 *	smscsim_fault     misbehaviour on request
 *	smscsim_account   who binds, and what waits for them
 *	smscsim_terms     what an account may
 *	smscsim_file      files of accounts and scenarios
 *	smscsim_scenario  steps that are gone through
 *	smscsim_step      what a step waits for and does
 *	smscsim_receipt   outcomes, and when deliver_sm leave
 *	smscsim_deliver   what a deliver_sm says
 *	smscsim_settings  how receipts are treated
 *	smscsim_http      the JSON interface: requests, messages
 *	smscsim_control   and everything else it has
 *	smscsim_json      a message as it is shown there
 */
#ifndef SMSC_SMSCSIM_H
#define SMSC_SMSCSIM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"

enum {
	SIM_MESSAGES_DEFAULT = 100000,	/* complete messages kept */
	SIM_SESSIONS_MAX = 1000,	/* connections at a time */
	SIM_ACCOUNTS_MAX = 1000,	/* different system_ids */
	SIM_RECEIPTS_MAX = 1000000,	/* receipts waiting, held or late */
	SIM_DELAYED_MAX = 1000000,	/* answers that a delay fault keeps back */
	SIM_DELIVER_WINDOW = 100,	/* deliver_sm without an answer, a session */
	SIM_FAULTS_MAX = 1000
};

struct sim_config {
	const char *host, *http_host;
	uint16_t port, http_port;	/* 0: any */
	uint64_t seed;
	unsigned max_messages;
	const char *accounts;		/* file; NULL: everybody may bind */
	const char *scenario;		/* file; NULL: none */
	const char *tls_cert, *tls_key, *tls_client_ca;	/* files; cert NULL: no TLS; ca NULL: no certificate asked for */
};

struct sim_counters {
	uint64_t binds, submit_sm, accepted, refused, errors, ignored_responses, faults_applied;
	uint64_t cancelled, throttled;
	uint64_t receipts_sent, receipts_acknowledged, receipts_refused, receipts_dropped;
	uint64_t mo_sent, mo_acknowledged, mo_refused;
};

enum { SIM_RATE_SLOTS = 10, SIM_RATE_SLOT_MS = 100 };

/* Submissions of the last second, in tenths. */
struct sim_rate {
	int64_t slot_at;		/* number of the running slot since the clock's zero */
	uint32_t slots[SIM_RATE_SLOTS + 1];
	uint32_t highest;
};

struct sim {
	struct sim_config cf;
	struct loop *loop;
	pthread_mutex_t lock;
	struct sim_counters count;
	struct sim_rate rate;
	unsigned polls;			/* requests that wait for messages */
	uint64_t outcomes;		/* of submissions: a handset may have more to get when it has grown */
	int64_t started_ms;		/* clock_mono_ms */
	uint64_t random;		/* state of sim_random */
	struct sim_store *store;
	struct sim_faults *faults;
	struct sim_accounts *accounts;
	struct sim_receipts *receipts;
	struct sim_sessions *sessions;
	struct sim_listener *listener;
	struct sim_scenario *scenario;
	struct sim_http *http;
	struct loop_work kick;
	bool kicked;			/* kick is posted */
};

/* Creates all parts; nothing listens yet. Aborts without memory. */
struct sim *sim_create(const struct sim_config *cf);
void sim_destroy(struct sim **sim);

/* The loop thread, around everything it does; leave sends what was written and wakes who waits. */
void sim_enter(struct sim *sim);
void sim_leave(struct sim *sim);

/* With the lock held, any thread: the loop thread looks at receipts, sleeping sessions and waiters. */
void sim_kick(struct sim *sim);

uint64_t sim_random(struct sim *sim);			/* repeats with the seed */
/* A number for the n-th thing of a kind: it does not depend on when it is asked for. */
uint64_t sim_hash(uint64_t seed, uint64_t kind, uint64_t n);
void sim_rate_add(struct sim_rate *rate, int64_t now_ms, unsigned n);
unsigned sim_rate_get(struct sim_rate *rate, int64_t now_ms);	/* of the last full second */

/* An allocation that aborts, zeroed. */
void *sim_alloc(size_t n);

#endif
