/* ppgctl_policy_wire.c - see ppgctl_policy.h. */
#include "ppg/ppgctl_policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy/prov_mac.h"
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

int
wire_check(struct wire_options *o, struct why *why)
{
	json_t *proxies = json_array(), *policies = json_object();
	size_t i;
	int err = OK;

	o->device = json_pack("{s:s, s:o, s:o, s:s*}", "profile", o->profile ? o->profile : "wm5",
	    "proxies", proxies, "policies", policies, "provurl", o->provurl);
	if (!o->hex && (o->profile || o->from || o->from_ton || o->bearer || o->provurl || o->proxies.n ||
	    o->policies.n))
		return why_set(why, ERR_SYNTAX, "cases bring their device and sender; --hex is missing");
	if (o->hex && o->from == NULL)
		return why_set(why, ERR_SYNTAX, "--hex needs --from, the sender");
	for (i = 0; err == OK && i < o->proxies.n; i++)
		err = add_proxy(proxies, o->proxies.items[i], why);
	for (i = 0; err == OK && i < o->policies.n; i++) {
		const char *text = o->policies.items[i], *eq = strchr(text, '=');

		if (eq == NULL || eq == text)
			err = why_set(why, ERR_SYNTAX, "--policy: ID=VALUE is expected");
		else
			json_object_setn_new(policies, text, (size_t)(eq - text), json_span(span_str(eq + 1)));
	}
	if (o->device == NULL)
		err = why_set(why, ERR_SYNTAX, "an option is not UTF-8");
	return err;
}

/* ---- the message --------------------------------------------------------------------------------- */

static json_t *
settings_json(const struct prov_doc *doc)
{
	json_t *list = json_array();
	size_t i, k;

	for (i = 0; i < doc->n; i++) {
		const struct prov_setting *s = &doc->settings[i];
		json_t *parms = json_object(), *obj;

		for (k = 0; k < s->n_parms; k++) {
			const struct prov_parm *p = &s->parms[k];

			json_object_setn_new(parms, p->name, strlen(p->name), p->noparm ? json_null() :
			    json_span(span_str(p->value ? p->value : "")));
		}
		obj = json_pack("{s:o, s:o}", "path", json_span(span_str(s->path)), "parms", parms);
		if (s->remove)
			json_object_set_new(obj, "delete", json_true());
		json_array_append_new(list, obj);
	}
	return list;
}

/* What the decision asks of the body: href, settings. A body that does not parse is an error. */
static int
add_body(json_t *message, const char *media, struct span body, struct why *why)
{
	enum content_kind kind = content_kind_of(span_str(media));
	struct content_facts *facts;
	struct prov_doc doc;
	int err;

	if (kind == CONTENT_PROV) {
		err = prov_doc_parse(media, body, &doc, why);
		if (err == OK)
			json_object_set_new(message, "settings", settings_json(&doc));
		if (err == OK)
			prov_doc_done(&doc);
		return err;
	}
	if (kind != CONTENT_SI && kind != CONTENT_SL)
		return OK;
	facts = malloc(sizeof *facts);
	if (facts == NULL)
		abort();
	err = content_facts(media, body, facts, why);
	if (err == OK && facts->href[0] != '\0')
		json_object_set_new(message, "href", json_span(span_str(facts->href)));
	free(facts);
	return err;
}

/*
 * SEC and MAC. What is no method, or no MAC of 40 digits, makes the message malformed on the device:
 * here it becomes a MAC without a method, or a method without its MAC, which is malformed as well.
 */
static void
add_signature(json_t *message, json_t *params)
{
	const char *sec = json_text(params, "SEC"), *mac = json_text(params, "MAC");
	enum prov_sec method = PROV_SEC_NONE;
	bool good_sec = sec == NULL || prov_sec_parse(sec, &method) == OK;
	bool good_mac = mac == NULL || prov_check_mac(mac, NULL) == OK;

	if (good_sec && sec != NULL)
		json_object_set_new(message, "sec", json_string(prov_sec_name(method)));
	if (!good_sec || (mac != NULL && (good_mac || sec == NULL || method == PROV_SEC_USERPINMAC)))
		json_object_set_new(message, "mac", json_string("ok"));
}

static void
copy_member(json_t *to, json_t *from, const char *name)
{
	json_t *v = json_object_get(from, name);

	if (v != NULL && !json_is_null(v))
		json_object_set(to, name, v);
}

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

static json_t *
message_of(const struct wire_options *o, json_t *decoded, struct why *why)
{
	const char *media = json_text(decoded, "content_type"), *format, *value;
	json_t *body = json_object_get(decoded, "body"), *message;
	int err = OK;

	if (media == NULL) {
		why_set(why, ERR_SYNTAX, "no push: it has no content type");
		return NULL;
	}
	message = json_pack("{s:s, s:s, s:s*, s:s}", "bearer", o->bearer ? o->bearer : "sms", "from",
	    o->from, "from_ton", o->from_ton, "content_type", media);
	if (message == NULL) {
		why_set(why, ERR_SYNTAX, "an option is not UTF-8");
		return NULL;
	}
	copy_member(message, decoded, "app_id");
	copy_member(message, decoded, "push_flag");
	copy_member(message, decoded, "initiator_uri");
	add_signature(message, json_object_get(decoded, "params"));
	format = json_text(body, "format");
	value = json_text(body, "value");
	/* What was binary has become text, so it is read as the textual form. */
	if (format != NULL && value != NULL && strcmp(format, "xml") == 0)
		err = add_body(message, content_kind_of(span_str(media)) == CONTENT_PROV ?
		    "text/vnd.wap.connectivity-xml" : content_kind_of(span_str(media)) == CONTENT_SL ?
		    "text/vnd.wap.sl" : "text/vnd.wap.si", span_str(value), why);
	if (err == OK)
		return message;
	json_decref(message);
	return NULL;
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
