/*
 * http_link.c - a link to an aggregator over HTTP: every part is a request made of templates (http_template.h), its
 * answer says what became of it (http_answer.h), receipts come to a server of ours (http_receipt.h).
 *
 * HTTP has no session. The link is up until nothing can be sent any more, or nothing is answered three times in a row;
 * then it is down for the back-off, and one request goes alone to see whether somebody is there.
 *
 * libcurl must not be ended from inside one of its calls, so an answer is kept and looked at in the loop's next turn.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "smsc/http_answer.h"
#include "smsc/http_receipt.h"
#include "smsc/http_template.h"
#include "smsc/part_link.h"
#include "wap/udh.h"

enum {
	HEADERS_MAX = 16,
	ADDRESS_MAX = 20,
	FAILURES_MAX = 3,		/* requests without an answer, one after the other */
	THROTTLES_MAX = 10,		/* times that a part is put off before its datagram goes back */
	THROTTLE_MIN_MS = 1000,
	THROTTLE_MAX_MS = 60000,
	GUARD_S = 30			/* libcurl's own time-out comes first */
};

enum part_step { PART_IDLE, PART_OUT, PART_HEARD, PART_PUT_OFF };

/* What belongs to slots[i] of the link. */
struct http_part {
	enum part_step step;
	uint64_t serial;		/* of the request that is out */
	unsigned throttles;
	char reference[33];
	struct http_outcome outcome;	/* PART_HEARD */
	char error[100];
};

/* A request of libcurl's. */
struct request {
	struct http_link *h;
	unsigned slot;
	uint64_t serial;
};

struct http_link {
	struct smsc_link link;		/* first */
	struct http_client *client;	/* while it is up */
	struct http_receipts *receipts;
	enum http_escape how;
	struct http_source id_from;
	struct http_part *parts;	/* cf.window of them */
	uint64_t serial;
	bool closing, probing, sick;
	unsigned silent, throttles;	/* in a row */
	struct loop_timer news, again;
	char why[160];
};

static void on_news(void *arg);

/* ---- what is sent --------------------------------------------------------------------------------- */

static unsigned
parts(const struct smsc_link *link, const struct smsc_datagram *dg)
{
	if (link->cf.segmentation == SMSC_UDH8)
		return sms_segments8(dg->pdu.n);
	if (link->cf.segmentation == SMSC_PAYLOAD)
		return sms_segments(dg->pdu.n) != 0;	/* the aggregator has to cut it, too */
	return sms_segments(dg->pdu.n);
}

static uint32_t
refusal(const struct smsc_link *link, const struct smsc_datagram *dg)
{
	struct span to = span_of(dg->to, strnlen(dg->to, sizeof dg->to)), from = span_str(part_link_source(link, dg));

	if (to.n == 0 || to.n - (dg->to[0] == '+') > ADDRESS_MAX || text_has_control(to) || !text_is_utf8(to, NULL))
		return SMPP_RINVDSTADR;
	if (text_has_control(from) || !text_is_utf8(from, NULL))
		return SMPP_RINVSRCADR;
	return SMPP_OK;
}

static bool
ready(const struct smsc_link *link)
{
	const struct http_link *h = (const struct http_link *)link;

	return !h->probing || part_link_window_used(link) == 0;
}

/* User data with its header, into ud; the octets behind the header are in *data. */
static struct span
cut(const struct smsc_config *cf, const struct smsc_datagram *dg, unsigned part, uint8_t ud[SMS_UD_MAX],
    struct span *data)
{
	size_t n;

	if (cf->segmentation == SMSC_PAYLOAD) {
		sms_segment(span_of(NULL, 0), 0, dg->src_port, dg->dst_port, dg->ref, ud);
		*data = dg->pdu;
		return span_of(ud, ud[0] + 1u);
	}
	n = cf->segmentation == SMSC_UDH8 ?
	    sms_segment8(dg->pdu, part, dg->src_port, dg->dst_port, (uint8_t)dg->ref, ud) :
	    sms_segment(dg->pdu, part, dg->src_port, dg->dst_port, dg->ref, ud);
	*data = span_of(ud + ud[0] + 1u, n - (ud[0] + 1u));
	return span_of(ud, ud[0] + 1u);
}

