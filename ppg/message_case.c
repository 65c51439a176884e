/* message_case.c - see message_case.h. */
#include "ppg/message_case.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/policy.h"
#include "wap/content.h"

/* ---- headers ------------------------------------------------------------------------------------- */

static void
put_text(json_t *message, const char *name, const char *text)
{
	if (text != NULL && text[0] != '\0')
		json_object_set_new(message, name, json_string(text));
}

/*
 * SEC and MAC. What is no method, or no MAC of 40 digits, makes the message malformed on the device:
 * here it becomes a MAC without a method, or a method without its MAC, which is malformed as well.
 */
static void
put_signature(json_t *message, const struct message_head *h)
{
	static const char *const words[] = { [PROV_SEC_NETWPIN] = "netwpin", [PROV_SEC_USERPIN] = "userpin",
		[PROV_SEC_USERNETWPIN] = "usernetwpin", [PROV_SEC_USERPINMAC] = "userpinmac" };
	enum prov_sec method = PROV_SEC_NONE;
	bool good_sec = h->sec == NULL || prov_sec_parse(h->sec, &method) == OK;
	bool good_mac = h->mac == NULL || prov_check_mac(h->mac, NULL) == OK;

	if (good_sec && h->sec != NULL)
		put_text(message, "sec", words[method]);
	if (!good_sec || (h->mac != NULL && (good_mac || h->sec == NULL || method == PROV_SEC_USERPINMAC)))
		put_text(message, "mac", h->mac_wrong ? "wrong" : "ok");
}

json_t *
message_case(const struct message_head *h, struct why *why)
{
	json_t *message = json_pack("{s:s, s:s*, s:s*, s:s}", "bearer", h->bearer != NULL ? h->bearer : "sms",
	    "from", h->from, "from_ton", h->from_ton, "content_type", h->media);

	if (message == NULL) {
		why_set(why, ERR_SYNTAX, "the sender is not UTF-8");
		return NULL;
	}
	put_text(message, "app_id", h->app_id);
	if (h->push_flag >= 0)
		json_object_set_new(message, "push_flag", json_integer(h->push_flag));
	put_text(message, "initiator_uri", h->initiator_uri);
	put_signature(message, h);
	return message;
}

enum { PARMS_MAX = 256 };		/* a case has no more of one characteristic */

/* ---- settings ------------------------------------------------------------------------------------ */

/* Values that devices decide by; nothing here is a password, a PIN or a key. */
static const struct { const char *path, *parm; } needed[] = {
	{ "SecurityPolicy", NULL },		/* numbers of policies and their values */
	{ "Metabase/", NULL },			/* roles that may read and write */
	{ "CertificateStore/", "Role" }, { "CertificateStore/", "EncodedCertificate" },
	{ "BOOTSTRAP", "PROVURL" },
	{ "APPLICATION", "APPID" }, { "APPLICATION", "ROLE" },
	{ "PXLOGICAL", "PROXY-ID" }, { "PXLOGICAL", "TRUST" }, { "PXLOGICAL", "PUSHENABLED" },
	{ "PXLOGICAL/PXPHYSICAL", "PHYSICAL-PROXY-ID" }, { "PXLOGICAL/PXPHYSICAL", "PUSHENABLED" },
	{ "PXLOGICAL/PXPHYSICAL", "PXADDR" }, { "PXLOGICAL/PXPHYSICAL", "PXADDRTYPE" },
};

static bool
is_needed(const char *path, const char *parm)
{
	size_t i;

	for (i = 0; i < sizeof needed / sizeof needed[0]; i++) {
		size_t n = strlen(needed[i].path);
		bool below = needed[i].path[n - 1] == '/';

		if ((below ? strncasecmp(path, needed[i].path, n) : strcasecmp(path, needed[i].path)) == 0 &&
		    (needed[i].parm == NULL || strcasecmp(parm, needed[i].parm) == 0))
			return true;
	}
	return false;
}

static json_t *
value_json(const struct prov_setting *s, const struct prov_parm *p, bool masked)
{
	if (p->noparm)
		return json_null();
	return json_span(span_str(p->value != NULL && (!masked || is_needed(s->path, p->name)) ? p->value : ""));
}

static void
add_setting(json_t *list, const struct prov_setting *s, json_t *parms)
{
	json_t *obj = json_pack("{s:o, s:O}", "path", json_span(span_str(s->path)), "parms", parms);

	if (s->remove)
		json_object_set_new(obj, "delete", json_true());
	json_array_append_new(list, obj);
}

/* Devices look at each parm of a name that is repeated: an object has one, so the others are in copies of the entry. */
static json_t *
settings_json(const struct prov_doc *doc, bool masked)
{
	json_t *list = json_array();
	size_t i, k;

	for (i = 0; i < doc->n; i++) {
		const struct prov_setting *s = &doc->settings[i];
		json_t *parms = json_object(), *more;

		for (k = 0; k < s->n_parms && json_array_size(list) <= POLICY_SETTINGS_MAX; k++) {
			const char *name = s->parms[k].name;

			if (json_object_get(parms, name) != NULL && json_object_size(parms) <= PARMS_MAX) {
				add_setting(list, s, parms);
				more = json_copy(parms);
				json_decref(parms);
				parms = more;
			}
			json_object_setn_new(parms, name, strlen(name), value_json(s, &s->parms[k], masked));
		}
		add_setting(list, s, parms);
		json_decref(parms);
	}
	return list;
}

/* ---- href ---------------------------------------------------------------------------------------- */

/* Scheme and host: a path or a query may be what lets its reader in, and so may what stands before an "@". */
static void
put_masked_href(json_t *message, const char *href)
{
	const char *colon = strchr(href, ':'), *host, *end, *at;
	struct sbuf shown = { 0 };

	if (colon == NULL)
		return;
	sbuf_put(&shown, href, (size_t)(colon - href) + 1);
	if (strncmp(colon, "://", 3) == 0) {
		host = colon + 3;
		end = host + strcspn(host, "/?#\\");
		for (at = end; at > host && at[-1] != '@'; at--)
			;
		sbuf_fmt(&shown, "//%.*s/", (int)(end - at), at);
	}
	json_object_set_new(message, "href", json_span(sbuf_as_span(&shown)));
	sbuf_done(&shown);
}

static int
put_href(json_t *message, const char *media, struct span body, bool masked, struct why *why)
{
	struct content_facts *facts = malloc(sizeof *facts);
	int err;

	if (facts == NULL)
		abort();
	err = content_facts(media, body, facts, why);
	if (err == OK && facts->href[0] != '\0') {
		if (masked)
			put_masked_href(message, facts->href);
		else
			json_object_set_new(message, "href", json_span(span_str(facts->href)));
	}
	free(facts);
	return err;
}

int
message_case_body(json_t *message, const char *media, struct span body, bool masked, struct why *why)
{
	enum content_kind kind = content_kind_of(span_str(media));
	struct prov_doc doc;
	int err;

	if (kind == CONTENT_SI || kind == CONTENT_SL)
		return put_href(message, media, body, masked, why);
	if (kind != CONTENT_PROV)
		return OK;
	err = prov_doc_parse(media, body, &doc, why);
	if (err == OK) {
		json_object_set_new(message, "settings", settings_json(&doc, masked));
		prov_doc_done(&doc);
	}
	return err;
}
