/* dm_policies.c - see dm_policies.h. */
#include "router/dm_policies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char root[] = "./Vendor/MSFT/SecurityPolicy";

static void
print_uri(uint32_t id, char out[64])
{
	snprintf(out, 64, "%s/%u", root, (unsigned)id);
}

void
dm_policies_show(struct dm_tree *t, const struct policy_device *dev)
{
	size_t i;

	for (i = 0; i < dev->n_policies && dev->family != FAMILY_OTHER; i++) {
		char uri[64], value[16];

		print_uri(dev->policies[i].id, uri);
		snprintf(value, sizeof value, "%u", (unsigned)dev->policies[i].value);
		dm_tree_show(t, uri, "int", value, "Get=*&Replace=*");
	}
}

/* The id in the URI of a policy; false for other URIs. Properties of the nodes are no policies. */
static bool
policy_of(const char *uri, char id[12])
{
	const char *name = uri + sizeof root;

	return strncmp(uri, root, sizeof root - 1) == 0 && uri[sizeof root - 1] == '/' &&
	    strspn(name, "0123456789") == strlen(name) && snprintf(id, 12, "%s", name) < 12;
}

unsigned
dm_policies_guard(const struct policy_device *dev, const char *server, const char *uri,
    const struct span *value)
{
	char id[12] = "0", text[12] = "0";
	const struct policy_parm parm = { id, text, false };
	const struct policy_setting setting = { "SecurityPolicy", &parm, 1, false };
	const struct policy_source src =
	    { .kind = SOURCE_DM, .account_mask = policy_account_roles(dev, server),
		.settings = &setting, .n_settings = 1 };
	struct policy_decision d;
	uint32_t number;

	if (uri == NULL || strncmp(uri, root, sizeof root - 1) != 0)
		return DM_STATUS_OK;
	if (policy_of(uri, id))
		snprintf(text, sizeof text, "%u",
		    (unsigned)policy_get(dev, (uint32_t)strtoul(id, NULL, 10), 0));
	else if (value != NULL)
		return DM_STATUS_PERMISSION;	/* the folder itself, or a list */
	if (value != NULL && (span_to_cstr(*value, text, sizeof text) != OK ||
	    policy_value_parse((uint32_t)strtoul(id, NULL, 10), text, &number, NULL) != OK))
		return DM_STATUS_FAILED;
	policy_decide_source(dev, &src, &d);
	if (d.outcome == OUTCOME_APPLY)
		return DM_STATUS_OK;
	return value != NULL && d.code == 2 ? DM_STATUS_FAILED : DM_STATUS_PERMISSION;
}

void
dm_policies_changed(const struct dm_tree *t, const struct policy_device *dev,
    struct dm_policies_change *out)
{
	size_t i, n = 0;

	for (i = 0; i < dev->n_policies && dev->family != FAMILY_OTHER; i++) {
		char uri[64], text[12];
		struct span value;
		uint32_t number;

		print_uri(dev->policies[i].id, uri);
		if (!dm_tree_value(t, uri, &value) || span_to_cstr(value, text, sizeof text) != OK ||
		    policy_value_parse(dev->policies[i].id, text, &number, NULL) != OK ||
		    number == dev->policies[i].value)
			continue;
		snprintf(out->names[n], sizeof out->names[n], "%u", (unsigned)dev->policies[i].id);
		snprintf(out->values[n], sizeof out->values[n], "%u", (unsigned)number);
		out->parms[n] = (struct policy_parm){ out->names[n], out->values[n], false };
		n++;
	}
	out->setting = (struct policy_setting){ "SecurityPolicy", out->parms, n, false };
}
