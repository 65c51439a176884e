/* clients.c - the clients of the program: their queues, and what is common to all kinds; see clients.h. */
#include "router/client_int.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

struct clients {
	struct loop *loop;
	struct client *list;
	size_t n;
	int signals;
	struct loop_fd watch;
};

static const struct client_kind *const kinds[] = { &client_exec, &client_shell, &client_unix,
	&client_file };
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

static void *
must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

/* ---- all of them --------------------------------------------------------------------------------- */

static void
child_ended(void *arg, int events)
{
	struct clients *all = arg;
	struct signalfd_siginfo info;
	struct client *c;

	while (read(all->signals, &info, sizeof info) > 0)
		;
	for (c = all->list; c != NULL; c = c->next)
		client_exec_reap(c);
}

struct clients *
clients_create(struct loop *loop)
{
	struct clients *all = must(calloc(1, sizeof *all));
	sigset_t set;

	all->loop = loop;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	all->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (all->signals < 0 ||
	    loop_watch(loop, &all->watch, all->signals, LOOP_READ, child_ended, all) != OK)
		abort();
	return all;
}

static void
client_free(struct client *c)
{
	size_t i;

	if (c->kind && c->kind->close)
		c->kind->close(c);
	if (c->queued > 0)
		log_warning("client", "%s: the router ends, %zu messages that waited are lost", c->label,
		    c->queued);
	while (c->first != NULL)
		free(client_take(c));
	for (i = 0; c->argv[i] != NULL; i++)
		free(c->argv[i]);
	free(c->target);
	free(c);
}

void
clients_destroy(struct clients **p)
{
	struct clients *all = *p;

	if (all == NULL)
		return;
	while (all->list != NULL) {
		struct client *c = all->list;

		all->list = c->next;
		client_free(c);
	}
	loop_unwatch(all->loop, &all->watch);
	close(all->signals);
	free(all);
	*p = NULL;
}

size_t
clients_number(const struct clients *all)
{
	return all->n;
}

bool
clients_busy(const struct clients *all)
{
	const struct client *c;

	for (c = all->list; c != NULL; c = c->next) {
		if (c->queued > 0 || c->running > 0)
			return true;
	}
	return false;
}

static bool
is_full(const struct client *c)
{
	return c->queued >= (size_t)c->queue_max || c->queued_octets >= CLIENT_QUEUE_OCTETS;
}

bool
clients_full(const struct clients *all)
{
	const struct client *c;

	for (c = all->list; c != NULL; c = c->next) {
		if (is_full(c))
			return true;
	}
	return false;
}

json_t *
clients_json(const struct clients *all)
{
	json_t *list = json_array();
	const struct client *c;

	for (c = all->list; c != NULL; c = c->next)
		json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:I}",
		    "content_type", c->content_type, "app_id", c->app_id, "kind", c->kind->name,
		    "queued", (json_int_t)c->queued, "running", (json_int_t)c->running,
		    "done", (json_int_t)c->done, "failed", (json_int_t)c->failed,
		    "lost", (json_int_t)c->lost));
	return list;
}

/* ---- queues ------------------------------------------------------------------------------------------ */

struct client_item *
client_first(struct client *c)
{
	return c->first;
}

struct client_item *
client_take(struct client *c)
{
	struct client_item *item = c->first;

	c->first = item->next;
	if (c->first == NULL)
		c->last = &c->first;
	c->queued--;
	c->queued_octets -= item->n;
	return item;
}

static void
queue_octets(struct client *c, struct span octets)
{
	struct client_item *item = must(malloc(sizeof *item + octets.n));

	item->next = NULL;
	item->n = octets.n;
	if (octets.n > 0)
		memcpy(item->octets, octets.p, octets.n);
	*c->last = item;
	c->last = &item->next;
	c->queued++;
	c->queued_octets += octets.n;
}

static void
take_message(void *arg, const struct router_path *path, const struct router_result *res)
{
	struct client *c = arg;
	struct sbuf line = { 0 };
	json_t *obj;

	if (is_full(c)) {
		c->lost++;
		log_peer("client", c->label, "its queue is full, a message is lost");
		return;
	}
	if (c->raw) {
		queue_octets(c, res->body);
	} else {
		obj = router_client_json(path, res);
		json_print(obj, &line);
		json_decref(obj);
		sbuf_char(&line, '\n');
		queue_octets(c, sbuf_as_span(&line));
		sbuf_done(&line);
	}
	c->kind->kick(c);
}

int
clients_register(struct clients *all, struct router *r, struct why *why)
{
	struct client *c;

	for (c = all->list; c != NULL; c = c->next) {
		enum router_code code = router_register(r, c->content_type, c->app_id, take_message, c);

		if (code != ROUTER_OK)
			return why_set(why, ERR_LIMIT, "%.100s: %s", c->label, router_code_name(code));
	}
	return OK;
}

/* ---- what is asked for -------------------------------------------------------------------------------- */

