/* test_router.c - whole messages through the push router: live ones, signed ones, broken ones. */
#include "tests/unit/test.h"

#include "base/text.h"
#include "router/pushrouter.h"
#include "tests/unit/profile_files.h"
#include "wap/content.h"

#define COUNT(a) (sizeof (a) / sizeof (a)[0])

enum { PDU_MAX = 4096, PARTS_MAX = 8 };

static const struct router_path from_gateway = { "+12025550100", "+12025550123", TON_UNKNOWN, false };
static const struct router_path from_stranger = { "+12025550199", "+12025550123", TON_UNKNOWN, false };

/* ---- devices ------------------------------------------------------------------------------------ */

/* +12025550100 is a trusted push proxy; PIN 1234, IMSI 001010123456789. */
static void
device(struct router_device *dev, const char *profile)
{
	assert_int_equal(router_device_init(dev, profile, profile_files(), NULL), OK);
	dev->policy.proxies[0] = (struct policy_proxy){ .id = "P1", .address = "+12025550100",
		.trust = true, .push = true };
	dev->policy.n_proxies = 1;
	strcpy(dev->policy.provurl, "https://tps.example.net/cp");
	assert_int_equal(router_device_set_imsi(dev, "001010123456789", NULL), OK);
	assert_int_equal(router_device_add_pin(dev, "1234", NULL), OK);
}

static void
set(struct router_device *dev, uint32_t id, uint32_t value)
{
	assert_int_equal(policy_set(&dev->policy, id, value, NULL), OK);
}

/* Signed documents of anybody pass, and whoever signs them is manager. */
static void
open_device(struct router_device *dev, const char *profile)
{
	static const uint32_t gates[] = { 4107, 4111, 4141, 4142, 4143 };
	size_t i;

	device(dev, profile);
	for (i = 0; i < COUNT(gates); i++)
		set(dev, gates[i], 4096);
	set(dev, 4119, 4096);
	set(dev, 4132, 1);
}

/* ---- messages -------------------------------------------------------------------------------------- */

struct pdu {
	uint8_t octets[PDU_MAX];
	size_t n;
};

/* A push of this type with up to three headers "Name: value". */
static struct pdu
push(const char *type, const char *const *headers, struct span body)
{
	uint8_t block[1024];
	struct wbuf hw = wbuf_into(block, sizeof block), w;
	struct pdu out;
	struct why why;

	assert_int_equal(wsp_content_type_encode(&hw, span_str(type), &why), OK);
	for (; headers && *headers; headers++) {
		const char *colon = strchr(*headers, ':');

		assert_int_equal(wsp_header_encode(&hw, span_of(*headers, (size_t)(colon - *headers)),
		    span_str(colon + 2), &why), OK);
	}
	w = wbuf_into(out.octets, sizeof out.octets);
	wsp_push_encode(&w, &(struct wsp_push){ 1, WSP_PDU_PUSH, wbuf_span(&hw), body });
	assert_int_equal(w.err, OK);
	out.n = w.n;
	return out;
}

/* A provisioning document signed by `sec` with these secrets (NULL: not used). */
static struct pdu
signed_push(enum prov_sec sec, const char *imsi, const char *pin, struct span body)
{
	uint8_t network[PROV_KEY_MAX], key[PROV_KEY_MAX];
	char type[128], mac[PROV_MAC_HEX + 1];
	size_t n_network = 0, n;

	if (imsi)
		assert_int_equal(prov_network_key(imsi, network, &n_network, NULL), OK);
	assert_int_equal(prov_key(sec, span_of(network, n_network), pin, key, &n, NULL), OK);
	prov_mac(span_of(key, n), body, mac);
	snprintf(type, sizeof type, "text/vnd.wap.connectivity-xml; SEC=%s; MAC=%s", prov_sec_name(sec),
	    mac);
	return push(type, NULL, body);
}

/* One decision on a router of its own. */
static struct policy_decision
decide(const struct router_device *dev, const struct router_path *path, const struct pdu *p)
{
	struct router *r = router_create(dev, false);
	struct router_result res;
	struct policy_decision d;

	router_datagram(r, path, span_of(p->octets, p->n), &res);
	assert_true(res.is_push);
	d = res.decision;
	router_destroy(&r);
	return d;
}

#define PROV_DOC(inner) "<wap-provisioningdoc version=\"1.1\">" inner "</wap-provisioningdoc>"
static const char policy_doc[] = PROV_DOC("<characteristic type=\"SecurityPolicy\">"
    "<parm name=\"4109\" value=\"3136\"/></characteristic>");
static const char dm_type[] = "application/vnd.wap.connectivity-wbxml";

