/* smscsim_file.h - files of accounts and scenarios: a JSON array of objects. */
#ifndef SMSC_SMSCSIM_FILE_H
#define SMSC_SMSCSIM_FILE_H

#include "base/json.h"

enum { SIM_FILE_MAX = 1 << 20 };	/* octets */

/*
 * Call each() for every element, in order; it keeps a reference of its own or none. The first error ends it:
 * ERR_IO, ERR_LIMIT, ERR_SYNTAX or what each() says, with "FILE:LINE: " before the sentence, where LINE is
 * where the element begins. sim_text_each: the same of what the file holds.
 */
int sim_text_each(struct span text, const char *path, int (*each)(void *arg, json_t *item, struct why *why),
    void *arg, struct why *why);
int sim_file_each(const char *path, int (*each)(void *arg, json_t *item, struct why *why), void *arg,
    struct why *why);

#endif
