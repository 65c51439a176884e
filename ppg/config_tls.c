/* config_tls.c - HTTPS in the configuration: the keys of a port's certificate, and whether the files will do. */
#include "ppg/config_int.h"

#include "base/http_server.h"

/* A key and the group that it was written in; Kannel has those of the server in core. */
struct source {
	const struct conf_group *g;
	const char *key;
};

static struct source
find(const struct conf_group *own, const struct conf_group *core, const char *key)
{
	if (!conf_has(own, key) && core != NULL && conf_has(core, key))
		return (struct source){ core, key };
	return (struct source){ own, key };
}

/* Certificate and key are there, and all files say what they should. */
static void
check_files(struct loading *ld, const struct source from[3], const struct ppg_tls *tls)
{
	const struct http_server_config cf = {
		.name = "config",
		.tls_cert_file = tls->cert_file,
		.tls_key_file = tls->key_file,
		.tls_client_certs = tls->ask_client,
		.tls_client_ca_file = tls->client_ca_file,
	};
	enum http_tls_file which;
	struct why why;

	if (http_server_check_tls(&cf, &which, &why) != OK)
		config_tell(ld, 2, from[which].g, from[which].key, "%s", why.text);
}

void
config_take_tls(struct loading *ld, const struct conf_group *g)
{
	struct ppg_config *config = ld->config;
	const struct conf_group *core = conf_first(config->conf, "core");
	const char *ask = conf_text(g, "ssl-client-certs");
	const struct source from[] = {
		[HTTP_TLS_CERT] = find(g, core, "ssl-server-cert-file"),
		[HTTP_TLS_KEY] = find(g, core, "ssl-server-key-file"),
		[HTTP_TLS_CLIENT_CA] = { g, "ssl-client-ca-file" },
	};
	struct ppg_tls *tls = &config->tls;
	size_t i;

	config->ssl_port = (uint16_t)conf_number(g, "ppg-ssl-port");
	conf_where(g, "ppg-ssl-port", config->ssl_port_where, sizeof config->ssl_port_where);
	if (config->ssl_port != 0 && !conf_has(g, "ppg-port"))
		config->port = 0;
	if (config->port == 0 && config->ssl_port == 0 && conf_text(g, "ppg-port") != NULL)
		config_tell(ld, 2, g, "ppg-port", "0 is no port, and there is no ppg-ssl-port");
	if (config->ssl_port == 0) {
		for (i = 0; i < sizeof from / sizeof from[0]; i++)
			if (from[i].g == g && conf_has(g, from[i].key))
				config_tell(ld, 1, g, from[i].key, "not used without ppg-ssl-port");
		return;
	}
	if (config->ssl_port == config->port)
		config_tell(ld, 2, g, "ppg-ssl-port", "%u is ppg-port already", config->port);
	tls->cert_file = conf_text(from[HTTP_TLS_CERT].g, "ssl-server-cert-file");
	tls->key_file = conf_text(from[HTTP_TLS_KEY].g, "ssl-server-key-file");
	tls->client_ca_file = conf_text(g, "ssl-client-ca-file");
	tls->ask_client = ask != NULL && ask[0] == 'a';
	if (tls->client_ca_file != NULL && !tls->ask_client)
		config_tell(ld, 1, g, "ssl-client-ca-file", "not used without ssl-client-certs = ask");
	if (tls->cert_file == NULL)
		config_tell(ld, 2, g, "ppg-ssl-port", "needs ssl-server-cert-file");
	if (tls->key_file == NULL)
		config_tell(ld, 2, g, "ppg-ssl-port", "needs ssl-server-key-file");
	if (tls->cert_file != NULL && tls->key_file != NULL)
		check_files(ld, from, tls);
}

void
config_take_admin_tls(struct loading *ld, const struct conf_group *g)
{
	const struct source from[] = {
		[HTTP_TLS_CERT] = { g, "ssl-cert-file" },
		[HTTP_TLS_KEY] = { g, "ssl-key-file" },
		[HTTP_TLS_CLIENT_CA] = { g, "ssl-cert-file" },
	};
	struct ppg_tls *tls = &ld->config->admin_tls;

	tls->cert_file = conf_text(g, "ssl-cert-file");
	tls->key_file = conf_text(g, "ssl-key-file");
	if (tls->cert_file == NULL && tls->key_file == NULL)
		return;
	if (tls->key_file == NULL)
		config_tell(ld, 2, g, "ssl-cert-file", "needs ssl-key-file");
	else if (tls->cert_file == NULL)
		config_tell(ld, 2, g, "ssl-key-file", "needs ssl-cert-file");
	else
		check_files(ld, from, tls);
}

void
config_take_authorities(struct loading *ld, const struct conf_group *core)
{
	const char *path = conf_text(core, "ssl-trusted-ca-file");
	struct why why;

	ld->config->trusted_ca_file = path;
	if (path != NULL && http_check_ca_file(path, &why) != OK)
		config_tell(ld, 2, core, "ssl-trusted-ca-file", "%s", why.text);
}
