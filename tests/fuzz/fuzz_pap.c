/* fuzz_pap.c - PAP control entities, and what is made of their addresses. */
#include <stddef.h>
#include <stdint.h>

#include "ppg/address.h"
#include "ppg/pap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pap_control c;
	struct wappush address;
	struct why why;
	size_t i;

	if (pap_parse(span_of(data, n), NULL, 50, &c, &why) == OK)
		pap_reply_version(&c);
	for (i = 0; i < c.n_addresses; i++)
		address_parse(c.addresses[i], &address, &why);
	pap_control_done(&c);
	return 0;
}
