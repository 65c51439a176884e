/*
 * client_unix.c - a Unix stream socket that gets a JSON line a message. It is connected to when there is
 * something to say and kept; after a failure again, later and later. A line that was cut is sent anew.
 */
#include "router/client_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

enum { RETRY_FIRST_MS = 100, RETRY_LAST_MS = 5000 };

static void unix_kick(struct client *c);
static void ready(void *arg, int events);

static void
disconnect(struct client *c)
{
	if (c->fd < 0)
		return;
	loop_unwatch(c->loop, &c->watch);
	close(c->fd);
	c->fd = -1;
	c->connecting = false;
	c->written = 0;
}

static void
try_again(void *arg)
{
	unix_kick(arg);
}

static void
fail(struct client *c, int err)
{
	log_peer("client", c->label, strerror(err));
	disconnect(c);
	if (c->queued == 0)
		return;			/* the next message tries */
	c->retry_ms = c->retry_ms == 0 ? RETRY_FIRST_MS :
	    c->retry_ms * 2 < RETRY_LAST_MS ? c->retry_ms * 2 : RETRY_LAST_MS;
	loop_timer_start(c->loop, &c->retry, c->retry_ms, try_again, c);
}

static int
watch_for(struct client *c, int events)
{
	return loop_watch(c->loop, &c->watch, c->fd, events, ready, c);
}

/* Writes what can be written, and waits for the rest. */
static void
send_queue(struct client *c)
{
	struct client_item *item;

	while ((item = client_first(c)) != NULL) {
		ssize_t n = send(c->fd, item->octets + c->written, item->n - c->written, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			watch_for(c, LOOP_READ | LOOP_WRITE);
			return;
		}
		if (n < 0) {
			fail(c, errno);
			return;
		}
		c->retry_ms = 0;
		c->written += (size_t)n;
		if (c->written == item->n) {
			c->written = 0;
			c->done++;
			free(client_take(c));
		}
	}
	watch_for(c, LOOP_READ);
}

/* What the other side says is of no interest; that it went is. */
static bool
is_there(struct client *c)
{
	char block[4096];
	ssize_t n;

	while ((n = recv(c->fd, block, sizeof block, 0)) > 0)
		;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	fail(c, n == 0 ? ECONNRESET : errno);
	return false;
}

static void
ready(void *arg, int events)
{
	struct client *c = arg;
	int err = 0;
	socklen_t n = sizeof err;

	if (c->connecting) {
		if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &n) < 0)
			err = errno;
		if (err != 0) {
			fail(c, err);
			return;
		}
		c->connecting = false;
	}
	if (is_there(c))
		send_queue(c);
}

static void
unix_kick(struct client *c)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (c->queued == 0 || c->connecting || c->retry.slot != 0)
		return;
	if (c->fd >= 0) {
		send_queue(c);
		return;
	}
	strcpy(addr.sun_path, c->target);		/* unix_check: it fits */
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || watch_for(c, LOOP_READ | LOOP_WRITE) != OK) {
		fail(c, errno);
		return;
	}
	if (connect(c->fd, (struct sockaddr *)&addr, sizeof addr) == 0)
		send_queue(c);
	else if (errno == EINPROGRESS)
		c->connecting = true;
	else
		fail(c, errno);		/* EAGAIN too: its backlog is full */
}

static void
unix_close(struct client *c)
{
	disconnect(c);
	loop_timer_stop(c->loop, &c->retry);
}

static int
unix_check(struct client *c, struct why *why)
{
	if (strlen(c->target) >= sizeof ((struct sockaddr_un *)0)->sun_path)
		return why_set(why, ERR_LIMIT, "unix: a path has at most %zu characters",
		    sizeof ((struct sockaddr_un *)0)->sun_path - 1);
	if (c->raw)
		return why_set(why, ERR_SYNTAX, "unix: form is json, raw messages have no end");
	return OK;
}

const struct client_kind client_unix = { "unix", unix_check, unix_kick, unix_close };
