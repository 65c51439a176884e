/*
 * registry.c - clients of a push router: registration, routing, messages that wait for a client.
 * Facts: device policies 5.2 (order of precedence), 5.3 (calls and results).
 */
#include "router/router_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

struct router_client {
	struct registration *reg;	/* NULL: it was unregistered */
	void (*wake)(void *arg);
	void *arg;
};

static void *
must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

const char *
router_code_name(enum router_code code)
{
	switch (code) {
	case ROUTER_OK:
		return "S_OK";
	case ROUTER_E_ALREADY_OPENED:
		return "PUSHRTR_E_ALREADYOPENED";
	case ROUTER_S_NO_MESSAGES_PENDING:
		return "PUSHRTR_S_NOMESSAGESPENDING";
	case ROUTER_E_ALREADY_REGISTERED:
		return "PUSHRTR_E_ALREADYREGISTERED";
	case ROUTER_E_NOT_FOUND:
		return "PUSHRTR_E_NOTFOUND";
	case ROUTER_E_EXCEPTION:
		return "PUSHRTR_E_EXCEPTION";
	}
	return "unknown";
}

/* ---- registrations ------------------------------------------------------------------------------ */

static bool
same_pair(const struct policy_client *c, const char *content_type, const char *app_id)
{
	return strcasecmp(c->content_type, content_type) == 0 && strcasecmp(c->app_id, app_id) == 0;
}

static struct registration **
find(struct router *r, const char *content_type, const char *app_id)
{
	struct registration **at = &r->registrations;

	while (*at != NULL && !same_pair(&(*at)->key, content_type, app_id))
		at = &(*at)->next;
	return at;
}

static bool
is_name(const char *s)
{
	return s != NULL && strlen(s) < sizeof ((struct policy_client *)0)->app_id &&
	    !text_has_control(span_str(s));
}

enum router_code
router_register(struct router *r, const char *content_type, const char *app_id,
    void (*take)(void *arg, const struct router_path *path, const struct router_result *res), void *arg)
{
	struct registration **at, *reg;

	if (!is_name(content_type) || !is_name(app_id) ||
	    (content_type[0] == '\0' && app_id[0] == '\0') ||
	    r->n_registrations == ROUTER_REGISTRATIONS_MAX ||
	    r->dev.policy.n_clients + r->n_registrations >= POLICY_CLIENTS_MAX)
		return ROUTER_E_EXCEPTION;
	at = find(r, content_type, app_id);
	if (*at != NULL)
		return ROUTER_E_ALREADY_REGISTERED;
	reg = must(calloc(1, sizeof *reg));
	snprintf(reg->key.content_type, sizeof reg->key.content_type, "%s", content_type);
	snprintf(reg->key.app_id, sizeof reg->key.app_id, "%s", app_id);
	policy_client_name(content_type, app_id, reg->key.name, sizeof reg->key.name);
	reg->take = take;
	reg->arg = arg;
	reg->last = &reg->first;
	*at = reg;
	r->n_registrations++;
	return ROUTER_OK;
}

static void
registration_free(struct registration *reg)
{
	while (reg->first != NULL) {
		struct router_push *push = reg->first;

		reg->first = push->next;
		router_free_message(&push);
	}
	if (reg->open)
		reg->open->reg = NULL;
	free(reg);
}

enum router_code
router_unregister(struct router *r, const char *content_type, const char *app_id)
{
	struct registration **at, *reg;

	if (!is_name(content_type) || !is_name(app_id))
		return ROUTER_E_EXCEPTION;
	at = find(r, content_type, app_id);
	reg = *at;
	if (reg == NULL)
		return ROUTER_E_NOT_FOUND;
	*at = reg->next;
	r->n_registrations--;
	registration_free(reg);
	return ROUTER_OK;
}

void
registry_done(struct router *r)
{
	while (r->registrations != NULL) {
		struct registration *reg = r->registrations;

		r->registrations = reg->next;
		registration_free(reg);
	}
	r->n_registrations = 0;
}

/* ---- routing ---------------------------------------------------------------------------------------- */

void
registry_lend(struct router *r)
{
	struct policy_device *dev = &r->dev.policy;
	const struct registration *reg;

	r->own_clients = dev->n_clients;
	for (reg = r->registrations; reg != NULL && dev->n_clients < POLICY_CLIENTS_MAX; reg = reg->next)
		dev->clients[dev->n_clients++] = reg->key;
}

static const struct policy_client *
client_of_pair(const struct policy_device *dev, const char *content_type, const char *app_id)
{
	size_t i;

	for (i = 0; i < dev->n_clients; i++) {
		if (same_pair(&dev->clients[i], content_type, app_id))
			return &dev->clients[i];
	}
	return NULL;
}

/* As stage 8 of a decision finds it: the pair, the application id alone, the content type alone. */
static const struct policy_client *
client_of(const struct policy_device *dev, const char *content_type, const char *app_id)
{
	const struct policy_client *c = client_of_pair(dev, content_type, app_id);

	if (c == NULL && app_id[0] != '\0')
		c = client_of_pair(dev, "", app_id);
	return c ? c : client_of_pair(dev, content_type, "");
}

