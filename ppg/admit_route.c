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
	wish.ip = a->n_ip > 0;
	wish.timed = a->control.deliver_before != 0;
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

void
admit_route_facts(const struct admit_config *cf, const struct admit_request *rq, struct admission *a)
{
	struct routes *routes = route_table_get(cf->routes);
	struct route_wish wish;

	if (routes_rules(routes)->n > 0) {
		route_wish_read(sbuf_as_span(&a->route), &wish);
		copy_text(wish.initiator, sizeof wish.initiator, rq->who->name);
		copy_text(wish.type, sizeof wish.type, a->text_type);
		copy_text(wish.app_id, sizeof wish.app_id, a->app_id);
		sbuf_clear(&a->route);
		route_wish_write(&wish, &a->route);
	}
	routes_unref(routes);
}

/* A push that has another time than now is looked at as it will be then. */
static int
check_numbers(const struct routes *routes, struct admission *a)
{
	time_t after = a->control.deliver_after, at = after > a->received ? after : a->received;
	struct route_wish wish;
	uint32_t i, refused = 0;
	int code, first = 0;
	struct why why, first_why = { 0 };

	route_wish_read(sbuf_as_span(&a->route), &wish);
	for (i = 0; i < a->n_recipients; i++) {
		struct route_facts f = route_facts_of(&wish, (int)a->priority, a->recipients[i].to, at);

		code = routes_check_number(routes, &wish, &f, NULL, &why);
		if (code == 0)
			continue;
		if (refused++ == 0) {
			first = code;
			first_why = why;
		}
		admit_hold(a, i, code, why.text);
	}
	if (refused < a->n_recipients)
		return 0;
	a->why = first_why;
	return first;
}

int
admit_carriers(const struct admit_config *cf, struct admission *a)
{
	struct routes *routes = route_table_get(cf->routes);
	int code = 0;

	if (routes_by_number(routes) || routes_rules(routes)->n > 0)
		code = check_numbers(routes, a);
	routes_unref(routes);
	return code;
}
