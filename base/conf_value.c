/* conf_value.c - what the rows of a configuration table accept; see conf.h. */
#include "base/conf_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum {
	TEXT_MAX = 1024,		/* octets of a text value whose row names no maximum */
	NAME_MAX_OCTETS = 64		/* longest name that is compared for likeness */
};

size_t
conf_count_keys(const struct conf_group_def *def)
{
	size_t n = 0;

	while (def->keys[n].name != NULL)
		n++;
	return n;
}

const struct conf_key *
conf_find_key(const struct conf_group_def *def, struct span name)
{
	const struct conf_key *key;

	for (key = def->keys; key->name != NULL; key++)
		if (span_eq_str(name, key->name))
			return key;
	return NULL;
}

/* ---- likeness ----------------------------------------------------------------------- */

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned
conf_distance(struct span a, const char *b, unsigned limit)
{
	unsigned rows[3][NAME_MAX_OCTETS + 1];
	size_t n = strlen(b), i, j;

	if (a.n > NAME_MAX_OCTETS || n > NAME_MAX_OCTETS)
		return limit + 1;
	for (j = 0; j <= n; j++)
		rows[0][j] = (unsigned)j;
	for (i = 1; i <= a.n; i++) {
		unsigned *now = rows[i % 3], *before = rows[(i - 1) % 3], *swap = rows[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (j = 1; j <= n; j++) {
			unsigned same = a.p[i - 1] == (uint8_t)b[j - 1] ? 0 : 1;

			now[j] = least(before[j - 1] + same, least(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a.p[i - 1] == (uint8_t)b[j - 2] &&
			    a.p[i - 2] == (uint8_t)b[j - 1])
				now[j] = least(now[j], swap[j - 2] + 1);
		}
	}
	return least(rows[a.n % 3][n], limit + 1);
}

/* ---- values ------------------------------------------------------------------------- */

/* A number with one optional letter of `units`, each worth `worth[i]`. */
static int
parse_with_unit(struct span text, const char *units, const int64_t *worth, int64_t *out)
{
	const char *unit;
	int64_t factor = 1;
	char digits[24];
	int err;

	*out = 0;
	if (text.n > 1 && (unit = strchr(units, text.p[text.n - 1])) != NULL && *unit != '\0') {
		factor = worth[unit - units];
		text.n--;
	}
	if (span_to_cstr(text, digits, sizeof digits) != OK)
		return ERR_SYNTAX;
	err = text_number(digits, INT64_MIN / factor, INT64_MAX / factor, out);
	if (err == OK)
		*out *= factor;
	return err;
}

static int
parse_bool(struct span text, int64_t *out)
{
	static const struct { const char *word; int value; } words[] = {
		{ "true", 1 }, { "false", 0 }, { "yes", 1 }, { "no", 0 },
		{ "on", 1 }, { "off", 0 }, { "1", 1 }, { "0", 0 },
	};
	size_t i;

	*out = 0;
	for (i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (span_eq_nocase(text, words[i].word)) {
			*out = words[i].value;
			return OK;
		}
	}
	return ERR_SYNTAX;
}

static int
parse_word(const struct conf_key *key, struct span text)
{
	const char *word = key->words;

	for (;;) {
		size_t n = strcspn(word, "|");

		if (span_eq(text, span_of(word, n)))
			return OK;
		if (word[n] == '\0')
			return ERR_SYNTAX;
		word += n + 1;
	}
}

static int64_t
text_max(const struct conf_key *key)
{
	return key->max > 0 ? key->max : TEXT_MAX;
}

static void
print_seconds(int64_t s, struct sbuf *out)
{
	static const struct { char unit; int64_t worth; } units[] = {
		{ 'd', 86400 }, { 'h', 3600 }, { 'm', 60 },
	};
	size_t i;

	for (i = 0; s != 0 && i < sizeof units / sizeof units[0]; i++) {
		if (s % units[i].worth == 0) {
			sbuf_fmt(out, "%lld%c", (long long)(s / units[i].worth), units[i].unit);
			return;
		}
	}
	sbuf_fmt(out, "%llds", (long long)s);
}

static void
print_octets(int64_t n, struct sbuf *out)
{
	static const struct { char unit; int64_t worth; } units[] = {
		{ 'G', 1 << 30 }, { 'M', 1 << 20 }, { 'K', 1 << 10 },
	};
	size_t i;

	for (i = 0; n != 0 && i < sizeof units / sizeof units[0]; i++) {
		if (n % units[i].worth == 0) {
			sbuf_fmt(out, "%lld%c", (long long)(n / units[i].worth), units[i].unit);
			return;
		}
	}
	sbuf_fmt(out, "%lld", (long long)n);
}

void
conf_value_range(const struct conf_key *key, struct sbuf *out)
{
	const char *p;

	switch (key->type) {
	case CONF_TEXT:
		sbuf_fmt(out, "%lld..%lld octets", (long long)key->min, (long long)text_max(key));
		break;
	case CONF_NUMBER:
		sbuf_fmt(out, "%lld..%lld", (long long)key->min, (long long)key->max);
		break;
	case CONF_BOOL:
		sbuf_str(out, "true or false");
		break;
	case CONF_WORD:
		for (p = key->words; *p != '\0'; p++) {
			if (*p != '|')
				sbuf_char(out, *p);
			else
				sbuf_str(out, strchr(p + 1, '|') != NULL ? ", " : " or ");
		}
		break;
	case CONF_SECONDS:
		print_seconds(key->min, out);
		sbuf_str(out, "..");
		print_seconds(key->max, out);
		break;
	case CONF_OCTETS:
		print_octets(key->min, out);
		sbuf_str(out, "..");
		print_octets(key->max, out);
		break;
	case CONF_IGNORED:
		break;
	}
}

/* "70000 is not in 1..65535", "the value is empty: ...", without the value of a secret. */
static int
refuse(const struct conf_key *key, struct span text, const char *kind, int err, struct why *why)
{
	struct sbuf value = { 0 }, range = { 0 };

	if (key->flags & CONF_SECRET)
		sbuf_str(&value, "the value (not shown)");
	else if (text.n == 0)
		sbuf_str(&value, "an empty value");
	else
		sbuf_quote(&value, text);
	conf_value_range(key, &range);
	if (err == ERR_SYNTAX)
		why_set(why, err, "%s is not %s%s", value.s, kind, range.s);
	else
		why_set(why, err, "%s is not in %s", value.s, range.s);
	sbuf_done(&value);
	sbuf_done(&range);
	return err;
}

int
conf_value_parse(const struct conf_key *key, struct span text, struct conf_value *out, struct why *why)
{
	static const int64_t second_worth[] = { 1, 60, 3600, 86400 };
	static const int64_t octet_worth[] = { 1 << 10, 1 << 20, 1 << 30, 1 << 10, 1 << 20, 1 << 30 };
	const char *kind = "";
	bool ranged = false;
	int err = OK;

	out->number = 0;
	switch (key->type) {
	case CONF_TEXT:
		if ((int64_t)text.n < key->min || (int64_t)text.n > text_max(key))
			return why_set(why, ERR_RANGE, "the value has %zu octets, allowed are %lld..%lld", text.n,
			    (long long)key->min, (long long)text_max(key));
		break;
	case CONF_NUMBER:
		err = parse_with_unit(text, "", NULL, &out->number);
		kind = "a number in ";
		ranged = true;
		break;
	case CONF_BOOL:
		err = parse_bool(text, &out->number);
		break;
	case CONF_WORD:
		err = parse_word(key, text);
		break;
	case CONF_SECONDS:
		err = parse_with_unit(text, "smhd", second_worth, &out->number);
		kind = "a time (a number with s, m, h or d behind it) in ";
		ranged = true;
		break;
	case CONF_OCTETS:
		err = parse_with_unit(text, "KMGkmg", octet_worth, &out->number);
		kind = "a size (a number with K, M or G behind it) in ";
		ranged = true;
		break;
	case CONF_IGNORED:
		break;
	}
	if (err == OK && ranged && (out->number < key->min || out->number > key->max))
		err = ERR_RANGE;
	if (err != OK) {
		out->number = 0;
		return refuse(key, text, kind, err, why);
	}
	free(out->text);
	out->text = span_dup(text);
	return OK;
}
