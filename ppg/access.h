/*
 * access.h - what a known initiator may push, to whom, and how much of it.
 * Its rules are those of struct initiator; each refusal says which one it was.
 */
#ifndef PPG_ACCESS_H
#define PPG_ACCESS_H

#include "ppg/initiator.h"
#include "store/store.h"

/* "+digits" against allowed and denied prefixes. OK or ERR_AUTH. */
int access_number(const struct initiator *who, const char *to, struct why *why);
/* Media type without parameters; app_id as text, NULL for none. OK or ERR_AUTH. */
int access_content(const struct initiator *who, const char *content_type, const char *app_id, struct why *why);

struct access_meters;

/* Reads what was used today from the store, once for each initiator. */
struct access_meters *access_meters_create(struct store *store);
void access_meters_destroy(struct access_meters **m);
/*
 * Before a push is written: OK and it counts; ERR_FULL: too many pushes a second, *retry_s says when to
 * come again; ERR_LIMIT: more recipients than this initiator has for a day. Any thread.
 */
int access_take(struct access_meters *m, const struct initiator *who, uint32_t recipients, unsigned *retry_s,
    struct why *why);
/* The push was not written after all. */
void access_give_back(struct access_meters *m, const struct initiator *who, uint32_t recipients);

#endif
