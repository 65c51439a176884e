/*
 * config.h - the configuration of ppgd: tables of its groups and keys, and what is made of them.
 * Kannel's groups core, ppg, wap-push-user and smsc mean what they mean there; store and admin are ours.
 */
#ifndef PPG_CONFIG_H
#define PPG_CONFIG_H

#include "base/conf.h"
#include "base/http_client.h"
#include "base/log.h"
#include "ppg/control.h"
#include "ppg/initiator.h"
#include "ppg/number.h"
#include "ppg/pap.h"
#include "ppg/route_rule.h"
#include "ppg/subscriber.h"
#include "smsc/link.h"

enum { PPG_PLACE_MAX = 512 };		/* "file:line", for errors that show later (C-06) */

/* Who may push. */
struct ppg_initiator {
	struct initiator who;
	char where[PPG_PLACE_MAX];		/* of its user name */
};

/* A link to an SMSC. */
struct ppg_link {
	struct smsc_config smsc;
	bool delivered_on_submit;		/* accepted by the SMSC counts as delivered */
	char where[PPG_PLACE_MAX];
};

/* Limits of bad-input: each a key of group ppg. */
struct ppg_limits {
	size_t max_body, max_held, max_control_entity, max_content;
	uint32_t max_addresses;
	unsigned max_connections, max_connections_per_address;
	unsigned head_timeout_s, request_timeout_s, idle_timeout_s;
	unsigned notify_timeout_s, notify_connections;
	size_t notify_max_answer;
};

/* HTTPS of a port. */
struct ppg_tls {
	const char *cert_file, *key_file;	/* NULL: plain HTTP */
	bool ask_client;			/* for a certificate */
	const char *client_ca_file;		/* NULL: no such certificate is verified */
};

struct ppg_config {
	struct conf *conf;

	enum log_level log_level;		/* group core */
	const char *log_file;			/* NULL: stderr */
	const char *trusted_ca_file;		/* authorities of notification receivers; NULL: the system's */

	uint16_t port;				/* group ppg; 0: no plain HTTP */
	char port_where[PPG_PLACE_MAX];
	uint16_t ssl_port;			/* 0: no HTTPS; one of both there is */
	char ssl_port_where[PPG_PLACE_MAX];
	struct ppg_tls tls;			/* of ssl_port */
	const char *url;			/* path, "/wappush" */
	const char *interface;			/* NULL: all */
	unsigned http_threads;
	bool trusted_pi;			/* pushes without a login are taken, for initiator "trusted" */
	bool default_app_id;			/* default-application-id */
	int64_t max_age_s;			/* deliver-before of a push that names none */
	unsigned stop_wait_ms;			/* for the answers that links wait for */
	uint32_t inflight_max;			/* recipients taken from the store and not yet answered for */
	struct netlist *notify_allow;		/* NULL: none */
	struct number_rules *numbers;		/* how numbers are dialled */
	struct pap_leniency lenient;		/* the keys of pap_leniency_keys */
	struct initiator everyone;		/* only its lists of numbers, of group core */
	struct netlist *allow_ip, *deny_ip;	/* for all pushes, as address_admitted takes them; NULL: none */
	const char *default_smsc;		/* wanted smsc-id of pushes that want none; NULL */
	bool query_login;			/* user name and password may stand in the query */
	bool pin_over_http, dm_ef_imsi;		/* see struct admit_config */
	struct ppg_limits limits;

	struct ppg_initiator *initiators;	/* groups wap-push-user */
	size_t n_initiators;

	struct ppg_link *links;			/* groups smsc; at least one */
	size_t n_links;

	struct route_rules *routes;		/* groups route */

	char *store_url;			/* "sqlite:/absolute/or/relative/to/the/file"; group store */
	int64_t retention_s, audit_retention_s, receipt_margin_s;
	size_t store_cache_kib;

	struct subscriber_config subscribers;	/* group subscriber-source; strings of conf */
	struct subscriber_profile *profiles;	/* groups device-profile */
	size_t n_profiles;
	struct control_rules *controls;		/* group control; a reference */

	uint16_t admin_port;			/* group admin; 0: none */
	char admin_where[PPG_PLACE_MAX];
	const char *admin_interface, *admin_token;
	struct ppg_tls admin_tls;
};

/* The name pushes without a login belong to; no wap-push-user may have it. */
#define PPG_TRUSTED_PI "trusted"

extern const struct conf_group_def ppg_config_groups[];

/*
 * Read and check a file. Everything that is wrong is reported (level 2), also what is not used or
 * not wise (level 1). OK; ERR_SYNTAX or ERR_IO with *out NULL. Slow never, safe to call while
 * another configuration is in use (reload).
 */
int ppg_config_load(const char *path, conf_report report, void *arg, struct ppg_config **out);
void ppg_config_free(struct ppg_config **config);

/* The configuration with all defaults, secrets hidden; in the form ppg_config_load reads. */
void ppg_config_print(const struct ppg_config *config, struct sbuf *out);
/* The table of keys, a line each, as conf_print_keys. */
void ppg_config_print_keys(struct sbuf *out);

/* What differs between two configurations and can be taken while the gateway works. */
struct ppg_changes {
	bool core, ppg, initiators, links, store, admin, subscribers, controls;	/* something of these groups; links also through group ppg */
	unsigned restart;		/* keys whose new value needs a restart */
};

/*
 * Compare the configuration in force with one that was just read. Each difference is reported with file,
 * line, group and key: level 1 for one that needs a restart, level 0 for one that does not. Secrets are
 * never shown. For `restart` old is the configuration that the process started with, for the rest the
 * one that was taken last.
 */
void ppg_config_changes(const struct ppg_config *old, const struct ppg_config *fresh, conf_report report, void *arg,
    struct ppg_changes *out);

/* The initiators move into a set, with the address lists of group ppg. The configuration has none afterwards. */
struct initiators *ppg_config_take_initiators(struct ppg_config *config);
const struct ppg_initiator *ppg_config_initiator(const struct ppg_config *config, const char *username);

#endif
