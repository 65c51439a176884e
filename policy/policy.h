/*
 * policy.h - what a device's push router does with a message, stage by stage, and why.
 * Facts: device policies sheet, sections 1-3 and 5. Pure: facts in, decision out; no allocation.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "base/buf.h"
#include "policy/prov_mac.h"

/* Security roles (section 1). */
enum {
	ROLE_OEM = 2, ROLE_OPERATOR = 4, ROLE_MANAGER = 8, ROLE_USER_AUTH = 16, ROLE_ENTERPRISE = 32,
	ROLE_USER_UNAUTH = 64, ROLE_OPERATOR_TPS = 128, ROLE_KNOWN_PPG = 256, ROLE_TRUSTED_PPG = 512,
	ROLE_PPG_AUTH = 1024, ROLE_PPG_TRUSTED = 2048, ROLE_ANY_PUSH_SOURCE = 4096
};
/* "OPERATOR|USER_AUTH" of a mask into out. */
void policy_roles_print(uint32_t mask, struct sbuf *out);

enum policy_family { FAMILY_WM5, FAMILY_WM6X, FAMILY_W10M };

enum policy_outcome {
	OUTCOME_DISCARD, OUTCOME_REJECT_DOC, OUTCOME_DELIVER, OUTCOME_APPLY, OUTCOME_APPLY_AFTER_PROMPT,
	OUTCOME_APPLY_AFTER_PIN, OUTCOME_BLOCKED
};
const char *policy_outcome_name(enum policy_outcome o);		/* "DISCARD" ... as in interfaces */

/* Reason codes P01..P22; 0 = none. */
const char *policy_reason_text(int code);		/* "SI role mismatch (4109)" */

enum { POLICY_IDS_MAX = 64, POLICY_PROXIES_MAX = 16, POLICY_CLIENTS_MAX = 32, POLICY_ACCESS_MAX = 64,
	POLICY_STAGES_MAX = 32, POLICY_PINS_MAX = 16, POLICY_SETTINGS_MAX = 256 };

struct policy_value { uint32_t id, value; };
struct policy_proxy { char id[64], address[64]; bool ipv4, trust, push; };
struct policy_client { char content_type[128], app_id[128], name[48]; };	/* "" = any */
struct policy_access { char path[128]; uint32_t write_mask; };

struct policy_device {
	char profile[32];
	enum policy_family family;
	struct policy_value policies[POLICY_IDS_MAX];
	size_t n_policies;
	struct policy_proxy proxies[POLICY_PROXIES_MAX];
	size_t n_proxies;
	char provurl[257];
	char country_code[8];
	bool tps_needs_content_trust;
	struct policy_client clients[POLICY_CLIENTS_MAX];
	size_t n_clients;
	struct policy_access metabase[POLICY_ACCESS_MAX];
	size_t n_metabase;
};

/* Load built-in defaults of a profile ("wm5"); ERR_NOT_FOUND and *why naming it (Y-01). */
int policy_device_init(struct policy_device *dev, const char *profile, struct why *why);
/* A policy's value, or `absent` when the device has none. */
uint32_t policy_get(const struct policy_device *dev, uint32_t id, uint32_t absent);
int policy_set(struct policy_device *dev, uint32_t id, uint32_t value, struct why *why);

enum policy_ton { TON_UNKNOWN, TON_INTERNATIONAL, TON_NATIONAL, TON_ALPHANUMERIC };
enum policy_mac { MAC_ABSENT, MAC_PRESENT };

struct policy_parm { const char *name, *value; bool noparm; };	/* value NULL: without value */
struct policy_setting {
	const char *path;		/* nested with '/' */
	const struct policy_parm *parms;
	size_t n_parms;
	bool remove;			/* nocharacteristic */
};

struct policy_message {
	bool ip_bearer;
	const char *from;
	enum policy_ton from_ton;
	int push_flag;			/* -1 absent; already combined by R-FLAG */
	const char *initiator_uri;	/* NULL absent */
	const char *content_type;	/* media type, lower case */
	const char *app_id;		/* NULL absent */
	enum prov_sec sec;
	enum policy_mac mac;
	bool malformed;			/* headers did not parse: P02 */
	const char *href;		/* SI, SL; NULL absent */
	const struct policy_setting *settings;
	size_t n_settings;
};

/*
 * What only the device knows: the network key check and the user. verify(arg, sec, try) is asked at
 * stage 5, `try` counting from 1: POLICY_TRY_RIGHT, _WRONG or _CANCEL. consent(arg) answers prompts.
 */
enum policy_try { POLICY_TRY_RIGHT, POLICY_TRY_WRONG, POLICY_TRY_CANCEL };
struct policy_user {
	enum policy_try (*verify)(void *arg, enum prov_sec sec, unsigned attempt);
	bool (*consent)(void *arg);
	void *arg;
};

struct policy_stage {
	char stage[4];			/* "0" ... "13", "4a", "4b", "4c" */
	char test[40];			/* policy id or a word such as "parse", "client" */
	bool has_result;		/* a role-mask test: mask, policy, result are set */
	uint32_t mask, policy, result;
	bool pass;
};

struct policy_decision {
	enum policy_outcome outcome;
	int code;			/* 1..22, 0 none */
	char path[128];			/* characteristic of a REJECT_DOC; "" */
	uint32_t mask;			/* section 7 "Mask" */
	bool has_effective;
	uint32_t effective;
	char client[48];		/* who gets it; "" */
	struct policy_stage stages[POLICY_STAGES_MAX];
	size_t n_stages;
};

/* Sections 3.4 and 3.5. Never fails: malformed input is a decision (P02). */
void policy_decide(const struct policy_device *dev, const struct policy_message *msg,
    const struct policy_user *user, struct policy_decision *out);

/* Parts that others need as well. */
uint32_t policy_origin_roles(const struct policy_device *dev, const struct policy_message *msg);
bool policy_uri_equal(const char *a, const char *b);		/* R-URI */
bool policy_address_equal(const struct policy_device *dev, const char *a, enum policy_ton a_ton,
    const char *b, bool ipv4);					/* R-ADDR */
/* One line a person reads: outcome, reason code and text, roles. */
void policy_decision_print(const struct policy_decision *d, struct sbuf *out);

#endif
