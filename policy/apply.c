/*
 * apply.c - what changes on the device when a document was accepted: all of it, or nothing.
 * Facts: device policies 2.1 (policies), 3.9 (metabase), 4 (certificates), 6.1, 6.2, 6.5.
 */
#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include "base/text.h"
#include "policy/catalogue.h"
#include "policy/settings.h"

/* ---- policies and the provisioning server ---------------------------------------------------------- */

/*
 * Id and value of a parm of SecurityPolicy; noparm is 0. A profile with bits that its family does not
 * know is a slip; a device keeps what a document brings, and the bits mean nothing.
 */
static int
policy_read(const struct policy_device *dev, const struct policy_parm *p, uint32_t *id, uint32_t *value, struct why *why)
{
	int64_t number;

	*value = 0;
	if (text_number(p->name, 0, UINT32_MAX, &number) != OK)
		return why_set(why, ERR_SYNTAX, "SecurityPolicy: \"%.32s\" is no policy id", p->name);
	*id = (uint32_t)number;
	if (!p->noparm && policy_value_parse(*id, p->value ? p->value : "", value, why) != OK)
		return ERR_SYNTAX;
	*value = catalogue_trim(dev->family, *id, *value);
	return OK;
}

static int
apply_policies(struct policy_device *dev, const struct policy_setting *s, struct why *why)
{
	size_t i;
	int err = OK;

	for (i = 0; err == OK && i < s->n_parms; i++) {
		uint32_t id = 0, value;

		err = policy_read(dev, &s->parms[i], &id, &value, why);
		if (err == OK)
			err = policy_set(dev, id, value, why);
	}
	return err;
}

static bool
policies_fit(const struct policy_device *dev, const struct policy_setting *s)
{
	uint32_t id, value;
	size_t i;

	for (i = 0; i < s->n_parms; i++) {
		if (policy_read(dev, &s->parms[i], &id, &value, NULL) != OK ||
		    catalogue_check(dev->family, id, value, NULL) != OK)
			return false;
	}
	return true;
}

/* A complete URL of a scheme that the router compares (6.1). */
static bool
provurl_fits(const struct policy_device *dev, const char *url)
{
	static const char *const schemes[] = { "http://", "https://", "wsp://", "wsps://" };
	size_t i;

	for (i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		if (span_starts_nocase(span_str(url), schemes[i]))
			return strlen(url) < sizeof dev->provurl;
	}
	return false;
}

static int
apply_bootstrap(struct policy_device *dev, const struct policy_setting *s, struct why *why)
{
	const char *url = settings_value(s, "PROVURL");

	if (url == NULL)
		return OK;
	if (!provurl_fits(dev, url))
		return why_set(why, ERR_RANGE, "BOOTSTRAP: PROVURL is an http, https, wsp or wsps URL of at "
		    "most %zu characters", sizeof dev->provurl - 1);
	snprintf(dev->provurl, sizeof dev->provurl, "%s", url);
	return OK;
}

/* ---- certificates ------------------------------------------------------------------------------------ */

static const char cert_path[] = "CertificateStore/", metabase_path[] = "Metabase/";

static const struct policy_parm *
parm_nocase(const struct policy_setting *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n_parms; i++) {
		if (strcasecmp(s->parms[i].name, name) == 0)
			return &s->parms[i];
	}
	return NULL;
}

static const char *
value_nocase(const struct policy_setting *s, const char *name)
{
	const struct policy_parm *p = parm_nocase(s, name);

	return p && !p->noparm ? p->value : NULL;
}

/* One DER sequence, and nothing behind it. */
static bool
is_der(struct span der)
{
	size_t n;

	if (der.n < 4 || der.p[0] != 0x30)
		return false;
	if (der.p[1] < 0x80)
		return der.n == 2u + der.p[1];
	n = der.p[1] == 0x81 ? der.p[2] : (size_t)der.p[2] << 8 | der.p[3];
	return der.p[1] == 0x81 ? der.n == 3 + n : der.p[1] == 0x82 && der.n == 4 + n;
}

