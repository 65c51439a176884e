/*
 * profile_dir.h - the files that describe devices: where they are, and their text.
 *
 * In this order: what an option says, $OPENPPG_PROFILES, contrib/profiles beside the folder of a
 * program that runs where it was built, ../share/openppg/profiles beside it, and where `make install`
 * puts them.
 */
#ifndef BASE_PROFILE_DIR_H
#define BASE_PROFILE_DIR_H

#include "base/buf.h"

struct profile_dir { char path[4096]; };

/* given: of an option or key; NULL or "" for none. */
void profile_dir_find(struct profile_dir *dir, const char *given);
/*
 * Adds the text of NAME.profile of this directory to *out; a name with a '/', and one with a '.' that
 * no file there has, is a path. dir is a struct profile_dir. ERR_NOT_FOUND, ERR_LIMIT, ERR_IO with *why.
 */
int profile_dir_read(void *dir, const char *name, struct sbuf *out, struct why *why);
/* Names, sorted, one a line; ERR_IO. */
int profile_dir_list(const struct profile_dir *dir, struct sbuf *out, struct why *why);

#endif