/* Nested a thousand deep, as text and as WBXML: malformed where it would be read, unread where not. */
static void
deep_documents(void **state)
{
	static const char head[] = { 0x03, 0x0B, 0x6A, 0x00, 0x45 };
	struct router_device open, closed;
	struct sbuf body = { 0 };
	struct pdu p;
	int i;

	assert_int_equal(router_device_init(&open, "wm5", profile_files(), NULL), OK);
	closed = open;
	policy_set(&open.policy, 4111, ROLE_ALL, NULL);
	sbuf_put(&body, head, sizeof head);
	for (i = 0; i < 1000; i++)
		sbuf_char(&body, 0x46);
	for (i = 0; i < 1001; i++)
		sbuf_char(&body, 0x01);
	p = push(dm_type, NULL, sbuf_as_span(&body));
	assert_int_equal(decide(&open, &from_gateway, &p).code, 2);
	assert_int_equal(decide(&closed, &from_gateway, &p).code, 14);
	sbuf_clear(&body);
	sbuf_str(&body, "<wap-provisioningdoc>");
	for (i = 0; i < 1000; i++)
		sbuf_str(&body, "<a>");
	p = push("text/vnd.wap.connectivity-xml", NULL, sbuf_as_span(&body));
	assert_int_equal(decide(&open, &from_gateway, &p).code, 2);
	assert_int_equal(decide(&closed, &from_gateway, &p).code, 14);
	sbuf_done(&body);
}

/* ---- live messages ------------------------------------------------------------------------------------- */

struct lines {
	uint8_t octets[PARTS_MAX][512];
	size_t length[PARTS_MAX], n;
};

static void
read_lines(const char *name, struct lines *out)
{
	char path[512], line[2048];
	FILE *f;

	snprintf(path, sizeof path, TOP_SRCDIR "/tests/vectors/router/%s.hex", name);
	f = fopen(path, "r");
	assert_non_null(f);
	for (out->n = 0; fgets(line, sizeof line, f) != NULL; out->n++) {
		line[strcspn(line, "\n")] = '\0';
		assert_in_range(out->n, 0, PARTS_MAX - 1);
		assert_int_equal(text_hex(span_str(line), out->octets[out->n], &out->length[out->n], NULL),
		    OK);
	}
	fclose(f);
}

static struct span
part(const struct lines *l, size_t i)
{
	return span_of(l->octets[i], l->length[i]);
}

static void
operator_r1(void **state)
{
	static const size_t orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 },
		{ 2, 1, 0 } };
	static const struct router_path path = { "Claro", "+12025550123", TON_ALPHANUMERIC, false };
	struct router_device dev;
	struct lines l;
	size_t i, k;

	read_lines("operator-r1", &l);
	assert_int_equal(l.n, 3);
	open_device(&dev, "wm5");
	for (i = 0; i < COUNT(orders); i++) {
		struct router *r = router_create(&dev, false);
		struct router_result res;
		struct why why;

		for (k = 0; k < 2; k++) {
			assert_int_equal(router_sms(r, &path, part(&l, orders[i][k]), &res, &why), ERR_BUSY);
			/* the network repeats a part */
			assert_int_equal(router_sms(r, &path, part(&l, orders[i][k]), &res, &why), ERR_BUSY);
		}
		assert_int_equal(router_waiting(r), 1);
		assert_int_equal(router_sms(r, &path, part(&l, orders[i][2]), &res, &why), OK);
		assert_int_equal(router_waiting(r), 0);
		assert_int_equal(res.segments, 3);
		assert_int_equal(res.dst_port, 2948);
		assert_int_equal(res.body.n, 327);
		assert_string_equal(res.info->type.media, dm_type);
		assert_int_equal(res.decision.outcome, OUTCOME_APPLY_AFTER_PIN);
		assert_int_equal(res.decision.mask, 4096 | 16);
		assert_string_equal(res.decision.client, "configuration manager");
		assert_string_equal(res.settings[0].path, "BOOTSTRAP");
		router_destroy(&r);
	}
}

static void
live_pins(void **state)
{
	static const struct { const char *pins[4]; int code; } rows[] = {
		{ { "1111" },                 0 },
		{ { "1112", "0000", "1111" }, 0 },
		{ { "1112", "0000", "2222", "1111" }, 10 },	/* 4105 is 3 */
		{ { "1112" },                 9 },		/* knows no other: gives up */
		{ { NULL },                   9 },
		{ { "11110" , "01111", "2222" }, 10 },
	};
	struct lines l;
	size_t i, k;

	read_lines("operator-r2", &l);
	assert_int_equal(l.n, 1);
	for (i = 0; i < COUNT(rows); i++) {
		struct router_device dev;
		struct router *r;
		struct router_result res;

		open_device(&dev, "wm6x");
		dev.n_pins = 0;
		for (k = 0; k < 4 && rows[i].pins[k]; k++)
			assert_int_equal(router_device_add_pin(&dev, rows[i].pins[k], NULL), OK);
		r = router_create(&dev, false);
		router_datagram(r, &from_stranger, part(&l, 0), &res);
		if (res.decision.code != rows[i].code)
			fail_msg("row %zu: P%02d", i, res.decision.code);
		assert_int_equal(res.decision.outcome,
		    rows[i].code ? OUTCOME_DISCARD : OUTCOME_APPLY_AFTER_PIN);
		/* the document is parsed once its MAC was right, not before */
		assert_int_equal(res.n_settings > 0, rows[i].code == 0);
		router_destroy(&r);
	}
}

/* Each octet of the body is under the MAC. */
static void
changed_bodies_fail(void **state)
{
	struct router_device dev;
	struct lines l;
	size_t i, body;

	read_lines("operator-r2", &l);
	body = l.length[0] - 281;
	open_device(&dev, "wm5");
	strcpy(dev.pins[0], "1111");
	for (i = body; i < l.length[0]; i++) {
		struct router *r = router_create(&dev, false);
		struct router_result res;

		l.octets[0][i] ^= 0x20;
		router_datagram(r, &from_stranger, part(&l, 0), &res);
		assert_int_equal(res.decision.code, 9);
		assert_null(res.settings);
		l.octets[0][i] ^= 0x20;
		router_destroy(&r);
	}
}

