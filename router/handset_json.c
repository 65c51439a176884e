/*
 * handset_json.c - what a simulated handset keeps as JSON, see handset_json.h.
 * Facts: device policies 6 (proxies, server, accounts), 2.1 (policies).
 */
#include "router/handset_json.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum {
	SETTINGS_MAX = 256, ACCOUNTS_MAX = 32, ROOTS_MAX = 32,
	INSTALLED_MAX = 65536,		/* octets of "settings" as text */
	KEY_MAX = 512, DEPTH_MAX = 8
};

/* ---- the device ----------------------------------------------------------------------------------- */

static json_t *
member(json_t *obj, const char *name)
{
	json_t *v = json_object_get(obj, name);

	if (json_is_object(v))
		return v;
	json_object_set_new(obj, name, json_object());
	return json_object_get(obj, name);
}

static void
put_policies(json_t *obj, const struct policy_device *before, const struct policy_device *after)
{
	char id[16];
	size_t i;

	for (i = 0; i < after->n_policies; i++) {
		const struct policy_value *v = &after->policies[i];

		if (policy_get(before, v->id, ~v->value) == v->value)
			continue;
		snprintf(id, sizeof id, "%u", v->id);
		json_object_set_new(member(obj, "policies"), id, json_integer(v->value));
	}
}

static void
put_metabase(json_t *obj, const struct policy_device *before, const struct policy_device *after)
{
	size_t i;

	for (i = 0; i < after->n_metabase; i++) {
		const struct policy_access *a = &after->metabase[i];

		if (i >= before->n_metabase || memcmp(a, &before->metabase[i], sizeof *a) != 0)
			json_object_set_new(member(obj, "metabase"), a->path, json_integer(a->write_mask));
	}
}

static bool
same_proxy(const struct policy_proxy *a, const struct policy_proxy *b)
{
	return strcmp(a->id, b->id) == 0 && strcmp(a->address, b->address) == 0 &&
	    strcmp(a->physical_id, b->physical_id) == 0 && a->ipv4 == b->ipv4 && a->trust == b->trust &&
	    a->push == b->push && a->physical_push == b->physical_push &&
	    a->logical_push == b->logical_push;
}

static bool
same_proxies(const struct policy_device *a, const struct policy_device *b)
{
	size_t i;

	for (i = 0; i < a->n_proxies && i < b->n_proxies; i++) {
		if (!same_proxy(&a->proxies[i], &b->proxies[i]))
			return false;
	}
	return a->n_proxies == b->n_proxies;
}

static json_t *
proxy_json(const struct policy_proxy *p)
{
	json_t *obj = json_object();

	json_object_set_new(obj, "id", json_span(span_str(p->id)));
	json_object_set_new(obj, "address", json_span(span_str(p->address)));
	json_object_set_new(obj, "type", json_string(p->ipv4 ? "IPv4" : "E164"));
	json_object_set_new(obj, "trust", json_integer(p->trust));
	json_object_set_new(obj, "push", json_integer(p->push));
	json_object_set_new(obj, "physical_id", json_span(span_str(p->physical_id)));
	json_object_set_new(obj, "physical_push", json_integer(p->physical_push));
	json_object_set_new(obj, "logical_push", json_integer(p->logical_push));
	return obj;
}

void
handset_json_device(json_t *obj, const struct policy_device *before, const struct policy_device *after)
{
	json_t *list;
	size_t i;

	put_policies(obj, before, after);
	put_metabase(obj, before, after);
	if (strcmp(before->provurl, after->provurl) != 0)
		json_object_set_new(obj, "provurl", json_span(span_str(after->provurl)));
	if (same_proxies(before, after))
		return;
	list = json_array();
	for (i = 0; i < after->n_proxies; i++)
		json_array_append_new(list, proxy_json(&after->proxies[i]));
	json_object_set_new(obj, "proxies", list);
}

void
handset_json_read_proxies(json_t *obj, struct policy_device *dev)
{
	json_t *list = json_object_get(obj, "proxies"), *v;
	size_t i;

	json_array_foreach(list, i, v) {
		struct policy_proxy *p = &dev->proxies[i];
		const char *id = json_text(v, "physical_id");
		json_t *physical = json_object_get(v, "physical_push"), *logical = json_object_get(v,
		    "logical_push");

		if (i >= dev->n_proxies)
			return;
		if (id)
			snprintf(p->physical_id, sizeof p->physical_id, "%s", id);
		if (json_is_integer(physical) && json_integer_value(physical) >= PUSH_INHERITED &&
		    json_integer_value(physical) <= PUSH_ON)
			p->physical_push = (enum policy_push)json_integer_value(physical);
		if (json_is_integer(logical))
			p->logical_push = json_integer_value(logical) != 0;
	}
}

/* ---- installed settings --------------------------------------------------------------------------------- */

