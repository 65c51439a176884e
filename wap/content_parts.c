/* content_parts.c - what may be inside a binary multipart, and whether it is well formed. Spec: WAP-230 8.5. */
#include "wap/content_int.h"
#include "wap/multipart.h"
#include "wap/wsp.h"

/*
 * What a device does by itself goes alone, where its type is seen by everybody who decides about it: devices that look
 * inside multiparts would do it without being asked.
 */
int
content_may_be_part(enum content_kind kind, struct why *why)
{
	switch (kind) {
	case CONTENT_OTHER:
	case CONTENT_SI:
	case CONTENT_CO:
	case CONTENT_EMN:
	case CONTENT_MULTIPART:
		return OK;
	case CONTENT_SL:
	case CONTENT_PROV:
	case CONTENT_DM:
	case CONTENT_DM_NOTIFICATION:
	case CONTENT_MMS:
	case CONTENT_DRM:
	case CONTENT_SUPL:
	case CONTENT_SIA:
		break;
	}
	return why_set(why, ERR_UNSUPPORTED, "%s goes on its own, not in a multipart", content_kind_name(kind));
}

static int
check_part(const struct multipart_part *part, unsigned depth, struct why *why)
{
	struct wsp_content_type type;
	struct wsp_header h;
	struct wsp_walk walk;
	struct content inner;
	enum content_kind kind;
	int err;

	wsp_walk_start(&walk, part->headers);
	while (wsp_walk_next(&walk, &h))
		;
	if (walk.err) {
		*why = walk.why;
		return walk.err;
	}
	if ((err = wsp_content_type_decode(walk.content_type, &type, why)) != OK)
		return err;
	kind = content_kind_of(span_str(type.media));
	if ((err = content_may_be_part(kind, why)) != OK)
		return err;
	if (kind == CONTENT_MULTIPART)
		return content_parts_check(part->data, depth + 1, why);
	err = content_prepare(span_str(type.media), part->data, true, &inner, why);
	content_done(&inner);
	return err;
}

int
content_parts_check(struct span body, unsigned depth, struct why *why)
{
	struct multipart_walk walk;
	struct multipart_part part;
	unsigned n = 0;
	int err = OK;

	if (depth == MULTIPART_DEPTH_MAX)
		return why_set(why, ERR_LIMIT, "multiparts more than %d deep", MULTIPART_DEPTH_MAX);
	multipart_walk_start(&walk, body);
	while (err == OK && multipart_walk_next(&walk, &part)) {
		n++;
		if ((err = check_part(&part, depth, why)) != OK) {
			why_prefix(why, "part %u", n);
			return err;
		}
	}
	if (walk.err)
		*why = walk.why;
	return walk.err;
}
