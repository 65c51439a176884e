/* ppgctl_policy_push.c - see ppgctl_policy.h: what a device makes of a push that the gateway keeps. */
#include "ppg/ppgctl_policy.h"

#include <stdio.h>
#include <string.h>

#include "policy/case_json.h"
#include "wap/content.h"

/* What the gateway knows; NULL and *result, what is wrong was said. */
static json_t *
fetch(const struct ctl_verb *verb, const struct push_options *o, enum ctl_exit *result)
{
	struct sbuf path = { 0 };
	struct ctl_request rq = { .method = "GET" };
	json_t *facts;

	sbuf_str(&path, "/api/v1/case");
	ctl_put_param(&path, '?', "push-id", o->push_id);
	ctl_put_param(&path, '&', "initiator", o->initiator);
	ctl_put_param(&path, '&', "address", o->to);
	rq.path = path.s;
	facts = ctl_admin_json(verb, &o->admin, &rq, result);
	sbuf_done(&path);
	if (facts != NULL && !json_is_object(json_object_get(facts, "message"))) {
		*result = ctl_no(verb, "the gateway's answer has no message");
		json_decref(facts);
		return NULL;
	}
	return facts;
}

static int
override_text(json_t *object, const char *name, const char *value, struct why *why)
{
	if (value == NULL || json_object_set_new(object, name, json_string(value)) == 0)
		return OK;
	return why_set(why, ERR_SYNTAX, "--%s is not UTF-8", name);
}

/* Options go before what the gateway said. */
static json_t *
make_case(json_t *facts, const struct wire_options *o, struct why *why)
{
	json_t *device = json_object_get(facts, "device"), *message = json_object_get(facts, "message");
	int err = OK;

	if (o->profile != NULL) {
		device = json_object();
		json_object_set_new(facts, "device", device);
		err = override_text(device, "profile", o->profile, why);
	} else if (!json_is_object(device)) {
		err = why_set(why, ERR_NOT_FOUND, "the gateway knows no profile for this device: name one with --profile");
	}
	if (err == OK)
		err = wire_device(o, device, why);
	if (err == OK)
		err = override_text(message, "from", o->from, why);
	if (err == OK)
		err = override_text(message, "from_ton", o->from_ton, why);
	if (err == OK)
		err = override_text(message, "bearer", o->bearer, why);
	if (err == OK && json_text(message, "from") == NULL)
		err = why_set(why, ERR_NOT_FOUND, "the gateway does not know which address it is sent from: name it with --from");
	return err == OK ? json_pack("{s:O, s:O}", "device", device, "message", message) : NULL;
}

/* Would more be known if the content were still there? */
static bool
is_open(json_t *facts, json_t *answer)
{
	const char *media = json_text(json_object_get(facts, "message"), "content_type");
	const char *outcome = json_text(answer, "outcome");
	enum content_kind kind = content_kind_of(span_str(media != NULL ? media : ""));

	return json_is_true(json_object_get(facts, "erased")) && outcome != NULL && strcmp(outcome, "DISCARD") != 0 &&
	    (kind == CONTENT_PROV || kind == CONTENT_SI || kind == CONTENT_SL);
}

static const char content_gone[] = "its content was erased when the push ended: the headers pass, what the device makes "
    "of the content cannot be told any more";

static enum ctl_exit
answer_json(json_t *facts, json_t *answer, bool open)
{
	static const char *const members[] = { "push_id", "initiator", "address", "device_known", "erased" };
	size_t i;

	for (i = 0; i < sizeof members / sizeof members[0]; i++)
		if (json_object_get(facts, members[i]) != NULL)
			json_object_set(answer, members[i], json_object_get(facts, members[i]));
	if (json_text(json_object_get(facts, "device"), "profile") != NULL)
		json_object_set(answer, "profile", json_object_get(json_object_get(facts, "device"), "profile"));
	if (open) {
		json_object_set_new(answer, "outcome", json_null());
		json_object_set_new(answer, "error", json_string(content_gone));
	}
	ctl_print_json(json_incref(answer));
	return json_text(answer, "error") != NULL ? CTL_NO : CTL_DONE;
}

static void
print_row(const char *title, const char *text, const char *more)
{
	struct sbuf quoted = { 0 };

	sbuf_quote(&quoted, span_str(text));
	printf("%-10s %s%s\n", title, quoted.s, more);
	sbuf_done(&quoted);
}

static enum ctl_exit
answer_text(const struct ctl_verb *verb, json_t *facts, json_t *input, const struct wire_options *wire,
    const struct policy_files *files, bool open)
{
	bool known = wire->profile != NULL || json_is_true(json_object_get(facts, "device_known"));
	struct sbuf text = { 0 };
	struct why why = { 0 };

	print_row("push-id:", ctl_member(facts, "push_id"), "");
	print_row("initiator:", ctl_member(facts, "initiator"), "");
	print_row("address:", ctl_member(facts, "address"), "");
	print_row("profile:", ctl_member(json_object_get(facts, "device"), "profile"),
	    known ? "" : ", for nobody knows this device");
	if (json_is_true(json_object_get(facts, "erased")))
		puts("content:   erased when the push ended");
	putchar('\n');
	if (open)
		return ctl_no(verb, "%s", content_gone);
	if (policy_case_explain(input, files, &text, &why) != OK) {
		sbuf_done(&text);
		return ctl_no(verb, "%s", why.text);
	}
	fwrite(text.s, 1, text.n, stdout);
	sbuf_done(&text);
	return CTL_DONE;
}

enum ctl_exit
push_explain(const struct ctl_verb *verb, const struct push_options *push, const struct wire_options *wire,
    const struct policy_files *files)
{
	enum ctl_exit result;
	json_t *facts = fetch(verb, push, &result), *input, *answer;
	struct why why = { 0 };

	if (facts == NULL)
		return result;
	input = make_case(facts, wire, &why);
	if (input == NULL) {
		json_decref(facts);
		return ctl_no(verb, "%s", why.text);
	}
	answer = policy_case_decide(input, files);
	if (json_text(answer, "error") != NULL)
		result = ctl_no(verb, "%s", json_text(answer, "error"));
	else if (push->admin.json)
		result = answer_json(facts, answer, is_open(facts, answer));
	else
		result = answer_text(verb, facts, input, wire, files, is_open(facts, answer));
	json_decref(answer);
	json_decref(input);
	json_decref(facts);
	return result;
}
