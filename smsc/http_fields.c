/* http_fields.c - see http_fields.h. */
#define _GNU_SOURCE	/* memmem */
#include "smsc/http_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- sources ------------------------------------------------------------------------------------- */

static const struct {
	const char *prefix;
	enum http_source_kind kind;
	bool named, of_answer, of_request;
} sources[] = {
	{ "json:", HTTP_FROM_JSON, true, true, true },
	{ "header:", HTTP_FROM_HEADER, true, true, false },
	{ "after:", HTTP_FROM_AFTER, true, true, false },
	{ "query:", HTTP_FROM_QUERY, true, false, true },
	{ "form:", HTTP_FROM_FORM, true, false, true },
	{ "body", HTTP_FROM_BODY, false, true, false },
	{ "reference", HTTP_FROM_REFERENCE, false, true, false },
	{ "none", HTTP_FROM_NOWHERE, false, true, false },
};

/* Empty, or a '/' first, and "~" only as "~0" and "~1". */
static bool
is_pointer(const char *s)
{
	if (*s != '\0' && *s != '/')
		return false;
	for (; *s != '\0'; s++)
		if (*s == '~' && s[1] != '0' && s[1] != '1')
			return false;
	return true;
}

static int
parse_source(const char *text, bool of_request, struct http_source *out, struct why *why)
{
	size_t i;

	*out = (struct http_source){ HTTP_FROM_NOWHERE, "" };
	for (i = 0; i < sizeof sources / sizeof sources[0]; i++) {
		size_t n = strlen(sources[i].prefix);

		if (!(of_request ? sources[i].of_request : sources[i].of_answer) || strncmp(text, sources[i].prefix, n) != 0)
			continue;
		if (!sources[i].named && text[n] != '\0')
			continue;
		if (sources[i].kind == HTTP_FROM_JSON ? !is_pointer(text + n) : sources[i].named && text[n] == '\0')
			return why_set(why, ERR_SYNTAX, sources[i].kind == HTTP_FROM_JSON ?
			    "what follows json: is not a JSON pointer such as /messages/0/id" : "nothing follows the colon");
		*out = (struct http_source){ sources[i].kind, text + n };
		return OK;
	}
	return why_set(why, ERR_SYNTAX, of_request ? "not json:POINTER, query:NAME or form:NAME" :
	    "not json:POINTER, header:NAME, after:TEXT, body, reference or none");
}

int
http_source_parse_answer(const char *text, struct http_source *out, struct why *why)
{
	return parse_source(text, false, out, why);
}

int
http_source_parse_request(const char *text, struct http_source *out, struct why *why)
{
	return parse_source(text, true, out, why);
}

/* ---- values ---------------------------------------------------------------------------------------- */

static int
keep(struct span s, char out[HTTP_FIELD_MAX + 1])
{
	if (s.n == 0 || span_to_cstr(s, out, HTTP_FIELD_MAX + 1) != OK) {
		out[0] = '\0';
		return ERR_NOT_FOUND;
	}
	return OK;
}

/* One token of a pointer, "~1" and "~0" resolved, into out; false: it is too long. */
static bool
take_token(const char **pointer, char *out, size_t size)
{
	const char *p = *pointer + 1;		/* past the '/' */
	size_t n = 0;

	for (; *p != '\0' && *p != '/'; p++) {
		if (n + 1 >= size)
			return false;
		if (*p == '~' && (p[1] == '0' || p[1] == '1'))
			out[n++] = *++p == '1' ? '/' : '~';
		else
			out[n++] = *p;
	}
	out[n] = '\0';
	*pointer = p;
	return true;
}

const json_t *
http_json_pointer(const json_t *document, const char *pointer)
{
	char token[HTTP_FIELD_MAX];
	int64_t index;

	while (document != NULL && *pointer != '\0') {
		if (!take_token(&pointer, token, sizeof token))
			return NULL;
		if (json_is_object(document))
			document = json_object_get(document, token);
		else if (json_is_array(document) && text_number(token, 0, INT32_MAX, &index) == OK &&
		    (token[0] != '0' || token[1] == '\0'))
			document = json_array_get(document, (size_t)index);
		else
			return NULL;
	}
	return document;
}

int
http_json_value(const json_t *value, char out[HTTP_FIELD_MAX + 1])
{
	out[0] = '\0';
	if (json_is_string(value))
		return keep(span_of(json_string_value(value), json_string_length(value)), out);
	if (json_is_integer(value))
		snprintf(out, HTTP_FIELD_MAX + 1, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_boolean(value))
		snprintf(out, HTTP_FIELD_MAX + 1, "%s", json_is_true(value) ? "true" : "false");
	else
		return ERR_NOT_FOUND;
	return OK;
}

