/*
 * ppgctl_dm.c - ppgctl dm-digest, dm-hmac, dm-bootstrap-mac, dm-notification and gba-kdf: the values of DM security, made or
 * verified; see policy/dm.h.
 */
#include "ppg/ppgctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "base/text.h"
#include "policy/dm.h"
#include "policy/prov_mac.h"

enum { BODY_MAX = 1 << 20, KEY_MAX = 1024, VENDOR_MAX = 1024, KS = 32, RAND_MAX_OCTETS = 64 };

/* ---- values of options --------------------------------------------------------------------------------- */

/* A secret from an option, which other users may see in the list of processes, or from the first line of a file. */
struct secret {
	const char *option;		/* its name */
	const char *given, *file;
	char *text;			/* heap; NULL: absent */
};
#define SECRET_OPTIONS(s, name, value, what) \
	{ name, value, what, &(s).given, NULL, NULL }, \
	{ name "-file", "FILE", "it is the first line of FILE; - is standard input", &(s).file, NULL, NULL }

static int
secret_open(struct secret *s, const char *option, bool needed, struct why *why)
{
	s->option = option;
	if (s->given != NULL && s->file != NULL)
		return why_set(why, ERR_SYNTAX, "--%s and --%s-file are two ways to say the same", option, option);
	if (s->given == NULL && s->file == NULL)
		return needed ? why_set(why, ERR_SYNTAX, "--%s or --%s-file is missing", option, option) : OK;
	s->text = s->file != NULL ? ctl_secret(s->file, "", why) : span_dup(span_str(s->given));
	return s->text != NULL ? OK : ERR_IO;
}

static bool
from_stdin(const char *file)
{
	return file != NULL && strcmp(file, "-") == 0;
}

static int
one_stdin(const char *a, const char *b, struct why *why)
{
	return from_stdin(a) && from_stdin(b) ? why_set(why, ERR_SYNTAX, "only one of the files can be standard input") : OK;
}

static int
take_nonce(const char *b64, struct dm_octets *out, struct why *why)
{
	int err;

	if (b64 == NULL)
		return why_set(why, ERR_SYNTAX, "--nonce-b64 is missing; \"\" is a nonce of no octets");
	err = dm_b64_decode(span_str(b64), out);
	if (err == ERR_LIMIT)
		return why_set(why, err, "--nonce-b64: a nonce has at most %d octets", DM_NONCE_MAX);
	return err != OK ? why_set(why, err, "--nonce-b64 is not base64") : OK;
}

/* At most `most` octets of an option in hexadecimal; absent is none. */
static int
take_hex(const char *option, const char *hex, size_t most, struct sbuf *out, struct why *why)
{
	struct span in = span_str(hex != NULL ? hex : "");
	size_t n;

	sbuf_reserve(out, in.n / 2 + 1);
	if (text_hex(in, (uint8_t *)out->s, &n, NULL) != OK)
		return why_set(why, ERR_SYNTAX, "--%s is not hexadecimal", option);
	out->n = n;
	return n > most ? why_set(why, ERR_LIMIT, "--%s has more than %zu octets", option, most) : OK;
}

static int
take_name(const char *option, const char *text, struct why *why)
{
	if (text == NULL || text[0] == '\0')
		return why_set(why, ERR_SYNTAX, "--%s is missing", option);
	return strlen(text) >= DM_NAME_MAX ? why_set(why, ERR_LIMIT, "--%s has more than %d octets", option, DM_NAME_MAX - 1) : OK;
}

static int
take_body(const char *file, bool hex, struct sbuf *out, struct why *why)
{
	int err;

	if (file == NULL)
		return why_set(why, ERR_SYNTAX, "--body names the message");
	err = ctl_read_file(file, BODY_MAX, out, why);
	if (err == OK && hex && (err = ctl_unhex(out, why)) != OK)
		why_prefix(why, "--body");
	return err;
}

/* ---- results -------------------------------------------------------------------------------------------- */

struct result {
	const char *verify;
	bool json;
};
#define RESULT_OPTIONS(r, value, what) \
	{ "verify", value, what, &(r).verify, NULL, NULL }, \
	{ "json", NULL, "print JSON", NULL, &(r).json, NULL }

static enum ctl_exit
verified(const struct result *r, bool good)
{
	if (r->json)
		ctl_print_json(json_pack("{s:b}", "verified", good));
	else
		puts(good ? "verified" : "not verified");
	return good ? CTL_DONE : CTL_NO;
}

