/* ppgctl_facts.c - ppgctl subscribers and profiles: what the gateway knows of devices, over its admin port. */
#include "ppg/ppgctl.h"

#include <stdio.h>
#include <string.h>

enum {
	TABLE_MAX = 1 << 30,		/* octets of a table */
	REQUEST_MAX = 4 << 20,		/* and of what is sent of it at once */
	PROFILE_MAX = 1 << 20
};

/* A file that is not empty. */
static int
read_file(const char *path, size_t most, struct sbuf *out, struct why *why)
{
	int err = ctl_read_file(path, most, out, why);

	return err == OK && out->n == 0 ? why_set(why, ERR_SYNTAX, "%.100s: the file is empty", path) : err;
}

static enum ctl_exit
done(const struct ctl_admin *a, json_t *answer, const char *text)
{
	if (a->json) {
		ctl_print_json(answer);
	} else {
		puts(text);
		json_decref(answer);
	}
	return CTL_DONE;
}

/* ---- import ------------------------------------------------------------------------------------- */

/*
 * Where the lines end that fit into one request, and how many lines they are. A line end between quotes belongs to
 * its field. At least one line is taken.
 */
static size_t
take_lines(const char *p, size_t n, size_t most, size_t *lines)
{
	size_t i, end = 0, seen = 0;
	bool quoted = false;

	*lines = 0;
	for (i = 0; i < n && (i < most || end == 0); i++) {
		quoted ^= p[i] == '"';
		seen += p[i] == '\n';
		if (p[i] == '\n' && !quoted) {
			end = i + 1;
			*lines = seen;
		}
	}
	if (i == n) {
		end = n;
		*lines = seen + 1;
	}
	return end;
}

/* "FILE:17: sentence" for each line that the gateway could not read. */
static void
report_bad(const struct ctl_verb *verb, json_t *refusal, const char *file, size_t lines_before)
{
	json_t *b;
	size_t i;

	json_array_foreach(json_object_get(refusal, "bad"), i, b) {
		json_int_t line = json_integer_value(json_object_get(b, "line"));

		ctl_no(verb, "%.100s:%lld: %s", file, (long long)line + (line > 1 ? (json_int_t)lines_before : 0),
		    ctl_member(b, "error"));
	}
}

static enum ctl_exit
put_table(const struct ctl_verb *verb, const struct ctl_admin *a, const char *file, const struct sbuf *body,
    size_t lines_before, json_int_t *written)
{
	const struct ctl_request rq = { .method = "PUT", .path = "/api/v1/subscribers", .type = "text/csv",
		.body = sbuf_as_span(body) };
	struct sbuf answer = { 0 };
	json_t *json = NULL;
	enum ctl_exit result = ctl_admin_fetch(verb, a, &rq, &answer, &json);

	if (result == CTL_DONE)
		json = json_read(sbuf_as_span(&answer), NULL);
	if (result == CTL_NO && json != NULL) {
		report_bad(verb, json, file, lines_before);
		ctl_no(verb, "%s", ctl_member(json, "error"));
	}
	*written += json_integer_value(json_object_get(json, "written"));
	json_decref(json);
	sbuf_done(&answer);
	return result;
}

static enum ctl_exit
import(const struct ctl_verb *verb, const struct ctl_admin *a, const char *file)
{
	struct sbuf table = { 0 }, body = { 0 }, text = { 0 };
	size_t head, at, lines, line = 0;
	enum ctl_exit result = CTL_DONE;
	json_int_t written = 0;
	struct why why;

	if (read_file(file, TABLE_MAX, &table, &why) != OK) {
		sbuf_done(&table);
		return ctl_wrong_use(verb, "%s", why.text);
	}
	head = at = take_lines(table.s, table.n, 1, &lines);
	do {
		size_t n = take_lines(table.s + at, table.n - at, REQUEST_MAX, &lines);

		sbuf_clear(&body);
		sbuf_put(&body, table.s, head);
		sbuf_put(&body, table.s + at, n);
		result = put_table(verb, a, file, &body, line, &written);
		at += n;
		line += lines;
	} while (result == CTL_DONE && at < table.n);
	sbuf_fmt(&text, "%lld written", (long long)written);
	if (result == CTL_DONE)
		done(a, json_pack("{s:I}", "written", written), text.s);
	else if (written > 0)
		ctl_no(verb, "%s", text.s);
	sbuf_done(&table);
	sbuf_done(&body);
	sbuf_done(&text);
	return result;
}

/* ---- one of them ---------------------------------------------------------------------------------- */

static void
print_subscriber(json_t *s)
{
	json_t *facts = json_object_get(s, "facts");
	struct sbuf text = { 0 };

	printf("address: %s\nnumber:  %s\nprofile: %s\n", ctl_member(s, "address"), ctl_member(s, "number"),
	    ctl_member(s, "profile"));
	if (!json_is_object(facts))
		return;
	json_print(facts, &text);
	printf("facts:   %s\n", text.s);
	sbuf_done(&text);
}

static enum ctl_exit
about_subscriber(const struct ctl_verb *verb, const struct ctl_admin *a, const char *method, const char *address)
{
	struct sbuf path = { 0 };
	struct ctl_request rq = { .method = method };
	enum ctl_exit result;
	json_t *json;

	sbuf_str(&path, "/api/v1/subscribers");
	ctl_put_param(&path, '?', "address", address);
	rq.path = path.s;
	json = ctl_admin_json(verb, a, &rq, &result);
	sbuf_done(&path);
	if (json == NULL)
		return result;
	if (a->json || strcmp(method, "DELETE") == 0)
		return done(a, json, "removed");
	print_subscriber(json);
	json_decref(json);
	return CTL_DONE;
}

