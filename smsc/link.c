/* link.c - what every kind of link shares, and who serves a call; see link.h. */
#include "smsc/link_kind.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

const char *
smsc_state_name(enum smsc_state s)
{
	switch (s) {
	case SMSC_DOWN: return "down";
	case SMSC_CONNECTING: return "connecting";
	case SMSC_BINDING: return "binding";
	case SMSC_UP: return "up";
	case SMSC_UNBINDING: return "unbinding";
	}
	return "unknown";
}

/* ---- kinds ----------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	const struct smsc_link_kind *functions;
} kinds[] = {
	[SMSC_SMPP] = { "smpp", &smpp_link_kind },
	[SMSC_BEARERBOX] = { "bearerbox", &box_link_kind },
	[SMSC_UDP] = { "udp", &udp_link_kind },
	[SMSC_HTTP] = { "http", &http_link_kind },
};

const char *
smsc_kind_name(enum smsc_kind kind)
{
	return kinds[kind].name;
}

int
smsc_kind_parse(const char *name, enum smsc_kind *out)
{
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].name, name) == 0) {
			*out = (enum smsc_kind)i;
			return OK;
		}
	*out = SMSC_SMPP;
	return ERR_NOT_FOUND;
}

static const char *const segmentations[] = { [SMSC_UDH16] = "udh16", [SMSC_UDH8] = "udh8", [SMSC_SAR] = "sar",
	[SMSC_PAYLOAD] = "payload" };

const char *
smsc_segmentation_name(enum smsc_segmentation how)
{
	return segmentations[how];
}

int
smsc_segmentation_parse(const char *name, enum smsc_segmentation *out)
{
	size_t i;

	for (i = 0; i < sizeof segmentations / sizeof segmentations[0]; i++)
		if (strcmp(segmentations[i], name) == 0) {
			*out = (enum smsc_segmentation)i;
			return OK;
		}
	*out = SMSC_UDH16;
	return ERR_NOT_FOUND;
}

static const struct smsc_link_kind *
kind_of(const struct smsc_link *link)
{
	return *(const struct smsc_link_kind *const *)link;
}

struct smsc_link *
smsc_link_create(struct loop *loop, const struct smsc_config *cf, const struct smsc_events *ev, void *app)
{
	return kinds[cf->kind].functions->create(loop, cf, ev, app);
}

void
smsc_link_stop(struct smsc_link *link, unsigned wait_ms)
{
	kind_of(link)->stop(link, wait_ms);
}

void
smsc_link_destroy(struct smsc_link **link)
{
	struct smsc_link *l = *link;

	*link = NULL;
	if (l != NULL)
		kind_of(l)->destroy(l);
}

enum smsc_state
smsc_link_state(const struct smsc_link *link)
{
	return kind_of(link)->state(link);
}

const char *
smsc_link_id(const struct smsc_link *link)
{
	return kind_of(link)->id(link);
}

const struct smsc_stats *
smsc_link_stats(const struct smsc_link *link)
{
	return kind_of(link)->stats(link);
}

unsigned
smsc_link_window_used(const struct smsc_link *link)
{
	return kind_of(link)->window_used(link);
}

size_t
smsc_link_queued(const struct smsc_link *link)
{
	return kind_of(link)->queued(link);
}

unsigned
smsc_link_room(const struct smsc_link *link)
{
	return kind_of(link)->room(link);
}

int
smsc_link_submit(struct smsc_link *link, struct smsc_datagram *dg)
{
	return kind_of(link)->submit(link, dg);
}

int
smsc_link_cancel(struct smsc_link *link, struct smsc_cancel *c)
{
	return kind_of(link)->cancel(link, c);
}

int
smsc_link_query(struct smsc_link *link, struct smsc_query *q)
{
	return kind_of(link)->query != NULL ? kind_of(link)->query(link, q) : ERR_UNSUPPORTED;
}

void
smsc_link_receipt_done(struct smsc_link *link, uint64_t token, bool ok)
{
	kind_of(link)->receipt_done(link, token, ok);
}

/* ---- waiting -------------------------------------------------------------------------------- */

