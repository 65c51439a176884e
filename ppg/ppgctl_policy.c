/*
 * ppgctl_policy.c - ppgctl policy: what a device would do with a message, and why; see case_json.h.
 *
 * Lines of standard input are cases as JSON or, with --hex, captured messages that the options
 * make cases of. With --push-id it is one message, which the gateway is asked for.
 */
#include "ppg/ppgctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/profile_dir.h"
#include "base/text.h"
#include "policy/case_json.h"
#include "ppg/ppgctl_policy.h"

enum { CASE_MAX = 1 << 20 };

struct explaining {
	const struct ctl_verb *verb;
	const struct policy_files *files;
	bool json, failed;
	unsigned line, printed;
};

static void
tell_error(struct explaining *x, const struct why *why)
{
	x->failed = true;
	if (x->json)
		ctl_print_json(json_pack("{s:o}", "error", json_span(span_str(why->text))));
	else
		ctl_no(x->verb, "line %u: %s", x->line, why->text);
}

/* One case; takes the reference. */
static void
explain(struct explaining *x, json_t *input)
{
	struct sbuf text = { 0 };
	struct why why = { 0 };
	json_t *answer;

	if (x->json) {
		answer = policy_case_decide(input, x->files);
		x->failed = x->failed || json_text(answer, "error") != NULL;
		ctl_print_json(answer);
	} else if (policy_case_explain(input, x->files, &text, &why) == OK) {
		if (x->printed++ > 0)
			putchar('\n');
		fwrite(text.s, 1, text.n, stdout);
		fflush(stdout);
	} else {
		tell_error(x, &why);
	}
	sbuf_done(&text);
	json_decref(input);
}

/* The next line without its end; false when there is none. What is longer than CASE_MAX is cut. */
static bool
read_line(struct sbuf *line)
{
	int c = getchar_unlocked();

	sbuf_clear(line);
	sbuf_put(line, "", 0);
	if (c == EOF)
		return false;
	for (; c != EOF && c != '\n'; c = getchar_unlocked()) {
		if (line->n <= CASE_MAX)
			sbuf_char(line, (char)c);
	}
	return true;
}

static void
take_line(struct explaining *x, const struct wire_options *wire, const struct sbuf *line)
{
	struct why why = { 0 };
	json_t *input = NULL;

	if (line->n > CASE_MAX)
		why_set(&why, ERR_LIMIT, "the line is longer than %d octets", CASE_MAX);
	else if (wire->hex)
		input = wire_case(wire, sbuf_as_span(line), &why);
	else
		input = json_read(sbuf_as_span(line), &why);
	if (input != NULL)
		explain(x, input);
	else
		tell_error(x, &why);
}

/* Name, family and what stays open, a line each. */
static enum ctl_exit
list_profiles(const struct ctl_verb *verb, struct profile_dir *dir, const struct policy_files *files)
{
	enum ctl_exit result = CTL_DONE;
	struct sbuf names = { 0 };
	struct policy_device dev;
	char *name, *rest;
	struct why why;
	unsigned risk;

	if (profile_dir_list(dir, &names, &why) != OK)
		result = ctl_no(verb, "%s", why.text);
	name = names.n > 0 ? strtok_r(names.s, "\n", &rest) : NULL;
	for (; name != NULL; name = strtok_r(NULL, "\n", &rest)) {
		if (policy_device_init(&dev, name, files, &why) != OK) {
			/* A base names no family and is no device. */
			if (strstr(why.text, "family is missing") == NULL)
				result = ctl_no(verb, "%s", why.text);
			continue;
		}
		printf("%-22s %-6s", name, policy_family_name(dev.family));
		for (risk = 1; policy_risk_name(risk) != NULL; risk <<= 1)
			printf("%s%s", policy_risks(&dev) & risk ? " " : "",
			    policy_risks(&dev) & risk ? policy_risk_name(risk) : "");
		putchar('\n');
	}
	sbuf_done(&names);
	return result;
}

static enum ctl_exit
run(const struct ctl_verb *verb, const char *what, const char *folder, const struct push_options *push,
    const struct wire_options *wire)
{
	struct profile_dir dir;
	const struct policy_files files = { profile_dir_read, &dir };
	struct explaining x = { .verb = verb, .files = &files, .json = push->admin.json };
	struct sbuf line = { 0 };

	profile_dir_find(&dir, folder);
	if (strcmp(what, "profiles") == 0)
		return list_profiles(verb, &dir, &files);
	if (strcmp(what, "explain") != 0)
		return ctl_wrong_use(verb, "\"%.40s\" is neither explain nor profiles", what);
	if (wire->stored)
		return push_explain(verb, push, wire, &files);
	while (read_line(&line)) {
		x.line++;
		take_line(&x, wire, &line);
	}
	sbuf_done(&line);
	return x.failed ? CTL_NO : CTL_DONE;
}

/* What asks a gateway says so. */
static int
check(const struct push_options *push, struct wire_options *wire, struct why *why)
{
	const struct ctl_admin *a = &push->admin;

	wire->stored = push->push_id != NULL;
	if (!wire->stored && (push->initiator || push->to || a->url || a->token_file || a->tls.ca || a->tls.cert ||
	    a->tls.key))
		return why_set(why, ERR_SYNTAX, "nobody is asked; --push-id is missing");
	if (wire->stored && push->push_id[0] == '\0')
		return why_set(why, ERR_SYNTAX, "--push-id is empty");
	return wire_check(wire, why);
}

enum ctl_exit
ctl_policy(const struct ctl_verb *verb, int argc, char **argv)
{
	struct push_options push = { 0 };
	struct wire_options wire = { 0 };
	const char *folder = NULL;
	const struct ctl_option options[] = {
		CTL_ADMIN_OPTIONS(push.admin),
		{ "profiles", "FOLDER", "where device profiles are", &folder, NULL, NULL },
		{ "hex", NULL, "lines are messages, their parts with | between them", NULL, &wire.hex, NULL },
		{ "push-id", "ID", "a push that the gateway has, instead of lines", &push.push_id, NULL, NULL },
		{ "initiator", "NAME", "who submitted it, when several used the push-id", &push.initiator, NULL, NULL },
		{ "to", "ADDRESS", "its recipient: +DIGITS, or as it was submitted (the first one)", &push.to, NULL, NULL },
		{ "profile", "NAME", "the device's profile (wm5; with --push-id what the gateway knows)", &wire.profile,
		  NULL, NULL },
		{ "from", "ADDRESS", "the sender (with --push-id that of the link)", &wire.from, NULL, NULL },
		{ "from-ton", "TYPE", "its type of number", &wire.from_ton, NULL, NULL },
		{ "bearer", "BEARER", "sms or ip (sms)", &wire.bearer, NULL, NULL },
		{ "proxy", "ADDRESS[,trust][,push]", "a push proxy the device knows", NULL, NULL, &wire.proxies },
		{ "provurl", "URL", "its provisioning server", &wire.provurl, NULL, NULL },
		{ "policy", "ID=VALUE", "one of its policies", NULL, NULL, &wire.policies },
		{ 0 },
	};
	struct ctl_list args = { 0 };
	enum ctl_exit result;

	if (ctl_parse(verb, options, argc, argv, &args, 1, 1, &result)) {
		struct why why;

		if (check(&push, &wire, &why) != OK)
			result = ctl_wrong_use(verb, "%s", why.text);
		else
			result = run(verb, args.items[0], folder, &push, &wire);
	}
	ctl_list_done(&args);
	ctl_list_done(&wire.proxies);
	ctl_list_done(&wire.policies);
	json_decref(wire.device);
	return result;
}
