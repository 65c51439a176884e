/*
 * cli_push.c - tps push and tps notify: a document made from a template, or package 0, to the gateway.
 * Spec: OMA provisioning content and bootstrap 1.1 (SEC, MAC); DM Notification 1.2 (package 0).
 */
#include "contrib/tps/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/http_client.h"
#include "base/secret.h"
#include "base/text.h"
#include "contrib/tps/pap.h"
#include "contrib/tps/template.h"
#include "policy/prov_mac.h"
#include "wap/content.h"

enum { VALUES_MAX = 128, WORDS_MAX = 66, VENDOR_MAX = 64 };

static const char dm_app_id[] = "x-wap-application:syncml.dm";

static void
forget(struct sbuf *b)
{
	if (b->s != NULL)
		secret_cleanse(b->s, b->cap);
	sbuf_done(b);
}

/* ---- to the gateway ------------------------------------------------------------------------------- */

/* Keeps the push, submits it, prints the answer. */
static int
submit(struct cli *c, const struct tps_device *d, const char *what, struct tps_submission *s)
{
	struct tps_push p = { .device = d->id };
	char desc[200];
	struct why why;
	int code, err;

	if (d->msisdn[0] == '\0')
		return cli_no(c, "nothing can be pushed to a device whose number is not known");
	if (c->cf->gateway_url == NULL)
		return cli_no(c, "the configuration names no gateway (gateway-url)");
	tps_push_id(c->cf, p.push_id, sizeof p.push_id);
	tps_client_address(c->cf, d->msisdn, p.address, sizeof p.address);
	snprintf(p.what, sizeof p.what, "%s", what);
	s->push_id = p.push_id;
	s->msisdn = d->msisdn;
	if (tps_push_add(c->db, &p, &why) != OK)
		return cli_no(c, "%s", why.text);
	err = tps_pap_submit(c->cf, s, &code, desc, sizeof desc, &why);
	if (err != OK)
		tps_push_answered(c->db, p.push_id, 0, why.text, NULL);
	if (err != OK || tps_push_answered(c->db, p.push_id, code, desc, &why) != OK)
		return cli_no(c, "%s", why.text);
	if (c->json)
		cli_print_json(json_pack("{s:s, s:i, s:o, s:b}", "push_id", p.push_id, "code", code, "desc", cli_text(desc),
		    "accepted", code / 1000 == 1));
	else
		printf("%d %s\npush-id %s\n", code, desc, p.push_id);
	return code / 1000 == 1 ? CLI_DONE : CLI_NO;
}

/* ---- values of a template ----------------------------------------------------------------------------- */

struct values {
	struct tps_value list[VALUES_MAX];
	size_t n;
	char *names[WORDS_MAX], *values[WORDS_MAX];	/* heap: of words */
	size_t n_names;
	struct sbuf client_nonce, server_nonce;
};

static void
offer(struct values *v, const char *name, const char *value)
{
	if (value != NULL && value[0] != '\0')
		v->list[v->n++] = (struct tps_value){ .name = name, .value = value };
}

/* NAME=VALUE, or NAME@FILE for what should not stand in the list of processes. */
static int
give(struct values *v, const char *word, struct why *why)
{
	size_t n = strcspn(word, "=@");
	char value[TPS_VALUE_MAX + 1];
	int err = OK;

	if (n == 0 || word[n] == '\0')
		return why_set(why, ERR_SYNTAX, "\"%.40s\" is not NAME=VALUE", word);
	if (word[n] == '@')
		err = cli_read_secret(word + n + 1, value, sizeof value, why);
	if (err != OK)
		return err;
	v->names[v->n_names] = span_dup(span_of(word, n));
	v->values[v->n_names] = span_dup(span_str(word[n] == '@' ? value : word + n + 1));
	v->list[v->n++] = (struct tps_value){ v->names[v->n_names], v->values[v->n_names], true };
	v->n_names++;
	secret_cleanse(value, sizeof value);
	return OK;
}

