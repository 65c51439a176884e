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
enum { ROLE_ALL = 0x1FFE };			/* every bit that is a role */
const char *policy_role_name(uint32_t bit);	/* "OPERATOR"; NULL for a bit that is no role */
/* "OPERATOR|USER_AUTH" of a mask into out; "NONE" for 0, unknown bits as one hex number. */
void policy_roles_print(uint32_t mask, struct sbuf *out);

/* "0xC80", "3200" or "OPERATOR_TPS|PPG_AUTH"; names in any case. ERR_SYNTAX and *why. */
int policy_roles_parse(const char *text, uint32_t *mask, struct why *why);

enum policy_family { FAMILY_WM5, FAMILY_WM6X, FAMILY_W10M, FAMILY_OTHER /* modes, no role masks */ };
const char *policy_family_name(enum policy_family family);	/* "wm5" */

enum policy_outcome {
	OUTCOME_DISCARD, OUTCOME_REJECT_DOC, OUTCOME_DELIVER, OUTCOME_APPLY, OUTCOME_APPLY_AFTER_PROMPT,
	OUTCOME_APPLY_AFTER_PIN, OUTCOME_BLOCKED
};
const char *policy_outcome_name(enum policy_outcome o);		/* "DISCARD" ... as in interfaces */

/* Reason codes P01..P22; 0 = none. */
const char *policy_reason_text(int code);		/* "SI role mismatch (4109)" */

enum { POLICY_IDS_MAX = 64, POLICY_PROXIES_MAX = 16, POLICY_CLIENTS_MAX = 32, POLICY_ACCESS_MAX = 64,
	POLICY_STAGES_MAX = 32, POLICY_PINS_MAX = 16, POLICY_SETTINGS_MAX = 256, POLICY_SENDERS_MAX = 40,
	POLICY_KINDS = 7, POLICY_SIGNATURES = 5, POLICY_ROOTS_MAX = 8, POLICY_ROOT_OCTETS = 2048,
	POLICY_ACCOUNTS_MAX = 8 };

struct policy_value { uint32_t id, value; };
/*
 * One address that pushes may come from: a PXPHYSICAL with what its PXLOGICAL says. `push` is what
 * counts; physical_push keeps the PXPHYSICAL's own PUSHENABLED, so that a later change of the
 * PXLOGICAL finds which of its addresses follow. address "" never matches.
 */
enum policy_push { PUSH_INHERITED, PUSH_OFF, PUSH_ON };
struct policy_proxy {
	char id[64], address[64];
	bool ipv4, trust, push;
	char physical_id[64];
	enum policy_push physical_push;
	bool logical_push;
};
struct policy_client { char content_type[128], app_id[128], name[48]; };	/* "" = any */
struct policy_access { char path[128]; uint32_t write_mask; };

/* ---- handsets without role masks (section 8.3) ---- */
enum policy_mode { POLICY_MODE_NONE /* nothing on it takes this */, POLICY_MODE_IGNORE, POLICY_MODE_REFUSE,
	POLICY_MODE_STORE, POLICY_MODE_PROMPT, POLICY_MODE_AUTO, POLICY_MODE_LIST, POLICY_MODE_APP };
/* What happens to a provisioning document with such a signature. */
enum policy_rule { POLICY_RULE_NONE, POLICY_RULE_REFUSE, POLICY_RULE_PROMPT, POLICY_RULE_PIN,
	POLICY_RULE_MAC, POLICY_RULE_MAC_PROMPT, POLICY_RULE_SILENT, POLICY_RULE_LIST };
const char *policy_mode_name(enum policy_mode mode);		/* "auto" */
const char *policy_rule_name(enum policy_rule rule);		/* "mac+prompt" */

/* A sender that a handset's lists name, and for what; "" is any. */
struct policy_sender {
	char address[64];
	bool ipv4, accept;
	char app_id[128], content_type[128];
};

/* A certificate of the device's stores; those of "SPC" lend their mask to what they signed. */
struct policy_root {
	char store[40], hash[41];	/* SHA-1 of the certificate, upper-case hexadecimal */
	uint32_t mask;
	uint16_t n;
	uint8_t der[POLICY_ROOT_OCTETS];
};
/* An account of a DM server and the roles its sessions have. */
struct policy_account { char id[64]; uint32_t roles; };

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
	struct policy_root roots[POLICY_ROOTS_MAX];
	size_t n_roots;
	struct policy_account accounts[POLICY_ACCOUNTS_MAX];
	size_t n_accounts;
	/* FAMILY_OTHER */
	enum policy_mode modes[POLICY_KINDS];		/* by kind of content */
	enum policy_rule rules[POLICY_SIGNATURES];	/* by method + 1; 0 is unsigned */
	enum policy_mode unknown_sender;		/* of mode list: AUTO, PROMPT or REFUSE */
	struct policy_sender senders[POLICY_SENDERS_MAX];
	size_t n_senders;
};

