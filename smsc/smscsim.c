/* smscsim.c - see smscsim.h. */
#include "smsc/smscsim.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "smsc/smscsim_account.h"
#include "smsc/smscsim_fault.h"
#include "smsc/smscsim_http.h"
#include "smsc/smscsim_listen.h"
#include "smsc/smscsim_receipt.h"
#include "smsc/smscsim_scenario.h"
#include "smsc/smscsim_session.h"
#include "smsc/smscsim_store.h"

void *
sim_alloc(size_t n)
{
	void *p = calloc(1, n > 0 ? n : 1);

	if (p == NULL) {
		perror("smscsim");
		abort();
	}
	return p;
}

static uint64_t
scramble(uint64_t v)
{
	v += 0x9E3779B97F4A7C15u;
	v = (v ^ v >> 30) * 0xBF58476D1CE4E5B9u;
	v = (v ^ v >> 27) * 0x94D049BB133111EBu;
	return v ^ v >> 31;
}

uint64_t
sim_random(struct sim *sim)
{
	sim->random += 0x9E3779B97F4A7C15u;
	return scramble(sim->random);
}

uint64_t
sim_hash(uint64_t seed, uint64_t kind, uint64_t n)
{
	return scramble(scramble(scramble(seed) ^ kind) ^ n);
}

struct sim *
sim_create(const struct sim_config *cf)
{
	struct sim *sim = sim_alloc(sizeof *sim);

	sim->cf = *cf;
	sim->random = scramble(cf->seed);
	sim->loop = loop_create();
	sim->started_ms = clock_mono_ms();
	pthread_mutex_init(&sim->lock, NULL);
	sim->store = sim_store_create(cf->max_messages, scramble(~cf->seed));
	sim->faults = sim_faults_create(cf->seed);
	sim->accounts = sim_accounts_create();
	sim->receipts = sim_receipts_create(sim);
	sim->sessions = sim_sessions_create(sim);
	sim->listener = sim_listener_create(sim);
	sim->scenario = sim_scenario_create(sim);
	sim->http = sim_http_create(sim);
	return sim;
}

void
sim_destroy(struct sim **p)
{
	struct sim *sim = *p;

	if (sim == NULL)
		return;
	sim_http_destroy(&sim->http);		/* joins its thread */
	sim_scenario_destroy(&sim->scenario);
	sim_listener_destroy(&sim->listener);
	sim_sessions_destroy(&sim->sessions);
	sim_receipts_destroy(&sim->receipts);
	sim_accounts_destroy(&sim->accounts);
	sim_faults_destroy(&sim->faults);
	sim_store_destroy(&sim->store);
	loop_destroy(&sim->loop);
	pthread_mutex_destroy(&sim->lock);
	free(sim);
	*p = NULL;
}

void
sim_enter(struct sim *sim)
{
	pthread_mutex_lock(&sim->lock);
}

void
sim_leave(struct sim *sim)
{
	sim_sessions_settle(sim->sessions);
	pthread_mutex_unlock(&sim->lock);
	sim_http_wake(sim->http);
}

static void
kicked(struct loop_work *work)
{
	struct sim *sim = (struct sim *)((char *)work - offsetof(struct sim, kick));

	sim_enter(sim);
	sim->kicked = false;
	sim_sessions_revive(sim->sessions);
	sim_receipts_pump(sim->receipts);
	sim_leave(sim);
}

void
sim_kick(struct sim *sim)
{
	if (sim->kicked)
		return;
	sim->kicked = true;
	sim->kick.run = kicked;
	loop_post(sim->loop, &sim->kick);
}

/* ---- rate -------------------------------------------------------------------------- */

static uint32_t
rate_sum(const struct sim_rate *rate)
{
	unsigned i, running = (unsigned)(rate->slot_at % (SIM_RATE_SLOTS + 1)), n = 0;

	for (i = 0; i < SIM_RATE_SLOTS + 1; i++)
		if (i != running)
			n += rate->slots[i];
	return n;
}

/* Clears the slots of the time that has passed since the last call. */
static void
rate_turn(struct sim_rate *rate, int64_t now_ms)
{
	int64_t slot = now_ms / SIM_RATE_SLOT_MS;
	uint32_t second;

	if (rate->slot_at == slot)
		return;
	rate->slots[++rate->slot_at % (SIM_RATE_SLOTS + 1)] = 0;
	second = rate_sum(rate);		/* later ones hold less, nothing was added */
	if (second > rate->highest)
		rate->highest = second;
	if (slot - rate->slot_at > SIM_RATE_SLOTS)
		rate->slot_at = slot - SIM_RATE_SLOTS - 1;
	while (rate->slot_at < slot)
		rate->slots[++rate->slot_at % (SIM_RATE_SLOTS + 1)] = 0;
}

void
sim_rate_add(struct sim_rate *rate, int64_t now_ms, unsigned n)
{
	rate_turn(rate, now_ms);
	rate->slots[rate->slot_at % (SIM_RATE_SLOTS + 1)] += n;
}

unsigned
sim_rate_get(struct sim_rate *rate, int64_t now_ms)
{
	rate_turn(rate, now_ms);
	return rate_sum(rate);
}
