/*
 * front.c - see front.h.
 *
 * Way of a submission: head (path, type, who) -> body (admission) -> store, request suspended ->
 * stored() on the writer's thread answers and hands taken recipients to dispatch.
 */
#include "ppg/front.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "ppg/mime.h"

enum {
	CHUNK = 1000			/* recipients written in one store operation */
};

struct front {
	struct front_config cf;
	struct http_server *server;
	atomic_ullong accepted, recipients, refused[REFUSALS], answers, answers_us;
	pthread_mutex_t lock;		/* guards pending, stopping */
	pthread_cond_t idle;
	unsigned pending;		/* submissions that the store or the verifier has */
	bool stopping;
};

/* One request that is more than a refusal in its head. */
struct submission {
	struct store_accept op;		/* first: the store hands it back */
	struct front *front;
	struct http_request *rq;
	struct initiators *set;
	const struct initiator *who;
	bool authenticated, admitted;
	struct admission a;
	char version[PAP_VERSION_SIZE];
	uint32_t written;		/* recipients in the store so far */
	int64_t began_us;
};

const char *
front_refusal_name(enum front_refusal r)
{
	static const char *const names[] = { "http", "auth", "badmessage", "pap", "busy" };

	return names[r];
}

/* ---- answers ------------------------------------------------------------------------------- */

static void
count_refusal(struct front *f, enum front_refusal kind)
{
	atomic_fetch_add(&f->refused[kind], 1);
}

/* An HTTP-level refusal; the reason goes into the body and the log. */
static enum http_next
refuse_http(struct front *f, struct http_request *rq, enum front_refusal kind,
    const struct http_answer *a, const char *reason)
{
	struct http_answer answer = *a;

	count_refusal(f, kind);
	log_peer("pap", http_request_peer(rq), reason);
	answer.body = span_str(reason);
	answer.close = true;
	http_answer(rq, &answer);
	return HTTP_ANSWERED;
}

static void
log_refusal(const struct submission *s)
{
	struct sbuf text = { 0 };

	sbuf_fmt(&text, "initiator %s refused: %d %s", s->who->name, s->a.code, s->a.why.text);
	log_peer("pap", http_request_peer(s->rq), text.s);
	sbuf_done(&text);
}

/* The PAP document that answers this submission, with a->code and a->why as they are now. */
static void
write_answer(const struct submission *s, struct sbuf *out)
{
	const struct pap_writer *w = &s->front->cf.writer;
	const struct pap_control *c = &s->a.control;
	struct pap_version v = pap_reply_version(c);
	const char *desc = s->a.why.text[0] != '\0' ? s->a.why.text : NULL;

	if (s->a.badmessage)
		pap_badmessage_response(out, w, v, c->above_10, s->a.code, desc, s->a.fragment);
	else if (c->message != PAP_PUSH)
		pap_refuse_operation(out, w, v, c, s->a.code, desc);
	else
		pap_push_response(out, w, v, c->above_10, c->push_id, s->a.code, desc, clock_utc(), NULL, 0);
}

static void
answer_pap(struct submission *s, bool later)
{
	struct front *f = s->front;
	struct sbuf doc = { 0 };
	struct http_answer answer = { .status = 202, .content_type = "application/xml" };

	if (s->a.code == PAP_ACCEPTED) {
		atomic_fetch_add(&f->accepted, 1);
		atomic_fetch_add(&f->recipients, s->a.n_recipients);
	} else {
		count_refusal(f, s->a.badmessage ? REFUSED_BADMESSAGE : REFUSED_PAP);
		log_refusal(s);
	}
	write_answer(s, &doc);
	answer.body = sbuf_as_span(&doc);
	atomic_fetch_add(&f->answers, 1);
	atomic_fetch_add(&f->answers_us, (unsigned long long)(clock_mono_us() - s->began_us));
	if (later)
		http_answer_later(s->rq, &answer);
	else
		http_answer(s->rq, &answer);
	sbuf_done(&doc);
}

static void
answer_busy(struct submission *s, bool later, const char *reason)
{
	struct http_answer answer = { .status = 503, .extra = { { "Retry-After", "1" } },
		.body = span_str(reason) };

	count_refusal(s->front, REFUSED_BUSY);
	if (later)
		http_answer_later(s->rq, &answer);
	else
		http_answer(s->rq, &answer);
}

/* ---- into the store ---------------------------------------------------------------------------- */

/* A submission is with the store or the verifier from begin to end; front_stop waits for that. */
static bool
begin_pending(struct front *f)
{
	bool go;

	pthread_mutex_lock(&f->lock);
	go = !f->stopping;
	f->pending += go;
	pthread_mutex_unlock(&f->lock);
	return go;
}

static void
end_pending(struct front *f)
{
	pthread_mutex_lock(&f->lock);
	if (--f->pending == 0)
		pthread_cond_signal(&f->idle);
	pthread_mutex_unlock(&f->lock);
}

