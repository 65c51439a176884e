/* smscsim_account.c - see smscsim_account.h. */
#include "smsc/smscsim_account.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "smsc/smscsim_file.h"

struct sim_accounts {
	struct sim_account *first;
	unsigned n;
	bool closed;			/* only those of the file may bind */
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
		sim_terms_done(&account->terms);
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

/* ---- the file ------------------------------------------------------------------------ */

struct reading {
	struct sim_terms *terms;
	unsigned n;
};

static int
read_one(void *arg, json_t *item, struct why *why)
{
	struct reading *r = arg;
	unsigned i;
	int err;

	if (r->n == SIM_ACCOUNTS_MAX)
		return why_set(why, ERR_LIMIT, "more than %d accounts", SIM_ACCOUNTS_MAX);
	err = sim_terms_read(item, &r->terms[r->n], why);
	if (err)
		return err;
	for (i = 0; i < r->n; i++)
		if (strcmp(r->terms[i].system_id, r->terms[r->n].system_id) == 0) {
			err = why_set(why, ERR_EXISTS, "system_id %s: there is one already",
			    r->terms[i].system_id);
			sim_terms_done(&r->terms[r->n]);
			return err;
		}
	r->n++;
	return OK;
}

static void settle(const struct sim_accounts *all, struct sim_account *account);

/* Takes over *terms, which is empty afterwards. */
static void
list(struct sim_accounts *all, struct sim_account *account, struct sim_terms *terms)
{
	account->listed = true;
	account->terms = *terms;
	account->bucket = 1000 * (int64_t)terms->rate;
	*terms = (struct sim_terms){ 0 };
	json_decref(account->own);
	account->own = account->terms.receipts != NULL ? json_deep_copy(account->terms.receipts) : NULL;
	settle(all, account);
}

int
sim_accounts_load(struct sim_accounts *all, const char *path, struct why *why)
{
	struct reading r = { .terms = sim_alloc(SIM_ACCOUNTS_MAX * sizeof *r.terms) };
	struct sim_account *account;
	unsigned i, more = 0;
	int err = sim_file_each(path, read_one, &r, why);

	for (i = 0; err == OK && i < r.n; i++) {
		for (account = all->first; account != NULL; account = account->next)
			if (strcmp(account->system_id, r.terms[i].system_id) == 0)
				break;
		more += account == NULL;
	}
	if (err == OK && all->n + more > SIM_ACCOUNTS_MAX)
		err = why_set(why, ERR_LIMIT, "%s: with those that were there more than %d accounts", path,
		    SIM_ACCOUNTS_MAX);
	if (err == OK) {
		all->closed = true;
		for (account = all->first; account != NULL; account = account->next) {
			account->listed = false;
			sim_terms_done(&account->terms);
		}
		for (i = 0; i < r.n; i++)
			list(all, sim_account_get(all, r.terms[i].system_id), &r.terms[i]);
		log_info("smscsim", "%s: %u accounts", path, r.n);
	}
	for (i = 0; i < r.n; i++)
		sim_terms_done(&r.terms[i]);
	free(r.terms);
	return err;
}

/* ---- what an account may ------------------------------------------------------------- */

static const struct sim_account *
find_listed(const struct sim_accounts *all, const char *system_id)
{
	const struct sim_account *account;

	for (account = all->first; account != NULL; account = account->next)
		if (account->listed && strcmp(account->system_id, system_id) == 0)
			return account;
	return NULL;
}

static uint32_t
check(const struct sim_accounts *all, const struct sim_session *s, const struct smpp_pdu *pdu,
    enum sim_bound bound, const char **reason)
{
	const struct sim_account *account = find_listed(all, pdu->system_id);
	uint32_t status;

	*reason = "";
	if (!all->closed)
		return SMPP_OK;
	if (account == NULL)
		return SMPP_RINVSYSID;
	status = sim_terms_check(&account->terms, s, bound, pdu->password, reason);
	if (status == SMPP_OK && account->terms.max_binds > 0 && account->bound >= account->terms.max_binds)
		return SMPP_RALYBND;
	return status;
}

struct sim_account *
sim_account_bind(struct sim_accounts *all, struct sim_session *s, const struct smpp_pdu *pdu,
    enum sim_bound bound, uint32_t *status)
{
	struct sim_account *account = NULL;
	const char *reason;

	*status = check(all, s, pdu, bound, &reason);
	if (*status == SMPP_OK) {
		account = sim_account_get(all, pdu->system_id);
		if (account == NULL) {
			*status = SMPP_RBINDFAIL;
			reason = "too many accounts";
		}
	}
	if (account == NULL) {
		log_info("smscsim", "session %u: may not bind: %s%s%s", s->number, smpp_status_name(*status),
		    *reason != '\0' ? ", " : "", reason);
		return NULL;
	}
	account->bound++;
	s->counted = true;
	return account;
}

void
sim_account_leave(struct sim_session *s)
{
	if (s->counted)
		s->account->bound--;
	s->counted = false;
}

bool
sim_account_takes(struct sim_account *account, int64_t now_ms)
{
	int64_t most = 1000 * (int64_t)account->terms.rate, passed = now_ms - account->bucket_at_ms;

	if (most == 0)
		return true;
	account->bucket += passed > 1000 ? most : passed * account->terms.rate;
	account->bucket_at_ms = now_ms;
	if (account->bucket > most)
		account->bucket = most;
	if (account->bucket < 1000) {
		account->throttled++;
		return false;
	}
	account->bucket -= 1000;
	return true;
}

json_t *
sim_accounts_list(const struct sim_accounts *all)
{
	json_t *list = json_array();
	const struct sim_account *account;

	for (account = all->first; account != NULL; account = account->next)
		json_array_append_new(list, json_pack("{s:o,s:b,s:I,s:I,s:I,s:I,s:I}", "system_id",
		    json_span(span_str(account->system_id)), "listed", account->listed,
		    "max_binds", (json_int_t)account->terms.max_binds, "rate", (json_int_t)account->terms.rate,
		    "bound", (json_int_t)account->bound, "submit_sm", (json_int_t)account->submit_sm,
		    "throttled", (json_int_t)account->throttled));
	return list;
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
