/* secret.c - see secret.h. */
#include "base/secret.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
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

/* Kept by each thread with the key that it has, since making one costs four times its use. */
struct hash_mac {
	EVP_MAC_CTX *mac;
	size_t n;
	uint8_t key[64];
};

static pthread_key_t mac_of_thread;
static pthread_once_t mac_once = PTHREAD_ONCE_INIT;

static void
free_mac(void *p)
{
	struct hash_mac *h = p;

	EVP_MAC_CTX_free(h->mac);
	OPENSSL_cleanse(h, sizeof *h);
	free(h);
}

static void
make_mac_key(void)
{
	if (pthread_key_create(&mac_of_thread, free_mac) != 0)
		abort();
}

static struct hash_mac *
thread_mac(void)
{
	struct hash_mac *h;
	EVP_MAC *hmac;

	pthread_once(&mac_once, make_mac_key);
	h = pthread_getspecific(mac_of_thread);
	if (h != NULL)
		return h;
	h = calloc(1, sizeof *h);
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (h == NULL || (h->mac = EVP_MAC_CTX_new(hmac)) == NULL || pthread_setspecific(mac_of_thread, h) != 0)
		abort();
	EVP_MAC_free(hmac);
	return h;
}

static void
begin_mac(struct hash_mac *h, struct span key)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string("digest", (char[]){ "SHA256" }, 0),
		OSSL_PARAM_construct_end()
	};
	bool same = h->n == key.n && key.n > 0 && memcmp(h->key, key.p, key.n) == 0;

	if (EVP_MAC_init(h->mac, same ? NULL : key.p, same ? 0 : key.n, same ? NULL : params) != 1)
		abort();
	if (same)
		return;
	h->n = key.n <= sizeof h->key ? key.n : 0;
	memcpy(h->key, key.p, h->n);
}

void
secret_hash(struct span key, struct span s, uint8_t out[SECRET_HASH_SIZE])
{
	struct hash_mac *h = thread_mac();
	uint8_t mac[SHA256_DIGEST_LENGTH];
	size_t n;

	begin_mac(h, key);
	if (EVP_MAC_update(h->mac, s.p, s.n) != 1 || EVP_MAC_final(h->mac, mac, &n, sizeof mac) != 1)
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
