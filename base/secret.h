/*
 * secret.h - memory that held a secret, and comparing without telling how much was right.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

void secret_cleanse(void *p, size_t n);			/* never optimised away */
enum { SECRET_DIGEST_SIZE = 65 };
/* SHA-256 in lower-case hexadecimal: names what can no longer be shown. */
void secret_digest(struct span s, char out[SECRET_DIGEST_SIZE]);
bool secret_equal(const void *a, const void *b, size_t n);	/* in constant time */

#endif
