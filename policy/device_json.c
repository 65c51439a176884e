/* device_json.c - a device as JSON, see case_json.h. */
#include "policy/case_json.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/kinds.h"
#include "policy/member.h"

static int
read_policies(json_t *obj, struct policy_device *dev, struct why *why)
{
	const char *name;
	json_t *v;

	if (obj != NULL && !json_is_object(obj))
		return why_set(why, ERR_SYNTAX, "policies: an object is expected");
	json_object_foreach(obj, name, v) {
		char text[32];
		const char *s = json_string_value(v);
		uint32_t value;
		int64_t id;
		int err;

		if (text_number(name, 0, UINT32_MAX, &id) != OK)
			return why_set(why, ERR_SYNTAX, "policies: \"%.32s\" is no policy id", name);
		if (json_is_integer(v)) {
			snprintf(text, sizeof text, "%lld", (long long)json_integer_value(v));
			s = text;
		}
		err = policy_value_parse((uint32_t)id, s ? s : "", &value, why);
		if (err == OK)
			err = policy_set(dev, (uint32_t)id, value, why);
		if (err != OK)
			return err;
	}
	return OK;
}

static int
read_metabase(json_t *obj, struct policy_device *dev, struct why *why)
{
	const char *path;
	json_t *v;

	if (obj != NULL && !json_is_object(obj))
		return why_set(why, ERR_SYNTAX, "metabase: an object is expected");
	json_object_foreach(obj, path, v) {
		uint32_t mask = 0;
		int err = member_mask(obj, path, &mask, why);

		if (err == OK)
			err = policy_set_access(dev, path, mask, why);
		if (err != OK)
			return err;
	}
	return OK;
}

static const struct member_word physical_pushes[] = { { "inherited", PUSH_INHERITED },
	{ "off", PUSH_OFF }, { "on", PUSH_ON }, { NULL, 0 } };

static int
read_proxy(json_t *obj, struct policy_device *dev, struct why *why)
{
	static const struct member_word types[] = { { "E164", 0 }, { "IPv4", 1 }, { NULL, 0 } };
	struct policy_proxy *p = &dev->proxies[dev->n_proxies];
	int ipv4 = 0, push = PUSH_INHERITED, err = OK;

	if (dev->n_proxies == POLICY_PROXIES_MAX)
		return why_set(why, ERR_LIMIT, "proxies: at most %d", POLICY_PROXIES_MAX);
	*p = (struct policy_proxy){ 0 };
	if (!json_is_object(obj))
		err = why_set(why, ERR_SYNTAX, "an object is expected");
	if (err == OK)
		err = member_need(obj, "address", why);
	if (err == OK)
		err = member_copy(obj, "address", p->address, sizeof p->address, why);
	if (err == OK)
		err = member_copy(obj, "id", p->id, sizeof p->id, why);
	if (err == OK)
		err = member_word(obj, "type", types, &ipv4, why);
	if (err == OK)
		err = member_bool(obj, "trust", &p->trust, why);
	if (err == OK)
		err = member_bool(obj, "push", &p->push, why);
	if (err != OK)
		return err;
	p->ipv4 = ipv4;
	p->logical_push = p->push;
	err = member_copy(obj, "physical_id", p->physical_id, sizeof p->physical_id, why);
	if (err == OK)
		err = member_word(obj, "physical_push", physical_pushes, &push, why);
	if (err == OK)
		err = member_bool(obj, "logical_push", &p->logical_push, why);
	if (err != OK)
		return err;
	p->physical_push = (enum policy_push)push;
	dev->n_proxies++;
	return OK;
}

static int
read_client(json_t *obj, struct policy_device *dev, struct why *why)
{
	struct policy_client c = { "", "", "" };
	int err = OK;

	if (!json_is_object(obj))
		err = why_set(why, ERR_SYNTAX, "an object is expected");
	if (err == OK)
		err = member_copy(obj, "content_type", c.content_type, sizeof c.content_type, why);
	if (err == OK)
		err = member_copy(obj, "app_id", c.app_id, sizeof c.app_id, why);
	if (err == OK)
		err = member_copy(obj, "name", c.name, sizeof c.name, why);
	if (err != OK)
		return err;
	if (c.name[0] == '\0')
		policy_client_name(c.content_type, c.app_id, c.name, sizeof c.name);
	return policy_add_client(dev, c.content_type, c.app_id, c.name, why);
}

