/* session.c - see session.h: the table of sessions, and the way of one message. */
#include "contrib/tps/session_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"

/* ---- the table ------------------------------------------------------------------------------------ */

struct tps_dm *
tps_dm_create(const struct tps_config *cf, struct tps_db *db)
{
	struct tps_dm *dm = calloc(1, sizeof *dm);
	char *word, *rest;

	if (dm == NULL)
		abort();
	dm->cf = cf;
	dm->db = db;
	dm->gets_text = span_dup(span_str(cf->dm_get != NULL ? cf->dm_get : ""));
	for (word = strtok_r(dm->gets_text, "; ", &rest); word != NULL && dm->n_gets < GETS_MAX;
	    word = strtok_r(NULL, "; ", &rest))
		dm->gets[dm->n_gets++] = word;
	return dm;
}

static void
session_free(struct session *s)
{
	dm_verifier_done(&s->v);
	dm_prover_done(&s->p);
	tps_device_done(&s->d);
	tps_dm_answer_done(&s->last);
	sbuf_done(&s->object.data);
	free(s);
}

static void
drop(struct tps_dm *dm, struct session *s)
{
	struct session **at = &dm->sessions;

	while (*at != NULL && *at != s)
		at = &(*at)->next;
	if (*at == NULL)
		return;
	*at = s->next;
	dm->n--;
	session_free(s);
}

void
tps_dm_destroy(struct tps_dm **dm)
{
	if (*dm == NULL)
		return;
	while ((*dm)->sessions != NULL)
		drop(*dm, (*dm)->sessions);
	free((*dm)->gets_text);
	free(*dm);
	*dm = NULL;
}

unsigned
tps_dm_sessions(const struct tps_dm *dm)
{
	return dm->n;
}

void
session_db_failed(const struct why *why)
{
	log_error("dm", "%s", why->text);
}

void
session_event(struct exchange *x, const char *kind, const char *fmt, ...)
{
	char text[512];
	struct why why;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (tps_event_add(x->dm->db, x->s->d.id, kind, text, &why) != OK)
		session_db_failed(&why);
}

/* A device that fell silent: its session is over without a word. */
static void
sweep(struct tps_dm *dm)
{
	int64_t now = clock_mono_ms();
	struct session *s, *next;

	for (s = dm->sessions; s != NULL; s = next) {
		struct exchange x = { .dm = dm, .s = s };

		next = s->next;
		if (now - s->used_ms < (int64_t)dm->cf->session_timeout_s * 1000)
			continue;
		if (s->proven && !s->over)
			session_event(&x, "session", "%s: the device fell silent", s->id);
		drop(dm, s);
	}
}

/* The oldest that nobody has proven himself in makes room; false: all are of devices that are known. */
static bool
make_room(struct tps_dm *dm)
{
	struct session *s, *oldest = NULL;

	if (dm->n < dm->cf->sessions)
		return true;
	for (s = dm->sessions; s != NULL; s = s->next)
		if ((!s->proven || s->over) && (oldest == NULL || s->used_ms <= oldest->used_ms))
			oldest = s;
	if (oldest == NULL)
		return false;
	drop(dm, oldest);
	return true;
}

/* Of several with these ids the one that is proven; a stranger cannot take its place. */
static struct session *
find(struct tps_dm *dm, const struct syncml_message *in, const char *token)
{
	struct session *s, *found = NULL;

	for (s = dm->sessions; s != NULL; s = s->next) {
		if (strcmp(s->device_id, in->source) != 0 || strcmp(s->id, in->session_id) != 0)
			continue;
		if (token != NULL && strlen(token) == TOKEN_HEX && secret_equal(token, s->token, TOKEN_HEX)) {
			s->by_token = true;
			return s;
		}
		if (token == NULL && !s->by_token && (found == NULL || (s->proven && !found->proven)))
			found = s;
	}
	return found;
}

static void
make_token(char out[TOKEN_HEX + 1])
{
	struct sbuf hex = { 0 };
	uint8_t r[TOKEN_HEX / 2];

	if (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r)
		abort();
	sbuf_hex(&hex, span_of(r, sizeof r));
	memcpy(out, hex.s, TOKEN_HEX + 1);
	sbuf_done(&hex);
}

static struct session *
begin(struct exchange *x)
{
	struct tps_dm *dm = x->dm;
	struct session *s;
	struct why why;
	int err;

	if (!make_room(dm))
		return NULL;
	s = calloc(1, sizeof *s);
	if (s == NULL)
		abort();
	snprintf(s->device_id, sizeof s->device_id, "%s", x->in->source);
	snprintf(s->id, sizeof s->id, "%s", x->in->session_id);
	make_token(s->token);
	err = tps_device_by_id(dm->db, s->device_id, &s->d, &why);
	if (err != OK && err != ERR_NOT_FOUND)
		session_db_failed(&why);
	session_start_auth(dm, s, x->rq);
	s->next = dm->sessions;
	dm->sessions = s;
	dm->n++;
	return s;
}

/* This one is proven: an older one of the same device, or one of somebody who said to be it, ends. */
static void
replace_others(struct tps_dm *dm, const struct session *proven)
{
	struct session *s, *next;

	for (s = dm->sessions; s != NULL; s = next) {
		next = s->next;
		if (s != proven && s->d.id == proven->d.id)
			drop(dm, s);
	}
}

/* ---- the way of one message ---------------------------------------------------------------------------- */

void
tps_dm_answer_done(struct tps_dm_answer *a)
{
	sbuf_done(&a->body);
	sbuf_done(&a->hmac);
	*a = (struct tps_dm_answer){ 0 };
}

