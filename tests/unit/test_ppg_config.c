/* test_ppg_config.c - configurations of ppgd: what is made of them, and what is refused. */
#include "tests/unit/config_fixture.h"

#include <arpa/inet.h>

/* ---- what is accepted ------------------------------------------------------------------------ */

/* The one that the documentation shows. */
static void
smallest_configuration(void **state)
{
	struct ppg_config *c = good("group = core\nlog-level = 1\n\n"
	    "group = ppg\nppg-port = 18080\nppg-url = /wappush\ntrusted-pi = false\n\n"
	    "group = wap-push-user\nwap-push-user = tester\nppg-username = foo\nppg-password = bar\n"
	    "initiator-uri = \"https://tps.example.net/\"\npush-role = ppg-trusted\n\n"
	    "group = smsc\nsmsc = smpp\nsmsc-id = main\nhost = 127.0.0.1\nport = 2775\nsmsc-username = foo\n"
	    "smsc-password = bar\ntransceiver-mode = true\nsource-addr = \"+12025550100\"\n\n"
	    "group = store\nurl = \"sqlite:ppg.db\"\n\n"
	    "group = admin\nport = 18081\ntoken = \"secret\"\n");
	const struct initiator *pi = &c->initiators[0].who;
	const struct smsc_config *cf = &c->links[0].smsc;

	assert_string_equal(notices.s, "X:12: group wap-push-user, ppg-password: is plain text; "
	    "\"ppgctl passwd\" makes a hash to put here\n");
	assert_int_equal(c->log_level, LOG_LEVEL_INFO);
	assert_null(c->log_file);
	assert_int_equal(c->port, 18080);
	assert_string_equal(strrchr(c->port_where, ':'), ":5");
	assert_string_equal(c->url, "/wappush");
	assert_null(c->interface);
	assert_false(c->trusted_pi);
	assert_int_equal(c->max_age_s, 2 * 86400);
	assert_int_equal(c->http_threads, 1);
	assert_int_equal(c->n_initiators, 1);
	assert_ptr_equal(ppg_config_initiator(c, "foo"), &c->initiators[0]);
	assert_null(ppg_config_initiator(c, "tester"));
	assert_string_equal(pi->name, "tester");
	assert_string_equal(pi->password, "bar");
	assert_int_equal(pi->n_uris, 1);
	assert_string_equal(pi->uris[0], "https://tps.example.net/");
	assert_int_equal(pi->role, ROLE_TRUSTED_PI);
	assert_null(pi->notify_allow);
	assert_int_equal(c->n_links, 1);
	assert_string_equal(cf->smsc_id, "main");
	assert_string_equal(cf->host, "127.0.0.1");
	assert_int_equal(cf->port, 2775);
	assert_string_equal(cf->system_id, "foo");
	assert_string_equal(cf->password, "bar");
	assert_string_equal(cf->source_addr, "+12025550100");
	assert_false(cf->transmitter_only);
	assert_false(c->links[0].delivered_on_submit);
	assert_string_equal(c->store_url, "sqlite:/tmp/ppg.db");
	assert_int_equal(c->admin_port, 18081);
	assert_string_equal(c->admin_interface, "127.0.0.1");
	assert_string_equal(c->admin_token, "secret");
	ppg_config_free(&c);
	assert_null(c);
}

static void
defaults_are_the_documented_limits(void **state)
{
	struct ppg_config *c = good(MINIMAL);
	const struct smsc_config *cf = &c->links[0].smsc;

	assert_string_equal(notices.s, "");
	assert_int_equal(c->log_level, LOG_LEVEL_INFO);
	assert_int_equal(c->port, 8080);
	assert_int_equal(c->limits.max_body, 16 << 20);
	assert_int_equal(c->limits.max_held, 64 << 20);
	assert_int_equal(c->limits.max_control_entity, 12 << 20);
	assert_int_equal(c->limits.max_content, 256 << 10);
	assert_int_equal(c->limits.max_addresses, 100000);
	assert_int_equal(c->limits.max_connections, 1000);
	assert_int_equal(c->limits.max_connections_per_address, 64);
	assert_int_equal(c->limits.head_timeout_s, 10);
	assert_int_equal(c->limits.request_timeout_s, 60);
	assert_int_equal(c->limits.idle_timeout_s, 30);
	assert_int_equal(c->limits.notify_timeout_s, 10);
	assert_int_equal(c->limits.notify_connections, 4);
	assert_int_equal(c->limits.notify_max_answer, 64 << 10);
	assert_int_equal(c->initiators[0].who.role, ROLE_AUTH_PI);
	assert_int_equal(c->initiators[0].who.n_uris, 0);
	assert_string_equal(cf->smsc_id, "h:1");
	assert_string_equal(cf->source_addr, "");
	assert_int_equal(cf->window, 10);
	assert_int_equal(cf->enquire_link_s, 30);
	assert_int_equal(cf->response_timeout_s, 60);
	assert_int_equal(cf->reconnect_min_ms, 1000);
	assert_int_equal(cf->reconnect_max_ms, 60000);
	assert_int_equal(cf->bind_refused_wait_s, 60);
	assert_int_equal(cf->data_coding, 4);
	assert_int_equal(cf->validity_s, 86400);
	assert_int_equal(cf->throughput, 0);
	assert_int_equal(cf->max_pdu, 70000);
	assert_string_equal(c->store_url, "sqlite:/tmp/openppg.db");
	assert_int_equal(c->retention_s, 7 * 86400);
	assert_int_equal(c->receipt_margin_s, 3600);
	assert_int_equal(c->store_cache_kib, 16 << 10);
	assert_int_equal(c->admin_port, 0);
	ppg_config_free(&c);
}

