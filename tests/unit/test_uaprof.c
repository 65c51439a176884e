/* test_uaprof.c - user agent profiles in several spellings, and messages against them. */
#include "tests/unit/test.h"

#include "ppg/uaprof.h"

#define OPEN "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:prf=\"http://www.wapforum.org/profiles/UAPROF/ccppschema-20010430#\">"
#define CLOSE "</rdf:RDF>"
#define PUSH(content) OPEN "<rdf:Description rdf:ID=\"Phone\"><prf:component><rdf:Description rdf:ID=\"PushCharacteristics\">" \
	"<rdf:type rdf:resource=\"http://www.wapforum.org/profiles/UAPROF/ccppschema-20010430#PushCharacteristics\"/>" content \
	"</rdf:Description></prf:component></rdf:Description>" CLOSE
#define LIST(name, items) "<prf:" name "><rdf:Bag>" items "</rdf:Bag></prf:" name ">"
#define LI(value) "<rdf:li>" value "</rdf:li>"

/* Everything a profile says, in one line. */
static void
describe(const struct uaprof *u, struct sbuf *out)
{
	static const char *const names[UAPROF_LISTS] = { "accept", "charset", "encoding", "language", "app" };
	size_t i, k;

	sbuf_clear(out);
	sbuf_str(out, "");
	for (i = 0; i < UAPROF_LISTS; i++) {
		for (k = 0; k < u->lists[i].n; k++)
			sbuf_fmt(out, "%s%s%s", k == 0 ? names[i] : ",", k == 0 ? "=" : "", u->lists[i].items[k]);
		if (u->lists[i].n > 0)
			sbuf_char(out, ' ');
	}
	if (u->has_msg_size)
		sbuf_fmt(out, "size=%u ", u->msg_size);
	if (u->has_max_push_req)
		sbuf_fmt(out, "req=%u ", u->max_push_req);
}

static void
read_good(const char *doc, struct uaprof *u)
{
	struct why why = { 0 };

	if (uaprof_read(span_str(doc), NULL, u, &why) != OK)
		fail_msg("%s: %s", doc, why.text);
}

