/* route.c - see route.h. */
#include "ppg/route.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/http_client.h"
#include "ppg/pap.h"

enum { WANTED = 4, NETWORK = 2, BEARER = 1 };	/* what makes a link suit better */

/* ---- wishes as text: five, six, nine or ten lines, or nothing --------------------------------------------------- */

static bool
has_facts(const struct route_wish *w)
{
	return w->initiator[0] != '\0' || w->type[0] != '\0' || w->app_id[0] != '\0';
}

static bool
has_wish(const struct route_wish *w)
{
	return w->smsc[0] != '\0' || w->network[0] != '\0' || w->bearer[0] != '\0' || w->links[0] != '\0' ||
	    w->bearers[0] != '\0' || w->screen[0] != '\0' || w->ip || w->timed || has_facts(w);
}

/* A line end in a name would make what follows it another line: such a name suits no link, with '?' neither. */
static void
put_line(struct sbuf *out, bool required, const char *name)
{
	if (required)
		sbuf_char(out, '!');
	for (; *name != '\0'; name++)
		sbuf_char(out, (uint8_t)*name < 0x20 ? '?' : *name);
	sbuf_char(out, '\n');
}

void
route_wish_write(const struct route_wish *w, struct sbuf *out)
{
	if (!has_wish(w))
		return;
	put_line(out, false, w->smsc);
	put_line(out, w->network_required, w->network);
	put_line(out, w->bearer_required, w->bearer);
	put_line(out, false, w->links);
	put_line(out, false, w->bearers);
	if (w->screen[0] != '\0' || w->ip || w->timed || has_facts(w))
		put_line(out, false, w->screen);
	if (!w->ip && !w->timed && !has_facts(w))
		return;
	put_line(out, false, w->initiator);
	put_line(out, false, w->type);
	put_line(out, false, w->app_id);
	if (w->ip || w->timed)
		put_line(out, false, w->ip && w->timed ? "ip timed" : w->ip ? "ip" : "timed");
}

static void
next_line(struct span *text, char *out, size_t size)
{
	const uint8_t *end = text->n > 0 ? memchr(text->p, '\n', text->n) : NULL;
	size_t n = end != NULL ? (size_t)(end - text->p) : text->n, keep = n < size ? n : size - 1;

	memcpy(out, text->p, keep);
	out[keep] = '\0';
	n += end != NULL;
	*text = span_of(text->p + n, text->n - n);
}

static bool
take_mark(char *name)
{
	if (name[0] != '!')
		return false;
	memmove(name, name + 1, strlen(name));
	return true;
}

bool
route_wish_screened(struct span text)
{
	enum { SCREEN = 5 };		/* lines in front of it */
	unsigned i;

	for (i = 0; i < SCREEN && text.n > 0; i++) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		size_t n = end != NULL ? (size_t)(end - text.p) + 1 : text.n;

		text = span_of(text.p + n, text.n - n);
	}
	return text.n > 0 && text.p[0] != '\n';
}

void
route_wish_read(struct span text, struct route_wish *out)
{
	char marks[16];

	*out = (struct route_wish){ 0 };
	if (text.n == 0)
		return;
	next_line(&text, out->smsc, sizeof out->smsc);
	next_line(&text, out->network, sizeof out->network);
	next_line(&text, out->bearer, sizeof out->bearer);
	next_line(&text, out->links, sizeof out->links);
	next_line(&text, out->bearers, sizeof out->bearers);
	next_line(&text, out->screen, sizeof out->screen);
	next_line(&text, out->initiator, sizeof out->initiator);
	next_line(&text, out->type, sizeof out->type);
	next_line(&text, out->app_id, sizeof out->app_id);
	next_line(&text, marks, sizeof marks);
	out->ip = strncmp(marks, "ip", 2) == 0;
	out->timed = strstr(marks, "timed") != NULL;
	out->network_required = take_mark(out->network);
	out->bearer_required = take_mark(out->bearer);
}

/* ---- does a link suit? --------------------------------------------------------------------------- */

bool
route_list_has(const char *list, const char *word)
{
	size_t n = strlen(word);

	while (*list != '\0') {
		size_t skip = strspn(list, "; \t"), length = strcspn(list + skip, ";");
		const char *at = list + skip;

		list = at + length;
		while (length > 0 && (at[length - 1] == ' ' || at[length - 1] == '\t'))
			length--;
		if (length == n && n > 0 && strncasecmp(at, word, n) == 0)
			return true;
	}
	return false;
}

