/*
 * wsp_tables.c - the assigned numbers of WSP: content types, header fields, parameters,
 * character sets, languages and the tokens of single fields.
 * Spec: WAP-230-WSP-20010705-a appendix A (tables 34 to 42), the OMNA registry for what came later.
 */
#include "wap/wsp_int.h"

#include <string.h>

struct number {
	uint32_t code;
	const char *name;
};

#define COUNT(a) (sizeof (a) / sizeof (a)[0])

static const char *
name_of(const struct number *table, size_t n, uint32_t code)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (table[i].code == code)
			return table[i].name;
	return NULL;
}

static int
code_of(const struct number *table, size_t n, struct span name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (span_eq_nocase(name, table[i].name))
			return (int)table[i].code;
	return -1;
}

/* ---- content types: below 80 hex one octet, above only in the general form ---------- */

static const struct number content_types[] = {
	{ 0x00, "*/*" },
	{ 0x01, "text/*" },
	{ 0x02, "text/html" },
	{ 0x03, "text/plain" },
	{ 0x04, "text/x-hdml" },
	{ 0x05, "text/x-ttml" },
	{ 0x06, "text/x-vCalendar" },
	{ 0x07, "text/x-vCard" },
	{ 0x08, "text/vnd.wap.wml" },
	{ 0x09, "text/vnd.wap.wmlscript" },
	{ 0x0A, "text/vnd.wap.wta-event" },
	{ 0x0B, "multipart/*" },
	{ 0x0C, "multipart/mixed" },
	{ 0x0D, "multipart/form-data" },
	{ 0x0E, "multipart/byteranges" },
	{ 0x0F, "multipart/alternative" },
	{ 0x10, "application/*" },
	{ 0x11, "application/java-vm" },
	{ 0x12, "application/x-www-form-urlencoded" },
	{ 0x13, "application/x-hdmlc" },
	{ 0x14, "application/vnd.wap.wmlc" },
	{ 0x15, "application/vnd.wap.wmlscriptc" },
	{ 0x16, "application/vnd.wap.wta-eventc" },
	{ 0x17, "application/vnd.wap.uaprof" },
	{ 0x18, "application/vnd.wap.wtls-ca-certificate" },
	{ 0x19, "application/vnd.wap.wtls-user-certificate" },
	{ 0x1A, "application/x-x509-ca-cert" },
	{ 0x1B, "application/x-x509-user-cert" },
	{ 0x1C, "image/*" },
	{ 0x1D, "image/gif" },
	{ 0x1E, "image/jpeg" },
	{ 0x1F, "image/tiff" },
	{ 0x20, "image/png" },
	{ 0x21, "image/vnd.wap.wbmp" },
	{ 0x22, "application/vnd.wap.multipart.*" },
	{ 0x23, "application/vnd.wap.multipart.mixed" },
	{ 0x24, "application/vnd.wap.multipart.form-data" },
	{ 0x25, "application/vnd.wap.multipart.byteranges" },
	{ 0x26, "application/vnd.wap.multipart.alternative" },
	{ 0x27, "application/xml" },
	{ 0x28, "text/xml" },
	{ 0x29, "application/vnd.wap.wbxml" },
	{ 0x2A, "application/x-x968-cross-cert" },
	{ 0x2B, "application/x-x968-ca-cert" },
	{ 0x2C, "application/x-x968-user-cert" },
	{ 0x2D, "text/vnd.wap.si" },
	{ 0x2E, "application/vnd.wap.sic" },
	{ 0x2F, "text/vnd.wap.sl" },
	{ 0x30, "application/vnd.wap.slc" },
	{ 0x31, "text/vnd.wap.co" },
	{ 0x32, "application/vnd.wap.coc" },
	{ 0x33, "application/vnd.wap.multipart.related" },
	{ 0x34, "application/vnd.wap.sia" },
	{ 0x35, "text/vnd.wap.connectivity-xml" },
	{ 0x36, "application/vnd.wap.connectivity-wbxml" },
	{ 0x37, "application/pkcs7-mime" },
	{ 0x38, "application/vnd.wap.hashed-certificate" },
	{ 0x39, "application/vnd.wap.signed-certificate" },
	{ 0x3A, "application/vnd.wap.cert-response" },
	{ 0x3B, "application/xhtml+xml" },
	{ 0x3C, "application/wml+xml" },
	{ 0x3D, "text/css" },
	{ 0x3E, "application/vnd.wap.mms-message" },
	{ 0x3F, "application/vnd.wap.rollover-certificate" },
	{ 0x40, "application/vnd.wap.locc+wbxml" },
	{ 0x41, "application/vnd.wap.loc+xml" },
	{ 0x42, "application/vnd.syncml.dm+wbxml" },
	{ 0x43, "application/vnd.syncml.dm+xml" },
	{ 0x44, "application/vnd.syncml.notification" },
	{ 0x45, "application/vnd.wap.xhtml+xml" },
	{ 0x46, "application/vnd.wv.csp.cir" },
	{ 0x47, "application/vnd.oma.dd+xml" },
	{ 0x48, "application/vnd.oma.drm.message" },
	{ 0x49, "application/vnd.oma.drm.content" },
	{ 0x4A, "application/vnd.oma.drm.rights+xml" },
	{ 0x4B, "application/vnd.oma.drm.rights+wbxml" },
	{ 0x4C, "application/vnd.wv.csp+xml" },
	{ 0x4D, "application/vnd.wv.csp+wbxml" },
	{ 0x4E, "application/vnd.syncml.ds.notification" },
	{ 0x4F, "audio/*" },
	{ 0x50, "video/*" },
	{ 0x51, "application/vnd.oma.dd2+xml" },
	{ 0x52, "application/mikey" },
	{ 0x53, "application/vnd.oma.dcd" },
	{ 0x54, "application/vnd.oma.dcdc" },
	{ 0x55, "text/x-vMessage" },
	{ 0x56, "application/vnd.omads-email+wbxml" },
	{ 0x57, "text/x-vBookmark" },
	{ 0x58, "application/vnd.syncml.dm.notification" },
	{ 0x5A, "application/octet-stream" },
	{ 0x201, "application/vnd.uplanet.cacheop-wbxml" },
	{ 0x202, "application/vnd.uplanet.signal" },
	{ 0x203, "application/vnd.uplanet.alert-wbxml" },
	{ 0x204, "application/vnd.uplanet.list-wbxml" },
	{ 0x205, "application/vnd.uplanet.listcmd-wbxml" },
	{ 0x206, "application/vnd.uplanet.channel-wbxml" },
	{ 0x207, "application/vnd.uplanet.provisioning-status-uri" },
	{ 0x208, "x-wap.multipart/vnd.uplanet.header-set" },
	{ 0x209, "application/vnd.uplanet.bearer-choice-wbxml" },
	{ 0x20A, "application/vnd.phonecom.mmc-wbxml" },
	{ 0x20B, "application/vnd.nokia.syncset+wbxml" },
	{ 0x20C, "image/x-up-wpng" },
	{ 0x300, "application/iota.mmc-wbxml" },
	{ 0x301, "application/iota.mmc-xml" },
	{ 0x302, "application/vnd.syncml+xml" },
	{ 0x303, "application/vnd.syncml+wbxml" },
	{ 0x304, "text/vnd.wap.emn+xml" },
	{ 0x305, "text/calendar" },
	{ 0x306, "application/vnd.omads-email+xml" },
	{ 0x307, "application/vnd.omads-file+xml" },
	{ 0x308, "application/vnd.omads-folder+xml" },
	{ 0x309, "text/directory;profile=vCard" },
	{ 0x30A, "application/vnd.wap.emn+wbxml" },
	{ 0x30B, "application/vnd.nokia.ipdc-purchase-response" },
	{ 0x30C, "application/vnd.motorola.screen3+xml" },
	{ 0x30D, "application/vnd.motorola.screen3+gzip" },
	{ 0x30E, "application/vnd.cmcc.setting+wbxml" },
	{ 0x30F, "application/vnd.cmcc.bombing+wbxml" },
	{ 0x310, "application/vnd.docomo.pf" },
	{ 0x311, "application/vnd.docomo.ub" },
	{ 0x312, "application/vnd.omaloc-supl-init" },
	{ 0x313, "application/vnd.oma.group-usage-list+xml" },
	{ 0x314, "application/oma-directory+xml" },
	{ 0x315, "application/vnd.docomo.pf2" },
	{ 0x316, "application/vnd.oma.drm.roap-trigger+wbxml" },
	{ 0x317, "application/vnd.sbm.mid2" },
	{ 0x318, "application/vnd.wmf.bootstrap" },
	{ 0x319, "application/vnc.cmcc.dcd+xml" },
	{ 0x31A, "application/vnd.sbm.cid" },
	{ 0x31B, "application/vnd.oma.bcast.provisioningtrigger" },
	{ 0x31C, "application/vnd.docomo.dm" },
	{ 0x31D, "application/vnd.oma.scidm.messages+xml" },
	{ 0x31E, "application/vnd.innopath.wamp.notification" },
};