static void
spellings(void **state)
{
	static const struct { const char *doc, *says; } rows[] = {
		{ PUSH(LIST("Push-Accept", LI("text/html") LI(" application/vnd.wap.sic\n")) LIST("Push-Accept-Charset", LI("utf-8"))
		  LIST("Push-Accept-Encoding", LI("base64")) "<prf:Push-Accept-Language><rdf:Seq>" LI("en") LI("fi")
		  "</rdf:Seq></prf:Push-Accept-Language>" LIST("Push-Accept-AppID", LI("x-wap-application:wml.ua") LI("*"))
		  "<prf:Push-MsgSize> 1400 </prf:Push-MsgSize><prf:Push-MaxPushReq>5</prf:Push-MaxPushReq>"),
		  "accept=text/html,application/vnd.wap.sic charset=utf-8 encoding=base64 language=en,fi app=x-wap-application:wml.ua,* size=1400 req=5 " },
		/* other prefixes, none, and another schema */
		{ "<RDF xmlns=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:u=\"urn:any\"><Description><u:Push-Accept><Bag>"
		  "<li>a/b</li></Bag></u:Push-Accept></Description></RDF>", "accept=a/b " },
		{ "<r:RDF xmlns:r=\"x\" xmlns=\"y\"><r:Description><Push-MsgSize>1</Push-MsgSize></r:Description></r:RDF>", "size=1 " },
		/* members by number, a value alone, resources, CDATA, comments */
		{ PUSH("<prf:Push-Accept><rdf:Bag><rdf:_1>a/b</rdf:_1><rdf:_2>c/d</rdf:_2></rdf:Bag></prf:Push-Accept>"), "accept=a/b,c/d " },
		{ PUSH("<prf:Push-Accept>a/b</prf:Push-Accept>"), "accept=a/b " },
		{ PUSH("<prf:Push-Accept-AppID rdf:resource=\"x-wap-application:mms.ua\"/>"), "app=x-wap-application:mms.ua " },
		{ PUSH(LIST("Push-Accept-AppID", "<rdf:li rdf:resource=\"x-wap-application:mms.ua\"/>" LI("4"))), "app=x-wap-application:mms.ua,4 " },
		{ PUSH(LIST("Push-Accept", LI("<![CDATA[a/b]]>") LI("c<!-- not this -->/d") LI("e&amp;f"))), "accept=a/b,c/d,e&f " },
		{ PUSH("<prf:Push-Accept><rdf:Alt>" LI("a/b") "</rdf:Alt></prf:Push-Accept>"), "accept=a/b " },
		/* the short form of RDF, and data types */
		{ OPEN "<rdf:Description prf:Push-MsgSize=\"1400\" prf:Push-Accept=\"a/b\" prf:Model=\"x\"/>" CLOSE, "accept=a/b size=1400 " },
		{ PUSH("<prf:Push-MsgSize rdf:datatype=\"http://www.w3.org/2001/XMLSchema#int\">7</prf:Push-MsgSize>"), "size=7 " },
		/* components that are none of ours */
		{ OPEN "<rdf:Description><prf:component><rdf:Description><prf:CcppAccept><rdf:Bag>" LI("x/y") "</rdf:Bag></prf:CcppAccept>"
		  "<prf:WmlDeckSize>9</prf:WmlDeckSize></rdf:Description></prf:component></rdf:Description>" CLOSE, "" },
		{ OPEN CLOSE, "" },
		/* empty ones say nothing */
		{ PUSH(LIST("Push-Accept", "") "<prf:Push-MsgSize/>" LIST("Push-Accept-AppID", LI("") LI("  "))), "" },
		/* the last one counts, and defaults give way wherever they stand */
		{ PUSH(LIST("Push-Accept", LI("a/b")) LIST("Push-Accept", LI("c/d"))), "accept=c/d " },
		{ PUSH("<prf:Defaults><rdf:Description>" LIST("Push-Accept", LI("a/b")) "<prf:Push-MsgSize>5</prf:Push-MsgSize>"
		  "</rdf:Description></prf:Defaults><prf:Push-MsgSize>6</prf:Push-MsgSize>"), "accept=a/b size=6 " },
		{ PUSH("<prf:Push-MsgSize>6</prf:Push-MsgSize>" LIST("Push-Accept", LI("c/d")) "<prf:defaults><rdf:Description "
		  "prf:Push-MsgSize=\"5\">" LIST("Push-Accept", LI("a/b")) "</rdf:Description></prf:defaults>"), "accept=c/d size=6 " },
	};
	struct sbuf text = { 0 }, printed = { 0 };
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct uaprof u;

		read_good(rows[i].doc, &u);
		describe(&u, &text);
		if (strcmp(text.s, rows[i].says) != 0)
			fail_msg("row %zu: \"%s\", not \"%s\"", i, text.s, rows[i].says);
		/* what we write is what we read */
		sbuf_clear(&printed);
		uaprof_print(&u, &printed);
		uaprof_done(&u);
		read_good(printed.s, &u);
		describe(&u, &text);
		assert_string_equal(text.s, rows[i].says);
		uaprof_done(&u);
	}
	sbuf_done(&text);
	sbuf_done(&printed);
}

static void
repeat(struct sbuf *b, const char *s, size_t n)
{
	while (n-- > 0)
		sbuf_str(b, s);
}

