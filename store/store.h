/*
 * store.h - what must survive: pushes, recipients, message ids, receipts, result notifications.
 *
 * One writer thread owns the data. It takes every operation that waits, writes them in one
 * transaction (group commit, synced to disk), then calls each operation's done(). Nothing else
 * writes. Readers have read-only connections of their own and may run on any thread.
 *
 * The store does not know what the states of a recipient mean: it asks the caller's rules what an
 * event does to a state (ppg/life.c is that table) and writes the answer.
 *
 *	ACCEPT   a push and its recipients, or the first chunk of them
 *	MORE     further recipients of an `incoming` push; it becomes visible with the last chunk
 *	TAKE     due recipients for dispatch; marks them as a batch before they may leave
 *	EVENT    something happened to one recipient
 *	RECEIPT  something the SMSC says of a message id
 *	NOTES    result notifications that are due;  NOTE one was tried
 *	TICK     deadlines and purging, in small slices
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/queue.h"

struct store;

/* ---- rules of the caller ----------------------------------------------------------------- */

struct store_change {
	int state;		/* the new state */
	bool final;		/* no more to come: counted, notified, its message ids dropped */
	bool requeue;		/* due for dispatch again at the event's due_at */
	bool keep_ids;		/* the event's message ids are stored, receipts will name them */
};

struct store_rules {
	/* Fill *out and return OK, or ERR_NOT_FOUND: the event means nothing in this state. Pure. */
	int (*apply)(int state, int event, struct store_change *out);
	int queued, taken;	/* states of a fresh recipient: waiting; handed to dispatch at once */
	int ev_take;		/* TAKE: queued -> taken */
	int ev_recover;		/* found taken at start: requeued, perhaps already sent */
	int ev_deadline;	/* deadline_at passed */
	int ev_no_receipt;	/* receipt_margin_s after that */
	int ev_receipt_ok;	/* needs one for every segment; the others act at once */
};

struct store_config {
	const char *url;	/* "sqlite:path" */
	struct store_rules rules;
	size_t max_queue;	/* operations that may wait; 0 = 20000 */
	unsigned group_max;	/* operations of one transaction; 0 = 2000 */
	int64_t retention_s;	/* final pushes are kept so long; 0 = 7 days */
	int64_t receipt_margin_s;	/* 0 = 3600 */
	int64_t orphan_s;	/* receipts that match nothing yet; 0 = 60 */
	size_t cache_kib;	/* page cache of the writer, a fifth more goes to indexes; 0 = 32 MiB */
	/* Writer thread, after a commit. NULL allowed. */
	void (*notes_due)(void *arg);	/* a notification was added */
	void (*fatal)(void *arg, const char *why);	/* disk error: the process must end */
	void *arg;
};

/*
 * Open or create, check (quick_check after an unclean stop), sweep `incoming` pushes, requeue the
 * recipients of open dispatch batches, start the writer. *why: one line with path and reason; the
 * file is left as it was when it is no database of ours or of a newer schema (C-07).
 */
int store_open(const struct store_config *cf, struct store **out, struct why *why);
/* Finishes what waits, checkpoints, closes. */
void store_close(struct store **store);

struct store_stats {
	uint64_t commits, operations, commit_us_total, commit_us_max;
	uint64_t pushes, recipients, live;	/* stored now; live = not final */
	uint64_t recovered, swept;		/* at start: possibly sent twice; incoming pushes removed */
	uint64_t orphans_dropped, receipts_unknown;
};
void store_stats(struct store *store, struct store_stats *out);	/* any thread, cheap */

/* ---- the body that all recipients of a push share ------------------------------------------- */

struct store_body {
	atomic_int refs;
	struct span headers;	/* encoded WSP header block, content type first */
	struct span body;
	uint8_t octets[];	/* both, in one piece */
};
struct store_body *store_body_create(struct span headers, struct span body);	/* copies; 1 reference */
struct store_body *store_body_ref(struct store_body *b);
void store_body_unref(struct store_body *b);	/* NULL allowed; any thread */

/* ---- operations --------------------------------------------------------------------------------- */

enum store_kind { STORE_ACCEPT, STORE_MORE, STORE_TAKE, STORE_EVENT, STORE_RECEIPT, STORE_NOTES, STORE_NOTE,
	STORE_TICK };

/*
 * First member of every operation. The caller owns the memory and keeps it until done(op), which is
 * called on the writer thread after the commit (or the failure) of its group; it must be short.
 * result: OK; ERR_EXISTS (push-id used by this initiator); ERR_NOT_FOUND; ERR_FULL (disk full: nothing of
 * the group was written); ERR_CLOSED.
 */
struct store_op {
	struct qnode node;
	enum store_kind kind;
	int result;
	void (*done)(struct store_op *op);
};

/* Any thread. ERR_FULL when max_queue operations wait (op is not kept), ERR_CLOSED. */
int store_submit(struct store *store, struct store_op *op);

struct store_recipient {
	const char *address;	/* address-value as submitted, for every echo */
	const char *to;		/* what the link dials: "+digits" */
	struct span overlay;	/* own header block when it differs (SEC/MAC); empty: the shared one */
};

