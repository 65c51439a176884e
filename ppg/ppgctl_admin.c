/*
 * ppgctl_admin.c - what the gateway's admin port tells an operator: ppgctl show, pushes, audit, links, metrics,
 * reload. doc/api.md describes the other end.
 */
#include "ppg/ppgctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the port ----------------------------------------------------------------------------------- */

void
ctl_put_percent(struct sbuf *out, const char *text)
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

void
ctl_put_param(struct sbuf *path, char sep, const char *name, const char *value)
{
	if (value == NULL)
		return;
	sbuf_fmt(path, "%c%s=", sep, name);
	ctl_put_percent(path, value);
}

const char *
ctl_member(const json_t *object, const char *name)
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

/* A refusal: its JSON to the caller who wants it, else its sentence to the user. */
static enum ctl_exit
refused(const struct ctl_verb *verb, unsigned status, struct span body, json_t **refusal)
{
	struct why why = { 0 };
	json_t *json = json_read(body, &why);

	if (json == NULL)
		return ctl_no(verb, "HTTP status %u, and the answer is not JSON: %s", status, why.text);
	if (refusal != NULL) {
		*refusal = json;
		return CTL_NO;
	}
	ctl_no(verb, "%s", json_text(json, "error") != NULL ? json_text(json, "error") : "refused");
	json_decref(json);
	return CTL_NO;
}

static enum ctl_exit
exchange(const struct ctl_verb *verb, const struct ctl_admin *a, const struct ctl_request *rq, const char *token,
    struct sbuf *answer, json_t **refusal)
{
	const char *base = a->url != NULL ? a->url : getenv("PPGCTL_ADMIN");
	const char *headers[5] = { NULL };
	struct sbuf url = { 0 }, bearer = { 0 };
	enum ctl_exit result;
	unsigned status;
	struct why why;
	size_t n = 0;

	if (base == NULL)
		base = "http://127.0.0.1:8081";
	sbuf_put(&url, base, strlen(base) - (base[0] != '\0' && base[strlen(base) - 1] == '/'));
	sbuf_str(&url, rq->path);
	if (token != NULL) {
		sbuf_fmt(&bearer, "Bearer %s", token);
		headers[n++] = "Authorization";
		headers[n++] = bearer.s;
	}
	if (rq->type != NULL) {
		headers[n++] = "Content-Type";
		headers[n++] = rq->type;
	}
	if (ctl_http(&a->tls, rq->method, url.s, headers, rq->body, &status, answer, NULL, &why) != OK)
		result = ctl_no(verb, "%s", why.text);
	else
		result = status == 200 ? CTL_DONE : refused(verb, status, sbuf_as_span(answer), refusal);
	if (bearer.s != NULL)
		explicit_bzero(bearer.s, bearer.n);
	sbuf_done(&url);
	sbuf_done(&bearer);
	return result;
}

enum ctl_exit
ctl_admin_fetch(const struct ctl_verb *verb, const struct ctl_admin *a, const struct ctl_request *rq,
    struct sbuf *answer, json_t **refusal)
{
	enum ctl_exit result = ctl_tls_check(verb, &a->tls);
	struct why why;
	char *token;

	if (result != CTL_DONE)
		return result;
	if (rq->open)
		return exchange(verb, a, rq, NULL, answer, refusal);
	token = ctl_secret(a->token_file, "PPGCTL_TOKEN", &why);
	if (token == NULL)
		return ctl_wrong_use(verb, "the token is needed: %s", why.text[0] != '\0' ? why.text :
		    "--token-file, or PPGCTL_TOKEN in the environment");
	result = exchange(verb, a, rq, token, answer, refusal);
	ctl_forget(&token);
	return result;
}

json_t *
ctl_admin_json(const struct ctl_verb *verb, const struct ctl_admin *a, const struct ctl_request *rq,
    enum ctl_exit *result)
{
	struct sbuf answer = { 0 };
	json_t *json = NULL;
	struct why why;

	*result = ctl_admin_fetch(verb, a, rq, &answer, NULL);
	if (*result == CTL_DONE) {
		json = json_read(sbuf_as_span(&answer), &why);
		if (json == NULL)
			*result = ctl_no(verb, "the answer is not JSON: %s", why.text);
	}
	sbuf_done(&answer);
	return json;
}

/* GET `path`, then print it as JSON or with print(). */
static enum ctl_exit
show(const struct ctl_verb *verb, const struct ctl_admin *a, const char *path, void (*print)(json_t *))
{
	const struct ctl_request rq = { .method = "GET", .path = path };
	enum ctl_exit result;
	json_t *json = ctl_admin_json(verb, a, &rq, &result);

	if (json == NULL)
		return result;
	if (a->json) {
		ctl_print_json(json);
		return CTL_DONE;
	}
	print(json);
	json_decref(json);
	return CTL_DONE;
}