static enum ctl_exit
made(const struct result *r, const char *name, const char *value)
{
	if (r->json)
		ctl_print_json(json_pack("{s:s}", name, value));
	else
		puts(value);
	return CTL_DONE;
}

static void
forget(struct sbuf *b)
{
	if (b->s != NULL)
		explicit_bzero(b->s, b->cap);
	sbuf_done(b);
}

/* ---- dm-digest ------------------------------------------------------------------------------------------- */

static int
scheme(const char *alg, enum dm_auth md5, enum dm_auth sha256, enum dm_auth *out, struct why *why)
{
	if (alg != NULL && strcasecmp(alg, "md5") == 0)
		*out = md5;
	else if (alg != NULL && strcasecmp(alg, "sha256") == 0)
		*out = sha256;
	else
		return why_set(why, ERR_SYNTAX, "--alg is md5 or sha256");
	return OK;
}

enum ctl_exit
ctl_dm_digest(const struct ctl_verb *verb, int argc, char **argv)
{
	const char *alg = NULL, *user = NULL, *nonce_b64 = NULL;
	struct secret password = { 0 };
	struct result r = { 0 };
	const struct ctl_option options[] = {
		{ "alg", "NAME", "md5 or sha256", &alg, NULL, NULL },
		{ "user", "NAME", "user name", &user, NULL, NULL },
		SECRET_OPTIONS(password, "password", "TEXT", "its password"),
		{ "nonce-b64", "NONCE", "the nonce as NextNonce has it, base64; \"\" is none", &nonce_b64, NULL, NULL },
		RESULT_OPTIONS(r, "DIGEST", "compare with this digest (base64) instead of printing"),
		{ 0 },
	};
	struct dm_octets nonce, digest;
	char user_hash[DM_B64_MAX];
	struct sbuf text = { 0 };
	enum ctl_exit result;
	enum dm_auth auth = DM_AUTH_NONE;
	struct why why;
	int err;

	if (!ctl_parse(verb, options, argc, argv, NULL, 0, 0, &result))
		return result;
	err = scheme(alg, DM_AUTH_MD5, DM_AUTH_SHA256, &auth, &why);
	if (err == OK)
		err = take_name("user", user, &why);
	if (err == OK)
		err = take_nonce(nonce_b64, &nonce, &why);
	if (err == OK)
		err = secret_open(&password, "password", true, &why);
	if (err == OK) {
		dm_user_hash(auth, user, password.text, user_hash);
		dm_digest(auth, user_hash, span_of(nonce.p, nonce.n), &digest);
		explicit_bzero(user_hash, sizeof user_hash);
		text_base64_encode(span_of(digest.p, digest.n), &text);
		result = r.verify != NULL ? verified(&r, dm_mac_equal(r.verify, text.s)) : made(&r, "digest", text.s);
	} else {
		result = ctl_wrong_use(verb, "%s", why.text);
	}
	ctl_forget(&password.text);
	sbuf_done(&text);
	return result;
}

/* ---- dm-hmac ---------------------------------------------------------------------------------------------- */

struct hmac_options {
	const char *alg, *timestamp, *user, *nonce_b64, *body;
	struct secret key, password;
	bool hex;
	struct result r;
};

/* DM 1.3: a real HMAC. */
static int
hmac_sha256(const struct hmac_options *o, struct span body, char mac[DM_B64_MAX], struct why *why)
{
	uint8_t key[KEY_MAX / 4 * 3 + 3];
	size_t n;
	int err = OK;

	if (o->timestamp == NULL || o->timestamp[0] == '\0')
		return why_set(why, ERR_SYNTAX, "--timestamp is missing");
	if (strlen(o->key.text) > KEY_MAX)
		return why_set(why, ERR_LIMIT, "--key-b64 has more than %d digits", KEY_MAX);
	if (text_base64(span_str(o->key.text), key, &n, NULL) != OK)
		err = why_set(why, ERR_SYNTAX, "--key-b64 is not base64");
	else if (n == 0)
		err = why_set(why, ERR_SYNTAX, "--key-b64 has no octets");
	else
		dm_hmac_sha256(span_of(key, n), o->timestamp, body, mac);
	explicit_bzero(key, sizeof key);
	return err;
}

