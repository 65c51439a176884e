/* ppgctl_admin.c - ppgctl show and links: what the gateway's admin port tells an operator. */
#include "ppg/ppgctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/http_client.h"

struct admin_options {
	const char *admin, *token_file, *initiator;
	bool json;
};

/* Unreserved characters of RFC 3986 as they are, every other octet as %XX. */
static void
put_percent(struct sbuf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		uint8_t c = (uint8_t)*text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    strchr("-._~", c) != NULL)
			sbuf_char(out, (char)c);
		else
			sbuf_fmt(out, "%%%02X", c);
	}
}

/* GET `path` of the admin port. The JSON of a good answer; else NULL and *result, with the reason said. */
static json_t *
ask(const struct ctl_verb *verb, const struct admin_options *o, const char *path, enum ctl_exit *result)
{
	const char *base = o->admin != NULL ? o->admin : getenv("PPGCTL_ADMIN");
	struct sbuf url = { 0 }, bearer = { 0 }, answer = { 0 };
	const char *headers[] = { "Authorization", NULL, NULL };
	json_t *json = NULL;
	struct why why;
	unsigned status;
	char *token = ctl_secret(o->token_file, "PPGCTL_TOKEN", &why);

	*result = CTL_WRONG_USE;
	if (token == NULL) {
		ctl_wrong_use(verb, "the token is needed: %s", why.text[0] != '\0' ? why.text :
		    "--token-file, or PPGCTL_TOKEN in the environment");
		return NULL;
	}
	if (base == NULL)
		base = "http://127.0.0.1:8081";
	sbuf_put(&url, base, strlen(base) - (base[0] != '\0' && base[strlen(base) - 1] == '/'));
	sbuf_str(&url, path);
	sbuf_fmt(&bearer, "Bearer %s", token);
	headers[1] = bearer.s;
	*result = CTL_NO;
	if (http_fetch("GET", url.s, headers, span_of(NULL, 0), 0, &status, &answer, &why) != OK) {
		ctl_no(verb, "%s", why.text);
	} else {
		json = json_read(sbuf_as_span(&answer), &why);
		if (json == NULL)
			ctl_no(verb, "HTTP status %u, and the answer is not JSON: %s", status, why.text);
		else if (status != 200)
			ctl_no(verb, "%s", json_text(json, "error") != NULL ? json_text(json, "error") : "refused");
		if (status != 200)
			json_decref(json);
		json = status == 200 ? json : NULL;
	}
	explicit_bzero(bearer.s, bearer.n);
	ctl_forget(&token);
	sbuf_done(&url);
	sbuf_done(&bearer);
	sbuf_done(&answer);
	return json;
}

/* A member as text, in one of few buffers that are used in turn; "-" when it is absent. */
static const char *
member(const json_t *object, const char *name)
{
	static char numbers[8][32];
	static unsigned turn;
	const json_t *v = json_object_get(object, name);
	char *out = numbers[turn++ % 8];

	if (json_is_string(v) && json_string_length(v) > 0)
		return json_string_value(v);
	if (!json_is_integer(v))
		return "-";
	snprintf(out, sizeof numbers[0], "%lld", (long long)json_integer_value(v));
	return out;
}

static void
print_push(json_t *push)
{
	json_t *recipients = json_object_get(push, "recipients"), *r, *id;
	size_t i, k;

	printf("push-id:   %s\n", member(push, "push_id"));
	printf("initiator: %s\n", member(push, "initiator"));
	printf("state:     %s\n", member(push, "state"));
	printf("received:  %s\n", member(push, "received"));
	json_array_foreach(recipients, i, r) {
		printf("\n%s\n", member(r, "address"));
		printf("  state:       %s (%s) since %s\n", member(r, "state"), member(r, "code"),
		    member(r, "event_time"));
		printf("  sent:        %s segments over %s\n", member(r, "segments"), member(r, "smsc_id"));
		printf("  message ids:");
		json_array_foreach(json_object_get(r, "message_ids"), k, id)
			printf(" %s", json_is_string(id) ? json_string_value(id) : "-");
		putchar('\n');
	}
}

enum ctl_exit
ctl_show(const struct ctl_verb *verb, int argc, char **argv)
{
	struct admin_options o = { 0 };
	const struct ctl_option options[] = {
		{ "admin", "URL", "the admin port; else PPGCTL_ADMIN, else http://127.0.0.1:8081", &o.admin, NULL, NULL },
		{ "token-file", "FILE", "its token is the first line; else PPGCTL_TOKEN of the environment",
		  &o.token_file, NULL, NULL },
		{ "initiator", "NAME", "who submitted it, when several used the push-id", &o.initiator, NULL, NULL },
		{ "json", NULL, "print JSON", NULL, &o.json, NULL },
		{ 0 },
	};
	struct ctl_list args = { 0 };
	struct sbuf path = { 0 };
	enum ctl_exit result;
	json_t *push;

	if (!ctl_parse(verb, options, argc, argv, &args, 1, 1, &result))
		goto out;
	sbuf_str(&path, "/api/v1/pushes?push-id=");
	put_percent(&path, args.items[0]);
	if (o.initiator != NULL) {
		sbuf_str(&path, "&initiator=");
		put_percent(&path, o.initiator);
	}
	push = ask(verb, &o, path.s, &result);
	if (push == NULL)
		goto out;
	result = CTL_DONE;
	if (o.json) {
		ctl_print_json(push);
	} else {
		print_push(push);
		json_decref(push);
	}
out:
	ctl_list_done(&args);
	sbuf_done(&path);
	return result;
}

enum ctl_exit
ctl_links(const struct ctl_verb *verb, int argc, char **argv)
{
	struct admin_options o = { 0 };
	const struct ctl_option options[] = {
		{ "admin", "URL", "the admin port; else PPGCTL_ADMIN, else http://127.0.0.1:8081", &o.admin, NULL, NULL },
		{ "token-file", "FILE", "its token is the first line; else PPGCTL_TOKEN of the environment",
		  &o.token_file, NULL, NULL },
		{ "json", NULL, "print JSON", NULL, &o.json, NULL },
		{ 0 },
	};
	enum ctl_exit result;
	json_t *links, *l;
	size_t i;

	if (!ctl_parse(verb, options, argc, argv, NULL, 0, 0, &result))
		return result;
	links = ask(verb, &o, "/api/v1/links", &result);
	if (links == NULL)
		return result;
	if (o.json) {
		ctl_print_json(links);
		return CTL_DONE;
	}
	printf("%-20s %-6s %-10s %8s %8s %10s %10s\n", "LINK", "KIND", "STATE", "QUEUED", "WINDOW", "SUBMITTED",
	    "RECEIPTS");
	json_array_foreach(links, i, l)
		printf("%-20s %-6s %-10s %8s %8s %10s %10s\n", member(l, "smsc_id"), member(l, "kind"),
		    member(l, "state"), member(l, "queued"), member(l, "window_used"), member(l, "submitted"),
		    member(l, "receipts"));
	json_decref(links);
	return CTL_DONE;
}
