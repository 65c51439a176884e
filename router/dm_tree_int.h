/* dm_tree_int.h - the nodes of a management tree; for dm_tree.c and dm_tree_json.c. */
#ifndef ROUTER_DM_TREE_INT_H
#define ROUTER_DM_TREE_INT_H

#include "router/dm_tree.h"

struct dm_node {
	struct dm_node *parent, *first, *next;
	char *name, *type, *acl;	/* NULL: none; an acl of none is inherited */
	char format[8];
	struct sbuf value;
	bool interior;
	bool permanent;			/* cannot be deleted */
	bool read_only;			/* its value is the maker's */
	bool changed;			/* differs from a new tree: is kept */
};

struct dm_tree {
	struct dm_node *root;
	size_t nodes, octets;
	unsigned long changes;
};

#endif