static int
collect(struct cli *c, const struct tps_device *d, struct values *v, struct why *why)
{
	size_t i;
	int err = OK;

	for (i = 2; i < c->n_args && err == OK; i++)
		err = give(v, c->args[i], why);
	sbuf_put(&v->client_nonce, "", 0);
	sbuf_put(&v->server_nonce, "", 0);
	text_base64_encode(span_of(d->client_nonce.p, d->client_nonce.n), &v->client_nonce);
	text_base64_encode(span_of(d->server_nonce.p, d->server_nonce.n), &v->server_nonce);
	offer(v, "msisdn", d->msisdn);
	offer(v, "device-id", d->device_id);
	offer(v, "dm-url", c->cf->dm_url);
	offer(v, "server-id", c->cf->server_id);
	offer(v, "server-password", d->server_password);
	offer(v, "dm-user", d->user);
	offer(v, "dm-password", d->password);
	offer(v, "dm-auth", dm_auth_name(d->auth));
	offer(v, "server-auth", dm_auth_name(d->auth));
	offer(v, "client-nonce", v->client_nonce.s);
	offer(v, "server-nonce", v->server_nonce.s);
	offer(v, "provurl", c->cf->initiator_uri);
	offer(v, "gateway-address", c->cf->gateway_address);
	return err;
}

static void
values_done(struct values *v)
{
	size_t i;

	for (i = 0; i < v->n_names; i++) {
		free(v->names[i]);
		secret_cleanse(v->values[i], strlen(v->values[i]));
		free(v->values[i]);
	}
	forget(&v->client_nonce);
	forget(&v->server_nonce);
}

/* ---- signing --------------------------------------------------------------------------------------------- */

struct signing {
	enum prov_sec sec;		/* NONE: not at all */
	bool at_gateway;
	char pin[PROV_PIN_MAX + 1];
};

static int
parse_signing(const char *sign, const char *at, bool pin_stdin, struct signing *out, struct why *why)
{
	int err;

	*out = (struct signing){ .sec = PROV_SEC_NONE };
	if (sign != NULL && strcmp(sign, "none") != 0 && (prov_sec_parse(sign, &out->sec) != OK ||
	    out->sec == PROV_SEC_USERPINMAC))
		return why_set(why, ERR_SYNTAX, "--sign is netwpin, userpin, usernetwpin or none");
	if (at != NULL && strcmp(at, "tps") != 0 && strcmp(at, "gateway") != 0)
		return why_set(why, ERR_SYNTAX, "--sign-at is tps or gateway");
	out->at_gateway = at != NULL && strcmp(at, "gateway") == 0;
	if ((out->sec == PROV_SEC_USERPIN || out->sec == PROV_SEC_USERNETWPIN) != pin_stdin)
		return why_set(why, ERR_SYNTAX, pin_stdin ? "--pin-stdin is for --sign userpin and usernetwpin" :
		    "--sign %s needs --pin-stdin", sign);
	if (!pin_stdin)
		return OK;
	err = cli_read_secret("-", out->pin, sizeof out->pin, why);
	return err != OK ? err : prov_check_pin(out->pin, why);
}

static const char no_imsi[] = "the device's IMSI is not known; --sign-at gateway asks the gateway to sign";

/* MAC over the octets that travel. */
static int
sign_document(const struct tps_device *d, const struct signing *s, struct span body, struct sbuf *type, struct why *why)
{
	uint8_t network[PROV_KEY_MAX], key[PROV_KEY_MAX];
	size_t network_n = 0, n = 0;
	char mac[PROV_MAC_HEX + 1];
	int err = OK;

	if (s->sec != PROV_SEC_USERPIN && d->imsi[0] == '\0')
		return why_set(why, ERR_NOT_FOUND, "%s", no_imsi);
	if (d->imsi[0] != '\0')
		err = prov_network_key(d->imsi, network, &network_n, why);
	if (err == OK)
		err = prov_key(s->sec, span_of(network, network_n), s->pin[0] != '\0' ? s->pin : NULL, key, &n, why);
	if (err == OK) {
		prov_mac(span_of(key, n), body, mac);
		sbuf_fmt(type, "; SEC=%s; MAC=%s", prov_sec_name(s->sec), mac);
	}
	secret_cleanse(key, sizeof key);
	secret_cleanse(network, sizeof network);
	return err;
}

/* What the methods are called for the bootstrap of a DM profile. */
static enum dm_keytype
dm_key(enum prov_sec sec)
{
	return sec == PROV_SEC_NETWPIN ? DM_KEY_NETWORKID : sec == PROV_SEC_USERPIN ? DM_KEY_USERPIN :
	    DM_KEY_USERPIN_NETWORKID;
}

/* The same for a DM profile; its network id is the digits of the IMSI. */
static int
sign_bootstrap(const struct tps_device *d, const struct signing *s, struct span body, struct sbuf *type, struct why *why)
{
	char mac[41];
	int err;

	if (s->sec != PROV_SEC_USERPIN && d->imsi[0] == '\0')
		return why_set(why, ERR_NOT_FOUND, "%s", no_imsi);
	err = dm_bootstrap_mac(dm_key(s->sec), span_str(d->imsi), s->pin[0] != '\0' ? s->pin : NULL, body, mac, why);
	if (err == OK)
		sbuf_fmt(type, "; SEC=%s; MAC=%s", dm_keytype_name(dm_key(s->sec)), mac);
	return err;
}

