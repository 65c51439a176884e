/*
 * smscsim_account.h - who binds: one account a system_id, with its receivers, what waits for them, and its own
 * settings of receipts. Everything under sim->lock.
 */
#ifndef SMSC_SMSCSIM_ACCOUNT_H
#define SMSC_SMSCSIM_ACCOUNT_H

#include "base/json.h"
#include "smsc/smscsim_deliver.h"
#include "smsc/smscsim_session.h"

/* deliver_sm that wait for a receiver, oldest first. */
struct sim_queue {
	struct sim_receipt *first, **last;
};

/* Everyone who binds with one system_id; what is for it goes to any receiver among them. */
struct sim_account {
	struct sim_account *next;
	char system_id[SIM_SYSTEM_ID_SIZE];
	struct sim_session *receivers;	/* the next one to use first */
	struct sim_queue receipts;	/* due or held */
	struct sim_queue mos;		/* messages of handsets; before the receipts */
	json_t *own;			/* members of set that are its own, the others are everyone's; NULL: none */
	struct sim_settings set;
};

struct sim_accounts;

struct sim_accounts *sim_accounts_create(void);
void sim_accounts_destroy(struct sim_accounts **accounts);	/* after the receipts */

/* The account of a system_id, made when it is new; NULL when there are too many. */
struct sim_account *sim_account_get(struct sim_accounts *accounts, const char *system_id);
struct sim_account *sim_accounts_first(const struct sim_accounts *accounts);

/*
 * Change the settings of receipts that the JSON object names: of one account when it has the member
 * system_id, otherwise of all for what is not their own. ERR_SYNTAX, ERR_RANGE or ERR_LIMIT with a sentence,
 * and nothing is changed.
 */
int sim_accounts_set(struct sim_accounts *accounts, json_t *spec, struct why *why);
json_t *sim_accounts_settings(const struct sim_accounts *accounts);	/* new reference */

#endif
