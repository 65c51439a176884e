/*
 * ppgctl_pap.c - see ppgctl.h: where a gateway takes PAP, one exchange with it, and what its answer says.
 * Spec: WAP-247-PAP 8 (elements), 13 (over HTTP); RFC 7617 (Basic).
 */
#include "ppg/ppgctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/http_client.h"
#include "base/text.h"
#include "base/xml.h"
#include "ppg/entities.h"

enum { TIMEOUT_MS = 60000, RESULTS_MAX = 200000 };

const char ctl_address_help[] = "a number such as +12025550123, or an address such as "
    "WAPPUSH=+12025550123/TYPE=PLMN@ppg.example.net";

/* ---- where ----------------------------------------------------------------------------------- */

/* Line ends would end a header and begin another one. */
static bool
one_line(const char *text)
{
	return text == NULL || !text_has_control(span_str(text));
}

enum ctl_exit
ctl_tls_check(const struct ctl_verb *verb, const struct ctl_tls *tls)
{
	if ((tls->cert == NULL) != (tls->key == NULL))
		return ctl_wrong_use(verb, "--cert and --key go together");
	return CTL_DONE;
}

enum ctl_exit
ctl_gateway_open(const struct ctl_verb *verb, struct ctl_gateway *g)
{
	struct why why;

	if (g->url == NULL || !one_line(g->url))
		return ctl_wrong_use(verb, g->url == NULL ? "--url is needed" : "--url is one line");
	if (g->version != NULL && strcmp(g->version, "1.0") != 0 && strcmp(g->version, "2.0") != 0 &&
	    strcmp(g->version, "2.1") != 0)
		return ctl_wrong_use(verb, "--pap-version is 1.0, 2.0 or 2.1");
	if (g->user == NULL && g->password_file != NULL)
		return ctl_wrong_use(verb, "--password-file needs --user");
	if (g->user != NULL && (g->password = ctl_secret(g->password_file, "PPGCTL_PASSWORD", &why)) == NULL)
		return ctl_wrong_use(verb, "--user needs a password: %s", why.text[0] != '\0' ? why.text :
		    "--password-file, or PPGCTL_PASSWORD in the environment");
	return ctl_tls_check(verb, &g->tls);
}

void
ctl_gateway_done(struct ctl_gateway *g)
{
	ctl_forget(&g->password);
}

