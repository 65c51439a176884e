/* service.c - see service.h. */
#include "router/service.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "router/shown.h"

enum { EXPIRE_MS = 1000 };		/* how often incomplete messages are looked at */

/* ---- counters ------------------------------------------------------------------------------------ */

static void
show_stats(const struct service *s)
{
	json_t *stats = router_stats_json(s->router);
	struct sbuf line = { 0 };

	if (clients_number(s->clients) > 0)
		json_object_set_new(stats, "clients", clients_json(s->clients));
	if (s->more_stats)
		s->more_stats(s->arg, stats);
	json_print(stats, &line);
	fprintf(stderr, "%s\n", line.s);
	sbuf_done(&line);
	json_decref(stats);
}

/* ---- signals and time --------------------------------------------------------------------------------- */

static void
signalled(void *arg, int events)
{
	struct service *s = arg;
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof info) > 0) {
		if (info.ssi_signo == SIGUSR1)
			show_stats(s);
		else
			loop_stop(s->loop);
	}
}

static void
take_signals(struct service *s, bool leaves)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (leaves) {
		sigaddset(&set, SIGTERM);
		sigaddset(&set, SIGINT);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->signals < 0 ||
	    loop_watch(s->loop, &s->watch, s->signals, LOOP_READ, signalled, s) != OK)
		abort();
}

static void
expire(void *arg)
{
	struct service *s = arg;

	router_expire(s->router);
	loop_timer_start(s->loop, &s->expire, EXPIRE_MS, expire, s);
}

/* ---- begin and end ------------------------------------------------------------------------------------ */

static int
add_clients(struct clients *clients, const struct options *o, struct why *why)
{
	size_t i;
	int err = OK;

	for (i = 0; i < o->n_registers && err == OK; i++) {
		err = clients_add(clients, o->registers[i], why);
		if (err != OK)
			why_prefix(why, "--register");
	}
	if (err == OK && o->clients_json) {
		err = clients_add_json(clients, o->clients_json, why);
		if (err != OK)
			why_prefix(why, "%.100s", o->clients_file);
	}
	return err;
}

int
service_init(struct service *s, const struct options *o, bool keeps, bool leaves, struct why *why)
{
	int err;

	*s = (struct service){ .o = o };
	s->loop = loop_create();
	s->clients = clients_create(s->loop);
	s->router = router_create(&o->dev, keeps);
	router_set_limits(s->router, &o->limits);
	take_signals(s, leaves);
	err = add_clients(s->clients, o, why);
	if (err == OK)
		err = clients_register(s->clients, s->router, why);
	if (err != OK) {
		service_done(s, 0);
		return err;
	}
	expire(s);
	return OK;
}

void
service_done(struct service *s, int64_t wait_ms)
{
	int64_t until = clock_mono_ms() + wait_ms, now;

	while (clients_busy(s->clients) && (now = clock_mono_ms()) < until)
		loop_turn(s->loop, (int)(until - now));
	if (s->o->stats && wait_ms > 0)
		show_stats(s);
	router_destroy(&s->router);
	clients_destroy(&s->clients);
	loop_timer_stop(s->loop, &s->expire);
	loop_unwatch(s->loop, &s->watch);
	close(s->signals);
	loop_destroy(&s->loop);
}

void
service_settle(struct service *s)
{
	while (clients_full(s->clients))
		loop_turn(s->loop, EXPIRE_MS);
}

/* ---- output ----------------------------------------------------------------------------------------------- */

/* Clients need SIGPIPE ignored; where our own reader has gone, it does what it always does. */
void
service_print(const struct sbuf *line)
{
	if (line->n == 0 || (fwrite(line->s, 1, line->n, stdout) == line->n && fflush(stdout) == 0))
		return;
	if (errno == EPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	perror("pushrouter: standard output");
	exit(1);
}

static void
answer_json(json_t *head, const struct router_path *path, const struct router_result *res,
    const struct why *problem, json_t *actions, struct sbuf *out)
{
	json_t *obj = json_object(), *answer;

	json_object_update(obj, head);
	json_object_set_new(obj, "source", json_span(span_str(path->from)));
	json_object_set_new(obj, "dest", json_span(span_str(path->to)));
	answer = problem ? json_pack("{s:s}", "error", problem->text) : router_result_json(res);
	json_object_update(obj, answer);
	json_decref(answer);
	shown_add(obj, problem ? NULL : res);
	json_object_update(obj, actions);
	json_print(obj, out);
	json_decref(obj);
}

/* "; dm: {...}" of each. */
static void
print_actions(json_t *actions, struct sbuf *out)
{
	const char *name;
	json_t *v;

	json_object_foreach(actions, name, v) {
		sbuf_fmt(out, "; %s: ", name);
		json_print(v, out);
	}
}

static void
answer_line(const struct router_result *res, struct sbuf *out)
{
	json_t *shown = shown_json(res);

	router_result_line(res, out);
	if (shown != NULL) {
		sbuf_str(out, "; ");
		shown_print(shown, out);
	}
	json_decref(shown);
}

void
service_answer(const struct options *o, json_t *head, const struct router_path *path,
    const struct router_result *res, const struct why *problem, json_t *actions, struct sbuf *out)
{
	json_t *seq = json_object_get(head, "seq");

	if (o->json) {
		answer_json(head, path, res, problem, actions, out);
	} else {
		if (seq)
			sbuf_fmt(out, "%lld ", (long long)json_integer_value(seq));
		sbuf_fmt(out, "%s: ", path->to[0] ? path->to : path->from);
		if (problem)
			sbuf_fmt(out, "error: %s", problem->text);
		else
			answer_line(res, out);
		print_actions(actions, out);
	}
	sbuf_char(out, '\n');
}
