/* dm_client.c - see dm_client.h. */
#include "router/dm_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "base/text.h"
#include "router/dm_command.h"

enum {
	ALERT_BY_SERVER = 1200, ALERT_BY_CLIENT = 1201, ALERT_NEXT = 1222, ALERT_ABORT = 1223,
	STATUS_SESSION = 212,
	HEAD_OCTETS = 2000,		/* of a message beside results and statuses */
	WINDOW_S = 300,			/* timestamps of HMAC-SHA256 */
	REPORTED = 200			/* commands in a report */
};

struct dm_client {
	struct dm_tree **tree;
	struct dm_account account;
	bool by_server, secure, wbxml, consent;
	char session[8];
	unsigned (*guard)(void *arg, const char *uri, const struct span *value);
	void *guard_arg;
	unsigned messages, msg_id, server_msg_id;
	int64_t (*now)(void *arg);
	void *now_arg;
	int64_t stamp;			/* of our last message: each has a later one */
	struct dm_prover prover;
	struct dm_verifier verifier;
	bool authenticated;		/* the server, in this session */
	bool fresh_nonce;		/* the one that is stored does not count: give a new one */
	struct dm_octets given;		/* nonce of the challenge that we sent last */
	char url[2048];
	size_t server_max;		/* octets of our messages that the server takes */
	struct syncml_message reply;	/* statuses and results of the next message */
	bool opening;			/* the next message opens the session, or does so again */
	json_t *commands;
};

static char *
dup_text(const char *s)
{
	char *copy = strdup(s);

	if (copy == NULL)
		abort();
	return copy;
}

static void *
zeroed(size_t size)
{
	void *p = calloc(1, size);

	if (p == NULL)
		abort();
	return p;
}

/* Does a nonce enter into it? */
static bool
uses_nonce(enum dm_auth auth)
{
	return auth == DM_AUTH_MD5 || auth == DM_AUTH_SHA256 || auth == DM_AUTH_HMAC_MD5;
}

/* ---- begin and end ----------------------------------------------------------------------- */

/* Where the transport does not say who is there, every message has to (Security 1.3, 5.1). */
static void
start_verifier(struct dm_client *c, enum dm_auth auth, struct span nonce)
{
	const struct dm_login *s = &c->account.server;

	dm_verifier_start(&c->verifier, auth, s->name, s->password, nonce);
	c->verifier.window_s = WINDOW_S;
	c->verifier.each_message = !c->secure;
}

static void
start_logins(struct dm_client *c, struct span special)
{
	const struct dm_login *d = &c->account.device, *s = &c->account.server;

	dm_prover_start(&c->prover, d->has ? d->auth : DM_AUTH_NONE, d->name, d->password,
	    special.n ? special : dm_octets_span(&d->nonce));
	start_verifier(c, s->has ? s->auth : DM_AUTH_NONE, special.n ? special : dm_octets_span(&s->nonce));
}

int
dm_client_create(const struct dm_client_setup *setup, struct dm_client **out, struct why *why)
{
	struct dm_client *c;

	*out = NULL;
	if (!setup->account->server.has && !setup->secure)
		return why_set(why, ERR_AUTH,
		    "nothing authenticates the server: no credentials of it, no TLS");
	c = zeroed(sizeof *c);
	c->tree = setup->tree;
	c->account = *setup->account;
	c->by_server = setup->by_server;
	c->secure = setup->secure;
	c->wbxml = setup->wbxml;
	c->consent = setup->consent;
	c->guard = setup->guard;
	c->guard_arg = setup->guard_arg;
	c->messages = setup->messages ? setup->messages : DM_CLIENT_MESSAGES;
	c->stamp = setup->stamp;
	c->now = setup->now;
	c->now_arg = setup->now_arg;
	c->fresh_nonce = setup->special.n > 0;
	c->server_max = DM_CLIENT_OCTETS;
	c->opening = true;
	c->commands = json_array();
	snprintf(c->session, sizeof c->session, "%X", (unsigned)setup->session_id);
	snprintf(c->url, sizeof c->url, "%s", c->account.url);
	start_logins(c, setup->special);
	*out = c;
	return OK;
}

void
dm_client_destroy(struct dm_client **p)
{
	struct dm_client *c = *p;

	if (c == NULL)
		return;
	dm_prover_done(&c->prover);
	dm_verifier_done(&c->verifier);
	dm_account_done(&c->account);
	syncml_done(&c->reply);
	json_decref(c->commands);
	free(c);
	*p = NULL;
}

const char *
dm_client_url(const struct dm_client *c)
{
	return c->url;
}

int64_t
dm_client_stamp(const struct dm_client *c)
{
	return c->stamp;
}

const char *
dm_client_media(const struct dm_client *c)
{
	return c->wbxml ? SYNCML_WBXML : SYNCML_XML;
}

