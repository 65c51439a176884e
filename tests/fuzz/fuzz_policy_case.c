/*
 * fuzz_policy_case.c - whatever is given to `ppgctl policy explain` as a case is answered: with a
 * decision, with several, or with an error that is a sentence.
 */
#include <stdlib.h>

#include "policy/case_json.h"
#include "tests/unit/profile_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check(json_t *answer)
{
	const char *error = json_text(answer, "error");

	if (error ? error[0] == '\0' : json_text(answer, "outcome") == NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	json_t *input = json_read(span_of(data, n), NULL), *answer, *one;
	size_t i;

	if (input == NULL)
		return 0;
	answer = policy_case_decide(input, profile_files());
	if (!json_is_array(answer))
		check(answer);
	json_array_foreach(answer, i, one)
		check(one);
	json_decref(answer);
	json_decref(input);
	return 0;
}
