/*
 * ppgctl_submit.c - ppgctl submit and replace: a push initiator on the command line.
 * Spec: WAP-247-PAP 5.1, 5.2 (submission, replacement), 7 (entities), RFC 2387 (multipart/related).
 */
#include "ppg/ppgctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/secret.h"
#include "base/text.h"
#include "policy/prov_mac.h"

enum {
	ADDRESSES_MAX = 100000,
	STAMP_DISTANCE_MAX = 3650 * 86400	/* of "+2h" */
};

struct submit_options {
	struct ctl_gateway gateway;
	const char *type, *file, *to_file, *capabilities;
	const char *push_id, *notify_url, *before, *after, *source_reference;
	const char *priority, *delivery_method, *network, *bearer, *replaces;
	const char *sec, *pin_file;
	char *pin;			/* heap; NULL: none */
	bool network_required, bearer_required, progress, pending_only, json, pin_over_http;
	struct ctl_list to, headers;
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
	struct pap_submit s = {
		.push_id = push_id,
		.notify_url = o->notify_url,
		.version = o->gateway.version,
		.source_reference = o->source_reference,
		.replace_push_id = o->replaces,
		.replace_pending_only = o->pending_only,
		.progress_notes = o->progress,
		.priority = o->priority,
		.delivery_method = o->delivery_method,
		.network = o->network, .network_required = o->network_required,
		.bearer = o->bearer, .bearer_required = o->bearer_required,
	};
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
		addresses[i] = ctl_client_address(&o->gateway, o->to.items[i]);
	s.addresses = (const char *const *)addresses;
	s.n_addresses = o->to.n;
	pap_push_message(out, &s);
	for (i = 0; i < o->to.n; i++)
		free(addresses[i]);
	free(addresses);
	return OK;
}

/* What a submission is made of. */
struct parts {
	struct sbuf control, content, capabilities;
};

static bool
occurs(const struct sbuf *text, const struct sbuf *word)
{
	return text->n > 0 && memmem(text->s, text->n, word->s, word->n) != NULL;
}

/* A delimiter that occurs in no part. */
static void
find_boundary(const struct parts *p, struct sbuf *out)
{
	do {
		sbuf_clear(out);
		sbuf_str(out, "openppg-");
		random_hex(12, out);
	} while (occurs(&p->control, out) || occurs(&p->content, out) || occurs(&p->capabilities, out));
}

static void
multipart(const struct submit_options *o, const char *boundary, const struct parts *p, struct sbuf *out)
{
	size_t i, n = p->control.n + p->content.n + p->capabilities.n + strlen(o->type) + 2048;

	for (i = 0; i < o->headers.n; i++)
		n += strlen(o->headers.items[i]) + 2;
	sbuf_reserve(out, n);		/* so that it stays in one place, and the PIN in it */
	sbuf_fmt(out, "--%s\r\nContent-Type: application/xml; charset=utf-8\r\n\r\n", boundary);
	sbuf_span(out, sbuf_as_span(&p->control));
	sbuf_fmt(out, "\r\n--%s\r\nContent-Type: %s%s%s\r\n", boundary, o->type, o->sec != NULL ? "; SEC=" : "",
	    o->sec != NULL ? o->sec : "");
	if (o->pin != NULL)
		sbuf_fmt(out, "X-OpenPPG-User-PIN: %s\r\n", o->pin);
	for (i = 0; i < o->headers.n; i++)
		sbuf_fmt(out, "%s\r\n", o->headers.items[i]);
	sbuf_str(out, "Content-Transfer-Encoding: binary\r\n\r\n");
	sbuf_span(out, sbuf_as_span(&p->content));
	if (o->capabilities != NULL) {
		sbuf_fmt(out, "\r\n--%s\r\nContent-Type: application/xml\r\n\r\n", boundary);
		sbuf_span(out, sbuf_as_span(&p->capabilities));
	}
	sbuf_fmt(out, "\r\n--%s--\r\n", boundary);
}

/* ---- what comes back ------------------------------------------------------------------------- */

static void
print_answer(const struct submit_options *o, const char *push_id, const struct ctl_answer *a)
{
	const struct ctl_result *r = &a->results[0];
	size_t i;

	for (i = 0; i < a->n_notes; i++)
		printf("note %s %s %s\n", a->notes[i].time != NULL ? a->notes[i].time : "-",
		    a->notes[i].stage != NULL ? a->notes[i].stage : "-", a->notes[i].note != NULL ? a->notes[i].note : "");
	printf("%d %s\npush-id %s\n", r->code, ctl_result_desc(r), push_id);
	if (a->ota_pin != NULL)
		printf("ota-pin %s\n", a->ota_pin);
}

