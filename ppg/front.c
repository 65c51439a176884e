/*
 * front.c - see front.h and front_int.h: HTTP. Path, type and login are looked at in the head; the body
 * becomes an admission, on this thread or in the pool, and goes on in submission.c or operations.c.
 */
#include "ppg/front_int.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "ppg/mime.h"

enum { POOL_FROM = 64 << 10 };		/* bodies above this are looked at in the pool */

const char *
front_refusal_name(enum front_refusal r)
{
	static const char *const names[] = { "http", "auth", "badmessage", "pap", "busy" };

	return names[r];
}

/* ---- answers ------------------------------------------------------------------------------- */

void
front_count(struct front *f, enum front_refusal kind)
{
	atomic_fetch_add(&f->refused[kind], 1);
}

void
front_count_operation(struct submission *s)
{
	struct front *f = s->front;

	atomic_fetch_add(&f->operations, 1);
	tally_operation(f->tally, s->who->name);
}

/* An HTTP-level refusal; the reason goes into the body and the log. */
static enum http_next
refuse_http(struct front *f, struct http_request *rq, enum front_refusal kind,
    const struct http_answer *a, const char *reason)
{
	struct http_answer answer = *a;

	front_count(f, kind);
	log_peer("pap", http_request_peer(rq), reason);
	answer.body = span_str(reason);
	answer.close = true;
	http_answer(rq, &answer);
	return HTTP_ANSWERED;
}

static void
send_answer(struct submission *s, const struct http_answer *answer)
{
	if (s->later)
		http_answer_later(s->rq, answer);
	else
		http_answer(s->rq, answer);
}

void
front_answer_busy(struct submission *s, const char *reason)
{
	front_answer_wait(s, 1, reason);
}

void
front_answer_wait(struct submission *s, unsigned retry_s, const char *reason)
{
	char seconds[12];
	struct http_answer answer = { .status = 503, .extra = { { "Retry-After", seconds } },
		.body = span_str(reason) };

	snprintf(seconds, sizeof seconds, "%u", retry_s > 0 ? retry_s : 1);
	front_count(s->front, REFUSED_BUSY);
	tally_refused(s->front->tally, s->who->name, s->a.reason == ACCESS_RATE ? ACCESS_RATE : TALLY_BUSY);
	send_answer(s, &answer);
}

const uint32_t front_times_us[FRONT_TIMES] = { 1000, 2500, 5000, 10000, 25000, 100000, 500000, 2500000 };

static void
count_answer(struct front *f, int64_t us)
{
	size_t i;

	for (i = 0; i < FRONT_TIMES && us > (int64_t)front_times_us[i]; i++)
		;
	atomic_fetch_add(&f->answer_times[i], 1);
	atomic_fetch_add(&f->answers, 1);
	atomic_fetch_add(&f->answers_us, (unsigned long long)us);
}

void
front_answer_document(struct submission *s, const char *content_type, const struct sbuf *doc)
{
	struct http_answer answer = { .status = 202, .content_type = content_type, .body = sbuf_as_span(doc) };
	struct front *f = s->front;

	answer.repeatable = s->a.control.message == PAP_STATUSQUERY || s->a.control.message == PAP_CCQ;
	if (s->a.ota_pin[0] != '\0' && s->a.code == PAP_ACCEPTED) {	/* for the initiator alone: not in the document */
		answer.extra[0][0] = "X-OpenPPG-OTA-PIN";
		answer.extra[0][1] = s->a.ota_pin;
		answer.extra[1][0] = "Cache-Control";
		answer.extra[1][1] = "no-store";
	}

	count_answer(f, clock_mono_us() - s->began_us);
	send_answer(s, &answer);
}

static void
log_refusal(const struct submission *s)
{
	struct sbuf text = { 0 };

	sbuf_fmt(&text, "initiator %s refused: %d %s", s->who->name, s->a.code, s->a.why.text);
	log_peer("pap", http_request_peer(s->rq), text.s);
	sbuf_done(&text);
}

