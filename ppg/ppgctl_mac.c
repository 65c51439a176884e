/* ppgctl_mac.c - ppgctl mac: the MAC over a provisioning document, made or verified; see prov_mac.h. */
#include "ppg/ppgctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy/prov_mac.h"

enum { BODY_MAX = 1 << 20, OTA_PIN_MAX = 64 };

struct mac_options {
	const char *sec, *imsi, *pin, *network_key, *body, *verify;
	bool hex, json;
};

static enum ctl_exit
print_verified(bool good, const struct mac_options *o)
{
	if (o->json)
		ctl_print_json(json_pack("{s:b}", "verified", good));
	else
		puts(good ? "verified" : "not verified");
	return good ? CTL_DONE : CTL_NO;
}

static enum ctl_exit
print_made(const char *name, const char *value, const struct mac_options *o)
{
	if (o->json)
		ctl_print_json(json_pack("{s:s}", name, value));
	else
		puts(value);
	return CTL_DONE;
}

/* USERPINMAC: the key PIN and the MAC digits are one number, told to the user. */
static enum ctl_exit
ota_pin(const struct ctl_verb *verb, const struct mac_options *o, struct span body)
{
	char out[OTA_PIN_MAX];
	struct why why;

	if (o->verify != NULL)
		return print_verified(prov_ota_pin_verify(o->verify, body), o);
	if (o->pin == NULL)
		return ctl_wrong_use(verb, "--sec userpinmac needs --pin, the key PIN");
	if (prov_ota_pin(o->pin, body, out, sizeof out, &why) != OK)
		return ctl_wrong_use(verb, "%s", why.text);
	return print_made("ota_pin", out, o);
}

/* The network's key: octets as given, or made of an IMSI. */
static int
network_key(const struct mac_options *o, uint8_t out[PROV_KEY_MAX], size_t *n, struct why *why)
{
	struct span hex;
	int err;

	*n = 0;
	if (o->imsi != NULL && o->network_key != NULL)
		return why_set(why, ERR_SYNTAX, "--imsi and --network-key are two ways to say the same");
	if (o->imsi != NULL)
		return prov_network_key(o->imsi, out, n, why);
	if (o->network_key == NULL)
		return OK;
	hex = span_str(o->network_key);
	if (hex.n > 2 * PROV_KEY_MAX)
		return why_set(why, ERR_LIMIT, "--network-key has more than %d octets", PROV_KEY_MAX);
	err = text_hex(hex, out, n, why);
	if (err != OK)
		why_set(why, err, "--network-key is not hexadecimal");
	return err;
}

static enum ctl_exit
mac(const struct ctl_verb *verb, const struct mac_options *o, enum prov_sec sec, struct span body)
{
	uint8_t network[PROV_KEY_MAX], key[PROV_KEY_MAX];
	char made[PROV_MAC_HEX + 1];
	size_t n_network, n_key;
	struct why why;
	int err;

	err = network_key(o, network, &n_network, &why);
	if (err == OK)
		err = prov_key(sec, span_of(network, n_network), o->pin, key, &n_key, &why);
	if (err == OK)
		prov_mac(span_of(key, n_key), body, made);
	explicit_bzero(network, sizeof network);
	explicit_bzero(key, sizeof key);
	if (err != OK)
		return ctl_wrong_use(verb, "%s", why.text);
	if (o->verify == NULL)
		return print_made("mac", made, o);
	if (prov_check_mac(o->verify, &why) != OK)
		ctl_no(verb, "%s", why.text);
	return print_verified(prov_mac_equal(o->verify, made), o);
}

enum ctl_exit
ctl_mac(const struct ctl_verb *verb, int argc, char **argv)
{
	struct mac_options o = { 0 };
	const struct ctl_option options[] = {
		{ "sec", "METHOD", "userpin, netwpin, usernetwpin or userpinmac", &o.sec, NULL, NULL },
		{ "pin", "DIGITS", "the user's PIN; of userpinmac, the key PIN", &o.pin, NULL, NULL },
		{ "imsi", "DIGITS", "the subscriber's IMSI, for the network methods", &o.imsi, NULL, NULL },
		{ "network-key", "HEX", "the network's shared secret, instead of --imsi", &o.network_key, NULL, NULL },
		{ "body", "FILE", "the document as it travels (WBXML); - is standard input", &o.body, NULL, NULL },
		{ "hex", NULL, "FILE holds hexadecimal digits", NULL, &o.hex, NULL },
		{ "verify", "MAC", "compare instead of printing; of userpinmac, the OTA PIN", &o.verify, NULL, NULL },
		{ "json", NULL, "print JSON", NULL, &o.json, NULL },
		{ 0 },
	};
	struct sbuf body = { 0 };
	enum ctl_exit result;
	enum prov_sec sec;
	struct why why;

	if (!ctl_parse(verb, options, argc, argv, NULL, 0, 0, &result))
		return result;
	if (o.sec == NULL || prov_sec_parse(o.sec, &sec) != OK)
		return ctl_wrong_use(verb, "--sec is userpin, netwpin, usernetwpin or userpinmac");
	if (o.body == NULL)
		return ctl_wrong_use(verb, "--body names the document");
	if (ctl_read_file(o.body, BODY_MAX, &body, &why) != OK)
		result = ctl_wrong_use(verb, "%s", why.text);
	else if (o.hex && ctl_unhex(&body, &why) != OK)
		result = ctl_wrong_use(verb, "--body: %s", why.text);
	else if (sec == PROV_SEC_USERPINMAC)
		result = ota_pin(verb, &o, sbuf_as_span(&body));
	else
		result = mac(verb, &o, sec, sbuf_as_span(&body));
	sbuf_done(&body);
	return result;
}
