/*
 * netlist.c - lists of networks, which addresses are inner ones, and the address that a URL
 * names in any spelling; see http_client.h.
 * Spec: RFC 6890 (special addresses), RFC 3986 3.2 (authority), inet_aton for the spellings.
 */
#include "base/http_client.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { NETS_MAX = 1000, URL_MAX = 2048, HOST_MAX = 255 };

struct net {
	int family;
	uint8_t octets[16], mask[16];
	unsigned bits;			/* while it is read */
};

struct netlist {
	size_t n;
	struct net *nets;
};

/* ---- matching ------------------------------------------------------------------------------ */

static bool
prefix_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(a, b, whole) == 0 &&
	    (rest == 0 || ((a[whole] ^ b[whole]) & (0xFF << (8 - rest) & 0xFF)) == 0);
}

/* The address without its IPv6 wrapping, in *octets; AF_INET, AF_INET6 or 0 for anything else. */
static int
plain_address(const struct sockaddr *addr, const uint8_t **octets)
{
	if (addr->sa_family == AF_INET) {
		*octets = (const uint8_t *)&((const struct sockaddr_in *)(const void *)addr)->sin_addr;
		return AF_INET;
	}
	if (addr->sa_family == AF_INET6) {
		const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr;

		*octets = six->s6_addr;
		if (!IN6_IS_ADDR_V4MAPPED(six))
			return AF_INET6;
		*octets += 12;
		return AF_INET;
	}
	return 0;
}

static bool
net_has(const struct net *net, const uint8_t *octets)
{
	size_t i, n = net->family == AF_INET ? 4 : 16;

	for (i = 0; i < n; i++)
		if ((octets[i] & net->mask[i]) != net->octets[i])
			return false;
	return true;
}

bool
netlist_has(const struct netlist *list, const struct sockaddr *addr)
{
	const uint8_t *octets = NULL;
	int family = plain_address(addr, &octets);
	size_t i;

	if (list == NULL || family == 0)
		return false;
	for (i = 0; i < list->n; i++)
		if (list->nets[i].family == family && net_has(&list->nets[i], octets))
			return true;
	return false;
}

/* ---- parsing -------------------------------------------------------------------------------- */

/* "192.168.*.*" or "10.*.0.1", as Kannel writes networks; ERR_NOT_FOUND when there is no asterisk. */
static int
parse_pattern(const char *text, struct net *out)
{
	char plain[64];
	unsigned dots = 0;
	size_t i;

	if (strchr(text, '*') == NULL)
		return ERR_NOT_FOUND;
	memset(out->mask, 0xFF, 4);
	for (i = 0; text[i] != '\0'; i++) {
		bool starts = i == 0 || text[i - 1] == '.';

		plain[i] = text[i];
		if (text[i] == '*') {
			if (!starts || (text[i + 1] != '.' && text[i + 1] != '\0') || dots > 3)
				return ERR_SYNTAX;
			plain[i] = '0';
			out->mask[dots] = 0;
		}
		dots += text[i] == '.';
	}
	plain[i] = '\0';
	if (inet_pton(AF_INET, plain, out->octets) != 1)
		return ERR_SYNTAX;
	out->family = AF_INET;
	return OK;
}

/* Makes the mask of the prefix; did the address have bits behind it? */
static bool
clear_host_bits(struct net *net)
{
	unsigned i, octets = net->family == AF_INET ? 4 : 16;
	bool had = false;

	for (i = 0; i < octets; i++) {
		unsigned keep = net->bits >= 8 * (i + 1) ? 8 : net->bits > 8 * i ? net->bits - 8 * i : 0;

		net->mask[i] = (uint8_t)(0xFF << (8 - keep));
		had |= (net->octets[i] & (uint8_t)~net->mask[i]) != 0;
		net->octets[i] &= net->mask[i];
	}
	return had;
}