/* ---- our messages ------------------------------------------------------------------------ */

static void
add_info(struct dm_client *c, struct syncml_message *m)
{
	static const char *const names[] = { "DevId", "Man", "Mod", "DmV", "Lang" };
	struct syncml_command *replace = syncml_add(m, SYNCML_REPLACE);
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		char uri[32];
		struct span value;

		snprintf(uri, sizeof uri, "./DevInfo/%s", names[i]);
		if (dm_tree_value(*c->tree, uri, &value))
			syncml_add_item(replace, NULL, uri, "chr", value.p ? value : span_str(""));
	}
}

static void
add_credential(struct dm_client *c, struct syncml_message *m)
{
	struct sbuf data = { 0 };

	if (!dm_prove(&c->prover, &data))
		return;
	m->cred = zeroed(sizeof *m->cred);
	m->cred->type = dup_text(dm_auth_uri(c->prover.auth));
	if (c->prover.auth == DM_AUTH_BASIC)
		m->cred->format = dup_text("b64");
	m->cred->data.has = true;
	m->cred->data.octets = data;
}

static void
fill_head(struct dm_client *c, struct syncml_message *m)
{
	char id[256] = "";
	struct span dev_id;

	if (dm_tree_value(*c->tree, "./DevInfo/DevId", &dev_id))
		span_to_cstr(dev_id, id, sizeof id);
	m->ver_dtd = dup_text("1.2");
	m->ver_proto = dup_text("DM/1.2");
	m->session_id = dup_text(c->session);
	m->msg_id = ++c->msg_id;
	m->target = dup_text(c->url);
	m->source = dup_text(id);
	if (c->account.device.has && c->account.device.name[0] != '\0')
		m->source_name = dup_text(c->account.device.name);
	m->max_msg_size = DM_CLIENT_OCTETS;
	m->max_obj_size = DM_TREE_VALUE;
	m->final = true;
	add_credential(c, m);
}

/* Of two messages the second has the later time, however quickly it follows. */
static void
add_hmac(struct dm_client *c, struct span body, struct sbuf *out)
{
	int64_t now = c->now(c->now_arg);
	struct dm_hmac h;
	char stamp[40];

	if (!dm_auth_is_hmac(c->prover.auth))
		return;
	c->stamp = now > c->stamp ? now : c->stamp + 1;
	dm_timestamp(c->stamp, stamp);
	if (dm_prove_hmac(&c->prover, stamp, body, &h))
		dm_hmac_print(&h, out);
}

int
dm_client_next(struct dm_client *c, struct sbuf *body, struct sbuf *hmac, struct why *why)
{
	struct syncml_message *m = &c->reply;
	int err;

	if (c->msg_id == c->messages)
		return why_set(why, ERR_LIMIT,
		    "the server does not come to an end within %u messages", c->messages);
	if (c->opening) {
		syncml_add(m, SYNCML_ALERT)->data = c->by_server ? ALERT_BY_SERVER : ALERT_BY_CLIENT;
		add_info(c, m);
	}
	c->opening = false;
	fill_head(c, m);
	err = syncml_print(m, c->wbxml, body, why);
	syncml_done(m);
	if (err == OK && body->n > c->server_max)
		err = why_set(why, ERR_LIMIT,
		    "the server takes %zu octets, a message of %zu is needed", c->server_max, body->n);
	if (err == OK)
		add_hmac(c, sbuf_as_span(body), hmac);
	return err;
}

/* ---- the server's messages: who it is ---------------------------------------------------- */

static enum dm_auth
scheme_of(const struct syncml_cred *cred)
{
	enum dm_auth auth = DM_AUTH_NONE;

	if (cred != NULL && cred->type != NULL)
		dm_auth_parse(span_str(cred->type), &auth);
	return auth;
}

/* HMAC of which generation says the header: accounts have one word for both. */
static void
settle_generation(struct dm_client *c, const struct dm_hmac *h)
{
	if (h == NULL || c->authenticated || c->verifier.challenged || !dm_auth_is_hmac(c->verifier.auth) ||
	    c->verifier.auth == h->auth)
		return;
	start_verifier(c, h->auth, dm_octets_span(&c->account.server.nonce));
}

static enum dm_answer
verify(struct dm_client *c, const struct syncml_message *m, const struct dm_hmac *h,
    struct span body)
{
	struct sbuf data = { 0 };
	enum dm_auth auth = scheme_of(m->cred);
	enum dm_answer answer;

	settle_generation(c, h);
	c->verifier.now = c->now(c->now_arg);
	if (m->cred != NULL &&
	    (auth == DM_AUTH_NONE || syncml_octets(m->cred->format, &m->cred->data, &data) != OK))
		auth = DM_AUTH_BASIC;	/* what cannot be read is wrong, not missing */
	answer = dm_verify(&c->verifier, auth, sbuf_as_span(&data), h, body);
	if (data.s != NULL)
		secret_cleanse(data.s, data.n);
	sbuf_done(&data);
	return answer;
}

