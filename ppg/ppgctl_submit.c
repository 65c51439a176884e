/*
 * ppgctl_submit.c - ppgctl submit: a push initiator on the command line.
 * Spec: WAP-247-PAP 5.1 (submission), 13 (over HTTP), RFC 2387 (multipart/related).
 */
#include "ppg/ppgctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/text.h"
#include "base/xml.h"
#include "ppg/pap.h"

enum {
	FILE_MAX_OCTETS = 16 << 20,
	ADDRESS_SIZE = PAP_ADDRESS_MAX + 1,
	STAMP_DISTANCE_MAX = 3650 * 86400,	/* of "+2h" */
	TIMEOUT_MS = 60000
};

struct submit_options {
	const char *url, *user, *password_file, *type, *file;
	const char *push_id, *notify_url, *before, *after, *version;
	struct ctl_list to, headers;
	bool json;
};

/* What the gateway said. */
struct pap_answer {
	bool found, bad_message;
	int code;
	char desc[256], push_id[PAP_PUSH_ID_MAX + 1];
};

/* ---- what goes out ------------------------------------------------------------------------ */

static void
random_hex(unsigned octets, struct sbuf *out)
{
	uint8_t r[16];

	if (getrandom(r, octets, 0) != (ssize_t)octets)
		abort();
	sbuf_hex(out, span_of(r, octets));
}

/* "+12025550123" becomes a client address at the host of the URL; others go as they are. */
static char *
client_address(const char *to, const char *url)
{
	const char *host = strstr(url, "://");
	struct sbuf b = { 0 };

	if (to[0] != '+')
		return span_dup(span_str(to));
	host = host != NULL ? host + 3 : "";
	sbuf_fmt(&b, "WAPPUSH=%s/TYPE=PLMN@", to);
	if (host[0] == '[' || host[strcspn(host, ":/?#")] == host[0])
		sbuf_str(&b, "localhost");
	else
		sbuf_put(&b, host, strcspn(host, ":/?#"));
	return sbuf_take(&b);
}

/* "2h" in seconds. */
static int
parse_distance(struct span text, int64_t *out)
{
	static const struct { char unit; int64_t worth; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 },
	};
	char digits[16];
	size_t i;

	for (i = 0; text.n > 1 && i < sizeof units / sizeof units[0]; i++) {
		if (text.p[text.n - 1] != (uint8_t)units[i].unit)
			continue;
		if (span_to_cstr(span_of(text.p, text.n - 1), digits, sizeof digits) != OK ||
		    text_number(digits, 0, STAMP_DISTANCE_MAX / units[i].worth, out) != OK)
			return ERR_SYNTAX;
		*out *= units[i].worth;
		return OK;
	}
	return ERR_SYNTAX;
}

/* A time as PAP writes it, or "+2h" from now. */
static int
timestamp(const char *text, char out[CLOCK_ISO_SIZE], struct why *why)
{
	int64_t distance;
	time_t t;

	if (text[0] == '+' && parse_distance(span_str(text + 1), &distance) == OK) {
		clock_iso(clock_utc() + (time_t)distance, out);
		return OK;
	}
	if (clock_parse_iso(text, &t) != OK)
		return why_set(why, ERR_SYNTAX, "\"%.64s\" is neither a time such as "
		    "2026-01-02T15:04:05Z nor one such as +2h", text);
	clock_iso(t, out);
	return OK;
}

static int
control_entity(const struct submit_options *o, const char *push_id, struct sbuf *out, struct why *why)
{
	struct pap_submit s = { .push_id = push_id, .notify_url = o->notify_url, .version = o->version };
	char before[CLOCK_ISO_SIZE], after[CLOCK_ISO_SIZE];
	char **addresses;
	size_t i;
	int err = OK;

	if (o->before != NULL) {
		err = timestamp(o->before, before, why);
		s.deliver_before = before;
	}
	if (o->after != NULL && err == OK) {
		err = timestamp(o->after, after, why);
		s.deliver_after = after;
	}
	if (err != OK)
		return err;
	addresses = calloc(o->to.n, sizeof *addresses);
	if (addresses == NULL)
		abort();
	for (i = 0; i < o->to.n; i++)
		addresses[i] = client_address(o->to.items[i], o->url);
	s.addresses = (const char *const *)addresses;
	s.n_addresses = o->to.n;
	pap_push_message(out, &s);
	for (i = 0; i < o->to.n; i++)
		free(addresses[i]);
	free(addresses);
	return OK;
}

/* A delimiter that occurs in neither part. */
static void
find_boundary(struct span control, struct span content, struct sbuf *out)
{
	do {
		sbuf_clear(out);
		sbuf_str(out, "openppg-");
		random_hex(12, out);
	} while (memmem(control.p, control.n, out->s, out->n) != NULL ||
	    (content.n > 0 && memmem(content.p, content.n, out->s, out->n) != NULL));
}

static void
multipart(const struct submit_options *o, const char *boundary, struct span control, struct span content,
    struct sbuf *out)
{
	size_t i;

