/*
 * test_policy_apply.c - what documents leave on a device, all or nothing; the record as JSON; signed
 * cabinets, made and signed here; and a device's whole way from opened to closed.
 */
#include "tests/unit/policy_fixture.h"

#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "policy/case_json.h"

#define PARMS(...) (const struct policy_parm[]){ __VA_ARGS__ }, \
	COUNT(((const struct policy_parm[]){ __VA_ARGS__ }))
#define NO_PARMS NULL, 0

/* ---- certificates ------------------------------------------------------------------------------- */

struct pair { X509 *cert; EVP_PKEY *key; };

/* Signed by `ca`, or by itself; long expired when `old`. */
static struct pair
pair_make(const char *name, const struct pair *ca, bool old)
{
	struct pair p = { X509_new(), EVP_RSA_gen(2048) };
	X509_NAME *subject = X509_get_subject_name(p.cert);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, ca ? "critical,CA:FALSE" :
	    "critical,CA:TRUE");

	assert_non_null(p.key);
	X509_set_version(p.cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(p.cert), ca ? 2 : 1);
	X509_gmtime_adj(X509_getm_notBefore(p.cert), old ? -200000 : -1000);
	X509_gmtime_adj(X509_getm_notAfter(p.cert), old ? -100000 : 100000);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1, 0);
	X509_set_issuer_name(p.cert, ca ? X509_get_subject_name(ca->cert) : subject);
	X509_set_pubkey(p.cert, p.key);
	X509_add_ext(p.cert, ext, -1);
	X509_EXTENSION_free(ext);
	assert_true(X509_sign(p.cert, ca ? ca->key : p.key, EVP_sha256()) > 0);
	return p;
}

static void
pair_free(struct pair *p)
{
	X509_free(p->cert);
	EVP_PKEY_free(p->key);
}

/* base64 and hash, as a CertificateStore setting has them. */
static void
cert_texts(const X509 *cert, struct sbuf *base64, char path[80])
{
	uint8_t *der = NULL, sha1[20];
	int n = i2d_X509(cert, &der);
	struct sbuf hash = { 0 };

	text_base64_encode(span_of(der, (size_t)n), base64);
	assert_true(EVP_Q_digest(NULL, "SHA1", NULL, der, (size_t)n, sha1, NULL));
	sbuf_hex(&hash, span_of(sha1, 20));
	snprintf(path, 80, "CertificateStore/SPC/%s", hash.s);
	sbuf_done(&hash);
	OPENSSL_free(der);
}

/* ---- a cabinet writer ----------------------------------------------------------------------------- */

static void
put16(struct sbuf *b, unsigned v)
{
	sbuf_char(b, (char)v);
	sbuf_char(b, (char)(v >> 8));
}

static void
put32(struct sbuf *b, uint32_t v)
{
	put16(b, v & 0xFFFF);
	put16(b, v >> 16);
}

/* One stored file in blocks of at most 100 octets; with the room that a signature's place needs. */
static void
cab_write(const char *name, struct span file, bool room, struct sbuf *out)
{
	enum { BLOCK = 100 };
	size_t blocks = (file.n + BLOCK - 1) / BLOCK, head = room ? 60 : 36, i;
	size_t files = head + 8, data = files + 16 + strlen(name) + 1;

	sbuf_clear(out);
	sbuf_str(out, "MSCF");
	put32(out, 0);
	put32(out, (uint32_t)(data + 8 * blocks + file.n));
	put32(out, 0);
	put32(out, (uint32_t)files);
	put32(out, 0);
	put16(out, 0x0103);
	put16(out, 1);
	put16(out, 1);
	put16(out, room ? 4 : 0);
	put16(out, 77);
	put16(out, 0);
	if (room) {
		put16(out, 20);
		put16(out, 0);
		put32(out, 0x100000);
		for (i = 0; i < 4; i++)
			put32(out, 0);
	}
	put32(out, (uint32_t)data);
	put16(out, (unsigned)blocks);
	put16(out, 0);			/* not compressed */
	put32(out, (uint32_t)file.n);
	put32(out, 0);
	put16(out, 0);
	put16(out, 0);
	put16(out, 0);
	put16(out, 0x20);
	sbuf_put(out, name, strlen(name) + 1);
	for (i = 0; i < blocks; i++) {
		size_t n = file.n - i * BLOCK < BLOCK ? file.n - i * BLOCK : BLOCK;

		put32(out, 0);
		put16(out, (unsigned)n);
		put16(out, (unsigned)n);
		sbuf_put(out, file.p + i * BLOCK, n);
	}
}