/* What PostgreSQL's library takes goes there as it is. */
static void
a_database_as_store(void **state)
{
	static const char *const urls[] = { "postgresql:host=/run/postgresql dbname=ppg",
		"postgresql://ppg:secret@db.example.net:5433/ppg?sslmode=verify-full" };
	size_t i;

	for (i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		struct sbuf text = { 0 };
		struct ppg_config *c;

		sbuf_fmt(&text, "%sgroup = store\nurl = \"%s\"\n", MINIMAL, urls[i]);
		c = good(text.s);
		assert_string_equal(c->store_url, urls[i]);
		ppg_config_free(&c);
		sbuf_done(&text);
	}
}

static void
numbers_and_countries(void **state)
{
	struct ppg_config *c = good("group = core\nunified-prefix = \"+358,00358\"\n" PPG "country-code = +49\n"
	    "national-prefix = 0\nshort-numbers = yes\n" PI "country-prefix = 0044\n" SMSC);
	char out[NUMBER_SIZE];
	struct why why;

	assert_string_equal(c->initiators[0].who.country, "44");
	assert_int_equal(number_normalise(c->numbers, NULL, "01715550143", out, &why), OK);
	assert_string_equal(out, "+491715550143");
	assert_int_equal(number_normalise(c->numbers, NULL, "00358401234567", out, &why), OK);
	assert_string_equal(out, "+358401234567");
	assert_int_equal(number_normalise(c->numbers, NULL, "112", out, &why), OK);
	ppg_config_free(&c);
	c = good(PPG "national-prefix = \"\"\ncountry-code = 45\n" PI SMSC);
	assert_int_equal(number_normalise(c->numbers, NULL, "20255501", out, &why), OK);
	assert_string_equal(out, "+4520255501");
	ppg_config_free(&c);
}

static void
every_key_of_a_link(void **state)
{
	struct ppg_config *c = good(PPG "global-sender = 12345\n" PI "group = smsc\nsmsc = smpp\nsmsc-id = x\n"
	    "host = smsc.example.net\nport = 65535\nsmsc-username = 123456789012345\nsmsc-password = 12345678\n"
	    "system-type = VMA\naddress-range = \"^1202\"\nservice-type = WAP\nmax-pending-submits = 50\n"
	    "throughput = 200\nenquire-link-interval = 1m\nwait-ack = 5\nreconnect-delay = 90\n"
	    "bind-refused-wait = 5m\nvalidityperiod = 30\nalt-dcs = 1\nesm-class = 3\nmax-pdu = 64K\n"
	    "delivered-on = submit\n");
	const struct smsc_config *cf = &c->links[0].smsc;

	assert_string_equal(cf->smsc_id, "x");
	assert_string_equal(cf->system_id, "123456789012345");
	assert_string_equal(cf->password, "12345678");
	assert_string_equal(cf->system_type, "VMA");
	assert_string_equal(cf->address_range, "^1202");
	assert_string_equal(cf->service_type, "WAP");
	assert_string_equal(cf->source_addr, "12345");
	assert_int_equal(cf->window, 50);
	assert_int_equal(cf->throughput, 200);
	assert_int_equal(cf->enquire_link_s, 60);
	assert_int_equal(cf->response_timeout_s, 5);
	assert_int_equal(cf->reconnect_min_ms, 90000);
	assert_int_equal(cf->reconnect_max_ms, 90000);
	assert_int_equal(cf->bind_refused_wait_s, 300);
	assert_int_equal(cf->validity_s, 1800);
	assert_int_equal(cf->data_coding, 0xF5);
	assert_int_equal(cf->esm_mode, 3);
	assert_int_equal(cf->max_pdu, 65536);
	assert_true(c->links[0].delivered_on_submit);
	ppg_config_free(&c);
	c = good(MINIMAL "data-coding = 0xF5\nsource-addr = \"\"\n");
	assert_int_equal(c->links[0].smsc.data_coding, 0xF5);
	ppg_config_free(&c);
}

