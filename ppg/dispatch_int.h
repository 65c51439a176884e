/*
 * dispatch_int.h - what the files of dispatch share. links thread only, but for what says otherwise.
 *
 *	dispatch.c		thread, ticks, stop
 *	dispatch_link.c		the links: states, reload, what the admin API shows
 *	dispatch_take.c		recipients in: from the store's queue, or past it
 *	dispatch_lane.c		who waits here for a link, by route and priority
 *	dispatch_pick.c		which link that is
 *	dispatch_send.c		onto a link, and what became of it
 *	dispatch_cancel.c	and back again
 *	dispatch_receipt.c	delivery receipts into the store
 *	dispatch_query.c	receipts that did not come: asking the SMSC
 */
#ifndef PPG_DISPATCH_INT_H
#define PPG_DISPATCH_INT_H

#include <pthread.h>

#include "base/loop.h"
#include "ppg/dispatch.h"

struct link {
	struct dispatch *d;
	struct smsc_link *smsc;		/* NULL at the end, when only the store still names this link */
	struct dispatch_link cf;
	int64_t full_since;		/* clock_mono_ms; 0: there was room when somebody looked last */
	unsigned users;			/* receipts and cancels that will come back to it */
	bool leaving;			/* of an older configuration: ends when nobody uses it */
	struct link *next_leaving;
	struct {			/* whom it is asked about, because no receipt came */
		struct question *first;
		unsigned n, budget;	/* query_sm that wait for an answer; that may still go this second */
		int64_t budget_ms;	/* clock_mono_ms when that second began */
		uint64_t asked, ended;	/* recipients of the burst */
		int64_t last_ms;	/* clock_mono_ms of the last one; 0: there is no burst */
	} ask;
};

/*
 * Recipients that wait here, and whom the same links suit alike. What made them so (wishes, which whoever pushes may
 * vary at will) does not matter: there are no more lanes than the configuration has differences to make.
 */
struct lane {
	struct lane *next;
	const struct route_rule *rule;	/* that decides for them; NULL: none does */
	const struct route_place **places;	/* in it, of each link; NULL without a rule */
	int *scores;			/* of each link */
	bool timed;			/* they have a time of their own */
	struct store_item *first[STORE_PRIORITIES], **last[STORE_PRIORITIES];
};

enum { TICK_ROWS = 500 };		/* rows of the store that one tick may touch */

struct dispatch {
	struct store *store;
	struct loop *loop;
	pthread_t thread;
	unsigned retry_min_s, retry_max_s;

	unsigned room[STORE_PRIORITIES];		/* recipients that may be in hand */
	atomic_uint in_hand[STORE_PRIORITIES];	/* reserved, waiting here or on a link, or answer not stored yet */
	atomic_uint links_up;
	atomic_bool backlog[STORE_PRIORITIES];	/* the store may hold due recipients of the class */
	atomic_bool wake_posted, hand_posted, screened_posted;

	pthread_mutex_t lock;		/* guards handed, handed_tail */
	struct store_item *handed, **handed_tail;
	struct screened *screened;	/* under lock: what the screen gave back */
	bool (*screen)(void *arg, struct store_item *item);
	void *screen_arg;
	void (*on_failed)(void *arg, int64_t push, uint32_t n);
	void *failed_arg;
	struct loop_work hand_work, wake_work, screened_work;

	/* links thread only */
	struct link **links, *leaving;
	size_t n_links;
	struct route_rules *rules;	/* NULL: none */
	struct pick_state *states;	/* of each rule */
	int64_t *passes;		/* of each rule and link */
	bool by_number;			/* links differ in the numbers that they take */
	const struct route_rule *sent_by;	/* the rule of the one that lanes_next gave last; NULL: none */
	bool sent_timed;		/* and whether it has a time of its own */
	int64_t feed_ms;		/* clock_mono_ms when a rule's throughput lets the next one go; 0: none waits for that */
	int64_t minute;			/* for which rules with times were looked at */
	int *scratch;			/* a score for each link */
	struct loop_timer feed_timer;
	struct lane *lanes;		/* the first, which stays, is for pushes without wishes or times */
	unsigned turn;
	uint64_t arrivals;		/* recipients that came into the lanes */
	struct store_take take;
	int64_t due_at[STORE_PRIORITIES];	/* UTC s: when to look for more of the class; 0 = nothing waits */
	struct take_filter *filter;	/* what it leaves out */
	int64_t extra_ms;		/* when it last looked for links that have nothing to do */
	struct store_tick tick;
	struct store_ended ended[TICK_ROWS];
	struct dispatch_cancel *cancels;	/* under way */
	bool take_running, tick_running, stopping, giving_up;
	struct loop_work take_work, tick_work, give_up_work;
	struct loop_timer take_timer, extra_timer, tick_timer;

