/*
 * router.c - from octets to a decision: reassembly, WSP headers as facts, the MAC, the body as settings.
 * Spec: see pushrouter.h.
 */
#include "router/router_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wap/content.h"
#include "wap/decode.h"

static void *
must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

struct router *
router_create(const struct router_device *dev, bool keeps)
{
	struct router *r = must(calloc(1, sizeof *r));

	r->dev = *dev;
	r->keeps = keeps;
	router_set_limits(r, &(struct router_limits){ 0 });
	return r;
}

static void
forget_document(struct router *r)
{
	size_t i;

	for (i = 0; i < r->n_settings; i++)
		free((void *)(uintptr_t)r->settings[i].parms);
	free(r->settings);
	r->settings = NULL;
	r->n_settings = 0;
	prov_doc_done(&r->doc);
}

void
router_destroy(struct router **rp)
{
	struct router *r = *rp;

	if (r == NULL)
		return;
	forget_document(r);
	registry_done(r);
	reasm_destroy(&r->reasm);
	reasm_destroy(&r->whole);
	router_device_done(&r->dev);
	free(r);
	*rp = NULL;
}

const struct policy_device *
router_device_policy(const struct router *r)
{
	return &r->dev.policy;
}

int
router_set_device(struct router *r, const struct router_device *dev, struct why *why)
{
	if (dev->policy.n_clients + r->n_registrations > POLICY_CLIENTS_MAX)
		return why_set(why, ERR_LIMIT, "clients: those of the device and those registered are more "
		    "than %d", POLICY_CLIENTS_MAX);
	forget_document(r);
	router_device_done(&r->dev);
	r->dev = *dev;
	return OK;
}

static int64_t
system_now(void *arg)
{
	return clock_mono_ms();
}

void
router_set_limits(struct router *r, const struct router_limits *limits)
{
	enum { QUEUE = 100 };

	r->limits = *limits;
	if (r->limits.queue == 0)
		r->limits.queue = QUEUE;
	if (r->limits.now_ms == NULL)
		r->limits.now_ms = system_now;
	reasm_destroy(&r->reasm);
}

size_t
router_waiting(const struct router *r)
{
	return r->reasm ? reasm_waiting(r->reasm) : 0;
}

/* ---- what only the device knows --------------------------------------------------------------- */

/* Does the MAC parameter fit the body under this PIN (NULL: none is used)? */
static bool
mac_fits(const struct router *r, enum prov_sec sec, const char *pin)
{
	const char *mac = wsp_content_type_param(&r->info.type, "MAC");
	struct span network = span_of(r->dev.network_key, r->dev.n_network_key);
	uint8_t key[PROV_KEY_MAX];
	char expected[PROV_MAC_HEX + 1];
	size_t n;
	bool fits;

	if (mac == NULL || prov_key(sec, network, pin, key, &n, NULL) != OK)
		return false;
	prov_mac(span_of(key, n), r->push.data, expected);
	fits = prov_mac_equal(mac, expected);
	explicit_bzero(key, sizeof key);
	explicit_bzero(expected, sizeof expected);
	return fits;
}

static enum policy_try
verify(void *arg, enum prov_sec sec, unsigned attempt)
{
	struct router *r = arg;
	const char *pin;
	bool fits;

	if (sec == PROV_SEC_NETWPIN) {
		fits = mac_fits(r, sec, NULL);
	} else {
		if (attempt > r->dev.n_pins)
			return POLICY_TRY_CANCEL;
		pin = r->dev.pins[attempt - 1];
		fits = sec == PROV_SEC_USERPINMAC ? prov_ota_pin_verify(pin, r->push.data) :
		    mac_fits(r, sec, pin);
	}
	return fits ? POLICY_TRY_RIGHT : POLICY_TRY_WRONG;
}

static bool
consent(void *arg)
{
	const struct router *r = arg;

	return !r->dev.refuses;
}

/* ---- the body, once it may be parsed -------------------------------------------------------------- */

static const struct policy_parm *
copy_parms(const struct prov_setting *from)
{
	struct policy_parm *parms = must(calloc(from->n_parms + 1, sizeof *parms));
	size_t i;

	for (i = 0; i < from->n_parms; i++)
		parms[i] = (struct policy_parm){ from->parms[i].name, from->parms[i].value,
		    from->parms[i].noparm };
	return parms;
}

