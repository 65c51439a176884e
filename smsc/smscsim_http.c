/* smscsim_http.c - see smscsim_http.h. */
#include "smsc/smscsim_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/http_server.h"
#include "base/json.h"
#include "base/text.h"
#include "smsc/smscsim_control.h"
#include "smsc/smscsim_json.h"
#include "smsc/smscsim_store.h"

enum {
	WAIT_MAX_S = 600,		/* long poll */
	BODY_MAX = 65536,
	TAKEN_AT_ONCE = 512,		/* messages, between two looks at the lock */
	ANSWER_MAX = 256 << 20		/* octets of JSON in one answer */
};

/* GET /messages */
struct query {
	uint64_t since, limit;
	char dest[SIM_ADDRESS_SIZE];	/* digits; "" all */
	bool delivered;			/* only what a handset has got */
	int64_t wait_ms;
};

/* A request that waits; on the list until it is woken or gone. */
struct waiter {
	struct waiter *next;
	struct http_request *rq;
	struct query query;
	int64_t until_ms;
};

struct sim_http {
	struct sim *sim;
	struct http_server *server;
	struct waiter *waiting;		/* under sim->lock */
	uint64_t seen;			/* messages and outcomes that the waiters were tried on */
	struct loop_timer timer;	/* loop thread */
};

/* ---- answers ----------------------------------------------------------------------- */

static void
answer_octets(struct http_request *rq, struct span body)
{
	struct http_answer a = { .status = 200, .content_type = "application/json", .body = body };

	http_answer(rq, &a);
}

/* Takes the reference. */
static void
answer_json(struct http_request *rq, json_t *value)
{
	struct sbuf body = { 0 };

	json_print(value, &body);
	sbuf_char(&body, '\n');
	json_decref(value);
	answer_octets(rq, sbuf_as_span(&body));
	sbuf_done(&body);
}

/* ---- messages ---------------------------------------------------------------------- */

/* Appends up to TAKEN_AT_ONCE messages to out; false when there were none. */
static bool
append_messages(struct sim *sim, struct query *q, struct sbuf *out)
{
	struct sim_message *taken[TAKEN_AT_ONCE];
	enum receipt_state states[TAKEN_AT_ONCE];
	size_t i, n, max = q->limit < TAKEN_AT_ONCE ? (size_t)q->limit : TAKEN_AT_ONCE;

	pthread_mutex_lock(&sim->lock);
	n = sim_store_take(sim->store, q->since, q->dest[0] != '\0' ? q->dest : NULL, q->delivered,
	    taken, max);
	for (i = 0; i < n; i++)
		states[i] = sim_message_state(taken[i]);
	pthread_mutex_unlock(&sim->lock);

	for (i = 0; i < n; i++) {
		json_t *o = sim_message_json(taken[i], states[i]);

		sbuf_str(out, out->n > 1 ? ",\n" : "");
		json_print(o, out);
		json_decref(o);
		q->since = taken[i]->seq;
		q->limit--;
	}
	pthread_mutex_lock(&sim->lock);
	for (i = 0; i < n; i++)
		sim_message_unref(&taken[i]);
	pthread_mutex_unlock(&sim->lock);
	return n > 0;
}

static void
answer_messages(struct sim_http *http, struct http_request *rq, struct query q)
{
	struct sbuf out = { 0 };

	sbuf_char(&out, '[');
	while (out.n < ANSWER_MAX && append_messages(http->sim, &q, &out))
		;
	sbuf_str(&out, "]\n");
	answer_octets(rq, sbuf_as_span(&out));
	sbuf_done(&out);
}

/* ---- the query --------------------------------------------------------------------- */

static int
read_whole(const struct http_request *rq, const char *name, int64_t min, uint64_t *out,
    struct why *why)
{
	char *text = http_request_param(rq, name);
	int64_t n;
	int err;

	if (text == NULL)
		return OK;
	err = text_number(text, min, INT64_MAX, &n);
	free(text);
	if (err)
		return why_set(why, err, "%s: not a whole number from %d on", name, (int)min);
	*out = (uint64_t)n;
	return OK;
}

static int
read_wait(const struct http_request *rq, struct query *q, struct why *why)
{
	char *text = http_request_param(rq, "wait"), *end = text;
	double seconds;
	bool good;

	if (text == NULL)
		return OK;
	seconds = strtod(text, &end);
	good = end != text && *end == '\0' && seconds >= 0 && seconds <= WAIT_MAX_S;
	free(text);
	if (!good)
		return why_set(why, ERR_RANGE, "wait: not a number of seconds in 0..%d", WAIT_MAX_S);
	q->wait_ms = (int64_t)(seconds * 1000);
	return OK;
}

