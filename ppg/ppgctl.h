/*
 * ppgctl.h - what the verbs of ppgctl share. Each verb is a function in ppgctl_<group>.c and a row of
 * the table in ppgctl.c; it reads its options with ctl_parse and returns one of enum ctl_exit.
 */
#ifndef PPG_PPGCTL_H
#define PPG_PPGCTL_H

#include "base/json.h"
#include "ppg/pap.h"

enum ctl_exit {
	CTL_DONE = 0,
	CTL_NO = 1,		/* the answer is no: not verified, not accepted, not decodable */
	CTL_WRONG_USE = 2
};

/* Values of an option that may be given more than once. */
struct ctl_list {
	const char **items;
	size_t n;
};

/* One option of a verb. Exactly one of text, flag and list is set. */
struct ctl_option {
	const char *name;	/* without "--"; NULL ends the table */
	const char *value;	/* what the help calls its value; NULL for a flag */
	const char *help;
	const char **text;
	bool *flag;
	struct ctl_list *list;
};

struct ctl_verb {
	const char *name;
	const char *args;	/* behind the options, in the help: "PUSH-ID"; "" */
	const char *help;	/* one line */
	enum ctl_exit (*run)(const struct ctl_verb *verb, int argc, char **argv);
};

extern const struct ctl_verb ctl_verbs[];

/*
 * Read the options of a verb; argv[0] is the verb's name. What is no option goes to args, from
 * least to most of them. true: go on, *exit is CTL_DONE. false: *exit is what the verb has to return; help was
 * printed, or what is wrong. Lists hold pointers into argv; ctl_list_done frees them.
 */
bool ctl_parse(const struct ctl_verb *verb, const struct ctl_option *options, int argc, char **argv,
    struct ctl_list *args, size_t least, size_t most, enum ctl_exit *exit);
void ctl_list_add(struct ctl_list *list, const char *item);
void ctl_list_done(struct ctl_list *list);