/* Numbers of a client, by their names on the command line and in a file. */
static const struct number {
	const char *option, *member;
	int64_t min, max, value;
	size_t offset;
} numbers[] = {
	{ "time",   "time_limit",   1, 3600,    30,    offsetof(struct client, time_s) },
	{ "jobs",   "jobs",         1, 64,      4,     offsetof(struct client, jobs_max) },
	{ "queue",  "queue",        1, 100000,  1000,  offsetof(struct client, queue_max) },
	{ "output", "output_limit", 0, 1 << 24, 65536, offsetof(struct client, output_max) },
};
enum { N_NUMBERS = sizeof numbers / sizeof numbers[0] };

static int64_t *
number_of(struct client *c, const struct number *n)
{
	return (int64_t *)(void *)((char *)c + n->offset);
}

static int
set_number(struct client *c, const struct number *n, const char *name, int64_t value, struct why *why)
{
	if (value < n->min || value > n->max)
		return why_set(why, ERR_RANGE, "%s: a number in %lld..%lld is expected", name,
		    (long long)n->min, (long long)n->max);
	*number_of(c, n) = value;
	return OK;
}

static int
set_form(struct client *c, const char *form, struct why *why)
{
	if (form == NULL || (strcmp(form, "json") != 0 && strcmp(form, "raw") != 0))
		return why_set(why, ERR_SYNTAX, "form: json or raw is expected");
	c->raw = strcmp(form, "raw") == 0;
	return OK;
}

static int
set_name(const char *name, struct span text, char *out, size_t size, struct why *why)
{
	if (span_to_cstr(text, out, size) != OK || text_has_control(text))
		return why_set(why, ERR_LIMIT, "%s: at most %zu printing characters", name, size - 1);
	return OK;
}

static struct client *
client_new(struct clients *all)
{
	struct client *c = must(calloc(1, sizeof *c));
	size_t i;

	c->loop = all->loop;
	c->last = &c->first;
	c->fd = -1;
	for (i = 0; i < N_NUMBERS; i++)
		*number_of(c, &numbers[i]) = numbers[i].value;
	return c;
}

/* A client that is complete joins the list, or is freed when it is wrong. */
static int
client_join(struct clients *all, struct client *c, int err, struct why *why)
{
	struct client **at = &all->list;

	if (err == OK && c->content_type[0] == '\0' && c->app_id[0] == '\0')
		err = why_set(why, ERR_SYNTAX, "a content type or an application id is needed");
	snprintf(c->label, sizeof c->label, "%s%s%s", c->content_type[0] ? c->content_type : "*",
	    c->app_id[0] ? ";app=" : "", c->app_id);
	for (; err == OK && *at != NULL; at = &(*at)->next) {
		if (strcasecmp((*at)->content_type, c->content_type) == 0 &&
		    strcasecmp((*at)->app_id, c->app_id) == 0)
			err = why_set(why, ERR_EXISTS, "%.100s: already registered", c->label);
	}
	if (err == OK && all->n == ROUTER_REGISTRATIONS_MAX)
		err = why_set(why, ERR_LIMIT, "at most %d clients", ROUTER_REGISTRATIONS_MAX);
	if (err == OK && c->target[0] == '\0')
		err = why_set(why, ERR_SYNTAX, "%s: a command or path is expected", c->kind->name);
	if (err == OK && c->kind->check)
		err = c->kind->check(c, why);
	if (err != OK) {
		c->kind = NULL;
		client_free(c);
		return err;
	}
	*at = c;
	all->n++;
	return OK;
}

/* ---- as text ----------------------------------------------------------------------------------------------- */

/* Where "=KIND:" begins, for the kind that comes first. */
static const char *
find_kind(const char *spec, const struct client_kind **kind)
{
	const char *found = NULL;
	char mark[16];
	size_t i;

	*kind = NULL;
	for (i = 0; i < N_KINDS; i++) {
		const char *at;

		snprintf(mark, sizeof mark, "=%s:", kinds[i]->name);
		at = strstr(spec, mark);
		if (at != NULL && (found == NULL || at < found)) {
			found = at;
			*kind = kinds[i];
		}
	}
	return found;
}

static int
set_option(struct client *c, struct span text, struct why *why)
{
	const uint8_t *eq = memchr(text.p, '=', text.n);
	size_t name_n = eq ? (size_t)(eq - text.p) : text.n, i;
	struct span name = span_of(text.p, name_n);
	char value[32];
	int64_t v;

	if (eq != NULL && span_eq_str(name, "app"))
		return set_name("app", span_of(eq + 1, text.n - name_n - 1), c->app_id, sizeof c->app_id,
		    why);
	if (eq != NULL && span_to_cstr(span_of(eq + 1, text.n - name_n - 1), value, sizeof value) == OK) {
		if (span_eq_str(name, "form"))
			return set_form(c, value, why);
		for (i = 0; i < N_NUMBERS; i++) {
			if (!span_eq_str(name, numbers[i].option))
				continue;
			if (text_number(value, INT32_MIN, INT32_MAX, &v) != OK)
				v = numbers[i].min - 1;
			return set_number(c, &numbers[i], numbers[i].option, v, why);
		}
	}
	return why_set(why, ERR_SYNTAX, "app, form, time, jobs, queue or output is expected after ';'");
}

