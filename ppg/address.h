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
	char value[256];	/* PLMN: "+digits"; USER: decoded octets (may hold any but NUL); else as written */
	char type_name[32];	/* as written */
	char ppg[128];		/* "" when there was no "@ppg" */
};

/*
 * Parse an address-value. A number without "+" and a missing "@ppg" are taken (deployed initiators
 * write both). ERR_SYNTAX or ERR_LIMIT with *why; the caller answers 2002.
 */
int address_parse(const char *text, struct wappush *out, struct why *why);

#endif
