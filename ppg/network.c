/* network.c - see network.h. */
#include "ppg/network.h"

#include <strings.h>

static const struct network_row rows[] = {
	{ 0x00, "any",            "any",          "IPv4" },
	{ 0x01, "any",            "any",          "IPv6" },
	{ 0x02, "GSM",            "USSD",         "any" },
	{ 0x03, "GSM",            "SMS",          "GSM_MSISDN" },
	{ 0x04, "ANSI-136",       "GUTS/R-Data",  "ANSI_136_MSISDN" },
	{ 0x05, "IS-95 CDMA",     "SMS",          "IS_637_MSISDN" },
	{ 0x06, "IS-95 CDMA",     "CSD",          "IPv4" },
	{ 0x07, "IS-95 CDMA",     "Packet Data",  "IPv4" },
	{ 0x08, "ANSI-136",       "CSD",          "IPv4" },
	{ 0x09, "ANSI-136",       "Packet Data",  "IPv4" },
	{ 0x0A, "GSM",            "CSD",          "IPv4" },
	{ 0x0B, "GSM",            "GPRS",         "IPv4" },
	{ 0x0C, "GSM",            "USSD",         "IPv4" },
	{ 0x0D, "AMPS",           "CDPD",         "IPv4" },
	{ 0x0E, "PDC",            "CSD",          "IPv4" },
	{ 0x0F, "PDC",            "Packet Data",  "IPv4" },
	{ 0x10, "iDEN",           "SMS",          "iDEN_MSISDN" },
	{ 0x11, "iDEN",           "CSD",          "IPv4" },
	{ 0x12, "iDEN",           "Packet Data",  "IPv4" },
	{ 0x13, "Paging network", "FLEX",         "FLEX_MSISDN" },
	{ 0x14, "PHS",            "SMS",          "PHS_MSISDN" },
	{ 0x15, "PHS",            "CSD",          "IPv4" },
	{ 0x16, "GSM",            "USSD",         "GSM_Service_Code" },
	{ 0x17, "TETRA",          "SDS",          "TETRA_ITSI" },
	{ 0x18, "TETRA",          "SDS",          "TETRA_MSISDN" },
	{ 0x19, "TETRA",          "Packet Data",  "IPv4" },
	{ 0x1A, "Paging network", "ReFLEX",       "ReFLEX_MSISDN" },
	{ 0x1B, "GSM",            "USSD",         "GSM_MSISDN" },
	{ 0x1C, "Mobitex",        "MPAK",         "MAN" },
	{ 0x1D, "ANSI-136",       "GHOST/R_DATA", "GSM_MSISDN" },
};

enum { N_ROWS = sizeof rows / sizeof rows[0] };

const struct network_row *
network_table(size_t *n)
{
	*n = N_ROWS;
	return rows;
}

const struct network_row *
network_row(uint8_t number)
{
	return number < N_ROWS ? &rows[number] : NULL;
}

bool
network_is_any(const char *name)
{
	return name == NULL || name[0] == '\0' || strcasecmp(name, "any") == 0;
}

bool
network_known(const char *name)
{
	size_t i;

	if (network_is_any(name))
		return true;
	for (i = 0; i < N_ROWS; i++)
		if (strcasecmp(rows[i].network, name) == 0)
			return true;
	return false;
}

bool
bearer_known(const char *network, const char *bearer)
{
	size_t i;

	if (network_is_any(bearer))
		return network_known(network);
	for (i = 0; i < N_ROWS; i++)
		if (strcasecmp(rows[i].bearer, bearer) == 0 &&
		    (network_is_any(network) || strcasecmp(rows[i].network, network) == 0))
			return true;
	return false;
}
