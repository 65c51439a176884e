/*
 * smscsim_run.c - `pushrouter --smscsim URL`: any number of simulated handsets behind smscsim.
 * Messages come by long polls. What they change is saved before it is told, so that what was told holds
 * after any crash; a crash in between repeats messages, it loses none.
 */
#include "router/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/http_client.h"
#include "base/text.h"
#include "router/actions.h"
#include "router/handsets.h"

enum {
	WAIT_S = 20,			/* of one long poll */
	ANSWER_MAX = 64 << 20,
	PARTS_MAX = SMS_SEGMENTS_MAX + 1,
	NUMBER_MAX = 31,
	TRIES = 20, RETRY_MS = 250	/* while the simulator does not answer */
};

struct sim {
	const struct options *o;
	struct service s;
	struct http_client *client;
	struct loop_timer timer;	/* the next try, or until clients have room */
	struct handsets *all;
	struct profile_cache *profiles;
	struct policy_files files;
	int64_t since, count;
	int tries;
	uint64_t strangers;		/* messages for numbers without a handset */
	struct actions *actions;
	struct sbuf events;		/* that are to be shown, once the file has what they say */
	struct loop_timer show;
	bool draining;			/* `once` is reached, but something goes on */
	bool leaving;
	int status;			/* to leave with */
};

/* ---- one message --------------------------------------------------------------------------------- */

static const char *
digits(const char *msisdn)
{
	return *msisdn == '+' ? msisdn + 1 : msisdn;
}

static bool
is_wanted(const struct options *o, const char *dest)
{
	size_t i;

	for (i = 0; i < o->n_dests; i++) {
		if (strcmp(digits(o->dests[i]), digits(dest)) == 0)
			return true;
	}
	return o->n_dests == 0;
}

/* SMPP's type of number. */
static enum policy_ton
ton_of(json_t *entry)
{
	switch (json_integer_value(json_object_get(entry, "source_ton"))) {
	case 1:
		return TON_INTERNATIONAL;
	case 2:
		return TON_NATIONAL;
	case 5:
		return TON_ALPHANUMERIC;
	default:
		return TON_UNKNOWN;
	}
}

/* "segments" as octets: spans into *store, a heap block for the caller to free. */
static int
read_segments(json_t *entry, struct span parts[PARTS_MAX], size_t *n, uint8_t **store, struct why *why)
{
	json_t *list = json_object_get(entry, "segments"), *v;
	size_t i, at = 0, total = 1;

	*n = 0;
	*store = NULL;
	if (!json_is_array(list) || json_array_size(list) > PARTS_MAX)
		return why_set(why, ERR_SYNTAX, "segments: a list of at most %d is expected", PARTS_MAX);
	json_array_foreach(list, i, v)
		total += json_string_length(v) / 2 + 1;
	*store = malloc(total);
	if (*store == NULL)
		abort();
	json_array_foreach(list, i, v) {
		struct span text = span_of(json_string_value(v), json_string_length(v));
		size_t octets;

		if (text_hex(text, *store + at, &octets, why) != OK) {
			why_prefix(why, "segments[%zu]", i);
			return ERR_SYNTAX;
		}
		parts[(*n)++] = span_of(*store + at, octets);
		at += octets;
	}
	return OK;
}

/* A short message without a user data header has no ports and is for the user. */
static bool
has_header(json_t *entry)
{
	const char *ports_in = json_text(entry, "ports_in");
	json_t *esm_class = json_object_get(entry, "esm_class");

	if (ports_in != NULL)
		return strcmp(ports_in, "none") != 0;
	return esm_class == NULL || (json_integer_value(esm_class) & 0x40);
}

static int
deliver(struct router *router, const struct router_path *path, json_t *entry,
    struct router_result *res, uint8_t **store, struct why *why)
{
	struct span parts[PARTS_MAX];
	size_t n;
	int err = read_segments(entry, parts, &n, store, why);

	if (err != OK)
		return err;
	if (!has_header(entry)) {
		*res = (struct router_result){ .segments = (unsigned)n };
		why_set(&res->problem, ERR_UNSUPPORTED, "no ports: a short message for the user");
		return OK;
	}
	return router_parts(router, path, parts, n, res, why);
}

/* What becomes of a message, added to *out. False: it is for nobody here. */
static bool
take_message(struct sim *sim, json_t *entry, struct sbuf *out)
{
	struct router_path path = { .from = json_text(entry, "source"), .to = json_text(entry, "dest"),
		.from_ton = ton_of(entry) };
	struct router *r = sim->s.router;
	struct router_device dev;
	struct router_result res = { 0 };
	struct why why = { 0 };
	uint8_t *store = NULL;
	json_t *head, *actions = NULL;
	int err = handsets_get(sim->all, path.to, &dev, &why);

	if (err == ERR_NOT_FOUND) {
		sim->strangers++;
		return false;
	}
	if (path.from == NULL)
		path.from = "";
	if (err == OK)
		err = router_set_device(r, &dev, &why);
	if (err == OK)
		err = deliver(r, &path, entry, &res, &store, &why);
	handsets_put(sim->all, path.to, r, err == OK ? &res : NULL);
	if (err == OK)
		actions = actions_take(sim->actions, digits(path.to), &dev, &res);
	router_device_done(&dev);
	head = json_pack("{s:O}", "seq", json_object_get(entry, "seq"));
	service_answer(sim->o, head, &path, &res, err == OK ? NULL : &why, actions, out);
	json_decref(head);
	json_decref(actions);
	free(store);
	return true;
}

