/* http_template.c - see http_template.h. */
#include "smsc/http_template.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* ---- escaping -------------------------------------------------------------------------------- */

int
http_escape_of(const char *content_type, enum http_escape *out, struct why *why)
{
	static const struct { const char *type; enum http_escape how; } types[] = {
		{ "application/json", HTTP_JSON }, { "text/json", HTTP_JSON },
		{ "application/xml", HTTP_XML }, { "text/xml", HTTP_XML },
		{ "application/x-www-form-urlencoded", HTTP_URL }, { "text/plain", HTTP_PLAIN },
	};
	struct span type = span_trim(span_of(content_type, strcspn(content_type, ";")));
	size_t i;

	for (i = 0; i < sizeof types / sizeof types[0]; i++)
		if (span_eq_nocase(type, types[i].type)) {
			*out = types[i].how;
			return OK;
		}
	*out = HTTP_PLAIN;
	if (type.n > 5 && span_eq_nocase(span_of(type.p + type.n - 5, 5), "+json"))
		*out = HTTP_JSON;
	else if (type.n > 4 && span_eq_nocase(span_of(type.p + type.n - 4, 4), "+xml"))
		*out = HTTP_XML;
	else
		return why_set(why, ERR_UNSUPPORTED, "it is not known how values are written in %.60s: use a type of JSON, "
		    "XML, application/x-www-form-urlencoded or text/plain", content_type);
	return OK;
}

static void
put_url(struct sbuf *out, struct span s)
{
	static const char as_it_is[] = "-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] != 0 && strchr(as_it_is, s.p[i]) != NULL)
			sbuf_char(out, (char)s.p[i]);
		else
			sbuf_fmt(out, "%%%02X", s.p[i]);
}

static void
put_json(struct sbuf *out, struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] == '"' || s.p[i] == '\\')
			sbuf_fmt(out, "\\%c", s.p[i]);
		else if (s.p[i] < 0x20 || s.p[i] == 0x7F)
			sbuf_fmt(out, "\\u%04X", s.p[i]);
		else
			sbuf_char(out, (char)s.p[i]);
}

static void
put_plain(struct sbuf *out, struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] >= 0x20 && s.p[i] != 0x7F)
			sbuf_char(out, (char)s.p[i]);
}

/* XML has no way to write most control characters. */
static void
put_xml(struct sbuf *out, struct span s)
{
	struct sbuf clean = { 0 };

	put_plain(&clean, s);
	sbuf_xml(out, sbuf_as_span(&clean));
	sbuf_done(&clean);
}

static void
put(struct sbuf *out, enum http_escape how, struct span s)
{
	switch (how) {
	case HTTP_PLAIN:
		put_plain(out, s);
		return;
	case HTTP_URL:
		put_url(out, s);
		return;
	case HTTP_JSON:
		put_json(out, s);
		return;
	case HTTP_XML:
		put_xml(out, s);
		return;
	}
}

/* ---- places ------------------------------------------------------------------------------------ */

/* Each adds its value, not yet escaped, to *out. */

static void
to(const struct http_values *v, struct sbuf *out)
{
	sbuf_str(out, v->to);
}

static void
to_digits(const struct http_values *v, struct sbuf *out)
{
	sbuf_str(out, v->to + (v->to[0] == '+'));
}

static void
from(const struct http_values *v, struct sbuf *out)
{
	sbuf_str(out, v->from);
}

static void
from_digits(const struct http_values *v, struct sbuf *out)
{
	sbuf_str(out, v->from + (v->from[0] == '+'));
}

static void
message_ref(const struct http_values *v, struct sbuf *out)
{
	sbuf_str(out, v->reference);
}

static void
receipt_url(const struct http_values *v, struct sbuf *out)
{
	sbuf_str(out, v->receipt_url);
}

static void
udh_hex(const struct http_values *v, struct sbuf *out)
{
	sbuf_hex(out, v->udh);
}

static void
data_hex(const struct http_values *v, struct sbuf *out)
{
	sbuf_hex(out, v->data);
}

static void
full_hex(const struct http_values *v, struct sbuf *out)
{
	sbuf_hex(out, v->udh);
	sbuf_hex(out, v->data);
}

static void
udh_base64(const struct http_values *v, struct sbuf *out)
{
	text_base64_encode(v->udh, out);
}

static void
data_base64(const struct http_values *v, struct sbuf *out)
{
	text_base64_encode(v->data, out);
}

static void
full_base64(const struct http_values *v, struct sbuf *out)
{
	struct sbuf both = { 0 };

	sbuf_span(&both, v->udh);
	sbuf_span(&both, v->data);
	text_base64_encode(sbuf_as_span(&both), out);
	sbuf_done(&both);
}

static void
udh_octets(const struct http_values *v, struct sbuf *out)
{
	sbuf_span(out, v->udh);
}

