/*
 * dm_tnds.c - see dm_tnds.h. A node is made when its first child begins, or when it ends: by
 * then all of it was read.
 */
#include "router/dm_tnds.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "base/xml.h"

enum { DEPTH = DM_TREE_DEPTH + 1, ELEMENTS = 2 * DEPTH + 8, TEXT_MAX = DM_TREE_VALUE * 2 };

struct node {
	char uri[DM_TREE_URI + 1];	/* once it is made */
	char name[DM_TREE_NAME + 1], path[DM_TREE_URI + 1], ddf[128];
	char format[8], type[64], acl[DM_TREE_ACL + 1];
	struct sbuf value;
	bool made;
};

struct reading {
	struct dm_tree *t;
	struct node stack[DEPTH];
	size_t n;			/* nodes that are open */
	bool in_format, rooted;
	struct sbuf text;
};

/* ---- one node ---------------------------------------------------------------------------- */

/* Objects that this device has a place for. */
static const char *
place_of(const char *ddf)
{
	static const char *const accounts[] = { "org.openmobilealliance/1.0/w7",
	    "urn:oma:mo:oma-dm-dmacc:1.0" };
	size_t i;

	for (i = 0; i < sizeof accounts / sizeof accounts[0]; i++) {
		if (strcmp(ddf, accounts[i]) == 0)
			return "./DMAcc";
	}
	return NULL;
}

static int
name_it(struct reading *r, struct node *node, struct why *why)
{
	const char *from = r->n > 1 ? r->stack[r->n - 2].uri : node->path[0] ? node->path :
	    place_of(node->ddf);
	char uri[DM_TREE_URI + 1];

	if (node->name[0] == '\0' || strpbrk(node->name, "/?") != NULL)
		return why_set(why, ERR_SYNTAX, "a Node without NodeName, or one that is none");
	if (from == NULL)
		return why_set(why, ERR_UNSUPPORTED, "no place for an object of type \"%.64s\"", node->ddf);
	if (snprintf(uri, sizeof uri, "%s/%s", from, node->name) >= (int)sizeof uri)
		return why_set(why, ERR_LIMIT, "a URI of more than %d octets", DM_TREE_URI);
	memcpy(node->uri, uri, sizeof uri);
	return OK;
}

/* parent: it has children, so it is an interior node whatever it says. */
static int
make(struct reading *r, bool parent, struct why *why)
{
	struct node *node = &r->stack[r->n - 1];
	bool interior = parent || strcmp(node->format, "node") == 0;
	unsigned status;
	int err;

	if (node->made)
		return OK;
	node->made = true;
	err = name_it(r, node, why);
	if (err != OK)
		return err;
	if (interior)
		status = dm_tree_add(r->t, NULL, node->uri, "node", NULL, (struct span){ 0 });
	else
		status = dm_tree_replace(r->t, NULL, node->uri, node->format, node->type,
		    sbuf_as_span(&node->value));
	if (status == DM_STATUS_EXISTS && interior)
		status = DM_STATUS_OK;
	if (status != DM_STATUS_OK)
		return why_set(why, ERR_SYNTAX, "%.80s: status %u", node->uri, status);
	return node->acl[0] ? dm_tree_set_acl(r->t, node->uri, node->acl, why) : OK;
}

/* ---- elements ---------------------------------------------------------------------------- */

static int
on_start(void *ctx, const char *name, const struct xml_attr *attrs, size_t n, struct why *why)
{
	struct reading *r = ctx;

	sbuf_clear(&r->text);
	if (!r->rooted) {
		r->rooted = true;
		return strcmp(name, "MgmtTree") == 0 ? OK : why_set(why, ERR_SYNTAX, "not a MgmtTree");
	}
	if (r->in_format && r->n > 0)		/* <Format><chr/></Format> */
		return snprintf(r->stack[r->n - 1].format, sizeof r->stack[0].format, "%s", name) < 8 ? OK :
		    why_set(why, ERR_SYNTAX, "no such format");
	r->in_format = strcmp(name, "Format") == 0;
	if (strcmp(name, "Node") != 0)
		return OK;
	if (r->n > 0 && make(r, true, why) != OK)
		return ERR_SYNTAX;
	if (r->n == DEPTH)
		return why_set(why, ERR_LIMIT, "nodes in more than %d levels", DM_TREE_DEPTH);
	r->stack[r->n++] = (struct node){ .made = false };
	return OK;
}

static int
on_text(void *ctx, struct span text, struct why *why)
{
	struct reading *r = ctx;

	if (r->text.n + text.n > TEXT_MAX)
		return why_set(why, ERR_LIMIT, "more than %d octets of text", TEXT_MAX);
	sbuf_span(&r->text, text);
	return OK;
}

static int
take_text(struct reading *r, const char *name, struct node *node, struct why *why)
{
	const struct { const char *element; char *to; size_t size; } rows[] = {
		{ "NodeName", node->name, sizeof node->name }, { "Path", node->path, sizeof node->path },
		{ "DDFName", node->ddf, sizeof node->ddf },    { "MIME", node->type, sizeof node->type },
		{ "ACL", node->acl, sizeof node->acl },
	};
	size_t i;

	if (strcmp(name, "Value") == 0) {
		sbuf_clear(&node->value);
		sbuf_span(&node->value, sbuf_as_span(&r->text));
		return OK;
	}
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (strcmp(name, rows[i].element) == 0)
			return span_to_cstr(span_trim(sbuf_as_span(&r->text)), rows[i].to,
			    rows[i].size) == OK ? OK :
			    why_set(why, ERR_LIMIT, "%s: at most %zu octets", name, rows[i].size - 1);
	}
	return OK;
}

static void
drop(struct node *node)
{
	if (node->value.s != NULL)
		secret_cleanse(node->value.s, node->value.n);
	sbuf_done(&node->value);
}

static int
on_end(void *ctx, const char *name, struct why *why)
{
	struct reading *r = ctx;
	int err = OK;

	if (strcmp(name, "Format") == 0)
		r->in_format = false;
	if (r->n == 0 || r->in_format)
		return OK;
	if (strcmp(name, "Node") != 0) {
		err = take_text(r, name, &r->stack[r->n - 1], why);
	} else {
		err = make(r, false, why);
		drop(&r->stack[--r->n]);
	}
	if (r->text.s != NULL)
		secret_cleanse(r->text.s, r->text.n);
	sbuf_clear(&r->text);
	return err;
}

int
dm_tnds_apply(struct dm_tree *t, struct span xml, struct why *why)
{
	static const struct xml_events events = { .start = on_start, .text = on_text, .end = on_end };
	static const struct xml_limits limits = { .depth = ELEMENTS };
	struct reading r = { .t = t };
	struct why own = { 0 };
	int err = xml_parse(xml, NULL, &limits, &events, &r, why ? why : &own);

	while (r.n > 0)
		drop(&r.stack[--r.n]);
	if (r.text.s != NULL)
		secret_cleanse(r.text.s, r.text.cap - 1);
	sbuf_done(&r.text);
	return err;
}
