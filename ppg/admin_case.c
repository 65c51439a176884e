/*
 * admin_case.c - see admin_int.h: a push that the store keeps as a policy case, for `ppgctl policy explain --push-id`.
 * Read from the octets that go on air. Passwords, PINs, MACs and what a link leads to stay inside.
 */
#include "ppg/admin_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "policy/case_json.h"
#include "ppg/message_case.h"
#include "ppg/push_facts.h"
#include "ppg/signature.h"
#include "ppg/subscriber.h"

/* ---- which recipient -------------------------------------------------------------------------- */

/* The key of an address as it was submitted; ERR_SYNTAX. */
static int
key_of(const char *address, char key[ADDRESS_KEY_SIZE], struct why *why)
{
	struct wappush a;
	int err = address_parse(address, &a, why);

	if (err != OK && err != ERR_UNSUPPORTED)
		return ERR_SYNTAX;
	address_key(&a, true, key);
	return OK;
}

/* "+digits" alone is a number at the gateway that the first recipient's address names. */
static int
key_of_number(struct admin *admin, const char *pi, const char *push_id, const char *number,
    char key[ADDRESS_KEY_SIZE], struct why *why)
{
	struct store_view view;
	struct wappush a = { 0 };
	size_t n = strlen(number + 1);
	int err;

	if (n == 0 || n > ADDRESS_DIGITS_MAX || strspn(number + 1, "0123456789") != n)
		return why_set(why, ERR_SYNTAX, "+DIGITS or an address as it was submitted is expected");
	err = store_read_push(admin->reader, pi, push_id, 0, 1, &view);
	if (err != OK)
		return err;
	if (view.n > 0)
		address_parse(view.recipients[0].address, &a, NULL);
	store_view_done(&view);
	a.type = ADDRESS_PLMN;
	snprintf(a.type_name, sizeof a.type_name, "PLMN");
	snprintf(a.value, sizeof a.value, "%s", number);
	a.number = true;
	address_key(&a, true, key);
	return OK;
}

/* OK and the message, with the recipient's key; ERR_SYNTAX (address), ERR_SHORT (nobody has it), those of the store. */
static int
read_message(struct admin *admin, const char *pi, const char *push_id, char *address,
    struct store_message *m, char key[ADDRESS_KEY_SIZE], struct why *why)
{
	int err = OK;

	if (address != NULL && address[0] == ' ')	/* "+" of a query that was not escaped */
		address[0] = '+';
	if (address != NULL)
		err = address[0] == '+' ? key_of_number(admin, pi, push_id, address, key, why) : key_of(address, key, why);
	if (err == OK)
		err = store_read_message(admin->reader, pi, push_id, address != NULL ? key : NULL, m);
	if (err != OK)
		return err;
	if (m->push.n == 0 || m->push.recipients[0].state == 0) {
		store_message_done(m);
		return why_set(why, ERR_SHORT, "no recipient of this push has that address");
	}
	if (address == NULL && key_of(m->push.recipients[0].address, key, why) != OK)
		key[0] = '\0';
	return OK;
}

/* ---- what is said of it ------------------------------------------------------------------------- */

static int
priority_of(const struct store_message *m)
{
	json_t *meta = m->push.meta != NULL ? json_read(span_str(m->push.meta), NULL) : NULL;
	const char *word = json_text(meta, "qos");
	int priority = word == NULL ? STORE_MEDIUM : strcmp(word, "high") == 0 ? STORE_HIGH :
	    strcmp(word, "low") == 0 ? STORE_LOW : STORE_MEDIUM;

	json_decref(meta);
	return priority;
}

/* The address it was sent from, or would be, as links and routes are now; "" when that is for the system to choose. */
static void
find_sender(struct admin *admin, const struct store_message *m, const struct route_wish *wish, char *out, size_t size)
{
	const struct store_view_recipient *to = &m->push.recipients[0];
	struct admit_config *rules = admit_table_get(admin->cf.admit);
	struct routes *routes = route_table_get(rules->routes);
	const struct smsc_config *used = to->link != NULL ? routes_find(routes, to->link) : NULL;
	const struct route_facts facts = route_facts_of(wish, priority_of(m), to->to,
	    used != NULL ? (time_t)to->event_time : clock_utc());
	const struct route_rule *rule = route_rules_find(routes_rules(routes), &facts);

	if (used == NULL)
		routes_sender_to(routes, wish, &facts, out, size);
	else if (rule != NULL && rule->source_addr[0] != '\0' && route_rule_place(rule, used->smsc_id) != NULL)
		snprintf(out, size, "%s", rule->source_addr);
	else
		snprintf(out, size, "%s", used->source_addr);
	routes_unref(routes);
	admit_config_unref(rules);
}

/* The device, and whether anybody knows it; null when not even the default profile can be read. */
static json_t *
device_json(struct admin *admin, const struct subscriber *sub, bool *known)
{
	struct policy_device *dev = calloc(1, sizeof *dev);
	json_t *o = NULL;
	struct why why;

	if (dev == NULL)
		abort();
	if (subscribers_device(admin->cf.subscribers, admin->reader, sub, dev, known, &why) == OK)
		o = policy_device_json(dev);
	else
		*known = false;
	free(dev);
	return o != NULL ? o : json_null();
}

