/*
 * dm_acl.c - who may do what with a node of the management tree; see dm.h.
 * Spec: OMA-TS-DM_TND 1.2, 7.7.1. A whole list is inherited or none of it, so one value is enough here.
 */
#include "policy/dm_int.h"

#include <string.h>

static const struct { const char *name; enum dm_right right; } rights[] = {
	{ "Add", DM_ADD }, { "Delete", DM_DELETE }, { "Exec", DM_EXEC }, { "Get", DM_GET }, { "Replace", DM_REPLACE },
};
enum { N_RIGHTS = sizeof rights / sizeof rights[0] };

/* What stands in front of the next `sep`; *rest is what follows it, *more: there was one. */
static struct span
cut(struct span s, char sep, struct span *rest, bool *more)
{
	const uint8_t *p = s.n > 0 ? memchr(s.p, sep, s.n) : NULL;
	size_t n = p != NULL ? (size_t)(p - s.p) : s.n;

	*more = p != NULL;
	*rest = span_of(s.p + n + *more, s.n - n - *more);
	return span_of(s.p, n);
}

static bool
good_name(struct span name)
{
	size_t i;

	if (span_eq_str(name, "*"))
		return true;
	for (i = 0; i < name.n; i++)
		if (name.p[i] <= 0x20 || name.p[i] == 0x7F || strchr("=&*+", name.p[i]) != NULL)
			return false;
	return name.n > 0 && name.n < DM_NAME_MAX;
}

/* The servers of one entry: all well formed? *listed: is this one of them? */
static bool
servers(struct span list, const char *server_id, bool *listed)
{
	bool more = true;

	while (more) {
		struct span name = cut(list, '+', &list, &more);

		if (!good_name(name))
			return false;
		if (span_eq_str(name, "*") || (server_id != NULL && span_eq_str(name, server_id)))
			*listed = true;
	}
	return true;
}

/* Walks the list. *may: rights of the server; *at: what was wrong. */
static int
walk(struct span acl, const char *server_id, unsigned *may, size_t *at)
{
	struct span left = acl;
	unsigned seen = 0;
	bool more = acl.n > 0;

	*may = 0;
	while (more) {
		struct span entry, name, list;
		bool has_list, listed = false;
		size_t i;

		*at = acl.n - left.n;
		entry = cut(left, '&', &left, &more);
		name = cut(entry, '=', &list, &has_list);
		for (i = 0; i < N_RIGHTS && !span_eq_str(name, rights[i].name); i++)
			;
		if (i == N_RIGHTS || !has_list || (seen & rights[i].right) || !servers(list, server_id, &listed))
			return ERR_SYNTAX;
		seen |= rights[i].right;
		if (listed)
			*may |= rights[i].right;
	}
	return OK;
}

int
dm_acl_check(struct span acl, struct why *why)
{
	unsigned may;
	size_t at = 0;

	if (walk(acl, NULL, &may, &at) != OK)
		return why_at(why, ERR_SYNTAX, at, "ACL: offset %zu: no entry such as Get=www.example.net+*, or a "
		    "second one of its command", at);
	return OK;
}

bool
dm_acl_allows(struct span acl, enum dm_right right, const char *server_id)
{
	unsigned may;
	size_t at;

	return walk(acl, server_id, &may, &at) == OK && (may & right) != 0;
}
