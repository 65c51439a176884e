/* screen.c - see screen.h. */
#include "ppg/screen.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/log.h"
#include "base/text.h"
#include "ppg/pap.h"
#include "ppg/predict.h"
#include "ppg/signature.h"

enum { ANSWER_MAX = 16 << 10, CONNECTIONS = 16, FAILURE_LOG_S = 60, AHEAD_MAX = 256 };

struct screen {
	struct screen_config cf;
	struct dispatch *dispatch;
	struct loop *loop;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;		/* guards stopping: nothing is posted afterwards */
	bool stopping;
	struct loop_work stop_work;
	atomic_uint ahead;		/* look-ups that no recipient waits for */

	/* its thread's */
	struct http_client *client;
	struct store_reader *reader;
	int64_t failure_told_at;
};

/* One recipient on its way through. */
struct ask {
	struct loop_work work;
	struct screen *screen;
	struct store_item *item;
	char wanted[8];			/* what becomes of a refusal: refuse, warn, send */
	struct route_wish wish;
};

static void
give_back(struct ask *a, int code, const char *desc)
{
	dispatch_screened(a->screen->dispatch, a->item, code, desc);
	free(a);
}

/* ---- what its device will do ---------------------------------------------------------------------------- */

static bool
predict_item(struct ask *a, const struct subscriber *sub, struct admit_config *rules, struct prediction *out)
{
	struct screen *s = a->screen;
	const struct store_item *item = a->item;
	struct policy_device *dev = calloc(1, sizeof *dev);
	struct routes *routes = route_table_get(rules->routes);
	struct push_facts *facts;
	char from[64];
	struct why why;
	bool known;
	int err;

	if (dev == NULL)
		abort();
	routes_sender(routes, &a->wish, from, sizeof from);
	routes_unref(routes);
	err = subscribers_device(s->cf.subscribers, s->reader, sub, dev, &known, &why);
	if (err == OK) {
		facts = push_facts_read(item->overlay.n > 0 ? item->overlay : item->body->headers, item->body->body);
		predict(dev, facts, from, sub != NULL && sub->imsi[0] != '\0' && sub->n_network_key == 0 ? sub->imsi : NULL,
		    out);
		out->device_known = known;
		push_facts_free(&facts);
	}
	free(dev);
	return err == OK;
}

/* A document that waited for its subscriber's key. It is signed again each time it is due; nothing of it is kept. */
static bool
sign(struct ask *a, const struct subscriber *sub, const struct admit_config *rules)
{
	struct store_item *item = a->item;
	char number[32];
	struct span own;
	struct why why;

	if (item->overlay.n > 0)
		return true;
	if (signature_complete(item->body->headers, item->body->body, rules->dm_ef_imsi, sub, &own, &why) == OK) {
		item->overlay = own;
		return true;
	}
	text_mask_number(item->to, number, sizeof number);
	log_warning("policy", "push row %lld of %s to %s cannot be signed: %s", (long long)item->push, item->pi, number,
	    why.text);
	give_back(a, PAP_FORBIDDEN, why.text);
	return false;
}

struct remark_op {
	struct store_remark op;
	char text[];
};

/* A recipient that is gone needs none. */
static void
remarked(struct store_op *op)
{
	free(op);
}

/* What admission could not say of this recipient. */
static void
keep_prediction(struct ask *a, const struct prediction *p)
{
	struct sbuf text = { 0 };
	struct remark_op *r;

	sbuf_str(&text, "{\"predictions\":[");
	prediction_write(p, &text);
	sbuf_str(&text, "]}");
	r = calloc(1, sizeof *r + text.n + 1);
	if (r == NULL)
		abort();
	memcpy(r->text, text.s, text.n);
	sbuf_done(&text);
	r->op = (struct store_remark){ .op = { .kind = STORE_REMARK, .done = remarked }, .push = a->item->push,
		.n = a->item->n, .text = r->text };
	if (store_submit(a->screen->cf.store, &r->op.op) != OK)
		free(r);
}