int64_t
smsc_jitter(int64_t ms)
{
	uint16_t r = 0;

	if (getrandom(&r, sizeof r, 0) != sizeof r)
		r = 0;
	return ms + ms * (r % 256) / 1024;
}

int64_t
smsc_back_off(const struct smsc_config *cf, unsigned failures)
{
	int64_t ms = cf->reconnect_min_ms;
	unsigned i;

	for (i = 0; i < failures && ms < cf->reconnect_max_ms; i++)
		ms *= 2;
	if (ms > cf->reconnect_max_ms)
		ms = cf->reconnect_max_ms;
	return smsc_jitter(ms);
}

/* ---- configuration --------------------------------------------------------------------------- */

void
smsc_config_defaults(struct smsc_config *cf)
{
	*cf = (struct smsc_config){
		.port = 2775,
		.data_coding = 4,
		.interface_version = 0x34,
		.instances = 1,
		.window = 10,
		.enquire_link_s = 30,
		.response_timeout_s = 60,
		.reconnect_min_ms = 1000,
		.reconnect_max_ms = 60000,
		.bind_refused_wait_s = 60,
		.validity_s = 24 * 3600,
		.query_receipts = true,
		.max_pdu = SMPP_PDU_MAX,
		.network = "GSM",
		.bearer = "SMS",
	};
}

void
smsc_receipt_id(enum smsc_receipt_ids how, char id[66])
{
	int base = how == SMSC_IDS_DECIMAL ? 10 : 16;
	uintmax_t n;
	char *end;

	if (how == SMSC_IDS_ALIKE || !isxdigit((unsigned char)id[0]))
		return;
	errno = 0;
	n = strtoumax(id, &end, base);
	/* "0x1F" is no id in hexadecimal digits */
	if (errno != 0 || *end != '\0' || strpbrk(id, "xX") != NULL)
		return;
	snprintf(id, 66, how == SMSC_IDS_DECIMAL ? "%" PRIXMAX : "%" PRIuMAX, n);
}

static int
parse_error(struct span item, struct smsc_error *out)
{
	char text[40], *colon, *end;
	unsigned long n;

	if (span_to_cstr(item, text, sizeof text) != OK || (colon = strchr(text, ':')) == NULL)
		return ERR_SYNTAX;
	*colon++ = '\0';
	errno = 0;
	n = strtoul(text, &end, 0);
	if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || n == 0 || n > UINT32_MAX)
		return ERR_SYNTAX;
	*out = (struct smsc_error){ .status = (uint32_t)n };
	if (strcmp(colon, "retry") == 0) {
		out->meaning = SMSC_TRY_AGAIN;
	} else if (strcmp(colon, "throttle") == 0) {
		out->meaning = SMSC_THROTTLES;
	} else {
		out->meaning = SMSC_ENDS;
		if (strlen(colon) != 4 || strspn(colon, "0123456789") != 4 || colon[0] < '2' || colon[0] > '5')
			return ERR_SYNTAX;
		out->code = (uint16_t)strtoul(colon, NULL, 10);
	}
	return OK;
}

int
smsc_errors_parse(const char *text, struct smsc_config *cf, struct why *why)
{
	memset(cf->errors, 0, sizeof cf->errors);
	cf->n_errors = 0;
	while (*text != '\0') {
		size_t n = strcspn(text, ",");
		struct span item = span_trim(span_of(text, n));
		struct smsc_error e;

		if (parse_error(item, &e) != OK)
			return why_set(why, ERR_SYNTAX,
			    "\"%.*s\" is not a command_status, ':', and a PAP code of 2000 to 5999, retry or throttle",
			    item.n < 40 ? (int)item.n : 40, (const char *)item.p);
		if (smsc_error_find(cf, e.status) != NULL)
			return why_set(why, ERR_SYNTAX, "0x%X is written twice", (unsigned)e.status);
		if (cf->n_errors == SMSC_ERRORS_MAX)
			return why_set(why, ERR_LIMIT, "there are more than %d of them", SMSC_ERRORS_MAX);
		cf->errors[cf->n_errors++] = e;
		text += n + (text[n] == ',');
	}
	return OK;
}

