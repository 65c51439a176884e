/* dm_agent.c - see dm_agent.h. */
#include "router/dm_agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/http_client.h"
#include "router/dm_client.h"
#include "router/dm_inbox.h"
#include "router/dm_policies.h"

enum {
	RUNNING_MAX = 64, WAITING_MAX = 10000,
	SYNC_MS = 5,			/* for sessions to be written together */
	MESSAGE_MS = 30000,		/* for one exchange */
	SESSION_MS = 120000,		/* for all of them */
	NUMBER_SIZE = 40
};

struct run {
	struct run *next;
	struct dm_agent *agent;
	char number[NUMBER_SIZE];
	struct dm_inbox_start start;
	/* once it runs */
	bool running, over;
	bool held;			/* its next message waits until what it tells is on disk */
	unsigned long saved;		/* dm_tree_changes of what was saved */
	bool plain;			/* the connection may be to the machine itself alone */
	struct dm_state state;
	struct policy_device *policy;	/* as it is, with what the server changed of it */
	struct dm_client *client;
	struct http_client *http;
	struct loop_timer deadline, end;
};

struct dm_agent {
	struct loop *loop;
	struct dm_agent_config cf;
	struct dm_store store;
	struct run *runs;		/* in the order they came */
	size_t n_running, n_waiting;
	uint64_t n_done, n_failed;	/* sessions that ended */
	struct loop_timer pump, sync;
};

static void pump(void *arg);

/* ---- the list ---------------------------------------------------------------------------- */

struct dm_agent *
dm_agent_create(struct loop *loop, const struct dm_agent_config *cf, const struct dm_store *store)
{
	struct dm_agent *a = calloc(1, sizeof *a);

	if (a == NULL)
		abort();
	a->loop = loop;
	a->cf = *cf;
	a->store = *store;
	return a;
}

static void
run_free(struct run *r)
{
	struct run **at = &r->agent->runs;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	r->over = true;
	http_client_destroy(&r->http);
	loop_timer_stop(r->agent->loop, &r->deadline);
	loop_timer_stop(r->agent->loop, &r->end);
	dm_client_destroy(&r->client);
	dm_state_done(&r->state);
	free(r->policy);
	if (r->running)
		r->agent->n_running--;
	else
		r->agent->n_waiting--;
	free(r);
}

void
dm_agent_destroy(struct dm_agent **p)
{
	struct dm_agent *a = *p;

	if (a == NULL)
		return;
	while (a->runs != NULL)
		run_free(a->runs);
	loop_timer_stop(a->loop, &a->pump);
	loop_timer_stop(a->loop, &a->sync);
	free(a);
	*p = NULL;
}

json_t *
dm_agent_stats(const struct dm_agent *a)
{
	return json_pack("{s:I,s:I,s:I,s:I}", "running", (json_int_t)a->n_running, "waiting",
	    (json_int_t)a->n_waiting, "done", (json_int_t)a->n_done, "failed", (json_int_t)a->n_failed);
}

bool
dm_agent_busy(const struct dm_agent *a)
{
	return a->runs != NULL;
}

static struct run *
running_of(const struct dm_agent *a, const char *number)
{
	struct run *r;

	for (r = a->runs; r != NULL && !(r->running && strcmp(r->number, number) == 0); r = r->next)
		;
	return r;
}

static int
add_run(struct dm_agent *a, const char *number, const struct dm_inbox_start *start, struct why *why)
{
	struct run **at = &a->runs, *r;

	if (a->n_waiting == WAITING_MAX)
		return why_set(why, ERR_FULL, "%d sessions wait already", WAITING_MAX);
	r = calloc(1, sizeof *r);
	if (r == NULL)
		abort();
	r->agent = a;
	snprintf(r->number, sizeof r->number, "%s", number);
	r->start = *start;
	while (*at != NULL)
		at = &(*at)->next;
	*at = r;
	a->n_waiting++;
	loop_timer_start(a->loop, &a->pump, 0, pump, a);
	return OK;
}

/* ---- states: that of a running session is in memory -------------------------------------- */

static int
load(struct dm_agent *a, const char *number, struct dm_state *out, char cert[256], struct why *why)
{
	json_t *dm = NULL, *info = NULL;
	int err = a->store.load(a->store.arg, number, &dm, &info, cert, why);

	if (err == OK)
		err = dm_state_read(dm, info, number, out, why);
	json_decref(dm);
	json_decref(info);
	return err;
}

