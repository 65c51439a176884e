/*
 * ppgctl_operation.c - ppgctl cancel, status and ccq: PAP's other operations on the command line.
 * Spec: WAP-247-PAP 5.3 to 5.5.
 */
#include "ppg/ppgctl.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- addresses and answers ------------------------------------------------------------------ */

static enum ctl_exit
check_addresses(const struct ctl_verb *verb, const char *const *addresses, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!ctl_is_address(addresses[i]))
			return ctl_wrong_use(verb, "ADDRESS is %s", ctl_address_help);
	return CTL_DONE;
}

static json_t *
text_or_null(const char *text)
{
	return text != NULL ? json_span(span_str(text)) : json_null();
}

static json_t *
result_json(const struct ctl_result *r, bool is_status)
{
	json_t *addresses = json_array(), *out = json_object();
	size_t i;

	for (i = 0; i < r->n_addresses; i++)
		json_array_append_new(addresses, json_span(span_str(r->addresses[i])));
	json_object_set_new(out, "addresses", addresses);
	json_object_set_new(out, "code", json_integer(r->code));
	json_object_set_new(out, "desc", json_span(span_str(ctl_result_desc(r))));
	if (is_status) {
		json_object_set_new(out, "state", text_or_null(r->state));
		json_object_set_new(out, "event_time", text_or_null(r->event_time));
		json_object_set(out, "qos", r->qos != NULL ? r->qos : json_null());
	}
	return out;
}

static void
print_results_json(const struct ctl_answer *a, const char *push_id, bool is_status)
{
	json_t *results = json_array();
	size_t i;

	for (i = 0; i < a->n_results; i++)
		json_array_append_new(results, result_json(&a->results[i], is_status));
	ctl_print_json(json_pack("{s:o, s:o, s:b}", "push_id", json_span(span_str(push_id)), "results", results,
	    "accepted", ctl_answer_exit(a) == CTL_DONE));
}

static void
print_line(const struct ctl_result *r, const char *address, bool is_status)
{
	printf("%s ", address);
	if (is_status && r->state != NULL)
		printf("%s %s ", r->state, r->event_time != NULL ? r->event_time : "-");
	printf("%d %s\n", r->code, ctl_result_desc(r));
}

/* A line a recipient: address, state and its time, code, sentence. */
static void
print_results(const struct ctl_answer *a, bool is_status)
{
	size_t i, k;

	for (i = 0; i < a->n_results; i++) {
		const struct ctl_result *r = &a->results[i];

		if (r->n_addresses == 0)
			print_line(r, "all", is_status);
		for (k = 0; k < r->n_addresses; k++)
			print_line(r, r->addresses[k], is_status);
	}
}

/* ---- cancel, status ----------------------------------------------------------------------------- */

static enum ctl_exit
ask(const struct ctl_verb *verb, const struct ctl_gateway *g, enum pap_message message, const struct ctl_list *args,
    struct ctl_answer *a)
{
	size_t n = args->n - 1, i;
	char **addresses = calloc(n + 1, sizeof *addresses);
	struct sbuf doc = { 0 };
	enum ctl_exit result;

	if (addresses == NULL)
		abort();
	for (i = 0; i < n; i++)
		addresses[i] = ctl_client_address(g, args->items[i + 1]);
	pap_operation_message(&doc, g->version, message, args->items[0], (const char *const *)addresses, n);
	result = ctl_pap(verb, g, "application/xml", sbuf_as_span(&doc), a);
	for (i = 0; i < n; i++)
		free(addresses[i]);
	free(addresses);
	sbuf_done(&doc);
	return result;
}

static enum ctl_exit
operation(const struct ctl_verb *verb, enum pap_message message, int argc, char **argv)
{
	struct ctl_gateway g = { 0 };
	bool json = false, is_status = message == PAP_STATUSQUERY;
	const struct ctl_option options[] = {
		CTL_GATEWAY_OPTIONS(g),
		{ "json", NULL, "print JSON", NULL, &json, NULL },
		{ 0 },
	};
	struct ctl_list args = { 0 };
	struct ctl_answer a = { 0 };
	enum ctl_exit result;

	if (!ctl_parse(verb, options, argc, argv, &args, 1, 100001, &result))
		goto out;
	result = check_addresses(verb, args.items + 1, args.n - 1);
	if (result == CTL_DONE)
		result = ctl_gateway_open(verb, &g);
	if (result == CTL_DONE)
		result = ask(verb, &g, message, &args, &a);
	if (result != CTL_DONE)
		goto out;
	if (json)
		print_results_json(&a, args.items[0], is_status);
	else
		print_results(&a, is_status);
	result = ctl_answer_exit(&a);
out:
	ctl_answer_done(&a);
	ctl_gateway_done(&g);
	ctl_list_done(&args);
	return result;
}

enum ctl_exit
ctl_cancel(const struct ctl_verb *verb, int argc, char **argv)
{
	return operation(verb, PAP_CANCEL, argc, argv);
}

enum ctl_exit
ctl_status(const struct ctl_verb *verb, int argc, char **argv)
{
	return operation(verb, PAP_STATUSQUERY, argc, argv);
}

/* ---- capabilities ---------------------------------------------------------------------------------- */

static void
print_capabilities(const struct ctl_answer *a, const char *address, bool json)
{
	const struct ctl_result *r = &a->results[0];

	if (json)
		ctl_print_json(json_pack("{s:o, s:i, s:o, s:o, s:o}", "address", json_span(span_str(address)), "code", r->code,
		    "desc", json_span(span_str(ctl_result_desc(r))), "content_type", text_or_null(a->entity_type),
		    "profile", a->entity_type != NULL ? json_span(a->entity) : json_null()));
	else if (a->entity_type != NULL)
		fwrite(a->entity.p, 1, a->entity.n, stdout);
	else
		printf("%d %s\n", r->code, ctl_result_desc(r));
}

enum ctl_exit
ctl_ccq(const struct ctl_verb *verb, int argc, char **argv)
{
	struct ctl_gateway g = { 0 };
	const char *app_id = NULL, *query_id = NULL;
	bool json = false;
	const struct ctl_option options[] = {
		CTL_GATEWAY_OPTIONS(g),
		{ "app-id", "ID", "the application that a push would be for", &app_id, NULL, NULL },
		{ "query-id", "ID", "an id for the query", &query_id, NULL, NULL },
		{ "json", NULL, "print JSON", NULL, &json, NULL },
		{ 0 },
	};
	struct ctl_list args = { 0 };
	struct ctl_answer a = { 0 };
	struct sbuf doc = { 0 };
	char *address = NULL;
	enum ctl_exit result;

	if (!ctl_parse(verb, options, argc, argv, &args, 1, 1, &result))
		goto out;
	result = check_addresses(verb, args.items, 1);
	if (result == CTL_DONE)
		result = ctl_gateway_open(verb, &g);
	if (result != CTL_DONE)
		goto out;
	address = ctl_client_address(&g, args.items[0]);
	pap_ccq_message(&doc, g.version, query_id, app_id, address);
	result = ctl_pap(verb, &g, "application/xml", sbuf_as_span(&doc), &a);
	if (result == CTL_DONE) {
		print_capabilities(&a, address, json);
		result = ctl_answer_exit(&a);
	}
out:
	free(address);
	sbuf_done(&doc);
	ctl_answer_done(&a);
	ctl_gateway_done(&g);
	ctl_list_done(&args);
	return result;
}
