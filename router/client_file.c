/*
 * client_file.c - a file per message. Its name comes from time and a counter, never from the message; it
 * appears whole or not at all.
 */
#include "router/client_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* A name that sorts by time: seconds, milliseconds, counter. */
static void
make_name(struct client *c, char out[64])
{
	int64_t ms = clock_utc_ms();

	snprintf(out, 64, "%lld.%03d-%06llu.%s", (long long)(ms / 1000), (int)(ms % 1000),
	    (unsigned long long)++c->counter % 1000000, c->raw ? "bin" : "json");
}

static int
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return errno;
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

/* 0 or an errno. A name that somebody has already is left to them. */
static int
write_file(struct client *c, int dir, const struct client_item *item)
{
	char name[64], temp[80];
	int fd, err, tries;

	for (tries = 0; ; tries++) {
		make_name(c, name);
		snprintf(temp, sizeof temp, ".%s.tmp", name);
		fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0)
			break;
		if (errno != EEXIST || tries == 100)
			return errno;
	}
	err = write_all(fd, item->octets, item->n);
	if (err == 0 && fsync(fd) < 0)
		err = errno;
	close(fd);
	while (err == 0 && linkat(dir, temp, dir, name, 0) < 0) {
		if (errno != EEXIST || ++tries > 100)
			err = errno;
		make_name(c, name);
	}
	unlinkat(dir, temp, 0);
	return err;
}

static void
file_kick(struct client *c)
{
	int dir = open(c->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC), open_err = dir < 0 ? errno : 0;

	while (c->queued > 0) {
		struct client_item *item = client_take(c);
		int err = dir < 0 ? open_err : write_file(c, dir, item);

		free(item);
		if (err == 0) {
			c->done++;
			continue;
		}
		c->failed++;
		log_error("client", "%s: a message cannot be written: %s", c->label, strerror(err));
	}
	if (dir >= 0) {
		fsync(dir);
		close(dir);
	}
}

static int
file_check(struct client *c, struct why *why)
{
	struct stat st;

	if (stat(c->target, &st) < 0 || !S_ISDIR(st.st_mode))
		return why_set(why, ERR_NOT_FOUND, "file: %.100s is no folder", c->target);
	return OK;
}

const struct client_kind client_file = { "file", file_check, file_kick, NULL };
