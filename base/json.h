/* json.h - the house of jansson, and the little we add to it. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>

#include "base/buf.h"

/* A string; where it holds NUL (which many readers refuse) or is not UTF-8, octets as \xNN text. */
json_t *json_span(struct span s);
void json_print(json_t *value, struct sbuf *out);	/* one line, no line end, order kept */
/* Parse one text; *why names the position. */
json_t *json_read(struct span text, struct why *why);
const char *json_text(const json_t *obj, const char *key);	/* member's string, or NULL */

#endif