/* Parms that tell settings of one path apart. */
static const struct { const char *path, *parm; } names[] = {
	{ "NAPDEF",      "NAPID" },
	{ "PXLOGICAL",   "PROXY-ID" },
	{ "PXPHYSICAL",  "PHYSICAL-PROXY-ID" },
	{ "APPLICATION", "APPID" },
};

static const char *
parm_value(const struct policy_setting *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n_parms; i++) {
		if (strcmp(s->parms[i].name, name) == 0 && !s->parms[i].noparm && s->parms[i].value)
			return s->parms[i].value;
	}
	return NULL;
}

/* "NAPDEF:inet" of one characteristic. */
static void
print_name(const struct policy_setting *s, const char *last, char *out, size_t size)
{
	const char *id = NULL, *more = NULL;
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(last, names[i].path) == 0)
			id = parm_value(s, names[i].parm);
	}
	if (id != NULL && strcmp(last, "APPLICATION") == 0) {
		more = parm_value(s, "PROVIDER-ID");
		more = more ? more : parm_value(s, "NAME");
	}
	snprintf(out, size, "%.63s%s%.63s%s%.63s", last, id ? ":" : "", id ? id : "", more ? "/" : "",
	    more ? more : "");
}

/* A key for setting i: names along its path. Those without one of their own count within the document. */
static void
make_key(json_t *seen, char keys[DEPTH_MAX][KEY_MAX], const struct policy_setting *s, char out[KEY_MAX])
{
	const char *last = strrchr(s->path, '/'), *p;
	char name[200], whole[KEY_MAX];
	size_t depth = 0;
	int n;

	for (p = s->path; (p = strchr(p, '/')) != NULL; p++)
		depth++;
	print_name(s, last ? last + 1 : s->path, name, sizeof name);
	if (depth > 0 && depth < DEPTH_MAX)
		snprintf(whole, sizeof whole, "%.300s/%.190s", keys[depth - 1], name);
	else
		snprintf(whole, sizeof whole, "%.500s", depth ? s->path : name);
	n = (int)json_integer_value(json_object_get(seen, whole)) + 1;
	json_object_set_new(seen, whole, json_integer(n));
	if (n > 1 && strchr(name, ':') == NULL)
		snprintf(out, KEY_MAX, "%.490s#%d", whole, n);
	else
		snprintf(out, KEY_MAX, "%s", whole);
	if (depth < DEPTH_MAX)
		snprintf(keys[depth], KEY_MAX, "%s", out);
}

static void
remove_below(json_t *settings, const char *key)
{
	size_t n = strlen(key);
	const char *name;
	json_t *v;
	void *next;

	json_object_foreach_safe(settings, next, name, v) {
		if (strncmp(name, key, n) == 0 && (name[n] == '\0' || name[n] == '/'))
			json_object_del(settings, name);
	}
}

static void
install(json_t *settings, const char *key, const struct policy_setting *s)
{
	json_t *obj;
	size_t i;

	if (s->remove) {
		remove_below(settings, key);
		return;
	}
	obj = member(settings, key);
	for (i = 0; i < s->n_parms; i++) {
		const struct policy_parm *p = &s->parms[i];

		if (p->noparm)
			json_object_del(obj, p->name);
		else
			json_object_set_new(obj, p->name, json_span(span_str(p->value ? p->value : "")));
	}
}

/* Its roles: those it asks for, else those of the document that made it. */
static void
install_account(json_t *accounts, const struct policy_setting *s, uint32_t effective)
{
	const char *appid = parm_value(s, "APPID"), *id = parm_value(s, "PROVIDER-ID");
	const char *role = parm_value(s, "ROLE");
	int64_t mask = effective;
	json_t *v, *account;
	size_t i;

	if (strcmp(s->path, "APPLICATION") != 0 || s->remove || appid == NULL || strcmp(appid, "w7") != 0)
		return;
	if (role == NULL || text_number(role, 0, UINT32_MAX, &mask) != OK)
		mask = effective;
	account = json_object();
	json_object_set_new(account, "server_id", json_span(span_str(id ? id : "")));
	json_object_set_new(account, "role", json_integer(mask));
	json_array_foreach(accounts, i, v) {
		if (json_equal(json_object_get(v, "server_id"), json_object_get(account, "server_id"))) {
			json_array_set_new(accounts, i, account);
			return;
		}
	}
	json_array_append_new(accounts, account);
}

static bool
fits(json_t *settings, json_t *accounts)
{
	struct sbuf text = { 0 };
	bool good;

	if (json_object_size(settings) > SETTINGS_MAX || json_array_size(accounts) > ACCOUNTS_MAX)
		return false;
	json_print(settings, &text);
	good = text.n <= INSTALLED_MAX;
	explicit_bzero(text.s, text.n);
	sbuf_done(&text);
	return good;
}