/* ---- pushes --------------------------------------------------------------------------------------- */

/* What the device was said to do with it, and why. */
static void
print_prediction(const json_t *p)
{
	if (!json_is_string(json_object_get(p, "outcome")))
		return;
	printf("  predicted:   %s", ctl_member(p, "outcome"));
	if (json_is_string(json_object_get(p, "code")))
		printf(", %s %s", ctl_member(p, "code"), ctl_member(p, "reason"));
	if (json_is_string(json_object_get(p, "advice")))
		printf("; %s", ctl_member(p, "advice"));
	putchar('\n');
}

static void
print_recipient(const json_t *r)
{
	json_t *id;
	size_t i;

	printf("\n%s\n", ctl_member(r, "address"));
	printf("  state:       %s (%s) since %s\n", ctl_member(r, "state"), ctl_member(r, "code"),
	    ctl_member(r, "event_time"));
	if (json_is_string(json_object_get(r, "desc")))
		printf("  reason:      %s\n", ctl_member(r, "desc"));
	print_prediction(json_object_get(r, "prediction"));
	printf("  sent:        %s segments over %s\n", ctl_member(r, "segments"), ctl_member(r, "smsc_id"));
	printf("  message ids:");
	json_array_foreach(json_object_get(r, "message_ids"), i, id)
		printf(" %s", json_is_string(id) ? json_string_value(id) : "-");
	putchar('\n');
}

static void
print_push(json_t *push)
{
	static const struct { const char *title, *member; } rows[] = {
		{ "push-id:", "push_id" }, { "initiator:", "initiator" }, { "state:", "state" },
		{ "received:", "received" }, { "deadline:", "deadline" }, { "priority:", "priority" },
		{ "content:", "content_type" }, { "recipients:", "n_recipients" }, { "final:", "n_final" },
	};
	json_t *r;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (json_object_get(push, rows[i].member) != NULL)
			printf("%-11s %s\n", rows[i].title, ctl_member(push, rows[i].member));
	json_array_foreach(json_object_get(push, "recipients"), i, r)
		print_recipient(r);
}

/* Of a verb that is about one push. */
static enum ctl_exit
about_push(const struct ctl_verb *verb, int argc, char **argv, const char *path, const char *more,
    const char *more_help, void (*print)(json_t *))
{
	struct ctl_admin a = { 0 };
	const char *initiator = NULL, *value = NULL;
	const struct ctl_option options[] = {
		CTL_ADMIN_OPTIONS(a),
		{ "initiator", "NAME", "who submitted it, when several used the push-id", &initiator, NULL, NULL },
		{ more, strcmp(more, "address") == 0 ? "ADDRESS" : "ROW", more_help, &value, NULL, NULL },
		{ 0 },
	};
	struct ctl_list args = { 0 };
	struct sbuf url = { 0 };
	enum ctl_exit result;

	if (ctl_parse(verb, options, argc, argv, &args, 1, 1, &result)) {
		sbuf_str(&url, path);
		ctl_put_param(&url, '?', "push-id", args.items[0]);
		ctl_put_param(&url, '&', "initiator", initiator);
		ctl_put_param(&url, '&', more, value);
		result = show(verb, &a, url.s, print);
	}
	ctl_list_done(&args);
	sbuf_done(&url);
	return result;
}

enum ctl_exit
ctl_show(const struct ctl_verb *verb, int argc, char **argv)
{
	return about_push(verb, argc, argv, "/api/v1/pushes", "address", "only this recipient, as it was submitted",
	    print_push);
}

static void
print_audit(json_t *audit)
{
	json_t *r;
	size_t i;

	printf("%-20s %-13s %-22s %-14s %-14s %5s %s\n", "TIME", "RECIPIENTS", "EVENT", "FROM", "TO", "CODE", "LINK, DETAIL");
	json_array_foreach(json_object_get(audit, "rows"), i, r) {
		char range[48];

		snprintf(range, sizeof range, "%s-%s", ctl_member(r, "first"), ctl_member(r, "last"));
		printf("%-20s %-13s %-22s %-14s %-14s %5s %s %s\n", ctl_member(r, "time"), range, ctl_member(r, "event"),
		    ctl_member(r, "from"), ctl_member(r, "to"), ctl_member(r, "code"), ctl_member(r, "smsc_id"),
		    ctl_member(r, "detail"));
	}
	if (json_is_integer(json_object_get(audit, "next_after")))
		printf("more with --after %s\n", ctl_member(audit, "next_after"));
}

enum ctl_exit
ctl_audit(const struct ctl_verb *verb, int argc, char **argv)
{
	return about_push(verb, argc, argv, "/api/v1/audit", "after", "rows behind this one", print_audit);
}

