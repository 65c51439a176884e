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
 *	ACCEPT   a push and its recipients, or the first chunk of them; may replace an older push
 *	MORE     further recipients of an `incoming` push; it becomes visible with the last chunk
 *	ABANDON  an `incoming` push whose submitter gave up
 *	TAKE     due recipients for dispatch; marks them as a batch before they may leave
 *	EVENT    something happened to one recipient
 *	CANCEL   some or all recipients of a push, in slices
 *	RECEIPT  something the SMSC says of a message id
 *	NOTES    result notifications that are due;  NOTE one was tried
 *	TICK     deadlines and purging, in small slices
 *	SUBSCRIBERS, PROFILE  what is known of devices
 *	MEMORY   what the caller wants to know again after a restart;  REMARK  a text on one recipient
 *
 * Every change of a recipient's state leaves an audit row, written with it.
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
	int held;		/* recipients in this state are counted: store_stats.held; 0: none are */
	int ev_take;		/* TAKE: queued -> taken */
	int ev_recover;		/* found taken at start: requeued, perhaps already sent */
	int ev_deadline;	/* deadline_at passed */
	int ev_no_receipt;	/* receipt_margin_s after that */
	int ev_ask;		/* whom it means something to after its deadline, TICK hands out as overdue; applied
				 * once, it is not handed out again. 0: nobody is */
	int ev_receipt_ok;	/* needs one for every segment; the others act at once */
	int ev_accept;		/* audit only: recipients came into being */
	int ev_replace;		/* an ACCEPT replaces this recipient's older push */
	int ev_not_replaced;	/* `pending` replacement, and the older push could not be cancelled */
	int code_replaced, code_not_replaced;	/* PAP status that goes with those two */
};

struct store_config {
	const char *url;	/* "sqlite:path", or "postgresql:..." as libpq takes it */
	struct store_rules rules;
	size_t max_queue;	/* operations that may wait; 0 = 20000 */
	unsigned group_max;	/* operations of one transaction; 0 = 2000 */
	int64_t retention_s;	/* final pushes are kept so long; 0 = 7 days */
	int64_t receipt_margin_s;	/* 0 = 3600 */
	int64_t audit_retention_s;	/* audit rows are kept so long; 0 = 30 days; never less than retention_s */
	int64_t orphan_s;	/* receipts that match nothing yet; 0 = 60 */
	size_t memory_max;	/* rows of struct store_memory; 0 = 500,000. The first to expire make room */
	size_t cache_kib;	/* page cache of the writer, a fifth more goes to indexes; 0 = 16 MiB */
	/* Writer thread, after a commit. NULL allowed. */
	void (*notes_due)(void *arg);	/* a notification was added */
	void (*fatal)(void *arg, const char *why);	/* disk error: the process must end */
	void *arg;
};

/*
 * Open or create, check (when it was not closed and what it wrote may be lost), sweep `incoming` pushes, requeue the
 * recipients of open dispatch batches, start the writer. *why: one line with path and reason; the
 * file is left as it was when it is no database of ours or of a newer schema (C-07).
 */
int store_open(const struct store_config *cf, struct store **out, struct why *why);
/* From now on no EVENT is kept for a server that is away or a disk that is full; soon what was kept is refused. Any thread. */
void store_hurry(struct store *store);
/* Finishes what waits, checkpoints, closes. */
void store_close(struct store **store);

enum { STORE_STATES_MAX = 16, STORE_SIZES = 6, STORE_TIMES = 8 };
/* Bounds of the counts below, ascending. */
extern const uint32_t store_commit_sizes[STORE_SIZES], store_commit_times_us[STORE_TIMES];

