/* store_fixture.c - see test_store.h. */
#include "tests/unit/test_store.h"

#include <dirent.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

static const struct {
	int state, event;
	struct store_change change;
} rules[] = {
	{ ST_QUEUED,    EV_TAKE,           { .state = ST_TAKEN } },
	{ ST_QUEUED,    EV_DEADLINE,       { .state = ST_EXPIRED, .final = true } },
	{ ST_QUEUED,    EV_CANCEL,         { .state = ST_CANCELLED, .final = true } },
	{ ST_QUEUED,    EV_REPLACED,       { .state = ST_CANCELLED, .final = true } },
	{ ST_QUEUED,    EV_NOT_REPLACED,   { .state = ST_FAILED, .final = true } },
	{ ST_HELD,      EV_RELEASE,        { .state = ST_QUEUED, .requeue = true } },
	{ ST_HELD,      EV_CANCEL,         { .state = ST_FAILED, .final = true } },
	{ ST_TAKEN,     EV_SUBMITTED,      { .state = ST_SUBMITTED, .keep_ids = true } },
	{ ST_TAKEN,     EV_SENT,           { .state = ST_DELIVERED, .final = true } },
	{ ST_TAKEN,     EV_RETRY,          { .state = ST_QUEUED, .requeue = true } },
	{ ST_TAKEN,     EV_RECOVER,        { .state = ST_QUEUED, .requeue = true } },
	{ ST_TAKEN,     EV_CANCEL,         { .state = ST_CANCELLED, .final = true } },
	{ ST_CANCELLED, EV_SENT,           { .state = ST_DELIVERED, .final = true } },
	{ ST_SUBMITTED, EV_RECEIPT_OK,     { .state = ST_DELIVERED, .final = true } },
	{ ST_SUBMITTED, EV_RECEIPT_FAILED, { .state = ST_FAILED, .final = true } },
	{ ST_SUBMITTED, EV_NO_RECEIPT,     { .state = ST_FAILED, .final = true } },
	{ ST_SUBMITTED, EV_CANCEL,         { .state = ST_CANCELLED, .final = true } },
	{ ST_SUBMITTED, EV_ASK,            { .state = ST_SUBMITTED } },
};

