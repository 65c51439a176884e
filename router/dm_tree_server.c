/*
 * dm_tree_server.c - what servers may do with a management tree: Get, Add, Replace, Delete,
 * Exec under its lists; see dm_tree.h.
 * Spec: OMA-TS-DM_TND 1.2 (7.7.1, 7.8), OMA-TS-DM_RepPro 1.2 (status codes).
 */
#include "router/dm_tree_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

/* Of a leaf the list belongs to its parent's owner. */
static bool
may_set_acl(const struct dm_node *node, const char *server)
{
	if (node->interior && dm_node_may(node, DM_REPLACE, server))
		return true;
	return node->parent != NULL && dm_node_may(node->parent, DM_REPLACE, server);
}

void
dm_value_done(struct dm_value *v)
{
	if (v->data.s != NULL)
		secret_cleanse(v->data.s, v->data.n);
	sbuf_done(&v->data);
	*v = (struct dm_value){ .format = "" };
}

static void
get_children(const struct dm_node *node, struct dm_value *out)
{
	const struct dm_node *c;

	memcpy(out->format, "node", 5);
	for (c = node->first; c != NULL; c = c->next) {
		if (out->data.n > 0)
			sbuf_char(&out->data, '/');
		sbuf_str(&out->data, c->name);
	}
}

static unsigned
get_property(const struct dm_node *node, struct span query, struct dm_value *out)
{
	if (span_eq_str(query, "prop=ACL"))
		sbuf_str(&out->data, node->acl ? node->acl : "");
	else if (span_eq_str(query, "prop=Format"))
		sbuf_str(&out->data, node->format);
	else if (span_eq_str(query, "prop=Name"))
		sbuf_str(&out->data, node->name);
	else if (span_eq_str(query, "prop=Type"))
		sbuf_str(&out->data, node->type ? node->type : "");
	else if (span_eq_str(query, "prop=Size") && !node->interior && !dm_tree_is_secret(node->name))
		sbuf_fmt(&out->data, "%zu", node->value.n);
	else
		return DM_STATUS_NO_FEATURE;
	memcpy(out->format, "chr", 4);
	return DM_STATUS_OK;
}

unsigned
dm_tree_get(const struct dm_tree *t, const char *server, const char *uri, struct dm_value *out)
{
	const struct dm_node *node;
	struct dm_place at;
	unsigned status = dm_place_read(uri, &at);

	*out = (struct dm_value){ .format = "" };
	if (status != DM_STATUS_OK)
		return status;
	node = dm_node_find(t, &at, at.n);
	if (node == NULL)
		return DM_STATUS_NOT_FOUND;
	if (!dm_node_may(node, DM_GET, server))
		return DM_STATUS_PERMISSION;
	if (at.query.p != NULL)
		return get_property(node, at.query, out);
	if (node->interior) {
		get_children(node, out);
		return DM_STATUS_OK;
	}
	if (dm_tree_is_secret(node->name))
		return DM_STATUS_NOT_ALLOWED;
	memcpy(out->format, node->format, sizeof out->format);
	if (node->type != NULL)
		memcpy(out->type, node->type, strlen(node->type) + 1);
	sbuf_span(&out->data, sbuf_as_span(&node->value));
	return DM_STATUS_OK;
}

unsigned
dm_tree_add(struct dm_tree *t, const char *server, const char *uri, const char *format,
    const char *type, struct span data)
{
	struct dm_node *parent;
	struct dm_place at;
	unsigned status = dm_place_read(uri, &at);

	if (status != DM_STATUS_OK)
		return status;
	if (at.query.p != NULL || at.n == 0)
		return at.n == 0 && at.query.p == NULL ? DM_STATUS_EXISTS : DM_STATUS_NOT_ALLOWED;
	parent = server ? dm_node_find(t, &at, at.n - 1) : dm_node_parents(t, &at, at.n - 1);
	if (parent == NULL)
		return server ? DM_STATUS_NOT_FOUND : DM_STATUS_FAILED;
	if (!dm_node_may(parent, DM_ADD, server))
		return DM_STATUS_PERMISSION;
	if (dm_node_child(parent, at.names[at.n - 1]) != NULL)
		return DM_STATUS_EXISTS;
	if (!parent->interior)
		return DM_STATUS_NOT_ALLOWED;
	return dm_node_make(t, server, parent, at.names[at.n - 1], format, type, data);
}

/* The whole list is replaced; an empty one lets the node inherit. */
static unsigned
replace_acl(struct dm_tree *t, struct dm_node *node, const char *server, struct span acl)
{
	if (!may_set_acl(node, server))
		return DM_STATUS_PERMISSION;
	if (acl.n > DM_TREE_ACL)
		return DM_STATUS_TOO_LARGE;
	if (dm_acl_check(acl, NULL) != OK || (acl.n == 0 && node->parent == NULL))
		return DM_STATUS_FAILED;
	free(node->acl);
	node->acl = acl.n > 0 ? span_dup(acl) : NULL;
	node->changed = true;
	t->changes++;
	return DM_STATUS_OK;
}

unsigned
dm_tree_replace(struct dm_tree *t, const char *server, const char *uri, const char *format,
    const char *type, struct span data)
{
	struct dm_node *node;
	struct dm_place at;
	unsigned status = dm_place_read(uri, &at);

	if (status != DM_STATUS_OK)
		return status;
	node = dm_node_find(t, &at, at.n);
	if (node == NULL)
		return server || at.query.p ? DM_STATUS_NOT_FOUND :
		    dm_tree_add(t, NULL, uri, format, type, data);
	if (at.query.p != NULL)
		return span_eq_str(at.query, "prop=ACL") ? replace_acl(t, node, server, data) :
		    DM_STATUS_NO_FEATURE;
	if (!dm_node_may(node, DM_REPLACE, server))
		return DM_STATUS_PERMISSION;
	if (node->read_only || node->interior || (format != NULL && strcmp(format, "node") == 0))
		return DM_STATUS_NOT_ALLOWED;
	return dm_node_fill(t, node, format, type, data);
}

unsigned
dm_tree_delete(struct dm_tree *t, const char *server, const char *uri)
{
	struct dm_node *node;
	struct dm_place at;
	unsigned status = dm_place_read(uri, &at);

	if (status != DM_STATUS_OK)
		return status;
	node = dm_node_find(t, &at, at.n);
	if (node == NULL)
		return DM_STATUS_NOT_FOUND;
	if (!dm_node_may(node, DM_DELETE, server))
		return DM_STATUS_PERMISSION;
	if (node->permanent || at.query.p != NULL)
		return DM_STATUS_NOT_ALLOWED;
	dm_node_unlink(t, node);
	return DM_STATUS_OK;
}

unsigned
dm_tree_exec(const struct dm_tree *t, const char *server, const char *uri)
{
	const struct dm_node *node;
	struct dm_place at;
	unsigned status = dm_place_read(uri, &at);

	if (status != DM_STATUS_OK)
		return status;
	node = dm_node_find(t, &at, at.n);
	if (node == NULL)
		return DM_STATUS_NOT_FOUND;
	return dm_node_may(node, DM_EXEC, server) ? DM_STATUS_NOT_ALLOWED : DM_STATUS_PERMISSION;
}