static void
decide(struct ask *a, const struct subscriber *sub)
{
	struct admit_config *rules = admit_table_get(a->screen->cf.admit);
	enum control_mode unknown = rules->controls->modes[19];
	struct prediction p;
	struct sbuf text = { 0 };
	char number[32];
	bool refused = false, predicted;

	if (!sign(a, sub, rules)) {
		admit_config_unref(rules);
		return;
	}
	predicted = (sub != NULL || unknown != CONTROL_OFF) && predict_item(a, sub, rules, &p);
	if (predicted)
		keep_prediction(a, &p);
	if (predicted && prediction_refuses(&p)) {
		refused = strcmp(a->wanted, "refuse") == 0 && (p.device_known || unknown == CONTROL_ENFORCE);
		prediction_print(&p, &text);
		text_mask_number(a->item->to, number, sizeof number);
		if (refused)
			log_warning("policy", "E-14: push row %lld of %s to %s refused: %s", (long long)a->item->push,
			    a->item->pi, number, text.s);
		else
			log_info("policy", "E-14: push row %lld of %s to %s: %s", (long long)a->item->push, a->item->pi,
			    number, text.s);
	}
	admit_config_unref(rules);
	give_back(a, refused ? PAP_FORBIDDEN : 0, text.s);
	sbuf_done(&text);
}

/* False: it has to be looked up. */
static bool
decide_by_cache(struct ask *a)
{
	struct subscriber sub;
	char key[64];
	enum subscriber_answer answer;

	subscribers_any(a->screen->cf.subscribers, a->screen->reader);	/* is there a table? */
	snprintf(key, sizeof key, "plmn:%s", a->item->to);
	answer = subscribers_find(a->screen->cf.subscribers, a->screen->reader, key, a->item->to, &sub);
	if (answer != SUBSCRIBER_MISSED)
		decide(a, answer == SUBSCRIBER_FOUND ? &sub : NULL);
	subscriber_done(&sub);
	return answer != SUBSCRIBER_MISSED;
}

/* ---- the look-up ------------------------------------------------------------------------------------------ */

/* Who cannot be looked up is nobody we know. The source may be down for long: it is told once a minute. */
static void
look_up_failed(struct ask *a, const char *reason)
{
	struct screen *s = a->screen;
	int64_t now = (int64_t)clock_utc();

	if (now - s->failure_told_at >= FAILURE_LOG_S) {
		s->failure_told_at = now;
		log_warning("policy", "subscriber-source: %s", reason);
	}
	if (s->stopping)
		give_back(a, -1, NULL);
	else
		decide(a, NULL);
}

static void
looked_up(void *arg, const struct http_result *res)
{
	struct ask *a = arg;
	struct subscribers *subs = a->screen->cf.subscribers;
	char reason[80];

	if (!res->transport_ok) {
		look_up_failed(a, res->error);
	} else if (res->status == 404) {
		subscribers_learn(subs, a->item->to, NULL);
		decide(a, NULL);
	} else if (res->status != 200) {
		snprintf(reason, sizeof reason, "HTTP status %u", res->status);
		look_up_failed(a, reason);
	} else if (!subscribers_learn(subs, a->item->to, &res->body) || !decide_by_cache(a)) {
		look_up_failed(a, "an answer that is no JSON object of facts");
	}
}

static void
run_ask(struct loop_work *work)
{
	struct ask *a = (struct ask *)((char *)work - offsetof(struct ask, work));
	struct screen *s = a->screen;
	struct sbuf url = { 0 };

	if (s->client == NULL) {
		give_back(a, -1, NULL);
	} else if (!decide_by_cache(a)) {
		if (subscribers_url(s->cf.subscribers, a->item->to, &url) == OK)
			http_client_send(s->client, "GET", url.s, NULL, span_of(NULL, 0), NULL, looked_up, a);
		else
			decide(a, NULL);
	}
	sbuf_done(&url);
}

/* ---- ahead of a push --------------------------------------------------------------------------------------- */

struct ahead {
	struct loop_work work;
	struct screen *screen;
	char number[48];
};

static void
ahead_done(struct ahead *h)
{
	atomic_fetch_sub(&h->screen->ahead, 1);
	free(h);
}

/* What fails is told when somebody waits for it. */
static void
found_ahead(void *arg, const struct http_result *res)
{
	struct ahead *h = arg;

	if (res->transport_ok && (res->status == 200 || res->status == 404))
		subscribers_learn(h->screen->cf.subscribers, h->number, res->status == 200 ? &res->body : NULL);
	ahead_done(h);
}