static bool
open_document(struct router *r)
{
	size_t i;

	if (prov_doc_parse(r->info.type.media, r->push.data, &r->doc, &r->problem) != OK)
		return false;
	if (r->doc.n > POLICY_SETTINGS_MAX) {
		why_set(&r->problem, ERR_LIMIT, "document: %zu characteristics, at most %d are taken",
		    r->doc.n, POLICY_SETTINGS_MAX);
		return false;
	}
	r->settings = must(calloc(r->doc.n + 1, sizeof *r->settings));
	r->n_settings = r->doc.n;
	for (i = 0; i < r->doc.n; i++) {
		const struct prov_setting *from = &r->doc.settings[i];

		r->settings[i] = (struct policy_setting){ from->path, copy_parms(from), from->n_parms,
			from->remove };
	}
	return true;
}

/* Nothing to learn from it, but a known type has to be what it says. */
static bool
open_other(struct router *r)
{
	json_t *body = decode_body(r->info.type.media, r->push.data, &r->problem);

	json_decref(body);
	return body != NULL;
}

static bool
open_body(void *arg, struct policy_body *body)
{
	struct router *r = arg;
	enum content_kind kind = content_kind_of(span_str(r->info.type.media));

	if (kind == CONTENT_PROV) {
		if (!open_document(r))
			return false;
		body->settings = r->settings;
		body->n_settings = r->n_settings;
		return true;
	}
	if (kind != CONTENT_SI && kind != CONTENT_SL)
		return open_other(r);
	if (content_facts(r->info.type.media, r->push.data, &r->facts, &r->problem) != OK)
		return false;
	body->href = r->facts.href;
	return true;
}

/* ---- headers as facts -------------------------------------------------------------------------- */

/* SEC and MAC of a provisioning document; elsewhere they mean nothing (R-SIGNED). */
static bool
read_signature(struct router *r, struct policy_message *msg)
{
	const char *sec = wsp_content_type_param(&r->info.type, "SEC");
	const char *mac = wsp_content_type_param(&r->info.type, "MAC");

	msg->sec = PROV_SEC_NONE;
	msg->mac = mac ? MAC_PRESENT : MAC_ABSENT;
	if (content_kind_of(span_str(r->info.type.media)) != CONTENT_PROV)
		return true;
	if (sec != NULL && prov_sec_parse(sec, &msg->sec) != OK) {
		why_set(&r->problem, ERR_SYNTAX, "SEC: %.32s is none of 0 to 3", sec);
		return false;
	}
	return mac == NULL || prov_check_mac(mac, &r->problem) == OK;
}

static const char *
text_or_null(const char *s)
{
	return s[0] != '\0' ? s : NULL;
}

/* False: malformed, and *problem says where. */
static bool
read_headers(struct router *r, struct span datagram, struct policy_message *msg, bool *has_info)
{
	*has_info = false;
	if (wsp_push_decode(datagram, &r->push, &r->problem) != OK ||
	    wsp_push_info(r->push.headers, &r->info, &r->problem) != OK)
		return false;
	*has_info = true;
	msg->push_flag = r->info.push_flag;
	msg->initiator_uri = text_or_null(r->info.initiator_uri);
	msg->content_type = r->info.type.media;
	msg->app_id = text_or_null(r->info.app_id);
	return read_signature(r, msg);
}

/* P02 by form, not by parsing: a signature without its MAC, a MAC without its method. */
static void
explain_malformed(struct router *r, const struct policy_decision *d)
{
	if (d->code == 2 && r->problem.text[0] == '\0')
		why_set(&r->problem, ERR_SYNTAX, "Content-Type: SEC and MAC do not belong together");
}

static void
count_decision(struct router *r, const struct policy_decision *d)
{
	r->stats.messages++;
	r->stats.outcomes[d->outcome]++;
	r->stats.reasons[d->code]++;
}

/* Everything but handing it to a client; that is done once *out is complete. */
static void
decide(struct router *r, const struct router_path *path, struct span datagram,
    struct router_result *out)
{
	struct policy_user user = { verify, consent, r };
	struct policy_message msg = { .ip_bearer = path->ip_bearer, .from = path->from,
		.from_ton = path->from_ton, .push_flag = -1, .sec = PROV_SEC_NONE, .open = open_body,
		.open_arg = r };
	bool has_info;