static json_t *
message_json(const struct push_facts *f, const struct store_message *m, const char *bearer, const char *from,
    const char *imsi, struct why *why)
{
	static const char erased_mac[] = "0000000000000000000000000000000000000000";
	const char *media = f->info.type.media;
	/* its own MAC was erased with the rest; it did have one */
	bool had_own = m->erased && signature_wanted(f->headers).sec != PROV_SEC_NONE;
	const struct message_head head = {
		.bearer = bearer,
		.from = from[0] != '\0' ? from : NULL,
		.media = media,
		.app_id = f->info.app_id,
		.initiator_uri = f->info.initiator_uri,
		.push_flag = f->info.push_flag,
		.sec = f->kind == CONTENT_PROV ? wsp_content_type_param(&f->info.type, "SEC") : NULL,
		.mac = f->kind != CONTENT_PROV ? NULL : had_own ? erased_mac : f->mac,
		.mac_wrong = !m->erased && imsi[0] != '\0' && f->sec == PROV_SEC_NETWPIN && f->mac != NULL &&
		    !push_facts_netwpin_fits(f, imsi),
	};
	json_t *message;

	if (media[0] == '\0') {
		*why = f->problem;
		return NULL;
	}
	message = message_case(&head, why);
	if (message != NULL && !m->erased &&
	    message_case_body(message, media, sbuf_as_span(&m->body), true, why) != OK) {
		json_decref(message);
		return NULL;
	}
	return message;
}

static bool
has_ef_imsi(struct admin *admin)
{
	struct admit_config *rules = admit_table_get(admin->cf.admit);
	bool ef_imsi = rules->dm_ef_imsi;

	admit_config_unref(rules);
	return ef_imsi;
}

static json_t *
case_json(struct admin *admin, const struct store_message *m, const char *key, struct why *why)
{
	const struct store_view_recipient *to = &m->push.recipients[0];
	struct span headers = sbuf_as_span(&m->headers), own = { 0 };
	struct push_facts *facts;
	struct subscriber sub = { 0 };
	bool found = false, known = false;
	struct route_wish wish;
	char from[64];
	json_t *message, *o = NULL;

	if (key[0] != '\0' && subscribers_any(admin->cf.subscribers, admin->reader))
		found = subscribers_find(admin->cf.subscribers, admin->reader, key, to->to, &sub) == SUBSCRIBER_FOUND;
	/* what is signed when it is due is shown as it will be */
	if (!m->erased && signature_complete(headers, sbuf_as_span(&m->body), has_ef_imsi(admin), found ? &sub : NULL, &own,
	    NULL) == OK && own.n > 0)
		headers = own;
	facts = push_facts_read(headers, sbuf_as_span(&m->body));
	route_wish_read(sbuf_as_span(&m->route), &wish);
	find_sender(admin, m, &wish, from, sizeof from);
	message = message_json(facts, m, wish.ip ? "ip" : "sms", from, sub.imsi, why);
	if (message != NULL) {
		o = json_object();
		json_object_set_new(o, "push_id", json_span(span_str(m->push.push_id)));
		json_object_set_new(o, "initiator", json_string(m->push.pi));
		json_object_set_new(o, "address", json_span(span_str(to->address)));
		json_object_set_new(o, "device", device_json(admin, found ? &sub : NULL, &known));
		json_object_set_new(o, "device_known", json_boolean(known));
		json_object_set_new(o, "message", message);
		json_object_set_new(o, "erased", json_boolean(m->erased));
		if (m->erased)
			json_object_set_new(o, "note", json_string("the content was erased when the push ended"));
	}
	subscriber_done(&sub);
	push_facts_free(&facts);
	free((void *)(uintptr_t)own.p);
	return o;
}

void
admin_case(struct admin *admin, struct http_request *rq, const char *rest)
{
	char *push_id = http_request_param(rq, "push-id"), *pi = http_request_param(rq, "initiator");
	char *address = http_request_param(rq, "address"), key[ADDRESS_KEY_SIZE];
	struct store_message m;
	struct why why = { 0 };
	json_t *o;
	int err;

	if (push_id == NULL || push_id[0] == '\0') {
		admin_error(rq, 400, "push-id is needed: /api/v1/case?push-id=ID");
	} else if ((err = read_message(admin, pi, push_id, address, &m, key, &why)) == ERR_SYNTAX) {
		admin_error(rq, 400, "address: %s", why.text);
	} else if (err == ERR_SHORT) {
		admin_error(rq, 404, "%s", why.text);
	} else if (err != OK) {
		admin_read_failed(rq, err, "no such push");
	} else {
		o = case_json(admin, &m, key, &why);
		if (o != NULL)
			admin_json(rq, 200, o);
		else
			admin_error(rq, 422, "the message cannot be read: %s", why.text);
		store_message_done(&m);
	}
	free(push_id);
	free(pi);
	free(address);
}
