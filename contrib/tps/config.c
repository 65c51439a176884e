/* config.c - see config.h. */
#include "contrib/tps/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char usual_gets[] = "./DevInfo/DevId;./DevInfo/Man;./DevInfo/Mod;./DevInfo/DmV;./DevInfo/Lang;"
    "./DevDetail/SwV;./DevDetail/FwV";

static const struct conf_key tps_keys[] = {
	{ "log-level", CONF_NUMBER, 0, 5, NULL, "1", 0, "least level that is logged: 0 debug, 1 info, 2 warning, 3 and more error" },
	{ "log-file", CONF_TEXT, 1, 500, NULL, NULL, CONF_PATH, "file for the log; standard error without it" },
	{ "database", CONF_TEXT, 1, 500, NULL, "tps.db", CONF_PATH, "file of the device database; it is made with mode 0600" },
	{ "templates", CONF_TEXT, 1, 500, NULL, NULL, CONF_PATH, "folder with templates of one's own; they come before those that are installed" },

	{ "dm-host", CONF_TEXT, 1, 255, NULL, NULL, 0, "address that the DM endpoint listens on; all without it" },
	{ "dm-port", CONF_NUMBER, 0, 65535, NULL, "8443", 0, "its port; 0: any" },
	{ "dm-path", CONF_TEXT, 1, 200, NULL, "/dm", 0, "its path" },
	{ "dm-url", CONF_TEXT, 1, 1000, NULL, NULL, 0, "the URL by which devices reach it; stands in documents and as RespURI" },
	{ "dm-plain-http", CONF_BOOL, 0, 0, NULL, "false", 0, "serve DM without TLS; for rehearsals" },
	{ "ssl-server-cert-file", CONF_TEXT, 1, 500, NULL, NULL, CONF_PATH, "certificate (PEM) of the DM endpoint, and those above it" },
	{ "ssl-server-key-file", CONF_TEXT, 1, 500, NULL, NULL, CONF_PATH, "its private key (PEM)" },
	{ "ssl-client-ca-file", CONF_TEXT, 1, 500, NULL, NULL, CONF_PATH, "authorities (PEM) that vouch for certificates of devices" },
	{ "server-id", CONF_TEXT, 1, 255, NULL, NULL, CONF_REQUIRED, "DM server identifier: PROVIDER-ID, and the server's user name" },
	{ "server-password", CONF_TEXT, 1, 127, NULL, NULL, CONF_SECRET, "password by which the server shows devices who it is; each new device gets its own without it" },
	{ "dm-get", CONF_TEXT, 0, 1000, NULL, NULL, 0,
	  "nodes that are asked of a device in each session, separated by ';'; DevId, Man, Mod, DmV and Lang of ./DevInfo, "
	  "SwV and FwV of ./DevDetail without it" },
	{ "dm-allow-basic", CONF_BOOL, 0, 0, NULL, "false", 0, "allow devices that authenticate with syncml:auth-basic" },
	{ "dm-nonce-octets", CONF_BOOL, 0, 0, NULL, "false", 0, "the nonce of tps notify --reset-nonces is four zero octets, not the text 0x00000000" },
	{ "connections-max", CONF_NUMBER, 1, 100000, NULL, "1000", 0, "connections of devices at one time" },
	{ "connections-per-address-max", CONF_NUMBER, 1, 100000, NULL, "64", 0,
	  "of them from one address; more where many devices come through one network address translator" },
	{ "sessions-max", CONF_NUMBER, 1, 100000, NULL, "1000", 0, "DM sessions at one time" },
	{ "session-timeout", CONF_SECONDS, 5, 86400, NULL, "5m", 0, "a DM session ends when its device is silent that long" },
	{ "session-messages-max", CONF_NUMBER, 2, 10000, NULL, "100", 0, "messages of a device in one session" },
	{ "message-size-max", CONF_OCTETS, 1024, 256 << 10, NULL, "64K", 0, "octets of one DM message" },
	{ "object-size-max", CONF_OCTETS, 1024, 16 << 20, NULL, "256K", 0, "octets of a result that comes in pieces" },
	{ "commands-max", CONF_NUMBER, 1, 100000, NULL, "1000", 0, "commands that wait for one device" },
	{ "results-max", CONF_NUMBER, 1, 100000, NULL, "2000", 0, "nodes that are remembered of one device" },

	{ "gateway-url", CONF_TEXT, 1, 1000, NULL, NULL, 0, "where the gateway takes PAP" },
	{ "gateway-username", CONF_TEXT, 1, 255, NULL, NULL, 0, "login at the gateway" },
	{ "gateway-password", CONF_TEXT, 1, 255, NULL, NULL, CONF_SECRET, "its password; file:NAME reads it from a file" },
	{ "gateway-name", CONF_TEXT, 1, 255, NULL, NULL, 0, "behind the @ of client addresses; the host of gateway-url without it" },
	{ "gateway-address", CONF_TEXT, 1, 64, NULL, NULL, 0, "number that the gateway's messages come from, for the bootstrap document" },
	{ "gateway-ca-file", CONF_TEXT, 1, 500, NULL, NULL, CONF_PATH, "authorities (PEM) of its https URL; the system's without it" },
	{ "gateway-cert-file", CONF_TEXT, 1, 500, NULL, NULL, CONF_PATH, "our certificate (PEM) for a gateway that asks for one" },
	{ "gateway-key-file", CONF_TEXT, 1, 500, NULL, NULL, CONF_PATH, "its private key (PEM)" },
	{ "gateway-timeout", CONF_SECONDS, 1, 600, NULL, "60", 0, "how long the gateway may take to answer" },
	{ "initiator-uri", CONF_TEXT, 1, 256, NULL, NULL, 0, "PROVURL: the initiator URI that the gateway states for us" },

	{ "notify-host", CONF_TEXT, 1, 255, NULL, "127.0.0.1", 0, "address that result notifications are taken on" },
	{ "notify-port", CONF_NUMBER, 0, 65535, NULL, "8444", 0, "its port; 0: any" },
	{ "notify-path", CONF_TEXT, 1, 200, NULL, "/notify", 0, "its path" },
	{ "notify-url", CONF_TEXT, 1, 1000, NULL, NULL, 0, "the URL by which the gateway reaches it; no notifications are asked for without it" },
	{ "notify-allow-ip", CONF_TEXT, 1, 1000, NULL, NULL, 0, "networks that may send them, separated by ';'; all without it" },
	{ 0 }
};

