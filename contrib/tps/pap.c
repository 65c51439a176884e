/* pap.c - see pap.h. */
#include "contrib/tps/pap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/xml.h"

#define PAP_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" \
	"<!DOCTYPE pap PUBLIC \"-//WAPFORUM//DTD PAP 2.0//EN\" \"http://www.wapforum.org/DTD/pap_2.0.dtd\"\n" \
	" [<?wap-pap-ver supported-versions=\"2.0,1.*\"?>]>\n<pap>"

static void
random_hex(char *out, size_t octets)
{
	struct sbuf hex = { 0 };
	uint8_t r[16];

	if (octets > sizeof r || getrandom(r, octets, 0) != (ssize_t)octets)
		abort();
	sbuf_hex(&hex, span_of(r, octets));
	memcpy(out, hex.s, hex.n + 1);
	sbuf_done(&hex);
}

/* ---- out ---------------------------------------------------------------------------------------- */

void
tps_push_id(const struct tps_config *cf, char *out, size_t size)
{
	char r[33];

	random_hex(r, 16);
	snprintf(out, size, "%s@%.80s", r, cf->server_id);
}

void
tps_client_address(const struct tps_config *cf, const char *msisdn, char *out, size_t size)
{
	const char *host = cf->gateway_name;
	size_t n;

	if (host == NULL) {
		host = strstr(cf->gateway_url, "://");
		host = host != NULL ? host + 3 : "";
		n = strcspn(host, ":/?#");
	} else {
		n = strlen(host);
	}
	if (n == 0 || host[0] == '[') {
		host = "localhost";
		n = strlen(host);
	}
	snprintf(out, size, "WAPPUSH=%s/TYPE=PLMN@%.*s", msisdn, (int)n, host);
}

static void
put_attribute(struct sbuf *out, const char *name, const char *value)
{
	sbuf_fmt(out, " %s=\"", name);
	sbuf_xml(out, span_str(value));
	sbuf_char(out, '"');
}

void
tps_pap_compose(const struct tps_config *cf, const struct tps_submission *s, struct sbuf *body, struct sbuf *type)
{
	char boundary[40] = "tps-", address[300];

	/* 96 random bits occur in no part */
	random_hex(boundary + 4, 12);
	tps_client_address(cf, s->msisdn, address, sizeof address);
	sbuf_fmt(type, "multipart/related; boundary=\"%s\"; type=\"application/xml\"", boundary);
	sbuf_fmt(body, "--%s\r\nContent-Type: application/xml; charset=utf-8\r\n\r\n" PAP_HEAD "<push-message", boundary);
	put_attribute(body, "push-id", s->push_id);
	if (cf->notify_url != NULL)
		put_attribute(body, "ppg-notify-requested-to", cf->notify_url);
	sbuf_str(body, "><address");
	put_attribute(body, "address-value", address);
	sbuf_fmt(body, "/></push-message></pap>\r\n--%s\r\nContent-Type: %s\r\n", boundary, s->type);
	if (s->app_id != NULL)
		sbuf_fmt(body, "X-Wap-Application-Id: %s\r\n", s->app_id);
	if (s->user_pin != NULL)
		sbuf_fmt(body, "X-OpenPPG-User-PIN: %s\r\n", s->user_pin);
	sbuf_str(body, "Content-Transfer-Encoding: binary\r\n\r\n");
	sbuf_span(body, s->body);
	sbuf_fmt(body, "\r\n--%s--\r\n", boundary);
}

/* "Basic ..."; cleansed by the caller. */
static void
authorization(const struct tps_config *cf, struct sbuf *out)
{
	struct sbuf pair = { 0 };

	sbuf_fmt(&pair, "%s:%s", cf->gateway_user, cf->gateway_password);
	sbuf_str(out, "Basic ");
	text_base64_encode(sbuf_as_span(&pair), out);
	secret_cleanse(pair.s, pair.n);
	sbuf_done(&pair);
}

static void
forget(struct sbuf *b)
{
	if (b->s != NULL)
		secret_cleanse(b->s, b->cap);
	sbuf_done(b);
}

/* ---- in ------------------------------------------------------------------------------------------ */

struct reading {
	const char *message;		/* element that is looked for */
	bool found;
	int code;
	char desc[200];
	struct tps_push *push;		/* of a notification; NULL for a response */
	unsigned addresses;
};

static int
copy(const struct xml_attr *attrs, size_t n, const char *name, bool needed, char *out, size_t size, struct why *why)
{
	const char *value = xml_attr_get(attrs, n, name);

	if (value == NULL && needed)
		return why_set(why, ERR_SYNTAX, "there is no %s", name);
	if (value != NULL && strlen(value) >= size && needed)
		return why_set(why, ERR_LIMIT, "%s is longer than %zu octets", name, size - 1);
	snprintf(out, size, "%s", value != NULL ? value : "");
	return OK;
}