/* DM 1.2: nested MD5 in the same header. */
static int
hmac_md5(const struct hmac_options *o, struct span body, char mac[DM_B64_MAX], struct why *why)
{
	char user_hash[DM_B64_MAX];
	struct dm_octets nonce;
	int err = take_name("user", o->user, why);

	if (err == OK)
		err = take_nonce(o->nonce_b64, &nonce, why);
	if (err != OK)
		return err;
	dm_user_hash(DM_AUTH_HMAC_MD5, o->user, o->password.text, user_hash);
	dm_hmac_md5(user_hash, span_of(nonce.p, nonce.n), body, mac);
	explicit_bzero(user_hash, sizeof user_hash);
	return OK;
}

enum ctl_exit
ctl_dm_hmac(const struct ctl_verb *verb, int argc, char **argv)
{
	struct hmac_options o = { 0 };
	const struct ctl_option options[] = {
		{ "alg", "NAME", "sha256 (DM 1.3, default) or md5 (DM 1.2)", &o.alg, NULL, NULL },
		SECRET_OPTIONS(o.key, "key-b64", "KEY", "of sha256: the secret's octets in base64"),
		{ "timestamp", "TIME", "of sha256: as the header has it, YYYY-MM-DDThh:mm:ssZ", &o.timestamp, NULL, NULL },
		{ "user", "NAME", "of md5: user name", &o.user, NULL, NULL },
		SECRET_OPTIONS(o.password, "password", "TEXT", "of md5: its password"),
		{ "nonce-b64", "NONCE", "of md5: the nonce, base64; \"\" is none", &o.nonce_b64, NULL, NULL },
		{ "body", "FILE", "the message as it travels; - is standard input", &o.body, NULL, NULL },
		{ "hex", NULL, "FILE holds hexadecimal digits", NULL, &o.hex, NULL },
		RESULT_OPTIONS(o.r, "MAC", "compare with this MAC (base64) instead of printing"),
		{ 0 },
	};
	char mac[DM_B64_MAX] = "";
	struct sbuf body = { 0 };
	enum dm_auth auth = DM_AUTH_NONE;
	enum ctl_exit result;
	struct why why;
	bool md5;
	int err;

	if (!ctl_parse(verb, options, argc, argv, NULL, 0, 0, &result))
		return result;
	err = scheme(o.alg != NULL ? o.alg : "sha256", DM_AUTH_HMAC_MD5, DM_AUTH_HMAC_SHA256, &auth, &why);
	md5 = err == OK && auth == DM_AUTH_HMAC_MD5;
	if (err == OK)
		err = one_stdin(md5 ? o.password.file : o.key.file, o.body, &why);
	if (err == OK)
		err = secret_open(&o.key, "key-b64", !md5, &why);
	if (err == OK)
		err = secret_open(&o.password, "password", md5, &why);
	if (err == OK)
		err = take_body(o.body, o.hex, &body, &why);
	if (err == OK)
		err = md5 ? hmac_md5(&o, sbuf_as_span(&body), mac, &why) : hmac_sha256(&o, sbuf_as_span(&body), mac, &why);
	if (err != OK)
		result = ctl_wrong_use(verb, "%s", why.text);
	else
		result = o.r.verify != NULL ? verified(&o.r, dm_mac_equal(o.r.verify, mac)) : made(&o.r, "mac", mac);
	ctl_forget(&o.key.text);
	ctl_forget(&o.password.text);
	sbuf_done(&body);
	return result;
}

/* ---- dm-bootstrap-mac ----------------------------------------------------------------------------------------- */

struct bootstrap_options {
	const char *keytype, *network_hex, *body;
	struct secret network, pin;
	bool hex;
	struct result r;
};

static int
bootstrap_mac(const struct bootstrap_options *o, struct span body, char mac[41], struct why *why)
{
	struct sbuf octets = { 0 };
	enum dm_keytype key;
	struct span network;
	int err;

	if (o->keytype == NULL || dm_keytype_parse(span_str(o->keytype), &key) != OK || key == DM_KEY_GBA)
		return why_set(why, ERR_SYNTAX, "--keytype is networkid, userpin or userpin_networkid");
	if (o->network.text != NULL && o->network_hex != NULL)
		return why_set(why, ERR_SYNTAX, "--network-id and --network-hex are two ways to say the same");
	err = take_hex("network-hex", o->network_hex, KEY_MAX, &octets, why);
	network = o->network.text != NULL ? span_str(o->network.text) : sbuf_as_span(&octets);
	if (err == OK)
		err = dm_bootstrap_mac(key, network, o->pin.text, body, mac, why);
	forget(&octets);
	return err;
}

