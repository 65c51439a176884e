/*
 * syncml_parser.h - between syncml_parse.c, which knows what may stand where, and syncml_leaf.c, which reads values; nobody
 * else includes this.
 */
#ifndef WAP_SYNCML_PARSER_H
#define WAP_SYNCML_PARSER_H

#include "wap/syncml_int.h"

enum { SYNCML_FRAMES_MAX = SYNCML_DEPTH_MAX + 16 };

/* Where we are: an element with elements in it. */
enum syncml_place {
	AT_START, AT_SYNCML, AT_HEADER, AT_BODY, AT_COMMAND, AT_ITEM, AT_CRED, AT_CHAL, AT_META, AT_TARGET, AT_SOURCE,
	AT_LEAF
};

/* An element with text in it, or none. */
enum syncml_leaf {
	LEAF_NONE, LEAF_VER_DTD, LEAF_VER_PROTO, LEAF_SESSION_ID, LEAF_MSG_ID, LEAF_RESP_URI, LEAF_NO_RESP, LEAF_LOC_URI,
	LEAF_LOC_NAME, LEAF_FORMAT, LEAF_TYPE, LEAF_NEXT_NONCE, LEAF_MAX_MSG_SIZE, LEAF_MAX_OBJ_SIZE, LEAF_SIZE, LEAF_CMD_ID,
	LEAF_MSG_REF, LEAF_CMD_REF, LEAF_CMD, LEAF_TARGET_REF, LEAF_SOURCE_REF, LEAF_DATA, LEAF_CORRELATOR, LEAF_FINAL,
	LEAF_MORE_DATA,
	/* these hold elements, and are here to be counted */
	LEAF_HEADER, LEAF_BODY, LEAF_ITEM, LEAF_CRED, LEAF_CHAL, LEAF_META, LEAF_TARGET, LEAF_SOURCE, LEAF_INNER,
	LEAF_SKIPPED
};
#define SYNCML_BIT(leaf) (1ull << (leaf))		/* of what was seen */

struct syncml_frame {
	enum syncml_place place;
	enum syncml_leaf leaf;
	uint64_t seen;
};

struct syncml_parser {
	struct syncml_message *m;
	struct syncml_frame stack[SYNCML_FRAMES_MAX];
	size_t n;
	struct syncml_command *open[SYNCML_DEPTH_MAX + 1];	/* the last one is being read */
	size_t n_open;
	struct syncml_item *item;
	struct syncml_cred *cred;
	struct sbuf text;
	bool binary;			/* part of it came as OPAQUE */
	unsigned inside;		/* elements that are open in a leaf: markup of data, or skipped */
	bool tag_open;			/* the last of them waits for its '>' */
	unsigned commands, items;
};

/* The innermost element, and the innermost command. */
static inline struct syncml_frame *
syncml_top(struct syncml_parser *p)
{
	return &p->stack[p->n - 1];
}

static inline struct syncml_command *
syncml_command(struct syncml_parser *p)
{
	return p->open[p->n_open - 1];
}

/* Without white space at both ends. */
struct span syncml_trim(struct span s);
/* The text of the innermost element, which is `leaf`, goes where it belongs. ERR_SYNTAX, ERR_LIMIT. */
int syncml_leaf_take(struct syncml_parser *p, enum syncml_leaf leaf, struct why *why);

#endif
