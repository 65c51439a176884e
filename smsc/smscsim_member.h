/* smscsim_member.h - members of the JSON objects that tell smscsim what to do. */
#ifndef SMSC_SMSCSIM_MEMBER_H
#define SMSC_SMSCSIM_MEMBER_H

#include "base/err.h"
#include "base/json.h"

/* A string of 1 to size - 1 characters, or ERR_SYNTAX and a sentence that names the member. */
int sim_member_text(const json_t *value, const char *key, char *out, size_t size,
    struct why *why);
/* A whole number in min..max, or ERR_RANGE. */
int sim_member_number(const json_t *value, const char *key, json_int_t min, json_int_t max,
    int64_t *out, struct why *why);

#endif
