/* route_rule.c - see route_rule.h. */
#include "ppg/route_rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum { DAY_MIN = 24 * 60, WEIGHT_MAX = 1000 };

static const char *const day_names[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };
static const char *const priority_names[] = { "high", "medium", "low" };	/* enum store_priority */

/* ---- lists ----------------------------------------------------------------------------------------- */

/* The next word of a list; empty ones are passed over. False at the end. */
static bool
next_word(const char **list, char sep, struct span *word)
{
	while (**list != '\0') {
		const char *end = strchr(*list, sep);
		size_t n = end != NULL ? (size_t)(end - *list) : strlen(*list);

		*word = span_trim(span_of(*list, n));
		*list += n + (end != NULL);
		if (word->n > 0)
			return true;
	}
	return false;
}

/* A word that ends in '*' is the beginning of many. */
static bool
list_fits(const char *list, const char *name)
{
	struct span word, text = span_str(name);

	while (next_word(&list, ';', &word)) {
		const char *p = (const char *)word.p;
		bool many = p[word.n - 1] == '*';
		size_t n = word.n - many;

		if ((many ? text.n >= n : text.n == n) && strncasecmp(p, name, n) == 0)
			return true;
	}
	return false;
}

static bool
begins(struct span prefix, const char *number)
{
	const char *p = (const char *)prefix.p;
	bool plus = number[0] == '+';

	if (prefix.n > 2 && p[0] == '0' && p[1] == '0')
		return plus && strncmp(number + 1, p + 2, prefix.n - 2) == 0;
	return strncmp(p[0] == '+' || !plus ? number : number + 1, p, prefix.n) == 0;
}

bool
route_prefix_has(const char *list, const char *number)
{
	struct span word;

	while (next_word(&list, ';', &word))
		if (begins(word, number))
			return true;
	return false;
}

/* ---- does a rule fit? ------------------------------------------------------------------------------- */

static bool
in_window(const struct route_window *w, int day, int minute)
{
	bool today = (w->days >> day & 1) != 0, yesterday = (w->days >> ((day + 6) % 7) & 1) != 0;

	if (w->from < w->to)
		return today && minute >= w->from && minute < w->to;
	return (today && minute >= w->from) || (yesterday && minute < w->to);
}

static bool
is_time(const struct route_rule *rule, time_t at)
{
	time_t shifted = rule->zone_min == ROUTE_ZONE_LOCAL ? at : at + (time_t)rule->zone_min * 60;
	struct tm tm;
	size_t i;

	if (rule->n_windows == 0)
		return true;
	if (rule->zone_min == ROUTE_ZONE_LOCAL)
		localtime_r(&shifted, &tm);
	else
		gmtime_r(&shifted, &tm);
	for (i = 0; i < rule->n_windows; i++)
		if (in_window(&rule->windows[i], tm.tm_wday, tm.tm_hour * 60 + tm.tm_min))
			return true;
	return false;
}

enum route_miss
route_rule_match(const struct route_rule *rule, const struct route_facts *f)
{
	if (rule->initiators[0] != '\0' && !list_fits(rule->initiators, f->initiator))
		return ROUTE_INITIATOR;
	if (rule->types[0] != '\0' && !list_fits(rule->types, f->type))
		return ROUTE_TYPE;
	if (rule->app_ids[0] != '\0' && !list_fits(rule->app_ids, f->app_id))
		return ROUTE_APP_ID;
	if (rule->priorities != 0 && f->priority >= 0 && (rule->priorities >> f->priority & 1) == 0)
		return ROUTE_PRIORITY;
	if (!is_time(rule, f->at))
		return ROUTE_TIME;
	if (rule->prefixes[0] != '\0' && f->number != NULL && !route_prefix_has(rule->prefixes, f->number))
		return ROUTE_PREFIX;
	return ROUTE_FITS;
}

const char *
route_miss_text(enum route_miss miss)
{
	static const char *const texts[] = {
		[ROUTE_FITS] = "it fits", [ROUTE_INITIATOR] = "it is for other initiators",
		[ROUTE_TYPE] = "it is for other content types", [ROUTE_APP_ID] = "it is for other application ids",
		[ROUTE_PRIORITY] = "it is for other priorities", [ROUTE_TIME] = "it is not its time",
		[ROUTE_PREFIX] = "the number begins with none of its prefixes",
	};

	return texts[miss];
}

