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
/* HMAC-SHA-256, the first 16 octets: the same key gives the same, and nobody without it can tell of what. */
enum { SECRET_HASH_SIZE = 16 };
void secret_hash(struct span key, struct span s, uint8_t out[SECRET_HASH_SIZE]);
bool secret_equal(const void *a, const void *b, size_t n);	/* in constant time */

#endif
