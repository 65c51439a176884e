/*
 * access.h - what a known initiator may push, to whom, and how much of it.
 * Its rules are those of struct initiator; each refusal says which one it was.
 */
#ifndef PPG_ACCESS_H
#define PPG_ACCESS_H

#include "ppg/authenticator.h"
#include "ppg/initiator.h"
#include "store/store.h"

/* Why a push was refused to who asked. */
enum access_reason {
	ACCESS_OK,
	ACCESS_AUTH,			/* no login, a wrong one, too many wrong ones */
	ACCESS_ADDRESS_LIST,		/* IP addresses it may come from */
	ACCESS_PREFIX,			/* beginnings of numbers */
	ACCESS_NUMBER_LIST,		/* white and black lists */
	ACCESS_CONTENT_TYPE, ACCESS_APPLICATION_ID, ACCESS_INITIATOR_URI,
	ACCESS_RATE,			/* pushes a second */
	ACCESS_DAY_LIMIT,		/* recipients a day */
	ACCESS_REASONS
};
/* Stable words, as for a label of a metric: "auth", "address-list" ... */
const char *access_reason_name(enum access_reason reason);
/* What an answer of the authenticator counts as: ACCESS_OK for AUTH_OK, AUTH_WAIT and AUTH_BUSY. */
enum access_reason access_reason_of_auth(enum auth_result res);

/* "+digits" against prefixes and lists. ACCESS_OK (0), or why not, with the rule in *why. */
enum access_reason access_number(const struct initiator *who, const char *to, struct why *why);
/*
 * Media type as submitted, without parameters; app_id: value of X-Wap-Application-Id, NULL for none (then
 * it is the browser's, x-wap-application:wml.ua). ACCESS_OK (0), or why not.
 */
enum access_reason access_content(const struct initiator *who, const char *content_type, const char *app_id,
    struct why *why);

/* Does the account's application-id name this application, in any spelling? */
bool access_names_app(const struct initiator *who, const char *app_id);

struct access_meters;

/* Reads what was used today from the store, once for each initiator. */
struct access_meters *access_meters_create(struct store *store);
void access_meters_destroy(struct access_meters **m);
/*
 * Before a push is written: OK and it counts; ERR_FULL: too many pushes a second, *retry_s says when to
 * come again (ACCESS_RATE); ERR_LIMIT: more recipients than this initiator has for a day (ACCESS_DAY_LIMIT).
 * Any thread.
 */
int access_take(struct access_meters *m, const struct initiator *who, uint32_t recipients, unsigned *retry_s,
    struct why *why);
/* The push was not written after all: its recipients were not used. Its share of the second was. */
void access_give_back(struct access_meters *m, const struct initiator *who, uint32_t recipients);

#endif
