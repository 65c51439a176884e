/*
 * admit_sign.c - see admit_int.h. Documents that the gateway signs: a content type with SEC, without the MAC that the
 * method needs. The user's PIN comes in a header of the content entity and goes no further than here: the MACs are made
 * before anything is stored, then it is cleansed. A network method gives each recipient a MAC, and so a header block, of
 * its own; one that has to be looked up first is signed when it is due (screen.c), if no PIN is needed for that.
 * Spec: OMA-WAP-TS-ProvBoot 1.1, 5.1; OMA DM Bootstrap 1.2, 5.7.
 */
#include "ppg/admit_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/http_client.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "policy/dm.h"

static const char user_pin[] = "X-OpenPPG-User-PIN";
enum { OVERLAYS_MAX = 32 << 20 };	/* octets of all header blocks of a push; 335 each for 100,000 recipients */

/* ---- the content type ----------------------------------------------------------------------------- */

struct type_text {
	struct span media;
	unsigned n_sec, n_mac;
	char sec[32];			/* as written, without quotes; "" */
	struct sbuf others;		/* "; name=value" of the rest */
};

static void
take_param(struct span param, struct type_text *t)
{
	const uint8_t *equals = memchr(param.p, '=', param.n);
	struct span name = param, value = span_of("", 0);

	if (equals != NULL) {
		name = span_trim(span_of(param.p, (size_t)(equals - param.p)));
		value = span_trim(span_of(equals + 1, param.n - (size_t)(equals + 1 - param.p)));
	}
	if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
		value = span_of(value.p + 1, value.n - 2);
	t->n_mac += span_eq_nocase(name, "MAC");
	if (span_eq_nocase(name, "SEC")) {
		if (t->n_sec++ == 0)
			span_to_cstr(value, t->sec, sizeof t->sec);
		return;
	}
	sbuf_str(&t->others, "; ");
	sbuf_span(&t->others, param);
}

static void
read_type(struct span text, struct type_text *t)
{
	size_t n = content_param_length(text);

	*t = (struct type_text){ .media = span_trim(span_of(text.p, n)) };
	while (n < text.n) {
		text = span_of(text.p + n + 1, text.n - n - 1);
		n = content_param_length(text);
		if (span_trim(span_of(text.p, n)).n > 0)
			take_param(span_trim(span_of(text.p, n)), t);
	}
}

/* The key types of a DM bootstrap have names of their own, and the codes of the methods. */
static int
read_sec(const struct type_text *t, bool dm, enum prov_sec *out)
{
	enum dm_keytype key;

	if (!dm)
		return prov_sec_parse(t->sec, out);
	if (dm_keytype_parse(span_str(t->sec), &key) != OK || key == DM_KEY_GBA)	/* that has no code on air */
		return ERR_SYNTAX;
	*out = (enum prov_sec)key;
	return OK;
}

/* ---- the PIN -------------------------------------------------------------------------------------- */

static unsigned
find_pin(const struct content_part *part, struct span *value)
{
	unsigned n = 0;
	size_t i;

	*value = span_of("", 0);
	for (i = 0; i < part->n_headers; i++)
		if (span_eq_nocase(part->headers[i].name, user_pin) && n++ == 0)
			*value = part->headers[i].value;
	return n;
}

void
admit_sign_forget(const struct content_part *part)
{
	size_t i;

	for (i = 0; i < part->n_headers; i++)
		if (span_eq_nocase(part->headers[i].name, user_pin))
			secret_cleanse((void *)(uintptr_t)part->headers[i].value.p, part->headers[i].value.n);
}

static int
take_pin(const struct admit_config *cf, const struct admit_request *rq, struct admission *a, struct span value,
    struct signing *sg)
{
	uint8_t key[PROV_KEY_MAX];
	size_t n;
	int err;

	if (!rq->tls && !cf->pin_over_http && !address_is_loopback(rq->peer))
		return admit_refuse(a, PAP_FORBIDDEN,
		    "part 2: %s came over plain HTTP; use HTTPS (user-pin-over-http = allow takes it)", user_pin);
	err = span_to_cstr(value, sg->pin, sizeof sg->pin) != OK ? why_set(&a->why, ERR_SYNTAX,
	    "PIN: at most %d decimal digits are possible", PROV_PIN_MAX) : prov_check_pin(sg->pin, &a->why);
	if (err == OK && sg->how.sec == PROV_SEC_USERPINMAC) {
		err = prov_key(sg->how.sec, span_of("", 0), sg->pin, key, &n, &a->why);
		secret_cleanse(key, sizeof key);
	}
	if (err == OK)
		return 0;
	why_prefix(&a->why, "part 2: %s", user_pin);
	return PAP_BAD_REQUEST;
}

