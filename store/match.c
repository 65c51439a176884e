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

/* The key goes first: it is as if FNV-1a began with a basis of its own. */
static void
put_key(struct wbuf *w, uint64_t key)
{
	wbuf_u32(w, (uint32_t)(key >> 32));
	wbuf_u32(w, (uint32_t)key);
}

/* What does not fit adds nothing: hashes only lead to rows whose texts are compared. */
static void
put_text(struct wbuf *w, const char *s)
{
	wbuf_put(w, s, strnlen(s, w->cap - w->n));
}

uint64_t
match_hash_message(uint64_t key, const char *link, const char *normal_id)
{
	uint8_t octets[256];
	struct wbuf w = wbuf_into(octets, sizeof octets);

	put_key(&w, key);
	put_text(&w, normal_id);
	wbuf_u8(&w, 0);
	put_text(&w, link);
	return text_hash64(wbuf_span(&w));
}

uint64_t
match_hash_push(uint64_t key, const char *push_id)
{
	uint8_t octets[8 + 512];
	struct wbuf w = wbuf_into(octets, sizeof octets);

	put_key(&w, key);
	put_text(&w, push_id);
	return text_hash64(wbuf_span(&w));
}

uint64_t
match_hash_key(uint64_t key, const char *recipient_key)
{
	size_t n = strlen(recipient_key);
	uint8_t octets[8 + 512];
	struct wbuf w = wbuf_into(octets, sizeof octets);

	put_key(&w, key);
	if (n > 256) {		/* its own hash, and what it has more than that */
		wbuf_u32(&w, (uint32_t)n);
		put_key(&w, text_hash64(span_of((const uint8_t *)recipient_key, n)) ^ key);
		recipient_key += n - 256;
	}
	put_text(&w, recipient_key);
	return text_hash64(wbuf_span(&w));
}
