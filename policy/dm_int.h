/* dm_int.h - between the files of DM security: hashes that end the program where OpenSSL has none. */
#ifndef POLICY_DM_INT_H
#define POLICY_DM_INT_H

#include "policy/dm.h"

/* Octets of the hash of a scheme: MD5 16, SHA256 32. */
size_t dm_hash_size(enum dm_auth auth);
/* H(parts, one after the other). */
void dm_hash(enum dm_auth auth, const struct span *parts, size_t n, uint8_t out[DM_DIGEST_MAX]);
/* B64 of at most DM_DIGEST_MAX octets. */
void dm_b64_encode(struct span octets, char out[DM_B64_MAX]);
void dm_hmac_sha256_octets(struct span key, const struct span *parts, size_t n, uint8_t out[32]);
bool dm_octets_set(struct dm_octets *o, struct span s);		/* false, and empty: too long */

#endif