static void
save(struct dm_agent *a, const char *number, const struct dm_state *s)
{
	json_t *dm = dm_state_json(s);

	a->store.save(a->store.arg, number, dm);
	json_decref(dm);
}

/* Policies that a server changed go to the device; the tree only shows them. */
static void
save_run(struct run *r)
{
	struct dm_agent *a = r->agent;
	struct dm_policies_change change;

	if (r->policy != NULL) {
		dm_policies_changed(r->state.tree, r->policy, &change);
		if (change.setting.n_parms > 0 && policy_apply(r->policy, 0, &change.setting, 1, NULL) == OK)
			a->store.apply(a->store.arg, r->number, &change.setting, 1);
	}
	if (r->client != NULL)
		r->state.stamp = dm_client_stamp(r->client);
	save(a, r->number, &r->state);
}

static unsigned
guard(void *arg, const char *uri, const struct span *value)
{
	const struct run *r = arg;

	return dm_policies_guard(r->policy, r->start.server_id, uri, value);
}

/* ---- one session ------------------------------------------------------------------------- */

static void
end_run(void *arg)
{
	struct run *r = arg;
	struct dm_agent *a = r->agent;

	run_free(r);
	pump(a);
}

/* what[0]: why it failed; else it is done. The run goes once its call-backs have returned. */
static void
finish(struct run *r, const struct why *why)
{
	struct dm_agent *a = r->agent;
	json_t *report = r->client ? dm_client_report(r->client) : json_pack("{s:o}", "server",
	    json_span(span_str(r->start.server_id)));

	if (r->over)
		return;
	r->over = true;
	*(why ? &a->n_failed : &a->n_done) += 1;
	if (r->state.tree != NULL)
		save_run(r);
	json_object_set_new(report, "outcome", json_string(why ? "failed" : "done"));
	json_object_set_new(report, "reason", why ? json_string(why->text) : json_null());
	loop_timer_stop(a->loop, &r->deadline);
	loop_timer_start(a->loop, &r->end, 0, end_run, r);
	a->store.event(a->store.arg, json_pack("{s:s,s:o}", "handset", r->number, "dm", report));
}

static void
too_late(void *arg)
{
	struct why why = { 0 };

	why_set(&why, ERR_IO, "the session took more than %d s", SESSION_MS / 1000);
	finish(arg, &why);
}

static bool
may_connect(void *arg, const struct sockaddr *addr)
{
	const struct run *r = arg;

	return !r->plain || address_is_loopback(addr);
}

static void answered(void *arg, const struct http_result *res);

static void
send_next(struct run *r)
{
	struct sbuf body = { 0 }, hmac = { 0 };
	const char *headers[10];
	struct why why = { 0 };
	size_t n = 0;

	if (dm_client_next(r->client, &body, &hmac, &why) == OK) {
		headers[n++] = "Content-Type";
		headers[n++] = dm_client_media(r->client);
		headers[n++] = "Accept";
		headers[n++] = dm_client_media(r->client);
		headers[n++] = "Cache-Control";
		headers[n++] = "no-store";
		if (hmac.n > 0) {
			headers[n++] = "x-syncml-hmac";
			headers[n++] = hmac.s;
		}
		headers[n] = NULL;
		http_client_send(r->http, "POST", dm_client_url(r->client), headers,
		    sbuf_as_span(&body), may_connect, answered, r);
	} else {
		finish(r, &why);
	}
	if (body.s != NULL)
		explicit_bzero(body.s, body.n);
	sbuf_done(&body);
	sbuf_done(&hmac);
}

/* What statuses say was done has to hold, whatever happens to the program next. */
static void
write_held(void *arg)
{
	struct dm_agent *a = arg;
	struct run *r;

	if (!a->store.sync(a->store.arg))
		return;
	for (r = a->runs; r != NULL; r = r->next) {
		if (r->held && !r->over) {
			r->held = false;
			send_next(r);
		}
	}
}

static void
send_once_kept(struct run *r)
{
	struct dm_agent *a = r->agent;

	if (dm_tree_changes(r->state.tree) == r->saved) {
		send_next(r);
		return;
	}
	save_run(r);
	r->saved = dm_tree_changes(r->state.tree);
	r->held = true;
	if (a->sync.slot == 0)
		loop_timer_start(a->loop, &a->sync, SYNC_MS, write_held, a);
}

