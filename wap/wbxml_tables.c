/*
 * wbxml_tables.c - tokens of service indication, service loading, cache operation, e-mail
 * notification and DRM rights, and the list of all tables.
 * Spec: WAP-167 8.3, WAP-168 9.3, WAP-175 9.3, OMA-Push-EMN 1.0, OMA-DRM-REL 1.0.
 */
#include "wap/wbxml_tables.h"

#include <strings.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const url_values[0x80] = {		/* SI, SL, CO */
	V(0x85) = ".com/", V(0x86) = ".edu/", V(0x87) = ".net/", V(0x88) = ".org/",
};

/* ---- SI ------------------------------------------------------------------------------- */

static const char *const si_tags[0x40] = {
	[0x05] = "si", [0x06] = "indication", [0x07] = "info", [0x08] = "item",
};

static const struct wbxml_start si_starts[0x80] = {
	[0x05] = { "action", "signal-none" },
	[0x06] = { "action", "signal-low" },
	[0x07] = { "action", "signal-medium" },
	[0x08] = { "action", "signal-high" },
	[0x09] = { "action", "delete" },
	[0x0A] = { "created", NULL },
	[0x0B] = { "href", NULL },
	[0x0C] = { "href", "http://" },
	[0x0D] = { "href", "http://www." },
	[0x0E] = { "href", "https://" },
	[0x0F] = { "href", "https://www." },
	[0x10] = { "si-expires", NULL },
	[0x11] = { "si-id", NULL },
	[0x12] = { "class", NULL },
};

static const struct wbxml_tag_page si_tag_pages[] = { { si_tags, NULL } };
static const struct wbxml_attr_page si_attr_pages[] = { { si_starts, url_values } };

const struct wbxml_table wbxml_si = {
	"application/vnd.wap.sic", "text/vnd.wap.si", "-//WAPFORUM//DTD SI 1.0//EN", 0x05, "si",
	si_tag_pages, COUNT(si_tag_pages), si_attr_pages, COUNT(si_attr_pages),
	{ "created", "si-expires" }, OPAQUE_NONE, NULL, false,
};

/* ---- SL ------------------------------------------------------------------------------- */

static const char *const sl_tags[0x40] = { [0x05] = "sl" };

static const struct wbxml_start sl_starts[0x80] = {
	[0x05] = { "action", "execute-low" },
	[0x06] = { "action", "execute-high" },
	[0x07] = { "action", "cache" },
	[0x08] = { "href", NULL },
	[0x09] = { "href", "http://" },
	[0x0A] = { "href", "http://www." },
	[0x0B] = { "href", "https://" },
	[0x0C] = { "href", "https://www." },
};

static const struct wbxml_tag_page sl_tag_pages[] = { { sl_tags, NULL } };
static const struct wbxml_attr_page sl_attr_pages[] = { { sl_starts, url_values } };

const struct wbxml_table wbxml_sl = {
	"application/vnd.wap.slc", "text/vnd.wap.sl", "-//WAPFORUM//DTD SL 1.0//EN", 0x06, "sl",
	sl_tag_pages, COUNT(sl_tag_pages), sl_attr_pages, COUNT(sl_attr_pages),
	{ NULL, NULL }, OPAQUE_NONE, NULL, false,
};

/* ---- CO ------------------------------------------------------------------------------- */

static const char *const co_tags[0x40] = {
	[0x05] = "co", [0x06] = "invalidate-object", [0x07] = "invalidate-service",
};

static const struct wbxml_start co_starts[0x80] = {
	[0x05] = { "uri", NULL },
	[0x06] = { "uri", "http://" },
	[0x07] = { "uri", "http://www." },
	[0x08] = { "uri", "https://" },
	[0x09] = { "uri", "https://www." },
};

static const struct wbxml_tag_page co_tag_pages[] = { { co_tags, NULL } };
static const struct wbxml_attr_page co_attr_pages[] = { { co_starts, url_values } };

const struct wbxml_table wbxml_co = {
	"application/vnd.wap.coc", "text/vnd.wap.co", "-//WAPFORUM//DTD CO 1.0//EN", 0x07, "co",
	co_tag_pages, COUNT(co_tag_pages), co_attr_pages, COUNT(co_attr_pages),
	{ NULL, NULL }, OPAQUE_NONE, NULL, false,
};

/* ---- EMN: its value tokens have no slash ---------------------------------------------- */

static const char *const emn_tags[0x40] = { [0x05] = "emn" };

