/* fetch.c - see fetch.h. */
#include "router/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wap/content.h"

enum {
	OUTSTANDING_MAX = 1000,
	ANSWER_MAX = 1 << 20,
	TIMEOUT_MS = 30000
};

struct fetcher {
	struct loop *loop;
	struct netlist *allow;
	struct http_client *http;
	void (*event)(void *arg, json_t *event);
	void *arg;
	size_t n;
	uint64_t n_done, n_failed;
	bool closing;
};

struct fetch {
	struct fetcher *f;
	char *number, *url, *action;
};

struct fetcher *
fetcher_create(struct loop *loop, struct netlist *allow, const char *ca_file,
    void (*event)(void *arg, json_t *event), void *arg)
{
	const struct http_client_config cf = { .timeout_ms = TIMEOUT_MS,
	    .max_answer = ANSWER_MAX, .ca_file = ca_file,
		.user_agent = "OpenPPG handset" };
	struct fetcher *f = calloc(1, sizeof *f);

	if (f == NULL)
		abort();
	f->loop = loop;
	f->allow = allow;
	f->event = event;
	f->arg = arg;
	f->http = http_client_create(loop, &cf);
	return f;
}

void
fetcher_destroy(struct fetcher **p)
{
	struct fetcher *f = *p;

	if (f == NULL)
		return;
	f->closing = true;
	http_client_destroy(&f->http);
	netlist_destroy(&f->allow);
	free(f);
	*p = NULL;
}

json_t *
fetcher_stats(const struct fetcher *f)
{
	return json_pack("{s:I,s:I,s:I}", "running", (json_int_t)f->n, "done", (json_int_t)f->n_done,
	    "failed", (json_int_t)f->n_failed);
}

bool
fetcher_busy(const struct fetcher *f)
{
	return f->n > 0;
}

/* A push must not make a handset look into the networks behind it. */
static bool
may_connect(void *arg, const struct sockaddr *addr)
{
	const struct fetch *one = arg;

	return !address_is_inner(addr) || netlist_has(one->f->allow, addr);
}

static void
fetched(void *arg, const struct http_result *res)
{
	struct fetch *one = arg;
	struct fetcher *f = one->f;
	json_t *obj = json_pack("{s:o,s:s}", "url", json_span(span_str(one->url)), "action", one->action);

	if (res->transport_ok) {
		json_object_set_new(obj, "status", json_integer(res->status));
		json_object_set_new(obj, "type", json_span(span_str(res->type)));
		json_object_set_new(obj, "size", json_integer((json_int_t)res->body.n));
		json_object_set_new(obj, "whole", json_boolean(res->whole));
	} else {
		json_object_set_new(obj, "error", json_span(span_str(res->error)));
	}
	*(res->transport_ok ? &f->n_done : &f->n_failed) += 1;
	f->n--;
	if (f->closing)
		json_decref(obj);
	else
		f->event(f->arg, json_pack("{s:s,s:o}", "handset", one->number, "fetch", obj));
	free(one->number);
	free(one->url);
	free(one->action);
	free(one);
}

/* Handsets of mode "store" keep the message for the user to open. */
static bool
is_stored(const struct policy_decision *d)
{
	size_t i;

	for (i = 0; i < d->n_stages; i++) {
		if (strcmp(d->stages[i].test, "mode store") == 0)
			return true;
	}
	return false;
}

bool
fetcher_take(struct fetcher *f, const char *number, const struct router_result *res,
    const char **refused)
{
	struct content_facts facts;
	struct fetch *one;

	*refused = NULL;
	if (!res->is_push || res->info == NULL || !policy_accepted(&res->decision) ||
	    is_stored(&res->decision) ||
	    content_kind_of(span_str(res->info->type.media)) != CONTENT_SL ||
	    content_facts(res->info->type.media, res->body, &facts, NULL) != OK)
		return false;
	if (!span_starts_nocase(span_str(facts.href), "https://") &&
	    !span_starts_nocase(span_str(facts.href), "http://"))
		*refused = "only http and https are fetched";
	else if (f->n == OUTSTANDING_MAX)
		*refused = "too many are fetched already";
	if (*refused != NULL)
		return false;
	one = calloc(1, sizeof *one);
	if (one == NULL)
		abort();
	one->f = f;
	one->number = span_dup(span_str(number));
	one->url = span_dup(span_str(facts.href));
	one->action = span_dup(span_str(facts.action));
	f->n++;
	http_client_send(f->http, "GET", one->url, NULL, (struct span){ 0 }, may_connect, fetched, one);
	return true;
}

void
fetcher_print(json_t *event, struct sbuf *out)
{
	json_t *obj = json_object_get(event, "fetch");
	const char *action = json_text(obj, "action"), *error = json_text(obj, "error");

	sbuf_fmt(out, "%s: %s ", json_text(event, "handset"),
	    strcmp(action, "cache") == 0 ? "cached" : "fetched");
	sbuf_quote(out, span_str(json_text(obj, "url")));
	if (error != NULL) {
		sbuf_fmt(out, ": failed, %s", error);
		return;
	}
	sbuf_fmt(out, ": HTTP status %lld, ", (long long)json_integer_value(json_object_get(obj, "status")));
	sbuf_quote(out, span_str(json_text(obj, "type")));
	sbuf_fmt(out, ", %lld octets%s", (long long)json_integer_value(json_object_get(obj, "size")),
	    json_is_true(json_object_get(obj, "whole")) ? "" : ", not all of it");
}