static bool
allows(const struct netlist *list, const char *address)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	assert_int_equal(inet_pton(AF_INET, address, &in.sin_addr), 1);
	return netlist_has(list, (struct sockaddr *)&in);
}

static void
initiators_and_their_networks(void **state)
{
	struct ppg_config *c = good("group = wap-push-user\nwap-push-user = a\nppg-username = ua\n"
	    "ppg-password = \"" HASH "\"\ninitiator-uri = \"https://a.example.net/ ; urn:x;\"\npush-role = none\n"
	    "group = wap-push-user\nwap-push-user = b\nppg-username = ub\nppg-password = 1\n"
	    "notify-allow = \"192.168.0.0/16\"\n"
	    "group = wap-push-user\nwap-push-user = c\nppg-username = uc\nppg-password = 2\nnotify-allow = \"\"\n"
	    SMSC PPG "notify-allow = \"127.0.0.0/8;10.0.0.0/8\"\n");

	assert_int_equal(c->n_initiators, 3);
	assert_string_equal(notices.s, "X:10: group wap-push-user, ppg-password: is plain text, as are 1 others; "
	    "\"ppgctl passwd\" makes a hash to put here\n");
	assert_int_equal(c->initiators[0].who.n_uris, 2);
	assert_string_equal(c->initiators[0].who.uris[0], "https://a.example.net/");
	assert_string_equal(c->initiators[0].who.uris[1], "urn:x");
	assert_int_equal(c->initiators[0].who.role, ROLE_NONE_PI);
	assert_null(c->initiators[0].who.notify_allow);
	assert_true(allows(c->notify_allow, "127.0.0.1"));
	assert_true(allows(c->notify_allow, "10.1.2.3"));
	assert_false(allows(c->notify_allow, "192.168.1.1"));
	assert_true(allows(c->initiators[1].who.notify_allow, "192.168.1.1"));
	assert_false(allows(c->initiators[1].who.notify_allow, "127.0.0.1"));
	assert_non_null(c->initiators[2].who.notify_allow);
	assert_false(allows(c->initiators[2].who.notify_allow, "127.0.0.1"));
	ppg_config_free(&c);
}

static void
rules_of_initiators(void **state)
{
	struct ppg_config *c = good(PPG "ppg-allow-ip = 127.*.*.*\nquery-login = true\n" PI
	    "country-prefix = +358\nallowed-prefix = \"40; +1202;0044;\"\ndenied-prefix = +1900\n"
	    "certificate = \"DNS:A.example.net; uri:x:a\\\\;b\"\nallow-ip = ::1\n"
	    "content-type = \" text/* ;application/vnd.wap.sic\"\napplication-id = \"4;x-example:a\"\n"
	    "denied-prefix-regex = \"9$\"\nallowed-links = h:1\nallowed-bearers = SMS\ndefault-smsc = h:1\nforced-smsc = h:1\n"
	    "pushes-per-second = 5\nrecipients-per-day = 4000000000\n"
	    "group = wap-push-user\nwap-push-user = machine\ncertificate = dns:b\nallowed-prefix = 44\n" SMSC);
	struct initiators *set = ppg_config_take_initiators(c);
	const struct initiator *who = initiators_find(set, "a"), *machine = initiators_find(set, "machine");
	struct sockaddr_in in = { .sin_family = AF_INET };

	assert_string_equal(notices.s, "");
	assert_true(c->query_login);
	assert_string_equal(who->allowed_prefix, "+35840;+1202;+44");
	assert_string_equal(who->denied_prefix, "+1900");
	assert_int_equal(regexec(who->denied_regex, "+12025550109", 0, NULL, 0), 0);
	assert_null(who->allowed_regex);
	assert_string_equal(who->certificates, "dns:a.example.net\nuri:x:a;b");
	assert_string_equal(who->content_types, "text/*;application/vnd.wap.sic");
	assert_string_equal(who->application_ids, "4;x-example:a");
	assert_string_equal(who->links, "h:1");
	assert_string_equal(who->bearers, "SMS");
	assert_string_equal(who->default_smsc, "h:1");
	assert_string_equal(who->forced_smsc, "h:1");
	assert_int_equal(who->pushes_per_s, 5);
	assert_true(who->recipients_per_day == 4000000000u);
	assert_non_null(who->allow_ip);
	assert_null(who->deny_ip);
	assert_string_equal(machine->username, "");
	assert_string_equal(machine->allowed_prefix, "+44");
	assert_null(machine->white_list);
	assert_int_equal(machine->pushes_per_s, 0);
	assert_int_equal(inet_pton(AF_INET, "127.3.4.5", &in.sin_addr), 1);
	assert_true(initiators_admit(set, (struct sockaddr *)&in));
	assert_int_equal(inet_pton(AF_INET, "10.3.4.5", &in.sin_addr), 1);
	assert_false(initiators_admit(set, (struct sockaddr *)&in));
	assert_int_equal(c->n_initiators, 0);	/* they moved */
	ppg_config_free(&c);
	initiators_unref(set);
	/* Kannel's rule surprises: it gets a notice */
	c = good(PPG "ppg-deny-ip = 10.0.0.1\n" PI "deny-ip = 10.0.0.2\n" SMSC);
	assert_string_equal(notices.s, "X:2: group ppg, ppg-deny-ip: nobody may push: as with Kannel, addresses that neither "
	    "list names are refused; write ppg-allow-ip\n"
	    "X:7: group wap-push-user, deny-ip: nobody may push: as with Kannel, addresses that neither list names "
	    "are refused; write allow-ip\n");
	ppg_config_free(&c);
}

