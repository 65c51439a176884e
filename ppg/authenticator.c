/* authenticator.c - see authenticator.h. */
#include "ppg/authenticator.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/password.h"
#include "base/queue.h"
#include "base/secret.h"
#include "base/text.h"

enum {
	VERIFIER_QUEUE = 64,
	WRONG_SLOTS = 256,		/* answers of the verifier that were not fetched yet */
	FAILURE_SLOTS = 4096,
	FAILURE_WINDOW_MS = 60000,
	AUTHORIZATION_MAX = 2048,
	USER_SIZE = 256,
	TOKEN_SIZE = 32
};

struct token {
	bool known;
	uint8_t octets[TOKEN_SIZE];
};

/* Wrong passwords of one source, or of one source for one user name. */
struct failures {
	uint64_t key;
	int64_t since_ms;
	unsigned count;
	unsigned waiting;		/* logins that the verifier has; of a source only */
};

struct login {
	char user[USER_SIZE], password[PASSWORD_MAX + 1];
	uint8_t token[TOKEN_SIZE];
	uint64_t source_key, account_key;
};

struct job {
	struct qnode node;
	struct initiators *set;
	struct login login;
	void (*done)(void *arg);
	void *arg;
};

struct authenticator {
	pthread_mutex_t lock;		/* guards all but jobs */
	struct initiators *set;
	struct token *right;		/* of each initiator of the set: its verified login */
	struct token wrong[WRONG_SLOTS];
	struct failures accounts[FAILURE_SLOTS], sources[FAILURE_SLOTS];
	struct queue jobs;
	atomic_bool giving_up;
	pthread_t thread;
	char dummy_hash[PASSWORD_HASH_SIZE];	/* what unknown users are checked against */
};

/* ---- what is remembered ------------------------------------------------------------------------- */

static size_t
index_of(const struct initiators *set, const struct initiator *who)
{
	return (size_t)(who - initiators_at(set, 0));
}

static struct token *
right_of(struct authenticator *auth, const char *user)
{
	const struct initiator *who = initiators_find_username(auth->set, user);

	return who != NULL ? &auth->right[index_of(auth->set, who)] : NULL;
}

static bool
is_token(const struct token *t, const uint8_t octets[TOKEN_SIZE])
{
	return t != NULL && t->known && secret_equal(t->octets, octets, TOKEN_SIZE);
}

static void
remember(struct token *t, const uint8_t octets[TOKEN_SIZE])
{
	t->known = true;
	memcpy(t->octets, octets, TOKEN_SIZE);
}

static struct token *
wrong_slot(struct authenticator *auth, const uint8_t octets[TOKEN_SIZE])
{
	size_t i;

	memcpy(&i, octets, sizeof i);
	return &auth->wrong[i % WRONG_SLOTS];
}

static struct failures *
failure_slot(struct failures *table, uint64_t key)
{
	struct failures *f = &table[key % FAILURE_SLOTS];
	int64_t now = clock_mono_ms();

	if (f->key != key)
		*f = (struct failures){ .key = key, .since_ms = now };
	else if (now - f->since_ms > FAILURE_WINDOW_MS)
		*f = (struct failures){ .key = key, .since_ms = now, .waiting = f->waiting };
	return f;
}

/* How often it happened of late; takes nobody's place. */
static unsigned
failure_count(const struct failures *table, uint64_t key)
{
	const struct failures *f = &table[key % FAILURE_SLOTS];

	return f->key == key && clock_mono_ms() - f->since_ms <= FAILURE_WINDOW_MS ? f->count : 0;
}

static unsigned
waiting_count(const struct failures *table, uint64_t key)
{
	const struct failures *f = &table[key % FAILURE_SLOTS];

	return f->key == key ? f->waiting : 0;
}

static void
stopped_waiting(struct failures *table, uint64_t key)
{
	if (waiting_count(table, key) > 0)
		table[key % FAILURE_SLOTS].waiting--;
}