int
wsp_content_code(struct span media)
{
	return code_of(content_types, COUNT(content_types), media);
}

const char *
wsp_content_name(int code)
{
	return code < 0 ? NULL : name_of(content_types, COUNT(content_types), (uint32_t)code);
}

/* ---- character sets: MIBenum; the first name of a number is the one that is printed - */

static const struct number charsets[] = {
	{ 3, "us-ascii" }, { 3, "ascii" }, { 3, "ansi_x3.4-1968" },
	{ 4, "iso-8859-1" }, { 4, "iso_8859-1" }, { 4, "latin1" },
	{ 5, "iso-8859-2" }, { 5, "iso_8859-2" }, { 5, "latin2" },
	{ 6, "iso-8859-3" }, { 7, "iso-8859-4" }, { 8, "iso-8859-5" }, { 9, "iso-8859-6" },
	{ 10, "iso-8859-7" }, { 11, "iso-8859-8" }, { 12, "iso-8859-9" }, { 13, "iso-8859-10" },
	{ 17, "shift_jis" }, { 18, "euc-jp" }, { 38, "euc-kr" }, { 39, "iso-2022-jp" },
	{ 106, "utf-8" }, { 106, "utf8" },
	{ 109, "iso-8859-13" }, { 110, "iso-8859-14" }, { 111, "iso-8859-15" },
	{ 112, "iso-8859-16" }, { 113, "gbk" }, { 114, "gb18030" },
	{ 1000, "iso-10646-ucs-2" }, { 1001, "iso-10646-ucs-4" }, { 1012, "utf-7" },
	{ 1013, "utf-16be" }, { 1014, "utf-16le" }, { 1015, "utf-16" }, { 1017, "utf-32" },
	{ 2024, "windows-31j" }, { 2025, "gb2312" }, { 2026, "big5" }, { 2084, "koi8-r" },
	{ 2085, "hz-gb-2312" }, { 2088, "koi8-u" }, { 2250, "windows-1250" },
	{ 2251, "windows-1251" }, { 2252, "windows-1252" }, { 2253, "windows-1253" },
	{ 2254, "windows-1254" }, { 2255, "windows-1255" }, { 2256, "windows-1256" },
	{ 2257, "windows-1257" }, { 2258, "windows-1258" }, { 2259, "tis-620" },
};