enum ctl_exit
ctl_dm_bootstrap_mac(const struct ctl_verb *verb, int argc, char **argv)
{
	struct bootstrap_options o = { 0 };
	const struct ctl_option options[] = {
		{ "keytype", "TYPE", "networkid, userpin or userpin_networkid", &o.keytype, NULL, NULL },
		SECRET_OPTIONS(o.network, "network-id", "TEXT", "what the network and the device share, such as the IMSI"),
		{ "network-hex", "HEX", "the same as octets, instead of --network-id", &o.network_hex, NULL, NULL },
		SECRET_OPTIONS(o.pin, "pin", "TEXT", "the user's PIN"),
		{ "body", "FILE", "the message as it travels (WBXML); - is standard input", &o.body, NULL, NULL },
		{ "hex", NULL, "FILE holds hexadecimal digits", NULL, &o.hex, NULL },
		RESULT_OPTIONS(o.r, "MAC", "compare with this MAC (40 hexadecimal digits) instead of printing"),
		{ 0 },
	};
	struct sbuf body = { 0 };
	enum ctl_exit result;
	char mac[41];
	struct why why;
	int err;

	if (!ctl_parse(verb, options, argc, argv, NULL, 0, 0, &result))
		return result;
	err = one_stdin(o.network.file, o.body, &why);
	if (err == OK)
		err = one_stdin(o.pin.file, o.body, &why);
	if (err == OK)
		err = one_stdin(o.pin.file, o.network.file, &why);
	if (err == OK)
		err = secret_open(&o.network, "network-id", false, &why);
	if (err == OK)
		err = secret_open(&o.pin, "pin", false, &why);
	if (err == OK)
		err = take_body(o.body, o.hex, &body, &why);
	if (err == OK)
		err = bootstrap_mac(&o, sbuf_as_span(&body), mac, &why);
	if (err != OK) {
		result = ctl_wrong_use(verb, "%s", why.text);
	} else if (o.r.verify != NULL) {
		if (prov_check_mac(o.r.verify, &why) != OK)
			ctl_no(verb, "%s", why.text);
		result = verified(&o.r, prov_mac_equal(o.r.verify, mac));
	} else {
		result = made(&o.r, "mac", mac);
	}
	ctl_forget(&o.network.text);
	ctl_forget(&o.pin.text);
	sbuf_done(&body);
	return result;
}

/* ---- dm-notification ------------------------------------------------------------------------------------------- */

struct notification_options {
	const char *server_id, *nonce_b64, *version, *ui, *initiator, *session, *vendor;
	struct secret password;
	bool octets;
	struct result r;
};

/* The fields of the header; the vendor part was read. */
static int
notification_fields(const struct notification_options *o, struct dm_notification *n, struct why *why)
{
	const char *version = o->version != NULL ? o->version : "1.1", *ui = o->ui != NULL ? o->ui : "1";
	const char *initiator = o->initiator != NULL ? o->initiator : "server";
	char *end;
	long session;

	if (strcmp(version, "1.0") != 0 && strcmp(version, "1.1") != 0)
		return why_set(why, ERR_SYNTAX, "--dm-version is 1.0 or 1.1");
	n->version = version[2] == '0' ? 10 : 11;
	if (strlen(ui) != 1 || ui[0] < '0' || ui[0] > '3')
		return why_set(why, ERR_SYNTAX, "--ui-mode is 0 (unspecified), 1 (background), 2 (informative) or 3 (interaction)");
	n->ui = (enum dm_ui)(ui[0] - '0');
	if (strcmp(initiator, "client") != 0 && strcmp(initiator, "server") != 0)
		return why_set(why, ERR_SYNTAX, "--initiator is client or server");
	n->by_server = initiator[0] == 's';
	if (o->session == NULL || o->session[0] == '\0' || strlen(o->session) > 4 ||
	    strspn(o->session, "0123456789ABCDEFabcdef") != strlen(o->session))
		return why_set(why, ERR_SYNTAX, "--session-id is a hexadecimal number, 1 to FFFF");
	session = strtol(o->session, &end, 16);
	if (session == 0)
		return why_set(why, ERR_RANGE, "--session-id 0 is not allowed: 1 to FFFF");
	n->session_id = (uint16_t)session;
	return OK;
}

static int
notification(const struct notification_options *o, const char *user_hash, struct span nonce, struct sbuf *out,
    struct why *why)
{
	struct dm_notification n = { 0 };
	struct sbuf vendor = { 0 };
	int err = notification_fields(o, &n, why);

