/* fuzz_wbxml.c - the WBXML decoder; what it accepts must come out as well-formed XML. */
#include <stdint.h>
#include <stdlib.h>

#include "base/xml.h"
#include "wap/wbxml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const media[] = {
		NULL, "application/vnd.wap.sic", "application/vnd.wap.connectivity-wbxml",
		"application/vnd.wap.emn+wbxml", "application/vnd.oma.drm.rights+wbxml",
	};
	static const struct xml_limits limits = { WBXML_DEPTH_MAX, 64, WBXML_MAX * 8 };
	static const struct xml_events none;
	size_t i;

	for (i = 0; i < sizeof media / sizeof media[0]; i++) {
		struct sbuf xml = { 0 };
		struct why why = { 0 };
		int err = wbxml_to_xml(span_of(data, size), media[i], &xml, &why);

		if (err != OK && (why.text[0] == '\0' || why.offset > size || xml.n > 0))
			abort();
		if (err == OK && xml_parse(sbuf_as_span(&xml), "utf-8", &limits, &none, NULL, &why) != OK)
			abort();
		sbuf_done(&xml);
	}
	return 0;
}