static int64_t
validity_minutes(const struct smsc_config *cf, const struct smsc_datagram *dg)
{
	int64_t s = dg->validity_at != 0 ? dg->validity_at - (int64_t)clock_utc() : cf->validity_s;

	return s > 60 ? (s + 59) / 60 : 1;
}

static void
make_reference(char out[33])
{
	struct sbuf hex = { 0 };
	uint8_t octets[16];

	if (getrandom(octets, sizeof octets, 0) != sizeof octets)
		abort();
	sbuf_hex(&hex, span_of(octets, sizeof octets));
	snprintf(out, 33, "%s", hex.s);
	sbuf_done(&hex);
}

/* Names and values in turn, ended by NULL; heap. */
struct headers {
	char *text[2 * HEADERS_MAX + 1];
	size_t n;
	bool has_type;
};

static void
add_header(struct headers *hs, char *name, char *value)
{
	if (hs->n + 2 >= sizeof hs->text / sizeof hs->text[0]) {
		free(name);
		free(value);
		return;
	}
	hs->has_type = hs->has_type || span_eq_nocase(span_str(name), "Content-Type");
	hs->text[hs->n++] = name;
	hs->text[hs->n++] = value;
}

static void
add_authorization(struct headers *hs, const struct smsc_http_config *cf)
{
	struct sbuf value = { 0 }, pair = { 0 };

	if (cf->token[0] != '\0') {
		sbuf_fmt(&value, "Bearer %s", cf->token);
	} else if (cf->user[0] != '\0') {
		sbuf_fmt(&pair, "%s:%s", cf->user, cf->password);
		sbuf_str(&value, "Basic ");
		text_base64_encode(sbuf_as_span(&pair), &value);
		secret_cleanse(pair.s, pair.n);
		sbuf_done(&pair);
	}
	if (value.n > 0)
		add_header(hs, span_dup(span_str("Authorization")), sbuf_take(&value));
}

/* "Name: value | Name: value" */
static void
add_configured(struct headers *hs, const char *list, const struct http_values *v)
{
	while (*list != '\0') {
		size_t n = strcspn(list, "|");
		char *item = span_dup(span_of(list, n)), *colon = strchr(item, ':');
		struct sbuf value = { 0 };

		list += n + (list[n] == '|');
		if (colon != NULL) {
			*colon++ = '\0';
			char *text = span_dup(span_trim(span_str(colon)));

			http_template_fill(text, HTTP_PLAIN, v, &value);
			free(text);
			add_header(hs, span_dup(span_trim(span_str(item))), sbuf_take(&value));
		}
		free(item);
	}
}

static void
free_headers(struct headers *hs)
{
	size_t i;

	for (i = 0; i < hs->n; i++) {
		secret_cleanse(hs->text[i], strlen(hs->text[i]));
		free(hs->text[i]);
	}
}

static void on_done(void *arg, const struct http_result *res);

static void
request(struct http_link *h, unsigned slot, const struct http_values *v)
{
	const struct smsc_http_config *cf = &h->link.cf.http;
	struct headers hs = { .n = 0 };
	struct sbuf url = { 0 }, body = { 0 };
	struct request *rq = calloc(1, sizeof *rq);

	if (rq == NULL)
		abort();
	*rq = (struct request){ h, slot, h->parts[slot].serial };
	http_template_fill(cf->url, HTTP_URL, v, &url);
	if (cf->body[0] != '\0')
		http_template_fill(cf->body, h->how, v, &body);
	add_configured(&hs, cf->headers, v);
	if (body.n > 0 && !hs.has_type)
		add_header(&hs, span_dup(span_str("Content-Type")), span_dup(span_str(cf->type)));
	add_authorization(&hs, cf);
	http_client_send(h->client, cf->method, url.s, (const char *const *)hs.text, sbuf_as_span(&body), NULL, on_done, rq);
	secret_cleanse(url.s, url.n);
	if (body.s != NULL)
		secret_cleanse(body.s, body.n);
	sbuf_done(&url);
	sbuf_done(&body);
	free_headers(&hs);
}