/* Every element of an array through `read`; errors say which. */
static int
read_list(json_t *list, const char *name, struct policy_device *dev,
    int (*read)(json_t *obj, struct policy_device *dev, struct why *why), struct why *why)
{
	json_t *v;
	size_t i;

	if (list != NULL && !json_is_array(list))
		return why_set(why, ERR_SYNTAX, "%s: a list is expected", name);
	json_array_foreach(list, i, v) {
		int err = read(v, dev, why);

		if (err != OK) {
			why_prefix(why, "%s[%zu]", name, i);
			return err;
		}
	}
	return OK;
}

static int
read_clients(json_t *v, struct policy_device *dev, struct why *why)
{
	const char *s = json_string_value(v);

	if (v == NULL || (s != NULL && strcmp(s, "all") == 0))
		return OK;		/* those of the profile */
	if (!json_is_array(v))
		return why_set(why, ERR_SYNTAX, "clients: \"all\" or a list is expected");
	dev->n_clients = 0;
	return read_list(v, "clients", dev, read_client, why);
}

static int
read_country_code(json_t *obj, struct policy_device *dev, struct why *why)
{
	int err = member_copy(obj, "country_code", dev->country_code, sizeof dev->country_code, why);

	if (err == OK && strspn(dev->country_code, "0123456789") != strlen(dev->country_code))
		err = why_set(why, ERR_SYNTAX, "country_code: digits are expected");
	return err;
}

static int
read_account(json_t *obj, struct policy_device *dev, struct why *why)
{
	struct policy_account *a = &dev->accounts[dev->n_accounts];
	int err = OK;

	if (dev->n_accounts == POLICY_ACCOUNTS_MAX)
		return why_set(why, ERR_LIMIT, "accounts: at most %d", POLICY_ACCOUNTS_MAX);
	*a = (struct policy_account){ 0 };
	if (!json_is_object(obj))
		err = why_set(why, ERR_SYNTAX, "an object is expected");
	if (err == OK)
		err = member_need(obj, "id", why);
	if (err == OK)
		err = member_copy(obj, "id", a->id, sizeof a->id, why);
	if (err == OK)
		err = member_mask(obj, "roles", &a->roles, why);
	dev->n_accounts += err == OK;
	return err;
}

/* The hash is not looked at: it is made of the certificate again. */
static int
read_root(json_t *obj, struct policy_device *dev, struct why *why)
{
	struct policy_root *root = &dev->roots[dev->n_roots];
	const char *text = NULL;
	int err = OK;

	if (dev->n_roots == POLICY_ROOTS_MAX)
		return why_set(why, ERR_LIMIT, "certificates: at most %d", POLICY_ROOTS_MAX);
	*root = (struct policy_root){ .store = "SPC" };
	if (!json_is_object(obj))
		err = why_set(why, ERR_SYNTAX, "an object is expected");
	if (err == OK)
		err = member_need(obj, "certificate", why);
	if (err == OK)
		err = member_text(obj, "certificate", &text, why);
	if (err == OK)
		err = member_copy(obj, "store", root->store, sizeof root->store, why);
	if (err == OK)
		err = member_mask(obj, "role", &root->mask, why);
	if (err == OK)
		err = policy_root_set(root, text, why);
	dev->n_roots += err == OK;
	return err;
}

static int
read_sender(json_t *obj, struct policy_device *dev, struct why *why)
{
	static const struct member_word types[] = { { "E164", 0 }, { "IPv4", 1 }, { NULL, 0 } };
	struct policy_sender *s = &dev->senders[dev->n_senders];
	int ipv4 = 0, err = OK;

	if (dev->n_senders == POLICY_SENDERS_MAX)
		return why_set(why, ERR_LIMIT, "senders: at most %d", POLICY_SENDERS_MAX);
	*s = (struct policy_sender){ .accept = true };
	if (!json_is_object(obj))
		err = why_set(why, ERR_SYNTAX, "an object is expected");
	if (err == OK)
		err = member_copy(obj, "address", s->address, sizeof s->address, why);
	if (err == OK)
		err = member_word(obj, "type", types, &ipv4, why);
	if (err == OK)
		err = member_bool(obj, "accept", &s->accept, why);
	if (err == OK)
		err = member_copy(obj, "app_id", s->app_id, sizeof s->app_id, why);
	if (err == OK)
		err = member_copy(obj, "content_type", s->content_type, sizeof s->content_type, why);
	s->ipv4 = ipv4;
	dev->n_senders += err == OK;
	return err;
}

