/* prov_mac.c - see prov_mac.h; HMAC from OpenSSL. */
#include "policy/prov_mac.h"

#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum {
	MAC_OCTETS = 20,
	IMSI_MIN = 6, IMSI_MAX = 15,
	PIN_MIN = 4,
	OTA_KEY_MIN = 5,		/* digits of a USERPINMAC key PIN */
	OTA_KEY_MAX = MAC_OCTETS	/* a MAC digit comes from each octet of the MAC */
};

static const char *const sec_names[] = { "NETWPIN", "USERPIN", "USERNETWPIN", "USERPINMAC" };
enum { N_SEC = sizeof sec_names / sizeof sec_names[0] };

const char *
prov_sec_name(enum prov_sec sec)
{
	return (int)sec >= 0 && (int)sec < N_SEC ? sec_names[sec] : "none";
}

int
prov_sec_parse(const char *text, enum prov_sec *out)
{
	int i;

	for (i = 0; i < N_SEC; i++) {
		if (strcasecmp(text, sec_names[i]) == 0 || (text[0] == '0' + i && text[1] == '\0')) {
			*out = (enum prov_sec)i;
			return OK;
		}
	}
	*out = PROV_SEC_NONE;
	return ERR_SYNTAX;
}

static bool
all_digits(const char *s)
{
	return s[strspn(s, "0123456789")] == '\0';
}

/* The nibbles of EF_IMSI: parity, digits, filler; each octet holds its second nibble high. */
int
prov_network_key(const char *imsi, uint8_t out[PROV_KEY_MAX], size_t *n, struct why *why)
{
	size_t len = strnlen(imsi, IMSI_MAX + 1), i;
	bool odd = len % 2 != 0;

	*n = 0;
	if (len < IMSI_MIN || len > IMSI_MAX || !all_digits(imsi))
		return why_set(why, ERR_SYNTAX, "IMSI: %d to %d decimal digits expected", IMSI_MIN,
		    IMSI_MAX);
	out[0] = (uint8_t)((imsi[0] - '0') << 4 | (odd ? 0x9 : 0x1));
	for (i = 1; i < len; i += 2) {
		uint8_t high = i + 1 < len ? (uint8_t)(imsi[i + 1] - '0') : 0xF;

		out[(i + 1) / 2] = (uint8_t)(high << 4 | (imsi[i] - '0'));
	}
	*n = len / 2 + 1;
	return OK;
}

int
prov_check_pin(const char *pin, struct why *why)
{
	size_t len = strlen(pin);

	if (len < PIN_MIN || len > PROV_PIN_MAX)
		return why_set(why, ERR_SYNTAX, "PIN: %d to %d decimal digits expected, %zu characters "
		    "given", PIN_MIN, PROV_PIN_MAX, len);
	if (!all_digits(pin))
		return why_set(why, ERR_SYNTAX, "PIN: only decimal digits are possible");
	return OK;
}

/* A PIN that is the first half of an OTA PIN. */
static int
check_key_pin(const char *pin, struct why *why)
{
	size_t len = strlen(pin);

	if (len < OTA_KEY_MIN || len > OTA_KEY_MAX || !all_digits(pin))
		return why_set(why, ERR_SYNTAX, "PIN: USERPINMAC needs a key PIN of %d to %d decimal "
		    "digits", OTA_KEY_MIN, OTA_KEY_MAX);
	return OK;
}

static int
add_network_key(struct wbuf *w, enum prov_sec sec, struct span key, struct why *why)
{
	if (key.n == 0)
		return why_set(why, ERR_SYNTAX, "%s needs the network key (IMSI)", prov_sec_name(sec));
	if (key.n > PROV_KEY_MAX - PROV_PIN_MAX)
		return why_set(why, ERR_LIMIT, "network key: at most %d octets",
		    PROV_KEY_MAX - PROV_PIN_MAX);
	wbuf_add(w, key);
	return OK;
}

static int
add_pin(struct wbuf *w, enum prov_sec sec, const char *pin, struct why *why)
{
	int err;

	if (pin == NULL)
		return why_set(why, ERR_SYNTAX, "%s needs the PIN", prov_sec_name(sec));
	err = sec == PROV_SEC_USERPINMAC ? check_key_pin(pin, why) : prov_check_pin(pin, why);
	if (err == OK)
		wbuf_add(w, span_str(pin));
	return err;
}

