/*
 * signature.h - SEC and MAC of a document that the gateway signs: what a header block asks for, keys, and where the MAC
 * goes in. For provisioning documents (OMA-WAP-TS-ProvBoot 1.1, 5.1) and the bootstrap of a DM profile (OMA DM Bootstrap
 * 1.2, 5.7), whose key types have the codes of the former on air.
 */
#ifndef PPG_SIGNATURE_H
#define PPG_SIGNATURE_H

#include "policy/prov_mac.h"
#include "ppg/push_facts.h"
#include "ppg/subscriber.h"

struct signature {
	enum prov_sec sec;		/* PROV_SEC_NONE: nothing to sign */
	bool dm;			/* a DM bootstrap */
	bool ef_imsi;			/* of one: the network id is EF_IMSI octets, not digits */
};

/* Is this a media type, as on air, that can be signed? Sets dm. */
bool signature_media(struct span media, bool *dm);
/* NETWPIN, USERNETWPIN and their kin: each subscriber has a MAC of its own. */
bool signature_of_network(enum prov_sec sec);
/* The methods' own names, NETWORKID and the like for a DM bootstrap. */
const char *signature_name(const struct signature *s);
/* A header block with SEC and without the MAC that this method needs; sec is PROV_SEC_NONE when it has no such. */
struct signature signature_wanted(struct span headers);

/*
 * The MAC for a subscriber (NULL: nobody knows it; not looked at without the network's part), pin NULL or "" where none
 * is used. ERR_NOT_FOUND: nothing is known that a network key could be made of. *why names no value.
 */
int signature_make(const struct signature *s, const struct subscriber *sub, const char *pin, struct span body,
    char mac[PROV_MAC_HEX + 1], struct why *why);
/* Was the MAC of this message made with that subscriber's network key alone? True when that cannot be told. */
bool signature_fits(const struct push_facts *f, bool ef_imsi, const struct subscriber *sub);

enum { SIGNATURE_MORE = PROV_MAC_HEX + 8 };	/* octets that a block grows by at most */
/*
 * `headers` with the MAC right behind SEC, which must be the first parameter. mac_at: where its digits are.
 * ERR_SYNTAX, and out->err.
 */
int signature_insert(struct span headers, const char mac[PROV_MAC_HEX + 1], struct wbuf *out, size_t *mac_at);
/*
 * Signs a message that was left for later: its header block wants a NETWPIN's MAC, which needs nothing but what is known
 * of the subscriber (NULL: nothing). *out: heap, the block with the MAC; empty when nothing is wanted. ERR_NOT_FOUND.
 */
int signature_complete(struct span headers, struct span body, bool ef_imsi, const struct subscriber *sub,
    struct span *out, struct why *why);

#endif
