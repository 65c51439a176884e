/*
 * admin_csv.h - the table of subscribers as text: RFC 4180 lines `address,number,profile[,facts[,imsi[,tier[,dm_servers]]]]`.
 *
 * An address is written TYPE:VALUE, or +DIGITS for plmn:+DIGITS. VALUE stands there as between "WAPPUSH=" and "/TYPE="
 * of a PAP address (WAP-249 6.1), so that %XX is an octet; what has to be escaped there may also stand here
 * as it is: user:john.doe@example.net is user:john.doe%40example.net.
 */
#ifndef PPG_ADMIN_CSV_H
#define PPG_ADMIN_CSV_H

#include "ppg/address.h"
#include "store/store.h"

enum { SUBSCRIBER_NAME_MAX = 128, SUBSCRIBER_FACTS_MAX = 4096 };

/* The key of the subscriber table. ERR_SYNTAX, ERR_LIMIT, ERR_UNSUPPORTED with *why, which does not quote it. */
int subscriber_key(const char *text, char key[ADDRESS_KEY_SIZE], struct why *why);
/* The address that a key stands for, escaped: plmn:+12025550100, user:john.doe%40example.net. */
void subscriber_print(const char *key, struct sbuf *out);
/* Letters, digits and . _ - +, at most SUBSCRIBER_NAME_MAX: the name of a profile. */
bool profile_name_ok(struct span name);

struct subscriber_table {
	struct store_subscriber *rows;	/* pointers into text */
	size_t n;
	char *text;			/* heap */
	char **made;			/* heap: facts that have more than the text of their field */
	size_t n_made;
	size_t lines;			/* rows of the body, good and bad, without the header */
	size_t n_bad;
};

/*
 * Reads a whole body. bad() is told of every line that is none, the first being number 1 (the header). OK when there
 * are none of them; ERR_SYNTAX. The caller frees with subscriber_table_done in either case.
 */
int subscriber_table_read(struct span body, struct subscriber_table *out,
    void (*bad)(void *arg, size_t line, const char *why), void *arg);
void subscriber_table_done(struct subscriber_table *t);

#endif