/* "ppgctl VERB: sentence" on standard error; the second one adds how to get help. */
enum ctl_exit ctl_no(const struct ctl_verb *verb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
enum ctl_exit ctl_wrong_use(const struct ctl_verb *verb, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A whole file, "-" is standard input; at most `most` octets. OK, ERR_IO or ERR_LIMIT with *why. */
int ctl_read_file(const char *path, size_t most, struct sbuf *out, struct why *why);
/* The octets that hexadecimal text means; blanks and line ends are skipped. *out replaces *text. */
int ctl_unhex(struct sbuf *text, struct why *why);
/* A secret from the first line of a file, else from an environment variable; NULL when neither. Heap. */
char *ctl_secret(const char *file, const char *variable, struct why *why);
/* Empty it, octets cleansed. */
void ctl_forget(char **secret);

/* One line of JSON on standard output; takes the reference. */
void ctl_print_json(json_t *value);

/* ---- HTTP ---------------------------------------------------------------------------------- */

enum { CTL_FILE_MAX = 16 << 20 };

struct ctl_tls {
	const char *cert, *key, *ca;
};
#define CTL_TLS_OPTIONS(t) \
	{ "ca", "FILE", "authorities (PEM) of an https URL; else SSL_CERT_FILE, else the system's", &(t).ca, NULL, NULL }, \
	{ "cert", "FILE", "our certificate (PEM), where the server asks for one", &(t).cert, NULL, NULL }, \
	{ "key", "FILE", "its key (PEM)", &(t).key, NULL, NULL }

/* One request; *type (heap) is the answer's Content-Type. OK, or ERR_IO with *why. */
int ctl_http(const struct ctl_tls *tls, const char *method, const char *url, const char *const *headers,
    struct span body, unsigned *status, struct sbuf *answer, char **type, struct why *why);
/* CTL_DONE, or what is wrong with --cert and --key. */
enum ctl_exit ctl_tls_check(const struct ctl_verb *verb, const struct ctl_tls *tls);

/* ---- ppgctl_pap.c: an initiator's side of PAP ------------------------------------------------- */

struct ctl_gateway {
	const char *url, *user, *password_file, *version;
	struct ctl_tls tls;
	char *password;			/* heap; ctl_gateway_done */
};
#define CTL_GATEWAY_OPTIONS(g) \
	{ "url", "URL", "where the gateway takes PAP, such as http://ppg.example.net:8080/wappush", &(g).url, NULL, NULL }, \
	{ "user", "NAME", "user name of the login", &(g).user, NULL, NULL }, \
	{ "password-file", "FILE", "its password is the first line; else PPGCTL_PASSWORD of the environment", \
	  &(g).password_file, NULL, NULL }, \
	{ "pap-version", "V", "1.0, 2.0 (default) or 2.1", &(g).version, NULL, NULL }, \
	CTL_TLS_OPTIONS((g).tls)

/* Looks at the options and reads the password. CTL_DONE, or what the verb has to return. */
enum ctl_exit ctl_gateway_open(const struct ctl_verb *verb, struct ctl_gateway *g);
void ctl_gateway_done(struct ctl_gateway *g);
/* "+12025550123" becomes a client address at the host of the URL, others go as they are; heap. */
char *ctl_client_address(const struct ctl_gateway *g, const char *to);
bool ctl_is_address(const char *to);
extern const char ctl_address_help[];

/* What a gateway answered to a PAP request. */
struct ctl_answer {
	char element[32], push_id[PAP_PUSH_ID_MAX + 1], query_id[PAP_TEXT_MAX + 1];
	struct ctl_result {
		int code;
		char *desc, *state, *event_time;	/* heap; NULL: absent */
		char **addresses;
		size_t n_addresses;
		json_t *qos;				/* NULL: absent */
	} *results;			/* at least one */
	size_t n_results;
	struct ctl_note {
		char *stage, *note, *time;
	} *notes;
	size_t n_notes;
	struct sbuf http;		/* the whole body */
	char *ota_pin;			/* heap: what the user is to type; NULL: nothing is said of it */
	struct span entity;		/* second part, of a ccq-response; lies in http or entity_heap */
	char *entity_type;		/* heap; NULL: there is no such part */
	char *control_heap, *entity_heap;
};
/*
 * Posts a body and reads the answer. CTL_DONE: *a is filled, whatever its codes say; else what went wrong was said.
 * ctl_answer_done in either case.
 */
enum ctl_exit ctl_pap(const struct ctl_verb *verb, const struct ctl_gateway *g, const char *type, struct span body,
    struct ctl_answer *a);
void ctl_answer_done(struct ctl_answer *a);
/* CTL_DONE when all codes are 1000 to 1999, else CTL_NO. */
enum ctl_exit ctl_answer_exit(const struct ctl_answer *a);
const char *ctl_result_desc(const struct ctl_result *r);	/* never NULL */

/* ---- ppgctl_admin.c: the admin port ------------------------------------------------------------- */

struct ctl_admin {
	const char *url, *token_file;
	struct ctl_tls tls;
	bool json;
};
#define CTL_ADMIN_OPTIONS(a) \
	{ "admin", "URL", "the admin port; else PPGCTL_ADMIN, else http://127.0.0.1:8081", &(a).url, NULL, NULL }, \
	{ "token-file", "FILE", "its token is the first line; else PPGCTL_TOKEN of the environment", \
	  &(a).token_file, NULL, NULL }, \
	CTL_TLS_OPTIONS((a).tls), \
	{ "json", NULL, "print JSON", NULL, &(a).json, NULL }

struct ctl_request {
	const char *method, *path;	/* path with its query, below the admin URL */
	const char *type;		/* of the body; NULL: there is none */
	struct span body;
	bool open;			/* needs no token */
};
/* The octets of a good answer; else what is wrong was said. `refusal` (may be NULL) takes the JSON of a refusal instead. */
enum ctl_exit ctl_admin_fetch(const struct ctl_verb *verb, const struct ctl_admin *a, const struct ctl_request *rq,
    struct sbuf *answer, json_t **refusal);
/* The same as JSON; NULL and *result when it is none. */
json_t *ctl_admin_json(const struct ctl_verb *verb, const struct ctl_admin *a, const struct ctl_request *rq,
    enum ctl_exit *result);
/* "NAME=value", escaped, behind `sep`; nothing when value is NULL. */
void ctl_put_param(struct sbuf *path, char sep, const char *name, const char *value);
/* Unreserved characters of RFC 3986 as they are, every other octet as %XX. */
void ctl_put_percent(struct sbuf *out, const char *text);
/* A member as text, in one of few buffers that are used in turn; "-" when it is absent. */
const char *ctl_member(const json_t *object, const char *name);

/* ---- verbs ------------------------------------------------------------------------------------ */

#define CTL_VERB(name) enum ctl_exit name(const struct ctl_verb *verb, int argc, char **argv)
CTL_VERB(ctl_decode);
CTL_VERB(ctl_encode);
CTL_VERB(ctl_mac);
CTL_VERB(ctl_dm_digest);
CTL_VERB(ctl_dm_hmac);
CTL_VERB(ctl_dm_bootstrap_mac);
CTL_VERB(ctl_dm_notification);
CTL_VERB(ctl_gba_kdf);
CTL_VERB(ctl_passwd);
CTL_VERB(ctl_policy);
CTL_VERB(ctl_submit);
CTL_VERB(ctl_replace);
CTL_VERB(ctl_cancel);
CTL_VERB(ctl_status);
CTL_VERB(ctl_ccq);
CTL_VERB(ctl_show);
CTL_VERB(ctl_pushes);
CTL_VERB(ctl_audit);
CTL_VERB(ctl_quarantine);
CTL_VERB(ctl_decide);
CTL_VERB(ctl_links);
CTL_VERB(ctl_route);
CTL_VERB(ctl_subscribers);
CTL_VERB(ctl_profiles);
CTL_VERB(ctl_metrics);
CTL_VERB(ctl_reload);

#endif