static int
parse_net(struct span item, struct net *out, struct why *why)
{
	char text[64], shown[INET6_ADDRSTRLEN];
	char *slash;
	int64_t bits;
	unsigned most;

	*out = (struct net){ 0 };
	if (span_to_cstr(item, text, sizeof text) != OK)
		return why_set(why, ERR_SYNTAX, "network list: an entry is not an address");
	switch (parse_pattern(text, out)) {
	case OK:
		return OK;
	case ERR_SYNTAX:
		return why_set(why, ERR_SYNTAX, "network list: %s is not of the form 192.0.2.* or 10.*.*.*", text);
	}
	slash = strchr(text, '/');
	if (slash != NULL)
		*slash = '\0';
	if (inet_pton(AF_INET, text, out->octets) == 1)
		out->family = AF_INET;
	else if (inet_pton(AF_INET6, text, out->octets) == 1)
		out->family = AF_INET6;
	else
		return why_set(why, ERR_SYNTAX, "network list: %s is not an address", text);
	most = out->bits = out->family == AF_INET ? 32 : 128;
	if (slash != NULL) {
		if (text_number(slash + 1, 0, most, &bits) != OK)
			return why_set(why, ERR_RANGE, "network list: %s/%s: the prefix length is not in 0..%u", text,
			    slash + 1, most);
		out->bits = (unsigned)bits;
	}
	if (out->family == AF_INET6 && out->bits >= 96 &&
	    IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(const void *)out->octets)) {
		memmove(out->octets, out->octets + 12, 4);
		out->family = AF_INET;
		out->bits -= 96;
	}
	/* A list that allows more than its author meant is worse than one that is refused. */
	if (clear_host_bits(out)) {
		inet_ntop(out->family, out->octets, shown, sizeof shown);
		return why_set(why, ERR_SYNTAX, "network list: %s/%s has bits behind its prefix; %s/%u was expected",
		    text, slash + 1, shown, out->bits);
	}
	return OK;
}

int
netlist_parse(const char *text, struct netlist **out, struct why *why)
{
	struct netlist *list = calloc(1, sizeof *list);
	const char *p = text;
	int err = OK;

	*out = NULL;
	if (list == NULL)
		abort();
	for (;;) {
		size_t n = strcspn(p, ";,");
		struct span item = span_trim(span_of(p, n));

		if (item.n > 0) {
			if (list->n == NETS_MAX) {
				err = why_set(why, ERR_LIMIT, "network list: more than %d networks", NETS_MAX);
				break;
			}
			list->nets = realloc(list->nets, (list->n + 1) * sizeof *list->nets);
			if (list->nets == NULL)
				abort();
			err = parse_net(item, &list->nets[list->n], why);
			if (err != OK)
				break;
			list->n++;
		}
		if (p[n] == '\0')
			break;
		p += n + 1;
	}
	if (err != OK)
		netlist_destroy(&list);
	*out = list;
	return err;
}

void
netlist_destroy(struct netlist **list)
{
	if (*list == NULL)
		return;
	free((*list)->nets);
	free(*list);
	*list = NULL;
}

/* ---- inner addresses --------------------------------------------------------------------------- */

static const struct {
	uint8_t octets[4];
	unsigned bits;
} inner_four[] = {
	{ { 0, 0, 0, 0 }, 8 },		/* this network, unspecified */
	{ { 10, 0, 0, 0 }, 8 },		/* private */
	{ { 100, 64, 0, 0 }, 10 },	/* carrier-grade NAT */
	{ { 127, 0, 0, 0 }, 8 },	/* loopback */
	{ { 169, 254, 0, 0 }, 16 },	/* link-local, cloud metadata */
	{ { 172, 16, 0, 0 }, 12 },	/* private */
	{ { 192, 0, 0, 0 }, 24 },	/* protocol assignments */
	{ { 192, 168, 0, 0 }, 16 },	/* private */
	{ { 198, 18, 0, 0 }, 15 },	/* benchmarks */
	{ { 224, 0, 0, 0 }, 4 },	/* multicast */
	{ { 240, 0, 0, 0 }, 4 },	/* reserved, broadcast */
};

/* embeds: -1, or where the IPv4 address is that decides. */
static const struct {
	uint8_t octets[16];
	unsigned bits;
	int embeds;
} inner_six[] = {
	{ { 0x00, 0x64, 0xFF, 0x9B }, 96, 12 },	/* NAT64 */
	{ { 0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01 }, 48, -1 },	/* local NAT64 */
	{ { 0x20, 0x02 }, 16, 2 },		/* 6to4 */
	{ { 0 }, 96, -1 },			/* unspecified, loopback, IPv4-compatible */
	{ { 0xFC }, 7, -1 },			/* unique local */
	{ { 0xFE, 0x80 }, 10, -1 },		/* link-local */
	{ { 0xFE, 0xC0 }, 10, -1 },		/* site-local, deprecated */
	{ { 0xFF }, 8, -1 },			/* multicast */
};

static bool
four_is_inner(const uint8_t *octets)
{
	size_t i;

	for (i = 0; i < sizeof inner_four / sizeof inner_four[0]; i++)
		if (prefix_equal(inner_four[i].octets, octets, inner_four[i].bits))
			return true;
	return false;
}

