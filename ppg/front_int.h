/*
 * front_int.h - what the files of the front share.
 *
 *	front.c		HTTP: path, type, who; small bodies are looked at on the HTTP thread, large ones in the pool
 *	submission.c	a push: admitted, written to the store, answered
 *	operations.c	cancel, status query and capabilities query
 */
#ifndef PPG_FRONT_INT_H
#define PPG_FRONT_INT_H

#include <pthread.h>

#include "ppg/front.h"
#include "ppg/pool.h"
#include "ppg/tally.h"

struct front {
	struct front_config cf;
	struct http_server *server, *ssl_server;	/* either may be NULL */
	atomic_size_t held;		/* octets of request bodies and large answers on both */
	atomic_ullong accepted, recipients, operations, refused[REFUSALS], answers, answers_us;
	atomic_ullong answer_times[FRONT_TIMES + 1];
	struct tally *tally;
	pthread_mutex_t lock;		/* guards pending, stopping */
	pthread_cond_t idle;
	unsigned pending;		/* requests that the store, the pool or the verifier has */
	bool stopping;
};

enum { MANY_ADDRESSES = 2000 };

/* One request that is more than a refusal in its head. */
struct submission {
	struct store_accept op;		/* first: the store hands it back */
	struct pool_job job;
	struct front *front;
	struct http_request *rq;
	struct initiators *set;
	const struct initiator *who;
	bool authenticated, admitted;
	bool many;			/* many recipients: what they leave behind is cleared up in the pool */
	bool later;			/* no longer in the HTTP thread's hands: http_answer_later */
	struct admit_config *rules;	/* in force when the whole request was here */
	struct admission a;
	char version[PAP_VERSION_SIZE];
	uint32_t written;		/* recipients in the store so far */
	int64_t began_us;
	time_t began;
	struct operation *operation;	/* operations.c: one that runs */
};

/* A request is with the store, pool, links or verifier from begin to end; front_stop waits for that. */
bool front_begin(struct front *f);
void front_end(struct front *f);

/* Answers; each ends the request. s may be gone when they return. */
void front_answer_busy(struct submission *s, const char *reason);
void front_answer_wait(struct submission *s, unsigned retry_s, const char *reason);
void front_answer_document(struct submission *s, const char *content_type, const struct sbuf *doc);
/* The PAP answer that s->a.code and s->a.why describe. */
void front_answer_code(struct submission *s);
/* A refusal of an operation or push that was understood: counted and logged. */
void front_count(struct front *f, enum front_refusal kind);
/* An operation was answered. */
void front_count_operation(struct submission *s);

/* submission.c: an admitted push into the store. */
void submission_store(struct submission *s);
/* operations.c: cancel, status query or capabilities query. Ends in an answer. */
void operation_start(struct submission *s);
void operation_free(struct operation *op);	/* NULL allowed */

#endif
