/*
 * fuzz_cab.c - whatever a cabinet says: no signature of a stranger is good, and files come out whole
 * or not at all.
 */
#include <stdlib.h>

#include "tests/unit/profile_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct policy_device dev;	/* no roots: nothing verifies */
	struct sbuf file = { 0 };
	uint32_t mask;

	if (policy_cab_mask(&dev, span_of(data, n), &mask, NULL) == OK || mask != 0)
		abort();
	policy_cab_file(span_of(data, n), "_setup.xml", &file, NULL);
	sbuf_done(&file);
	return 0;
}
