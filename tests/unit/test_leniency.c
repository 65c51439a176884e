/* test_leniency.c - every switch for what initiators get wrong: off it refuses, on it takes. */
#include "tests/unit/test.h"

#include "ppg/entities.h"

#define ADDRESS "<address address-value=\"WAPPUSH=+12025550143/TYPE=PLMN@ppg.example.net\"/>"
#define PUSH(attrs, more) "<pap><push-message push-id=\"1@pi\"" attrs ">" ADDRESS more "</push-message></pap>"
#define W2 "-//WAPFORUM//DTD PAP 2.0//EN"
#define S2 "http://www.wapforum.org/DTD/pap_2.0.dtd"
#define DOCTYPE(public_id, system_id) "<!DOCTYPE pap PUBLIC \"" public_id "\" \"" system_id "\">"

/* ---- how an input is tried ------------------------------------------------------------------- */

/* A control entity: taken when it is a valid request. */
static bool
pap(const char *doc, const struct pap_leniency *l)
{
	struct pap_control c;
	struct why why;
	bool taken = pap_parse(span_str(doc), NULL, 10, l, &c, &why) == OK && !c.invalid;

	pap_control_done(&c);
	return taken;
}

/* The same, taken when the sender is known to support more than PAP 1.0. */
static bool
pap_above_10(const char *doc, const struct pap_leniency *l)
{
	struct pap_control c;
	struct why why;
	bool taken = pap_parse(span_str(doc), NULL, 10, l, &c, &why) == OK && c.above_10;

	pap_control_done(&c);
	return taken;
}

static bool
address(const char *text, const struct pap_leniency *l)
{
	struct wappush a;
	struct why why;

	return address_parse_lenient(text, &l->address, &a, &why) == OK;
}

/* The Content-Type, a blank line and the body; "\n" of the table stands as it is written. */
static bool
body(const char *text, const struct pap_leniency *l)
{
	const char *blank = strstr(text, "\n\n");
	char *type = span_dup(span_of(text, (size_t)(blank - text)));
	struct mime_header headers[MIME_HEADERS_MAX];
	struct entities e;
	struct span out;
	struct why why;
	char *heap = NULL;
	size_t n, i;
	bool taken = entities_split(type, span_str(blank + 2), l, &e, &why) == OK;

	for (i = 0; taken && i < e.n_parts; i++) {
		taken = mime_headers(e.parts[i].head, &l->mime, headers, &n, &why) == OK &&
		    mime_decode(mime_header(headers, n, "Content-Transfer-Encoding"), &l->mime, e.parts[i].body, &out,
		    &heap, &why) == OK;
		free(heap);
		heap = NULL;
	}
	if (taken)
		taken = entities_capabilities(&e, l, &out, &heap, &why) == OK;
	free(heap);
	free(e.heap);
	free(type);
	return taken;
}

/* ---- the switches -------------------------------------------------------------------------------- */

#define RELATED "multipart/related; boundary=b; type=\"application/xml\""
#define ONE "--b\r\nContent-Type: application/xml\r\n\r\n<pap/>\r\n"
#define TWO "--b\r\nContent-Type: text/vnd.wap.si\r\n\r\n<si/>\r\n"
#define END "--b--\r\n"