struct store_stats {
	uint64_t commits, operations, commit_us_total, commit_us_max;
	uint64_t commit_sizes[STORE_SIZES + 1];	/* commits of no more operations than the bound; the last: of more */
	uint64_t commit_times[STORE_TIMES + 1];	/* that took no longer; the last: longer */
	uint64_t pushes, recipients, live;	/* stored now; live = not final */
	uint64_t held;				/* of those, in the state rules.held */
	uint64_t recovered, swept;		/* at start: possibly sent twice; incoming pushes removed */
	uint64_t orphans_dropped, receipts_unknown;
	uint64_t entered[STORE_STATES_MAX];	/* recipients that came into a state since the start */
	int64_t oldest_due;			/* UTC s of the oldest recipient that waits for dispatch and
						 * is due, as of the last commit; 0: none */
};
/*
 * Recipients that this initiator submitted on a day (UTC s / 86400), over restarts. Any thread,
 * cheap. Days before yesterday are forgotten.
 */
uint64_t store_usage(struct store *store, const char *pi, int64_t day);
void store_stats(struct store *store, struct store_stats *out);	/* any thread, cheap */

/* ---- the body that all recipients of a push share ------------------------------------------- */

struct store_body {
	atomic_int refs;
	struct span headers;	/* encoded WSP header block, content type first */
	struct span body;
	struct span route;	/* what dispatch must know of the push; the store only keeps it */
	uint8_t octets[];	/* all, in one piece */
};
/* Copies; 1 reference. */
struct store_body *store_body_create(struct span headers, struct span body, struct span route);
struct store_body *store_body_ref(struct store_body *b);
void store_body_unref(struct store_body *b);	/* NULL allowed; any thread */

/* ---- operations --------------------------------------------------------------------------------- */

enum store_kind { STORE_ACCEPT, STORE_MORE, STORE_ABANDON, STORE_TAKE, STORE_EVENT, STORE_CANCEL, STORE_RECEIPT,
	STORE_NOTES, STORE_NOTE, STORE_TICK, STORE_SUBSCRIBERS, STORE_PROFILE, STORE_MEMORY,
	STORE_REMARK };

/* Dispatch classes; stored as numbers. */
enum store_priority { STORE_HIGH, STORE_MEDIUM, STORE_LOW, STORE_PRIORITIES };

/*
 * First member of every operation. The caller owns the memory and keeps it until done(op), which is
 * called on the writer thread after the commit (or the failure) of its group; it must be short.
 * result: OK; ERR_EXISTS (push-id used by this initiator); ERR_NOT_FOUND; ERR_FULL (disk full, or the server away:
 * refused for now; an EVENT is not, it waits until it can be written); ERR_CLOSED; what an operation says beside its own.
 */
struct store_op {
	struct qnode node;
	enum store_kind kind;
	int result;
	void (*done)(struct store_op *op);
};

/* Any thread. ERR_FULL when max_queue operations wait (op is not kept; EVENTs are always taken), ERR_CLOSED. */
int store_submit(struct store *store, struct store_op *op);

struct store_recipient {
	const char *address;	/* address-value as submitted, for every echo */
	const char *key;	/* the address as it is compared, within its push; the store keeps a hash */
	const char *to;		/* what the link dials: "+digits" */
	struct span overlay;	/* own header block when it differs (SEC/MAC); empty: the shared one */
	int state;		/* it begins in this state, with this code and text; 0: rules.queued or taken. A
				 * push with such recipients must not have `take` */
	int code;
	const char *desc;
};

/*
 * Something that the caller remembers for a while, of a recipient; it outlives its push. The store knows no more of it
 * than when it may go. Keys are the caller's: hashes of what nobody shall read here.
 */
enum { STORE_MEMORY_KEY = 16 };
struct store_memory {
	int kind;			/* 1 to 255 */
	uint8_t key[STORE_MEMORY_KEY], other[STORE_MEMORY_KEY];
	int64_t at, until;		/* UTC s; until INT64_MAX: for good */
	int64_t push;			/* out of ACCEPT; 0: of no push */
	uint32_t n;
};

/* What becomes of the new message for a recipient whose older one could not be cancelled any more. */
enum store_replace { STORE_REPLACE_NONE, STORE_REPLACE_ALL, STORE_REPLACE_PENDING };

