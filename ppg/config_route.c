/* config_route.c - the groups route: makes a struct route_rule of each; see config.h and route_rule.h. */
#include "ppg/config_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void
copy_list(const struct conf_group *g, const char *key, char *out, size_t size)
{
	const char *text = conf_text(g, key);

	snprintf(out, size, "%s", text != NULL ? text : "");
}

static void
tell(struct loading *ld, const struct conf_group *g, const char *key, int err, const struct why *why)
{
	if (err != OK)
		config_tell(ld, 2, g, key, "%s", why->text);
}

static bool
is_initiator(const struct ppg_config *config, struct span name)
{
	size_t i;

	for (i = 0; i < config->n_initiators; i++)
		if (span_eq_nocase(name, config->initiators[i].who.name))
			return true;
	return config->trusted_pi && span_eq_nocase(name, PPG_TRUSTED_PI);
}

static void
check_initiators(struct loading *ld, const struct conf_group *g, const char *list)
{
	while (*list != '\0') {
		size_t n = strcspn(list, ";");
		struct span word = span_trim(span_of(list, n));

		if (word.n > 0 && word.p[word.n - 1] != '*' && !is_initiator(ld->config, word))
			config_tell(ld, 2, g, "initiator", "%.*s is not the name of a wap-push-user",
			    (int)(word.n < 64 ? word.n : 64), (const char *)word.p);
		list += n + (list[n] == ';');
	}
}

static void
take_places(struct loading *ld, const struct conf_group *g, struct route_rule *rule)
{
	static const struct { const char *key; bool fallback; } keys[] = { { "links", false }, { "fallback", true } };
	size_t i, k, from = 0;
	struct why why;

	for (i = 0; i < 2; i++) {
		const char *text = conf_text(g, keys[i].key);

		if (text != NULL)
			tell(ld, g, keys[i].key, route_places_read(text, keys[i].fallback, rule, &why), &why);
		if (i == 0 && text != NULL && rule->n_places == 0)
			config_tell(ld, 2, g, "links", "no link at all");
		for (k = from; k < rule->n_places; k++)
			if (!config_is_link(ld->config, span_str(rule->places[k].link)))
				config_tell(ld, 2, g, keys[i].key, "%s is not the smsc-id of a group smsc",
				    rule->places[k].link);
		from = rule->n_places;
	}
}

/* Instead of what the links say. */
static void
take_message(struct loading *ld, const struct conf_group *g, struct route_rule *rule)
{
	const char *text = conf_text(g, "segmentation");
	enum smsc_segmentation how;
	size_t i, k;

	rule->validity_s = (uint32_t)conf_number(g, "validityperiod") * 60;
	if (text == NULL || smsc_segmentation_parse(text, &how) != OK)
		return;
	rule->segmentation = (unsigned)how + 1;
	for (i = 0; i < ld->config->n_links && (how == SMSC_SAR || how == SMSC_PAYLOAD); i++) {
		const struct smsc_config *cf = &ld->config->links[i].smsc;

		for (k = 0; k < rule->n_places; k++)
			if (strcasecmp(rule->places[k].link, cf->smsc_id) == 0 && cf->interface_version < 0x34)
				config_tell(ld, 2, g, "segmentation", "link %s speaks SMPP 3.3, which has no TLVs", cf->smsc_id);
	}
}

static void
take_rule(struct loading *ld, const struct conf_group *g, struct route_rule *rule)
{
	const char *text;
	struct why why;

	copy_list(g, "name", rule->name, sizeof rule->name);
	copy_list(g, "prefix", rule->prefixes, sizeof rule->prefixes);
	copy_list(g, "initiator", rule->initiators, sizeof rule->initiators);
	copy_list(g, "content-type", rule->types, sizeof rule->types);
	copy_list(g, "application-id", rule->app_ids, sizeof rule->app_ids);
	copy_list(g, "source-addr", rule->source_addr, sizeof rule->source_addr);
	rule->throughput = (unsigned)conf_number(g, "throughput");
	tell(ld, g, "prefix", route_prefixes_check(rule->prefixes, &why), &why);
	check_initiators(ld, g, rule->initiators);
	if ((text = conf_text(g, "priority")) != NULL)
		tell(ld, g, "priority", route_priorities_read(text, rule, &why), &why);
	if ((text = conf_text(g, "time")) != NULL)
		tell(ld, g, "time", route_windows_read(text, rule, &why), &why);
	if ((text = conf_text(g, "zone")) != NULL)
		tell(ld, g, "zone", route_zone_read(text, &rule->zone_min, &why), &why);
	take_places(ld, g, rule);
	take_message(ld, g, rule);
}

/* Says the rule nothing of the pushes that it is for? */
static bool
is_for_all(const struct route_rule *rule)
{
	return rule->prefixes[0] == '\0' && rule->initiators[0] == '\0' && rule->types[0] == '\0' &&
	    rule->app_ids[0] == '\0' && rule->priorities == 0 && rule->n_windows == 0;
}

void
config_take_routes(struct loading *ld)
{
	const struct conf *conf = ld->config->conf;
	size_t n = config_count_groups(conf, "route"), i = 0;
	struct route_rule *rules = config_zeroed(n, sizeof *rules);
	const struct conf_group *g;
	const char *last = NULL;

	for (g = conf_first(conf, "route"); g != NULL; g = conf_next(conf, g), i++) {
		if (last != NULL)
			config_tell(ld, 1, g, "name", "never used: route %s before it is for everything", last);
		take_rule(ld, g, &rules[i]);
		if (last == NULL && is_for_all(&rules[i]))
			last = rules[i].name;
	}
	ld->config->routes = route_rules_create(rules, n);
	free(rules);
}
