/*
 * config.h - the configuration of tps: one group, Kannel's file format. See tps(1).
 */
#ifndef CONTRIB_TPS_CONFIG_H
#define CONTRIB_TPS_CONFIG_H

#include "base/conf.h"
#include "base/http_client.h"

struct tps_config {
	struct conf *conf;		/* what the texts below point into */
	int log_level;
	const char *log_file;

	const char *database;
	const char *templates;		/* folder of own ones, or NULL */

	/* the DM endpoint */
	const char *dm_host, *dm_path, *dm_url;
	uint16_t dm_port;
	bool dm_plain;			/* HTTP, for rehearsals */
	const char *cert, *key, *client_ca;
	const char *server_id, *server_password;
	const char *dm_get;		/* what is asked of each device, URIs separated by ';' */
	bool allow_basic, nonce_octets;
	unsigned connections, connections_per_address;
	unsigned sessions, session_timeout_s, messages, commands, results;
	size_t message_size, object_size;

	/* the gateway */
	const char *gateway_url, *gateway_user, *gateway_password, *gateway_name, *gateway_address;
	const char *gateway_ca, *gateway_cert, *gateway_key;
	const char *initiator_uri;
	unsigned gateway_timeout_s;

	/* result notifications */
	const char *notify_host, *notify_path, *notify_url;
	uint16_t notify_port;
	struct netlist *notify_allow;	/* NULL: everybody */
};

extern const struct conf_group_def tps_config_groups[];

/* OK, or an error after report() was told all that is wrong. */
int tps_config_load(const char *path, conf_report report, void *arg, struct tps_config **out);
void tps_config_free(struct tps_config **cf);

#endif
