/*
 * message_case.h - a message as a policy case has it (policy/case_json.h): what decisions look at, and no more. Made of
 * a captured message and of one that the store keeps.
 */
#ifndef PPG_MESSAGE_CASE_H
#define PPG_MESSAGE_CASE_H

#include "base/json.h"

/* What its headers say. Texts are borrowed; NULL or "" is absent. */
struct message_head {
	const char *bearer, *from, *from_ton;	/* not of the message itself */
	const char *media, *app_id, *initiator_uri;
	int push_flag;				/* -1: absent */
	const char *sec, *mac;			/* as written; the MAC is never copied */
	bool mac_wrong;				/* no PIN fits it, that much is known */
};

/* {"bearer","from","content_type",...}: a new reference; NULL and *why for a text that is not UTF-8. */
json_t *message_case(const struct message_head *head, struct why *why);

/*
 * What its body says goes into the same object: href, settings. `masked`: of the settings only what devices decide by
 * keeps its value, others are ""; of the href what stands in front of its path. ERR_SYNTAX and others with *why for a
 * body that is not what its type says; of other types nothing is read.
 */
int message_case_body(json_t *message, const char *media, struct span body, bool masked, struct why *why);

#endif
