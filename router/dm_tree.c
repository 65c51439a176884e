/* dm_tree.c - nodes of a management tree and how servers reach them; see dm_tree.h. */
#include "router/dm_tree_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "policy/dm.h"

static void *
must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

static char *
dup_text(const char *s)
{
	return must(strdup(s));
}

/* ---- nodes ------------------------------------------------------------------------------- */

static void
wipe(struct dm_node *node)
{
	if (node->value.s != NULL)
		secret_cleanse(node->value.s, node->value.n);
	sbuf_clear(&node->value);
}

static void
node_free(struct dm_tree *t, struct dm_node *node)
{
	while (node->first != NULL) {
		struct dm_node *child = node->first;

		node->first = child->next;
		node_free(t, child);
	}
	t->nodes--;
	t->octets -= node->value.n;
	wipe(node);
	sbuf_done(&node->value);
	free(node->name);
	free(node->type);
	free(node->acl);
	free(node);
}

static void
set_format(struct dm_node *node, const char *format)
{
	snprintf(node->format, sizeof node->format, "%s", format);
}

static struct dm_node *
node_add(struct dm_tree *t, struct dm_node *parent, struct span name, bool interior)
{
	struct dm_node *node = must(calloc(1, sizeof *node)), **at;

	node->name = span_dup(name);
	node->interior = interior;
	node->parent = parent;
	set_format(node, interior ? "node" : "chr");
	t->nodes++;
	if (parent == NULL)
		return node;
	for (at = &parent->first; *at != NULL; at = &(*at)->next)
		;
	*at = node;
	return node;
}

struct dm_node *
dm_node_child(const struct dm_node *parent, struct span name)
{
	struct dm_node *c;

	for (c = parent->first; c != NULL && !span_eq_str(name, c->name); c = c->next)
		;
	return c;
}

static bool
set_value(struct dm_tree *t, struct dm_node *node, struct span value)
{
	if (value.n > DM_TREE_VALUE || t->octets - node->value.n + value.n > DM_TREE_OCTETS)
		return false;
	t->octets = t->octets - node->value.n + value.n;
	t->changes++;
	wipe(node);
	sbuf_span(&node->value, value);
	node->changed = true;
	return true;
}

void
dm_node_unlink(struct dm_tree *t, struct dm_node *node)
{
	struct dm_node **at = &node->parent->first;

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	t->changes++;
	node_free(t, node);
}

/* ---- URIs -------------------------------------------------------------------------------- */

static bool
good_name(struct span name)
{
	return name.n > 0 && name.n <= DM_TREE_NAME && !span_eq_str(name, ".") && !span_eq_str(name, "..") &&
	    !text_has_control(name) && text_is_utf8(name, NULL);
}

unsigned
dm_place_read(const char *uri, struct dm_place *out)
{
	size_t n = uri ? strcspn(uri, "?") : 0;
	const char *p = uri, *end = uri + n;

	*out = (struct dm_place){ .n = 0 };
	if (uri == NULL || n == 0)
		return DM_STATUS_NOT_FOUND;
	if (strlen(uri) > DM_TREE_URI)
		return DM_STATUS_URI_LONG;
	if (*end == '?')
		out->query = span_str(end + 1);
	if (n == 1 && *p == '.')
		return DM_STATUS_OK;
	if (n < 3 || p[0] != '.' || p[1] != '/')
		return DM_STATUS_NOT_FOUND;
	for (p += 2; ; p++) {
		const char *slash = memchr(p, '/', (size_t)(end - p));
		struct span name = span_of(p, (size_t)((slash ? slash : end) - p));

		if (!good_name(name))
			return DM_STATUS_NOT_FOUND;
		if (out->n == DM_TREE_DEPTH)
			return DM_STATUS_URI_LONG;
		out->names[out->n++] = name;
		if (slash == NULL)
			return DM_STATUS_OK;
		p = slash;
	}
}

struct dm_node *
dm_node_find(const struct dm_tree *t, const struct dm_place *at, size_t depth)
{
	struct dm_node *node = t->root;
	size_t i;

	for (i = 0; i < depth && node != NULL; i++)
		node = dm_node_child(node, at->names[i]);
	return node;
}

static struct dm_node *
find_uri(const struct dm_tree *t, const char *uri)
{
	struct dm_place at;

	return dm_place_read(uri, &at) == DM_STATUS_OK &&
	    at.query.p == NULL ? dm_node_find(t, &at, at.n) : NULL;
}

