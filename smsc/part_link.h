/*
 * part_link.h - what links have in common that hand over one part after the other and hear of each: queue,
 * window, throughput, verdicts, reconnects, stopping. For the kinds bearerbox (box_*.c), UDP and HTTP alone;
 * SMPP has more to look after (smpp_link.h).
 *
 * Such a kind has a struct with struct smsc_link as its first member, and a table of what its transport does.
 * Every function runs on the loop's thread, between part_link_enter and part_link_leave.
 */
#ifndef SMSC_PART_LINK_H
#define SMSC_PART_LINK_H

#include "smsc/link_kind.h"

enum {
	PART_WINDOW_MAX = 10000,
	PART_TOKENS_MAX = 1000		/* receipts handed out and not yet done */
};

struct part_slot {
	struct smsc_datagram *dg;	/* NULL: free */
	unsigned part;			/* of dg */
	int64_t sent_ms;
	struct smsc_link *link;
	uint8_t id[16];			/* the transport's */
};

/* A receipt that the application has not stored yet. */
struct part_token {
	uint64_t token;			/* 0: free */
	uint8_t id[16];			/* the transport's */
	void *of;
};

struct part_transport {
	/* Ask for the connection: part_link_up, or part_link_lost, follows, from inside or later. */
	void (*open)(struct smsc_link *link);
	void (*close)(struct smsc_link *link);		/* what is left of it, at once */
	unsigned (*parts)(const struct smsc_link *link, const struct smsc_datagram *dg);	/* 0: too large */
	uint32_t (*refusal)(const struct smsc_link *link, const struct smsc_datagram *dg);	/* else SMPP_OK */
	bool (*ready)(const struct smsc_link *link);	/* for one more part; NULL: always */
	/* Send slots[slot]; part_link_answer follows, from inside or later. */
	void (*send)(struct smsc_link *link, unsigned slot);
	void (*flush)(struct smsc_link *link);		/* all parts of this turn were sent; NULL */
	void (*receipt_done)(struct smsc_link *link, const struct part_token *t, bool ok);
	void (*free)(struct smsc_link *link);		/* what `close` has not; before the struct itself */
};

struct smsc_link {
	const struct smsc_link_kind *kind;
	const struct part_transport *transport;
	struct loop *loop;
	struct smsc_config cf;
	struct smsc_events ev;
	void *app;
	enum smsc_state state;
	struct smsc_stats stats;

	/* In order of submission; from `next` on with parts not yet sent. */
	struct smsc_datagram *first, *last, *next;
	struct smsc_datagram *refused;	/* by ourselves, still to be answered */
	struct smsc_cancel *cancels;	/* no such link can take anything back */
	size_t n_queued;
	struct part_slot *slots;	/* cf.window of them */
	unsigned *free_slots, n_free;
	struct part_token *tokens;
	unsigned *free_tokens, n_free_tokens;
	uint64_t serial;
	bool had_no_room, held;
	int64_t paused_until;
	int64_t rate_tokens, rate_at;	/* thousandths of a part; clock_mono_ms */

	struct loop_timer turn, phase, answer, resume;
	unsigned depth;			/* calls from the loop under way; it is freed at 0 */
	bool doomed, stopping, stopped;
	unsigned stop_wait_ms, failures;
	int64_t up_at;
};

/* size: of the kind's struct. cf is copied; its window is brought into its limits. */
struct smsc_link *part_link_create(size_t size, const struct smsc_link_kind *kind,
    const struct part_transport *transport, struct loop *loop, const struct smsc_config *cf,
    const struct smsc_events *ev, void *app);

/* For the table of the kind. */
void part_link_stop(struct smsc_link *link, unsigned wait_ms);
void part_link_destroy(struct smsc_link *link);
enum smsc_state part_link_state(const struct smsc_link *link);
const char *part_link_id(const struct smsc_link *link);
const struct smsc_stats *part_link_stats(const struct smsc_link *link);
unsigned part_link_window_used(const struct smsc_link *link);
size_t part_link_queued(const struct smsc_link *link);
unsigned part_link_room(const struct smsc_link *link);
int part_link_submit(struct smsc_link *link, struct smsc_datagram *dg);
int part_link_cancel(struct smsc_link *link, struct smsc_cancel *c);
void part_link_receipt_done(struct smsc_link *link, uint64_t token, bool ok);

#define PART_LINK_KIND(create_function) { \
	.create = create_function, .stop = part_link_stop, .destroy = part_link_destroy, .state = part_link_state, \
	.id = part_link_id, .stats = part_link_stats, .window_used = part_link_window_used, \
	.queued = part_link_queued, .room = part_link_room, .submit = part_link_submit, \
	.cancel = part_link_cancel, .receipt_done = part_link_receipt_done }

/* For the transport. */
void part_link_enter(struct smsc_link *link);
void part_link_leave(struct smsc_link *link);		/* may free it */
void part_link_kick(struct smsc_link *link);		/* look soon what there is to send */
void part_link_up(struct smsc_link *link);
void part_link_lost(struct smsc_link *link, const char *why);	/* close, give back, try again later */
/* While held nothing new is taken, and what has not begun goes back; the rest of what has begun is sent. */
void part_link_hold(struct smsc_link *link, bool held);
/* Nothing is taken nor sent for that long. */
void part_link_pause(struct smsc_link *link, int64_t ms);
/*
 * What became of slots[slot], which is free then. message_id NULL: none. The datagram is given back when that
 * was the last part that is out, and its verdict is the worst of its parts'.
 */
void part_link_answer(struct smsc_link *link, unsigned slot, enum smsc_verdict v, uint32_t status,
    const char *message_id);
/* Tell of a receipt; false: too many wait, it has to come again. t->id and t->of are kept for receipt_done. */
bool part_link_receipt(struct smsc_link *link, const struct smsc_receipt *r, const struct part_token *t);

/* The address a datagram comes from. */
const char *part_link_source(const struct smsc_link *link, const struct smsc_datagram *dg);

#endif
