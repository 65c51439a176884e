/*
 * route.h - which links may carry a push, and which of them suits best. Asked at admission (is there any?) and
 * when the push is due (which one now?).
 *
 * Wanted smsc-ids work as in Kannel: a link with allowed-smsc-id takes only pushes that want one of those,
 * a link with denied-smsc-id takes none of those, preferred-smsc-id and the link's own name come first.
 * Network and bearer are those of a quality-of-service element (WAP-247 8.2.2). The groups route (route_rule.h) narrow
 * that down: the rule that fits names the links, the rest decides among them.
 */
#ifndef PPG_ROUTE_H
#define PPG_ROUTE_H

#include <stdbool.h>

#include "base/buf.h"
#include "ppg/route_rule.h"
#include "smsc/link.h"

struct route_wish {
	char smsc[64];			/* "": none */
	char network[40], bearer[40];	/* "" or "any": none */
	bool network_required, bearer_required;
	char links[512], bearers[128];	/* what the initiator is limited to, separated by ';'; "": not */
	char screen[8];			/* no wish: what screen.h has to do when the push is due; "": nothing */
	bool ip;			/* to IP addresses, for links over UDP alone */
	bool timed;			/* no wish: it has a deliver-before of its own */
	char initiator[64], type[128], app_id[128];	/* no wishes: what rules ask for, known only while there are rules */
};

/* As text, for the store: nothing at all for a push without wishes. */
void route_wish_write(const struct route_wish *w, struct sbuf *out);
void route_wish_read(struct span text, struct route_wish *out);
/* Is `screen` set in it? Without reading the rest. */
bool route_wish_screened(struct span text);

/* Is `word` one of a list separated by ';'? In any case of the letters. */
bool route_list_has(const char *list, const char *word);

/* How well a link suits: -1 not at all, else the higher the better. */
int route_score(const struct smsc_config *link, const struct route_wish *w);

/* The links of a configuration, as admission sees them. Immutable; counted references. */
struct routes;
struct routes *routes_create(const struct smsc_config *const *links, size_t n);
/* With rules; a reference to them is taken. */
struct routes *routes_create_ruled(const struct smsc_config *const *links, size_t n, struct route_rules *rules);
struct route_rules *routes_rules(const struct routes *r);	/* borrowed */
bool routes_by_number(const struct routes *r);			/* does the number make a difference? */
struct routes *routes_ref(struct routes *r);
void routes_unref(struct routes *r);
/*
 * 0, or the PAP status that tells why no link suits: 2001 the initiator's limits or the wanted smsc-id,
 * 3009 the required network, 3010 the required bearer.
 */
int routes_check(const struct routes *r, const struct route_wish *w, struct why *why);

/* What a rule looks at, of a push with these wishes; priority -1 and number NULL: any. The texts are those of *w. */
struct route_facts route_facts_of(const struct route_wish *w, int priority, const char *number, time_t at);
/* As route_score, for the links of a rule (NULL: all) and a number (NULL: any). */
int route_link_score(const struct smsc_config *link, const struct route_rule *rule, const struct route_wish *w,
    const char *number);
/*
 * The same for one recipient, with the rules in force: 0, or 2001 and 2002 (no link takes such numbers). *rule (may be NULL)
 * is the one that decides, or NULL.
 */
int routes_check_number(const struct routes *r, const struct route_wish *w, const struct route_facts *f,
    const struct route_rule **rule, struct why *why);

/* Does any of them suit, for some number at least? */
bool routes_serve(const struct routes *r, const struct route_wish *w);
/* The same for one recipient. */
bool routes_serve_number(const struct routes *r, const struct route_wish *w, const struct route_facts *f);

/* The source address of the rule, or else of the link that suits best; "" when none does. Rules for some numbers only count. */
void routes_sender(const struct routes *r, const struct route_wish *w, char *out, size_t size);
/* The same for one recipient. */
void routes_sender_to(const struct routes *r, const struct route_wish *w, const struct route_facts *f, char *out,
    size_t size);

/* Why route_link_score says so, for an operator. */
const char *route_link_why(const struct smsc_config *link, const struct route_rule *rule, const struct route_wish *w,
    const char *number);

/* The link with that index; NULL behind the last. */
const struct smsc_config *routes_link(const struct routes *r, size_t i);

/* Does a link serve IP addresses? Does one serve this address? Octets of the largest datagram that one takes. */
bool routes_have_ip(const struct routes *r);
bool routes_serve_ip(const struct routes *r, const char *address);
size_t routes_largest_ip(const struct routes *r);

/* The link of this name, or NULL. */
const struct smsc_config *routes_find(const struct routes *r, const char *smsc_id);

/* Where the set in force is found; replaced by a reload. */
struct route_table;
struct route_table *route_table_create(struct routes *r);	/* the reference moves in */
void route_table_destroy(struct route_table **t);
void route_table_replace(struct route_table *t, struct routes *r);
struct routes *route_table_get(struct route_table *t);		/* a new reference; any thread */

#endif
