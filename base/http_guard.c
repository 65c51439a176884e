/* http_guard.c - see http_guard.h. */
#include "base/http_guard.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

/* Headers that decide how a request is read, or who may send it: at most one of each. */
enum critical { CONTENT_LENGTH, TRANSFER_ENCODING, HOST, CONTENT_TYPE, AUTHORIZATION, EXPECT, N_CRITICAL };

static const char *const critical_names[N_CRITICAL] = {
	[CONTENT_LENGTH] = "Content-Length",
	[TRANSFER_ENCODING] = "Transfer-Encoding",
	[HOST] = "Host",
	[CONTENT_TYPE] = "Content-Type",
	[AUTHORIZATION] = "Authorization",
	[EXPECT] = "Expect",
};

struct walk {
	struct span value[N_CRITICAL];
	bool seen[N_CRITICAL];
	struct http_head *out;
};

static void
refuse(struct http_head *out, unsigned status, const char *reason)
{
	out->status = status;
	out->reason = reason;
}

/* RFC 9110 5.6.2 */
static bool
is_token_octet(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
is_token(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!is_token_octet(s.p[i]))
			return false;
	return s.n > 0;
}

/* A control octet inside a value would start a new line somewhere further on. */
static bool
is_value(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7F)
			return false;
	return true;
}

static enum MHD_Result
walk_header(void *arg, enum MHD_ValueKind kind, const char *key, size_t key_size,
    const char *value, size_t value_size)
{
	struct walk *w = arg;
	struct span name = span_of(key, key_size);
	struct span v = span_of(value, value != NULL ? value_size : 0);
	unsigned i;

	(void)kind;
	if (!is_token(name) || !is_value(v)) {
		struct sbuf quoted = { 0 };

		sbuf_quote(&quoted, name);
		refuse(w->out, MHD_HTTP_BAD_REQUEST, "header");
		why_set(&w->out->why, ERR_SYNTAX, is_token(name) ? "header %s: control octet in the value" :
		    "header name %s: not a token", quoted.s);
		sbuf_done(&quoted);
		return MHD_NO;
	}
	for (i = 0; i < N_CRITICAL; i++) {
		if (!span_eq_nocase(name, critical_names[i]))
			continue;
		if (w->seen[i]) {
			refuse(w->out, MHD_HTTP_BAD_REQUEST, "smuggling");
			why_set(&w->out->why, ERR_SYNTAX, "more than one %s header", critical_names[i]);
			return MHD_NO;
		}
		w->seen[i] = true;
		w->value[i] = v;
		break;
	}
	return MHD_YES;
}

bool
http_guard_allows(const char *methods, const char *method)
{
	size_t n = strlen(method);
	const char *p = methods;

	while (n > 0 && (p = strstr(p, method)) != NULL) {
		bool starts = p == methods || p[-1] == ' ' || p[-1] == ',';
		bool ends = p[n] == '\0' || p[n] == ' ' || p[n] == ',';

		if (starts && ends)
			return true;
		p++;
	}
	return false;
}

/* Digits only; no sign, no blank; above 2^63 it is beyond any limit and just stays huge. */
static bool
parse_length(struct span s, uint64_t *out)
{
	size_t i;

	*out = 0;
	if (s.n == 0)
		return false;
	for (i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		if (*out > UINT64_MAX / 20)
			*out = UINT64_MAX / 2;
		else
			*out = *out * 10 + (uint64_t)(s.p[i] - '0');
	}
	return true;
}

static void
check_line(const char *uri, const char *version, struct http_head *out)
{
	const char *p;

	if (strcmp(version, MHD_HTTP_VERSION_1_1) != 0 && strcmp(version, MHD_HTTP_VERSION_1_0) != 0) {
		refuse(out, version[0] != '\0' ? MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED : MHD_HTTP_BAD_REQUEST,
		    "version");
		why_set(&out->why, ERR_SYNTAX, "HTTP version: only HTTP/1.1 and HTTP/1.0 are spoken here");
		return;
	}
	for (p = uri; *p != '\0'; p++) {
		if ((uint8_t)*p <= 0x20 || (uint8_t)*p >= 0x7F) {
			refuse(out, MHD_HTTP_BAD_REQUEST, "target");
			why_at(&out->why, ERR_SYNTAX, (size_t)(p - uri),
			    "request target: octet %02X at %zu must be percent-encoded", (uint8_t)*p,
			    (size_t)(p - uri));
			return;
		}
	}
	if (uri[0] != '/') {
		refuse(out, MHD_HTTP_BAD_REQUEST, "target");
		why_set(&out->why, ERR_SYNTAX, "request target: a path starting with / was expected");
	}
}