static void
poke32(struct sbuf *b, size_t at, uint32_t v)
{
	b->s[at] = (char)v;
	b->s[at + 1] = (char)(v >> 8);
	b->s[at + 2] = (char)(v >> 16);
	b->s[at + 3] = (char)(v >> 24);
}

/* Authenticode over the cabinet, behind it. `with`: a certificate that comes along, or NULL. */
static void
cab_sign(struct sbuf *cab, const struct pair *signer, X509 *with)
{
	static const uint8_t algorithm[] = { 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
		0x02, 0x01, 0x05, 0x00 };
	static const uint8_t kind[] = { 0x30, 0x0C, 0x06, 0x0A, 0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02,
		0x01, 0x19 };
	uint8_t content[2 + sizeof kind + 2 + sizeof algorithm + 2 + 32], digest[32], *p = content;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	PKCS7 *p7 = PKCS7_new(), *inner = PKCS7_new();
	PKCS7_SIGNER_INFO *si;
	BIO *bio;
	uint8_t *der = NULL;
	int n;

	poke32(cab, 44, (uint32_t)cab->n);
	EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
	EVP_DigestUpdate(ctx, cab->s, 4);
	EVP_DigestUpdate(ctx, cab->s + 8, 26);
	EVP_DigestUpdate(ctx, cab->s + 56, cab->n - 56);
	EVP_DigestFinal_ex(ctx, digest, NULL);
	EVP_MD_CTX_free(ctx);
	*p++ = 0x30;
	*p++ = sizeof content - 2;
	memcpy(p, kind, sizeof kind);
	p += sizeof kind;
	*p++ = 0x30;
	*p++ = sizeof algorithm + 2 + 32;
	memcpy(p, algorithm, sizeof algorithm);
	p += sizeof algorithm;
	*p++ = 0x04;
	*p++ = 32;
	memcpy(p, digest, 32);

	PKCS7_set_type(p7, NID_pkcs7_signed);
	si = PKCS7_add_signature(p7, signer->cert, signer->key, EVP_sha256());
	assert_non_null(si);
	PKCS7_add_signed_attribute(si, NID_pkcs9_contentType, V_ASN1_OBJECT,
	    OBJ_txt2obj("1.3.6.1.4.1.311.2.1.4", 1));
	PKCS7_add_certificate(p7, signer->cert);
	if (with)
		PKCS7_add_certificate(p7, with);
	PKCS7_content_new(p7, NID_pkcs7_data);
	bio = PKCS7_dataInit(p7, NULL);
	BIO_write(bio, content + 2, sizeof content - 2);
	assert_int_equal(PKCS7_dataFinal(p7, bio), 1);
	BIO_free_all(bio);
	inner->type = OBJ_txt2obj("1.3.6.1.4.1.311.2.1.4", 1);
	inner->d.other = ASN1_TYPE_new();
	inner->d.other->type = V_ASN1_SEQUENCE;
	inner->d.other->value.sequence = ASN1_STRING_new();
	ASN1_STRING_set(inner->d.other->value.sequence, content, sizeof content);
	assert_int_equal(PKCS7_set_content(p7, inner), 1);
	n = i2d_PKCS7(p7, &der);
	assert_true(n > 0);
	poke32(cab, 48, (uint32_t)n);
	sbuf_put(cab, der, (size_t)n);
	OPENSSL_free(der);
	PKCS7_free(p7);
}

static void
add_root(struct policy_device *dev, const X509 *cert, const char *role)
{
	struct sbuf text = { 0 };
	char path[80];
	struct why why;

	cert_texts(cert, &text, path);
	{
		const struct policy_parm parms[] = { { "EncodedCertificate", text.s, false }, { "Role", role, false } };
		const struct policy_setting s = { path, parms, 2, false };

		if (policy_apply(dev, ROLE_MANAGER, &s, 1, &why) != OK)
			fail_msg("%s", why.text);
	}
	sbuf_done(&text);
}