static int
read_dest(const struct http_request *rq, struct query *q, struct why *why)
{
	char *text = http_request_param(rq, "dest");

	if (text == NULL)
		return OK;
	if (strlen(text) < SIM_ADDRESS_SIZE)
		sim_digits(text, q->dest);
	free(text);
	if (q->dest[0] == '\0')
		return why_set(why, ERR_SYNTAX, "dest: not a number of 1 to %d digits",
		    SIM_ADDRESS_SIZE - 1);
	return OK;
}

static int
read_delivered(const struct http_request *rq, struct query *q, struct why *why)
{
	char *text = http_request_param(rq, "delivered");
	int err = OK;

	if (text == NULL)
		return OK;
	q->delivered = strcmp(text, "true") == 0;
	if (!q->delivered && strcmp(text, "false") != 0)
		err = why_set(why, ERR_SYNTAX, "delivered: not true or false");
	free(text);
	return err;
}

/* Only names that there are, each with a value that can be read. */
static int
check_names(const struct http_request *rq, struct why *why)
{
	static const char *const names[] = { "since", "dest", "wait", "limit", "delivered" };
	enum { NAMES = sizeof names / sizeof names[0] };
	const char *query = http_request_query(rq);
	struct sbuf quoted = { 0 };
	size_t i, n;
	char *text;
	int err = OK;

	while (*query != '\0' && err == OK) {
		n = strcspn(query, "=&");
		for (i = 0; i < NAMES; i++)
			if (strlen(names[i]) == n && memcmp(names[i], query, n) == 0)
				break;
		if (i == NAMES) {
			sbuf_quote(&quoted, span_of(query, n));
			err = why_set(why, ERR_SYNTAX, "unknown parameter %s; there are since, "
			    "dest, wait, limit, delivered", quoted.n > 0 ? quoted.s : "");
		} else {
			text = http_request_param(rq, names[i]);
			if (text == NULL)
				err = why_set(why, ERR_SYNTAX, "%s: not percent-encoded text", names[i]);
			free(text);
		}
		query += strcspn(query, "&");
		query += *query == '&';
	}
	sbuf_done(&quoted);
	return err;
}

static int
read_query(const struct http_request *rq, struct query *q, struct why *why)
{
	int err = check_names(rq, why);

	*q = (struct query){ .limit = UINT64_MAX };
	if (err == OK)
		err = read_whole(rq, "since", 0, &q->since, why);
	if (err == OK)
		err = read_whole(rq, "limit", 1, &q->limit, why);
	if (err == OK)
		err = read_wait(rq, q, why);
	if (err == OK)
		err = read_dest(rq, q, why);
	if (err == OK)
		err = read_delivered(rq, q, why);
	return err;
}

/* ---- waiting ----------------------------------------------------------------------- */

static bool
has_some(struct sim *sim, const struct query *q)
{
	return sim_store_has(sim->store, q->since, q->dest[0] != '\0' ? q->dest : NULL, q->delivered);
}

static enum http_next
get_messages(struct sim_http *http, struct http_request *rq)
{
	struct sim *sim = http->sim;
	struct waiter *w = http_request_data(rq);
	struct why why;
	struct query q;

	if (w == NULL) {
		if (read_query(rq, &q, &why) != OK) {
			http_answer_text(rq, 400, why.text);
			return HTTP_ANSWERED;
		}
		pthread_mutex_lock(&sim->lock);
		if (q.wait_ms > 0 && !has_some(sim, &q)) {
			w = sim_alloc(sizeof *w);
			*w = (struct waiter){ http->waiting, rq, q, clock_mono_ms() + q.wait_ms };
			http->waiting = w;
			sim->polls++;
			http_request_set_data(rq, w);
			sim_kick(sim);		/* starts the timer */
			pthread_mutex_unlock(&sim->lock);
			return HTTP_WAIT;
		}
		pthread_mutex_unlock(&sim->lock);
	} else {
		q = w->query;
	}
	answer_messages(http, rq, q);
	return HTTP_ANSWERED;
}

static void
look_again(void *arg)
{
	struct sim_http *http = arg;

	sim_http_wake(http);
}

