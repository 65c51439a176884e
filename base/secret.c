/* secret.c - see secret.h. */
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

void
secret_cleanse(void *p, size_t n)
{
	OPENSSL_cleanse(p, n);
}

bool
secret_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

void
secret_hash(struct span key, struct span s, uint8_t out[SECRET_HASH_SIZE])
{
	uint8_t mac[SHA256_DIGEST_LENGTH];

	if (HMAC(EVP_sha256(), key.p, (int)key.n, s.p, s.n, mac, NULL) == NULL)
		abort();
	memcpy(out, mac, SECRET_HASH_SIZE);
	secret_cleanse(mac, sizeof mac);
}

void
secret_digest(struct span s, char out[SECRET_DIGEST_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t digest[SHA256_DIGEST_LENGTH];
	size_t i;

	SHA256(s.p, s.n, digest);
	for (i = 0; i < sizeof digest; i++) {
		out[2 * i] = hex[digest[i] >> 4];
		out[2 * i + 1] = hex[digest[i] & 15];
	}
	out[2 * sizeof digest] = '\0';
}