/* ---- the long poll --------------------------------------------------------------------------------- */

static void poll_now(void *arg);

static void
leave(struct sim *sim, int status)
{
	sim->status = status;
	loop_stop(sim->s.loop);
}

static void
give_up(struct sim *sim, struct why *why)
{
	why_prefix(why, "%.100s", sim->o->url);
	fprintf(stderr, "pushrouter: %s\n", why->text);
	leave(sim, 1);
}

/* ---- events of sessions and of what was fetched ------------------------------------------------------ */

static void
leave_when_done(struct sim *sim)
{
	sim->draining = true;
	if (!actions_busy(sim->actions) && sim->events.n == 0)
		leave(sim, 0);
}

/* What they say holds is saved before they are shown. */
static void
show_events(void *arg)
{
	struct sim *sim = arg;
	struct why why = { 0 };

	if (handsets_save(sim->all, sim->o->url, sim->since, &why) != OK) {
		give_up(sim, &why);
		return;
	}
	service_print(&sim->events);
	sbuf_clear(&sim->events);
	if (sim->draining)
		leave_when_done(sim);
}

static void
on_event(void *arg, json_t *event)
{
	struct sim *sim = arg;

	actions_event_print(sim->o, event, &sim->events);
	json_decref(event);
	loop_timer_start(sim->s.loop, &sim->show, 0, show_events, sim);
}

static int
load_dm(void *arg, const char *number, json_t **dm, json_t **info, char cert[256], struct why *why)
{
	struct sim *sim = arg;

	return handsets_dm(sim->all, number, dm, info, cert, why);
}

static void
save_dm(void *arg, const char *number, json_t *dm)
{
	struct sim *sim = arg;

	handsets_put_dm(sim->all, number, dm);
}

static void
apply_dm(void *arg, const char *number, const struct policy_setting *settings, size_t n)
{
	struct sim *sim = arg;

	handsets_apply(sim->all, number, settings, n);
}

static bool
sync_dm(void *arg)
{
	struct sim *sim = arg;
	struct why why = { 0 };
	bool good = handsets_save(sim->all, sim->o->url, sim->since, &why) == OK;

	if (!good)
		give_up(sim, &why);
	return good;
}

static int
get_device(void *arg, const char *number, struct router_device *dev, struct why *why)
{
	struct sim *sim = arg;

	return handsets_get(sim->all, number, dev, why);
}

static void
poll_url(const struct sim *sim, struct sbuf *url)
{
	const struct options *o = sim->o;
	size_t n = strlen(o->url);

	while (n > 0 && o->url[n - 1] == '/')
		n--;
	sbuf_put(url, o->url, n);
	sbuf_fmt(url, "/messages?since=%lld&wait=%d&delivered=true", (long long)sim->since, WAIT_S);
	if (o->n_dests == 1 && strspn(digits(o->dests[0]), "0123456789") == strlen(digits(o->dests[0])))
		sbuf_fmt(url, "&dest=%s", digits(o->dests[0]));
}

/* One answer's messages, until `once` is reached. Numbers only grow, or it would never end. */
static int
take_messages(struct sim *sim, json_t *list, struct sbuf *out, struct why *why)
{
	json_t *entry;
	size_t i;

	if (!json_is_array(list))
		return why_set(why, ERR_SYNTAX, "a list of messages is expected");
	json_array_foreach(list, i, entry) {
		const char *dest = json_text(entry, "dest");
		int64_t seq = json_integer_value(json_object_get(entry, "seq"));

		if (dest == NULL || strlen(digits(dest)) > NUMBER_MAX || seq <= sim->since)
			return why_set(why, ERR_SYNTAX, "a message without dest or a new seq");
		sim->since = seq;
		if (is_wanted(sim->o, dest) && take_message(sim, entry, out) && ++sim->count == sim->o->once)
			break;
	}
	return OK;
}

static int
take_answer(struct sim *sim, struct span body, struct why *why)
{
	struct sbuf out = { 0 };
	json_t *list = json_read(body, why);
	int err = list ? take_messages(sim, list, &out, why) : ERR_SYNTAX;
	int saved = handsets_save(sim->all, sim->o->url, sim->since, err == OK ? why : NULL);

	service_print(&out);
	sbuf_done(&out);
	json_decref(list);
	return err != OK ? err : saved;
}

static void
try_again(struct sim *sim, struct why *why)
{
	if (++sim->tries == TRIES)
		give_up(sim, why);
	else
		loop_timer_start(sim->s.loop, &sim->timer, RETRY_MS, poll_now, sim);
}

