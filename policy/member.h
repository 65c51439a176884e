/* member.h - members of a JSON object, typed; inside policy/ only. Errors begin with the name. */
#ifndef POLICY_MEMBER_H
#define POLICY_MEMBER_H

#include "base/json.h"

/* Borrowed; absent and null are the same: NULL. obj may be NULL. */
json_t *member_get(json_t *obj, const char *name);
/* "NAME: this fact is needed" when absent. */
int member_need(json_t *obj, const char *name, struct why *why);

/* All of these: OK when absent, *out then left alone; ERR_SYNTAX, ERR_RANGE or ERR_LIMIT. */
int member_text(json_t *obj, const char *name, const char **out, struct why *why); /* absent: NULL */
int member_copy(json_t *obj, const char *name, char *out, size_t size, struct why *why);
int member_bool(json_t *obj, const char *name, bool *out, struct why *why);	/* also 1 and 0 */
int member_mask(json_t *obj, const char *name, uint32_t *out, struct why *why);

struct member_word { const char *text; int value; };
/* One of `words` (ended by NULL), in any case. */
int member_word(json_t *obj, const char *name, const struct member_word *words, int *out,
    struct why *why);

#endif
