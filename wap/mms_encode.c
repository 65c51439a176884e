/* mms_encode.c - see mms.h: fields that a person wrote, as octets. Spec: OMA-TS-MMS-ENC-V1_3, 7.2. */
#include "wap/mms.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum { SHORT_LENGTH_MAX = 30, LENGTH_QUOTE = 31, UTF8 = 0xEA, TEXT_MAX = 2048 };

/* Value-length, then the octets. */
static void
put_with_length(struct sbuf *out, struct span s)
{
	uint8_t octets[6];
	struct wbuf w = wbuf_into(octets, sizeof octets);

	if (s.n > SHORT_LENGTH_MAX) {
		wbuf_u8(&w, LENGTH_QUOTE);
		wbuf_uintvar(&w, (uint32_t)s.n);
	} else {
		wbuf_u8(&w, (uint8_t)s.n);
	}
	sbuf_span(out, wbuf_span(&w));
	sbuf_span(out, s);
}

static int
check_text(struct span s, struct why *why)
{
	if (s.n == 0)
		return why_set(why, ERR_SYNTAX, "it is empty");
	if (s.n > TEXT_MAX)
		return why_set(why, ERR_LIMIT, "more than %d octets", TEXT_MAX);
	if (text_has_control(s))
		return why_set(why, ERR_SYNTAX, "a control character");
	return OK;
}

static bool
is_ascii(struct span s)
{
	size_t i;

	for (i = 0; i < s.n && s.p[i] < 0x80; i++)
		;
	return i == s.n;
}

static void
put_text(struct sbuf *out, struct span s)
{
	if (s.p[0] >= 0x80)
		sbuf_char(out, MMS_TEXT_QUOTE);
	sbuf_span(out, s);
	sbuf_char(out, '\0');
}

/* ASCII as it is, everything else with its charset. */
static void
put_encoded(struct sbuf *out, struct span s)
{
	struct sbuf inner = { 0 };

	if (is_ascii(s)) {
		put_text(out, s);
		return;
	}
	sbuf_char(&inner, (char)UTF8);
	put_text(&inner, s);
	put_with_length(out, sbuf_as_span(&inner));
	sbuf_done(&inner);
}

static int
put_word(struct sbuf *out, const struct mms_field *f, const char *word, struct why *why)
{
	unsigned i;

	for (i = 0; f->words[i] != NULL; i++) {
		if (strcasecmp(f->words[i], word) == 0) {
			sbuf_char(out, (char)(0x80 | i));
			return OK;
		}
	}
	if (!f->token || strchr(word, ' ') != NULL || !is_ascii(span_str(word)))
		return why_set(why, ERR_SYNTAX, "not a word of this field");
	put_text(out, span_str(word));
	return OK;
}

static void
put_from(struct sbuf *out, const char *address)
{
	struct sbuf inner = { 0 };

	if (strcasecmp(address, "insert-address") == 0) {
		sbuf_char(&inner, (char)0x81);
	} else {
		sbuf_char(&inner, (char)0x80);
		put_encoded(&inner, span_str(address));
	}
	put_with_length(out, sbuf_as_span(&inner));
	sbuf_done(&inner);
}

static int
put_version(struct sbuf *out, const char *text, struct why *why)
{
	if (text[0] < '1' || text[0] > '7' || text[1] != '.' || text[2] < '0' || text[2] > '9' || text[3] != '\0')
		return why_set(why, ERR_SYNTAX, "not a version such as \"1.2\"");
	sbuf_char(out, (char)(0x80 | (text[0] - '0') << 4 | (text[2] - '0')));
	return OK;
}

/* A long integer: as few octets as it needs, at least one. */
static int
put_number(struct sbuf *out, const json_t *value, struct why *why)
{
	uint8_t octets[8];
	json_int_t n = json_integer_value(value);
	size_t i = sizeof octets;

	if (!json_is_integer(value) || n < 0)
		return why_set(why, ERR_SYNTAX, "not a number from 0 on");
	do {
		octets[--i] = (uint8_t)n;
		n >>= 8;
	} while (n > 0);
	sbuf_char(out, (char)(sizeof octets - i));
	sbuf_put(out, octets + i, sizeof octets - i);
	return OK;
}