const struct smsc_error *
smsc_error_find(const struct smsc_config *cf, uint32_t status)
{
	unsigned i;

	for (i = 0; i < cf->n_errors && i < SMSC_ERRORS_MAX; i++)
		if (cf->errors[i].status == status)
			return &cf->errors[i];
	return NULL;
}

#define TEXT(field) { offsetof(struct smsc_config, field), sizeof ((struct smsc_config *)0)->field, true }
#define VALUE(field) { offsetof(struct smsc_config, field), sizeof ((struct smsc_config *)0)->field, false }

/* Every member: what lies between them, and behind the end of a text, says nothing. */
static const struct { size_t offset, size; bool text; } config_fields[] = {
	VALUE(kind), VALUE(source_port), VALUE(max_datagram), TEXT(allow),
	TEXT(smsc_id), TEXT(host), VALUE(port), TEXT(system_id), TEXT(password), TEXT(system_type),
	TEXT(address_range), TEXT(service_type), TEXT(source_addr), VALUE(transmitter_only),
	VALUE(instances), VALUE(receive_port), VALUE(outbind_port), TEXT(outbind_host), TEXT(outbind_id),
	TEXT(outbind_password), TEXT(outbind_allow), VALUE(outbind_transceiver),
	VALUE(data_coding), VALUE(esm_mode), VALUE(window), VALUE(enquire_link_s),
	VALUE(response_timeout_s), VALUE(reconnect_min_ms), VALUE(reconnect_max_ms),
	VALUE(bind_refused_wait_s), VALUE(validity_s), VALUE(throughput), VALUE(query_receipts), VALUE(max_pdu),
	VALUE(errors), VALUE(n_errors), VALUE(interface_version),
	VALUE(receipt_ids), VALUE(segmentation), VALUE(tls), VALUE(tls_pinned), VALUE(tls_pin),
	TEXT(tls_name), TEXT(tls_ca_file), TEXT(tls_certkey_file),
	TEXT(network), TEXT(bearer), TEXT(allowed_smsc_id), TEXT(denied_smsc_id), TEXT(preferred_smsc_id),
	TEXT(allowed_prefix), TEXT(denied_prefix), TEXT(preferred_prefix),
	TEXT(http.method), TEXT(http.url), TEXT(http.headers), TEXT(http.type), TEXT(http.body),
	TEXT(http.user), TEXT(http.password), TEXT(http.token), TEXT(http.success), TEXT(http.message_id),
	VALUE(http.receipt_port), TEXT(http.receipt_interface), TEXT(http.receipt_path), TEXT(http.receipt_cert),
	TEXT(http.receipt_key), TEXT(http.receipt_token), TEXT(http.receipt_allow), TEXT(http.receipt_url),
	TEXT(http.receipt_list), TEXT(http.receipt_id), TEXT(http.receipt_state), TEXT(http.receipt_error),
	TEXT(http.receipt_states),
};

bool
smsc_config_equal(const struct smsc_config *a, const struct smsc_config *b)
{
	size_t i;

	for (i = 0; i < sizeof config_fields / sizeof config_fields[0]; i++) {
		const char *x = (const char *)a + config_fields[i].offset;
		const char *y = (const char *)b + config_fields[i].offset;
		size_t n = config_fields[i].size;

		if (config_fields[i].text ? strncmp(x, y, n) != 0 : memcmp(x, y, n) != 0)
			return false;
	}
	return true;
}