const struct conf_group_def tps_config_groups[] = {
	{ .name = "tps", .keys = tps_keys, .required = true },
	{ 0 }
};

struct reporter {
	conf_report report;
	void *arg;
	const struct conf_group *g;
	int err;
};

static void
wrong(struct reporter *r, const char *key, const char *sentence)
{
	struct sbuf line = { 0 };
	char where[600];

	sbuf_fmt(&line, "%s: group tps, %s: %s", conf_where(r->g, key, where, sizeof where), key, sentence);
	r->report(r->arg, 2, line.s);
	sbuf_done(&line);
	r->err = ERR_SYNTAX;
}

static void
check_url(struct reporter *r, const char *key, const char *url)
{
	struct sockaddr_storage address;
	struct why why;
	int err;

	if (url == NULL)
		return;
	err = url_host_address(url, &address, &why);
	if (err != OK && err != ERR_NOT_FOUND)
		wrong(r, key, why.text);
}

static void
check_path(struct reporter *r, const char *key, const char *path)
{
	if (path != NULL && (path[0] != '/' || strpbrk(path, "?# ") != NULL))
		wrong(r, key, "begins with / and has no blank, ? or #");
}

static void
check_together(struct reporter *r, const char *a, const char *b)
{
	if (conf_has(r->g, a) != conf_has(r->g, b))
		wrong(r, conf_has(r->g, a) ? a : b, "certificate and key go together");
}