	forget_document(r);
	r->problem = (struct why){ 0 };
	*out = (struct router_result){ .is_push = true, .datagram = datagram };
	msg.malformed = !read_headers(r, datagram, &msg, &has_info);
	registry_lend(r);
	policy_decide(&r->dev.policy, &msg, &user, &out->decision);
	registry_find_taker(r, &msg, &out->decision);
	explain_malformed(r, &out->decision);
	out->info = has_info ? &r->info : NULL;
	out->body = r->push.data;
	out->settings = r->settings;
	out->n_settings = r->n_settings;
	out->problem = r->problem;
	if (r->keeps && policy_accepted(&out->decision))
		policy_apply(&r->dev.policy, out->decision.effective, r->settings, r->n_settings,
		    &out->problem);
	count_decision(r, &out->decision);
}

void
router_datagram(struct router *r, const struct router_path *path, struct span datagram,
    struct router_result *out)
{
	decide(r, path, datagram, out);
	registry_hand_over(r, path, out);
}

/* ---- short messages ------------------------------------------------------------------------------- */

static void
not_for_us(const struct udh *head, struct span octets, struct router_result *out)
{
	*out = (struct router_result){ .datagram = octets };
	if (head->has_ports)
		why_set(&out->problem, ERR_UNSUPPORTED, "port %u is not the push port %d", head->dst_port,
		    WDP_PORT_PUSH);
	else
		why_set(&out->problem, ERR_UNSUPPORTED, "no ports: a short message for the user");
}

static void
count_part(struct router *r, int err)
{
	r->stats.parts++;
	if (err != OK && err != ERR_BUSY)
		r->stats.bad_parts++;
}

static int
add_part(struct router *r, struct reasm *reasm, const struct router_path *path, struct span user_data,
    struct router_result *out, struct why *why)
{
	struct udh head;
	struct span octets;
	unsigned segments;
	int err = reasm_add(reasm, r->limits.now_ms(r->limits.now_arg), path->from, path->to, user_data,
	    &head, &octets, &segments, why);

	count_part(r, err);
	if (err != OK)
		return err;
	if (head.has_ports && head.dst_port == WDP_PORT_PUSH) {
		decide(r, path, octets, out);
	} else {
		not_for_us(&head, octets, out);
		r->stats.messages++;
		r->stats.not_push++;
	}
	out->has_ports = head.has_ports;
	out->src_port = head.src_port;
	out->dst_port = head.dst_port;
	out->segments = segments;
	registry_hand_over(r, path, out);
	return OK;
}

void
router_expire(struct router *r)
{
	uint64_t before;

	if (r->reasm == NULL)
		return;
	before = reasm_dropped(r->reasm);
	reasm_expire(r->reasm, r->limits.now_ms(r->limits.now_arg));
	r->stats.timed_out += reasm_dropped(r->reasm) - before;
}

int
router_sms(struct router *r, const struct router_path *path, struct span user_data,
    struct router_result *out, struct why *why)
{
	uint64_t before;
	int err;

	*out = (struct router_result){ 0 };
	if (r->reasm == NULL)
		r->reasm = reasm_create(r->limits.incomplete, r->limits.incomplete_ms);
	router_expire(r);
	before = reasm_dropped(r->reasm);
	err = add_part(r, r->reasm, path, user_data, out, why);
	r->stats.displaced += reasm_dropped(r->reasm) - before;
	return err;
}

int
router_parts(struct router *r, const struct router_path *path, const struct span *parts, size_t n,
    struct router_result *out, struct why *why)
{
	int err = ERR_SHORT;
	size_t i;

	*out = (struct router_result){ 0 };
	reasm_destroy(&r->whole);		/* what an incomplete message left */
	r->whole = reasm_create(1, 0);
	for (i = 0; i < n; i++) {
		err = add_part(r, r->whole, path, parts[i], out, why);
		if (err != ERR_BUSY)
			return err;
	}
	return why_set(why, ERR_SHORT, n == 0 ? "no user data" : "parts of the message are missing");
}
