/*
 * dispatch.h - from "due" to the final state: one thread that owns the SMSC links, takes due
 * recipients from the store, puts them on a link, and tells the store what became of them.
 *
 * The backlog lives in the store. In hand is only a window of recipients; who wants to skip the
 * store's queue reserves a place in it first.
 */
#ifndef PPG_DISPATCH_H
#define PPG_DISPATCH_H

#include "base/json.h"
#include "ppg/route.h"
#include "smsc/link.h"
#include "store/store.h"

struct dispatch;

struct dispatch_link {
	struct smsc_config smsc;
	bool delivered_on_submit;	/* else a receipt decides */
};

struct dispatch_config {
	const struct dispatch_link *links;
	size_t n_links;
	struct route_rules *rules;	/* a reference is taken; NULL: none */
	unsigned in_hand_max;		/* recipients held in memory at once; 0 = 4000. High and low priority have an
					 * eighth of it each, so that neither waits for the others */
	unsigned retry_min_s, retry_max_s;	/* after a temporary refusal; 0 = 15, 900 */
	/* links thread: true keeps a recipient that is due, until dispatch_screened; NULL: all go to a link */
	bool (*screen)(void *arg, struct store_item *item);
	void *screen_arg;
	/* writer thread: an SMSC refused a recipient, or a receipt says that it failed; NULL: nobody asks */
	void (*on_failed)(void *arg, int64_t push, uint32_t n);
	void *failed_arg;
};

struct dispatch_stats {
	uint64_t submitted, refused, retried, maybe_sent, delivered, failed, receipts, receipts_unknown,
	    cancelled, asked;
	unsigned in_hand, links_up;
};

/* Starts the thread; links connect at once. cf is copied. */
struct dispatch *dispatch_start(struct store *store, const struct dispatch_config *cf);
/*
 * Orderly end: no new work, links drain for at most wait_ms and unbind, thread joined. What was
 * not answered is back in the store's queue. The store must still run; what it has of ours comes back first.
 */
void dispatch_stop(struct dispatch **dispatch, unsigned wait_ms);

/* ---- any thread ---------------------------------------------------------------------------- */

/*
 * Room for n recipients of a class that skip the queue: true when a link is up, nothing older waits in the
 * store, and the window has room. The caller then hands over n items, or gives the room back.
 */
bool dispatch_reserve(struct dispatch *d, enum store_priority priority, unsigned n);
void dispatch_release(struct dispatch *d, enum store_priority priority, unsigned n);
/* Items (linked) for which room was reserved; ownership moves. */
void dispatch_hand(struct dispatch *d, struct store_item *items);
/* A recipient that the screen had: code 0, it goes to a link; below 0, back to the queue; else it ends undeliverable. Any thread. */
void dispatch_screened(struct dispatch *d, struct store_item *item, int code, const char *desc);
/* Something was put into the store's queue: look when it is due. */
void dispatch_wake(struct dispatch *d);

/*
 * Take back recipients that have left the store's queue. Who waits for a link here is cancelled; who is at
 * an SMSC is cancelled there (cancel_sm for every part; one part that will not be delivered is enough,
 * the device cannot put the rest together). done() is called on the links thread, when every item is answered and
 * what was achieved is on disk.
 */
struct dispatch_cancel_item {
	uint32_t n;			/* recipient */
	bool submitted;			/* at an SMSC; else in dispatch */
	char to[48];
	char link[64];			/* smsc-id; submitted ones */
	char (*message_ids)[66];	/* heap; the caller's */
	unsigned n_ids;
	/* out */
	bool cancelled;
	bool on_link;			/* just being submitted: ask again when its state is known */
	char why[WHY_MAX + 1];		/* of one that was not cancelled */
	/* dispatch's own */
	unsigned open, next_id;
	bool assured;
};
struct dispatch_cancel {
	int64_t push;
	struct dispatch_cancel_item *items;	/* in the order of n */
	size_t n_items;
	void (*done)(struct dispatch_cancel *c);
	/* dispatch's own */
	struct dispatch *d;
	struct loop_work work;
	struct loop_timer timer;
	size_t next, open;
	bool started;
	struct dispatch_recall *recalls;		/* cancel_sm under way */
	struct dispatch_achievement *achievements;	/* on their way to the disk */
	struct dispatch_cancel *later, **at;		/* in the list of those under way */
};
/*
 * What is not answered within two minutes is not cancelled as far as the caller is told; if the SMSC does it
 * later, that is stored.
 */
void dispatch_cancel(struct dispatch *d, struct dispatch_cancel *c);
/* The same at once for all cancels, those to come as well: the gateway stops. */
void dispatch_give_up(struct dispatch *d);

/* Calls run() on the links thread in so many milliseconds. The caller keeps w until then. */
struct dispatch_wait {
	struct loop_work work;
	struct loop_timer timer;
	struct dispatch *d;
	unsigned ms;
	void (*run)(struct dispatch_wait *w);
};
void dispatch_later(struct dispatch *d, unsigned ms, struct dispatch_wait *w);

/*
 * New links and rules (NULL: none) take the place of the old ones; those that did not change go on undisturbed, those that
 * are gone drain for wait_ms, and what they had not sent goes to the others.
 */
void dispatch_reload(struct dispatch *d, const struct dispatch_link *links, size_t n, struct route_rules *rules,
    unsigned wait_ms);

void dispatch_stats(struct dispatch *d, struct dispatch_stats *out);
/* The links as the admin API shows them; a new reference. Asks the thread and waits for it. */
json_t *dispatch_links_json(struct dispatch *d);

#endif
