/*
 * control_pin.c - see control_int.h: the PIN of a document, for E-08.
 *
 * The gateway is not told the PIN of a document that its initiator signed. It finds it out: a digit string of a text is
 * the PIN when the document's MAC can be made with it.
 */
#include "ppg/control_int.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"

enum { PIN_SHORTEST = 4, CANDIDATES_MAX = 256, SCAN_OCTETS = 4096 };

bool
pin_method(enum prov_sec sec)
{
	return sec == PROV_SEC_USERPIN || sec == PROV_SEC_USERNETWPIN || sec == PROV_SEC_USERPINMAC;
}

void
pin_runs_find(struct span text, struct pin_runs *out)
{
	char run[PIN_RUN_SIZE];
	size_t i, n = 0;

	if (text.n > SCAN_OCTETS)
		text.n = SCAN_OCTETS;
	for (i = 0; i <= text.n; i++) {
		uint8_t ch = i < text.n ? text.p[i] : 0;

		if (ch >= '0' && ch <= '9') {
			if (n < PIN_RUN_SIZE - 1)
				run[n++] = (char)ch;
			continue;
		}
		if (n > 0 && ch != 0 && strchr(" .-", ch) != NULL && i + 1 < text.n && text.p[i + 1] >= '0' &&
		    text.p[i + 1] <= '9')
			continue;
		if (n >= PIN_SHORTEST && out->n < PIN_RUNS_MAX) {
			run[n] = '\0';
			memcpy(out->text[out->n++], run, n + 1);
		}
		n = 0;
	}
	secret_cleanse(run, sizeof run);
}

/* Can the MAC be made with these digits? */
static bool
is_pin(enum prov_sec sec, const char *mac, struct span body, const char *imsi, const char *pin)
{
	uint8_t network[PROV_KEY_MAX], key[PROV_KEY_MAX];
	char expected[PROV_MAC_HEX + 1];
	size_t n_network = 0, n;
	bool fits = false;

	if (sec == PROV_SEC_USERPINMAC)
		return prov_ota_pin_verify(pin, body);
	if (sec == PROV_SEC_USERNETWPIN &&
	    (imsi == NULL || imsi[0] == '\0' || prov_network_key(imsi, network, &n_network, NULL) != OK))
		return false;
	if (prov_key(sec, span_of(network, n_network), pin, key, &n, NULL) == OK) {
		prov_mac(span_of(key, n), body, expected);
		fits = prov_mac_equal(mac, expected);
	}
	secret_cleanse(network, sizeof network);
	secret_cleanse(key, sizeof key);
	secret_cleanse(expected, sizeof expected);
	return fits;
}

bool
pin_runs_hold(const struct pin_runs *runs, enum prov_sec sec, const char *mac, struct span body, const char *imsi)
{
	unsigned i, tried = 0;
	bool found = false;

	for (i = 0; i < runs->n && !found; i++) {
		size_t n = strlen(runs->text[i]), from, length;

		for (length = n; length >= PIN_SHORTEST && !found; length--)
			for (from = 0; from + length <= n && !found && tried < CANDIDATES_MAX; from++, tried++) {
				char pin[PIN_RUN_SIZE];

				memcpy(pin, runs->text[i] + from, length);
				pin[length] = '\0';
				found = is_pin(sec, mac, body, imsi, pin);
				secret_cleanse(pin, sizeof pin);
			}
	}
	return found;
}

/* PINs that anybody would try first: all digits equal, or each one more or less than the one before. */
static bool
is_guessable(const struct push_facts *f)
{
	int first, step;
	size_t n, i;

	for (n = 4; n <= 8; n++)
		for (first = 0; first <= 9; first++)
			for (step = -1; step <= 1; step++) {
				char pin[9];

				for (i = 0; i < n; i++)
					pin[i] = (char)('0' + (first + step * (int)i + 100) % 10);
				pin[n] = '\0';
				if (is_pin(f->sec, f->mac, f->body, NULL, pin))
					return true;
			}
	return false;
}

static bool
is_short(const struct push_facts *f)
{
	enum { LARGE = 4096 };		/* so that nobody makes the gateway work for long */
	char pin[12], expected[PROV_MAC_HEX + 1];
	int length, value, end = 10;
	bool found = false;

	for (length = 1; length <= 3 && f->body.n <= LARGE; length++, end *= 10)
		for (value = 0; value < end && !found; value++) {
			snprintf(pin, sizeof pin, "%0*d", length, value);
			prov_mac(span_of(pin, (size_t)length), f->body, expected);
			found = prov_mac_equal(f->mac, expected);
		}
	return found;
}

static bool
tells_own_pin(const struct control_case *c)
{
	const struct push_facts *f = c->facts;
	struct pin_runs runs = { .n = 0 };
	size_t i, k;

	pin_runs_find(span_str(f->info.ms_desc), &runs);
	for (i = 0; i < f->n_settings; i++)
		for (k = 0; k < f->settings[i].n_parms && runs.n < PIN_RUNS_MAX; k++)
			if (f->settings[i].parms[k].value != NULL)
				pin_runs_find(span_str(f->settings[i].parms[k].value), &runs);
	return pin_runs_hold(&runs, f->sec, f->mac != NULL ? f->mac : "", f->body, NULL);
}

/* What stands in a document is checked with any account; the rest costs a thousand MACs. */
bool
control_weak_pin(struct control_case *c, struct why *why)
{
	const struct push_facts *f = c->facts;

	if (c->class == CLASS_NONE || !c->rules->configured)
		return true;
	if (c->pin_inside || c->weak_pin) {
		why_set(why, 0, c->pin_inside ? "the document's PIN travels with it" :
		    "the document's PIN is one that anybody would try first");
		return false;
	}
	if (f->sec != PROV_SEC_USERPIN && f->sec != PROV_SEC_USERPINMAC)
		return true;
	if (tells_own_pin(c)) {
		why_set(why, 0, "the document's PIN travels with it");
		return false;
	}
	if (f->sec == PROV_SEC_USERPIN && f->mac != NULL && (is_short(f) || is_guessable(f))) {
		why_set(why, 0, "the document's PIN has fewer than 4 digits, or is one that anybody would try first");
		return false;
	}
	return true;
}
