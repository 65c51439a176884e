/*
 * wbxml_prov.c - tokens of provisioning documents, versions 1.0 and 1.1.
 * Spec: WAP-183 / OMA-WAP-TS-ProvCont 1.1, section 8.
 *
 * Attributes have two pages; the page a document switched to stays in force. The tag page is
 * separate from it and has the same tags on both pages.
 */
#include "wap/wbxml_tables.h"

#define NAME(value) { "name", value }
#define TYPE(value) { "type", value }

static const char *const tags_0[0x40] = {
	[0x05] = "wap-provisioningdoc", [0x06] = "characteristic", [0x07] = "parm",
};

static const char *const tags_1[0x40] = {
	[0x06] = "characteristic", [0x07] = "parm",
};

static const struct wbxml_start starts_0[0x80] = {
	[0x05] = { "name", NULL },		[0x06] = { "value", NULL },
	[0x07] = NAME("NAME"),			[0x08] = NAME("NAP-ADDRESS"),
	[0x09] = NAME("NAP-ADDRTYPE"),		[0x0A] = NAME("CALLTYPE"),
	[0x0B] = NAME("VALIDUNTIL"),		[0x0C] = NAME("AUTHTYPE"),
	[0x0D] = NAME("AUTHNAME"),		[0x0E] = NAME("AUTHSECRET"),
	[0x0F] = NAME("LINGER"),		[0x10] = NAME("BEARER"),
	[0x11] = NAME("NAPID"),			[0x12] = NAME("COUNTRY"),
	[0x13] = NAME("NETWORK"),		[0x14] = NAME("INTERNET"),
	[0x15] = NAME("PROXY-ID"),		[0x16] = NAME("PROXY-PROVIDER-ID"),
	[0x17] = NAME("DOMAIN"),		[0x18] = NAME("PROVURL"),
	[0x19] = NAME("PXAUTH-TYPE"),		[0x1A] = NAME("PXAUTH-ID"),
	[0x1B] = NAME("PXAUTH-PW"),		[0x1C] = NAME("STARTPAGE"),
	[0x1D] = NAME("BASAUTH-ID"),		[0x1E] = NAME("BASAUTH-PW"),
	[0x1F] = NAME("PUSHENABLED"),		[0x20] = NAME("PXADDR"),
	[0x21] = NAME("PXADDRTYPE"),		[0x22] = NAME("TO-NAPID"),
	[0x23] = NAME("PORTNBR"),		[0x24] = NAME("SERVICE"),
	[0x25] = NAME("LINKSPEED"),		[0x26] = NAME("DNLINKSPEED"),
	[0x27] = NAME("LOCAL-ADDR"),		[0x28] = NAME("LOCAL-ADDRTYPE"),
	[0x29] = NAME("CONTEXT-ALLOW"),		[0x2A] = NAME("TRUST"),
	[0x2B] = NAME("MASTER"),		[0x2C] = NAME("SID"),
	[0x2D] = NAME("SOC"),			[0x2E] = NAME("WSP-VERSION"),
	[0x2F] = NAME("PHYSICAL-PROXY-ID"),	[0x30] = NAME("CLIENT-ID"),
	[0x31] = NAME("DELIVERY-ERR-SDU"),	[0x32] = NAME("DELIVERY-ORDER"),
	[0x33] = NAME("TRAFFIC-CLASS"),		[0x34] = NAME("MAX-SDU-SIZE"),
	[0x35] = NAME("MAX-BITRATE-UPLINK"),	[0x36] = NAME("MAX-BITRATE-DNLINK"),
	[0x37] = NAME("RESIDUAL-BER"),		[0x38] = NAME("SDU-ERROR-RATIO"),
	[0x39] = NAME("TRAFFIC-HANDL-PRIO"),	[0x3A] = NAME("TRANSFER-DELAY"),
	[0x3B] = NAME("GUARANTEED-BITRATE-UPLINK"),	[0x3C] = NAME("GUARANTEED-BITRATE-DNLINK"),
	[0x3D] = NAME("PXADDR-FQDN"),		[0x3E] = NAME("PROXY-PW"),
	[0x3F] = NAME("PPGAUTH-TYPE"),		[0x45] = { "version", NULL },
	[0x46] = { "version", "1.0" },		[0x47] = NAME("PULLENABLED"),
	[0x48] = NAME("DNS-ADDR"),		[0x49] = NAME("MAX-NUM-RETRY"),
	[0x4A] = NAME("FIRST-RETRY-TIMEOUT"),	[0x4B] = NAME("REREG-THRESHOLD"),
	[0x4C] = NAME("T-BIT"),			[0x4E] = NAME("AUTH-ENTITY"),
	[0x4F] = NAME("SPI"),			[0x50] = { "type", NULL },
	[0x51] = TYPE("PXLOGICAL"),		[0x52] = TYPE("PXPHYSICAL"),
	[0x53] = TYPE("PORT"),			[0x54] = TYPE("VALIDITY"),
	[0x55] = TYPE("NAPDEF"),		[0x56] = TYPE("BOOTSTRAP"),
	[0x57] = TYPE("VENDORCONFIG"),		[0x58] = TYPE("CLIENTIDENTITY"),
	[0x59] = TYPE("PXAUTHINFO"),		[0x5A] = TYPE("NAPAUTHINFO"),
	[0x5B] = TYPE("ACCESS"),
};