static const char setup[] = "<wap-provisioningdoc><characteristic type=\"SecurityPolicy\">"
    "<parm name=\"4097\" value=\"1\"/></characteristic></wap-provisioningdoc>";

static void
signed_cabinets(void **state)
{
	struct pair root = pair_make("Root", NULL, false), other = pair_make("Other", NULL, false);
	struct pair leaf = pair_make("Publisher", &root, true);	/* expired: times are not looked at */
	struct pair forged = pair_make("Publisher", &other, false);
	struct policy_device dev;
	struct sbuf cab = { 0 }, text = { 0 };
	struct why why;
	uint32_t mask;
	size_t i, signed_n;

	fixture(&dev, "wm5");
	add_root(&dev, root.cert, "222");
	assert_int_equal(dev.n_roots, 1);

	cab_write("_setup.xml", span_str(setup), false, &cab);
	assert_int_equal(policy_cab_mask(&dev, sbuf_as_span(&cab), &mask, &why), ERR_NOT_FOUND);
	assert_int_equal(policy_cab_file(sbuf_as_span(&cab), "_SETUP.XML", &text, &why), OK);
	assert_string_equal(text.s, setup);
	cab_write("_setup.xml", span_str(setup), true, &cab);
	assert_int_equal(policy_cab_mask(&dev, sbuf_as_span(&cab), &mask, &why), ERR_NOT_FOUND);

	signed_n = cab.n;
	cab_sign(&cab, &leaf, NULL);
	if (policy_cab_mask(&dev, sbuf_as_span(&cab), &mask, &why) != OK)
		fail_msg("%s", why.text);
	assert_int_equal(mask, 222);
	sbuf_clear(&text);
	assert_int_equal(policy_cab_file(sbuf_as_span(&cab), "_setup.xml", &text, &why), OK);
	assert_string_equal(text.s, setup);
	assert_int_equal(policy_cab_file(sbuf_as_span(&cab), "setup.dll", &text, &why), ERR_NOT_FOUND);

	/* every octet of the cabinet counts, but for those that signing changes */
	for (i = 0; i < signed_n; i++) {
		bool free_octet = (i >= 4 && i < 8) || i == 34 || i == 35 ||
		    (i >= 40 && i < 44) || (i >= 52 && i < 56);

		cab.s[i] ^= 0x01;
		if ((policy_cab_mask(&dev, sbuf_as_span(&cab), &mask, NULL) == OK) && !free_octet)
			fail_msg("octet %zu", i);
		cab.s[i] ^= 0x01;
	}
	for (i = cab.n - 256; i < cab.n; i++) {		/* and those of the signature itself, which ends it */
		cab.s[i] ^= 0x01;
		assert_int_equal(policy_cab_mask(&dev, sbuf_as_span(&cab), &mask, NULL), ERR_AUTH);
		cab.s[i] ^= 0x01;
	}
	for (i = 0; i < cab.n; i += i < signed_n ? 1 : 7)	/* and every truncation fails */
		assert_int_not_equal(policy_cab_mask(&dev, span_of(cab.s, i), &mask, NULL), OK);
	sbuf_char(&cab, 'x');
	assert_int_equal(policy_cab_mask(&dev, sbuf_as_span(&cab), &mask, &why), ERR_AUTH);

	/* a signer of somebody else's, with its root in the message; a root in another store */
	cab_write("_setup.xml", span_str(setup), true, &cab);
	cab_sign(&cab, &forged, other.cert);
	assert_int_equal(policy_cab_mask(&dev, sbuf_as_span(&cab), &mask, &why), ERR_AUTH);
	assert_non_null(strstr(why.text, "no root"));
	assert_int_equal(mask, 0);
	add_root(&dev, other.cert, "16");
	assert_int_equal(policy_cab_mask(&dev, sbuf_as_span(&cab), &mask, &why), OK);
	assert_int_equal(mask, 16);
	strcpy(dev.roots[1].store, "CA");
	assert_int_equal(policy_cab_mask(&dev, sbuf_as_span(&cab), &mask, &why), ERR_AUTH);

	/* the root itself signs */
	cab_write("_setup.xml", span_str(setup), true, &cab);
	cab_sign(&cab, &root, NULL);
	assert_int_equal(policy_cab_mask(&dev, sbuf_as_span(&cab), &mask, &why), OK);
	sbuf_done(&cab);
	sbuf_done(&text);
	pair_free(&root);
	pair_free(&other);
	pair_free(&leaf);
	pair_free(&forged);
}

