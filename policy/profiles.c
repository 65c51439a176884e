/*
 * profiles.c - what a device is before anybody changed it: policies, clients, metabase.
 * Facts: device policies 2.2 (catalogue), 2.3 (defaults), 3.6 and 5.2 (clients), 3.9 (metabase), 8.3.
 *
 * Some defaults are project choices where no published value was found: 4110, 4111, 4121
 * and 4124 before w10m, 4141 to 4143 on wm6x, and 4119, 4120, 4121, 4124 on w10m.
 */
#include "policy/kinds.h"
#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- the catalogue: what a value may be ------------------------------------------------------ */

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

/* ---- defaults ------------------------------------------------------------------------------- */

enum column { WM5_PPC, WM5_SP, WM6_PRO, WM6_STD, W10M, N_COLUMNS };
enum { NO = -1 };			/* this device has no such policy, or nobody knows its default */

static const struct {
	uint32_t id;
	int values[N_COLUMNS];
} defaults[] = {
	/*         wm5    wm5-sp  wm6 pro wm6 std w10m */
	{ 2,    {  0,     NO,     0,      NO,     NO   } },
	{ 4097, {  2,     2,      2,      2,      NO   } },
	{ 4101, {  16,    NO,     16,     NO,     NO   } },
	{ 4102, {  1,     NO,     NO,     NO,     NO   } },
	{ 4103, {  64,    64,     64,     64,     NO   } },
	{ 4104, {  1,     1,      1,      1,      1    } },
	{ 4105, {  3,     3,      3,      3,      3    } },
	{ 4107, {  3200,  3200,   NO,     NO,     NO   } },
	{ 4108, {  2048,  2048,   2048,   2048,   256  } },
	{ 4109, {  3072,  3072,   3072,   3072,   256  } },
	{ 4110, {  64,    64,     64,     64,     NO   } },
	{ 4111, {  3732,  3732,   3732,   3732,   384  } },
	{ 4113, {  1,     1,      1,      1,      1    } },
	{ 4119, {  128,   128,    160,    160,    128  } },
	{ 4120, {  16,    16,     16,     16,     16   } },
	{ 4121, {  140,   140,    140,    140,    140  } },
	{ 4122, {  0,     0,      0,      0,      NO   } },
	{ 4123, {  1,     0,      1,      0,      NO   } },
	{ 4124, {  0,     0,      0,      0,      0    } },
	{ 4129, {  3072,  3072,   3072,   3072,   NO   } },
	{ 4132, {  NO,    NO,     0,      0,      0    } },
	{ 4141, {  NO,    NO,     0,      0,      0    } },
	{ 4142, {  NO,    NO,     3200,   3200,   256  } },
	{ 4143, {  NO,    NO,     3200,   3200,   256  } },
	{ 4144, {  NO,    NO,     NO,     NO,     256  } },
	{ 4147, {  NO,    NO,     1,      1,      NO   } },
};

enum { CHANGES_MAX = 6 };

static const struct profile {
	const char *name;
	enum policy_family family;
	enum column column;
	struct policy_value changes[CHANGES_MAX];	/* ended by id 0 */
} profiles[] = {
	{ "wm5",           FAMILY_WM5,  WM5_PPC, { { 0, 0 } } },
	{ "wm5-ppc-phone", FAMILY_WM5,  WM5_PPC, { { 0, 0 } } },
	{ "wm5-sp",        FAMILY_WM5,  WM5_SP,  { { 0, 0 } } },
	{ "wm-htc-2008",   FAMILY_WM5,  WM5_PPC, { { 4108, 2112 }, { 4109, 3136 } } },
	{ "wm6x",          FAMILY_WM6X, WM6_PRO, { { 0, 0 } } },
	{ "wm65-pro",      FAMILY_WM6X, WM6_PRO, { { 0, 0 } } },
	{ "wm65-std",      FAMILY_WM6X, WM6_STD, { { 0, 0 } } },
	{ "w10m",          FAMILY_W10M, W10M,    { { 0, 0 } } },
	{ "w10m-trusted",  FAMILY_W10M, W10M,    { { 0, 0 } } },
	{ "w10m-open",     FAMILY_W10M, W10M,    { { 4111, 4480 }, { 4141, 4096 }, { 4142, 4096 },
	                                           { 4143, 4096 }, { 4144, 4096 } } },
};
enum { N_PROFILES = sizeof profiles / sizeof profiles[0] };

const char *
policy_profile_name(size_t i)
{
	return i < N_PROFILES ? profiles[i].name : NULL;
}

