/*
 * explain.c - a decision for people: every stage in a line, and what would have made it better.
 * Facts: device policies 3.5. The operands are read again from device and message, so that a
 * decision itself need not carry them.
 */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/kinds.h"

struct view {
	const struct policy_device *dev;
	const struct policy_message *msg;
	const struct policy_decision *d;
	struct sbuf *out;
};

static void
quote(const char *text, struct sbuf *out)
{
	sbuf_quote(out, span_str(text));
}

static void
print_value(const struct view *v, uint32_t id, uint32_t absent)
{
	const char *name = policy_id_name(id);

	sbuf_fmt(v->out, "%u %s = %u", id, name ? name : "", policy_get(v->dev, id, absent));
}

static void
about_number(const struct view *v, const struct policy_stage *st)
{
	print_value(v, (uint32_t)strtoul(st->test, NULL, 10), strcmp(st->test, "4124") == 0 ? 0 : 1);
}

static void
about_scheme(const struct view *v, const struct policy_stage *st)
{
	about_number(v, st);
	sbuf_str(v->out, ", href ");
	quote(v->msg && v->msg->href ? v->msg->href : "of the body", v->out);
	sbuf_str(v->out, policy_get(v->dev, 4124, 0) == 1 ? ": http, wsp, https or wsps" : ": https or wsps only");
}

static void
about_parse(const struct view *v, const struct policy_stage *st)
{
	const struct policy_message *m = v->msg;

	sbuf_str(v->out, "headers, ");
	if (m->content_type == NULL) {
		sbuf_str(v->out, "no Content-Type");
		return;
	}
	quote(m->content_type, v->out);
	if (policy_kind_of(m->content_type) != KIND_PROV)
		sbuf_str(v->out, ": SEC and MAC mean nothing there");
	else if (m->sec == PROV_SEC_NONE)
		sbuf_str(v->out, m->mac == MAC_ABSENT ? ": unsigned" : ": a MAC without SEC");
	else
		sbuf_fmt(v->out, ": SEC %s, %s MAC", prov_sec_name(m->sec), m->mac == MAC_ABSENT ? "no" : "with");
}

static void
about_origin(const struct view *v, const struct policy_stage *st)
{
	const struct policy_message *m = v->msg;

	sbuf_str(v->out, "from ");
	quote(m->from && m->from[0] ? m->from : "nobody", v->out);
	sbuf_str(v->out, !(st->mask & ROLE_KNOWN_PPG) ? ", no push proxy of the device" :
	    st->mask & ROLE_TRUSTED_PPG ? ", a trusted push proxy" : ", a push proxy it does not trust");
	sbuf_str(v->out, ", Push-Flag ");
	if (m->push_flag < 0)
		sbuf_str(v->out, "absent");
	else
		sbuf_fmt(v->out, "%d", m->push_flag);
	sbuf_str(v->out, m->initiator_uri == NULL ? ", no initiator URI" :
	    policy_uri_equal(m->initiator_uri, v->dev->provurl) ? ", initiator is the PROVURL" :
	    ", initiator is not the PROVURL");
	sbuf_str(v->out, ": ");
	policy_roles_print(st->mask, v->out);
}

static void
about_method(const struct view *v, const struct policy_stage *st)
{
	sbuf_fmt(v->out, "signature method %s", prov_sec_name(v->msg->sec));
}

static void
about_mac(const struct view *v, const struct policy_stage *st)
{
	sbuf_str(v->out, "MAC under the network's key, one try");
}

static void
about_pin(const struct view *v, const struct policy_stage *st)
{
	sbuf_str(v->out, "PIN of the user, ");
	print_value(v, 4105, 3);
}

static void
about_prompt(const struct view *v, const struct policy_stage *st)
{
	print_value(v, 4132, 1);
	sbuf_str(v->out, ": the user is asked, for the network PIN alone signed this");
}

static void
about_consent(const struct view *v, const struct policy_stage *st)
{
	sbuf_str(v->out, "the user is asked");
}

static void
about_roles(const struct view *v, const struct policy_stage *st)
{
	sbuf_str(v->out, "roles: ");
	policy_roles_print(st->mask, v->out);
}

static void
about_tps(const struct view *v, const struct policy_stage *st)
{
	sbuf_str(v->out, "an unsigned document needs OPERATOR_TPS, has ");
	policy_roles_print(st->mask, v->out);
}

static void
about_client(const struct view *v, const struct policy_stage *st)
{
	char name[48];

	sbuf_str(v->out, "who takes ");
	quote(v->msg->content_type, v->out);
	if (v->msg->app_id) {
		sbuf_str(v->out, " of application ");
		quote(v->msg->app_id, v->out);
	}
	/* A message that a later stage drops has no client any more: its usual one is told. */
	policy_client_name(v->msg->content_type, v->msg->app_id ? v->msg->app_id : "", name, sizeof name);
	sbuf_str(v->out, ": ");
	quote(!st->pass ? "nobody" : v->d->client[0] ? v->d->client : name, v->out);
}

static void
about_effective(const struct view *v, const struct policy_stage *st)
{
	sbuf_str(v->out, "effective roles (4119 lends MANAGER, 4120 USER_AUTH): ");
	policy_roles_print(st->mask, v->out);
}