int
prov_key(enum prov_sec sec, struct span network_key, const char *pin, uint8_t out[PROV_KEY_MAX],
    size_t *n, struct why *why)
{
	struct wbuf w = wbuf_into(out, PROV_KEY_MAX);
	int err = OK;

	*n = 0;
	switch (sec) {
	case PROV_SEC_NONE:
		return why_set(why, ERR_SYNTAX, "no signature method given");
	case PROV_SEC_NETWPIN:
		err = add_network_key(&w, sec, network_key, why);
		break;
	case PROV_SEC_USERPIN:
	case PROV_SEC_USERPINMAC:
		err = add_pin(&w, sec, pin, why);
		break;
	case PROV_SEC_USERNETWPIN:
		err = add_network_key(&w, sec, network_key, why);
		if (err == OK)
			err = add_pin(&w, sec, pin, why);
		break;
	}
	if (err != OK)
		OPENSSL_cleanse(out, PROV_KEY_MAX);
	else
		*n = w.n;
	return err;
}

static void
hmac_sha1(struct span key, struct span body, uint8_t out[MAC_OCTETS])
{
	static const uint8_t nothing[1];

	if (HMAC(EVP_sha1(), key.n ? key.p : nothing, (int)key.n, body.n ? body.p : nothing, body.n,
	    out, NULL) == NULL)
		OPENSSL_die("HMAC-SHA1 is not available", __FILE__, __LINE__);
}

void
prov_mac(struct span key, struct span body, char out[PROV_MAC_HEX + 1])
{
	static const char digits[] = "0123456789ABCDEF";
	uint8_t mac[MAC_OCTETS];
	size_t i;

	hmac_sha1(key, body, mac);
	for (i = 0; i < MAC_OCTETS; i++) {
		out[2 * i] = digits[mac[i] >> 4];
		out[2 * i + 1] = digits[mac[i] & 15];
	}
	out[PROV_MAC_HEX] = '\0';
	OPENSSL_cleanse(mac, sizeof mac);
}

int
prov_check_mac(const char *mac, struct why *why)
{
	size_t len = strlen(mac), good = strspn(mac, "0123456789ABCDEFabcdef");

	if (len != PROV_MAC_HEX)
		return why_set(why, ERR_SYNTAX, "MAC: %d hexadecimal digits expected, %zu characters "
		    "found", PROV_MAC_HEX, len);
	if (good != len)
		return why_at(why, ERR_SYNTAX, good, "MAC: %d hexadecimal digits expected, character %zu "
		    "is none", PROV_MAC_HEX, good + 1);
	return OK;
}

static void
upper_hex(const char *mac, char out[PROV_MAC_HEX])
{
	size_t i;

	for (i = 0; i < PROV_MAC_HEX; i++)
		out[i] = mac[i] >= 'a' ? (char)(mac[i] - 'a' + 'A') : mac[i];
}

bool
prov_mac_equal(const char *mac, const char *expected)
{
	char a[PROV_MAC_HEX], b[PROV_MAC_HEX];
	bool equal;

	if (prov_check_mac(mac, NULL) != OK || prov_check_mac(expected, NULL) != OK)
		return false;
	upper_hex(mac, a);
	upper_hex(expected, b);
	equal = CRYPTO_memcmp(a, b, PROV_MAC_HEX) == 0;
	OPENSSL_cleanse(b, sizeof b);
	return equal;
}

/* One decimal digit for each digit of the key PIN, from the octets of the MAC in order. */
static void
ota_digits(struct span key_pin, struct span body, char *out)
{
	uint8_t mac[MAC_OCTETS];
	size_t i;

	hmac_sha1(key_pin, body, mac);
	for (i = 0; i < key_pin.n; i++)
		out[i] = (char)('0' + mac[i] % 10);
	OPENSSL_cleanse(mac, sizeof mac);
}

int
prov_ota_pin(const char *key_pin, struct span body, char *out, size_t size, struct why *why)
{
	size_t n = strlen(key_pin);
	int err = check_key_pin(key_pin, why);

	if (size > 0)
		out[0] = '\0';
	if (err != OK)
		return err;
	if (size < 2 * n + 1)
		return why_set(why, ERR_LIMIT, "OTA PIN: %zu digits do not fit", 2 * n);
	memcpy(out, key_pin, n);
	ota_digits(span_of(key_pin, n), body, out + n);
	out[2 * n] = '\0';
	return OK;
}

bool
prov_ota_pin_verify(const char *ota_pin, struct span body)
{
	size_t len = strlen(ota_pin), half = len / 2;
	char digits[OTA_KEY_MAX];
	bool equal;

	if (len % 2 != 0 || half < OTA_KEY_MIN || half > OTA_KEY_MAX || !all_digits(ota_pin))
		return false;
	ota_digits(span_of(ota_pin, half), body, digits);
	equal = CRYPTO_memcmp(digits, ota_pin + half, half) == 0;
	OPENSSL_cleanse(digits, sizeof digits);
	return equal;
}