static void
answered(void *arg, const struct http_result *res)
{
	struct sim *sim = arg;
	struct why why = { 0 };
	int err = OK;

	if (sim->leaving)
		return;
	if (!res->transport_ok) {
		why_set(&why, ERR_IO, "%s", res->error ? res->error : "no answer");
		try_again(sim, &why);
		return;
	}
	if (res->status != 200)
		err = why_set(&why, ERR_IO, "HTTP status %u", res->status);
	if (err == OK)
		err = take_answer(sim, res->body, &why);
	sim->tries = 0;
	if (err != OK)
		give_up(sim, &why);
	else if (sim->o->once && sim->count >= sim->o->once)
		leave_when_done(sim);
	else
		loop_timer_start(sim->s.loop, &sim->timer, 0, poll_now, sim);
}

/* The simulator keeps messages: while a client has no room, none are fetched. */
static void
poll_now(void *arg)
{
	struct sim *sim = arg;
	struct sbuf url = { 0 };

	if (clients_full(sim->s.clients)) {
		loop_timer_start(sim->s.loop, &sim->timer, RETRY_MS, poll_now, sim);
		return;
	}
	poll_url(sim, &url);
	http_client_send(sim->client, "GET", url.s, NULL, (struct span){ 0 }, NULL, answered, sim);
	sbuf_done(&url);
}

/* ---- begin and end --------------------------------------------------------------------------------------- */

static void
sim_stats(void *arg, json_t *stats)
{
	const struct sim *sim = arg;

	json_object_set_new(stats, "handsets", json_integer((json_int_t)handsets_number(sim->all)));
	json_object_set_new(stats, "strangers", json_integer((json_int_t)sim->strangers));
	actions_stats(sim->actions, stats);
}

static int
open_handsets(struct sim *sim, struct why *why)
{
	int err;

	if (sim->o->handsets == NULL) {
		sim->all = handsets_of_make(&sim->o->dev);
		return OK;
	}
	err = handsets_open(sim->o->handsets, &sim->files, clients_number(sim->s.clients), true, &sim->all,
	    why);
	if (err == OK) {
		sim->since = handsets_since(sim->all, sim->o->url);
		fprintf(stderr, "pushrouter: %zu handsets\n", handsets_number(sim->all));
	}
	return err;
}

static int
run(struct sim *sim)
{
	const struct http_client_config cf = { .timeout_ms = (WAIT_S + 20) * 1000,
		.max_answer = ANSWER_MAX };

	if (sim->o->since >= 0)
		sim->since = sim->o->since;
	sim->s.more_stats = sim_stats;
	sim->s.arg = sim;
	sim->client = http_client_create(sim->s.loop, &cf);
	poll_now(sim);
	loop_run(sim->s.loop);
	sim->leaving = true;
	http_client_destroy(&sim->client);
	loop_timer_stop(sim->s.loop, &sim->timer);
	loop_timer_stop(sim->s.loop, &sim->show);
	return sim->status;
}

int
smscsim_run(struct options *o)
{
	enum { GRACE_MS = 5000 };
	struct sim sim = { .o = o };
	const struct dm_store store = { load_dm, save_dm, apply_dm, sync_dm, get_device, on_event, &sim };
	struct why why = { 0 };
	int status = 2;

	if (service_init(&sim.s, o, true, true, &why) != OK) {
		fprintf(stderr, "pushrouter: %s\n", why.text);
		return status;
	}
	sim.profiles = profile_cache_create(o);
	sim.files = (struct policy_files){ profile_cache_read, sim.profiles };
	if (open_handsets(&sim, &why) == OK && actions_create(&sim.s, &store, &sim.actions, &why) == OK)
		status = run(&sim);
	else
		fprintf(stderr, "pushrouter: %s\n", why.text);
	actions_stop(sim.actions);
	sbuf_done(&sim.events);
	service_done(&sim.s, status == 2 ? 0 : GRACE_MS);
	actions_destroy(&sim.actions);
	handsets_destroy(&sim.all);
	profile_cache_destroy(&sim.profiles);
	return status;
}

int
state_run(struct options *o)
{
	struct profile_cache *profiles = profile_cache_create(o);
	const struct policy_files files = { profile_cache_read, profiles };
	struct handsets *all = NULL;
	struct sbuf out = { 0 };
	struct why why = { 0 };
	json_t *obj = NULL;
	int status = 2;

	if (handsets_open(o->handsets, &files, 0, false, &all, &why) == OK) {
		status = 1;
		obj = handsets_state(all, o->state, &why);
	}
	if (obj != NULL) {
		json_print(obj, &out);
		sbuf_char(&out, '\n');
		service_print(&out);
		status = 0;
	} else {
		fprintf(stderr, "pushrouter: %s\n", why.text);
	}
	json_decref(obj);
	sbuf_done(&out);
	handsets_destroy(&all);
	profile_cache_destroy(&profiles);
	return status;
}
