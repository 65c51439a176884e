/*
 * handset_json.c - what a simulated handset keeps as JSON, see handset_json.h.
 * Facts: device policies 6 (what documents install).
 */
#include "router/handset_json.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "router/dm_state.h"

enum {
	SETTINGS_MAX = 256,
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

/* Entries of a table that are other now. */
static void
put_entries(json_t *obj, const char *name, json_t *before, json_t *after)
{
	const char *key;
	json_t *v;

	json_object_foreach(after, key, v) {
		if (!json_equal(v, json_object_get(before, key)))
			json_object_set(member(obj, name), key, v);
	}
}

void
handset_json_device(json_t *obj, const struct policy_device *before, const struct policy_device *after)
{
	json_t *old = policy_device_json(before), *new = policy_device_json(after), *v;
	const char *name;

	json_object_foreach(new, name, v) {
		json_t *was = json_object_get(old, name);

		if (was != NULL && json_equal(v, was))
			continue;
		if (strcmp(name, "policies") == 0 || strcmp(name, "metabase") == 0)
			put_entries(obj, name, was, v);
		else
			json_object_set(obj, name, v);
	}
	json_decref(old);
	json_decref(new);
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

static bool
fits(json_t *settings)
{
	struct sbuf text = { 0 };
	bool good;

	if (json_object_size(settings) > SETTINGS_MAX)
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
	char keys[DEPTH_MAX][KEY_MAX] = { "" }, key[KEY_MAX];
	bool good;
	size_t i;

	settings = settings ? settings : json_object();
	for (i = 0; i < res->n_settings; i++) {
		make_key(seen, keys, &res->settings[i], key);
		install(settings, key, &res->settings[i]);
	}
	good = fits(settings);
	if (good)
		json_object_set(obj, "settings", settings);
	json_decref(settings);
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
	int err = check_settings(json_object_get(obj, "settings"), why);

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
	dm_state_hide(json_object_get(obj, "dm"));
	json_object_foreach_safe(json_object_get(obj, "settings"), next, key, v) {
		json_object_foreach_safe(v, next_parm, name, parm) {
			if (is_secret(name))
				json_object_set_new(v, name, json_true());
		}
	}
}