int
wsp_charset_mib(struct span name)
{
	return code_of(charsets, COUNT(charsets), name);
}

const char *
wsp_charset_name(uint32_t mib)
{
	return name_of(charsets, COUNT(charsets), mib);
}

/* ---- tokens ------------------------------------------------------------------------- */

static const struct wsp_token ranges_tokens[] = { { 0, "none" }, { 1, "bytes" }, { 0, NULL } };
static const struct wsp_token close_tokens[] = { { 0, "close" }, { 0, NULL } };
static const struct wsp_token chunked_tokens[] = { { 0, "chunked" }, { 0, NULL } };
static const struct wsp_token pragma_tokens[] = { { 0, "no-cache" }, { 0, NULL } };
static const struct wsp_token expect_tokens[] = { { 0, "100-continue" }, { 0, NULL } };
static const struct wsp_token security_tokens[] = { { 0, "close-subordinate" }, { 0, NULL } };
static const struct wsp_token coding_tokens[] = {
	{ 0, "gzip" }, { 1, "compress" }, { 2, "deflate" }, { 0, NULL }
};
static const struct wsp_token method_tokens[] = {
	{ 0x40, "GET" }, { 0x41, "OPTIONS" }, { 0x42, "HEAD" }, { 0x43, "DELETE" }, { 0x44, "TRACE" },
	{ 0x60, "POST" }, { 0x61, "PUT" }, { 0, NULL }
};
const struct wsp_token wsp_cache_tokens[] = {
	{ 0, "no-cache" }, { 1, "no-store" }, { 2, "max-age" }, { 3, "max-stale" },
	{ 4, "min-fresh" }, { 5, "only-if-cached" }, { 6, "public" }, { 7, "private" },
	{ 8, "no-transform" }, { 9, "must-revalidate" }, { 10, "proxy-revalidate" },
	{ 11, "s-maxage" }, { 0, NULL }
};
const struct wsp_token wsp_disposition_tokens[] = {
	{ 0, "form-data" }, { 1, "attachment" }, { 2, "inline" }, { 0, NULL }
};
const struct wsp_token wsp_sec_names[] = {
	{ 0, "NETWPIN" }, { 1, "USERPIN" }, { 2, "USERNETWPIN" }, { 3, "USERPINMAC" },
	{ 0, "NETWORKID" }, { 2, "USERPIN_NETWORKID" },	/* of a DM bootstrap; only read in text */
	{ 0, NULL }
};