static void
check(struct reporter *r, struct tps_config *cf)
{
	struct why why;

	check_url(r, "dm-url", cf->dm_url);
	check_url(r, "gateway-url", cf->gateway_url);
	check_url(r, "notify-url", cf->notify_url);
	check_path(r, "dm-path", cf->dm_path);
	check_path(r, "notify-path", cf->notify_path);
	check_together(r, "ssl-server-cert-file", "ssl-server-key-file");
	check_together(r, "gateway-cert-file", "gateway-key-file");
	if (conf_has(r->g, "gateway-username") != conf_has(r->g, "gateway-password"))
		wrong(r, "gateway-username", "user name and password go together");
	if (cf->gateway_user != NULL && strchr(cf->gateway_user, ':') != NULL)
		wrong(r, "gateway-username", "a user name has no colon");
	if (!cf->dm_plain && cf->cert == NULL)
		wrong(r, "ssl-server-cert-file", "is needed, unless dm-plain-http = true");
	if (cf->dm_plain && cf->cert != NULL)
		wrong(r, "dm-plain-http", "is not for an endpoint that has a certificate");
	if (strchr(cf->server_id, ':') != NULL || text_has_control(span_str(cf->server_id)))
		wrong(r, "server-id", "has a colon or a control character");
	if (conf_has(r->g, "notify-allow-ip") &&
	    netlist_parse(conf_text(r->g, "notify-allow-ip"), &cf->notify_allow, &why) != OK)
		wrong(r, "notify-allow-ip", why.text);
}

static void
fill(struct tps_config *cf, const struct conf_group *g)
{
	cf->log_level = (int)conf_number(g, "log-level");
	cf->log_file = conf_text(g, "log-file");
	cf->database = conf_text(g, "database");
	cf->templates = conf_text(g, "templates");
	cf->dm_host = conf_text(g, "dm-host");
	cf->dm_port = (uint16_t)conf_number(g, "dm-port");
	cf->dm_path = conf_text(g, "dm-path");
	cf->dm_url = conf_text(g, "dm-url");
	cf->dm_plain = conf_bool(g, "dm-plain-http");
	cf->cert = conf_text(g, "ssl-server-cert-file");
	cf->key = conf_text(g, "ssl-server-key-file");
	cf->client_ca = conf_text(g, "ssl-client-ca-file");
	cf->server_id = conf_text(g, "server-id");
	cf->server_password = conf_text(g, "server-password");
	cf->dm_get = conf_has(g, "dm-get") ? conf_text(g, "dm-get") : usual_gets;
	cf->allow_basic = conf_bool(g, "dm-allow-basic");
	cf->nonce_octets = conf_bool(g, "dm-nonce-octets");
	cf->connections = (unsigned)conf_number(g, "connections-max");
	cf->connections_per_address = (unsigned)conf_number(g, "connections-per-address-max");
	cf->sessions = (unsigned)conf_number(g, "sessions-max");
	cf->session_timeout_s = (unsigned)conf_number(g, "session-timeout");
	cf->messages = (unsigned)conf_number(g, "session-messages-max");
	cf->message_size = (size_t)conf_number(g, "message-size-max");
	cf->object_size = (size_t)conf_number(g, "object-size-max");
	cf->commands = (unsigned)conf_number(g, "commands-max");
	cf->results = (unsigned)conf_number(g, "results-max");
	cf->gateway_url = conf_text(g, "gateway-url");
	cf->gateway_user = conf_text(g, "gateway-username");
	cf->gateway_password = conf_text(g, "gateway-password");
	cf->gateway_name = conf_text(g, "gateway-name");
	cf->gateway_address = conf_text(g, "gateway-address");
	cf->gateway_ca = conf_text(g, "gateway-ca-file");
	cf->gateway_cert = conf_text(g, "gateway-cert-file");
	cf->gateway_key = conf_text(g, "gateway-key-file");
	cf->gateway_timeout_s = (unsigned)conf_number(g, "gateway-timeout");
	cf->initiator_uri = conf_text(g, "initiator-uri");
	cf->notify_host = conf_text(g, "notify-host");
	cf->notify_port = (uint16_t)conf_number(g, "notify-port");
	cf->notify_path = conf_text(g, "notify-path");
	cf->notify_url = conf_text(g, "notify-url");
}

int
tps_config_load(const char *path, conf_report report, void *arg, struct tps_config **out)
{
	struct reporter r = { report, arg, NULL, OK };
	struct conf *conf;

	*out = NULL;
	r.err = conf_load(path, tps_config_groups, report, arg, &conf);
	if (r.err != OK)
		return r.err;
	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		abort();
	(*out)->conf = conf;
	r.g = conf_first(conf, "tps");
	fill(*out, r.g);
	check(&r, *out);
	if (r.err != OK)
		tps_config_free(out);
	return r.err;
}

void
tps_config_free(struct tps_config **cf)
{
	if (*cf == NULL)
		return;
	netlist_destroy(&(*cf)->notify_allow);
	conf_free(&(*cf)->conf);
	free(*cf);
	*cf = NULL;
}
