/* config_link.c - the groups smsc: makes a struct smsc_config of each; see config.h. */
#include "ppg/config_int.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/tls.h"
#include "ppg/network.h"
#include "ppg/route_rule.h"

#define KINDS "smpp, bearerbox, udp and http are"

enum { BOX_WINDOW = 100, PUSH_PORT = 2948 };

static void
copy_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text != NULL ? text : "");
}

static void
take_data_coding(struct loading *ld, const struct conf_group *g, struct smsc_config *cf)
{
	const char *text = conf_text(g, "data-coding");
	bool number_alt = text != NULL && (strcmp(text, "0xF5") == 0 || strcmp(text, "245") == 0);

	cf->data_coding = number_alt || conf_bool(g, "alt-dcs") ? 0xF5 : 0x04;
	if (text != NULL && conf_has(g, "alt-dcs") && number_alt != conf_bool(g, "alt-dcs"))
		config_tell(ld, 2, g, "data-coding", "alt-dcs of this group says another one");
}

static void
take_sessions(struct loading *ld, const struct conf_group *g, struct smsc_config *cf)
{
	bool two_ports = conf_has(g, "receive-port");

	cf->instances = (unsigned)conf_number(g, "instances");
	/* Without a word about it, two ports are meant for two sessions. */
	cf->transmitter_only = conf_has(g, "transceiver-mode") || !two_ports ? !conf_bool(g, "transceiver-mode") : true;
	if (cf->transmitter_only && two_ports)
		cf->receive_port = (uint16_t)conf_number(g, "receive-port");
	else if (two_ports)
		config_tell(ld, 1, g, "receive-port", "a transceiver receives on the port it sends on");
}

/* The SMSC may come to us. */
static void
take_outbind(struct loading *ld, const struct conf_group *g, struct smsc_config *cf, const struct ppg_link *link)
{
	static const char *const others[] = { "outbind-host", "outbind-allow", "outbind-username", "outbind-password",
		"outbind-bind" };
	const char *as = conf_text(g, "outbind-bind");
	struct sockaddr_storage at;
	struct netlist *allow;
	const struct ppg_link *other;
	size_t i;

	for (i = 0; i < sizeof others / sizeof others[0]; i++)
		if (!conf_has(g, "outbind-port") && conf_has(g, others[i]))
			config_tell(ld, 1, g, others[i], "not used without outbind-port");
	if (!conf_has(g, "outbind-port"))
		return;
	if (cf->kind != SMSC_SMPP)
		config_tell(ld, 2, g, "outbind-port", "only a link of kind smpp has an outbind");
	if (conf_bool(g, "use-ssl"))
		config_tell(ld, 2, g, "outbind-port", "an outbind comes without TLS: give it a link without use-ssl");
	for (i = 0; i < sizeof others / sizeof others[0]; i++)
		if ((strcmp(others[i], "outbind-allow") == 0 || strcmp(others[i], "outbind-password") == 0) &&
		    !conf_has(g, others[i]))
			config_tell(ld, 2, g, others[i], "required with outbind-port, and missing");
	cf->outbind_port = (uint16_t)conf_number(g, "outbind-port");
	copy_text(cf->outbind_host, sizeof cf->outbind_host, conf_text(g, "outbind-host"));
	if (smsc_udp_address(cf->outbind_host, cf->outbind_port, &at) != OK)
		config_tell(ld, 2, g, "outbind-host", "%.40s is no IP address", cf->outbind_host);
	allow = config_networks(ld, g, "outbind-allow");
	netlist_destroy(&allow);
	copy_text(cf->outbind_allow, sizeof cf->outbind_allow, conf_text(g, "outbind-allow"));
	copy_text(cf->outbind_id, sizeof cf->outbind_id, conf_text(g, "outbind-username"));
	copy_text(cf->outbind_password, sizeof cf->outbind_password, conf_text(g, "outbind-password"));
	cf->outbind_transceiver = as != NULL && strcmp(as, "transceiver") == 0;
	if (cf->host[0] == '\0' && !cf->outbind_transceiver)
		config_tell(ld, 2, g, "outbind-bind", "a receiver sends nothing: name the host and port of the SMSC, or say transceiver");
	for (other = ld->config->links; other < link; other++)
		if (other->smsc.outbind_port == cf->outbind_port && strcmp(other->smsc.outbind_host, cf->outbind_host) == 0)
			config_tell(ld, 2, g, "outbind-port", "the link at %s waits on this port already", other->where);
}