	if (err == OK)
		err = take_hex("vendor", o->vendor, VENDOR_MAX, &vendor, why);
	if (err == OK) {
		memcpy(n.server_id, o->server_id, strlen(o->server_id));
		n.vendor = sbuf_as_span(&vendor);
		err = dm_notification_build(&n, user_hash, nonce, out, why);
	}
	sbuf_done(&vendor);
	return err;
}

/* The octets that came: are they of this server, and with which nonce? */
static enum ctl_exit
notification_verified(const struct ctl_verb *verb, const struct notification_options *o, const char *user_hash,
    struct span nonce, struct span in)
{
	struct dm_notification n;
	bool special = false, good = false;
	struct why why;

	if (dm_notification_parse(in, &n, &why) != OK)
		ctl_no(verb, "%s", why.text);
	else if (strcmp(n.server_id, o->server_id) != 0)
		ctl_no(verb, "the server id is another one");
	else
		good = dm_notification_verify(in, user_hash, nonce, &special);
	if (o->r.json)
		ctl_print_json(json_pack("{s:b,s:b}", "verified", good, "special_nonce", special));
	else
		puts(!good ? "not verified" : special ? "verified, with the nonce 0x00000000" : "verified");
	return good ? CTL_DONE : CTL_NO;
}

enum ctl_exit
ctl_dm_notification(const struct ctl_verb *verb, int argc, char **argv)
{
	struct notification_options o = { 0 };
	const struct ctl_option options[] = {
		{ "server-id", "NAME", "server identifier", &o.server_id, NULL, NULL },
		SECRET_OPTIONS(o.password, "password", "TEXT", "the server's password"),
		{ "nonce-b64", "NONCE", "the server's nonce, base64; \"\" is none", &o.nonce_b64, NULL, NULL },
		{ "dm-version", "V", "1.0 or 1.1; default 1.1, also for DM 1.2", &o.version, NULL, NULL },
		{ "ui-mode", "N", "0 unspecified, 1 background (default), 2 informative, 3 interaction", &o.ui, NULL, NULL },
		{ "initiator", "WHO", "client or server (default)", &o.initiator, NULL, NULL },
		{ "session-id", "HEX", "1 to FFFF", &o.session, NULL, NULL },
		{ "vendor", "HEX", "vendor specific octets at the end", &o.vendor, NULL, NULL },
		{ "octets", NULL, "write the octets themselves, for ppgctl submit --file -", NULL, &o.octets, NULL },
		RESULT_OPTIONS(o.r, "HEX", "check the digest of this package 0 instead of making one"),
		{ 0 },
	};
	struct sbuf octets = { 0 }, hex = { 0 };
	char user_hash[DM_B64_MAX] = "";
	struct dm_octets nonce;
	enum ctl_exit result;
	struct why why;
	int err;

	if (!ctl_parse(verb, options, argc, argv, NULL, 0, 0, &result))
		return result;
	err = take_name("server-id", o.server_id, &why);
	if (err == OK)
		err = take_nonce(o.nonce_b64, &nonce, &why);
	if (err == OK)
		err = secret_open(&o.password, "password", true, &why);
	if (err == OK)
		dm_user_hash(DM_AUTH_MD5, o.server_id, o.password.text, user_hash);
	if (err == OK)
		err = o.r.verify != NULL ? take_hex("verify", o.r.verify, VENDOR_MAX + 512, &octets, &why) :
		    notification(&o, user_hash, span_of(nonce.p, nonce.n), &octets, &why);
	if (err != OK) {
		result = ctl_wrong_use(verb, "%s", why.text);
	} else if (o.r.verify != NULL) {
		result = notification_verified(verb, &o, user_hash, span_of(nonce.p, nonce.n), sbuf_as_span(&octets));
	} else if (o.octets) {
		fwrite(octets.s, 1, octets.n, stdout);
		result = CTL_DONE;
	} else {
		sbuf_hex(&hex, sbuf_as_span(&octets));
		result = made(&o.r, "package0", hex.s);
	}
	explicit_bzero(user_hash, sizeof user_hash);
	ctl_forget(&o.password.text);
	sbuf_done(&octets);
	sbuf_done(&hex);
	return result;
}

/* ---- gba-kdf ------------------------------------------------------------------------------------------------------ */

struct gba_options {
	const char *label, *rand, *impi, *naf_id;
	struct secret ks;
	struct result r;
};

