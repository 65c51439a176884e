/*
 * pap_parse.c - the control entity of a request, validated against a built-in model of the DTD.
 * Spec: WAP-247-PAP 8 and 11 (elements), 9 (versions).
 *
 * What is wrong with the XML stops the parser. What is wrong with the DTD or a value is noted and
 * parsing goes on, because the answer wants the push-id, which may come later.
 */
#include "ppg/pap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xml.h"

/* ---- the model --------------------------------------------------------------------------- */

enum { REQUIRED = 1 };

struct attr_rule {
	const char *name;
	unsigned flags;
	const char *words;	/* enumeration "a|b", or NULL */
};

struct element_rule {
	const char *name;
	enum pap_message message;	/* of a top-level message */
	const char *children;		/* "|"-separated, or "" */
	bool needs_address;		/* at least one address child */
	const struct attr_rule *attrs;
};

static const struct attr_rule pap_attrs[] = { { "product-name", 0, NULL }, { NULL, 0, NULL } };
static const struct attr_rule push_attrs[] = {
	{ "push-id", REQUIRED, NULL },
	{ "replace-push-id", 0, NULL },
	{ "replace-method", 0, "all|pending-only" },
	{ "deliver-before-timestamp", 0, NULL },
	{ "deliver-after-timestamp", 0, NULL },
	{ "source-reference", 0, NULL },
	{ "ppg-notify-requested-to", 0, NULL },
	{ "progress-notes-requested", 0, "true|false" },
	{ NULL, 0, NULL }
};
static const struct attr_rule address_attrs[] = {
	{ "address-value", REQUIRED, NULL }, { NULL, 0, NULL }
};
static const struct attr_rule qos_attrs[] = {
	{ "priority", 0, "high|medium|low" },
	{ "delivery-method", 0, "confirmed|preferconfirmed|unconfirmed|notspecified" },
	{ "network", 0, NULL },
	{ "network-required", 0, "true|false" },
	{ "bearer", 0, NULL },
	{ "bearer-required", 0, "true|false" },
	{ NULL, 0, NULL }
};
static const struct attr_rule id_attrs[] = { { "push-id", REQUIRED, NULL }, { NULL, 0, NULL } };
static const struct attr_rule ccq_attrs[] = {
	{ "query-id", 0, NULL }, { "app-id", 0, NULL }, { NULL, 0, NULL }
};
static const struct attr_rule note_response_attrs[] = {
	{ "push-id", REQUIRED, NULL }, { "code", REQUIRED, NULL }, { "desc", 0, NULL }, { NULL, 0, NULL }
};
static const struct attr_rule any_attrs[] = { { NULL, 0, NULL } };

static const struct element_rule elements[] = {
	{ "pap", PAP_NONE, "", false, pap_attrs },
	{ "push-message", PAP_PUSH, "address|quality-of-service", true, push_attrs },
	{ "cancel-message", PAP_CANCEL, "address", false, id_attrs },
	{ "statusquery-message", PAP_STATUSQUERY, "address", false, id_attrs },
	{ "ccq-message", PAP_CCQ, "address", true, ccq_attrs },
	{ "resultnotification-response", PAP_NOTIFICATION_RESPONSE, "address", false, note_response_attrs },
	{ "address", PAP_NONE, "", false, address_attrs },
	{ "quality-of-service", PAP_NONE, "", false, qos_attrs },
	/* responses: known by name, so that the answer can say what they are */
	{ "resultnotification-message", PAP_NOTIFICATION, NULL, false, any_attrs },
	{ "push-response", PAP_OTHER, NULL, false, any_attrs },
	{ "cancel-response", PAP_OTHER, NULL, false, any_attrs },
	{ "statusquery-response", PAP_OTHER, NULL, false, any_attrs },
	{ "ccq-response", PAP_OTHER, NULL, false, any_attrs },
	{ "badmessage-response", PAP_OTHER, NULL, false, any_attrs },
};

static const struct element_rule *
find_element(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof elements / sizeof elements[0]; i++)
		if (strcmp(elements[i].name, name) == 0)
			return &elements[i];
	return NULL;
}