void
sim_http_wake(struct sim_http *http)
{
	struct sim *sim = http->sim;
	struct waiter *woken = NULL, **p, *w;
	int64_t now_ms, next_ms = INT64_MAX;
	uint64_t news;

	pthread_mutex_lock(&sim->lock);
	news = sim_store_stats(sim->store).messages + sim->outcomes;
	if (http->waiting != NULL) {
		now_ms = clock_mono_ms();
		for (p = &http->waiting; (w = *p) != NULL;) {
			if (now_ms < w->until_ms &&
			    (news == http->seen || !has_some(sim, &w->query))) {
				next_ms = w->until_ms < next_ms ? w->until_ms : next_ms;
				p = &w->next;
				continue;
			}
			*p = w->next;
			sim->polls--;
			w->next = woken;
			woken = w;
		}
		if (next_ms != INT64_MAX && (http->timer.slot == 0 || http->timer.at_ms > next_ms))
			loop_timer_start(sim->loop, &http->timer, next_ms - now_ms, look_again,
			    http);
	}
	http->seen = news;
	pthread_mutex_unlock(&sim->lock);

	while ((w = woken) != NULL) {
		woken = w->next;
		http_request_proceed(w->rq);	/* w may be gone now */
	}
}

static void
gone(void *app, struct http_request *rq)
{
	struct sim_http *http = app;
	struct waiter *w = http_request_data(rq), **p;

	if (w == NULL)
		return;
	pthread_mutex_lock(&http->sim->lock);
	for (p = &http->waiting; *p != NULL && *p != w; p = &(*p)->next)
		;
	if (*p == w) {
		*p = w->next;
		http->sim->polls--;
	}
	pthread_mutex_unlock(&http->sim->lock);
	free(w);
}

/* ---- everything else ----------------------------------------------------------------- */

static void
answer_control(struct sim_http *http, struct http_request *rq, const struct sim_control *control, json_t *spec)
{
	struct why why = { 0 };
	json_t *answer = NULL;
	int err;

	pthread_mutex_lock(&http->sim->lock);
	err = control->call(http->sim, spec, &answer, &why);
	pthread_mutex_unlock(&http->sim->lock);
	if (err)
		http_answer_text(rq, 400, why.text);
	else
		answer_json(rq, answer);
}

static enum http_next
head(void *app, struct http_request *rq)
{
	static const char no_method[] = "the path does not take this method";
	const char *method = http_request_method(rq), *path = http_request_path(rq);
	char allowed[SIM_METHODS_SIZE];
	const struct sim_control *control = sim_control_find(method, path, allowed);
	struct http_answer a = { .status = 405, .extra = { { "Allow", allowed } },
		.body = span_str(no_method) };

	if (control != NULL) {
		if (control->call == NULL)
			return get_messages(app, rq);
		if (control->takes_body)
			return HTTP_READ_BODY;
		answer_control(app, rq, control, NULL);
	} else if (allowed[0] == '\0') {
		http_answer_text(rq, 404, sim_control_paths);
	} else {
		http_answer(rq, &a);
	}
	return HTTP_ANSWERED;
}

static void
body(void *app, struct http_request *rq)
{
	char allowed[SIM_METHODS_SIZE];
	const struct sim_control *control = sim_control_find(http_request_method(rq),
	    http_request_path(rq), allowed);
	struct why why = { 0 };
	json_t *spec = json_read(http_request_body(rq), &why);

	if (spec == NULL)
		http_answer_text(rq, 400, why.text);
	else
		answer_control(app, rq, control, spec);
	json_decref(spec);
}

/* ---- server ------------------------------------------------------------------------ */

struct sim_http *
sim_http_create(struct sim *sim)
{
	struct sim_http *http = sim_alloc(sizeof *http);

	http->sim = sim;
	return http;
}

int
sim_http_start(struct sim_http *http, const char *host, uint16_t port, uint16_t *got,
    struct why *why)
{
	struct http_server_config cf = {
		.name = "smscsim", .host = host, .port = port, .methods = "GET, POST, DELETE",
		.max_body = BODY_MAX, .no_length_is_empty = true, .max_held = 16 << 20,
		.max_connections = 1000, .max_per_address = 1000,
		.request_timeout_s = WAIT_MAX_S + 60, .idle_timeout_s = 60,
	};
	struct http_app app = { .app = http, .head = head, .body = body, .gone = gone };
	int err = http_server_start(&cf, &app, &http->server, why);

	*got = err == OK ? http_server_port(http->server) : 0;
	return err;
}

void
sim_http_destroy(struct sim_http **p)
{
	struct sim_http *http = *p;

	if (http == NULL)
		return;
	if (http->server != NULL)
		http_server_stop(&http->server);
	loop_timer_stop(http->sim->loop, &http->timer);
	free(http);
	*p = NULL;
}