	sbuf_fmt(out, "--%s\r\nContent-Type: application/xml; charset=utf-8\r\n\r\n", boundary);
	sbuf_span(out, control);
	sbuf_fmt(out, "\r\n--%s\r\nContent-Type: %s\r\n", boundary, o->type);
	for (i = 0; i < o->headers.n; i++)
		sbuf_fmt(out, "%s\r\n", o->headers.items[i]);
	sbuf_str(out, "Content-Transfer-Encoding: binary\r\n\r\n");
	sbuf_span(out, content);
	sbuf_fmt(out, "\r\n--%s--\r\n", boundary);
}

/* "Basic ..." of user and password; cleansed by the caller. */
static void
authorization(const char *user, const char *password, struct sbuf *out)
{
	struct sbuf pair = { 0 };

	sbuf_fmt(&pair, "%s:%s", user, password);
	sbuf_str(out, "Basic ");
	text_base64_encode(sbuf_as_span(&pair), out);
	explicit_bzero(pair.s, pair.n);
	sbuf_done(&pair);
}

/* ---- what comes back ------------------------------------------------------------------------- */

static int
answer_element(void *ctx, const char *name, const struct xml_attr *attrs, size_t n, struct why *why)
{
	struct pap_answer *a = ctx;
	bool response = strcmp(name, "push-response") == 0, result = strcmp(name, "response-result") == 0;
	bool bad = strcmp(name, "badmessage-response") == 0;
	int64_t code;
	size_t i;

	for (i = 0; i < n; i++) {
		if (response && strcmp(attrs[i].name, "push-id") == 0)
			snprintf(a->push_id, sizeof a->push_id, "%s", attrs[i].value);
		else if ((result || bad) && strcmp(attrs[i].name, "code") == 0 &&
		    text_number(attrs[i].value, 1000, 5999, &code) == OK)
			a->code = (int)code;
		else if ((result || bad) && strcmp(attrs[i].name, "desc") == 0)
			snprintf(a->desc, sizeof a->desc, "%s", attrs[i].value);
	}
	a->found |= (result || bad) && a->code != 0;
	a->bad_message |= bad;
	return OK;
}

static enum ctl_exit
report_http(const struct ctl_verb *verb, unsigned status, struct span body)
{
	struct sbuf text = { 0 };

	if (body.n > 0 && body.p[body.n - 1] == '\n')
		body.n--;
	sbuf_str(&text, body.n > 0 ? ": " : "");
	sbuf_quote(&text, body);
	ctl_no(verb, "HTTP status %u%s", status, text.s);
	sbuf_done(&text);
	return CTL_NO;
}

static enum ctl_exit
report(const struct ctl_verb *verb, const struct submit_options *o, const char *push_id, unsigned status,
    struct span body)
{
	static const struct xml_events events = { .start = answer_element };
	struct pap_answer a = { 0 };
	struct why why;
	const char *desc;

	if (status / 100 != 2)
		return report_http(verb, status, body);
	if (xml_parse(body, NULL, NULL, &events, &a, &why) != OK)
		return ctl_no(verb, "the answer is no PAP document: %s", why.text);
	if (!a.found)
		return ctl_no(verb, "the answer has no result code");
	desc = a.desc[0] != '\0' ? a.desc : pap_status_name(a.code);
	if (o->json)
		ctl_print_json(json_pack("{s:s, s:i, s:s, s:b}", "push_id", push_id, "code", a.code, "desc",
		    desc != NULL ? desc : "", "accepted", a.code / 1000 == 1));
	else
		printf("%d %s\npush-id %s\n", a.code, desc != NULL ? desc : "", push_id);
	return a.code / 1000 == 1 ? CTL_DONE : CTL_NO;
}

/* ---- the exchange ------------------------------------------------------------------------------ */

static enum ctl_exit
post(const struct ctl_verb *verb, const struct submit_options *o, const char *push_id, const char *password,
    struct span control, struct span content)
{
	struct sbuf boundary = { 0 }, body = { 0 }, type = { 0 }, login = { 0 }, answer = { 0 };
	const char *headers[5] = { "Content-Type", NULL };
	enum ctl_exit result;
	unsigned status;
	struct why why;

	find_boundary(control, content, &boundary);
	multipart(o, boundary.s, control, content, &body);
	sbuf_fmt(&type, "multipart/related; boundary=\"%s\"; type=\"application/xml\"", boundary.s);
	headers[1] = type.s;
	if (o->user != NULL) {
		authorization(o->user, password, &login);
		headers[2] = "Authorization";
		headers[3] = login.s;
	}
	if (http_fetch("POST", o->url, headers, sbuf_as_span(&body), TIMEOUT_MS, &status, &answer,
	    &why) != OK)
		result = ctl_no(verb, "%s", why.text);
	else
		result = report(verb, o, push_id, status, sbuf_as_span(&answer));
	if (login.s != NULL)
		explicit_bzero(login.s, login.n);
	sbuf_done(&boundary);
	sbuf_done(&body);
	sbuf_done(&type);
	sbuf_done(&login);
	sbuf_done(&answer);
	return result;
}

