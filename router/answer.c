/* answer.c - what became of a message, as JSON, as a block and as a line; see pushrouter.h. */
#include "router/pushrouter.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "wap/decode.h"

static const char not_a_push[] = "NOT_A_PUSH";

/* ---- parts of the answer -------------------------------------------------------------------- */

static json_t *
roles_json(uint32_t mask)
{
	json_t *list = json_array();
	uint32_t bit;

	for (bit = 1; bit != 0; bit <<= 1) {
		if ((mask & bit) && policy_role_name(bit))
			json_array_append_new(list, json_string(policy_role_name(bit)));
	}
	return list;
}

/* A document that was accepted may still not fit into the device; then `problem` says so. */
static bool
is_applied(const struct router_result *res)
{
	return policy_accepted(&res->decision) && res->problem.text[0] == '\0';
}

/* The characteristics that this decision applies, in the order of the document. */
static json_t *
applies_json(const struct router_result *res)
{
	json_t *list = json_array();
	size_t i;

	if (!is_applied(res))
		return list;
	for (i = 0; i < res->n_settings; i++)
		json_array_append_new(list, json_span(span_str(res->settings[i].path)));
	return list;
}

/* As `ppgctl decode` prints it; what does not decode is {"error","offset"}. */
static json_t *
message_json(const struct router_result *res)
{
	json_t *obj = json_object(), *decoded = NULL;
	struct why why = res->problem;

	json_object_set_new(obj, "kind", json_string(res->segments ? "sms" : "wsp"));
	if (res->has_ports)
		json_object_set_new(obj, "ports",
		    json_pack("{s:i,s:i}", "dst", res->dst_port, "src", res->src_port));
	if (res->segments)
		json_object_set_new(obj, "segments", json_integer(res->segments));
	if (res->is_push)
		decoded = decode_wsp(res->datagram, &why);
	if (decoded != NULL) {
		json_object_update(obj, decoded);
		json_decref(decoded);
	} else {
		json_object_set_new(obj, "error", json_string(why.text));
		json_object_set_new(obj, "offset", json_integer((json_int_t)why.offset));
	}
	return obj;
}

/* "SI role mismatch (4109)", and after a colon what was malformed. */
static void
print_reason(const struct router_result *res, struct sbuf *out)
{
	const char *text = policy_reason_text(res->decision.code);

	sbuf_str(out, text);
	if (res->problem.text[0] != '\0')
		sbuf_fmt(out, "%s%s", text[0] ? ": " : "", res->problem.text);
}

json_t *
router_result_json(const struct router_result *res)
{
	struct sbuf reason = { 0 };
	json_t *obj;

	if (!res->is_push)
		return json_pack("{s:s,s:n,s:s,s:o}", "outcome", not_a_push, "code", "reason",
		    res->problem.text, "message", message_json(res));
	obj = policy_decision_json(FAMILY_WM5, &res->decision);
	json_object_del(obj, "family");
	print_reason(res, &reason);
	json_object_set_new(obj, "reason", reason.n ? json_span(sbuf_as_span(&reason)) : json_null());
	json_object_set_new(obj, "roles", roles_json(res->decision.mask));
	json_object_set_new(obj, "applies", applies_json(res));
	json_object_set_new(obj, "message", message_json(res));
	sbuf_done(&reason);
	return obj;
}

/* ---- for clients ---------------------------------------------------------------------------------- */

static json_t *
hex_json(struct span octets)
{
	struct sbuf hex = { 0 };
	json_t *v;

	sbuf_hex(&hex, octets);
	v = json_span(sbuf_as_span(&hex));
	sbuf_done(&hex);
	return v;
}

/* With a short PIN, MAC and body together are as good as the PIN. */
static void
drop_mac(json_t *params)
{
	const char *name;
	json_t *v;
	void *next;

	json_object_foreach_safe(params, next, name, v) {
		if (strcasecmp(name, "MAC") == 0)
			json_object_del(params, name);
	}
}

json_t *
router_client_json(const struct router_path *path, const struct router_result *res)
{
	const struct policy_decision *d = &res->decision;
	json_t *obj = json_object(), *decoded = decode_wsp(res->datagram, NULL);

	json_object_set_new(obj, "from", json_span(span_str(path->from)));
	json_object_set_new(obj, "to", json_span(span_str(path->to)));
	json_object_set_new(obj, "bearer", json_string(path->ip_bearer ? "ip" : "sms"));
	json_object_set_new(obj, "outcome", json_string(policy_outcome_name(d->outcome)));
	json_object_set_new(obj, "client", json_span(span_str(d->client)));
	json_object_set_new(obj, "mask", json_integer(d->mask));
	json_object_set_new(obj, "effective", d->has_effective ? json_integer(d->effective) : json_null());
	json_object_set_new(obj, "roles", roles_json(d->mask));
	drop_mac(json_object_get(decoded, "params"));
	json_object_del(decoded, "tid");
	json_object_set_new(obj, "content_type",
	    json_span(span_str(res->info ? res->info->type.media : "")));
	json_object_update(obj, decoded);
	json_decref(decoded);
	json_object_set_new(obj, "octets", hex_json(res->body));
	return obj;
}