static void
add_challenge(struct dm_client *c, struct syncml_command *status)
{
	struct sbuf nonce = { 0 };
	struct syncml_cred *chal = zeroed(sizeof *chal);

	chal->type = dup_text(dm_auth_uri(c->verifier.auth));
	chal->format = dup_text("b64");
	if (uses_nonce(c->verifier.auth)) {
		text_base64_encode(dm_octets_span(&c->verifier.next), &nonce);
		chal->next_nonce = sbuf_take(&nonce);
		c->given = c->verifier.next;
	}
	status->chal = chal;
}

/*
 * The Status of the server's header; with a challenge where one is due, or where the next
 * message or session gets a new nonce.
 */
static void
answer_head(struct dm_client *c, const struct syncml_message *m, enum dm_answer answer)
{
	static const unsigned codes[] = { [DM_OK] = DM_STATUS_OK, [DM_OK_SESSION] = STATUS_SESSION,
		[DM_MISSING] = DM_STATUS_CREDENTIALS, [DM_WRONG] = DM_STATUS_UNAUTHORIZED,
		[DM_STOP] = DM_STATUS_UNAUTHORIZED };
	struct syncml_command *status = syncml_add_status(&c->reply, m, NULL, codes[answer]);
	bool next = uses_nonce(c->verifier.auth) &&
	    (answer == DM_OK || (answer == DM_OK_SESSION && !c->authenticated));

	if (answer == DM_MISSING || answer == DM_WRONG || next)
		add_challenge(c, status);
}

/*
 * What a server that is known now may leave behind: the nonce it gave for us, and the one we
 * gave, since this message answers ours.
 */
static void
keep_nonces(struct dm_client *c, const struct dm_octets *given)
{
	if (c->prover.keep.n > 0)
		dm_account_keep_nonce(*c->tree, &c->account.device, dm_octets_span(&c->prover.keep));
	c->prover.keep.n = 0;
	if (given->n > 0)
		dm_account_keep_nonce(*c->tree, &c->account.server, dm_octets_span(given));
}

/* ---- the server's messages: what it says ------------------------------------------------- */

static const struct syncml_command *
head_status(const struct dm_client *c, const struct syncml_message *m)
{
	const struct syncml_command *s;

	for (s = m->commands; s != NULL; s = s->next) {
		if (s->kind == SYNCML_STATUS && s->cmd_ref == 0 && s->msg_ref == c->msg_id)
			return s;
	}
	return NULL;
}

/* What became of our header. As dm_prover_answered. */
static int
read_status(struct dm_client *c, const struct syncml_message *m, struct why *why)
{
	const enum dm_auth own = c->account.device.auth;
	unsigned allowed = 1u << DM_AUTH_MD5 | 1u << DM_AUTH_SHA256 | 1u << DM_AUTH_HMAC_MD5 | 1u << DM_AUTH_HMAC_SHA256;
	const struct syncml_command *s = head_status(c, m);
	struct dm_octets nonce = { .n = 0 };

	if (s == NULL)
		return why_set(why, ERR_SYNTAX,
		    "the server does not say what became of message %u", c->msg_id);
	if (own == DM_AUTH_BASIC)
		allowed |= 1u << DM_AUTH_BASIC;	/* a password goes only where the account says so */
	if (!c->account.device.has)
		allowed = 0;
	if (s->chal != NULL && s->chal->next_nonce != NULL &&
	    dm_b64_decode(span_str(s->chal->next_nonce), &nonce) != OK)
		return why_set(why, ERR_SYNTAX,
		    "the nonce of the server's challenge is no base64, or too long");
	return dm_prover_answered(&c->prover, (int)s->data, scheme_of(s->chal), dm_octets_span(&nonce), allowed, why);
}

/* Scheme, host and port: a server may send us on inside itself only, credentials go along. */
static bool
same_origin(const char *a, const char *b)
{
	const char *host = strstr(a, "://");
	size_t n;

	if (host == NULL)
		return false;
	n = (size_t)(host + 3 - a) + strcspn(host + 3, "/?#");
	return strncasecmp(a, b, n) == 0 && (b[n] == '\0' || strchr("/?#", b[n]) != NULL);
}

static int
read_head(struct dm_client *c, const struct syncml_message *m, struct why *why)
{
	if (m->session_id == NULL || strcasecmp(m->session_id, c->session) != 0)
		return why_set(why, ERR_SYNTAX, "a message of another session came");
	if (m->msg_id <= c->server_msg_id)
		return why_set(why, ERR_SYNTAX,
		    "message %u of the server came after its message %u", m->msg_id,
		    c->server_msg_id);
	c->server_msg_id = m->msg_id;
	return OK;
}

