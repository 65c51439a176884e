/* config_link_http.c - what a group smsc says of a link over HTTP, and whether its templates and places will do. */
#include "ppg/config_int.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/http_client.h"
#include "base/http_server.h"
#include "smsc/http_fields.h"
#include "smsc/http_template.h"

#define COPY(out, key) copy_text(out, sizeof(out), conf_text(g, key))

static void
copy_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text != NULL ? text : "");
}

/* ---- what is sent ---------------------------------------------------------------------------- */

static void
check_template(struct loading *ld, const struct conf_group *g, const char *key, enum http_escape how)
{
	struct why why;

	if (conf_text(g, key) != NULL && http_template_check(conf_text(g, key), how, &why) != OK)
		config_tell(ld, 2, g, key, "%s", why.text);
}

/* Nothing of a message may decide where it is sent. */
static void
check_url(struct loading *ld, const struct conf_group *g, const char *url)
{
	const char *host = strstr(url, "://"), *place = strstr(url, "%{");
	struct sockaddr_storage addr;
	struct http_values sample = { .to = "1", .from = "1", .reference = "1", .receipt_url = "" };
	struct sbuf filled = { 0 };
	struct why why;
	int err;

	if (host == NULL || (place != NULL && place < host + 3 + strcspn(host + 3, "/"))) {
		config_tell(ld, 2, g, "send-url", "is no http or https URL whose host is written out");
		return;
	}
	http_template_fill(url, HTTP_URL, &sample, &filled);
	err = url_host_address(filled.s, &addr, &why);
	if (err != OK && err != ERR_NOT_FOUND)
		config_tell(ld, 2, g, "send-url", "%s", why.text);
	sbuf_done(&filled);
}

