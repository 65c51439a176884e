/*
 * wsp_date.c - dates of HTTP headers as text and as seconds, without the locale.
 * Spec: RFC 2616 3.3.1; WAP-230-WSP-20010705-a 8.4.2.3 (date-value).
 */
#include "wap/wsp_int.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char *const long_days[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday",
	"Friday", "Saturday" };
static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
	"Oct", "Nov", "Dec" };

int
wsp_date_print(uint64_t seconds, char out[WSP_DATE_SIZE])
{
	const uint64_t year_10000 = 253402300800;
	time_t t = (time_t)seconds;
	struct tm tm;

	out[0] = '\0';
	if (seconds >= year_10000 || gmtime_r(&t, &tm) == NULL)
		return ERR_RANGE;
	snprintf(out, WSP_DATE_SIZE, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[tm.tm_wday],
	    (unsigned)tm.tm_mday % 100, months[tm.tm_mon], (unsigned)(tm.tm_year + 1900) % 10000,
	    (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
	return OK;
}

/*
 * Match s against a pattern: D weekday, L long weekday, M month, d day, e day with a blank for
 * a leading zero, Y four digits of the year, y two, h m s, Z the zone; all else is itself.
 */
struct scan {
	const uint8_t *p, *end;
	struct tm tm;
	bool ok;
};

static int
scan_digits(struct scan *s, int n)
{
	int v = 0;

	while (n-- > 0) {
		if (s->p == s->end || *s->p < '0' || *s->p > '9') {
			s->ok = false;
			return 0;
		}
		v = v * 10 + (*s->p++ - '0');
	}
	return v;
}

static bool
scan_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return false;
	s->p += n;
	return true;
}

static void
scan_one(struct scan *s, char what)
{
	char self[2] = { what, '\0' };
	int i;

	switch (what) {
	case 'D':
		for (i = 0; i < 7 && !scan_word(s, days[i]); i++)
			;
		s->ok = i < 7;
		break;
	case 'L':
		for (i = 0; i < 7 && !scan_word(s, long_days[i]); i++)
			;
		s->ok = i < 7;
		break;
	case 'M':
		for (i = 0; i < 12 && !scan_word(s, months[i]); i++)
			;
		s->ok = i < 12;
		s->tm.tm_mon = i;
		break;
	case 'd':
		s->tm.tm_mday = scan_digits(s, 2);
		break;
	case 'e':
		s->tm.tm_mday = scan_digits(s, scan_word(s, " ") ? 1 : 2);
		break;
	case 'Y':
		s->tm.tm_year = scan_digits(s, 4) - 1900;
		break;
	case 'y':
		i = scan_digits(s, 2);
		s->tm.tm_year = i < 70 ? i + 100 : i;
		break;
	case 'h':
		s->tm.tm_hour = scan_digits(s, 2);
		break;
	case 'm':
		s->tm.tm_min = scan_digits(s, 2);
		break;
	case 's':
		s->tm.tm_sec = scan_digits(s, 2);
		break;
	case 'Z':
		s->ok = scan_word(s, "GMT");
		break;
	default:
		s->ok = scan_word(s, self);
		break;
	}
}

static bool
scan_date(struct span in, const char *pattern, struct tm *out)
{
	struct scan s = { in.p, in.p + in.n, { 0 }, true };

	for (; s.ok && *pattern != '\0'; pattern++)
		scan_one(&s, *pattern);
	*out = s.tm;
	return s.ok && s.p == s.end;
}

int
wsp_date_parse(struct span in, uint64_t *seconds)
{
	static const char *const patterns[] = {
		"D, d M Y h:m:s Z",	/* RFC 1123 */
		"L, d-M-y h:m:s Z",	/* RFC 850 */
		"D M e h:m:s Y",		/* asctime() */
	};
	struct tm tm, back;
	time_t t;
	size_t i;

	*seconds = 0;
	if (in.n == 0)
		return ERR_SYNTAX;
	for (i = 0; !scan_date(in, patterns[i], &tm);)
		if (++i == sizeof patterns / sizeof patterns[0])
			return ERR_SYNTAX;
	back = tm;
	t = timegm(&back);
	/* timegm() turns 30 February into 2 March: such a date does not exist. */
	if (t < 0 || back.tm_mday != tm.tm_mday || back.tm_mon != tm.tm_mon ||
	    back.tm_hour != tm.tm_hour || back.tm_min != tm.tm_min || back.tm_sec != tm.tm_sec)
		return ERR_SYNTAX;
	*seconds = (uint64_t)t;
	return OK;
}
