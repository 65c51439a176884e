/*
 * dm.h - OMA DM security: credentials, nonces, transport integrity, bootstrap MAC, package #0, GBA keys, access control lists.
 * Spec: OMA-TS-DM_Security 1.2 and 1.3, OMA-TS-DM_Notification 1.2, OMA-TS-DM_Bootstrap 1.2, 3GPP TS 33.220 annex B,
 * OMA-TS-DM_TND 1.2 (ACL).
 *
 * Pure: octets in, octets out. No text of an error holds a secret, a nonce or a digest. Comparisons take constant
 * time. Nonces are raw octets everywhere; base64 is only on the wire (NextNonce, AAUTHDATA).
 */
#ifndef POLICY_DM_H
#define POLICY_DM_H

#include "base/buf.h"

/* ---- schemes (1.3, 5.3; 1.2, 5.3) ---------------------------------------------------------------- */

enum dm_auth { DM_AUTH_NONE, DM_AUTH_BASIC, DM_AUTH_MD5, DM_AUTH_SHA256, DM_AUTH_HMAC_MD5, DM_AUTH_HMAC_SHA256 };
enum { DM_DIGEST_MAX = 32, DM_B64_MAX = 45, DM_NONCE_MAX = 128, DM_NAME_MAX = 256, DM_PASSWORD_MAX = 128 };

const char *dm_auth_uri(enum dm_auth auth);		/* "syncml:auth-md5" ...; "" of NONE */
int dm_auth_parse(struct span uri, enum dm_auth *out);	/* either case; ERR_NOT_FOUND */
/* As AAUTHTYPE writes them: "BASIC", "DIGEST", "DIGEST-SHA256" (ours), "HMAC"; "" of NONE. */
const char *dm_auth_name(enum dm_auth auth);
bool dm_auth_keeps_nonce(enum dm_auth auth);		/* is NextNonce stored? 3, rule 4 */

bool dm_auth_is_hmac(enum dm_auth auth);		/* in a header beside the message, not in Cred */

struct dm_octets { uint8_t p[DM_NONCE_MAX]; size_t n; };	/* a nonce, or a digest */
static inline struct span
dm_octets_span(const struct dm_octets *o)
{
	return span_of(o->p, o->n);
}
int dm_b64_decode(struct span text, struct dm_octets *out);	/* ERR_SYNTAX, ERR_LIMIT */
/* A fresh nonce of 16 octets from the system's generator. */
void dm_nonce_make(struct dm_octets *out);

/*
 * B64(H(name ":" password)), which an authenticator may store instead of the password. MD5 or SHA256; the HMAC-MD5 of
 * 1.2 takes the MD5 one.
 */
void dm_user_hash(enum dm_auth auth, const char *name, const char *password, char out[DM_B64_MAX]);
/* H(user_hash ":" nonce): 16 or 32 octets. */
void dm_digest(enum dm_auth auth, const char *user_hash, struct span nonce, struct dm_octets *out);
void dm_basic(const char *name, const char *password, struct sbuf *out);	/* B64(name ":" password) */

/* ---- transport integrity: x-syncml-hmac (1.3, 5.4; 1.2, 5.4) -------------------------------------- */

struct dm_hmac {
	enum dm_auth auth;		/* HMAC_MD5, HMAC_SHA256 */
	char who[DM_NAME_MAX];		/* username of 1.2, ServerId of 1.3 */
	char timestamp[40];		/* 1.3 */
	char mac[DM_B64_MAX];
};
/* ERR_SYNTAX, ERR_LIMIT, ERR_UNSUPPORTED (another algorithm) and *why. Takes ',' and ';', quotes or not, any order and case. */
int dm_hmac_parse(struct span header, struct dm_hmac *out, struct why *why);
void dm_hmac_print(const struct dm_hmac *h, struct sbuf *out);
void dm_hmac_md5(const char *user_hash, struct span nonce, struct span body, char mac[DM_B64_MAX]);
void dm_hmac_sha256(struct span key, const char *timestamp, struct span body, char mac[DM_B64_MAX]);
bool dm_mac_equal(const char *a, const char *b);	/* base64, constant time */
/* "YYYY-MM-DDThh:mm:ssZ" of UTC seconds, and back; ERR_SYNTAX. Of two messages the later needs the later one. */
void dm_timestamp(int64_t at, char out[40]);
int dm_timestamp_parse(const char *text, int64_t *at);

