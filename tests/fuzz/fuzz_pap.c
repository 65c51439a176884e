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
	static const struct address_leniency all = { true, true, true };
	struct wappush address;
	char key[ADDRESS_KEY_SIZE];
	struct why why;
	size_t i;

	if (pap_parse(span_of(data, n), NULL, 50, &pap_leniency_usual, &c, &why) == OK)
		pap_reply_version(&c);
	for (i = 0; i < c.n_addresses; i++)
		if (address_parse_lenient(c.addresses[i], &all, &address, &why) == OK)
			address_key(&address, true, key);
	pap_control_done(&c);
	return 0;
}