static bool
is_header(struct span item)
{
	static const char letters[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t n = 0, i;

	item = span_trim(item);
	while (n < item.n && item.p[n] != ':')
		n++;
	for (i = 0; i < n; i++)
		if (item.p[i] == 0 || strchr(letters, item.p[i]) == NULL)
			return false;
	return n > 0 && n < item.n;
}

static void
check_headers(struct loading *ld, const struct conf_group *g, const char *list)
{
	while (*list != '\0') {
		size_t n = strcspn(list, "|");

		if (!is_header(span_of(list, n))) {
			config_tell(ld, 2, g, "send-headers", "is not of the form \"Name: value | Name: value\"");
			return;
		}
		list += n + (list[n] == '|');
	}
}

static void
take_request(struct loading *ld, const struct conf_group *g, struct smsc_http_config *http)
{
	enum http_escape how = HTTP_PLAIN;
	struct why why;

	COPY(http->url, "send-url");
	COPY(http->method, "send-method");
	COPY(http->headers, "send-headers");
	COPY(http->type, "send-content-type");
	COPY(http->body, "send-body");
	COPY(http->user, "send-username");
	COPY(http->password, "send-password");
	COPY(http->token, "send-token");
	if (http_escape_of(http->type, &how, &why) != OK)
		config_tell(ld, 2, g, "send-content-type", "%s", why.text);
	else
		check_template(ld, g, "send-body", how);
	check_template(ld, g, "send-url", HTTP_URL);
	check_template(ld, g, "send-headers", HTTP_PLAIN);
	if (http->url[0] != '\0')
		check_url(ld, g, http->url);
	check_headers(ld, g, http->headers);
	if (http->body[0] == '\0' && strcmp(http->method, "GET") != 0)
		config_tell(ld, 2, g, "send-body", "this key is required and missing: only GET has no body");
	if (http->body[0] != '\0' && strcmp(http->method, "GET") == 0)
		config_tell(ld, 2, g, "send-body", "a GET has no body: put it into send-url");
	if (http->user[0] != '\0' && http->token[0] != '\0')
		config_tell(ld, 2, g, "send-token", "there is a send-username already");
	if ((http->user[0] != '\0' || http->token[0] != '\0') && strncmp(http->url, "http:", 5) == 0)
		config_tell(ld, 1, g, "send-url", "the password travels in clear text: use https");
}

/* ---- what is answered -------------------------------------------------------------------------- */

static void
take_answer(struct loading *ld, const struct conf_group *g, struct smsc_config *cf)
{
	struct http_source from;
	struct why why;
	unsigned i;

	COPY(cf->http.success, "success-contains");
	COPY(cf->http.message_id, "message-id-from");
	if (http_source_parse_answer(cf->http.message_id, &from, &why) != OK)
		config_tell(ld, 2, g, "message-id-from", "%s", why.text);
	for (i = 0; i < cf->n_errors; i++)
		if (cf->errors[i].status < 200 || cf->errors[i].status > 599)
			config_tell(ld, 2, g, "error-map", "%u is no status of HTTP", cf->errors[i].status);
}

/* ---- receipts ------------------------------------------------------------------------------------ */

static void
check_place(struct loading *ld, const struct conf_group *g, const char *key, bool needed)
{
	const char *text = conf_text(g, key);
	struct http_source from;
	struct why why;

	if (text == NULL && needed)
		config_tell(ld, 2, g, key, "receipt-port needs this key");
	else if (text != NULL && http_source_parse_request(text, &from, &why) != OK)
		config_tell(ld, 2, g, key, "%s", why.text);
}

/* A body is of one kind; in a list everything stands in its items. */
static void
check_places(struct loading *ld, const struct conf_group *g)
{
	static const char *const keys[] = { "receipt-id", "receipt-state", "receipt-error" };
	const char *list = conf_text(g, "receipt-list");
	bool json = list != NULL, form = false;
	size_t i;

	for (i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		const char *text = conf_text(g, keys[i]);

		check_place(ld, g, keys[i], i < 2);
		json = json || (text != NULL && strncmp(text, "json:", 5) == 0);
		form = form || (text != NULL && strncmp(text, "form:", 5) == 0);
	}
	check_place(ld, g, "receipt-list", false);
	if (list != NULL && strncmp(list, "json:", 5) != 0)
		config_tell(ld, 2, g, "receipt-list", "a list is JSON: json:POINTER");
	if (json && form)
		config_tell(ld, 2, g, "receipt-id", "a receipt is JSON or a form, not both");
}

static void
check_port(struct loading *ld, const struct conf_group *g, const struct ppg_link *link)
{
	const struct ppg_config *config = ld->config;
	const struct conf_group *admin = conf_first(config->conf, "admin");
	uint16_t port = link->smsc.http.receipt_port;
	const struct ppg_link *other;

	if (port == config->port || port == config->ssl_port || (admin != NULL && port == conf_number(admin, "port")))
		config_tell(ld, 2, g, "receipt-port", "%u is a port of ours already: see groups ppg and admin", port);
	for (other = config->links; other < link; other++)
		if (other->smsc.http.receipt_port == port)
			config_tell(ld, 2, g, "receipt-port", "%u is that of the link at %s already", port, other->where);
}

static void
check_certificate(struct loading *ld, const struct conf_group *g, const struct smsc_http_config *http)
{
	static const char *const keys[] = { [HTTP_TLS_CERT] = "receipt-cert-file", [HTTP_TLS_KEY] = "receipt-key-file",
		[HTTP_TLS_CLIENT_CA] = "receipt-cert-file" };
	const struct http_server_config cf = { .name = "config", .tls_cert_file = http->receipt_cert,
		.tls_key_file = http->receipt_key };
	enum http_tls_file which;
	struct why why;

	if ((http->receipt_cert[0] == '\0') != (http->receipt_key[0] == '\0'))
		config_tell(ld, 2, g, "receipt-cert-file", "goes together with receipt-key-file");
	else if (http->receipt_cert[0] != '\0' && http_server_check_tls(&cf, &which, &why) != OK)
		config_tell(ld, 2, g, keys[which], "%s", why.text);
}

static void
take_receipts(struct loading *ld, const struct conf_group *g, struct ppg_link *link)
{
	static const char *const others[] = { "receipt-interface", "receipt-path", "receipt-token", "receipt-allow",
		"receipt-list", "receipt-id", "receipt-state", "receipt-error", "receipt-states", "receipt-cert-file",
		"receipt-key-file" };
	struct smsc_http_config *http = &link->smsc.http;
	struct netlist *allow;
	struct why why;
	size_t i;

	http->receipt_port = (uint16_t)conf_number(g, "receipt-port");
	COPY(http->receipt_url, "receipt-url");
	check_template(ld, g, "receipt-url", HTTP_URL);
	if (http->receipt_url[0] != '\0' && strstr(http->receipt_url, "%{receipt-url}") != NULL)
		config_tell(ld, 2, g, "receipt-url", "it cannot hold itself");
	if (http->receipt_port == 0) {
		for (i = 0; i < sizeof others / sizeof others[0]; i++)
			if (conf_has(g, others[i]))
				config_tell(ld, 1, g, others[i], "not used without receipt-port");
		return;
	}
	check_port(ld, g, link);
	COPY(http->receipt_interface, "receipt-interface");
	COPY(http->receipt_path, "receipt-path");
	COPY(http->receipt_token, "receipt-token");
	COPY(http->receipt_allow, "receipt-allow");
	COPY(http->receipt_list, "receipt-list");
	COPY(http->receipt_id, "receipt-id");
	COPY(http->receipt_state, "receipt-state");
	COPY(http->receipt_error, "receipt-error");
	COPY(http->receipt_states, "receipt-states");
	COPY(http->receipt_cert, "receipt-cert-file");
	COPY(http->receipt_key, "receipt-key-file");
	if (http->receipt_path[0] != '/' || strpbrk(http->receipt_path, "?# ") != NULL)
		config_tell(ld, 2, g, "receipt-path", "is not the path of a URL");
	if (http->receipt_token[0] == '\0' && http->receipt_allow[0] == '\0')
		config_tell(ld, 2, g, "receipt-port", "anybody could send receipts: set receipt-token or receipt-allow, or both");
	allow = config_networks(ld, g, "receipt-allow");
	netlist_destroy(&allow);
	check_places(ld, g);
	if (http_states_check(http->receipt_states, &why) != OK)
		config_tell(ld, 2, g, "receipt-states", "%s", why.text);
	check_certificate(ld, g, http);
}

static void
check_authorities(struct loading *ld, const struct conf_group *g, struct smsc_config *cf)
{
	const struct conf_group *core = conf_first(ld->config->conf, "core");
	const char *ca = conf_text(g, "ssl-trusted-ca-file");
	struct why why;

	if (ca == NULL && core != NULL)
		ca = conf_text(core, "ssl-trusted-ca-file");
	copy_text(cf->tls_ca_file, sizeof cf->tls_ca_file, ca);
	COPY(cf->tls_certkey_file, "ssl-client-certkey-file");
	if (ca != NULL && http_check_ca_file(ca, &why) != OK)
		config_tell(ld, 2, g, "ssl-trusted-ca-file", "%s", why.text);
}

void
config_take_link_http(struct loading *ld, const struct conf_group *g, struct ppg_link *link)
{
	static const char *const others[] = { "host", "port", "smsc-username", "smsc-password", "use-ssl", "ssl-server-name",
		"ssl-pinned-key", "receive-port", "instances", "max-pdu", "esm-class" };
	struct smsc_config *cf = &link->smsc;
	size_t i;

	for (i = 0; i < sizeof others / sizeof others[0]; i++)
		if (conf_has(g, others[i]))
			config_tell(ld, 1, g, others[i], "not used by a link over HTTP: see the keys send-...");
	if (cf->segmentation == SMSC_SAR)
		config_tell(ld, 2, g, "segmentation", "sar is of SMPP: udh16, udh8, or payload for an aggregator that cuts by itself");
	cf->transmitter_only = false;
	check_authorities(ld, g, cf);
	take_request(ld, g, &cf->http);
	take_answer(ld, g, cf);
	take_receipts(ld, g, link);
	if (link->delivered_on_submit)
		return;
	if (cf->http.receipt_port == 0) {
		config_tell(ld, conf_has(g, "delivered-on") ? 2 : 1, g, "delivered-on",
		    "without receipt-port there are no receipts: it is submit for this link");
		link->delivered_on_submit = true;
	} else if (strcmp(cf->http.message_id, "none") == 0) {
		config_tell(ld, 2, g, "message-id-from", "receipts cannot be matched without the ids of messages");
	}
}