static int
put_time(struct sbuf *out, const json_t *value, struct why *why)
{
	const json_t *relative = json_object_get(value, "relative"), *absolute = json_object_get(value, "absolute");
	struct sbuf inner = { 0 };
	int err;

	if (json_object_size(value) != 1 || (relative == NULL && absolute == NULL))
		return why_set(why, ERR_SYNTAX, "neither {\"relative\":S} nor {\"absolute\":S}");
	sbuf_char(&inner, (char)(relative != NULL ? 0x81 : 0x80));
	err = put_number(&inner, relative != NULL ? relative : absolute, why);
	if (err == OK)
		put_with_length(out, sbuf_as_span(&inner));
	sbuf_done(&inner);
	return err;
}

static int
put_value(struct sbuf *out, const struct mms_field *f, const json_t *value, struct why *why)
{
	const char *text = json_string_value(value);
	struct span s = span_of(text, json_string_length(value));
	int err;

	if (f->form == MMS_NUMBER)
		return put_number(out, value, why);
	if (f->form == MMS_TIME)
		return put_time(out, value, why);
	if (text == NULL)
		return why_set(why, ERR_SYNTAX, "not a string");
	if ((err = check_text(s, why)) != OK)
		return err;
	switch (f->form) {
	case MMS_WORD:
		return put_word(out, f, text, why);
	case MMS_VERSION:
		return put_version(out, text, why);
	case MMS_TEXT:
		put_text(out, s);
		return OK;
	case MMS_ENCODED:
		put_encoded(out, s);
		return OK;
	case MMS_FROM:
		put_from(out, text);
		return OK;
	case MMS_TYPE:
	case MMS_NUMBER:
	case MMS_TIME:
		break;
	}
	return why_set(why, ERR_UNSUPPORTED, "only messages with a body have it");
}

static int
put_field(struct sbuf *out, const char *name, const json_t *value, struct why *why)
{
	const struct mms_field *f = mms_field_named(name);
	struct sbuf quoted = { 0 };
	size_t i, n = json_is_array(value) ? json_array_size(value) : 1;
	int err = OK;

	if (f == NULL) {
		sbuf_quote(&quoted, span_str(name));
		why_set(why, ERR_SYNTAX, "no MMS field is called %s", quoted.s != NULL ? quoted.s : "\"\"");
		sbuf_done(&quoted);
		return ERR_SYNTAX;
	}
	for (i = 0; i < n && err == OK; i++) {
		sbuf_char(out, (char)f->code);
		err = put_value(out, f, json_is_array(value) ? json_array_get(value, i) : value, why);
	}
	if (err != OK)
		why_prefix(why, "%s", f->name);
	return err;
}

int
mms_encode(const json_t *fields, struct sbuf *out, struct why *why)
{
	static const char *const first[] = { "X-Mms-Message-Type", "X-Mms-Transaction-ID", "X-Mms-MMS-Version" };
	static const char *const last = "X-Mms-Content-Location";
	const char *name;
	json_t *value;
	size_t i;
	int err = mms_check(fields, true, why);

	for (i = 0; i < 3 && err == OK; i++)
		if ((value = json_object_get(fields, first[i])) != NULL)
			err = put_field(out, first[i], value, why);
	json_object_foreach((json_t *)(uintptr_t)fields, name, value) {
		if (err != OK)
			break;
		for (i = 0; i < 3 && strcmp(name, first[i]) != 0; i++)
			;
		if (i == 3 && strcmp(name, last) != 0)
			err = put_field(out, name, value, why);
	}
	if (err == OK && (value = json_object_get(fields, last)) != NULL)
		err = put_field(out, last, value, why);
	return err;
}
