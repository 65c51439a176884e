/* content_parts.c - what may be inside a binary multipart, and whether it is well formed. Spec: WAP-230 8.5. */
#include <string.h>

#include "wap/content_int.h"
#include "wap/multipart.h"
#include "wap/wsp.h"

enum { FIELD_CONTENT_TYPE = 0x11 };

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

/*
 * One type, written plainly, is what everybody reads in the same way: with parameters inside the text of a media type, or
 * with a second Content-Type, a device may see another one than we do.
 */
static int
part_type(const struct multipart_part *part, struct wsp_content_type *type, struct why *why)
{
	struct type_text text;
	struct wsp_header h;
	struct wsp_walk walk;
	int err;

	wsp_walk_start(&walk, part->headers);
	while (wsp_walk_next(&walk, &h))
		if (h.code == FIELD_CONTENT_TYPE || (h.code < 0 && span_eq_nocase(h.raw_name, "Content-Type")))
			return why_at(why, ERR_SYNTAX, h.offset, "a second Content-Type");
	if (walk.err) {
		*why = walk.why;
		return walk.err;
	}
	if ((err = wsp_content_type_decode(walk.content_type, type, why)) != OK)
		return err;
	if ((err = content_type_parse(span_str(type->media), &text, why)) != OK)
		return err;
	if (text.media.n != strlen(type->media))
		return why_set(why, ERR_SYNTAX, "more than a type and a subtype in the media type");
	if (multipart_binary_type(text.media) != NULL)
		return why_set(why, ERR_UNSUPPORTED, "a textual multipart in a binary one");
	return OK;
}

static int
check_part(const struct multipart_part *part, unsigned depth, struct why *why)
{
	struct wsp_content_type type;
	struct content inner;
	enum content_kind kind;
	int err = part_type(part, &type, why);

	if (err != OK)
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