/* ---- rights ------------------------------------------------------------------------------ */

/* A node without a list of its own has all of the nearest one above. */
bool
dm_node_may(const struct dm_node *node, enum dm_right right, const char *server)
{
	while (node->acl == NULL && node->parent != NULL)
		node = node->parent;
	return server == NULL || (node->acl != NULL && dm_acl_allows(span_str(node->acl), right, server));
}

/* Leaves whose values go to no server (StdObj 1.2, DMAcc: no Get). */
bool
dm_tree_is_secret(const char *uri)
{
	const char *slash = strrchr(uri, '/'), *name = slash ? slash + 1 : uri;

	return strcmp(name, "AAuthSecret") == 0 || strcmp(name, "AAuthData") == 0;
}

/* ---- a new tree -------------------------------------------------------------------------- */

/* What every handset has and no server can delete, with values where the maker gave none. */
static const struct fixed { const char *uri, *format, *value; } fixed[] = {
	{ "./DevInfo",                   "node", NULL },
	{ "./DevInfo/DevId",             "chr",  "" },
	{ "./DevInfo/Man",               "chr",  "OpenPPG" },
	{ "./DevInfo/Mod",               "chr",  "simulated handset" },
	{ "./DevInfo/DmV",               "chr",  "1.2" },
	{ "./DevInfo/Lang",              "chr",  "en" },
	{ "./DevDetail",                 "node", NULL },
	{ "./DevDetail/DevTyp",          "chr",  "phone" },
	{ "./DevDetail/OEM",             "chr",  "OpenPPG" },
	{ "./DevDetail/FwV",             "chr",  "1.0" },
	{ "./DevDetail/SwV",             "chr",  "1.0" },
	{ "./DevDetail/HwV",             "chr",  "1.0" },
	{ "./DevDetail/LrgObj",          "bool", "false" },
	{ "./DevDetail/URI",             "node", NULL },
	{ "./DevDetail/URI/MaxDepth",    "int",  "12" },
	{ "./DevDetail/URI/MaxTotLen",   "int",  "255" },
	{ "./DevDetail/URI/MaxSegLen",   "int",  "64" },
	{ "./DMAcc",                     "node", NULL },
	{ "./Inbox",                     "node", NULL },
};
enum { N_FIXED = sizeof fixed / sizeof fixed[0] };

struct dm_tree *
dm_tree_create(void)
{
	struct dm_tree *t = must(calloc(1, sizeof *t));
	size_t i;

	t->root = node_add(t, NULL, span_str("."), true);
	t->root->acl = dup_text("Get=*");
	t->root->permanent = true;
	for (i = 0; i < N_FIXED; i++) {
		struct dm_place at;
		struct dm_node *node;

		dm_place_read(fixed[i].uri, &at);
		node = node_add(t, dm_node_find(t, &at, at.n - 1), at.names[at.n - 1],
		    fixed[i].value == NULL);
		set_format(node, fixed[i].format);
		node->permanent = true;
		node->read_only = fixed[i].value != NULL;
		if (fixed[i].value != NULL)
			set_value(t, node, span_str(fixed[i].value));
		node->changed = false;
	}
	return t;
}

static void
copy_below(struct dm_tree *t, struct dm_node *to, const struct dm_node *from)
{
	const struct dm_node *c;

	for (c = from->first; c != NULL; c = c->next) {
		struct dm_node *n = node_add(t, to, span_str(c->name), c->interior);

		set_format(n, c->format);
		n->type = c->type ? dup_text(c->type) : NULL;
		n->acl = c->acl ? dup_text(c->acl) : NULL;
		n->permanent = c->permanent;
		n->read_only = c->read_only;
		n->elsewhere = c->elsewhere;
		set_value(t, n, sbuf_as_span(&c->value));
		n->changed = c->changed;
		copy_below(t, n, c);
	}
}

struct dm_tree *
dm_tree_dup(const struct dm_tree *from)
{
	struct dm_tree *t = must(calloc(1, sizeof *t));

	t->root = node_add(t, NULL, span_str("."), true);
	t->root->permanent = true;
	t->root->changed = from->root->changed;
	t->root->acl = dup_text(from->root->acl);
	copy_below(t, t->root, from->root);
	t->changes = from->changes;
	return t;
}