char *
ctl_client_address(const struct ctl_gateway *g, const char *to)
{
	const char *host = strstr(g->url, "://");
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

bool
ctl_is_address(const char *to)
{
	return to[0] == '+' || span_starts_nocase(span_str(to), "WAPPUSH=") ||
	    span_starts_nocase(span_str(to), "/WAPPUSH=");
}

/* ---- the answer, element by element ------------------------------------------------------------- */

static char *
dup_attr(const struct xml_attr *attrs, size_t n, const char *name)
{
	const char *value = xml_attr_get(attrs, n, name);

	return value != NULL ? span_dup(span_str(value)) : NULL;
}

/* Room for one more of a list that doubles. */
static void *
grow(void *list, size_t n, size_t size)
{
	if ((n & (n - 1)) == 0)		/* 0 or a power of two */
		list = realloc(list, (n > 0 ? 2 * n : 1) * size);
	if (list == NULL)
		abort();
	return list;
}

static int
add_result(struct ctl_answer *a, const struct xml_attr *attrs, size_t n, struct why *why)
{
	const char *text = xml_attr_get(attrs, n, "code");
	int64_t code;

	if (text == NULL || text_number(text, 1000, 5999, &code) != OK)
		return OK;		/* counts as none */
	if (a->n_results == RESULTS_MAX)
		return why_set(why, ERR_LIMIT, "more than %d results", RESULTS_MAX);
	a->results = grow(a->results, a->n_results, sizeof *a->results);
	a->results[a->n_results++] = (struct ctl_result){ .code = (int)code, .desc = dup_attr(attrs, n, "desc"),
		.state = dup_attr(attrs, n, "message-state"), .event_time = dup_attr(attrs, n, "event-time") };
	return OK;
}

static void
add_address(struct ctl_answer *a, const struct xml_attr *attrs, size_t n)
{
	struct ctl_result *r;

	if (a->n_results == 0)
		return;
	r = &a->results[a->n_results - 1];
	r->addresses = grow(r->addresses, r->n_addresses, sizeof *r->addresses);
	r->addresses[r->n_addresses++] = span_dup(span_str(xml_attr_get(attrs, n, "address-value") != NULL ?
	    xml_attr_get(attrs, n, "address-value") : ""));
}

static void
add_qos(struct ctl_answer *a, const struct xml_attr *attrs, size_t n)
{
	struct ctl_result *r;
	size_t i;

	if (a->n_results == 0 || a->results[a->n_results - 1].qos != NULL)
		return;
	r = &a->results[a->n_results - 1];
	r->qos = json_object();
	for (i = 0; i < n; i++)
		json_object_set_new(r->qos, attrs[i].name, json_span(span_str(attrs[i].value)));
}

static int
add_note(struct ctl_answer *a, const struct xml_attr *attrs, size_t n, struct why *why)
{
	if (a->n_notes == RESULTS_MAX)
		return why_set(why, ERR_LIMIT, "more than %d notes", RESULTS_MAX);
	a->notes = grow(a->notes, a->n_notes, sizeof *a->notes);
	a->notes[a->n_notes++] = (struct ctl_note){ dup_attr(attrs, n, "stage"), dup_attr(attrs, n, "note"),
		dup_attr(attrs, n, "time") };
	return OK;
}

static bool
is_one_of(const char *name, const char *const *names)
{
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

static int
take_element(void *ctx, const char *name, const struct xml_attr *attrs, size_t n, struct why *why)
{
	static const char *const messages[] = { "push-response", "cancel-response", "statusquery-response", "ccq-response",
		"badmessage-response", NULL };
	static const char *const results[] = { "response-result", "cancel-result", "statusquery-result", "ccq-response",
		"badmessage-response", NULL };
	struct ctl_answer *a = ctx;
	const char *push_id = xml_attr_get(attrs, n, "push-id"), *query_id = xml_attr_get(attrs, n, "query-id");

	if (is_one_of(name, messages) && a->element[0] == '\0') {
		snprintf(a->element, sizeof a->element, "%s", name);
		snprintf(a->push_id, sizeof a->push_id, "%s", push_id != NULL ? push_id : "");
		snprintf(a->query_id, sizeof a->query_id, "%s", query_id != NULL ? query_id : "");
	}
	if (is_one_of(name, results))
		return add_result(a, attrs, n, why);
	if (strcmp(name, "progress-note") == 0)
		return add_note(a, attrs, n, why);
	if (strcmp(name, "address") == 0)
		add_address(a, attrs, n);
	else if (strcmp(name, "quality-of-service") == 0)
		add_qos(a, attrs, n);
	return OK;
}

/* The control entity of the answer; what comes with it becomes a->entity. */
static int
take_apart(struct ctl_answer *a, const char *type, struct span *control, struct why *why)
{
	struct mime_header headers[MIME_HEADERS_MAX];
	struct entities e;
	struct span media;
	size_t n;

	*control = sbuf_as_span(&a->http);
	if (!span_eq_nocase(mime_media(span_str(type)), "multipart/related"))
		return OK;
	if (entities_split(type, *control, &pap_leniency_usual, &e, why) != OK) {
		free(e.heap);
		return ERR_SYNTAX;
	}
	a->control_heap = e.heap;
	*control = e.control;
	if (e.n_parts < 2)
		return OK;
	if (mime_headers(e.parts[1].head, &pap_leniency_usual.mime, headers, &n, why) != OK)
		return ERR_SYNTAX;
	if (mime_decode(mime_header(headers, n, "Content-Transfer-Encoding"), &pap_leniency_usual.mime, e.parts[1].body,
	    &a->entity, &a->entity_heap, why) != OK)
		return ERR_SYNTAX;
	media = mime_header(headers, n, "Content-Type");
	a->entity_type = span_dup(media);
	return OK;
}

static enum ctl_exit
read_answer(const struct ctl_verb *verb, struct ctl_answer *a, const char *type)
{
	static const struct xml_events events = { .start = take_element };
	struct span control;
	struct why why;

	if (take_apart(a, type, &control, &why) != OK || xml_parse(control, NULL, NULL, &events, a, &why) != OK)
		return ctl_no(verb, "the answer is no PAP document: %s", why.text);
	if (a->n_results == 0)
		return ctl_no(verb, "the answer has no result code");
	return CTL_DONE;
}

void
ctl_answer_done(struct ctl_answer *a)
{
	size_t i, k;

	for (i = 0; i < a->n_results; i++) {
		struct ctl_result *r = &a->results[i];

		for (k = 0; k < r->n_addresses; k++)
			free(r->addresses[k]);
		free(r->addresses);
		free(r->desc);
		free(r->state);
		free(r->event_time);
		json_decref(r->qos);
	}
	for (i = 0; i < a->n_notes; i++) {
		free(a->notes[i].stage);
		free(a->notes[i].note);
		free(a->notes[i].time);
	}
	free(a->results);
	free(a->notes);
	free(a->entity_type);
	free(a->control_heap);
	free(a->entity_heap);
	sbuf_done(&a->http);
	ctl_forget(&a->ota_pin);
	*a = (struct ctl_answer){ 0 };
}

enum ctl_exit
ctl_answer_exit(const struct ctl_answer *a)
{
	size_t i;

	for (i = 0; i < a->n_results; i++)
		if (a->results[i].code / 1000 != 1)
			return CTL_NO;
	return CTL_DONE;
}

const char *
ctl_result_desc(const struct ctl_result *r)
{
	const char *desc = r->desc != NULL && r->desc[0] != '\0' ? r->desc : pap_status_name(r->code);

	return desc != NULL ? desc : "";
}

/* ---- the exchange ----------------------------------------------------------------------------------- */

static struct http_client_config
client_config(const struct ctl_tls *tls)
{
	const char *ca = tls->ca != NULL ? tls->ca : getenv("SSL_CERT_FILE");

	return (struct http_client_config){ .timeout_ms = TIMEOUT_MS, .ca_file = ca != NULL && ca[0] != '\0' ? ca : NULL,
		.cert_file = tls->cert, .key_file = tls->key, .max_answer = 64 << 20 };
}

int
ctl_http(const struct ctl_tls *tls, const char *method, const char *url, const char *const *headers,
    struct span body, unsigned *status, struct sbuf *answer, char **type, struct why *why)
{
	const struct http_client_config cf = client_config(tls);

	return http_fetch_with(&cf, method, url, headers, body, status, answer, type, why);
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

enum ctl_exit
ctl_pap(const struct ctl_verb *verb, const struct ctl_gateway *g, const char *type, struct span body,
    struct ctl_answer *a)
{
	const char *headers[5] = { "Content-Type", type, NULL };
	struct http_client_config cf = client_config(&g->tls);
	struct sbuf login = { 0 };
	enum ctl_exit result;
	char *answer_type;
	unsigned status;
	struct why why;

	*a = (struct ctl_answer){ 0 };
	if (g->user != NULL) {
		authorization(g->user, g->password, &login);
		headers[2] = "Authorization";
		headers[3] = login.s;
	}
	cf.keep_header = "X-OpenPPG-OTA-PIN";
	if (http_fetch_kept(&cf, "POST", g->url, headers, body, &status, &a->http, &answer_type, &a->ota_pin, &why) != OK)
		result = ctl_no(verb, "%s", why.text);
	else if (status / 100 != 2)
		result = report_http(verb, status, sbuf_as_span(&a->http));
	else
		result = read_answer(verb, a, answer_type);
	if (login.s != NULL)
		explicit_bzero(login.s, login.n);
	sbuf_done(&login);
	free(answer_type);
	return result;
}
