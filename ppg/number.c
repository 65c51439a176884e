/* number.c - see number.h. */
#include "ppg/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX_SIZE = 24, PREFIXES_MAX = 128 };

struct prefix {
	char text[PREFIX_SIZE];
	unsigned wanted;		/* index of the first one of its group */
};

struct number_rules {
	struct prefix unified[PREFIXES_MAX];
	unsigned n_unified;
	char country[NUMBER_COUNTRY_SIZE], national[PREFIX_SIZE], international[PREFIX_SIZE];
	bool national_set, short_numbers;
};

/* ---- settings ---------------------------------------------------------------------------- */

/* "+" and digits, or one of them; what a number can begin with. */
static bool
is_prefix(const char *text, size_t n)
{
	size_t plus = n > 0 && text[0] == '+';

	return n > 0 && strspn(text + plus, "0123456789") >= n - plus;
}

static int
read_unified(struct number_rules *r, const char *text, struct why *why)
{
	unsigned wanted = 0;
	const char *p = text;

	while (text != NULL && *p != '\0') {
		size_t n, len;

		p += strspn(p, " \t");
		len = n = strcspn(p, ",;");
		while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'))
			n--;
		if (!is_prefix(p, n) || n >= PREFIX_SIZE)
			return why_set(why, ERR_SYNTAX, "\"%.*s\" is no prefix of a number", n < 40 ? (int)n : 40, p);
		if (r->n_unified == PREFIXES_MAX)
			return why_set(why, ERR_LIMIT, "more than %d prefixes", PREFIXES_MAX);
		memcpy(r->unified[r->n_unified].text, p, n);
		r->unified[r->n_unified++].wanted = wanted;
		p += len;
		if (*p == ';')
			wanted = r->n_unified;
		if (*p != '\0')
			p++;
	}
	return OK;
}

static int
read_digits(const char *text, char out[PREFIX_SIZE], struct why *why)
{
	size_t n = strlen(text);

	if (n >= PREFIX_SIZE || strspn(text, "0123456789") != n)
		return why_set(why, ERR_SYNTAX, "\"%.40s\" does not consist of digits", text);
	memcpy(out, text, n + 1);
	return OK;
}

int
number_country(const char *text, char out[NUMBER_COUNTRY_SIZE], struct why *why)
{
	const char *digits = text + (text[0] == '+' ? 1 : strncmp(text, "00", 2) == 0 ? 2 : 0);
	size_t n = strlen(digits);

	out[0] = '\0';
	if (n == 0 || n > 4 || strspn(digits, "0123456789") != n || digits[0] == '0')
		return why_set(why, ERR_SYNTAX, "\"%.40s\" is no country code of 1 to 4 digits", text);
	memcpy(out, digits, n + 1);
	return OK;
}

/* The name of the first setting that cannot be read, or NULL. */
static const char *
read_settings(struct number_rules *r, const struct number_settings *s, struct why *why)
{
	if (read_unified(r, s->unified_prefix, why) != OK)
		return "unified-prefix";
	if (s->country_code != NULL && number_country(s->country_code, r->country, why) != OK)
		return "country-code";
	r->national_set = s->national_prefix != NULL;
	if (s->national_prefix != NULL && read_digits(s->national_prefix, r->national, why) != OK)
		return "national-prefix";
	if (s->international_prefix != NULL && read_digits(s->international_prefix, r->international, why) != OK)
		return "international-prefix";
	r->short_numbers = s->short_numbers;
	return NULL;
}

struct number_rules *
number_rules_read(const struct number_settings *s, const char **key, struct why *why)
{
	struct number_rules *r = calloc(1, sizeof *r);
	const char *wrong;

	if (r == NULL)
		abort();
	wrong = read_settings(r, s, why);
	if (key != NULL)
		*key = wrong;
	if (wrong != NULL)
		number_rules_destroy(&r);
	return r;
}

