/* names.c - roles, families, outcomes and reasons in words (device policies 1, 3.7). */
#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct { uint32_t bit; const char *name; } role_names[] = {
	{ ROLE_OEM,             "OEM" },
	{ ROLE_OPERATOR,        "OPERATOR" },
	{ ROLE_MANAGER,         "MANAGER" },
	{ ROLE_USER_AUTH,       "USER_AUTH" },
	{ ROLE_ENTERPRISE,      "ENTERPRISE" },
	{ ROLE_USER_UNAUTH,     "USER_UNAUTH" },
	{ ROLE_OPERATOR_TPS,    "OPERATOR_TPS" },
	{ ROLE_KNOWN_PPG,       "KNOWN_PPG" },
	{ ROLE_TRUSTED_PPG,     "TRUSTED_PPG" },
	{ ROLE_PPG_AUTH,        "PPG_AUTH" },
	{ ROLE_PPG_TRUSTED,     "PPG_TRUSTED" },
	{ ROLE_ANY_PUSH_SOURCE, "ANY_PUSH_SOURCE" },
};
enum { N_ROLES = sizeof role_names / sizeof role_names[0] };

const char *
policy_role_name(uint32_t bit)
{
	size_t i;

	for (i = 0; i < N_ROLES; i++) {
		if (role_names[i].bit == bit)
			return role_names[i].name;
	}
	return NULL;
}

void
policy_roles_print(uint32_t mask, struct sbuf *out)
{
	const char *sep = "";
	size_t i;

	if (mask == 0)
		sbuf_str(out, "NONE");
	for (i = 0; i < N_ROLES; i++) {
		if (mask & role_names[i].bit) {
			sbuf_fmt(out, "%s%s", sep, role_names[i].name);
			sep = "|";
		}
	}
	if (mask & ~(uint32_t)ROLE_ALL)
		sbuf_fmt(out, "%s0x%X", sep, mask & ~(uint32_t)ROLE_ALL);
}

int
policy_roles_parse(const char *text, uint32_t *mask, struct why *why)
{
	char number[16], word[24];
	size_t i, n;

	*mask = 0;
	n = strlen(text);
	if (n < sizeof number && strspn(text, "0123456789xXabcdefABCDEF") == n && text[0] >= '0' &&
	    text[0] <= '9') {
		char *end;
		unsigned long long v = strtoull(text, &end, text[1] == 'x' || text[1] == 'X' ? 16 : 10);

		if (*end != '\0' || v > UINT32_MAX)
			return why_set(why, ERR_SYNTAX, "\"%s\" is no mask", text);
		*mask = (uint32_t)v;
		return OK;
	}
	for (;; text += n) {
		text += strspn(text, "| \t,");
		n = strcspn(text, "| \t,");
		if (n == 0)
			break;
		snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word ? n : sizeof word - 1), text);
		for (i = 0; i < N_ROLES && strcasecmp(role_names[i].name, word) != 0; i++)
			;
		if (i < N_ROLES)
			*mask |= role_names[i].bit;
		else if (strcasecmp(word, "NONE") != 0)
			return why_set(why, ERR_SYNTAX, "\"%s\" is no role", word);
	}
	return OK;
}

const char *
policy_mode_name(enum policy_mode mode)
{
	static const char *const names[] = { "none", "ignore", "refuse", "store", "prompt", "auto", "list",
		"app" };

	return names[mode];
}

const char *
policy_rule_name(enum policy_rule rule)
{
	static const char *const names[] = { "none", "refuse", "prompt", "pin", "mac", "mac+prompt",
		"silent", "list" };

	return names[rule];
}

const char *
policy_family_name(enum policy_family family)
{
	static const char *const names[] = { "wm5", "wm6x", "w10m", "other" };

	return names[family];
}

const char *
policy_outcome_name(enum policy_outcome o)
{
	static const char *const names[] = { "DISCARD", "REJECT_DOC", "DELIVER", "APPLY",
		"APPLY_AFTER_PROMPT", "APPLY_AFTER_PIN", "BLOCKED" };

	return names[o];
}

const char *
policy_reason_text(int code)
{
	static const char *const texts[] = {
		[0] = "",
		[1] = "push source disabled (4113)",
		[2] = "malformed headers, SEC/MAC or body",
		[3] = "unsigned not accepted (4110)",
		[4] = "signed not accepted (4107)",
		[5] = "NETWPIN not accepted (4141)",
		[6] = "USERPIN/USERPINMAC not accepted (4142)",
		[7] = "USERNETWPIN not accepted (4143)",
		[8] = "network PIN MAC wrong",
		[9] = "user declined or cancelled",
		[10] = "PIN tries used up (4105)",
		[11] = "no client registered",
		[12] = "SL role mismatch (4108)",
		[13] = "SI role mismatch (4109)",
		[14] = "provisioning role mismatch (4111)",
		[15] = "setting not writable by these roles (metabase)",
		[16] = "privileged proxy change refused (4121)",
		[17] = "SL URL scheme refused (4124)",
		[18] = "MMS role mismatch (4144)",
		[19] = "DRM rights role mismatch (4129)",
		[20] = "DM account ROLE exceeds own roles",
		[21] = "SMS/MMS service off (4147)",
		[22] = "signature method not supported",
	};

	return code > 0 && code < (int)(sizeof texts / sizeof texts[0]) ? texts[code] : "";
}

bool
policy_accepted(const struct policy_decision *d)
{
	switch (d->outcome) {
	case OUTCOME_DELIVER:
	case OUTCOME_APPLY:
	case OUTCOME_APPLY_AFTER_PROMPT:
	case OUTCOME_APPLY_AFTER_PIN:
		return true;
	case OUTCOME_DISCARD:
	case OUTCOME_REJECT_DOC:
	case OUTCOME_BLOCKED:
		break;
	}
	return false;
}

void
policy_decision_print(const struct policy_decision *d, struct sbuf *out)
{
	sbuf_str(out, policy_outcome_name(d->outcome));
	if (d->code != 0)
		sbuf_fmt(out, " P%02d %s", d->code, policy_reason_text(d->code));
	if (d->path[0] != '\0')
		sbuf_fmt(out, " at %s", d->path);
	if (d->client[0] != '\0')
		sbuf_fmt(out, ", client %s", d->client);
	sbuf_str(out, ", roles ");
	policy_roles_print(d->mask, out);
	if (d->has_effective && d->effective != d->mask) {
		sbuf_str(out, ", effective ");
		policy_roles_print(d->effective, out);
	}
}
