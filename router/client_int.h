/* client_int.h - a client of the program and its queue; for router/client*.c. */
#ifndef ROUTER_CLIENT_INT_H
#define ROUTER_CLIENT_INT_H

#include "router/clients.h"

enum {
	CLIENT_ARGS_MAX = 64,
	CLIENT_QUEUE_OCTETS = 16 << 20	/* that wait behind one client */
};

/* What a client gets of one message. */
struct client_item {
	struct client_item *next;
	size_t n;
	char octets[];
};

struct client;

/* A way of handing over. */
struct client_kind {
	const char *name;
	int (*check)(struct client *c, struct why *why);	/* target and form; NULL: anything goes */
	void (*kick)(struct client *c);		/* take from the queue what can be taken now */
	void (*close)(struct client *c);	/* for good; may be NULL */
};
extern const struct client_kind client_exec, client_shell, client_unix, client_file;

struct exec_job;
struct client {
	struct client *next;
	struct loop *loop;
	const struct client_kind *kind;
	char content_type[128], app_id[128];
	char label[280];		/* of both, for the log */
	char *target;			/* path or command */
	char *argv[CLIENT_ARGS_MAX + 1];	/* exec */
	bool raw;
	int64_t time_s, output_max, jobs_max, queue_max;

	struct client_item *first, **last;
	size_t queued, queued_octets;
	uint64_t done, failed, lost;
	unsigned running;

	struct exec_job *jobs;		/* exec, shell */
	int fd;				/* unix: -1 not connected */
	bool connecting, watched;
	struct loop_fd watch;
	struct loop_timer retry;
	int64_t retry_ms;
	size_t written;			/* unix: of the first in the queue */
	uint64_t counter;		/* file */
};

/* The oldest, without taking it; NULL. */
struct client_item *client_first(struct client *c);
/* Takes the oldest from the queue; free() it. */
struct client_item *client_take(struct client *c);

/* client_exec.c: SIGCHLD came. */
void client_exec_reap(struct client *c);

#endif
