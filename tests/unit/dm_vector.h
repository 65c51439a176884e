/*
 * dm_vector.h - loads tests/vectors/dm: NAME.txt has "word: value" lines, NAME.hex the body or the octets of package #0.
 */
#ifndef TESTS_UNIT_DM_VECTOR_H
#define TESTS_UNIT_DM_VECTOR_H

#include "tests/unit/test.h"

#include <dirent.h>

#include "base/text.h"

enum { DM_VECTORS_MAX = 64 };

struct dm_vector {
	char name[256];
	char text[4096];	/* the .txt, lines ended by NUL */
	size_t text_n;
	uint8_t *hex;		/* heap, exactly hex_n octets, so that ASan sees a step too far */
	size_t hex_n;
};

static size_t
dm_read(const char *name, const char *suffix, char *out, size_t size)
{
	char path[512];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, TOP_SRCDIR "/tests/vectors/dm/%s%s", name, suffix);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	n = fread(out, 1, size - 1, f);
	assert_true(n < size - 1);
	out[n] = '\0';
	fclose(f);
	return n;
}

/* The value behind "word: "; "" where it has none. Fails when the word is missing. */
static const char *
dm_get(const struct dm_vector *v, const char *word)
{
	size_t i, n = strlen(word);

	for (i = 0; i < v->text_n; i += strlen(v->text + i) + 1) {
		const char *line = v->text + i;

		if (strncmp(line, word, n) == 0 && line[n] == ':')
			return line[n + 1] == ' ' ? line + n + 2 : line + n + 1;
	}
	fail_msg("%s: no %s", v->name, word);
	return NULL;
}

/* The same, hexadecimal; `out` has room for 512 octets. */
static struct span
dm_get_hex(const struct dm_vector *v, const char *word, uint8_t *out)
{
	struct span s = span_str(dm_get(v, word));
	size_t n;

	assert_true(s.n <= 1024);
	assert_int_equal(text_hex(s, out, &n, NULL), OK);
	return span_of(out, n);
}

static void
dm_load(const char *name, struct dm_vector *v)
{
	char hex[8192];
	size_t i, n;

	memset(v, 0, sizeof *v);
	snprintf(v->name, sizeof v->name, "%s", name);
	v->text_n = dm_read(name, ".txt", v->text, sizeof v->text);
	assert_true(v->text_n > 0);
	for (i = 0; i < v->text_n; i++)
		if (v->text[i] == '\n')
			v->text[i] = '\0';
	n = dm_read(name, ".hex", hex, sizeof hex);
	for (i = 0; i < n; i++)
		if (hex[i] == '\n')
			hex[i] = ' ';
	v->hex = malloc(n / 2 + 1);
	assert_non_null(v->hex);
	assert_int_equal(text_hex(span_of(hex, n), v->hex, &v->hex_n, NULL), OK);
	v->hex = realloc(v->hex, v->hex_n > 0 ? v->hex_n : 1);
	assert_non_null(v->hex);
}

/* Calls `check` with each vector of a kind; returns how many there were. */
static unsigned
dm_each(const char *kind, void (*check)(const struct dm_vector *v))
{
	DIR *dir = opendir(TOP_SRCDIR "/tests/vectors/dm");
	struct dirent *entry;
	unsigned seen = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		char *dot = strrchr(entry->d_name, '.');
		struct dm_vector v;

		if (dot == NULL || strcmp(dot, ".txt") != 0)
			continue;
		*dot = '\0';
		dm_load(entry->d_name, &v);
		if (strcmp(dm_get(&v, "kind"), kind) == 0) {
			seen++;
			check(&v);
		}
		free(v.hex);
	}
	closedir(dir);
	return seen;
}

#endif
