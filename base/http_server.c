/* http_server.c - sockets, configuration, start and stop; see http_server.h. */
#include "base/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/http_tls.h"

enum {
	BACKLOG = 511
};

/* ---- start and stop ----------------------------------------------------------------------- */

static const char *
errno_text(int e)
{
	switch (e) {
	case EADDRINUSE:
		return "address already in use";
	case EADDRNOTAVAIL:
		return "no such address on this machine";
	case EACCES:
		return "permission denied";
	}
	return strerror(e);
}

static int
bind_address(const char *host, uint16_t port, struct sockaddr_storage *addr, socklen_t *n)
{
	struct sockaddr_in *four = (void *)addr;
	struct sockaddr_in6 *six = (void *)addr;

	memset(addr, 0, sizeof *addr);
	if (host != NULL && inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		*n = sizeof *four;
		return OK;
	}
	if (host == NULL || inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		*n = sizeof *six;
		return OK;
	}
	return ERR_SYNTAX;
}

/* -1 with errno; shared: several sockets of ours on one port. */
static int
listen_on(const struct sockaddr_storage *addr, socklen_t n, bool both, bool shared)
{
	int on = 1, off = 0, e;
	int fd = socket(addr->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if ((addr->ss_family != AF_INET6 ||
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, both ? &off : &on, sizeof on) == 0) &&
	    (!shared || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) &&
	    bind(fd, (const struct sockaddr *)addr, n) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	e = errno;
	close(fd);
	errno = e;
	return -1;
}

/*
 * A socket that does not share its port: only so it is found out whether somebody else is there.
 * *addr is what it was bound to. -1 and *why.
 */
static int
listen_alone(const struct http_server_config *cf, struct sockaddr_storage *addr, socklen_t *n, struct why *why)
{
	int fd;

	if (bind_address(cf->host, cf->port, addr, n) != OK) {
		why_set(why, ERR_IO, "port %u: \"%s\" is not a numeric address", cf->port, cf->host);
		return -1;
	}
	fd = listen_on(addr, *n, cf->host == NULL, false);
	if (fd < 0 && errno == EAFNOSUPPORT && cf->host == NULL) {
		bind_address("0.0.0.0", cf->port, addr, n);
		fd = listen_on(addr, *n, false, false);
	}
	if (fd < 0)
		why_set(why, ERR_IO, "port %u: %s", cf->port, errno_text(errno));
	return fd;
}

static bool
wants_tls(const struct http_server_config *cf)
{
	return cf->tls_cert_file != NULL || cf->tls_key_file != NULL;
}

int
http_server_probe(const struct http_server_config *cf, struct why *why)
{
	struct sockaddr_storage addr;
	socklen_t n;
	int fd;

	if (wants_tls(cf) && http_server_check_tls(cf, NULL, why) != OK)
		return ERR_IO;
	fd = listen_alone(cf, &addr, &n, why);
	if (fd < 0)
		return ERR_IO;
	close(fd);
	return OK;
}

static int
open_listeners(struct http_server *server, struct why *why)
{
	const struct http_server_config *cf = &server->cf;
	struct sockaddr_storage addr;
	socklen_t n;
	unsigned i;
	int fd;

	fd = listen_alone(cf, &addr, &n, why);
	if (fd < 0)
		return ERR_IO;
	if (server->n_loops == 1) {
		server->loops[0].listen_fd = fd;
	} else {
		close(fd);
		for (i = 0; i < server->n_loops; i++) {
			fd = listen_on(&addr, n, cf->host == NULL, true);
			if (fd < 0)
				return why_set(why, ERR_IO, "port %u: %s", cf->port, errno_text(errno));
			server->loops[i].listen_fd = fd;
			getsockname(fd, (struct sockaddr *)&addr, &n);	/* port 0: all on the first one's */
		}
	}
	getsockname(fd, (struct sockaddr *)&addr, &n);
	server->port = ntohs(addr.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&addr)->sin6_port :
	    ((struct sockaddr_in *)&addr)->sin_port);
	return OK;
}

static unsigned
share(unsigned total, unsigned loops)
{
	return total / loops > 0 ? total / loops : 1;
}

static int
start_loop(struct http_loop *loop, struct why *why)
{
	const struct http_server_config *cf = &loop->server->cf;
	static const struct MHD_OptionItem plain[] = { { MHD_OPTION_END, 0, NULL } };
	bool tls = loop->server->tls != NULL;
	const union MHD_DaemonInfo *info;
	sigset_t all, before;
	int e;

	loop->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : 0),
	    0, NULL, NULL, http_on_request, loop,
	    MHD_OPTION_LISTEN_SOCKET, loop->listen_fd,
	    MHD_OPTION_URI_LOG_CALLBACK, http_on_line, loop,
	    MHD_OPTION_NOTIFY_COMPLETED, http_on_done, loop,
	    MHD_OPTION_NOTIFY_CONNECTION, http_on_connection, loop,
	    MHD_OPTION_STRICT_FOR_CLIENT, 0,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, cf->max_head,
	    MHD_OPTION_CONNECTION_LIMIT, share(cf->max_connections, cf->loops),
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT, share(cf->max_per_address, cf->loops),
	    MHD_OPTION_CONNECTION_TIMEOUT, cf->idle_timeout_s,
	    MHD_OPTION_ARRAY, tls ? http_tls_options() : plain,
	    MHD_OPTION_END);
	info = loop->daemon != NULL ? MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (info == NULL)
		return why_set(why, ERR_IO, "port %u: the HTTP library did not start", cf->port);
	loop->epoll_fd = info->epoll_fd;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	e = pthread_create(&loop->thread, NULL, http_loop_run, loop);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (e != 0) {
		MHD_stop_daemon(loop->daemon);
		loop->daemon = NULL;
		loop->listen_fd = -1;
		return why_set(why, ERR_IO, "port %u: no thread: %s", cf->port, strerror(e));
	}
	loop->server->n_running++;
	return OK;
}

