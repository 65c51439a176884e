/*
 * link.h - a link to an SMSC: takes whole datagrams, cuts them as its bearer needs, reports what
 * became of them. One interface for several kinds (link_kind.h); SMPP 3.4 (smpp_links.c) is the first.
 *
 * Everything runs on the thread of the struct loop that was given; calls come from that thread.
 */
#ifndef SMSC_LINK_H
#define SMSC_LINK_H

#include <sys/socket.h>

#include "base/buf.h"
#include "base/loop.h"
#include "smsc/smpp_pdu.h"

/*
 * A link that is asked to go slower (RTHROTTLED, or congestion_state 100) pauses, 1 s at first and up to 60 s, and
 * up to a quarter more, sends the parts that were refused again in their order, one to begin with, and then as
 * many as before. Between 90 and 99 its window shrinks with each answer, from 80 on it does not grow. With RMSGQFUL only that part waits
 * 1 s while others go on; 5 in a row slow the link down, and more than 10 for one datagram give it back.
 * Neither counts as a failure. smsc_link_room() is 0 during a pause.
 */
struct smsc_link;

enum { SMSC_INSTANCES_MAX = 16 };

/* Of several sessions: SMSC_UP when one that sends is up, SMSC_DOWN when none is on its way. */
enum smsc_state { SMSC_DOWN, SMSC_CONNECTING, SMSC_BINDING, SMSC_UP, SMSC_UNBINDING };
const char *smsc_state_name(enum smsc_state s);		/* "down", "connecting", "binding", "up", "unbinding" */

enum smsc_kind { SMSC_SMPP, SMSC_BEARERBOX, SMSC_UDP, SMSC_HTTP };
const char *smsc_kind_name(enum smsc_kind kind);	/* as "smsc =" has it: "smpp", "bearerbox", "udp", "http" */
int smsc_kind_parse(const char *name, enum smsc_kind *out);	/* OK, ERR_NOT_FOUND */

/* In which base an SMSC that has two of them writes the message id of a receipt. */
enum smsc_receipt_ids {
	SMSC_IDS_ALIKE,			/* as in its responses */
	SMSC_IDS_DECIMAL,		/* decimal, and hexadecimal in responses */
	SMSC_IDS_HEX			/* the other way round */
};

/* How a datagram with its ports goes into messages. */
enum smsc_segmentation {
	SMSC_UDH16,			/* user data header; several parts with a 16-bit reference */
	SMSC_UDH8,			/* with the low 8 bits of it */
	SMSC_SAR,			/* TLVs: ports, and sar_* of several parts */
	SMSC_PAYLOAD			/* TLVs: ports, and all of it in message_payload, for the SMSC to cut */
};
const char *smsc_segmentation_name(enum smsc_segmentation how);	/* as "segmentation =" has it: "udh16", "udh8" ... */
int smsc_segmentation_parse(const char *name, enum smsc_segmentation *out);	/* OK, ERR_NOT_FOUND */

/* What a command_status means to this SMSC, where it is not what SMPP says. */
enum smsc_meaning { SMSC_ENDS = 1, SMSC_TRY_AGAIN, SMSC_THROTTLES };
enum { SMSC_ERRORS_MAX = 32 };
struct smsc_error {
	uint32_t status;
	uint16_t meaning;		/* enum smsc_meaning */
	uint16_t code;			/* SMSC_ENDS: the PAP code that the recipient ends with */
};

/* What a link over HTTP needs beside the rest; texts as the configuration has them, "" = none. */
struct smsc_http_config {
	char method[8], url[1024], headers[1024], type[84], body[4096];	/* templates: http_template.h */
	char user[128], password[128], token[1024];	/* Basic, or a bearer token */
	char success[128];		/* what the body of a good answer contains */
	char message_id[160];		/* where its message id stands: http_fields.h */
	/* Receipts: a server of ours; port 0: none. */
	uint16_t receipt_port;
	char receipt_interface[64], receipt_path[128], receipt_cert[512], receipt_key[512];
	char receipt_token[256], receipt_allow[1024];	/* who may send them: either, or both together */
	char receipt_url[512];		/* what the aggregator is told; a template */
	char receipt_list[160], receipt_id[160], receipt_state[160], receipt_error[160];	/* where they stand */
	char receipt_states[1024];	/* what its words mean */
};

