/*
 * dm_bootstrap.c - the MAC over a DM bootstrap message, and how its Content-Type tells it; see dm.h.
 * Spec: OMA-TS-DM_Security 1.2, 5.7.2 (SEC and MAC parameters); 1.3, 5.7.2 (the same by position).
 */
#include "policy/dm_int.h"

#include <string.h>

#include "base/secret.h"
#include "policy/prov_mac.h"

enum { KEY_PART_MAX = 256 };

static const struct keytype {
	const char *name, *provisioning;
} keytypes[] = {
	[DM_KEY_NETWORKID]		= { "NETWORKID",		"NETWPIN" },
	[DM_KEY_USERPIN]		= { "USERPIN",			"USERPIN" },
	[DM_KEY_USERPIN_NETWORKID]	= { "USERPIN_NETWORKID",	"USERNETWPIN" },
	[DM_KEY_GBA]			= { "3GPP_GBA",			NULL },
};
enum { N_KEYTYPES = sizeof keytypes / sizeof keytypes[0] };

const char *
dm_keytype_name(enum dm_keytype key)
{
	return (int)key >= 0 && (int)key < N_KEYTYPES ? keytypes[key].name : "none";
}

int
dm_keytype_parse(struct span text, enum dm_keytype *out)
{
	int i;

	for (i = 0; i < N_KEYTYPES; i++) {
		if (span_eq_nocase(text, keytypes[i].name) || (keytypes[i].provisioning != NULL &&
		    (span_eq_nocase(text, keytypes[i].provisioning) || (text.n == 1 && text.p[0] == '0' + i)))) {
			*out = (enum dm_keytype)i;
			return OK;
		}
	}
	*out = DM_KEY_NONE;
	return ERR_NOT_FOUND;
}

/* PIN first, then a colon, then the network id: the other way round than provisioning has it. */
int
dm_bootstrap_mac(enum dm_keytype key, struct span network, const char *pin, struct span body, char out[41],
    struct why *why)
{
	bool by_pin = key == DM_KEY_USERPIN || key == DM_KEY_USERPIN_NETWORKID;
	bool by_network = key == DM_KEY_NETWORKID || key == DM_KEY_USERPIN_NETWORKID;
	uint8_t octets[2 * KEY_PART_MAX + 1];
	struct wbuf w = wbuf_into(octets, sizeof octets);

	out[0] = '\0';
	if (!by_pin && !by_network)
		return why_set(why, ERR_UNSUPPORTED, "key type %s has no MAC parameter", dm_keytype_name(key));
	if (by_pin && (pin == NULL || pin[0] == '\0'))
		return why_set(why, ERR_SYNTAX, "%s needs the PIN", dm_keytype_name(key));
	if (by_network && network.n == 0)
		return why_set(why, ERR_SYNTAX, "%s needs the network id", dm_keytype_name(key));
	if ((by_pin && strlen(pin) > KEY_PART_MAX) || (by_network && network.n > KEY_PART_MAX))
		return why_set(why, ERR_LIMIT, "PIN and network id have at most %d octets", KEY_PART_MAX);
	if (by_pin)
		wbuf_add(&w, span_str(pin));
	if (by_pin && by_network)
		wbuf_u8(&w, ':');
	if (by_network)
		wbuf_add(&w, network);
	prov_mac(wbuf_span(&w), body, out);
	secret_cleanse(octets, sizeof octets);
	return OK;
}

/* ---- parameters of the Content-Type ---------------------------------------------------------------- */

static int
take_key(struct span value, enum dm_keytype *key, struct why *why)
{
	if (*key != DM_KEY_NONE)
		return why_set(why, ERR_SYNTAX, "Content-Type: the key type stands there twice");
	if (dm_keytype_parse(value, key) != OK)
		return why_set(why, ERR_UNSUPPORTED, "Content-Type: this key type is not known");
	return OK;
}

static int
take_mac(struct span value, char mac[41], struct why *why)
{
	char text[41];
	int i;

	if (mac[0] != '\0')
		return why_set(why, ERR_SYNTAX, "Content-Type: the MAC stands there twice");
	if (span_to_cstr(value, text, sizeof text) != OK || prov_check_mac(text, NULL) != OK)
		return why_set(why, ERR_SYNTAX, "Content-Type: a MAC has %d hexadecimal digits", PROV_MAC_HEX);
	for (i = 0; i <= PROV_MAC_HEX; i++)
		mac[i] = text[i] >= 'a' && text[i] <= 'f' ? (char)(text[i] - 'a' + 'A') : text[i];
	return OK;
}

static struct span
unquoted(struct span s)
{
	s = span_trim(s);
	return s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"' ? span_of(s.p + 1, s.n - 2) : s;
}

/* NAME=VALUE; without a name the first is the key type and the second the MAC. */
static int
take_param(struct span param, unsigned *position, enum dm_keytype *key, char mac[41], struct why *why)
{
	const uint8_t *equals = memchr(param.p, '=', param.n);
	struct span name, value;

	if (equals == NULL) {
		switch ((*position)++) {
		case 0:
			return take_key(param, key, why);
		case 1:
			return take_mac(param, mac, why);
		default:
			return why_set(why, ERR_SYNTAX, "Content-Type: a third parameter without name");
		}
	}
	name = span_trim(span_of(param.p, (size_t)(equals - param.p)));
	value = unquoted(span_of(equals + 1, param.n - (size_t)(equals - param.p) - 1));
	if (span_eq_nocase(name, "SEC"))
		return take_key(value, key, why);
	return span_eq_nocase(name, "MAC") ? take_mac(value, mac, why) : OK;
}

int
dm_bootstrap_params(struct span type, enum dm_keytype *key, char mac[41], struct why *why)
{
	unsigned position = 0;
	bool first = true;
	int err = OK;

	*key = DM_KEY_NONE;
	mac[0] = '\0';
	while (err == OK && type.n > 0) {
		const uint8_t *end = memchr(type.p, ';', type.n);
		size_t n = end != NULL ? (size_t)(end - type.p) : type.n;
		struct span param = span_trim(span_of(type.p, n));

		if (!first && param.n > 0)
			err = take_param(param, &position, key, mac, why);
		first = false;
		n += end != NULL;
		type = span_of(type.p + n, type.n - n);
	}
	if (err == OK && *key == DM_KEY_NONE && mac[0] != '\0')
		err = why_set(why, ERR_SYNTAX, "Content-Type: a MAC without key type");
	if (err != OK) {
		*key = DM_KEY_NONE;
		mac[0] = '\0';
	}
	return err;
}