/* Write access; DevDetail and DeviceInformation are for reading only. */
static const struct { const char *path; uint32_t write_mask; } metabase[] = {
	{ "ACCESS",            24 },
	{ "APPLICATION",       140 },
	{ "BOOTSTRAP",         140 },
	{ "Bluetooth",         24 },
	{ "BrowserFavorite",   24 },
	{ "CM_GPRSEntries",    152 },
	{ "CM_Mappings",       8 },
	{ "CM_NetEntries",     24 },
	{ "CM_Networks",       24 },
	{ "CM_PPPEntries",     152 },
	{ "CM_Planner",        24 },
	{ "CM_ProxyEntries",   24 },
	{ "CM_VPNEntries",     24 },
	{ "CM_WiFiEntries",    24 },
	{ "CertificateStore",  8 },
	{ "Clock",             24 },
	{ "DevDetail",         0 },
	{ "DeviceInformation", 0 },
	{ "FileOperation",     8 },
	{ "HomeScreen",        88 },
	{ "Metabase",          8 },
	{ "NAPDEF",            140 },
	{ "PXLOGICAL",         140 },
	{ "Registry",          8 },
	{ "SecurityPolicy",    8 },
};

static const struct { const char *content_type; enum policy_kind kind; } kinds[] = {
	{ "text/vnd.wap.si",                           KIND_SI },
	{ "application/vnd.wap.sic",                   KIND_SI },
	{ "text/vnd.wap.sl",                           KIND_SL },
	{ "application/vnd.wap.slc",                   KIND_SL },
	{ "text/vnd.wap.connectivity-xml",             KIND_PROV },
	{ "application/vnd.wap.connectivity-wbxml",    KIND_PROV },
	{ "application/vnd.syncml.notification",       KIND_DM_NOTIFICATION },
	{ "application/vnd.wap.mms-message",           KIND_MMS },
	{ "application/vnd.oma.drm.rights+xml",        KIND_DRM },
	{ "application/vnd.oma.drm.rights+wbxml",      KIND_DRM },
};
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

enum policy_kind
policy_kind_of(const char *content_type)
{
	size_t i;

	for (i = 0; i < N_KINDS; i++) {
		if (strcasecmp(kinds[i].content_type, content_type) == 0)
			return kinds[i].kind;
	}
	return KIND_OTHER;
}

const char *
policy_kind_client(enum policy_kind kind)
{
	static const char *const names[] = { NULL, "SI client", "SL client", "configuration manager",
		"DM client", "MMS client", "DRM client" };

	return names[kind];
}

/* ---- the device ---------------------------------------------------------------------------------- */

static const struct policy_value *
value_find(const struct policy_device *dev, uint32_t id)
{
	size_t i;

	for (i = 0; i < dev->n_policies; i++) {
		if (dev->policies[i].id == id)
			return &dev->policies[i];
	}
	return NULL;
}

uint32_t
policy_get(const struct policy_device *dev, uint32_t id, uint32_t absent)
{
	const struct policy_value *v = value_find(dev, id);

	return v ? v->value : absent;
}

/* "1, 8192" of a mask. */
static void
print_bits(uint32_t mask, char *out, size_t size)
{
	size_t at = 0;
	uint32_t bit;

	out[0] = '\0';
	for (bit = 1; bit != 0 && at < size; bit <<= 1) {
		if (mask & bit)
			at += (size_t)snprintf(out + at, size - at, "%s%u", at ? ", " : "", bit);
	}
}

static int
check_value(enum policy_family family, uint32_t id, uint32_t value, struct why *why)
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
		print_bits(wrong, bits, sizeof bits);
		return why_set(why, ERR_RANGE, "policy %u: %u has bits that are no role: %s", id, value,
		    bits);
	}
	allowed = family == FAMILY_W10M && row->w10m_bits ? row->w10m_bits : ROLE_ALL;
	wrong = value & ~allowed;
	if (wrong != 0) {
		print_bits(wrong, bits, sizeof bits);
		print_bits(allowed, good, sizeof good);
		return why_set(why, ERR_RANGE, "policy %u: %s takes the bits %s only, not %s", id,
		    policy_family_name(family), good, bits);
	}
	return OK;
}

