/*
 * smscsim_account.h - who binds: one account a system_id, with its receivers, what waits for them, and its own
 * settings of receipts. Everything under sim->lock.
 */
#ifndef SMSC_SMSCSIM_ACCOUNT_H
#define SMSC_SMSCSIM_ACCOUNT_H

#include "base/json.h"
#include "smsc/smscsim_deliver.h"
#include "smsc/smscsim_session.h"
#include "smsc/smscsim_terms.h"

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
	bool listed;			/* terms are those of the file */
	struct sim_terms terms;
	unsigned bound;			/* sessions */
	int64_t bucket, bucket_at_ms;	/* requests left, in thousandths; when that was */
	uint64_t submit_sm, throttled;
};

struct sim_accounts;

struct sim_accounts *sim_accounts_create(void);
void sim_accounts_destroy(struct sim_accounts **accounts);	/* after the receipts */

/* The account of a system_id, made when it is new; NULL when there are too many. */
struct sim_account *sim_account_get(struct sim_accounts *accounts, const char *system_id);
struct sim_account *sim_accounts_first(const struct sim_accounts *accounts);

/*
 * From now on only the accounts of the file may bind, as it says; sessions that are bound stay. Any error:
 * nothing is changed, and *why names file and line.
 */
int sim_accounts_load(struct sim_accounts *accounts, const char *path, struct why *why);

/* One more bind: its account, or NULL and what to answer with. */
struct sim_account *sim_account_bind(struct sim_accounts *accounts, struct sim_session *s,
    const struct smpp_pdu *pdu, enum sim_bound bound, uint32_t *status);
void sim_account_leave(struct sim_session *s);	/* its session ends; once is enough */
/* One more request; false: there are too many of them, RTHROTTLED. */
bool sim_account_takes(struct sim_account *account, int64_t now_ms);

json_t *sim_accounts_list(const struct sim_accounts *accounts);	/* new reference; no passwords */

/*
 * Change the settings of receipts that the JSON object names: of one account when it has the member
 * system_id, otherwise of all for what is not their own. ERR_SYNTAX, ERR_RANGE or ERR_LIMIT with a sentence,
 * and nothing is changed.
 */
int sim_accounts_set(struct sim_accounts *accounts, json_t *spec, struct why *why);
json_t *sim_accounts_settings(const struct sim_accounts *accounts);	/* new reference */

#endif