static int
sign_here(const struct tps_device *d, const struct signing *s, const struct content *c, struct sbuf *type, struct why *why)
{
	return (c->kind == CONTENT_DM ? sign_bootstrap : sign_document)(d, s, sbuf_as_span(&c->body), type, why);
}

/* The document is compiled here in any case: what is wrong with it shows before it leaves. */
static int
push_document(struct cli *c, const struct tps_device *d, const struct tps_template *t, struct sbuf *document,
    const struct signing *s)
{
	struct content content;
	struct tps_submission sub = { .push_id = NULL };
	struct sbuf type = { 0 };
	struct why why;
	int status;

	if (content_prepare(span_str(t->type), sbuf_as_span(document), false, &content, &why) != OK)
		return cli_no(c, "the document of template %s: %s", t->name, why.text);
	if (s->sec != PROV_SEC_NONE && content.kind != CONTENT_PROV && content.kind != CONTENT_DM) {
		content_done(&content);
		return cli_wrong(c, "only provisioning and DM bootstrap documents are signed");
	}
	if (s->at_gateway && s->pin[0] != '\0' && c->cf->gateway_url != NULL && !url_is_private(c->cf->gateway_url)) {
		content_done(&content);
		return cli_no(c, "gateway-url is plain HTTP to another host, where anybody may read the PIN; use https, or --sign-at tps");
	}
	if (content.kind == CONTENT_DM)
		sub.app_id = dm_app_id;
	sbuf_str(&type, s->at_gateway && s->sec != PROV_SEC_NONE ? t->type : content.type);
	sub.body = sbuf_as_span(s->at_gateway && s->sec != PROV_SEC_NONE ? document : &content.body);
	if (s->sec != PROV_SEC_NONE && s->at_gateway) {
		sbuf_fmt(&type, "; SEC=%s", content.kind == CONTENT_DM ? dm_keytype_name(dm_key(s->sec)) : prov_sec_name(s->sec));
		sub.user_pin = s->pin[0] != '\0' ? s->pin : NULL;
	}
	if (s->sec != PROV_SEC_NONE && !s->at_gateway && sign_here(d, s, &content, &type, &why) != OK) {
		status = cli_no(c, "%s", why.text);
	} else {
		sub.type = type.s;
		status = submit(c, d, t->name, &sub);
	}
	forget(&content.body);
	content_done(&content);
	sbuf_done(&type);
	return status;
}

static int
push_template(struct cli *c, const struct tps_device *d, const struct signing *s)
{
	struct values v = { .n = 0 };
	struct sbuf document = { 0 };
	struct tps_template t;
	struct why why;
	int status;

	if (tps_template_load(c->cf->templates, c->args[1], &t, &why) != OK)
		return cli_no(c, "%s", why.text);
	if (collect(c, d, &v, &why) != OK)
		status = cli_wrong(c, "%s", why.text);
	else if (d->password[0] == '\0' && tps_template_var(&t, "dm-password") != NULL)
		status = cli_no(c, "the password of this device is no longer kept, because it has shown that it has it; "
		    "\"tps device password\" gives it a new one");
	else if (tps_template_fill(&t, v.list, v.n, &document, &why) != OK)
		status = cli_wrong(c, "%s", why.text);
	else
		status = push_document(c, d, &t, &document, s);
	values_done(&v);
	forget(&document);
	tps_template_done(&t);
	return status;
}

int
cli_push(struct cli *c, int argc, char **argv)
{
	const char *sign = NULL, *at = NULL, *args[WORDS_MAX];
	bool pin_stdin = false;
	const struct cli_option options[] = {
		{ "sign", "METHOD", "netwpin, userpin, usernetwpin or none (default)", &sign, NULL },
		{ "sign-at", "WHERE", "tps (default): the MAC is made here; gateway: it shall make it", &at, NULL },
		{ "pin-stdin", NULL, "the PIN is the first line of standard input", NULL, &pin_stdin },
		{ NULL, NULL, NULL, NULL, NULL }
	};
	struct signing s;
	struct tps_device d;
	struct why why;
	int status;

	if (!cli_parse(c, options, argc, argv, args, 2, WORDS_MAX, &status))
		return status;
	if (parse_signing(sign, at, pin_stdin, &s, &why) != OK) {
		status = cli_wrong(c, "%s", why.text);
	} else if (cli_device(c, &d, &status)) {
		status = push_template(c, &d, &s);
		tps_device_done(&d);
	}
	secret_cleanse(&s, sizeof s);
	return status;
}

