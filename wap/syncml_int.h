/* syncml_int.h - between the files of syncml.h; nobody else includes this. */
#ifndef WAP_SYNCML_INT_H
#define WAP_SYNCML_INT_H

#include "wap/syncml.h"

/* Well-formed UTF-8 of characters that XML has. */
bool syncml_is_text(struct span s);
bool syncml_kind_parse(struct span name, enum syncml_kind *out);
bool syncml_holds_commands(enum syncml_kind kind);	/* Atomic, Sequence */

/* Behind the last one. */
struct syncml_command *syncml_append_command(struct syncml_command **list, enum syncml_kind kind);
struct syncml_item *syncml_append_item(struct syncml_command *c);
void syncml_cred_free(struct syncml_cred **cred);

#endif