/* Role masks in settings are decimal. */
static bool
role_read(const char *text, uint32_t *mask)
{
	int64_t v;

	*mask = 0;
	if (text == NULL || text_number(text, 0, ROLE_ALL, &v) != OK || ((uint32_t)v & ~(uint32_t)ROLE_ALL))
		return false;
	*mask = (uint32_t)v;
	return true;
}

/* Store and hash of "CertificateStore/STORE/HASH"; false for other paths below it. */
static bool
cert_place(const char *path, struct policy_root *out)
{
	const char *store = path + sizeof cert_path - 1, *slash = strchr(store, '/');

	if (slash == NULL || slash == store || (size_t)(slash - store) >= sizeof out->store ||
	    strlen(slash + 1) != sizeof out->hash - 1 ||
	    strspn(slash + 1, "0123456789abcdefABCDEF") != sizeof out->hash - 1)
		return false;
	snprintf(out->store, sizeof out->store, "%.*s", (int)(slash - store), store);
	snprintf(out->hash, sizeof out->hash, "%s", slash + 1);
	return true;
}

int
policy_root_set(struct policy_root *root, const char *base64, struct why *why)
{
	uint8_t octets[POLICY_ROOT_OCTETS + 8], sha1[20];
	struct sbuf hash = { 0 };
	size_t n = 0;

	if (strlen(base64) > (size_t)(POLICY_ROOT_OCTETS + 2) / 3 * 4 ||
	    text_base64(span_str(base64), octets, &n, NULL) != OK || n > POLICY_ROOT_OCTETS ||
	    !is_der(span_of(octets, n)))
		return why_set(why, ERR_SYNTAX, "a certificate of at most %d octets in base64 is expected",
		    POLICY_ROOT_OCTETS);
	EVP_Q_digest(NULL, "SHA1", NULL, octets, n, sha1, NULL);
	sbuf_hex(&hash, span_of(sha1, sizeof sha1));
	snprintf(root->hash, sizeof root->hash, "%s", hash.s);
	sbuf_done(&hash);
	memcpy(root->der, octets, n);
	root->n = (uint16_t)n;
	return OK;
}

/* out has store and hash of the path. */
static int
cert_read(const struct policy_setting *s, struct policy_root *out, struct why *why)
{
	const char *text = value_nocase(s, "EncodedCertificate"), *role = value_nocase(s, "Role");
	char hash[sizeof out->hash];
	int err;

	if (strcmp(out->store, "SPC") == 0 ? !role_read(role, &out->mask) :
	    role != NULL && !role_read(role, &out->mask))
		return why_set(why, ERR_RANGE, "CertificateStore: Role is the mask that the certificate lends");
	memcpy(hash, out->hash, sizeof hash);
	err = policy_root_set(out, text ? text : "", why);
	if (err != OK)
		why_prefix(why, "CertificateStore: EncodedCertificate");
	else if (strcasecmp(hash, out->hash) != 0)
		err = why_set(why, ERR_SYNTAX, "CertificateStore: the hash is not that of the certificate");
	return err;
}

static int
apply_certificate(struct policy_device *dev, const struct policy_setting *s, struct why *why)
{
	struct policy_root root = { 0 };
	size_t i;
	int err;

	if (!cert_place(s->path, &root))
		return OK;
	for (i = 0; i < dev->n_roots && (strcmp(dev->roots[i].store, root.store) != 0 ||
	    strcasecmp(dev->roots[i].hash, root.hash) != 0); i++)
		;
	if (s->remove) {
		if (i < dev->n_roots)
			memmove(&dev->roots[i], &dev->roots[i + 1],
			    (--dev->n_roots - i) * sizeof dev->roots[0]);
		return OK;
	}
	err = cert_read(s, &root, why);
	if (err == OK && i == POLICY_ROOTS_MAX)
		err = why_set(why, ERR_LIMIT, "CertificateStore: at most %d certificates", POLICY_ROOTS_MAX);
	if (err != OK)
		return err;
	dev->roots[i] = root;
	if (i == dev->n_roots)
		dev->n_roots++;
	return OK;
}

/* ---- metabase ------------------------------------------------------------------------------------------ */