bool
address_is_inner(const struct sockaddr *addr)
{
	const uint8_t *octets = NULL;
	size_t i;

	switch (plain_address(addr, &octets)) {
	case AF_INET:
		return four_is_inner(octets);
	case AF_INET6:
		for (i = 0; i < sizeof inner_six / sizeof inner_six[0]; i++)
			if (prefix_equal(inner_six[i].octets, octets, inner_six[i].bits))
				return inner_six[i].embeds < 0 || four_is_inner(octets + inner_six[i].embeds);
		return false;
	}
	return true;		/* a Unix socket, say: nothing out there */
}

bool
address_is_loopback(const struct sockaddr *addr)
{
	const uint8_t *octets = NULL;

	switch (addr != NULL ? plain_address(addr, &octets) : AF_UNSPEC) {
	case AF_INET:
		return octets[0] == 127;
	case AF_INET6:
		return memcmp(octets, &in6addr_loopback, sizeof in6addr_loopback) == 0;
	}
	return false;
}

/* ---- the host of a URL ---------------------------------------------------------------------------- */

/* One number as strtoul with base 0 reads it, digits only; ERR_SYNTAX, ERR_RANGE above 32 bits. */
static int
parse_part(struct span s, uint32_t *out)
{
	static const char digits[] = "0123456789abcdef";
	unsigned base = 10;
	uint64_t v = 0;
	size_t i;

	if (s.n > 1 && s.p[0] == '0') {
		base = s.p[1] == 'x' || s.p[1] == 'X' ? 16 : 8;
		s.p += base == 16 ? 2 : 1;
		s.n -= base == 16 ? 2 : 1;
	}
	if (s.n == 0)
		return ERR_SYNTAX;
	for (i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		const char *at = c != 0 ? strchr(digits, c | (c > '9' ? 0x20 : 0)) : NULL;
		unsigned d = at != NULL ? (unsigned)(at - digits) : 99;

		if (d >= base)
			return ERR_SYNTAX;
		v = v * base + d;
		if (v > UINT32_MAX)
			return ERR_RANGE;
	}
	*out = (uint32_t)v;
	return OK;
}

/* The last label decides: no name ends in a number (RFC 1123 2.1). */
static bool
ends_in_number(struct span host)
{
	size_t i = host.n;
	uint32_t ignored;
	bool digits = true;

	while (i > 0 && host.p[i - 1] != '.')
		i--;
	host.p += i;
	host.n -= i;
	if (host.n == 0)
		return false;
	for (i = 0; i < host.n; i++)
		digits = digits && host.p[i] >= '0' && host.p[i] <= '9';
	return digits || parse_part(host, &ignored) != ERR_SYNTAX ||
	    (host.n == 2 && host.p[0] == '0' && (host.p[1] | 0x20) == 'x');
}

/* Up to four parts; the last one fills what is left of the 32 bits. */
static int
parse_four(struct span host, struct in_addr *out)
{
	uint32_t parts[4], v = 0;
	unsigned n = 0, i;
	size_t start = 0, at;

	for (at = 0; at <= host.n; at++) {
		if (at < host.n && host.p[at] != '.')
			continue;
		if (n == 4 || parse_part(span_of(host.p + start, at - start), &parts[n]) != OK)
			return ERR_SYNTAX;
		n++;
		start = at + 1;
	}
	for (i = 0; i + 1 < n; i++) {
		if (parts[i] > 255)
			return ERR_SYNTAX;
		v |= parts[i] << (24 - 8 * i);
	}
	if (n > 1 && parts[n - 1] > UINT32_MAX >> (8 * (n - 1)))
		return ERR_SYNTAX;
	out->s_addr = htonl(v | parts[n - 1]);
	return OK;
}

static int
parse_port(struct span s, uint16_t standard, uint16_t *out)
{
	char text[8];
	int64_t port;

	*out = standard;
	if (s.n == 0)
		return OK;
	if (span_to_cstr(span_of(s.p + 1, s.n - 1), text, sizeof text) != OK ||
	    text_number(text, 1, 65535, &port) != OK)
		return ERR_SYNTAX;
	*out = (uint16_t)port;
	return OK;
}

