/* smscsim_deliver.c - see smscsim_deliver.h. */
#include "smsc/smscsim_deliver.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "smsc/smscsim_member.h"

/* ---- a message of a handset ---------------------------------------------------------- */

static int
read_address(json_t *value, const char *key, uint8_t *ton, uint8_t *npi, char digits[SIM_ADDRESS_SIZE],
    struct why *why)
{
	char text[SIM_ADDRESS_SIZE + 1];	/* and a plus sign */
	int err = sim_member_text(value, key, text, sizeof text, why);

	if (err == OK)
		smpp_address(text, ton, npi, digits);
	return err;
}

static int
read_octet(json_t *value, const char *key, uint8_t *out, struct why *why)
{
	int64_t n = 0;
	int err = sim_member_number(value, key, 0, 255, &n, why);

	if (err == OK)
		*out = (uint8_t)n;
	return err;
}

static int
read_text(json_t *value, struct sim_mo *mo, struct why *why)
{
	const char *text = json_string_value(value);
	size_t i, n = text != NULL ? strlen(text) : 0;

	if (text == NULL || n > SIM_TEXT_MAX)
		return why_set(why, ERR_SYNTAX, "text: not a string of at most %d characters", SIM_TEXT_MAX);
	for (i = 0; i < n; i++)
		if ((uint8_t)text[i] >= 0x80)
			return why_set(why, ERR_SYNTAX, "text: ASCII only; octets takes anything, in hexadecimal");
	memcpy(mo->octets, text, n);
	mo->n = (uint8_t)n;
	return OK;
}

static int
read_octets(json_t *value, struct sim_mo *mo, struct why *why)
{
	struct span text = { (const uint8_t *)json_string_value(value), json_string_length(value) };
	size_t n = 0;

	if (text.p == NULL || text.n > 2 * sizeof mo->octets || text_hex(text, mo->octets, &n, NULL) != OK)
		return why_set(why, ERR_SYNTAX, "octets: not hexadecimal of at most %zu octets",
		    sizeof mo->octets);
	mo->n = (uint8_t)n;
	return OK;
}

static int
read_mo_member(const char *key, json_t *value, struct sim_mo *mo, struct why *why)
{
	if (strcmp(key, "system_id") == 0)
		return sim_member_text(value, key, mo->system_id, sizeof mo->system_id, why);
	if (strcmp(key, "source") == 0)
		return read_address(value, key, &mo->source_ton, &mo->source_npi, mo->source, why);
	if (strcmp(key, "dest") == 0)
		return read_address(value, key, &mo->dest_ton, &mo->dest_npi, mo->dest, why);
	if (strcmp(key, "esm_class") == 0)
		return read_octet(value, key, &mo->esm_class, why);
	if (strcmp(key, "data_coding") == 0)
		return read_octet(value, key, &mo->data_coding, why);
	if (strcmp(key, "text") == 0)
		return read_text(value, mo, why);
	if (strcmp(key, "octets") == 0)
		return read_octets(value, mo, why);
	return why_set(why, ERR_SYNTAX, "the members are system_id, source, dest, esm_class, data_coding, "
	    "text, octets");
}

int
sim_mo_read(json_t *spec, struct sim_mo *out, struct why *why)
{
	static const char *const needed[] = { "system_id", "source", "dest" };
	struct sim_mo mo = { .n = 0 };
	const char *key;
	json_t *value;
	size_t i;
	int err;

	*out = mo;
	if (!json_is_object(spec))
		return why_set(why, ERR_SYNTAX, "a message is a JSON object");
	json_object_foreach(spec, key, value)
		if ((err = read_mo_member(key, value, &mo, why)) != OK)
			return err;
	for (i = 0; i < sizeof needed / sizeof needed[0]; i++)
		if (json_object_get(spec, needed[i]) == NULL)
			return why_set(why, ERR_SYNTAX, "%s: needed", needed[i]);
	if (json_object_get(spec, "text") != NULL && json_object_get(spec, "octets") != NULL)
		return why_set(why, ERR_SYNTAX, "text or octets, not both");
	*out = mo;
	return OK;
}

