/* config.c - makes a struct ppg_config of the groups that were read; see config.h. */
#include "ppg/config_int.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reporting ------------------------------------------------------------------------ */

void
config_tell(struct loading *ld, int level, const struct conf_group *g, const char *key, const char *fmt, ...)
{
	char where[PPG_PLACE_MAX], sentence[WHY_MAX + 1], line[1024];
	va_list ap;

	if (level == 2)
		ld->failed = true;
	if (ld->report == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(sentence, sizeof sentence, fmt, ap);
	va_end(ap);
	snprintf(line, sizeof line, "%s: group %s, %s: %s", conf_where(g, key, where, sizeof where),
	    conf_group_name(g), key, sentence);
	ld->report(ld->arg, level, line);
}

/* ---- values that the tables cannot check ------------------------------------------------ */

/* An address to listen on: NULL when it means all of them. */
static const char *
interface_of(struct loading *ld, const struct conf_group *g)
{
	const char *text = conf_text(g, "interface");
	struct in6_addr addr;

	if (text == NULL || text[0] == '\0' || strcmp(text, "*") == 0)
		return NULL;
	if (inet_pton(AF_INET, text, &addr) != 1 && inet_pton(AF_INET6, text, &addr) != 1)
		config_tell(ld, 2, g, "interface", "%.64s is not an IPv4 or IPv6 address", text);
	return text;
}

struct netlist *
config_networks(struct loading *ld, const struct conf_group *g, const char *key)
{
	const char *text = conf_text(g, key);
	struct netlist *list = NULL;
	struct why why;

	if (text == NULL)
		return NULL;
	if (netlist_parse(text, &list, &why) != OK)
		config_tell(ld, 2, g, key, "%s", why.text);
	return list;
}

void
config_addresses(struct loading *ld, const struct conf_group *g, const char *allow_key,
    const char *deny_key, struct netlist **allow, struct netlist **deny)
{
	*allow = config_networks(ld, g, allow_key);
	*deny = config_networks(ld, g, deny_key);
	if (conf_has(g, deny_key) && !conf_has(g, allow_key))
		config_tell(ld, 1, g, deny_key,
		    "nobody may push: as with Kannel, addresses that neither list names are refused; write %s", allow_key);
}

/* ---- groups -------------------------------------------------------------------------------- */

static void
take_core(struct loading *ld)
{
	static const enum log_level levels[] = { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING,
		LOG_LEVEL_ERROR, LOG_LEVEL_ERROR, LOG_LEVEL_ERROR };
	const struct conf_group *g = conf_first(ld->config->conf, "core");

	ld->config->log_level = LOG_LEVEL_INFO;
	if (g == NULL)
		return;
	ld->config->log_level = levels[conf_number(g, "log-level")];
	ld->config->log_file = conf_text(g, "log-file");
	config_take_authorities(ld, g);
}

static void
take_limits(const struct conf_group *g, struct ppg_limits *l)
{
	l->max_body = (size_t)conf_number(g, "max-body");
	l->max_held = (size_t)conf_number(g, "max-held");
	l->max_control_entity = (size_t)conf_number(g, "max-control-entity");
	l->max_content = (size_t)conf_number(g, "max-content");
	l->max_addresses = (uint32_t)conf_number(g, "max-addresses");
	l->max_connections = (unsigned)conf_number(g, "max-connections");
	l->max_connections_per_address = (unsigned)conf_number(g, "max-connections-per-address");
	l->head_timeout_s = (unsigned)conf_number(g, "head-timeout");
	l->request_timeout_s = (unsigned)conf_number(g, "request-timeout");
	l->idle_timeout_s = (unsigned)conf_number(g, "idle-timeout");
	l->notify_timeout_s = (unsigned)conf_number(g, "notify-timeout");
	l->notify_connections = (unsigned)conf_number(g, "notify-connections");
	l->notify_max_answer = (size_t)conf_number(g, "notify-max-answer");
}

static void
take_numbers(struct loading *ld, const struct conf_group *g)
{
	const struct conf_group *core = conf_first(ld->config->conf, "core");
	const struct number_settings settings = {
		.unified_prefix = core != NULL ? conf_text(core, "unified-prefix") : NULL,
		.country_code = conf_text(g, "country-code"),
		.national_prefix = conf_text(g, "national-prefix"),
		.international_prefix = conf_text(g, "international-prefix"),
		.short_numbers = conf_bool(g, "short-numbers"),
	};
	const char *key;
	struct why why;

	ld->config->numbers = number_rules_read(&settings, &key, &why);
	if (ld->config->numbers == NULL)
		config_tell(ld, 2, strcmp(key, "unified-prefix") == 0 ? core : g, key, "%s", why.text);
}

static void
take_leniency(const struct conf_group *g, struct pap_leniency *l)
{
	const struct pap_leniency_key *key;

	for (key = pap_leniency_keys; key->name != NULL; key++)
		*pap_leniency_switch(l, key) = conf_bool(g, key->name);
}

/* A word that was refused is none. */
static bool
says(const struct conf_group *g, const char *key, const char *word)
{
	const char *text = conf_text(g, key);

	return text != NULL && strcmp(text, word) == 0;
}

static void
take_ppg(struct loading *ld)
{
	struct ppg_config *config = ld->config;
	const struct conf_group *g = conf_first(config->conf, "ppg");

	if (g == NULL)
		return;
	config->port = (uint16_t)conf_number(g, "ppg-port");
	conf_where(g, "ppg-port", config->port_where, sizeof config->port_where);
	config_take_tls(ld, g);
	config->url = conf_text(g, "ppg-url");
	if (config->url != NULL && (config->url[0] != '/' || strpbrk(config->url, "?# ") != NULL))
		config_tell(ld, 2, g, "ppg-url", "%.64s is not a path such as /wappush", config->url);
	config->interface = interface_of(ld, g);
	config->http_threads = (unsigned)conf_number(g, "http-threads");
	config->trusted_pi = conf_bool(g, "trusted-pi");
	config->default_app_id = conf_bool(g, "default-application-id");
	config->max_age_s = conf_number(g, "max-age");
	config->inflight_max = (uint32_t)conf_number(g, "inflight-max");
	config->stop_wait_ms = (unsigned)conf_number(g, "stop-wait") * 1000;
	config->query_login = conf_bool(g, "query-login");
	config->pin_over_http = says(g, "user-pin-over-http", "allow");
	config->dm_ef_imsi = says(g, "dm-network-id", "ef-imsi");
	config->default_smsc = conf_text(g, "default-smsc");
	config_addresses(ld, g, "ppg-allow-ip", "ppg-deny-ip", &config->allow_ip, &config->deny_ip);
	config->notify_allow = config_networks(ld, g, "notify-allow");
	take_numbers(ld, g);
	take_leniency(g, &config->lenient);
	take_limits(g, &config->limits);
	if (conf_has(g, "max-body") && config->limits.max_held < config->limits.max_body)
		config_tell(ld, 2, g, "max-body",
		    "more than max-held, so that no such request could be taken");
}

size_t
config_count_groups(const struct conf *conf, const char *name)
{
	const struct conf_group *g;
	size_t n = 0;

	for (g = conf_first(conf, name); g != NULL; g = conf_next(conf, g))
		n++;
	return n;
}

void *
config_zeroed(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size);

	if (p == NULL)
		abort();
	return p;
}