/* PINs that anybody would try first: all digits equal, or each one more or less than the one before. */
static bool
is_guessable(const char *pin)
{
	int step = (pin[1] - pin[0] + 10) % 10;
	size_t i;

	if (step != 0 && step != 1 && step != 9)
		return false;
	for (i = 1; pin[i] != '\0'; i++)
		if ((pin[i] - pin[i - 1] + 10) % 10 != step)
			return false;
	return true;
}

static bool
occurs(struct span in, const char *pin)
{
	return in.n > 0 && memmem(in.p, in.n, pin, strlen(pin)) != NULL;
}

/* ---- may it? -------------------------------------------------------------------------------------- */

static int
check_rights(const struct admit_request *rq, struct admission *a, const struct signing *sg)
{
	bool network = signature_of_network(sg->how.sec);

	if (rq->who->may_sign == MAY_SIGN_NONE || (network && rq->who->may_sign == MAY_SIGN_PIN))
		return admit_refuse(a, PAP_FORBIDDEN, "part 2: %s without MAC: may-sign of this account does not let the "
		    "gateway sign", signature_name(&sg->how));
	if (network && !rq->authenticated)
		return admit_refuse(a, PAP_FORBIDDEN, "part 2: %s without MAC: the gateway signs with network keys only for "
		    "who has logged in", signature_name(&sg->how));
	return 0;
}

/* A PIN where none belongs, or none where one does. */
static int
check_pin_wanted(struct admission *a, const struct type_text *t, const struct signing *sg, unsigned n_pins)
{
	bool needs = sg->how.sec != PROV_SEC_NETWPIN;

	if (n_pins > 1)
		return admit_refuse(a, PAP_BAD_REQUEST, "part 2: more than one %s", user_pin);
	if (n_pins > 0 && t->n_mac > 0)
		return admit_refuse(a, PAP_BAD_REQUEST, "part 2: %s beside MAC: a document that is signed needs no PIN",
		    user_pin);
	if (n_pins > 0 && !needs)
		return admit_refuse(a, PAP_BAD_REQUEST, "part 2: %s: %s needs no PIN of the user", user_pin,
		    signature_name(&sg->how));
	if (n_pins == 0 && needs)
		return admit_refuse(a, PAP_BAD_REQUEST, "part 2: %s without MAC: the gateway signs with the PIN in %s, which "
		    "is missing", signature_name(&sg->how), user_pin);
	return 0;
}

/* Is the gateway to sign? sec stays PROV_SEC_NONE when not. */
static int
choose(struct admission *a, const struct content *content, const struct type_text *t, struct signing *sg,
    unsigned n_pins)
{
	bool readable, media = signature_media(t->media, &sg->how.dm);

	if (n_pins > 0 && (!media || t->n_sec == 0))
		return admit_refuse(a, PAP_BAD_REQUEST, "part 2: %s goes with a provisioning document (WBXML) and SEC",
		    user_pin);
	if (t->n_sec == 0 || (t->n_mac > 0 && n_pins == 0))
		return 0;
	if (!media && content->kind == CONTENT_PROV && t->n_mac == 0)
		return admit_refuse(a, PAP_BAD_REQUEST, "part 2: SEC without MAC: a document that stays text is not signed");
	if (!media)
		return 0;
	readable = read_sec(t, sg->how.dm, &sg->how.sec) == OK;
	if (t->n_sec > 1 && readable && n_pins + (t->n_mac == 0) > 0)
		return admit_refuse(a, PAP_BAD_REQUEST, "part 2: more than one SEC in Content-Type (E-15)");
	if (!readable)			/* the encoder says why, but for the PIN */
		return n_pins == 0 ? 0 : admit_refuse(a, PAP_BAD_REQUEST, "part 2: SEC is no method that %s goes with",
		    user_pin);
	if (sg->how.sec == PROV_SEC_USERPINMAC && n_pins == 0) {
		sg->how.sec = PROV_SEC_NONE;	/* it has no MAC on air: the initiator has told the user what it takes */
		return 0;
	}
	return check_pin_wanted(a, t, sg, n_pins);
}

/* SEC in front, as devices want it; other parameters behind it. */
static void
write_type(const struct content *content, const struct type_text *t, struct signing *sg)
{
	enum prov_sec sec;
	bool dm;

	if (sg->how.sec != PROV_SEC_NONE)
		sbuf_fmt(&sg->type, "%.*s; SEC=%d%s", (int)t->media.n, (const char *)t->media.p, (int)sg->how.sec,
		    t->others.n > 0 ? t->others.s : "");
	else if (signature_media(t->media, &dm) && dm && t->n_sec == 1 && read_sec(t, dm, &sec) == OK)
		sbuf_fmt(&sg->type, "%.*s; SEC=%d%s", (int)t->media.n, (const char *)t->media.p, (int)sec,
		    t->others.n > 0 ? t->others.s : "");	/* the names of its key types */
	else
		sbuf_str(&sg->type, content->type);
}

