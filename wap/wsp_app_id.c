/*
 * wsp_app_id.c - application ids of pushes: the registry, and the spellings of a name.
 * Spec: WAP-235-PushOTA 6.4.1.1; the OMNA registry of push application ids.
 */
#include "wap/wsp_int.h"

#include <string.h>

struct app_id {
	uint32_t code;
	const char *name;
};

/* Ascending, so that a name that was registered twice gives its lowest code. */
static const struct app_id app_ids[] = {
	{ 0x0000, "x-wap-application:*" },
	{ 0x0001, "x-wap-application:push.sia" },
	{ 0x0002, "x-wap-application:wml.ua" },
	{ 0x0003, "x-wap-application:wta.ua" },
	{ 0x0004, "x-wap-application:mms.ua" },
	{ 0x0005, "x-wap-application:push.syncml" },
	{ 0x0006, "x-wap-application:loc.ua" },
	{ 0x0007, "x-wap-application:syncml.dm" },
	{ 0x0008, "x-wap-application:drm.ua" },
	{ 0x0009, "x-wap-application:emn.ua" },
	{ 0x000A, "x-wap-application:wv.ua" },
	{ 0x0010, "x-oma-application:ulp.ua" },
	{ 0x0011, "x-oma-application:dlota.ua" },
	{ 0x0012, "x-oma-application:java-ams" },
	{ 0x0013, "x-oma-application:bcast.ua" },
	{ 0x0014, "x-oma-application:dpe.ua" },
	{ 0x0015, "x-oma-application:cpm:ua" },
	{ 0x0016, "x-oma-application:evvm.ua" },
	{ 0x8000, "x-wap-microsoft:localcontent.ua" },
	{ 0x8001, "x-wap-microsoft:IMclient.ua" },
	{ 0x8002, "x-wap-docomo:imode.mail.ua" },
	{ 0x8003, "x-wap-docomo:imode.mr.ua" },
	{ 0x8004, "x-wap-docomo:imode.mf.ua" },
	{ 0x8005, "x-motorola:location.ua" },
	{ 0x8006, "x-motorola:now.ua" },
	{ 0x8007, "x-motorola:otaprov.ua" },
	{ 0x8008, "x-motorola:browser.ua" },
	{ 0x8009, "x-motorola:splash.ua" },
	{ 0x800B, "x-wap-nai:mvsw.command" },
	{ 0x8010, "x-wap-openwave:iota.ua" },
	{ 0x9000, "x-wap-docomo:imode.mail2.ua" },
	{ 0x9001, "x-oma-nec:otaprov.ua" },
	{ 0x9002, "x-oma-nokia:call.ua" },
	{ 0x9003, "x-oma-coremobility:sqa.ua" },
	{ 0x9004, "x-oma-docomo:doja.jam.ua" },
	{ 0x9010, "x-oma-nokia:sip.ua" },
	{ 0x9011, "x-oma-vodafone:otaprov.ua" },
	{ 0x9012, "x-hutchison:ad.ua" },
	{ 0x9013, "x-oma-nokia:voip.ua" },
	{ 0x9014, "x-oma-docomo:voice.ua" },
	{ 0x9015, "x-oma-docomo:browser.ctl" },
	{ 0x9016, "x-oma-docomo:dan.ua" },
	{ 0x9017, "x-oma-nokia:vs.ua" },
	{ 0x9018, "x-oma-nokia:voip.ext1.ua" },
	{ 0x9019, "x-wap-vodafone:casting.ua" },
	{ 0x901A, "x-oma-docomo:imode.data.ua" },
	{ 0x901B, "x-oma-snapin:otaprov.ctl" },
	{ 0x901C, "x-oma-nokia:vrs.ua" },
	{ 0x901D, "x-oma-nokia:vrpg.ua" },
	{ 0x901E, "x-oma-motorola:screen3.ua" },
	{ 0x901F, "x-oma-docomo:device.ctl" },
	{ 0x9020, "x-oma-nokia:msc.ua" },
	{ 0x9021, "x-3gpp2:lcs.ua" },
	{ 0x9022, "x-wap-vodafone:dcd.ua" },
	{ 0x9023, "x-3gpp:mbms.service.announcement.ua" },
	{ 0x9024, "x-oma-vodafone:dltmtbl.ua" },
	{ 0x9025, "x-oma-vodafone:dvcctl.ua" },
	{ 0x9026, "x-oma-cmcc:mail.ua" },
	{ 0x9027, "x-oma-nokia:vmb.ua" },
	{ 0x9028, "x-oma-nokia:ldapss.ua" },
	{ 0x9029, "x-hutchison:al.ua" },
	{ 0x902A, "x-oma-nokia:uma.ua" },
	{ 0x902B, "x-oma-nokia:news.ua" },
	{ 0x902C, "x-oma-docomo:pf" },
	{ 0x902D, "x-oma-docomo:ub" },
	{ 0x902E, "x-oma-nokia:nat.traversal.ua" },
	{ 0x902F, "x-oma-intromobile:intropad.ua" },
	{ 0x9030, "x-oma-docomo:uin.ua" },
	{ 0x9031, "x-oma-nokia:iptv.ua" },
	{ 0x9032, "x-hutchison:il.ua" },
	{ 0x9033, "x-oma-nokia:voip.general.ua" },
	{ 0x9034, "x-microsoft:drm.meter" },
	{ 0x9035, "x-microsoft:drm.license" },
	{ 0x9036, "x-oma-docomo:ic.ctl" },
	{ 0x9037, "x-oma-slingmedia:SPM.ua" },
	{ 0x9038, "x-cibenix:odp.ua" },
	{ 0x9039, "x-oma-motorola:voip.ua" },
	{ 0x903A, "x-oma-motorola:ims" },
	{ 0x903B, "x-oma-docomo:imode.remote.ctl" },
	{ 0x903C, "x-oma-docomo:device.ctl.um" },
	{ 0x903D, "x-microsoft:playready.drm.initiator" },
	{ 0x903E, "x-microsoft:playready.drm" },
	{ 0x903F, "x-oma-sbm:ms.mexa.ua" },
	{ 0x9040, "urn:oma:drms:org-LGE:L650V" },
	{ 0x9041, "x-oma-docomo:um" },
	{ 0x9042, "x-oma-docomo:uin.um" },
	{ 0x9043, "urn:oma:drms:org-LGE:KU450" },
	{ 0x9044, "x-wap-microsoft:cfgmgr.ua" },
	{ 0x9045, "x-3gpp:mbms.download.delivery.ua" },
	{ 0x9046, "x-oma-docomo:star.ctl" },
	{ 0x9047, "urn:oma:drms:org-LGE:KU380" },
	{ 0x9048, "x-oma-docomo:pf2" },
	{ 0x9049, "x-oma-motorola:blogcentral.ua" },
	{ 0x904A, "x-oma-docomo:imode.agent.ua" },
	{ 0x904B, "x-wap-application:push.sia" },
	{ 0x904C, "x-oma-nokia:destination.network.ua" },
	{ 0x904D, "x-oma-sbm:mid2.ua" },
	{ 0x904E, "x-carrieriq:avm.ctl" },
	{ 0x904F, "x-oma-sbm:ms.xml.ua" },
	{ 0x9050, "urn:dvb:ipdc:notification:2008" },
	{ 0x9051, "x-oma-docomo:imode.mvch.ua" },
	{ 0x9052, "x-oma-motorola:webui.ua" },
	{ 0x9053, "x-oma-sbm:cid.ua" },
	{ 0x9054, "x-oma-nokia:vcc.v1.ua" },
	{ 0x9055, "x-oma-docomo:open.ctl" },
	{ 0x9056, "x-oma-docomo:sp.mail.ua" },
	{ 0x9057, "x-essoy-application:push.erace" },
	{ 0x9058, "x-oma-docomo:open.fu" },
	{ 0x9059, "x-samsung:osp.ua" },
	{ 0x905A, "x-oma-docomo:imode.mchara.ua" },
	{ 0x905B, "x-oma-application:scidm.ua" },
	{ 0x905C, "x-oma-docomo:xmd.mail.ua" },
	{ 0x905D, "x-oma-application:pal.ua" },
	{ 0x905E, "x-oma-docomo:imode.relation.ua" },
	{ 0x905F, "x-oma-docomo:xmd.storage.ua" },
	{ 0x9060, "x-oma-docomo:xmd.lcsapp.ua" },
	{ 0x9061, "x-oma-docomo:xmd.info.ua" },
	{ 0x9062, "x-oma-docomo:xmd.agent.ua" },
	{ 0x9063, "x-oma-docomo:xmd.sab.ua" },
	{ 0x9064, "x-oma-docomo:xmd.am.ua" },
	{ 0x9065, "x-oma-application:push.scws" },
	{ 0x9066, "x-oma-docomo:xmd.disastermessageapp.ua" },
	{ 0x9067, "x-innopath:wamp.notification" },
	{ 0x9068, "x-wap-docomo:interp.ctl" },
	{ 0x9069, "x-oma-kddi:apps.ua" },
	{ 0x906A, "x-oma-kddi:push.ua" },
	{ 0x906B, "x-oma-docomo:xmd.emdm.ua" },
	{ 0x906C, "x-oma-docomo:xmd.lac.ua" },
	{ 0x906D, "x-oma-docomo:xmd.osv.ua" },
	{ 0x906E, "x-oma-docomo:xmd.dcs.ua" },
	{ 0x906F, "x-oma-docomo:xmd.wipe.ua" },
	{ 0x9070, "x-oma-docomo:xmd.vdapp.ua" },
	{ 0x9071, "x-wap-3gpp:gba.andsf" },
};