/* Ks_NAF of Ks, the step before the keys of DM. */
static int
gba_naf(const struct gba_options *o, struct span ks, uint8_t key[GBA_KEY], struct why *why)
{
	struct sbuf rand = { 0 }, naf = { 0 };
	int err;

	if (o->rand == NULL || o->impi == NULL || o->naf_id == NULL)
		return why_set(why, ERR_SYNTAX, "--label %s needs --rand, --impi and --naf-id", o->label);
	err = take_hex("rand", o->rand, RAND_MAX_OCTETS, &rand, why);
	if (err == OK)
		err = take_hex("naf-id", o->naf_id, KEY_MAX, &naf, why);
	if (err == OK && gba_ks_naf(ks, strcasecmp(o->label, "ks_int_naf") == 0, sbuf_as_span(&rand), o->impi,
	    sbuf_as_span(&naf), key) != OK)
		err = why_set(why, ERR_LIMIT, "--impi has more than 65535 octets");
	sbuf_done(&rand);
	sbuf_done(&naf);
	return err;
}

static int
gba(const struct gba_options *o, uint8_t key[GBA_KEY], struct why *why)
{
	static const char *const labels[] = { "dmbik", "dmbek", "ks_naf", "ks_int_naf" };
	struct sbuf ks = { 0 };
	size_t i;
	int err;

	for (i = 0; i < 4 && (o->label == NULL || strcasecmp(o->label, labels[i]) != 0); i++)
		;
	if (i == 4)
		return why_set(why, ERR_SYNTAX, "--label is dmbik, dmbek, ks_naf or ks_int_naf");
	err = take_hex("ks", o->ks.text, KEY_MAX, &ks, why);
	if (err == OK && ks.n != KS)
		err = why_set(why, ERR_SYNTAX, "--ks: a key of %d octets expected, %zu given", KS, ks.n);
	if (err == OK && i < 2)
		gba_dm_key((const uint8_t *)ks.s, i == 1, key);
	else if (err == OK)
		err = gba_naf(o, sbuf_as_span(&ks), key, why);
	forget(&ks);
	return err;
}

enum ctl_exit
ctl_gba_kdf(const struct ctl_verb *verb, int argc, char **argv)
{
	struct gba_options o = { 0 };
	const struct ctl_option options[] = {
		{ "label", "NAME", "dmbik or dmbek, of Ks_NAF; ks_naf or ks_int_naf, of Ks", &o.label, NULL, NULL },
		SECRET_OPTIONS(o.ks, "ks", "HEX", "Ks_NAF, or Ks (CK and IK), 32 octets"),
		{ "rand", "HEX", "of ks_naf: RAND", &o.rand, NULL, NULL },
		{ "impi", "TEXT", "of ks_naf: private user identity", &o.impi, NULL, NULL },
		{ "naf-id", "HEX", "of ks_naf: octets of the FQDN, then of the security protocol identifier", &o.naf_id, NULL, NULL },
		RESULT_OPTIONS(o.r, "HEX", "compare with this key instead of printing"),
		{ 0 },
	};
	uint8_t key[GBA_KEY], other[GBA_KEY] = { 0 };
	struct sbuf hex = { 0 }, given = { 0 };
	enum ctl_exit result;
	struct why why;
	size_t i;
	int err;

	if (!ctl_parse(verb, options, argc, argv, NULL, 0, 0, &result))
		return result;
	err = secret_open(&o.ks, "ks", true, &why);
	if (err == OK)
		err = gba(&o, key, &why);
	if (err == OK && o.r.verify != NULL)
		err = take_hex("verify", o.r.verify, KEY_MAX, &given, &why);
	if (err != OK) {
		result = ctl_wrong_use(verb, "%s", why.text);
	} else if (o.r.verify != NULL) {
		if (given.n == GBA_KEY)
			memcpy(other, given.s, GBA_KEY);
		result = verified(&o.r, given.n == GBA_KEY && secret_equal(key, other, GBA_KEY));
	} else {
		sbuf_reserve(&hex, 2 * GBA_KEY + 1);	/* it does not move: no copy of the key stays behind */
		for (i = 0; i < GBA_KEY; i++)
			sbuf_fmt(&hex, "%02x", key[i]);
		result = made(&o.r, "key", hex.s);
	}
	explicit_bzero(key, sizeof key);
	ctl_forget(&o.ks.text);
	forget(&hex);
	forget(&given);
	return result;
}