/*
 * STORE_ACCEPT, and STORE_MORE with push already set; all members are the same for every chunk. The last chunk
 * replaces: each recipient of the push `replaces` (of the same initiator) whose key is also in this one
 * gets ev_replace, if its state allows that. With STORE_REPLACE_ALL nothing else depends on it. With
 * STORE_REPLACE_PENDING: the old push-id is unknown: ERR_NOT_FOUND already from the first chunk; nothing at
 * all could be cancelled, and the push has one chunk: ERR_BUSY, nothing is written; else recipients without
 * a cancelled older one get ev_not_replaced. All of it in one transaction. `take` is not for these.
 */
struct store_accept {
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
	enum store_priority priority;
	const char *replaces;		/* push-id; NULL: none */
	enum store_replace replace;
	const char *audit_detail;	/* kept in the audit row of the acceptance (that of the last chunk); NULL */
	uint32_t replaced;		/* out: older recipients that were cancelled, with the last chunk */
	const struct store_memory *memory;	/* what the recipients of this chunk leave, in the order of n; NULL: nothing */
	uint32_t n_memory;
	const char *remark;		/* small text of the caller's on this chunk; not of a push to one. NULL: none */
	bool take;			/* hand to dispatch with this commit (single chunk, due now) */
	int64_t batch;			/* out: of a taken one */
};

struct store_abandon {			/* STORE_ABANDON: it is removed in slices by TICK */
	struct store_op op;		/* ERR_NOT_FOUND: no incoming push */
	int64_t push;
};

/* One recipient for dispatch. */
struct store_item {
	struct store_item *next;
	int64_t push, batch;
	uint32_t n;
	uint64_t turn;			/* the taker's own */
	int64_t arrived_ms;		/* the same */
	unsigned attempts;		/* dispatches before this one */
	bool maybe_sent;		/* a crash or link loss may have let it out before */
	enum store_priority priority;
	char to[48], pi[64];
	struct span overlay;		/* heap, freed by store_item_free; empty: use body->headers */
	struct store_body *body;	/* a reference */
	int64_t deadline_at;
};
void store_item_free(struct store_item *item);

