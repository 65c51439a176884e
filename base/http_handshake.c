/*
 * http_handshake.c - TLS of one connection: the handshake, and who the client is; see http_tls.h.
 *
 * A connection in its handshake is suspended after every turn of the library, and its socket
 * watched by an epoll of our own. When the peer speaks, the library gets it back for one turn.
 */
#include "base/http_tls.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "base/http_tls_int.h"

enum {
	WAKE_AT_ONCE = 64,
	BOTH_FINISHED = 2,
	HANDSHAKE_MAX = 32 << 10,	/* octets of one message: a client's chain of certificates has a few thousand */
	TLS_HANDSHAKE = 22		/* RFC 8446 5.1: first octet of the first record */
};

static gnutls_session_t
session_of(const struct http_request *rq)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(rq->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	return info != NULL ? info->tls_session : NULL;
}

/* ---- the handshake ------------------------------------------------------------------------ */

static void
list_insert(struct http_request *rq)
{
	struct http_loop *loop = rq->loop;

	rq->shaking_next = loop->shaking;
	if (rq->shaking_next != NULL)
		rq->shaking_next->shaking_link = &rq->shaking_next;
	rq->shaking_link = &loop->shaking;
	loop->shaking = rq;
}

static void
list_remove(struct http_request *rq)
{
	if (rq->shaking_link == NULL)
		return;
	*rq->shaking_link = rq->shaking_next;
	if (rq->shaking_next != NULL)
		rq->shaking_next->shaking_link = rq->shaking_link;
	rq->shaking_link = NULL;
}

static int
on_finished(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
    const gnutls_datum_t *message)
{
	struct MHD_Connection *connection = gnutls_session_get_ptr(session);
	struct http_request *rq =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;

	(void)type;
	(void)when;
	(void)incoming;
	(void)message;
	rq->n_finished++;
	return 0;
}

void
http_tls_begin(struct http_request *rq)
{
	gnutls_session_t session = session_of(rq);

	rq->tls = http_tls_get(rq->loop->server);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, rq->tls->credentials);
	if (rq->tls->ask)
		gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
	/* Else a client whose certificate another authority issued would keep it to itself. */
	gnutls_certificate_send_x509_rdn_sequence(session, 1);
	gnutls_handshake_set_max_packet_length(session, HANDSHAKE_MAX);
	gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST, on_finished);
	list_insert(rq);
}

static void
park(struct http_request *rq)
{
	struct epoll_event event = { .data.ptr = rq, .events = EPOLLONESHOT };

	event.events |= gnutls_record_get_direction(session_of(rq)) == 0 ? EPOLLIN : EPOLLOUT;
	if (epoll_ctl(rq->loop->tls_fd, rq->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, rq->fd, &event) != 0)
		return;		/* no memory in the kernel: it stays with the library, which will be busy */
	rq->watched = rq->parked = true;
	MHD_suspend_connection(rq->connection);
}

static void
unwatch(struct http_request *rq)
{
	if (rq->watched)
		epoll_ctl(rq->loop->tls_fd, EPOLL_CTL_DEL, rq->fd, NULL);
	rq->watched = false;
}

/*
 * In TLS 1.3 the client has the last word of a handshake. One that holds back small segments until
 * all is acknowledged would keep its request for the 40 ms that an acknowledgement may wait.
 */
static void
handshake_over(struct http_request *rq)
{
	int on = 1;

	unwatch(rq);
	setsockopt(rq->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

void
http_tls_park(struct http_loop *loop)
{
	struct http_request *rq;

	while ((rq = loop->shaking) != NULL) {
		list_remove(rq);
		if (rq->n_finished == BOTH_FINISHED)
			handshake_over(rq);
		else if (!loop->stopping)
			park(rq);
	}
}

static void
unpark(struct http_request *rq)
{
	uint8_t first;

	if (!rq->spoke && recv(rq->fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) == 1) {
		rq->spoke = true;
		rq->not_tls = first != TLS_HANDSHAKE;
	}
	rq->parked = false;
	list_insert(rq);
	MHD_resume_connection(rq->connection);
}

void
http_tls_wake(struct http_loop *loop)
{
	struct epoll_event events[WAKE_AT_ONCE];
	int i, n = epoll_wait(loop->tls_fd, events, WAKE_AT_ONCE, 0);

	for (i = 0; i < n; i++)
		unpark(events[i].data.ptr);
}

void
http_tls_unpark_all(struct http_loop *loop)
{
	struct http_request *rq;

	for (rq = loop->connections; rq != NULL; rq = rq->next)
		if (rq->parked)
			unpark(rq);
}

void
http_tls_end(struct http_request *rq)
{
	list_remove(rq);
	unwatch(rq);
	if (rq->tls != NULL && rq->n_finished < BOTH_FINISHED && rq->spoke && !rq->loop->stopping) {
		http_count_refusal(rq, rq->not_tls ? "not TLS" : "handshake");
		rq->unread = true;	/* so that the peer hears the end, not a reset */
	}
	http_tls_put(rq->tls);
	rq->tls = NULL;
	free(rq->client);
	rq->client = NULL;
}

/* ---- who the client is ---------------------------------------------------------------------- */

/* What may be compared and logged: no blank, control octet or NUL that would end it early. */
static bool
is_plain(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] <= 0x20 || p[i] >= 0x7F)
			return false;
	return n > 0;
}