static void
answered(void *arg, const struct http_result *res)
{
	struct run *r = arg;
	struct why why = { 0 };
	int err;

	if (r->over)
		return;
	if (!res->transport_ok)
		err = why_set(&why, ERR_IO, "%s", res->error);
	else if (res->status != 200)
		err = why_set(&why, ERR_IO, "HTTP status %u", res->status);
	else if (!res->whole)
		err = why_set(&why, ERR_LIMIT,
		    "the answer broke off, or is longer than %d octets", DM_CLIENT_OCTETS);
	else
		err = dm_client_take(r->client, res->type, res->body, res->kept, &why);
	if (err == OK)
		send_once_kept(r);
	else
		finish(r, err == ERR_CLOSED ? NULL : &why);
}

static int64_t
utc_now(void *arg)
{
	return clock_utc();
}

/*
 * TLS is a must where the device says so (4130), and HTTP leaves the machine only when the
 * operator says so.
 */
static int
check_url(struct run *r, const char *url, const struct router_device *dev, struct why *why)
{
	bool https = span_starts_nocase(span_str(url), "https://");
	bool insists = dev->policy.family != FAMILY_OTHER && policy_get(&dev->policy, 4130, 0) != 1;

	if (!https && !span_starts_nocase(span_str(url), "http://"))
		return why_set(why, ERR_UNSUPPORTED, "the address of the server is neither https nor http");
	r->plain = !https && (!r->agent->cf.plain_http || insists);
	return OK;
}

/* A number for a session of our own that was not there lately. */
static uint16_t
fresh_session(struct dm_state *s, const char *server_id)
{
	struct dm_octets random;
	uint16_t id;

	do {
		dm_nonce_make(&random);
		id = (uint16_t)(random.p[0] << 8 | random.p[1]);
	} while (id == 0 || dm_state_held(s, server_id, id));
	return id;
}

static int
make_client(struct run *r, const struct router_device *dev, const char *cert, struct why *why)
{
	struct http_client_config http = { .timeout_ms = MESSAGE_MS, .max_answer = DM_CLIENT_OCTETS,
		.ca_file = r->agent->cf.ca_file, .keep_header = "x-syncml-hmac",
		.user_agent = "OpenPPG handset" };
	struct dm_account account;
	struct dm_client_setup setup = { .tree = &r->state.tree, .account = &account,
	    .by_server = r->start.by_server,
		.session_id = r->start.session_id, .special = span_of(r->start.special.p, r->start.special.n),
		.wbxml = r->agent->cf.wbxml, .consent = !dev->refuses, .stamp = r->state.stamp,
		.now = utc_now,
		.guard = guard, .guard_arg = r };
	int err = dm_account_find(r->state.tree, r->start.server_id, &account, why);

	if (err != OK)
		return err;
	err = check_url(r, account.url, dev, why);
	setup.secure = span_starts_nocase(span_str(account.url), "https://");
	if (err == OK)
		err = dm_client_create(&setup, &r->client, why);
	dm_account_done(&account);
	if (err != OK)
		return err;
	http.cert_file = http.key_file = cert[0] ? cert : r->agent->cf.cert_file;
	r->http = http_client_create(r->agent->loop, &http);
	return OK;
}

static void
begin(struct run *r)
{
	struct dm_agent *a = r->agent;
	struct router_device dev;
	struct why why = { 0 };
	char cert[256] = "";
	int err;

	r->running = true;
	a->n_waiting--;
	a->n_running++;
	err = load(a, r->number, &r->state, cert, &why);
	if (err == OK)
		err = a->store.device(a->store.arg, r->number, &dev, &why);
	if (err == OK) {
		if (!r->start.by_server) {
			r->start.session_id = fresh_session(&r->state, r->start.server_id);
			dm_state_hold(&r->state, r->start.server_id, r->start.session_id);
		}
		r->policy = malloc(sizeof *r->policy);
		if (r->policy == NULL)
			abort();
		*r->policy = dev.policy;
		dm_policies_show(r->state.tree, r->policy);
		err = make_client(r, &dev, cert, &why);
		router_device_done(&dev);
	}
	if (err != OK) {
		finish(r, &why);
		return;
	}
	r->saved = dm_tree_changes(r->state.tree);
	loop_timer_start(a->loop, &r->deadline, SESSION_MS, too_late, r);
	send_next(r);
}

