/* dm_account.c - see dm_account.h. */
#include "router/dm_account.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "base/text.h"

static const char accounts[] = "./DMAcc";

/* ---- reading ----------------------------------------------------------------------------- */

/* "./DMAcc/x" "/" "AppAuth"; false: too long. */
static bool
below(const char *node, const char *name, char out[DM_TREE_URI + 1])
{
	return snprintf(out, DM_TREE_URI + 1, "%s/%s", node, name) <= DM_TREE_URI;
}

/* Text of a leaf; absent is "". ERR_LIMIT: it does not fit, or holds NUL. */
static int
leaf(const struct dm_tree *t, const char *node, const char *name, char *out, size_t size)
{
	char uri[DM_TREE_URI + 1];
	struct span value;

	out[0] = '\0';
	if (!below(node, name, uri) || !dm_tree_value(t, uri, &value))
		return OK;
	return span_to_cstr(value, out, size) == OK ? OK : ERR_LIMIT;
}

static bool
leaf_is(const struct dm_tree *t, const char *node, const char *name, const char *text)
{
	char uri[DM_TREE_URI + 1];
	struct span value;

	return below(node, name, uri) && dm_tree_value(t, uri, &value) && span_eq_nocase(value, text);
}

/*
 * The first scheme of "DIGEST,BASIC" that is known; without any it is DIGEST. HMAC alone is
 * that of 1.2, which goes with a nonce, or else that of 1.3.
 */
static enum dm_auth
read_scheme(const char *text, bool has_nonce)
{
	static const struct { const char *name; enum dm_auth auth; } names[] = {
		{ "BASIC",         DM_AUTH_BASIC },       { "HTTP-BASIC",  DM_AUTH_BASIC },
		{ "DIGEST",        DM_AUTH_MD5 },         { "DIGEST-MD5",  DM_AUTH_MD5 },
		{ "DIGEST-SHA256", DM_AUTH_SHA256 },      { "HMAC-MD5",    DM_AUTH_HMAC_MD5 },
		{ "HMAC-SHA256",   DM_AUTH_HMAC_SHA256 }, { "HMAC",        DM_AUTH_HMAC_MD5 },
	};
	size_t i, n;

	for (; *text != '\0'; text += n + (text[n] != '\0')) {
		struct span word;

		n = strcspn(text, ",");
		word = span_trim(span_of(text, n));
		for (i = 0; i < sizeof names / sizeof names[0]; i++) {
			if (span_eq_nocase(word, names[i].name))
				return span_eq_nocase(word, "HMAC") &&
				    !has_nonce ? DM_AUTH_HMAC_SHA256 : names[i].auth;
		}
	}
	return DM_AUTH_MD5;
}

static int
read_login(const struct dm_tree *t, const char *node, struct dm_login *out)
{
	char scheme[128], uri[DM_TREE_URI + 1];
	struct span nonce = { 0 };
	int err;

	if (below(node, "AAuthData", uri))
		dm_tree_value(t, uri, &nonce);
	err = leaf(t, node, "AAuthName", out->name, sizeof out->name);
	if (err == OK)
		err = leaf(t, node, "AAuthSecret", out->password, sizeof out->password);
	if (err == OK)
		err = leaf(t, node, "AAuthType", scheme, sizeof scheme);
	if (err != OK || nonce.n > sizeof out->nonce.p)
		return ERR_LIMIT;
	out->auth = read_scheme(scheme, nonce.n > 0);
	if (nonce.n > 0)
		memcpy(out->nonce.p, nonce.p, nonce.n);
	out->nonce.n = nonce.n;
	snprintf(out->node, sizeof out->node, "%s", node);
	out->has = true;
	return OK;
}

