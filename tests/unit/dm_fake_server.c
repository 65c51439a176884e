/* dm_fake_server.c - see dm_fake_server.h. */
#include "tests/unit/dm_fake_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static char *
dup_text(const char *s)
{
	return span_dup(span_str(s));
}

static const char *
media(const struct fake_server *s)
{
	return s->wbxml ? SYNCML_WBXML : SYNCML_XML;
}

/* ---- what the client says ---------------------------------------------------------------- */

static const struct syncml_command *
named(const struct syncml_command *list, unsigned cmd_id)
{
	const struct syncml_command *c, *inner;

	for (c = list; c != NULL; c = c->next) {
		if (c->cmd_id == cmd_id)
			return c;
		inner = named(c->inner, cmd_id);
		if (inner != NULL)
			return inner;
	}
	return NULL;
}

static void
read_statuses(struct fake_server *s, const struct syncml_message *m)
{
	const struct syncml_command *c;

	for (c = m->commands; c != NULL; c = c->next) {
		if (c->kind == SYNCML_RESULTS && c->items != NULL)
			sbuf_fmt(&s->log, "=%.*s;", (int)c->items->data.octets.n, c->items->data.octets.s);
		if (c->kind == SYNCML_ALERT)
			s->last_alert = c->data;
		if (c->kind == SYNCML_STATUS && c->cmd_ref != 0 &&
		    named(s->last.commands, c->cmd_ref) != NULL)
			sbuf_fmt(&s->log, "%s%s%s %u;", c->cmd, c->target_ref ? " " : "",
			    c->target_ref ? c->target_ref : "", c->data);
	}
}

/* OK, or ERR_BUSY: the client wants to know again who this is. */
static int
read_own(struct fake_server *s, const struct syncml_message *m)
{
	const struct syncml_command *c;
	enum dm_auth auth = DM_AUTH_NONE;
	struct dm_octets nonce = { .n = 0 };

	for (c = m->commands; c != NULL && !(c->kind == SYNCML_STATUS && c->cmd_ref == 0); c = c->next)
		;
	if (c == NULL)
		return OK;
	if (c->chal != NULL) {
		s->challenges++;
		dm_auth_parse(span_str(c->chal->type), &auth);
		if (c->chal->next_nonce != NULL)
			dm_b64_decode(span_str(c->chal->next_nonce), &nonce);
	}
	return dm_prover_answered(&s->own, (int)c->data, auth, span_of(nonce.p, nonce.n), ~0u, NULL);
}

static enum dm_answer
read_cred(struct fake_server *s, const struct syncml_message *m, const char *hmac, struct span body)
{
	enum dm_auth auth = DM_AUTH_NONE;
	struct sbuf data = { 0 };
	struct dm_hmac h;
	bool has = hmac[0] != '\0' && dm_hmac_parse(span_str(hmac), &h, NULL) == OK;
	enum dm_answer answer;

	s->had_hmac = hmac[0] != '\0';
	s->had_cred = m->cred != NULL;
	if (m->cred != NULL && m->cred->type != NULL) {
		dm_auth_parse(span_str(m->cred->type), &auth);
		syncml_octets(m->cred->format, &m->cred->data, &data);
	}
	s->device.now = s->now;
	answer = dm_verify(&s->device, auth, sbuf_as_span(&data), has ? &h : NULL, body);
	sbuf_done(&data);
	return answer;
}

/* ---- what it says ------------------------------------------------------------------------ */