static json_t *
text_or_null(const char *text)
{
	return text != NULL ? json_span(span_str(text)) : json_null();
}

static void
print_answer_json(const struct submit_options *o, const char *push_id, const struct ctl_answer *a)
{
	const struct ctl_result *r = &a->results[0];
	json_t *out = json_pack("{s:o, s:i, s:o, s:b}", "push_id", json_span(span_str(push_id)), "code", r->code, "desc",
	    json_span(span_str(ctl_result_desc(r))), "accepted", r->code / 1000 == 1);
	json_t *notes = json_array();
	size_t i;

	if (a->ota_pin != NULL)
		json_object_set_new(out, "ota_pin", json_string(a->ota_pin));
	for (i = 0; i < a->n_notes; i++)
		json_array_append_new(notes, json_pack("{s:o, s:o, s:o}", "stage", text_or_null(a->notes[i].stage),
		    "note", text_or_null(a->notes[i].note), "time", text_or_null(a->notes[i].time)));
	if (o->progress)
		json_object_set(out, "notes", notes);
	json_decref(notes);
	ctl_print_json(out);
}

/* ---- the exchange ------------------------------------------------------------------------------ */

static enum ctl_exit
post(const struct ctl_verb *verb, const struct submit_options *o, const char *push_id, const struct parts *p)
{
	struct sbuf boundary = { 0 }, body = { 0 }, type = { 0 };
	struct ctl_answer a;
	enum ctl_exit result;

	find_boundary(p, &boundary);
	multipart(o, boundary.s, p, &body);
	sbuf_fmt(&type, "multipart/related; boundary=\"%s\"; type=\"application/xml\"", boundary.s);
	result = ctl_pap(verb, &o->gateway, type.s, sbuf_as_span(&body), &a);
	if (result == CTL_DONE) {
		if (o->json)
			print_answer_json(o, push_id, &a);
		else
			print_answer(o, push_id, &a);
		result = ctl_answer_exit(&a);
	}
	ctl_answer_done(&a);
	secret_cleanse(body.s, body.n);
	sbuf_done(&boundary);
	sbuf_done(&body);
	sbuf_done(&type);
	return result;
}

static enum ctl_exit
submit(const struct ctl_verb *verb, const struct submit_options *o, const char *push_id)
{
	struct parts p = { 0 };
	enum ctl_exit result;
	struct why why;

	if (ctl_read_file(o->file, CTL_FILE_MAX, &p.content, &why) != OK ||
	    (o->capabilities != NULL && ctl_read_file(o->capabilities, CTL_FILE_MAX, &p.capabilities, &why) != OK) ||
	    control_entity(o, push_id, &p.control, &why) != OK)
		result = ctl_wrong_use(verb, "%s", why.text);
	else
		result = post(verb, o, push_id, &p);
	sbuf_done(&p.control);
	sbuf_done(&p.content);
	sbuf_done(&p.capabilities);
	return result;
}

/* ---- options ------------------------------------------------------------------------------------- */

/* Adds the lines of --to-file, which *text keeps. */
static enum ctl_exit
read_to_file(const struct ctl_verb *verb, struct submit_options *o, struct sbuf *text)
{
	char *line, *rest;
	struct why why;
	size_t n = 0;

	if (o->to_file == NULL)
		return CTL_DONE;
	if (ctl_read_file(o->to_file, CTL_FILE_MAX, text, &why) != OK)
		return ctl_wrong_use(verb, "%s", why.text);
	if (memchr(text->s, '\0', text->n) != NULL)
		return ctl_wrong_use(verb, "%.100s: not a text file", o->to_file);
	for (line = text->s; line != NULL; line = rest) {
		size_t length;

		rest = strchr(line, '\n');
		if (rest != NULL)
			*rest++ = '\0';
		n++;
		line += strspn(line, " \t\r");
		length = strlen(line);
		while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL)
			line[--length] = '\0';
		if (length == 0)
			continue;
		if (!ctl_is_address(line))
			return ctl_wrong_use(verb, "%.100s:%zu: neither a number nor an address; %s", o->to_file, n,
			    ctl_address_help);
		ctl_list_add(&o->to, line);
	}
	return CTL_DONE;
}

static bool
one_line(const char *text)
{
	return text == NULL || !text_has_control(span_str(text));
}

static bool
is_word_of(const char *word, const char *const *words)
{
	while (word != NULL && *words != NULL && strcmp(*words, word) != 0)
		words++;
	return *words != NULL;
}

