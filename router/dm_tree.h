/*
 * dm_tree.h - the management tree of a simulated handset: nodes, their properties, who may do
 * what with them.
 * Spec: OMA-TS-DM_TND 1.2 (7.2 addressing, 7.5 limits, 7.7.1 ACL), OMA-TS-DM_StdObj 1.2
 * (DevInfo, DevDetail, DMAcc, Inbox).
 *
 * Bounded: nodes, depth, octets of a URI, of a value and of all values. Pure: no I/O. Answers
 * to servers are the status codes of SyncML.
 */
#ifndef ROUTER_DM_TREE_H
#define ROUTER_DM_TREE_H

#include "base/json.h"

enum {
	DM_TREE_NODES = 500, DM_TREE_DEPTH = 12, DM_TREE_URI = 255, DM_TREE_NAME = 64, DM_TREE_VALUE = 16384,
	DM_TREE_OCTETS = 65536, DM_TREE_ACL = 1024
};
/* Status codes that the tree answers with (RepPro 1.2, 10). */
enum {
	DM_STATUS_OK = 200,
	DM_STATUS_UNAUTHORIZED = 401,
	DM_STATUS_NOT_FOUND = 404,
	DM_STATUS_NOT_ALLOWED = 405,
	DM_STATUS_NO_FEATURE = 406,
	DM_STATUS_CREDENTIALS = 407,
	DM_STATUS_TOO_LARGE = 413,
	DM_STATUS_URI_LONG = 414,
	DM_STATUS_FORMAT = 415,
	DM_STATUS_EXISTS = 418,
	DM_STATUS_FULL = 420,
	DM_STATUS_PERMISSION = 425,
	DM_STATUS_FAILED = 500
};

struct dm_tree;
/* "." with ACL Get=*, ./DevInfo, ./DevDetail, ./DMAcc and ./Inbox; aborts without memory. */
struct dm_tree *dm_tree_create(void);
struct dm_tree *dm_tree_dup(const struct dm_tree *t);
void dm_tree_destroy(struct dm_tree **t);	/* wipes values */
/* Grows with each change; a copy begins with that of its origin. */
unsigned long dm_tree_changes(const struct dm_tree *t);

/* ---- the device itself: no ACL ----------------------------------------------------------- */

/*
 * A leaf gets this value; what is missing above it is made. format "" is "chr". ERR_SYNTAX (no
 * such URI, a leaf above it, an interior node), ERR_LIMIT.
 */
int dm_tree_set(struct dm_tree *t, const char *uri, const char *format, struct span value,
    struct why *why);
int dm_tree_set_acl(struct dm_tree *t, const char *uri, const char *acl, struct why *why);	/* ERR_NOT_FOUND */
/*
 * A leaf that shows what is kept elsewhere: no server can delete it, dm_tree_json leaves it
 * out. acl: list of the node above it. Does nothing where there is no room.
 */
void dm_tree_show(struct dm_tree *t, const char *uri, const char *format, const char *value,
    const char *acl);
/* Value of a leaf, borrowed until the tree changes; false: there is none. */
bool dm_tree_value(const struct dm_tree *t, const char *uri, struct span *value);
/* Name of child i of an interior node, in the order they were made; NULL: there is none. */
const char *dm_tree_child(const struct dm_tree *t, const char *uri, size_t i);
bool dm_tree_drop(struct dm_tree *t, const char *uri);		/* with all below it; false: there is none */
/*
 * Manufacturer's data by the last part of their names, {"DevId":"IMEI:...","Man":...}:
 * ERR_SYNTAX for others than those of ./DevInfo and ./DevDetail.
 */
int dm_tree_set_info(struct dm_tree *t, json_t *info, struct why *why);

/* ---- servers: under the ACL; server NULL: a bootstrap, which no ACL binds ---------------- */

struct dm_value {
	char format[8], type[64];
	struct sbuf data;	/* children of an interior node are separated by '/' */
};
void dm_value_done(struct dm_value *v);

/* uri may end in ?prop=ACL, Format, Name, Size or Type. */
unsigned dm_tree_get(const struct dm_tree *t, const char *server, const char *uri,
    struct dm_value *out);
/*
 * format and type may be NULL or "". Data of format b64 are octets from then on. Add makes one
 * node, whose parent has to be there; a bootstrap makes the parents, too, and its Replace adds
 * what is missing.
 */
unsigned dm_tree_add(struct dm_tree *t, const char *server, const char *uri, const char *format,
    const char *type, struct span data);
/* uri may end in ?prop=ACL. */
unsigned dm_tree_replace(struct dm_tree *t, const char *server, const char *uri,
    const char *format, const char *type, struct span data);
unsigned dm_tree_delete(struct dm_tree *t, const char *server, const char *uri);
/* May the server execute it? There are no applications behind nodes: 404, 425 or 405. */
unsigned dm_tree_exec(const struct dm_tree *t, const char *server, const char *uri);

/* ---- kept as JSON ------------------------------------------------------------------------ */

/*
 * {"./DMAcc/x":{"format":"node","acl":...},"./DMAcc/x/Name":{"value":...},...}: what differs
 * from a new tree. Values that are no text are in "base64". A new reference.
 */
json_t *dm_tree_json(const struct dm_tree *t);
/* Reads that into a new tree; ERR_SYNTAX, ERR_LIMIT. obj NULL: nothing. */
int dm_tree_read(struct dm_tree *t, json_t *obj, struct why *why);
/* Does a node of this name hold what must not be shown: AAuthSecret, AAuthData? */
bool dm_tree_is_secret(const char *uri);

#endif
