/* session_out.c - our message to a device: statuses, credentials, commands, as many as it takes; see session.h. */
#include "contrib/tps/session_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

/* What may go into this message. */
struct batch {
	struct tps_command items[BATCH];	/* id 0: one of dm-get */
	unsigned cmd_ids[BATCH];
	size_t n;
};

/* ---- what waits ------------------------------------------------------------------------------------------ */

static void
fill_batch(struct exchange *x, struct batch *b)
{
	struct session *s = x->s;
	int64_t after = s->after;
	unsigned get = s->gets;
	struct why why;
	int err = OK;

	while (b->n < BATCH && err == OK) {
		err = tps_command_next(x->dm->db, s->d.id, after, &b->items[b->n], &why);
		if (err == OK)
			after = b->items[b->n++].id;
	}
	if (err != OK && err != ERR_NOT_FOUND)
		session_db_failed(&why);
	for (; b->n < BATCH && get < x->dm->n_gets; get++) {
		struct tps_command *c = &b->items[b->n++];

		*c = (struct tps_command){ .id = 0, .verb = "get" };
		snprintf(c->uri, sizeof c->uri, "%s", x->dm->gets[get]);
	}
}

static void
batch_done(struct batch *b)
{
	while (b->n > 0)
		tps_command_done(&b->items[--b->n]);
}

/* ---- the message -------------------------------------------------------------------------------------------- */

static struct syncml_cred *
new_cred(enum dm_auth auth)
{
	struct syncml_cred *c = calloc(1, sizeof *c);

	if (c == NULL)
		abort();
	c->type = span_dup(span_str(dm_auth_uri(auth)));
	c->format = span_dup(span_str("b64"));
	return c;
}

static struct syncml_cred *
challenge(const struct dm_verifier *v)
{
	struct syncml_cred *c = new_cred(v->auth);
	struct sbuf nonce = { 0 };

	if (dm_auth_keeps_nonce(v->auth)) {
		text_base64_encode(span_of(v->next.p, v->next.n), &nonce);
		c->next_nonce = sbuf_take(&nonce);
	}
	return c;
}

static void
add_header(struct exchange *x, struct syncml_message *m)
{
	const struct tps_config *cf = x->dm->cf;
	struct session *s = x->s;
	struct sbuf data = { 0 }, uri = { 0 };

	m->ver_dtd = span_dup(span_str(strcmp(x->in->ver_dtd, "1.1") == 0 ? "1.1" : "1.2"));
	m->ver_proto = span_dup(span_str(x->header_code == 513 || x->header_code == 505 ? "DM/1.2" : x->in->ver_proto));
	m->session_id = span_dup(span_str(s->id));
	m->msg_id = s->last_out + 1;
	m->target = span_dup(span_str(x->in->source));
	m->source = span_dup(span_str(x->in->target));
	m->source_name = span_dup(span_str(cf->server_id));
	if (cf->dm_url != NULL) {
		sbuf_fmt(&uri, "%s%cs=%s", cf->dm_url, strchr(cf->dm_url, '?') != NULL ? '&' : '?', s->token);
		m->resp_uri = sbuf_take(&uri);
	}
	if (dm_prove(&s->p, &data)) {
		m->cred = new_cred(s->p.auth);
		m->cred->data.has = true;
		m->cred->data.octets = data;
	}
	m->max_msg_size = cf->message_size;
	m->max_obj_size = cf->object_size;
}

static void
add_alert(struct syncml_message *m, unsigned number)
{
	syncml_add(m, SYNCML_ALERT)->data = number;
}

static unsigned
add_command(struct syncml_message *m, const struct tps_command *c)
{
	static const struct { const char *verb; enum syncml_kind kind; } kinds[] = {
		{ "get", SYNCML_GET }, { "replace", SYNCML_REPLACE }, { "add", SYNCML_ADD }, { "delete", SYNCML_DELETE },
		{ "exec", SYNCML_EXEC },
	};
	struct syncml_command *out;
	struct syncml_item *item;
	struct span none = { NULL, 0 };
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof kinds[0] - 1 && strcmp(kinds[i].verb, c->verb) != 0; i++)
		;
	out = syncml_add(m, kinds[i].kind);
	item = syncml_add_item(out, c->uri, NULL, c->format[0] != '\0' ? c->format : NULL, c->has_data ?
	    span_of(c->data.s != NULL ? c->data.s : "", c->data.n) : none);
	if (c->type[0] != '\0')
		item->type = span_dup(span_str(c->type));
	if (kinds[i].kind == SYNCML_EXEC) {
		char correlator[24];

		snprintf(correlator, sizeof correlator, "%lld", (long long)c->id);
		out->correlator = span_dup(span_str(correlator));
	}
	return out->cmd_id;
}

/* The message with the first `statuses` of our statuses and `commands` of the commands. */
static int
print(struct exchange *x, struct batch *b, size_t statuses, size_t commands, struct sbuf *out, struct why *why)
{
	struct syncml_message m = { .msg_id = 0 };
	struct syncml_command *header;
	size_t i;
	int err;

	add_header(x, &m);
	header = syncml_add_status(&m, x->in, NULL, x->header_code);
	if (x->challenge)
		header->chal = challenge(&x->s->v);
	for (i = 0; i < statuses; i++)
		syncml_add_status(&m, x->in, x->verdicts[i].of, x->verdicts[i].code);
	if (x->lost_object)
		add_alert(&m, 1223);
	if (x->ask_more)
		add_alert(&m, 1222);
	for (i = 0; i < commands; i++)
		b->cmd_ids[i] = add_command(&m, &b->items[i]);
	m.final = !x->ask_more && !x->goes_on;
	sbuf_clear(out);
	err = syncml_print(&m, x->wbxml, out, why);
	syncml_done(&m);
	return err;
}

