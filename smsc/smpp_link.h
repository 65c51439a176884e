/*
 * smpp_link.h - the inside of an SMPP link, shared by smpp_link*.c alone.
 *
 *	smpp_links.c		a link as link.h has it: one session or several
 *	smpp_link.c		life of a session: connect, bind, up, unbind, reconnect; timers
 *	smpp_link_conn.c	the connection: connecting, octets in and out
 *	smpp_link_send.c	datagrams: queue, window, answers
 *	smpp_link_cut.c		a datagram as submit_sm PDUs
 *	smpp_link_pace.c	throughput, throttling
 *	smpp_link_ask.c	messages that are taken back or asked about
 *	smpp_link_outbind.c	an SMSC that connects to us
 *	smpp_link_recv.c	what comes in: dispatch, receipts, broken PDUs
 *
 * A function that may close the connection leaves link->conn.fd at -1; its callers look.
 */
#ifndef SMSC_SMPP_LINK_H
#define SMSC_SMPP_LINK_H

#include <sys/socket.h>

#include "smsc/link_kind.h"

enum {
	LINK_WINDOW_MAX = 16384,
	LINK_AGAIN_MORE = 1024,		/* parts that may wait to be sent again, beside one window */
	LINK_ASKS_MAX = 4096,		/* cancel_sm and query_sm that wait to be sent */
	LINK_RECEIPTS_MAX = 5000,	/* receipts handed out and not yet done */
	LINK_ADDRESSES_MAX = 8,
	LINK_IN_MORE = 65536,		/* input buffer beyond the largest PDU */
	LINK_OUT_HIGH = 262144,		/* unsent octets above which nothing is read or submitted */
	LINK_BAD_SLOTS = 64,
	LINK_BAD_TIMES = 5,		/* S-07: refusals of the same octets before they are dropped */
	LINK_SEQ_MAX = 0x7FFFFFFF,
	LINK_SESSIONS_MAX = 3 * SMSC_INSTANCES_MAX
};

struct resolve;
struct link_outbind;

struct link_conn {
	struct resolve *resolve;	/* a name that is being looked up, or NULL */
	struct sockaddr_storage addresses[LINK_ADDRESSES_MAX];
	socklen_t lengths[LINK_ADDRESSES_MAX];
	unsigned n_addresses, at_address;
	int fd;				/* -1 when closed */
	struct loop_fd watch;
	struct tls_context *tls_context;	/* files as they were read; kept from one connection to the next */
	struct tls *tls;		/* of this connection, or NULL */
	bool shaking;			/* TLS is not agreed on yet */
	bool hold_input;
	uint8_t *in, *out;
	size_t in_n, in_cap, out_at, out_n, out_cap;
};

/* A request that waits for its response; found by its sequence number, kept in order of sending. */
struct link_slot {
	uint32_t seq;			/* 0 = free */
	uint32_t older, newer;		/* indexes, or NO_SLOT */
	unsigned part;			/* of dg; ASK_SLOT: a cancel_sm or query_sm */
	int64_t sent_ms;
	union { struct smsc_datagram *dg; struct smsc_ask *ask; };
};
enum { NO_SLOT = UINT32_MAX, ASK_SLOT = UINT32_MAX };

struct link_again {
	struct smsc_datagram *dg;
	unsigned part;
	int64_t due_ms;
};

struct link_send {
	/* Datagrams in order of submission; from `next` on with parts not yet sent. */
	struct smsc_datagram *first, *last, *next;
	struct smsc_datagram *refused;	/* by ourselves, still to be answered */
	size_t n_queued;
	struct smsc_ask *asks, **asks_end;	/* to be sent, in turn with datagrams */
	bool sent_ask;		/* the last PDU was one */
	struct smsc_ask *asks_refused;	/* by ourselves, still to be answered */
	size_t n_asks;			/* of asks */
	struct link_slot *slots;
	uint32_t mask;			/* number of slots - 1 */
	uint32_t oldest, newest;
	unsigned outstanding, allowed;	/* PDUs in the window; how many there may be now */
	struct link_again *again;	/* ring */
	size_t again_at, n_again, again_cap;
	bool had_no_room;
	/* throttling */
	int64_t paused_until, backoff_ms;
	unsigned congestion;		/* congestion_state of the last response that had one */
	uint64_t order;			/* of the last datagram */
	unsigned good, full_in_a_row;	/* answers since the last pause; RMSGQFULs since the last good one */
	struct smpp_pdu pdu;		/* all that is the same in every submit_sm, and the last one's rest */
	int64_t validity_at;		/* the time that pdu.validity tells */
};

