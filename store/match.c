/* match.c - see store_int.h. */
#include "store/store_int.h"

#include <string.h>

#include "base/text.h"

size_t
match_message_id(const char *id, char *out)
{
	size_t n = 0;

	while (id[0] == '0' && id[1] != '\0')
		id++;
	for (; id[n] != '\0' && n < MESSAGE_ID_SIZE - 1; n++)
		out[n] = (char)(id[n] >= 'A' && id[n] <= 'Z' ? id[n] + 32 : id[n]);
	out[n] = '\0';
	return n;
}

uint64_t
match_hash_message(const char *link, const char *normal_id)
{
	/* One hash over both; the ids of two links that look alike must not share a chain. */
	return text_hash64(span_str(normal_id)) ^ text_hash64(span_str(link)) * 0x9E3779B97F4A7C15u;
}

uint64_t
match_hash_push(const char *push_id)
{
	return text_hash64(span_str(push_id));
}
