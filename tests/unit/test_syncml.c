/* test_syncml.c - SyncML messages: XML and WBXML, both ways, beside libwbxml (which runs in a child process). */
#include "tests/unit/test.h"

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include <wbxml/wbxml.h>
#include <wbxml/wbxml_conv.h>

#include "tests/unit/vector.h"
#include "wap/syncml.h"
#include "wap/wbxml.h"

static const char *const media[] = { SYNCML_XML, SYNCML_WBXML };

static struct sbuf
printed(const struct syncml_message *m, bool wbxml)
{
	struct sbuf out = { 0 };
	struct why why;

	if (syncml_print(m, wbxml, &out, &why) != OK)
		fail_msg("%s", why.text);
	return out;
}

static void
parsed(bool wbxml, struct span in, struct syncml_message *m)
{
	struct why why;

	if (syncml_parse(media[wbxml], in, m, &why) != OK)
		fail_msg("%s: %.*s", why.text, (int)in.n, (const char *)in.p);
}

static void
same_octets(const struct sbuf *a, const struct sbuf *b)
{
	if (!span_eq(sbuf_as_span(a), sbuf_as_span(b)))
		fail_msg("%s\n---\n%s", a->s, b->s);
}

/* ---- beside libwbxml ---------------------------------------------------------------------------------- */

/* Its WBXML of our XML, or its XML of our WBXML. */
static struct sbuf
other(bool to_wbxml, struct span in)
{
	struct sbuf out = { 0 };
	char chunk[4096];
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		WB_UTINY *made = NULL, *copy = vector_exact(in, in.n);
		WB_ULONG len = 0;
		WBXMLError err;

		alarm(60);
		if (to_wbxml) {
			WBXMLConvXML2WBXML *conv = NULL;

			wbxml_conv_xml2wbxml_create(&conv);
			wbxml_conv_xml2wbxml_set_version(conv, WBXML_VERSION_12);
			wbxml_conv_xml2wbxml_disable_string_table(conv);
			wbxml_conv_xml2wbxml_enable_preserve_whitespaces(conv);
			err = wbxml_conv_xml2wbxml_run(conv, copy, (WB_ULONG)in.n, &made, &len);
		} else {
			WBXMLConvWBXML2XML *conv = NULL;

			wbxml_conv_wbxml2xml_create(&conv);
			wbxml_conv_wbxml2xml_set_gen_type(conv, WBXML_GEN_XML_CANONICAL);
			wbxml_conv_wbxml2xml_enable_preserve_whitespaces(conv);
			err = wbxml_conv_wbxml2xml_run(conv, copy, (WB_ULONG)in.n, &made, &len);
		}
		if (err != WBXML_OK)
			_exit(1);
		while (len > 0 && (n = write(fds[1], made, len)) > 0)
			made += n, len -= (WB_ULONG)n;
		_exit(0);
	}
	close(fds[1]);
	while ((n = read(fds[0], chunk, sizeof chunk)) > 0)
		sbuf_put(&out, chunk, (size_t)n);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0 && out.n > 0);
	return out;
}

/* It names the binary form of a media type in a Type as soon as the message is binary; the data stays what it is. */
static void
same_but_type(const struct sbuf *ours, struct sbuf *theirs)
{
	char *wbxml;

	while ((wbxml = strstr(theirs->s, "dmtnds+wbxml")) != NULL) {
		memmove(wbxml + 7, wbxml + 9, strlen(wbxml + 9) + 1);
		theirs->n -= 2;
	}
	same_octets(ours, theirs);
}

/* ---- vectors -------------------------------------------------------------------------------------------- */

static unsigned vectors_seen;

/* Cut off anywhere it is refused, and nothing is left behind. */
static void
refused_when_cut(bool wbxml, struct span in)
{
	struct syncml_message m, zero = { 0 };
	struct why why;
	size_t n;

	for (n = 0; n < in.n; n++) {
		uint8_t *part = vector_exact(in, n);

		if (syncml_parse(media[wbxml], span_of(part, n), &m, &why) == OK)
			fail_msg("cut to %zu octets it is taken", n);
		assert_memory_equal(&m, &zero, sizeof m);
		assert_true(why.text[0] != '\0' && why.offset <= n);
		free(part);
	}
}