void
number_rules_destroy(struct number_rules **rules)
{
	free(*rules);
	*rules = NULL;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Room for a number and the longest prefix in front of it. */
enum { WORK_SIZE = NUMBER_SIZE + PREFIX_SIZE };

/* Without separators: digits, perhaps behind a "+". */
static int
drop_separators(const char *in, char out[NUMBER_SIZE], struct why *why)
{
	size_t n = 0, i;

	for (i = 0; in[i] != '\0'; i++) {
		if (strchr(" -.()", in[i]) != NULL)
			continue;
		if ((in[i] < '0' || in[i] > '9') && (in[i] != '+' || n > 0))
			return why_at(why, ERR_SYNTAX, i, "a telephone number holds digits only");
		if (n == NUMBER_SIZE - 1)
			return why_set(why, ERR_LIMIT, "a telephone number has at most %d digits", NUMBER_DIGITS_MAX);
		out[n++] = in[i];
	}
	out[n] = '\0';
	if (n == 0 || (n == 1 && out[0] == '+'))
		return why_set(why, ERR_SYNTAX, "a telephone number without a digit");
	return OK;
}

/* `number` with its first `drop` characters replaced by a and b. */
static void
change_prefix(char number[WORK_SIZE], size_t drop, const char *a, const char *b)
{
	char rest[WORK_SIZE];

	memcpy(rest, number + drop, strlen(number + drop) + 1);
	snprintf(number, WORK_SIZE, "%s%s%.*s", a, b, NUMBER_SIZE, rest);
}

/* Of all prefixes that fit, the longest decides: "00" goes before "0", in whatever order they stand. */
static void
unify(const struct number_rules *r, char number[WORK_SIZE])
{
	const struct prefix *best = NULL;
	size_t longest = 0;
	unsigned i;

	for (i = 0; i < r->n_unified; i++) {
		size_t n = strlen(r->unified[i].text);

		if (n > longest && strncmp(number, r->unified[i].text, n) == 0) {
			best = &r->unified[i];
			longest = n;
		}
	}
	if (best != NULL)
		change_prefix(number, longest, r->unified[best->wanted].text, "");
}

/* A number without "+" that is long enough to be more than a short one. */
static int
make_international(const struct number_rules *r, const char *country, char number[WORK_SIZE], struct why *why)
{
	size_t national = strlen(r->national);

	if (country[0] != '\0' && r->national_set && strncmp(number, r->national, national) == 0) {
		change_prefix(number, national, "+", country);
		return OK;
	}
	if (number[0] == '0')
		return why_set(why, ERR_SYNTAX, "a number that begins with 0 is not international, and no "
		    "country-code and national-prefix say what it is");
	change_prefix(number, 0, "+", "");
	return OK;
}

static int
apply(const struct number_rules *r, const char *country, char number[WORK_SIZE], struct why *why)
{
	size_t prefix = strlen(r->international), digits;

	unify(r, number);
	if (number[0] != '+' && prefix > 0 && strncmp(number, r->international, prefix) == 0)
		change_prefix(number, prefix, "+", "");
	digits = strlen(number) - (number[0] == '+');
	if (digits < NUMBER_DIGITS_MIN)
		return r->short_numbers && digits > 0 ? OK : why_set(why, ERR_UNSUPPORTED,
		    "a number of %zu digits is a short number, and short-numbers is not set", digits);
	if (number[0] == '+')
		return OK;
	return make_international(r, country, number, why);
}

int
number_normalise(const struct number_rules *r, const char *country, const char *in, char out[NUMBER_SIZE],
    struct why *why)
{
	char number[WORK_SIZE];
	int err;

	out[0] = '\0';
	err = drop_separators(in, number, why);
	if (err == OK)
		err = apply(r, country != NULL && country[0] != '\0' ? country : r->country, number, why);
	if (err)
		return err;
	if (strlen(number) - (number[0] == '+') > NUMBER_DIGITS_MAX)
		return why_set(why, ERR_LIMIT, "a telephone number has at most %d digits", NUMBER_DIGITS_MAX);
	memcpy(out, number, strlen(number) + 1);
	return OK;
}