/* Is `word` one of "a|b|c"? */
static bool
in_words(const char *words, const char *word)
{
	size_t n = strlen(word);
	const char *p;

	for (p = words; n > 0 && p != NULL; p = strchr(p, '|')) {
		if (*p == '|')
			p++;
		if (strncmp(p, word, n) == 0 && (p[n] == '|' || p[n] == '\0'))
			return true;
	}
	return false;
}

/* ---- parsing state ------------------------------------------------------------------------- */

struct parse {
	struct pap_control *c;
	const struct element_rule *message;	/* the rule of the message element */
	const struct element_rule *inside;	/* the child that is open, or NULL */
	unsigned depth, ignored;		/* ignored: depth inside unknown elements that are allowed */
	bool seen_message;
	size_t max_addresses, cap_addresses;
};

/* Note the first thing that is wrong with the document's meaning. */
static void __attribute__((format(printf, 2, 3)))
invalid(struct parse *p, const char *fmt, ...)
{
	char text[WHY_MAX + 1];
	va_list ap;

	if (p->c->invalid)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	p->c->invalid = true;
	why_set(&p->c->invalid_why, ERR_SYNTAX, "%s", text);
}

/* What PAP 2.x above 2.0 adds is unknown here and ignored (9.3). */
static bool
lenient(const struct parse *p)
{
	return p->c->version.major == 2 && p->c->version.minor > 0;
}

/* ---- DOCTYPE and wap-pap-ver ----------------------------------------------------------------- */

/* "2.0" or "2.*" at *s; false when there is none. */
static bool
read_version(const char **s, struct pap_version *v)
{
	const char *p = *s;
	unsigned major = 0, minor = 0;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9' && major < 100; p++)
		major = major * 10 + (unsigned)(*p - '0');
	if (*p++ != '.')
		return false;
	if (*p == '*') {
		minor = PAP_MINOR_ANY;
		p++;
	} else {
		if (*p < '0' || *p > '9')
			return false;
		for (; *p >= '0' && *p <= '9' && minor < 20; p++)
			minor = minor * 10 + (unsigned)(*p - '0');
	}
	*v = (struct pap_version){ (uint8_t)major, (uint8_t)minor };
	*s = p;
	return true;
}

struct pap_version
pap_version_parse(const char *text)
{
	struct pap_version v;

	if (!read_version(&text, &v) || v.minor == PAP_MINOR_ANY)
		return (struct pap_version){ 1, 0 };
	return v;
}

/*
 * The public identifier carries the version; "DTD PAP//EN" without one is taken for 1.0, and
 * spellings with fewer slashes are taken as they are meant.
 */
static int
on_doctype(void *ctx, const char *name, const char *public_id, const char *system_id, struct why *why)
{
	struct parse *p = ctx;
	const char *at;

	if (strcmp(name, "pap") != 0)
		return why_set(why, ERR_SYNTAX, "document type is %.40s, not pap", name);
	if (public_id == NULL)
		return OK;
	at = strstr(public_id, "DTD PAP");
	if (at == NULL)
		return why_set(why, ERR_SYNTAX, "public identifier names no PAP document type");
	at += strlen("DTD PAP");
	while (*at == ' ')
		at++;
	if (!read_version(&at, &p->c->version) || p->c->version.minor == PAP_MINOR_ANY)
		p->c->version = (struct pap_version){ 1, 0 };
	if (p->c->version.major > 1 || p->c->version.minor > 0)
		p->c->above_10 = true;
	return OK;
}

static int
on_instruction(void *ctx, const char *target, const char *data, bool in_doctype, struct why *why)
{
	struct parse *p = ctx;
	const char *s;
	char quote;

	if (strcmp(target, "wap-pap-ver") != 0 || (s = strstr(data, "supported-versions")) == NULL)
		return OK;
	s += strlen("supported-versions");
	while (*s == ' ' || *s == '=')
		s++;
	quote = *s;
	if (quote != '"' && quote != '\'')
		return OK;
	for (s++; *s != '\0' && *s != quote && p->c->n_known < PAP_VERSIONS_MAX;) {
		struct pap_version v;

		if (*s == ',' || *s == ' ') {
			s++;
			continue;
		}
		if (!read_version(&s, &v))
			break;
		p->c->known[p->c->n_known++] = v;
		if (v.major > 1 || (v.minor > 0 && v.minor != PAP_MINOR_ANY))
			p->c->above_10 = true;
	}
	return OK;
}