static void
data_octets(const struct http_values *v, struct sbuf *out)
{
	sbuf_span(out, v->data);
}

static void
part(const struct http_values *v, struct sbuf *out)
{
	sbuf_fmt(out, "%u", v->part);
}

static void
parts(const struct http_values *v, struct sbuf *out)
{
	sbuf_fmt(out, "%u", v->parts);
}

static void
ref(const struct http_values *v, struct sbuf *out)
{
	sbuf_fmt(out, "%u", v->ref);
}

static void
src_port(const struct http_values *v, struct sbuf *out)
{
	sbuf_fmt(out, "%u", v->src_port);
}

static void
dst_port(const struct http_values *v, struct sbuf *out)
{
	sbuf_fmt(out, "%u", v->dst_port);
}

static void
data_coding(const struct http_values *v, struct sbuf *out)
{
	sbuf_fmt(out, "%u", v->data_coding);
}

static void
priority(const struct http_values *v, struct sbuf *out)
{
	sbuf_fmt(out, "%u", v->priority);
}

static void
validity_minutes(const struct http_values *v, struct sbuf *out)
{
	sbuf_fmt(out, "%" PRId64, v->validity_minutes);
}

static void
validity_seconds(const struct http_values *v, struct sbuf *out)
{
	sbuf_fmt(out, "%" PRId64, v->validity_minutes * 60);
}

static void
receipt(const struct http_values *v, struct sbuf *out)
{
	sbuf_str(out, v->want_receipt ? "true" : "false");
}

static void
receipt_01(const struct http_values *v, struct sbuf *out)
{
	sbuf_str(out, v->want_receipt ? "1" : "0");
}

struct place {
	const char *name;
	void (*value)(const struct http_values *v, struct sbuf *out);
	bool octets;			/* any octet may occur, which only URLs and forms can carry */
};

static const struct place places[] = {
	{ "to", to, false },			{ "to-digits", to_digits, false },
	{ "from", from, false },		{ "from-digits", from_digits, false },
	{ "udh-hex", udh_hex, false },		{ "data-hex", data_hex, false },
	{ "full-hex", full_hex, false },	{ "udh-base64", udh_base64, false },
	{ "data-base64", data_base64, false },	{ "full-base64", full_base64, false },
	{ "udh-octets", udh_octets, true },	{ "data-octets", data_octets, true },
	{ "message-ref", message_ref, false },	{ "receipt-url", receipt_url, false },
	{ "receipt", receipt, false },		{ "receipt-01", receipt_01, false },
	{ "part", part, false },		{ "parts", parts, false },
	{ "ref", ref, false },			{ "src-port", src_port, false },
	{ "dst-port", dst_port, false },	{ "data-coding", data_coding, false },
	{ "priority", priority, false },	{ "validity-minutes", validity_minutes, false },
	{ "validity-seconds", validity_seconds, false },
};

/* The place that begins at text ("%{name}"); *n its octets. NULL: there is no such one. */
static const struct place *
place_at(const char *text, size_t *n)
{
	const char *end = strchr(text, '}');
	size_t i;

	*n = end != NULL ? (size_t)(end - text) + 1 : strlen(text);
	for (i = 0; end != NULL && i < sizeof places / sizeof places[0]; i++)
		if (strlen(places[i].name) == *n - 3 && memcmp(text + 2, places[i].name, *n - 3) == 0)
			return &places[i];
	return NULL;
}

/* ---- the whole ----------------------------------------------------------------------------------- */

int
http_template_check(const char *text, enum http_escape how, struct why *why)
{
	while (*text != '\0') {
		const struct place *p;
		size_t n = 1;

		if (strncmp(text, "%%{", 3) == 0) {
			n = 3;
		} else if (strncmp(text, "%{", 2) == 0) {
			p = place_at(text, &n);
			if (p == NULL)
				return why_set(why, ERR_SYNTAX, "%.*s is not a place that is known", n < 40 ? (int)n : 40, text);
			if (p->octets && how != HTTP_URL)
				return why_set(why, ERR_SYNTAX, "%%{%s} can stand in a URL or a form only: write it in hex or "
				    "base64 here", p->name);
		}
		text += n;
	}
	return OK;
}

void
http_template_fill(const char *text, enum http_escape how, const struct http_values *v, struct sbuf *out)
{
	struct sbuf value = { 0 };

	sbuf_str(out, "");
	while (*text != '\0') {
		const struct place *p = NULL;
		size_t n = 1;

		if (strncmp(text, "%%{", 3) == 0) {
			sbuf_str(out, "%{");
			text += 3;
			continue;
		}
		if (strncmp(text, "%{", 2) == 0)
			p = place_at(text, &n);
		if (p != NULL) {
			sbuf_clear(&value);
			p->value(v, &value);
			put(out, how, sbuf_as_span(&value));
		} else {
			sbuf_put(out, text, n);
		}
		text += n;
	}
	sbuf_done(&value);
}