/* ---- what is refused --------------------------------------------------------------------------- */

static const struct { const char *text, *errors; } bad_rows[] = {
	{ PPG "country-code = de\n" PI SMSC, "X:2: group ppg, country-code: \"de\" is no country code of 1 to 4 digits\n" },
	{ "group = core\nunified-prefix = \"+358,x\"\n" MINIMAL, "X:2: group core, unified-prefix: \"x\" is no prefix of a number\n" },
	{ MINIMAL PI2 "country-prefix = 0\n", "X:15: group wap-push-user, country-prefix: \"0\" is no country code of 1 to 4 digits\n" },
	{ "", "X: group ppg: this group is required and missing\n"
	      "X: group smsc: this group is required and missing\n" },
	{ PPG SMSC, "X:1: group ppg, trusted-pi: nobody could push: write a group wap-push-user, or set it to true\n" },
	{ MINIMAL "group = device-profile\nname = a\n", "X:11: group device-profile, file: this key is required and missing\n" },
	{ MINIMAL "group = device-profile\nname = a/b\nfile = /dev/null\n", "X:12: group device-profile, name: a profile's name has letters, digits and . _ - +\n"
	  "X:13: group device-profile, file: a/b:0: family is missing\n" },
	{ MINIMAL "group = device-profile\nname = a\nfile = /nowhere/none\n", "X:13: group device-profile, file: /nowhere/none cannot be read\n" },
	{ MINIMAL "group = device-profile\nname = a\nfile = /dev/null\n", "X:13: group device-profile, file: a:0: family is missing\n" },
	{ PPG "ppg-prot = 8080\n" PI SMSC, "X:2: group ppg, ppg-prot: unknown key; did you mean \"ppg-port\"?\n" },
	{ PPG "ppg-url = wappush\n" PI SMSC, "X:2: group ppg, ppg-url: wappush is not a path such as /wappush\n" },
	{ PPG "interface = localhost\n" PI SMSC,
	  "X:2: group ppg, interface: localhost is not an IPv4 or IPv6 address\n" },
	{ PPG "max-body = 65M\n" PI SMSC,
	  "X:2: group ppg, max-body: more than max-held, so that no such request could be taken\n" },
	{ PPG "max-content = 1M\n" PI SMSC, "X:2: group ppg, max-content: 1M is not in 1K..256K\n" },
	{ PPG "trusted-pi = maybe\n" PI SMSC, "X:2: group ppg, trusted-pi: maybe is not true or false\n" },
	/* C-03, C-05 */
	{ PPG PI "group = smsc\nsmsc = smpp\nport = 1\nsmsc-username = u\n",
	  "X:6: group smsc, host: this key is required and missing\n" },
	{ MINIMAL "smsc-id = a\n" SMSC "smsc-id = a\n", "X:17: group smsc, smsc-id: \"a\" is used at X:11 already\n" },
	{ MINIMAL "smsc-id = a\n" SMSC "smsc-id = A\n",
	  "X:17: group smsc, smsc-id: \"A\" is used at X:11 already; name this link\n" },
	{ MINIMAL SMSC, "X:11: group smsc, smsc-id: \"h:1\" is used at X:6 already; name this link\n" },
	{ MINIMAL PI, "X:12: group wap-push-user, wap-push-user: \"a\" is used at X:3 already\n"
	  "X:13: group wap-push-user, ppg-username: \"b\" is used at X:4 already\n" },
	{ MINIMAL "group = wap-push-user\nwap-push-user = trusted\nppg-username = a:b\nppg-password = \"" HASH "\"\n",
	  "X:12: group wap-push-user, wap-push-user: \"trusted\" is the name of those who push without a login\n"
	  "X:13: group wap-push-user, ppg-username: a user name has no ':'\n" },
	{ PPG PI "initiator-uri = \"urn:a; no scheme\"\n" SMSC,
	  "X:6: group wap-push-user, initiator-uri: no scheme is not a URI with a scheme\n" },
	{ PPG PI "initiator-uri = a:1;a:2;a:3;a:4;a:5;a:6;a:7;a:8;a:9;\n" SMSC,
	  "X:6: group wap-push-user, initiator-uri: 9 URIs, at most 8 are possible\n" },
	/* a login */
	{ PPG "group = wap-push-user\nwap-push-user = a\n" SMSC, "X:2: group wap-push-user, ppg-username: this initiator "
	  "could not log in: write ppg-username and ppg-password, or certificate\n" },
	{ PPG "group = wap-push-user\nwap-push-user = a\nppg-username = b\n" SMSC,
	  "X:2: group wap-push-user, ppg-password: is missing beside ppg-username\n" },
	{ PPG "group = wap-push-user\nwap-push-user = a\ncertificate = dns:a\nppg-password = \"" HASH "\"\n" SMSC,
	  "X:2: group wap-push-user, ppg-username: is missing beside ppg-password\n" },
	{ PPG PI "certificate = \"ip:::1;dns:A.example.net\"\ngroup = wap-push-user\nwap-push-user = c\n"
	  "certificate = \"email:a@b;dns:a.example.net\"\n" SMSC,
	  "X:9: group wap-push-user, certificate: dns:a.example.net is that of \"a\" already\n" },
	{ PPG PI "certificate = \"sha256:12\"\n" SMSC,
	  "X:6: group wap-push-user, certificate: sha256: needs 64 hexadecimal digits\n" },
	/* rules */
	{ PPG PI "allow-ip = \"127.0.0.1;10.*\"\ndeny-ip = x\n" SMSC,
	  "X:6: group wap-push-user, allow-ip: network list: 10.* is not of the form 192.0.2.* or 10.*.*.*\n"
	  "X:7: group wap-push-user, deny-ip: network list: x is not an address\n" },
	{ PPG "ppg-allow-ip = x\n" PI SMSC, "X:2: group ppg, ppg-allow-ip: network list: x is not an address\n" },
	{ PPG PI "allowed-prefix = \"+1202;abc; 0049;\"\ndenied-prefix = \"020;+\"\n" SMSC,
	  "X:6: group wap-push-user, allowed-prefix: abc is not the beginning of a number\n"
	  "X:7: group wap-push-user, denied-prefix: 020 begins with 0: write it with its country code, such as +1202\n"
	  "X:7: group wap-push-user, denied-prefix: + is not the beginning of a number\n" },
	{ PPG PI "allowed-prefix = \" ; \"\n" SMSC,
	  "X:6: group wap-push-user, allowed-prefix: names nothing; leave the key out if there is no such rule\n" },
	{ PPG PI "content-type = \"text/*;text;a*/b;a/b/c;a b/c\"\n" SMSC,
	  "X:6: group wap-push-user, content-type: text is not a media type such as text/vnd.wap.si or application/*\n"
	  "X:6: group wap-push-user, content-type: a*/b is not a media type such as text/vnd.wap.si or application/*\n"
	  "X:6: group wap-push-user, content-type: a/b/c is not a media type such as text/vnd.wap.si or application/*\n"
	  "X:6: group wap-push-user, content-type: a b/c is not a media type such as text/vnd.wap.si or application/*\n" },
	{ PPG PI "white-list = https://example.net/list\n" SMSC, "X:6: group wap-push-user, white-list: "
	  "https://example.net/list is a URL; fetch the list into a file and name that\n" },
	{ PPG PI "black-list = /nonexistent\n" SMSC,
	  "X:6: group wap-push-user, black-list: /nonexistent: No such file or directory\n" },
	{ PPG PI "allowed-prefix-regex = \"^(1\"\nwhite-list-regex = \"a{2,1}\"\n" SMSC,
	  "X:6: group wap-push-user, allowed-prefix-regex: Unmatched ( or \\(\n"
	  "X:7: group wap-push-user, white-list-regex: Invalid content of \\{\\}\n" },
	{ PPG PI "allowed-links = h:1;x\ndefault-smsc = h:1\nforced-smsc = y\n" SMSC,
	  "X:6: group wap-push-user, allowed-links: x is not the smsc-id of a group smsc\n"
	  "X:8: group wap-push-user, forced-smsc: y is not the smsc-id of a group smsc\n" },
	{ PPG PI "allowed-bearers = sms;pigeon\n" SMSC,
	  "X:6: group wap-push-user, allowed-bearers: pigeon is not a bearer such as SMS\n" },
	{ PPG PI "pushes-per-second = -1\nrecipients-per-day = x\n" SMSC,
	  "X:6: group wap-push-user, pushes-per-second: -1 is not in 0..1000000\n"
	  "X:7: group wap-push-user, recipients-per-day: x is not a number in 0..4000000000\n" },
	{ PPG PI "push-role = root\n" SMSC,
	  "X:6: group wap-push-user, push-role: root is not none, ppg-auth or ppg-trusted\n" },
	{ PPG PI "group = smsc\nsmsc = at\nhost = h\nport = 1\nsmsc-username = u\nmodemtype = x\n",
	  "X:7: group smsc, smsc: links of kind at are not supported; smpp, bearerbox, udp and http are\n" },
	{ MINIMAL "error-map = \"0x0B:2002, 0x45:5\"\n", "X:11: group smsc, error-map: \"0x45:5\" is not a "
	  "command_status, ':', and a PAP code of 2000 to 5999, retry or throttle\n" },
	{ MINIMAL "interface-version = 33\nsegmentation = sar\n",
	  "X:12: group smsc, segmentation: SMPP 3.3 has no TLVs: see interface-version\n" },
	{ MINIMAL "instances = 17\n", "X:11: group smsc, instances: 17 is not in 1..16\n" },
	{ MINIMAL "use-ssl = true\nssl-pinned-key = 0000000000000000000000000000000000000000000000\n",
	  "X:12: group smsc, ssl-pinned-key: a SHA-256 has 64 hexadecimal digits, or 44 of base64\n" },
	{ MINIMAL "use-ssl = true\nssl-trusted-ca-file = /nonexistent/ca.pem\n",
	  "X:11: group smsc, use-ssl: /nonexistent/ca.pem: no certificate can be read: No such file or directory\n" },
	{ MINIMAL "use-ssl = true\nssl-client-certkey-file = /nonexistent/own.pem\n",
	  "X:11: group smsc, use-ssl: /nonexistent/own.pem: no certificate can be read: No such file or directory\n" },
	{ MINIMAL "delivered-on = receipt\ntransceiver-mode = false\n",
	  "X:11: group smsc, delivered-on: a transmitter gets no receipts: set transceiver-mode = true, or submit here\n" },
	{ MINIMAL "alt-dcs = false\ndata-coding = 245\n",
	  "X:12: group smsc, data-coding: alt-dcs of this group says another one\n" },
	{ MINIMAL "smsc-password = 123456789\n",
	  "X:11: group smsc, smsc-password: the value has 9 octets, allowed are 0..8\n" },
	{ PPG "default-smsc = nobody\n" PI SMSC,
	  "X:2: group ppg, default-smsc: nobody is not the smsc-id of a group smsc\n" },
	{ PPG "default-smsc = x\n" PI SMSC "denied-smsc-id = x\n",
	  "X:2: group ppg, default-smsc: x is not the smsc-id of a group smsc\n" },
	{ MINIMAL "smsc-id = a;b\n", "X:11: group smsc, smsc-id: a name has no ';': that stands between the names of a list\n" },
	{ MINIMAL "network = LAN\n", "X:11: group smsc, network: LAN is not a network such as GSM\n" },
	{ MINIMAL "network = any\n", "X:11: group smsc, network: any is not a network such as GSM\n" },
	{ MINIMAL "bearer = CDPD\n", "X:11: group smsc, bearer: CDPD is not a bearer of the network GSM\n" },
	{ MINIMAL "msg-id-type = 4\n",
	  "X:11: group smsc, msg-id-type: 4 is not 0, 1, 2, 3, 0x00, 0x01, 0x02 or 0x03\n" },
	{ MINIMAL "interface-version = 3.4\n", "X:11: group smsc, interface-version: 3.4 is not 33, 34 or 50\n" },
	{ MINIMAL "group = store\nurl = postgres://ppg:secret@db.example.net/ppg\n",
	  "X:12: group store, url: neither \"sqlite:\" and a path nor \"postgresql:\" and a database\n" },
	{ MINIMAL "group = store\nurl = postgresql:\n",
	  "X:12: group store, url: neither \"sqlite:\" and a path nor \"postgresql:\" and a database\n" },
	{ MINIMAL "group = admin\nport = 8080\n",
	  "X:11: group admin, token: this key is required and missing\n"
	  "X:12: group admin, port: 8080 is ppg-port at X:1 already\n" },
	/* Of the tables and across them, in one run. */
	{ PPG "ppg-port = 70000\nppg-url = x\n" PI SMSC "use-ssl = yes\nssl-client-certkey-file = /nonexistent/own.pem\n",
	  "X:2: group ppg, ppg-port: 70000 is not in 0..65535\n"
	  "X:3: group ppg, ppg-url: x is not a path such as /wappush\n"
	  "X:13: group smsc, use-ssl: /nonexistent/own.pem: no certificate can be read: No such file or directory\n" },
};