static enum ctl_exit
check_wishes(const struct ctl_verb *verb, const struct submit_options *o)
{
	static const char *const priorities[] = { "high", "medium", "low", NULL };
	static const char *const methods[] = { "confirmed", "preferconfirmed", "unconfirmed", "notspecified", NULL };

	if (!is_word_of(o->priority, priorities))
		return ctl_wrong_use(verb, "--priority is high, medium or low");
	if (!is_word_of(o->delivery_method, methods))
		return ctl_wrong_use(verb, "--delivery-method is confirmed, preferconfirmed, unconfirmed or notspecified");
	if (o->network_required && o->network == NULL)
		return ctl_wrong_use(verb, "--network-required needs --network");
	if (o->bearer_required && o->bearer == NULL)
		return ctl_wrong_use(verb, "--bearer-required needs --bearer");
	return CTL_DONE;
}

static bool
read_method(const char *text, enum prov_sec *sec)
{
	static const struct { const char *name; enum prov_sec sec; } bootstraps[] = {	/* of a DM profile */
		{ "NETWORKID", PROV_SEC_NETWPIN }, { "USERPIN_NETWORKID", PROV_SEC_USERNETWPIN },
	};
	size_t i;

	for (i = 0; i < sizeof bootstraps / sizeof bootstraps[0]; i++)
		if (span_eq_nocase(span_str(text), bootstraps[i].name)) {
			*sec = bootstraps[i].sec;
			return true;
		}
	return prov_sec_parse(text, sec) == OK;
}

/* The PIN is read here, and cleansed by run(). */
static enum ctl_exit
check_signing(const struct ctl_verb *verb, struct submit_options *o)
{
	enum prov_sec sec;
	struct why why;

	if (o->sec == NULL && (o->pin_file != NULL || o->pin_over_http))
		return ctl_wrong_use(verb, "--pin-file and --pin-over-http need --sec");
	if (o->sec == NULL)
		return CTL_DONE;
	if (!read_method(o->sec, &sec))
		return ctl_wrong_use(verb, "--sec is netwpin, userpin, usernetwpin or userpinmac; of a DM bootstrap networkid, "
		    "userpin or userpin_networkid");
	if (sec == PROV_SEC_NETWPIN)
		return o->pin_file == NULL ? CTL_DONE : ctl_wrong_use(verb, "--sec %s needs no PIN", o->sec);
	if (o->pin_file != NULL && strcmp(o->pin_file, "-") == 0 && strcmp(o->file, "-") == 0)
		return ctl_wrong_use(verb, "--file and --pin-file cannot both be standard input");
	o->pin = ctl_secret(o->pin_file, "PPGCTL_PIN", &why);
	if (o->pin == NULL)
		return ctl_wrong_use(verb, "--sec %s needs the PIN: %s", o->sec, why.text[0] != '\0' ? why.text :
		    "--pin-file, or PPGCTL_PIN in the environment");
	if (prov_check_pin(o->pin, &why) != OK)
		return ctl_wrong_use(verb, "%s", why.text);
	if (!o->pin_over_http && !url_is_private(o->gateway.url))
		return ctl_wrong_use(verb, "--url is plain HTTP to another host, where anybody may read the PIN; use https, or "
		    "--pin-over-http");
	return CTL_DONE;
}

static enum ctl_exit
check(const struct ctl_verb *verb, struct submit_options *o)
{
	size_t i;

	if (o->gateway.url == NULL || o->file == NULL || o->type == NULL || (o->to.n == 0 && o->to_file == NULL))
		return ctl_wrong_use(verb, "--url, --to or --to-file, --type and --file are needed");
	if (!one_line(o->type))
		return ctl_wrong_use(verb, "--type is one line");
	for (i = 0; i < o->headers.n; i++)
		if (!one_line(o->headers.items[i]) || strchr(o->headers.items[i], ':') == NULL)
			return ctl_wrong_use(verb, "--header \"Name: value\" is one line with a colon");
	for (i = 0; i < o->to.n; i++)
		if (!ctl_is_address(o->to.items[i]))
			return ctl_wrong_use(verb, "--to is %s", ctl_address_help);
	return check_wishes(verb, o) == CTL_DONE ? check_signing(verb, o) : CTL_WRONG_USE;
}

static enum ctl_exit
check_count(const struct ctl_verb *verb, const struct submit_options *o)
{
	if (o->to.n == 0 || o->to.n > ADDRESSES_MAX)
		return ctl_wrong_use(verb, o->to.n == 0 ? "%.100s: no address in it" : "%.100s: more than %d addresses",
		    o->to_file != NULL ? o->to_file : "--to", ADDRESSES_MAX);
	return CTL_DONE;
}

