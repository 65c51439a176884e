/* smscsim_scenario.c - see smscsim_scenario.h. */
#include "smsc/smscsim_scenario.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "smsc/smscsim_file.h"
#include "smsc/smscsim_step.h"

struct listed {
	struct sim_step step;
	unsigned done;			/* times */
	int64_t done_ms;		/* since the start, the last time */
};

struct sim_scenario {
	struct sim *sim;
	const char *path;		/* NULL: none */
	struct listed *steps;
	unsigned n, at;			/* at == n: finished */
	bool started, busy;
	int64_t start_ms, since_ms;	/* clock_mono_ms: of all, and of the step that waits */
	uint64_t messages, binds;	/* that fitted since then */
	struct loop_timer timer;
};

struct sim_scenario *
sim_scenario_create(struct sim *sim)
{
	struct sim_scenario *sc = sim_alloc(sizeof *sc);

	sc->sim = sim;
	return sc;
}

void
sim_scenario_destroy(struct sim_scenario **p)
{
	struct sim_scenario *sc = *p;
	unsigned i;

	if (sc == NULL)
		return;
	loop_timer_stop(sc->sim->loop, &sc->timer);
	for (i = 0; i < sc->n; i++)
		sim_step_done(&sc->steps[i].step);
	free(sc->steps);
	free(sc);
	*p = NULL;
}

static int
read_one(void *arg, json_t *item, struct why *why)
{
	struct sim_scenario *sc = arg;
	int err;

	if (sc->n == SIM_STEPS_MAX)
		return why_set(why, ERR_LIMIT, "more than %d steps", SIM_STEPS_MAX);
	err = sim_step_read(item, &sc->steps[sc->n].step, why);
	if (err)
		why_prefix(why, "step %u", sc->n + 1);
	else
		sc->n++;
	return err;
}

int
sim_scenario_load(struct sim_scenario *sc, const char *path, struct why *why)
{
	sc->path = path;
	sc->steps = sim_alloc(SIM_STEPS_MAX * sizeof *sc->steps);
	return sim_file_each(path, read_one, sc, why);
}

/* ---- going on ------------------------------------------------------------------------ */

/* When the step that waits may be done, by time alone. */
static int64_t
due_ms(const struct sim_scenario *sc)
{
	const struct sim_step *step = &sc->steps[sc->at].step;
	int64_t at = sc->start_ms + step->at_ms, after = sc->since_ms + step->after_ms;

	return at > after ? at : after;
}

static void
do_step(struct sim_scenario *sc, int64_t now_ms)
{
	struct listed *l = &sc->steps[sc->at];
	const char *note = l->step.note;

	l->done++;
	l->done_ms = now_ms - sc->start_ms;
	log_info("smscsim", "scenario: step %u of %u%s%s", sc->at + 1, sc->n, *note != '\0' ? ": " : "", note);
	sim_step_run(sc->sim, &l->step);
	sc->since_ms = now_ms;
	sc->messages = sc->binds = 0;
	if (l->done == l->step.times && ++sc->at == sc->n)
		log_info("smscsim", "scenario: finished");
}

static void time_passed(void *arg);

static void
advance(struct sim_scenario *sc)
{
	int64_t now_ms = clock_mono_ms(), due = 0;

	if (sc->busy)
		return;			/* what a step does counts for the next one, but does not begin it */
	sc->busy = true;
	while (sc->at < sc->n) {
		const struct sim_step *step = &sc->steps[sc->at].step;

		due = due_ms(sc);
		if (sc->messages < step->messages || sc->binds < step->binds || now_ms < due)
			break;
		do_step(sc, now_ms);
	}
	sc->busy = false;
	if (sc->at < sc->n && now_ms < due)
		loop_timer_start(sc->sim->loop, &sc->timer, due - now_ms, time_passed, sc);
}

static void
time_passed(void *arg)
{
	struct sim_scenario *sc = arg;
	struct sim *sim = sc->sim;

	sim_enter(sim);
	advance(sc);
	sim_leave(sim);
}

void
sim_scenario_start(struct sim_scenario *sc)
{
	if (sc->path == NULL)
		return;
	sc->started = true;
	sc->start_ms = sc->since_ms = clock_mono_ms();
	log_info("smscsim", "scenario: %s, %u steps", sc->path, sc->n);
	advance(sc);
}

static bool
is_over(const struct sim_scenario *sc)
{
	return !sc->started || sc->at == sc->n;
}

static bool
fits(const char *wanted, const char *got)
{
	return wanted[0] == '\0' || strcmp(wanted, got) == 0;
}

void
sim_scenario_message(struct sim_scenario *sc, const char *system_id, const char *dest)
{
	const struct sim_step *step;
	char digits[SIM_ADDRESS_SIZE];

	if (is_over(sc))
		return;
	step = &sc->steps[sc->at].step;
	sim_digits(dest, digits);
	if (step->messages == 0 || !fits(step->system_id, system_id) || !fits(step->dest, digits))
		return;
	sc->messages++;
	advance(sc);
}

void
sim_scenario_bind(struct sim_scenario *sc, const char *system_id)
{
	const struct sim_step *step;

	if (is_over(sc))
		return;
	step = &sc->steps[sc->at].step;
	if (step->binds == 0 || !fits(step->system_id, system_id))
		return;
	sc->binds++;
	advance(sc);
}

/* ---- shown --------------------------------------------------------------------------- */

static uint64_t
left(uint64_t wanted, uint64_t got)
{
	return wanted > got ? wanted - got : 0;
}

static json_t *
waits_json(const struct sim_scenario *sc)
{
	const struct sim_step *step = &sc->steps[sc->at].step;
	int64_t ms = due_ms(sc) - clock_mono_ms();

	return json_pack("{s:I,s:I,s:I,s:I}", "step", (json_int_t)sc->at + 1,
	    "messages", (json_int_t)left(step->messages, sc->messages),
	    "binds", (json_int_t)left(step->binds, sc->binds), "ms", (json_int_t)(ms > 0 ? ms : 0));
}

json_t *
sim_scenario_json(const struct sim_scenario *sc)
{
	json_t *o = json_object(), *steps = json_array();
	const char *state = sc->path == NULL ? "none" : is_over(sc) ? "finished" : "running";
	unsigned i;

	json_object_set_new(o, "state", json_string(state));
	json_object_set_new(o, "file", sc->path != NULL ? json_span(span_str(sc->path)) : json_null());
	json_object_set_new(o, "waits_for", !is_over(sc) ? waits_json(sc) : json_null());
	for (i = 0; i < sc->n; i++)
		json_array_append_new(steps, json_pack("{s:I,s:s,s:I,s:I,s:I}", "step", (json_int_t)i + 1,
		    "note", sc->steps[i].step.note, "times", (json_int_t)sc->steps[i].step.times,
		    "done", (json_int_t)sc->steps[i].done, "done_ms", (json_int_t)sc->steps[i].done_ms));
	json_object_set_new(o, "steps", steps);
	return o;
}
