/*
 * box_msg.h - the messages between Kannel's bearerbox and its boxes (Kannel 1.4.5): a frame is a length of 4
 * octets, big endian, and that many octets of message. A message is its type and then its fields in a fixed
 * order; a number has 4 octets, -1 when it is not set; a text has its length before it, -1 when there is none;
 * an id is a UUID as 36 characters of text.
 */
#ifndef SMSC_BOX_MSG_H
#define SMSC_BOX_MSG_H

#include "base/buf.h"

enum { BOX_UUID_TEXT = 37, BOX_FRAME_MAX = 262144, BOX_UNSET = -1 };

enum box_msg_type { BOX_HEARTBEAT = 0, BOX_ADMIN = 1, BOX_SMS = 2, BOX_ACK = 3 };
enum box_admin { BOX_SHUTDOWN = 0, BOX_SUSPEND = 1, BOX_RESUME = 2, BOX_IDENTIFY = 3, BOX_RESTART = 4 };
enum box_ack { BOX_ACK_SUCCESS = 0, BOX_ACK_FAILED = 1, BOX_ACK_FAILED_TMP = 2, BOX_ACK_BUFFERED = 3 };
enum box_sms_type { BOX_MO = 0, BOX_MT_REPLY = 1, BOX_MT_PUSH = 2, BOX_REPORT_MO = 3, BOX_REPORT_MT = 4 };
/* Bits of dlr_mask: what is wanted, or what has happened. */
enum box_dlr { BOX_DLR_SUCCESS = 1, BOX_DLR_FAIL = 2, BOX_DLR_BUFFERED = 4, BOX_DLR_SMSC_SUCCESS = 8,
	BOX_DLR_SMSC_FAIL = 16, BOX_DLR_EXPIRED = 32, BOX_DLR_UNKNOWN = 64 };

/* Those that every box uses; texts are borrowed, and absent where p is NULL. */
struct box_msg {
	enum box_msg_type type;
	uint8_t id[16];			/* of sms and ack */
	int32_t time;			/* of sms and ack, UTC s */
	int32_t load;			/* heartbeat */
	int32_t command;		/* admin */
	int32_t nack;			/* ack */
	struct span boxc_id;		/* admin and sms */
	/* sms */
	struct span sender, receiver, udhdata, msgdata, smsc_id, smsc_number, foreign_id, service, account, dlr_url,
	    charset, binfo, meta_data;
	int32_t sms_type, mclass, mwi, coding, compress, validity, deferred, dlr_mask, pid, alt_dcs, rpi, msg_left,
	    priority, resend_try, resend_time;
};

/* A message of this type with nothing set. */
struct box_msg box_msg_new(enum box_msg_type type);
/* The frame; w's error tells when it does not fit. */
void box_msg_encode(struct wbuf *w, const struct box_msg *m);
/* The message inside a frame. OK, ERR_SHORT, ERR_SYNTAX, ERR_UNSUPPORTED (a type of which we know nothing). */
int box_msg_decode(struct span in, struct box_msg *out);

void box_uuid_print(const uint8_t id[16], char out[BOX_UUID_TEXT]);
int box_uuid_parse(struct span text, uint8_t id[16]);	/* OK, ERR_SYNTAX */

#endif
