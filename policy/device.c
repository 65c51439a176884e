/*
 * device.c - what a device record holds: policies, metabase, clients; and the kinds of content.
 * Facts: device policies 3.6 and 5.2 (clients), 3.9 (metabase).
 */
#include "policy/catalogue.h"
#include "policy/kinds.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- kinds of content --------------------------------------------------------------------------- */

static const struct { const char *content_type; enum policy_kind kind; } kinds[] = {
	{ "text/vnd.wap.si",                           KIND_SI },
	{ "application/vnd.wap.sic",                   KIND_SI },
	{ "text/vnd.wap.sl",                           KIND_SL },
	{ "application/vnd.wap.slc",                   KIND_SL },
	{ "text/vnd.wap.connectivity-xml",             KIND_PROV },
	{ "application/vnd.wap.connectivity-wbxml",    KIND_PROV },
	{ "application/vnd.syncml.notification",       KIND_DM_NOTIFICATION },
	{ "application/vnd.wap.mms-message",           KIND_MMS },
	{ "application/vnd.oma.drm.rights+xml",        KIND_DRM },
	{ "application/vnd.oma.drm.rights+wbxml",      KIND_DRM },
};
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

enum policy_kind
policy_kind_of(const char *content_type)
{
	size_t i;

	for (i = 0; i < N_KINDS; i++) {
		if (strcasecmp(kinds[i].content_type, content_type) == 0)
			return kinds[i].kind;
	}
	return KIND_OTHER;
}

const char *
policy_kind_word(enum policy_kind kind)
{
	static const char *const words[POLICY_KINDS] = { "other", "si", "sl", "provisioning", "dm", "mms",
		"drm" };

	return words[kind];
}

const char *
policy_kind_client(enum policy_kind kind)
{
	static const char *const names[] = { NULL, "SI client", "SL client", "configuration manager",
		"DM client", "MMS client", "DRM client" };

	return names[kind];
}

/* ---- the device ---------------------------------------------------------------------------------- */

static const struct policy_value *
value_find(const struct policy_device *dev, uint32_t id)
{
	size_t i;

	for (i = 0; i < dev->n_policies; i++) {
		if (dev->policies[i].id == id)
			return &dev->policies[i];
	}
	return NULL;
}

uint32_t
policy_get(const struct policy_device *dev, uint32_t id, uint32_t absent)
{
	const struct policy_value *v = value_find(dev, id);

	return v ? v->value : absent;
}

int
policy_set(struct policy_device *dev, uint32_t id, uint32_t value, struct why *why)
{
	int err = catalogue_check(dev->family, id, value, why);
	size_t i;

	if (err != OK)
		return err;
	for (i = 0; i < dev->n_policies && dev->policies[i].id != id; i++)
		;
	if (i == POLICY_IDS_MAX)
		return why_set(why, ERR_LIMIT, "policy %u: a device has at most %d policies", id,
		    POLICY_IDS_MAX);
	if (i == dev->n_policies)
		dev->n_policies++;
	dev->policies[i] = (struct policy_value){ id, value };
	return OK;
}

int
policy_set_access(struct policy_device *dev, const char *path, uint32_t write_mask, struct why *why)
{
	struct policy_access *a;
	char bits[128];
	size_t i;

	if (path[0] == '\0' || strlen(path) >= sizeof a->path)
		return why_set(why, ERR_RANGE, "metabase: a path has 1 to %zu characters",
		    sizeof a->path - 1);
	if (write_mask & ~(uint32_t)ROLE_ALL) {
		catalogue_bits(write_mask & ~(uint32_t)ROLE_ALL, bits, sizeof bits);
		return why_set(why, ERR_RANGE, "metabase: %u has bits that are no role: %s", write_mask,
		    bits);
	}
	for (i = 0; i < dev->n_metabase && strcmp(dev->metabase[i].path, path) != 0; i++)
		;
	if (i == POLICY_ACCESS_MAX)
		return why_set(why, ERR_LIMIT, "metabase: at most %d entries", POLICY_ACCESS_MAX);
	if (i == dev->n_metabase)
		dev->n_metabase++;
	a = &dev->metabase[i];
	snprintf(a->path, sizeof a->path, "%s", path);
	a->write_mask = write_mask;
	return OK;
}

int
policy_add_client(struct policy_device *dev, const char *content_type, const char *app_id,
    const char *name, struct why *why)
{
	struct policy_client *c = &dev->clients[dev->n_clients];

	if (dev->n_clients == POLICY_CLIENTS_MAX)
		return why_set(why, ERR_LIMIT, "clients: at most %d", POLICY_CLIENTS_MAX);
	if (strlen(content_type) >= sizeof c->content_type || strlen(app_id) >= sizeof c->app_id)
		return why_set(why, ERR_LIMIT, "clients: content type and application id have at most "
		    "%zu characters", sizeof c->app_id - 1);
	if (content_type[0] == '\0' && app_id[0] == '\0')
		return why_set(why, ERR_SYNTAX, "clients: an entry needs a content type or an "
		    "application id");
	snprintf(c->content_type, sizeof c->content_type, "%s", content_type);
	snprintf(c->app_id, sizeof c->app_id, "%s", app_id);
	snprintf(c->name, sizeof c->name, "%s", name);
	dev->n_clients++;
	return OK;
}

static const char cfgmgr_app_id[] = "x-wap-microsoft:cfgmgr.ua";

void
policy_client_name(const char *content_type, const char *app_id, char *out, size_t size)
{
	const char *usual = strcasecmp(app_id, cfgmgr_app_id) == 0 ? policy_kind_client(KIND_PROV) :
	    policy_kind_client(policy_kind_of(content_type));

	snprintf(out, size, "%s", usual ? usual : app_id[0] ? app_id : content_type);
}

/* Those of 3.6, and the configuration manager by its application id. */
void
policy_add_all_clients(struct policy_device *dev)
{
	size_t i;

	dev->n_clients = 0;
	for (i = 0; i < N_KINDS; i++)
		policy_add_client(dev, kinds[i].content_type, "", policy_kind_client(kinds[i].kind), NULL);
	policy_add_client(dev, "", cfgmgr_app_id, policy_kind_client(KIND_PROV), NULL);
}
