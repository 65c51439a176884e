/* number_list.c - see number_list.h. */
#include "ppg/number_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DIGITS_MAX = 18 };	/* E.164 has 15; 18 fit into 64 bits */

struct number_list {
	size_t n, room;
	uint64_t *numbers;	/* ascending */
};

/* Digits that do not begin with 0 into a number. */
static bool
read_digits(const char *digits, size_t n, uint64_t *out)
{
	size_t i;

	*out = 0;
	if (n == 0 || n > DIGITS_MAX || digits[0] == '0')
		return false;
	for (i = 0; i < n; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(digits[i] - '0');
	}
	return true;
}

/* OK; ERR_NOT_FOUND: there is no number in this line; ERR_SYNTAX. */
static int
read_line(const char *line, size_t n, uint64_t *out)
{
	char digits[DIGITS_MAX + 4];
	size_t i, k = 0;

	for (i = 0; i < n && line[i] != ':' && line[i] != '#'; i++) {
		if (strchr(" \t\r-", line[i]) != NULL && line[i] != '\0')
			continue;
		if (k == sizeof digits)
			return ERR_SYNTAX;
		digits[k++] = line[i];
	}
	if (k == 0)
		return ERR_NOT_FOUND;
	if (digits[0] == '+')
		return read_digits(digits + 1, k - 1, out) ? OK : ERR_SYNTAX;
	if (k > 2 && digits[0] == '0' && digits[1] == '0')
		return read_digits(digits + 2, k - 2, out) ? OK : ERR_SYNTAX;
	return read_digits(digits, k, out) ? OK : ERR_SYNTAX;
}

static void
add(struct number_list *list, uint64_t number)
{
	if (list->n == list->room) {
		list->room = list->room > 0 ? 2 * list->room : 64;
		list->numbers = realloc(list->numbers, list->room * sizeof list->numbers[0]);
		if (list->numbers == NULL)
			abort();
	}
	list->numbers[list->n++] = number;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int
read_file(FILE *f, struct number_list *list, struct why *why)
{
	char line[NUMBER_LIST_LINE_MAX + 2];
	unsigned long at = 0;
	uint64_t number;

	while (fgets(line, sizeof line, f) != NULL) {
		size_t n = strlen(line);
		int err;

		at++;
		if (n == sizeof line - 1 && line[n - 1] != '\n')
			return why_set(why, ERR_LIMIT, "line %lu has more than %d octets", at, NUMBER_LIST_LINE_MAX);
		if (n > 0 && line[n - 1] == '\n')
			n--;
		err = read_line(line, n, &number);
		if (err == ERR_NOT_FOUND)
			continue;
		if (err != OK)
			return why_set(why, err, "line %lu is not an international number such as +12025550100", at);
		if (list->n == NUMBER_LIST_MAX)
			return why_set(why, ERR_LIMIT, "more than %d numbers", NUMBER_LIST_MAX);
		add(list, number);
	}
	return ferror(f) ? why_set(why, ERR_IO, "%s", strerror(errno)) : OK;
}

int
number_list_read(const char *path, struct number_list **out, struct why *why)
{
	struct number_list *list;
	struct stat st;
	FILE *f;
	int err;

	*out = NULL;
	/* opening a pipe would wait for whoever writes */
	if (stat(path, &st) != 0)
		return why_set(why, ERR_IO, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return why_set(why, ERR_IO, "is not a file");
	f = fopen(path, "re");
	if (f == NULL)
		return why_set(why, ERR_IO, "%s", strerror(errno));
	list = calloc(1, sizeof *list);
	if (list == NULL)
		abort();
	err = read_file(f, list, why);
	fclose(f);
	if (err != OK) {
		number_list_destroy(&list);
		return err;
	}
	if (list->n > 0)
		qsort(list->numbers, list->n, sizeof list->numbers[0], compare);
	*out = list;
	return OK;
}

void
number_list_destroy(struct number_list **list)
{
	if (*list == NULL)
		return;
	free((*list)->numbers);
	free(*list);
	*list = NULL;
}

bool
number_list_has(const struct number_list *list, const char *number)
{
	uint64_t wanted;

	number += number[0] == '+';
	if (list == NULL || list->n == 0 || !read_digits(number, strlen(number), &wanted))
		return false;
	return bsearch(&wanted, list->numbers, list->n, sizeof wanted, compare) != NULL;
}

size_t
number_list_count(const struct number_list *list)
{
	return list->n;
}
