/*
 * address.h - WAPPUSH client addresses.
 * Spec: WAP-249-PPGService 6.1.
 */
#ifndef PPG_ADDRESS_H
#define PPG_ADDRESS_H

#include "base/buf.h"

enum address_type { ADDRESS_USER, ADDRESS_PLMN, ADDRESS_IPV4, ADDRESS_IPV6, ADDRESS_MAN, ADDRESS_OTHER };

struct wappush {
	enum address_type type;
	char value[256];	/* PLMN: "+digits"; USER and OTHER: decoded octets (any but NUL); IPv4, IPv6:
				 * canonical text; MAN: 8 digits */
	char type_name[32];	/* as written */
	char ppg[128];		/* "" when there was no "@ppg" */
};

/*
 * Parse an address-value. A number without "+" and a missing "@ppg" are taken (deployed initiators
 * write both). ERR_SYNTAX or ERR_LIMIT with *why; the caller answers 2002.
 */
int address_parse(const char *text, struct wappush *out, struct why *why);

/* Forms beyond the grammar that deployed initiators send; each a switch of group ppg. */
struct address_leniency {
	bool no_ppg;		/* no "@ppg" */
	bool no_plus;		/* a PLMN number without "+": taken as international, after the number rules */
	bool short_ipv6;	/* IPv6 in the forms of RFC 4291 */
};
int address_parse_lenient(const char *text, const struct address_leniency *l, struct wappush *out, struct why *why);

/*
 * Addresses as they are compared (addressing 5.6): "plmn:+12025550100@ppg.example.net". Type and gateway in lower case.
 * Without the gateway it is the key of the subscriber table.
 */
enum { ADDRESS_KEY_SIZE = 512 };
void address_key(const struct wappush *a, bool with_ppg, char out[ADDRESS_KEY_SIZE]);

#endif