static int
take_notification(struct reading *r, const struct xml_attr *attrs, size_t n, struct why *why)
{
	static const char *const states[] = { "rejected", "pending", "delivered", "undeliverable", "expired", "aborted",
		"timeout", "cancelled", "unknown" };
	const char *event = xml_attr_get(attrs, n, "event-time");
	time_t at = 0;
	size_t i;
	int err = copy(attrs, n, "push-id", true, r->push->push_id, sizeof r->push->push_id, why);

	if (err == OK)
		err = copy(attrs, n, "message-state", true, r->push->state, sizeof r->push->state, why);
	for (i = 0; err == OK && i < sizeof states / sizeof states[0] && strcmp(states[i], r->push->state) != 0; i++)
		;
	if (err == OK && i == sizeof states / sizeof states[0])
		err = why_set(why, ERR_SYNTAX, "message-state is none of PAP's");
	if (err == OK && event != NULL && clock_parse_iso(event, &at) != OK)
		err = why_set(why, ERR_SYNTAX, "event-time is no time");
	r->push->event_time = at;
	r->push->code = r->code;
	snprintf(r->push->desc, sizeof r->push->desc, "%s", r->desc);
	return err;
}

static int
on_start(void *ctx, const char *name, const struct xml_attr *attrs, size_t n, struct why *why)
{
	struct reading *r = ctx;
	const char *code = xml_attr_get(attrs, n, "code");
	int64_t number;

	if (r->push != NULL && r->found && strcmp(name, "address") == 0 && r->addresses++ == 0)
		return copy(attrs, n, "address-value", true, r->push->address, sizeof r->push->address, why);
	if (r->found || (strcmp(name, r->message) != 0 && (r->push != NULL || strcmp(name, "badmessage-response") != 0)))
		return OK;
	if (code == NULL || text_number(code, 1000, 5999, &number) != OK)
		return why_set(why, ERR_SYNTAX, "%s has no code", r->message);
	r->found = true;
	r->code = (int)number;
	copy(attrs, n, "desc", false, r->desc, sizeof r->desc, why);
	return r->push != NULL ? take_notification(r, attrs, n, why) : OK;
}

static int
read_document(struct reading *r, struct span doc, struct why *why)
{
	static const struct xml_events events = { .start = on_start };
	int err = xml_parse(doc, NULL, NULL, &events, r, why);

	if (err == OK && !r->found)
		err = why_set(why, ERR_SYNTAX, "it is no PAP document with a %s", r->message);
	return err;
}

int
tps_pap_notification(struct span doc, struct tps_push *out, struct why *why)
{
	struct reading r = { .message = "resultnotification-message", .push = out };
	int err;

	*out = (struct tps_push){ .code = 0 };
	err = read_document(&r, doc, why);
	if (err == OK && r.addresses == 0)
		err = why_set(why, ERR_SYNTAX, "the notification has no address");
	if (err != OK)
		*out = (struct tps_push){ .code = 0 };
	return err;
}

void
tps_pap_notification_response(const struct tps_push *p, int code, const char *desc, struct sbuf *out)
{
	sbuf_str(out, PAP_HEAD "<resultnotification-response");
	put_attribute(out, "push-id", p->push_id);
	sbuf_fmt(out, " code=\"%d\"", code);
	put_attribute(out, "desc", desc);
	sbuf_str(out, "><address");
	put_attribute(out, "address-value", p->address);
	sbuf_str(out, "/></resultnotification-response></pap>\n");
}

void
tps_pap_badmessage(const char *desc, struct sbuf *out)
{
	sbuf_str(out, PAP_HEAD "<badmessage-response code=\"2000\"");
	put_attribute(out, "desc", desc);
	sbuf_str(out, "/></pap>\n");
}

/* ---- the exchange ------------------------------------------------------------------------------------- */

static int
read_response(unsigned status, struct span answer, int *code, char *desc, size_t size, struct why *why)
{
	struct reading r = { .message = "response-result" };
	struct sbuf quoted = { 0 };
	int err;

	if (status / 100 != 2) {
		if (answer.n > 0 && answer.p[answer.n - 1] == '\n')
			answer.n--;
		sbuf_quote(&quoted, answer);
		err = why_set(why, ERR_IO, "the gateway answered HTTP status %u: %s", status, quoted.s);
		sbuf_done(&quoted);
		return err;
	}
	err = read_document(&r, answer, why);
	if (err != OK) {
		why_prefix(why, "the gateway's answer");
		return err;
	}
	*code = r.code;
	snprintf(desc, size, "%s", r.desc);
	return OK;
}

int
tps_pap_submit(const struct tps_config *cf, const struct tps_submission *s, int *code, char *desc, size_t size,
    struct why *why)
{
	const struct http_client_config http = { .timeout_ms = cf->gateway_timeout_s * 1000, .ca_file = cf->gateway_ca,
		.cert_file = cf->gateway_cert, .key_file = cf->gateway_key, .user_agent = "openppg-tps" };
	struct sbuf body = { 0 }, type = { 0 }, login = { 0 }, answer = { 0 };
	const char *headers[5] = { "Content-Type", NULL };
	char *answer_type = NULL;
	unsigned status;
	int err;

	*code = 0;
	desc[0] = '\0';
	if (cf->gateway_url == NULL)
		return why_set(why, ERR_UNSUPPORTED, "the configuration names no gateway (gateway-url)");
	tps_pap_compose(cf, s, &body, &type);
	headers[1] = type.s;
	if (cf->gateway_user != NULL) {
		authorization(cf, &login);
		headers[2] = "Authorization";
		headers[3] = login.s;
	}
	err = http_fetch_with(&http, "POST", cf->gateway_url, headers, sbuf_as_span(&body), &status, &answer, &answer_type, why);
	if (err == OK)
		err = read_response(status, sbuf_as_span(&answer), code, desc, size, why);
	forget(&body);
	forget(&login);
	sbuf_done(&type);
	sbuf_done(&answer);
	free(answer_type);
	return err;
}