/* ---- one side that asks the other who it is: nonce rules of 1.3, 5.3.2 ------------------------------ */

enum dm_answer {
	DM_OK,			/* 200: this message; the next one is asked again */
	DM_OK_SESSION,		/* 212: the session */
	DM_MISSING,		/* 407: credentials missing, challenge */
	DM_WRONG,		/* 401: wrong, challenge once more */
	DM_STOP			/* 401: wrong again after a challenge: the session ends */
};
/* Of a session: what I expect of the peer. Secrets are the caller's. */
struct dm_verifier {
	enum dm_auth auth;		/* what I ask for */
	char name[DM_NAME_MAX];		/* of the peer */
	char user_hash[DM_B64_MAX];	/* MD5, SHA256, HMAC_MD5; cleanse with dm_verifier_done */
	char basic[516];		/* BASIC: what must come */
	uint8_t key[DM_PASSWORD_MAX];	/* HMAC_SHA256 */
	size_t key_n;
	struct dm_octets nonce;		/* that counts now */
	struct dm_octets next;		/* of a challenge that was given; becomes nonce with the next message */
	unsigned failures;		/* in this session */
	bool challenged;		/* a challenge was given, nothing good came yet */
	bool each_message;		/* set after start: 200 instead of 212, every message is asked */
	bool done;			/* 212 was said: not asked again */
	int64_t now, window_s;		/* HMAC_SHA256: UTC s; timestamps that far from it are taken; 0: any */
	char seen[40];			/* the last timestamp; it is not taken twice */
};
/*
 * Who stores user_hash or a binary key instead of the password starts with password "" and puts it in afterwards. A name,
 * password or nonce that is too long leaves a verifier that takes nothing.
 */
void dm_verifier_start(struct dm_verifier *v, enum dm_auth auth, const char *name, const char *password,
    struct span nonce);
/*
 * A message came: with this Cred (auth NONE: none; data as it stood in it, already out of base64 where Format says b64
 * and octets as they are in WBXML), or this header (hmac NULL: none) over `body`. After MISSING and WRONG v->next is
 * the nonce to challenge with; after OK of HMAC_MD5, too (each message has its own). The challenge is given with
 * v->auth, whatever came: another scheme than that is WRONG. Nothing at all, again, after a challenge is STOP.
 * After OK_SESSION v->next is one for the next session: who gives it in a challenge with the 212 stores it.
 * HMAC_SHA256: `who` must be v->name, the timestamp later than the last one taken.
 */
enum dm_answer dm_verify(struct dm_verifier *v, enum dm_auth auth, struct span data, const struct dm_hmac *hmac,
    struct span body);
void dm_verifier_done(struct dm_verifier *v);		/* cleanses */

/* Of a session: how I say who I am. */
struct dm_prover {
	enum dm_auth auth;
	char name[DM_NAME_MAX], password[DM_PASSWORD_MAX];
	struct dm_octets nonce;		/* for the next credential */
	struct dm_octets keep;		/* n > 0: to be stored, once the peer is authenticated (rule 5) */
	unsigned challenges;		/* that followed a failure */
	unsigned missing;		/* that followed a message without credential */
	bool accepted;			/* 212 */
};
void dm_prover_start(struct dm_prover *p, enum dm_auth auth, const char *name, const char *password,
    struct span nonce);
/*
 * Credential for the next message: true when Cred is to be sent; *data is base64 text of BASIC, or digest octets. False: none
 * (accepted, or HMAC: dm_prove_hmac).
 */