static void
one_vector(const char *name)
{
	char path[4096], text[16384];
	struct syncml_message m, again;
	struct sbuf xml, xml2, wbxml, wbxml2, theirs, doc = { 0 };
	size_t n, end;
	FILE *f;

	snprintf(path, sizeof path, TOP_SRCDIR "/tests/vectors/syncml/%s", name);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof text, f);
	fclose(f);
	for (end = n; text[end - 1] == '\n'; )
		end--;
	refused_when_cut(false, span_of(text, end));

	/* There and back, both ways. */
	parsed(false, span_of(text, n), &m);
	xml = printed(&m, false);
	wbxml = printed(&m, true);
	parsed(false, sbuf_as_span(&xml), &again);
	xml2 = printed(&again, false);
	wbxml2 = printed(&again, true);
	same_octets(&xml, &xml2);
	same_octets(&wbxml, &wbxml2);
	sbuf_done(&xml2);
	sbuf_done(&wbxml2);
	syncml_done(&again);
	parsed(true, sbuf_as_span(&wbxml), &again);
	xml2 = printed(&again, false);
	wbxml2 = printed(&again, true);
	same_octets(&xml, &xml2);
	same_octets(&wbxml, &wbxml2);
	sbuf_done(&xml2);
	sbuf_done(&wbxml2);
	syncml_done(&again);
	refused_when_cut(true, sbuf_as_span(&wbxml));

	/* The other library reads our WBXML, and we read its. */
	theirs = other(false, sbuf_as_span(&wbxml));
	parsed(false, sbuf_as_span(&theirs), &again);
	xml2 = printed(&again, false);
	same_but_type(&xml, &xml2);
	sbuf_done(&theirs);
	sbuf_done(&xml2);
	syncml_done(&again);
	sbuf_fmt(&doc, "<?xml version=\"1.0\"?><!DOCTYPE SyncML PUBLIC \"-//SYNCML//DTD SyncML %s//EN\" \"http://www.example.net/x.dtd\">%s",
	    m.ver_dtd, strstr(xml.s, "<SyncML"));
	theirs = other(true, sbuf_as_span(&doc));
	parsed(true, sbuf_as_span(&theirs), &again);
	xml2 = printed(&again, false);
	same_but_type(&xml, &xml2);
	sbuf_done(&theirs);
	sbuf_done(&xml2);
	syncml_done(&again);

	sbuf_done(&doc);
	sbuf_done(&xml);
	sbuf_done(&wbxml);
	syncml_done(&m);
	vectors_seen++;
}

static void
vectors(void **state)
{
	DIR *dir = opendir(TOP_SRCDIR "/tests/vectors/syncml");
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		if (strstr(entry->d_name, ".xml") != NULL)
			one_vector(entry->d_name);
	closedir(dir);
	assert_true(vectors_seen >= 6);
}

/* ---- what a message means -------------------------------------------------------------------------------- */

static void
load(const char *name, struct syncml_message *m)
{
	char path[4096], text[16384];
	FILE *f;
	size_t n;

	snprintf(path, sizeof path, TOP_SRCDIR "/tests/vectors/syncml/%s.xml", name);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof text, f);
	fclose(f);
	parsed(false, span_of(text, n), m);
}

