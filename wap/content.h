/*
 * content.h - what may travel in a push: one table of content types, and the compiler that turns
 * the textual forms into the binary ones.
 * Spec: WAP-167 (SI), WAP-168 (SL), WAP-175 (CO), provisioning content 1.1; PPG service 5.1.2.1.
 */
#ifndef WAP_CONTENT_H
#define WAP_CONTENT_H

#include "base/buf.h"

enum content_kind {
	CONTENT_OTHER, CONTENT_SI, CONTENT_SL, CONTENT_CO, CONTENT_EMN, CONTENT_PROV,
	CONTENT_DM, CONTENT_DM_NOTIFICATION, CONTENT_MMS, CONTENT_DRM, CONTENT_SUPL, CONTENT_SIA, CONTENT_MULTIPART
};
enum content_kind content_kind_of(struct span media);	/* media type without parameters, any case */
const char *content_kind_name(enum content_kind kind);	/* "SI", "provisioning", ... */
/* May it be a part of a multipart? ERR_UNSUPPORTED with the reason. */
int content_may_be_part(enum content_kind kind, struct why *why);
/* Of the parameters of a Content-Type text: octets up to the ';' that ends the first, one in quotes not counted. */
size_t content_param_length(struct span s);
/* The application that takes such content on a device; NULL: the WML user agent, or nobody knows. */
const char *content_default_app_id(struct span media);

enum { CONTENT_MAX = 256 * 1024 };

struct content {
	enum content_kind kind;
	char *type;		/* content type text for the WSP header, parameters kept; heap */
	struct sbuf body;	/* octets that travel */
	bool compiled;		/* the body was translated here */
};
void content_done(struct content *c);

/*
 * Prepare a content entity: `type` is its Content-Type with parameters, `body` its octets after the
 * transfer encoding was undone. Textual SI, SL, CO, EMN, provisioning and DRM rights are checked (well-formed,
 * required attributes, dates; SI action=delete needs si-id) and compiled to WBXML; the fields of an MMS or DM
 * notification (JSON as decode.h prints them, type "...+json") become their binary form. What is binary already is
 * checked: WBXML by wbxml.h, notifications and SUPL INIT by their layout. Everything
 * else passes as it is. no_transform (Cache-Control) leaves text as text.
 * For SI the indication's text is trimmed and its inner blanks collapsed. A charset parameter is
 * dropped when the body was compiled (the WBXML says UTF-8).
 * ERR_SYNTAX, ERR_LIMIT, ERR_UNSUPPORTED with "line L, column C: ..." or an offset in *why: the
 * caller answers 3006.
 */
int content_prepare(struct span type, struct span body, bool no_transform, struct content *out,
    struct why *why);

/*
 * What the device's policies ask of a document. Works on text and binary forms alike; of other
 * kinds only `kind` is filled. An href that does not fit is ERR_LIMIT, never cut.
 */
struct content_facts {
	enum content_kind kind;
	char href[2048];	/* SI, SL; "" absent */
	char action[32];	/* SI, SL; its default when absent */
	char text[512];		/* SI: what the user would read, cut */
};
int content_facts(const char *media, struct span body, struct content_facts *out, struct why *why);

/*
 * Settings of a provisioning document in order (policy stage 12), textual or binary. Unknown
 * elements are passed over, another root than wap-provisioningdoc is ERR_SYNTAX. ERR_LIMIT above 1,000 characteristics, 4,000 parms, 255 octets of path.
 */
struct prov_setting {
	char *path;		/* "PXLOGICAL/PXPHYSICAL" */
	struct prov_parm {
		char *name, *value;	/* value NULL: no value attribute */
		bool noparm;
	} *parms;
	size_t n_parms;
	bool remove;		/* nocharacteristic */
};
struct prov_doc { struct prov_setting *settings; size_t n; };
int prov_doc_parse(const char *media, struct span body, struct prov_doc *out, struct why *why);
void prov_doc_done(struct prov_doc *doc);

#endif