static const struct wbxml_start emn_starts[0x80] = {
	[0x05] = { "timestamp", NULL },
	[0x06] = { "mailbox", NULL },
	[0x07] = { "mailbox", "mailat:" },
	[0x08] = { "mailbox", "pop://" },
	[0x09] = { "mailbox", "imap://" },
	[0x0A] = { "mailbox", "http://" },
	[0x0B] = { "mailbox", "http://www." },
	[0x0C] = { "mailbox", "https://" },
	[0x0D] = { "mailbox", "https://www." },
};

static const char *const emn_values[0x80] = {
	V(0x85) = ".com", V(0x86) = ".edu", V(0x87) = ".net", V(0x88) = ".org",
};

static const struct wbxml_tag_page emn_tag_pages[] = { { emn_tags, NULL } };
static const struct wbxml_attr_page emn_attr_pages[] = { { emn_starts, emn_values } };

const struct wbxml_table wbxml_emn = {
	"application/vnd.wap.emn+wbxml", "text/vnd.wap.emn+xml", "-//WAPFORUM//DTD EMN 1.0//EN", 0x0D,
	"emn", emn_tag_pages, COUNT(emn_tag_pages), emn_attr_pages, COUNT(emn_attr_pages),
	{ "timestamp", NULL }, OPAQUE_NONE, NULL, false,
};

/* ---- DRM rights ----------------------------------------------------------------------- */

static const char *const drm_tags[0x40] = {
	[0x05] = "o-ex:rights",		[0x06] = "o-ex:context",	[0x07] = "o-dd:version",
	[0x08] = "o-dd:uid",		[0x09] = "o-ex:agreement",	[0x0A] = "o-ex:asset",
	[0x0B] = "ds:KeyInfo",		[0x0C] = "ds:KeyValue",		[0x0D] = "o-ex:permission",
	[0x0E] = "o-dd:play",		[0x0F] = "o-dd:display",	[0x10] = "o-dd:execute",
	[0x11] = "o-dd:print",		[0x12] = "o-ex:constraint",	[0x13] = "o-dd:count",
	[0x14] = "o-dd:datetime",	[0x15] = "o-dd:start",		[0x16] = "o-dd:end",
	[0x17] = "o-dd:interval",
};

static const struct wbxml_start drm_starts[0x80] = {
	[0x05] = { "xmlns:o-ex", NULL },
	[0x06] = { "xmlns:o-dd", NULL },
	[0x07] = { "xmlns:ds", NULL },
};

static const char *const drm_values[0x80] = {
	V(0x85) = "http://odrl.net/1.1/ODRL-EX",
	V(0x86) = "http://odrl.net/1.1/ODRL-DD",
	V(0x87) = "http://www.w3.org/2000/09/xmldsig#/",
};

static const struct wbxml_tag_page drm_tag_pages[] = { { drm_tags, NULL } };
static const struct wbxml_attr_page drm_attr_pages[] = { { drm_starts, drm_values } };

const struct wbxml_table wbxml_drm_rights = {
	"application/vnd.oma.drm.rights+wbxml", "application/vnd.oma.drm.rights+xml",
	"-//OMA//DTD DRMREL 1.0//EN", 0x0E, "o-ex:rights",
	drm_tag_pages, COUNT(drm_tag_pages), drm_attr_pages, COUNT(drm_attr_pages),
	{ NULL, NULL }, OPAQUE_BASE64, "ds:KeyValue", false,
};

/* ---- all of them ------------------------------------------------------------------------ */

static const struct wbxml_table *const tables[] = {
	&wbxml_si, &wbxml_sl, &wbxml_co, &wbxml_emn, &wbxml_prov, &wbxml_drm_rights,
	&wbxml_syncml_12, &wbxml_syncml_11, &wbxml_syncml_10, &wbxml_wml, &wbxml_wml_12, &wbxml_wml_11,
};

const struct wbxml_table *
wbxml_table_for_media(const char *media)
{
	size_t i;

	for (i = 0; i < COUNT(tables); i++)
		if (tables[i]->media != NULL && (strcasecmp(media, tables[i]->media) == 0 ||
		    strcasecmp(media, tables[i]->text_media) == 0))
			return tables[i];
	return NULL;
}

const struct wbxml_table *
wbxml_table_for_id(uint32_t public_id)
{
	size_t i;

	for (i = 0; i < COUNT(tables); i++)
		if (tables[i]->public_id == public_id)
			return tables[i];
	return NULL;
}

const struct wbxml_table *
wbxml_table_for_name(struct span public_name)
{
	size_t i;

	for (i = 0; i < COUNT(tables); i++)
		if (span_eq_nocase(public_name, tables[i]->public_name))
			return tables[i];
	return NULL;
}
