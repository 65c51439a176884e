/* clock.c - see clock.h. */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

static atomic_bool fake;
static atomic_llong fake_ms;

static int64_t
read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_utc_ms(void)
{
	return fake ? fake_ms : read_us(CLOCK_REALTIME) / 1000;
}

time_t
clock_utc(void)
{
	return (time_t)(clock_utc_ms() / 1000);
}

int64_t
clock_mono_us(void)
{
	return fake ? fake_ms * 1000 : read_us(CLOCK_MONOTONIC);
}

int64_t
clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

void
clock_fake(int64_t utc_ms)
{
	fake_ms = utc_ms;
	fake = true;
}

void
clock_fake_advance(int64_t ms)
{
	fake_ms += ms;
}

void
clock_real(void)
{
	fake = false;
}

void
clock_iso(time_t t, char out[CLOCK_ISO_SIZE])
{
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 8099 ||
	    strftime(out, CLOCK_ISO_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) != CLOCK_ISO_SIZE - 1)
		memcpy(out, "1970-01-01T00:00:00Z", CLOCK_ISO_SIZE);
}

/* `n` digits at s as a number, or -1. */
static int
digits(const char *s, int n)
{
	int v = 0;

	while (n-- > 0) {
		if (*s < '0' || *s > '9')
			return -1;
		v = v * 10 + (*s++ - '0');
	}
	return v;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (month == 2 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0))
		return 29;
	return days[month - 1];
}

int
clock_parse_iso(const char *s, time_t *out)
{
	struct tm tm = { 0 };
	int year, month, day, hour, min, sec;

	*out = 0;
	if (strlen(s) != CLOCK_ISO_SIZE - 1 || s[4] != '-' || s[7] != '-' ||
	    (s[10] != 'T' && s[10] != 't') || s[13] != ':' || s[16] != ':' ||
	    (s[19] != 'Z' && s[19] != 'z'))
		return ERR_SYNTAX;
	year = digits(s, 4);
	month = digits(s + 5, 2);
	day = digits(s + 8, 2);
	hour = digits(s + 11, 2);
	min = digits(s + 14, 2);
	sec = digits(s + 17, 2);
	if (year < 1 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || min < 0 ||
	    min > 59 || sec < 0 || sec > 59 || day > days_in_month(year, month))
		return ERR_SYNTAX;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	tm.tm_hour = hour;
	tm.tm_min = min;
	tm.tm_sec = sec;
	*out = timegm(&tm);
	return OK;
}
