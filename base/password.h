/*
 * password.h - password hashes: "$scrypt$ln=15,r=8,p=3$<salt>$<hash>" (base64 without padding),
 * RFC 7914; N = 2^15, r = 8, p = 3 costs about 0.3 s and 32 MiB.
 */
#ifndef BASE_PASSWORD_H
#define BASE_PASSWORD_H

#include <stdbool.h>

#include "base/buf.h"

enum { PASSWORD_MAX = 1024, PASSWORD_HASH_SIZE = 128 };

/* A fresh hash of the password; ERR_LIMIT above PASSWORD_MAX, ERR_IO without randomness. */
int password_hash(struct span password, char out[PASSWORD_HASH_SIZE]);
bool password_is_hash(const char *stored);
/* The parameters of a stored hash are ones we accept (ln 10..20, r 1..32, p 1..16). */
int password_check_hash(const char *stored, struct why *why);
/*
 * Does the password fit the stored hash or plain text? Slow for hashes: never on an event loop.
 * Compared in constant time.
 */
bool password_verify(struct span password, const char *stored);

/* A fast keyed digest for a cache of verified logins: HMAC-SHA-256 under a random process key. */
void password_token(struct span user, struct span password, uint8_t out[32]);

#endif