enum { RW_WRITE = 2, RW_MAX = 3 };

static const char *
either(const struct policy_setting *s, const char *name, const char *other)
{
	const char *value = value_nocase(s, name);

	return value ? value : value_nocase(s, other);
}

/* access-role and rw-access of an entry, as documents or DM trees call them; what is not given stays. */
static int
access_read(const struct policy_device *dev, const struct policy_setting *s, uint32_t *mask,
    struct why *why)
{
	const char *role = either(s, "access-role", "AccessRole"), *rw = either(s, "rw-access", "RWAccess");
	int64_t bits = RW_MAX;

	*mask = policy_access(dev, s->path + sizeof metabase_path - 1);
	if (role != NULL && !role_read(role, mask))
		return why_set(why, ERR_RANGE, "Metabase: access-role is a mask of roles");
	if (rw != NULL && text_number(rw, 0, RW_MAX, &bits) != OK)
		return why_set(why, ERR_RANGE, "Metabase: rw-access is 0 to %d", RW_MAX);
	if (!(bits & RW_WRITE))
		*mask = 0;
	return OK;
}

static int
apply_metabase(struct policy_device *dev, const struct policy_setting *s, struct why *why)
{
	const char *path = s->path + sizeof metabase_path - 1;
	uint32_t mask;
	size_t i;
	int err;

	if (s->remove) {
		for (i = 0; i < dev->n_metabase && strcmp(dev->metabase[i].path, path) != 0; i++)
			;
		if (i < dev->n_metabase)
			memmove(&dev->metabase[i], &dev->metabase[i + 1],
			    (--dev->n_metabase - i) * sizeof dev->metabase[0]);
		return OK;
	}
	if (either(s, "access-role", "AccessRole") == NULL && either(s, "rw-access", "RWAccess") == NULL)
		return OK;
	err = access_read(dev, s, &mask, why);
	return err == OK ? policy_set_access(dev, path, mask, why) : err;
}

/* ---- accounts of DM servers ---------------------------------------------------------------------------- */

static struct policy_account *
account_find(struct policy_device *dev, const char *id)
{
	size_t i;

	for (i = 0; i < dev->n_accounts; i++) {
		if (strcmp(dev->accounts[i].id, id) == 0)
			return &dev->accounts[i];
	}
	return NULL;
}

uint32_t
policy_account_roles(const struct policy_device *dev, const char *id)
{
	size_t i;

	for (i = 0; i < dev->n_accounts; i++) {
		if (strcmp(dev->accounts[i].id, id) == 0)
			return dev->accounts[i].roles;
	}
	return 0;
}

/* The account gets ROLE, or what the document had. */
static int
apply_account(struct policy_device *dev, uint32_t effective, const struct policy_setting *s,
    struct why *why)
{
	const char *app_id = settings_value(s, "APPID"), *id = settings_value(s, "PROVIDER-ID");
	const char *role = settings_value(s, "ROLE");
	struct policy_account *a;
	uint32_t mask = effective;

	if (app_id == NULL || strcmp(app_id, "w7") != 0 || id == NULL)
		return OK;
	if (strlen(id) >= sizeof a->id)
		return why_set(why, ERR_LIMIT, "APPLICATION: PROVIDER-ID has at most %zu characters",
		    sizeof a->id - 1);
	a = account_find(dev, id);
	if (s->remove) {
		if (a != NULL)
			memmove(a, a + 1, (size_t)(&dev->accounts[dev->n_accounts--] - a - 1) * sizeof *a);
		return OK;
	}
	if (role != NULL && !role_read(role, &mask))
		return why_set(why, ERR_RANGE, "APPLICATION: ROLE is a mask of roles");
	if (a == NULL && dev->n_accounts == POLICY_ACCOUNTS_MAX)
		return why_set(why, ERR_LIMIT, "APPLICATION: at most %d DM accounts", POLICY_ACCOUNTS_MAX);
	if (a == NULL)
		a = &dev->accounts[dev->n_accounts++];
	*a = (struct policy_account){ .roles = mask };
	snprintf(a->id, sizeof a->id, "%s", id);
	return OK;
}

