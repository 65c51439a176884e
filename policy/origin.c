/*
 * origin.c - where a message came from, as roles: addresses, initiator URIs, push proxies.
 * Facts: device policies 3.3 (R-ADDR, R-PROXY, R-FLAG, R-URI) and 3.4.
 */
#include "policy/policy.h"

#include <string.h>
#include <strings.h>

/* ---- R-ADDR ---------------------------------------------------------------------------- */

struct number {
	char digits[64];
	bool international;
};

/* Bare digits and their kind; false for what is no telephone number. */
static bool
number_read(const struct policy_device *dev, const char *s, enum policy_ton ton, struct number *out)
{
	enum { LONG_NUMBER = 10 };	/* a leading 00 is a prefix only in one of this length */
	char text[64];
	const char *p = text;
	size_t n = 0, country;

	if (ton == TON_ALPHANUMERIC)
		return false;
	for (; *s != '\0'; s++) {
		if (strchr(" -()", *s) != NULL)
			continue;
		if (n + 1 >= sizeof text)
			return false;
		text[n++] = *s;
	}
	text[n] = '\0';
	out->international = ton == TON_INTERNATIONAL;
	if (*p == '+') {
		p++;
		out->international = true;
	} else if (n >= LONG_NUMBER && strncmp(p, "00", 2) == 0) {
		p += 2;
		out->international = true;
	}
	n = strlen(p);
	if (n == 0 || strspn(p, "0123456789") != n)
		return false;
	country = out->international ? 0 : strlen(dev->country_code);
	if (country + n >= sizeof out->digits)
		return false;
	memcpy(out->digits, dev->country_code, country);
	memcpy(out->digits + country, p, n + 1);
	out->international = out->international || country > 0;
	return true;
}

/* Four decimal parts; leading zeros do not make them octal. */
static bool
ipv4_read(const char *s, uint32_t *out)
{
	unsigned part, digits;

	*out = 0;
	for (part = 0; part < 4; part++) {
		unsigned value = 0;

		for (digits = 0; *s >= '0' && *s <= '9'; s++, digits++) {
			if (digits == 3)
				return false;
			value = value * 10 + (unsigned)(*s - '0');
		}
		if (digits == 0 || value > 255 || *s != (part < 3 ? '.' : '\0'))
			return false;
		*out = *out << 8 | value;
		s++;
	}
	return true;
}

bool
policy_address_equal(const struct policy_device *dev, const char *a, enum policy_ton a_ton,
    const char *b, bool ipv4)
{
	struct number na, nb;
	uint32_t ia, ib;

	if (ipv4)
		return ipv4_read(a, &ia) && ipv4_read(b, &ib) && ia == ib;
	return number_read(dev, a, a_ton, &na) && number_read(dev, b, TON_UNKNOWN, &nb) &&
	    na.international == nb.international && strcmp(na.digits, nb.digits) == 0;
}

/* ---- R-URI ------------------------------------------------------------------------------- */

struct uri {
	struct span scheme, user, host, port, path, rest;	/* rest: query and fragment */
};

/* The first n octets of *s. */
static struct span
cut(struct span *s, size_t n)
{
	struct span head = { s->p, n };

	s->p += n;
	s->n -= n;
	return head;
}

/* Octets before the first one out of `stop`. */
static size_t
until(struct span s, const char *stop)
{
	size_t i;

	for (i = 0; i < s.n && strchr(stop, s.p[i]) == NULL; i++)
		;
	return i;
}