/* Where texts of profiles come from. Nothing in policy/ opens files by itself. */
struct policy_files {
	/* The text of profile or file `name` is added to *out; ERR_NOT_FOUND and others with *why. */
	int (*read)(void *arg, const char *name, struct sbuf *out, struct why *why);
	void *arg;
};
/* The device that profile `name` describes, as before anybody changed it; files may be NULL: none. */
int policy_device_init(struct policy_device *dev, const char *name, const struct policy_files *files,
    struct why *why);
/*
 * The same from a profile's text; lines are `policy ID = VALUE` and others, see doc/policies.md.
 * files serve `base = NAME` and may be NULL. *why names file and line. *dev is empty after errors.
 */
int policy_profile_parse(const char *name, struct span text, const struct policy_files *files,
    struct policy_device *dev, struct why *why);
/* A policy's value, or `absent` when the device has none. */
uint32_t policy_get(const struct policy_device *dev, uint32_t id, uint32_t absent);
/*
 * ERR_RANGE and *why for a value outside the policy's range and for mask bits that are no role, or
 * that this family does not take (Y-02, Y-03). Unknown ids are stored, not evaluated.
 */
int policy_set(struct policy_device *dev, uint32_t id, uint32_t value, struct why *why);
/* "3204" or "0xC84" of policy `id`, in range; ERR_SYNTAX, ERR_RANGE with the range in *why. */
int policy_value_parse(uint32_t id, const char *text, uint32_t *out, struct why *why);
/* Header name of a policy, "SECPOLICY_SI_MESSAGE"; NULL for an id not in the catalogue. */
const char *policy_id_name(uint32_t id);
/* The id of such a name, with or without SECPOLICY_. */
bool policy_id_find(const char *name, uint32_t *id);
bool policy_id_is_mask(uint32_t id);
/* Write access of a metabase path: replaces or adds an entry; ERR_LIMIT, ERR_RANGE. */
int policy_set_access(struct policy_device *dev, const char *path, uint32_t write_mask,
    struct why *why);
/* Write mask of a path: longest prefix, whole names; MANAGER alone when nothing matches (3.9). */
uint32_t policy_access(const struct policy_device *dev, const char *path);
/* Register a client for a content type, an application id, or both ("" = any); ERR_LIMIT. */
int policy_add_client(struct policy_device *dev, const char *content_type, const char *app_id,
    const char *name, struct why *why);
void policy_add_all_clients(struct policy_device *dev);		/* of 3.6, instead of those it has */
/* What the client of such a registration is usually called: "SI client", or the id itself. */
void policy_client_name(const char *content_type, const char *app_id, char *out, size_t size);

enum policy_ton { TON_UNKNOWN, TON_INTERNATIONAL, TON_NATIONAL, TON_ALPHANUMERIC };
enum policy_mac { MAC_ABSENT, MAC_PRESENT };

struct policy_parm { const char *name, *value; bool noparm; };	/* value NULL: without value */
struct policy_setting {
	const char *path;		/* nested with '/' */
	const struct policy_parm *parms;
	size_t n_parms;
	bool remove;			/* nocharacteristic */
};

/* What a client finds when it opens the body. */
struct policy_body {
	const char *href;		/* SI, SL; NULL absent */
	const struct policy_setting *settings;
	size_t n_settings;
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
	/*
	 * When set, called instead of reading href and settings, at most once and not before the
	 * MAC was verified and the role tests were passed: nothing parses the body of a message that
	 * is going to be discarded. Fills *body (zero before); false: the body is malformed (P02).
	 */
	bool (*open)(void *open_arg, struct policy_body *body);
	void *open_arg;
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
	bool has_result;		/* a role-mask test: mask, policy, result are set; else only mask,
					 * 0 before stage 3 */
	uint32_t mask, policy, result;
	bool pass;
};

struct policy_decision {
	enum policy_outcome outcome;
	int code;			/* 1..22, 0 none */
	char path[128];			/* characteristic of a REJECT_DOC; "" */
	bool no_mask;			/* no roles are looked at: settings user interface */
	uint32_t mask;			/* section 7 "Mask" */
	bool has_effective;
	uint32_t effective;
	char client[48];		/* who gets it; "" */
	struct policy_stage stages[POLICY_STAGES_MAX];
	size_t n_stages;
};

/*
 * Sections 3.4 and 3.5. Never fails: malformed input is a decision (P02). user may be NULL, its
 * members too: the right PIN is typed, questions are answered with yes. dev is not changed.
 */
void policy_decide(const struct policy_device *dev, const struct policy_message *msg,
    const struct policy_user *user, struct policy_decision *out);

/* ---- local sources of settings (section 4) ------------------------------------------------- */

enum policy_source_kind { SOURCE_RAPI, SOURCE_DMPROCESSCONFIGXML, SOURCE_CAB, SOURCE_CPF,
	SOURCE_PROVXML, SOURCE_DM, SOURCE_EXCHANGE, SOURCE_UI };
enum policy_tier { TIER_BY_POLICY, TIER_ONE, TIER_TWO };	/* BY_POLICY: 4123 */
enum policy_caller { CALLER_NORMAL, CALLER_PRIVILEGED, CALLER_USER_UNAUTH };

