/* ppgctl_policy_wire.c - see ppgctl_policy.h. */
#include "ppg/ppgctl_policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ppg/message_case.h"
#include "wap/content.h"
#include "wap/decode.h"

enum { PARTS_MAX = 1024 };

/* ---- the device ---------------------------------------------------------------------------------- */

static int
add_proxy(json_t *list, const char *text, struct why *why)
{
	size_t n = strcspn(text, ",");
	bool trust = false, push = false;
	struct span address = span_of(text, n);

	if (n == 0)
		return why_set(why, ERR_SYNTAX, "--proxy: an address is expected");
	for (text += n; *text == ','; text += n) {
		n = strcspn(++text, ",");
		if (n == 5 && strncmp(text, "trust", n) == 0)
			trust = true;
		else if (n == 4 && strncmp(text, "push", n) == 0)
			push = true;
		else
			return why_set(why, ERR_SYNTAX, "--proxy: only trust and push may follow the address");
	}
	json_array_append_new(list, json_pack("{s:o, s:o, s:s, s:b, s:b}", "id", json_span(address),
	    "address", json_span(address), "type",
	    memchr(address.p, '.', address.n) ? "IPv4" : "E164", "trust", trust, "push", push));
	return OK;
}

static bool
says_anything(const struct wire_options *o)
{
	return o->profile || o->from || o->from_ton || o->bearer || o->provurl || o->proxies.n || o->policies.n;
}

int
wire_check(struct wire_options *o, struct why *why)
{
	int err;

	if (o->stored)
		return o->hex ? why_set(why, ERR_SYNTAX, "--push-id and --hex exclude each other") : OK;
	if (!o->hex)
		return says_anything(o) ? why_set(why, ERR_SYNTAX,
		    "cases bring their device and sender; --hex or --push-id is missing") : OK;
	if (o->from == NULL)
		return why_set(why, ERR_SYNTAX, "--hex needs --from, the sender");
	o->device = json_pack("{s:s, s:[]}", "profile", o->profile ? o->profile : "wm5", "proxies");
	err = o->device != NULL ? wire_device(o, o->device, why) : ERR_SYNTAX;
	return o->device != NULL ? err : why_set(why, err, "an option is not UTF-8");
}

/* A list of proxies replaces those it had; policies change one by one. */
int
wire_device(const struct wire_options *o, json_t *device, struct why *why)
{
	json_t *proxies = json_object_get(device, "proxies"), *policies = json_object_get(device, "policies");
	int err = OK;
	size_t i;

	if (o->proxies.n > 0) {
		proxies = json_array();
		json_object_set_new(device, "proxies", proxies);
	}
	if (policies == NULL) {
		policies = json_object();
		json_object_set_new(device, "policies", policies);
	}
	if (o->provurl != NULL && json_object_set_new(device, "provurl", json_string(o->provurl)) != 0)
		err = why_set(why, ERR_SYNTAX, "--provurl is not UTF-8");
	for (i = 0; err == OK && i < o->proxies.n; i++)
		err = add_proxy(proxies, o->proxies.items[i], why);
	for (i = 0; err == OK && i < o->policies.n; i++) {
		const char *text = o->policies.items[i], *eq = strchr(text, '=');

		if (eq == NULL || eq == text)
			err = why_set(why, ERR_SYNTAX, "--policy: ID=VALUE is expected");
		else
			json_object_setn_new(policies, text, (size_t)(eq - text), json_span(span_str(eq + 1)));
	}
	return err;
}

/* ---- the message --------------------------------------------------------------------------------- */

/* Octets of all parts into one block; *parts point into it. */
static int
unhex(struct span line, uint8_t *octets, struct span parts[PARTS_MAX], size_t *n_parts, struct why *why)
{
	size_t from = 0, to, n, at = 0;

	for (*n_parts = 0; from <= line.n; from = to + 1) {
		for (to = from; to < line.n && line.p[to] != '|'; to++)
			;
		if (*n_parts == PARTS_MAX)
			return why_set(why, ERR_LIMIT, "more than %d parts", PARTS_MAX);
		if (text_hex(span_of(line.p + from, to - from), octets + at, &n, why) != OK)
			return ERR_SYNTAX;
		if (n == 0)
			return why_set(why, ERR_SYNTAX, "there are no digits");
		parts[(*n_parts)++] = span_of(octets + at, n);
		at += n;
	}
	return OK;
}

/* What was binary has become text, so it is read as the textual form. */
static const char *
textual(const char *media)
{
	enum content_kind kind = content_kind_of(span_str(media));

	return kind == CONTENT_PROV ? "text/vnd.wap.connectivity-xml" : kind == CONTENT_SL ? "text/vnd.wap.sl" :
	    kind == CONTENT_SI ? "text/vnd.wap.si" : media;
}

static json_t *
message_of(const struct wire_options *o, json_t *decoded, struct why *why)
{
	json_t *body = json_object_get(decoded, "body"), *params = json_object_get(decoded, "params"), *message;
	json_t *flag = json_object_get(decoded, "push_flag");
	const char *format = json_text(body, "format"), *value = json_text(body, "value");
	const struct message_head head = {
		.bearer = o->bearer,
		.from = o->from,
		.from_ton = o->from_ton,
		.media = json_text(decoded, "content_type"),
		.app_id = json_text(decoded, "app_id"),
		.initiator_uri = json_text(decoded, "initiator_uri"),
		.push_flag = json_is_integer(flag) ? (int)json_integer_value(flag) : -1,
		.sec = json_text(params, "SEC"),
		.mac = json_text(params, "MAC"),
	};

	if (head.media == NULL) {
		why_set(why, ERR_SYNTAX, "no push: it has no content type");
		return NULL;
	}
	message = message_case(&head, why);
	if (message != NULL && format != NULL && value != NULL && strcmp(format, "xml") == 0 &&
	    message_case_body(message, textual(head.media), span_str(value), false, why) != OK) {
		json_decref(message);
		return NULL;
	}
	return message;
}

json_t *
wire_case(const struct wire_options *o, struct span line, struct why *why)
{
	uint8_t *octets = malloc(line.n / 2 + 1);
	struct span *parts = calloc(PARTS_MAX, sizeof *parts);
	json_t *decoded = NULL, *message = NULL;
	size_t n;

	if (octets == NULL || parts == NULL)
		abort();
	if (unhex(span_trim(line), octets, parts, &n, why) == OK)
		decoded = decode_parts(parts, n, DECODE_AUTO, why);
	if (decoded != NULL)
		message = message_of(o, decoded, why);
	json_decref(decoded);
	free(parts);
	free(octets);
	return message ? json_pack("{s:O, s:o}", "device", o->device, "message", message) : NULL;
}