	atomic_ullong submitted, refused, retried, maybe_sent, delivered, failed, receipts,
	    receipts_unknown, cancelled, asked;
	atomic_uint ops;		/* store operations under way, for an orderly stop */
};

/* dispatch_link.c */
void dispatch_links_init(struct dispatch *d, const struct dispatch_link *links, size_t n);
void dispatch_links_start(struct dispatch *d);
void dispatch_links_close(struct dispatch *d);		/* what they have comes back; they stay for their users */
void dispatch_links_done(struct dispatch *d);		/* after the thread has ended */
struct link *dispatch_link_find(struct dispatch *d, const char *smsc_id);	/* also one that is leaving */
void dispatch_link_release(struct link *link);		/* one user less */
/* dispatch_lane.c */
void lanes_init(struct dispatch *d);
void lanes_done(struct dispatch *d);
void lanes_add(struct dispatch *d, struct store_item *items);
void lanes_rescore(struct dispatch *d);			/* links or rules have changed */
void lanes_minute(struct dispatch *d);			/* the times of rules may be over, or come */
/* Who goes next, and on which link; NULL when nobody can. It is taken out. */
struct store_item *lanes_next(struct dispatch *d, struct link **link);
/* Calls each() for every lane in which somebody of class p waits since then or longer. */
void lanes_waiting(struct dispatch *d, unsigned p, int64_t since_ms,
    void (*each)(void *arg, const struct lane *lane, int64_t arrived_ms), void *arg);
/* Takes out those of a lane for which no link is up (any: of every lane). */
struct store_item *lanes_stranded(struct dispatch *d, bool any);
/* Those for which no link is up go back to the store's queue; at the end, all do. */
void dispatch_return_stranded(struct dispatch *d);
/* Takes out those of one push that wanted() says yes to. */
struct store_item *lanes_remove(struct dispatch *d, int64_t push, bool (*wanted)(void *arg, uint32_t n), void *arg);
/* Takes out those whose deadline has passed. */
struct store_item *lanes_overdue(struct dispatch *d, int64_t now);
/* dispatch_pick.c */
/* How fast a rule has gone, and when it may again. */
struct pick_state {
	int64_t tokens, tokens_at;	/* thousandths of a PDU; clock_mono_ms */
};
void pick_init(struct dispatch *d);			/* for its links and rules */
void pick_done(struct dispatch *d);
struct link *pick_link(struct dispatch *d, const struct lane *lane);	/* NULL: wait */
void pick_took(struct dispatch *d, const struct lane *lane, const struct link *link);
void pick_spent(struct dispatch *d, const struct route_rule *rule, unsigned pdus);	/* beyond the first */
/* dispatch_send.c: give the links what they have room for; give back what waits here in vain. */
void dispatch_feed(struct dispatch *d);
void dispatch_expire(struct dispatch *d);		/* who waits here and is too late */
void dispatch_return(struct dispatch *d, struct store_item *items, int64_t due_in_s);
void dispatch_answered(void *app, struct smsc_link *smsc, struct smsc_datagram *dg, enum smsc_verdict v);
/* One that no link shall have ends undeliverable. */
void dispatch_refuse(struct dispatch *d, struct store_item *item, int code, const char *desc);
/* dispatch_take.c: the queues; take due recipients from the store when there is room for them. */
void dispatch_take_init(struct dispatch *d);
void dispatch_look_for_more(struct dispatch *d);
/* Somebody's place is free again; any thread. */
void dispatch_leave(struct dispatch *d, enum store_priority priority);
/* dispatch_cancel.c */
void dispatch_cancel_init(struct dispatch *d);
void dispatch_cancelled(void *app, struct smsc_link *smsc, struct smsc_cancel *c, enum smsc_verdict v,
    uint32_t status);
/*
 * Which address a message was sent from is not kept: an SMSC that refuses the link's own is asked again with those of
 * the rules that name the link. False: there is no other.
 */
struct source_try {
	size_t next_rule;
	unsigned tries;
};
bool dispatch_next_source(const struct link *link, struct source_try *t, char from[32]);
/* dispatch_query.c */
uint32_t dispatch_query_room(struct dispatch *d);	/* how many a TICK may hand out; once for each */
void dispatch_query_overdue(struct dispatch *d, struct store_overdue *list);	/* takes them */
void dispatch_queried(void *app, struct smsc_link *smsc, struct smsc_query *q, enum smsc_verdict v, uint32_t status,
    const struct smsc_receipt *state);
/* dispatch_receipt.c */
/* What the SMSC says of a message when it is asked; the same follows as from a receipt. Whether it is an end. */
bool dispatch_receipt_asked(struct link *link, const struct smsc_receipt *r);
void dispatch_receipt(void *app, struct smsc_link *smsc, const struct smsc_receipt *r, uint64_t token);

#endif