static const struct {
	const char *key;
	bool (*taken)(const char *input, const struct pap_leniency *l);
	const char *input;
} rows[] = {
	{ "lenient-no-doctype", pap, PUSH("", "") },
	{ "lenient-no-doctype", pap, "<!DOCTYPE pap>" PUSH("", "") },
	{ "lenient-no-doctype", pap, "<!DOCTYPE pap SYSTEM \"" S2 "\">" PUSH("", "") },
	{ "lenient-public-id", pap, DOCTYPE("//WAPFORUM//DTD PAP 2.0//EN", S2) PUSH("", "") },
	{ "lenient-public-id", pap, DOCTYPE("-//WAPFORUM/DTD PAP 2.0//EN", S2) PUSH("", "") },
	{ "lenient-public-id", pap, DOCTYPE("-//wapforum//dtd pap 2.0//en", S2) PUSH("", "") },
	{ "lenient-public-id", pap, DOCTYPE("-//WAPFORUM//DTD PAP 2.0", S2) PUSH("", "") },
	{ "lenient-no-version", pap, DOCTYPE("-//WAPFORUM//DTD PAP//EN", S2) PUSH("", "") },
	{ "lenient-no-version", pap, DOCTYPE("-//WAPFORUM//DTD PAP 2//EN", S2) PUSH("", "") },
	{ "lenient-system-id", pap, DOCTYPE(W2, "pap_2.0.dtd") PUSH("", "") },
	{ "lenient-system-id", pap, DOCTYPE("-//OMA//DTD PAP 2.1//EN", S2) PUSH("", "") },
	{ "lenient-version-place", pap_above_10, DOCTYPE("-//WAPFORUM//DTD PAP 1.0//EN", "http://www.wapforum.org/DTD/pap_1.0.dtd")
	  "<?wap-pap-ver supported-versions=\"2.0,1.*\"?>" PUSH("", "") },
	{ "lenient-word-case", pap, DOCTYPE(W2, S2) PUSH("", "<quality-of-service delivery-method=\"UNCONFIRMED\"/>") },
	{ "lenient-word-case", pap, DOCTYPE(W2, S2) PUSH(" progress-notes-requested=\"True\"", "") },
	{ "lenient-time-case", pap, DOCTYPE(W2, S2) PUSH(" deliver-before-timestamp=\"2099-01-02t03:04:05Z\"", "") },
	{ "lenient-time-case", pap, DOCTYPE(W2, S2) PUSH(" deliver-after-timestamp=\"2099-01-02T03:04:05z\"", "") },
	{ "lenient-response-address", pap, DOCTYPE(W2, S2) "<pap><resultnotification-response push-id=\"1\" code=\"1000\"/></pap>" },
	{ "lenient-response-address", pap, DOCTYPE(W2, S2) "<pap><resultnotification-response push-id=\"1\" code=\"1000\">" ADDRESS
	  ADDRESS "</resultnotification-response></pap>" },
	{ "lenient-line-ends", body, RELATED "\n\n--b\nContent-Type: application/xml\n\n<pap/>\n--b--" },
	{ "lenient-line-ends", body, RELATED "\n\n--b\r\nContent-Type: application/xml\n\r\n<pap/>\r\n--b--\r\n" },
	{ "lenient-line-ends", body, RELATED "\n\n--b\r\nContent-Type: application/xml\r\n\n<pap/>\r\n--b--\r\n" },
	{ "lenient-line-ends", body, RELATED "\n\n--b\r\nContent-Type: application/xml\r\n\r\n<pap/>\n--b--\r\n" },
	{ "lenient-line-ends", body, RELATED "\n\n--b\r\nContent-Type: application/xml\r\n\r\n<pap/>\r\n--b--\n" },
	{ "lenient-line-ends", body, RELATED "\n\n\n" ONE END },
	{ "lenient-preamble", body, RELATED "\n\nThis is a MIME message.\r\n" ONE TWO END },
	{ "lenient-preamble", body, RELATED "\n\n" ONE TWO END "bye" },
	{ "lenient-boundary", body, "multipart/related; boundary=a:b; type=\"application/xml\"\n\n"
	  "--a:b\r\nContent-Type: application/xml\r\n\r\n<pap/>\r\n--a:b--\r\n" },
	{ "lenient-no-closing", body, RELATED "\n\n" ONE },
	{ "lenient-no-closing", body, RELATED "\n\n" ONE TWO "--b" },
	{ "lenient-transfer-encoding", body, RELATED "\n\n" ONE "--b\r\nContent-Type: text/vnd.wap.si\r\n"
	  "Content-Transfer-Encoding: base64\r\n\r\nPHNpLz4=\r\n" END },
	{ "lenient-transfer-encoding", body, RELATED "\n\n" ONE "--b\r\nContent-Type: text/vnd.wap.si\r\n"
	  "Content-Transfer-Encoding: Quoted-Printable\r\n\r\n<si=2F>\r\n" END },
	{ "lenient-charset", body, RELATED "\n\n--b\r\nContent-Type: application/xml; charset=iso-8859-1\r\n\r\n<pap/>\r\n" END },
	{ "lenient-charset", body, "application/xml; charset=utf-16\n\n<pap/>" },
	{ "lenient-start", body, RELATED "; start=\"<root@pi>\"\n\n--b\r\nContent-ID: <root@pi>\r\nContent-Type: application/xml\r\n\r\n<pap/>\r\n" END },
	{ "lenient-start", body, RELATED "; start=root\n\n--b\r\nContent-ID: <root>\r\nContent-Type: application/xml\r\n\r\n<pap/>\r\n" END },
	{ "lenient-no-type", body, "multipart/related; boundary=b\n\n" ONE END },
	{ "lenient-no-type", body, "multipart/related; boundary=b; type=\"text/plain\"\n\n" ONE END },
	{ "lenient-text-xml", body, RELATED "\n\n--b\r\nContent-Type: text/xml\r\n\r\n<pap/>\r\n" END },
	{ "lenient-rdf-xml", body, RELATED "\n\n" ONE TWO "--b\r\nContent-Type: application/rdf+xml\r\n\r\n<rdf/>\r\n" END },
	{ "lenient-no-gateway", address, "WAPPUSH=+12025550143/TYPE=PLMN" },
	{ "lenient-no-gateway", address, "WAPPUSH=+12025550143/EXT=a@b/TYPE=PLMN" },
	{ "lenient-no-plus", address, "WAPPUSH=447700900123/TYPE=PLMN@ppg.example.net" },
	{ "lenient-short-ipv6", address, "WAPPUSH=2001:db8::1/TYPE=IPv6@ppg.example.net" },
};

