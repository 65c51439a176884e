/* smscsim_json.c - see smscsim_json.h. */
#include "smsc/smscsim_json.h"

#include <stdio.h>

#include "base/clock.h"
#include "smsc/smscsim_account.h"
#include "smsc/smscsim_settings.h"
#include "wap/decode.h"
#include "wap/udh.h"

static json_t *
decode(const struct sim_message *m, const struct span *segments, size_t n)
{
	struct why why = { 0 };
	json_t *o;

	if (!sim_part_has_udh(m->parts[0]))
		return json_pack("{s:s}", "error", "no user data header: a text, not a push");
	o = decode_parts(segments, n, DECODE_SMS, &why);
	if (o == NULL)
		o = json_pack("{s:o,s:I}", "error", json_span(span_str(why.text)), "offset",
		    (json_int_t)why.offset);
	return o;
}

static void
set(json_t *o, const char *key, json_t *value)
{
	json_object_set_new(o, key, value);
}

static json_t *
hex(struct span s)
{
	struct sbuf b = { 0 };
	json_t *v;

	sbuf_hex(&b, s);
	v = json_stringn(b.n > 0 ? b.s : "", b.n);
	sbuf_done(&b);
	return v;
}

static json_t *
number_text(uint32_t number)
{
	char text[16];

	snprintf(text, sizeof text, "%u", (unsigned)number);
	return json_string(text);
}

static void
set_segments(json_t *o, const struct sim_message *m)
{
	struct span segments[SMS_SEGMENTS_MAX];
	size_t i, n = m->n_parts > 1 ? m->n_parts : m->parts[0]->n_segments;
	json_t *list = json_array();

	for (i = 0; i < n; i++) {
		segments[i] = m->n_parts > 1 ? sim_part_segment(m->parts[i], 0) :
		    sim_part_segment(m->parts[0], (unsigned)i);
		json_array_append_new(list, hex(segments[i]));
	}
	set(o, "segments", list);
	set(o, "message", decode(m, segments, n));
}

json_t *
sim_message_json(const struct sim_message *m, enum receipt_state state)
{
	const struct sim_part *first = m->parts[0], *last = m->parts[m->n_parts - 1];
	char iso[CLOCK_ISO_SIZE];
	json_t *o = json_object(), *ids = json_array();
	unsigned i;

	set(o, "seq", json_integer((json_int_t)m->seq));
	set(o, "system_id", json_span(span_str(first->account->system_id)));
	set(o, "source", json_span(span_str(first->source)));
	set(o, "source_ton", json_integer(first->source_ton));
	set(o, "source_npi", json_integer(first->source_npi));
	set(o, "dest", json_span(span_str(first->dest)));
	set(o, "dest_ton", json_integer(first->dest_ton));
	set(o, "dest_npi", json_integer(first->dest_npi));
	set(o, "service_type", json_span(span_str(first->service_type)));
	set(o, "esm_class", json_integer(first->esm_class));
	set(o, "protocol_id", json_integer(first->protocol_id));
	set(o, "data_coding", json_integer(first->data_coding));
	set(o, "registered_delivery", json_integer(first->registered_delivery));
	set(o, "priority_flag", json_integer(first->priority));
	set(o, "schedule_delivery_time", json_span(span_str(first->schedule)));
	set(o, "validity_period", json_span(span_str(first->validity)));
	set(o, "ports_in", json_string(!sim_part_has_udh(first) ? "none" :
	    first->ports_in_tlv ? "tlv" : "udh"));
	set_segments(o, m);
	set(o, "message_id", number_text(last->number));
	for (i = 0; i < m->n_ids; i++)
		json_array_append_new(ids, number_text(m->parts[i]->number));
	set(o, "message_ids", ids);
	set(o, "state", json_string(sim_state_name(state)));
	clock_iso((time_t)(m->at_ms / 1000), iso);
	set(o, "received", json_string(iso));
	set(o, "received_ms", json_integer(m->at_ms));
	return o;
}