static enum ctl_exit
submit(const struct ctl_verb *verb, const struct submit_options *o, const char *push_id,
    const char *password)
{
	struct sbuf control = { 0 }, content = { 0 };
	enum ctl_exit result;
	struct why why;

	if (ctl_read_file(o->file, FILE_MAX_OCTETS, &content, &why) != OK ||
	    control_entity(o, push_id, &control, &why) != OK)
		result = ctl_wrong_use(verb, "%s", why.text);
	else
		result = post(verb, o, push_id, password, sbuf_as_span(&control), sbuf_as_span(&content));
	sbuf_done(&control);
	sbuf_done(&content);
	return result;
}

/* Line ends would end the header and begin another one. */
static bool
one_line(const char *text)
{
	return text == NULL || !text_has_control(span_str(text));
}

static enum ctl_exit
check(const struct ctl_verb *verb, const struct submit_options *o)
{
	size_t i;

	if (o->url == NULL || o->file == NULL || o->type == NULL || o->to.n == 0)
		return ctl_wrong_use(verb, "--url, --to, --type and --file are needed");
	if (!one_line(o->url) || !one_line(o->type))
		return ctl_wrong_use(verb, "--url and --type are one line");
	for (i = 0; i < o->headers.n; i++)
		if (!one_line(o->headers.items[i]) || strchr(o->headers.items[i], ':') == NULL)
			return ctl_wrong_use(verb, "--header \"Name: value\" is one line with a colon");
	for (i = 0; i < o->to.n; i++)
		if (o->to.items[i][0] != '+' && !span_starts_nocase(span_str(o->to.items[i]), "WAPPUSH=") &&
		    !span_starts_nocase(span_str(o->to.items[i]), "/WAPPUSH="))
			return ctl_wrong_use(verb, "--to is a number such as +12025550123, or an address "
			    "such as WAPPUSH=+12025550123/TYPE=PLMN@ppg.example.net");
	if (o->version != NULL && strcmp(o->version, "1.0") != 0 && strcmp(o->version, "2.0") != 0 &&
	    strcmp(o->version, "2.1") != 0)
		return ctl_wrong_use(verb, "--pap-version is 1.0, 2.0 or 2.1");
	if (o->user == NULL && o->password_file != NULL)
		return ctl_wrong_use(verb, "--password-file needs --user");
	return CTL_DONE;
}

enum ctl_exit
ctl_submit(const struct ctl_verb *verb, int argc, char **argv)
{
	struct submit_options o = { 0 };
	const struct ctl_option options[] = {
		{ "url", "URL", "where the gateway takes PAP, such as http://ppg.example.net:8080/wappush", &o.url,
		  NULL, NULL },
		{ "user", "NAME", "user name of the login", &o.user, NULL, NULL },
		{ "password-file", "FILE", "its password is the first line; else PPGCTL_PASSWORD of the environment",
		  &o.password_file, NULL, NULL },
		{ "to", "ADDRESS", "a number (+12025550123) or a client address; may be repeated", NULL, NULL, &o.to },
		{ "type", "TYPE", "content type of FILE, with parameters", &o.type, NULL, NULL },
		{ "file", "FILE", "the content; - is standard input", &o.file, NULL, NULL },
		{ "header", "HEADER", "\"Name: value\" of the push; may be repeated", NULL, NULL, &o.headers },
		{ "push-id", "ID", "the push's id; one is made without it", &o.push_id, NULL, NULL },
		{ "notify-url", "URL", "where the result is to be sent", &o.notify_url, NULL, NULL },
		{ "deliver-before", "TIME", "2026-01-02T15:04:05Z, or +2h (s, m, h, d)", &o.before, NULL, NULL },
		{ "deliver-after", "TIME", "the same", &o.after, NULL, NULL },
		{ "pap-version", "V", "1.0, 2.0 (default) or 2.1", &o.version, NULL, NULL },
		{ "json", NULL, "print JSON", NULL, &o.json, NULL },
		{ 0 },
	};
	struct sbuf push_id = { 0 };
	char *password = NULL;
	enum ctl_exit result;
	struct why why;

	if (!ctl_parse(verb, options, argc, argv, NULL, 0, 0, &result) ||
	    (result = check(verb, &o)) != CTL_DONE)
		goto out;
	if (o.user != NULL && (password = ctl_secret(o.password_file, "PPGCTL_PASSWORD", &why)) == NULL) {
		result = ctl_wrong_use(verb, "--user needs a password: %s", why.text[0] != '\0' ? why.text :
		    "--password-file, or PPGCTL_PASSWORD in the environment");
		goto out;
	}
	if (o.push_id != NULL) {
		sbuf_str(&push_id, o.push_id);
	} else {
		random_hex(16, &push_id);
		sbuf_str(&push_id, "@ppgctl");
	}
	result = submit(verb, &o, push_id.s, password);
out:
	ctl_forget(&password);
	sbuf_done(&push_id);
	ctl_list_done(&o.to);
	ctl_list_done(&o.headers);
	return result;
}
