/*
 * cab.c - signed cabinets as a device loads them (.cab, .cpf): whose signature, and the files in them.
 * Facts: device policies 4; the cabinet format (MSCF 1.3); Authenticode: the reserved part of the
 * header says where behind the cabinet a PKCS#7 message lies, whose content is the digest of all but
 * the fields that signing itself changes.
 */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

enum {
	HEADER = 36, RESERVED_HEADER = 20, SIGNED_HEADER = HEADER + 4 + RESERVED_HEADER,
	FLAG_PREV = 1, FLAG_NEXT = 2, FLAG_RESERVE = 4,
	CAB_OCTETS_MAX = 16 << 20, SIGNATURE_MAX = 1 << 16, CHAIN_DEPTH = 8,
	ATTRIB_COMPRESSED = 0x000F, FOLDER_SIZE = 8, FILE_SIZE = 16, DATA_SIZE = 8
};

struct cab {
	struct span all;
	uint32_t first_file, sig_at, sig_n;
	uint16_t n_folders, n_files, flags;
	size_t folders;			/* offset of the first one */
	unsigned folder_reserve, data_reserve;
};

static uint32_t
u32(struct span s, size_t at)
{
	return (uint32_t)s.p[at] | (uint32_t)s.p[at + 1] << 8 | (uint32_t)s.p[at + 2] << 16 |
	    (uint32_t)s.p[at + 3] << 24;
}

static uint16_t
u16(struct span s, size_t at)
{
	return (uint16_t)(s.p[at] | s.p[at + 1] << 8);
}

/* Behind the NUL of a name at `at`; 0 when it has none. */
static size_t
skip_name(struct span s, size_t at)
{
	const uint8_t *nul = at < s.n ? memchr(s.p + at, 0, s.n - at) : NULL;

	return nul ? (size_t)(nul - s.p) + 1 : 0;
}

static int
cab_open(struct span all, struct cab *c, struct why *why)
{
	size_t at = HEADER;
	unsigned names = 0;

	*c = (struct cab){ .all = all };
	if (all.n < HEADER || all.n > CAB_OCTETS_MAX || memcmp(all.p, "MSCF", 4) != 0)
		return why_set(why, ERR_SYNTAX, "no cabinet");
	if (u32(all, 8) < HEADER || u32(all, 8) > all.n)
		return why_set(why, ERR_SYNTAX, "the cabinet is cut short");
	c->first_file = u32(all, 16);
	c->n_folders = u16(all, 26);
	c->n_files = u16(all, 28);
	c->flags = u16(all, 30);
	if (c->flags & FLAG_RESERVE) {
		unsigned reserved;

		if (all.n < HEADER + 4)
			return why_set(why, ERR_SYNTAX, "the cabinet is cut short");
		reserved = u16(all, HEADER);
		c->folder_reserve = all.p[HEADER + 2];
		c->data_reserve = all.p[HEADER + 3];
		at += 4 + reserved;
		if (at > all.n)
			return why_set(why, ERR_SYNTAX, "the cabinet is cut short");
		if (reserved == RESERVED_HEADER) {
			c->sig_at = u32(all, 44);
			c->sig_n = u32(all, 48);
		}
	}
	names = 2 * (!!(c->flags & FLAG_PREV) + !!(c->flags & FLAG_NEXT));
	while (names-- > 0) {
		at = skip_name(all, at);
		if (at == 0)
			return why_set(why, ERR_SYNTAX, "the cabinet is cut short");
	}
	c->folders = at;
	if (c->n_folders * (size_t)(FOLDER_SIZE + c->folder_reserve) > all.n - at || c->first_file > all.n)
		return why_set(why, ERR_SYNTAX, "the cabinet is cut short");
	return OK;
}

/* ---- the signature -------------------------------------------------------------------------------- */

/* SpcIndirectDataContent: SEQUENCE { data SEQUENCE, messageDigest SEQUENCE { algorithm, OCTET STRING } }. */
struct indirect {
	struct span content;		/* of the outer sequence: what is signed */
	const EVP_MD *md;
	struct span digest;
};

/* The content of a DER element of this tag; *s moves behind it. */
static bool
der_take(struct span *s, uint8_t tag, struct span *content)
{
	size_t n, head = 2, k;

	if (s->n < 2 || s->p[0] != tag)
		return false;
	n = s->p[1];
	if (n >= 0x80) {
		k = n & 0x7F;
		if (k == 0 || k > 3 || s->n < 2 + k)
			return false;
		for (n = 0; head < 2 + k; head++)
			n = n << 8 | s->p[head];
	}
	if (n > s->n - head)
		return false;
	*content = span_of(s->p + head, n);
	*s = span_of(s->p + head + n, s->n - head - n);
	return true;
}

