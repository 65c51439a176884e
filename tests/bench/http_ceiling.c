/*
 * http_ceiling.c - the most that HTTP alone allows: libmicrohttpd answering every POST with a fixed
 * PAP answer and no work, with epoll and one thread as ppgd runs it.
 *
 *	http_ceiling PORT	says "ready", runs until it is killed
 */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char answer[] =
"<?xml version=\"1.0\"?>\n<!DOCTYPE pap PUBLIC \"-//WAPFORUM//DTD PAP 2.0//EN\" "
"\"http://www.wapforum.org/DTD/pap_2.0.dtd\">\n<pap><push-response push-id=\"load@pi.example.net\" "
"sender-address=\"http://localhost/wappush\" reply-time=\"2026-01-02T15:04:05Z\">"
"<response-result code=\"1001\" desc=\"Accepted for processing\"/></push-response></pap>\n";

static enum MHD_Result
handle(void *cls, struct MHD_Connection *c, const char *url, const char *method, const char *version,
    const char *data, size_t *n, void **state)
{
	static int seen;
	struct MHD_Response *r;
	enum MHD_Result res;

	if (*state == NULL) {
		*state = &seen;
		return MHD_YES;
	}
	if (*n > 0) {
		*n = 0;
		return MHD_YES;
	}
	r = MHD_create_response_from_buffer(sizeof answer - 1, answer, MHD_RESPMEM_PERSISTENT);
	MHD_add_response_header(r, "Content-Type", "application/xml");
	res = MHD_queue_response(c, 202, r);
	MHD_destroy_response(r);
	return res;
}

int
main(int argc, char **argv)
{
	struct MHD_Daemon *d;

	if (argc != 2)
		return 2;
	d = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD, (uint16_t)atoi(argv[1]), NULL, NULL,
	    handle, NULL, MHD_OPTION_END);
	if (d == NULL)
		return 1;
	puts("ready");
	fflush(stdout);
	pause();
	MHD_stop_daemon(d);
	return 0;
}