unsigned long
dm_tree_changes(const struct dm_tree *t)
{
	return t->changes;
}

void
dm_tree_destroy(struct dm_tree **p)
{
	struct dm_tree *t = *p;

	if (t == NULL)
		return;
	node_free(t, t->root);
	free(t);
	*p = NULL;
}

/* ---- making nodes ------------------------------------------------------------------------ */

static bool
known_format(const char *format)
{
	static const char *const known[] = { "b64", "bin", "bool", "chr", "int", "xml", "date",
	    "time", "float", "null" };
	size_t i;

	for (i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strcmp(format, known[i]) == 0)
			return true;
	}
	return false;
}

/* Format, type and value of a leaf. Base64 is a form on the wire; octets are kept. */
unsigned
dm_node_fill(struct dm_tree *t, struct dm_node *node, const char *format, const char *type,
    struct span data)
{
	struct sbuf octets = { 0 };
	unsigned status = DM_STATUS_OK;
	size_t n = 0;

	if (format != NULL && format[0] != '\0' && !known_format(format))
		return DM_STATUS_FORMAT;
	if (type != NULL && (strlen(type) >= sizeof ((struct dm_value *)0)->type ||
	    text_has_control(span_str(type))))
		return DM_STATUS_FORMAT;
	if (data.n > DM_TREE_VALUE * 2)
		return DM_STATUS_TOO_LARGE;
	if (format != NULL && strcmp(format, "b64") == 0) {
		sbuf_reserve(&octets, data.n + 4);
		if (text_base64(data, (uint8_t *)octets.s, &n, NULL) != OK)
			status = DM_STATUS_FORMAT;
		data = span_of(octets.s, n);
		format = "bin";
	}
	if (status == DM_STATUS_OK && data.n > DM_TREE_VALUE)
		status = DM_STATUS_TOO_LARGE;
	if (status == DM_STATUS_OK && !set_value(t, node, data))
		status = DM_STATUS_FULL;
	if (octets.s != NULL)
		secret_cleanse(octets.s, n);
	sbuf_done(&octets);
	if (status != DM_STATUS_OK)
		return status;
	if (format != NULL && format[0] != '\0')
		set_format(node, format);
	if (type != NULL && type[0] != '\0') {
		free(node->type);
		node->type = dup_text(type);
	}
	return DM_STATUS_OK;
}

/*
 * One node more. A server that could not change the list of an interior node that it made gets
 * rights of its own on it (TND 1.2, 7.7.1.3).
 */
unsigned
dm_node_make(struct dm_tree *t, const char *server, struct dm_node *parent, struct span name,
    const char *format, const char *type, struct span data)
{
	bool interior = format != NULL && strcmp(format, "node") == 0;
	struct sbuf acl = { 0 };
	struct dm_node *node;
	unsigned status;

	if (t->nodes == DM_TREE_NODES)
		return DM_STATUS_FULL;
	node = node_add(t, parent, name, interior);
	node->changed = true;
	t->changes++;
	if (interior) {
		if (!dm_node_may(parent, DM_REPLACE, server)) {
			sbuf_fmt(&acl, "Add=%s&Delete=%s&Get=%s&Replace=%s", server, server, server, server);
			node->acl = sbuf_take(&acl);
		}
		return DM_STATUS_OK;
	}
	status = dm_node_fill(t, node, format, type, data);
	if (status != DM_STATUS_OK)
		dm_node_unlink(t, node);
	return status;
}

/* Interior nodes down to `depth`; NULL: a leaf stands in the way, or there is no room. */
struct dm_node *
dm_node_parents(struct dm_tree *t, const struct dm_place *at, size_t depth)
{
	struct dm_node *node = t->root;
	size_t i;

	for (i = 0; i < depth; i++) {
		struct dm_node *child = dm_node_child(node, at->names[i]);

		if (child == NULL &&
		    dm_node_make(t, NULL, node, at->names[i], "node", NULL, (struct span){ 0 }) ==
		    DM_STATUS_OK)
			child = dm_node_child(node, at->names[i]);
		if (child == NULL || !child->interior)
			return NULL;
		node = child;
	}
	return node;
}

/* ---- the device itself ------------------------------------------------------------------- */

int
dm_tree_set(struct dm_tree *t, const char *uri, const char *format, struct span value,
    struct why *why)
{
	struct dm_node *parent, *node;
	struct dm_place at;
	unsigned status = dm_place_read(uri, &at);