static bool
wanted(const char *name)
{
	return name[0] != '\0' && strcasecmp(name, "any") != 0;
}

/* Over UDP go pushes to IP addresses, and no others. */
static bool
kind_fits(const struct smsc_config *link, const struct route_wish *w)
{
	return (link->kind == SMSC_UDP) == w->ip;
}

static bool
within_limits(const struct smsc_config *link, const struct route_wish *w)
{
	return (w->links[0] == '\0' || route_list_has(w->links, link->smsc_id)) &&
	    (w->bearers[0] == '\0' || route_list_has(w->bearers, link->bearer));
}

static bool
network_fits(const struct smsc_config *link, const struct route_wish *w)
{
	return !w->network_required || !wanted(w->network) || strcasecmp(w->network, link->network) == 0;
}

static bool
bearer_fits(const struct smsc_config *link, const struct route_wish *w)
{
	return !w->bearer_required || !wanted(w->bearer) || strcasecmp(w->bearer, link->bearer) == 0;
}

static bool
smsc_fits(const struct smsc_config *link, const struct route_wish *w)
{
	if (link->allowed_smsc_id[0] != '\0')
		return route_list_has(link->allowed_smsc_id, w->smsc);
	return !route_list_has(link->denied_smsc_id, w->smsc);
}

int
route_score(const struct smsc_config *link, const struct route_wish *w)
{
	int score = 0;

	if (!kind_fits(link, w) || !within_limits(link, w) || !network_fits(link, w) || !bearer_fits(link, w) || !smsc_fits(link, w))
		return -1;
	if (w->smsc[0] != '\0' && (strcasecmp(w->smsc, link->smsc_id) == 0 ||
	    route_list_has(link->preferred_smsc_id, w->smsc)))
		score += WANTED;
	if (wanted(w->network) && strcasecmp(w->network, link->network) == 0)
		score += NETWORK;
	if (wanted(w->bearer) && strcasecmp(w->bearer, link->bearer) == 0)
		score += BEARER;
	return score;
}

/* As Kannel has it: with both lists, a number that is on neither is taken. */
static bool
number_fits(const struct smsc_config *link, const char *number)
{
	bool allowed = link->allowed_prefix[0] != '\0' && route_prefix_has(link->allowed_prefix, number);
	bool denied = link->denied_prefix[0] != '\0' && route_prefix_has(link->denied_prefix, number);

	return allowed || (!denied && (link->allowed_prefix[0] == '\0' || link->denied_prefix[0] != '\0'));
}

int
route_link_score(const struct smsc_config *link, const struct route_rule *rule, const struct route_wish *w,
    const char *number)
{
	int score;

	if ((rule != NULL && route_rule_place(rule, link->smsc_id) == NULL) ||
	    (number != NULL && !number_fits(link, number)) || (score = route_score(link, w)) < 0)
		return -1;
	if (number != NULL && score < WANTED && route_prefix_has(link->preferred_prefix, number))
		score += WANTED;
	return score;
}

const char *
route_link_why(const struct smsc_config *link, const struct route_rule *rule, const struct route_wish *w, const char *number)
{
	if (rule != NULL && route_rule_place(rule, link->smsc_id) == NULL)
		return "the route does not name it";
	if (number != NULL && !number_fits(link, number))
		return "it does not take such a number";
	if (!kind_fits(link, w))
		return w->ip ? "it does not serve IP addresses" : "it serves IP addresses only";
	if (!within_limits(link, w))
		return "the initiator may not use it";
	if (!network_fits(link, w) || !bearer_fits(link, w))
		return "it serves another network or bearer";
	if (!smsc_fits(link, w))
		return "it does not take that smsc-id";
	if (number != NULL && route_prefix_has(link->preferred_prefix, number))
		return "it may carry it, and such a number first";
	return "it may carry it";
}

struct route_facts
route_facts_of(const struct route_wish *w, int priority, const char *number, time_t at)
{
	return (struct route_facts){ .initiator = w->initiator, .type = w->type, .app_id = w->app_id,
		.priority = priority, .number = number, .at = at };
}

/* ---- all links ------------------------------------------------------------------------------------- */

