/* http_answer.c - see http_answer.h. */
#define _GNU_SOURCE	/* memmem */
#include "smsc/http_answer.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { RETRY_AFTER_MAX_S = 600 };

static bool
contains(struct span body, const char *text)
{
	return text[0] == '\0' || (body.n > 0 && memmem(body.p, body.n, text, strlen(text)) != NULL);
}

static void
take_message_id(const struct http_source *from, const struct http_result *res, const char *reference,
    struct http_outcome *out)
{
	json_t *json = from->kind == HTTP_FROM_JSON ? json_read(res->body, NULL) : NULL;
	char value[HTTP_FIELD_MAX + 1];

	if (from->kind == HTTP_FROM_REFERENCE)
		out->no_id = http_message_id(reference, out->message_id) != OK;
	else if (from->kind != HTTP_FROM_NOWHERE)
		out->no_id = http_answer_value(from, res, json, value) != OK ||
		    http_message_id(value, out->message_id) != OK;
	json_decref(json);
}

/* Whole seconds; a date of HTTP is not read. */
static unsigned
retry_after(const struct http_result *res)
{
	struct span value;
	char text[16];
	int64_t s;

	if (http_result_header(res, "Retry-After", &value) != OK || span_to_cstr(value, text, sizeof text) != OK ||
	    text_number(text, 1, INT32_MAX, &s) != OK)
		return 0;
	return s < RETRY_AFTER_MAX_S ? (unsigned)s : RETRY_AFTER_MAX_S;
}

static void
judge_mapped(const struct smsc_error *e, struct http_outcome *out)
{
	out->throttled = e->meaning == SMSC_THROTTLES;
	out->verdict = e->meaning == SMSC_ENDS ? SMSC_REFUSED : SMSC_RETRY;
}

void
http_judge(const struct smsc_config *cf, const struct http_source *id_from, const struct http_result *res,
    const char *reference, struct http_outcome *out)
{
	const struct smsc_error *e;
	unsigned status = res->status;

	*out = (struct http_outcome){ .status = status };
	if (!res->transport_ok) {
		out->status = SMPP_RSYSERR;
		out->verdict = res->unsent ? SMSC_UNSENT : SMSC_MAYBE_SENT;
		return;
	}
	if (status >= 200 && status < 300 && contains(res->body, cf->http.success)) {
		out->verdict = SMSC_ACCEPTED;
		take_message_id(id_from, res, reference, out);
		return;
	}
	e = smsc_error_find(cf, status);
	if (e != NULL) {
		judge_mapped(e, out);
	} else if (status < 300) {
		out->verdict = SMSC_REFUSED;
	} else if (status < 400 || status == 401 || status == 407) {
		out->us = true;
		out->verdict = SMSC_RETRY;
	} else if (status == 408 || status == 425) {
		out->verdict = SMSC_RETRY;
	} else if (status == 429 || status == 503) {
		out->throttled = true;
		out->verdict = SMSC_RETRY;
	} else if (status < 500) {
		out->verdict = SMSC_REFUSED;
	} else {
		out->verdict = status == 502 || status == 504 ? SMSC_MAYBE_SENT : SMSC_RETRY;
	}
	if (out->throttled)
		out->retry_after_s = retry_after(res);
}
