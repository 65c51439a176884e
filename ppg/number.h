/*
 * number.h - telephone numbers as initiators write them, made into numbers as an SMSC dials them.
 *
 * A number goes through these rules, in this order:
 *	1. separators (blank - . ( ) ) are dropped; "+" may come first, digits must follow
 *	2. unified-prefix: of all its prefixes, the longest one that the number begins with is replaced by the
 *	   first of its group; a wanted prefix stays as it is
 *	3. "+...": international as it is
 *	4. international-prefix: becomes "+"
 *	5. under 7 digits: a short number, which is refused, or dialled as it is written (short-numbers)
 *	6. national-prefix, where a country code is known: becomes "+" and the country code; an empty one
 *	   fits every number
 *	7. anything else is international without its "+"; but no country code begins with 0
 * An international number has 7 to 20 digits; fewer are a short number, too.
 */
#ifndef PPG_NUMBER_H
#define PPG_NUMBER_H

#include <stdbool.h>

#include "base/err.h"

enum { NUMBER_SIZE = 32, NUMBER_DIGITS_MIN = 7, NUMBER_DIGITS_MAX = 20, NUMBER_COUNTRY_SIZE = 8 };

/* As configured; NULL: not set. */
struct number_settings {
	const char *unified_prefix;		/* Kannel's: "+358,00358,0;+,00" */
	const char *country_code;		/* "49"; "+49" and "0049" mean the same */
	const char *national_prefix;		/* "0"; "": numbers have none */
	const char *international_prefix;	/* "00" */
	bool short_numbers;
};

struct number_rules;

/*
 * NULL with *why when a setting cannot be read; *key (may be NULL) is then its name, as "country-code".
 * Rules are immutable; any thread may use them.
 */
struct number_rules *number_rules_read(const struct number_settings *s, const char **key, struct why *why);
void number_rules_destroy(struct number_rules **rules);

/* "+49", "0049" or "49" as the digits "49"; ERR_SYNTAX. */
int number_country(const char *text, char out[NUMBER_COUNTRY_SIZE], struct why *why);

/*
 * Normalise one number. country: digits of the country code of whoever wrote the number, "" or NULL: that of
 * the rules. ERR_SYNTAX, ERR_LIMIT (too long), ERR_UNSUPPORTED (short) with *why; `out` is "" then.
 */
int number_normalise(const struct number_rules *rules, const char *country, const char *in,
    char out[NUMBER_SIZE], struct why *why);

#endif