static int
read_logins(const struct dm_tree *t, struct dm_account *a)
{
	char list[DM_TREE_URI + 1], node[DM_TREE_URI + 1];
	const char *name;
	size_t i;
	int err = OK;

	if (!below(a->node, "AppAuth", list))
		return ERR_LIMIT;
	for (i = 0; err == OK && (name = dm_tree_child(t, list, i)) != NULL; i++) {
		if (!below(list, name, node))
			continue;
		if (!a->device.has &&
		    (leaf_is(t, node, "AAuthLevel", "CLCRED") || leaf_is(t, node, "AAuthLevel", "APPSRV")))
			err = read_login(t, node, &a->device);
		if (!a->server.has &&
		    (leaf_is(t, node, "AAuthLevel", "SRVCRED") || leaf_is(t, node, "AAuthLevel", "CLIENT")))
			err = read_login(t, node, &a->server);
	}
	if (a->server.has && a->server.name[0] == '\0')
		snprintf(a->server.name, sizeof a->server.name, "%s", a->server_id);
	return err;
}

/* The port of the account wins over that of the URL. */
static bool
print_url(const char *addr, const char *port, char *out, size_t size)
{
	const char *host = strstr(addr, "://"), *end, *colon;
	int64_t number;

	if (host == NULL)
		return false;
	host += 3;
	end = host + strcspn(host, "/?#");
	colon = end;
	if (port[0] != '\0') {
		if (text_number(port, 1, 65535, &number) != OK)
			return false;
		for (colon = end; colon > host && strchr("0123456789", colon[-1]) != NULL; colon--)
			;
		colon = colon > host && colon[-1] == ':' ? colon - 1 : end;
	}
	return snprintf(out, size, "%.*s%s%s%s", (int)(colon - addr), addr, port[0] ? ":" : "",
	    port, end) < (int)size;
}

static int
read_address(const struct dm_tree *t, struct dm_account *a)
{
	char list[DM_TREE_URI + 1], node[DM_TREE_URI + 1], ports[DM_TREE_URI + 1], port_node[DM_TREE_URI + 1];
	char addr[2000], port[8] = "";
	const char *name;

	if (!below(a->node, "AppAddr", list) || (name = dm_tree_child(t, list, 0)) == NULL ||
	    !below(list, name, node) || leaf(t, node, "Addr", addr, sizeof addr) != OK)
		return ERR_SYNTAX;
	if (below(node, "Port", ports) && (name = dm_tree_child(t, ports, 0)) != NULL &&
	    below(ports, name, port_node) &&
	    leaf(t, port_node, "PortNbr", port, sizeof port) != OK)
		return ERR_SYNTAX;
	return print_url(addr, port, a->url, sizeof a->url) ? OK : ERR_SYNTAX;
}

/* Node of the account of a server; false: there is none. */
static bool
find_node(const struct dm_tree *t, const char *server_id, char node[DM_TREE_URI + 1])
{
	const char *name;
	char uri[DM_TREE_URI + 1];
	struct span value;
	size_t i;

	for (i = 0; (name = dm_tree_child(t, accounts, i)) != NULL; i++) {
		if (below(accounts, name, node) && below(node, "ServerID", uri) &&
		    dm_tree_value(t, uri, &value) && span_eq_str(value, server_id))
			return true;
	}
	return false;
}

int
dm_account_find(const struct dm_tree *t, const char *server_id, struct dm_account *out,
    struct why *why)
{
	int err = OK;

	*out = (struct dm_account){ .url = "" };
	if (strlen(server_id) >= sizeof out->server_id || !find_node(t, server_id, out->node))
		return why_set(why, ERR_NOT_FOUND, "no account of this server");
	snprintf(out->server_id, sizeof out->server_id, "%s", server_id);
	if (read_address(t, out) != OK)
		err = why_set(why, ERR_SYNTAX, "the account has no address that can be used");
	else if (read_logins(t, out) != OK)
		err = why_set(why, ERR_SYNTAX, "a name, password or nonce of the account is too long");
	if (err != OK)
		dm_account_done(out);
	return err;
}

