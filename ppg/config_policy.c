/* config_policy.c - the groups subscriber-source and control: what is known of devices, what may go on air; see config.h. */
#include "ppg/config_int.h"

#include <stdio.h>
#include <string.h>

static void
check_source(struct loading *ld, const struct conf_group *g, const struct subscriber_config *s)
{
	struct sockaddr_storage addr;
	struct why why;
	int err;

	if (!s->http) {
		if (s->url != NULL)
			config_tell(ld, 1, g, "url", "is not used: source is table");
		return;
	}
	if (s->url == NULL || strstr(s->url, "{number}") == NULL) {
		config_tell(ld, 2, g, "url", "source http needs a URL with {number} in it");
		return;
	}
	err = url_host_address(s->url, &addr, &why);
	if (err != OK && err != ERR_NOT_FOUND)
		config_tell(ld, 2, g, "url", "%s", why.text);
}

void
config_take_subscribers(struct loading *ld)
{
	const struct conf_group *g = conf_first(ld->config->conf, "subscriber-source");
	struct subscriber_config *s = &ld->config->subscribers;

	if (g == NULL)
		return;
	*s = (struct subscriber_config){
		.http = conf_text(g, "source") != NULL && strcmp(conf_text(g, "source"), "http") == 0,
		.url = conf_text(g, "url"),
		.cache_size = (size_t)conf_number(g, "cache-size"),
		.cache_s = (unsigned)conf_number(g, "cache-time"),
		.negative_s = (unsigned)conf_number(g, "negative-cache-time"),
		.timeout_ms = (unsigned)conf_number(g, "timeout") * 1000,
		.default_profile = conf_text(g, "default-profile"),
		.profiles = conf_text(g, "profiles"),
	};
	check_source(ld, g, s);
}

/* ---- group control ------------------------------------------------------------------------------------------ */

static char *
text_of(const struct conf_group *g, const char *key)
{
	const char *text = conf_text(g, key);

	return text != NULL ? span_dup(span_str(text)) : NULL;
}

static enum control_mode
mode_of(const struct conf_group *g, unsigned control)
{
	const char *word = conf_text(g, control_key(control));
	enum control_mode mode;

	for (mode = CONTROL_OFF; word != NULL && mode <= CONTROL_ENFORCE; mode++)
		if (strcmp(word, control_mode_name(mode)) == 0)
			return mode;
	return control_default(control);
}

static void
take_hours(struct loading *ld, const struct conf_group *g, struct control_rules *r)
{
	const char *text = conf_text(g, "e-20-hours");
	unsigned h1, m1, h2, m2;
	int used = 0;

	if (text == NULL)
		return;
	if (sscanf(text, "%2u:%2u-%2u:%2u%n", &h1, &m1, &h2, &m2, &used) != 4 || text[used] != '\0' || h1 > 23 ||
	    h2 > 24 || m1 > 59 || m2 > 59) {
		config_tell(ld, 2, g, "e-20-hours", "%.20s is not of the form 08:00-18:00", text);
		return;
	}
	r->from_minute = h1 * 60 + m1;
	r->to_minute = h2 * 60 + m2;
}

void
config_take_controls(struct loading *ld)
{
	const struct conf_group *g = conf_first(ld->config->conf, "control");
	struct control_rules *r = ld->config->controls = control_rules_create();
	unsigned i;

	if (g == NULL)
		return;
	r->configured = true;
	for (i = 1; i <= CONTROLS; i++)
		r->modes[i] = mode_of(g, i);
	r->trusted_types = text_of(g, "e-01-types");
	r->overwrite_uri = conf_text(g, "e-02-action") != NULL && strcmp(conf_text(g, "e-02-action"), "overwrite") == 0;
	r->plain = text_of(g, "e-05-plain");
	r->pin_per_initiator = (unsigned)conf_number(g, "e-07-per-initiator");
	r->pin_per_day = (unsigned)conf_number(g, "e-07-per-subscriber");
	r->netwpin_per_hour = (unsigned)conf_number(g, "e-07-netwpin");
	r->subscribers_per_hour = (unsigned)conf_number(g, "e-07-subscribers");
	r->lure_s = (unsigned)conf_number(g, "e-08-window");
	r->tiers = text_of(g, "e-09-tiers");
	r->senders = text_of(g, "e-11-senders");
	r->sl_hosts = text_of(g, "e-12-hosts");
	r->notification_max = (unsigned)conf_number(g, "e-13-size");
	r->replay_s = (unsigned)conf_number(g, "e-16-window");
	r->dm_hosts = text_of(g, "e-17-dm-hosts");
	r->tps_urls = text_of(g, "e-17-tps-urls");
	take_hours(ld, g, r);
	r->privileged_per_hour = (unsigned)conf_number(g, "e-20-subscribers");
	r->memory = (size_t)conf_number(g, "memory");
}