/* ---- signatures ------------------------------------------------------------------------------------------- */

static void
signatures(void **state)
{
	static const char other_imsi[] = "001010123456780";
	static const struct {
		const char *profile;
		enum prov_sec sec;
		const char *imsi, *pin;
		int code;
		uint32_t mask;
	} rows[] = {
		{ "wm5",  PROV_SEC_NETWPIN,     "001010123456789", NULL,   0,  4096 | 512 | 256 | 4 },
		{ "wm5",  PROV_SEC_NETWPIN,     other_imsi,        NULL,   8,  4096 | 512 | 256 },
		{ "wm5",  PROV_SEC_USERPIN,     NULL,              "1234", 0,  4096 | 512 | 256 | 16 },
		{ "wm5",  PROV_SEC_USERPIN,     NULL,              "4321", 9,  4096 | 512 | 256 },
		{ "wm5",  PROV_SEC_USERNETWPIN, "001010123456789", "1234", 0,  4096 | 512 | 256 | 20 },
		{ "wm5",  PROV_SEC_USERNETWPIN, other_imsi,        "1234", 9,  4096 | 512 | 256 },
		{ "wm5",  PROV_SEC_USERNETWPIN, "001010123456789", "4321", 9,  4096 | 512 | 256 },
		{ "w10m", PROV_SEC_USERNETWPIN, "001010123456789", "1234", 0,  4096 | 512 | 256 | 20 },
	};
	struct router_device dev;
	struct policy_decision d;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct pdu p = signed_push(rows[i].sec, rows[i].imsi, rows[i].pin, span_str(policy_doc));

		open_device(&dev, rows[i].profile);
		d = decide(&dev, &from_gateway, &p);
		if (d.code != rows[i].code || d.mask != rows[i].mask)
			fail_msg("row %zu: P%02d, mask %u", i, d.code, d.mask);
	}
	{	/* a device without a network key takes no network PIN */
		struct pdu p = signed_push(PROV_SEC_NETWPIN, "001010123456789", NULL, span_str(policy_doc));

		open_device(&dev, "wm5");
		dev.n_network_key = 0;
		d = decide(&dev, &from_gateway, &p);
		assert_int_equal(d.code, 8);
	}
}

static void
ota_pins(void **state)
{
	struct pdu p = push("text/vnd.wap.connectivity-xml; SEC=USERPINMAC", NULL, span_str(policy_doc));
	struct router_device dev;
	struct policy_decision d;
	char ota[64];

	assert_int_equal(prov_ota_pin("13579", span_str(policy_doc), ota, sizeof ota, NULL), OK);
	open_device(&dev, "wm6x");
	dev.n_pins = 0;
	assert_int_equal(router_device_add_pin(&dev, ota, NULL), OK);
	d = decide(&dev, &from_gateway, &p);
	assert_int_equal(d.outcome, OUTCOME_APPLY_AFTER_PIN);
	dev.pins[0][9] = dev.pins[0][9] == '9' ? '0' : (char)(dev.pins[0][9] + 1);
	d = decide(&dev, &from_gateway, &p);
	assert_int_equal(d.code, 9);
	open_device(&dev, "wm5");
	d = decide(&dev, &from_gateway, &p);
	assert_int_equal(d.code, 22);
}

static void
malformed_signatures(void **state)
{
	static const struct { const char *type; int code; const char *says; } rows[] = {
		{ "text/vnd.wap.connectivity-xml; SEC=USERPIN", 2, "SEC and MAC" },
		{ "text/vnd.wap.connectivity-xml; MAC=6CD48BFD7FFC33183154734DF4434DA694E25E6A", 2, "SEC and MAC" },
		{ "text/vnd.wap.connectivity-xml; SEC=USERPIN; MAC=6CD48BFD7FFC33183154734DF4434DA694E25E6", 2, "39" },
		{ "text/vnd.wap.connectivity-xml; SEC=USERPIN; MAC=6CD48BFD7FFC33183154734DF4434DA694E25E6AA", 2, "41" },
		{ "text/vnd.wap.connectivity-xml; SEC=USERPIN; MAC=6CD48BFD7FFC33183154734DF4434DA694E25E6x", 2, "40" },
		{ "text/vnd.wap.connectivity-xml; SEC=USERPINMAC; MAC=6CD48BFD7FFC33183154734DF4434DA694E25E6A", 2, "SEC and MAC" },
		{ "text/vnd.wap.connectivity-xml; SEC=USERPIN; MAC=6CD48BFD7FFC33183154734DF4434DA694E25E6A", 9, "" },
		{ "text/vnd.wap.si; SEC=USERPIN", 0, "" },
	};
	static const char si[] = "<si><indication href=\"http://www.example.com/\">x</indication></si>";
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct pdu p = push(rows[i].type, (const char *[]){ "Push-Flag: 1", NULL }, span_str(si));
		struct router_device dev;
		struct router *r;
		struct router_result res;

		open_device(&dev, "wm5");
		r = router_create(&dev, false);
		router_datagram(r, &from_gateway, span_of(p.octets, p.n), &res);
		if (res.decision.code != rows[i].code || strstr(res.problem.text, rows[i].says) == NULL)
			fail_msg("row %zu: P%02d %s", i, res.decision.code, res.problem.text);
		router_destroy(&r);
	}
}