static int
read_left(struct client *c, struct span left, struct why *why)
{
	const uint8_t *semi = memchr(left.p, ';', left.n);
	struct span type = span_of(left.p, semi ? (size_t)(semi - left.p) : left.n);
	int err;

	if (span_eq_str(type, "*"))
		type.n = 0;
	err = set_name("content type", type, c->content_type, sizeof c->content_type, why);
	while (err == OK && semi != NULL) {
		const uint8_t *start = semi + 1;
		size_t left_n = left.n - (size_t)(start - left.p);

		semi = memchr(start, ';', left_n);
		err = set_option(c, span_of(start, semi ? (size_t)(semi - start) : left_n), why);
	}
	return err;
}

int
clients_add(struct clients *all, const char *spec, struct why *why)
{
	const struct client_kind *kind;
	const char *at = find_kind(spec, &kind);
	struct client *c;
	int err;

	if (at == NULL)
		return why_set(why, ERR_SYNTAX, "TYPE[;app=ID]=exec:CMD, shell:CMD, unix:PATH or file:DIR is "
		    "expected");
	c = client_new(all);
	c->kind = kind;
	c->target = must(strdup(at + strlen(kind->name) + 2));
	err = read_left(c, span_of(spec, (size_t)(at - spec)), why);
	return client_join(all, c, err, why);
}

/* ---- as JSON --------------------------------------------------------------------------------------------------- */

static int
set_words(struct client *c, json_t *list, struct why *why)
{
	json_t *v;
	size_t i;

	if (json_array_size(list) == 0 || json_array_size(list) > CLIENT_ARGS_MAX)
		return why_set(why, ERR_LIMIT, "exec: 1 to %d words are expected", CLIENT_ARGS_MAX);
	json_array_foreach(list, i, v) {
		if (!json_is_string(v))
			return why_set(why, ERR_SYNTAX, "exec[%zu]: a string is expected", i);
		c->argv[i] = must(strdup(json_string_value(v)));
	}
	c->target = must(strdup(c->argv[0]));
	return OK;
}

static int
set_member(struct client *c, const char *name, json_t *v, struct why *why)
{
	const char *text = json_string_value(v);
	size_t i;

	if (strcmp(name, "content_type") == 0 || strcmp(name, "app_id") == 0) {
		bool is_type = name[0] == 'c';

		if (text == NULL)
			return why_set(why, ERR_SYNTAX, "%s: a string is expected", name);
		return set_name(name, span_str(text), is_type ? c->content_type : c->app_id,
		    is_type ? sizeof c->content_type : sizeof c->app_id, why);
	}
	if (strcmp(name, "form") == 0)
		return set_form(c, text, why);
	for (i = 0; i < N_NUMBERS; i++) {
		if (strcmp(name, numbers[i].member) == 0)
			return set_number(c, &numbers[i], name,
			    json_is_integer(v) ? json_integer_value(v) : numbers[i].min - 1, why);
	}
	for (i = 0; i < N_KINDS; i++) {
		if (strcmp(name, kinds[i]->name) != 0)
			continue;
		if (c->kind != NULL)
			return why_set(why, ERR_SYNTAX, "%s and %s exclude each other", name, c->kind->name);
		c->kind = kinds[i];
		if (kinds[i] == &client_exec && json_is_array(v))
			return set_words(c, v, why);
		if (text == NULL)
			return why_set(why, ERR_SYNTAX, "%s: a string is expected", name);
		c->target = must(strdup(text));
		return OK;
	}
	return why_set(why, ERR_SYNTAX, "\"%.32s\" is no member of a client", name);
}

static int
add_object(struct clients *all, json_t *obj, struct why *why)
{
	struct client *c = client_new(all);
	const char *name;
	json_t *v;
	int err = OK;

	if (!json_is_object(obj))
		err = why_set(why, ERR_SYNTAX, "an object is expected");
	json_object_foreach(obj, name, v) {
		err = set_member(c, name, v, why);
		if (err != OK)
			break;
	}
	if (err == OK && c->kind == NULL)
		err = why_set(why, ERR_SYNTAX, "exec, shell, unix or file is needed");
	return client_join(all, c, err, why);
}

int
clients_add_json(struct clients *all, json_t *obj, struct why *why)
{
	json_t *list = json_object_get(obj, "clients"), *v;
	size_t i;

	if (!json_is_array(list))
		return why_set(why, ERR_SYNTAX, "clients: a list is expected");
	json_array_foreach(list, i, v) {
		int err = add_object(all, v, why);

		if (err != OK) {
			why_prefix(why, "clients[%zu]", i);
			return err;
		}
	}
	return OK;
}
