/*
 * source.c - settings that do not come over the air: which roles their source has.
 * Facts: device policies, section 4.
 */
#include "policy/policy.h"

#include <stdio.h>
#include <string.h>

#include "policy/settings.h"

static bool
is_one_tier(const struct policy_device *dev, const struct policy_source *src)
{
	return src->tier == TIER_ONE ||
	    (src->tier == TIER_BY_POLICY && policy_get(dev, 4123, 0) == 1);
}

static uint32_t
application_roles(const struct policy_device *dev, const struct policy_source *src)
{
	static const uint32_t two_tier[] = { [CALLER_NORMAL] = ROLE_USER_AUTH,
		[CALLER_PRIVILEGED] = ROLE_MANAGER, [CALLER_USER_UNAUTH] = ROLE_USER_UNAUTH };

	return is_one_tier(dev, src) ? ROLE_MANAGER : two_tier[src->caller];
}

/* The base mask; false when the call is refused whatever it wants to set. */
static bool
source_roles(const struct policy_device *dev, const struct policy_source *src, uint32_t *mask)
{
	static const uint32_t rapi[] = { 0, ROLE_MANAGER, ROLE_USER_AUTH };
	uint32_t v;

	*mask = 0;
	switch (src->kind) {
	case SOURCE_RAPI:
		v = policy_get(dev, 4097, 0);
		*mask = v < 3 ? rapi[v] : 0;
		return *mask != 0;
	case SOURCE_DMPROCESSCONFIGXML:
		*mask = application_roles(dev, src);
		return true;
	case SOURCE_CAB:
		*mask = src->is_signed ? src->spc_mask : policy_get(dev, 4101, 0);
		return src->is_signed || *mask != 0;
	case SOURCE_CPF:		/* unsigned: nobody can be asked, so it does not load */
		*mask = src->is_signed ? src->spc_mask : 0;
		return src->is_signed;
	case SOURCE_PROVXML:
		*mask = ROLE_MANAGER;
		return true;
	case SOURCE_DM:
		*mask = src->account_mask;
		return true;
	case SOURCE_EXCHANGE:
		*mask = ROLE_ENTERPRISE;
		return true;
	case SOURCE_UI:
		return true;
	}
	return false;
}

/* What the roles of a source come from: a policy, or a word. */
static const char *
source_test(const struct policy_source *src)
{
	switch (src->kind) {
	case SOURCE_RAPI:
		return "4097";
	case SOURCE_DMPROCESSCONFIGXML:
		return src->tier == TIER_BY_POLICY ? "4123" : "tier";
	case SOURCE_CAB:
		return src->is_signed ? "signer" : "4101";
	case SOURCE_CPF:
		return src->is_signed ? "signer" : "unsigned";
	case SOURCE_PROVXML:
		return "boot";
	case SOURCE_DM:
		return "account";
	case SOURCE_EXCHANGE:
		return "exchange";
	case SOURCE_UI:
		return "settings";
	}
	return "";
}

static void
add_stage(struct policy_decision *out, const char *stage, const char *test, uint32_t mask, bool pass)
{
	struct policy_stage *st = &out->stages[out->n_stages++];

	snprintf(st->stage, sizeof st->stage, "%s", stage);
	snprintf(st->test, sizeof st->test, "%s", test);
	st->mask = mask;
	st->pass = pass;
}

void
policy_decide_source(const struct policy_device *dev, const struct policy_source *src,
    struct policy_decision *out)
{
	const char *path;
	bool known;

	memset(out, 0, sizeof *out);
	known = source_roles(dev, src, &out->mask);
	add_stage(out, "0", source_test(src), out->mask, known);
	if (!known) {
		out->outcome = OUTCOME_BLOCKED;
		out->mask = 0;
		return;
	}
	snprintf(out->client, sizeof out->client, "configuration manager");
	out->outcome = OUTCOME_APPLY;
	if (src->kind == SOURCE_UI) {
		out->no_mask = true;
		add_stage(out, "13", "commit", 0, true);
		return;
	}
	out->has_effective = true;
	out->effective = settings_roles(dev, out->mask);
	add_stage(out, "11", "effective", out->effective, true);
	out->code = settings_check(dev, out->effective, src->settings, src->n_settings, &path);
	add_stage(out, "12", settings_test(out->code), out->effective, out->code == 0);
	if (out->code == 0) {
		add_stage(out, "13", "commit", out->effective, true);
		return;
	}
	out->outcome = OUTCOME_REJECT_DOC;
	snprintf(out->path, sizeof out->path, "%s", path);
}