static void
send_slot(struct http_link *h, unsigned slot)
{
	struct smsc_link *link = &h->link;
	const struct smsc_datagram *dg = link->slots[slot].dg;
	struct http_part *p = &h->parts[slot];
	uint8_t ud[SMS_UD_MAX];
	struct sbuf receipt_url = { 0 };
	struct http_values v = {
		.to = dg->to, .from = part_link_source(link, dg), .reference = p->reference, .receipt_url = "",
		.part = link->slots[slot].part + 1, .parts = dg->n_segments,
		.ref = link->cf.segmentation == SMSC_UDH8 ? dg->ref & 0xFF : dg->ref,
		.src_port = dg->src_port, .dst_port = dg->dst_port, .data_coding = link->cf.data_coding,
		.priority = dg->priority, .validity_minutes = validity_minutes(&link->cf, dg),
		.want_receipt = dg->want_receipt,
	};

	v.udh = cut(&link->cf, dg, link->slots[slot].part, ud, &v.data);
	if (dg->want_receipt && link->cf.http.receipt_url[0] != '\0') {
		http_template_fill(link->cf.http.receipt_url, HTTP_URL, &v, &receipt_url);
		v.receipt_url = receipt_url.s;
	}
	p->step = PART_OUT;
	p->serial = ++h->serial;
	link->slots[slot].sent_ms = clock_mono_ms();
	request(h, slot, &v);
	if (receipt_url.s != NULL)
		secret_cleanse(receipt_url.s, receipt_url.n);
	sbuf_done(&receipt_url);
}

static void
send_part(struct smsc_link *link, unsigned slot)
{
	struct http_link *h = (struct http_link *)link;

	h->parts[slot] = (struct http_part){ .step = PART_IDLE };
	make_reference(h->parts[slot].reference);
	send_slot(h, slot);
}

/* ---- what is heard ----------------------------------------------------------------------------------- */

static void
on_done(void *arg, const struct http_result *res)
{
	struct request *rq = arg;
	struct http_link *h = rq->h;
	struct http_part *p = &h->parts[rq->slot];

	if (!h->closing && p->step == PART_OUT && p->serial == rq->serial) {
		p->step = PART_HEARD;
		http_judge(&h->link.cf, &h->id_from, res, p->reference, &p->outcome);
		snprintf(p->error, sizeof p->error, "%s", res->transport_ok ? "" : res->error);
		loop_timer_start(h->link.loop, &h->news, 0, on_news, h);
	}
	free(rq);
}

static bool
is_late(const struct smsc_datagram *dg)
{
	return dg->validity_at != 0 && dg->validity_at <= (int64_t)clock_utc();
}

static void
on_again(void *arg)
{
	struct http_link *h = arg;
	struct smsc_link *link = &h->link;
	unsigned i;

	part_link_enter(link);
	for (i = 0; i < link->cf.window && link->state == SMSC_UP; i++) {
		if (link->slots[i].dg == NULL || h->parts[i].step != PART_PUT_OFF)
			continue;
		if (is_late(link->slots[i].dg)) {
			h->parts[i].step = PART_IDLE;
			part_link_answer(link, i, SMSC_RETRY, SMPP_RINVEXPIRY, NULL);
		} else {
			send_slot(h, i);
		}
	}
	part_link_kick(link);
	part_link_leave(link);
}

