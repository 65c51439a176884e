/* config_int.h - what the files that make a struct ppg_config share. */
#ifndef PPG_CONFIG_INT_H
#define PPG_CONFIG_INT_H

#include "ppg/config.h"

struct loading {
	struct ppg_config *config;
	conf_report report;
	void *arg;
	bool failed;
};

/* Report "file:line: group G, key: sentence"; level 2 is an error. */
void config_tell(struct loading *ld, int level, const struct conf_group *g, const char *key,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
size_t config_count_groups(const struct conf *conf, const char *name);
void *config_zeroed(size_t n, size_t size);
/* A list of networks: NULL when the key is not written; an empty value is a list with nothing in it. */
struct netlist *config_networks(struct loading *ld, const struct conf_group *g, const char *key);
/* A pair of address lists, as address_admitted takes them. */
void config_addresses(struct loading *ld, const struct conf_group *g, const char *allow_key,
    const char *deny_key, struct netlist **allow, struct netlist **deny);

/* The groups wap-push-user; after group ppg. */
void config_take_initiators(struct loading *ld);
/* What initiators say of links; after the groups smsc. */
void config_check_links_of_initiators(struct loading *ld);

/* The groups smsc; after group ppg. */
void config_take_links(struct loading *ld);
/* config_link_http.c: what a link over HTTP has beside the rest. */
void config_take_link_http(struct loading *ld, const struct conf_group *g, struct ppg_link *link);
/* The group wapbox whose bearerbox carries the pushes, or NULL: the smsc groups are bound by us. */
const struct conf_group *config_bearerbox(const struct conf *conf);
/* Has a link this name, or does one say that it serves pushes that want it? In any case of the letters. */
bool config_is_link(const struct ppg_config *config, struct span name);
bool config_is_served(const struct ppg_config *config, struct span name);

/* config_route.c: the groups route; after groups smsc and wap-push-user. */
void config_take_routes(struct loading *ld);

/* config_profile.c: groups device-profile; after subscriber-source. */
void config_take_profiles(struct loading *ld);
/* config_policy.c: groups subscriber-source and control. */
void config_take_subscribers(struct loading *ld);
void config_take_controls(struct loading *ld);

/* What a file of Kannel's needs before ppgd may take it, and what means something else here; at the end. */
void config_check_takeover(struct loading *ld);

/* config_tls.c: ppg-ssl-port and its files, after ppg-port; those of group admin; ssl-trusted-ca-file. */
void config_take_tls(struct loading *ld, const struct conf_group *g);
void config_take_admin_tls(struct loading *ld, const struct conf_group *g);
void config_take_authorities(struct loading *ld, const struct conf_group *core);

#endif
