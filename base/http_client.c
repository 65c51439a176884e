/* http_client.c - many requests on libcurl's multi interface and a struct loop; see http_client.h. */
#include "base/http_client.h"

#include <stdlib.h>
#include <string.h>

#include "base/http_transfer.h"
#include "base/text.h"

enum { HOST_SLOTS = 256, PER_HOST = 4, IDLE_CONNECTIONS = 64 };

/* One request: waiting at its host, running, or wrong from the start. */
struct send {
	struct send *next, **link;	/* in host->waiting, client->running or client->wrong */
	struct http_transfer transfer;
	struct host *host;
	bool started;			/* something of it may have left */
	struct why why;			/* what was wrong from the start */
	void (*done)(void *arg, const struct http_result *res);
	void *arg;
};

struct send_list {
	struct send *first, **tail;
};

/*
 * A host and port that somebody wants something from. What is too much for it waits here and
 * not in libcurl, where it would stand in the way of others and its time would run.
 */
struct host {
	struct host *next;		/* in its slot */
	char *key;			/* "host:port" */
	size_t slot;
	unsigned n_running;
	struct send_list waiting;
};

struct http_client {
	struct loop *loop;
	CURLM *multi;
	struct http_client_config cf;	/* strings owned, max_per_host not 0 */
	struct loop_timer curl_timer;	/* libcurl's next time-out */
	struct loop_timer wrong_timer;	/* runs while there is something in wrong */
	struct host *hosts[HOST_SLOTS];
	struct send_list running, wrong;
	bool closing;
};

/* A socket that libcurl wants watched. */
struct watch {
	struct http_client *client;
	struct loop_fd fd;
};

/* ---- lists of requests ---------------------------------------------------------------------- */

static void
list_init(struct send_list *list)
{
	*list = (struct send_list){ NULL, &list->first };
}

static void
list_add(struct send_list *list, struct send *s)
{
	s->next = NULL;
	s->link = list->tail;
	*list->tail = s;
	list->tail = &s->next;
}

static void
list_remove(struct send_list *list, struct send *s)
{
	*s->link = s->next;
	if (s->next != NULL)
		s->next->link = s->link;
	else
		list->tail = s->link;
}

/* ---- hosts ------------------------------------------------------------------------------------- */

static char *
host_key(const char *url)
{
	CURLU *u = curl_url();
	char *host = NULL, *port = NULL;
	struct sbuf key = { 0 };
	size_t i;

	if (u == NULL)
		abort();
	if (curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK)
		curl_url_get(u, CURLUPART_HOST, &host, 0);
	if (host != NULL)
		curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
	sbuf_fmt(&key, "%s:%s", host != NULL ? host : "", port != NULL ? port : "");
	for (i = 0; i < key.n; i++)
		if (key.s[i] >= 'A' && key.s[i] <= 'Z')
			key.s[i] |= 0x20;
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
	return sbuf_take(&key);
}

static struct host *
host_get(struct http_client *client, const char *url)
{
	char *key = host_key(url);
	size_t slot = text_hash64(span_str(key)) % HOST_SLOTS;
	struct host *h;

	for (h = client->hosts[slot]; h != NULL; h = h->next) {
		if (strcmp(h->key, key) == 0) {
			free(key);
			return h;
		}
	}
	h = calloc(1, sizeof *h);
	if (h == NULL)
		abort();
	h->key = key;
	h->slot = slot;
	list_init(&h->waiting);
	h->next = client->hosts[slot];
	client->hosts[slot] = h;
	return h;
}

static void
host_release(struct http_client *client, struct host *h)
{
	struct host **p = &client->hosts[h->slot];

	if (h->n_running > 0 || h->waiting.first != NULL)
		return;
	while (*p != h)
		p = &(*p)->next;
	*p = h->next;
	free(h->key);
	free(h);
}

/* As many as the host may have. */
static void
host_start(struct http_client *client, struct host *h)
{
	while (h->waiting.first != NULL && h->n_running < client->cf.max_per_host) {
		struct send *s = h->waiting.first;

		list_remove(&h->waiting, s);
		list_add(&client->running, s);
		h->n_running++;
		s->started = true;
		if (curl_multi_add_handle(client->multi, s->transfer.easy) != CURLM_OK)
			abort();
	}
}

/* ---- ends ------------------------------------------------------------------------------------------ */

static void
send_end(struct send *s, const struct http_result *result)
{
	s->done(s->arg, result);
	http_transfer_done(&s->transfer);
	free(s);
}

static void
send_fail(struct send *s, const char *error)
{
	const struct http_result result = { .type = "", .error = error, .unsent = !s->started };

	send_end(s, &result);
}

static void
send_abandon(struct http_client *client, struct send *s)
{
	why_set(&s->why, ERR_CLOSED, "the HTTP client was shut down");
	list_add(&client->wrong, s);
}

static void
report_wrong(void *arg)
{
	struct http_client *client = arg;
	struct send *s;

	while ((s = client->wrong.first) != NULL) {
		list_remove(&client->wrong, s);
		send_fail(s, s->why.text);
	}
}