static void
every_mistake_has_its_sentence(void **state)
{
	size_t i;

	for (i = 0; i < sizeof bad_rows / sizeof bad_rows[0]; i++) {
		struct ppg_config *c;

		assert_int_equal(load(bad_rows[i].text, &c), ERR_SYNTAX);
		assert_null(c);
		if (strcmp(errors.s, bad_rows[i].errors) != 0)
			fail_msg("row %zu: %s", i, errors.s);
	}
}

static void
networks_and_hashes_are_checked(void **state)
{
	struct ppg_config *c;

	assert_int_equal(load(PPG "notify-allow = 10.0.0.0/33\n" PI SMSC, &c), ERR_SYNTAX);
	assert_non_null(strstr(errors.s, "X:2: group ppg, notify-allow: "));
	assert_int_equal(load(PPG SMSC "group = wap-push-user\nwap-push-user = a\nppg-username = b\n"
	    "ppg-password = \"$scrypt$ln=30,r=8,p=3$AAAA$AAAA\"\n", &c), ERR_SYNTAX);
	assert_non_null(strstr(errors.s, "X:10: group wap-push-user, ppg-password: "));
	assert_null(strstr(errors.s, "$AAAA"));
}

static void
subscribers_and_controls(void **state)
{
	static const struct { const char *text, *error; } rows[] = {
		{ "group = subscriber-source\nsource = http\n", "group subscriber-source, url: " },
		{ "group = subscriber-source\nsource = http\nurl = \"http://h/x\"\n", "{number}" },
		{ "group = subscriber-source\nsource = http\nurl = \"ftp://h/{number}\"\n", "url: " },
		{ "group = subscriber-source\nsource = ldap\n", "source: " },
		{ "group = control\ne-01 = on\n", "e-01: " },
		{ "group = control\ne-21 = off\n", "e-21" },
		{ "group = control\ne-20-hours = 8-18\n", "e-20-hours: " },
		{ "group = control\ne-20-hours = 08:00-18:60\n", "e-20-hours: " },
		{ "group = control\ne-20-hours = 24:00-18:00\n", "e-20-hours: " },
		{ "group = control\ne-07-per-initiator = 33\n", "e-07-per-initiator: " },
	};
	struct ppg_config *c;
	char text[1024];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(text, sizeof text, "%s%s", PPG PI SMSC, rows[i].text);
		assert_int_equal(load(text, &c), ERR_SYNTAX);
		if (strstr(errors.s, rows[i].error) == NULL)
			fail_msg("row %zu: %s", i, errors.s);
	}
	c = good(PPG PI SMSC);
	assert_false(c->controls->configured);
	assert_int_equal(c->controls->modes[5], CONTROL_WARN);
	assert_false(c->subscribers.http);
	ppg_config_free(&c);
	c = good(PPG PI SMSC "group = control\ne-05 = off\ne-20 = warn\ne-20-hours = 22:00-06:30\n"
	    "group = subscriber-source\nsource = http\nurl = \"http://hlr.example.net/{number}\"\n");
	assert_true(c->controls->configured);
	assert_int_equal(c->controls->modes[3], CONTROL_ENFORCE);
	assert_int_equal(c->controls->modes[5], CONTROL_OFF);
	assert_int_equal(c->controls->modes[14], CONTROL_WARN);
	assert_int_equal(c->controls->modes[20], CONTROL_WARN);
	assert_int_equal(c->controls->from_minute, 22 * 60);
	assert_int_equal(c->controls->to_minute, 6 * 60 + 30);
	assert_true(c->subscribers.http);
	assert_int_equal(c->subscribers.cache_size, 100000);
	ppg_config_free(&c);
}

