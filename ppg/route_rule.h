/*
 * route_rule.h - the groups route: for which pushes and recipients a rule is, and which links it names.
 * The first rule that fits decides, in the order of the file; a key that a rule leaves out fits everything.
 */
#ifndef PPG_ROUTE_RULE_H
#define PPG_ROUTE_RULE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"

enum { ROUTE_LINKS_MAX = 16, ROUTE_WINDOWS_MAX = 8, ROUTE_LIST_SIZE = 1024, ROUTE_ZONE_LOCAL = INT16_MAX };

/* Part of a week; one that ends before it begins passes midnight and belongs to the day it begins on. */
struct route_window {
	uint8_t days;			/* bit 0: Sunday */
	uint16_t from, to;		/* minutes of the day; `to` is not in it */
};

struct route_place {
	char link[64];
	unsigned weight;		/* share of the pushes, where one is written */
	bool fallback;			/* only while no link of the others can */
};

struct route_rule {
	char name[64];
	/* words with ';' between them, "" = everything */
	char prefixes[ROUTE_LIST_SIZE], initiators[ROUTE_LIST_SIZE], types[ROUTE_LIST_SIZE], app_ids[ROUTE_LIST_SIZE];
	unsigned priorities;		/* bits of enum store_priority; 0 = all */
	struct route_window windows[ROUTE_WINDOWS_MAX];
	size_t n_windows;		/* 0 = always */
	int zone_min;			/* minutes east of UTC, or ROUTE_ZONE_LOCAL */
	struct route_place places[ROUTE_LINKS_MAX];
	size_t n_places;
	bool weighted;			/* by the weights, strictly; else the link with most room */
	char source_addr[32];		/* "": the link's */
	unsigned throughput;		/* PDUs a second; 0 = unlimited */
	unsigned segmentation;		/* enum smsc_segmentation + 1; 0: the link's */
	uint32_t validity_s;		/* of pushes without a time of their own; 0: the link's */
};

/* What a rule asks for. */
struct route_facts {
	const char *initiator, *type, *app_id;	/* "": not known */
	int priority;			/* enum store_priority; -1: any */
	const char *number;		/* as it is dialled; NULL: any */
	time_t at;
};

enum route_miss { ROUTE_FITS, ROUTE_INITIATOR, ROUTE_TYPE, ROUTE_APP_ID, ROUTE_PRIORITY, ROUTE_TIME, ROUTE_PREFIX };
enum route_miss route_rule_match(const struct route_rule *rule, const struct route_facts *f);
const char *route_miss_text(enum route_miss miss);	/* "the initiator is another one" */

/* Does the number begin like one of them? "+12" and "0012" are international; "12" may stand behind a '+'. */
bool route_prefix_has(const char *list, const char *number);

const struct route_place *route_rule_place(const struct route_rule *rule, const char *link);

/* "mon-fri 08:00-18:00; sat,sun 22:00-06:00; 12:00-13:00". OK, ERR_SYNTAX, ERR_LIMIT and *why. */
int route_windows_read(const char *text, struct route_rule *rule, struct why *why);
/* "local", "utc", "+01:00", "-05:30" */
int route_zone_read(const char *text, int *zone_min, struct why *why);
/* "a:3; b:1" or "a; b"; the fallbacks have no weights. Appends. */
int route_places_read(const char *text, bool fallback, struct route_rule *rule, struct why *why);
/* "high; low" */
int route_priorities_read(const char *text, struct route_rule *rule, struct why *why);
/* Digits with or without a '+'. */
int route_prefixes_check(const char *text, struct why *why);

/* The rules of a configuration. Immutable; counted references. */
struct route_rules {
	atomic_int refs;
	size_t n;
	bool by_number, by_time;	/* some of them look at it */
	struct route_rule rules[];
};
struct route_rules *route_rules_create(const struct route_rule *rules, size_t n);
struct route_rules *route_rules_ref(struct route_rules *r);
void route_rules_unref(struct route_rules *r);
/* The first that fits; NULL. */
const struct route_rule *route_rules_find(const struct route_rules *r, const struct route_facts *f);

#endif
