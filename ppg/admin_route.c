/*
 * admin_route.c - see admin_int.h: GET /api/v1/route, which link a push to a number would take now, or at another time, and
 * why. The rules are asked as dispatch asks them (route.h); nothing is sent.
 */
#include "ppg/admin_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

static const char *const priorities[] = { "high", "medium", "low" };	/* enum store_priority */

struct question {
	struct admit_config *rules;
	struct initiators *initiators;
	struct routes *routes;
	json_t *states;			/* the links as /api/v1/links has them */
	struct route_wish wish;
	struct route_facts facts;
	char number[NUMBER_SIZE];
};

/* ---- what is asked ----------------------------------------------------------------------------------- */

static void
take_text(struct http_request *rq, const char *name, char *out, size_t size)
{
	char *text = http_request_param(rq, name);

	snprintf(out, size, "%s", text != NULL ? text : "");
	free(text);
}

static void
copy_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text != NULL ? text : "");
}

/* The limits of an initiator, and the smsc-id that its pushes want when they name none. */
static bool
take_initiator(struct http_request *rq, struct question *q)
{
	const struct initiator *who;
	struct route_wish *w = &q->wish;

	take_text(rq, "smsc-id", w->smsc, sizeof w->smsc);
	take_text(rq, "initiator", w->initiator, sizeof w->initiator);
	who = w->initiator[0] != '\0' ? initiators_find(q->initiators, w->initiator) : NULL;
	if (w->initiator[0] != '\0' && who == NULL) {
		admin_error(rq, 404, "no such initiator");
		return false;
	}
	if (who != NULL) {
		copy_text(w->links, sizeof w->links, who->links);
		copy_text(w->bearers, sizeof w->bearers, who->bearers);
		if (who->forced_smsc[0] != '\0')
			copy_text(w->smsc, sizeof w->smsc, who->forced_smsc);
		else if (w->smsc[0] == '\0')
			copy_text(w->smsc, sizeof w->smsc, who->default_smsc);
	}
	if (w->smsc[0] == '\0')
		copy_text(w->smsc, sizeof w->smsc, q->rules->default_smsc);
	return true;
}

static bool
take_number(struct http_request *rq, struct question *q)
{
	const struct initiator *who =
	    q->wish.initiator[0] != '\0' ? initiators_find(q->initiators, q->wish.initiator) : NULL;
	char *text = http_request_param(rq, "number");
	struct why why;
	int err;

	if (text == NULL) {
		admin_error(rq, 400, "number is needed: ?number=%%2BDIGITS");
		return false;
	}
	if (text[0] == ' ')		/* "+" of a query that was not escaped */
		text[0] = '+';
	err = number_normalise(q->rules->numbers, who != NULL ? who->country : NULL, text, q->number, &why);
	free(text);
	if (err)
		admin_error(rq, 400, "number: %s", why.text);
	return err == OK;
}

static bool
take_facts(struct http_request *rq, struct question *q)
{
	char priority[16], at[32];
	int i;

	take_text(rq, "content-type", q->wish.type, sizeof q->wish.type);
	take_text(rq, "application-id", q->wish.app_id, sizeof q->wish.app_id);
	take_text(rq, "priority", priority, sizeof priority);
	take_text(rq, "at", at, sizeof at);
	q->facts = route_facts_of(&q->wish, STORE_MEDIUM, q->number, clock_utc());
	for (i = 0; i < 3 && strcasecmp(priority, priorities[i]) != 0; i++)
		;
	if (i == 3 && priority[0] != '\0') {
		admin_error(rq, 400, "priority is high, medium or low");
		return false;
	}
	if (i < 3)
		q->facts.priority = i;
	if (at[0] != '\0' && clock_parse_iso(at, &q->facts.at) != OK) {
		admin_error(rq, 400, "at is a time such as 2026-01-02T15:04:05Z");
		return false;
	}
	return true;
}

/* ---- the answer ----------------------------------------------------------------------------------------- */

/* Every rule up to the one that fits. */
static json_t *
list_rules(const struct question *q)
{
	const struct route_rules *rules = routes_rules(q->routes);
	enum route_miss miss = ROUTE_PREFIX;
	json_t *out = json_array(), *one;
	size_t i;

	for (i = 0; i < rules->n && miss != ROUTE_FITS; i++) {
		miss = route_rule_match(&rules->rules[i], &q->facts);
		one = json_pack("{s:s, s:b, s:s}", "route", rules->rules[i].name,
		    "fits", miss == ROUTE_FITS, "why", route_miss_text(miss));
		if (miss == ROUTE_FITS && rules->rules[i].throughput != 0)
			json_object_set_new(one, "throughput", json_integer(rules->rules[i].throughput));
		json_array_append_new(out, one);
	}
	return out;
}