/* ---- attributes --------------------------------------------------------------------------------- */

static const char *
attr(const struct xml_attr *attrs, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(attrs[i].name, name) == 0)
			return attrs[i].value;
	return NULL;
}

static void
check_attrs(struct parse *p, const struct element_rule *rule, const struct xml_attr *attrs, size_t n)
{
	const struct attr_rule *r;
	size_t i;

	if (rule->attrs == any_attrs)
		return;
	for (i = 0; i < n; i++) {
		for (r = rule->attrs; r->name != NULL; r++)
			if (strcmp(r->name, attrs[i].name) == 0)
				break;
		if (r->name == NULL) {
			if (!lenient(p) && strncmp(attrs[i].name, "xmlns", 5) != 0)
				invalid(p, "%s: unknown attribute %.40s", rule->name, attrs[i].name);
		} else if (r->words != NULL && !in_words(r->words, attrs[i].value)) {
			invalid(p, "%s/%s: \"%.40s\" is none of %s", rule->name, r->name, attrs[i].value, r->words);
		}
	}
	for (r = rule->attrs; r->name != NULL; r++)
		if ((r->flags & REQUIRED) && attr(attrs, n, r->name) == NULL)
			invalid(p, "%s: no %s", rule->name, r->name);
}

static char *
copy(const char *s)
{
	return span_dup(span_str(s));
}

static char *
copy_text(struct parse *p, const struct xml_attr *attrs, size_t n, const char *name, size_t max)
{
	const char *v = attr(attrs, n, name);

	if (v == NULL)
		return NULL;
	if (strlen(v) > max) {
		invalid(p, "%s/%s: %zu octets, at most %zu are taken", p->c->name, name, strlen(v), max);
		return NULL;
	}
	return copy(v);
}

static void
read_time(struct parse *p, const struct xml_attr *attrs, size_t n, const char *name, time_t *out)
{
	const char *v = attr(attrs, n, name);

	if (v != NULL && clock_parse_iso(v, out) != OK)
		invalid(p, "push-message/%s: \"%.40s\" is no time of the form YYYY-MM-DDThh:mm:ssZ", name, v);
}

static void
read_push_id(struct parse *p, const struct xml_attr *attrs, size_t n)
{
	const char *v = attr(attrs, n, "push-id");

	if (v == NULL)
		return;
	if (strlen(v) > PAP_PUSH_ID_MAX)
		invalid(p, "%s/push-id: %zu octets, at most %d are taken", p->c->name, strlen(v), PAP_PUSH_ID_MAX);
	else if (text_has_control(span_str(v)))
		invalid(p, "%s/push-id: holds a control character", p->c->name);
	free(p->c->push_id);
	p->c->push_id = copy(v);
}

static void
read_message(struct parse *p, const struct xml_attr *attrs, size_t n)
{
	struct pap_control *c = p->c;
	const char *v;

	read_push_id(p, attrs, n);
	if (c->message == PAP_PUSH) {
		c->replace_push_id = copy_text(p, attrs, n, "replace-push-id", PAP_PUSH_ID_MAX);
		v = attr(attrs, n, "replace-method");
		c->replace_pending_only = v != NULL && strcmp(v, "pending-only") == 0;
		c->notify_url = copy_text(p, attrs, n, "ppg-notify-requested-to", PAP_URL_MAX);
		c->source_reference = copy_text(p, attrs, n, "source-reference", PAP_TEXT_MAX);
		v = attr(attrs, n, "progress-notes-requested");
		c->progress_notes = v != NULL && strcmp(v, "true") == 0;
		read_time(p, attrs, n, "deliver-before-timestamp", &c->deliver_before);
		read_time(p, attrs, n, "deliver-after-timestamp", &c->deliver_after);
	} else if (c->message == PAP_CCQ) {
		c->query_id = copy_text(p, attrs, n, "query-id", PAP_TEXT_MAX);
		c->app_id = copy_text(p, attrs, n, "app-id", PAP_TEXT_MAX);
	} else if (c->message == PAP_NOTIFICATION_RESPONSE) {
		int64_t code = 0;

		v = attr(attrs, n, "code");
		if (v == NULL || text_number(v, 1000, 9999, &code) != OK)
			invalid(p, "resultnotification-response/code: not a PAP code");
		c->response_code = (int)code;
	}
}