/* The PAP document that answers this request, with a->code and a->why as they are now. */
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
		pap_push_response(out, w, v, c->above_10, c->push_id, s->a.code, desc, clock_utc(), s->a.notes,
		    c->progress_notes ? s->a.n_notes : 0);
}

void
front_answer_code(struct submission *s)
{
	struct front *f = s->front;
	struct sbuf doc = { 0 };

	if (s->a.code == PAP_ACCEPTED) {
		atomic_fetch_add(&f->accepted, 1);
		atomic_fetch_add(&f->recipients, s->a.n_recipients);
		tally_accepted(f->tally, s->who->name, s->a.n_recipients);
	} else {
		front_count(f, s->a.badmessage ? REFUSED_BADMESSAGE : REFUSED_PAP);
		tally_refused(f->tally, s->who->name, tally_reason(s->a.reason, s->a.badmessage, s->a.code));
		log_refusal(s);
	}
	tally_code(f->tally, s->a.code);
	write_answer(s, &doc);
	front_answer_document(s, "application/xml", &doc);
	sbuf_done(&doc);
}

bool
front_begin(struct front *f)
{
	bool go;

	pthread_mutex_lock(&f->lock);
	go = !f->stopping;
	f->pending += go;
	pthread_mutex_unlock(&f->lock);
	return go;
}

void
front_end(struct front *f)
{
	pthread_mutex_lock(&f->lock);
	if (--f->pending == 0)
		pthread_cond_signal(&f->idle);
	pthread_mutex_unlock(&f->lock);
}

/* ---- the HTTP application -------------------------------------------------------------------------- */

/* Verifier thread. The request may be over, and s gone, as soon as it goes on. */
static void
verified(void *arg)
{
	struct submission *s = arg;
	struct front *f = s->front;

	http_request_proceed(s->rq);
	front_end(f);
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
		.cert = http_request_client_cert(rq),
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

	if (!front_begin(f))
		return refuse_http(f, rq, REFUSED_BUSY, &busy, "the gateway is stopping\n");
	res = ask_authenticator(s);
	if (res == AUTH_WAIT)
		return HTTP_WAIT;
	front_end(f);
	if (access_reason_of_auth(res) != ACCESS_OK)
		tally_refused(f->tally, NULL, access_reason_of_auth(res));
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

/* The admission is through: what comes next? */
static void
go_on(struct submission *s)
{
	if (s->a.code == PAP_ACCEPTED)
		submission_store(s);
	else if (s->a.code == ADMIT_OPERATION)
		operation_start(s);
	else
		front_answer_code(s);
}

static void
run_admission(struct submission *s, struct store_reader *reader)
{
	struct http_request *rq = s->rq;
	struct admit_request request = {
		.content_type = http_request_header(rq, "Content-Type"),
		.body = http_request_body(rq),
		.who = s->who,
		.authenticated = s->authenticated,
		.tls = http_request_tls(rq),
		.peer = http_request_sockaddr(rq),
		.peer_name = http_request_peer(rq),
		.outer_header = outer_header,
		.arg = rq,
		.reader = reader,
		.began = s->began,
	};

	admit(s->rules, &request, &s->a);
	s->admitted = true;
	s->many = s->a.control.n_addresses >= MANY_ADDRESSES;
}

/* On a thread of the pool. */
static void
admit_in_pool(struct pool_job *job, struct store_reader *reader)
{
	struct submission *s = (struct submission *)((char *)job - offsetof(struct submission, job));
	struct front *f = s->front;

	if (s->admitted)
		admission_done(&s->a);
	run_admission(s, reader);
	go_on(s);
	front_end(f);
}

static void
hand_to_pool(struct submission *s)
{
	struct front *f = s->front;

	if (!front_begin(f)) {
		front_answer_busy(s, "the gateway is stopping\n");
		return;
	}
	s->later = true;
	s->job.run = admit_in_pool;
	if (pool_submit(f->cf.pool, &s->job) != OK) {
		front_answer_busy(s, "too many requests wait to be looked at\n");
		front_end(f);
	}
}

static void
on_body(void *app, struct http_request *rq)
{
	struct submission *s = http_request_data(rq);

	s->rules = admit_table_get(s->front->cf.admit);
	s->began_us = clock_mono_us();
	s->began = clock_utc();
	if (http_request_body(rq).n > POOL_FROM) {
		hand_to_pool(s);
		return;
	}
	run_admission(s, NULL);
	if (s->a.code == ADMIT_READER)
		hand_to_pool(s);
	else
		go_on(s);
}

static void
free_submission(struct submission *s)
{
	operation_free(s->operation);		/* it knows its addresses from the admission */
	if (s->admitted)
		admission_done(&s->a);
	admit_config_unref(s->rules);
	initiators_unref(s->set);
	free(s);
}

/* Hundreds of thousands of blocks: neither other connections nor the size of the process should notice. */
static void
free_in_pool(struct pool_job *job, struct store_reader *reader)
{
	free_submission((struct submission *)((char *)job - offsetof(struct submission, job)));
	malloc_trim(0);
}

static void
on_gone(void *app, struct http_request *rq)
{
	struct submission *s = http_request_data(rq);

	if (s == NULL)
		return;
	s->job.run = free_in_pool;
	if (!s->many || pool_submit(s->front->cf.pool, &s->job) != OK)
		free_submission(s);
}

static void
on_refused(void *app, const char *peer, const char *reason)
{
	struct front *f = app;

	front_count(f, REFUSED_HTTP);
	log_peer("pap", peer, reason);
}

static int
start_server(struct front *f, struct http_server_config *cf, struct http_server **out, struct why *why)
{
	struct http_app app = { f, on_head, on_body, on_gone, on_refused };

	cf->methods = "POST";
	cf->held = &f->held;
	return http_server_start(cf, &app, out, why);
}

int
front_start(const struct front_config *cf, struct front **out, struct why *why)
{
	struct front *f = calloc(1, sizeof *f);
	int err = OK;

	if (f == NULL)
		abort();
	*out = NULL;
	f->cf = *cf;
	f->tally = tally_create();
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->idle, NULL);
	if (!cf->no_http)
		err = start_server(f, &f->cf.http, &f->server, why);
	if (err == OK && cf->https.tls_cert_file != NULL)
		err = start_server(f, &f->cf.https, &f->ssl_server, why);
	if (err)
		front_stop(&f);
	*out = f;
	return err;
}

