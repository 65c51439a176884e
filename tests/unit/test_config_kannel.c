/* test_config_kannel.c - files of Kannel's: what they mean here, what is said of them, and whom links serve. */
#include "tests/unit/config_fixture.h"

#include "ppg/access.h"

/* A file that Kannel's own documentation could show. */
static void
a_file_of_kannels(void **state)
{
	static const char text[] = "group = core\nadmin-port = 13000\nadmin-password = geheim\nsmsbox-port = 13001\n"
		"wapbox-port = 13002\nbox-deny-ip = \"*.*.*.*\"\nbox-allow-ip = \"127.0.0.1\"\nlog-level = 4\n\n"
		"group = wapbox\nbearerbox-host = localhost\n\n"
		"group = smsbox\nbearerbox-host = localhost\nsendsms-port = 13013\n\n"
		"group = sendsms-user\nusername = tester\npassword = foobar\n\n"
		"group = smsc\nsmsc = smpp\nsmsc-id = a\nhost = 127.0.0.1\nport = 2345\nsystem-type = VMA\n"
		"address-range = \"\"\nsmsc-username = foo\nsmsc-password = bar\ninterface-version = 34\n"
		"transceiver-mode = 0\nsource-addr-ton = 1\n\n"
		"group = ppg\nppg-url = /wappush\nppg-port = 8080\nconcurrent-pushes = 100\ntrusted-pi = 1\nusers = 1024\n";
	struct ppg_config *c;
	struct sbuf own = { 0 };

	c = good(text);
	assert_int_equal(c->n_links, 1);
	assert_int_equal(c->links[0].smsc.kind, SMSC_BEARERBOX);
	assert_string_equal(c->links[0].smsc.smsc_id, "bearerbox");
	assert_string_equal(c->links[0].smsc.host, "localhost");
	assert_int_equal(c->links[0].smsc.port, 13001);
	assert_string_equal(c->links[0].smsc.system_id, "openppg");
	assert_false(c->links[0].delivered_on_submit);
	assert_non_null(strstr(notices.s, "X:11: group wapbox, bearerbox-host: pushes go through this bearerbox"));
	ppg_config_free(&c);
	sbuf_fmt(&own, "%sown-links = true\n", text);
	c = good(own.s);
	sbuf_done(&own);
	assert_true(c->trusted_pi);
	assert_int_equal(c->n_initiators, 0);
	assert_int_equal(c->log_level, LOG_LEVEL_ERROR);
	assert_true(c->links[0].smsc.transmitter_only);
	assert_true(c->links[0].delivered_on_submit);
	assert_non_null(strstr(notices.s, "X:13: group smsbox: is not used here\n"));
	assert_non_null(strstr(notices.s, "X:37: group ppg, concurrent-pushes: is not used here: "));
	assert_non_null(strstr(notices.s, "X:31: group smsc, transceiver-mode: a transmitter gets no receipts"));
	assert_null(strstr(notices.s, "geheim"));
	assert_null(strstr(notices.s, "foobar"));
	ppg_config_free(&c);
}

