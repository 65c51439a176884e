/*
 * settings.c - may these roles change these settings.
 * Facts: device policies 3.5 stages 11 and 12, 3.9 (metabase), 6.2, 6.5.
 */
#include "policy/settings.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

const struct policy_parm *
settings_parm(const struct policy_setting *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n_parms; i++) {
		if (strcmp(s->parms[i].name, name) == 0)
			return &s->parms[i];
	}
	return NULL;
}

/* The value of a parm that is set; NULL when it is absent, removed or without a value. */
const char *
settings_value(const struct policy_setting *s, const char *name)
{
	const struct policy_parm *p = settings_parm(s, name);

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
	return s->remove && settings_value(s, "PROXY-ID") == NULL && device_trusts(dev, NULL);
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
		if (!settings_fit(dev, s))
			return REASON_MALFORMED;
	}
	*path = NULL;
	return 0;
}

const char *
settings_test(int code)
{
	return code == REASON_PROXY ? "4121" : code == REASON_DM_ROLE ? "ROLE" :
	    code == REASON_MALFORMED ? "value" : "metabase";
}
