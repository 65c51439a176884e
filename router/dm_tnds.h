/*
 * dm_tnds.h - serialised management objects, as bootstrap messages put them into ./Inbox: nodes
 * of the tree.
 * Spec: OMA-TS-DM_TNDS 1.2 (6, MgmtTree), OMA-TS-DM_Bootstrap 1.2 (5.4.3).
 */
#ifndef ROUTER_DM_TNDS_H
#define ROUTER_DM_TNDS_H

#include "router/dm_tree.h"

#define DM_TNDS_XML "application/vnd.syncml.dmtnds+xml"

/*
 * Nodes go below the Path of their root node; without one, a DM account goes below ./DMAcc and
 * others have no place. Nodes that are there get the values given. ERR_SYNTAX, ERR_LIMIT,
 * ERR_UNSUPPORTED with *why; t is then changed in part.
 */
int dm_tnds_apply(struct dm_tree *t, struct span xml, struct why *why);

#endif
