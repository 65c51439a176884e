/* smscsim_account.c - see smscsim_account.h. */
#include "smsc/smscsim_account.h"

#include <stdlib.h>
#include <string.h>

struct sim_accounts {
	struct sim_account *first;
	unsigned n;
	struct sim_settings set;	/* of all that have none of their own */
};

struct sim_accounts *
sim_accounts_create(void)
{
	struct sim_accounts *all = sim_alloc(sizeof *all);

	all->set = sim_settings_default();
	return all;
}

void
sim_accounts_destroy(struct sim_accounts **p)
{
	struct sim_accounts *all = *p;
	struct sim_account *account;

	if (all == NULL)
		return;
	while ((account = all->first) != NULL) {
		all->first = account->next;
		json_decref(account->own);
		free(account);
	}
	free(all);
	*p = NULL;
}

struct sim_account *
sim_accounts_first(const struct sim_accounts *all)
{
	return all->first;
}

struct sim_account *
sim_account_get(struct sim_accounts *all, const char *system_id)
{
	struct sim_account *account;

	for (account = all->first; account != NULL; account = account->next)
		if (strcmp(account->system_id, system_id) == 0)
			return account;
	if (all->n == SIM_ACCOUNTS_MAX)
		return NULL;
	account = sim_alloc(sizeof *account);
	strcpy(account->system_id, system_id);
	account->receipts.last = &account->receipts.first;
	account->mos.last = &account->mos.first;
	account->set = all->set;
	account->next = all->first;
	all->first = account;
	all->n++;
	return account;
}

/* ---- settings ------------------------------------------------------------------------ */

/* Those of all, and what is its own on top of them. */
static void
settle(const struct sim_accounts *all, struct sim_account *account)
{
	account->set = all->set;
	if (account->own != NULL)
		sim_settings_read(&account->set, account->own, NULL);
}

static int
set_all(struct sim_accounts *all, json_t *spec, struct why *why)
{
	struct sim_account *account;
	int err = sim_settings_read(&all->set, spec, why);

	if (err == OK)
		for (account = all->first; account != NULL; account = account->next)
			settle(all, account);
	return err;
}

/* state and states stand for each other: the last one counts. */
static void
replace_own(struct sim_account *account, json_t *spec)
{
	if (account->own == NULL)
		account->own = json_object();
	if (json_object_get(spec, "state") != NULL || json_object_get(spec, "states") != NULL) {
		json_object_del(account->own, "state");
		json_object_del(account->own, "states");
	}
	json_object_update(account->own, spec);
}

static int
set_one(struct sim_accounts *all, const char *system_id, json_t *spec, struct why *why)
{
	struct sim_settings set = all->set;
	struct sim_account *account;
	int err;

	if (system_id == NULL || *system_id == '\0' || strlen(system_id) >= SIM_SYSTEM_ID_SIZE)
		return why_set(why, ERR_SYNTAX, "system_id: not a string of 1 to %d characters",
		    SIM_SYSTEM_ID_SIZE - 1);
	json_object_del(spec, "system_id");
	err = sim_settings_read(&set, spec, why);
	if (err)
		return err;
	account = sim_account_get(all, system_id);
	if (account == NULL)
		return why_set(why, ERR_LIMIT, "there are %d accounts already", SIM_ACCOUNTS_MAX);
	replace_own(account, spec);
	settle(all, account);
	return OK;
}

int
sim_accounts_set(struct sim_accounts *all, json_t *spec, struct why *why)
{
	json_t *name = json_object_get(spec, "system_id"), *copy;
	int err;

	if (name == NULL)
		return set_all(all, spec, why);
	copy = json_deep_copy(spec);
	err = set_one(all, json_string_value(name), copy, why);
	json_decref(copy);
	return err;
}

json_t *
sim_accounts_settings(const struct sim_accounts *all)
{
	json_t *o = sim_settings_json(&all->set), *own = json_object();
	const struct sim_account *account;

	for (account = all->first; account != NULL; account = account->next)
		if (account->own != NULL)
			json_object_set_new(own, account->system_id, json_deep_copy(account->own));
	if (json_object_size(own) > 0)
		json_object_set(o, "accounts", own);
	json_decref(own);
	return o;
}
