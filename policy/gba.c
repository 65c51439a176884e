/*
 * gba.c - keys of the generic bootstrapping architecture, and those of DM from them; see dm.h.
 * Spec: 3GPP TS 33.220, annex B; OMA-TS-DM_Security 1.3, 5.7.2.4.
 */
#include "policy/dm_int.h"

#include <string.h>

#include "base/secret.h"

enum { PARAMS_MAX = 14, FC_NAF = 0x01 };

int
gba_kdf(struct span key, uint8_t fc, const struct span *params, size_t n, uint8_t out[GBA_KEY])
{
	struct span parts[1 + 2 * PARAMS_MAX];
	uint8_t lengths[PARAMS_MAX][2];
	size_t i;

	memset(out, 0, GBA_KEY);
	if (n > PARAMS_MAX)
		return ERR_LIMIT;
	parts[0] = span_of(&fc, 1);
	for (i = 0; i < n; i++) {
		if (params[i].n > 0xFFFF)
			return ERR_LIMIT;
		lengths[i][0] = (uint8_t)(params[i].n >> 8);
		lengths[i][1] = (uint8_t)params[i].n;
		parts[1 + 2 * i] = params[i];
		parts[2 + 2 * i] = span_of(lengths[i], 2);
	}
	dm_hmac_sha256_octets(key, parts, 1 + 2 * n, out);
	return OK;
}

int
gba_ks_naf(struct span ks, bool uicc, struct span rand, const char *impi, struct span naf_id, uint8_t out[GBA_KEY])
{
	const struct span params[] = { span_str(uicc ? "gba-u" : "gba-me"), rand, span_str(impi), naf_id };

	return gba_kdf(ks, FC_NAF, params, 4, out);
}

/* The names have a hyphen: the text prints them without, but counts six octets and lists them. */
void
gba_dm_key(const uint8_t ks_naf[GBA_KEY], bool encryption, uint8_t out[GBA_KEY])
{
	const struct span param = span_str(encryption ? "dm-bek" : "dm-bik");

	(void)gba_kdf(span_of(ks_naf, GBA_KEY), FC_NAF, &param, 1, out);	/* one short parameter: it cannot fail */
}