/* A file that Kannel runs with, and keys that it leaves out. */
static void
defaults_that_differ_from_kannels(void **state)
{
#define TAKEN " is not written: Kannel's default is "
	static const struct { const char *text, *notices; } rows[] = {
		{ PI SMSC PPG, "" },
		{ PI SMSC PPG "group = core\nlog-level = 5\n", "" },
		{ PI SMSC PPG "group = core\nadmin-port = 13000\n",
		  "X:12: group core, admin-port: is not used here: the admin port of ppgd is group admin\n"
		  "X:10: group ppg, trusted-pi:" TAKEN "\"true\", ppgd's is \"false\"\n"
		  "X:5: group smsc, transceiver-mode:" TAKEN "\"false\", ppgd's is \"true\"\n"
		  "X:5: group smsc, system-type:" TAKEN "\"VMA\", ppgd's is \"\"\n"
		  "X:5: group smsc, esm-class:" TAKEN "\"3\", ppgd's is \"0\"\n" },
		{ PI SMSC "esm-class = 0\nsystem-type = \"\"\n" PPG "trusted-pi = false\ngroup = wapbox\n",
		  "X:5: group smsc, transceiver-mode:" TAKEN "\"false\", ppgd's is \"true\"\n" },
		{ PI SMSC "system-type = \"\"\nesm-class = 3\ntransceiver-mode = on\n" PPG "trusted-pi = false\ngroup = wapbox\n", "" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ppg_config *c = good(rows[i].text);

		if (strcmp(notices.s, rows[i].notices) != 0)
			fail_msg("row %zu: %s", i, notices.s);
		ppg_config_free(&c);
	}
}

/* Pushes through a bearerbox: which of its ports, what its links are called, and links of this kind of our own. */
static void
a_bearerbox_carries_pushes(void **state)
{
#define BOX "group = wapbox\nbearerbox-host = box.example.net\n"
	struct ppg_config *c = good(PPG "default-smsc = At-1\nglobal-sender = 1234\n" PI BOX "group = core\nwapbox-port = 2\n"
	    "group = smsc\nsmsc = at\nsmsc-id = at-1\ndevice = /dev/ttyS0\n");

	assert_int_equal(c->n_links, 1);
	assert_int_equal(c->links[0].smsc.port, 2);
	assert_string_equal(c->links[0].smsc.source_addr, "1234");
	ppg_config_free(&c);
	assert_int_equal(load(PPG "default-smsc = other\n" PI BOX "group = core\nsmsbox-port = 1\n" SMSC, &c), ERR_SYNTAX);
	assert_non_null(strstr(errors.s, "group ppg, default-smsc: other is not"));
	assert_int_equal(load(PPG PI BOX SMSC, &c), ERR_SYNTAX);
	assert_non_null(strstr(errors.s, "group wapbox, bearerbox-host: group core tells no smsbox-port and no wapbox-port"));
	c = good(PPG PI SMSC "group = smsc\nsmsc = bearerbox\nhost = box.example.net\nport = 13001\nsmsc-id = box\n");
	assert_int_equal(c->links[1].smsc.kind, SMSC_BEARERBOX);
	assert_string_equal(c->links[1].smsc.system_id, "openppg");
	ppg_config_free(&c);
	c = good(PPG PI SMSC "group = smsc\nsmsc = udp\nsmsc-id = ip\nallow = 10.0.0.0/8\n");
	assert_int_equal(c->links[1].smsc.kind, SMSC_UDP);
	assert_int_equal(c->links[1].smsc.port, 2948);
	assert_int_equal(c->links[1].smsc.source_port, 9200);
	assert_int_equal(c->links[1].smsc.max_datagram, 1400);
	assert_string_equal(c->links[1].smsc.bearer, "GPRS");
	assert_true(c->links[1].delivered_on_submit);
	ppg_config_free(&c);
	assert_int_equal(load(PPG PI "group = smsc\nsmsc = udp\nsmsc-id = ip\n", &c), ERR_SYNTAX);
	assert_non_null(strstr(errors.s, "group smsc, allow: this key is required and missing"));
	assert_int_equal(load(PPG PI "group = smsc\nsmsc = udp\nsmsc-id = ip\nallow = x\ndelivered-on = receipt\n", &c),
	    ERR_SYNTAX);
	assert_non_null(strstr(errors.s, "group smsc, allow: "));
	assert_non_null(strstr(errors.s, "group smsc, delivered-on: UDP has no receipts"));
	assert_int_equal(load(PPG PI "group = smsc\nsmsc = bearerbox\nhost = box.example.net\n", &c), ERR_SYNTAX);
	assert_non_null(strstr(errors.s, "group smsc, port: this key is required and missing"));
#undef BOX
}

static void
links_and_whom_they_serve(void **state)
{
	struct ppg_config *c = good(PPG "default-smsc = PREMIUM\n" PI SMSC "smsc-id = a\nallowed-smsc-id = \"x; Premium\"\n"
	    "msg-id-type = 0x01\ninterface-version = 34\n" "group = smsc\nsmsc = smpp\nhost = h\nport = 2\n"
	    "smsc-username = u\nsmsc-id = b\ndenied-smsc-id = x\npreferred-smsc-id = y\nnetwork = ansi-136\nbearer = GHOST/R_DATA\n"
	    "msg-id-type = 2\n");
	const struct smsc_config *a = &c->links[0].smsc, *b = &c->links[1].smsc;

	assert_string_equal(notices.s, "");
	assert_string_equal(c->default_smsc, "PREMIUM");
	assert_string_equal(a->allowed_smsc_id, "x; Premium");
	assert_string_equal(a->denied_smsc_id, "");
	assert_string_equal(a->preferred_smsc_id, "");
	assert_string_equal(a->network, "GSM");
	assert_string_equal(a->bearer, "SMS");
	assert_int_equal(a->receipt_ids, SMSC_IDS_DECIMAL);
	assert_string_equal(b->denied_smsc_id, "x");
	assert_string_equal(b->preferred_smsc_id, "y");
	assert_string_equal(b->network, "ansi-136");
	assert_string_equal(b->bearer, "GHOST/R_DATA");
	assert_int_equal(b->receipt_ids, SMSC_IDS_HEX);
	ppg_config_free(&c);
	c = good(PPG "default-smsc = H:1\n" PI SMSC "msg-id-type = 3\n");
	assert_int_equal(c->links[0].smsc.receipt_ids, SMSC_IDS_ALIKE);
	ppg_config_free(&c);
	c = good(PPG "default-smsc = y\n" PI SMSC "preferred-smsc-id = x;y;z\n");
	assert_int_equal(c->links[0].smsc.receipt_ids, SMSC_IDS_ALIKE);
	ppg_config_free(&c);
	c = good(MINIMAL "allowed-smsc-id = x\ndenied-smsc-id = y\ninterface-version = 33\n");
	assert_string_equal(notices.s, "X:12: group smsc, denied-smsc-id: means nothing beside allowed-smsc-id\n");
	assert_int_equal(c->links[0].smsc.interface_version, 0x33);
	ppg_config_free(&c);
}

static void
sessions_of_a_link(void **state)
{
	struct ppg_config *c = good(MINIMAL "receive-port = 2776\ninstances = 3\n");
	const struct smsc_config *cf = &c->links[0].smsc;

	assert_true(cf->transmitter_only);
	assert_int_equal(cf->receive_port, 2776);
	assert_int_equal(cf->instances, 3);
	assert_false(c->links[0].delivered_on_submit);
	assert_string_equal(notices.s, "");
	ppg_config_free(&c);
	c = good(MINIMAL "receive-port = 2776\ntransceiver-mode = yes\n");
	assert_false(c->links[0].smsc.transmitter_only);
	assert_int_equal(c->links[0].smsc.receive_port, 0);
	assert_int_equal(c->links[0].smsc.instances, 1);
	assert_string_equal(notices.s,
	    "X:11: group smsc, receive-port: a transceiver receives on the port it sends on\n");
	ppg_config_free(&c);
}

#define OUTBIND MINIMAL "outbind-port = 2776\noutbind-allow = 10.0.0.0/8\noutbind-password = hello\n"

static void
an_smsc_that_comes(void **state)
{
	static const struct { const char *text, *error; } rows[] = {
		{ MINIMAL "outbind-port = 2776\n", "X:6: group smsc, outbind-allow: required with outbind-port, and missing\n"
		    "X:6: group smsc, outbind-password: required with outbind-port, and missing\n" },
		{ OUTBIND "outbind-host = localhost\n", "X:14: group smsc, outbind-host: localhost is no IP address\n" },
		{ OUTBIND "use-ssl = true\nssl-pinned-key = "
		    "0000000000000000000000000000000000000000000000000000000000000000\n",
		    "X:11: group smsc, outbind-port: an outbind comes without TLS: give it a link without use-ssl\n" },
		{ OUTBIND "\ngroup = smsc\nsmsc = smpp\nsmsc-id = two\nsmsc-username = u\noutbind-port = 2776\n"
		    "outbind-allow = 10.0.0.0/8\noutbind-password = hello\noutbind-bind = transceiver\n",
		    "X:19: group smsc, outbind-port: the link at X:6 waits on this port already\n" },
		{ PPG PI "group = smsc\nsmsc = smpp\nsmsc-username = u\noutbind-port = 1\noutbind-allow = 10.0.0.0/8\n"
		    "outbind-password = h\noutbind-bind = transceiver\n",
		    "X:6: group smsc, smsc-id: a link without host needs a name\n" },
		{ PPG PI "group = smsc\nsmsc = smpp\nsmsc-id = x\nsmsc-username = u\noutbind-port = 1\n"
		    "outbind-allow = 10.0.0.0/8\noutbind-password = h\n",
		    "X:6: group smsc, outbind-bind: a receiver sends nothing: name the host and port of the SMSC, or say transceiver\n" },
	};
	struct ppg_config *c = good(OUTBIND);
	size_t i;

	assert_int_equal(c->links[0].smsc.outbind_port, 2776);
	assert_string_equal(c->links[0].smsc.outbind_host, "0.0.0.0");
	assert_string_equal(c->links[0].smsc.outbind_id, "");
	assert_string_equal(c->links[0].smsc.outbind_password, "hello");
	assert_string_equal(c->links[0].smsc.outbind_allow, "10.0.0.0/8");
	assert_false(c->links[0].smsc.outbind_transceiver);
	ppg_config_free(&c);
	c = good(OUTBIND "transceiver-mode = false\n");	/* its receipts come over the other session */
	assert_false(c->links[0].delivered_on_submit);
	ppg_config_free(&c);
	c = good(MINIMAL "outbind-bind = transceiver\n");
	assert_string_equal(notices.s, "X:11: group smsc, outbind-bind: not used without outbind-port\n");
	assert_int_equal(c->links[0].smsc.outbind_port, 0);
	ppg_config_free(&c);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(load(rows[i].text, &c), ERR_SYNTAX);
		assert_string_equal(errors.s, rows[i].error);
	}
}