struct link_token {
	uint64_t token;			/* 0 = free */
	uint32_t id, seq;		/* of the deliver_sm or data_sm */
};

struct link_recv {
	struct link_token *tokens;
	uint16_t *free;			/* stack of free indexes */
	unsigned n_free;
	uint64_t serial;
	struct { uint64_t hash; unsigned times; } bad[LINK_BAD_SLOTS];
};

/* Token bucket, in thousandths of a PDU. */
struct link_bucket {
	int64_t tokens, tokens_at;
};

enum link_role { LINK_TRANSCEIVER, LINK_TRANSMITTER, LINK_RECEIVER };

/* One session. */
struct smpp_link {
	struct loop *loop;
	struct smsc_config cf;
	struct smsc_events ev;
	void *app;
	struct smsc_link *owner;
	unsigned index;			/* in the owner */
	enum link_role role;
	bool by_outbind;			/* the SMSC connects: it does not begin by itself */
	enum smsc_state state;
	struct smsc_stats *stats;	/* these two are the owner's: of all its sessions together */
	struct link_bucket *bucket;
	struct link_conn conn;
	struct link_send send;
	struct link_recv recv;

	struct loop_timer turn;		/* 0 ms: what gathered in this turn is sent in one write */
	struct loop_timer phase;	/* the end of whatever the state waits for */
	struct loop_timer idle;		/* enquire_link */
	struct loop_timer answer;	/* response time-outs */
	struct loop_timer resume;	/* the end of a pause */

	unsigned depth;			/* calls from the loop under way; destroy waits for 0 */
	bool doomed;
	bool stopping, stopped;		/* smsc_link_stop was called; was served */
	bool peer_unbinds, unbind_sent;
	unsigned stop_wait_ms, failures;
	uint32_t next_seq, bind_seq, unbind_seq;	/* ours; of our bind; of the SMSC's unbind */
	int64_t heard_at, enquire_at, up_at;	/* clock_mono_ms; enquire_at 0 = none outstanding */
};

/* A link: its sessions, and what they share. */
struct smsc_link {
	const struct smsc_link_kind *kind;
	struct smsc_config cf;
	struct smsc_events ev;
	void *app;
	struct smsc_stats stats;
	struct link_bucket bucket;
	enum smsc_state state;
	bool stopping, doomed;
	unsigned n, alive;		/* sessions; those whose memory is not freed yet */
	struct link_outbind *outbind;	/* NULL: the SMSC may not connect to us */
	uint64_t ended;			/* bits: sessions that a stop has ended */
	struct smpp_link *sessions[LINK_SESSIONS_MAX];
};

/* smpp_links.c */
void smpp_links_state(struct smpp_link *link, enum smsc_state state);	/* a session's news */
void smpp_links_freed(struct smsc_link *owner);		/* the memory of one of its sessions is gone */

/* smpp_link.c */
struct smpp_link *smpp_link_create(struct loop *loop, const struct smsc_config *cf, struct smsc_link *owner,
    unsigned index, enum link_role role, bool by_outbind);
/* A connection that the SMSC made; the descriptor is the session's now, which was down. */
void smpp_link_adopt(struct smpp_link *link, int fd);
void smpp_link_stop(struct smpp_link *link, unsigned wait_ms);		/* as smsc_link_stop */
void smpp_link_destroy(struct smpp_link *link);
void smpp_link_enter(struct smpp_link *link);
void smpp_link_leave(struct smpp_link *link);		/* may free it */
void smpp_link_kick(struct smpp_link *link);		/* smpp_link_turn before this turn ends */
void smpp_link_connected(struct smpp_link *link);
void smpp_link_lost(struct smpp_link *link, const char *why);	/* close, give back, try again later */
void smpp_link_bound(struct smpp_link *link, const struct smpp_pdu *resp);
void smpp_link_peer_unbinds(struct smpp_link *link, uint32_t seq);
void smpp_link_unbound(struct smpp_link *link);
void smpp_link_watch_answers(struct smpp_link *link);	/* something waits for a response now */
uint32_t smpp_link_seq(struct smpp_link *link);

