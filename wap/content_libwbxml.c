/*
 * content_libwbxml.c - the house of libwbxml: it encodes what content_service.c has written, and
 * nothing else. What comes out is checked by our decoder before anybody gets it.
 *
 * The library keeps no state between calls, so any thread may encode.
 */
#include <stdlib.h>

#include <wbxml/wbxml.h>
#include <wbxml/wbxml_conv.h>

#include "wap/content_int.h"

int
content_service_encode(enum content_kind kind, struct span xml, struct sbuf *out, struct why *why)
{
	WBXMLConvXML2WBXML *conv = NULL;
	WB_UTINY *octets = NULL;
	WB_ULONG n = 0;
	WBXMLError error;
	struct sbuf in = { 0 };
	int err = OK;

	if (wbxml_conv_xml2wbxml_create(&conv) != WBXML_OK)
		abort();
	/* Without a string table the same document always gives the same octets. */
	wbxml_conv_xml2wbxml_set_version(conv, WBXML_VERSION_12);
	wbxml_conv_xml2wbxml_disable_string_table(conv);
	sbuf_span(&in, xml);		/* it wants its input writable */
	error = wbxml_conv_xml2wbxml_run(conv, (WB_UTINY *)in.s, (WB_ULONG)in.n, &octets, &n);
	if (error != WBXML_OK || octets == NULL || n == 0)
		err = why_set(why, ERR_UNSUPPORTED, "%s does not encode: %s", content_kind_name(kind),
		    error != WBXML_OK ? (const char *)wbxml_errors_string(error) : "nothing came out");
	else
		err = wbxml_check(span_of(octets, n), NULL, why);
	if (err == OK)
		sbuf_put(out, octets, n);
	free(octets);
	sbuf_done(&in);
	wbxml_conv_xml2wbxml_destroy(conv);
	return err;
}
