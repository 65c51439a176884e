/* stats.c - what a push router counted, see pushrouter.h. */
#include "router/router_int.h"

#include <stdio.h>

const struct router_stats *
router_stats(const struct router *r)
{
	return &r->stats;
}

static json_t *
outcomes_json(const struct router_stats *st)
{
	json_t *obj = json_object();
	int i;

	for (i = 0; i < ROUTER_OUTCOMES; i++) {
		if (st->outcomes[i] > 0)
			json_object_set_new(obj, policy_outcome_name((enum policy_outcome)i),
			    json_integer((json_int_t)st->outcomes[i]));
	}
	return obj;
}

static json_t *
reasons_json(const struct router_stats *st)
{
	json_t *obj = json_object();
	char code[8];
	int i;

	for (i = 1; i < ROUTER_REASONS; i++) {
		snprintf(code, sizeof code, "P%02d", i % 100);
		if (st->reasons[i] > 0)
			json_object_set_new(obj, code, json_integer((json_int_t)st->reasons[i]));
	}
	return obj;
}

json_t *
router_stats_json(const struct router *r)
{
	const struct router_stats *st = &r->stats;
	const struct { const char *name; uint64_t value; } rows[] = {
		{ "parts",      st->parts },
		{ "bad_parts",  st->bad_parts },
		{ "messages",   st->messages },
		{ "not_push",   st->not_push },
		{ "incomplete", router_waiting(r) },
		{ "timed_out",  st->timed_out },
		{ "displaced",  st->displaced },
		{ "handed",     st->handed },
		{ "lost",       st->lost },
	};
	json_t *obj = json_object();
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		json_object_set_new(obj, rows[i].name, json_integer((json_int_t)rows[i].value));
	json_object_set_new(obj, "outcomes", outcomes_json(st));
	json_object_set_new(obj, "reasons", reasons_json(st));
	return obj;
}
