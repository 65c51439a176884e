/*
 * bench_store.c - how fast the store is, and how much of that is SQLite.
 *
 *	bench_store [-g GROUP] [-n PUSHES] [-p PRELOAD] [-f FOLDER | -u URL] [-c CACHE_KIB] [-r] [-l] [-d]
 *	bench_store -k PUSHES [-f FOLDER | -u URL] [-c CACHE_KIB]
 *
 * Groups of GROUP pushes go in as ppgd puts them in: ACCEPT with take, and with the next group
 * the EVENT that they were submitted; with -r the RECEIPT with the group after that. PRELOAD
 * pushes wait in the store before the clock starts; with -l they are live instead (submitted,
 * their receipts never come). With -d what waits is then drained (TAKE, submitted, receipt), and
 * the store is opened again before and after. At last as many rows go through bare SQLite, which
 * is the ceiling.
 *
 * With -k a process stores PUSHES, every second of them delivered, and is killed; what is timed then
 * is the start, questions after one push, and large pushes: accepted in chunks, found by recipient,
 * cancelled and replaced.
 *
 * With -u the store is the one of that url, such as an empty database of PostgreSQL; there is no ceiling.
 */
#define _GNU_SOURCE		/* RUSAGE_THREAD */
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store.h"

enum { ST_QUEUED = 1, ST_TAKEN, ST_SUBMITTED, ST_DELIVERED, ST_CANCELLED };
enum { EV_TAKE = 1, EV_SUBMITTED, EV_RECOVER, EV_RECEIPT_OK, EV_DEADLINE, EV_NO_RECEIPT, EV_CANCEL, EV_REPLACED,
	EV_NOT_REPLACED, EV_ACCEPT, EVENTS };

static int
apply(int state, int event, struct store_change *out)
{
	static const struct store_change changes[EVENTS] = {
		[EV_TAKE] = { .state = ST_TAKEN },
		[EV_SUBMITTED] = { .state = ST_SUBMITTED, .keep_ids = true },
		[EV_RECOVER] = { .state = ST_QUEUED, .requeue = true },
		[EV_RECEIPT_OK] = { .state = ST_DELIVERED, .final = true },
		[EV_CANCEL] = { .state = ST_CANCELLED, .final = true },
		[EV_REPLACED] = { .state = ST_CANCELLED, .final = true },
		[EV_NOT_REPLACED] = { .state = ST_CANCELLED, .final = true },
	};

	if (changes[event].state == 0 || state >= ST_DELIVERED)
		return ERR_NOT_FOUND;
	*out = changes[event];
	return OK;
}

struct push {
	struct store_accept accept;
	struct store_event event;
	struct store_receipt receipt;
	struct store_recipient to;
	char push_id[64], address[64], dial[24], message_id[1][66];
};

