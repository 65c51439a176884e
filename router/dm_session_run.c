/*
 * dm_session_run.c - `pushrouter --handsets FILE --dm-session MSISDN[,SERVER]`: one session
 * that a handset begins, and what came of it. Exit status: 0 it was done, 1 it failed, 2 wrong
 * use.
 */
#include "router/actions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/handsets.h"

struct single {
	struct options *o;
	struct service s;
	struct handsets *all;
	struct actions *actions;
	int status;
};

static int
load_dm(void *arg, const char *number, json_t **dm, json_t **info, char cert[256], struct why *why)
{
	struct single *one = arg;

	return handsets_dm(one->all, number, dm, info, cert, why);
}

static void
save_dm(void *arg, const char *number, json_t *dm)
{
	struct single *one = arg;

	handsets_put_dm(one->all, number, dm);
}

static void
apply_dm(void *arg, const char *number, const struct policy_setting *settings, size_t n)
{
	struct single *one = arg;

	handsets_apply(one->all, number, settings, n);
}

static bool
sync_dm(void *arg)
{
	struct single *one = arg;
	struct why why = { 0 };
	bool good = handsets_save(one->all, NULL, 0, &why) == OK;

	if (!good) {
		fprintf(stderr, "pushrouter: %s\n", why.text);
		loop_stop(one->s.loop);
	}
	return good;
}

static int
get_device(void *arg, const char *number, struct router_device *dev, struct why *why)
{
	struct single *one = arg;

	return handsets_get(one->all, number, dev, why);
}

static void
on_event(void *arg, json_t *event)
{
	struct single *one = arg;
	const char *outcome = json_text(json_object_get(event, "dm"), "outcome");
	struct sbuf line = { 0 };
	struct why why = { 0 };

	if (handsets_save(one->all, NULL, 0, &why) != OK) {
		fprintf(stderr, "pushrouter: %s\n", why.text);
	} else {
		actions_event_print(one->o, event, &line);
		service_print(&line);
		one->status = outcome != NULL && strcmp(outcome, "done") == 0 ? 0 : 1;
	}
	sbuf_done(&line);
	json_decref(event);
	loop_stop(one->s.loop);
}

/* "MSISDN[,SERVER]" */
static int
start(struct single *one, struct why *why)
{
	const char *text = one->o->dm_session, *comma = strchr(text, ',');
	char *number = span_dup(span_of(text, comma ? (size_t)(comma - text) : strlen(text)));
	int err = actions_session(one->actions, number[0] == '+' ? number + 1 : number,
	    comma ? comma + 1 : NULL, why);

	free(number);
	return err;
}

static int
run(struct single *one, struct why *why)
{
	const struct dm_store store = { load_dm, save_dm, apply_dm, sync_dm, get_device, on_event, one };
	int err = actions_create(&one->s, &store, &one->actions, why);

	if (err == OK)
		err = start(one, why);
	if (err == OK)
		loop_run(one->s.loop);
	actions_destroy(&one->actions);
	return err;
}

int
dm_session_run(struct options *o)
{
	struct single one = { .o = o, .status = 1 };
	struct profile_cache *profiles = profile_cache_create(o);
	const struct policy_files files = { profile_cache_read, profiles };
	struct why why = { 0 };
	int err = service_init(&one.s, o, true, true, &why);

	if (err == OK) {
		err = handsets_open(o->handsets, &files, 0, true, &one.all, &why);
		if (err == OK)
			err = run(&one, &why);
		service_done(&one.s, 0);
	}
	if (err != OK) {
		fprintf(stderr, "pushrouter: %s\n", why.text);
		one.status = err == ERR_NOT_FOUND ? 1 : 2;
	}
	handsets_destroy(&one.all);
	profile_cache_destroy(&profiles);
	return one.status;
}