int
http_form_value(struct span form, const char *name, char out[HTTP_FIELD_MAX + 1])
{
	int err = ERR_NOT_FOUND;

	out[0] = '\0';
	while (form.n > 0 && err != OK) {
		const uint8_t *amp = memchr(form.p, '&', form.n);
		size_t n = amp != NULL ? (size_t)(amp - form.p) : form.n;
		const uint8_t *equals = n > 0 ? memchr(form.p, '=', n) : NULL;
		size_t name_n = equals != NULL ? (size_t)(equals - form.p) : n;
		uint8_t *decoded = malloc(n + 1);
		size_t got;

		if (decoded == NULL)
			abort();
		if (text_percent(span_of(form.p, name_n), true, decoded, &got) == OK &&
		    span_eq_str(span_of(decoded, got), name)) {
			if (equals == NULL || text_percent(span_of(equals + 1, n - name_n - 1), true, decoded, &got) != OK) {
				free(decoded);
				return ERR_NOT_FOUND;
			}
			err = keep(span_of(decoded, got), out);
			free(decoded);
			return err;
		}
		free(decoded);
		form = span_of(form.p + n + (amp != NULL), form.n - n - (amp != NULL));
	}
	return err;
}

static int
after(struct span body, const char *text, char out[HTTP_FIELD_MAX + 1])
{
	const uint8_t *at = body.n > 0 ? memmem(body.p, body.n, text, strlen(text)) : NULL;
	struct span rest;
	size_t n = 0;

	out[0] = '\0';
	if (at == NULL)
		return ERR_NOT_FOUND;
	rest = span_of(at + strlen(text), body.n - (size_t)(at - body.p) - strlen(text));
	rest = span_trim(rest);
	while (n < rest.n && rest.p[n] > ' ' && strchr("\"'<>,;&", rest.p[n]) == NULL)
		n++;
	return keep(span_of(rest.p, n), out);
}

/* Line ends as well, which span_trim leaves. */
static struct span
trim_lines(struct span s)
{
	while (s.n > 0 && s.p[0] <= ' ')
		s = span_of(s.p + 1, s.n - 1);
	while (s.n > 0 && s.p[s.n - 1] <= ' ')
		s.n--;
	return s;
}

int
http_answer_value(const struct http_source *from, const struct http_result *answer, const json_t *json,
    char out[HTTP_FIELD_MAX + 1])
{
	struct span value;

	out[0] = '\0';
	switch (from->kind) {
	case HTTP_FROM_JSON:
		return http_json_value(http_json_pointer(json, from->name), out);
	case HTTP_FROM_HEADER:
		if (http_result_header(answer, from->name, &value) != OK)
			return ERR_NOT_FOUND;
		return keep(value, out);
	case HTTP_FROM_BODY:
		return keep(trim_lines(answer->body), out);
	case HTTP_FROM_AFTER:
		return after(answer->body, from->name, out);
	case HTTP_FROM_NOWHERE:
	case HTTP_FROM_REFERENCE:
	case HTTP_FROM_QUERY:
	case HTTP_FROM_FORM:
		break;
	}
	return ERR_NOT_FOUND;
}

int
http_message_id(const char *text, char out[66])
{
	size_t n = strlen(text), i;

	memset(out, 0, 66);
	for (i = 0; i < n; i++)
		if ((uint8_t)text[i] <= ' ' || (uint8_t)text[i] >= 0x7F)
			return ERR_SYNTAX;
	if (n == 0)
		return ERR_SYNTAX;
	if (n <= 65)
		memcpy(out, text, n);
	else
		snprintf(out, 66, "%.48s~%016" PRIX64, text, text_hash64(span_str(text)));
	return OK;
}

/* ---- states -------------------------------------------------------------------------------------------- */

/* One "word:STATE" of a list, which moves on. */
static int
take_state(const char **list, struct span *word, enum receipt_state *state)
{
	size_t n = strcspn(*list, ",");
	struct span item = span_trim(span_of(*list, n));
	size_t at = item.n;

	*list += n + ((*list)[n] == ',');
	while (at > 0 && item.p[at - 1] != ':')	/* the last colon: a word may have some */
		at--;
	if (at < 2)
		return ERR_SYNTAX;
	*word = span_trim(span_of(item.p, at - 1));
	if (word->n == 0)
		return ERR_SYNTAX;
	return smpp_receipt_state(span_trim(span_of(item.p + at, item.n - at)), state);
}

int
http_states_check(const char *list, struct why *why)
{
	while (*list != '\0') {
		const char *item = list;
		enum receipt_state state;
		struct span word;

		if (take_state(&list, &word, &state) != OK)
			return why_set(why, ERR_SYNTAX, "\"%.*s\" is not a word, ':', and DELIVRD, EXPIRED, DELETED, UNDELIV, "
			    "ACCEPTD, UNKNOWN, REJECTD or ENROUTE", (int)strcspn(item, ","), item);
	}
	return OK;
}

int
http_state_find(const char *list, const char *text, enum receipt_state *out)
{
	int err = ERR_NOT_FOUND;

	*out = RECEIPT_UNKNOWN;
	if (*list == '\0')
		return smpp_receipt_state(span_str(text), out) == OK ? OK : ERR_NOT_FOUND;
	while (*list != '\0') {
		enum receipt_state state;
		struct span word;

		if (take_state(&list, &word, &state) != OK)
			continue;
		if (span_eq_nocase(word, text)) {
			*out = state;
			return OK;
		}
		if (span_eq_str(word, "*")) {
			*out = state;
			err = OK;
		}
	}
	return err;
}

bool
http_state_is_final(enum receipt_state state)
{
	return state != RECEIPT_ENROUTE && state != RECEIPT_ACCEPTED && state != RECEIPT_UNKNOWN;
}