static void
refuse(struct tps_dm_answer *a, const struct tps_dm_request *rq, unsigned status, const char *sentence)
{
	log_peer("dm", rq->peer, sentence);
	a->status = status;
	a->refusal = sentence;
}

static void
copy_answer(const struct tps_dm_answer *from, struct tps_dm_answer *to)
{
	to->status = from->status;
	to->type = from->type;
	sbuf_span(&to->body, sbuf_as_span(&from->body));
	sbuf_span(&to->hmac, sbuf_as_span(&from->hmac));
}

/* Octets and HMAC: only the very same message is a repetition. */
static void
digest_of(const struct tps_dm_request *rq, char out[SECRET_DIGEST_SIZE])
{
	struct sbuf all = { 0 };

	sbuf_span(&all, rq->body);
	sbuf_str(&all, rq->hmac != NULL ? rq->hmac : "");
	secret_digest(sbuf_as_span(&all), out);
	sbuf_done(&all);
}

static bool
version_served(const struct syncml_message *in)
{
	return (strcmp(in->ver_dtd, "1.2") == 0 || strcmp(in->ver_dtd, "1.1") == 0) &&
	    (strcmp(in->ver_proto, "DM/1.2") == 0 || strcmp(in->ver_proto, "DM/1.1") == 0 ||
	    strcmp(in->ver_proto, "DM/1.3") == 0);
}

static void
proceed(struct exchange *x)
{
	bool was_proven = x->s->proven;

	session_authenticate(x);
	if (!version_served(x->in)) {
		x->header_code = strcmp(x->in->ver_dtd, "1.2") == 0 ? 513 : 505;
		x->stop = true;
		x->challenge = false;
	}
	if (x->stop || !x->s->proven || x->header_code >= 300) {
		session_refuse_commands(x);
		return;
	}
	if (!was_proven)
		replace_others(x->dm, x->s);
	session_server_answered(x);
	if (x->stop)
		session_refuse_commands(x);
	else
		session_take_commands(x);
}

/* The session that a message belongs to; NULL: *a says why there is none, or repeats our answer. */
static struct session *
session_of(struct exchange *x, const char *digest, struct tps_dm_answer *a)
{
	struct session *s = find(x->dm, x->in, x->rq->token);

	if (s != NULL && x->in->msg_id == s->last_in && strcmp(digest, s->last_digest) == 0) {
		copy_answer(&s->last, a);
		return NULL;
	}
	if (s != NULL && x->in->msg_id <= s->last_in && x->in->msg_id != 1) {
		refuse(a, x->rq, 400, "MsgID does not count up.\n");
		return NULL;
	}
	if (s == NULL || x->in->msg_id <= s->last_in)
		s = begin(x);
	if (s == NULL)
		refuse(a, x->rq, 503, "There are too many sessions now.\n");
	return s;
}

/* All that a message brings is on disk, with the nonces, before the answer leaves. */
static void
handle(struct exchange *x, struct tps_dm_answer *a)
{
	struct why why = { 0 };
	int err = OK;

	if (x->s->d.id != 0)
		err = tps_db_begin(x->dm->db, &why);
	if (err == OK) {
		proceed(x);
		session_answer(x, a);
		err = tps_db_end(x->dm->db, &why);
	}
	if (err == OK)
		return;
	session_db_failed(&why);
	tps_dm_answer_done(a);
	refuse(a, x->rq, 503, "What came cannot be kept now.\n");
}

static void
take_message(struct exchange *x, struct tps_dm_answer *a)
{
	char digest[SECRET_DIGEST_SIZE];
	struct session *s;

	digest_of(x->rq, digest);
	s = session_of(x, digest, a);
	if (s == NULL)
		return;
	x->s = s;
	s->used_ms = clock_mono_ms();
	s->last_in = x->in->msg_id;
	if (++s->messages > x->dm->cf->messages) {
		refuse(a, x->rq, 403, "There were too many messages in this session.\n");
		drop(x->dm, s);
		return;
	}
	if (x->in->max_msg_size > 0)
		s->max_size = x->in->max_msg_size;
	handle(x, a);
	if (a->status != 200 || x->stop) {
		drop(x->dm, s);
		return;
	}
	memcpy(s->last_digest, digest, sizeof digest);
	tps_dm_answer_done(&s->last);
	copy_answer(a, &s->last);
}

static bool
is_type(const char *type, const char *is)
{
	size_t n = strlen(is);

	return span_starts_nocase(span_str(type), is) && strchr("; \t", type[n]) != NULL;
}

void
tps_dm_take(struct tps_dm *dm, const struct tps_dm_request *rq, struct tps_dm_answer *a)
{
	struct syncml_message in;
	struct exchange x = { .dm = dm, .rq = rq, .in = &in };
	struct why why;

	*a = (struct tps_dm_answer){ .status = 500 };
	sweep(dm);
	x.wbxml = is_type(rq->type, SYNCML_WBXML);
	a->type = x.wbxml ? SYNCML_WBXML : SYNCML_XML;
	if (!x.wbxml && !is_type(rq->type, SYNCML_XML)) {
		refuse(a, rq, 415, "Messages are " SYNCML_WBXML " or " SYNCML_XML ".\n");
		return;
	}
	if (syncml_parse(a->type, rq->body, &in, &why) != OK) {
		log_debug("dm", "%s", why.text);
		refuse(a, rq, 400, "This is no SyncML message.\n");
	} else if (in.session_id[0] == '\0' || strlen(in.session_id) > SESSION_ID_MAX || in.source == NULL ||
	    strlen(in.source) >= sizeof x.s->device_id) {
		refuse(a, rq, 400, "SessionID or Source is too long.\n");
	} else {
		take_message(&x, a);
		free(x.verdicts);
	}
	syncml_done(&in);
}