static void
read_vector(const char *name, struct sbuf *out)
{
	char path[300], block[512];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, TOP_SRCDIR "/tests/vectors/cab/%s", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	sbuf_clear(out);
	while ((n = fread(block, 1, sizeof block, f)) > 0)
		sbuf_put(out, block, n);
	fclose(f);
}

/* Signed by another program, not by the writer above. */
static void
cabinets_of_others(void **state)
{
	static const char *const names[] = { "sha1.cab", "sha256.cab", "by-root.cab" };
	struct policy_device dev;
	struct sbuf cab = { 0 }, base64 = { 0 }, text = { 0 };
	struct why why;
	uint32_t mask;
	size_t i, k;

	fixture(&dev, "wm5");
	read_vector("root.der", &cab);
	text_base64_encode(sbuf_as_span(&cab), &base64);
	dev.roots[0] = (struct policy_root){ .store = "SPC", .mask = 16 };
	assert_int_equal(policy_root_set(&dev.roots[0], base64.s, &why), OK);
	for (i = 0; i < COUNT(names); i++) {
		read_vector(names[i], &cab);
		dev.n_roots = 1;
		if (policy_cab_mask(&dev, sbuf_as_span(&cab), &mask, &why) != OK)
			fail_msg("%s: %s", names[i], why.text);
		assert_int_equal(mask, 16);
		sbuf_clear(&text);
		assert_int_equal(policy_cab_file(sbuf_as_span(&cab), "_setup.xml", &text, &why), OK);
		assert_non_null(strstr(text.s, "<wap-provisioningdoc"));
		for (k = 60; k < 200; k++) {
			cab.s[k] ^= 1;
			assert_int_not_equal(policy_cab_mask(&dev, sbuf_as_span(&cab), &mask, NULL), OK);
			cab.s[k] ^= 1;
		}
		dev.n_roots = 0;
		assert_int_equal(policy_cab_mask(&dev, sbuf_as_span(&cab), &mask, &why), ERR_AUTH);
	}
	sbuf_done(&cab);
	sbuf_done(&base64);
	sbuf_done(&text);
}

static void
broken_cabinets(void **state)
{
	struct sbuf cab = { 0 }, text = { 0 };
	struct policy_device dev;
	struct why why;
	uint32_t mask;
	size_t i;

	fixture(&dev, "wm5");
	cab_write("_setup.xml", span_str(setup), false, &cab);
	for (i = 0; i < cab.n; i++) {
		assert_int_not_equal(policy_cab_file(span_of(cab.s, i), "_setup.xml", &text, &why), OK);
		assert_int_not_equal(policy_cab_mask(&dev, span_of(cab.s, i), &mask, &why), OK);
	}
	for (i = 4; i < cab.n; i++) {		/* no octet makes it crash */
		cab.s[i] ^= (char)0xFF;
		sbuf_clear(&text);
		policy_cab_file(sbuf_as_span(&cab), "_setup.xml", &text, &why);
		cab.s[i] ^= (char)0xFF;
	}
	cab.s[36 + 6] = 1;			/* MSZIP */
	assert_int_equal(policy_cab_file(sbuf_as_span(&cab), "_setup.xml", &text, &why), ERR_UNSUPPORTED);
	sbuf_done(&cab);
	sbuf_done(&text);
}

/* ---- all or nothing -------------------------------------------------------------------------------- */

