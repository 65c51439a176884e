/*
 * pap_status.c - the status codes of PAP: their names, and what becomes of one that the other side's
 * version does not have.
 * Spec: WAP-247-PAP 8.13 (classes, unknown codes), 8.14.
 */
#include "ppg/pap.h"

static const struct { int code; const char *name; } status_names[] = {
	{ PAP_OK, "OK" },
	{ PAP_ACCEPTED, "Accepted for processing" },
	{ PAP_BAD_REQUEST, "Bad request" },
	{ PAP_FORBIDDEN, "Forbidden" },
	{ PAP_ADDRESS_ERROR, "Address error" },
	{ PAP_ADDRESS_NOT_FOUND, "Address not found" },
	{ PAP_PUSH_ID_NOT_FOUND, "Push ID not found" },
	{ PAP_CAPABILITIES_MISMATCH, "Capabilities mismatch" },
	{ PAP_CAPABILITIES_UNSUPPORTED, "Required capabilities not supported" },
	{ PAP_DUPLICATE_PUSH_ID, "Duplicate push ID" },
	{ PAP_CANCEL_IMPOSSIBLE, "Cancellation not possible" },
	{ PAP_INTERNAL_ERROR, "Internal server error" },
	{ PAP_NOT_IMPLEMENTED, "Not implemented" },
	{ PAP_VERSION_UNSUPPORTED, "Version not supported" },
	{ PAP_NOT_POSSIBLE, "Not possible" },
	{ PAP_CAPABILITY_MATCH_UNSUPPORTED, "Capability matching not supported" },
	{ PAP_MULTIPLE_ADDRESSES_UNSUPPORTED, "Multiple addresses not supported" },
	{ PAP_TRANSFORMATION_FAILURE, "Transformation failure" },
	{ PAP_DELIVERY_METHOD_IMPOSSIBLE, "Specified delivery method not possible" },
	{ PAP_CAPABILITIES_UNAVAILABLE, "Capabilities not available" },
	{ PAP_NETWORK_UNAVAILABLE, "Required network not available" },
	{ PAP_BEARER_UNAVAILABLE, "Required bearer not available" },
	{ PAP_REPLACEMENT_UNSUPPORTED, "Replacement not supported" },
	{ PAP_SERVICE_FAILURE, "Service failure" },
	{ PAP_SERVICE_UNAVAILABLE, "Service unavailable" },
};

const char *
pap_status_name(int code)
{
	size_t i;

	for (i = 0; i < sizeof status_names / sizeof status_names[0]; i++)
		if (status_names[i].code == code)
			return status_names[i].name;
	/* three digits of the reason that the device gave (8.14.5) */
	return code >= 5000 && code < 5500 ? "Mobile client aborted" : NULL;
}

int
pap_status_effective(int code)
{
	if (code < 1000 || code > 5999)
		return 0;
	return pap_status_name(code) != NULL ? code : code / 1000 * 1000;
}

/* What replacement brought along in 2.0, and what comes closest before it. */
static const struct { int code; enum pap_message answer_to; int in_10; } later_codes[] = {
	{ PAP_CANCEL_IMPOSSIBLE,       PAP_CANCEL, PAP_NOT_POSSIBLE },
	{ PAP_CANCEL_IMPOSSIBLE,       PAP_NONE,   PAP_BAD_REQUEST },
	{ PAP_REPLACEMENT_UNSUPPORTED, PAP_NONE,   PAP_INTERNAL_ERROR },
};

int
pap_status_for(struct pap_version v, enum pap_message answer_to, int code)
{
	size_t i;

	for (i = 0; v.major < 2 && i < sizeof later_codes / sizeof later_codes[0]; i++)
		if (later_codes[i].code == code &&
		    (later_codes[i].answer_to == answer_to || later_codes[i].answer_to == PAP_NONE))
			return later_codes[i].in_10;
	return code;
}