/* ---- what a body does ---------------------------------------------------------------------------------------- */

static void
types(void **state)
{
	static const struct {
		const char *type, *flag, *body;
		int code;
		const char *client;
	} rows[] = {
		{ "text/vnd.wap.si", "Push-Flag: 1",
		    "<si><indication href=\"http://www.example.com/\">x</indication></si>", 0, "SI client" },
		{ "text/vnd.wap.si", "Push-Flag: 0",
		    "<si><indication href=\"http://www.example.com/\">x</indication></si>", 13, "" },
		{ "text/vnd.wap.si", "Push-Flag: 1", "<si><indication>", 2, "" },
		{ "text/vnd.wap.si", "Push-Flag: 0", "<si><indication>", 13, "" },	/* not even opened */
		{ "application/vnd.wap.sic", "Push-Flag: 1", "\x02\x05\x6A", 2, "" },
		{ "text/vnd.wap.sl", "Push-Flag: 3", "<sl href=\"https://www.example.com/\"/>", 0,
		    "SL client" },
		{ "text/vnd.wap.sl", "Push-Flag: 3", "<sl href=\"http://www.example.com/\"/>", 17, "" },
		{ "text/vnd.wap.sl", "Push-Flag: 1", "<sl href=\"https://www.example.com/\"/>", 12, "" },
		{ "text/vnd.wap.connectivity-xml", "Push-Flag: 3", policy_doc, 15, "configuration manager" },
		{ "text/vnd.wap.connectivity-xml", "Push-Flag: 3", PROV_DOC(""), 0,
		    "configuration manager" },
		{ "text/vnd.wap.connectivity-xml", "Push-Flag: 3", "<wap-provisioningdoc>", 2, "" },
		{ "application/vnd.wap.connectivity-wbxml", "Push-Flag: 3", "\x03\x0B\x6A", 2, "" },
		{ "text/plain", "Push-Flag: 3", "hello", 11, "" },
		{ "application/vnd.wap.mms-message", "Push-Flag: 3", "hello", 2, "" },
	};
	struct router_device dev;
	size_t i;

	device(&dev, "wm5");
	for (i = 0; i < COUNT(rows); i++) {
		struct pdu p = push(rows[i].type, (const char *[]){ rows[i].flag, NULL },
		    span_str(rows[i].body));
		struct policy_decision d = decide(&dev, &from_gateway, &p);

		if (d.code != rows[i].code || strcmp(d.client, rows[i].client) != 0)
			fail_msg("row %zu: P%02d, %s", i, d.code, d.client);
	}
}

/* A document with a right MAC that cannot be read: found out after the PIN, not before. */
static void
bad_documents_are_found_late(void **state)
{
	struct pdu p = signed_push(PROV_SEC_USERPIN, NULL, "1234", span_str("<wap-provisioningdoc>"));
	struct router_device dev;
	struct router *r;
	struct router_result res;

	open_device(&dev, "wm5");
	r = router_create(&dev, false);
	router_datagram(r, &from_stranger, span_of(p.octets, p.n), &res);
	assert_int_equal(res.decision.code, 2);
	assert_int_equal(res.decision.mask, 4096 | 16);
	assert_true(res.problem.text[0] != '\0');
	router_destroy(&r);
	dev.n_pins = 0;
	r = router_create(&dev, false);
	router_datagram(r, &from_stranger, span_of(p.octets, p.n), &res);
	assert_int_equal(res.decision.code, 9);
	assert_int_equal(res.problem.text[0], '\0');
	router_destroy(&r);
}

/* The trusted provisioning server, and what repeated Push-Flags are worth. */
static void
trusted_server(void **state)
{
	static const struct { const char *headers[4]; int code; } rows[] = {
		{ { "Push-Flag: 3", "X-Wap-Initiator-URI: https://tps.example.net/cp" }, 0 },
		{ { "Push-Flag: 1", "X-Wap-Initiator-URI: https://TPS.example.net:443/cp/" }, 0 },
		{ { "Push-Flag: 2", "X-Wap-Initiator-URI: https://tps.example.net/cp" }, 15 },
		{ { "Push-Flag: 3", "X-Wap-Initiator-URI: https://other.example.net/cp" }, 15 },
		{ { "Push-Flag: 3" }, 15 },
		{ { "X-Wap-Initiator-URI: https://tps.example.net/cp" }, 15 },
		{ { "Push-Flag: 3", "Push-Flag: 2", "X-Wap-Initiator-URI: https://tps.example.net/cp" }, 15 },
	};
	struct router_device dev;
	size_t i;

	device(&dev, "wm5");
	for (i = 0; i < COUNT(rows); i++) {
		struct pdu p = push("text/vnd.wap.connectivity-xml", rows[i].headers, span_str(policy_doc));
		struct policy_decision d = decide(&dev, &from_gateway, &p);

		if (d.code != rows[i].code)
			fail_msg("row %zu: P%02d", i, d.code);
		d = decide(&dev, &from_stranger, &p);
		assert_int_equal(d.code, 14);
	}
}

/* ---- what a device keeps -------------------------------------------------------------------------------------- */

