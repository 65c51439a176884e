/* control_content.c - see control.h: controls of what a message holds. */
#include "ppg/control.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "ppg/access.h"
#include "ppg/pap.h"
#include "ppg/route.h"

/* ---- E-03, E-04: what needs an entry of its own ------------------------------------------------------- */

static bool
names_exactly(const char *list, const char *word)
{
	return list != NULL && route_list_has(list, word);
}

bool
control_types(struct control_case *c, struct why *why)
{
	const char *air = c->facts->info.type.media;

	switch (c->facts->kind) {
	case CONTENT_SL:
	case CONTENT_PROV:
	case CONTENT_DM:
	case CONTENT_DRM:
		break;
	case CONTENT_OTHER:
	case CONTENT_SI:
	case CONTENT_CO:
	case CONTENT_EMN:
	case CONTENT_DM_NOTIFICATION:
	case CONTENT_MMS:
	case CONTENT_SUPL:
	case CONTENT_SIA:
	case CONTENT_MULTIPART:
		return true;
	}
	if (names_exactly(c->who->content_types, air) ||
	    (c->text_type != NULL && names_exactly(c->who->content_types, c->text_type)))
		return true;
	why_set(why, 0, "content-type of the account must name %.60s", c->text_type != NULL ? c->text_type : air);
	return false;
}

bool
control_applications(struct control_case *c, struct why *why)
{
	static const char *const sensitive[] = { "syncml", "cfgmgr", "otaprov", ":iota", ".prov", "dvcctl", "device.ctl" };
	const char *app = c->facts->info.app_id;
	size_t i;

	if (c->own_app_id)		/* it says no more than the type does: E-03 */
		return true;
	for (i = 0; i < sizeof sensitive / sizeof sensitive[0] && strcasestr(app, sensitive[i]) == NULL; i++)
		;
	if (i == sizeof sensitive / sizeof sensitive[0] || access_names_app(c->who, app))
		return true;
	why_set(why, 0, "application-id of the account must name %.60s", app);
	return false;
}

/* ---- E-15: SEC and MAC, once each ------------------------------------------------------------------------- */

bool
control_repeated(struct control_case *c, struct why *why)
{
	const struct wsp_content_type *type = &c->facts->info.type;
	unsigned sec = 0, mac = 0;
	size_t i;

	for (i = 0; i < type->n_params; i++) {
		sec += strcasecmp(type->params[i].name, "SEC") == 0;
		mac += strcasecmp(type->params[i].name, "MAC") == 0;
	}
	if (sec > 1 || mac > 1)
		why_set(why, 0, "more than one %s in Content-Type", sec > 1 ? "SEC" : "MAC");
	return sec <= 1 && mac <= 1;
}

/* ---- E-05: classes of provisioning documents ------------------------------------------------------------ */

static bool
any_value(const struct policy_setting *s, const char *parm)
{
	const char *value = push_facts_parm(s, parm);

	return value != NULL && strcmp(value, "0") != 0;
}

/* The name in front of the first '/'. */
static struct span
top_of(const struct policy_setting *s)
{
	return span_of(s->path, strcspn(s->path, "/"));
}

static enum control_class
class_of_application(const struct policy_setting *s)
{
	const char *id = push_facts_parm(s, "APPID");

	return id != NULL && strcasecmp(id, "w7") == 0 ? CLASS_PRIVILEGED : CLASS_REDIRECTING;
}

