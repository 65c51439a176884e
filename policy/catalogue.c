/*
 * catalogue.c - the policies by number and name, and what a value of each may be.
 * Facts: device policies 2.2 (catalogue), 2.3 (what w10m takes).
 */
#include "policy/catalogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum value_type { V_MASK, V_WORD };

static const struct catalogue_row {
	uint32_t id;
	enum value_type type;
	uint32_t max;			/* V_WORD */
	uint32_t w10m_bits;		/* V_MASK: bits that w10m takes; 0 = any role */
	const char *name;
} catalogue[] = {
	{ 2,    V_WORD, 1,          0,    "SECPOLICY_CFAUTORUN" },
	{ 4097, V_WORD, 2,          0,    "SECPOLICY_RAPI" },
	{ 4101, V_MASK, 0,          0,    "SECPOLICY_UNSIGNEDCABS" },
	{ 4102, V_WORD, 1,          0,    "SECPOLICY_UNSIGNEDAPPS" },
	{ 4103, V_MASK, 0,          0,    "SECPOLICY_UNSIGNEDTHEMES" },
	{ 4104, V_WORD, 1,          0,    "SECPOLICY_TPSCARRIERROLE" },
	{ 4105, V_WORD, 256,        0,    "SECPOLICY_MAXAUTHENTICATIONRETRY" },
	{ 4107, V_MASK, 0,          0,    "SECPOLICY_WAPSIGNEDMSG" },
	{ 4108, V_MASK, 0,          4352, "SECPOLICY_SL_MESSAGE" },
	{ 4109, V_MASK, 0,          4352, "SECPOLICY_SI_MESSAGE" },
	{ 4110, V_MASK, 0,          0,    "SECPOLICY_UNAUTHMESSAGES" },
	{ 4111, V_MASK, 0,          4480, "SECPOLICY_OTAPROVISIONING" },
	{ 4113, V_WORD, 1,          0,    "SECPOLICY_WSPNOTIFICATIONS" },
	{ 4119, V_MASK, 0,          0,    "SECPOLICY_GRANTMANAGER" },
	{ 4120, V_MASK, 0,          0,    "SECPOLICY_GRANTUSERAUTH" },
	{ 4121, V_MASK, 0,          0,    "SECPOLICY_TRUSTED_WAP_PROXY" },
	{ 4122, V_WORD, 1,          0,    "SECPOLICY_UNSIGNEDPROMPT" },
	{ 4123, V_WORD, 1,          0,    "SECPOLICY_PRIVILEGEDAPPS" },
	{ 4124, V_WORD, 1,          0,    "SECPOLICY_SLSECUREDOWNLOAD" },
	{ 4125, V_WORD, UINT32_MAX, 0,    "SECPOLICY_USESIGN" },
	{ 4126, V_WORD, UINT32_MAX, 0,    "SECPOLICY_USEENCRYPT" },
	{ 4127, V_WORD, 1,          0,    "SECPOLICY_SOFTCERTS" },
	{ 4129, V_MASK, 0,          0,    "SECPOLICY_DRM_WAPRIGHTS" },
	{ 4130, V_WORD, 1,          0,    "SECPOLICY_OMADMSSLCONN" },
	{ 4131, V_WORD, UINT32_MAX, 0,    "SECPOLICY_LASS_PWD_REQUIRED" },
	{ 4132, V_WORD, 1,          0,    "SECPOLICY_WAP_NETWPIN_PROMPT" },
	{ 4133, V_WORD, UINT32_MAX, 0,    "SECPOLICY_LASS_DESKTOP" },
	{ 4141, V_MASK, 0,          4480, "SECPOLICY_OMACPNETWPINMSG" },
	{ 4142, V_MASK, 0,          4480, "SECPOLICY_OMACPUSERPINMSG" },
	{ 4143, V_MASK, 0,          4480, "SECPOLICY_OMACPUSERNETWPINMSG" },
	{ 4147, V_WORD, 1,          0,    "SECPOLICY_MSGSERVICE_SMS_MMS" },
};
/* 4144 says how MMS may come in on w10m, and how S/MIME is negotiated before it. */
static const struct catalogue_row w10m_mms = { 4144, V_MASK, 0, 4352, "MMS message policy" };