/* Of group core: for those who push without a login as well. */
static void
numbers_nobody_may_push_to(void **state)
{
	struct ppg_config *c = good("group = core\nblack-list-receiver-regex = \"^[+]1202\"\n" PPG "trusted-pi = true\n" PI SMSC);
	struct initiators *set = ppg_config_take_initiators(c);
	static const char *const names[] = { "a", "trusted" };
	struct why why;
	size_t i;

	ppg_config_free(&c);
	for (i = 0; i < 2; i++) {
		const struct initiator *who = initiators_find(set, names[i]);

		assert_int_equal(access_number(who, "+12025550123", &why), ACCESS_NUMBER_LIST);
		assert_string_equal(why.text, "on the black-list of the gateway");
		assert_int_equal(access_number(who, "+13025550123", &why), ACCESS_OK);
	}
	initiators_unref(set);
	c = good("group = core\nwhite-list-receiver-regex = \"^[+]1202\"\n" PPG PI SMSC);
	ppg_config_free(&c);	/* with what was not taken */
	assert_int_equal(load("group = core\nblack-list-receiver = http://example.net/x\n" PPG PI SMSC, &c), ERR_SYNTAX);
	assert_string_equal(errors.s, "X:2: group core, black-list-receiver: http://example.net/x is a URL; fetch the "
	    "list into a file and name that\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_of_kannels),
		cmocka_unit_test(defaults_that_differ_from_kannels),
		cmocka_unit_test(a_bearerbox_carries_pushes),
		cmocka_unit_test(links_and_whom_they_serve),
		cmocka_unit_test(sessions_of_a_link),
		cmocka_unit_test(an_smsc_that_comes),
		cmocka_unit_test(numbers_nobody_may_push_to),
	};

	return cmocka_run_group_tests_name("config_kannel", tests, make_file, remove_file);
}
