/*
 * dm_tree_int.h - the nodes of a management tree; for dm_tree.c, dm_tree_json.c and
 * dm_tree_server.c.
 */
#ifndef ROUTER_DM_TREE_INT_H
#define ROUTER_DM_TREE_INT_H

#include "policy/dm.h"
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
	bool elsewhere;			/* is kept, but not with the tree */
};

struct dm_tree {
	struct dm_node *root;
	size_t nodes, octets;
	unsigned long changes;
};

/* "./A/B" cut in names; the root has none. */
struct dm_place {
	struct span names[DM_TREE_DEPTH];
	size_t n;
	struct span query;		/* behind '?'; p NULL: none */
};
unsigned dm_place_read(const char *uri, struct dm_place *out);	/* 200, 404, 414 */

/* The node at the first `depth` names, or NULL. */
struct dm_node *dm_node_find(const struct dm_tree *t, const struct dm_place *at, size_t depth);
struct dm_node *dm_node_child(const struct dm_node *parent, struct span name);
/* server NULL: always, as for the device itself. */
bool dm_node_may(const struct dm_node *node, enum dm_right right, const char *server);
void dm_node_unlink(struct dm_tree *t, struct dm_node *node);	/* and frees it, with all below */
/* Value, format and type of a leaf; 200 or why not. */
unsigned dm_node_fill(struct dm_tree *t, struct dm_node *node, const char *format,
    const char *type, struct span data);
/* One node more; parent is interior and has none of this name. */
unsigned dm_node_make(struct dm_tree *t, const char *server, struct dm_node *parent,
    struct span name, const char *format, const char *type, struct span data);
/*
 * Interior nodes down to `depth`, made where there are none; NULL: a leaf stands in the way, or
 * there is no room.
 */
struct dm_node *dm_node_parents(struct dm_tree *t, const struct dm_place *at, size_t depth);

#endif
