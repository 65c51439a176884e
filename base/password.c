/* password.c - see password.h. */
#include "base/password.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum {
	LN = 15, R = 8, P = 3,		/* of new hashes */
	LN_MIN = 10, LN_MAX = 20, R_MAX = 32, P_MAX = 16,
	SALT_SIZE = 16, KEY_SIZE = 32,	/* of new hashes */
	PART_MIN = 8, PART_MAX = 64	/* salt and key of stored ones */
};

/* What computing one hash may take; the parameters alone would allow 4 GiB. */
static const uint64_t memory_max = UINT64_C(1) << 30;

static const char scheme[] = "$scrypt$";

struct scrypt {
	uint64_t n;
	unsigned r, p;
	uint8_t salt[PART_MAX], key[PART_MAX];
	size_t salt_n, key_n;
};

static uint64_t
memory_of(uint64_t n, unsigned r, unsigned p)
{
	return 128 * (uint64_t)r * (n + p + 2);
}

static int
derive(const struct scrypt *s, struct span password, uint8_t *out, size_t n)
{
	static const char nothing[1];
	const char *p = password.n > 0 ? (const char *)password.p : nothing;

	if (EVP_PBE_scrypt(p, password.n, s->salt, s->salt_n, s->n, s->r, s->p,
	    memory_of(s->n, s->r, s->p) + 4096, out, n) != 1)
		return ERR_IO;
	return OK;
}

/* ---- the stored form ------------------------------------------------------------------- */

/* "name=" and a number that must be in [min, max], in front of *s; ERR_RANGE, ERR_SYNTAX. */
static int
take_parameter(const char **s, const char *name, unsigned min, unsigned max, unsigned *out,
    struct why *why)
{
	size_t n = strlen(name);
	unsigned v = 0;

	if (strncmp(*s, name, n) != 0 || (*s)[n] != '=' || (*s)[n + 1] < '1' || (*s)[n + 1] > '9')
		return why_set(why, ERR_SYNTAX, "password hash: %s=number was expected", name);
	for (*s += n + 1; **s >= '0' && **s <= '9'; ++*s)
		if (v <= max)
			v = v * 10 + (unsigned)(**s - '0');
	if (v < min || v > max)
		return why_set(why, ERR_RANGE, "password hash: %s is not in %u..%u", name, min, max);
	*out = v;
	return OK;
}

/* Base64 without padding up to `end`, at most PART_MAX octets. */
static int
take_part(const char **s, char end, const char *name, uint8_t out[PART_MAX], size_t *n, struct why *why)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char padded[PART_MAX / 3 * 4 + 8];
	uint8_t octets[sizeof padded];
	size_t len = strspn(*s, digits);

	if ((*s)[len] != end || len % 4 == 1)
		return why_set(why, ERR_SYNTAX, "password hash: the %s is not base64 without padding", name);
	if (len * 3 / 4 < PART_MIN || len * 3 / 4 > PART_MAX)
		return why_set(why, ERR_RANGE, "password hash: the %s is not of %d to %d octets", name,
		    PART_MIN, PART_MAX);
	memcpy(padded, *s, len);
	*s += len;
	while (len % 4 != 0)
		padded[len++] = '=';
	if (text_base64(span_of(padded, len), octets, n, NULL) != OK)
		return why_set(why, ERR_SYNTAX, "password hash: the %s is not base64", name);
	memcpy(out, octets, *n);
	return OK;
}

static int
parse(const char *stored, struct scrypt *out, struct why *why)
{
	const char *s = stored;
	unsigned ln;
	int err;

	*out = (struct scrypt){ 0 };
	if (!password_is_hash(s))
		return why_set(why, ERR_SYNTAX, "password hash: does not start with %s", scheme);
	s += strlen(scheme);
	if ((err = take_parameter(&s, "ln", LN_MIN, LN_MAX, &ln, why)) != OK)
		return err;
	if (*s++ != ',')
		return why_set(why, ERR_SYNTAX, "password hash: a comma was expected after ln");
	if ((err = take_parameter(&s, "r", 1, R_MAX, &out->r, why)) != OK)
		return err;
	if (*s++ != ',')
		return why_set(why, ERR_SYNTAX, "password hash: a comma was expected after r");
	if ((err = take_parameter(&s, "p", 1, P_MAX, &out->p, why)) != OK)
		return err;
	out->n = UINT64_C(1) << ln;
	if (memory_of(out->n, out->r, out->p) > memory_max + (1 << 20))
		return why_set(why, ERR_LIMIT, "password hash: ln=%u with r=%u would take more than 1 GiB", ln,
		    out->r);
	if (*s++ != '$')
		return why_set(why, ERR_SYNTAX, "password hash: $ was expected before the salt");
	if ((err = take_part(&s, '$', "salt", out->salt, &out->salt_n, why)) != OK)
		return err;
	s++;
	return take_part(&s, '\0', "hash", out->key, &out->key_n, why);
}