static void
take_link_id(struct loading *ld, const struct conf_group *g, struct ppg_link *link)
{
	struct smsc_config *cf = &link->smsc;
	const struct ppg_link *other;

	if (conf_text(g, "smsc-id") != NULL && strchr(conf_text(g, "smsc-id"), ';') != NULL)
		config_tell(ld, 2, g, "smsc-id", "a name has no ';': that stands between the names of a list");
	if (conf_text(g, "smsc-id") != NULL)
		copy_text(cf->smsc_id, sizeof cf->smsc_id, conf_text(g, "smsc-id"));
	else if (cf->host[0] != '\0')
		snprintf(cf->smsc_id, sizeof cf->smsc_id, "%.56s:%u", cf->host, cf->port);
	/* Two that were written alike are found while reading; pushes ask for them in any case of the letters. */
	for (other = ld->config->links; other < link && cf->smsc_id[0] != '\0'; other++)
		if (strcasecmp(other->smsc.smsc_id, cf->smsc_id) == 0 &&
		    (!conf_has(g, "smsc-id") || strcmp(other->smsc.smsc_id, cf->smsc_id) != 0))
			config_tell(ld, 2, g, "smsc-id", "\"%s\" is used at %s already; name this link",
			    cf->smsc_id, other->where);
}

/* In which base Kannel would have read message ids: bit 1 of responses, bit 2 of receipts; set: hexadecimal. */
static enum smsc_receipt_ids
receipt_ids_of(const struct conf_group *g)
{
	const char *text = conf_text(g, "msg-id-type");
	char last = text != NULL ? text[strlen(text) - 1] : '0';

	return last == '1' ? SMSC_IDS_DECIMAL : last == '2' ? SMSC_IDS_HEX : SMSC_IDS_ALIKE;
}

/* After the segmentation. */
static void
take_version(struct loading *ld, const struct conf_group *g, struct smsc_config *cf)
{
	const char *text = conf_text(g, "interface-version");

	if (text != NULL)
		cf->interface_version = strcmp(text, "33") == 0 ? 0x33 : strcmp(text, "50") == 0 ? 0x50 : 0x34;
	if (cf->interface_version < 0x34 && (cf->segmentation == SMSC_SAR || cf->segmentation == SMSC_PAYLOAD))
		config_tell(ld, 2, g, "segmentation", "SMPP 3.3 has no TLVs: see interface-version");
}

static void
take_network(struct loading *ld, const struct conf_group *g, struct smsc_config *cf)
{
	const char *network = conf_text(g, "network"), *bearer = conf_text(g, "bearer");

	if (network == NULL || bearer == NULL)
		return;
	if (network_is_any(network) || !network_known(network))
		config_tell(ld, 2, g, "network", "%.40s is not a network such as GSM", network);
	else if (network_is_any(bearer) || !bearer_known(network, bearer))
		config_tell(ld, 2, g, "bearer", "%.40s is not a bearer of the network %.40s", bearer, network);
	copy_text(cf->network, sizeof cf->network, network);
	copy_text(cf->bearer, sizeof cf->bearer, bearer);
}

/* Which pushes the link is for, by the smsc-id that they want. */
static void
take_wanted(struct loading *ld, const struct conf_group *g, struct smsc_config *cf)
{
	copy_text(cf->allowed_smsc_id, sizeof cf->allowed_smsc_id, conf_text(g, "allowed-smsc-id"));
	copy_text(cf->denied_smsc_id, sizeof cf->denied_smsc_id, conf_text(g, "denied-smsc-id"));
	copy_text(cf->preferred_smsc_id, sizeof cf->preferred_smsc_id, conf_text(g, "preferred-smsc-id"));
	if (cf->allowed_smsc_id[0] != '\0' && cf->denied_smsc_id[0] != '\0')
		config_tell(ld, 1, g, "denied-smsc-id", "means nothing beside allowed-smsc-id");
}

/* And by the numbers of their recipients. */
static void
take_prefixes(struct loading *ld, const struct conf_group *g, struct smsc_config *cf)
{
	const struct { const char *key; char *out; } lists[] = {
		{ "allowed-prefix", cf->allowed_prefix }, { "denied-prefix", cf->denied_prefix },
		{ "preferred-prefix", cf->preferred_prefix },
	};
	struct why why;
	size_t i;

	for (i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		copy_text(lists[i].out, sizeof cf->allowed_prefix, conf_text(g, lists[i].key));
		if (route_prefixes_check(lists[i].out, &why) != OK)
			config_tell(ld, 2, g, lists[i].key, "%s", why.text);
	}
}