struct store_take {			/* STORE_TAKE */
	struct store_op op;
	int64_t now;			/* UTC s */
	uint32_t max[STORE_PRIORITIES];	/* of each class */
	/*
	 * Which pushes may go now, by what their body says of the route; NULL: all. Writer thread, pure. The others are
	 * due again aside_s later, without a new state.
	 */
	bool (*wanted)(void *arg, struct span route);
	/* And which of its recipients, by what links dial; asked after the push itself. NULL: all. */
	bool (*wanted_number)(void *arg, struct span route, enum store_priority priority, const char *to);
	void *arg;
	int64_t aside_s;
	struct store_item *items;	/* out: ownership moves to the caller; by class, oldest due first */
	uint32_t n_items;
	int64_t next_due;		/* out: when there is more to take, of the classes with max > 0; 0 =
					 * nothing waits */
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

/*
 * STORE_CANCEL: apply an event to the recipients with the given keys, or (keys NULL) to those numbered
 * first_n .. first_n + max - 1. ERR_NOT_FOUND: this initiator has no such push (incoming ones are not seen).
 * The caller goes on with first_n = next_n until that is 0. At most 1000 a slice, so that nobody waits long: of a
 * larger max only so many, of more keys ERR_LIMIT; max 0 is ERR_RANGE. Recipients that share a key get the event
 * all, and the result is that of the first.
 */
struct store_cancel {
	struct store_op op;
	const char *pi, *push_id;
	const char *const *keys;
	uint32_t n_keys, first_n, max;
	int event;
	int64_t at;
	int code;
	const char *desc;
	int64_t due_at;			/* for rules that requeue */
	struct store_cancelled {
		uint32_t n;		/* recipient */
		bool found;		/* false: no recipient has keys[i] */
		bool ignored;		/* the event means nothing in state `from` */
		bool maybe_sent;	/* a crash or link loss may have let it out before */
		int from, to;
	} *results;			/* the caller's, room for n_keys or max of them; results[i] belongs to keys[i] */
	uint32_t n_results;		/* out */
	uint32_t next_n;		/* out: 0 = that was the last slice */
	int64_t push;			/* out: row id */
};

struct store_receipt {			/* STORE_RECEIPT */
	struct store_op op;
	const char *link, *message_id;	/* compared without case and leading zeros */
	int event;
	int64_t at;
	int code;
	const char *desc;
	bool asked;			/* an answer to a question of ours: not kept when nothing matches */
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
	char *pi, *push_id, *version, *url, *meta, *address, *desc, *link;	/* heap; meta, desc, link may be NULL */
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

/* STORE_SUBSCRIBERS: put rows (a key that is there is replaced), or remove their keys. */
struct store_subscribers {
	struct store_op op;
	bool remove;
	const struct store_subscriber {
		const char *key;	/* canonical address without its gateway: "plmn:+1202...", "user:..." */
		const char *number;	/* "+digits" that reach it; NULL: the address is one itself */
		const char *profile;	/* name of its device's profile; NULL: unknown */
		const char *facts;	/* JSON of the caller's; NULL */
	} *rows;
	uint32_t n;			/* at most 1000 a slice */
	uint32_t changed;		/* out */
};

struct store_profile {			/* STORE_PROFILE: put, or remove with document.n 0 */
	struct store_op op;		/* ERR_NOT_FOUND: nothing to remove */
	const char *name, *content_type;
	struct span document;
};

struct store_memories {			/* STORE_MEMORY: rows of recipients, or of none */
	struct store_op op;
	const struct store_memory *rows;
	uint32_t n;			/* at most 1000 */
};

struct store_remark {			/* STORE_REMARK: instead of what its chunk says of it; ERR_NOT_FOUND */
	struct store_op op;
	int64_t push;
	uint32_t n;
	const char *text;
};

/*
 * Past its deadline, and its receipt has not come. It is handed out again, STORE_ASK_AGAIN_S later, for as long as
 * nobody applies ev_ask to it and receipt_margin_s is not over.
 */
enum { STORE_ASK_AGAIN_S = 30 };
struct store_overdue {
	struct store_overdue *next;
	int64_t push;
	uint32_t n;
	char link[64];			/* smsc-id */
	char (*message_ids)[66];	/* heap: of the parts for which no receipt came; none is "" */
	unsigned n_ids;
};
void store_overdue_free(struct store_overdue *o);

struct store_tick {			/* STORE_TICK */
	struct store_op op;
	int64_t now;
	uint32_t max;			/* rows touched at most; a quarter is for MEMORY alone when there is some to remove */
	uint32_t max_overdue;		/* rows looked at, at most, for those to hand out */
	uint32_t expired, purged;	/* out */
	uint32_t forgotten;		/* out: rows of struct store_memory that were over, or too many */
	int64_t next_due;		/* out: next deadline or purge; 0 = none */
	struct store_overdue *overdue;	/* out: ownership moves to the caller */
	uint32_t n_overdue;
	struct store_ended {
		int64_t push;
		uint32_t n;
		int from, to;
	} *ended;			/* the caller's, room for `max`, or NULL; filled with whom this tick brought to an end */
	uint32_t n_ended;
};

/* ---- reading -------------------------------------------------------------------------------------- */

struct store_view {			/* one push as it is now */
	char *pi, *push_id, *version, *notify_url, *meta, *content_type;
	int64_t push, received, deliver_after, deadline_at;
	uint32_t n_recipients, n_final;
	size_t headers_n, body_n;	/* octets; body 0 when erased */
	struct store_view_recipient {
		char *address, *to, *link, *desc;
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
/*
 * The same, but recipients[i] belongs to keys[i]; one that the push does not have has state 0 and NULL
 * texts. Finds each by its key, whatever the size of the push.
 */
int store_read_recipients(struct store_reader *reader, const char *pi, const char *push_id,
    const char *const *keys, uint32_t n_keys, struct store_view *out);

/*
 * What one recipient of a push gets: the one with this key, or (key NULL) the first. store_message_done frees, and
 * cleanses what may be secret.
 */
struct store_message {
	struct store_view push;		/* with that recipient alone; its state is 0 when there is none */
	struct sbuf headers;		/* its own header block when it has one that was not erased, else the shared one */
	struct sbuf body, route;
	bool erased;			/* the body is gone: it was secret and the push has ended */
};
int store_read_message(struct store_reader *reader, const char *pi, const char *push_id, const char *key,
    struct store_message *out);
void store_message_done(struct store_message *m);

/*
 * The newest pushes before row `before` (0: from the newest), of one initiator or (NULL) all. Those of one
 * initiator are looked for among the 100,000 newest pushes before that row.
 */
struct store_push_row {
	int64_t push, received;
	char *pi, *push_id, *content_type;
	uint32_t n_recipients, n_final;
};
int store_read_pushes(struct store_reader *reader, const char *pi, int64_t before, uint32_t max,
    struct store_push_row **rows, uint32_t *n);
void store_push_rows_free(struct store_push_row *rows, uint32_t n);

/*
 * Audit rows of one push, oldest first, from row id `after` on. A row speaks of the recipients lo..hi, to which the
 * same happened at once; that of the acceptance of all, also of those that began in another state. The push may have been purged: it is found by initiator and push-id as long as
 * its audit rows are kept; of several that had the id one after the other the newest is meant. ERR_NOT_FOUND,
 * ERR_EXISTS as store_read_push.
 */
struct store_audit_row {
	int64_t id, at, push;
	uint32_t lo, hi;
	int event, from, to, code;	/* code 0: none */
	char *link, *detail;		/* detail: of an ACCEPT, or desc of the event; NULL: none */
};
int store_read_audit(struct store_reader *reader, const char *pi, const char *push_id, int64_t after, uint32_t max,
    struct store_audit_row **rows, uint32_t *n);
void store_audit_rows_free(struct store_audit_row *rows, uint32_t n);

/* ERR_NOT_FOUND. Texts of *out are heap; store_subscriber_done frees. */
struct store_subscriber_view {
	char *number, *profile, *facts;		/* NULL: none */
};
int store_read_subscriber(struct store_reader *reader, const char *key, struct store_subscriber_view *out);
void store_subscriber_done(struct store_subscriber_view *v);
/* Is there any row at all? */
int store_read_any_subscriber(struct store_reader *reader, bool *any);
/*
 * The remark on recipient n of a push alone, or on the chunk that it came in, which begins with first_n. *text is heap.
 * ERR_NOT_FOUND: there is none.
 */
int store_read_remark(struct store_reader *reader, int64_t push, uint32_t n, uint32_t *first_n, uint32_t *n_chunk,
    char **text);
/* each() gets what is not over at `now`, in the order it came. OK or ERR_IO. */
int store_read_memory(struct store_reader *reader, int64_t now, void (*each)(void *arg, const struct store_memory *row),
    void *arg);
/* The profiles behind this name (NULL: from the first), in the order of the octets of their names. OK or ERR_IO. */
struct store_profile_row {
	char *name, *content_type;		/* content_type NULL: none was given */
	uint64_t octets;			/* of the document */
};
int store_read_profiles(struct store_reader *reader, const char *after, uint32_t max, struct store_profile_row **rows,
    uint32_t *n);
void store_profile_rows_free(struct store_profile_row *rows, uint32_t n);
/* Appends the document. content_type (heap) is the caller's. ERR_NOT_FOUND. */
int store_read_profile(struct store_reader *reader, const char *name, struct sbuf *document, char **content_type);

#endif
