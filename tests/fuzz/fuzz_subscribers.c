/*
 * fuzz_subscribers.c - tables of subscribers. What is taken has keys that print to an address with the same key.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ppg/admin_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
count(void *arg, size_t line, const char *why)
{
	if (line == 0 || why[0] == '\0' || strlen(why) > WHY_MAX)
		abort();
	++*(size_t *)arg;
}

static void
check_row(const struct store_subscriber *row)
{
	char key[ADDRESS_KEY_SIZE];
	struct sbuf address = { 0 };
	struct why why;

	subscriber_print(row->key, &address);
	if (subscriber_key(address.s, key, &why) != OK || strcmp(key, row->key) != 0)
		abort();
	if (row->number == NULL && row->profile == NULL && row->facts == NULL)
		abort();
	sbuf_done(&address);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct subscriber_table table;
	size_t bad = 0, i;
	int err = subscriber_table_read(span_of(data, n), &table, count, &bad);

	if ((err == OK) != (bad == 0) || bad != table.n_bad)
		abort();
	for (i = 0; i < table.n; i++)
		check_row(&table.rows[i]);
	subscriber_table_done(&table);
	return 0;
}