static const size_t n_app_ids = sizeof app_ids / sizeof app_ids[0];

static struct span
without_urn(struct span uri)
{
	if (span_starts_nocase(uri, "urn:"))
		uri = span_of(uri.p + 4, uri.n - 4);
	return uri;
}

static size_t
nid_length(struct span uri)
{
	const uint8_t *colon = uri.n > 0 ? memchr(uri.p, ':', uri.n) : NULL;

	return colon != NULL ? (size_t)(colon - uri.p) : 0;
}

/* Up to the namespace id case does not matter, behind it it does; "urn:" may lead or not. */
static bool
same_name(struct span uri, const char *registered)
{
	struct span a = without_urn(uri), b = without_urn(span_str(registered));
	size_t i, nid = nid_length(b);

	if (a.n != b.n || nid_length(a) != nid)
		return false;
	for (i = 0; i < nid; i++) {
		uint8_t c = a.p[i], d = b.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c - 'A' + 'a');
		if (c != d)
			return false;
	}
	return span_eq(span_of(a.p + nid, a.n - nid), span_of(b.p + nid, b.n - nid));
}

/* "mms.ua" alone stands for a name in one of the two well-known namespaces. */
static bool
same_short_name(struct span name, const struct app_id *id)
{
	struct span whole = span_str(id->name);
	size_t nid = nid_length(whole);

	return id->code < 0x8000 && whole.n - nid - 1 == name.n &&
	    memcmp(whole.p + nid + 1, name.p, name.n) == 0;
}

int64_t
wsp_app_id_code(struct span uri)
{
	bool is_short = nid_length(uri) == 0;
	size_t i;

	if (uri.n == 0)
		return -1;
	for (i = 0; i < n_app_ids; i++)
		if (is_short ? same_short_name(uri, &app_ids[i]) : same_name(uri, app_ids[i].name))
			return app_ids[i].code;
	return -1;
}

const char *
wsp_app_id_name(uint32_t code)
{
	size_t low = 0, high = n_app_ids;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (app_ids[mid].code == code)
			return app_ids[mid].name;
		if (app_ids[mid].code < code)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

bool
wsp_app_id_hex(struct span s, uint64_t *code)
{
	size_t i;

	*code = 0;
	for (i = 0; i < s.n && i < 9; i++) {
		uint8_t c = s.p[i];

		if (c >= '0' && c <= '9')
			*code = *code << 4 | (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			*code = *code << 4 | ((c | 0x20) - 'a' + 10u);
		else
			return false;
	}
	return i == s.n && i >= 1 && i <= 8;
}