static int
parse_six(struct span authority, struct sockaddr_in6 *out, struct span *port)
{
	const uint8_t *end = memchr(authority.p, ']', authority.n);
	char text[INET6_ADDRSTRLEN];

	if (end == NULL ||
	    span_to_cstr(span_of(authority.p + 1, (size_t)(end - authority.p) - 1), text, sizeof text) != OK ||
	    inet_pton(AF_INET6, text, &out->sin6_addr) != 1)
		return ERR_SYNTAX;
	*port = span_of(end + 1, authority.n - (size_t)(end + 1 - authority.p));
	if (port->n > 0 && port->p[0] != ':')
		return ERR_SYNTAX;
	out->sin6_family = AF_INET6;
	return OK;
}

static bool
is_host_name(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool word = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';

		/* Letters, digits and what separates them; a label is never empty. */
		if (!word && ((c != '-' && c != '.') || i == 0 || (c == '.' && s.p[i - 1] == '.')))
			return false;
	}
	return s.n > 0 && s.n <= HOST_MAX;
}

/* The part between "://" and the path, query or fragment. */
static int
url_authority(const char *url, struct span *out, uint16_t *standard_port, struct why *why)
{
	size_t n = strlen(url), i;

	if (n > URL_MAX)
		return why_set(why, ERR_SYNTAX, "URL of %zu octets: at most %d are accepted", n, URL_MAX);
	for (i = 0; i < n; i++)
		if ((uint8_t)url[i] <= 0x20 || (uint8_t)url[i] >= 0x7F || url[i] == '\\')
			return why_at(why, ERR_SYNTAX, i, "URL: octet %02X at %zu is not allowed", (uint8_t)url[i], i);
	if (span_starts_nocase(span_of(url, n), "http://")) {
		url += 7;
		*standard_port = 80;
	} else if (span_starts_nocase(span_of(url, n), "https://")) {
		url += 8;
		*standard_port = 443;
	} else {
		return why_set(why, ERR_SYNTAX, "URL: http:// or https:// was expected");
	}
	*out = span_of(url, strcspn(url, "/?#"));
	if (out->n == 0)
		return why_set(why, ERR_SYNTAX, "URL: there is no host");
	if (memchr(out->p, '@', out->n) != NULL)	/* not quoted: it may hold a password */
		return why_set(why, ERR_SYNTAX, "URL: user information before the host is not accepted");
	return OK;
}

int
url_host_address(const char *url, struct sockaddr_storage *addr, struct why *why)
{
	struct sockaddr_in *four = (void *)addr;
	struct sockaddr_in6 *six = (void *)addr;
	struct span authority = { 0 }, host, port_text = { 0 };
	uint16_t standard, port;
	const uint8_t *colon;
	int err;

	memset(addr, 0, sizeof *addr);
	err = url_authority(url, &authority, &standard, why);
	if (err != OK)
		return err;
	host = authority;
	if (authority.p[0] == '[') {
		if (parse_six(authority, six, &port_text) != OK) {
			memset(addr, 0, sizeof *addr);
			return why_set(why, ERR_SYNTAX, "URL: no IPv6 address between the brackets");
		}
	} else if ((colon = memchr(authority.p, ':', authority.n)) != NULL) {
		host.n = (size_t)(colon - authority.p);
		port_text = span_of(colon, authority.n - host.n);
	}
	if (parse_port(port_text, standard, &port) != OK) {
		memset(addr, 0, sizeof *addr);
		return why_set(why, ERR_SYNTAX, "URL: the port is not in 1..65535");
	}
	if (six->sin6_family == AF_INET6) {
		six->sin6_port = htons(port);
		return OK;
	}
	if (!is_host_name(host))
		return why_set(why, ERR_SYNTAX, host.n > 0 ? "URL: the host is neither a name nor an address" :
		    "URL: there is no host");
	if (host.p[host.n - 1] == '.')		/* the root, as in "127.0.0.1." */
		host.n--;
	if (!ends_in_number(host))
		return ERR_NOT_FOUND;
	if (parse_four(host, &four->sin_addr) != OK)
		return why_set(why, ERR_SYNTAX, "URL: the host ends in a number but is no IPv4 address");
	four->sin_family = AF_INET;
	four->sin_port = htons(port);
	return OK;
}

bool
url_is_private(const char *url)
{
	const char *host = strstr(url, "://");
	struct sockaddr_storage addr;
	struct why why;
	int err = url_host_address(url, &addr, &why);

	if (span_starts_nocase(span_str(url), "https://"))
		return true;
	if (err == ERR_NOT_FOUND)
		return span_eq_nocase(span_of(host + 3, strcspn(host + 3, ":/?#")), "localhost");
	return err == OK && address_is_loopback((struct sockaddr *)&addr);
}
