/* http_receipt_read.c - the receipts in a request of an aggregator; see http_receipt.h. */
#include <stdio.h>
#include <string.h>

#include "smsc/http_fields.h"
#include "smsc/http_receipt.h"

/* Where everything of one request stands. */
struct request {
	const struct smsc_config *cf;
	struct span query, body;
	struct http_source id, state, error;
};

static int
value_of(const struct request *rq, const struct http_source *from, const json_t *item, char out[HTTP_FIELD_MAX + 1])
{
	switch (from->kind) {
	case HTTP_FROM_JSON:
		return http_json_value(http_json_pointer(item, from->name), out);
	case HTTP_FROM_QUERY:
		return http_form_value(rq->query, from->name, out);
	case HTTP_FROM_FORM:
		return http_form_value(rq->body, from->name, out);
	case HTTP_FROM_NOWHERE:
	case HTTP_FROM_HEADER:
	case HTTP_FROM_BODY:
	case HTTP_FROM_AFTER:
	case HTTP_FROM_REFERENCE:
		break;
	}
	out[0] = '\0';
	return ERR_NOT_FOUND;
}

/* A word that the configuration does not know says no more than that something happened. */
static bool
read_one(const struct request *rq, const json_t *item, struct smsc_receipt *r)
{
	char id[HTTP_FIELD_MAX + 1], state[HTTP_FIELD_MAX + 1], error[HTTP_FIELD_MAX + 1];
	size_t i;

	*r = (struct smsc_receipt){ .smsc_id = rq->cf->smsc_id, .state = RECEIPT_UNKNOWN };
	if (value_of(rq, &rq->id, item, id) != OK || value_of(rq, &rq->state, item, state) != OK ||
	    http_message_id(id, r->message_id) != OK)
		return false;
	http_state_find(rq->cf->http.receipt_states, state, &r->state);
	r->final = http_state_is_final(r->state);
	if (value_of(rq, &rq->error, item, error) == OK)
		snprintf(r->err, sizeof r->err, "%.*s", (int)sizeof r->err - 1, error);
	for (i = 0; r->err[i] != '\0'; i++)
		if ((uint8_t)r->err[i] < 0x20 || (uint8_t)r->err[i] >= 0x7F)
			r->err[i] = '?';
	return true;
}

static int
read_list(const struct request *rq, const json_t *document, struct smsc_receipt *r, unsigned *n, unsigned *bad,
    struct why *why)
{
	const json_t *list = http_json_pointer(document, rq->cf->http.receipt_list + strlen("json:"));
	size_t i, items = json_array_size(list);

	if (!json_is_array(list))
		return why_set(why, ERR_SYNTAX, "receipt: no list where it should be");
	if (items > HTTP_RECEIPTS_MAX)
		return why_set(why, ERR_LIMIT, "more than %d receipts in one request", HTTP_RECEIPTS_MAX);
	for (i = 0; i < items; i++)
		if (read_one(rq, json_array_get(list, i), &r[*n]))
			(*n)++;
		else
			(*bad)++;
	return OK;
}

int
http_receipts_read(const struct smsc_config *cf, struct span query, struct span body,
    struct smsc_receipt r[HTTP_RECEIPTS_MAX], unsigned *n, unsigned *bad, struct why *why)
{
	struct request rq = { .cf = cf, .query = query, .body = body };
	bool in_json;
	json_t *document = NULL;
	int err = OK;

	*n = *bad = 0;
	if (http_source_parse_request(cf->http.receipt_id, &rq.id, why) != OK ||
	    http_source_parse_request(cf->http.receipt_state, &rq.state, why) != OK)
		return ERR_SYNTAX;
	if (cf->http.receipt_error[0] != '\0' && http_source_parse_request(cf->http.receipt_error, &rq.error, why) != OK)
		return ERR_SYNTAX;
	in_json = rq.id.kind == HTTP_FROM_JSON || rq.state.kind == HTTP_FROM_JSON || rq.error.kind == HTTP_FROM_JSON ||
	    cf->http.receipt_list[0] != '\0';
	if (in_json && (document = json_read(body, why)) == NULL)
		return ERR_SYNTAX;
	if (cf->http.receipt_list[0] != '\0')
		err = read_list(&rq, document, r, n, bad, why);
	else if (read_one(&rq, document, r))
		*n = 1;
	else
		*bad = 1;
	json_decref(document);
	if (err == OK && *n == 0 && *bad > 0)
		return why_set(why, ERR_SYNTAX, "receipt: no message id or no state where it should be");
	return err;
}