struct policy_source {
	enum policy_source_kind kind;
	enum policy_tier tier;		/* of the device, for DMProcessConfigXML */
	enum policy_caller caller;
	bool is_signed;			/* .cab, .cpf: by a root in the SPC store ... */
	uint32_t spc_mask;		/* ... with this mask */
	uint32_t account_mask;		/* DM session: roles of the account */
	const struct policy_setting *settings;
	size_t n_settings;
};

/* APPLY, REJECT_DOC, or BLOCKED (the call is refused as a whole). */
void policy_decide_source(const struct policy_device *dev, const struct policy_source *src,
    struct policy_decision *out);

/* ---- after the decision ---------------------------------------------------------------------- */

/* May this decision's content be handed on or applied? */
bool policy_accepted(const struct policy_decision *d);

/*
 * What applied settings change of the device as decisions see it: SecurityPolicy, BOOTSTRAP
 * PROVURL, PXLOGICAL, CertificateStore, Metabase, APPLICATION w7 (sections 2.1, 4, 6). All of them
 * or, with ERR_LIMIT and such in *why, none. `effective`: the roles that a DM account gets.
 */
int policy_apply(struct policy_device *dev, uint32_t effective, const struct policy_setting *settings,
    size_t n, struct why *why);
/* Certificate and hash of a root, from base64; ERR_SYNTAX. store and mask are the caller's. */
int policy_root_set(struct policy_root *root, const char *base64, struct why *why);
/* Roles of the account of a DM server; 0 without one. */
uint32_t policy_account_roles(const struct policy_device *dev, const char *id);

/* ---- signed cabinets (section 4: .cab and .cpf) -------------------------------------------------- */

/*
 * The mask of the SPC root under which a cabinet is signed (Authenticode: a PKCS#7 message behind
 * the cabinet, where its reserved header says). Digest, signature and chain are checked; times are
 * not, for a device's clock proves nothing. ERR_SYNTAX: no cabinet; ERR_NOT_FOUND: unsigned;
 * ERR_AUTH: the signature is wrong or leads to no root of this device.
 */
int policy_cab_mask(const struct policy_device *dev, struct span cab, uint32_t *mask, struct why *why);
/* One stored file of it into *out; ERR_NOT_FOUND, ERR_UNSUPPORTED (compressed), ERR_SYNTAX. */
int policy_cab_file(struct span cab, const char *name, struct sbuf *out, struct why *why);

/* ---- why, in words ------------------------------------------------------------------------------- */

/* What the sender would have to do otherwise; the fewest things that make the message accepted. */
struct policy_advice {
	bool possible;			/* false: nothing the sender changes is enough */
	bool user;			/* the user enters the right PIN and says yes; no more than that */
	const struct policy_proxy *proxy;	/* send from there; NULL: as it is */
	int push_flag;			/* -1: as it is */
	bool provurl;			/* X-WAP-Initiator-URI is the device's PROVURL */
	bool resign;			/* sign with `sec` (PROV_SEC_NONE: do not sign) */
	enum prov_sec sec;
	bool https;			/* href begins with https:// */
};
/* Tries them all; msg's settings and href are used, not its `open`. */
void policy_advise(const struct policy_device *dev, const struct policy_message *msg,
    struct policy_advice *out);
/* As sentences, one a line. `d` is the decision that went wrong. */
void policy_advice_print(const struct policy_device *dev, const struct policy_advice *a,
    const struct policy_decision *d, struct sbuf *out);

/*
 * Every stage in a line: what was looked at, the operands, the result. msg NULL: settings from a
 * local source.
 */
void policy_explain(const struct policy_device *dev, const struct policy_message *msg,
    const struct policy_decision *d, struct sbuf *out);

/* ---- what stays open whatever the gateway does (section 8.5) ----------------------------------- */

enum {
	POLICY_RISK_OPEN_SI = 1,		/* service indications from anybody */
	POLICY_RISK_OPEN_SL = 2,		/* service loading from anybody */
	POLICY_RISK_OPEN_CP_UNSIGNED = 4,	/* provisioning documents that nobody signed */
	POLICY_RISK_NETWPIN_SILENT = 8,		/* the IMSI is enough, and nobody is asked */
	POLICY_RISK_BOOTSTRAP_OPEN = 16		/* a stranger's document may change everything */
};
unsigned policy_risks(const struct policy_device *dev);
const char *policy_risk_name(unsigned risk);	/* "open_si"; NULL for no single risk */

/* ---- parts that others need as well ------------------------------------------------------------ */

uint32_t policy_origin_roles(const struct policy_device *dev, const struct policy_message *msg);
bool policy_uri_equal(const char *a, const char *b);		/* R-URI */
bool policy_address_equal(const struct policy_device *dev, const char *a, enum policy_ton a_ton,
    const char *b, bool ipv4);					/* R-ADDR */
/*
 * Does a list entry mean this message: its address, application id and content type, each if it
 * names one? Push proxies are such entries with an address alone.
 */
bool policy_sender_matches(const struct policy_device *dev, const struct policy_sender *entry,
    const struct policy_message *msg);
/* One line a person reads: outcome, reason code and text, roles. */
void policy_decision_print(const struct policy_decision *d, struct sbuf *out);

#endif