static const char *
state_of(const struct question *q, const char *smsc_id)
{
	json_t *link;
	size_t i;

	json_array_foreach(q->states, i, link)
		if (strcmp(json_string_value(json_object_get(link, "smsc_id")), smsc_id) == 0)
			return json_string_value(json_object_get(link, "state"));
	return "down";
}

/* Which links it would go to: those that are up, of one kind, and with shares all of them, else those that suit best. */
static void
choose(const struct question *q, const struct route_rule *rule, bool fallback, json_t *out)
{
	const struct smsc_config *link;
	int best = -1;
	size_t i;

	for (i = 0; (link = routes_link(q->routes, i)) != NULL; i++) {
		int score = route_link_score(link, rule, &q->wish, q->number);

		if (score < 0 || strcmp(state_of(q, link->smsc_id), "up") != 0 ||
		    (rule != NULL && route_rule_place(rule, link->smsc_id)->fallback != fallback))
			continue;
		if (rule != NULL && rule->weighted && !fallback)
			score = 0;
		if (score > best)
			json_array_clear(out);
		if (score >= best)
			json_array_append_new(out, json_string(link->smsc_id));
		best = score > best ? score : best;
	}
}

/* How its messages go over this link, and who says so. */
static void
add_message(json_t *one, const struct route_rule *rule, const struct smsc_config *link)
{
	bool own = rule != NULL && rule->source_addr[0] != '\0';
	enum smsc_segmentation how = rule != NULL && rule->segmentation != 0 ?
	    (enum smsc_segmentation)(rule->segmentation - 1) : link->segmentation;

	json_object_set_new(one, "from", json_string(own ? rule->source_addr : link->source_addr));
	if (link->kind == SMSC_SMPP)
		json_object_set_new(one, "segmentation", json_string(smsc_segmentation_name(how)));
	if (link->kind != SMSC_UDP)
		json_object_set_new(one, "validity_s", json_integer(rule != NULL && rule->validity_s != 0 ?
		    rule->validity_s : link->validity_s));
	if (link->throughput != 0)
		json_object_set_new(one, "throughput", json_integer(link->throughput));
}

static json_t *
list_links(const struct question *q, const struct route_rule *rule)
{
	const struct smsc_config *link;
	json_t *out = json_array();
	size_t i;

	for (i = 0; (link = routes_link(q->routes, i)) != NULL; i++) {
		const struct route_place *place = rule != NULL ? route_rule_place(rule, link->smsc_id) : NULL;
		int score = route_link_score(link, rule, &q->wish, q->number);
		json_t *one = json_pack("{s:s, s:s, s:b, s:s}", "smsc_id", link->smsc_id,
		    "state", state_of(q, link->smsc_id), "carries", score >= 0,
		    "why", route_link_why(link, rule, &q->wish, q->number));

		if (score >= 0) {
			json_object_set_new(one, "score", json_integer(score));
			add_message(one, rule, link);
		}
		if (place != NULL)
			json_object_set_new(one, "fallback", json_boolean(place->fallback));
		if (place != NULL && rule->weighted && !place->fallback)
			json_object_set_new(one, "share", json_integer(place->weight));
		json_array_append_new(out, one);
	}
	return out;
}

static json_t *
explain(const struct question *q)
{
	const struct route_rule *rule;
	json_t *chosen = json_array(), *answer;
	struct why why = { 0 };
	int code = routes_check_number(q->routes, &q->wish, &q->facts, &rule, &why);
	const char *outcome;

	choose(q, rule, false, chosen);
	if (json_array_size(chosen) == 0 && rule != NULL)
		choose(q, rule, true, chosen);
	outcome = code != 0 ? "refused" : json_array_size(chosen) > 0 ? "sent" : "waits";
	if (code == 0)
		why_set(&why, OK, json_array_size(chosen) > 0 ? "the links that would carry it are up" :
		    "every link that may carry it is down");
	answer = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:i, s:s}", "number", q->number,
	    "at", admin_time((int64_t)q->facts.at), "rules", list_rules(q),
	    "route", rule != NULL ? json_string(rule->name) : json_null(), "links", list_links(q, rule),
	    "chosen", chosen, "outcome", outcome, "code", code, "why", why.text);
	return answer;
}

void
admin_route(struct admin *admin, struct http_request *rq, const char *rest)
{
	struct question *q = calloc(1, sizeof *q);

	if (q == NULL)
		abort();
	q->rules = admit_table_get(admin->cf.admit);
	q->initiators = authenticator_initiators(admin->cf.auth);
	q->routes = route_table_get(q->rules->routes);
	q->states = dispatch_links_json(admin->cf.dispatch);
	if (take_initiator(rq, q) && take_number(rq, q) && take_facts(rq, q))
		admin_json(rq, 200, explain(q));
	json_decref(q->states);
	routes_unref(q->routes);
	initiators_unref(q->initiators);
	admit_config_unref(q->rules);
	free(q);
}
