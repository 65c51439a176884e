/*
 * initiator.h - push initiators: who they are, where they may come from, what they may claim and push.
 * A set of initiators is immutable; a reload puts a new one in its place.
 */
#ifndef PPG_INITIATOR_H
#define PPG_INITIATOR_H

#include <regex.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/http_client.h"
#include "base/http_server.h"
#include "ppg/number.h"
#include "ppg/number_list.h"

enum push_role { ROLE_NONE_PI, ROLE_AUTH_PI, ROLE_TRUSTED_PI };

/* What becomes of a message that the device is predicted to refuse. */
enum on_refusal { ON_REFUSAL_DEFAULT /* as the gateway says */, ON_REFUSAL_REFUSE, ON_REFUSAL_WARN, ON_REFUSAL_SEND };

/* What controls would refuse, but not to everybody. */
enum { RIGHT_PRIVILEGED = 1, RIGHT_SECRETS = 2, RIGHT_OPEN_DEVICE = 4 };

/* What the gateway signs for it: with PINs of users, with those and keys of the network. */
enum may_sign { MAY_SIGN_ALL, MAY_SIGN_PIN, MAY_SIGN_NONE };

enum { INITIATOR_URIS_MAX = 8 };

struct initiator {
	char name[64];			/* wap-push-user */
	char username[64];		/* "": it has no password */
	char password[256];		/* scrypt hash, or plain text as Kannel has it */
	char uris[INITIATOR_URIS_MAX][512];	/* X-Wap-Initiator-URI values it may claim; first = default */
	size_t n_uris;
	enum push_role role;
	struct netlist *notify_allow;	/* NULL: the gateway's list */
	char country[NUMBER_COUNTRY_SIZE];	/* digits of its country-prefix; "": the gateway's country-code */
	/* lists of words separated by ';' without blanks, heap; NULL: no such rule */
	char *allowed_prefix, *denied_prefix;		/* "+digits"; denied ones go first */
	char *content_types, *application_ids;		/* media types ("application/vnd.wap.*" too); ids as text */
	char *links;					/* smsc-ids that may carry its pushes */
	char *bearers;					/* such as "SMS" */
	char *certificates;		/* words of certificate.h, canonical, a line each */
	char default_smsc[64], forced_smsc[64];		/* "": none */
	struct number_list *white_list, *black_list;	/* numbers; NULL: no such rule */
	/* the same four rules as patterns (POSIX extended) of the number, heap; NULL: none */
	regex_t *allowed_regex, *denied_regex, *white_regex, *black_regex;
	struct netlist *allow_ip, *deny_ip;		/* where it may come from, see address_admitted */
	const struct initiator *everyone;		/* whose lists of numbers hold as well, the set's; NULL: none */
	enum on_refusal on_refusal;
	unsigned rights;
	enum may_sign may_sign;
	char *dm_servers;		/* server ids it may send notifications for, separated by ';', heap; NULL: none */
	uint32_t grant_roles;		/* roles that a DM account of its documents may have */
	unsigned pushes_per_s, recipients_per_day;	/* 0: no limit */
};

/*
 * Kannel's rule for a pair of address lists: who is on `deny` may not; else who is on `allow` may; else nobody
 * may when there is any list.
 */
bool address_admitted(const struct netlist *allow, const struct netlist *deny, const struct sockaddr *addr);

struct initiators;			/* a set, counted references */

/*
 * Takes copies of the structs; what they point to moves into the set. `trusted`: everyone is the initiator
 * "trusted" and nobody is authenticated.
 */
struct initiators *initiators_create(const struct initiator *list, size_t n, bool trusted);
/* Lists for all pushes, in front of those of an initiator; they move into the set. Before it is shared. */
void initiators_set_addresses(struct initiators *set, struct netlist *allow, struct netlist *deny);
/* Lists of numbers for all pushes, in front of those of an initiator; what it points to moves. Before it is shared. */
void initiators_set_numbers(struct initiators *set, const struct initiator *everyone);
struct initiators *initiators_ref(struct initiators *set);
void initiators_unref(struct initiators *set);
/* Frees what the struct points to and cleanses its password. */
void initiator_done(struct initiator *who);

const struct initiator *initiators_find(const struct initiators *set, const char *name);
const struct initiator *initiators_find_username(const struct initiators *set, const char *username);
/*
 * Whose certificate is it? Its fingerprint counts before its subject, that before its other names; the last two
 * only of a verified one. NULL: nobody's, or that of several.
 */
const struct initiator *initiators_find_certificate(const struct initiators *set, const struct http_client_cert *cert);
bool initiators_admit(const struct initiators *set, const struct sockaddr *addr);
bool initiators_trusted(const struct initiators *set);
size_t initiators_count(const struct initiators *set);
const struct initiator *initiators_at(const struct initiators *set, size_t i);

#endif
