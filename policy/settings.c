/*
 * settings.c - may these roles change these settings, and what changes when they do.
 * Facts: device policies 3.5 stages 12 and 13, 3.9 (metabase), 6.1, 6.2, 6.5.
 */
#include "policy/settings.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static const struct policy_parm *
parm_find(const struct policy_setting *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n_parms; i++) {
		if (strcmp(s->parms[i].name, name) == 0)
			return &s->parms[i];
	}
	return NULL;
}

/* The value of a parm that is set; NULL when it is absent, removed or without a value. */
static const char *
parm_value(const struct policy_setting *s, const char *name)
{
	const struct policy_parm *p = parm_find(s, name);

	return p && !p->noparm ? p->value : NULL;
}

/* ---- stages 11 and 12 ------------------------------------------------------------------------------- */

uint32_t
settings_roles(const struct policy_device *dev, uint32_t mask)
{
	uint32_t effective = mask;

	if (mask & policy_get(dev, 4120, 0))
		effective |= ROLE_USER_AUTH;
	if (mask & policy_get(dev, 4119, 0))
		effective |= ROLE_MANAGER;
	return effective;
}

uint32_t
policy_access(const struct policy_device *dev, const char *path)
{
	uint32_t mask = ROLE_MANAGER;
	size_t i, longest = 0;

	for (i = 0; i < dev->n_metabase; i++) {
		const struct policy_access *a = &dev->metabase[i];
		size_t n = strlen(a->path);

		if (n > longest && strncmp(a->path, path, n) == 0 &&
		    (path[n] == '\0' || path[n] == '/' || path[n] == '\\')) {
			longest = n;
			mask = a->write_mask;
		}
	}
	return mask;
}

static bool
device_trusts(const struct policy_device *dev, const char *id)
{
	size_t i;

	for (i = 0; i < dev->n_proxies; i++) {
		if (dev->proxies[i].trust && (id == NULL || strcmp(id, dev->proxies[i].id) == 0))
			return true;
	}
	return false;
}

/*
 * Sets or removes TRUST, or touches a proxy that has it; a removal without an id means them all.
 * Parms may be repeated: each of them counts.
 */
static bool
is_privileged_proxy_change(const struct policy_device *dev, const struct policy_setting *s)
{
	size_t i;

	if (strcmp(s->path, "PXLOGICAL") != 0)
		return false;
	for (i = 0; i < s->n_parms; i++) {
		const struct policy_parm *p = &s->parms[i];

		if (strcmp(p->name, "TRUST") == 0 ||
		    (strcmp(p->name, "PROXY-ID") == 0 && p->value && device_trusts(dev, p->value)))
			return true;
	}
	return s->remove && parm_value(s, "PROXY-ID") == NULL && device_trusts(dev, NULL);
}

/* A DM account may not hold roles that its maker lacks; a ROLE that is no number fits nobody. */
static bool
role_fits(const struct policy_setting *s, uint32_t effective)
{
	bool fits = true, is_dm = false;
	size_t i;

	if (strcmp(s->path, "APPLICATION") != 0)
		return true;
	for (i = 0; i < s->n_parms; i++) {
		const struct policy_parm *p = &s->parms[i];
		int64_t mask;

		if (p->noparm || p->value == NULL)
			continue;
		if (strcmp(p->name, "APPID") == 0 && strcmp(p->value, "w7") == 0)
			is_dm = true;
		if (strcmp(p->name, "ROLE") == 0 &&
		    (text_number(p->value, 0, UINT32_MAX, &mask) != OK ||
		    ((uint32_t)mask & ~effective) != 0))
			fits = false;
	}
	return fits || !is_dm;
}

int
settings_check(const struct policy_device *dev, uint32_t effective,
    const struct policy_setting *settings, size_t n, const char **path)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const struct policy_setting *s = &settings[i];

		*path = s->path;
		if (!(effective & ROLE_MANAGER) && !(effective & policy_access(dev, s->path)))
			return REASON_SETTING;
		if (is_privileged_proxy_change(dev, s) && !(effective & policy_get(dev, 4121, 0)))
			return REASON_PROXY;
		if (!role_fits(s, effective))
			return REASON_DM_ROLE;
	}
	*path = NULL;
	return 0;
}

const char *
settings_test(int code)
{
	return code == REASON_PROXY ? "4121" : code == REASON_DM_ROLE ? "ROLE" : "metabase";
}

/* ---- stage 13: policies and the provisioning server --------------------------------------------- */

static void
apply_policies(struct policy_device *dev, const struct policy_setting *s)
{
	size_t i;

	for (i = 0; i < s->n_parms; i++) {
		const struct policy_parm *p = &s->parms[i];
		uint32_t value = 0;
		int64_t id;

		if (text_number(p->name, 0, UINT32_MAX, &id) != OK)
			continue;
		if (p->noparm ||
		    (p->value && policy_value_parse((uint32_t)id, p->value, &value, NULL) == OK))
			policy_set(dev, (uint32_t)id, value, NULL);
	}
}

static void
apply_bootstrap(struct policy_device *dev, const struct policy_setting *s)
{
	const char *url = parm_value(s, "PROVURL");

	if (url && strlen(url) < sizeof dev->provurl)
		snprintf(dev->provurl, sizeof dev->provurl, "%s", url);
}

/* ---- stage 13: push proxies ----------------------------------------------------------------------- */

/* A flag parm: present means on, but for "0". */
static bool
flag_on(const struct policy_parm *p)
{
	return !p->noparm && (p->value == NULL || strcmp(p->value, "0") != 0);
}