static enum control_class
class_of_setting(const struct control_case *c, const struct policy_setting *s)
{
	static const char redirecting[] = "NAPDEF;ACCESS;CM_GPRSEntries;CM_PPPEntries;CM_NetEntries;CM_Networks;CM_Planner;"
	    "CM_ProxyEntries;CM_Mappings;CM_VPNEntries;CM_WiFiEntries;EMAIL2;Email2;Sync";
	struct span top = top_of(s);

	if (control_list_has(c->rules->plain != NULL ? c->rules->plain : "BrowserFavorite;Clock;Locale;HomeScreen", top))
		return CLASS_PLAIN;
	if (span_eq_nocase(top, "PXLOGICAL"))
		return push_facts_parm(s, "TRUST") != NULL || any_value(s, "PUSHENABLED") ? CLASS_PRIVILEGED :
		    CLASS_REDIRECTING;
	if (span_eq_nocase(top, "APPLICATION") && top.n == strlen(s->path))
		return class_of_application(s);
	if (span_eq_nocase(top, "APPLICATION") || control_list_has(redirecting, top))
		return CLASS_REDIRECTING;
	return CLASS_PRIVILEGED;	/* those of 8.4, and what nobody knows */
}

static void
classify(struct control_case *c)
{
	size_t i;

	c->class = CLASS_PLAIN;
	snprintf(c->worst, sizeof c->worst, "%s", "nothing");
	for (i = 0; i < c->facts->n_settings; i++) {
		const struct policy_setting *s = &c->facts->settings[i];
		enum control_class class = class_of_setting(c, s);

		if (class <= c->class)
			continue;
		c->class = class;
		snprintf(c->worst, sizeof c->worst, "%s", s->path);
	}
}

bool
control_document(struct control_case *c, struct why *why)
{
	c->class = CLASS_NONE;
	if (c->facts->kind != CONTENT_PROV)
		return true;
	if (c->facts->malformed || !push_facts_open(c->facts)) {
		c->class = CLASS_PRIVILEGED;
		snprintf(c->worst, sizeof c->worst, "%s", "what cannot be read");
		why_at(why, 0, PAP_BAD_REQUEST, "the document cannot be read: %.120s", c->facts->problem.text);
		return false;
	}
	classify(c);
	if (c->class < CLASS_PRIVILEGED || (c->authenticated && c->who->role == ROLE_TRUSTED_PI) ||
	    (c->who->rights & RIGHT_PRIVILEGED) != 0)
		return true;
	why_set(why, 0, "privileged settings (%.60s) are for initiators that are ppg-trusted or have the right "
	    "\"privileged\"", c->worst);
	return false;
}

/* ---- E-06: a signature that is strong enough ------------------------------------------------------------ */

bool
control_signature(struct control_case *c, struct why *why)
{
	const struct push_facts *f = c->facts;

	if (c->class == CLASS_NONE)
		return true;
	if (f->sec == PROV_SEC_NONE) {
		/* bit 0 stands only where the gateway knows who asks */
		if (f->info.push_flag > 0 && (f->info.push_flag & 1) != 0 && f->info.initiator_uri[0] != '\0' &&
		    c->who->role == ROLE_TRUSTED_PI)
			return true;
		why_set(why, 0, "an unsigned document may only come from a provisioning server: push-role ppg-trusted "
		    "and an initiator-uri");
		return false;
	}
	if (c->class < CLASS_PRIVILEGED || f->sec == PROV_SEC_NETWPIN || f->sec == PROV_SEC_USERNETWPIN)
		return true;
	why_set(why, 0, "privileged settings (%.60s) need NETWPIN or USERNETWPIN, not %s", c->worst, prov_sec_name(f->sec));
	return false;
}

/* ---- E-11: addresses that devices trust ------------------------------------------------------------------- */

bool
control_sender(struct control_case *c, struct why *why)
{
	if (!control_list_has(c->rules->senders, span_str(c->from)) ||
	    (c->authenticated && c->who->role == ROLE_TRUSTED_PI))
		return true;
	why_set(why, 0, "%.32s is a sender for ppg-trusted initiators only; give this account another link", c->from);
	return false;
}

/* ---- URLs ---------------------------------------------------------------------------------------------- */

