/*
 * smscsim_fault.h - misbehaviour on request: a list of faults, each with what it falls on and
 * how often. Everything under sim->lock.
 */
#ifndef SMSC_SMSCSIM_FAULT_H
#define SMSC_SMSCSIM_FAULT_H

#include "base/json.h"

enum sim_fault_kind {
	SIM_FAULT_DELAY,		/* answer `value` ms later */
	SIM_FAULT_THROTTLE,		/* RTHROTTLED */
	SIM_FAULT_QUEUE_FULL,		/* RMSGQFUL */
	SIM_FAULT_DROP_RESPONSE,	/* taken or done, never answered */
	SIM_FAULT_DISCONNECT,		/* taken; `value` octets of the answer, then closed */
	SIM_FAULT_GARBAGE,		/* taken; `value` random octets instead of the answer */
	SIM_FAULT_HALF_OPEN,		/* nothing is read or written from now on */
	SIM_FAULT_REJECT,		/* command_status `value` */
	/* These come beside the one above that decides on the answer. */
	SIM_FAULT_SLOW_READER,		/* `value` octets a second are read from now on */
	SIM_FAULT_WRONG_SEQUENCE,	/* the answer's sequence number is `value` too high */
	SIM_FAULT_DUPLICATE_RECEIPT,	/* its receipt comes `value` times more */
	SIM_FAULT_RECEIPT_FIRST,	/* its receipt leaves at once, the answer `value` ms behind */
	SIM_FAULT_UNKNOWN_ID,		/* its receipt names a message that there never was */
	SIM_FAULT_KINDS,
	SIM_FAULT_NONE = SIM_FAULT_KINDS
};

/* Requests that faults fall on. */
enum sim_fault_on { SIM_ON_SUBMIT, SIM_ON_BIND, SIM_ON_ENQUIRE_LINK, SIM_ON_CANCEL, SIM_ON_REQUESTS };

/* What becomes of one request. */
struct sim_misdeed {
	enum sim_fault_kind kind;	/* SIM_FAULT_NONE: nothing but the delay */
	uint32_t value;
	uint32_t delay_ms;
	uint32_t read_rate;		/* octets a second; 0: as they come */
	uint32_t seq_off;
	uint32_t receipts_more;
	bool receipt_first, unknown_id;
	bool any;			/* something of the above */
};

struct sim_faults;

struct sim_faults *sim_faults_create(uint64_t seed);	/* of what is random in them */
void sim_faults_destroy(struct sim_faults **faults);

/*
 * Add one from its JSON object; *id is its number. ERR_SYNTAX, ERR_RANGE, ERR_LIMIT (too many) with
 * a sentence in *why.
 */
int sim_faults_add(struct sim_faults *faults, json_t *spec, unsigned *id, struct why *why);
json_t *sim_faults_list(const struct sim_faults *faults);	/* new reference */
/* All, or those of one kind; how many there were. */
unsigned sim_faults_clear(struct sim_faults *faults, const char *kind);
int sim_faults_check(json_t *spec, struct why *why);	/* whether it could be added */
bool sim_fault_is_kind(const char *name);

/*
 * The first fault that fits decides on the answer; the delays of all that fit are added up. Those that
 * fitted count down. system_id: of the session, or of who wants to bind; "" of nobody. dest: of a
 * submission or a cancel_sm, otherwise NULL.
 */
struct sim_misdeed sim_faults_apply(struct sim_faults *faults, enum sim_fault_on on,
    const char *system_id, const char *dest);

#endif
