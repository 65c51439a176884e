/*
 * screen.h - recipients whose subscriber neither table nor cache knew at admission: looked up over HTTP when they are due,
 * before a link has them. One thread with a loop of its own; what waits is bounded by what dispatch has in hand.
 */
#ifndef PPG_SCREEN_H
#define PPG_SCREEN_H

#include "ppg/admit.h"
#include "ppg/dispatch.h"
#include "ppg/subscriber.h"

struct screen;

struct screen_config {
	struct subscribers *subscribers;	/* all of them live longer */
	struct admit_table *admit;
	struct store *store;
	const char *ca_file;		/* NULL: the system's authorities */
};

/* Takes items from now on; nothing happens to them before screen_start. */
struct screen *screen_create(const struct screen_config *cf);
int screen_start(struct screen *s, struct dispatch *dispatch, struct why *why);
/* What waits goes back to the queue. Before dispatch is stopped; frees it when that has come to its end: screen_destroy. */
void screen_stop(struct screen *s);
void screen_destroy(struct screen **s);

/*
 * Starts to look somebody up whom the cache does not know, for pushes to come. Forgotten when too many are being looked up.
 * Any thread, between create and destroy.
 */
void screen_look_up(struct screen *s, const char *number);

/* dispatch_config.screen: true when it keeps the item, and gives it back with dispatch_screened. Any thread. */
bool screen_take(void *screen, struct store_item *item);

#endif