/* The aggregator asks to go slower: nothing new for a while, then those that it put off once more. */
static void
throttle(struct http_link *h, unsigned slot)
{
	struct smsc_link *link = &h->link;
	struct http_part *p = &h->parts[slot];
	int64_t ms = (int64_t)p->outcome.retry_after_s * 1000;
	unsigned i;

	if (ms == 0) {
		ms = THROTTLE_MIN_MS;
		for (i = 0; i < h->throttles && ms < THROTTLE_MAX_MS; i++)
			ms *= 2;
		if (ms > THROTTLE_MAX_MS)
			ms = THROTTLE_MAX_MS;
	}
	if (link->paused_until <= clock_mono_ms()) {	/* once for all that were out together */
		h->throttles++;
		log_info("smsc", "%s: asked to wait (HTTP status %u), %d ms", link->cf.smsc_id, p->outcome.status, (int)ms);
	}
	part_link_pause(link, ms);
	if (++p->throttles > THROTTLES_MAX || link->stopping) {
		p->step = PART_IDLE;
		part_link_answer(link, slot, SMSC_RETRY, p->outcome.status, NULL);
		return;
	}
	link->stats.retried++;
	p->step = PART_PUT_OFF;
	link->slots[slot].sent_ms = link->paused_until;
	loop_timer_start(link->loop, &h->again, link->paused_until - clock_mono_ms(), on_again, h);
}

static void
note_silence(struct http_link *h, const struct http_part *p)
{
	snprintf(h->why, sizeof h->why, "no answer: %s", p->error);
	if (++h->silent >= FAILURES_MAX || p->outcome.verdict == SMSC_UNSENT)
		h->sick = true;
	else
		log_warning("smsc", "%s: %s", h->link.cf.smsc_id, h->why);
}

static void
note_answer(struct http_link *h, const struct http_outcome *o)
{
	struct smsc_link *link = &h->link;

	h->silent = 0;
	h->probing = false;
	link->failures = 0;
	if (!o->throttled)
		h->throttles = 0;
	if (o->us) {
		log_error("smsc", "%s: HTTP status %u: check send-url and credentials; again in %u s", link->cf.smsc_id,
		    o->status, link->cf.bind_refused_wait_s);
		part_link_pause(link, (int64_t)link->cf.bind_refused_wait_s * 1000);
	}
	if (o->no_id) {
		link->stats.bad_pdus++;
		log_warning("smsc", "%s: no message id where message-id-from says", link->cf.smsc_id);
	}
}

static void
hear(struct http_link *h, unsigned slot)
{
	struct http_part *p = &h->parts[slot];
	struct http_outcome o = p->outcome;

	if (o.status == SMPP_RSYSERR)
		note_silence(h, p);
	else
		note_answer(h, &o);
	if (o.throttled) {
		throttle(h, slot);
		return;
	}
	p->step = PART_IDLE;
	part_link_answer(&h->link, slot, o.verdict, o.status, o.message_id);
}

static void
on_news(void *arg)
{
	struct http_link *h = arg;
	struct smsc_link *link = &h->link;
	unsigned i;

	part_link_enter(link);
	for (i = 0; i < link->cf.window && link->state == SMSC_UP; i++)
		if (h->parts[i].step == PART_HEARD)
			hear(h, i);
	if (h->sick && link->state == SMSC_UP) {
		if (!link->held)
			part_link_hold(link, true);
		if (part_link_window_used(link) == 0)
			part_link_lost(link, h->why);
	}
	part_link_leave(link);
}

/* ---- receipts ------------------------------------------------------------------------------------------- */

static void
receipts_enter(void *arg)
{
	part_link_enter(arg);
}

static void
receipts_leave(void *arg)
{
	part_link_leave(arg);
}

static bool
take_receipt(void *arg, const struct smsc_receipt *r, struct http_call *call)
{
	return part_link_receipt(arg, r, &(struct part_token){ .of = call });
}

