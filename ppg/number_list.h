/*
 * number_list.h - a file of telephone numbers, a number a line, as a sorted set in memory.
 * The format is that of Kannel's white and black lists: blanks and '-' mean nothing, ':' begins a comment.
 */
#ifndef PPG_NUMBER_LIST_H
#define PPG_NUMBER_LIST_H

#include "base/buf.h"

enum { NUMBER_LIST_MAX = 5000000, NUMBER_LIST_LINE_MAX = 1000 };

struct number_list;

/*
 * Numbers are international: "+358401234567", "00358...", or the digits alone. ERR_IO, ERR_SYNTAX, ERR_LIMIT with
 * the number of the line in *why, never its text.
 */
int number_list_read(const char *path, struct number_list **out, struct why *why);
void number_list_destroy(struct number_list **list);
bool number_list_has(const struct number_list *list, const char *number);	/* with or without "+" */
size_t number_list_count(const struct number_list *list);

#endif
