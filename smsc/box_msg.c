/* box_msg.c - see box_msg.h. */
#include "smsc/box_msg.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum field_kind { NUMBER, TEXT, UUID };

struct field {
	enum field_kind kind;
	size_t offset;
};

#define F(kind, name) { kind, offsetof(struct box_msg, name) }

static const struct field heartbeat_fields[] = { F(NUMBER, load) };
static const struct field admin_fields[] = { F(NUMBER, command), F(TEXT, boxc_id) };
static const struct field ack_fields[] = { F(NUMBER, nack), F(NUMBER, time), F(UUID, id) };
static const struct field sms_fields[] = {
	F(TEXT, sender), F(TEXT, receiver), F(TEXT, udhdata), F(TEXT, msgdata), F(NUMBER, time),
	F(TEXT, smsc_id), F(TEXT, smsc_number), F(TEXT, foreign_id), F(TEXT, service), F(TEXT, account),
	F(UUID, id), F(NUMBER, sms_type), F(NUMBER, mclass), F(NUMBER, mwi), F(NUMBER, coding),
	F(NUMBER, compress), F(NUMBER, validity), F(NUMBER, deferred), F(NUMBER, dlr_mask), F(TEXT, dlr_url),
	F(NUMBER, pid), F(NUMBER, alt_dcs), F(NUMBER, rpi), F(TEXT, charset), F(TEXT, boxc_id),
	F(TEXT, binfo), F(NUMBER, msg_left), F(NUMBER, priority), F(NUMBER, resend_try),
	F(NUMBER, resend_time), F(TEXT, meta_data),
};

#define ROWS(fields) { fields, sizeof fields / sizeof fields[0] }

static const struct { const struct field *fields; size_t n; } layouts[] = {
	[BOX_HEARTBEAT] = ROWS(heartbeat_fields),
	[BOX_ADMIN] = ROWS(admin_fields),
	[BOX_SMS] = ROWS(sms_fields),
	[BOX_ACK] = ROWS(ack_fields),
};

struct box_msg
box_msg_new(enum box_msg_type type)
{
	struct box_msg m = { .type = type };
	size_t i;

	for (i = 0; i < layouts[type].n; i++)
		if (layouts[type].fields[i].kind == NUMBER)
			*(int32_t *)((char *)&m + layouts[type].fields[i].offset) = BOX_UNSET;
	return m;
}

/* ---- ids ------------------------------------------------------------------------------------- */

void
box_uuid_print(const uint8_t id[16], char out[BOX_UUID_TEXT])
{
	size_t i, at = 0;

	for (i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[at++] = '-';
		snprintf(out + at, 3, "%02x", id[i]);
		at += 2;
	}
}

static int
digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
box_uuid_parse(struct span text, uint8_t id[16])
{
	size_t i, n = 0;

	memset(id, 0, 16);
	if (text.n != BOX_UUID_TEXT - 1)
		return ERR_SYNTAX;
	for (i = 0; i < text.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		int v = digit(text.p[i]);

		if (dash ? text.p[i] != '-' : v < 0) {
			memset(id, 0, 16);
			return ERR_SYNTAX;
		}
		if (!dash) {
			id[n / 2] = (uint8_t)(id[n / 2] << 4 | v);
			n++;
		}
	}
	return OK;
}

/* ---- frames ------------------------------------------------------------------------------------ */

static void
put_text(struct wbuf *w, struct span text)
{
	wbuf_u32(w, text.p != NULL ? (uint32_t)text.n : (uint32_t)BOX_UNSET);
	wbuf_add(w, text);
}

static size_t
field_size(const struct field *f, const void *value)
{
	switch (f->kind) {
	case NUMBER: return 4;
	case TEXT: return 4 + ((const struct span *)value)->n;
	case UUID: break;
	}
	return 4 + BOX_UUID_TEXT - 1;
}

void
box_msg_encode(struct wbuf *w, const struct box_msg *m)
{
	char text[BOX_UUID_TEXT];
	size_t i, n = 4;

	for (i = 0; i < layouts[m->type].n; i++) {
		const struct field *f = &layouts[m->type].fields[i];

		n += field_size(f, (const char *)m + f->offset);
	}
	wbuf_u32(w, (uint32_t)n);
	wbuf_u32(w, m->type);
	for (i = 0; i < layouts[m->type].n; i++) {
		const struct field *f = &layouts[m->type].fields[i];
		const char *value = (const char *)m + f->offset;

		switch (f->kind) {
		case NUMBER:
			wbuf_u32(w, (uint32_t)*(const int32_t *)value);
			break;
		case TEXT:
			put_text(w, *(const struct span *)value);
			break;
		case UUID:
			box_uuid_print((const uint8_t *)value, text);
			put_text(w, span_str(text));
			break;
		}
	}
}

static struct span
take_text(struct rbuf *r)
{
	uint32_t n = rbuf_u32(r);

	if (n == (uint32_t)BOX_UNSET || r->err)
		return (struct span){ 0 };
	return rbuf_span(r, n);
}

int
box_msg_decode(struct span in, struct box_msg *out)
{
	struct rbuf r = rbuf_from(in);
	uint32_t type = rbuf_u32(&r);
	size_t i;

	*out = (struct box_msg){ 0 };
	if (r.err)
		return r.err;
	if (type >= sizeof layouts / sizeof layouts[0])
		return ERR_UNSUPPORTED;
	out->type = (enum box_msg_type)type;
	for (i = 0; i < layouts[type].n; i++) {
		const struct field *f = &layouts[type].fields[i];
		char *value = (char *)out + f->offset;

		switch (f->kind) {
		case NUMBER:
			*(int32_t *)value = (int32_t)rbuf_u32(&r);
			break;
		case TEXT:
			*(struct span *)value = take_text(&r);
			break;
		case UUID:
			if (box_uuid_parse(take_text(&r), (uint8_t *)value) != OK)
				rbuf_fail(&r, ERR_SYNTAX);
			break;
		}
	}
	if (rbuf_left(&r) > 0)
		rbuf_fail(&r, ERR_SYNTAX);
	if (r.err)
		*out = (struct box_msg){ 0 };
	return r.err;
}
