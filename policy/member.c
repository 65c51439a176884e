/* member.c - see member.h. */
#include "policy/member.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

json_t *
member_get(json_t *obj, const char *name)
{
	json_t *v = json_object_get(obj, name);

	return json_is_null(v) ? NULL : v;
}

int
member_text(json_t *obj, const char *name, const char **out, struct why *why)
{
	json_t *v = member_get(obj, name);

	*out = json_string_value(v);
	if (v != NULL && *out == NULL)
		return why_set(why, ERR_SYNTAX, "%s: a string is expected", name);
	return OK;
}

int
member_copy(json_t *obj, const char *name, char *out, size_t size, struct why *why)
{
	const char *s;
	int err = member_text(obj, name, &s, why);

	if (err == OK && s != NULL && strlen(s) >= size)
		err = why_set(why, ERR_LIMIT, "%s: at most %zu octets", name, size - 1);
	if (err == OK && s != NULL)
		snprintf(out, size, "%s", s);
	return err;
}

int
member_bool(json_t *obj, const char *name, bool *out, struct why *why)
{
	json_t *v = member_get(obj, name);

	if (v == NULL)
		return OK;
	if (!json_is_boolean(v) && !(json_is_integer(v) && json_integer_value(v) >= 0 &&
	    json_integer_value(v) <= 1))
		return why_set(why, ERR_SYNTAX, "%s: true, false, 1 or 0 is expected", name);
	*out = json_is_true(v) || json_integer_value(v) == 1;
	return OK;
}

int
member_mask(json_t *obj, const char *name, uint32_t *out, struct why *why)
{
	json_t *v = member_get(obj, name);

	if (v == NULL)
		return OK;
	if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > UINT32_MAX)
		return why_set(why, ERR_RANGE, "%s: a number in 0..4294967295 is expected", name);
	*out = (uint32_t)json_integer_value(v);
	return OK;
}

int
member_word(json_t *obj, const char *name, const struct member_word *words, int *out, struct why *why)
{
	const struct member_word *w;
	struct sbuf list = { 0 };
	const char *s;
	int err = member_text(obj, name, &s, why);

	if (err != OK || s == NULL)
		return err;
	for (w = words; w->text != NULL; w++) {
		if (strcasecmp(w->text, s) == 0) {
			*out = w->value;
			return OK;
		}
	}
	for (w = words; w->text != NULL; w++)
		sbuf_fmt(&list, "%s%s", w == words ? "" : ", ", w->text);
	err = why_set(why, ERR_SYNTAX, "%s: one of %s is expected", name, list.s);
	sbuf_done(&list);
	return err;
}

int
member_need(json_t *obj, const char *name, struct why *why)
{
	return member_get(obj, name) ? OK : why_set(why, ERR_SYNTAX, "%s: this fact is needed", name);
}