int
policy_set(struct policy_device *dev, uint32_t id, uint32_t value, struct why *why)
{
	int err = check_value(dev->family, id, value, why);
	size_t i;

	if (err != OK)
		return err;
	for (i = 0; i < dev->n_policies && dev->policies[i].id != id; i++)
		;
	if (i == POLICY_IDS_MAX)
		return why_set(why, ERR_LIMIT, "policy %u: a device has at most %d policies", id,
		    POLICY_IDS_MAX);
	if (i == dev->n_policies)
		dev->n_policies++;
	dev->policies[i] = (struct policy_value){ id, value };
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

int
policy_set_access(struct policy_device *dev, const char *path, uint32_t write_mask, struct why *why)
{
	struct policy_access *a;
	char bits[128];
	size_t i;

	if (path[0] == '\0' || strlen(path) >= sizeof a->path)
		return why_set(why, ERR_RANGE, "metabase: a path has 1 to %zu characters",
		    sizeof a->path - 1);
	if (write_mask & ~(uint32_t)ROLE_ALL) {
		print_bits(write_mask & ~(uint32_t)ROLE_ALL, bits, sizeof bits);
		return why_set(why, ERR_RANGE, "metabase: %u has bits that are no role: %s", write_mask,
		    bits);
	}
	for (i = 0; i < dev->n_metabase && strcmp(dev->metabase[i].path, path) != 0; i++)
		;
	if (i == POLICY_ACCESS_MAX)
		return why_set(why, ERR_LIMIT, "metabase: at most %d entries", POLICY_ACCESS_MAX);
	if (i == dev->n_metabase)
		dev->n_metabase++;
	a = &dev->metabase[i];
	snprintf(a->path, sizeof a->path, "%s", path);
	a->write_mask = write_mask;
	return OK;
}

int
policy_add_client(struct policy_device *dev, const char *content_type, const char *app_id,
    const char *name, struct why *why)
{
	struct policy_client *c = &dev->clients[dev->n_clients];

	if (dev->n_clients == POLICY_CLIENTS_MAX)
		return why_set(why, ERR_LIMIT, "clients: at most %d", POLICY_CLIENTS_MAX);
	if (strlen(content_type) >= sizeof c->content_type || strlen(app_id) >= sizeof c->app_id)
		return why_set(why, ERR_LIMIT, "clients: content type and application id have at most "
		    "%zu characters", sizeof c->app_id - 1);
	if (content_type[0] == '\0' && app_id[0] == '\0')
		return why_set(why, ERR_SYNTAX, "clients: an entry needs a content type or an "
		    "application id");
	snprintf(c->content_type, sizeof c->content_type, "%s", content_type);
	snprintf(c->app_id, sizeof c->app_id, "%s", app_id);
	snprintf(c->name, sizeof c->name, "%s", name);
	dev->n_clients++;
	return OK;
}

static const char cfgmgr_app_id[] = "x-wap-microsoft:cfgmgr.ua";

void
policy_client_name(const char *content_type, const char *app_id, char *out, size_t size)
{
	const char *usual = strcasecmp(app_id, cfgmgr_app_id) == 0 ? policy_kind_client(KIND_PROV) :
	    policy_kind_client(policy_kind_of(content_type));

	snprintf(out, size, "%s", usual ? usual : app_id[0] ? app_id : content_type);
}

static const struct profile *
profile_find(const char *name)
{
	size_t i;

	for (i = 0; i < N_PROFILES; i++) {
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	}
	return NULL;
}

/* The tables above are right by themselves: what they hold fits and is accepted. */
static void
must(int err)
{
	if (err != OK)
		abort();
}

int
policy_device_init(struct policy_device *dev, const char *profile, struct why *why)
{
	const struct profile *p = profile_find(profile);
	size_t i;

	memset(dev, 0, sizeof *dev);
	if (p == NULL) {
		struct sbuf quoted = { 0 };

		sbuf_quote(&quoted, span_str(profile));
		why_set(why, ERR_NOT_FOUND, "device profile \"%s\" does not exist", quoted.s ? quoted.s : "");
		sbuf_done(&quoted);
		return ERR_NOT_FOUND;
	}
	snprintf(dev->profile, sizeof dev->profile, "%s", p->name);
	dev->family = p->family;
	for (i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
		int value = defaults[i].values[p->column];

		if (value != NO)
			must(policy_set(dev, defaults[i].id, (uint32_t)value, NULL));
	}
	for (i = 0; i < CHANGES_MAX && p->changes[i].id != 0; i++)
		must(policy_set(dev, p->changes[i].id, p->changes[i].value, NULL));
	for (i = 0; i < sizeof metabase / sizeof metabase[0]; i++)
		must(policy_set_access(dev, metabase[i].path, metabase[i].write_mask, NULL));
	for (i = 0; i < N_KINDS; i++)
		must(policy_add_client(dev, kinds[i].content_type, "",
		    policy_kind_client(kinds[i].kind), NULL));
	must(policy_add_client(dev, "", cfgmgr_app_id, policy_kind_client(KIND_PROV), NULL));
	return OK;
}
