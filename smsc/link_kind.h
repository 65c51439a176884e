/*
 * link_kind.h - what a kind of link is made of; for link.c and the kinds alone.
 *
 * Each kind completes struct smsc_link for itself. Its first member is the pointer to the kind's functions,
 * and all that link.c sees of it. The functions are those of link.h, with the same contract.
 */
#ifndef SMSC_LINK_KIND_H
#define SMSC_LINK_KIND_H

#include "smsc/link.h"

struct smsc_link_kind {
	struct smsc_link *(*create)(struct loop *loop, const struct smsc_config *cf, const struct smsc_events *ev,
	    void *app);
	void (*stop)(struct smsc_link *link, unsigned wait_ms);
	void (*destroy)(struct smsc_link *link);
	enum smsc_state (*state)(const struct smsc_link *link);
	const char *(*id)(const struct smsc_link *link);
	const struct smsc_stats *(*stats)(const struct smsc_link *link);
	unsigned (*window_used)(const struct smsc_link *link);
	size_t (*queued)(const struct smsc_link *link);
	unsigned (*room)(const struct smsc_link *link);
	int (*submit)(struct smsc_link *link, struct smsc_datagram *dg);
	int (*cancel)(struct smsc_link *link, struct smsc_cancel *c);
	int (*query)(struct smsc_link *link, struct smsc_query *q);	/* NULL: ERR_UNSUPPORTED */
	void (*receipt_done)(struct smsc_link *link, uint64_t token, bool ok);
};

/* Up to a quarter more, so that many do not come at once. */
int64_t smsc_jitter(int64_t ms);
/* The wait before the next try to connect, after so many that failed: doubling from the first step, with jitter. */
int64_t smsc_back_off(const struct smsc_config *cf, unsigned failures);

extern const struct smsc_link_kind smpp_link_kind;
extern const struct smsc_link_kind box_link_kind;	/* Kannel's bearerbox */
extern const struct smsc_link_kind udp_link_kind;
extern const struct smsc_link_kind http_link_kind;

#endif