static void
check_framing(const struct walk *w, bool http11, struct http_head *out)
{
	if (w->seen[CONTENT_LENGTH] && w->seen[TRANSFER_ENCODING]) {
		refuse(out, MHD_HTTP_BAD_REQUEST, "smuggling");
		why_set(&out->why, ERR_SYNTAX, "Content-Length and Transfer-Encoding in one request");
	} else if (w->seen[TRANSFER_ENCODING] && !http11) {
		refuse(out, MHD_HTTP_BAD_REQUEST, "smuggling");
		why_set(&out->why, ERR_SYNTAX, "Transfer-Encoding in an HTTP/1.0 request");
	} else if (w->seen[TRANSFER_ENCODING] &&
	    !span_eq_nocase(w->value[TRANSFER_ENCODING], "chunked")) {
		refuse(out, MHD_HTTP_NOT_IMPLEMENTED, "encoding");
		why_set(&out->why, ERR_UNSUPPORTED, "Transfer-Encoding: only chunked is understood");
	} else if (w->seen[CONTENT_LENGTH] &&
	    !parse_length(w->value[CONTENT_LENGTH], &out->length)) {
		refuse(out, MHD_HTTP_BAD_REQUEST, "smuggling");
		why_set(&out->why, ERR_SYNTAX, "Content-Length: not a decimal number");
	} else if (http11 && !w->seen[HOST]) {
		refuse(out, MHD_HTTP_BAD_REQUEST, "host");
		why_set(&out->why, ERR_SYNTAX, "no Host header in an HTTP/1.1 request");
	}
	out->has_length = w->seen[CONTENT_LENGTH];
	out->chunked = w->seen[TRANSFER_ENCODING];
}

static void
check_wishes(const struct http_guard *guard, const struct walk *w, const char *method,
    struct http_head *out)
{
	if (!http_guard_allows(guard->methods, method)) {
		refuse(out, MHD_HTTP_METHOD_NOT_ALLOWED, "method");
		why_set(&out->why, ERR_UNSUPPORTED, "method not allowed here; allowed: %s", guard->methods);
	} else if (!out->has_length && !out->chunked && !guard->no_length_is_empty &&
	    (strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0)) {
		refuse(out, MHD_HTTP_LENGTH_REQUIRED, "length");
		why_set(&out->why, ERR_SYNTAX, "%s without Content-Length or chunked encoding", method);
	} else if (out->has_length && out->length > guard->max_body) {
		refuse(out, MHD_HTTP_CONTENT_TOO_LARGE, "size");
		why_set(&out->why, ERR_LIMIT, "body of %llu octets: at most %zu are accepted",
		    (unsigned long long)out->length, guard->max_body);
	} else if (w->seen[EXPECT] && !span_eq_nocase(w->value[EXPECT], "100-continue")) {
		refuse(out, MHD_HTTP_EXPECTATION_FAILED, "expect");
		why_set(&out->why, ERR_UNSUPPORTED, "Expect: only 100-continue is understood");
	}
}

void
http_guard_check(const struct http_guard *guard, struct MHD_Connection *connection,
    const char *method, const char *uri, const char *version, struct http_head *out)
{
	struct walk w = { .out = out };

	out->has_length = out->chunked = false;
	out->length = 0;
	out->status = 0;
	check_line(uri, version, out);
	if (out->status == 0)
		MHD_get_connection_values_n(connection, MHD_HEADER_KIND, walk_header, &w);
	if (out->status == 0)
		check_framing(&w, strcmp(version, MHD_HTTP_VERSION_1_1) == 0, out);
	if (out->status == 0)
		check_wishes(guard, &w, method, out);
}