bool
handset_json_install(json_t *obj, const struct router_result *res)
{
	json_t *settings = json_deep_copy(json_object_get(obj, "settings")), *seen = json_object();
	json_t *accounts = json_deep_copy(json_object_get(obj, "accounts"));
	char keys[DEPTH_MAX][KEY_MAX] = { "" }, key[KEY_MAX];
	bool good;
	size_t i;

	settings = settings ? settings : json_object();
	accounts = accounts ? accounts : json_array();
	for (i = 0; i < res->n_settings; i++) {
		make_key(seen, keys, &res->settings[i], key);
		install(settings, key, &res->settings[i]);
		install_account(accounts, &res->settings[i], res->decision.effective);
	}
	good = fits(settings, accounts);
	if (good) {
		json_object_set(obj, "settings", settings);
		if (json_array_size(accounts) > 0)
			json_object_set(obj, "accounts", accounts);
	}
	json_decref(settings);
	json_decref(accounts);
	json_decref(seen);
	return good;
}

/* ---- counters and the rest ------------------------------------------------------------------------------ */

void
handset_json_count(json_t *obj, const char *name)
{
	json_t *counters = member(obj, "counters");

	json_object_set_new(counters, name,
	    json_integer(json_integer_value(json_object_get(counters, name)) + 1));
}

/* A list of objects that have this text and a mask "role". */
static int
check_list(json_t *list, const char *what, const char *text, size_t max, struct why *why)
{
	json_t *v;
	size_t i;

	if (list == NULL)
		return OK;
	if (!json_is_array(list) || json_array_size(list) > max)
		return why_set(why, ERR_SYNTAX, "%s: a list of at most %zu is expected", what, max);
	json_array_foreach(list, i, v) {
		json_t *role = json_object_get(v, "role");

		if (json_text(v, text) == NULL)
			return why_set(why, ERR_SYNTAX, "%s[%zu]: \"%s\" is needed, a string", what, i, text);
		if (!json_is_integer(role) || json_integer_value(role) < 0 ||
		    (json_integer_value(role) & ~(json_int_t)ROLE_ALL) != 0)
			return why_set(why, ERR_RANGE, "%s[%zu]: \"role\" is needed, a mask of roles", what, i);
	}
	return OK;
}

static int
check_settings(json_t *settings, struct why *why)
{
	const char *key, *name;
	json_t *v, *parm;

	if (settings == NULL)
		return OK;
	if (!json_is_object(settings) || json_object_size(settings) > SETTINGS_MAX)
		return why_set(why, ERR_SYNTAX, "settings: an object of at most %d members is expected",
		    SETTINGS_MAX);
	json_object_foreach(settings, key, v) {
		if (!json_is_object(v))
			return why_set(why, ERR_SYNTAX, "settings: \"%.64s\" needs an object", key);
		json_object_foreach(v, name, parm) {
			if (!json_is_string(parm))
				return why_set(why, ERR_SYNTAX, "settings: \"%.64s\" needs strings", key);
		}
	}
	return OK;
}

int
handset_json_check(json_t *obj, struct why *why)
{
	json_t *counters = json_object_get(obj, "counters"), *v;
	const char *name;
	int err = check_list(json_object_get(obj, "roots"), "roots", "name", ROOTS_MAX, why);

	if (err == OK)
		err = check_list(json_object_get(obj, "accounts"), "accounts", "server_id", ACCOUNTS_MAX, why);
	if (err == OK)
		err = check_settings(json_object_get(obj, "settings"), why);
	if (err == OK && counters != NULL && !json_is_object(counters))
		err = why_set(why, ERR_SYNTAX, "counters: an object is expected");
	if (err != OK)
		return err;
	json_object_foreach(counters, name, v) {
		if (!json_is_integer(v))
			return why_set(why, ERR_SYNTAX, "counters: \"%.32s\" needs a number", name);
	}
	return OK;
}

/* Names of parms that hold passwords or keys. */
static bool
is_secret(const char *name)
{
	static const char *const words[] = { "PW", "SECRET", "AAUTHDATA", "PASSWORD", "PIN", "KEY" };
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcasestr(name, words[i]) != NULL)
			return true;
	}
	return false;
}

void
handset_json_hide(json_t *obj)
{
	static const char *const keys[] = { "imsi", "network_key" };
	json_t *pins = json_object_get(obj, "pins"), *v, *parm;
	const char *key, *name;
	void *next, *next_parm;
	size_t i;

	if (pins)
		json_object_set_new(obj, "pins", json_integer((json_int_t)json_array_size(pins)));
	for (i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		if (json_object_get(obj, keys[i]))
			json_object_set_new(obj, keys[i], json_true());
	}
	json_object_foreach_safe(json_object_get(obj, "settings"), next, key, v) {
		json_object_foreach_safe(v, next_parm, name, parm) {
			if (is_secret(name))
				json_object_set_new(v, name, json_true());
		}
	}
}
