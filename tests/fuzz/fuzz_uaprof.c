/* fuzz_uaprof.c - user agent profiles: read, matched, narrowed, written and read again. */
#include <stdlib.h>

#include "ppg/uaprof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct uaprof_facts facts = {
		.content_type = "application/vnd.wap.sic", .text_type = "text/vnd.wap.si", .charset = "utf-8", .octets = 1000,
	};
	struct uaprof u, again;
	struct sbuf out = { 0 };
	struct why why;

	if (uaprof_read(span_of(data, n), NULL, &u, &why) != OK)
		return 0;
	if (uaprof_match(&u, &u, &facts, &why) == 2005)
		abort();			/* one profile is not wrong about itself */
	uaprof_filter(&u, "x-wap-application:mms.ua");
	uaprof_print(&u, &out);
	if (uaprof_read(sbuf_as_span(&out), NULL, &again, &why) != OK ||
	    again.has_msg_size != u.has_msg_size || again.msg_size != u.msg_size ||
	    again.lists[UAPROF_ACCEPT].n != u.lists[UAPROF_ACCEPT].n)
		abort();
	uaprof_done(&again);
	uaprof_done(&u);
	sbuf_done(&out);
	return 0;
}
