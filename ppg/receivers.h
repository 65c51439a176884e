/*
 * receivers.h - who is told results and how many at once, so that a slow one holds up nobody but itself.
 *
 * A receiver is the scheme, host and port of a URL. It has a fixed number of requests under way; while it
 * answers quickly, more wait for it here. One that is slow keeps a few waiting and the rest is postponed, that
 * is, given back to the caller. No I/O and no clock; all of it belongs to one thread.
 */
#ifndef PPG_RECEIVERS_H
#define PPG_RECEIVERS_H

#include <stdbool.h>
#include <stdint.h>

struct receiver;
struct receivers;

struct receiver_item {			/* the head of what the caller sends */
	struct receiver_item *next;
	struct receiver *receiver;
};

enum { RECEIVER_SLOW_MS = 200, RECEIVER_SLOW_WAITING = 16, RECEIVER_POSTPONED_S = 60 };

struct receivers *receivers_create(unsigned connections);
void receivers_destroy(struct receivers **rs);	/* nothing waits or is under way any more */

enum receiver_turn {
	RECEIVER_SEND,			/* now; receiver_answered follows */
	RECEIVER_WAIT,			/* kept here until another one was answered */
	RECEIVER_POSTPONE		/* not kept: come again in receiver_delay_s */
};
enum receiver_turn receivers_offer(struct receivers *rs, const char *url, struct receiver_item *item,
    int64_t now_ms);

/* The try of `item` is over after took_ms. Returns the one to send next, or NULL. */
struct receiver_item *receivers_answered(struct receivers *rs, struct receiver_item *item,
    int64_t took_ms, int64_t now_ms);

/*
 * To be called now and then: notices who does not answer, forgets who has nothing, and returns the list of
 * those that are to be postponed.
 */
struct receiver_item *receivers_sweep(struct receivers *rs, int64_t now_ms);
struct receiver_item *receivers_drain(struct receivers *rs);	/* all that wait, for the end */

/* Seconds until a postponed item should come again: as the receiver's pace lets expect, at most a minute. */
int64_t receivers_delay_s(const struct receivers *rs, struct receiver_item *item);

/* How many wait, or are under way, at receivers that are not slow. */
unsigned receivers_quick(const struct receivers *rs);
bool receivers_waiting(const struct receivers *rs);

/* "https://host:port" of a URL into out, cut at size; for logs, which need no paths and queries. */
void receivers_origin(const char *url, char *out, unsigned size);

#endif