static void
add_name(struct http_client_cert *client, int type, const char *value, size_t n)
{
	static const struct { int type; const char *prefix; } kinds[] = {
		{ GNUTLS_SAN_DNSNAME, "dns:" },
		{ GNUTLS_SAN_URI, "uri:" },
		{ GNUTLS_SAN_RFC822NAME, "email:" },
		{ GNUTLS_SAN_IPADDRESS, "ip:" },
	};
	char *out = client->names[client->n_names];
	size_t size = sizeof client->names[0];
	char address[INET6_ADDRSTRLEN];
	unsigned k;

	if (type == GNUTLS_SAN_IPADDRESS) {
		if ((n != 4 && n != 16) ||
		    inet_ntop(n == 4 ? AF_INET : AF_INET6, value, address, sizeof address) == NULL)
			return;
		value = address;
		n = strlen(address);
	}
	for (k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		if (kinds[k].type != type || !is_plain(value, n) || strlen(kinds[k].prefix) + n >= size)
			continue;
		snprintf(out, size, "%s%.*s", kinds[k].prefix, (int)n, value);
		client->n_names++;
	}
}

/* Names that are too long or of another kind are left out. */
static void
look_at_names(gnutls_x509_crt_t crt, struct http_client_cert *client)
{
	unsigned i;

	for (i = 0; client->n_names < HTTP_CERT_NAMES_MAX; i++) {
		char value[sizeof client->names[0]];
		size_t n = sizeof value;
		int type = gnutls_x509_crt_get_subject_alt_name(crt, i, value, &n, NULL);

		if (type >= 0)
			add_name(client, type, value, n);
		else if (type != GNUTLS_E_SHORT_MEMORY_BUFFER)
			break;
	}
}

/* A name that does not fit is none: a part of it could be somebody else's. */
static void
look_at_subject(gnutls_x509_crt_t crt, struct http_client_cert *client)
{
	gnutls_datum_t dn;
	unsigned i;

	if (gnutls_x509_crt_get_dn3(crt, &dn, 0) != 0)
		return;
	for (i = 0; i < dn.size && dn.data[i] >= 0x20 && dn.data[i] != 0x7F; i++)
		;
	if (i == dn.size && dn.size < sizeof client->subject)
		memcpy(client->subject, dn.data, dn.size);
	gnutls_free(dn.data);
}

/* Chain, time and purpose. The library asks for a certificate but does not look at it. */
static bool
is_verified(gnutls_session_t session)
{
	char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
	gnutls_typed_vdata_st wanted = { GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)purpose, 0 };
	unsigned status = ~0U;

	return gnutls_certificate_verify_peers(session, &wanted, 1, &status) == 0 && status == 0;
}

static void
set_fingerprint(struct http_client_cert *client, const gnutls_datum_t *der)
{
	uint8_t digest[32];
	size_t i, n = sizeof digest;

	if (gnutls_fingerprint(GNUTLS_DIG_SHA256, der, digest, &n) != 0 || n != sizeof digest)
		abort();
	for (i = 0; i < n; i++)
		snprintf(client->fingerprint + 2 * i, 3, "%02x", digest[i]);
}

void
http_tls_look_at_client(struct http_request *rq)
{
	gnutls_session_t session;
	const gnutls_datum_t *der;
	gnutls_x509_crt_t crt;
	unsigned n = 0;

	if (rq->client != NULL && rq->client->verified && rq->client_until < time(NULL))
		rq->client->verified = false;
	if (rq->looked)
		return;
	rq->looked = true;
	session = session_of(rq);
	der = gnutls_certificate_get_peers(session, &n);
	if (der == NULL || n == 0)
		return;
	if (gnutls_x509_crt_init(&crt) != 0)
		abort();
	if (gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER) == 0) {
		rq->client = calloc(1, sizeof *rq->client);
		if (rq->client == NULL)
			abort();
		set_fingerprint(rq->client, der);
		look_at_subject(crt, rq->client);
		look_at_names(crt, rq->client);
		rq->client->verified = is_verified(session);
		rq->client_until = gnutls_x509_crt_get_expiration_time(crt);
	}
	gnutls_x509_crt_deinit(crt);
}

/* ---- past the library ------------------------------------------------------------------------- */

bool
http_tls_send(struct http_request *rq, const void *p, size_t n)
{
	return gnutls_record_send(session_of(rq), p, n) == (ssize_t)n;
}

void
http_tls_bye(struct http_request *rq)
{
	gnutls_bye(session_of(rq), GNUTLS_SHUT_WR);
}