static void
take_store(struct loading *ld, const char *path)
{
	struct ppg_config *config = ld->config;
	const struct conf_group *g = conf_first(config->conf, "store");
	const char *url = g != NULL ? conf_text(g, "url") : "sqlite:openppg.db";
	const char *slash = strrchr(path, '/');
	struct sbuf b = { 0 };

	config->retention_s = g != NULL ? conf_number(g, "retention") : 7 * 86400;
	config->audit_retention_s = g != NULL ? conf_number(g, "audit-retention") : 30 * 86400;
	config->receipt_margin_s = g != NULL ? conf_number(g, "receipt-margin") : 3600;
	config->store_cache_kib = g != NULL ? (size_t)(conf_number(g, "cache") >> 10) : 16 << 10;
	if (url == NULL)
		return;
	if (strncmp(url, "postgresql:", 11) == 0 && url[11] != '\0') {
		sbuf_str(&b, url);
		config->store_url = sbuf_take(&b);
		return;
	}
	if (strncmp(url, "sqlite:", 7) != 0 || url[7] == '\0') {	/* not quoted: it may hold a password */
		config_tell(ld, 2, g, "url", "neither \"sqlite:\" and a path nor \"postgresql:\" and a database");
		return;
	}
	sbuf_str(&b, "sqlite:");
	if (g != NULL) {
		char *beside = conf_beside(g, "url", url + 7);

		sbuf_str(&b, beside);
		free(beside);
	} else {
		if (slash != NULL)
			sbuf_put(&b, path, (size_t)(slash - path) + 1);
		sbuf_str(&b, url + 7);
	}
	config->store_url = sbuf_take(&b);
}

