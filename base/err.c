/* err.c - see err.h. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *
err_name(int err)
{
	switch ((enum err)err) {
	case OK: return "ok";
	case ERR_SHORT: return "short";
	case ERR_SYNTAX: return "syntax";
	case ERR_RANGE: return "range";
	case ERR_LIMIT: return "limit";
	case ERR_UNSUPPORTED: return "unsupported";
	case ERR_NOT_FOUND: return "not found";
	case ERR_EXISTS: return "exists";
	case ERR_FULL: return "full";
	case ERR_IO: return "i/o";
	case ERR_CLOSED: return "closed";
	case ERR_AUTH: return "not authenticated";
	case ERR_BUSY: return "busy";
	}
	return "unknown";
}

/* Cut an over-long text back to the last whole UTF-8 sequence. */
static void
cut_utf8(char *text, size_t n)
{
	while (n > 0 && ((unsigned char)text[n - 1] & 0xC0) == 0x80)
		n--;
	if (n > 0 && (unsigned char)text[n - 1] >= 0xC0)
		n--;
	text[n] = '\0';
}

static void
set_text(struct why *why, size_t offset, const char *fmt, va_list ap)
{
	int n;

	if (why == NULL)
		return;
	why->offset = offset;
	n = vsnprintf(why->text, sizeof why->text, fmt, ap);
	if (n < 0)
		why->text[0] = '\0';
	else if ((size_t)n >= sizeof why->text)
		cut_utf8(why->text, sizeof why->text - 1);
}

int
why_set(struct why *why, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_text(why, 0, fmt, ap);
	va_end(ap);
	return err;
}

int
why_at(struct why *why, int err, size_t offset, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_text(why, offset, fmt, ap);
	va_end(ap);
	return err;
}

void
why_prefix(struct why *why, const char *fmt, ...)
{
	char old[sizeof why->text], prefix[sizeof why->text];
	size_t n;
	va_list ap;

	if (why == NULL)
		return;
	memcpy(old, why->text, sizeof old);
	va_start(ap, fmt);
	vsnprintf(prefix, sizeof prefix, fmt, ap);
	va_end(ap);
	n = strlen(prefix);
	memcpy(why->text, prefix, n + 1);
	if (n + 2 < sizeof why->text) {
		int k = snprintf(why->text + n, sizeof why->text - n, ": %s", old);

		if (k > 0 && (size_t)k >= sizeof why->text - n)
			cut_utf8(why->text, sizeof why->text - 1);
	}
}