int
admit_sign_begin(const struct admit_config *cf, const struct admit_request *rq, struct admission *a,
    const struct content_part *part, const struct content *content, struct signing *sg)
{
	struct span value;
	unsigned n_pins = find_pin(part, &value);
	struct type_text t;
	int code;

	*sg = (struct signing){ .how = { .sec = PROV_SEC_NONE, .ef_imsi = cf->dm_ef_imsi } };
	if (n_pins == 0 && rq->outer_header != NULL && rq->outer_header(rq->arg, user_pin) != NULL)
		return admit_refuse(a, PAP_BAD_REQUEST, "%s belongs to the headers of part 2, not to those of the request",
		    user_pin);
	read_type(span_str(content->type), &t);
	code = choose(a, content, &t, sg, n_pins);
	if (code == 0 && sg->how.sec != PROV_SEC_NONE)
		code = check_rights(rq, a, sg);
	if (code == 0 && signature_of_network(sg->how.sec) && rq->reader == NULL && cf->subscribers != NULL)
		code = ADMIT_READER;
	if (code == 0 && sg->how.sec != PROV_SEC_NONE && n_pins > 0)
		code = take_pin(cf, rq, a, value, sg);
	if (code == 0)
		write_type(content, &t, sg);
	sbuf_done(&t.others);
	return code;
}

/* ---- the MACs --------------------------------------------------------------------------------------- */

/* What is not known of recipient i, and what to do about it. */
static int
refuse_unknown(const struct admit_config *cf, struct admission *a, const struct signing *sg,
    enum subscriber_answer answer, uint32_t i, struct why *why)
{
	if (answer == SUBSCRIBER_MISSED) {	/* nobody would have the PIN any more when it is found */
		why_set(why, ERR_NOT_FOUND, "%s: the subscriber is being looked up; submit it again in a moment",
		    signature_name(&sg->how));
		if (cf->look_up != NULL)
			cf->look_up(cf->look_up_arg, a->recipients[i].to);
	}
	if (a->n_recipients == 1)
		return admit_refuse(a, PAP_FORBIDDEN, "%s", why->text);
	if (a->n_unsigned++ == 0)
		a->unsigned_why = *why;
	admit_hold(a, i, PAP_FORBIDDEN, why->text);
	return 0;
}

/* One recipient's MAC; "" when it is made later, or never. */
static int
sign_one(const struct admit_config *cf, const struct admit_request *rq, struct admission *a, const struct signing *sg,
    struct span body, uint32_t i, char mac[PROV_MAC_HEX + 1])
{
	const struct store_recipient *to = &a->recipients[i];
	enum subscriber_answer answer = SUBSCRIBER_UNKNOWN;
	struct subscriber sub = { 0 };
	struct why why;
	int code = 0;

	mac[0] = '\0';
	if (cf->subscribers != NULL && rq->reader != NULL)
		answer = subscribers_find(cf->subscribers, rq->reader, to->key, to->to, &sub);
	if (answer == SUBSCRIBER_MISSED && sg->how.sec == PROV_SEC_NETWPIN)
		a->n_unsigned_yet++;	/* looked up when it is due */
	else if (signature_make(&sg->how, answer == SUBSCRIBER_FOUND ? &sub : NULL, sg->pin, body, mac, &why) != OK)
		code = refuse_unknown(cf, a, sg, answer, i, &why);
	subscriber_done(&sub);
	return code;
}

static void
log_unsigned(const struct admit_request *rq, const struct admission *a)
{
	struct sbuf id = { 0 };

	sbuf_quote(&id, span_str(a->control.push_id));
	log_warning("policy", "push %s of %s: %s (%u of %u recipients)", id.s, rq->who->name, a->unsigned_why.text,
	    a->n_unsigned, a->n_recipients);
	sbuf_done(&id);
}

/* Each its own block; the shared one stays without MAC. */
static int
sign_each(const struct admit_config *cf, const struct admit_request *rq, struct admission *a, struct signing *sg,
    struct span body)
{
	char mac[PROV_MAC_HEX + 1];
	uint32_t i;