static void
take_tls(struct loading *ld, const struct conf_group *g, struct smsc_config *cf)
{
	static const char *const others[] = { "ssl-server-name", "ssl-trusted-ca-file", "ssl-pinned-key",
		"ssl-client-certkey-file" };
	const struct conf_group *core = conf_first(ld->config->conf, "core");
	const char *pin = conf_text(g, "ssl-pinned-key"), *ca = conf_text(g, "ssl-trusted-ca-file");
	struct tls_context *tried;
	struct why why = { 0 };
	size_t i;

	if (cf->kind == SMSC_HTTP)
		return;			/* config_link_http.c: the URL says whether there is TLS */
	cf->tls = conf_bool(g, "use-ssl");
	if (!cf->tls) {
		for (i = 0; i < sizeof others / sizeof others[0]; i++)
			if (conf_has(g, others[i]))
				config_tell(ld, 1, g, others[i], "not used without use-ssl");
		return;
	}
	if (ca == NULL && core != NULL)
		ca = conf_text(core, "ssl-trusted-ca-file");
	copy_text(cf->tls_name, sizeof cf->tls_name, conf_text(g, "ssl-server-name"));
	copy_text(cf->tls_ca_file, sizeof cf->tls_ca_file, ca);
	copy_text(cf->tls_certkey_file, sizeof cf->tls_certkey_file, conf_text(g, "ssl-client-certkey-file"));
	cf->tls_pinned = pin != NULL;
	if (pin != NULL && tls_pin_parse(span_str(pin), cf->tls_pin) != OK) {
		config_tell(ld, 2, g, "ssl-pinned-key", "a SHA-256 has 64 hexadecimal digits, or 44 of base64");
		return;
	}
	if (smsc_tls_context(cf, &tried, &why) != OK)
		config_tell(ld, 2, g, "use-ssl", "%s", why.text);
	tls_context_destroy(&tried);
}

/* What a link of each kind cannot do without. */
static const struct {
	enum smsc_kind kind;
	const char *key;
} needed[] = {
	{ SMSC_SMPP, "host" }, { SMSC_SMPP, "port" }, { SMSC_SMPP, "smsc-username" },
	{ SMSC_BEARERBOX, "host" }, { SMSC_BEARERBOX, "port" }, { SMSC_UDP, "smsc-id" }, { SMSC_UDP, "allow" },
	{ SMSC_HTTP, "smsc-id" }, { SMSC_HTTP, "send-url" },
};

static void
check_needed(struct loading *ld, const struct conf_group *g, enum smsc_kind kind)
{
	/* An SMSC that connects to us may have no address. */
	bool only_comes = kind == SMSC_SMPP && conf_has(g, "outbind-port") && !conf_has(g, "host");
	size_t i;

	if (only_comes && !conf_has(g, "smsc-id"))
		config_tell(ld, 2, g, "smsc-id", "a link without host needs a name");
	for (i = 0; i < sizeof needed / sizeof needed[0]; i++)
		if (needed[i].kind == kind && !conf_has(g, needed[i].key) && !(only_comes &&
		    (strcmp(needed[i].key, "host") == 0 || strcmp(needed[i].key, "port") == 0)))
			config_tell(ld, 2, g, needed[i].key, "this key is required and missing");
}

static void
take_box(struct smsc_config *cf)
{
	if (cf->system_id[0] == '\0')
		copy_text(cf->system_id, sizeof cf->system_id, "openppg");
	if (cf->window < BOX_WINDOW)
		cf->window = BOX_WINDOW;	/* it answers when it has stored a message, not when it has sent it */
	cf->transmitter_only = false;
}

/* To devices with an IP address; who they may be has to be said. */
static void
take_udp(struct loading *ld, const struct conf_group *g, struct ppg_link *link)
{
	struct smsc_config *cf = &link->smsc;
	struct netlist *allow = config_networks(ld, g, "allow");

	netlist_destroy(&allow);
	if (!conf_has(g, "port"))
		cf->port = PUSH_PORT;
	copy_text(cf->allow, sizeof cf->allow, conf_text(g, "allow"));
	cf->source_port = (uint16_t)conf_number(g, "source-port");
	cf->max_datagram = (size_t)conf_number(g, "max-datagram");
	if (!conf_has(g, "bearer") && !conf_has(g, "network"))
		copy_text(cf->bearer, sizeof cf->bearer, "GPRS");
	cf->transmitter_only = false;
	if (conf_text(g, "delivered-on") != NULL && conf_has(g, "delivered-on") &&
	    strcmp(conf_text(g, "delivered-on"), "submit") != 0)
		config_tell(ld, 2, g, "delivered-on", "UDP has no receipts; what has left is all that is known");
	link->delivered_on_submit = true;
}