/* Scheme and host of "scheme://[user@]host[:port][/...]"; false for anything else. */
static bool
split_url(const char *url, struct span *scheme, struct span *host)
{
	const char *sep = strstr(url, "://"), *at, *end;
	size_t n;

	if (sep == NULL || sep == url)
		return false;
	*scheme = span_of(url, (size_t)(sep - url));
	url = sep + 3;
	n = strcspn(url, "/?#\\");
	at = memrchr(url, '@', n);
	if (at != NULL) {
		n -= (size_t)(at + 1 - url);
		url = at + 1;
	}
	end = memchr(url, url[0] == '[' ? ']' : ':', n);
	*host = span_of(url, end != NULL ? (size_t)(end - url) : n);
	return host->n > 0;
}

/* "example.net" of a list is that host and all below it. */
static bool
host_listed(const char *list, struct span host)
{
	while (list != NULL && *list != '\0') {
		size_t n = strcspn(list, ";");
		struct span w = span_trim(span_of(list, n));

		if (w.n > 0 && w.n <= host.n &&
		    strncasecmp((const char *)w.p, (const char *)host.p + host.n - w.n, w.n) == 0 &&
		    (w.n == host.n || host.p[host.n - w.n - 1] == '.'))
			return true;
		list += n + (list[n] == ';');
	}
	return false;
}

/* ---- E-12: service loading ------------------------------------------------------------------------------ */

bool
control_link(struct control_case *c, struct why *why)
{
	struct span scheme, host;

	if (c->facts->kind != CONTENT_SL)
		return true;
	if (!push_facts_open(c->facts)) {
		why_at(why, 0, PAP_BAD_REQUEST, "the SL document cannot be read");
		return false;
	}
	if (!split_url(c->facts->content.href, &scheme, &host) ||
	    (!span_eq_nocase(scheme, "https") && !span_eq_nocase(scheme, "wsps"))) {
		why_set(why, 0, "the address of an SL must be https or wsps");
		return false;
	}
	if (c->rules->sl_hosts == NULL || host_listed(c->rules->sl_hosts, host))
		return true;
	why_set(why, 0, "e-12-hosts does not name %.*s", host.n < 80 ? (int)host.n : 80, (const char *)host.p);
	return false;
}

/* ---- E-13: DM notifications (package 0) ------------------------------------------------------------------ */

enum { DIGEST_OCTETS = 16, FIXED_OCTETS = 8, NOTIFICATION_USUAL = 512 };

/* Digest, version to session id in 7 octets, the length of the server id, the server id. */
static bool
read_notification(struct span body, struct span *digest, char *server, size_t size)
{
	struct rbuf r = rbuf_from(body);
	struct span id;

	*digest = rbuf_span(&r, DIGEST_OCTETS);
	rbuf_span(&r, FIXED_OCTETS - 1);
	id = rbuf_span(&r, rbuf_u8(&r));
	return r.err == OK && id.n > 0 && span_to_cstr(id, server, size) == OK;
}

bool
control_notification(struct control_case *c, struct why *why)
{
	static const uint8_t zero[DIGEST_OCTETS];
	unsigned max = c->rules->notification_max != 0 ? c->rules->notification_max : NOTIFICATION_USUAL;
	struct span digest;
	char server[256];

	if (c->facts->kind != CONTENT_DM_NOTIFICATION)
		return true;
	if (c->facts->body.n > max) {
		why_set(why, 0, "a DM notification of %zu octets, at most %u", c->facts->body.n, max);
		return false;
	}
	if (!read_notification(c->facts->body, &digest, server, sizeof server)) {
		why_at(why, 0, PAP_BAD_REQUEST, "the DM notification cannot be read");
		return false;
	}
	if (memcmp(digest.p, zero, sizeof zero) == 0) {
		why_set(why, 0, "a DM notification without a digest");
		return false;
	}
	if (control_list_has(c->who->dm_servers, span_str(server)))
		return true;
	why_set(why, 0, "dm-servers of the account does not name the notification's server");
	return false;
}

/* ---- E-17: servers that a document installs ------------------------------------------------------------- */