	if (sg->block_n > OVERLAYS_MAX / a->n_recipients)
		return admit_refuse(a, PAP_BAD_REQUEST, "part 2: headers of %zu octets, at most %u are taken with a MAC for "
		    "each of %u recipients", sg->block_n, OVERLAYS_MAX / a->n_recipients, a->n_recipients);
	a->overlays = malloc(a->n_recipients * sg->block_n);
	if (a->overlays == NULL)
		abort();
	a->mac_at = sg->mac_at;
	for (i = 0; i < a->n_recipients; i++) {
		uint8_t *own = a->overlays + (size_t)i * sg->block_n;

		sign_one(cf, rq, a, sg, body, i, mac);
		if (mac[0] == '\0')
			continue;
		memcpy(own, sg->block, sg->block_n);
		memcpy(own + sg->mac_at, mac, PROV_MAC_HEX);
		a->recipients[i].overlay = span_of(own, sg->block_n);
	}
	if (a->n_unsigned == a->n_recipients)
		return admit_refuse(a, PAP_FORBIDDEN, "%s", a->unsigned_why.text);
	if (a->n_unsigned > 0)
		log_unsigned(rq, a);
	return 0;
}

/* All have the same block. */
static int
sign_all(const struct admit_config *cf, const struct admit_request *rq, struct admission *a, struct signing *sg,
    struct span body, struct span *headers)
{
	char mac[PROV_MAC_HEX + 1];
	int code = 0;

	if (signature_of_network(sg->how.sec))
		code = sign_one(cf, rq, a, sg, body, 0, mac);
	else if (signature_make(&sg->how, NULL, sg->pin, body, mac, &a->why) != OK)
		code = PAP_BAD_REQUEST;
	if (code == 0 && mac[0] != '\0') {
		memcpy(sg->block + sg->mac_at, mac, PROV_MAC_HEX);
		*headers = span_of(sg->block, sg->block_n);
	}
	return code;
}

/* A block with room for the MAC. */
static int
make_block(struct admission *a, struct signing *sg, struct span headers)
{
	static const char zeros[] = "0000000000000000000000000000000000000000";
	struct wbuf w;

	sg->block = malloc(headers.n + SIGNATURE_MORE);
	if (sg->block == NULL)
		abort();
	w = wbuf_into(sg->block, headers.n + SIGNATURE_MORE);
	if (signature_insert(headers, zeros, &w, &sg->mac_at) != OK)
		return admit_refuse(a, PAP_INTERNAL_ERROR, "part 2: no place for the MAC");
	sg->block_n = w.n;
	if (w.n > WSP_HEADERS_MAX)
		return admit_refuse(a, PAP_BAD_REQUEST, "part 2: headers need more than %d octets", WSP_HEADERS_MAX);
	return 0;
}

int
admit_sign(const struct admit_config *cf, const struct admit_request *rq, struct admission *a, struct signing *sg,
    struct span body, struct span *headers, size_t *air_n)
{
	int code;

	*air_n = headers->n;
	if (sg->how.sec == PROV_SEC_NONE)
		return 0;
	a->signed_with = signature_name(&sg->how);
	if (sg->pin[0] != '\0') {
		a->weak_pin = is_guessable(sg->pin);
		a->pin_inside = occurs(body, sg->pin) || occurs(*headers, sg->pin);
	}
	if (sg->how.sec == PROV_SEC_USERPINMAC)
		return prov_ota_pin(sg->pin, body, a->ota_pin, sizeof a->ota_pin, &a->why) != OK ? PAP_BAD_REQUEST : 0;
	if (signature_of_network(sg->how.sec) && cf->subscribers != NULL)
		subscribers_any(cf->subscribers, rq->reader);	/* whether there are any is asked now and then */
	code = make_block(a, sg, *headers);
	*air_n = sg->block_n;
	if (code == 0)
		code = signature_of_network(sg->how.sec) && a->n_recipients > 1 ? sign_each(cf, rq, a, sg, body) :
		    sign_all(cf, rq, a, sg, body, headers);
	if (code == 0)
		admission_note(a, "signed", "%s, %u recipient%s", signature_name(&sg->how), a->n_recipients - a->n_unsigned,
		    a->n_recipients - a->n_unsigned == 1 ? "" : "s");
	return code;
}

void
admit_sign_done(struct signing *sg)
{
	free(sg->block);
	sbuf_done(&sg->type);
	secret_cleanse(sg, sizeof *sg);
}

/* ---- for the stations behind it ----------------------------------------------------------------------- */

void
admit_sign_facts(const struct admission *a, uint32_t i, struct push_facts *f, char mac[PROV_MAC_HEX + 1])
{
	const struct span own = a->recipients[i].overlay;

	if (a->mac_at == 0)
		return;
	mac[0] = '\0';
	f->mac = NULL;
	if (own.n >= a->mac_at + PROV_MAC_HEX) {
		memcpy(mac, own.p + a->mac_at, PROV_MAC_HEX);
		mac[PROV_MAC_HEX] = '\0';
		f->mac = mac;
	}
}
