/*
 * dm_policies.h - the security policies of a device as nodes of its management tree:
 * ./Vendor/MSFT/SecurityPolicy/<id>.
 * Facts: device policies 2.1 (id and value are decimal; Replace on nodes that are there), 4 (a
 * DM session has the roles of its account). The lists of these nodes are open: the roles
 * decide.
 */
#ifndef ROUTER_DM_POLICIES_H
#define ROUTER_DM_POLICIES_H

#include "policy/policy.h"
#include "router/dm_tree.h"

/*
 * Nodes for all policies that the device has; they are kept in the device, not with the tree.
 * Handsets without role masks have none.
 */
void dm_policies_show(struct dm_tree *t, const struct policy_device *dev);
/*
 * May the session of this server do that: Get (value NULL) or Replace with a value? 200 for
 * other nodes; 425 when the roles of its account do not reach, 500 for a value that the device
 * cannot hold.
 */
unsigned dm_policies_guard(const struct policy_device *dev, const char *server, const char *uri,
    const struct span *value);

/*
 * What the tree says otherwise than the device, as parms of the setting SecurityPolicy. texts:
 * room for their names and values.
 */
struct dm_policies_change {
	struct policy_parm parms[POLICY_IDS_MAX];
	char names[POLICY_IDS_MAX][12], values[POLICY_IDS_MAX][12];
	struct policy_setting setting;	/* n_parms 0: nothing */
};
void dm_policies_changed(const struct dm_tree *t, const struct policy_device *dev,
    struct dm_policies_change *out);

#endif