static void
take_link(struct loading *ld, const struct conf_group *g, enum smsc_kind kind, struct ppg_link *link)
{
	struct smsc_config *cf = &link->smsc;
	const struct conf_group *ppg = conf_first(ld->config->conf, "ppg");
	struct why why = { 0 };
	const char *source = conf_text(g, "source-addr"), *delivered_on = conf_text(g, "delivered-on");

	smsc_config_defaults(cf);
	cf->kind = kind;
	check_needed(ld, g, kind);
	conf_where(g, "smsc-id", link->where, sizeof link->where);
	copy_text(cf->host, sizeof cf->host, conf_text(g, "host"));
	cf->port = (uint16_t)conf_number(g, "port");
	take_link_id(ld, g, link);
	copy_text(cf->system_id, sizeof cf->system_id, conf_text(g, "smsc-username"));
	copy_text(cf->password, sizeof cf->password, conf_text(g, "smsc-password"));
	copy_text(cf->system_type, sizeof cf->system_type, conf_text(g, "system-type"));
	copy_text(cf->address_range, sizeof cf->address_range, conf_text(g, "address-range"));
	copy_text(cf->service_type, sizeof cf->service_type, conf_text(g, "service-type"));
	if (source == NULL && ppg != NULL)
		source = conf_text(ppg, "global-sender");
	copy_text(cf->source_addr, sizeof cf->source_addr, source);
	take_sessions(ld, g, cf);
	take_outbind(ld, g, cf, link);
	take_data_coding(ld, g, cf);
	cf->esm_mode = (uint8_t)conf_number(g, "esm-class");
	cf->window = (unsigned)conf_number(g, "max-pending-submits");
	cf->enquire_link_s = (unsigned)conf_number(g, "enquire-link-interval");
	cf->response_timeout_s = (unsigned)conf_number(g, "wait-ack");
	cf->reconnect_min_ms = (unsigned)conf_number(g, "reconnect-delay") * 1000;
	cf->reconnect_max_ms = (unsigned)conf_number(g, "reconnect-delay-max") * 1000;
	if (cf->reconnect_max_ms < cf->reconnect_min_ms)
		cf->reconnect_max_ms = cf->reconnect_min_ms;
	cf->bind_refused_wait_s = (unsigned)conf_number(g, "bind-refused-wait");
	cf->validity_s = (uint32_t)conf_number(g, "validityperiod") * 60;
	cf->throughput = (unsigned)conf_number(g, "throughput");
	cf->query_receipts = kind == SMSC_SMPP && conf_bool(g, "query-receipts");
	cf->max_pdu = (size_t)conf_number(g, "max-pdu");
	cf->receipt_ids = receipt_ids_of(g);
	if (conf_text(g, "segmentation") != NULL)
		smsc_segmentation_parse(conf_text(g, "segmentation"), &cf->segmentation);
	take_network(ld, g, cf);
	take_wanted(ld, g, cf);
	take_tls(ld, g, cf);
	take_prefixes(ld, g, cf);
	if (kind == SMSC_BEARERBOX)
		take_box(cf);
	take_version(ld, g, cf);
	if (conf_text(g, "error-map") != NULL && smsc_errors_parse(conf_text(g, "error-map"), cf, &why) != OK)
		config_tell(ld, 2, g, "error-map", "%s", why.text);
	link->delivered_on_submit = delivered_on != NULL && strcmp(delivered_on, "submit") == 0;
	if (kind == SMSC_UDP)
		take_udp(ld, g, link);
	if (kind == SMSC_HTTP)
		config_take_link_http(ld, g, link);
	if (cf->transmitter_only && cf->receive_port == 0 && cf->outbind_port == 0 && !link->delivered_on_submit) {
		if (conf_has(g, "delivered-on"))
			config_tell(ld, 2, g, "delivered-on",
			    "a transmitter gets no receipts: set transceiver-mode = true, or submit here");
		else
			config_tell(ld, 1, g, "transceiver-mode",
			    "a transmitter gets no receipts, so delivered-on is submit for this link");
		link->delivered_on_submit = true;
	}
}