struct store_accept {			/* STORE_ACCEPT, and STORE_MORE with push already set */
	struct store_op op;
	int64_t push;			/* out of ACCEPT, into MORE: row id */
	const char *pi, *push_id;
	int64_t received, deliver_after, deadline_at;	/* UTC s; deliver_after 0 = at once */
	const char *version;		/* PAP version of the submission, "2.0" */
	const char *notify_url;		/* NULL: none wanted */
	const char *meta;		/* small JSON text of the caller's, returned as it is; NULL */
	const char *content_type;	/* as text, for display */
	bool secret;			/* erase the body when the push is final */
	struct store_body *body;	/* borrowed during the operation */
	const struct store_recipient *recipients;
	uint32_t first_n, n_recipients;	/* of this chunk; numbers count from 0 over the whole push */
	bool more;			/* further chunks follow */
	bool take;			/* hand to dispatch with this commit (single chunk, due now) */
	int64_t batch;			/* out: of a taken one */
};

/* One recipient for dispatch. */
struct store_item {
	struct store_item *next;
	int64_t push, batch;
	uint32_t n;
	unsigned attempts;		/* dispatches before this one */
	bool maybe_sent;		/* a crash or link loss may have let it out before */
	char to[32], pi[64];
	struct span overlay;		/* heap, freed by store_item_free; empty: use body->headers */
	struct store_body *body;	/* a reference */
	int64_t deadline_at;
};
void store_item_free(struct store_item *item);

struct store_take {			/* STORE_TAKE */
	struct store_op op;
	int64_t now;			/* UTC s */
	uint32_t max;
	struct store_item *items;	/* out: ownership moves to the caller; oldest due first */
	uint32_t n_items;
	int64_t next_due;		/* out: when there is more to take; 0 = nothing waits */
};

struct store_event {			/* STORE_EVENT */
	struct store_op op;
	int64_t push, batch;		/* batch 0: none; an event of a taken recipient ends its share */
	uint32_t n;
	int event;
	int64_t at;			/* UTC s, the event-time */
	int code;			/* PAP status, 0 = leave */
	const char *desc;		/* NULL = leave; at most 200 octets */
	int64_t due_at;			/* for rules that requeue */
	bool maybe_sent;
	const char *link;		/* smsc-id, with message ids */
	char (*message_ids)[66];
	unsigned n_ids;			/* = segments */
	/* out */
	int from, to;			/* state before and after; equal when ignored */
	bool ignored, final;
};

struct store_receipt {			/* STORE_RECEIPT */
	struct store_op op;
	const char *link, *message_id;	/* compared without case and leading zeros */
	int event;
	int64_t at;
	int code;
	const char *desc;
	/* out: result OK matched; ERR_NOT_FOUND kept as an orphan for a late submit_sm_resp */
	int64_t push;
	uint32_t n;
	int from, to;
	bool ignored, final;
};

struct store_note {			/* one result notification */
	struct store_note *next;
	int64_t id, push;
	uint32_t n, attempts;
	char *pi, *push_id, *version, *url, *meta, *address, *desc;	/* heap; meta, desc may be NULL */
	int64_t received, event_time;
	int state, code;
};
void store_note_free(struct store_note *note);

struct store_notes {			/* STORE_NOTES: due ones, leased to the caller for lease_s */
	struct store_op op;
	int64_t now, lease_s;
	uint32_t max;
	struct store_note *notes;	/* out: ownership moves */
	int64_t next_due;		/* out: 0 = nothing waits */
};

struct store_note_result {		/* STORE_NOTE */
	struct store_op op;
	int64_t id;
	bool finished;			/* acknowledged, or given up: the row goes */
	int64_t due_at;			/* else: next try */
	bool untried;			/* and this one was none: attempts stay as they are */
};

struct store_tick {			/* STORE_TICK */
	struct store_op op;
	int64_t now;
	uint32_t max;			/* rows touched at most */
	uint32_t expired, purged;	/* out */
	int64_t next_due;		/* out: next deadline or purge; 0 = none */
};

/* ---- reading -------------------------------------------------------------------------------------- */

struct store_view {			/* one push as it is now */
	char *pi, *push_id, *version, *notify_url, *meta, *content_type;
	int64_t push, received, deliver_after, deadline_at;
	uint32_t n_recipients, n_final;
	size_t headers_n, body_n;	/* octets; body 0 when erased */
	struct store_view_recipient {
		char *address, *link, *desc;
		int state, code;
		int64_t event_time;
		uint32_t n, segments, attempts;
		bool maybe_sent;
		char (*message_ids)[66];
		unsigned n_ids;
	} *recipients;
	size_t n;			/* recipients returned: from `first` on, at most `max` */
};

struct store_reader;		/* one thread each; closed before the store is */
int store_reader_open(struct store *store, struct store_reader **out, struct why *why);
void store_reader_close(struct store_reader **reader);
/*
 * Find a push by initiator and push-id; pi NULL: any. OK, ERR_NOT_FOUND, ERR_EXISTS (two initiators
 * used the id and none was named), ERR_IO. store_view_done frees. Incoming pushes are not seen.
 */
int store_read_push(struct store_reader *reader, const char *pi, const char *push_id, uint32_t first,
    uint32_t max, struct store_view *out);
void store_view_done(struct store_view *view);

#endif
