/*
 * smscsim_run.c - `pushrouter --smscsim URL`: any number of simulated handsets behind smscsim.
 * Each number that messages go to is a handset of the same make; what a message changes of one
 * holds for its later messages.
 */
#include "router/options.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/http_client.h"
#include "base/text.h"

enum {
	WAIT_S = 20,			/* of one long poll */
	HANDSETS_MAX = 1024,		/* that are remembered: those used last */
	PARTS_MAX = SMS_SEGMENTS_MAX + 1,
	TRIES = 20, RETRY_MS = 250	/* while the simulator does not answer */
};

struct handset {
	struct handset *next;
	char msisdn[32];
	struct router *router;
};

struct handsets {
	const struct router_device *make;
	struct handset *list;		/* used last first */
	size_t n;
};

/* ---- handsets ---------------------------------------------------------------------------------- */

static const char *
digits(const char *msisdn)
{
	return *msisdn == '+' ? msisdn + 1 : msisdn;
}

static void
handset_free(struct handset *h)
{
	router_destroy(&h->router);
	free(h);
}

static void
forget_last(struct handsets *all)
{
	struct handset **p = &all->list;

	while ((*p)->next != NULL)
		p = &(*p)->next;
	handset_free(*p);
	*p = NULL;
	all->n--;
}

/* The handset of this number, made when it gets its first message. */
static struct router *
handset_get(struct handsets *all, const char *msisdn)
{
	struct handset **p = &all->list, *h;

	while (*p != NULL && strcmp((*p)->msisdn, msisdn) != 0)
		p = &(*p)->next;
	h = *p;
	if (h != NULL) {
		*p = h->next;
	} else {
		if (all->n == HANDSETS_MAX)
			forget_last(all);
		h = calloc(1, sizeof *h);
		if (h == NULL)
			abort();
		snprintf(h->msisdn, sizeof h->msisdn, "%s", msisdn);
		h->router = router_create(all->make, true);
		all->n++;
	}
	h->next = all->list;
	all->list = h;
	return h->router;
}

static void
handsets_done(struct handsets *all)
{
	while (all->list != NULL)
		forget_last(all);
}

/* ---- one message --------------------------------------------------------------------------------- */

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

static void
print_json(json_t *entry, const struct router_path *path, const struct router_result *res,
    const struct why *problem, struct sbuf *out)
{
	json_t *obj = json_object(), *answer;

	json_object_set(obj, "seq", json_object_get(entry, "seq"));
	json_object_set_new(obj, "source", json_span(span_str(path->from)));
	json_object_set_new(obj, "dest", json_span(span_str(path->to)));
	answer = problem ? json_pack("{s:s}", "error", problem->text) : router_result_json(res);
	json_object_update(obj, answer);
	json_decref(answer);
	json_print(obj, out);
	json_decref(obj);
}

/* Prints what becomes of the message. */
static void
take_message(struct handsets *all, const struct options *o, json_t *entry)
{
	struct router_path path = { .from = json_text(entry, "source"), .to = json_text(entry, "dest"),
		.from_ton = ton_of(entry) };
	struct router_result res = { 0 };
	struct sbuf out = { 0 };
	struct why why = { 0 };
	uint8_t *store = NULL;
	int err;

	if (path.from == NULL)
		path.from = "";
	err = deliver(handset_get(all, path.to), &path, entry, &res, &store, &why);
	if (o->json) {
		print_json(entry, &path, &res, err == OK ? NULL : &why, &out);
	} else {
		sbuf_fmt(&out, "%lld %s: ", (long long)json_integer_value(json_object_get(entry, "seq")),
		    path.to);
		if (err == OK)
			router_result_line(&res, &out);
		else
			sbuf_fmt(&out, "error: %s", why.text);
	}
	sbuf_char(&out, '\n');
	fwrite(out.s, 1, out.n, stdout);
	fflush(stdout);
	sbuf_done(&out);
	free(store);
}

/* ---- the long poll --------------------------------------------------------------------------------- */

static void
poll_url(const struct options *o, int64_t since, struct sbuf *url)
{
	size_t n = strlen(o->url);

	while (n > 0 && o->url[n - 1] == '/')
		n--;
	sbuf_put(url, o->url, n);
	sbuf_fmt(url, "/messages?since=%lld&wait=%d&delivered=true", (long long)since, WAIT_S);
	if (o->n_dests == 1 && strspn(digits(o->dests[0]), "0123456789") == strlen(digits(o->dests[0])))
		sbuf_fmt(url, "&dest=%s", digits(o->dests[0]));
}

static void
pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* The next messages, or NULL and *why when the simulator stays away. */
static json_t *
poll_messages(const struct options *o, int64_t since, struct why *why)
{
	struct sbuf url = { 0 }, body = { 0 };
	json_t *list = NULL;
	unsigned status = 0;
	int try, err = ERR_IO;

	poll_url(o, since, &url);
	for (try = 0; try < TRIES && err != OK; try++) {
		if (try > 0)
			pause_ms(RETRY_MS);
		sbuf_clear(&body);
		err = http_fetch("GET", url.s, NULL, (struct span){ 0 }, (WAIT_S + 20) * 1000, &status,
		    &body, why);
	}
	if (err == OK && status != 200)
		err = why_set(why, ERR_IO, "HTTP status %u", status);
	if (err == OK)
		list = json_read(sbuf_as_span(&body), why);
	if (list != NULL && !json_is_array(list)) {
		json_decref(list);
		list = NULL;
		why_set(why, ERR_SYNTAX, "a list of messages is expected");
	}
	if (list == NULL)
		why_prefix(why, "%.100s", o->url);
	sbuf_done(&url);
	sbuf_done(&body);
	return list;
}

/* One answer's messages, until `once` is reached. Numbers only grow, or it would never end. */
static int
take_messages(struct handsets *all, const struct options *o, json_t *list, int64_t *since,
    int64_t *count, struct why *why)
{
	json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry) {
		const char *dest = json_text(entry, "dest");
		int64_t seq = json_integer_value(json_object_get(entry, "seq"));

		if (dest == NULL || strlen(dest) >= sizeof all->list->msisdn || seq <= *since)
			return why_set(why, ERR_SYNTAX, "%.100s: a message without dest or a new seq",
			    o->url);
		*since = seq;
		if (!is_wanted(o, dest))
			continue;
		take_message(all, o, entry);
		if (++*count == o->once)
			break;
	}
	return OK;
}

/* Every line is written at once, so there is nothing to lose. */
static void
leave(int signal_number)
{
	_exit(0);
}

int
smscsim_run(struct options *o)
{
	struct handsets all = { .make = &o->dev };
	int64_t since = o->since, count = 0;
	struct why why = { 0 };

	signal(SIGTERM, leave);
	signal(SIGINT, leave);
	while (o->once == 0 || count < o->once) {
		json_t *list = poll_messages(o, since, &why);

		if (list == NULL || take_messages(&all, o, list, &since, &count, &why) != OK) {
			fprintf(stderr, "pushrouter: %s\n", why.text);
			json_decref(list);
			handsets_done(&all);
			return 1;
		}
		json_decref(list);
	}
	handsets_done(&all);
	return 0;
}
