/* link.c - what every kind of link shares; see link.h. */
#include "smsc/link.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

void
smsc_config_defaults(struct smsc_config *cf)
{
	*cf = (struct smsc_config){
		.port = 2775,
		.data_coding = 4,
		.window = 10,
		.enquire_link_s = 30,
		.response_timeout_s = 60,
		.reconnect_min_ms = 1000,
		.reconnect_max_ms = 60000,
		.bind_refused_wait_s = 60,
		.validity_s = 24 * 3600,
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

#define TEXT(field) { offsetof(struct smsc_config, field), sizeof ((struct smsc_config *)0)->field, true }
#define VALUE(field) { offsetof(struct smsc_config, field), sizeof ((struct smsc_config *)0)->field, false }

/* Every member: what lies between them, and behind the end of a text, says nothing. */
static const struct { size_t offset, size; bool text; } config_fields[] = {
	TEXT(smsc_id), TEXT(host), VALUE(port), TEXT(system_id), TEXT(password), TEXT(system_type),
	TEXT(address_range), TEXT(service_type), TEXT(source_addr), VALUE(transmitter_only),
	VALUE(data_coding), VALUE(esm_mode), VALUE(window), VALUE(enquire_link_s),
	VALUE(response_timeout_s), VALUE(reconnect_min_ms), VALUE(reconnect_max_ms),
	VALUE(bind_refused_wait_s), VALUE(validity_s), VALUE(throughput), VALUE(max_pdu),
	VALUE(receipt_ids),
	TEXT(network), TEXT(bearer), TEXT(allowed_smsc_id), TEXT(denied_smsc_id), TEXT(preferred_smsc_id),
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