static void
bad_receipt(void *arg, const char *why)
{
	struct smsc_link *link = arg;

	link->stats.bad_receipts++;
	log_warning("smsc", "%s: %s", link->cf.smsc_id, why);
}

static void
receipt_done(struct smsc_link *link, const struct part_token *t, bool ok)
{
	http_receipts_done(((struct http_link *)link)->receipts, t->of, ok);
}

static int
open_receipts(struct http_link *h, struct why *why)
{
	static const struct http_receipt_events events = {
		.enter = receipts_enter, .leave = receipts_leave, .receipt = take_receipt, .bad = bad_receipt,
	};

	if (h->receipts != NULL || h->link.cf.http.receipt_port == 0)
		return OK;
	return http_receipts_open(h->link.loop, &h->link.cf, &events, h, &h->receipts, why);
}

/* ---- open, close ------------------------------------------------------------------------------------------- */

static const char *
file_of(const char *path)
{
	return path[0] != '\0' ? path : NULL;
}

static void
http_open(struct smsc_link *link)
{
	struct http_link *h = (struct http_link *)link;
	struct http_client_config cf = {
		.timeout_ms = (link->cf.response_timeout_s - GUARD_S) * 1000,
		.max_per_host = link->cf.window,
		.ca_file = file_of(link->cf.tls_ca_file),
		.cert_file = file_of(link->cf.tls_certkey_file), .key_file = file_of(link->cf.tls_certkey_file),
	};
	struct why why;

	if (open_receipts(h, &why) != OK) {
		part_link_lost(link, why.text);
		return;
	}
	h->client = http_client_create(link->loop, &cf);
	h->probing = h->sick;
	h->sick = false;
	h->silent = 0;
	part_link_up(link);
}

/* Never from inside a call of libcurl's: on_done() only takes a note. */
static void
http_close(struct smsc_link *link)
{
	struct http_link *h = (struct http_link *)link;
	unsigned i;

	loop_timer_stop(link->loop, &h->news);
	loop_timer_stop(link->loop, &h->again);
	h->closing = true;
	http_client_destroy(&h->client);
	h->closing = false;
	for (i = 0; i < link->cf.window; i++)
		h->parts[i].step = PART_IDLE;
	if (h->receipts != NULL)
		http_receipts_abandon(h->receipts);	/* the server stays: receipts come whether we can send or not */
}

static void
http_free(struct smsc_link *link)
{
	struct http_link *h = (struct http_link *)link;

	http_receipts_close(&h->receipts);
	loop_timer_stop(link->loop, &h->news);
	loop_timer_stop(link->loop, &h->again);
	free(h->parts);
	secret_cleanse(&link->cf.http, sizeof link->cf.http);
}

static const struct part_transport transport = {
	.open = http_open, .close = http_close, .parts = parts, .refusal = refusal, .ready = ready, .send = send_part,
	.receipt_done = receipt_done, .free = http_free,
};

/* The texts were checked with the configuration. */
static struct smsc_link *
http_create(struct loop *loop, const struct smsc_config *cf, const struct smsc_events *ev, void *app)
{
	struct smsc_link *link = part_link_create(sizeof(struct http_link), &http_link_kind, &transport, loop, cf, ev, app);
	struct http_link *h = (struct http_link *)link;

	link->cf.response_timeout_s += GUARD_S;
	h->parts = calloc(link->cf.window, sizeof h->parts[0]);
	if (h->parts == NULL)
		abort();
	if (http_escape_of(link->cf.http.type, &h->how, NULL) != OK)
		h->how = HTTP_PLAIN;
	if (http_source_parse_answer(link->cf.http.message_id, &h->id_from, NULL) != OK)
		h->id_from.kind = HTTP_FROM_NOWHERE;
	return link;
}

const struct smsc_link_kind http_link_kind = PART_LINK_KIND(http_create);