/* ---- push proxies ----------------------------------------------------------------------- */

/* A flag parm: present means on, but for "0". */
static bool
flag_on(const struct policy_parm *p)
{
	return !p->noparm && (p->value == NULL || strcmp(p->value, "0") != 0);
}

static void
proxy_remove(struct policy_device *dev, size_t i)
{
	memmove(&dev->proxies[i], &dev->proxies[i + 1],
	    (--dev->n_proxies - i) * sizeof dev->proxies[0]);
}

/* Remove addresses of proxy `id` (NULL: of any), `physical_id` only unless that is NULL. */
static void
proxies_remove(struct policy_device *dev, const char *id, const char *physical_id)
{
	size_t i = 0;

	while (i < dev->n_proxies) {
		const struct policy_proxy *p = &dev->proxies[i];

		if ((id == NULL || strcmp(p->id, id) == 0) &&
		    (physical_id == NULL || strcmp(p->physical_id, physical_id) == 0))
			proxy_remove(dev, i);
		else
			i++;
	}
}

static struct policy_proxy *
proxy_find(struct policy_device *dev, const char *id)
{
	size_t i;

	for (i = 0; i < dev->n_proxies; i++) {
		if (strcmp(dev->proxies[i].id, id) == 0)
			return &dev->proxies[i];
	}
	return NULL;
}

static struct policy_proxy *
proxy_add(struct policy_device *dev, const char *id, struct why *why)
{
	struct policy_proxy *p;

	if (dev->n_proxies == POLICY_PROXIES_MAX || strlen(id) >= sizeof p->id) {
		why_set(why, ERR_LIMIT, "PXLOGICAL: at most %d proxies, with names of %zu characters",
		    POLICY_PROXIES_MAX, sizeof p->id - 1);
		return NULL;
	}
	p = &dev->proxies[dev->n_proxies++];
	*p = (struct policy_proxy){ 0 };
	snprintf(p->id, sizeof p->id, "%s", id);
	return p;
}

static void
push_settle(struct policy_proxy *p)
{
	p->push = p->physical_push == PUSH_INHERITED ? p->logical_push : p->physical_push == PUSH_ON;
}

/* TRUST and PUSHENABLED of a PXLOGICAL hold for all its addresses, those to come included. */
static int
apply_logical(struct policy_device *dev, const struct policy_setting *s, const char *id, struct why *why)
{
	const struct policy_parm *trust = settings_parm(s, "TRUST"), *push = settings_parm(s, "PUSHENABLED");
	size_t i;

	/* Without an address until a PXPHYSICAL gives one. */
	if (proxy_find(dev, id) == NULL && proxy_add(dev, id, why) == NULL)
		return ERR_LIMIT;
	for (i = 0; i < dev->n_proxies; i++) {
		struct policy_proxy *p = &dev->proxies[i];

		if (strcmp(p->id, id) != 0)
			continue;
		if (trust)
			p->trust = flag_on(trust);
		if (push)
			p->logical_push = flag_on(push);
		if (push)
			push_settle(p);
	}
	return OK;
}

/* The address record that a PXPHYSICAL means: the one of its id, an empty one, or a new one. */
static struct policy_proxy *
physical_find(struct policy_device *dev, const char *id, const char *physical_id, struct why *why)
{
	struct policy_proxy *first = proxy_find(dev, id), *p;
	size_t i;

	for (i = 0; i < dev->n_proxies; i++) {
		p = &dev->proxies[i];
		if (strcmp(p->id, id) == 0 && strcmp(p->physical_id, physical_id) == 0)
			return p;
	}
	if (first->address[0] == '\0')
		return first;
	p = proxy_add(dev, id, why);
	if (p) {
		p->trust = first->trust;
		p->logical_push = first->logical_push;
	}
	return p;
}

