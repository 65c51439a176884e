/* ppgctl_route.c - ppgctl route: which link a push to a number would take, and why; asks the admin port. */
#include "ppg/ppgctl.h"

#include <stdio.h>
#include <string.h>

static void
print_throughput(const json_t *o)
{
	if (json_object_get(o, "throughput") != NULL)
		printf("; at most %s PDUs a second", ctl_member(o, "throughput"));
}

static void
print_rules(json_t *answer)
{
	json_t *r;
	size_t i;

	json_array_foreach(json_object_get(answer, "rules"), i, r) {
		printf("route %s: %s, %s", ctl_member(r, "route"),
		    json_is_true(json_object_get(r, "fits")) ? "yes" : "no", ctl_member(r, "why"));
		print_throughput(r);
		putchar('\n');
	}
	if (!json_is_string(json_object_get(answer, "route")))
		puts("no route fits: every link is looked at");
}

static void
print_message(const json_t *l)
{
	const json_t *validity = json_object_get(l, "validity_s");

	printf("; from %s", ctl_member(l, "from"));
	if (json_object_get(l, "segmentation") != NULL)
		printf("; %s", ctl_member(l, "segmentation"));
	if (validity != NULL)
		printf("; valid for %lld minutes", (long long)json_integer_value(validity) / 60);
	print_throughput(l);
}

static void
print_links(json_t *answer)
{
	json_t *l;
	size_t i;

	json_array_foreach(json_object_get(answer, "links"), i, l) {
		bool carries = json_is_true(json_object_get(l, "carries"));

		printf("link %s (%s): %s, %s", ctl_member(l, "smsc_id"), ctl_member(l, "state"), carries ? "yes" : "no",
		    ctl_member(l, "why"));
		if (json_object_get(l, "share") != NULL)
			printf("; share %s", ctl_member(l, "share"));
		if (json_is_true(json_object_get(l, "fallback")))
			printf("; fallback");
		if (carries)
			print_message(l);
		putchar('\n');
	}
}

static void
print_route(json_t *answer)
{
	json_t *name;
	size_t i;

	printf("%s at %s\n", ctl_member(answer, "number"), ctl_member(answer, "at"));
	print_rules(answer);
	print_links(answer);
	printf("%s", ctl_member(answer, "outcome"));
	if (json_integer_value(json_object_get(answer, "code")) != 0)
		printf(" with %s", ctl_member(answer, "code"));
	json_array_foreach(json_object_get(answer, "chosen"), i, name)
		printf("%s%s", i == 0 ? " by " : " or ", json_string_value(name));
	printf(": %s\n", ctl_member(answer, "why"));
}

enum ctl_exit
ctl_route(const struct ctl_verb *verb, int argc, char **argv)
{
	struct ctl_admin a = { 0 };
	const char *initiator = NULL, *type = NULL, *app_id = NULL, *priority = NULL, *at = NULL, *smsc = NULL;
	const struct ctl_option options[] = {
		CTL_ADMIN_OPTIONS(a),
		{ "initiator", "NAME", "whose push it is", &initiator, NULL, NULL },
		{ "type", "TYPE", "its content type", &type, NULL, NULL },
		{ "app-id", "ID", "its application id", &app_id, NULL, NULL },
		{ "priority", "NAME", "high, medium (the default) or low", &priority, NULL, NULL },
		{ "smsc-id", "NAME", "what it asks for with X-Kannel-SMSC", &smsc, NULL, NULL },
		{ "at", "TIME", "when it is due; now without it", &at, NULL, NULL },
		{ 0 },
	};
	struct ctl_list args = { 0 };
	struct ctl_request rq = { .method = "GET" };
	struct sbuf path = { 0 };
	enum ctl_exit result;
	json_t *json;

	if (!ctl_parse(verb, options, argc, argv, &args, 1, 1, &result)) {
		ctl_list_done(&args);
		return result;
	}
	sbuf_str(&path, "/api/v1/route");
	ctl_put_param(&path, '?', "number", args.items[0]);
	ctl_put_param(&path, '&', "initiator", initiator);
	ctl_put_param(&path, '&', "content-type", type);
	ctl_put_param(&path, '&', "application-id", app_id);
	ctl_put_param(&path, '&', "priority", priority);
	ctl_put_param(&path, '&', "smsc-id", smsc);
	ctl_put_param(&path, '&', "at", at);
	rq.path = path.s;
	json = ctl_admin_json(verb, &a, &rq, &result);
	if (json != NULL && strcmp(ctl_member(json, "outcome"), "refused") == 0)
		result = CTL_NO;
	if (json != NULL && a.json) {
		ctl_print_json(json);
	} else if (json != NULL) {
		print_route(json);
		json_decref(json);
	}
	sbuf_done(&path);
	ctl_list_done(&args);
	return result;
}
