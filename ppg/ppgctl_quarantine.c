/* ppgctl_quarantine.c - ppgctl quarantine, release and reject: what the gateway's controls hold; asks the admin port. */
#include "ppg/ppgctl.h"

#include <stdio.h>
#include <string.h>

static void
print_waiting(json_t *answer)
{
	json_t *p, *w;
	size_t i, k;

	json_array_foreach(json_object_get(answer, "pushes"), i, p) {
		printf("%s of %s, %s, received %s, until %s\n", ctl_member(p, "push_id"), ctl_member(p, "initiator"),
		    ctl_member(p, "content_type"), ctl_member(p, "received"), ctl_member(p, "deadline"));
		json_array_foreach(json_object_get(p, "waiting"), k, w)
			printf("    %s: %s\n", ctl_member(w, "address"), ctl_member(w, "why"));
	}
	if (json_is_integer(json_object_get(answer, "next_before")))
		printf("older ones with --before %s\n", ctl_member(answer, "next_before"));
}

enum ctl_exit
ctl_quarantine(const struct ctl_verb *verb, int argc, char **argv)
{
	struct ctl_admin a = { 0 };
	const char *initiator = NULL, *before = NULL;
	const struct ctl_option options[] = {
		CTL_ADMIN_OPTIONS(a),
		{ "initiator", "NAME", "only those of this initiator", &initiator, NULL, NULL },
		{ "before", "ROW", "among the pushes before this one: the next page", &before, NULL, NULL },
		{ 0 },
	};
	struct ctl_request rq = { .method = "GET" };
	struct sbuf path = { 0 };
	enum ctl_exit result;
	json_t *json;

	if (!ctl_parse(verb, options, argc, argv, NULL, 0, 0, &result))
		return result;
	sbuf_str(&path, "/api/v1/quarantine");
	ctl_put_param(&path, '?', "initiator", initiator);
	ctl_put_param(&path, initiator != NULL ? '&' : '?', "before", before);
	rq.path = path.s;
	json = ctl_admin_json(verb, &a, &rq, &result);
	if (json != NULL && a.json) {
		ctl_print_json(json);
	} else if (json != NULL) {
		print_waiting(json);
		json_decref(json);
	}
	sbuf_done(&path);
	return result;
}

/* The verb's name is that of the path, too. */
enum ctl_exit
ctl_decide(const struct ctl_verb *verb, int argc, char **argv)
{
	struct ctl_admin a = { 0 };
	const char *initiator = NULL, *address = NULL;
	const struct ctl_option options[] = {
		CTL_ADMIN_OPTIONS(a),
		{ "initiator", "NAME", "whose push it is, when several used the id", &initiator, NULL, NULL },
		{ "address", "ADDRESS", "only this recipient, as it was submitted", &address, NULL, NULL },
		{ 0 },
	};
	struct ctl_list args = { 0 };
	struct ctl_request rq = { .method = "POST" };
	struct sbuf path = { 0 };
	enum ctl_exit result;
	json_t *json;

	if (!ctl_parse(verb, options, argc, argv, &args, 1, 1, &result)) {
		ctl_list_done(&args);
		return result;
	}
	sbuf_fmt(&path, "/api/v1/pushes/%s", verb->name);
	ctl_put_param(&path, '?', "push-id", args.items[0]);
	ctl_put_param(&path, '&', "initiator", initiator);
	ctl_put_param(&path, '&', "address", address);
	rq.path = path.s;
	json = ctl_admin_json(verb, &a, &rq, &result);
	if (json != NULL && a.json) {
		ctl_print_json(json);
	} else if (json != NULL) {
		const char *done = strcmp(verb->name, "release") == 0 ? "released" : "rejected";

		printf("%s: %s\n", done, ctl_member(json, done));
		json_decref(json);
	}
	sbuf_done(&path);
	ctl_list_done(&args);
	return result;
}