static const struct member_word mode_words[] = { { "none", POLICY_MODE_NONE },
	{ "ignore", POLICY_MODE_IGNORE }, { "refuse", POLICY_MODE_REFUSE }, { "store", POLICY_MODE_STORE },
	{ "prompt", POLICY_MODE_PROMPT }, { "auto", POLICY_MODE_AUTO }, { "list", POLICY_MODE_LIST },
	{ "app", POLICY_MODE_APP }, { NULL, 0 } };
static const struct member_word rule_words[] = { { "none", POLICY_RULE_NONE },
	{ "refuse", POLICY_RULE_REFUSE }, { "prompt", POLICY_RULE_PROMPT }, { "pin", POLICY_RULE_PIN },
	{ "mac", POLICY_RULE_MAC }, { "mac+prompt", POLICY_RULE_MAC_PROMPT },
	{ "silent", POLICY_RULE_SILENT }, { "list", POLICY_RULE_LIST }, { NULL, 0 } };
static const struct member_word unknown_words[] = { { "auto", POLICY_MODE_AUTO },
	{ "prompt", POLICY_MODE_PROMPT }, { "refuse", POLICY_MODE_REFUSE }, { NULL, 0 } };
static const char *const signature_names[POLICY_SIGNATURES] = { "unsigned", "netwpin", "userpin",
	"usernetwpin", "userpinmac" };

static int
read_modes(json_t *obj, struct policy_device *dev, struct why *why)
{
	json_t *modes = member_get(obj, "modes"), *rules = member_get(obj, "signatures");
	int word, err = OK;
	size_t i;

	for (i = 0; err == OK && i < POLICY_KINDS; i++) {
		word = (int)dev->modes[i];
		err = member_word(modes, policy_kind_word((enum policy_kind)i), mode_words, &word, why);
		dev->modes[i] = (enum policy_mode)word;
	}
	for (i = 0; err == OK && i < POLICY_SIGNATURES; i++) {
		word = (int)dev->rules[i];
		err = member_word(rules, signature_names[i], rule_words, &word, why);
		dev->rules[i] = (enum policy_rule)word;
	}
	if (err != OK)
		return err;
	word = (int)dev->unknown_sender;
	err = member_word(obj, "unknown_sender", unknown_words, &word, why);
	dev->unknown_sender = (enum policy_mode)word;
	if (err == OK && member_get(obj, "senders"))
		dev->n_senders = 0;
	return err == OK ? read_list(member_get(obj, "senders"), "senders", dev, read_sender, why) : err;
}

static int
read_profile(json_t *obj, const struct policy_files *files, unsigned depth,
    struct policy_device *dev, struct why *why);

/* Everything but the profile. */
static int
read_device(json_t *obj, struct policy_device *dev, struct why *why)
{
	int err = read_policies(member_get(obj, "policies"), dev, why);

	if (err == OK)
		err = read_metabase(member_get(obj, "metabase"), dev, why);
	if (err == OK && member_get(obj, "proxies"))
		dev->n_proxies = 0;
	if (err == OK)
		err = read_list(member_get(obj, "proxies"), "proxies", dev, read_proxy, why);
	if (err == OK)
		err = read_clients(member_get(obj, "clients"), dev, why);
	if (err == OK)
		err = member_copy(obj, "provurl", dev->provurl, sizeof dev->provurl, why);
	if (err == OK)
		err = read_country_code(obj, dev, why);
	if (err == OK)
		err = member_bool(obj, "tps_needs_content_trust", &dev->tps_needs_content_trust, why);
	if (err == OK && member_get(obj, "accounts"))
		dev->n_accounts = 0;
	if (err == OK)
		err = read_list(member_get(obj, "accounts"), "accounts", dev, read_account, why);
	if (err == OK && member_get(obj, "certificates"))
		dev->n_roots = 0;
	if (err == OK)
		err = read_list(member_get(obj, "certificates"), "certificates", dev, read_root, why);
	return err == OK ? read_modes(obj, dev, why) : err;
}

