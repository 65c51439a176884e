/* smscsim_control.c - see smscsim_control.h. */
#include "smsc/smscsim_control.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "smsc/smscsim_account.h"
#include "smsc/smscsim_deliver.h"
#include "smsc/smscsim_fault.h"
#include "smsc/smscsim_listen.h"
#include "smsc/smscsim_receipt.h"
#include "smsc/smscsim_scenario.h"
#include "smsc/smscsim_session.h"
#include "smsc/smscsim_store.h"

/* ---- stats --------------------------------------------------------------------------- */

static void
set(json_t *o, const char *key, uint64_t value)
{
	json_object_set_new(o, key, json_integer((json_int_t)value));
}

static int
get_stats(struct sim *sim, json_t *spec, json_t **answer, struct why *why)
{
	const struct sim_counters *count = &sim->count;
	struct sim_store_stats store = sim_store_stats(sim->store);
	int64_t now_ms = clock_mono_ms();
	json_t *o = *answer = json_object();

	set(o, "binds", count->binds);
	set(o, "sessions", sim_sessions_count(sim->sessions, false));
	set(o, "bound", sim_sessions_count(sim->sessions, true));
	set(o, "submit_sm", count->submit_sm);
	set(o, "submit_per_s", sim_rate_get(&sim->rate, now_ms));
	set(o, "submit_per_s_max", sim->rate.highest);
	set(o, "accepted", count->accepted);
	set(o, "refused", count->refused);
	set(o, "throttled", count->throttled);
	set(o, "cancelled", count->cancelled);
	set(o, "messages", store.messages);
	set(o, "duplicates", store.duplicates);
	set(o, "incomplete", store.waiting_messages);
	set(o, "forgotten_parts", store.forgotten_parts);
	set(o, "receipts_sent", count->receipts_sent);
	set(o, "receipts_acknowledged", count->receipts_acknowledged);
	set(o, "receipts_refused", count->receipts_refused);
	set(o, "receipts_dropped", count->receipts_dropped);
	set(o, "mo_sent", count->mo_sent);
	set(o, "mo_acknowledged", count->mo_acknowledged);
	set(o, "mo_refused", count->mo_refused);
	set(o, "receipts_waiting", sim_receipts_waiting(sim->receipts));
	set(o, "errors", count->errors);
	set(o, "ignored_responses", count->ignored_responses);
	set(o, "faults_applied", count->faults_applied);
	set(o, "polls", sim->polls);
	set(o, "uptime_ms", (uint64_t)(now_ms - sim->started_ms));
	return OK;
}

/* ---- faults -------------------------------------------------------------------------- */

static int
get_faults(struct sim *sim, json_t *spec, json_t **answer, struct why *why)
{
	*answer = sim_faults_list(sim->faults);
	return OK;
}

static int
post_fault(struct sim *sim, json_t *spec, json_t **answer, struct why *why)
{
	unsigned id;
	int err = sim_faults_add(sim->faults, spec, &id, why);

	if (err == OK)
		*answer = json_pack("{s:I}", "id", (json_int_t)id);
	return err;
}

static int
delete_faults(struct sim *sim, json_t *spec, json_t **answer, struct why *why)
{
	unsigned n = sim_faults_clear(sim->faults, NULL);

	sim_sessions_wake(sim->sessions);
	sim_kick(sim);
	*answer = json_pack("{s:I}", "deleted", (json_int_t)n);
	return OK;
}

/* ---- deliver_sm ---------------------------------------------------------------------- */

static int
get_receipts(struct sim *sim, json_t *spec, json_t **answer, struct why *why)
{
	*answer = sim_receipts_get(sim->receipts);
	return OK;
}

static int
post_receipts(struct sim *sim, json_t *spec, json_t **answer, struct why *why)
{
	int err = sim_receipts_set(sim->receipts, spec, why);

	if (err == OK) {
		*answer = sim_receipts_get(sim->receipts);
		sim_kick(sim);
	}
	return err;
}

static int
post_deliver(struct sim *sim, json_t *spec, json_t **answer, struct why *why)
{
	struct sim_mo mo;
	int err = sim_mo_read(spec, &mo, why);

	if (err == OK)
		err = sim_receipts_deliver(sim->receipts, &mo, why);
	if (err == OK) {
		*answer = json_pack("{s:I}", "waiting", (json_int_t)sim_receipts_waiting(sim->receipts));
		sim_kick(sim);
	}
	return err;
}

static int
get_accounts(struct sim *sim, json_t *spec, json_t **answer, struct why *why)
{
	*answer = sim_accounts_list(sim->accounts);
	return OK;
}

/* Connecting is the loop thread's: it is told to, and the request is answered meanwhile. */
struct outbind_work {
	struct loop_work work;
	struct sim *sim;
	struct sim_outbind outbind;
};

static void
outbind_now(struct loop_work *work)
{
	struct outbind_work *w = (struct outbind_work *)work;
	struct why why = { 0 };
	unsigned session;

	sim_enter(w->sim);
	if (sim_outbind(w->sim, &w->outbind, &session, &why) != OK)
		log_error("smscsim", "%s", why.text);
	sim_leave(w->sim);
	free(w);
}

static int
post_outbind(struct sim *sim, json_t *spec, json_t **answer, struct why *why)
{
	struct outbind_work *w = sim_alloc(sizeof *w);
	int err = sim_outbind_read(spec, &w->outbind, why);

	if (err) {
		free(w);
		return err;
	}
	w->sim = sim;
	w->work.run = outbind_now;
	loop_post(sim->loop, &w->work);
	*answer = json_object();
	return OK;
}

static int
get_scenario(struct sim *sim, json_t *spec, json_t **answer, struct why *why)
{
	*answer = sim_scenario_json(sim->scenario);
	return OK;
}

/* ---- the table ----------------------------------------------------------------------- */

static const struct sim_control controls[] = {
	{ "GET",    "/messages", false, NULL },
	{ "GET",    "/stats",    false, get_stats },
	{ "GET",    "/faults",   false, get_faults },
	{ "POST",   "/faults",   true,  post_fault },
	{ "DELETE", "/faults",   false, delete_faults },
	{ "GET",    "/receipts", false, get_receipts },
	{ "POST",   "/receipts", true,  post_receipts },
	{ "POST",   "/deliver",  true,  post_deliver },
	{ "POST",   "/outbind",  true,  post_outbind },
	{ "GET",    "/accounts", false, get_accounts },
	{ "GET",    "/scenario", false, get_scenario },
};

const char sim_control_paths[] = "there are /messages, /stats, /faults, /receipts, /deliver, /outbind, /accounts and "
    "/scenario";

const struct sim_control *
sim_control_find(const char *method, const char *path, char allowed[SIM_METHODS_SIZE])
{
	size_t i;

	allowed[0] = '\0';
	for (i = 0; i < sizeof controls / sizeof controls[0]; i++) {
		if (strcmp(controls[i].path, path) != 0)
			continue;
		if (strcmp(controls[i].method, method) == 0)
			return &controls[i];
		if (allowed[0] != '\0')
			strcat(allowed, ", ");
		strcat(allowed, controls[i].method);
	}
	return NULL;
}