static void
fields(void **state)
{
	const struct syncml_command *c;
	struct syncml_message m;
	struct sbuf octets = { 0 };

	load("client-1", &m);
	assert_string_equal(m.ver_dtd, "1.2");
	assert_string_equal(m.ver_proto, "DM/1.2");
	assert_string_equal(m.session_id, "BEEF");
	assert_int_equal(m.msg_id, 1);
	assert_string_equal(m.target, "https://dm.example.net/dm?x=1&y=2");
	assert_string_equal(m.source, "IMEI:004999010640000");
	assert_string_equal(m.source_name, "dev-0001");
	assert_null(m.resp_uri);
	assert_string_equal(m.cred->type, "syncml:auth-md5");
	assert_string_equal(m.cred->format, "b64");
	assert_string_equal(m.cred->data.octets.s, "gr8X0aiuQVvDV7QGvXQl9A==");
	assert_int_equal(syncml_octets(m.cred->format, &m.cred->data, &octets), OK);
	assert_int_equal(octets.n, 16);
	assert_int_equal((uint8_t)octets.s[15], 0xF4);
	assert_int_equal(m.max_msg_size, 16384);
	assert_int_equal(m.max_obj_size, 65536);
	assert_true(m.final);
	c = m.commands;
	assert_int_equal(c->kind, SYNCML_ALERT);
	assert_int_equal(c->data, 1200);
	c = c->next;
	assert_int_equal(c->kind, SYNCML_REPLACE);
	assert_int_equal(c->cmd_id, 2);
	assert_string_equal(c->items->next->source, "./DevInfo/Man");
	assert_string_equal(c->items->next->data.octets.s, "Gerätebau & Söhne");
	assert_true(c->items->next->next->data.has);
	assert_int_equal(c->items->next->next->data.octets.n, 0);
	assert_null(c->items->next->next->next);
	assert_null(c->next);
	syncml_done(&m);

	load("server-2", &m);
	c = m.commands;
	assert_int_equal(c->data, 401);
	assert_string_equal(c->cmd, "SyncHdr");
	assert_int_equal(c->msg_ref, 1);
	assert_int_equal(c->cmd_ref, 0);
	assert_string_equal(c->target_ref, "https://dm.example.net/dm");
	assert_string_equal(c->chal->type, "syncml:auth-md5");
	assert_string_equal(c->chal->format, "b64");
	assert_string_equal(c->chal->next_nonce, "Tm9uY2U=");
	assert_string_equal(m.resp_uri, "https://dm.example.net/dm?s=BEEF");
	assert_string_equal(c->next->next->items->next->target, "./DevInfo?prop=ACL");
	assert_string_equal(c->next->next->next->correlator, "job-7");
	syncml_done(&m);

	load("results", &m);
	assert_true(m.no_resp);
	assert_false(m.final);
	c = m.commands;
	assert_int_equal(c->msg_ref, 1);
	assert_int_equal(c->cmd_ref, 3);
	assert_string_equal(c->items->data.octets.s, " 2.7  beta ");	/* data is as it stands */
	assert_string_equal(c->items->type, "text/plain");
	sbuf_clear(&octets);
	assert_int_equal(syncml_octets(c->items->next->format, &c->items->next->data, &octets), OK);
	assert_int_equal(octets.n, 6);
	assert_memory_equal(octets.s, "\0\1\2\3\4\5", 6);
	assert_true(c->next->items->more);
	assert_int_equal(c->next->items->size, 70000);
	syncml_done(&m);

	load("nested", &m);
	c = m.commands;
	assert_int_equal(c->kind, SYNCML_ATOMIC);
	assert_true(c->no_resp);
	assert_int_equal(c->inner->kind, SYNCML_SEQUENCE);
	assert_int_equal(c->inner->inner->kind, SYNCML_ADD);
	assert_string_equal(c->inner->inner->format, "node");
	assert_null(c->inner->inner->items->format);
	assert_int_equal(c->inner->next->kind, SYNCML_COPY);
	assert_string_equal(c->inner->next->items->source, "./D");
	assert_int_equal(c->next->data, 1226);
	syncml_done(&m);

	load("bootstrap", &m);
	assert_non_null(strstr(m.commands->items->data.octets.s, "<Value>a &amp; b</Value>"));
	syncml_done(&m);
	sbuf_done(&octets);
}

/* ---- building --------------------------------------------------------------------------------------------- */

static char *
heap(const char *s)
{
	return span_dup(span_str(s));
}

static void
build_header(struct syncml_message *m)
{
	*m = (struct syncml_message){ .ver_dtd = heap("1.2"), .ver_proto = heap("DM/1.2"), .session_id = heap("1"), .msg_id = 1,
		.target = heap("t"), .source = heap("s") };
}