static void
proxy_remove(struct policy_device *dev, size_t i)
{
	memmove(&dev->proxies[i], &dev->proxies[i + 1],
	    (--dev->n_proxies - i) * sizeof dev->proxies[0]);
}

/* Remove addresses of proxy `id` (NULL: of any), `physical_id` only unless that is NULL. */
static void
proxies_remove(struct policy_device *dev, const char *id, const char *physical_id)
{
	size_t i = 0;

	while (i < dev->n_proxies) {
		const struct policy_proxy *p = &dev->proxies[i];

		if ((id == NULL || strcmp(p->id, id) == 0) &&
		    (physical_id == NULL || strcmp(p->physical_id, physical_id) == 0))
			proxy_remove(dev, i);
		else
			i++;
	}
}

static struct policy_proxy *
proxy_find(struct policy_device *dev, const char *id)
{
	size_t i;

	for (i = 0; i < dev->n_proxies; i++) {
		if (strcmp(dev->proxies[i].id, id) == 0)
			return &dev->proxies[i];
	}
	return NULL;
}

static struct policy_proxy *
proxy_add(struct policy_device *dev, const char *id)
{
	struct policy_proxy *p;

	if (dev->n_proxies == POLICY_PROXIES_MAX || strlen(id) >= sizeof p->id)
		return NULL;
	p = &dev->proxies[dev->n_proxies++];
	*p = (struct policy_proxy){ 0 };
	snprintf(p->id, sizeof p->id, "%s", id);
	return p;
}

static void
push_settle(struct policy_proxy *p)
{
	p->push = p->physical_push == PUSH_INHERITED ? p->logical_push : p->physical_push == PUSH_ON;
}

/* TRUST and PUSHENABLED of a PXLOGICAL hold for all its addresses, those to come included. */
static void
apply_logical(struct policy_device *dev, const struct policy_setting *s, const char *id)
{
	const struct policy_parm *trust = parm_find(s, "TRUST"), *push = parm_find(s, "PUSHENABLED");
	size_t i;

	if (proxy_find(dev, id) == NULL)
		proxy_add(dev, id);		/* without an address until a PXPHYSICAL gives one */
	for (i = 0; i < dev->n_proxies; i++) {
		struct policy_proxy *p = &dev->proxies[i];

		if (strcmp(p->id, id) != 0)
			continue;
		if (trust)
			p->trust = flag_on(trust);
		if (push)
			p->logical_push = flag_on(push);
		if (push)
			push_settle(p);
	}
}

/* The address record that a PXPHYSICAL means: the one of its id, an empty one, or a new one. */
static struct policy_proxy *
physical_find(struct policy_device *dev, const char *id, const char *physical_id)
{
	struct policy_proxy *first = proxy_find(dev, id), *p;
	size_t i;

	if (first == NULL)
		return NULL;
	for (i = 0; i < dev->n_proxies; i++) {
		p = &dev->proxies[i];
		if (strcmp(p->id, id) == 0 && strcmp(p->physical_id, physical_id) == 0)
			return p;
	}
	if (first->address[0] == '\0')
		return first;
	p = proxy_add(dev, id);
	if (p) {
		p->trust = first->trust;
		p->logical_push = first->logical_push;
	}
	return p;
}

static void
apply_physical(struct policy_device *dev, const struct policy_setting *s, const char *id)
{
	const char *physical_id = parm_value(s, "PHYSICAL-PROXY-ID"), *address = parm_value(s, "PXADDR");
	const char *type = parm_value(s, "PXADDRTYPE");
	const struct policy_parm *push = parm_find(s, "PUSHENABLED");
	struct policy_proxy *p;

	if (physical_id == NULL)
		physical_id = "";
	if (s->remove) {
		proxies_remove(dev, id, physical_id);
		return;
	}
	if (strlen(physical_id) >= sizeof p->physical_id ||
	    (address && strlen(address) >= sizeof p->address))
		return;
	p = physical_find(dev, id, physical_id);
	if (p == NULL)
		return;
	snprintf(p->physical_id, sizeof p->physical_id, "%s", physical_id);
	if (address) {
		p->ipv4 = type == NULL || strcasecmp(type, "IPV4") == 0;
		/* Addresses of other kinds never match a sender: they are not kept. */
		snprintf(p->address, sizeof p->address, "%s",
		    p->ipv4 || strcmp(type, "E164") == 0 ? address : "");
	}
	if (push)
		p->physical_push = push->noparm ? PUSH_INHERITED : flag_on(push) ? PUSH_ON : PUSH_OFF;
	push_settle(p);
}

void
policy_apply(struct policy_device *dev, const struct policy_setting *settings, size_t n)
{
	const char *proxy = NULL;		/* PROXY-ID of the PXLOGICAL read last */
	size_t i;

	for (i = 0; i < n; i++) {
		const struct policy_setting *s = &settings[i];

		if (strcmp(s->path, "SecurityPolicy") == 0 && !s->remove) {
			apply_policies(dev, s);
		} else if (strcmp(s->path, "BOOTSTRAP") == 0 && !s->remove) {
			apply_bootstrap(dev, s);
		} else if (strcmp(s->path, "PXLOGICAL") == 0) {
			proxy = parm_value(s, "PROXY-ID");
			if (s->remove)
				proxies_remove(dev, proxy, NULL);
			else if (proxy)
				apply_logical(dev, s, proxy);
		} else if (strcmp(s->path, "PXLOGICAL/PXPHYSICAL") == 0 && proxy) {
			apply_physical(dev, s, proxy);
		}
	}
}