/* The printed form without its marks of what is a default. */
static void
unmark(struct sbuf *b)
{
	const char *from = b->s;
	char *to = b->s;

	for (; *from != '\0'; from++)
		if (*from != '#')
			*to++ = *from;
	b->n = (size_t)(to - b->s);
	*to = '\0';
}

/* What it shows behind '#' is accepted as well, and is the default. */
static void
the_sample_loads(void **state)
{
	FILE *f = fopen(TOP_SRCDIR "/contrib/openppg.conf", "r");
	struct sbuf as_is = { 0 }, shown = { 0 }, all = { 0 }, printed = { 0 };
	struct ppg_config *c;
	char line[512];

	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL) {
		bool hidden = line[0] == '#' && line[1] >= 'a' && line[1] <= 'z' && strchr(line, '=') != NULL;
		bool optional = strncmp(line, "#notify-allow", 13) == 0 || strncmp(line, "#log-file", 9) == 0 ||
		    strncmp(line, "#ppg-ssl-port", 13) == 0 || (strncmp(line, "#ssl-", 5) == 0 &&
		    strstr(line, "-file") != NULL);

		sbuf_str(&as_is, line);
		sbuf_str(&all, hidden && !optional ? line + 1 : line);
	}
	fclose(f);
	c = good(as_is.s);
	assert_string_equal(notices.s, "");
	ppg_config_print(c, &printed);
	ppg_config_free(&c);
	assert_string_not_equal(as_is.s, all.s);
	c = good(all.s);
	ppg_config_print(c, &shown);
	ppg_config_free(&c);
	assert_string_not_equal(printed.s, shown.s);
	unmark(&printed);
	unmark(&shown);
	assert_string_equal(printed.s, shown.s);
	sbuf_done(&as_is);
	sbuf_done(&shown);
	sbuf_done(&all);
	sbuf_done(&printed);
}

