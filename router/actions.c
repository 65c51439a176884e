/* actions.c - see actions.h. */
#include "router/actions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "router/fetch.h"

enum { LINE = 1024 };

struct actions {
	struct service *s;
	struct dm_store store;
	struct dm_agent *agent;
	struct fetcher *fetcher;	/* NULL: nothing is fetched */
	struct loop_fd input;		/* commands; fd -1: none */
	int input_flags;		/* as standard input had them; -1: they were not changed */
	struct loop_timer poll;		/* for input that cannot be watched: a file */
	bool stopped;
	json_t *dm_stats, *fetch_stats;	/* as they were at the end */
	char line[LINE];
	size_t n;
	bool too_long;
};

/* ---- commands: "dm NUMBER [SERVER]", "-" the only one ------------------------------------ */

static void
command(struct actions *a, char *line)
{
	char *save = NULL, *verb = strtok_r(line, " \t\r", &save), *number, *server;
	struct why why = { 0 };

	if (verb == NULL)
		return;
	number = strtok_r(NULL, " \t\r", &save);
	server = strtok_r(NULL, " \t\r", &save);
	if (strcmp(verb, "dm") != 0 || number == NULL || strtok_r(NULL, " \t\r", &save) != NULL)
		why_set(&why, ERR_SYNTAX, "\"dm NUMBER [SERVER]\" is expected");
	else if (dm_agent_start(a->agent, strcmp(number, "-") == 0 ? "" : number, server, &why) == OK)
		return;
	fprintf(stderr, "pushrouter: --commands: %s\n", why.text);
}

static void
take_octets(struct actions *a, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] != '\n') {
			if (a->n + 1 < LINE)
				a->line[a->n++] = p[i];
			else
				a->too_long = true;
			continue;
		}
		a->line[a->n] = '\0';
		if (a->too_long)
			fprintf(stderr, "pushrouter: --commands: a line is longer than %d octets\n", LINE);
		else
			command(a, a->line);
		a->n = 0;
		a->too_long = false;
	}
}

static void
stop_input(struct actions *a)
{
	if (a->input.fd >= 0)
		loop_unwatch(a->s->loop, &a->input);
	a->input.fd = -1;
}

static void
readable(void *arg, int events)
{
	struct actions *a = arg;
	char octets[4096];
	ssize_t n = read(STDIN_FILENO, octets, sizeof octets);

	if (n > 0)
		take_octets(a, octets, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		stop_input(a);
}

/* A file is always readable, and epoll does not take it: it is read at once. */
static void
read_all(void *arg)
{
	struct actions *a = arg;
	char octets[4096];
	ssize_t n;

	while ((n = read(STDIN_FILENO, octets, sizeof octets)) > 0)
		take_octets(a, octets, (size_t)n);
}

static void
start_input(struct actions *a)
{
	a->input_flags = fcntl(STDIN_FILENO, F_GETFL);
	fcntl(STDIN_FILENO, F_SETFL, a->input_flags | O_NONBLOCK);
	if (loop_watch(a->s->loop, &a->input, STDIN_FILENO, LOOP_READ, readable, a) == OK)
		return;
	a->input.fd = -1;
	loop_timer_start(a->s->loop, &a->poll, 0, read_all, a);
}

/* ---- begin and end ----------------------------------------------------------------------- */

int
actions_create(struct service *s, const struct dm_store *store, struct actions **out,
    struct why *why)
{
	const struct options *o = s->o;
	const struct dm_agent_config dm = { .sessions = o->dm, .plain_http = o->dm_http, .wbxml = !o->dm_xml,
		.ca_file = o->dm_ca_file, .cert_file = o->dm_cert };
	struct netlist *allow = NULL;
	struct actions *a;

	*out = NULL;
	if (o->fetch_allow != NULL && netlist_parse(o->fetch_allow, &allow, why) != OK) {
		why_prefix(why, "--fetch-allow");
		return ERR_SYNTAX;
	}
	a = calloc(1, sizeof *a);
	if (a == NULL)
		abort();
	a->s = s;
	a->store = *store;
	a->input.fd = a->input_flags = -1;
	a->agent = dm_agent_create(s->loop, &dm, store);
	if (o->fetch)
		a->fetcher = fetcher_create(s->loop, allow, o->dm_ca_file, store->event, store->arg);
	else
		netlist_destroy(&allow);
	if (o->commands)
		start_input(a);
	*out = a;
	return OK;
}

void
actions_stop(struct actions *a)
{
	if (a == NULL || a->stopped)
		return;
	a->stopped = true;
	stop_input(a);
	if (a->input_flags >= 0)	/* a terminal is shared with the shell */
		fcntl(STDIN_FILENO, F_SETFL, a->input_flags);
	loop_timer_stop(a->s->loop, &a->poll);
	a->dm_stats = dm_agent_stats(a->agent);
	a->fetch_stats = a->fetcher ? fetcher_stats(a->fetcher) : NULL;
	dm_agent_destroy(&a->agent);
	fetcher_destroy(&a->fetcher);
}

void
actions_destroy(struct actions **p)
{
	struct actions *a = *p;

	if (a == NULL)
		return;
	actions_stop(a);
	json_decref(a->dm_stats);
	json_decref(a->fetch_stats);
	explicit_bzero(a->line, sizeof a->line);
	free(a);
	*p = NULL;
}

/* ---- messages ---------------------------------------------------------------------------- */

json_t *
actions_take(struct actions *a, const char *number, const struct router_device *dev,
    const struct router_result *res)
{
	json_t *dm = dm_agent_take(a->agent, number, dev, res), *out = NULL;
	const char *refused = NULL;
	bool begins = a->fetcher != NULL && fetcher_take(a->fetcher, number, res, &refused);

	if (dm != NULL || begins || refused != NULL)
		out = json_object();
	if (dm != NULL)
		json_object_set_new(out, "dm", dm);
	if (begins)
		json_object_set_new(out, "fetch", json_pack("{s:b}", "begins", true));
	else if (refused != NULL)
		json_object_set_new(out, "fetch", json_pack("{s:s}", "refused", refused));
	return out;
}

int
actions_session(struct actions *a, const char *number, const char *server_id, struct why *why)
{
	return dm_agent_start(a->agent, number, server_id, why);
}

bool
actions_busy(const struct actions *a)
{
	return dm_agent_busy(a->agent) || (a->fetcher != NULL && fetcher_busy(a->fetcher));
}

void
actions_stats(const struct actions *a, json_t *stats)
{
	if (a != NULL && a->s->o->dm)
		json_object_set_new(stats, "dm", a->stopped ? json_incref(a->dm_stats) : dm_agent_stats(a->agent));
	if (a != NULL && a->s->o->fetch)
		json_object_set_new(stats, "fetch",
		    a->stopped ? json_incref(a->fetch_stats) : fetcher_stats(a->fetcher));
}

void
actions_event_print(const struct options *o, json_t *event, struct sbuf *out)
{
	if (o->json)
		json_print(event, out);
	else if (json_object_get(event, "dm") != NULL)
		dm_agent_print(event, out);
	else
		fetcher_print(event, out);
	sbuf_char(out, '\n');
}