static void
about_metabase(const struct view *v, const struct policy_stage *st)
{
	policy_roles_print(st->mask, v->out);
	if (st->pass) {
		sbuf_str(v->out, " may write every setting of the document");
		return;
	}
	sbuf_str(v->out, " may not write ");
	quote(v->d->path, v->out);
	sbuf_str(v->out, ", which is for ");
	policy_roles_print(policy_access(v->dev, v->d->path) | ROLE_MANAGER, v->out);
}

static void
about_proxy(const struct view *v, const struct policy_stage *st)
{
	sbuf_str(v->out, "4121 SECPOLICY_TRUSTED_WAP_PROXY: ");
	policy_roles_print(st->mask, v->out);
	sbuf_str(v->out, " may not touch a trusted proxy, that is for ");
	policy_roles_print(policy_get(v->dev, 4121, 0), v->out);
}

static void
about_role(const struct view *v, const struct policy_stage *st)
{
	sbuf_str(v->out, "ROLE of the DM account goes beyond ");
	policy_roles_print(st->mask, v->out);
}

static void
about_content(const struct view *v, const struct policy_stage *st)
{
	sbuf_str(v->out, "the body is read");
}

static void
about_senders(const struct view *v, const struct policy_stage *st)
{
	sbuf_fmt(v->out, "accept and reject lists, %zu entries; others: %s", v->dev->n_senders,
	    policy_mode_name(v->dev->unknown_sender));
}

static void
about_commit(const struct view *v, const struct policy_stage *st)
{
	sbuf_str(v->out, "the settings are applied");
}

/* Where settings came from that no push brought. */
static void
about_source(const struct view *v, const struct policy_stage *st)
{
	static const struct { const char *test, *text; } texts[] = {
		{ "signer", "the roles that the SPC store keeps with the signer's root" },
		{ "unsigned", "an unsigned .cpf: nobody can be asked, so it does not load" },
		{ "tier", "an application's call, by the tier of the device and its own trust" },
		{ "boot", "a file that is read while the device boots" },
		{ "account", "the roles of the DM account" },
		{ "exchange", "the enterprise server" },
		{ "settings", "the user interface asks for no roles" },
	};
	size_t i;

	for (i = 0; i < sizeof texts / sizeof texts[0] && strcmp(texts[i].test, st->test) != 0; i++)
		;
	if (i < sizeof texts / sizeof texts[0])
		sbuf_str(v->out, texts[i].text);
	else
		print_value(v, (uint32_t)strtoul(st->test, NULL, 10), 0);
	sbuf_str(v->out, ": ");
	policy_roles_print(st->mask, v->out);
}

static void
about_value(const struct view *v, const struct policy_stage *st)
{
	quote(v->d->path, v->out);
	sbuf_str(v->out, " has a value that the device cannot hold");
}

static const struct {
	const char *test;
	void (*about)(const struct view *v, const struct policy_stage *st);
} words[] = {
	{ "parse",        about_parse },
	{ "origin",       about_origin },
	{ "OPERATOR_TPS", about_tps },
	{ "method",       about_method },
	{ "MAC",          about_mac },
	{ "PIN",          about_pin },
	{ "4132",         about_prompt },
	{ "consent",      about_consent },
	{ "roles",        about_roles },
	{ "client",       about_client },
	{ "4124",         about_scheme },
	{ "4121",         about_proxy },
	{ "effective",    about_effective },
	{ "metabase",     about_metabase },
	{ "ROLE",         about_role },
	{ "value",        about_value },
	{ "content",      about_content },
	{ "senders",      about_senders },
	{ "commit",       about_commit },
};

static void
print_mask_test(const struct view *v, const struct policy_stage *st)
{
	const char *name = policy_id_name((uint32_t)strtoul(st->test, NULL, 10));

	sbuf_fmt(v->out, "%s %s (", st->test, name ? name : "");
	policy_roles_print(st->policy, v->out);
	sbuf_str(v->out, ") and the message (");
	policy_roles_print(st->mask, v->out);
	sbuf_str(v->out, ") share ");
	policy_roles_print(st->result, v->out);
}

static void
print_stage(const struct view *v, const struct policy_stage *st)
{
	size_t i;

	sbuf_fmt(v->out, "  %-3s ", st->stage);
	for (i = 0; i < sizeof words / sizeof words[0] && strcmp(words[i].test, st->test) != 0; i++)
		;
	if (v->msg == NULL && strcmp(st->stage, "0") == 0)
		about_source(v, st);
	else if (st->has_result)
		print_mask_test(v, st);
	else if (i < sizeof words / sizeof words[0])
		words[i].about(v, st);
	else if (st->test[0] >= '0' && st->test[0] <= '9')
		about_number(v, st);
	else
		sbuf_fmt(v->out, "the handset's way: %s", st->test);
	sbuf_str(v->out, st->pass ? "\n" : "  << stops here\n");
}

void
policy_explain(const struct policy_device *dev, const struct policy_message *msg,
    const struct policy_decision *d, struct sbuf *out)
{
	const struct view v = { dev, msg, d, out };
	struct policy_advice advice;
	struct sbuf lines = { 0 };
	char *line, *rest;
	size_t i;

	policy_decision_print(d, out);
	sbuf_char(out, '\n');
	for (i = 0; i < d->n_stages; i++)
		print_stage(&v, &d->stages[i]);
	if (policy_accepted(d) || msg == NULL)
		return;
	policy_advise(dev, msg, &advice);
	policy_advice_print(dev, &advice, d, &lines);
	sbuf_str(out, "  to be accepted:\n");
	for (line = strtok_r(lines.s, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		sbuf_fmt(out, "    %s\n", line);
	sbuf_done(&lines);
}
