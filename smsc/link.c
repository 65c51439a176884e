/* link.c - what every kind of link shares; see link.h. */
#include "smsc/link.h"

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
	};
}