/* Bootstrap on an opened device, as the sheet's example does it; then the door is shut. */
static const char bootstrap_doc[] = PROV_DOC(
    "<characteristic type=\"PXLOGICAL\"><parm name=\"PROXY-ID\" value=\"ppg1\"/>"
    "<parm name=\"TRUST\"/><parm name=\"PUSHENABLED\" value=\"1\"/>"
    "<characteristic type=\"PXPHYSICAL\"><parm name=\"PHYSICAL-PROXY-ID\" value=\"ppg1-sms\"/>"
    "<parm name=\"PXADDR\" value=\"+12025550150\"/><parm name=\"PXADDRTYPE\" value=\"E164\"/>"
    "</characteristic></characteristic>"
    "<characteristic type=\"BOOTSTRAP\"><parm name=\"PROVURL\" value=\"https://new.example.net/\"/>"
    "</characteristic>"
    "<characteristic type=\"SecurityPolicy\"><parm name=\"4107\" value=\"3200\"/>"
    "<parm name=\"4119\" value=\"128\"/></characteristic>");

static void
bootstrap(void **state)
{
	static const struct router_path from_new = { "+12025550150", "+12025550123", TON_UNKNOWN, false };
	struct pdu boot = signed_push(PROV_SEC_USERNETWPIN, "001010123456789", "1234",
	    span_str(bootstrap_doc));
	struct pdu tps = push("text/vnd.wap.connectivity-xml", (const char *[]){ "Push-Flag: 3",
	    "X-Wap-Initiator-URI: https://new.example.net/", NULL }, span_str(policy_doc));
	int keeps;

	for (keeps = 0; keeps < 2; keeps++) {
		struct router_device dev;
		struct router *r;
		struct router_result res;

		device(&dev, "wm5");
		set(&dev, 4107, 3204);
		set(&dev, 4119, 132);
		r = router_create(&dev, keeps);
		router_datagram(r, &from_stranger, span_of(boot.octets, boot.n), &res);
		assert_int_equal(res.decision.outcome, OUTCOME_APPLY_AFTER_PIN);
		assert_int_equal(res.decision.effective, 4124);
		assert_int_equal(res.n_settings, 4);
		router_datagram(r, &from_stranger, span_of(boot.octets, boot.n), &res);
		assert_int_equal(res.decision.code, keeps ? 4 : 0);
		router_datagram(r, &from_new, span_of(tps.octets, tps.n), &res);
		assert_int_equal(res.decision.code, keeps ? 0 : 14);
		assert_int_equal(policy_get(router_device_policy(r), 4109, 0), keeps ? 3136 : 3072);
		router_destroy(&r);
	}
}

/* What is refused leaves nothing behind, and is not listed as applied. */
static void
refused_documents_change_nothing(void **state)
{
	struct pdu p = push("text/vnd.wap.connectivity-xml", (const char *[]){ "Push-Flag: 3", NULL },
	    span_str(policy_doc));
	struct router_device dev;
	struct router *r;
	struct router_result res;
	json_t *obj;

	device(&dev, "wm5");
	r = router_create(&dev, true);
	router_datagram(r, &from_gateway, span_of(p.octets, p.n), &res);
	assert_int_equal(res.decision.outcome, OUTCOME_REJECT_DOC);
	assert_int_equal(policy_get(router_device_policy(r), 4109, 0), 3072);
	obj = router_result_json(&res);
	assert_int_equal(json_array_size(json_object_get(obj, "applies")), 0);
	assert_string_equal(json_text(obj, "path"), "SecurityPolicy");
	json_decref(obj);
	router_destroy(&r);
	set(&dev, 4119, 4096);
	r = router_create(&dev, true);
	router_datagram(r, &from_gateway, span_of(p.octets, p.n), &res);
	assert_int_equal(res.decision.outcome, OUTCOME_APPLY_AFTER_PROMPT);
	assert_int_equal(policy_get(router_device_policy(r), 4109, 0), 3136);
	obj = router_result_json(&res);
	assert_int_equal(json_array_size(json_object_get(obj, "applies")), 1);
	json_decref(obj);
	router_destroy(&r);
	dev.refuses = true;
	r = router_create(&dev, true);
	router_datagram(r, &from_gateway, span_of(p.octets, p.n), &res);
	assert_int_equal(res.decision.code, 9);
	assert_int_equal(policy_get(router_device_policy(r), 4109, 0), 3072);
	router_destroy(&r);
}

