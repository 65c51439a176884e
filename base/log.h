/*
 * log.h - one line a fact: time, level, area, text; to stderr or a file.
 *
 * error = the operator must act, warning = a peer misbehaved, info = life cycle, debug = detail.
 * Never a password, PIN, IMSI or body. Any thread may log.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR, LOG_LEVEL_NONE };

/* Lines below `level` are not written. `path` NULL: stderr. Returns OK or ERR_IO. */
int log_open(enum log_level level, const char *path);
void log_set_level(enum log_level level);
int log_reopen(void);			/* after the file was rotated away */

/* Whether lines of this level are written; ask before text is made for them that costs time. */
bool log_wanted(enum log_level level);

void log_error(const char *area, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_warning(const char *area, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *area, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_debug(const char *area, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * A warning about a peer. After 5 equal (area, peer, reason) in a minute the rest is counted,
 * and the count is written with the first line of the next minute.
 */
void log_peer(const char *area, const char *peer, const char *reason);

#endif
