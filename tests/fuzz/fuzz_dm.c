/*
 * fuzz_dm.c - what DM security reads from outside: the header x-syncml-hmac, package #0, parameters of a bootstrap, access
 * control lists, nonces. What is read can be written, and is then read as the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/dm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
header(struct span in)
{
	struct dm_hmac h, again;
	struct sbuf out = { 0 };
	struct why why = { 0 };
	struct dm_verifier v;

	if (dm_hmac_parse(in, &h, &why) != OK) {
		if (why.text[0] == '\0' || h.auth != DM_AUTH_NONE)
			abort();
		return;
	}
	dm_hmac_print(&h, &out);
	if (dm_hmac_parse(sbuf_as_span(&out), &again, &why) != OK || memcmp(&h, &again, sizeof h) != 0)
		abort();
	dm_verifier_start(&v, h.auth, h.who, "pw", span_str("n"));
	if (dm_verify(&v, DM_AUTH_NONE, span_of(NULL, 0), &h, span_str("a body that nobody signed")) != DM_WRONG)
		abort();
	dm_verifier_done(&v);
	sbuf_done(&out);
}

static void
package0(struct span in)
{
	struct dm_notification n, again;
	struct sbuf out = { 0 };
	struct why why = { 0 };
	bool special;

	dm_notification_verify(in, "jCCw0hmihOD+OCpO1uwyrQ==", span_str("n"), &special);
	if (dm_notification_parse(in, &n, &why) != OK) {
		if (why.text[0] == '\0' || why.offset > in.n)
			abort();
		return;
	}
	if (n.version > 11)
		return;
	if (dm_notification_build(&n, "jCCw0hmihOD+OCpO1uwyrQ==", span_str("n"), &out, &why) != OK ||
	    dm_notification_parse(sbuf_as_span(&out), &again, &why) != OK || again.session_id != n.session_id ||
	    strcmp(again.server_id, n.server_id) != 0 || !span_eq(again.vendor, n.vendor) || again.ui != n.ui ||
	    !dm_notification_verify(sbuf_as_span(&out), "jCCw0hmihOD+OCpO1uwyrQ==", span_str("n"), &special) || special)
		abort();
	sbuf_done(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct why why = { 0 };
	enum dm_keytype key;
	struct dm_octets o;
	char mac[41];

	header(in);
	package0(in);
	if (dm_bootstrap_params(in, &key, mac, &why) != OK ? key != DM_KEY_NONE || mac[0] != '\0' :
	    strlen(mac) != 0 && strlen(mac) != 40)
		abort();
	if (dm_acl_check(in, &why) != OK && (dm_acl_allows(in, DM_GET, "a") || why.offset > size))
		abort();
	if (dm_b64_decode(in, &o) != OK && o.n != 0)
		abort();
	return 0;
}