struct smsc_config {
	enum smsc_kind kind;
	char smsc_id[64], host[256];
	uint16_t port, source_port;	/* UDP: port is that of the device, source_port ours; the others have no source_port */
	char system_id[16];		/* our name there; of a bearerbox: the box's */
	char password[9], system_type[13], address_range[41], service_type[6];
	char source_addr[64];
	bool transmitter_only;		/* bind_transmitter instead of bind_transceiver */
	bool query_receipts;		/* it may be asked what became of a message (query_sm) */
	bool tls, tls_pinned;		/* see tls_name */
	/*
	 * Sessions of each kind, 1 to SMSC_INSTANCES_MAX, each with a window of its own; throughput is that of all
	 * together. All parts of a datagram go over one of them, receipts may come on any.
	 */
	unsigned instances;
	/*
	 * The SMSC may connect to us as well, with this name ("": any) and password in its outbind, to be bound as
	 * receivers or transceivers, as many as `instances`; host "": only so. outbind_port 0: it may not.
	 */
	uint16_t outbind_port;
	char outbind_host[46], outbind_id[17], outbind_password[10];
	char outbind_allow[1024];	/* networks that it comes from, as netlist_parse takes them */
	bool outbind_transceiver;
	uint16_t receive_port;		/* transmitter_only: a receiver on this port beside each transmitter; 0: none */
	uint8_t data_coding;		/* 4 or 0xF5 */
	uint8_t esm_mode;		/* or-ed into esm_class beside UDHI, e.g. 3 */
	unsigned window;		/* outstanding submit_sm PDUs; default 10 */
	unsigned enquire_link_s, response_timeout_s, reconnect_min_ms, reconnect_max_ms, bind_refused_wait_s;
	uint32_t validity_s;		/* default validity when the datagram has none */
	unsigned throughput;		/* PDUs a second; 0 = unlimited */
	struct smsc_error errors[SMSC_ERRORS_MAX];
	unsigned n_errors;
	unsigned interface_version;	/* of the bind: 0x33, 0x34 or 0x50 */
	enum smsc_receipt_ids receipt_ids;
	enum smsc_segmentation segmentation;
	size_t max_pdu, max_datagram;	/* octets of the largest that is taken, and that goes over UDP */
	/* TLS: the SMSC's certificate is for tls_name ("" = host) and by an authority, or its key is the pinned one. */
	char tls_name[256], tls_ca_file[512], tls_certkey_file[512];	/* files: "" = the system's; none */
	uint8_t tls_pin[32];		/* SHA-256 of its SubjectPublicKeyInfo */
	/* UDP alone */
	char allow[1024];		/* networks that it serves, as netlist_parse takes them */
	struct smsc_http_config http;	/* HTTP alone; its certificates and authorities are tls_*_file */
	/* For whoever picks a link; the link itself does not look at them. */
	char network[40], bearer[40];	/* names of WDP (WAP-259) appendix C */
	/* The wanted smsc-ids that the link serves, as Kannel's keys say; words with ';' between them, "" = none. */
	char allowed_smsc_id[512], denied_smsc_id[512], preferred_smsc_id[512];
	/* Beginnings of the numbers that it takes, in the same form. */
	char allowed_prefix[1024], denied_prefix[1024], preferred_prefix[1024];
};
/* Defaults into *cf, for a link over SMPP: window 10, enquire_link 30 s, response 60 s, reconnect 1..60 s, refused bind 60 s,
 * data_coding 4, validity 24 h, network GSM, bearer SMS. */
void smsc_config_defaults(struct smsc_config *cf);
/* What tls_* say, read from the files; to find out before whether they are good. As tls_context_create. */
struct tls_context;
int smsc_tls_context(const struct smsc_config *cf, struct tls_context **out, struct why *why);
/* A receipt's message id, changed to the base that responses have; one that is no number stays as it is. */
void smsc_receipt_id(enum smsc_receipt_ids how, char id[66]);
/* "0x0B:2002, 0x45:retry, 0x401:throttle" into cf->errors; ERR_SYNTAX, ERR_LIMIT with *why. */
int smsc_errors_parse(const char *text, struct smsc_config *cf, struct why *why);
const struct smsc_error *smsc_error_find(const struct smsc_config *cf, uint32_t status);	/* or NULL */
/* Whether a link with one would do as well with the other, so that a reload can leave it alone. */
bool smsc_config_equal(const struct smsc_config *a, const struct smsc_config *b);

/* An IPv4 or IPv6 address as text, with a port. OK or ERR_SYNTAX. */
int smsc_udp_address(const char *text, uint16_t port, struct sockaddr_storage *out);

enum smsc_verdict {
	SMSC_ACCEPTED,		/* every part was taken; message_ids are set ("" where the SMSC gave none) */
	SMSC_REFUSED,		/* a permanent error; status */
	SMSC_RETRY,		/* a temporary one (throttled, queue full, system error); status */
	SMSC_UNSENT,		/* the link went down before any part left */
	SMSC_MAYBE_SENT		/* it went down, or no answer came, after a part had left */
};

/* Owned by the link until its event names the request that it is part of. */
struct smsc_ask {
	struct smsc_ask *next;
	bool query;
	uint32_t seq;
	int64_t sent_ms;
};
/* Take back one message that the SMSC has (cancel_sm). The caller owns it until cancelled() names it. */
struct smsc_cancel {
	struct smsc_ask ask;			/* first */
	char message_id[66], to[48], from[32];	/* as they were submitted; from "" = the link's source_addr */
};
/* Ask what became of one (query_sm). The caller owns it until queried() names it. */
struct smsc_query {
	struct smsc_ask ask;			/* first */
	char message_id[66], from[32];		/* as above */
};

