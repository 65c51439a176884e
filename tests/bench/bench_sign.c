/*
 * bench_sign.c - compiling an SI, compiling and signing a provisioning document: what they cost beside libwbxml, and
 * libwbxml and one HMAC-SHA1, in the same run, the two in turns.
 *
 *	bench_sign [ROUNDS]
 *
 * Prints microseconds and the ratio of each pair (the median of its rounds); status 1 when one costs more than 1.2 times
 * as much.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wbxml/wbxml.h>
#include <wbxml/wbxml_conv.h>

#include "ppg/signature.h"
#include "wap/content.h"

enum { TIMES = 200 /* of one round */, ROUNDS = 100, ROUNDS_MAX = 10000 };

static const char si[] =
    "<?xml version=\"1.0\"?>\n"
    "<!DOCTYPE si PUBLIC \"-//WAPFORUM//DTD SI 1.0//EN\" \"http://www.wapforum.org/DTD/si.dtd\">\n"
    "<si><indication href=\"http://www.example.net/mail/unread?folder=inbox\" si-id=\"1@example.net\" action=\"signal-high\"\n"
    "created=\"2026-01-02T15:04:05Z\" si-expires=\"2026-01-09T15:04:05Z\">You have 4 new messages</indication></si>\n";
static const char document[] =
    "<?xml version=\"1.0\"?>\n"
    "<!DOCTYPE wap-provisioningdoc PUBLIC \"-//WAPFORUM//DTD PROV 1.0//EN\" \"http://www.wapforum.org/DTD/prov.dtd\">\n"
    "<wap-provisioningdoc version=\"1.1\"><characteristic type=\"PXLOGICAL\"><parm name=\"PROXY-ID\" value=\"P1\"/>"
    "<parm name=\"NAME\" value=\"Example\"/><characteristic type=\"PXPHYSICAL\"><parm name=\"PHYSICAL-PROXY-ID\" value=\"PP1\"/>"
    "<parm name=\"PXADDR\" value=\"192.0.2.1\"/><parm name=\"PXADDRTYPE\" value=\"IPV4\"/><parm name=\"TO-NAPID\" value=\"N1\"/>"
    "<characteristic type=\"PORT\"><parm name=\"PORTNBR\" value=\"8080\"/></characteristic></characteristic></characteristic>"
    "<characteristic type=\"NAPDEF\"><parm name=\"NAPID\" value=\"N1\"/><parm name=\"BEARER\" value=\"GSM-GPRS\"/>"
    "<parm name=\"NAME\" value=\"Example\"/><parm name=\"NAP-ADDRESS\" value=\"internet.example.net\"/>"
    "<parm name=\"NAP-ADDRTYPE\" value=\"APN\"/></characteristic>"
    "<characteristic type=\"APPLICATION\"><parm name=\"APPID\" value=\"w2\"/><parm name=\"NAME\" value=\"Example\"/>"
    "<parm name=\"TO-PROXY\" value=\"P1\"/><characteristic type=\"RESOURCE\"><parm name=\"URI\" value=\"http://www.example.net/\"/>"
    "<parm name=\"STARTPAGE\"/></characteristic></characteristic></wap-provisioningdoc>\n";
static const uint8_t key[] = { 0x09, 0x10, 0x10, 0x10, 0x32, 0x54, 0x76, 0x98 };

static void
must(bool good, const char *what)
{
	if (!good) {
		fprintf(stderr, "bench_sign: %s\n", what);
		exit(2);
	}
}

/* ---- what is compared ----------------------------------------------------------------------------- */

static void
compile(const char *type, const char *text, struct content *out)
{
	must(content_prepare(span_str(type), span_str(text), false, out, NULL) == OK, "a document is refused");
}

static void
our_si(void)
{
	struct content c;

	compile("text/vnd.wap.si", si, &c);
	content_done(&c);
}

/* As the gateway does it: header block with SEC, key, MAC, the block with the MAC. */
static void
our_document(void)
{
	static const struct signature how = { .sec = PROV_SEC_NETWPIN };
	static const struct subscriber sub = { .imsi = "001010123456789" };
	uint8_t block[256], signed_block[256 + SIGNATURE_MORE];
	struct wbuf w = wbuf_into(block, sizeof block), out = wbuf_into(signed_block, sizeof signed_block);
	char mac[PROV_MAC_HEX + 1];
	struct content c;
	size_t mac_at;

	compile("text/vnd.wap.connectivity-xml; SEC=0", document, &c);
	must(wsp_content_type_encode(&w, span_str(c.type), NULL) == OK, "no content type");
	must(signature_make(&how, &sub, NULL, sbuf_as_span(&c.body), mac, NULL) == OK, "no MAC");
	must(signature_insert(wbuf_span(&w), mac, &out, &mac_at) == OK, "no place for the MAC");
	content_done(&c);
}

static size_t
libwbxml(const char *text, size_t n, WB_UTINY **out)
{
	WBXMLConvXML2WBXML *conv = NULL;
	WB_ULONG length = 0;

	must(wbxml_conv_xml2wbxml_create(&conv) == WBXML_OK, "no converter");
	wbxml_conv_xml2wbxml_disable_string_table(conv);
	wbxml_conv_xml2wbxml_disable_public_id(conv);
	must(wbxml_conv_xml2wbxml_run(conv, (WB_UTINY *)(uintptr_t)text, (WB_ULONG)n, out, &length) == WBXML_OK,
	    "libwbxml refuses a document");
	wbxml_conv_xml2wbxml_destroy(conv);
	return length;
}

static void
their_si(void)
{
	WB_UTINY *octets;

	libwbxml(si, sizeof si - 1, &octets);
	free(octets);
}

static void
their_document(void)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	WB_UTINY *octets;
	size_t n = libwbxml(document, sizeof document - 1, &octets);

	must(HMAC(EVP_sha1(), key, sizeof key, octets, n, mac, NULL) != NULL, "no HMAC");
	free(octets);
}

/* ---- the comparison --------------------------------------------------------------------------------- */

static double
time_us(void (*run)(void))
{
	struct timespec from, to;
	int i;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (i = 0; i < TIMES; i++)
		run();
	clock_gettime(CLOCK_MONOTONIC, &to);
	return ((double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) / 1e3) / TIMES;
}

static int
by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
median(double *list, size_t n)
{
	qsort(list, n, sizeof *list, by_size);
	return list[n / 2];
}

int
main(int argc, char **argv)
{
	static const struct { const char *title, *beside; void (*ours)(void), (*theirs)(void); } rows[] = {
		{ "compile an SI", "libwbxml", our_si, their_si },
		{ "compile and sign a provisioning document", "libwbxml and one HMAC-SHA1", our_document, their_document },
	};
	static double ours[ROUNDS_MAX], theirs[ROUNDS_MAX], ratios[ROUNDS_MAX];
	long wanted = argc > 1 ? atol(argv[1]) : ROUNDS;
	size_t rounds = wanted > 0 && wanted <= ROUNDS_MAX ? (size_t)wanted : ROUNDS, i, k;
	bool good = true;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		double ratio;

		for (k = 0; k < rounds; k++) {
			ours[k] = time_us(rows[i].ours);
			theirs[k] = time_us(rows[i].theirs);
			ratios[k] = ours[k] / theirs[k];
		}
		ratio = median(ratios, rounds);
		printf("%-42s %7.1f us; %s %.1f us; ratio %.2f (target at most 1.20)\n", rows[i].title, median(ours, rounds),
		    rows[i].beside, median(theirs, rounds), ratio);
		good = good && ratio <= 1.2;
	}
	return good ? 0 : 1;
}