static void
builds(void **state)
{
	static const char digest[] = "\x82\xbf\x17\xd1\xa8\xae\x41\x5b\xc3\x57\xb4\x06\xbd\x74\x25\xf4";
	static const char xml_want[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>1</SessionID>"
	    "<MsgID>1</MsgID><Target><LocURI>t</LocURI></Target><Source><LocURI>s</LocURI></Source>"
	    "<Cred><Meta><Format xmlns=\"syncml:metinf\">b64</Format><Type xmlns=\"syncml:metinf\">syncml:auth-md5</Type></Meta>"
	    "<Data>gr8X0aiuQVvDV7QGvXQl9A==</Data></Cred></SyncHdr><SyncBody>"
	    "<Add><CmdID>1</CmdID><Item><Target><LocURI>./x</LocURI></Target><Meta><Format xmlns=\"syncml:metinf\">b64</Format></Meta>"
	    "<Data>AGE=</Data></Item></Add></SyncBody></SyncML>";
	static const char wbxml_want[] = "02A4016A00" "6D6C" "7103312E3200 01" "7203444D2F312E3200 01" "65033100 01" "5B033100 01"
	    "6E57037400 0101" "6757037300 0101"
	    "4E5A 0001 53 0373796E636D6C3A617574682D6D643500 01 01 0000 4FC31082BF17D1A8AE415BC357B406BD7425F401 01 01"
	    "6B 45 4B033100 01 54 6E57032E2F7800 0101 5A 0001 47 0362696E00 01 01 0000 4FC302006101 01 01 01 01";
	struct syncml_message m, back;
	struct sbuf out;
	uint8_t want[512];
	size_t n;

	build_header(&m);
	m.cred = calloc(1, sizeof *m.cred);
	assert_non_null(m.cred);
	m.cred->type = heap("syncml:auth-md5");
	m.cred->format = heap("b64");
	m.cred->data.has = true;
	sbuf_put(&m.cred->data.octets, digest, 16);
	syncml_add_item(syncml_add(&m, SYNCML_ADD), "./x", NULL, "bin", span_of("\0a", 2));
	out = printed(&m, false);
	assert_string_equal(out.s, xml_want);
	sbuf_done(&out);
	out = printed(&m, true);
	assert_int_equal(text_hex(span_str(wbxml_want), want, &n, NULL), OK);
	assert_int_equal(out.n, n);
	assert_memory_equal(out.s, want, n);
	parsed(true, sbuf_as_span(&out), &back);
	assert_int_equal(back.cred->data.octets.n, 16);
	assert_null(back.cred->format);
	assert_int_equal(back.commands->items->data.octets.n, 2);
	assert_string_equal(back.commands->items->format, "bin");
	sbuf_done(&out);
	syncml_done(&back);
	syncml_done(&m);
}

static void
statuses(void **state)
{
	struct syncml_message of, m;
	const struct syncml_command *c;
	struct syncml_command *atomic;

	load("client-1", &of);
	build_header(&m);
	c = syncml_add_status(&m, &of, NULL, 212);
	assert_int_equal(c->cmd_id, 1);
	assert_string_equal(c->cmd, "SyncHdr");
	assert_int_equal(c->cmd_ref, 0);
	assert_int_equal(c->msg_ref, 1);
	assert_string_equal(c->target_ref, of.target);
	assert_string_equal(c->source_ref, of.source);
	c = syncml_add_status(&m, &of, of.commands->next, 200);
	assert_int_equal(c->cmd_id, 2);
	assert_string_equal(c->cmd, "Replace");
	assert_int_equal(c->cmd_ref, 2);
	assert_null(c->source_ref);		/* three items: the Status is of all */
	atomic = syncml_add(&m, SYNCML_ATOMIC);
	syncml_add_item(syncml_add_inner(&m, atomic, SYNCML_DELETE), "./x", NULL, NULL, span_of(NULL, 0));
	assert_int_equal(atomic->inner->cmd_id, 4);
	assert_false(atomic->inner->items->data.has);
	c = syncml_add_status(&m, &m, atomic->inner, 405);
	assert_int_equal(c->cmd_id, 5);
	assert_string_equal(c->target_ref, "./x");
	syncml_done(&of);
	syncml_done(&m);
}

/* What cannot be written is refused, and nothing is. */
static void
print_refuses(void **state)
{
	struct syncml_message m;
	struct syncml_command *c;
	struct sbuf out = { 0 };
	struct why why;
	unsigned k, i;

	for (k = 0; k < 14; k++) {
		build_header(&m);
		c = syncml_add(&m, k == 8 || k == 12 ? SYNCML_ATOMIC : k == 9 || k == 10 ? SYNCML_STATUS : SYNCML_ADD);
		if (k != 7 && k != 8)
			syncml_add_item(c, "./x", NULL, NULL, span_str("d"));
		switch (k) {
		case 0: free(m.ver_dtd); m.ver_dtd = NULL; break;
		case 1: free(m.ver_proto); m.ver_proto = heap(""); break;
		case 2: free(m.session_id); m.session_id = NULL; break;
		case 3: free(m.session_id); m.session_id = heap(""); break;
		case 4: free(m.target); m.target = NULL; break;
		case 5: free(m.source); m.source = NULL; break;
		case 6: c->cmd_id = 0; break;
		case 9: c->data = 200; break;				/* no Cmd */
		case 10: c->cmd = heap("Add"); c->data = 42; break;
		case 11: free(c->items->target); c->items->target = heap("a\x01"); break;
		case 13: syncml_add_inner(&m, c, SYNCML_ADD); break;
		}
		for (i = 0; i < 2; i++) {
			if (syncml_print(&m, i == 1, &out, &why) != ERR_SYNTAX || out.n != 0)
				fail_msg("case %u was written", k);
		}
		syncml_done(&m);
	}
	sbuf_done(&out);
}

/* ---- data ---------------------------------------------------------------------------------------------------- */

static void
data_comes_back(void **state)
{
	static const struct { const char *data; size_t n; const char *format, *in_xml; } rows[] = {
		{ "plain", 5, NULL, NULL }, { "", 0, NULL, NULL }, { "\r\n\t x ", 6, "chr", "chr" },
		{ "]]>&<\"'", 7, "chr", "chr" }, { "\xC3\xA9\xE2\x82\xAC", 5, NULL, NULL },
		{ "a\0b", 3, NULL, "b64" }, { "\xFF\xFE", 2, "chr", "b64" }, { "\x01", 1, "bin", "b64" },
		{ "text", 4, "bin", "b64" }, { "\xEF\xBF\xBE", 3, NULL, "b64" }, { "AAAA", 4, "b64", "b64" },
		{ "", 0, "bin", "b64" },
	};
	size_t i;
	int k;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (k = 0; k < 2; k++) {
			struct syncml_message m, back;
			const struct syncml_item *item;
			struct sbuf out, octets = { 0 };
			const char *format = k == 1 ? rows[i].format : rows[i].in_xml;

			build_header(&m);
			syncml_add_item(syncml_add(&m, SYNCML_ADD), "./x", NULL, rows[i].format, span_of(rows[i].data, rows[i].n));
			out = printed(&m, k == 1);
			parsed(k == 1, sbuf_as_span(&out), &back);
			item = back.commands->items;
			assert_true(item->data.has);
			if (format == NULL ? item->format != NULL : item->format == NULL || strcmp(item->format, format) != 0)
				fail_msg("row %zu: format %s", i, item->format);
			/* What was base64 before is the same text; what was octets is the same octets. */
			assert_int_equal(syncml_octets(rows[i].format != NULL && strcmp(rows[i].format, "b64") == 0 ? NULL :
			    item->format, &item->data, &octets), OK);
			if (!span_eq(sbuf_as_span(&octets), span_of(rows[i].data, rows[i].n)))
				fail_msg("row %zu as %s: %s", i, k == 1 ? "WBXML" : "XML", out.s);
			sbuf_done(&out);
			sbuf_done(&octets);
			syncml_done(&m);
			syncml_done(&back);
		}
	}
}