static bool
is_object(struct span text)
{
	size_t i;

	for (i = 0; i < text.n && strchr(" \t\r\n", text.p[i]) != NULL; i++)
		;
	return i < text.n && text.p[i] == '{';
}

/* A device object in a file builds on another one, or on a profile. */
static int
read_object(const char *name, struct span text, const struct policy_files *files, unsigned depth,
    struct policy_device *dev, struct why *why)
{
	enum { DEPTH_MAX = 4 };
	json_t *obj;
	int err;

	if (depth == DEPTH_MAX)
		return why_set(why, ERR_LIMIT, "profiles build on each other more than %d times",
		    DEPTH_MAX);
	obj = json_read(text, why);
	err = obj ? read_profile(obj, files, depth + 1, dev, why) : ERR_SYNTAX;
	if (err == OK)
		err = read_device(obj, dev, why);
	json_decref(obj);
	if (err != OK)
		why_prefix(why, "%.60s", name);
	return err;
}

static int
read_named(const char *name, const struct policy_files *files, unsigned depth,
    struct policy_device *dev, struct why *why)
{
	struct sbuf text = { 0 };
	int err;

	if (files == NULL || files->read == NULL)
		return policy_device_init(dev, name, NULL, why);
	err = files->read(files->arg, name, &text, why);
	if (err == OK)
		err = is_object(sbuf_as_span(&text)) ?
		    read_object(name, sbuf_as_span(&text), files, depth, dev, why) :
		    policy_profile_parse(name, sbuf_as_span(&text), files, dev, why);
	sbuf_done(&text);
	return err;
}

static int
read_profile(json_t *obj, const struct policy_files *files, unsigned depth,
    struct policy_device *dev, struct why *why)
{
	static const struct member_word family_words[] = { { "wm5", FAMILY_WM5 }, { "wm6x", FAMILY_WM6X },
		{ "w10m", FAMILY_W10M }, { "other", FAMILY_OTHER }, { NULL, 0 } };
	const char *name;
	bool complete = false;
	int err, family = FAMILY_WM5;

	memset(dev, 0, sizeof *dev);
	if (!json_is_object(obj))
		return why_set(why, ERR_SYNTAX, "device: an object is expected");
	err = member_need(obj, "profile", why);
	if (err == OK)
		err = member_text(obj, "profile", &name, why);
	if (err == OK)
		err = member_bool(obj, "complete", &complete, why);
	if (err == OK && complete)
		err = member_need(obj, "family", why);
	if (err == OK && complete)
		err = member_word(obj, "family", family_words, &family, why);
	if (err != OK)
		return err;
	if (complete) {			/* the profile is but a name */
		dev->family = (enum policy_family)family;
		dev->unknown_sender = POLICY_MODE_REFUSE;
		return member_copy(obj, "profile", dev->profile, sizeof dev->profile, why);
	}
	return read_named(name, files, depth, dev, why);
}

int
policy_device_from_json(json_t *obj, const struct policy_files *files, struct policy_device *dev,
    struct why *why)
{
	int err = read_profile(obj, files, 0, dev, why);

	if (err == OK)
		err = read_device(obj, dev, why);
	if (err != OK)
		memset(dev, 0, sizeof *dev);
	return err;
}

/* ---- out ------------------------------------------------------------------------------------------- */

static void
put_text(json_t *obj, const char *name, const char *text)
{
	if (text[0] != '\0')
		json_object_set_new(obj, name, json_span(span_str(text)));
}

static json_t *
proxies_json(const struct policy_device *dev)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < dev->n_proxies; i++) {
		const struct policy_proxy *p = &dev->proxies[i];
		json_t *obj = json_pack("{s:s, s:b, s:b, s:s, s:b}", "type", p->ipv4 ? "IPv4" : "E164",
		    "trust", p->trust, "push", p->push, "physical_push",
		    physical_pushes[p->physical_push].text, "logical_push", p->logical_push);

		json_object_set_new(obj, "address", json_span(span_str(p->address)));
		put_text(obj, "id", p->id);
		put_text(obj, "physical_id", p->physical_id);
		json_array_append_new(list, obj);
	}
	return list;
}