const char *
wsp_token_name(const struct wsp_token *table, uint64_t code)
{
	for (; table != NULL && table->name != NULL; table++)
		if (table->code == code)
			return table->name;
	return NULL;
}

int
wsp_token_code(const struct wsp_token *table, struct span name)
{
	for (; table != NULL && table->name != NULL; table++)
		if (span_eq_nocase(name, table->name))
			return table->code;
	return -1;
}

/* ---- header fields, code page 1 ----------------------------------------------------- */

static const struct wsp_field fields[] = {
	{ 0x00, "Accept", WSP_KIND_MEDIA, true, NULL },
	{ 0x01, "Accept-Charset", WSP_KIND_ACCEPT_CHARSET, true, NULL },
	{ 0x02, "Accept-Encoding", WSP_KIND_ACCEPT_TOKEN, true, coding_tokens },
	{ 0x03, "Accept-Language", WSP_KIND_ACCEPT_LANGUAGE, true, NULL },
	{ 0x04, "Accept-Ranges", WSP_KIND_TOKEN, true, ranges_tokens },
	{ 0x05, "Age", WSP_KIND_INTEGER, false, NULL },
	{ 0x06, "Allow", WSP_KIND_TOKEN, true, method_tokens },
	{ 0x07, "Authorization", WSP_KIND_OPAQUE, false, NULL },
	{ 0x08, "Cache-Control", WSP_KIND_CACHE, true, wsp_cache_tokens },
	{ 0x09, "Connection", WSP_KIND_TOKEN, true, close_tokens },
	{ 0x0A, "Content-Base", WSP_KIND_URI, false, NULL },
	{ 0x0B, "Content-Encoding", WSP_KIND_TOKEN, true, coding_tokens },
	{ 0x0C, "Content-Language", WSP_KIND_LANGUAGE, true, NULL },
	{ 0x0D, "Content-Length", WSP_KIND_INTEGER, false, NULL },
	{ 0x0E, "Content-Location", WSP_KIND_URI, false, NULL },
	{ 0x0F, "Content-MD5", WSP_KIND_MD5, false, NULL },
	{ 0x10, "Content-Range", WSP_KIND_RANGE, false, NULL },
	{ 0x11, "Content-Type", WSP_KIND_MEDIA, false, NULL },
	{ 0x12, "Date", WSP_KIND_DATE, false, NULL },
	{ 0x13, "Etag", WSP_KIND_TEXT, false, NULL },
	{ 0x14, "Expires", WSP_KIND_DATE, false, NULL },
	{ 0x15, "From", WSP_KIND_TEXT, false, NULL },
	{ 0x16, "Host", WSP_KIND_TEXT, false, NULL },
	{ 0x17, "If-Modified-Since", WSP_KIND_DATE, false, NULL },
	{ 0x18, "If-Match", WSP_KIND_TEXT, false, NULL },
	{ 0x19, "If-None-Match", WSP_KIND_TEXT, false, NULL },
	{ 0x1A, "If-Range", WSP_KIND_TEXT_OR_DATE, false, NULL },
	{ 0x1B, "If-Unmodified-Since", WSP_KIND_DATE, false, NULL },
	{ 0x1C, "Location", WSP_KIND_URI, false, NULL },
	{ 0x1D, "Last-Modified", WSP_KIND_DATE, false, NULL },
	{ 0x1E, "Max-Forwards", WSP_KIND_INTEGER, false, NULL },
	{ 0x1F, "Pragma", WSP_KIND_TOKEN, true, pragma_tokens },
	{ 0x20, "Proxy-Authenticate", WSP_KIND_OPAQUE, false, NULL },
	{ 0x21, "Proxy-Authorization", WSP_KIND_OPAQUE, false, NULL },
	{ 0x22, "Public", WSP_KIND_TOKEN, true, method_tokens },
	{ 0x23, "Range", WSP_KIND_OPAQUE, false, NULL },
	{ 0x24, "Referer", WSP_KIND_URI, false, NULL },
	{ 0x25, "Retry-After", WSP_KIND_RETRY, false, NULL },
	{ 0x26, "Server", WSP_KIND_TEXT, false, NULL },
	{ 0x27, "Transfer-Encoding", WSP_KIND_TOKEN, true, chunked_tokens },
	{ 0x28, "Upgrade", WSP_KIND_TEXT, false, NULL },
	{ 0x29, "User-Agent", WSP_KIND_TEXT, false, NULL },
	{ 0x2A, "Vary", WSP_KIND_FIELD, true, NULL },
	{ 0x2B, "Via", WSP_KIND_TEXT, false, NULL },
	{ 0x2C, "Warning", WSP_KIND_WARNING, false, NULL },
	{ 0x2D, "WWW-Authenticate", WSP_KIND_OPAQUE, false, NULL },
	{ 0x2E, "Content-Disposition", WSP_KIND_DISPOSITION, false, wsp_disposition_tokens },
	{ 0x2F, "X-Wap-Application-Id", WSP_KIND_APP_ID, false, NULL },
	{ 0x30, "X-Wap-Content-URI", WSP_KIND_URI, false, NULL },
	{ 0x31, "X-Wap-Initiator-URI", WSP_KIND_URI, false, NULL },
	{ 0x32, "Accept-Application", WSP_KIND_APP_LIST, true, NULL },
	{ 0x33, "Bearer-Indication", WSP_KIND_BEARER, false, NULL },
	{ 0x34, "Push-Flag", WSP_KIND_FLAG, false, NULL },
	{ 0x35, "Profile", WSP_KIND_URI, false, NULL },
	{ 0x36, "Profile-Diff", WSP_KIND_OPAQUE, false, NULL },
	{ 0x37, "Profile-Warning", WSP_KIND_OPAQUE, false, NULL },
	{ 0x38, "Expect", WSP_KIND_TOKEN, false, expect_tokens },
	{ 0x39, "TE", WSP_KIND_OPAQUE, false, NULL },
	{ 0x3A, "Trailer", WSP_KIND_FIELD, false, NULL },
	{ 0x3B, "Accept-Charset", WSP_KIND_ACCEPT_CHARSET, false, NULL },
	{ 0x3C, "Accept-Encoding", WSP_KIND_ACCEPT_TOKEN, false, coding_tokens },
	{ 0x3D, "Cache-Control", WSP_KIND_CACHE, false, wsp_cache_tokens },
	{ 0x3E, "Content-Range", WSP_KIND_RANGE, false, NULL },
	{ 0x3F, "X-Wap-Tod", WSP_KIND_TOD, false, NULL },
	{ 0x40, "Content-ID", WSP_KIND_TEXT, false, NULL },
	{ 0x41, "Set-Cookie", WSP_KIND_OPAQUE, false, NULL },
	{ 0x42, "Cookie", WSP_KIND_OPAQUE, false, NULL },
	{ 0x43, "Encoding-Version", WSP_KIND_VERSION, false, NULL },
	{ 0x44, "Profile-Warning", WSP_KIND_OPAQUE, false, NULL },
	{ 0x45, "Content-Disposition", WSP_KIND_DISPOSITION, false, wsp_disposition_tokens },
	{ 0x46, "X-WAP-Security", WSP_KIND_TOKEN, false, security_tokens },
	{ 0x47, "Cache-Control", WSP_KIND_CACHE, false, wsp_cache_tokens },
	{ 0x48, "Expect", WSP_KIND_TOKEN, false, expect_tokens },
	{ 0x49, "X-Wap-Loc-Invocation", WSP_KIND_OPAQUE, false, NULL },
	{ 0x4A, "X-Wap-Loc-Delivery", WSP_KIND_OPAQUE, false, NULL },
};