static bool
indirect_read(const PKCS7 *p7, struct indirect *out)
{
	enum { SEQUENCE = 0x30, OCTETS = 0x04 };
	const PKCS7 *inner = p7->d.sign->contents;
	struct span s, data, info, algorithm, oid;
	char name[64];
	const ASN1_STRING *seq;
	ASN1_OBJECT *object;
	const uint8_t *p;

	if (inner == NULL || OBJ_obj2txt(name, sizeof name, inner->type, 1) <= 0 ||
	    strcmp(name, "1.3.6.1.4.1.311.2.1.4") != 0 || inner->d.other == NULL ||
	    inner->d.other->type != V_ASN1_SEQUENCE)
		return false;
	seq = inner->d.other->value.sequence;
	s = span_of(ASN1_STRING_get0_data(seq), (size_t)ASN1_STRING_length(seq));
	if (!der_take(&s, SEQUENCE, &out->content) || s.n != 0)
		return false;
	s = out->content;
	if (!der_take(&s, SEQUENCE, &data) || !der_take(&s, SEQUENCE, &info) || s.n != 0 ||
	    !der_take(&info, SEQUENCE, &algorithm) || !der_take(&info, OCTETS, &out->digest))
		return false;
	oid = algorithm;
	p = oid.p;
	object = d2i_ASN1_OBJECT(NULL, &p, (long)oid.n);
	out->md = object ? EVP_get_digestbyobj(object) : NULL;
	ASN1_OBJECT_free(object);
	return out->md != NULL && out->digest.n == (size_t)EVP_MD_get_size(out->md);
}

/* All but reserved1, the number in the set and most of the reserved header, up to the signature. */
static bool
digest_fits(const struct cab *c, const struct indirect *ind)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const uint8_t *p = c->all.p;
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	bool good;

	good = ctx != NULL && EVP_DigestInit_ex(ctx, ind->md, NULL) && EVP_DigestUpdate(ctx, p, 4) &&
	    EVP_DigestUpdate(ctx, p + 8, 26) &&
	    EVP_DigestUpdate(ctx, p + 56, c->sig_at - 56) && EVP_DigestFinal_ex(ctx, digest, &n) &&
	    span_eq(span_of(digest, n), ind->digest);
	EVP_MD_CTX_free(ctx);
	return good;
}

static bool
signature_fits(PKCS7 *p7, struct span content)
{
	BIO *bio = BIO_new_mem_buf(content.p, (int)content.n);
	bool good = bio != NULL && PKCS7_verify(p7, NULL, NULL, bio, NULL, PKCS7_NOVERIFY | PKCS7_NOCHAIN) == 1;

	BIO_free(bio);
	return good;
}

/* The SPC root that the signer's chain ends in; NULL. */
static const struct policy_root *
root_of(const struct policy_device *dev, PKCS7 *p7)
{
	X509 *anchors[POLICY_ROOTS_MAX] = { NULL }, *top;
	STACK_OF(X509) *signers = PKCS7_get0_signers(p7, NULL, 0), *chain;
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	const struct policy_root *found = NULL;
	size_t i;

	for (i = 0; store != NULL && i < dev->n_roots; i++) {
		const uint8_t *p = dev->roots[i].der;

		if (strcmp(dev->roots[i].store, "SPC") == 0 &&
		    (anchors[i] = d2i_X509(NULL, &p, dev->roots[i].n)) != NULL)
			X509_STORE_add_cert(store, anchors[i]);
	}
	if (signers != NULL && sk_X509_num(signers) == 1 && store != NULL && ctx != NULL &&
	    X509_STORE_CTX_init(ctx, store, sk_X509_value(signers, 0), p7->d.sign->cert)) {
		X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_PARTIAL_CHAIN);
		X509_STORE_CTX_set_depth(ctx, CHAIN_DEPTH);
		if (X509_verify_cert(ctx) == 1) {
			chain = X509_STORE_CTX_get0_chain(ctx);
			top = sk_X509_value(chain, sk_X509_num(chain) - 1);
			for (i = 0; i < dev->n_roots && found == NULL; i++) {
				if (anchors[i] != NULL && X509_cmp(anchors[i], top) == 0)
					found = &dev->roots[i];
			}
		}
	}
	for (i = 0; i < POLICY_ROOTS_MAX; i++)
		X509_free(anchors[i]);
	sk_X509_free(signers);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return found;
}