/* The format of the command counts for items that have none. */
static void
format_of_the_command(void **state)
{
	struct syncml_message m, back;
	struct sbuf out;

	build_header(&m);
	syncml_add(&m, SYNCML_ADD)->format = heap("bin");
	syncml_add_item(m.commands, "./x", NULL, NULL, span_str("abc"));
	syncml_add_item(m.commands, "./y", NULL, "chr", span_str("abc"));
	out = printed(&m, false);
	parsed(false, sbuf_as_span(&out), &back);
	assert_string_equal(back.commands->format, "bin");
	assert_string_equal(back.commands->items->format, "b64");
	assert_string_equal(back.commands->items->data.octets.s, "YWJj");
	assert_string_equal(back.commands->items->next->format, "chr");
	assert_string_equal(back.commands->items->next->data.octets.s, "abc");
	syncml_done(&m);
	syncml_done(&back);
	sbuf_done(&out);
}

/* ---- refused -------------------------------------------------------------------------------------------------- */

#define H "<SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>1</SessionID><MsgID>1</MsgID>" \
	"<Target><LocURI>t</LocURI></Target><Source><LocURI>s</LocURI></Source></SyncHdr>"
#define M(body) "<SyncML>" H "<SyncBody>" body "</SyncBody></SyncML>"
#define HDR(inside) "<SyncML><SyncHdr>" inside "</SyncHdr><SyncBody/></SyncML>"
#define S "<VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>1</SessionID><MsgID>1</MsgID>" \
	"<Target><LocURI>t</LocURI></Target><Source><LocURI>s</LocURI></Source>"
#define I "<Item><Target><LocURI>./x</LocURI></Target></Item>"

