/*
 * pushrouter.h - the push router of a device: user data or datagrams in, decision and content out.
 * Spec: WAP-259-WDP 6.3 (reassembly), WAP-230-WSP 8.2.4.1, WAP-235-PushOTA 6;
 * device policies 5.1 (path of a message).
 *
 * For programs that embed it: doc/router.md, and contrib/embed/ for one that works.
 *
 * A router is one device. It does no I/O and starts no thread; one thread at a time may use a router
 * with all that belongs to it, different routers may be used by different threads. Without memory
 * the process aborts.
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

/* A profile, no keys, a user who knows no PIN and says yes. As policy_device_init. */
int router_device_init(struct router_device *dev, const char *profile, const struct policy_files *files,
    struct why *why);
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
	struct why problem;		/* what was malformed (P02), why it is no push, or why the device
					 * has no room for the settings, and is as it was; "" */
};					/* borrowed parts live until the router's next call */

struct router;
/* dev is copied. keeps: settings that a message applies hold for later messages. */
struct router *router_create(const struct router_device *dev, bool keeps);
void router_destroy(struct router **r);		/* with its registrations; open handles are closed later */
const struct policy_device *router_device_policy(const struct router *r);	/* as it is now */
/*
 * The same router for another device from now on: a program with many devices needs one router.
 * dev is copied. ERR_LIMIT when its clients and those registered are more than POLICY_CLIENTS_MAX.
 */
int router_set_device(struct router *r, const struct router_device *dev, struct why *why);

struct router_limits {
	size_t incomplete;		/* messages with parts missing; beyond it the oldest goes; 0: 1000 */
	int64_t incomplete_ms;		/* how long parts are waited for; 0: 10 minutes */
	size_t queue;			/* messages that wait behind one registration; 0: 100 */
	int64_t (*now_ms)(void *arg);	/* a clock that never steps back; NULL: the system's */
	void *now_arg;
};
/* Forgets incomplete messages: for before the first one. */
void router_set_limits(struct router *r, const struct router_limits *limits);

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
/* Give up those whose time is over; router_sms does so too, this is for when nothing comes. */
void router_expire(struct router *r);

/* ---- counters --------------------------------------------------------------------------------- */

enum { ROUTER_OUTCOMES = OUTCOME_BLOCKED + 1, ROUTER_REASONS = 23 };
struct router_stats {
	uint64_t parts;			/* short messages that came, parts of longer ones or whole */
	uint64_t bad_parts;		/* of them not readable as such */
	uint64_t messages;		/* complete ones and datagrams */
	uint64_t not_push;		/* of them for other ports */
	uint64_t timed_out, displaced;	/* incomplete ones: after their time; by newer ones */
	uint64_t outcomes[ROUTER_OUTCOMES];	/* by enum policy_outcome */
	uint64_t reasons[ROUTER_REASONS];	/* by code; [0] accepted */
	uint64_t handed, lost;		/* to clients; for want of room in a queue */
};
const struct router_stats *router_stats(const struct router *r);	/* borrowed, counts on */
/* Numbers by name, "outcomes" and "reasons" without the zeros, "incomplete" as of now: a new reference. */
json_t *router_stats_json(const struct router *r);

/* ---- clients (device policies 5.2, 5.3) ---------------------------------------------------------- */

/* Results under the names and values that a device's own calls have. */
enum router_code {
	ROUTER_OK = 0,
	ROUTER_E_ALREADY_OPENED = (int)0x80530001,
	ROUTER_S_NO_MESSAGES_PENDING = 0x00530002,
	ROUTER_E_ALREADY_REGISTERED = (int)0x80530003,
	ROUTER_E_NOT_FOUND = (int)0x80530004,
	ROUTER_E_EXCEPTION = (int)0x80530005	/* no names, too long ones, too many registrations */
};
const char *router_code_name(enum router_code code);	/* "PUSHRTR_E_NOTFOUND" */

enum { ROUTER_REGISTRATIONS_MAX = 16 };

/*
 * Register for a content type, an application id, or the pair ("" = any; letters in either case).
 * A message goes to the exact pair, else to its application id alone, else to its content type alone;
 * without any it is discarded (P11). The clients of the device record take part, and a registration
 * takes the place of one with the same pair; for a device without clients of its own, set
 * dev.policy.n_clients to 0 before router_create.
 *
 * take   called once for each message, after the decision and only when it was accepted. It runs
 *        inside the call that brought the message; path and res are borrowed for its time, and it
 *        must not call this router except router_get_message. NULL: messages wait for router_open.
 */
enum router_code router_register(struct router *r, const char *content_type, const char *app_id,
    void (*take)(void *arg, const struct router_path *path, const struct router_result *res),
    void *arg);
/* What waits is lost; a handle on it finds nothing any more and is still to be closed. */
enum router_code router_unregister(struct router *r, const char *content_type, const char *app_id);

/* A message that waited. Its parts are the receiver's until router_free_message. */
struct router_push {
	struct router_push *next;	/* the router's */
	char *headers;			/* "Name: value" CR LF, Content-Type first, without its MAC */
	uint8_t *body;
	size_t n_body;
	uint32_t roles;			/* mask as decided; effective roles where settings were applied */
	char *from;
};
struct router_client;
/*
 * The messages of a registration that has no `take`; one handle at a time. wake (may be NULL) is
 * called from inside the router when a message begins to wait: write to an eventfd there, say.
 * *out is NULL unless ROUTER_OK.
 */
enum router_code router_open(struct router *r, const char *content_type, const char *app_id,
    void (*wake)(void *arg), void *arg, struct router_client **out);
/* The oldest message; ROUTER_S_NO_MESSAGES_PENDING, or ROUTER_E_NOT_FOUND once unregistered, and NULL. */
enum router_code router_get_message(struct router_client *c, struct router_push **out);
void router_free_message(struct router_push **push);
void router_close(struct router_client **c);	/* the registration stays, and what waits */

/*
 * What a client program gets of a message, one object: "from", "to", "bearer", "outcome", "client",
 * "mask", "effective", "roles", "content_type", "params" without MAC, "headers", "app_id", "push_flag",
 * "initiator_uri", "body" as decoded, and "octets" of the body in hexadecimal. A new reference.
 */
json_t *router_client_json(const struct router_path *path, const struct router_result *res);

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