/* A datagram to send. The caller owns it and keeps it unchanged until answered() names it. */
struct smsc_datagram {
	struct span pdu;		/* whole WSP PDU */
	uint16_t src_port, dst_port, ref;
	char to[48];			/* a number, or the address of a link over UDP */
	char from[32];			/* "" = the link's source_addr */
	/* UTC s; 0 = the link's default. Parts still here then are not sent: SMSC_RETRY with SMPP_RINVEXPIRY. */
	int64_t validity_at;
	bool want_receipt;
	char wanted_smsc[64];		/* whom a bearerbox is asked to send it through; "" = as it likes */
	uint8_t priority;		/* priority_flag: 0 (the usual) to 3 (the most urgent) */
	uint8_t segmentation;		/* enum smsc_segmentation + 1; 0 = the link's */
	/* owned by the link from submit to answered */
	struct smsc_datagram *next, *prev;
	uint64_t order;			/* of submission */
	unsigned n_segments, sent, answered, failed;
	unsigned waiting;		/* of the sent ones, those that were put off and go again */
	unsigned queue_full;		/* times that RMSGQFUL came for it */
	enum smsc_verdict verdict;
	uint32_t status;		/* command_status; of a link over HTTP also the status of HTTP, 200 to 599 */
	char (*message_ids)[66];	/* n_segments of them, heap; valid in answered() */
};

struct smsc_receipt {
	const char *smsc_id;
	char message_id[66];
	enum receipt_state state;
	char err[16];
	bool final;
};

/* News from a link; app is smsc_link_create's. */
struct smsc_events {
	void (*state)(void *app, struct smsc_link *link, enum smsc_state state);
	void (*room)(void *app, struct smsc_link *link);	/* smsc_link_room() rose from 0 */
	void (*answered)(void *app, struct smsc_link *link, struct smsc_datagram *dg, enum smsc_verdict v);
	/*
	 * What the SMSC said to a cancel_sm: SMSC_ACCEPTED it will not be delivered; SMSC_REFUSED status;
	 * SMSC_UNSENT, SMSC_MAYBE_SENT: no answer, nothing is assured. NULL allowed.
	 */
	void (*cancelled)(void *app, struct smsc_link *link, struct smsc_cancel *c, enum smsc_verdict v,
	    uint32_t status);
	/*
	 * What it said to a query_sm: SMSC_ACCEPTED: `state`, which is NULL otherwise; the rest as above. NULL allowed.
	 */
	void (*queried)(void *app, struct smsc_link *link, struct smsc_query *q, enum smsc_verdict v, uint32_t status,
	    const struct smsc_receipt *state);
	/* Store it, then call smsc_link_receipt_done with the same token. */
	void (*receipt)(void *app, struct smsc_link *link, const struct smsc_receipt *r, uint64_t token);
};

struct smsc_stats {
	uint64_t submitted, accepted, refused;	/* PDUs sent, taken, refused */
	uint64_t retried;			/* put off by the SMSC and sent again */
	uint64_t cancels, cancelled;		/* cancel_sm sent; done by the SMSC */
	uint64_t queries, queried;		/* query_sm sent; answered with a state */
	uint64_t receipts, bad_receipts;	/* passed on; unreadable */
	uint64_t messages;			/* deliver_sm that are no receipts */
	uint64_t ignored_responses;		/* to nothing that was asked */
	uint64_t reconnects, nacks, bad_pdus;	/* connections given up; generic_nacks that came; broken PDUs */
};

/* Starts connecting with the loop's next turn; no event comes from inside. cf is copied. */
struct smsc_link *smsc_link_create(struct loop *loop, const struct smsc_config *cf,
    const struct smsc_events *ev, void *app);
/*
 * Orderly end: stops sending, waits for outstanding responses up to wait_ms, unbinds, closes; state()
 * tells SMSC_DOWN at the end. What was not answered comes back through answered().
 */
void smsc_link_stop(struct smsc_link *link, unsigned wait_ms);
/* Closes at once; what was not answered comes back through answered() first. May be called from an event. */
void smsc_link_destroy(struct smsc_link **link);

enum smsc_state smsc_link_state(const struct smsc_link *link);
const char *smsc_link_id(const struct smsc_link *link);
const struct smsc_stats *smsc_link_stats(const struct smsc_link *link);
unsigned smsc_link_window_used(const struct smsc_link *link);
size_t smsc_link_queued(const struct smsc_link *link);		/* datagrams held, not all parts sent */
/* How many more datagrams the link takes now (0 when it is down or throttled). */
unsigned smsc_link_room(const struct smsc_link *link);
/* Hand a datagram over; OK, ERR_FULL, ERR_CLOSED. answered() is never called from inside. */
int smsc_link_submit(struct smsc_link *link, struct smsc_datagram *dg);
/* OK, ERR_FULL (too many wait), ERR_CLOSED. cancelled() is never called from inside. */
int smsc_link_cancel(struct smsc_link *link, struct smsc_cancel *c);
/* The same, and ERR_UNSUPPORTED: this kind of link, or this one, asks nothing. */
int smsc_link_query(struct smsc_link *link, struct smsc_query *q);
/* ok: deliver_sm_resp ROK; else RX_T_APPN, so that the SMSC repeats it. Unknown tokens are ignored. */
void smsc_link_receipt_done(struct smsc_link *link, uint64_t token, bool ok);

#endif
