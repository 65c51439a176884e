/*
 * dm_command.h - the commands of a message of a DM server, applied to the management tree:
 * statuses and results.
 * Spec: OMA-TS-DM_RepPro 1.2 (commands, status codes), OMA-TS-DM_Protocol 1.2 (Alerts for the
 * user, 8.4).
 */
#ifndef ROUTER_DM_COMMAND_H
#define ROUTER_DM_COMMAND_H

#include "router/dm_tree.h"
#include "wap/syncml.h"

struct dm_run {
	struct dm_tree **tree;		/* an Atomic that fails puts the old one back */
	const char *server;		/* NULL: a bootstrap, no ACL */
	bool consent;			/* the user's answer to a question */
	/*
	 * Beside the lists: may this be read (value NULL) or replaced? 200, or the status
	 * instead. May be NULL.
	 */
	unsigned (*guard)(void *arg, const char *uri, const struct span *value);
	void *guard_arg;
	size_t room;			/* octets that results and statuses may still take; what does not fit is 413 */
	/* Of each command and item; target "" without one. May be NULL. */
	void (*note)(void *arg, const char *command, const char *target, unsigned status);
	void *note_arg;
};

/* Is there something to be done in it: a command that is neither Status nor Results? */
bool dm_command_any(const struct syncml_message *m);
/*
 * Runs the commands of m in their order. Statuses and Results are added to reply (NULL: none
 * are wanted).
 */
void dm_command_run(struct dm_run *run, const struct syncml_message *m,
    struct syncml_message *reply);
/* Runs none of them: each has this status. */
void dm_command_refuse(struct dm_run *run, const struct syncml_message *m, unsigned status,
    struct syncml_message *reply);

#endif
