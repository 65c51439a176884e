/*
 * address.h - WAPPUSH client addresses.
 * Spec: WAP-249-PPGService 6.1.
 */
#ifndef PPG_ADDRESS_H
#define PPG_ADDRESS_H

#include <stdbool.h>

#include "base/buf.h"

enum address_type { ADDRESS_USER, ADDRESS_PLMN, ADDRESS_IPV4, ADDRESS_IPV6, ADDRESS_MAN, ADDRESS_OTHER };

enum { ADDRESS_TEXT_MAX = 1024, ADDRESS_QUALIFIERS_MAX = 8, ADDRESS_DIGITS_MAX = 20 };

struct wappush {
	enum address_type type;
	char value[256];	/* numbers: "+digits"; USER and other types: decoded octets (any but NUL); IPv4, IPv6:
				 * canonical text; MAN: 8 digits */
	bool number;		/* PLMN and the *_MSISDN types: value is a telephone number */
	bool plus;		/* it was written with its "+", so it is international for sure */
	char type_name[32];	/* as written */
	char ppg[128];		/* "" when there was no "@ppg" */
};

/* Forms beyond the grammar that deployed initiators send; each a switch of group ppg. */
struct address_leniency {
	bool no_ppg;		/* no "@ppg" */
	bool no_plus;		/* a PLMN number without "+": taken as international, after the number rules */
	bool short_ipv6;	/* IPv6 in the forms of RFC 4291 */
};

/*
 * Parse an address-value. l may be NULL: the bare grammar. Returns OK, or with *why, for an answer 2002,
 *	ERR_SYNTAX, ERR_LIMIT	no WAPPUSH address; *out is all zero
 *	ERR_UNSUPPORTED		well formed, but of a TYPE nobody knows; *out is filled
 * The types known are those of the grammar and the address types of the WDP assignments (ppg/network.h).
 */
int address_parse_lenient(const char *text, const struct address_leniency *l, struct wappush *out, struct why *why);
/* The same with what is taken by default: no "@ppg", no "+". */
int address_parse(const char *text, struct wappush *out, struct why *why);

/*
 * The number as it was written, but for separators: what the number rules take. Borrowed from *a; NULL when
 * the address is no telephone number.
 */
const char *address_number(const struct wappush *a);

/*
 * Addresses as they are compared (addressing 5.6): "plmn:+12025550100@ppg.example.net". Type and gateway in lower
 * case, identifiers as their octets. Without the gateway it is the key of the subscriber table.
 */
enum { ADDRESS_KEY_SIZE = 512 };
void address_key(const struct wappush *a, bool with_ppg, char out[ADDRESS_KEY_SIZE]);

#endif