static bool
check_address(struct control_case *c, const char *url, struct why *why)
{
	struct span scheme, host;

	if (!split_url(url, &scheme, &host) || !span_eq_nocase(scheme, "https")) {
		why_set(why, 0, "the address of a DM server must be https");
		return false;
	}
	if (host_listed(c->rules->dm_hosts, host))
		return true;
	why_set(why, 0, "e-17-dm-hosts does not name %.*s", host.n < 80 ? (int)host.n : 80, (const char *)host.p);
	return false;
}

/* The address is a parm of the application, or of an APPADDR below it. */
static const char *
address_of(const struct push_facts *f, size_t at)
{
	size_t i;
	const char *url = push_facts_parm(&f->settings[at], "ADDR");

	for (i = at + 1; url == NULL && i < f->n_settings &&
	    strncasecmp(f->settings[i].path, "APPLICATION/", 12) == 0; i++)
		if (strcasecmp(f->settings[i].path, "APPLICATION/APPADDR") == 0)
			url = push_facts_parm(&f->settings[i], "ADDR");
	return url;
}

static bool
check_account(struct control_case *c, size_t at, struct why *why)
{
	const char *role = push_facts_parm(&c->facts->settings[at], "ROLE");
	const char *url = address_of(c->facts, at);
	int64_t mask;

	if (url == NULL) {
		why_set(why, 0, "a DM account (w7) without an address");
		return false;
	}
	if (!check_address(c, url, why))
		return false;
	if (role == NULL || text_number(role, 0, UINT32_MAX, &mask) != OK) {
		why_set(why, 0, "a DM account (w7) must say its ROLE as a number");
		return false;
	}
	if (((uint32_t)mask & ~c->who->grant_roles) == 0)
		return true;
	why_set(why, 0, "ROLE %u is more than grant-roles of the account, %u", (unsigned)mask, c->who->grant_roles);
	return false;
}

static bool
url_listed(const char *list, const char *url)
{
	while (list != NULL && *list != '\0') {
		size_t n = strcspn(list, ";");
		struct span w = span_trim(span_of(list, n));
		char one[1024];

		if (w.n > 0 && span_to_cstr(w, one, sizeof one) == OK && policy_uri_equal(one, url))
			return true;
		list += n + (list[n] == ';');
	}
	return false;
}

bool
control_servers(struct control_case *c, struct why *why)
{
	const struct push_facts *f = c->facts;
	size_t i;

	for (i = 0; c->class != CLASS_NONE && i < f->n_settings; i++) {
		const struct policy_setting *s = &f->settings[i];
		const char *provurl = strcasecmp(s->path, "BOOTSTRAP") == 0 ? push_facts_parm(s, "PROVURL") : NULL;

		if (provurl != NULL && !url_listed(c->rules->tps_urls, provurl)) {
			why_set(why, 0, "e-17-tps-urls does not name the PROVURL %.80s", provurl);
			return false;
		}
		if (strcasecmp(s->path, "APPLICATION") == 0 && class_of_application(s) == CLASS_PRIVILEGED &&
		    !check_account(c, i, why))
			return false;
	}
	return true;
}

/* ---- E-18: secrets in clear --------------------------------------------------------------------------------- */

bool
control_secrets(struct control_case *c, struct why *why)
{
	static const char *const names[] = { "AAUTHSECRET", "AAUTHDATA", "AUTHSECRET", "PXAUTH-PW", "PASSWORD", "PWD",
		"SECRET", "PASSWD", "PSK" };
	size_t i, k, n;

	if (c->class == CLASS_NONE || (c->who->rights & RIGHT_SECRETS) != 0)
		return true;
	for (i = 0; i < c->facts->n_settings; i++) {
		const struct policy_setting *s = &c->facts->settings[i];

		for (k = 0; k < s->n_parms; k++)
			for (n = 0; n < sizeof names / sizeof names[0]; n++)
				if (strcasestr(s->parms[k].name, names[n]) != NULL && s->parms[k].value != NULL &&
				    s->parms[k].value[0] != '\0') {
					why_set(why, 0, "%.40s of %.60s would go over the air in clear; the account needs "
					    "the right \"secrets\"", s->parms[k].name, s->path);
					return false;
				}
	}
	return true;
}
