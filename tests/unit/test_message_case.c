/* test_message_case.c - messages as policy cases: what their headers and bodies become, and what is masked. */
#include "tests/unit/test.h"

#include <string.h>

#include "policy/policy.h"
#include "ppg/message_case.h"

#define CP "text/vnd.wap.connectivity-xml"
#define MAC40 "0123456789ABCDEF0123456789ABCDEF01234567"

/* Compared as they are printed; `want` has ' instead of ". */
static void
check_json(json_t *got, const char *want)
{
	struct sbuf text = { 0 };
	char *p;

	assert_non_null(got);
	json_print(got, &text);
	for (p = text.s; *p != '\0'; p++)
		if (*p == '"')
			*p = '\'';
	assert_string_equal(text.s, want);
	sbuf_done(&text);
}

static void
signatures(void **state)
{
	static const struct { const char *sec, *mac; bool wrong; const char *want_sec, *want_mac; } rows[] = {
		{ NULL, NULL, false, NULL, NULL },
		{ "USERPIN", MAC40, false, "userpin", "ok" },
		{ "0", MAC40, true, "netwpin", "wrong" },
		{ "2", MAC40, false, "usernetwpin", "ok" },
		{ "NETWPIN", NULL, false, "netwpin", NULL },
		{ "NETWPIN", "12", false, "netwpin", NULL },	/* malformed: as if there were none */
		{ "USERPINMAC", "12", false, "userpinmac", "ok" },
		{ NULL, MAC40, false, NULL, "ok" },
		{ NULL, "12", false, NULL, "ok" },
		{ "4", MAC40, false, NULL, "ok" },
		{ "4", NULL, false, NULL, "ok" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct message_head head = { .media = CP, .from = "1", .push_flag = -1, .sec = rows[i].sec,
			.mac = rows[i].mac, .mac_wrong = rows[i].wrong };
		json_t *m = message_case(&head, NULL);
		const char *sec = json_text(m, "sec"), *mac = json_text(m, "mac");

		if (rows[i].want_sec == NULL ? sec != NULL : sec == NULL || strcmp(sec, rows[i].want_sec) != 0)
			fail_msg("row %zu: sec is %s", i, sec);
		if (rows[i].want_mac == NULL ? mac != NULL : mac == NULL || strcmp(mac, rows[i].want_mac) != 0)
			fail_msg("row %zu: mac is %s", i, mac);
		json_decref(m);
	}
}

static void
headers(void **state)
{
	struct message_head head = { .media = "text/vnd.wap.si", .push_flag = -1, .app_id = "", .initiator_uri = "" };
	struct why why = { 0 };
	json_t *m = message_case(&head, &why);

	check_json(m, "{'bearer':'sms','content_type':'text/vnd.wap.si'}");
	json_decref(m);
	head = (struct message_head){ .bearer = "ip", .from = "192.0.2.1", .from_ton = "unknown", .media = "a/b",
		.app_id = "x-wap-application:mms.ua", .initiator_uri = "https://tps.example.net/", .push_flag = 0 };
	m = message_case(&head, &why);
	check_json(m, "{'bearer':'ip','from':'192.0.2.1','from_ton':'unknown','content_type':'a/b',"
	    "'app_id':'x-wap-application:mms.ua','push_flag':0,'initiator_uri':'https://tps.example.net/'}");
	json_decref(m);
	head.from = "\xFF";
	assert_null(message_case(&head, &why));
	assert_string_equal(why.text, "the sender is not UTF-8");
}

/* Of each row's parm: does its value leave? */
static void
values_of_settings(void **state)
{
	static const struct { const char *path, *parm; bool told; } rows[] = {
		{ "SecurityPolicy", "4109", true }, { "SecurityPolicyX", "4109", false },
		{ "BOOTSTRAP", "PROVURL", true }, { "BOOTSTRAP", "NAME", false },
		{ "PXLOGICAL", "PROXY-ID", true }, { "PXLOGICAL", "TRUST", true }, { "PXLOGICAL", "trust", true },
		{ "PXLOGICAL", "PUSHENABLED", true }, { "PXLOGICAL", "PROXY-PW", false }, { "PXLOGICAL", "STARTPAGE", false },
		{ "PXLOGICAL", "PROXYAUTH", false }, { "PXLOGICALPXAUTHINFO", "PXAUTH-PW", false },
		{ "APPLICATION", "APPID", true }, { "APPLICATION", "ROLE", true }, { "APPLICATION", "ADDR", false },
		{ "APPLICATION", "AAUTHSECRET", false }, { "APPAUTH", "AAUTHSECRET", false }, { "APPAUTH", "AAUTHNAME", false },
		{ "NAPDEF", "AUTHSECRET", false }, { "NAPAUTHINFO", "AUTHSECRET", false }, { "Registry", "ROLE", false },
		{ "Metabase", "RWAccess", false }, { "CertificateStore", "Role", false },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sbuf doc = { 0 }, whole = { 0 };
		json_t *masked = json_object(), *all = json_object();
		struct why why;
		bool told;

		sbuf_fmt(&doc, "<wap-provisioningdoc><characteristic type=\"%s\"><parm name=\"%s\" value=\"hidden\"/>"
		    "</characteristic></wap-provisioningdoc>", rows[i].path, rows[i].parm);
		assert_int_equal(message_case_body(masked, CP, sbuf_as_span(&doc), true, &why), OK);
		assert_int_equal(message_case_body(all, CP, sbuf_as_span(&doc), false, &why), OK);
		json_print(masked, &whole);
		told = strstr(whole.s, "hidden") != NULL;
		if (told != rows[i].told || strstr(whole.s, rows[i].parm) == NULL)
			fail_msg("%s of %s: %s", rows[i].parm, rows[i].path, whole.s);
		sbuf_clear(&whole);
		json_print(all, &whole);
		assert_non_null(strstr(whole.s, "hidden"));
		json_decref(masked);
		json_decref(all);
		sbuf_done(&doc);
		sbuf_done(&whole);
	}
}

static void
nested_settings(void **state)
{
	static const char doc[] = "<wap-provisioningdoc><characteristic type=\"PXLOGICAL\">"
	    "<characteristic type=\"PXAUTHINFO\"><parm name=\"PXAUTH-PW\" value=\"hidden\"/></characteristic>"
	    "<characteristic type=\"PXPHYSICAL\"><parm name=\"PXADDR\" value=\"192.0.2.1\"/><parm name=\"DOMAIN\" value=\"d\"/>"
	    "</characteristic></characteristic><characteristic type=\"CertificateStore\"><characteristic type=\"SPC\">"
	    "<characteristic type=\"0123\"><parm name=\"EncodedCertificate\" value=\"c\"/><parm name=\"Role\" value=\"8\"/>"
	    "<parm name=\"PrivateKey\" value=\"hidden\"/></characteristic></characteristic></characteristic>"
	    "<nocharacteristic type=\"APPLICATION\"/></wap-provisioningdoc>";
	json_t *m = json_object();
	struct why why;

	assert_int_equal(message_case_body(m, CP, span_str(doc), true, &why), OK);
	check_json(m, "{'settings':[{'path':'PXLOGICAL','parms':{}},"
	    "{'path':'PXLOGICAL/PXAUTHINFO','parms':{'PXAUTH-PW':''}},"
	    "{'path':'PXLOGICAL/PXPHYSICAL','parms':{'PXADDR':'192.0.2.1','DOMAIN':''}},"
	    "{'path':'CertificateStore','parms':{}},{'path':'CertificateStore/SPC','parms':{}},"
	    "{'path':'CertificateStore/SPC/0123','parms':{'EncodedCertificate':'c','Role':'8','PrivateKey':''}},"
	    "{'path':'APPLICATION','parms':{},'delete':true}]}");
	json_decref(m);
}

/* SecurityPolicy 4109 twice and a third parm: each value is in an entry, the first has the first ones. */
static void
repeated_parms(void **state)
{
	static const char doc[] = "<wap-provisioningdoc><characteristic type=\"SecurityPolicy\">"
	    "<parm name=\"4109\" value=\"1\"/><parm name=\"4110\" value=\"2\"/><parm name=\"4109\" value=\"3\"/>"
	    "<parm name=\"4111\" value=\"4\"/></characteristic></wap-provisioningdoc>";
	struct sbuf many = { 0 };
	json_t *m = json_object();
	struct why why;
	int i;

	assert_int_equal(message_case_body(m, CP, span_str(doc), true, &why), OK);
	check_json(m, "{'settings':[{'path':'SecurityPolicy','parms':{'4109':'1','4110':'2'}},"
	    "{'path':'SecurityPolicy','parms':{'4109':'3','4110':'2','4111':'4'}}]}");
	json_decref(m);

	/* copies are bounded, and more than decisions take */
	sbuf_str(&many, "<wap-provisioningdoc><characteristic type=\"SecurityPolicy\">");
	for (i = 0; i < 3000; i++)
		sbuf_str(&many, "<parm name=\"4109\" value=\"1\"/>");
	sbuf_str(&many, "</characteristic></wap-provisioningdoc>");
	m = json_object();
	assert_int_equal(message_case_body(m, CP, sbuf_as_span(&many), true, &why), OK);
	assert_in_range(json_array_size(json_object_get(m, "settings")), POLICY_SETTINGS_MAX + 1, POLICY_SETTINGS_MAX + 2);
	json_decref(m);
	sbuf_done(&many);
}

static void
links(void **state)
{
	static const struct { const char *href, *shown; } rows[] = {
		{ "http://www.example.net/a?b#c", "http://www.example.net/" },
		{ "https://www.example.net", "https://www.example.net/" },
		{ "HTTPS://u:p@www.example.net:8443/x", "HTTPS://www.example.net:8443/" },
		{ "https://u@p@www.example.net", "https://www.example.net/" },
		{ "https://www.example.net?ticket@x", "https://www.example.net/" },
		{ "https://www.example.net\\ticket@x", "https://www.example.net/" },
		{ "tel:+12025550100", "tel:" }, { "https:ticket", "https:" }, { "ticket", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		json_t *masked = json_object(), *all = json_object();
		struct sbuf sl = { 0 };
		struct why why;
		const char *got;

		sbuf_fmt(&sl, "<sl href=\"%s\"/>", rows[i].href);
		assert_int_equal(message_case_body(all, "text/vnd.wap.sl", sbuf_as_span(&sl), false, &why), OK);
		assert_string_equal(json_text(all, "href"), rows[i].href);
		assert_int_equal(message_case_body(masked, "text/vnd.wap.sl", sbuf_as_span(&sl), true, &why), OK);
		got = json_text(masked, "href");
		if (rows[i].shown == NULL ? got != NULL : got == NULL || strcmp(got, rows[i].shown) != 0)
			fail_msg("%s became %s", rows[i].href, got);
		json_decref(masked);
		json_decref(all);
		sbuf_done(&sl);
	}
}

/* What is cut off is refused, and the sentence repeats no value. */
static void
bodies_that_are_none(void **state)
{
	static const char doc[] = "<wap-provisioningdoc><characteristic type=\"PXLOGICAL\"><parm name=\"PROXY-PW\""
	    " value=\"hidden\"/></characteristic></wap-provisioningdoc>";
	json_t *m = json_object();
	struct why why;
	size_t n;

	for (n = 0; n < sizeof doc - 1; n++) {
		assert_int_not_equal(message_case_body(m, CP, span_of((const uint8_t *)doc, n), true, &why), OK);
		assert_null(strstr(why.text, "hidden"));
	}
	assert_int_equal(json_object_size(m), 0);
	assert_int_equal(message_case_body(m, "application/octet-stream", span_of((const uint8_t *)doc, 9), true, &why), OK);
	assert_int_equal(json_object_size(m), 0);
	json_decref(m);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures),
		cmocka_unit_test(headers),
		cmocka_unit_test(values_of_settings),
		cmocka_unit_test(nested_settings),
		cmocka_unit_test(repeated_parms),
		cmocka_unit_test(links),
		cmocka_unit_test(bodies_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