static void
hostile_profiles(void **state)
{
	static const struct { const char *doc, *says; int err; } rows[] = {
		{ "", "", ERR_SYNTAX }, { "<html/>", "root element is html", ERR_SYNTAX }, { "<rdf:RDF>", "", ERR_SYNTAX },
		{ "<!DOCTYPE r [<!ENTITY a \"b\">]><RDF>&a;</RDF>", "entity", ERR_SYNTAX },
		{ "<!DOCTYPE r [<!ENTITY a SYSTEM \"file:///etc/hostname\">]><RDF/>", "entity", ERR_SYNTAX },
		{ PUSH("<prf:Push-MsgSize>many</prf:Push-MsgSize>"), "Push-MsgSize", ERR_SYNTAX },
		{ PUSH("<prf:Push-MsgSize>-1</prf:Push-MsgSize>"), "Push-MsgSize", ERR_SYNTAX },
		{ PUSH("<prf:Push-MaxPushReq>4294967296</prf:Push-MaxPushReq>"), "Push-MaxPushReq", ERR_SYNTAX },
		{ PUSH("<prf:Push-MsgSize>1400 octets</prf:Push-MsgSize>"), "Push-MsgSize", ERR_SYNTAX },
	};
	struct sbuf doc = { 0 };
	struct uaprof u;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		why = (struct why){ 0 };
		if (uaprof_read(span_str(rows[i].doc), NULL, &u, &why) != rows[i].err ||
		    strstr(why.text, rows[i].says) == NULL || why.text[0] == '\0')
			fail_msg("row %zu: %s", i, why.text);
		uaprof_done(&u);
	}
	repeat(&doc, "<RDF>", 100000);
	assert_int_equal(uaprof_read(sbuf_as_span(&doc), NULL, &u, &why), ERR_LIMIT);
	sbuf_clear(&doc);
	repeat(&doc, "<RDF>", 1000);			/* small enough, too deep */
	assert_int_equal(uaprof_read(sbuf_as_span(&doc), NULL, &u, &why), ERR_LIMIT);
	sbuf_clear(&doc);
	sbuf_str(&doc, "<RDF><Push-Accept><Bag>");
	repeat(&doc, "<li>a/b</li>", UAPROF_ITEMS_MAX);
	i = doc.n;
	sbuf_str(&doc, "</Bag></Push-Accept></RDF>");
	read_good(doc.s, &u);
	assert_int_equal(u.lists[UAPROF_ACCEPT].n, UAPROF_ITEMS_MAX);
	uaprof_done(&u);
	doc.n = i;
	sbuf_str(&doc, "<li>c/d</li></Bag></Push-Accept></RDF>");
	assert_int_equal(uaprof_read(sbuf_as_span(&doc), NULL, &u, &why), ERR_LIMIT);
	assert_int_equal(u.lists[UAPROF_ACCEPT].n, 0);
	for (i = UAPROF_ITEM_MAX; i <= UAPROF_ITEM_MAX + 1; i++) {
		sbuf_clear(&doc);
		sbuf_str(&doc, "<RDF><Push-Accept>\n  ");
		repeat(&doc, "x", i);
		sbuf_str(&doc, "\n</Push-Accept></RDF>");
		assert_int_equal(uaprof_read(sbuf_as_span(&doc), NULL, &u, &why), i == UAPROF_ITEM_MAX ? OK : ERR_LIMIT);
		uaprof_done(&u);
	}
	sbuf_done(&doc);
}

static void
every_truncation_is_refused(void **state)
{
	const char *doc = PUSH(LIST("Push-Accept", LI("a/b") LI("c/d")) "<prf:Push-MsgSize>1400</prf:Push-MsgSize>");
	size_t n, all = strlen(doc);

	for (n = 0; n < all; n++) {
		char *exact = malloc(n ? n : 1);
		struct uaprof u;
		struct why why;

		memcpy(exact, doc, n);
		assert_int_not_equal(uaprof_read(span_of(exact, n), NULL, &u, &why), OK);
		assert_null(u.lists[UAPROF_ACCEPT].items);
		free(exact);
	}
}

/* ---- matching ------------------------------------------------------------------------------------ */

#define SIC "application/vnd.wap.sic"
#define APP "x-wap-application:"