static int
read_address(struct parse *p, const struct xml_attr *attrs, size_t n, struct why *why)
{
	struct pap_control *c = p->c;
	const char *v = attr(attrs, n, "address-value");

	if (c->n_addresses == p->max_addresses)
		return why_set(why, ERR_LIMIT, "more than %zu addresses", p->max_addresses);
	if (v == NULL)
		return OK;
	if (strlen(v) > PAP_ADDRESS_MAX) {
		invalid(p, "%s/address[%zu]: %zu octets, at most %d are taken", c->name, c->n_addresses + 1,
		    strlen(v), PAP_ADDRESS_MAX);
		return OK;
	}
	if (c->n_addresses == p->cap_addresses) {
		p->cap_addresses = p->cap_addresses ? p->cap_addresses * 2 : 4;
		c->addresses = realloc(c->addresses, p->cap_addresses * sizeof(char *));
		if (c->addresses == NULL)
			abort();
	}
	c->addresses[c->n_addresses++] = copy(v);
	return OK;
}

static void
read_qos(struct parse *p, const struct xml_attr *attrs, size_t n)
{
	struct pap_qos *q = &p->c->qos;
	const struct { const char *name; char *out; size_t size; const char *def; } texts[] = {
		{ "priority", q->priority, sizeof q->priority, "medium" },
		{ "delivery-method", q->delivery_method, sizeof q->delivery_method, "notspecified" },
		{ "network", q->network, sizeof q->network, "" },
		{ "bearer", q->bearer, sizeof q->bearer, "" },
	};
	const char *v;
	size_t i;

	if (q->present)
		invalid(p, "%s: more than one quality-of-service", p->c->name);
	*q = (struct pap_qos){ .present = true };
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		v = attr(attrs, n, texts[i].name);
		if (span_to_cstr(span_str(v != NULL ? v : texts[i].def), texts[i].out, texts[i].size) != OK)
			invalid(p, "quality-of-service/%s: longer than %zu octets", texts[i].name,
			    texts[i].size - 1);
	}
	v = attr(attrs, n, "network-required");
	q->network_required = v != NULL && strcmp(v, "true") == 0;
	v = attr(attrs, n, "bearer-required");
	q->bearer_required = v != NULL && strcmp(v, "true") == 0;
}

/* ---- elements -------------------------------------------------------------------------------------- */

static int
start_message(struct parse *p, const char *name, const struct element_rule *rule,
    const struct xml_attr *attrs, size_t n, struct why *why)
{
	struct pap_control *c = p->c;

	if (p->seen_message)
		return why_set(why, ERR_SYNTAX, "pap holds more than one message");
	if (rule == NULL || rule->message == PAP_NONE)
		return why_set(why, ERR_SYNTAX, "%.40s is no PAP message", name);
	p->seen_message = true;
	p->message = rule;
	c->message = rule->message;
	span_to_cstr(span_str(rule->name), c->name, sizeof c->name);
	check_attrs(p, rule, attrs, n);
	read_message(p, attrs, n);
	return OK;
}

static int
start_child(struct parse *p, const char *name, const struct element_rule *rule,
    const struct xml_attr *attrs, size_t n, struct why *why)
{
	bool known = rule != NULL && p->message->children != NULL && in_words(p->message->children, name);

	if (p->message->children == NULL) {	/* a message we only know by name */
		p->ignored = 1;
		return OK;
	}
	if (!known) {
		if (!lenient(p))
			invalid(p, "%s: unknown element %.40s", p->message->name, name);
		p->ignored = 1;
		return OK;
	}
	p->inside = rule;
	check_attrs(p, rule, attrs, n);
	if (strcmp(name, "address") == 0) {
		if (p->c->qos.present)
			invalid(p, "%s: address after quality-of-service", p->message->name);
		return read_address(p, attrs, n, why);
	}
	read_qos(p, attrs, n);
	return OK;
}