static const struct wbxml_start starts_1[0x80] = {
	[0x05] = { "name", NULL },	[0x06] = { "value", NULL },	[0x07] = NAME("NAME"),
	[0x14] = NAME("INTERNET"),	[0x1C] = NAME("STARTPAGE"),	[0x22] = NAME("TO-NAPID"),
	[0x23] = NAME("PORTNBR"),	[0x24] = NAME("SERVICE"),	[0x2E] = NAME("AACCEPT"),
	[0x2F] = NAME("AAUTHDATA"),	[0x30] = NAME("AAUTHLEVEL"),	[0x31] = NAME("AAUTHNAME"),
	[0x32] = NAME("AAUTHSECRET"),	[0x33] = NAME("AAUTHTYPE"),	[0x34] = NAME("ADDR"),
	[0x35] = NAME("ADDRTYPE"),	[0x36] = NAME("APPID"),		[0x37] = NAME("APROTOCOL"),
	[0x38] = NAME("PROVIDER-ID"),	[0x39] = NAME("TO-PROXY"),	[0x3A] = NAME("URI"),
	[0x3B] = NAME("RULE"),		[0x50] = { "type", NULL },	[0x53] = TYPE("PORT"),
	[0x55] = TYPE("APPLICATION"),	[0x56] = TYPE("APPADDR"),	[0x57] = TYPE("APPAUTH"),
	[0x58] = TYPE("CLIENTIDENTITY"),	[0x59] = TYPE("RESOURCE"),
};

static const char *const values_0[0x80] = {
	V(0x85) = "IPV4",			V(0x86) = "IPV6",
	V(0x87) = "E164",			V(0x88) = "ALPHA",
	V(0x89) = "APN",			V(0x8A) = "SCODE",
	V(0x8B) = "TETRA-ITSI",			V(0x8C) = "MAN",
	V(0x90) = "ANALOG-MODEM",		V(0x91) = "V.120",
	V(0x92) = "V.110",			V(0x93) = "X.31",
	V(0x94) = "BIT-TRANSPARENT",		V(0x95) = "DIRECT-ASYNCHRONOUS-DATA-SERVICE",
	V(0x9A) = "PAP",			V(0x9B) = "CHAP",
	V(0x9C) = "HTTP-BASIC",			V(0x9D) = "HTTP-DIGEST",
	V(0x9E) = "WTLS-SS",			V(0x9F) = "MD5",
	V(0xA2) = "GSM-USSD",			V(0xA3) = "GSM-SMS",
	V(0xA4) = "ANSI-136-GUTS",		V(0xA5) = "IS-95-CDMA-SMS",
	V(0xA6) = "IS-95-CDMA-CSD",		V(0xA7) = "IS-95-CDMA-PACKET",
	V(0xA8) = "ANSI-136-CSD",		V(0xA9) = "ANSI-136-GPRS",
	V(0xAA) = "GSM-CSD",			V(0xAB) = "GSM-GPRS",
	V(0xAC) = "AMPS-CDPD",			V(0xAD) = "PDC-CSD",
	V(0xAE) = "PDC-PACKET",			V(0xAF) = "IDEN-SMS",
	V(0xB0) = "IDEN-CSD",			V(0xB1) = "IDEN-PACKET",
	V(0xB2) = "FLEX/REFLEX",		V(0xB3) = "PHS-SMS",
	V(0xB4) = "PHS-CSD",			V(0xB5) = "TETRA-SDS",
	V(0xB6) = "TETRA-PACKET",		V(0xB7) = "ANSI-136-GHOST",
	V(0xB8) = "MOBITEX-MPAK",		V(0xB9) = "CDMA2000-1X-SIMPLE-IP",
	V(0xBA) = "CDMA2000-1X-MOBILE-IP",	V(0xC5) = "AUTOBAUDING",
	V(0xCA) = "CL-WSP",			V(0xCB) = "CO-WSP",
	V(0xCC) = "CL-SEC-WSP",			V(0xCD) = "CO-SEC-WSP",
	V(0xCE) = "CL-SEC-WTA",			V(0xCF) = "CO-SEC-WTA",
	V(0xD0) = "OTA-HTTP-TO",		V(0xD1) = "OTA-HTTP-TLS-TO",
	V(0xD2) = "OTA-HTTP-PO",		V(0xD3) = "OTA-HTTP-TLS-PO",
	V(0xE0) = "AAA",			V(0xE1) = "HA",
};

/*
 * 90..93 are parts of AAUTHTYPE. A draft of version 1.0 had them at 80..83, where 83 is the
 * global STR_T as well: the decoder takes it as a part only in a document without string table.
 */
static const char *const values_1[0x80] = {
	V(0x80) = ",", V(0x81) = "HTTP-", V(0x82) = "BASIC", V(0x83) = "DIGEST",
	V(0x86) = "IPV6", V(0x87) = "E164", V(0x88) = "ALPHA", V(0x8D) = "APPSRV", V(0x8E) = "OBEX",
	V(0x90) = ",", V(0x91) = "HTTP-", V(0x92) = "BASIC", V(0x93) = "DIGEST",
	V(0xE0) = "AAA", V(0xE1) = "HA",
};

static const struct wbxml_tag_page tag_pages[] = { { tags_0, NULL }, { tags_1, NULL } };
static const struct wbxml_attr_page attr_pages[] = { { starts_0, values_0 }, { starts_1, values_1 } };

const struct wbxml_table wbxml_prov = {
	"application/vnd.wap.connectivity-wbxml", "text/vnd.wap.connectivity-xml",
	"-//WAPFORUM//DTD PROV 1.0//EN", 0x0B, "wap-provisioningdoc",
	tag_pages, 2, attr_pages, 2, { NULL, NULL }, OPAQUE_NONE, NULL, false,
};
