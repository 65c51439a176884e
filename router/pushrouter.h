/*
 * pushrouter.h - the push router of a device: user data or datagrams in, decision and content out.
 * Spec: WAP-259-WDP 6.3 (reassembly), WAP-230-WSP 8.2.4.1, WAP-235-PushOTA 6;
 * device policies 5.1 (path of a message).
 *
 * A router is one device. It does no I/O; one thread at a time may use it.
 *
 * The order is that of a careful device: reassembly, headers, origin, gates, MAC over the raw
 * body, roles, client, and only then the body is parsed.
 */
#ifndef ROUTER_PUSHROUTER_H
#define ROUTER_PUSHROUTER_H

#include "base/json.h"
#include "policy/case_json.h"
#include "policy/policy.h"
#include "wap/udh.h"
#include "wap/wsp.h"

/* ---- the device and its user ------------------------------------------------------------ */

struct router_device {
	struct policy_device policy;
	uint8_t network_key[PROV_KEY_MAX];	/* octets of NETWPIN; none: no such MAC fits */
	size_t n_network_key;
	char pins[POLICY_PINS_MAX][PROV_PIN_MAX + 1];	/* typed in this order, for each message again */
	size_t n_pins;				/* when they are used up the user cancels */
	bool refuses;				/* what the user answers to Yes/No prompts */
};

/* A built-in profile, no keys, a user who knows no PIN and says yes. As policy_device_init. */
int router_device_init(struct router_device *dev, const char *profile, struct why *why);
/*
 * The device object of a policy case, and {"imsi":"digits", "network_key":"hex",
 * "pins":["digits",...], "consent":"yes"|"no"}. *why never repeats a key or PIN.
 */
int router_device_from_json(json_t *obj, const struct policy_files *files, struct router_device *dev,
    struct why *why);
int router_device_set_imsi(struct router_device *dev, const char *imsi, struct why *why);
int router_device_add_pin(struct router_device *dev, const char *pin, struct why *why);
void router_device_done(struct router_device *dev);	/* wipes keys and PINs */

/* ---- messages ------------------------------------------------------------------------------ */

/* Where a message comes from and who it is for. */
struct router_path {
	const char *from, *to;		/* not NULL; "" unknown */
	enum policy_ton from_ton;
	bool ip_bearer;
};

struct router_result {
	bool is_push;			/* false: for another port; `problem` says so, nothing is decided */
	bool has_ports;
	uint16_t src_port, dst_port;
	unsigned segments;		/* short messages it came in; 0: a bare datagram */
	struct span datagram;		/* all joined */
	struct span body;		/* of the PDU */
	const struct wsp_push_info *info;	/* NULL when the PDU or its headers are malformed */
	struct policy_decision decision;
	const struct policy_setting *settings;	/* of a provisioning document that was read */
	size_t n_settings;
	struct why problem;		/* what was malformed (P02), or why it is no push; "" */
};					/* borrowed parts live until the router's next call */

struct router;
/* dev is copied. keeps: settings that a message applies hold for later messages. */
struct router *router_create(const struct router_device *dev, bool keeps);
void router_destroy(struct router **r);
const struct policy_device *router_device_policy(const struct router *r);	/* as it is now */

/*
 * One short message with a user data header. OK: complete, *out is filled; ERR_BUSY: parts are
 * missing; ERR_SHORT, ERR_LIMIT and *why: dropped.
 */
int router_sms(struct router *r, const struct router_path *path, struct span user_data,
    struct router_result *out, struct why *why);
/*
 * All parts of one message, in any order and repeated. As router_sms; parts that do not make a
 * whole message are ERR_SHORT.
 */
int router_parts(struct router *r, const struct router_path *path, const struct span *parts, size_t n,
    struct router_result *out, struct why *why);
/* A datagram to the push port: a whole WSP PDU. Always decides. */
void router_datagram(struct router *r, const struct router_path *path, struct span datagram,
    struct router_result *out);
/* Incomplete messages that are held. */
size_t router_waiting(const struct router *r);

/* ---- answers --------------------------------------------------------------------------------- */

/*
 * {"outcome","code","reason","mask","effective","roles","client","stages","path","applies","message"}:
 * a new reference. `message` is the decoded push, as `ppgctl decode` prints it. A message that is
 * no push has outcome NOT_A_PUSH and no mask.
 */
json_t *router_result_json(const struct router_result *res);
/* The same for people, several lines. */
void router_result_print(const struct router_result *res, const struct router_path *path,
    struct sbuf *out);
/* One line: outcome, reason, content type. */
void router_result_line(const struct router_result *res, struct sbuf *out);

#endif