static void
bad_values_undo_everything(void **state)
{
	static const char hash[] = "CertificateStore/SPC/0123456789012345678901234567890123456789";
	const struct policy_setting bad[] = {
		{ "SecurityPolicy", PARMS({ "x", "1", false }), false },
		{ "SecurityPolicy", PARMS({ "4109", NULL, false }), false },
		{ "SecurityPolicy", PARMS({ "4109", "many", false }), false },
		{ "SecurityPolicy", PARMS({ "4104", "2", false }), false },
		{ "BOOTSTRAP", PARMS({ "PROVURL", "ftp://example.net/", false }), false },
		{ hash, PARMS({ "Role", "16", false }), false },
		{ hash, PARMS({ "EncodedCertificate", "MAA=", false }, { "Role", "16", false }), false },
		{ hash, PARMS({ "EncodedCertificate", "MAIwAA==", false }, { "Role", "1", false }), false },
		{ "Metabase/Clock", PARMS({ "access-role", "1", false }), false },
		{ "Metabase/Clock", PARMS({ "rw-access", "4", false }), false },
	};
	struct policy_device *dev = malloc(sizeof *dev), *before = malloc(sizeof *before);
	struct why why;
	size_t i;

	assert_true(dev != NULL && before != NULL);
	fixture(dev, "wm5");
	*before = *dev;
	for (i = 0; i < COUNT(bad); i++) {
		const struct policy_setting doc[] = {
			{ "SecurityPolicy", PARMS({ "4109", "64", false }), false },
			{ "PXLOGICAL", PARMS({ "PROXY-ID", "new", false }), false }, bad[i] };
		struct policy_source src = { .kind = SOURCE_PROVXML, .settings = doc, .n_settings = 3 };
		struct policy_decision d;

		why.text[0] = '\0';
		assert_int_not_equal(policy_apply(dev, ROLE_MANAGER, doc, 3, &why), OK);
		assert_true(why.text[0] != '\0');
		assert_memory_equal(dev, before, sizeof *dev);
		policy_decide_source(dev, &src, &d);	/* and it is decided so before */
		if (d.outcome != OUTCOME_REJECT_DOC || d.code != 2 || strcmp(d.path, bad[i].path) != 0)
			fail_msg("row %zu: P%02d at %s", i, d.code, d.path);
	}
	free(dev);
	free(before);
}

static void
no_room_undoes_everything(void **state)
{
	struct policy_parm id = { "PROXY-ID", NULL, false };
	struct policy_setting doc[POLICY_PROXIES_MAX + 1];
	struct policy_parm parms[POLICY_PROXIES_MAX + 1];
	char names[POLICY_PROXIES_MAX + 1][8];
	struct policy_device dev;
	struct why why;
	size_t i;

	fixture(&dev, "wm5");
	for (i = 0; i < COUNT(doc); i++) {
		snprintf(names[i], sizeof names[i], "n%zu", i);
		id.value = names[i];
		parms[i] = id;
		doc[i] = (struct policy_setting){ "PXLOGICAL", &parms[i], 1, false };
	}
	assert_int_equal(policy_apply(&dev, ROLE_MANAGER, doc, COUNT(doc), &why), ERR_LIMIT);
	assert_int_equal(dev.n_proxies, 4);
	assert_int_equal(policy_apply(&dev, ROLE_MANAGER, doc, POLICY_PROXIES_MAX - 4, &why), OK);
	assert_int_equal(dev.n_proxies, POLICY_PROXIES_MAX);
}

static void
metabase_and_accounts(void **state)
{
	const struct policy_setting doc[] = {
		{ "Metabase/Clock", PARMS({ "Access-Role", "64", false }), false },
		{ "Metabase/Registry/HKLM\\Software", PARMS({ "AccessRole", "16", false }, { "RWAccess", "3", false }), false },
		{ "Metabase/BOOTSTRAP", PARMS({ "rw-access", "1", false }), false },
		{ "Metabase/CM_Planner", NO_PARMS, true },
		{ "APPLICATION", PARMS({ "APPID", "w7", false }, { "PROVIDER-ID", "dm1", false }), false },
		{ "APPLICATION", PARMS({ "APPID", "w7", false }, { "PROVIDER-ID", "dm2", false }, { "ROLE", "4", false }), false },
		{ "APPLICATION", PARMS({ "APPID", "w2", false }, { "PROVIDER-ID", "web", false }), false },
	};
	const struct policy_setting gone = { "APPLICATION", PARMS({ "APPID", "w7", false },
	    { "PROVIDER-ID", "dm1", false }), true };
	struct policy_device dev;
	struct why why;

	fixture(&dev, "wm5");
	if (policy_apply(&dev, 12, doc, COUNT(doc), &why) != OK)
		fail_msg("%s", why.text);
	assert_int_equal(policy_access(&dev, "Clock"), 64);
	assert_int_equal(policy_access(&dev, "Registry/HKLM\\Software\\A"), 16);
	assert_int_equal(policy_access(&dev, "Registry/HKCU"), 8);
	assert_int_equal(policy_access(&dev, "BOOTSTRAP"), 0);
	assert_int_equal(policy_access(&dev, "CM_Planner"), ROLE_MANAGER);
	assert_int_equal(dev.n_accounts, 2);
	assert_int_equal(policy_account_roles(&dev, "dm1"), 12);
	assert_int_equal(policy_account_roles(&dev, "dm2"), 4);
	assert_int_equal(policy_account_roles(&dev, "web"), 0);
	assert_int_equal(policy_apply(&dev, 12, &gone, 1, &why), OK);
	assert_int_equal(policy_account_roles(&dev, "dm1"), 0);
	assert_int_equal(policy_account_roles(&dev, "dm2"), 4);
}

