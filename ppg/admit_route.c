/* admit_route.c - see admit_int.h. Quality of service and what else decides on the way of a push. */
#include "ppg/admit_int.h"

#include <stdio.h>
#include <strings.h>

#include "ppg/route.h"

static const struct {
	const char *name;
	enum store_priority priority;
} priorities[] = {
	{ "high", STORE_HIGH }, { "medium", STORE_MEDIUM }, { "low", STORE_LOW },
};

static enum store_priority
priority_of(const struct pap_qos *q)
{
	size_t i;

	for (i = 0; i < sizeof priorities / sizeof priorities[0]; i++)
		if (q->present && strcasecmp(q->priority, priorities[i].name) == 0)
			return priorities[i].priority;
	return STORE_MEDIUM;
}

static void
copy_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text != NULL ? text : "");
}

/* The first that says something: what is forced, what the push asks for, the initiator's, the gateway's. */
static const char *
wanted_smsc(const struct admit_config *cf, const struct admit_request *rq)
{
	const struct initiator *who = rq->who;
	const char *asked = rq->outer_header != NULL ? rq->outer_header(rq->arg, "X-Kannel-SMSC") : NULL;

	if (who->forced_smsc[0] != '\0')
		return who->forced_smsc;
	if (asked != NULL && asked[0] != '\0')
		return asked;
	return who->default_smsc[0] != '\0' ? who->default_smsc : cf->default_smsc;
}

int
admit_route(const struct admit_config *cf, const struct admit_request *rq, struct admission *a)
{
	const struct pap_qos *q = &a->control.qos;
	struct route_wish wish = { 0 };
	struct routes *routes;
	int code;

	if (q->present && strcasecmp(q->delivery_method, "confirmed") == 0)
		return admit_refuse(a, PAP_DELIVERY_METHOD_IMPOSSIBLE,
		    "delivery-method confirmed: the SMS bearer carries unconfirmed pushes only");
	a->priority = priority_of(q);
	copy_text(wish.smsc, sizeof wish.smsc, wanted_smsc(cf, rq));
	copy_text(wish.links, sizeof wish.links, rq->who->links);
	copy_text(wish.bearers, sizeof wish.bearers, rq->who->bearers);
	if (q->present) {
		copy_text(wish.network, sizeof wish.network, q->network);
		copy_text(wish.bearer, sizeof wish.bearer, q->bearer);
		wish.network_required = q->network_required;
		wish.bearer_required = q->bearer_required;
	}
	routes = route_table_get(cf->routes);
	code = routes_check(routes, &wish, &a->why);
	routes_unref(routes);
	if (code == 0)
		route_wish_write(&wish, &a->route);
	return code;
}
