/*
 * http_fields.h - where in an answer of an aggregator, or in a receipt of it, a value stands, and what it means.
 * Pure: nothing is read, sent or logged here. What comes in is a stranger's.
 */
#ifndef SMSC_HTTP_FIELDS_H
#define SMSC_HTTP_FIELDS_H

#include "base/http_client.h"
#include "base/json.h"
#include "smsc/smpp_pdu.h"

enum http_source_kind {
	HTTP_FROM_NOWHERE,
	HTTP_FROM_JSON,			/* "json:/messages/0/id": a JSON pointer (RFC 6901) into the body */
	HTTP_FROM_HEADER,		/* "header:X-Message-Id" */
	HTTP_FROM_BODY,			/* "body": all of it, without blanks around it */
	HTTP_FROM_AFTER,		/* "after:ID:": the word in the body that follows this text */
	HTTP_FROM_REFERENCE,		/* "reference": our own, %{message-ref} */
	HTTP_FROM_QUERY,		/* "query:id": a parameter of the URL */
	HTTP_FROM_FORM			/* "form:id": a field of a form */
};

enum { HTTP_FIELD_MAX = 256 };		/* octets of a value; a longer one is none */

struct http_source {
	enum http_source_kind kind;
	const char *name;		/* borrowed from the text */
};

/* What may be asked: of an answer, or of a request. ERR_SYNTAX and *why. */
int http_source_parse_answer(const char *text, struct http_source *out, struct why *why);
int http_source_parse_request(const char *text, struct http_source *out, struct why *why);

/* RFC 6901; borrowed from the document; NULL: nothing is there. */
const json_t *http_json_pointer(const json_t *document, const char *pointer);
/* A string, whole number or boolean as text; ERR_NOT_FOUND. */
int http_json_value(const json_t *value, char out[HTTP_FIELD_MAX + 1]);
/* A field of "a=1&b=2", decoded; ERR_NOT_FOUND, also when it cannot be decoded. */
int http_form_value(struct span form, const char *name, char out[HTTP_FIELD_MAX + 1]);
/* From an answer; json is its body when that was JSON, or NULL. Not HTTP_FROM_REFERENCE. */
int http_answer_value(const struct http_source *from, const struct http_result *answer, const json_t *json,
    char out[HTTP_FIELD_MAX + 1]);

/*
 * A message id of an aggregator as receipts are looked up by: printing characters without blanks; one of more than
 * 65 is shortened so that it stays its own. ERR_SYNTAX for others and for none.
 */
int http_message_id(const char *text, char out[66]);

/*
 * "delivered:DELIVRD, failed:UNDELIV": a word of theirs and what SMPP calls it; "*" is every other word. Without a
 * list the words of SMPP are read. http_states_check: ERR_SYNTAX and *why. http_state_find: ERR_NOT_FOUND.
 */
int http_states_check(const char *list, struct why *why);
int http_state_find(const char *list, const char *word, enum receipt_state *out);
/* Whether another receipt may follow. */
bool http_state_is_final(enum receipt_state state);

#endif