int
test_apply(int state, int event, struct store_change *out)
{
	size_t i;

	for (i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (rules[i].state == state && rules[i].event == event) {
			*out = rules[i].change;
			return OK;
		}
	return ERR_NOT_FOUND;
}

struct store_rules
test_rules(void)
{
	return (struct store_rules){
		.apply = test_apply, .queued = ST_QUEUED, .taken = ST_TAKEN, .held = ST_HELD, .ev_take = EV_TAKE,
		.ev_recover = EV_RECOVER, .ev_deadline = EV_DEADLINE, .ev_no_receipt = EV_NO_RECEIPT,
		.ev_receipt_ok = EV_RECEIPT_OK, .ev_accept = EV_ACCEPT, .ev_replace = EV_REPLACED,
		.ev_not_replaced = EV_NOT_REPLACED, .code_replaced = CODE_REPLACED,
		.code_not_replaced = CODE_NOT_REPLACED, .ev_ask = EV_ASK,
	};
}

/* ---- the store in its folder ----------------------------------------------------------- */

static void
on_notes_due(void *arg)
{
	struct fixture *f = arg;

	pthread_mutex_lock(&f->lock);
	f->notes_due++;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

static void
on_fatal(void *arg, const char *why)
{
	struct fixture *f = arg;

	pthread_mutex_lock(&f->lock);
	f->fatal++;
	snprintf(f->fatal_why, sizeof f->fatal_why, "%s", why);
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

struct fixture *
fixture_create(const char *url_format)
{
	struct fixture *f = calloc(1, sizeof *f);
	char *percent;

	assert_non_null(f);
	clock_fake((int64_t)NOW * 1000);
	log_open(LOG_LEVEL_NONE, NULL);
	snprintf(f->folder, sizeof f->folder, "%s", "store-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->pg = strncmp(url_format, "postgresql:", 11) == 0;
	if (f->pg)
		pg_create(f->folder);
	percent = strstr(url_format, "%s");
	assert_non_null(percent);
	snprintf(f->url, sizeof f->url, "%.*s%s%s", (int)(percent - url_format), url_format, f->folder,
	    percent + 2);
	snprintf(f->path, sizeof f->path, "%s", strchr(f->url, ':') + 1);
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->changed, NULL);
	f->body = store_body_create(span_str("HDR"), span_str("BODY"), span_str("ROUTE"));
	f->cf = (struct store_config){ .url = f->url, .rules = test_rules(), .retention_s = 500,
		.receipt_margin_s = 100, .audit_retention_s = 500, .orphan_s = 60, .notes_due = on_notes_due,
		.fatal = on_fatal, .arg = f };
	return f;
}

void
fixture_open(struct fixture *f)
{
	struct why why = { 0 };

	if (store_open(&f->cf, &f->store, &why) != OK)
		fail_msg("%s", why.text);
	if (store_reader_open(f->store, &f->reader, &why) != OK)
		fail_msg("%s", why.text);
}

void
fixture_close(struct fixture *f)
{
	store_reader_close(&f->reader);
	store_close(&f->store);
}

void
fixture_reopen(struct fixture *f)
{
	fixture_close(f);
	fixture_open(f);
}

static void
copy_file(const char *folder, const char *from, const char *to)
{
	char name[2][200];
	char buf[65536];
	FILE *in, *out;
	size_t n;

	snprintf(name[0], sizeof name[0], "%s/%s", folder, from);
	snprintf(name[1], sizeof name[1], "%s/%s", folder, to);
	unlink(name[1]);
	if ((in = fopen(name[0], "r")) == NULL)
		return;
	assert_non_null(out = fopen(name[1], "w"));
	while ((n = fread(buf, 1, sizeof buf, in)) > 0)
		assert_int_equal(fwrite(buf, 1, n, out), n);
	fclose(in);
	fclose(out);
}

/* The files as they are now come back after the store has closed. */
void
fixture_crash(struct fixture *f)
{
	static const char *const ends[] = { "", "-wal" };
	char name[2][40];
	size_t i;

	if (f->pg) {		/* closing writes nothing: all that is there was there before */
		fixture_reopen(f);
		return;
	}
	for (i = 0; i < 2; i++) {
		snprintf(name[0], sizeof name[0], "ppg.db%s", ends[i]);
		snprintf(name[1], sizeof name[1], "crash%s", ends[i]);
		copy_file(f->folder, name[0], name[1]);
	}
	fixture_close(f);
	for (i = 0; i < 2; i++) {
		snprintf(name[0], sizeof name[0], "ppg.db%s", ends[i]);
		snprintf(name[1], sizeof name[1], "crash%s", ends[i]);
		copy_file(f->folder, name[1], name[0]);
	}
	fixture_open(f);
}

void
wait_notes_due(struct fixture *f, unsigned n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 60;
	pthread_mutex_lock(&f->lock);
	while (f->notes_due < n)
		if (pthread_cond_timedwait(&f->changed, &f->lock, &until) != 0)
			break;
	assert_int_equal(f->notes_due, n);
	pthread_mutex_unlock(&f->lock);
}

void
fixture_destroy(struct fixture *f)
{
	struct dirent *e;
	DIR *dir;

	fixture_close(f);
	if ((dir = opendir(f->folder)) != NULL) {
		while ((e = readdir(dir)) != NULL) {
			char name[400];

			snprintf(name, sizeof name, "%s/%s", f->folder, e->d_name);
			unlink(name);
		}
		closedir(dir);
	}
	if (f->pg)
		pg_drop(f->folder);
	rmdir(f->folder);
	store_body_unref(f->body);
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
	clock_real();
	free(f);
}

/* ---- operations ------------------------------------------------------------------------ */

static pthread_mutex_t done_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t done_cond = PTHREAD_COND_INITIALIZER;
static size_t n_done;

static void
count_done(struct store_op *op)
{
	pthread_mutex_lock(&done_lock);
	n_done++;
	pthread_cond_broadcast(&done_cond);
	pthread_mutex_unlock(&done_lock);
}

static void
wait_done(size_t n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 60;
	pthread_mutex_lock(&done_lock);
	while (n_done < n)
		if (pthread_cond_timedwait(&done_cond, &done_lock, &until) != 0)
			break;
	assert_int_equal(n_done, n);
	n_done = 0;
	pthread_mutex_unlock(&done_lock);
}

int
run_op(struct fixture *f, struct store_op *op, enum store_kind kind)
{
	op->kind = kind;
	op->done = count_done;
	assert_int_equal(store_submit(f->store, op), OK);
	wait_done(1);
	return op->result;
}

int
run_accept(struct fixture *f, struct store_accept *a)
{
	if (a->body == NULL)
		a->body = f->body;
	return run_op(f, &a->op, STORE_ACCEPT);
}

int
run_event(struct fixture *f, struct store_event *e)
{
	return run_op(f, &e->op, STORE_EVENT);
}

int
run_receipt(struct fixture *f, struct store_receipt *r)
{
	return run_op(f, &r->op, STORE_RECEIPT);
}

void
group_add(struct group *g, struct store_op *op, enum store_kind kind)
{
	assert_true(g->n < sizeof g->ops / sizeof g->ops[0]);
	op->kind = kind;
	op->done = count_done;
	g->ops[g->n++] = op;
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void
wait_at_gate(struct store_op *op)
{
	count_done(op);
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
}

/* The writer is held in the done() of an operation before them until all of them wait. */
void
run_group_ops(struct fixture *f, struct group *g)
{
	struct store_take hold = { .op = { .kind = STORE_TAKE, .done = wait_at_gate } };
	size_t i;

	pthread_mutex_lock(&gate);
	assert_int_equal(store_submit(f->store, &hold.op), OK);
	wait_done(1);
	for (i = 0; i < g->n; i++)
		assert_int_equal(store_submit(f->store, g->ops[i]), i + g->n_refused < g->n ? OK : ERR_FULL);
	pthread_mutex_unlock(&gate);
	wait_done(g->n - g->n_silent - g->n_refused);
}

static const struct store_recipient one = {
	.address = "WAPPUSH=+12025550100/TYPE=PLMN@ppg.example.net", .to = "+12025550100"
};

struct store_accept
accept_one(const char *pi, const char *push_id)
{
	return (struct store_accept){ .pi = pi, .push_id = push_id, .received = NOW,
		.deadline_at = NOW + 1000, .version = "2.0", .content_type = "text/vnd.wap.si",
		.recipients = &one, .n_recipients = 1 };
}

struct store_accept
accept_many(const char *pi, const char *push_id, uint32_t n)
{
	static struct store_recipient rows[5000];
	static char numbers[5000][20], addresses[5000][64];
	struct store_accept a = accept_one(pi, push_id);
	uint32_t i;

	assert_true(n <= 5000);
	for (i = 0; i < n; i++) {
		snprintf(numbers[i], sizeof numbers[i], "+1202555%04u", i);
		snprintf(addresses[i], sizeof addresses[i], "WAPPUSH=+1202555%04u/TYPE=PLMN@ppg.example.net", i);
		rows[i] = (struct store_recipient){ .address = addresses[i], .to = numbers[i] };
	}
	a.recipients = rows;
	a.n_recipients = n;
	return a;
}

struct store_event
event_on(const struct store_item *item, int event)
{
	return (struct store_event){ .push = item->push, .batch = item->batch, .n = item->n,
		.event = event, .at = NOW + 1 };
}

struct store_event
event_of(int64_t push, uint32_t n, int event)
{
	return (struct store_event){ .push = push, .n = n, .event = event, .at = NOW + 1 };
}

int
submitted(struct fixture *f, const struct store_item *item, const char *link, const char *message_id)
{
	struct store_event e = event_on(item, EV_SUBMITTED);
	char ids[1][66];

	snprintf(ids[0], sizeof ids[0], "%s", message_id);
	e.link = link;
	e.message_ids = ids;
	e.n_ids = 1;
	assert_int_equal(run_event(f, &e), OK);
	return e.to;
}

struct store_notes
notes(struct fixture *f, int64_t now, uint32_t max)
{
	struct store_notes n = { .now = now, .lease_s = 30, .max = max };

	assert_int_equal(run_op(f, &n.op, STORE_NOTES), OK);
	return n;
}

void
free_notes(struct store_notes *n)
{
	struct store_note *next;

	for (; n->notes != NULL; n->notes = next) {
		next = n->notes->next;
		store_note_free(n->notes);
	}
}

struct store_view_recipient
look(struct fixture *f, const char *pi, const char *push_id, uint32_t n)
{
	struct store_view_recipient r;
	struct store_view v;

	assert_int_equal(store_read_push(f->reader, pi, push_id, n, 1, &v), OK);
	assert_int_equal(v.n, 1);
	r = v.recipients[0];
	assert_int_equal(r.n, n);
	r.address = r.link = r.desc = NULL;
	r.message_ids = NULL;
	store_view_done(&v);
	return r;
}

struct store_receipt
receipt(const char *link, const char *message_id, int event)
{
	return (struct store_receipt){ .link = link, .message_id = message_id, .event = event,
		.at = NOW + 2 };
}

struct store_take
take(struct fixture *f, int64_t now, uint32_t max)
{
	struct store_take t = { .now = now, .max = { max, max, max } };

	assert_int_equal(run_op(f, &t.op, STORE_TAKE), OK);
	return t;
}

struct store_tick
tick(struct fixture *f, int64_t now, uint32_t max)
{
	struct store_tick t = { .now = now, .max = max };

	assert_int_equal(run_op(f, &t.op, STORE_TICK), OK);
	return t;
}

void
free_items(struct store_take *t)
{
	struct store_item *next;

	for (; t->items != NULL; t->items = next) {
		next = t->items->next;
		store_item_free(t->items);
	}
}

struct store_stats
stats(struct fixture *f)
{
	struct store_stats s;

	store_stats(f->store, &s);
	return s;
}

struct store_item *
take_one(struct fixture *f, const char *push_id)
{
	struct store_accept a = accept_one("pi1", push_id);

	assert_int_equal(run_accept(f, &a), OK);
	return take(f, NOW, 1).items;
}

/* ---- the contract, on every engine ----------------------------------------------------------- */

int
contract_setup(void **state)
{
	char format[400];
	struct fixture *f;

	if (pg_server() != NULL)
		snprintf(format, sizeof format, "%s dbname=%%s", pg_server());
	f = fixture_create(pg_server() != NULL ? format : "sqlite:%s/ppg.db");
	*state = f;
	fixture_open(f);
	return 0;
}

int
contract_teardown(void **state)
{
	fixture_destroy(*state);
	return 0;
}

int
contract_run(const struct CMUnitTest *tests, size_t n)
{
	return _cmocka_run_group_tests(pg_server() != NULL ? "postgresql" : "sqlite", tests, n, NULL, NULL);
}