struct routes {
	atomic_int refs;
	struct route_rules *rules;
	bool by_number;
	size_t n;
	struct smsc_config links[];
};

struct routes *
routes_create_ruled(const struct smsc_config *const *links, size_t n, struct route_rules *rules)
{
	struct routes *r = malloc(sizeof *r + n * sizeof r->links[0]);
	size_t i;

	if (r == NULL)
		abort();
	atomic_init(&r->refs, 1);
	r->rules = route_rules_ref(rules);
	r->by_number = rules->by_number;
	r->n = n;
	for (i = 0; i < n; i++) {
		r->links[i] = *links[i];
		r->by_number |= links[i]->allowed_prefix[0] != '\0' || links[i]->denied_prefix[0] != '\0' ||
		    links[i]->preferred_prefix[0] != '\0';
	}
	return r;
}

struct routes *
routes_create(const struct smsc_config *const *links, size_t n)
{
	struct route_rules *none = route_rules_create(NULL, 0);
	struct routes *r = routes_create_ruled(links, n, none);

	route_rules_unref(none);
	return r;
}

struct routes *
routes_ref(struct routes *r)
{
	atomic_fetch_add(&r->refs, 1);
	return r;
}

void
routes_unref(struct routes *r)
{
	if (r == NULL || atomic_fetch_sub(&r->refs, 1) != 1)
		return;
	route_rules_unref(r->rules);
	free(r);
}

struct route_rules *
routes_rules(const struct routes *r)
{
	return r->rules;
}

bool
routes_by_number(const struct routes *r)
{
	return r->by_number;
}

typedef bool (*link_test)(const struct smsc_config *link, const struct route_wish *w);

/* Does any link pass the first `n` tests? */
static bool
any_passes(const struct routes *r, const struct route_wish *w, const link_test *tests, size_t n)
{
	size_t i, k;

	for (i = 0; i < r->n; i++) {
		for (k = 0; k < n && tests[k](&r->links[i], w); k++)
			;
		if (k == n)
			return true;
	}
	return false;
}

int
routes_check(const struct routes *r, const struct route_wish *w, struct why *why)
{
	static const link_test tests[] = { kind_fits, within_limits, network_fits, bearer_fits, smsc_fits };

	if (any_passes(r, w, tests, 5))
		return 0;
	if (r->n > 0 && !any_passes(r, w, tests, 1)) {
		why_set(why, ERR_UNSUPPORTED, w->ip ? "no link serves IP addresses" : "no link serves telephone numbers");
		return PAP_ADDRESS_ERROR;
	}
	if (!any_passes(r, w, tests, 2)) {
		why_set(why, ERR_AUTH, "no link may carry this initiator's pushes");
		return PAP_FORBIDDEN;
	}
	if (!any_passes(r, w, tests, 3)) {
		why_set(why, ERR_UNSUPPORTED, "network-required: no link serves network %s", w->network);
		return PAP_NETWORK_UNAVAILABLE;
	}
	if (!any_passes(r, w, tests, 4)) {
		why_set(why, ERR_UNSUPPORTED, "bearer-required: no link serves bearer %s", w->bearer);
		return PAP_BEARER_UNAVAILABLE;
	}
	why_set(why, ERR_AUTH, "no link serves smsc-id %s", w->smsc[0] != '\0' ? w->smsc : "\"\"");
	return PAP_FORBIDDEN;
}

/* Has the rule (NULL: none) a link for it? */
static bool
rule_serves(const struct routes *r, const struct route_rule *rule, const struct route_wish *w, const char *number)
{
	size_t i;

	for (i = 0; i < r->n && route_link_score(&r->links[i], rule, w, number) < 0; i++)
		;
	return i < r->n;
}

bool
routes_serve(const struct routes *r, const struct route_wish *w)
{
	struct route_facts f = route_facts_of(w, -1, NULL, clock_utc());
	size_t i;

	for (i = 0; i < r->rules->n; i++) {
		const struct route_rule *rule = &r->rules->rules[i];

		if (route_rule_match(rule, &f) != ROUTE_FITS)
			continue;
		if (rule_serves(r, rule, w, NULL))
			return true;
		if (rule->prefixes[0] == '\0' && rule->priorities == 0)
			return false;		/* it decides for all of the push */
	}
	return rule_serves(r, NULL, w, NULL);
}