#define SUBMIT_OPTIONS(o) \
	CTL_GATEWAY_OPTIONS((o).gateway), \
	{ "to", "ADDRESS", "a number (+12025550123) or a client address; may be repeated", NULL, NULL, &(o).to }, \
	{ "to-file", "FILE", "the same, one a line, at most 100000", &(o).to_file, NULL, NULL }, \
	{ "type", "TYPE", "content type of FILE, with parameters", &(o).type, NULL, NULL }, \
	{ "file", "FILE", "the content; - is standard input", &(o).file, NULL, NULL }, \
	{ "header", "HEADER", "\"Name: value\" of the push; may be repeated", NULL, NULL, &(o).headers }, \
	{ "sec", "METHOD", "have the gateway sign the document: netwpin, userpin, usernetwpin or userpinmac", &(o).sec, NULL, \
	  NULL }, \
	{ "pin-file", "FILE", "the user's PIN is its first line, - is standard input; else PPGCTL_PIN", &(o).pin_file, NULL, \
	  NULL }, \
	{ "pin-over-http", NULL, "send the PIN over plain HTTP to another host", NULL, &(o).pin_over_http, NULL }, \
	{ "capabilities", "FILE", "what the devices are thought to be able to do (UAProf)", &(o).capabilities, NULL, \
	  NULL }, \
	{ "push-id", "ID", "the push's id; one is made without it", &(o).push_id, NULL, NULL }, \
	{ "notify-url", "URL", "where the result is to be sent", &(o).notify_url, NULL, NULL }, \
	{ "deliver-before", "TIME", "2026-01-02T15:04:05Z, or +2h (s, m, h, d)", &(o).before, NULL, NULL }, \
	{ "deliver-after", "TIME", "the same", &(o).after, NULL, NULL }, \
	{ "source-reference", "TEXT", "who the content comes from", &(o).source_reference, NULL, NULL }, \
	{ "priority", "WORD", "high, medium or low", &(o).priority, NULL, NULL }, \
	{ "delivery-method", "WORD", "confirmed, preferconfirmed, unconfirmed or notspecified", &(o).delivery_method, \
	  NULL, NULL }, \
	{ "network", "NAME", "a network, such as GSM, if there is a choice", &(o).network, NULL, NULL }, \
	{ "network-required", NULL, "no other network will do", NULL, &(o).network_required, NULL }, \
	{ "bearer", "NAME", "a bearer, such as SMS, if there is a choice", &(o).bearer, NULL, NULL }, \
	{ "bearer-required", NULL, "no other bearer will do", NULL, &(o).bearer_required, NULL }, \
	{ "progress", NULL, "have the gateway tell its stages, print them", NULL, &(o).progress, NULL }, \
	{ "json", NULL, "print JSON", NULL, &(o).json, NULL }

/* With the options read: o->replaces is the older push or NULL. */
static enum ctl_exit
run(const struct ctl_verb *verb, struct submit_options *o)
{
	struct sbuf push_id = { 0 }, lines = { 0 };
	enum ctl_exit result = check(verb, o);

	if (result == CTL_DONE)
		result = read_to_file(verb, o, &lines);
	if (result == CTL_DONE)
		result = check_count(verb, o);
	if (result == CTL_DONE)
		result = ctl_gateway_open(verb, &o->gateway);
	if (result == CTL_DONE) {
		if (o->push_id != NULL) {
			sbuf_str(&push_id, o->push_id);
		} else {
			random_hex(16, &push_id);
			sbuf_str(&push_id, "@ppgctl");
		}
		result = submit(verb, o, push_id.s);
	}
	ctl_gateway_done(&o->gateway);
	ctl_forget(&o->pin);
	sbuf_done(&push_id);
	sbuf_done(&lines);
	return result;
}

enum ctl_exit
ctl_submit(const struct ctl_verb *verb, int argc, char **argv)
{
	struct submit_options o = { 0 };
	const struct ctl_option options[] = { SUBMIT_OPTIONS(o), { 0 } };
	enum ctl_exit result;

	if (ctl_parse(verb, options, argc, argv, NULL, 0, 0, &result))
		result = run(verb, &o);
	ctl_list_done(&o.to);
	ctl_list_done(&o.headers);
	return result;
}

enum ctl_exit
ctl_replace(const struct ctl_verb *verb, int argc, char **argv)
{
	struct submit_options o = { 0 };
	const struct ctl_option options[] = {
		{ "pending-only", NULL, "only for recipients whose older push could be cancelled", NULL, &o.pending_only, NULL },
		SUBMIT_OPTIONS(o), { 0 },
	};
	struct ctl_list args = { 0 };
	enum ctl_exit result;

	if (ctl_parse(verb, options, argc, argv, &args, 1, 1, &result)) {
		o.replaces = args.items[0];
		result = run(verb, &o);
	}
	ctl_list_done(&args);
	ctl_list_done(&o.to);
	ctl_list_done(&o.headers);
	return result;
}
