/*
 * test_store.h - what the tests of the store share: small rules of their own, a store in a new
 * folder, and operations run one at a time.
 */
#ifndef TESTS_UNIT_TEST_STORE_H
#define TESTS_UNIT_TEST_STORE_H

#include "tests/unit/test.h"

#include <pthread.h>

#include "store/store.h"

enum { NOW = 1700000000 };

enum test_state { ST_QUEUED = 1, ST_TAKEN, ST_SUBMITTED, ST_DELIVERED, ST_FAILED, ST_EXPIRED, ST_CANCELLED,
	ST_HELD };
enum test_event { EV_TAKE = 1, EV_SUBMITTED, EV_SENT, EV_RETRY, EV_RECOVER, EV_RECEIPT_OK,
	EV_RECEIPT_FAILED, EV_DEADLINE, EV_NO_RECEIPT, EV_CANCEL, EV_REPLACED, EV_NOT_REPLACED, EV_ACCEPT,
	EV_RELEASE, EV_ASK };
enum test_code { CODE_REPLACED = 1000, CODE_NOT_REPLACED = 2008 };

struct fixture {
	char folder[64], path[480], url[512];
	bool pg;			/* a database of the server that OPENPPG_TEST_STORE names */
	struct store_config cf;
	struct store *store;
	struct store_reader *reader;
	struct store_body *body;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned notes_due, fatal;
	char fatal_why[256];
};

int test_apply(int state, int event, struct store_change *out);
struct store_rules test_rules(void);

struct fixture *fixture_create(const char *url_format);
void fixture_open(struct fixture *f);		/* and a reader */
void fixture_close(struct fixture *f);
void fixture_reopen(struct fixture *f);
void fixture_crash(struct fixture *f);		/* as if the process had died now; opens again */
void fixture_destroy(struct fixture *f);	/* removes the folder */
void wait_notes_due(struct fixture *f, unsigned n);

/*
 * The contract: each test gets an open store (struct fixture *): of SQLite, or, when the environment has
 * OPENPPG_TEST_STORE (a url of a server where databases may be made), of PostgreSQL.
 */
int contract_setup(void **state);
int contract_teardown(void **state);
#define CONTRACT_TEST(f) { #f, f, contract_setup, contract_teardown, NULL }
int contract_run(const struct CMUnitTest *tests, size_t n);

/* store_pg.c; not for SQLite. */
const char *pg_server(void);			/* that url, or NULL */
void pg_create(const char *database);
void pg_drop(const char *database);
void pg_exec(const char *url, const char *sql);
int64_t pg_number(const char *url, const char *sql);

/* Run one operation and wait for it; its result. */
int run_op(struct fixture *f, struct store_op *op, enum store_kind kind);
int run_accept(struct fixture *f, struct store_accept *a);
int run_event(struct fixture *f, struct store_event *e);
int run_receipt(struct fixture *f, struct store_receipt *r);

/* Several operations that surely meet in one group. */
struct group {
	struct store_op *ops[256];
	size_t n;
	size_t n_silent;	/* whose done() the test took over */
	size_t n_refused;	/* the last ones, for which the queue must have no room */
};
void group_add(struct group *g, struct store_op *op, enum store_kind kind);
void run_group_ops(struct fixture *f, struct group *g);

struct store_accept accept_one(const char *pi, const char *push_id);	/* to one, due now */
struct store_accept accept_many(const char *pi, const char *push_id, uint32_t n);	/* at most 5000 */
struct store_event event_on(const struct store_item *item, int event);
struct store_event event_of(int64_t push, uint32_t n, int event);
/* The same, submitted with one message id. */
int submitted(struct fixture *f, const struct store_item *item, const char *link, const char *message_id);
struct store_notes notes(struct fixture *f, int64_t now, uint32_t max);
void free_notes(struct store_notes *n);
/* One recipient as a reader sees it. */
struct store_view_recipient look(struct fixture *f, const char *pi, const char *push_id, uint32_t n);
struct store_item *take_one(struct fixture *f, const char *push_id);	/* a new push, taken */
struct store_receipt receipt(const char *link, const char *message_id, int event);
struct store_take take(struct fixture *f, int64_t now, uint32_t max);	/* must be OK */
struct store_tick tick(struct fixture *f, int64_t now, uint32_t max);
void free_items(struct store_take *t);
struct store_stats stats(struct fixture *f);

#endif