const struct route_place *
route_rule_place(const struct route_rule *rule, const char *link)
{
	size_t i;

	for (i = 0; i < rule->n_places; i++)
		if (strcasecmp(rule->places[i].link, link) == 0)
			return &rule->places[i];
	return NULL;
}

/* ---- as it is written --------------------------------------------------------------------------------- */

static int
find_name(const char *const *names, int n, struct span word)
{
	int i;

	for (i = 0; i < n && !span_eq_nocase(word, names[i]); i++)
		;
	return i < n ? i : -1;
}

/* "mon-fri,sun" */
static int
read_days(struct span text, uint8_t *days)
{
	char buf[64];
	const char *p = buf;
	struct span word;

	if (span_to_cstr(text, buf, sizeof buf) != OK)
		return ERR_SYNTAX;
	*days = 0;
	while (next_word(&p, ',', &word)) {
		const uint8_t *dash = memchr(word.p, '-', word.n);
		size_t n = dash != NULL ? (size_t)(dash - word.p) : word.n;
		int from = find_name(day_names, 7, span_trim(span_of(word.p, n)));
		int to = dash == NULL ? from : find_name(day_names, 7, span_trim(span_of(dash + 1, word.n - n - 1)));

		if (from < 0 || to < 0)
			return ERR_SYNTAX;
		for (; from != to; from = (from + 1) % 7)
			*days |= (uint8_t)(1 << from);
		*days |= (uint8_t)(1 << to);
	}
	return *days != 0 ? OK : ERR_SYNTAX;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "hh:mm", up to `most` minutes */
static bool
read_clock(const char *p, int most, int *minutes)
{
	if (!is_digit(p[0]) || !is_digit(p[1]) || p[2] != ':' || !is_digit(p[3]) || !is_digit(p[4]) || p[3] > '5')
		return false;
	*minutes = ((p[0] - '0') * 10 + p[1] - '0') * 60 + (p[3] - '0') * 10 + p[4] - '0';
	return *minutes <= most;
}

static int
read_window(struct span word, struct route_window *w)
{
	enum { HOURS = 11 };		/* "08:00-18:00" */
	const char *p;
	int from, to;

	if (word.n < HOURS)
		return ERR_SYNTAX;
	p = (const char *)word.p + word.n - HOURS;
	if (!read_clock(p, DAY_MIN - 1, &from) || p[5] != '-' || !read_clock(p + 6, DAY_MIN, &to) || from == to)
		return ERR_SYNTAX;
	w->from = (uint16_t)from;
	w->to = (uint16_t)to;
	w->days = 0x7F;
	if (word.n == HOURS)
		return OK;
	if (p[-1] != ' ' && p[-1] != '\t')
		return ERR_SYNTAX;
	return read_days(span_trim(span_of(word.p, word.n - HOURS)), &w->days);
}

int
route_windows_read(const char *text, struct route_rule *rule, struct why *why)
{
	struct span word;

	rule->n_windows = 0;
	while (next_word(&text, ';', &word)) {
		if (rule->n_windows == ROUTE_WINDOWS_MAX)
			return why_set(why, ERR_LIMIT, "more than %d times", ROUTE_WINDOWS_MAX);
		if (read_window(word, &rule->windows[rule->n_windows++]) != OK)
			return why_set(why, ERR_SYNTAX, "%.*s is not a time such as \"mon-fri 08:00-18:00\"",
			    (int)(word.n < 64 ? word.n : 64), (const char *)word.p);
	}
	return rule->n_windows > 0 ? OK : why_set(why, ERR_SYNTAX, "no time at all");
}

int
route_zone_read(const char *text, int *zone_min, struct why *why)
{
	enum { ZONE_MAX = 14 * 60 };

	if (strcasecmp(text, "local") == 0) {
		*zone_min = ROUTE_ZONE_LOCAL;
		return OK;
	}
	*zone_min = 0;
	if (strcasecmp(text, "utc") == 0)
		return OK;
	if ((text[0] != '+' && text[0] != '-') || strlen(text) != 6 || !read_clock(text + 1, ZONE_MAX, zone_min)) {
		*zone_min = 0;
		return why_set(why, ERR_SYNTAX, "%.32s is none of local, utc and an offset such as +01:00", text);
	}
	if (text[0] == '-')
		*zone_min = -*zone_min;
	return OK;
}

/* A weight stands behind the last ':'; "host:port" is the name of a link that has none, so a larger number is a port. */
static void
split_weight(struct span *word, int64_t *weight)
{
	char digits[8];
	size_t i = word->n;
	int64_t n;

	while (i > 0 && is_digit((char)word->p[i - 1]))
		i--;
	if (i == 0 || i == word->n || word->p[i - 1] != ':' ||
	    span_to_cstr(span_of(word->p + i, word->n - i), digits, sizeof digits) != OK ||
	    text_number(digits, 0, WEIGHT_MAX, &n) != OK)
		return;
	*weight = n;
	*word = span_trim(span_of(word->p, i - 1));
}

int
route_places_read(const char *text, bool fallback, struct route_rule *rule, struct why *why)
{
	struct span word;

	while (next_word(&text, ';', &word)) {
		struct route_place *place = &rule->places[rule->n_places];
		int64_t weight = -1;

		if (rule->n_places == ROUTE_LINKS_MAX)
			return why_set(why, ERR_LIMIT, "more than %d links", ROUTE_LINKS_MAX);
		if (!fallback)
			split_weight(&word, &weight);
		if (weight == 0)
			return why_set(why, ERR_RANGE, "a weight is from 1 to %d", WEIGHT_MAX);
		if (span_to_cstr(word, place->link, sizeof place->link) != OK)
			return why_set(why, ERR_LIMIT, "%.40s... is not the smsc-id of a group smsc",
			    (const char *)word.p);
		if (route_rule_place(rule, place->link) != NULL)
			return why_set(why, ERR_EXISTS, "%s stands there twice", place->link);
		place->weight = weight > 0 ? (unsigned)weight : 1;
		place->fallback = fallback;
		rule->weighted |= weight > 0;
		rule->n_places++;
	}
	return OK;
}

int
route_priorities_read(const char *text, struct route_rule *rule, struct why *why)
{
	struct span word;

	rule->priorities = 0;
	while (next_word(&text, ';', &word)) {
		int i = find_name(priority_names, 3, word);

		if (i < 0)
			return why_set(why, ERR_SYNTAX, "%.*s is none of high, medium and low",
			    (int)(word.n < 64 ? word.n : 64), (const char *)word.p);
		rule->priorities |= 1u << i;
	}
	return OK;
}

int
route_prefixes_check(const char *text, struct why *why)
{
	struct span word;

	while (next_word(&text, ';', &word)) {
		size_t i = word.p[0] == '+', first = i;

		while (i < word.n && is_digit((char)word.p[i]))
			i++;
		if (i < word.n || i == first)
			return why_set(why, ERR_SYNTAX, "%.*s is not the beginning of a number",
			    (int)(word.n < 64 ? word.n : 64), (const char *)word.p);
	}
	return OK;
}

/* ---- all of them ---------------------------------------------------------------------------------------- */

struct route_rules *
route_rules_create(const struct route_rule *rules, size_t n)
{
	struct route_rules *r = calloc(1, sizeof *r + n * sizeof r->rules[0]);
	size_t i;

	if (r == NULL)
		abort();
	atomic_init(&r->refs, 1);
	r->n = n;
	for (i = 0; i < n; i++) {
		r->rules[i] = rules[i];
		r->by_number |= rules[i].prefixes[0] != '\0';
		r->by_time |= rules[i].n_windows > 0;
	}
	return r;
}

struct route_rules *
route_rules_ref(struct route_rules *r)
{
	atomic_fetch_add(&r->refs, 1);
	return r;
}

void
route_rules_unref(struct route_rules *r)
{
	if (r != NULL && atomic_fetch_sub(&r->refs, 1) == 1)
		free(r);
}

const struct route_rule *
route_rules_find(const struct route_rules *r, const struct route_facts *f)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (route_rule_match(&r->rules[i], f) == ROUTE_FITS)
			return &r->rules[i];
	return NULL;
}