/* ---- package 0 ---------------------------------------------------------------------------------------------- */

struct notify_options {
	const char *ui, *initiator, *vendor;
	bool reset;
};

static int
parse_notify(const struct notify_options *o, struct dm_notification *n, uint8_t *vendor, struct why *why)
{
	static const char *const modes[] = { "unspecified", "background", "informative", "interaction" };
	size_t i, vendor_n;

	for (i = 0; o->ui != NULL && i < 4 && strcmp(modes[i], o->ui) != 0; i++)
		;
	if (i == 4)
		return why_set(why, ERR_SYNTAX, "--ui is unspecified, background, informative or interaction");
	n->ui = o->ui != NULL ? (enum dm_ui)i : DM_UI_BACKGROUND;
	if (o->initiator != NULL && strcmp(o->initiator, "server") != 0 && strcmp(o->initiator, "client") != 0)
		return why_set(why, ERR_SYNTAX, "--initiator is server or client");
	n->by_server = o->initiator == NULL || strcmp(o->initiator, "server") == 0;
	if (o->vendor == NULL)
		return OK;
	if (strlen(o->vendor) > 2 * VENDOR_MAX)
		return why_set(why, ERR_LIMIT, "--vendor has at most %d octets", VENDOR_MAX);
	if (text_hex(span_str(o->vendor), vendor, &vendor_n, why) != OK)
		return ERR_SYNTAX;
	n->vendor = span_of(vendor, vendor_n);
	return OK;
}

/* The nonce that every device takes when it has lost its own (DM Notification 1.2, 7). */
static int
reset_nonces(struct cli *c, struct tps_device *d, struct why *why)
{
	static const char special[] = "0x00000000";
	struct dm_octets *n = &d->server_nonce;

	*n = (struct dm_octets){ .n = c->cf->nonce_octets ? 4 : sizeof special - 1 };
	if (!c->cf->nonce_octets)
		memcpy(n->p, special, n->n);
	d->client_nonce = *n;
	return tps_device_set_nonces(c->db, d, why);
}

static int
notify_device(struct cli *c, struct tps_device *d, struct dm_notification *n, bool reset)
{
	struct tps_submission s = { .type = "application/vnd.syncml.notification",
		.app_id = dm_app_id };
	char hash[DM_B64_MAX];
	struct sbuf body = { 0 };
	struct why why;
	int status, err = OK;

	if (reset)
		err = reset_nonces(c, d, &why);
	if (err == OK)
		err = tps_device_next_session(c->db, d, &why);
	if (err != OK)
		return cli_no(c, "%s", why.text);
	n->version = 11;
	n->session_id = (uint16_t)d->session_id;
	snprintf(n->server_id, sizeof n->server_id, "%s", c->cf->server_id);
	dm_user_hash(DM_AUTH_MD5, c->cf->server_id, d->server_password, hash);
	if (dm_notification_build(n, hash, span_of(d->server_nonce.p, d->server_nonce.n), &body, &why) != OK) {
		status = cli_no(c, "%s", why.text);
	} else {
		s.body = sbuf_as_span(&body);
		status = submit(c, d, "notification", &s);
		if (status == CLI_DONE && !c->json)
			printf("session %X\n", d->session_id);
	}
	secret_cleanse(hash, sizeof hash);
	sbuf_done(&body);
	return status;
}

int
cli_notify(struct cli *c, int argc, char **argv)
{
	struct notify_options o = { .ui = NULL };
	const struct cli_option options[] = {
		{ "ui", "MODE", "background (default), unspecified, informative or interaction", &o.ui, NULL },
		{ "initiator", "WHO", "server (default) or client: who wants the session", &o.initiator, NULL },
		{ "vendor", "HEX", "vendor data behind the trigger", &o.vendor, NULL },
		{ "reset-nonces", NULL, "for a device that lost its nonces: use the one that all devices take", NULL, &o.reset },
		{ NULL, NULL, NULL, NULL, NULL }
	};
	struct dm_notification n = { .version = 11 };
	uint8_t vendor[VENDOR_MAX];
	const char *args[1];
	struct tps_device d;
	struct why why;
	int status;

	if (!cli_parse(c, options, argc, argv, args, 1, 1, &status))
		return status;
	if (parse_notify(&o, &n, vendor, &why) != OK)
		return cli_wrong(c, "%s", why.text);
	if (cli_device(c, &d, &status)) {
		status = notify_device(c, &d, &n, o.reset);
		tps_device_done(&d);
	}
	return status;
}
