/* config_policy.c - the group subscriber-source: what the gateway knows of devices; see config.h. */
#include "ppg/config_int.h"

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