enum ctl_exit
ctl_subscribers(const struct ctl_verb *verb, int argc, char **argv)
{
	struct ctl_admin a = { 0 };
	const struct ctl_option options[] = { CTL_ADMIN_OPTIONS(a), { 0 } };
	struct ctl_list args = { 0 };
	enum ctl_exit result;

	if (!ctl_parse(verb, options, argc, argv, &args, 2, 2, &result))
		;
	else if (strcmp(args.items[0], "import") == 0)
		result = import(verb, &a, args.items[1]);
	else if (strcmp(args.items[0], "show") == 0)
		result = about_subscriber(verb, &a, "GET", args.items[1]);
	else if (strcmp(args.items[0], "remove") == 0)
		result = about_subscriber(verb, &a, "DELETE", args.items[1]);
	else
		result = ctl_wrong_use(verb, "ACTION is import, show or remove");
	ctl_list_done(&args);
	return result;
}

/* ---- profiles -------------------------------------------------------------------------------------- */

static enum ctl_exit
put_profile(const struct ctl_verb *verb, const struct ctl_admin *a, const char *path, const char *file,
    const char *type)
{
	struct ctl_request rq = { .method = "PUT", .path = path,
		.type = type != NULL ? type : "application/vnd.wap.uaprof" };
	struct sbuf document = { 0 };
	enum ctl_exit result;
	struct why why;
	json_t *json;

	if (read_file(file, PROFILE_MAX, &document, &why) != OK) {
		sbuf_done(&document);
		return ctl_wrong_use(verb, "%s", why.text);
	}
	rq.body = sbuf_as_span(&document);
	json = ctl_admin_json(verb, a, &rq, &result);
	sbuf_done(&document);
	return json != NULL ? done(a, json, "written") : result;
}

/* The document as it is. */
static enum ctl_exit
get_profile(const struct ctl_verb *verb, const struct ctl_admin *a, const char *path)
{
	const struct ctl_request rq = { .method = "GET", .path = path };
	struct sbuf document = { 0 };
	enum ctl_exit result = ctl_admin_fetch(verb, a, &rq, &document, NULL);

	if (result == CTL_DONE)
		fwrite(document.s, 1, document.n, stdout);
	sbuf_done(&document);
	return result;
}

static enum ctl_exit
remove_profile(const struct ctl_verb *verb, const struct ctl_admin *a, const char *path)
{
	const struct ctl_request rq = { .method = "DELETE", .path = path };
	enum ctl_exit result;
	json_t *json = ctl_admin_json(verb, a, &rq, &result);

	return json != NULL ? done(a, json, "removed") : result;
}

static enum ctl_exit
list_profiles(const struct ctl_verb *verb, const struct ctl_admin *a, const char *after, const char *limit)
{
	struct sbuf path = { 0 };
	struct ctl_request rq = { .method = "GET" };
	enum ctl_exit result;
	json_t *json, *p;
	size_t i;

	sbuf_str(&path, "/api/v1/profiles");
	ctl_put_param(&path, '?', "limit", limit != NULL ? limit : "100");
	ctl_put_param(&path, '&', "after", after);
	rq.path = path.s;
	json = ctl_admin_json(verb, a, &rq, &result);
	sbuf_done(&path);
	if (json == NULL)
		return result;
	if (a->json) {
		ctl_print_json(json);
		return CTL_DONE;
	}
	printf("%10s  %-32s %s\n", "OCTETS", "NAME", "CONTENT-TYPE");
	json_array_foreach(json_object_get(json, "profiles"), i, p)
		printf("%10s  %-32s %s\n", ctl_member(p, "octets"), ctl_member(p, "name"), ctl_member(p, "content_type"));
	if (json_is_string(json_object_get(json, "next_after")))
		printf("more with --after %s\n", ctl_member(json, "next_after"));
	json_decref(json);
	return CTL_DONE;
}

enum ctl_exit
ctl_profiles(const struct ctl_verb *verb, int argc, char **argv)
{
	struct ctl_admin a = { 0 };
	const char *type = NULL, *after = NULL, *limit = NULL;
	const struct ctl_option options[] = {
		CTL_ADMIN_OPTIONS(a),
		{ "type", "TYPE", "content type of FILE; default application/vnd.wap.uaprof", &type, NULL, NULL },
		{ "limit", "N", "list: so many, 1..1000; default 100", &limit, NULL, NULL },
		{ "after", "NAME", "list: those behind this one: the next page", &after, NULL, NULL },
		{ 0 },
	};
	struct ctl_list args = { 0 };
	struct sbuf path = { 0 };
	enum ctl_exit result;
	const char *action;

	if (!ctl_parse(verb, options, argc, argv, &args, 1, 3, &result)) {
		ctl_list_done(&args);
		return result;
	}
	action = args.items[0];
	sbuf_str(&path, "/api/v1/profiles/");
	if (args.n > 1)
		ctl_put_percent(&path, args.items[1]);
	if (strcmp(action, "list") == 0 && args.n == 1)
		result = list_profiles(verb, &a, after, limit);
	else if (strcmp(action, "put") == 0 && args.n == 3)
		result = put_profile(verb, &a, path.s, args.items[2], type);
	else if (strcmp(action, "get") == 0 && args.n == 2)
		result = get_profile(verb, &a, path.s);
	else if (strcmp(action, "remove") == 0 && args.n == 2)
		result = remove_profile(verb, &a, path.s);
	else
		result = ctl_wrong_use(verb, "put NAME FILE, get NAME, remove NAME or list");
	ctl_list_done(&args);
	sbuf_done(&path);
	return result;
}