bool
routes_serve_number(const struct routes *r, const struct route_wish *w, const struct route_facts *f)
{
	return rule_serves(r, route_rules_find(r->rules, f), w, f->number);
}

int
routes_check_number(const struct routes *r, const struct route_wish *w, const struct route_facts *f,
    const struct route_rule **decides, struct why *why)
{
	const struct route_rule *rule = route_rules_find(r->rules, f);

	if (decides != NULL)
		*decides = rule;
	if (rule_serves(r, rule, w, f->number))
		return 0;
	if (rule != NULL && rule_serves(r, rule, w, NULL))
		why_set(why, ERR_AUTH, "route %s: none of its links takes such a number", rule->name);
	else if (rule != NULL)
		why_set(why, ERR_AUTH, "route %s: none of its links may carry this push", rule->name);
	else
		why_set(why, ERR_AUTH, "no link takes such a number");
	return rule_serves(r, rule, w, NULL) ? PAP_ADDRESS_ERROR : PAP_FORBIDDEN;
}

void
routes_sender_to(const struct routes *r, const struct route_wish *w, const struct route_facts *f, char *out, size_t size)
{
	const struct route_rule *rule = route_rules_find(r->rules, f);
	int best = -1;
	size_t i;

	out[0] = '\0';
	for (i = 0; i < r->n; i++) {
		int score = route_link_score(&r->links[i], rule, w, f->number);
		bool own = rule != NULL && rule->source_addr[0] != '\0';

		if (score <= best)
			continue;
		best = score;
		snprintf(out, size, "%s", own ? rule->source_addr : r->links[i].source_addr);
	}
}

bool
routes_have_ip(const struct routes *r)
{
	return routes_largest_ip(r) > 0;
}

bool
routes_serve_ip(const struct routes *r, const char *address)
{
	struct sockaddr_storage addr;
	size_t i;

	if (smsc_udp_address(address, 0, &addr) != OK)
		return false;
	for (i = 0; i < r->n; i++) {
		struct netlist *allow = NULL;
		struct why why;
		bool has;

		if (r->links[i].kind != SMSC_UDP || netlist_parse(r->links[i].allow, &allow, &why) != OK)
			continue;
		has = netlist_has(allow, (const struct sockaddr *)&addr);
		netlist_destroy(&allow);
		if (has)
			return true;
	}
	return false;
}

size_t
routes_largest_ip(const struct routes *r)
{
	size_t i, largest = 0;

	for (i = 0; i < r->n; i++)
		if (r->links[i].kind == SMSC_UDP && r->links[i].max_datagram > largest)
			largest = r->links[i].max_datagram;
	return largest;
}

void
routes_sender(const struct routes *r, const struct route_wish *w, char *out, size_t size)
{
	struct route_facts f = route_facts_of(w, -1, NULL, clock_utc());

	routes_sender_to(r, w, &f, out, size);
}

const struct smsc_config *
routes_link(const struct routes *r, size_t i)
{
	return i < r->n ? &r->links[i] : NULL;
}

const struct smsc_config *
routes_find(const struct routes *r, const char *smsc_id)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (strcmp(r->links[i].smsc_id, smsc_id) == 0)
			return &r->links[i];
	return NULL;
}

/* ---- the set in force ----------------------------------------------------------------------------- */

struct route_table {
	pthread_mutex_t lock;
	struct routes *routes;
};

struct route_table *
route_table_create(struct routes *r)
{
	struct route_table *t = malloc(sizeof *t);

	if (t == NULL)
		abort();
	pthread_mutex_init(&t->lock, NULL);
	t->routes = r;
	return t;
}

void
route_table_destroy(struct route_table **t)
{
	if (*t == NULL)
		return;
	routes_unref((*t)->routes);
	pthread_mutex_destroy(&(*t)->lock);
	free(*t);
	*t = NULL;
}

void
route_table_replace(struct route_table *t, struct routes *r)
{
	struct routes *old;

	pthread_mutex_lock(&t->lock);
	old = t->routes;
	t->routes = r;
	pthread_mutex_unlock(&t->lock);
	routes_unref(old);
}

struct routes *
route_table_get(struct route_table *t)
{
	struct routes *r;

	pthread_mutex_lock(&t->lock);
	r = routes_ref(t->routes);
	pthread_mutex_unlock(&t->lock);
	return r;
}