static void
messages_against_profiles(void **state)
{
	static const struct {
		const char *assumed, *actual;	/* what stands in PushCharacteristics; assumed may be NULL */
		struct uaprof_facts facts;
		int code;
		const char *says;
	} rows[] = {
		/* nothing stated allows everything */
		{ NULL, "", { SIC, NULL, NULL, "utf-8", 100000 }, 0, "" },
		{ "", "", { SIC, NULL, NULL, "utf-8", 100000 }, 0, "" },
		/* media types */
		{ NULL, LIST("Push-Accept", LI("text/html") LI(SIC)), { SIC, NULL, NULL, NULL, 0 }, 0, "" },
		{ NULL, LIST("Push-Accept", LI("APPLICATION/vnd.WAP.sic")), { SIC, NULL, NULL, NULL, 0 }, 0, "" },
		{ NULL, LIST("Push-Accept", LI(SIC "; q=0.5")), { SIC, NULL, NULL, NULL, 0 }, 0, "" },
		{ NULL, LIST("Push-Accept", LI("*/*")), { SIC, NULL, NULL, NULL, 0 }, 0, "" },
		{ NULL, LIST("Push-Accept", LI("*")), { SIC, NULL, NULL, NULL, 0 }, 0, "" },
		{ NULL, LIST("Push-Accept", LI("application/*")), { SIC, NULL, NULL, NULL, 0 }, 0, "" },
		{ NULL, LIST("Push-Accept", LI("text/vnd.wap.si")), { SIC, "text/vnd.wap.si", NULL, NULL, 0 }, 0, "" },
		{ NULL, LIST("Push-Accept", LI("text/html")), { SIC, "text/vnd.wap.si", NULL, NULL, 0 }, 2006, "Push-Accept: not " SIC },
		{ NULL, LIST("Push-Accept", LI("text/*")), { SIC, NULL, NULL, NULL, 0 }, 2006, "Push-Accept" },
		{ NULL, LIST("Push-Accept", LI("application/vnd.wap.sicx") LI("application/vnd.wap.si") LI("applicatio/*")),
		  { SIC, NULL, NULL, NULL, 0 }, 2006, "Push-Accept" },
		{ LIST("Push-Accept", LI("text/html")), LIST("Push-Accept", LI("text/html")), { SIC, NULL, NULL, NULL, 0 }, 2006, "Push-Accept" },
		{ LIST("Push-Accept", LI(SIC)), LIST("Push-Accept", LI("text/html")), { SIC, NULL, NULL, NULL, 0 }, 2005, "assumed otherwise" },
		{ LIST("Push-Accept", LI("text/html")), LIST("Push-Accept", LI(SIC)), { SIC, NULL, NULL, NULL, 0 }, 0, "" },
		{ "<prf:Push-MsgSize>1</prf:Push-MsgSize>", LIST("Push-Accept", LI("text/html")), { SIC, NULL, NULL, NULL, 0 }, 2006, "Push-Accept" },
		/* applications */
		{ NULL, LIST("Push-Accept-AppID", LI("*")), { SIC, NULL, APP "mms.ua", NULL, 0 }, 0, "" },
		{ NULL, LIST("Push-Accept-AppID", LI(APP "*")), { SIC, NULL, APP "mms.ua", NULL, 0 }, 0, "" },
		{ NULL, LIST("Push-Accept-AppID", LI("mms.ua")), { SIC, NULL, APP "mms.ua", NULL, 0 }, 0, "" },
		{ NULL, LIST("Push-Accept-AppID", LI("X-WAP-Application:MMS.ua")), { SIC, NULL, APP "mms.ua", NULL, 0 }, 0, "" },
		{ NULL, LIST("Push-Accept-AppID", LI(APP "wml.ua")), { SIC, NULL, NULL, NULL, 0 }, 0, "" },
		{ NULL, LIST("Push-Accept-AppID", LI(APP "wml.ua")), { SIC, NULL, APP "mms.ua", NULL, 0 }, 2006, "Push-Accept-AppID: not " APP "mms.ua" },
		{ NULL, LIST("Push-Accept-AppID", LI(APP "mms.ua")), { SIC, NULL, NULL, NULL, 0 }, 2006, "Push-Accept-AppID: not " APP "wml.ua" },
		{ LIST("Push-Accept-AppID", LI("*")), LIST("Push-Accept-AppID", LI(APP "mms.ua")), { SIC, NULL, NULL, NULL, 0 }, 2005, "AppID" },
		{ NULL, LIST("Push-Accept-AppID", LI("urn:x:1")), { SIC, NULL, "urn:x:1", NULL, 0 }, 0, "" },
		{ NULL, LIST("Push-Accept-AppID", LI("urn:x:2")), { SIC, NULL, "urn:x:1", NULL, 0 }, 2006, "urn:x:1" },
		/* charsets */
		{ NULL, LIST("Push-Accept-Charset", LI("US-ASCII") LI("UTF-8")), { SIC, NULL, NULL, "utf-8", 0 }, 0, "" },
		{ NULL, LIST("Push-Accept-Charset", LI("*")), { SIC, NULL, NULL, "utf-16", 0 }, 0, "" },
		{ NULL, LIST("Push-Accept-Charset", LI("us-ascii")), { SIC, NULL, NULL, NULL, 0 }, 0, "" },
		{ NULL, LIST("Push-Accept-Charset", LI("us-ascii")), { SIC, NULL, NULL, "utf-8", 0 }, 2006, "Push-Accept-Charset: not utf-8" },
		{ LIST("Push-Accept-Charset", LI("utf-8")), LIST("Push-Accept-Charset", LI("us-ascii")), { SIC, NULL, NULL, "utf-8", 0 }, 2005, "Charset" },
		/* sizes */
		{ NULL, "<prf:Push-MsgSize>1400</prf:Push-MsgSize>", { SIC, NULL, NULL, NULL, 1400 }, 0, "" },
		{ NULL, "<prf:Push-MsgSize>1400</prf:Push-MsgSize>", { SIC, NULL, NULL, NULL, 1401 }, 2006, "at most 1400 octets, not 1401" },
		{ "<prf:Push-MsgSize>2000</prf:Push-MsgSize>", "<prf:Push-MsgSize>1400</prf:Push-MsgSize>", { SIC, NULL, NULL, NULL, 1401 }, 2005, "MsgSize" },
		{ "<prf:Push-MsgSize>2000</prf:Push-MsgSize>", "<prf:Push-MsgSize>1400</prf:Push-MsgSize>", { SIC, NULL, NULL, NULL, 2001 }, 2006, "MsgSize" },
		{ "<prf:Push-MsgSize>2000</prf:Push-MsgSize>", "<prf:Push-MsgSize>1400</prf:Push-MsgSize>", { SIC, NULL, NULL, NULL, 1000 }, 0, "" },
		{ "<prf:Push-MsgSize>100</prf:Push-MsgSize>", "<prf:Push-MsgSize>1400</prf:Push-MsgSize>", { SIC, NULL, NULL, NULL, 1000 }, 0, "" },
		/* the order of attributes decides which is named */
		{ "<prf:Push-MsgSize>2000</prf:Push-MsgSize>", LIST("Push-Accept", LI("a/b")) "<prf:Push-MsgSize>1</prf:Push-MsgSize>",
		  { SIC, NULL, NULL, NULL, 9 }, 2006, "Push-Accept:" },
		/* what does not count */
		{ NULL, LIST("Push-Accept-Language", LI("fi")) LIST("Push-Accept-Encoding", LI("base64")) "<prf:Push-MaxPushReq>0</prf:Push-MaxPushReq>",
		  { SIC, NULL, NULL, NULL, 9 }, 0, "" },
	};
	struct sbuf doc = { 0 };
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct uaprof assumed, actual;
		struct why why = { 0 };
		int code;

		sbuf_clear(&doc);
		sbuf_fmt(&doc, OPEN "<rdf:Description>%s</rdf:Description>" CLOSE, rows[i].assumed != NULL ? rows[i].assumed : "");
		read_good(doc.s, &assumed);
		sbuf_clear(&doc);
		sbuf_fmt(&doc, OPEN "<rdf:Description>%s</rdf:Description>" CLOSE, rows[i].actual);
		read_good(doc.s, &actual);
		code = uaprof_match(rows[i].assumed != NULL ? &assumed : NULL, &actual, &rows[i].facts, &why);
		if (code != rows[i].code || strstr(why.text, rows[i].says) == NULL || (code != 0) != (why.text[0] != '\0'))
			fail_msg("row %zu: %d %s", i, code, why.text);
		uaprof_done(&assumed);
		uaprof_done(&actual);
	}
	sbuf_done(&doc);
}

