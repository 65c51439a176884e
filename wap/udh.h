/*
 * udh.h - WDP over SMS: user data header, segmentation, reassembly.
 * Spec: 3GPP TS 23.040 9.2.3.24; WAP-259-WDP 6.3. Facts: ports 9200 -> 2948.
 */
#ifndef WAP_UDH_H
#define WAP_UDH_H

#include "base/buf.h"

enum {
	WDP_PORT_PUSH = 2948,		/* destination of a push */
	WDP_PORT_WSP = 9200,		/* its usual source */
	SMS_UD_MAX = 140,		/* octets of user data with its header, 8-bit coding */
	SMS_SINGLE_MAX = 133,		/* datagram octets of a single part: ports only */
	SMS_SEGMENT_MAX = 127,		/* payload of a part: ports and 16-bit reference */
	SMS_SEGMENT8_MAX = 128,		/* the same with an 8-bit reference */
	SMS_SEGMENTS_MAX = 255
};

/* Parts that a datagram of n octets takes; 0 when it takes more than SMS_SEGMENTS_MAX. */
unsigned sms_segments(size_t n);

/*
 * UDH and payload of part `i` (0-based) of `datagram` into out[SMS_UD_MAX]; returns its length, 0
 * when there is no such part. A single part carries the ports only; several carry the 16-bit reference and the ports.
 */
size_t sms_segment(struct span datagram, unsigned i, uint16_t src_port, uint16_t dst_port,
    uint16_t ref, uint8_t out[SMS_UD_MAX]);

/* The same two with an 8-bit reference, for devices that know no other. */
unsigned sms_segments8(size_t n);
size_t sms_segment8(struct span datagram, unsigned i, uint16_t src_port, uint16_t dst_port,
    uint8_t ref, uint8_t out[SMS_UD_MAX]);

/* Octets of part `i` when each of several takes `most`; all of them when they fit into a single one. */
struct span sms_slice(struct span datagram, unsigned i, size_t most);

struct udh {
	bool has_ports, has_concat, ref_16bit;
	uint16_t src_port, dst_port, ref;
	uint8_t total, seq;		/* 1-based */
	struct span payload;		/* borrowed */
};
/*
 * Take user data (UDHI set) apart. Unknown elements are skipped, the last of a kind counts, a
 * concatenation element with total or seq 0 or seq > total is ignored (U-02); an element running
 * past the header: the whole header counts as without elements. ERR_SHORT for U-01.
 */
int udh_decode(struct span user_data, struct udh *out, struct why *why);

/* ---- reassembly: bounded, times out; one object per receiver ------------------------ */

struct reasm;
struct reasm *reasm_create(size_t max_messages, int64_t timeout_ms);	/* 0: 1000; 10 minutes */
void reasm_destroy(struct reasm **r);
/*
 * Give one part. `from`/`to` name the addresses (part of the key). When it completes a message
 * OK is returned, *out is the joined payload (valid until the next call on r) and *parts the
 * number of parts; ERR_BUSY: parts are still missing; other errors as udh_decode.
 * now_ms: clock_mono_ms(); drops what is older than the time-out. When the limit is reached the
 * oldest incomplete message goes. ERR_LIMIT: a part or an address that no bearer carries.
 * When the last part carried no ports, *head has those of the first part that did.
 */
int reasm_add(struct reasm *r, int64_t now_ms, const char *from, const char *to,
    struct span user_data, struct udh *head, struct span *out, unsigned *parts, struct why *why);
/* Give up what is older than the time-out; for a timer, when no part may come for long. */
void reasm_expire(struct reasm *r, int64_t now_ms);
size_t reasm_waiting(const struct reasm *r);		/* incomplete messages held */
uint64_t reasm_dropped(const struct reasm *r);		/* incomplete ones given up */

#endif