static struct pap_leniency
with(const char *name, bool value)
{
	struct pap_leniency l = pap_leniency_usual;
	const struct pap_leniency_key *key;

	for (key = pap_leniency_keys; key->name != NULL; key++)
		if (strcmp(key->name, name) == 0) {
			*pap_leniency_switch(&l, key) = value;
			return l;
		}
	fail_msg("no switch %s", name);
	return l;
}

static void
each_switch_on_and_off(void **state)
{
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pap_leniency off = with(rows[i].key, false), on = with(rows[i].key, true);

		if (rows[i].taken(rows[i].input, &off))
			fail_msg("row %zu: %s off takes it", i, rows[i].key);
		if (!rows[i].taken(rows[i].input, &on))
			fail_msg("row %zu: %s on refuses it", i, rows[i].key);
	}
}

static void
each_switch_has_a_row(void **state)
{
	const struct pap_leniency_key *key;
	size_t i, n = sizeof rows / sizeof rows[0];

	for (key = pap_leniency_keys; key->name != NULL; key++) {
		struct pap_leniency usual = pap_leniency_usual;

		assert_int_equal(*pap_leniency_switch(&usual, key), key->def);
		assert_int_equal(strncmp(key->name, "lenient-", 8), 0);
		for (i = 0; i < n && strcmp(rows[i].key, key->name) != 0; i++)
			;
		/* headers of the request are looked at by admission: e2e/test_pap_forms.py */
		if (i == n && strcmp(key->name, "lenient-outer-headers") != 0)
			fail_msg("no row for %s", key->name);
	}
}

/* What the specifications write passes with every switch off. */
static void
the_bare_specification(void **state)
{
	static const struct { bool (*taken)(const char *input, const struct pap_leniency *l); const char *input; } good[] = {
		{ pap, DOCTYPE("-//WAPFORUM//DTD PAP 1.0//EN", "http://www.wapforum.org/DTD/pap_1.0.dtd") PUSH("", "") },
		{ pap, DOCTYPE(W2, S2) PUSH(" deliver-before-timestamp=\"2099-01-02T03:04:05Z\"",
		  "<quality-of-service delivery-method=\"unconfirmed\"/>") },
		{ pap, DOCTYPE("-//WAPFORUM//DTD PAP 2.1//EN", "http://www.openmobilealliance.org/tech/DTD/pap_2.1.dtd") PUSH("", "") },
		{ pap, DOCTYPE("-//OMA//DTD PAP 2.1//EN", "http://www.openmobilealliance.org/tech/DTD/pap_2.1.dtd") PUSH("", "") },
		{ pap, DOCTYPE("-//OMA//DTD PAP 2.2//EN", "whatever") PUSH(" new=\"1\"", "<new/>") },
		{ pap_above_10, "<!DOCTYPE pap PUBLIC \"-//WAPFORUM//DTD PAP 1.0//EN\" \"http://www.wapforum.org/DTD/pap_1.0.dtd\""
		  "[<?wap-pap-ver supported-versions=\"2.0,1.*\"?>]>" PUSH("", "") },
		{ pap, DOCTYPE(W2, S2) "<pap><resultnotification-response push-id=\"1\" code=\"1000\">" ADDRESS
		  "</resultnotification-response></pap>" },
		{ body, RELATED "\n\n" ONE TWO END }, { body, RELATED "\n\n\r\n" ONE TWO "--b--" },
		{ body, "multipart/related; boundary=\"a:b\"; type=\"application/xml\"\n\n"
		  "--a:b\r\nContent-Type: application/xml; charset=UTF-8\r\n\r\n<pap/>\r\n--a:b--\r\n" },
		{ body, RELATED "\n\n" ONE TWO "--b\r\nContent-Type: application/xml\r\n\r\n<rdf/>\r\n" END },
		{ body, "application/xml\n\n<pap/>" },
		{ address, "WAPPUSH=+12025550143/TYPE=PLMN@ppg.example.net" },
	};
	static const struct pap_leniency none;
	size_t i;

	for (i = 0; i < sizeof good / sizeof good[0]; i++)
		if (!good[i].taken(good[i].input, &none))
			fail_msg("row %zu is refused", i);
}