static void
take_admin(struct loading *ld)
{
	struct ppg_config *config = ld->config;
	const struct conf_group *g = conf_first(config->conf, "admin");

	if (g == NULL)
		return;
	config->admin_port = (uint16_t)conf_number(g, "port");
	conf_where(g, "port", config->admin_where, sizeof config->admin_where);
	config->admin_interface = interface_of(ld, g);
	config->admin_token = conf_text(g, "token");
	if (config->admin_port != 0 && config->admin_port == config->port)
		config_tell(ld, 2, g, "port", "%u is ppg-port at %s already", config->admin_port,
		    config->port_where);
	if (config->admin_port != 0 && config->admin_port == config->ssl_port)
		config_tell(ld, 2, g, "port", "%u is ppg-ssl-port at %s already", config->admin_port,
		    config->ssl_port_where);
	config_take_admin_tls(ld, g);
}

/* ---- the whole ------------------------------------------------------------------------------- */

int
ppg_config_load(const char *path, conf_report report, void *arg, struct ppg_config **out)
{
	struct loading ld = { config_zeroed(1, sizeof *ld.config), report, arg, false };
	int err = conf_load_partly(path, ppg_config_groups, report, arg, &ld.config->conf);

	*out = NULL;
	if (err != ERR_IO) {
		take_core(&ld);
		take_ppg(&ld);
		config_take_initiators(&ld);
		config_take_links(&ld);
		config_check_links_of_initiators(&ld);
		config_take_routes(&ld);
		take_store(&ld, path);
		take_admin(&ld);
		config_take_subscribers(&ld);
		config_take_profiles(&ld);
		config_take_controls(&ld);
		config_check_takeover(&ld);
	}
	if (err == OK && ld.failed)
		err = ERR_SYNTAX;
	if (err != OK)
		ppg_config_free(&ld.config);
	*out = ld.config;
	return err;
}

void
ppg_config_free(struct ppg_config **config)
{
	struct ppg_config *c = *config;
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n_initiators; i++)
		initiator_done(&c->initiators[i].who);
	free(c->initiators);
	for (i = 0; i < c->n_links; i++)
		explicit_bzero(c->links[i].smsc.password, sizeof c->links[i].smsc.password);
	free(c->links);
	route_rules_unref(c->routes);
	initiator_done(&c->everyone);
	netlist_destroy(&c->notify_allow);
	number_rules_destroy(&c->numbers);
	netlist_destroy(&c->allow_ip);
	netlist_destroy(&c->deny_ip);
	control_rules_unref(c->controls);
	for (i = 0; i < c->n_profiles; i++)
		free(c->profiles[i].text);
	free(c->profiles);
	free(c->store_url);
	conf_free(&c->conf);
	free(c);
	*config = NULL;
}

void
ppg_config_print(const struct ppg_config *config, struct sbuf *out)
{
	conf_print(config->conf, out);
}

void
ppg_config_print_keys(struct sbuf *out)
{
	conf_print_keys(ppg_config_groups, out);
}