/* ---- the record as JSON ----------------------------------------------------------------------------- */

static void
same_after_json(const struct policy_device *dev)
{
	struct policy_device *again = malloc(sizeof *again);
	json_t *obj = policy_device_json(dev), *obj2, *read;
	struct sbuf text = { 0 };
	struct why why;

	assert_non_null(again);
	json_print(obj, &text);
	read = json_read(sbuf_as_span(&text), &why);
	assert_non_null(read);
	if (policy_device_from_json(read, NULL, again, &why) != OK)	/* no profile is needed */
		fail_msg("%s in %s", why.text, text.s);
	obj2 = policy_device_json(again);
	if (!json_equal(obj, obj2))
		fail_msg("%s", text.s);
	assert_memory_equal(dev->policies, again->policies, dev->n_policies * sizeof dev->policies[0]);
	assert_memory_equal(dev->proxies, again->proxies, dev->n_proxies * sizeof dev->proxies[0]);
	assert_memory_equal(dev->roots, again->roots, dev->n_roots * sizeof dev->roots[0]);
	assert_memory_equal(dev->modes, again->modes, sizeof dev->modes);
	assert_memory_equal(dev->rules, again->rules, sizeof dev->rules);
	assert_memory_equal(dev->senders, again->senders, dev->n_senders * sizeof dev->senders[0]);
	assert_int_equal(dev->n_clients, again->n_clients);
	assert_int_equal(dev->n_senders, again->n_senders);
	assert_int_equal(dev->n_metabase, again->n_metabase);
	assert_string_equal(dev->provurl, again->provurl);
	json_decref(obj);
	json_decref(obj2);
	json_decref(read);
	sbuf_done(&text);
	free(again);
}

static void
record_as_json(void **state)
{
	static const char lists[] = "family = other\nmode si = list\nunknown-sender = prompt\n"
	    "accept = 192.0.2.1 a b/c\nreject = +12025550100\ncountry-code = 1\nsignature netwpin = mac+prompt\n";
	const struct policy_setting doc[] = {
		{ "SecurityPolicy", PARMS({ "4107", "0", false }, { "9999", "4294967295", false }), false },
		{ "PXLOGICAL", PARMS({ "PROXY-ID", "L", false }, { "TRUST", NULL, false }, { "PUSHENABLED", "1", false }), false },
		{ "PXLOGICAL/PXPHYSICAL", PARMS({ "PHYSICAL-PROXY-ID", "p", false }, { "PXADDR", "+12025550105", false },
		    { "PXADDRTYPE", "E164", false }, { "PUSHENABLED", "0", false }), false },
		{ "Metabase/Clock", NO_PARMS, true },
		{ "APPLICATION", PARMS({ "APPID", "w7", false }, { "PROVIDER-ID", "dm \"1\"", false }), false },
	};
	static const char *const profiles[] = { "wm5", "wm65-classic", "w10m-open", "nokia-s40", "siemens-s75" };
	struct pair root = pair_make("Root", NULL, false);
	struct policy_device dev;
	size_t i;

	for (i = 0; i < COUNT(profiles); i++) {
		fixture(&dev, profiles[i]);
		same_after_json(&dev);
	}
	fixture(&dev, "wm5");
	assert_int_equal(policy_apply(&dev, 140, doc, COUNT(doc), NULL), OK);
	add_root(&dev, root.cert, "222");
	dev.tps_needs_content_trust = true;
	same_after_json(&dev);
	assert_int_equal(policy_profile_parse("lists", span_str(lists), NULL, &dev, NULL), OK);
	same_after_json(&dev);
	pair_free(&root);
}

/* ---- the way of a device ----------------------------------------------------------------------------- */