/* And what no switch makes acceptable. */
static void
beyond_leniency(void **state)
{
	static const struct { bool (*taken)(const char *input, const struct pap_leniency *l); const char *input; } bad[] = {
		{ pap, "<!DOCTYPE pap PUBLIC \"-//WAPFORUM//DTD WML 1.1//EN\" \"" S2 "\">" PUSH("", "") },
		{ pap, DOCTYPE("-//WAPFORUM//DTD PAP 3.0//EN", S2) PUSH("", "") },
		{ pap, DOCTYPE(W2, S2) PUSH(" deliver-before-timestamp=\"2099-02-30T03:04:05Z\"", "") },
		{ pap, DOCTYPE(W2, S2) PUSH(" deliver-before-timestamp=\"2099-01-02T03:04:05+01:00\"", "") },
		{ pap, DOCTYPE(W2, S2) PUSH(" deliver-before-timestamp=\"2099-01-02T03:04:05.5Z\"", "") },
		{ pap, DOCTYPE(W2, S2) PUSH("", "<quality-of-service delivery-method=\"sometimes\"/>") },
		{ pap, DOCTYPE(W2, S2) PUSH(" new=\"1\"", "") }, { pap, DOCTYPE(W2, S2) PUSH("", "<new/>") },
		{ pap, DOCTYPE("-//WAPFORUM//DTD PAP 1.0//EN", S2) PUSH(" replace-push-id=\"0@pi\"", "") },
		{ pap, DOCTYPE("-//WAPFORUM//DTD PAP 1.0//EN", S2) PUSH(" replace-method=\"all\"", "") },
		{ body, RELATED "; start=\"<content>\"\n\n--b\r\nContent-ID: <root>\r\nContent-Type: application/xml\r\n\r\n<pap/>\r\n"
		  "--b\r\nContent-ID: <content>\r\nContent-Type: text/vnd.wap.si\r\n\r\n<si/>\r\n" END },
		{ body, RELATED "; start=\"\"\n\n" ONE END },
		{ body, "multipart/related; type=\"application/xml\"\n\n" ONE END },
		{ body, "multipart/related; boundary=\"\"; type=\"application/xml\"\n\n" ONE END },
		{ body, RELATED "\n\n--b\r\nContent-Type: text/vnd.wap.si\r\n\r\n<si/>\r\n" ONE END },
		{ body, RELATED "\n\n" ONE TWO "--b\r\nContent-Type: image/png\r\n\r\n\r\n" END },
		{ address, "push_all" }, { address, "2820ecc9" }, { address, "+12025550143" },
	};
	struct pap_leniency all = pap_leniency_usual;
	const struct pap_leniency_key *key;
	size_t i;

	for (key = pap_leniency_keys; key->name != NULL; key++)
		*pap_leniency_switch(&all, key) = true;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (bad[i].taken(bad[i].input, &all))
			fail_msg("row %zu is taken", i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_switch_on_and_off),
		cmocka_unit_test(each_switch_has_a_row),
		cmocka_unit_test(the_bare_specification),
		cmocka_unit_test(beyond_leniency),
	};

	return cmocka_run_group_tests_name("leniency", tests, NULL, NULL);
}
