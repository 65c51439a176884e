/*
 * syncml.h - SyncML messages of device management as a structure, from and to XML and WBXML.
 * Spec: OMA-SyncML-RepPro 1.2, OMA-TS-DM_RepPro 1.2, OMA-TS-DM_Protocol 1.2; also reads 1.1.
 *
 * Bounded: nesting, commands, items, octets. Texts are heap, NUL-terminated UTF-8; NULL: not there.
 */
#ifndef WAP_SYNCML_H
#define WAP_SYNCML_H

#include "base/buf.h"

enum { SYNCML_MAX = 256 * 1024, SYNCML_COMMANDS_MAX = 1000, SYNCML_ITEMS_MAX = 1000, SYNCML_DEPTH_MAX = 8 };
#define SYNCML_XML "application/vnd.syncml.dm+xml"
#define SYNCML_WBXML "application/vnd.syncml.dm+wbxml"

struct syncml_data {		/* of an item, credential or meta: octets that may hold NUL (WBXML OPAQUE) */
	bool has;
	struct sbuf octets;
};

struct syncml_item {
	char *target, *source;		/* LocURI */
	char *format, *type;		/* of its Meta: "chr", "b64", "node", "int", "bool", "bin", "xml"; media type */
	struct syncml_data data;
	size_t size;			/* Meta Size, of a large object with its first chunk; 0: not said */
	bool more;			/* MoreData */
	struct syncml_item *next;
};

struct syncml_cred {		/* also of a challenge: then data is empty */
	char *format, *type;		/* "b64"; "syncml:auth-md5" */
	char *next_nonce;		/* of a challenge; as it stands, base64 */
	struct syncml_data data;
};

enum syncml_kind {
	SYNCML_ADD, SYNCML_ALERT, SYNCML_ATOMIC, SYNCML_COPY, SYNCML_DELETE, SYNCML_EXEC, SYNCML_GET,
	SYNCML_REPLACE, SYNCML_RESULTS, SYNCML_SEQUENCE, SYNCML_STATUS
};
const char *syncml_kind_name(enum syncml_kind kind);	/* "Add" ... */

struct syncml_command {
	enum syncml_kind kind;
	unsigned cmd_id;
	bool no_resp;
	unsigned msg_ref, cmd_ref;	/* STATUS, RESULTS */
	char *cmd, *target_ref, *source_ref;	/* STATUS: what it answers ("SyncHdr" with cmd_ref 0); of several the first */
	unsigned data;			/* STATUS: code; ALERT: number, 0 when there is none */
	char *correlator;
	struct syncml_cred *chal, *cred;	/* STATUS: challenge; both NULL usually */
	char *format, *type;		/* Meta of the command, for items that have none */
	struct syncml_item *items;	/* in order */
	struct syncml_command *inner;	/* ATOMIC, SEQUENCE */
	struct syncml_command *next;
};

struct syncml_message {
	char *ver_dtd, *ver_proto;	/* "1.2", "DM/1.2" */
	char *session_id;		/* as written, "BEEF" */
	unsigned msg_id;		/* from 1 on; bootstraps are found with 0, too */
	char *target, *source, *source_name;	/* LocURI, LocURI, LocName of the source */
	char *resp_uri;
	bool no_resp;
	struct syncml_cred *cred;
	size_t max_msg_size, max_obj_size;	/* 0: not said */
	struct syncml_command *commands;	/* of SyncBody, in order; NULL for a bootstrap message without any */
	bool final;
	unsigned last_cmd_id;		/* that syncml_add gave out */
};

/*
 * media: one of the two types above (parameters are passed over). ERR_SYNTAX, ERR_LIMIT, ERR_UNSUPPORTED with
 * line and column, or the offset. A document without what the DTD demands is ERR_SYNTAX.
 */
int syncml_parse(const char *media, struct span body, struct syncml_message *out, struct why *why);
void syncml_done(struct syncml_message *m);

/*
 * What data means: out of base64 where `format` is "b64", else as it stands. For a credential, and for an item (whose own
 * format, else its command's counts). ERR_SYNTAX: no base64.
 */
int syncml_octets(const char *format, const struct syncml_data *data, struct sbuf *out);

/*
 * Write the message. As WBXML: version 1.2, public id 0x1201 (0x0FD3 when ver_dtd is "1.1"), no string table; data that is no
 * clean UTF-8 text, and that of format "bin", as OPAQUE; octets of a digest too, without Format b64. As XML: such data, and the octets
 * of a digest, in base64 with Format b64. ERR_SYNTAX when something that must be there is not; then nothing was written.
 */
int syncml_print(const struct syncml_message *m, bool wbxml, struct sbuf *out, struct why *why);

/* Building: each returns what it added, for the caller to fill. */
struct syncml_command *syncml_add(struct syncml_message *m, enum syncml_kind kind);	/* cmd_id counts from 1 */
struct syncml_command *syncml_add_inner(struct syncml_message *m, struct syncml_command *outer, enum syncml_kind kind);
struct syncml_item *syncml_add_item(struct syncml_command *c, const char *target, const char *source,
    const char *format, struct span data);		/* NULLs allowed; data.p NULL: none */
/* The Status of one command of `of` (NULL: of its header). */
struct syncml_command *syncml_add_status(struct syncml_message *m, const struct syncml_message *of,
    const struct syncml_command *command, unsigned code);

#endif
