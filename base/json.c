/* json.c - see json.h. */
#include "base/json.h"

#include <string.h>

#include "base/text.h"

json_t *
json_span(struct span s)
{
	struct sbuf b = { 0 };
	json_t *v;
	size_t i;

	if (s.n == 0)
		return json_string("");
	if (text_is_utf8(s, NULL) && memchr(s.p, 0, s.n) == NULL)
		return json_stringn((const char *)s.p, s.n);
	for (i = 0; i < s.n; i++) {
		if (s.p[i] > 0 && s.p[i] < 0x80)
			sbuf_char(&b, (char)s.p[i]);
		else
			sbuf_fmt(&b, "\\x%02X", s.p[i]);
	}
	v = json_stringn(b.s, b.n);
	sbuf_done(&b);
	return v;
}

static int
append(const char *text, size_t n, void *out)
{
	sbuf_put(out, text, n);
	return 0;
}

void
json_print(json_t *value, struct sbuf *out)
{
	json_dump_callback(value, append, out, JSON_COMPACT | JSON_ENCODE_ANY);
}

json_t *
json_read(struct span text, struct why *why)
{
	json_error_t e;
	json_t *v = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &e);

	if (v == NULL)
		why_at(why, ERR_SYNTAX, (size_t)e.position, "line %d, column %d: %s", e.line,
		    e.column, e.text);
	return v;
}

const char *
json_text(const json_t *obj, const char *key)
{
	return json_string_value(json_object_get(obj, key));
}
