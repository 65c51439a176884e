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
	unsigned in_hand_max;		/* recipients held in memory at once; 0 = 4000 */
	unsigned retry_min_s, retry_max_s;	/* after a temporary refusal; 0 = 15, 900 */
};

struct dispatch_stats {
	uint64_t submitted, refused, retried, maybe_sent, delivered, failed, receipts, receipts_unknown;
	unsigned in_hand, links_up;
};

/* Starts the thread; links connect at once. cf is copied. */
struct dispatch *dispatch_start(struct store *store, const struct dispatch_config *cf);
/*
 * Orderly end: no new work, links drain for at most wait_ms and unbind, thread joined. What was
 * not answered is back in the store's queue. The store must still run.
 */
void dispatch_stop(struct dispatch **dispatch, unsigned wait_ms);

/* ---- any thread ---------------------------------------------------------------------------- */

/*
 * Room for n recipients that skip the queue: true when a link is up, nothing older waits in the
 * store, and the window has room. The caller then hands over n items, or gives the room back.
 */
bool dispatch_reserve(struct dispatch *d, unsigned n);
void dispatch_release(struct dispatch *d, unsigned n);
/* Items (linked) for which room was reserved; ownership moves. */
void dispatch_hand(struct dispatch *d, struct store_item *items);
/* Something was put into the store's queue: look when it is due. */
void dispatch_wake(struct dispatch *d);

void dispatch_stats(struct dispatch *d, struct dispatch_stats *out);
/* The links as the admin API shows them; a new reference. Asks the thread and waits for it. */
json_t *dispatch_links_json(struct dispatch *d);

#endif
