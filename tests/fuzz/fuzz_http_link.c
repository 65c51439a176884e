/*
 * fuzz_http_link.c - what aggregators send: answers and receipts, in every form that may be asked for.
 * The input is a head, a line with "==" alone, and a body; the head serves as query as well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smsc/http_answer.h"
#include "smsc/http_receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const answers[] = { "json:/messages/0/id", "json:", "header:X-Message-Id", "body", "after:ID:" };

static const struct { const char *list, *id, *state, *error; } requests[] = {
	{ "", "json:/id", "json:/status", "json:/error" }, { "json:/results", "json:/id", "json:/status/name", "" },
	{ "", "query:id", "query:status", "query:error" }, { "", "form:id", "form:status", "form:error" },
};

static void
judge(struct span head, struct span body)
{
	struct http_result res = { .transport_ok = true, .status = 200, .head = head, .body = body };
	static struct smsc_config cf;
	struct http_outcome o;
	size_t i;

	smsc_config_defaults(&cf);
	for (i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		struct http_source from;

		if (http_source_parse_answer(answers[i], &from, NULL) != OK)
			abort();
		http_judge(&cf, &from, &res, "R", &o);
		if (o.verdict != SMSC_ACCEPTED || o.no_id != (o.message_id[0] == '\0') || strlen(o.message_id) > 65)
			abort();
	}
	res.status = 503;
	http_judge(&cf, &(struct http_source){ HTTP_FROM_NOWHERE, "" }, &res, "R", &o);
	if (!o.throttled || o.retry_after_s > 600)
		abort();
}

static void
receive(struct span query, struct span body)
{
	static struct smsc_receipt r[HTTP_RECEIPTS_MAX];
	static struct smsc_config cf;
	unsigned n, bad, k;
	struct why why;
	size_t i;

	smsc_config_defaults(&cf);
	for (i = 0; i < sizeof requests / sizeof requests[0]; i++) {
		snprintf(cf.http.receipt_list, sizeof cf.http.receipt_list, "%s", requests[i].list);
		snprintf(cf.http.receipt_id, sizeof cf.http.receipt_id, "%s", requests[i].id);
		snprintf(cf.http.receipt_state, sizeof cf.http.receipt_state, "%s", requests[i].state);
		snprintf(cf.http.receipt_error, sizeof cf.http.receipt_error, "%s", requests[i].error);
		if (http_receipts_read(&cf, query, body, r, &n, &bad, &why) != OK)
			continue;
		for (k = 0; k < n; k++)
			if (r[k].message_id[0] == '\0' || strlen(r[k].message_id) > 65 || r[k].state < RECEIPT_ENROUTE)
				abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);
	struct span head, body;
	size_t i;

	if (copy == NULL)
		abort();
	memcpy(copy, data, n);
	head = span_of(copy, n);
	body = span_of(NULL, 0);
	for (i = 0; i + 4 <= n; i++)
		if (memcmp(copy + i, "\n==\n", 4) == 0) {
			head = span_of(copy, i);
			body = span_of(copy + i + 4, n - i - 4);
			break;
		}
	judge(head, body);
	receive(head, body);
	free(copy);
	return 0;
}