/* Under the process key, so that nobody can choose whose place in the table he takes. */
static uint64_t
keyed_hash(struct span a, struct span b)
{
	uint8_t token[TOKEN_SIZE];
	uint64_t key;

	password_token(a, b, token);
	memcpy(&key, token, sizeof key);
	return key;
}

/* An IPv4 address, or the /64 that one customer has of IPv6. */
static struct span
source_of(const struct auth_request *rq)
{
	const struct sockaddr *addr = rq->peer_addr;

	if (addr != NULL && addr->sa_family == AF_INET)
		return span_of(&((const struct sockaddr_in *)(const void *)addr)->sin_addr, 4);
	if (addr != NULL && addr->sa_family == AF_INET6) {
		const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr;

		return IN6_IS_ADDR_V4MAPPED(six) ? span_of(six->s6_addr + 12, 4) : span_of(six->s6_addr, 8);
	}
	return span_str(rq->peer != NULL ? rq->peer : "");
}

/*
 * The verified logins of a set: plain-text passwords are known from the start, hashed ones when they were
 * verified before.
 */
static struct token *
tokens_for(const struct initiators *set, const struct initiators *old, const struct token *known)
{
	struct token *right = calloc(initiators_count(set) + 1, sizeof *right);
	size_t i;

	if (right == NULL)
		abort();
	for (i = 0; i < initiators_count(set); i++) {
		const struct initiator *who = initiators_at(set, i), *before;

		if (who->username[0] == '\0')
			continue;
		before = old != NULL ? initiators_find_username(old, who->username) : NULL;
		if (!password_is_hash(who->password)) {
			right[i].known = true;
			password_token(span_str(who->username), span_str(who->password), right[i].octets);
		} else if (before != NULL && strcmp(before->password, who->password) == 0) {
			right[i] = known[index_of(old, before)];
		}
	}
	return right;
}

static void
free_tokens(struct token **right, const struct initiators *set)
{
	secret_cleanse(*right, initiators_count(set) * sizeof **right);
	free(*right);
	*right = NULL;
}

/* ---- the verifier -------------------------------------------------------------------------------- */

/*
 * One hash for every job, whether the user exists and however his password is stored, so that the
 * time tells nothing.
 */
static bool
is_right(const struct authenticator *auth, const struct job *job)
{
	const struct login *login = &job->login;
	const struct initiator *who = initiators_find_username(job->set, login->user);
	bool hashed = who != NULL && password_is_hash(who->password);
	bool right = password_verify(span_str(login->password), hashed ? who->password : auth->dummy_hash);

	if (!hashed)
		right = who != NULL && password_verify(span_str(login->password), who->password);
	return right;
}

/* Many requests of one initiator may have come before the first of them was verified. */
static bool
known_by_now(struct authenticator *auth, const struct job *job)
{
	bool known;

	pthread_mutex_lock(&auth->lock);
	known = is_token(right_of(auth, job->login.user), job->login.token);
	pthread_mutex_unlock(&auth->lock);
	return known;
}

static void
verify(struct authenticator *auth, struct job *job)
{
	const struct login *login = &job->login;
	bool right = known_by_now(auth, job) || is_right(auth, job);
	struct token *slot;

	pthread_mutex_lock(&auth->lock);
	stopped_waiting(auth->sources, login->source_key);
	if (!right) {
		failure_slot(auth->sources, login->source_key)->count++;
		failure_slot(auth->accounts, login->account_key)->count++;
	}
	/* with another set in force the request is asked about again */
	if (job->set == auth->set) {
		slot = right ? right_of(auth, login->user) : wrong_slot(auth, login->token);
		remember(slot, login->token);
	}
	pthread_mutex_unlock(&auth->lock);
}

static void *
run_verifier(void *arg)
{
	struct authenticator *auth = arg;
	struct qnode *node;

	while ((node = queue_take(&auth->jobs, -1)) != NULL) {
		while (node != NULL) {
			struct job *job = (struct job *)node;

			node = node->next;
			if (!atomic_load(&auth->giving_up))
				verify(auth, job);
			job->done(job->arg);
			initiators_unref(job->set);
			secret_cleanse(job, sizeof *job);
			free(job);
		}
	}
	return NULL;
}

