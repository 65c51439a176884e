/* log.c - see log.h. */
#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"

enum {
	LINE_MAX_OCTETS = 1024,
	PEER_SLOTS = 256,		/* peers remembered at once; more share slots */
	PEER_LINES = 5,
	PEER_WINDOW_MS = 60000
};

static _Atomic enum log_level lowest = LOG_LEVEL_INFO;
static char file_path[512];
static int fd = STDERR_FILENO;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct peer_slot {
	uint64_t key;
	int64_t since_ms;
	unsigned lines, held_back;
} peers[PEER_SLOTS];

int
log_reopen(void)
{
	int fresh;

	if (file_path[0] == '\0')
		return OK;
	fresh = open(file_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fresh < 0)
		return ERR_IO;
	pthread_mutex_lock(&lock);
	if (fd != STDERR_FILENO)
		close(fd);
	fd = fresh;
	pthread_mutex_unlock(&lock);
	return OK;
}

int
log_open(enum log_level level, const char *path)
{
	lowest = level;
	if (path == NULL)
		return OK;
	if (strlen(path) >= sizeof file_path)
		return ERR_LIMIT;
	strcpy(file_path, path);
	return log_reopen();
}

void
log_set_level(enum log_level level)
{
	lowest = level;
}

bool
log_wanted(enum log_level level)
{
	return level >= lowest;
}

static void
write_line(enum log_level level, const char *area, const char *fmt, va_list ap)
{
	static const char *const names[] = { "debug", "info", "warning", "error", "" };
	char line[LINE_MAX_OCTETS], stamp[CLOCK_ISO_SIZE];
	int64_t now = clock_utc_ms();
	size_t i, n;
	int k;

	if (level < lowest)
		return;
	clock_iso((time_t)(now / 1000), stamp);
	stamp[CLOCK_ISO_SIZE - 2] = '\0';
	k = snprintf(line, sizeof line, "%s.%03dZ %s %s: ", stamp, (int)(now % 1000),
	    names[level], area);
	n = (size_t)k;
	k = vsnprintf(line + n, sizeof line - n - 1, fmt, ap);
	if (k > 0)
		n += (size_t)k;
	if (n > sizeof line - 2)
		n = sizeof line - 2;
	for (i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20)
			line[i] = ' ';
	line[n++] = '\n';
	pthread_mutex_lock(&lock);
	if (write(fd, line, n) < 0) {
		/* nowhere to report it */
	}
	pthread_mutex_unlock(&lock);
}

#define LOG_FUNCTION(name, level)			\
	void						\
	name(const char *area, const char *fmt, ...)	\
	{						\
		va_list ap;				\
							\
		va_start(ap, fmt);			\
		write_line(level, area, fmt, ap);	\
		va_end(ap);				\
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)

void
log_peer(const char *area, const char *peer, const char *reason)
{
	uint64_t key = text_hash64(span_str(area)) ^ text_hash64(span_str(peer)) * 3 ^
	    text_hash64(span_str(reason)) * 5;
	int64_t now = clock_mono_ms();
	struct peer_slot *slot = &peers[key % PEER_SLOTS];
	unsigned held_back = 0;
	bool show;

	pthread_mutex_lock(&lock);
	if (slot->key != key || now - slot->since_ms >= PEER_WINDOW_MS) {
		held_back = slot->key == key ? slot->held_back : 0;
		*slot = (struct peer_slot){ key, now, 0, 0 };
	}
	show = slot->lines < PEER_LINES;
	if (show)
		slot->lines++;
	else
		slot->held_back++;
	pthread_mutex_unlock(&lock);
	if (held_back > 0)
		log_warning(area, "%s: %s (%u more like this in the last minute)", peer, reason, held_back);
	else if (show)
		log_warning(area, "%s: %s", peer, reason);
}
