/* dm_tree_json.c - a management tree as JSON, see dm_tree.h. Parents stand before their children. */
#include "router/dm_tree_int.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"

/* ---- writing ----------------------------------------------------------------------------- */

static void
put_value(json_t *obj, const struct dm_node *node)
{
	struct span value = sbuf_as_span(&node->value);
	struct sbuf text = { 0 };
	json_t *v;

	if (text_is_utf8(value, NULL) && (value.n == 0 || memchr(value.p, 0, value.n) == NULL)) {
		json_object_set_new(obj, "value", json_stringn((const char *)value.p, value.n));
		return;
	}
	text_base64_encode(value, &text);
	v = json_stringn(text.s, text.n);
	json_object_set_new(obj, "base64", v);
	secret_cleanse(text.s, text.n);
	sbuf_done(&text);
}

static json_t *
node_json(const struct dm_node *node)
{
	json_t *obj = json_object();

	if (strcmp(node->format, "chr") != 0)
		json_object_set_new(obj, "format", json_string(node->format));
	if (node->type != NULL)
		json_object_set_new(obj, "type", json_string(node->type));
	if (node->acl != NULL)
		json_object_set_new(obj, "acl", json_string(node->acl));
	if (!node->interior)
		put_value(obj, node);
	return obj;
}

static void
put_below(json_t *out, const struct dm_node *node, const char *uri)
{
	const struct dm_node *c;

	if (node->changed && !node->elsewhere)
		json_object_set_new(out, uri, node_json(node));
	for (c = node->first; c != NULL; c = c->next) {
		char below[DM_TREE_URI + 1];

		snprintf(below, sizeof below, "%s/%s", uri, c->name);
		put_below(out, c, below);
	}
}

json_t *
dm_tree_json(const struct dm_tree *t)
{
	json_t *out = json_object();

	put_below(out, t->root, ".");
	return out;
}

/* ---- reading ----------------------------------------------------------------------------- */

static int
read_value(struct dm_tree *t, const char *uri, json_t *obj, struct why *why)
{
	const char *format = json_text(obj, "format"), *base64 = json_text(obj, "base64");
	json_t *value = json_object_get(obj, "value");
	unsigned status;

	if (format != NULL && strcmp(format, "node") == 0)
		status = dm_tree_replace(t, NULL, uri, "node", NULL, (struct span){ 0 });
	else if (base64 != NULL)
		status = dm_tree_replace(t, NULL, uri, "b64", json_text(obj, "type"), span_str(base64));
	else if (json_is_string(value))
		status = dm_tree_replace(t, NULL, uri, format, json_text(obj, "type"),
		    span_of(json_string_value(value), json_string_length(value)));
	else
		return why_set(why, ERR_SYNTAX, "\"%.80s\" needs a value", uri);
	/* what is there already and keeps its value may have a list of its own */
	if (status == DM_STATUS_NOT_ALLOWED && json_text(obj, "acl") != NULL)
		return OK;
	return status == DM_STATUS_OK ? OK :
	    why_set(why, ERR_SYNTAX, "\"%.80s\": status %u, its URI or value is wrong", uri, status);
}

int
dm_tree_read(struct dm_tree *t, json_t *obj, struct why *why)
{
	const char *uri;
	json_t *v;
	int err = OK;

	if (obj != NULL && !json_is_object(obj))
		return why_set(why, ERR_SYNTAX, "an object of nodes is expected");
	json_object_foreach(obj, uri, v) {
		const char *acl = json_text(v, "acl");

		if (!json_is_object(v))
			return why_set(why, ERR_SYNTAX, "\"%.80s\" needs an object", uri);
		if (strcmp(uri, ".") != 0)
			err = read_value(t, uri, v, why);
		if (err == OK && acl != NULL)
			err = dm_tree_set_acl(t, uri, acl, why);
		if (err != OK)
			return err;
	}
	return OK;
}
