/*
 * dm_auth.c - names of the authentication schemes, and what goes into a credential; see dm.h.
 * Spec: OMA-TS-DM_Security 1.3, 5.3.1 and 5.3.2; 1.2, 5.3.
 */
#include "policy/dm_int.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/secret.h"
#include "base/text.h"

enum { FRESH_NONCE = 16, B64_TEXT_MAX = 512 };

static const struct scheme {
	const char *uri, *name;
	bool keeps_nonce;
} schemes[] = {
	[DM_AUTH_NONE]		= { "",				"",			false },
	[DM_AUTH_BASIC]		= { "syncml:auth-basic",	"BASIC",		false },
	[DM_AUTH_MD5]		= { "syncml:auth-md5",		"DIGEST",		true },
	[DM_AUTH_SHA256]	= { "syncml:auth-sha256",	"DIGEST-SHA256",	true },
	[DM_AUTH_HMAC_MD5]	= { "syncml:auth-MAC",		"HMAC",			true },
	[DM_AUTH_HMAC_SHA256]	= { "syncml:auth-hmac-sha256",	"HMAC",			true },
};
enum { N_SCHEMES = sizeof schemes / sizeof schemes[0] };

const char *
dm_auth_uri(enum dm_auth auth)
{
	return schemes[auth].uri;
}

const char *
dm_auth_name(enum dm_auth auth)
{
	return schemes[auth].name;
}

bool
dm_auth_is_hmac(enum dm_auth auth)
{
	return auth == DM_AUTH_HMAC_MD5 || auth == DM_AUTH_HMAC_SHA256;
}

bool
dm_auth_keeps_nonce(enum dm_auth auth)
{
	return schemes[auth].keeps_nonce;
}

int
dm_auth_parse(struct span uri, enum dm_auth *out)
{
	int i;

	for (i = DM_AUTH_BASIC; i < N_SCHEMES; i++) {
		if (span_eq_nocase(span_trim(uri), schemes[i].uri)) {
			*out = (enum dm_auth)i;
			return OK;
		}
	}
	*out = DM_AUTH_NONE;
	return ERR_NOT_FOUND;
}

/* ---- octets ----------------------------------------------------------------------------------- */

bool
dm_octets_set(struct dm_octets *o, struct span s)
{
	bool fits = s.n <= sizeof o->p;

	*o = (struct dm_octets){ 0 };
	if (fits && s.n > 0) {
		memcpy(o->p, s.p, s.n);
		o->n = s.n;
	}
	return fits;
}

int
dm_b64_decode(struct span text, struct dm_octets *out)
{
	uint8_t octets[B64_TEXT_MAX / 4 * 3 + 3];
	size_t n;
	int err = OK;

	*out = (struct dm_octets){ 0 };
	if (text.n > B64_TEXT_MAX)
		return ERR_LIMIT;
	if (text_base64(text, octets, &n, NULL) != OK)
		err = ERR_SYNTAX;
	else if (!dm_octets_set(out, span_of(octets, n)))
		err = ERR_LIMIT;
	secret_cleanse(octets, sizeof octets);
	return err;
}

void
dm_b64_encode(struct span octets, char out[DM_B64_MAX])
{
	static const uint8_t nothing[1];

	EVP_EncodeBlock((unsigned char *)out, octets.n > 0 ? octets.p : nothing, (int)octets.n);
}

void
dm_nonce_make(struct dm_octets *out)
{
	*out = (struct dm_octets){ .n = FRESH_NONCE };
	if (RAND_bytes(out->p, FRESH_NONCE) != 1)
		OPENSSL_die("no random octets", __FILE__, __LINE__);
}

/* ---- digests ---------------------------------------------------------------------------------- */

size_t
dm_hash_size(enum dm_auth auth)
{
	return auth == DM_AUTH_SHA256 || auth == DM_AUTH_HMAC_SHA256 ? 32 : 16;
}

void
dm_hash(enum dm_auth auth, const struct span *parts, size_t n, uint8_t out[DM_DIGEST_MAX])
{
	const EVP_MD *md = dm_hash_size(auth) == 32 ? EVP_sha256() : EVP_md5();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx != NULL && EVP_DigestInit_ex(ctx, md, NULL) == 1;
	size_t i;

	for (i = 0; good && i < n; i++)
		good = parts[i].n == 0 || EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1;
	if (!good || EVP_DigestFinal_ex(ctx, out, NULL) != 1)
		OPENSSL_die("MD5 or SHA-256 is not available", __FILE__, __LINE__);
	EVP_MD_CTX_free(ctx);
}

void
dm_user_hash(enum dm_auth auth, const char *name, const char *password, char out[DM_B64_MAX])
{
	const struct span parts[] = { span_str(name), span_str(":"), span_str(password) };
	uint8_t hash[DM_DIGEST_MAX];

	dm_hash(auth, parts, 3, hash);
	dm_b64_encode(span_of(hash, dm_hash_size(auth)), out);
	secret_cleanse(hash, sizeof hash);
}

void
dm_digest(enum dm_auth auth, const char *user_hash, struct span nonce, struct dm_octets *out)
{
	const struct span parts[] = { span_str(user_hash), span_str(":"), nonce };

	*out = (struct dm_octets){ .n = dm_hash_size(auth) };
	dm_hash(auth, parts, 3, out->p);
}

void
dm_basic(const char *name, const char *password, struct sbuf *out)
{
	struct sbuf plain = { 0 };

	sbuf_reserve(&plain, strlen(name) + strlen(password) + 2);	/* neither moves: no copy stays behind */
	sbuf_str(&plain, name);
	sbuf_char(&plain, ':');
	sbuf_str(&plain, password);
	sbuf_reserve(out, (plain.n + 2) / 3 * 4 + 1);
	text_base64_encode(sbuf_as_span(&plain), out);
	secret_cleanse(plain.s, plain.n);
	sbuf_done(&plain);
}