bool dm_prove(const struct dm_prover *p, struct sbuf *data);
bool dm_prove_hmac(const struct dm_prover *p, const char *timestamp, struct span body, struct dm_hmac *out);
/*
 * Status of my SyncHdr, and the challenge that came with it (auth NONE: none). OK: go on; ERR_BUSY: send the same again
 * with a new credential; ERR_AUTH: stop, the second try failed or the challenge asks for what I do not do
 * (allowed: bits 1 << enum dm_auth).
 */
int dm_prover_answered(struct dm_prover *p, int status, enum dm_auth challenge, struct span next_nonce,
    unsigned allowed, struct why *why);
void dm_prover_done(struct dm_prover *p);		/* cleanses */

/* ---- bootstrap (1.2, 5.7; 1.3, 5.7) ------------------------------------------------------------------- */

enum dm_keytype { DM_KEY_NONE = -1, DM_KEY_NETWORKID = 0, DM_KEY_USERPIN = 1, DM_KEY_USERPIN_NETWORKID = 2, DM_KEY_GBA = 3 };
const char *dm_keytype_name(enum dm_keytype key);
/* Name in either case, the WSP number 0..2, or what provisioning calls that number (NETWPIN). ERR_NOT_FOUND. */
int dm_keytype_parse(struct span text, enum dm_keytype *out);
/* 40 upper-case hex digits and NUL. network: octets of the network id. ERR_SYNTAX when a part is missing. */
int dm_bootstrap_mac(enum dm_keytype key, struct span network, const char *pin, struct span body, char out[41],
    struct why *why);
/* Parameters of the Content-Type, "SEC=USERPIN; MAC=..." of 1.2 and ";USERPIN;<40 digits>" of 1.3. mac "" when absent. */
int dm_bootstrap_params(struct span type, enum dm_keytype *key, char mac[41], struct why *why);

/* ---- package #0 (DM Notification 1.2, 6) --------------------------------------------------------------- */

enum dm_ui { DM_UI_UNSPECIFIED, DM_UI_BACKGROUND, DM_UI_INFORMATIVE, DM_UI_INTERACTION };
struct dm_notification {
	unsigned version;		/* 10, 11 (1.0, 1.1) */
	enum dm_ui ui;
	bool by_server;			/* initiator */
	uint16_t session_id;		/* 1..65535 */
	char server_id[256];
	struct span vendor;		/* into the input, or the caller's */
	uint8_t digest[16];
};
/* Adds the octets. user_hash: MD5 one of server id and the server's password. ERR_RANGE, ERR_SYNTAX. */
int dm_notification_build(const struct dm_notification *n, const char *user_hash, struct span nonce, struct sbuf *out,
    struct why *why);
int dm_notification_parse(struct span in, struct dm_notification *out, struct why *why);
/* in: all the octets. Tries the nonce, then "0x00000000" as text and as four octets; *special: one of these fitted. */
bool dm_notification_verify(struct span in, const char *user_hash, struct span nonce, bool *special);

/* ---- GBA (33.220 annex B) --------------------------------------------------------------------------------- */

enum { GBA_KEY = 32 };
/* HMAC-SHA-256(key, fc || P0 || L0 || ...). ERR_LIMIT: a parameter of more than 65,535 octets. */
int gba_kdf(struct span key, uint8_t fc, const struct span *params, size_t n, uint8_t out[GBA_KEY]);
int gba_ks_naf(struct span ks, bool uicc, struct span rand, const char *impi, struct span naf_id, uint8_t out[GBA_KEY]);
void gba_dm_key(const uint8_t ks_naf[GBA_KEY], bool encryption, uint8_t out[GBA_KEY]);	/* DMBIK, DMBEK */

/* ---- access control list of a node (DM TND 1.2, 7.7.1) ----------------------------------------------------- */

enum dm_right { DM_ADD = 1, DM_DELETE = 2, DM_EXEC = 4, DM_GET = 8, DM_REPLACE = 16 };
/* "Add=www.example.net&Get=*"; "" is none. ERR_SYNTAX with an offset. */
int dm_acl_check(struct span acl, struct why *why);
bool dm_acl_allows(struct span acl, enum dm_right right, const char *server_id);

#endif