/* One account more than a device holds: accepted, but nothing of the document is there. */
static void
documents_without_room(void **state)
{
	int more;

	for (more = 0; more < 2; more++) {
		struct sbuf doc = { 0 }, line = { 0 };
		struct router_device dev;
		struct router *r;
		struct router_result res;
		struct pdu p;
		json_t *obj;
		int i;

		sbuf_str(&doc, "<wap-provisioningdoc>");
		for (i = 0; i < POLICY_ACCOUNTS_MAX + more; i++)
			sbuf_fmt(&doc, "<characteristic type=\"APPLICATION\"><parm name=\"APPID\" value=\"w7\"/>"
			    "<parm name=\"PROVIDER-ID\" value=\"dm%d.example.net\"/></characteristic>", i);
		sbuf_str(&doc, "</wap-provisioningdoc>");
		open_device(&dev, "wm5");
		p = signed_push(PROV_SEC_USERPIN, NULL, "1234", sbuf_as_span(&doc));
		r = router_create(&dev, true);
		router_datagram(r, &from_gateway, span_of(p.octets, p.n), &res);
		assert_int_equal(res.decision.outcome, OUTCOME_APPLY_AFTER_PIN);
		assert_int_equal(res.problem.text[0] != '\0', more);
		assert_int_equal(router_device_policy(r)->n_accounts, more ? 0 : POLICY_ACCOUNTS_MAX);
		obj = router_result_json(&res);
		assert_int_equal(json_array_size(json_object_get(obj, "applies")),
		    more ? 0 : POLICY_ACCOUNTS_MAX);
		assert_int_equal(json_is_string(json_object_get(obj, "reason")), more);
		router_result_line(&res, &line);
		assert_int_equal(strstr(line.s, "no room") != NULL, more);
		json_decref(obj);
		sbuf_done(&doc);
		sbuf_done(&line);
		router_destroy(&r);
	}
}

static void
documents_have_a_size(void **state)
{
	int more;

	for (more = 0; more < 2; more++) {
		static uint8_t octets[32768];
		struct sbuf doc = { 0 };
		struct wbuf w = wbuf_into(octets, sizeof octets);
		struct router_device dev;
		struct router *r;
		struct router_result res;
		int i;

		sbuf_str(&doc, "<wap-provisioningdoc>");
		for (i = 0; i < POLICY_SETTINGS_MAX + more; i++)
			sbuf_str(&doc, "<characteristic type=\"Clock\"/>");
		sbuf_str(&doc, "</wap-provisioningdoc>");
		wsp_push_encode(&w, &(struct wsp_push){ 1, WSP_PDU_PUSH, span_of("\xB5", 1),
		    sbuf_as_span(&doc) });
		assert_int_equal(w.err, OK);
		device(&dev, "wm5");
		set(&dev, 4119, 4096);
		r = router_create(&dev, false);
		router_datagram(r, &from_gateway, wbuf_span(&w), &res);
		assert_int_equal(res.decision.code, more ? 2 : 0);
		assert_int_equal(strstr(res.problem.text, "257") != NULL, more);
		router_destroy(&r);
		sbuf_done(&doc);
	}
}

/* ---- ports and parts --------------------------------------------------------------------------------------------- */

static void
ports(void **state)
{
	static const struct { const char *ud; bool is_push; unsigned segments; } rows[] = {
		{ "0605040B8423F0" "01060403AE81EA" "020569", true, 1 },
		{ "0B05040B8423F00003010101" "01060403AE81EA", true, 1 },
		{ "0605040B8523F0" "01060403AE81EA", false, 1 },		/* secure port */
		{ "060504C34FC002" "01060403AE81EA", false, 1 },		/* old settings */
		{ "06050423F00B84" "01060403AE81EA", false, 1 },		/* reversed */
		{ "0500030101" "01" "01060403AE81EA", false, 1 },		/* none */
		{ "0605040B84FFFF" "01060403AE81EA", true, 1 },			/* any source */
	};
	struct router_device dev;
	struct router *r;
	size_t i;

	device(&dev, "wm5");
	r = router_create(&dev, false);
	for (i = 0; i < COUNT(rows); i++) {
		uint8_t ud[64];
		struct router_result res;
		struct why why;
		size_t n;

		assert_int_equal(text_hex(span_str(rows[i].ud), ud, &n, NULL), OK);
		assert_int_equal(router_sms(r, &from_gateway, span_of(ud, n), &res, &why), OK);
		if (res.is_push != rows[i].is_push || res.segments != rows[i].segments)
			fail_msg("row %zu", i);
		assert_true(res.is_push || res.problem.text[0] != '\0');
	}
	router_destroy(&r);
}

/* Two senders use one reference at the same time; parts of both arrive in disorder. */
static void
senders_do_not_mix(void **state)
{
	char text[700];
	uint8_t ud[2][3][SMS_UD_MAX];
	size_t n[2][3], i, k, done = 0;
	const struct router_path *const paths[] = { &from_gateway, &from_stranger };
	static const size_t order[6][2] = { { 0, 2 }, { 1, 2 }, { 1, 0 }, { 0, 0 }, { 0, 1 }, { 1, 1 } };
	struct router_device dev;
	struct router *r;

	device(&dev, "wm5");
	r = router_create(&dev, false);
	for (i = 0; i < 2; i++) {
		struct pdu p;

		snprintf(text, sizeof text, "<si><indication href=\"http://www.example.com/%0*d\">x"
		    "</indication></si>", 220, (int)i);
		p = push("text/vnd.wap.si", (const char *[]){ "Push-Flag: 3", NULL }, span_str(text));
		assert_int_equal(sms_segments(p.n), 3);
		for (k = 0; k < 3; k++)
			n[i][k] = sms_segment(span_of(p.octets, p.n), (unsigned)k, WDP_PORT_WSP,
			    WDP_PORT_PUSH, 77, ud[i][k]);
	}
	for (i = 0; i < 6; i++) {
		size_t who = order[i][0], which = order[i][1];
		struct router_result res;
		struct why why;
		int err = router_sms(r, paths[who], span_of(ud[who][which], n[who][which]), &res, &why);

		if (err == ERR_BUSY)
			continue;
		assert_int_equal(err, OK);
		assert_int_equal(res.decision.code, who == 0 ? 0 : 13);
		assert_int_equal(res.segments, 3);
		done++;
	}
	assert_int_equal(done, 2);
	assert_int_equal(router_waiting(r), 0);
	router_destroy(&r);
}

