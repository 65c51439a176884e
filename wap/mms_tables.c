/* mms_tables.c - see mms.h: the fields, and which of them a pushed PDU must have. */
#include "wap/mms.h"

#include <string.h>
#include <strings.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Names of the octets from 80 on. */
static const char *const message_types[] = {
	"m-send-req", "m-send-conf", "m-notification-ind", "m-notifyresp-ind", "m-retrieve-conf",
	"m-acknowledge-ind", "m-delivery-ind", "m-read-rec-ind", "m-read-orig-ind", "m-forward-req",
	"m-forward-conf", "m-mbox-store-req", "m-mbox-store-conf", "m-mbox-view-req",
	"m-mbox-view-conf", "m-mbox-upload-req", "m-mbox-upload-conf", "m-mbox-delete-req",
	"m-mbox-delete-conf", "m-mbox-descr", NULL
};
static const char *const yes_no[] = { "yes", "no", NULL };
static const char *const classes[] = { "personal", "advertisement", "informational", "auto", NULL };
static const char *const priorities[] = { "low", "normal", "high", NULL };
static const char *const visibilities[] = { "hide", "show", NULL };
static const char *const statuses[] = {
	"expired", "retrieved", "rejected", "deferred", "unrecognised", "indeterminate", "forwarded",
	"unreachable", NULL
};
static const char *const read_statuses[] = { "read", "deleted", NULL };
static const char *const charging[] = {
	"requested", "requested text only", "accepted", "accepted text only", NULL
};

static const struct mms_field fields[] = {
	{ 0x81, MMS_ENCODED,	"Bcc",				NULL, false },
	{ 0x82, MMS_ENCODED,	"Cc",				NULL, false },
	{ 0x83, MMS_TEXT,	"X-Mms-Content-Location",	NULL, false },
	{ 0x84, MMS_TYPE,	"Content-Type",			NULL, false },
	{ 0x85, MMS_NUMBER,	"Date",				NULL, false },
	{ 0x86, MMS_WORD,	"X-Mms-Delivery-Report",	yes_no, false },
	{ 0x87, MMS_TIME,	"X-Mms-Delivery-Time",		NULL, false },
	{ 0x88, MMS_TIME,	"X-Mms-Expiry",			NULL, false },
	{ 0x89, MMS_FROM,	"From",				NULL, false },
	{ 0x8A, MMS_WORD,	"X-Mms-Message-Class",		classes, true },
	{ 0x8B, MMS_TEXT,	"Message-ID",			NULL, false },
	{ 0x8C, MMS_WORD,	"X-Mms-Message-Type",		message_types, false },
	{ 0x8D, MMS_VERSION,	"X-Mms-MMS-Version",		NULL, false },
	{ 0x8E, MMS_NUMBER,	"X-Mms-Message-Size",		NULL, false },
	{ 0x8F, MMS_WORD,	"X-Mms-Priority",		priorities, false },
	{ 0x90, MMS_WORD,	"X-Mms-Read-Report",		yes_no, false },
	{ 0x91, MMS_WORD,	"X-Mms-Report-Allowed",		yes_no, false },
	{ 0x94, MMS_WORD,	"X-Mms-Sender-Visibility",	visibilities, false },
	{ 0x95, MMS_WORD,	"X-Mms-Status",			statuses, false },
	{ 0x96, MMS_ENCODED,	"Subject",			NULL, false },
	{ 0x97, MMS_ENCODED,	"To",				NULL, false },
	{ 0x98, MMS_TEXT,	"X-Mms-Transaction-ID",		NULL, false },
	{ 0x9B, MMS_WORD,	"X-Mms-Read-Status",		read_statuses, false },
	{ 0x9C, MMS_WORD,	"X-Mms-Reply-Charging",		charging, false },
	{ 0x9D, MMS_TIME,	"X-Mms-Reply-Charging-Deadline", NULL, false },
	{ 0x9E, MMS_TEXT,	"X-Mms-Reply-Charging-ID",	NULL, false },
	{ 0x9F, MMS_NUMBER,	"X-Mms-Reply-Charging-Size",	NULL, false },
	{ 0xB1, MMS_WORD,	"X-Mms-Distribution-Indicator",	yes_no, false },
	{ 0xB7, MMS_TEXT,	"X-Mms-Applic-ID",		NULL, false },
	{ 0xB8, MMS_TEXT,	"X-Mms-Reply-Applic-ID",	NULL, false },
	{ 0xB9, MMS_TEXT,	"X-Mms-Aux-Applic-Info",	NULL, false },
};

const struct mms_field *
mms_field_find(uint8_t code)
{
	size_t i;

	for (i = 0; i < COUNT(fields); i++)
		if (fields[i].code == code)
			return &fields[i];
	return NULL;
}

const struct mms_field *
mms_field_named(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(fields); i++)
		if (strcasecmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

/* ---- PDUs that are pushed -------------------------------------------------------------------------- */

enum { MUST_MAX = 7 };

static const struct pushed {
	const char *type;
	const char *must[MUST_MAX];	/* the first two: in any case */
} pushed[] = {
	{ "m-notification-ind", { "X-Mms-Transaction-ID", "X-Mms-Content-Location", "X-Mms-MMS-Version",
	    "X-Mms-Message-Class", "X-Mms-Message-Size", "X-Mms-Expiry" } },
	{ "m-delivery-ind", { "Message-ID", "X-Mms-Status", "X-Mms-MMS-Version", "To", "Date" } },
	{ "m-read-orig-ind", { "Message-ID", "X-Mms-Read-Status", "X-Mms-MMS-Version", "To", "From", "Date" } },
};

int
mms_check(const json_t *fields_json, bool whole, struct why *why)
{
	const char *type = json_text(fields_json, "X-Mms-Message-Type");
	size_t i, k;

	for (i = 0; i < COUNT(pushed) && (type == NULL || strcasecmp(type, pushed[i].type) != 0); i++)
		;
	if (i == COUNT(pushed))
		return why_set(why, ERR_UNSUPPORTED,
		    "X-Mms-Message-Type: m-notification-ind, m-delivery-ind and m-read-orig-ind are pushed, others are not");
	for (k = 0; k < (whole ? MUST_MAX : 2) && pushed[i].must[k] != NULL; k++)
		if (json_object_get(fields_json, pushed[i].must[k]) == NULL)
			return why_set(why, ERR_SYNTAX, "%s without %s", pushed[i].type, pushed[i].must[k]);
	return OK;
}