/* ---- the links of a running bearerbox ------------------------------------------------------ */

const struct conf_group *
config_bearerbox(const struct conf *conf)
{
	const struct conf_group *wapbox = conf_first(conf, "wapbox"), *ppg = conf_first(conf, "ppg");

	if (wapbox == NULL || conf_text(wapbox, "bearerbox-host") == NULL ||
	    (ppg != NULL && conf_bool(ppg, "own-links")))
		return NULL;
	return wapbox;
}

/*
 * One link, by the port for smsboxes: a bearerbox hands out receipts only while one is connected. It sends an
 * smsbox that has a name, as ours, no messages of devices.
 */
static void
take_bearerbox(struct loading *ld, const struct conf_group *wapbox)
{
	const struct conf *conf = ld->config->conf;
	const struct conf_group *core = conf_first(conf, "core"), *ppg = conf_first(conf, "ppg");
	const char *key = core != NULL && !conf_has(core, "smsbox-port") ? "wapbox-port" : "smsbox-port";
	struct ppg_link *link = &ld->config->links[ld->config->n_links++];
	struct smsc_config *cf = &link->smsc;

	smsc_config_defaults(cf);
	cf->kind = SMSC_BEARERBOX;
	cf->query_receipts = false;
	conf_where(wapbox, "bearerbox-host", link->where, sizeof link->where);
	copy_text(cf->smsc_id, sizeof cf->smsc_id, "bearerbox");
	copy_text(cf->host, sizeof cf->host, conf_text(wapbox, "bearerbox-host"));
	if (core == NULL || !conf_has(core, key))
		config_tell(ld, 2, wapbox, "bearerbox-host",
		    "group core tells no smsbox-port and no wapbox-port of the bearerbox");
	else
		cf->port = (uint16_t)conf_number(core, key);
	copy_text(cf->source_addr, sizeof cf->source_addr, ppg != NULL ? conf_text(ppg, "global-sender") : NULL);
	take_box(cf);
	config_tell(ld, 1, wapbox, "bearerbox-host",
	    "pushes go through this bearerbox, which binds the smsc groups; with own-links = true in group ppg "
	    "ppgd binds them itself");
}

/* ---- all of them ---------------------------------------------------------------------------- */

void
config_take_links(struct loading *ld)
{
	struct ppg_config *config = ld->config;
	const struct conf_group *g = conf_first(config->conf, "smsc"), *wapbox = config_bearerbox(config->conf);

	config->links = config_zeroed(config_count_groups(config->conf, "smsc") + 1, sizeof *config->links);
	if (wapbox != NULL) {
		take_bearerbox(ld, wapbox);
		return;
	}
	for (; g != NULL; g = conf_next(config->conf, g)) {
		const char *name = conf_text(g, "smsc");
		enum smsc_kind kind = SMSC_SMPP;

		if (name != NULL && smsc_kind_parse(name, &kind) != OK)
			config_tell(ld, 2, g, "smsc", "links of kind %.32s are not supported; " KINDS, name);
		else
			take_link(ld, g, kind, &config->links[config->n_links++]);
	}
}

/* ---- who asks for a link ------------------------------------------------------------------ */

bool
config_is_link(const struct ppg_config *config, struct span name)
{
	const struct conf_group *g;
	size_t i;

	for (i = 0; i < config->n_links; i++)
		if (span_eq_nocase(name, config->links[i].smsc.smsc_id))
			return true;
	if (config_bearerbox(config->conf) == NULL)
		return false;
	/* the bearerbox knows them */
	for (g = conf_first(config->conf, "smsc"); g != NULL; g = conf_next(config->conf, g))
		if (conf_text(g, "smsc-id") != NULL && span_eq_nocase(name, conf_text(g, "smsc-id")))
			return true;
	return false;
}

static bool
has_word(const char *list, struct span name)
{
	while (*list != '\0') {
		size_t n = strcspn(list, ";");
		char word[64];

		if (span_to_cstr(span_trim(span_of(list, n)), word, sizeof word) == OK && span_eq_nocase(name, word))
			return true;
		list += n + (list[n] == ';');
	}
	return false;
}

bool
config_is_served(const struct ppg_config *config, struct span name)
{
	size_t i;

	for (i = 0; i < config->n_links; i++) {
		const struct smsc_config *cf = &config->links[i].smsc;

		if (has_word(cf->allowed_smsc_id, name) || has_word(cf->preferred_smsc_id, name))
			return true;
	}
	return config_is_link(config, name);
}
