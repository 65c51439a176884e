/* fuzz_syncml.c - SyncML messages in XML and WBXML; what is read can be written, and is then read as the same. */
#include <stdint.h>
#include <stdlib.h>

#include "wap/syncml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Written once, read and written again. Text that grows past a limit may be refused the second time. */
static void
round_trip(const struct syncml_message *m, bool wbxml)
{
	struct sbuf once = { 0 }, twice = { 0 };
	struct syncml_message again;
	struct why why = { 0 };
	int err;

	if (syncml_print(m, wbxml, &once, &why) != OK)
		abort();
	err = syncml_parse(wbxml ? SYNCML_WBXML : SYNCML_XML, sbuf_as_span(&once), &again, &why);
	if (err != OK && err != ERR_LIMIT)
		abort();
	if (err == OK && (syncml_print(&again, wbxml, &twice, &why) != OK ||
	    !span_eq(sbuf_as_span(&once), sbuf_as_span(&twice))))
		abort();
	syncml_done(&again);
	sbuf_done(&once);
	sbuf_done(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int i;

	for (i = 0; i < 2; i++) {
		struct syncml_message m;
		struct why why = { 0 };
		int err = syncml_parse(i == 0 ? SYNCML_XML : SYNCML_WBXML, span_of(data, size), &m, &why);

		if (err != OK && (why.text[0] == '\0' || why.offset > size || m.commands != NULL))
			abort();
		if (err == OK) {
			round_trip(&m, false);
			round_trip(&m, true);
		}
		syncml_done(&m);
	}
	return 0;
}
