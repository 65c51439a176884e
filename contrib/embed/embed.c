/*
 * embed.c - a program with a push router inside: short messages in hexadecimal, one a line, come from
 * standard input, as a modem would give them; what the device decides goes to standard output.
 *
 *	cc embed.c $(pkg-config --cflags --libs openppg-pushrouter) -o embed
 *	./embed [FOLDER OF PROFILES] < messages
 */
#include <stdio.h>
#include <string.h>

#include "base/profile_dir.h"
#include "base/text.h"
#include "router/pushrouter.h"

/* MMS notifications: taken at once, inside the call that brought the message. */
static void
take_mms(void *arg, const struct router_path *path, const struct router_result *res)
{
	unsigned *count = arg;

	(*count)++;
	printf("MMS client: %zu octets from %s\n", res->body.n, path->from);
}

/* Everything for the inbox waits until we come to it. */
static void
read_inbox(struct router_client *inbox)
{
	struct router_push *push;

	while (router_get_message(inbox, &push) == ROUTER_OK) {
		printf("inbox: %sroles %u, %.*s\n", push->headers, push->roles, (int)push->n_body,
		    (const char *)push->body);
		router_free_message(&push);
	}
}

/* A device as it left the factory, whose operator told it of one push proxy. */
static int
make_device(struct router_device *dev, const char *folder, struct why *why)
{
	static const struct policy_proxy proxy = { .id = "operator", .address = "+12025550100",
		.trust = true, .push = true, .logical_push = true };
	struct profile_dir dir;
	const struct policy_files files = { profile_dir_read, &dir };
	int err;

	profile_dir_find(&dir, folder);
	err = router_device_init(dev, "wm5", &files, why);
	if (err != OK)
		return err;
	dev->policy.proxies[dev->policy.n_proxies++] = proxy;
	dev->policy.n_clients = 0;		/* ours are all there are */
	return OK;
}

static void
take_line(struct router *r, const char *line)
{
	static const struct router_path path = { "+12025550100", "+12025550123", TON_INTERNATIONAL, false };
	uint8_t octets[512];
	struct router_result res;
	struct sbuf text = { 0 };
	struct why why = { 0 };
	size_t n;
	int err = strlen(line) / 2 < sizeof octets ? text_hex(span_str(line), octets, &n, &why) :
	    why_set(&why, ERR_LIMIT, "a short message is shorter");

	if (err == OK)
		err = router_sms(r, &path, span_of(octets, n), &res, &why);
	if (err == OK)
		router_result_line(&res, &text);
	else if (err == ERR_BUSY)
		sbuf_str(&text, "more parts are to come");
	else
		sbuf_fmt(&text, "dropped: %s", why.text);
	puts(text.s);
	sbuf_done(&text);
}

int
main(int argc, char **argv)
{
	struct router_device dev;
	struct router_client *inbox;
	struct router *r;
	struct why why;
	unsigned mms = 0;
	char line[1024];

	if (make_device(&dev, argc > 1 ? argv[1] : NULL, &why) != OK) {
		fprintf(stderr, "embed: %s\n", why.text);
		return 1;
	}
	r = router_create(&dev, true);
	router_device_done(&dev);
	if (router_register(r, "application/vnd.wap.mms-message", "", take_mms, &mms) != ROUTER_OK ||
	    router_register(r, "text/plain", "", NULL, NULL) != ROUTER_OK ||
	    router_open(r, "text/plain", "", NULL, NULL, &inbox) != ROUTER_OK)
		return 1;
	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		take_line(r, line);
		read_inbox(inbox);
	}
	printf("%u MMS, %llu incomplete\n", mms, (unsigned long long)router_waiting(r));
	router_close(&inbox);
	router_destroy(&r);
	return 0;
}
