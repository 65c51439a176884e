/* config_kannel.c - a file that Kannel ran with: what its owner has to know; see config.h. */
#include "ppg/config_int.h"

#include <string.h>

/* Does a Kannel run with this file? */
static bool
is_kannels(const struct conf *conf)
{
	static const char *const ports[] = { "admin-port", "smsbox-port", "wapbox-port" };
	const struct conf_group *core = conf_first(conf, "core");
	size_t i;

	for (i = 0; core != NULL && i < sizeof ports / sizeof ports[0]; i++)
		if (conf_has(core, ports[i]))
			return true;
	return conf_first(conf, "wapbox") != NULL;
}

/* Where a key that is left out would have meant something else. */
static const struct { const char *group, *key, *kannels; } defaults[] = {
	{ "ppg", "trusted-pi", "true" },
	{ "smsc", "transceiver-mode", "false" },
	{ "smsc", "system-type", "VMA" },
	{ "smsc", "esm-class", "3" },
};

static void
tell_default(struct loading *ld, const struct conf_group *g, const char *key, const char *kannels)
{
	bool said = strcmp(key, "transceiver-mode") == 0 && conf_has(g, "receive-port");	/* two ports, two sessions */

	if (!conf_has(g, key) && !said)
		config_tell(ld, 1, g, key, "is not written: Kannel's default is \"%s\", ppgd's is \"%s\"", kannels,
		    conf_text(g, key));
}

static void
tell_defaults(struct loading *ld)
{
	const struct conf *conf = ld->config->conf;
	const struct conf_group *g;
	size_t i;

	for (i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
		if (strcmp(defaults[i].group, "smsc") == 0 && config_bearerbox(conf) != NULL)
			continue;		/* the bearerbox has those */
		for (g = conf_first(conf, defaults[i].group); g != NULL; g = conf_next(conf, g))
			tell_default(ld, g, defaults[i].key, defaults[i].kannels);
	}
}

static void
check_default_smsc(struct loading *ld)
{
	const struct ppg_config *config = ld->config;

	if (config->default_smsc != NULL && !config_is_served(config, span_str(config->default_smsc)))
		config_tell(ld, 2, conf_first(config->conf, "ppg"), "default-smsc",
		    "%.64s is not the smsc-id of a group smsc", config->default_smsc);
}

void
config_check_takeover(struct loading *ld)
{
	check_default_smsc(ld);
	if (is_kannels(ld->config->conf))
		tell_defaults(ld);
}