struct bench {
	struct store *store;
	struct store_body *body;
	struct push *ring[3];		/* this group, the one before, and the one before that */
	size_t group;
	uint64_t next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static size_t waiting;
static unsigned failed;

static void
on_done(struct store_op *op)
{
	pthread_mutex_lock(&lock);
	failed += op->result != OK;
	if (--waiting == 0)
		pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

static void
submit(struct bench *b, struct store_op *op, enum store_kind kind)
{
	op->kind = kind;
	op->done = on_done;
	if (store_submit(b->store, op) != OK)
		abort();
}

static void
wait_all(void)
{
	pthread_mutex_lock(&lock);
	while (waiting > 0)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static uint64_t
mix(uint64_t v)
{
	v = (v ^ v >> 31) * 0x9E3779B97F4A7C15u;
	return v ^ v >> 29;
}

static void
accept_next(struct bench *b, struct push *p, bool take)
{
	uint64_t i = b->next++;
	int64_t now = clock_utc();

	snprintf(p->push_id, sizeof p->push_id, "%016llx@pi.example.net", (unsigned long long)mix(i));
	snprintf(p->dial, sizeof p->dial, "+1202555%07u", (unsigned)(i % 10000000));
	snprintf(p->address, sizeof p->address, "WAPPUSH=%s/TYPE=PLMN@ppg.example.net", p->dial);
	snprintf(p->message_id[0], sizeof p->message_id[0], "%llx", (unsigned long long)mix(i + 1));
	p->to = (struct store_recipient){ .address = p->address, .to = p->dial };
	p->accept = (struct store_accept){ .pi = "bench", .push_id = p->push_id, .received = now,
		.deadline_at = now + 86400, .version = "2.0", .content_type = "text/vnd.wap.si",
		.notify_url = "http://pi.example.net/result", .body = b->body, .recipients = &p->to,
		.n_recipients = 1, .take = take };
	submit(b, &p->accept.op, STORE_ACCEPT);
}

static void
event_submitted(struct bench *b, struct push *p)
{
	p->event = (struct store_event){ .push = p->accept.push, .batch = p->accept.batch,
		.event = EV_SUBMITTED, .at = clock_utc(), .link = "smsc1",
		.message_ids = p->message_id, .n_ids = 1 };
	submit(b, &p->event.op, STORE_EVENT);
}

static void
receipt_ok(struct bench *b, struct push *p)
{
	p->receipt = (struct store_receipt){ .link = "smsc1", .message_id = p->message_id[0],
		.event = EV_RECEIPT_OK, .at = clock_utc() };
	submit(b, &p->receipt.op, STORE_RECEIPT);
}

static double
cpu_us(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static long
rss_mib(void)
{
	long pages = 0, rss = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f != NULL) {
		if (fscanf(f, "%ld %ld", &pages, &rss) != 2)
			rss = 0;
		fclose(f);
	}
	return rss * (sysconf(_SC_PAGESIZE) / 1024) / 1024;
}

static void
preload(struct bench *b, uint64_t n, bool live)
{
	int64_t start = clock_mono_us();
	uint64_t done;
	size_t i;

	for (done = 0; done < n; done += b->group) {
		waiting = b->group;
		for (i = 0; i < b->group; i++)
			accept_next(b, &b->ring[0][i], live);
		wait_all();
		if (!live)
			continue;
		waiting = b->group;
		for (i = 0; i < b->group; i++)
			event_submitted(b, &b->ring[0][i]);
		wait_all();
	}
	printf("store: %llu pushes %s, %.0f pushes/s, %ld MiB resident\n", (unsigned long long)done,
	    live ? "submitted" : "waiting", (double)done * 1e6 / (double)(clock_mono_us() - start), rss_mib());
	fflush(stdout);
}

static void
run(struct bench *b, uint64_t n, bool receipts)
{
	size_t rounds = n / b->group, k, i;
	double cpu = cpu_us(RUSAGE_SELF), own = cpu_us(RUSAGE_THREAD);
	int64_t start = clock_mono_us(), us;
	struct store_stats before, s;

	store_stats(b->store, &before);
	for (k = 0; k < rounds + 2; k++) {
		struct push *in = b->ring[k % 3], *sent = b->ring[(k + 2) % 3], *seen = b->ring[(k + 1) % 3];
		bool accepts = k < rounds, events = k >= 1 && k <= rounds;

		waiting = b->group * (size_t)(accepts + events + (k >= 2 && receipts));
		for (i = 0; i < b->group; i++) {
			if (accepts)
				accept_next(b, &in[i], true);
			if (events)
				event_submitted(b, &sent[i]);
			if (k >= 2 && receipts)
				receipt_ok(b, &seen[i]);
		}
		wait_all();
	}
	us = clock_mono_us() - start;
	n = rounds * b->group;
	cpu = cpu_us(RUSAGE_SELF) - cpu;
	own = cpu_us(RUSAGE_THREAD) - own;
	store_stats(b->store, &s);
	printf("store: %llu pushes%s in groups of %zu: %.0f pushes/s, writer %.1f us CPU a push"
	    " (feeder %.1f), %llu commits, slowest %.1f ms, %ld MiB resident\n", (unsigned long long)n,
	    receipts ? " with receipts" : "", b->group, (double)n * 1e6 / (double)us,
	    (cpu - own) / (double)n, own / (double)n,
	    (unsigned long long)(s.commits - before.commits), (double)s.commit_us_max / 1e3, rss_mib());
	fflush(stdout);
}

/* Pushes by their ids, any of those that were stored. */
static void
look_up(struct bench *b)
{
	enum { LOOKS = 2000 };
	struct store_reader *reader;
	int64_t start, begin = clock_mono_us();
	unsigned slow = 0;
	struct why why;
	int i;

	if (store_reader_open(b->store, &reader, &why) != OK)
		abort();
	for (i = 0; i < LOOKS; i++) {
		struct store_view v;
		char id[64];

		snprintf(id, sizeof id, "%016llx@pi.example.net",
		    (unsigned long long)mix(mix((uint64_t)i) % b->next));
		start = clock_mono_us();
		failed += store_read_push(reader, "bench", id, 0, 10, &v) != OK;
		slow += clock_mono_us() - start > 1000;
		store_view_done(&v);
	}
	printf("store: look-up of one of %llu pushes %.1f us, %u of %d took more than 1 ms\n",
	    (unsigned long long)b->next, (double)(clock_mono_us() - begin) / LOOKS, slow, LOOKS);
	store_reader_close(&reader);
}

static void
reopen(struct bench *b, const struct store_config *cf)
{
	int64_t start = clock_mono_us();
	struct why why;

	store_close(&b->store);
	printf("store: closed in %.0f ms", (double)(clock_mono_us() - start) / 1e3);
	start = clock_mono_us();
	if (store_open(cf, &b->store, &why) != OK)
		abort();
	printf(", opened in %.0f ms, %ld MiB resident\n", (double)(clock_mono_us() - start) / 1e3, rss_mib());
}

/* Everything that waits: taken in batches of a group, submitted, and delivered. */
static void
drain(struct bench *b)
{
	double cpu = cpu_us(RUSAGE_SELF), own = cpu_us(RUSAGE_THREAD);
	int64_t start = clock_mono_us(), us;
	uint64_t n = 0;

	for (;;) {
		struct store_take t = { .now = clock_utc(), .max = { (uint32_t)b->group, 0, 0 } };
		struct store_item *item, *next;
		size_t i = 0;

		waiting = 1;
		submit(b, &t.op, STORE_TAKE);
		wait_all();
		if (t.n_items == 0)
			break;
		waiting = t.n_items;
		for (item = t.items; item != NULL; item = next, i++) {
			struct push *p = &b->ring[0][i];

			snprintf(p->message_id[0], sizeof p->message_id[0], "%llx",
			    (unsigned long long)mix(++n + (1ull << 40)));
			p->accept.push = item->push;
			p->accept.batch = item->batch;
			event_submitted(b, p);
			next = item->next;
			store_item_free(item);
		}
		wait_all();
		waiting = i;
		while (i-- > 0)
			receipt_ok(b, &b->ring[0][i]);
		wait_all();
	}
	us = clock_mono_us() - start;
	cpu = cpu_us(RUSAGE_SELF) - cpu;
	own = cpu_us(RUSAGE_THREAD) - own;
	printf("store: %llu taken, submitted, delivered: %.0f pushes/s, writer %.1f us CPU a push, %ld MiB"
	    " resident\n", (unsigned long long)n, (double)n * 1e6 / (double)us, (cpu - own) / (double)n,
	    rss_mib());
}

/* One table, one row a push, nothing else: what SQLite takes for a group commit on this disk. */
static void
ceiling(const char *folder, uint64_t n, size_t group)
{
	static const char octets[300];
	char path[300];
	sqlite3_stmt *q;
	sqlite3 *sql;
	uint64_t i, k;
	int64_t start, us;
	double cpu;

	snprintf(path, sizeof path, "%s/raw.db", folder);
	if (sqlite3_open(path, &sql) != SQLITE_OK ||
	    sqlite3_exec(sql, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
	    " CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB)", NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(sql, "INSERT INTO t VALUES(?1, ?2)", -1, &q, NULL) != SQLITE_OK)
		abort();
	start = clock_mono_us();
	cpu = cpu_us(RUSAGE_THREAD);
	for (i = 0; i < n; i += group) {
		sqlite3_exec(sql, "BEGIN", NULL, NULL, NULL);
		for (k = 0; k < group; k++) {
			sqlite3_bind_int64(q, 1, (int64_t)(i + k));
			sqlite3_bind_blob(q, 2, octets, sizeof octets, SQLITE_STATIC);
			sqlite3_step(q);
			sqlite3_reset(q);
		}
		if (sqlite3_exec(sql, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
			abort();
	}
	us = clock_mono_us() - start;
	cpu = cpu_us(RUSAGE_THREAD) - cpu;
	printf("bare SQLite, one row of 300 octets a push: %.0f rows/s, %.1f us CPU a row\n",
	    (double)n * 1e6 / (double)us, cpu / (double)n);
	sqlite3_finalize(q);
	sqlite3_close(sql);
	unlink(path);
}

/* ---- after a kill, and large pushes ------------------------------------------------------- */

enum { LARGE = 100000, CHUNK = 1000, LOOKS = 501 };

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int64_t
median(int64_t *us, size_t n)
{
	qsort(us, n, sizeof us[0], by_size);
	return us[n / 2];
}

/* One operation from submission to done(), in us. */
static int64_t
timed(struct bench *b, struct store_op *op, enum store_kind kind)
{
	int64_t start = clock_mono_us();

	waiting = 1;
	submit(b, op, kind);
	wait_all();
	return clock_mono_us() - start;
}

static void
store_and_die(struct bench *b, const struct store_config *cf, uint64_t n)
{
	struct why why;

	if (store_open(cf, &b->store, &why) != OK)
		abort();
	run(b, n / 2, true);
	preload(b, n - n / 2, false);
	raise(SIGKILL);
}

static struct store_recipient *
large_recipients(void)
{
	struct store_recipient *all = calloc(LARGE, sizeof *all);
	char (*texts)[2][64] = calloc(LARGE, sizeof *texts);
	uint32_t i;

	if (all == NULL || texts == NULL)
		abort();
	for (i = 0; i < LARGE; i++) {
		snprintf(texts[i][0], sizeof texts[i][0], "+1202555%07u", i);
		snprintf(texts[i][1], sizeof texts[i][1], "WAPPUSH=%s/TYPE=PLMN@ppg.example.net", texts[i][0]);
		all[i] = (struct store_recipient){ .address = texts[i][1], .key = texts[i][0], .to = texts[i][0] };
	}
	return all;
}

/* In chunks; what is told is the slowest but the last one, and the last one. */
static void
accept_large(struct bench *b, const char *push_id, const char *replaces, const struct store_recipient *all,
    uint32_t n)
{
	struct store_accept a = { .pi = "bench", .push_id = push_id, .received = clock_utc(),
		.deadline_at = clock_utc() + 86400, .version = "2.0", .notify_url = "http://pi.example.net/result",
		.body = b->body, .replaces = replaces, .replace = replaces != NULL ? STORE_REPLACE_PENDING :
		STORE_REPLACE_NONE };
	int64_t slowest = 0, us = 0, start = clock_mono_us();

	for (; a.first_n < n; a.first_n += CHUNK) {
		if (us > slowest)
			slowest = us;
		a.recipients = all + a.first_n;
		a.n_recipients = CHUNK;
		a.more = a.first_n + CHUNK < n;
		us = timed(b, &a.op, a.first_n == 0 ? STORE_ACCEPT : STORE_MORE);
	}
	printf("store: %u recipients in chunks of %d%s: %.0f ms, slowest chunk %.1f ms, the last one %.1f ms", n, CHUNK,
	    replaces != NULL ? ", replacing as many" : "", (double)(clock_mono_us() - start) / 1e3,
	    (double)slowest / 1e3, (double)us / 1e3);
	printf(replaces != NULL ? ", %u replaced\n" : "\n", a.replaced);
}

static void
cancel_large(struct bench *b, const char *push_id)
{
	struct store_cancelled results[CHUNK];
	struct store_cancel c = { .pi = "bench", .push_id = push_id, .max = CHUNK, .event = EV_CANCEL,
		.at = clock_utc(), .results = results };
	int64_t us, slowest = 0, all = 0;
	uint32_t n = 0;

	do {
		c.first_n = c.next_n;
		us = timed(b, &c.op, STORE_CANCEL);
		slowest = us > slowest ? us : slowest;
		all += us;
		n += c.n_results;
	} while (c.next_n != 0);
	printf("store: %u recipients cancelled in slices of %d: %.0f ms, slowest %.1f ms\n", n, CHUNK,
	    (double)all / 1e3, (double)slowest / 1e3);
}

static void
questions(struct bench *b, uint64_t n)
{
	static int64_t one[LOOKS], by_key[LOOKS], list[LOOKS];
	struct store_reader *reader;
	struct store_push_row *rows;
	struct store_view v;
	uint32_t n_rows;
	struct why why;
	int i;

	if (store_reader_open(b->store, &reader, &why) != OK)
		abort();
	for (i = 0; i < LOOKS; i++) {
		char id[64], key[24];
		const char *keys[] = { key };
		int64_t start = clock_mono_us();

		snprintf(id, sizeof id, "%016llx@pi.example.net", (unsigned long long)mix(mix((uint64_t)i) % n));
		failed += store_read_push(reader, "bench", id, 0, 10, &v) != OK;
		store_view_done(&v);
		one[i] = clock_mono_us() - start;
		start += one[i];
		snprintf(key, sizeof key, "+1202555%07u", (unsigned)(mix((uint64_t)i) % LARGE));
		failed += store_read_recipients(reader, "bench", "large", keys, 1, &v) != OK ||
		    v.recipients[0].state != ST_QUEUED;
		store_view_done(&v);
		by_key[i] = clock_mono_us() - start;
		start += by_key[i];
		failed += store_read_pushes(reader, "bench", 0, 50, &rows, &n_rows) != OK || n_rows != 50;
		store_push_rows_free(rows, n_rows);
		list[i] = clock_mono_us() - start;
	}
	printf("store: median of one push %.2f ms, of one of %d recipients by its key %.2f ms, of the 50 newest %.2f ms\n",
	    (double)median(one, LOOKS) / 1e3, LARGE, (double)median(by_key, LOOKS) / 1e3,
	    (double)median(list, LOOKS) / 1e3);
	store_reader_close(&reader);
}

static void
after_a_kill(struct bench *b, const struct store_config *cf, uint64_t n)
{
	struct store_recipient *all = large_recipients();
	struct store_stats s;
	struct why why;
	int64_t start;
	pid_t pid;

	fflush(stdout);
	if ((pid = fork()) == 0)
		store_and_die(b, cf, n);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		abort();
	start = clock_mono_us();
	if (store_open(cf, &b->store, &why) != OK) {
		fprintf(stderr, "%s\n", why.text);
		exit(1);
	}
	store_stats(b->store, &s);
	printf("store: killed with %llu recipients, %llu of them waiting; opened in %.0f ms, %ld MiB resident\n",
	    (unsigned long long)s.recipients, (unsigned long long)s.live,
	    (double)(clock_mono_us() - start) / 1e3, rss_mib());
	accept_large(b, "large", NULL, all, LARGE);
	questions(b, n / b->group / 2 * 2 * b->group);
	accept_large(b, "ten", NULL, all, LARGE / 10);
	cancel_large(b, "ten");
	accept_large(b, "larger", "large", all, LARGE);
	cancel_large(b, "larger");
	printf("store: %ld MiB resident\n", rss_mib());
	free((void *)(uintptr_t)((const char *)all[0].key));
	free(all);
}

static void
remove_store(const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm", ".lock" };
	char name[400];
	size_t i;

	for (i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		snprintf(name, sizeof name, "%s%s", path, ends[i]);
		unlink(name);
	}
}

int
main(int argc, char **argv)
{
	static const uint8_t content[220] = { 1 }, headers[40] = { 2 };
	struct store_config cf = { .rules = { .apply = apply, .queued = ST_QUEUED, .taken = ST_TAKEN,
	    .ev_take = EV_TAKE, .ev_recover = EV_RECOVER, .ev_deadline = EV_DEADLINE,
	    .ev_no_receipt = EV_NO_RECEIPT, .ev_receipt_ok = EV_RECEIPT_OK, .ev_accept = EV_ACCEPT,
	    .ev_replace = EV_REPLACED, .ev_not_replaced = EV_NOT_REPLACED } };
	struct bench b = { .group = 200 };
	uint64_t n = 100000, before = 0, killed = 0;
	bool receipts = false, live = false, draining = false;
	const char *folder = ".", *elsewhere = NULL;
	char url[300];
	struct why why;
	int c, i;

	while ((c = getopt(argc, argv, "c:g:n:p:f:u:k:rld")) != -1)
		switch (c) {
		case 'g': b.group = (size_t)strtoul(optarg, NULL, 10); break;
		case 'n': n = strtoull(optarg, NULL, 10); break;
		case 'p': before = strtoull(optarg, NULL, 10); break;
		case 'f': folder = optarg; break;
		case 'c': cf.cache_kib = (size_t)strtoul(optarg, NULL, 10); break;
		case 'u': elsewhere = optarg; break;
		case 'k': killed = strtoull(optarg, NULL, 10); break;
		case 'r': receipts = true; break;
		case 'l': live = true; break;
		case 'd': draining = true; break;
		default: return 2;
		}
	if (b.group == 0 || n < b.group)
		return 2;
	snprintf(url, sizeof url, "sqlite:%s/bench.db", folder);
	cf.url = elsewhere != NULL ? elsewhere : url;
	if (elsewhere == NULL)
		remove_store(url + 7);
	if (killed > 0) {
		b.group = 2000;
		if (killed / 2 < b.group)
			return 2;
	} else if (store_open(&cf, &b.store, &why) != OK) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	b.body = store_body_create(span_of(headers, sizeof headers), span_of(content, sizeof content),
	    span_of(NULL, 0));
	for (i = 0; i < 3; i++)
		if ((b.ring[i] = calloc(b.group, sizeof b.ring[i][0])) == NULL)
			abort();
	if (killed > 0) {
		after_a_kill(&b, &cf, killed);
	} else {
		if (before > 0)
			preload(&b, before, live);
		run(&b, n, receipts);
		look_up(&b);
		if (draining) {
			reopen(&b, &cf);
			drain(&b);
			reopen(&b, &cf);
		}
	}
	store_close(&b.store);
	if (killed == 0 && elsewhere == NULL)
		ceiling(folder, n, b.group);
	if (elsewhere == NULL)
		remove_store(url + 7);
	for (i = 0; i < 3; i++)
		free(b.ring[i]);
	store_body_unref(b.body);
	if (failed > 0)
		fprintf(stderr, "%u operations failed\n", failed);
	return failed > 0;
}
