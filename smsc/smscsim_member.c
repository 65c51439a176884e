/* smscsim_member.c - see smscsim_member.h. */
#include "smsc/smscsim_member.h"

#include <string.h>

int
sim_member_text(const json_t *value, const char *key, char *out, size_t size, struct why *why)
{
	const char *text = json_string_value(value);

	if (text == NULL || *text == '\0' || strlen(text) >= size)
		return why_set(why, ERR_SYNTAX, "%s: not a string of 1 to %zu characters", key, size - 1);
	strcpy(out, text);
	return OK;
}

int
sim_member_number(const json_t *value, const char *key, json_int_t min, json_int_t max,
    int64_t *out, struct why *why)
{
	if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max)
		return why_set(why, ERR_RANGE, "%s: not a whole number in %lld..%lld", key, (long long)min,
		    (long long)max);
	*out = json_integer_value(value);
	return OK;
}