static void
parts_together(void **state)
{
	struct router_device dev;
	struct router *r;
	struct router_result res;
	struct span parts[4];
	struct lines l;
	struct why why;

	read_lines("operator-r1", &l);
	open_device(&dev, "wm5");
	r = router_create(&dev, false);
	parts[0] = part(&l, 2);
	parts[1] = part(&l, 0);
	parts[2] = part(&l, 2);
	assert_int_equal(router_parts(r, &from_stranger, parts, 3, &res, &why), ERR_SHORT);
	assert_false(res.is_push);
	/* what was missing then does not come from there now */
	parts[0] = part(&l, 1);
	assert_int_equal(router_parts(r, &from_stranger, parts, 1, &res, &why), ERR_SHORT);
	assert_int_equal(router_parts(r, &from_stranger, parts, 0, &res, &why), ERR_SHORT);
	parts[1] = parts[3] = part(&l, 0);
	assert_int_equal(router_parts(r, &from_stranger, parts, 4, &res, &why), OK);
	assert_int_equal(res.decision.outcome, OUTCOME_APPLY_AFTER_PIN);
	assert_int_equal(router_waiting(r), 0);
	parts[0] = span_of("\x06\x05", 2);
	assert_int_equal(router_parts(r, &from_stranger, parts, 1, &res, &why), ERR_SHORT);
	router_destroy(&r);
}

/* ---- broken messages ------------------------------------------------------------------------------------------------ */

/* Section 7 of the bad-input list: dropped, with a reason, and the next message is fine. */
static void
broken_pdus(void **state)
{
	static const char *const rows[] = { "", "01", "0106", "01067FAE80", "0106FFFFFFFFFF7FAE",
		"01068FFFFFFF7FAE", "0106021EAE", "010605AEB4414243", "010602AEB4", "010501AE" };
	struct pdu good = push("text/vnd.wap.si", (const char *[]){ "Push-Flag: 1", NULL },
	    span_str("<si><indication href=\"http://www.example.com/\">x</indication></si>"));
	struct router_device dev;
	struct router *r;
	size_t i;

	device(&dev, "wm5");
	r = router_create(&dev, true);
	for (i = 0; i < COUNT(rows); i++) {
		uint8_t octets[32];
		struct router_result res;
		size_t n;

		assert_int_equal(text_hex(span_str(rows[i]), octets, &n, NULL), OK);
		router_datagram(r, &from_gateway, span_of(octets, n), &res);
		assert_int_equal(res.decision.outcome, OUTCOME_DISCARD);
		assert_int_equal(res.decision.code, 2);
		assert_int_equal(res.decision.mask, 0);
		assert_true(res.problem.text[0] != '\0');
		assert_null(res.info);
		router_datagram(r, &from_gateway, span_of(good.octets, good.n), &res);
		assert_int_equal(res.decision.outcome, OUTCOME_DELIVER);
	}
	router_destroy(&r);
}

/* Every truncation of live messages, in blocks of exactly that size. */
static void
truncations(void **state)
{
	static const char *const names[] = { "operator-r1", "operator-r2" };
	struct router_device dev;
	struct router *r;
	size_t i, k, n;

	open_device(&dev, "wm5");
	r = router_create(&dev, true);
	for (i = 0; i < COUNT(names); i++) {
		struct lines l;

		read_lines(names[i], &l);
		for (k = 0; k < l.n; k++) {
			for (n = 0; n < l.length[k]; n++) {
				uint8_t *block = malloc(n + (n == 0));
				struct router_result res;
				struct why why;

				memcpy(block, l.octets[k], n);
				router_sms(r, &from_gateway, span_of(block, n), &res, &why);
				router_datagram(r, &from_gateway, span_of(block, n), &res);
				if (i == 1)
					assert_false(policy_accepted(&res.decision));
				free(block);
			}
		}
	}
	router_destroy(&r);
}

/* ---- answers ---------------------------------------------------------------------------------------------------------- */

static void
answers_as_json(void **state)
{
	struct pdu p = push("text/vnd.wap.si", (const char *[]){ "Push-Flag: 1", NULL },
	    span_str("<si><indication href=\"http://www.example.com/\">x</indication></si>"));
	struct router_device dev;
	struct router *r;
	struct router_result res;
	struct sbuf b = { 0 };
	json_t *obj, *message;

	device(&dev, "wm5");
	r = router_create(&dev, false);
	router_datagram(r, &from_stranger, span_of(p.octets, p.n), &res);
	obj = router_result_json(&res);
	assert_string_equal(json_text(obj, "outcome"), "DISCARD");
	assert_string_equal(json_text(obj, "code"), "P13");
	assert_string_equal(json_text(obj, "reason"), "SI role mismatch (4109)");
	assert_int_equal(json_integer_value(json_object_get(obj, "mask")), 4160);
	assert_true(json_is_null(json_object_get(obj, "effective")));
	json_print(json_object_get(obj, "roles"), &b);
	assert_string_equal(b.s, "[\"USER_UNAUTH\",\"ANY_PUSH_SOURCE\"]");
	message = json_object_get(obj, "message");
	assert_string_equal(json_text(message, "kind"), "wsp");
	assert_string_equal(json_text(message, "content_type"), "text/vnd.wap.si");
	assert_true(json_is_array(json_object_get(obj, "stages")));
	json_decref(obj);

	sbuf_clear(&b);
	router_result_line(&res, &b);
	assert_string_equal(b.s, "DISCARD P13: SI role mismatch (4109) (text/vnd.wap.si)");
	sbuf_clear(&b);
	router_result_print(&res, &from_stranger, &b);
	assert_non_null(strstr(b.s, "4160 & 3072 = 0"));

	router_datagram(r, &from_stranger, span_of("\x01\x05\x01\xAE", 4), &res);
	obj = router_result_json(&res);
	assert_string_equal(json_text(obj, "code"), "P02");
	assert_non_null(json_text(json_object_get(obj, "message"), "error"));
	json_decref(obj);
	sbuf_done(&b);
	router_destroy(&r);
}