static int
apply_physical(struct policy_device *dev, const struct policy_setting *s, const char *id, struct why *why)
{
	const char *physical_id = settings_value(s, "PHYSICAL-PROXY-ID"), *address = settings_value(s, "PXADDR");
	const char *type = settings_value(s, "PXADDRTYPE");
	const struct policy_parm *push = settings_parm(s, "PUSHENABLED");
	struct policy_proxy *p;

	if (physical_id == NULL)
		physical_id = "";
	if (s->remove) {
		proxies_remove(dev, id, physical_id);
		return OK;
	}
	if (strlen(physical_id) >= sizeof p->physical_id ||
	    (address && strlen(address) >= sizeof p->address))
		return why_set(why, ERR_LIMIT, "PXPHYSICAL: names and addresses have at most %zu characters",
		    sizeof p->address - 1);
	if (proxy_find(dev, id) == NULL)
		return OK;		/* its PXLOGICAL was just removed */
	p = physical_find(dev, id, physical_id, why);
	if (p == NULL)
		return ERR_LIMIT;
	snprintf(p->physical_id, sizeof p->physical_id, "%s", physical_id);
	if (address) {
		p->ipv4 = type == NULL || strcasecmp(type, "IPV4") == 0;
		/* Addresses of other kinds never match a sender: they are not kept. */
		snprintf(p->address, sizeof p->address, "%s",
		    p->ipv4 || strcmp(type, "E164") == 0 ? address : "");
	}
	if (push)
		p->physical_push = push->noparm ? PUSH_INHERITED : flag_on(push) ? PUSH_ON : PUSH_OFF;
	push_settle(p);
	return OK;
}

/* ---- the document -------------------------------------------------------------------------------------- */

static bool
is_below(const char *path, const char *prefix)
{
	return strncmp(path, prefix, strlen(prefix)) == 0 && path[strlen(prefix)] != '\0';
}

bool
settings_fit(const struct policy_device *dev, const struct policy_setting *s)
{
	const char *url = settings_value(s, "PROVURL");
	uint32_t mask;

	if (s->remove)
		return true;
	if (strcmp(s->path, "SecurityPolicy") == 0)
		return policies_fit(dev, s);
	if (strcmp(s->path, "BOOTSTRAP") == 0)
		return url == NULL || provurl_fits(dev, url);
	if (is_below(s->path, cert_path)) {
		struct policy_root root = { 0 };

		return !cert_place(s->path, &root) || cert_read(s, &root, NULL) == OK;
	}
	if (is_below(s->path, metabase_path))
		return access_read(dev, s, &mask, NULL) == OK;
	return true;
}

/* *proxy: PROXY-ID of the PXLOGICAL read last. */
static int
apply_one(struct policy_device *dev, uint32_t effective, const struct policy_setting *s,
    const char **proxy, struct why *why)
{
	if (strcmp(s->path, "SecurityPolicy") == 0 && !s->remove)
		return apply_policies(dev, s, why);
	if (strcmp(s->path, "BOOTSTRAP") == 0 && !s->remove)
		return apply_bootstrap(dev, s, why);
	if (is_below(s->path, cert_path))
		return apply_certificate(dev, s, why);
	if (is_below(s->path, metabase_path))
		return apply_metabase(dev, s, why);
	if (strcmp(s->path, "APPLICATION") == 0)
		return apply_account(dev, effective, s, why);
	if (strcmp(s->path, "PXLOGICAL") == 0) {
		*proxy = settings_value(s, "PROXY-ID");
		if (s->remove)
			proxies_remove(dev, *proxy, NULL);
		else if (*proxy)
			return apply_logical(dev, s, *proxy, why);
	} else if (strcmp(s->path, "PXLOGICAL/PXPHYSICAL") == 0 && *proxy) {
		return apply_physical(dev, s, *proxy, why);
	}
	return OK;
}

int
policy_apply(struct policy_device *dev, uint32_t effective, const struct policy_setting *settings,
    size_t n, struct why *why)
{
	struct policy_device *next = malloc(sizeof *next);
	const char *proxy = NULL;
	size_t i;
	int err = OK;

	if (next == NULL)
		abort();
	*next = *dev;
	for (i = 0; err == OK && i < n; i++)
		err = apply_one(next, effective, &settings[i], &proxy, why);
	if (err == OK)
		*dev = *next;
	free(next);
	return err;
}