void
dm_account_done(struct dm_account *a)
{
	secret_cleanse(a, sizeof *a);
}

void
dm_account_keep_nonce(struct dm_tree *t, const struct dm_login *login, struct span nonce)
{
	char uri[DM_TREE_URI + 1];

	if (login->has && below(login->node, "AAuthData", uri))
		dm_tree_set(t, uri, "bin", nonce, NULL);
}

/* ---- making ------------------------------------------------------------------------------ */

/* No list may be made to mean others by the name of a server. */
static bool
good_server_id(const char *id)
{
	struct sbuf acl = { 0 };
	bool good;

	sbuf_fmt(&acl, "Get=%s", id);
	good = strlen(id) < DM_NAME_MAX && strpbrk(id, "+*&=") == NULL &&
	    dm_acl_check(sbuf_as_span(&acl), NULL) == OK;
	sbuf_done(&acl);
	return good;
}

static int
claim(struct dm_tree *t, const char *node, const char *server_id, struct why *why)
{
	struct sbuf acl = { 0 };
	int err;

	sbuf_fmt(&acl, "Delete=%s&Get=%s&Replace=%s", server_id, server_id, server_id);
	err = dm_tree_set_acl(t, node, acl.s, why);
	sbuf_done(&acl);
	return err;
}

static const char *
value_of(const struct policy_setting *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n_parms; i++) {
		if (strcmp(s->parms[i].name, name) == 0 && !s->parms[i].noparm)
			return s->parms[i].value ? s->parms[i].value : "";
	}
	return NULL;
}

static bool
flag_on(const struct policy_setting *s, const char *name)
{
	const char *value = value_of(s, name);

	return value != NULL && strcmp(value, "0") != 0;
}

static int
put_leaf(struct dm_tree *t, const char *node, const char *name, const char *format,
    struct span value, struct why *why)
{
	char uri[DM_TREE_URI + 1];

	if (!below(node, name, uri))
		return why_set(why, ERR_LIMIT, "the name of the account is too long");
	return dm_tree_set(t, uri, format, value, why);
}

static int
put_parm(struct dm_tree *t, const char *node, const char *name, const struct policy_setting *s,
    const char *parm, struct why *why)
{
	const char *value = value_of(s, parm);

	return value ? put_leaf(t, node, name, "chr", span_str(value), why) : OK;
}

/* Where the document gives no base64, the nonce is its text. */
static int
put_nonce(struct dm_tree *t, const char *node, const char *text, struct why *why)
{
	struct dm_octets nonce;
	int err = dm_b64_decode(span_str(text), &nonce);

	if (err == ERR_LIMIT || strlen(text) > DM_NONCE_MAX * 2)
		return why_set(why, ERR_LIMIT,
		    "AAUTHDATA: a nonce of at most %d octets is expected", DM_NONCE_MAX);
	return put_leaf(t, node, "AAuthData", "bin",
	    err == OK ? span_of(nonce.p, nonce.n) : span_str(text), why);
}

static int
put_login(struct dm_tree *t, const char *node, const struct policy_setting *s, struct why *why)
{
	static const struct { const char *cp, *dm; } levels[] = { { "APPSRV", "CLCRED" },
	    { "CLIENT", "SRVCRED" },
		{ "OBEX", "OBEX" } };
	const char *level = value_of(s, "AAUTHLEVEL"), *nonce = value_of(s, "AAUTHDATA");
	const char *name = value_of(s, "AAUTHNAME"), *secret = value_of(s, "AAUTHSECRET");
	size_t i;
	int err;

	for (i = 0; i < 3 && (level == NULL || strcmp(level, levels[i].cp) != 0); i++)
		;
	if (i == 3)
		return OK;		/* for the transport, or of no level */
	if ((name && strlen(name) >= DM_NAME_MAX) || (secret && strlen(secret) >= DM_PASSWORD_MAX))
		return why_set(why, ERR_LIMIT,
		    "APPAUTH: names have at most %d octets, passwords %d", DM_NAME_MAX - 1,
		    DM_PASSWORD_MAX - 1);
	err = put_leaf(t, node, "AAuthLevel", "chr", span_str(levels[i].dm), why);
	if (err == OK)
		err = put_parm(t, node, "AAuthType", s, "AAUTHTYPE", why);
	if (err == OK)
		err = put_parm(t, node, "AAuthName", s, "AAUTHNAME", why);
	if (err == OK)
		err = put_parm(t, node, "AAuthSecret", s, "AAUTHSECRET", why);
	if (err == OK && nonce != NULL)
		err = put_nonce(t, node, nonce, why);
	return err;
}

