/*
 * fuzz_policy_profile.c - a profile is a device whose record goes to JSON and back unchanged, or an
 * error that names its line.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/case_json.h"
#include "tests/unit/profile_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct policy_device dev, again;
	struct why why = { 0 };
	json_t *first, *second;

	if (policy_profile_parse("input", span_of(data, n), profile_files(), &dev, &why) != OK) {
		if (strchr(why.text, ':') == NULL)
			abort();
		return 0;
	}
	policy_risks(&dev);
	first = policy_device_json(&dev);
	if (policy_device_from_json(first, NULL, &again, &why) == OK) {
		second = policy_device_json(&again);
		if (!json_equal(first, second))
			abort();
		json_decref(second);
	}
	json_decref(first);
	return 0;
}