static char *
copy(const char *s)
{
	return s != NULL ? span_dup(span_str(s)) : NULL;
}

static void
take_config(struct http_server *server, const struct http_server_config *cf)
{
	server->cf = *cf;
	server->held = cf->held != NULL ? cf->held : &server->own_held;
	server->cf.name = copy(cf->name != NULL ? cf->name : "http");
	server->cf.host = copy(cf->host);
	server->cf.methods = copy(cf->methods);
	server->cf.tls_cert_file = copy(cf->tls_cert_file);
	server->cf.tls_key_file = copy(cf->tls_key_file);
	server->cf.tls_client_ca_file = copy(cf->tls_client_ca_file);
	server->cf.loops = cf->loops > 0 ? cf->loops : 1;
	server->cf.max_head = cf->max_head > 0 ? cf->max_head : 16 * 1024;
	server->cf.max_connections = cf->max_connections > 0 ? cf->max_connections : 1000;
	server->cf.max_per_address = cf->max_per_address > 0 ? cf->max_per_address : 64;
	server->cf.head_timeout_s = cf->head_timeout_s > 0 ? cf->head_timeout_s : 10;
	server->cf.request_timeout_s = cf->request_timeout_s > 0 ? cf->request_timeout_s : 60;
	server->cf.idle_timeout_s = cf->idle_timeout_s > 0 ? cf->idle_timeout_s : 30;
	server->guard = (struct http_guard){ server->cf.methods, server->cf.max_body, server->cf.no_length_is_empty };
}

int
http_server_start(const struct http_server_config *cf, const struct http_app *app,
    struct http_server **out, struct why *why)
{
	struct http_server *server = calloc(1, sizeof *server);
	unsigned i;
	int err;

	*out = NULL;
	if (server == NULL)
		abort();
	take_config(server, cf);
	server->app = *app;
	server->n_loops = server->cf.loops;
	server->loops = calloc(server->n_loops, sizeof *server->loops);
	if (server->loops == NULL)
		abort();
	for (i = 0; i < server->n_loops; i++) {
		struct http_loop *loop = &server->loops[i];

		loop->server = server;
		loop->listen_fd = -1;
		loop->queue_tail = &loop->queue;
		pthread_mutex_init(&loop->lock, NULL);
		pthread_cond_init(&loop->quiesced, NULL);
		loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (loop->wake_fd < 0)
			abort();
		loop->tls_fd = wants_tls(cf) ? epoll_create1(EPOLL_CLOEXEC) : -1;
		if (wants_tls(cf) && loop->tls_fd < 0)
			abort();
	}
	pthread_mutex_init(&server->tls_lock, NULL);
	err = wants_tls(cf) ? http_tls_load(&server->cf, &server->tls, NULL, why) : OK;
	if (err == OK)
		err = open_listeners(server, why);
	for (i = 0; i < server->n_loops && err == OK; i++)
		err = start_loop(&server->loops[i], why);
	if (err != OK)
		http_server_stop(&server);
	*out = server;
	return err;
}

void
http_server_quiesce(struct http_server *server)
{
	unsigned i;

	for (i = 0; i < server->n_running; i++) {
		struct http_loop *loop = &server->loops[i];

		if (pthread_equal(pthread_self(), loop->thread)) {
			http_loop_quiesce(loop);
			continue;
		}
		pthread_mutex_lock(&loop->lock);
		loop->quiesce = true;
		http_loop_wake(loop);
		while (!loop->is_quiet)
			pthread_cond_wait(&loop->quiesced, &loop->lock);
		pthread_mutex_unlock(&loop->lock);
	}
}

void
http_server_stop(struct http_server **p)
{
	struct http_server *server = *p;
	struct http_request *rq;
	unsigned i;

	if (server == NULL)
		return;
	for (i = 0; i < server->n_running; i++) {
		struct http_loop *loop = &server->loops[i];

		pthread_mutex_lock(&loop->lock);
		loop->stop = true;
		http_loop_wake(loop);
		pthread_mutex_unlock(&loop->lock);
	}
	for (i = 0; i < server->n_running; i++)
		pthread_join(server->loops[i].thread, NULL);
	for (i = 0; i < server->n_loops; i++) {
		struct http_loop *loop = &server->loops[i];

		if (loop->listen_fd >= 0)
			close(loop->listen_fd);
		pthread_mutex_lock(&loop->lock);	/* whoever is in hand_over leaves it first */
		pthread_mutex_unlock(&loop->lock);
		close(loop->wake_fd);
		if (loop->tls_fd >= 0)
			close(loop->tls_fd);
		pthread_cond_destroy(&loop->quiesced);
		pthread_mutex_destroy(&loop->lock);
		while ((rq = loop->graves) != NULL) {
			loop->graves = rq->next;
			http_request_free(rq);
		}
	}
	free((char *)(uintptr_t)server->cf.name);
	free((char *)(uintptr_t)server->cf.host);
	free((char *)(uintptr_t)server->cf.methods);
	free((char *)(uintptr_t)server->cf.tls_cert_file);
	free((char *)(uintptr_t)server->cf.tls_key_file);
	free((char *)(uintptr_t)server->cf.tls_client_ca_file);
	http_tls_put(server->tls);
	pthread_mutex_destroy(&server->tls_lock);
	free(server->loops);
	free(server);
	*p = NULL;
}

uint16_t
http_server_port(const struct http_server *server)
{
	return server->port;
}