/* One application while its parts are read. */
struct making {
	struct dm_tree *t;
	char node[DM_TREE_URI + 1];
	unsigned n_addr, n_port, n_auth;
	struct why *why;
};

/* "./DMAcc/x/AppAddr/1" */
static int
part_node(const struct making *m, const char *name, unsigned number, char out[DM_TREE_URI + 1])
{
	char list[DM_TREE_URI + 1], digits[16];

	snprintf(digits, sizeof digits, "%u", number);
	return below(m->node, name, list) && below(list, digits, out) ? OK :
	    why_set(m->why, ERR_LIMIT, "the name of the account is too long");
}

static int
put_part(struct making *m, const struct policy_setting *s)
{
	char node[DM_TREE_URI + 1], port[32];
	int err;

	if (strcmp(s->path, "APPLICATION/APPADDR") == 0) {
		m->n_port = 0;
		err = part_node(m, "AppAddr", ++m->n_addr, node);
		if (err == OK)
			err = put_parm(m->t, node, "Addr", s, "ADDR", m->why);
		return err == OK ? put_leaf(m->t, node, "AddrType", "chr", span_str("URI"), m->why) : err;
	}
	if (strcmp(s->path, "APPLICATION/APPADDR/PORT") == 0) {
		snprintf(port, sizeof port, "Port/%u/PortNbr", ++m->n_port);
		err = part_node(m, "AppAddr", m->n_addr, node);
		return err == OK ? put_parm(m->t, node, port, s, "PORTNBR", m->why) : err;
	}
	if (strcmp(s->path, "APPLICATION/APPAUTH") == 0) {
		err = part_node(m, "AppAuth", ++m->n_auth, node);
		return err == OK ? put_login(m->t, node, s, m->why) : err;
	}
	return OK;
}

/* A name for the node: that of the server where it can be one. */
static void
make_node_name(const char *server_id, char node[DM_TREE_URI + 1])
{
	if (strlen(server_id) <= DM_TREE_NAME && strpbrk(server_id, "/? %") == NULL &&
	    strcmp(server_id, ".") != 0 && strcmp(server_id, "..") != 0)
		snprintf(node, DM_TREE_URI + 1, "%s/%s", accounts, server_id);
	else
		snprintf(node, DM_TREE_URI + 1, "%s/%016llx", accounts,
		    (unsigned long long)text_hash64(span_str(server_id)));
}

static size_t
count_accounts(const struct dm_tree *t)
{
	size_t n = 0;

	while (dm_tree_child(t, accounts, n) != NULL)
		n++;
	return n;
}

static int
put_head(struct making *m, const struct policy_setting *s, const char *id)
{
	const char *conref = value_of(s, "TO-NAPID"), *addr = value_of(s, "ADDR");
	int err = put_leaf(m->t, m->node, "AppID", "chr", span_str("w7"), m->why);

	if (conref == NULL)
		conref = value_of(s, "TO-PROXY");
	if (err == OK)
		err = put_leaf(m->t, m->node, "ServerID", "chr", span_str(id), m->why);
	if (err == OK)
		err = put_parm(m->t, m->node, "Name", s, "NAME", m->why);
	if (err == OK && conref != NULL)
		err = put_leaf(m->t, m->node, "PrefConRef", "chr", span_str(conref), m->why);
	if (err == OK && addr != NULL) {
		m->n_addr = 1;
		err = put_leaf(m->t, m->node, "AppAddr/1/Addr", "chr", span_str(addr), m->why);
	}
	return err == OK ? claim(m->t, m->node, id, m->why) : err;
}