static void
refuses(void **state)
{
	static const struct { const char *xml; int err; const char *says; } rows[] = {
		{ M(""), OK, NULL }, { M("<Final/>"), OK, NULL }, { HDR(S), OK, NULL },
		{ "<!DOCTYPE SyncML PUBLIC \"-//SYNCML//DTD SyncML 1.2//EN\" \"x\">" M(""), OK, NULL },
		{ "<m:SyncML xmlns:m='SYNCML:SYNCML1.2'>" H "<SyncBody/></m:SyncML>", OK, NULL },
		{ M("<Get><CmdID>1</CmdID><Lang>en</Lang><Meta><MetInf><Type>x</Type></MetInf></Meta>" I "</Get>"), OK, NULL },
		{ M("<Get><CmdID>1</CmdID><Cred><Meta/><Data>x</Data></Cred>" I "</Get>"), OK, NULL },
		{ M("<Get><CmdID>1</CmdID><Meta><Mark>m<x/></Mark></Meta>" I "</Get>"), OK, NULL },
		{ M("<Replace><CmdID>1</CmdID><Item><Data><a b='&lt;'>x &amp; y<c/></a></Data></Item></Replace>"), OK, NULL },
		/* the document */
		{ "", ERR_SYNTAX, "" }, { "<SyncHdr/>", ERR_SYNTAX, "SyncHdr does not belong into the document" },
		{ "<SyncML/>", ERR_SYNTAX, "SyncML without SyncHdr" }, { "<SyncML>" H "</SyncML>", ERR_SYNTAX, "SyncML without SyncBody" },
		{ "<SyncML><SyncBody/>" H "</SyncML>", ERR_SYNTAX, "SyncBody before SyncHdr" },
		{ "<SyncML>" H H "<SyncBody/></SyncML>", ERR_SYNTAX, "SyncHdr twice" },
		{ "<SyncML>" H "<SyncBody/><SyncBody/></SyncML>", ERR_SYNTAX, "SyncBody twice" },
		{ M("x"), ERR_SYNTAX, "text in SyncBody" }, { M("<Final/><Final/>"), ERR_SYNTAX, "Final twice" },
		{ "<!DOCTYPE SyncML [<!ENTITY a \"b\">]>" M(""), ERR_SYNTAX, "" },
		{ M("<Get><CmdID>&a;</CmdID></Get>"), ERR_SYNTAX, "" },
		{ M("") "x", ERR_SYNTAX, "" },
		/* the header */
		{ HDR(""), ERR_SYNTAX, "SyncHdr without VerDTD" },
		{ HDR("<VerDTD/>"), ERR_SYNTAX, "VerDTD is empty" },
		{ HDR("<VerDTD>1.2</VerDTD><VerDTD>1.2</VerDTD>"), ERR_SYNTAX, "VerDTD twice" },
		{ HDR(S "<MsgID>2</MsgID>"), ERR_SYNTAX, "MsgID twice" },
		{ HDR("<MsgID>x</MsgID>"), ERR_SYNTAX, "MsgID is no number" },
		{ HDR("<MsgID>-1</MsgID>"), ERR_SYNTAX, "MsgID is no number" }, { HDR("<MsgID></MsgID>"), ERR_SYNTAX, "MsgID is empty" },
		{ HDR("<MsgID>4294967296</MsgID>"), ERR_SYNTAX, "MsgID is no number of 32 bits" },
		{ HDR("<Target/>"), ERR_SYNTAX, "Target without LocURI" },
		{ HDR("<Target><LocURI><a/></LocURI></Target>"), ERR_SYNTAX, "an element where text stands" },
		{ HDR(S "<Cred><Data>x</Data></Cred>"), ERR_SYNTAX, "Cred without Type" },
		{ HDR(S "<Cred><Meta><Type>x</Type></Meta></Cred>"), ERR_SYNTAX, "Cred without Data" },
		{ HDR(S "<Chal><Meta><Type>x</Type></Meta></Chal>"), ERR_SYNTAX, "Chal does not belong into SyncHdr" },
		{ HDR(S "<Meta><MaxMsgSize>1k</MaxMsgSize></Meta>"), ERR_SYNTAX, "MaxMsgSize" },
		{ HDR("<SessionID>a\tb</SessionID>"), ERR_SYNTAX, "SessionID has control characters" },
		/* commands */
		{ M("<Put><CmdID>1</CmdID></Put>"), ERR_UNSUPPORTED, "Put is no command of device management" },
		{ M("<Foo/>"), ERR_SYNTAX, "Foo does not belong into SyncBody" },
		{ M("<Get>" I "</Get>"), ERR_SYNTAX, "Get without CmdID" }, { M("<Get><CmdID>1</CmdID></Get>"), ERR_SYNTAX, "Get without Item" },
		{ M("<Get><CmdID>0</CmdID>" I "</Get>"), ERR_SYNTAX, "CmdID is too small" },
		{ M("<Get><CmdID>1</CmdID><MsgRef>1</MsgRef>" I "</Get>"), ERR_SYNTAX, "MsgRef does not belong into a command" },
		{ M("<Get><CmdID>1</CmdID>" I "<Add><CmdID>2</CmdID>" I "</Add></Get>"), ERR_SYNTAX, "Add does not belong into a command" },
		{ M("<Atomic><CmdID>1</CmdID></Atomic>"), ERR_SYNTAX, "Atomic without a command" },
		{ M("<Atomic><CmdID>1</CmdID>" I "</Atomic>"), ERR_SYNTAX, "Item does not belong into a command" },
		{ M("<Atomic><CmdID>1</CmdID><Status/></Atomic>"), ERR_SYNTAX, "Status inside a command" },
		{ M("<Results><CmdID>1</CmdID>" I "</Results>"), ERR_SYNTAX, "Results without CmdRef" },
		{ M("<Alert><CmdID>1</CmdID><Data>x</Data></Alert>"), ERR_SYNTAX, "Data of Alert is no number" },
		{ M("<Get><CmdID>1</CmdID><Item><Foo/></Item></Get>"), ERR_SYNTAX, "Foo does not belong into Item" },
		{ M("<Get><CmdID>1</CmdID><Item><Data/><Data/></Item></Get>"), ERR_SYNTAX, "Data twice" },
		{ M("<Get><CmdID>1</CmdID><Item><Meta><Size>x</Size></Meta></Item></Get>"), ERR_SYNTAX, "Size is no number" },
		/* Status */
		{ M("<Status><CmdID>1</CmdID></Status>"), ERR_SYNTAX, "Status without MsgRef" },
		{ M("<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd></Status>"), ERR_SYNTAX, "Status without Data" },
		{ M("<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd/><Data>200</Data></Status>"), ERR_SYNTAX, "Cmd is empty" },
		{ M("<Status><CmdID>1</CmdID><Data>2000</Data></Status>"), ERR_SYNTAX, "three digits" },
		{ M("<Status><CmdID>1</CmdID><Data>99</Data></Status>"), ERR_SYNTAX, "three digits" },
		{ M("<Status><CmdID>1</CmdID><Chal><Meta><Format>b64</Format></Meta></Chal></Status>"), ERR_SYNTAX, "Chal without Type" },
	};
	struct syncml_message m, zero = { 0 };
	struct why why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int err = syncml_parse(SYNCML_XML, span_str(rows[i].xml), &m, &why);

		if (err != rows[i].err || (err != OK && strstr(why.text, rows[i].says) == NULL))
			fail_msg("%s: %d, %s", rows[i].xml, err, err != OK ? why.text : "");
		if (err != OK)
			assert_memory_equal(&m, &zero, sizeof m);
		syncml_done(&m);
	}
	assert_int_equal(syncml_parse("text/xml", span_str(M("")), &m, &why), ERR_UNSUPPORTED);
	assert_int_equal(syncml_parse("application/vnd.SyncML.dm+xml; charset=utf-8", span_str(M("")), &m, NULL), OK);
	syncml_done(&m);
	assert_int_equal(syncml_parse(SYNCML_WBXML, span_str(M("")), &m, NULL), ERR_UNSUPPORTED);
	assert_int_equal(syncml_parse(SYNCML_WBXML, span_of("\x02\x05\x6A\x00\x05", 5), &m, &why), ERR_SYNTAX);
}