static void
run_ahead(struct loop_work *work)
{
	struct ahead *h = (struct ahead *)((char *)work - offsetof(struct ahead, work));
	struct screen *s = h->screen;
	struct subscriber sub;
	struct sbuf url = { 0 };
	bool missed = subscribers_find(s->cf.subscribers, NULL, "", h->number, &sub) == SUBSCRIBER_MISSED;

	subscriber_done(&sub);
	if (missed && s->client != NULL && subscribers_url(s->cf.subscribers, h->number, &url) == OK)
		http_client_send(s->client, "GET", url.s, NULL, span_of(NULL, 0), NULL, found_ahead, h);
	else
		ahead_done(h);
	sbuf_done(&url);
}

void
screen_look_up(struct screen *s, const char *number)
{
	struct ahead *h;
	bool go;

	if (atomic_fetch_add(&s->ahead, 1) >= AHEAD_MAX) {
		atomic_fetch_sub(&s->ahead, 1);
		return;
	}
	h = calloc(1, sizeof *h);
	if (h == NULL)
		abort();
	h->work.run = run_ahead;
	h->screen = s;
	snprintf(h->number, sizeof h->number, "%s", number);
	pthread_mutex_lock(&s->lock);
	go = s->started && !s->stopping;
	if (go)
		loop_post(s->loop, &h->work);
	pthread_mutex_unlock(&s->lock);
	if (!go)
		ahead_done(h);
}

/* ---- in and out --------------------------------------------------------------------------------------------- */

bool
screen_take(void *screen, struct store_item *item)
{
	struct screen *s = screen;
	struct route_wish wish;
	struct ask *a;
	bool go;

	if (!route_wish_screened(item->body->route))
		return false;
	route_wish_read(item->body->route, &wish);
	a = calloc(1, sizeof *a);
	if (a == NULL)
		abort();
	a->work.run = run_ask;
	a->screen = s;
	a->item = item;
	a->wish = wish;
	memcpy(a->wanted, wish.screen, sizeof a->wanted);
	pthread_mutex_lock(&s->lock);
	go = !s->stopping;
	if (go)
		loop_post(s->loop, &a->work);
	pthread_mutex_unlock(&s->lock);
	if (!go)			/* the next start takes it */
		give_back(a, -1, NULL);
	return true;
}

struct screen *
screen_create(const struct screen_config *cf)
{
	struct screen *s = calloc(1, sizeof *s);

	if (s == NULL)
		abort();
	s->cf = *cf;
	s->loop = loop_create();
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

static void *
run_thread(void *arg)
{
	struct screen *s = arg;

	loop_run(s->loop);
	return NULL;
}

int
screen_start(struct screen *s, struct dispatch *dispatch, struct why *why)
{
	int err = store_reader_open(s->cf.store, &s->reader, why);

	if (err)
		return err;
	s->dispatch = dispatch;
	s->client = http_client_create(s->loop, &(struct http_client_config){
		.timeout_ms = subscribers_timeout_ms(s->cf.subscribers),
		.connect_timeout_ms = subscribers_timeout_ms(s->cf.subscribers),
		.max_answer = ANSWER_MAX,
		.max_per_host = CONNECTIONS,
		.ca_file = s->cf.ca_file,
	});
	if (pthread_create(&s->thread, NULL, run_thread, s) != 0)
		abort();
	pthread_setname_np(s->thread, "screen");
	s->started = true;
	return OK;
}

static void
run_stop(struct loop_work *work)
{
	struct screen *s = (struct screen *)((char *)work - offsetof(struct screen, stop_work));

	http_client_destroy(&s->client);
	loop_stop(s->loop);
}

void
screen_stop(struct screen *s)
{
	if (s == NULL || !s->started)
		return;
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	s->stop_work.run = run_stop;
	loop_post(s->loop, &s->stop_work);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	s->started = false;
	store_reader_close(&s->reader);
}

void
screen_destroy(struct screen **p)
{
	struct screen *s = *p;

	if (s == NULL)
		return;
	loop_destroy(&s->loop);
	pthread_mutex_destroy(&s->lock);
	free(s);
	*p = NULL;
}