/* settings[0] is the APPLICATION, what follows below it are its parts. */
static int
put_application(struct dm_tree *t, const struct policy_setting *settings, size_t n,
    const char *id, struct why *why)
{
	struct making m = { .t = t, .why = why };
	size_t i;
	int err;

	if (!good_server_id(id))
		return why_set(why, ERR_SYNTAX,
		    "PROVIDER-ID: a name without blanks and without + * & = is expected");
	if (find_node(t, id, m.node))
		dm_tree_drop(t, m.node);
	if (settings[0].remove)
		return OK;
	if (count_accounts(t) == DM_ACCOUNTS)
		return why_set(why, ERR_LIMIT, "at most %d DM accounts", DM_ACCOUNTS);
	make_node_name(id, m.node);
	dm_tree_drop(t, m.node);	/* of that name, but without a server */
	err = put_head(&m, settings, id);
	for (i = 1; err == OK && i < n && strncmp(settings[i].path, "APPLICATION/", 12) == 0; i++) {
		if (!settings[i].remove)
			err = put_part(&m, &settings[i]);
	}
	return err;
}

int
dm_account_install(struct dm_tree **t, const struct policy_setting *settings, size_t n,
    struct dm_accounts *start, bool *changed, struct why *why)
{
	struct dm_tree *next = NULL;
	size_t i;
	int err = OK;

	start->n = 0;
	for (i = 0; err == OK && i < n; i++) {
		const char *app = strcmp(settings[i].path, "APPLICATION") == 0 ?
		    value_of(&settings[i], "APPID") : NULL;
		const char *id = app ? value_of(&settings[i], "PROVIDER-ID") : NULL;

		if (app == NULL || strcmp(app, "w7") != 0 || id == NULL)
			continue;
		if (next == NULL)
			next = dm_tree_dup(*t);
		err = put_application(next, settings + i, n - i, id, why);
		if (err == OK && !settings[i].remove && flag_on(&settings[i], "INIT") &&
		    start->n < DM_ACCOUNTS)
			snprintf(start->ids[start->n++], DM_NAME_MAX, "%s", id);
	}
	if (changed != NULL)
		*changed = err == OK && next != NULL;
	if (err == OK && next != NULL) {
		dm_tree_destroy(t);
		*t = next;
		return OK;
	}
	if (err != OK)
		start->n = 0;
	dm_tree_destroy(&next);
	return err;
}

int
dm_account_claim(struct dm_tree *t, struct why *why)
{
	char node[DM_TREE_URI + 1], list[DM_TREE_URI + 1], id[DM_NAME_MAX];
	const char *name;
	size_t i;
	int err = OK;

	if (count_accounts(t) > DM_ACCOUNTS)
		return why_set(why, ERR_LIMIT, "at most %d DM accounts", DM_ACCOUNTS);
	for (i = 0; err == OK && (name = dm_tree_child(t, accounts, i)) != NULL; i++) {
		struct dm_value acl;
		bool has;

		if (!below(accounts, name, node) ||
		    snprintf(list, sizeof list, "%s?prop=ACL", node) >= (int)sizeof list)
			continue;
		has = dm_tree_get(t, NULL, list, &acl) == DM_STATUS_OK && acl.data.n > 0;
		dm_value_done(&acl);
		if (has)
			continue;
		if (leaf(t, node, "ServerID", id, sizeof id) != OK || !good_server_id(id))
			err = why_set(why, ERR_SYNTAX,
			    "an account names no server, or one with + * & = in its name");
		else
			err = claim(t, node, id, why);
	}
	return err;
}
