/*
 * udh.c - user data header and segmentation of a WDP datagram over SMS.
 * Spec: 3GPP TS 23.040 9.2.3.24 (header), 9.2.3.24.1/.4/.8 (elements); WAP-259-WDP 6.3.
 */
#include "wap/udh.h"

#include <string.h>

enum {
	IE_CONCAT_8 = 0x00,
	IE_PORTS_8 = 0x04,
	IE_PORTS_16 = 0x05,
	IE_CONCAT_16 = 0x08
};

static unsigned
parts_of(size_t n, size_t most)
{
	size_t parts;

	if (n <= SMS_SINGLE_MAX)
		return 1;
	parts = (n - 1) / most + 1;
	return parts <= SMS_SEGMENTS_MAX ? (unsigned)parts : 0;
}

unsigned
sms_segments(size_t n)
{
	return parts_of(n, SMS_SEGMENT_MAX);
}

unsigned
sms_segments8(size_t n)
{
	return parts_of(n, SMS_SEGMENT8_MAX);
}

struct span
sms_slice(struct span datagram, unsigned i, size_t most)
{
	size_t from = (size_t)i * most, left;

	if (datagram.n <= SMS_SINGLE_MAX)
		return i == 0 ? datagram : span_of(NULL, 0);
	if (from >= datagram.n)
		return span_of(NULL, 0);
	left = datagram.n - from;
	return span_of(datagram.p + from, left < most ? left : most);
}

static void
write_ports(struct wbuf *w, uint16_t src_port, uint16_t dst_port)
{
	wbuf_u8(w, IE_PORTS_16);
	wbuf_u8(w, 4);
	wbuf_u16(w, dst_port);
	wbuf_u16(w, src_port);
}

size_t
sms_segment(struct span datagram, unsigned i, uint16_t src_port, uint16_t dst_port,
    uint16_t ref, uint8_t out[SMS_UD_MAX])
{
	unsigned total = sms_segments(datagram.n);
	struct wbuf w = wbuf_into(out, SMS_UD_MAX);

	if (i >= total)
		return 0;
	if (total > 1) {
		wbuf_u8(&w, 12);
		wbuf_u8(&w, IE_CONCAT_16);
		wbuf_u8(&w, 4);
		wbuf_u16(&w, ref);
		wbuf_u8(&w, (uint8_t)total);
		wbuf_u8(&w, (uint8_t)(i + 1));
	} else {
		wbuf_u8(&w, 6);
	}
	write_ports(&w, src_port, dst_port);
	wbuf_add(&w, sms_slice(datagram, i, SMS_SEGMENT_MAX));
	return w.n;
}

size_t
sms_segment8(struct span datagram, unsigned i, uint16_t src_port, uint16_t dst_port,
    uint8_t ref, uint8_t out[SMS_UD_MAX])
{
	unsigned total = sms_segments8(datagram.n);
	struct wbuf w = wbuf_into(out, SMS_UD_MAX);

	if (i >= total)
		return 0;
	if (total > 1) {
		wbuf_u8(&w, 11);
		wbuf_u8(&w, IE_CONCAT_8);
		wbuf_u8(&w, 3);
		wbuf_u8(&w, ref);
		wbuf_u8(&w, (uint8_t)total);
		wbuf_u8(&w, (uint8_t)(i + 1));
	} else {
		wbuf_u8(&w, 6);
	}
	write_ports(&w, src_port, dst_port);
	wbuf_add(&w, sms_slice(datagram, i, SMS_SEGMENT8_MAX));
	return w.n;
}

static void
take_concat(struct udh *out, unsigned ref, bool ref_16bit, uint8_t total, uint8_t seq)
{
	if (total == 0 || seq == 0 || seq > total)
		return;
	out->has_concat = true;
	out->ref_16bit = ref_16bit;
	out->ref = (uint16_t)ref;
	out->total = total;
	out->seq = seq;
}

static void
take_ports(struct udh *out, unsigned dst, unsigned src)
{
	out->has_ports = true;
	out->dst_port = (uint16_t)dst;
	out->src_port = (uint16_t)src;
}

/* An element of a known kind whose length is not the kind's own is skipped like an unknown one. */
static void
take_element(struct udh *out, uint8_t iei, struct span data)
{
	const uint8_t *p = data.p;

	if (iei == IE_CONCAT_8 && data.n == 3)
		take_concat(out, p[0], false, p[1], p[2]);
	else if (iei == IE_CONCAT_16 && data.n == 4)
		take_concat(out, (unsigned)p[0] << 8 | p[1], true, p[2], p[3]);
	else if (iei == IE_PORTS_8 && data.n == 2)
		take_ports(out, p[0], p[1]);
	else if (iei == IE_PORTS_16 && data.n == 4)
		take_ports(out, (unsigned)p[0] << 8 | p[1], (unsigned)p[2] << 8 | p[3]);
}

int
udh_decode(struct span user_data, struct udh *out, struct why *why)
{
	struct rbuf all = rbuf_from(user_data), r;
	struct udh found = { 0 };
	struct span header;
	uint8_t len;

	*out = (struct udh){ 0 };
	if (user_data.n == 0)
		return why_at(why, ERR_SHORT, 0, "user data header: no octets");
	len = rbuf_u8(&all);
	header = rbuf_span(&all, len);
	if (all.err)
		return why_at(why, ERR_SHORT, 0, "user data header: length %u, only %zu octets follow",
		    len, user_data.n - 1);

	for (r = rbuf_from(header); rbuf_left(&r) > 0;) {
		uint8_t iei = rbuf_u8(&r);
		struct span data = rbuf_span(&r, rbuf_u8(&r));

		if (r.err)
			break;
		take_element(&found, iei, data);
	}
	if (r.err == OK)
		*out = found;
	out->payload = rbuf_rest(&all);
	return OK;
}