/* ---- its life ------------------------------------------------------------------------------------- */

struct authenticator *
authenticator_start(struct initiators *set)
{
	struct authenticator *auth = calloc(1, sizeof *auth);

	if (auth == NULL)
		abort();
	pthread_mutex_init(&auth->lock, NULL);
	auth->set = set;
	auth->right = tokens_for(set, NULL, NULL);
	if (password_hash(span_str("nobody has this password"), auth->dummy_hash) != OK)
		abort();
	queue_init(&auth->jobs, VERIFIER_QUEUE, NULL, NULL);
	if (pthread_create(&auth->thread, NULL, run_verifier, auth) != 0)
		abort();
	pthread_setname_np(auth->thread, "verifier");
	return auth;
}

void
authenticator_give_up(struct authenticator *auth)
{
	atomic_store(&auth->giving_up, true);
}

void
authenticator_stop(struct authenticator **p)
{
	struct authenticator *auth = *p;

	if (auth == NULL)
		return;
	queue_close(&auth->jobs);
	pthread_join(auth->thread, NULL);
	queue_done(&auth->jobs);
	free_tokens(&auth->right, auth->set);
	initiators_unref(auth->set);
	pthread_mutex_destroy(&auth->lock);
	free(auth);
	*p = NULL;
}

void
authenticator_replace(struct authenticator *auth, struct initiators *set)
{
	struct initiators *old;
	struct token *right;

	pthread_mutex_lock(&auth->lock);
	old = auth->set;
	right = tokens_for(set, old, auth->right);
	free_tokens(&auth->right, old);
	auth->right = right;
	auth->set = set;
	memset(auth->wrong, 0, sizeof auth->wrong);
	pthread_mutex_unlock(&auth->lock);
	initiators_unref(old);
}

struct initiators *
authenticator_initiators(struct authenticator *auth)
{
	struct initiators *set;

	pthread_mutex_lock(&auth->lock);
	set = initiators_ref(auth->set);
	pthread_mutex_unlock(&auth->lock);
	return set;
}

/* ---- reading a login --------------------------------------------------------------------------------- */

/* "Basic <base64 of user:password>" into two C strings. */
static bool
read_basic(const char *header, struct login *login)
{
	uint8_t octets[AUTHORIZATION_MAX];
	struct span value = span_str(header);
	const uint8_t *colon;
	bool good;
	size_t n;

	if (!span_starts_nocase(value, "Basic ") || value.n > AUTHORIZATION_MAX)
		return false;
	if (text_base64(span_trim(span_of(value.p + 6, value.n - 6)), octets, &n, NULL) != OK || n == 0)
		return false;
	colon = memchr(octets, ':', n);
	good = colon != NULL &&
	    span_to_cstr(span_of(octets, (size_t)(colon - octets)), login->user, sizeof login->user) == OK &&
	    span_to_cstr(span_of(colon + 1, n - (size_t)(colon + 1 - octets)), login->password,
	    sizeof login->password) == OK && login->user[0] != '\0';
	secret_cleanse(octets, n);
	return good;
}

static bool
read_query(const struct auth_request *rq, struct login *login)
{
	return rq->query_user != NULL && rq->query_password != NULL && rq->query_user[0] != '\0' &&
	    span_to_cstr(span_str(rq->query_user), login->user, sizeof login->user) == OK &&
	    span_to_cstr(span_str(rq->query_password), login->password, sizeof login->password) == OK;
}

static bool
read_login(const struct auth_request *rq, struct login *login)
{
	struct span source = source_of(rq);

	if (rq->authorization != NULL ? !read_basic(rq->authorization, login) : !read_query(rq, login))
		return false;
	password_token(span_str(login->user), span_str(login->password), login->token);
	login->source_key = keyed_hash(source, span_of(NULL, 0));
	login->account_key = keyed_hash(source, span_str(login->user));
	return true;
}

