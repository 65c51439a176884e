/* dm_inbox.c - see dm_inbox.h. */
#include "router/dm_inbox.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "router/dm_command.h"
#include "wap/content.h"

enum { NETWORK_TEXT = 2 * PROV_KEY_MAX + 1 };

static void
tell_refused(json_t *told, const struct why *why)
{
	json_object_set_new(told, "refused", json_string(why->text));
}

/* ---- accounts of provisioning documents -------------------------------------------------- */

static void
take_document(struct dm_state *s, const struct router_result *res, struct dm_inbox_result *out)
{
	struct dm_accounts start;
	struct why why = { 0 };
	bool changed = false;
	size_t i;
	int err = dm_account_install(&s->tree, res->settings, res->n_settings, &start, &changed, &why);

	if (err == OK && !changed)
		return;
	out->told = json_pack("{s:b}", "accounts", err == OK);
	out->changed = err == OK;
	if (err != OK)
		tell_refused(out->told, &why);
	for (i = 0; i < start.n; i++)
		snprintf(out->start[out->n_start++].server_id, DM_NAME_MAX, "%s", start.ids[i]);
}

/* ---- bootstrap --------------------------------------------------------------------------- */

/* The digits of the IMSI out of the octets that a SIM keeps; "" when they are none. */
static void
network_digits(const struct router_device *dev, char out[NETWORK_TEXT])
{
	size_t i, n = 0, at = 0;
	char all[NETWORK_TEXT];

	for (i = 0; i < dev->n_network_key; i++) {
		all[n++] = "0123456789ABCDEF"[dev->network_key[i] & 15];
		all[n++] = "0123456789ABCDEF"[dev->network_key[i] >> 4];
	}
	all[n] = '\0';
	out[0] = '\0';
	if (n < 2 || (all[0] != '9' && all[0] != '1'))
		return;
	at = strspn(all + 1, "0123456789");
	if (all[0] == '9' ? at == n - 1 : at == n - 2 && all[n - 1] == 'F')
		snprintf(out, NETWORK_TEXT, "%.*s", (int)at, all + 1);
}

static bool
mac_is(enum dm_keytype key, struct span network, const char *pin,
    const struct router_result *res, const char *mac)
{
	char expected[41];
	bool fits = dm_bootstrap_mac(key, network, pin, res->body, expected, NULL) == OK &&
	    prov_mac_equal(mac, expected);

	secret_cleanse(expected, sizeof expected);
	return fits;
}

/* Under this PIN; the network's part as digits, or as the SIM has it. */
static bool
mac_fits(const struct router_device *dev, enum dm_keytype key, const char *pin,
    const struct router_result *res, const char *mac)
{
	char digits[NETWORK_TEXT];
	bool fits;

	network_digits(dev, digits);
	fits = mac_is(key, span_str(digits), pin, res, mac) ||
	    (key != DM_KEY_USERPIN &&
	    mac_is(key, span_of(dev->network_key, dev->n_network_key), pin, res, mac));
	secret_cleanse(digits, sizeof digits);
	return fits;
}

/* The parameters as a header has them, named or not. */
static void
print_params(const struct wsp_content_type *type, struct sbuf *out)
{
	size_t i;

	sbuf_str(out, type->media);
	for (i = 0; i < type->n_params; i++) {
		const struct wsp_param *p = &type->params[i];

		sbuf_fmt(out, ";%s%s%s", p->name, p->value[0] ? "=" : "", p->value);
	}
}

static int
verify_bootstrap(const struct router_device *dev, const struct router_result *res, struct why *why)
{
	size_t tries = policy_get(&dev->policy, 4105, 3), i;
	struct sbuf type = { 0 };
	enum dm_keytype key;
	char mac[41];
	bool fits = false;
	int err;

	print_params(&res->info->type, &type);
	err = dm_bootstrap_params(sbuf_as_span(&type), &key, mac, why);
	sbuf_done(&type);
	if (err != OK)
		return err;
	if (key == DM_KEY_NONE || mac[0] == '\0')
		return why_set(why, ERR_AUTH, "the bootstrap message is not signed");
	if (key == DM_KEY_GBA)
		return why_set(why, ERR_UNSUPPORTED, "keys of GBA are not kept here");
	if (key == DM_KEY_NETWORKID)
		fits = mac_fits(dev, key, NULL, res, mac);
	else
		for (i = 0; i < dev->n_pins && i < tries && !fits; i++)
			fits = mac_fits(dev, key, dev->pins[i], res, mac);
	return fits ? OK : why_set(why, ERR_AUTH, "the MAC of the bootstrap message is wrong");
}

struct outcome { unsigned status; char command[12], target[DM_TREE_URI + 1]; };

static void
note_first_failure(void *arg, const char *command, const char *target, unsigned status)
{
	struct outcome *o = arg;

	if (status == DM_STATUS_OK || o->status != 0)
		return;
	o->status = status;
	snprintf(o->command, sizeof o->command, "%s", command);
	snprintf(o->target, sizeof o->target, "%s", target);
}

/* All of it or nothing: half an account is none. */
static int
run_bootstrap(struct dm_tree **t, const struct syncml_message *m, struct why *why)
{
	struct outcome bad = { .status = 0 };
	struct dm_run run = { .tree = t, .consent = true, .note = note_first_failure, .note_arg = &bad };

	dm_command_run(&run, m, NULL);
	if (bad.status != 0)
		return why_set(why, ERR_SYNTAX, "%s %.80s: status %u", bad.command, bad.target, bad.status);
	return dm_account_claim(*t, why);
}

