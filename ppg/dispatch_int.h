/*
 * dispatch_int.h - what the files of dispatch share. links thread only, but for what says otherwise.
 *
 *	dispatch.c		thread, links, ticks, stop
 *	dispatch_take.c		recipients in: from the store's queue, or past it
 *	dispatch_send.c		onto a link, and what became of it
 *	dispatch_receipt.c	delivery receipts into the store
 */
#ifndef PPG_DISPATCH_INT_H
#define PPG_DISPATCH_INT_H

#include <pthread.h>

#include "base/loop.h"
#include "ppg/dispatch.h"

struct link {
	struct dispatch *d;
	struct smsc_link *smsc;
	struct dispatch_link cf;
	uint64_t receipts;
};

struct dispatch {
	struct store *store;
	struct loop *loop;
	pthread_t thread;
	struct link *links;
	size_t n_links;
	unsigned in_hand_max, retry_min_s, retry_max_s;

	atomic_uint in_hand;		/* reserved, queued here or on a link, or answer not stored yet */
	atomic_uint links_up;
	atomic_bool backlog;		/* the store may hold due recipients */
	atomic_bool wake_posted, hand_posted;

	pthread_mutex_t lock;		/* guards handed, handed_tail */
	struct store_item *handed, **handed_tail;
	struct loop_work hand_work, wake_work;

	/* links thread only */
	struct store_item *ready, **ready_tail;
	struct store_take take;
	struct store_tick tick;
	bool take_running, tick_running, stopping;
	struct loop_work take_work, tick_work;
	struct loop_timer take_timer, tick_timer;

	atomic_ullong submitted, refused, retried, maybe_sent, delivered, failed, receipts,
	    receipts_unknown;
	atomic_uint ops;		/* store operations under way, for an orderly stop */
};

/* dispatch_send.c: give the links what they have room for; give back what waits here for one. */
void dispatch_feed(struct dispatch *d);
void dispatch_return_ready(struct dispatch *d);
void dispatch_answered(void *app, struct smsc_link *smsc, struct smsc_datagram *dg, enum smsc_verdict v);
/* dispatch_take.c: the queues; take due recipients from the store when there is room for them. */
void dispatch_take_init(struct dispatch *d);
void dispatch_look_for_more(struct dispatch *d);
/* dispatch_receipt.c */
void dispatch_receipt(void *app, struct smsc_link *smsc, const struct smsc_receipt *r, uint64_t token);

#endif
