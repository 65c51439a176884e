/*
 * operation_int.h - what the files of the operations share.
 *
 *	operations.c		which one; addresses of the query as they are compared
 *	operation_status.c	status query, capabilities query: one look into the store, in the pool
 *	operation_cancel.c	cancel: store, then links, until every recipient is answered for
 */
#ifndef PPG_OPERATION_INT_H
#define PPG_OPERATION_INT_H

#include "ppg/front_int.h"
#include "ppg/life.h"

struct cancel;

/* What an answer says of one recipient. */
struct operation_line {
	const char *address, *desc, *link;	/* desc, link: NULL for none */
	int state, code;			/* state 0: not a recipient */
	int64_t event_time;
	size_t order;				/* of the addresses in the answer */
};
/* Recipients of which the same is to be said share one result. */
struct operation_results {
	struct pap_outcome *rows;		/* codes, descriptions and addresses are filled in */
	struct operation_line **lines;		/* the first of each */
	const char **addresses;
	size_t n;
};
/* Sorts the lines. *out points into them; operation_results_done frees it. */
void operation_group(struct operation_line *lines, size_t n, struct operation_results *out);
void operation_results_done(struct operation_results *r);

struct operation {
	struct submission *s;
	struct pool_job job;
	char **keys;			/* one for each address of the query; NULL: it is no address */
	char (*bad)[WHY_MAX + 1];	/* and why not */
	const char **good;		/* the keys that are ones */
	size_t *good_at;		/* and which address each belongs to */
	uint32_t n_good;
	struct cancel *cancel;
};

/* pool threads */
void operation_status(struct operation *op, struct store_reader *reader);
void operation_ccq(struct operation *op, struct store_reader *reader);
void operation_cancel(struct operation *op);
void cancel_free(struct cancel *c);		/* NULL allowed */

/* Answers with the document and ends the operation; it is gone afterwards. */
void operation_answer(struct operation *op, const struct sbuf *doc);
void operation_refuse(struct operation *op, int code, const char *text);
void operation_busy(struct operation *op, const char *text);

#endif