/* Opened, bootstrapped, closed by the document itself, managed, attacked, given a certificate. */
static void
from_opened_to_closed(void **state)
{
	const struct policy_setting bootstrap[] = {
		{ "NAPDEF", PARMS({ "NAPID", "SMSNAP", false }), false },
		{ "PXLOGICAL", PARMS({ "PROXY-ID", "ppg1", false }, { "TRUST", NULL, false }, { "PUSHENABLED", "1", false }), false },
		{ "PXLOGICAL/PXPHYSICAL", PARMS({ "PHYSICAL-PROXY-ID", "ppg1-sms", false }, { "PXADDR", "+12025550100", false },
		    { "PXADDRTYPE", "E164", false }), false },
		{ "BOOTSTRAP", PARMS({ "PROVURL", "https://tps.example.net/cp", false }), false },
		{ "SecurityPolicy", PARMS({ "4107", "3200", false }, { "4119", "128", false }), false },
	};
	struct pair root = pair_make("Operator", NULL, false);
	struct sbuf base64 = { 0 }, cab = { 0 };
	char path[80];
	struct policy_message boot = message("+12025550199", -1, "application/vnd.wap.connectivity-wbxml"), tps;
	struct policy_source cpf = { .kind = SOURCE_CPF };
	struct policy_decision d;
	struct policy_device dev;

	assert_int_equal(policy_device_init(&dev, "wm5-opened", profile_files(), NULL), OK);
	assert_int_equal(policy_risks(&dev), POLICY_RISK_NETWPIN_SILENT | POLICY_RISK_BOOTSTRAP_OPEN);
	boot.sec = PROV_SEC_USERNETWPIN;
	boot.mac = MAC_PRESENT;
	boot.settings = bootstrap;
	boot.n_settings = COUNT(bootstrap);
	d = decide(&dev, &boot);
	assert_int_equal(d.outcome, OUTCOME_APPLY_AFTER_PIN);
	assert_int_equal(policy_apply(&dev, d.effective, bootstrap, COUNT(bootstrap), NULL), OK);
	assert_int_equal(policy_risks(&dev), 0);
	d = decide(&dev, &boot);		/* the same again */
	assert_int_equal(d.code, 4);

	cert_texts(root.cert, &base64, path);
	{	/* the provisioning server, unsigned, through the gateway just learned, brings a root */
		const struct policy_setting cert = { path, PARMS({ "EncodedCertificate", base64.s, false },
		    { "Role", "222", false }), false };

		tps = message("+12025550100", 3, "text/vnd.wap.connectivity-xml");
		tps.initiator_uri = "https://TPS.example.net/cp";
		tps.settings = &cert;
		tps.n_settings = 1;
		d = decide(&dev, &tps);
		assert_int_equal(d.outcome, OUTCOME_APPLY);
		assert_int_equal(d.effective, 8136);
		assert_int_equal(policy_apply(&dev, d.effective, &cert, 1, NULL), OK);
		tps.from = "+12025550199";
		d = decide(&dev, &tps);		/* from anywhere else: nothing */
		assert_int_equal(d.outcome, OUTCOME_DISCARD);
	}
	cab_write("_setup.xml", span_str(setup), true, &cab);
	cab_sign(&cab, &root, NULL);
	assert_int_equal(policy_cab_mask(&dev, sbuf_as_span(&cab), &cpf.spc_mask, NULL), OK);
	cpf.is_signed = true;
	cpf.settings = &bootstrap[4];
	cpf.n_settings = 1;
	policy_decide_source(&dev, &cpf, &d);
	assert_int_equal(d.outcome, OUTCOME_APPLY);
	assert_int_equal(d.mask, 222);
	cpf.is_signed = false;
	policy_decide_source(&dev, &cpf, &d);
	assert_int_equal(d.outcome, OUTCOME_BLOCKED);
	same_after_json(&dev);
	sbuf_done(&base64);
	sbuf_done(&cab);
	pair_free(&root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signed_cabinets),
		cmocka_unit_test(cabinets_of_others),
		cmocka_unit_test(broken_cabinets),
		cmocka_unit_test(bad_values_undo_everything),
		cmocka_unit_test(no_room_undoes_everything),
		cmocka_unit_test(metabase_and_accounts),
		cmocka_unit_test(record_as_json),
		cmocka_unit_test(from_opened_to_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