static int
check_signature(const struct policy_device *dev, const struct cab *c, PKCS7 *p7, uint32_t *mask,
    struct why *why)
{
	const struct policy_root *root;
	struct indirect ind;

	if (p7 == NULL || !PKCS7_type_is_signed(p7) || !indirect_read(p7, &ind))
		return why_set(why, ERR_AUTH, "what lies at the signature's place is none");
	if (!digest_fits(c, &ind))
		return why_set(why, ERR_AUTH, "the cabinet was changed after it was signed");
	if (!signature_fits(p7, ind.content))
		return why_set(why, ERR_AUTH, "the signature does not verify");
	root = root_of(dev, p7);
	if (root == NULL)
		return why_set(why, ERR_AUTH, "the signer has no root in the SPC store of the device");
	*mask = root->mask;
	return OK;
}

int
policy_cab_mask(const struct policy_device *dev, struct span all, uint32_t *mask, struct why *why)
{
	struct cab c;
	const uint8_t *p;
	PKCS7 *p7;
	int err = cab_open(all, &c, why);

	*mask = 0;
	if (err != OK)
		return err;
	if (c.sig_at == 0 || c.sig_n == 0)
		return why_set(why, ERR_NOT_FOUND, "the cabinet is not signed");
	/* Exactly behind the cabinet, so that nothing but the signature is left out of the digest. */
	/* The digest leaves out the sizes of reserved parts, which would move what a reader finds. */
	if (c.folder_reserve != 0 || c.data_reserve != 0)
		return why_set(why, ERR_AUTH, "a signed cabinet has no other reserved parts");
	if (c.sig_at < SIGNED_HEADER || c.sig_at != u32(all, 8) || c.sig_n > SIGNATURE_MAX ||
	    c.sig_n != all.n - c.sig_at)
		return why_set(why, ERR_AUTH, "the signature is not right behind the cabinet");
	p = all.p + c.sig_at;
	p7 = d2i_PKCS7(NULL, &p, (long)c.sig_n);
	err = check_signature(dev, &c, p7, mask, why);
	PKCS7_free(p7);
	ERR_clear_error();
	return err;
}

/* ---- files ------------------------------------------------------------------------------------------- */

/* [from, from + n) of the uncompressed octets of a folder, added to *out. */
static int
folder_copy(const struct cab *c, unsigned folder, size_t from, size_t n, struct sbuf *out, struct why *why)
{
	size_t at, blocks, pos = 0;

	if (folder >= c->n_folders)
		return why_set(why, ERR_UNSUPPORTED, "the file goes on in another cabinet");
	at = c->folders + folder * (size_t)(FOLDER_SIZE + c->folder_reserve);
	if ((u16(c->all, at + 6) & ATTRIB_COMPRESSED) != 0)
		return why_set(why, ERR_UNSUPPORTED, "the file is compressed");
	blocks = u16(c->all, at + 4);
	at = u32(c->all, at);
	for (; blocks > 0 && n > 0; blocks--) {
		size_t have, skip, take;

		if (at > c->all.n || c->all.n - at < DATA_SIZE + c->data_reserve)
			return why_set(why, ERR_SYNTAX, "the cabinet is cut short");
		have = u16(c->all, at + 4);
		at += DATA_SIZE + c->data_reserve;
		if (have > c->all.n - at)
			return why_set(why, ERR_SYNTAX, "the cabinet is cut short");
		if (from < pos + have) {
			skip = from > pos ? from - pos : 0;
			take = have - skip < n ? have - skip : n;
			sbuf_put(out, c->all.p + at + skip, take);
			n -= take;
			from += take;
		}
		pos += have;
		at += have;
	}
	return n == 0 ? OK : why_set(why, ERR_SYNTAX, "the file is longer than its folder");
}

int
policy_cab_file(struct span all, const char *name, struct sbuf *out, struct why *why)
{
	struct cab c;
	size_t at, end;
	unsigned i;
	int err = cab_open(all, &c, why);

	if (err != OK)
		return err;
	at = c.first_file;
	for (i = 0; i < c.n_files; i++, at = end) {
		if (at > all.n || all.n - at < FILE_SIZE || (end = skip_name(all, at + FILE_SIZE)) == 0)
			return why_set(why, ERR_SYNTAX, "the cabinet is cut short");
		if (strcasecmp((const char *)all.p + at + FILE_SIZE, name) == 0)
			return folder_copy(&c, u16(all, at + 8), u32(all, at + 4), u32(all, at), out, why);
	}
	return why_set(why, ERR_NOT_FOUND, "no file %.60s in the cabinet", name);
}