static void
markup_is_data(void **state)
{
	struct syncml_message m;

	parsed(false, span_str(M("<Replace><CmdID>1</CmdID><Item><Data> <a b='&lt;'>x &amp; y<c/></a>&lt;</Data></Item></Replace>")), &m);
	assert_string_equal(m.commands->items->data.octets.s, " <a b=\"&lt;\">x &amp; y<c/></a><");
	syncml_done(&m);
}

/* ---- limits ---------------------------------------------------------------------------------------------------- */

static int
parse_many(const char *before, const char *each, unsigned n, const char *after)
{
	struct sbuf doc = { 0 };
	struct syncml_message m;
	struct why why;
	int err;

	sbuf_str(&doc, "<SyncML>" H "<SyncBody>");
	sbuf_str(&doc, before);
	while (n-- > 0)
		sbuf_str(&doc, each);
	sbuf_str(&doc, after);
	sbuf_str(&doc, "</SyncBody></SyncML>");
	err = syncml_parse(SYNCML_XML, sbuf_as_span(&doc), &m, &why);
	sbuf_done(&doc);
	syncml_done(&m);
	return err;
}

static void
limits(void **state)
{
	static const char alert[] = "<Alert><CmdID>1</CmdID></Alert>";
	struct sbuf doc = { 0 }, inner = { 0 };
	struct syncml_message m;
	struct syncml_command *c;
	struct why why;
	unsigned depth, i, k;

	assert_int_equal(parse_many("", alert, SYNCML_COMMANDS_MAX, ""), OK);
	assert_int_equal(parse_many("", alert, SYNCML_COMMANDS_MAX + 1, ""), ERR_LIMIT);
	assert_int_equal(parse_many("<Get><CmdID>1</CmdID>", "<Item/>", SYNCML_ITEMS_MAX, "</Get>"), OK);
	assert_int_equal(parse_many("<Get><CmdID>1</CmdID>", "<Item/>", SYNCML_ITEMS_MAX + 1, "</Get>"), ERR_LIMIT);
	assert_int_equal(parse_many("<Get><CmdID>1</CmdID><Meta>", "<MetInf>", 100, ""), ERR_LIMIT);
	assert_int_equal(parse_many("<Get><CmdID>1</CmdID><Item><Source><LocURI>", "x", 4096, "</LocURI></Source></Item></Get>"), OK);
	assert_int_equal(parse_many("<Get><CmdID>1</CmdID><Item><Source><LocURI>", "x", 4097, "</LocURI></Source></Item></Get>"), ERR_LIMIT);
	assert_int_equal(parse_many("", "          ", SYNCML_MAX / 10, ""), ERR_LIMIT);

	for (depth = SYNCML_DEPTH_MAX; depth <= SYNCML_DEPTH_MAX + 1; depth++) {
		sbuf_clear(&inner);
		build_header(&m);
		c = NULL;
		for (i = 1; i < depth; i++) {
			sbuf_str(&inner, "<Atomic><CmdID>1</CmdID>");
			c = c == NULL ? syncml_add(&m, SYNCML_ATOMIC) : syncml_add_inner(&m, c, SYNCML_ATOMIC);
		}
		sbuf_str(&inner, alert);
		syncml_add_inner(&m, c, SYNCML_ALERT);
		for (i = 1; i < depth; i++)
			sbuf_str(&inner, "</Atomic>");
		assert_int_equal(parse_many(inner.s, "", 0, ""), depth == SYNCML_DEPTH_MAX ? OK : ERR_LIMIT);
		for (k = 0; k < 2; k++) {
			sbuf_clear(&doc);
			assert_int_equal(syncml_print(&m, k == 1, &doc, &why), depth == SYNCML_DEPTH_MAX ? OK : ERR_SYNTAX);
		}
		syncml_done(&m);
	}
	sbuf_done(&doc);
	sbuf_done(&inner);
}