void
front_stop(struct front **p)
{
	struct front *f = *p;

	if (f == NULL)
		return;
	if (f->server != NULL)
		http_server_quiesce(f->server);
	if (f->ssl_server != NULL)
		http_server_quiesce(f->ssl_server);
	pthread_mutex_lock(&f->lock);
	f->stopping = true;
	pthread_mutex_unlock(&f->lock);
	/* what others may take long for is answered now */
	authenticator_give_up(f->cf.auth);
	dispatch_give_up(f->cf.dispatch);
	pthread_mutex_lock(&f->lock);
	while (f->pending > 0)
		pthread_cond_wait(&f->idle, &f->lock);
	pthread_mutex_unlock(&f->lock);
	http_server_stop(&f->server);
	http_server_stop(&f->ssl_server);
	tally_destroy(&f->tally);
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
		.operations = f->operations, .answers = f->answers, .answers_us_total = f->answers_us,
	};
	for (i = 0; i < REFUSALS; i++)
		out->refused[i] = f->refused[i];
	for (i = 0; i <= FRONT_TIMES; i++)
		out->answer_times[i] = f->answer_times[i];
}

struct tally *
front_tally(struct front *f)
{
	return f->tally;
}

uint16_t
front_port(const struct front *f)
{
	return f->server != NULL ? http_server_port(f->server) : 0;
}

uint16_t
front_ssl_port(const struct front *f)
{
	return f->ssl_server != NULL ? http_server_port(f->ssl_server) : 0;
}

int
front_reload_tls(struct front *f, struct why *why)
{
	return f->ssl_server != NULL ? http_server_reload_tls(f->ssl_server, why) : OK;
}