static size_t
limit(const struct exchange *x)
{
	size_t most = x->dm->cf->message_size;

	if (x->s->max_size > 0 && x->s->max_size < most)
		most = x->s->max_size;
	return most > MESSAGE_LEAST ? most : MESSAGE_LEAST;
}

static bool
fits(struct exchange *x, struct batch *b, size_t statuses, size_t commands, struct sbuf *out)
{
	struct why why;

	if (print(x, b, statuses, commands, out, &why) == OK)
		return out->n <= limit(x);
	log_error("dm", "a message to %s: %s", x->s->device_id, why.text);
	return false;
}

/* The most of 0..n that fit. */
static size_t
most_that_fit(struct exchange *x, struct batch *b, bool of_commands, size_t n, struct sbuf *out)
{
	size_t low = 0, high = n, all = x->n_verdicts;

	while (low < high) {
		size_t middle = (low + high + 1) / 2;

		if (of_commands ? fits(x, b, all, middle, out) : fits(x, b, middle, 0, out))
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/* A command that does not even fit alone will not fit tomorrow. */
static void
skip_too_large(struct exchange *x, struct batch *b)
{
	struct tps_command *c = &b->items[0];
	struct why why;

	if (c->id == 0) {
		x->s->gets++;
	} else {
		log_warning("dm", "device %s: command %lld is too large for a message of %zu octets", x->s->device_id,
		    (long long)c->id, limit(x));
		x->s->after = c->id;
		if (tps_command_finish(x->dm->db, c->id, 413, &why) != OK)
			session_db_failed(&why);
	}
}

/* ---- the answer -------------------------------------------------------------------------------------------------- */

static void
remember_sent(struct exchange *x, const struct batch *b, size_t n)
{
	struct session *s = x->s;
	size_t i;

	s->after_before = s->after;
	s->gets_before = s->gets;
	s->n_sent = 0;
	for (i = 0; i < n; i++) {
		s->sent[s->n_sent++] = (struct sent){ s->last_out + 1, b->cmd_ids[i], b->items[i].id, false };
		if (b->items[i].id != 0)
			s->after = b->items[i].id;
		else
			s->gets++;
	}
}

/* Statuses first; where not even they fit, a device goes without the rest of them. Returns commands in it. */
static size_t
compose(struct exchange *x, struct sbuf *out, bool with_commands)
{
	struct batch b = { .n = 0 };
	size_t n = 0;

	if (!fits(x, &b, x->n_verdicts, 0, out))
		x->n_verdicts = most_that_fit(x, &b, false, x->n_verdicts, out);
	while (with_commands) {
		fill_batch(x, &b);
		n = most_that_fit(x, &b, true, b.n, out);
		if (n > 0 || b.n == 0)
			break;
		x->goes_on = fits(x, &b, 0, 1, out);
		if (x->goes_on)
			break;
		skip_too_large(x, &b);
		batch_done(&b);
	}
	fits(x, &b, x->n_verdicts, n, out);
	if (with_commands)
		remember_sent(x, &b, n);
	batch_done(&b);
	return n;
}

static void
sign(struct exchange *x, struct tps_dm_answer *a)
{
	struct session *s = x->s;
	char stamp[40] = "";
	struct dm_hmac h;
	struct why why;

	if (s->p.auth == DM_AUTH_HMAC_SHA256 && s->d.id != 0) {
		s->d.server_stamp = clock_utc() > s->d.server_stamp ? clock_utc() : s->d.server_stamp + 1;
		dm_timestamp(s->d.server_stamp, stamp);
		if (tps_device_set_stamp(x->dm->db, &s->d, &why) != OK)
			session_db_failed(&why);
	}
	if (dm_prove_hmac(&s->p, stamp, sbuf_as_span(&a->body), &h))
		dm_hmac_print(&h, &a->hmac);
}

static void
keep_end(struct exchange *x)
{
	struct session *s = x->s;

	if (s->over)
		return;
	s->over = true;
	session_event(x, "session", "%s: %s, %u messages, %u commands", s->id, s->started_by == 1200 ? "asked for by the server" :
	    "of the device", s->messages, s->commands);
	log_info("dm", "device %s: session %s ended, %u commands", s->device_id, s->id, s->commands);
}

void
session_answer(struct exchange *x, struct tps_dm_answer *a)
{
	bool proven = x->s->proven && !x->stop && x->header_code < 300;
	size_t n = compose(x, &a->body, proven && !x->ask_more);

	if (a->body.n == 0) {
		a->status = 500;
		a->refusal = "The answer could not be written.\n";
		return;
	}
	a->status = 200;
	if (proven) {
		bool last = n == 0 && !x->ask_more && !x->goes_on;

		session_keep_nonces(x, last);
		if (last)
			keep_end(x);
	}
	sign(x, a);
	x->s->last_out++;
}