const struct wsp_field *
wsp_field_by_code(int code)
{
	/* The codes have no gap. */
	return code >= 0 && (size_t)code < COUNT(fields) ? &fields[code] : NULL;
}

const struct wsp_field *
wsp_field_by_name(struct span name)
{
	size_t i;

	for (i = 0; i < COUNT(fields); i++)
		if (span_eq_nocase(name, fields[i].name))
			return &fields[i];
	return NULL;
}

int
wsp_header_code(struct span name)
{
	const struct wsp_field *field = wsp_field_by_name(name);

	return field != NULL ? field->code : -1;
}

/* ---- parameters --------------------------------------------------------------------- */

static const struct wsp_param_row params[] = {
	/* code  name                 kind                text   encode */
	{ 0x00, "q",                 WSP_PARAM_Q,        false, true },
	{ 0x01, "charset",           WSP_PARAM_CHARSET,  false, true },
	{ 0x02, "level",             WSP_PARAM_VERSION,  false, true },
	{ 0x03, "type",              WSP_PARAM_INTEGER,  false, false },
	{ 0x05, "name",              WSP_PARAM_TEXT,     false, true },
	{ 0x06, "filename",          WSP_PARAM_TEXT,     false, true },
	{ 0x07, "differences",       WSP_PARAM_FIELD,    false, true },
	{ 0x08, "padding",           WSP_PARAM_INTEGER,  false, true },
	{ 0x09, "type",              WSP_PARAM_MEDIA,    false, true },
	{ 0x0A, "start",             WSP_PARAM_TEXT,     false, true },
	{ 0x0B, "start-info",        WSP_PARAM_TEXT,     false, true },
	{ 0x0C, "comment",           WSP_PARAM_TEXT,     false, false },
	{ 0x0D, "domain",            WSP_PARAM_TEXT,     false, false },
	{ 0x0E, "max-age",           WSP_PARAM_INTEGER,  false, false },
	{ 0x0F, "path",              WSP_PARAM_TEXT,     false, false },
	{ 0x10, "secure",            WSP_PARAM_NONE,     false, false },
	{ 0x11, "SEC",               WSP_PARAM_SEC,      false, true },
	{ 0x12, "MAC",               WSP_PARAM_TEXT,     true,  true },
	{ 0x13, "creation-date",     WSP_PARAM_DATE,     false, false },
	{ 0x14, "modification-date", WSP_PARAM_DATE,     false, false },
	{ 0x15, "read-date",         WSP_PARAM_DATE,     false, false },
	{ 0x16, "size",              WSP_PARAM_INTEGER,  false, false },
	{ 0x17, "name",              WSP_PARAM_TEXT,     true,  false },
	{ 0x18, "filename",          WSP_PARAM_TEXT,     true,  false },
	{ 0x19, "start",             WSP_PARAM_TEXT,     true,  false },
	{ 0x1A, "start-info",        WSP_PARAM_TEXT,     true,  false },
	{ 0x1B, "comment",           WSP_PARAM_TEXT,     true,  false },
	{ 0x1C, "domain",            WSP_PARAM_TEXT,     true,  false },
	{ 0x1D, "path",              WSP_PARAM_TEXT,     true,  false },
};

