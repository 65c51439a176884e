/*
 * fuzz_xml.c - XML documents as initiators send them. The first octet picks the content type, the
 * rest is the document; what compiles must be a binary document that is read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xml.h"
#include "wap/content.h"
#include "wap/wbxml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int
on_start(void *ctx, const char *name, const struct xml_attr *attrs, size_t n, struct why *why)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (attrs[i].name[0] == '\0' || attrs[i].value == NULL)
			abort();
	return OK;
}

static void
compile(const char *type, struct span doc)
{
	struct content c;
	struct content_facts facts;
	struct prov_doc prov;
	struct why why = { 0 };
	int err = content_prepare(span_str(type), doc, false, &c, &why);

	if (err != OK && (why.text[0] == '\0' || c.type != NULL))
		abort();
	if (err == OK && c.compiled && wbxml_check(sbuf_as_span(&c.body), NULL, &why) != OK)
		abort();
	content_done(&c);
	content_facts(type, doc, &facts, &why);
	if (strstr(type, "connectivity") != NULL && prov_doc_parse(type, doc, &prov, &why) == OK)
		prov_doc_done(&prov);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const types[] = {
		"text/vnd.wap.si", "text/vnd.wap.sl", "text/vnd.wap.co", "text/vnd.wap.emn+xml",
		"text/vnd.wap.connectivity-xml", "text/vnd.wap.si; charset=iso-8859-1",
		"text/vnd.wap.si; charset=utf-16", "application/vnd.wap.connectivity-wbxml",
	};
	static const struct xml_events events = { .start = on_start };
	struct why why = { 0 };
	struct span doc;

	if (n == 0)
		return 0;
	doc = span_of(data + 1, n - 1);
	if (xml_parse(doc, NULL, NULL, &events, NULL, &why) != OK &&
	    (strncmp(why.text, "line ", 5) != 0 || why.offset > doc.n))
		abort();
	compile(types[data[0] % 8], doc);
	return 0;
}