/* ---- for people ---------------------------------------------------------------------------------- */

static void
print_type(const struct router_result *res, struct sbuf *out)
{
	const char *sec;

	if (res->info == NULL) {
		sbuf_str(out, "unreadable push");
		return;
	}
	sbuf_quote(out, span_str(res->info->type.media));
	sec = wsp_content_type_param(&res->info->type, "SEC");
	if (sec)
		sbuf_fmt(out, ", SEC %.16s", sec);
	if (res->info->app_id[0]) {
		sbuf_str(out, ", for ");
		sbuf_quote(out, span_str(res->info->app_id));
	}
}

static void
print_outcome(const struct router_result *res, struct sbuf *out)
{
	if (!res->is_push) {
		sbuf_fmt(out, "%s: %s", not_a_push, res->problem.text);
		return;
	}
	sbuf_str(out, policy_outcome_name(res->decision.outcome));
	if (res->decision.code) {
		sbuf_fmt(out, " P%02d: ", res->decision.code);
		print_reason(res, out);
		if (res->decision.path[0]) {
			sbuf_str(out, " at ");
			sbuf_quote(out, span_str(res->decision.path));
		}
		return;
	}
	if (res->decision.client[0])
		sbuf_fmt(out, " by %s", res->decision.client);
	if (res->problem.text[0])
		sbuf_fmt(out, ", but there is no room: %s", res->problem.text);
}

void
router_result_line(const struct router_result *res, struct sbuf *out)
{
	print_outcome(res, out);
	if (res->is_push) {
		sbuf_str(out, " (");
		print_type(res, out);
		sbuf_char(out, ')');
	}
}

static void
print_stage(const struct policy_stage *st, struct sbuf *out)
{
	sbuf_fmt(out, "  stage %-3s %-13s ", st->stage, st->test);
	if (st->has_result)
		sbuf_fmt(out, "%u & %u = %u  ", st->mask, st->policy, st->result);
	sbuf_str(out, st->pass ? "ok\n" : "no\n");
}

static void
print_applies(const struct router_result *res, struct sbuf *out)
{
	size_t i;

	if (!is_applied(res) || res->n_settings == 0)
		return;
	sbuf_str(out, "  applies  ");
	for (i = 0; i < res->n_settings; i++) {
		sbuf_str(out, i ? ", " : "");
		sbuf_quote(out, span_str(res->settings[i].path));
	}
	sbuf_char(out, '\n');
}

/* The body as `ppgctl decode` has it, one line. */
static void
print_body(const struct router_result *res, struct sbuf *out)
{
	json_t *decoded = decode_wsp(res->datagram, NULL);
	json_t *value = json_object_get(json_object_get(decoded, "body"), "value");

	if (value != NULL) {
		sbuf_str(out, "  body     ");
		if (json_is_string(value))
			sbuf_str(out, json_string_value(value));
		else
			json_print(value, out);
		sbuf_char(out, '\n');
	}
	json_decref(decoded);
}

void
router_result_print(const struct router_result *res, const struct router_path *path,
    struct sbuf *out)
{
	const struct policy_decision *d = &res->decision;
	size_t i;

	if (res->is_push)
		print_type(res, out);
	else
		sbuf_str(out, "no push");
	sbuf_str(out, " from ");
	sbuf_quote(out, span_str(path->from[0] ? path->from : "unknown"));
	if (res->segments)
		sbuf_fmt(out, ", %u short message%s", res->segments, res->segments > 1 ? "s" : "");
	sbuf_str(out, "\n  outcome  ");
	print_outcome(res, out);
	sbuf_char(out, '\n');
	if (!res->is_push)
		return;
	sbuf_fmt(out, "  roles    %u = ", d->mask);
	policy_roles_print(d->mask, out);
	if (d->has_effective) {
		sbuf_fmt(out, "\n  settings %u = ", d->effective);
		policy_roles_print(d->effective, out);
	}
	sbuf_char(out, '\n');
	for (i = 0; i < d->n_stages; i++)
		print_stage(&d->stages[i], out);
	print_applies(res, out);
	print_body(res, out);
}