static void
narrowed_to_an_application(void **state)
{
	static const struct { const char *list, *app_id; bool taken; const char *says; } rows[] = {
		{ LI(APP "wml.ua") LI(APP "mms.ua"), APP "mms.ua", true, "accept=a/b app=" APP "mms.ua size=9 " },
		{ LI("*"), APP "mms.ua", true, "accept=a/b app=" APP "mms.ua size=9 " },
		{ LI("mms.ua"), APP "mms.ua", true, "accept=a/b app=" APP "mms.ua size=9 " },
		{ LI(APP "wml.ua") LI("x:y"), APP "mms.ua", false, "accept=a/b app=" APP "wml.ua,x:y size=9 " },
		{ "", APP "mms.ua", true, "accept=a/b size=9 " },
	};
	struct sbuf text = { 0 };
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct uaprof u;

		sbuf_clear(&text);
		sbuf_fmt(&text, OPEN "<rdf:Description prf:Push-MsgSize=\"9\">" LIST("Push-Accept", LI("a/b"))
		    "<prf:Push-Accept-AppID><rdf:Bag>%s</rdf:Bag></prf:Push-Accept-AppID></rdf:Description>" CLOSE, rows[i].list);
		read_good(text.s, &u);
		assert_int_equal(uaprof_filter(&u, rows[i].app_id), rows[i].taken);
		describe(&u, &text);
		assert_string_equal(text.s, rows[i].says);
		uaprof_done(&u);
	}
	sbuf_done(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spellings),
		cmocka_unit_test(hostile_profiles),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(messages_against_profiles),
		cmocka_unit_test(narrowed_to_an_application),
	};

	return cmocka_run_group_tests_name("uaprof", tests, NULL, NULL);
}