static const struct catalogue_row *
catalogue_find(enum policy_family family, uint32_t id)
{
	size_t i;

	if (id == w10m_mms.id)
		return family == FAMILY_W10M ? &w10m_mms : NULL;
	for (i = 0; i < sizeof catalogue / sizeof catalogue[0]; i++) {
		if (catalogue[i].id == id)
			return &catalogue[i];
	}
	return NULL;
}

const char *
policy_id_name(uint32_t id)
{
	const struct catalogue_row *row = catalogue_find(FAMILY_W10M, id);

	return row ? row->name : NULL;
}

bool
policy_id_find(const char *name, uint32_t *id)
{
	static const char prefix[] = "SECPOLICY_";
	size_t i;

	for (i = 0; i < sizeof catalogue / sizeof catalogue[0]; i++) {
		const char *known = catalogue[i].name;

		if (strcasecmp(known, name) == 0 || strcasecmp(known + sizeof prefix - 1, name) == 0) {
			*id = catalogue[i].id;
			return true;
		}
	}
	return false;
}

bool
policy_id_is_mask(uint32_t id)
{
	const struct catalogue_row *row = catalogue_find(FAMILY_W10M, id);

	return row != NULL && row->type == V_MASK;
}

void
catalogue_bits(uint32_t mask, char *out, size_t size)
{
	size_t at = 0;
	uint32_t bit;

	out[0] = '\0';
	for (bit = 1; bit != 0 && at < size; bit <<= 1) {
		if (mask & bit)
			at += (size_t)snprintf(out + at, size - at, "%s%u", at ? ", " : "", bit);
	}
}

static uint32_t
mask_bits(enum policy_family family, const struct catalogue_row *row)
{
	return family == FAMILY_W10M && row->w10m_bits ? row->w10m_bits : ROLE_ALL;
}

uint32_t
catalogue_trim(enum policy_family family, uint32_t id, uint32_t value)
{
	const struct catalogue_row *row = catalogue_find(family, id);

	return row != NULL && row->type == V_MASK ? value & mask_bits(family, row) : value;
}

int
catalogue_check(enum policy_family family, uint32_t id, uint32_t value, struct why *why)
{
	const struct catalogue_row *row = catalogue_find(family, id);
	uint32_t allowed, wrong;
	char bits[128], good[128];

	if (row == NULL)
		return OK;
	if (row->type == V_WORD)
		return value <= row->max ? OK :
		    why_set(why, ERR_RANGE, "policy %u: %u is not in 0..%u", id, value, row->max);
	wrong = value & ~(uint32_t)ROLE_ALL;
	if (wrong != 0) {
		catalogue_bits(wrong, bits, sizeof bits);
		return why_set(why, ERR_RANGE, "policy %u: %u has bits that are no role: %s", id, value,
		    bits);
	}
	allowed = mask_bits(family, row);
	wrong = value & ~allowed;
	if (wrong != 0) {
		catalogue_bits(wrong, bits, sizeof bits);
		catalogue_bits(allowed, good, sizeof good);
		return why_set(why, ERR_RANGE, "policy %u: %s takes the bits %s only, not %s", id,
		    policy_family_name(family), good, bits);
	}
	return OK;
}

int
policy_value_parse(uint32_t id, const char *text, uint32_t *out, struct why *why)
{
	const struct catalogue_row *row = catalogue_find(FAMILY_W10M, id);
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	size_t n = strlen(digits);
	unsigned long long value;
	uint32_t max = row && row->type == V_WORD ? row->max : UINT32_MAX;

	*out = 0;
	if (n == 0 || n > 16 || strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789") != n)
		return why_set(why, ERR_SYNTAX, "policy %u: a number in 0..%u is expected", id, max);
	value = strtoull(digits, NULL, hex ? 16 : 10);
	if (value > max)
		return why_set(why, ERR_RANGE, "policy %u: %llu is not in 0..%u", id, value, max);
	*out = (uint32_t)value;
	return OK;
}