/* Neither an answer nor an error repeats what the device keeps secret. */
static void
secrets_stay_inside(void **state)
{
	static const char *const secrets[] = { "001010123456789", "9876501234", "0910101032547698" };
	struct pdu p = signed_push(PROV_SEC_USERNETWPIN, "001010123456789", "9876501234",
	    span_str(policy_doc));
	struct router_device dev;
	struct router *r;
	struct router_result res;
	struct sbuf b = { 0 };
	json_t *obj;
	size_t i;

	open_device(&dev, "wm5");
	dev.n_pins = 0;
	assert_int_equal(router_device_add_pin(&dev, "9876501234", NULL), OK);
	r = router_create(&dev, false);
	router_datagram(r, &from_gateway, span_of(p.octets, p.n), &res);
	assert_int_equal(res.decision.outcome, OUTCOME_APPLY_AFTER_PIN);
	obj = router_result_json(&res);
	json_print(obj, &b);
	json_decref(obj);
	router_result_print(&res, &from_gateway, &b);
	router_result_line(&res, &b);
	for (i = 0; i < COUNT(secrets); i++)
		assert_null(strstr(b.s, secrets[i]));
	sbuf_done(&b);
	router_destroy(&r);
}

static void
devices_as_json(void **state)
{
	static const struct { const char *text; int err; const char *says; } rows[] = {
		{ "{\"profile\":\"wm5\"}", OK, "" },
		{ "{\"profile\":\"wm5\",\"imsi\":\"001010123456789\",\"pins\":[\"1234\",\"5678\"]}", OK, "" },
		{ "{\"profile\":\"wm5\",\"network_key\":\"0910101032547698\",\"consent\":\"no\"}", OK, "" },
		{ "{\"profile\":\"wm5\",\"imsi\":\"7777x\"}", ERR_SYNTAX, "IMSI" },
		{ "{\"profile\":\"wm5\",\"imsi\":77777777}", ERR_SYNTAX, "imsi" },
		{ "{\"profile\":\"wm5\",\"pins\":[\"7777\",\"777\"]}", ERR_SYNTAX, "pins[1]" },
		{ "{\"profile\":\"wm5\",\"pins\":[7777]}", ERR_SYNTAX, "pins[0]" },
		{ "{\"profile\":\"wm5\",\"pins\":\"7777\"}", ERR_SYNTAX, "pins" },
		{ "{\"profile\":\"wm5\",\"network_key\":\"777\"}", ERR_SYNTAX, "network_key" },
		{ "{\"profile\":\"wm5\",\"network_key\":\"\"}", ERR_SYNTAX, "network_key" },
		{ "{\"profile\":\"wm5\",\"consent\":\"maybe\"}", ERR_SYNTAX, "consent" },
		{ "{\"profile\":\"wm9\"}", ERR_NOT_FOUND, "wm9" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct router_device dev;
		struct why why = { 0 };
		json_t *obj = json_read(span_str(rows[i].text), &why);

		assert_non_null(obj);
		if (router_device_from_json(obj, profile_files(), &dev, &why) != rows[i].err ||
		    strstr(why.text, rows[i].says) == NULL || strstr(why.text, "777"))
			fail_msg("row %zu: %s", i, why.text);
		assert_int_equal(dev.refuses, strstr(rows[i].text, "\"no\"") != NULL);
		json_decref(obj);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operator_r1),
		cmocka_unit_test(live_pins),
		cmocka_unit_test(changed_bodies_fail),
		cmocka_unit_test(signatures),
		cmocka_unit_test(ota_pins),
		cmocka_unit_test(malformed_signatures),
		cmocka_unit_test(deep_documents),
		cmocka_unit_test(types),
		cmocka_unit_test(bad_documents_are_found_late),
		cmocka_unit_test(trusted_server),
		cmocka_unit_test(bootstrap),
		cmocka_unit_test(refused_documents_change_nothing),
		cmocka_unit_test(documents_have_a_size),
		cmocka_unit_test(documents_without_room),
		cmocka_unit_test(ports),
		cmocka_unit_test(senders_do_not_mix),
		cmocka_unit_test(parts_together),
		cmocka_unit_test(broken_pdus),
		cmocka_unit_test(truncations),
		cmocka_unit_test(answers_as_json),
		cmocka_unit_test(secrets_stay_inside),
		cmocka_unit_test(devices_as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