static int
on_start(void *ctx, const char *name, const struct xml_attr *attrs, size_t n, struct why *why)
{
	struct parse *p = ctx;
	const struct element_rule *rule = find_element(name);

	if (p->ignored > 0) {
		p->ignored++;
		return OK;
	}
	p->depth++;
	if (p->depth == 1) {
		if (strcmp(name, "pap") != 0)
			return why_set(why, ERR_SYNTAX, "root element is %.40s, not pap", name);
		check_attrs(p, rule, attrs, n);
		return OK;
	}
	if (p->depth == 2)
		return start_message(p, name, rule, attrs, n, why);
	if (p->depth == 3) {
		int err = start_child(p, name, rule, attrs, n, why);

		if (p->ignored > 0)
			p->depth--;
		return err;
	}
	p->depth--;
	p->ignored = 1;
	if (!lenient(p))
		invalid(p, "%s: holds an element %.40s", p->inside != NULL ? p->inside->name : "pap", name);
	return OK;
}

static int
on_end(void *ctx, const char *name, struct why *why)
{
	struct parse *p = ctx;

	if (p->ignored > 0) {
		p->ignored--;
		return OK;
	}
	if (p->depth == 3)
		p->inside = NULL;
	if (p->depth == 2 && p->message->needs_address && p->c->n_addresses == 0)
		invalid(p, "%s: no address", p->message->name);
	p->depth--;
	return OK;
}

static int
on_text(void *ctx, struct span text, struct why *why)
{
	struct parse *p = ctx;
	size_t i;

	for (i = 0; i < text.n; i++)
		if (strchr(" \t\r\n", text.p[i]) == NULL || text.p[i] == '\0') {
			if (p->ignored == 0 && !lenient(p))
				invalid(p, "text where only elements may stand");
			break;
		}
	return OK;
}

/* ---- entry --------------------------------------------------------------------------------------------- */

bool
pap_version_served(struct pap_version v)
{
	return v.major == 1 || v.major == 2;
}

int
pap_parse(struct span doc, const char *charset, size_t max_addresses, struct pap_control *c,
    struct why *why)
{
	static const struct xml_events events = { on_doctype, on_instruction, on_start, on_text, on_end };
	struct parse p = { .c = c, .max_addresses = max_addresses };
	int err;

	*c = (struct pap_control){ .version = { 2, 1 } };
	c->push_id = copy("");
	err = xml_parse(doc, charset, NULL, &events, &p, why);
	if (!pap_version_served(c->version))
		return why_set(why, ERR_UNSUPPORTED, "PAP %u.%u is not served, 1.x and 2.x are",
		    c->version.major, c->version.minor);
	if (err)
		return err;
	if (!p.seen_message)
		return why_set(why, ERR_SYNTAX, "pap holds no message");
	if (c->message == PAP_OTHER || c->message == PAP_NOTIFICATION)
		return why_set(why, ERR_SYNTAX, "%s is not a request to a gateway", c->name);
	return OK;
}

void
pap_control_done(struct pap_control *c)
{
	size_t i;

	for (i = 0; i < c->n_addresses; i++)
		free(c->addresses[i]);
	free(c->addresses);
	free(c->push_id);
	free(c->notify_url);
	free(c->source_reference);
	free(c->query_id);
	free(c->app_id);
	free(c->replace_push_id);
	*c = (struct pap_control){ 0 };
}

struct pap_version
pap_reply_version(const struct pap_control *c)
{
	size_t i;

	if (pap_version_served(c->version))
		return c->version;
	for (i = 0; i < c->n_known; i++) {
		struct pap_version v = c->known[i];

		if (!pap_version_served(v))
			continue;
		if (v.minor == PAP_MINOR_ANY)
			v.minor = v.major == 1 ? 0 : 1;
		return v;
	}
	return (struct pap_version){ 1, 0 };
}