static bool
uri_read(const char *text, struct uri *out)
{
	struct span s = span_str(text), authority;
	size_t at, i;

	*out = (struct uri){ 0 };
	out->scheme = cut(&s, until(s, ":/?#"));
	if (out->scheme.n == 0 || s.n < 3 || memcmp(s.p, "://", 3) != 0)
		return false;
	cut(&s, 3);
	authority = cut(&s, until(s, "/?#"));
	at = until(authority, "@");
	if (at < authority.n)
		out->user = cut(&authority, at + 1);
	for (i = authority.n; i > 0 && authority.p[i - 1] >= '0' && authority.p[i - 1] <= '9'; i--)
		;
	if (i > 0 && authority.p[i - 1] == ':') {
		out->host = cut(&authority, i - 1);
		out->port = authority;
	} else {
		out->host = authority;
	}
	out->path = cut(&s, until(s, "?#"));
	out->rest = s;
	if (out->path.n > 0 && out->path.p[out->path.n - 1] == '/')
		out->path.n--;
	if ((span_eq_nocase(out->scheme, "http") && span_eq_str(out->port, ":80")) ||
	    (span_eq_nocase(out->scheme, "https") && span_eq_str(out->port, ":443")))
		out->port.n = 0;
	return out->host.n > 0;
}

static bool
equal_nocase(struct span a, struct span b)
{
	return a.n == b.n && strncasecmp((const char *)a.p, (const char *)b.p, a.n) == 0;
}

bool
policy_uri_equal(const char *a, const char *b)
{
	struct uri ua, ub;

	return uri_read(a, &ua) && uri_read(b, &ub) && equal_nocase(ua.scheme, ub.scheme) &&
	    equal_nocase(ua.host, ub.host) && span_eq(ua.user, ub.user) && span_eq(ua.port, ub.port) &&
	    span_eq(ua.path, ub.path) && span_eq(ua.rest, ub.rest);
}

/* ---- 3.4 ---------------------------------------------------------------------------------- */

static bool
text_matches(const char *entry, const char *text)
{
	return entry[0] == '\0' || (text != NULL && strcasecmp(entry, text) == 0);
}

/* The bearer decides the kind: a sender name "192.0.2.10" of an SMS is no address. */
static bool
address_matches(const struct policy_device *dev, const struct policy_message *msg, const char *address,
    bool ipv4)
{
	return msg->from != NULL && ipv4 == msg->ip_bearer &&
	    policy_address_equal(dev, msg->from, msg->from_ton, address, ipv4);
}

bool
policy_sender_matches(const struct policy_device *dev, const struct policy_sender *entry,
    const struct policy_message *msg)
{
	return (entry->address[0] == '\0' || address_matches(dev, msg, entry->address, entry->ipv4)) &&
	    text_matches(entry->app_id, msg->app_id) &&
	    text_matches(entry->content_type, msg->content_type);
}

static const struct policy_proxy *
push_proxy(const struct policy_device *dev, const struct policy_message *msg)
{
	size_t i;

	for (i = 0; i < dev->n_proxies; i++) {
		const struct policy_proxy *p = &dev->proxies[i];

		if (p->push && address_matches(dev, msg, p->address, p->ipv4))
			return p;
	}
	return NULL;
}

static bool
from_provisioning_server(const struct policy_device *dev, const struct policy_message *msg, int flag)
{
	return policy_get(dev, 4104, 0) == 1 && (flag & 1) && msg->initiator_uri != NULL &&
	    policy_uri_equal(msg->initiator_uri, dev->provurl) &&
	    (!dev->tps_needs_content_trust || (flag & 2));
}

uint32_t
policy_origin_roles(const struct policy_device *dev, const struct policy_message *msg)
{
	const struct policy_proxy *p = push_proxy(dev, msg);
	int flag = msg->push_flag >= 0 && msg->push_flag <= 127 ? msg->push_flag : 0;
	uint32_t roles = ROLE_ANY_PUSH_SOURCE;

	if (p == NULL)
		return roles;
	roles |= ROLE_KNOWN_PPG;
	if (!p->trust)
		return roles;		/* its Push-Flag is worth nothing */
	roles |= ROLE_TRUSTED_PPG;
	if (flag & 1)
		roles |= ROLE_PPG_AUTH;
	if (flag & 2)
		roles |= ROLE_PPG_TRUSTED;
	if (from_provisioning_server(dev, msg, flag))
		roles |= ROLE_OPERATOR_TPS;
	return roles;
}
