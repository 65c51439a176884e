/*
 * pap_parse.c - the control entity of a request, validated against a built-in model of the DTD.
 * Spec: WAP-247-PAP 8 and 11 (elements), 9 (versions).
 *
 * What is wrong with the XML stops the parser. What is wrong with the DTD or a value is noted and
 * parsing goes on, because the answer wants the push-id, which may come later.
 */
#include "ppg/pap_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xml.h"

/* ---- the model --------------------------------------------------------------------------- */

enum { REQUIRED = 1, SINCE_20 = 2 };

static const char *const methods[] = { "all", "pending-only", NULL };
static const char *const booleans[] = { "true", "false", NULL };
static const char *const priorities[] = { "high", "medium", "low", NULL };
static const char *const deliveries[] = { "confirmed", "preferconfirmed", "unconfirmed", "notspecified", NULL };

struct attr_rule {
	const char *name;
	unsigned flags;
	const char *const *words;	/* enumeration, or NULL */
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
	{ "replace-push-id", SINCE_20, NULL },
	{ "replace-method", SINCE_20, methods },
	{ "deliver-before-timestamp", 0, NULL },
	{ "deliver-after-timestamp", 0, NULL },
	{ "source-reference", 0, NULL },
	{ "ppg-notify-requested-to", 0, NULL },
	{ "progress-notes-requested", 0, booleans },
	{ NULL, 0, NULL }
};
static const struct attr_rule address_attrs[] = {
	{ "address-value", REQUIRED, NULL }, { NULL, 0, NULL }
};
static const struct attr_rule qos_attrs[] = {
	{ "priority", 0, priorities },
	{ "delivery-method", 0, deliveries },
	{ "network", 0, NULL },
	{ "network-required", 0, booleans },
	{ "bearer", 0, NULL },
	{ "bearer-required", 0, booleans },
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

/* Is `name` one of "a|b|c"? */
static bool
in_names(const char *names, const char *name)
{
	size_t n = strlen(name);
	const char *p;

	for (p = names; n > 0 && p != NULL; p = strchr(p, '|')) {
		if (*p == '|')
			p++;
		if (strncmp(p, name, n) == 0 && (p[n] == '|' || p[n] == '\0'))
			return true;
	}
	return false;
}

/* ---- parsing state ------------------------------------------------------------------------- */

struct parse {
	struct pap_control *c;
	const struct pap_leniency *l;
	const struct element_rule *message;	/* the rule of the message element */
	const struct element_rule *inside;	/* the child that is open, or NULL */
	unsigned depth, ignored;		/* ignored: depth inside unknown elements that are allowed */
	bool seen_message, has_version;
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

/* What a newer minor version adds is unknown here and ignored (9.3). */
static bool
may_add(const struct parse *p)
{
	return pap_version_extended(p->c->version);
}

/* Does the version of the document have that attribute? */
static bool
in_version(const struct parse *p, const struct attr_rule *r)
{
	return !(r->flags & SINCE_20) || p->c->version.major >= 2;
}

static int
on_doctype(void *ctx, const char *name, const char *public_id, const char *system_id, struct why *why)
{
	struct parse *p = ctx;

	p->has_version = public_id != NULL;
	return pap_read_doctype(p->c, p->l, name, public_id, system_id, why);
}

static int
on_instruction(void *ctx, const char *target, const char *data, bool in_doctype, struct why *why)
{
	struct parse *p = ctx;

	pap_read_instruction(p->c, p->l, target, data, in_doctype);
	return OK;
}

/* Past the place where a DOCTYPE may stand. */
static int
need_version(struct parse *p, struct why *why)
{
	if (p->has_version)
		return OK;
	if (!p->l->no_doctype)
		return why_set(why, ERR_SYNTAX, "no DOCTYPE with a public identifier");
	p->c->version = pap_version_newest();
	return OK;
}

/* ---- attributes --------------------------------------------------------------------------------- */

/* The word of the DTD that `value` is, or NULL. */
static const char *
find_word(const struct parse *p, const char *const *words, const char *value)
{
	for (; *words != NULL; words++)
		if (strcmp(*words, value) == 0 || (p->l->word_case && strcasecmp(*words, value) == 0))
			return *words;
	return NULL;
}

/* An attribute that was given as one of its words; NULL without it, or when it is none of them. */
static const char *
word(const struct parse *p, const struct xml_attr *attrs, size_t n, const char *name, const char *const *words)
{
	const char *value = xml_attr_get(attrs, n, name);

	return value != NULL ? find_word(p, words, value) : NULL;
}

static bool
is_true(const struct parse *p, const struct xml_attr *attrs, size_t n, const char *name)
{
	const char *value = word(p, attrs, n, name, booleans);

	return value != NULL && strcmp(value, "true") == 0;
}

static void
check_attr(struct parse *p, const struct element_rule *rule, const struct xml_attr *a)
{
	const struct attr_rule *r = rule->attrs;
	char words[80] = "";
	size_t i;

	while (r->name != NULL && strcmp(r->name, a->name) != 0)
		r++;
	if (r->name == NULL || !in_version(p, r)) {
		if (!may_add(p) && strncmp(a->name, "xmlns", 5) != 0)
			invalid(p, r->name == NULL ? "%s: unknown attribute %.40s" :
			    "%s: attribute %.40s came with PAP 2.0", rule->name, a->name);
	} else if (r->words != NULL && find_word(p, r->words, a->value) == NULL) {
		for (i = 0; r->words[i] != NULL; i++)
			snprintf(words + strlen(words), sizeof words - strlen(words), "%s%s", i > 0 ? ", " : "",
			    r->words[i]);
		invalid(p, "%s/%s: \"%.40s\" is none of %s", rule->name, r->name, a->value, words);
	}
}

static void
check_attrs(struct parse *p, const struct element_rule *rule, const struct xml_attr *attrs, size_t n)
{
	const struct attr_rule *r;
	size_t i;

	if (rule->attrs == any_attrs)
		return;
	for (i = 0; i < n; i++)
		check_attr(p, rule, &attrs[i]);
	for (r = rule->attrs; r->name != NULL; r++)
		if ((r->flags & REQUIRED) && xml_attr_get(attrs, n, r->name) == NULL)
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
	const char *v = xml_attr_get(attrs, n, name);

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
	const char *v = xml_attr_get(attrs, n, name);

	if (v == NULL)
		return;
	if (clock_parse_iso(v, out) != OK)
		invalid(p, "push-message/%s: \"%.40s\" is no time of the form YYYY-MM-DDThh:mm:ssZ", name, v);
	else if (!p->l->time_case && (strchr(v, 'T') == NULL || strchr(v, 'Z') == NULL))
		invalid(p, "push-message/%s: \"%.40s\" has a small t or z", name, v);
	if (*out == 0)
		*out = 1;		/* 0 says that there is none; for 1970 a second is no matter */
}

static void
read_push_id(struct parse *p, const struct xml_attr *attrs, size_t n)
{
	const char *v = xml_attr_get(attrs, n, "push-id");

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
read_push(struct parse *p, const struct xml_attr *attrs, size_t n)
{
	struct pap_control *c = p->c;
	const char *v;

	if (c->version.major >= 2) {
		c->replace_push_id = copy_text(p, attrs, n, "replace-push-id", PAP_PUSH_ID_MAX);
		v = word(p, attrs, n, "replace-method", methods);
		c->replace_pending_only = v != NULL && strcmp(v, "pending-only") == 0;
	}
	c->notify_url = copy_text(p, attrs, n, "ppg-notify-requested-to", PAP_URL_MAX);
	c->source_reference = copy_text(p, attrs, n, "source-reference", PAP_TEXT_MAX);
	c->progress_notes = is_true(p, attrs, n, "progress-notes-requested");
	read_time(p, attrs, n, "deliver-before-timestamp", &c->deliver_before);
	read_time(p, attrs, n, "deliver-after-timestamp", &c->deliver_after);
}

static void
read_response_code(struct parse *p, const struct xml_attr *attrs, size_t n)
{
	const char *v = xml_attr_get(attrs, n, "code");
	int64_t code = 0;

	if (v == NULL || text_number(v, 1000, 5999, &code) != OK)
		invalid(p, "%s/code: not a PAP code", p->c->name);
	p->c->response_code = (int)code;
}

static void
read_message(struct parse *p, const struct xml_attr *attrs, size_t n)
{
	struct pap_control *c = p->c;

	read_push_id(p, attrs, n);
	switch (c->message) {
	case PAP_PUSH:
		read_push(p, attrs, n);
		break;
	case PAP_CCQ:
		c->query_id = copy_text(p, attrs, n, "query-id", PAP_TEXT_MAX);
		c->app_id = copy_text(p, attrs, n, "app-id", PAP_TEXT_MAX);
		break;
	case PAP_NOTIFICATION_RESPONSE:
		read_response_code(p, attrs, n);
		break;
	case PAP_OTHER:
		if (strcmp(c->name, "badmessage-response") == 0)
			read_response_code(p, attrs, n);
		break;
	case PAP_NONE:
	case PAP_CANCEL:
	case PAP_STATUSQUERY:
	case PAP_NOTIFICATION:
		break;
	}
}

static int
read_address(struct parse *p, const struct xml_attr *attrs, size_t n, struct why *why)
{
	struct pap_control *c = p->c;
	const char *v = xml_attr_get(attrs, n, "address-value");

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
	const char *priority = word(p, attrs, n, "priority", priorities);
	const char *delivery = word(p, attrs, n, "delivery-method", deliveries);
	const struct { const char *name; char *out; size_t size; } names[] = {
		{ "network", q->network, sizeof q->network }, { "bearer", q->bearer, sizeof q->bearer },
	};
	size_t i;

	if (q->present)
		invalid(p, "%s: more than one quality-of-service", p->c->name);
	*q = (struct pap_qos){ .present = true };
	snprintf(q->priority, sizeof q->priority, "%s", priority != NULL ? priority : "medium");
	snprintf(q->delivery_method, sizeof q->delivery_method, "%s", delivery != NULL ? delivery : "notspecified");
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *v = xml_attr_get(attrs, n, names[i].name);

		if (v != NULL && span_to_cstr(span_str(v), names[i].out, names[i].size) != OK)
			invalid(p, "quality-of-service/%s: longer than %zu octets", names[i].name,
			    names[i].size - 1);
	}
	q->network_required = is_true(p, attrs, n, "network-required");
	q->bearer_required = is_true(p, attrs, n, "bearer-required");
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
	bool known = rule != NULL && p->message->children != NULL && in_names(p->message->children, name);

	if (p->message->children == NULL) {	/* a message we only know by name */
		p->ignored = 1;
		return OK;
	}
	if (!known) {
		if (!may_add(p))
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
	int err;

	if (p->depth == 0 && p->ignored == 0) {
		err = need_version(p, why);
		if (err)
			return err;
	}
	/* of a version that is not served only the form is looked at */
	if (p->ignored > 0 || !pap_version_served(p->c->version)) {
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
		err = start_child(p, name, rule, attrs, n, why);
		if (p->ignored > 0)
			p->depth--;
		return err;
	}
	p->depth--;
	p->ignored = 1;
	if (!may_add(p))
		invalid(p, "%s: holds an element %.40s", p->inside != NULL ? p->inside->name : "pap", name);
	return OK;
}

/* At the end of the message: as many addresses as it must have. */
static void
count_addresses(struct parse *p)
{
	bool response = p->c->message == PAP_NOTIFICATION_RESPONSE && !p->l->response_address;

	if (p->c->n_addresses == 0 && (p->message->needs_address || response))
		invalid(p, "%s: no address", p->message->name);
	if (p->c->n_addresses > 1 && (p->c->message == PAP_CCQ || response))
		invalid(p, "%s: more than one address", p->message->name);
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
	if (p->depth == 2)
		count_addresses(p);
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
			if (p->ignored == 0 && !may_add(p))
				invalid(p, "text where only elements may stand");
			break;
		}
	return OK;
}

/* ---- entry --------------------------------------------------------------------------------------------- */

int
pap_parse(struct span doc, const char *charset, size_t max_addresses, const struct pap_leniency *l,
    struct pap_control *c, struct why *why)
{
	static const struct xml_events events = { on_doctype, on_instruction, on_start, on_text, on_end };
	static const struct pap_leniency none;
	struct parse p = { .c = c, .l = l != NULL ? l : &none, .max_addresses = max_addresses };
	int err;

	*c = (struct pap_control){ 0 };
	c->push_id = copy("");
	err = xml_parse(doc, charset, NULL, &events, &p, why);
	if (err)
		return err;
	if (!pap_version_served(c->version))
		return why_set(why, ERR_UNSUPPORTED, "PAP %u.%u is not served, 1.x and 2.x are",
		    c->version.major, c->version.minor);
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