const struct wsp_param_row *
wsp_param_by_code(uint64_t code)
{
	size_t i;

	for (i = 0; i < COUNT(params); i++)
		if (params[i].code == code)
			return &params[i];
	return NULL;
}

const struct wsp_param_row *
wsp_param_to_encode(struct span name)
{
	size_t i;

	for (i = 0; i < COUNT(params); i++)
		if (params[i].encode && span_eq_nocase(name, params[i].name))
			return &params[i];
	return NULL;
}

/* ---- languages, by code ------------------------------------------------------------- */

static const char languages[][3] = {
	/* 00 */ "*", "aa", "ab", "af", "am", "ar", "as", "ay",
	/* 08 */ "az", "ba", "be", "bg", "bh", "bi", "bn", "bo",
	/* 10 */ "br", "ca", "co", "cs", "cy", "da", "de", "dz",
	/* 18 */ "el", "en", "eo", "es", "et", "eu", "fa", "fi",
	/* 20 */ "fj", "ur", "fr", "uz", "ga", "gd", "gl", "gn",
	/* 28 */ "gu", "ha", "he", "hi", "hr", "hu", "hy", "vi",
	/* 30 */ "id", "wo", "xh", "is", "it", "yo", "ja", "jw",
	/* 38 */ "ka", "kk", "za", "km", "kn", "ko", "ks", "ku",
	/* 40 */ "ky", "zh", "ln", "lo", "lt", "lv", "mg", "mi",
	/* 48 */ "mk", "ml", "mn", "mo", "mr", "ms", "mt", "my",
	/* 50 */ "uk", "ne", "nl", "no", "oc", "om", "or", "pa",
	/* 58 */ "pl", "ps", "pt", "qu", "zu", "rn", "ro", "ru",
	/* 60 */ "rw", "sa", "sd", "sg", "sh", "si", "sk", "sl",
	/* 68 */ "sm", "sn", "so", "sq", "sr", "ss", "st", "su",
	/* 70 */ "sv", "sw", "ta", "te", "tg", "th", "ti", "tk",
	/* 78 */ "tl", "tn", "to", "tr", "ts", "tt", "tw", "ug",
	/* 80 */ "", "na", "fo", "fy", "ia", "vo", "ie", "ik",
	/* 88 */ "yi", "iu", "kl", "la", "rm",
};

const char *
wsp_language_name(uint64_t code)
{
	return code < COUNT(languages) && languages[code][0] != '\0' ? languages[code] : NULL;
}

int
wsp_language_code(struct span name)
{
	size_t i;

	for (i = 0; i < COUNT(languages); i++)
		if (name.n > 0 && span_eq_nocase(name, languages[i]))
			return (int)i;
	return -1;
}
