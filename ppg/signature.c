/* signature.c - see signature.h. */
#include "ppg/signature.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "policy/dm.h"

/* The same codes, so that one stands for the other. */
_Static_assert((int)DM_KEY_NETWORKID == (int)PROV_SEC_NETWPIN && (int)DM_KEY_USERPIN == (int)PROV_SEC_USERPIN &&
    (int)DM_KEY_USERPIN_NETWORKID == (int)PROV_SEC_USERNETWPIN, "key types of a DM bootstrap");

enum {					/* WSP: the value of a Content-Type, its parameters */
	LENGTH_QUOTE = 31, PARAM_SEC = 0x91, PARAM_MAC = 0x92,
	SEC_END = 3			/* octets of media type and SEC, both by code */
};

bool
signature_media(struct span media, bool *dm)
{
	*dm = span_eq_nocase(media, "application/vnd.syncml.dm+wbxml");
	return *dm || span_eq_nocase(media, "application/vnd.wap.connectivity-wbxml");
}

bool
signature_of_network(enum prov_sec sec)
{
	return sec == PROV_SEC_NETWPIN || sec == PROV_SEC_USERNETWPIN;
}

const char *
signature_name(const struct signature *s)
{
	return s->dm ? dm_keytype_name((enum dm_keytype)s->sec) : prov_sec_name(s->sec);
}

struct signature
signature_wanted(struct span headers)
{
	struct signature s = { .sec = PROV_SEC_NONE }, none = s;
	struct wsp_content_type type;
	struct wsp_walk walk;
	const char *sec;

	wsp_walk_start(&walk, headers);
	if (walk.err || wsp_content_type_decode(walk.content_type, &type, NULL) != OK ||
	    !signature_media(span_str(type.media), &s.dm))
		return none;
	sec = wsp_content_type_param(&type, "SEC");
	if (sec == NULL || wsp_content_type_param(&type, "MAC") != NULL || prov_sec_parse(sec, &s.sec) != OK ||
	    s.sec == PROV_SEC_USERPINMAC)
		return none;
	return s;
}

/* ---- keys ------------------------------------------------------------------------------------------ */

/* What the network knows of the subscriber, as octets. */
static int
network_part(const struct signature *s, const struct subscriber *sub, uint8_t out[PROV_KEY_MAX], size_t *n,
    struct why *why)
{
	*n = 0;
	if (sub != NULL && sub->n_network_key > 0) {
		memcpy(out, sub->network_key, sub->n_network_key);
		*n = sub->n_network_key;
		return OK;
	}
	if (sub == NULL || sub->imsi[0] == '\0')
		return why_set(why, ERR_NOT_FOUND, "%s: the subscriber's IMSI is not known", signature_name(s));
	if (!s->dm || s->ef_imsi)
		return prov_network_key(sub->imsi, out, n, why);
	*n = strlen(sub->imsi);
	memcpy(out, sub->imsi, *n);
	return OK;
}

int
signature_make(const struct signature *s, const struct subscriber *sub, const char *pin, struct span body,
    char mac[PROV_MAC_HEX + 1], struct why *why)
{
	uint8_t network[PROV_KEY_MAX], key[PROV_KEY_MAX];
	size_t n_network = 0, n = 0;
	int err = OK;

	mac[0] = '\0';
	if (pin == NULL)
		pin = "";
	if (signature_of_network(s->sec))
		err = network_part(s, sub, network, &n_network, why);
	if (err == OK && s->dm) {
		err = dm_bootstrap_mac((enum dm_keytype)s->sec, span_of(network, n_network), pin, body, mac, why);
	} else if (err == OK) {
		err = prov_key(s->sec, span_of(network, n_network), pin, key, &n, why);
		if (err == OK)
			prov_mac(span_of(key, n), body, mac);
	}
	secret_cleanse(network, sizeof network);
	secret_cleanse(key, sizeof key);
	return err;
}

bool
signature_fits(const struct push_facts *f, bool ef_imsi, const struct subscriber *sub)
{
	const struct signature s = { f->kind == CONTENT_DM ? f->dm_sec : f->sec, f->kind == CONTENT_DM, ef_imsi };
	char expected[PROV_MAC_HEX + 1];
	bool fits;

	if (s.sec != PROV_SEC_NETWPIN || f->mac == NULL || signature_make(&s, sub, NULL, f->body, expected, NULL) != OK)
		return true;
	fits = prov_mac_equal(f->mac, expected);
	secret_cleanse(expected, sizeof expected);
	return fits;
}

/* ---- on air ---------------------------------------------------------------------------------------- */

int
signature_insert(struct span headers, const char mac[PROV_MAC_HEX + 1], struct wbuf *out, size_t *mac_at)
{
	struct rbuf r = rbuf_from(headers);
	uint8_t first = rbuf_u8(&r);
	uint32_t n = first == LENGTH_QUOTE ? rbuf_uintvar(&r) : first;
	struct span type = first <= LENGTH_QUOTE ? rbuf_span(&r, n) : span_of("", 0), rest = rbuf_rest(&r);

	*mac_at = 0;
	if (r.err || type.n < SEC_END || type.p[0] < 0x80 || type.p[1] != PARAM_SEC || type.p[2] < 0x80)
		return ERR_SYNTAX;
	wbuf_u8(out, LENGTH_QUOTE);
	wbuf_uintvar(out, (uint32_t)type.n + 1 + PROV_MAC_HEX + 1);
	wbuf_put(out, type.p, SEC_END);
	wbuf_u8(out, PARAM_MAC);
	*mac_at = out->n;
	wbuf_put(out, mac, PROV_MAC_HEX + 1);
	wbuf_put(out, type.p + SEC_END, type.n - SEC_END);
	wbuf_add(out, rest);
	return out->err;
}

int
signature_complete(struct span headers, struct span body, bool ef_imsi, const struct subscriber *sub,
    struct span *out, struct why *why)
{
	struct signature s = signature_wanted(headers);
	char mac[PROV_MAC_HEX + 1];
	uint8_t *block;
	struct wbuf w;
	size_t mac_at;
	int err;

	*out = span_of(NULL, 0);
	if (s.sec != PROV_SEC_NETWPIN)
		return OK;
	s.ef_imsi = ef_imsi;
	err = signature_make(&s, sub, NULL, body, mac, why);
	if (err != OK)
		return err;
	block = malloc(headers.n + SIGNATURE_MORE);
	if (block == NULL)
		abort();
	w = wbuf_into(block, headers.n + SIGNATURE_MORE);
	err = signature_insert(headers, mac, &w, &mac_at);
	if (err == OK) {
		*out = wbuf_span(&w);
		return OK;
	}
	free(block);
	return why_set(why, err, "no place for the MAC");
}