/* A challenge with its nonce as octets, as WBXML may have it, reads as base64. */
static void
nonce_in_octets(void **state)
{
	static const char hex[] = "02A4016A00" "6D6C" "7103312E3200 01" "7203444D2F312E3200 01" "65033100 01" "5B033100 01"
	    "6E57037400 0101" "6757037300 0101 01"
	    "6B 69 4B033100 01 5C033100 01 4C033000 01 4A0353796E6348647200 01 49 5A 0001 53 0373796E636D6C3A617574682D6D643500 01"
	    "50 C3 04 00FF0001 01 01 01 0000 4F0334303100 01 01 01 01";
	struct syncml_message m;
	uint8_t in[512];
	size_t n;

	assert_int_equal(text_hex(span_str(hex), in, &n, NULL), OK);
	parsed(true, span_of(in, n), &m);
	assert_string_equal(m.commands->chal->next_nonce, "AP8AAQ==");
	assert_int_equal(m.commands->data, 401);
	syncml_done(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(fields),
		cmocka_unit_test(builds),
		cmocka_unit_test(statuses),
		cmocka_unit_test(print_refuses),
		cmocka_unit_test(data_comes_back),
		cmocka_unit_test(format_of_the_command),
		cmocka_unit_test(refuses),
		cmocka_unit_test(markup_is_data),
		cmocka_unit_test(limits),
		cmocka_unit_test(nonce_in_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