static int
apply_bootstrap(struct dm_state *s, const struct router_device *dev,
    const struct router_result *res, struct why *why)
{
	struct dm_tree *next = NULL;
	struct syncml_message m;
	int err = verify_bootstrap(dev, res, why);

	if (err == OK && dev->refuses)
		err = why_set(why, ERR_AUTH, "the user declined");
	if (err != OK)
		return err;
	err = syncml_parse(res->info->type.media, res->body, &m, why);
	if (err != OK)
		return err;
	next = dm_tree_dup(s->tree);
	err = run_bootstrap(&next, &m, why);
	syncml_done(&m);
	if (err == OK) {
		dm_tree_destroy(&s->tree);
		s->tree = next;
		return OK;
	}
	dm_tree_destroy(&next);
	return err;
}

static void
take_bootstrap(struct dm_state *s, const struct router_device *dev, const struct router_result *res,
    struct dm_inbox_result *out)
{
	struct why why = { 0 };
	int err = apply_bootstrap(s, dev, res, &why);

	out->told = json_pack("{s:b}", "bootstrap", err == OK);
	out->changed = err == OK;
	if (err != OK)
		tell_refused(out->told, &why);
}

/* ---- notifications ----------------------------------------------------------------------- */

/* Which reading of the special nonce fitted: the server's answer to come is made with that, too. */
static void
special_nonce(struct span body, const char *user_hash, struct dm_octets *out)
{
	static const char text[] = "0x00000000";
	bool special;

	*out = (struct dm_octets){ .n = 4 };
	if (dm_notification_verify(body, user_hash, span_str(text), &special) && !special) {
		memcpy(out->p, text, sizeof text - 1);
		out->n = sizeof text - 1;
	}
}

static int
check_notification(struct dm_state *s, const struct router_device *dev,
    const struct dm_notification *n, struct span body,
    struct dm_inbox_start *start, struct why *why)
{
	char user_hash[DM_B64_MAX];
	struct dm_account a;
	bool special = false, fits;
	int err = dm_account_find(s->tree, n->server_id, &a, why);

	if (err != OK)
		return err;
	dm_user_hash(DM_AUTH_MD5, n->server_id, a.server.password, user_hash);
	fits = a.server.has &&
	    dm_notification_verify(body, user_hash, span_of(a.server.nonce.p, a.server.nonce.n), &special);
	if (fits && special)
		special_nonce(body, user_hash, &start->special);
	secret_cleanse(user_hash, sizeof user_hash);
	dm_account_done(&a);
	if (!fits)
		return why_set(why, ERR_AUTH, "the digest is wrong");
	if (dm_state_held(s, n->server_id, n->session_id))
		return why_set(why, ERR_EXISTS, "that session was held already");
	if (dev->refuses && n->ui == DM_UI_INTERACTION)
		return why_set(why, ERR_AUTH, "the user declined");
	return OK;
}

static void
take_notification(struct dm_state *s, const struct router_device *dev,
    const struct router_result *res, struct dm_inbox_result *out)
{
	static const char *const uis[] = { "unspecified", "background", "informative", "interaction" };
	struct dm_inbox_start *start = &out->start[0];
	struct dm_notification n;
	struct why why = { 0 };
	char session[8];
	int err = dm_notification_parse(res->body, &n, &why);

	if (err != OK) {
		out->told = json_pack("{s:n}", "notification");
		tell_refused(out->told, &why);
		return;
	}
	snprintf(session, sizeof session, "%X", (unsigned)n.session_id);
	out->told = json_pack("{s:o,s:s,s:s}", "notification", json_span(span_str(n.server_id)),
	    "session", session, "ui", uis[n.ui & 3]);
	err = check_notification(s, dev, &n, res->body, start, &why);
	if (err != OK) {
		tell_refused(out->told, &why);
		return;
	}
	start->by_server = true;
	start->session_id = n.session_id;
	snprintf(start->server_id, sizeof start->server_id, "%s", n.server_id);
	out->n_start = 1;
	if (start->special.n > 0)
		json_object_set_new(out->told, "special_nonce", json_true());
}

/* ---- any --------------------------------------------------------------------------------- */

static bool
has_account(const struct router_result *res)
{
	size_t i;

	for (i = 0; i < res->n_settings; i++) {
		if (strcmp(res->settings[i].path, "APPLICATION") == 0)
			return true;
	}
	return false;
}

bool
dm_inbox_wants(const struct router_result *res)
{
	enum content_kind kind = content_kind_of(span_str(res->info->type.media));

	return kind == CONTENT_DM || kind == CONTENT_DM_NOTIFICATION ||
	    (kind == CONTENT_PROV && has_account(res));
}

void
dm_inbox_take(struct dm_state *s, const struct router_device *dev, const struct router_result *res,
    struct dm_inbox_result *out)
{
	*out = (struct dm_inbox_result){ .told = NULL };
	switch (content_kind_of(span_str(res->info->type.media))) {
	case CONTENT_PROV:
		if (res->problem.text[0] == '\0')
			take_document(s, res, out);
		break;
	case CONTENT_DM:
		take_bootstrap(s, dev, res, out);
		break;
	case CONTENT_DM_NOTIFICATION:
		if (strcasecmp(res->info->type.media, "application/vnd.syncml.notification") == 0)
			take_notification(s, dev, res, out);
		break;
	case CONTENT_OTHER:
	case CONTENT_SI:
	case CONTENT_SL:
	case CONTENT_CO:
	case CONTENT_EMN:
	case CONTENT_MMS:
	case CONTENT_DRM:
	case CONTENT_SUPL:
	case CONTENT_SIA:
	case CONTENT_MULTIPART:
		break;
	}
}
