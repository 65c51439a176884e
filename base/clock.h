/*
 * clock.h - what time it is, for everyone. Tests put their own clock in, so no test sleeps.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

int64_t clock_utc_ms(void);		/* milliseconds since 1970-01-01T00:00:00Z */
time_t clock_utc(void);			/* the same in seconds */
int64_t clock_mono_ms(void);		/* never steps back; for waits and time-outs */
int64_t clock_mono_us(void);

/*
 * From now on both clocks show `utc_ms` plus what clock_fake_advance added.
 * For tests, before threads start. clock_real() undoes it.
 */
void clock_fake(int64_t utc_ms);
void clock_fake_advance(int64_t ms);
void clock_real(void);

enum { CLOCK_ISO_SIZE = 21 };
/* "YYYY-MM-DDThh:mm:ssZ" with its NUL (PAP 8.2, ISO 8601 profile). */
void clock_iso(time_t t, char out[CLOCK_ISO_SIZE]);
/*
 * The reverse, strict but for lower-case t and z: 20 characters, a date that exists,
 * seconds 0..59. Returns OK or ERR_SYNTAX; *out is 0 on failure.
 */
int clock_parse_iso(const char *s, time_t *out);

#endif