/* Those that wait and may begin. */
static void
pump(void *arg)
{
	struct dm_agent *a = arg;
	struct run *r = a->runs;

	while (r != NULL && a->n_running < RUNNING_MAX && a->n_waiting > 0) {
		struct run *next = r->next;

		if (!r->running && running_of(a, r->number) == NULL)
			begin(r);
		r = next;
	}
}

/* ---- what is asked for ------------------------------------------------------------------- */

json_t *
dm_agent_take(struct dm_agent *a, const char *number, const struct router_device *dev,
    const struct router_result *res)
{
	struct run *running = running_of(a, number += *number == '+');
	struct dm_state own = { .tree = NULL }, *s = &own;
	struct dm_inbox_result in;
	struct why why = { 0 };
	char cert[256];
	size_t i;

	if (!res->is_push || res->info == NULL || !policy_accepted(&res->decision) || !dm_inbox_wants(res))
		return NULL;
	if (running != NULL && !running->over)
		s = &running->state;
	else if (load(a, number, &own, cert, &why) != OK)
		return NULL;
	dm_inbox_take(s, dev, res, &in);
	for (i = 0; i < in.n_start && a->cf.sessions; i++) {
		if (add_run(a, number, &in.start[i], &why) != OK) {
			json_object_set_new(in.told, "refused", json_string(why.text));
			break;
		}
		if (in.start[i].by_server)
			dm_state_hold(s, in.start[i].server_id, in.start[i].session_id);
		in.changed = true;
	}
	if (in.n_start > 0 && json_object_get(in.told, "refused") == NULL)
		json_object_set_new(in.told, "begins", json_boolean(a->cf.sessions));
	if (in.changed)
		save(a, number, s);
	dm_state_done(&own);
	return in.told;
}

/* The server of the first account. */
static bool
first_server(const struct dm_state *s, char out[DM_NAME_MAX])
{
	const char *name;
	size_t i;

	for (i = 0; (name = dm_tree_child(s->tree, "./DMAcc", i)) != NULL; i++) {
		char uri[DM_TREE_URI + 1];
		struct span value;

		snprintf(uri, sizeof uri, "./DMAcc/%s/ServerID", name);
		if (dm_tree_value(s->tree, uri, &value) && span_to_cstr(value, out, DM_NAME_MAX) == OK)
			return true;
	}
	return false;
}

int
dm_agent_start(struct dm_agent *a, const char *number, const char *server_id, struct why *why)
{
	struct dm_inbox_start start = { .by_server = false };
	struct dm_account account;
	struct dm_state s;
	char cert[256];
	int err;

	number += *number == '+';
	if (!a->cf.sessions)
		return why_set(why, ERR_UNSUPPORTED, "sessions are off");
	err = load(a, number, &s, cert, why);
	if (err != OK)
		return err;
	if (server_id != NULL && strlen(server_id) < sizeof start.server_id)
		snprintf(start.server_id, sizeof start.server_id, "%s", server_id);
	else if (server_id != NULL || !first_server(&s, start.server_id))
		err = why_set(why, ERR_NOT_FOUND, "the handset has no account of such a server");
	if (err == OK)
		err = dm_account_find(s.tree, start.server_id, &account, why);
	if (err == OK) {
		dm_account_done(&account);
		err = add_run(a, number, &start, why);
	}
	dm_state_done(&s);
	return err;
}

/* ---- for people -------------------------------------------------------------------------- */

void
dm_agent_print(json_t *event, struct sbuf *out)
{
	json_t *dm = json_object_get(event, "dm"), *list = json_object_get(dm, "commands"), *v;
	const char *reason = json_text(dm, "reason"), *server_auth = json_text(dm, "server_auth");
	size_t i;

	sbuf_fmt(out, "%s: session %s with ", json_text(event, "handset"),
	    json_text(dm, "session") ? json_text(dm, "session") :
	    "");
	sbuf_quote(out, span_str(json_text(dm, "server") ? json_text(dm, "server") : ""));
	sbuf_fmt(out, " %s after %lld messages, server %s", json_text(dm, "outcome"),
	    (long long)json_integer_value(json_object_get(dm, "messages")),
	    server_auth ? server_auth : "not authenticated");
	if (reason != NULL)
		sbuf_fmt(out, ": %s", reason);
	json_array_foreach(list, i, v) {
		sbuf_fmt(out, "%s %s ", i ? "," : ";", json_text(v, "command"));
		sbuf_quote(out, span_str(json_text(v, "target")));
		sbuf_fmt(out, " %lld", (long long)json_integer_value(json_object_get(v, "status")));
	}
}