	if (status != DM_STATUS_OK || at.n == 0 || at.query.p != NULL)
		return why_set(why, ERR_SYNTAX, "%.80s: no URI of a leaf", uri);
	parent = dm_node_parents(t, &at, at.n - 1);
	if (parent == NULL)
		return why_set(why, t->nodes == DM_TREE_NODES ? ERR_LIMIT : ERR_SYNTAX,
		    "%.80s: no room, or a leaf stands above it", uri);
	node = dm_node_child(parent, at.names[at.n - 1]);
	if (node != NULL && node->interior)
		return why_set(why, ERR_SYNTAX, "%.80s: an interior node has no value", uri);
	if (node == NULL)
		status = dm_node_make(t, NULL, parent, at.names[at.n - 1], format, NULL, value);
	else
		status = dm_node_fill(t, node, format, NULL, value);
	return status == DM_STATUS_OK ? OK :
	    why_set(why, ERR_LIMIT, "%.80s: no room for the value, or it is not of "
	    "its format", uri);
}

int
dm_tree_set_acl(struct dm_tree *t, const char *uri, const char *acl, struct why *why)
{
	struct dm_node *node = find_uri(t, uri);

	if (node == NULL)
		return why_set(why, ERR_NOT_FOUND, "%.80s: no such node", uri);
	if (strlen(acl) > DM_TREE_ACL)
		return why_set(why, ERR_LIMIT, "ACL: at most %d octets", DM_TREE_ACL);
	if (dm_acl_check(span_str(acl), why) != OK)
		return ERR_SYNTAX;
	if (node->parent == NULL && acl[0] == '\0')
		return why_set(why, ERR_SYNTAX, "the root needs an ACL");
	free(node->acl);
	node->acl = acl[0] ? dup_text(acl) : NULL;
	node->changed = true;
	t->changes++;
	return OK;
}

void
dm_tree_show(struct dm_tree *t, const char *uri, const char *format, const char *value,
    const char *acl)
{
	struct dm_node *node;

	if (dm_tree_set(t, uri, format, span_str(value), NULL) != OK)
		return;
	node = find_uri(t, uri);
	node->permanent = node->elsewhere = true;
	node = node->parent;
	if (node->acl == NULL) {
		node->acl = dup_text(acl);
		node->elsewhere = true;
	}
	for (; node != NULL && !node->permanent; node = node->parent) {
		node->permanent = true;
		node->elsewhere = node->elsewhere || node->acl == NULL;	/* a list of its own is to be kept */
	}
}

bool
dm_tree_value(const struct dm_tree *t, const char *uri, struct span *value)
{
	const struct dm_node *node = find_uri(t, uri);

	*value = node && !node->interior ? sbuf_as_span(&node->value) : (struct span){ 0 };
	return node != NULL && !node->interior;
}

const char *
dm_tree_child(const struct dm_tree *t, const char *uri, size_t i)
{
	const struct dm_node *node = find_uri(t, uri);

	for (node = node ? node->first : NULL; node != NULL && i > 0; i--)
		node = node->next;
	return node ? node->name : NULL;
}

bool
dm_tree_drop(struct dm_tree *t, const char *uri)
{
	struct dm_node *node = find_uri(t, uri);

	if (node == NULL || node->permanent)
		return false;
	dm_node_unlink(t, node);
	return true;
}

int
dm_tree_set_info(struct dm_tree *t, json_t *info, struct why *why)
{
	const char *name;
	json_t *v;
	size_t i;

	if (info != NULL && !json_is_object(info))
		return why_set(why, ERR_SYNTAX, "dm_info: an object is expected");
	json_object_foreach(info, name, v) {
		for (i = 0; i < N_FIXED; i++) {
			const char *slash = strrchr(fixed[i].uri, '/');

			if (fixed[i].value != NULL && strcmp(slash + 1, name) == 0)
				break;
		}
		if (i == N_FIXED || !json_is_string(v) || json_string_length(v) > DM_TREE_URI)
			return why_set(why, ERR_SYNTAX,
			    "dm_info: \"%.32s\" is no text of DevInfo or DevDetail", name);
		set_value(t, find_uri(t, fixed[i].uri), span_of(json_string_value(v), json_string_length(v)));
		find_uri(t, fixed[i].uri)->changed = false;	/* it is kept where it came from */
	}
	return OK;
}
