/* smscsim_terms.h - what the file of accounts says of one account: who may bind, how, and how much. */
#ifndef SMSC_SMSCSIM_TERMS_H
#define SMSC_SMSCSIM_TERMS_H

#include "base/json.h"
#include "base/tls.h"
#include "smsc/smscsim_deliver.h"
#include "smsc/smscsim_session.h"

enum { SIM_PASSWORD_SIZE = 10 };

struct netlist;

struct sim_terms {
	char system_id[SIM_SYSTEM_ID_SIZE];
	bool has_password, has_client_key;
	char password[SIM_PASSWORD_SIZE];
	uint8_t client_key[TLS_PIN_SIZE];	/* digest of the key of its TLS certificate */
	unsigned binds;				/* 1 << enum sim_bound: allowed ones */
	unsigned max_binds;			/* at a time; 0: any number */
	unsigned rate;				/* requests a second; 0: any number */
	struct netlist *from;			/* addresses; NULL: any */
	json_t *receipts;			/* its own settings; NULL: none */
};

/* From its JSON object. ERR_SYNTAX, ERR_RANGE with a sentence: *out is empty. */
int sim_terms_read(json_t *spec, struct sim_terms *out, struct why *why);
void sim_terms_done(struct sim_terms *terms);

/* What a bind is answered with: ROK, RINVPASWD, or RBINDFAIL with a word of why for the log. */
uint32_t sim_terms_check(const struct sim_terms *terms, const struct sim_session *s, enum sim_bound bound,
    const char *password, const char **reason);

#endif