bool
password_is_hash(const char *stored)
{
	return strncmp(stored, scheme, strlen(scheme)) == 0;
}

int
password_check_hash(const char *stored, struct why *why)
{
	struct scrypt s;

	return parse(stored, &s, why);
}

/* ---- hashing and comparing ----------------------------------------------------------------- */

static void
put_part(struct sbuf *b, const uint8_t *p, size_t n)
{
	text_base64_encode(span_of(p, n), b);
	while (b->n > 0 && b->s[b->n - 1] == '=')
		b->s[--b->n] = '\0';
}

int
password_hash(struct span password, char out[PASSWORD_HASH_SIZE])
{
	struct scrypt s = { .n = UINT64_C(1) << LN, .r = R, .p = P, .salt_n = SALT_SIZE };
	struct sbuf b = { 0 };

	out[0] = '\0';
	if (password.n > PASSWORD_MAX)
		return ERR_LIMIT;
	if (RAND_bytes(s.salt, SALT_SIZE) != 1 || derive(&s, password, s.key, KEY_SIZE) != OK)
		return ERR_IO;
	sbuf_fmt(&b, "%sln=%d,r=%d,p=%d$", scheme, LN, R, P);
	put_part(&b, s.salt, SALT_SIZE);
	sbuf_char(&b, '$');
	put_part(&b, s.key, KEY_SIZE);
	memcpy(out, b.s, b.n + 1);
	sbuf_done(&b);
	return OK;
}

/* Plain texts are compared as digests, so that time tells neither content nor length. */
static bool
verify_plain(struct span password, const char *stored)
{
	uint8_t a[SHA256_DIGEST_LENGTH], b[SHA256_DIGEST_LENGTH];

	SHA256(password.p, password.n, a);
	SHA256((const uint8_t *)stored, strlen(stored), b);
	return CRYPTO_memcmp(a, b, sizeof a) == 0;
}

bool
password_verify(struct span password, const char *stored)
{
	uint8_t key[PART_MAX];
	struct scrypt s;
	bool fits;

	if (password.n > PASSWORD_MAX)
		return false;
	if (!password_is_hash(stored))
		return verify_plain(password, stored);
	if (parse(stored, &s, NULL) != OK || derive(&s, password, key, s.key_n) != OK)
		return false;
	fits = CRYPTO_memcmp(key, s.key, s.key_n) == 0;
	OPENSSL_cleanse(key, sizeof key);
	return fits;
}

/* ---- tokens ------------------------------------------------------------------------------------ */

static uint8_t process_key[32];
static pthread_key_t mac_of_thread;
static pthread_once_t process_key_once = PTHREAD_ONCE_INIT;

static void
free_mac(void *mac)
{
	EVP_MAC_CTX_free(mac);
}

static void
make_process_key(void)
{
	if (RAND_bytes(process_key, sizeof process_key) != 1 ||
	    pthread_key_create(&mac_of_thread, free_mac) != 0)
		abort();	/* a guessable key would be a way in */
}

/* HMAC-SHA-256 under the process key; kept by each thread, since making one costs six times its use. */
static EVP_MAC_CTX *
thread_mac(void)
{
	EVP_MAC_CTX *mac;
	EVP_MAC *hmac;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string("digest", (char[]){ "SHA256" }, 0),
		OSSL_PARAM_construct_end()
	};

	pthread_once(&process_key_once, make_process_key);
	mac = pthread_getspecific(mac_of_thread);
	if (mac != NULL)
		return mac;
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	mac = EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac);
	if (mac == NULL || EVP_MAC_init(mac, process_key, sizeof process_key, params) != 1 ||
	    pthread_setspecific(mac_of_thread, mac) != 0)
		abort();
	return mac;
}

void
password_token(struct span user, struct span password, uint8_t out[32])
{
	EVP_MAC_CTX *mac = thread_mac();
	uint8_t user_n[8];
	size_t i, n;

	/* The length first: where the user ends and the password starts must not be movable. */
	for (i = 0; i < sizeof user_n; i++)
		user_n[i] = (uint8_t)((uint64_t)user.n >> (8 * i));
	if (EVP_MAC_init(mac, NULL, 0, NULL) != 1 || EVP_MAC_update(mac, user_n, sizeof user_n) != 1 ||
	    EVP_MAC_update(mac, user.p, user.n) != 1 || EVP_MAC_update(mac, password.p, password.n) != 1 ||
	    EVP_MAC_final(mac, out, &n, 32) != 1)
		abort();
}