static json_t *
clients_json(const struct policy_device *dev)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < dev->n_clients; i++) {
		json_t *obj = json_object();

		put_text(obj, "content_type", dev->clients[i].content_type);
		put_text(obj, "app_id", dev->clients[i].app_id);
		put_text(obj, "name", dev->clients[i].name);
		json_array_append_new(list, obj);
	}
	return list;
}

static json_t *
roots_json(const struct policy_device *dev)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < dev->n_roots; i++) {
		const struct policy_root *r = &dev->roots[i];
		struct sbuf text = { 0 };

		text_base64_encode(span_of(r->der, r->n), &text);
		json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:s}", "store", r->store, "hash", r->hash,
		    "role", (json_int_t)r->mask, "certificate", text.s));
		sbuf_done(&text);
	}
	return list;
}

static json_t *
senders_json(const struct policy_device *dev)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < dev->n_senders; i++) {
		const struct policy_sender *s = &dev->senders[i];
		json_t *obj = json_pack("{s:s, s:b}", "type", s->ipv4 ? "IPv4" : "E164", "accept", s->accept);

		put_text(obj, "address", s->address);
		put_text(obj, "app_id", s->app_id);
		put_text(obj, "content_type", s->content_type);
		json_array_append_new(list, obj);
	}
	return list;
}

static void
put_modes(json_t *obj, const struct policy_device *dev)
{
	json_t *modes = json_object(), *rules = json_object();
	size_t i;

	for (i = 0; i < POLICY_KINDS; i++)
		json_object_set_new(modes, policy_kind_word((enum policy_kind)i),
		    json_string(policy_mode_name(dev->modes[i])));
	for (i = 0; i < POLICY_SIGNATURES; i++)
		json_object_set_new(rules, signature_names[i], json_string(policy_rule_name(dev->rules[i])));
	json_object_set_new(obj, "modes", modes);
	json_object_set_new(obj, "signatures", rules);
	json_object_set_new(obj, "unknown_sender", json_string(policy_mode_name(dev->unknown_sender)));
	json_object_set_new(obj, "senders", senders_json(dev));
}

json_t *
policy_device_json(const struct policy_device *dev)
{
	json_t *obj = json_object(), *policies = json_object(), *metabase = json_object();
	json_t *accounts = json_array();
	char id[16];
	size_t i;

	json_object_set_new(obj, "profile", json_span(span_str(dev->profile)));
	json_object_set_new(obj, "complete", json_true());
	json_object_set_new(obj, "family", json_string(policy_family_name(dev->family)));
	for (i = 0; i < dev->n_policies; i++) {
		snprintf(id, sizeof id, "%u", dev->policies[i].id);
		json_object_set_new(policies, id, json_integer(dev->policies[i].value));
	}
	for (i = 0; i < dev->n_metabase; i++)
		json_object_set_new(metabase, dev->metabase[i].path, json_integer(dev->metabase[i].write_mask));
	for (i = 0; i < dev->n_accounts; i++)
		json_array_append_new(accounts, json_pack("{s:o, s:I}", "id",
		    json_span(span_str(dev->accounts[i].id)), "roles", (json_int_t)dev->accounts[i].roles));
	json_object_set_new(obj, "policies", policies);
	json_object_set_new(obj, "metabase", metabase);
	json_object_set_new(obj, "proxies", proxies_json(dev));
	put_text(obj, "provurl", dev->provurl);
	put_text(obj, "country_code", dev->country_code);
	json_object_set_new(obj, "tps_needs_content_trust", json_boolean(dev->tps_needs_content_trust));
	json_object_set_new(obj, "clients", clients_json(dev));
	json_object_set_new(obj, "accounts", accounts);
	json_object_set_new(obj, "certificates", roots_json(dev));
	if (dev->family == FAMILY_OTHER)
		put_modes(obj, dev);
	return obj;
}
