/*
 * advise.c - what a sender would have to change so that a device accepts a message.
 * Facts: device policies 7 (check list). Nothing is derived: each combination of changes is decided,
 * and the one with the fewest is told, so the advice is right whenever the decision is.
 */
#include "policy/policy.h"

#include <string.h>

#include "policy/kinds.h"

enum { COST_CHANGE = 16 };		/* one change more weighs more than any preference */

struct search {
	const struct policy_device *dev;
	const struct policy_message *msg;
	struct policy_advice *best;
	unsigned best_cost;
};

static void
try_one(struct search *s, const struct policy_advice *a, unsigned cost)
{
	struct policy_message m = *s->msg;
	struct policy_decision d;

	if (cost >= s->best_cost)
		return;
	m.open = NULL;
	if (a->proxy) {
		m.from = a->proxy->address;
		m.from_ton = TON_UNKNOWN;
	}
	if (a->push_flag >= 0)
		m.push_flag = a->push_flag;
	if (a->provurl)
		m.initiator_uri = s->dev->provurl;
	if (a->resign) {
		m.sec = a->sec;
		m.mac = a->sec == PROV_SEC_NONE || a->sec == PROV_SEC_USERPINMAC ? MAC_ABSENT : MAC_PRESENT;
	}
	if (a->https)
		m.href = "https://www.example.com/";
	policy_decide(s->dev, &m, NULL, &d);
	if (!policy_accepted(&d))
		return;
	s->best_cost = cost;
	*s->best = *a;
	s->best->possible = true;
	s->best->user = cost == 0;
}

static void
try_href(struct search *s, struct policy_advice a, unsigned cost)
{
	try_one(s, &a, cost);
	if (policy_kind_of(s->msg->content_type) != KIND_SL)
		return;
	a.https = true;
	try_one(s, &a, cost + COST_CHANGE);
}

static void
try_signature(struct search *s, struct policy_advice a, unsigned cost)
{
	static const enum prov_sec methods[] = { PROV_SEC_USERPIN, PROV_SEC_USERNETWPIN, PROV_SEC_NETWPIN,
		PROV_SEC_NONE };
	size_t i;

	try_href(s, a, cost);
	if (policy_kind_of(s->msg->content_type) != KIND_PROV)
		return;
	a.resign = true;
	for (i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		a.sec = methods[i];
		try_href(s, a, cost + COST_CHANGE + 4 + (unsigned)i);
	}
}

static void
try_initiator(struct search *s, struct policy_advice a, unsigned cost)
{
	try_signature(s, a, cost);
	if (s->dev->provurl[0] == '\0')
		return;
	a.provurl = true;
	try_signature(s, a, cost + COST_CHANGE + 2);
}

/* Flag 3 says both things; it comes last because each is a promise of the gateway. */
static void
try_flag(struct search *s, struct policy_advice a, unsigned cost)
{
	int flag;

	try_initiator(s, a, cost);
	for (flag = 1; flag <= 3; flag++) {
		a.push_flag = flag;
		try_initiator(s, a, cost + COST_CHANGE + (flag == 3));
	}
}

void
policy_advise(const struct policy_device *dev, const struct policy_message *msg,
    struct policy_advice *out)
{
	struct search s = { dev, msg, out, UINT32_MAX };
	struct policy_advice a = { .push_flag = -1 };
	size_t i;

	*out = a;
	if (msg->content_type == NULL || msg->malformed)
		return;
	try_flag(&s, a, 0);
	for (i = 0; i < dev->n_proxies; i++) {
		if (dev->proxies[i].ipv4 != msg->ip_bearer || !dev->proxies[i].push ||
		    dev->proxies[i].address[0] == '\0')
			continue;
		a.proxy = &dev->proxies[i];
		try_flag(&s, a, COST_CHANGE + 3);
	}
}

/* ---- as sentences -------------------------------------------------------------------------------- */

static const struct policy_stage *
failed_stage(const struct policy_decision *d)
{
	const struct policy_stage *last = d->n_stages > 0 ? &d->stages[d->n_stages - 1] : NULL;

	return last != NULL && !last->pass ? last : NULL;
}

/* Nothing the sender does is enough: what the device would have to be. */
static void
print_device_change(const struct policy_device *dev, const struct policy_decision *d, struct sbuf *out)
{
	const struct policy_stage *st = failed_stage(d);

	sbuf_str(out, "the sender alone cannot change this: ");
	if (d->code == 2) {
		sbuf_str(out, "the headers, SEC with MAC or the body have to be well formed first\n");
	} else if (d->code == 11) {
		sbuf_str(out, "nothing on the device takes this content type or application id\n");
	} else if (st != NULL && st->has_result) {
		sbuf_fmt(out, "policy %s of the device, now ", st->test);
		policy_roles_print(st->policy, out);
		sbuf_str(out, ", would have to hold one of ");
		policy_roles_print(st->mask, out);
		sbuf_char(out, '\n');
	} else {
		sbuf_fmt(out, "%s\n", policy_reason_text(d->code));
	}
	if (dev->n_proxies == 0 && dev->family != FAMILY_OTHER)
		sbuf_str(out, "the device knows no push proxy: one has to be provisioned, or its list told\n");
}

void
policy_advice_print(const struct policy_device *dev, const struct policy_advice *a,
    const struct policy_decision *d, struct sbuf *out)
{
	if (!a->possible) {
		print_device_change(dev, d, out);
		return;
	}
	if (a->user)
		sbuf_str(out, "user: the right key or PIN, and yes to every question\n");
	if (a->proxy)
		sbuf_fmt(out, "source address: %s, %s push proxy %s\n", a->proxy->address,
		    a->proxy->trust ? "the trusted" : "the", a->proxy->id);
	if (a->push_flag >= 0)
		sbuf_fmt(out, "Push-Flag: %d (%s)\n", a->push_flag,
		    a->push_flag == 1 ? "the gateway authenticated the initiator" :
		    a->push_flag == 2 ? "the gateway trusts the content" :
		    "initiator authenticated and content trusted");
	if (a->provurl)
		sbuf_fmt(out, "X-WAP-Initiator-URI: %s, the device's PROVURL\n", dev->provurl);
	if (a->resign)
		sbuf_fmt(out, "signature: %s\n", a->sec == PROV_SEC_NONE ? "none" : prov_sec_name(a->sec));
	if (a->https)
		sbuf_str(out, "href: an https address\n");
}