/* A single-chunk push that was written as taken goes straight to dispatch. */
static void
hand_over(struct submission *s)
{
	struct store_item *first = NULL, **tail = &first;
	uint32_t i;

	for (i = 0; i < s->a.n_recipients; i++) {
		struct store_item *item = calloc(1, sizeof *item);

		if (item == NULL)
			abort();
		item->push = s->op.push;
		item->batch = s->op.batch;
		item->n = i;
		snprintf(item->to, sizeof item->to, "%s", s->a.recipients[i].to);
		snprintf(item->pi, sizeof item->pi, "%s", s->who->name);
		item->body = store_body_ref(s->a.body);
		item->deadline_at = s->a.deadline_at;
		*tail = item;
		tail = &item->next;
	}
	dispatch_hand(s->front->cf.dispatch, first);
}

static void stored(struct store_op *op);

static int
submit_chunk(struct submission *s)
{
	uint32_t left = s->a.n_recipients - s->written;

	s->op.op.kind = s->written == 0 ? STORE_ACCEPT : STORE_MORE;
	s->op.op.done = stored;
	s->op.recipients = s->a.recipients + s->written;
	s->op.first_n = s->written;
	s->op.n_recipients = left > CHUNK ? CHUNK : left;
	s->op.more = left > CHUNK;
	return store_submit(s->front->cf.store, &s->op.op);
}

/* Writer thread: a chunk is on disk, or was refused. */
static void
stored(struct store_op *op)
{
	struct submission *s = (struct submission *)op;
	struct front *f = s->front;
	struct dispatch *dispatch = f->cf.dispatch;

	if (op->result == OK) {
		s->written += s->op.n_recipients;
		if (s->written < s->a.n_recipients && submit_chunk(s) == OK)
			return;
	}
	if (op->result != OK && s->op.take)
		dispatch_release(dispatch, s->a.n_recipients);
	if (op->result == OK && s->written == s->a.n_recipients) {
		if (s->op.take)
			hand_over(s);
		else
			dispatch_wake(dispatch);
		answer_pap(s, true);
	} else if (op->result == ERR_EXISTS) {
		s->a.code = PAP_DUPLICATE_PUSH_ID;
		why_set(&s->a.why, ERR_EXISTS, "push-id was used before; that push is unchanged");
		answer_pap(s, true);
	} else {
		answer_busy(s, true, op->result == ERR_FULL ? "the store's disk is full\n" :
		    "the store takes nothing more now\n");
	}
	end_pending(f);			/* the answer may have freed s already */
}

static void
store_push(struct submission *s)
{
	struct admission *a = &s->a;

	if (!begin_pending(s->front)) {
		answer_busy(s, false, "the gateway is stopping\n");
		return;
	}
	pap_version_print(pap_reply_version(&a->control), s->version);
	s->op = (struct store_accept){
		.pi = s->who->name,
		.push_id = a->control.push_id,
		.received = a->received,
		.deliver_after = a->control.deliver_after > a->received ? a->control.deliver_after : 0,
		.deadline_at = a->deadline_at,
		.version = s->version,
		.notify_url = a->control.notify_url,
		.meta = a->meta,
		.content_type = a->content_type,
		.secret = a->secret,
		.body = a->body,
	};
	s->op.take = s->op.deliver_after == 0 && a->n_recipients <= CHUNK &&
	    dispatch_reserve(s->front->cf.dispatch, a->n_recipients);
	if (submit_chunk(s) != OK) {
		if (s->op.take)
			dispatch_release(s->front->cf.dispatch, a->n_recipients);
		end_pending(s->front);
		answer_busy(s, false, "too many submissions wait for the store\n");
	}
}

/* ---- the HTTP application -------------------------------------------------------------------------- */

/* Verifier thread. The request may be over, and s gone, as soon as it goes on. */
static void
verified(void *arg)
{
	struct submission *s = arg;
	struct front *f = s->front;

	http_request_proceed(s->rq);
	end_pending(f);
}

static struct submission *
submission_of(struct front *f, struct http_request *rq)
{
	struct submission *s = http_request_data(rq);

	if (s != NULL)
		return s;
	s = calloc(1, sizeof *s);
	if (s == NULL)
		abort();
	s->front = f;
	s->rq = rq;
	http_request_set_data(rq, s);
	return s;
}

static void
forget_param(char *value)
{
	if (value != NULL)
		secret_cleanse(value, strlen(value));
	free(value);
}

static enum auth_result
ask_authenticator(struct submission *s)
{
	struct http_request *rq = s->rq;
	bool query = s->front->cf.query_login;
	char *user = query ? http_request_param(rq, "username") : NULL;
	char *password = query ? http_request_param(rq, "password") : NULL;
	enum auth_result res = authenticator_check(s->front->cf.auth, &(struct auth_request){
		.authorization = http_request_header(rq, "Authorization"),
		.query_user = user,
		.query_password = password,
		.peer = http_request_peer(rq),
		.peer_addr = http_request_sockaddr(rq),
	}, &s->set, &s->who, &s->authenticated, verified, s);

	forget_param(user);
	forget_param(password);
	return res;
}