static void
add_head_status(struct fake_server *s, struct syncml_message *out,
    const struct syncml_message *m, enum dm_answer answer)
{
	static const unsigned codes[] = { [DM_OK] = 200, [DM_OK_SESSION] = 212,
	    [DM_MISSING] = 407, [DM_WRONG] = 401,
		[DM_STOP] = 401 };
	struct syncml_command *st = syncml_add_status(out, m, NULL,
	    s->own_status ? s->own_status : codes[answer]);
	struct sbuf nonce = { 0 };

	if (s->device.next.n == 0 || s->device.auth == DM_AUTH_NONE)
		return;
	st->chal = calloc(1, sizeof *st->chal);
	st->chal->type = dup_text(dm_auth_uri(s->device.auth));
	st->chal->format = dup_text("b64");
	text_base64_encode(span_of(s->device.next.p, s->device.next.n), &nonce);
	st->chal->next_nonce = sbuf_take(&nonce);
}

static void
add_statuses(struct syncml_message *out, const struct syncml_message *m)
{
	const struct syncml_command *c;

	for (c = m->commands; c != NULL; c = c->next) {
		if (c->kind != SYNCML_STATUS && c->kind != SYNCML_RESULTS)
			syncml_add_status(out, m, c, 200);
	}
}

static void
add_cred(struct fake_server *s, struct syncml_message *out)
{
	struct sbuf data = { 0 };

	if (s->no_cred || (s->cred_once && s->messages > 1) || !dm_prove(&s->own, &data))
		return;
	out->cred = calloc(1, sizeof *out->cred);
	out->cred->type = dup_text(dm_auth_uri(s->own.auth));
	if (s->own.auth == DM_AUTH_BASIC)
		out->cred->format = dup_text("b64");
	out->cred->data.has = true;
	out->cred->data.octets = data;
}

static void
add_hmac(struct fake_server *s, struct span body, struct sbuf *out)
{
	struct dm_hmac h;
	char stamp[40];

	dm_timestamp(s->now + s->messages, stamp);
	if (s->no_cred || (s->no_hmac && s->messages > 1) || !dm_prove_hmac(&s->own, stamp, body, &h))
		return;
	if (s->bad_hmac && s->messages > 1)
		h.mac[0] = h.mac[0] == 'A' ? 'B' : 'A';
	dm_hmac_print(&h, out);
}

bool
fake_exchange(struct fake_server *s, struct span body, const char *hmac, struct sbuf *out,
    struct sbuf *hmac_out)
{
	struct syncml_message m, reply = { 0 };
	enum dm_answer answer;
	int own;

	if (syncml_parse(media(s), body, &m, NULL) != OK)
		return false;
	snprintf(s->session_id, sizeof s->session_id, "%s", m.session_id);
	snprintf(s->source, sizeof s->source, "%s", m.source);
	answer = read_cred(s, &m, hmac, body);
	read_statuses(s, &m);
	own = read_own(s, &m);
	reply.ver_dtd = dup_text("1.2");
	reply.ver_proto = dup_text("DM/1.2");
	reply.session_id = dup_text(s->session ? s->session : m.session_id);
	s->messages++;
	reply.msg_id = s->repeat_msg_id ? 1 : s->messages;
	reply.target = dup_text(m.source);
	reply.source = dup_text("https://dm.example.net/dm");
	reply.resp_uri = s->resp_uri ? dup_text(s->resp_uri) : NULL;
	reply.final = !s->not_final;
	if (!s->no_status)
		add_head_status(s, &reply, &m, answer);
	add_statuses(&reply, &m);
	if ((own == OK || s->step == 0) && (answer == DM_OK || answer == DM_OK_SESSION))
		s->step++;
	if ((answer == DM_OK || answer == DM_OK_SESSION) && s->commands != NULL)
		s->commands(&reply, s->step, s->arg);
	add_cred(s, &reply);
	if (syncml_print(&reply, s->wbxml, out, NULL) != OK)
		abort();
	add_hmac(s, sbuf_as_span(out), hmac_out);
	syncml_done(&s->last);
	s->last = reply;
	syncml_done(&m);
	return true;
}

void
fake_done(struct fake_server *s)
{
	syncml_done(&s->last);
	sbuf_done(&s->log);
	dm_verifier_done(&s->device);
	dm_prover_done(&s->own);
}