/* smpp_link_conn.c */
void link_conn_open(struct smpp_link *link);
void link_conn_adopt(struct smpp_link *link, int fd);	/* made by the other side */
void link_conn_next(struct smpp_link *link);		/* the next address, or lost */
void link_conn_close(struct smpp_link *link);
void link_conn_done(struct smpp_link *link);
void link_conn_put(struct smpp_link *link, const struct smpp_pdu *pdu);
void link_conn_flush(struct smpp_link *link);
size_t link_conn_unsent(const struct smpp_link *link);

/* smpp_link_send.c */
void link_send_init(struct smpp_link *link);
void link_send_done(struct smpp_link *link);
void link_send_reset(struct smpp_link *link);		/* for a new connection */
bool link_send_pump(struct smpp_link *link);		/* whether anything was sent */
void link_send_answer_refused(struct smpp_link *link);
void link_send_tell_room(struct smpp_link *link);
void link_send_response(struct smpp_link *link, const struct smpp_pdu *resp);
void link_send_give_back_unsent(struct smpp_link *link);
void link_send_give_back_all(struct smpp_link *link);
bool link_send_is_empty(const struct smpp_link *link);
uint32_t link_slot_take(struct smpp_link *link, struct link_slot filled);	/* the sequence number for it */
bool link_slot_is_ask(const struct link_send *s, uint32_t seq);
void link_slot_free(struct link_send *s, struct link_slot *slot);
unsigned smpp_link_window_used(const struct smpp_link *link);
size_t smpp_link_queued(const struct smpp_link *link);
unsigned smpp_link_room(const struct smpp_link *link);
int smpp_link_submit(struct smpp_link *link, struct smsc_datagram *dg);
uint32_t smpp_link_check_source(const char *from);	/* a command_status */
uint32_t smpp_link_check_addresses(const char *to, size_t to_size, const char *from);	/* a command_status */

/* smpp_link_cut.c */
enum { LINK_CUT_MAX = 140 };		/* octets of user data, or of the TLVs without message_payload */
unsigned link_cut_parts(const struct smsc_config *cf, const struct smsc_datagram *dg);	/* 0: too many */
/* Fill in what differs from part to part; pdu borrows from dg and octets. */
void link_cut(const struct smsc_config *cf, const struct smsc_datagram *dg, unsigned part, struct smpp_pdu *pdu,
    uint8_t octets[LINK_CUT_MAX]);

/* smpp_link_pace.c */
void link_pace_resume_at(struct smpp_link *link, int64_t at_ms);	/* look then what there is to send */
/* Whether the throughput limit leaves room for one PDU; if not, the link is woken when it does. */
bool link_pace_has_token(struct smpp_link *link, int64_t now);
void link_pace_slow_down(struct smpp_link *link);
/* What a response of SMPP 5.0 says of the SMSC's load, before its status counts. */
void link_pace_congestion(struct smpp_link *link, const struct smpp_pdu *resp);
void link_pace_went_well(struct smpp_link *link);	/* a request was done: one more in the window */

/* smpp_link_ask.c */
int smpp_link_cancel(struct smpp_link *link, struct smsc_cancel *c);
int smpp_link_query(struct smpp_link *link, struct smsc_query *q);
void link_ask_send(struct smpp_link *link, int64_t now);	/* the first that waits */
void link_ask_response(struct smpp_link *link, const struct smpp_pdu *resp);
void link_ask_answer_refused(struct smpp_link *link);
/* Those whose answer is overdue at `now`, as long as nothing older waits, are given back: nothing is assured. */
void link_ask_give_up_late(struct smpp_link *link, int64_t now);
void link_ask_give_back_unsent(struct smpp_link *link);
/* Those that wait for an answer, then those unsent, before the slots are cleared; seq is 0 in the latter. */
struct smsc_ask *link_ask_take_all(struct smpp_link *link);
void link_ask_give_back_list(struct smpp_link *link, struct smsc_ask *first);

/* smpp_link_outbind.c */
struct link_outbind *link_outbind_open(struct smsc_link *link, struct loop *loop);
void link_outbind_close(struct link_outbind **outbind);		/* NULL allowed */

/* smpp_link_recv.c */
void smpp_link_receipt_done(struct smpp_link *link, uint64_t token, bool ok);
void link_recv_init(struct smpp_link *link);
void link_recv_done(struct smpp_link *link);
void link_recv_reset(struct smpp_link *link);
void link_recv_pdu(struct smpp_link *link, struct span octets);
void link_recv_framing_lost(struct smpp_link *link, struct span octets, bool text);

#endif
