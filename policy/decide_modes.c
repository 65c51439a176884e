/*
 * decide_modes.c - what handsets do that know no role masks: a mode for each kind of content, a rule
 * for each way to sign a provisioning document, and lists of senders.
 * Facts: device policies 8.3. The stages keep the numbers they have for devices with roles.
 */
#include "policy/decide_int.h"

#include <stdio.h>
#include <string.h>

static enum policy_rule
rule_of(const struct run *run)
{
	return run->dev->rules[run->msg->sec + 1];
}

/* The mode, where a list was asked to choose one: reject entries first, then accept entries. */
static enum policy_mode
listed(const struct run *run, enum policy_mode mode)
{
	bool accepted = false;
	size_t i;

	if (mode != POLICY_MODE_LIST)
		return mode;
	for (i = 0; i < run->dev->n_senders; i++) {
		const struct policy_sender *s = &run->dev->senders[i];

		if (!policy_sender_matches(run->dev, s, run->msg))
			continue;
		if (!s->accept)
			return POLICY_MODE_REFUSE;
		accepted = true;
	}
	return accepted ? POLICY_MODE_AUTO : run->dev->unknown_sender;
}

/* ---- provisioning documents ---------------------------------------------------------------------- */

static bool
signature_rule(struct run *run)
{
	static const int codes[POLICY_SIGNATURES] = { 3, 5, 6, 7, 6 };
	enum policy_rule rule;

	if (run->kind != KIND_PROV)
		return true;
	rule = rule_of(run);
	if (rule == POLICY_RULE_LIST)
		return decide_note(run, "senders", listed(run, POLICY_MODE_LIST) != POLICY_MODE_REFUSE,
		    codes[run->msg->sec + 1]);
	return decide_note(run, policy_rule_name(rule), rule != POLICY_RULE_REFUSE,
	    codes[run->msg->sec + 1]);
}

static bool
unsigned_gate(struct run *run)
{
	if (run->is_signed)
		return true;
	run->out->mask = run->origin | ROLE_USER_UNAUTH;
	return signature_rule(run);
}

static bool
signed_gate(struct run *run)
{
	return !run->is_signed || signature_rule(run);
}

static bool
authenticate(struct run *run)
{
	if (run->kind != KIND_PROV || !run->is_signed)
		return true;
	switch (rule_of(run)) {
	case POLICY_RULE_PIN:
		return decide_pin(run);
	case POLICY_RULE_MAC:
	case POLICY_RULE_MAC_PROMPT:
		return decide_mac(run);
	case POLICY_RULE_LIST:
		return run->msg->sec == PROV_SEC_NETWPIN ? decide_mac(run) : decide_pin(run);
	case POLICY_RULE_NONE:
	case POLICY_RULE_REFUSE:
	case POLICY_RULE_PROMPT:
	case POLICY_RULE_SILENT:
		break;
	}
	return true;
}

static bool
document_consent(struct run *run)
{
	enum policy_rule rule = rule_of(run);

	if (rule == POLICY_RULE_PROMPT || rule == POLICY_RULE_MAC_PROMPT ||
	    (rule == POLICY_RULE_LIST && listed(run, POLICY_MODE_LIST) == POLICY_MODE_PROMPT))
		return decide_consent(run, "consent");
	return true;
}

/* ---- everything else --------------------------------------------------------------------------- */

/* Who takes it: an application that registered, or the handset's own. */
static bool
client(struct run *run)
{
	enum policy_mode mode = run->dev->modes[run->kind];
	const char *name = policy_kind_client(run->kind);

	if (run->kind == KIND_PROV)
		mode = rule_of(run) == POLICY_RULE_NONE ? POLICY_MODE_NONE : POLICY_MODE_AUTO;
	if (run->dev->n_clients > 0 && (mode == POLICY_MODE_NONE || mode == POLICY_MODE_IGNORE))
		return decide_route(run);
	if (mode == POLICY_MODE_APP)
		name = "vendor application";
	else if (mode == POLICY_MODE_STORE)
		name = "service inbox";
	snprintf(run->out->client, sizeof run->out->client, "%s", name ? name : "handset");
	return decide_note(run, "client", mode != POLICY_MODE_NONE && mode != POLICY_MODE_IGNORE, 11);
}

static bool
mode_of_kind(struct run *run)
{
	static const int codes[POLICY_KINDS] = { 3, 13, 12, 14, 3, 18, 19 };
	enum policy_mode mode = run->dev->modes[run->kind];
	char test[24];

	if (run->kind == KIND_PROV)
		return decide_body(run);
	snprintf(test, sizeof test, "mode %s", policy_mode_name(mode));
	return decide_note(run, test, listed(run, mode) != POLICY_MODE_REFUSE, codes[run->kind]) &&
	    decide_body(run);
}

