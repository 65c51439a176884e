/*
 * tally.h - what came of requests, counted by initiator and by reason, for metrics. Only initiators of the
 * configuration are ever named here, so that nobody outside decides how many counters there are.
 */
#ifndef PPG_TALLY_H
#define PPG_TALLY_H

#include "ppg/access.h"

struct tally;

/* Reasons of access.h, and behind them: */
enum {
	TALLY_BADMESSAGE = ACCESS_REASONS,	/* no PAP document that could be read */
	TALLY_BUSY,				/* 503 */
	TALLY_2XXX, TALLY_3XXX, TALLY_4XXX, TALLY_5XXX,	/* PAP codes without a reason of the initiator's account */
	TALLY_REASONS
};
/* "rate", "busy", "2xxx" ... */
const char *tally_reason_name(unsigned reason);
/* The reason that a refusal counts under. */
unsigned tally_reason(enum access_reason reason, bool badmessage, int code);

enum { TALLY_CODES = 5 * 32 };

struct tally_counts {
	uint64_t pushes, recipients, operations, refused[TALLY_REASONS];
};

struct tally *tally_create(void);
void tally_destroy(struct tally **t);
/* Any thread. pi NULL: nobody is known; it counts in the sum only. */
void tally_accepted(struct tally *t, const char *pi, uint32_t recipients);
void tally_operation(struct tally *t, const char *pi);
void tally_refused(struct tally *t, const char *pi, unsigned reason);
void tally_code(struct tally *t, int code);	/* of a PAP answer */
/* Of one initiator (all zero when it never came), or (NULL) of all. */
void tally_get(struct tally *t, const char *pi, struct tally_counts *out);
uint64_t tally_code_get(struct tally *t, int code);

#endif
