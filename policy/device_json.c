/* device_json.c - a device as JSON, see case_json.h. */
#include "policy/case_json.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
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

static int
read_proxy(json_t *obj, struct policy_device *dev, struct why *why)
{
	static const struct member_word types[] = { { "E164", 0 }, { "IPv4", 1 }, { NULL, 0 } };
	struct policy_proxy *p = &dev->proxies[dev->n_proxies];
	int ipv4 = 0, err = OK;

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
	return err;
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
	const char *name;
	int err;

	memset(dev, 0, sizeof *dev);
	if (!json_is_object(obj))
		return why_set(why, ERR_SYNTAX, "device: an object is expected");
	err = member_need(obj, "profile", why);
	if (err == OK)
		err = member_text(obj, "profile", &name, why);
	if (err != OK)
		return err;
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