void
registry_find_taker(struct router *r, const struct policy_message *msg,
    const struct policy_decision *d)
{
	struct policy_device *dev = &r->dev.policy;
	const struct policy_client *c = NULL;

	r->taker = NULL;
	if (policy_accepted(d))
		c = client_of(dev, msg->content_type, msg->app_id ? msg->app_id : "");
	if (c != NULL)
		r->taker = *find(r, c->content_type, c->app_id);
	dev->n_clients = r->own_clients;
}

/* ---- messages that wait ------------------------------------------------------------------------------- */

/* A value that holds a line end would make lines of its own. */
static void
add_header(struct sbuf *out, const char *name, struct span value)
{
	if (!text_has_control(value) && !text_has_control(span_str(name)))
		sbuf_fmt(out, "%s: %.*s\r\n", name, (int)value.n, (const char *)value.p);
}

static void
add_content_type(struct sbuf *out, const struct wsp_content_type *type)
{
	struct sbuf value = { 0 };
	size_t i;

	sbuf_str(&value, type->media);
	for (i = 0; i < type->n_params; i++) {
		if (strcasecmp(type->params[i].name, "MAC") != 0)
			sbuf_fmt(&value, "; %s=%s", type->params[i].name, type->params[i].value);
	}
	add_header(out, "Content-Type", sbuf_as_span(&value));
	sbuf_done(&value);
}

static char *
headers_text(const struct router *r)
{
	struct sbuf out = { 0 }, name = { 0 }, value = { 0 };
	struct wsp_walk walk;
	struct wsp_header h;

	add_content_type(&out, &r->info.type);
	wsp_walk_start(&walk, r->push.headers);
	while (wsp_walk_next(&walk, &h)) {
		sbuf_clear(&name);
		sbuf_clear(&value);
		wsp_header_name(&h, &name);
		if (wsp_header_value(&h, &value, NULL) == OK && name.n > 0)
			add_header(&out, name.s, sbuf_as_span(&value));
	}
	sbuf_done(&name);
	sbuf_done(&value);
	return sbuf_take(&out);
}

static void
let_wait(struct router *r, struct registration *reg, const struct router_path *path,
    const struct router_result *res)
{
	struct router_push *push = must(calloc(1, sizeof *push));

	push->headers = headers_text(r);
	push->body = must(malloc(res->body.n + 1));
	push->n_body = res->body.n;
	if (res->body.n > 0)
		memcpy(push->body, res->body.p, res->body.n);
	push->roles = res->decision.has_effective ? res->decision.effective : res->decision.mask;
	push->from = must(strdup(path->from));
	*reg->last = push;
	reg->last = &push->next;
	reg->n++;
	if (reg->open && reg->open->wake)
		reg->open->wake(reg->open->arg);
}

void
registry_hand_over(struct router *r, const struct router_path *path, const struct router_result *res)
{
	struct registration *reg = res->is_push ? r->taker : NULL;

	r->taker = NULL;
	if (reg == NULL)
		return;
	if (reg->take == NULL && reg->n >= r->limits.queue) {
		r->stats.lost++;
		return;
	}
	r->stats.handed++;
	if (reg->take)
		reg->take(reg->arg, path, res);
	else
		let_wait(r, reg, path, res);
}

/* ---- handles ---------------------------------------------------------------------------------------------- */

enum router_code
router_open(struct router *r, const char *content_type, const char *app_id, void (*wake)(void *arg),
    void *arg, struct router_client **out)
{
	struct registration *reg;

	*out = NULL;
	if (!is_name(content_type) || !is_name(app_id))
		return ROUTER_E_EXCEPTION;
	reg = *find(r, content_type, app_id);
	if (reg == NULL || reg->take != NULL)
		return ROUTER_E_NOT_FOUND;
	if (reg->open != NULL)
		return ROUTER_E_ALREADY_OPENED;
	*out = must(calloc(1, sizeof **out));
	**out = (struct router_client){ reg, wake, arg };
	reg->open = *out;
	return ROUTER_OK;
}

enum router_code
router_get_message(struct router_client *c, struct router_push **out)
{
	struct registration *reg = c->reg;

	*out = NULL;
	if (reg == NULL)
		return ROUTER_E_NOT_FOUND;
	if (reg->first == NULL)
		return ROUTER_S_NO_MESSAGES_PENDING;
	*out = reg->first;
	reg->first = reg->first->next;
	if (reg->first == NULL)
		reg->last = &reg->first;
	reg->n--;
	(*out)->next = NULL;
	return ROUTER_OK;
}

void
router_free_message(struct router_push **pp)
{
	struct router_push *push = *pp;

	if (push == NULL)
		return;
	free(push->headers);
	free(push->body);
	free(push->from);
	free(push);
	*pp = NULL;
}

void
router_close(struct router_client **cp)
{
	struct router_client *c = *cp;

	if (c == NULL)
		return;
	if (c->reg)
		c->reg->open = NULL;
	free(c);
	*cp = NULL;
}