/* While the verifier may still call back the request counts as pending. */
static enum http_next
check_login(struct front *f, struct http_request *rq)
{
	static const struct http_answer
	    unauthorized = { .status = 401, .extra = { { "WWW-Authenticate", "Basic realm=\"push\"" } } },
	    forbidden = { .status = 403 },
	    slow_down = { .status = 429, .extra = { { "Retry-After", "60" } } },
	    busy = { .status = 503, .extra = { { "Retry-After", "1" } } };
	struct submission *s = submission_of(f, rq);
	enum auth_result res;

	if (!begin_pending(f))
		return refuse_http(f, rq, REFUSED_BUSY, &busy, "the gateway is stopping\n");
	res = ask_authenticator(s);
	if (res == AUTH_WAIT)
		return HTTP_WAIT;
	end_pending(f);
	switch (res) {
	case AUTH_OK:
	case AUTH_WAIT:
		break;
	case AUTH_FORBIDDEN:
		return refuse_http(f, rq, REFUSED_AUTH, &forbidden, "pushes are not taken from this address\n");
	case AUTH_REFUSED:
		return refuse_http(f, rq, REFUSED_AUTH, &unauthorized, "authentication needed\n");
	case AUTH_SLOW_DOWN:
		return refuse_http(f, rq, REFUSED_AUTH, &slow_down,
		    "too many wrong passwords from this address\n");
	case AUTH_BUSY:
		return refuse_http(f, rq, REFUSED_BUSY, &busy, "too many logins wait to be checked\n");
	}
	return HTTP_READ_BODY;
}

static enum http_next
on_head(void *app, struct http_request *rq)
{
	static const struct http_answer not_found = { .status = 404 }, bad_type = { .status = 415 };
	struct front *f = app;
	const char *type = http_request_header(rq, "Content-Type");
	struct span media = mime_media(span_str(type != NULL ? type : ""));

	if (strcmp(http_request_path(rq), f->cf.path) != 0)
		return refuse_http(f, rq, REFUSED_HTTP, &not_found, "no such path\n");
	if (!span_eq_nocase(media, "multipart/related") && !span_eq_nocase(media, "application/xml"))
		return refuse_http(f, rq, REFUSED_HTTP, &bad_type,
		    "Content-Type must be multipart/related or application/xml\n");
	return check_login(f, rq);
}

static const char *
outer_header(void *arg, const char *name)
{
	return http_request_header(arg, name);
}

static void
on_body(void *app, struct http_request *rq)
{
	struct front *f = app;
	struct submission *s = http_request_data(rq);
	struct admit_request request = {
		.content_type = http_request_header(rq, "Content-Type"),
		.body = http_request_body(rq),
		.who = s->who,
		.authenticated = s->authenticated,
		.peer = http_request_sockaddr(rq),
		.peer_name = http_request_peer(rq),
		.outer_header = outer_header,
		.arg = rq,
	};

	s->began_us = clock_mono_us();
	admit(&f->cf.admit, &request, &s->a);
	s->admitted = true;
	if (s->a.code == PAP_ACCEPTED)
		store_push(s);
	else
		answer_pap(s, false);
}

static void
on_gone(void *app, struct http_request *rq)
{
	struct submission *s = http_request_data(rq);

	if (s == NULL)
		return;
	if (s->admitted)
		admission_done(&s->a);
	initiators_unref(s->set);
	free(s);
}

static void
on_refused(void *app, const char *peer, const char *reason)
{
	struct front *f = app;

	count_refusal(f, REFUSED_HTTP);
	log_peer("pap", peer, reason);
}

int
front_start(const struct front_config *cf, struct front **out, struct why *why)
{
	struct front *f = calloc(1, sizeof *f);
	struct http_app app = { f, on_head, on_body, on_gone, on_refused };
	int err;

	if (f == NULL)
		abort();
	*out = NULL;
	f->cf = *cf;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->idle, NULL);
	f->cf.http.methods = "POST";
	err = http_server_start(&f->cf.http, &app, &f->server, why);
	if (err) {
		free(f);
		return err;
	}
	*out = f;
	return OK;
}

void
front_stop(struct front **p)
{
	struct front *f = *p;

	if (f == NULL)
		return;
	http_server_quiesce(f->server);
	pthread_mutex_lock(&f->lock);
	f->stopping = true;
	while (f->pending > 0)
		pthread_cond_wait(&f->idle, &f->lock);
	pthread_mutex_unlock(&f->lock);
	http_server_stop(&f->server);
	pthread_cond_destroy(&f->idle);
	pthread_mutex_destroy(&f->lock);
	free(f);
	*p = NULL;
}

void
front_stats(struct front *f, struct front_stats *out)
{
	size_t i;

	*out = (struct front_stats){
		.accepted = f->accepted, .recipients = f->recipients,
		.answers = f->answers, .answers_us_total = f->answers_us,
	};
	for (i = 0; i < REFUSALS; i++)
		out->refused[i] = f->refused[i];
}

uint16_t
front_port(const struct front *f)
{
	return http_server_port(f->server);
}