static void
print_pushes(json_t *list)
{
	json_t *p;
	size_t i;

	printf("%-20s %-16s %10s %10s  %s\n", "RECEIVED", "INITIATOR", "RECIPIENTS", "FINAL", "PUSH-ID");
	json_array_foreach(json_object_get(list, "pushes"), i, p)
		printf("%-20s %-16s %10s %10s  %s\n", ctl_member(p, "received"), ctl_member(p, "initiator"),
		    ctl_member(p, "n_recipients"), ctl_member(p, "n_final"), ctl_member(p, "push_id"));
	if (json_is_integer(json_object_get(list, "next_before")))
		printf("more with --before %s\n", ctl_member(list, "next_before"));
}

enum ctl_exit
ctl_pushes(const struct ctl_verb *verb, int argc, char **argv)
{
	struct ctl_admin a = { 0 };
	const char *initiator = NULL, *before = NULL, *limit = NULL;
	const struct ctl_option options[] = {
		CTL_ADMIN_OPTIONS(a),
		{ "initiator", "NAME", "only those of this initiator", &initiator, NULL, NULL },
		{ "limit", "N", "so many, 1..1000; default 100", &limit, NULL, NULL },
		{ "before", "ROW", "those before this one: the next page", &before, NULL, NULL },
		{ 0 },
	};
	struct sbuf url = { 0 };
	enum ctl_exit result;

	if (!ctl_parse(verb, options, argc, argv, NULL, 0, 0, &result))
		return result;
	sbuf_str(&url, "/api/v1/pushes");
	ctl_put_param(&url, '?', "limit", limit != NULL ? limit : "100");
	ctl_put_param(&url, '&', "initiator", initiator);
	ctl_put_param(&url, '&', "before", before);
	result = show(verb, &a, url.s, print_pushes);
	sbuf_done(&url);
	return result;
}

/* ---- the gateway ---------------------------------------------------------------------------------- */

static void
print_links(json_t *links)
{
	json_t *l;
	size_t i;

	printf("%-20s %-6s %-10s %8s %8s %10s %10s\n", "LINK", "KIND", "STATE", "QUEUED", "WINDOW", "SUBMITTED",
	    "RECEIPTS");
	json_array_foreach(links, i, l)
		printf("%-20s %-6s %-10s %8s %8s %10s %10s\n", ctl_member(l, "smsc_id"), ctl_member(l, "kind"),
		    ctl_member(l, "state"), ctl_member(l, "queued"), ctl_member(l, "window_used"), ctl_member(l, "submitted"),
		    ctl_member(l, "receipts"));
}

enum ctl_exit
ctl_links(const struct ctl_verb *verb, int argc, char **argv)
{
	struct ctl_admin a = { 0 };
	const struct ctl_option options[] = { CTL_ADMIN_OPTIONS(a), { 0 } };
	enum ctl_exit result;

	if (ctl_parse(verb, options, argc, argv, NULL, 0, 0, &result))
		result = show(verb, &a, "/api/v1/links", print_links);
	return result;
}

enum ctl_exit
ctl_metrics(const struct ctl_verb *verb, int argc, char **argv)
{
	struct ctl_admin a = { 0 };
	const struct ctl_option options[] = {
		{ "admin", "URL", "the admin port; else PPGCTL_ADMIN, else http://127.0.0.1:8081", &a.url, NULL, NULL },
		CTL_TLS_OPTIONS(a.tls),
		{ 0 },
	};
	const struct ctl_request rq = { .method = "GET", .path = "/metrics", .open = true };
	struct sbuf text = { 0 };
	enum ctl_exit result;

	if (ctl_parse(verb, options, argc, argv, NULL, 0, 0, &result)) {
		result = ctl_admin_fetch(verb, &a, &rq, &text, NULL);
		if (result == CTL_DONE)
			fwrite(text.s, 1, text.n, stdout);
	}
	sbuf_done(&text);
	return result;
}

enum ctl_exit
ctl_reload(const struct ctl_verb *verb, int argc, char **argv)
{
	struct ctl_admin a = { 0 };
	const struct ctl_option options[] = { CTL_ADMIN_OPTIONS(a), { 0 } };
	const struct ctl_request rq = { .method = "POST", .path = "/api/v1/reload" };
	enum ctl_exit result;
	json_t *json;

	if (!ctl_parse(verb, options, argc, argv, NULL, 0, 0, &result))
		return result;
	json = ctl_admin_json(verb, &a, &rq, &result);
	if (json != NULL && a.json) {
		ctl_print_json(json);
	} else if (json != NULL) {
		puts("reloaded");
		json_decref(json);
	}
	return result;
}