static void
defaults_of_the_table_are_valid(void **state)
{
	const struct conf_group_def *def;

	/* A default outside its range shows when the group is read. */
	for (def = ppg_config_groups; def->name != NULL; def++) {
		struct ppg_config *c;
		char text[128];

		if (def->keys == NULL)
			continue;
		snprintf(text, sizeof text, "group = %s\n", def->name);
		load(text, &c);
		assert_null(strstr(errors.s, "built-in default"));
		ppg_config_free(&c);
	}
}

static void
keys_have_names_of_their_own(void **state)
{
	const struct conf_group_def *def;
	const struct conf_key *key, *other;

	for (def = ppg_config_groups; def->name != NULL; def++)
		for (key = def->keys; key != NULL && key->name != NULL; key++)
			for (other = def->keys; other != key; other++)
				if (strcmp(other->name, key->name) == 0)
					fail_msg("group %s has %s twice", def->name, key->name);
}

static void
printed_without_secrets(void **state)
{
	struct ppg_config *c = good(PPG "group = wap-push-user\nwap-push-user = a\nppg-username = b\n"
	    "ppg-password = geheim1\n" SMSC "smsc-password = geheim2\ngroup = admin\nport = 1\ntoken = geheim3\n");
	struct sbuf b = { 0 };

	ppg_config_print(c, &b);
	ppg_config_free(&c);
	assert_null(strstr(b.s, "geheim"));
	assert_non_null(strstr(b.s, "\n#ppg-port = 8080\n"));
	assert_non_null(strstr(b.s, "token = \"***\"\n"));
	c = good(b.s);
	assert_string_equal(c->admin_token, "***");
	ppg_config_free(&c);
	sbuf_done(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(smallest_configuration),
		cmocka_unit_test(defaults_are_the_documented_limits),
		cmocka_unit_test(a_database_as_store),
		cmocka_unit_test(numbers_and_countries),
		cmocka_unit_test(every_key_of_a_link),
		cmocka_unit_test(initiators_and_their_networks),
		cmocka_unit_test(rules_of_initiators),
		cmocka_unit_test(every_mistake_has_its_sentence),
		cmocka_unit_test(networks_and_hashes_are_checked),
		cmocka_unit_test(subscribers_and_controls),
		cmocka_unit_test(the_sample_loads),
		cmocka_unit_test(defaults_of_the_table_are_valid),
		cmocka_unit_test(keys_have_names_of_their_own),
		cmocka_unit_test(printed_without_secrets),
	};

	return cmocka_run_group_tests_name("ppg_config", tests, make_file, remove_file);
}
