/*
 * prov_mac.h - OMA client provisioning bootstrap security: the MAC over a document.
 * Spec: OMA-WAP-TS-ProvBoot 1.1, 5.1.3; facts: SEC 0 NETWPIN, 1 USERPIN, 2 USERNETWPIN, 3 USERPINMAC.
 */
#ifndef POLICY_PROV_MAC_H
#define POLICY_PROV_MAC_H

#include "base/buf.h"

enum prov_sec { PROV_SEC_NONE = -1, PROV_SEC_NETWPIN = 0, PROV_SEC_USERPIN = 1,
	PROV_SEC_USERNETWPIN = 2, PROV_SEC_USERPINMAC = 3 };
enum { PROV_MAC_HEX = 40, PROV_KEY_MAX = 64, PROV_PIN_MAX = 32 };

const char *prov_sec_name(enum prov_sec sec);		/* "NETWPIN" ... */
/* Name in any case or number 0..3; ERR_SYNTAX. */
int prov_sec_parse(const char *text, enum prov_sec *out);

/* IMSI digits (6..15) as EF_IMSI octets without the length octet; ERR_SYNTAX. *why never holds the IMSI. */
int prov_network_key(const char *imsi, uint8_t out[PROV_KEY_MAX], size_t *n, struct why *why);
/* PIN: decimal digits, 4..PROV_PIN_MAX (Y-04). *why never repeats it. */
int prov_check_pin(const char *pin, struct why *why);
/*
 * Key of a method from the network key octets and the PIN (NULL where not used).
 * ERR_SYNTAX and *why when one that is needed is missing. Cleanse `out` after use.
 */
int prov_key(enum prov_sec sec, struct span network_key, const char *pin, uint8_t out[PROV_KEY_MAX],
    size_t *n, struct why *why);
/* HMAC-SHA1(key, body) as 40 upper-case hex digits and a NUL. */
void prov_mac(struct span key, struct span body, char out[PROV_MAC_HEX + 1]);
/* Compare in constant time, either case; false for anything but 40 hex digits. */
bool prov_mac_equal(const char *mac, const char *expected);
/* MAC parameter well formed (Y-06: 40 hex digits). */
int prov_check_mac(const char *mac, struct why *why);

/* USERPINMAC: OTA PIN = key PIN followed by as many MAC digits. out: 2n + 1. */
int prov_ota_pin(const char *key_pin, struct span body, char *out, size_t size, struct why *why);
bool prov_ota_pin_verify(const char *ota_pin, struct span body);

#endif