void
sim_mo_encode(struct wbuf *w, const struct sim_mo *mo, uint32_t seq)
{
	struct smpp_pdu pdu = { .id = SMPP_DELIVER_SM, .seq = seq, .source_ton = mo->source_ton,
		.source_npi = mo->source_npi, .dest_ton = mo->dest_ton, .dest_npi = mo->dest_npi,
		.esm_class = mo->esm_class, .data_coding = mo->data_coding,
		.short_message = span_of(mo->octets, mo->n) };

	memcpy(pdu.source, mo->source, sizeof mo->source);
	memcpy(pdu.dest, mo->dest, sizeof mo->dest);
	smpp_encode(w, &pdu);
}

/* ---- a receipt ----------------------------------------------------------------------- */

/* YYMMDDhhmm */
static void
write_date(struct sbuf *out, int64_t utc_ms)
{
	time_t t = (time_t)(utc_ms / 1000);
	struct tm tm;

	gmtime_r(&t, &tm);
	sbuf_fmt(out, "%02d%02d%02d%02d%02d", tm.tm_year % 100, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	    tm.tm_min);
}

static void
write_text(const struct sim_told *told, const struct sim_settings *set, const char *id, struct sbuf *out)
{
	const char *state = sim_state_name(told->state), *err = sim_state_err(told->state);
	const char *text = set->text, *mark = strstr(text, "{id}");

	if (text[0] != '\0') {
		sbuf_put(out, text, mark != NULL ? (size_t)(mark - text) : strlen(text));
		if (mark != NULL)
			sbuf_fmt(out, "%s%s", id, mark + strlen("{id}"));
		return;
	}
	sbuf_fmt(out, "id:%s sub:001 dlvrd:%s submit date:", id,
	    told->state == RECEIPT_DELIVERED ? "001" : "000");
	write_date(out, told->part->at_ms);
	sbuf_str(out, " done date:");
	write_date(out, told->part->done_ms > 0 ? told->part->done_ms : clock_utc_ms());
	sbuf_fmt(out, " stat:%s err:%s text:", state, err);
}

/* Ten digits that no message of ours has: they are more than 32 bits. */
#define UNKNOWN_FROM 5000000000u

void
sim_told_encode(struct wbuf *w, const struct sim_told *told, const struct sim_settings *set, uint32_t seq)
{
	const struct sim_part *part = told->part;
	struct smpp_pdu pdu = { .id = SMPP_DELIVER_SM, .seq = seq };
	uint8_t state = (uint8_t)told->state;
	struct sbuf text = { 0 };
	char id[SIM_ID_SIZE];

	sim_id_print(set->id_format, told->unknown_id ? UNKNOWN_FROM + part->number : part->number, id);
	write_text(told, set, id, &text);
	memcpy(pdu.service_type, part->service_type, sizeof pdu.service_type);
	pdu.source_ton = part->dest_ton;
	pdu.source_npi = part->dest_npi;
	pdu.dest_ton = part->source_ton;
	pdu.dest_npi = part->source_npi;
	memcpy(pdu.source, part->dest, sizeof part->dest);
	memcpy(pdu.dest, part->source, sizeof part->source);
	pdu.esm_class = told->state == RECEIPT_ENROUTE ? SMPP_ESM_INTERMEDIATE : SMPP_ESM_RECEIPT;
	pdu.short_message = span_of(text.s,
	    text.n < SIM_RECEIPT_TEXT_MAX ? text.n : SIM_RECEIPT_TEXT_MAX);
	if (set->tlvs && set->text[0] == '\0') {
		pdu.tlvs[0] = (struct smpp_tlv){ SMPP_TAG_RECEIPTED_MESSAGE_ID,
		    span_of(id, strlen(id) + 1) };
		pdu.tlvs[1] = (struct smpp_tlv){ SMPP_TAG_MESSAGE_STATE, span_of(&state, 1) };
		pdu.n_tlvs = 2;
	}
	smpp_encode(w, &pdu);
	sbuf_done(&text);
}