/* Report what libcurl has finished, and start what waited for it. */
static void
reap(struct http_client *client)
{
	struct http_result result;
	struct CURLMsg *message;
	struct send *s;
	int left;

	while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
		CURLcode code = message->data.result;
		CURL *easy = message->easy_handle;
		struct host *h;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&s);
		h = s->host;
		curl_multi_remove_handle(client->multi, easy);
		list_remove(&client->running, s);
		h->n_running--;
		host_start(client, h);
		host_release(client, h);
		http_transfer_result(&s->transfer, code, &result);
		send_end(s, &result);
	}
}

/* ---- libcurl on the loop ------------------------------------------------------------------------------ */

static void
on_timeout(void *arg)
{
	struct http_client *client = arg;
	int running;

	curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	reap(client);
}

static void
on_ready(void *arg, int events)
{
	struct watch *w = arg;
	struct http_client *client = w->client;	/* w may be gone afterwards */
	int what = (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0);
	int running;

	/* After a hang-up alone libcurl looks for itself. */
	curl_multi_socket_action(client->multi, w->fd.fd, what, &running);
	reap(client);
}

static int
set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct http_client *client = arg;

	(void)multi;
	if (timeout_ms < 0)
		loop_timer_stop(client->loop, &client->curl_timer);
	else
		loop_timer_start(client->loop, &client->curl_timer, timeout_ms, on_timeout, client);
	return 0;
}

static int
set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct http_client *client = arg;
	struct watch *w = socket_arg;
	int events = (what != CURL_POLL_OUT ? LOOP_READ : 0) | (what != CURL_POLL_IN ? LOOP_WRITE : 0);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w != NULL)
			loop_unwatch(client->loop, &w->fd);
		free(w);
		return 0;
	}
	if (w == NULL) {
		w = calloc(1, sizeof *w);
		if (w == NULL)
			abort();
		w->client = client;
		curl_multi_assign(client->multi, fd, w);
	}
	return loop_watch(client->loop, &w->fd, fd, events, on_ready, w) == OK ? 0 : -1;
}

/* ---- create, send, destroy -------------------------------------------------------------------------------- */

static char *
copy(const char *s)
{
	return s != NULL ? span_dup(span_str(s)) : NULL;
}

struct http_client *
http_client_create(struct loop *loop, const struct http_client_config *cf)
{
	struct http_client *client = calloc(1, sizeof *client);

	if (client == NULL)
		abort();
	client->loop = loop;
	client->cf = *cf;
	client->cf.user_agent = copy(cf->user_agent);
	client->cf.ca_file = copy(cf->ca_file);
	client->cf.cert_file = copy(cf->cert_file);
	client->cf.key_file = copy(cf->key_file);
	client->cf.keep_header = copy(cf->keep_header);
	if (client->cf.max_per_host == 0)
		client->cf.max_per_host = PER_HOST;
	list_init(&client->running);
	list_init(&client->wrong);
	http_transfer_library();
	client->multi = curl_multi_init();
	if (client->multi == NULL)
		abort();
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
	curl_multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)client->cf.max_per_host);
	curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS);
	return client;
}

void
http_client_send(struct http_client *client, const char *method, const char *url,
    const char *const *headers, struct span body, http_address_check check,
    void (*done)(void *arg, const struct http_result *res), void *arg)
{
	struct send *s = calloc(1, sizeof *s);

	if (s == NULL)
		abort();
	s->done = done;
	s->arg = arg;
	if (http_transfer_init(&s->transfer, &client->cf, method, url, headers, body, check, arg, &s->why) != OK) {
		list_add(&client->wrong, s);
		loop_timer_start(client->loop, &client->wrong_timer, 0, report_wrong, client);
		return;
	}
	curl_easy_setopt(s->transfer.easy, CURLOPT_PRIVATE, s);
	if (client->closing) {
		send_abandon(client, s);
		return;
	}
	s->host = host_get(client, url);
	list_add(&s->host->waiting, s);
	host_start(client, s->host);
}

void
http_client_destroy(struct http_client **p)
{
	struct http_client *client = *p;
	struct send *s;
	size_t i;

	if (client == NULL)
		return;
	client->closing = true;
	/* First what waits, so that nothing new starts; the last running one takes its host along. */
	for (i = 0; i < HOST_SLOTS; i++) {
		struct host *h;

		for (h = client->hosts[i]; h != NULL; h = h->next) {
			while ((s = h->waiting.first) != NULL) {
				list_remove(&h->waiting, s);
				send_abandon(client, s);
			}
		}
	}
	while ((s = client->running.first) != NULL) {
		curl_multi_remove_handle(client->multi, s->transfer.easy);
		list_remove(&client->running, s);
		s->host->n_running--;
		host_release(client, s->host);
		send_abandon(client, s);
	}
	report_wrong(client);
	curl_multi_cleanup(client->multi);
	loop_timer_stop(client->loop, &client->curl_timer);
	loop_timer_stop(client->loop, &client->wrong_timer);
	free((char *)(uintptr_t)client->cf.user_agent);
	free((char *)(uintptr_t)client->cf.ca_file);
	free((char *)(uintptr_t)client->cf.cert_file);
	free((char *)(uintptr_t)client->cf.key_file);
	free((char *)(uintptr_t)client->cf.keep_header);
	free(client);
	*p = NULL;
}