/* ---- deciding, under the lock -------------------------------------------------------------------------- */

static enum auth_result
check_login(struct authenticator *auth, const struct login *login, const struct initiator **who)
{
	struct token *wrong = wrong_slot(auth, login->token);

	if (is_token(right_of(auth, login->user), login->token)) {
		*who = initiators_find_username(auth->set, login->user);
		return AUTH_OK;
	}
	if (failure_count(auth->sources, login->source_key) >= AUTH_SOURCE_FAILURES_MAX ||
	    failure_count(auth->accounts, login->account_key) >= AUTH_FAILURES_MAX)
		return AUTH_SLOW_DOWN;
	if (is_token(wrong, login->token)) {
		wrong->known = false;	/* a wrong password is looked at again each time it is sent */
		return AUTH_REFUSED;
	}
	if (waiting_count(auth->sources, login->source_key) >= AUTH_SOURCE_WAITING_MAX)
		return AUTH_BUSY;
	failure_slot(auth->sources, login->source_key)->waiting++;
	return AUTH_WAIT;
}

/* login NULL: there is none that could be read. */
static enum auth_result
decide(struct authenticator *auth, const struct auth_request *rq, const struct login *login,
    const struct initiator **who, bool *authenticated)
{
	const struct initiator *owner = NULL;
	bool login_sent = rq->authorization != NULL || rq->query_user != NULL;
	enum auth_result res;

	if (!initiators_admit(auth->set, rq->peer_addr))
		return AUTH_FORBIDDEN;
	if (initiators_trusted(auth->set)) {
		*who = initiators_find(auth->set, "trusted");
		return AUTH_OK;
	}
	if (rq->cert != NULL)
		owner = initiators_find_certificate(auth->set, rq->cert);
	if (login != NULL) {
		res = check_login(auth, login, who);
		if (res == AUTH_OK && owner != NULL && *who != owner)
			res = AUTH_REFUSED;
	} else {
		*who = owner;
		res = owner != NULL && !login_sent ? AUTH_OK : AUTH_REFUSED;
	}
	if (res == AUTH_OK && !address_admitted((*who)->allow_ip, (*who)->deny_ip, rq->peer_addr))
		res = AUTH_FORBIDDEN;
	*authenticated = res == AUTH_OK;
	return res;
}

/* The verifier gets the login; it counts as waiting. */
static enum auth_result
ask_verifier(struct authenticator *auth, struct initiators *set, struct login *login, void (*done)(void *arg), void *arg)
{
	struct job *job = calloc(1, sizeof *job);

	if (job == NULL)
		abort();
	job->set = initiators_ref(set);
	job->login = *login;
	job->done = done;
	job->arg = arg;
	if (queue_put(&auth->jobs, &job->node) == OK)
		return AUTH_WAIT;
	initiators_unref(set);
	secret_cleanse(job, sizeof *job);
	free(job);
	pthread_mutex_lock(&auth->lock);
	stopped_waiting(auth->sources, login->source_key);
	pthread_mutex_unlock(&auth->lock);
	return AUTH_BUSY;
}

enum auth_result
authenticator_check(struct authenticator *auth, const struct auth_request *rq,
    struct initiators **set, const struct initiator **who, bool *authenticated, void (*done)(void *arg), void *arg)
{
	struct login login = { 0 };
	bool readable = read_login(rq, &login);
	enum auth_result res;

	*who = NULL;
	*authenticated = false;
	pthread_mutex_lock(&auth->lock);
	*set = initiators_ref(auth->set);
	res = decide(auth, rq, readable ? &login : NULL, who, authenticated);
	pthread_mutex_unlock(&auth->lock);
	if (res == AUTH_WAIT)
		res = ask_verifier(auth, *set, &login, done, arg);
	secret_cleanse(&login, sizeof login);
	if (res != AUTH_OK) {
		initiators_unref(*set);
		*set = NULL;
		*who = NULL;
	}
	return res;
}