static bool
consent(struct run *run)
{
	if (run->kind == KIND_PROV)
		return document_consent(run);
	if (listed(run, run->dev->modes[run->kind]) != POLICY_MODE_PROMPT)
		return true;
	return decide_consent(run, "consent");
}

const struct decide_stage decide_modes[] = {
	{ "2",  decide_parse },
	{ "3",  decide_origin },
	{ "4a", unsigned_gate },
	{ "4b", signed_gate },
	{ "5",  authenticate },
	{ "7",  decide_roles },
	{ "8",  client },
	{ "9",  mode_of_kind },
	{ "10", consent },
	{ "13", decide_commit },
};
const size_t decide_n_modes = sizeof decide_modes / sizeof decide_modes[0];

/* ---- residual risks ------------------------------------------------------------------------------ */

enum { ANYBODY = ROLE_USER_UNAUTH | ROLE_ANY_PUSH_SOURCE };

/* May a stranger's document, signed so, be authenticated, and is it then taken? */
static bool
stranger_signs(const struct policy_device *dev, uint32_t claimed, uint32_t by_method)
{
	uint32_t roles = ROLE_ANY_PUSH_SOURCE | claimed;
	bool gate = dev->family == FAMILY_WM5 ? (policy_get(dev, 4107, 0) & roles) != 0 :
	    (policy_get(dev, by_method, 0) & ROLE_ANY_PUSH_SOURCE) != 0;

	return gate && (policy_get(dev, 4111, 0) & roles) != 0;
}

static unsigned
risks_of_roles(const struct policy_device *dev)
{
	unsigned risks = 0;

	if (policy_get(dev, 4109, 0) & ANYBODY)
		risks |= POLICY_RISK_OPEN_SI;
	if (policy_get(dev, 4108, 0) & ANYBODY)
		risks |= POLICY_RISK_OPEN_SL;
	if ((policy_get(dev, 4111, 0) & ANYBODY) && dev->family != FAMILY_W10M &&
	    (policy_get(dev, 4110, 0) & ANYBODY))
		risks |= POLICY_RISK_OPEN_CP_UNSIGNED;
	if (stranger_signs(dev, ROLE_OPERATOR, 4141) &&
	    (dev->family == FAMILY_WM5 || policy_get(dev, 4132, 1) == 1))
		risks |= POLICY_RISK_NETWPIN_SILENT;
	if (stranger_signs(dev, ROLE_OPERATOR | ROLE_USER_AUTH, 4143) &&
	    (policy_get(dev, 4119, 0) & (ROLE_OPERATOR | ROLE_USER_AUTH)))
		risks |= POLICY_RISK_BOOTSTRAP_OPEN;
	return risks;
}

static bool
takes_from_anybody(const struct policy_device *dev, enum policy_mode mode)
{
	return mode == POLICY_MODE_AUTO || mode == POLICY_MODE_STORE ||
	    (mode == POLICY_MODE_LIST && dev->unknown_sender == POLICY_MODE_AUTO);
}

static unsigned
risks_of_modes(const struct policy_device *dev)
{
	enum policy_rule plain = dev->rules[0], netwpin = dev->rules[PROV_SEC_NETWPIN + 1];
	enum policy_rule both = dev->rules[PROV_SEC_USERNETWPIN + 1];
	bool asks = dev->unknown_sender != POLICY_MODE_REFUSE;
	unsigned risks = 0;

	if (takes_from_anybody(dev, dev->modes[KIND_SI]))
		risks |= POLICY_RISK_OPEN_SI;
	if (takes_from_anybody(dev, dev->modes[KIND_SL]))
		risks |= POLICY_RISK_OPEN_SL;
	if (plain == POLICY_RULE_PROMPT || plain == POLICY_RULE_SILENT || (plain == POLICY_RULE_LIST && asks))
		risks |= POLICY_RISK_OPEN_CP_UNSIGNED;
	if (netwpin == POLICY_RULE_MAC || netwpin == POLICY_RULE_SILENT)
		risks |= POLICY_RISK_NETWPIN_SILENT;
	if (both == POLICY_RULE_SILENT || both == POLICY_RULE_PROMPT)
		risks |= POLICY_RISK_BOOTSTRAP_OPEN;
	return risks;
}

unsigned
policy_risks(const struct policy_device *dev)
{
	return dev->family == FAMILY_OTHER ? risks_of_modes(dev) : risks_of_roles(dev);
}

const char *
policy_risk_name(unsigned risk)
{
	static const char *const names[] = { "open_si", "open_sl", "open_cp_unsigned", "netwpin_silent",
		"bootstrap_open" };
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (risk == 1u << i)
			return names[i];
	}
	return NULL;
}