static int
read_route(struct dm_client *c, const struct syncml_message *m, struct why *why)
{
	if (m->max_msg_size > 0 && m->max_msg_size < c->server_max)
		c->server_max = m->max_msg_size;
	if (m->resp_uri == NULL)
		return OK;
	if (!same_origin(c->account.url, m->resp_uri) || strlen(m->resp_uri) >= sizeof c->url)
		return why_set(why, ERR_AUTH, "the server wants its answers at another host");
	snprintf(c->url, sizeof c->url, "%s", m->resp_uri);
	return OK;
}

static bool
has_alert(const struct syncml_message *m, unsigned number)
{
	const struct syncml_command *k;

	for (k = m->commands; k != NULL; k = k->next) {
		if (k->kind == SYNCML_ALERT && k->data == number)
			return true;
	}
	return false;
}

static void
note_command(void *arg, const char *command, const char *target, unsigned status)
{
	struct dm_client *c = arg;

	if (json_array_size(c->commands) < REPORTED)
		json_array_append_new(c->commands, json_pack("{s:s,s:o,s:i}", "command", command, "target",
		    json_span(span_str(target)), "status", (int)status));
}

static void
do_commands(struct dm_client *c, const struct syncml_message *m, enum dm_answer answer)
{
	struct dm_run run = { .tree = c->tree, .server = c->account.server_id, .consent = c->consent,
		.room = c->server_max > HEAD_OCTETS ? c->server_max - HEAD_OCTETS : 0,
		.note = note_command, .note_arg = c,
		.guard = c->guard, .guard_arg = c->guard_arg };

	if (answer == DM_OK || answer == DM_OK_SESSION)
		dm_command_run(&run, m, &c->reply);
	else
		dm_command_refuse(&run, m,
		    answer == DM_MISSING ? DM_STATUS_CREDENTIALS : DM_STATUS_UNAUTHORIZED,
		    &c->reply);
}

/* A message that was read: OK: one more of ours is due, ERR_CLOSED: that was the last. */
static int
take_message(struct dm_client *c, const struct syncml_message *m, const struct dm_hmac *h,
    struct span body, struct why *why)
{
	struct dm_octets given = c->given;
	enum dm_answer answer;
	bool good, more;
	int ours, err = read_head(c, m, why);

	if (err != OK)
		return err;
	ours = read_status(c, m, why);
	answer = verify(c, m, h, body);
	good = answer == DM_OK || answer == DM_OK_SESSION;
	c->given.n = 0;
	answer_head(c, m, answer);
	if (good)
		keep_nonces(c, &given);
	if (answer == DM_STOP)
		return why_set(why, ERR_AUTH,
		    "the server was asked for its credentials and does not have them");
	if (ours != OK && ours != ERR_BUSY)
		return ours;
	if (good && (err = read_route(c, m, why)) != OK)
		return err;
	if (good && has_alert(m, ALERT_ABORT))
		return why_set(why, ERR_IO, "the server gave the session up");
	do_commands(c, m, answer);
	c->opening = ours == ERR_BUSY;
	more = !good || c->opening || dm_command_any(m) || !m->final || c->fresh_nonce;
	c->authenticated = c->authenticated || good;
	c->fresh_nonce = c->fresh_nonce && !good;
	if (good && !m->final && !c->opening)
		syncml_add(&c->reply, SYNCML_ALERT)->data = ALERT_NEXT;
	return more ? OK : ERR_CLOSED;
}

int
dm_client_take(struct dm_client *c, const char *media, struct span body, const char *hmac,
    struct why *why)
{
	struct syncml_message m = { 0 };
	struct dm_hmac h;
	int err = OK;

	syncml_done(&c->reply);
	if (hmac != NULL)
		err = dm_hmac_parse(span_str(hmac), &h, why);
	if (err == OK)
		err = syncml_parse(media, body, &m, why);
	if (err == OK)
		err = take_message(c, &m, hmac ? &h : NULL, body, why);
	syncml_done(&m);
	return err;
}

/* ---- what became of it ------------------------------------------------------------------- */

json_t *
dm_client_report(const struct dm_client *c)
{
	json_t *out = json_pack("{s:o,s:s,s:s,s:i}", "server",
	    json_span(span_str(c->account.server_id)), "session", c->session,
	    "start", c->by_server ? "notification" : "client", "messages", (int)c->msg_id);

	json_object_set_new(out, "device_auth", c->prover.auth == DM_AUTH_NONE ? json_null() :
	    json_string(dm_auth_uri(c->prover.auth)));
	json_object_set_new(out, "server_auth", !c->authenticated ? json_null() :
	    json_string(c->verifier.auth == DM_AUTH_NONE ? "tls" : dm_auth_uri(c->verifier.auth)));
	json_object_set(out, "commands", c->commands);
	return out;
}
